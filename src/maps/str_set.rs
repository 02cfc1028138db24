//! [`StrSet`]: a view of [`StrMap<()>`](StrMap).

use super::set_over_map::set_operators;
#[cfg(feature = "alloc")]
use super::str_map::StrIntoKeys;
use super::str_map::{StrKeys, StrMap};
use crate::arrays::Literal;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, Parts};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
use core::hash::BuildHasher;

/// A hash set of strings, in 3 bytes a string beside the string itself, where a `HashSet<String>`
/// takes 45 to 70.
///
/// A [`StrMap`] without values: what is said there of layout, growth, time and what differs from
/// std holds here.
///
/// # When not to use it
///
/// - The strings are known before they are asked for: a sorted dictionary of the tries family
///   takes a fifth.
/// - Some false answers do no harm: a [filter](crate::filters) takes a tenth.
///
/// # Example
///
/// ```
/// use lessram::{maps::StrSet, mem::Footprint};
///
/// let seen: StrSet = "to be or not to be".split(' ').collect();
/// assert!(seen.contains("or") && !seen.contains("so"));
/// assert_eq!((seen.len(), seen.heap_bytes()), (4, size_of::<usize>() + 24));
/// ```
pub struct StrSet<S = DefaultHashBuilder, A: Alloc = Global> {
    map: StrMap<(), S, A>,
}

/// Strings of a set.
pub type StrSetIter<'s> = StrKeys<'s, ()>;
/// Strings of a set, by value.
#[cfg(feature = "alloc")]
pub type StrSetIntoIter<A = Global> = StrIntoKeys<(), A>;

#[cfg(feature = "alloc")]
impl StrSet {
    /// An empty set; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty set with room for `capacity` strings: addresses of blocks, and no blocks.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { map: StrMap::with_capacity(capacity) }
    }
}

#[cfg(feature = "alloc")]
impl<S> StrSet<S> {
    /// An empty set that hashes with `hash_builder`; requests no memory.
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self { map: StrMap::with_hasher(hash_builder) }
    }

    /// An empty set that hashes with `hash_builder`, with room for `capacity` strings.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self
    where
        S: BuildHasher,
    {
        Self { map: StrMap::with_capacity_and_hasher(capacity, hash_builder) }
    }
}

impl<S, A: Alloc> StrSet<S, A> {
    /// An empty set that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { map: StrMap::with_hasher_in(hash_builder, alloc) }
    }

    /// How many strings there are.
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

    /// Strings that fit before the next bucket is split. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// What hashes the strings.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.map.allocator()
    }

    /// The strings, in no order.
    pub fn iter(&self) -> StrSetIter<'_> {
        self.map.keys()
    }

    /// Removes all strings; keeps the room: the addresses of blocks, and no blocks.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Keeps the strings for which `keep` returns `true`. O(n). The set may then shrink.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8]) -> bool) {
        self.map.retain(|key, ()| keep(key));
    }

    /// Takes out the strings for which `takes` returns `true`, as they are asked for. O(n) for all.
    #[cfg(feature = "alloc")]
    pub fn extract_if(
        &mut self,
        mut takes: impl FnMut(&[u8]) -> bool,
    ) -> impl Iterator<Item = Box<[u8]>> {
        self.map.extract_if(move |key, ()| takes(key)).map(|(key, ())| key)
    }

    /// Gives back the room that the strings do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Gives back the room that the strings do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory for the smaller blocks cannot be had; no string is lost then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.map.try_shrink_to_fit()
    }

    /// Gives back the room beyond `min_capacity` that the strings do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to`](Self::try_shrink_to) returns the error instead.
    #[track_caller]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// Gives back the room beyond `min_capacity` that the strings do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no string is lost then.
    pub fn try_shrink_to(&mut self, min_capacity: usize) -> Result<(), AllocError> {
        self.map.try_shrink_to(min_capacity)
    }
}

#[cfg(feature = "alloc")]
impl<S, A: Alloc + Clone> StrSet<S, A> {
    /// Takes all strings out. The memory goes back when the iterator goes.
    pub fn drain(
        &mut self,
    ) -> impl ExactSizeIterator<Item = Box<[u8]>> + core::iter::FusedIterator + '_ {
        self.map.drain().map(|(key, ())| key)
    }
}

