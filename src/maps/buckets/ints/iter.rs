//! Iterators over [`IntBuckets`], in no order.

use super::super::super::int_key::{IntKey, Unmixer};
use super::super::block::packed::Packed;
use super::super::cells::Cells;
use super::{IntBuckets, IntPlace, level, mixed, width};
use crate::mem::Alloc;
use core::marker::PhantomData;
use core::slice;

/// Blocks from the next one on to the one that is asked for.
const AHEAD: usize = 3;

/// What makes keys of the cells of one bucket after the other.
#[derive(Clone, Copy)]
struct Keys<'b, K> {
    unmixer: Unmixer,
    buckets: usize,
    mask: usize,
    /// Entries to come.
    left: usize,
    /// The bucket after the one that is walked through.
    next_bucket: usize,
    /// The one that is: its cells, its level, the next cell.
    cells: Cells<'b>,
    level: u32,
    index: usize,
    keys: PhantomData<K>,
}

impl<'b, K: IntKey> Keys<'b, K> {
    fn new<V, A: Alloc>(buckets: &IntBuckets<K, V, A>) -> Self {
        Self {
            unmixer: buckets.mixer.inverse(),
            buckets: buckets.directory.len(),
            mask: buckets.directory.mask(),
            left: buckets.len(),
            next_bucket: 0,
            cells: Cells::new(&[0; 8], 0, 0),
            level: 0,
            index: 0,
            keys: PhantomData,
        }
    }

    /// Goes on with the next bucket; the width of its cells' rests.
    #[inline]
    fn go_on(&mut self) -> u32 {
        self.level = level(self.next_bucket, self.buckets, self.mask);
        self.next_bucket += 1;
        self.index = 0;
        width::<K>(self.level)
    }

    /// The key of the next cell, which there is.
    #[inline(always)]
    fn next(&mut self) -> K {
        let cell = self.cells.cell(self.index);
        self.index += 1;
        self.left -= 1;
        self.unmixer.key(mixed::<K>(cell, self.next_bucket - 1, self.level))
    }
}

/// Entries of one bucket after the other.
pub(in super::super::super) struct IntIter<'b, K, V> {
    keys: Keys<'b, K>,
    blocks: slice::Iter<'b, Packed<V>>,
    /// The last one first.
    values: slice::Iter<'b, V>,
}

impl<K: Copy, V> Clone for IntIter<'_, K, V> {
    fn clone(&self) -> Self {
        let Self { keys, blocks, values } = self;
        Self { keys: *keys, blocks: blocks.clone(), values: values.clone() }
    }
}

impl<'b, K: IntKey, V> IntIter<'b, K, V> {
    pub(super) fn new<A: Alloc>(buckets: &'b IntBuckets<K, V, A>) -> Self {
        Self { keys: Keys::new(buckets), blocks: buckets.directory.iter(), values: [].iter() }
    }
}

impl<'b, K: IntKey, V> Iterator for IntIter<'b, K, V> {
    type Item = (K, &'b V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(value) = self.values.next_back() {
                return Some((self.keys.next(), value));
            }
            let block = self.blocks.next()?;
            if let Some(ahead) = self.blocks.as_slice().get(AHEAD) {
                ahead.fetch(0);
            }
            let width = self.keys.go_on();
            (self.keys.cells, self.values) = (block.cells(width), block.values().iter());
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.keys.left, Some(self.keys.left))
    }
}

/// Entries of one bucket after the other, with values that can be changed.
pub(in super::super::super) struct IntIterMut<'b, K, V> {
    keys: Keys<'b, K>,
    blocks: slice::IterMut<'b, Packed<V>>,
    /// The last one first.
    values: slice::IterMut<'b, V>,
}

impl<'b, K: IntKey, V> IntIterMut<'b, K, V> {
    pub(super) fn new<A: Alloc>(buckets: &'b mut IntBuckets<K, V, A>) -> Self {
        let keys = Keys::new(buckets);
        Self { keys, blocks: buckets.directory.iter_mut(), values: [].iter_mut() }
    }

