//! [`EntryBuckets`]: entries of one type, found by a hash and a question, in buckets that are split
//! one at a time. What `CompactMap` is made of.
//!
//! Linear hashing as in [`Buckets`](super::Buckets). A block is that of integers with nothing but
//! tags in front of its values, which are the entries:
//!
//! ```text
//! | head 4 or 8 | tags n | slack | entry n - 1 | ... | entry 0 |
//! ```
//!
//! Splitting asks a hash function that the user wrote, which may panic, or answer otherwise than
//! before: all hashes of a bucket are asked for before the first entry moves, and an entry that is
//! in a bucket where nobody looks for it is dropped with the others.

mod iter;

pub(in super::super) use iter::{EntryExtract, EntryIter, EntryIterMut, EntryOwned};

use super::block::packed::{Packed, Unpacked};
use super::cells::Cell;
use super::change::Marks;
use super::directory::Directory;
use crate::error::AllocError;
use crate::hashing::fold;
use crate::mem::{Alloc, PartKind, Parts};
use crate::simd::FAR;

/// Bits of a cell beside its tag.
const WIDTH: u32 = 0;

/// Entries of one type.
pub(in super::super) struct EntryBuckets<T, A: Alloc> {
    directory: Directory<Packed<T>, A>,
}

/// Where an entry is. Only right until the buckets change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct EntryPlace {
    bucket: usize,
    index: usize,
}

/// The cell of an entry with this hash, all bits of which matter.
#[inline(always)]
const fn cell(hash: u64) -> Cell {
    Cell { tag: (hash >> 56) as u8, rest: 0 }
}

impl<T, A: Alloc> EntryBuckets<T, A> {
    /// Entries a bucket, on average, at most. More take fewer bytes and more time; wide entries
    /// make blocks large that are moved. Of 16 bytes, the fewest that take 1.10 of their bytes.
    pub(in super::super) const PER: usize = match size_of::<T>() {
        0..=16 => 35,
        17..=64 => 20,
        _ => 8,
    };

    pub(in super::super) const fn new_in(alloc: A) -> Self {
        Self { directory: Directory::new_in(alloc) }
    }

    #[inline]
    pub(in super::super) const fn len(&self) -> usize {
        self.directory.entries
    }

    pub(in super::super) const fn alloc(&self) -> &A {
        self.directory.alloc()
    }

    /// Entries that fit before a bucket is split.
    pub(in super::super) fn capacity(&self) -> usize {
        self.directory.len().saturating_mul(Self::PER)
    }

    /// Buckets from which on their blocks are far from the processor.
    const FAR: usize = FAR / (Self::PER * (1 + size_of::<T>()));

    /// The block of a bucket, asked for as a whole if it is far: before it is known which lines of
    /// it are needed. That pays in a million small entries, and costs in a hundred thousand: the
    /// test is `maps` of the peers' benches.
    #[inline(always)]
    fn block(&self, bucket: usize) -> Option<&Packed<T>> {
        let block = self.directory.get(bucket)?;
        if self.directory.len() >= Self::FAR {
            block.fetch(1);
        }
        Some(block)
    }

    /// Where the entry of this hash is that `is` says yes to.
    #[inline(always)]
    pub(in super::super) fn find(
        &self,
        hash: u64,
        mut is: impl FnMut(&T) -> bool,
    ) -> Option<EntryPlace> {
        let hash = fold(hash);
        let bucket = self.directory.bucket_of(hash);
        let block = self.block(bucket)?;
        let index =
            block.find_by(cell(hash).tag, move |index, entry| is(entry).then_some(index))?;
        Some(EntryPlace { bucket, index })
    }

    /// The entry itself: without a second way to it.
    #[inline(always)]
    pub(in super::super) fn find_entry(
        &self,
        hash: u64,
        mut is: impl FnMut(&T) -> bool,
    ) -> Option<&T> {
        let hash = fold(hash);
        let block = self.block(self.directory.bucket_of(hash))?;
        block.find_by(cell(hash).tag, move |_, entry| is(entry).then_some(entry))
    }

    #[inline(always)]
    pub(in super::super) fn get(&self, place: EntryPlace) -> &T {
        self.directory[place.bucket].value(place.index)
    }

    #[inline(always)]
    pub(in super::super) fn get_mut(&mut self, place: EntryPlace) -> &mut T {
        self.directory[place.bucket].value_mut(place.index)
    }

    /// Several entries at once, to be changed.
    ///
    /// # Panics
    ///
    /// If two of them are one.
    #[track_caller]
    pub(in super::super) fn get_disjoint_mut<const N: usize>(
        &mut self,
        hashes: [u64; N],
        mut is: impl FnMut(usize, &T) -> bool,
    ) -> [Option<&mut T>; N] {
        let mut i = 0;
        let places = hashes.map(|hash| {
            i += 1;
            self.find(hash, |entry| is(i - 1, entry))
        });
        self.directory
            .disjoint_mut(places.map(|place| place.map(|place| (place.bucket, place.index))))
    }

    /// Adds an entry that is not there. Splits a bucket if it is time to, with `hasher` for the
    /// entries in it; if there is no memory for that, another insertion will.
    #[inline]
    pub(in super::super) fn try_insert(
        &mut self,
        hash: u64,
        entry: T,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<EntryPlace, AllocError> {
        if self.len() >= self.capacity() {
            self.make_room(hasher)?;
        }
        let hash = fold(hash);
        let bucket = self.directory.bucket_of(hash);
        let (block, alloc) = self.directory.with_alloc(bucket);
        // SAFETY: the directory's allocator.
        let index = unsafe { block.try_push(WIDTH, cell(hash), entry, alloc)? };
        self.directory.entries += 1;
        Ok(EntryPlace { bucket, index })
    }

    /// The first bucket, or one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, hasher: &impl Fn(&T) -> u64) -> Result<(), AllocError> {
        if self.directory.is_empty() {
            return self.directory.try_begin();
        }
        let _ = self.try_split(hasher);
        Ok(())
    }

