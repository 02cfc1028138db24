//! [`IntSet`]: a view of [`IntMap<(), K>`](IntMap).

use super::int_key::IntKey;
use super::int_map::{IntIntoKeys, IntKeys, IntMap};
use super::set_over_map::set_operators;
use crate::error::AllocError;
use crate::mem::{Alloc, Footprint, Global, Parts};
use core::borrow::Borrow;
use core::fmt;
use core::iter::FusedIterator;

/// A hash set of integers, in less than 7 bytes a `u64` at a million of them, where a `HashSet`
/// takes 10 to 19.
///
/// An [`IntMap`] without values: what is said there of layout, growth, time and what differs from
/// std holds here.
///
/// # When not to use it
///
/// - The keys are near each other, or asked for in order:
///   [`SlicedSetMut`](crate::arrays::SlicedSetMut) takes 2 bytes or less then.
/// - The keys stay as they are: sorted, [`EliasFano`](crate::arrays::EliasFano) takes a byte
///   less, and far less where they are near each other.
/// - Some false answers do no harm: a [filter](crate::filters) takes a sixth.
/// - Time before bytes: see [`IntMap`].
///
/// # Space
///
/// `64 - log2(n / 24)` bits a key of 64, and 20 bytes a bucket of 24: 6.9 bytes at a million keys,
/// 6.5 at ten million. No set that can hold any keys takes less than `64 - log2(n) + 1.44` bits,
/// which is 5.7 and 5.3 bytes. A `u32` takes 2.9 bytes at a million.
///
/// # Example
///
/// ```
/// use lessram::{maps::IntSet, mem::Footprint};
///
/// let seen: IntSet = [1 << 40, 7, 1 << 40, u64::MAX].into_iter().collect();
/// assert!(seen.contains(7) && !seen.contains(8));
/// assert_eq!((seen.len(), seen.heap_bytes()), (3, size_of::<usize>() + 40));
/// ```
pub struct IntSet<K: IntKey = u64, A: Alloc = Global> {
    map: IntMap<(), K, A>,
}

/// Keys of a set of integers.
pub type IntSetIter<'s, K = u64> = IntKeys<'s, (), K>;
/// Keys of a set of integers, by value.
pub type IntSetIntoIter<K = u64, A = Global> = IntIntoKeys<(), K, A>;

#[cfg(feature = "alloc")]
impl<K: IntKey> IntSet<K> {
    /// An empty set; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty set with room for `capacity` keys: addresses of blocks, and no blocks.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { map: IntMap::with_capacity(capacity) }
    }

    /// An empty set whose keys are mixed by a seed of your own; requests no memory.
    #[must_use]
    pub const fn with_seed(seed: u64) -> Self {
        Self { map: IntMap::with_seed(seed) }
    }
}

impl<K: IntKey, A: Alloc> IntSet<K, A> {
    /// An empty set that has its memory from `alloc`; requests none.
    #[must_use]
    pub fn new_in(alloc: A) -> Self {
        Self { map: IntMap::new_in(alloc) }
    }

    /// An empty set whose keys are mixed by a seed of your own, and that has its memory from
    /// `alloc`; requests none.
    #[must_use]
    pub const fn with_seed_in(seed: u64, alloc: A) -> Self {
        Self { map: IntMap::with_seed_in(seed, alloc) }
    }

