//! [`IntMap`]: a hash map whose keys are integers, of which a part is not stored.

mod entry;
mod iter;
mod traits;

pub use entry::{IntEntry, IntOccupiedEntry, IntVacantEntry};
pub use iter::{
    IntDrain, IntExtractIf, IntIntoIter, IntIntoKeys, IntIntoValues, IntIter, IntIterMut, IntKeys,
    IntValues, IntValuesMut,
};

use super::buckets::IntBuckets;
use super::int_key::{IntKey, Mixer};
use crate::error::AllocError;
use crate::mem::{Alloc, Global, granted};
use core::borrow::Borrow;

/// A hash map from integers, in fewer bytes than its keys and values have: 15 an entry of `u64` to
/// `u64`, where a `HashMap` takes 19 to 36.
///
/// It grows by a bucket of 24 entries at a time: its peak is its size, and no insertion takes long.
/// It shrinks by itself in the same way, and what is removed leaves nothing behind. Without values
/// it is an [`IntSet`](super::IntSet). Values may be of any type.
///
/// # When not to use it
///
/// - Time before bytes: hashbrown finds a key in a third to two thirds of the time, takes a new one
///   in a fifth to a third of it, and walks over all in a quarter to two fifths (`benches/peers`,
///   `maps_int`); [`Map`](super::Map) is between the two.
/// - The keys are dense: a vector needs none of them.
/// - Keys in order, or ranges of them: [`SlicedSetMut`](crate::arrays::SlicedSetMut) is a set that
///   has both, in fewer bytes where keys are near each other.
///
/// # Layout
///
/// ```text
/// directory  | block 0 | block 1 | ... |     an address each
/// block      | head | tags | rests | slack | value 1 | value 0 |
/// ```
///
/// A key is mixed by a bijection. The low bits of what comes out choose a bucket, and are not
/// stored: which bucket it is says them. The highest byte is the entry's tag; the bits between are
/// its rest, packed without a gap. A look-up compares 48 tags at once and then rests. When there
/// are more than 24 entries a bucket (16 if a value has more than 8 bytes, 8 if more than 64), one
/// bucket is split in two, which takes a bit from each of its rests; when there are an eighth less,
/// two are merged.
///
/// # Space
///
/// The values; `64 - log2(n / 24)` bits a key of 64, and 20 bytes a bucket for its address, its
/// head, and the rounding of its block to what malloc serves. That is 14.9 bytes for an entry of
/// `u64` to `u64` at a million, and 14.5 at ten million; 30 % more after removals at most. Nothing
/// while it is new. (malloc keeps 8 bytes of its own a block: 0.3 an entry.)
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, present | O(1) expected | 3, and the value's |
/// | `get`, absent | O(1) expected | 2 |
/// | `insert`, `remove` | O(1) amortised; a bucket is moved at worst | 3 to 8 |
/// | iteration | O(n) | all |
///
/// Reading allocates nothing.
///
/// # Parameters
///
/// The keys' type, one of [`IntKey`], and the allocator. There is no hash function to choose: it
/// has to be a bijection. It is seeded once per process with the feature `std`, so that nobody
/// outside can make keys share a bucket; without, the seed is fixed, and keys that an attacker
/// chooses want one of your own ([`with_seed`](Self::with_seed)): keys that all share a bucket make
/// look-ups O(n), 32 entries a step. Patterns in the keys do no harm with any seed.
///
/// # What differs from std
///
/// - Keys come back by value, because they are not stored as such.
/// - `capacity` is the number of entries from which the next bucket is split.
/// - Removing may shrink the map; `drain` gives its memory back.
/// - There is no hasher to choose: keys are mixed by a bijection.
/// - What values borrow must be there for longer than the map, and not only for as long.
///
/// # Example
///
/// ```
/// use lessram::{maps::IntMap, mem::Footprint};
///
/// let mut ages: IntMap<u8> = IntMap::new();
/// ages.insert(1_815, 36);
/// *ages.entry(1_912).or_insert(40) += 1;
/// assert_eq!((ages[1_912], ages.get(1_906)), (41, None));
/// // An address; a head of 4, 2 tags, 2 rests of 7, 2 values, rounded up.
/// assert_eq!(ages.heap_bytes(), size_of::<usize>() + 24);
/// ```
///
/// # References
///
/// Linear hashing: Litwin (1980), Larson (1988). Not storing what the place says: Knuth, volume 3,
/// 6.4, exercise 13; Cleary (1984), "Compact hash tables using bidirectional linear probing".
pub struct IntMap<V, K: IntKey = u64, A: Alloc = Global> {
    pub(super) buckets: IntBuckets<K, V, A>,
}

#[cfg(feature = "alloc")]
impl<V, K: IntKey> IntMap<V, K> {
    /// An empty map; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries: addresses of blocks, and no blocks.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut map = Self::new();
        map.reserve(capacity);
        map
    }

    /// An empty map whose keys are mixed by a seed of your own; requests no memory.
    #[must_use]
    pub const fn with_seed(seed: u64) -> Self {
        Self::with_seed_in(seed, Global)
    }
}

impl<V, K: IntKey, A: Alloc> IntMap<V, K, A> {
    /// An empty map that has its memory from `alloc`; requests none.
    #[must_use]
    pub fn new_in(alloc: A) -> Self {
        Self { buckets: IntBuckets::new_in(Mixer::of_process(), alloc) }
    }

