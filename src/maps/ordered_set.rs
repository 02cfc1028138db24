//! [`OrderedSet`]: a view of [`OrderedMap<K, ()>`](OrderedMap).

use super::ordered_map::{OrderedIntoKeys, OrderedKeys, OrderedMap};
use super::set_over_map::set_over_map;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, Parts, granted};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::ops::{Index, RangeBounds};

/// A hash set that remembers the order in which keys came, with keys by position: the API of
/// indexmap's `IndexSet`, in 15 bytes a key of 8 from 100,000 of them on.
///
/// An [`OrderedMap`] without values: what is said there of layout, growth, time and the two ways
/// of removing holds here.
///
/// # When not to use it
///
/// - The order does not matter: [`Set`](super::Set) takes less.
///
/// # Example
///
/// ```
/// use lessram::{maps::OrderedSet, mem::Footprint};
///
/// let mut seen = OrderedSet::new();
/// for word in "to be or not to be".split(' ') {
///     seen.insert(word);
/// }
/// assert!(seen.iter().eq(&["to", "be", "or", "not"]));
/// assert_eq!((seen.get_index_of("or"), seen[3]), (Some(2), "not"));
/// assert_eq!(seen.heap_bytes(), 4 * size_of::<&str>());
/// ```
pub struct OrderedSet<K, S = DefaultHashBuilder, A: Alloc = Global> {
    map: OrderedMap<K, (), S, A>,
}

/// Keys of an ordered set.
pub type OrderedSetIter<'s, K> = OrderedKeys<'s, K, ()>;
/// Keys of an ordered set, by value.
pub type OrderedSetIntoIter<K, A = Global> = OrderedIntoKeys<K, (), A>;

set_over_map!(
    OrderedSet, OrderedMap, [Alloc + Clone], [], [],
    OrderedSetIter<'s, K>, OrderedSetIntoIter<K, A>
);

