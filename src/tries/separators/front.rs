//! Nodes of few bytes: separators that are front-coded.
//!
//! ```text
//! node | depths | sizes | branches | lengths | first separator | tails |
//!        16 * 4b  16 * 4b  16 bytes
//! ```
//!
//! Separator `i > 0` shares `base + depth` bytes with the one before it, goes on with
//! `branches[i]`, and then with a tail of `size` bytes. `branches[0]` is the base. Sizes of 15
//! stand for a tail with its own numbers in front: the shared bytes and those of the tail, u16
//! each.

use super::lengths::Lengths;
use super::{At, Blob, NODE, Node, Texts, put, split_text, write_text};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::simd::scan::scan16;
use crate::tries::front::{Front, MORE, find, longer, sum4};
use crate::tries::query::{Query, compare_text};
use crate::tries::spool::common;
use core::cmp::Ordering;

/// Bytes of a node before its lengths.
const HEAD: usize = 32;

/// A node where it lies.
#[derive(Clone, Copy)]
pub(in crate::tries) struct FrontNode<'a> {
    depths: u64,
    sizes: u64,
    branches: &'a [u8; NODE],
    lengths: Lengths<'a>,
    /// Bytes of the first separator, and these with all that follows.
    first: usize,
    text: &'a [u8],
}

/// The bytes of a separator behind its branch byte, and what follows them.
#[derive(Clone, Copy)]
struct Tail<'a> {
    /// At least `len`.
    bytes: &'a [u8],
    len: usize,
}

impl<'a> FrontNode<'a> {
    /// How many bytes separator `i > 0` shares with the one before it, and its tail.
    #[inline(always)]
    fn tail(&self, i: usize) -> Option<(usize, Tail<'a>)> {
        let before = self.sizes & !(u64::MAX << (4 * i));
        let mut at = sum4(before.into());
        if longer(before.into()) != 0 {
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
    fn tail_at(&self, i: usize, at: usize) -> Option<(usize, Tail<'a>, usize)> {
        let size = (self.sizes >> (4 * i)) as usize & 15;
        let (shared, start, len) = if size < MORE {
            let depth = (self.depths >> (4 * i)) as usize & 15;
            (usize::from(self.branches[0]) + depth, at, size)
        } else {
            let shared = usize::from(self.number(at)?);
            (shared, at + 4, usize::from(self.number(at + 2)?))
        };
        let bytes = self.text.get(self.first + start..)?;
        (len <= bytes.len()).then_some((shared, Tail { bytes, len }, start + len))
    }

    fn number(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(*self.text.get(self.first + at..)?.first_chunk()?))
    }
}

impl<'a> Node<'a> for FrontNode<'a> {
    fn write<A: Alloc + Clone>(
        texts: &Texts<A>,
        lengths: &[u32],
        out: &mut Blob<A>,
    ) -> Result<(), AllocError> {
        let count = texts.len();
        let depth = |i: usize| common(texts.get(i - 1), texts.get(i));
        let base = (1..count).map(depth).min().unwrap_or(0).min(255);
        let (mut depths, mut sizes, mut branches) = (0_u64, 0_u64, [0; NODE]);
        let size_of = |i: usize| {
            let over = (depth(i) - base).min(MORE);
            let size = if over == MORE { MORE } else { texts.get(i).len() - depth(i) - 1 };
            (over, size.min(MORE))
        };
        branches[0] = base as u8;
        for (i, branch) in branches.iter_mut().enumerate().take(count).skip(1) {
            let (over, size) = size_of(i);
            *branch = texts.get(i)[depth(i)];
            depths |= (over as u64) << (4 * i);
            sizes |= (size as u64) << (4 * i);
        }
        out.extend(&depths.to_le_bytes())?;
        out.extend(&sizes.to_le_bytes())?;
        out.extend(&branches)?;
        Lengths::write(lengths, out)?;
        write_text(texts.get(0), out)?;
        for i in 1..count {
            let tail = &texts.get(i)[depth(i) + 1..];
            if size_of(i).1 == MORE {
                out.extend(&(depth(i) as u16).to_le_bytes())?;
                out.extend(&(tail.len() as u16).to_le_bytes())?;
            }
            out.extend(tail)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn at(nodes: &'a [u8], place: usize) -> Option<Self> {
        let (head, rest) = nodes.get(place..)?.split_first_chunk::<HEAD>()?;
        let (depths, head) = head.split_first_chunk::<8>()?;
        let (sizes, head) = head.split_first_chunk::<8>()?;
        let branches = head.first_chunk::<NODE>()?;
        let (lengths, rest) = Lengths::split(rest)?;
        let (first, text) = split_text(rest)?;
        let (depths, sizes) = (u64::from_le_bytes(*depths), u64::from_le_bytes(*sizes));
        Some(Self { depths, sizes, branches, lengths, first, text })
    }

    #[inline(always)]
    fn lengths(&self) -> &Lengths<'a> {
        &self.lengths
    }

    fn starts_above(&self, query: &impl Query) -> bool {
        compare_text(self.text, self.first, query, 0).1 == Ordering::Greater
    }

    #[inline(always)]
    fn find(&self, count: usize, query: &impl Query) -> Option<At> {
        let (matched, _) = compare_text(self.text, self.first, query, 0);
        let place = find(self, count.min(NODE), matched, query)?;
        let len = if place.last == 0 {
            self.first
        } else {
            let (shared, tail) = self.tail(place.last)?;
            shared + 1 + tail.len
        };
        Some(At { index: place.last, matched: place.matched, len })
    }

    #[inline(always)]
    fn spell(&self, index: usize, out: &mut [u8]) -> Option<usize> {
        let mut len = put(out, 0, &self.text[..self.first]);
        let mut at = 0;
        for i in 1..=index {
            let (shared, tail, next) = self.tail_at(i, at)?;
            len = put(out, shared.min(len), &[self.branches[i]]);
            len = put(out, len, &tail.bytes[..tail.len]);
            at = next;
        }
        Some(len)
    }
}

impl Front for FrontNode<'_> {
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
        let tail = self.tail(i)?.1;
        Some(compare_text(tail.bytes, tail.len, query, at))
    }
}
