//! [`ScalableBloom`]: blocked filters one after the other, for nobody knows how many keys.

use super::BlockedBloom;
use super::chain::{Chain, chain_doors};
use super::rate::{self, power};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, refused};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;

/// The most parts. Each is for twice the keys of the one before: if the first is for the fewest,
/// all are for four thousand million.
const MAX_PARTS: usize = 26;
/// The fewest keys that the first part is for.
const MIN_FIRST: u64 = 64;
/// Each part has this share of the rate of the one before: the best of 0.8 to 1 in mean bits over
/// 2,000 to 8 million keys (computed).
const DECAY: f64 = 0.9;

/// An approximate set that grows, fast: a chain of [`BlockedBloom`] filters, each for twice the
/// keys of the one before, with the promised rate kept at every size.
///
/// No false negatives, ever; false positives at a rate of at most `fpr`, at up to 67 million times
/// as many keys as the first part is for: beyond, the last part takes all, and the rate rises
/// ([`fpr_now`](Self::fpr_now)).
///
/// # When not to use it
///
/// - The number of keys is known, if roughly: one filter takes 0.4 times the bits, and touches one
///   cache line where this one touches one a part.
/// - Bits before speed: no chain of Bloom filters can come below about twice the bits of a filter
///   of known size, and [`ScalableQuotient`](super::ScalableQuotient) takes half of this one's.
/// - Keys are to be removed or counted, or two filters to be merged: it cannot.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | BlockedBloom for c keys |   | for 2c keys |   | for 4c keys | ...   one block each
/// ```
///
/// Keys go into the newest part until as many changed it as it is for. The next one then gets a
/// block of its own, and nothing is copied. Part `i` has the rate `fpr * 0.107 * 0.9^i`; the sum
/// over all 26 parts is `fpr`. The value itself holds the 26 places, and so takes 1.5 KiB.
///
/// # Space
///
/// Bits of all parts, over those of a [`Bloom`](super::Bloom) of the same keys and rate: at 1 % on
/// average 2.63 and at worst 3.80, at 0.1 % 2.47 and 3.60, over sizes from 2,000 to 8 million and a
/// first part for 1,024.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert_new` | O(1), and O(n) once every doubling | 1 |
/// | `insert`, `contains` | O(parts) | parts, the newest first |
///
/// # Example
///
/// ```
/// use lessram::{filters::ScalableBloom, mem::Footprint};
///
/// let mut seen = ScalableBloom::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant"));
/// assert!(seen.contains("ant") && !seen.contains("bee"));
/// assert_eq!(seen.heap_bytes(), 1_984); // one part
/// (0..10_000_u32).for_each(|key| seen.insert_new(&key));
/// assert_eq!(seen.parts(), 4);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// P. S. Almeida, C. Baquero, N. Preguica, D. Hutchison, *Scalable Bloom filters*, IPL 101 (2007).
#[derive(Clone)]
pub struct ScalableBloom<W: Words = HeapWords> {
    chain: Chain<BlockedBloom<W>, MAX_PARTS>,
    /// Keys that changed the newest part.
    keys: u64,
}

/// The keys that part `i` is for.
fn capacity_of(capacity: u64, i: usize) -> u64 {
    capacity.max(MIN_FIRST).saturating_mul(1 << i)
}

/// The rate of part `i`.
fn rate_of(fpr: f64, i: usize) -> f64 {
    let first = (1.0 - DECAY) / (1.0 - power(DECAY, MAX_PARTS as u32));
    fpr * first * power(DECAY, i as u32)
}

impl<W: Words> ScalableBloom<W> {
    /// Bits of all parts: a multiple of 512.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.chain.iter().map(BlockedBloom::bits).sum()
    }

    /// How many keys were inserted that a part did not know.
    #[must_use]
    pub fn inserted(&self) -> u64 {
        let full = (0..self.chain.newest_index()).map(|i| capacity_of(self.capacity(), i));
        full.fold(self.keys, u64::saturating_add)
    }

    /// The false-positive rate at the present fill. O(bits).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        1.0 - self.chain.iter().fold(1.0, |absent, part| absent * (1.0 - part.fpr_now()))
    }

    /// Bits for each key that was inserted, which are taken to be one if they were none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.bits() as f64 / self.inserted().max(1) as f64
    }

    /// How full the newest part is, of 1.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.keys as f64 / self.newest_capacity() as f64
    }

    /// The keys that the newest part is for.
    #[inline]
    fn newest_capacity(&self) -> u64 {
        capacity_of(self.capacity(), self.chain.newest_index())
    }
}

