//! [`EliasFano`]: ascending numbers in about two bits more than the logarithm of their mean gap.

mod build;
mod cursor;
mod iter;
#[cfg(all(test, feature = "alloc"))]
mod tests;

pub use build::EliasFanoBuilder;
pub use cursor::Cursor;
pub(super) use iter::Iter;

use super::{DenseSelect, Ints, PackedInts, SortedInts, lower_bound, positions_in};
use crate::bits::word::is_cached;
use crate::error::{FileError, Tag};
use crate::mem::{Footprint, PartKind, Parts};
use crate::simd::deposit::{self, Deposit, Work};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, doors, require};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Range, RangeBounds};

/// The section of the low halves.
const LOWS: Tag = Tag(*b"lows");
/// The section of the high halves, as bits.
const HIGH: Tag = Tag(*b"high");
/// The section of the index over the ones of `HIGH`.
const ONES: Tag = Tag(*b"sel1");
/// The section of the index over its zeros.
const ZEROS: Tag = Tag(*b"sel0");

/// Items of one bucket that are compared one by one, before a binary search takes over: guess.
const WALK: u64 = 16;
/// Words without a one that are looked at one by one, before the index is asked: guess.
const GAP: usize = 16;
/// Positions that `get_many` has under way at once: guess, about what a core can wait for.
const BATCH: usize = 32;

/// A static sequence of ascending numbers, equal ones allowed: by position, and by value.
///
/// Takes `2 + log2(u/n)` bits for each of `n` numbers up to `u`, whatever their distribution, and a
/// fifth of a bit for the index at most: ten million numbers with gaps of 100 on average take 8.8
/// bits each where a `Vec<u64>` takes 64. With [`with_succ`](EliasFanoBuilder::with_succ) they take
/// 9.1 bits, and are also a fast ordered set: [`succ`](Self::succ), [`pred`](Self::pred),
/// [`rank`](Self::rank), [`contains`](Self::contains).
///
/// # When not to use it
///
/// - Numbers that come in runs, or at nearly equal distances: [`BlockInts`](super::BlockInts) use
///   that, and this does not.
/// - A set of which more than a quarter of the universe is in: a
///   [`RankSelect`](super::RankSelect) is smaller.
/// - Numbers that change: all is built at once.
/// - Reads by position that must be as fast as a `Vec`'s: one takes 3 cache lines.
///
/// # Layout
///
/// ```text
/// number = high << l | low        l = floor(log2((u+1)/n)) bits of low
/// lows    | low 0 | low 1 | ... | low n-1 |          a PackedInts of l bits
/// high    1 at bit high(i) + i for each i, 0 elsewhere: each zero ends the bucket of a high half
/// ones    DenseSelect<128> of high: bit of number i
/// zeros   DenseSelect<128> of its zeros, on request: where a bucket starts
/// ```
///
/// Three or four blocks without slack, whose sizes are known before the first number comes:
/// building from a stream takes no more than the result.
///
/// # Space
///
/// `l` bits a number of lows, `n + (u >> l) + 1` bits of high, 24 bytes for each 1,024 numbers, and
/// with `with_succ` 24 bytes for each 1,024 buckets: at most `2.19 + log2((u+1)/n)` bits a number,
/// and 0.37 more. Each part is rounded to whole words. Numbers that leave stretches of more than
/// 65,535 buckets empty add up to 3.2 % of their high bits to the index.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get` | O(1) | 3 |
/// | `get_many` | O(1) each, many under way at once | 3 |
/// | `succ`, `pred`, `rank`, `contains` with `with_succ` | O(log) of the numbers that share a high half | 3 |
/// | without | O(log n) times `get` | |
/// | step of an iterator or a cursor | O(1) amortised | 0.2 |
/// | building | O(n + buckets) | |
///
/// Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::EliasFano, mem::Footprint};
///
/// let mut builder = EliasFano::builder(1_000, 99_900)?.with_succ();
/// for i in 0..1_000 {
///     builder.push(i * 100)?;
/// }
/// let numbers = builder.finish()?;
/// assert_eq!(numbers.get(3), Some(300));
/// assert_eq!(numbers.succ(301), Some((4, 400)));
/// assert_eq!(numbers.pred(301), Some((3, 300)));
/// assert_eq!(numbers.heap_bytes(), 1_160); // Vec<u64>: 8,000
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Elias, "Efficient storage and retrieval by content and address of static files", 1974; Fano, "On
/// the number of bits required to implement an associative memory", 1971; Vigna, "Quasi-succinct
/// indices", 2013.
#[derive(Clone)]
pub struct EliasFano<W: Words = HeapWords> {
    lows: PackedInts<W>,
    /// As many words as `high_bits(len, max, width)` take; bits behind are 0.
    high: W,
    ones: DenseSelect<128, false, W>,
    zeros: Option<DenseSelect<128, true, W>>,
    /// No number is larger.
    max: u64,
}

