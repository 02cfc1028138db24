//! Lines of 512 bits in which a key sets a few: the loops of blocked Bloom filters, in the vectors
//! of the machine.
//!
//! A *line* is 8 little-endian words. A key is one uniform number `x`; it picks the line at the
//! high half of `x` times their number, and the bits in it as its [`Form`] says, by products of
//! `x`. Scalar code, AVX2, AVX-512 and NEON set and find the same bits (tests compare them).
//!
//! With the feature `std` the processor is asked when a [`Kernel`] is chosen, which a filter does
//! once; calls for one key go through its pointers, as bulk calls do. A question that chose anew
//! took twice the time in cache, and three times beyond it, where fewer of the longer questions
//! fit in the processor's window (measured: `filters-blocked` of the peers' benches). A build that
//! targets the best vectors has no pointers there, and inlines.
//!
//! Invariants:
//!
//! 1. A [`Kernel`] whose functions need a feature of the processor is handed out by [`kernel`]
//!    alone, where the processor was asked for it, or in tests by [`kernels`].
//! 2. The high half of a product with a number above 0 is below that number: a line that `x` picks
//!    among `count > 0` lines lies in the `count * 64` bytes that they have. So with half lines,
//!    32 bytes, and the high half of a product of half the width.

#![allow(unsafe_code)]

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use super::aarch64::lines as neon;
use super::scalar::lines as scalar;
#[cfg(x86_vectors)]
use super::x86::lines as x86;
use super::{FAR, prefetch};
use core::fmt;

/// Bytes of a line.
pub(crate) const LINE: usize = 64;

/// The bits of its line that a key sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One in each quarter: 4 of 128 bits.
    Quarters,
    /// One in each word: 8 of 64 bits.
    Words,
    /// Two in each word, which may be the same: 16.
    Pairs,
    /// Parquet's: one in each of the 8 halves of words of a *half* line, which is picked by the
    /// upper half of `x` alone; the bits come from its lower half.
    Split,
}

/// The forms as constants, which functions can be generic over.
pub(super) const QUARTERS: u8 = 0;
pub(super) const WORDS: u8 = 1;
pub(super) const PAIRS: u8 = 2;
pub(crate) const SPLIT: u8 = 3;

/// Multipliers of `x`, whose products give the bits. The second must not be a function of the
/// first: then pairs repeat (measured: 1.3 to 1.9 times the rate).
pub(super) const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
pub(super) const SECOND: u64 = 0xA076_1D64_78BD_642F;

/// Bytes of a half line, and the multipliers that give the bits in it.
pub(crate) const HALF: usize = 32;
pub(super) const SALT: [u32; 8] = [
    0x47B6_137B,
    0x4497_4D91,
    0x8824_AD5B,
    0xA2B7_289D,
    0x7054_95C7,
    0x2DF1_424B,
    0x9EFC_4947,
    0x5C6B_FB31,
];

/// The functions for one form on one kind of processor.
pub(crate) struct Kernel {
    pub(super) form: Form,
    pub(super) has: unsafe fn(&[u8], u64) -> bool,
    pub(super) set: unsafe fn(&mut [u8], u64) -> bool,
    pub(super) have: unsafe fn(&[u8], &[u64], &mut [bool]),
    pub(super) set_all: unsafe fn(&mut [u8], &[u64]),
}

/// The kernels of the forms, from the generic functions of a module.
macro_rules! kernels {
    () => {
        kernels!(Quarters QUARTERS, Words WORDS, Pairs PAIRS, Split SPLIT);
    };
    ($($form:ident $number:ident),*) => {
        pub(crate) static KERNELS: [Kernel; 4] = [$(Kernel {
            form: Form::$form,
            has: has::<$number>,
            set: set::<$number>,
            have: have::<$number>,
            set_all: set_all::<$number>,
        }),*];
    };
}
pub(super) use kernels;

/// The best kernel of this processor for a form, or that of the build where nobody can be asked.
pub(crate) fn kernel(form: Form) -> &'static Kernel {
    let all = all_kernels().into_iter().flatten().next();
    &all.unwrap_or(&scalar::KERNELS)[form as usize]
}

/// The kernels that this processor can run, the best first.
fn all_kernels() -> [Option<&'static [Kernel; 4]>; 3] {
    #[cfg(x86_vectors)]
    {
        #[cfg(has_avx512)]
        let best = super::avx512().then_some(&x86::avx512::KERNELS);
        #[cfg(not(has_avx512))]
        let best = None;
        [best, super::avx2().then_some(&x86::avx2::KERNELS), Some(&scalar::KERNELS)]
    }
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    {
        let can = cfg!(all(target_feature = "neon", not(lessram_scalar)));
        [can.then_some(&neon::KERNELS), None, Some(&scalar::KERNELS)]
    }
    #[cfg(not(any(x86_vectors, all(target_arch = "aarch64", target_endian = "little"))))]
    [None, None, Some(&scalar::KERNELS)]
}

