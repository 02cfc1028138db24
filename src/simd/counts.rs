//! How many ones a few words have under masks.
//!
//! Invariants:
//!
//! 1. There is SSE2 where the build says `x86_vectors`.

#![allow(unsafe_code, unused_unsafe)]
// One SAFETY line covers a function of intrinsics that differ in whether they are unsafe to call.
#![allow(clippy::multiple_unsafe_ops_per_block)]

/// How many ones of `words` stand where `masks` have ones; `by_word` if an instruction counts those
/// of a word.
#[inline(always)]
pub(crate) fn count_under(words: [u64; 4], masks: &[u64; 4], by_word: bool) -> u32 {
    // Where an instruction counts them, one word after the other is faster: vectors of counts have
    // to be added up.
    #[cfg(x86_vectors)]
    if !by_word {
        return sse2(words, masks);
    }
    let _ = by_word;
    scalar(words, masks)
}

/// [`count_under`] on any machine.
#[inline(always)]
fn scalar(words: [u64; 4], masks: &[u64; 4]) -> u32 {
    let ones = |i: usize| (words[i] & masks[i]).count_ones();
    (ones(0) + ones(1)) + (ones(2) + ones(3))
}

/// [`count_under`] in two vectors: sums of 1, 2 and 4 bits in each, of 8 bits and more in both at
/// once.
#[inline(always)]
#[cfg(x86_vectors)]
fn sse2(words: [u64; 4], masks: &[u64; 4]) -> u32 {
    use core::arch::x86_64::*;
    // SAFETY: SSE2 is there, and none of its instructions used here goes to memory (invariant 1).
    unsafe {
        let two = |i: usize, from: &[u64; 4]| _mm_set_epi64x(from[i + 1] as i64, from[i] as i64);
        let by = |mask: u8| _mm_set1_epi8(mask as i8);
        let fours = |i: usize| {
            let ones = _mm_and_si128(two(i, &words), two(i, masks));
            let twos = _mm_sub_epi8(ones, _mm_and_si128(_mm_srli_epi64::<1>(ones), by(0x55)));
            let high = _mm_and_si128(_mm_srli_epi64::<2>(twos), by(0x33));
            _mm_add_epi8(_mm_and_si128(twos, by(0x33)), high)
        };
        let fours = _mm_add_epi8(fours(0), fours(2));
        let high = _mm_and_si128(_mm_srli_epi64::<4>(fours), by(0x0F));
        let eights = _mm_add_epi8(_mm_and_si128(fours, by(0x0F)), high);
        let halves = _mm_sad_epu8(eights, _mm_setzero_si128());
        let other = _mm_unpackhi_epi64(halves, halves);
        _mm_cvtsi128_si32(_mm_add_epi32(halves, other)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_count_the_same() {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        for case in 0..2_000 {
            let mut four = || [0; 4].map(|_| next());
            let (words, masks) = match case % 3 {
                0 => (four(), four()),
                1 => (four(), [u64::MAX; 4]),
                _ => ([u64::MAX; 4], four().map(|mask| mask | mask << (case % 60))),
            };
            let both = words.iter().zip(&masks).map(|(word, mask)| (word & mask).count_ones());
            let ones: u32 = both.sum();
            for by_word in [false, true] {
                assert_eq!(count_under(words, &masks, by_word), ones);
            }
        }
        assert_eq!(count_under([u64::MAX; 4], &[u64::MAX; 4], false), 256);
    }
}
