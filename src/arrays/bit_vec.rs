//! [`BitVec`]: bits, packed into words.

mod algebra;
mod change;
mod iter;
mod traits;

pub use iter::{Iter, Ones, Positions, Zeros};

use super::rank_index::ones_in;
use crate::bits::word::{below, select_in_word};
use crate::error::{FileError, Tag};
use crate::mem::range::within;
use crate::mem::{Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, doors, require};
use core::ops::{Range, RangeBounds};

/// The section of the bits.
pub(super) const BITS: Tag = Tag(*b"bits");

/// A vector of bits, one bit each: `Vec<bool>` takes eight times as much.
///
/// Sets of small numbers are bit vectors too: and, or, xor and their counts go word by word.
///
/// # When not to use it
///
/// - Few ones among many zeros: a list of their positions is smaller.
/// - [`count_ones`](Self::count_ones) of a range and [`select`](Self::select) look at every word
///   between: give it to a [`RankSelect`](super::RankSelect) for O(1), once it does not change.
///
/// # Layout
///
/// ```text
/// bit   0                 64                128
///       | word 0          | word 1          | ... | last word, zeros behind the last bit |
/// ```
///
/// One block. It grows by half below 128 KiB and by a sixteenth above, so at most a third of it is
/// slack below and 6 % above; collected from an iterator it has none.
///
/// # Space
///
/// `ceil(n/64) * 8` heap bytes without slack.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, `set`, `push`, `pop` | O(1) | 1 |
/// | and, or, xor, counts, `fill`, `resize` | O(words) | all |
/// | `pred`, `succ`, iterators of ones | O(words to the next one) | all between |
/// | `rank`, `select` | O(words before) | all before |
///
/// Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::BitVec, mem::Footprint};
///
/// let mut primes = BitVec::filled(true, 1_000);
/// primes.fill(..2, false);
/// for p in 2..32 {
///     (p * p..1_000).step_by(p).for_each(|i| primes.set(i, false));
/// }
/// assert_eq!(primes.count_ones(..100), 25);
/// assert_eq!((primes.succ(90), primes.select(167)), (Some(97), Some(997)));
/// assert_eq!(primes.heap_bytes(), 128); // Vec<bool>: 1,000
/// ```
#[derive(Clone)]
pub struct BitVec<W: Words = HeapWords> {
    /// Exactly `ceil(len / 64)` words; bits behind the last are 0, but for those of damaged files.
    words: W,
    len: usize,
}

impl<W: Words> BitVec<W> {
    /// How many bits there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bits in words: bit `i` is bit `i % 64` of word `i / 64`; zeros behind the last.
    #[must_use]
    #[inline]
    pub fn as_words(&self) -> &[Le64] {
        self.words.words()
    }

