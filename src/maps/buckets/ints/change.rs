//! What changes [`IntBuckets`]: entries that come and go, buckets that are split and merged.

use super::super::super::int_key::Unmixer;
use super::super::block::packed::{Packed, Unpacked};
use super::super::cells::Cell;
use super::{IntBuckets, IntKey, IntPlace, cell, mixed, width};
use crate::error::AllocError;
use crate::mem::Alloc;
use core::marker::PhantomData;

impl<K: IntKey, V, A: Alloc> IntBuckets<K, V, A> {
    /// Adds an entry whose key, mixed, is not there. Splits a bucket if it is time to; if there is
    /// no memory for that, another insertion will.
    #[inline]
    pub(in super::super::super) fn try_insert(
        &mut self,
        mixed: u64,
        value: V,
    ) -> Result<IntPlace, AllocError> {
        if self.len() >= self.directory.len().saturating_mul(Self::PER) {
            self.make_room()?;
        }
        let bucket = self.directory.bucket_of(mixed);
        let level = self.level_of(bucket);
        let (block, alloc) = self.directory.with_alloc(bucket);
        let cell = cell::<K>(mixed, level);
        // SAFETY: the directory's allocator.
        let index = unsafe { block.try_push(width::<K>(level), cell, value, alloc)? };
        self.directory.entries += 1;
        Ok(IntPlace { bucket, index })
    }

