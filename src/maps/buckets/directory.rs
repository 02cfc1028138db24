//! [`Directory`]: linear hashing, which asks of a bucket no more than how many entries it has.

use crate::error::AllocError;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, PartKind, Parts};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// The block of a bucket, which owns its entries and knows no allocator.
pub(super) trait Bucket: Sized {
    /// What belongs to an entry.
    type Value;

    /// No entries, and no memory.
    fn empty() -> Self;

    /// How many entries there are.
    fn len(&self) -> usize;

    /// Asks for all cache lines of the block, ahead of its being split.
    fn fetch_whole(&self);

    /// Where the value of an entry is, which is initialised.
    fn value_place(&self, index: usize) -> NonNull<Self::Value>;

    /// Drops the entries, and gives the memory back.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    unsafe fn free(self, alloc: &impl Alloc);

    /// Gives the memory back, and drops no entry: those that were not moved leak.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    unsafe fn free_moved(self, alloc: &impl Alloc);
}

/// Buckets by the low bits of a hash, with the blocks of one allocator.
pub(super) struct Directory<B: Bucket, A: Alloc> {
    blocks: RawVec<B, A>,
    /// Ones for all bits that may choose a bucket.
    mask: usize,
    /// Entries of all buckets: whoever puts one into a block or takes one out counts it.
    pub(super) entries: usize,
}

/// Which bucket is split next, and what it will be split by.
pub(super) struct Turn {
    pub(super) from: usize,
    /// The bucket that is not there yet.
    pub(super) to: usize,
    /// Entries whose hashes have these bits as `to` has go there.
    pub(super) mask: usize,
}

impl<B: Bucket, A: Alloc> Directory<B, A> {
    pub(super) const fn new_in(alloc: A) -> Self {
        Self { blocks: RawVec::new_in(alloc), mask: 0, entries: 0 }
    }

    pub(super) const fn alloc(&self) -> &A {
        self.blocks.alloc()
    }

    pub(super) const fn mask(&self) -> usize {
        self.mask
    }

    /// The bucket of a hash, if there is one at all.
    #[inline(always)]
    pub(super) fn bucket_of(&self, hash: u64) -> usize {
        bucket_of(hash as usize, self.blocks.len(), self.mask)
    }

    /// The same, and whether all bits of the mask choose it: whether the bucket that all but the
    /// highest of them number has been split, which one comparison tells.
    #[inline(always)]
    pub(super) fn choose(&self, hash: u64) -> (usize, bool) {
        choose(hash as usize, self.blocks.len(), self.mask)
    }

    /// A block, and the allocator that it is from.
    #[inline(always)]
    pub(super) fn with_alloc(&mut self, bucket: usize) -> (&mut B, &A) {
        let (blocks, alloc) = self.blocks.with_alloc();
        (&mut blocks[bucket], alloc)
    }

    /// The values at some places, each a bucket and a number in it, to be changed.
    ///
    /// # Panics
    ///
    /// If two places are one.
    #[track_caller]
    pub(super) fn disjoint_mut<const N: usize>(
        &mut self,
        places: [Option<(usize, usize)>; N],
    ) -> [Option<&mut B::Value>; N] {
        for (i, place) in places.iter().enumerate() {
            assert!(place.is_none() || !places[..i].contains(place), "duplicate keys found");
        }
        places.map(|place| {
            let (bucket, index) = place?;
            let mut value = self.blocks[bucket].value_place(index);
            // SAFETY: initialised (invariant 3), different from the others, and exclusively
            // borrowed with the directory.
            Some(unsafe { value.as_mut() })
        })
    }

    /// Makes the first bucket.
    pub(super) fn try_begin(&mut self) -> Result<(), AllocError> {
        self.blocks.try_reserve_exact(1)?;
        self.blocks.try_push(B::empty())
    }

