//! What moves many entries of an [`OrderedMap`] at once: sorting, retaining, draining.

use super::super::ids::Ids;
use super::iter::OrderedDrain;
use super::{Change, OrderedMap, SCANNED, hash_at};
use crate::error::AllocError;
use crate::mem::range::within;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, granted};
use core::cmp::Ordering;
use core::hash::{BuildHasher, Hash};
use core::mem::replace;
use core::ops::{Range, RangeBounds};

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedMap<K, V, S, A> {
    /// Removes the entries from `len` on; keeps the room. O(n).
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.remove_ids(len..self.len());
            self.entries.truncate(len);
        }
    }

    /// Takes out the entries at the positions of `range`, in order; those behind them move up.
    /// Keeps the room. What is not asked for is dropped with the iterator. O(n).
    ///
    /// # Panics
    ///
    /// If the range does not lie within the entries.
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> OrderedDrain<'_, K, V, A> {
        let range = within(&range, self.entries.len());
        self.remove_ids(range.clone());
        OrderedDrain(self.entries.drain(range))
    }

    /// Removes the positions in `range`, whose entries are about to go.
    fn remove_ids(&mut self, range: Range<usize>) {
        let Self { entries, ids, hash_builder } = self;
        if range.len() == entries.len() {
            return ids.clear();
        }
        let hash = hash_at(hash_builder, entries);
        let change = Change(ids);
        change.0.remove_all(|position| range.contains(&position), &hash);
        if range.end < entries.len() {
            change.0.renumber_all(|at| if at < range.end { at } else { at - range.len() });
        }
        change.end(true);
    }

    /// Lets `change` have the entries, and brings the positions up to date. If it panics, or a hash
    /// function does, the entries are there as they were left, and are looked through from then on.
    fn rearrange(&mut self, change: impl FnOnce(&mut RawVec<(K, V), A>)) {
        let mut ids = replace(&mut self.ids, Ids::None);
        change(&mut self.entries);
        if !ids.is_none() {
            ids.clear();
            let hash = hash_at(&self.hash_builder, &self.entries);
            // The room is there, unless hashes differ from what they were and memory is refused.
            if ids.try_fill(self.entries.len(), &hash).is_ok() {
                self.ids = ids;
            }
        }
    }

    /// Keeps the entries for which `keep` returns `true`, in their order. O(n). The map may then
    /// shrink.
    ///
    /// If `keep` panics, all entries are still there, some of them elsewhere.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let mut removed = 0;
        self.rearrange(|entries| {
            let mut kept = 0;
            for index in 0..entries.len() {
                let (key, value) = &mut entries[index];
                if keep(key, value) {
                    entries.swap(kept, index);
                    kept += 1;
                }
            }
            removed = entries.len() - kept;
            entries.truncate(kept);
        });
        if removed > 0 {
            self.tidy();
            if self.ids.capacity() / 2 > self.len() {
                let hash = hash_at(&self.hash_builder, &self.entries);
                // Refused: another time will do.
                let _ = self.ids.try_shrink_to(self.entries.len(), &hash);
            }
        }
    }

    /// Sorts the entries as `compare` orders two keys and their values; entries that are equal keep
    /// their order. O(n log n).
    #[cfg(feature = "alloc")]
    pub fn sort_by(&mut self, mut compare: impl FnMut(&K, &V, &K, &V) -> Ordering) {
        self.rearrange(|entries| entries.sort_by(|a, b| compare(&a.0, &a.1, &b.0, &b.1)));
    }

    /// Sorts the entries by their keys. O(n log n).
    #[cfg(feature = "alloc")]
    pub fn sort_keys(&mut self)
    where
        K: Ord,
    {
        self.sort_by(|a, _, b, _| a.cmp(b));
    }

    /// Sorts the entries by what `sort_key` makes of them, once of each. O(n log n).
    #[cfg(feature = "alloc")]
    pub fn sort_by_cached_key<T: Ord>(&mut self, mut sort_key: impl FnMut(&K, &V) -> T) {
        self.rearrange(|entries| entries.sort_by_cached_key(|(key, value)| sort_key(key, value)));
    }

    /// As [`sort_by`](Self::sort_by), without memory for it; equal entries come in any order. O(n
    /// log n).
    pub fn sort_unstable_by(&mut self, mut compare: impl FnMut(&K, &V, &K, &V) -> Ordering) {
        self.rearrange(|entries| entries.sort_unstable_by(|a, b| compare(&a.0, &a.1, &b.0, &b.1)));
    }

    /// Sorts the entries by their keys, without memory for it. O(n log n).
    pub fn sort_unstable_keys(&mut self)
    where
        K: Ord,
    {
        self.sort_unstable_by(|a, _, b, _| a.cmp(b));
    }

    /// The position of `key` among sorted keys, or where it would go. O(log n).
    ///
    /// # Errors
    ///
    /// Where it would go, if it is not there.
    pub fn binary_search_keys(&self, key: &K) -> Result<usize, usize>
    where
        K: Ord,
    {
        self.as_slice().binary_search_by(|(stored, _)| stored.cmp(key))
    }

    /// Puts `key` where it belongs among sorted keys, or sets its value if it is there. Returns its
    /// position, and the value that it had. O(n), and O(log n) where it goes to the end: for many
    /// keys, sort once afterwards ([`sort_unstable_keys`](Self::sort_unstable_keys)).
    ///
    /// If the keys are not sorted, it goes to one place or another.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn insert_sorted(&mut self, key: K, value: V) -> (usize, Option<V>)
    where
        K: Ord,
        A: Clone,
    {
        granted(self.try_insert_sorted(key, value))
    }

    /// As [`insert_sorted`](Self::insert_sorted).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then.
    pub fn try_insert_sorted(&mut self, key: K, value: V) -> Result<(usize, Option<V>), AllocError>
    where
        K: Ord,
        A: Clone,
    {
        if let Some(index) = self.get_index_of(&key) {
            return Ok((index, Some(replace(&mut self.entries[index].1, value))));
        }
        let place = self.binary_search_keys(&key).unwrap_or_else(|place| place);
        self.try_shift_insert(place, key, value)?;
        Ok((place, None))
    }

    /// Turns the order round. O(n).
    pub fn reverse(&mut self) {
        let end = self.len();
        self.ids.renumber_all(|at| end - 1 - at);
        self.entries.reverse();
    }

    /// Lets two entries change places. O(1) expected.
    ///
    /// # Panics
    ///
    /// If there is no such entry.
    #[track_caller]
    pub fn swap_indices(&mut self, a: usize, b: usize) {
        let len = self.len();
        assert!(a < len && b < len, "swapping {a} and {b} of {len} entries");
        if a == b {
            return;
        }
        let Self { entries, ids, hash_builder } = self;
        if !ids.is_none() {
            let hash = hash_at(hash_builder, entries);
            let (of_a, of_b) = (hash(a), hash(b));
            let change = Change(ids);
            let done = change.0.swap([of_a, of_b], [a, b]);
            change.end(done);
        }
        self.entries.swap(a, b);
    }

    /// Moves the entry at `from` to `to`; those between move by one. O(n).
    ///
    /// # Panics
    ///
    /// If there is no such entry.
    #[track_caller]
    pub fn move_index(&mut self, from: usize, to: usize) {
        let len = self.len();
        assert!(from < len && to < len, "moving {from} to {to} of {len} entries");
        if from == to {
            return;
        }
        self.ids.renumber_all(|at| match at {
            _ if at == from => to,
            _ if from < at && at <= to => at - 1,
            _ if to <= at && at < from => at + 1,
            _ => at,
        });
        if from < to {
            self.entries[from..=to].rotate_left(1);
        } else {
            self.entries[to..=from].rotate_right(1);
        }
    }
}