impl<A: Alloc + Clone> ScalableBloom<HeapWords<A>> {
    /// As [`with_fpr`](ScalableBloom::with_fpr), with keys hashed by `seed` and its parts in
    /// `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](ScalableBloom::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, seed: u64, alloc: A) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        let capacity = capacity as u64;
        let chain = Chain::new(fpr, seed, capacity, 1, |i| {
            BlockedBloom::part(capacity_of(capacity, i), rate_of(fpr, i), seed, alloc.clone())
        })?;
        Ok(Self { chain, keys: 0 })
    }

    /// As [`insert_hash`](Self::insert_hash).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory is refused; the filter is then unchanged.
    pub fn try_insert_hash(&mut self, hash: u64) -> Result<bool, AllocError> {
        if self.contains_hash(hash) {
            return Ok(false);
        }
        self.try_insert_new_hash(hash)?;
        Ok(true)
    }

    /// Adds `key` without a look at the older parts: for keys that are new, or for whom it does not
    /// matter that they take room again if an older part knows them. O(1), one cache line;
    /// allocates once every doubling.
    ///
    /// # Panics
    ///
    /// As for [`insert`](Self::insert).
    #[inline]
    pub fn insert_new<K: KeyHash + ?Sized>(&mut self, key: &K) {
        self.insert_new_hash(key.key_hash(self.seed()));
    }

    /// As [`insert_new`](Self::insert_new), the key of this 64-bit hash.
    ///
    /// # Panics
    ///
    /// As for [`insert`](Self::insert).
    #[inline]
    pub fn insert_new_hash(&mut self, hash: u64) {
        self.try_insert_new_hash(hash).unwrap_or_else(|error| refused(error));
    }

    /// As [`insert_new_hash`](Self::insert_new_hash).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory is refused; the filter is then unchanged.
    #[inline]
    pub fn try_insert_new_hash(&mut self, hash: u64) -> Result<(), AllocError> {
        if self.keys >= self.newest_capacity() {
            self.grow()?;
        }
        if let Some(part) = self.chain.newest_mut() {
            // A file may claim any number.
            self.keys = self.keys.saturating_add(u64::from(part.insert_hash(hash)));
        }
        Ok(())
    }

    /// Adds the next part. Does nothing if there are all 26, and if the newest has not the size
    /// that its parameters give: then it came from a damaged file, which must not say how much
    /// memory is asked for.
    #[cold]
    fn grow(&mut self) -> Result<(), AllocError> {
        let next = self.chain.len();
        let Some(newest) = self.chain.newest() else { return Ok(()) };
        if next == MAX_PARTS || !newest.has_size_for(rate_of(self.fpr(), next - 1)) {
            return Ok(());
        }
        let (capacity, rate) = (capacity_of(self.capacity(), next), rate_of(self.fpr(), next));
        let part = BlockedBloom::part(capacity, rate, self.seed(), newest.alloc().clone())?;
        self.chain.push(part);
        self.keys = 0;
        Ok(())
    }

    /// Removes all keys, and all parts but the first.
    pub fn clear(&mut self) {
        self.chain.clear(BlockedBloom::clear);
        self.keys = 0;
    }
}

/// The section of part `i`.
const fn section(i: usize) -> Tag {
    Tag([b'p', b'r', b't', b'a' + i as u8])
}