    /// The bucket whose turn it is to be split. Makes room for one more.
    pub(super) fn try_turn(&mut self) -> Result<Turn, AllocError> {
        let to = self.blocks.len();
        if to == self.blocks.capacity() {
            // An address is little beside its block: to move sixteen of them for a new one is, too.
            self.blocks.try_reserve_exact(to / 16 + 1)?;
        }
        let mask = if to > self.mask { self.mask * 2 + 1 } else { self.mask };
        Ok(Turn { from: to & (mask >> 1), to, mask })
    }

    /// Puts two blocks in the place of the one whose turn it was, from which their entries were
    /// moved.
    pub(super) fn split(&mut self, turn: Turn, stays: B, gone: B) -> Result<(), AllocError> {
        self.replace_moved(turn.from, stays);
        self.mask = turn.mask;
        // There is room: the turn made it.
        self.blocks.try_push(gone)?;
        // Whose turn is next is known, and it is long since anybody looked at most of them.
        if let Some(next) = self.blocks.get(self.blocks.len() & (self.mask >> 1)) {
            next.fetch_whole();
        }
        Ok(())
    }

    /// The bucket that the last one's entries came from.
    pub(super) fn origin(&self) -> usize {
        (self.blocks.len() - 1) & (self.mask >> 1)
    }

    /// Takes the last bucket away. Its entries, if it has any, and its origin's were moved into
    /// `both`.
    pub(super) fn merge(&mut self, both: Option<B>) {
        let origin = self.origin();
        if let Some(both) = both {
            self.replace_moved(origin, both);
        }
        self.pop_moved();
    }

    /// Takes the last bucket away, whose entries, if it had any, were moved.
    pub(super) fn pop_moved(&mut self) {
        if let Some(block) = self.blocks.pop() {
            // SAFETY: the directory's allocator (invariant 5).
            unsafe { block.free_moved(self.blocks.alloc()) };
        }
        self.mask = self.blocks.len().next_power_of_two() - 1;
    }

    /// Puts a block in the place of one whose entries were moved.
    fn replace_moved(&mut self, bucket: usize, block: B) {
        let old = core::mem::replace(&mut self.blocks[bucket], block);
        // SAFETY: the directory's allocator (invariant 5).
        unsafe { old.free_moved(self.blocks.alloc()) };
    }

    /// Whether there are an eighth more buckets than there are to be with `per` entries in each.
    #[inline(always)]
    pub(super) fn is_sparse(&self, per: usize) -> bool {
        let most = self.entries + self.entries / 8;
        self.blocks.len() > 1 && most < (self.blocks.len() - 1) * per
    }

    /// Gives back room for addresses that merging has left over.
    pub(super) fn give_back(&mut self) {
        let buckets = self.blocks.len();
        if self.blocks.capacity() > buckets + buckets / 8 + 8 {
            let _ = self.blocks.try_shrink_to(buckets + buckets / 16);
        }
    }

    /// Makes room for as many buckets as `additional` more entries want, of which each takes at
    /// least so many bytes of a block; the buckets too while there are no entries. How many they
    /// are: the others come by splitting.
    pub(super) fn try_reserve(
        &mut self,
        additional: usize,
        entry_bytes: usize,
        buckets_for: impl Fn(usize) -> usize,
    ) -> Result<usize, AllocError> {
        let overflow = AllocError::CapacityOverflow;
        let entries = self.entries.checked_add(additional).ok_or(overflow)?;
        // They have to fit an address space.
        let least = entries.checked_mul(entry_bytes).ok_or(overflow)?;
        isize::try_from(least).map_err(|_| overflow)?;
        let buckets = buckets_for(entries);
        let more = buckets.saturating_sub(self.blocks.len());
        self.blocks.try_reserve_exact(more)?;
        if self.entries == 0 {
            for _ in 0..more {
                self.blocks.try_push(B::empty())?;
            }
            self.mask = self.blocks.len().next_power_of_two() - 1;
        }
        Ok(buckets)
    }

    /// Gives back all room for addresses that `buckets` buckets do not need. Of no buckets, one
    /// without entries and memory is left.
    pub(super) fn try_shrink_to(&mut self, buckets: usize) -> Result<(), AllocError> {
        if buckets == 0 {
            self.blocks.truncate(0);
        }
        self.blocks.try_shrink_to_fit()
    }

