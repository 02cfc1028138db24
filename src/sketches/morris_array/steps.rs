//! What the states of a counter mean, and how likely it is to take the next one.
//!
//! Up to `exact` a state is the count itself. From there on state `exact + x` is left with the
//! probability `base^-x` for each count, so that it stands for `exact + (base^x - 1) / (base - 1)`
//! counts: the mean rises by 1 with each count, whatever the state.

use crate::bits::float;
use crate::storage::Le64;

/// Smallest base: rounding of doubles stays far below the steps.
const LEAST_BASE: f64 = 1.0 + 1e-9;
/// Largest base, for the largest maximum and the fewest bits: 1.12.
pub(super) const MOST_BASE: f64 = 1.25;

/// What depends on the bits of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width(pub(super) u32);

impl Width {
    /// The largest state.
    pub(super) const fn top(self) -> u32 {
        (1 << self.0) - 1
    }

    /// The last state that is the count itself.
    pub(super) const fn exact(self) -> u32 {
        1 << (self.0 - 4)
    }

    /// Entries of each of the two tables.
    pub(super) const fn entries(self) -> usize {
        1 << (self.0 / 2)
    }

    /// How far beyond the largest count the last state lies: by two standard errors, so that few
    /// counters end there early.
    const fn headroom(self) -> f64 {
        match self.0 {
            8 => 1.4,
            12 => 1.1,
            _ => 1.02,
        }
    }
}

/// The base with which the last state stands for `max` counts, and some more. The same on every
/// machine: nothing but sums, products and the crate's own logarithm goes in.
pub(super) fn base_for(width: Width, max: u64) -> f64 {
    let states = f64::from(width.top() - width.exact());
    let counts = max as f64 * width.headroom() - f64::from(width.exact());
    let (mut low, mut high) = (LEAST_BASE, MOST_BASE);
    for _ in 0..60 {
        let base = (low + high) / 2.0;
        let reaches = states * float::ln(base) > float::ln(1.0 + counts * (base - 1.0));
        if reaches {
            high = base;
        } else {
            low = base;
        }
    }
    high
}

/// Entry `index` of the tables: `base^-(index * entries)` and then `base^-index`, times 2^64.
pub(super) fn entry(width: Width, base: f64, index: usize) -> u64 {
    let entries = width.entries();
    let steps = if index < entries { index * entries } else { index - entries };
    let power = float::exp(-(steps as f64) * float::ln(base));
    // 2^64 itself becomes 2^64 - 1.
    (power * (1_u128 << 64) as f64) as u64
}

/// The tables of a width of at most 16 bits, of twice its entries.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    pub(super) table: &'a [Le64],
    pub(super) width: Width,
    pub(super) base: f64,
}

impl Steps<'_> {
    /// The probability, times 2^64, that a count takes `state` further, if it is not the last.
    #[inline]
    pub(super) fn chance(&self, state: u32) -> u64 {
        let entries = self.width.entries();
        let x = state.saturating_sub(self.width.exact()) as usize;
        let high = self.table.get(x >> (self.width.0 / 2)).map_or(0, |entry| entry.get());
        let low = self.table.get(entries + (x & (entries - 1))).map_or(0, |entry| entry.get());
        ((u128::from(high) * u128::from(low)) >> 64) as u64
    }

    /// How many counts `state` stands for.
    pub(super) fn estimate(&self, state: u32) -> f64 {
        let exact = self.width.exact();
        if state <= exact {
            return f64::from(state);
        }
        let power = (1_u128 << 64) as f64 / (self.chance(state) as f64).max(1.0);
        f64::from(exact) + ((power - 1.0) / (self.base - 1.0)).max(0.0)
    }

    /// The state for `counts`: one of the two that stand for less and for more, at random by
    /// `draw`, such that the mean is right. Not below `least`.
    pub(super) fn state_for(&self, counts: f64, least: u32, draw: u64) -> u32 {
        let (mut low, mut high) = (least.min(self.width.top()), self.width.top());
        if self.estimate(high) <= counts {
            return high;
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if self.estimate(middle) <= counts {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (below, above) = (self.estimate(low), self.estimate(high));
        let share = (counts - below) / (above - below);
        // What damaged tables make of it is a state all the same.
        if draw as f64 / (1_u128 << 64) as f64 >= share { low } else { high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_state_stands_for_the_maximum_and_its_headroom() {
        for (bits, base, error) in
            [(8, 1.080_4, 0.200_5), (12, 1.003_99, 0.044_7), (16, 1.000_2, 0.010)]
        {
            let width = Width(bits);
            let found = base_for(width, 1_000_000_000);
            let sigma = float::exp(float::ln((found - 1.0) / 2.0) / 2.0);
            assert!((found / base - 1.0).abs() < 3e-4, "{bits} bits: base {found}");
            assert!((sigma / error - 1.0).abs() < 0.02, "{bits} bits: error {sigma}");
            let mut table = [Le64::default(); 512];
            let table = &mut table[..2 * width.entries()];
            for (index, word) in table.iter_mut().enumerate() {
                *word = Le64::new(entry(width, found, index));
            }
            let steps = Steps { table, width, base: found };
            let last = steps.estimate(width.top()) / 1e9;
            assert!((last / width.headroom() - 1.0).abs() < 1e-6, "{bits} bits: {last}");
            for state in width.exact()..width.top() {
                // The mean rises by one: the chance times what the next state stands for more.
                let more = steps.estimate(state + 1) - steps.estimate(state);
                let mean = more * steps.chance(state) as f64 / (1_u128 << 64) as f64;
                assert!((mean - 1.0).abs() < 1e-5, "{bits} bits, state {state}: {mean}");
            }
            assert_eq!(steps.state_for(1e18, 0, 0), width.top());
            assert_eq!(steps.state_for(7.0, 0, u64::MAX), 7);
            assert_eq!(steps.state_for(7.0, 0, 0), 7);
        }
    }
}
