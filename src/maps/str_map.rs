//! [`StrMap`]: a hash map whose keys are strings, without a block, a pointer or an offset a key.

mod entry;
mod iter;
mod traits;

pub use entry::{StrEntry, StrOccupiedEntry, StrVacantEntry};
#[cfg(feature = "alloc")]
pub use iter::{StrDrain, StrExtractIf, StrIntoIter, StrIntoKeys, StrIntoValues};
pub use iter::{StrIter, StrIterMut, StrKeys, StrValues, StrValuesMut};

use super::buckets::{Buckets, Wanted, wanted};
use super::interner::hash_of;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::hash::BuildHasher;

/// A hash map from strings, in 3 bytes an entry beside the strings and the values, where a
/// `HashMap<String, V>` takes 45 to 70.
///
/// Strings are any bytes; they are given as `&str`, `String`, `&[u8]` and whatever else is bytes by
/// reference, and come back as `&[u8]`. The map grows by a bucket of 20 entries at a time: its peak
/// is its size. It shrinks by itself in the same way, and what is removed leaves nothing behind.
/// Without values it is a [`StrSet`](super::StrSet).
///
/// # When not to use it
///
/// - Misses or changes before bytes: hashbrown's set of `Box<str>` answers that a string is absent
///   in half to nine tenths of the time (`benches/peers`, `maps_str`), and beyond a million strings
///   of 20 bytes and more takes new ones in two thirds of it.
/// - The keys stay as they are: a sorted dictionary of the tries family takes a fifth, and
///   [`StrArray`](crate::arrays::StrArray) half a byte less a string, two with
///   `compress_offsets`.
/// - The strings are long, of 100 bytes and more: all forms take about the same then.
/// - Keys that need their own `Eq`: here they are equal if their bytes are.
///
/// # Layout
///
/// ```text
/// directory  | block 0 | block 1 | ... |     an address each
/// block      | head | tags | lengths | string 0 | string 1 | ... | slack | value 1 | value 0 |
/// ```
///
/// The low bits of a hash choose a bucket, its top byte is the entry's tag. A look-up compares 16
/// tags and 16 lengths at once; where a string begins is the sum of the lengths before it. When
/// there are more than 20 entries a bucket (16 if a value has more than 8 bytes, 8 if more than
/// 64), one bucket is split in two; when there are an eighth less, two are merged. A string of more
/// than 255 bytes has a block of its own.
///
/// # Space
///
/// The strings and the values; 2 bytes an entry for tag and length; 20 bytes a bucket for its
/// address, its head, and the rounding of its block to what malloc serves. That is 3 bytes an entry
/// in all, the same at any number from 100 on; 30 % more after removals at most. Nothing while it
/// is new. (malloc keeps 8 bytes of its own a block: 0.4 an entry.)
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, present | O(length) expected | 3 |
/// | `get`, absent | O(length) expected | 2 |
/// | `insert`, `remove` | O(length) amortised; a bucket is moved at worst | 2 to 8 |
/// | iteration | O(n) | all |
///
/// Reading allocates nothing. If all keys have one hash, look-ups are O(n), 16 entries a step, and
/// there may be no more entries than fit in 256 MiB.
///
/// # Parameters
///
/// The hash function and the allocator, as of [`Map`](super::Map).
///
/// # What differs from std
///
/// - Keys are handed in by reference and copied.
/// - `capacity` is the number of entries from which the next bucket is split.
/// - Removing may shrink the map; `drain` gives its memory back.
/// - What values borrow must be there for longer than the map, and not only for as long.
///
/// # Example
///
/// ```
/// use lessram::{maps::StrMap, mem::Footprint};
///
/// let mut ages: StrMap<u32> = StrMap::new();
/// ages.insert("Ada", 36);
/// *ages.entry("Alan").or_insert(40) += 1;
/// assert_eq!((ages["Alan"], ages.get("Kurt")), (41, None));
/// // An address; a head of 4, 2 tags, 2 lengths, 7 bytes, 2 values, rounded up.
/// assert_eq!(ages.heap_bytes(), size_of::<usize>() + 24);
/// ```
///
/// # References
///
/// Linear hashing: Litwin (1980), Larson (1988). Strings of a bucket in one block: Askitis and
/// Zobel (2005), "Cache-conscious collision resolution in string hash tables".
pub struct StrMap<V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) buckets: Buckets<V, A>,
    pub(super) hash_builder: S,
}

