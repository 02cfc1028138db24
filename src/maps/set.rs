//! [`Set`]: a view of [`Map<K, ()>`](Map).

use super::iter::{self, IntoKeys, Keys};
use super::map::Map;
use super::policy::{Compact, Policy};
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, Parts};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::{Chain, FusedIterator};
use core::ops::{BitAnd, BitOr, BitXor, Sub};

/// A hash set with the API of std's `HashSet`, in 1.25 times the bytes of its keys of 8 bytes, at
/// any number of them.
///
/// A [`Map`] without values: what is said there of layout, growth, time and what differs from std
/// holds here.
///
/// # When not to use it
///
/// - Integers that are known before they are asked for: [`PackedInts`](crate::arrays::PackedInts),
///   in order, take less.
/// - Some false answers do no harm: a [filter](crate::filters) takes a tenth.
///
/// # Example
///
/// ```
/// use lessram::{maps::Set, mem::Footprint};
///
/// let odd: Set<u32> = (0..1_000).filter(|i| i % 2 == 1).collect();
/// let square: Set<u32> = (0..30).map(|i| i * i).collect();
/// assert_eq!((&odd & &square).len(), 15);
/// assert!(odd.heap_bytes() < 5 * 500 + 500);
/// ```
pub struct Set<K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    map: Map<K, (), S, A, P>,
}

#[cfg(feature = "alloc")]
impl<K> Set<K> {
    /// An empty set; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty set with room for `capacity` keys.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self
    where
        K: Eq + Hash,
    {
        Self { map: Map::with_capacity(capacity) }
    }
}

#[cfg(feature = "alloc")]
impl<K, S, P: Policy> Set<K, S, Global, P> {
    /// An empty set that hashes with `hash_builder`; requests no memory.
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self { map: Map::with_hasher(hash_builder) }
    }

    /// An empty set that hashes with `hash_builder`, with room for `capacity` keys.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        Self { map: Map::with_capacity_and_hasher(capacity, hash_builder) }
    }
}

impl<K, S, A: Alloc, P: Policy> Set<K, S, A, P> {
    /// An empty set that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { map: Map::with_hasher_in(hash_builder, alloc) }
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

    /// Keys that fit, spread evenly over the regions. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// What hashes the keys.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.map.allocator()
    }

    /// The keys, in no order.
    pub fn iter(&self) -> SetIter<'_, K, P> {
        self.map.keys()
    }

    /// Removes all keys; keeps the room.
    pub fn clear(&mut self) {
        self.map.clear();
    }
}

/// Keys of a set.
pub type SetIter<'s, K, P = Compact> = Keys<'s, K, (), P>;
/// Keys of a set, by value.
pub type SetIntoIter<K, A = Global, P = Compact> = IntoKeys<K, (), A, P>;

impl<K, S, A: Alloc + Clone, P: Policy> Set<K, S, A, P> {
    /// Takes all keys out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> impl ExactSizeIterator<Item = K> + FusedIterator + '_ {
        self.map.drain().map(|(key, ())| key)
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> Set<K, S, A, P> {
    /// Makes room for `additional` more keys.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// Makes room for `additional` more keys.
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
    /// If memory for the smaller blocks cannot be had.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
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
    pub fn contains<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.contains_key(key)
    }

    /// The stored key that equals `key`. O(1) expected, allocates nothing.
    #[inline]
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.map.get_key_value(key).map(|(key, ())| key)
    }

    /// Adds `key`; returns whether it was new. A key that is there stays. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Adds `key`; returns whether it was new. A key that is there stays. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    #[inline]
    pub fn try_insert(&mut self, key: K) -> Result<bool, AllocError> {
        Ok(self.map.try_insert(key, ())?.is_none())
    }

    /// Adds `key` in place of the one that equals it; returns that one. O(1) amortised.
    #[inline]
    #[track_caller]
    pub fn replace(&mut self, key: K) -> Option<K> {
        let old = self.take(&key);
        self.insert(key);
        old
    }

    /// Removes `key`; returns whether it was there. O(1) amortised.
    #[inline]
    pub fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.remove(key).is_some()
    }

    /// Removes and returns the stored key that equals `key`. O(1) amortised.
    #[inline]
    pub fn take<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        self.map.remove_entry(key).map(|(key, ())| key)
    }

    /// Keeps the keys for which `keep` returns `true`. O(n). The set may then shrink.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.map.retain(|key, ()| keep(key));
    }

    /// Takes out the keys for which `takes` returns `true`, as they are asked for. O(n) for all.
    pub fn extract_if(&mut self, mut takes: impl FnMut(&K) -> bool) -> impl Iterator<Item = K> {
        self.map.extract_if(move |key, ()| takes(key)).map(|(key, ())| key)
    }

    /// The keys that are in this set and not in `other`.
    pub fn difference<'s>(&'s self, other: &'s Self) -> Difference<'s, K, S, A, P> {
        Difference { keys: self.iter(), other }
    }

    /// The keys that are in both sets.
    pub fn intersection<'s>(&'s self, other: &'s Self) -> Intersection<'s, K, S, A, P> {
        let (keys, other) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        Intersection { keys: keys.iter(), other }
    }

    /// The keys that are in one of the sets only.
    pub fn symmetric_difference<'s>(
        &'s self,
        other: &'s Self,
    ) -> SymmetricDifference<'s, K, S, A, P> {
        SymmetricDifference { keys: self.difference(other).chain(other.difference(self)) }
    }

    /// The keys that are in one of the sets or in both, each once.
    pub fn union<'s>(&'s self, other: &'s Self) -> Union<'s, K, S, A, P> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        Union { keys: large.iter().chain(small.difference(large)) }
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

    /// Whether the invariants of the table hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.map.check()
    }
}

