//! What code that is generic over sketches of streams asks of them, and the coin that they toss.

use super::{Counting, HeavyKey, TopKOptions};
use crate::error::{BuildError, MergeError};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint};

/// How often each key occurred. Serves code that is generic over sketches; the sketches have all of
/// it as inherent methods.
pub trait Frequency: Footprint {
    /// How often the key of this 64-bit hash was added: as often, or more.
    fn estimate_hash(&self, hash: u64) -> u64;

    /// The sum of all counts, [`u64::MAX`] if it is more.
    fn total(&self) -> u64;

    /// The seed with which keys are hashed.
    fn seed(&self) -> u64;

    /// How often `key` was added: as often, or more.
    fn estimate<K: KeyHash + ?Sized>(&self, key: &K) -> u64
    where
        Self: Sized,
    {
        self.estimate_hash(key.key_hash(self.seed()))
    }
}

/// A [`Frequency`] that keys can be added to; the laws of the registry's shape `counts`.
pub trait FrequencyMut<A: Alloc>: Frequency + Sized {
    /// An empty sketch of at most `bytes`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if these are too few; [`BuildError::Alloc`].
    fn try_with_bytes_in(bytes: usize, alloc: A) -> Result<Self, BuildError>;

    /// Adds the key of this 64-bit hash `count` times; returns its estimate.
    fn add_hash(&mut self, hash: u64, count: u64) -> u64;

    /// Adds the counts of `other`.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the two were made in ways that do not fit together.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;
}

/// The most frequent keys. Serves code that is generic over sketches; the sketches have all of it
/// as inherent methods.
pub trait Heavy: Footprint {
    /// How often the key of this 64-bit hash came at least and, about or at most, in all.
    fn bounds_of_hash(&self, hash: u64) -> (u64, u64);

    /// The sum of all counts, [`u64::MAX`] if it is more.
    fn total(&self) -> u64;

    /// The seed with which keys are hashed.
    fn seed(&self) -> u64;

    /// What its counts say.
    fn counting(&self) -> Counting;

    /// Shows all keys that it holds, in no order.
    fn for_each(&self, see: &mut dyn FnMut(HeavyKey<'_>));
}

/// A [`Heavy`] that keys can be added to; the laws of the registry's shape `top`.
pub trait HeavyMut<A: Alloc>: Heavy + Sized {
    /// An empty sketch.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there are too few or too many slots; [`BuildError::Alloc`].
    fn try_with_options_in(options: TopKOptions, alloc: A) -> Result<Self, BuildError>;

    /// Counts a key `count` times more.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`]; the sketch is then unchanged.
    fn try_add(&mut self, key: &[u8], count: u64) -> Result<(), BuildError>;

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`].
    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError>;

    /// Adds the counts of `other`.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the two were made in ways that do not fit together, or memory cannot be
    /// had; the sketch is then unchanged.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;
}

/// Numbers for decisions by chance: the same from the same seed on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coin(pub(super) u64);

impl Coin {
    /// The next number, any of 2^64: a Weyl sequence, mixed by one product (a short SplitMix).
    #[inline]
    pub(super) const fn toss(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ self.0 >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        x ^ x >> 32
    }
}

/// Counters by index. Serves code that is generic over sketches; the sketches have all of it as
/// inherent methods.
#[allow(clippy::len_without_is_empty)] // whether there are none is not a question here
pub trait Counters: Footprint {
    /// How many counters there are.
    fn len(&self) -> usize;

    /// About how often a counter was added to.
    fn get(&self, index: usize) -> Option<f64>;

    /// Counts up to this one are exact.
    fn exact_to(&self) -> u32;

    /// The relative standard error of larger counts.
    fn std_error(&self) -> f64;
}

/// [`Counters`] that can be added to; the laws of the registry's shape `counters`.
pub trait CountersMut<A: Alloc>: Counters + Sized {
    /// `len` counters of 0, for counts to `max`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there are none of so many bits, or for such counts;
    /// [`BuildError::Alloc`].
    fn try_new_in(bits: u32, len: usize, max: u64, alloc: A) -> Result<Self, BuildError>;

    /// Counts once more.
    fn add(&mut self, index: usize);

    /// Counts `count` times more.
    fn add_count(&mut self, index: usize, count: u64);

    /// Sets the number of counters; new ones are 0.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`]; the counters are then unchanged.
    fn try_resize(&mut self, len: usize) -> Result<(), BuildError>;

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`].
    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError>;

    /// Adds the counts of `other`.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the two were made in ways that do not fit together.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;
}

/// Quantiles of numbers. Serves code that is generic over sketches; the sketches have all of it as
/// inherent methods.
#[allow(clippy::len_without_is_empty)] // whether there are none is not a question here
pub trait Quantiles: Footprint {
    /// How many numbers were added.
    fn len(&self) -> u64;

    /// About the number below which the share `q`, from 0 to 1, of all lies; `None` if there is
    /// none.
    fn quantile(&self, q: f64) -> Option<f64>;

    /// About the share of all that is not larger than `x`: 0 and 1 of the infinities. `None` if
    /// there are no numbers, or if `x` is none (NaN).
    fn rank(&self, x: f64) -> Option<f64>;

    /// The smallest and the largest number.
    fn ends(&self) -> Option<(f64, f64)>;

    /// By how much the rank of a quantile may be off, if that is what is promised.
    fn rank_error(&self) -> Option<f64>;

    /// By which share a quantile may be off, if that is what is promised.
    fn value_error(&self) -> Option<f64>;

    /// What becomes of a number that is added.
    fn kept_of(x: f64) -> f64
    where
        Self: Sized;
}

/// [`Quantiles`] that numbers can be added to; the laws of the registry's shape `quantiles`.
pub trait QuantilesMut<A: Alloc>: Quantiles + Sized {
    /// An empty sketch of the default size.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    fn try_default_in(alloc: A) -> Result<Self, BuildError>;

    /// Adds a number.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotFinite`] if it is infinite or no number, [`BuildError::Alloc`] if memory
    /// cannot be had; the sketch then answers as before.
    fn try_add(&mut self, x: f64) -> Result<(), BuildError>;

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`].
    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError>;

    /// Adds the numbers of `other`.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the two were made in ways that do not fit together, or memory cannot be
    /// had; the sketch then answers as before.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;
}
