//! What changes [`IntBuckets`]: entries that come and go, buckets that are split and merged.

use super::super::super::int_key::Unmixer;
use super::super::block::packed::{Packed, Unpacked};
use super::super::cells::Cell;
use super::super::change::SLACK;
use super::{IntBuckets, IntKey, IntPlace, cell, mixed, width};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;

impl<K: IntKey, V, A: Alloc> IntBuckets<K, V, A> {
    /// Adds an entry whose key, mixed, is not there. Splits a bucket if it is time to; if there is
    /// no memory for that, another insertion will.
    #[inline]
    pub(in super::super::super) fn try_insert(
        &mut self,
        mixed: u64,
        value: V,
    ) -> Result<IntPlace, AllocError> {
        if self.len >= self.directory.len().saturating_mul(Self::PER) {
            self.make_room()?;
        }
        let bucket = self.bucket_of(mixed);
        let level = self.level_of(bucket);
        let (block, alloc) = split_borrow(&mut self.directory, bucket);
        let cell = cell::<K>(mixed, level);
        // SAFETY: the directory's allocator.
        let index = unsafe { block.try_push(width::<K>(level), cell, value, alloc)? };
        self.len += 1;
        Ok(IntPlace { bucket, index })
    }

    /// The first bucket, or one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) -> Result<(), AllocError> {
        if self.directory.is_empty() {
            self.directory.try_reserve_exact(1)?;
            return self.directory.try_push(Packed::empty());
        }
        if (self.directory.len() as u64) < Self::MOST {
            let _ = self.try_split();
        }
        Ok(())
    }

    /// Splits the bucket whose turn it is, by the lowest bit of its cells' rests. An error changes
    /// nothing. There are fewer buckets than there may be.
    fn try_split(&mut self) -> Result<(), AllocError> {
        self.directory.try_reserve(1)?;
        let last = self.directory.len();
        let mask = if last > self.mask { self.mask * 2 + 1 } else { self.mask };
        let from = last & (mask >> 1);
        let width = width::<K>(self.level_of(from));
        let old = &self.directory[from];
        let go = old.cells(width).iter().filter(|cell| cell.rest & 1 == 1).count();
        let alloc = self.directory.alloc();
        let mut stays = Unpacked::try_new(old.len() - go, width - 1, alloc)?;
        let mut gone = match Unpacked::try_new(go, width - 1, alloc) {
            Ok(gone) => gone,
            Err(error) => {
                // SAFETY: of this allocator.
                unsafe { stays.free(alloc) };
                return Err(error);
            }
        };
        for (index, Cell { tag, rest }) in old.cells(width).iter().enumerate() {
            let to = if rest & 1 == 1 { &mut gone } else { &mut stays };
            // SAFETY: the old block is forgotten below; there is room for what was counted.
            unsafe { to.put(Cell { tag, rest: rest >> 1 }, old, index) };
        }
        self.replace_moved(from, stays.finish());
        self.mask = mask;
        // There is room: it was reserved.
        self.directory.try_push(gone.finish())
    }

    /// Puts a block in the place of one whose entries were moved.
    fn replace_moved(&mut self, bucket: usize, block: Packed<V>) {
        let old = core::mem::replace(&mut self.directory[bucket], block);
        // SAFETY: the directory's allocator, and moved.
        unsafe { old.free_moved(self.directory.alloc()) };
    }

    /// Puts the last bucket's entries back where they came from. An error changes nothing.
    fn try_merge(&mut self) -> Result<(), AllocError> {
        let last = self.directory.len() - 1;
        let to = last & (self.mask >> 1);
        let width = width::<K>(self.level_of(last));
        let (kept, gone) = (&self.directory[to], &self.directory[last]);
        let alloc = self.directory.alloc();
        let mut both = Unpacked::try_new(kept.len() + gone.len(), width + 1, alloc)?;
        for (block, bit) in [(kept, 0), (gone, 1)] {
            for (index, Cell { tag, rest }) in block.cells(width).iter().enumerate() {
                // SAFETY: both blocks are forgotten below; there is room for all.
                unsafe { both.put(Cell { tag, rest: rest << 1 | bit }, block, index) };
            }
        }
        self.replace_moved(to, both.finish());
        if let Some(gone) = self.directory.pop() {
            // SAFETY: the directory's allocator, and moved.
            unsafe { gone.free_moved(self.directory.alloc()) };
        }
        self.mask = last.next_power_of_two() - 1;
        Ok(())
    }

    /// Takes an entry out; its value. The buckets keep their number, and the bucket's last entry
    /// gets the place.
    #[inline]
    pub(super) fn take(&mut self, place: IntPlace) -> V {
        let width = width::<K>(self.level_of(place.bucket));
        let value = self.directory[place.bucket].swap_take(place.index, width);
        self.len -= 1;
        value
    }

    /// Takes an entry out; its value. A bucket may be merged with another.
    #[inline]
    pub(in super::super::super) fn remove(&mut self, place: IntPlace) -> V {
        let value = self.take(place);
        self.tidy(place.bucket);
        if self.is_sparse() {
            self.merge();
        }
        value
    }

    /// Gives back what a bucket does not need any more. If memory is refused, it keeps it.
    fn tidy(&mut self, bucket: usize) {
        let _ = self.try_tidy(bucket, SLACK);
    }

    fn try_tidy(&mut self, bucket: usize, slack: usize) -> Result<(), AllocError> {
        let width = width::<K>(self.level_of(bucket));
        let (block, alloc) = split_borrow(&mut self.directory, bucket);
        // SAFETY: the directory's allocator.
        unsafe { block.try_shrink(width, slack, alloc) }
    }

    /// Whether there are an eighth too many buckets.
    #[inline(always)]
    fn is_sparse(&self) -> bool {
        let most = self.len + self.len / 8;
        self.directory.len() > 1 && most < (self.directory.len() - 1) * Self::PER
    }

    /// Merges one bucket. Whether it did.
    #[cold]
    #[inline(never)]
    fn merge(&mut self) -> bool {
        let done = self.try_merge().is_ok();
        let buckets = self.directory.len();
        if self.directory.capacity() > buckets + buckets / 8 + 8 {
            let _ = self.directory.try_shrink_to(buckets + buckets / 16);
        }
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
        while self.is_sparse() && self.merge() {}
    }

    /// Makes as many buckets as `additional` more entries want.
    pub(in super::super::super) fn try_reserve(
        &mut self,
        additional: usize,
    ) -> Result<(), AllocError> {
        let overflow = AllocError::CapacityOverflow;
        let len = self.len.checked_add(additional).ok_or(overflow)?;
        // Tags and values alone have to fit an address space.
        let least = len.checked_mul(1 + size_of::<V>()).ok_or(overflow)?;
        isize::try_from(least).map_err(|_| overflow)?;
        let buckets = len.div_ceil(Self::PER);
        let buckets = usize::try_from(Self::MOST).map_or(buckets, |most| buckets.min(most));
        let more = buckets.saturating_sub(self.directory.len());
        self.directory.try_reserve_exact(more)?;
        if self.len == 0 {
            for _ in 0..more {
                self.directory.try_push(Packed::empty())?;
            }
            self.mask = self.directory.len().next_power_of_two() - 1;
        }
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
        let buckets = self.len.max(least).div_ceil(Self::PER);
        while self.directory.len() > buckets.max(1) {
            self.try_merge()?;
        }
        for bucket in 0..self.directory.len() {
            self.try_tidy(bucket, 0)?;
        }
        if buckets == 0 {
            // The one that is left has no entry and no memory.
            self.directory.truncate(0);
        }
        self.directory.try_shrink_to_fit()
    }

    /// A copy, without slack in its blocks.
    pub(in super::super::super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        V: Clone,
        A: Clone,
    {
        let mut copy = Self::new_in(self.mixer, self.alloc().clone());
        copy.directory.try_reserve_exact(self.directory.len())?;
        for (bucket, block) in self.directory.iter().enumerate() {
            let width = width::<K>(self.level_of(bucket));
            // SAFETY: the copy's allocator.
            let block = unsafe { block.try_clone(width, copy.directory.alloc())? };
            copy.len += block.len();
            copy.directory.try_push(block)?;
        }
        copy.mask = self.mask;
        Ok(copy)
    }
}

impl<K, V, A: Alloc> IntBuckets<K, V, A> {
    /// Drops all entries; keeps the buckets. If a drop panics, the entries of its bucket are gone.
    pub(in super::super::super) fn clear(&mut self) {
        for bucket in 0..self.directory.len() {
            self.empty(bucket);
        }
    }

    /// Drops the entries of one bucket, and gives its memory back.
    pub(super) fn empty(&mut self, bucket: usize) {
        let block = core::mem::replace(&mut self.directory[bucket], Packed::empty());
        self.len -= block.len();
        // SAFETY: the directory's allocator.
        unsafe { block.free(self.directory.alloc()) };
    }
}

/// A block of the directory, and the allocator that it is from.
#[inline(always)]
fn split_borrow<V, A: Alloc>(
    directory: &mut RawVec<Packed<V>, A>,
    bucket: usize,
) -> (&mut Packed<V>, &A) {
    let (blocks, alloc) = directory.with_alloc();
    (&mut blocks[bucket], alloc)
}
