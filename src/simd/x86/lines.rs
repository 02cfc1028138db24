//! AVX2 and AVX-512.
//!
//! Invariants:
//!
//! 1. Functions that need a feature of the processor are called through a `Kernel` alone, or by
//!    functions that need the same.
//! 2. A line has 64 bytes, and its loads and stores need no alignment.

#![allow(unsafe_code, unused_unsafe, clippy::multiple_unsafe_ops_per_block)]

/// The functions of a kernel, over the `holds` and `add` of a line.
macro_rules! functions {
    ($feature:literal) => {
        kernels!();

        #[inline]
        #[target_feature(enable = $feature)]
        pub(crate) unsafe fn has<const FORM: u8>(lines: &[u8], x: u64) -> bool {
            if FORM == SPLIT {
                // SAFETY: this function needs the same feature, or more (invariant 1).
                return half_picked(lines, x).is_some_and(|half| unsafe { half_holds(half, x) });
            }
            let Some(line) = picked(lines, x) else { return false };
            // SAFETY: this function needs the same feature (invariant 1).
            unsafe { holds::<FORM>(line, x) }
        }

        #[inline]
        #[target_feature(enable = $feature)]
        pub(crate) unsafe fn set<const FORM: u8>(lines: &mut [u8], x: u64) -> bool {
            if FORM == SPLIT {
                // SAFETY: this function needs the same feature, or more (invariant 1).
                return half_picked_mut(lines, x).is_some_and(|half| unsafe { half_add(half, x) });
            }
            let Some(line) = picked_mut(lines, x) else { return false };
            // SAFETY: this function needs the same feature (invariant 1).
            unsafe { add::<FORM>(line, x) }
        }

        #[target_feature(enable = $feature)]
        unsafe fn have<const FORM: u8>(lines: &[u8], xs: &[u64], found: &mut [bool]) {
            for (x, found) in xs.iter().zip(found) {
                // SAFETY: this function needs the same feature (invariant 1).
                *found = unsafe { has::<FORM>(lines, *x) };
            }
        }

        #[target_feature(enable = $feature)]
        unsafe fn set_all<const FORM: u8>(lines: &mut [u8], xs: &[u64]) {
            for x in xs {
                // SAFETY: this function needs the same feature (invariant 1).
                unsafe { set::<FORM>(lines, *x) };
            }
        }
    };
}

pub(crate) mod avx2 {
    use crate::simd::lines::{
        FIRST, Form, HALF, Kernel, LINE, PAIRS, QUARTERS, SALT, SECOND, SPLIT, WORDS, half_picked,
        half_picked_mut, kernels, picked, picked_mut,
    };
    use core::arch::x86_64::*;

    functions!("avx2");