impl<K, S, A: Alloc> OrderedSet<K, S, A> {
    /// How many keys there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Keys that fit, if hashing spreads them evenly. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// The keys, in order.
    pub fn iter(&self) -> OrderedSetIter<'_, K> {
        self.map.keys()
    }

    /// The key at `index`. O(1).
    #[must_use]
    #[inline]
    pub fn get_index(&self, index: usize) -> Option<&K> {
        self.map.get_index(index).map(|(key, ())| key)
    }

    /// The first key. O(1).
    #[must_use]
    pub fn first(&self) -> Option<&K> {
        self.map.first().map(|(key, ())| key)
    }

    /// The last key. O(1).
    #[must_use]
    pub fn last(&self) -> Option<&K> {
        self.map.last().map(|(key, ())| key)
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc> OrderedSet<K, S, A> {
    /// The position of `key`. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_index_of<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.map.get_index_of(key)
    }

    /// The position of `key`, and the stored key. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_full<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<(usize, &K)>
    where
        K: Borrow<Q>,
    {
        self.map.get_full(key).map(|(index, key, ())| (index, key))
    }

    /// Removes `key`, and puts the last key in its place; whether it was there. O(1) amortised.
    pub fn swap_remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.swap_remove(key).is_some()
    }

    /// Removes `key`, and moves the keys behind it up; whether it was there. O(n).
    pub fn shift_remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.shift_remove(key).is_some()
    }

    /// Removes and returns the key that equals `key`; the last one takes its place. O(1) amortised.
    pub fn swap_take<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        self.map.swap_remove_entry(key).map(|(key, ())| key)
    }

    /// Removes and returns the key that equals `key`; those behind it move up. O(n).
    pub fn shift_take<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        self.map.shift_remove_entry(key).map(|(key, ())| key)
    }

    /// Removes the key at `index`, puts the last one in its place, and returns it. O(1) amortised.
    pub fn swap_remove_index(&mut self, index: usize) -> Option<K> {
        self.map.swap_remove_index(index).map(|(key, ())| key)
    }

    /// Removes the key at `index`, and returns it; those behind it move up. O(n).
    pub fn shift_remove_index(&mut self, index: usize) -> Option<K> {
        self.map.shift_remove_index(index).map(|(key, ())| key)
    }

    /// Removes the last key, and returns it. O(1) amortised.
    pub fn pop(&mut self) -> Option<K> {
        self.map.pop().map(|(key, ())| key)
    }

    /// Removes the keys from `len` on; keeps the room. O(n).
    pub fn truncate(&mut self, len: usize) {
        self.map.truncate(len);
    }

    /// Takes out the keys at the positions of `range`, in order; those behind them move up. Keeps
    /// the room. What is not asked for is dropped with the iterator. O(n).
    ///
    /// # Panics
    ///
    /// If the range does not lie within the keys.
    #[track_caller]
    pub fn drain(
        &mut self,
        range: impl RangeBounds<usize>,
    ) -> impl ExactSizeIterator<Item = K> + DoubleEndedIterator + FusedIterator {
        self.map.drain(range).map(|(key, ())| key)
    }

    /// Keeps the keys for which `keep` returns `true`, in their order. O(n). The set may then
    /// shrink.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.map.retain(|key, ()| keep(key));
    }

    /// Sorts the keys. O(n log n).
    #[cfg(feature = "alloc")]
    pub fn sort(&mut self)
    where
        K: Ord,
    {
        self.map.sort_keys();
    }

    /// Sorts the keys as `compare` says; those that are equal keep their order. O(n log n).
    #[cfg(feature = "alloc")]
    pub fn sort_by(&mut self, mut compare: impl FnMut(&K, &K) -> core::cmp::Ordering) {
        self.map.sort_by(|a, (), b, ()| compare(a, b));
    }

    /// Sorts the keys, without memory for it. O(n log n).
    pub fn sort_unstable(&mut self)
    where
        K: Ord,
    {
        self.map.sort_unstable_keys();
    }

    /// The position of `key` among sorted keys, or where it would go. O(log n).
    ///
    /// # Errors
    ///
    /// Where it would go, if it is not there.
    pub fn binary_search(&self, key: &K) -> Result<usize, usize>
    where
        K: Ord,
    {
        self.map.binary_search_keys(key)
    }

    /// Turns the order round. O(n).
    pub fn reverse(&mut self) {
        self.map.reverse();
    }

    /// Lets two keys change places. O(1) expected.
    ///
    /// # Panics
    ///
    /// If there is no such key.
    #[track_caller]
    pub fn swap_indices(&mut self, a: usize, b: usize) {
        self.map.swap_indices(a, b);
    }

    /// Moves the key at `from` to `to`; those between move by one. O(n).
    ///
    /// # Panics
    ///
    /// If there is no such key.
    #[track_caller]
    pub fn move_index(&mut self, from: usize, to: usize) {
        self.map.move_index(from, to);
    }

    /// The keys that are in this set and not in `other`, in the order of this one.
    pub fn difference<'s, T: BuildHasher, B: Alloc>(
        &'s self,
        other: &'s OrderedSet<K, T, B>,
    ) -> impl DoubleEndedIterator<Item = &'s K> + Clone {
        self.iter().filter(|key| !other.contains(*key))
    }

    /// The keys that are in both sets, in the order of this one.
    pub fn intersection<'s, T: BuildHasher, B: Alloc>(
        &'s self,
        other: &'s OrderedSet<K, T, B>,
    ) -> impl DoubleEndedIterator<Item = &'s K> + Clone {
        self.iter().filter(|key| other.contains(*key))
    }

    /// The keys that are in one of the sets only: first this one's, in order.
    pub fn symmetric_difference<'s, T: BuildHasher, B: Alloc>(
        &'s self,
        other: &'s OrderedSet<K, T, B>,
    ) -> impl DoubleEndedIterator<Item = &'s K> + Clone {
        self.difference(other).chain(other.difference(self))
    }

    /// The keys that are in one of the sets or in both, each once: first this one's, in order.
    pub fn union<'s, T: BuildHasher, B: Alloc>(
        &'s self,
        other: &'s OrderedSet<K, T, B>,
    ) -> impl DoubleEndedIterator<Item = &'s K> + Clone {
        self.iter().chain(other.difference(self))
    }

    /// Whether no key is in both sets.
    #[must_use]
    pub fn is_disjoint<T: BuildHasher, B: Alloc>(&self, other: &OrderedSet<K, T, B>) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether all keys of this set are in `other`.
    #[must_use]
    pub fn is_subset<T: BuildHasher, B: Alloc>(&self, other: &OrderedSet<K, T, B>) -> bool {
        self.len() <= other.len() && self.iter().all(|key| other.contains(key))
    }

    /// Whether all keys of `other` are in this set.
    #[must_use]
    pub fn is_superset<T: BuildHasher, B: Alloc>(&self, other: &OrderedSet<K, T, B>) -> bool {
        other.is_subset(self)
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc + Clone> OrderedSet<K, S, A> {
    /// Adds `key` at the end; returns whether it was new. A key that is there stays, and its place.
    /// O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Adds `key` at the end; returns whether it was new. A key that is there stays, and its place.
    /// O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    #[inline]
    pub fn try_insert(&mut self, key: K) -> Result<bool, AllocError> {
        Ok(self.map.try_insert(key, ())?.is_none())
    }

    /// As [`insert`](Self::insert); also returns the position of the key.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_full`](Self::try_insert_full) returns the error
    /// instead.
    #[inline]
    #[track_caller]
    pub fn insert_full(&mut self, key: K) -> (usize, bool) {
        granted(self.try_insert_full(key))
    }

    /// As [`try_insert`](Self::try_insert); also returns the position of the key.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    #[inline]
    pub fn try_insert_full(&mut self, key: K) -> Result<(usize, bool), AllocError> {
        let (index, old) = self.map.try_insert_full(key, ())?;
        Ok((index, old.is_none()))
    }

    /// Adds `key` in place of the one that equals it, or at the end; returns that one.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_replace`](Self::try_replace) returns the error instead.
    #[track_caller]
    pub fn replace(&mut self, key: K) -> Option<K> {
        granted(self.try_replace(key))
    }

    /// As [`replace`](Self::replace).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    pub fn try_replace(&mut self, key: K) -> Result<Option<K>, AllocError> {
        self.map.try_replace_entry(key, ())
    }

    /// Adds `key` at `index`, or moves the one that equals it there; returns whether it was new.
    /// O(n).
    ///
    /// # Panics
    ///
    /// If `index` is too large, or memory cannot be had;
    /// [`try_shift_insert`](Self::try_shift_insert) returns the error instead.
    #[track_caller]
    pub fn shift_insert(&mut self, index: usize, key: K) -> bool {
        granted(self.try_shift_insert(index, key))
    }

    /// As [`shift_insert`](Self::shift_insert).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    ///
    /// # Panics
    ///
    /// If `index` is too large.
    #[track_caller]
    pub fn try_shift_insert(&mut self, index: usize, key: K) -> Result<bool, AllocError> {
        Ok(self.map.try_shift_insert(index, key, ())?.is_none())
    }

    /// Adds `key` where it belongs among sorted keys, unless it is there; its position, and whether
    /// it was new. O(n), and O(log n) where it goes to the end: for many keys, sort once afterwards
    /// ([`sort_unstable`](Self::sort_unstable)).
    ///
    /// If the keys are not sorted, it goes to one place or another.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_sorted`](Self::try_insert_sorted) returns the error
    /// instead.
    #[track_caller]
    pub fn insert_sorted(&mut self, key: K) -> (usize, bool)
    where
        K: Ord,
    {
        let (index, old) = self.map.insert_sorted(key, ());
        (index, old.is_none())
    }

    /// As [`insert_sorted`](Self::insert_sorted).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    pub fn try_insert_sorted(&mut self, key: K) -> Result<(usize, bool), AllocError>
    where
        K: Ord,
    {
        let (index, old) = self.map.try_insert_sorted(key, ())?;
        Ok((index, old.is_none()))
    }

    /// Takes the keys from `at` on out, into a set of their own. O(n).
    ///
    /// # Panics
    ///
    /// If `at` is above the number of keys, or memory cannot be had;
    /// [`try_split_off`](Self::try_split_off) returns the error instead.
    #[track_caller]
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self
    where
        S: Clone,
    {
        Self { map: self.map.split_off(at) }
    }

    /// As [`split_off`](Self::split_off).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; all keys are where they were then.
    ///
    /// # Panics
    ///
    /// If `at` is above the number of keys.
    #[track_caller]
    pub fn try_split_off(&mut self, at: usize) -> Result<Self, AllocError>
    where
        S: Clone,
    {
        Ok(Self { map: self.map.try_split_off(at)? })
    }
}

impl<K, S, T, A, B> PartialEq<OrderedSet<K, T, B>> for OrderedSet<K, S, A>
where
    K: Eq + Hash,
    T: BuildHasher,
    A: Alloc,
    B: Alloc,
{
    /// Whether both have the same keys, in any order; iterators compare the order, too.
    fn eq(&self, other: &OrderedSet<K, T, B>) -> bool {
        self.map == other.map
    }
}

impl<K, S, A: Alloc> Index<usize> for OrderedSet<K, S, A> {
    type Output = K;

    /// # Panics
    ///
    /// If there is no such key.
    #[track_caller]
    fn index(&self, index: usize) -> &K {
        &self.map.as_slice()[index].0
    }
}
