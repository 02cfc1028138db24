//! [`DynTrieMap`]: an ordered map from byte strings that changes.

mod entry;
#[cfg(feature = "alloc")]
mod iter;
#[cfg(all(feature = "serde", feature = "alloc"))]
mod with_serde;

pub use entry::{DynTrieEntry, DynTrieOccupied, DynTrieVacant};
#[cfg(feature = "alloc")]
pub use iter::{DynTrieEntries, DynTrieIntoIter, DynTrieIter, DynTrieValues};
#[cfg(feature = "alloc")]
pub use iter::{DynTrieIterMut, DynTrieValuesMut};

use super::dyn_trie::{Tree, Values, Walk};
use super::keys::Walks;
use super::{KeySet, RankedKeySet};
use crate::error::AllocError;
use crate::mem::{Alloc, Footprint, Global, Parts, refused};
use core::fmt;
use core::ops::{Index, Range, RangeBounds};

/// An ordered map from byte strings, which come and go, to values: a
/// [`DynTrie`](super::DynTrie) with a block of values beside each leaf. What is said there of keys,
/// layout, numbers, time and when not to use it holds here.
///
/// # Space
///
/// The keys as there; the values, of which a leaf has room for a quarter more than it has; 24 bytes
/// a leaf, which has 33 keys on average if they come in random order.
///
/// # Time
///
/// As of the set. [`get_mut`](Self::get_mut) looks for the key and then for its number,
/// [`entry`](Self::entry) twice for the key where it is new.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, tries::DynTrieMap};
///
/// let mut counts: DynTrieMap<u32> = DynTrieMap::new();
/// for word in "to be or not to be".split(' ') {
///     *counts.entry(word).or_insert(0) += 1;
/// }
/// assert_eq!((counts.get("be"), counts["to"], counts.get("so")), (Some(&2), 2, None));
/// assert!(counts.iter().map(|(key, n)| (key.len(), *n)).eq([(2, 2), (3, 1), (2, 1), (2, 2)]));
/// assert_eq!((counts.prefix("o"), counts.value_of(2)), (2..3, Some(&1)));
/// assert!(counts.heap_bytes() < 4 * 4 + 100);
/// ```
pub struct DynTrieMap<V, A: Alloc = Global> {
    tree: Tree<Values<V, A>, A>,
}

#[cfg(feature = "alloc")]
impl<V> DynTrieMap<V> {
    /// An empty map; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Global)
    }
}

impl<V, A: Alloc + Clone> DynTrieMap<V, A> {
    /// An empty map that has its memory from `alloc`; requests none.
    #[must_use]
    pub fn new_in(alloc: A) -> Self {
        Self { tree: Tree::new_in(&alloc) }
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.tree.root.alloc()
    }

