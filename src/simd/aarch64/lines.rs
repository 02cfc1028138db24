//! Lines in which a key sets a few bits, with NEON. Shifts by a negative count go right, those by
//! 64 and more give 0.
//!
//! Invariants:
//!
//! 1. Functions that need NEON are called through a `Kernel` alone, or by functions that need the
//!    same.
//! 2. A line has 64 bytes, and its loads and stores need no alignment.

#![allow(unsafe_code, unused_unsafe, clippy::multiple_unsafe_ops_per_block)]

use crate::simd::lines::{
    FIRST, Form, HALF, Kernel, LINE, PAIRS, QUARTERS, SALT, SECOND, SPLIT, WORDS, half_picked,
    half_picked_mut, kernels, picked, picked_mut,
};
use core::arch::aarch64::*;

kernels!();

/// Counts of two words: the bits of `product` from `at[0]` and `at[1]` on, of those in `width`.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn counts(product: u64, at: [i64; 2], width: u64) -> uint64x2_t {
    // SAFETY: `at` has 16 bytes; all else are values.
    unsafe {
        let right = vnegq_s64(vld1q_s64(at.as_ptr()));
        vandq_u64(vshlq_u64(vdupq_n_u64(product), right), vdupq_n_u64(width))
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn bits_at(counts: uint64x2_t) -> uint64x2_t {
    // SAFETY: values only.
    unsafe { vshlq_u64(vdupq_n_u64(1), vreinterpretq_s64_u64(counts)) }
}

/// The bits of `x` in words `2 * pair` and the next.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn mask<const FORM: u8>(x: u64, pair: i64) -> uint64x2_t {
    let first = x.wrapping_mul(FIRST);
    // SAFETY: values only.
    unsafe {
        if FORM == QUARTERS {
            let at = 36 + 7 * pair;
            let halves = vcombine_u64(vcreate_u64(0), vcreate_u64(64));
            return bits_at(veorq_u64(counts(first, [at, at], 127), halves));
        }
        let at = [16 + 12 * pair, 22 + 12 * pair];
        let mask = bits_at(counts(first, at, 63));
        if FORM == WORDS {
            return mask;
        }
        vorrq_u64(mask, bits_at(counts(x.wrapping_mul(SECOND), at, 63)))
    }
}

/// Whether all bits are 0.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn is_zero(bits: uint64x2_t) -> bool {
    // SAFETY: values only.
    unsafe { vmaxvq_u32(vreinterpretq_u32_u64(bits)) == 0 }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn holds<const FORM: u8>(line: &[u8; LINE], x: u64) -> bool {
    // SAFETY: all loads lie in the line (invariant 2).
    unsafe {
        let at = line.as_ptr();
        let mut missing = vdupq_n_u64(0);
        for pair in 0..4 {
            let words = vreinterpretq_u64_u8(vld1q_u8(at.add(16 * pair)));
            missing = vorrq_u64(missing, vbicq_u64(mask::<FORM>(x, pair as i64), words));
        }
        is_zero(missing)
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn add<const FORM: u8>(line: &mut [u8; LINE], x: u64) -> bool {
    // SAFETY: all loads and stores lie in the line (invariant 2).
    unsafe {
        let at = line.as_mut_ptr();
        let mut missing = vdupq_n_u64(0);
        for pair in 0..4 {
            let words = vreinterpretq_u64_u8(vld1q_u8(at.add(16 * pair)));
            let mask = mask::<FORM>(x, pair as i64);
            missing = vorrq_u64(missing, vbicq_u64(mask, words));
            vst1q_u8(at.add(16 * pair), vreinterpretq_u8_u64(vorrq_u64(words, mask)));
        }
        !is_zero(missing)
    }
}

/// The bits of `x` in the lower (0) or the upper (1) part of a half line.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn half_mask(x: u64, part: usize) -> uint32x4_t {
    // SAFETY: four of the salt's eight numbers are loaded; all else are values.
    unsafe {
        let salt = vld1q_u32(SALT.as_ptr().add(4 * part));
        let counts = vshrq_n_u32::<27>(vmulq_u32(vdupq_n_u32(x as u32), salt));
        vshlq_u32(vdupq_n_u32(1), vreinterpretq_s32_u32(counts))
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn half_holds(half: &[u8; HALF], x: u64) -> bool {
    // SAFETY: both loads lie in the half line.
    unsafe {
        let words = |part| vreinterpretq_u32_u8(vld1q_u8(half.as_ptr().add(16 * part)));
        let missing = |part| vbicq_u32(half_mask(x, part), words(part));
        vmaxvq_u32(vorrq_u32(missing(0), missing(1))) == 0
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn half_add(half: &mut [u8; HALF], x: u64) -> bool {
    let at = half.as_mut_ptr();
    let mut changed = false;
    for part in 0..2 {
        // SAFETY: loads and stores lie in the half line.
        unsafe {
            let old = vreinterpretq_u32_u8(vld1q_u8(at.add(16 * part)));
            let mask = half_mask(x, part);
            vst1q_u8(at.add(16 * part), vreinterpretq_u8_u32(vorrq_u32(old, mask)));
            changed |= vmaxvq_u32(vbicq_u32(mask, old)) != 0;
        }
    }
    changed
}

#[target_feature(enable = "neon")]
unsafe fn has<const FORM: u8>(lines: &[u8], x: u64) -> bool {
    if FORM == SPLIT {
        // SAFETY: this function needs the same feature (invariant 1).
        return half_picked(lines, x).is_some_and(|half| unsafe { half_holds(half, x) });
    }
    // SAFETY: this function needs the same feature (invariant 1).
    picked(lines, x).is_some_and(|line| unsafe { holds::<FORM>(line, x) })
}

#[target_feature(enable = "neon")]
unsafe fn set<const FORM: u8>(lines: &mut [u8], x: u64) -> bool {
    if FORM == SPLIT {
        // SAFETY: this function needs the same feature (invariant 1).
        return half_picked_mut(lines, x).is_some_and(|half| unsafe { half_add(half, x) });
    }
    // SAFETY: this function needs the same feature (invariant 1).
    picked_mut(lines, x).is_some_and(|line| unsafe { add::<FORM>(line, x) })
}

#[target_feature(enable = "neon")]
unsafe fn have<const FORM: u8>(lines: &[u8], xs: &[u64], found: &mut [bool]) {
    for (x, found) in xs.iter().zip(found) {
        // SAFETY: this function needs the same feature (invariant 1).
        *found = unsafe { has::<FORM>(lines, *x) };
    }
}

#[target_feature(enable = "neon")]
unsafe fn set_all<const FORM: u8>(lines: &mut [u8], xs: &[u64]) {
    for x in xs {
        // SAFETY: this function needs the same feature (invariant 1).
        unsafe { set::<FORM>(lines, *x) };
    }
}
