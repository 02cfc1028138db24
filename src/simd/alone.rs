//! Keeping numbers out of vectors.
//!
//! Invariants:
//!
//! 1. A template without instructions does nothing that a program can see.

#![allow(unsafe_code)]

/// `x`, as a number that the compiler takes into no vector with others of its kind.
///
/// A build for AVX2 or AVX-512 is made to work out four positions in a vector, and to fetch what is
/// there out of it, which takes longer than doing so one by one (the test are `filters` and
/// `filters_static` of the peers' benches, built for the processor). Other builds have no such
/// instructions.
#[inline(always)]
pub(crate) fn alone(x: u64) -> u64 {
    #[cfg(all(x86_vectors, target_feature = "avx2"))]
    let x = {
        use core::arch::asm;
        let mut x = x;
        // SAFETY: there is no instruction in it (invariant 1).
        unsafe { asm!("/* {} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags)) };
        x
    };
    x
}
