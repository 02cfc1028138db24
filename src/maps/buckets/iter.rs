//! Iterators over [`Buckets`], in no order.

use super::block::Block;
use super::front::{Front, Spots};
#[cfg(feature = "alloc")]
use super::{Alloc, Buckets, front::Spot};
use core::slice;

/// Entries of one bucket after the other.
pub(in super::super) struct Iter<'b, V> {
    blocks: slice::Iter<'b, Block<V>>,
    front: Front<'b>,
    spots: Spots<'b>,
    /// The last one first.
    values: slice::Iter<'b, V>,
    left: usize,
}

impl<V> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        let Self { blocks, front, spots, values, left } = self;
        let (blocks, spots, values) = (blocks.clone(), spots.clone(), values.clone());
        Self { blocks, front: *front, spots, values, left: *left }
    }
}

impl<'b, V> Iter<'b, V> {
    pub(super) fn new(blocks: &'b [Block<V>], left: usize) -> Self {
        let (front, values) = (Front::new(&[0; 8], 0), [].iter());
        Self { blocks: blocks.iter(), front, spots: front.spots(), values, left }
    }
}

impl<'b, V> Iterator for Iter<'b, V> {
    type Item = (&'b [u8], &'b V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(spot) = self.spots.next() {
                self.left -= 1;
                return Some((self.front.key(spot), self.values.next_back()?));
            }
            let block = self.blocks.next()?;
            self.front = block.front();
            self.spots = self.front.spots();
            self.values = block.values().iter();
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Entries of one bucket after the other, with values that can be changed.
pub(in super::super) struct IterMut<'b, V> {
    blocks: slice::IterMut<'b, Block<V>>,
    front: Front<'b>,
    spots: Spots<'b>,
    /// The last one first.
    values: slice::IterMut<'b, V>,
    left: usize,
}

impl<'b, V> IterMut<'b, V> {
    pub(super) fn new(blocks: &'b mut [Block<V>], left: usize) -> Self {
        let (front, values) = (Front::new(&[0; 8], 0), [].iter_mut());
        Self { blocks: blocks.iter_mut(), front, spots: front.spots(), values, left }
    }

    /// What is to come, to be looked at.
    pub(in super::super) fn rest(&self) -> Iter<'_, V> {
        Iter {
            blocks: self.blocks.as_slice().iter(),
            front: self.front,
            spots: self.spots.clone(),
            values: self.values.as_slice().iter(),
            left: self.left,
        }
    }
}

impl<'b, V> Iterator for IterMut<'b, V> {
    type Item = (&'b [u8], &'b mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(spot) = self.spots.next() {
                self.left -= 1;
                return Some((self.front.key(spot), self.values.next_back()?));
            }
            (self.front, self.spots, self.values) = self.blocks.next()?.entries_mut();
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Entries that are looked at one by one, and taken out or not.
#[cfg(feature = "alloc")]
pub(in super::super) struct Extract<'b, V, A: Alloc> {
    buckets: &'b mut Buckets<V, A>,
    bucket: usize,
    spot: Option<Spot>,
    left: usize,
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc> Buckets<V, A> {
    pub(in super::super) fn extract(&mut self) -> Extract<'_, V, A> {
        Extract { left: self.len(), buckets: self, bucket: 0, spot: None }
    }
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc> Extract<'_, V, A> {
    /// Entries that were not looked at yet.
    pub(in super::super) const fn most(&self) -> usize {
        self.left
    }

    /// The next entry that `takes` accepts: its key, as `own` makes it, and its value.
    pub(in super::super) fn next_if<K>(
        &mut self,
        mut takes: impl FnMut(&[u8], &mut V) -> bool,
        own: impl FnOnce(&[u8]) -> K,
    ) -> Option<(K, V)> {
        loop {
            let block = self.buckets.directory.get_mut(self.bucket)?;
            let mut spot = self.spot.unwrap_or_else(|| block.first());
            if spot.index == block.len() {
                (self.bucket, self.spot) = (self.bucket + 1, None);
                continue;
            }
            // Looked at, whether `takes` panics or not.
            self.left -= 1;
            self.spot = Some(block.after(spot));
            let (key, value) = block.entry_mut(spot);
            if takes(key, value) {
                let key = own(key);
                let value = self.buckets.take_at(self.bucket, &mut spot);
                self.spot = Some(spot);
                return Some((key, value));
            }
        }
    }
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc> Drop for Extract<'_, V, A> {
    fn drop(&mut self) {
        self.buckets.tidy_all();
    }
}
