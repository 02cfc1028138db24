//! Maximum likelihood: the count under which what the registers saw is most likely, and how sharp
//! that maximum is.
//!
//! With `x` keys a register, a value of probability `2^-j` was seen with probability
//! `1 - exp(-x 2^-j)`, each independent of the others. So all that counts is `alpha`, the sum of
//! the probabilities of values not seen, and `beta[j]`, how many values of probability `2^-j` were
//! seen [Ertl 2025]. Their sums are whole numbers and exact, whatever the order.

use super::register::{Register, SEEN_BITS};
use super::tokens;
use crate::bits::float::{exp, sqrt};

/// Values come in pairs of probability `2^-j`, j from 2 on.
const LEVELS: usize = 72;
/// How far below its largest value a register remembers, in levels.
const DEPTH: usize = 4;
/// Bits of each of the five counters in a sum, and those of all: what is missing lies above them.
const LANE: u32 = 10;
const LANES: u32 = (DEPTH as u32 + 1) * LANE;
/// Registers after which the sums are emptied: each adds at most 3 to a counter, and 47 to what is
/// missing, which has 14 bits.
const FLUSH: usize = 256;

/// The relative bias of the estimate is this over the number of registers:
/// `ln b (1 + 2 y) zeta(3, 1+y) / zeta(2, 1+y)^2`, `b = sqrt 2`, `y = b^-7 / (b - 1)`. Computed.
const BIAS: f64 = 0.227_918_249_067_624_2;

/// Levels between the largest value of parity `t` and the one `below`.
const fn depth(t: usize, below: usize) -> u32 {
    ((below + 1 - t) / 2) as u32
}

/// What a register says, for each parity of its largest value and each of its remembered bits.
///
/// ```text
/// bit 63         50 49              10 9        0
///    | missing     | .. 2 levels up ..  | seen, of the level of the largest |
/// ```
///
/// Missing: the probabilities of the values not seen, in units of that of the largest.
struct Told {
    told: [[u64; 128]; 2],
    /// What is missing too much for largest values below 8: the values from 0 down.
    void: [u64; 8],
}

static TOLD: Told = tell_all();

const fn tell_all() -> Told {
    let mut told = Told { told: [[0; 128]; 2], void: [0; 8] };
    let mut t = 0;
    while t < 2 {
        let mut bits = 0;
        while bits < 128 {
            // All values above the largest: those of higher levels are as likely as one of its own.
            let (mut missing, mut seen) = (3 - t as u64, 1);
            let mut below = 1;
            while below <= SEEN_BITS as usize {
                let depth = depth(t, below);
                if bits >> (SEEN_BITS as usize - below) & 1 == 1 {
                    seen += 1 << (LANE * depth);
                } else {
                    missing += 1 << depth;
                }
                below += 1;
            }
            told.told[t][bits] = missing << LANES | seen;
            bits += 1;
        }
        t += 1;
    }
    let mut value = 1;
    while value < 8 {
        let mut below = value;
        while below <= SEEN_BITS as usize {
            told.void[value] += 1 << (LANES + depth((value - 1) % 2, below));
            below += 1;
        }
        value += 1;
    }
    told
}

/// `2^-j`.
#[inline]
pub(super) fn power(j: usize) -> f64 {
    f64::from_bits((1023 - j as u64) << 52)
}

/// The probability of all values that a register has not seen: that it will change.
pub(super) fn change(register: Register) -> f64 {
    if register.value == 0 {
        return 1.0;
    }
    let (level, told) = told(register);
    (told >> LANES) as f64 * power(level + 2)
}

/// Level of the largest value less 2, and what [`Told`] has of the register.
#[inline]
fn told(register: Register) -> (usize, u64) {
    let below = register.value.wrapping_sub(1);
    let (level, t) = ((below / 2) as usize, (below % 2) as usize);
    let bits = (register.seen & 127) as usize;
    let told = TOLD.told[t][bits];
    if register.value < 8 { (level, void(register.value, told)) } else { (level, told) }
}

/// `told` of a register of a `value` below 8, without the values from 0 down.
#[cold]
fn void(value: u32, told: u64) -> u64 {
    // In a damaged file a value may have been seen that there is not: less is missing then.
    told.saturating_sub(TOLD.void[(value & 7) as usize])
}

/// What all registers say.
pub(super) struct Evidence {
    empty: u64,
    /// What the last registers told, by the levels of their largest values.
    sums: [u64; 64],
    missing: [u64; 64],
    beta: [u64; LEVELS],
}

impl Evidence {
    pub(super) const fn new() -> Self {
        Self { empty: 0, sums: [0; 64], missing: [0; 64], beta: [0; LEVELS] }
    }

    /// Takes in a register; all of a sketch in order, forwards or backwards.
    #[inline]
    pub(super) fn add(&mut self, index: usize, register: Register) {
        // Of an empty register too, or the sums would run over behind a row of such ones.
        if index % FLUSH == 0 {
            self.flush();
        }
        if register.value == 0 {
            self.empty += 1;
            return;
        }
        let (level, told) = told(register);
        // Values of a damaged file may be anything.
        self.sums[level % 64] += told;
    }

    fn flush(&mut self) {
        for (level, sum) in self.sums.iter_mut().enumerate().filter(|(_, sum)| **sum != 0) {
            self.missing[level] += *sum >> LANES;
            for depth in 0..=DEPTH {
                let count = *sum >> (LANE * depth as u32) & ((1 << LANE) - 1);
                if let Some(beta) = self.beta.get_mut((level + 2).wrapping_sub(depth)) {
                    *beta += count;
                }
            }
            *sum = 0;
        }
    }

