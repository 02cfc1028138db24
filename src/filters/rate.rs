//! Rates of false positives, and the sizes that keep them.

use crate::error::BuildError;

/// The smallest and the largest rate that can be asked for.
const MIN_FPR: f64 = 1.0 / (1_u64 << 32) as f64;
const MAX_FPR: f64 = 0.5;
/// The most keys a filter may be made for: beyond, two of them share a 64-bit hash for sure.
const MAX_KEYS: u64 = 1 << 40;

/// Refuses what no filter can be made for: a rate that is not from 2^-32 to 1/2, too many keys.
pub(super) fn check(capacity: usize, fpr: f64) -> Result<(), BuildError> {
    // Written so that NaN fails.
    if !(MIN_FPR..=MAX_FPR).contains(&fpr) {
        let one_in = if fpr > 0.0 { (1.0 / fpr) as u64 } else { 0 };
        return Err(BuildError::OutOfRange { name: "1/fpr", value: one_in, min: 2, max: 1 << 32 });
    }
    if capacity as u64 > MAX_KEYS {
        return Err(BuildError::TooMany { len: capacity as u64, max: MAX_KEYS });
    }
    Ok(())
}

/// `x` to the power of `n`.
pub(super) fn power(x: f64, n: u32) -> f64 {
    (0..n).fold(1.0, |product, _| product * x)
}
