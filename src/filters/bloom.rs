//! [`Bloom`]: the classic filter, for any rate.

use super::BATCH;
use super::doors::sized_doors;
use super::rate::{self, Grouped};
use crate::bits::{field::Picked, float};
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::hashing::fold;
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::{FAR, alone};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, as_bytes, doors, require};
use core::f64::consts::LOG2_E;
use core::fmt;

/// The section of the bits.
const BITS: Tag = Tag(*b"bits");
/// Multiplier from one group of positions to the next: 2^64 divided by the golden ratio, odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// Positions that are asked for together.
pub(super) const GROUP: u32 = 4;
/// The most positions a key may have.
const MAX_HASHES: u32 = 64;

/// An approximate set: answers "certainly not" or "probably", in 1.44 log2(1/fpr) bits a key
/// whatever the keys' size.
///
/// No false negatives, ever. False positives at a rate of at most `fpr` while no more than
/// `capacity` different keys are inserted; beyond, the rate rises and
/// [`fpr_now`](Self::fpr_now) tells.
///
/// # When not to use it
///
/// - All keys are known beforehand: a [`Fuse`](super::Fuse) takes a quarter fewer bits.
/// - Speed before bits, beyond the cache: a [`BlockedBloom`](super::BlockedBloom) touches one
///   cache line, this one k.
/// - Keys are to be removed or counted: it cannot.
/// - Nobody knows how many keys will come: the rate rises without bound.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | m bits, m a multiple of 64 |      one block
/// ```
///
/// Four positions of a key at a time come from a number `x`, the first four from its mixed hash,
/// the next ones from `z = x * STEP`: position `i` of the four is in the byte numbered
/// `(x + i * (x ^ z)) * (m / 8) >> 64`, and is bit `x >> 26 & 7` of it.
///
/// # Space
///
/// `m = ceil(n * c / 64) * 64` bits, where `c` is the least of `-k / ln(1 - fpr^(1/k))` over k: at
/// 1/256 11.55 bits a key, at 1 % 9.59, at 1/65,536 23.1. Of few keys as many words more as their
/// promise needs: 1 % at a thousand, 5 to 10 % at a hundred. No slack, never grows.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(k) | k |
/// | `contains`, key present | O(k) | k |
/// | `contains`, key absent | O(1) expected | 4 |
/// | `union`, `estimate`, `fpr_now` | O(m / 64) | all |
///
/// Allocates nothing once built.
///
/// # Example
///
/// ```
/// use lessram::{filters::Bloom, mem::Footprint};
///
/// let mut seen = Bloom::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant"));
/// assert!(seen.contains("ant") && !seen.contains("bee"));
/// assert_eq!(seen.heap_bytes(), 1_208); // 9.7 bits a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// B. H. Bloom, *Space/time trade-offs in hash coding with allowable errors*, CACM 13 (1970).
#[derive(Clone)]
pub struct Bloom<W: Words = HeapWords> {
    /// `m / 64` words, at least one.
    bits: W,
    hashes: u32,
    seed: u64,
    capacity: u64,
}

/// The positions of a key, in groups of up to [`GROUP`].
#[derive(Clone)]
pub(super) struct Positions(u64);

/// Some positions of a key: bytes, which follow each other evenly, and the bit in each of them.
///
/// One bit for all of them, so that it is looked up once, in what the bytes have in common. Evenly,
/// so that one multiplication leads to all: those that wait fill the queue of the one unit that
/// does them, and the keys that come next wait too.
pub(super) struct Group {
    next: u64,
    step: u64,
    bit: u32,
}

impl Positions {
    #[inline]
    pub(super) fn new(hash: u64, seed: u64) -> Self {
        // Mixed again, so that raw integers given as hashes do no harm.
        Self(fold(hash ^ seed))
    }

    /// The next group. The bytes come from the top of the number, the bit from bits 26 to 28, which
    /// the top does not reach below 2^35 bytes.
    #[inline(always)]
    fn group(&mut self) -> Group {
        let x = self.0;
        self.0 = x.wrapping_mul(STEP);
        Group { next: x, step: x ^ self.0, bit: (x >> 26 & 7) as u32 }
    }