    /// How many keys there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.tree.root.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tree.root.len == 0
    }

    /// Bytes that no key exceeds: what a buffer for keys needs. They are those of the longest key
    /// that came since the map was empty, also if it has gone; [`retain`](Self::retain),
    /// [`shrink_to_fit`](Self::shrink_to_fit) and a clone count those of the keys that are there.
    #[must_use]
    pub const fn longest(&self) -> usize {
        self.tree.longest
    }

    /// Puts `value` beside `key`, which comes if it is not there; returns the value that was.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>, value: V) -> Option<V> {
        self.try_insert(key, value).unwrap_or_else(|error| refused(error))
    }

    /// Puts `value` beside `key`, which comes if it is not there; returns the value that was.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no key has come then, and `value` is gone.
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>, value: V) -> Result<Option<V>, AllocError> {
        self.tree.try_put(key.as_ref(), value)
    }

    /// The value of `key`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&V> {
        let (leaf, index) = self.tree.get(key.as_ref())?;
        leaf.values.0.get(index)
    }

    /// The value of `key`, to change it. Allocates nothing.
    #[must_use]
    pub fn get_mut(&mut self, key: impl AsRef<[u8]>) -> Option<&mut V> {
        let id = self.id_of(key)?;
        self.value_of_mut(id)
    }

    /// Whether `key` is there. Allocates nothing.
    #[must_use]
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.tree.get(key.as_ref()).is_some()
    }

    /// The value of the key number `id`. Allocates nothing.
    #[must_use]
    pub fn value_of(&self, id: usize) -> Option<&V> {
        let (leaves, index) = self.tree.root.leaves_from(id)?;
        leaves.first()?.values.0.get(index)
    }

    /// The value of the key number `id`, to change it. Allocates nothing.
    #[must_use]
    pub fn value_of_mut(&mut self, id: usize) -> Option<&mut V> {
        let (leaf, index) = self.tree.root.leaf_at_mut(id)?;
        leaf.values.0.get_mut(index)
    }

    /// The place of `key`, where a value is or may come.
    pub fn entry<'m, 'k, K: AsRef<[u8]> + ?Sized>(
        &'m mut self,
        key: &'k K,
    ) -> DynTrieEntry<'m, 'k, V, A> {
        DynTrieEntry::new(self, key.as_ref())
    }

    /// Removes `key`, and returns its value. Needs no memory.
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Option<V> {
        self.tree.take(key.as_ref())
    }

    /// Removes all keys, and gives their memory back.
    pub fn clear(&mut self) {
        self.tree = Tree::new_in(&self.allocator().clone());
    }

    /// Keeps the keys for which `keep` returns `true`. It is asked once of each, in order, and may
    /// change the value. O(n), with one buffer for a key and one for 48 values.
    ///
    /// # Panics
    ///
    /// If memory for the buffers cannot be had. If `keep` panics, each key that it was asked of,
    /// but for some of the last ones, is gone or kept as it said.
    #[track_caller]
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &mut V) -> bool) {
        let keep = |key: &[u8], values: &mut Values<V, A>, index: usize| {
            values.0.get_mut(index).is_some_and(|value| keep(key, value))
        };
        self.tree.try_retain(keep).unwrap_or_else(|error| refused(error));
    }

    /// Moves the keys that are not smaller than `key` to a map of their own. O(log n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_split_off`](Self::try_split_off) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn split_off(&mut self, key: impl AsRef<[u8]>) -> Self {
        self.try_split_off(key).unwrap_or_else(|error| refused(error))
    }

    /// Moves the keys that are not smaller than `key` to a map of their own. O(log n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; all keys are where they were then.
    pub fn try_split_off(&mut self, key: impl AsRef<[u8]>) -> Result<Self, AllocError> {
        Ok(Self { tree: self.tree.try_split_off(key.as_ref())? })
    }

    /// Gives back all room that keys and values do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room that keys and values do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; some room may have gone back then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.tree.try_shrink_to_fit()
    }

    /// A copy without more room than keys and values need.
    ///
    /// # Errors
    ///
    /// [`AllocError`].
    pub fn try_clone(&self) -> Result<Self, AllocError>
    where
        V: Clone,
    {
        Ok(Self { tree: self.tree.try_clone()? })
    }

    /// The number of `key`: how many keys are smaller; `None` if it is not there.
    #[must_use]
    pub fn id_of(&self, key: impl AsRef<[u8]>) -> Option<usize> {
        let (at, equal) = self.tree.root.locate::<false>(key.as_ref());
        equal.then_some(at)
    }

    /// How many keys are smaller than `key`: the number of the first that is not.
    #[must_use]
    pub fn lower_bound(&self, key: impl AsRef<[u8]>) -> usize {
        self.tree.root.locate::<false>(key.as_ref()).0
    }

    /// How many keys are not greater than `key`: the number of the first that is.
    #[must_use]
    pub fn upper_bound(&self, key: impl AsRef<[u8]>) -> usize {
        let (at, equal) = self.tree.root.locate::<false>(key.as_ref());
        at + usize::from(equal)
    }

    /// The numbers of the keys that begin with `prefix`. Two look-ups.
    #[must_use]
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> Range<usize> {
        let prefix = prefix.as_ref();
        self.lower_bound(prefix)..self.tree.root.locate::<true>(prefix).0
    }

    /// The numbers of the keys in a range. Two look-ups. Empty if the start is above the end.
    #[must_use]
    pub fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range<usize> {
        super::ids_in(range, self.len(), |key| self.tree.root.locate::<false>(key))
    }

    /// The key `id` in `buffer`, which should be as long as the [longest](Self::longest); `None`
    /// unless `id < len`, or if the buffer is shorter than the key. Allocates nothing.
    #[must_use]
    pub fn key_into<'b>(&self, id: usize, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let len = self.tree.walk(id, buffer)?.len();
        buffer.get(..len)
    }

    /// Whether the invariants hold, and keys ascend. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.tree.check()
    }
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc + Clone> DynTrieMap<V, A> {
    /// The key `id`; `None` unless `id < len`.
    #[must_use]
    pub fn key_of(&self, id: usize) -> Option<alloc::vec::Vec<u8>> {
        let mut buffer = alloc::vec![0; self.longest()];
        // Not the buffer, which has room for the longest key.
        Some(self.key_into(id, &mut buffer)?.to_vec())
    }

    /// The entries of the keys with numbers in `ids`, in order, each key lent out of one buffer on
    /// the heap: `map.entries(map.prefix("ab"))`.
    pub fn entries(&self, ids: Range<usize>) -> DynTrieEntries<'_, V, A> {
        DynTrieEntries::new(self, ids)
    }

    /// The smallest key and its value.
    #[must_use]
    pub fn first_key_value(&self) -> Option<(alloc::vec::Vec<u8>, &V)> {
        Some((self.key_of(0)?, self.value_of(0)?))
    }

    /// The greatest key and its value.
    #[must_use]
    pub fn last_key_value(&self) -> Option<(alloc::vec::Vec<u8>, &V)> {
        let last = self.len().checked_sub(1)?;
        Some((self.key_of(last)?, self.value_of(last)?))
    }

    /// Removes and returns the smallest key and its value.
    pub fn pop_first(&mut self) -> Option<(alloc::vec::Vec<u8>, V)> {
        let key = self.key_of(0)?;
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// Removes and returns the greatest key and its value.
    pub fn pop_last(&mut self) -> Option<(alloc::vec::Vec<u8>, V)> {
        let key = self.key_of(self.len().checked_sub(1)?)?;
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// The keys in order, each in a `Vec` of its own, with their values.
    pub fn iter(&self) -> DynTrieIter<'_, V, A> {
        self.iter_in(0..self.len())
    }

    /// The keys with numbers in `ids`, in order, each in a `Vec` of its own, with their values:
    /// `map.iter_in(map.prefix("ab"))`.
    pub fn iter_in(&self, ids: Range<usize>) -> DynTrieIter<'_, V, A> {
        DynTrieIter::new(self, ids)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> DynTrieValues<'_, V, A> {
        DynTrieValues::new(self)
    }

    /// The keys in order, each in a `Vec` of its own, with their values, to change them.
    pub fn iter_mut(&mut self) -> DynTrieIterMut<'_, V, A> {
        DynTrieIterMut::new(self)
    }

    /// The values, in the order of their keys, to change them.
    pub fn values_mut(&mut self) -> DynTrieValuesMut<'_, V, A> {
        DynTrieValuesMut::new(self)
    }

    /// The keys in order, each in a `Vec` of its own; the values are dropped, and memory is given
    /// back on the way.
    pub fn into_keys(
        self,
    ) -> impl DoubleEndedIterator<Item = alloc::vec::Vec<u8>> + ExactSizeIterator {
        self.into_iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys; memory is given back on the way.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> + ExactSizeIterator {
        self.into_iter().map(|(_, value)| value)
    }

    /// The keys that `text` begins with, the longest first, each as its number and its length: the
    /// first is the longest match. Has one buffer on the heap.
    pub fn prefixes_of<'a, T: AsRef<[u8]> + ?Sized>(
        &'a self,
        text: &'a T,
    ) -> super::PrefixesOf<'a, Self, alloc::vec::Vec<u8>>
    where
        V: Footprint,
    {
        super::PrefixesOf::new(self, text.as_ref(), alloc::vec![0; self.longest()])
    }
}

