//! [`DdSketch`]: quantiles of numbers, with an error in the number.

mod bins;
mod scale;

use super::{Quantiles, QuantilesMut};
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use bins::{BINS, Bins};
use core::fmt;
use scale::Scale;

/// Sections: directories and counts of the bins above and below 0.
const TAGS: [[Tag; 2]; 2] = [[Tag(*b"adir"), Tag(*b"acnt")], [Tag(*b"bdir"), Tag(*b"bcnt")]];
/// The error where none is asked for.
const DEFAULT_ERROR: f64 = 0.01;
/// Bounds of the error that may be asked for.
const LEAST_ERROR: f64 = 1e-4;
const MOST_ERROR: f64 = 0.25;
/// Bins on either side of 0, where no other number is asked for: with an error of 1 % they span a
/// factor of 10^140.
const DEFAULT_BINS: usize = 1 << 14;
/// The most bins on either side of 0.
const MOST_BINS: usize = 1 << 21;

/// Quantiles of a stream of numbers, each within 1 % of the number, or another share that is given.
///
/// A histogram whose bins grow by a constant factor: each holds numbers that differ by at most
/// twice the error. What it takes depends on how far apart numbers are, not on how many they are.
/// Any order, any parts and merges give the same sketch.
///
/// # When not to use it
///
/// - Numbers near a large offset (times of day, temperatures in kelvin): 1 % of the number is then
///   much; take the offset off first, or a [`Kll`](super::Kll), whose error is in rank.
/// - A bounded number of bytes is needed and anything may come: beyond
///   [`bins`](Self::with_error_and_bins) the smallest numbers lose their promise.
/// - Few numbers: sort them.
///
/// # Layout
///
/// ```text
/// directory  | start and width of block 0: u32 | of block 1 | ...     one block, for each sign
/// counts     | 32 counts of 8, 16, 32 or 64 bits | 32 counts | ...    one block, for each sign
/// ```
///
/// The bin of a number is a cubic of its fraction that nearly equals the logarithm to base 2, plus
/// its exponent, times a scale. Bins come in blocks of 32, whose counts have the width that the
/// largest needs; a block of empty bins has none. Blocks grow one by one, without slack.
///
/// # Space
///
/// For a million numbers of log-normal distribution (sigma 2), error 1 %: 1,592 bytes, of which 120
/// are directory. At worst, 64 bits a bin: 9.5 / error bytes for each factor of 10, 950 at 1 %.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `add` | O(1) | 2; a block that is new or too narrow moves those behind it |
/// | `quantile`, `rank` | O(bins), allocates nothing | all |
/// | `merge` | O(bins) | all |
///
/// # Parameters
///
/// The error, 0.0001 to 0.25, and the most bins.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::DdSketch};
///
/// let mut times = DdSketch::new();
/// for i in 1..=1_000_000_u32 {
///     times.add(f64::from(i) / 1_000.0)?;
/// }
/// let p99 = times.quantile(0.99).unwrap();
/// assert!((p99 / 990.0 - 1.0).abs() <= 0.01);
/// assert!(times.heap_bytes() < 2_400); // Vec<f64>: 8,000,000
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Masson, Rim, Lee: DDSketch: a fast and fully-mergeable quantile sketch with relative-error
/// guarantees. VLDB 2019; the cubic: its Java implementation.
#[derive(Clone)]
pub struct DdSketch<W: Words = HeapWords> {
    /// Numbers above 0.
    above: Bins<W>,
    /// Numbers below 0, by what they are without their sign.
    below: Bins<W>,
    scale: Scale,
    /// Blocks on either side, at most.
    most_blocks: usize,
    zeros: u64,
    n: u64,
    /// The smallest and the largest number; of none what every number is less, and more, than.
    min: f64,
    max: f64,
    collapsed: bool,
}

