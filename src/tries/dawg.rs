//! [`Dawg`]: the smallest automaton that accepts a set of byte strings, with numbers for its keys.

mod code;
mod fixed;
mod fixed_layout;
mod form;
#[cfg(feature = "fst")]
mod interop;
mod layout;
#[cfg(feature = "alloc")]
mod matches;
mod node;
mod packed;
mod read;
mod register;
#[cfg(all(test, feature = "std"))]
mod tests;
mod walk;

#[cfg(feature = "std")]
pub(super) use fixed_layout::{bytes_of, class_of};
#[cfg(feature = "alloc")]
pub use matches::{DawgMatches, Fuzzy};
pub use node::{Edges, KeysAlong, Node};

use super::keys::Walks;
use super::spool::MAX_KEY;
#[cfg(feature = "alloc")]
use super::{Automaton, Near, automaton::try_each};
use super::{KeySet, KeySetBuild, RankedKeySet};
use crate::arrays::Prefer;
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;
#[cfg(feature = "alloc")]
use core::ops::ControlFlow;
use core::ops::Range;
use form::Form;
use read::{Facts, Link, Machine, View, by_form};
use register::Register;
use walk::Walk;

/// The parameters, in errors.
const META: Tag = Tag(*b"meta");

/// An ordered set of byte strings as a minimal acyclic automaton: keys share their beginnings and
/// their endings, each state is there once. Each key has a number, its rank.
///
/// It is for keys whose endings repeat: the forms of words, paths, hosts, product numbers. It is a
/// machine to be walked, too: from [`root`](Self::root) by bytes, by all
/// [keys near a word](Self::fuzzy), by all [keys that a text begins with](Self::keys_along).
///
/// # When not to use it
///
/// - Keys whose endings differ, such as names and random numbers: a [`RearDict`](super::RearDict)
///   takes a third fewer bytes.
/// - Keys that come and go: a [`DynTrie`](super::DynTrie), or a [`Layered`](super::Layered) where
///   few do.
/// - Only look-ups of single keys, and bytes do not matter: a hash set answers faster.
///
/// # Layout
///
/// Of fewest bytes, as [`from_sorted`](Self::from_sorted) builds it:
///
/// ```text
/// tabl    | 0 | entry of 32 bits | ... |            what repeats of edges, frequent ones first
/// stat    | state | state | ... | 8 zeros |         those that many edges lead to come first
///
/// state   | edge | edge | ... |                     by label; of more than 8 a directory first
/// edge    | code: label, final, last, kinds | target: 0..4 bytes | keys below: 0, 1, 2, 4 bytes |
/// ```
///
/// The code is the number of an entry, in one byte or two. An edge leads to the state behind its
/// own (no bytes), to one a few bytes on (one or two), or to an address (one to four). All but the
/// last edge of a state tell how many keys end below: numbers of one to four are part of the code.
/// Two blocks, without slack.
///
/// Where time is [preferred](Self::builder_for), edges are words, eight of which are compared at
/// once. Two blocks again:
///
/// ```text
/// edge    | more 1 | label 8 | final 1 | target 22 |
/// cnts    | keys before each edge in its state: 32 bits | ... | 8 bits | ... | 4 bits | ... |
/// ```
///
/// # Space
///
/// Some 1.1 bytes an edge for its code, 0 to 2 for its target, 0.2 for its count, and as many edges
/// as the smallest automaton has, whose keys end on edges and not in states. 663,473 words (9.4
/// bytes each) have 0.80 edges a key and take 2.12 bytes a key; 410,772 paths of files (92 bytes
/// each) have 2.19 edges and take 3.81 bytes; 4,499,322 names of packages (20.0 bytes each) take
/// 6.52 (measured).
///
/// Where time is preferred an edge takes 4 bytes, and half a byte, one or four for its count: words
/// 3.21 bytes a key and 0.62 for their numbers (measured). More than 4,194,302 edges have no
/// addresses of 22 bits and are kept in fewest bytes all the same.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `contains`, `id_of` | O(length), at most 8 edges a byte | 1 a byte |
/// | `lower_bound`, `prefix` | the same, and the last edges below | 1 a byte |
/// | `key_of` | O(length) | 1 a byte |
/// | iterate | O(bytes that differ from the key before) | |
/// | build | O(bytes of keys), then O(edges) | |
///
/// Where time is preferred, `id_of` takes 0.7 of it on those words and `contains` half (bench
/// `tries` of the peers): eight edges are looked at together.
///
/// Looking up allocates nothing, but for [`fuzzy`](Self::fuzzy); [`key_of`](Self::key_of) and
/// [`iter`](Self::iter) allocate each key that they return. Building holds 9 bytes an edge and 20 a
/// state.
///
/// # Example
///
/// ```
/// use lessram::{arrays::Prefer, mem::Footprint, tries::Dawg};
///
/// let words = Dawg::from_sorted(["bake", "baked", "baker", "cake", "caked", "wake", "waker"])?;
/// assert_eq!(words.id_of("cake"), Some(3));
/// assert_eq!(words.key_of(6).as_deref(), Some(&b"waker"[..]));
/// assert_eq!(words.prefix("bak"), 0..3);
/// assert!(words.fuzzy("bike", 1).map(|(id, _)| id).eq([0]));
/// assert_eq!(words.heap_bytes(), 72);
///
/// let numbers = Dawg::from_sorted((0..100_000).map(|i| format!("{i:05}")))?;
/// assert_eq!(numbers.heap_bytes(), 336); // of 100,000 keys
///
/// let mut builder = Dawg::builder_for(Prefer::Time);
/// words.iter().try_for_each(|word| builder.push(word))?;
/// let fast = builder.finish()?;
/// assert!(fast == words && fast.id_of("cake") == Some(3));
/// assert_eq!(fast.heap_bytes(), 112);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// J. Daciuk, S. Mihov, B. W. Watson, R. E. Watson, *Incremental Construction of Minimal Acyclic
/// Finite-State Automata*, Computational Linguistics 26 (1), 2000. C. L. Lucchesi, T. Kowaltowski,
/// *Applications of Finite Automata Representing Large Vocabularies*, 1993, numbers keys so.
#[derive(Clone)]
pub struct Dawg<W: Words = HeapWords> {
    form: Form<W>,
    facts: Facts,
}