/// A place between two numbers: how many stand before it, and how many bits of `high`.
#[derive(Clone, Copy, Debug)]
struct Place {
    index: u64,
    bit: u64,
}

/// Bits of `high` for `len` numbers up to `max` with `width < 64` low bits.
fn high_bits(len: u64, max: u64, width: u32) -> Option<u64> {
    if len == 0 { Some(0) } else { len.checked_add(max >> width)?.checked_add(1) }
}

impl<W: Words> EliasFano<W> {
    /// How many numbers there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.lows.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest number that could have been there, as stated when it was built.
    #[must_use]
    pub const fn max_value(&self) -> u64 {
        self.max
    }

    /// Whether it was built [`with_succ`](EliasFanoBuilder::with_succ), so that questions by value
    /// are fast.
    #[must_use]
    pub const fn has_succ(&self) -> bool {
        self.zeros.is_some()
    }

    #[inline]
    fn high(&self) -> &[Le64] {
        self.high.words()
    }

    /// The number whose bit in `high` is `bit`. Of a damaged file, anything.
    #[inline]
    fn value(&self, index: u64, bit: u64) -> u64 {
        let low = self.lows.get(index as usize).unwrap_or(0);
        self.join(index, bit, low)
    }

    #[inline]
    fn join(&self, index: u64, bit: u64, low: u64) -> u64 {
        bit.wrapping_sub(index) << self.lows.width() | low
    }

    /// The bit of number `index`; of a damaged file, anything.
    #[inline]
    fn bit(&self, index: u64) -> u64 {
        self.bit_by(index, None)
    }

    /// As [`bit`](Self::bit), in work that may be compiled for a processor with `pdep`.
    #[inline(always)]
    fn bit_by(&self, index: u64, by: Option<Deposit>) -> u64 {
        self.ones.select_by(self.high(), index, by).unwrap_or(index)
    }

