//! Bytes of a hash table's group that equal a tag, as a mask; bytes that are lengths, summed up.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. The vector loads read exactly the bytes of the array reference they are given, at any
//!    alignment; there is SSE2 where the build says `x86_vectors`, and AVX2 is used where it
//!    targets that.

#[cfg(not(x86_vectors))]
use plain as any;
#[cfg(x86_vectors)]
use x86 as any;

pub(crate) use any::{both32, equal16, equal32, sum, tagged16, tagged32};

/// The tag of a hash: its highest byte, or 1 if that is 0.
#[inline(always)]
pub(crate) const fn highest(hash: u32) -> u8 {
    let [.., byte] = hash.to_le_bytes();
    if byte == 0 { 1 } else { byte }
}

/// On any machine.
#[cfg(any(test, not(x86_vectors)))]
mod plain {
    use super::highest;

    /// Bit `i` of the result says whether `bytes[i] == tag`.
    #[inline]
    pub(crate) fn equal16(bytes: &[u8; 16], tag: u8) -> u32 {
        equal(bytes, tag)
    }

    /// Bit `i` of the result says whether `bytes[i] == tag`.
    #[inline]
    pub(crate) fn equal32(bytes: &[u8; 32], tag: u8) -> u32 {
        equal(bytes, tag)
    }

    /// Bit `i` of the result says whether `bytes[i]` is the tag of `hash`.
    #[inline]
    pub(crate) fn tagged16(bytes: &[u8; 16], hash: u32) -> u32 {
        equal(bytes, highest(hash))
    }

    /// Bit `i` of the result says whether `bytes[i]` is the tag of `hash`.
    #[inline]
    pub(crate) fn tagged32(bytes: &[u8; 32], hash: u32) -> u32 {
        equal(bytes, highest(hash))
    }

    /// Bit `i` of the result says whether `tags[i] == tag` and `lens[i] == len`.
    #[inline]
    pub(crate) fn both32(tags: &[u8; 32], tag: u8, lens: &[u8; 32], len: u8) -> u32 {
        equal(tags, tag) & equal(lens, len)
    }

    /// The sum of the first `count` bytes, of all if there are no more than that: of whole vectors
    /// of 16, four at most. Byte by byte, all of them, so that a compiler may take several at once.
    #[inline]
    pub(crate) fn sum<const N: usize>(bytes: &[u8; N], count: usize) -> usize {
        let kept = bytes.iter().zip(0..).map(|(byte, at)| if at < count { *byte } else { 0 });
        usize::from(kept.fold(0, |sum, byte| sum + u16::from(byte)))
    }

    /// The mask, eight bytes at a time.
    #[inline]
    fn equal<const N: usize>(bytes: &[u8; N], tag: u8) -> u32 {
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
}

/// With SSE2, or AVX2 where the build targets it; each as in `plain`.
#[cfg(x86_vectors)]
mod x86 {
    use core::arch::x86_64::*;

    #[inline(always)]
    pub(crate) fn equal16(bytes: &[u8; 16], tag: u8) -> u32 {
        // SAFETY: 16 bytes are read from an array of 16, and SSE2 is there (invariant 1).
        unsafe {
            let tags = _mm_loadu_si128(bytes.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8(tag as i8))) as u32
        }
    }

    /// In all bytes the highest one of `hash`, or 1 if that is 0. Of the hash as it is: two
    /// instructions less than from that byte alone, which every look-up would have to wait for.
    #[inline(always)]
    fn spread(hash: u32) -> __m128i {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe {
            let low = _mm_cvtsi32_si128(hash as i32);
            let doubled = _mm_max_epu8(_mm_unpacklo_epi8(low, low), _mm_set1_epi8(1));
            _mm_shuffle_epi32::<0>(_mm_shufflelo_epi16::<0xFF>(doubled))
        }
    }

    #[inline(always)]
    pub(crate) fn tagged16(bytes: &[u8; 16], hash: u32) -> u32 {
        // SAFETY: 16 bytes are read from an array of 16, and SSE2 is there (invariant 1).
        unsafe {
            let tags = _mm_loadu_si128(bytes.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(tags, spread(hash))) as u32
        }
    }

    /// As many bytes of ones as of zeros behind them: from `64 - count` on, a mask of `count`.
    static FIRST: [u8; 128] = {
        let mut bytes = [0; 128];
        let mut at = 0;
        while at < 64 {
            bytes[at] = 0xFF;
            at += 1;
        }
        bytes
    };

    #[inline(always)]
    pub(crate) fn sum<const N: usize>(bytes: &[u8; N], count: usize) -> usize {
        const { assert!(N % 16 == 0 && N <= 64) };
        let masks = &FIRST[64 - count.min(N)..][..N];
        // SAFETY: `N` bytes are read from each of two slices of `N`, 16 at a time, and SSE2 is
        // there (invariant 1).
        unsafe {
            let (zero, mut sums) = (_mm_setzero_si128(), _mm_setzero_si128());
            for at in (0..N).step_by(16) {
                let mask = _mm_loadu_si128(masks.as_ptr().add(at).cast());
                let kept = _mm_and_si128(mask, _mm_loadu_si128(bytes.as_ptr().add(at).cast()));
                sums = _mm_add_epi64(sums, _mm_sad_epu8(kept, zero));
            }
            (_mm_cvtsi128_si32(sums) + _mm_extract_epi16::<4>(sums)) as usize
        }
    }

