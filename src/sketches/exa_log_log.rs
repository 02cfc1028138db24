//! [`ExaLogLog`]: distinct count in the fewest bytes for its error.

mod change;
mod coded;
mod estimate;
mod file;
mod merge;
mod packed;
mod register;
mod running;
mod tokens;

use super::{Cardinality, CardinalityMut, DEFAULT_SEED};
use crate::error::{AllocError, BuildError, MergeError};
use crate::hashing::KeyHash;
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::storage::{HeapWords, Le64, Words, as_bytes};
use core::fmt;
use packed::Packed;
use register::Register;

/// The smallest sketch has `2^4` registers.
const MIN_P: u8 = 4;
/// The largest sketch has `2^24` registers.
const MAX_P: u8 = 24;
/// `p` where none is asked for.
const DEFAULT_P: u8 = 11;
/// Words of a running estimate.
const RUNNING_WORDS: usize = 3;

/// What the words hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A table of tokens: what registers would see of each hash.
    Tokens,
    /// Registers of 12 bits, the running estimate if one is kept, exceptions.
    Registers,
    /// The same, by an entropy coder.
    Frozen,
}

/// How many different keys there were, in the fewest bytes for the error: 3,072 for 1.16 %, of a
/// single stream 3,096 for 1.01 %, and frozen 2,100 for the same.
///
/// `2^p` registers of 12 bits, `p` from 4 to 24; the relative standard error is
/// `0.527 / sqrt(2^p)`, and `0.4585 / sqrt(2^p)` of a stream that keeps the running estimate. Up
/// to about a third of `2^p` keys it keeps hashes, and the count is as good as exact.
///
/// # When not to use it
///
/// - Another program reads the sketch: [`HyperLogLog`](super::HyperLogLog) has the format that
///   DataSketches, Spark and Druid exchange, for 2.7 times the bytes at the same error.
/// - How much two sets share: what two of these would say of an intersection is lost in their
///   errors.
/// - Keys from an enemy who knows the seed, and so can find keys that spoil the estimate: take a
///   secret seed.
/// - The keys themselves are needed, or leave again: a set or a filter.
///
/// # Layout
///
/// ```text
/// tokens     | table of u32, at most nine tenths full                      |
/// registers  | 2^p registers of 12 bits | running: 3 doubles | exceptions |
/// frozen     | head: u64 | running: 3 doubles | entropy-coded registers     |
///
/// register   | offset: 5 bits | seen: 7 bits |      token   | hash: 26 bits | zeros: 6 bits |
/// ```
///
/// An update value is `k` with probability about `2^-(k/2)`. A register is the largest value that
/// fell on it, as its distance from the smallest of all registers, and whether each of the seven
/// values below it fell on it too. Distances of 31 and more are exceptions: a sorted list behind
/// the registers, empty in most sketches.
///
/// One block, without slack. The table of tokens grows by 1.4; while the form changes, the tokens
/// wait behind the new one. [`to_frozen`](Self::to_frozen) makes the frozen form, which merges
/// and answers as it is and turns back when a key is inserted.
///
/// # Space
///
/// Heap bytes at `p` 11; the struct is 48 more.
///
/// | keys | bytes |
/// |---|---|
/// | 0 | 0 |
/// | 1 to 3, 100, 691 | 16, 448, 3,072 |
/// | more | `1.5 * 2^p`: 3,072; and 24 for a running estimate, 4 for each exception |
/// | frozen | about 2,100 |
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(1), and once `2^p` is small against the keys, the hash is most of it | 1; none for most keys |
/// | `estimate`, bounds | O(2^p): 5 us at `p` 11; frozen 50 us; running, or tokens, O(1) | all |
/// | `merge` | O(2^p): 9 us at `p` 11, with a copy | all |
///
/// Only a change of the form requests memory, and an exception.
///
/// # Parameters
///
/// `p`: 11 unless you know better; one more doubles the bytes and divides the error by 1.41. A
/// seed, 0 unless given: sketches merge if they have the same.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::ExaLogLog};
///
/// let mut users = ExaLogLog::new(11);
/// for visit in 0..100_000_u64 {
///     users.insert(&(visit % 40_000));
/// }
/// assert!((users.estimate() / 40_000.0 - 1.0).abs() < 3.0 * users.std_error());
/// assert_eq!(users.heap_bytes(), 3_080); // one exception; HashSet<u64>: 589,840
/// assert!(users.to_frozen().heap_bytes() < 2_200);
/// ```
///
/// # References
///
/// - Ertl: ExaLogLog: space-efficient and practical approximate distinct counting up to the
///   exa-scale. EDBT 2025 (the registers `t = 1, d = 7` and their estimator).
/// - Ting: Streamed approximate counting of distinct elements. KDD 2014; Cohen: All-distances
///   sketches, revisited. PODS 2014 (the running estimate).
/// - Pettie, Wang: Information theoretic limits of cardinality estimation. STOC 2021.
#[derive(Clone)]
pub struct ExaLogLog<W: Words = HeapWords> {
    words: W,
    seed: u64,
    /// Hashes with one of these bits change nothing: every register knows them.
    known: u64,
    /// Tokens; or registers whose value is the base.
    count: u32,
    p: u8,
    /// The smallest value of all registers; 0 in every other form.
    base: u8,
    form: Form,
    running: bool,
}

