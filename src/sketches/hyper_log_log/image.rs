//! The image of a sketch: where each field stands, and which bytes are a sketch.

use super::coupons::{Slot, find, is_coupon};
use super::narrow;
use super::registers::{self, REGISTERS};
use crate::error::{FileError, Tag};
use crate::storage::require;

/// The section of the image, in files and in errors.
pub(super) const IMAGE: Tag = Tag(*b"imag");

/// The smallest sketch has `2^4` registers.
pub(super) const MIN_LG_K: u8 = 4;
/// The largest sketch has `2^21` registers.
pub(super) const MAX_LG_K: u8 = 21;

/// Bytes that every image begins with.
pub(super) const HEAD_BYTES: usize = 8;
const SERIAL_VERSION: u8 = 1;
const FAMILY: u8 = 7;

/// Places of the bytes of the head.
const LG_K: usize = 3;
const LG_SLOTS: usize = 4;
const FLAGS: usize = 5;
const LIST_COUNT: usize = 6;
const MODE: usize = 7;
/// Place of the `u32` count of a set.
const SET_COUNT: usize = 8;

/// Flag: nothing was inserted.
const EMPTY: u8 = 4;
/// Flag: coupons without the free slots between them.
const COMPACT: u8 = 8;
/// Flag: merged, so that the running estimate is void.
const OUT_OF_ORDER: u8 = 16;

/// Place of the smallest register of an array of 4 bits.
pub(super) const SMALLEST: usize = LIST_COUNT;
/// Place of the logarithm of the slots for exceptions of such an array.
pub(super) const EXCEPTION_SLOTS: usize = LG_SLOTS;

/// How many bits a register takes in an image of DataSketches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HllType {
    /// 4 bits, above the smallest register, and a table of exceptions: half the bytes.
    Hll4,
    /// 6 bits: three quarters of the bytes.
    Hll6,
    /// 8 bits: what this crate has in memory, and what Spark writes.
    Hll8,
}

impl HllType {
    /// Bits 2 and 3 of the mode.
    const fn bits(self) -> u8 {
        match self {
            Self::Hll4 => 0,
            Self::Hll6 => 1,
            Self::Hll8 => 2,
        }
    }

    const fn of_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Hll4),
            1 => Some(Self::Hll6),
            2 => Some(Self::Hll8),
            _ => None,
        }
    }
}

/// A list has `2^3` slots, and becomes something else when the last one is taken.
pub(super) const LG_LIST_SLOTS: u8 = 3;
/// The smallest set has `2^5` slots.
pub(super) const MIN_LG_SLOTS: u8 = 5;
/// The largest set has `2^(lg_k - 3)` slots: half the bytes of the registers.
const LG_K_OVER_SLOTS: u8 = 3;

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Up to 7 coupons, one after the other.
    List,
    /// A hash set of coupons.
    Set {
        /// Logarithm of its number of slots.
        lg_slots: u8,
    },
    /// Registers.
    Array,
}

/// What follows from the head of an image: how long it is and where its parts are.
///
/// Invariant: `lg_k` and `lg_slots` are in the ranges above, so that no length overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) lg_k: u8,
    pub(super) form: Form,
}

impl Shape {
    /// Registers, `2^lg_k` of them.
    pub(super) const fn array(lg_k: u8) -> Self {
        Self { lg_k, form: Form::Array }
    }

    /// Bytes before the coupons or registers.
    pub(super) const fn start(self) -> usize {
        match self.form {
            Form::List => HEAD_BYTES,
            Form::Set { .. } => HEAD_BYTES + 4,
            Form::Array => REGISTERS,
        }
    }

    /// Slots for coupons.
    pub(super) const fn slots(self) -> usize {
        match self.form {
            Form::List => 1 << LG_LIST_SLOTS,
            Form::Set { lg_slots } => 1 << lg_slots,
            Form::Array => 0,
        }
    }

    /// Bytes of the updatable image.
    pub(super) const fn len(self) -> usize {
        match self.form {
            Form::Array => REGISTERS + (1 << self.lg_k),
            _ => self.start() + 4 * self.slots(),
        }
    }

    /// Words that hold the updatable image.
    pub(super) const fn words(self) -> usize {
        self.len().div_ceil(8)
    }

