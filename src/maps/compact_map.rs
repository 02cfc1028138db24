//! [`CompactMap`]: a hash map for any key and value in little more than their bytes, at any number.

mod entry;
mod iter;
mod traits;

pub use entry::{CompactEntry, CompactOccupiedEntry, CompactVacantEntry};
pub use iter::{
    CompactDrain, CompactExtractIf, CompactIntoIter, CompactIntoKeys, CompactIntoValues,
    CompactIter, CompactIterMut, CompactKeys, CompactValues, CompactValuesMut,
};

use super::buckets::EntryBuckets;
use super::map::hash_key;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};

/// A hash map with the API of std's `HashMap`, in 1.10 times the bytes of entries of 16 bytes at
/// any number of them, less of larger ones; it is never there twice, and shrinks as entries go.
///
/// [`Map`](super::Map) takes 1.07 times the bytes of this, and at a million entries four fifths of
/// the time for a hit, half for a miss and two fifths for an insertion. (That its policy of the
/// fewest bytes is called [`Compact`](super::Compact) does not make it this one.)
///
/// # When not to use it
///
/// - Time counts: [`Map`](super::Map), or hashbrown's table at up to twice the bytes. At a million
///   entries of 16 bytes a hit takes 1.8 times hashbrown's time, an insertion and a miss 4 times;
///   at a hundred thousand and at ten million a hit takes 2.3 to 2.4 times, an insertion 5 to 7
///   times, and room made beforehand helps little (measured: `benches/peers`, `maps`).
/// - Strings or integers as keys: [`StrMap`](super::StrMap) and [`IntMap`](super::IntMap) store
///   less than the keys.
/// - Entries of fewer than 8 bytes: a tag and a share of a block take 2 bytes for each.
/// - References to entries must stay while others come: no map of this crate has those.
///
/// # Layout
///
/// ```text
/// directory  | block 0 | block 1 | ... | block b-1 |     an address each
/// block      | head 4 or 8 | tags n | slack | entry n-1 | ... | entry 0 |
/// ```
///
/// Linear hashing: when there are more than 35 entries a block (20 from 17 bytes each on, 8 from 65
/// on), the next block in order is split in two; when there are an eighth less, the last one goes
/// back where it came from. Blocks have the size that their entries need, in steps of 8 bytes (16
/// with entries below 16), and up to 16 bytes more after a removal. Nothing doubles; the directory
/// grows by a sixteenth.
///
/// # Space
///
/// An entry, 1 byte for its tag, and about 16 bytes for each block: for entries of 16 bytes at most
/// 17.6, and 250 more in all. A single entry takes 32. Nothing while it is new.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, present | O(1) expected | 4 |
/// | `get`, absent | O(1) expected | 2 to 3 |
/// | `insert`, `remove` | O(1) amortised; at worst a block of some dozen entries is split or merged | 4 |
/// | iteration | O(n) | all |
///
/// Reading allocates nothing. If all keys have one hash, look-ups are O(n), 32 tags a step, and so
/// are insertions, which move the entries of a block whenever it has to be larger. A block has 128
/// MiB at most (256 of entries below 16 bytes): if more of them have one hash, or if entries take 4
/// MiB and more, insertions may fail.
///
/// # What differs from std
///
/// - `capacity` is how many entries fit before a block is split; blocks themselves grow as entries
///   come, also after `with_capacity`.
/// - Removing may shrink the map; `drain` and `clear` give back all blocks.
/// - The default hasher is [`DefaultHashBuilder`].
/// - What stands at [`Map`](super::Map#what-differs-from-std) of `try_reserve`, of bounds, and of
///   the types of entries and iterators.
/// - What keys and values borrow must be there for longer than the map, and not only for as long.
///
/// # Example
///
/// ```
/// use lessram::{maps::CompactMap, mem::Footprint};
///
/// let mut squares: CompactMap<u64, u64> = (0..100_000).map(|i| (i, i * i)).collect();
/// assert_eq!((squares[&300], squares.get(&100_000)), (90_000, None));
/// assert!(squares.heap_bytes() < 1_765_000); // 1.10 times the entries
/// squares.retain(|key, _| key % 100 == 0);
/// assert!(squares.heap_bytes() < 18_500);
/// ```
///
/// # References
///
/// W. Litwin, *Linear hashing*, VLDB 1980; exact blocks: N. Askitis, J. Zobel, *Cache-conscious
/// collision resolution in string hash tables*, SPIRE 2005; tags compared by SIMD: Abseil (2017).
pub struct CompactMap<K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) buckets: EntryBuckets<(K, V), A>,
    pub(super) hash_builder: S,
}

#[cfg(feature = "alloc")]
impl<K, V> CompactMap<K, V> {
    /// An empty map; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

#[cfg(feature = "alloc")]
impl<K, V, S> CompactMap<K, V, S, Global> {
    /// An empty map that hashes with `hash_builder`; requests no memory.
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Global)
    }

    /// An empty map that hashes with `hash_builder`, with room for `capacity` entries.
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
        let mut map = Self::with_hasher(hash_builder);
        // There is no entry yet that could be hashed.
        granted(map.buckets.try_reserve(capacity, &|_| 0));
        map
    }
}

impl<K, V, S, A: Alloc> CompactMap<K, V, S, A> {
    /// An empty map that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { buckets: EntryBuckets::new_in(alloc), hash_builder }
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

