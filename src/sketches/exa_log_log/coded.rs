//! The frozen form: registers by an entropy coder, in about 0.68 of their bytes.
//!
//! ```text
//! word 0                                    then
//! | model: u16 | base: u8 | top: u8 | units: u32 |  running estimate, if kept: 3 words  | units |
//! ```
//!
//! The model is the number of keys a register, `2^(model/16 - 64)`; from it follows how likely each
//! value was seen. A register is its largest value, one symbol out of `base..=top`, then its seven
//! bits, each by its own probability. The coder is rANS with 32 bits of state and units of 16 bits
//! [Duda 2013]: a division a symbol to write, none to read. It writes from the last register to
//! the first, so that reading goes forward.

use super::register::{Register, SEEN_BITS, max_value};
use crate::bits::float::exp;
use core::f64::consts::LN_2;

/// Probabilities are multiples of `2^-16`.
const SCALE_BITS: u32 = 16;
const SCALE: u32 = 1 << SCALE_BITS;
/// The state stays at or above this.
const LOW: u32 = 1 << 16;
/// Update values there can be, with 0.
const VALUES: usize = 128;

/// Word 0 of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) model: u16,
    pub(super) base: u8,
    pub(super) top: u8,
    pub(super) units: u32,
}

impl Head {
    #[cfg(feature = "alloc")]
    pub(super) const fn to_word(self) -> u64 {
        (self.units as u64) << 32
            | (self.top as u64) << 24
            | (self.base as u64) << 16
            | self.model as u64
    }

    pub(super) const fn of_word(word: u64) -> Self {
        Self {
            model: word as u16,
            base: (word >> 16) as u8,
            top: (word >> 24) as u8,
            units: (word >> 32) as u32,
        }
    }

    /// Whether these values occur among `2^p` registers.
    pub(super) const fn is_sound(self, p: u8) -> bool {
        self.base <= self.top && self.top as u32 <= max_value(p)
    }
}

/// The model nearest to so many keys a register.
#[cfg(feature = "alloc")]
pub(super) fn model_of(keys: f64) -> u16 {
    let sound = keys > 0.0 && keys < f64::INFINITY;
    let log2 = if sound { crate::bits::float::ln(keys.max(1e-300)) / LN_2 } else { 0.0 };
    ((log2 + 64.0) * 16.0 + 0.5).clamp(0.0, 2_047.0) as u16
}

/// How likely each value is, in multiples of `2^-16`.
struct Model {
    base: u32,
    /// `start[s] .. start[s+1]` belongs to the largest value `base + s`.
    start: [u32; VALUES + 1],
    symbols: usize,
    /// That a value was seen; at least 1 and at most `SCALE - 1`.
    seen: [u32; VALUES],
}

impl Model {
    fn new(head: Head) -> Self {
        let keys = exp((f64::from(head.model) / 16.0 - 64.0) * LN_2);
        let mut missed = [1.0; VALUES];
        let mut seen = [0; VALUES];
        for value in 1..VALUES {
            let rate = keys * super::estimate::power(value.div_ceil(2) + 1);
            missed[value] = exp(-rate.min(700.0));
            let likely = (1.0 - missed[value]) * f64::from(SCALE);
            seen[value] = (likely as u32).clamp(1, SCALE - 1);
        }
        let base = usize::from(head.base).min(VALUES - 1);
        let top = usize::from(head.top).clamp(base, VALUES - 1);
        let symbols = top - base + 1;
        // Largest `v`: it was seen, and none above it.
        let mut likely = [0.0; VALUES];
        let (mut above, mut sum) = (1.0, 0.0);
        for value in (base..=top).rev() {
            likely[value - base] = if value == 0 { above } else { above * (1.0 - missed[value]) };
            above *= missed[value];
            sum += likely[value - base];
        }
        let share = f64::from(SCALE - symbols as u32) / if sum > 0.0 { sum } else { 1.0 };
        let mut counts = [0; VALUES];
        let (mut total, mut most) = (0, 0);
        for symbol in 0..symbols {
            counts[symbol] = 1 + (likely[symbol] * share) as u32;
            total += counts[symbol];
            most = if counts[symbol] > counts[most] { symbol } else { most };
        }
        // Rounding down leaves some over.
        counts[most] += SCALE.saturating_sub(total);
        let mut start = [0; VALUES + 1];
        for symbol in 0..symbols {
            start[symbol + 1] = start[symbol] + counts[symbol];
        }
        Self { base: base as u32, start, symbols, seen }
    }

    /// The part of `0..SCALE` that says whether `value` was seen.
    #[inline]
    fn bit(&self, value: u32, seen: bool) -> (u32, u32) {
        let likely = self.seen[value as usize % VALUES];
        if seen { (0, likely) } else { (likely, SCALE - likely) }
    }

    /// The part of `0..SCALE` that belongs to a largest value.
    fn largest(&self, value: u32) -> (u32, u32) {
        let symbol = (value.saturating_sub(self.base) as usize).min(self.symbols - 1);
        (self.start[symbol], self.start[symbol + 1] - self.start[symbol])
    }
}

