//! SPARSE: the Elias-Fano code of a slice of `c` numbers.
//!
//! ```text
//! | c + 2^(16-l) bits: for each high part a one for each number, then a zero, to a whole byte |
//! | l low bits of each number, to a whole byte |             l = floor(log2(2^16 / c))
//! ```

use super::slice::{Place, Slice, UNIVERSE, byte_at, without_lowest, word_at, write_ones};
use crate::bits::word::{below, select_in_word};
use crate::simd::counting::{self, Work};
use crate::simd::unpack::unpack_u32;
use crate::simd::wide::{self, WIDE_FIELD, Wide};

/// Low bits of a number in a sparse slice of `count` numbers.
#[inline]
pub(super) const fn low_bits(count: usize) -> u32 {
    match UNIVERSE.checked_div(count) {
        Some(gap) if gap > 0 => gap.ilog2(),
        _ => 0,
    }
}

/// Bits of the high parts in a sparse slice of `count` numbers.
#[inline]
pub(super) const fn high_bits(count: usize) -> usize {
    count + (UNIVERSE >> low_bits(count))
}

impl Slice<'_> {
    /// Low bits of number `index`, `width` of them, which start at byte `from`.
    #[inline]
    fn low(&self, index: usize, width: u32, from: usize) -> usize {
        let bit = index * width as usize;
        ((word_at(self.bytes, from + bit / 8) >> (bit % 8)) & below(width)) as usize
    }

    /// The bit behind zero number `zeros - 1`, where the numbers of high part `zeros` begin. Counts
    /// from the nearer end.
    #[inline(always)]
    fn behind_zeros(&self, zeros: usize) -> usize {
        let bits = high_bits(self.count);
        let (words, behind) = (bits.div_ceil(64), (UNIVERSE >> low_bits(self.count)) - zeros);
        if zeros == 0 {
            return 0;
        }
        let empty_at = |word| !word_at(self.bytes, 8 * word);
        if zeros <= behind {
            let mut left = zeros;
            for word in 0..words {
                let (empty, here) = (empty_at(word), empty_at(word).count_ones() as usize);
                if here >= left {
                    return 64 * word + select_in_word(empty, left as u32 - 1) as usize + 1;
                }
                left -= here;
            }
            return 64 * words;
        }
        let (mut left, mut end) = (behind, u64::MAX >> ((64 - bits % 64) % 64));
        for word in (0..words).rev() {
            // The last word ends with other things than high parts.
            let empty = empty_at(word) & core::mem::replace(&mut end, u64::MAX);
            let here = empty.count_ones() as usize;
            if here > left {
                return 64 * word + select_in_word(empty, (here - left) as u32 - 1) as usize + 1;
            }
            left -= here;
        }
        0
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
        let from = high_bits(self.count).div_ceil(8);
        let (high, low) = (y >> width, y & below(width) as usize);
        let mut at = self.behind_zeros(high);
        let mut index = at.saturating_sub(high);
        // As many different low parts there are; a damaged slice may have more with this high part.
        let end = self.count.min(index + (1 << width));
        while index < end && byte_at(self.bytes, at / 8) >> (at % 8) & 1 != 0 {
            let other = self.low(index, width, from);
            if other >= low {
                return (index, other == low);
            }
            (at, index) = (at + 1, index + 1);
        }
        (index, false)
    }

    pub(super) fn sparse_seek(&self, k: usize) -> Place {
        let words = high_bits(self.count).div_ceil(64);
        let (mut at, mut before) = (0, 0);
        while at < words {
            let next = before + word_at(self.bytes, 8 * at).count_ones() as usize;
            if next > k {
                break;
            }
            (at, before) = (at + 1, next);
        }
        let word = word_at(self.bytes, 8 * at);
        Place { index: k, at, rest: without_lowest(word, k - before) }
    }

    #[inline(always)]
    pub(super) fn decode_sparse(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let bits = high_bits(self.count);
        let (words, from) = (bits.div_ceil(64), bits.div_ceil(8));
        let (mut rest, mut done) = (place.rest, 0);
        'all: while done < out.len() {
            while rest == 0 {
                place.at += 1;
                if place.at >= words {
                    break 'all;
                }
                rest = word_at(self.bytes, 8 * place.at);
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
        let lows = Lows::new(self.bytes.get(from..).unwrap_or(&[]), low_bits(self.count));
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
        let Self { slice: Slice { bytes, count, .. }, width, out } = self;
        let bits = high_bits(*count);
        let mut done = 0;
        for at in 0..bits.div_ceil(64) {
            // The last word ends with other things than high parts.
            let word = word_at(bytes, 8 * at) & u64::MAX >> (64 * (at + 1)).saturating_sub(bits);
            let Some(room) = out.get_mut(done..).and_then(<[u16]>::first_chunk_mut) else { break };
            done += wide.ones(word, (64 * at) as u16, room);
        }
        let numbers = out.get_mut(..done.min(*count)).unwrap_or(&mut []);
        let lows = bytes.get(bits.div_ceil(8)..).unwrap_or(&[]);
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