    /// Entries that fit before the next block is split. O(1).
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
    pub fn iter(&self) -> CompactIter<'_, K, V> {
        CompactIter(self.buckets.iter())
    }

    /// The entries, in no order, with values that can be changed.
    pub fn iter_mut(&mut self) -> CompactIterMut<'_, K, V> {
        CompactIterMut(self.buckets.iter_mut())
    }

    /// The keys, in no order.
    pub fn keys(&self) -> CompactKeys<'_, K, V> {
        CompactKeys(self.iter())
    }

    /// The values, in no order.
    pub fn values(&self) -> CompactValues<'_, K, V> {
        CompactValues(self.iter())
    }

    /// The values, in no order, to be changed.
    pub fn values_mut(&mut self) -> CompactValuesMut<'_, K, V> {
        CompactValuesMut(self.iter_mut())
    }

    /// The keys by value, in no order.
    pub fn into_keys(self) -> CompactIntoKeys<K, V, A> {
        CompactIntoKeys(self.into_iter())
    }

    /// The values by value, in no order.
    pub fn into_values(self) -> CompactIntoValues<K, V, A> {
        CompactIntoValues(self.into_iter())
    }

    /// Removes all entries; keeps the directory, and no blocks.
    pub fn clear(&mut self) {
        self.buckets.clear();
    }
}

impl<K, V, S, A: Alloc + Clone> CompactMap<K, V, S, A> {
    /// Takes all entries out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> CompactDrain<'_, K, V, A> {
        let empty = EntryBuckets::new_in(self.buckets.alloc().clone());
        CompactDrain::new(core::mem::replace(&mut self.buckets, empty))
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> CompactMap<K, V, S, A> {
    /// Makes room for `additional` more entries: the directory, and the blocks that they will be
    /// in, which grow as entries come. O(n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        granted(self.try_reserve(additional));
    }

    /// Makes room for `additional` more entries: the directory, and the blocks that they will be
    /// in, which grow as entries come. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.buckets.try_reserve(additional, &hash_key(&self.hash_builder))
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
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The stored key and the value of `key`. O(1) expected, allocates nothing.
    // In line even where it is asked in several places: a loop keeps what a call fetches again.
    #[inline(always)]
    pub fn get_key_value<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        if self.is_empty() {
            return None;
        }
        let hash = self.hash_builder.hash_one(key);
        let found = self.buckets.find_entry(hash, move |(stored, _)| stored.borrow() == key);
        found.map(|(key, value)| (key, value))
    }

    /// The value of `key`, to be changed. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_mut<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let hash = self.hash_builder.hash_one(key);
        let place = self.buckets.find(hash, |(stored, _)| stored.borrow() == key)?;
        Some(&mut self.buckets.get_mut(place).1)
    }

    /// The values of several keys, to be changed. O(N) expected, allocates nothing.
    ///
    /// # Panics
    ///
    /// If two of the keys are the same and present.
    #[track_caller]
    pub fn get_disjoint_mut<Q: ?Sized + Hash + Eq, const N: usize>(
        &mut self,
        keys: [&Q; N],
    ) -> [Option<&mut V>; N]
    where
        K: Borrow<Q>,
    {
        let hashes = keys.map(|key| self.hash_builder.hash_one(key));
        let found = self.buckets.get_disjoint_mut(hashes, |i, (key, _)| key.borrow() == keys[i]);
        found.map(|entry| entry.map(|(_, value)| value))
    }

    /// Whether `key` is there. O(1) expected, allocates nothing.
    #[inline]
    pub fn contains_key<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).is_some()
    }

    /// Sets the value of `key`; returns the one it had. The stored key stays. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        granted(self.try_insert(key, value))
    }

    /// Sets the value of `key`; returns the one it had. The stored key stays. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then, and `key` and `value` are dropped: to keep them,
    /// [`try_reserve`](Self::try_reserve) first, or use [`entry`](Self::entry).
    #[inline]
    pub fn try_insert(&mut self, key: K, value: V) -> Result<Option<V>, AllocError> {
        let hash = self.hash_builder.hash_one(&key);
        if let Some(place) = self.buckets.find(hash, |(stored, _)| *stored == key) {
            return Ok(Some(core::mem::replace(&mut self.buckets.get_mut(place).1, value)));
        }
        self.buckets.try_insert(hash, (key, value), &hash_key(&self.hash_builder))?;
        Ok(None)
    }

    /// Removes `key`; returns its value. O(1) amortised.
    #[inline]
    pub fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes `key`; returns it and its value. O(1) amortised.
    #[inline]
    pub fn remove_entry<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let hash = self.hash_builder.hash_one(key);
        let place = self.buckets.find(hash, |(stored, _)| stored.borrow() == key)?;
        Some(self.buckets.remove(place))
    }

    /// The place of `key`, to look at, fill or empty with one look-up.
    #[inline]
    pub fn entry(&mut self, key: K) -> CompactEntry<'_, K, V, S, A> {
        let hash = self.hash_builder.hash_one(&key);
        match self.buckets.find(hash, |(stored, _)| *stored == key) {
            Some(place) => CompactEntry::Occupied(CompactOccupiedEntry { map: self, place }),
            None => CompactEntry::Vacant(CompactVacantEntry { map: self, hash, key }),
        }
    }

    /// Keeps the entries for which `keep` returns `true`. O(n). The map may then shrink.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.buckets.retain(|(key, value)| keep(key, value));
    }

    /// Takes out the entries for which `takes` returns `true`, as they are asked for. What is not
    /// asked for stays. O(n) for all.
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(
        &mut self,
        takes: F,
    ) -> CompactExtractIf<'_, K, V, F, A> {
        CompactExtractIf { extract: self.buckets.extract(), takes }
    }

    /// Whether the invariants hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.buckets.check() && self.keys().all(|key| self.contains_key(key))
    }
}
