//! Separators: for each block of keys the shortest string that is above all keys before it and not
//! above its own, and in which bytes the block lies.
//!
//! ```text
//! prefixes | first 8 bytes of the first separator of node 0, 1, .. as a number, zeros behind |
//! places   | where node 0 begins, where its first block begins | .. |      u32 each
//! node     | separators of up to 16 blocks, and the lengths of these |
//! ```
//!
//! Nodes are of few bytes ([`FrontNode`]), or fast ([`WindowNode`]). A node's lengths are their
//! width and then 1, 2 or 4 bytes each; a text in it is its length, a byte, or 255 and two, and its
//! bytes.

mod front;
mod lengths;
mod windows;

pub(super) use front::FrontNode;
pub(super) use windows::WindowNode;

use super::query::{Query, window};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64};
use core::marker::PhantomData;
use lengths::Lengths;

/// Separators of a node.
pub(super) const NODE: usize = 16;

/// Bytes on the heap that end anywhere, kept as words.
pub(super) struct Blob<A: Alloc> {
    words: HeapWords<A>,
    len: usize,
}

impl<A: Alloc> Blob<A> {
    const fn new(alloc: A) -> Self {
        Self { words: HeapWords::new_in(alloc), len: 0 }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), AllocError> {
        let end = self.len.checked_add(bytes.len()).ok_or(AllocError::CapacityOverflow)?;
        self.words.try_resize(end.div_ceil(8))?;
        self.words.as_bytes_mut()[self.len..end].copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// Where the next byte will stand, as far as a place can say.
    fn place(&self) -> Result<u32, BuildError> {
        let max = u64::from(u32::MAX);
        u32::try_from(self.len).map_err(|_| BuildError::TooMany { len: self.len as u64, max })
    }
}

/// Texts one after the other.
pub(super) struct Texts<A: Alloc> {
    bytes: RawVec<u8, A>,
    ends: RawVec<usize, A>,
}

impl<A: Alloc + Clone> Texts<A> {
    fn new(alloc: A) -> Self {
        Self { bytes: RawVec::new_in(alloc.clone()), ends: RawVec::new_in(alloc) }
    }

    fn push(&mut self, text: &[u8]) -> Result<(), AllocError> {
        self.bytes.try_extend_from_slice(text)?;
        self.ends.try_push(self.bytes.len())
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[start..self.ends[i]]
    }

    fn clear(&mut self) {
        self.bytes.truncate(0);
        self.ends.truncate(0);
    }
}

/// Which separator of a node is the last that is not above a query.
pub(super) struct At {
    index: usize,
    /// Bytes that it and the query have in common.
    matched: usize,
    /// Bytes that it has.
    len: usize,
}

/// A node where it lies.
pub(super) trait Node<'a>: Copy {
    /// Writes the node of these separators, of which there is one, and of blocks so long.
    fn write<A: Alloc + Clone>(
        texts: &Texts<A>,
        lengths: &[u32],
        out: &mut Blob<A>,
    ) -> Result<(), AllocError>;

    /// The node from byte `place` on; `None` if it cannot be one.
    fn at(nodes: &'a [u8], place: usize) -> Option<Self>;

    fn lengths(&self) -> &Lengths<'a>;

    /// Whether the first separator is above the query.
    fn starts_above(&self, query: &impl Query) -> bool;

    /// The last of the first `count` separators that is not above the query. Its first separator is
    /// not above.
    fn find(&self, count: usize, query: &impl Query) -> Option<At>;

    /// Puts separator `index < 16` into `out`, as far as that has room; returns its length.
    fn spell(&self, index: usize, out: &mut [u8]) -> Option<usize>;
}

/// Writes a text and its length before it.
fn write_text<A: Alloc>(text: &[u8], out: &mut Blob<A>) -> Result<(), AllocError> {
    let short = text.len().min(255) as u8;
    out.extend(&[short])?;
    if short == 255 {
        out.extend(&(text.len() as u16).to_le_bytes())?;
    }
    out.extend(text)
}

/// The length of a text, and its bytes with all that follows.
#[inline(always)]
fn split_text(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (short, rest) = bytes.split_first()?;
    let (len, rest) = if *short < 255 {
        (usize::from(*short), rest)
    } else {
        let (len, rest) = rest.split_first_chunk::<2>()?;
        (usize::from(u16::from_le_bytes(*len)), rest)
    };
    (len <= rest.len()).then_some((len, rest))
}

/// Takes blocks one after the other, and writes the nodes of their separators.
pub(super) struct Writer<A: Alloc, N> {
    prefixes: RawVec<u64, A>,
    places: RawVec<u64, A>,
    nodes: Blob<A>,
    /// The separators of the node under way.
    texts: Texts<A>,
    /// Lengths of its blocks but the last, which is under way.
    lengths: RawVec<u32, A>,
    /// The bytes of all blocks, and where the last one begins.
    pub(super) blocks: Blob<A>,
    start: usize,
    /// Bytes that each block has beside its length.
    head: usize,
    alloc: A,
    form: PhantomData<N>,
}

impl<A: Alloc + Clone, N: Node<'static>> Writer<A, N> {
    /// No blocks yet; each will have `head` bytes that are not told.
    pub(super) fn new(head: usize, alloc: A) -> Self {
        Self {
            prefixes: RawVec::new_in(alloc.clone()),
            places: RawVec::new_in(alloc.clone()),
            nodes: Blob::new(alloc.clone()),
            texts: Texts::new(alloc.clone()),
            lengths: RawVec::new_in(alloc.clone()),
            blocks: Blob::new(alloc.clone()),
            start: 0,
            head,
            alloc,
            form: PhantomData,
        }
    }

