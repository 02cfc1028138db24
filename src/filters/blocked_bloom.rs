//! [`BlockedBloom`]: a Bloom filter that touches one cache line a key.

use super::BATCH;
use super::doors::sized_doors;
use super::gather::mixed;
use super::lines::Lines;
use super::rate::{self, Blocks};
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::mem::{Alloc, Footprint, Parts};
use crate::simd::alone;
use crate::simd::lines::{Form, Kernel, kernel};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, LINE_WORDS, Persist, Source, Words, doors, require};
use core::fmt;

/// The section of the lines.
const LINES: Tag = Tag(*b"line");

/// The forms, and how a key sets bits in each.
const FORMS: [(Form, Blocks); 3] = [
    (Form::Quarters, Blocks { lanes: 4, width: 128, draws: 1 }),
    (Form::Words, Blocks { lanes: 8, width: 64, draws: 1 }),
    (Form::Pairs, Blocks { lanes: 8, width: 64, draws: 2 }),
];

/// An approximate set for speed: every question touches one cache line, at 1.5 log2(1/fpr) bits a
/// key around the rate of 1/256.
///
/// No false negatives, ever. False positives at a rate of at most `fpr` while no more than
/// `capacity` different keys are inserted; beyond, the rate rises and
/// [`fpr_now`](Self::fpr_now) tells.
///
/// # When not to use it
///
/// - Bits before speed: [`Bloom`](super::Bloom) takes 5 % fewer at 1/256, 19 % fewer at 1/65,536.
/// - All keys are known beforehand: static filters take a third fewer bits.
/// - Files for readers of Parquet: [`Sbbf`](super::Sbbf).
/// - Keys are to be removed or counted: it cannot.
/// - Nobody knows how many keys will come: the rate rises without bound.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | line: 8 words of 64 bits | line | ...      one block
/// ```
///
/// Lines of filters above 4 KiB stand at multiples of 64 bytes; the block is 56 bytes longer for
/// that. A key's hash, mixed, picks a line, and bits in it by one of three *forms*, whichever needs
/// the fewest lines for the rate:
///
/// | form | a key sets | best for rates |
/// |---|---|---|
/// | 0 | one bit in each quarter: 4 | above 1 in 54 |
/// | 1 | one bit in each word: 8 | between |
/// | 2 | two bits in each word: up to 16 | below 1 in 5,500 |
///
/// # Space
///
/// So many lines that the mean rate over all loads of a line, which are Poisson distributed, is the
/// one asked for: at 1 % 10.1 bits a key, at 1/256 12.2, at 1/65,536 28.6. At least one line. No
/// slack, never grows; [`fold`](Self::fold) halves it.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert`, `contains` | O(1) | 1 |
/// | `union`, `estimate`, `fpr_now`, `fold` | O(lines) | all |
///
/// With AVX2, AVX-512 or NEON a line is compared in one to four steps; the bits are the same
/// without. Making a filter takes some ten microseconds, to find its size. Allocates nothing once
/// built.
///
/// # Example
///
/// ```
/// use lessram::{filters::BlockedBloom, mem::Footprint};
///
/// let mut seen = BlockedBloom::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant"));
/// assert!(seen.contains("ant") && !seen.contains("bee"));
/// assert_eq!(seen.heap_bytes(), 1_280); // 20 lines: 10.2 bits a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// F. Putze, P. Sanders, J. Singler, *Cache-, hash- and space-efficient Bloom filters*, WEA 2007.
#[derive(Clone)]
pub struct BlockedBloom<W: Words = HeapWords> {
    lines: Lines<W>,
    /// The functions for its form on this machine.
    kernel: &'static Kernel,
    seed: u64,
    capacity: u64,
}

/// What stands for a form in files, and where it stands in `FORMS`.
const fn number(form: Form) -> usize {
    match form {
        Form::Quarters => 0,
        Form::Pairs => 2,
        _ => 1,
    }
}

/// The form that keeps the rate with the fewest lines, and their number.
fn best_form(capacity: u64, fpr: f64) -> (Form, u64) {
    let counts = FORMS.map(|(form, blocks)| (form, blocks.count(capacity, fpr)));
    let best = counts.iter().min_by_key(|(_, count)| *count);
    *best.unwrap_or(&counts[1])
}

