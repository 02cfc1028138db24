//! [`Select`] and [`SelectZero`]: where the k-th one or zero is, from positions of a few of them.

use super::RankIndex;
use super::rank_index::ones_in;
use crate::bits::field::width_of;
use crate::bits::word::select_in_word;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::deposit::{self, Deposit, Work};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64, Words, as_bytes, require};

/// Bits of the vector for each sample of 32, at least: 0.4 %.
const BITS_A_SAMPLE: u64 = 8_000;

/// Samples of a bit vector's ones, or of its zeros if not `BIT`: [`select`](Self::select) in three
/// or four cache lines, from at most 0.4 % of the bits beside a [`RankIndex`].
///
/// It holds neither bits nor ranks: each question is given those it was made over. The owning
/// whole is [`RankSelect`](super::RankSelect).
///
/// # When not to use it
///
/// - Bits of density near 1/2 that are only asked for the k-th one: a
///   [`DenseSelect`](super::DenseSelect) answers in half the time, from 9 to 16 % more bytes.
///
/// # Layout
///
/// ```text
/// samples   | of one 0 | of one s | of one 2s | ... | end |     u32 each, a position / 2^unit
/// ```
///
/// One block of memory. `s` is the least power of two that keeps the samples below 0.4 % of the
/// bits; `unit` is 0 below 2^32 bits. Between two samples the position is guessed by proportion:
/// then the line of the bits is asked for at the same time as the counts that tell where it is.
///
/// # Space
///
/// `4 * (ones/s + 2)` heap bytes, rounded up to a whole word. 1,000,000 bits, every second one:
/// 496 bytes.
///
/// # Time
///
/// `select` is O(1) where the ones are spread evenly between two samples, else O(log) of how far
/// the guess is off, at most of the bits between two samples. 1 cache line of samples, 1 or 2 of
/// ranks, 1 or 2 of bits. Allocates nothing.
///
/// # References
///
/// Zhou, Andersen & Kaminsky, "Space-efficient, high-performance rank and select structures on
/// uncompressed bit sequences" (2013), for samples over a rank index. The guess is ours.
#[derive(Clone, Debug)]
pub struct Select<W: Words = HeapWords, const BIT: bool = true> {
    /// Two samples a word.
    samples: W,
    /// Ones that it was made over.
    count: usize,
    /// Ones a sample, as a power of two, below 32.
    step: u32,
    /// Bits of the vector.
    len: usize,
}

/// [`Select`] of zeros.
pub type SelectZero<W = HeapWords> = Select<W, false>;

/// How far positions below `len` are shifted to be 32 bits wide.
const fn unit_of(len: usize) -> u32 {
    width_of(len as u64).saturating_sub(32)
}

/// The least power of two of ones a sample that leaves a sample for each `spacing` bits at most.
fn step_for(count: usize, len: usize, spacing: u64) -> u32 {
    let most = len as u64 / spacing;
    (0..31).find(|step| count as u64 >> step <= most).unwrap_or(31)
}

/// Words of so many samples and an end.
const fn words_for(count: usize, step: u32) -> usize {
    (count.div_ceil(1 << step) + 1).div_ceil(2)
}

impl<W: Words, const BIT: bool> Select<W, BIT> {
    /// How many ones, or zeros, there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The position of the `k`-th one (zero), from 0, or `None` if there are no more than `k`:
    /// of `bits`, over whose words this and `ranks` were made. Allocates nothing.
    ///
    /// Other words or ranks give other positions.
    #[must_use]
    #[inline]
    pub fn select<V: Words>(&self, bits: &[Le64], ranks: &RankIndex<V>, k: usize) -> Option<usize> {
        deposit::run(SelectOne { samples: self, bits, ranks, k })
    }

    /// Positions between which the `k`-th one lies: before the first there are fewer, and the
    /// second may be behind the end.
    #[inline(always)]
    pub(super) fn around(&self, k: usize) -> (usize, usize) {
        let samples = self.samples.words();
        let at = |i: usize| {
            let word = samples.get(i >> 1).map_or(0, |word| word.get());
            (word >> (32 * (i & 1))) as u32 as u64
        };
        let (i, unit) = (k >> self.step, unit_of(self.len));
        let high = (at(i + 1) + 1) << unit;
        ((at(i) << unit) as usize, (high - 1) as usize)
    }

    /// Where the `k`-th one would be if they were spread evenly between `low` and `high`.
    #[inline(always)]
    pub(super) fn guess(&self, k: usize, low: usize, high: usize) -> usize {
        let part = k as u64 & ((1 << self.step) - 1);
        let span = high.saturating_sub(low) as u64;
        low.wrapping_add((span.wrapping_mul(part) >> self.step) as usize)
    }

    /// Asks for the sample that [`select`](Self::select) of `k` will touch first.
    #[inline]
    pub(super) fn prefetch_sample(&self, k: usize) {
        prefetch(as_bytes(self.samples.words()), (k >> self.step).wrapping_mul(4));
    }