    /// A copy, with blocks as `clone` makes them, from the bucket's number, its block and the
    /// allocator.
    pub(super) fn try_clone(
        &self,
        clone: impl Fn(usize, &B, &A) -> Result<B, AllocError>,
    ) -> Result<Self, AllocError>
    where
        A: Clone,
    {
        let mut copy = Self::new_in(self.alloc().clone());
        copy.blocks.try_reserve_exact(self.blocks.len())?;
        for (bucket, block) in self.blocks.iter().enumerate() {
            let block = clone(bucket, block, copy.blocks.alloc())?;
            copy.entries += block.len();
            copy.blocks.try_push(block)?;
        }
        copy.mask = self.mask;
        Ok(copy)
    }

    /// Drops the entries of one bucket, and gives its memory back.
    pub(super) fn empty(&mut self, bucket: usize) {
        let block = core::mem::replace(&mut self.blocks[bucket], B::empty());
        self.entries -= block.len();
        // SAFETY: the directory's allocator (invariant 5).
        unsafe { block.free(self.blocks.alloc()) };
    }

    /// Drops all entries; keeps the buckets. If a drop panics, the entries of its bucket are gone.
    pub(super) fn clear(&mut self) {
        (0..self.blocks.len()).for_each(|bucket| self.empty(bucket));
    }

    /// Tells of the room for addresses.
    pub(super) fn tell(&self, out: &mut dyn Parts) {
        self.blocks.tell("directory", PartKind::Index, 0, out);
    }

    /// Whether the numbers agree with each other and with the blocks. For tests.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(super) fn check(&self) -> bool {
        self.blocks.iter().map(B::len).sum::<usize>() == self.entries
            && self.mask == self.blocks.len().next_power_of_two() - 1
    }
}

/// The bucket of a hash among so many: in fewer steps than [`choose`] takes, which a look-up that
/// needs no more than this would wait for.
#[inline(always)]
const fn bucket_of(hash: usize, buckets: usize, mask: usize) -> usize {
    let bucket = hash & mask;
    if bucket < buckets { bucket } else { hash & (mask >> 1) }
}

/// The bucket of a hash among so many, and whether all bits of the mask choose it.
#[inline(always)]
const fn choose(hash: usize, buckets: usize, mask: usize) -> (usize, bool) {
    let half = mask >> 1;
    let whole = (hash & half) + (mask - half) < buckets;
    (hash & if whole { mask } else { half }, whole)
}

impl<B: Bucket, A: Alloc> Deref for Directory<B, A> {
    type Target = [B];

    #[inline(always)]
    fn deref(&self) -> &[B] {
        &self.blocks
    }
}

impl<B: Bucket, A: Alloc> DerefMut for Directory<B, A> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [B] {
        &mut self.blocks
    }
}

impl<B: Bucket, A: Alloc> Drop for Directory<B, A> {
    fn drop(&mut self) {
        /// Goes on where an entry's drop panicked.
        struct Rest<'d, B: Bucket, A: Alloc>(&'d mut Directory<B, A>);

        impl<B: Bucket, A: Alloc> Drop for Rest<'_, B, A> {
            fn drop(&mut self) {
                self.0.clear();
            }
        }

        let rest = Rest(self);
        rest.0.clear();
        core::mem::forget(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_the_bucket_of_all_bits_if_that_is_there() {
        assert_eq!(choose(5, 0, 0), (0, false));
        for buckets in 1..70_usize {
            let mask = buckets.next_power_of_two() - 1;
            for hash in 0..256 {
                let (bucket, whole) = choose(hash, buckets, mask);
                let all = hash & mask;
                assert_eq!(bucket, if all < buckets { all } else { all & (mask >> 1) });
                assert_eq!(bucket_of(hash, buckets, mask), bucket);
                let halves = [bucket & (mask >> 1), bucket | (mask - (mask >> 1))];
                assert_eq!(whole, halves.iter().all(|half| *half < buckets));
            }
        }
    }
}
