//! Bits of one 64-bit word, and of a line of eight: ones before a position, and the position of the
//! k-th one.

use crate::simd::counts::count_under;
use crate::simd::deposit::{self, Deposit};

/// Every byte 1.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of every byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether a word's ones are counted by an instruction or two, and not by a dozen.
#[inline(always)]
pub(crate) const fn counts(by: Option<Deposit>) -> bool {
    by.is_some()
        || cfg!(any(
            all(target_arch = "x86_64", target_feature = "popcnt"),
            target_arch = "aarch64"
        ))
}

/// Words of bits that a core keeps near it: 1 MiB, a guess, for which `elias_fano` and `select` of
/// the peers' benches are the test. Few in tests, so that they meet both.
const CACHED: usize = if cfg!(any(test, fuzzing)) { 64 } else { 1 << 17 };

/// Whether a core keeps so many words near it, so that there is no waiting for them.
#[inline(always)]
pub(crate) const fn is_cached(words: usize) -> bool {
    words < CACHED
}

/// The bits below `index`, which counts modulo 64: none at 0.
#[inline]
pub(crate) const fn below(index: u32) -> u64 {
    !(u64::MAX << (index & 63))
}

/// Position of the `k`-th one (from 0) of `word`.
///
/// If `word` has no more than `k` ones, some number of at most 64.
///
/// `pdep` where the build targets it and it is fast, else [`select_broadword`].
#[inline]
pub(crate) fn select_in_word(word: u64, k: u32) -> u32 {
    if deposit::FAST {
        deposit::deposit(1 << (k & 63), word).trailing_zeros()
    } else {
        select_broadword(word, k)
    }
}

/// As [`select_in_word`], in work that may be compiled for a processor with `pdep`; 64 if `word`
/// has no more than `k` ones.
#[inline(always)]
pub(crate) fn select_by(by: Option<Deposit>, word: u64, k: u32) -> u32 {
    match by {
        Some(by) => by.deposit(1 << (k & 63), word).trailing_zeros(),
        None => select_in_word(word, k),
    }
}

/// Words of a line: 512 bits, a cache line if it is aligned.
pub(crate) const LINE: usize = 8;

/// Words of half a line.
pub(crate) const HALF: usize = LINE / 2;

/// For each bit of a line, those between it and the middle, in the half that it is in: 16 KiB. To
/// read four masks takes fewer steps than to make them; `rank` of the peers' benches is the test.
static BETWEEN: [[u64; HALF]; LINE * 64] = {
    let mut masks = [[0; HALF]; LINE * 64];
    let mut bit = 0;
    while bit < masks.len() {
        let (right, in_half) = (bit >= HALF * 64, bit % (HALF * 64));
        let mut word = 0;
        while word < HALF {
            let before = if in_half / 64 > word {
                u64::MAX
            } else if in_half / 64 == word {
                below(bit as u32)
            } else {
                0
            };
            masks[bit][word] = if right { before } else { !before };
            word += 1;
        }
        bit += 1;
    }
    masks
};

/// How many ones stand between bit `index` of a line and its middle, that bit with those behind it;
/// `index` counts modulo 512, and `half` are the words of the half that it is in.
///
/// Without a branch: all four words are counted, under masks.
#[inline(always)]
pub(crate) fn count_to_middle(half: [u64; HALF], index: usize, by: Option<Deposit>) -> u32 {
    count_under(half, &BETWEEN[index & (BETWEEN.len() - 1)], counts(by))
}

/// How many ones stand between bit `index` of a line and the end of the line that is nearer to it,
/// that bit with those behind it; as [`count_to_middle`].
#[inline(always)]
pub(crate) fn count_to_end(half: [u64; HALF], index: usize, by: Option<Deposit>) -> u32 {
    // To the middle from the same place in the other half.
    count_to_middle(half, index ^ (HALF * 64), by)
}

/// Position of the `k`-th one (from 0) of a line whose words `word` tells.
///
/// If the line has no more than `k` ones, some number of at most 512. Without a branch: the first
/// half is counted, and three words of the half that the one is in.
#[inline(always)]
pub(crate) fn select_in_line(word: impl Fn(usize) -> u64, k: u32, by: Option<Deposit>) -> u32 {
    let first = [word(0), word(1), word(2), word(3)];
    let left = count_under(first, &[u64::MAX; HALF], counts(by));
    let right = u32::from(left <= k);
    let half = right as usize * HALF;
    let (mut ones, mut at, mut before) = (0, 0, 0);
    let k = k - (left & right.wrapping_neg());
    for i in 0..HALF - 1 {
        let here = word(half + i).count_ones();
        ones += here;
        let passed = u32::from(ones <= k);
        at += passed;
        before += here & passed.wrapping_neg();
    }
    let at = half + at as usize;
    at as u32 * 64 + select_by(by, word(at), k - before)
}