    /// Asks for the counts and the bits that [`select`](Self::select) of `k` will most likely touch
    /// then.
    #[inline]
    pub(super) fn prefetch_guess<V: Words>(&self, bits: &[Le64], ranks: &RankIndex<V>, k: usize) {
        if k < self.count {
            let (low, high) = self.around(k);
            ranks.prefetch(bits, self.guess(k, low, high));
        }
    }

    /// The samples of a file over `len` bits with `count` ones.
    pub(super) fn from_words(
        samples: W,
        (len, count): (usize, usize),
        step: u64,
        tag: Tag,
    ) -> Result<Self, FileError> {
        require(step < 32, tag, "a step that this version knows")?;
        let step = step as u32;
        let right = samples.words().len() == words_for(count, step);
        require(right, tag, "as many samples as the ones need")?;
        Ok(Self { samples, count, step, len })
    }

    /// Ones a sample, as a power of two, to be stored.
    #[cfg(feature = "alloc")]
    pub(super) const fn step(&self) -> u32 {
        self.step
    }

    /// The words, to be stored.
    #[cfg(feature = "alloc")]
    pub(super) fn words(&self) -> &[Le64] {
        self.samples.words()
    }

    /// Whether the samples are those of `bits`. O(n).
    pub(super) fn samples(&self, bits: &[Le64]) -> bool {
        let ones = ones_in(bits) as usize;
        self.samples_of(each_word(bits))
            && self.count == if BIT { ones } else { self.len.wrapping_sub(ones) }
    }

    /// Whether the samples are those of these words, each with its position. O(n).
    pub(super) fn samples_of(&self, bits: impl Iterator<Item = (u64, u64)>) -> bool {
        let mut right = true;
        let end = each_sample::<BIT>(bits, self.len, (self.count, self.step), |i, sample| {
            let word = self.samples.words().get(i >> 1).map_or(0, |word| word.get());
            right &= (word >> (32 * (i & 1))) as u32 == sample;
        });
        let filled =
            end % 2 == 0 || self.samples.words().last().is_some_and(|w| w.get() >> 32 == 0);
        right && filled
    }
}

/// The work of [`Select::select`].
struct SelectOne<'a, const BIT: bool, W: Words, V: Words> {
    samples: &'a Select<W, BIT>,
    bits: &'a [Le64],
    ranks: &'a RankIndex<V>,
    k: usize,
}

impl<const BIT: bool, W: Words, V: Words> Work for SelectOne<'_, BIT, W, V> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Option<usize> {
        let Self { samples, bits, ranks, k } = self;
        if k >= samples.count {
            return None;
        }
        let (low, high) = samples.around(k);
        let guess = samples.guess(k, low, high);
        prefetch(as_bytes(bits), guess >> 3);
        let last = ranks.last_block();
        let low = RankIndex::<V>::block_of(low).min(last);
        let high = RankIndex::<V>::block_of(high).clamp(low, last);
        let guess = RankIndex::<V>::block_of(guess);
        ranks.select_between::<BIT>(bits, k, (low, high), guess, by)
    }
}

impl<A: Alloc, const BIT: bool> Select<HeapWords<A>, BIT> {
    /// Samples the ones (zeros) of `bits`, over which `ranks` was made. O(n); requests one block of
    /// exactly the samples' size.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_new_in<V: Words>(
        bits: &[Le64],
        ranks: &RankIndex<V>,
        alloc: A,
    ) -> Result<Self, AllocError> {
        let len = ranks.len();
        let count = if BIT { ranks.ones() } else { len - ranks.ones() };
        Self::try_sample_in(each_word(bits), (len, count), BITS_A_SAMPLE, alloc)
    }

    /// Samples the ones (zeros) of these words, each with its position: `count` of `len` bits. One
    /// sample for each `spacing` bits at most.
    pub(super) fn try_sample_in(
        bits: impl Iterator<Item = (u64, u64)>,
        (len, count): (usize, usize),
        spacing: u64,
        alloc: A,
    ) -> Result<Self, AllocError> {
        let step = step_for(count, len, spacing);
        let mut samples = HeapWords::new_in(alloc);
        samples.try_reserve_exact(words_for(count, step))?;
        samples.try_resize(words_for(count, step))?;
        let places = samples.words_mut();
        each_sample::<BIT>(bits, len, (count, step), |i, sample| {
            if let Some(place) = places.get_mut(i >> 1) {
                *place = Le64::new(place.get() | u64::from(sample) << (32 * (i & 1)));
            }
        });
        Ok(Self { samples, count, step, len })
    }
}

/// The words of a bit vector, each with its position.
fn each_word(bits: &[Le64]) -> impl Iterator<Item = (u64, u64)> {
    bits.iter().enumerate().map(|(at, word)| (at as u64 * 64, word.get()))
}

