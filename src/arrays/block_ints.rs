//! [`BlockInts`]: numbers in blocks, each coded as it takes the fewest bits.

mod builder;
mod encode;
mod head;
mod iter;
#[cfg(all(test, feature = "std"))]
mod tests;

pub use builder::BlockIntsBuilder;
use iter::Iter;

use super::{Ints, IntsBuilder, IntsStatic, lower_bound};
use crate::bits::field::PAD_WORDS;
use crate::error::{FileError, Tag};
use crate::mem::range::ends_of;
use crate::mem::{Alloc, Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::mem::{Global, refused};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, doors, require};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::RangeBounds;
use head::{BLOCK, Block, GROUP, Head};

/// The section of the parameters.
const META: Tag = Tag(*b"meta");
/// The section of the groups' bases and places.
const GROUPS: Tag = Tag(*b"grps");
/// The section of the blocks' headers.
const HEADS: Tag = Tag(*b"blks");
/// The section of the blocks' words.
const DATA: Tag = Tag(*b"data");

/// Words of a group: its base and its place.
const GROUP_WORDS: usize = 2;

/// A sequence of numbers that are near their neighbours, or near a line through them, in few bits:
/// timestamps, line starts, offsets, identifiers in order, readings of a sensor.
///
/// Built once and never changed. Every block of 128 numbers is coded on its own: as differences to
/// its least number, or to the line from there to the next block's least number, whichever takes
/// fewer bits; a few numbers that would widen a whole block are stored apart.
///
/// # When not to use it
///
/// - Numbers that look random and all have as many bits: [`PackedInts`](super::PackedInts) is as
///   small, twice as fast by position, and can be changed.
/// - Ascending numbers at random distances: Elias-Fano coding takes fewer bits (8.8 against 11.6 at
///   a mean distance of 100).
/// - Archives that are only read from front to back: entropy coders such as pco take half the bits.
///
/// # Layout
///
/// ```text
/// groups   | base, place | base, place | ...       2 words for 32 blocks
/// heads    | head | head | ... | head |            a word a block, and one behind the last
/// data     | base if far | patches | 128 fields | ... | fewer fields | 64 zeros |
///
/// head     bit 0        3     4      6       13     17      30     64
///          | patches   | far | mode | width | bias | place | base |
/// ```
///
/// `base` is the block's least number less that of its group, `place` counts words from the group's
/// place. A number is `base + line - bias + field`, where the line rises from the base to the next
/// head's (mode 1) or not at all (mode 0), and the bias is so many sixteenths of `2^width`. In
/// mode 2 fields are steps from one number's distance to the line to the next one's. A base that
/// does not fit is *far*: the first word of the block. A *patch* has a position and the bits of a
/// number beyond `width`: four of 16 bits in a word, or one in a word.
///
/// # Space
///
/// `8.5 / 128` bytes of heads and groups a number (0.53 bits), and the fields. 1,000,000 timestamps
/// at every second, give or take 20 ms, take 8.5 bits a number, in `Vec<u64>` 64.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get` | O(1) | 2 to 5: group, head, next head, field; patches if there are any |
/// | `get` where blocks hold steps | O(128) | so many more as steps take |
/// | `for_chunks`, `unpack` | O(1) a number, by AVX2 where the processor has it | |
/// | `binary_search` | O(log n) | log2(n / 128) + 4 |
/// | building | O(1) a number | |
///
/// Reading allocates nothing.
///
/// # Parameters
///
/// [`sequential`](BlockIntsBuilder::sequential): off. It lets blocks hold steps, which takes 1 to 6
/// bits fewer where distances vary less than places do, and makes `get` slow there.
///
/// # Example
///
/// ```
/// use lessram::{arrays::BlockInts, mem::Footprint};
///
/// let starts: BlockInts = (0..100_000_u64).map(|i| i * 80 + i * i % 40).collect();
/// assert_eq!(starts.get(1_000), Some(80_000));
/// assert_eq!(starts.binary_search(80_000), Ok(1_000));
/// assert_eq!(starts.heap_bytes(), 81_672); // Vec<u64>: 800,000
/// ```
///
/// # References
///
/// Frames of reference: Goldstein, Ramakrishnan and Shaft (1998). Patches: Zukowski, Heman, Nes and
/// Boncz (2006). Lines: Ao and others (2011), here with the slope taken from the next header.
#[derive(Clone)]
pub struct BlockInts<W: Words = HeapWords> {
    len: usize,
    /// Whether blocks may hold steps.
    sequential: bool,
    /// `GROUP_WORDS` for each group that `heads` touches.
    groups: W,
    /// One for each block and one more, if there are any.
    heads: W,
    data: W,
}