    /// The same byte 32 times.
    #[cfg(target_feature = "avx2")]
    type Wide = __m256i;
    /// The same, in halves.
    #[cfg(not(target_feature = "avx2"))]
    type Wide = [__m128i; 2];

    #[cfg(target_feature = "avx2")]
    #[inline(always)]
    fn wide(tag: u8) -> Wide {
        // SAFETY: AVX2 is there (invariant 1).
        unsafe { _mm256_set1_epi8(tag as i8) }
    }

    #[cfg(not(target_feature = "avx2"))]
    #[inline(always)]
    fn wide(tag: u8) -> Wide {
        // SAFETY: SSE2 is there (invariant 1).
        [unsafe { _mm_set1_epi8(tag as i8) }; 2]
    }

    /// As [`spread`].
    #[cfg(target_feature = "avx2")]
    #[inline(always)]
    fn spread_wide(hash: u32) -> Wide {
        // SAFETY: AVX2 is there (invariant 1).
        unsafe { _mm256_max_epu8(wide((hash >> 24) as u8), _mm256_set1_epi8(1)) }
    }

    #[cfg(not(target_feature = "avx2"))]
    #[inline(always)]
    fn spread_wide(hash: u32) -> Wide {
        [spread(hash); 2]
    }

    /// Where the bytes equal those of `tag`: bytes of ones.
    #[cfg(target_feature = "avx2")]
    #[inline(always)]
    fn equal(bytes: &[u8; 32], tag: Wide) -> Wide {
        // SAFETY: 32 bytes are read from an array of 32, and AVX2 is there (invariant 1).
        unsafe { _mm256_cmpeq_epi8(_mm256_loadu_si256(bytes.as_ptr().cast()), tag) }
    }

    #[cfg(not(target_feature = "avx2"))]
    #[inline(always)]
    fn equal(bytes: &[u8; 32], [low, high]: Wide) -> Wide {
        // SAFETY: two times 16 bytes of an array of 32, and SSE2 is there (invariant 1).
        unsafe {
            let half = |at: usize| _mm_loadu_si128(bytes.as_ptr().add(at).cast());
            [_mm_cmpeq_epi8(half(0), low), _mm_cmpeq_epi8(half(16), high)]
        }
    }

    /// The highest bit of each byte.
    #[cfg(target_feature = "avx2")]
    #[inline(always)]
    fn mask(bytes: Wide) -> u32 {
        // SAFETY: AVX2 is there (invariant 1).
        unsafe { _mm256_movemask_epi8(bytes) as u32 }
    }

    #[cfg(not(target_feature = "avx2"))]
    #[inline(always)]
    fn mask([low, high]: Wide) -> u32 {
        // SAFETY: SSE2 is there (invariant 1).
        let [low, high] = unsafe { [_mm_movemask_epi8(low), _mm_movemask_epi8(high)] };
        low as u32 | (high as u32) << 16
    }

    #[inline(always)]
    pub(crate) fn equal32(bytes: &[u8; 32], tag: u8) -> u32 {
        mask(equal(bytes, wide(tag)))
    }

    #[inline(always)]
    pub(crate) fn tagged32(bytes: &[u8; 32], hash: u32) -> u32 {
        mask(equal(bytes, spread_wide(hash)))
    }

    #[inline(always)]
    pub(crate) fn both32(tags: &[u8; 32], tag: u8, lens: &[u8; 32], len: u8) -> u32 {
        let (tags, lens) = (equal(tags, wide(tag)), equal(lens, wide(len)));
        #[cfg(target_feature = "avx2")]
        // SAFETY: AVX2 is there (invariant 1).
        let both = unsafe { _mm256_and_si256(tags, lens) };
        #[cfg(not(target_feature = "avx2"))]
        // SAFETY: SSE2 is there (invariant 1).
        let both = unsafe { [_mm_and_si128(tags[0], lens[0]), _mm_and_si128(tags[1], lens[1])] };
        mask(both)
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
            let half: &[u8; 16] = bytes.first_chunk().unwrap();
            let turned: [u8; 32] = core::array::from_fn(|i| bytes[31 - i]);
            for tag in [0, 63, 126, 189, 252, 1, 255, 128] {
                let where_is =
                    |tag: u8| -> u32 { (0..32).map(|i| u32::from(bytes[i] == tag) << i).sum() };
                let expected = where_is(tag);
                let both = expected & equal32(&turned, 63);
                assert_eq!([equal32(&bytes, tag), plain::equal32(&bytes, tag)], [expected; 2]);
                let halves = [equal16(half, tag), plain::equal16(half, tag)];
                assert_eq!(halves, [expected & 0xFFFF; 2]);
                assert_eq!(both32(&bytes, tag, &turned, 63), both);
                assert_eq!(plain::both32(&bytes, tag, &turned, 63), both);
                let tagged = where_is(tag.max(1));
                for hash in [u32::from(tag) << 24, u32::from(tag) << 24 | 0xFF_FFFF] {
                    assert_eq!(highest(hash), tag.max(1));
                    assert_eq!(
                        [tagged32(&bytes, hash), plain::tagged32(&bytes, hash)],
                        [tagged; 2]
                    );
                    let halves = [tagged16(half, hash), plain::tagged16(half, hash)];
                    assert_eq!(halves, [tagged & 0xFFFF; 2]);
                }
            }
            for count in 0..=33 {
                let expected: usize = bytes.iter().take(count).map(|byte| usize::from(*byte)).sum();
                assert_eq!([sum(&bytes, count), plain::sum(&bytes, count)], [expected; 2]);
            }
        }
    }
}