/// Up to a batch of hashes, mixed one by one: in vectors that takes twice as long (measured).
#[inline]
fn mix_all<'b>(hashes: &[u64], seed: u64, batch: &'b mut [u64; BATCH]) -> &'b [u64] {
    for (x, hash) in batch.iter_mut().zip(hashes) {
        *x = mixed(alone(*hash), seed);
    }
    &batch[..hashes.len().min(BATCH)]
}

/// Bits of a filter made for so many keys.
#[cfg(all(test, feature = "alloc"))]
pub(super) fn best_bits(capacity: u64, fpr: f64) -> u64 {
    best_form(capacity, fpr).1 * 512
}

impl<W: Words> BlockedBloom<W> {
    /// Bits in the filter: a multiple of 512.
    #[must_use]
    pub const fn bits(&self) -> u64 {
        self.lines.bits()
    }

    /// Bits that a key sets, at most: 4, 8 or 16.
    #[must_use]
    pub const fn hashes(&self) -> u32 {
        let Blocks { lanes, draws, .. } = self.blocks();
        lanes * draws
    }

    /// Whether the key of this 64-bit hash may be in the set; `false` is certain. For callers that
    /// hash themselves; use it together with [`insert_hash`](Self::insert_hash).
    #[must_use]
    // In line whatever it costs: where the build has the vectors, a call takes as long as the rest.
    #[inline(always)]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.kernel.has(self.lines.bytes(), mixed(hash, self.seed))
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Lines are asked for 32 keys ahead, so that their ways from memory
    /// overlap. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        let lines = self.lines.bytes();
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            let mut batch = [0; BATCH];
            self.kernel.have(lines, mix_all(hashes, self.seed, &mut batch), found);
        }
    }

    const fn form(&self) -> Form {
        self.kernel.form()
    }

    const fn blocks(&self) -> Blocks {
        FORMS[number(self.form())].1
    }

    /// The false-positive rate once [`capacity`](Self::capacity) different keys are in: at most the
    /// rate asked for, or 0 if it was made for none.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        self.blocks().rate_of(self.capacity, self.bits() / 512)
    }

    /// The false-positive rate at the present fill. O(lines).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        let Blocks { lanes, draws, .. } = self.blocks();
        let lane_words = LINE_WORDS / lanes as usize;
        let mut sum = 0.0;
        for line in self.lines.words().chunks_exact(LINE_WORDS) {
            sum += line.chunks_exact(lane_words).fold(1.0, |rate, lane| {
                let ones: u32 = lane.iter().map(|word| word.get().count_ones()).sum();
                rate * rate::power(f64::from(ones) / (lane_words * 64) as f64, draws)
            });
        }
        sum / (self.bits() / 512) as f64
    }

    /// Bits for each key that it was made for, which are taken to be one if they were none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.bits() as f64 / self.capacity.max(1) as f64
    }

    /// How many different keys were inserted, estimated from the bits set: within a few percent
    /// below capacity, and infinite when all bits are set. O(lines).
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.lines.estimate(f64::from(self.hashes()))
    }

    /// How full it is: the keys inserted, estimated, for each that it was made for. Above 1 the
    /// rate is above the one asked for. O(lines).
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.estimate() / self.capacity.max(1) as f64
    }

    fn same_parameters<V: Words>(&self, other: &BlockedBloom<V>) -> Result<(), MergeError> {
        if (self.bits(), self.form()) != (other.bits(), other.form()) {
            return Err(MergeError::Parameters);
        }
        if self.seed == other.seed { Ok(()) } else { Err(MergeError::Seeds) }
    }

    /// Whether it has the size that its parameters give at this rate.
    pub(super) fn has_size_for(&self, fpr: f64) -> bool {
        let (form, count) = best_form(self.capacity, fpr);
        form == self.form() && self.bits() == count.saturating_mul(512)
    }

    /// The parts, for filters made of several: lines, and the number of their form.
    #[cfg(feature = "alloc")]
    pub(super) fn raw_parts(&self) -> (&[crate::storage::Le64], u64) {
        (self.lines.words(), number(self.form()) as u64)
    }

    /// The filter of the lines in section `tag`.
    pub(super) fn load_part<S: Source<Words = W>>(
        source: &mut S,
        tag: Tag,
        form: u64,
        capacity: u64,
    ) -> Result<Self, FileError> {
        let form = usize::try_from(form).ok().and_then(|number| FORMS.get(number));
        let Some((form, _)) = form else {
            return Err(FileError::Corrupt { section: tag, rule: "form 0, 1 or 2" });
        };
        let lines = Lines::load(source, tag, 8, LINE_WORDS)?;
        Ok(Self { lines, kernel: kernel(*form), seed: source.header().seed, capacity })
    }
}

