//! Sixteen entries of a front-coded node at once: which of them may stop a search.
//!
//! Per-element work: takes what the build targets, asks no CPU. Invariant:
//!
//! 1. The vector loads read exactly the bytes of the array reference they are given, at any
//!    alignment; SSE2 is a part of x86-64.

/// Entry `i` shares `depths >> 4i & 15` bytes with the one before it and goes on with
/// `branches[i]`. Bit `i` of the first result says whether it shares fewer than `depth`; of the
/// second whether it shares just as many and goes on with at least `byte`.
#[inline(always)]
pub(crate) fn scan16(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(lessram_scalar)))]
    {
        x86::scan16(depths, branches, depth, byte)
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(lessram_scalar))))]
    {
        scalar(depths, branches, depth, byte)
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(lessram_scalar)))))]
#[inline(always)]
fn scalar(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
    let (mut fewer, mut reached) = (0, 0);
    for (i, branch) in branches.iter().enumerate() {
        let shared = (depths >> (4 * i)) as u8 & 15;
        fewer |= u32::from(shared < depth) << i;
        reached |= u32::from(shared == depth && *branch >= byte) << i;
    }
    (fewer, reached)
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(lessram_scalar)))]
mod x86 {
    use core::arch::x86_64::*;

    #[inline(always)]
    pub(super) fn scan16(depths: u64, branches: &[u8; 16], depth: u8, byte: u8) -> (u32, u32) {
        // SAFETY: 16 bytes are read from an array of 16, and SSE2 is there (invariant 1).
        unsafe {
            let packed = _mm_cvtsi64_si128(depths as i64);
            let low = _mm_set1_epi8(15);
            let even = _mm_and_si128(packed, low);
            let odd = _mm_and_si128(_mm_srli_epi16::<4>(packed), low);
            let shared = _mm_unpacklo_epi8(even, odd);
            let depth = _mm_set1_epi8(depth as i8);
            let fewer = _mm_cmpgt_epi8(depth, shared);
            let branches = _mm_loadu_si128(branches.as_ptr().cast());
            let byte = _mm_set1_epi8(byte as i8);
            let least = _mm_cmpeq_epi8(_mm_max_epu8(branches, byte), branches);
            let reached = _mm_and_si128(_mm_cmpeq_epi8(depth, shared), least);
            (_mm_movemask_epi8(fewer) as u32, _mm_movemask_epi8(reached) as u32)
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
            }
        }
    }
}