    /// Whether `holds` of the groups of the first `count` positions, each with how many of them it
    /// has.
    ///
    /// There is no branch within a group: an absent key passes the first one once in 16 times, so
    /// that the one branch is predicted. Who gets past it most likely passes all.
    #[inline(always)]
    pub(super) fn all(mut self, mut count: u32, mut holds: impl FnMut(Group, u32) -> bool) -> bool {
        while count >= GROUP {
            if !holds(self.group(), GROUP) {
                return false;
            }
            count -= GROUP;
        }
        holds(self.group(), count)
    }
}

impl Group {
    /// The number that picks the next byte.
    #[inline(always)]
    pub(super) fn next(&mut self) -> u64 {
        let x = self.next;
        self.next = x.wrapping_add(self.step);
        alone(x)
    }

    /// Which bit of the bytes is meant.
    #[inline(always)]
    pub(super) const fn bit(&self) -> u32 {
        self.bit
    }

    /// Whether the bit is set in the next `count` bytes.
    ///
    /// Asked of a whole word: a register of which a byte is written waits for all that it held, and
    /// that is what the key before was waiting for.
    #[inline(always)]
    pub(super) fn all_set(mut self, count: u32, byte: impl Fn(u64) -> u8) -> bool {
        let bytes = (0..count).fold(u64::MAX, |all, _| all & u64::from(byte(self.next())));
        bytes >> self.bit & 1 == 1
    }
}

/// Bits for each of many keys if they have so many positions.
fn bits_per_key(ln_fpr: f64, hashes: u32) -> f64 {
    let hashes = f64::from(hashes);
    -hashes / float::ln(1.0 - float::exp(ln_fpr / hashes))
}

/// The number of positions that wants the fewest bits, and those bits for each of many keys.
///
/// They get fewer with every position up to the best number, which is next to `log2(1/fpr)`, and
/// more from there.
fn best_hashes(fpr: f64) -> (u32, f64) {
    let ln_fpr = float::ln(fpr);
    let mut hashes = ((-ln_fpr * LOG2_E) as u32).max(1);
    let mut best = bits_per_key(ln_fpr, hashes);
    let mut is_better = |hashes| {
        let bits = bits_per_key(ln_fpr, hashes);
        let is_better = bits < best;
        best = best.min(bits);
        is_better
    };
    while is_better(hashes + 1) {
        hashes += 1;
    }
    while hashes > 1 && is_better(hashes - 1) {
        hashes -= 1;
    }
    (hashes, best)
}

/// Bits, and positions of a key, for `capacity` keys at `fpr`.
fn size_for(capacity: usize, fpr: f64) -> Result<(u64, u32), BuildError> {
    rate::check(capacity, fpr)?;
    let (hashes, per_key) = best_hashes(fpr);
    let keys = capacity.max(1) as f64;
    let mut bits = ((keys * per_key) as u64 + 1).next_multiple_of(64);
    while keys < Grouped::MANY && (Grouped { bits, hashes }).rate(keys) > fpr {
        bits += 64;
    }
    Ok((bits, hashes))
}