    /// The number at `index`, or `None` if there is none. O(1), 3 cache lines, allocates nothing.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<u64> {
        deposit::run(GetOne { numbers: self, index })
    }

    /// As [`get`](Self::get), in the fewest steps where that pays; `None` also where these do not
    /// find it.
    #[inline(always)]
    fn get_forward(&self, index: usize, by: Option<Deposit>) -> Option<u64> {
        let low = self.lows.get_narrow(index)?;
        let bit = self.ones.select_forward(self.high(), index as u64, by)?;
        Some(self.join(index as u64, bit, low))
    }

    /// [`bit`](Self::bit) in as many steps as it takes.
    #[inline(never)]
    fn bit_anywhere(&self, index: u64) -> u64 {
        self.bit(index)
    }

    /// The first number, or `None` if there is none: the least.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.get(0)
    }

    /// The last number, or `None` if there is none: the greatest.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.get(self.len().wrapping_sub(1))
    }

    /// Puts the number at each of `indices` into `out`. As [`get`](Self::get) of each, but the
    /// memory of many is under way at once. Of ten million numbers it takes four fifths of the
    /// time, of few, which are near anyway, a quarter more (bench `elias_fano` of the peers).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are indices, or an index is not below
    /// [`len`](Self::len).
    #[track_caller]
    pub fn get_many(&self, indices: &[usize], out: &mut [u64]) {
        assert_eq!(indices.len(), out.len(), "as many places as indices");
        for index in indices {
            assert!(*index < self.len(), "index {index} of {} numbers", self.len());
        }
        deposit::run(GetMany { numbers: self, indices, out });
    }

    /// Asks for the memory that the numbers at `indices` are read from.
    pub(super) fn prefetch(&self, indices: &[usize]) {
        for index in indices {
            self.ones.prefetch(*index as u64);
            self.lows.prefetch(*index);
        }
        for index in indices {
            self.ones.prefetch_bits(self.high(), *index as u64);
        }
    }

    /// The numbers at `index` and behind it, if there are both: for the second no index is asked.
    #[inline]
    pub(super) fn pair(&self, index: usize) -> Option<(u64, u64)> {
        deposit::run(Pair { numbers: self, index })
    }

    /// As [`pair`](Self::pair), in work that may be compiled for a processor with `pdep`.
    #[inline(always)]
    pub(super) fn pair_by(&self, index: usize, by: Option<Deposit>) -> Option<(u64, u64)> {
        let next = index.checked_add(1)?;
        let (low, low_next) = (self.lows.get(index)?, self.lows.get(next)?);
        let bit = self.bit_by(index as u64, by);
        let bit_next = self.next_bit(Place { index: next as u64, bit: bit.wrapping_add(1) });
        let first = self.join(index as u64, bit, low);
        Some((first, self.join(next as u64, bit_next, low_next)))
    }

    /// The place before the first number that is at least `x`.
    #[inline]
    fn seek(&self, x: u64) -> Place {
        let end = Place { index: self.len() as u64, bit: self.high().len() as u64 * 64 };
        if x > self.max || self.is_empty() {
            return end;
        }
        let place = self.seek_inside(x);
        // Of a damaged file, any: but never behind the last number.
        if place.index <= end.index { place } else { end }
    }

    /// As [`seek`](Self::seek), of an `x` that could be there.
    #[inline]
    fn seek_inside(&self, x: u64) -> Place {
        let Some(zeros) = &self.zeros else { return self.seek_slowly(x) };
        // The numbers of bucket h follow on zero h - 1, and h zeros stand before them.
        let (h, low) = (x >> self.lows.width(), x & self.low_mask());
        let mut place = self.start(zeros, h);
        for _ in 0..WALK {
            if !self.is_one(place.bit) || self.low(place.index) >= low {
                return place;
            }
            place.index += 1;
            place.bit += 1;
        }
        self.seek_in_bucket(place, zeros.select(self.high(), h), low)
    }

    /// The place before the first number of bucket `h`. Where bits have to be waited for, asks for
    /// the low halves at the same time, and takes the fewest steps if that pays.
    #[inline(always)]
    fn start(&self, zeros: &DenseSelect<128, true, W>, h: u64) -> Place {
        deposit::run(Start { numbers: self, zeros, h })
    }

    /// [`start`](Self::start) in the fewest steps, where that pays; `None` also where these do not
    /// find it.
    #[inline(always)]
    fn start_forward(
        &self,
        zeros: &DenseSelect<128, true, W>,
        h: u64,
        by: Option<Deposit>,
    ) -> Option<Place> {
        if is_cached(self.high().len()) {
            return None;
        }
        let before = h.wrapping_sub(1);
        let from = zeros.sample_before(before)?;
        // How many numbers stand before the sample is known, and behind it come 1/2 to 1 for each
        // zero on average: of evenly spread ones this misses by at most 32 of them.
        let left = before % 128;
        let index = from.wrapping_sub(before).wrapping_add(left + left * 3 / 4);
        self.lows.prefetch(index as usize);
        let bit = zeros.select_from(self.high(), from, before, by)? + 1;
        Some(Place { index: bit.saturating_sub(h), bit })
    }

    /// [`start`](Self::start) in as many steps as it takes.
    #[inline(always)]
    fn start_by(&self, zeros: &DenseSelect<128, true, W>, h: u64, by: Option<Deposit>) -> Place {
        let zero = match h.checked_sub(1) {
            Some(before) => zeros.select_by(self.high(), before, by),
            None => None,
        };
        let bit = zero.map_or(0, |bit| bit + 1);
        Place { index: bit.saturating_sub(h), bit }
    }

    /// [`start_by`](Self::start_by), out of line.
    #[inline(never)]
    fn start_anywhere(&self, zeros: &DenseSelect<128, true, W>, h: u64) -> Place {
        self.start_by(zeros, h, None)
    }

    /// The place before the first number from `place` on, and before the zero at `end`, whose low
    /// half is at least `low`.
    #[cold]
    fn seek_in_bucket(&self, place: Place, end: Option<u64>, low: u64) -> Place {
        let rest = (self.len() as u64).saturating_sub(place.index);
        let run = end.and_then(|end| end.checked_sub(place.bit)).unwrap_or(0).min(rest);
        let before = lower_bound(run as usize, |i| self.low(place.index + i as u64) < low) as u64;
        Place { index: place.index + before, bit: place.bit + before }
    }

    /// As [`seek`](Self::seek), without the index of zeros.
    fn seek_slowly(&self, x: u64) -> Place {
        let index = lower_bound(self.len(), |i| self.get(i).is_some_and(|number| number < x));
        self.place_of(index)
    }

    /// The place before number `index`; the end if there is none.
    fn place_of(&self, index: usize) -> Place {
        let bit = match index {
            0 => 0,
            index if index < self.len() => self.bit(index as u64),
            _ => self.high().len() as u64 * 64,
        };
        Place { index: index.min(self.len()) as u64, bit }
    }

    /// The place behind the last number that is at most `x`.
    #[inline]
    fn seek_after(&self, x: u64) -> Place {
        match x.checked_add(1) {
            Some(next) => self.seek(next),
            None => self.place_of(self.len()),
        }
    }

    #[inline]
    fn low_mask(&self) -> u64 {
        crate::bits::field::mask(self.lows.width())
    }

    #[inline]
    fn low(&self, index: u64) -> u64 {
        self.lows.get(index as usize).unwrap_or(0)
    }

    #[inline]
    fn is_one(&self, bit: u64) -> bool {
        self.high().get((bit >> 6) as usize).is_some_and(|word| word.get() >> (bit & 63) & 1 == 1)
    }

    /// The bit of the first number behind `place`, which there is.
    #[inline]
    fn next_bit(&self, place: Place) -> u64 {
        let first = (place.bit >> 6) as usize;
        let words = self.high().get(first..).unwrap_or(&[]);
        let mut mask = u64::MAX << (place.bit & 63);
        for (at, word) in words.iter().take(GAP).enumerate() {
            let ones = word.get() & mask;
            if ones != 0 {
                return (first + at) as u64 * 64 + u64::from(ones.trailing_zeros());
            }
            mask = u64::MAX;
        }
        self.bit(place.index)
    }

    /// The bit of the last number before `place`, which there is.
    #[inline]
    fn bit_before(&self, place: Place) -> u64 {
        let last = (place.bit >> 6) as usize;
        let words = self.high().get(..=last).unwrap_or(self.high());
        let mut mask = if last < words.len() { !(u64::MAX << (place.bit & 63)) } else { u64::MAX };
        for (at, word) in words.iter().enumerate().rev().take(GAP) {
            let ones = word.get() & mask;
            if ones != 0 {
                return at as u64 * 64 + u64::from(ones.ilog2());
            }
            mask = u64::MAX;
        }
        self.bit(place.index.saturating_sub(1))
    }

    /// The nearest number that is at least `x`, with its index; the first one of equal numbers.
    /// `None` if all are smaller. Allocates nothing.
    #[must_use]
    // In line even where it is asked in several places: a loop keeps what a call fetches again.
    #[inline(always)]
    pub fn succ(&self, x: u64) -> Option<(usize, u64)> {
        let Some(zeros) = &self.zeros else { return self.succ_far(x) };
        if x > self.max || self.is_empty() {
            return None;
        }
        let start = self.start(zeros, x >> self.lows.width());
        // Mostly it is one of the first two from there on: which one, no processor foresees.
        if let Some([first, second]) = self.two_from(start) {
            let is_second = first < x;
            let value = if is_second { second } else { first };
            if value >= x {
                return Some((start.index as usize + usize::from(is_second), value));
            }
        }
        self.succ_from(start, x)
    }

    /// The two numbers from `place` on, where their bits are in one word.
    #[inline(always)]
    fn two_from(&self, place: Place) -> Option<[u64; 2]> {
        let word = self.high().get((place.bit >> 6) as usize)?.get();
        let ones = word & u64::MAX << (place.bit & 63);
        let behind = ones & ones.wrapping_sub(1);
        if behind == 0 {
            return None;
        }
        let (low, low_next) = self.lows.pair(place.index as usize)?;
        let bit = |ones: u64| (place.bit & !63) + u64::from(ones.trailing_zeros());
        let first = self.join(place.index, bit(ones), low);
        Some([first, self.join(place.index + 1, bit(behind), low_next)])
    }

    /// [`succ`](Self::succ), number by number from `start` on, whichever bucket they are in: to ask
    /// where one ends is a branch more that cannot be foreseen.
    #[inline(never)]
    fn succ_from(&self, start: Place, x: u64) -> Option<(usize, u64)> {
        let (mut index, mut at) = (start.index, (start.bit >> 6) as usize);
        let mut ones = self.high().get(at)?.get() & u64::MAX << (start.bit & 63);
        for _ in 0..WALK {
            if ones == 0 {
                let bit = self.next_bit(Place { index, bit: (at as u64 + 1) * 64 });
                at = (bit >> 6) as usize;
                ones = self.high().get(at)?.get() & u64::MAX << (bit & 63);
            }
            let bit = at as u64 * 64 + u64::from(ones.trailing_zeros());
            let value = self.join(index, bit, self.lows.get(index as usize)?);
            if value >= x {
                return Some((index as usize, value));
            }
            // No one is there in damaged files alone.
            ones &= ones.wrapping_sub(1);
            index += 1;
        }
        self.succ_far(x)
    }

    /// [`succ`](Self::succ) with a search in the bucket.
    #[cold]
    #[inline(never)]
    fn succ_far(&self, x: u64) -> Option<(usize, u64)> {
        let place = self.seek(x);
        (place.index < self.len() as u64)
            .then(|| (place.index as usize, self.value(place.index, self.next_bit(place))))
    }

    /// The nearest number that is at most `x`, with its index; the last one of equal numbers.
    /// `None` if all are greater. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn pred(&self, x: u64) -> Option<(usize, u64)> {
        let place = self.seek_after(x);
        let index = place.index.checked_sub(1)?;
        Some((index as usize, self.value(index, self.bit_before(place))))
    }

    /// How many numbers are smaller than `x`: the first place where `x` could be inserted, as
    /// Python's `bisect_left`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn rank(&self, x: u64) -> usize {
        self.seek(x).index as usize
    }

    /// How many numbers are at most `x`: the last place where `x` could be inserted, as Python's
    /// `bisect_right`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn rank_after(&self, x: u64) -> usize {
        self.seek_after(x).index as usize
    }

    /// How often `x` occurs. Allocates nothing.
    #[must_use]
    pub fn count(&self, x: u64) -> usize {
        self.rank_after(x).saturating_sub(self.rank(x))
    }

    /// Whether `x` occurs. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains(&self, x: u64) -> bool {
        self.succ(x).is_some_and(|(_, number)| number == x)
    }

    /// Where `value` is, or else where it would be put. If it occurs several times, the first
    /// place. Allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `value` does not occur: inserting it there would keep the order.
    #[inline]
    pub fn binary_search(&self, value: u64) -> Result<usize, usize> {
        match self.succ(value) {
            Some((index, number)) if number == value => Ok(index),
            Some((index, _)) => Err(index),
            None => Err(self.len()),
        }
    }

    /// How many numbers at the front fulfil `first_part`, if all that do stand before all that do
    /// not. O(log n) times `get`, allocates nothing.
    pub fn partition_point(&self, mut first_part: impl FnMut(u64) -> bool) -> usize {
        lower_bound(self.len(), |index| self.get(index).is_some_and(&mut first_part))
    }

    /// The numbers in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, W> {
        Iter::new(self, 0, self.len())
    }

    /// The numbers from position `index` on: as `iter().skip(index)`, in O(1).
    #[must_use]
    pub fn iter_from(&self, index: usize) -> Iter<'_, W> {
        Iter::new(self, index.min(self.len()), self.len())
    }

    /// The numbers within `bounds`, in order.
    #[must_use]
    pub fn range(&self, bounds: impl RangeBounds<u64>) -> Iter<'_, W> {
        let Range { start, end } = positions_in(bounds, self.len(), |x| self.rank(x));
        Iter::new(self, start, end)
    }

    /// A cursor at position `index`, or behind the last number if there is none.
    #[must_use]
    pub fn cursor(&self, index: usize) -> Cursor<'_, W> {
        Cursor::new(self, self.place_of(index))
    }

    /// A cursor at the first number that is at least `x`, or behind the last number if all are
    /// smaller.
    #[must_use]
    pub fn cursor_at(&self, x: u64) -> Cursor<'_, W> {
        Cursor::new(self, self.seek(x))
    }

    /// Bits of `high` that mean something.
    fn high_len(&self) -> u64 {
        // Checked when it was opened, and when it was built.
        high_bits(self.len() as u64, self.max, self.lows.width()).unwrap_or(0)
    }

    /// How many buckets there are: the zeros of `high`.
    fn buckets(&self) -> u64 {
        self.high_len() - self.len() as u64
    }

    /// The sections, without the parameters.
    #[cfg(feature = "alloc")]
    pub(crate) fn store_sections<'s>(&'s self, out: &mut Sections<'s>) {
        out.section(LOWS, 8, self.lows.words());
        out.section(HIGH, 8, self.high());
        out.section(ONES, 8, self.ones.words());
        if let Some(zeros) = &self.zeros {
            out.section(ZEROS, 8, zeros.words());
        }
    }

    /// The sections back, of `len` numbers up to `max` with low halves of `width` bits.
    pub(crate) fn load_sections<S: Source<Words = W>>(
        source: &mut S,
        len: u64,
        max: u64,
        width: u64,
        with_zeros: u64,
    ) -> Result<Self, FileError> {
        require(width < 64, LOWS, "low halves of at most 63 bits")?;
        require(with_zeros <= 1, ZEROS, "an index of zeros, or none")?;
        let lows = PackedInts::from_words(source.section(LOWS, 8)?, len, width, LOWS)?;
        let high = source.section(HIGH, 8)?;
        let bits = high_bits(len, max, width as u32);
        let fits = |bits: u64| bits.div_ceil(64) == high.words().len() as u64;
        require(bits.is_some_and(fits), HIGH, "a bit for every number and every bucket")?;
        let ones = DenseSelect::from_words(source.section(ONES, 8)?, len, ONES)?;
        let mut numbers = Self { lows, high, ones, zeros: None, max };
        if with_zeros == 1 {
            let zeros = source.section(ZEROS, 8)?;
            numbers.zeros = Some(DenseSelect::from_words(zeros, numbers.buckets(), ZEROS)?);
        }
        Ok(numbers)
    }

    /// Bits of a low half.
    #[cfg(feature = "alloc")]
    pub(crate) const fn low_width(&self) -> u32 {
        self.lows.width()
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> EliasFano {
        EliasFano {
            lows: self.lows.to_heap(),
            high: HeapWords::copy_of(self.high()),
            ones: self.ones.to_heap(),
            zeros: self.zeros.as_ref().map(DenseSelect::to_heap),
            max: self.max,
        }
    }
}

