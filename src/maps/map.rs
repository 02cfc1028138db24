//! [`Map`]: a hash map that takes the same bytes an entry however many there are.

use super::entry::{Entry, OccupiedEntry, VacantEntry};
use super::iter::{Drain, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys};
use super::iter::{Taking, Values, ValuesMut};
use super::policy::{Compact, Policy};
use super::table::Table;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, PartKind, Parts, granted};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::Index;

/// A hash map with the API of std's `HashMap`, in 1.19 times the bytes of its entries at any
/// number from a million of them on, in 1.28 times from ten thousand on, where std's takes 1.1 to
/// 2.4 times and twice that for a moment whenever it doubles.
///
/// It grows a 64th at a time, so that no insertion copies the table and its peak is 3 % above its
/// size (below 8,000 entries it is in one piece, and twice its size for a moment); it shrinks by
/// itself when entries are removed, and keeps no tombstones. Change the import, and
/// what used `std::collections::HashMap` goes on as before, but for what [stands
/// below](#what-differs-from-std).
///
/// The last parameter is what it prefers: [`Compact`], or [`Quick`](super::Quick), which
/// takes 1.28 times the entries' bytes from a million on and answers misses sooner.
///
/// # When not to use it
///
/// - Speed before bytes: hashbrown's table, with the same hash function, answers a hit in half (of
///   a thousand entries) to seven tenths of the time; a miss in half to all of it; and grows in a
///   third of it up to a hundred thousand, in two fifths to two thirds from a million on; it is
///   walked slower (`benches/peers`, `maps`). std's `HashMap`, with SipHash, is slower at all but
///   growing, which takes it 0.8 to 1.3 of the time.
/// - Strings as keys: [`StrMap`](super::StrMap) takes a third. For integers alone there are smaller
///   forms, too.
/// - The entries never change: a static form takes less.
///
/// # Layout
///
/// ```text
/// map      one region up to 8,000 entries, then 64: 6 bits of a hash choose
/// region   | group 0 | group 1 | ... | entries of group 0 | entries of group 1 | ... |
/// group    | 30 tags of a byte | 16 bits: the kinds of hashes that went on to the next group |
/// ```
///
/// One block a region, and one of 2 KiB for the regions if there are 64. An entry is in the first
/// group with room from its home on. A region that is full is built anew in a block that is larger:
/// by 25 %, one of 64 by 18 % from half a million entries in all on. The 64 regions do so at
/// different moments. A region is at most 98.5 % full.
///
/// # Space
///
/// For entries of 16 bytes that come one by one: at most 19.1 bytes an entry from a million on,
/// 20.5 from 10,000 on as the mean of several maps, up to 21 for a single one, 22.2 from 100 on.
/// Where room is asked for at once, as by `with_capacity` and `collect`, each region has what
/// hashing will hardly exceed: 19.3 bytes an entry from a million on, 20.9 from 100,000 on, 24.5
/// from 10,000 on, 26 from 8,000 on; `shrink_to_fit` gives back what is too much. After removals it
/// is a third more at most. Nothing while it is new.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, present | O(1) expected | 2 |
/// | `get`, absent | O(1) expected | 1 to 2 |
/// | `insert`, `remove` | O(1) amortised, O(n / 64) at worst | 2 |
/// | iteration | O(n) | all |
///
/// Reading allocates nothing. If all keys have one hash, look-ups are O(n), 30 entries a step.
///
/// # What differs from std
///
/// - `capacity` is a sum over regions. After `with_capacity` or `reserve` of more than 8,000, a few
///   of them may still grow, because hashing does not fill them evenly.
/// - Removing may shrink the map: `remove`, `retain` and `extract_if` may hash keys that stay (a
///   hash function that panics then loses the entry that was taken out), and the last two, as the
///   methods of entries that insert or remove, ask for `K: Eq + Hash` and `S: BuildHasher`. `drain`
///   gives the memory back.
/// - The default hasher is [`DefaultHashBuilder`].
/// - What `try_reserve` returns is an [`AllocError`], and not std's `TryReserveError`, which
///   nobody else can make.
/// - An `Iter` and its kin have the policy as a further parameter, an `Entry` and its kin and
///   `ExtractIf` hasher, allocator and policy, with defaults. `ExtractIf` puts the map in order
///   when it goes, so that the map is borrowed until then.
/// - `IterMut` and `ValuesMut` are invariant in `K`; there is no `get_disjoint_unchecked_mut`.
///
/// # Example
///
/// ```
/// use lessram::{maps::Map, mem::Footprint};
///
/// let mut ages: Map<&str, u32> = Map::new();
/// ages.insert("Ada", 36);
/// *ages.entry("Alan").or_insert(40) += 1;
/// assert_eq!((ages["Alan"], ages.get("Kurt")), (41, None));
/// assert_eq!(ages.heap_bytes(), 32 + 2 * size_of::<(&str, u32)>());
/// ```
///
/// # References
///
/// Tags compared by SIMD: hashbrown and Abseil (2017); the filter that ends misses: F14 (Bronson
/// and Shi 2019) and Boost (Munoz 2022).
pub struct Map<K, V, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    pub(super) table: Table<(K, V), A, P>,
    pub(super) hash_builder: S,
}

