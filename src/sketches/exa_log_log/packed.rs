//! Registers of 12 bits, back to back: 16 of them in three words. And the few that do not fit.
//!
//! ```text
//! bit  11       7 6            0
//!      | offset  | seen         |     value = base + offset; offset 31: among the exceptions
//! ```
//!
//! An exception is a `u32`, `index << 8 | value`; they ascend, and free places behind them are
//! all ones.

use super::register::{Register, SEEN, SEEN_BITS};

/// Registers in a block of [`BLOCK_BYTES`].
pub(super) const BLOCK: usize = 16;
/// Bytes of a block: three words.
pub(super) const BLOCK_BYTES: usize = 24;
/// The offset of a register whose value is among the exceptions.
pub(super) const ESCAPE: u32 = 31;
/// A free place for an exception.
pub(super) const FREE: u32 = u32::MAX;

/// Words of `2^p` registers.
pub(super) const fn words(p: u8) -> usize {
    3 << (p - 4)
}

/// The two bytes in which register `index` lies, and the bit at which it begins.
#[inline]
fn place(index: usize) -> (core::ops::Range<usize>, usize) {
    let at = index + index / 2;
    (at..at + 2, index % 2 * 4)
}

/// The 12 bits of register `index`.
///
/// # Panics
///
/// If there is none.
#[inline]
pub(super) fn get(registers: &[u8], index: usize) -> u32 {
    let (bytes, shift) = place(index);
    let mut two = [0; 2];
    two.copy_from_slice(&registers[bytes]);
    u32::from(u16::from_le_bytes(two)) >> shift & 0xFFF
}

/// Overwrites the 12 bits of register `index`.
///
/// # Panics
///
/// If there is none.
#[inline]
pub(super) fn set(registers: &mut [u8], index: usize, bits: u32) {
    let (bytes, shift) = place(index);
    let bytes = &mut registers[bytes];
    let mut two = [0; 2];
    two.copy_from_slice(bytes);
    let two = u32::from(u16::from_le_bytes(two)) & !(0xFFF << shift) | bits << shift;
    bytes.copy_from_slice(&(two as u16).to_le_bytes());
}

/// The registers of a block.
#[inline]
pub(super) fn unpack(block: &[u8; BLOCK_BYTES]) -> [u16; BLOCK] {
    let mut registers = [0; BLOCK];
    for (pair, bytes) in registers.chunks_exact_mut(2).zip(block.chunks_exact(3)) {
        pair[0] = u16::from(bytes[0]) | u16::from(bytes[1] & 15) << 8;
        pair[1] = u16::from(bytes[1] >> 4) | u16::from(bytes[2]) << 4;
    }
    registers
}

/// The block of these registers.
#[inline]
pub(super) fn pack(registers: &[u16; BLOCK]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    for (pair, bytes) in registers.chunks_exact(2).zip(block.chunks_exact_mut(3)) {
        bytes[0] = pair[0] as u8;
        bytes[1] = (pair[0] >> 8) as u8 | (pair[1] << 4) as u8;
        bytes[2] = (pair[1] >> 4) as u8;
    }
    block
}

/// The blocks of all registers.
#[inline]
pub(super) fn blocks(registers: &[u8]) -> impl Iterator<Item = &[u8; BLOCK_BYTES]> {
    registers.chunks_exact(BLOCK_BYTES).filter_map(<[u8]>::first_chunk)
}

/// The 12 bits of a register whose value is so much above the base; an exception's if it is too
/// much.
#[inline]
pub(super) fn bits_of(offset: u32, seen: u32) -> u32 {
    offset.min(ESCAPE) << SEEN_BITS | seen & SEEN
}

fn exception(exceptions: &[u8], place: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&exceptions[place * 4..place * 4 + 4]);
    u32::from_le_bytes(bytes)
}

/// Where the exception of register `index` is, or would be.
fn find(exceptions: &[u8], index: usize) -> Result<usize, usize> {
    let (mut low, mut high) = (0, exceptions.len() / 4);
    while low < high {
        let middle = low + (high - low) / 2;
        let entry = exception(exceptions, middle);
        match ((entry >> 8) as usize).cmp(&index) {
            core::cmp::Ordering::Equal if entry != FREE => return Ok(middle),
            core::cmp::Ordering::Less if entry != FREE => low = middle + 1,
            _ => high = middle,
        }
    }
    Err(low)
}

/// How many exceptions there are.
pub(super) fn count(exceptions: &[u8]) -> usize {
    let places = exceptions.len() / 4;
    (0..places).rev().find(|place| exception(exceptions, *place) != FREE).map_or(0, |last| last + 1)
}

/// The exceptions, as index and value.
pub(super) fn exceptions(exceptions: &[u8]) -> impl Iterator<Item = (usize, u32)> {
    let entries = (0..exceptions.len() / 4).map(|place| exception(exceptions, place));
    entries.filter(|entry| *entry != FREE).map(|entry| ((entry >> 8) as usize, entry & 255))
}

/// Registers and their exceptions, to be read.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a> {
    pub(super) registers: &'a [u8],
    pub(super) exceptions: &'a [u8],
    pub(super) base: u32,
}

