//! [`Iter`]: the numbers in order, from both ends.

use super::{EliasFano, Words};

/// The numbers of an [`EliasFano`], or of a part of it, in order.
#[derive(Debug)]
pub struct Iter<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    /// The next number from the front.
    start: usize,
    /// One behind the next number from the back.
    end: usize,
    front: Ones,
    back: Ones,
}

/// Where a walk over the ones of `high` is: the word, and its ones that are still to come.
#[derive(Clone, Copy, Debug)]
struct Ones {
    at: usize,
    ones: u64,
}

impl<W: Words> Clone for Iter<'_, W> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, W: Words> Iter<'a, W> {
    /// The numbers `start..end`; both at most the length.
    pub(in crate::arrays) fn new(numbers: &'a EliasFano<W>, start: usize, end: usize) -> Self {
        let nowhere = Ones { at: 0, ones: 0 };
        let mut iter = Self { numbers, start, end, front: nowhere, back: nowhere };
        if start < end {
            iter.place_front();
            iter.place_back();
        }
        iter
    }

    /// The word of `high` that holds `bit`, and its place; one behind the last word at most.
    fn word_of(&self, bit: u64) -> (usize, u64) {
        let high = self.numbers.high();
        let at = usize::try_from(bit >> 6).unwrap_or(usize::MAX).min(high.len());
        (at, high.get(at).map_or(0, |word| word.get()))
    }

    /// Writes the next numbers into `out`, as many as fit and there are; returns how many.
    pub(in crate::arrays) fn fill(&mut self, out: &mut [u64]) -> usize {
        let (high, width) = (self.numbers.high(), self.numbers.lows.width());
        let count = self.numbers.lows.unpack(self.start, out).min(self.end - self.start);
        let (Ones { mut at, mut ones }, mut done) = (self.front, 0);
        while done < count {
            let some = (ones.count_ones() as usize).min(count - done);
            for out in &mut out[done..done + some] {
                let bit = at as u64 * 64 + u64::from(ones.trailing_zeros());
                *out |= bit.wrapping_sub(self.start as u64) << width;
                ones &= ones.wrapping_sub(1);
                self.start += 1;
            }
            done += some;
            match high.get(at + 1) {
                Some(word) if ones == 0 => (at, ones) = (at + 1, word.get()),
                // Where ones are missing in a damaged file, the walk ends.
                None if ones == 0 => break,
                _ => {}
            }
        }
        self.front = Ones { at, ones };
        done
    }

    /// Sets the front walk on number `start`.
    fn place_front(&mut self) {
        let bit = if self.start == 0 { 0 } else { self.numbers.bit(self.start as u64) };
        let (at, word) = self.word_of(bit);
        self.front = Ones { at, ones: word & u64::MAX << (bit & 63) };
    }

    /// Sets the back walk on the number before `end`.
    fn place_back(&mut self) {
        let bit = if self.end == self.numbers.len() {
            (self.numbers.high().len() as u64 * 64).saturating_sub(1)
        } else {
            self.numbers.bit(self.end as u64 - 1)
        };
        let (at, word) = self.word_of(bit);
        self.back = Ones { at, ones: word & u64::MAX >> (63 - (bit & 63)) };
    }
}

impl<W: Words> Iterator for Iter<'_, W> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        let high = self.numbers.high();
        // Where ones are missing in a damaged file, the walk stays at the end.
        while self.front.ones == 0 {
            match high.get(self.front.at + 1) {
                Some(word) => self.front = Ones { at: self.front.at + 1, ones: word.get() },
                None => break,
            }
        }
        let bit = self.front.at as u64 * 64 + u64::from(self.front.ones.trailing_zeros());
        self.front.ones &= self.front.ones.wrapping_sub(1);
        self.start += 1;
        Some(self.numbers.value(self.start as u64 - 1, bit))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    /// O(1), however large `n` is.
    fn nth(&mut self, n: usize) -> Option<u64> {
        if n < 64 {
            for _ in 0..n {
                self.next()?;
            }
            return self.next();
        }
        self.start = self.start.saturating_add(n).min(self.end);
        if self.start < self.end {
            self.place_front();
        }
        self.next()
    }

    fn count(self) -> usize {
        self.len()
    }

    fn last(mut self) -> Option<u64> {
        self.next_back()
    }

    fn min(mut self) -> Option<u64> {
        self.next()
    }

    fn max(mut self) -> Option<u64> {
        self.next_back()
    }

    fn is_sorted(self) -> bool {
        // Not taken for granted: this is how a file is checked.
        let mut last = 0;
        self.fold(true, |sorted, number| {
            let sorted = sorted && last <= number;
            last = number;
            sorted
        })
    }

    fn fold<B, F: FnMut(B, u64) -> B>(mut self, init: B, mut f: F) -> B {
        let mut folded = init;
        let (high, width) = (self.numbers.high(), self.numbers.lows.width());
        let Ones { mut at, mut ones } = self.front;
        // Word by word, as long as one holds fewer numbers than are left.
        let mut index = self.start;
        while self.end - index > ones.count_ones() as usize {
            while ones != 0 {
                let bit = at as u64 * 64 + u64::from(ones.trailing_zeros());
                let low = self.numbers.low(index as u64);
                folded = f(folded, bit.wrapping_sub(index as u64) << width | low);
                ones &= ones - 1;
                index += 1;
            }
            match high.get(at + 1) {
                Some(word) => (at, ones) = (at + 1, word.get()),
                None => break,
            }
        }
        (self.start, self.front) = (index, Ones { at, ones });
        for number in self {
            folded = f(folded, number);
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
        let high = self.numbers.high();
        while self.back.ones == 0 && self.back.at > 0 {
            let at = self.back.at - 1;
            self.back = Ones { at, ones: high[at].get() };
        }
        let top = self.back.ones.checked_ilog2().unwrap_or(0);
        self.back.ones &= !(1 << top);
        self.end -= 1;
        Some(self.numbers.value(self.end as u64, self.back.at as u64 * 64 + u64::from(top)))
    }

    fn nth_back(&mut self, n: usize) -> Option<u64> {
        if n < 64 {
            for _ in 0..n {
                self.next_back()?;
            }
            return self.next_back();
        }
        self.end = self.end.saturating_sub(n).max(self.start);
        if self.start < self.end {
            self.place_back();
        }
        self.next_back()
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}
impl<W: Words> core::iter::FusedIterator for Iter<'_, W> {}