/// The functions that the build targets, to be inlined.
#[cfg(all(x86_vectors, target_feature = "avx2"))]
mod built {
    #[cfg(not(all(has_avx512, target_feature = "avx512f")))]
    pub(super) use crate::simd::x86::lines::avx2::{has, set};
    #[cfg(all(has_avx512, target_feature = "avx512f"))]
    pub(super) use crate::simd::x86::lines::avx512::{has, set};
}

/// In a build that targets the best vectors, returns what the function for the kernel's form does.
macro_rules! inlined {
    ($kernel:ident.$name:ident($($argument:ident),*)) => {
        #[cfg(all(x86_vectors, target_feature = "avx2"))]
        return match $kernel.form {
            Form::Quarters => $kernel.$name::<QUARTERS>($($argument),*),
            Form::Words => $kernel.$name::<WORDS>($($argument),*),
            Form::Pairs => $kernel.$name::<PAIRS>($($argument),*),
            Form::Split => $kernel.$name::<SPLIT>($($argument),*),
        };
    };
}

/// Where the line that `x` picks starts.
#[inline(always)]
fn start(lines: &[u8], x: u64) -> usize {
    // As if `x` times the number of lines, in fewer steps: what is below a line is cut off once.
    let bytes = (lines.len() & !(LINE - 1)) as u64;
    ((u128::from(x) * u128::from(bytes)) >> 64) as usize & !(LINE - 1)
}

/// Where the half line that `x` picks starts.
#[inline(always)]
fn half_start(lines: &[u8], x: u64) -> usize {
    let count = (lines.len() / HALF) as u64;
    // More halves than 2^32 are not all picked.
    ((x >> 32).wrapping_mul(count) >> 32) as usize * HALF
}

/// The half line that `x` picks; `None` if there are none.
#[inline(always)]
pub(super) fn half_picked(lines: &[u8], x: u64) -> Option<&[u8; HALF]> {
    if lines.len() < HALF {
        return None;
    }
    let start = half_start(lines, x);
    debug_assert!(start + HALF <= lines.len());
    // SAFETY: the half lies in the bytes (invariant 2).
    let half = unsafe { lines.as_ptr().add(start) };
    // SAFETY: its bytes are borrowed as `lines` is, and need no alignment.
    Some(unsafe { &*half.cast() })
}

#[inline(always)]
pub(super) fn half_picked_mut(lines: &mut [u8], x: u64) -> Option<&mut [u8; HALF]> {
    if lines.len() < HALF {
        return None;
    }
    let start = half_start(lines, x);
    debug_assert!(start + HALF <= lines.len());
    // SAFETY: the half lies in the bytes (invariant 2).
    let half = unsafe { lines.as_mut_ptr().add(start) };
    // SAFETY: its bytes are borrowed as `lines` is, and need no alignment.
    Some(unsafe { &mut *half.cast() })
}

/// The line that `x` picks; `None` if there are no lines.
#[inline(always)]
pub(super) fn picked(lines: &[u8], x: u64) -> Option<&[u8; LINE]> {
    if lines.len() < LINE {
        return None;
    }
    let start = start(lines, x);
    debug_assert!(start + LINE <= lines.len());
    // SAFETY: the line lies in the bytes (invariant 2).
    let line = unsafe { lines.as_ptr().add(start) };
    // SAFETY: its bytes are borrowed as `lines` is, and need no alignment.
    Some(unsafe { &*line.cast() })
}

#[inline(always)]
pub(super) fn picked_mut(lines: &mut [u8], x: u64) -> Option<&mut [u8; LINE]> {
    if lines.len() < LINE {
        return None;
    }
    let start = start(lines, x);
    debug_assert!(start + LINE <= lines.len());
    // SAFETY: the line lies in the bytes (invariant 2).
    let line = unsafe { lines.as_mut_ptr().add(start) };
    // SAFETY: its bytes are borrowed as `lines` is, and need no alignment.
    Some(unsafe { &mut *line.cast() })
}

