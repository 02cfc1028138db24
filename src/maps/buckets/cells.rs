//! [`Cells`]: what is stored of keys in a block, in front of its values: of integers all but the
//! bits that chose the bucket, of keys that stand in the values themselves a tag (`width` 0).
//!
//! ```text
//! | head 4 or 8 | tags n | rests n * width bits, rounded up to bytes | slack |
//! ```
//!
//! The head is that of a block of strings. A mixed integer is a tag (its highest byte), a rest, and
//! the bits that chose the bucket and are not stored.

use super::front::{head, set_len};
use crate::bits::field::load;
use crate::simd::tags::{equal16, equal32};

/// Tags that are looked at together.
const WINDOW: usize = 32;

/// Half of a window.
const HALF: usize = WINDOW / 2;

/// Tags that an integer's look-up takes in at once: as many as a bucket has that is to be split
/// next, which is twice the average at most.
const MOST: usize = WINDOW + HALF;

/// What is stored of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) tag: u8,
    pub(super) rest: u64,
}

/// The cells of a block.
#[derive(Clone, Copy)]
pub(super) struct Cells<'b> {
    bytes: &'b [u8],
    len: usize,
    /// Bits of a rest, at most 56.
    width: u32,
}

/// The `width` lowest bits set, of which there are less than 64: so none is a case of its own.
#[inline(always)]
pub(super) const fn ones(width: u32) -> u64 {
    (1 << width) - 1
}

/// Bytes of the head and of `len` cells.
#[inline(always)]
pub(super) const fn used(len: usize, width: u32) -> usize {
    head(len) + len + (len * width as usize).div_ceil(8)
}

/// The bit at which rest `index` of `len` begins.
#[inline(always)]
const fn rest_bit(len: usize, width: u32, index: usize) -> usize {
    8 * (head(len) + len) + index * width as usize
}

impl<'b> Cells<'b> {
    /// The cells in a block's bytes, of which there are 8 at least if there are cells.
    #[inline(always)]
    pub(super) const fn new(bytes: &'b [u8], len: usize, width: u32) -> Self {
        Self { bytes, len, width }
    }

    #[inline(always)]
    fn tag(self, index: usize) -> u8 {
        self.bytes[head(self.len) + index]
    }

    #[inline(always)]
    fn rest(self, index: usize) -> u64 {
        read(self.bytes, rest_bit(self.len, self.width, index), self.width)
    }

    #[inline(always)]
    pub(super) fn cell(self, index: usize) -> Cell {
        Cell { tag: self.tag(index), rest: self.rest(index) }
    }

    /// All cells, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Cell> + 'b {
        (0..self.len).map(move |index| self.cell(index))
    }

    /// Whether there are as few tags, and as many bytes, as [`find`](Self::find) looks at.
    #[inline(always)]
    pub(super) const fn are_few(self) -> bool {
        self.len <= MOST && self.bytes.len() >= head(0) + MOST
    }

    /// Where a cell is, among [few](Self::are_few).
    ///
    /// One look at all tags: no branch that depends on how many, and no more instructions than
    /// needed, so that the processor comes to the next keys while this one's lines are on their
    /// way.
    #[inline(always)]
    pub(super) fn find(self, wanted: Cell) -> Option<usize> {
        let Self { bytes, len, width } = self;
        let mut equal = equal_most(&bytes[head(0)..], wanted.tag)?;
        while equal != 0 {
            let index = equal.trailing_zeros() as usize;
            if index >= len {
                return None; // What is behind the last cell's is no tag.
            }
            let bit = 8 * (head(0) + len) + index * width as usize;
            if read(bytes, bit, width) == wanted.rest {
                return Some(index);
            }
            equal &= equal - 1;
        }
        None
    }

    /// Where a cell is among any number of them.
    pub(super) fn find_any(self, wanted: Cell) -> Option<usize> {
        self.find_by(wanted.tag, |index| self.rest(index) == wanted.rest)
    }

    /// Where the first cell is that has this tag and is accepted.
    pub(super) fn find_by(self, tag: u8, mut accepts: impl FnMut(usize) -> bool) -> Option<usize> {
        let (tags, mut from) = (head(self.len), 0);
        while from < self.len {
            let equal = equal_from(self.bytes, tags + from, tag);
            let Some(mut equal) = equal else {
                // A block that is shorter than half of a window.
                let alike = |index: &usize| self.tag(*index) == tag && accepts(*index);
                return (from..self.len).find(alike);
            };
            equal &= u32::MAX >> (WINDOW - (self.len - from).min(WINDOW));
            while equal != 0 {
                let index = from + equal.trailing_zeros() as usize;
                if accepts(index) {
                    return Some(index);
                }
                equal &= equal - 1;
            }
            from += WINDOW;
        }
        None
    }
}

/// Which of the first tags equal `tag`, the first one's bit the lowest; `None` if there are less
/// than [`MOST`].
#[inline(always)]
fn equal_most(tags: &[u8], tag: u8) -> Option<u64> {
    let (first, rest) = tags.split_first_chunk::<WINDOW>()?;
    let last = rest.first_chunk::<HALF>()?;
    Some(u64::from(equal32(first, tag)) | u64::from(equal16(last, tag)) << WINDOW)
}

