//! Bit deposit (`pdep`), where the processor has it in hardware: known as the build targets it, or
//! asked of the processor by [`Way`].
//!
//! What a question that counts and selects in words, such as `rank`, wins by these instructions is
//! more than the load, the branch and the call that asking takes: so a build for any x86-64 asks
//! for one element too (benches `rank`, `select` and `elias_fano` of the peers).
//!
//! AMD's Excavator, Zen and Zen 2 have the instruction in microcode: up to 250 cycles [Fog, tables
//! of instructions]. A build is known to be for one of them if it has `sse4a`, which only AMD's
//! have, and not `vaes`, which came with Zen 3. Compilers that cannot tell of `vaes` (before
//! 1.89) leave `pdep` out on all of AMD's.
//!
//! Invariants:
//!
//! 1. [`deposit`] exists only where the build targets `bmi2`.
//! 2. A [`Way`] is fast only if the processor has `bmi1`, `bmi2`, `lzcnt` and `popcnt`.
//! 3. A [`Deposit`] exists only while [`Way::run`] works on such a processor.

#![allow(unsafe_code)]
// Whether an intrinsic is unsafe where the build targets its feature depends on the compiler.
#![allow(unused_unsafe)]

/// Whether [`deposit`] is worth calling.
pub(crate) const FAST: bool = cfg!(all(
    x86_vectors,
    target_feature = "bmi2",
    any(not(target_feature = "sse4a"), target_feature = "vaes"),
));

/// Puts the low bits of `bits` where `mask` has ones, from the lowest up.
#[cfg(all(x86_vectors, target_feature = "bmi2"))]
#[inline]
pub(crate) fn deposit(bits: u64, mask: u64) -> u64 {
    // SAFETY: the build targets `bmi2` (invariant 1).
    unsafe { core::arch::x86_64::_pdep_u64(bits, mask) }
}

/// Puts the low bits of `bits` where `mask` has ones, from the lowest up: one at a time.
#[cfg(not(all(x86_vectors, target_feature = "bmi2")))]
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

/// Whether the processor counts and deposits bits in hardware.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(x86_vectors), allow(dead_code))]
pub(crate) struct Way(bool);

/// The promise that the processor has `pdep`, in code that was compiled for such a one.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(x86_vectors), allow(dead_code))]
pub(crate) struct Deposit(());

/// What is compiled twice: for what the build targets, and for a processor with [`Deposit`]. All
/// that `run` calls must be `#[inline(always)]`, or it is the same code both times; a closure that
/// is handed on may not be in line either.
pub(crate) trait Work {
    type Out;

    fn run(self, deposit: Option<Deposit>) -> Self::Out;
}

/// Does the work in the faster way.
#[inline(always)]
pub(crate) fn run<W: Work>(work: W) -> W::Out {
    Way::new().run(work)
}

impl Way {
    /// What the processor has; it is asked once in a program's life.
    #[must_use]
    #[inline(always)]
    pub(crate) fn new() -> Self {
        // What the build targets is known without asking.
        #[cfg(all(x86_vectors, feature = "std"))]
        if !FAST {
            return Self(asked::get());
        }
        Self(false)
    }

    /// As [`run`], by whoever keeps the answer.
    #[inline(always)]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Out {
        #[cfg(x86_vectors)]
        if !FAST && self.0 {
            // SAFETY: the processor has all four features (invariant 2).
            return unsafe { with_deposit(work) };
        }
        work.run(None)
    }
}

/// The processor's answer, kept: std keeps one for each feature, which is five to be looked at.
#[cfg(all(x86_vectors, feature = "std"))]
mod asked {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    const UNKNOWN: u8 = 0;
    const SLOW: u8 = 1;
    const FAST: u8 = 2;
    static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);

    #[inline(always)]
    pub(super) fn get() -> bool {
        let answer = ANSWER.load(Relaxed);
        answer == FAST || answer == UNKNOWN && ask()
    }

    #[cold]
    #[inline(never)]
    fn ask() -> bool {
        let microcode =
            std::is_x86_feature_detected!("sse4a") && !std::is_x86_feature_detected!("vaes");
        let fast = !microcode
            && std::is_x86_feature_detected!("bmi1")
            && std::is_x86_feature_detected!("bmi2")
            && std::is_x86_feature_detected!("lzcnt")
            && std::is_x86_feature_detected!("popcnt");
        ANSWER.store(if fast { FAST } else { SLOW }, Relaxed);
        fast
    }
}

/// # Safety
///
/// The processor has all of these features.
#[cfg(x86_vectors)]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
unsafe fn with_deposit<W: Work>(work: W) -> W::Out {
    work.run(Some(Deposit(())))
}

impl Deposit {
    /// As [`deposit`].
    #[inline(always)]
    pub(crate) fn deposit(self, bits: u64, mask: u64) -> u64 {
        #[cfg(x86_vectors)]
        // SAFETY: the processor has `bmi2` (invariant 3).
        return unsafe { core::arch::x86_64::_pdep_u64(bits, mask) };
        #[cfg(not(x86_vectors))]
        deposit(bits, mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deposits with what the processor has.
    struct Both(u64, u64);

    impl Work for Both {
        type Out = u64;

        #[inline(always)]
        fn run(self, by: Option<Deposit>) -> u64 {
            by.map_or_else(|| deposit(self.0, self.1), |by| by.deposit(self.0, self.1))
        }
    }

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
            assert_eq!(Way::new().run(Both(bits, mask)), out, "{bits:#x} to {mask:#x}");
        }
    }
}
