//! The keys of slots, as a log: who gets a slot is appended, who loses it is left behind until the
//! room is needed.
//!
//! ```text
//! | slot | length | bytes of the key | slot | length | ...      numbers in 7 bits a byte, LEB128
//! ```
//!
//! Each slot has the place of its entry, counted from 1; 0 is none. An entry that its slot does not
//! point to is dead. So the log can be compacted in place: its entries say whose they are.

use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Le64, Words, as_bytes};

/// The longest log: places have 32 bits.
pub(super) const MAX_BYTES: usize = (u32::MAX - 0xFFFF) as usize;
/// The most bytes of a LEB128 number of 32 bits.
const MAX_NUMBER: usize = 5;

/// A number and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (i, byte) in bytes.iter().take(MAX_NUMBER).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * i);
        if byte >> 7 == 0 {
            return Some((usize::try_from(value).ok()?, &bytes[i + 1..]));
        }
    }
    None
}

/// Writes a number of at most 35 bits; returns its bytes.
fn put_number(mut value: usize, out: &mut [u8; MAX_NUMBER]) -> &[u8] {
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            return &out[..=i];
        }
        *byte |= 0x80;
    }
    out
}

/// An entry of the log.
struct Entry<'a> {
    slot: usize,
    key: &'a [u8],
    /// Its bytes, numbers included.
    len: usize,
}

/// The entry that begins at `at`, if there can be one.
fn entry(log: &[u8], at: usize) -> Option<Entry<'_>> {
    let all = log.get(at..)?;
    let (slot, rest) = number(all)?;
    let (len, rest) = number(rest)?;
    let key = rest.get(..len)?;
    Some(Entry { slot, key, len: all.len() - rest.len() + len })
}

/// The place of slot `slot`'s entry.
fn place(places: &[Le64], slot: usize) -> Option<usize> {
    let word = places.get(slot / 2)?.get();
    (word >> (32 * (slot & 1)) & 0xFFFF_FFFF).checked_sub(1).map(|at| at as usize)
}

/// The keys of slots: `W` is where the words live.
#[derive(Clone)]
pub(super) struct Text<W> {
    /// Half a word for each slot: the place of its entry. Empty if no keys are kept.
    pub(super) places: W,
    /// The log, and zeros to a whole word.
    pub(super) log: W,
    /// Bytes of all entries.
    pub(super) len: usize,
    /// Bytes of dead entries.
    pub(super) dead: usize,
}

impl<W: Words> Text<W> {
    fn entry(&self, at: usize) -> Option<Entry<'_>> {
        entry(as_bytes(self.log.words()).get(..self.len)?, at)
    }

    /// The key of a slot.
    pub(super) fn key(&self, slot: usize) -> Option<&[u8]> {
        let found = self.entry(place(self.places.words(), slot)?)?;
        (found.slot == slot).then_some(found.key)
    }

    /// Whether the log consists of entries from end to end, as many bytes of which are dead as is
    /// said, and each slot's place, if it has one, is that of an entry of its own.
    pub(super) fn is_sound(&self) -> bool {
        let places = self.places.words();
        let (mut at, mut dead, mut living) = (0, 0, 0);
        while at < self.len {
            let Some(found) = self.entry(at) else { return false };
            if place(places, found.slot) == Some(at) {
                living += 1;
            } else {
                dead += found.len;
            }
            at += found.len;
        }
        let pointed = (0..places.len() * 2).filter(|slot| place(places, *slot).is_some()).count();
        let behind = as_bytes(self.log.words()).get(self.len..);
        let padded = behind.is_some_and(|behind| behind.iter().all(|byte| *byte == 0));
        dead == self.dead && living == pointed && padded
    }
}

impl<A: Alloc> Text<HeapWords<A>> {
    /// Makes room for `more` bytes behind the log: by compacting it, if a quarter of it is dead,
    /// and else by growing.
    pub(super) fn make_room(&mut self, more: usize) -> Result<(), AllocError> {
        let too_long = self.len.saturating_add(more) > self.log.capacity().saturating_mul(8);
        if too_long && self.dead > 0 && self.dead >= self.len / 4 {
            self.compact();
        }
        let need = self.len.checked_add(more).filter(|need| *need <= MAX_BYTES);
        let words = need.ok_or(AllocError::CapacityOverflow)?.div_ceil(8);
        self.log.try_resize(words.max(self.log.words().len()))
    }