/// For each byte and each `k < 8`, the position of its `k`-th one, at `byte + 256 * k`; 8 if there
/// is none.
static IN_BYTE: [u8; 256 * 8] = {
    let mut places = [8; 256 * 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut k, mut bit) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                places[byte + 256 * k] = bit as u8;
                k += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    places
};

/// Position of the `k`-th one (from 0) of `word`, without special instructions and without a
/// branch: the byte by counts in all bytes at once [Vigna, "Broadword implementation of rank/select
/// queries", 2008], the bit by a table of 2 KiB.
///
/// If `word` has no more than `k` ones, some number of at most 64.
#[inline]
pub(crate) const fn select_broadword(word: u64, k: u32) -> u32 {
    // In each byte: how many ones it and those below it have.
    let sums = word - (word >> 1 & 0x5555_5555_5555_5555);
    let sums = (sums & 0x3333_3333_3333_3333) + (sums >> 2 & 0x3333_3333_3333_3333);
    let sums = ((sums + (sums >> 4)) & 0x0F0F_0F0F_0F0F_0F0F).wrapping_mul(ONES);
    let k = (k & 63) as u64;
    // The bytes with sums of at most k stand before the one that is sought.
    let byte = (at_most(sums, k) >> 7).wrapping_mul(ONES) >> 56;
    if byte == 8 {
        return 64;
    }
    let first = byte as u32 * 8;
    let k = k - (sums << 8 >> first & 0xFF);
    first + IN_BYTE[((word >> first & 0xFF) | (k & 7) << 8) as usize] as u32
}

/// A one in the high bit of each byte of `sums` that is at most `k`; all below 128.
#[inline]
const fn at_most(sums: u64, k: u64) -> u64 {
    ((k.wrapping_mul(ONES) | HIGHS) - sums) & HIGHS
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Bit by bit.
    fn slow_select(word: u64, k: u32) -> Option<u32> {
        (0..64).filter(|i| word >> i & 1 == 1).nth(k as usize)
    }

    /// Words of many densities.
    fn words() -> impl Iterator<Item = u64> {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = move || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        let random = (0..2_000).map(move |i| match i % 5 {
            0 => next(),
            1 => next() & next() & next(),
            2 => next() | next() | next(),
            3 => u64::MAX << (next() & 63),
            _ => next() & next() & next() & next() & next(),
        });
        let edges = [0, 1, u64::MAX, 1 << 63, 0x8000_0000_0000_0001, ONES, HIGHS];
        edges.into_iter().chain((0..64).map(|i| 1 << i)).chain(random)
    }

    #[test]
    fn select_finds_every_one_of_every_word() {
        for word in words() {
            for k in 0..64 {
                let (fast, plain) = (select_in_word(word, k), select_broadword(word, k));
                match slow_select(word, k) {
                    Some(at) => assert_eq!((fast, plain), (at, at), "one {k} of {word:#x}"),
                    None => assert!(fast <= 64 && plain <= 64, "one {k} of {word:#x}"),
                }
                let deposited = deposit::deposit(1 << k, word).trailing_zeros();
                assert_eq!(slow_select(word, k).unwrap_or(64), deposited);
            }
        }
    }

    #[test]
    fn lines_count_and_select_as_words_do() {
        let all: Vec<u64> = words().collect();
        for line in all.windows(LINE).step_by(7) {
            let line: &[u64; LINE] = line.try_into().unwrap();
            let half_ones = |half: usize| -> u32 {
                line[half * HALF..][..HALF].iter().map(|word| word.count_ones()).sum()
            };
            let mut ones = 0;
            for i in 0..512 {
                let half = i / 256;
                let words = *line[half * HALF..].first_chunk().unwrap();
                let to_middle = count_to_middle(words, i, None);
                let to_end = count_to_end(words, i, None);
                assert_eq!(to_middle + to_end, half_ones(half));
                let before = if half == 0 { to_end } else { half_ones(0) + to_middle };
                assert_eq!(before, ones, "before bit {i} of {line:x?}");
                if line[i / 64] >> (i % 64) & 1 == 1 {
                    assert_eq!(
                        select_in_line(|word| line[word], ones, None),
                        i as u32,
                        "one {ones} of {line:x?}"
                    );
                    ones += 1;
                }
            }
            assert!((ones..2_048).all(|k| select_in_line(|word| line[word], k, None) <= 512));
        }
    }

    #[test]
    fn below_is_the_bits_before() {
        for i in 0..64 {
            assert_eq!(below(i), (1 << i) - 1);
        }
        assert_eq!(below(64), 0);
    }
}
