//! The slots of a quotient filter: runs of remainders in blocks of 64, and what finds them.
//!
//! Numbers read from a block may come from a damaged file. They are followed only as far as there
//! are blocks; a table of damaged numbers gives wrong answers, and can be changed, without harm.

use crate::bits::word::select_in_word;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::storage::{HeapWords, Le64, Words, as_bytes};

/// Slots of a block.
pub(super) const BLOCK: usize = 64;
/// Bytes of a block before its remainders: `occupied`, `ends` and `offset`.
const HEAD: usize = 18;
const OCCUPIED: usize = 0;
const ENDS: usize = 8;
const OFFSET: usize = 16;
/// The most slots from a block's start on that runs of quotients before it may take.
const MAX_OFFSET: usize = u16::MAX as usize;
/// The most bits of a remainder: with 7 more bits they must fit in a word.
pub(super) const MAX_REMAINDER: u32 = 56;

/// Blocks of 64 slots with remainders of `bits` bits.
#[derive(Clone)]
pub(super) struct Table<W> {
    words: W,
    blocks: usize,
    bits: u32,
}

/// Bytes of a block.
const fn stride(bits: u32) -> usize {
    HEAD + bits as usize * 8
}

/// Words of so many blocks and of the padding behind the last remainder.
fn words_for(blocks: usize, bits: u32) -> Option<usize> {
    Some((blocks.checked_mul(stride(bits))?.checked_add(8)?).div_ceil(8))
}

/// The number in the 8 bytes from `at` on; 0 behind the end.
#[inline(always)]
fn load(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word))
}

/// Overwrites the 8 bytes from `at` on, if they exist.
#[inline(always)]
fn store(bytes: &mut [u8], at: usize, value: u64) {
    if let Some(word) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *word = value.to_le_bytes();
    }
}

/// The bits from `index` on, which is below 64.
const fn from(index: usize) -> u64 {
    u64::MAX << (index % 64)
}

impl<W: Words> Table<W> {
    /// The blocks in `words`, if there are as many words as they need.
    pub(super) fn new(words: W, blocks: usize, bits: u32) -> Option<Self> {
        let fits = words_for(blocks, bits) == Some(words.words().len());
        (fits && bits <= MAX_REMAINDER).then_some(Self { words, blocks, bits })
    }

    pub(super) const fn store(&self) -> &W {
        &self.words
    }

    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    pub(super) const fn bits(&self) -> u32 {
        self.bits
    }

