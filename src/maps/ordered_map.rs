//! [`OrderedMap`]: a hash map whose entries stay in the order in which they came.

use super::ids::Ids;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Global, granted};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use core::mem::{forget, needs_drop, replace};

mod entry;
mod iter;
mod order;
mod traits;

pub use entry::{OrderedEntry, OrderedOccupiedEntry, OrderedVacantEntry};
pub use iter::{
    OrderedDrain, OrderedIntoIter, OrderedIntoKeys, OrderedIntoValues, OrderedIter, OrderedIterMut,
    OrderedKeys, OrderedValues, OrderedValuesMut,
};

/// A hash map that remembers the order in which keys came, with entries by position: the API of
/// indexmap's `IndexMap`, in 21.4 to 22.5 bytes an entry of 16 from 100,000 of them on where that
/// takes 35 to 63.
///
/// The entries lie in one vector, in order, so that they are walked as fast as a slice and are
/// one: [`as_slice`](Self::as_slice). Beside it is a table of their positions. Neither doubles as
/// it grows, and both shrink by themselves when entries are removed.
///
/// Removing comes in two ways: [`swap_remove`](Self::swap_remove) puts the last entry in the place
/// of the one that goes, in O(1); [`shift_remove`](Self::shift_remove) keeps the order, in O(n).
///
/// # When not to use it
///
/// - Speed before bytes, up to some ten thousand entries: indexmap, with the same hash function,
///   answers a hit in 0.9 to 1.0 of the time and grows in half of it. From a hundred thousand on it
///   takes 1.1 to 1.3 of the time for a hit; it grows in half of the time there, in 0.8 to 1.0 from
///   a million on. It removes in 0.3 to 0.5, in 0.8 to 0.9 from a million on (`benches/peers`,
///   `maps_ordered`).
/// - The order does not matter: [`Map`](super::Map) takes 3 bytes an entry less, and removes in
///   O(1).
/// - Entries often go from the front: each [`shift_remove`](Self::shift_remove) moves all the
///   others.
/// - Strings to be numbered in the order in which they come: an [`Interner`](super::Interner).
///
/// # Layout
///
/// ```text
/// entries  | entry 0 | entry 1 | ... | entry len-1 | slack: 1/16 above 128 KiB |
/// ids      a table as Map's, of positions of 1, 2, 3 or 4 bytes: up to 256, 65,536, 16.7 and 4
///          thousand million entries; none up to 8 entries, which are looked through
/// ```
///
/// A position's hash is that of its entry's key, which is hashed again when a part of the table
/// grows: twice, on average. Where positions get a byte wider, the table is copied.
///
/// # Space
///
/// `size_of::<(K, V)>()` and 3 % on average (6 % at worst) above 128 KiB; and, on average, 6.7
/// bytes for the position beyond 16.7 million entries, 5.4 up to there, 4.1 up to 65,536, 2.9 up to
/// 256, 0 up to 8. For entries of 16 bytes that is 21.4 to 22.5 bytes from 100,000 on, and a byte
/// more beyond 16.7 million. Nothing while it is new.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | by position, iteration | O(1) an entry | 1 |
/// | `get`, present | O(1) expected | 3 |
/// | `get`, absent | O(1) expected | 1 to 2 |
/// | `insert`, `swap_remove`, `pop` | O(1) amortised, O(n / 256) at worst, see below | 3 |
/// | `shift_remove` | O(n) | the entries behind |
/// | `retain`, sorting | O(n), O(n log n) | all |
///
/// Reading allocates nothing. If all keys have one hash, look-ups are O(n).
///
/// At worst, a part of the table is rebuilt; but at 257, 65,537 and 16.7 million entries all of it
/// is copied, and for that moment there are both. The entries are one block besides, which is
/// copied where the allocator cannot enlarge it in place: with glibc's, up to 32 MB
/// (`benches/peers`, `maps_life`, has the longest operations).
///
/// # What differs from indexmap
///
/// - What is asked of a slice is asked of [`as_slice`](Self::as_slice), which is one of pairs:
///   there is no type of its own with `binary_search_by`, `partition_point` and their kin here.
/// - There is no `extract_if`, `splice` or `insert_before`, no `append` (`extend` with the other's
///   [`drain`](Self::drain)), and no `remove`, which is deprecated there:
///   [`swap_remove`](Self::swap_remove) and [`shift_remove`](Self::shift_remove) say what they do.
/// - What keys and values borrow must be there for longer than the map, and not only for as long.
///
/// # Parameters
///
/// The hash function and the allocator, as of [`Map`](super::Map). At most 2^32 entries.
///
/// # Example
///
/// ```
/// use lessram::{maps::OrderedMap, mem::Footprint};
///
/// let mut ages = OrderedMap::from([("Kurt", 71), ("Ada", 36), ("Alan", 41)]);
/// assert_eq!(ages.get_index(1), Some((&"Ada", &36)));
/// assert_eq!(ages.shift_remove("Kurt"), Some(71));
/// assert_eq!(ages.as_slice(), [("Ada", 36), ("Alan", 41)]);
/// ages.shrink_to_fit();
/// assert_eq!(ages.heap_bytes(), 2 * size_of::<(&str, u32)>());
/// ```
///
/// # References
///
/// Hettinger, "More compact dictionaries with faster iteration", 2012: Python's dict, whose index
/// has 1, 2, 4 or 8 bytes a slot.
pub struct OrderedMap<K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    entries: RawVec<(K, V), A>,
    /// The positions of all entries. There may be none: while the entries are few, and after a hash
    /// function panicked half-way through a change. Then the entries are looked through one by one,
    /// so that what is there is always right.
    ids: Ids<A>,
    hash_builder: S,
}

