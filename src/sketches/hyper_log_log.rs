//! [`HyperLogLog`]: distinct count in the exchange format of Apache DataSketches.

mod change;
mod coupons;
mod estimate;
mod exchange;
mod image;
mod log_log;
mod narrow;
mod registers;

use super::{Cardinality, CardinalityMut, collect, key_of_f64};
use crate::error::{AllocError, BuildError, FileError, MergeError};
use crate::hashing::murmur3;
use crate::mem::{Alloc, Footprint, PartKind, Parts, granted, refused};
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{mem::Global, storage::Sections};
use core::fmt;
pub use image::HllType;
use image::{Form, Head, IMAGE, MAX_LG_K, MIN_LG_K, Shape};
use registers::Sums;

/// The seed of DataSketches' hash.
const SEED: u64 = 9_001;
/// `lg_k` where none is asked for: DataSketches' and Spark's default.
const DEFAULT_LG_K: u8 = 12;

/// How many different keys there were, in the exchange format of Apache DataSketches: the bytes
/// that its `HLL_8` sketches have in C++, Java and Python, in Spark (`hll_sketch_agg`) and Druid.
/// Images of `HLL_4` and `HLL_6` are read and written too.
///
/// `2^lg_k` registers of one byte, `lg_k` from 4 to 21. The standard error is 0.8326 / sqrt(k)
/// while all keys came through one sketch (1.3 % at `lg_k` 12) and 1.0390 / sqrt(k) after a merge
/// (1.6 %). Up to about k/11 keys it keeps hashes, and the count is as good as exact.
///
/// # When not to use it
///
/// - Nobody else reads the sketch: for the sake of the format a register takes a whole byte here;
///   an ExaLogLog needs about 40 % of the bytes for the same error.
/// - Keys that an enemy chooses: the hash and its seed are public, and so are keys that spoil the
///   estimate.
/// - Keys that were filtered by the same hash upstream: what is left of it is not random.
/// - The keys themselves are needed, or leave again: a set or a filter.
///
/// # Layout
///
/// The memory is DataSketches' *updatable image*, little-endian, in one block:
///
/// ```text
///       0    1   2   3    4    5       6   7      8
/// list  | 2  | 1 | 7 | lgk | 3  | empty | n | 0x08 | 8 coupons                 |  40 bytes
/// set   | 3  | 1 | 7 | lgk | s  | 0     | 0 | 0x09 | n: u32 | 2^s coupons      |  12 + 4 * 2^s
/// array | 10 | 1 | 7 | lgk | 0  | merged| 0 | 0x0a | fields | 2^lgk registers  |  40 + 2^lgk
///
///               8              16         24          32              36       40
/// array fields  | running: f64 | low: f64 | high: f64 | zeros: u32    | 0: u32 |
/// ```
///
/// A coupon is a `u32`: 6 bits of value over 26 of address; 0 is a free slot. A register is the
/// largest value of its coupons. Byte 5 is 4 if nothing was inserted, and 16 in a merged array.
/// `running` is the estimate of one stream, `low` and `high` are the sums of `2^-register` below 32
/// and from there on, `zeros` counts the registers that are 0.
///
/// With its 8th coupon a list becomes a set (an array, if `lg_k` < 8). A set of `2^s` slots, from
/// 32 to k/8, that is more than three quarters full becomes one of twice the slots, the largest the
/// array. The block is the image rounded up to whole words, without slack; while it changes its
/// form it also holds the coupons, behind the new image: 1.4 times the new size for that moment.
///
/// # Space
///
/// | keys | heap bytes |
/// |---|---|
/// | 0 to 7 | 40 |
/// | up to 3/4 of `2^s` | `16 + 4 * 2^s`: 144 at 24 keys, 2,064 at 384 (`lg_k` 12) |
/// | any number | `40 + 2^lg_k`: 4,136 at `lg_k` 12 |
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert_u64` | O(1), the hash is most of it | 1, and 1 more if a register rises |
/// | `insert` | O(length) | the key's, and as above |
/// | `estimate`, bounds | O(1); below 1 us after a merge | 1; 10 after a merge |
/// | `merge` | O(k), 2 us at `lg_k` 12 | all |
///
/// Only a change of the form requests memory: at most `lg_k - 6` times in a life.
///
/// # Parameters
///
/// `lg_k`: 12 unless you know better, as in DataSketches and Spark; one more doubles the bytes and
/// divides the error by 1.41.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::HyperLogLog};
///
/// let mut users = HyperLogLog::new(12);
/// for visit in 0..100_000_u64 {
///     users.insert_u64(visit % 50_000);
/// }
/// assert!((users.estimate() / 50_000.0 - 1.0).abs() < 3.0 * users.std_error());
/// assert_eq!(users.heap_bytes(), 4_136); // HashSet<u64>: 589,840
/// ```
///
/// # References
///
/// - Flajolet, Fusy, Gandouet, Meunier: HyperLogLog: the analysis of a near-optimal cardinality
///   estimation algorithm. AofA 2007.
/// - Heule, Nunkesser, Hall: HyperLogLog in practice. EDBT 2013 (few keys apart).
/// - Ting: Streamed approximate counting of distinct elements. KDD 2014; Cohen: All-distances
///   sketches, revisited. PODS 2014 (the running estimate, HIP).
/// - Apache DataSketches, <https://datasketches.apache.org>: the format and the constants.
#[derive(Clone)]
pub struct HyperLogLog<W: Words = HeapWords> {
    /// `shape.words()` words: the updatable image, and zeros to a whole word.
    image: W,
    shape: Shape,
}