/// How many blocks `len` numbers take.
const fn blocks(len: usize) -> usize {
    len.div_ceil(BLOCK)
}

impl<W: Words> BlockInts<W> {
    /// How many numbers there are.
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

    /// Whether blocks may hold steps: see [`BlockIntsBuilder::sequential`].
    #[must_use]
    pub const fn is_sequential(&self) -> bool {
        self.sequential
    }

    /// Base and place of a group; zeros if there is no such group.
    #[inline(always)]
    fn group(&self, group: usize) -> (u64, u64) {
        let at = group * GROUP_WORDS;
        match self.groups.words().get(at..at + GROUP_WORDS) {
            Some([base, place]) => (base.get(), place.get()),
            _ => (0, 0),
        }
    }

    /// The header of a block, the place of its words, and its base.
    #[inline(always)]
    fn head(&self, block: usize) -> (Head, usize, u64) {
        let word = self.heads.words().get(block).map_or(0, |word| word.get());
        let head = Head::unpack(word);
        let (base, place) = self.group(block / GROUP);
        let place = usize::try_from(place).unwrap_or(usize::MAX).saturating_add(head.place);
        let base =
            if head.far { self.far_base(place) } else { base.wrapping_add(head.base as u64) };
        (head, place, base)
    }

    #[cold]
    fn far_base(&self, place: usize) -> u64 {
        self.data.words().get(place).map_or(0, |word| word.get())
    }