/// Entries that have no ids: eight comparisons take less than a look-up.
const SCANNED: usize = 8;
/// Entries for which there is room, at least, when room has been given back: so that few that come
/// and go do not ask for memory each time.
const SPARE: usize = 4;

/// A change of the ids that is under way. If something panics on the way they are given up:
/// entries are looked through then, until an insertion builds them anew.
struct Change<'m, A: Alloc>(&'m mut Ids<A>);

impl<A: Alloc> Change<'_, A> {
    /// Ends the change. A hash function that lies makes it fail.
    fn end(self, done: bool) {
        if done {
            forget(self);
        }
    }
}

impl<A: Alloc> Drop for Change<'_, A> {
    fn drop(&mut self) {
        *self.0 = Ids::None;
    }
}

/// The position of `key`, which is looked for one by one.
#[inline(always)]
fn position_of<K: Borrow<Q>, V, Q: ?Sized + Eq>(entries: &[(K, V)], key: &Q) -> Option<usize> {
    let same = |(stored, _): &(K, V)| stored.borrow() == key;
    // To leave where it is found, the processor has to guess where that is, and eight small keys
    // are compared in less time than a wrong guess takes (`maps_ordered` in `benches/peers`).
    let is_small = size_of::<K>() <= size_of::<u64>() && !needs_drop::<K>();
    if !is_small || entries.len() > SCANNED {
        return entries.iter().position(same);
    }
    let mut found = None;
    for (index, entry) in entries.iter().enumerate() {
        found = if same(entry) { Some(index) } else { found };
    }
    found
}

/// The hash of the key at a position, as the ids ask for it.
#[inline]
fn hash_at<K: Hash, V, S: BuildHasher>(build: &S, entries: &[(K, V)]) -> impl Fn(usize) -> u64 {
    |position| build.hash_one(&entries[position].0)
}

#[cfg(feature = "alloc")]
impl<K, V> OrderedMap<K, V> {
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
impl<K, V, S> OrderedMap<K, V, S> {
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
        granted(map.entries.try_reserve_exact(capacity));
        if capacity > SCANNED {
            map.ids = granted(Ids::try_with_capacity(capacity, Global));
        }
        map
    }
}