impl<W: Words> HyperLogLog<W> {
    /// Logarithm of the number of registers.
    #[must_use]
    #[inline]
    pub const fn lg_k(&self) -> u8 {
        self.shape.lg_k
    }

    /// Whether nothing was inserted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.shape.form {
            Form::Array => registers::zeros(self.bytes()) == 1 << self.shape.lg_k,
            form => image::count(self.bytes(), form) == 0,
        }
    }

    /// How many different keys were inserted, about: the same double that DataSketches computes.
    ///
    /// O(1); below 1 us after a merge. Allocates nothing.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let bytes = self.bytes();
        match self.shape.form {
            Form::Array if image::is_out_of_order(bytes) => {
                estimate::composite(self.shape.lg_k, Sums::read(bytes))
            }
            Form::Array => registers::running(bytes),
            form => coupons::estimate(image::count(bytes, form)),
        }
    }

    /// The relative standard error of [`estimate`](Self::estimate), by theory: 0.013 is 1.3 %. It
    /// depends on `lg_k`, on whether the sketch was merged, and on whether it still keeps hashes.
    #[must_use]
    pub fn std_error(&self) -> f64 {
        match self.shape.form {
            Form::Array => estimate::standard_error(self.shape.lg_k, self.is_merged()),
            _ => estimate::COUPON_ERROR,
        }
    }

    /// What the true count exceeds with the probability of `deviations` standard deviations: 84,
    /// 97.7 and 99.87 % for 1, 2 and 3. Time as of `estimate`.
    ///
    /// # Panics
    ///
    /// If `deviations` is not 1, 2 or 3: the bounds are measured, as those of DataSketches.
    #[must_use]
    #[track_caller]
    pub fn lower_bound(&self, deviations: f64) -> f64 {
        self.bound(deviations, false)
    }

    /// What the true count stays below, with the probabilities of
    /// [`lower_bound`](Self::lower_bound).
    ///
    /// # Panics
    ///
    /// If `deviations` is not 1, 2 or 3.
    #[must_use]
    #[track_caller]
    pub fn upper_bound(&self, deviations: f64) -> f64 {
        self.bound(deviations, true)
    }

    #[track_caller]
    fn bound(&self, deviations: f64, upper: bool) -> f64 {
        let whole = deviations as u8;
        let known = (1..=3).contains(&whole) && f64::from(whole) == deviations;
        assert!(known, "{deviations} deviations: bounds are for 1, 2, 3");
        let (lg_k, bytes) = (self.shape.lg_k, self.bytes());
        let estimate = self.estimate();
        if self.shape.form == Form::Array {
            let error = estimate::bound_error(lg_k, self.is_merged(), upper, whole);
            let taken = (1_u32 << lg_k).saturating_sub(registers::zeros(bytes));
            let bound = estimate / (1.0 + error);
            return if upper { bound } else { bound.max(f64::from(taken)) };
        }
        let error = deviations * estimate::COUPON_ERROR;
        let bound = estimate / if upper { 1.0 - error } else { 1.0 + error };
        bound.max(f64::from(image::count(bytes, self.shape.form)))
    }

    /// Whether the running estimate was lost in a merge.
    fn is_merged(&self) -> bool {
        self.shape.form == Form::Array && image::is_out_of_order(self.bytes())
    }

    /// The words as bytes: the image, and up to 7 zeros.
    #[inline]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.image.words())
    }

    /// The updatable image: what DataSketches' `serialize_updatable()` returns and Spark's
    /// `hll_sketch_agg` yields. O(1): it is the memory itself.
    #[must_use]
    pub fn as_datasketches_updatable(&self) -> &[u8] {
        &self.bytes()[..self.shape.len()]
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> HyperLogLog {
        HyperLogLog { image: HeapWords::copy_of(self.image.words()), shape: self.shape }
    }
}