#[cfg(feature = "alloc")]
super::automaton::automaton_doors!(DynTrieMap<V: [Footprint], A: [Alloc + Clone]>);

/// For [`Matches`](super::Matches) and the other queries of sets: numbers are those of keys.
impl<V: Footprint, A: Alloc + Clone> KeySet for DynTrieMap<V, A> {
    fn len(&self) -> usize {
        self.tree.root.len
    }

    fn contains(&self, key: &[u8]) -> bool {
        self.tree.get(key).is_some()
    }

    /// Bytes that no key exceeds: see [`longest`](Self::longest).
    fn longest(&self) -> usize {
        self.tree.longest
    }
}

impl<V: Footprint, A: Alloc + Clone> RankedKeySet for DynTrieMap<V, A> {
    fn locate(&self, key: &[u8]) -> (usize, bool) {
        self.tree.root.locate::<false>(key)
    }

    fn behind(&self, prefix: &[u8]) -> usize {
        self.tree.root.locate::<true>(prefix).0
    }
}

impl<V, A: Alloc + Clone> Walks for DynTrieMap<V, A> {
    type Walk<'a>
        = Walk<'a, Values<V, A>, A>
    where
        Self: 'a;

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

    fn advance<'a>(&'a self, walk: &mut Self::Walk<'a>, key: &mut [u8]) -> Option<usize> {
        self.tree.advance(walk, key)
    }

    fn len_of(walk: &Self::Walk<'_>) -> usize {
        walk.len()
    }

    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
        Some(self.tree.walk(id, key)?.len())
    }
}

