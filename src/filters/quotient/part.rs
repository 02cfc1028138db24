//! A [`Quotient`] as one of the parts of a chain: for a number of keys that it has not yet the
//! slots for, and stored by what the chain knows of it.

use super::table::{BLOCK, Table};
use super::work::AnyHas;
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

/// Keys in so many slots from which on a part gets more: 96 % of them. Each percent more takes half
/// a percent fewer bits, and longer for each key than the last.
const fn grows_at(slots: u64) -> u64 {
    slots - slots / 25
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

    /// Asks for the block of a hash.
    #[inline]
    pub(in crate::filters) fn ask_for(&self, hash: u64) {
        self.table.prefetch(self.places.split(self.fingerprint(hash)).0);
    }

    /// Whether one of `parts`, at most [`MAX_PARTS`] of the same seed, may have the key of this
    /// hash.
    #[inline]
    pub(in crate::filters) fn any_has<'s>(
        parts: impl Iterator<Item = &'s Self> + Clone,
        hash: u64,
    ) -> bool
    where
        W: 's,
    {
        let Some(first) = parts.clone().next() else { return false };
        let x = mixed(hash, first.seed);
        first.table.way().run(AnyHas { parts, x })
    }

    /// Whether it needs more slots before another key, or has the `keys` keys that it is for.
    #[inline]
    pub(in crate::filters) const fn is_full_for(&self, keys: u64) -> bool {
        self.len >= keys || self.len >= grows_at(self.places.slots)
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