#[cfg(feature = "alloc")]
impl HyperLogLog {
    /// An empty sketch of `2^lg_k` registers. Requests 40 bytes.
    ///
    /// # Panics
    ///
    /// If `lg_k` is not within 4..=21, or memory cannot be had; [`try_new`](Self::try_new) returns
    /// the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(lg_k: u8) -> Self {
        Self::new_in(lg_k, Global)
    }

    /// An empty sketch of `2^lg_k` registers. Requests 40 bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `lg_k` is not within 4..=21; [`BuildError::Alloc`].
    pub fn try_new(lg_k: u8) -> Result<Self, BuildError> {
        Self::try_new_in(lg_k, Global)
    }
}

impl<A: Alloc> HyperLogLog<HeapWords<A>> {
    /// An empty sketch of `2^lg_k` registers in `alloc`. Requests 40 bytes.
    ///
    /// # Panics
    ///
    /// If `lg_k` is not within 4..=21, or memory cannot be had; [`try_new_in`](Self::try_new_in)
    /// returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new_in(lg_k: u8, alloc: A) -> Self {
        granted(Self::try_new_in(lg_k, alloc))
    }

    /// An empty sketch of `2^lg_k` registers in `alloc`. Requests 40 bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `lg_k` is not within 4..=21; [`BuildError::Alloc`].
    pub fn try_new_in(lg_k: u8, alloc: A) -> Result<Self, BuildError> {
        if !(MIN_LG_K..=MAX_LG_K).contains(&lg_k) {
            let (min, max) = (u64::from(MIN_LG_K), u64::from(MAX_LG_K));
            return Err(BuildError::OutOfRange { name: "lg_k", value: lg_k.into(), min, max });
        }
        Ok(Self::try_with_shape(Shape { lg_k, form: Form::List }, alloc)?)
    }

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
        self.try_insert_words(murmur3::hash_bytes(key, SEED))
    }

    /// Inserts a number: equal to the 8 little-endian bytes of it. O(1), one cache line unless a
    /// register rises.
    ///
    /// Smaller numbers are widened first. DataSketches in C++ takes `u8`, `u16` and `u32` for
    /// signed ones on the way, so what is exchanged had better be signed, or small.
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
        self.try_insert_words(murmur3::hash_u64(key, SEED))
    }

    /// Inserts a signed number. Smaller ones are widened first: `i64::from(key)`. O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_i64`](Self::try_insert_i64) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert_i64(&mut self, key: i64) {
        self.insert_u64(key as u64);
    }

    /// Inserts a signed number, like [`insert_i64`](Self::insert_i64).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert_i64(&mut self, key: i64) -> Result<(), AllocError> {
        self.try_insert_u64(key as u64)
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

    /// Inserts a key by its hash, two words: those of MurmurHash3 x64-128 with seed 9001 if the
    /// sketch is to be exchanged. O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_hash`](Self::try_insert_hash) returns the error
    /// instead.
    #[inline]
    #[track_caller]
    pub fn insert_hash(&mut self, h0: u64, h1: u64) {
        self.try_insert_hash(h0, h1).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a key by its hash, like [`insert_hash`](Self::insert_hash).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert_hash(&mut self, h0: u64, h1: u64) -> Result<(), AllocError> {
        self.try_insert_words([h0, h1])
    }

    #[inline]
    fn try_insert_words(&mut self, hash: [u64; 2]) -> Result<(), AllocError> {
        self.try_insert_coupon(coupons::coupon_of(hash))
    }

    /// Adds the keys of `other`, whatever it lives in: the estimate is then that of both together.
    /// O(k).
    ///
    /// The image is that of DataSketches' union. Sketches of different `lg_k` merge too: the larger
    /// array is folded to the smaller `lg_k`, so [`lg_k`](Self::lg_k) of this sketch may sink;
    /// hashes that are still kept fit any. Two arrays lose their running estimate, and the error
    /// grows to 1.0390 / sqrt(k).
    ///
    /// Where a list or a set meets an array that has to be folded, the running estimate goes on
    /// from the folded array. DataSketches 5.2.0 goes on from an empty one and comes out too small.
    ///
    /// # Errors
    ///
    /// [`MergeError::Alloc`] if memory cannot be had; a part of `other`'s keys may have been added
    /// then, and merging again is safe. Sketches of any `lg_k` merge, and all use one seed.
    pub fn merge<V: Words>(&mut self, other: &HyperLogLog<V>) -> Result<(), MergeError> {
        Ok(self.try_merge(other)?)
    }

    /// Removes all keys: the sketch is as new, and gives its room back.
    pub fn clear(&mut self) {
        self.reset();
    }
}

