//! Work that counts many bits: compiled for any machine, and once more for those that count the
//! ones of a word in one instruction, which no build for plain x86-64 may use.
//!
//! It is plain code. Only a door to it is here, and what it must be inlined into.
//!
//! Invariants:
//!
//! 1. [`run_popcnt`] is called only where [`has_popcnt`] says yes.

/// Work of more than a few hundred nanoseconds: asking the processor costs one.
pub(crate) trait Work {
    type Out;

    /// To be marked `#[inline(always)]`, as whatever it calls that counts: otherwise it is compiled
    /// for any machine alone.
    fn run(self) -> Self::Out;
}

/// Does `work` with the instructions that the processor has.
#[inline]
pub(crate) fn run<W: Work>(work: W) -> W::Out {
    #[cfg(x86_vectors)]
    if has_popcnt() {
        // SAFETY: the processor has the instructions (invariant 1).
        return unsafe { run_popcnt(work) };
    }
    work.run()
}

/// As [`run`], with the instructions that it needs.
///
/// # Safety
///
/// The processor has all of these features.
#[cfg(x86_vectors)]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
unsafe fn run_popcnt<W: Work>(work: W) -> W::Out {
    work.run()
}

/// Whether the processor has what [`run_popcnt`] needs. All with AVX2 but few virtual ones do.
#[cfg(x86_vectors)]
#[inline]
fn has_popcnt() -> bool {
    #[cfg(feature = "std")]
    let others = || {
        let bits = std::is_x86_feature_detected!("bmi1") && std::is_x86_feature_detected!("bmi2");
        bits && std::is_x86_feature_detected!("popcnt")
    };
    #[cfg(not(feature = "std"))]
    let others =
        || cfg!(all(target_feature = "bmi1", target_feature = "bmi2", target_feature = "popcnt"));
    super::avx2() && others()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones<'a>(&'a [u64]);

    impl Work for Ones<'_> {
        type Out = u32;

        #[inline(always)]
        fn run(self) -> u32 {
            self.0.iter().map(|word| word.count_ones()).sum()
        }
    }

    #[test]
    fn both_doors_count_alike() {
        let words: [u64; 100] =
            core::array::from_fn(|i| (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let bit_by_bit = words.iter().flat_map(|word| (0..64).map(move |bit| word >> bit & 1));
        let ones = bit_by_bit.sum::<u64>() as u32;
        assert_eq!((run(Ones(&words)), Ones(&words).run()), (ones, ones));
    }
}
