//! Which of eight numbers are at least another, as a mask.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. Every x86-64 has SSE2, and none of its instructions here goes to memory but to read the bytes
//!    of an array.

/// Bit `i` of the result says whether number `i` of `words`, of four bytes each with the lowest
/// first, is at least `bound`. Both have a sign.
#[inline(always)]
pub(crate) fn at_least8(words: &[u8; 32], bound: i32) -> u32 {
    #[cfg(x86_vectors)]
    {
        sse2(words, bound)
    }
    #[cfg(not(x86_vectors))]
    {
        scalar(words, bound)
    }
}

/// The same, word by word.
#[cfg(any(all(test, feature = "std"), not(x86_vectors)))]
#[inline(always)]
fn scalar(words: &[u8; 32], bound: i32) -> u32 {
    let number = |i: usize| i32::from_le_bytes(core::array::from_fn(|j| words[4 * i + j]));
    (0..8).fold(0, |mask, i| mask | u32::from(number(i) >= bound) << i)
}

#[cfg(x86_vectors)]
#[inline(always)]
fn sse2(words: &[u8; 32], bound: i32) -> u32 {
    use core::arch::x86_64::*;
    // SAFETY: twice 16 bytes are read from an array of 32, and SSE2 is there (invariant 1).
    unsafe {
        let bound = _mm_set1_epi32(bound);
        let halves = words.as_ptr().cast::<__m128i>();
        let low = _mm_cmpgt_epi32(bound, _mm_loadu_si128(halves));
        let high = _mm_cmpgt_epi32(bound, _mm_loadu_si128(halves.add(1)));
        let smaller = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());
        _mm_movemask_epi8(smaller) as u32 ^ 0xFF
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;

    #[test]
    fn vectors_see_what_plain_code_sees() {
        let mut rng = Rng::new(1);
        let mut next = || rng.number() as u32;
        for _ in 0..2_000 {
            let words: [u32; 8] = core::array::from_fn(|_| next());
            let bytes = core::array::from_fn(|i| words[i / 4].to_le_bytes()[i % 4]);
            for bound in [next() as i32, words[3] as i32, 0, i32::MIN, i32::MAX] {
                assert_eq!(at_least8(&bytes, bound), scalar(&bytes, bound));
            }
        }
    }
}
