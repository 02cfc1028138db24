//! [`RankSelect`]: bits with everything that answers rank and select in O(1).

use super::bit_vec::{BITS, BitVec, Iter, Ones, Zeros};
use super::{BitsMut, RankIndex, Select, SelectZero, bits_by_methods};
use crate::error::{BuildError, FileError, Tag};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, Footprint, Parts, granted};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The sections of the ranks and of the samples of ones and zeros.
const RANKS: Tag = Tag(*b"rank");
const ONES: Tag = Tag(*b"sel1");
const ZEROS: Tag = Tag(*b"sel0");
/// The step of samples that are not there.
const NONE: u64 = u64::MAX;

/// Positions whose cache lines are asked for ahead of the one that is answered.
const AHEAD: usize = 16;
/// How far ahead of the guess of a position its sample is asked for.
const SAMPLES_AHEAD: usize = 8;

/// A bit vector that does not change, and can be asked how many ones come before a position
/// ([`rank`](Self::rank)), where the `k`-th one is ([`select`](Self::select)) and which one is next
/// ([`pred`](Self::pred), [`succ`](Self::succ)): for 3.5 % more than its bits.
///
/// As a set of numbers below `n` it says membership, order and neighbours.
///
/// # When not to use it
///
/// - The bits change: keep a [`BitVec`], and give it over when it is done.
/// - Fewer than one in four is a one: an [`EliasFano`](super::EliasFano) of the positions is
///   smaller, at one in ten half the size.
///
/// # Layout
///
/// ```text
/// bits      | word 0 | word 1 | ...                                 a BitVec
/// ranks     | ones before bit 0 | ... before bit 2,048 | ...        a RankIndex
/// samples   | where every 2^s-th one is | ... of zeros, if asked    a Select, a SelectZero
/// ```
///
/// Three blocks, or four with samples of zeros. Only the bits can have slack: none if they had
/// none.
///
/// # Space
///
/// `n/8` heap bytes of bits, 1/256 of a byte a bit of ranks (3.125 %), at most 1/2,000 (0.4 %) of
/// samples for ones, and as much for zeros if asked. 1,000,000 bits, half of them ones: 129,408
/// bytes.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) | all |
/// | `get` | O(1) | 1 |
/// | `rank`, `rank_zero` | O(1) | 2 or 3 |
/// | `select` | O(1) where ones are spread evenly, else O(log n) | 3 or 4 |
/// | `select_zero` | the same with samples, else O(log n) | 3 or 4, or more |
/// | `pred`, `succ` | that of a `rank` and a `select` at most | 1 if near |
///
/// [`rank_many`](Self::rank_many) and [`select_many`](Self::select_many) ask for the cache lines of
/// 16 questions ahead. Reading allocates nothing.
///
/// # Parameters
///
/// [`with_select_zero`](Self::with_select_zero) adds samples for zeros.
///
/// # Example
///
/// ```
/// use lessram::{arrays::{BitVec, RankSelect}, mem::Footprint};
///
/// let bits = RankSelect::new((0..1_000_000).map(|i| i % 2 == 0).collect());
/// assert_eq!(bits.rank(500_001), 250_001);
/// assert_eq!(bits.select(250_000), Some(500_000));
/// assert_eq!(bits.succ(500_001), Some(500_002));
/// assert_eq!(bits.heap_bytes(), 129_408); // the bits alone: 125,000
/// ```
///
/// # References
///
/// See [`RankIndex`] and [`Select`].
#[derive(Clone)]
pub struct RankSelect<W: Words = HeapWords> {
    bits: BitVec<W>,
    ranks: RankIndex<W>,
    ones: Select<W>,
    zeros: Option<SelectZero<W>>,
}

impl<W: Words> RankSelect<W> {
    /// How many bits there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.bits.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// How many bits are ones. O(1).
    #[must_use]
    pub const fn ones(&self) -> usize {
        self.ranks.ones()
    }

    /// How many bits are zeros. O(1).
    #[must_use]
    pub const fn zeros(&self) -> usize {
        self.len() - self.ones()
    }

    /// The bits.
    #[must_use]
    pub const fn as_bit_vec(&self) -> &BitVec<W> {
        &self.bits
    }

    /// The bits, without what was added.
    #[must_use]
    pub fn into_bit_vec(self) -> BitVec<W> {
        self.bits
    }

