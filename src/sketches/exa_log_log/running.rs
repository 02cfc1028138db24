//! The running estimate of one stream: each time a register changes, one over the probability of
//! that is added. Three doubles behind the registers.

use super::estimate::change;
use super::register::Register;
use crate::storage::Le64;

/// The estimate, and what its next step needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Running {
    /// Keys, about.
    pub(super) keys: f64,
    /// The probability that the next new key changes a register.
    pub(super) change: f64,
    /// The variance of `keys`, about: a step of `1/c` that comes with probability `c` adds
    /// `(1 - c) / c^2`.
    pub(super) variance: f64,
}

impl Running {
    /// After a register of `2^p` changed.
    #[inline]
    pub(super) fn after(self, old: Register, new: Register, p: u8) -> Self {
        let step = 1.0 / self.change;
        let share = change(old) - change(new);
        Self {
            keys: self.keys + step,
            change: self.change - share * super::estimate::power(usize::from(p)),
            variance: self.variance + step * (step - 1.0),
        }
    }

    /// The relative standard error.
    pub(super) fn error(self) -> f64 {
        if self.keys > 0.0 { crate::bits::float::sqrt(self.variance) / self.keys } else { 0.0 }
    }
}

/// Reads three words.
pub(super) fn read(words: &[Le64]) -> Running {
    let number = |at: usize| f64::from_bits(words.get(at).map_or(0, |word| word.get()));
    Running { keys: number(0), change: number(1), variance: number(2) }
}

/// Writes three words.
pub(super) fn write(words: &mut [Le64], running: Running) {
    let numbers = [running.keys, running.change, running.variance];
    for (word, number) in words.iter_mut().zip(numbers) {
        *word = Le64::new(number.to_bits());
    }
}