/// Which of the bytes from `at` on equal `tag`, the first one's bit the lowest: of a window of
/// them, or of those up to the end; `None` if there are not 16 bytes in all.
///
/// One window, and another look where there are more tags. Where a window would pass the end it
/// begins sooner, so that entries may follow the tags at once.
#[inline(always)]
fn equal_from(bytes: &[u8], at: usize, tag: u8) -> Option<u32> {
    let len = bytes.len();
    if len >= WINDOW {
        let start = at.min(len - WINDOW);
        let window = bytes.get(start..).and_then(<[u8]>::first_chunk)?;
        return Some(equal32(window, tag) >> (at - start));
    }
    // Both ends of a short block, which overlap.
    let (first, last) = (bytes.first_chunk::<HALF>()?, bytes.last_chunk::<HALF>()?);
    Some((equal16(first, tag) | equal16(last, tag) << (len - HALF)) >> at)
}

/// Where eight bytes of `bytes` are that hold the field at `bit`, and its shift within them: the
/// last eight at most, so that no padding is needed. The field ends within `bytes`, and has no more
/// than 56 bits.
#[inline(always)]
fn word_of(bytes: &[u8], bit: usize) -> (usize, u32) {
    let at = (bit / 8).min(bytes.len() - 8);
    (at, (bit - 8 * at) as u32)
}

#[inline(always)]
fn read(bytes: &[u8], bit: usize, width: u32) -> u64 {
    let (at, shift) = word_of(bytes, bit);
    // A field without bits may begin behind the word.
    load(bytes, at).wrapping_shr(shift) & ones(width)
}

#[inline(always)]
fn write(bytes: &mut [u8], bit: usize, width: u32, value: u64) {
    let (at, shift) = word_of(bytes, bit);
    let mask = ones(width).wrapping_shl(shift);
    let word = load(bytes, at) & !mask | value.wrapping_shl(shift) & mask;
    bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
}

/// Writes cell `index` of the `len` that are, or will be, in `bytes`.
#[inline(always)]
pub(super) fn set(bytes: &mut [u8], len: usize, width: u32, index: usize, cell: Cell) {
    bytes[head(len) + index] = cell.tag;
    write(bytes, rest_bit(len, width, index), width, cell.rest);
}

/// Appends a cell to `len` others. There is room for it.
#[inline]
pub(super) fn push(bytes: &mut [u8], len: usize, width: u32, cell: Cell) {
    let (old, new) = (head(len), head(len + 1));
    // From the right, where there is room.
    bytes.copy_within(old + len..used(len, width), new + len + 1);
    if new != old {
        bytes.copy_within(old..old + len, new);
    }
    set(bytes, len + 1, width, len, cell);
    set_len(bytes, len + 1);
}

/// Takes a cell out of `len`; the last one gets its place.
#[inline]
pub(super) fn swap_remove(bytes: &mut [u8], len: usize, width: u32, index: usize) {
    let last = Cells::new(bytes, len, width).cell(len - 1);
    set(bytes, len, width, index, last);
    let (old, new) = (head(len), head(len - 1));
    // From the left, where room appears.
    if new != old {
        bytes.copy_within(old..old + len - 1, new);
    }
    bytes.copy_within(old + len..used(len, width), new + len - 1);
    set_len(bytes, len - 1);
}

#[cfg(test)]
#[cfg(feature = "alloc")]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn tags_are_found_up_to_the_end_and_no_further() {
        for len in 0..150_usize {
            let bytes: Vec<u8> = (0..len).map(|i| (i % 3) as u8).collect();
            for at in 0..len {
                for tag in 0..3 {
                    let equal = equal_from(&bytes, at, tag);
                    assert_eq!(equal.is_none(), len < HALF);
                    let bit = |i: usize| u32::from(bytes[at + i] == tag) << i;
                    let expected = (0..WINDOW.min(len - at)).map(bit).sum();
                    assert!(equal.is_none_or(|equal| equal == expected), "{len}, {at}");
                }
            }
        }
    }

    /// 300 cells pass the number at which the head grows, there and back, in no more bytes than
    /// they use.
    #[test]
    fn cells_come_and_go_where_they_belong() {
        for width in [0, 1, 7, 8, 13, 24, 41, 55, 56] {
            let of = |i: u64| {
                let mixed = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Cell { tag: (mixed >> 60) as u8, rest: mixed & ones(width) }
            };
            let (mut bytes, mut model) = (vec![0; 8], Vec::new());
            for len in 0..300 {
                bytes.resize(used(len + 1, width).max(8), 0xA5);
                push(&mut bytes, len, width, of(len as u64));
                model.push(of(len as u64));
                assert!(Cells::new(&bytes, len + 1, width).iter().eq(model.iter().copied()));
            }
            while !model.is_empty() {
                let len = model.len();
                let cells = Cells::new(&bytes, len, width);
                assert!(cells.iter().eq(model.iter().copied()), "{len} cells of {width}");
                for cell in &model {
                    let first = model.iter().position(|other| other == cell);
                    assert_eq!(cells.find_any(*cell), first);
                    assert!(!cells.are_few() || cells.find(*cell) == first);
                }
                let absent = Cell { tag: 77, rest: 0 };
                assert_eq!(cells.find_any(absent), None);
                assert!(!cells.are_few() || cells.find(absent).is_none());
                swap_remove(&mut bytes, len, width, len * 5 / 7);
                model.swap_remove(len * 5 / 7);
                bytes.truncate(used(len - 1, width).max(8));
            }
        }
    }
}
