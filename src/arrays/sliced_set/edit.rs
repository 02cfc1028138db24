//! Changing the bytes of a slice in place: SHORT, LISTS and BITMAP anywhere, RUNS at their end.
//!
//! A [`Cell`] is a slice with bytes of its own. A list is read as if it had 32 bytes, so lists have
//! so many behind them. What is coded otherwise is coded anew before it is changed, and so is what
//! becomes too large or too small for its coding.

use super::Prefer;
use super::encode::{Numbers, encode};
use super::lists::{FULL, GROUP, GROUPS, List, RECORD, RECORDS, bytes_below};
use super::profile::Profile;
use super::slice::{
    Bits, COUNTS, Coding, PADDING, STRIDE, Slice, UNIVERSE, WORDS, short_lower_bound, u16_at,
};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// A slice of more numbers is not kept two bytes each: lists are smaller.
const SHORT_MOST: usize = 512;
/// A bitmap of fewer numbers becomes lists again.
const BITMAP_LEAST: usize = 6_144;

/// A slice that changes.
pub(super) struct Cell<A: Alloc> {
    pub(super) key: u64,
    pub(super) count: u32,
    pub(super) coding: Coding,
    /// Of lists, with the padding.
    pub(super) bytes: RawVec<u8, A>,
}

/// Makes room for `extra` more bytes, in steps of a sixteenth.
fn make_room<A: Alloc>(bytes: &mut RawVec<u8, A>, extra: usize) -> Result<(), AllocError> {
    match bytes.len() + extra <= bytes.capacity() {
        true => Ok(()),
        false => bytes.try_reserve_exact(extra.max(bytes.len() / 16 + 4)),
    }
}

/// Puts `new` before byte `at`; there is room.
fn splice<A: Alloc>(bytes: &mut RawVec<u8, A>, at: usize, new: &[u8]) -> Result<(), AllocError> {
    let len = bytes.len();
    bytes.try_resize(len + new.len(), 0)?;
    bytes.copy_within(at..len, at + new.len());
    bytes[at..at + new.len()].copy_from_slice(new);
    Ok(())
}

/// Takes `count` bytes out from byte `at` on.
fn cut<A: Alloc>(bytes: &mut RawVec<u8, A>, at: usize, count: usize) {
    let len = bytes.len();
    bytes.copy_within(at + count..len, at);
    bytes.truncate(len - count);
}

/// Adds `change` to the u16 at byte `at`, modulo 2^16.
fn add_u16(bytes: &mut [u8], at: usize, change: isize) {
    let number = u16_at(bytes, at).wrapping_add_signed(change) as u16;
    bytes[at..at + 2].copy_from_slice(&number.to_le_bytes());
}

/// Adds to the two u16 that the bytes begin with, each modulo 2^16.
#[inline]
fn add_u16s(bytes: &mut [u8], [first, second]: [i16; 2]) {
    if let Some(place) = bytes.first_chunk_mut::<4>() {
        let both = u32::from_le_bytes(*place);
        let low = (both as u16).wrapping_add_signed(first);
        let high = ((both >> 16) as u16).wrapping_add_signed(second);
        *place = (u32::from(low) | u32::from(high) << 16).to_le_bytes();
    }
}

impl<A: Alloc + Clone> Cell<A> {
    /// A slice of one number.
    pub(super) fn new(key: u64, y: usize, alloc: A) -> Result<Self, AllocError> {
        let mut bytes = RawVec::new_in(alloc);
        bytes.try_reserve_exact(2)?;
        bytes.try_extend_from_slice(&(y as u16).to_le_bytes())?;
        Ok(Self { key, count: 1, coding: Coding::Short, bytes })
    }

