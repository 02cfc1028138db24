//! Logarithm and exponential, which `core` does not have, alike on every machine.
//!
//! std's come from the platform: an estimate could differ in its last bits between machines, and a
//! filter sized by them in its words, and so in its file. The logarithm is worked out with about
//! 100 bits and rounded once: the double nearest to the true value. The exponential is within 4
//! units in the last place.

/// A number as the sum of two doubles, the second no more than a rounding error of the first.
#[derive(Clone, Copy)]
struct Sum(f64, f64);

/// `a + b`, exactly.
fn add_exactly(a: f64, b: f64) -> Sum {
    let sum = a + b;
    let b_part = sum - a;
    Sum(sum, (a - (sum - b_part)) + (b - b_part))
}

/// `a` as two halves of 26 bits, whose products are exact.
fn split(a: f64) -> (f64, f64) {
    const FACTOR: f64 = ((1_u32 << 27) + 1) as f64;
    let high = a * FACTOR - (a * FACTOR - a);
    (high, a - high)
}

/// `a * b`, exactly.
fn mul_exactly(a: f64, b: f64) -> Sum {
    let product = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    Sum(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        let Sum(high, low) = add_exactly(self.0, other.0);
        add_exactly(high, low + (self.1 + other.1))
    }

    fn times(self, other: Self) -> Self {
        let Sum(high, low) = mul_exactly(self.0, other.0);
        add_exactly(high, low + (self.0 * other.1 + self.1 * other.0))
    }

    /// `a / self`.
    fn divide(self, a: f64) -> Self {
        let high = a / self.0;
        let Sum(product, error) = mul_exactly(high, self.0);
        add_exactly(high, ((a - product) - error - high * self.1) / self.0)
    }
}

/// The natural logarithm of a normal, positive `x`.
pub(crate) fn ln(x: f64) -> f64 {
    /// ln 2 in 106 bits.
    const LN_2: Sum = Sum(core::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
    /// Terms of the series: the next one is below 2^-110.
    const TERMS: u32 = 21;
    const MANTISSA: u64 = (1 << 52) - 1;

    debug_assert!(x.is_normal() && x > 0.0);
    // x = m * 2^exponent, with m from sqrt(1/2) to sqrt(2)
    let mut exponent = (x.to_bits() >> 52) as i32 - 1023;
    let mut m = f64::from_bits(x.to_bits() & MANTISSA | 1023 << 52);
    if m > core::f64::consts::SQRT_2 {
        m /= 2.0;
        exponent += 1;
    }
    // ln m = 2 (s + s^3/3 + s^5/5 + ..) with s = (m-1)/(m+1), which is below 0.172
    let s = add_exactly(m, 1.0).divide(m - 1.0);
    let square = s.times(s);
    let mut series = Sum(0.0, 0.0);
    for term in (0..TERMS).rev() {
        let inverse = Sum(f64::from(2 * term + 1), 0.0).divide(1.0);
        series = series.times(square).plus(inverse);
    }
    let ln_m = series.times(s);
    let ln_2s = LN_2.times(Sum(f64::from(exponent), 0.0));
    ln_2s.plus(Sum(2.0 * ln_m.0, 2.0 * ln_m.1)).0
}

/// ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// e to the power of `x`, for `-700 <= x <= 700`.
pub(crate) fn exp(x: f64) -> f64 {
    debug_assert!(x.abs() <= 700.0);
    let power = (x * core::f64::consts::LOG2_E + 0.5_f64.copysign(x)) as i64;
    let rest = x - power as f64 * LN2_HIGH - power as f64 * LN2_LOW;
    // |rest| <= ln 2 / 2: 15 terms of the series reach the last bit.
    let series = (1..15).rev().fold(1.0, |sum, i| 1.0 + sum * rest / f64::from(i));
    series * f64::from_bits(((power + 1023) as u64) << 52)
}

/// The square root of `x`, within one unit in the last place where `x` is not below the least
/// normal number: 0 of 0, and of what is less or no number.
pub(crate) fn sqrt(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return if x == f64::INFINITY { x } else { 0.0 };
    }
    // Half of the exponent is right to 6 %; each step of Newton's doubles the digits.
    let start = f64::from_bits((x.to_bits() >> 1) + (1023 << 51));
    (0..5).fold(start, |root, _| 0.5 * (root + x / root))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounded from 40 digits of Python's `decimal`: sweeps of whole numbers, and 9,170, which the
    /// C library of the machine that made this rounded the other way.
    #[test]
    fn known_values() {
        for (x, bits) in [
            (1.0_f64, 0x0000_0000_0000_0000),
            (2.0_f64, 0x3fe6_2e42_fefa_39ef),
            (3.0_f64, 0x3ff1_93ea_7aad_030b),
            (25.0_f64, 0x4009_c041_f7ed_8d33),
            (26.0_f64, 0x400a_1094_eaf0_1acd),
            (48.0_f64, 0x400e_f838_3c50_bb75),
            (74.0_f64, 0x4011_375c_d6fc_ab1d),
            (1261.0_f64, 0x401c_8f03_1e7e_1221),
            (4096.0_f64, 0x4020_a2b2_3f3b_ab73),
            (9170.0_f64, 0x4022_3f54_a1c5_04c1),
            (65535.0_f64, 0x4026_2e40_fef9_39ef),
            (2097152.0_f64, 0x402d_1cb7_eea8_6c0a),
            (core::f64::consts::SQRT_2, 0x3fd6_2e42_fefa_39f0),
            (1.4142135623730954_f64, 0x3fd6_2e42_fefa_39f3),
            (0.7_f64, 0xbfd6_d3c3_24e1_3f50),
            (1e-300_f64, 0xc085_9634_47f8_7fb5),
            (1e300_f64, 0x4085_9634_47f8_7fb5),
            (123456.789_f64, 0x4027_7281_cad8_a844),
        ] {
            assert_eq!(ln(x).to_bits(), bits, "ln({x})");
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn within_one_rounding_of_std() {
        let mut differ = 0;
        for i in 1..200_000_u64 {
            let x =
                if i % 2 == 0 { i as f64 } else { f64::from_bits((i % 2046 + 1) << 52 | i << 20) };
            let (ours, theirs) = (ln(x), x.ln());
            assert!(ours.to_bits().abs_diff(theirs.to_bits()) <= 1, "ln({x}): {ours}, {theirs}");
            differ += u32::from(ours != theirs);
        }
        // glibc rounds 1 of 40,000 whole numbers the other way
        assert!(differ < 2_000, "{differ} of 200,000 differ from std");
    }

    #[cfg(feature = "std")]
    #[test]
    fn square_roots_agree_with_std() {
        for i in 0..=100_000_u64 {
            let x = if i % 2 == 0 { i as f64 } else { f64::from_bits((i % 2046 + 1) << 52 | i) };
            let (ours, theirs) = (sqrt(x), x.sqrt());
            assert!(ours.to_bits().abs_diff(theirs.to_bits()) <= 1, "sqrt({x}): {ours}, {theirs}");
        }
        assert_eq!([-1.0, f64::NAN, f64::INFINITY].map(sqrt), [0.0, 0.0, f64::INFINITY]);
    }

    #[cfg(feature = "std")]
    #[test]
    fn exponentials_agree_with_std() {
        for i in 0..=1_000 {
            let x = f64::from(i) * 1.4 - 700.0;
            let (ours, theirs) = (exp(x), x.exp());
            assert!((ours - theirs).abs() <= 4.0 * f64::EPSILON * theirs, "exp({x}): {ours}");
        }
        assert_eq!(exp(0.0), 1.0);
    }
}
