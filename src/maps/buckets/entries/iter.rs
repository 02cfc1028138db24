//! Iterators over [`EntryBuckets`], in no order.

use super::super::block::packed::Packed;
use super::{EntryBuckets, EntryPlace};
use crate::mem::Alloc;
use core::slice;

/// Blocks from the next one on to the one that is asked for.
const AHEAD: usize = 3;

/// Entries of one bucket after the other.
pub(in super::super::super) struct EntryIter<'b, T> {
    blocks: slice::Iter<'b, Packed<T>>,
    entries: slice::Iter<'b, T>,
    left: usize,
}

impl<T> Clone for EntryIter<'_, T> {
    fn clone(&self) -> Self {
        let Self { blocks, entries, left } = self;
        Self { blocks: blocks.clone(), entries: entries.clone(), left: *left }
    }
}

impl<'b, T> EntryIter<'b, T> {
    pub(super) fn new(blocks: &'b [Packed<T>], left: usize) -> Self {
        Self { blocks: blocks.iter(), entries: [].iter(), left }
    }
}

impl<'b, T> Iterator for EntryIter<'b, T> {
    type Item = &'b T;

    #[inline]
    fn next(&mut self) -> Option<&'b T> {
        loop {
            if let Some(entry) = self.entries.next() {
                self.left -= 1;
                return Some(entry);
            }
            let block = self.blocks.next()?;
            if let Some(ahead) = self.blocks.as_slice().get(AHEAD) {
                ahead.fetch(0);
            }
            self.entries = block.values().iter();
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Entries of one bucket after the other, to be changed.
pub(in super::super::super) struct EntryIterMut<'b, T> {
    blocks: slice::IterMut<'b, Packed<T>>,
    entries: slice::IterMut<'b, T>,
    left: usize,
}

impl<'b, T> EntryIterMut<'b, T> {
    pub(super) fn new(blocks: &'b mut [Packed<T>], left: usize) -> Self {
        Self { blocks: blocks.iter_mut(), entries: [].iter_mut(), left }
    }

    /// The entries to come, to look at.
    pub(in super::super::super) fn rest(&self) -> EntryIter<'_, T> {
        let (blocks, entries) = (self.blocks.as_slice().iter(), self.entries.as_slice().iter());
        EntryIter { blocks, entries, left: self.left }
    }
}

impl<'b, T> Iterator for EntryIterMut<'b, T> {
    type Item = &'b mut T;

    #[inline]
    fn next(&mut self) -> Option<&'b mut T> {
        loop {
            if let Some(entry) = self.entries.next() {
                self.left -= 1;
                return Some(entry);
            }
            self.entries = self.blocks.next()?.parts_mut(super::WIDTH).1;
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Buckets that are emptied one after the other.
pub(in super::super::super) struct EntryOwned<T, A: Alloc> {
    buckets: EntryBuckets<T, A>,
    bucket: usize,
}

impl<T, A: Alloc> EntryOwned<T, A> {
    pub(in super::super::super) const fn new(buckets: EntryBuckets<T, A>) -> Self {
        Self { buckets, bucket: 0 }
    }

    /// The entries to come, to look at.
    pub(in super::super::super) fn rest(&self) -> EntryIter<'_, T> {
        self.buckets.iter()
    }
}

impl<T, A: Alloc> Iterator for EntryOwned<T, A> {
    type Item = T;

    /// The memory of a block goes when the next entry behind its last is asked for.
    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            let bucket = self.bucket;
            let Some(index) = self.buckets.directory.get(bucket)?.len().checked_sub(1) else {
                self.buckets.directory.empty(bucket);
                self.bucket += 1;
                continue;
            };
            return Some(self.buckets.take(EntryPlace { bucket, index }));
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.buckets.len(), Some(self.buckets.len()))
    }
}

/// Entries that are looked at one by one, and taken out or not.
pub(in super::super::super) struct EntryExtract<'b, T, A: Alloc> {
    buckets: &'b mut EntryBuckets<T, A>,
    place: EntryPlace,
    left: usize,
}

impl<T, A: Alloc> EntryBuckets<T, A> {
    pub(in super::super::super) fn extract(&mut self) -> EntryExtract<'_, T, A> {
        let left = self.len();
        EntryExtract { buckets: self, place: EntryPlace { bucket: 0, index: 0 }, left }
    }
}

impl<T, A: Alloc> EntryExtract<'_, T, A> {
    /// Entries that were not looked at yet.
    pub(in super::super::super) const fn most(&self) -> usize {
        self.left
    }

    /// The next entry that `takes` accepts.
    pub(in super::super::super) fn next_if(
        &mut self,
        mut takes: impl FnMut(&mut T) -> bool,
    ) -> Option<T> {
        loop {
            let place = self.place;
            if place.index == self.buckets.directory.get(place.bucket)?.len() {
                self.place = EntryPlace { bucket: place.bucket + 1, index: 0 };
                continue;
            }
            // Looked at, whether `takes` panics or not.
            self.left -= 1;
            self.place.index += 1;
            if takes(self.buckets.get_mut(place)) {
                // The last entry of the bucket is there then.
                self.place = place;
                return Some(self.buckets.take(place));
            }
        }
    }
}

impl<T, A: Alloc> Drop for EntryExtract<'_, T, A> {
    fn drop(&mut self) {
        self.buckets.tidy_all();
    }
}
