//! SPARSE: the Elias-Fano code of a slice of `c` numbers.
//!
//! ```text
//! | of each 256 high parts but the first ones: numbers before them u16 |
//! | c + 2^(16-l) bits: for each high part a one for each number, then a zero, to a whole byte |
//! | l low bits of each number, to a whole byte |             l = floor(log2(2^16 / c))
//! ```

use super::slice::{
    Place, Slice, UNIVERSE, byte_at, u16_at, u16_lower_bound, without_lowest, word_at, write_ones,
};
use crate::bits::word::{below, select_in_word};
use crate::simd::counting::{self, Work};
use crate::simd::unpack::unpack_u32;
use crate::simd::wide::{self, WIDE_FIELD, Wide};

/// Low bits of a number in a sparse slice of `count` numbers.
#[inline]
pub(super) const fn low_bits(count: usize) -> u32 {
    // As `floor(log2(UNIVERSE / count))`, without a division.
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    if count == 0 { 0 } else { UNIVERSE.ilog2().saturating_sub(bits) }
}

/// Bits of the high parts in a sparse slice of `count` numbers.
#[inline]
pub(super) const fn high_bits(count: usize) -> usize {
    count + (UNIVERSE >> low_bits(count))
}

/// High parts from one mark to the next.
pub(super) const MARKED: usize = 256;

/// Bytes of the marks of a sparse slice of `count` numbers.
#[inline]
pub(super) const fn mark_bytes(count: usize) -> usize {
    2 * ((UNIVERSE >> low_bits(count)) / MARKED).saturating_sub(1)
}

impl Slice<'_> {
    /// What lies behind the marks: high parts, then low ones.
    #[inline]
    fn parts(&self) -> &[u8] {
        self.bytes.get(mark_bytes(self.count)..).unwrap_or(&[])
    }

    /// The bit where the numbers of high part `MARKED * mark` begin.
    #[inline]
    fn marked(&self, mark: usize) -> usize {
        match mark.checked_sub(1) {
            Some(before) => MARKED * mark + u16_at(self.bytes, 2 * before),
            None => 0,
        }
    }

    /// Low bits of number `index`, `width` of them, which start at byte `from` of `parts`.
    #[inline]
    fn low(parts: &[u8], index: usize, width: u32, from: usize) -> usize {
        let bit = index * width as usize;
        ((word_at(parts, from + bit / 8) >> (bit % 8)) & below(width)) as usize
    }

    /// The bit behind zero number `zeros - 1`, where the numbers of high part `zeros` begin: some
    /// words behind a mark.
    #[inline(always)]
    fn behind_zeros(&self, parts: &[u8], zeros: usize) -> usize {
        let (start, mut left) = (self.marked(zeros / MARKED), zeros % MARKED);
        if left == 0 {
            return start;
        }
        let (words, mut mask) = (high_bits(self.count).div_ceil(64), u64::MAX << (start % 64));
        for word in start / 64..words {
            let empty = !word_at(parts, 8 * word) & core::mem::replace(&mut mask, u64::MAX);
            let here = empty.count_ones() as usize;
            if here >= left {
                return 64 * word + select_in_word(empty, left as u32 - 1) as usize + 1;
            }
            left -= here;
        }
        64 * words
    }

    /// How many numbers are smaller than `y`, and whether `y` is the next one.
    #[inline]
    pub(super) fn sparse_search(&self, y: usize) -> (usize, bool) {
        // Counts the ones of some ten words: without an instruction for that, a hundred others.
        counting::run(Search { slice: self, y })
    }

    #[inline(always)]
    fn search(&self, y: usize) -> (usize, bool) {
        let width = low_bits(self.count);
        let (parts, from) = (self.parts(), high_bits(self.count).div_ceil(8));
        let (high, low) = (y >> width, y & below(width) as usize);
        let mut at = self.behind_zeros(parts, high);
        let mut index = at.saturating_sub(high);
        // As many different low parts there are; a damaged slice may have more with this high part.
        let end = self.count.min(index + (1 << width));
        while index < end && byte_at(parts, at / 8) >> (at % 8) & 1 != 0 {
            let other = Self::low(parts, index, width, from);
            if other >= low {
                return (index, other == low);
            }
            (at, index) = (at + 1, index + 1);
        }
        (index, false)
    }

    /// Whether `y` is there.
    #[inline]
    pub(super) fn sparse_contains(&self, y: usize) -> bool {
        counting::run(Contains { slice: self, y })
    }

    /// As `search`, but low parts are compared all at once: how many there are, and which one it
    /// is, nobody can guess.
    #[inline(always)]
    fn has(&self, y: usize) -> bool {
        let width = low_bits(self.count);
        let (parts, from) = (self.parts(), high_bits(self.count).div_ceil(8));
        let (high, low) = (y >> width, y as u64 & below(width));
        let at = self.behind_zeros(parts, high);
        let bit = at.saturating_sub(high) * width as usize;
        let ones = word_at(parts, at / 8) >> (at % 8);
        let bits = (!ones).trailing_zeros() * width;
        // Two words that were shifted by up to seven bits.
        if bits > 57 || width == 0 {
            return self.search(y).1;
        }
        let lows = word_at(parts, from + bit / 8) >> (bit % 8);
        let firsts = FIRSTS[width as usize % FIRSTS.len()];
        let tops = firsts << (width - 1);
        let (rest, other) = (tops - firsts, lows ^ (low * firsts));
        // The top bit of a field says whether it has a one.
        let differs = ((other & rest) + rest) | other;
        !differs & tops & below(bits) != 0
    }

    pub(super) fn sparse_seek(&self, k: usize) -> Place {
        let (parts, words) = (self.parts(), high_bits(self.count).div_ceil(64));
        // The last mark with at most `k` numbers before it.
        let mark = u16_lower_bound(self.bytes, 0, mark_bytes(self.count) / 2, k + 1);
        let start = self.marked(mark);
        let (mut at, mut before) = (start / 64, start - MARKED * mark);
        let mut word = word_at(parts, 8 * at) & u64::MAX << (start % 64);
        while at < words {
            let next = before + word.count_ones() as usize;
            if next > k {
                break;
            }
            (at, before) = (at + 1, next);
            word = word_at(parts, 8 * at);
        }
        Place { index: k, at, rest: without_lowest(word, k.saturating_sub(before)) }
    }

    #[inline(always)]
    pub(super) fn decode_sparse(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let bits = high_bits(self.count);
        let (words, parts) = (bits.div_ceil(64), self.parts());
        let (mut rest, mut done) = (place.rest, 0);
        'all: while done < out.len() {
            while rest == 0 {
                place.at += 1;
                if place.at >= words {
                    break 'all;
                }
                rest = word_at(parts, 8 * place.at);
            }
            let base = (64 * place.at) as u16;
            if let Some(room) = out[done..].first_chunk_mut() {
                done += write_ones(base, rest, room);
                rest = 0;
                continue;
            }
            let take = (rest.count_ones() as usize).min(out.len() - done);
            for out in &mut out[done..done + take] {
                *out = base | rest.trailing_zeros() as u16;
                rest &= rest.wrapping_sub(1);
            }
            done += take;
        }
        place.rest = rest;
        let lows = parts.get(bits.div_ceil(8)..).unwrap_or(&[]);
        let lows = Lows::new(lows, low_bits(self.count));
        lows.join(place.index, &mut out[..done]);
        done
    }
}

