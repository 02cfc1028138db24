//! The array form: one byte a register, and in front of them the sums that estimates come from.
//!
//! A register holds the largest value of its coupons, 0 if there were none. With `r` for its value,
//! the sum of all `2^-r` is kept in two doubles, for `r < 32` and for the others. Neither ever
//! rounds: they are multiples of `2^-31` up to `2^21`, and of `2^-63` below `2^-10`. So the sums
//! depend on the registers alone, and not on the way there.

use super::coupons::target;
use super::image::{IMAGE, is_out_of_order, mark_used, read_u32};
use crate::error::FileError;
use crate::storage::require;

/// Place of the first register.
pub(super) const REGISTERS: usize = 40;
/// Place of the running estimate.
const RUNNING: usize = 8;
/// Places of the two sums.
const SUM_LOW: usize = 16;
const SUM_HIGH: usize = 24;
/// Place of the `u32` count of registers that are 0.
pub(super) const ZEROS: usize = 32;
/// Place of the `u32` count of exceptions; only 4-bit registers have some.
pub(super) const EXCEPTIONS: usize = 36;

/// The largest value of a register.
const MAX_VALUE: u8 = 63;
/// Values from here on are summed apart.
const HIGH: usize = 32;

/// What estimates come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sums {
    low: f64,
    high: f64,
    /// Registers that are 0.
    pub(super) zeros: u32,
}

impl Sums {
    /// The sum of all `2^-r`.
    #[inline]
    pub(super) fn total(self) -> f64 {
        self.low + self.high
    }

    /// The sums that an image states.
    #[inline]
    pub(super) fn read(image: &[u8]) -> Self {
        let (low, high) = (read_f64(image, SUM_LOW), read_f64(image, SUM_HIGH));
        Self { low, high, zeros: read_u32(image, ZEROS) }
    }

    #[inline]
    fn write(self, image: &mut [u8]) {
        write_f64(image, SUM_LOW, self.low);
        write_f64(image, SUM_HIGH, self.high);
        image[ZEROS..ZEROS + 4].copy_from_slice(&self.zeros.to_le_bytes());
    }

    /// The sums of these registers, a multiple of four. O(registers).
    pub(super) fn of(registers: &[u8]) -> Self {
        // Four tables, so that equal neighbours do not wait for each other's count.
        let mut counts = [[0_u32; MAX_VALUE as usize + 1]; 4];
        for four in registers.chunks_exact(4) {
            for (counts, register) in counts.iter_mut().zip(four) {
                counts[usize::from(clamp(*register))] += 1;
            }
        }
        let [mut all, more @ ..] = counts;
        for counts in &more {
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
        // At most 2^21 registers times 2^31: whole numbers that a double holds exactly.
        let (low, high) = all.split_at(HIGH);
        let sum =
            |counts: &[u32]| counts.iter().fold(0, |sum, count| sum * 2 + u64::from(*count)) as f64;
        Self {
            low: sum(low) * power(HIGH as u8 - 1),
            high: sum(high) * power(MAX_VALUE),
            zeros: all[0],
        }
    }
}

/// A value from any bytes, as a register can have it.
#[inline]
fn clamp(register: u8) -> u8 {
    register.min(MAX_VALUE)
}

/// `2^-value`.
#[inline]
fn power(value: u8) -> f64 {
    f64::from_bits((1023 - u64::from(value)) << 52)
}

#[inline]
fn read_f64(bytes: &[u8], at: usize) -> f64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    f64::from_le_bytes(word)
}

