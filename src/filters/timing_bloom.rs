//! [`TimingBloom`]: "seen lately?", with keys that are forgotten.

use super::doors::keyed_doors;
use super::{BATCH, BlockedBloom, DEFAULT_SEED, FilterMut, rate};
use crate::error::{BuildError, FileError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;

/// The sections of the two generations.
const YOUNG: Tag = Tag(*b"yong");
const OLD: Tag = Tag(*b"oldg");

/// When the old generation of a [`TimingBloom`] is forgotten and the young one becomes old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// When [`rotate`](TimingBloom::rotate) is called, and never else.
    Never,
    /// When the young generation has as many keys as it is for: each key is known for at least so
    /// many further different keys, and at most twice as many.
    Keys,
    /// When so much time has passed, in units of the caller's, as told by
    /// [`advance`](TimingBloom::advance): each key is known for at least so long, and at most twice
    /// as long.
    Age(u64),
}

/// An approximate set of the keys seen lately: two [`BlockedBloom`] generations, of which the older
/// one is forgotten by number of keys or by age.
///
/// No false negatives among keys that are young enough; false positives at a rate of at most `fpr`
/// while neither generation holds more than `capacity` different keys.
///
/// # When not to use it
///
/// - Keys are to be forgotten one by one: it forgets generations.
/// - Nothing is to be forgotten: [`BlockedBloom`] takes less than half the bits.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | young: BlockedBloom for `capacity` keys at fpr / 2 |   | old: the same |    two blocks
/// ```
///
/// Keys are put into the young one and looked for in both. When it is time, the old one is cleared
/// and the two change places. Nothing grows.
///
/// # Space
///
/// Two blocked filters of half the rate: for each key that a generation is for, at 1/256 27.8 bits,
/// at 1 % 23.2.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(1), and O(bits) once a generation, to clear it | 2 |
/// | `contains` | O(1) | 2 |
///
/// Allocates nothing once built.
///
/// # Example
///
/// ```
/// use lessram::filters::{Expiry, TimingBloom};
/// use lessram::mem::Footprint;
///
/// // Requests that came again within a minute; times in seconds.
/// let mut seen = TimingBloom::expiring(1_000, 0.01, Expiry::Age(60))?;
/// assert!(seen.insert("10.0.0.1"));
/// seen.advance(59);
/// assert!(!seen.insert("10.0.0.1")); // known; and young again for another minute
/// seen.advance(200);
/// assert!(seen.insert("10.0.0.1"));
/// assert_eq!(seen.heap_bytes(), 2_944);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// F. Chang, W. Feng, K. Li, *Approximate caches for packet classification*, INFOCOM 2004.
#[derive(Clone)]
pub struct TimingBloom<W: Words = HeapWords> {
    young: BlockedBloom<W>,
    old: BlockedBloom<W>,
    /// Keys that changed the young generation.
    keys: u64,
    expiry: Expiry,
    /// When the young generation began.
    born: u64,
}

impl<W: Words> TimingBloom<W> {
    /// Bits of both generations: a multiple of 1,024.
    #[must_use]
    pub const fn bits(&self) -> u64 {
        self.young.bits() + self.old.bits()
    }

    /// The number of different keys that each generation is for.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.young.capacity()
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.young.seed()
    }

    /// When generations change.
    #[must_use]
    pub const fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// Whether the key of this 64-bit hash may have been seen lately; `false` is certain. For
    /// callers that hash themselves.
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.young.contains_hash(hash) || self.old.contains_hash(hash)
    }

    /// For each of `hashes`, whether its key may have been seen lately: into `found`, position by
    /// position, as far as both go. Lines are asked for 32 keys ahead. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            let mut old = [false; BATCH];
            self.old.contains_many_hash(hashes, &mut old);
            self.young.contains_many_hash(hashes, found);
            found.iter_mut().zip(old).for_each(|(found, old)| *found |= old);
        }
    }

    /// The false-positive rate once both generations hold as many keys as they are for: at most the
    /// rate asked for.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        let one = self.young.fpr();
        1.0 - (1.0 - one) * (1.0 - one)
    }

    /// The false-positive rate at the present fill. O(bits).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        1.0 - (1.0 - self.young.fpr_now()) * (1.0 - self.old.fpr_now())
    }

    /// Bits for each key that a generation is for, which are taken to be one if they are none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.bits() as f64 / self.capacity().max(1) as f64
    }

    /// How full the young generation is: above 1 the rate is above the one asked for.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.keys as f64 / self.capacity().max(1) as f64
    }
}