    /// A slice of numbers, in the coding that `choose` names.
    pub(super) fn coded(
        key: u64,
        numbers: Numbers<'_>,
        choose: impl FnOnce(&Profile) -> Coding,
        alloc: A,
    ) -> Result<Self, AllocError> {
        let profile = Profile::of(numbers);
        let coding = choose(&profile);
        let len = profile.bytes(coding);
        let padding = if coding == Coding::Lists { PADDING } else { 0 };
        let mut bytes = RawVec::new_in(alloc);
        bytes.try_reserve_exact(len + padding)?;
        bytes.try_resize(len + padding, 0)?;
        encode(numbers, &profile, coding, &mut bytes[..len]);
        Ok(Self { key, count: profile.count as u32, coding, bytes })
    }

    /// A copy without slack.
    pub(super) fn try_clone(&self) -> Result<Self, AllocError> {
        let Self { key, count, coding, .. } = *self;
        Ok(Self { key, count, coding, bytes: self.bytes.try_clone()? })
    }

    #[inline]
    pub(super) fn slice(&self) -> Slice<'_> {
        let padding = if self.coding == Coding::Lists { PADDING } else { 0 };
        let len = self.bytes.len() - padding;
        Slice { coding: self.coding, count: self.count as usize, len, bytes: &self.bytes }
    }

    /// The numbers as bits.
    pub(super) fn bits(&self) -> Bits {
        let mut bits = [0; WORDS];
        self.slice().for_words(|at, word| bits[at % WORDS] |= word);
        bits
    }

    /// Codes the numbers anew.
    pub(super) fn recode(
        &mut self,
        choose: impl FnOnce(&Profile) -> Coding,
    ) -> Result<(), AllocError> {
        let bits = self.bits();
        let alloc = self.bytes.alloc().clone();
        *self = Self::coded(self.key, Numbers::Bits(&bits), choose, alloc)?;
        Ok(())
    }

    /// Codes the numbers in fewest bytes.
    pub(super) fn optimize(&mut self) -> Result<(), AllocError> {
        let bits = self.bits();
        let profile = Profile::of(Numbers::Bits(&bits));
        let coding = profile.best(Prefer::Time);
        let padding = if coding == Coding::Lists { PADDING } else { 0 };
        if coding != self.coding || profile.bytes(coding) + padding != self.bytes.capacity() {
            let alloc = self.bytes.alloc().clone();
            *self = Self::coded(self.key, Numbers::Bits(&bits), |_| coding, alloc)?;
        }
        Ok(())
    }

    /// Puts `y` in; whether it was not there. On an error nothing has changed.
    pub(super) fn insert(&mut self, y: usize) -> Result<bool, AllocError> {
        match self.coding {
            Coding::Short => self.insert_short(y),
            Coding::Lists => self.insert_in_lists(y),
            Coding::Bitmap => Ok(self.flip_in_bitmap(y, true)),
            Coding::Runs => self.insert_behind_runs(y),
            Coding::Sparse if self.slice().contains(y) => Ok(false),
            Coding::Sparse => self.recode(Profile::best_changeable).and_then(|()| self.insert(y)),
        }
    }

    fn insert_short(&mut self, y: usize) -> Result<bool, AllocError> {
        let count = self.count as usize;
        // Numbers often come in their order.
        let is_last = count > 0 && u16_at(&self.bytes, 2 * count - 2) < y;
        let at = if is_last { count } else { short_lower_bound(&self.bytes, count, y) };
        if at < count && u16_at(&self.bytes, 2 * at) == y {
            return Ok(false);
        }
        if count >= SHORT_MOST {
            self.recode(Profile::best_growing)?;
            return self.insert(y);
        }
        make_room(&mut self.bytes, 2)?;
        splice(&mut self.bytes, 2 * at, &(y as u16).to_le_bytes())?;
        self.count += 1;
        Ok(true)
    }

    /// Sets or clears a bit; whether that changed it.
    fn flip_in_bitmap(&mut self, y: usize, value: bool) -> bool {
        let (counts, bits) = self.bytes.split_at_mut(COUNTS);
        let (byte, bit) = (&mut bits[y / 8], 1 << (y % 8));
        if (*byte & bit != 0) == value {
            return false;
        }
        *byte ^= bit;
        let change: i16 = if value { 1 } else { -1 };
        // All of them, without a branch: compilers make vectors of it.
        let stride = (y / (64 * STRIDE)) as u16;
        for (at, place) in (0_u16..).zip(counts.chunks_exact_mut(2)) {
            let here = if at > stride { change as u16 } else { 0 };
            let count = u16::from_le_bytes([place[0], place[1]]).wrapping_add(here);
            place.copy_from_slice(&count.to_le_bytes());
        }
        self.count = self.count.wrapping_add_signed(change.into());
        true
    }

    /// A number that continues the last run, or starts one behind it, changes little.
    fn insert_behind_runs(&mut self, y: usize) -> Result<bool, AllocError> {
        let (count, runs) = (self.count as usize, self.bytes.len() / 4);
        let (last, rank) =
            (u16_at(&self.bytes, 2 * (runs - 1)), u16_at(&self.bytes, 2 * (2 * runs - 1)));
        let end = last + (count - rank);
        if y == end {
            self.count += 1;
            return Ok(true);
        }
        if y < end && self.slice().contains(y) {
            return Ok(false);
        }
        if y < end || 4 * runs > UNIVERSE / 16 {
            self.recode(Profile::best_changeable)?;
            return self.insert(y);
        }
        make_room(&mut self.bytes, 4)?;
        splice(&mut self.bytes, 2 * runs, &(y as u16).to_le_bytes())?;
        let ranks = self.bytes.len();
        splice(&mut self.bytes, ranks, &(count as u16).to_le_bytes())?;
        self.count += 1;
        Ok(true)
    }

    fn insert_in_lists(&mut self, y: usize) -> Result<bool, AllocError> {
        let slice = self.slice();
        if slice.contains(y) {
            return Ok(false);
        }
        if self.bytes.len() + 2 > COUNTS + UNIVERSE / 8 {
            self.recode(|_| Coding::Bitmap)?;
            return self.insert(y);
        }
        let (index, bit, low) = (y >> 8, (y >> 8) % GROUP, y as u8);
        let group = slice.group(index / GROUP);
        let list = slice.list_in(&group, bit);
        let (at, used, before) = (index / GROUP, group.used(), group.used_before(bit));
        let content = RECORDS + group.start;
        make_room(&mut self.bytes, 2)?;
        match list.len {
            0 => {
                let from = (list.at - content - used) as u8;
                splice(&mut self.bytes, list.at, &[low])?;
                splice(&mut self.bytes, content + before, &[from])?;
                self.bytes[RECORD * at] |= 1 << bit;
                self.shift(at, before + 1..used + 1, 1);
                self.shift_groups(at, 2, 1);
            }
            FULL => {
                self.bytes[list.at + usize::from(low / 8)] |= 1 << (low % 8);
                self.shift_groups(at, 0, 1);
            }
            len => {
                let smaller = bytes_below(self.slice().list_bytes(list), len, low);
                splice(&mut self.bytes, list.at + smaller, &[low])?;
                if len + 1 == FULL {
                    self.list_to_bits(list);
                }
                self.shift(at, before + 1..used, 1);
                self.shift_groups(at, 1, 1);
            }
        }
        self.count += 1;
        Ok(true)
    }

    /// Makes 32 low bytes of 32 bytes of bits.
    fn list_to_bits(&mut self, list: List) {
        let bytes = &mut self.bytes[list.at..list.at + FULL];
        let mut bits = [0; FULL];
        bytes.iter().for_each(|low| bits[usize::from(low / 8)] |= 1 << (low % 8));
        bytes.copy_from_slice(&bits);
    }

    /// After a list of a group changed its length by `change`: the lists behind it start elsewhere.
    fn shift(&mut self, group: usize, lists: Range<usize>, change: i8) {
        let content = RECORDS + self.slice().group(group).start;
        for offset in &mut self.bytes[content + lists.start..content + lists.end] {
            *offset = offset.wrapping_add_signed(change);
        }
    }

    /// After a group got or lost a number, and its bytes became more or fewer by `change`: what the
    /// records behind it say of both, in one number of 32 bits.
    fn shift_groups(&mut self, group: usize, change: i16, count: i16) {
        let records = self.bytes[..RECORDS].get_mut(RECORD * (group + 1)..).unwrap_or(&mut []);
        for record in records.chunks_exact_mut(RECORD) {
            add_u16s(&mut record[1..], [change, count]);
        }
        add_u16(&mut self.bytes, RECORD * GROUPS + 1, change.into());
    }

    /// Takes `y` out; whether it was there. On an error nothing has changed.
    pub(super) fn remove(&mut self, y: usize) -> Result<bool, AllocError> {
        if !self.slice().contains(y) {
            return Ok(false);
        }
        match self.coding {
            Coding::Short => {
                let at = short_lower_bound(&self.bytes, self.count as usize, y);
                cut(&mut self.bytes, 2 * at, 2);
                self.count -= 1;
            }
            Coding::Bitmap => {
                self.flip_in_bitmap(y, false);
            }
            Coding::Lists => self.remove_from_lists(y),
            Coding::Runs | Coding::Sparse => {
                self.recode(Profile::best_changeable)?;
                return self.remove(y);
            }
        }
        self.give_back();
        Ok(true)
    }

    /// Less memory for fewer numbers, if there is memory for that.
    fn give_back(&mut self) {
        let count = self.count as usize;
        // A refusal leaves what is there, which is right as it is.
        let _ = match self.coding {
            Coding::Lists if 2 * count + 64 < self.bytes.len() => self.recode(|_| Coding::Short),
            Coding::Bitmap if count < BITMAP_LEAST => self.recode(Profile::best_changeable),
            _ => {
                let (len, room) = (self.bytes.len(), self.bytes.capacity());
                let slack = len / 8 + 16;
                if room > len + slack { self.bytes.try_shrink_to(len + slack / 2) } else { Ok(()) }
            }
        };
    }

    fn remove_from_lists(&mut self, y: usize) {
        let slice = self.slice();
        let (index, bit, low) = (y >> 8, (y >> 8) % GROUP, y as u8);
        let group = slice.group(index / GROUP);
        let list = slice.list_in(&group, bit);
        let (at, used, before) = (index / GROUP, group.used(), group.used_before(bit));
        match list.len {
            1 => {
                cut(&mut self.bytes, list.at, 1);
                cut(&mut self.bytes, RECORDS + group.start + before, 1);
                self.bytes[RECORD * at] &= !(1 << bit);
                self.shift(at, before..used - 1, -1);
                self.shift_groups(at, -2, -1);
            }
            len => {
                let is_shorter = match len {
                    FULL => self.remove_from_bits(list, low),
                    _ => {
                        let smaller = bytes_below(self.slice().list_bytes(list), len, low);
                        cut(&mut self.bytes, list.at + smaller, 1);
                        true
                    }
                };
                if is_shorter {
                    self.shift(at, before + 1..used, -1);
                }
                self.shift_groups(at, if is_shorter { -1 } else { 0 }, -1);
            }
        }
        self.count -= 1;
    }

    /// Takes a number out of a list of bits, which becomes one of bytes if they are few; whether it
    /// did.
    fn remove_from_bits(&mut self, list: List, low: u8) -> bool {
        let bytes = &mut self.bytes[list.at..list.at + FULL];
        bytes[usize::from(low / 8)] &= !(1 << (low % 8));
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        if ones as usize >= FULL {
            return false;
        }
        let (mut lows, mut len) = ([0; FULL], 0);
        for low in 0..=u8::MAX {
            if bytes[usize::from(low / 8)] >> (low % 8) & 1 != 0 && len < FULL {
                lows[len] = low;
                len += 1;
            }
        }
        bytes.copy_from_slice(&lows);
        cut(&mut self.bytes, list.at + len, FULL - len);
        true
    }
}