impl<W: Words> Dawg<W> {
    #[inline(always)]
    fn reading(&self) -> View<'_> {
        self.form.view(self.facts)
    }

    /// A number that was counted along a path. Of a damaged file it may be any.
    #[inline(always)]
    const fn rank(&self, rank: u32, equal: bool) -> (usize, bool) {
        let rank = rank as usize;
        let len = self.facts.len;
        if rank < len { (rank, equal) } else { (len, false) }
    }

    #[inline]
    fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (usize, bool) {
        let (rank, equal) = by_form!(self.reading(), machine => machine.locate::<BEHIND>(key));
        self.rank(rank, equal)
    }

    /// The automaton, before the first byte.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        let view = self.reading();
        Node::new(view, Some(view.root()), self.facts.empty)
    }

    /// The keys that `text` begins with, the shortest first, each as its number and its length: one
    /// way along the text, whatever their number. Allocates nothing.
    ///
    /// ```
    /// use lessram::tries::Dawg;
    ///
    /// let words = Dawg::from_sorted(["a", "ant", "anthill", "bee"])?;
    /// assert!(words.keys_along("anthem").eq([(0, 1), (1, 3)]));
    /// # Ok::<(), lessram::BuildError>(())
    /// ```
    pub fn keys_along<'a, 't, T: AsRef<[u8]> + ?Sized>(&'a self, text: &'t T) -> KeysAlong<'a, 't> {
        KeysAlong::new(self.root(), self.facts.len, text.as_ref())
    }

    /// The keys that `automaton` accepts, in order: the number of each, and what the automaton says
    /// of it.
    ///
    /// Goes along all beginnings of keys for which it is alive. Of each length there are no more
    /// than keys, in a damaged file too.
    #[cfg(feature = "alloc")]
    pub fn matches<M: Automaton>(&self, automaton: M) -> DawgMatches<'_, M> {
        DawgMatches::new(self.root(), &self.facts, automaton)
    }

    /// The keys that become `word` by at most `most` characters inserted, removed or replaced, in
    /// order: the number of each, and how many changes it takes. [`Near`] counts other changes.
    ///
    /// # Panics
    ///
    /// If `most` is more than 3.
    #[cfg(feature = "alloc")]
    #[track_caller]
    pub fn fuzzy(&self, word: impl AsRef<[u8]>, most: u32) -> Fuzzy<'_> {
        self.matches(Near::new(word, most))
    }

    /// Puts the number of each of `keys` into `ids`, `None` of those that there are not, as far as
    /// both go.
    pub fn get_many<K: AsRef<[u8]>>(&self, keys: &[K], ids: &mut [Option<usize>]) {
        for (key, id) in keys.iter().zip(ids) {
            *id = self.id_of(key);
        }
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> Dawg {
        Dawg { form: self.form.to_heap(), facts: self.facts }
    }

    /// What its form is for: bytes, whatever it was built for, if there are too many edges for the
    /// other.
    #[must_use]
    pub const fn prefer(&self) -> Prefer {
        self.form.prefer()
    }

    /// The number of `key`. Which keys it is among is not known before: there are no blocks.
    #[inline]
    pub(super) fn id_near(&self, key: &[u8], _: impl FnOnce(Range<usize>)) -> Option<usize> {
        self.id_of(key)
    }
}

