//! Many numbers of a [`PackedInts`] at once, with the processor's vectors.

use super::PackedInts;
use crate::simd::unpack;
use crate::storage::Words;
use core::ops::{Bound, Range, RangeBounds};

/// Numbers that are unpacked at once onto the stack: 2 KiB, so that they stay in the nearest cache.
const CHUNK: usize = 256;
/// Numbers that [`PackedInts::get_many`] asks for before it reads the first.
const AHEAD: usize = 64;

impl<W: Words> PackedInts<W> {
    /// The bytes of all numbers, and the bit at which the number at `index` starts.
    #[inline]
    fn packed(&self, index: usize) -> (&[u8], u64) {
        let bit = index as u64 * u64::from(self.width());
        (self.bytes(), bit)
    }

    /// How many of `wanted` numbers there are from `start` on.
    #[inline]
    fn at_most(&self, start: usize, wanted: usize) -> usize {
        self.len().saturating_sub(start).min(wanted)
    }

    /// Unpacks the numbers from `start` on into `out`, as far as both go; returns how many.
    ///
    /// A fifth to a half of the time of as many [`get`](Self::get)s. Allocates nothing.
    ///
    /// ```
    /// use lessram::arrays::PackedInts;
    ///
    /// let squares: PackedInts = (0..100).map(|i| i * i).collect();
    /// let mut out = [0; 3];
    /// assert_eq!((squares.unpack(10, &mut out), out), (3, [100, 121, 144]));
    /// assert_eq!((squares.unpack(99, &mut out), out), (1, [9801, 121, 144]));
    /// ```
    #[inline]
    pub fn unpack(&self, start: usize, out: &mut [u64]) -> usize {
        let count = self.at_most(start, out.len());
        if count > 0 {
            let (bytes, bit) = self.packed(start);
            unpack::unpack(bytes, bit, self.width(), &mut out[..count]);
        }
        count
    }

    /// Unpacks the numbers from `start` on into `out`, as far as both go; returns how many, or
    /// `None` if they have more than 32 bits.
    ///
    /// Half the time of [`unpack`](Self::unpack) up to 25 bits. Allocates nothing.
    #[inline]
    pub fn unpack_u32(&self, start: usize, out: &mut [u32]) -> Option<usize> {
        if self.width() > 32 {
            return None;
        }
        let count = self.at_most(start, out.len());
        if count > 0 {
            let (bytes, bit) = self.packed(start);
            unpack::unpack_u32(bytes, bit, self.width(), &mut out[..count]);
        }
        Some(count)
    }

    /// Shows `look` all numbers in order, some hundred at a time: the fastest way to go over them.
    /// Allocates nothing.
    ///
    /// ```
    /// use lessram::arrays::PackedInts;
    ///
    /// let ints: PackedInts = (0..1_000).collect();
    /// let mut odd = 0;
    /// ints.for_chunks(|chunk| odd += chunk.iter().filter(|x| **x % 2 == 1).count());
    /// assert_eq!(odd, 500);
    /// ```
    pub fn for_chunks(&self, look: impl FnMut(&[u64])) {
        self.chunks_of(0..self.len(), look);
    }

    /// As [`for_chunks`](Self::for_chunks), of the numbers at `range`, which is in bounds.
    #[inline]
    pub(super) fn chunks_of(&self, range: Range<usize>, mut look: impl FnMut(&[u64])) {
        let mut buffer = [0; CHUNK];
        let mut start = range.start;
        while start < range.end {
            let chunk = &mut buffer[..CHUNK.min(range.end - start)];
            start += self.unpack(start, chunk);
            look(chunk);
        }
    }

    /// The numbers at `indices` into `out`, position by position, as far as both go. Their cache
    /// lines are asked for ahead, so that their ways from memory overlap. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If an index is not that of a number.
    #[track_caller]
    pub fn get_many(&self, indices: &[usize], out: &mut [u64]) {
        for (indices, out) in indices.chunks(AHEAD).zip(out.chunks_mut(AHEAD)) {
            indices.iter().for_each(|index| self.prefetch(*index));
            for (index, out) in indices.iter().zip(out) {
                match self.get(*index) {
                    Some(number) => *out = number,
                    None => panic!("index {index} of {} numbers", self.len()),
                }
            }
        }
    }

