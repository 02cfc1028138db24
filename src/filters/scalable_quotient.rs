//! [`ScalableQuotient`]: quotient filters one after the other, for nobody knows how many keys.

use super::chain::{Chain, chain_doors};
use super::quotient::MAX_PARTS;
use super::{Quotient, rate};
use crate::error::{BuildError, FileError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, granted};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors};
use core::fmt;

/// The fewest keys that the first part is for.
const MIN_FIRST: u64 = 64;
/// Each part is for so many times the keys of the one before. Chosen by trial, together with
/// `SHARES`: the test of bits over all sizes tells whether others are better.
const GROWTH: u64 = 8;
/// The share of the rate that each of the first parts has; from the last of them on, each has half
/// of the one before.
const SHARES: [f64; 5] = [0.28, 0.28, 0.18, 0.12, 0.06];

/// An approximate set that grows, in few bytes: a chain of [`Quotient`] filters, each for eight
/// times the keys of the one before, with the promised rate kept at every size.
///
/// No false negatives, ever; false positives at a rate of at most `fpr`, however many keys come.
///
/// # When not to use it
///
/// - The number of keys is known, if roughly: a [`Bloom`](super::Bloom) or a [`Quotient`] takes
///   fewer bytes, and is asked once and not once a part.
/// - Speed before bits: [`ScalableBloom`](super::ScalableBloom) takes 1.8 times the bytes on
///   average and a quarter of the time to fill, a twentieth by its `insert_new` (measured:
///   `filters-blocked` in `benches/peers`).
/// - Keys are to be removed or counted, or two filters to be merged: [`Quotient`].
/// - Numbers with a pattern are given as hashes, without being hashed: see [`Quotient`].
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | Quotient for c keys |   | for 8c keys |   | for 64c keys | ...   one block each
/// ```
///
/// Keys go into the newest part. It starts with an eighth of the slots of the part before, and is
/// copied to a seventh more slots whenever 21 of 22 are taken, until it has those that its
/// keys need; once it holds as many keys as it is for, the next one begins. A part holds
/// fingerprints exactly, so that its rate is its keys over its fingerprints' range: at most 28 % of
/// `fpr` for the first two, 18, 12 and 6 % for the next, then half of it each. Growing needs the
/// old and the new slots of the newest part at once.
///
/// # Space
///
/// Bits of all parts, over those of a [`Bloom`](super::Bloom) of the same keys and rate, on average
/// over sizes from 2,000 to 8 million and a first part for 1,024: 1.55 at 1 %, 1.27 at 0.1 %.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(parts) amortised; O(n) once every seventh | 2 to 4 a part |
/// | `insert_new` | O(1) amortised; O(n) once every seventh | 2 to 4 |
/// | `contains` | O(parts) expected | 1 to 4 a part, the newest first |
///
/// # Example
///
/// ```
/// use lessram::{filters::ScalableQuotient, mem::Footprint};
///
/// let mut seen = ScalableQuotient::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant"));
/// assert!(seen.contains("ant") && !seen.contains("bee"));
/// assert_eq!(seen.heap_bytes(), 1_720); // one part
/// seen.extend(0..10_000_u32);
/// assert_eq!(seen.parts(), 3);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// P. S. Almeida, C. Baquero, N. Preguica, D. Hutchison, *Scalable Bloom filters*, IPL 101 (2007);
/// J. Apple, *Stretching your data with taffy filters*, Software: Practice and Experience (2022).
#[derive(Clone)]
pub struct ScalableQuotient<W: Words = HeapWords> {
    chain: Chain<Quotient<W>, MAX_PARTS>,
}

/// The keys that part `i` is for.
fn capacity_of(capacity: u64, i: usize) -> u64 {
    (0..i).fold(capacity.max(MIN_FIRST), |keys, _| keys.saturating_mul(GROWTH))
}