    /// How many keys there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Keys that fit before the next bucket is split. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.map.allocator()
    }

    /// The keys, in no order.
    pub fn iter(&self) -> IntSetIter<'_, K> {
        self.map.keys()
    }

    /// Removes all keys; keeps the room: the addresses of blocks, and no blocks.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Keeps the keys for which `keep` returns `true`. O(n). The set may then shrink.
    pub fn retain(&mut self, mut keep: impl FnMut(K) -> bool) {
        self.map.retain(|key, ()| keep(key));
    }

    /// Takes out the keys for which `takes` returns `true`, as they are asked for. O(n) for all.
    pub fn extract_if(&mut self, mut takes: impl FnMut(K) -> bool) -> impl Iterator<Item = K> {
        self.map.extract_if(move |key, ()| takes(key)).map(|(key, ())| key)
    }

    /// Makes room for `additional` more keys: as many buckets as they will need. O(n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// Makes room for `additional` more keys: as many buckets as they will need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no key is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.map.try_reserve(additional)
    }

    /// Gives back the room that the keys do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Gives back the room that the keys do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory for the smaller blocks cannot be had; no key is lost then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.map.try_shrink_to_fit()
    }

    /// Gives back the room beyond `min_capacity` that the keys do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to`](Self::try_shrink_to) returns the error instead.
    #[track_caller]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// Gives back the room beyond `min_capacity` that the keys do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no key is lost then.
    pub fn try_shrink_to(&mut self, min_capacity: usize) -> Result<(), AllocError> {
        self.map.try_shrink_to(min_capacity)
    }

    /// Whether `key` is there. O(1) expected, allocates nothing.
    #[inline]
    pub fn contains(&self, key: impl Borrow<K>) -> bool {
        self.map.contains_key(key)
    }

    /// `key`, if it is there. O(1) expected, allocates nothing.
    #[inline]
    pub fn get(&self, key: impl Borrow<K>) -> Option<K> {
        let key = *key.borrow();
        self.contains(key).then_some(key)
    }

    /// Adds `key`; returns whether it was new. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Adds `key`; returns whether it was new. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the key has not come then.
    #[inline]
    pub fn try_insert(&mut self, key: K) -> Result<bool, AllocError> {
        Ok(self.map.try_insert(key, ())?.is_none())
    }

    /// Removes `key`; returns whether it was there. O(1) amortised.
    #[inline]
    pub fn remove(&mut self, key: impl Borrow<K>) -> bool {
        self.map.remove(key).is_some()
    }

    /// Removes and returns `key`. O(1) amortised.
    #[inline]
    pub fn take(&mut self, key: impl Borrow<K>) -> Option<K> {
        let key = *key.borrow();
        self.remove(key).then_some(key)
    }

    /// The keys that are in this set and not in `other`.
    pub fn difference<'s>(&'s self, other: &'s Self) -> impl FusedIterator<Item = K> + Clone + 's {
        self.iter().filter(|key| !other.contains(key))
    }

    /// The keys that are in both sets.
    pub fn intersection<'s>(
        &'s self,
        other: &'s Self,
    ) -> impl FusedIterator<Item = K> + Clone + 's {
        let (keys, other) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        keys.iter().filter(|key| other.contains(key))
    }

    /// The keys that are in one of the sets only.
    pub fn symmetric_difference<'s>(
        &'s self,
        other: &'s Self,
    ) -> impl FusedIterator<Item = K> + Clone + 's {
        self.difference(other).chain(other.difference(self))
    }

    /// The keys that are in one of the sets or in both, each once.
    pub fn union<'s>(&'s self, other: &'s Self) -> impl FusedIterator<Item = K> + Clone + 's {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        large.iter().chain(small.difference(large))
    }

    /// Whether no key is in both sets.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether all keys of this set are in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.iter().all(|key| other.contains(key))
    }

    /// Whether all keys of `other` are in this set.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }

    /// Whether the invariants hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.map.check()
    }
}

impl<K: IntKey, A: Alloc + Clone> IntSet<K, A> {
    /// Takes all keys out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> impl ExactSizeIterator<Item = K> + FusedIterator + '_ {
        self.map.drain().map(|(key, ())| key)
    }
}

set_operators!(IntSet<K, A> where [K: IntKey, A: Alloc + Default]);

impl<K: IntKey, A: Alloc + Default> Default for IntSet<K, A> {
    fn default() -> Self {
        Self { map: IntMap::default() }
    }
}

impl<K: IntKey, A: Alloc + Clone> Clone for IntSet<K, A> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }
}

impl<K: IntKey, A: Alloc> PartialEq for IntSet<K, A> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

impl<K: IntKey, A: Alloc> Eq for IntSet<K, A> {}

impl<K: IntKey, A: Alloc> fmt::Debug for IntSet<K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: IntKey, A: Alloc> Extend<K> for IntSet<K, A> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.map.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<'a, K: IntKey, A: Alloc> Extend<&'a K> for IntSet<K, A> {
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<K: IntKey, A: Alloc + Default> FromIterator<K> for IntSet<K, A> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Self { map: keys.into_iter().map(|key| (key, ())).collect() }
    }
}

#[cfg(feature = "alloc")]
impl<K: IntKey, const N: usize> From<[K; N]> for IntSet<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: IntKey, A: Alloc> IntoIterator for IntSet<K, A> {
    type Item = K;
    type IntoIter = IntSetIntoIter<K, A>;

    fn into_iter(self) -> IntSetIntoIter<K, A> {
        self.map.into_keys()
    }
}

impl<'s, K: IntKey, A: Alloc> IntoIterator for &'s IntSet<K, A> {
    type Item = K;
    type IntoIter = IntSetIter<'s, K>;

    fn into_iter(self) -> IntSetIter<'s, K> {
        self.iter()
    }
}

impl<K: IntKey, A: Alloc> Footprint for IntSet<K, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.map.parts(out);
    }
}

#[cfg(feature = "serde")]
impl<K: IntKey + serde::Serialize, A: Alloc> serde::Serialize for IntSet<K, A> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self)
    }
}
