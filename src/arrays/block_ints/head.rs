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

/// Bits of a header's fields, from the lowest on: first what is rare, so that one test of few bits
/// tells whether there is any of it; the base, which has a sign, last.
const PATCHES: u32 = 3;
const FAR: u32 = 1;
const MODE: u32 = 2;
const WIDTH: u32 = 7;
const BIAS: u32 = 4;
const PLACE: u32 = 13;
const BASE: u32 = 34;
/// Where they begin.
const FAR_AT: u32 = PATCHES;
const MODE_AT: u32 = FAR_AT + FAR;
const WIDTH_AT: u32 = MODE_AT + MODE;
const BIAS_AT: u32 = WIDTH_AT + WIDTH;
const PLACE_AT: u32 = BIAS_AT + BIAS;
const BASE_AT: u32 = PLACE_AT + PLACE;
const _: () = assert!(BASE_AT + BASE == 64);

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
            (self.patches as u64, PATCHES),
            (u64::from(self.far), FAR),
            (mode, MODE),
            (u64::from(self.width), WIDTH),
            (self.bias, BIAS),
            (self.place as u64, PLACE),
            (self.base as u64, BASE),
        ];
        fields.iter().rev().fold(0, |word, (field, bits)| word << bits | field)
    }

    #[inline(always)]
    pub(super) fn unpack(word: u64) -> Self {
        let field = |from: u32, bits: u32| word >> from & (u64::MAX >> (64 - bits));
        Self {
            base: base_of(word) as i64,
            place: field(PLACE_AT, PLACE) as usize,
            width: (field(WIDTH_AT, WIDTH) as u32).min(64),
            mode: match field(MODE_AT, MODE) {
                0 => Mode::Frame,
                1 => Mode::Line,
                _ => Mode::Delta,
            },
            far: field(FAR_AT, FAR) != 0,
            bias: field(BIAS_AT, BIAS),
            patches: field(0, PATCHES) as usize,
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

/// What a header has of its base.
#[inline(always)]
const fn base_of(head: u64) -> u64 {
    (head as i64 >> BASE_AT) as u64
}

/// Headers with one of these bits have patches, a far base, or steps.
const RARE: u64 = (1 << WIDTH_AT) - 1 - LINE;
/// The bit of those whose fields are differences to a line.
const LINE: u64 = 1 << MODE_AT;

/// The widest fields that [`get_plain`] reads: they lie in eight bytes wherever they start.
const PLAIN_WIDTH: u64 = 57;

/// The number at `index < 128` of a block without steps, patches, far bases and fields of more than
/// 57 bits; else, and if it lies outside of `words`, `None`.
///
/// What [`Block::get`] does, with a single branch that depends on the data: a jump for each of the
/// modes cannot be foreseen where both are as good, as on the timestamps of the bench
/// `arrays-blocks`. And in as few steps as can be: reads of a large array wait for memory, and the
/// fewer steps each takes, the more of them wait at once.
#[inline(always)]
pub(super) fn get_plain(
    words: &[Le64],
    [head, next]: [u64; 2],
    [group, next_group]: [u64; 2],
    place: u64,
    index: usize,
) -> Option<u64> {
    let (width, index) = (head >> WIDTH_AT & 127, index as u64);
    if (head & RARE) | (next & 1 << FAR_AT) != 0 || width > PLAIN_WIDTH {
        return None;
    }
    // A place that is no place wraps to another; reading there is checked.
    let word = place.wrapping_add(head >> PLACE_AT & Head::MAX_PLACE as u64);
    let bit = word.wrapping_mul(64).wrapping_add(index * width);
    let at = (bit >> 3) as usize;
    let bytes = as_bytes(words).get(at..at.wrapping_add(8))?.first_chunk()?;
    let field = u64::from_le_bytes(*bytes) >> (bit & 7) & !(u64::MAX << width);
    let base = group.wrapping_add(base_of(head));
    let rises = u64::from(head & LINE != 0).wrapping_neg();
    let slope = next_group.wrapping_add(base_of(next)).wrapping_sub(base) & rises;
    // As `bias_of`, for these widths.
    let bias = (head >> BIAS_AT & 15) << width >> 4;
    let line = Line { first: base, slope };
    Some(line.at(index).wrapping_add(field).wrapping_sub(bias))
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
    /// The block of this header. Its words start at `at`, its base is `base`, that of the block
    /// behind it `next`.
    #[inline(always)]
    pub(super) fn new(words: &'b [Le64], at: usize, head: Head, base: u64, next: u64) -> Self {
        // Without a branch: which mode comes cannot be foreseen where two are as good.
        let rises = u64::from(head.mode != Mode::Frame).wrapping_neg();
        let slope = next.wrapping_sub(base) & rises;
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
        assert_eq!((head.pack() & RARE, plain.pack() & RARE), (15, 0));
        for head in [head, plain, Head { base: -Head::MAX_BASE - 1, mode: Mode::Delta, ..head }] {
            assert_eq!(Head::unpack(head.pack()), head);
        }
        // The largest block of a group still finds its place.
        let most = 1 + SMALL_WORDS + BLOCK;
        assert!((GROUP - 1) * most <= Head::MAX_PLACE);
    }
}