/// The smallest and the largest of no number.
const NO_ENDS: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl<W: Words> DdSketch<W> {
    /// How many numbers were added; [`u64::MAX`] if it were more.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.n
    }

    /// Whether no number was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The smallest number that was added.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.n > 0).then_some(self.min)
    }

    /// The largest number that was added.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.n > 0).then_some(self.max)
    }

    /// By which share a quantile may be off.
    #[must_use]
    pub const fn value_error(&self) -> f64 {
        self.scale.error()
    }

    /// Whether the bins did not suffice: the smallest numbers on one side of 0 then have one bin
    /// together, and quantiles that fall there may be off by more.
    #[must_use]
    pub const fn is_collapsed(&self) -> bool {
        self.collapsed
    }

    /// Whether [`len`](Self::len) reached the largest number and stopped there.
    #[must_use]
    pub const fn is_saturated(&self) -> bool {
        self.n == u64::MAX
    }

    /// The number below which the share `q`, from 0 to 1, of all lies, off by
    /// [`value_error`](Self::value_error) at most. `None` if there is none. O(bins), allocates
    /// nothing.
    ///
    /// # Panics
    ///
    /// If `q` is not within 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        assert!((0.0..=1.0).contains(&q), "quantile {q}: it must lie within 0 to 1");
        if self.n == 0 {
            return None;
        }
        let wanted = q * self.n as f64;
        let floor = wanted as u64;
        let mut wanted = (floor + u64::from((floor as f64) < wanted)).clamp(1, self.n);
        // The two whose numbers are known exactly.
        if wanted == 1 || wanted == self.n {
            return Some(if wanted == 1 { self.min } else { self.max });
        }
        for (number, count) in self.iter() {
            if count >= wanted {
                // What lies in a bin is not beyond the ends, even if its middle is.
                return Some(number.max(self.min).min(self.max));
            }
            wanted -= count;
        }
        Some(self.max)
    }

    /// The share of all numbers that are not larger than `x`, or are in its bin. `None` if there is
    /// none, or if `x` is no number (NaN). O(bins), allocates nothing.
    #[must_use]
    pub fn rank(&self, x: f64) -> Option<f64> {
        let bin = |x: f64| if x.is_finite() { self.scale.bin(x) } else { u32::MAX };
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0_u64, u64::saturating_add);
        let below = || self.below.iter();
        // Numbers that are not normal count as zeros.
        let not_larger = if x <= -f64::MIN_POSITIVE {
            sum(&mut below().filter(|(number, _)| *number >= bin(-x)).map(|(_, count)| count))
        } else {
            let small = sum(&mut below().map(|(_, count)| count)).saturating_add(self.zeros);
            let above =
                self.above.iter().filter(|(number, _)| x >= f64::MIN_POSITIVE && *number <= bin(x));
            small.saturating_add(sum(&mut above.map(|(_, count)| count)))
        };
        (self.n > 0 && !x.is_nan()).then(|| (not_larger as f64 / self.n as f64).min(1.0))
    }

    /// The bins, ascending: a number that none in the bin differs from by more than the error, and
    /// how many are in it.
    pub fn iter(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let below = self.below.iter().rev().map(|(bin, count)| (-self.scale.number(bin), count));
        let zeros = (self.zeros > 0).then_some((0.0, self.zeros));
        let above = self.above.iter().map(|(bin, count)| (self.scale.number(bin), count));
        below.chain(zeros).chain(above)
    }
}

#[cfg(feature = "alloc")]
impl DdSketch {
    /// An empty sketch with an error of 1 %. Requests nothing.
    #[must_use]
    pub fn new() -> Self {
        let made = Self::with_error(DEFAULT_ERROR);
        made.expect("1 % is within the range, and nothing is requested")
    }

    /// An empty sketch with this error: 0.01 is 1 %. Requests nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `0.0001 <= error <= 0.25`.
    pub fn with_error(error: f64) -> Result<Self, BuildError> {
        Self::with_error_and_bins(error, DEFAULT_BINS)
    }

