//! [`HyperMinHash`]: how similar sets are, and how large, in two bytes a bin.

use super::{Cardinality, CardinalityMut, DEFAULT_SEED, Jaccard};
use crate::bits::float::{exp, sqrt};
use crate::error::{BuildError, FileError, MergeError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{
    mem::{Global, granted},
    storage::Sections,
};
use core::fmt;

/// The section of bins.
const BINS: Tag = Tag(*b"bins");
/// The smallest sketch has `2^4` bins.
const MIN_P: u8 = 4;
/// The largest sketch has `2^20` bins.
const MAX_P: u8 = 20;
/// `p` where none is asked for.
const DEFAULT_P: u8 = 12;
/// Bits of a bin's fraction.
const FRACTION_BITS: u32 = 10;
const FRACTION: u64 = (1 << FRACTION_BITS) - 1;
/// The largest exponent of a bin, of 6 bits.
const MAX_EXPONENT: u32 = 63;

/// How similar sets of keys are, and how many keys each has: two bytes a bin, 8 KiB for a
/// similarity to 0.007 and a count to 1.6 %.
///
/// `2^p` bins, `p` from 4 to 20. Each keeps the smallest hash that fell on it, as a floating point
/// number of 16 bits: of two sets, the share of bins that are alike is their Jaccard similarity
/// `J`, with a standard error of `sqrt(J (1 - J) / 2^p)`. Bins that are alike by chance are
/// computed and taken off. Sketches merge by the smaller of each two bins.
///
/// # When not to use it
///
/// - Only counts are asked for: an [`ExaLogLog`](super::ExaLogLog) has the same error in a fifth
///   of the bytes.
/// - Sets of fewer keys than a few times the bins: [`Theta`](super::Theta) keeps their hashes, and
///   is exact.
/// - The intersection as a sketch, to go on with: [`Theta`](super::Theta).
/// - Keys from an enemy who knows the seed: take a secret one.
///
/// # Layout
///
/// ```text
/// bin i: u16   | exponent: 6 bits | 1023 - fraction: 10 bits |      0: nothing fell on it
/// ```
///
/// A bin stands for a smallest hash between `2^-e (1 + f/1024)` and the next such number, as a
/// share of all hashes; larger bins are smaller hashes. One block, never slack.
///
/// # Space
///
/// `2^(p+1)` heap bytes, from the beginning: 8,192 at `p` 12.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(1), the hash is most of it | 1 |
/// | `estimate`, `jaccard`, `merge` | O(2^p) | all |
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::HyperMinHash};
///
/// let monday: HyperMinHash = (0..60_000_u64).collect();
/// let tuesday: HyperMinHash = (40_000..90_000_u64).collect();
/// let alike = monday.jaccard(&tuesday, 3.0)?;
/// assert!(alike.lower < 2.0 / 9.0 && 2.0 / 9.0 < alike.upper);
/// assert!((monday.estimate() / 60_000.0 - 1.0).abs() < 3.0 * monday.std_error());
/// assert_eq!(monday.heap_bytes(), 8_192);
/// # Ok::<(), lessram::MergeError>(())
/// ```
///
/// # References
///
/// - Yu, Weber: HyperMinHash: MinHash in LogLog space. 2017.
/// - Broder: On the resemblance and containment of documents. 1997.
#[derive(Clone)]
pub struct HyperMinHash<W: Words = HeapWords> {
    /// `2^p` bins of 16 bits.
    bins: W,
    seed: u64,
    p: u8,
}

/// The bin that a hash is for, and what it would be.
#[inline]
const fn bin_of(hash: u64, p: u8) -> (usize, u16) {
    let index = (hash >> (64 - p)) as usize;
    let rest = hash << p;
    let zeros = rest.leading_zeros();
    let exponent = if zeros < MAX_EXPONENT { zeros + 1 } else { MAX_EXPONENT };
    // The bits behind the leading one.
    let fraction = (rest << (exponent - 1) << 1) >> (64 - FRACTION_BITS);
    (index, (exponent << FRACTION_BITS) as u16 | (FRACTION - fraction) as u16)
}

/// The hash that a bin stands for, as a share of all: the middle of its interval.
fn share_of(bin: u16) -> f64 {
    let (exponent, rest) = (u64::from(bin >> FRACTION_BITS), u64::from(bin) & FRACTION);
    let power = f64::from_bits((1023 - exponent) << 52);
    power * (1.0 + ((FRACTION - rest) as f64 + 0.5) / (FRACTION + 1) as f64)
}

impl<W: Words> HyperMinHash<W> {
    /// Logarithm of the number of bins.
    #[must_use]
    pub const fn p(&self) -> u8 {
        self.p
    }

