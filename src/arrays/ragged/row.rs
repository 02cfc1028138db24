//! [`Row`]: items that stand one after the other.

use crate::storage::Plain;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::slice::ChunksExact;

/// A row of a [`Ragged`](super::Ragged): what a slice would be if items in a file were numbers in
/// memory.
#[derive(Clone, Copy)]
pub struct Row<'a, T: Plain> {
    /// Whole items.
    bytes: &'a [u8],
    kind: PhantomData<T>,
}

impl<'a, T: Plain> Row<'a, T> {
    /// The items in `bytes`, which they fill.
    #[inline]
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The items from `start` to `end`; none if that is no range of them.
    #[inline]
    pub(super) fn slice(self, start: usize, end: usize) -> Self {
        let range = start.checked_mul(T::BYTES).zip(end.checked_mul(T::BYTES));
        Self::new(range.and_then(|(start, end)| self.bytes.get(start..end)).unwrap_or(&[]))
    }

    /// How many items there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.bytes.len() / T::BYTES
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The item at `index`, or `None` if there is none.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        let start = index.checked_mul(T::BYTES)?;
        Some(T::load(self.bytes.get(start..start.checked_add(T::BYTES)?)?))
    }

    /// The first item, or `None` if there is none.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.get(0)
    }

    /// The last item, or `None` if there is none.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.get(self.len().wrapping_sub(1))
    }

    /// The items in order.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> RowIter<'a, T> {
        RowIter { items: self.bytes.chunks_exact(T::BYTES), kind: PhantomData }
    }

    /// The items as little-endian bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Copies the items to `out`, as far as both go; returns how many.
    pub fn copy_to(&self, out: &mut [T]) -> usize {
        let count = self.len().min(out.len());
        out.iter_mut().zip(*self).for_each(|(place, item)| *place = item);
        count
    }

    /// The items in a vector.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_vec(&self) -> alloc::vec::Vec<T> {
        self.iter().collect()
    }
}

/// The items of a [`Row`], in order.
#[derive(Clone, Debug)]
pub struct RowIter<'a, T> {
    items: ChunksExact<'a, u8>,
    kind: PhantomData<T>,
}

impl<T: Plain> Iterator for RowIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.items.next().map(T::load)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<T> {
        self.items.nth(n).map(T::load)
    }

    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(self, start: B, mut with: F) -> B {
        self.items.fold(start, |all, item| with(all, T::load(item)))
    }
}

impl<T: Plain> DoubleEndedIterator for RowIter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        self.items.next_back().map(T::load)
    }
}

impl<T: Plain> ExactSizeIterator for RowIter<'_, T> {}
impl<T: Plain> FusedIterator for RowIter<'_, T> {}

impl<'a, T: Plain> IntoIterator for Row<'a, T> {
    type Item = T;
    type IntoIter = RowIter<'a, T>;

    #[inline]
    fn into_iter(self) -> RowIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Plain> IntoIterator for &Row<'a, T> {
    type Item = T;
    type IntoIter = RowIter<'a, T>;

    #[inline]
    fn into_iter(self) -> RowIter<'a, T> {
        self.iter()
    }
}

impl<T: Plain> fmt::Debug for Row<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: Plain> PartialEq for Row<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<T: Plain + Eq> Eq for Row<'_, T> {}

impl<T: Plain> PartialEq<[T]> for Row<'_, T> {
    fn eq(&self, other: &[T]) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter().copied())
    }
}

impl<T: Plain, const N: usize> PartialEq<[T; N]> for Row<'_, T> {
    fn eq(&self, other: &[T; N]) -> bool {
        *self == other[..]
    }
}

impl<T: Plain + Hash> Hash for Row<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|item| item.hash(state));
    }
}