    /// Begins a block behind the last one: what goes to `blocks` from here on is in it.
    pub(super) fn begin(&mut self, separator: &[u8]) -> Result<(), BuildError> {
        self.end()?;
        if self.texts.len() == NODE {
            self.flush()?;
        }
        self.start = self.blocks.len;
        let start = self.blocks.place()?;
        if self.texts.len() == 0 {
            self.prefixes.try_push(window(separator, 0))?;
            let place = u64::from(self.nodes.place()?);
            self.places.try_push(place | u64::from(start) << 32)?;
        }
        Ok(self.texts.push(separator)?)
    }

    /// Notes the length of the block under way, if there is one.
    fn end(&mut self) -> Result<(), BuildError> {
        if self.lengths.len() < self.texts.len() {
            let len = (self.blocks.len - self.start - self.head) as u64;
            let max = u64::from(u32::MAX);
            let length = u32::try_from(len).map_err(|_| BuildError::TooMany { len, max })?;
            self.lengths.try_push(length)?;
        }
        Ok(())
    }

    /// Writes the node under way.
    fn flush(&mut self) -> Result<(), AllocError> {
        if self.texts.len() > 0 {
            N::write(&self.texts, &self.lengths, &mut self.nodes)?;
        }
        self.texts.clear();
        self.lengths.truncate(0);
        Ok(())
    }

    /// The words of prefixes and places, those of the nodes, and those of the blocks with `padding`
    /// behind them.
    pub(super) fn finish(mut self, padding: &[u8]) -> Result<[HeapWords<A>; 3], BuildError> {
        self.end()?;
        self.flush()?;
        self.blocks.extend(padding)?;
        let mut index = HeapWords::new_in(self.alloc.clone());
        index.try_reserve_exact(2 * self.prefixes.len())?;
        index.try_resize(2 * self.prefixes.len())?;
        let all = self.prefixes.iter().chain(self.places.iter());
        for (word, value) in index.words_mut().iter_mut().zip(all) {
            *word = Le64::new(*value);
        }
        let (mut nodes, mut blocks) = (self.nodes.words, self.blocks.words);
        nodes.try_shrink_to_fit()?;
        blocks.try_shrink_to_fit()?;
        Ok([index, nodes, blocks])
    }
}

/// Where a block is, and how its separator compares to what was looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) block: usize,
    /// Where its bytes begin.
    pub(super) start: usize,
    /// Bytes that its separator and the query have in common.
    pub(super) matched: usize,
    /// Bytes of its separator.
    pub(super) len: usize,
}

/// How many of ascending numbers are not greater than `wanted`: an eighth of them is left by each
/// step, in which seven are looked at that do not wait for one another.
#[inline(always)]
fn not_above(numbers: &[Le64], wanted: u64) -> usize {
    let (mut base, mut rest) = (0, numbers);
    while let Some(step @ 1..) = Some(rest.len() / 8) {
        let is_below = |k: &usize| rest[k * step - 1].get() <= wanted;
        let below = (1..8).map(|k| usize::from(is_below(&k))).sum::<usize>() * step;
        // As many in any case, so that the steps are always the same: what is behind an eighth that
        // is not all below is above.
        rest = &rest[below..below + rest.len() - 7 * step];
        base += below;
    }
    base + rest.iter().map(|number| usize::from(number.get() <= wanted)).sum::<usize>()
}