impl<A: Alloc> BlockedBloom<HeapWords<A>> {
    /// An empty filter for `capacity` different keys at a false-positive rate of at most `fpr`,
    /// with keys hashed by `seed` and its lines in `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](BlockedBloom::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, seed: u64, alloc: A) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        Ok(Self::part(capacity as u64, fpr, seed, alloc)?)
    }

    /// As `with_fpr_in`, for parts of filters, whose rates are below those that can be asked for.
    pub(super) fn part(capacity: u64, fpr: f64, seed: u64, alloc: A) -> Result<Self, AllocError> {
        let (form, count) = best_form(capacity, fpr);
        let lines = Lines::zeroed(count.saturating_mul(LINE_WORDS as u64), alloc)?;
        Ok(Self { lines, kernel: kernel(form), seed, capacity })
    }

    /// Where its lines come from.
    pub(super) fn alloc(&self) -> &A {
        self.lines.alloc()
    }

    /// Adds the key of this 64-bit hash; returns whether the filter changed.
    #[inline(always)]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        let x = mixed(hash, self.seed);
        self.kernel.set(self.lines.bytes_mut(), x)
    }

    /// Adds the keys of these hashes. Lines are asked for 32 keys ahead, so that their ways from
    /// memory overlap.
    pub fn insert_many_hash(&mut self, hashes: &[u64]) {
        let lines = self.lines.bytes_mut();
        for hashes in hashes.chunks(BATCH) {
            let mut batch = [0; BATCH];
            self.kernel.set_all(lines, mix_all(hashes, self.seed, &mut batch));
        }
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Adds all keys of `other`, wherever it lives. O(lines).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bits, form and seed.
    pub fn union<V: Words>(&mut self, other: &BlockedBloom<V>) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        self.lines.combine(&other.lines, |a, b| a | b);
        Ok(())
    }

    /// Keeps the keys that `other` may contain too; its false-positive rate is at most the lower of
    /// the two. O(lines).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bits, form and seed.
    pub fn intersect<V: Words>(&mut self, other: &BlockedBloom<V>) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        self.lines.combine(&other.lines, |a, b| a & b);
        Ok(())
    }

    /// Halves the filter, which keeps all keys and gets their rate in half the lines: for one that
    /// was made too large. Returns `false`, and does nothing, if its number of lines is odd.
    /// O(lines), allocates nothing.
    pub fn fold(&mut self) -> bool {
        self.lines.fold(LINE_WORDS)
    }
}

impl<W: Words> Footprint for BlockedBloom<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.lines.tell(out);
    }
}

impl<W: Words> Persist for BlockedBloom<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity);
        out.seed(self.seed);
        out.meta(&[number(self.form()) as u64]);
        out.section(LINES, 8, self.lines.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [form] = source.meta()?;
        let capacity = source.header().items;
        Self::load_part(source, LINES, form, capacity)
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any bits are a filter.
        require(self.bits() % 512 == 0, LINES, "whole lines")
    }
}

doors!(BlockedBloom);
sized_doors!(BlockedBloom, "O(1)");

impl<W: Words> fmt::Debug for BlockedBloom<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockedBloom")
            .field("bits", &self.bits())
            .field("hashes", &self.hashes())
            .field("capacity", &self.capacity)
            .field("seed", &self.seed)
            .field("ones", &self.lines.ones())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<BlockedBloom<V>> for BlockedBloom<W> {
    /// Whether both were made alike and have the same bits set.
    fn eq(&self, other: &BlockedBloom<V>) -> bool {
        self.same_parameters(other).is_ok() && self.lines.words() == other.lines.words()
    }
}