/// The hash function of the buckets.
#[inline]
pub(super) fn hasher<S: BuildHasher>(build: &S) -> impl Fn(&[u8]) -> u64 {
    |key| hash_of(build, key)
}

#[cfg(feature = "alloc")]
impl<V> StrMap<V> {
    /// An empty map; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries: addresses of blocks, and no blocks.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

#[cfg(feature = "alloc")]
impl<V, S> StrMap<V, S> {
    /// An empty map that hashes with `hash_builder`; requests no memory.
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Global)
    }

    /// An empty map that hashes with `hash_builder`, with room for `capacity` entries.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self
    where
        S: BuildHasher,
    {
        let mut map = Self::with_hasher(hash_builder);
        map.reserve(capacity);
        map
    }
}

impl<V, S, A: Alloc> StrMap<V, S, A> {
    /// An empty map that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { buckets: Buckets::new_in(alloc), hash_builder }
    }

    /// How many entries there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that fit before the next bucket is split. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buckets.capacity()
    }

    /// What hashes the keys.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.buckets.alloc()
    }

    /// The entries, in no order.
    pub fn iter(&self) -> StrIter<'_, V> {
        StrIter(self.buckets.iter())
    }

    /// The entries, in no order, with values that can be changed.
    pub fn iter_mut(&mut self) -> StrIterMut<'_, V> {
        StrIterMut(self.buckets.iter_mut())
    }

    /// The keys, in no order.
    pub fn keys(&self) -> StrKeys<'_, V> {
        StrKeys(self.iter())
    }

    /// The values, in no order.
    pub fn values(&self) -> StrValues<'_, V> {
        StrValues(self.iter())
    }

    /// The values, in no order, to be changed.
    pub fn values_mut(&mut self) -> StrValuesMut<'_, V> {
        StrValuesMut(self.iter_mut())
    }

    /// The keys by value, in no order.
    #[cfg(feature = "alloc")]
    pub fn into_keys(self) -> StrIntoKeys<V, A> {
        StrIntoKeys(self.into_iter())
    }

    /// The values by value, in no order.
    #[cfg(feature = "alloc")]
    pub fn into_values(self) -> StrIntoValues<V, A> {
        StrIntoValues(self.into_iter())
    }

    /// Removes all entries; keeps the room: the addresses of blocks, and no blocks.
    pub fn clear(&mut self) {
        self.buckets.clear();
    }

    /// Keeps the entries for which `keep` returns `true`. O(n). The map may then shrink.
    pub fn retain(&mut self, keep: impl FnMut(&[u8], &mut V) -> bool) {
        self.buckets.retain(keep);
    }

    /// Takes out the entries for which `takes` returns `true`, as they are asked for. What is not
    /// asked for stays. O(n) for all.
    #[cfg(feature = "alloc")]
    pub fn extract_if<F: FnMut(&[u8], &mut V) -> bool>(
        &mut self,
        takes: F,
    ) -> StrExtractIf<'_, V, F, A> {
        StrExtractIf { extract: self.buckets.extract(), takes }
    }

    /// Gives back the room that the entries do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Gives back the room that the entries do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory for the smaller blocks cannot be had; no entry is lost then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.try_shrink_to(0)
    }

    /// Gives back the room beyond `min_capacity` that the entries do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for the smaller blocks cannot be had;
    /// [`try_shrink_to`](Self::try_shrink_to) returns the error instead.
    #[track_caller]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        granted(self.try_shrink_to(min_capacity));
    }

    /// Gives back the room beyond `min_capacity` that the entries do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory for the smaller blocks cannot be had; no entry is lost then.
    pub fn try_shrink_to(&mut self, min_capacity: usize) -> Result<(), AllocError> {
        self.buckets.try_shrink_to(min_capacity)
    }
}