#[inline]
fn write_f64(bytes: &mut [u8], at: usize, value: f64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// The running estimate of an image.
#[inline]
pub(super) fn running(image: &[u8]) -> f64 {
    read_f64(image, RUNNING)
}

/// Writes the running estimate.
#[inline]
pub(super) fn set_running(image: &mut [u8], estimate: f64) {
    write_f64(image, RUNNING, estimate);
}

/// How many registers an image says are 0.
pub(super) fn zeros(image: &[u8]) -> u32 {
    read_u32(image, ZEROS)
}

/// Raises the register of `coupon` if its value is larger. One cache line, unless it is.
#[inline]
pub(super) fn update(image: &mut [u8], lg_k: u8, coupon: u32) {
    let (register, value) = target(coupon, lg_k);
    if let Some(old) = image.get_mut(REGISTERS + register) {
        if value > *old {
            let old = core::mem::replace(old, value);
            count_raise(image, lg_k, old, value);
        }
    }
}

/// Brings the running estimate and the sums to a register that rose from `old` to `new`.
#[inline(never)]
fn count_raise(image: &mut [u8], lg_k: u8, old: u8, new: u8) {
    // As an array, so that no field's place is checked.
    let Some(image) = image.first_chunk_mut::<REGISTERS>() else { return };
    let mut sums = Sums::read(image);
    if !is_out_of_order(image) {
        // A register rises with probability total/k, so this rise stands for k/total keys.
        let keys = running(image) + f64::from(1_u32 << lg_k) / sums.total();
        set_running(image, keys);
    }
    for (value, sign) in [(old, -1.0), (new, 1.0)] {
        let sum = if usize::from(value) < HIGH { &mut sums.low } else { &mut sums.high };
        *sum += sign * power(value);
    }
    // No branch: while there are few keys, half of the registers that rise were 0.
    sums.zeros = sums.zeros.saturating_sub(u32::from(old == 0));
    mark_used(image);
    sums.write(image);
}

/// Works the sums out again. O(registers).
pub(super) fn refresh(image: &mut [u8]) {
    Sums::of(&image[REGISTERS..]).write(image);
}

/// Each register of `into` becomes the larger of itself and of all in `from` that fall on it.
///
/// `from` has as many registers or a power of two times as many: the number of a register is the
/// low bits of an address, so fewer registers mean fewer bits.
pub(super) fn raise_all(into: &mut [u8], from: &[u8]) {
    for chunk in from.chunks_exact(into.len()) {
        for (register, other) in into.iter_mut().zip(chunk) {
            *register = (*register).max(clamp(*other));
        }
    }
}

/// Checks the registers of an updatable image, and the sums against them.
pub(super) fn validate(image: &[u8], out_of_order: bool) -> Result<(), FileError> {
    let registers = &image[REGISTERS..];
    let highest = registers.iter().fold(0, |highest, register| highest.max(*register));
    require(highest <= MAX_VALUE, IMAGE, "registers of at most 63")?;
    require(Sums::of(registers) == Sums::read(image), IMAGE, "the sums of the registers")?;
    require(read_u32(image, EXCEPTIONS) == 0, IMAGE, "no exceptions among 8-bit registers")?;
    let running = running(image);
    let sound = if out_of_order { running.to_bits() == 0 } else { running >= 0.0 };
    require(sound && running.is_finite(), IMAGE, "a running estimate, 0 after a merge")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_whatever_the_way() {
        let mut image = [0; REGISTERS + 64];
        refresh(&mut image);
        assert_eq!(Sums::read(&image), Sums { low: 64.0, high: 0.0, zeros: 64 });
        for step in 0..1_000_u32 {
            let value = (step.wrapping_mul(0x9E37_79B9) >> 27) + step % 63 / 31 * 32;
            update(&mut image, 6, (value.min(63) << 26) + step * 7);
            assert_eq!(Sums::read(&image), Sums::of(&image[REGISTERS..]), "{step}");
        }
        assert_eq!(Sums::of(&[63; 16]).total(), 16.0 * power(63));
        assert_eq!((power(0), power(1), power(31)), (1.0, 0.5, 1.0 / f64::from(1_u32 << 31)));
    }

    #[test]
    fn fewer_registers_take_the_largest() {
        let mut into = [1, 9, 0, 3];
        raise_all(&mut into, &[2, 0, 0, 0, 0, 0, 5, 200]);
        assert_eq!(into, [2, 9, 5, 63]);
    }
}