impl<W: Words> ExaLogLog<W> {
    /// Logarithm of the number of registers.
    #[must_use]
    #[inline]
    pub const fn p(&self) -> u8 {
        self.p
    }

    /// The seed of the keys' hashes.
    #[must_use]
    #[inline]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether nothing was inserted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        // Registers come with the first key beyond the tokens.
        matches!(self.form, Form::Tokens) && self.count == 0
    }

    /// Whether this is the frozen form.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        matches!(self.form, Form::Frozen)
    }

    /// Whether a running estimate is kept: asked for, and not lost in a merge.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.running
    }

    /// How many different keys were inserted, about. O(2^p), 5 us at `p` 11; O(1) while tokens are
    /// kept or with a running estimate. Allocates nothing.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.estimate_with_error().0
    }

    /// The relative standard error of [`estimate`](Self::estimate), from what the registers hold:
    /// 0.01 is 1 %. Time as of `estimate`.
    #[must_use]
    pub fn std_error(&self) -> f64 {
        self.estimate_with_error().1
    }

    /// [`estimate`](Self::estimate) and [`std_error`](Self::std_error) in the time of one.
    #[must_use]
    pub fn estimate_with_error(&self) -> (f64, f64) {
        if self.form == Form::Tokens {
            return (tokens::estimate(self.count), tokens::ERROR);
        }
        if self.running {
            let running = running::read(self.running_words());
            return (running.keys, running.error());
        }
        let mut evidence = estimate::Evidence::new();
        self.for_each_register(|index, register| evidence.add(index, register));
        evidence.estimate(f64::from(1_u32 << self.p))
    }

    /// What the true count exceeds with the probability of `deviations` standard deviations: 84,
    /// 97.7 and 99.87 % for 1, 2 and 3. Time as of `estimate`.
    #[must_use]
    pub fn lower_bound(&self, deviations: f64) -> f64 {
        let (estimate, error) = self.estimate_with_error();
        let bound = estimate / (1.0 + deviations * error);
        if self.form == Form::Tokens { bound.max(f64::from(self.count)) } else { bound }
    }

    /// What the true count stays below, with the probabilities of
    /// [`lower_bound`](Self::lower_bound).
    #[must_use]
    pub fn upper_bound(&self, deviations: f64) -> f64 {
        let (estimate, error) = self.estimate_with_error();
        estimate / (1.0 - (deviations * error).min(0.999))
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> ExaLogLog {
        self.with_words(HeapWords::copy_of(self.words.words()))
    }

    /// Another sketch of the same description over these words.
    #[cfg(feature = "alloc")]
    const fn with_words(&self, words: HeapWords) -> ExaLogLog {
        let Self { seed, known, count, p, base, form, running, .. } = *self;
        ExaLogLog { words, seed, known, count, p, base, form, running }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.words.words())
    }

    /// Words of the registers and of the running estimate behind them.
    const fn fixed_words(&self) -> usize {
        packed::words(self.p) + if self.running { RUNNING_WORDS } else { 0 }
    }

    /// The registers and their exceptions, where this is the form.
    #[inline]
    fn packed(&self) -> Packed<'_> {
        let bytes = self.bytes();
        let (registers, exceptions) = (packed::words(self.p) * 8, self.fixed_words() * 8);
        Packed {
            registers: bytes.get(..registers).unwrap_or(&[]),
            exceptions: bytes.get(exceptions..).unwrap_or(&[]),
            base: u32::from(self.base),
        }
    }

    /// The words of the running estimate.
    fn running_words(&self) -> &[Le64] {
        let at = if self.form == Form::Frozen { 1 } else { packed::words(self.p) };
        self.words.words().get(at..at + RUNNING_WORDS).unwrap_or(&[])
    }

    /// Tells of each register, in order; of tokens nothing. O(2^p).
    fn for_each_register(&self, mut tell: impl FnMut(usize, Register)) {
        match self.form {
            Form::Tokens => {}
            Form::Registers => self.packed().for_each(tell),
            Form::Frozen => {
                let mut decoder = self.decoder();
                (0..1 << self.p).for_each(|index| tell(index, decoder.register()));
            }
        }
    }

    /// Reads the frozen registers.
    fn decoder(&self) -> coded::Decoder<'_> {
        let start = 8 * (1 + if self.running { RUNNING_WORDS } else { 0 });
        coded::Decoder::new(self.head(), self.bytes().get(start..).unwrap_or(&[]))
    }

    /// The same sketch in its smallest form, about 0.68 of the bytes: to be kept, merged from and
    /// asked. Inserting turns it back. Few keys stay tokens. O(2^p), 0.1 ms at `p` 11.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[must_use]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub fn to_frozen(&self) -> ExaLogLog {
        if self.form != Form::Registers {
            return self.to_heap();
        }
        self.try_freeze().unwrap_or_else(|error| refused(error))
    }

    #[cfg(feature = "alloc")]
    fn try_freeze(&self) -> Result<ExaLogLog, AllocError> {
        let packed = self.packed();
        let (mut base, mut top) = (u8::MAX, 0);
        packed.for_each(|_, register| {
            let value = register.value.min(255) as u8;
            (base, top) = (base.min(value), top.max(value));
        });
        let mut evidence = estimate::Evidence::new();
        packed.for_each(|index, register| evidence.add(index, register));
        let registers = f64::from(1_u32 << self.p);
        let model = coded::model_of(evidence.estimate(registers).0 / registers);
        let mut head = coded::Head { model, base, top, units: 0 };
        let encode = |unit: &mut dyn FnMut(u16)| {
            let mut encoder = coded::Encoder::new(head, unit);
            (0..1 << self.p).rev().for_each(|index| encoder.register(packed.get(index)));
            encoder.finish();
        };
        // Once to count, once to write: the block gets its size without slack.
        let mut units = 0_u32;
        encode(&mut |_| units += 1);
        let start = 1 + if self.running { RUNNING_WORDS } else { 0 };
        let mut words = HeapWords::new_in(Global);
        let len = start + (units as usize).div_ceil(4);
        words.try_reserve_exact(len)?;
        words.try_resize(len)?;
        let bytes = &mut words.as_bytes_mut()[start * 8..];
        let mut at = units as usize * 2;
        encode(&mut |unit| {
            at -= 2;
            bytes[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        });
        head.units = units;
        words.words_mut()[0] = Le64::new(head.to_word());
        words.words_mut()[1..start].copy_from_slice(&self.running_words()[..start - 1]);
        Ok(ExaLogLog { form: Form::Frozen, known: 0, count: 0, base: 0, ..self.with_words(words) })
    }
}