    /// Gives `slot` a key; what it had is dead. Changes nothing if memory cannot be had.
    pub(super) fn put(&mut self, slot: usize, key: &[u8]) -> Result<(), AllocError> {
        let (mut first, mut second) = ([0; MAX_NUMBER], [0; MAX_NUMBER]);
        let head = put_number(slot, &mut first).len() + put_number(key.len(), &mut second).len();
        self.make_room(key.len().checked_add(head).ok_or(AllocError::CapacityOverflow)?)?;
        self.forget(slot);
        self.append(slot, key);
        Ok(())
    }

    /// Appends the key of a slot that has none, if there is room.
    fn append(&mut self, slot: usize, key: &[u8]) {
        let (mut first, mut second) = ([0; MAX_NUMBER], [0; MAX_NUMBER]);
        let parts = [put_number(slot, &mut first), put_number(key.len(), &mut second), key];
        let mut end = self.len;
        for part in parts {
            let Some(place) = self.log.as_bytes_mut().get_mut(end..end + part.len()) else {
                return;
            };
            place.copy_from_slice(part);
            end += part.len();
        }
        self.point(slot, self.len as u64 + 1);
        self.len = end;
    }

    /// Lets the eight slots from `first` on have the keys of others among them and, from 8 on, of
    /// the same slots in `other`, for whose keys there is room. A slot whose `from` is none has no
    /// key.
    pub(super) fn rearrange<V: Words>(
        &mut self,
        first: usize,
        from: &[Option<usize>; 8],
        other: &Text<V>,
    ) {
        let old: [_; 8] = core::array::from_fn(|slot| place(self.places.words(), first + slot));
        (first..first + 8).for_each(|slot| self.forget(slot));
        for (slot, from) in from.iter().enumerate() {
            match *from {
                Some(from @ 0..8) => {
                    let Some(at) = old[from] else { continue };
                    let found = self.entry(at).filter(|found| found.slot == first + from);
                    let Some(len) = found.map(|found| found.len) else { continue };
                    // The numbers of the eight differ in the low bits of the first byte.
                    let byte = &mut self.log.as_bytes_mut()[at];
                    *byte = *byte & !7 | slot as u8;
                    self.dead = self.dead.saturating_sub(len);
                    self.point(first + slot, at as u64 + 1);
                }
                Some(from) => {
                    if let Some(key) = other.key(first + from - 8) {
                        self.append(first + slot, key);
                    }
                }
                None => {}
            }
        }
    }

    /// Lets no slot have a key, and gives the room back.
    pub(super) fn clear(&mut self) {
        self.places.words_mut().fill(Le64::default());
        self.cut(0);
        // A block that stays too large is slack, and said to be.
        let _ = self.log.try_shrink_to_fit();
    }

    /// Lets `slot` have no key.
    pub(super) fn forget(&mut self, slot: usize) {
        let found = place(self.places.words(), slot).and_then(|at| self.entry(at));
        let dead = found.filter(|found| found.slot == slot).map_or(0, |found| found.len);
        self.dead = self.dead.saturating_add(dead);
        self.point(slot, 0);
    }

    /// Sets the place of a slot, counted from 1.
    fn point(&mut self, slot: usize, place: u64) {
        let shift = 32 * (slot & 1);
        if let Some(word) = self.places.words_mut().get_mut(slot / 2) {
            *word = Le64::new(word.get() & !(0xFFFF_FFFF << shift) | place << shift);
        }
    }

    /// Moves the living entries to the front. O(length), allocates nothing.
    pub(super) fn compact(&mut self) {
        let (mut at, mut end) = (0, 0);
        // Each entry is two bytes long at least, so this ends.
        while let Some(found) = self.entry(at) {
            let (slot, len) = (found.slot, found.len);
            if place(self.places.words(), slot) == Some(at) {
                self.log.as_bytes_mut().copy_within(at..at + len, end);
                self.point(slot, end as u64 + 1);
                end += len;
            }
            at += len;
        }
        self.cut(end);
    }

    /// Ends the log at `len`, in whole words and with zeros behind it.
    fn cut(&mut self, len: usize) {
        (self.len, self.dead) = (len, 0);
        self.log.truncate(len.div_ceil(8));
        self.log.as_bytes_mut()[len..].fill(0);
    }
}
