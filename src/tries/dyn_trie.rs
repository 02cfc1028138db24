//! [`DynTrie`]: an ordered set of byte strings that changes.

mod block;
mod column;
mod node;
mod tree;
mod windows;

use super::keys::Walks;
use super::{KeySet, RankedKeySet};
use crate::error::AllocError;
use crate::mem::{Alloc, Footprint, Global, Parts, refused};
use column::Nothing;
pub(super) use column::Values;
use core::fmt;
use core::ops::Range;
#[cfg(feature = "alloc")]
pub(super) use node::{LeavesMut, Spelled};
pub(super) use tree::{Tree, Walk};

/// An ordered set of byte strings that come and go, in some 3 bytes a string beside those that it
/// does not share with its neighbour; a `BTreeSet<Box<[u8]>>` takes 27 beside all of them. Keys are
/// numbered by their rank, as in the sets that are built once, and the same queries are answered.
///
/// Keys are any bytes, of any length. The order in which they come does not matter for what is
/// answered, and little for the bytes: in ascending order leaves are filled.
///
/// # When not to use it
///
/// - Keys stay: a [`RearDict`](super::RearDict) takes a third, a [`FrontDict`](super::FrontDict)
///   three fifths, and both take what this one hands out: `RearDict::from_sorted(&set)`.
/// - Order and ranks are not needed: a [`StrSet`](crate::maps) finds keys several times as fast.
/// - All keys fit the first caches, and bytes do not matter: a `BTreeSet` compares a few keys
///   where half a leaf is gone over here (guess).
/// - Keys begin with the same 24 bytes and more, as paths do, and time counts before bytes: windows
///   do not tell them apart. A hit among 410,772 paths of 92 bytes takes 0.8 of the time that it
///   takes in a `BTreeSet`, where it is 0.3 among words; the bytes are 19.2 and 119.5 a key.
/// - Keys are to be borrowed: they are put together in a buffer; [`keys`](Self::keys) lends each.
/// - Numbers are to be kept: they change with every smaller key that comes or goes.
///
/// # Layout
///
/// ```text
/// node     | windows | address of the separators, and of children | keys below |
/// windows  | what all separators begin with, up to 16 bytes | the next 8 of each, 47 times |
/// children | node | node | ..    or: | address, room, bytes, keys of a leaf | ..       up to 48
/// leaf     | record | record | ..                                              up to 48 keys
///
/// record   | bytes dropped, bytes added: 4 bits each | longer lengths | bytes added |
/// ```
///
/// A B+ tree. A key is the one before it without its last bytes, and others behind; the first one
/// of a leaf is whole. A separator is the shortest that does: what the key on its right shares with
/// the one on its left, and a byte; those of a node are coded as a leaf's keys, and looked at where
/// windows do not decide.
///
/// A leaf is split when it is full, or has more than 4 KiB behind its first key: in the middle, or
/// at the end where keys come in order. It is merged with one beside it when one has fewer than 12
/// keys and both have 36 at most. A leaf's block has up to 15 bytes of room, which malloc would not
/// give to others; an array of children grows by a quarter.
///
/// # Space
///
/// A byte a key and the bytes it adds, 2 more where it adds or drops more than 14; and 60 bytes a
/// leaf for its address, its separator and its share of a node. Leaves have 33 of 48 keys on
/// average if these come in random order. For 663,473 words of 9.4 bytes that is 5.63 bytes a key,
/// for 4,499,322 names of packages of 20.0 bytes 12.6 (measured: `tries_dyn` of the peers'
/// benches).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `contains`, `insert`, `remove` | O(log n): the windows of each node, half a leaf | 3 to 6 of each node, 2 to 5 |
/// | `id_of`, `key_of`, `prefix`, `range` | the same, and the numbers of keys of each node's children | |
/// | iterate | O(length) a key, forward; half a leaf a key, backward | |
/// | `retain` | O(n) | |
/// | `split_off` | O(log n) | |
///
/// No insertion or removal takes longer than it takes to split or merge a node of each level: 8 us
/// was the longest of those words, 13 of those names (in the same bench, the best of three runs).
/// Looking up allocates nothing; [`keys`](Self::keys) has a buffer for one key,
/// [`key_of`](Self::key_of) and [`iter`](Self::iter) allocate each that they return.
///
/// # Parameters
///
/// `A` is where memory comes from.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, tries::DynTrie};
///
/// let mut words = DynTrie::from(["cat", "ant", "bee", "anthill"]);
/// assert!(words.insert("beetle") && words.remove("cat") && !words.contains("cat"));
/// assert!(words.iter().eq([&b"ant"[..], b"anthill", b"bee", b"beetle"]));
/// assert_eq!((words.prefix("ant"), words.key_of(2).as_deref()), (0..2, Some(&b"bee"[..])));
///
/// let numbers: DynTrie = (0..100_000).map(|i| format!("{i:06}")).collect();
/// # #[cfg(target_pointer_width = "64")]
/// assert_eq!(numbers.heap_bytes(), 353_472); // 3.53 bytes a key
/// ```
///
/// # References
///
/// R. Bayer, K. Unterauer, *Prefix B-Trees*, ACM TODS 2(1), 1977.
pub struct DynTrie<A: Alloc = Global> {
    tree: Tree<Nothing, A>,
}

