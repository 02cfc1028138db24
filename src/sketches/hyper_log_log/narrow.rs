//! Arrays of 4 and 6 bits a register, as DataSketches has them; in memory there are 8.
//!
//! ```text
//! HLL_6   | 40 bytes of fields | 2^lg_k registers of 6 bits | 1 byte |
//! HLL_4   | 40 bytes of fields | 2^lg_k registers of 4 bits | exceptions: u32 each |
//! ```
//!
//! 4 bits tell how far a register lies above the smallest one, and 15 that it is an exception,
//! `value << 26 | register`. Exceptions are an open hash table in an updatable image, and only its
//! taken slots in a compact one.

use super::image::{EXCEPTION_SLOTS, Head, HllType, IMAGE, SMALLEST, coupons, read_u32};
#[cfg(feature = "alloc")]
use super::image::{Form, HEAD_BYTES};
#[cfg(feature = "alloc")]
use super::registers::ZEROS;
use super::registers::{EXCEPTIONS, REGISTERS};
use crate::error::FileError;
use crate::storage::require;
#[cfg(feature = "alloc")]
use alloc::{vec, vec::Vec};

/// The 4 bits of a register that is an exception.
const ESCAPE: u8 = 15;
/// The largest value of a register.
const MAX_VALUE: u8 = 63;

/// Bytes of the registers of an array.
pub(super) const fn register_bytes(kind: HllType, lg_k: u8) -> usize {
    let k = 1 << lg_k;
    match kind {
        HllType::Hll4 => k / 2,
        HllType::Hll6 => k / 4 * 3 + 1,
        HllType::Hll8 => k,
    }
}

/// Logarithm of the slots that a table of exceptions begins with.
const fn first_lg_slots(lg_k: u8) -> u8 {
    match lg_k {
        0..=6 => 2,
        7..=9 => 3,
        10 | 11 => 4,
        12 | 13 => 5,
        _ => lg_k - 8,
    }
}

/// Bytes of an array's image, whose head is checked.
pub(super) fn array_len(bytes: &[u8], head: &Head) -> Result<usize, FileError> {
    let lg_k = head.shape.lg_k;
    let start = REGISTERS + register_bytes(head.kind, lg_k);
    if head.kind != HllType::Hll4 {
        return Ok(start);
    }
    let Some(fields) = bytes.first_chunk::<REGISTERS>() else {
        return Err(FileError::Truncated { need: start as u64, have: bytes.len() as u64 });
    };
    let count = read_u32(fields, EXCEPTIONS) as usize;
    require(count <= 1 << lg_k, IMAGE, "at most an exception for each register")?;
    if head.compact {
        return Ok(start + 4 * count);
    }
    let stated = fields[EXCEPTION_SLOTS];
    let lg_slots = if stated == 0 { first_lg_slots(lg_k) } else { stated };
    require(lg_slots <= lg_k + 1, IMAGE, "a table of exceptions that k can fill")?;
    Ok(start + (4 << lg_slots))
}

/// The registers of a narrow array, one byte each, into `registers`. All of it is checked.
pub(super) fn widen(bytes: &[u8], head: &Head, registers: &mut [u8]) -> Result<(), FileError> {
    let packed = register_bytes(head.kind, head.shape.lg_k);
    let (packed, rest) = bytes[REGISTERS..].split_at(packed);
    if head.kind == HllType::Hll6 {
        for (four, three) in registers.chunks_exact_mut(4).zip(packed.chunks_exact(3)) {
            let bits = u32::from_le_bytes([three[0], three[1], three[2], 0]);
            for (i, register) in four.iter_mut().enumerate() {
                *register = (bits >> (6 * i)) as u8 & 63;
            }
        }
        return Ok(());
    }
    let smallest = bytes[SMALLEST];
    require(smallest <= MAX_VALUE, IMAGE, "a smallest register of at most 63")?;
    let mut far = 0;
    for (two, byte) in registers.chunks_exact_mut(2).zip(packed) {
        for (register, bits) in two.iter_mut().zip([byte & 15, byte >> 4]) {
            far += usize::from(bits == ESCAPE);
            // An exception is marked until its value is met.
            *register = if bits == ESCAPE { u8::MAX } else { smallest + bits };
        }
    }
    let mut met = 0;
    for exception in coupons(rest) {
        let register = exception as usize & (registers.len() - 1);
        let value = (exception >> 26) as u8;
        let is_one = registers[register] == u8::MAX && value >= smallest.saturating_add(ESCAPE);
        require(is_one, IMAGE, "an exception of a register that says so, and once")?;
        registers[register] = value;
        met += 1;
    }
    let stated = read_u32(bytes, EXCEPTIONS) as usize;
    require(met == far && met == stated, IMAGE, "as many exceptions as stated, and as needed")
}

