//! Fields of 0..=64 bits, back to back in little-endian bytes.
//!
//! Field `i` of width `w` occupies the bits `i*w .. (i+1)*w`, bit `b` being bit `b % 8` of byte
//! `b / 8`. Each access is one unaligned load of 8 bytes (and a ninth byte above 57 bits), so a
//! packed array ends with one word of zero [padding](PAD_WORDS).
//!
//! [`Fields`] checks the index and not the bytes behind it: with both checks, random reads took 10
//! to 14 % longer in cache and up to 5 % beyond it (measured, `cargo bench --bench own get`).
//! So it is with the bytes that [`Picked`] reads: an `AtomicBloom`, whose reads are checked, takes
//! a sixth to a third longer for a hit than a `Bloom` (`benches/peers`, `filters-blocked`). And so
//! it was with the four fields that a question to a packed filter reads (a third).
//! Invariants:
//!
//! 1. The store of a [`Fields`] holds at least `words_for(len, width)` whole words. Then field
//!    `i < len` starts at byte `at = i*width/8`, and for `width > 0` the bytes `at .. at + 9`
//!    exist: `at` lies in the words of the fields, and a word of padding follows.
//! 2. The bytes of a [`Picked`] are `len > 0`. The high half of a product with `len` is below it,
//!    so that there is a byte.

#![allow(unsafe_code)]

use crate::simd::prefetch;

/// Words of zero padding behind a packed array, so that the load of the last field stays inside.
pub(crate) const PAD_WORDS: usize = 1;

