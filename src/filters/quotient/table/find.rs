//! Finding runs, and remainders in them.

use super::head::{Head, window};
use super::{BLOCK, Table, from, load};
use crate::arrays::lower_bound;
use crate::bits::word::{below, select_by};
use crate::simd::deposit::{Deposit, Work};
use crate::storage::Words;

/// A run.
#[derive(Clone, Copy)]
struct Run {
    /// The slot behind it.
    end: usize,
    /// Its remainders.
    len: usize,
}

/// Where a remainder is, or belongs.
#[derive(Clone, Copy)]
pub(in crate::filters::quotient) struct Place {
    pub(super) quotient: usize,
    pub(super) remainder: u64,
    /// The last slot of the run that holds it, or the slot behind the last smaller one; if the
    /// quotient has no run, the slot behind those before it.
    pub(in crate::filters::quotient) slot: usize,
    pub(in crate::filters::quotient) found: bool,
    /// Whether the quotient has a run.
    pub(super) occupied: bool,
    pub(super) head: Head,
    /// The slot behind all runs up to the quotient's; more than there are if fewer runs end than
    /// there are.
    pub(super) end: usize,
}

/// [`Table::run_beyond`], apart: what most questions need stays in registers.
struct Beyond<'t, W> {
    table: &'t Table<W>,
    quotient: usize,
    start: usize,
    runs: u32,
}

impl<W: Words> Work for Beyond<'_, W> {
    type Out = Run;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Run {
        self.table.run_beyond(by, self.quotient, self.start, self.runs)
    }
}

impl<W: Words> Table<W> {
    /// The run of `quotient`; if it has none, one that ends where those before it end, or at the
    /// block's offset, of no sense but for that. If fewer runs end than quotients have, an empty
    /// one that ends behind the last slot.
    #[inline(always)]
    fn run(&self, by: Option<Deposit>, quotient: usize, head: Head) -> Run {
        let start = quotient / BLOCK * BLOCK + head.offset;
        let (begins, runs) = (head.begins(), head.runs(quotient));
        let end = select_by(by, begins, runs) as usize;
        // All tests at once: one in twenty goes the other way where nearly all slots are taken. Of
        // 64 runs the last cannot be selected here.
        if head.offset | end | runs as usize >= BLOCK {
            return self.way.run(Beyond { table: self, quotient, start, runs });
        }
        // A run starts where the one before it ends, or else at its quotient. A damaged one may end
        // before that.
        let before = (begins & below(end as u32)).leading_zeros() as usize;
        let len = (end + before).wrapping_sub(63);
        let end = start + end;
        Run { end, len: len.min(end.wrapping_sub(quotient)) }
    }

    /// As [`run`](Self::run), of a run that ends 63 slots and more behind the block's offset, or in
    /// a block behind.
    #[inline(always)]
    fn run_beyond(&self, by: Option<Deposit>, quotient: usize, start: usize, runs: u32) -> Run {
        let none = Run { end: self.slots() + 1, len: 0 };
        if runs == 0 {
            return if start > self.slots() { none } else { Run { end: start, len: 0 } };
        }
        let (mut slot, mut runs) = (start, runs);
        while slot < self.slots() {
            let ends = self.ends_from(slot);
            let index = select_by(by, ends, runs - 1) as usize;
            if index < BLOCK {
                let end = slot + index + 1;
                let mut ends = ends & below(index as u32);
                // It starts behind the end before it, of which there may be none from `start` on.
                while ends == 0 && slot > start {
                    slot -= BLOCK;
                    ends = self.ends_from(slot);
                }
                let before = slot + 64 - ends.leading_zeros() as usize;
                return Run { end, len: end.saturating_sub(before.max(quotient)) };
            }
            runs -= ends.count_ones();
            slot += BLOCK;
        }
        none
    }

    /// Which of 64 slots from this one on are the last of a run.
    #[inline(always)]
    fn ends_from(&self, slot: usize) -> u64 {
        let block = slot / BLOCK;
        window(self.ends(block), self.ends(block + 1), slot)
    }

    /// The remainders before the slot `end`, as many as there are lanes; `None` if there are fewer.
    #[inline(always)]
    fn lanes_before(&self, end: usize) -> Option<u64> {
        let (at, shift) = self.start_of(end.checked_sub(self.lanes.count)?);
        Some(load(self.bytes(), at) >> shift)
    }