    /// The seed of the keys' hashes.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether nothing was inserted. O(2^p).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bins().all(|bin| bin == 0)
    }

    fn bins(&self) -> impl Iterator<Item = u16> {
        let bytes = as_bytes(self.bins.words());
        bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]))
    }

    fn count(&self) -> f64 {
        f64::from(1_u32 << self.p)
    }

    /// How many bins are taken, and the sum of the hashes they stand for, 1 for the others.
    fn sums(&self) -> (f64, f64) {
        let add = |(taken, sum): (f64, f64), bin: u16| match bin {
            0 => (taken, sum + 1.0),
            _ => (taken + 1.0, sum + share_of(bin)),
        };
        self.bins().fold((0.0, 0.0), add)
    }

    /// How many different keys were inserted, about: that of maximum likelihood. O(2^p), allocates
    /// nothing.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let ((taken, sum), bins) = (self.sums(), self.count());
        // Of full bins the sum is that of exponential numbers, and one over it too large.
        let bias = 1.0 - taken / (bins * bins);
        if taken == 0.0 { 0.0 } else { bins * taken / sum * bias }
    }

    /// The relative standard error of [`estimate`](Self::estimate): `1 / sqrt(2^p)`, less for few
    /// keys. Time as of `estimate`.
    #[must_use]
    pub fn std_error(&self) -> f64 {
        let ((taken, _), keys) = (self.sums(), self.estimate());
        if taken == 0.0 {
            return 0.0;
        }
        sqrt((1.0 / taken - 1.0 / keys).max(1.0 / f64::from(1 << 24)))
    }

    /// The Jaccard similarity of both sets of keys, between bounds of so many standard deviations:
    /// 84, 97.7 and 99.87 % on each side for 1, 2 and 3. Two empty sets are alike. O(2^p),
    /// allocates nothing.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if sizes or seeds differ.
    pub fn jaccard<V: Words>(
        &self,
        other: &HyperMinHash<V>,
        deviations: f64,
    ) -> Result<Jaccard, MergeError> {
        self.check(other)?;
        let (mut alike, mut taken) = (0.0, 0.0);
        for (one, two) in self.bins().zip(other.bins()) {
            taken += f64::from(u8::from(one | two != 0));
            alike += f64::from(u8::from(one == two && one != 0));
        }
        if taken == 0.0 {
            return Ok(Jaccard { lower: 1.0, estimate: 1.0, upper: 1.0 });
        }
        let bins = self.count();
        let chance = chance(self.estimate() / bins, other.estimate() / bins) * bins / taken;
        let corrected = |share: f64| ((share - chance) / (1.0 - chance)).clamp(0.0, 1.0);
        let bound = |deviations| corrected(super::theta::share_bound(alike, taken, deviations));
        Ok(Jaccard {
            lower: bound(-deviations),
            estimate: corrected(alike / taken),
            upper: bound(deviations),
        })
    }

    const fn check<V: Words>(&self, other: &HyperMinHash<V>) -> Result<(), MergeError> {
        if self.p != other.p {
            return Err(MergeError::Parameters);
        }
        if self.seed != other.seed { Err(MergeError::Seeds) } else { Ok(()) }
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> HyperMinHash {
        let bins = HeapWords::copy_of(self.bins.words());
        HyperMinHash { bins, seed: self.seed, p: self.p }
    }
}

/// The probability that a bin of two sets without a common key is alike by chance, with so many
/// keys a bin in each: the sum over all values of both probabilities, octave by octave, in which
/// the values are equally wide and dense.
fn chance(a: f64, b: f64) -> f64 {
    let both = a + b;
    if both <= 0.0 {
        return 0.0;
    }
    let missed = |e: u32| exp(-(both * f64::from_bits((1023 - u64::from(e)) << 52)).min(700.0));
    let octave = |e: u32| {
        let width = f64::from_bits((1023 - u64::from(e + FRACTION_BITS)) << 52);
        width * (missed(e) - missed(e - 1))
    };
    a * b / both * (1..=MAX_EXPONENT).map(octave).sum::<f64>()
}

#[cfg(feature = "alloc")]
impl HyperMinHash {
    /// An empty sketch of `2^p` bins, seed 0. Requests `2^(p+1)` bytes.
    ///
    /// # Panics
    ///
    /// If `p` is not within 4..=20, or memory cannot be had; [`try_new_in`](Self::try_new_in)
    /// returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(p: u8) -> Self {
        granted(Self::try_new_in(p, DEFAULT_SEED, Global))
    }
}