/// Tells each sample with its number, the end last; returns how many there are.
fn each_sample<const BIT: bool>(
    bits: impl Iterator<Item = (u64, u64)>,
    len: usize,
    (count, step): (usize, u32),
    mut tell: impl FnMut(usize, u32),
) -> usize {
    let unit = unit_of(len);
    let samples = count.div_ceil(1 << step);
    let (mut i, mut seen) = (0, 0_u64);
    for (position, word) in bits {
        let word = if BIT { word } else { !word };
        let ones = u64::from(word.count_ones());
        while i < samples && (i as u64) << step < seen + ones {
            let bit = select_in_word(word, (((i as u64) << step) - seen) as u32);
            tell(i, ((position + u64::from(bit)) >> unit) as u32);
            i += 1;
        }
        seen += ones;
    }
    tell(i, (len as u64 >> unit) as u32);
    i + 1
}

impl<W: Words, const BIT: bool> Footprint for Select<W, BIT> {
    fn parts(&self, out: &mut dyn Parts) {
        let name = if BIT { "samples of ones" } else { "samples of zeros" };
        self.samples.tell(name, PartKind::Index, 0, out);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::arrays::BitVec;
    use crate::mem::Global;
    use crate::testkit::data::Rng;
    use std::vec::Vec;

    /// Bits of many shapes, long enough for several superblocks of unit tests.
    fn shapes() -> impl Iterator<Item = BitVec> {
        let mut rng = Rng::new(5);
        let len = 70_000;
        (0..12).map(move |shape| match shape {
            0 => BitVec::filled(false, len),
            1 => BitVec::filled(true, len),
            2 => (0..len).map(|i| i % 17_000 < 9_000).collect(),
            3 => (0..len).map(|i| !(1_000..len - 10).contains(&i)).collect(),
            4 => (0..len).map(|i| i == len - 1).collect(),
            _ => {
                let thin = 1 + rng.below(1 << shape);
                (0..len + shape).map(|_| rng.below(thin) == 0).collect()
            }
        })
    }

    #[test]
    fn every_one_and_every_zero_is_found() {
        for bits in shapes() {
            let words = bits.as_words();
            let ranks = RankIndex::try_new_in(words, bits.len(), Global).unwrap();
            let ones: Select = Select::try_new_in(words, &ranks, Global).unwrap();
            let zeros: SelectZero = Select::try_new_in(words, &ranks, Global).unwrap();
            assert_eq!((ones.count(), zeros.count()), (ranks.ones(), bits.len() - ranks.ones()));
            let find = |k| ones.select(words, &ranks, k);
            assert!((0..ones.count()).filter_map(find).eq(bits.iter_ones()));
            let find = |k| zeros.select(words, &ranks, k);
            assert!((0..zeros.count()).filter_map(find).eq(bits.iter_zeros()));
            assert_eq!(ones.select(words, &ranks, ones.count()), None);
            // From the ends, and from afar.
            let last = ranks.last_block();
            for (k, at) in bits.iter_ones().enumerate().step_by(97) {
                for guess in [0, last / 2, last, last + 9] {
                    let found = ranks.select_between::<true>(words, k, (0, last), guess, None);
                    assert_eq!(found, Some(at), "one {k} from block {guess}");
                }
            }
        }
    }

    #[test]
    fn samples_take_at_most_four_thousandths() {
        for bits in shapes() {
            let ranks = RankIndex::try_new_in(bits.as_words(), bits.len(), Global).unwrap();
            let ones: Select = Select::try_new_in(bits.as_words(), &ranks, Global).unwrap();
            assert!(ones.heap_bytes() * 8 <= bits.len() / 250 + 96, "{} bytes", ones.heap_bytes());
        }
        let half: BitVec = (0..1_000_000).map(|i| i % 2 == 0).collect();
        let ranks = RankIndex::try_new_in(half.as_words(), half.len(), Global).unwrap();
        let ones: Select = Select::try_new_in(half.as_words(), &ranks, Global).unwrap();
        assert_eq!((ones.heap_bytes(), ranks.heap_bytes()), (496, 3_912 + 61 * 8));
    }

    #[test]
    fn strange_samples_give_positions_or_none() {
        let mut rng = Rng::new(6);
        let bits: BitVec = (0..70_000).map(|_| rng.bits(1) == 1).collect();
        let words = bits.as_words();
        let ranks = RankIndex::try_new_in(words, bits.len(), Global).unwrap();
        let right: Select = Select::try_new_in(words, &ranks, Global).unwrap();
        for _ in 0..50 {
            let noise: Vec<Le64> =
                right.words().iter().map(|_| Le64::new(rng.number() >> rng.below(40))).collect();
            let step = u64::from(right.step());
            let tag = Tag(*b"test");
            let parts = (bits.len(), right.count());
            let select = Select::<_, true>::from_words(&noise[..], parts, step, tag).unwrap();
            for k in (0..right.count()).step_by(501) {
                assert!(select.select(words, &ranks, k).is_none_or(|at| at < bits.len()));
            }
        }
    }
}