    /// The form that holds `count` coupons, if not this one any more.
    pub(super) fn next(self, count: u32) -> Option<Form> {
        match self.form {
            Form::List if count < 1 << LG_LIST_SLOTS => None,
            Form::List if self.lg_k < MIN_LG_SLOTS + LG_K_OVER_SLOTS => Some(Form::Array),
            Form::List => Some(Form::Set { lg_slots: MIN_LG_SLOTS }),
            Form::Set { lg_slots } if count <= most_coupons(lg_slots) => None,
            Form::Set { lg_slots } if lg_slots + LG_K_OVER_SLOTS >= self.lg_k => Some(Form::Array),
            Form::Set { lg_slots } => Some(Form::Set { lg_slots: lg_slots + 1 }),
            Form::Array => None,
        }
    }
}

/// Coupons that a set of `2^lg_slots` slots holds: three quarters.
const fn most_coupons(lg_slots: u8) -> u32 {
    (3 << lg_slots) / 4
}

/// The slots that a set of `count` coupons has, where an image does not tell.
fn lg_slots_for(count: u32) -> u8 {
    (MIN_LG_SLOTS..u32::BITS as u8 - 2).find(|lg| count <= most_coupons(*lg)).unwrap_or(0)
}

/// What the head of a serialized sketch says, of whatever variant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) shape: Shape,
    /// Bits of a register.
    pub(super) kind: HllType,
    /// Whether free slots were left out.
    pub(super) compact: bool,
    /// Whether the running estimate is void.
    pub(super) out_of_order: bool,
    /// Coupons of a list or a set.
    pub(super) count: u32,
}

impl Head {
    /// Reads the head of a serialized sketch, and refuses what is none.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
            return Err(FileError::Truncated { need: HEAD_BYTES as u64, have: bytes.len() as u64 });
        };
        require(head[2] == FAMILY, IMAGE, "family 7: an HLL sketch")?;
        require(head[1] == SERIAL_VERSION, IMAGE, "serial version 1")?;
        let lg_k = head[LG_K];
        require((MIN_LG_K..=MAX_LG_K).contains(&lg_k), IMAGE, "a logarithm of k from 4 to 21")?;
        let Some(kind) = HllType::of_bits(head[MODE] >> 2) else {
            return Err(broken("target type HLL_4, HLL_6 or HLL_8"));
        };
        let (form, count) = match (head[MODE] & 3, head[0]) {
            (0, 2) => (Form::List, u32::from(head[LIST_COUNT])),
            (1, 3) => set_of(bytes, head)?,
            (2, 10) => (Form::Array, 0),
            _ => return Err(broken("a list, a set or an array, with its preamble")),
        };
        let most = match form {
            Form::List => (1 << LG_LIST_SLOTS) - 1,
            Form::Set { lg_slots } => most_coupons(lg_slots),
            Form::Array => 0,
        };
        require(count <= most, IMAGE, "no more coupons than the form holds")?;
        Ok(Self {
            shape: Shape { lg_k, form },
            kind,
            compact: head[FLAGS] & COMPACT != 0,
            out_of_order: head[FLAGS] & OUT_OF_ORDER != 0 && form == Form::Array,
            count,
        })
    }

    /// Bytes that the serialized sketch in `bytes` must have.
    pub(super) fn len(self, bytes: &[u8]) -> Result<usize, FileError> {
        match self.shape.form {
            Form::Array => narrow::array_len(bytes, &self),
            _ if self.compact => Ok(self.shape.start() + 4 * self.count as usize),
            _ => Ok(self.shape.len()),
        }
    }
}

/// The form and the count of a set.
fn set_of(bytes: &[u8], head: &[u8; HEAD_BYTES]) -> Result<(Form, u32), FileError> {
    let Some(count) = bytes.get(SET_COUNT..).and_then(<[u8]>::first_chunk) else {
        return Err(FileError::Truncated { need: 12, have: bytes.len() as u64 });
    };
    let count = u32::from_le_bytes(*count);
    // Early versions of DataSketches left the number of slots out.
    let stated = head[LG_SLOTS];
    let lg_slots = if stated < MIN_LG_SLOTS { lg_slots_for(count) } else { stated };
    let fits = lg_slots >= MIN_LG_SLOTS
        && lg_slots.checked_add(LG_K_OVER_SLOTS).is_some_and(|lg| lg <= head[LG_K]);
    require(fits, IMAGE, "a set of at least 32 slots and at most k/8")?;
    Ok((Form::Set { lg_slots }, count))
}

