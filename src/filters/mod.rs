//! Approximate sets: a few bits a key, no false negatives, a stated rate of false positives.
//!
//! | you have | take | bits a key at a rate of 1/256 |
//! |---|---|---|
//! | keys that come one by one, their number known roughly | [`Bloom`] | 11.5 |

mod bloom;

pub use bloom::Bloom;

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
        self.contains_hash(key.key_hash(self.seed()))
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
    fn insert_hash(&mut self, hash: u64) -> bool;
}
