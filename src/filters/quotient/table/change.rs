//! Putting remainders in, and taking them out: what moves.

use super::find::Place;
use super::{BLOCK, ENDS, MAX_OFFSET, Table, from, load, store, too_many};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::storage::HeapWords;

impl<A: Alloc> Table<HeapWords<A>> {
    /// Puts a remainder where [`find`](Self::find) said: behind an equal one, or where none is.
    ///
    /// # Errors
    ///
    /// [`BuildError::TooMany`] if too many slots in a row are taken, [`BuildError::Alloc`], and
    /// [`BuildError::Damaged`] if it would not be found; nothing has changed then.
    #[inline(always)]
    pub(in crate::filters::quotient) fn insert(&mut self, place: &Place) -> Result<(), BuildError> {
        let Place { quotient, end, .. } = *place;
        if !place.occupied & (end <= quotient) {
            return self.put(place, end);
        }
        let at = place.slot + usize::from(place.found);
        // It is found if the run's end, counted in ends from the block's start on, moves up by one
        // slot: that needs a run that does not begin before the block's.
        let start = quotient / BLOCK * BLOCK;
        if place.occupied && (end <= quotient || at < start + place.head.offset) {
            return Err(BuildError::Damaged);
        }
        let behind = u64::MAX.checked_shl((end - start).min(64) as u32).unwrap_or(0);
        let gaps = place.head.gaps(true) & behind;
        if gaps == 0 {
            return self.insert_far(place, at, end);
        }
        let free = start + gaps.trailing_zeros() as usize;
        self.insert_near(place, at, end, free)
    }

    /// Puts a remainder into its own slot, which is free. By itself: half of all that fill a table
    /// find it so, and with this and the slot asked for ahead filling takes 0.65 of the time
    /// (measured), as several are on their way from memory at once (guess).
    #[inline(always)]
    fn put(&mut self, place: &Place, end: usize) -> Result<(), BuildError> {
        let Place { quotient, head, .. } = *place;
        let (block, index) = (quotient / BLOCK, quotient % BLOCK);
        // No run ends where slots are free, or this one's end would not be counted as its.
        if head.ends & from(end) & u64::MAX >> (63 - index) != 0 || block >= self.blocks {
            return Err(BuildError::Damaged);
        }
        self.set_runs(block, head.occupied | 1 << index, head.ends | 1 << index);
        self.set_remainder(quotient, place.remainder);
        Ok(())
    }

    /// Puts a remainder into the slot `at`, where all that moves is in the quotient's block.
    #[inline(always)]
    fn insert_near(
        &mut self,
        place: &Place,
        at: usize,
        end: usize,
        free: usize,
    ) -> Result<(), BuildError> {
        let Place { quotient, head, occupied, .. } = *place;
        let mut ends = head.ends;
        if ends >> (free % BLOCK) & 1 != 0 {
            return Err(BuildError::Damaged);
        }
        // The run's last slot moves up with what follows, or is the new one.
        let last = !occupied | (at == end);
        let before = u64::from(last & occupied) << (at.wrapping_sub(1) % BLOCK);
        ends &= !before;
        let moved = from(at) & u64::MAX >> (63 - free % BLOCK);
        let shifted = (ends & moved) << 1 | u64::from(last) << (at % BLOCK);
        ends = ends & !moved | shifted & moved;
        self.set_runs(quotient / BLOCK, head.occupied | 1 << (quotient % BLOCK), ends);
        self.push_up(at, free, place.remainder);
        Ok(())
    }

    /// Puts a remainder into the slot `at`, where what moves goes on in further blocks.
    #[inline(always)]
    fn insert_far(&mut self, place: &Place, at: usize, end: usize) -> Result<(), BuildError> {
        let quotient = place.quotient;
        let next = (quotient / BLOCK + 1) * BLOCK;
        let free = self.gap(end.max(next), true);
        if end > self.slots() || self.is_end(free) {
            return Err(BuildError::Damaged);
        }
        let passed = quotient / BLOCK + 1..free / BLOCK + 1;
        if passed.clone().any(|block| self.offset(block) == MAX_OFFSET) {
            return Err(too_many(MAX_OFFSET + 1));
        }
        if free / BLOCK >= self.blocks {
            self.add_blocks(1)?;
        }
        let last = !place.occupied || at == end;
        if last && place.occupied && at > 0 {
            self.set_end(at - 1, false);
        }
        self.shift_up(at, free, place.remainder, last);
        if !place.occupied {
            self.set_occupied(quotient, true);
        }
        for block in passed {
            let offset = self.offset(block);
            self.set_offset(block, offset + 1);
        }
        Ok(())
    }

