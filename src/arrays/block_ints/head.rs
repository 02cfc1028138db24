//! The header of a block, and what a block says of its numbers.
//!
//! Every number here may come from a damaged file. Arithmetic is modulo 2^64, reads behind the end
//! give zeros, and a header's fields are cut to what they can mean.

use crate::simd::Line;
use crate::simd::scalar::unpack as scalar;
use crate::simd::unpack;
use crate::storage::{Le64, as_bytes};

/// Numbers in a block; 128 fields of any width are whole words.
pub(super) const BLOCK: usize = 128;
/// Blocks that share a base and a place: a *group*.
pub(super) const GROUP: usize = 32;

/// Bits of a header's fields, from the lowest on.
const BASE: u32 = 34;
const PLACE: u32 = 13;
const WIDTH: u32 = 7;
const MODE: u32 = 2;
const FAR: u32 = 1;
const BIAS: u32 = 4;
const PATCHES: u32 = 3;
const _: () = assert!(BASE + PLACE + WIDTH + MODE + FAR + BIAS + PATCHES == 64);

/// The most words of patches with four small patches each; more words hold one large patch each.
pub(super) const SMALL_WORDS: usize = 4;
/// The most words that hold one large patch each.
pub(super) const LARGE_WORDS: usize = 3;
/// Bits of a small patch above its 7 bits of position.
pub(super) const SMALL_BITS: u32 = 9;
/// Bits of a large patch above its 7 bits of position.
pub(super) const LARGE_BITS: u32 = 57;

/// What the fields of a block are differences to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// To the base.
    Frame,
    /// To the line from the base to that of the next block.
    Line,
    /// To the line's step from the number before: only all fields before it tell a number.
    Delta,
}

/// The header of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The block's base less its group's, if it is not far.
    pub(super) base: i64,
    /// Words from the group's place to the block.
    pub(super) place: usize,
    /// Bits of a field, 0..=64.
    pub(super) width: u32,
    pub(super) mode: Mode,
    /// Whether the base is the first word of the block instead.
    pub(super) far: bool,
    /// Sixteenths of 2^width that every field is larger than its difference.
    pub(super) bias: u64,
    /// Words of patches: 1..=4 of small ones, then 1..=3 of large ones.
    pub(super) patches: usize,
}

impl Head {
    pub(super) const MAX_BASE: i64 = (1 << (BASE - 1)) - 1;
    pub(super) const MAX_PLACE: usize = (1 << PLACE) - 1;

    pub(super) fn pack(self) -> u64 {
        debug_assert!(self.base.unsigned_abs() <= Self::MAX_BASE as u64 + 1);
        debug_assert!(self.place <= Self::MAX_PLACE && self.width <= 64 && self.bias < 16);
        let mode = match self.mode {
            Mode::Frame => 0,
            Mode::Line => 1,
            Mode::Delta => 2,
        };
        let fields = [
            (self.base as u64 & (u64::MAX >> (64 - BASE)), BASE),
            (self.place as u64, PLACE),
            (u64::from(self.width), WIDTH),
            (mode, MODE),
            (u64::from(self.far), FAR),
            (self.bias, BIAS),
            (self.patches as u64, PATCHES),
        ];
        fields.iter().rev().fold(0, |word, (field, bits)| word << bits | field)
    }

    #[inline(always)]
    pub(super) fn unpack(word: u64) -> Self {
        let field = |from: u32, bits: u32| word >> from & (u64::MAX >> (64 - bits));
        const WIDTH_AT: u32 = BASE + PLACE;
        const MODE_AT: u32 = WIDTH_AT + WIDTH;
        Self {
            base: (word << (64 - BASE)) as i64 >> (64 - BASE),
            place: field(BASE, PLACE) as usize,
            width: (field(WIDTH_AT, WIDTH) as u32).min(64),
            mode: match field(MODE_AT, MODE) {
                0 | 3 => Mode::Frame,
                1 => Mode::Line,
                _ => Mode::Delta,
            },
            far: field(MODE_AT + MODE, FAR) != 0,
            bias: field(MODE_AT + MODE + FAR, BIAS),
            patches: field(64 - PATCHES, PATCHES) as usize,
        }
    }

    /// Words of patches.
    #[inline(always)]
    pub(super) const fn patch_words(&self) -> usize {
        if self.patches <= SMALL_WORDS { self.patches } else { self.patches - SMALL_WORDS }
    }

    /// Words of a block of `len` numbers.
    pub(super) fn words(&self, len: usize) -> usize {
        usize::from(self.far) + self.patch_words() + (len * self.width as usize).div_ceil(64)
    }
}

/// `bias` sixteenths of 2^width, rounded down.
#[inline(always)]
pub(super) const fn bias_of(bias: u64, width: u32) -> u64 {
    if width >= 4 { bias << (width - 4) } else { bias >> (4 - width) }
}

/// A block, ready to be read.
#[derive(Clone, Copy)]
pub(super) struct Block<'b> {
    /// All words of all blocks.
    words: &'b [Le64],
    /// Where its patches start, at most `words.len()`; its fields follow.
    at: usize,
    head: Head,
    /// The base, and the slope to the next.
    line: Line,
}

