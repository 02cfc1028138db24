//! SPARSE: the Elias-Fano code of a slice of `c` numbers.
//!
//! ```text
//! | c + 2^(16-l) bits: for each high part a one for each number, then a zero, to a whole byte |
//! | l low bits of each number, to a whole byte |             l = floor(log2(2^16 / c))
//! ```

use super::slice::{Place, Slice, UNIVERSE, byte_at, without_lowest, word_at};
use crate::bits::word::{below, select_in_word};

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

    /// The bit behind zero number `zeros - 1`, where the numbers of high part `zeros` begin.
    #[inline]
    fn behind_zeros(&self, zeros: usize) -> usize {
        let words = high_bits(self.count).div_ceil(64);
        let (mut word, mut left) = (0, zeros);
        if zeros == 0 {
            return 0;
        }
        while word < words {
            let empty = !word_at(self.bytes, 8 * word);
            let here = empty.count_ones() as usize;
            if here >= left {
                return 64 * word + select_in_word(empty, left as u32 - 1) as usize + 1;
            }
            (word, left) = (word + 1, left - here);
        }
        64 * words
    }

    /// How many numbers are smaller than `y`, and whether `y` is the next one.
    #[inline]
    pub(super) fn sparse_search(&self, y: usize) -> (usize, bool) {
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

    #[inline]
    pub(super) fn decode_sparse(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let width = low_bits(self.count);
        let bits = high_bits(self.count);
        let (words, from) = (bits.div_ceil(64), bits.div_ceil(8));
        let lows = self.bytes.get(from..).unwrap_or(&[]);
        let (mut index, mut bit) = (place.index, place.index * width as usize);
        let (mut rest, mut done) = (place.rest, 0);
        while done < out.len() {
            while rest == 0 {
                place.at += 1;
                if place.at >= words {
                    place.rest = 0;
                    return done;
                }
                rest = word_at(self.bytes, 8 * place.at);
            }
            let take = (rest.count_ones() as usize).min(out.len() - done);
            for out in &mut out[done..done + take] {
                // Of damaged bits, any number.
                let high = (64 * place.at + rest.trailing_zeros() as usize).wrapping_sub(index);
                let low = (word_at(lows, bit / 8) >> (bit % 8)) & below(width);
                *out = (high << width | low as usize) as u16;
                rest &= rest.wrapping_sub(1);
                (index, bit) = (index + 1, bit + width as usize);
            }
            done += take;
        }
        place.rest = rest;
        done
    }
}