    /// Takes the remainder out that was found at this place.
    #[inline(always)]
    pub(in crate::filters::quotient) fn remove(&mut self, place: &Place) {
        let (quotient, slot) = (place.quotient, place.slot);
        let starts = slot == quotient || slot == 0 || self.is_end(slot - 1);
        let ends = self.is_end(slot);
        let stop = self.gap(place.end, false);
        if ends && starts {
            self.set_occupied(quotient, false);
        } else if ends {
            self.set_end(slot - 1, true);
        }
        self.shift_down(slot, stop);
        for block in quotient / BLOCK + 1..(stop - 1) / BLOCK + 1 {
            let offset = self.offset(block);
            self.set_offset(block, offset.saturating_sub(1));
        }
    }

    /// Moves what is in the slots `at..free` one slot up, and puts a remainder at the first.
    #[inline(always)]
    fn shift_up(&mut self, at: usize, free: usize, remainder: u64, last: bool) {
        let mut end = u64::from(last);
        let mut low = at % BLOCK;
        for block in at / BLOCK..=free / BLOCK {
            let high = if block == free / BLOCK { free % BLOCK } else { BLOCK - 1 };
            let ends = self.ends(block);
            let moved = from(low) & u64::MAX >> (63 - high);
            let shifted = (ends & moved) << 1 | end << low;
            self.set_word(block, ENDS, ends & !moved | shifted & moved);
            (end, low) = (ends >> 63, 0);
        }
        self.push_up(at, free, remainder);
    }

    /// Moves what is in the slots `slot + 1..stop` one slot down; the last one is free then.
    #[inline(always)]
    fn shift_down(&mut self, slot: usize, stop: usize) {
        let mut low = slot % BLOCK;
        for block in slot / BLOCK..=(stop - 1) / BLOCK {
            let whole = block < (stop - 1) / BLOCK;
            let high = if whole { BLOCK - 1 } else { (stop - 1) % BLOCK };
            let ends = self.ends(block);
            let moved = from(low) & u64::MAX >> (63 - high);
            let end = if whole { u64::from(self.is_end((block + 1) * BLOCK)) } else { 0 };
            let shifted = (ends & moved) >> 1 & moved | end << high;
            self.set_word(block, ENDS, ends & !moved | shifted);
            low = 0;
        }
        self.pull_down(slot, stop);
    }

    /// Remainders `low..high` to `low + 1..=high`, and another to `low`. Word by word from the
    /// lowest on: none is read after the one beside it was written, for which the processor would
    /// wait.
    #[inline(always)]
    fn push_up(&mut self, low: usize, high: usize, remainder: u64) {
        let width = self.bits;
        // Bits from the start of the first word on: of the first remainder, and the last one's end.
        let (at, shift) = self.start_of(low);
        let last = (high + 1 - low) * width as usize + shift as usize - 1;
        let bytes = self.words.as_bytes_mut().get_mut(at..at + (last / 64 + 1) * 8);
        let Some((whole, part)) = bytes.map(|bytes| bytes.split_at_mut(last / 64 * 8)) else {
            return;
        };
        let mut kept = !(u64::MAX << shift);
        let mut carried = remainder << shift;
        for word in whole.chunks_exact_mut(8) {
            let old = load(word, 0);
            store(word, 0, (old & !kept) << width | carried | old & kept);
            (carried, kept) = (old >> (64 - width), 0);
        }
        let old = load(part, 0);
        let new = (old & !kept) << width | carried | old & kept;
        let behind = u64::MAX << (last % 64) << 1;
        store(part, 0, new & !behind | old & behind);
    }

    /// Remainders `low + 1..stop` to `low..stop - 1`, and 0 to the last.
    #[inline(always)]
    fn pull_down(&mut self, low: usize, stop: usize) {
        let width = self.bits;
        let (mut at, shift) = self.start_of(low);
        let mut left = (stop - low) * width as usize + shift as usize;
        let mut kept = !(u64::MAX << shift);
        let bytes = self.words.as_bytes_mut();
        let mut old = load(bytes, at);
        while left > 0 {
            let next = load(bytes, at + 8);
            let mut new = (old >> width | next << (64 - width)) & !kept | old & kept;
            if left < 64 {
                let mask = u64::MAX << left;
                new = new & !mask | old & mask;
            }
            store(bytes, at, new);
            (old, kept) = (next, 0);
            (at, left) = (at + 8, left.saturating_sub(64));
        }
        self.set_remainder(stop - 1, 0);
    }
}