    /// The bit at `index`, or `None` if there is none. O(1), 1 cache line.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<bool> {
        self.bits.get(index)
    }

    /// How many ones stand before bit `index`; of positions behind the end, how many there are.
    /// O(1), 2 or 3 cache lines.
    #[must_use]
    #[inline]
    pub fn rank(&self, index: usize) -> usize {
        self.ranks.rank(self.bits.as_words(), index)
    }

    /// How many zeros stand before bit `index`; of positions behind the end, how many there are.
    /// O(1), 2 or 3 cache lines.
    #[must_use]
    #[inline]
    pub fn rank_zero(&self, index: usize) -> usize {
        let index = index.min(self.len());
        index.saturating_sub(self.rank(index))
    }

    /// The position of the `k`-th one, from 0, or `None` if there are no more than `k`. O(1) where
    /// ones are spread evenly between two samples, else O(log n).
    #[must_use]
    #[inline]
    pub fn select(&self, k: usize) -> Option<usize> {
        self.ones.select(self.bits.as_words(), &self.ranks, k)
    }

    /// The position of the `k`-th zero, from 0, or `None` if there are no more than `k`. As
    /// [`select`](Self::select) if there are samples for zeros, else O(log n).
    #[must_use]
    #[inline]
    pub fn select_zero(&self, k: usize) -> Option<usize> {
        match &self.zeros {
            Some(zeros) => zeros.select(self.bits.as_words(), &self.ranks, k),
            None => self.select_zero_unsampled(k),
        }
    }

    /// From where it would be if zeros were spread evenly.
    fn select_zero_unsampled(&self, k: usize) -> Option<usize> {
        if k >= self.zeros() {
            return None;
        }
        let last = self.ranks.last_block();
        let guess = (last as u128 * k as u128 / self.zeros() as u128) as usize;
        self.ranks.select_between::<false>(self.bits.as_words(), k, (0, last), guess, None)
    }

    /// The last one at or before `index`. O(1) if it is within 512 bits, else as
    /// [`select`](Self::select).
    #[must_use]
    pub fn pred(&self, index: usize) -> Option<usize> {
        let index = index.min(self.len().checked_sub(1)?);
        let near = self.bits.iter_ones_in(index.saturating_sub(NEAR)..=index).next_back();
        near.or_else(|| self.select(self.rank(index).checked_sub(1)?))
    }

    /// The first one at or behind `index`. O(1) if it is within 512 bits, else as
    /// [`select`](Self::select).
    #[must_use]
    pub fn succ(&self, index: usize) -> Option<usize> {
        if index >= self.len() {
            return None;
        }
        let end = index.saturating_add(NEAR).min(self.len());
        let near = self.bits.iter_ones_in(index..end).next();
        near.or_else(|| self.select(self.rank(index)))
    }

    /// Writes [`rank`](Self::rank) of each of `indices` to its place in `out`, as far as both
    /// reach. Asks for the cache lines of 16 ahead: about half the time each, beyond the cache.
    /// Allocates nothing.
    pub fn rank_many(&self, indices: &[usize], out: &mut [usize]) {
        let words = self.bits.as_words();
        indices.iter().take(AHEAD).for_each(|index| self.ranks.prefetch(words, *index));
        for (i, (index, place)) in indices.iter().zip(out).enumerate() {
            if let Some(next) = indices.get(i + AHEAD) {
                self.ranks.prefetch(words, *next);
            }
            *place = self.rank(*index);
        }
    }

    /// Writes [`select`](Self::select) of each of `ks` to its place in `out`, as far as both reach;
    /// [`len`](Self::len) where there is no such one. Asks for the cache lines of 16 ahead.
    /// Allocates nothing.
    pub fn select_many(&self, ks: &[usize], out: &mut [usize]) {
        let words = self.bits.as_words();
        let ahead = ks.iter().take(AHEAD + SAMPLES_AHEAD);
        ahead.for_each(|k| self.ones.prefetch_sample(*k));
        for k in ks.iter().take(AHEAD) {
            self.ones.prefetch_guess(words, &self.ranks, *k);
        }
        for (i, (k, place)) in ks.iter().zip(out).enumerate() {
            if let Some(next) = ks.get(i + AHEAD + SAMPLES_AHEAD) {
                self.ones.prefetch_sample(*next);
            }
            if let Some(next) = ks.get(i + AHEAD) {
                self.ones.prefetch_guess(words, &self.ranks, *next);
            }
            *place = self.select(*k).unwrap_or(self.len());
        }
    }

    /// The bits in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        self.bits.iter()
    }

    /// The positions of the ones, ascending.
    #[must_use]
    pub fn iter_ones(&self) -> Ones<'_> {
        self.bits.iter_ones()
    }

    /// The positions of the zeros, ascending.
    #[must_use]
    pub fn iter_zeros(&self) -> Zeros<'_> {
        self.bits.iter_zeros()
    }
}

/// How far the bits themselves are searched for the next one.
const NEAR: usize = 512;

#[cfg(feature = "alloc")]
impl RankSelect {
    /// Counts and samples the ones of `bits`, which it takes over. O(n); requests two blocks.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(bits: BitVec) -> Self {
        granted(Self::try_new_in(bits, Global))
    }
}