impl<W: Words> Footprint for HyperLogLog<W> {
    fn parts(&self, out: &mut dyn Parts) {
        let padding = size_of_val(self.image.words()) - self.shape.len();
        self.image.tell("image", PartKind::Payload, padding, out);
    }
}

impl<W: Words> Persist for HyperLogLog<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        // For whoever inspects the file; not read back.
        out.items((self.estimate() + 0.5) as u64);
        out.seed(SEED);
        out.meta(&[self.shape.len() as u64]);
        out.section(IMAGE, 1, self.image.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        require(source.header().seed == SEED, IMAGE, "seed 9001")?;
        let [len] = source.meta()?;
        let image = source.section(IMAGE, 1)?;
        let head = Head::parse(as_bytes(image.words()))?;
        let fits = head.shape.len() as u64 == len && head.shape.words() == image.words().len();
        let own = !head.compact && head.kind == HllType::Hll8;
        require(fits && own, IMAGE, "an updatable HLL_8 image of the stated length")?;
        Ok(Self { image, shape: head.shape })
    }

    fn validate(&self) -> Result<(), FileError> {
        let (image, behind) = self.bytes().split_at(self.shape.len());
        require(behind.iter().all(|byte| *byte == 0), IMAGE, "zeros behind the image")?;
        image::validate(image, self.shape)
    }
}

doors!(HyperLogLog);

impl<W: Words> Cardinality for HyperLogLog<W> {
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

impl<A: Alloc> CardinalityMut<A> for HyperLogLog<HeapWords<A>> {
    const EXCHANGE: bool = true;
    /// The order of the keys shows in the slots of a set and in the running estimate.
    const CANONICAL: bool = false;

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
impl Default for HyperLogLog {
    /// An empty sketch of `lg_k` 12.
    fn default() -> Self {
        Self::new(DEFAULT_LG_K)
    }
}

collect! {
    HyperLogLog:
    u64 => insert_u64;
    i64 => insert_i64;
    &'a str, 'a => insert;
    &'a [u8], 'a => insert;
}

impl<W: Words> fmt::Debug for HyperLogLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperLogLog")
            .field("lg_k", &self.shape.lg_k)
            .field("form", &self.shape.form)
            .field("merged", &self.is_merged())
            .field("estimate", &self.estimate())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<HyperLogLog<V>> for HyperLogLog<W> {
    /// Whether the images are the same. Sketches of the same keys may differ: a set remembers the
    /// order in which they came, and a merged array has no running estimate.
    fn eq(&self, other: &HyperLogLog<V>) -> bool {
        self.as_datasketches_updatable() == other.as_datasketches_updatable()
    }
}

impl<W: Words> Eq for HyperLogLog<W> {}
