//! Rates of false positives, and the sizes that keep them.

use super::bloom::GROUP;
use crate::bits::float;
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

/// A filter of bytes: each key sets `hashes` bits, in groups of [`GROUP`], each of which has bytes
/// at random and one bit number for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grouped {
    pub(super) bits: u64,
    pub(super) hashes: u32,
}

impl Grouped {
    /// Keys from which on the rate of the mean and the mean rate differ by less than 10^-3 of it.
    pub(super) const MANY: f64 = 1e6;

    /// The mean rate of filters that hold so many keys.
    ///
    /// How many bits are set differs from filter to filter, and in a filter from bit number to bit
    /// number, and the rate is a steep function of it: the rate of the mean, which the textbook's
    /// formula gives, is below a third of the mean rate at 10 keys and 10^-4.
    pub(super) fn rate(self, keys: f64) -> f64 {
        let Self { bits, hashes } = self;
        if keys >= Self::MANY {
            let empty = float::exp(-keys * f64::from(hashes) / bits as f64);
            return power(1.0 - empty, hashes);
        }
        let empty = core::array::from_fn(|bytes| self.empty(keys, bytes));
        let rate = |count| self.group_rate(&empty, count);
        // In few bytes, those of a group meet more often than at random: they follow each other
        // evenly. Without this, `bloom_keeps_its_promise` fails at 3 keys.
        let meet = 1.0 + 32.0 / bits as f64;
        power(rate(GROUP), hashes / GROUP)
            * rate(hashes % GROUP)
            * power(meet, hashes.div_ceil(GROUP))
    }

    /// The chance that `count` bytes at random have the bit of a number at random set, by inclusion
    /// and exclusion: `empty` has the chances that so many different ones have not.
    fn group_rate(self, empty: &[f64; 1 + GROUP as usize], count: u32) -> f64 {
        let bytes = self.bits as f64 / 8.0;
        // The chances that some of the bytes so far are 0, 1, .. different ones, summed over which
        // of them: of an even number added, of an odd one subtracted.
        let mut weights = [1.0, 0.0, 0.0, 0.0, 0.0];
        for _ in 0..count {
            for number in (1..weights.len()).rev() {
                let again = weights[number] * number as f64;
                let new = weights[number - 1] * (bytes - (number - 1) as f64);
                weights[number] -= (again + new) / bytes;
            }
        }
        // Rounding may leave less than nothing where next to no bit is set.
        weights.iter().zip(empty).map(|(weight, empty)| weight * empty).sum::<f64>().max(0.0)
    }

    /// The chance that none of so many different bytes has the bit of a number at random set.
    fn empty(self, keys: f64, bytes: usize) -> f64 {
        let spared = 1.0 - 8.0 * bytes as f64 / self.bits as f64;
        // One group in eight sets bits of this number.
        let by_group = |positions| float::ln(7.0 / 8.0 + power(spared, positions) / 8.0);
        let rest = self.hashes % GROUP;
        let by_rest = if rest == 0 { 0.0 } else { by_group(rest) };
        let by_key = f64::from(self.hashes / GROUP) * by_group(GROUP) + by_rest;
        float::exp((keys * by_key).max(-700.0))
    }
}

/// A filter of blocks: each key picks a block, and `draws` bits in each of its `lanes` lanes of
/// `width` bits. Two draws from one lane may be the same bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) lanes: u32,
    pub(super) width: u32,
    pub(super) draws: u32,
}

impl Blocks {
    /// Bits of a block.
    const fn bits(self) -> f64 {
        (self.lanes * self.width) as f64
    }

    /// The rate when every block got `load` keys on average, at random: the sum of the rates of
    /// blocks with `j` keys over the Poisson distribution of `j`.
    pub(super) fn rate(self, load: f64) -> f64 {
        let width = f64::from(self.width);
        // The chance that one key leaves a bit of a lane alone, and that it leaves two.
        let leaves_one = power(1.0 - 1.0 / width, self.draws);
        let leaves_two = power(1.0 - 2.0 / width, self.draws);
        let (mut share, mut zero, mut zeros, mut sum) = (float::exp(-load), 1.0, 1.0, 0.0);
        let mut j = 0.0;
        // Behind its top, the distribution soon has no weight worth adding.
        while j < load || share > 1e-18 {
            let one = 1.0 - zero;
            let lane = if self.draws == 1 {
                one
            } else {
                // Once in `width` times both draws are one bit; else both bits must be set.
                one / width + (1.0 - 1.0 / width) * (1.0 - 2.0 * zero + zeros)
            };
            sum += share * power(lane, self.lanes);
            j += 1.0;
            share *= load / j;
            zero *= leaves_one;
            zeros *= leaves_two;
        }
        sum
    }

    /// The bits a key at which the rate is `fpr`, to one part in a million: bisected, in some ten
    /// microseconds.
    pub(super) fn bits_per_key(self, fpr: f64) -> f64 {
        let (mut low, mut high) = (1.0, 4096.0);
        for _ in 0..42 {
            let middle = (low + high) / 2.0;
            if self.rate(self.bits() / middle) > fpr {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// Blocks for `capacity` keys at a rate of at most `fpr`; at least one.
    pub(super) fn count(self, capacity: u64, fpr: f64) -> u64 {
        let blocks = capacity as f64 * self.bits_per_key(fpr) / self.bits();
        (blocks as u64).saturating_add(1)
    }

    /// The rate with `keys` keys in `blocks` blocks.
    pub(super) fn rate_of(self, keys: u64, blocks: u64) -> f64 {
        // Where every bit is set, more load changes nothing, and a lighter one can be computed.
        let load = (keys as f64 / blocks as f64).min(600.0);
        self.rate(load)
    }
}
