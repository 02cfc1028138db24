//! Bit deposit (`pdep`), where the build targets a processor that has it in hardware.
//!
//! AMD's Excavator, Zen and Zen 2 have the instruction in microcode: up to 250 cycles [Fog, tables
//! of instructions]. A build is known to be for one of them if it has `sse4a`, which only AMD's
//! have, and not `vaes`, which came with Zen 3. Compilers that cannot tell of `vaes` (before
//! 1.89) leave `pdep` out on all of AMD's.
//!
//! Invariants:
//!
//! 1. [`deposit`] exists only where the build targets `bmi2`.

#![allow(unsafe_code)]
// Whether an intrinsic is unsafe where the build targets its feature depends on the compiler.
#![allow(unused_unsafe)]

/// Whether [`deposit`] is worth calling.
pub(crate) const FAST: bool = cfg!(all(
    target_arch = "x86_64",
    target_feature = "bmi2",
    any(not(target_feature = "sse4a"), target_feature = "vaes"),
));

/// Puts the low bits of `bits` where `mask` has ones, from the lowest up.
#[cfg(all(target_arch = "x86_64", target_feature = "bmi2"))]
#[inline]
pub(crate) fn deposit(bits: u64, mask: u64) -> u64 {
    // SAFETY: the build targets `bmi2` (invariant 1).
    unsafe { core::arch::x86_64::_pdep_u64(bits, mask) }
}

/// Puts the low bits of `bits` where `mask` has ones, from the lowest up: one at a time.
#[cfg(not(all(target_arch = "x86_64", target_feature = "bmi2")))]
pub(crate) fn deposit(mut bits: u64, mut mask: u64) -> u64 {
    let mut out = 0;
    while mask != 0 {
        if bits & 1 == 1 {
            out |= mask & mask.wrapping_neg();
        }
        bits >>= 1;
        mask &= mask - 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_go_where_the_ones_are() {
        for (bits, mask, out) in [
            (0b101, 0b1101_0000, 0b1001_0000),
            (0b111, 0b11, 0b11),
            (u64::MAX, 0x8000_0000_0000_0001, 0x8000_0000_0000_0001),
            (2, 0x8000_0000_0000_0001, 0x8000_0000_0000_0000),
            (7, 0, 0),
            (0x1234_5678_9ABC_DEF0, u64::MAX, 0x1234_5678_9ABC_DEF0),
        ] {
            assert_eq!(deposit(bits, mask), out, "{bits:#x} to {mask:#x}");
        }
    }
}