impl<W: Words> EliasFano<W> {
    /// Tells `out` of the words, as the index of another structure.
    pub(crate) fn tell_as_index(&self, out: &mut dyn Parts) {
        self.lows.tell_as("low halves", PartKind::Index, out);
        self.high.tell("high halves", PartKind::Index, 0, out);
        self.ones.tell_as("positions", out);
        if let Some(zeros) = &self.zeros {
            zeros.tell_as("buckets", out);
        }
    }
}

impl<W: Words> Footprint for EliasFano<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.lows.tell_as("low halves", PartKind::Payload, out);
        self.high.tell("high halves", PartKind::Payload, 0, out);
        self.ones.tell_as("positions", out);
        if let Some(zeros) = &self.zeros {
            zeros.tell_as("buckets", out);
        }
    }
}

impl<W: Words> Persist for EliasFano<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len() as u64);
        let width = u64::from(self.lows.width());
        out.meta(&[self.max, width, u64::from(self.zeros.is_some())]);
        self.store_sections(out);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [max, width, with_zeros] = source.meta()?;
        let len = source.header().items;
        Self::load_sections(source, len, max, width, with_zeros)
    }

    fn validate(&self) -> Result<(), FileError> {
        self.lows.validate()?;
        let bits = self.high_len();
        let behind = self.high().last().map_or(0, |word| match bits % 64 {
            0 => 0,
            used => word.get() >> used,
        });
        require(behind == 0, HIGH, "zeros behind the last bucket")?;
        self.ones.validate(self.high(), bits, ONES)?;
        if let Some(zeros) = &self.zeros {
            zeros.validate(self.high(), bits, ZEROS)?;
        }
        require(self.iter().is_sorted(), LOWS, "ascending numbers")?;
        require(self.last().is_none_or(|last| last <= self.max), LOWS, "no number above the most")
    }
}