impl<W: Words> Persist for ScalableBloom<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity());
        out.seed(self.seed());
        let forms = self.chain.iter().rev().fold(0, |forms, part| forms << 2 | part.raw_parts().1);
        out.meta(&[self.parts() as u64, self.keys, self.fpr().to_bits(), forms]);
        for (i, part) in self.chain.iter().enumerate() {
            out.section(section(i), 8, part.raw_parts().0);
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [count, keys, fpr, forms] = source.meta()?;
        let (count, fpr) = Chain::<BlockedBloom<W>, MAX_PARTS>::stated(section(0), count, fpr)?;
        let (seed, capacity) = (source.header().seed, source.header().items);
        let chain = Chain::new(fpr, seed, capacity, count, |i| {
            let form = forms >> (2 * i) & 3;
            BlockedBloom::load_part(source, section(i), form, capacity_of(capacity, i))
        })?;
        Ok(Self { chain, keys })
    }

    fn validate(&self) -> Result<(), FileError> {
        for (i, part) in self.chain.iter().enumerate() {
            let right = part.has_size_for(rate_of(self.fpr(), i));
            require(right, section(i), "the size that the parameters give")?;
        }
        let fits = self.keys <= self.newest_capacity();
        require(fits, section(self.chain.newest_index()), "no more keys than fit")
    }
}

doors!(ScalableBloom);
chain_doors!(ScalableBloom, AllocError);

impl<W: Words> fmt::Debug for ScalableBloom<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalableBloom")
            .field("parts", &self.parts())
            .field("bits", &self.bits())
            .field("inserted", &self.inserted())
            .field("fpr", &self.fpr())
            .field("seed", &self.seed())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<ScalableBloom<V>> for ScalableBloom<W> {
    /// Whether both were made alike and have the same bits set.
    fn eq(&self, other: &ScalableBloom<V>) -> bool {
        self.keys == other.keys && self.chain == other.chain
    }
}

impl<W: Words> Eq for ScalableBloom<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::filters::Bloom;

    #[test]
    fn rates_of_all_parts_sum_up_to_the_promise() {
        let sum: f64 = (0..MAX_PARTS).map(|i| rate_of(0.01, i)).sum();
        assert!((sum - 0.01).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn bits_over_all_sizes_are_as_documented() {
        for (fpr, mean, worst) in [(0.01, 2.63, 3.80), (0.001, 2.47, 3.60)] {
            let (mut sum, mut count, mut most) = (0.0, 0.0, 0.0_f64);
            let mut n = 2_048.0;
            while n <= 8e6 {
                let parts = (0..).find(|i| capacity_of(1_024, *i) * 2 - 1_024 >= n as u64);
                let bits: u64 = (0..=parts.unwrap())
                    .map(|i| {
                        super::super::blocked_bloom::best_bits(
                            capacity_of(1_024, i),
                            rate_of(fpr, i),
                        )
                    })
                    .sum();
                let known = Bloom::with_fpr(n as usize, fpr).unwrap().bits();
                let ratio = bits as f64 / known as f64;
                (sum, count, most) = (sum + ratio, count + 1.0, most.max(ratio));
                n *= 1.25;
            }
            assert!((sum / count - mean).abs() < 0.02, "{fpr}: mean {}", sum / count);
            assert!((most - worst).abs() < 0.03, "{fpr}: at worst {most}");
        }
    }

    #[test]
    fn it_grows_when_a_part_is_full_and_not_before() {
        let mut filter = ScalableBloom::with_fpr(100, 0.01).unwrap();
        let mut inserted = 0;
        for key in 0..10_000_u32 {
            inserted += u64::from(filter.insert(&key));
            assert_eq!(filter.inserted(), inserted);
            let full: u64 = (0..filter.parts()).map(|i| capacity_of(100, i)).sum();
            assert!(inserted <= full && inserted > full - filter.newest_capacity());
        }
        assert!((0..10_000_u32).all(|key| filter.contains(&key) && !filter.insert(&key)));
        assert!(filter.fpr_now() <= 0.01, "{}", filter.fpr_now());
        assert!(inserted >= 9_920, "{inserted}");
        filter.clear();
        assert_eq!(filter, ScalableBloom::with_fpr(100, 0.01).unwrap());
    }

    #[test]
    fn known_keys_take_no_room_unless_they_are_said_to_be_new() {
        let mut filter = ScalableBloom::with_fpr(1_000, 0.01).unwrap();
        for _ in 0..10 {
            filter.extend(0..900_u32);
        }
        assert_eq!(filter.parts(), 1);
        (0..2_000_u32).for_each(|key| filter.insert_new(&key));
        assert_eq!(filter.parts(), 2);
    }
}