impl<W: Words> Bloom<W> {
    /// Bits in the filter: a multiple of 64.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.bits.words().len() as u64 * 64
    }

    /// Positions that each key sets.
    #[must_use]
    pub const fn hashes(&self) -> u32 {
        self.hashes
    }

    /// Whether the key of this 64-bit hash may be in the set; `false` is certain. For callers that
    /// hash themselves; use it together with [`insert_hash`](Self::insert_hash).
    #[must_use]
    // In line even where it is asked in several places: a loop keeps what a call fetches again.
    #[inline(always)]
    pub fn contains_hash(&self, hash: u64) -> bool {
        let Some(bytes) = Picked::new(as_bytes(self.bits.words())) else { return false };
        Positions::new(hash, self.seed)
            .all(self.hashes, |group, count| group.all_set(count, |x| bytes.byte(x)))
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Bytes are asked for 32 keys ahead, so that their ways from memory
    /// overlap. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            // An absent key most likely asks no further than the first group.
            self.ask_for(hashes, self.hashes.min(GROUP));
            for (hash, found) in hashes.iter().zip(found) {
                *found = self.contains_hash(*hash);
            }
        }
    }

    /// Asks for the bytes of the first `count` positions of these hashes, where they are most
    /// likely to be far away.
    fn ask_for(&self, hashes: &[u64], count: u32) {
        let bytes = as_bytes(self.bits.words());
        let Some(bytes) = Picked::new(bytes).filter(|_| bytes.len() >= FAR) else { return };
        for hash in hashes {
            Positions::new(*hash, self.seed).all(count, |mut group, count| {
                (0..count).for_each(|_| bytes.prefetch(group.next()));
                true
            });
        }
    }

    /// The false-positive rate once [`capacity`](Self::capacity) different keys are in: at most the
    /// rate asked for, or 0 if it was made for none.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        if self.capacity == 0 {
            return 0.0;
        }
        // Behind 400 bits set for each there is, the rate is 1 to the last digit.
        let most = 400.0 * self.bits() as f64 / f64::from(self.hashes);
        let grouped = Grouped { bits: self.bits(), hashes: self.hashes };
        grouped.rate((self.capacity as f64).min(most)).min(1.0)
    }

    /// Bits for each key that it was made for, which are taken to be one if they were none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.bits() as f64 / self.capacity.max(1) as f64
    }

    /// How full it is: the keys inserted, estimated, for each that it was made for. Above 1 the
    /// rate is above the one asked for. O(m / 64).
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.estimate() / self.capacity.max(1) as f64
    }

    /// Bits that are set. O(m / 64).
    #[must_use]
    pub fn ones(&self) -> u64 {
        self.bits.words().iter().map(|word| u64::from(word.get().count_ones())).sum()
    }

    /// How many different keys were inserted, estimated from the bits set: within a few percent
    /// below capacity, and infinite when all bits are set. O(m / 64).
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let (bits, ones) = (self.bits() as f64, self.ones() as f64);
        if ones == bits {
            return f64::INFINITY;
        }
        -bits / f64::from(self.hashes) * float::ln(1.0 - ones / bits)
    }

    /// The false-positive rate at the present fill. O(m / 64).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        rate::power(self.ones() as f64 / self.bits() as f64, self.hashes)
    }

    /// The words of the bits.
    #[cfg(target_has_atomic = "8")]
    pub(super) fn words(&self) -> &[Le64] {
        self.bits.words()
    }

    /// The handle of the bits.
    #[cfg(target_has_atomic = "8")]
    pub(super) fn into_words(self) -> W {
        self.bits
    }

    /// The filter of these bits.
    #[cfg(target_has_atomic = "8")]
    pub(super) const fn from_raw_parts(bits: W, hashes: u32, seed: u64, capacity: u64) -> Self {
        Self { bits, hashes, seed, capacity }
    }

    fn same_parameters<V: Words>(&self, other: &Bloom<V>) -> Result<(), MergeError> {
        if (self.bits(), self.hashes) != (other.bits(), other.hashes) {
            return Err(MergeError::Parameters);
        }
        if self.seed == other.seed { Ok(()) } else { Err(MergeError::Seeds) }
    }
}

