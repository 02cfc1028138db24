//! Iterators of the strings.

use super::StrArray;
use crate::arrays::Cursor;
use crate::storage::Words;
use core::iter::FusedIterator;

/// The strings of a [`StrArray`], in order.
#[derive(Debug)]
pub struct Iter<'a, W: Words> {
    pub(super) strings: &'a StrArray<W>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// At the offset `start`, if offsets are compressed.
    pub(super) cursor: Option<Cursor<'a, W>>,
}

impl<W: Words> Clone for Iter<'_, W> {
    fn clone(&self) -> Self {
        Self { cursor: self.cursor.clone(), ..*self }
    }
}

impl<'a, W: Words> Iterator for Iter<'a, W> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        match &mut self.cursor {
            None => self.strings.get(self.start - 1),
            Some(cursor) => {
                let start = cursor.value().unwrap_or(0);
                Some(self.strings.between(start, cursor.move_next().unwrap_or(0)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<&'a [u8]> {
        self.start = self.start.saturating_add(n).min(self.end);
        if let Some(sparse) = self.strings.sparse.as_ref().filter(|_| n > 0) {
            self.cursor = Some(sparse.cursor(self.start));
        }
        self.next()
    }
}

impl<W: Words> DoubleEndedIterator for Iter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        self.strings.get(self.end)
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}
impl<W: Words> FusedIterator for Iter<'_, W> {}

impl<'a, W: Words> IntoIterator for &'a StrArray<W> {
    type Item = &'a [u8];
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
    }
}
