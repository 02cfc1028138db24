//! [`Theta`]: distinct count by the smallest hashes, with unions, intersections and differences.

mod bounds;
mod buffer;
mod exchange;
mod file;
mod flush;
mod run;
mod sets;
mod splice;

use super::{Cardinality, CardinalityMut, collect, key_of_f64};
use crate::error::{AllocError, BuildError, MergeError};
use crate::hashing::murmur3;
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::storage::{HeapWords, Words};
use core::fmt;

pub(super) use bounds::of_share as share_bound;
pub use sets::Jaccard;

/// The seed of DataSketches' hash.
const SEED: u64 = 9_001;
/// The smallest sketch keeps `2^4` hashes.
const MIN_LG_K: u8 = 4;
/// The largest sketch keeps `2^26` hashes.
const MAX_LG_K: u8 = 26;
/// `lg_k` where none is asked for: DataSketches' and Spark's default.
const DEFAULT_LG_K: u8 = 12;
/// Theta while all hashes are kept. They are smaller.
const MAX_THETA: u64 = i64::MAX as u64;

/// How many different keys there were, and how many of them two streams share: the `2^lg_k`
/// smallest hashes, in 6.3 bytes each, and in 5.7 packed.
///
/// Up to `2^lg_k` keys the count is exact, but for equal hashes; beyond, the standard error is
/// `1 / sqrt(2^lg_k - 1)`: 1.6 % at `lg_k` 12. Union, intersection and difference of sketches are
/// sketches again, and any chain of them has bounds. Reads and writes the compact images of Apache
/// DataSketches, plain (version 3) and compressed (version 4): those of C++, Java, Python, Spark
/// and Druid.
///
/// # When not to use it
///
/// - Only counts and unions are asked for: an [`ExaLogLog`](super::ExaLogLog) has the same error in
///   a fifteenth of the bytes.
/// - Only how similar two sets are: a HyperMinHash takes 2 bytes where this takes 6.
/// - Sets of very different sizes, and the small intersection of them: its error is that of the
///   union.
/// - Keys that an enemy chooses: the hash and its seed are public.
///
/// # Layout
///
/// ```text
/// run    | low halves, w bits each | high halves, a one each | index: u32 for 128 buckets |
/// table  | u64, a free slot is 0, at most three quarters full                             |
/// ```
///
/// A hash is the upper 63 bits of the first word of MurmurHash3 x64-128; `theta` is the bound below
/// which all hashes of all keys are kept. The run is sorted, by Elias-Fano; the table takes the
/// latest, up to `k/16`, and is then merged into the run within its block: the old halves move to
/// the back and are read while the new ones are written. Of more than `k` the largest leave, and
/// theta is the smallest of those.
///
/// # Space
///
/// | | bytes |
/// |---|---|
/// | run | `2.1 + log2(2^63 / n)` bits a hash, `n` the number of keys: 5.70 bytes at 1,100,000 |
/// | table | at most 8/12 bytes a hash |
/// | while they are merged | a sixth of the run more |
/// | packed | the run alone |
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert_u64` of a hash that theta rules out | O(1), the hash is most of it | none |
/// | of another | O(1) amortised: each 1/16 of the hashes moves all of them once | 4 |
/// | `estimate`, bounds | O(1) | 1 |
/// | set operations | O(k) | all |
///
/// # Parameters
///
/// `lg_k`, 4 to 26: 12 unless you know better, as in DataSketches and Spark.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::Theta};
///
/// let mut monday: Theta = (0..60_000_u64).collect();
/// let tuesday: Theta = (40_000..90_000_u64).collect();
/// let both = monday.intersection(&tuesday);
/// assert!(both.lower_bound(3.0) < 20_000.0 && 20_000.0 < both.upper_bound(3.0));
/// let alike = monday.jaccard(&tuesday, 3.0);
/// assert!(alike.lower < 2.0 / 9.0 && 2.0 / 9.0 < alike.upper);
/// monday.merge(&tuesday)?;
/// assert!((monday.estimate() / 90_000.0 - 1.0).abs() < 3.0 * monday.std_error());
/// monday.pack();
/// assert_eq!(monday.heap_bytes(), 25_024); // 4,096 hashes
/// # Ok::<(), lessram::MergeError>(())
/// ```
///
/// # References
///
/// - Bar-Yossef, Jayram, Kumar, Sivakumar, Trevisan: Counting distinct elements in a data stream.
///   RANDOM 2002 (the k smallest hashes).
/// - Dasgupta, Lang, Rhodes, Thaler: A framework for estimating stream expression cardinalities.
///   ICDT 2016 (theta, set operations).
/// - Apache DataSketches, <https://datasketches.apache.org>: the images.
#[derive(Clone)]
pub struct Theta<W: Words = HeapWords> {
    /// The run: `layout().words()` words.
    main: W,
    /// Hashes that are not in the run; no slots in a packed sketch.
    table: W,
    theta: u64,
    /// The bound by which the run is laid out: theta, but while that is being lowered.
    bound: u64,
    /// Hashes in the run.
    len: u32,
    /// Hashes in the table.
    buffered: u32,
    lg_k: u8,
}

