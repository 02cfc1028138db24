//! Summaries of streams, in bytes that do not grow with the stream.
//!
//! | you want | take | bytes |
//! |---|---|---|
//! | how many different keys | [`ExaLogLog`] | 3,072 for 1.16 %; frozen 2,100 |
//! | how many different keys, for DataSketches, Spark or Druid | [`HyperLogLog`] | 4,136 for 1.3 % (merged 1.6 %) |
//! | how many two streams share; or how many different keys, for DataSketches or Spark, with set operations | [`Theta`] | 26,000 for 1.6 % |
//! | how similar sets are, and how many keys they have | [`HyperMinHash`] | 8,192 for a similarity to 0.007 and 1.6 % |
//! | how often each key occurred, never too small | [`CountMin`] | any number: 256 KiB for a mean error of 0.64 in 1.9 million tokens |
//! | the most frequent keys | [`TopK`] | 96 for each that is wanted |
//! | quantiles, with an error in rank | [`Kll`] | 2.5 KB (floats) or 5 KB for 1.3 % |
//! | quantiles, with an error in the number | [`DdSketch`] | 1.6 KB for 1 % |
//! | columns for words, as scikit-learn has them | [`FeatureHasher`] | none |
//! | how often each of many numbers from 0 on came, about | [`MorrisArray`] | 1 each for 20 %, 2 for 1 % |
//!
//! What counts different keys has `insert`, what counts how often they came has `add`. Both take
//! keys of any kind; those whose images DataSketches reads take bytes, and numbers by a method
//! beside it (`insert_u64`, `add_number`), as it does. `p` and `lg_k` are both the logarithm of
//! a number of registers or of hashes: `lg_k` is DataSketches' name for it.

mod count_min;
mod dd_sketch;
#[cfg(all(feature = "serde", feature = "alloc"))]
mod de;
mod exa_log_log;
mod feature_hasher;
mod hyper_log_log;
mod hyper_min_hash;
mod image;
mod kll;
mod morris_array;
mod streams;
mod theta;
mod top_k;

pub use count_min::CountMin;
pub use dd_sketch::DdSketch;
pub use exa_log_log::ExaLogLog;
pub use feature_hasher::FeatureHasher;
pub use hyper_log_log::{HllType, HyperLogLog};
pub use hyper_min_hash::HyperMinHash;
pub use kll::{Kll, KllF32, KllF64, KllItem};
pub use morris_array::MorrisArray;
use streams::Coin;
pub use streams::{
    Counters, CountersMut, Frequency, FrequencyMut, Heavy, HeavyMut, Quantiles, QuantilesMut,
};
pub use theta::{Jaccard, Theta};
pub use top_k::{Counting, HeavyKey, TopK, TopKOptions};

use crate::error::{BuildError, MergeError};
use crate::mem::{Alloc, Footprint};

/// A count of different keys. Serves code that is generic over sketches; the sketches have all of
/// it as inherent methods.
pub trait Cardinality: Footprint {
    /// Whether the count of a few keys, a hundred, is right to the nearest whole number.
    const KEEPS_FEW: bool = true;

    /// How many different keys were inserted, about.
    fn estimate(&self) -> f64;

    /// The relative standard error of the estimate, by theory: 0.01 is 1 %.
    fn std_error(&self) -> f64;

    /// Whether nothing was inserted.
    fn is_empty(&self) -> bool;
}

/// A [`Cardinality`] that keys can be inserted into; the laws of the registry's shape `distinct`.
pub trait CardinalityMut<A: Alloc>: Cardinality + PartialEq + Sized {
    /// Whether it hashes as Apache DataSketches does: a number is its 8 little-endian bytes, and
    /// the empty key is ignored.
    const EXCHANGE: bool;

    /// Whether the same keys make equal sketches, in whatever order and by whatever merges.
    const CANONICAL: bool;

    /// An empty sketch of the default size.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    fn try_default_in(alloc: A) -> Result<Self, BuildError>;

    /// Inserts any bytes. Whether the empty key counts is the sketch's to say.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`]; the sketch is then unchanged.
    fn try_insert(&mut self, key: &[u8]) -> Result<(), BuildError>;

    /// Inserts a number.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`]; the sketch is then unchanged.
    fn try_insert_u64(&mut self, key: u64) -> Result<(), BuildError>;

    /// Adds the keys of `other`.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the two were made in ways that do not fit together, and this one is then
    /// unchanged; [`MergeError::Alloc`] if memory cannot be had, and a part of the keys may have
    /// been added then: merging again is safe.
    fn merge(&mut self, other: &Self) -> Result<(), MergeError>;
}

/// The seed of keys' hashes where none is asked for.
const DEFAULT_SEED: u64 = 0;

/// What a number with a fraction is as a key, for DataSketches: its bits, of all NaNs those of
/// Java's `Double.doubleToLongBits`, and of both zeros those of 0.
fn key_of_f64(key: f64) -> u64 {
    const NAN: u64 = 0x7ff8 << 48;
    if key.is_nan() { NAN } else { (key + 0.0).to_bits() }
}

/// Collecting and extending by each kind of key, of a sketch whose default has `lg_k` 12.
macro_rules! collect {
    ($sketch:ident: $($key:ty $(, $life:lifetime)? => $insert:ident;)*) => {$(
        impl<$($life,)? A: Alloc> Extend<$key> for $sketch<HeapWords<A>> {
            fn extend<I: IntoIterator<Item = $key>>(&mut self, keys: I) {
                keys.into_iter().for_each(|key| self.$insert(key));
            }
        }

        #[cfg(feature = "alloc")]
        impl$(<$life>)? FromIterator<$key> for $sketch {
            /// A sketch of `lg_k` 12.
            fn from_iter<I: IntoIterator<Item = $key>>(keys: I) -> Self {
                let mut sketch = Self::default();
                sketch.extend(keys);
                sketch
            }
        }
    )*};
}

use collect;