impl<'b> Block<'b> {
    /// The block of this header. Its words start at `at`, its base is `base`, and `next` tells the
    /// base of the block behind it.
    #[inline(always)]
    pub(super) fn new(
        words: &'b [Le64],
        at: usize,
        head: Head,
        base: u64,
        next: impl FnOnce() -> u64,
    ) -> Self {
        let slope = if head.mode == Mode::Frame { 0 } else { next().wrapping_sub(base) };
        let at = at.saturating_add(usize::from(head.far)).min(words.len());
        Self { words, at, head, line: Line { first: base, slope } }
    }

    /// Whether its fields are steps.
    pub(super) fn holds_steps(&self) -> bool {
        self.head.mode == Mode::Delta
    }

    /// The first bit of its fields.
    #[inline(always)]
    fn bit(&self) -> u64 {
        (self.at as u64 + self.head.patch_words() as u64) * 64
    }

    /// The line that fields of a block without steps are added to.
    #[inline(always)]
    fn biased_line(&self) -> Line {
        let bias = bias_of(self.head.bias, self.head.width);
        Line { first: self.line.first.wrapping_sub(bias), slope: self.line.slope }
    }

    /// The number at `index < 128` of the block. O(1), O(index) if its fields are steps.
    #[inline(always)]
    pub(super) fn get(&self, index: usize) -> u64 {
        if self.head.mode == Mode::Delta {
            return self.get_by_steps(index);
        }
        let width = self.head.width;
        let bit = self.bit() + index as u64 * u64::from(width);
        let field = scalar::one(as_bytes(self.words), bit, width);
        let number = self.biased_line().at(index as u64).wrapping_add(field);
        if self.head.patches == 0 {
            number
        } else {
            number.wrapping_add(self.patched(index..=index))
        }
    }

    #[cold]
    fn get_by_steps(&self, index: usize) -> u64 {
        let (width, count) = (self.head.width, index + 1);
        let fields = unpack::sum(as_bytes(self.words), self.bit(), width, count) as u64;
        let bias = bias_of(self.head.bias, width).wrapping_mul(count as u64);
        let number = self.line.at(index as u64).wrapping_add(fields).wrapping_sub(bias);
        number.wrapping_add(self.patched(0..=index))
    }

    /// Shows `look` the position of every patch, and what it adds to the field there.
    #[inline]
    fn each_patch(&self, mut look: impl FnMut(usize, u64)) {
        let words = self.words[self.at..].iter().take(self.head.patch_words());
        // A patch of a field of 64 bits adds nothing.
        let add = |high: u64| high.checked_shl(self.head.width).unwrap_or(0);
        for word in words.map(|word| word.get()) {
            if self.head.patches <= SMALL_WORDS {
                for patch in [word, word >> 16, word >> 32, word >> 48] {
                    look((patch & 127) as usize, add(patch >> 7 & ((1 << SMALL_BITS) - 1)));
                }
            } else {
                look((word & 127) as usize, add(word >> 7));
            }
        }
    }

    /// What patches add to the fields at these positions.
    #[cold]
    fn patched(&self, positions: core::ops::RangeInclusive<usize>) -> u64 {
        let mut sum = 0_u64;
        self.each_patch(|at, high| {
            sum = sum.wrapping_add(if positions.contains(&at) { high } else { 0 });
        });
        sum
    }

    /// The first `out.len() <= 128` numbers of the block.
    pub(super) fn decode(&self, out: &mut [u64]) {
        let (bytes, width) = (as_bytes(self.words), self.head.width);
        let steps = self.head.mode == Mode::Delta;
        if steps {
            unpack::unpack(bytes, self.bit(), width, out);
        } else {
            unpack::unpack_on(bytes, self.bit(), width, self.biased_line(), out);
        }
        if self.head.patches != 0 {
            self.each_patch(|at, high| {
                if let Some(number) = out.get_mut(at) {
                    *number = number.wrapping_add(high);
                }
            });
        }
        if steps {
            let bias = bias_of(self.head.bias, width);
            let (mut sum, mut rise) = (self.line.first, 0_u64);
            for number in out {
                sum = sum.wrapping_add(*number).wrapping_sub(bias);
                *number = sum.wrapping_add((rise as i64 >> 7) as u64);
                rise = rise.wrapping_add(self.line.slope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_packing() {
        let head = Head {
            base: -1,
            place: Head::MAX_PLACE,
            width: 64,
            mode: Mode::Line,
            far: true,
            bias: 15,
            patches: 7,
        };
        let plain = Head {
            base: Head::MAX_BASE,
            place: 0,
            width: 0,
            mode: Mode::Frame,
            far: false,
            bias: 0,
            patches: 0,
        };
        for head in [head, plain, Head { base: -Head::MAX_BASE - 1, mode: Mode::Delta, ..head }] {
            assert_eq!(Head::unpack(head.pack()), head);
        }
        // The largest block of a group still finds its place.
        let most = 1 + SMALL_WORDS + BLOCK;
        assert!((GROUP - 1) * most <= Head::MAX_PLACE);
    }
}
