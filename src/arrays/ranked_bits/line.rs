//! A line of 496 bits and a count: where a bit stands in it, and what can be asked of it.

use crate::bits::word::{HALF, LINE, count_to_middle, select_by};
use crate::simd::deposit::Deposit;
use crate::storage::Le64;

/// Bits of a line.
pub(super) const BITS: usize = 496;
/// Bits of a line's last word; the count is above them.
const LAST_BITS: u32 = 48;
const _: () = assert!(BITS == (LINE - 1) * 64 + LAST_BITS as usize);
/// Bits before the middle.
pub(super) const HALF_BITS: u64 = HALF as u64 * 64;

/// A line as it is stored.
pub(super) type Line = [Le64; LINE];

/// The line of bit `index`, and which of its bits that is.
#[inline]
pub(super) const fn split(index: usize) -> (usize, usize) {
    // 2^64 / 31, rounded up by 15 / 31: exact below 2^60. A division by a constant the compiler
    // joins with one that follows, of the line by lines of a superblock, into a second product.
    const RECIPROCAL: u128 = (1 << 64) / 31 + 1;
    let line = if cfg!(target_pointer_width = "64") {
        (((index >> 4) as u128 * RECIPROCAL) >> 64) as usize
    } else {
        index / BITS
    };
    // The mask changes nothing: it says so to those who look things up by the bit.
    (line, (index - line * BITS) & (LINE * 64 - 1))
}

/// The word of bit `index` of a vector in lines, and which of its bits that is.
#[inline]
pub(in crate::arrays) const fn place(index: usize) -> (usize, u32) {
    let (line, bit) = split(index);
    (line * LINE + (bit >> 6), bit as u32 & 63)
}

/// The position of the first bit of word `at` of a vector in lines.
#[inline]
pub(in crate::arrays) const fn start(at: usize) -> usize {
    at / LINE * BITS + at % LINE * 64
}

/// What is bits, and not a count, in word `at` of a vector in lines.
#[inline]
pub(in crate::arrays) const fn bits_of(at: usize) -> u64 {
    if at % LINE == LINE - 1 { u64::MAX >> (64 - LAST_BITS) } else { u64::MAX }
}

/// The words of a vector in lines without their counts, each with the position of its first bit.
pub(super) fn each_word(words: &[Le64]) -> impl Iterator<Item = (u64, u64)> {
    let words = words.iter().enumerate();
    words.map(|(at, word)| (start(at) as u64, word.get() & bits_of(at)))
}

/// Ones from the start of the superblock to the middle of the line, bit 256, as it says.
#[inline]
pub(super) fn to_middle(line: &Line) -> u64 {
    line[LINE - 1].get() >> LAST_BITS
}

/// Writes what [`to_middle`] reads.
pub(super) fn set_to_middle(line: &mut [Le64], ones: u64) {
    debug_assert!(ones >> (64 - LAST_BITS) == 0);
    line[LINE - 1] = Le64::new(line[LINE - 1].get() & bits_of(LINE - 1) | ones << LAST_BITS);
}

/// Word `i < 8` of a line without its count; of the zeros if not `BIT`.
#[inline(always)]
fn word<const BIT: bool>(line: &Line, i: usize) -> u64 {
    let word = line[i].get();
    (if BIT { word } else { !word }) & bits_of(i)
}

/// Ones in each half of a line.
pub(super) fn halves(line: &Line) -> [u64; 2] {
    let ones = |from: usize| -> u32 {
        (from..from + HALF).map(|i| word::<true>(line, i).count_ones()).sum()
    };
    [u64::from(ones(0)), u64::from(ones(HALF))]
}

/// Ones from the start of the superblock to bit `bit < 496` of the line: the count to the middle,
/// and those between there and the bit added, or taken away. Which is not a branch.
#[inline]
pub(super) fn rank(line: &Line, bit: usize) -> u64 {
    let right = bit >> 8 & 1;
    let half = &line[right * HALF..][..HALF];
    let between = u64::from(count_to_middle(core::array::from_fn(|i| half[i].get()), bit, None));
    // All ones where they are taken away.
    let sign = (right as u64).wrapping_sub(1);
    to_middle(line).wrapping_add((between ^ sign).wrapping_sub(sign))
}

