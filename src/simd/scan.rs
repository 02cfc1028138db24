//! Sixteen entries of a front-coded node at once: which of them may stop a search.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. The vector loads read exactly the bytes of the array reference they are given, at any
//!    alignment; SSE2 is a part of x86-64.

/// Entry `i` shares `depths >> 4i & 15` bytes with the one before it and goes on with
/// `branches[i]`. Bit `i` of the first result says whether it shares fewer than `depth`, or just as
/// many and goes on with at least `byte`; of the second whether it shares just as many and goes on
/// with just `byte`.
#[inline(always)]
pub(crate) fn scan16(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
    #[cfg(x86_vectors)]
    {
        x86::scan16(depths, branches, depth, byte)
    }
    #[cfg(not(x86_vectors))]
    {
        scalar(depths, branches, depth, byte)
    }
}

/// As [`scan16`], of 32 entries: half byte `i` of `depths`, from the lower one of the first byte
/// on.
#[inline(always)]
pub(crate) fn scan32(depths: &[u8; 16], branches: &[u8; 32], depth: u8, byte: u8) -> (u32, u32) {
    #[cfg(x86_vectors)]
    {
        x86::scan32(depths, branches, depth, byte)
    }
    #[cfg(not(x86_vectors))]
    {
        let depths = u128::from_le_bytes(*depths);
        let half = |i: usize| core::array::from_fn(|j| branches[16 * i + j]);
        let low = scalar(depths as u64, &half(0), depth, byte);
        let high = scalar((depths >> 64) as u64, &half(1), depth, byte);
        (low.0 | high.0 << 16, low.1 | high.1 << 16)
    }
}

#[cfg(any(test, not(x86_vectors)))]
#[inline(always)]
fn scalar(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
    let (mut stop, mut same) = (0, 0);
    for (i, branch) in branches.iter().enumerate() {
        let shared = (depths >> (4 * i)) as u8 & 15;
        stop |= u32::from(shared < depth || shared == depth && *branch >= byte) << i;
        same |= u32::from(shared == depth && *branch == byte) << i;
    }
    (stop, same)
}

#[cfg(x86_vectors)]
mod x86 {
    use core::arch::x86_64::*;

    #[inline(always)]
    pub(super) fn scan16(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
        // SAFETY: 16 bytes are read from an array of 16, and SSE2 is there (invariant 1).
        unsafe {
            let packed = _mm_cvtsi64_si128(depths as i64);
            let (shared, _) = halves(packed);
            stops(shared, _mm_loadu_si128(branches.as_ptr().cast()), depth, byte)
        }
    }

    #[inline(always)]
    pub(super) fn scan32(
        depths: &[u8; 16],
        branches: &[u8; 32],
        depth: u8,
        byte: u8,
    ) -> (u32, u32) {
        // SAFETY: 16 bytes are read from an array of 16, twice 16 from one of 32, and SSE2 is there
        // (invariant 1).
        unsafe {
            let (low, high) = halves(_mm_loadu_si128(depths.as_ptr().cast()));
            let branches = branches.as_ptr().cast::<__m128i>();
            let low = stops(low, _mm_loadu_si128(branches), depth, byte);
            let high = stops(high, _mm_loadu_si128(branches.add(1)), depth, byte);
            (low.0 | high.0 << 16, low.1 | high.1 << 16)
        }
    }

    /// The half bytes of a vector as bytes.
    #[inline(always)]
    fn halves(packed: __m128i) -> (__m128i, __m128i) {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe {
            let low = _mm_set1_epi8(15);
            let even = _mm_and_si128(packed, low);
            let odd = _mm_and_si128(_mm_srli_epi16::<4>(packed), low);
            (_mm_unpacklo_epi8(even, odd), _mm_unpackhi_epi8(even, odd))
        }
    }

    #[inline(always)]
    fn stops(shared: __m128i, branches: __m128i, depth: u8, byte: u8) -> (u32, u32) {
        // SAFETY: SSE2 is there (invariant 1).
        unsafe {
            let depth = _mm_set1_epi8(depth as i8);
            let fewer = _mm_cmpgt_epi8(depth, shared);
            let byte = _mm_set1_epi8(byte as i8);
            let least = _mm_cmpeq_epi8(_mm_max_epu8(branches, byte), branches);
            let equal = _mm_cmpeq_epi8(depth, shared);
            let stop = _mm_or_si128(fewer, _mm_and_si128(equal, least));
            let same = _mm_and_si128(equal, _mm_cmpeq_epi8(branches, byte));
            (_mm_movemask_epi8(stop) as u32, _mm_movemask_epi8(same) as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_see_what_plain_code_sees() {
        let mut x = 1_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x ^ x >> 29
        };
        for _ in 0..2_000 {
            let depths = next() & next();
            let branches = core::array::from_fn(|_| next() as u8);
            for depth in 0..16 {
                let byte = next() as u8;
                let seen = scan16(depths, &branches, depth, byte);
                assert_eq!(seen, scalar(depths, &branches, depth, byte));
                let twice = scan32(
                    &(u128::from(depths) << 64 | u128::from(!depths)).to_le_bytes(),
                    &core::array::from_fn(|i| branches[i % 16]),
                    depth,
                    byte,
                );
                let low = scalar(!depths, &branches, depth, byte);
                assert_eq!(twice, (low.0 | seen.0 << 16, low.1 | seen.1 << 16));
            }
        }
    }
}