#[cfg(feature = "alloc")]
impl<V, S, A: Alloc + Clone> StrMap<V, S, A> {
    /// Takes all entries out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> StrDrain<'_, V, A> {
        let empty = Buckets::new_in(self.buckets.alloc().clone());
        StrDrain::new(core::mem::replace(&mut self.buckets, empty))
    }
}

impl<V, S: BuildHasher, A: Alloc> StrMap<V, S, A> {
    /// A key and its hash.
    #[inline]
    fn wanted<'k>(&self, key: &'k [u8]) -> Wanted<'k> {
        wanted(key, hash_of(&self.hash_builder, key))
    }

    /// Makes room for `additional` more entries: as many buckets as they will need. O(n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        granted(self.try_reserve(additional));
    }

    /// Makes room for `additional` more entries: as many buckets as they will need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.buckets.try_reserve(additional, &hasher(&self.hash_builder))
    }

    /// The value of `key`. O(length) expected, allocates nothing.
    #[inline]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&V> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The stored key and the value of `key`. O(length) expected, allocates nothing.
    #[inline]
    pub fn get_key_value(&self, key: impl AsRef<[u8]>) -> Option<(&[u8], &V)> {
        let place = self.buckets.find(self.wanted(key.as_ref()))?;
        Some(self.buckets.entry(place))
    }

    /// The value of `key`, to be changed. O(length) expected, allocates nothing.
    #[inline]
    pub fn get_mut(&mut self, key: impl AsRef<[u8]>) -> Option<&mut V> {
        let place = self.buckets.find(self.wanted(key.as_ref()))?;
        Some(self.buckets.entry_mut(place).1)
    }

    /// The values of several keys, to be changed. O(N) expected, allocates nothing.
    ///
    /// # Panics
    ///
    /// If two of the keys are the same and present.
    #[track_caller]
    pub fn get_disjoint_mut<const N: usize>(
        &mut self,
        keys: [impl AsRef<[u8]>; N],
    ) -> [Option<&mut V>; N] {
        let keys = keys.each_ref().map(|key| self.wanted(key.as_ref()));
        self.buckets.get_disjoint_mut(keys)
    }

    /// Whether `key` is there. O(length) expected, allocates nothing.
    #[inline]
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.buckets.find(self.wanted(key.as_ref())).is_some()
    }

    /// Sets the value of `key`; returns the one it had. O(length) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>, value: V) -> Option<V> {
        granted(self.try_insert(key, value))
    }

    /// Sets the value of `key`; returns the one it had. O(length) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry has changed then, and `value` is dropped.
    #[inline]
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>, value: V) -> Result<Option<V>, AllocError> {
        let wanted = self.wanted(key.as_ref());
        if let Some(place) = self.buckets.find(wanted) {
            let (_, old) = self.buckets.entry_mut(place);
            return Ok(Some(core::mem::replace(old, value)));
        }
        self.buckets.try_insert(wanted, value, &hasher(&self.hash_builder))?;
        Ok(None)
    }

    /// Removes `key`; returns its value. O(length) amortised.
    #[inline]
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Option<V> {
        let place = self.buckets.find(self.wanted(key.as_ref()))?;
        Some(self.buckets.remove(place))
    }

    /// Removes `key`; returns the stored key and its value. O(length) amortised.
    #[cfg(feature = "alloc")]
    pub fn remove_entry(&mut self, key: impl AsRef<[u8]>) -> Option<(Box<[u8]>, V)> {
        let place = self.buckets.find(self.wanted(key.as_ref()))?;
        let key = Box::from(self.buckets.entry(place).0);
        Some((key, self.buckets.remove(place)))
    }

    /// The place of `key`, to look at, fill or empty with one look-up.
    #[inline]
    pub fn entry<'k, Q: ?Sized + AsRef<[u8]>>(&mut self, key: &'k Q) -> StrEntry<'_, 'k, V, S, A> {
        let wanted = self.wanted(key.as_ref());
        match self.buckets.find(wanted) {
            Some(place) => StrEntry::Occupied(StrOccupiedEntry { map: self, place }),
            None => StrEntry::Vacant(StrVacantEntry { map: self, wanted }),
        }
    }

    /// Whether the invariants hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.buckets.check(hasher(&self.hash_builder))
    }
}