    /// The entries to come, to look at.
    pub(in super::super::super) fn rest(&self) -> IntIter<'_, K, V> {
        let (blocks, values) = (self.blocks.as_slice().iter(), self.values.as_slice().iter());
        IntIter { keys: self.keys, blocks, values }
    }
}

impl<'b, K: IntKey, V> Iterator for IntIterMut<'b, K, V> {
    type Item = (K, &'b mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(value) = self.values.next_back() {
                return Some((self.keys.next(), value));
            }
            let block = self.blocks.next()?;
            let width = self.keys.go_on();
            (self.keys.cells, self.values) = block.parts_mut(width);
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.keys.left, Some(self.keys.left))
    }
}

/// Buckets that are emptied one after the other.
pub(in super::super::super) struct IntOwned<K, V, A: Alloc> {
    buckets: IntBuckets<K, V, A>,
    unmixer: Unmixer,
    bucket: usize,
}

impl<K: IntKey, V, A: Alloc> IntOwned<K, V, A> {
    pub(in super::super::super) fn new(buckets: IntBuckets<K, V, A>) -> Self {
        Self { unmixer: buckets.mixer.inverse(), buckets, bucket: 0 }
    }

    /// The entries to come, to look at.
    pub(in super::super::super) fn rest(&self) -> IntIter<'_, K, V> {
        self.buckets.iter()
    }
}

impl<K: IntKey, V, A: Alloc> Iterator for IntOwned<K, V, A> {
    type Item = (K, V);

    /// The memory of a block goes when the next entry behind its last is asked for.
    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        loop {
            let bucket = self.bucket;
            let Some(index) = self.buckets.directory.get(bucket)?.len().checked_sub(1) else {
                self.buckets.directory.empty(bucket);
                self.bucket += 1;
                continue;
            };
            let place = IntPlace { bucket, index };
            let key = self.buckets.key_at(place, self.unmixer);
            return Some((key, self.buckets.take(place)));
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.buckets.len(), Some(self.buckets.len()))
    }
}

/// Entries that are looked at one by one, and taken out or not.
pub(in super::super::super) struct IntExtract<'b, K: IntKey, V, A: Alloc> {
    buckets: &'b mut IntBuckets<K, V, A>,
    unmixer: Unmixer,
    place: IntPlace,
    left: usize,
}

impl<K: IntKey, V, A: Alloc> IntBuckets<K, V, A> {
    pub(in super::super::super) fn extract(&mut self) -> IntExtract<'_, K, V, A> {
        let (left, unmixer) = (self.len(), self.mixer.inverse());
        IntExtract { buckets: self, unmixer, place: IntPlace { bucket: 0, index: 0 }, left }
    }
}

impl<K: IntKey, V, A: Alloc> IntExtract<'_, K, V, A> {
    /// Entries that were not looked at yet.
    pub(in super::super::super) const fn most(&self) -> usize {
        self.left
    }

    /// The next entry that `takes` accepts.
    pub(in super::super::super) fn next_if(
        &mut self,
        mut takes: impl FnMut(K, &mut V) -> bool,
    ) -> Option<(K, V)> {
        loop {
            let place = self.place;
            if place.index == self.buckets.directory.get(place.bucket)?.len() {
                self.place = IntPlace { bucket: place.bucket + 1, index: 0 };
                continue;
            }
            // Looked at, whether `takes` panics or not.
            self.left -= 1;
            self.place.index += 1;
            let key = self.buckets.key_at(place, self.unmixer);
            if takes(key, self.buckets.value_mut(place)) {
                // The last entry of the bucket is there then.
                self.place = place;
                return Some((key, self.buckets.take(place)));
            }
        }
    }
}

impl<K: IntKey, V, A: Alloc> Drop for IntExtract<'_, K, V, A> {
    fn drop(&mut self) {
        self.buckets.tidy_all();
    }
}
