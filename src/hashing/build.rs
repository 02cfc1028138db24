//! [`DefaultHashBuilder`]: how maps in memory hash their keys, unless told otherwise.

use super::{fold, xxh3};
use core::hash::{BuildHasher, Hasher};

/// What seeds are mixed with: 2^64 / pi.
const FIXED_SEED: u64 = 0x517C_C1B7_2722_0A95;

/// The hash function of the crate's maps and sets in memory: a multiplication a number, XXH3 for
/// bytes and text.
///
/// With the feature `std` the seed is drawn once per process from the randomness that std's own
/// maps use, so that nobody outside can make keys collide; without, it is fixed, and keys that an
/// attacker chooses want a [`with_seed`](Self::with_seed) of your own, or another `BuildHasher`.
/// Not for files: see [`KeyHash`](super::KeyHash) for the hash that never changes.
///
/// # When not to use it
///
/// Where an attacker sees how long operations take, or the hashes themselves: it is fast, and not
/// SipHash. Then give the map `std::hash::RandomState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultHashBuilder {
    seed: u64,
}

impl DefaultHashBuilder {
    /// Hashes with this seed, alike in every process of this build.
    #[must_use]
    pub const fn with_seed(seed: u64) -> Self {
        // Mixed, or a key and a seed could change places.
        Self { seed: fold(seed ^ FIXED_SEED) }
    }
}

impl Default for DefaultHashBuilder {
    #[inline]
    fn default() -> Self {
        Self::with_seed(process_seed())
    }
}

/// The seed of this process.
#[cfg(feature = "std")]
#[inline]
fn process_seed() -> u64 {
    use std::hash::RandomState;
    use std::sync::OnceLock;
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().build_hasher().finish())
}

/// The seed where there is no source of randomness.
#[cfg(not(feature = "std"))]
const fn process_seed() -> u64 {
    0
}

impl BuildHasher for DefaultHashBuilder {
    type Hasher = DefaultHasher;

    #[inline]
    fn build_hasher(&self) -> DefaultHasher {
        DefaultHasher { state: self.seed }
    }
}

/// The hasher that [`DefaultHashBuilder`] builds.
///
/// A number is mixed in by one multiplication, both halves of whose product are folded into one;
/// bytes by XXH3-64 with the state as its seed.
#[derive(Clone, Debug, Default)]
pub struct DefaultHasher {
    state: u64,
}

macro_rules! numbers {
    ($($name:ident($ty:ty)),*) => {$(
        #[inline]
        fn $name(&mut self, number: $ty) {
            self.state = fold(self.state ^ number as u64);
        }
    )*};
}

impl Hasher for DefaultHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.state = xxh3(bytes, self.state);
    }

    numbers!(write_u8(u8), write_u16(u16), write_u32(u32), write_u64(u64), write_usize(usize));
    numbers!(write_i8(i8), write_i16(i16), write_i32(i32), write_i64(i64), write_isize(isize));

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_every_part_and_on_the_seed() {
        let build = DefaultHashBuilder::with_seed(1);
        let hashes = [
            build.hash_one(1_u64),
            build.hash_one(2_u64),
            build.hash_one((1_u64, 2_u64)),
            build.hash_one((2_u64, 1_u64)),
            build.hash_one(1_u128 << 64),
            build.hash_one("a"),
            build.hash_one(("a", "")),
            build.hash_one(("", "a")),
            DefaultHashBuilder::with_seed(2).hash_one(1_u64),
        ];
        for (i, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..i].contains(hash), "{i}: {hashes:x?}");
        }
        assert_eq!(build.hash_one("a"), build.hash_one("a"));
    }

    #[test]
    fn one_process_has_one_seed() {
        assert_eq!(DefaultHashBuilder::default(), DefaultHashBuilder::default());
    }
}
