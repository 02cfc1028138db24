//! Code for the processor's vectors and its special instructions. Bulk functions are written once
//! for any machine and once for each kind of vectors, and chosen once per call.
//!
//! | module | what |
//! |---|---|
//! | a topic, such as `unpack` | the doors: safe functions that check lengths and choose |
//! | `scalar::topic` | on any machine; what the others must equal |
//! | `x86::topic` | with AVX2, and AVX-512 where that was measured faster |
//! | `aarch64::topic` | with NEON |
//!
//! `counting` is a door for plain code that counts bits and stands elsewhere.
//!
//! What a few instructions do (`alone`, `at_least`, `columns`, `counts`, `deposit`, `merge`,
//! `prefetch`, `scan`, `tags`) stands in one file beside its plain code. What `wide` does has none
//! here: its callers have another way.
//!
//! With `std` the processor is asked, so that a program built for any x86-64 finds its AVX2;
//! without it only what the build targets counts. Functions for one element take what the build
//! targets too, but for those that count and select among bits, which ask `deposit` each time, and
//! filters over `lines`, which choose once. With `--cfg lessram_scalar`, or for an x86-64 without
//! SSE2, as kernels' code is built, nothing but plain code is used (`x86_vectors` of `build.rs`).
//!
//! Invariants:
//!
//! 1. A function that needs a feature of the processor is called only where [`avx2`] or the like
//!    has answered yes.
//! 2. A function that reads or writes through a pointer says which bytes; its caller has checked
//!    that they lie in the slice that the pointer comes from.

#![allow(unsafe_code)]
// One SAFETY line covers a function that needs a feature of the processor: which of its intrinsics
// are unsafe to call depends on the compiler's version.
#![allow(clippy::multiple_unsafe_ops_per_block, unused_unsafe)]

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
pub(crate) mod aarch64;
mod alone;
pub(crate) mod at_least;
pub(crate) mod columns;
pub(crate) mod counting;
pub(crate) mod counts;
pub(crate) mod deposit;
pub(crate) mod lines;
pub(crate) mod merge;
mod prefetch;
pub(crate) mod scalar;
pub(crate) mod scan;
pub(crate) mod search;
pub(crate) mod tags;
pub(crate) mod unpack;
pub(crate) mod wide;
#[cfg(x86_vectors)]
pub(crate) mod x86;

pub(crate) use alone::alone;
pub(crate) use prefetch::{FAR, prefetch};

/// A line over places: at place `i` it is `first + floor(i * slope / 128)`, all modulo 2^64, with
/// `i * slope` as a number with a sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) first: u64,
    pub(crate) slope: u64,
}

impl Line {
    /// The line at place `i`.
    #[inline(always)]
    pub(crate) const fn at(self, i: u64) -> u64 {
        self.first.wrapping_add(((self.slope.wrapping_mul(i) as i64) >> 7) as u64)
    }
}

/// Whether the processor has AVX2. The answer is cached; a constant where the build says it.
#[cfg(x86_vectors)]
#[inline]
pub(crate) fn avx2() -> bool {
    #[cfg(feature = "std")]
    return std::is_x86_feature_detected!("avx2");
    #[cfg(not(feature = "std"))]
    return cfg!(target_feature = "avx2");
}

/// Whether the processor has AVX-512 and this compiler knows its intrinsics.
#[cfg(has_avx512)]
#[inline]
pub(crate) fn avx512() -> bool {
    #[cfg(feature = "std")]
    return std::is_x86_feature_detected!("avx512f");
    #[cfg(not(feature = "std"))]
    return cfg!(target_feature = "avx512f");
}