    /// The bit at `index`, or `None` if there is none. O(1), 1 cache line.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<bool> {
        if index >= self.len {
            return None;
        }
        self.as_words().get(index >> 6).map(|word| word.get() >> (index & 63) & 1 == 1)
    }

    /// The first bit, or `None` if there is none. O(1).
    #[must_use]
    pub fn first(&self) -> Option<bool> {
        self.get(0)
    }

    /// The last bit, or `None` if there is none. O(1).
    #[must_use]
    pub fn last(&self) -> Option<bool> {
        self.get(self.len.wrapping_sub(1))
    }

    /// Whether at least one bit is one. O(words).
    #[must_use]
    pub fn any(&self) -> bool {
        self.succ(0).is_some()
    }

    /// Whether all bits are ones; so of none. O(words).
    #[must_use]
    pub fn all(&self) -> bool {
        self.succ_zero(0).is_none()
    }

    /// How many bits of `range` are ones. O(words of the range).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[must_use]
    #[track_caller]
    pub fn count_ones(&self, range: impl RangeBounds<usize>) -> usize {
        let Range { start, end } = within(&range, self.len);
        let (first, last) = (start >> 6, end >> 6);
        let (head, tail) = (!below(start as u32), below(end as u32));
        if first == last {
            return (self.word(first, |word| word) & head & tail).count_ones() as usize;
        }
        let whole = self.as_words().get(first + 1..last).map_or(0, ones_in) as usize;
        let ends = [self.word(first, |word| word) & head, self.word(last, |word| word) & tail];
        whole + ends.map(|word| word.count_ones() as usize).iter().sum::<usize>()
    }

    /// How many bits of `range` are zeros. O(words of the range).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[must_use]
    #[track_caller]
    pub fn count_zeros(&self, range: impl RangeBounds<usize>) -> usize {
        let range = within(&range, self.len);
        range.len() - self.count_ones(range)
    }

    /// How many ones stand before bit `index`; of positions behind the end, how many there are.
    /// O(words before).
    #[must_use]
    pub fn rank(&self, index: usize) -> usize {
        self.count_ones(..index.min(self.len))
    }

    /// How many zeros stand before bit `index`; of positions behind the end, how many there are.
    /// O(words before).
    #[must_use]
    pub fn rank_zero(&self, index: usize) -> usize {
        self.count_zeros(..index.min(self.len))
    }

    /// The position of the `k`-th one, from 0, or `None` if there are no more than `k`. O(words
    /// before).
    #[must_use]
    pub fn select(&self, k: usize) -> Option<usize> {
        self.nth_in(k, |word| word)
    }

    /// The position of the `k`-th zero, from 0, or `None` if there are no more than `k`. O(words
    /// before).
    #[must_use]
    pub fn select_zero(&self, k: usize) -> Option<usize> {
        self.nth_in(k, |word| !word)
    }

    /// The last one at or before `index`. O(words between).
    #[must_use]
    #[inline]
    pub fn pred(&self, index: usize) -> Option<usize> {
        self.last_in(index, |word| word)
    }

    /// The first one at or behind `index`. O(words between).
    #[must_use]
    #[inline]
    pub fn succ(&self, index: usize) -> Option<usize> {
        self.first_in(index, |word| word)
    }

    /// The last zero at or before `index`. O(words between).
    #[must_use]
    #[inline]
    pub fn pred_zero(&self, index: usize) -> Option<usize> {
        self.last_in(index, |word| !word)
    }

    /// The first zero at or behind `index`. O(words between).
    #[must_use]
    #[inline]
    pub fn succ_zero(&self, index: usize) -> Option<usize> {
        self.first_in(index, |word| !word)
    }

    /// The bits in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self.as_words(), self.len)
    }

    /// The positions of the ones, ascending. O(words) in all.
    #[must_use]
    pub fn iter_ones(&self) -> Ones<'_> {
        Ones::new(self.as_words(), 0..self.len)
    }

    /// The positions of the zeros, ascending. O(words) in all.
    #[must_use]
    pub fn iter_zeros(&self) -> Zeros<'_> {
        Zeros::new(self.as_words(), 0..self.len)
    }

    /// The positions of the ones in `range`, ascending.
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[must_use]
    #[track_caller]
    pub fn iter_ones_in(&self, range: impl RangeBounds<usize>) -> Ones<'_> {
        Ones::new(self.as_words(), within(&range, self.len))
    }

    /// The positions of the zeros in `range`, ascending.
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[must_use]
    #[track_caller]
    pub fn iter_zeros_in(&self, range: impl RangeBounds<usize>) -> Zeros<'_> {
        Zeros::new(self.as_words(), within(&range, self.len))
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> BitVec {
        BitVec { words: HeapWords::copy_of(self.as_words()), len: self.len }
    }

    /// The word at `at`, without what stands behind the last bit.
    #[inline]
    fn word(&self, at: usize, turn: impl Fn(u64) -> u64) -> u64 {
        let word = self.as_words().get(at).map_or(0, |word| turn(word.get()));
        let behind = self.len >> 6 == at && self.len & 63 != 0;
        if behind { word & below(self.len as u32) } else { word }
    }

    /// The first one of the turned words, from `index` on.
    #[inline]
    fn first_in(&self, index: usize, turn: impl Fn(u64) -> u64 + Copy) -> Option<usize> {
        if index >= self.len {
            return None;
        }
        let mut at = index >> 6;
        let mut word = self.word(at, turn) & !below(index as u32);
        while word == 0 {
            at += 1;
            if at >= self.as_words().len() {
                return None;
            }
            word = self.word(at, turn);
        }
        Some(at * 64 + word.trailing_zeros() as usize)
    }

    /// The last one of the turned words, up to `index`.
    #[inline]
    fn last_in(&self, index: usize, turn: impl Fn(u64) -> u64 + Copy) -> Option<usize> {
        let index = index.min(self.len.checked_sub(1)?);
        let mut at = index >> 6;
        let mut word = self.word(at, turn) & (u64::MAX >> (63 - (index & 63)));
        while word == 0 {
            at = at.checked_sub(1)?;
            word = self.word(at, turn);
        }
        Some(at * 64 + 63 - word.leading_zeros() as usize)
    }

    /// The `k`-th one of the turned words.
    fn nth_in(&self, mut k: usize, turn: impl Fn(u64) -> u64 + Copy) -> Option<usize> {
        for at in 0..self.as_words().len() {
            let word = self.word(at, turn);
            let ones = word.count_ones() as usize;
            if k < ones {
                return Some(at * 64 + select_in_word(word, k as u32) as usize);
            }
            k -= ones;
        }
        None
    }

    /// `len` bits from the section `tag` of a file, whose words are `words`.
    pub(super) fn from_section(words: W, len: usize, tag: Tag) -> Result<Self, FileError> {
        let right = len.div_ceil(64) == words.words().len();
        require(right, tag, "as many words as the bits need")?;
        Ok(Self { words, len })
    }

    /// Checks that what stands behind the last bit is zeros. O(1).
    pub(super) fn validate_end(&self, tag: Tag) -> Result<(), FileError> {
        let last = self.as_words().last().map_or(0, |word| word.get());
        let clean = self.len & 63 == 0 || last & !below(self.len as u32) == 0;
        require(clean, tag, "zeros behind the last bit")
    }

    /// The words, without their number of bits.
    pub(super) fn into_words(self) -> W {
        self.words
    }

    /// Tells `out` of the words.
    pub(super) fn tell(&self, out: &mut dyn Parts) {
        self.words.tell("bits", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Footprint for BitVec<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tell(out);
    }
}

impl<W: Words> Persist for BitVec<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.section(BITS, 8, self.as_words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let len = source.items()?;
        Self::from_section(source.section(BITS, 8)?, len, BITS)
    }

    fn validate(&self) -> Result<(), FileError> {
        self.validate_end(BITS)
    }
}

doors!(BitVec);