/// Separators where they lie.
#[derive(Clone, Copy)]
pub(super) struct Separators<'a, N> {
    prefixes: &'a [Le64],
    places: &'a [Le64],
    nodes: &'a [u8],
    blocks: usize,
    /// Bytes that each block has beside its length.
    head: u64,
    form: PhantomData<N>,
}

/// Words of prefixes and places for so many blocks.
pub(super) const fn index_words(blocks: usize) -> usize {
    2 * blocks.div_ceil(NODE)
}

impl<'a, N: Node<'a>> Separators<'a, N> {
    /// Those of `blocks` blocks, each of which has `head` bytes more than was told of it.
    #[inline(always)]
    pub(super) fn new(index: &'a [Le64], nodes: &'a [u8], blocks: usize, head: usize) -> Self {
        let (prefixes, places) = index.split_at(index.len() / 2);
        Self { prefixes, places, nodes, blocks, head: head as u64, form: PhantomData }
    }

    /// Node `i`, and where its first block begins.
    #[inline(always)]
    fn node(&self, i: usize) -> Option<(N, u64)> {
        let place = self.places.get(i)?.get();
        Some((N::at(self.nodes, place as u32 as usize)?, place >> 32))
    }

    /// Where block `j` of a node begins whose first one does at `start`.
    #[inline(always)]
    fn start(&self, node: &N, start: u64, j: usize) -> Option<usize> {
        usize::try_from(start + node.lengths().before(j) + self.head * j as u64).ok()
    }

    /// The last node whose first separator is not above the query, or the first one; asks for its
    /// bytes. `None` of damaged ones.
    ///
    /// Where one of `MANY` queries waits for the cache, others go on: then what counts is how many
    /// prefixes are looked at, not how many one after the other.
    #[inline(always)]
    pub(super) fn find_node<const MANY: bool>(&self, query: &impl Query) -> Option<usize> {
        let wanted = query.window(0);
        let above = if MANY {
            self.prefixes.partition_point(|prefix| prefix.get() <= wanted)
        } else {
            not_above(self.prefixes, wanted)
        };
        // Only equal prefixes have to be looked at further.
        let mut i = above;
        if above > 0 && self.prefixes[above - 1].get() == wanted {
            i = self.first_above(above, wanted, query)?;
        }
        let i = i.max(1) - 1;
        let place = self.places.get(i)?.get() as u32 as usize;
        for line in 0..3 {
            prefetch(self.nodes, place.wrapping_add(64 * line));
        }
        Some(i)
    }

    /// Where the first block of node `i` begins, and that of the next one.
    #[inline(always)]
    pub(super) fn ends(&self, i: usize) -> [usize; 2] {
        let start = |i: usize| self.places.get(i).map_or(0, |place| (place.get() >> 32) as usize);
        [start(i), start(i + 1)]
    }

    /// The last block of node `i` whose separator is not above the query; `None` of damaged ones.
    #[inline(always)]
    pub(super) fn find_in(&self, i: usize, query: &impl Query) -> Option<Found> {
        let (node, start) = self.node(i)?;
        let At { index, matched, len } = node.find(self.blocks.checked_sub(i * NODE)?, query)?;
        let start = self.start(&node, start, index)?;
        Some(Found { block: i * NODE + index, start, matched, len })
    }

    /// The first node before `above` whose first separator is above the query, among those with
    /// its prefix.
    #[cold]
    #[inline(never)]
    fn first_above(&self, above: usize, wanted: u64, query: &impl Query) -> Option<usize> {
        let below = self.prefixes[..above].partition_point(|prefix| prefix.get() < wanted);
        let (mut low, mut high) = (below, above);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.node(middle)?.0.starts_above(query) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// Puts the separator of `block` into `out`, as far as that has room; returns its length and
    /// where the block begins.
    #[inline(always)]
    pub(super) fn spell(&self, block: usize, out: &mut [u8]) -> Option<(usize, usize)> {
        let (node, start) = self.node(block / NODE)?;
        let j = block % NODE;
        let len = node.spell(j, out)?;
        Some((len, self.start(&node, start, j)?))
    }

    /// Whether prefixes ascend and nodes are where they should be.
    pub(super) fn is_whole(&self) -> bool {
        self.prefixes.is_sorted_by_key(|prefix| prefix.get())
            && (0..self.prefixes.len()).all(|i| self.node(i).is_some())
    }
}

/// Copies `text` to `out[at..]` as far as there is room; returns where it ends.
#[inline(always)]
pub(super) fn put(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let at = at.min(out.len());
    let room = &mut out[at..];
    let len = text.len().min(room.len());
    room[..len].copy_from_slice(&text[..len]);
    at + len
}
