//! [`Resolver`]: strings by number, with a byte for the length of each.

use crate::arrays::string_sequence;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::simd::tags;
use crate::simd::{FAR, prefetch};
use crate::storage::{HeapWords, Le64, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{mem::Global, storage::Sections};
use core::iter::FusedIterator;
use core::ops::Range;

/// Where each block starts, and whether it is wide.
const BLOCKS: Tag = Tag(*b"blks");
/// The blocks.
const BLOB: Tag = Tag(*b"blob");
/// Strings of a block.
const BLOCK: usize = 64;
/// Bytes of the lengths in a block: one each, or four in a wide block.
const NARROW: usize = BLOCK;
const WIDE: usize = 4 * BLOCK;

/// Byte strings by number, one after the other, in 1.1 bytes a string beside their own: what an
/// [`Interner`](super::Interner) leaves when no more strings come, and the form in which its
/// strings are saved.
///
/// Strings are any bytes, equal ones too; [`get_str`](Self::get_str) checks for UTF-8. The end can
/// change, the middle cannot.
///
/// # When not to use it
///
/// - Strings that are sorted and looked up: a binary search works, and the tries family takes less
///   than half.
/// - Fewer than some dozens: the first 64 strings have 64 bytes of lengths.
///
/// # Layout
///
/// ```text
/// blocks   | 2 * where block 0 starts, + 1 if it is wide | ... |      a word for 64 strings
/// blob     | lengths of block 0 | its 64 strings | lengths of block 1 | ... | zeros to a word |
/// lengths  64 of a byte; in a wide block, which has a string beyond 255 bytes, of four bytes
/// ```
///
/// Two blocks of memory. Both grow by half below 128 KiB and by a sixteenth above.
///
/// # Space
///
/// `b` bytes of strings take `b + 64 * ceil(n / 64)` bytes rounded up to a word, and
/// `8 * ceil(n / 64)`: 1.125 bytes a string; 192 more for each block with a long string.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get` | O(1): 64 lengths are summed up by SIMD or byte by byte | 2, and the string's |
/// | `push` | O(length) amortised | 2 |
/// | `binary_search` | O(log n) comparisons | 3 log2(n) |
///
/// Reading allocates nothing.
///
/// # Parameters
///
/// `W`: where the words live, as of all structures with files.
///
/// # Example
///
/// ```
/// use lessram::{maps::Resolver, mem::Footprint};
///
/// let strings: Resolver = (0..1_000).map(|i| format!("string {i}")).collect();
/// assert_eq!(strings.get(7), Some(&b"string 7"[..]));
/// let bytes: usize = strings.iter().map(<[u8]>::len).sum();
/// assert_eq!(strings.heap_bytes(), (bytes + 16 * 64).next_multiple_of(8) + 16 * 8);
/// ```
///
/// # References
///
/// Counted blocks with a pointer each: Witten, Moffat, Bell, "Managing Gigabytes", 1999, chapter 4.
#[derive(Clone)]
pub struct Resolver<W: Words = HeapWords> {
    /// `ceil(len / BLOCK)` words.
    blocks: W,
    /// `ceil(blob_len / 8)` words; bytes behind `blob_len` are 0.
    blob: W,
    blob_len: usize,
    len: usize,
}

/// What lengths of a wide block come to.
fn wide_sum_of(lengths: &[u8]) -> u64 {
    lengths.chunks_exact(4).map(|four| u64::from(wide_of(four))).sum()
}

/// A length of a wide block.
fn wide_of(four: &[u8]) -> u32 {
    four.try_into().map_or(0, u32::from_le_bytes)
}

/// Where a block starts, and whether it is wide, from its word. A word of a damaged file may say
/// what it likes: it is compared with the blob where it is used.
#[inline(always)]
fn parted(word: Le64) -> (usize, bool) {
    let word = word.get();
    (usize::try_from(word >> 1).unwrap_or(usize::MAX), word & 1 == 1)
}

impl<W: Words> Resolver<W> {
    /// How many strings there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of all blocks.
    #[inline]
    fn bytes(&self) -> &[u8] {
        &as_bytes(self.blob.words())[..self.blob_len]
    }

    /// The string at `index`, or `None` if there is none. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        if index >= self.len {
            return None;
        }
        let (number, within) = (index / BLOCK, index % BLOCK);
        let (start, wide) = parted(*self.blocks.words().get(number)?);
        self.prefetch_string(number, start, within);
        // In a damaged file it may point anywhere: then the string is empty.
        let block = self.bytes().get(start..).unwrap_or(&[]);
        let range = if wide {
            wide_range(block, within)
        } else {
            let Some(lengths) = block.first_chunk::<NARROW>() else { return Some(&[]) };
            let start = NARROW + tags::sum(lengths, within);
            start..start + usize::from(lengths[within])
        };
        Some(block.get(range).unwrap_or(&[]))
    }

    /// Asks for a string before its block's lengths, which say where it is, have come: were all
    /// alike, it would be there, and most often that is the same cache line.
    #[inline(always)]
    fn prefetch_string(&self, number: usize, start: usize, within: usize) {
        let bytes = self.bytes();
        if bytes.len() < FAR {
            return;
        }
        let next = self.blocks.words().get(number + 1);
        let end = next.map_or(self.blob_len, |word| parted(*word).0);
        let strings = start.wrapping_add(NARROW);
        let before = end.wrapping_sub(strings).wrapping_mul(within) / BLOCK;
        prefetch(bytes, strings.wrapping_add(before));
    }

    /// The strings in order.
    pub const fn iter(&self) -> ResolverIter<'_, W> {
        ResolverIter { strings: self, start: 0, end: self.len }
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> Resolver {
        Resolver {
            blocks: HeapWords::copy_of(self.blocks.words()),
            blob: HeapWords::copy_of(self.blob.words()),
            blob_len: self.blob_len,
            len: self.len,
        }
    }
}

