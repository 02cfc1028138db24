//! The slices of a set, and the directory that finds them.

use super::encode::{MOST_BYTES, check_slice};
use super::lists;
use super::slice::{COUNTS, Coding, PADDING, Slice, UNIVERSE};
use crate::arrays::{lower_bound, sorted_search::partition_point};
use crate::error::{FileError, Tag};
use crate::mem::{PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::HeapWords;
use crate::storage::{Words, as_bytes, require};

/// The section of the keys of slots.
pub(super) const KEYS: Tag = Tag(*b"keys");
/// The section of the slots: two words each.
pub(super) const SLOTS: Tag = Tag(*b"slot");
/// The section of the slices' bytes.
pub(super) const DATA: Tag = Tag(*b"data");

/// Bits of a number within its slice.
pub(super) const LOW: u32 = 16;
/// Bits of an offset in a slot's word; the coding is above them.
const OFFSET: u32 = 61;
/// There are so many keys.
pub(super) const KEY_END: u64 = 1 << (64 - LOW);

/// The key of a number's slice.
#[inline]
pub(super) const fn key_of(x: u64) -> u64 {
    x >> LOW
}

/// A number within its slice.
#[inline]
pub(super) const fn low_of(x: u64) -> usize {
    x as usize & (UNIVERSE - 1)
}

/// The word of a slot.
pub(super) const fn slot_word(offset: usize, coding: Coding) -> u64 {
    offset as u64 | (coding as u64) << OFFSET
}

/// Which keys the slots have.
#[derive(Clone)]
pub(super) enum Keys<W> {
    /// This one and those that follow, without a gap.
    From(u64),
    /// These, ascending.
    Sorted(W),
}

/// Slices, and where they are. Nothing read from the words is believed: what a slice says of itself
/// is cut to what can be.
#[derive(Clone)]
pub(super) struct Slices<W> {
    pub(super) keys: Keys<W>,
    /// Two words a slot, `offset | coding << 61` and the numbers before it; then those of the end.
    /// No word if there is no number.
    pub(super) slots: W,
    pub(super) data: W,
}

/// A slot as it is read.
#[derive(Clone, Copy)]
struct Slot {
    offset: usize,
    coding: Coding,
    rank: u64,
}

impl Slot {
    /// The slot of these two words.
    #[inline]
    fn of(place: u64, rank: u64) -> Self {
        let offset = usize::try_from(place & ((1 << OFFSET) - 1)).unwrap_or(usize::MAX);
        Self { offset, coding: Coding::of(place >> OFFSET), rank }
    }
}

impl<W: Words> Slices<W> {
    /// How many slots there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        (self.slots.words().len() / 2).saturating_sub(1)
    }

    /// Words of all slices.
    pub(super) fn data_words(&self) -> usize {
        self.data.words().len()
    }

    #[inline]
    fn slot(&self, index: usize) -> Slot {
        let words = self.slots.words().get(2 * index..).and_then(|words| words.first_chunk());
        let [place, rank] = words.map_or([0, 0], |words: &[_; 2]| words.map(|word| word.get()));
        Slot::of(place, rank)
    }

    /// Numbers before slot `index`, which may be the end.
    #[inline]
    pub(super) fn rank_of(&self, index: usize) -> usize {
        usize::try_from(self.slot(index).rank).unwrap_or(usize::MAX)
    }

    #[inline]
    pub(super) fn key(&self, index: usize) -> u64 {
        match &self.keys {
            Keys::From(first) => first.wrapping_add(index as u64),
            Keys::Sorted(keys) => keys.words().get(index).map_or(0, |word| word.get()),
        }
    }

    /// The smallest number that slot `index` could have.
    #[inline]
    pub(super) fn base(&self, index: usize) -> u64 {
        self.key(index) << LOW
    }

    /// The first slot whose key is at least `key`.
    #[inline]
    pub(super) fn lower_bound(&self, key: u64) -> usize {
        let len = self.len();
        match &self.keys {
            Keys::From(first) => {
                usize::try_from(key.saturating_sub(*first)).unwrap_or(usize::MAX).min(len)
            }
            Keys::Sorted(keys) => {
                let words = keys.words().get(..len).unwrap_or(&[]);
                partition_point(words, |word| word.get() < key)
            }
        }
    }

    /// The slot of this key.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let index = self.lower_bound(key);
        (index < self.len() && self.key(index) == key).then_some(index)
    }

    /// The last slot that begins with number `k` or one before it.
    pub(super) fn slot_of(&self, k: usize) -> usize {
        lower_bound(self.len(), |index| self.rank_of(index) <= k).saturating_sub(1)
    }

    #[inline]
    pub(super) fn slice(&self, index: usize) -> Slice<'_> {
        self.slice_of(self.slot(index), self.slot(index + 1))
    }

    /// The slice of a slot and the next one.
    #[inline]
    fn slice_of(&self, slot: Slot, next: Slot) -> Slice<'_> {
        let count = next.rank.saturating_sub(slot.rank).min(UNIVERSE as u64) as usize;
        let len = next.offset.saturating_sub(slot.offset).min(MOST_BYTES);
        let bytes = as_bytes(self.data.words()).get(slot.offset..).unwrap_or(&[]);
        Slice { coding: slot.coding, count, len, bytes }
    }

    /// As [`slice`](Self::slice), of slots in their order: `end` is that of the slice before. In a
    /// damaged file many slots may share a slice, or have none of their own: what is made of all
    /// would be hundreds of times the file. The second of two that overlap is empty here, and of
    /// each only its own bytes are read.
    pub(super) fn own_slice(&self, index: usize, end: &mut usize) -> Slice<'_> {
        let (slot, slice) = (self.slot(index), self.slice(index));
        if slot.offset < *end {
            return Slice::EMPTY;
        }
        *end = slot.offset.saturating_add(slice.len);
        let own = slice.bytes.len().min(slice.len + PADDING);
        Slice { bytes: &slice.bytes[..own], ..slice }
    }

    // In line even where it is asked in several places: a loop keeps what a call fetches again.
    #[inline(always)]
    pub(super) fn contains(&self, x: u64) -> bool {
        let index = match &self.keys {
            // Of keys that are none, behind all slots.
            Keys::From(first) => {
                usize::try_from(key_of(x).wrapping_sub(*first)).unwrap_or(usize::MAX)
            }
            Keys::Sorted(_) => self.find(key_of(x)).unwrap_or(usize::MAX),
        };
        // A slot and the next one, or the end: none for what is no slot.
        let at = index.saturating_mul(2);
        let words = self.slots.words().get(at..at.saturating_add(4));
        let Some(words) = words.and_then(|words| words.first_chunk()) else { return false };
        let [place, rank, next, after] = words.map(|word| word.get());
        let (slot, y) = (Slot::of(place, rank), low_of(x));
        match slot.coding {
            // Needs nothing more of the slot.
            Coding::Bitmap => {
                let at = slot.offset.saturating_add(COUNTS + y / 8);
                let byte = as_bytes(self.data.words()).get(at).unwrap_or(&0);
                byte >> (y % 8) & 1 != 0
            }
            // What else a slice knows of itself would be worked out for nothing.
            Coding::Lists => {
                let data = as_bytes(self.data.words());
                let Some(bytes) = data.get(slot.offset..) else { return false };
                let len = Slot::of(next, after).offset.saturating_sub(slot.offset);
                lists::contains(bytes, len, y)
            }
            _ => self.slice_of(slot, Slot::of(next, after)).contains(y),
        }
    }

    pub(super) fn rank(&self, x: u64) -> usize {
        let index = self.lower_bound(key_of(x));
        let before = self.rank_of(index);
        match index < self.len() && self.key(index) == key_of(x) {
            true => before.saturating_add(self.slice(index).rank(low_of(x))),
            false => before,
        }
    }

    /// Number `k`; of a damaged file, any or none.
    pub(super) fn get(&self, k: usize) -> Option<u64> {
        let index = self.slot_of(k);
        let slice = self.slice(index);
        let mut place = slice.seek(k.saturating_sub(self.rank_of(index)));
        let mut low = [0];
        (slice.decode(&mut place, &mut low) == 1).then(|| self.base(index) | u64::from(low[0]))
    }

    pub(super) fn tell(&self, out: &mut dyn Parts) {
        if let Keys::Sorted(keys) = &self.keys {
            keys.tell("keys", PartKind::Index, 0, out);
        }
        self.slots.tell("slots", PartKind::Index, 0, out);
        self.data.tell("slices", PartKind::Payload, 0, out);
    }

    /// Whether lengths fit together, for `items` numbers.
    pub(super) fn check_lengths(&self, items: u64) -> Result<(), FileError> {
        let words = self.slots.words().len();
        require(words % 2 == 0 && words != 2, SLOTS, "two words a slot, and two for the end")?;
        let len = self.len() as u64;
        require(items <= len.saturating_mul(UNIVERSE as u64), SLOTS, "slots for all numbers")?;
        match &self.keys {
            Keys::From(first) => {
                let fits = first.checked_add(len).is_some_and(|end| end <= KEY_END);
                require(fits, SLOTS, "keys below 2^48")
            }
            Keys::Sorted(keys) => {
                require(keys.words().len() as u64 == len, KEYS, "a key for each slot")
            }
        }
    }

    /// Whether all is as the builder would have it, for `items` numbers.
    pub(super) fn validate(&self, items: usize, prefer: super::Prefer) -> Result<(), FileError> {
        let (len, data) = (self.len(), as_bytes(self.data.words()));
        require(self.rank_of(len) == items, SLOTS, "as many numbers as there are items")?;
        let (first, end) = (self.slot(0), self.slot(len));
        let starts = len == 0 || first.offset == 0 && first.rank == 0;
        require(starts, SLOTS, "a first slot that starts with nothing before it")?;
        require(end.offset <= data.len(), DATA, "slices and their padding")?;
        let room = if len == 0 { 0 } else { (end.offset + PADDING).next_multiple_of(8) };
        require(data.len() == room, DATA, "slices and their padding")?;
        require(end.coding as u64 == 0, SLOTS, "an end that is only a place")?;
        let padding = data[end.offset..].iter().all(|byte| *byte == 0);
        require(padding, DATA, "zeros behind the last slice")?;
        for index in 0..len {
            self.validate_slot(index, prefer)?;
        }
        Ok(())
    }

    fn validate_slot(&self, index: usize, prefer: super::Prefer) -> Result<(), FileError> {
        let (slot, next) = (self.slot(index), self.slot(index + 1));
        let ascends = slot.offset <= next.offset && slot.rank <= next.rank;
        require(ascends, SLOTS, "slots one after the other")?;
        let count = next.rank - slot.rank;
        let may_be_empty =
            matches!(self.keys, Keys::From(_)) && index > 0 && index + 1 < self.len();
        let right = count <= UNIVERSE as u64 && (count > 0 || may_be_empty);
        require(right, SLOTS, "1 to 65,536 numbers a slot")?;
        require(self.key(index) < KEY_END, KEYS, "keys below 2^48")?;
        let ascends = index == 0 || self.key(index - 1) < self.key(index);
        require(ascends, KEYS, "ascending keys")?;
        let slice = self.slice(index);
        require(slice.len == next.offset - slot.offset, SLOTS, "slices of a possible length")?;
        require(check_slice(&slice, prefer), DATA, "slices as they are coded")
    }
}

#[cfg(feature = "alloc")]
impl<W: Words> Slices<W> {
    /// A copy on the heap.
    pub(super) fn to_heap(&self) -> Slices<HeapWords> {
        Slices {
            keys: match &self.keys {
                Keys::From(first) => Keys::From(*first),
                Keys::Sorted(keys) => Keys::Sorted(HeapWords::copy_of(keys.words())),
            },
            slots: HeapWords::copy_of(self.slots.words()),
            data: HeapWords::copy_of(self.data.words()),
        }
    }
}
