//! [`Lines`]: whole cache lines of words, where they can be at the addresses of cache lines.

use crate::bits::float;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, PartKind, Parts};
use crate::simd::lines::LINE;
use crate::storage::words::ALIGN_WORDS;
use crate::storage::{HeapWords, Le64, Source, Words, as_bytes, require};

/// Words of a line.
pub(super) const LINE_WORDS: usize = LINE / 8;

/// Words from which on lines on the heap stand at multiples of 64 bytes, which costs 56 bytes.
/// Below, all of them are in the fastest cache, where a line that stands across two costs little.
const ALIGN_FROM: usize = 512;

/// Lines of 64 bytes. Those of large filters are aligned: one that stood across two lines of the
/// cache would be fetched twice.
pub(super) struct Lines<W> {
    words: W,
    /// Where the first line starts, in words: below 8.
    start: usize,
    /// Words of all lines: a multiple of 8.
    len: usize,
}

impl<W: Words> Lines<W> {
    /// The words of the lines.
    #[inline]
    pub(super) fn words(&self) -> &[Le64] {
        self.words.words().get(self.start..self.start + self.len).unwrap_or(&[])
    }

    /// The bytes of the lines.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        as_bytes(self.words())
    }

    /// Bits of all lines.
    pub(super) const fn bits(&self) -> u64 {
        self.len as u64 * 64
    }

    /// Bits that are set.
    pub(super) fn ones(&self) -> u64 {
        self.words().iter().map(|word| u64::from(word.get().count_ones())).sum()
    }

    /// How many keys were put in, estimated, if each sets one bit in `width` on average: from the
    /// share of bits that are not set, which falls by the same factor with every key.
    pub(super) fn estimate(&self, width: f64) -> f64 {
        let (bits, ones) = (self.bits() as f64, self.ones() as f64);
        if ones == bits {
            return if bits == 0.0 { 0.0 } else { f64::INFINITY };
        }
        -bits / width * float::ln(1.0 - ones / bits)
    }

    /// Tells of their block.
    pub(super) fn tell(&self, out: &mut dyn Parts) {
        let padding = (self.words.words().len() - self.len) * 8;
        self.words.tell("lines", PartKind::Payload, padding, out);
    }

    /// The lines in the section `tag` of elements of this size, a multiple of `unit` words.
    pub(super) fn load<S: Source<Words = W>>(
        source: &mut S,
        tag: Tag,
        elem_size: u8,
        unit: usize,
    ) -> Result<Self, FileError> {
        let words = source.section(tag, elem_size)?;
        let len = words.words().len();
        require(len != 0 && len % unit == 0, tag, "whole blocks, at least one")?;
        let mut lines = Self { words, start: 0, len };
        lines.align()?;
        Ok(lines)
    }

    /// Moves the lines to where they start at a multiple of 64 bytes, if that is worth it.
    fn align(&mut self) -> Result<(), AllocError> {
        if self.len >= ALIGN_FROM {
            self.start = self.words.align(self.start, self.len)?;
        }
        Ok(())
    }
}

impl<A: Alloc> Lines<HeapWords<A>> {
    /// `len` words, all 0.
    pub(super) fn zeroed(len: u64, alloc: A) -> Result<Self, AllocError> {
        let len = usize::try_from(len).map_err(|_| AllocError::CapacityOverflow)?;
        let mut words = HeapWords::new_in(alloc);
        let padding = if len >= ALIGN_FROM { ALIGN_WORDS } else { 0 };
        let all = len.checked_add(padding).ok_or(AllocError::CapacityOverflow)?;
        words.try_reserve_exact(all)?;
        words.try_resize(all)?;
        let start = if padding == 0 { 0 } else { words.align(0, 0)? };
        Ok(Self { words, start, len })
    }

    /// Where they come from.
    pub(super) fn alloc(&self) -> &A {
        self.words.alloc()
    }

    /// The words of the lines, to be written.
    #[inline]
    pub(super) fn words_mut(&mut self) -> &mut [Le64] {
        self.words.words_mut().get_mut(self.start..self.start + self.len).unwrap_or(&mut [])
    }

    /// The bytes of the lines, to be written.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let range = self.start * 8..(self.start + self.len) * 8;
        self.words.as_bytes_mut().get_mut(range).unwrap_or(&mut [])
    }

    /// Makes each word `with` what it is and what `other` has there.
    pub(super) fn combine<V: Words>(&mut self, other: &Lines<V>, with: impl Fn(u64, u64) -> u64) {
        for (word, other) in self.words_mut().iter_mut().zip(other.words()) {
            *word = Le64::new(with(word.get(), other.get()));
        }
    }

    /// Sets all bits to 0.
    pub(super) fn clear(&mut self) {
        self.words_mut().fill(Le64::default());
    }

    /// Lays each two neighbouring blocks of `unit` words over each other, and gives back the half
    /// that gets free. Keys that pick their block by a product then pick the one where theirs went.
    /// Returns whether there was an even number of blocks; else nothing is done.
    pub(super) fn fold(&mut self, unit: usize) -> bool {
        if self.len == 0 || self.len % (2 * unit) != 0 {
            return false;
        }
        let words = self.words_mut();
        for to in 0..words.len() / 2 {
            let from = to / unit * 2 * unit + to % unit;
            words[to] = Le64::new(words[from].get() | words[from + unit].get());
        }
        self.len /= 2;
        if self.len < ALIGN_FROM && self.start != 0 {
            let (start, end) = (self.start, self.start + self.len);
            self.words.words_mut().copy_within(start..end, 0);
            self.start = 0;
        }
        let padding = if self.len < ALIGN_FROM { 0 } else { ALIGN_WORDS };
        self.words.truncate(self.len + padding);
        // What an allocator would not take back is slack, and lines that could not be aligned are
        // a little slower: neither is wrong, nor worth an error.
        let _ = self.words.try_shrink_to_fit();
        let _ = self.align();
        true
    }
}

impl<W: Words + Clone> Clone for Lines<W> {
    fn clone(&self) -> Self {
        let mut copy = Self { words: self.words.clone(), ..*self };
        // The copy has room for it. Without, it would be a little slower and no less right.
        let aligned = copy.align();
        debug_assert!(aligned.is_ok());
        copy
    }
}