    /// A block, to be read.
    #[inline(always)]
    fn block(&self, block: usize) -> Block<'_> {
        let (head, place, base) = self.head(block);
        Block::new(self.data.words(), place, head, base, self.head(block + 1).2)
    }

    /// The number at `index`, or `None` if there is none. O(1), 2 to 5 cache lines; O(128) in a
    /// block of steps.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<u64> {
        if index >= self.len {
            return None;
        }
        let (block, index) = (index / BLOCK, index % BLOCK);
        Some(self.get_plain(block, index).unwrap_or_else(|| self.get_rare(block, index)))
    }

    /// The number at `index` of a block, if [`head::get_plain`] can tell it.
    #[inline(always)]
    fn get_plain(&self, block: usize, index: usize) -> Option<u64> {
        let &[head, next] = self.heads.words().get(block..block + 2)?.first_chunk()?;
        let (at, next_at) = (block / GROUP * GROUP_WORDS, (block + 1) / GROUP * GROUP_WORDS);
        let groups = self.groups.words();
        let next_base = groups.get(next_at)?.get();
        let &[base, place] = groups.get(at..at + GROUP_WORDS)?.first_chunk()?;
        let (heads, bases) = ([head.get(), next.get()], [base.get(), next_base]);
        head::get_plain(self.data.words(), heads, bases, place.get(), index)
    }

    /// A number of a block with steps, patches, a far base, or wide fields.
    #[inline(never)]
    fn get_rare(&self, block: usize, index: usize) -> u64 {
        self.block(block).get(index)
    }

    /// The first number, or `None` if there is none. O(1).
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.get(0)
    }

    /// The last number, or `None` if there is none. O(1), as for [`get`](Self::get).
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.get(self.len.wrapping_sub(1))
    }

    /// The numbers in order, from either end. Blocks are unpacked as a whole.
    pub fn iter(&self) -> Iter<'_, W> {
        Iter::new(self, 0..self.len)
    }

    /// The numbers at `range` in order, from either end. A range beyond the end is cut, and one
    /// that ends before it starts is empty.
    pub fn iter_range(&self, range: impl RangeBounds<usize>) -> Iter<'_, W> {
        let (start, end) = ends_of(&range, self.len);
        let end = end.min(self.len);
        Iter::new(self, start.min(end)..end)
    }

    /// Unpacks the numbers from `start` on into `out`, as far as both go; returns how many.
    /// Allocates nothing.
    pub fn unpack(&self, start: usize, out: &mut [u64]) -> usize {
        let count = self.len.saturating_sub(start).min(out.len());
        let (mut at, mut out) = (start, &mut out[..count]);
        while !out.is_empty() {
            let skip = at % BLOCK;
            let (now, rest) = out.split_at_mut(out.len().min(BLOCK - skip));
            let block = self.block(at / BLOCK);
            if skip == 0 {
                block.decode(now);
            } else {
                let mut buffer = [0; BLOCK];
                block.decode(&mut buffer[..skip + now.len()]);
                now.copy_from_slice(&buffer[skip..skip + now.len()]);
            }
            (at, out) = (at + now.len(), rest);
        }
        count
    }

    /// Shows `look` all numbers in order, 128 at a time: the fastest way to go over them. Allocates
    /// nothing.
    pub fn for_chunks(&self, mut look: impl FnMut(&[u64])) {
        let mut buffer = [0; BLOCK];
        for block in 0..blocks(self.len) {
            let chunk = &mut buffer[..BLOCK.min(self.len - block * BLOCK)];
            self.block(block).decode(chunk);
            look(chunk);
        }
    }

    /// Where `value` is in an ascending sequence, or else where it would be put. If it occurs
    /// several times, the first place. O(log n), allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `value` does not occur: inserting it there would keep the order.
    pub fn binary_search(&self, value: u64) -> Result<usize, usize> {
        // In an ascending sequence a block's base is its first number.
        let before = lower_bound(blocks(self.len), |block| self.head(block).2 < value);
        let at = self.within(before, |number| number < value);
        if self.get(at) == Some(value) { Ok(at) } else { Err(at) }
    }

    /// How many numbers at the front fulfil `first_part`, if all that do stand before all that do
    /// not. O(log n), allocates nothing.
    pub fn partition_point(&self, mut first_part: impl FnMut(u64) -> bool) -> usize {
        let before = lower_bound(blocks(self.len), |block| first_part(self.block(block).get(0)));
        self.within(before, first_part)
    }

    /// The partition point, if the first numbers of just the first `blocks` blocks fulfil
    /// `first_part`.
    fn within(&self, blocks: usize, mut first_part: impl FnMut(u64) -> bool) -> usize {
        let Some(last) = blocks.checked_sub(1) else { return 0 };
        let start = last * BLOCK;
        let len = BLOCK.min(self.len - start);
        let block = self.block(last);
        if block.holds_steps() {
            let mut buffer = [0; BLOCK];
            block.decode(&mut buffer[..len]);
            return start + lower_bound(len, |index| first_part(buffer[index]));
        }
        start + lower_bound(len, |index| first_part(block.get(index)))
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> BlockInts {
        BlockInts {
            len: self.len,
            sequential: self.sequential,
            groups: HeapWords::copy_of(self.groups.words()),
            heads: HeapWords::copy_of(self.heads.words()),
            data: HeapWords::copy_of(self.data.words()),
        }
    }

    /// Words of `data` that the numbers need, and whether every header says what it may.
    fn check_heads(&self) -> Option<usize> {
        let mut end = 0;
        for block in 0..blocks(self.len) {
            let (head, place, _) = self.head(block);
            let word = self.heads.words().get(block)?.get();
            let sound = place == end && head.pack() == word;
            let begins = block % GROUP != 0 || (head.place == 0 && head.base == 0 && !head.far);
            if !sound || !begins || (head.mode == head::Mode::Delta && !self.sequential) {
                return None;
            }
            end += head.words(BLOCK.min(self.len - block * BLOCK));
        }
        self.check_end(end).then_some(end)
    }

    /// Whether the header behind the last block, which ends at word `end`, has its base and its
    /// place, and zeros.
    fn check_end(&self, end: usize) -> bool {
        let block = blocks(self.len);
        let Some(word) = self.heads.words().get(block) else { return self.len == 0 };
        let (head, place, _) = self.head(block);
        let plain = Head { base: head.base, place: head.place, ..Head::unpack(0) };
        let begins = block % GROUP != 0 || (head.place == 0 && head.base == 0);
        place == end && begins && plain.pack() == word.get()
    }
}

