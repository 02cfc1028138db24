//! Packed fields, one by one.

use crate::simd::Line;

/// The eight bytes from `at` on as a number; bytes behind the end count as zeros.
#[inline(always)]
fn load(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(word) => u64::from_le_bytes(*word),
        None => load_end(bytes, at),
    }
}

#[cold]
fn load_end(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or(&[]);
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The field of `width <= 64` bits that starts at `bit`. Bits behind the end count as zeros.
#[inline(always)]
pub(crate) fn one(bytes: &[u8], bit: u64, width: u32) -> u64 {
    debug_assert!(width <= 64);
    let (at, shift) = ((bit >> 3) as usize, bit & 7);
    let mut field = load(bytes, at) >> shift;
    if width > 57 {
        let ninth = u64::from(bytes.get(at.wrapping_add(8)).copied().unwrap_or(0));
        field |= ninth << 1 << (63 - shift);
    }
    field & u64::MAX.checked_shr(64 - width).unwrap_or(0)
}

/// Tells `take` of `count` fields of `width <= 64` bits from `bit` on, in order. Bits behind the
/// end of `bytes` count as zeros.
#[inline(always)]
pub(crate) fn each(bytes: &[u8], bit: u64, width: u32, count: usize, mut take: impl FnMut(u64)) {
    debug_assert!(width <= 64);
    if width == 0 {
        return (0..count).for_each(|_| take(0));
    }
    let mask = u64::MAX >> (64 - width);
    let mut bit = bit;
    if width <= 57 {
        for _ in 0..count {
            take(load(bytes, (bit >> 3) as usize) >> (bit & 7) & mask);
            bit += u64::from(width);
        }
    } else {
        for _ in 0..count {
            let (at, shift) = ((bit >> 3) as usize, bit & 7);
            let ninth = u64::from(bytes.get(at.wrapping_add(8)).copied().unwrap_or(0));
            take((load(bytes, at) >> shift | ninth << 1 << (63 - shift)) & mask);
            bit += u64::from(width);
        }
    }
}

/// The fields from `bit` on, as many as `out` takes.
pub(crate) fn unpack(bytes: &[u8], bit: u64, width: u32, out: &mut [u64]) {
    let mut places = out.iter_mut();
    each(bytes, bit, width, places.len(), |field| {
        if let Some(place) = places.next() {
            *place = field;
        }
    });
}

/// As [`unpack`], the low 32 bits of each field.
pub(crate) fn unpack_u32(bytes: &[u8], bit: u64, width: u32, out: &mut [u32]) {
    let mut places = out.iter_mut();
    each(bytes, bit, width, places.len(), |field| {
        if let Some(place) = places.next() {
            *place = field as u32;
        }
    });
}

/// As [`unpack`], each field added to the point of `line` at its place in `out`, from `from` on.
pub(crate) fn unpack_on(
    bytes: &[u8],
    bit: u64,
    width: u32,
    line: Line,
    from: usize,
    out: &mut [u64],
) {
    let mut places = out.iter_mut().enumerate();
    each(bytes, bit, width, places.len(), |field| {
        if let Some((place, out)) = places.next() {
            *out = line.at((from + place) as u64).wrapping_add(field);
        }
    });
}

/// The sum of `count` fields.
pub(crate) fn sum(bytes: &[u8], bit: u64, width: u32, count: usize) -> u128 {
    // Halves cannot overflow below 2^32 fields; carries of a 128-bit sum take longer than both.
    const STEP: usize = 1 << 20;
    let (mut total, mut done) = (0, 0);
    while done < count {
        let step = (count - done).min(STEP);
        let (mut low, mut high) = (0, 0);
        each(bytes, bit + done as u64 * u64::from(width), width, step, |field| {
            low += field & 0xFFFF_FFFF;
            high += field >> 32;
        });
        total += u128::from(low) + (u128::from(high) << 32);
        done += step;
    }
    total
}

/// The least and the largest of `count` fields; `(u64::MAX, 0)` of none.
pub(crate) fn min_max(bytes: &[u8], bit: u64, width: u32, count: usize) -> (u64, u64) {
    let (mut min, mut max) = (u64::MAX, 0);
    each(bytes, bit, width, count, |field| (min, max) = (min.min(field), max.max(field)));
    (min, max)
}

/// How many of `count` fields lie in `first..=last`.
pub(crate) fn count_in(
    bytes: &[u8],
    bit: u64,
    width: u32,
    count: usize,
    [first, last]: [u64; 2],
) -> usize {
    let mut found = 0;
    each(bytes, bit, width, count, |field| found += usize::from(first <= field && field <= last));
    found
}
