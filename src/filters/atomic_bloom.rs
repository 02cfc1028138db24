//! [`AtomicBloom`]: a Bloom filter that threads fill together.

use super::Bloom;
use super::bloom::Positions;
#[cfg(feature = "alloc")]
use crate::error::BuildError;
use crate::error::{AllocError, MergeError};
use crate::hashing::{KeyHash, reduce};
use crate::mem::{Alloc, Footprint, Global, Parts};
use crate::storage::words::AtomicWords;
use crate::storage::{HeapWords, Words, as_bytes};
use core::fmt;
#[cfg(not(loom))]
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A [`Bloom`] filter that threads fill and ask at once, without a lock: inserting takes `&self`.
///
/// It is made from a [`Bloom`] and turned back into one, both without a copy; its bits are the
/// same, and so are its files, which the [`Bloom`] writes.
///
/// # When not to use it
///
/// - One thread fills it: a [`Bloom`] that is borrowed mutably needs no atomic operations, which
///   take longer, and is asked by many threads all the same.
/// - What [`Bloom`] is not for.
///
/// # Layout and space
///
/// Those of [`Bloom`]. Bits are set a byte at a time, by atomic operations that skip those that are
/// set already.
///
/// # What other threads see
///
/// A key whose insertion *happened before* a question is found: that of a thread that was joined,
/// or sent a message, or left a lock that the asking thread took. Among threads that insert one and
/// the same new key at the same time, at least one is told that it was new.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert` | O(k) | k |
/// | `contains` | O(k), absent keys O(1) expected | k |
///
/// Allocates nothing.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "std")] {
/// use lessram::filters::{AtomicBloom, Bloom};
///
/// let seen = AtomicBloom::from(Bloom::with_fpr(1_000, 0.01)?);
/// std::thread::scope(|scope| {
///     scope.spawn(|| seen.insert("ant"));
///     scope.spawn(|| seen.insert("bee"));
/// });
/// assert!(seen.contains("ant") && seen.contains("bee"));
///
/// let seen = Bloom::from(seen); // to save it
/// assert!(seen.contains("ant"));
/// # }
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Those of [`Bloom`].
pub struct AtomicBloom<A: Alloc = Global> {
    bits: AtomicWords<A>,
    hashes: u32,
    seed: u64,
    capacity: u64,
}

/// The byte that `x` picks.
#[inline]
fn pick(bytes: &[AtomicU8], x: u64) -> Option<&AtomicU8> {
    bytes.get(reduce(x, bytes.len() as u64) as usize)
}

/// Sets the first `count` of `positions`; returns whether one was set by this call.
#[inline]
fn set(bytes: &[AtomicU8], positions: Positions, count: u32) -> bool {
    // Of a key that is in nothing is written: then its cache lines stay with all cores. Asked once,
    // as of each bit no processor foresees whether it is set.
    if all(bytes, positions.clone(), count) {
        return false;
    }
    let mut new = false;
    positions.all(count, |mut group, count| {
        for _ in 0..count {
            let Some(byte) = pick(bytes, group.next()) else { return false };
            let bit = 1 << group.bit();
            new |= byte.fetch_or(bit, Relaxed) & bit == 0;
        }
        true
    });
    new
}

/// Whether the first `count` of `positions` are set.
#[inline]
fn all(bytes: &[AtomicU8], positions: Positions, count: u32) -> bool {
    let byte = |x| pick(bytes, x).map_or(0, |byte| byte.load(Relaxed));
    positions.all(count, |group, count| group.all_set(count, byte))
}