#[cfg(feature = "alloc")]
impl TimingBloom {
    /// An empty filter of two generations for `capacity` different keys each, that change as
    /// `expiry` says, at a false-positive rate of at most `fpr`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `2^-32 <= fpr <= 0.5`; [`BuildError::TooMany`] beyond
    /// 2^40 keys; [`BuildError::Alloc`] if memory cannot be had.
    pub fn expiring(capacity: usize, fpr: f64, expiry: Expiry) -> Result<Self, BuildError> {
        Self::expiring_in(capacity, fpr, expiry, DEFAULT_SEED, crate::mem::Global)
    }
}

impl<A: Alloc + Clone> TimingBloom<HeapWords<A>> {
    /// As [`expiring`](TimingBloom::expiring), with keys hashed by `seed` and the generations in
    /// `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`expiring`](TimingBloom::expiring).
    pub fn expiring_in(
        capacity: usize,
        fpr: f64,
        expiry: Expiry,
        seed: u64,
        alloc: A,
    ) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        let capacity = capacity as u64;
        let young = BlockedBloom::part(capacity, fpr / 2.0, seed, alloc.clone())?;
        let old = BlockedBloom::part(capacity, fpr / 2.0, seed, alloc)?;
        Ok(Self { young, old, keys: 0, expiry, born: 0 })
    }
}

impl<A: Alloc> TimingBloom<HeapWords<A>> {
    /// Adds `key`, or makes it young again; returns whether it was not known. O(1), and O(bits)
    /// once a generation.
    #[inline]
    pub fn insert<K: KeyHash + ?Sized>(&mut self, key: &K) -> bool {
        self.insert_hash(key.key_hash(self.seed()))
    }

    /// As [`insert`](Self::insert), the key of this 64-bit hash.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        // Before generations change: the key that makes them change may be one that is forgotten.
        let was_old = self.old.contains_hash(hash);
        let full = self.expiry == Expiry::Keys && self.keys >= self.capacity().max(1);
        if full && !self.young.contains_hash(hash) {
            self.rotate();
        }
        let changed = self.young.insert_hash(hash);
        // A file may claim any number.
        self.keys = self.keys.saturating_add(u64::from(changed));
        changed && !was_old
    }

    /// Forgets the old generation; the young one becomes old. O(bits).
    pub fn rotate(&mut self) {
        core::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        self.keys = 0;
    }

    /// Tells the time, in the units of [`Expiry::Age`], which never goes back: forgets what is too
    /// old by then. Without effect on other kinds of expiry.
    pub fn advance(&mut self, now: u64) {
        let Expiry::Age(age) = self.expiry else { return };
        let passed = now.saturating_sub(self.born);
        let age = age.max(1);
        if passed < age {
            return;
        }
        self.rotate();
        if passed >= age.saturating_mul(2) {
            // What was young is too old as well.
            self.rotate();
        }
        // Generations begin at multiples of the age, however often the time is told.
        self.born = now - passed % age;
    }

    /// Forgets all keys. The time stays what it was told last ([`advance`](Self::advance)).
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
        self.keys = 0;
    }
}

impl<W: Words> Footprint for TimingBloom<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.young.parts(out);
        self.old.parts(out);
    }
}

impl<W: Words> Persist for TimingBloom<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity());
        out.seed(self.seed());
        let (kind, age) = match self.expiry {
            Expiry::Never => (0, 0),
            Expiry::Keys => (1, 0),
            Expiry::Age(age) => (2, age),
        };
        let (young, form) = self.young.raw_parts();
        out.meta(&[form, self.keys, kind, age, self.born]);
        out.section(YOUNG, 8, young);
        out.section(OLD, 8, self.old.raw_parts().0);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [form, keys, kind, age, born] = source.meta()?;
        let expiry = match kind {
            0 => Expiry::Never,
            1 => Expiry::Keys,
            2 => Expiry::Age(age),
            _ => return Err(FileError::Corrupt { section: YOUNG, rule: "a kind of expiry" }),
        };
        let capacity = source.header().items;
        let young = BlockedBloom::load_part(source, YOUNG, form, capacity)?;
        let old = BlockedBloom::load_part(source, OLD, form, capacity)?;
        require(young.bits() == old.bits(), OLD, "both generations have the same size")?;
        Ok(Self { young, old, keys, expiry, born })
    }

    fn validate(&self) -> Result<(), FileError> {
        self.young.validate()?;
        self.old.validate()
    }
}

doors!(TimingBloom);
keyed_doors!(TimingBloom, "O(1)");

/// One that forgets nothing by itself.
impl<A: Alloc + Clone> FilterMut<A> for TimingBloom<HeapWords<A>> {
    fn try_with_fpr_in(capacity: usize, fpr: f64, alloc: A) -> Result<Self, BuildError> {
        Self::expiring_in(capacity, fpr, Expiry::Never, DEFAULT_SEED, alloc)
    }

    fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        Ok(self.insert_hash(hash))
    }
}

impl<K: KeyHash, A: Alloc> Extend<K> for TimingBloom<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(&key);
        }
    }
}

impl<W: Words> fmt::Debug for TimingBloom<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimingBloom")
            .field("bits", &self.bits())
            .field("capacity", &self.capacity())
            .field("keys", &self.keys)
            .field("expiry", &self.expiry)
            .field("seed", &self.seed())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<TimingBloom<V>> for TimingBloom<W> {
    /// Whether both were made alike, have the same bits set, and will forget at the same time.
    fn eq(&self, other: &TimingBloom<V>) -> bool {
        (self.keys, self.expiry, self.born) == (other.keys, other.expiry, other.born)
            && self.young == other.young
            && self.old == other.old
    }
}

impl<W: Words> Eq for TimingBloom<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_documented() {
        for (fpr, per_key) in [(1.0 / 256.0, 27.8), (0.01, 23.2)] {
            let filter = TimingBloom::expiring(1_000_000, fpr, Expiry::Keys).unwrap();
            let bits = filter.bits_per_key();
            assert!((bits - per_key).abs() < 0.1, "{fpr}: {bits}");
            assert!(filter.fpr() <= fpr && filter.fpr() > 0.99 * fpr, "{}", filter.fpr());
        }
    }

    /// After every key, those of the last `n` different ones are known, and none before twice as
    /// many, but for false positives.
    #[test]
    fn keys_are_known_for_as_many_further_ones() {
        for n in [1, 7, 100] {
            let mut filter = TimingBloom::expiring(n, 1e-6, Expiry::Keys).unwrap();
            for key in 0..1_000_usize {
                assert!(filter.insert(&key));
                assert!(!filter.insert(&key));
                for known in key.saturating_sub(n)..=key {
                    assert!(filter.contains(&known), "n {n}: {known} after {key}");
                }
                assert!(key < 2 * n || !filter.contains(&(key - 2 * n)), "n {n}: after {key}");
            }
        }
    }

    /// Also the one that makes the generation change in which it was known.
    #[test]
    fn what_is_known_is_not_told_to_be_new() {
        for n in [1, 7, 100] {
            let mut filter = TimingBloom::expiring(n, 1e-6, Expiry::Keys).unwrap();
            for i in 0..2_000_usize {
                let key = i * i % (2 * n + 1);
                let known = filter.contains(&key);
                assert_eq!(filter.insert(&key), !known, "n {n}: {key} at {i}");
                assert!(filter.contains(&key));
            }
        }
    }

    #[test]
    fn keys_that_come_again_stay() {
        let mut filter = TimingBloom::expiring(100, 1e-6, Expiry::Keys).unwrap();
        for key in 1..2_000_u32 {
            filter.insert(&key);
            assert_eq!(filter.insert(&0), key == 1, "after {key}");
        }
    }

    #[test]
    fn keys_are_known_for_their_age() {
        for step in [1, 3, 10, 25] {
            let mut filter = TimingBloom::expiring(1_000, 1e-6, Expiry::Age(10)).unwrap();
            let mut seen = alloc::vec::Vec::new();
            for now in (0..300_u64).step_by(step) {
                filter.advance(now);
                for then in &seen {
                    let (known, age) = (filter.contains(then), now - then);
                    assert!(known || age >= 10, "{then} at {now}");
                    assert!(!known || age < 20, "{then} still at {now}");
                }
                filter.insert(&now);
                seen.push(now);
            }
        }
        let mut filter = TimingBloom::expiring(10, 0.01, Expiry::Age(u64::MAX)).unwrap();
        filter.insert("kept");
        filter.advance(u64::MAX - 1);
        assert!(filter.contains("kept"));
        // Time does not go back.
        filter.advance(3);
        assert!(filter.contains("kept"));
    }

    #[test]
    fn rotation_and_rate() {
        let mut filter = TimingBloom::expiring(5_000, 0.01, Expiry::Never).unwrap();
        filter.extend(0..5_000_u32);
        filter.rotate();
        filter.extend(5_000..10_000_u32);
        assert!((0..10_000_u32).all(|key| filter.contains(&key)));
        assert!(filter.fpr_now() < 0.0105, "{}", filter.fpr_now());
        filter.rotate();
        let known = (0..5_000_u32).filter(|key| filter.contains(key)).count();
        assert!(known < 60, "{known} of 5,000 forgotten keys");
        assert!((5_000..10_000_u32).all(|key| filter.contains(&key)));
    }
}
