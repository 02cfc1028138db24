//! Two short ascending lists of bytes made one: a network of smaller and greater ones, and so no
//! branch, whatever bytes there are.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. The vector loads and stores are of exactly the bytes of the array references they are given,
//!    or of 16 of the 32 bytes of [`FILL`] from one of its first 17 on; SSE2 is a part of x86-64.

/// Zeros, and then what stands behind a list.
const FILL: [u8; 32] = {
    let mut fill = [0; 32];
    let mut at = 16;
    while at < 32 {
        fill[at] = u8::MAX;
        at += 1;
    }
    fill
};

/// The bytes of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    /// In order; behind them, 255.
    pub(crate) bytes: [u8; 16],
    /// Bit `i` says whether byte `i < 15` is the one behind it too.
    pub(crate) equal: u32,
}

/// The first `a.1` bytes of `a.0` and the first `b.1` of `b.0`, both in order and together no more
/// than 16. Of others, any bytes.
#[inline(always)]
pub(crate) fn merge16(a: (&[u8; 16], usize), b: (&[u8; 16], usize)) -> Merged {
    #[cfg(x86_vectors)]
    {
        x86::merge16(a, b)
    }
    #[cfg(not(x86_vectors))]
    {
        scalar(a, b)
    }
}

/// A one for each of the first `count <= 16` bytes but the last.
#[inline(always)]
pub(crate) const fn but_last(count: usize) -> u32 {
    ((1 << (count & 31)) - 1) >> 1
}

/// The same as [`merge16`], byte by byte.
#[cfg(any(test, not(x86_vectors)))]
#[inline]
fn scalar(a: (&[u8; 16], usize), b: (&[u8; 16], usize)) -> Merged {
    let filled =
        |(list, len): (&[u8; 16], usize), at: usize| list[at] | FILL[16 - len.min(16) + at];
    // Up, and then down.
    let mut bytes: [u8; 16] = core::array::from_fn(|at| filled(a, at).min(filled(b, 15 - at)));
    for step in [8, 4, 2, 1] {
        bytes = core::array::from_fn(|at| match at & step {
            0 => bytes[at].min(bytes[at ^ step]),
            _ => bytes[at].max(bytes[at ^ step]),
        });
    }
    let equal = (0..15).map(|at| u32::from(bytes[at] == bytes[at + 1]) << at).sum();
    Merged { bytes, equal }
}

#[cfg(x86_vectors)]
mod x86 {
    use super::{FILL, Merged};
    use core::arch::x86_64::*;

    #[inline(always)]
    fn load((list, len): (&[u8; 16], usize)) -> __m128i {
        let fill = FILL[16 - len.min(16)..].as_ptr();
        // SAFETY: 16 bytes of an array of 16, and 16 from one of the first 17 of 32 on
        // (invariant 1).
        unsafe { _mm_or_si128(_mm_loadu_si128(list.as_ptr().cast()), _mm_loadu_si128(fill.cast())) }
    }

    /// Each pair of bytes the other way round.
    #[inline(always)]
    fn swap_bytes(v: __m128i) -> __m128i {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe { _mm_or_si128(_mm_slli_epi16::<8>(v), _mm_srli_epi16::<8>(v)) }
    }

    /// Each pair of 16 bits the other way round.
    #[inline(always)]
    fn swap_pairs(v: __m128i) -> __m128i {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe { _mm_shufflehi_epi16::<0xB1>(_mm_shufflelo_epi16::<0xB1>(v)) }
    }

    /// The smaller ones of two vectors, but the greater ones where `greater` has ones.
    #[inline(always)]
    fn split(v: __m128i, other: __m128i, greater: i32) -> __m128i {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe {
            let mask = _mm_set1_epi32(greater);
            let (low, high) = (_mm_min_epu8(v, other), _mm_max_epu8(v, other));
            _mm_or_si128(_mm_andnot_si128(mask, low), _mm_and_si128(mask, high))
        }
    }

    #[inline(always)]
    pub(super) fn merge16(a: (&[u8; 16], usize), b: (&[u8; 16], usize)) -> Merged {
        // SAFETY: SSE2 is there, and 16 bytes are written to an array of 16 (invariant 1).
        unsafe {
            let down = swap_bytes(swap_pairs(_mm_shuffle_epi32::<0x1B>(load(b))));
            // Up, and then down.
            let v = _mm_min_epu8(load(a), down);
            let other = _mm_shuffle_epi32::<0x4E>(v);
            let v = _mm_unpacklo_epi64(_mm_min_epu8(v, other), _mm_max_epu8(v, other));
            let other = _mm_shuffle_epi32::<0xB1>(v);
            let (low, high) = (_mm_min_epu8(v, other), _mm_max_epu8(v, other));
            let odd = _mm_set_epi32(-1, 0, -1, 0);
            let v = _mm_or_si128(_mm_andnot_si128(odd, low), _mm_and_si128(odd, high));
            let v = split(v, swap_pairs(v), 0xFFFF_0000_u32 as i32);
            let v = split(v, swap_bytes(v), 0xFF00_FF00_u32 as i32);
            let equal = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_srli_si128::<1>(v))) as u32;
            let mut bytes = [0; 16];
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), v);
            Merged { bytes, equal: equal & 0x7FFF }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn networks_sort_as_vectors_do() {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        let mut number = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 20) as usize
        };
        for round in 0..2_000 {
            let (few, below) = (number() % 17, [3, 20, 256][round % 3]);
            let more = number() % (17 - few);
            let mut list = |len: usize| {
                let mut bytes: [u8; 16] = core::array::from_fn(|_| (number() % below) as u8);
                // Whatever stands behind a list.
                bytes[..len].sort_unstable();
                bytes
            };
            let (a, b) = (list(few), list(more));
            let merged = merge16((&a, few), (&b, more));
            assert_eq!(merged, scalar((&a, few), (&b, more)));
            let mut expected: Vec<u8> = a[..few].iter().chain(&b[..more]).copied().collect();
            expected.sort_unstable();
            assert_eq!(merged.bytes[..few + more], expected);
            let equal = expected.windows(2).filter(|pair| pair[0] == pair[1]).count();
            assert_eq!((merged.equal & but_last(few + more)).count_ones() as usize, equal);
        }
    }
}
