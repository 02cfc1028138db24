//! Approximate sets: a few bits a key, no false negatives, a stated rate of false positives.
//!
//! | you have | take | bits a key at a rate of 1/256 |
//! |---|---|---|
//! | keys that come one by one, their number known roughly | [`Bloom`] | 11.5 |
//! | the same, from several threads at once | `AtomicBloom` | 11.5 |
//! | the same, and every nanosecond counts | [`BlockedBloom`] | 12.2 |
//! | the same, for Parquet's readers to read | [`Sbbf`] | 12.9, up to twice that |
//! | keys that come one by one, nobody knows how many | [`ScalableBloom`] | 29 on average |
//! | keys that come one by one, to be forgotten by number or age | [`TimingBloom`] | 27.8 |

#[cfg(target_has_atomic = "32")]
mod atomic_bloom;
mod blocked_bloom;
mod bloom;
mod lines;
mod rate;
mod sbbf;
mod scalable_bloom;
mod timing_bloom;

#[cfg(target_has_atomic = "32")]
pub use atomic_bloom::AtomicBloom;
pub use blocked_bloom::BlockedBloom;
pub use bloom::Bloom;
pub use sbbf::Sbbf;
pub use scalable_bloom::ScalableBloom;
pub use timing_bloom::{Expiry, TimingBloom};

use crate::error::BuildError;
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint};

/// The seed of filters that are not given one.
pub(crate) const DEFAULT_SEED: u64 = 0;

/// An approximate set of keys. Serves code that is generic over structures; the structures have all
/// of it as inherent methods.
pub trait Filter: Footprint {
    /// Whether the key of this hash may be in the set; `false` is certain.
    fn contains_hash(&self, hash: u64) -> bool;

    /// The seed with which keys are hashed.
    fn seed(&self) -> u64;

    /// Whether `key` may be in the set; `false` is certain.
    fn contains<K: KeyHash + ?Sized>(&self, key: &K) -> bool
    where
        Self: Sized,
    {
        self.contains_hash(self.hash_key(key))
    }

    /// The hash by which this filter knows `key`: its stable hash with [`seed`](Self::seed), but
    /// where a foreign format says otherwise.
    fn hash_key<K: KeyHash + ?Sized>(&self, key: &K) -> u64
    where
        Self: Sized,
    {
        key.key_hash(self.seed())
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Fetches ahead from memory, so that a filter beyond the cache answers many
    /// questions in less time than one after the other.
    fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        for (hash, found) in hashes.iter().zip(found) {
            *found = self.contains_hash(*hash);
        }
    }
}

/// How many hashes a filter fetches ahead for.
pub(crate) const BATCH: usize = 32;

/// Hands `hashes` to `take`, a batch at a time.
fn in_batches(hashes: impl Iterator<Item = u64>, mut take: impl FnMut(&[u64])) {
    let (mut batch, mut len) = ([0; BATCH], 0);
    for hash in hashes {
        batch[len] = hash;
        len += 1;
        if len == BATCH {
            take(&batch);
            len = 0;
        }
    }
    take(&batch[..len]);
}

/// Answers for `keys`, a batch of hashes at a time.
pub(crate) fn contains_many<F: Filter, K: KeyHash>(filter: &F, keys: &[K], found: &mut [bool]) {
    for (keys, found) in keys.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
        let mut hashes = [0; BATCH];
        for (hash, key) in hashes.iter_mut().zip(keys) {
            *hash = filter.hash_key(key);
        }
        filter.contains_many_hash(&hashes[..keys.len()], found);
    }
}

/// A [`Filter`] that takes keys one by one; the laws of the registry's shape `filters`.
pub trait FilterMut<A: Alloc>: Filter + Sized {
    /// An empty filter for `capacity` keys at a false-positive rate of `fpr`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if `fpr` is out of range, or memory cannot be had.
    fn try_with_fpr_in(capacity: usize, fpr: f64, alloc: A) -> Result<Self, BuildError>;

    /// Adds the key of this hash; returns whether the filter changed.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a filter that grows cannot; it is then unchanged.
    fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError>;
}
