//! Bits of one 64-bit word, and of a line of eight: ones before a position, and the position of the
//! k-th one.

use crate::simd::deposit::{self, Deposit};

/// Every byte 1.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of every byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

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

/// Sixteen words; the eight from `8 - k` on keep the first `k` words of a line.
const WHOLE: [u64; 2 * LINE] = {
    let mut window = [0; 2 * LINE];
    let mut i = 0;
    while i < LINE {
        window[i] = u64::MAX;
        i += 1;
    }
    window
};

/// How many ones stand before bit `index` of a line whose words `word` tells; `index` counts modulo
/// 512.
///
/// Without a branch: all words are counted, under a mask. They are read where they stand: a copy
/// from which one is picked by number makes the processor wait until it is written, which took
/// twice the time in cache (measured: `rank` of the peers' benches).
#[inline(always)]
pub(crate) fn count_below(word: impl Fn(usize) -> u64, index: usize) -> u32 {
    let whole = index >> 6 & 7;
    let mut ones = (word(whole) & below(index as u32)).count_ones();
    for (i, mask) in WHOLE[LINE - whole..][..LINE - 1].iter().enumerate() {
        ones += (word(i) & mask).count_ones();
    }
    ones
}

/// Position of the `k`-th one (from 0) of a line whose words `word` tells.
///
/// If the line has no more than `k` ones, some number of at most 512. Without a branch: all words
/// but the last are counted before one is picked.
#[inline(always)]
pub(crate) fn select_in_line(word: impl Fn(usize) -> u64, k: u32) -> u32 {
    let (mut ones, mut at, mut before) = (0, 0, 0);
    for i in 0..LINE - 1 {
        let here = word(i).count_ones();
        ones += here;
        let passed = u32::from(ones <= k);
        at += passed;
        before += here & passed.wrapping_neg();
    }
    at * 64 + select_in_word(word(at as usize), k - before)
}

/// Position of the `k`-th one (from 0) of `word`, without special instructions and without a
/// branch or a table [Vigna, "Broadword implementation of rank/select queries", 2008].
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
    let byte = at_most(sums, k).count_ones() * 8;
    if byte == 64 {
        return 64;
    }
    let k = k - (sums << 8 >> byte & 0xFF);
    // The same in the byte, with its bits spread over the bytes of a word.
    let spread = (word >> byte & 0xFF).wrapping_mul(ONES) & 0x8040_2010_0804_0201;
    let sums = ((spread + (HIGHS - ONES)) >> 7 & ONES).wrapping_mul(ONES);
    byte + at_most(sums, k).count_ones()
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
            let mut ones = 0;
            for i in 0..512 {
                assert_eq!(count_below(|word| line[word], i), ones, "before bit {i} of {line:x?}");
                if line[i / 64] >> (i % 64) & 1 == 1 {
                    assert_eq!(
                        select_in_line(|word| line[word], ones),
                        i as u32,
                        "one {ones} of {line:x?}"
                    );
                    ones += 1;
                }
            }
            assert!((ones..2_048).all(|k| select_in_line(|word| line[word], k) <= 512));
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
