//! A [`Quotient`] as one of the parts of a chain: for a number of keys that it has not yet the
//! slots for, and stored by what the chain knows of it.

use super::table::{BLOCK, Table};
use super::work::{Add, AddNew, AnyHas};
use super::{MAX_GRID, Places, Quotient, slots_for};
use crate::error::{BuildError, FileError, Tag};
use crate::filters::gather::mixed;
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::storage::Le64;
use crate::storage::{HeapWords, Words, require};

/// The most parts of a chain. Each is for eight times the keys of the one before: ten are for 2^37
/// times 64.
pub(in crate::filters) const MAX_PARTS: usize = 10;
/// The most blocks behind the last quotient of a part. At 97 % of the slots, one table in a million
/// needs more and gets one [from the tail of a queue at that load].
const SPARE_BLOCKS: u64 = 4;

/// Of a part: fewer than of a table by itself, for small parts stay.
fn spare(blocks: u64) -> u64 {
    (blocks / 16 + 1).min(SPARE_BLOCKS)
}

/// Keys in so many slots from which on a part gets more: 21 of 22. With 24 of 25 a seventh more is
/// moved for each key, for as many bits over all sizes; with 19 of 20 a tenth less, for 0.3 % more.
const fn grows_at(slots: u64) -> u64 {
    slots - slots / 22
}

/// The places of a part for `keys` keys at a rate of `fpr`, in so many slots at present.
fn places(keys: u64, fpr: f64, slots: u64) -> Option<Places> {
    Places::new(Places::for_rate(keys, fpr, slots_for(keys))?.grid, slots)
}

impl<W: Words> Quotient<W> {
    #[cfg(feature = "alloc")]
    pub(in crate::filters) fn words(&self) -> &[Le64] {
        self.table.store().words()
    }

    /// Whether it needs more slots before another key, or has the keys that it is for.
    #[inline]
    pub(in crate::filters) const fn is_full(&self) -> bool {
        self.len >= self.capacity || self.len >= grows_at(self.places.slots)
    }

    /// The part for `keys` keys in these words. `filled` tells its keys and its slots, if it has
    /// not all of them yet.
    pub(in crate::filters) fn load_part(
        words: W,
        section: Tag,
        keys: u64,
        fpr: f64,
        seed: u64,
        filled: Option<(u64, u64)>,
    ) -> Result<Self, FileError> {
        let corrupt = |rule| FileError::Corrupt { section, rule };
        let (len, slots) = filled.unwrap_or((keys, slots_for(keys)));
        let range = slots >= BLOCK as u64 && slots <= slots_for(keys);
        require(range && len <= keys, section, "as many keys and slots as the part is for")?;
        let places = places(keys, fpr, slots).ok_or(corrupt("fingerprints that fit"))?;
        let blocks = Table::<W>::blocks_in(words.words().len(), places.bits);
        let table = Table::new(words, blocks, places.bits);
        let table = table.ok_or(corrupt("as many words as blocks need"))?;
        let all = table.slots() as u64;
        require(slots <= all && len <= all, section, "as many blocks as slots need")?;
        Ok(Self { table, places, len, capacity: keys, seed })
    }

    /// Whether all stands where it must.
    pub(in crate::filters) fn validate_as(&self, section: Tag) -> Result<(), FileError> {
        let valid = self.table.check(self.len, self.places.slots);
        require(valid, section, "runs in the order of their quotients, ascending")
    }
}

impl<A: Alloc + Clone> Quotient<HeapWords<A>> {
    /// A part for `keys` keys, with slots for `room` of them at first.
    pub(in crate::filters) fn part(
        keys: u64,
        fpr: f64,
        room: u64,
        seed: u64,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let places = places(keys, fpr, slots_for(room.min(keys))).ok_or({
            let (value, max) = ((1.0 / fpr) as u64, MAX_GRID / 2 / slots_for(keys));
            BuildError::OutOfRange { name: "1/fpr", value, min: 2, max }
        })?;
        Ok(Self { table: places.table(spare, alloc)?, places, len: 0, capacity: keys, seed })
    }

    /// Adds the key of this hash, unless it is in this part or one of the `older` ones, of which
    /// there are less than [`MAX_PARTS`] and which have the same seed.
    #[inline]
    pub(in crate::filters) fn try_insert_new_hash<'p>(
        &mut self,
        older: impl Iterator<Item = &'p Self> + Clone,
        hash: u64,
    ) -> Result<bool, BuildError>
    where
        A: 'p,
    {
        let x = mixed(hash, self.seed);
        let (quotient, remainder) = self.places.split(self.places.fingerprint(x));
        let table = &mut self.table;
        table.prefetch_moved(quotient);
        let older = AnyHas { parts: older, x };
        let add = Add { table, quotient, remainder, once: true };
        let new = add.table.way().run(AddNew { older, add })?;
        self.len += u64::from(new);
        Ok(new)
    }

    /// Lets it say that it has so many keys, for a test of what only gigabytes could hold.
    #[cfg(all(test, feature = "alloc"))]
    pub(in crate::filters) const fn say_len(&mut self, len: u64) {
        self.len = len;
    }

    pub(in crate::filters) fn alloc(&self) -> &A {
        self.table.store().alloc()
    }

    /// A seventh more slots, but not more than `keys` keys need.
    pub(in crate::filters) fn grow_towards(&mut self, keys: u64) -> Result<(), BuildError> {
        let slots = self.places.slots;
        self.resize((slots + slots / 7).min(slots_for(keys)), spare)
    }

    /// The slots that `keys` keys need.
    pub(in crate::filters) fn fit(&mut self, keys: u64) -> Result<(), BuildError> {
        let slots = slots_for(keys);
        if self.places.slots == slots { Ok(()) } else { self.resize(slots, spare) }
    }
}
