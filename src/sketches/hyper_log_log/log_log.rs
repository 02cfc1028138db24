//! The estimators before HyperLogLog, on the same registers: for comparing them.

use super::image::Form;
use super::registers::REGISTERS;
use super::{HyperLogLog, coupons, image};
use crate::bits::float::exp;
use crate::storage::Words;
use core::f64::consts::LN_2;

/// `2^-t`, `t` the mean of the registers less `log2(n/k)`, without its small oscillation in `n`:
/// the constant of the paper.
const LOG_LOG: f64 = 0.397_011_808;
/// The same with the mean of the lowest seven tenths. Computed as above: the mean of
/// `exp(-n/k 2^-r)`'s law below its quantile of 0.7, over an octave of `n`.
const SUPER_LOG_LOG: f64 = 0.769_614_297;

impl<W: Words> HyperLogLog<W> {
    /// The estimate of LogLog: the geometric mean of `2^register`. Its standard error is
    /// `1.30 / sqrt(k)`, and it is of use from about `10 k` keys on. O(k); a list or a set gives
    /// its own estimate.
    ///
    /// [Durand, Flajolet: Loglog counting of large cardinalities. ESA 2003]
    #[must_use]
    pub fn log_log_estimate(&self) -> f64 {
        self.by_mean_of_lowest(10, LOG_LOG)
    }

    /// The estimate of SuperLogLog: as LogLog, without the highest three tenths of the registers.
    /// Its standard error is `1.05 / sqrt(k)`; it is of use from about `10 k` keys on, and biased
    /// by up to 1.5 % as `n/k` goes through an octave. O(k); a list or a set gives its own
    /// estimate.
    ///
    /// [Durand, Flajolet 2003, as for `log_log_estimate`]
    #[must_use]
    pub fn super_log_log_estimate(&self) -> f64 {
        self.by_mean_of_lowest(7, SUPER_LOG_LOG)
    }

    /// `factor k 2^m`, `m` the mean of so many tenths of the registers, the lowest.
    fn by_mean_of_lowest(&self, tenths: u64, factor: f64) -> f64 {
        if self.shape.form != Form::Array {
            return coupons::estimate(image::count(self.bytes(), self.shape.form));
        }
        let mut counts = [0_u64; 64];
        for register in &self.as_datasketches_updatable()[REGISTERS..] {
            counts[usize::from(*register & 63)] += 1;
        }
        let k = f64::from(1_u32 << self.shape.lg_k);
        let take = (tenths << self.shape.lg_k) / 10;
        let (mut left, mut sum) = (take, 0);
        for (value, count) in (0..).zip(counts) {
            let taken = left.min(count);
            sum += value * taken;
            left -= taken;
        }
        factor * k * exp(LN_2 * sum as f64 / take as f64)
    }
}