impl<A: Alloc> Bloom<HeapWords<A>> {
    /// An empty filter for `capacity` different keys at a false-positive rate of at most `fpr`,
    /// with keys hashed by `seed` and its bits in `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Bloom::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, seed: u64, alloc: A) -> Result<Self, BuildError> {
        let (size, hashes) = size_for(capacity, fpr)?;
        let words = usize::try_from(size / 64).map_err(|_| AllocError::CapacityOverflow)?;
        let mut bits = HeapWords::new_in(alloc);
        bits.try_reserve_exact(words)?;
        bits.try_resize(words)?;
        Ok(Self { bits, hashes, seed, capacity: capacity as u64 })
    }

    /// Adds the key of this 64-bit hash; returns whether the filter changed.
    // In line: where nobody looks at the answer, it is not worked out.
    #[inline(always)]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        let Some(mut bytes) = Picked::new(self.bits.as_bytes_mut()) else { return false };
        let mut old = u8::MAX;
        Positions::new(hash, self.seed).all(self.hashes, |mut group, count| {
            let bit = group.bit();
            let set = (0..count).fold(u8::MAX, |all, _| all & bytes.set(group.next(), 1 << bit));
            // The lowest bit stays while all positions were set.
            old &= set >> bit;
            true
        });
        old & 1 == 0
    }

    /// Adds the keys of these hashes. Bytes are asked for 32 keys ahead, so that their ways from
    /// memory overlap.
    pub fn insert_many_hash(&mut self, hashes: &[u64]) {
        for hashes in hashes.chunks(BATCH) {
            self.ask_for(hashes, self.hashes);
            for hash in hashes {
                self.insert_hash(*hash);
            }
        }
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.bits.words_mut().fill(Le64::default());
    }

    /// Adds all keys of `other`, wherever it lives. O(m / 64).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bits, positions and seed.
    pub fn union<V: Words>(&mut self, other: &Bloom<V>) -> Result<(), MergeError> {
        self.combine(other, |a, b| a | b)
    }

    /// Keeps the keys that `other` may contain too; its false-positive rate is at most the lower of
    /// the two. O(m / 64).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bits, positions and seed.
    pub fn intersect<V: Words>(&mut self, other: &Bloom<V>) -> Result<(), MergeError> {
        self.combine(other, |a, b| a & b)
    }

    fn combine<V: Words>(
        &mut self,
        other: &Bloom<V>,
        with: impl Fn(u64, u64) -> u64,
    ) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        for (word, other) in self.bits.words_mut().iter_mut().zip(other.bits.words()) {
            *word = Le64::new(with(word.get(), other.get()));
        }
        Ok(())
    }
}

impl<W: Words> Footprint for Bloom<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.bits.tell("bits", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for Bloom<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity);
        out.seed(self.seed);
        out.meta(&[u64::from(self.hashes)]);
        out.section(BITS, 8, self.bits.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [hashes] = source.meta()?;
        let fits = (1..=u64::from(MAX_HASHES)).contains(&hashes);
        require(fits, BITS, "1 to 64 positions a key")?;
        let (seed, capacity) = (source.header().seed, source.header().items);
        let bits = source.section(BITS, 8)?;
        require(!bits.words().is_empty(), BITS, "at least 64 bits")?;
        Ok(Self { bits, hashes: hashes as u32, seed, capacity })
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any bits are a filter.
        Ok(())
    }
}

doors!(Bloom);
sized_doors!(Bloom, "O(k)");

impl<W: Words> fmt::Debug for Bloom<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bloom")
            .field("bits", &self.bits())
            .field("hashes", &self.hashes)
            .field("capacity", &self.capacity)
            .field("seed", &self.seed)
            .field("ones", &self.ones())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<Bloom<V>> for Bloom<W> {
    /// Whether both were made alike and have the same bits set.
    fn eq(&self, other: &Bloom<V>) -> bool {
        self.same_parameters(other).is_ok() && self.bits.words() == other.bits.words()
    }
}