    /// An empty sketch with this error and at most so many bins on either side of 0, rounded up to
    /// a multiple of 32. Requests nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `0.0001 <= error <= 0.25` and there are 1 to 2^21 bins.
    pub fn with_error_and_bins(error: f64, bins: usize) -> Result<Self, BuildError> {
        Self::with_error_and_bins_in(error, bins, crate::mem::Global)
    }
}

impl<A: Alloc> DdSketch<HeapWords<A>> {
    /// An empty sketch in `alloc`, like [`with_error_and_bins`](DdSketch::with_error_and_bins).
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `0.0001 <= error <= 0.25` and there are 1 to 2^21 bins.
    pub fn with_error_and_bins_in(error: f64, bins: usize, alloc: A) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        // Written so that NaN fails.
        if !(LEAST_ERROR..=MOST_ERROR).contains(&error) {
            let value = if error > 0.0 { (1.0 / error) as u64 } else { 0 };
            return Err(BuildError::OutOfRange { name: "1/error", value, min: 4, max: 10_000 });
        }
        if !(1..=MOST_BINS).contains(&bins) {
            let (value, max) = (bins as u64, MOST_BINS as u64);
            return Err(BuildError::OutOfRange { name: "bins", value, min: 1, max });
        }
        let (min, max) = NO_ENDS;
        Ok(Self {
            above: Bins::new_in(alloc.clone()),
            below: Bins::new_in(alloc),
            scale: Scale::new(error),
            most_blocks: bins.div_ceil(BINS),
            zeros: 0,
            n: 0,
            min,
            max,
            collapsed: false,
        })
    }

    /// Adds a number. Numbers nearer to 0 than 2.3e-308 are 0. O(1).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotFinite`] if it is infinite or no number; the sketch is unchanged then.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_add`](Self::try_add) returns that error too.
    #[inline]
    #[track_caller]
    pub fn add(&mut self, x: f64) -> Result<(), BuildError> {
        match self.try_add(x, 1) {
            Err(BuildError::Alloc(error)) => refused(error),
            done => done,
        }
    }

    /// Adds a number `count` times, like [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotFinite`] if it is infinite or no number; [`BuildError::Alloc`] if memory
    /// cannot be had. The sketch answers as before then.
    #[inline]
    pub fn try_add(&mut self, x: f64, count: u64) -> Result<(), BuildError> {
        if is_normal_above_0(x) {
            let bin = self.scale.bin(x);
            if !self.above.add(bin, count) {
                self.collapsed |= self.above.grow(bin, count, self.most_blocks)?;
            }
        } else if is_normal_above_0(-x) {
            let bin = self.scale.bin(-x);
            if !self.below.add(bin, count) {
                self.collapsed |= self.below.grow(bin, count, self.most_blocks)?;
            }
        } else if x.is_finite() {
            self.zeros = self.zeros.saturating_add(count);
        } else {
            return Err(BuildError::NotFinite);
        }
        if count > 0 {
            self.widen_ends(x, x);
            self.n = self.n.saturating_add(count);
        }
        Ok(())
    }

    #[inline]
    fn widen_ends(&mut self, min: f64, max: f64) {
        if min < self.min {
            self.min = min + 0.0; // of the zeros the one
        }
        if max > self.max {
            self.max = max + 0.0;
        }
    }

    /// Adds the numbers of `other`, whatever it lives in: the sketch is then that of both streams.
    /// O(bins).
    ///
    /// # Errors
    ///
    /// [`MergeError::Parameters`] unless both have the same error and most bins;
    /// [`MergeError::Alloc`] if memory cannot be had, and the sketch counts what it did before
    /// then; where `other` has larger numbers than there are bins for, the smallest may have
    /// [collapsed](Self::is_collapsed) already.
    pub fn merge<V: Words>(&mut self, other: &DdSketch<V>) -> Result<(), MergeError> {
        if (self.scale, self.most_blocks) != (other.scale, other.most_blocks) {
            return Err(MergeError::Parameters);
        }
        if other.n == 0 {
            return Ok(());
        }
        let most = self.most_blocks;
        add_all(&mut self.above, &other.above, most, &mut self.collapsed)?;
        if let Err(error) = add_all(&mut self.below, &other.below, most, &mut self.collapsed) {
            take_all(&mut self.above, &other.above, usize::MAX);
            return Err(error.into());
        }
        self.collapsed |= other.collapsed;
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.widen_ends(other.min, other.max);
        self.n = self.n.saturating_add(other.n);
        Ok(())
    }

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator refuses to make a block smaller.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.above.try_shrink_to_fit()?;
        self.below.try_shrink_to_fit()
    }

    /// Gives back all room that is not needed.
    ///
    /// # Panics
    ///
    /// If the allocator refuses.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Forgets all numbers, and keeps the room.
    pub fn clear(&mut self) {
        self.above.clear();
        self.below.clear();
        (self.zeros, self.n, self.collapsed) = (0, 0, false);
        (self.min, self.max) = NO_ENDS;
    }
}