    /// The four bits that `product` gives where its bits from `at` on are counts of 6 bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn bits(product: u64, at: __m256i) -> __m256i {
        // SAFETY: values only.
        unsafe {
            let counts = _mm256_srlv_epi64(_mm256_set1_epi64x(product as i64), at);
            let counts = _mm256_and_si256(counts, _mm256_set1_epi64x(63));
            _mm256_sllv_epi64(_mm256_set1_epi64x(1), counts)
        }
    }

    /// The four bits where counts have 7 bits, of which one in two words is below 64 there.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn wide_bits(product: u64, at: __m256i) -> __m256i {
        // SAFETY: values only.
        unsafe {
            let counts = _mm256_srlv_epi64(_mm256_set1_epi64x(product as i64), at);
            let counts = _mm256_and_si256(counts, _mm256_set1_epi64x(127));
            // A shift by 64 and more gives 0.
            let counts = _mm256_xor_si256(counts, _mm256_setr_epi64x(0, 64, 0, 64));
            _mm256_sllv_epi64(_mm256_set1_epi64x(1), counts)
        }
    }

    /// The bits of `x` in the lower and the upper half of its line.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn masks<const FORM: u8>(x: u64) -> [__m256i; 2] {
        let first = x.wrapping_mul(FIRST);
        // SAFETY: values only.
        unsafe {
            if FORM == QUARTERS {
                return [
                    wide_bits(first, _mm256_setr_epi64x(36, 36, 43, 43)),
                    wide_bits(first, _mm256_setr_epi64x(50, 50, 57, 57)),
                ];
            }
            let at = [_mm256_setr_epi64x(16, 22, 28, 34), _mm256_setr_epi64x(40, 46, 52, 58)];
            let masks = [bits(first, at[0]), bits(first, at[1])];
            if FORM == WORDS {
                return masks;
            }
            let second = x.wrapping_mul(SECOND);
            [
                _mm256_or_si256(masks[0], bits(second, at[0])),
                _mm256_or_si256(masks[1], bits(second, at[1])),
            ]
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn holds<const FORM: u8>(line: &[u8; LINE], x: u64) -> bool {
        // SAFETY: both loads lie in the line (invariant 2).
        unsafe {
            let at = line.as_ptr().cast::<__m256i>();
            let [low, high] = masks::<FORM>(x);
            let low = _mm256_andnot_si256(_mm256_loadu_si256(at), low);
            let high = _mm256_andnot_si256(_mm256_loadu_si256(at.add(1)), high);
            let missing = _mm256_or_si256(low, high);
            _mm256_testz_si256(missing, missing) == 1
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn add<const FORM: u8>(line: &mut [u8; LINE], x: u64) -> bool {
        // SAFETY: loads and stores lie in the line (invariant 2).
        unsafe {
            let at = line.as_mut_ptr().cast::<__m256i>();
            let [low, high] = masks::<FORM>(x);
            let (old_low, old_high) = (_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1)));
            let missing_low = _mm256_andnot_si256(old_low, low);
            let missing = _mm256_or_si256(missing_low, _mm256_andnot_si256(old_high, high));
            _mm256_storeu_si256(at, _mm256_or_si256(old_low, low));
            _mm256_storeu_si256(at.add(1), _mm256_or_si256(old_high, high));
            _mm256_testz_si256(missing, missing) == 0
        }
    }

    /// The bits of `x` in a half line.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn half_mask(x: u64) -> __m256i {
        // SAFETY: the load is the salt's; all else are values.
        unsafe {
            let salt = _mm256_loadu_si256(SALT.as_ptr().cast());
            let products = _mm256_mullo_epi32(_mm256_set1_epi32(x as i32), salt);
            _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_srli_epi32::<27>(products))
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(crate) unsafe fn half_holds(half: &[u8; HALF], x: u64) -> bool {
        // SAFETY: the load is the half line.
        unsafe {
            let half = _mm256_loadu_si256(half.as_ptr().cast());
            _mm256_testc_si256(half, half_mask(x)) == 1
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(crate) unsafe fn half_add(half: &mut [u8; HALF], x: u64) -> bool {
        // SAFETY: the load and the store are the half line.
        unsafe {
            let (old, mask) = (_mm256_loadu_si256(half.as_ptr().cast()), half_mask(x));
            _mm256_storeu_si256(half.as_mut_ptr().cast(), _mm256_or_si256(old, mask));
            _mm256_testc_si256(old, mask) == 0
        }
    }
}

/// Compiled only by compilers that know it: the build script asks.
#[cfg(has_avx512)]
#[allow(clippy::incompatible_msrv)]
pub(crate) mod avx512 {
    use super::avx2::{half_add, half_holds};
    use crate::simd::lines::{
        FIRST, Form, Kernel, LINE, PAIRS, QUARTERS, SECOND, SPLIT, WORDS, half_picked,
        half_picked_mut, kernels, picked, picked_mut,
    };
    use core::arch::x86_64::*;

    functions!("avx512f");

    /// The bit in each word that `product` gives.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn bits(product: u64) -> __m512i {
        // SAFETY: values only.
        unsafe {
            let at = _mm512_setr_epi64(16, 22, 28, 34, 40, 46, 52, 58);
            let counts = _mm512_srlv_epi64(_mm512_set1_epi64(product as i64), at);
            // A rotation takes its count modulo 64.
            _mm512_rolv_epi64(_mm512_set1_epi64(1), counts)
        }
    }

    /// The bits of `x` in its line.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn mask<const FORM: u8>(x: u64) -> __m512i {
        let first = x.wrapping_mul(FIRST);
        // SAFETY: values only.
        unsafe {
            if FORM == QUARTERS {
                let at = _mm512_setr_epi64(36, 36, 43, 43, 50, 50, 57, 57);
                let counts = _mm512_srlv_epi64(_mm512_set1_epi64(first as i64), at);
                let counts = _mm512_and_si512(counts, _mm512_set1_epi64(127));
                // A shift by 64 and more gives 0: one of two words gets the bit.
                let halves = _mm512_setr_epi64(0, 64, 0, 64, 0, 64, 0, 64);
                let counts = _mm512_xor_si512(counts, halves);
                return _mm512_sllv_epi64(_mm512_set1_epi64(1), counts);
            }
            let mask = bits(first);
            if FORM == WORDS {
                return mask;
            }
            _mm512_or_si512(mask, bits(x.wrapping_mul(SECOND)))
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn holds<const FORM: u8>(line: &[u8; LINE], x: u64) -> bool {
        // SAFETY: the load is the line (invariant 2).
        unsafe {
            let line = _mm512_loadu_si512(line.as_ptr().cast());
            let missing = _mm512_andnot_si512(line, mask::<FORM>(x));
            _mm512_test_epi64_mask(missing, missing) == 0
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn add<const FORM: u8>(line: &mut [u8; LINE], x: u64) -> bool {
        // SAFETY: the load and the store are the line (invariant 2).
        unsafe {
            let old = _mm512_loadu_si512(line.as_ptr().cast());
            let mask = mask::<FORM>(x);
            _mm512_storeu_si512(line.as_mut_ptr().cast(), _mm512_or_si512(old, mask));
            let missing = _mm512_andnot_si512(old, mask);
            _mm512_test_epi64_mask(missing, missing) != 0
        }
    }
}
