//! Nodes that are searched without a loop whose steps nobody can guess: of each separator eight
//! bytes behind what all of the node begin with, as numbers.
//!
//! ```text
//! node | windows | sizes | lengths | prefix | ends of longer ones |
//!        16 * 8 B  16 * 4b
//! ```
//!
//! A separator is the prefix and `size <= 8` bytes of its window; one of size 9 goes on with its
//! end, whose length, u16, stands in front. Windows are zeros behind their bytes, all ones where
//! there is no separator.

use super::lengths::Lengths;
use super::{At, Blob, NODE, Node, Texts, put, split_text, write_text};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::tries::query::{Query, WINDOW, compare_text, order_at, window};
use crate::tries::spool::common;
use core::cmp::Ordering;

/// The size of a separator that goes on behind its window.
const LONGER: usize = WINDOW + 1;

/// A node where it lies.
#[derive(Clone, Copy)]
pub(in crate::tries) struct WindowNode<'a> {
    windows: &'a [u8; NODE * WINDOW],
    sizes: u64,
    lengths: Lengths<'a>,
    /// Bytes of the prefix, and these with all that follows.
    skip: usize,
    text: &'a [u8],
}

impl<'a> WindowNode<'a> {
    /// Window `i < 16`.
    #[inline(always)]
    fn window(&self, i: usize) -> u64 {
        let bytes = self.windows[WINDOW * (i % NODE)..].first_chunk();
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn size(&self, i: usize) -> usize {
        (self.sizes >> (4 * i)) as usize & 15
    }

    /// How many of the sixteen windows are not greater than this one: halves of halves, no branch.
    #[inline(always)]
    fn not_above(&self, window: u64) -> usize {
        let mut base = 0;
        for half in [8, 4, 2, 1] {
            base += if self.window(base + half - 1) <= window { half } else { 0 };
        }
        base + usize::from(self.window(base) <= window)
    }

    /// What follows the window of separator `i`, which is longer, with all behind that.
    #[cold]
    fn end(&self, i: usize) -> Option<(&'a [u8], usize)> {
        // The sizes that have the highest of their four bits and the lowest.
        let longer = self.sizes >> 3 & self.sizes & 0x1111_1111_1111_1111;
        let before = (longer & !(u64::MAX << (4 * i))).count_ones();
        let mut rest = self.text.get(self.skip..)?;
        for j in 0..=before {
            let (len, ends) = rest.split_first_chunk::<2>()?;
            let len = usize::from(u16::from_le_bytes(*len));
            if j == before {
                return (len <= ends.len()).then_some((ends, len));
            }
            rest = ends.get(len..)?;
        }
        None
    }

    /// How separator `i`, whose window equals the query's, compares to it; and how many bytes they
    /// share.
    fn compare(&self, i: usize, query: &impl Query) -> Option<(usize, Ordering)> {
        let (at, wanted) = (self.skip + self.size(i).min(WINDOW), query.key().len());
        if at > wanted {
            // Zeros of the separator behind the end of the key.
            let order = order_at(Some(0), query, wanted);
            return Some((wanted, order));
        }
        if self.size(i) < LONGER {
            return Some((at, Ordering::Equal));
        }
        let (end, len) = self.end(i)?;
        Some(compare_text(end, len, query, at))
    }

    /// Bytes of separator `i`.
    #[inline(always)]
    fn len(&self, i: usize) -> Option<usize> {
        match self.size(i) {
            LONGER => Some(self.skip + WINDOW + self.end(i)?.1),
            size => Some(self.skip + size.min(WINDOW)),
        }
    }

    /// As [`find`](Node::find), where the window of separator `last` equals the query's.
    #[cold]
    #[inline(never)]
    fn find_equal(&self, last: usize, window: u64, query: &impl Query) -> Option<At> {
        let mut index = last;
        loop {
            let (matched, order) = self.compare(index, query)?;
            if order != Ordering::Greater {
                return Some(At { index, matched, len: self.len(index)? });
            }
            index = index.checked_sub(1)?;
            if self.window(index) != window {
                return self.below(index, window, query);
            }
        }
    }

    /// What [`find`](Node::find) tells of separator `index`, whose window is less than the query's.
    #[inline(always)]
    fn below(&self, index: usize, window: u64, query: &impl Query) -> Option<At> {
        let same = (self.window(index) ^ window).leading_zeros() as usize / 8;
        let left = query.key().len().checked_sub(self.skip)?;
        let matched = self.skip + same.min(self.size(index)).min(left);
        Some(At { index, matched, len: self.len(index)? })
    }
}

impl<'a> Node<'a> for WindowNode<'a> {
    fn write<A: Alloc + Clone>(
        texts: &Texts<A>,
        lengths: &[u32],
        out: &mut Blob<A>,
    ) -> Result<(), AllocError> {
        let count = texts.len();
        // They ascend: what the first and the last one share, all do.
        let skip = common(texts.get(0), texts.get(count - 1));
        let mut sizes = 0_u64;
        for i in 0..NODE {
            let text = if i < count { Some(texts.get(i)) } else { None };
            out.extend(&text.map_or(u64::MAX, |text| window(text, skip)).to_le_bytes())?;
            sizes |= (text.map_or(0, |text| (text.len() - skip).min(LONGER)) as u64) << (4 * i);
        }
        out.extend(&sizes.to_le_bytes())?;
        Lengths::write(lengths, out)?;
        write_text(&texts.get(0)[..skip], out)?;
        for i in 0..count {
            if let Some(end @ [_, ..]) = texts.get(i).get(skip + WINDOW..) {
                out.extend(&(end.len() as u16).to_le_bytes())?;
                out.extend(end)?;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn at(nodes: &'a [u8], place: usize) -> Option<Self> {
        let (windows, rest) = nodes.get(place..)?.split_first_chunk()?;
        let (sizes, rest) = rest.split_first_chunk::<8>()?;
        let (lengths, rest) = Lengths::split(rest)?;
        let (skip, text) = split_text(rest)?;
        Some(Self { windows, sizes: u64::from_le_bytes(*sizes), lengths, skip, text })
    }

    #[inline(always)]
    fn lengths(&self) -> &Lengths<'a> {
        &self.lengths
    }

    fn starts_above(&self, query: &impl Query) -> bool {
        let (matched, mut order) = compare_text(self.text, self.skip, query, 0);
        if order == Ordering::Equal {
            order = self.window(0).cmp(&query.window(matched));
        }
        if order == Ordering::Equal {
            order = self.compare(0, query).map_or(order, |(_, order)| order);
        }
        order == Ordering::Greater
    }

    #[inline(always)]
    fn find(&self, count: usize, query: &impl Query) -> Option<At> {
        let last = count.clamp(1, NODE) - 1;
        let (matched, order) = compare_text(self.text, self.skip, query, 0);
        if order != Ordering::Equal {
            // All begin with what is less than the query: the first one is not above it.
            return Some(At { index: last, matched, len: self.len(last)? });
        }
        let window = query.window(self.skip);
        let index = self.not_above(window).clamp(1, last + 1) - 1;
        if self.window(index) == window {
            return self.find_equal(index, window, query);
        }
        self.below(index, window, query)
    }

    #[inline(always)]
    fn spell(&self, index: usize, out: &mut [u8]) -> Option<usize> {
        let len = put(out, 0, &self.text[..self.skip]);
        let size = self.size(index);
        let bytes = self.window(index).to_be_bytes();
        let len = put(out, len, &bytes[..size.min(WINDOW)]);
        if size != LONGER {
            return Some(len);
        }
        let (end, behind) = self.end(index)?;
        Some(put(out, len, &end[..behind]))
    }
}
