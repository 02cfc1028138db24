//! A level of a [`Mphf`](super::Mphf): which bucket a key is in, and which slot the bucket's seed
//! gives it.

use crate::hashing::{mix, reduce};

/// Bits of a seed.
pub(super) const SEED_BITS: u32 = 10;
/// The largest seed. 0 means that the bucket's keys are on the next level.
pub(super) const MAX_SEED: u64 = (1 << SEED_BITS) - 1;
/// Slots of a slice, as a power of two, where seeds are steps: with a step of two a seed can be any
/// place in it.
const STEPS_LOG: u32 = 11;
/// Keys from which on seeds are steps.
const STEPS_FROM: u64 = 1 << 16;
/// Keys from which on a later level has no more slots than keys.
const EXACT_FROM: u64 = 1 << 10;
/// Keys of a shard, about. A shard's keys are sorted and placed before the next one's, so that what
/// building takes beside the hashes is small: it is a part of the format.
const SHARD_LOG: u32 = 20;

/// What a hash is on the first level, at the given attempt. A bijection: different hashes stay
/// different. Light, because hashes of keys are mixed already; it does for numbers in order or with
/// zeros at either end. What looks random in no way comes to later levels, which mix thoroughly.
#[inline(always)]
pub(super) const fn mixed(hash: u64, attempt: u64) -> u64 {
    let x = hash ^ attempt.wrapping_mul(0xA076_1D64_78BD_642F);
    (x ^ x >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// What a hash is on the level after the one where it is `x`.
#[inline(always)]
pub(super) const fn next(x: u64) -> u64 {
    mix(x ^ 0xD1B5_4A32_D192_ED03)
}

/// How many buckets and slots there are, and which are a key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) shards: u64,
    /// A multiple of the shards.
    pub(super) buckets: u64,
    /// Slices: one begins at each of the first slots. A key is in one of them.
    pub(super) slices: u64,
    /// Slots of a slice, a power of two, less one.
    pub(super) within: u64,
    /// Whether seeds are steps of two slots. Else each gives a key a place of its own, which takes
    /// longer to try, and fails less often where slices must be short because slots are few.
    pub(super) steps: bool,
}

impl Level {
    /// No keys.
    pub(super) const NONE: Self =
        Self { shards: 0, buckets: 0, slices: 0, within: 0, steps: false };

    /// The first level of `keys` keys: as many slots as keys.
    pub(super) const fn first(keys: u64) -> Self {
        if keys == 0 {
            return Self::NONE;
        }
        let shards = if keys >> SHARD_LOG == 0 { 1 } else { keys >> SHARD_LOG };
        Self::new(keys, keys, shards)
    }

    /// A later level: some slots more, if it has few keys, so that there are few levels.
    pub(super) const fn later(keys: u64) -> Self {
        let more = if keys < EXACT_FROM { keys / 8 + 2 } else { 0 };
        Self::new(keys, keys + more, 1)
    }

    /// Six keys a bucket, and slices of these lengths [Beling, Sanders 2025, for ten bits; there
    /// 5.9 keys].
    const fn new(keys: u64, slots: u64, shards: u64) -> Self {
        let a_shard = (keys + 3 * shards) / (6 * shards);
        let buckets = shards * if a_shard == 0 { 1 } else { a_shard };
        let steps = keys >= STEPS_FROM;
        let slice_log = match slots {
            0..64 => (slots / 2 + 1).next_power_of_two().trailing_zeros(),
            64..1_300 => 6,
            1_300..9_500 => 7,
            9_500..12_000 => 8,
            _ if !steps => 9,
            _ => STEPS_LOG,
        };
        let within = (1 << slice_log) - 1;
        Self { shards, buckets, slices: slots - within, within, steps }
    }

    /// Slots of all slices.
    #[inline(always)]
    pub(super) const fn slots(&self) -> u64 {
        self.slices + self.within
    }

    /// The bucket of a key that is `x` on this level.
    #[inline(always)]
    pub(super) const fn bucket_of(&self, x: u64) -> u64 {
        reduce(x, self.buckets)
    }

    /// Where the slice of a key begins.
    #[inline(always)]
    pub(super) const fn slice_of(&self, x: u64) -> u64 {
        reduce(x, self.slices)
    }

    /// The slot of a key whose bucket has this seed; below [`slots`](Self::slots).
    #[inline(always)]
    pub(super) const fn slot_of(&self, x: u64, seed: u64) -> u64 {
        let place = if self.steps {
            x.wrapping_add(2 * seed)
        } else {
            reduce(x, seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        };
        self.slice_of(x) + (place & self.within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_level() {
        for keys in (1..2_000).chain([4_095, 4_096, 10_000, 1 << 20, 1 << 40]) {
            for level in [Level::first(keys), Level::later(keys)] {
                assert!(level.slots() >= keys && level.slices > 0, "{keys}: {level:?}");
                assert_eq!(level.buckets % level.shards, 0);
                for x in [0, 1, keys, u64::MAX / 3, u64::MAX] {
                    assert!(level.bucket_of(x) < level.buckets);
                    for seed in [0, 1, MAX_SEED] {
                        assert!(level.slot_of(x, seed) < level.slots(), "{keys}: {level:?}");
                    }
                }
            }
            assert_eq!(Level::first(keys).slots(), keys);
        }
    }
}
