//! Iterators of bits, and of the positions of ones and zeros.

use crate::arrays::ranked_bits::line;
use crate::bits::word::below;
use crate::storage::Le64;
use core::iter::FusedIterator;
use core::ops::Range;

/// The bits of a bit vector, in order; `LINED` if they stand in lines, as those of
/// [`RankedBits`](crate::arrays::RankedBits) do.
#[derive(Clone, Debug)]
pub struct Iter<'a, const LINED: bool = false> {
    words: &'a [Le64],
    start: usize,
    end: usize,
}

/// The word of bit `index`, and which of its bits that is, modulo 64.
#[inline]
const fn place<const LINED: bool>(index: usize) -> (usize, u32) {
    if LINED { line::place(index) } else { (index >> 6, index as u32) }
}

/// The position of the first bit of word `at`.
#[inline]
const fn start<const LINED: bool>(at: usize) -> usize {
    if LINED { line::start(at) } else { at * 64 }
}

impl<'a, const LINED: bool> Iter<'a, LINED> {
    /// The first `len` bits of `words`.
    pub(in crate::arrays) const fn new(words: &'a [Le64], len: usize) -> Self {
        Self { words, start: 0, end: len }
    }

    #[inline]
    fn bit(&self, index: usize) -> bool {
        let (word, bit) = place::<LINED>(index);
        self.words.get(word).is_some_and(|word| word.get() >> (bit & 63) & 1 == 1)
    }
}

impl<const LINED: bool> Iterator for Iter<'_, LINED> {
    type Item = bool;

    #[inline]
    fn next(&mut self) -> Option<bool> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        Some(self.bit(self.start - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<bool> {
        self.start = self.start.saturating_add(n).min(self.end);
        self.next()
    }
}

impl<const LINED: bool> DoubleEndedIterator for Iter<'_, LINED> {
    #[inline]
    fn next_back(&mut self) -> Option<bool> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        Some(self.bit(self.end))
    }

    fn nth_back(&mut self, n: usize) -> Option<bool> {
        self.end = self.end.saturating_sub(n).max(self.start);
        self.next_back()
    }
}

impl<const LINED: bool> ExactSizeIterator for Iter<'_, LINED> {}
impl<const LINED: bool> FusedIterator for Iter<'_, LINED> {}

/// Positions of the ones of a bit vector, or of the zeros if not `BIT`, ascending; `LINED` if its
/// bits stand in lines.
///
/// Takes each word once and its ones one after the other, from either end. Counting what is left
/// (`count`) counts words.
#[derive(Clone, Debug)]
pub struct Positions<'a, const BIT: bool, const LINED: bool = false> {
    words: &'a [Le64],
    /// The word that the front takes ones from, and those it has left.
    front: usize,
    front_left: u64,
    /// The same of the back; where both are at one word, all that is left of it is in `front_left`.
    back: usize,
    back_left: u64,
}

/// Positions of the ones of a bit vector, ascending.
pub type Ones<'a, const LINED: bool = false> = Positions<'a, true, LINED>;
/// Positions of the zeros of a bit vector, ascending.
pub type Zeros<'a, const LINED: bool = false> = Positions<'a, false, LINED>;

impl<'a, const BIT: bool, const LINED: bool> Positions<'a, BIT, LINED> {
    /// Those in `range` of `words`.
    pub(in crate::arrays) fn new(words: &'a [Le64], range: Range<usize>) -> Self {
        let mut new = Self { words, front: 0, front_left: 0, back: 0, back_left: 0 };
        if range.is_empty() {
            return new;
        }
        let (front, first) = place::<LINED>(range.start);
        let (back, last) = place::<LINED>(range.end - 1);
        let (head, tail) = (!below(first), u64::MAX >> (63 - (last & 63)));
        (new.front, new.back) = (front, back);
        if new.front == new.back {
            new.front_left = new.word(new.front) & head & tail;
        } else {
            new.front_left = new.word(new.front) & head;
            new.back_left = new.word(new.back) & tail;
        }
        new
    }

    #[inline]
    fn word(&self, at: usize) -> u64 {
        let word = self.words.get(at).map_or(0, |word| word.get());
        let word = if BIT { word } else { !word };
        if LINED { word & line::bits_of(at) } else { word }
    }
}

impl<const BIT: bool, const LINED: bool> Iterator for Positions<'_, BIT, LINED> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.front_left == 0 {
            if self.front == self.back {
                return None;
            }
            self.front += 1;
            self.front_left = if self.front == self.back {
                core::mem::take(&mut self.back_left)
            } else {
                self.word(self.front)
            };
        }
        let bit = self.front_left.trailing_zeros();
        self.front_left &= self.front_left - 1;
        Some(start::<LINED>(self.front) + bit as usize)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ends = self.front_left.count_ones() + self.back_left.count_ones();
        let between = (self.back - self.front).saturating_sub(1).saturating_mul(64);
        (ends as usize, between.checked_add(ends as usize))
    }

    fn count(self) -> usize {
        let ends = self.front_left.count_ones() + self.back_left.count_ones();
        let between = (self.front + 1..self.back).map(|at| self.word(at).count_ones() as usize);
        between.sum::<usize>() + ends as usize
    }
}

impl<const BIT: bool, const LINED: bool> DoubleEndedIterator for Positions<'_, BIT, LINED> {
    #[inline]
    fn next_back(&mut self) -> Option<usize> {
        while self.front != self.back {
            if self.back_left != 0 {
                let bit = 63 - self.back_left.leading_zeros();
                self.back_left ^= 1 << bit;
                return Some(start::<LINED>(self.back) + bit as usize);
            }
            self.back -= 1;
            if self.front != self.back {
                self.back_left = self.word(self.back);
            }
        }
        if self.front_left == 0 {
            return None;
        }
        let bit = 63 - self.front_left.leading_zeros();
        self.front_left ^= 1 << bit;
        Some(start::<LINED>(self.front) + bit as usize)
    }
}

impl<const BIT: bool, const LINED: bool> FusedIterator for Positions<'_, BIT, LINED> {}
