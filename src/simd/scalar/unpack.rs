//! Packed fields, one by one.

use crate::simd::Line;

/// The eight bytes from `at` on as a number; bytes behind the end count as zeros.
#[inline(always)]
pub(crate) fn load(bytes: &[u8], at: usize) -> u64 {
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
        // No shift of two words by a number that is not constant: see `bits::field`.
        field |= load(bytes, at.wrapping_add(1)) << (8 - shift);
    }
    field & u64::MAX.checked_shr(64 - width).unwrap_or(0)
}

/// Tells `take` of fields of `1..=64` bits from `bit` on, eight at a time and in order, as long as
/// there are eight more of `count` and the bytes that they are read from; returns how many.
///
/// Eight fields take whole bytes: where each starts is worked out once for all eights.
#[inline(always)]
fn eights(
    bytes: &[u8],
    bit: u64,
    width: u32,
    count: usize,
    mut take: impl FnMut([u64; 8]),
) -> usize {
    let mask = u64::MAX >> (64 - width);
    let starts: [u32; 8] = core::array::from_fn(|i| (bit & 7) as u32 + i as u32 * width);
    let (offsets, shifts) =
        (starts.map(|start| (start / 8) as usize), starts.map(|start| start % 8));
    let (mut at, mut done) = ((bit >> 3) as usize, 0);
    // Fields of more than 57 bits may spread over nine bytes.
    let wide = width > 57;
    while count - done >= 8 {
        let group = bytes.get(at..).and_then(|rest| rest.get(..offsets[7] + 9));
        let Some(group) = group else { break };
        take(if wide {
            core::array::from_fn(|i| {
                let high = load(group, offsets[i] + 1) << (8 - shifts[i]);
                (load(group, offsets[i]) >> shifts[i] | high) & mask
            })
        } else {
            core::array::from_fn(|i| load(group, offsets[i]) >> shifts[i] & mask)
        });
        at += width as usize;
        done += 8;
    }
    done
}

/// Tells `take` of `count` fields of `width <= 64` bits from `bit` on, in order. Bits behind the
/// end of `bytes` count as zeros.
#[inline(always)]
pub(crate) fn each(bytes: &[u8], bit: u64, width: u32, count: usize, mut take: impl FnMut(u64)) {
    debug_assert!(width <= 64);
    let done = if width > 0 {
        eights(bytes, bit, width, count, |fields| fields.into_iter().for_each(&mut take))
    } else {
        0
    };
    for i in done..count {
        let bit = bit.wrapping_add((i as u64).wrapping_mul(u64::from(width)));
        take(one(bytes, bit, width));
    }
}

/// Writes fields, mapped by `map`, into `out`, as many as it takes.
#[inline(always)]
fn write<T>(bytes: &[u8], bit: u64, width: u32, out: &mut [T], mut map: impl FnMut(u64) -> T) {
    let mut done = 0;
    if width > 0 {
        let count = out.len();
        let mut eight_places = out.chunks_exact_mut(8);
        done = eights(bytes, bit, width, count, |fields| {
            let places = eight_places.next().into_iter().flatten();
            places.zip(fields).for_each(|(place, field)| *place = map(field));
        });
    }
    for (i, place) in out.iter_mut().enumerate().skip(done) {
        let bit = bit.wrapping_add((i as u64).wrapping_mul(u64::from(width)));
        *place = map(one(bytes, bit, width));
    }
}

/// The fields from `bit` on, as many as `out` takes.
pub(crate) fn unpack(bytes: &[u8], bit: u64, width: u32, out: &mut [u64]) {
    write(bytes, bit, width, out, |field| field);
}

/// As [`unpack`], the low 32 bits of each field.
pub(crate) fn unpack_u32(bytes: &[u8], bit: u64, width: u32, out: &mut [u32]) {
    write(bytes, bit, width, out, |field| field as u32);
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
    let mut place = from as u64;
    write(bytes, bit, width, out, |field| {
        place += 1;
        line.at(place - 1).wrapping_add(field)
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