impl<A: Alloc> HyperMinHash<HeapWords<A>> {
    /// An empty sketch of `2^p` bins whose hashes have this seed, in `alloc`. Requests `2^(p+1)`
    /// bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `p` is not within 4..=20; [`BuildError::Alloc`].
    pub fn try_new_in(p: u8, seed: u64, alloc: A) -> Result<Self, BuildError> {
        if !(MIN_P..=MAX_P).contains(&p) {
            let (min, max) = (MIN_P.into(), MAX_P.into());
            return Err(BuildError::OutOfRange { name: "p", value: p.into(), min, max });
        }
        let mut bins = HeapWords::new_in(alloc);
        bins.try_reserve_exact(1 << (p - 2))?;
        bins.try_resize(1 << (p - 2))?;
        Ok(Self { bins, seed, p })
    }

    /// Inserts a key. O(length of the key); requests nothing.
    #[inline]
    pub fn insert<K: KeyHash + ?Sized>(&mut self, key: &K) {
        self.insert_hash(key.key_hash(self.seed));
    }

    /// Inserts a key by its hash: 64 bits of which each is random. O(1), requests nothing.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) {
        let (index, bin) = bin_of(hash, self.p);
        if let Some(place) = self.bins.as_bytes_mut().get_mut(2 * index..2 * index + 2) {
            let mut old = [0; 2];
            old.copy_from_slice(place);
            if bin > u16::from_le_bytes(old) {
                place.copy_from_slice(&bin.to_le_bytes());
            }
        }
    }

    /// Adds the keys of `other`, whatever it lives in: the sketch is then that of both together.
    /// O(2^p), requests nothing.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if sizes or seeds differ; nothing has changed then.
    pub fn merge<V: Words>(&mut self, other: &HyperMinHash<V>) -> Result<(), MergeError> {
        self.check(other)?;
        let theirs = other.bins();
        for (ours, theirs) in self.bins.as_bytes_mut().chunks_exact_mut(2).zip(theirs) {
            let larger = u16::from_le_bytes([ours[0], ours[1]]).max(theirs);
            ours.copy_from_slice(&larger.to_le_bytes());
        }
        Ok(())
    }

    /// Removes all keys. Keeps the block.
    pub fn clear(&mut self) {
        self.bins.as_bytes_mut().fill(0);
    }
}

impl<W: Words> Footprint for HyperMinHash<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.bins.tell("bins", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for HyperMinHash<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        // For whoever inspects the file; not read back.
        out.items((self.estimate() + 0.5) as u64);
        out.seed(self.seed);
        out.meta(&[self.p.into()]);
        out.section(BINS, 2, self.bins.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let seed = source.header().seed;
        let [p] = source.meta()?;
        let bins = source.section(BINS, 2)?;
        require((MIN_P.into()..=MAX_P.into()).contains(&p), BINS, "p from 4 to 20")?;
        require(bins.words().len() == 1 << (p - 2), BINS, "as many bins as p says")?;
        Ok(Self { bins, seed, p: p as u8 })
    }

    fn validate(&self) -> Result<(), FileError> {
        let sound = self.bins().all(|bin| bin == 0 || bin >> FRACTION_BITS != 0);
        require(sound, BINS, "exponents above 0, but in empty bins")
    }
}

doors!(HyperMinHash);

impl<W: Words> Cardinality for HyperMinHash<W> {
    const KEEPS_FEW: bool = false;

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

impl<A: Alloc> CardinalityMut<A> for HyperMinHash<HeapWords<A>> {
    const EXCHANGE: bool = false;
    const CANONICAL: bool = true;

    fn try_default_in(alloc: A) -> Result<Self, BuildError> {
        Self::try_new_in(DEFAULT_P, DEFAULT_SEED, alloc)
    }

    fn try_insert(&mut self, key: &[u8]) -> Result<(), BuildError> {
        self.insert(key);
        Ok(())
    }

    fn try_insert_u64(&mut self, key: u64) -> Result<(), BuildError> {
        self.insert(&key);
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

#[cfg(feature = "alloc")]
impl Default for HyperMinHash {
    /// An empty sketch of `p` 12 and seed 0. Requests 8,192 bytes.
    fn default() -> Self {
        Self::new(DEFAULT_P)
    }
}

impl<K: KeyHash, A: Alloc> Extend<K> for HyperMinHash<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| self.insert(&key));
    }
}

#[cfg(feature = "alloc")]
impl<K: KeyHash> FromIterator<K> for HyperMinHash {
    /// A sketch of `p` 12 and seed 0.
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut sketch = Self::default();
        sketch.extend(keys);
        sketch
    }
}

impl<W: Words> fmt::Debug for HyperMinHash<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("HyperMinHash");
        out.field("p", &self.p).field("estimate", &self.estimate()).finish()
    }
}