impl<W: Words> Eq for BlockedBloom<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::mem::Global;

    #[test]
    fn sizes_are_as_documented() {
        for (fpr, per_key, hashes) in [
            (0.1, 4.885, 4),
            (1.0 / 53.0, 8.82, 4),
            (1.0 / 55.0, 8.90, 8),
            (0.01, 10.10, 8),
            (1.0 / 256.0, 12.18, 8),
            (1e-3, 15.73, 8),
            (1.0 / 5_400.0, 21.2, 8),
            (1.0 / 5_600.0, 21.3, 16),
            (1e-4, 22.89, 16),
            (1.0 / 65_536.0, 28.57, 16),
        ] {
            let filter = BlockedBloom::with_fpr(1_000_000, fpr).unwrap();
            let bits = filter.bits_per_key();
            assert!((bits - per_key).abs() < per_key / 200.0, "{fpr}: {bits}");
            assert_eq!(filter.hashes(), hashes, "{fpr}");
            assert!(filter.fpr() <= fpr && filter.fpr() > 0.999 * fpr, "{fpr}: {}", filter.fpr());
        }
    }

    #[test]
    fn the_fill_tells_keys_and_rate() {
        for fpr in [0.1, 0.01, 1e-4] {
            let mut filter = BlockedBloom::from_keys(0..50_000_u32, fpr).unwrap();
            assert!((0..50_000_u32).all(|key| filter.contains(&key)));
            assert!((filter.estimate() / 50_000.0 - 1.0).abs() < 0.02, "{}", filter.estimate());
            assert!((filter.fpr_now() / fpr - 1.0).abs() < 0.1, "{fpr}: {}", filter.fpr_now());
            filter.clear();
            assert_eq!((filter.estimate(), filter.fpr_now()), (0.0, 0.0));
        }
    }

    #[test]
    fn unions_hold_both_and_intersections_what_both_hold() {
        let mut a = BlockedBloom::with_fpr(1_000, 0.01).unwrap();
        let mut b = a.clone();
        a.extend(0..600_u32);
        b.extend(400..1_000_u32);
        let mut both = a.clone();
        both.union(&b).unwrap();
        assert!((0..1_000_u32).all(|key| both.contains(&key)));
        both.intersect(&a).unwrap();
        assert_eq!(both, a);
        let other = BlockedBloom::with_fpr(1_000, 0.02).unwrap();
        assert_eq!(a.union(&other), Err(MergeError::Parameters));
        let seeded = BlockedBloom::with_fpr_in(1_000, 0.01, 9, Global).unwrap();
        assert_eq!(a.union(&seeded), Err(MergeError::Seeds));
    }

    #[test]
    fn a_folded_filter_is_that_of_half_the_lines() {
        for lines in [2_u64, 6, 64, 128, 192] {
            let keys = lines * 40;
            let mut filter = BlockedBloom::with_fpr((keys - 20) as usize, 0.008).unwrap();
            let before = filter.bits();
            filter.extend(0..keys);
            if before % 1024 != 0 {
                assert!(!filter.fold());
                continue;
            }
            assert!(filter.fold());
            assert_eq!(filter.bits(), before / 2);
            assert!((0..keys).all(|key| filter.contains(&key)));
            let (kernel, seed, capacity) = (filter.kernel, filter.seed, filter.capacity);
            let lines = Lines::zeroed(before / 128, Global).unwrap();
            let mut half = BlockedBloom { lines, kernel, seed, capacity };
            half.extend(0..keys);
            assert_eq!(filter, half);
            assert_eq!(filter.heap_bytes(), half.heap_bytes());
        }
    }

    #[test]
    fn large_filters_are_aligned_wherever_they_are_copied() {
        let filter = BlockedBloom::from_keys(0..10_000_u32, 0.01).unwrap();
        for filter in [filter.clone(), filter.clone().clone(), filter] {
            assert_eq!(filter.lines.bytes().as_ptr().addr() % 64, 0);
            assert!((0..10_000_u32).all(|key| filter.contains(&key)));
            assert_eq!(filter.heap_bytes(), (filter.bits() / 8 + 56) as usize);
        }
    }
}