impl Slice<'_> {
    /// Writes all numbers, as [`decode_all`](Self::decode_all), where the processor can: `None`
    /// where not, or of few numbers.
    pub(super) fn decode_all_sparse(&self, out: &mut [u16]) -> Option<usize> {
        let width = low_bits(self.count);
        if width == 0 || width > WIDE_FIELD {
            return None;
        }
        wide::run(DecodeAll { slice: self, width, out })
    }
}

/// The work of [`Slice::decode_all_sparse`].
struct DecodeAll<'a, 'b> {
    slice: &'a Slice<'b>,
    width: u32,
    out: &'a mut [u16],
}

impl wide::Work for DecodeAll<'_, '_> {
    type Out = usize;

    #[inline(always)]
    fn run(self, wide: Wide) -> usize {
        let Self { slice, width, out } = self;
        let (parts, bits) = (slice.parts(), high_bits(slice.count));
        let mut done = 0;
        for at in 0..bits.div_ceil(64) {
            // The last word ends with other things than high parts.
            let word = word_at(parts, 8 * at) & u64::MAX >> (64 * (at + 1)).saturating_sub(bits);
            let Some(room) = out.get_mut(done..).and_then(<[u16]>::first_chunk_mut) else { break };
            done += wide.ones(word, (64 * at) as u16, room);
        }
        let numbers = out.get_mut(..done.min(slice.count)).unwrap_or(&mut []);
        let lows = parts.get(bits.div_ceil(8)..).unwrap_or(&[]);
        let joined = wide.join(numbers, lows, width);
        Lows::new(lows, width).join(joined, &mut numbers[joined..]);
        numbers.len()
    }
}

