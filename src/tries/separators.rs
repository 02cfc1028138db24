//! Separators: for each block of keys the shortest string that is above all keys before it and not
//! above its own, and in which bytes the block lies.
//!
//! ```text
//! prefixes | first 8 bytes of the first separator of node 0, 1, .. as a number, zeros behind |
//! places   | where node 0 begins, where its first block begins | .. |      u32 each
//! node     | depths | sizes | branches | widths | lengths | first separator | tails |
//!            16 * 4b  16 * 4b  16 bytes   1 byte
//! ```
//!
//! A node has up to 16 separators. Separator `i > 0` shares `base + depth` bytes with the one
//! before it, goes on with `branches[i]`, and then with a tail of `size` bytes. `branches[0]` is
//! the base. Sizes of 15 stand for a tail with its own numbers in front: the shared bytes and
//! those of the tail, u16 each. Lengths are those of the node's blocks, 1, 2 or 4 bytes each.

use super::front::{Front, MORE, find, more, sum4};
use super::query::{Query, compare_text};
use super::spool::common;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::simd::scan::scan16;
use crate::storage::{HeapWords, Le64};
use core::cmp::Ordering;

/// Separators of a node.
pub(super) const NODE: usize = 16;
/// Bytes of a node before its lengths.
const HEAD: usize = 33;

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

/// The first 8 bytes as a number, `fill` behind the end.
#[inline(always)]
fn prefix(text: &[u8], fill: u8) -> u64 {
    match text.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [fill; 8];
            bytes[..text.len()].copy_from_slice(text);
            u64::from_be_bytes(bytes)
        }
    }
}

/// Takes blocks one after the other, and writes the nodes of their separators.
pub(super) struct Writer<A: Alloc> {
    prefixes: RawVec<u64, A>,
    places: RawVec<u64, A>,
    nodes: Blob<A>,
    /// The separators of the node under way, one after the other, and where each ends.
    text: RawVec<u8, A>,
    ends: RawVec<usize, A>,
    /// Lengths of its blocks but the last, which is under way.
    lengths: RawVec<u32, A>,
    /// The bytes of all blocks, and where the last one begins.
    pub(super) blocks: Blob<A>,
    start: usize,
    /// Bytes that each block has beside its length.
    head: usize,
    alloc: A,
}

impl<A: Alloc + Clone> Writer<A> {
    /// No blocks yet; each will have `head` bytes that are not told.
    pub(super) fn new(head: usize, alloc: A) -> Self {
        Self {
            prefixes: RawVec::new_in(alloc.clone()),
            places: RawVec::new_in(alloc.clone()),
            nodes: Blob::new(alloc.clone()),
            text: RawVec::new_in(alloc.clone()),
            ends: RawVec::new_in(alloc.clone()),
            lengths: RawVec::new_in(alloc.clone()),
            blocks: Blob::new(alloc.clone()),
            start: 0,
            head,
            alloc,
        }
    }

    /// Begins a block behind the last one: what goes to `blocks` from here on is in it.
    pub(super) fn begin(&mut self, separator: &[u8]) -> Result<(), BuildError> {
        self.end()?;
        if self.ends.len() == NODE {
            self.flush()?;
        }
        self.start = self.blocks.len;
        let start = self.blocks.place()?;
        if self.ends.is_empty() {
            self.prefixes.try_push(prefix(separator, 0))?;
            let place = u64::from(self.nodes.place()?);
            self.places.try_push(place | u64::from(start) << 32)?;
        }
        self.text.try_extend_from_slice(separator)?;
        self.ends.try_push(self.text.len())?;
        Ok(())
    }

    /// Notes the length of the block under way, if there is one.
    fn end(&mut self) -> Result<(), BuildError> {
        if self.lengths.len() < self.ends.len() {
            let len = (self.blocks.len - self.start - self.head) as u64;
            let max = u64::from(u32::MAX);
            let length = u32::try_from(len).map_err(|_| BuildError::TooMany { len, max })?;
            self.lengths.try_push(length)?;
        }
        Ok(())
    }

    /// Separator `i` of the node under way.
    fn separator(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.text[start..self.ends[i]]
    }