impl<K, V, S, A: Alloc> OrderedMap<K, V, S, A> {
    /// An empty map that hashes with `hash_builder` and has its memory from `alloc`; requests none.
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        Self { entries: RawVec::new_in(alloc), ids: Ids::None, hash_builder }
    }

    /// How many entries there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that fit, if hashing spreads them evenly. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        let ids = if self.ids.is_none() { SCANNED } else { self.ids.capacity() };
        self.entries.capacity().min(ids.max(self.len()))
    }

    /// What hashes the keys.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.entries.alloc()
    }

    /// The entries as a slice, in order: for ranges, binary search and all that slices do. O(1).
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[(K, V)] {
        &self.entries
    }

    /// The entry at `index`. O(1).
    #[must_use]
    #[inline]
    pub fn get_index(&self, index: usize) -> Option<(&K, &V)> {
        self.entries.get(index).map(|(key, value)| (key, value))
    }

    /// The entry at `index`, with a value that can be changed. O(1).
    #[inline]
    pub fn get_index_mut(&mut self, index: usize) -> Option<(&K, &mut V)> {
        self.entries.get_mut(index).map(|(key, value)| (&*key, value))
    }

    /// The first entry. O(1).
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.get_index(0)
    }

    /// The last entry. O(1).
    #[must_use]
    pub fn last(&self) -> Option<(&K, &V)> {
        self.get_index(self.len().wrapping_sub(1))
    }

    /// The first entry, with a value that can be changed. O(1).
    pub fn first_mut(&mut self) -> Option<(&K, &mut V)> {
        self.get_index_mut(0)
    }

    /// The last entry, with a value that can be changed. O(1).
    pub fn last_mut(&mut self) -> Option<(&K, &mut V)> {
        self.get_index_mut(self.len().wrapping_sub(1))
    }

    /// Removes all entries; keeps the room.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.entries.truncate(0);
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedMap<K, V, S, A> {
    /// The position of `key`. O(1) expected, allocates nothing.
    // In line, as is what it asks: a call around that would be the same call.
    #[inline(always)]
    pub fn get_index_of<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok()
    }

    /// The position of `key`; else its hash, if that was needed to know.
    // In line even where it is asked in several places: a loop keeps what a call fetches again.
    #[inline(always)]
    fn find<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Result<usize, Option<u64>>
    where
        K: Borrow<Q>,
    {
        let entries = self.as_slice();
        if self.ids.is_none() {
            return position_of(entries, key).ok_or(None);
        }
        let hash = self.hash_builder.hash_one(key);
        let same = |position: usize| entries[position].0.borrow() == key;
        self.ids.find(entries.len(), hash, same).ok_or(Some(hash))
    }

    /// The value of `key`. O(1) expected, allocates nothing.
    // As for `get_index_of`.
    #[inline(always)]
    pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_index_of(key).map(|index| &self.entries[index].1)
    }

    /// The value of `key`, to be changed. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_mut<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.get_index_of(key).map(|index| &mut self.entries[index].1)
    }

    /// The stored key and the value of `key`. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_key_value<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.get_index_of(key).and_then(|index| self.get_index(index))
    }

    /// The position, the stored key and the value of `key`. O(1) expected, allocates nothing.
    #[inline]
    pub fn get_full<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<(usize, &K, &V)>
    where
        K: Borrow<Q>,
    {
        let index = self.get_index_of(key)?;
        let (key, value) = &self.entries[index];
        Some((index, key, value))
    }

    /// Whether `key` is there. O(1) expected, allocates nothing.
    #[inline]
    pub fn contains_key<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get_index_of(key).is_some()
    }

    /// Gives back room that the entries do not need, if that is a sixth of it: after removals. (Not
    /// more at once: the system takes its time to take tens of megabytes back.) If memory for
    /// smaller tables is refused, another time will do.
    #[inline]
    fn tidy(&mut self) {
        let (len, capacity) = (self.len(), self.entries.capacity());
        if capacity > 2 * SCANNED && len + SPARE < capacity - capacity / 6 {
            self.tidy_room(len);
        }
    }

    #[inline(never)]
    fn tidy_room(&mut self, len: usize) {
        // Refused: nothing has changed, and nothing is lost.
        let _ = self.entries.try_shrink_to(len + (len / 16).max(SPARE));
        if len <= SCANNED / 2 {
            self.ids = Ids::None;
        }
    }

    /// Removes the entry at `index`, puts the last one in its place, and returns it. O(1)
    /// amortised.
    pub fn swap_remove_index(&mut self, index: usize) -> Option<(K, V)> {
        let last = self.len().checked_sub(1)?;
        if index > last {
            return None;
        }
        let Self { entries, ids, hash_builder } = self;
        if !ids.is_none() {
            let hash = hash_at(hash_builder, entries);
            let gone = hash(index);
            let moved = if index == last { gone } else { hash(last) };
            let change = Change(ids);
            let removed = change.0.remove(gone, index, &hash);
            let renumbered = index == last || change.0.renumber(moved, last, index);
            change.end(removed && renumbered);
        }
        entries.swap(index, last);
        let entry = entries.pop();
        self.tidy();
        entry
    }

    /// Removes the entry at `index`, and returns it; those behind it move up. O(n).
    pub fn shift_remove_index(&mut self, index: usize) -> Option<(K, V)> {
        let last = self.len().checked_sub(1)?;
        if index > last {
            return None;
        }
        let Self { entries, ids, hash_builder } = self;
        if !ids.is_none() {
            let hash = hash_at(hash_builder, entries);
            let gone = hash(index);
            let change = Change(ids);
            let mut done = change.0.remove(gone, index, &hash);
            // Looking one up takes as long as passing some dozens (a guess).
            if last - index < last / 32 {
                let mut moved = index + 1..=last;
                done = done && moved.all(|at| change.0.renumber(hash(at), at, at - 1));
            } else {
                change.0.renumber_all(|at| at - usize::from(at > index));
            }
            change.end(done);
        }
        entries[index..].rotate_left(1);
        let entry = entries.pop();
        self.tidy();
        entry
    }

    /// Removes the last entry, and returns it. O(1) amortised.
    pub fn pop(&mut self) -> Option<(K, V)> {
        self.swap_remove_index(self.len().wrapping_sub(1))
    }
}

