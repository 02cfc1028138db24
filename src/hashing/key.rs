//! [`KeyHash`]: the stable hash of a key, the same in every file and on every machine.

use super::{xxh3, xxh64};

/// A key that can be hashed to 64 bits the same way forever.
///
/// | key | hash with `seed` |
/// |---|---|
/// | bytes, text | XXH3-64 of the bytes, with the seed |
/// | integers up to 64 bits | sign- or zero-extended to 64 bits, xor the mixed seed, mixed: no two integers of a type share a hash |
/// | 128-bit integers | XXH3-64 of their 16 little-endian bytes, with the seed |
///
/// The *mix* is Evensen's moremur finaliser, a bijection of 64 bits. Text and bytes of equal
/// content hash alike, as do integers of equal value and different width.
///
/// Not std's `Hash`: that may differ between versions and feeds lengths and terminators.
pub trait KeyHash {
    /// The hash of this key. Time is O(length); allocates nothing.
    fn key_hash(&self, seed: u64) -> u64;

    /// The hash by which Parquet's filters know this key: XXH64 with seed 0 of its PLAIN encoding,
    /// which is the bytes themselves, or the little-endian bytes of a number: 4 for those of up to
    /// 32 bits (`INT32`), else 8 (`INT64`).
    ///
    /// Keys that Parquet does not have, such as 128-bit integers, get their hash with seed 0.
    fn parquet_hash(&self) -> u64 {
        self.key_hash(0)
    }
}

/// A bijection that spreads every input bit over all output bits (moremur: P. Evensen 2019).
#[inline]
pub(crate) const fn mix(mut x: u64) -> u64 {
    x ^= x >> 27;
    x = x.wrapping_mul(0x3C79_AC49_2BA7_B653);
    x ^= x >> 33;
    x = x.wrapping_mul(0x1C69_B3F7_4AC4_AE35);
    x ^ x >> 27
}

/// The mixed seed. Of the usual seed, 0, that is 0: a branch that is always foretold spares the
/// work, which a compiler that cannot see that the seed stays the same would do for each key.
#[inline]
const fn mixed(seed: u64) -> u64 {
    if seed == 0 { 0 } else { mix(seed) }
}

/// The number whose hash with `seed` is `hash`: integers up to 64 bits are mixed by a bijection.
pub(crate) const fn unhashed(hash: u64, seed: u64) -> u64 {
    /// The inverses of the factors of [`mix`].
    const INVERSES: [u64; 2] = [inverse(0x1C69_B3F7_4AC4_AE35), inverse(0x3C79_AC49_2BA7_B653)];
    let mut x = hash;
    x ^= x >> 27 ^ x >> 54;
    x = x.wrapping_mul(INVERSES[0]);
    x ^= x >> 33;
    x = x.wrapping_mul(INVERSES[1]);
    x ^= x >> 27 ^ x >> 54;
    x ^ mixed(seed)
}

/// What an odd `x` has to be multiplied with to give 1, in 64 bits. Newton's method: each step
/// doubles the bits that are right.
pub(crate) const fn inverse(x: u64) -> u64 {
    let mut y = x;
    let mut bits = 3;
    while bits < 64 {
        y = y.wrapping_mul(2_u64.wrapping_sub(x.wrapping_mul(y)));
        bits *= 2;
    }
    y
}

/// Both halves of the product with a constant, folded into one: a cheap mix that is no bijection.
#[inline]
pub(crate) const fn fold(x: u64) -> u64 {
    let product = x as u128 * 0xD6E8_FEB8_6659_FD93;
    (product >> 64) as u64 ^ product as u64
}

/// The high half of a product: where `x`, as a fraction of 2^64, lies in `0..n`.
#[inline(always)]
pub(crate) const fn reduce(x: u64, n: u64) -> u64 {
    ((x as u128 * n as u128) >> 64) as u64
}

impl KeyHash for [u8] {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(self, seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        xxh64(self)
    }
}

impl KeyHash for str {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(self.as_bytes(), seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        xxh64(self.as_bytes())
    }
}

impl<const N: usize> KeyHash for [u8; N] {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(self, seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        xxh64(self)
    }
}