impl<W: Words> Theta<W> {
    /// Logarithm of the number of hashes that are kept.
    #[must_use]
    pub const fn lg_k(&self) -> u8 {
        self.lg_k
    }

    /// The bound below which all hashes are kept, of `2^63 - 1`.
    #[must_use]
    pub const fn theta(&self) -> u64 {
        self.theta
    }

    /// How many hashes are kept: at most `k` and a sixteenth, of small `k` and 12.
    #[must_use]
    pub const fn retained(&self) -> usize {
        self.len as usize + self.buffered as usize
    }

    /// Whether no key was ever inserted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.retained() == 0 && self.theta == MAX_THETA
    }

    /// Whether hashes were left out, so that the count is an estimate.
    #[must_use]
    pub const fn is_estimate(&self) -> bool {
        self.theta < MAX_THETA
    }

    /// How many different keys were inserted, about. O(1), allocates nothing.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.retained() as f64 / self.share()
    }

    /// The relative standard error of [`estimate`](Self::estimate): 0.01 is 1 %. That of theory,
    /// with the number of hashes that are kept; 0 while all are, and 1 if none is left.
    #[must_use]
    pub fn std_error(&self) -> f64 {
        bounds::error(self.retained() as f64, self.share())
    }

    /// What the true count exceeds with the probability of `deviations` standard deviations: 84,
    /// 97.7 and 99.87 % for 1, 2 and 3. O(1).
    #[must_use]
    pub fn lower_bound(&self, deviations: f64) -> f64 {
        bounds::of_count(self.retained() as f64, self.share(), -deviations)
    }

    /// What the true count stays below, with the probabilities of
    /// [`lower_bound`](Self::lower_bound).
    #[must_use]
    pub fn upper_bound(&self, deviations: f64) -> f64 {
        bounds::of_count(self.retained() as f64, self.share(), deviations)
    }

    /// Whether this hash is kept. O(1).
    #[inline]
    fn contains(&self, hash: u64) -> bool {
        buffer::contains(self.table.words(), hash) || self.run().contains(hash)
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> Theta {
        let Self { theta, bound, len, buffered, lg_k, .. } = *self;
        let [main, table] = [&self.main, &self.table].map(|w| HeapWords::copy_of(w.words()));
        Theta { main, table, theta, bound, len, buffered, lg_k }
    }
}

#[cfg(feature = "alloc")]
impl Theta {
    /// An empty sketch that keeps `2^lg_k` hashes. Requests nothing.
    ///
    /// # Panics
    ///
    /// If `lg_k` is not within 4..=26; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(lg_k: u8) -> Self {
        Self::try_new_in(lg_k, Global).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl<A: Alloc + Clone> Theta<HeapWords<A>> {
    /// An empty sketch that keeps `2^lg_k` hashes, in `alloc`. Requests nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `lg_k` is not within 4..=26.
    pub fn try_new_in(lg_k: u8, alloc: A) -> Result<Self, BuildError> {
        if !(MIN_LG_K..=MAX_LG_K).contains(&lg_k) {
            let (min, max) = (MIN_LG_K.into(), MAX_LG_K.into());
            return Err(BuildError::OutOfRange { name: "lg_k", value: lg_k.into(), min, max });
        }
        let (main, table) = (HeapWords::new_in(alloc.clone()), HeapWords::new_in(alloc));
        let (theta, bound) = (MAX_THETA, MAX_THETA);
        Ok(Self { main, table, theta, bound, len: 0, buffered: 0, lg_k })
    }
}

impl<A: Alloc> Theta<HeapWords<A>> {
    /// Inserts a string or any bytes, as they are. The empty one is ignored, as DataSketches does.
    /// O(length).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>) {
        self.try_insert(key).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a string or any bytes, like [`insert`](Self::insert).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>) -> Result<(), AllocError> {
        let key = key.as_ref();
        if key.is_empty() {
            return Ok(());
        }
        self.try_put(murmur3::hash_bytes(key, SEED)[0] >> 1)
    }

    /// Inserts a number: equal to the 8 little-endian bytes of it. Smaller ones are widened first.
    /// O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_u64`](Self::try_insert_u64) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert_u64(&mut self, key: u64) {
        self.try_insert_u64(key).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a number, like [`insert_u64`](Self::insert_u64).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert_u64(&mut self, key: u64) -> Result<(), AllocError> {
        self.try_put(murmur3::hash_u64(key, SEED)[0] >> 1)
    }