#[cfg(feature = "alloc")]
impl Dawg {
    /// What takes keys one by one.
    #[must_use]
    pub fn builder() -> DawgBuilder<crate::mem::Global> {
        Self::builder_in(crate::mem::Global)
    }

    /// What takes keys one by one, of what is preferred.
    #[must_use]
    pub fn builder_for(prefer: Prefer) -> DawgBuilder<crate::mem::Global> {
        DawgBuilder::new_in(prefer, crate::mem::Global)
    }
}

impl<A: Alloc + Clone> Dawg<HeapWords<A>> {
    /// What takes keys one by one, with all memory from `alloc`.
    pub fn builder_in(alloc: A) -> DawgBuilder<A> {
        DawgBuilder::new_in(Prefer::Bytes, alloc)
    }
}

/// Takes keys in ascending order, and then builds a [`Dawg`].
///
/// Holds each state once: 8 bytes an edge and 15 to 18 a state, whatever the number of keys that
/// share them.
pub struct DawgBuilder<A: Alloc> {
    register: Register<A>,
    prefer: Prefer,
    alloc: A,
}

impl<A: Alloc> fmt::Debug for DawgBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DawgBuilder").finish_non_exhaustive()
    }
}

impl<A: Alloc + Clone> DawgBuilder<A> {
    /// No keys yet, with all memory from `alloc`.
    pub fn new_in(prefer: Prefer, alloc: A) -> Self {
        Self { register: Register::new(&alloc), prefer, alloc }
    }

    /// The automaton of the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had, [`BuildError::TooMany`] if the states exceed
    /// 4 GiB, or there are more than 2^32 - 1 edges.
    pub fn finish(mut self) -> Result<Dawg<HeapWords<A>>, BuildError> {
        let root = self.register.finish()?;
        let form = Form::new(&self.register, root, self.prefer, &self.alloc)?;
        let facts = Facts {
            len: self.register.len(),
            longest: self.register.longest(),
            empty: self.register.has_empty(),
        };
        Ok(Dawg { form, facts })
    }
}

impl<W: Words> Walks for Dawg<W> {
    type Walk<'a>
        = Walk
    where
        Self: 'a;

    /// A walk goes from any key to the last.
    fn block(&self) -> usize {
        usize::MAX
    }