#[cfg(feature = "alloc")]
impl DynTrie {
    /// An empty set; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Global)
    }
}

impl<A: Alloc + Clone> DynTrie<A> {
    /// An empty set that has its memory from `alloc`; requests none.
    #[must_use]
    pub fn new_in(alloc: A) -> Self {
        Self { tree: Tree::new_in(&alloc) }
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.tree.root.alloc()
    }

    /// Adds `key`; returns whether it was new.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.try_insert(key).unwrap_or_else(|error| refused(error))
    }

    /// Adds `key`; returns whether it was new.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no key has come then.
    #[inline]
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>) -> Result<bool, AllocError> {
        Ok(self.tree.try_put(key.as_ref(), ())?.is_none())
    }

    /// Removes `key`; returns whether it was there. Needs no memory: where none can be had for a
    /// leaf that would hold two, both stay.
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.tree.take(key.as_ref()).is_some()
    }

    /// Removes all keys, and gives their memory back.
    pub fn clear(&mut self) {
        self.tree = Tree::new_in(&self.allocator().clone());
    }

    /// Keeps the keys for which `keep` returns `true`. It is asked once of each, in order.
    /// O(n), with one buffer for a key.
    ///
    /// # Panics
    ///
    /// If memory for the buffer cannot be had. If `keep` panics, each key that it was asked of, but
    /// for some of the last ones, is gone or kept as it said.
    #[track_caller]
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8]) -> bool) {
        let kept = self.tree.try_retain(|key, _, _| keep(key));
        kept.unwrap_or_else(|error| refused(error));
    }

    /// Moves the keys that are not smaller than `key` to a set of their own.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_split_off`](Self::try_split_off) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn split_off(&mut self, key: impl AsRef<[u8]>) -> Self {
        self.try_split_off(key).unwrap_or_else(|error| refused(error))
    }

    /// Moves the keys that are not smaller than `key` to a set of their own.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; all keys are where they were then.
    pub fn try_split_off(&mut self, key: impl AsRef<[u8]>) -> Result<Self, AllocError> {
        Ok(Self { tree: self.tree.try_split_off(key.as_ref())? })
    }

    /// Gives back all room that the keys do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room that the keys do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; some room may have gone back then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.tree.try_shrink_to_fit()
    }

    /// A copy without more room than the keys need.
    ///
    /// # Errors
    ///
    /// [`AllocError`].
    pub fn try_clone(&self) -> Result<Self, AllocError> {
        Ok(Self { tree: self.tree.try_clone()? })
    }

    /// Puts the number of each of `keys` into `ids`, as far as both go.
    pub fn get_many<K: AsRef<[u8]>>(&self, keys: &[K], ids: &mut [Option<usize>]) {
        for (key, id) in keys.iter().zip(ids) {
            *id = self.id_of(key);
        }
    }

    #[inline]
    fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (usize, bool) {
        self.tree.root.locate::<BEHIND>(key)
    }

    /// Whether the invariants hold, and keys ascend. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.tree.check()
    }
}