/// The `width` lowest bits set.
#[inline]
pub(crate) const fn mask(width: u32) -> u64 {
    debug_assert!(width <= 64);
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// Bits needed for `value`; 0 for 0.
pub(crate) const fn width_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// Words of a packed array with its padding, or `None` if that exceeds the address space.
pub(crate) fn words_for(len: usize, width: u32) -> Option<usize> {
    let bits = (len as u64).checked_mul(u64::from(width))?;
    if bits == 0 {
        return Some(0);
    }
    usize::try_from(bits.div_ceil(64)).ok()?.checked_add(PAD_WORDS)
}

/// Whether a field of this width may end in the ninth byte from the one in which it starts: from 58
/// bits on, except where fields start at even bits and just fit.
#[inline]
const fn reaches_ninth_byte(width: u32) -> bool {
    width > 57 && !matches!(width, 58 | 60 | 64)
}

/// The eight bytes from `at` on, as a number.
///
/// # Panics
///
/// If they lie outside of `bytes`.
#[inline(always)]
pub(crate) fn load(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// The field of `width <= 64` bits that starts at `bit`.
///
/// # Panics
///
/// If the field or its padding lies outside of `bytes`.
#[inline]
pub(crate) fn get(bytes: &[u8], bit: u64, width: u32) -> u64 {
    if width == 0 {
        return 0;
    }
    // On 32-bit machines an array of bits outgrows usize, its bytes do not.
    let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
    let mut value = load(bytes, at) >> shift;
    if width + shift > 64 {
        value |= u64::from(bytes[at + 8]) << (64 - shift);
    }
    value & mask(width)
}

/// The same where a word of padding follows the last field: whether a ninth byte is read depends on
/// the width alone, and not on where the field starts, which no processor foresees.
///
/// # Panics
///
/// If the field or its padding lies outside of `bytes`.
#[inline(always)]
pub(crate) fn get_padded(bytes: &[u8], bit: u64, width: u32) -> u64 {
    let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
    let mut value = if width == 0 { 0 } else { load(bytes, at) >> shift };
    if width > 57 {
        value |= load(bytes, at + 1) << (8 - shift);
    }
    value & mask(width)
}

/// Overwrites the field of `width <= 64` bits that starts at `bit` with the low bits of `value`.
///
/// # Panics
///
/// If the field or its padding lies outside of `bytes`.
#[inline]
pub(crate) fn set(bytes: &mut [u8], bit: u64, width: u32, value: u64) {
    if width == 0 {
        return;
    }
    let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
    let (mask, value) = (mask(width), value & mask(width));
    let low = load(bytes, at) & !(mask << shift) | value << shift;
    bytes[at..at + 8].copy_from_slice(&low.to_le_bytes());
    if width > 57 {
        // Maybe no bit of the ninth byte: that depends on `bit`, and no branch could foresee it.
        let beyond = |field: u64| (field >> 1 >> (63 - shift)) as u8;
        let high = &mut bytes[at + 8];
        *high = *high & !beyond(mask) | beyond(value);
    }
}

/// Writes a field of `width` bits at `bit`, where all bits from there on are 0.
///
/// Fields that are appended one after the other go through aligned words: an unaligned load across
/// what the last field just stored would wait for that store (measured: building from a slice took
/// 6.9 ns a field that way and takes 4.7).
///
/// # Panics
///
/// If the field or its padding lies outside of `bytes`.
#[inline]
fn append(bytes: &mut [u8], bit: u64, width: u32, value: u64) {
    if width == 0 {
        return;
    }
    let (at, shift) = ((bit >> 6) as usize * 8, (bit & 63) as u32);
    let value = value & mask(width);
    let low = load(bytes, at) | value << shift;
    bytes[at..at + 8].copy_from_slice(&low.to_le_bytes());
    if width + shift > 64 {
        let high = value >> (64 - shift);
        bytes[at + 8..at + 16].copy_from_slice(&high.to_le_bytes());
    }
}

/// Overwrites fields of `width` bits from `bit` on with the low bits of `values`, word by word.
///
/// # Panics
///
/// If a field or its padding lies outside of `bytes`.
pub(crate) fn set_all(bytes: &mut [u8], bit: u64, width: u32, values: &[u64]) {
    if width == 0 || values.is_empty() {
        return;
    }
    let mask = mask(width);
    let (mut at, mut fill) = ((bit >> 6) as usize * 8, (bit & 63) as u32);
    let mut word = load(bytes, at) & !(u64::MAX << fill);
    for value in values {
        let value = value & mask;
        word |= value << fill;
        fill += width;
        if fill >= 64 {
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
            at += 8;
            fill -= 64;
            // What did not fit; of a field that ended with the word, nothing.
            word = value >> 1 >> (width - fill - 1);
        }
    }
    if fill > 0 {
        let behind = load(bytes, at) & u64::MAX << fill;
        bytes[at..at + 8].copy_from_slice(&(word | behind).to_le_bytes());
    }
}

/// Bytes to be picked by uniform numbers: `x` picks the byte at the high half of `x` times their
/// number, which is below that number, so that reading it needs no check.
#[derive(Clone, Copy)]
pub(crate) struct Picked<B> {
    bytes: B,
    /// How many there are; at least one (invariant 2).
    len: u64,
}

impl<B: AsRef<[u8]>> Picked<B> {
    /// These bytes, if there are any.
    #[inline]
    pub(crate) fn new(bytes: B) -> Option<Self> {
        let len = bytes.as_ref().len() as u64;
        if len == 0 { None } else { Some(Self { bytes, len }) }
    }

    /// The number of the byte that `x` picks.
    #[inline]
    fn pick(&self, x: u64) -> usize {
        ((u128::from(x) * u128::from(self.len)) >> 64) as usize
    }
}

impl Picked<&[u8]> {
    /// The byte that `x` picks.
    #[inline]
    pub(crate) fn byte(&self, x: u64) -> u8 {
        let at = self.pick(x);
        debug_assert!(at < self.bytes.len());
        // SAFETY: there is a byte at `at` (invariant 2).
        unsafe { *self.bytes.get_unchecked(at) }
    }

    /// Asks for the byte that `x` picks to be fetched from memory.
    #[inline]
    pub(crate) fn prefetch(&self, x: u64) {
        prefetch(self.bytes, self.pick(x));
    }
}

impl Picked<&mut [u8]> {
    /// Sets `bits` of the byte that `x` picks; returns what it was before.
    #[inline]
    pub(crate) fn set(&mut self, x: u64, bits: u8) -> u8 {
        let at = self.pick(x);
        debug_assert!(at < self.bytes.len());
        // SAFETY: there is a byte at `at` (invariant 2).
        let byte = unsafe { self.bytes.get_unchecked_mut(at) };
        core::mem::replace(byte, *byte | bits)
    }
}

/// Something that keeps bytes.
///
/// # Safety
///
/// `bytes` returns equally many bytes at every call until the value is mutably borrowed, and moving
/// the value does not change that.
pub(crate) unsafe trait Store {
    fn bytes(&self) -> &[u8];
}

/// A [`Store`] whose bytes can be overwritten.
///
/// # Safety
///
/// `bytes_mut` returns as many bytes as `bytes`.
pub(crate) unsafe trait StoreMut: Store {
    fn bytes_mut(&mut self) -> &mut [u8];
}

/// `len` fields of `width` bits in a store that was checked once to hold them.
#[derive(Clone)]
pub(crate) struct Fields<S> {
    store: S,
    len: usize,
    width: u32,
    /// [`limit`] of the width: kept, as one comparison with it is all that most calls of
    /// [`set`](Self::set) need to know of the width.
    limit: u64,
}

/// One more than what fits into a field of `width` bits that lies in the eight bytes from the one
/// in which it starts, wherever that is; 0 for other widths, for 0 bits and for 64.
const fn limit(width: u32) -> u64 {
    if matches!(width, 0 | 64) || reaches_ninth_byte(width) { 0 } else { 1 << width }
}

impl<S: Store> Fields<S> {
    /// No fields yet.
    pub(crate) const fn empty(store: S) -> Self {
        Self { store, len: 0, width: 0, limit: 0 }
    }

    /// The fields in `store`, if it holds that many.
    pub(crate) fn new(store: S, len: usize, width: u32) -> Option<Self> {
        let fields = Self { store, len, width, limit: limit(width) };
        fields.fits().then_some(fields)
    }

    /// Invariant 1.
    fn fits(&self) -> bool {
        let have = self.store.bytes().len() / 8;
        self.width <= 64 && words_for(self.len, self.width).is_some_and(|need| need <= have)
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) const fn width(&self) -> u32 {
        self.width
    }

    #[inline]
    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// The bit behind the last field.
    pub(crate) const fn end_bit(&self) -> u64 {
        self.len as u64 * self.width as u64
    }

    /// The field at `index`, or `None` if there is none.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<u64> {
        if index >= self.len {
            return None;
        }
        if self.width == 0 {
            return Some(0);
        }
        let bit = index as u64 * u64::from(self.width);
        let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
        let bytes = self.store.bytes();
        debug_assert!(at + 9 <= bytes.len());
        // SAFETY: `index < len`, so 9 bytes exist from `at` on (invariant 1).
        let start = unsafe { bytes.as_ptr().add(at) };
        // SAFETY: 8 of these bytes are read, which need no alignment.
        let word = unsafe { start.cast::<u64>().read_unaligned() };
        let mut value = u64::from_le(word) >> shift;
        // Whether the ninth byte is needed depends on the index: to ask only for the width spares
        // branches that cannot be foreseen.
        if reaches_ninth_byte(self.width) {
            // The 8 bytes from the second one on: a shift of two words by a number that is not
            // constant takes AMD's processors several steps.
            // SAFETY: 9 bytes exist from `start` on, so 8 from the second.
            let second = unsafe { start.add(1) };
            // SAFETY: 8 bytes, which need no alignment.
            let high = u64::from_le(unsafe { second.cast::<u64>().read_unaligned() });
            value |= high << (8 - shift);
        }
        Some(value & mask(self.width))
    }

    /// The fields at `indices` and other bits above them, or `None` if one does not exist; for
    /// widths up to 57. The caller masks what it needs masked.
    #[inline(always)]
    pub(crate) fn peek<const N: usize>(&self, indices: [usize; N]) -> Option<[u64; N]> {
        debug_assert!(self.width <= 57);
        if self.limit == 0 || indices.iter().any(|index| *index >= self.len) {
            return None;
        }
        let start = self.store.bytes().as_ptr();
        Some(indices.map(|index| {
            let bit = index as u64 * u64::from(self.width);
            debug_assert!((bit >> 3) as usize + 8 <= self.store.bytes().len());
            // SAFETY: `index < len` and the width is not 0, so bytes exist from there on
            // (invariant 1).
            let start = unsafe { start.add((bit >> 3) as usize) };
            // SAFETY: 8 of the 9 bytes from there on, which need no alignment.
            u64::from_le(unsafe { start.cast::<u64>().read_unaligned() }) >> (bit & 7)
        }))
    }
}

impl<S: StoreMut> Fields<S> {
    /// Overwrites the field at `index` with `value`; returns whether there is such a field and
    /// `value` fits into it, else nothing changes.
    ///
    /// In as few steps as can be: random writes wait for memory, and the fewer steps each takes,
    /// the more of them wait at once.
    #[inline]
    #[must_use]
    pub(crate) fn set(&mut self, index: usize, value: u64) -> bool {
        if index >= self.len {
            return false;
        }
        if value >= self.limit {
            return self.set_other(index, value);
        }
        let mask = self.limit - 1;
        let bit = index as u64 * u64::from(self.width);
        let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
        let bytes = self.store.bytes_mut();
        debug_assert!(at + 8 <= bytes.len());
        // SAFETY: `index < len` and the width is not 0: 9 bytes exist from `at` on (invariant 1).
        let start = unsafe { bytes.as_mut_ptr().add(at) }.cast::<u64>();
        // SAFETY: 8 of these bytes, which need no alignment.
        let old = u64::from_le(unsafe { start.read_unaligned() });
        let new = old & !(mask << shift) | value << shift;
        // SAFETY: as above, and the bytes are exclusively borrowed.
        unsafe { start.write_unaligned(new.to_le()) };
        true
    }

    /// [`set`](Self::set) for widths of which a field may end in a ninth byte, and for 0; and of
    /// values that do not fit.
    #[inline(never)]
    fn set_other(&mut self, index: usize, value: u64) -> bool {
        let width = self.width;
        let fits = index < self.len && value <= mask(width);
        if fits {
            set(self.store.bytes_mut(), index as u64 * u64::from(width), width, value);
        }
        fits
    }

    /// Writes the field at `index`, which is 0 and so is all behind it.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    #[inline]
    #[track_caller]
    pub(crate) fn fill(&mut self, index: usize, value: u64) {
        assert!(index < self.len, "index {index} of {} fields", self.len);
        append(self.store.bytes_mut(), index as u64 * u64::from(self.width), self.width, value);
    }

    /// Changes the store by `change`, and then states that it holds `len` fields of `width` bits;
    /// if `change` fails, that it holds what it held.
    ///
    /// # Panics
    ///
    /// If the store does not hold that.
    #[inline]
    pub(crate) fn reshape<E>(
        &mut self,
        len: usize,
        width: u32,
        change: impl FnOnce(&mut S) -> Result<(), E>,
    ) -> Result<(), E> {
        // While the store changes there are no fields: a panic in `change` breaks nothing.
        let (old_len, old_width) = (core::mem::take(&mut self.len), self.width);
        let changed = change(&mut self.store);
        (self.len, self.width) = if changed.is_ok() { (len, width) } else { (old_len, old_width) };
        self.limit = limit(self.width);
        if !self.fits() {
            self.len = 0;
            panic!("a store too small for {len} fields of {width} bits");
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Field by field, bit by bit.
    fn slow_get(bytes: &[u8], bit: u64, width: u32) -> u64 {
        (0..u64::from(width)).fold(0, |value, i| {
            let b = bit + i;
            value | u64::from(bytes[(b / 8) as usize] >> (b % 8) & 1) << i
        })
    }

    #[test]
    fn every_width_at_every_shift() {
        for width in 0..=64 {
            let mut bytes = [0xA5_u8; 40];
            for bit in 0..(8 * 8) {
                let value = 0x9E37_79B9_7F4A_7C15_u64.rotate_left(bit as u32) & mask(width);
                let before = bytes;
                set(&mut bytes, bit, width, value);
                assert_eq!(get(&bytes, bit, width), value, "width {width} at {bit}");
                assert_eq!(slow_get(&bytes, bit, width), value);
                assert_eq!(slow_get(&bytes, 0, bit as u32), slow_get(&before, 0, bit as u32));
                let after = bit + u64::from(width);
                for next in [after, after + 64] {
                    assert_eq!(slow_get(&bytes, next, 64), slow_get(&before, next, 64));
                }
            }
        }
    }

    /// Bytes that fields are set in.
    struct Bytes([u8; 48]);

    // SAFETY: always the same 48 bytes.
    unsafe impl Store for Bytes {
        fn bytes(&self) -> &[u8] {
            &self.0
        }
    }

    // SAFETY: all of them.
    unsafe impl StoreMut for Bytes {
        fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }

    #[test]
    fn a_field_is_set_if_it_is_there_and_the_value_fits() {
        for width in 0..=64 {
            let mut fields = Fields::new(Bytes([0xA5; 48]), 5, width).unwrap();
            for index in 0..7 {
                let value = 0x9E37_79B9_7F4A_7C15_u64.rotate_left(index as u32) & mask(width);
                let mut expected = fields.store().0;
                if index < 5 {
                    set(&mut expected, index as u64 * u64::from(width), width, value);
                }
                assert_eq!(fields.set(index, value), index < 5);
                assert_eq!(fields.store().0, expected, "width {width}, field {index}");
                assert!(width == 64 || !fields.set(index, mask(width) + 1));
                assert_eq!(fields.store().0, expected, "width {width}, field {index}");
            }
        }
    }

    #[test]
    fn a_ninth_byte_is_read_where_a_field_ends_in_it() {
        for width in 1..=64 {
            let ends = |index: u32| (index * width) % 8 + width;
            let reaches = (0..8).any(|index| ends(index) > 64);
            assert_eq!(reaches_ninth_byte(width), reaches, "width {width}");
        }
    }

    #[test]
    fn picked_bytes_are_those_of_the_product() {
        let mut bytes: [u8; 5] = core::array::from_fn(|i| i as u8);
        for x in [0, 1, u64::MAX / 5, u64::MAX / 5 + 1, u64::MAX / 2, u64::MAX] {
            let at = ((u128::from(x) * 5) >> 64) as usize;
            let expected = bytes[at];
            assert_eq!(Picked::new(&bytes[..]).unwrap().byte(x), expected, "{x:#x}");
            assert_eq!(Picked::new(&mut bytes[..]).unwrap().set(x, 1 << 7), expected);
            assert_eq!(bytes[at], expected | 1 << 7);
        }
        assert!(Picked::new(&bytes[..0]).is_none());
    }

    #[test]
    fn fields_with_padding_are_read_like_others() {
        let bytes: [u8; 80] = core::array::from_fn(|i| (i as u8).wrapping_mul(89) ^ 0x5A);
        for width in 0..=64 {
            for bit in 0..9 * 64 - u64::from(width) {
                assert_eq!(get_padded(&bytes, bit, width), get(&bytes, bit, width), "{width}");
            }
        }
        // Of no bits, where there are no bytes.
        assert_eq!(get_padded(&[], 0, 0), 0);
    }

    #[test]
    fn appending_equals_setting() {
        for width in 0..=64 {
            let (mut appended, mut set_one_by_one) = ([0; 96], [0; 96]);
            for i in 0..10 {
                let value = 0x9E37_79B9_7F4A_7C15_u64.rotate_left(i as u32 * 7);
                append(&mut appended, i * u64::from(width), width, value);
                set(&mut set_one_by_one, i * u64::from(width), width, value);
                assert_eq!(appended, set_one_by_one, "width {width}, field {i}");
            }
        }
    }

    #[test]
    fn setting_all_equals_setting_one_by_one() {
        let values: [u64; 9] = core::array::from_fn(|i| 0x9E37_79B9_7F4A_7C15 << i);
        for width in 0..=64 {
            for bit in [0, 1, 7, 8, 57, 63, 64, 100] {
                for count in [0, 1, 2, 9] {
                    let (mut all, mut one_by_one) = ([0xA5; 104], [0xA5; 104]);
                    set_all(&mut all, bit, width, &values[..count]);
                    for (i, value) in values[..count].iter().enumerate() {
                        set(&mut one_by_one, bit + i as u64 * u64::from(width), width, *value);
                    }
                    assert_eq!(all, one_by_one, "{count} of width {width} at {bit}");
                }
            }
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(words_for(0, 64), Some(0));
        assert_eq!(words_for(usize::MAX, 0), Some(0));
        assert_eq!(words_for(10, 7), Some(2 + PAD_WORDS));
        assert_eq!(words_for(usize::MAX, 64), None);
        assert_eq!((mask(0), mask(1), mask(64)), (0, 1, u64::MAX));
        assert_eq!((width_of(0), width_of(1), width_of(u64::MAX)), (0, 1, 64));
    }
}