/// The hash function of a table of pairs.
#[inline]
pub(super) fn hash_key<K: Hash, V, S: BuildHasher>(build: &S) -> impl Fn(&(K, V)) -> u64 {
    |(key, _)| build.hash_one(key)
}

#[cfg(feature = "alloc")]
impl<K, V> Map<K, V> {
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

// Of the default policy alone, else a program would have to say which, where std asks for nothing.
#[cfg(feature = "alloc")]
impl<K, V, S> Map<K, V, S> {
    /// An empty map that hashes with `hash_builder`; requests no memory. Of another policy than
    /// [`Compact`]: `Map::default`, or [`with_hasher_in`](Self::with_hasher_in).
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
        granted(map.table.try_reserve(capacity, &|_| 0));
        map
    }
}

impl<K, V, S, A: Alloc, P: Policy> Map<K, V, S, A, P> {
    /// An empty map that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { table: Table::new_in(alloc), hash_builder }
    }

    /// How many entries there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that fit, spread evenly over the regions. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// What hashes the keys.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.table.alloc()
    }

    /// The entries, in no order.
    pub fn iter(&self) -> Iter<'_, K, V, P> {
        Iter(self.table.iter())
    }

    /// The entries, in no order, with values that can be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V, P> {
        IterMut(self.table.iter_mut())
    }

    /// The keys, in no order.
    pub fn keys(&self) -> Keys<'_, K, V, P> {
        Keys(self.iter())
    }

    /// The values, in no order.
    pub fn values(&self) -> Values<'_, K, V, P> {
        Values(self.iter())
    }

    /// The values, in no order, to be changed.
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V, P> {
        ValuesMut(self.iter_mut())
    }

    /// The keys by value, in no order.
    pub fn into_keys(self) -> IntoKeys<K, V, A, P> {
        IntoKeys(self.into_iter())
    }

    /// The values by value, in no order.
    pub fn into_values(self) -> IntoValues<K, V, A, P> {
        IntoValues(self.into_iter())
    }

    /// Removes all entries; keeps the room.
    pub fn clear(&mut self) {
        self.table.clear();
    }
}

impl<K, V, S, A: Alloc + Clone, P: Policy> Map<K, V, S, A, P> {
    /// Takes all entries out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> Drain<'_, K, V, A, P> {
        let empty = Table::new_in(self.table.alloc().clone());
        Drain::new(core::mem::replace(&mut self.table, empty))
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> Map<K, V, S, A, P> {
    /// Makes room for `additional` more entries, spread evenly over the regions.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        granted(self.try_reserve(additional));
    }

    /// Makes room for `additional` more entries, spread evenly over the regions.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.table.try_reserve(additional, &hash_key(&self.hash_builder))
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
        self.table.try_shrink_to(min_capacity, &hash_key(&self.hash_builder))
    }

    /// The value of `key`. O(1) expected, allocates nothing.
    #[inline(always)]
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The stored key and the value of `key`. O(1) expected, allocates nothing.
    #[inline(always)]
    pub fn get_key_value<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        if self.is_empty() {
            return None;
        }
        let hash = self.hash_builder.hash_one(key);
        let found = self.table.get(hash, move |(stored, _)| stored.borrow() == key);
        found.map(|(key, value)| (key, value))
    }

    /// The value of `key`, to be changed. O(1) expected, allocates nothing.
    #[inline(always)]
    pub fn get_mut<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let hash = self.hash_builder.hash_one(key);
        let found = self.table.get_mut(hash, move |(stored, _)| stored.borrow() == key);
        found.map(|(_, value)| value)
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
        let found = self.table.get_disjoint_mut(hashes, |i, (key, _)| key.borrow() == keys[i]);
        found.map(|entry| entry.map(|(_, value)| value))
    }

    /// Whether `key` is there. O(1) expected, allocates nothing.
    #[inline(always)]
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
        match self.table.entry(hash, |(stored, _)| *stored == key) {
            Ok(found) => Ok(Some(core::mem::replace(&mut found.into_mut().1, value))),
            Err(missing) => {
                missing.vacant(hash_key(&self.hash_builder))?.insert((key, value));
                Ok(None)
            }
        }
    }

    /// Puts an entry in place of the one whose key equals its own; returns that one's key.
    pub(super) fn try_replace_entry(&mut self, key: K, value: V) -> Result<Option<K>, AllocError> {
        let hash = self.hash_builder.hash_one(&key);
        match self.table.entry(hash, |(stored, _)| *stored == key) {
            Ok(found) => Ok(Some(core::mem::replace(found.into_mut(), (key, value)).0)),
            Err(missing) => {
                missing.vacant(hash_key(&self.hash_builder))?.insert((key, value));
                Ok(None)
            }
        }
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
        let entry = self.table.entry(hash, |(stored, _)| stored.borrow() == key).ok()?;
        Some(entry.remove(hash_key(&self.hash_builder)))
    }

    /// The place of `key`, to look at, fill or empty with one look-up.
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, S, A, P> {
        let hash = self.hash_builder.hash_one(&key);
        let hash_builder = &self.hash_builder;
        match self.table.entry(hash, |(stored, _)| *stored == key) {
            Ok(found) => Entry::Occupied(OccupiedEntry { found, hash_builder }),
            Err(missing) => Entry::Vacant(VacantEntry { missing, hash_builder, key }),
        }
    }

    /// Keeps the entries for which `keep` returns `true`. O(n). The map may then shrink.
    pub fn retain<F: FnMut(&K, &mut V) -> bool>(&mut self, mut keep: F) {
        let hasher = hash_key(&self.hash_builder);
        self.table.retain(|(key, value)| keep(key, value), &hasher);
    }

    /// Takes out the entries for which `takes` returns `true`, as they are asked for. What is not
    /// asked for stays. O(n) for all.
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(
        &mut self,
        takes: F,
    ) -> ExtractIf<'_, K, V, F, S, A, P> {
        ExtractIf { taking: Taking::new(self), takes }
    }

    /// Groups that looking up every entry reads: the mean, and the most. 1 is best. O(n).
    #[must_use]
    pub fn probe_lengths(&self) -> (f64, usize) {
        let (sum, most) = self.table.probes(hash_key(&self.hash_builder));
        (sum as f64 / self.len().max(1) as f64, most)
    }

    /// Whether the invariants of the table hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        self.table.check() && self.keys().all(|key| self.contains_key(key))
    }
}