    /// Inserts a number with a fraction: all NaNs are one key, and so are 0 and -0. O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_f64`](Self::try_insert_f64) returns the error instead.
    #[track_caller]
    pub fn insert_f64(&mut self, key: f64) {
        self.try_insert_f64(key).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a number with a fraction, like [`insert_f64`](Self::insert_f64).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    pub fn try_insert_f64(&mut self, key: f64) -> Result<(), AllocError> {
        self.try_insert_u64(key_of_f64(key))
    }

    /// Inserts a key by its hash of 63 bits: the first word of MurmurHash3 x64-128 with seed 9001,
    /// shifted right by one, if the sketch is to be exchanged. 0 is ignored. O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_hash`](Self::try_insert_hash) returns the error
    /// instead.
    #[inline]
    #[track_caller]
    pub fn insert_hash(&mut self, hash: u64) {
        self.try_insert_hash(hash).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a key by its hash, like [`insert_hash`](Self::insert_hash).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert_hash(&mut self, hash: u64) -> Result<(), AllocError> {
        self.try_put(hash)
    }

    /// Adds the keys of `other`, whatever it lives in: the union. O(k).
    ///
    /// Sketches of different `lg_k` merge; this one keeps its own.
    ///
    /// # Errors
    ///
    /// [`MergeError::Alloc`] if memory cannot be had; a part of `other`'s keys may have been added
    /// then, and merging again is safe.
    pub fn merge<V: Words>(&mut self, other: &Theta<V>) -> Result<(), MergeError> {
        self.try_lower(other.theta)?;
        other.hashes().try_for_each(|hash| self.try_put(hash))?;
        Ok(())
    }

    /// Merges the table into the run and frees it: 5.7 bytes a hash, of just the `k` smallest.
    /// The same keys are then the same bytes. O(k).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_pack`](Self::try_pack) returns the error instead.
    #[track_caller]
    pub fn pack(&mut self) {
        self.try_pack().unwrap_or_else(|error| refused(error));
    }

    /// Packs the sketch, like [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the keys are unchanged then.
    pub fn try_pack(&mut self) -> Result<(), AllocError> {
        if self.buffered > 0 || u64::from(self.len) > 1 << self.lg_k {
            self.try_flush()?;
        }
        self.table.truncate(0);
        let _ = self.table.try_shrink_to_fit();
        Ok(())
    }

    /// Removes all keys: the sketch is as new, and gives its room back.
    pub fn clear(&mut self) {
        for words in [&mut self.main, &mut self.table] {
            words.truncate(0);
            let _ = words.try_shrink_to_fit();
        }
        (self.theta, self.bound, self.len, self.buffered) = (MAX_THETA, MAX_THETA, 0, 0);
    }
}

impl<W: Words> Footprint for Theta<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.main.tell("run", PartKind::Payload, 0, out);
        self.table.tell("table", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Cardinality for Theta<W> {
    fn estimate(&self) -> f64 {
        self.estimate()
    }

    fn std_error(&self) -> f64 {
        self.std_error()
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<A: Alloc + Clone> CardinalityMut<A> for Theta<HeapWords<A>> {
    const EXCHANGE: bool = true;
    const CANONICAL: bool = true;

    fn try_default_in(alloc: A) -> Result<Self, BuildError> {
        Self::try_new_in(DEFAULT_LG_K, alloc)
    }

    fn try_insert(&mut self, key: &[u8]) -> Result<(), BuildError> {
        Ok(self.try_insert(key)?)
    }

    fn try_insert_u64(&mut self, key: u64) -> Result<(), BuildError> {
        Ok(self.try_insert_u64(key)?)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

#[cfg(feature = "alloc")]
impl Default for Theta {
    /// An empty sketch of `lg_k` 12.
    fn default() -> Self {
        Self::new(DEFAULT_LG_K)
    }
}

collect! {
    Theta:
    u64 => insert_u64;
    &'a str, 'a => insert;
    &'a [u8], 'a => insert;
}

impl<W: Words> fmt::Debug for Theta<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Theta")
            .field("lg_k", &self.lg_k)
            .field("retained", &self.retained())
            .field("theta", &self.share())
            .field("estimate", &self.estimate())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<Theta<V>> for Theta<W> {
    /// Whether they may come from the same keys: below the smaller theta, which is a hash that was
    /// left out, they keep the same hashes, and no fewer than `k`; the one with the larger theta
    /// keeps the smaller, too. Or both thetas are the same. O(k).
    fn eq(&self, other: &Theta<V>) -> bool {
        let theta = self.theta.min(other.theta);
        let below = |hash: &u64| *hash < theta;
        let count = self.hashes().filter(below).count();
        let enough = self.theta == other.theta
            || count >= 1 << self.lg_k
                && (self.theta == theta || self.contains(theta))
                && (other.theta == theta || other.contains(theta));
        self.lg_k == other.lg_k
            && enough
            && count == other.hashes().filter(below).count()
            && self.hashes().filter(below).all(|hash| other.contains(hash))
    }
}

impl<W: Words> Eq for Theta<W> {}