/// The work of [`Slice::sparse_search`].
struct Search<'a, 'b> {
    slice: &'a Slice<'b>,
    y: usize,
}

impl Work for Search<'_, '_> {
    type Out = (usize, bool);

    #[inline(always)]
    fn run(self) -> (usize, bool) {
        self.slice.search(self.y)
    }
}

/// The work of [`Slice::sparse_contains`].
struct Contains<'a, 'b> {
    slice: &'a Slice<'b>,
    y: usize,
}

impl Work for Contains<'_, '_> {
    type Out = bool;

    #[inline(always)]
    fn run(self) -> bool {
        self.slice.has(self.y)
    }
}

/// The first bit of each field, for fields of 0 to 16 bits.
const FIRSTS: [u64; 17] = {
    let (mut firsts, mut width) = ([0; 17], 1);
    while width < firsts.len() {
        let mut at = 0;
        while at + width <= 64 {
            firsts[width] |= 1 << at;
            at += width;
        }
        width += 1;
    }
    firsts
};

/// The low parts of the numbers of a slice.
struct Lows<'a> {
    bytes: &'a [u8],
    width: u32,
    /// Where the low parts of four numbers are, and how far each goes to be one of four times 16
    /// bits.
    masks: [u64; 4],
    shifts: [u32; 4],
}

/// Low parts that are unpacked at once.
const UNPACKED: usize = 64;

/// The first lane of four, in all of them.
const LANES: u64 = 0x0001_0001_0001_0001;

impl<'a> Lows<'a> {
    #[inline(always)]
    fn new(bytes: &'a [u8], width: u32) -> Self {
        let lanes: [u32; 4] = [0, 1, 2, 3];
        let masks = lanes.map(|lane| below(width) << (lane * width % 64));
        Self { bytes, width, masks, shifts: lanes.map(|lane| lane * (16 - width)) }
    }

    /// Makes numbers of where their ones are in the high parts. The first is number `index`. Of
    /// damaged bits, any numbers.
    #[inline(always)]
    fn join(&self, mut index: usize, ones: &mut [u16]) {
        // Four low parts, and what comes before them in their byte, are a word. Without low parts,
        // places are more than 16 bits can tell.
        let is_word = self.width > 0 && 4 * self.width + 7 <= 64;
        let mut lows = [0; UNPACKED];
        let by_many = if is_word { ones.len() / UNPACKED * UNPACKED } else { 0 };
        let (chunks, ones) = ones.split_at_mut(by_many);
        for chunk in chunks.chunks_exact_mut(UNPACKED) {
            unpack_u32(self.bytes, index as u64 * u64::from(self.width), self.width, &mut lows);
            if let Some(chunk) = chunk.first_chunk_mut::<UNPACKED>() {
                for (at, (out, low)) in chunk.iter_mut().zip(&lows).enumerate() {
                    let before = (index as u16).wrapping_add(at as u16);
                    *out = out.wrapping_sub(before) << (self.width & 15) | *low as u16;
                }
            }
            index += UNPACKED;
        }
        let by_four = if is_word { ones.len() / 4 * 4 } else { 0 };
        let (fours, rest) = ones.split_at_mut(by_four);
        for four in fours.chunks_exact_mut(4) {
            let pair = |at: usize| u64::from(four[at]) | u64::from(four[at + 1]) << 16;
            // Before each one there are as many ones as its number says. Lanes of bits that are
            // not damaged never borrow from the next one.
            let before = LANES.wrapping_mul(index as u64).wrapping_add(0x0003_0002_0001_0000);
            let high = (pair(0) | pair(2) << 32).wrapping_sub(before) << self.width;
            let numbers = high | self.four(index);
            for (lane, out) in four.iter_mut().enumerate() {
                *out = (numbers >> (16 * lane)) as u16;
            }
            index += 4;
        }
        for out in rest {
            let bit = index * self.width as usize;
            let low = word_at(self.bytes, bit / 8) >> (bit % 8) & below(self.width);
            let high = usize::from(*out).wrapping_sub(index) << self.width;
            *out = (high | low as usize) as u16;
            index += 1;
        }
    }

    /// The low parts from number `index` on, one in each lane.
    #[inline(always)]
    fn four(&self, index: usize) -> u64 {
        let bit = index * self.width as usize;
        let word = word_at(self.bytes, bit / 8) >> (bit % 8);
        let lanes = self.masks.iter().zip(self.shifts);
        lanes.fold(0, |four, (mask, shift)| four | (word & mask) << shift)
    }
}