doors!(EliasFano);

impl<W: Words> Ints for EliasFano<W> {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn get(&self, index: usize) -> Option<u64> {
        self.get(index)
    }

    fn binary_search(&self, value: u64) -> Result<usize, usize> {
        self.binary_search(value)
    }
}

impl<W: Words> SortedInts for EliasFano<W> {
    #[inline]
    fn rank(&self, x: u64) -> usize {
        self.rank(x)
    }

    #[inline]
    fn succ(&self, x: u64) -> Option<(usize, u64)> {
        self.succ(x)
    }

    #[inline]
    fn pred(&self, x: u64) -> Option<(usize, u64)> {
        self.pred(x)
    }

    fn iter_from(&self, index: usize) -> impl DoubleEndedIterator<Item = u64> {
        self.iter_from(index)
    }
}

/// The work of [`EliasFano::get`].
struct GetOne<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    index: usize,
}

impl<W: Words> Work for GetOne<'_, W> {
    type Out = Option<u64>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Option<u64> {
        let Self { numbers, index } = self;
        // In line only what takes few steps, so that more questions are under way at once.
        if !is_cached(numbers.high().len()) {
            if let Some(number) = numbers.get_forward(index, by) {
                return Some(number);
            }
        }
        // The low half comes while the other one is looked for, and is asked for only: in many
        // steps, a read that is waited for holds up the questions behind it.
        numbers.lows.prefetch(index);
        let bit = match by {
            Some(_) => numbers.bit_by(index as u64, by),
            None => numbers.bit_anywhere(index as u64),
        };
        Some(numbers.join(index as u64, bit, numbers.lows.get(index)?))
    }
}