    /// An empty map whose keys are mixed by a seed of your own, and that has its memory from
    /// `alloc`; requests none.
    #[must_use]
    pub const fn with_seed_in(seed: u64, alloc: A) -> Self {
        Self { buckets: IntBuckets::new_in(Mixer::new(seed), alloc) }
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

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.buckets.alloc()
    }

    /// The entries, in no order.
    pub fn iter(&self) -> IntIter<'_, V, K> {
        IntIter(self.buckets.iter())
    }

    /// The entries, in no order, with values that can be changed.
    pub fn iter_mut(&mut self) -> IntIterMut<'_, V, K> {
        IntIterMut(self.buckets.iter_mut())
    }

    /// The keys, in no order.
    pub fn keys(&self) -> IntKeys<'_, V, K> {
        IntKeys(self.iter())
    }

    /// The values, in no order.
    pub fn values(&self) -> IntValues<'_, V, K> {
        IntValues(self.iter())
    }

    /// The values, in no order, to be changed.
    pub fn values_mut(&mut self) -> IntValuesMut<'_, V, K> {
        IntValuesMut(self.iter_mut())
    }

    /// The keys by value, in no order.
    pub fn into_keys(self) -> IntIntoKeys<V, K, A> {
        IntIntoKeys(self.into_iter())
    }

    /// The values by value, in no order.
    pub fn into_values(self) -> IntIntoValues<V, K, A> {
        IntIntoValues(self.into_iter())
    }

    /// Removes all entries; keeps the room: the addresses of blocks, and no blocks.
    pub fn clear(&mut self) {
        self.buckets.clear();
    }

    /// Keeps the entries for which `keep` returns `true`. O(n). The map may then shrink.
    pub fn retain(&mut self, keep: impl FnMut(K, &mut V) -> bool) {
        self.buckets.retain(keep);
    }

    /// Takes out the entries for which `takes` returns `true`, as they are asked for. What is not
    /// asked for stays. O(n) for all.
    pub fn extract_if<F: FnMut(K, &mut V) -> bool>(
        &mut self,
        takes: F,
    ) -> IntExtractIf<'_, V, F, K, A> {
        IntExtractIf { extract: self.buckets.extract(), takes }
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
        self.buckets.try_reserve(additional)
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

    /// The value of `key`. O(1) expected, allocates nothing.
    #[inline]
    pub fn get(&self, key: impl Borrow<K>) -> Option<&V> {
        self.buckets.find_value(self.buckets.mix(*key.borrow()))
    }

    /// The value of `key`, to be changed. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_mut(&mut self, key: impl Borrow<K>) -> Option<&mut V> {
        let place = self.buckets.find(self.buckets.mix(*key.borrow()))?;
        Some(self.buckets.value_mut(place))
    }

    /// The key and its value. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_key_value(&self, key: impl Borrow<K>) -> Option<(K, &V)> {
        let key = *key.borrow();
        Some((key, self.get(key)?))
    }

    /// The values of several keys, to be changed. O(N) expected, allocates nothing.
    ///
    /// # Panics
    ///
    /// If two of the keys are the same and present.
    #[track_caller]
    pub fn get_disjoint_mut<const N: usize>(
        &mut self,
        keys: [impl Borrow<K>; N],
    ) -> [Option<&mut V>; N] {
        self.buckets.get_disjoint_mut(keys.map(|key| *key.borrow()))
    }

    /// Whether `key` is there. O(1) expected, allocates nothing.
    #[inline]
    pub fn contains_key(&self, key: impl Borrow<K>) -> bool {
        self.buckets.find(self.buckets.mix(*key.borrow())).is_some()
    }

    /// Sets the value of `key`; returns the one it had. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        granted(self.try_insert(key, value))
    }

    /// Sets the value of `key`; returns the one it had. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry has changed then, and `value` is dropped.
    #[inline]
    pub fn try_insert(&mut self, key: K, value: V) -> Result<Option<V>, AllocError> {
        let mixed = self.buckets.mix(key);
        if let Some(place) = self.buckets.find(mixed) {
            return Ok(Some(core::mem::replace(self.buckets.value_mut(place), value)));
        }
        self.buckets.try_insert(mixed, value)?;
        Ok(None)
    }

    /// Removes `key`; returns its value. O(1) amortised.
    #[inline]
    pub fn remove(&mut self, key: impl Borrow<K>) -> Option<V> {
        let place = self.buckets.find(self.buckets.mix(*key.borrow()))?;
        Some(self.buckets.remove(place))
    }

    /// Removes `key`; returns it and its value. O(1) amortised.
    #[inline]
    pub fn remove_entry(&mut self, key: impl Borrow<K>) -> Option<(K, V)> {
        let key = *key.borrow();
        Some((key, self.remove(key)?))
    }

    /// The place of `key`, to look at, fill or empty with one look-up.
    #[inline]
    pub fn entry(&mut self, key: K) -> IntEntry<'_, V, K, A> {
        let mixed = self.buckets.mix(key);
        match self.buckets.find(mixed) {
            Some(place) => IntEntry::Occupied(IntOccupiedEntry { map: self, key, place }),
            None => IntEntry::Vacant(IntVacantEntry { map: self, key, mixed }),
        }
    }

    /// Whether the invariants hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.buckets.check()
    }
}

impl<V, K: IntKey, A: Alloc + Clone> IntMap<V, K, A> {
    /// Takes all entries out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> IntDrain<'_, V, K, A> {
        let empty = IntBuckets::new_in(self.buckets.mixer(), self.buckets.alloc().clone());
        IntDrain::new(core::mem::replace(&mut self.buckets, empty))
    }
}