impl<K, V, S: Default, A: Alloc + Default, P: Policy> Default for Map<K, V, S, A, P> {
    fn default() -> Self {
        Self::with_hasher_in(S::default(), A::default())
    }
}

impl<K: Clone, V: Clone, S: Clone, A: Alloc + Clone, P: Policy> Clone for Map<K, V, S, A, P> {
    fn clone(&self) -> Self {
        Self { table: granted(self.table.try_clone()), hash_builder: self.hash_builder.clone() }
    }
}

impl<K, V, S, A, P> PartialEq for Map<K, V, S, A, P>
where
    K: Eq + Hash,
    V: PartialEq,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value): (&K, &V)| other.get(key).is_some_and(|other| *value == *other);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<K, V, S, A, P> Eq for Map<K, V, S, A, P>
where
    K: Eq + Hash,
    V: Eq,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc, P: Policy> fmt::Debug for Map<K, V, S, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, Q, V, S, A, P> Index<&Q> for Map<K, V, S, A, P>
where
    K: Eq + Hash + Borrow<Q>,
    Q: ?Sized + Eq + Hash,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<K, V, S, A, P> Extend<(K, V)> for Map<K, V, S, A, P>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        // Half of them where some may be there already, as std does.
        let (least, _) = entries.size_hint();
        self.reserve(if self.is_empty() { least } else { least.div_ceil(2) });
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, K, V, S, A, P> Extend<(&'a K, &'a V)> for Map<K, V, S, A, P>
where
    K: Eq + Hash + Copy,
    V: Copy,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K, V, S, A, P> FromIterator<(K, V)> for Map<K, V, S, A, P>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V, S, A: Alloc, P: Policy> IntoIterator for Map<K, V, S, A, P> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V, A, P>;

    fn into_iter(self) -> IntoIter<K, V, A, P> {
        IntoIter(self.table.into_entries())
    }
}

impl<'a, K, V, S, A: Alloc, P: Policy> IntoIterator for &'a Map<K, V, S, A, P> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V, P>;

    fn into_iter(self) -> Iter<'a, K, V, P> {
        self.iter()
    }
}

impl<'a, K, V, S, A: Alloc, P: Policy> IntoIterator for &'a mut Map<K, V, S, A, P> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V, P>;

    fn into_iter(self) -> IterMut<'a, K, V, P> {
        self.iter_mut()
    }
}

impl<K: Footprint, V: Footprint, S, A: Alloc, P: Policy> Footprint for Map<K, V, S, A, P> {
    fn parts(&self, out: &mut dyn Parts) {
        self.table.parts("entries", PartKind::Payload, out);
        if K::owns_heap() || V::owns_heap() {
            for (key, value) in self {
                key.parts(out);
                value.parts(out);
            }
        }
    }
}

#[cfg(feature = "serde")]
impl<K, V, S, A, P> serde::Serialize for Map<K, V, S, A, P>
where
    K: serde::Serialize,
    V: serde::Serialize,
    A: Alloc,
    P: Policy,
{
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}