#[cfg(feature = "alloc")]
impl ExaLogLog {
    /// An empty sketch of `2^p` registers, seed 0. Requests nothing.
    ///
    /// # Panics
    ///
    /// If `p` is not within 4..=24; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(p: u8) -> Self {
        Self::with_seed(p, DEFAULT_SEED)
    }

    /// An empty sketch of `2^p` registers whose hashes have this seed. Requests nothing.
    ///
    /// # Panics
    ///
    /// If `p` is not within 4..=24; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn with_seed(p: u8, seed: u64) -> Self {
        Self::try_new_in(p, seed, Global).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl<A: Alloc> ExaLogLog<HeapWords<A>> {
    /// An empty sketch of `2^p` registers in `alloc`. Requests nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `p` is not within 4..=24.
    pub fn try_new_in(p: u8, seed: u64, alloc: A) -> Result<Self, BuildError> {
        if !(MIN_P..=MAX_P).contains(&p) {
            let (min, max) = (MIN_P.into(), MAX_P.into());
            return Err(BuildError::OutOfRange { name: "p", value: p.into(), min, max });
        }
        let words = HeapWords::new_in(alloc);
        let (known, count, base) = (0, 0, 0);
        Ok(Self { words, seed, known, count, p, base, form: Form::Tokens, running: false })
    }

    /// The same sketch with a running estimate: 24 bytes more, and an error of 0.87 times, while
    /// all keys come through this one sketch. A merge with registers ends it.
    ///
    /// # Panics
    ///
    /// If it has more keys than it keeps tokens of.
    #[must_use]
    #[track_caller]
    pub fn with_running_estimate(mut self) -> Self {
        assert!(self.form == Form::Tokens, "a running estimate must begin with the first keys");
        self.running = true;
        self
    }

    /// Inserts a key. O(length of the key).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert<K: KeyHash + ?Sized>(&mut self, key: &K) {
        self.insert_hash(key.key_hash(self.seed));
    }

    /// Inserts a key.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert<K: KeyHash + ?Sized>(&mut self, key: &K) -> Result<(), AllocError> {
        self.try_insert_hash(key.key_hash(self.seed))
    }

    /// Inserts a key by its hash: 64 bits of which each is random. O(1).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert_hash`](Self::try_insert_hash) returns the error
    /// instead.
    #[inline]
    #[track_caller]
    pub fn insert_hash(&mut self, hash: u64) {
        self.try_put(hash).unwrap_or_else(|error| refused(error));
    }

    /// Inserts a key by its hash.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_insert_hash(&mut self, hash: u64) -> Result<(), AllocError> {
        self.try_put(hash)
    }

    /// Adds the keys of `other`, whatever it lives in: the estimate is then that of both together.
    /// O(2^p).
    ///
    /// Sketches of different `p` merge too: the larger is folded, so [`p`](Self::p) of this one
    /// may sink. The order of merges does not matter: the same keys make the same sketch.
    ///
    /// # Errors
    ///
    /// [`MergeError::Seeds`] if the seeds differ: nothing has changed then. [`MergeError::Alloc`]
    /// if memory cannot be had; a part of `other`'s keys may have been added then, and merging
    /// again is safe.
    pub fn merge<V: Words>(&mut self, other: &ExaLogLog<V>) -> Result<(), MergeError> {
        if self.seed != other.seed {
            return Err(MergeError::Seeds);
        }
        Ok(self.try_merge(other)?)
    }

    /// Folds to `2^p` registers: the sketch is then the one that the same keys would have made at
    /// that size. Does nothing if it is no larger. Registers lose their running estimate. O(2^p).
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `p` is below 4; [`BuildError::Alloc`].
    pub fn fold_to(&mut self, p: u8) -> Result<(), BuildError> {
        if p < MIN_P {
            let (min, max) = (u64::from(MIN_P), u64::from(MAX_P));
            return Err(BuildError::OutOfRange { name: "p", value: p.into(), min, max });
        }
        if p < self.p {
            self.try_fold(p)?;
        }
        Ok(())
    }

    /// Removes all keys: the sketch is as new, and gives its room back.
    pub fn clear(&mut self) {
        (self.form, self.count, self.base, self.known) = (Form::Tokens, 0, 0, 0);
        self.trim(0);
    }
}