impl<V: Clone, A: Alloc + Clone> Clone for DynTrieMap<V, A> {
    fn clone(&self) -> Self {
        self.try_clone().unwrap_or_else(|error| refused(error))
    }
}

impl<V, A: Alloc + Clone + Default> Default for DynTrieMap<V, A> {
    fn default() -> Self {
        Self::new_in(A::default())
    }
}

impl<K: AsRef<[u8]>, V, A: Alloc + Clone> Extend<(K, V)> for DynTrieMap<V, A> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: AsRef<[u8]>, V, A: Alloc + Clone + Default> FromIterator<(K, V)> for DynTrieMap<V, A> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<K: AsRef<[u8]>, V, const N: usize> From<[(K, V); N]> for DynTrieMap<V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<Q: ?Sized + AsRef<[u8]>, V, A: Alloc + Clone> Index<&Q> for DynTrieMap<V, A> {
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

#[cfg(feature = "alloc")]
impl<V: PartialEq, A: Alloc + Clone> PartialEq for DynTrieMap<V, A> {
    fn eq(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.entries(0..self.len()), other.entries(0..other.len()));
        self.len() == other.len() && (0..self.len()).all(|_| a.next_entry() == b.next_entry())
    }
}

#[cfg(feature = "alloc")]
impl<V: Eq, A: Alloc + Clone> Eq for DynTrieMap<V, A> {}

impl<V: fmt::Debug, A: Alloc + Clone> fmt::Debug for DynTrieMap<V, A> {
    /// Prints the keys as text, with escapes; without the feature `alloc` their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "alloc")]
        {
            let (mut map, mut entries) = (f.debug_map(), self.entries(0..self.len()));
            while let Some((key, value)) = entries.next_entry() {
                map.entry(&format_args!("\"{}\"", key.escape_ascii()), value);
            }
            map.finish()
        }
        #[cfg(not(feature = "alloc"))]
        f.debug_struct("DynTrieMap").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc + Clone> IntoIterator for DynTrieMap<V, A> {
    type Item = (alloc::vec::Vec<u8>, V);
    type IntoIter = DynTrieIntoIter<V, A>;

    fn into_iter(self) -> DynTrieIntoIter<V, A> {
        DynTrieIntoIter::new(self)
    }
}

#[cfg(feature = "alloc")]
impl<'a, V, A: Alloc + Clone> IntoIterator for &'a DynTrieMap<V, A> {
    type Item = (alloc::vec::Vec<u8>, &'a V);
    type IntoIter = DynTrieIter<'a, V, A>;

    fn into_iter(self) -> DynTrieIter<'a, V, A> {
        self.iter()
    }
}

#[cfg(feature = "alloc")]
impl<'a, V, A: Alloc + Clone> IntoIterator for &'a mut DynTrieMap<V, A> {
    type Item = (alloc::vec::Vec<u8>, &'a mut V);
    type IntoIter = DynTrieIterMut<'a, V, A>;

    fn into_iter(self) -> DynTrieIterMut<'a, V, A> {
        self.iter_mut()
    }
}

impl<V: Footprint, A: Alloc + Clone> Footprint for DynTrieMap<V, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tree.root.parts(out);
    }
}
