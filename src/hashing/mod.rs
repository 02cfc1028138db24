//! Hash functions: XXH3 for the hashes in files, [`KeyHash`] for keys, both stable: what a file
//! states today, every later version computes alike, on every machine. [`DefaultHashBuilder`] is
//! for maps in memory.

mod build;
mod key;
pub(crate) mod murmur3;
pub(crate) mod murmur3_32;

pub use build::{DefaultHashBuilder, DefaultHasher};
pub use key::KeyHash;
pub(crate) use key::{fold, inverse, mix, reduce, unhashed};
use xxhash_rust::xxh3;

/// How many keys are hashed, and their places fetched, at a time.
pub(crate) const BATCH: usize = 32;

/// The hashes of up to [`BATCH`] keys. They stay in `batch`: an array that is returned is copied.
#[inline(always)]
pub(crate) fn hashes_of<'b, K>(
    keys: &[K],
    batch: &'b mut [u64; BATCH],
    hash: impl Fn(&K) -> u64,
) -> &'b [u64] {
    for (place, key) in batch.iter_mut().zip(keys) {
        *place = hash(key);
    }
    &batch[..keys.len().min(BATCH)]
}

/// XXH3-64 of `bytes` with a seed. Short keys are hashed where the caller is: a call is a good part
/// of what one takes.
#[inline]
pub(crate) fn xxh3(bytes: &[u8], seed: u64) -> u64 {
    if bytes.len() <= SHORT { xxh3::xxh3_64_with_seed(bytes, seed) } else { xxh3_long(bytes, seed) }
}

/// Bytes that XXH3 mixes in a few steps, without a loop.
const SHORT: usize = 16;

#[inline(never)]
fn xxh3_long(bytes: &[u8], seed: u64) -> u64 {
    xxh3::xxh3_64_with_seed(bytes, seed)
}

/// XXH64 of `bytes` with seed 0.
pub(crate) fn xxh64(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh64::xxh64(bytes, 0)
}

/// XXH3-64 over the concatenation of two slices, without a copy.
pub(crate) fn xxh3_of_two(first: &[u8], second: &[u8]) -> u64 {
    let mut hasher = xxh3::Xxh3::new();
    hasher.update(first);
    hasher.update(second);
    hasher.digest()
}