/// Removal by key.
macro_rules! removals {
    ($($by_key:ident $entry:ident $full:ident $by_index:ident: $how:literal, $time:literal;)*) => {
        impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedMap<K, V, S, A> {$(
            #[doc = concat!("Removes `key`, ", $how, "; its value. ", $time, ".")]
            #[inline]
            pub fn $by_key<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<V>
            where
                K: Borrow<Q>,
            {
                self.$entry(key).map(|(_, value)| value)
            }

            #[doc = concat!("Removes `key`, ", $how, "; it and its value. ", $time, ".")]
            #[inline]
            pub fn $entry<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<(K, V)>
            where
                K: Borrow<Q>,
            {
                self.$by_index(self.get_index_of(key)?)
            }

            #[doc = concat!("Removes `key`, ", $how, "; where it was, it and its value. ",
                            $time, ".")]
            #[inline]
            pub fn $full<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<(usize, K, V)>
            where
                K: Borrow<Q>,
            {
                let index = self.get_index_of(key)?;
                self.$by_index(index).map(|(key, value)| (index, key, value))
            }
        )*}
    };
}

removals! {
    swap_remove swap_remove_entry swap_remove_full swap_remove_index:
        "and puts the last entry in its place", "O(1) amortised";
    shift_remove shift_remove_entry shift_remove_full shift_remove_index:
        "and moves the entries behind it up", "O(n)";
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc + Clone> OrderedMap<K, V, S, A> {
    /// Sets the value of `key`; returns the one it had. The stored key stays, and its place. O(1)
    /// amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        granted(self.try_insert(key, value))
    }

    /// Sets the value of `key`; returns the one it had. The stored key stays, and its place. O(1)
    /// amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then, and `key` and `value` are dropped: to keep them,
    /// [`try_reserve`](Self::try_reserve) first, or use [`entry`](Self::entry).
    #[inline]
    pub fn try_insert(&mut self, key: K, value: V) -> Result<Option<V>, AllocError> {
        Ok(self.try_insert_full(key, value)?.1)
    }

    /// As [`insert`](Self::insert); also returns the position of the key.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[inline]
    #[track_caller]
    pub fn insert_full(&mut self, key: K, value: V) -> (usize, Option<V>) {
        granted(self.try_insert_full(key, value))
    }

    /// As [`try_insert`](Self::try_insert); also returns the position of the key.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then.
    #[inline]
    pub fn try_insert_full(&mut self, key: K, value: V) -> Result<(usize, Option<V>), AllocError> {
        match self.find(&key) {
            Ok(index) => Ok((index, Some(replace(&mut self.entries[index].1, value)))),
            Err(hash) => Ok((self.try_append(key, value, hash)?, None)),
        }
    }

    /// Appends an entry whose key is not there; its position.
    #[inline]
    fn try_append(&mut self, key: K, value: V, hash: Option<u64>) -> Result<usize, AllocError> {
        let index = self.len();
        self.entries.try_reserve(1)?;
        if self.ids.is_none() && index >= SCANNED {
            self.try_build_ids(index + 1)?;
        }
        if !self.ids.is_none() {
            let hash = hash.unwrap_or_else(|| self.hash_builder.hash_one(&key));
            let hash_at = hash_at(&self.hash_builder, &self.entries);
            self.ids.try_push(index, hash, &hash_at)?;
        }
        // There is room: nothing fails between the two.
        self.entries.try_push((key, value))?;
        Ok(index)
    }

    /// Builds the ids anew, with room for `room` entries.
    #[cold]
    fn try_build_ids(&mut self, room: usize) -> Result<(), AllocError> {
        let mut ids = Ids::try_with_capacity(room, self.entries.alloc().clone())?;
        ids.try_fill(self.len(), &hash_at(&self.hash_builder, &self.entries))?;
        self.ids = ids;
        Ok(())
    }

    /// Puts `key` at `index`, before the entry that is there; if the key is there already, it moves
    /// to `index`, counted without it. Returns the value it had. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then.
    ///
    /// # Panics
    ///
    /// If `index` is above the number of entries, or not below it for a key that is there.
    #[track_caller]
    pub fn try_shift_insert(
        &mut self,
        index: usize,
        key: K,
        value: V,
    ) -> Result<Option<V>, AllocError> {
        let found = self.find(&key);
        let end = self.len() + usize::from(found.is_err());
        assert!(index < end, "inserting at {index} into {} entries", self.len());
        let (from, old) = match found {
            Ok(from) => (from, Some(replace(&mut self.entries[from].1, value))),
            Err(hash) => (self.try_append(key, value, hash)?, None),
        };
        self.move_index(from, index);
        Ok(old)
    }

    /// As [`try_shift_insert`](Self::try_shift_insert).
    ///
    /// # Panics
    ///
    /// As there, and if memory cannot be had.
    #[track_caller]
    pub fn shift_insert(&mut self, index: usize, key: K, value: V) -> Option<V> {
        granted(self.try_shift_insert(index, key, value))
    }

    /// Puts an entry in place of the one whose key equals its own, or at the end; returns the key
    /// that was there.
    pub(super) fn try_replace_entry(&mut self, key: K, value: V) -> Result<Option<K>, AllocError> {
        match self.find(&key) {
            Ok(index) => Ok(Some(replace(&mut self.entries[index], (key, value)).0)),
            Err(hash) => {
                self.try_append(key, value, hash)?;
                Ok(None)
            }
        }
    }

    /// The place of `key`, to look at, fill or empty with one look-up.
    #[inline]
    pub fn entry(&mut self, key: K) -> OrderedEntry<'_, K, V, S, A> {
        match self.find(&key) {
            Ok(index) => OrderedEntry::Occupied(OrderedOccupiedEntry { map: self, index }),
            Err(hash) => OrderedEntry::Vacant(OrderedVacantEntry { map: self, hash, key }),
        }
    }

    /// Makes room for `additional` more entries, and for more than that if the growth policy says
    /// so.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        granted(self.try_reserve(additional));
    }

    /// Makes room for `additional` more entries, and for more than that if the growth policy says
    /// so.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry is lost then.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
        self.entries.try_reserve(additional)?;
        self.try_reserve_ids(additional)
    }

    /// Makes room for exactly `additional` more entries, as far as the entries themselves go.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve_exact`](Self::try_reserve_exact) returns the error
    /// instead.
    #[track_caller]
    pub fn reserve_exact(&mut self, additional: usize) {
        granted(self.try_reserve_exact(additional));
    }

    /// Makes room for exactly `additional` more entries, as far as the entries themselves go.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no entry is lost then.
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), AllocError> {
        self.entries.try_reserve_exact(additional)?;
        self.try_reserve_ids(additional)
    }

    fn try_reserve_ids(&mut self, additional: usize) -> Result<(), AllocError> {
        let room = self.len().checked_add(additional).ok_or(AllocError::CapacityOverflow)?;
        if self.ids.is_none() && room > SCANNED {
            return self.try_build_ids(room);
        }
        let hash_at = hash_at(&self.hash_builder, &self.entries);
        self.ids.try_reserve(additional, &hash_at)
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
        self.entries.try_shrink_to(min_capacity)?;
        let room = self.len().max(min_capacity);
        if room <= SCANNED {
            self.ids = Ids::None;
            return Ok(());
        }
        // In narrower ones, if they do.
        if self.ids.is_narrower_for(room) {
            return self.try_build_ids(room);
        }
        let hash_at = hash_at(&self.hash_builder, &self.entries);
        self.ids.try_shrink_to(min_capacity, &hash_at)
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedMap<K, V, S, A> {
    /// Groups that looking up every entry reads: the mean, and the most. 1 is best. O(n).
    #[must_use]
    pub fn probe_lengths(&self) -> (f64, usize) {
        let (sum, most) = self.ids.probes(&hash_at(&self.hash_builder, &self.entries));
        (sum as f64 / self.len().max(1) as f64, most)
    }

    /// Whether the invariants of the table hold, and every key is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        let found = |(at, (key, _)): (usize, &(K, V))| self.get_index_of(key) == Some(at);
        let all = self.ids.is_none() || self.ids.len() == self.len();
        let whole = all && self.ids.check(self.len());
        whole && self.as_slice().iter().enumerate().all(found)
    }
}
