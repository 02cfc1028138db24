//! What changes [`Buckets`]: entries that come and go, buckets that are split and merged.

use super::block::{Block, Unfilled};
use super::front::{LONG, Spot, Wanted};
use super::{Buckets, Place, long, wanted};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;

/// Entries of a bucket for which there is a bit on the stack, when it is split.
const MARKED: usize = 1024;

impl<V, A: Alloc> Buckets<V, A> {
    /// Adds an entry whose key is not there. Splits a bucket if it is time to, with `hasher` for
    /// the keys in it; if there is no memory for that, another insertion will.
    #[inline]
    pub(in super::super) fn try_insert(
        &mut self,
        wanted: Wanted<'_>,
        value: V,
        hasher: &impl Fn(&[u8]) -> u64,
    ) -> Result<Place, AllocError> {
        if self.len() >= self.capacity() {
            self.make_room(hasher)?;
        }
        let bucket = self.directory.bucket_of(wanted.hash);
        let (block, alloc) = self.directory.with_alloc(bucket);
        let spot = if wanted.is_long() {
            let stored = long::try_new(wanted.key, wanted.hash, alloc)?;
            // SAFETY: the directory's allocator, which the string is from too.
            let pushed = unsafe { block.try_push(LONG, &stored, value, alloc) };
            pushed.inspect_err(|_| {
                // SAFETY: from this allocator, and no block has it.
                unsafe { long::free(&stored, alloc) };
            })?
        } else {
            // SAFETY: the directory's allocator; not a long string.
            unsafe { block.try_push(wanted.tag(), wanted.key, value, alloc)? }
        };
        self.directory.entries += 1;
        Ok(Place { bucket, spot })
    }