#[cfg(feature = "alloc")]
impl<A: Alloc + Clone> DynTrie<A> {
    /// The smallest key.
    #[must_use]
    pub fn first(&self) -> Option<alloc::vec::Vec<u8>> {
        self.key_of(0)
    }

    /// The greatest key.
    #[must_use]
    pub fn last(&self) -> Option<alloc::vec::Vec<u8>> {
        self.key_of(self.len().checked_sub(1)?)
    }

    /// Removes and returns the smallest key.
    pub fn pop_first(&mut self) -> Option<alloc::vec::Vec<u8>> {
        let key = self.first()?;
        self.remove(&key).then_some(key)
    }

    /// Removes and returns the greatest key.
    pub fn pop_last(&mut self) -> Option<alloc::vec::Vec<u8>> {
        let key = self.last()?;
        self.remove(&key).then_some(key)
    }
}

#[cfg(feature = "alloc")]
super::automaton::automaton_doors!(DynTrie<A: [Alloc + Clone]>);
super::keys::ranked_doors!(DynTrie<A: [Alloc + Clone]>, tree.root.len, tree.longest);

impl<A: Alloc + Clone> KeySet for DynTrie<A> {
    fn len(&self) -> usize {
        self.tree.root.len
    }

    #[inline]
    fn contains(&self, key: &[u8]) -> bool {
        self.tree.get(key).is_some()
    }

    /// Bytes that no key exceeds: see [`longest`](Self::longest).
    fn longest(&self) -> usize {
        self.tree.longest
    }
}

impl<A: Alloc + Clone> RankedKeySet for DynTrie<A> {
    fn locate(&self, key: &[u8]) -> (usize, bool) {
        self.locate::<false>(key)
    }

    fn behind(&self, prefix: &[u8]) -> usize {
        self.locate::<true>(prefix).0
    }
}

impl<A: Alloc + Clone> Walks for DynTrie<A> {
    type Walk<'a>
        = Walk<'a, Nothing, A>
    where
        A: 'a;

    /// All keys: a walk finds its way from leaf to leaf.
    fn block(&self) -> usize {
        usize::MAX
    }

    fn enter(&self, _: usize, key: &mut [u8]) -> Option<Self::Walk<'_>> {
        self.tree.walk(0, key)
    }

    fn resume(&self, id: usize, key: &mut [u8]) -> Option<Self::Walk<'_>> {
        self.tree.walk(id, key)
    }

    #[inline]
    fn advance<'a>(&'a self, walk: &mut Self::Walk<'a>, key: &mut [u8]) -> Option<usize> {
        self.tree.advance(walk, key)
    }

    #[inline]
    fn len_of(walk: &Self::Walk<'_>) -> usize {
        walk.len()
    }

    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
        Some(self.tree.walk(id, key)?.len())
    }
}

impl<A: Alloc + Clone> Clone for DynTrie<A> {
    fn clone(&self) -> Self {
        self.try_clone().unwrap_or_else(|error| refused(error))
    }
}

impl<A: Alloc + Clone + Default> Default for DynTrie<A> {
    fn default() -> Self {
        Self::new_in(A::default())
    }
}

impl<K: AsRef<[u8]>, A: Alloc + Clone> Extend<K> for DynTrie<A> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: AsRef<[u8]>, A: Alloc + Clone + Default> FromIterator<K> for DynTrie<A> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::default();
        set.extend(keys);
        set
    }
}

#[cfg(feature = "alloc")]
impl<K: AsRef<[u8]>, const N: usize> From<[K; N]> for DynTrie {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<A: Alloc + Clone> Footprint for DynTrie<A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tree.root.parts(out);
    }
}
