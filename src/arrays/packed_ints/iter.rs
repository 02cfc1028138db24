//! The iterator of [`PackedInts`].

use super::PackedInts;
use crate::storage::Words;
use core::ops::Range;

/// The numbers of a [`PackedInts`], in order.
///
/// `fold`, and what stands on it (`for_each`, `sum`, `max`), unpacks many numbers at once.
#[derive(Debug)]
pub struct Iter<'a, W: Words> {
    ints: &'a PackedInts<W>,
    start: usize,
    end: usize,
}

impl<'a, W: Words> Iter<'a, W> {
    /// The numbers at `range`, which is in bounds.
    pub(super) const fn new(ints: &'a PackedInts<W>, range: Range<usize>) -> Self {
        Self { ints, start: range.start, end: range.end }
    }
}

impl<W: Words> Clone for Iter<'_, W> {
    fn clone(&self) -> Self {
        Self { ..*self }
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
        self.ints.get(self.start - 1)
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

    fn fold<B, F: FnMut(B, u64) -> B>(self, first: B, mut f: F) -> B {
        let mut folded = Some(first);
        self.ints.chunks_of(self.start..self.end, |chunk| {
            folded = folded.take().map(|first| chunk.iter().copied().fold(first, &mut f));
        });
        match folded {
            Some(folded) => folded,
            None => unreachable!("put back after every chunk"),
        }
    }
}

impl<W: Words> DoubleEndedIterator for Iter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        self.ints.get(self.end)
    }

    fn nth_back(&mut self, n: usize) -> Option<u64> {
        self.end = self.end.saturating_sub(n).max(self.start);
        self.next_back()
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}
impl<W: Words> core::iter::FusedIterator for Iter<'_, W> {}