/// Where a string is in a wide block; an empty place if it says nonsense.
fn wide_range(block: &[u8], within: usize) -> Range<usize> {
    let Some((lengths, strings)) = block.split_first_chunk::<WIDE>() else { return 0..0 };
    let start = wide_sum_of(&lengths[..4 * within]);
    let end = start + u64::from(wide_of(&lengths[4 * within..4 * within + 4]));
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if end <= strings.len() => WIDE + start..WIDE + end,
        _ => 0..0,
    }
}

#[cfg(feature = "alloc")]
impl Resolver {
    /// No strings; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global, Global)
    }
}

impl<A: Alloc> Resolver<HeapWords<A>> {
    /// No strings, with what finds them and themselves in these allocators, most often two copies
    /// of one; requests no memory.
    #[must_use]
    pub const fn new_in(blocks: A, strings: A) -> Self {
        let blocks = HeapWords::new_in(blocks);
        Self { blocks, blob: HeapWords::new_in(strings), blob_len: 0, len: 0 }
    }

    /// Appends `string`. O(length) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`], also if the string has 4 GiB or more; the strings are unchanged then.
    pub fn try_push(&mut self, string: impl AsRef<[u8]>) -> Result<(), AllocError> {
        let (string, within) = (string.as_ref(), self.len % BLOCK);
        let overflow = AllocError::CapacityOverflow;
        let length = u32::try_from(string.len()).map_err(|_| overflow)?;
        let is_long = length > u32::from(u8::MAX);
        let begun = if within > 0 { self.last_block() } else { None };
        let (start, wide) = begun.unwrap_or((self.blob_len, is_long));
        let widens = is_long && !wide;
        let lengths = match (begun, wide) {
            (None, true) => WIDE,
            (None, false) => NARROW,
            _ if widens => WIDE - NARROW,
            _ => 0,
        };
        let end = self.blob_len.checked_add(lengths).and_then(|end| end.checked_add(string.len()));
        let end = end.filter(|end| *end <= isize::MAX as usize).ok_or(overflow)?;
        let old_blocks = self.blocks.words().len();
        self.blocks.try_resize(self.len / BLOCK + 1)?;
        if let Err(error) = self.blob.try_resize(end.div_ceil(8)) {
            self.blocks.truncate(old_blocks);
            return Err(error);
        }
        self.blob_len += lengths;
        if widens {
            self.widen(start);
        }
        let wide = wide || widens;
        let word = Le64::new((start as u64) << 1 | u64::from(wide));
        if let Some(last) = self.blocks.words_mut().last_mut() {
            *last = word;
        }
        let bytes = self.blob.as_bytes_mut();
        if begun.is_none() {
            bytes[start..start + lengths].fill(0);
        }
        if wide {
            let at = start + 4 * within;
            bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        } else {
            bytes[start + within] = length as u8;
        }
        bytes[self.blob_len..end].copy_from_slice(string);
        self.blob_len = end;
        self.len += 1;
        Ok(())
    }