/// Where a bit is that was sought in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In it, at this bit.
    Here(usize),
    /// That many ones, or zeros, before its first.
    Before(u64),
    /// That many behind its last, from 0.
    Behind(u64),
}

/// Where the `k`-th one is, or zero if not `BIT`, of a line before whose middle there are `middle`.
///
/// Every word is counted once. The line is told from others by one branch that is rarely taken.
#[inline(always)]
pub(super) fn find<const BIT: bool>(
    line: &Line,
    middle: u64,
    k: u64,
    by: Option<Deposit>,
) -> Found {
    let ones: [u32; LINE] = core::array::from_fn(|i| word::<BIT>(line, i).count_ones());
    let left = ones[0] + ones[1] + ones[2] + ones[3];
    let all = left + ones[4] + ones[5] + ones[6] + ones[7];
    let rest = k.wrapping_add(u64::from(left)).wrapping_sub(middle);
    if rest >= u64::from(all) {
        let behind = rest as i64 >= 0;
        return if behind {
            Found::Behind(rest - u64::from(all))
        } else {
            Found::Before(rest.wrapping_neg())
        };
    }
    let rest = rest as u32;
    let (mut sum, mut at, mut before) = (0, 0, 0);
    for ones in &ones[..LINE - 1] {
        sum += ones;
        let passed = u32::from(sum <= rest);
        at += passed;
        before += ones & passed.wrapping_neg();
    }
    let at = at as usize;
    Found::Here(at * 64 + select_by(by, word::<BIT>(line, at), rest - before) as usize)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;

    #[test]
    fn every_bit_has_a_place() {
        for index in [usize::MAX, usize::MAX - 1, usize::MAX / 2, usize::MAX / BITS * BITS] {
            for index in index - 1_000..index {
                assert_eq!(split(index), (index / BITS, index % BITS));
            }
        }
        for index in 0..10_000 {
            let (word, bit) = place(index);
            assert_eq!(start(word) + bit as usize, index);
            assert!(bits_of(word) >> bit & 1 == 1);
        }
        assert_eq!((place(495), place(496)), ((7, 47), (8, 0)));
    }

    #[test]
    fn ranks_and_selects_of_all_bits_of_a_line() {
        let mut rng = Rng::new(8);
        for case in 0..60 {
            let mut line: Line = core::array::from_fn(|_| match case % 4 {
                0 => Le64::new(rng.number() & rng.number()),
                1 => Le64::new(u64::MAX),
                2 => Le64::new(0),
                _ => Le64::new(rng.number() | rng.number()),
            });
            let words = line.map(Le64::get);
            let before = rng.below(1_000) as u64;
            let ones = halves(&line);
            let zeros = [256 - ones[0], 240 - ones[1]];
            set_to_middle(&mut line, before + ones[0]);
            assert_eq!((halves(&line), to_middle(&line)), (ones, before + ones[0]));
            let (mut seen, mut unseen) = (0, 0);
            for bit in 0..BITS {
                assert_eq!(rank(&line, bit), before + seen, "bit {bit} of case {case}");
                if words[bit / 64] >> (bit % 64) & 1 == 1 {
                    let middle = before + ones[0];
                    assert_eq!(find::<true>(&line, middle, before + seen, None), Found::Here(bit));
                    seen += 1;
                } else {
                    let middle = before + zeros[0];
                    assert_eq!(
                        find::<false>(&line, middle, before + unseen, None),
                        Found::Here(bit)
                    );
                    unseen += 1;
                }
            }
            let (middle, all) = (before + ones[0], ones[0] + ones[1]);
            assert_eq!(find::<true>(&line, middle, before + all + 7, None), Found::Behind(7));
            assert_eq!(find::<true>(&line, middle + 9, before, None), Found::Before(9));
        }
    }
}
