//! [`Lines`]: the bits of a filter whose keys set some in one line, or in half of one.

use crate::bits::float;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, PartKind, Parts};
use crate::storage::{
    AlignedWords, HeapWords, Le64, Source, Words, as_bytes, as_bytes_mut, require,
};

/// Lines of 64 bytes, of which the last may be a half.
#[derive(Clone)]
pub(super) struct Lines<W: Words>(AlignedWords<W>);

impl<W: Words> Lines<W> {
    /// The words of the lines.
    #[inline]
    pub(super) fn words(&self) -> &[Le64] {
        self.0.words()
    }

    /// The bytes of the lines.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        as_bytes(self.words())
    }

    /// Bits of all lines.
    pub(super) const fn bits(&self) -> u64 {
        self.0.len() as u64 * 64
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
        self.0.tell("lines", PartKind::Payload, out);
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
        Ok(Self(AlignedWords::first(words, len)?))
    }
}

impl<A: Alloc> Lines<HeapWords<A>> {
    /// `len` words, all 0.
    pub(super) fn zeroed(len: u64, alloc: A) -> Result<Self, AllocError> {
        let len = usize::try_from(len).map_err(|_| AllocError::CapacityOverflow)?;
        Ok(Self(AlignedWords::extended(HeapWords::new_in(alloc), len)?))
    }

    /// Where they come from.
    pub(super) const fn alloc(&self) -> &A {
        self.0.alloc()
    }

    /// The words of the lines, to be written.
    #[inline]
    pub(super) fn words_mut(&mut self) -> &mut [Le64] {
        self.0.words_mut()
    }

    /// The bytes of the lines, to be written.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(self.words_mut())
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
        let words = self.words_mut();
        if words.is_empty() || words.len() % (2 * unit) != 0 {
            return false;
        }
        let half = words.len() / 2;
        for to in 0..half {
            let from = to / unit * 2 * unit + to % unit;
            words[to] = Le64::new(words[from].get() | words[from + unit].get());
        }
        self.0.shrink_to(half);
        true
    }
}
