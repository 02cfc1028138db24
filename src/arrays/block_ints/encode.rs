//! How a block is written: the mode, width and patches that take the fewest words.

use super::head::{BLOCK, Head, LARGE_BITS, LARGE_WORDS, Mode, SMALL_BITS, SMALL_WORDS, bias_of};
use crate::bits::field;
use crate::simd::Line;

/// Patches must save a word for so many numbers: a read cannot foresee which blocks have some, and
/// those that save less are in many. A guess, for which the timestamps of the bench
/// `arrays-blocks` are the test.
const WORTH: usize = 64;
/// The most small patches of a block.
const SMALL: usize = SMALL_WORDS * 4;

/// How wide the fields of a block are, and what that takes.
#[derive(Clone, Copy)]
struct Widths {
    width: u32,
    bias: u64,
    /// As the header says it.
    patches: usize,
    /// Words of fields and patches.
    words: usize,
}

impl Widths {
    /// Its words, and more if it has patches: see [`WORTH`].
    const fn cost(&self, len: usize) -> usize {
        self.words + if self.patches == 0 { 0 } else { len / WORTH }
    }
}

/// A block that is to be written: its header but for base and place, and its fields.
pub(super) struct Plan {
    mode: Mode,
    widths: Widths,
    /// The fields before they are cut to their width.
    fields: [u64; BLOCK],
    len: usize,
}

impl Plan {
    /// For `numbers`, at most 128, none of them below `base`; the next block's base is `next`.
    /// With `delta`, fields may be steps.
    pub(super) fn new(numbers: &[u64], base: u64, next: u64, delta: bool) -> Self {
        let line = Line { first: base, slope: next.wrapping_sub(base) };
        let off_line = |i: usize, number: u64| number.wrapping_sub(line.at(i as u64));
        let from_base = each(numbers, |_, number| number.wrapping_sub(base));
        let mut best = Self::of(&from_base[..numbers.len()], 0, Mode::Frame);
        let differences = each(numbers, off_line);
        best = best.or(Self::with_signs(&differences[..numbers.len()], Mode::Line));
        if delta {
            let mut last = 0;
            let steps = each(numbers, |i, number| {
                let off = off_line(i, number);
                off.wrapping_sub(core::mem::replace(&mut last, off))
            });
            best = best.or(Self::with_signs(&steps[..numbers.len()], Mode::Delta));
        }
        best
    }

    /// The best width for these differences, which have signs.
    fn with_signs(differences: &[u64], mode: Mode) -> Self {
        let lowest = differences.iter().fold(0, |low: i64, x| low.min(*x as i64));
        Self::of(differences, lowest.unsigned_abs(), mode)
    }

    /// Whichever costs less; this one if both cost as much.
    fn or(self, other: Self) -> Self {
        let (ours, theirs) = (self.widths.cost(self.len), other.widths.cost(other.len));
        if theirs < ours { other } else { self }
    }

    /// The best width for these differences, none of them less than `-below`.
    fn of(differences: &[u64], below: u64, mode: Mode) -> Self {
        let len = differences.len();
        let mut widths = Widths { width: 64, bias: 0, patches: 0, words: len };
        let highest = differences.iter().fold(0, |high: u64, x| high.max(x.wrapping_add(below)));
        // With a bias that is rounded up, one bit more than these need is enough.
        for width in (0..=64.min(field::width_of(highest) + 1)).rev() {
            let Some(bias) = bias_for(below, width) else { break };
            let patches = patches_for(differences, bias_of(bias, width), width);
            let Some(patches) = patches else { break };
            let words = (len * width as usize).div_ceil(64) + patch_words(patches);
            let other = Widths { width, bias, patches, words };
            if other.cost(len) < widths.cost(len) {
                widths = other;
            }
        }
        let bias = bias_of(widths.bias, widths.width);
        let mut fields = [0; BLOCK];
        for (place, difference) in fields.iter_mut().zip(differences) {
            *place = difference.wrapping_add(bias);
        }
        Self { mode, widths, fields, len }
    }

    /// Bits of a field.
    pub(super) const fn width(&self) -> u32 {
        self.widths.width
    }

    /// The fields, to be cut to `width` bits.
    pub(super) fn fields(&self) -> &[u64] {
        &self.fields[..self.len]
    }

    /// Writes the patches into `words`, as many as the header's `patch_words`.
    pub(super) fn patch(&self, mut put: impl FnMut(usize, u64)) {
        let high = |field: u64| field.checked_shr(self.width()).unwrap_or(0);
        let patched = self.fields().iter().enumerate().filter(|(_, field)| high(**field) != 0);
        let patched = patched.map(|(at, field)| (at as u64) | high(*field) << 7);
        if self.widths.patches > SMALL_WORDS {
            patched.enumerate().for_each(|(word, patch)| put(word, patch));
        } else if self.widths.patches > 0 {
            patched.enumerate().for_each(|(i, patch)| put(i / 4, patch << (i % 4 * 16)));
        }
    }
}

/// What `difference` makes of each number and its place.
fn each(numbers: &[u64], mut difference: impl FnMut(usize, u64) -> u64) -> [u64; BLOCK] {
    let mut differences = [0; BLOCK];
    for (i, (place, number)) in differences.iter_mut().zip(numbers).enumerate() {
        *place = difference(i, *number);
    }
    differences
}

/// Words that so many patches take, by the code of the header.
const fn patch_words(patches: usize) -> usize {
    if patches <= SMALL_WORDS { patches } else { patches - SMALL_WORDS }
}

/// The least bias that makes no difference negative, if there is one.
fn bias_for(below: u64, width: u32) -> Option<u64> {
    if below == 0 || width == 64 {
        return Some(0);
    }
    let bias = if width >= 4 {
        below.div_ceil(1 << (width - 4))
    } else if below < 16 {
        below << (4 - width)
    } else {
        return None;
    };
    (bias < 16).then_some(bias)
}

/// The header's code for the patches that fields of `width` bits need, if they can be had.
fn patches_for(differences: &[u64], bias: u64, width: u32) -> Option<usize> {
    if width == 64 {
        return Some(0);
    }
    let fields = || differences.iter().map(|x| x.wrapping_add(bias));
    let (count, all) = fields().fold((0, 0), |(count, all), field| {
        (count + usize::from(field >> width != 0), all | field >> width)
    });
    if count == 0 {
        Some(0)
    } else if count <= SMALL && all >> SMALL_BITS == 0 {
        Some(count.div_ceil(4))
    } else if count <= LARGE_WORDS && all >> LARGE_BITS == 0 {
        Some(SMALL_WORDS + count)
    } else {
        None
    }
}

/// The header that a plan, a place and a base make.
pub(super) const fn head_of(plan: &Plan, base: Option<i64>, place: usize) -> Head {
    let (base, far) = match base {
        Some(base) => (base, false),
        None => (0, true),
    };
    Head {
        base,
        place,
        width: plan.widths.width,
        mode: plan.mode,
        far,
        bias: plan.widths.bias,
        patches: plan.widths.patches,
    }
}
