//! Packed fields in bulk: unpacked, added up, compared.
//!
//! Field `i` of `width <= 64` bits occupies the bits `bit + i*width ..`; bit `b` is bit `b % 8` of
//! byte `b / 8`. Bits behind the end of the bytes count as zeros, so nothing here can panic or read
//! outside. Vectors do what lies well inside, the plain code the rest: groups of eight fields that
//! begin less than 16 bytes before the end.

use super::Line;
use super::scalar::unpack as scalar;
#[cfg(x86_vectors)]
use super::{avx2, x86::unpack as x86};

/// Where fields start, and how many of them the vector code may take.
#[cfg(x86_vectors)]
struct Plan {
    start: *const u8,
    phase: u32,
    groups: usize,
}

#[cfg(x86_vectors)]
impl Plan {
    /// For `count` fields from `bit` on. Without AVX2, and for fields of 0 bits, no groups.
    #[inline]
    fn new(bytes: &[u8], bit: u64, width: u32, count: usize) -> Self {
        debug_assert!(width <= 64);
        let (at, phase) = ((bit >> 3) as usize, (bit & 7) as u32);
        let none = Self { start: bytes.as_ptr(), phase, groups: 0 };
        if count < x86::GROUP || !(1..=64).contains(&width) || !avx2() {
            return none;
        }
        let Some(from) = bytes.get(at..) else { return none };
        // Groups start `width` bytes apart; the last one may read `reach` bytes.
        let inside = match from.len().checked_sub(x86::reach(width, phase)) {
            Some(spare) => spare / width as usize + 1,
            None => 0,
        };
        Self { start: from.as_ptr(), phase, groups: inside.min(count / x86::GROUP) }
    }

    /// How many fields the vector code takes.
    fn fields(&self) -> usize {
        self.groups * x86::GROUP
    }
}

/// The bit at which the field behind `done` fields starts.
#[inline]
fn behind(bit: u64, width: u32, done: usize) -> u64 {
    bit.wrapping_add((done as u64).wrapping_mul(u64::from(width)))
}

/// Unpacks fields into `out`, as many as it takes.
#[inline]
pub(crate) fn unpack(bytes: &[u8], bit: u64, width: u32, out: &mut [u64]) {
    #[cfg(not(x86_vectors))]
    let done = 0;
    #[cfg(x86_vectors)]
    let done = {
        let plan = Plan::new(bytes, bit, width, out.len());
        let done = plan.fields();
        if done > 0 {
            // SAFETY: a plan with groups was made with AVX2 (invariant 1) and keeps their reach
            // inside of `bytes` (invariant 2).
            unsafe { x86::unpack(plan.start, plan.phase, width, &mut out[..done]) };
        }
        done
    };
    if done < out.len() {
        scalar::unpack(bytes, behind(bit, width, done), width, &mut out[done..]);
    }
}

/// Unpacks the low 32 bits of fields into `out`, as many as it takes.
#[inline]
pub(crate) fn unpack_u32(bytes: &[u8], bit: u64, width: u32, out: &mut [u32]) {
    #[cfg(not(x86_vectors))]
    let done = 0;
    #[cfg(x86_vectors)]
    let done = {
        let plan = Plan::new(bytes, bit, width, out.len());
        let done = plan.fields();
        if done > 0 {
            // SAFETY: as in `unpack`.
            unsafe { x86::unpack_u32(plan.start, plan.phase, width, &mut out[..done]) };
        }
        done
    };
    if done < out.len() {
        scalar::unpack_u32(bytes, behind(bit, width, done), width, &mut out[done..]);
    }
}

/// Unpacks fields into `out`, as many as it takes, each added to the point of `line` at its place.
#[inline]
pub(crate) fn unpack_on(bytes: &[u8], bit: u64, width: u32, line: Line, out: &mut [u64]) {
    #[cfg(not(x86_vectors))]
    let done = 0;
    #[cfg(x86_vectors)]
    let done = {
        let plan = Plan::new(bytes, bit, width, out.len());
        let done = plan.fields();
        if done > 0 {
            // SAFETY: as in `unpack`.
            unsafe { x86::unpack_on(plan.start, plan.phase, width, line, &mut out[..done]) };
        }
        done
    };
    if done < out.len() {
        let bit = behind(bit, width, done);
        scalar::unpack_on(bytes, bit, width, line, done, &mut out[done..]);
    }
}

