//! From a sample to a one near it: behind the sample, or before it.
//!
//! Bits that a core does not keep near it have to be waited for, and what counts there is how many
//! questions it has under way at once: those of few steps, and those whose end it expects too
//! soon, as it then goes on to the next one. So a processor that counts ones by an instruction goes
//! on from the sample before, by as few steps as there can be. Nearer bits, and ones that are
//! counted by a dozen instructions, want the nearest sample, for fewer words. The test is
//! `elias_fano` of the peers' benches.

use super::flip;
use crate::bits::word::{LINE, below, counts, is_cached, select_by};
use crate::simd::deposit::Deposit;
use crate::storage::Le64;

/// Words that are counted at once.
const WINDOW: usize = 4;
/// Words that may lie between a sample and a one that is sought from it: as many as a narrow record
/// reaches over.
const SCAN: usize = super::REACH as usize / 64 + 2;

/// Where the one is that stands `left` ones behind position `from`, 0 for the first at it or behind
/// it. `None` if it is not among the eight words from that of `from` on, or there are not as many.
#[inline(always)]
pub(super) fn forward<const ZERO: bool>(
    bits: &[Le64],
    from: u64,
    mut left: u32,
    by: Option<Deposit>,
) -> Option<u64> {
    let first = usize::try_from(from >> 6).ok()?;
    // Eight that are there for certain: no question whether there is a next one.
    let words: &[Le64; LINE] = bits.get(first..first.checked_add(LINE)?)?.first_chunk()?;
    let mut mask = !below(from as u32);
    for (at, word) in words.iter().enumerate() {
        let word = flip::<ZERO>(*word) & mask;
        let ones = word.count_ones();
        if left < ones {
            return Some((first + at) as u64 * 64 + u64::from(select_by(by, word, left)));
        }
        left -= ones;
        mask = u64::MAX;
    }
    None
}

/// Where the one is that stands `ahead` ones behind position `from`, 0 for the first at it or
/// behind it, and -1 for the last before it. `None` if it is farther than [`SCAN`] words.
#[inline(always)]
pub(super) fn find<const ZERO: bool>(
    bits: &[Le64],
    from: u64,
    ahead: i32,
    by: Option<Deposit>,
) -> Option<u64> {
    if counts(by) && is_cached(bits.len()) {
        let found = in_window::<ZERO>(bits, from, ahead, by);
        if found.is_some() {
            return found;
        }
    }
    walk::<ZERO>(bits, from, ahead, by)
}

/// [`find`] among the four words from that of `from` on, or up to it. Without a branch that depends
/// on the bits: where a word's ones are counted by an instruction, counting four should take less
/// than to guess wrong in which word the one is.
#[inline(always)]
fn in_window<const ZERO: bool>(
    bits: &[Le64],
    from: u64,
    ahead: i32,
    by: Option<Deposit>,
) -> Option<u64> {
    // All ones if the one is before `from`.
    let back = ahead >> 31;
    let of_from = back as usize & (WINDOW - 1);
    let first = usize::try_from(from >> 6).ok()?.wrapping_sub(of_from);
    let words: &[Le64; WINDOW] = bits.get(first..first.wrapping_add(WINDOW))?.first_chunk()?;
    let ones = words.map(|word| flip::<ZERO>(word).count_ones());
    let before = (flip::<ZERO>(words[of_from]) & below(from as u32)).count_ones();
    let one = ones[0];
    let two = one + ones[1];
    let three = two + ones[2];
    let k = before.wrapping_add(three & back as u32).wrapping_add(ahead as u32);
    if k >= three + ones[3] {
        return None;
    }
    let passed = [one, two, three].map(|ones| u32::from(ones <= k));
    let word = (passed[0] + passed[1] + passed[2]) as usize;
    let before: u32 = (0..WINDOW - 1).map(|i| ones[i] & passed[i].wrapping_neg()).sum();
    let bit = select_by(by, flip::<ZERO>(words[word]), k - before);
    Some((first + word) as u64 * 64 + u64::from(bit))
}

/// [`find`] word by word.
#[inline(always)]
fn walk<const ZERO: bool>(
    bits: &[Le64],
    from: u64,
    ahead: i32,
    by: Option<Deposit>,
) -> Option<u64> {
    let back = ahead < 0;
    let (step, others) = if back { (usize::MAX, 0) } else { (1, u64::MAX) };
    let mut at = usize::try_from(from >> 6).ok()?;
    let mut word = flip::<ZERO>(*bits.get(at)?) & (below(from as u32) ^ others);
    // Ones to be passed on the way.
    let mut left = (ahead ^ (ahead >> 31)) as u32;
    for _ in 0..SCAN {
        let ones = word.count_ones();
        if left < ones {
            let k = if back { ones - 1 - left } else { left };
            return Some(at as u64 * 64 + u64::from(select_by(by, word, k)));
        }
        left -= ones;
        at = at.wrapping_add(step);
        word = flip::<ZERO>(*bits.get(at)?);
    }
    None
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use std::vec::Vec;

    /// Two ones, farther apart than is sought.
    fn words_apart() -> Vec<Le64> {
        let mut words = std::vec![Le64::new(0); SCAN + 2];
        words[0] = Le64::new(1);
        words[SCAN + 1] = Le64::new(1);
        words
    }

    #[test]
    fn ones_are_found_on_both_sides_of_every_position() {
        let mut rng = Rng::new(11);
        for case in 0..5 {
            let words: Vec<Le64> = (0..30)
                .map(|_| (0..case).fold(rng.number(), |word, _| word & rng.number()))
                .map(Le64::new)
                .collect();
            let bit = |at: u64| words[(at >> 6) as usize].get() >> (at & 63) & 1 == 1;
            let ones: Vec<u64> = (0..30 * 64).filter(|at| bit(*at)).collect();
            for from in (0..30 * 64).step_by(7) {
                let first = ones.partition_point(|at| *at < from) as i32;
                for ahead in [-300, -129, -64, -33, -2, -1, 0, 1, 31, 63, 127, 300] {
                    let there = usize::try_from(first + ahead).ok().and_then(|i| ones.get(i));
                    let walked = walk::<false>(&words, from, ahead, None);
                    assert_eq!(walked.as_ref(), there, "{ahead} from {from}, case {case}");
                    if let Ok(left) = u32::try_from(ahead) {
                        // No farther than eight words, all of which are there.
                        let end = from / 64 + LINE as u64;
                        let there = walked.filter(|bit| end <= 30 && bit / 64 < end);
                        assert_eq!(forward::<false>(&words, from, left, None), there);
                    }
                    let seen = in_window::<false>(&words, from, ahead, None);
                    assert!(seen.is_none() || seen == walked);
                    assert_eq!(find::<false>(&words, from, ahead, None), walked);
                }
                // Near ones are in the window, but at the ends of the bits.
                let inner = (256..29 * 64 - 256).contains(&from);
                let near = in_window::<false>(&words, from, 20, None)
                    .zip(in_window::<false>(&words, from, -20, None));
                assert!(case > 0 || !inner || near.is_some());
            }
        }
        assert_eq!(forward::<false>(&words_apart(), 0, 1, None), None);
        assert_eq!(find::<false>(&[], 0, 0, None), None);
        assert_eq!(find::<false>(&[Le64::new(1)], u64::MAX, -1, None), None);
    }
}