    /// The first bucket, or one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, hasher: &impl Fn(&[u8]) -> u64) -> Result<(), AllocError> {
        if self.directory.is_empty() {
            return self.directory.try_begin();
        }
        let _ = self.try_split(hasher);
        Ok(())
    }

    /// Splits the bucket whose turn it is. An error, or a panic of `hasher`, changes nothing.
    fn try_split(&mut self, hasher: &impl Fn(&[u8]) -> u64) -> Result<(), AllocError> {
        let turn = self.directory.try_turn()?;
        let old = &self.directory[turn.from];
        let mut marks = Marks::try_new(old.len(), self.alloc())?;
        let (mut go, mut bytes) = (0, [0; 2]);
        for spot in old.front().spots() {
            let goes = wanted_bucket(old, spot, hasher) & turn.mask == turn.to;
            marks.set(spot.index, goes);
            go += usize::from(goes);
            bytes[usize::from(goes)] += old.front().stored(spot).len();
        }
        let alloc = self.directory.alloc();
        let mut stays = Unfilled::try_new(old.len() - go, bytes[0], alloc)?;
        let mut gone = Unfilled::try_new(go, bytes[1], alloc)?;
        for spot in old.front().spots() {
            let to = if marks.get(spot.index) { &mut gone } else { &mut stays };
            // SAFETY: the old block is forgotten below; there is room for what was counted.
            unsafe { to.put(old, spot) };
        }
        drop(marks);
        self.directory.split(turn, stays.finish(), gone.finish())
    }

    /// Puts the last bucket's entries back where they came from. An error changes nothing.
    fn try_merge(&mut self) -> Result<(), AllocError> {
        let last = self.directory.len() - 1;
        let (kept, gone) = (&self.directory[self.directory.origin()], &self.directory[last]);
        if gone.len() == 0 {
            self.directory.merge(None);
            return Ok(());
        }
        let stored = |block: &Block<V>| {
            let front = block.front();
            front.offset(block.len()) - front.offset(0)
        };
        let (len, alloc) = (kept.len() + gone.len(), self.directory.alloc());
        let mut both = Unfilled::try_new(len, stored(kept) + stored(gone), alloc)?;
        for block in [kept, gone] {
            for spot in block.front().spots() {
                // SAFETY: both blocks are forgotten below; there is room for all.
                unsafe { both.put(block, spot) };
            }
        }
        self.directory.merge(Some(both.finish()));
        Ok(())
    }

    /// Takes an entry out; its value. The buckets keep their number.
    #[inline]
    fn take(&mut self, place: Place) -> V {
        let (block, alloc) = self.directory.with_alloc(place.bucket);
        // SAFETY: the directory's allocator, and an entry that was found.
        let value = unsafe { block.take(place.spot, alloc) };
        self.directory.entries -= 1;
        value
    }

    /// Takes an entry out; its value. A bucket may be merged with another.
    #[inline]
    pub(in super::super) fn remove(&mut self, place: Place) -> V {
        let value = self.take(place);
        self.tidy(place.bucket);
        if self.directory.is_sparse(Self::PER) {
            self.merge();
        }
        value
    }

    /// Gives back what a bucket does not need any more. If memory is refused, it keeps it.
    fn tidy(&mut self, bucket: usize) {
        let (block, alloc) = self.directory.with_alloc(bucket);
        // SAFETY: the directory's allocator.
        let _ = unsafe { block.try_shrink(Block::<V>::SLACK, alloc) };
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
    pub(in super::super) fn retain(&mut self, mut keep: impl FnMut(&[u8], &mut V) -> bool) {
        for bucket in 0..self.directory.len() {
            let mut spot = self.directory[bucket].first();
            while spot.index < self.directory[bucket].len() {
                let (key, value) = self.directory[bucket].entry_mut(spot);
                if keep(key, value) {
                    spot = self.directory[bucket].after(spot);
                } else {
                    drop(self.take_at(bucket, &mut spot));
                }
            }
            self.tidy(bucket);
        }
        self.merge_all();
    }

    /// Takes an entry out, and says where the one after it is then.
    pub(super) fn take_at(&mut self, bucket: usize, spot: &mut Spot) -> V {
        let value = self.take(Place { bucket, spot: *spot });
        let index = spot.index;
        *spot = Spot { index, at: self.directory[bucket].front().offset(index) };
        value
    }

    /// Gives back what is to be given back after entries were taken out of many buckets.
    #[cfg(feature = "alloc")]
    pub(super) fn tidy_all(&mut self) {
        (0..self.directory.len()).for_each(|bucket| self.tidy(bucket));
        self.merge_all();
    }

    fn merge_all(&mut self) {
        while self.directory.is_sparse(Self::PER) && self.merge() {}
    }

    /// Takes the last entry out: its key, as `own` makes it, and its value. The memory of a block
    /// goes with its last entry.
    #[cfg(feature = "alloc")]
    pub(in super::super) fn pop<K>(&mut self, own: impl FnOnce(&[u8]) -> K) -> Option<(K, V)> {
        loop {
            let bucket = self.directory.len().checked_sub(1)?;
            let block = &self.directory[bucket];
            let Some(index) = block.len().checked_sub(1) else {
                self.directory.pop_moved();
                continue;
            };
            let spot = Spot { index, at: block.front().offset(index) };
            let key = own(block.front().key(spot));
            return Some((key, self.take(Place { bucket, spot })));
        }
    }

    /// Drops all entries; keeps the buckets. If a drop panics, the entries of its bucket are gone.
    pub(in super::super) fn clear(&mut self) {
        self.directory.clear();
    }

    /// Makes as many buckets as `additional` more entries want.
    pub(in super::super) fn try_reserve(
        &mut self,
        additional: usize,
        hasher: &impl Fn(&[u8]) -> u64,
    ) -> Result<(), AllocError> {
        // A tag, a length and a value.
        let entry_bytes = 2 + size_of::<V>();
        let buckets_for = |entries: usize| entries.div_ceil(Self::PER);
        let buckets = self.directory.try_reserve(additional, entry_bytes, buckets_for)?;
        while self.directory.len() < buckets {
            self.try_split(hasher)?;
        }
        Ok(())
    }

    /// Gives back what the entries do not need, but for buckets of `least` entries.
    pub(in super::super) fn try_shrink_to(&mut self, least: usize) -> Result<(), AllocError> {
        let buckets = self.len().max(least).div_ceil(Self::PER);
        while self.directory.len() > buckets.max(1) {
            self.try_merge()?;
        }
        for bucket in 0..self.directory.len() {
            let (block, alloc) = self.directory.with_alloc(bucket);
            // SAFETY: the directory's allocator.
            unsafe { block.try_shrink(0, alloc)? };
        }
        self.directory.try_shrink_to(buckets)
    }

    /// A copy, without slack in its blocks.
    pub(in super::super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        V: Clone,
        A: Clone,
    {
        // SAFETY: the copy's allocator.
        let clone = |_, block: &Block<V>, alloc: &A| unsafe { block.try_clone(alloc) };
        Ok(Self { directory: self.directory.try_clone(clone)? })
    }
}

/// The low bits of an entry's hash: of its key, or as they are stored.
fn wanted_bucket<V>(block: &Block<V>, spot: Spot, hasher: &impl Fn(&[u8]) -> u64) -> usize {
    let front = block.front();
    let stored = front.stored(spot).last_chunk().filter(|_| front.tag(spot.index) == LONG);
    let hashed = || wanted(&[], hasher(front.key(spot))).hash;
    stored.map_or_else(hashed, |bytes| u64::from_ne_bytes(*bytes)) as usize
}

/// A bit for each entry of a bucket: on the stack, unless there are very many.
pub(super) struct Marks<'a, A: Alloc> {
    few: [u64; MARKED / 64],
    many: RawVec<u64, &'a A>,
}

impl<'a, A: Alloc> Marks<'a, A> {
    pub(super) fn try_new(len: usize, alloc: &'a A) -> Result<Self, AllocError> {
        let mut many = RawVec::new_in(alloc);
        if len > MARKED {
            many.try_resize(len.div_ceil(64), 0)?;
        }
        Ok(Self { few: [0; MARKED / 64], many })
    }

    pub(super) fn set(&mut self, index: usize, mark: bool) {
        let words = if self.many.is_empty() { &mut self.few[..] } else { &mut self.many };
        words[index / 64] |= u64::from(mark) << (index % 64);
    }

    pub(super) fn get(&self, index: usize) -> bool {
        let words = if self.many.is_empty() { &self.few[..] } else { &self.many };
        words[index / 64] >> (index % 64) & 1 == 1
    }
}
