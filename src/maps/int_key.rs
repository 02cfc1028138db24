//! [`IntKey`]: integers as keys; [`Mixer`], the secret bijection that spreads them.

use crate::bits::field::mask;
use crate::hashing::{DefaultHashBuilder, fold, inverse};
use core::fmt;
use core::hash::{BuildHasher, Hash};

/// An integer that is a key of an [`IntMap`](super::IntMap) or an [`IntSet`](super::IntSet).
///
/// Sealed: the integers of 8 to 64 bits, with and without a sign, `usize` and `isize`.
pub trait IntKey: sealed::Bits + Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {}

pub(super) mod sealed {
    /// What a key is as a number of some bits.
    pub trait Bits {
        /// How many.
        const BITS: u32;

        fn to_bits(self) -> u64;

        /// The key whose lowest [`BITS`](Self::BITS) bits these are.
        fn from_bits(bits: u64) -> Self;
    }
}

macro_rules! keys {
    ($($key:ty),*) => {$(
        impl IntKey for $key {}

        impl sealed::Bits for $key {
            const BITS: u32 = <$key>::BITS;

            #[inline(always)]
            fn to_bits(self) -> u64 {
                self as u64 & mask(<$key>::BITS)
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as $key
            }
        }
    )*};
}

keys!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

/// The second factor, which nobody has to guess.
const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;

/// A bijection of numbers that nobody knows who does not know its seed: what a bucket's number says
/// of a key need not be stored, and keys that follow a pattern are spread as random ones are.
///
/// `x ^ a`, times an odd secret, `x ^ x >> half`, times an odd constant, `x ^ x >> half`.
#[derive(Clone, Copy)]
pub(super) struct Mixer {
    xor: u64,
    /// Odd.
    factor: u64,
}

impl Mixer {
    pub(super) const fn new(seed: u64) -> Self {
        let xor = fold(seed ^ 0x9E37_79B9_7F4A_7C15);
        Self { xor, factor: fold(xor ^ seed.rotate_left(32)) | 1 }
    }

    /// The mixer of the process: with the feature `std`, nobody outside knows it.
    pub(super) fn of_process() -> Self {
        Self::new(DefaultHashBuilder::default().hash_one(0_u64))
    }

    #[inline(always)]
    pub(super) fn mix<K: IntKey>(self, key: K) -> u64 {
        let x = (key.to_bits() ^ self.xor).wrapping_mul(self.factor);
        fold_half::<K>(fold_half::<K>(x).wrapping_mul(SECOND))
    }

    /// What takes mixed numbers back to keys.
    pub(super) fn inverse(self) -> Unmixer {
        Unmixer { xor: self.xor, factor: inverse(self.factor) }
    }
}

/// The way back of a [`Mixer`].
#[derive(Clone, Copy)]
pub(super) struct Unmixer {
    xor: u64,
    factor: u64,
}

impl Unmixer {
    #[inline(always)]
    pub(super) fn key<K: IntKey>(self, mixed: u64) -> K {
        const BACK: u64 = inverse(SECOND);
        let x = fold_half::<K>(fold_half::<K>(mixed).wrapping_mul(BACK));
        K::from_bits(x.wrapping_mul(self.factor) ^ self.xor)
    }
}

/// The upper half of a number of [`BITS`](sealed::Bits::BITS) bits put over its lower half, which
/// is its own inverse; bits above are cut off.
#[inline(always)]
fn fold_half<K: IntKey>(x: u64) -> u64 {
    let x = x & mask(K::BITS);
    x ^ x >> (K::BITS / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back<K: IntKey>(keys: impl Iterator<Item = K>) {
        for seed in 0..3 {
            let mixer = Mixer::new(seed);
            assert_eq!(mixer.factor.wrapping_mul(inverse(mixer.factor)), 1);
        }
        for key in keys {
            let mixer = Mixer::new(key.to_bits() % 5);
            let mixed = mixer.mix(key);
            assert_eq!(mixed & !mask(K::BITS), 0);
            assert_eq!(mixer.inverse().key::<K>(mixed), key);
        }
    }

    #[test]
    fn every_key_comes_back() {
        comes_back(0..=u8::MAX);
        comes_back(i8::MIN..=i8::MAX);
        comes_back(0..=u16::MAX);
        comes_back((0..2_000).map(|i| u32::MAX.wrapping_mul(i * i)));
        comes_back((-1_000..1_000).map(|i: i64| i << 50 ^ i));
        comes_back((0..64).flat_map(|i| [u64::MAX >> i, u64::MAX << i, 1 << i]));
        comes_back([usize::MAX, 0, 1, isize::MIN as usize].into_iter());
    }

    /// Any pattern in the keys fills 256 buckets as evenly as random numbers do: chi squared of 255
    /// degrees of freedom is below 400 but once in 1e7.
    #[test]
    fn patterns_are_spread() {
        let patterns: [fn(u64) -> u64; 6] = [
            |i| i,
            |i| i << 12,
            |i| i << 50,
            |i| i * 0x0001_0001_0001_0001,
            |i| i.reverse_bits(),
            |i| i * 1_000_003,
        ];
        for (at, pattern) in patterns.iter().enumerate() {
            let (mixer, mut low, mut high) = (Mixer::new(at as u64), [0_i64; 256], [0_i64; 256]);
            for i in 0..16_384 {
                let mixed = mixer.mix(pattern(i));
                low[mixed as usize & 255] += 1;
                high[(mixed >> 56) as usize] += 1;
            }
            for counts in [low, high] {
                let squares: i64 = counts.iter().map(|count| (count - 64) * (count - 64)).sum();
                assert!(squares / 64 < 400, "pattern {at}: {}", squares / 64);
            }
        }
    }
}