impl<A: Alloc> AtomicBloom<A> {
    /// Bits in the filter: a multiple of 64.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.bits.bytes().len() as u64 * 8
    }

    /// Positions that each key sets.
    #[must_use]
    pub const fn hashes(&self) -> u32 {
        self.hashes
    }

    /// The number of different keys it was made for.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Adds `key`; returns whether this call changed the filter. O(k), allocates nothing.
    #[inline]
    pub fn insert<K: KeyHash + ?Sized>(&self, key: &K) -> bool {
        self.insert_hash(key.key_hash(self.seed))
    }

    /// Adds the key of this 64-bit hash; returns whether this call changed the filter.
    #[inline]
    pub fn insert_hash(&self, hash: u64) -> bool {
        set(self.bits.bytes(), Positions::new(hash, self.seed), self.hashes)
    }

    /// Whether `key` may be in the set; `false` is certain for keys whose insertion happened
    /// before. O(k), allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains<K: KeyHash + ?Sized>(&self, key: &K) -> bool {
        self.contains_hash(key.key_hash(self.seed))
    }

    /// Whether the key of this 64-bit hash may be in the set.
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        all(self.bits.bytes(), Positions::new(hash, self.seed), self.hashes)
    }

    /// Bits that are set. O(m).
    #[must_use]
    pub fn ones(&self) -> u64 {
        self.bits.bytes().iter().map(|byte| u64::from(byte.load(Relaxed).count_ones())).sum()
    }

    /// Adds all keys of `other`, wherever it lives, while other threads go on. O(m).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bits, positions and seed.
    pub fn union<W: Words>(&self, other: &Bloom<W>) -> Result<(), MergeError> {
        if (self.bits(), self.hashes) != (other.bits(), other.hashes()) {
            return Err(MergeError::Parameters);
        }
        if self.seed != other.seed() {
            return Err(MergeError::Seeds);
        }
        for (byte, other) in self.bits.bytes().iter().zip(as_bytes(other.words())) {
            byte.fetch_or(*other, Relaxed);
        }
        Ok(())
    }

    /// A copy as it is now, while other threads go on: with all keys whose insertion happened
    /// before. To save what is still being filled.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_snapshot_in<B: Alloc>(&self, alloc: B) -> Result<Bloom<HeapWords<B>>, AllocError> {
        let bytes = self.bits.bytes();
        let mut words = HeapWords::new_in(alloc);
        words.try_reserve_exact(bytes.len() / 8)?;
        words.try_resize(bytes.len() / 8)?;
        for (byte, shared) in words.as_bytes_mut().iter_mut().zip(bytes) {
            *byte = shared.load(Relaxed);
        }
        Ok(Bloom::from_raw_parts(words, self.hashes, self.seed, self.capacity))
    }
}

#[cfg(feature = "alloc")]
impl AtomicBloom {
    /// An empty filter for `capacity` different keys at a false-positive rate of at most `fpr`.
    ///
    /// # Errors
    ///
    /// As for [`Bloom::with_fpr`].
    pub fn with_fpr(capacity: usize, fpr: f64) -> Result<Self, BuildError> {
        Ok(Bloom::with_fpr(capacity, fpr)?.into())
    }
}

/// Without a copy.
impl<A: Alloc> From<Bloom<HeapWords<A>>> for AtomicBloom<A> {
    fn from(bloom: Bloom<HeapWords<A>>) -> Self {
        let (hashes, seed, capacity) = (bloom.hashes(), bloom.seed(), bloom.capacity());
        Self { bits: AtomicWords::new(bloom.into_words()), hashes, seed, capacity }
    }
}

/// Without a copy.
impl<A: Alloc> From<AtomicBloom<A>> for Bloom<HeapWords<A>> {
    fn from(shared: AtomicBloom<A>) -> Self {
        let AtomicBloom { bits, hashes, seed, capacity } = shared;
        Self::from_raw_parts(bits.into_words(), hashes, seed, capacity)
    }
}

impl<A: Alloc> Footprint for AtomicBloom<A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.bits.tell("bits", out);
    }
}

