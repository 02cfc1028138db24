//! Bytes of a hash table's group that equal a tag, as a mask; bytes that are lengths, summed up.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. The vector loads read exactly the bytes of the array reference they are given, at any
//!    alignment; SSE2 is a part of x86-64, and AVX2 is used where the build targets it.

/// Bit `i` of the result says whether `bytes[i] == tag`.
#[inline(always)]
pub(crate) fn equal16(bytes: &[u8; 16], tag: u8) -> u32 {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    {
        x86::equal16(bytes, tag)
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    {
        scalar(bytes, tag)
    }
}

/// Bit `i` of the result says whether `bytes[i] == tag`.
#[inline(always)]
pub(crate) fn equal32(bytes: &[u8; 32], tag: u8) -> u32 {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    {
        x86::equal32(bytes, tag)
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    {
        scalar(bytes, tag)
    }
}

/// The sum of the first `count` bytes, of all if there are no more than that.
#[inline(always)]
pub(crate) fn sum32(bytes: &[u8; 32], count: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    {
        x86::sum32(bytes, count)
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    {
        scalar_sum(bytes, count)
    }
}

/// The same, byte by byte: all of them, so that a compiler may take several at once.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
#[inline]
fn scalar_sum(bytes: &[u8; 32], count: usize) -> usize {
    let kept = bytes.iter().zip(0..).map(|(byte, at)| if at < count { *byte } else { 0 });
    usize::from(kept.fold(0, |sum, byte| sum + u16::from(byte)))
}

/// The mask, eight bytes at a time.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
#[inline]
fn scalar<const N: usize>(bytes: &[u8; N], tag: u8) -> u32 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const SEVEN: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    bytes.chunks_exact(8).enumerate().fold(0, |mask, (i, eight)| {
        let mut word = [0; 8];
        word.copy_from_slice(eight);
        let differs = u64::from_le_bytes(word) ^ (LOW * u64::from(tag));
        // The top bit of each byte that is 0, and of no other: no borrow crosses a byte.
        let zero = !(((differs & SEVEN) + SEVEN) | differs | SEVEN);
        // Gathers the eight top bits in the highest byte.
        let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | (bits as u32) << (8 * i)
    })
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86 {
    use core::arch::x86_64::*;

    #[inline(always)]
    pub(super) fn equal16(bytes: &[u8; 16], tag: u8) -> u32 {
        // SAFETY: 16 bytes are read from an array of 16, and SSE2 is there (invariant 1).
        unsafe {
            let tags = _mm_loadu_si128(bytes.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8(tag as i8))) as u32
        }
    }

    #[inline(always)]
    pub(super) fn sum32(bytes: &[u8; 32], count: usize) -> usize {
        // SAFETY: two times 16 bytes of an array of 32, and SSE2 is there (invariant 1).
        unsafe {
            let count = _mm_set1_epi8(count.min(32) as i8);
            let places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let low = _mm_cmpgt_epi8(count, places);
            let high = _mm_cmpgt_epi8(count, _mm_add_epi8(places, _mm_set1_epi8(16)));
            let low = _mm_and_si128(low, _mm_loadu_si128(bytes.as_ptr().cast()));
            let high = _mm_and_si128(high, _mm_loadu_si128(bytes.as_ptr().add(16).cast()));
            let zero = _mm_setzero_si128();
            let sums = _mm_add_epi64(_mm_sad_epu8(low, zero), _mm_sad_epu8(high, zero));
            (_mm_cvtsi128_si32(sums) + _mm_extract_epi16::<4>(sums)) as usize
        }
    }

    #[inline(always)]
    pub(super) fn equal32(bytes: &[u8; 32], tag: u8) -> u32 {
        #[cfg(target_feature = "avx2")]
        // SAFETY: 32 bytes are read from an array of 32, and AVX2 is there (invariant 1).
        unsafe {
            let tags = _mm256_loadu_si256(bytes.as_ptr().cast());
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(tags, _mm256_set1_epi8(tag as i8))) as u32
        }
        #[cfg(not(target_feature = "avx2"))]
        // SAFETY: two times 16 bytes of an array of 32, and SSE2 is there (invariant 1).
        unsafe {
            let tag = _mm_set1_epi8(tag as i8);
            let low = _mm_loadu_si128(bytes.as_ptr().cast());
            let high = _mm_loadu_si128(bytes.as_ptr().add(16).cast());
            let low = _mm_movemask_epi8(_mm_cmpeq_epi8(low, tag)) as u32;
            low | (_mm_movemask_epi8(_mm_cmpeq_epi8(high, tag)) as u32) << 16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_those_of_single_bytes() {
        for seed in 0..500_u32 {
            let bytes: [u8; 32] = core::array::from_fn(|i| {
                (seed.wrapping_mul(0x9E37_79B9).rotate_left(i as u32 * 5) >> 24) as u8 % 5 * 63
            });
            for tag in [0, 63, 126, 189, 252, 1, 255, 128] {
                let one = |i: usize| u32::from(bytes[i] == tag) << i;
                let expected = (0..32).map(one).sum::<u32>();
                assert_eq!(equal32(&bytes, tag), expected);
                assert_eq!(scalar(&bytes, tag), expected);
                let half: &[u8; 16] = bytes.first_chunk().unwrap();
                assert_eq!(equal16(half, tag), expected & 0xFFFF);
                assert_eq!(scalar(half, tag), expected & 0xFFFF);
            }
            for count in 0..=33 {
                let expected: usize = bytes.iter().take(count).map(|byte| usize::from(*byte)).sum();
                assert_eq!(sum32(&bytes, count), expected);
                assert_eq!(scalar_sum(&bytes, count), expected);
            }
        }
    }
}
