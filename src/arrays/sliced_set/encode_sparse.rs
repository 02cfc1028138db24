//! Writing the Elias-Fano code of a slice, which [`sparse`](super::sparse) reads.

use super::encode::{Take, View, put};
use super::encode_bits::sparse_of_bits;
use super::slice::word_at;
use super::sparse::{MARKED, high_bits, low_bits, mark_bytes};
use crate::bits::word::{below, select_in_word};
use crate::simd::counting;
use crate::simd::wide::{self, WIDE_FIELD, Wide};
use core::slice::ChunksMut;

/// Writes the Elias-Fano code of a slice.
struct Sparse<'a> {
    /// Low bits of a number.
    width: u32,
    /// How many numbers came: as many ones.
    index: usize,
    highs: &'a mut [u8],
    /// Their words, before they are written there all at once: those of all slices that are best
    /// coded so. Of others, they are far.
    near: [u64; NEAR],
    is_far: bool,
    /// The last word of high parts that has ones: its bits, and which one it is.
    word: u64,
    at: usize,
    lows: ChunksMut<'a, u8>,
    /// Low parts that make no eight bytes yet, and how many bits they have.
    pending: u64,
    bits: u32,
}

impl Sparse<'_> {
    /// Writes a word for each number, and the next one over it: when a word is full, nobody can
    /// guess.
    #[inline(always)]
    fn take_highs(&mut self, list: &[u16]) {
        // Kept apart, so that they are in registers.
        let (mut word, mut at, mut bit, width) = (self.word, self.at, self.index, self.width);
        if self.is_far {
            return self.take_far_highs(list);
        }
        let mut pairs = list.chunks_exact(2);
        let all = |yes: bool| u64::from(yes).wrapping_neg();
        for pair in &mut pairs {
            let place = (usize::from(pair[0]) >> width) + bit;
            let next = (usize::from(pair[1]) >> width) + bit + 1;
            bit += 2;
            // What waits for the pair before is an `and` and an `or`.
            let (is_same, are_same) = (all(place / 64 == at), all(next / 64 == place / 64));
            let (first, second) = (1 << (place % 64), 1 << (next % 64));
            self.near[place / 64 % NEAR] = word & is_same | first;
            word = word & (is_same & are_same) | (first & are_same | second);
            at = next / 64;
            self.near[at % NEAR] = word;
        }
        if let [y] = pairs.remainder() {
            let place = (usize::from(*y) >> width) + bit;
            bit += 1;
            word = word & all(place / 64 == at) | 1 << (place % 64);
            at = place / 64;
            self.near[at % NEAR] = word;
        }
        (self.word, self.at, self.index) = (word, at, bit);
    }

    #[cold]
    fn take_far_highs(&mut self, list: &[u16]) {
        for y in list {
            let place = (usize::from(*y) >> self.width) + self.index;
            self.index += 1;
            self.highs[place / 8] |= 1 << (place % 8);
        }
    }

    /// Writes what is left.
    #[inline(always)]
    fn finish(mut self) {
        put_some(self.lows.next(), self.pending);
        if !self.is_far {
            let words = self.highs.chunks_mut(8).zip(&self.near);
            words.for_each(|(place, word)| put_some(Some(place), *word));
        }
    }

    /// Appends `width < 64` bits to the low parts.
    #[inline(always)]
    fn take_low(&mut self, low: u64, width: u32) {
        self.pending |= low << self.bits;
        self.bits += width;
        if self.bits >= 64 {
            put_some(self.lows.next(), self.pending);
            self.bits -= 64;
            // What did not fit: of shifts by 64, nothing.
            self.pending = low.checked_shr(width - self.bits).unwrap_or(0);
        }
    }

    #[inline(always)]
    fn take_lows(&mut self, list: &[u16]) {
        let width = self.width;
        let lanes: [u32; 4] = [0, 1, 2, 3];
        let masks = lanes.map(|lane| below(width) << (lane * width % 64));
        // Four lanes of 16 bits are brought together.
        let mut fours = list.chunks_exact(4);
        for four in &mut fours {
            let pair = |at: usize| u64::from(four[at]) | u64::from(four[at + 1]) << 16;
            let four = pair(0) | pair(2) << 32;
            let lane = |lane: usize| four >> (lane as u32 * (16 - width)) & masks[lane];
            self.take_low(lane(0) | lane(1) | lane(2) | lane(3), 4 * width);
        }
        for y in fours.remainder() {
            self.take_low(u64::from(*y) & below(width), width);
        }
    }
}

impl Take for Sparse<'_> {
    #[inline(always)]
    fn take(&mut self, list: &[u16]) {
        self.take_highs(list);
        self.take_lows(list);
    }
}

/// Words of high parts that are made beside where they will be.
const NEAR: usize = 512;

/// Writes the marks of the high parts that are there.
#[inline(always)]
fn mark(count: usize, out: &mut [u8]) {
    let (marks, highs) = out.split_at_mut(mark_bytes(count));
    let (mut zeros, mut words) = (0, highs.chunks(8).enumerate());
    let (mut empty, mut at) = (0_u64, 0);
    for (number, place) in (1..).zip(marks.chunks_exact_mut(2)) {
        // The last zero of those that come before.
        while zeros + (empty.count_ones() as usize) < MARKED * number {
            zeros += empty.count_ones() as usize;
            let Some((next, _)) = words.next() else { return };
            (empty, at) = (!word_at(highs, 8 * next), 64 * next);
        }
        let last = select_in_word(empty, (MARKED * number - zeros - 1) as u32) as usize;
        put(Some(place), at + last + 1 - MARKED * number);
    }
}

