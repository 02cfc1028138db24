//! Writing the Elias-Fano code of a slice of many numbers from its bits, word by word: no number is
//! looked at by itself.

use super::slice::Bits;
use crate::simd::wide::{self, Wide};

/// Low bits of the numbers of such slices: with fewer, bitmaps are smaller; with more, a word has
/// so few numbers that they are coded as fast one by one.
const WIDTHS: core::ops::RangeInclusive<u32> = 2..=3;

/// Writes the code of `bits`, with `width` low bits a number, where the processor can: whether it
/// could. The high parts are written first, then the low ones.
pub(super) fn sparse_of_bits(
    bits: &Bits,
    width: u32,
    (highs, lows): (&mut [u8], &mut [u8]),
) -> bool {
    WIDTHS.contains(&width) && wide::run(Code { bits, width, highs, lows }).is_some()
}

/// The work of [`sparse_of_bits`].
struct Code<'a> {
    bits: &'a Bits,
    width: u32,
    highs: &'a mut [u8],
    lows: &'a mut [u8],
}

impl wide::Work for Code<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self, wide: Wide) {
        match self.width {
            2 => self.write::<2>(wide),
            _ => self.write::<3>(wide),
        }
    }
}

/// The most bits that are appended at once.
const AT_ONCE: u32 = 56;
/// Bits of a word that are made fields of at most [`AT_ONCE`] bits whatever they are.
const PART: u64 = 0xFFFF;

impl Code<'_> {
    #[inline(always)]
    fn write<const WIDTH: u32>(self, wide: Wide) {
        // In two loops: all that one of them needs is in registers.
        let mut highs = Appended { out: self.highs, at: 0, word: 0, used: 0 };
        for word in self.bits {
            let (low, len) = high_parts::<WIDTH>(wide, *word as u32);
            let (high, more) = high_parts::<WIDTH>(wide, (*word >> 32) as u32);
            if len + more <= AT_ONCE {
                highs.put((low | high << len, len + more));
            } else {
                highs.put((low, len));
                highs.put((high, more));
            }
        }
        highs.finish();
        let mut lows = Appended { out: self.lows, at: 0, word: 0, used: 0 };
        for word in self.bits {
            let len = WIDTH * word.count_ones();
            if len <= AT_ONCE {
                lows.put((low_parts::<WIDTH>(wide, *word), len));
                continue;
            }
            for part in [0, 16, 32, 48].map(|shift| *word & PART << shift) {
                lows.put((low_parts::<WIDTH>(wide, part), WIDTH * part.count_ones()));
            }
        }
        lows.finish();
    }
}

/// Of half a word: for each high part a one for each number, then a zero; and how many bits these
/// are.
#[inline(always)]
fn high_parts<const WIDTH: u32>(wide: Wide, half: u32) -> (u64, u32) {
    let (each, parts) = ((1 << WIDTH) + 1, 32 >> WIDTH);
    // A bit behind those of each high part: it stays, as a zero; of the others, those of numbers.
    let (mut ends, mut at) = (0_u64, 0);
    while at < parts {
        ends |= 1 << (each * at + each - 1);
        at += 1;
    }
    let numbers = !ends & ((1 << (each * parts)) - 1);
    let kept = wide.deposit(u64::from(half), numbers) | ends;
    (wide.extract(numbers, kept), half.count_ones() + parts)
}

/// The low bits of the numbers of a word, one behind the other: at most 64 of them.
#[inline(always)]
fn low_parts<const WIDTH: u32>(wide: Wide, word: u64) -> u64 {
    // Of each place in a word, bit 0, bit 1 and bit 2.
    const PLACES: [u64; 3] = [0xAAAA_AAAA_AAAA_AAAA, 0xCCCC_CCCC_CCCC_CCCC, 0xF0F0_F0F0_F0F0_F0F0];
    let firsts = if WIDTH == 2 { 0x5555_5555_5555_5555 } else { 0x9249_2492_4924_9249 };
    let mut lows = 0;
    for (bit, places) in PLACES.iter().enumerate().take(WIDTH as usize) {
        lows |= wide.deposit(wide.extract(*places, word), firsts << bit);
    }
    lows
}

/// Bits that are written one behind the other.
struct Appended<'a> {
    out: &'a mut [u8],
    /// The byte that is not full yet.
    at: usize,
    /// Its bits, and how many they are.
    word: u64,
    used: u32,
}

impl Appended<'_> {
    /// Appends at most [`AT_ONCE`] bits.
    #[inline(always)]
    fn put(&mut self, (bits, count): (u64, u32)) {
        self.word |= bits << self.used;
        match self.out.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => *place = self.word.to_le_bytes(),
            None => self.put_end(),
        }
        let used = self.used + count;
        self.at += (used / 8) as usize;
        self.word = self.word.wrapping_shr(used & !7);
        self.used = used & 7;
    }

    #[cold]
    fn put_end(&mut self) {
        let places = self.out.get_mut(self.at..).unwrap_or(&mut []).iter_mut();
        places.zip(self.word.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    }

    /// What is left, where eight bytes would reach over the end.
    fn finish(mut self) {
        self.put_end();
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::super::blocks::Used;
    use super::super::encode::View;
    use super::super::encode_sparse::sparse;
    use super::super::slice::UNIVERSE;
    use super::super::sparse::{high_bits, low_bits, mark_bytes};
    use super::*;
    use crate::testkit::data::Rng;
    use std::vec;

    /// Where the processor can: elsewhere there is nothing to test.
    #[test]
    fn code_of_words_is_that_of_numbers() {
        let mut rng = Rng::new(11);
        for round in 0..40 {
            // Even, and with words that are full.
            let gap = 3 + round % 14;
            let mut bits = [0_u64; 1_024];
            for y in (0..UNIVERSE).filter(|_| rng.below(gap) == 0) {
                bits[y / 64] |= 1 << (y % 64);
            }
            (0..rng.below(60)).for_each(|_| bits[rng.below(1_024)] = u64::MAX);
            let count = bits.iter().map(|word| word.count_ones() as usize).sum();
            let (width, high) = (low_bits(count), high_bits(count).div_ceil(8));
            let (marks, low) = (mark_bytes(count), (count * width as usize).div_ceil(8));
            let (mut expected, mut got) = (vec![0; marks + high + low], vec![0; high + low]);
            sparse(View::Bits(&bits, Used::ALL), count, &mut expected);
            if sparse_of_bits(&bits, width, got.split_at_mut(high)) {
                assert!(got == expected[marks..], "{count} numbers");
            }
        }
    }
}