impl Packed<'_> {
    /// What 12 bits of register `index` stand for.
    #[inline]
    pub(super) fn decode(&self, index: usize, bits: u32) -> Register {
        let offset = bits >> SEEN_BITS;
        let value = if offset == ESCAPE { self.value(index) } else { self.base + offset };
        Register { value, seen: bits & SEEN }
    }

    /// The value of an exception; in a damaged file one may be missing.
    #[cold]
    fn value(&self, index: usize) -> u32 {
        let least = self.base + ESCAPE;
        find(self.exceptions, index).map_or(least, |at| exception(self.exceptions, at) & 255)
    }

    pub(super) fn get(&self, index: usize) -> Register {
        self.decode(index, get(self.registers, index))
    }

    /// Tells of each register, in order.
    #[inline]
    pub(super) fn for_each(&self, mut tell: impl FnMut(usize, Register)) {
        for (number, block) in blocks(self.registers).enumerate() {
            for (i, bits) in unpack(block).into_iter().enumerate() {
                let index = number * BLOCK + i;
                tell(index, self.decode(index, u32::from(bits)));
            }
        }
    }
}

/// Writes register `index`, with its exception where it needs one; takes away one that it had.
///
/// Returns false, and changes nothing, if there is no free place for an exception.
pub(super) fn put(
    registers: &mut [u8],
    exceptions: &mut [u8],
    base: u32,
    index: usize,
    register: Register,
) -> bool {
    let offset = register.value.saturating_sub(base);
    let entry = (index as u32) << 8 | register.value;
    let used = count(exceptions);
    match find(exceptions, index) {
        Ok(at) if offset >= ESCAPE => {
            exceptions[at * 4..at * 4 + 4].copy_from_slice(&entry.to_le_bytes());
        }
        Ok(at) => {
            exceptions.copy_within(at * 4 + 4..used * 4, at * 4);
            exceptions[used * 4 - 4..used * 4].fill(0xFF);
        }
        Err(at) if offset >= ESCAPE => {
            if used * 4 + 4 > exceptions.len() {
                return false;
            }
            exceptions.copy_within(at * 4..used * 4, at * 4 + 4);
            exceptions[at * 4..at * 4 + 4].copy_from_slice(&entry.to_le_bytes());
        }
        Err(_) => {}
    }
    set(registers, index, bits_of(offset, register.seen));
    true
}

/// Puts exceptions that no longer are any back into their registers, and keeps the others side by
/// side.
///
/// One pass by place, and nothing is looked up: those of a damaged file may not ascend, and a
/// look-up then misses some.
pub(super) fn revise(registers: &mut [u8], exceptions: &mut [u8], base: u32) {
    let len = registers.len() / BLOCK_BYTES * BLOCK;
    let mut kept = 0;
    for place in 0..count(exceptions) {
        let entry = exception(exceptions, place);
        let (index, value) = ((entry >> 8) as usize, entry & 255);
        if value >= base + ESCAPE || index >= len {
            exceptions[kept * 4..kept * 4 + 4].copy_from_slice(&entry.to_le_bytes());
            kept += 1;
        } else {
            let seen = get(registers, index) & SEEN;
            set(registers, index, bits_of(value.saturating_sub(base), seen));
        }
    }
    exceptions[kept * 4..].fill(0xFF);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_single_registers_agree() {
        let mut bytes = [0; 2 * BLOCK_BYTES];
        for round in 0..3 {
            for index in 0..2 * BLOCK {
                let bits = (index as u32 * 0x9E5 + round * 77) & 0xFFF;
                set(&mut bytes, index, bits);
                assert_eq!(get(&bytes, index), bits);
            }
            for (number, block) in blocks(&bytes).enumerate() {
                let registers = unpack(block);
                for (i, bits) in registers.iter().enumerate() {
                    assert_eq!(u32::from(*bits), get(&bytes, number * BLOCK + i));
                }
                assert_eq!(pack(&registers), *block);
            }
        }
    }

    #[test]
    fn exceptions_come_and_go_in_order() {
        let (mut registers, mut places) = ([0; BLOCK_BYTES], [0xFF; 12]);
        let far = |value| Register { value, seen: 3 };
        for (index, value) in [(9, 40), (2, 31), (15, 99)] {
            assert!(put(&mut registers, &mut places, 0, index, far(value)));
        }
        assert!(!put(&mut registers, &mut places, 0, 4, far(50)), "no place is left");
        assert_eq!(exceptions(&places).collect::<Vec<_>>(), [(2, 31), (9, 40), (15, 99)]);
        assert!(put(&mut registers, &mut places, 0, 9, far(41)));
        assert!(put(&mut registers, &mut places, 5, 2, far(31)));
        assert_eq!(exceptions(&places).collect::<Vec<_>>(), [(9, 41), (15, 99)]);
        let packed = Packed { registers: &registers, exceptions: &places, base: 5 };
        assert_eq!((packed.get(9), packed.get(2)), (far(41), far(31)));
        assert_eq!((packed.get(4).value, count(&places)), (5, 2));
    }

    extern crate std;
    use std::vec::Vec;
}
