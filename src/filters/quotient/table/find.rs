//! Finding runs, and remainders in them.

use super::head::Head;
use super::{BLOCK, Table, from, load};
use crate::bits::word::{below, select_by};
use crate::simd::deposit::Deposit;
use crate::storage::Words;

/// The last slot of a run: its block, its place there, and all ends of the block.
#[derive(Clone, Copy)]
struct Last {
    block: usize,
    index: usize,
    ends: u64,
}

/// The last remainders of a run, so many as a word holds.
#[derive(Clone, Copy)]
struct Tail {
    /// The slot of the first of them.
    slot: usize,
    lanes: usize,
    /// One a lane, and in further lanes whatever follows.
    window: u64,
    /// Whether that is the whole run.
    whole: bool,
}

/// Where a remainder is, or belongs.
#[derive(Clone, Copy)]
pub(in crate::filters::quotient) struct Place {
    pub(super) quotient: usize,
    pub(super) remainder: u64,
    /// The last slot of the run that holds it, or the slot behind the last smaller one.
    pub(in crate::filters::quotient) slot: usize,
    pub(in crate::filters::quotient) found: bool,
    /// Whether the quotient has a run.
    pub(super) occupied: bool,
    /// The first slot of runs of quotients of this one's block.
    pub(super) start: usize,
    /// The slot behind all runs up to the quotient's; `None` if fewer runs end than there are.
    pub(super) end: Option<usize>,
}

impl<W: Words> Table<W> {
    /// The end of run number `runs`, from 1, of those of this block's quotients; `None` if fewer
    /// end.
    #[inline(always)]
    fn last_of(&self, by: Option<Deposit>, block: usize, head: Head, runs: u32) -> Option<Last> {
        let (mut block, mut ends) = (block, head.ends);
        if head.offset >= BLOCK {
            block += head.offset / BLOCK;
            ends = self.ends(block);
        }
        let (mut left, mut runs) = (ends & from(head.offset), runs);
        loop {
            let index = select_by(by, left, runs - 1) as usize;
            if index < BLOCK {
                return Some(Last { block, index, ends });
            }
            runs -= left.count_ones();
            block += 1;
            if block >= self.blocks {
                return None;
            }
            ends = self.ends(block);
            left = ends;
        }
    }

    /// The slot behind all runs of quotients up to `quotient`, of a block with this head; at most
    /// `quotient` if its slot is free. `None` if fewer runs end than quotients have.
    #[inline(always)]
    fn end_of(&self, by: Option<Deposit>, quotient: usize, head: Head) -> Option<usize> {
        let block = quotient / BLOCK;
        let runs = head.runs(quotient);
        if runs == 0 {
            let start = block * BLOCK + head.offset;
            return (start <= self.slots()).then_some(start);
        }
        let last = self.last_of(by, block, head, runs)?;
        Some(last.block * BLOCK + last.index + 1)
    }

    /// The last remainders of the run of `quotient`, which ends at `last`. `None` if it ends before
    /// its quotient, as only a damaged one does.
    #[inline(always)]
    fn tail(&self, quotient: usize, last: Last) -> Option<Tail> {
        // The run starts at its quotient or behind another's end, if not in a block before.
        let before = 64 - (last.ends & below(last.index as u32)).leading_zeros() as usize;
        let first = before.max(quotient.saturating_sub(last.block * BLOCK));
        let count = (last.index + 1).checked_sub(first).filter(|count| *count > 0)?;
        let lanes = count.min(self.lanes.count);
        let slot = last.block * BLOCK + last.index + 1 - lanes;
        let (at, shift) = self.start_of(slot);
        let window = load(self.bytes(), at) >> shift;
        let whole = lanes == count && (first > 0 || quotient == last.block * BLOCK);
        Some(Tail { slot, lanes, window, whole })
    }

    /// Whether the run of `quotient` holds `remainder`.
    #[inline(always)]
    pub(in crate::filters::quotient) fn holds(
        &self,
        by: Option<Deposit>,
        quotient: usize,
        remainder: u64,
    ) -> bool {
        let block = quotient / BLOCK;
        let head = self.head(block);
        if !head.is_occupied(quotient) {
            return false;
        }
        let last = self.last_of(by, block, head, head.runs(quotient));
        let Some(tail) = last.and_then(|last| self.tail(quotient, last)) else { return false };
        // A lane is 0 if it is the remainder; those that are not of the run are none.
        let others = u64::MAX << (tail.lanes as u32 * self.bits);
        let differ = tail.window ^ (self.lanes.ones * remainder) | others;
        let highs = self.lanes.ones << (self.bits - 1);
        if differ.wrapping_sub(self.lanes.ones) & !differ & highs != 0 {
            return true;
        }
        !tail.whole && self.search(quotient, remainder, tail.slot).1
    }

    /// Where `remainder` is in `quotient`'s run, or would be put.
    #[inline(always)]
    pub(in crate::filters::quotient) fn find(
        &self,
        by: Option<Deposit>,
        quotient: usize,
        remainder: u64,
    ) -> Place {
        let block = quotient / BLOCK;
        let head = self.head(block);
        let (occupied, start) = (head.is_occupied(quotient), block * BLOCK + head.offset);
        let mut place =
            Place { quotient, remainder, slot: 0, found: false, occupied, start, end: None };
        if !occupied {
            place.end = self.end_of(by, quotient, head);
            place.slot = place.end.unwrap_or(self.slots());
            return place;
        }
        let Some(last) = self.last_of(by, block, head, head.runs(quotient)) else { return place };
        let Some(tail) = self.tail(quotient, last) else { return place };
        place.end = Some(tail.slot + tail.lanes);
        (place.slot, place.found) = self.search_tail(quotient, remainder, &tail);
        place
    }

    /// The last slot that holds `remainder`, and that it is held; or the slot behind the last
    /// smaller one.
    #[inline(always)]
    fn search_tail(&self, quotient: usize, remainder: u64, tail: &Tail) -> (usize, bool) {
        let mask = !(u64::MAX << self.bits);
        for lane in (0..tail.lanes).rev() {
            let here = tail.window >> (lane as u32 * self.bits) & mask;
            if here <= remainder {
                let found = here == remainder;
                return (tail.slot + lane + usize::from(!found), found);
            }
        }
        if tail.whole { (tail.slot, false) } else { self.search(quotient, remainder, tail.slot) }
    }

    /// As [`search_tail`](Self::search_tail), in what is left of a run before `slot`.
    #[cold]
    #[inline(never)]
    fn search(&self, quotient: usize, remainder: u64, mut slot: usize) -> (usize, bool) {
        // Remainders of a run ascend, and it starts at its quotient or behind another's end.
        while slot > quotient && !self.is_end(slot - 1) {
            let here = self.remainder(slot - 1);
            if here <= remainder {
                let found = here == remainder;
                return (slot - usize::from(found), found);
            }
            slot -= 1;
        }
        (slot, false)
    }

    /// The first slot from `slot` on, behind runs of quotients before it, that is free; or, if not
    /// `free`, the first that removing from before it leaves where it is: it is free, or its run
    /// starts at its own quotient. One behind the last slot if there is none.
    #[inline(always)]
    pub(super) fn gap(&self, slot: usize, free: bool) -> usize {
        let mut index = slot % BLOCK;
        for block in slot / BLOCK..self.blocks {
            let gaps = self.head(block).gaps(free) & from(index);
            if gaps != 0 {
                return block * BLOCK + gaps.trailing_zeros() as usize;
            }
            index = 0;
        }
        self.slots()
    }
}