impl<S: BuildHasher, A: Alloc> StrSet<S, A> {
    /// Makes room for `additional` more strings: as many buckets as they will need. O(n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// Makes room for `additional` more strings: as many buckets as they will need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no string is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.map.try_reserve(additional)
    }

    /// Whether `key` is there. O(length) expected, allocates nothing.
    #[inline]
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.map.contains_key(key)
    }

    /// The stored string that equals `key`. O(length) expected, allocates nothing.
    #[inline]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.map.get_key_value(key).map(|(key, ())| key)
    }

    /// Adds `key`; returns whether it was new. O(length) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Adds `key`; returns whether it was new. O(length) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no string has come then.
    #[inline]
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>) -> Result<bool, AllocError> {
        Ok(self.map.try_insert(key, ())?.is_none())
    }

    /// Removes `key`; returns whether it was there. O(length) amortised.
    #[inline]
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.map.remove(key).is_some()
    }

    /// Removes and returns `key`. O(length) amortised.
    #[cfg(feature = "alloc")]
    pub fn take(&mut self, key: impl AsRef<[u8]>) -> Option<Box<[u8]>> {
        self.map.remove_entry(key).map(|(key, ())| key)
    }

    /// The strings that are in this set and not in `other`.
    pub fn difference<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s [u8]> + Clone {
        self.iter().filter(|key| !other.contains(key))
    }

    /// The strings that are in both sets.
    pub fn intersection<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s [u8]> + Clone {
        let (keys, other) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        keys.iter().filter(|key| other.contains(key))
    }

    /// The strings that are in one of the sets only.
    pub fn symmetric_difference<'s>(
        &'s self,
        other: &'s Self,
    ) -> impl Iterator<Item = &'s [u8]> + Clone {
        self.difference(other).chain(other.difference(self))
    }

    /// The strings that are in one of the sets or in both, each once.
    pub fn union<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s [u8]> + Clone {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        large.iter().chain(small.difference(large))
    }

    /// Whether no string is in both sets.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether all strings of this set are in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.iter().all(|key| other.contains(key))
    }

    /// Whether all strings of `other` are in this set.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }

    /// Whether the invariants hold, and every string is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.map.check()
    }
}

set_operators!(StrSet<S, A> where [S: BuildHasher + Default, A: Alloc + Default]);

impl<S: Default, A: Alloc + Default> Default for StrSet<S, A> {
    fn default() -> Self {
        Self { map: StrMap::default() }
    }
}

impl<S: Clone, A: Alloc + Clone> Clone for StrSet<S, A> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }
}

impl<S: BuildHasher, A: Alloc> PartialEq for StrSet<S, A> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

impl<S: BuildHasher, A: Alloc> Eq for StrSet<S, A> {}

impl<S, A: Alloc> fmt::Debug for StrSet<S, A> {
    /// Strings as text where they are UTF-8, else as literals of bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Literal)).finish()
    }
}

impl<K: AsRef<[u8]>, S: BuildHasher, A: Alloc> Extend<K> for StrSet<S, A> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.map.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K, S, A> FromIterator<K> for StrSet<S, A>
where
    K: AsRef<[u8]>,
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Self { map: keys.into_iter().map(|key| (key, ())).collect() }
    }
}

#[cfg(feature = "alloc")]
impl<K: AsRef<[u8]>, const N: usize> From<[K; N]> for StrSet {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

#[cfg(feature = "alloc")]
impl<S, A: Alloc> IntoIterator for StrSet<S, A> {
    type Item = Box<[u8]>;
    type IntoIter = StrSetIntoIter<A>;

    fn into_iter(self) -> StrSetIntoIter<A> {
        self.map.into_keys()
    }
}

impl<'s, S, A: Alloc> IntoIterator for &'s StrSet<S, A> {
    type Item = &'s [u8];
    type IntoIter = StrSetIter<'s>;

    fn into_iter(self) -> StrSetIter<'s> {
        self.iter()
    }
}

impl<S, A: Alloc> Footprint for StrSet<S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.map.parts(out);
    }
}

#[cfg(feature = "serde")]
impl<S, A: Alloc> serde::Serialize for StrSet<S, A> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.iter().map(crate::arrays::strings_with_serde::Text))
    }
}
