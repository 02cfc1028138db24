//! Lines in which a key sets a few bits, word by word.

use crate::simd::lines::{
    FIRST, Form, HALF, Kernel, LINE, PAIRS, QUARTERS, SALT, SECOND, SPLIT, WORDS, half_picked,
    half_picked_mut, kernels, picked, picked_mut,
};

kernels!();

/// Word `i` of the bits of `x`.
#[inline(always)]
fn mask<const FORM: u8>(x: u64, i: u32) -> u64 {
    let bit = |product: u64| 1 << (product >> (16 + 6 * i) & 63);
    let first = x.wrapping_mul(FIRST);
    match FORM {
        QUARTERS => {
            let position = first >> (36 + 7 * (i / 2)) & 127;
            // Of the two words of a quarter, the one that holds the position.
            u64::from(position >> 6 == u64::from(i & 1)) << (position & 63)
        }
        WORDS => bit(first),
        _ => bit(first) | bit(x.wrapping_mul(SECOND)),
    }
}

#[inline(always)]
fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[inline(always)]
fn holds<const FORM: u8>(line: &[u8; LINE], x: u64) -> bool {
    let words = line.chunks_exact(8).zip(0..);
    words.fold(0, |missing, (word, i)| missing | mask::<FORM>(x, i) & !number(word)) == 0
}

/// Half word `i` of the bits of `x` in a half line.
#[inline(always)]
fn half_mask(x: u64, i: usize) -> u32 {
    1 << ((x as u32).wrapping_mul(SALT[i]) >> 27)
}

#[inline(always)]
fn half_number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[inline(always)]
fn half_holds(half: &[u8; HALF], x: u64) -> bool {
    let words = half.chunks_exact(4).enumerate();
    words.fold(0, |missing, (i, word)| missing | half_mask(x, i) & !half_number(word)) == 0
}

#[inline(always)]
fn half_set(half: &mut [u8; HALF], x: u64) -> bool {
    let mut missing = 0;
    for (i, word) in half.chunks_exact_mut(4).enumerate() {
        let (old, mask) = (half_number(word), half_mask(x, i));
        missing |= mask & !old;
        word.copy_from_slice(&(old | mask).to_le_bytes());
    }
    missing != 0
}

fn has<const FORM: u8>(lines: &[u8], x: u64) -> bool {
    if FORM == SPLIT {
        return half_picked(lines, x).is_some_and(|half| half_holds(half, x));
    }
    picked(lines, x).is_some_and(|line| holds::<FORM>(line, x))
}

fn set<const FORM: u8>(lines: &mut [u8], x: u64) -> bool {
    if FORM == SPLIT {
        return half_picked_mut(lines, x).is_some_and(|half| half_set(half, x));
    }
    let Some(line) = picked_mut(lines, x) else { return false };
    let mut missing = 0;
    for (word, i) in line.chunks_exact_mut(8).zip(0..) {
        let (old, mask) = (number(word), mask::<FORM>(x, i));
        missing |= mask & !old;
        word.copy_from_slice(&(old | mask).to_le_bytes());
    }
    missing != 0
}

fn have<const FORM: u8>(lines: &[u8], xs: &[u64], found: &mut [bool]) {
    for (x, found) in xs.iter().zip(found) {
        *found = has::<FORM>(lines, *x);
    }
}

fn set_all<const FORM: u8>(lines: &mut [u8], xs: &[u64]) {
    for x in xs {
        set::<FORM>(lines, *x);
    }
}
