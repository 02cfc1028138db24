//! Eight words of columns, of which a byte each says the rows that count: [`Spread`].
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. A vector load reads exactly the bytes of the array reference it is given, at any alignment;
//!    SSE2 is a part of x86-64.

/// Eight bytes, each in all bytes of a word of its own.
///
/// In vectors of two words: else each byte takes a product, and so many that wait for the one unit
/// that multiplies hold up the keys that come next (measured: `filters_static` of the peers'
/// benches).
pub(crate) struct Spread(inner::Words);

impl Spread {
    /// The bytes of a word, the lowest first.
    #[inline(always)]
    pub(crate) fn new(bytes: u64) -> Self {
        Self(inner::spread(bytes))
    }

    /// The words number 0 to 7, of each the bits that its byte has, summed up without carry.
    #[inline(always)]
    pub(crate) fn sum<'b>(&self, word: impl Fn(usize) -> &'b [u8; 8]) -> u64 {
        inner::sum(&self.0, word)
    }
}

#[cfg(x86_vectors)]
mod inner {
    use core::arch::x86_64::*;

    /// Two words each.
    pub(super) type Words = [__m128i; 4];

    #[inline(always)]
    pub(super) fn spread(bytes: u64) -> Words {
        // SAFETY: values only, and SSE2 is there (invariant 1).
        unsafe {
            let bytes = _mm_cvtsi64_si128(bytes as i64);
            let two = _mm_unpacklo_epi8(bytes, bytes);
            let (low, high) = (_mm_unpacklo_epi16(two, two), _mm_unpackhi_epi16(two, two));
            [
                _mm_unpacklo_epi32(low, low),
                _mm_unpackhi_epi32(low, low),
                _mm_unpacklo_epi32(high, high),
                _mm_unpackhi_epi32(high, high),
            ]
        }
    }

    #[inline(always)]
    pub(super) fn sum<'b>(spread: &Words, word: impl Fn(usize) -> &'b [u8; 8]) -> u64 {
        // SAFETY: 8 bytes are read from an array of 8, and SSE2 is there (invariant 1).
        let load = |k: usize| unsafe { _mm_loadl_epi64(word(k).as_ptr().cast()) };
        // SAFETY: values only.
        unsafe {
            let mut sum = _mm_setzero_si128();
            for (k, spread) in spread.iter().enumerate() {
                let two = _mm_unpacklo_epi64(load(2 * k), load(2 * k + 1));
                sum = _mm_xor_si128(sum, _mm_and_si128(two, *spread));
            }
            _mm_cvtsi128_si64(_mm_xor_si128(sum, _mm_unpackhi_epi64(sum, sum))) as u64
        }
    }
}

#[cfg(not(x86_vectors))]
mod inner {
    pub(super) type Words = [u64; 8];

    #[inline(always)]
    pub(super) fn spread(bytes: u64) -> Words {
        bytes.to_le_bytes().map(|byte| u64::from_ne_bytes([byte; 8]))
    }

    #[inline(always)]
    pub(super) fn sum<'b>(spread: &Words, word: impl Fn(usize) -> &'b [u8; 8]) -> u64 {
        let word = |k| u64::from_le_bytes(*word(k));
        spread.iter().enumerate().fold(0, |sum, (k, spread)| sum ^ word(k) & spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_the_bits_of_each_byte_in_its_word() {
        let mut x = 1_u64;
        let mut number = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x ^ x >> 29
        };
        for _ in 0..200 {
            let bytes = number();
            let words: [[u8; 8]; 8] = core::array::from_fn(|_| number().to_le_bytes());
            let expected: [u8; 8] = core::array::from_fn(|column| {
                let rows = words.iter().zip(bytes.to_le_bytes());
                rows.fold(0, |sum, (word, byte)| sum ^ word[column] & byte)
            });
            assert_eq!(Spread::new(bytes).sum(|k| &words[k]).to_le_bytes(), expected);
        }
    }
}