    /// The first bucket, or one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) -> Result<(), AllocError> {
        if self.directory.is_empty() {
            return self.directory.try_begin();
        }
        if (self.directory.len() as u64) < Self::MOST {
            let _ = self.try_split();
        }
        Ok(())
    }

    /// Splits the bucket whose turn it is, by the lowest bit of its cells' rests. An error changes
    /// nothing. There are fewer buckets than there may be.
    fn try_split(&mut self) -> Result<(), AllocError> {
        let turn = self.directory.try_turn()?;
        let width = width::<K>(self.level_of(turn.from));
        let old = &self.directory[turn.from];
        let go = old.cells(width).iter().filter(|cell| cell.rest & 1 == 1).count();
        let alloc = self.directory.alloc();
        let mut stays = Unpacked::try_new(old.len() - go, width - 1, alloc)?;
        let mut gone = Unpacked::try_new(go, width - 1, alloc)?;
        for (index, Cell { tag, rest }) in old.cells(width).iter().enumerate() {
            let to = if rest & 1 == 1 { &mut gone } else { &mut stays };
            // SAFETY: the old block is forgotten below; there is room for what was counted.
            unsafe { to.put(Cell { tag, rest: rest >> 1 }, old, index) };
        }
        self.directory.split(turn, stays.finish(), gone.finish())
    }

    /// Puts the last bucket's entries back where they came from. An error changes nothing.
    fn try_merge(&mut self) -> Result<(), AllocError> {
        let last = self.directory.len() - 1;
        let width = width::<K>(self.level_of(last));
        let (kept, gone) = (&self.directory[self.directory.origin()], &self.directory[last]);
        let alloc = self.directory.alloc();
        let mut both = Unpacked::try_new(kept.len() + gone.len(), width + 1, alloc)?;
        for (block, bit) in [(kept, 0), (gone, 1)] {
            for (index, Cell { tag, rest }) in block.cells(width).iter().enumerate() {
                // SAFETY: both blocks are forgotten below; there is room for all.
                unsafe { both.put(Cell { tag, rest: rest << 1 | bit }, block, index) };
            }
        }
        self.directory.merge(Some(both.finish()));
        Ok(())
    }

    /// Takes an entry out; its value. The buckets keep their number, and the bucket's last entry
    /// gets the place.
    #[inline]
    pub(super) fn take(&mut self, place: IntPlace) -> V {
        let width = width::<K>(self.level_of(place.bucket));
        let value = self.directory[place.bucket].swap_take(place.index, width);
        self.directory.entries -= 1;
        value
    }

    /// Takes an entry out; its value. A bucket may be merged with another.
    #[inline]
    pub(in super::super::super) fn remove(&mut self, place: IntPlace) -> V {
        let value = self.take(place);
        self.tidy(place.bucket);
        if self.directory.is_sparse(Self::PER) {
            self.merge();
        }
        value
    }

    /// Gives back what a bucket does not need any more. If memory is refused, it keeps it.
    fn tidy(&mut self, bucket: usize) {
        let _ = self.try_tidy(bucket, Packed::<V>::SLACK);
    }

    fn try_tidy(&mut self, bucket: usize, slack: usize) -> Result<(), AllocError> {
        let width = width::<K>(self.level_of(bucket));
        let (block, alloc) = self.directory.with_alloc(bucket);
        // SAFETY: the directory's allocator.
        unsafe { block.try_shrink(width, slack, alloc) }
    }

    /// Merges one bucket. Whether it did.
    #[cold]
    #[inline(never)]
    fn merge(&mut self) -> bool {
        let done = self.try_merge().is_ok();
        self.directory.give_back();
        done
    }

    /// Keeps the entries that `keep` accepts.
    pub(in super::super::super) fn retain(&mut self, mut keep: impl FnMut(K, &mut V) -> bool) {
        let unmixer = self.mixer.inverse();
        for bucket in 0..self.directory.len() {
            let mut index = 0;
            while index < self.directory[bucket].len() {
                let place = IntPlace { bucket, index };
                let key = self.key_at(place, unmixer);
                if keep(key, self.value_mut(place)) {
                    index += 1;
                } else {
                    drop(self.take(place));
                }
            }
            self.tidy(bucket);
        }
        self.merge_all();
    }

    /// The key of an entry.
    pub(super) fn key_at(&self, place: IntPlace, unmixer: Unmixer) -> K {
        let level = self.level_of(place.bucket);
        let cell = self.directory[place.bucket].cells(width::<K>(level)).cell(place.index);
        unmixer.key(mixed::<K>(cell, place.bucket, level))
    }

    /// Gives back what is to be given back after entries were taken out of many buckets.
    pub(super) fn tidy_all(&mut self) {
        (0..self.directory.len()).for_each(|bucket| self.tidy(bucket));
        self.merge_all();
    }

    fn merge_all(&mut self) {
        while self.directory.is_sparse(Self::PER) && self.merge() {}
    }

    /// Makes as many buckets as `additional` more entries want.
    pub(in super::super::super) fn try_reserve(
        &mut self,
        additional: usize,
    ) -> Result<(), AllocError> {
        // A tag and a value.
        let entry_bytes = 1 + size_of::<V>();
        let most = usize::try_from(Self::MOST).unwrap_or(usize::MAX);
        let buckets_for = |entries: usize| entries.div_ceil(Self::PER).min(most);
        let buckets = self.directory.try_reserve(additional, entry_bytes, buckets_for)?;
        while self.directory.len() < buckets {
            self.try_split()?;
        }
        Ok(())
    }

    /// Gives back what the entries do not need, but for buckets of `least` entries.
    pub(in super::super::super) fn try_shrink_to(
        &mut self,
        least: usize,
    ) -> Result<(), AllocError> {
        let buckets = self.len().max(least).div_ceil(Self::PER);
        while self.directory.len() > buckets.max(1) {
            self.try_merge()?;
        }
        for bucket in 0..self.directory.len() {
            self.try_tidy(bucket, 0)?;
        }
        self.directory.try_shrink_to(buckets)
    }

    /// A copy, without slack in its blocks.
    pub(in super::super::super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        V: Clone,
        A: Clone,
    {
        let clone = |bucket, block: &Packed<V>, alloc: &A| {
            let width = width::<K>(self.level_of(bucket));
            // SAFETY: the copy's allocator.
            unsafe { block.try_clone(width, alloc) }
        };
        let directory = self.directory.try_clone(clone)?;
        Ok(Self { directory, mixer: self.mixer, keys: PhantomData })
    }
}

impl<K, V, A: Alloc> IntBuckets<K, V, A> {
    /// Drops all entries; keeps the buckets. If a drop panics, the entries of its bucket are gone.
    pub(in super::super::super) fn clear(&mut self) {
        self.directory.clear();
    }
}