impl Kernel {
    /// The form.
    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Whether all bits of `x` are set.
    #[inline(always)]
    #[allow(unreachable_code)]
    pub(crate) fn has(&self, lines: &[u8], x: u64) -> bool {
        inlined!(self.has_as(lines, x));
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.has)(lines, x) }
    }

    /// [`has`](Self::has) for a caller who knows the form, which a build that targets the best
    /// vectors then need not ask for.
    #[inline(always)]
    #[allow(unreachable_code)]
    pub(crate) fn has_as<const FORM: u8>(&self, lines: &[u8], x: u64) -> bool {
        debug_assert!(self.form as u8 == FORM);
        #[cfg(all(x86_vectors, target_feature = "avx2"))]
        // SAFETY: the build targets what it needs.
        return unsafe { built::has::<FORM>(lines, x) };
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.has)(lines, x) }
    }

    /// Sets all bits of `x`; returns whether one was not set before.
    #[inline(always)]
    #[allow(unreachable_code)]
    pub(crate) fn set(&self, lines: &mut [u8], x: u64) -> bool {
        inlined!(self.set_as(lines, x));
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.set)(lines, x) }
    }

    /// [`set`](Self::set) for a caller who knows the form.
    #[inline(always)]
    #[allow(unreachable_code)]
    pub(crate) fn set_as<const FORM: u8>(&self, lines: &mut [u8], x: u64) -> bool {
        debug_assert!(self.form as u8 == FORM);
        #[cfg(all(x86_vectors, target_feature = "avx2"))]
        // SAFETY: the build targets what it needs.
        return unsafe { built::set::<FORM>(lines, x) };
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.set)(lines, x) }
    }

    /// Asks for the lines of `xs` to be fetched, where they are most likely to be far away.
    fn fetch(&self, lines: &[u8], xs: &[u64]) {
        if lines.len() < FAR {
            return;
        }
        let start = if self.form == Form::Split { half_start } else { start };
        for x in xs {
            prefetch(lines, start(lines, *x));
        }
    }

    /// Whether all bits of each of `xs` are set. Asks for all lines first: give it a few dozen.
    pub(crate) fn have(&self, lines: &[u8], xs: &[u64], found: &mut [bool]) {
        self.fetch(lines, xs);
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.have)(lines, xs, found) }
    }

    /// Sets all bits of each of `xs`. Asks for all lines first: give it a few dozen.
    pub(crate) fn set_all(&self, lines: &mut [u8], xs: &[u64]) {
        self.fetch(lines, xs);
        // SAFETY: the processor has what it needs (invariant 1).
        unsafe { (self.set_all)(lines, xs) }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> impl Iterator<Item = u64> {
        let mut x = 1_u64;
        core::iter::repeat_with(move || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x ^ x >> 29
        })
    }

    /// Every kernel of this processor beside the scalar one of its form.
    fn beside_scalar() -> impl Iterator<Item = (&'static Kernel, &'static Kernel)> {
        all_kernels().into_iter().flatten().flat_map(|kernels| kernels.iter().zip(&scalar::KERNELS))
    }

    #[test]
    fn all_kernels_set_and_find_the_same_bits() {
        for (kernel, plain) in beside_scalar() {
            assert_eq!(kernel.form(), plain.form());
            let (mut lines, mut expected) = ([0; 7 * LINE], [0; 7 * LINE]);
            for (x, absent) in numbers().zip(numbers().skip(1_000)).take(60) {
                let before = plain.has(&expected, x);
                assert_eq!(plain.set(&mut expected, x), !before);
                assert_eq!(kernel.set(&mut lines, x), !before, "{kernel:?}");
                assert_eq!(lines, expected, "{kernel:?}");
                assert!(kernel.has(&lines, x));
                assert_eq!(kernel.has(&lines, absent), plain.has(&expected, absent), "{kernel:?}");
            }
        }
    }

    #[test]
    fn many_are_as_one_by_one() {
        for (kernel, plain) in beside_scalar() {
            let (mut lines, mut expected) = ([0; 5 * LINE], [0; 5 * LINE]);
            let mut xs = [0; 31];
            xs.iter_mut().zip(numbers()).for_each(|(x, number)| *x = number);
            kernel.set_all(&mut lines, &xs[..20]);
            xs[..20].iter().for_each(|x| {
                plain.set(&mut expected, *x);
            });
            assert_eq!(lines, expected);
            let mut found = [false; 31];
            kernel.have(&lines, &xs, &mut found);
            for (x, found) in xs.iter().zip(found) {
                assert_eq!(found, plain.has(&lines, *x));
            }
        }
    }

    #[test]
    fn a_key_sets_as_many_bits_as_its_form_says() {
        let forms = [
            (Form::Quarters, 4, 4),
            (Form::Words, 8, 8),
            (Form::Pairs, 8, 16),
            (Form::Split, 8, 8),
        ];
        for (form, least, most) in forms {
            assert_eq!(kernel(form).form(), form);
            for x in numbers().take(100) {
                let mut line = [0; LINE];
                assert!(kernel(form).set(&mut line, x));
                let ones: u32 = line.iter().map(|byte| byte.count_ones()).sum();
                assert!((least..=most).contains(&ones), "{form:?}: {ones}");
            }
        }
    }

    #[test]
    fn without_lines_nothing_is_found() {
        for (kernel, _) in beside_scalar() {
            assert!(!kernel.has(&[], 7) && !kernel.set(&mut [], 7));
            assert!(!kernel.has(&[255; 31], u64::MAX));
            assert!(kernel.has(&[255; 127], u64::MAX));
            let mut found = [true; 2];
            kernel.have(&[], &[1, 2], &mut found);
            assert_eq!(found, [false; 2]);
            kernel.set_all(&mut [], &[1, 2]);
        }
    }
}