    /// Slots, the spare ones at the end among them.
    pub(super) const fn slots(&self) -> usize {
        self.blocks * BLOCK
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.words.words())
    }

    /// Byte at which a block starts.
    #[inline(always)]
    pub(super) const fn at(&self, block: usize) -> usize {
        block * stride(self.bits)
    }

    /// Which quotients of the block have a run.
    #[inline(always)]
    pub(super) fn occupied(&self, block: usize) -> u64 {
        if block < self.blocks { load(self.bytes(), self.at(block) + OCCUPIED) } else { 0 }
    }

    /// Which slots of the block are the last of a run.
    #[inline(always)]
    pub(super) fn ends(&self, block: usize) -> u64 {
        if block < self.blocks { load(self.bytes(), self.at(block) + ENDS) } else { 0 }
    }

    /// Slots from the block's start on that runs of quotients before it take.
    #[inline(always)]
    pub(super) fn offset(&self, block: usize) -> usize {
        if block >= self.blocks {
            return 0;
        }
        (load(self.bytes(), self.at(block) + OFFSET) & 0xFFFF) as usize
    }

    #[inline(always)]
    pub(super) fn is_end(&self, slot: usize) -> bool {
        self.ends(slot / BLOCK) >> (slot % BLOCK) & 1 == 1
    }

    #[inline(always)]
    pub(super) fn is_occupied(&self, quotient: usize) -> bool {
        self.occupied(quotient / BLOCK) >> (quotient % BLOCK) & 1 == 1
    }

    /// The remainder in a slot.
    #[inline(always)]
    pub(super) fn remainder(&self, slot: usize) -> u64 {
        let bit = slot % BLOCK * self.bits as usize;
        let word = load(self.bytes(), self.at(slot / BLOCK) + HEAD + bit / 8);
        word >> (bit % 8) & !(u64::MAX << self.bits)
    }

    /// The slot behind all runs of quotients up to `quotient`; at most `quotient` if its slot is
    /// free.
    #[inline(always)]
    pub(super) fn run_end(&self, quotient: usize) -> usize {
        let block = quotient / BLOCK;
        let upto = self.occupied(block) & u64::MAX >> (63 - quotient % BLOCK);
        let mut runs = upto.count_ones();
        let start = block * BLOCK + self.offset(block);
        if runs == 0 {
            return start.min(self.slots());
        }
        let mut block = start / BLOCK;
        let mut ends = self.ends(block) & from(start);
        while ends.count_ones() < runs {
            runs -= ends.count_ones();
            block += 1;
            if block >= self.blocks {
                return self.slots();
            }
            ends = self.ends(block);
        }
        block * BLOCK + select_in_word(ends, runs - 1) as usize + 1
    }

    /// The last slot from `quotient`'s run that holds `remainder`, or where it would be put: the
    /// slot behind the last smaller one.
    #[inline(always)]
    pub(super) fn find(&self, quotient: usize, remainder: u64) -> Result<usize, usize> {
        if !self.is_occupied(quotient) {
            return Err(self.run_end(quotient));
        }
        let end = self.run_end(quotient);
        let mut slot = end;
        // Remainders of a run ascend, and it starts at its quotient or behind another's end.
        while slot > quotient {
            let found = self.remainder(slot - 1);
            if found <= remainder {
                return if found == remainder { Ok(slot - 1) } else { Err(slot) };
            }
            slot -= 1;
            if slot == 0 || self.is_end(slot - 1) {
                break;
            }
        }
        Err(slot)
    }

    /// The first free slot from `slot` on, where runs of quotients before it do not reach; one
    /// behind the last slot if there is none.
    fn first_free(&self, mut slot: usize) -> usize {
        while slot < self.slots() {
            let end = self.run_end(slot);
            if end <= slot {
                return slot;
            }
            slot = end;
        }
        self.slots()
    }

    /// The first slot behind `slot` that removing from before it leaves where it is: it is free, or
    /// its run starts at its own quotient.
    fn settled(&self, quotient: usize, slot: usize) -> usize {
        let (mut stop, mut quotient) = (slot + 1, quotient);
        while let Some(next) = self.next_occupied(quotient + 1, stop) {
            stop = stop.max(self.run_end(next));
            quotient = next;
        }
        stop.min(self.slots())
    }

    /// Whether all runs stand where they must, `len` remainders in all, of quotients below `slots`.
    pub(super) fn check(&self, len: u64, slots: u64) -> bool {
        let (mut next, mut count, mut ends, mut runs) = (0_usize, 0_u64, 0_u64, 0_u64);
        for block in 0..self.blocks {
            if self.offset(block) != next.saturating_sub(block * BLOCK) {
                return false;
            }
            ends += u64::from(self.ends(block).count_ones());
            let mut occupied = self.occupied(block);
            while occupied != 0 {
                let quotient = block * BLOCK + occupied.trailing_zeros() as usize;
                occupied &= occupied - 1;
                let start = next.max(quotient);
                let Some(end) = self.ascending_run(start) else { return false };
                if quotient as u64 >= slots {
                    return false;
                }
                (next, count, runs) = (end, count + (end - start) as u64, runs + 1);
            }
        }
        count == len && ends == runs
    }

    /// The slot behind the run from `start` on, if its remainders ascend.
    fn ascending_run(&self, start: usize) -> Option<usize> {
        let mut last = 0;
        for slot in start..self.slots() {
            let remainder = self.remainder(slot);
            if remainder < last {
                return None;
            }
            if self.is_end(slot) {
                return Some(slot + 1);
            }
            last = remainder;
        }
        None
    }

    /// The first quotient in `first..end` that has a run.
    fn next_occupied(&self, first: usize, end: usize) -> Option<usize> {
        let mut block = first / BLOCK;
        let mut occupied = self.occupied(block) & from(first);
        while occupied == 0 {
            block += 1;
            if block * BLOCK >= end || block >= self.blocks {
                return None;
            }
            occupied = self.occupied(block);
        }
        let quotient = block * BLOCK + occupied.trailing_zeros() as usize;
        (quotient < end).then_some(quotient)
    }
}

impl<A: Alloc> Table<HeapWords<A>> {
    /// Empty blocks, at their exact size.
    pub(super) fn empty(blocks: usize, bits: u32, alloc: A) -> Result<Self, BuildError> {
        let mut table = Self { words: HeapWords::new_in(alloc), blocks: 0, bits };
        table.add_blocks(blocks)?;
        Ok(table)
    }

    /// Appends empty blocks.
    fn add_blocks(&mut self, count: usize) -> Result<(), BuildError> {
        let blocks = self.blocks + count;
        let words = words_for(blocks, self.bits).ok_or(AllocError::CapacityOverflow)?;
        self.words.try_reserve_exact(words - self.words.words().len())?;
        self.words.try_resize(words)?;
        self.blocks = blocks;
        Ok(())
    }

