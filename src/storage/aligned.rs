//! [`AlignedWords`]: whole cache lines of words, where they can be at the addresses of cache lines.

use super::words::{ALIGN_WORDS, HeapWords, Le64, Words};
use crate::error::AllocError;
use crate::mem::{Alloc, PartKind, Parts};

/// Words of a line: 64 bytes.
pub(crate) const LINE_WORDS: usize = 8;

/// Words from which on lines on the heap stand at multiples of 64 bytes, which costs 56 bytes.
/// Below, all of them are in the fastest cache, where a line that stands across two costs little.
const ALIGN_FROM: usize = 512;

/// Words behind so many that let them start at a multiple of 64 bytes.
const fn padding(len: usize) -> usize {
    if len < ALIGN_FROM { 0 } else { ALIGN_WORDS }
}

/// No words: for lines that lie beyond their words, which none do. A call, for a branch: a value
/// would be chosen in six steps by every question that a filter is asked.
#[cold]
fn nowhere<T: Default>() -> T {
    debug_assert!(false, "lines lie in their words");
    T::default()
}

/// Lines of 8 words. On the heap, many of them are aligned: one that stood across two lines of the
/// cache would be fetched twice.
pub(crate) struct AlignedWords<W> {
    words: W,
    /// Where the first line starts, in words: below 8.
    start: usize,
    /// Words of all lines.
    len: usize,
}

impl<W: Words> AlignedWords<W> {
    /// The lines that `words` consist of; words beyond the last whole line are left out.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if they are on the heap, and cannot be moved to where they are aligned.
    pub(crate) fn new(words: W) -> Result<Self, AllocError> {
        let len = words.words().len() / LINE_WORDS * LINE_WORDS;
        Self::first(words, len)
    }

    /// The first `len` of `words`: the last line may be a part of one.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub(crate) fn first(words: W, len: usize) -> Result<Self, AllocError> {
        let mut lines = Self { words, start: 0, len };
        lines.align()?;
        Ok(lines)
    }

    /// How many words there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The words of the lines.
    #[inline]
    pub(crate) fn words(&self) -> &[Le64] {
        self.words.words().get(self.start..self.start + self.len).unwrap_or_else(nowhere)
    }

    /// The words of line `line`, or `None` if there is no such line.
    #[inline]
    pub(crate) fn line(&self, line: usize) -> Option<&[Le64; LINE_WORDS]> {
        let at = line.checked_mul(LINE_WORDS)?;
        self.words().get(at..at.checked_add(LINE_WORDS)?)?.first_chunk()
    }

    /// Tells of their block.
    pub(crate) fn tell(&self, name: &'static str, kind: PartKind, out: &mut dyn Parts) {
        let padding = (self.words.words().len() - self.len) * 8;
        self.words.tell(name, kind, padding, out);
    }

    /// Moves the lines to where they start at a multiple of 64 bytes, if that is worth it.
    fn align(&mut self) -> Result<(), AllocError> {
        if self.len >= ALIGN_FROM {
            self.start = self.words.align(self.start, self.len)?;
        }
        Ok(())
    }
}

impl<A: Alloc> AlignedWords<HeapWords<A>> {
    /// `words`, followed by zeros up to `len` words, which are no fewer. Takes their block over and
    /// makes it exactly as large as it must be.
    pub(crate) fn extended(mut words: HeapWords<A>, len: usize) -> Result<Self, AllocError> {
        let had = words.words().len();
        debug_assert!(len >= had);
        let all = len.checked_add(padding(len)).ok_or(AllocError::CapacityOverflow)?;
        words.try_reserve_exact(all - had)?;
        words.try_resize(all)?;
        words.try_shrink_to_fit()?;
        // All behind is 0, wherever the first line starts.
        let start = if all == len { 0 } else { words.align(0, had)? };
        Ok(Self { words, start, len })
    }

    /// Where they come from.
    pub(crate) const fn alloc(&self) -> &A {
        self.words.alloc()
    }

    /// The words of the lines, to be written.
    #[inline]
    pub(crate) fn words_mut(&mut self) -> &mut [Le64] {
        let range = self.start..self.start + self.len;
        self.words.words_mut().get_mut(range).unwrap_or_else(nowhere)
    }

    /// Keeps the first `len` words, which are no more than there are, and gives back the room of
    /// the others.
    pub(crate) fn shrink_to(&mut self, len: usize) {
        debug_assert!(len <= self.len);
        self.len = len;
        if padding(len) == 0 && self.start != 0 {
            self.words.words_mut().copy_within(self.start..self.start + len, 0);
            self.start = 0;
        }
        self.words.truncate(len + padding(len));
        // What an allocator would not take back is slack, and lines that could not be aligned are
        // a little slower: neither is wrong, nor worth an error.
        let _ = self.words.try_shrink_to_fit();
        let _ = self.align();
    }
}

impl<W: Words + Clone> Clone for AlignedWords<W> {
    fn clone(&self) -> Self {
        let mut copy = Self { words: self.words.clone(), ..*self };
        // The copy has room for it. Without, it would be a little slower and no less right.
        let aligned = copy.align();
        debug_assert!(aligned.is_ok());
        copy
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;
    use std::vec::Vec;

    fn numbered(len: usize) -> HeapWords {
        let mut words = HeapWords::new_in(Global);
        words.try_resize(len).unwrap();
        for (i, word) in words.words_mut().iter_mut().enumerate() {
            *word = Le64::new(i as u64);
        }
        words
    }

    fn offset(words: &[Le64]) -> usize {
        words.as_ptr().addr() % 64
    }

    #[test]
    fn many_lines_are_aligned_wherever_they_are_copied() {
        for len in [504, 512, 1_000, 20_000] {
            let lines = AlignedWords::extended(numbered(len - 7), len).unwrap();
            let copies: Vec<_> = (0..20).map(|_| lines.clone()).collect();
            for lines in copies.iter().chain([&lines]) {
                assert!(len < ALIGN_FROM || offset(lines.words()) == 0);
                let numbers = lines.words().iter().map(|word| word.get());
                assert!(numbers.eq((0..len as u64 - 7).chain([0; 7])));
            }
            let read = AlignedWords::new(numbered(len + 3)).unwrap();
            assert!(len < ALIGN_FROM || offset(read.words()) == 0);
            assert!(read.words().iter().map(|word| word.get()).eq(0..len as u64));
        }
    }

    #[test]
    fn lines_are_eight_words_or_none() {
        let words = numbered(20);
        let lines = AlignedWords::new(words.words()).unwrap();
        assert_eq!(lines.words().len(), 16);
        assert_eq!(lines.line(1).map(|line| line[0].get()), Some(8));
        assert!(lines.line(2).is_none() && lines.line(usize::MAX).is_none());
        let none = AlignedWords::extended(HeapWords::new_in(Global), 0).unwrap();
        assert!(none.words().is_empty() && none.words.capacity() == 0);
    }
}