impl<K: KeyHash + ?Sized> KeyHash for &K {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        K::key_hash(self, seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        K::parquet_hash(self)
    }
}

#[cfg(feature = "alloc")]
impl KeyHash for alloc::string::String {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(self.as_bytes(), seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        xxh64(self.as_bytes())
    }
}

#[cfg(feature = "alloc")]
impl KeyHash for alloc::vec::Vec<u8> {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(self, seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        xxh64(self)
    }
}

#[cfg(feature = "alloc")]
impl<K: KeyHash + ?Sized> KeyHash for alloc::boxed::Box<K> {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        K::key_hash(self, seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        K::parquet_hash(self)
    }
}

macro_rules! integers {
    ($($ty:ty as $wide:ty as $plain:ty),*) => {$(
        impl KeyHash for $ty {
            #[inline]
            fn key_hash(&self, seed: u64) -> u64 {
                mix(<$wide>::from(*self) as u64 ^ mixed(seed))
            }

            #[inline]
            fn parquet_hash(&self) -> u64 {
                xxh64(&(*self as $plain).to_le_bytes())
            }
        }
    )*};
}

integers!(u8 as u64 as u32, u16 as u64 as u32, u32 as u64 as u32, u64 as u64 as u64);
integers!(i8 as i64 as i32, i16 as i64 as i32, i32 as i64 as i32, i64 as i64 as i64);
integers!(char as u64 as u32, bool as u64 as u32);

impl KeyHash for usize {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        (*self as u64).key_hash(seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        (*self as u64).parquet_hash()
    }
}

impl KeyHash for isize {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        (*self as i64).key_hash(seed)
    }

    #[inline]
    fn parquet_hash(&self) -> u64 {
        (*self as i64).parquet_hash()
    }
}

impl KeyHash for u128 {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(&self.to_le_bytes(), seed)
    }
}

impl KeyHash for i128 {
    #[inline]
    fn key_hash(&self, seed: u64) -> u64 {
        xxh3(&self.to_le_bytes(), seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files depend on these: they must never change.
    #[test]
    fn hashes_are_forever() {
        assert_eq!("lessram".key_hash(0), 0xF708_7167_0BA3_C717);
        assert_eq!(b"lessram".key_hash(7), 0xAE21_14A2_63AB_33C4);
        assert_eq!(42_u64.key_hash(0), 0x2CB4_A7EE_46CB_76CC);
        assert_eq!((-1_i64).key_hash(1), 0x4127_7154_72B2_5ED9);
        assert_eq!(1_u128.key_hash(0), 0x26F2_A114_8CF5_2011);
    }

    /// From the reference implementation of XXH64, and the documents of Parquet.
    #[test]
    fn parquets_hashes_are_those_of_xxh64() {
        assert_eq!("".parquet_hash(), 0xEF46_DB37_51D8_E999);
        assert_eq!("abc".parquet_hash(), 0x44BC_2CF5_AD77_0999);
        assert_eq!(b"abc".parquet_hash(), "abc".parquet_hash());
        assert_eq!(7_u32.parquet_hash(), [7, 0, 0, 0].parquet_hash());
        assert_eq!((-1_i8).parquet_hash(), [255; 4].parquet_hash());
        assert_eq!(7_i64.parquet_hash(), [7, 0, 0, 0, 0, 0, 0, 0].parquet_hash());
    }

    #[test]
    fn hashes_of_numbers_lead_back() {
        for shift in 0..64 {
            for number in [1_u64 << shift, u64::MAX >> shift, 0xB5AD_4ECE_DA1C_E2A9 >> shift] {
                assert_eq!(unhashed(number.key_hash(shift), shift), number);
            }
        }
        assert_eq!(unhashed((-3_i64).key_hash(7), 7) as i64, -3);
    }

    #[test]
    fn equal_values_hash_alike() {
        assert_eq!("ab".key_hash(3), [b'a', b'b'].key_hash(3));
        assert_eq!(5_u8.key_hash(3), 5_usize.key_hash(3));
        assert_eq!((-5_i8).key_hash(3), (-5_i64).key_hash(3));
        assert_ne!(5_u8.key_hash(3), 5_u8.key_hash(4));
    }
}