/// The rate of part `i`.
fn rate_of(fpr: f64, i: usize) -> f64 {
    let last = SHARES.len() - 1;
    fpr * SHARES[i.min(last)] / (1_u64 << i.saturating_sub(last)) as f64
}

impl<W: Words> ScalableQuotient<W> {
    /// How many keys were inserted that no part knew.
    #[must_use]
    pub fn inserted(&self) -> u64 {
        self.chain.iter().map(Quotient::len).fold(0, u64::saturating_add)
    }

    /// The false-positive rate at present, or a little less. O(parts).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        self.chain.iter().map(Quotient::fpr_now).sum()
    }

    /// Bits for each key that was inserted, which are taken to be one if they were none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        let bits = |part: &Quotient<W>| part.bits_per_key() * part.len().max(1) as f64;
        self.chain.iter().map(bits).sum::<f64>() / self.inserted().max(1) as f64
    }

    /// How full the slots of the newest part are, of 1.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.chain.newest().map_or(0.0, Quotient::load_factor)
    }
}

impl<A: Alloc + Clone> ScalableQuotient<HeapWords<A>> {
    /// As [`with_fpr`](ScalableQuotient::with_fpr), with keys hashed by `seed` and its parts in
    /// `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](ScalableQuotient::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, seed: u64, alloc: A) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        let capacity = capacity as u64;
        let keys = capacity_of(capacity, 0);
        let part = |i| Quotient::part(keys, rate_of(fpr, i), keys, seed, alloc.clone());
        Ok(Self { chain: Chain::new(fpr, seed, capacity, 1, part)? })
    }

    /// As [`insert_hash`](Self::insert_hash).
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had, [`BuildError::OutOfRange`] if fingerprints of
    /// the next part would have more than 60 bits, [`BuildError::TooMany`] if there is no next
    /// part; the filter is then unchanged.
    pub fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        if self.chain.newest().is_some_and(Quotient::is_full) {
            if self.contains_hash(hash) {
                return Ok(false);
            }
            self.grow()?;
        }
        let (older, newest) = self.chain.split_newest();
        newest.map_or(Ok(false), |part| part.try_insert_new_hash(older, hash))
    }

    /// Adds `key` without a look at the older parts: for keys that are new, or for whom it does not
    /// matter that they take bits and their share of the rate again if an older part knows them.
    /// O(1) expected, but for growing.
    ///
    /// # Panics
    ///
    /// As for [`insert`](Self::insert).
    #[track_caller]
    pub fn insert_new<K: KeyHash + ?Sized>(&mut self, key: &K) {
        self.insert_new_hash(key.key_hash(self.seed()));
    }

    /// As [`insert_new`](Self::insert_new), the key of this 64-bit hash.
    ///
    /// # Panics
    ///
    /// As for [`insert`](Self::insert).
    #[track_caller]
    pub fn insert_new_hash(&mut self, hash: u64) {
        granted(self.try_insert_new_hash(hash));
    }

    /// As [`insert_new_hash`](Self::insert_new_hash).
    ///
    /// # Errors
    ///
    /// As for [`try_insert_hash`](Self::try_insert_hash).
    pub fn try_insert_new_hash(&mut self, hash: u64) -> Result<(), BuildError> {
        if self.chain.newest().is_some_and(Quotient::is_full) {
            self.grow()?;
        }
        let none = core::iter::empty::<&Quotient<HeapWords<A>>>();
        let newest = self.chain.newest_mut();
        newest.map_or(Ok(()), |part| part.try_insert_new_hash(none, hash).map(drop))
    }

    /// Makes room in the newest part, or adds the next one. How much depends on the keys and slots
    /// there are, and not on what a damaged file says of them.
    #[cold]
    fn grow(&mut self) -> Result<(), BuildError> {
        let Chain { fpr, seed, capacity, .. } = self.chain;
        let next = self.chain.len();
        let keys = capacity_of(capacity, next - 1);
        let Some(part) = self.chain.newest_mut() else { return Ok(()) };
        if part.len() < keys {
            return part.grow_towards(keys);
        }
        if next == MAX_PARTS {
            let max = self.inserted();
            return Err(BuildError::TooMany { len: max.saturating_add(1), max });
        }
        // What the file of a closed part does not tell.
        part.fit(keys)?;
        let (keys, rate) = (capacity_of(capacity, next), rate_of(fpr, next));
        let (room, alloc) = ((part.len() / GROWTH).max(MIN_FIRST), part.alloc().clone());
        self.chain.push(Quotient::part(keys, rate, room, seed, alloc)?);
        Ok(())
    }

    /// Removes all keys, and all parts but the first.
    pub fn clear(&mut self) {
        self.chain.clear(Quotient::clear);
    }
}