impl<A: Alloc> BlockInts<HeapWords<A>> {
    /// A sequence of no numbers in `alloc`; requests no memory.
    #[must_use]
    pub fn empty_in(alloc: A) -> Self
    where
        A: Clone,
    {
        let words = || HeapWords::new_in(alloc.clone());
        Self { len: 0, sequential: false, groups: words(), heads: words(), data: words() }
    }

    /// A builder with its memory from `alloc`.
    #[must_use]
    pub fn builder_in(alloc: A) -> BlockIntsBuilder<A>
    where
        A: Clone,
    {
        BlockIntsBuilder::new_in(alloc)
    }
}

#[cfg(feature = "alloc")]
impl BlockInts {
    /// A builder, which takes numbers one by one.
    #[must_use]
    pub fn builder() -> BlockIntsBuilder<Global> {
        Self::builder_in(Global)
    }
}

impl<W: Words> Footprint for BlockInts<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.groups.tell("groups", PartKind::Index, 0, out);
        self.heads.tell("heads", PartKind::Index, 0, out);
        self.data.tell("fields", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for BlockInts<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.meta(&[u64::from(self.sequential)]);
        out.section(GROUPS, 8, self.groups.words());
        out.section(HEADS, 8, self.heads.words());
        out.section(DATA, 8, self.data.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [sequential] = source.meta()?;
        require(sequential <= 1, META, "steps are allowed or not")?;
        let len = source.items()?;
        let groups = source.section(GROUPS, 8)?;
        let heads = source.section(HEADS, 8)?;
        let data = source.section(DATA, 8)?;
        let need = if len == 0 { 0 } else { blocks(len) + 1 };
        require(heads.words().len() == need, HEADS, "a header a block and one more")?;
        let need = need.div_ceil(GROUP) * GROUP_WORDS;
        require(groups.words().len() == need, GROUPS, "two words a group")?;
        Ok(Self { len, sequential: sequential == 1, groups, heads, data })
    }

    fn validate(&self) -> Result<(), FileError> {
        let end = self.check_heads();
        require(end.is_some(), HEADS, "blocks stand one after the other")?;
        let data = self.data.words();
        let padding = if self.len == 0 { 0 } else { PAD_WORDS };
        require(end.is_some_and(|end| data.len() == end + padding), DATA, "words of all blocks")?;
        let clean = data.iter().rev().take(padding).all(|word| *word == Le64::new(0));
        require(clean, DATA, "zeros behind the last block")
    }
}

doors!(BlockInts);

impl<W: Words> Ints for BlockInts<W> {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn get(&self, index: usize) -> Option<u64> {
        self.get(index)
    }

    fn binary_search(&self, value: u64) -> Result<usize, usize> {
        self.binary_search(value)
    }
}

impl<A: Alloc + Clone> IntsStatic<A> for BlockInts<HeapWords<A>> {
    type Builder = BlockIntsBuilder<A>;

    fn builder_in(alloc: A) -> BlockIntsBuilder<A> {
        BlockIntsBuilder::new_in(alloc)
    }
}

impl<'a, W: Words> IntoIterator for &'a BlockInts<W> {
    type Item = u64;
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
    }
}

#[cfg(feature = "alloc")]
impl Default for BlockInts {
    fn default() -> Self {
        Self::empty_in(Global)
    }
}

#[cfg(feature = "alloc")]
impl From<&[u64]> for BlockInts {
    fn from(values: &[u64]) -> Self {
        values.iter().copied().collect()
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<u64> for BlockInts {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut builder = Self::builder();
        builder.extend(values);
        builder.try_finish().unwrap_or_else(|error| refused(error))
    }
}

impl<W: Words> fmt::Debug for BlockInts<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<W: Words, V: Words> PartialEq<BlockInts<V>> for BlockInts<W> {
    fn eq(&self, other: &BlockInts<V>) -> bool {
        self.iter().eq(other)
    }
}

impl<W: Words> Eq for BlockInts<W> {}

impl<W: Words, V: Words> PartialOrd<BlockInts<V>> for BlockInts<W> {
    fn partial_cmp(&self, other: &BlockInts<V>) -> Option<Ordering> {
        Some(self.iter().cmp(other))
    }
}

impl<W: Words> Ord for BlockInts<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<W: Words> Hash for BlockInts<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|value| state.write_u64(value));
    }
}