/// The work of [`EliasFano::start`].
struct Start<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    zeros: &'a DenseSelect<128, true, W>,
    h: u64,
}

impl<W: Words> Work for Start<'_, W> {
    type Out = Place;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Place {
        let Self { numbers, zeros, h } = self;
        match numbers.start_forward(zeros, h, by) {
            Some(place) => place,
            None if by.is_some() => numbers.start_by(zeros, h, by),
            None => numbers.start_anywhere(zeros, h),
        }
    }
}

/// The work of [`EliasFano::pair`].
struct Pair<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    index: usize,
}

impl<W: Words> Work for Pair<'_, W> {
    type Out = Option<(u64, u64)>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Option<(u64, u64)> {
        self.numbers.pair_by(self.index, by)
    }
}

/// The work of [`EliasFano::get_many`]; no index is out of range.
struct GetMany<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    indices: &'a [usize],
    out: &'a mut [u64],
}

impl<W: Words> Work for GetMany<'_, W> {
    type Out = ();

    #[inline(always)]
    fn run(self, by: Option<Deposit>) {
        let Self { numbers, indices, out } = self;
        for (indices, out) in indices.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            numbers.prefetch(indices);
            for (index, out) in indices.iter().zip(out) {
                *out = numbers.value(*index as u64, numbers.bit_by(*index as u64, by));
            }
        }
    }
}

impl<'a, W: Words> IntoIterator for &'a EliasFano<W> {
    type Item = u64;
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
    }
}

impl<W: Words> fmt::Debug for EliasFano<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<W: Words, V: Words> PartialEq<EliasFano<V>> for EliasFano<W> {
    fn eq(&self, other: &EliasFano<V>) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<W: Words> Eq for EliasFano<W> {}

impl<W: Words> Hash for EliasFano<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|value| state.write_u64(value));
    }
}

#[cfg(feature = "alloc")]
impl Default for EliasFano {
    /// No numbers; requests no memory.
    fn default() -> Self {
        Self {
            lows: PackedInts::default(),
            high: HeapWords::new_in(crate::mem::Global),
            ones: DenseSelect::default(),
            zeros: None,
            max: 0,
        }
    }
}
