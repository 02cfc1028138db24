//! What changes a [`Quotient`].

use super::iter::Merged;
use super::places::Places;
use super::work::{Add, AddMany, Has, Remove};
use super::{MAX_GRID, MAX_SLOTS, MIN_SLOTS, Quotient, Spare, most_in, slots_for, spare};
use crate::error::{AllocError, BuildError, MergeError};
use crate::filters::rate;
use crate::hashing::{BATCH, KeyHash};
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, granted};
use crate::storage::{HeapWords, Words};

/// The most fingerprints that are sorted at once when many keys are added: 8 MiB.
const SORTED_AT_ONCE: usize = 1 << 20;
/// Keys in a filter for each that is added beyond which these are not many: merging would take
/// longer than adding one by one. A free slot costs an eighth of what a key does.
const MANY: u64 = 8;

impl<A: Alloc + Clone> Quotient<HeapWords<A>> {
    /// An empty filter for `capacity` keys at a false-positive rate of at most `fpr`, with keys
    /// hashed by `seed` and its slots in `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Quotient::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, seed: u64, alloc: A) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        let slots = slots_for(capacity as u64);
        if slots > MAX_SLOTS {
            return Err(BuildError::TooMany { len: capacity as u64, max: MAX_SLOTS / 20 * 19 });
        }
        let places = Places::for_rate(capacity as u64, fpr, slots).ok_or({
            let (value, max) = ((1.0 / fpr) as u64, MAX_GRID / 2 / slots);
            BuildError::OutOfRange { name: "1/fpr", value, min: 2, max }
        })?;
        let (table, capacity) = (places.table(spare, alloc)?, capacity as u64);
        Ok(Self { table, places, len: 0, capacity, seed })
    }

    /// Adds `key` once more; returns whether it was certainly not in before. O(1) expected, but for
    /// growing.
    ///
    /// # Panics
    ///
    /// If memory cannot be had, or the key is in it too often: see
    /// [`try_insert`](Self::try_insert).
    #[track_caller]
    pub fn insert<K: KeyHash + ?Sized>(&mut self, key: &K) -> bool {
        self.insert_hash(key.key_hash(self.seed))
    }

    /// Adds the key of this 64-bit hash once more; returns whether it was certainly not in before.
    ///
    /// # Panics
    ///
    /// As for [`insert`](Self::insert).
    #[track_caller]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        granted(self.try_insert_hash(hash))
    }

    /// As [`insert`](Self::insert).
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if it had to grow and memory cannot be had, [`BuildError::TooMany`] if
    /// one key, this or another, was added some 65,000 times, [`BuildError::Damaged`] if it came
    /// from a file that is. Nothing has changed then.
    pub fn try_insert<K: KeyHash + ?Sized>(&mut self, key: &K) -> Result<bool, BuildError> {
        self.try_insert_hash(key.key_hash(self.seed))
    }

    /// As [`insert_hash`](Self::insert_hash).
    ///
    /// # Errors
    ///
    /// As for [`try_insert`](Self::try_insert).
    pub fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        self.add(self.fingerprint(hash), false)
    }

    /// Adds `key` if it is certainly not in; returns whether that was so.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn insert_unique<K: KeyHash + ?Sized>(&mut self, key: &K) -> bool {
        granted(self.try_insert_unique_hash(key.key_hash(self.seed)))
    }

    /// Adds the key of this 64-bit hash if it is certainly not in; returns whether that was so.
    ///
    /// # Errors
    ///
    /// As for [`try_insert`](Self::try_insert).
    pub fn try_insert_unique_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        self.add(self.fingerprint(hash), true)
    }

    fn add(&mut self, fingerprint: u64, once: bool) -> Result<bool, BuildError> {
        if self.len >= most_in(self.places.slots) {
            // Before it looks for the place: growing changes that.
            if once && self.table.way().run(Has { set: self, fingerprint }) {
                return Ok(false);
            }
            self.try_resize(self.places.slots + self.places.slots / 4)?;
        }
        let (quotient, remainder) = self.places.split(fingerprint);
        let table = &mut self.table;
        table.prefetch(quotient);
        let new = table.way().run(Add { table, quotient, remainder, once })?;
        self.len += u64::from(new || !once);
        Ok(new)
    }

    /// Adds the keys of these hashes, once more each: many at a time, if there are many for those
    /// that are in.
    pub(super) fn add_all(
        &mut self,
        hashes: &mut dyn Iterator<Item = u64>,
    ) -> Result<(), BuildError> {
        let some = hashes.size_hint().0.clamp(BATCH, SORTED_AT_ONCE);
        let mut fingerprints = RawVec::new_in(self.table.store().alloc().clone());
        fingerprints.try_reserve_exact(some)?;
        loop {
            fingerprints.truncate(0);
            for hash in hashes.take(some) {
                fingerprints.try_push(self.fingerprint(hash))?;
            }
            if fingerprints.is_empty() {
                return Ok(());
            }
            // Merging goes through all slots, though those that are free cost little.
            let cost = self.len.max(self.places.slots / MANY);
            if cost <= fingerprints.len() as u64 * MANY {
                fingerprints.sort_unstable();
                self.merge_in(fingerprints.iter().copied(), fingerprints.len() as u64)?;
            } else {
                fingerprints.chunks(BATCH).try_for_each(|batch| self.add_batch(batch))?;
            }
        }
    }

    /// Adds up to [`BATCH`] fingerprints, once more each. Their blocks are asked for first.
    fn add_batch(&mut self, fingerprints: &[u64]) -> Result<(), BuildError> {
        if self.len + fingerprints.len() as u64 > most_in(self.places.slots) {
            let mut one_by_one = fingerprints.iter();
            return one_by_one.try_for_each(|fingerprint| self.add(*fingerprint, false).map(drop));
        }
        let mut places = [(0, 0); BATCH];
        for (place, fingerprint) in places.iter_mut().zip(fingerprints) {
            *place = self.places.split(*fingerprint);
        }
        let (table, places) = (&mut self.table, &places[..fingerprints.len()]);
        let (added, outcome) = table.way().run(AddMany { table, places });
        self.len += added;
        outcome
    }

    /// Adds `len` fingerprints, which ascend, once more each. O(n + len), needs the new table
    /// beside the old one.
    fn merge_in(
        &mut self,
        fingerprints: impl Iterator<Item = u64>,
        len: u64,
    ) -> Result<(), BuildError> {
        let len = self.len + len;
        let slots = self.places.slots.max(slots_for(len));
        let places = Places::new(self.places.grid, slots).ok_or(AllocError::CapacityOverflow)?;
        let alloc = self.table.store().alloc().clone();
        self.table = if self.len == 0 {
            Self::rebuilt(fingerprints, &places, spare, alloc)?
        } else {
            let both = Merged { a: self.iter().peekable(), b: fingerprints.peekable() };
            Self::rebuilt(both, &places, spare, alloc)?
        };
        (self.places, self.len) = (places, len);
        Ok(())
    }

    /// Takes `key` out once; returns whether it was in. Never take out what was not put in: another
    /// key of the same fingerprint would go.
    pub fn remove<K: KeyHash + ?Sized>(&mut self, key: &K) -> bool {
        self.remove_hash(key.key_hash(self.seed))
    }

    /// Takes the key of this 64-bit hash out once; returns whether it was in.
    pub fn remove_hash(&mut self, hash: u64) -> bool {
        let (quotient, remainder) = self.places.split(self.fingerprint(hash));
        let table = &mut self.table;
        let removed = table.way().run(Remove { table, quotient, remainder });
        self.len = self.len.saturating_sub(u64::from(removed));
        removed
    }

    /// Removes all keys; keeps the slots.
    pub fn clear(&mut self) {
        self.table.clear();
        self.len = 0;
    }

    /// Gives it so many slots, or as many as its keys need. O(n), needs both tables at once.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`], [`BuildError::OutOfRange`] beyond 2^40 slots, [`BuildError::TooMany`]
    /// if one key is in it close to 65,000 times; nothing has changed then.
    pub fn try_resize(&mut self, slots: u64) -> Result<(), BuildError> {
        self.resize(slots, spare)
    }

    pub(super) fn resize(&mut self, slots: u64, spare: Spare) -> Result<(), BuildError> {
        let slots = slots.max(slots_for(self.len));
        let (name, min, max) = ("slots", MIN_SLOTS, MAX_SLOTS);
        let places = Places::new(self.places.grid, slots);
        let places = places.ok_or(BuildError::OutOfRange { name, value: slots, min, max })?;
        let alloc = self.table.store().alloc().clone();
        self.table = Self::rebuilt(self.iter(), &places, spare, alloc)?;
        self.places = places;
        Ok(())
    }

    /// Gives back the slots that its keys do not need. O(n), needs both tables at once.
    ///
    /// # Errors
    ///
    /// As for [`try_resize`](Self::try_resize); nothing has changed then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        if slots_for(self.len) < self.places.slots { self.try_resize(0) } else { Ok(()) }
    }

    /// Adds all keys of `other`, wherever it lives, as often as they are in it. O(n + m), needs the
    /// new table beside the old one.
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same seed and grid, that is, were made for the same
    /// capacity and rate; [`MergeError::TooMany`] if one key would be in it too often. Nothing has
    /// changed then.
    pub fn merge<V: Words>(&mut self, other: &Quotient<V>) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        self.merge_in(other.iter(), other.len).map_err(|error| match error {
            BuildError::Alloc(error) => MergeError::Alloc(error),
            BuildError::TooMany { len, max } => MergeError::TooMany { len, max },
            _ => MergeError::Parameters,
        })
    }
}