impl<W: Words> Footprint for ExaLogLog<W> {
    fn parts(&self, out: &mut dyn Parts) {
        let name = if self.form == Form::Tokens { "tokens" } else { "registers" };
        self.words.tell(name, PartKind::Payload, 0, out);
    }
}

impl<W: Words> Cardinality for ExaLogLog<W> {
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

impl<A: Alloc> CardinalityMut<A> for ExaLogLog<HeapWords<A>> {
    const EXCHANGE: bool = false;
    const CANONICAL: bool = true;

    fn try_default_in(alloc: A) -> Result<Self, BuildError> {
        Self::try_new_in(DEFAULT_P, DEFAULT_SEED, alloc)
    }

    fn try_insert(&mut self, key: &[u8]) -> Result<(), BuildError> {
        Ok(self.try_insert(key)?)
    }

    fn try_insert_u64(&mut self, key: u64) -> Result<(), BuildError> {
        Ok(self.try_insert(&key)?)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

#[cfg(feature = "alloc")]
impl Default for ExaLogLog {
    /// An empty sketch of `p` 11 and seed 0.
    fn default() -> Self {
        Self::new(DEFAULT_P)
    }
}

impl<K: KeyHash, A: Alloc> Extend<K> for ExaLogLog<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| self.insert(&key));
    }
}

#[cfg(feature = "alloc")]
impl<K: KeyHash> FromIterator<K> for ExaLogLog {
    /// A sketch of `p` 11 and seed 0.
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut sketch = Self::default();
        sketch.extend(keys);
        sketch
    }
}

impl<W: Words> fmt::Debug for ExaLogLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExaLogLog")
            .field("p", &self.p)
            .field("form", &self.form)
            .field("running", &self.running)
            .field("estimate", &self.estimate())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<ExaLogLog<V>> for ExaLogLog<W> {
    /// Whether they hold the same, in the same form. Without running estimates, sketches of the
    /// same keys do, whatever the order and the merges they came by.
    fn eq(&self, other: &ExaLogLog<V>) -> bool {
        (self.p, self.seed, self.form, self.running)
            == (other.p, other.seed, other.form, other.running)
            && self.base == other.base
            && self.words.words() == other.words.words()
    }
}

impl<W: Words> Eq for ExaLogLog<W> {}