/// Writes the code of `count` numbers into `out`: zeros, of just its length.
#[inline(always)]
pub(super) fn sparse(numbers: View<'_>, count: usize, out: &mut [u8]) {
    let (width, bits) = (low_bits(count), high_bits(count));
    let (highs, lows) = out[mark_bytes(count)..].split_at_mut(bits.div_ceil(8));
    let (near, is_far, lows) = ([0; NEAR], bits > 64 * NEAR, lows.chunks_mut(8));
    let (word, at, index, pending, bits) = (0, 0, 0, 0, 0);
    let mut code = Sparse { width, index, highs, near, is_far, word, at, lows, pending, bits };
    numbers.give(&mut code);
    code.finish();
    mark(count, out);
}

/// As [`sparse`], where the processor can, of numbers that are not few: whether it could.
pub(super) fn sparse_at_once(numbers: View<'_>, count: usize, out: &mut [u8]) -> bool {
    let (width, bits) = (low_bits(count), high_bits(count));
    if width == 0 || width > WIDE_FIELD {
        return false;
    }
    let marks = mark_bytes(count);
    let all = &mut out[marks..];
    let is_done = match numbers {
        View::Bits(words, _) => sparse_of_bits(words, width, all.split_at_mut(bits.div_ceil(8))),
        View::List(_) => false,
    };
    let is_done = is_done || flagged(numbers, width, bits, all);
    if is_done {
        counting::run(Mark { count, out });
    }
    is_done
}

/// Writes the code with a byte for each bit of the high parts: whether it could.
fn flagged(numbers: View<'_>, width: u32, bits: usize, out: &mut [u8]) -> bool {
    if bits <= FEW_FLAGS {
        return wide::run(Flags::<FEW_FLAGS> { numbers, width, bits, out }).is_some();
    }
    let are_many = bits > MANY_FLAGS;
    !are_many && wide::run(Flags::<MANY_FLAGS> { numbers, width, bits, out }).is_some()
}

/// The work of [`mark`].
struct Mark<'a> {
    count: usize,
    out: &'a mut [u8],
}

impl counting::Work for Mark<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        mark(self.count, self.out);
    }
}

/// Bits of high parts that are made with a byte each.
const FEW_FLAGS: usize = 4_096;
/// The same of slices of many numbers.
pub(super) const MANY_FLAGS: usize = 32_768;

/// The work of [`sparse_at_once`], of at most `N` bits of high parts.
struct Flags<'a, const N: usize> {
    numbers: View<'a>,
    width: u32,
    bits: usize,
    out: &'a mut [u8],
}

impl<const N: usize> wide::Work for Flags<'_, N> {
    type Out = ();

    #[inline(always)]
    fn run(self, wide: Wide) {
        let Self { numbers, width, bits, out } = self;
        let (highs, lows) = out.split_at_mut(bits.div_ceil(8));
        let mut code = Flagged { wide, flags: [0_u8; N], lows, width, index: 0 };
        numbers.give(&mut code);
        let flags = code.flags.chunks_exact(64).filter_map(|flags| flags.first_chunk());
        for (place, flags) in highs.chunks_mut(8).zip(flags) {
            put_some(Some(place), wide.used(flags));
        }
    }
}

/// Elias-Fano code on its way, its high parts as a byte for each bit: what is written is not read
/// until all are.
struct Flagged<'a, const N: usize> {
    wide: Wide,
    flags: [u8; N],
    lows: &'a mut [u8],
    width: u32,
    /// How many numbers came: a multiple of eight, until the last ones do.
    index: usize,
}

impl<const N: usize> Take for Flagged<'_, N> {
    #[inline(always)]
    fn numbers(&self, base: u16, word: u64, room: &mut [u16; 64]) -> usize {
        self.wide.ones(word, base, room)
    }

    #[inline(always)]
    fn take(&mut self, list: &[u16]) {
        let Self { wide, flags, lows, width, index } = self;
        for (before, y) in (*index..).zip(list) {
            flags[((usize::from(*y) >> *width) + before) % N] = 1;
        }
        let from = *index / 8 * *width as usize;
        let done = match lows.get_mut(from..) {
            Some(lows) => wide.pack(list, *width, lows),
            None => 0,
        };
        // The last ones, for which there are no eight bytes.
        for (at, y) in (*index + done..).zip(&list[done..]) {
            let (bit, low) = (at * *width as usize, u64::from(*y) & below(*width));
            let bytes = (low << (bit % 8)).to_le_bytes();
            let places = lows.get_mut(bit / 8..).unwrap_or(&mut []).iter_mut();
            places.zip(&bytes[..2]).for_each(|(place, byte)| *place |= byte);
        }
        *index += list.len();
    }
}

/// Writes the first bytes of `word`, as many as there is room for.
#[inline(always)]
fn put_some(place: Option<&mut [u8]>, word: u64) {
    match place {
        Some(place) if place.len() == 8 => place.copy_from_slice(&word.to_le_bytes()),
        Some(place) => put_end(place, word),
        None => {}
    }
}

#[cold]
fn put_end(place: &mut [u8], word: u64) {
    place.iter_mut().zip(word.to_le_bytes()).for_each(|(place, byte)| *place = byte);
}