/// The section of part `i`.
const fn section(i: usize) -> Tag {
    Tag([b'q', b'p', b't', b'a' + i as u8])
}

impl<W: Words> Persist for ScalableQuotient<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity());
        out.seed(self.seed());
        let newest = self.chain.newest();
        let (keys, slots) = newest.map_or((0, 0), |part| (part.len(), part.slots()));
        out.meta(&[self.parts() as u64, keys, self.fpr().to_bits(), slots]);
        for (i, part) in self.chain.iter().enumerate() {
            out.section(section(i), 8, part.words());
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [count, keys, fpr, slots] = source.meta()?;
        let (count, fpr) = Chain::<Quotient<W>, MAX_PARTS>::stated(section(0), count, fpr)?;
        let (seed, capacity) = (source.header().seed, source.header().items);
        let chain = Chain::new(fpr, seed, capacity, count, |i| {
            let (most, rate) = (capacity_of(capacity, i), rate_of(fpr, i));
            let filled = (i + 1 == count).then_some((keys, slots));
            let words = source.section(section(i), 8)?;
            Quotient::load_part(words, section(i), most, rate, seed, filled)
        })?;
        Ok(Self { chain })
    }

    fn validate(&self) -> Result<(), FileError> {
        self.chain.iter().enumerate().try_for_each(|(i, part)| part.validate_as(section(i)))
    }
}

doors!(ScalableQuotient);
chain_doors!(ScalableQuotient, BuildError);

impl<W: Words> fmt::Debug for ScalableQuotient<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalableQuotient")
            .field("parts", &self.parts())
            .field("inserted", &self.inserted())
            .field("fpr", &self.fpr())
            .field("seed", &self.seed())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<ScalableQuotient<V>> for ScalableQuotient<W> {
    /// Whether both were made alike and hold the same fingerprints.
    fn eq(&self, other: &ScalableQuotient<V>) -> bool {
        self.chain == other.chain
    }
}

