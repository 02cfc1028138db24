//! Filling a table from front to back.

use super::{BLOCK, ENDS, MAX_OFFSET, OCCUPIED, Table, store, too_many};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::storage::HeapWords;

/// Fills an empty table from front to back, without moving anything.
///
/// What blocks say of runs and ends is written once they are complete: the processor would wait for
/// a word that was just written.
pub(in crate::filters::quotient) struct Filling<A: Alloc> {
    table: Table<HeapWords<A>>,
    edge: Edge,
}

/// Where a table that is being filled ends.
#[derive(Clone, Copy, Default)]
struct Edge {
    /// The slot behind the last one.
    next: usize,
    /// The last quotient.
    last: usize,
    /// Which quotients of its block have a run.
    occupied: u64,
    /// The block of the last slot, and the ends there.
    block: usize,
    ends: u64,
    /// The byte in which the last remainder ends, and what is in it so far.
    open: usize,
    before: u64,
}

impl<A: Alloc> Filling<A> {
    pub(in crate::filters::quotient) fn new(table: Table<HeapWords<A>>) -> Self {
        Self { table, edge: Edge::default() }
    }

    /// Appends quotients and remainders: both ascend.
    #[inline(always)]
    pub(in crate::filters::quotient) fn push_all(
        &mut self,
        cells: &[(usize, u64)],
    ) -> Result<(), BuildError> {
        let table = &mut self.table;
        // Copies, which stay in registers.
        let Edge { mut next, mut last, mut occupied, mut block, mut ends, mut open, mut before } =
            self.edge;
        for (quotient, remainder) in cells {
            let quotient = (*quotient).max(last);
            // Without a branch: runs are of any length.
            let end = u64::from(quotient != last && next > 0);
            ends |= end << (next.wrapping_sub(1) % BLOCK);
            if quotient / BLOCK != last / BLOCK {
                table.tell(last, occupied, next, quotient)?;
                occupied = 0;
            }
            let slot = next.max(quotient);
            if slot / BLOCK != block {
                table.set_word(block, ENDS, ends);
                (block, ends) = (slot / BLOCK, 0);
                table.open(block, quotient)?;
            }
            occupied |= 1 << (quotient % BLOCK);
            (next, last) = (slot + 1, quotient);
            // Without reading what was just written before it, for which the processor would wait.
            // All remainders behind it are empty still, and the padding.
            let (at, shift) = table.start_of(slot);
            let word = remainder << shift | if at == open { before } else { 0 };
            store(table.words.as_bytes_mut(), at, word);
            let end = shift + table.bits;
            (open, before) = (at + end as usize / 8, word >> (end & !7) & 0xFF);
        }
        self.edge = Edge { next, last, occupied, block, ends, open, before };
        Ok(())
    }

    pub(in crate::filters::quotient) fn finish(self) -> Result<Table<HeapWords<A>>, BuildError> {
        let Self { mut table, edge: Edge { next, last, occupied, block, ends, .. } } = self;
        if next > 0 {
            table.set_word(block, ENDS, ends | 1 << ((next - 1) % BLOCK));
        }
        table.tell(last, occupied, next, usize::MAX)?;
        Ok(table)
    }
}

/// What filling a table does once a block.
impl<A: Alloc> Table<HeapWords<A>> {
    /// Adds the block of the next slot, of a run of `quotient`, if it does not exist.
    #[inline(never)]
    fn open(&mut self, block: usize, quotient: usize) -> Result<(), BuildError> {
        if block >= self.blocks {
            // Blocks are not added one by one for a run that is refused when blocks are told of it.
            let offset = (block * BLOCK).saturating_sub((quotient / BLOCK + 1) * BLOCK) + 1;
            if offset > MAX_OFFSET {
                return Err(too_many(offset));
            }
            self.add_blocks(1)?;
            // The new block's offset is told when quotients reach it, or at the end.
        }
        Ok(())
    }

    /// Tells the block of the quotient `last` which of its quotients are `occupied`, and those
    /// behind it, up to that of `quotient`, that runs so far end before the slot `next`.
    #[inline(never)]
    fn tell(
        &mut self,
        last: usize,
        occupied: u64,
        next: usize,
        quotient: usize,
    ) -> Result<(), BuildError> {
        self.set_word(last / BLOCK, OCCUPIED, occupied);
        let upto = (quotient / BLOCK).min(self.blocks.saturating_sub(1));
        for block in last / BLOCK + 1..=upto {
            let offset = next.saturating_sub(block * BLOCK);
            if offset > MAX_OFFSET {
                return Err(too_many(offset));
            }
            if offset == 0 {
                break;
            }
            self.set_offset(block, offset);
        }
        Ok(())
    }
}