impl<W: Words> Eq for Bloom<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::hashing::KeyHash;
    use alloc::vec::Vec;

    #[test]
    fn sizes_are_as_documented() {
        for (fpr, per_key, hashes) in [(0.01, 9.6, 7), (1.0 / 256.0, 11.6, 8), (0.5, 1.5, 1)] {
            let filter = Bloom::with_fpr(1_000_000, fpr).unwrap();
            let bits = filter.bits() as f64 / 1e6;
            assert!(bits <= per_key && bits > per_key - 0.1, "{fpr}: {bits}");
            assert_eq!(filter.hashes(), hashes);
        }
    }

    #[test]
    fn no_number_of_positions_is_better() {
        for tenths in 10..=320 {
            let fpr = float::exp(-f64::from(tenths) / 10.0 / LOG2_E);
            let bits = |hashes| bits_per_key(float::ln(fpr), hashes);
            let (hashes, per_key) = best_hashes(fpr);
            assert_eq!(per_key, bits(hashes));
            let least = (1..=MAX_HASHES).map(bits).fold(f64::MAX, f64::min);
            assert!(per_key <= least, "{fpr}");
        }
    }

    #[test]
    fn few_keys_get_the_bits_that_the_mean_rate_needs() {
        // The textbook's 19.2 bits a key would be 192, and miss the promise by far.
        assert_eq!(Bloom::with_fpr(10, 1e-4).unwrap().bits(), 256);
        let rate = |bits| Grouped { bits, hashes: 13 }.rate(10.0);
        assert!(rate(192) > 3e-4 && rate(256) < 1e-4);
    }

    #[test]
    fn rates_outside_of_the_range_are_refused() {
        for fpr in [0.0, -1.0, 0.51, 1.0, f64::NAN, f64::INFINITY, 1e-10] {
            let refused = Bloom::with_fpr(10, fpr);
            assert!(matches!(refused, Err(BuildError::OutOfRange { name: "1/fpr", .. })), "{fpr}");
        }
    }

    #[test]
    fn sizes_beyond_all_keys_are_refused() {
        let refused = Bloom::with_fpr(usize::MAX, 0.01);
        #[cfg(target_pointer_width = "64")]
        assert!(matches!(refused, Err(BuildError::TooMany { max: 0x100_0000_0000, .. })));
        assert!(refused.is_err());
    }

    #[test]
    fn builders_and_figures() {
        let filter = Bloom::from_keys(0..10_000_u32, 0.01).unwrap();
        let mut same = Bloom::with_fpr(10_000, 0.01).unwrap();
        let hashes: Vec<u64> = (0..10_000_u32).map(|key| key.key_hash(same.seed())).collect();
        same.insert_many_hash(&hashes);
        assert_eq!(same, filter);
        assert!((0..10_000_u32).all(|key| filter.contains(&key)));
        assert!(filter.fpr() <= 0.01 && filter.fpr() > 0.0098, "{}", filter.fpr());
        assert!((filter.bits_per_key() - 9.6).abs() < 0.02, "{}", filter.bits_per_key());
        assert!((filter.load_factor() - 1.0).abs() < 0.03, "{}", filter.load_factor());
        let none = Bloom::from_hashes([], 0.01).unwrap();
        assert_eq!((none.fpr(), none.load_factor()), (0.0, 0.0));
        let keys: Vec<u32> = (0..100).map(|i| i * 200).collect();
        let mut found = [false; 100];
        filter.contains_many(&keys, &mut found);
        assert!(keys.iter().zip(found).all(|(key, found)| filter.contains(key) == found));
    }

    #[test]
    fn unions_hold_both_and_intersections_what_both_hold() {
        let mut a = Bloom::with_fpr(1_000, 0.01).unwrap();
        let mut b = a.clone();
        a.extend(0..600_u32);
        b.extend(400..1_000_u32);
        let mut both = a.clone();
        both.union(&b).unwrap();
        assert!((0..1_000_u32).all(|key| both.contains(&key)));
        assert!((both.estimate() - 1_000.0).abs() < 50.0, "{}", both.estimate());
        both.intersect(&a).unwrap();
        assert_eq!(both, a);
        let other = Bloom::with_fpr(1_000, 0.02).unwrap();
        assert_eq!(a.union(&other), Err(MergeError::Parameters));
        let seeded = Bloom::with_fpr_in(1_000, 0.01, 9, crate::mem::Global).unwrap();
        assert_eq!(a.union(&seeded), Err(MergeError::Seeds));
    }
}