    /// The sum of all numbers. O(n), allocates nothing.
    #[must_use]
    pub fn sum(&self) -> u128 {
        if self.width() == 0 {
            return 0;
        }
        let (bytes, bit) = self.packed(0);
        unpack::sum(bytes, bit, self.width(), self.len())
    }

    /// The least and the largest number, or `None` if there is none. O(n), allocates nothing.
    #[must_use]
    pub fn min_max(&self) -> Option<(u64, u64)> {
        if self.is_empty() || self.width() == 0 {
            // Numbers of 0 bits are all 0, and may be more than anybody can look at.
            return if self.is_empty() { None } else { Some((0, 0)) };
        }
        let (bytes, bit) = self.packed(0);
        Some(unpack::min_max(bytes, bit, self.width(), self.len()))
    }

    /// How many numbers lie in `range`. O(n), allocates nothing.
    ///
    /// ```
    /// use lessram::arrays::PackedInts;
    ///
    /// let ages: PackedInts = (0..1_000).map(|i| i * 7 % 100).collect();
    /// assert_eq!((ages.count_in(18..), ages.count_in(..18)), (820, 180));
    /// ```
    #[must_use]
    pub fn count_in(&self, range: impl RangeBounds<u64>) -> usize {
        let Some([first, last]) = inclusive(&range) else { return 0 };
        if self.width() == 0 {
            return if first == 0 { self.len() } else { 0 };
        }
        let (bytes, bit) = self.packed(0);
        unpack::count_in(bytes, bit, self.width(), self.len(), [first, last])
    }
}