/// The image of `image`, an updatable one of 8 bits, in another type.
#[cfg(feature = "alloc")]
pub(super) fn convert(image: &[u8], form: Form, kind: HllType, compact: bool) -> Vec<u8> {
    let mut out = match (form, kind) {
        (Form::Array, HllType::Hll4) => narrow_to_4(image, compact),
        (Form::Array, HllType::Hll6) => narrow_to_6(image),
        _ => image.to_vec(),
    };
    super::image::set_kind(&mut out[..HEAD_BYTES], kind);
    out
}

#[cfg(feature = "alloc")]
fn narrow_to_6(image: &[u8]) -> Vec<u8> {
    let (fields, registers) = image.split_at(REGISTERS);
    let mut out = Vec::with_capacity(REGISTERS + registers.len() / 4 * 3 + 1);
    out.extend_from_slice(fields);
    for four in registers.chunks_exact(4) {
        let bits = four.iter().rev().fold(0, |bits: u32, r| bits << 6 | u32::from(*r & 63));
        out.extend_from_slice(&bits.to_le_bytes()[..3]);
    }
    out.push(0);
    out
}

/// A table of exceptions, as DataSketches fills it: its bytes depend on the order.
#[cfg(feature = "alloc")]
struct Exceptions {
    slots: Vec<u32>,
    count: usize,
}

#[cfg(feature = "alloc")]
impl Exceptions {
    fn new(lg_k: u8) -> Self {
        Self { slots: vec![0; 1 << first_lg_slots(lg_k)], count: 0 }
    }

    fn put(slots: &mut [u32], register: u32, exception: u32) {
        let mask = slots.len() - 1;
        let step = register as usize >> slots.len().trailing_zeros() | 1;
        let mut slot = register as usize & mask;
        // More slots than exceptions, and an odd step: a free one comes.
        while slots[slot] != 0 {
            slot = (slot + step) & mask;
        }
        slots[slot] = exception;
    }

    fn add(&mut self, register: u32, value: u8) {
        Self::put(&mut self.slots, register, u32::from(value) << 26 | register);
        self.count += 1;
        if 4 * self.count > 3 * self.slots.len() {
            let mut more = vec![0; 2 * self.slots.len()];
            for exception in self.slots.iter().filter(|exception| **exception != 0) {
                Self::put(&mut more, exception & ((1 << 26) - 1), *exception);
            }
            self.slots = more;
        }
    }
}

/// As DataSketches converts: registers in their order above a smallest of 0, and then the smallest
/// raised one by one, each time with a new table from the old one's order.
#[cfg(feature = "alloc")]
fn narrow_to_4(image: &[u8], compact: bool) -> Vec<u8> {
    let (fields, registers) = image.split_at(REGISTERS);
    let lg_k = registers.len().trailing_zeros() as u8;
    let smallest = registers.iter().fold(MAX_VALUE, |least, register| least.min(*register));
    let mut table: Option<Exceptions> = None;
    let escapes = (0_u32..).zip(registers).filter(|(_, value)| **value >= ESCAPE);
    for (register, value) in escapes {
        table.get_or_insert_with(|| Exceptions::new(lg_k)).add(register, *value);
    }
    for raised in 1..=smallest {
        let Some(old) = table.take() else { break };
        for exception in old.slots.into_iter().filter(|exception| *exception != 0) {
            let value = (exception >> 26) as u8;
            if value >= raised + ESCAPE {
                let register = exception & ((1 << 26) - 1);
                table.get_or_insert_with(|| Exceptions::new(lg_k)).add(register, value);
            }
        }
    }
    let mut out = fields.to_vec();
    let bits = |value: u8| (value - smallest).min(ESCAPE);
    out.extend(registers.chunks_exact(2).map(|two| bits(two[0]) | bits(two[1]) << 4));
    let at_smallest = registers.iter().filter(|register| **register == smallest).count() as u32;
    out[SMALLEST] = smallest;
    out[ZEROS..ZEROS + 4].copy_from_slice(&at_smallest.to_le_bytes());
    if let Some(table) = &table {
        out[EXCEPTION_SLOTS] = table.slots.len().trailing_zeros() as u8;
        out[EXCEPTIONS..EXCEPTIONS + 4].copy_from_slice(&(table.count as u32).to_le_bytes());
    }
    let table = table.unwrap_or_else(|| Exceptions::new(lg_k));
    let kept = table.slots.into_iter().filter(|exception| !compact || *exception != 0);
    out.extend(kept.flat_map(u32::to_le_bytes));
    out
}