impl<A: Alloc + Clone> RankSelect<HeapWords<A>> {
    /// Counts and samples the ones of `bits`, which it takes over. O(n); requests two blocks.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_new_in(mut bits: BitVec<HeapWords<A>>, alloc: A) -> Result<Self, BuildError> {
        bits.clear_behind(); // Those of a damaged file would be refused.
        let ranks = RankIndex::try_new_in(bits.as_words(), bits.len(), alloc.clone())?;
        let ones = Select::try_new_in(bits.as_words(), &ranks, alloc)?;
        Ok(Self { bits, ranks, ones, zeros: None })
    }

    /// Samples the zeros too, so that [`select_zero`](Self::select_zero) takes the time of
    /// [`select`](Self::select). O(n); requests one block.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_with_select_zero`](Self::try_with_select_zero) returns the
    /// error instead.
    #[must_use]
    #[track_caller]
    pub fn with_select_zero(self, alloc: A) -> Self {
        granted(self.try_with_select_zero(alloc))
    }

    /// Samples the zeros too, so that [`select_zero`](Self::select_zero) takes the time of
    /// [`select`](Self::select). O(n); requests one block.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_with_select_zero(self, alloc: A) -> Result<Self, BuildError> {
        let zeros = Select::try_new_in(self.bits.as_words(), &self.ranks, alloc)?;
        Ok(Self { zeros: Some(zeros), ..self })
    }
}

impl<W: Words> Footprint for RankSelect<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.bits.tell(out);
        self.ranks.parts(out);
        self.ones.parts(out);
        if let Some(zeros) = &self.zeros {
            zeros.parts(out);
        }
    }
}

impl<W: Words> Persist for RankSelect<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        let step_of_zeros = self.zeros.as_ref().map_or(NONE, |zeros| u64::from(zeros.step()));
        out.items(self.len() as u64);
        out.meta(&[self.ones() as u64, u64::from(self.ones.step()), step_of_zeros]);
        out.section(BITS, 8, self.bits.as_words());
        out.section(RANKS, 8, self.ranks.words());
        out.section(ONES, 4, self.ones.words());
        if let Some(zeros) = &self.zeros {
            out.section(ZEROS, 4, zeros.words());
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let len = source.items()?;
        let [ones, step, step_of_zeros] = source.meta()?;
        let bits = BitVec::from_section(source.section(BITS, 8)?, len, BITS)?;
        let ranks = RankIndex::from_words(source.section(RANKS, 8)?, len, ones, RANKS)?;
        let count = ranks.ones();
        let ones = Select::from_words(source.section(ONES, 4)?, (len, count), step, ONES)?;
        let zeros = match step_of_zeros {
            NONE => None,
            step => {
                let samples = source.section(ZEROS, 4)?;
                Some(Select::from_words(samples, (len, len - count), step, ZEROS)?)
            }
        };
        Ok(Self { bits, ranks, ones, zeros })
    }

    fn validate(&self) -> Result<(), FileError> {
        self.bits.validate_end(BITS)?;
        let words = self.bits.as_words();
        require(self.ranks.counts(words), RANKS, "the ranks of the bits")?;
        require(self.ones.samples(words), ONES, "the samples of the ones")?;
        let zeros = self.zeros.as_ref().is_none_or(|zeros| zeros.samples(words));
        require(zeros, ZEROS, "the samples of the zeros")
    }
}

doors!(RankSelect);

bits_by_methods!(RankSelect, indexed: true);

impl<A: Alloc + Clone> BitsMut<A> for RankSelect<HeapWords<A>> {
    fn try_build_in(bits: BitVec<HeapWords<A>>, alloc: A) -> Result<Self, BuildError> {
        Self::try_new_in(bits, alloc)
    }
}

#[cfg(feature = "alloc")]
impl Default for RankSelect {
    /// No bits.
    fn default() -> Self {
        Self::new(BitVec::new())
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<bool> for RankSelect {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        Self::new(bits.into_iter().collect())
    }
}

impl<'a, W: Words> IntoIterator for &'a RankSelect<W> {
    type Item = bool;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<W: Words> fmt::Debug for RankSelect<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits.fmt(f)
    }
}

impl<W: Words, V: Words> PartialEq<RankSelect<V>> for RankSelect<W> {
    /// Whether the bits are the same.
    fn eq(&self, other: &RankSelect<V>) -> bool {
        self.bits == other.bits
    }
}

impl<W: Words> Eq for RankSelect<W> {}

impl<W: Words, V: Words> PartialOrd<RankSelect<V>> for RankSelect<W> {
    fn partial_cmp(&self, other: &RankSelect<V>) -> Option<Ordering> {
        self.bits.partial_cmp(&other.bits)
    }
}

impl<W: Words> Ord for RankSelect<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits.cmp(&other.bits)
    }
}

impl<W: Words> Hash for RankSelect<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}
