//! [`Buckets`]: strings with values in buckets that are split one at a time. What `StrMap` and
//! `StrSet` are made of; knows hashes and not how they are made.
//!
//! ```text
//! directory  | block 0 | block 1 | ... | block b-1 |     an address each
//! block      | head | tags | lengths | string 0 | string 1 | ... | slack | value 1 | value 0 |
//! ```
//!
//! Linear hashing: the low bits of a hash choose a bucket, one bit less where that bucket does not
//! exist yet. When there are more than [`Buckets::PER`] entries a bucket, the next bucket in order
//! is split in two; when there are an eighth less, the last one goes back into the one it came
//! from. The blocks have the size that their entries need, so that nothing doubles, nothing is left
//! behind by what is removed, and no more than a bucket is ever there twice. Where a string begins
//! is the sum of the lengths before it.
//!
//! Invariants:
//!
//! 1. A [`Block`] with units is a block of `layout(units)` from the allocator of the buckets that
//!    hold it, and its own; one without is the static `NO_ENTRIES`, which nobody writes to.
//! 2. A block begins with its head. All bytes of it that hold no value are initialised.
//! 3. The last bytes of a block are the values of as many entries as its head says, all
//!    initialised, the first entry's at the very end.
//! 4. The stored bytes of an entry with the tag [`front::LONG`] are those that [`long::try_new`]
//!    returned for a string of this block; no other entry has them, and no other has the tag.
//! 5. The blocks in a [`Directory`] are from its allocator.

#![allow(unsafe_code)]

mod block;
mod cells;
mod change;
mod directory;
mod entries;
mod front;
mod ints;
mod iter;
mod long;

pub(super) use entries::{
    EntryBuckets, EntryExtract, EntryIter, EntryIterMut, EntryOwned, EntryPlace,
};
pub(super) use front::Wanted;
pub(super) use ints::{IntBuckets, IntExtract, IntIter, IntIterMut, IntOwned, IntPlace};
#[cfg(feature = "alloc")]
pub(super) use iter::Extract;
pub(super) use iter::{Iter, IterMut};

use crate::hashing::fold;
use crate::mem::{Alloc, Parts};
use block::Block;
use directory::Directory;
use front::Spot;

/// Strings with values.
pub(super) struct Buckets<V, A: Alloc> {
    directory: Directory<Block<V>, A>,
}

/// Where an entry is. Only right until the buckets change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    bucket: usize,
    spot: Spot,
}

/// A key with its hash as the buckets use it: all bits matter, whatever the hash function.
#[inline(always)]
pub(super) fn wanted(key: &[u8], hash: u64) -> Wanted<'_> {
    Wanted { key, hash: fold(hash) }
}

impl<V, A: Alloc> Buckets<V, A> {
    /// Entries a bucket, on average, at most. More take fewer bytes and more time; wide values make
    /// blocks large that are moved.
    pub(super) const PER: usize = match size_of::<V>() {
        0..=8 => 20,
        9..=64 => 16,
        _ => 8,
    };

    pub(super) const fn new_in(alloc: A) -> Self {
        Self { directory: Directory::new_in(alloc) }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.directory.entries
    }

    pub(super) const fn alloc(&self) -> &A {
        self.directory.alloc()
    }

    /// Entries that fit before a bucket is split.
    pub(super) fn capacity(&self) -> usize {
        self.directory.len().saturating_mul(Self::PER)
    }

    #[inline(always)]
    pub(super) fn find(&self, wanted: Wanted<'_>) -> Option<Place> {
        let bucket = self.directory.bucket_of(wanted.hash);
        let block = self.directory.get(bucket)?;
        block.fetch();
        let spot = block.front().find(wanted)?;
        Some(Place { bucket, spot })
    }

    /// The key and the value of an entry.
    #[inline(always)]
    pub(super) fn entry(&self, place: Place) -> (&[u8], &V) {
        let block = &self.directory[place.bucket];
        (block.front().key(place.spot), block.value(place.spot.index))
    }

    /// The key and the value of an entry, the value to be changed.
    #[inline(always)]
    pub(super) fn entry_mut(&mut self, place: Place) -> (&[u8], &mut V) {
        self.directory[place.bucket].entry_mut(place.spot)
    }

    /// Several values at once, to be changed.
    ///
    /// # Panics
    ///
    /// If two of them are one.
    #[track_caller]
    pub(super) fn get_disjoint_mut<const N: usize>(
        &mut self,
        wanted: [Wanted<'_>; N],
    ) -> [Option<&mut V>; N] {
        let places = wanted.map(|wanted| self.find(wanted));
        self.directory
            .disjoint_mut(places.map(|place| place.map(|place| (place.bucket, place.spot.index))))
    }

    /// Tells of the directory and of all blocks.
    pub(super) fn parts(&self, out: &mut dyn Parts) {
        self.directory.tell(out);
        self.directory.iter().for_each(|block| block.tell(out));
    }

    pub(super) fn iter(&self) -> Iter<'_, V> {
        Iter::new(&self.directory, self.len())
    }

    pub(super) fn iter_mut(&mut self) -> IterMut<'_, V> {
        let entries = self.len();
        IterMut::new(&mut self.directory, entries)
    }

    /// Whether the invariants hold, and each entry is where it is looked for. For tests; O(n).
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(super) fn check(&self, hasher: impl Fn(&[u8]) -> u64) -> bool {
        let found = |(key, value): (&[u8], &V)| {
            let same = |place| core::ptr::eq(self.entry(place).1, value);
            self.find(wanted(key, hasher(key))).is_some_and(same)
        };
        self.directory.check() && self.directory.iter().all(Block::check) && self.iter().all(found)
    }
}