impl<W: Words> Eq for ScalableQuotient<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::filters::Bloom;
    use crate::mem::{Footprint, Global};

    #[test]
    fn rates_of_all_parts_sum_up_to_the_promise() {
        let sum: f64 = (0..MAX_PARTS).map(|i| rate_of(0.01, i)).sum();
        assert!(sum <= 0.01 && sum > 0.009, "{sum}");
    }

    /// Fills a filter through all sizes, and compares with filters of known size.
    fn ratios(fpr: f64) -> (f64, f64) {
        let most = if cfg!(debug_assertions) { 200_000.0 } else { 8e6 };
        let mut filter = ScalableQuotient::with_fpr(1_024, fpr).unwrap();
        let (mut sum, mut count, mut worst, mut n, mut key) = (0.0, 0.0, 0.0_f64, 2_048.0, 0_u64);
        while n <= most {
            while filter.inserted() < n as u64 {
                filter.insert(&key);
                key += 1;
            }
            assert!(filter.fpr_now() <= fpr, "{n}: {}", filter.fpr_now());
            let known = Bloom::with_fpr(n as usize, fpr).unwrap().heap_bytes();
            let ratio = filter.heap_bytes() as f64 / known as f64;
            (sum, count, worst) = (sum + ratio, count + 1.0, worst.max(ratio));
            n *= 1.25;
        }
        (sum / count, worst)
    }

    #[test]
    fn bits_over_all_sizes_are_as_documented() {
        for (fpr, most) in [(0.01, 1.60), (0.001, 1.30)] {
            let (mean, worst) = ratios(fpr);
            assert!(mean <= most && mean > most * 0.9, "{fpr}: mean {mean}, at worst {worst}");
        }
    }

    #[test]
    fn it_is_made_from_keys_of_any_number() {
        let mut filter = ScalableQuotient::with_fpr(3_000, 0.01).unwrap();
        filter.extend(0..3_000_u32);
        assert!(ScalableQuotient::from_keys(0..3_000_u32, 0.01).unwrap() == filter);
        let unknown = (0..9_000_u64).filter(|key| key % 3 == 0).map(|key| key.key_hash(1));
        let filter = ScalableQuotient::from_hashes(unknown.clone(), 0.01).unwrap();
        assert_eq!((filter.capacity(), filter.parts()), (0, 3));
        assert!({ unknown }.all(|hash| filter.contains_hash(hash)));
        assert!(ScalableQuotient::from_keys(0..9_u32, 0.6).is_err());
    }

    #[test]
    fn it_grows_when_a_part_is_full_and_not_before() {
        let mut filter = ScalableQuotient::with_fpr(100, 0.01).unwrap();
        let mut inserted = 0;
        for key in 0..10_000_u32 {
            inserted += u64::from(filter.insert(&key));
            assert_eq!(filter.inserted(), inserted);
            let newest = filter.parts() - 1;
            let before: u64 = (0..newest).map(|i| capacity_of(100, i)).sum();
            assert!(inserted > before && inserted <= before + capacity_of(100, newest));
            assert!(filter.fpr_now() <= 0.01, "{}", filter.fpr_now());
        }
        assert!((0..10_000_u32).all(|key| filter.contains(&key) && !filter.insert(&key)));
        assert!(inserted >= 9_920 && filter.validate().is_ok(), "{inserted}");
        filter.clear();
        assert_eq!(filter, ScalableQuotient::with_fpr(100, 0.01).unwrap());
    }

    #[test]
    fn a_full_chain_tells_how_many_keys_all_parts_hold() {
        let mut filter = ScalableQuotient::with_fpr(64, 0.01).unwrap();
        let full = |i| {
            let mut part = Quotient::part(64, 0.001, 64, 0, Global)?;
            part.say_len(capacity_of(64, i));
            Ok::<_, BuildError>(part)
        };
        filter.chain = Chain::new(0.01, 0, 64, MAX_PARTS, full).unwrap();
        let max = filter.inserted();
        assert!(max > capacity_of(64, MAX_PARTS - 1));
        let refused = Err(BuildError::TooMany { len: max + 1, max });
        assert_eq!(filter.try_insert_hash(7), refused);
        assert_eq!(filter.try_insert_new_hash(7).map(|()| true), refused);
    }

    #[test]
    fn known_keys_take_no_room_unless_they_are_said_to_be_new() {
        let mut filter = ScalableQuotient::with_fpr(1_000, 0.01).unwrap();
        for _ in 0..10 {
            filter.extend(0..900_u32);
        }
        assert_eq!(filter.parts(), 1);
        // The newest part is asked all the same.
        (0..900_u32).for_each(|key| filter.insert_new(&key));
        assert_eq!(filter.parts(), 1);
        filter.extend(900..2_000_u32);
        let before = filter.inserted();
        (0..20_000_u32).for_each(|key| filter.insert_new(&key));
        assert!(filter.parts() == 3 && filter.inserted() > before + 18_500);
        assert!((0..20_000_u32).all(|key| filter.contains(&key)));
        assert!(filter.fpr_now() <= 0.01 && filter.validate().is_ok());
    }
}