/// Whether a number is above 0, not too small for all its digits, and finite: by its exponent, as
/// that is one comparison.
#[inline]
const fn is_normal_above_0(x: f64) -> bool {
    (x.to_bits() >> 52).wrapping_sub(1) < 0x7FE
}

/// Adds all counts of `theirs`, or none if memory cannot be had; tells if bins collapsed.
fn add_all<A: Alloc, V: Words>(
    ours: &mut Bins<HeapWords<A>>,
    theirs: &Bins<V>,
    most: usize,
    collapsed: &mut bool,
) -> Result<(), AllocError> {
    for (done, (bin, count)) in theirs.iter().enumerate() {
        if !ours.add(bin, count) {
            match ours.grow(bin, count, most) {
                Ok(more) => *collapsed |= more,
                Err(error) => {
                    take_all(ours, theirs, done);
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// Takes the first `done` counts of `theirs` back. What has collapsed is in the lowest bin.
fn take_all<A: Alloc, V: Words>(ours: &mut Bins<HeapWords<A>>, theirs: &Bins<V>, done: usize) {
    let lowest = ours.first.wrapping_mul(BINS as u32);
    for (bin, count) in theirs.iter().take(done) {
        ours.take(bin.max(lowest), count);
    }
}

impl<W: Words> Footprint for DdSketch<W> {
    fn parts(&self, out: &mut dyn Parts) {
        for bins in [&self.above, &self.below] {
            bins.directory.tell("directory", PartKind::Index, 0, out);
            bins.counts.tell("counts", PartKind::Payload, 0, out);
        }
    }
}

impl<W: Words> Persist for DdSketch<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.n);
        out.meta(&[
            self.scale.error().to_bits(),
            self.most_blocks as u64 | u64::from(self.collapsed) << 32,
            self.zeros,
            self.min().map_or(0, f64::to_bits),
            self.max().map_or(0, f64::to_bits),
            u64::from(self.above.first) | (self.above.len as u64) << 32,
            u64::from(self.below.first) | (self.below.len as u64) << 32,
        ]);
        for (bins, [directory, counts]) in [&self.above, &self.below].into_iter().zip(TAGS) {
            out.section(directory, 4, bins.directory.words());
            out.section(counts, 8, bins.counts.words());
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [error, blocks, zeros, min, max, above, below] = source.meta()?;
        let (n, error) = (source.header().items, f64::from_bits(error));
        let [[first, _], _] = TAGS;
        let in_range = (LEAST_ERROR..=MOST_ERROR).contains(&error);
        require(in_range, first, "an error of 0.0001 to 0.25")?;
        let (most, collapsed) = (blocks & 0xFFFF_FFFF, blocks >> 32);
        let range = 1..=(MOST_BINS / BINS) as u64;
        require(range.contains(&most) && collapsed <= 1, first, "1 to 2^16 blocks")?;
        let mut bins = |place: u64, [directory_tag, counts_tag]: [Tag; 2]| {
            let (first, len) = (place as u32, place >> 32);
            let directory = source.section(directory_tag, 4)?;
            let fits = len <= most && directory.words().len() as u64 == len.div_ceil(2);
            require(fits, directory_tag, "an entry for each block")?;
            let counts = source.section(counts_tag, 8)?;
            Ok::<_, FileError>(Bins { first, len: len as usize, directory, counts })
        };
        let (above, below) = (bins(above, TAGS[0])?, bins(below, TAGS[1])?);
        require(n > 0 || min | max == 0, first, "no smallest and largest of nothing")?;
        let (min, max) = match n {
            0 => NO_ENDS,
            _ => (f64::from_bits(min), f64::from_bits(max)),
        };
        let (most_blocks, collapsed) = (most as usize, collapsed == 1);
        let scale = Scale::new(error);
        Ok(Self { above, below, scale, most_blocks, zeros, n, min, max, collapsed })
    }

    fn validate(&self) -> Result<(), FileError> {
        for (bins, [directory, counts]) in [&self.above, &self.below].into_iter().zip(TAGS) {
            require(bins.is_sound(), directory, "blocks in order, none wider than need be")?;
            let last = u64::from(bins.first) + bins.len as u64;
            require(last <= 1 << 27, directory, "blocks below 2^27")?;
            let sums = bins.iter().all(|(_, count)| count <= self.n);
            require(sums, counts, "no count above that of all numbers")?;
        }
        let sum = self.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(count));
        require(sum == self.n, TAGS[0][1], "counts add up to all numbers")?;
        let ends = self.min.is_finite() && self.max.is_finite() && self.min <= self.max;
        require(ends || self.n == 0, TAGS[0][1], "a finite smallest and largest number")
    }
}

doors!(DdSketch);

impl<W: Words> Quantiles for DdSketch<W> {
    fn len(&self) -> u64 {
        self.n
    }

    fn quantile(&self, q: f64) -> Option<f64> {
        self.quantile(q)
    }

    fn rank(&self, x: f64) -> Option<f64> {
        self.rank(x)
    }

    fn ends(&self) -> Option<(f64, f64)> {
        Some((self.min()?, self.max()?))
    }

    fn rank_error(&self) -> Option<f64> {
        None
    }

    fn value_error(&self) -> Option<f64> {
        Some(self.value_error())
    }

    fn kept_of(x: f64) -> f64 {
        x
    }
}

impl<A: Alloc + Clone> QuantilesMut<A> for DdSketch<HeapWords<A>> {
    fn try_default_in(alloc: A) -> Result<Self, BuildError> {
        Self::with_error_and_bins_in(DEFAULT_ERROR, DEFAULT_BINS, alloc)
    }

    fn try_add(&mut self, x: f64) -> Result<(), BuildError> {
        self.try_add(x, 1)
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.try_shrink_to_fit()?)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

#[cfg(feature = "alloc")]
impl Default for DdSketch {
    /// An empty sketch with an error of 1 %.
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Words> fmt::Debug for DdSketch<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DdSketch")
            .field("error", &self.value_error())
            .field("len", &self.n)
            .field("min", &self.min())
            .field("median", &self.quantile(0.5))
            .field("max", &self.max())
            .field("collapsed", &self.collapsed)
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<DdSketch<V>> for DdSketch<W> {
    /// Whether both were made alike and have the same numbers in the same bins.
    fn eq(&self, other: &DdSketch<V>) -> bool {
        (self.scale, self.most_blocks, self.n, self.zeros)
            == (other.scale, other.most_blocks, other.n, other.zeros)
            && (self.min(), self.max()) == (other.min(), other.max())
            && self.above.iter().eq(other.above.iter())
            && self.below.iter().eq(other.below.iter())
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