/// Writes registers, the last one first. Units come out in the order opposite to reading.
#[cfg(feature = "alloc")]
pub(super) struct Encoder<F> {
    model: Model,
    state: u32,
    unit: F,
}

#[cfg(feature = "alloc")]
impl<F: FnMut(u16)> Encoder<F> {
    pub(super) fn new(head: Head, unit: F) -> Self {
        Self { model: Model::new(head), state: LOW, unit }
    }

    fn put(&mut self, (start, size): (u32, u32)) {
        if u64::from(self.state) >= u64::from(size) << SCALE_BITS {
            (self.unit)(self.state as u16);
            self.state >>= 16;
        }
        self.state = ((self.state / size) << SCALE_BITS) + self.state % size + start;
    }

    pub(super) fn register(&mut self, register: Register) {
        for bit in 0..SEEN_BITS.min(register.value.saturating_sub(1)) {
            let below = SEEN_BITS.min(register.value - 1) - bit;
            let seen = register.seen >> (SEEN_BITS - below) & 1 == 1;
            self.put(self.model.bit(register.value - below, seen));
        }
        self.put(self.model.largest(register.value));
    }

    pub(super) fn finish(mut self) {
        (self.unit)(self.state as u16);
        (self.unit)((self.state >> 16) as u16);
    }
}

/// Reads registers, the first one first. Any bytes give some registers.
pub(super) struct Decoder<'a> {
    model: Model,
    state: u32,
    units: core::slice::ChunksExact<'a, u8>,
}

impl<'a> Decoder<'a> {
    /// Reads from the units.
    pub(super) fn new(head: Head, units: &'a [u8]) -> Self {
        let mut units = units.chunks_exact(2);
        let mut unit = || units.next().map_or(0, |two| u32::from(two[0]) | u32::from(two[1]) << 8);
        let state = unit() << 16;
        let state = state | unit();
        Self { model: Model::new(head), state, units }
    }

    #[inline]
    fn take(&mut self, (start, size): (u32, u32)) {
        let at = self.state % SCALE;
        // Of a damaged file the state may be anything.
        let state = size.wrapping_mul(self.state >> SCALE_BITS).wrapping_add(at - start.min(at));
        self.state = if state < LOW {
            let unit = self.units.next().map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
            state << 16 | u32::from(unit)
        } else {
            state
        };
    }

    pub(super) fn register(&mut self) -> Register {
        let at = self.state % SCALE;
        // The likely values lie in the middle; a handful of steps from there.
        let starts = &self.model.start[..=self.model.symbols];
        let symbol = starts.partition_point(|start| *start <= at).clamp(1, self.model.symbols) - 1;
        let value = self.model.base + symbol as u32;
        self.take(self.model.largest(value));
        let mut seen = 0;
        for below in 1..=SEEN_BITS.min(value.saturating_sub(1)) {
            let likely = self.model.seen[(value - below) as usize % VALUES];
            let is_seen = self.state % SCALE < likely;
            self.take(self.model.bit(value - below, is_seen));
            seen |= u32::from(is_seen) << (SEEN_BITS - below);
        }
        Register { value, seen }
    }

    /// Whether exactly what was written has been read, up to these bytes.
    pub(super) fn is_at(&self, behind: &[u8]) -> bool {
        self.state == LOW && self.units.len() == behind.len() / 2
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn coded(head: Head, registers: &[Register]) -> Vec<u8> {
        let mut units = Vec::new();
        let mut encoder = Encoder::new(head, |unit| units.push(unit));
        registers.iter().rev().for_each(|register| encoder.register(*register));
        encoder.finish();
        units.into_iter().rev().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        for (model, base, top) in [(1_024, 0, 40), (1_100, 3, 30), (1_100, 5, 5), (0, 0, 104)] {
            let head = Head { model, base, top, units: 0 };
            let registers: Vec<_> = (0..1_000)
                .map(|_| {
                    let value = u32::from(base) + random() % (u32::from(top - base) + 1);
                    let valid = SEEN_BITS.min(value.saturating_sub(1));
                    Register { value, seen: (random() & 127) >> (7 - valid) << (7 - valid) }
                })
                .collect();
            let bytes = coded(head, &registers);
            let mut decoder = Decoder::new(head, &bytes);
            for register in &registers {
                assert_eq!(decoder.register(), *register);
            }
            assert!(decoder.is_at(&[]));
        }
        let head = Head { model: 9, base: 1, top: 2, units: 3 };
        assert_eq!(Head::of_word(head.to_word()), head);
    }

    #[test]
    fn any_bytes_are_read() {
        let head = Head { model: 2_047, base: 200, top: 3, units: 9 };
        for bytes in [&[][..], &[255; 40], &[0; 7]] {
            let mut decoder = Decoder::new(head, bytes);
            assert!((0..10_000).all(|_| decoder.register().value < 256));
        }
    }
}
