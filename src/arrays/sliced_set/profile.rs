//! [`Profile`]: what the numbers of a slice take in each coding, and so which is best.

use super::Prefer;
use super::blocks::{BLOCK_WORDS, Used, block_of};
use super::encode::{Numbers, View};
use super::lists::{FULL, RECORDS};
use super::runs;
use super::slice::{Bits, COUNTS, Coding, WORDS};
use super::sparse::{high_bits, low_bits, mark_bytes};
use crate::simd::counting::{self, Work};
use crate::simd::wide::{self, Wide};

/// What decides about the coding of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) count: usize,
    pub(super) runs: usize,
    /// Bytes in lists.
    pub(super) lists: usize,
}

impl Profile {
    /// Looks at all numbers.
    pub(super) fn of(numbers: Numbers<'_>) -> Self {
        let view = match numbers {
            Numbers::List(list) => View::List(list),
            Numbers::Bits(bits) => View::Bits(bits, Used::ALL),
            Numbers::Blocks(blocks) => View::of(blocks),
            Numbers::Runs(bounds) => return runs::profile(bounds),
        };
        let at_once = match view {
            View::Bits(bits, Used::ALL) => wide::run(MeasureAll(bits)),
            _ => None,
        };
        at_once.unwrap_or_else(|| counting::run(Measure(view)))
    }

    #[inline(always)]
    fn of_bits(bits: &Bits, used: Used) -> Self {
        let (mut count, mut runs, mut lists) = (0, 0, RECORDS);
        // The highest bit of the block before, if that is used.
        let (mut carry, mut next) = (0, 0);
        for index in used.iter() {
            let mut here = 0;
            carry = if index == next { carry } else { 0 };
            for word in block_of(bits, index) {
                here += word.count_ones() as usize;
                runs += (word & !(word << 1 | carry)).count_ones() as usize;
                carry = word >> 63;
            }
            count += here;
            lists += here.min(FULL) + usize::from(here > 0);
            next = index + 1;
        }
        Self { count, runs, lists }
    }

    /// As [`of_bits`](Self::of_bits), of all blocks: loops that compilers make vectors of, where
    /// those can count ones.
    #[inline(always)]
    fn of_all(bits: &Bits) -> Self {
        let starts = |word: u64, before: u64| (word & !(word << 1 | before >> 63)).count_ones();
        let runs = bits[1..].iter().zip(bits).map(|(word, before)| starts(*word, *before));
        let runs = runs.sum::<u32>() + starts(bits[0], 0);
        let count = bits.iter().map(|word| word.count_ones()).sum::<u32>();
        let mut lists = RECORDS as u32;
        for block in bits.chunks_exact(BLOCK_WORDS) {
            let here: u32 = block.iter().map(|word| word.count_ones()).sum();
            lists += here.min(FULL as u32) + u32::from(here > 0);
        }
        Self { count: count as usize, runs: runs as usize, lists: lists as usize }
    }

    /// Without a branch for each number: compilers make vectors of the three loops.
    #[inline(always)]
    fn of_list(list: &[u16]) -> Self {
        let count = list.len();
        let first = usize::from(count > 0);
        let pairs = || list.iter().zip(list.get(1..).unwrap_or(&[]));
        let starts = pairs().map(|(y, next)| u16::from(y.wrapping_add(1) != *next));
        let blocks = pairs().map(|(y, next)| u16::from(y >> 8 != next >> 8));
        // A number that has 32 before it in its block takes no byte: the block is full.
        let late = list.iter().zip(list.get(FULL..).unwrap_or(&[]));
        let late = late.map(|(y, later)| u16::from(y >> 8 == later >> 8));
        // Numbers of a slice but one: they fit into 16 bits.
        let [starts, blocks, late] =
            [starts.sum::<u16>(), blocks.sum(), late.sum()].map(usize::from);
        let lists = RECORDS + count - late + first + blocks;
        Self { count, runs: first + starts, lists }
    }

    /// Bytes in this coding.
    pub(super) const fn bytes(&self, coding: Coding) -> usize {
        match coding {
            Coding::Short => 2 * self.count,
            Coding::Runs => 4 * self.runs,
            Coding::Lists => self.lists,
            Coding::Bitmap => COUNTS + 8 * WORDS,
            Coding::Sparse => {
                let low = self.count * low_bits(self.count) as usize;
                mark_bytes(self.count) + high_bits(self.count).div_ceil(8) + low.div_ceil(8)
            }
        }
    }

    /// The coding of fewest bytes among the fast ones; of equal ones the faster.
    fn best_quick(&self) -> Coding {
        let by_time = [Coding::Bitmap, Coding::Lists, Coding::Short, Coding::Runs];
        let best = by_time.into_iter().min_by_key(|coding| self.bytes(*coding));
        best.unwrap_or(Coding::Bitmap)
    }

    /// The coding of fewest bytes among those that `prefer` admits; of equal ones the faster.
    pub(super) fn best(&self, prefer: Prefer) -> Coding {
        let quick = self.best_quick();
        // The sparse code is searched word by word: not for a few bytes.
        let is_smaller = 8 * self.bytes(Coding::Sparse) < 7 * self.bytes(quick);
        if prefer == Prefer::Bytes && is_smaller { Coding::Sparse } else { quick }
    }

    /// The fewest bytes of a slice of so many numbers and runs, if it may be coded as `prefer`
    /// admits.
    pub(super) fn least_bytes(count: usize, runs: usize, prefer: Prefer) -> usize {
        // Each used block has a byte, and an eighth of one at least for each of its numbers.
        let lists = RECORDS + count.div_ceil(8) + count.div_ceil(64 * BLOCK_WORDS);
        let profile = Self { count, runs, lists };
        let quick = profile.bytes(profile.best_quick());
        match prefer {
            Prefer::Bytes => quick.min(profile.bytes(Coding::Sparse)),
            Prefer::Time => quick,
        }
    }

    /// The coding for a slice that is filled on: runs if there are few of them.
    pub(super) fn best_growing(&self) -> Coding {
        let best = self.best_changeable();
        if 2 * self.bytes(Coding::Runs) < self.bytes(best) { Coding::Runs } else { best }
    }

    /// The coding of fewest bytes among those that can be changed anywhere.
    pub(super) fn best_changeable(&self) -> Coding {
        let codings = [Coding::Bitmap, Coding::Lists, Coding::Short];
        codings.into_iter().min_by_key(|coding| self.bytes(*coding)).unwrap_or(Coding::Bitmap)
    }
}

/// The work of [`Profile::of`].
struct Measure<'a>(View<'a>);

impl Work for Measure<'_> {
    type Out = Profile;

    #[inline(always)]
    fn run(self) -> Profile {
        match self.0 {
            View::List(list) => Profile::of_list(list),
            View::Bits(bits, used) => Profile::of_bits(bits, used),
        }
    }
}

/// The work of [`Profile::of`] for bits of which none are known to be zeros.
struct MeasureAll<'a>(&'a Bits);

impl wide::Work for MeasureAll<'_> {
    type Out = Profile;

    #[inline(always)]
    fn run(self, _: Wide) -> Profile {
        Profile::of_all(self.0)
    }
}