    /// Whether the run of `quotient` holds `remainder`.
    #[inline(always)]
    pub(in crate::filters::quotient) fn holds(
        &self,
        by: Option<Deposit>,
        quotient: usize,
        remainder: u64,
    ) -> bool {
        let head = self.head(quotient / BLOCK);
        if !head.is_occupied(quotient) {
            return false;
        }
        let Run { end, len } = self.run(by, quotient, head);
        let Some(lanes) = self.lanes_before(end) else { return self.search(end, len, remainder).1 };
        let most = self.lanes.count;
        self.lanes.any_is(lanes, len.min(most), remainder)
            || len > most && self.search(end - most, len - most, remainder).1
    }

    /// Where `remainder` is in `quotient`'s run, or would be put.
    #[inline(always)]
    pub(in crate::filters::quotient) fn find(
        &self,
        by: Option<Deposit>,
        quotient: usize,
        remainder: u64,
    ) -> Place {
        let head = self.head(quotient / BLOCK);
        let occupied = head.is_occupied(quotient);
        let Run { end, len } = self.run(by, quotient, head);
        let mut place = Place { quotient, remainder, slot: end, found: false, occupied, head, end };
        // Its own slot is free: nothing to compare, and what most insertions into few keys find.
        if !occupied & (end <= quotient) {
            return place;
        }
        let len = if occupied { len } else { 0 };
        let most = self.lanes.count;
        let Some(lanes) = self.lanes_before(end).filter(|_| len <= most) else {
            (place.slot, place.found) = self.search(end, len, remainder);
            return place;
        };
        let upto = len - self.lanes.larger(lanes, len, remainder);
        // Runs of a damaged table need not ascend.
        place.found = (upto > 0) & self.lanes.any_is(lanes, len, remainder);
        place.slot = end - len + upto - usize::from(place.found);
        place
    }

    /// The last of `len` slots before `end`, which ascend, that holds `remainder`, and that it is
    /// held; or the slot behind the last smaller one.
    #[cold]
    #[inline(never)]
    fn search(&self, end: usize, len: usize, remainder: u64) -> (usize, bool) {
        let start = end - len;
        let behind = start + lower_bound(len, |at| self.remainder(start + at) <= remainder);
        let found = behind > start && self.remainder(behind - 1) == remainder;
        (behind - usize::from(found), found)
    }

    /// How many slots of `quotient`'s run hold `remainder`.
    pub(in crate::filters::quotient) fn count(&self, quotient: usize, remainder: u64) -> usize {
        let head = self.head(quotient / BLOCK);
        if !head.is_occupied(quotient) {
            return 0;
        }
        let Run { end, len } = self.run(None, quotient, head);
        let start = end - len;
        let upto = lower_bound(len, |at| self.remainder(start + at) <= remainder);
        upto - lower_bound(upto, |at| self.remainder(start + at) < remainder)
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

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::mem::Global;

    /// All quotients of a block have a run, and runs end blocks behind theirs.
    #[test]
    fn runs_of_full_blocks_are_found() {
        for bits in [1, 3, 8, 13, 28, 56] {
            let mut table = Table::empty(12, bits, Global).unwrap();
            let remainders: &[u64] = if bits == 1 { &[1, 1, 0] } else { &[5, 2, 7] };
            for (copies, remainder) in remainders.iter().enumerate() {
                for quotient in (0..128).chain(190..200) {
                    let place = table.find(None, quotient, *remainder);
                    assert_eq!(place.found, bits == 1 && copies == 1, "{bits}: {quotient}");
                    assert!(table.insert(&place).is_ok());
                }
                let len = (copies as u64 + 1) * 138;
                assert!(table.check(len, 200), "{bits} bits, {copies} copies");
            }
            for quotient in 0..200 {
                let with = !(128..190).contains(&quotient);
                for remainder in 0..8_u64.min(1 << bits) {
                    let held = with && remainders.contains(&remainder);
                    assert_eq!(table.holds(None, quotient, remainder), held, "{bits}: {quotient}");
                    assert_eq!(table.find(None, quotient, remainder).found, held);
                }
            }
            for quotient in (0..128).chain(190..200).rev() {
                for remainder in remainders {
                    let place = table.find(None, quotient, *remainder);
                    assert!(place.found, "{bits}: {quotient}");
                    table.remove(&place);
                }
            }
            assert!(table.check(0, 200), "{bits} bits");
        }
    }
}