    /// Splits the bucket whose turn it is. An error, or a panic of `hasher`, changes nothing.
    fn try_split(&mut self, hasher: &impl Fn(&T) -> u64) -> Result<(), AllocError> {
        let turn = self.directory.try_turn()?;
        let (old, alloc) = (&self.directory[turn.from], self.directory.alloc());
        let mut marks = Marks::try_new(old.len(), alloc)?;
        let mut go = 0;
        for index in 0..old.len() {
            let goes = fold(hasher(old.value(index))) as usize & turn.mask == turn.to;
            marks.set(index, goes);
            go += usize::from(goes);
        }
        let mut stays = Unpacked::try_new(old.len() - go, WIDTH, alloc)?;
        let mut gone = Unpacked::try_new(go, WIDTH, alloc)?;
        for (index, cell) in old.cells(WIDTH).iter().enumerate() {
            let to = if marks.get(index) { &mut gone } else { &mut stays };
            // SAFETY: the old block is forgotten below; there is room for what was counted.
            unsafe { to.put(cell, old, index) };
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
        let alloc = self.directory.alloc();
        let mut both = Unpacked::try_new(kept.len() + gone.len(), WIDTH, alloc)?;
        for block in [kept, gone] {
            for (index, cell) in block.cells(WIDTH).iter().enumerate() {
                // SAFETY: both blocks are forgotten below; there is room for all.
                unsafe { both.put(cell, block, index) };
            }
        }
        self.directory.merge(Some(both.finish()));
        Ok(())
    }

    /// Takes an entry out. The buckets keep their number, and the bucket's last entry gets the
    /// place.
    #[inline]
    fn take(&mut self, place: EntryPlace) -> T {
        let entry = self.directory[place.bucket].swap_take(place.index, WIDTH);
        self.directory.entries -= 1;
        entry
    }

    /// Takes an entry out. A bucket may be merged with another.
    #[inline]
    pub(in super::super) fn remove(&mut self, place: EntryPlace) -> T {
        let entry = self.take(place);
        self.tidy(place.bucket);
        if self.directory.is_sparse(Self::PER) {
            self.merge();
        }
        entry
    }

    /// Gives back what a bucket does not need any more. If memory is refused, it keeps it.
    fn tidy(&mut self, bucket: usize) {
        let _ = self.try_tidy(bucket, Packed::<T>::SLACK);
    }

    fn try_tidy(&mut self, bucket: usize, slack: usize) -> Result<(), AllocError> {
        let (block, alloc) = self.directory.with_alloc(bucket);
        // SAFETY: the directory's allocator.
        unsafe { block.try_shrink(WIDTH, slack, alloc) }
    }

    /// Merges one bucket. Whether it did.
    #[cold]
    #[inline(never)]
    fn merge(&mut self) -> bool {
        let done = self.try_merge().is_ok();
        self.directory.give_back();
        done
    }

    /// Gives back what is to be given back after entries were taken out of many buckets.
    fn tidy_all(&mut self) {
        (0..self.directory.len()).for_each(|bucket| self.tidy(bucket));
        self.merge_all();
    }

    fn merge_all(&mut self) {
        while self.directory.is_sparse(Self::PER) && self.merge() {}
    }

    /// Keeps the entries that `keep` accepts.
    pub(in super::super) fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        for bucket in 0..self.directory.len() {
            let mut index = 0;
            while index < self.directory[bucket].len() {
                let place = EntryPlace { bucket, index };
                if keep(self.get_mut(place)) {
                    index += 1;
                } else {
                    drop(self.take(place));
                }
            }
            self.tidy(bucket);
        }
        self.merge_all();
    }

    /// Drops all entries; keeps the buckets. If a drop panics, the entries of its bucket are gone.
    pub(in super::super) fn clear(&mut self) {
        self.directory.clear();
    }

    /// Makes as many buckets as `additional` more entries want.
    pub(in super::super) fn try_reserve(
        &mut self,
        additional: usize,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<(), AllocError> {
        // A tag and an entry.
        let entry_bytes = 1 + size_of::<T>();
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
            self.try_tidy(bucket, 0)?;
        }
        self.directory.try_shrink_to(buckets)
    }

    /// A copy, without slack in its blocks.
    pub(in super::super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        T: Clone,
        A: Clone,
    {
        // SAFETY: the copy's allocator.
        let clone = |_, block: &Packed<T>, alloc: &A| unsafe { block.try_clone(WIDTH, alloc) };
        Ok(Self { directory: self.directory.try_clone(clone)? })
    }

    /// Tells of the directory and of all blocks.
    pub(in super::super) fn parts(&self, out: &mut dyn Parts) {
        self.directory.tell(out);
        let tags = ("tags", PartKind::Index);
        self.directory.iter().for_each(|block| block.tell(WIDTH, tags, out));
    }

    pub(in super::super) fn iter(&self) -> EntryIter<'_, T> {
        EntryIter::new(&self.directory, self.len())
    }

    pub(in super::super) fn iter_mut(&mut self) -> EntryIterMut<'_, T> {
        let left = self.len();
        EntryIterMut::new(&mut self.directory, left)
    }

    /// Whether the invariants hold. For tests; O(buckets).
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(in super::super) fn check(&self) -> bool {
        self.directory.check() && self.directory.iter().all(|block| block.check(WIDTH))
    }
}