    fn enter(&self, _: usize, key: &mut [u8]) -> Option<Walk> {
        by_form!(self.reading(), machine => Walk::new(&machine, 0, key))
    }

    #[inline]
    fn resume(&self, id: usize, key: &mut [u8]) -> Option<Walk> {
        let id = u32::try_from(id).ok()?;
        by_form!(self.reading(), machine => Walk::new(&machine, id, key))
    }

    #[inline]
    fn advance(&self, walk: &mut Walk, key: &mut [u8]) -> Option<usize> {
        by_form!(self.reading(), machine => walk.advance(&machine, key))
    }

    fn len_of(walk: &Walk) -> usize {
        walk.len()
    }

    #[inline]
    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
        let id = u32::try_from(id).ok()?;
        by_form!(self.reading(), machine => machine.descend(id, |depth, edge| {
            if let Some(byte) = key.get_mut(depth) {
                *byte = edge.label();
            }
        }))
    }
}

super::keys::ranked_doors!(Dawg<W: [Words]>, facts.len, facts.longest);
super::keys::build_doors!(
    @ Dawg, DawgBuilder, register, |_, alloc| Ok(Self::builder_in(alloc)), {
        fn prefer(&self) -> Prefer {
            self.prefer()
        }

        fn try_from_sorted_for<K: AsRef<[u8]>>(
            mut keys: impl Iterator<Item = K>,
            prefer: Prefer,
            _: usize,
            alloc: A,
        ) -> Result<Self, BuildError> {
            let mut builder = DawgBuilder::new_in(prefer, alloc);
            keys.try_for_each(|key| builder.push(key))?;
            builder.finish()
        }
    }
);

impl<W: Words> KeySet for Dawg<W> {
    fn len(&self) -> usize {
        self.facts.len
    }

    #[inline]
    fn contains(&self, key: &[u8]) -> bool {
        by_form!(self.reading(), machine => machine.contains(key))
    }

    fn longest(&self) -> usize {
        self.facts.longest
    }
}

impl<W: Words> RankedKeySet for Dawg<W> {
    #[inline]
    fn id_of(&self, key: &[u8]) -> Option<usize> {
        let id = by_form!(self.reading(), machine => machine.id_of(key));
        id.map(|id| id as usize).filter(|id| *id < self.facts.len)
    }

    #[inline]
    fn locate(&self, key: &[u8]) -> (usize, bool) {
        self.locate::<false>(key)
    }

    fn behind(&self, prefix: &[u8]) -> usize {
        self.locate::<true>(prefix).0
    }

    #[cfg(feature = "alloc")]
    fn try_each_match<M: Automaton, B>(
        &self,
        automaton: M,
        take: impl FnMut(usize, &[u8], M::Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        try_each(self.matches(automaton), DawgMatches::key, take)
    }
}

impl<W: Words> Footprint for Dawg<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.form.tell(out);
    }
}

impl<W: Words> Persist for Dawg<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        let Facts { len, longest, empty } = self.facts;
        let [form, first, second] = self.form.numbers();
        out.items(len as u64);
        out.meta(&[form, first, second, longest as u64, u64::from(empty)]);
        self.form.store(out);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [form, first, second, longest, empty] = source.meta()?;
        let known = longest <= MAX_KEY as u64 && empty <= 1;
        require(known, META, "parameters within their bounds")?;
        let len = source.items()?;
        require(u32::try_from(len).is_ok(), META, "at most as many keys as 32 bits count")?;
        let form = Form::load(source, [form, first, second])?;
        Ok(Self { form, facts: Facts { len, longest: longest as usize, empty: empty == 1 } })
    }

    fn validate(&self) -> Result<(), FileError> {
        self.form.validate()?;
        let (keys, section) = (self.root().keys(), self.form.payload());
        require(keys == self.facts.len, section, "as many keys as the header says")?;
        // Edges are shared: each key is found along its own counts.
        super::keys::validate(self, section, |_| true)
    }
}

doors!(Dawg);