/// The first and the last number of `range`, or `None` if there is none in it.
fn inclusive(range: &impl RangeBounds<u64>) -> Option<[u64; 2]> {
    let first = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let last = match range.end_bound() {
        Bound::Included(last) => *last,
        Bound::Excluded(behind) => behind.checked_sub(1)?,
        Bound::Unbounded => u64::MAX,
    };
    (first <= last).then_some([first, last])
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::bits::field;
    use crate::error::Tag;
    use crate::storage::Le64;
    use std::vec::Vec;

    /// Sequences of every width, of lengths around whole groups and chunks.
    fn cases() -> impl Iterator<Item = (Vec<u64>, PackedInts)> {
        (0..=64).flat_map(|width| {
            [0, 1, 8, 255, 256, 700].map(|len| {
                let number = |i: u64| (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(9);
                let numbers: Vec<u64> = (0..len).map(|i| number(i) & field::mask(width)).collect();
                let packed = PackedInts::from(&numbers[..]);
                (numbers, packed)
            })
        })
    }

    #[test]
    fn chunks_folds_and_buffers_equal_getting_one_by_one() {
        for (numbers, packed) in cases() {
            let mut chunked = Vec::new();
            packed.for_chunks(|chunk| chunked.extend_from_slice(chunk));
            assert_eq!(chunked, numbers, "width {}", packed.width());
            let mut iter = packed.iter();
            iter.nth(2);
            iter.nth_back(3);
            let middle = numbers.get(3..numbers.len().saturating_sub(4)).unwrap_or(&[]);
            iter.for_each({
                let mut middle = middle.iter();
                move |number| assert_eq!(Some(&number), middle.next())
            });
            for start in [0, 1, 7, 250, numbers.len(), usize::MAX] {
                let rest = numbers.get(start..).unwrap_or(&[]);
                let (mut out, count) = ([7; 20], rest.len().min(20));
                assert_eq!(packed.unpack(start, &mut out), count);
                assert_eq!(out[..count], rest[..count]);
                assert!(out[count..].iter().all(|number| *number == 7));
                let mut out = [7; 20];
                let expected = (packed.width() <= 32).then_some(count);
                assert_eq!(packed.unpack_u32(start, &mut out), expected);
                let same = out.iter().zip(&rest[..count]).all(|(x, y)| u64::from(*x) == *y);
                assert!(same || expected.is_none());
            }
        }
    }

    #[test]
    fn summaries_equal_those_of_a_vec() {
        for (numbers, packed) in cases() {
            assert_eq!(packed.sum(), numbers.iter().map(|x| u128::from(*x)).sum::<u128>());
            let extremes = numbers.iter().min().copied().zip(numbers.iter().max().copied());
            assert_eq!(packed.min_max(), extremes);
            let middle = numbers.get(numbers.len() / 2).copied().unwrap_or(5);
            let count = |range: (Bound<u64>, Bound<u64>)| {
                let expected = numbers.iter().filter(|x| range.contains(*x)).count();
                assert_eq!(packed.count_in(range), expected, "{range:?}");
            };
            for first in [Bound::Unbounded, Bound::Included(middle), Bound::Excluded(middle)] {
                for last in [Bound::Unbounded, Bound::Included(middle), Bound::Excluded(middle)] {
                    count((first, last));
                }
            }
        }
    }

    #[test]
    fn many_at_once_equal_one_by_one() {
        for (numbers, packed) in cases().filter(|(numbers, _)| !numbers.is_empty()) {
            let indices: Vec<usize> = (0..150).map(|i| i * i * 31 % numbers.len()).collect();
            let mut out = [7; 151];
            packed.get_many(&indices, &mut out);
            let expected: Vec<u64> = indices.iter().map(|i| numbers[*i]).chain([7]).collect();
            assert_eq!(out, expected[..]);
        }
    }

    #[test]
    #[should_panic = "index 3 of 3 numbers"]
    fn many_with_one_too_many_panic() {
        PackedInts::from(&[1, 2, 3][..]).get_many(&[0, 3], &mut [0; 2]);
    }

    #[test]
    fn numbers_of_no_bits_take_no_time() {
        let no_words: &[Le64] = &[];
        let zeros = PackedInts::from_words(no_words, 1 << 31, 0, Tag::HEAD).unwrap();
        assert_eq!((zeros.sum(), zeros.min_max()), (0, Some((0, 0))));
        assert_eq!((zeros.count_in(..), zeros.count_in(1..)), (1 << 31, 0));
        assert_eq!(zeros.unpack((1 << 31) - 1, &mut [1, 1]), 1);
    }

    #[test]
    fn widening_and_narrowing_keep_the_numbers() {
        for (from, to) in [(0, 1), (0, 64), (1, 2), (7, 9), (13, 57), (31, 64), (63, 64)] {
            for len in [1, 63, 255, 256, 257, 1_025] {
                let mut numbers: Vec<u64> = (0..len)
                    .map(|i: u64| i.wrapping_mul(0x9E37_79B9) & field::mask(from))
                    .collect();
                let mut packed = PackedInts::from(&numbers[..]);
                packed.push(field::mask(to));
                numbers.push(field::mask(to));
                assert_eq!(packed.iter().collect::<Vec<_>>(), numbers, "{from} to {to}, {len}");
                assert_eq!((packed.width(), packed.pop()), (to, numbers.pop()));
                packed.shrink_to_fit();
                assert_eq!(packed, PackedInts::from(&numbers[..]), "{to} to {from}, {len}");
                assert!(packed.width() <= from && packed.validate().is_ok());
            }
        }
    }

    #[test]
    fn appending_many_equals_appending_one_by_one() {
        let mut many = PackedInts::new();
        let mut one_by_one = PackedInts::new();
        for (numbers, _) in cases() {
            many.extend_from_slice(&numbers);
            numbers.iter().for_each(|number| one_by_one.push(*number));
        }
        assert_eq!(many.width(), one_by_one.width());
        assert_eq!(many.words(), one_by_one.words());
        assert_eq!(many.len(), one_by_one.len());
    }
}
