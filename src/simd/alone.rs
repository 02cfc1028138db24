//! Keeping numbers out of vectors.
//!
//! Invariants:
//!
//! 1. A template without instructions does nothing that a program can see.

#![allow(unsafe_code)]

/// `x`, as a number that the compiler takes into no vector with others of its kind.
///
/// A build for AVX2 or AVX-512 is made to multiply four positions and to fetch their words in one
/// instruction each, which takes half as long again as doing so one by one (measured: a Bloom
/// filter's hits and misses, on Zen 4 and Zen 5). Other builds have no such instructions.
#[inline(always)]
pub(crate) fn alone(x: u64) -> u64 {
    #[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
    let x = {
        use core::arch::asm;
        let mut x = x;
        // SAFETY: there is no instruction in it (invariant 1).
        unsafe { asm!("/* {} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags)) };
        x
    };
    x
}