    /// Where the last block starts, and whether it is wide. `None` if a damaged file lets it start
    /// where no lengths are: its strings, which read as empty ones, then get a block of their own.
    fn last_block(&self) -> Option<(usize, bool)> {
        let (start, wide) = self.blocks.words().last().copied().map(parted)?;
        let end = start.checked_add(if wide { WIDE } else { NARROW })?;
        (end <= self.blob_len).then_some((start, wide))
    }

    /// Gives the last block, which starts at `start`, lengths of four bytes. The room is there, and
    /// `blob_len` is already what it will be.
    fn widen(&mut self, start: usize) {
        let bytes = &mut self.blob.as_bytes_mut()[start..self.blob_len];
        let mut lengths = [0; NARROW];
        lengths.copy_from_slice(&bytes[..NARROW]);
        let end = bytes.len();
        bytes.copy_within(NARROW..end - (WIDE - NARROW), WIDE);
        for (four, length) in bytes[..WIDE].chunks_exact_mut(4).zip(lengths) {
            four.copy_from_slice(&u32::from(length).to_le_bytes());
        }
    }

    /// Removes the strings from `len` on; does nothing if there are no more than `len`. Keeps the
    /// room. O(1), or O(bytes of the last 64) where their last long one goes.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        let (block, within) = (len / BLOCK, len % BLOCK);
        let (start, wide) = self.blocks.words().get(block).copied().map_or((0, false), parted);
        // Of damaged files, what they say is cut to what there is.
        let mut end = start.min(self.blob_len);
        if within > 0 {
            let lengths = if wide { WIDE } else { NARROW };
            let bytes = &mut self.blob.as_bytes_mut()[end..self.blob_len];
            let kept = match bytes.get_mut(..lengths) {
                Some(bytes) => keep_lengths(bytes, within),
                None => 0,
            };
            end = end.saturating_add(lengths).saturating_add(kept).min(self.blob_len);
        }
        self.blocks.truncate(len.div_ceil(BLOCK));
        if wide && within > 0 {
            end = self.narrow(start, end);
        }
        self.blob.truncate(end.div_ceil(8));
        self.blob.as_bytes_mut()[end..].fill(0);
        (self.blob_len, self.len) = (end, len);
    }

    /// As [`truncate`](Self::truncate), which never asks for memory, for the trait that allows it.
    pub(crate) fn try_truncate(&mut self, len: usize) -> Result<(), AllocError> {
        self.truncate(len);
        Ok(())
    }

    /// Gives the last block, from `start` to `end`, lengths of one byte again if none of its
    /// strings is long any more; where it ends then. So the same strings have one form, however
    /// they came.
    fn narrow(&mut self, start: usize, end: usize) -> usize {
        let Some(bytes) = self.blob.as_bytes_mut().get_mut(start..end) else { return end };
        let Some((wide, _)) = bytes.split_first_chunk::<WIDE>() else { return end };
        let mut lengths = [0; NARROW];
        for (length, four) in lengths.iter_mut().zip(wide.chunks_exact(4)) {
            let Ok(short) = u8::try_from(wide_of(four)) else { return end };
            *length = short;
        }
        bytes[..NARROW].copy_from_slice(&lengths);
        bytes.copy_within(WIDE.., NARROW);
        if let Some(last) = self.blocks.words_mut().last_mut() {
            *last = Le64::new((start as u64) << 1);
        }
        end - (WIDE - NARROW)
    }

    /// Removes all strings. Keeps the room.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Makes room for exactly `strings` more strings of `bytes` more bytes in all, if none of them
    /// has more than 255.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, strings: usize, bytes: usize) {
        self.try_reserve(strings, bytes).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for exactly `strings` more strings of `bytes` more bytes in all, if none of them
    /// has more than 255.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the strings are unchanged then.
    pub fn try_reserve(&mut self, strings: usize, bytes: usize) -> Result<(), AllocError> {
        let overflow = AllocError::CapacityOverflow;
        let blocks = self.len.checked_add(strings).ok_or(overflow)?.div_ceil(BLOCK);
        let new = blocks - self.blocks.words().len().min(blocks);
        let lengths = new.checked_mul(NARROW).and_then(|lengths| lengths.checked_add(bytes));
        let end = lengths.and_then(|lengths| lengths.checked_add(self.blob_len)).ok_or(overflow)?;
        self.blocks.try_reserve_exact(new)?;
        self.blob.try_reserve_exact(end.div_ceil(8).saturating_sub(self.blob.words().len()))
    }

    /// Gives back all room that the strings do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink a block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.blocks.try_shrink_to_fit()?;
        self.blob.try_shrink_to_fit()
    }
}

