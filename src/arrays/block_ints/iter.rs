//! The iterator of [`BlockInts`].

use super::BlockInts;
use super::head::BLOCK;
use crate::storage::Words;
use core::fmt;
use core::ops::Range;

/// A block that is unpacked.
#[derive(Clone)]
struct Unpacked {
    /// Which one; none yet if there is no such block.
    block: usize,
    numbers: [u64; BLOCK],
}

impl Unpacked {
    const NONE: Self = Self { block: usize::MAX, numbers: [0; BLOCK] };

    /// The number at `index`, which exists.
    #[inline]
    fn get<W: Words>(&mut self, ints: &BlockInts<W>, index: usize) -> u64 {
        let block = index / BLOCK;
        if block != self.block {
            ints.unpack(block * BLOCK, &mut self.numbers);
            self.block = block;
        }
        self.numbers[index % BLOCK]
    }
}

/// The numbers of a [`BlockInts`], in order. Holds an unpacked block for each end: 2 KiB.
#[derive(Clone)]
pub struct Iter<'a, W: Words> {
    ints: &'a BlockInts<W>,
    start: usize,
    end: usize,
    front: Unpacked,
    back: Unpacked,
}

impl<'a, W: Words> Iter<'a, W> {
    /// The numbers at `range`, which is in bounds.
    pub(super) const fn new(ints: &'a BlockInts<W>, range: Range<usize>) -> Self {
        let (front, back) = (Unpacked::NONE, Unpacked::NONE);
        Self { ints, start: range.start, end: range.end, front, back }
    }
}

impl<W: Words> fmt::Debug for Iter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Iter").field(&(self.start..self.end)).finish()
    }
}

impl<W: Words> Iterator for Iter<'_, W> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        Some(self.front.get(self.ints, self.start - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<u64> {
        self.start = self.start.saturating_add(n).min(self.end);
        self.next()
    }

    fn last(mut self) -> Option<u64> {
        self.next_back()
    }

    fn fold<B, F: FnMut(B, u64) -> B>(mut self, first: B, mut f: F) -> B {
        let mut folded = first;
        while self.start < self.end {
            let skip = self.start % BLOCK;
            let count = (self.end - self.start).min(BLOCK - skip);
            self.front.get(self.ints, self.start);
            folded = self.front.numbers[skip..skip + count].iter().copied().fold(folded, &mut f);
            self.start += count;
        }
        folded
    }
}

impl<W: Words> DoubleEndedIterator for Iter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        Some(self.back.get(self.ints, self.end))
    }

    fn nth_back(&mut self, n: usize) -> Option<u64> {
        self.end = self.end.saturating_sub(n).max(self.start);
        self.next_back()
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}
impl<W: Words> core::iter::FusedIterator for Iter<'_, W> {}
