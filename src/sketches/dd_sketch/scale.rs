//! From numbers to bins and back.
//!
//! `f(v) = e + s (10/7 - s (3/5 - s 6/35))`, of `v = 2^e (1 + s)`, grows by at least 10/7 for each
//! factor of Euler's number, and by 1 for each factor of 2. So bins of `f` that are `ln(g) 10/7`
//! wide hold numbers that differ by a factor of `g` at most, and `g = (1 + error) / (1 - error)`
//! has a number in it that none differs from by more than the error.

use crate::bits::float;

/// Added to `f`, so that bins have no negative numbers.
const OFFSET: f64 = 1_100.0;
/// From here to its double a number has no fraction, and its lowest bits are the whole number that
/// was added.
const WHOLE: f64 = (1_u64 << 52) as f64;
/// The factors of the cubic, but for their signs.
const CUBIC: [f64; 3] = [10.0 / 7.0, 3.0 / 5.0, 6.0 / 35.0];
const FRACTION: u64 = (1 << 52) - 1;
const ONE: u64 = 1023 << 52;

/// The error, and bins for each 1 of `f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    error: f64,
    factor: f64,
    /// The factors of the cubic, times that.
    cubic: [f64; 3],
}

/// The cubic.
#[inline]
fn cubic(s: f64) -> f64 {
    let [linear, square, cube] = CUBIC;
    s * (linear - s * (square - s * cube))
}

impl Scale {
    /// The scale of an error from 0.0001 to 0.25.
    pub(super) fn new(error: f64) -> Self {
        let gamma = (1.0 + error) / (1.0 - error);
        let factor = 0.7 / float::ln(gamma);
        Self { error, factor, cubic: CUBIC.map(|c| c * factor) }
    }

    pub(super) const fn error(self) -> f64 {
        self.error
    }

    /// The bin of a normal number above 0.
    #[inline]
    pub(super) fn bin(self, x: f64) -> u32 {
        let bits = x.to_bits();
        let exponent = f64::from_bits(WHOLE.to_bits() | bits >> 52) - (WHOLE + 1_023.0 - OFFSET);
        let s = f64::from_bits(bits & FRACTION | ONE) - 1.0;
        // The cubic, in an order in which less waits for what comes before.
        let [linear, square, cube] = self.cubic;
        let cubic = s * linear - s * s * (square - s * cube);
        // Rounded down, and cheaper than a cast, which asks for what does not fit.
        let bin = exponent * self.factor + cubic;
        (bin + (WHOLE - 0.5)).to_bits() as u32
    }

    /// A number that none in the bin differs from by more than the error.
    pub(super) fn number(self, bin: u32) -> f64 {
        let low = inverse(f64::from(bin) / self.factor - OFFSET);
        let high = inverse((f64::from(bin) + 1.0) / self.factor - OFFSET);
        // As far from the one as from the other, as a share of either; their sum may overflow.
        high / (low / 2.0 + high / 2.0) * low
    }
}

/// The number of which `f` is this.
fn inverse(f: f64) -> f64 {
    let f = f.clamp(-1_022.0, 1_023.999_999_999);
    // Rounded down.
    let exponent = (f + 2_048.0) as u64;
    let rest = f + 2_048.0 - exponent as f64;
    let mut s = rest;
    // Newton's method: the cubic is nearly straight, each step more than doubles the digits.
    for _ in 0..6 {
        let slope = 10.0 / 7.0 - s * (6.0 / 5.0 - s * (18.0 / 35.0));
        s -= (cubic(s) - rest) / slope;
    }
    let power = f64::from_bits((exponent - 1_025) << 52);
    power * (1.0 + s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_within_the_error_of_all_in_their_bin() {
        for error in [0.0001, 0.001, 0.01, 0.1, 0.25] {
            let scale = Scale::new(error);
            let mut last = 0;
            for i in 0..40_000_u32 {
                // Over all exponents, and over one closely.
                let x = if i % 2 == 0 {
                    f64::from_bits(((u64::from(i) * 51 + 1) % 2_046 + 1) << 52 | u64::from(i) << 33)
                } else {
                    1.0 + f64::from(i) / 40_000.0
                };
                let found = scale.number(scale.bin(x));
                assert!((found / x - 1.0).abs() <= error * (1.0 + 1e-6), "{error}: {x} is {found}");
                if i % 2 == 1 {
                    assert!(scale.bin(x) >= last);
                    last = scale.bin(x);
                }
            }
            for x in [f64::MIN_POSITIVE, f64::MAX, 1.0] {
                let found = scale.number(scale.bin(x));
                assert!((found / x - 1.0).abs() <= error * (1.0 + 1e-6), "{error}: {x} is {found}");
            }
        }
    }
}