/// Sets the lengths of a block from the one numbered `within` on to 0; the sum of those before.
fn keep_lengths(lengths: &mut [u8], within: usize) -> usize {
    if let Ok(lengths) = <&mut [u8; NARROW]>::try_from(&mut *lengths) {
        lengths[within..].fill(0);
        return tags::sum(lengths, within);
    }
    let (kept, gone) = lengths.split_at_mut(4 * within);
    gone.fill(0);
    usize::try_from(wide_sum_of(kept)).unwrap_or(usize::MAX)
}

#[cfg(feature = "serde")]
impl<W: Words> serde::Serialize for Resolver<W> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self.iter().map(crate::arrays::strings_with_serde::Text))
    }
}

impl<W: Words> Footprint for Resolver<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.blocks.tell("blocks", PartKind::Index, 0, out);
        self.blob.tell("strings and lengths", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for Resolver<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.meta(&[self.blob_len as u64]);
        out.section(BLOCKS, 8, self.blocks.words());
        out.section(BLOB, 1, self.blob.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [blob_len] = source.meta()?;
        let len = source.items()?;
        let blocks = source.section(BLOCKS, 8)?;
        let fits = len.div_ceil(BLOCK) == blocks.words().len();
        require(fits, BLOCKS, "a word for each 64 strings")?;
        let blob = source.section(BLOB, 1)?;
        let fits = blob_len.div_ceil(8) == blob.words().len() as u64;
        require(fits, BLOB, "as many bytes as it says")?;
        Ok(Self { blocks, blob, blob_len: blob_len as usize, len })
    }

    fn validate(&self) -> Result<(), FileError> {
        let behind = &as_bytes(self.blob.words())[self.blob_len..];
        require(behind.iter().all(|byte| *byte == 0), BLOB, "zeros behind the last string")?;
        let mut end = 0_u64;
        for (number, word) in self.blocks.words().iter().enumerate() {
            let (start, wide) = parted(*word);
            require(start as u64 == end, BLOCKS, "blocks one after the other")?;
            let bytes = self.bytes().get(start..).unwrap_or(&[]);
            let lengths = bytes.get(..if wide { WIDE } else { NARROW });
            let Some(lengths) = lengths else {
                return require(false, BLOB, "lengths for each block");
            };
            let count = (self.len - number * BLOCK).min(BLOCK);
            let (used, unused) = lengths.split_at(if wide { 4 * count } else { count });
            require(unused.iter().all(|byte| *byte == 0), BLOB, "lengths of strings that exist")?;
            let sum: u64 = if wide {
                wide_sum_of(used)
            } else {
                used.iter().map(|length| u64::from(*length)).sum()
            };
            end += lengths.len() as u64 + sum;
        }
        require(end == self.blob_len as u64, BLOB, "as many bytes as the lengths say")
    }
}

doors!(Resolver);
string_sequence!(Resolver);

/// The strings of a [`Resolver`], in order.
#[derive(Debug)]
pub struct ResolverIter<'a, W: Words> {
    strings: &'a Resolver<W>,
    start: usize,
    end: usize,
}

impl<W: Words> Clone for ResolverIter<'_, W> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, W: Words> Iterator for ResolverIter<'a, W> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        self.strings.get(self.start - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<&'a [u8]> {
        self.start = self.start.saturating_add(n).min(self.end);
        self.next()
    }
}

impl<W: Words> DoubleEndedIterator for ResolverIter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        self.strings.get(self.end)
    }
}

impl<W: Words> ExactSizeIterator for ResolverIter<'_, W> {}
impl<W: Words> FusedIterator for ResolverIter<'_, W> {}

