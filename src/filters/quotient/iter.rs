//! Fingerprints in their order: of one filter, and of two as one.

use super::Quotient;
use super::table::BLOCK;
use crate::storage::{HeapWords, Words};
use core::fmt;
use core::iter::FusedIterator;

/// The fingerprints of a [`Quotient`], ascending.
pub struct Iter<'s, W: Words = HeapWords> {
    pub(super) set: &'s Quotient<W>,
    pub(super) left: u64,
    /// The quotients of this block that have a run and were not passed yet.
    pub(super) block: usize,
    pub(super) occupied: u64,
    pub(super) slot: usize,
    /// The block of the slot before, the ends there, and the remainders.
    pub(super) ends: (usize, u64),
    pub(super) remainders: [u64; BLOCK],
    pub(super) last: u64,
}

impl<W: Words> Iterator for Iter<'_, W> {
    type Item = u64;

    #[inline(always)]
    fn next(&mut self) -> Option<u64> {
        let table = &self.set.table;
        if self.left == 0 {
            return None;
        }
        while self.occupied == 0 {
            self.block += 1;
            if self.block >= table.blocks() {
                self.left = 0;
                return None;
            }
            self.occupied = table.occupied(self.block);
        }
        let quotient = self.block * BLOCK + self.occupied.trailing_zeros() as usize;
        let slot = self.slot.max(quotient);
        if slot / BLOCK != self.ends.0 {
            if slot >= table.slots() {
                self.left = 0;
                return None;
            }
            self.ends = (slot / BLOCK, table.ends(slot / BLOCK));
            table.remainders(slot / BLOCK, &mut self.remainders);
        }
        // The quotient has passed with the end of its run: without a branch, as runs are of any
        // length.
        let end = self.ends.1 >> (slot % BLOCK) & 1;
        self.occupied &= self.occupied - end;
        self.slot = slot + 1;
        self.left -= 1;
        // Ascending, whatever a damaged file says.
        let fingerprint = self.set.places.join(quotient, self.remainders[slot % BLOCK]);
        self.last = self.last.max(fingerprint);
        Some(self.last)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, usize::try_from(self.left).ok())
    }
}

impl<W: Words> FusedIterator for Iter<'_, W> {}

impl<W: Words> fmt::Debug for Iter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'s, W: Words> IntoIterator for &'s Quotient<W> {
    type Item = u64;
    type IntoIter = Iter<'s, W>;

    fn into_iter(self) -> Iter<'s, W> {
        self.iter()
    }
}

/// Two ascending sequences as one.
pub(super) struct Merged<A: Iterator, B: Iterator> {
    pub(super) a: core::iter::Peekable<A>,
    pub(super) b: core::iter::Peekable<B>,
}

impl<A: Iterator<Item = u64>, B: Iterator<Item = u64>> Iterator for Merged<A, B> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        match (self.a.peek(), self.b.peek()) {
            (Some(a), Some(b)) if a > b => self.b.next(),
            (Some(_), _) => self.a.next(),
            (None, _) => self.b.next(),
        }
    }
}