    /// Empties all slots.
    pub(super) fn clear(&mut self) {
        self.words.words_mut().fill(Le64::default());
    }

    fn set_word(&mut self, block: usize, field: usize, value: u64) {
        let at = self.at(block) + field;
        if block < self.blocks {
            store(self.words.as_bytes_mut(), at, value);
        }
    }

    fn set_offset(&mut self, block: usize, value: usize) {
        let at = self.at(block) + OFFSET;
        if let Some(place) = self.words.as_bytes_mut().get_mut(at..at + 2) {
            place.copy_from_slice(&(value as u16).to_le_bytes());
        }
    }

    pub(super) fn set_occupied(&mut self, quotient: usize, occupied: bool) {
        let (block, bit) = (quotient / BLOCK, 1 << (quotient % BLOCK));
        let old = self.occupied(block);
        self.set_word(block, OCCUPIED, if occupied { old | bit } else { old & !bit });
    }

    fn set_end(&mut self, slot: usize, end: bool) {
        let (block, bit) = (slot / BLOCK, 1 << (slot % BLOCK));
        let old = self.ends(block);
        self.set_word(block, ENDS, if end { old | bit } else { old & !bit });
    }

    fn set_remainder(&mut self, slot: usize, value: u64) {
        let bit = slot % BLOCK * self.bits as usize;
        let at = self.at(slot / BLOCK) + HEAD + bit / 8;
        let bytes = self.words.as_bytes_mut();
        let kept = load(bytes, at) & !(!(u64::MAX << self.bits) << (bit % 8));
        store(bytes, at, kept | value << (bit % 8));
    }

    /// Puts a remainder into the run of `quotient`, at a slot that [`find`](Self::find) told.
    ///
    /// # Errors
    ///
    /// [`BuildError::TooMany`] if too many slots in a row are taken, [`BuildError::Alloc`]; nothing
    /// has changed then.
    pub(super) fn insert_at(
        &mut self,
        quotient: usize,
        remainder: u64,
        at: usize,
    ) -> Result<(), BuildError> {
        let was_occupied = self.is_occupied(quotient);
        // Where nothing is in the way the remainder goes to its own slot.
        let at = at.max(quotient);
        let free = if !was_occupied && self.run_end(quotient) <= quotient {
            quotient
        } else {
            self.first_free(self.run_end(quotient).max(at))
        };
        if free / BLOCK >= self.blocks {
            self.add_blocks(1)?;
        }
        let passed = quotient / BLOCK + 1..free / BLOCK + 1;
        if passed.clone().any(|block| self.offset(block) == MAX_OFFSET) {
            let max = MAX_OFFSET as u64;
            return Err(BuildError::TooMany { len: max + 1, max });
        }
        let last = !was_occupied || at == self.run_end(quotient);
        self.shift_up(at, free);
        self.set_remainder(at, remainder);
        self.set_end(at, last);
        if last && was_occupied && at > 0 {
            self.set_end(at - 1, false);
        }
        self.set_occupied(quotient, true);
        for block in passed {
            let offset = self.offset(block);
            self.set_offset(block, offset + 1);
        }
        Ok(())
    }