impl<A: Alloc> fmt::Debug for AtomicBloom<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicBloom")
            .field("bits", &self.bits())
            .field("hashes", &self.hashes)
            .field("capacity", &self.capacity)
            .field("seed", &self.seed)
            .field("ones", &self.ones())
            .finish()
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use super::*;

    /// How many of the keys below `keys` set a bit that no other one of them sets: of these one
    /// insertion at least is told that it was new, whatever the order. Which others are depends on
    /// it.
    fn with_a_bit_of_its_own(filter: &Bloom, keys: u32) -> usize {
        let mut setters = std::vec![(0, 0); filter.bits() as usize]; // how many, and the last one
        for key in 0..keys {
            let positions = Positions::new(key.key_hash(filter.seed()), filter.seed());
            positions.all(filter.hashes(), |mut group, count| {
                for _ in 0..count {
                    let byte = reduce(group.next(), filter.bits() / 8);
                    let (number, last) = &mut setters[byte as usize * 8 + group.bit() as usize];
                    *number += u32::from(*number == 0 || *last != key);
                    *last = key;
                }
                true
            });
        }
        let own = setters.iter().filter(|(number, _)| *number == 1).map(|(_, key)| key);
        own.collect::<std::collections::HashSet<_>>().len()
    }

    #[test]
    fn threads_together_make_the_filter_of_one() {
        let shared = AtomicBloom::with_fpr(40_000, 0.01).unwrap();
        let told: usize = std::thread::scope(|scope| {
            let insert = |thread: u32| {
                // Each key is inserted by two threads.
                (0..20_000).filter(|i| shared.insert(&(i + thread / 2 * 20_000))).count()
            };
            let threads: [_; 4] =
                core::array::from_fn(|thread| scope.spawn(move || insert(thread as u32)));
            threads.map(|thread| thread.join().unwrap()).iter().sum()
        });
        let mut alone = Bloom::with_fpr(40_000, 0.01).unwrap();
        alone.extend(0..40_000_u32);
        let least = with_a_bit_of_its_own(&alone, 40_000);
        assert!(least > 39_000 && told >= least, "{told} insertions of {least} at least");
        assert!((0..40_000_u32).all(|key| shared.contains(&key)));
        assert_eq!(shared.ones(), alone.ones());
        assert_eq!(shared.try_snapshot_in(Global).unwrap(), alone);
        assert_eq!(shared.heap_bytes(), alone.heap_bytes());
        assert_eq!(Bloom::from(shared), alone);
    }

    #[test]
    fn answers_are_those_of_a_bloom() {
        let mut bloom = Bloom::with_fpr(500, 0.05).unwrap();
        bloom.extend(0..500_u32);
        let shared = AtomicBloom::from(bloom.clone());
        for key in 0..5_000_u32 {
            assert_eq!(shared.contains(&key), bloom.contains(&key), "{key}");
        }
        for key in 500..1_000_u32 {
            assert_eq!(shared.insert(&key), bloom.insert(&key), "{key}");
        }
        assert_eq!(Bloom::from(shared), bloom);
    }

    #[test]
    fn unions() {
        let shared = AtomicBloom::with_fpr(1_000, 0.01).unwrap();
        let mut other = Bloom::with_fpr(1_000, 0.01).unwrap();
        other.extend(0..100_u32);
        shared.union(&other).unwrap();
        assert_eq!(shared.try_snapshot_in(Global).unwrap(), other);
        let wide = Bloom::with_fpr(2_000, 0.01).unwrap();
        assert_eq!(shared.union(&wide), Err(MergeError::Parameters));
    }
}

/// Every order of the operations of two threads.
#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// A filter of one word with two positions a key.
    fn small() -> Arc<AtomicBloom> {
        let bloom = Bloom::with_fpr(10, 0.25).unwrap();
        assert_eq!((bloom.bits(), bloom.hashes()), (64, 2));
        Arc::new(bloom.into())
    }

    #[test]
    fn no_insertion_is_lost() {
        loom::model(|| {
            let shared = small();
            let other = Arc::clone(&shared);
            let thread = thread::spawn(move || other.insert_hash(1));
            shared.insert_hash(2);
            assert!(shared.contains_hash(2));
            thread.join().unwrap();
            assert!(shared.contains_hash(1) && shared.contains_hash(2));
            let mut alone = Bloom::with_fpr(10, 0.25).unwrap();
            alone.insert_hash(1);
            alone.insert_hash(2);
            assert_eq!(shared.try_snapshot_in(Global).unwrap(), alone);
        });
    }

    #[test]
    fn of_two_who_insert_one_key_at_least_one_is_told_that_it_was_new() {
        loom::model(|| {
            let shared = small();
            let other = Arc::clone(&shared);
            let thread = thread::spawn(move || other.insert_hash(1));
            let new = shared.insert_hash(1);
            assert!(thread.join().unwrap() || new);
            assert!(!shared.insert_hash(1));
        });
    }
}