/// The sum of `count` fields.
pub(crate) fn sum(bytes: &[u8], bit: u64, width: u32, count: usize) -> u128 {
    #[cfg(not(x86_vectors))]
    let (done, total) = (0, 0);
    #[cfg(x86_vectors)]
    let (done, total) = {
        let (mut done, mut total) = (0, 0);
        loop {
            let mut plan = Plan::new(bytes, behind(bit, width, done), width, count - done);
            plan.groups = plan.groups.min(x86::MAX_SUMMED);
            if plan.groups == 0 {
                break (done, total);
            }
            // SAFETY: as in `unpack`.
            total += unsafe { x86::sum(plan.start, plan.phase, width, plan.groups) };
            done += plan.fields();
        }
    };
    total + scalar::sum(bytes, behind(bit, width, done), width, count - done)
}

/// The least and the largest of `count` fields; `(u64::MAX, 0)` of none.
pub(crate) fn min_max(bytes: &[u8], bit: u64, width: u32, count: usize) -> (u64, u64) {
    #[cfg(not(x86_vectors))]
    let (done, vectors) = (0, (u64::MAX, 0));
    #[cfg(x86_vectors)]
    let (done, vectors) = {
        let plan = Plan::new(bytes, bit, width, count);
        if plan.groups > 0 {
            // SAFETY: as in `unpack`.
            let found = unsafe { x86::min_max(plan.start, plan.phase, width, plan.groups) };
            (plan.fields(), found)
        } else {
            (0, (u64::MAX, 0))
        }
    };
    let (min, max) = scalar::min_max(bytes, behind(bit, width, done), width, count - done);
    (min.min(vectors.0), max.max(vectors.1))
}