const fn broken(rule: &'static str) -> FileError {
    FileError::Corrupt { section: IMAGE, rule }
}

/// Writes the head of an updatable image; of a set with its count, of an array in order.
pub(super) fn write_head(image: &mut [u8], shape: Shape, count: u32) {
    let (ints, lg_slots, mode) = match shape.form {
        Form::List => (2, LG_LIST_SLOTS, 0),
        Form::Set { lg_slots } => (3, lg_slots, 1),
        Form::Array => (10, 0, 2),
    };
    let mode = HllType::Hll8.bits() << 2 | mode;
    let head = [ints, SERIAL_VERSION, FAMILY, shape.lg_k, lg_slots, 0, 0, mode];
    image[..HEAD_BYTES].copy_from_slice(&head);
    set_count(image, shape.form, count);
}

/// Writes how many coupons there are, and whether there are any.
pub(super) fn set_count(image: &mut [u8], form: Form, count: u32) {
    match form {
        Form::List => image[LIST_COUNT] = count as u8,
        Form::Set { .. } => image[SET_COUNT..SET_COUNT + 4].copy_from_slice(&count.to_le_bytes()),
        Form::Array => return,
    }
    image[FLAGS] = if count == 0 { EMPTY } else { 0 };
}

/// How many coupons a list or a set says it has.
pub(super) fn count(image: &[u8], form: Form) -> u32 {
    match form {
        Form::List => u32::from(image[LIST_COUNT]),
        Form::Set { .. } => read_u32(image, SET_COUNT),
        Form::Array => 0,
    }
}

/// Whether an array was merged, so that its running estimate is void.
#[inline]
pub(super) fn is_out_of_order(image: &[u8]) -> bool {
    image[FLAGS] & OUT_OF_ORDER != 0
}

/// Writes the flags of an array.
pub(super) fn set_array_flags(image: &mut [u8], empty: bool, out_of_order: bool) {
    let empty = if empty { EMPTY } else { 0 };
    image[FLAGS] = if out_of_order { empty | OUT_OF_ORDER } else { empty };
}

/// Takes the flag of an array away that says it is empty.
#[inline]
pub(super) fn mark_used(image: &mut [u8]) {
    image[FLAGS] &= !EMPTY;
}

/// Writes how many bits a register has.
#[cfg(feature = "alloc")]
pub(super) fn set_kind(head: &mut [u8], kind: HllType) {
    head[MODE] = head[MODE] & 3 | kind.bits() << 2;
}

/// Sets the flag of the compact form.
#[cfg(feature = "alloc")]
pub(super) fn mark_compact(image: &mut [u8]) {
    image[FLAGS] |= COMPACT;
}

/// The four bytes at `at`, as a number.
#[inline]
pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// The coupons in slots, by slot; free ones are left out.
pub(super) fn coupons(slots: &[u8]) -> impl Iterator<Item = u32> {
    slots.chunks_exact(4).map(|slot| read_u32(slot, 0)).filter(|coupon| *coupon != 0)
}

/// Checks all there is to check of an updatable image of this shape. O(bytes).
pub(super) fn validate(image: &[u8], shape: Shape) -> Result<(), FileError> {
    let mut head = [0; HEAD_BYTES + 4];
    write_head(&mut head, shape, count(image, shape.form));
    if shape.form == Form::Array {
        let zeros = registers::zeros(image);
        set_array_flags(&mut head, zeros == 1 << shape.lg_k, is_out_of_order(image));
    }
    require(image[..HEAD_BYTES] == head[..HEAD_BYTES], IMAGE, "a head as it is written here")?;
    match shape.form {
        Form::Array => registers::validate(image, is_out_of_order(image)),
        form => validate_coupons(&image[shape.start()..], form, count(image, form)),
    }
}

fn validate_coupons(slots: &[u8], form: Form, count: u32) -> Result<(), FileError> {
    require(coupons(slots).all(is_coupon), IMAGE, "coupons of value 1 and more")?;
    let same = coupons(slots).count() == count as usize;
    require(same, IMAGE, "as many coupons as the head states")?;
    let own_slot = slots.chunks_exact(4).enumerate().all(|(slot, bytes)| {
        let coupon = read_u32(bytes, 0);
        coupon == 0 || find(slots, form, coupon) == Slot::Taken(slot)
    });
    require(own_slot, IMAGE, "coupons where probing finds them, each once")?;
    Ok(())
}