    /// Writes the node under way.
    fn flush(&mut self) -> Result<(), AllocError> {
        let count = self.ends.len();
        if count == 0 {
            return Ok(());
        }
        let depth = |i: usize| common(self.separator(i - 1), self.separator(i));
        let base = (1..count).map(depth).min().unwrap_or(0).min(255);
        let (mut depths, mut sizes, mut branches) = (0_u64, 0_u64, [0; NODE]);
        let mut tails = RawVec::new_in(self.alloc.clone());
        branches[0] = base as u8;
        for (i, branch) in branches.iter_mut().enumerate().take(count).skip(1) {
            let (shared, separator) = (depth(i), self.separator(i));
            let tail = &separator[shared + 1..];
            *branch = separator[shared];
            let over = (shared - base).min(MORE);
            let size = if over == MORE { MORE } else { tail.len().min(MORE) };
            if size == MORE {
                tails.try_extend_from_slice(&(shared as u16).to_le_bytes())?;
                tails.try_extend_from_slice(&(tail.len() as u16).to_le_bytes())?;
            }
            tails.try_extend_from_slice(tail)?;
            depths |= (over as u64) << (4 * i);
            sizes |= (size as u64) << (4 * i);
        }
        self.nodes.extend(&depths.to_le_bytes())?;
        self.nodes.extend(&sizes.to_le_bytes())?;
        self.nodes.extend(&branches)?;
        let longest = self.lengths.iter().max().copied().unwrap_or(0);
        let width = if longest < 1 << 8 { 0 } else { 1 + u8::from(longest >= 1 << 16) };
        self.nodes.extend(&[width])?;
        for i in 0..NODE {
            let length = self.lengths.get(i).copied().unwrap_or(0).to_le_bytes();
            self.nodes.extend(&length[..1 << width])?;
        }
        let first = self.ends[0];
        let short = first.min(255) as u8;
        self.nodes.extend(&[short])?;
        if short == 255 {
            self.nodes.extend(&(first as u16).to_le_bytes())?;
        }
        self.nodes.extend(&self.text[..first])?;
        self.nodes.extend(&tails)?;
        self.text.truncate(0);
        self.ends.truncate(0);
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

/// A node where it lies.
#[derive(Clone, Copy)]
struct Node<'a> {
    depths: u64,
    sizes: u64,
    branches: &'a [u8; NODE],
    /// Bytes of a length, as a power of two: at most 4, so that the sum of sixteen fits.
    width: u32,
    lengths: &'a [u8],
    first: &'a [u8],
    tails: &'a [u8],
}

impl<'a> Node<'a> {
    #[inline(always)]
    fn at(nodes: &'a [u8], place: usize) -> Option<Self> {
        let bytes = nodes.get(place..)?;
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let (depths, head) = head.split_first_chunk::<8>()?;
        let (sizes, head) = head.split_first_chunk::<8>()?;
        let (branches, head) = head.split_first_chunk::<NODE>()?;
        let width = u32::from(*head.first()?);
        if width > 2 {
            return None;
        }
        let (lengths, rest) = rest.split_at_checked(NODE << width)?;
        let (short, rest) = rest.split_first()?;
        let (len, rest) = if *short < 255 {
            (usize::from(*short), rest)
        } else {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        };
        let (first, tails) = rest.split_at_checked(len)?;
        let (depths, sizes) = (u64::from_le_bytes(*depths), u64::from_le_bytes(*sizes));
        Some(Self { depths, sizes, branches, width, lengths, first, tails })
    }

    /// Bytes of the blocks before block `i < 16`.
    #[inline(always)]
    fn before(&self, i: usize) -> u64 {
        if let Some(bytes) = self.lengths.first_chunk::<16>().filter(|_| self.width == 0) {
            let lengths = u128::from_le_bytes(*bytes) & !(u128::MAX << (8 * (i as u32 & 15)));
            return sum8(lengths as u64) + sum8((lengths >> 64) as u64);
        }
        if self.width == 1 {
            // Four at a time, those from `i` on masked out.
            return self.lengths.chunks_exact(8).enumerate().fold(0, |sum, (at, chunk)| {
                let Some(bytes) = chunk.first_chunk::<8>() else { return sum };
                let ahead = i.saturating_sub(4 * at).min(4) as u32;
                let mask = if ahead == 4 { u64::MAX } else { !(u64::MAX << (16 * ahead)) };
                sum + sum16(u64::from_le_bytes(*bytes) & mask)
            });
        }
        let lengths = self.lengths.chunks_exact(1 << self.width).take(i);
        lengths.fold(0, |sum, length| {
            let mut bytes = [0; 8];
            bytes[..length.len()].copy_from_slice(length);
            sum + u64::from_le_bytes(bytes)
        })
    }

    /// How many bytes separator `i > 0` shares with the one before it, and its tail.
    #[inline(always)]
    fn tail(&self, i: usize) -> Option<(usize, &'a [u8])> {
        let before = self.sizes & !(u64::MAX << (4 * i));
        let mut at = sum4(before);
        if more(before) != 0 {
            // A size of 15 stands for the two numbers and what they say.
            at = 0;
            for j in 1..i {
                let size = (self.sizes >> (4 * j)) as usize & 15;
                at += if size < MORE { size } else { 4 + usize::from(self.number(at + 2)?) };
            }
        }
        let (shared, tail, _) = self.tail_at(i, at)?;
        Some((shared, tail))
    }

    /// As [`tail`](Self::tail), of which is known where among the tails it stands; and where the
    /// next one does.
    #[inline(always)]
    fn tail_at(&self, i: usize, at: usize) -> Option<(usize, &'a [u8], usize)> {
        let size = (self.sizes >> (4 * i)) as usize & 15;
        let (shared, start, size) = if size < MORE {
            let depth = (self.depths >> (4 * i)) as usize & 15;
            (usize::from(self.branches[0]) + depth, at, size)
        } else {
            let shared = usize::from(self.number(at)?);
            (shared, at + 4, usize::from(self.number(at + 2)?))
        };
        Some((shared, self.tails.get(start..start + size)?, start + size))
    }