/// How many of `count` fields lie in `range[0]..=range[1]`.
pub(crate) fn count_in(bytes: &[u8], bit: u64, width: u32, count: usize, range: [u64; 2]) -> usize {
    #[cfg(not(x86_vectors))]
    let (done, vectors) = (0, 0);
    #[cfg(x86_vectors)]
    let (done, vectors) = {
        let plan = Plan::new(bytes, bit, width, count);
        if plan.groups > 0 {
            // SAFETY: as in `unpack`.
            let found = unsafe { x86::count_in(plan.start, plan.phase, width, plan.groups, range) };
            (plan.fields(), found)
        } else {
            (0, 0)
        }
    };
    vectors + scalar::count_in(bytes, behind(bit, width, done), width, count - done, range)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const COUNT: usize = 77;

    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    /// Bit by bit.
    fn slow(bytes: &[u8], bit: u64, width: u32, count: usize) -> Vec<u64> {
        let bit_at = |b: u64| match bytes.get((b / 8) as usize) {
            Some(byte) => u64::from(byte >> (b % 8) & 1),
            None => 0,
        };
        let field = |i: usize| {
            let first = bit + i as u64 * u64::from(width);
            (0..width).fold(0, |field, b| field | bit_at(first + u64::from(b)) << b)
        };
        (0..count).map(field).collect()
    }

    /// Every width from every bit of a byte, with room behind the last field and without.
    fn cases(mut check: impl FnMut(&[u8], u64, u32, &[u64])) {
        for width in 0..=64 {
            for bit in (0..8).chain([64, 67, 127]) {
                let end = (bit + COUNT as u64 * u64::from(width)).div_ceil(8) as usize;
                let bytes = noise(end + 32, u64::from(width) << 8 | bit);
                for len in [end + 32, end + 8, end, end / 2, 3] {
                    let bytes = &bytes[..len.min(bytes.len())];
                    check(bytes, bit, width, &slow(bytes, bit, width, COUNT));
                }
            }
        }
    }

    #[test]
    fn unpacking_equals_bit_by_bit() {
        cases(|bytes, bit, width, expected| {
            for count in [0, 1, 7, 8, 9, 64, COUNT] {
                let (mut out, mut plain) = (vec![u64::MAX; count], vec![u64::MAX; count]);
                unpack(bytes, bit, width, &mut out);
                scalar::unpack(bytes, bit, width, &mut plain);
                assert_eq!(out, expected[..count], "width {width} at {bit} of {}", bytes.len());
                assert_eq!(plain, out);
                for (i, field) in expected[..count].iter().enumerate() {
                    let bit = behind(bit, width, i);
                    assert_eq!(scalar::one(bytes, bit, width), *field, "width {width} at {bit}");
                }
                for slope in [0, 1, 1_000, u64::MAX, u64::MAX - 12_345, 1 << 62] {
                    let line = Line { first: 77 << 50, slope };
                    unpack_on(bytes, bit, width, line, &mut out);
                    scalar::unpack_on(bytes, bit, width, line, 0, &mut plain);
                    let points = (0..count as i64).map(|i| {
                        let rise = (i.wrapping_mul(slope as i64)).div_euclid(128);
                        (77_u64 << 50).wrapping_add(rise as u64)
                    });
                    let points = points.zip(expected).map(|(x, field)| x.wrapping_add(*field));
                    assert_eq!(out, points.collect::<Vec<_>>(), "width {width}, slope {slope}");
                    assert_eq!(plain, out);
                }
                let (mut out, mut plain) = (vec![u32::MAX; count], vec![u32::MAX; count]);
                unpack_u32(bytes, bit, width, &mut out);
                scalar::unpack_u32(bytes, bit, width, &mut plain);
                let halves: Vec<u32> = expected[..count].iter().map(|x| *x as u32).collect();
                assert_eq!(out, halves, "width {width} at {bit} of {}", bytes.len());
                assert_eq!(plain, out);
            }
        });
    }

    #[test]
    fn summaries_equal_those_of_the_fields() {
        cases(|bytes, bit, width, fields| {
            let total: u128 = fields.iter().map(|field| u128::from(*field)).sum();
            let extremes = fields.iter().fold((u64::MAX, 0), |(min, max): (u64, u64), field| {
                (min.min(*field), max.max(*field))
            });
            assert_eq!(sum(bytes, bit, width, COUNT), total, "width {width} at {bit}");
            assert_eq!(scalar::sum(bytes, bit, width, COUNT), total);
            assert_eq!(min_max(bytes, bit, width, COUNT), extremes, "width {width} at {bit}");
            assert_eq!(scalar::min_max(bytes, bit, width, COUNT), extremes);
            let (a, b) = (fields[3], fields[COUNT / 2]);
            for range in [[a.min(b), a.max(b)], [0, u64::MAX], [1, 0], [a, a], [a, u64::MAX]] {
                let expected = fields.iter().filter(|x| (range[0]..=range[1]).contains(x)).count();
                assert_eq!(count_in(bytes, bit, width, COUNT, range), expected);
                assert_eq!(scalar::count_in(bytes, bit, width, COUNT, range), expected);
            }
        });
        assert_eq!(min_max(&[], 0, 64, 0), (u64::MAX, 0));
    }

    #[test]
    fn sums_beyond_64_bits() {
        let bytes = [0xFF; 4096];
        assert_eq!(sum(&bytes, 0, 64, 512), u128::from(u64::MAX) * 512);
        assert_eq!(sum(&bytes, 0, 57, 512), u128::from(u64::MAX >> 7) * 512);
        // More than lanes of 32 bits can add up.
        assert_eq!(sum(&bytes, 0, 25, 1_200), u128::from(u32::MAX >> 7) * 1_200);
    }

    #[test]
    #[cfg(x86_vectors)]
    fn vectors_are_used_where_there_are_any() {
        let bytes = [0; 1024];
        for width in 1..=64 {
            let groups = Plan::new(&bytes[..100 * width / 8 + 16], 0, width as u32, 100).groups;
            assert_eq!(groups, if avx2() { 12 } else { 0 }, "width {width}");
        }
    }
}