    /// The most likely number of keys, and its relative standard error.
    pub(super) fn estimate(mut self, registers: f64) -> (f64, f64) {
        self.flush();
        let missing = self.missing.iter().enumerate();
        let alpha = missing
            .fold(self.empty as f64, |sum, (level, units)| sum + *units as f64 * power(level + 2));
        let Some((keys, error)) = most_likely(alpha, &self.beta.map(|count| count as f64)) else {
            return (0.0, 0.0);
        };
        let keys = registers * keys;
        // The likelihood takes the number of keys itself for Poisson's: that part is none of ours.
        let variance = error * error - 1.0 / keys;
        (keys / (1.0 + BIAS / registers), sqrt(variance.max(tokens::ERROR * tokens::ERROR)))
    }
}

/// The `x` at which `sum of beta[j] e/(exp(x e) - 1)`, `e = 2^-j`, is `alpha`, and one over the
/// square root of `x^2` times the slope there: the relative error of `x`.
fn most_likely(alpha: f64, beta: &[f64; LEVELS]) -> Option<(f64, f64)> {
    const STEPS: u32 = 60;
    let low = beta.iter().position(|count| *count > 0.0)?;
    let high = beta.iter().rposition(|count| *count > 0.0)?;
    let (mut count, mut weight) = (0.0, 0.0);
    for (j, beta) in beta.iter().enumerate() {
        count += beta;
        weight += beta * power(j);
    }
    // From the left of the root: each term is at least 1/x - e/2.
    let mut x = count / (alpha + 0.5 * weight);
    let mut sharpness = 1.0;
    for _ in 0..STEPS {
        let (value, slope) = sums(x, beta, low, high);
        // Newton's step in ln x, in which the sum is nearly a straight line.
        sharpness = slope * x;
        let step = (value - alpha) / sharpness;
        x *= exp(step.clamp(-3.0, 3.0));
        if step.abs() < 1e-9 {
            break;
        }
    }
    Some((x, 1.0 / sqrt(sharpness * x)))
}

/// The sum of all terms at `x`, and how fast it falls.
fn sums(x: f64, beta: &[f64; LEVELS], low: usize, high: usize) -> (f64, f64) {
    // From exp(x e) - 1 = z at one level comes z (z + 2) at the next.
    let mut level = high;
    while x * power(level) > 1.0 && level < 1_000 {
        level += 1;
    }
    let y = x * power(level);
    let mut z = (2..=18).rev().fold(1.0, |sum, i| 1.0 + sum * y / f64::from(i)) * y;
    let (mut value, mut slope) = (0.0, 0.0);
    loop {
        // Beyond, terms are nothing, and squares no numbers.
        if z > 1e100 {
            break;
        }
        if level <= high && beta[level] > 0.0 {
            let e = power(level);
            let term = beta[level] * e / z;
            value += term;
            slope += term * e * (z + 1.0) / z;
        }
        if level == low {
            break;
        }
        z *= z + 2.0;
        level -= 1;
    }
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registers_tell_is_what_their_values_are() {
        let probability = |value: u32| power(value.div_ceil(2) as usize + 1);
        for value in 1..60 {
            for seen in 0..128 {
                let valid = value >= 8 || seen & ((1 << (8 - value)) - 1) == 0;
                if !valid {
                    continue;
                }
                let register = Register { value, seen };
                let saw = |v: u32| {
                    v == value || v < value && v + 7 >= value && seen >> (7 - (value - v)) & 1 == 1
                };
                let lowest = value.saturating_sub(7).max(1);
                let missing: f64 =
                    (lowest..=120).filter(|v| !saw(*v)).map(probability).sum::<f64>();
                assert!((change(register) / missing - 1.0).abs() < 1e-9, "{register:?}");
                let mut evidence = Evidence::new();
                evidence.add(0, register);
                evidence.flush();
                for j in 2..LEVELS {
                    let count = (lowest..=value).filter(|v| saw(*v) && probability(*v) == power(j));
                    assert_eq!(evidence.beta[j], count.count() as u64, "{register:?} level {j}");
                }
            }
        }
    }

    /// Of the most that a register can tell, and with empty ones wherever sums are emptied.
    #[test]
    fn no_sum_runs_over() {
        const REGISTERS: u64 = 1 << 14;
        for (value, seen) in [(60, 0), (59, 0), (60, 127), (59, 127), (8, 0), (1, 0)] {
            let register = Register { value, seen };
            let full = |index: usize| index % FLUSH != 0;
            let mut one = Evidence::new();
            one.add(1, register);
            one.flush();
            for forwards in [true, false] {
                let mut all = Evidence::new();
                for at in 0..REGISTERS as usize {
                    let index = if forwards { at } else { REGISTERS as usize - 1 - at };
                    all.add(index, if full(index) { register } else { Register::default() });
                }
                all.flush();
                let count = REGISTERS - all.empty;
                assert_eq!(all.empty, REGISTERS / FLUSH as u64);
                assert_eq!(all.beta, one.beta.map(|seen| seen * count), "{register:?}");
                assert_eq!(all.missing, one.missing.map(|units| units * count), "{register:?}");
            }
        }
    }

    #[test]
    fn the_root_is_found_wherever_it_is() {
        let mut beta = [0.0; LEVELS];
        (2..40).for_each(|j| beta[j] = 900.0);
        for exponent in 0..60_i32 {
            let x = f64::from_bits((1023 + 30 - exponent as u64) << 52);
            let (alpha, _) = sums(x, &beta, 2, 39);
            let (found, error) = most_likely(alpha, &beta).unwrap();
            assert!((found / x - 1.0).abs() < 1e-8, "{found} for {x}");
            assert!(error > 0.0 && error < 1.0);
        }
        assert!(most_likely(1.0, &[0.0; LEVELS]).is_none());
        assert!(most_likely(0.0, &beta).unwrap().0.is_finite());
    }
}
