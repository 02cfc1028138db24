//! [`FrontDict`]: an ordered set of byte strings that is searched 32 keys at a time.

mod build;
mod read;
#[cfg(all(test, feature = "std"))]
mod tests;

pub use build::FrontDictBuilder;

use super::blocks::{self, Blocks};
use super::keys::Walks;
use super::query::{Long, Query, Short};
use super::separators::index_words;
use super::spool::MAX_KEY;
use super::{KeySet, RankedKeySet};
use crate::error::{FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;
use core::ops::Range;
use read::{View, Walk};

/// The section of the phrases.
const TABLE: Tag = Tag(*b"tabl");
/// The section of the separators' prefixes and the nodes' places.
const INDEX: Tag = Tag(*b"indx");
/// The section of the nodes of separators.
const NODES: Tag = Tag(*b"wind");
/// The section of the blocks.
const KEYS: Tag = Tag(*b"blks");
/// Keys of a block, and bytes of its head: half a byte twice and a byte for each key.
const BLOCK: usize = 32;
const HEAD: usize = 64;
/// The most bytes of a phrase, and the most phrases.
const PHRASE: usize = 7;
const CODES: usize = 256;

/// An ordered set of byte strings that is searched by vectors, 32 keys at a time: the one here that
/// puts keys together fastest, and finds them fastest where they do not fit the cache. Each key has
/// a number, its rank; keys are found by number, and numbers by key.
///
/// It is built once, from keys in ascending order. Keys are any bytes, up to 65,535 of them.
///
/// # When not to use it
///
/// - Bytes matter more than time: a [`RearDict`](super::RearDict) takes three fifths to two thirds
///   of them, and 1.4 to 3.2 times the time for a hit (`lessram compare` of 663,473 words and of
///   4,499,322 names of packages).
/// - All of it fits the cache: on 104,334 words (`lessram compare`) a hit takes four fifths of the
///   time of one in an `fst::Set`, which is smaller.
/// - Long keys whose endings repeat, such as paths: a [`Dawg`](super::Dawg).
/// - Keys come and go: a [`DynTrie`](super::DynTrie), or a [`Layered`](super::Layered) where few
///   do.
/// - Only single keys are looked up, and bytes do not matter: a hash set.
///
/// # Layout
///
/// ```text
/// table   | phrase: 7 bytes and its length | .. |                            up to 256
/// index   | 8 bytes of every 16th separator | places of nodes and blocks |
/// windows | 8 bytes of 16 separators, their sizes, lengths of their blocks, the rest | .. |
/// blocks  | block 0 | block 1 | .. |
///
/// block   | depths   | sizes    | branches | tails | longer tails |
///           32 * 4 b   32 * 4 b   32 bytes
/// ```
///
/// A key shares some bytes with the one before (its depth, from the block's least one on), goes on
/// with a branch byte, and then with a tail. Tails are phrases of 1 to 7 bytes, one byte each.
///
/// While a query is compared, only those keys are looked at that share as many bytes with the one
/// before as that has in common with the query, and do not branch before it: a few instructions
/// find the next one of 32, and its tail is as far as the sizes before it sum up to. Of the first
/// key of a block, the index has the beginning (its separator), as a number of the eight bytes
/// behind those that its node shares: among sixteen of them four steps without a branch find the
/// block. Four blocks of heap memory, without slack.
///
/// # Space
///
/// 8 bytes a phrase, 18 and what their separators begin with for each 16 blocks, 73 or 74 for each
/// block, and a byte for each phrase of a tail. A tail of more than 14 phrases, or of a key 15 or
/// more bytes deeper than its block, takes 1 to 6 bytes more, a separator with more than 8 bytes
/// behind the common ones these and 2. For 663,473 words of 9.4 bytes that is 3.32 bytes a key, for
/// 4,499,322 names of packages of 20.0 bytes 7.33 (measured: `tries` of the peers' benches).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `id_of`, `contains` | O(log(n/512)), then 2 or 3 keys of a block are compared | 3 of the index, 4 to 7 |
/// | `key_of` | some 5 keys of a block are put together | 3, 2 to 5 |
/// | iterate | O(length) a key | |
/// | build | O(n), two passes over the keys and ten over a sample of 2 MiB | |
///
/// Looking up allocates nothing; [`keys`](Self::keys) has a buffer for one key,
/// [`key_of`](Self::key_of) and [`iter`](Self::iter) allocate each that they return.
///
/// # Parameters
///
/// None.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, tries::FrontDict};
///
/// let words = FrontDict::from_sorted(["ant", "anthill", "bee", "cat"])?;
/// assert_eq!(words.id_of("bee"), Some(2));
/// assert_eq!(words.key_of(1).as_deref(), Some(&b"anthill"[..]));
/// assert_eq!(words.prefix("ant"), 0..2);
///
/// let numbers = FrontDict::from_sorted((0..100_000).map(|i| format!("{i:06}")))?;
/// assert_eq!(numbers.heap_bytes(), 243_920); // 2.44 bytes a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// N. R. Brisaboa, R. Canovas, F. Claude, M. A. Martinez-Prieto, G. Navarro, *Compressed String
/// Dictionaries*, SEA 2011. P. Boncz, T. Neumann, V. Leis, *FSST: Fast Random Access String
/// Compression*, PVLDB 13(11), 2020.
#[derive(Clone)]
pub struct FrontDict<W: Words = HeapWords> {
    phrases: W,
    index: W,
    nodes: W,
    keys: W,
    len: usize,
    /// Bytes of the longest key.
    longest: usize,
}

impl<W: Words> FrontDict<W> {
    #[inline(always)]
    fn reading(&self) -> View<'_> {
        let sections =
            [self.phrases.words(), self.index.words(), self.nodes.words(), self.keys.words()];
        View::new(sections, self.len)
    }

    /// Keys of a block.
    #[must_use]
    pub const fn block(&self) -> usize {
        BLOCK
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> FrontDict {
        let copy = |words: &W| HeapWords::copy_of(words.words());
        FrontDict {
            phrases: copy(&self.phrases),
            index: copy(&self.index),
            nodes: copy(&self.nodes),
            keys: copy(&self.keys),
            len: self.len,
            longest: self.longest,
        }
    }
}

#[cfg(feature = "alloc")]
impl FrontDict {
    /// What takes keys one by one.
    #[must_use]
    pub fn builder() -> FrontDictBuilder<crate::mem::Global> {
        Self::builder_in(crate::mem::Global)
    }
}

impl<A: Alloc + Clone> FrontDict<HeapWords<A>> {
    /// What takes keys one by one, with all memory from `alloc`.
    #[must_use]
    pub fn builder_in(alloc: A) -> FrontDictBuilder<A> {
        FrontDictBuilder::new(alloc)
    }
}

blocks::block_doors!(FrontDict);
super::keys::ranked_doors!(FrontDict);

impl<W: Words> Footprint for FrontDict<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.phrases.tell("phrases", PartKind::Index, 0, out);
        self.index.tell("index", PartKind::Index, 0, out);
        self.nodes.tell("separators", PartKind::Index, 0, out);
        self.keys.tell("keys", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for FrontDict<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.meta(&[self.longest as u64]);
        out.section(TABLE, 8, self.phrases.words());
        out.section(INDEX, 8, self.index.words());
        out.section(NODES, 1, self.nodes.words());
        out.section(KEYS, 1, self.keys.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [longest] = source.meta()?;
        require(longest <= MAX_KEY as u64, TABLE, "keys of at most 65,535 bytes")?;
        let len = source.items()?;
        let (phrases, index) = (source.section(TABLE, 8)?, source.section(INDEX, 8)?);
        let (nodes, keys) = (source.section(NODES, 1)?, source.section(KEYS, 1)?);
        require(phrases.words().len() <= CODES, TABLE, "at most 256 phrases")?;
        let fits = index.words().len() == index_words(len.div_ceil(BLOCK));
        require(fits, INDEX, "two words for each 16 blocks")?;
        let sections = [&phrases, &nodes, &keys];
        let empty = sections.iter().all(|section| section.words().is_empty());
        require(len > 0 || empty, KEYS, "no sections without keys")?;
        Ok(Self { phrases, index, nodes, keys, len, longest: longest as usize })
    }

    fn validate(&self) -> Result<(), FileError> {
        if self.len == 0 {
            return require(self.longest == 0, TABLE, "no longest key without keys");
        }
        require(self.reading().is_whole(), TABLE, "phrases of 1 to 7 bytes, nodes in order")?;
        // The index leads to blocks: to their first keys, and not past their last ones.
        super::keys::validate(self, KEYS, |id| matches!(id % BLOCK, 0 | 31))
    }
}

doors!(FrontDict);