impl<W: Words, V: Words> PartialEq<HyperMinHash<V>> for HyperMinHash<W> {
    /// Whether the bins are the same: sketches of the same keys always are.
    fn eq(&self, other: &HyperMinHash<V>) -> bool {
        self.check(other).is_ok() && self.bins.words() == other.bins.words()
    }
}

impl<W: Words> Eq for HyperMinHash<W> {}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;

    #[test]
    fn bins_of_known_hashes() {
        assert_eq!(bin_of(u64::MAX, 4), (15, 1 << 10));
        assert_eq!(bin_of(1 << 59, 4), (0, 1 << 10 | 1023));
        assert_eq!(bin_of(0b11 << 57, 4), (0, 2 << 10 | 511));
        assert_eq!(bin_of(0, 4), (0, 63 << 10 | 1023));
        assert_eq!(bin_of(3 << 44, 20), (3, 63 << 10 | 1023));
        assert!((share_of(1 << 10 | 1023) - 0.5).abs() < 0.001 && share_of(1 << 10) < 1.0);
    }

    /// Over sketches of random keys, both errors are those of theory, and no bias shows: also of
    /// sets that share next to nothing, where chance makes most of the bins that are alike.
    #[test]
    fn errors_are_those_of_theory() {
        let trials = if cfg!(debug_assertions) { 40 } else { 400 };
        let mut rng = Rng::new(11);
        for (keys, shared) in [(20_000, 10_000), (20_000, 200), (3_000, 2_700), (300, 100)] {
            let jaccard = shared as f64 / (2 * keys - shared) as f64;
            let (mut similar, mut count, mut within) = ([0.0; 2], [0.0; 3], 0);
            for _ in 0..trials {
                let sketch = || HyperMinHash::new(10);
                let (mut one, mut two) = (sketch(), sketch());
                for i in 0..2 * keys - shared {
                    let hash = rng.number();
                    if i < keys {
                        one.insert_hash(hash);
                    }
                    if i >= keys - shared {
                        two.insert_hash(hash);
                    }
                }
                let found = one.jaccard(&two, 2.0).unwrap();
                within += u32::from(found.lower <= jaccard && jaccard <= found.upper);
                let off = found.estimate - jaccard;
                similar = [similar[0] + off, similar[1] + off * off];
                let off = one.estimate() / f64::from(keys) - 1.0;
                count = [count[0] + off, count[1] + off * off, count[2] + one.std_error().powi(2)];
            }
            let n = f64::from(trials);
            let theory = (jaccard * (1.0 - jaccard) / 1_024_f64.min(f64::from(keys))).sqrt();
            let slack = 0.12_f64.max(3.0 / (2.0 * n).sqrt());
            let rms = (similar[1] / n).sqrt();
            // Few keys leave bins empty, and chance adds its own part.
            assert!(rms < theory * (1.0 + slack) + 0.0006, "rms {rms}, theory {theory}");
            assert!((similar[0] / n).abs() < 4.0 * theory / n.sqrt() + 3e-4, "{similar:?}");
            assert!(f64::from(within) / n > 0.9, "{within} of {n}");
            let (rms, stated) = ((count[1] / n).sqrt(), (count[2] / n).sqrt());
            assert!((rms / stated - 1.0).abs() < slack, "{keys}: rms {rms}, stated {stated}");
            assert!((count[0] / n).abs() < 3.5 * stated / n.sqrt(), "{keys}: {}", count[0] / n);
        }
    }

    #[test]
    fn merged_is_the_sketch_of_all_keys() {
        let of = |keys: core::ops::Range<u64>| keys.collect::<HyperMinHash>();
        let (one, two, all) = (of(0..5_000), of(3_000..9_000), of(0..9_000));
        for (mut first, second) in [(one.clone(), &two), (two.clone(), &one)] {
            first.merge(second).unwrap();
            first.merge(second).unwrap();
            assert_eq!(first, all);
        }
        let mut small = HyperMinHash::new(11);
        assert_eq!(small.merge(&all), Err(MergeError::Parameters));
        let mut other = HyperMinHash::try_new_in(12, 1, Global).unwrap();
        assert_eq!(other.merge(&all), Err(MergeError::Seeds));
        assert_eq!(other.jaccard(&all, 1.0), Err(MergeError::Seeds));
        assert!(HyperMinHash::try_new_in(3, 0, Global).is_err());
        assert!(HyperMinHash::try_new_in(21, 0, Global).is_err());
        let none = HyperMinHash::new(12);
        assert_eq!(none.jaccard(&none, 2.0).unwrap().estimate, 1.0);
        assert_eq!(none.jaccard(&all, 2.0).unwrap().estimate, 0.0);
        other.clear();
        assert!(other.is_empty() && other.estimate() == 0.0 && other.std_error() == 0.0);
    }
}