impl<K, V, S, A: Alloc + Clone> OrderedMap<K, V, S, A> {
    /// A copy with no slack among its entries.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_clone(&self) -> Result<Self, AllocError>
    where
        K: Clone,
        V: Clone,
        S: Clone,
    {
        let mut copy =
            Self::with_hasher_in(self.hash_builder.clone(), self.entries.alloc().clone());
        copy.entries.try_reserve_exact(self.len())?;
        copy.entries.try_extend_with(self.len(), |index| self.entries[index].clone())?;
        copy.ids = self.ids.try_clone()?;
        Ok(copy)
    }

    /// Takes the entries from `at` on out, into a map of their own. O(n).
    ///
    /// # Panics
    ///
    /// If `at` is above the number of entries, or memory cannot be had;
    /// [`try_split_off`](Self::try_split_off) returns the error instead.
    #[track_caller]
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self
    where
        K: Eq + Hash,
        S: BuildHasher + Clone,
    {
        granted(self.try_split_off(at))
    }

    /// As [`split_off`](Self::split_off).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; all entries are where they were then.
    ///
    /// # Panics
    ///
    /// If `at` is above the number of entries.
    #[track_caller]
    pub fn try_split_off(&mut self, at: usize) -> Result<Self, AllocError>
    where
        K: Eq + Hash,
        S: BuildHasher + Clone,
    {
        let mut other =
            Self::with_hasher_in(self.hash_builder.clone(), self.entries.alloc().clone());
        assert!(at <= self.len(), "splitting at {at} of {} entries", self.len());
        let behind = &self.entries[at..];
        other.entries.try_reserve_exact(behind.len())?;
        if behind.len() > SCANNED {
            // Before anything moves: for positions that hashing spreads unevenly more memory is
            // asked for, which may be refused.
            let alloc = self.entries.alloc().clone();
            other.ids = Ids::try_with_capacity(behind.len(), alloc)?;
            other.ids.try_fill(behind.len(), &hash_at(&other.hash_builder, behind))?;
        }
        // There is room: nothing fails between the two.
        self.drain(at..).try_for_each(|entry| other.entries.try_push(entry))?;
        Ok(other)
    }
}