/// Keys of one set, chosen by whether another has them.
macro_rules! chosen {
    ($(#[$doc:meta])* $name:ident, $wanted:literal) => {
        $(#[$doc])*
        pub struct $name<'s, K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
            keys: SetIter<'s, K, P>,
            other: &'s Set<K, S, A, P>,
        }

        impl<'s, K, S, A, P> Iterator for $name<'s, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            type Item = &'s K;

            fn next(&mut self) -> Option<&'s K> {
                let other = self.other;
                self.keys.find(|key| other.contains(*key) == $wanted)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (0, self.keys.size_hint().1)
            }
        }

        impl<K, S, A: Alloc, P: Policy> Clone for $name<'_, K, S, A, P> {
            fn clone(&self) -> Self {
                Self { keys: self.keys.clone(), other: self.other }
            }
        }
    };
}

chosen! {
    /// Keys of one set that another has not.
    Difference, false
}
chosen! {
    /// Keys of two sets.
    Intersection, true
}

/// Keys of one of two sets only.
pub struct SymmetricDifference<
    's,
    K,
    S = DefaultHashBuilder,
    A: Alloc = Global,
    P: Policy = Compact,
> {
    keys: Two<Difference<'s, K, S, A, P>>,
}

/// One after the other.
type Two<I> = Chain<I, I>;

/// Keys of one of two sets or of both.
pub struct Union<'s, K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    keys: Chain<SetIter<'s, K, P>, Difference<'s, K, S, A, P>>,
}

/// What all four have in common.
macro_rules! algebra {
    ($($name:ident),*) => {$(
        impl<K, S, A, P> FusedIterator for $name<'_, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
        }

        impl<K, S, A, P> fmt::Debug for $name<'_, K, S, A, P>
        where
            K: fmt::Debug + Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

algebra!(Difference, Intersection, SymmetricDifference, Union);

macro_rules! chained {
    ($($name:ident),*) => {$(
        impl<'s, K, S, A, P> Iterator for $name<'s, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            type Item = &'s K;

            fn next(&mut self) -> Option<&'s K> {
                self.keys.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.keys.size_hint()
            }
        }

        impl<K, S, A: Alloc, P: Policy> Clone for $name<'_, K, S, A, P> {
            fn clone(&self) -> Self {
                Self { keys: self.keys.clone() }
            }
        }
    )*};
}

chained!(SymmetricDifference, Union);

macro_rules! operators {
    ($($trait:ident $method:ident $algebra:ident: $doc:literal),*) => {$(
        impl<K, S, A, P> $trait<&Set<K, S, A, P>> for &Set<K, S, A, P>
        where
            K: Eq + Hash + Clone,
            S: BuildHasher + Default,
            A: Alloc + Default,
            P: Policy,
        {
            type Output = Set<K, S, A, P>;

            #[doc = $doc]
            fn $method(self, other: &Set<K, S, A, P>) -> Set<K, S, A, P> {
                self.$algebra(other).cloned().collect()
            }
        }
    )*};
}

operators! {
    BitOr bitor union: "The keys of both sets.",
    BitAnd bitand intersection: "The keys that are in both sets.",
    BitXor bitxor symmetric_difference: "The keys that are in one of the sets only.",
    Sub sub difference: "The keys of this set that are not in the other."
}

impl<K, S: Default, A: Alloc + Default, P: Policy> Default for Set<K, S, A, P> {
    fn default() -> Self {
        Self { map: Map::default() }
    }
}

impl<K: Clone, S: Clone, A: Alloc + Clone, P: Policy> Clone for Set<K, S, A, P> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> PartialEq for Set<K, S, A, P> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> Eq for Set<K, S, A, P> {}

impl<K: fmt::Debug, S, A: Alloc, P: Policy> fmt::Debug for Set<K, S, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> Extend<K> for Set<K, S, A, P> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.map.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<'a, K, S, A, P> Extend<&'a K> for Set<K, S, A, P>
where
    K: Eq + Hash + Copy,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<K, S, A, P> FromIterator<K> for Set<K, S, A, P>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::default();
        set.extend(keys);
        set
    }
}

#[cfg(feature = "alloc")]
impl<K: Eq + Hash, const N: usize> From<[K; N]> for Set<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K, S, A: Alloc, P: Policy> IntoIterator for Set<K, S, A, P> {
    type Item = K;
    type IntoIter = SetIntoIter<K, A, P>;

    fn into_iter(self) -> SetIntoIter<K, A, P> {
        self.map.into_keys()
    }
}

impl<'s, K, S, A: Alloc, P: Policy> IntoIterator for &'s Set<K, S, A, P> {
    type Item = &'s K;
    type IntoIter = iter::Keys<'s, K, (), P>;

    fn into_iter(self) -> SetIter<'s, K, P> {
        self.iter()
    }
}

impl<K: Footprint, S, A: Alloc, P: Policy> Footprint for Set<K, S, A, P> {
    fn parts(&self, out: &mut dyn Parts) {
        self.map.parts(out);
    }
}

#[cfg(feature = "serde")]
impl<K: serde::Serialize, S, A: Alloc, P: Policy> serde::Serialize for Set<K, S, A, P> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self)
    }
}