impl<'a, W: Words> IntoIterator for &'a Resolver<W> {
    type Item = &'a [u8];
    type IntoIter = ResolverIter<'a, W>;

    fn into_iter(self) -> ResolverIter<'a, W> {
        self.iter()
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn sums_are_those_of_the_lengths() {
        let lengths: [u8; 64] = core::array::from_fn(|i| (i * 37 + 11) as u8);
        for count in 0..=64 {
            let expected: usize = lengths[..count].iter().map(|length| usize::from(*length)).sum();
            assert_eq!(tags::sum(&lengths, count), expected);
        }
        assert_eq!(tags::sum(&[255; 64], 64), 64 * 255);
    }

    /// Mostly short strings, and long ones at the start, in the middle and at the end of blocks.
    fn samples() -> Vec<Vec<u8>> {
        let long = |i: usize| [0, 100, 191, 192, 255, 256].contains(&i);
        let length = |i: usize| if long(i) { 256 + i * 3 } else { i * i % 256 };
        (0..400).map(|i| vec![i as u8; length(i)]).collect()
    }

    #[test]
    fn long_strings_widen_their_block_alone() {
        let expected = samples();
        let strings: Resolver = expected.iter().collect();
        assert!(strings.iter().eq(expected.iter().map(Vec::as_slice)));
        assert!(strings.iter().rev().eq(expected.iter().rev().map(Vec::as_slice)));
        strings.validate().unwrap();
        let bytes: usize = expected.iter().map(Vec::len).sum();
        // Blocks 0, 1, 2, 3 and 4 of 7 have a long string.
        let lengths = 5 * WIDE + 2 * NARROW;
        assert_eq!(strings.heap_bytes(), (bytes + lengths).next_multiple_of(8) + 7 * 8);
    }

    #[test]
    fn every_end_can_be_cut_and_grown_again() {
        let expected = samples();
        for len in 0..400 {
            let mut strings: Resolver = expected.iter().collect();
            strings.truncate(len);
            strings.validate().unwrap();
            assert!(strings.iter().eq(expected[..len].iter().map(Vec::as_slice)), "{len}");
            let fresh: Resolver = expected[..len].iter().collect();
            let [cut, fresh] = [&strings, &fresh].map(|strings| strings.to_bytes().unwrap());
            assert!(cut.as_bytes() == fresh.as_bytes(), "two forms of {len} strings");
            strings.extend(&expected[len..]);
            strings.validate().unwrap();
            assert!(strings.iter().eq(expected.iter().map(Vec::as_slice)), "{len}");
        }
    }

    /// Whatever opens of a file with one flipped bit takes more strings, and keeps what it said.
    #[test]
    fn strings_come_behind_those_of_damaged_files() {
        use crate::maps::Interner;
        use crate::testkit::damage::each_flip;
        let strings: Resolver = (0..70_usize).map(|i| "x".repeat(1 + i * 7 % 11)).collect();
        let file = strings.to_bytes().unwrap();
        let (mut opened, mut moved) = (0, 0);
        each_flip(file.as_bytes(), |_, bytes| {
            let Ok(view) = Resolver::view(bytes) else { return };
            let mut strings = view.to_heap();
            let astray = view.len() % BLOCK > 0 && strings.last_block().is_none();
            strings.push("short");
            if astray {
                assert!(strings.iter().take(view.len()).eq(&view));
                assert_eq!(strings.get(view.len()), Some(&b"short"[..]));
                moved += 1;
            }
            let long = "y".repeat(300);
            strings.extend([&long, "z"]);
            assert_eq!((strings.len(), strings.iter().count()), (view.len() + 3, view.len() + 3));
            strings.truncate(65);
            strings.push(&long);
            strings.try_shrink_to_fit().unwrap();
            let mut interner = Interner::from(view.to_heap());
            let id = interner.intern("a new one");
            assert_eq!(id as usize, view.len());
            opened += 1;
        });
        assert!(opened > 4_000 && moved > 50, "{opened} opened, {moved} without a last block");
    }

    #[test]
    fn reserved_room_suffices() {
        let mut strings = Resolver::new();
        strings.reserve(1_000, 9_000);
        let bytes = strings.heap_bytes();
        (0..1_000).for_each(|_| strings.push("ninebytes"));
        assert_eq!(strings.heap_bytes(), bytes);
    }
}
