//! Approximate sets: a few bits a key, no false negatives, a stated rate of false positives.
//!
//! | you have | take | bits a key at a rate of 1/256 |
//! |---|---|---|
//! | keys that come one by one, their number known roughly | [`Bloom`] | 11.5 |
//! | the same, from several threads at once | `AtomicBloom` | 11.5 |
//! | the same, and every nanosecond counts | [`BlockedBloom`] | 12.2 |
//! | the same, for Parquet's readers to read | [`Sbbf`] | 12.9, up to twice that |
//! | keys that come one by one, nobody knows how many | [`ScalableBloom`] | 29 on average |
//! | the same, and bytes count more than time | [`ScalableQuotient`] | 16 on average |
//! | keys that come one by one, to be forgotten by number or age | [`TimingBloom`] | 27.8 for each key of a generation, of which it holds two |
//! | keys that come and go, or are counted, or in sets to be merged | [`Quotient`] | 10.8 |
//! | all keys at once, and a rate of 2^-1 to 2^-32 | [`Fuse`] | 8.62 |
//! | the same, at any rate, and bytes count more than time | [`Ribbon`] | 8.03 |

#[cfg(target_has_atomic = "8")]
mod atomic_bloom;
mod blocked_bloom;
mod bloom;
mod chain;
mod doors;
mod fuse;
mod gather;
mod lines;
mod quotient;
mod rate;
mod ribbon;
mod sbbf;
mod scalable_bloom;
mod scalable_quotient;
mod timing_bloom;

#[cfg(target_has_atomic = "8")]
pub use atomic_bloom::AtomicBloom;
pub use blocked_bloom::BlockedBloom;
pub use bloom::Bloom;
pub use fuse::Fuse;
pub use gather::Building;
pub use quotient::Quotient;
pub use ribbon::Ribbon;
pub use sbbf::Sbbf;
pub use scalable_bloom::ScalableBloom;
pub use scalable_quotient::ScalableQuotient;
pub use timing_bloom::{Expiry, TimingBloom};

use crate::error::{BuildError, MergeError};
use crate::hashing::{BATCH, KeyHash, hashes_of};
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
        let mut batch = [0; BATCH];
        let hashes = hashes_of(keys, &mut batch, |key| filter.hash_key(key));
        filter.contains_many_hash(hashes, found);
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

    /// Adds the key of this hash; returns whether the filter changed. One that counts adds it only
    /// if it is certainly not in.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a filter that grows cannot; it is then unchanged.
    fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError>;
}

/// A [`Filter`] that is built at once from all of its keys' hashes; the laws of the registry's
/// shape `static_filters`.
pub trait FilterBuild<A: Alloc>: Filter + Sized {
    /// The set of the keys of these hashes.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if `fpr` is out of range, or memory cannot be had.
    fn try_from_hashes_in(
        hashes: impl IntoIterator<Item = u64>,
        fpr: f64,
        how: Building,
        alloc: A,
    ) -> Result<Self, BuildError>;

    /// The set of the hashes that `again` tells every time it is called.
    ///
    /// # Errors
    ///
    /// As above; [`BuildError`] too if the memory allowed does not do, or the hashes change.
    fn try_from_source_in<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        fpr: f64,
        how: Building,
        alloc: A,
    ) -> Result<Self, BuildError>;

    /// Hashes that it was built from.
    fn len(&self) -> u64;

    /// Whether there were none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rate of false positives.
    fn fpr(&self) -> f64;
}

/// A [`Filter`] that counts and tells its fingerprints.
pub trait FilterCount: Filter {
    /// Keys in it; equal ones count each time.
    fn len(&self) -> u64;

    /// Whether no key is in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often the key of this hash was added, or keys of its fingerprint.
    fn count_hash(&self, hash: u64) -> u64;

    /// The fingerprint of the key of this hash.
    fn fingerprint(&self, hash: u64) -> u64;

    /// Tells all fingerprints, ascending.
    fn each(&self, told: &mut dyn FnMut(u64));
}

/// A [`FilterCount`] that forgets keys again and merges with others; the laws of the registry's
/// shape `counting_filters`.
pub trait FilterCountMut<A: Alloc>: FilterCount + FilterMut<A> {
    /// Adds the key of this hash once more; returns whether it was certainly not in before.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if it cannot grow; it is then unchanged.
    fn try_add_hash(&mut self, hash: u64) -> Result<bool, BuildError>;

    /// Takes the key of this hash out once; returns whether it was in.
    fn remove_hash(&mut self, hash: u64) -> bool;

    /// Adds all of `other`'s keys.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if they were made differently, or memory cannot be had; nothing has changed
    /// then.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;

    /// Gives it so many slots, or as many as its keys need.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; nothing has changed then.
    fn try_resize(&mut self, slots: u64) -> Result<(), BuildError>;
}