    /// Takes the remainder at `slot` out of the run of `quotient`.
    pub(super) fn remove_at(&mut self, quotient: usize, slot: usize) {
        let starts = slot == quotient || slot == 0 || self.is_end(slot - 1);
        let ends = self.is_end(slot);
        let stop = self.settled(quotient, self.run_end(quotient).max(slot + 1) - 1);
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

    /// Moves what is in the slots `at..free` one slot up.
    fn shift_up(&mut self, at: usize, free: usize) {
        for block in (at / BLOCK..=free / BLOCK).rev() {
            let low = if block == at / BLOCK { at % BLOCK } else { 0 };
            let high = if block == free / BLOCK { free % BLOCK } else { BLOCK - 1 };
            self.move_up(block, low, high);
            let moved = from(low) & !from(high);
            let ends = self.ends(block);
            let ends = ends & !(moved | moved << 1) | (ends & moved) << 1;
            self.set_word(block, ENDS, ends);
            if block > at / BLOCK {
                let carried = block * BLOCK - 1;
                let (remainder, end) = (self.remainder(carried), self.is_end(carried));
                self.set_remainder(block * BLOCK, remainder);
                self.set_end(block * BLOCK, end);
            }
        }
    }

    /// Moves what is in the slots `slot + 1..stop` one slot down; the last one is free then.
    fn shift_down(&mut self, slot: usize, stop: usize) {
        for block in slot / BLOCK..=(stop - 1) / BLOCK {
            let low = if block == slot / BLOCK { slot % BLOCK } else { 0 };
            let high = if block == (stop - 1) / BLOCK { (stop - 1) % BLOCK } else { BLOCK - 1 };
            self.move_down(block, low, high);
            let within = from(low) & u64::MAX >> (63 - high);
            let ends = self.ends(block);
            let moved = (ends & within) >> 1 & within;
            self.set_word(block, ENDS, ends & !within | moved);
            if block < (stop - 1) / BLOCK {
                let carried = (block + 1) * BLOCK;
                let (remainder, end) = (self.remainder(carried), self.is_end(carried));
                self.set_remainder(carried - 1, remainder);
                self.set_end(carried - 1, end);
            }
        }
    }

    /// Remainders `low..high` of a block to `low + 1..high + 1`.
    fn move_up(&mut self, block: usize, low: usize, high: usize) {
        let (bits, at) = (self.bits as usize, self.at(block) + HEAD);
        if bits % 8 == 0 {
            let (from, to) = (at + low * bits / 8, at + high * bits / 8);
            if low < high && to + bits / 8 <= self.words.as_bytes().len() {
                self.words.as_bytes_mut().copy_within(from..to, from + bits / 8);
            }
            return;
        }
        // As many at once as a word takes whatever its shift.
        let (step, mut high) = ((56 / bits).max(1), high);
        while high > low {
            let count = step.min(high - low);
            high -= count;
            self.copy(at, high * bits, (high + 1) * bits, count * bits);
        }
    }

    /// Remainders `low + 1..=high` of a block to `low..high`.
    fn move_down(&mut self, block: usize, low: usize, high: usize) {
        let (bits, at) = (self.bits as usize, self.at(block) + HEAD);
        if bits % 8 == 0 {
            let (from, to) = (at + (low + 1) * bits / 8, at + (high + 1) * bits / 8);
            if low < high && to <= self.words.as_bytes().len() {
                self.words.as_bytes_mut().copy_within(from..to, from - bits / 8);
            }
            return;
        }
        let (step, mut low) = ((56 / bits).max(1), low);
        while low < high {
            let count = step.min(high - low);
            self.copy(at, (low + 1) * bits, low * bits, count * bits);
            low += count;
        }
    }

    /// Copies up to 56 bits behind the byte `at` from bit `from` to bit `to`.
    #[inline(always)]
    fn copy(&mut self, at: usize, from: usize, to: usize, bits: usize) {
        let bytes = self.words.as_bytes_mut();
        let mask = !(u64::MAX << bits);
        let value = load(bytes, at + from / 8) >> (from % 8) & mask;
        let kept = load(bytes, at + to / 8) & !(mask << (to % 8));
        store(bytes, at + to / 8, kept | value << (to % 8));
    }
}

/// Fills an empty table from front to back, without moving anything.
pub(super) struct Filling<A: Alloc> {
    table: Table<HeapWords<A>>,
    /// The slot behind the last one.
    next: usize,
    last: Option<usize>,
}

impl<A: Alloc> Filling<A> {
    pub(super) const fn new(table: Table<HeapWords<A>>) -> Self {
        Self { table, next: 0, last: None }
    }

    /// Appends a remainder: quotients ascend, and so do the remainders of each.
    pub(super) fn push(&mut self, quotient: usize, remainder: u64) -> Result<(), BuildError> {
        let quotient = quotient.max(self.last.unwrap_or(0));
        if self.last.is_some_and(|last| last != quotient) {
            self.close(quotient)?;
        }
        let slot = self.next.max(quotient);
        if slot / BLOCK >= self.table.blocks {
            self.table.add_blocks(1)?;
            // The new block's offset is told with the others when the run is closed.
        }
        self.table.set_occupied(quotient, true);
        self.table.set_remainder(slot, remainder);
        (self.next, self.last) = (slot + 1, Some(quotient));
        Ok(())
    }

    /// Ends the last run, and tells the blocks up to that of `quotient` where runs before them end.
    fn close(&mut self, quotient: usize) -> Result<(), BuildError> {
        let Some(last) = self.last else { return Ok(()) };
        self.table.set_end(self.next - 1, true);
        let upto = (quotient / BLOCK).min(self.table.blocks - 1);
        for block in last / BLOCK + 1..=upto {
            let offset = self.next.saturating_sub(block * BLOCK);
            if offset > MAX_OFFSET {
                let max = MAX_OFFSET as u64;
                return Err(BuildError::TooMany { len: offset as u64, max });
            }
            if offset == 0 {
                break;
            }
            self.table.set_offset(block, offset);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Table<HeapWords<A>>, BuildError> {
        self.close(usize::MAX)?;
        Ok(self.table)
    }
}