    fn number(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(*self.tails.get(at..)?.first_chunk()?))
    }

    /// The last of the first `count` separators that is not above the query, how many bytes it has
    /// in common with the query, and how many bytes it has. Its first separator is not above.
    #[inline(always)]
    fn find<Q: Query>(&self, count: usize, query: &Q) -> Option<(usize, usize, usize)> {
        let (matched, _) = compare_text(self.first, query, 0);
        let place = find(self, count.min(NODE), matched, query)?;
        let len = if place.last == 0 {
            self.first.len()
        } else {
            let (shared, tail) = self.tail(place.last)?;
            shared + 1 + tail.len()
        };
        Some((place.last, place.matched, len))
    }
}

impl Front for Node<'_> {
    #[inline(always)]
    fn base(&self) -> usize {
        self.branches[0].into()
    }

    #[inline(always)]
    fn scan(&self, depth: u8, byte: u8) -> (u32, u32) {
        scan16(self.depths, self.branches, depth, byte)
    }

    #[inline(always)]
    fn branch(&self, i: usize) -> u8 {
        self.branches[i % NODE]
    }

    fn shared(&self, i: usize) -> Option<usize> {
        Some(self.tail(i)?.0)
    }

    #[inline(always)]
    fn compare<Q: Query>(&self, i: usize, query: &Q, at: usize) -> Option<(usize, Ordering)> {
        Some(compare_text(self.tail(i)?.1, query, at))
    }
}

/// The sum of eight bytes.
#[inline(always)]
const fn sum8(bytes: u64) -> u64 {
    const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes & EVEN) + (bytes >> 8 & EVEN);
    pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
}

/// The sum of four numbers of 16 bits.
#[inline(always)]
const fn sum16(numbers: u64) -> u64 {
    const EVEN: u64 = 0x0000_FFFF_0000_FFFF;
    let pairs = (numbers & EVEN) + (numbers >> 16 & EVEN);
    (pairs & 0xFFFF_FFFF) + (pairs >> 32)
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

/// Separators where they lie.
#[derive(Clone, Copy)]
pub(super) struct Separators<'a> {
    prefixes: &'a [Le64],
    places: &'a [Le64],
    nodes: &'a [u8],
    blocks: usize,
    /// Bytes that each block has beside its length.
    head: u64,
}

impl<'a> Separators<'a> {
    /// Those of `blocks` blocks, each of which has `head` bytes more than was told of it.
    #[inline(always)]
    pub(super) fn new(index: &'a [Le64], nodes: &'a [u8], blocks: usize, head: usize) -> Self {
        let (prefixes, places) = index.split_at(index.len() / 2);
        Self { prefixes, places, nodes, blocks, head: head as u64 }
    }

    /// Where block `j` of a node begins whose first one does at `start`.
    #[inline(always)]
    fn start(&self, node: &Node<'_>, start: u64, j: usize) -> Option<usize> {
        usize::try_from(start + node.before(j) + self.head * j as u64).ok()
    }

    /// Words of prefixes and places for so many blocks.
    pub(super) const fn index_words(blocks: usize) -> usize {
        2 * blocks.div_ceil(NODE)
    }

    /// Node `i`, and where its first block begins.
    #[inline(always)]
    fn node(&self, i: usize) -> Option<(Node<'a>, u64)> {
        let place = self.places.get(i)?.get();
        Some((Node::at(self.nodes, place as u32 as usize)?, place >> 32))
    }

    /// The last block whose separator is not above the query; `None` of no blocks, or of damaged
    /// ones.
    #[inline(always)]
    pub(super) fn find<Q: Query>(&self, query: &Q) -> Option<Found> {
        let wanted = prefix(query.key(), if Q::BEHIND { 0xFF } else { 0 });
        let above = self.prefixes.partition_point(|prefix| prefix.get() <= wanted);
        // Only equal prefixes have to be looked at further.
        let mut i = above;
        if above > 0 && self.prefixes[above - 1].get() == wanted {
            i = self.first_above(above, wanted, query)?;
        }
        let i = i.max(1) - 1;
        let (node, start) = self.node(i)?;
        let (j, matched, len) = node.find(self.blocks.checked_sub(i * NODE)?, query)?;
        let start = self.start(&node, start, j)?;
        Some(Found { block: i * NODE + j, start, matched, len })
    }

    /// The first node before `above` whose first separator is above the query, among those with
    /// its prefix.
    #[cold]
    #[inline(never)]
    fn first_above<Q: Query>(&self, above: usize, wanted: u64, query: &Q) -> Option<usize> {
        let below = self.prefixes[..above].partition_point(|prefix| prefix.get() < wanted);
        let (mut low, mut high) = (below, above);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (node, _) = self.node(middle)?;
            if compare_text(node.first, query, 0).1 == Ordering::Greater {
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
        let mut len = put(out, 0, node.first);
        let mut at = 0;
        for i in 1..=j {
            let (shared, tail, next) = node.tail_at(i, at)?;
            len = put(out, shared.min(len), &[node.branches[i]]);
            len = put(out, len, tail);
            at = next;
        }
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
