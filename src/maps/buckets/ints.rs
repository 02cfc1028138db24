//! [`IntBuckets`]: integers with values, in buckets that are split one at a time. What `IntMap` and
//! `IntSet` are made of.
//!
//! Linear hashing as in [`Buckets`](super::Buckets), with one difference: a key is mixed by a
//! bijection, so that the number of its bucket is a part of it, and only the other bits are stored
//! (quotienting). A bucket of level `l`, which `l` bits choose, has cells of `l` bits less than a
//! key; its level follows from its number and from how many buckets there are. Splitting takes one
//! bit from each cell and needs no hash function; merging gives it back.

mod change;
mod iter;

pub(in super::super) use iter::{IntExtract, IntIter, IntIterMut, IntOwned};

use super::super::int_key::{IntKey, Mixer};
use super::block::packed::Packed;
use super::cells::{Cell, ones};
use super::directory::Directory;
use crate::mem::{Alloc, PartKind, Parts};
use core::marker::PhantomData;

/// Bits of a key that are its tag.
const TAG: u32 = 8;

/// Integers with values.
pub(in super::super) struct IntBuckets<K, V, A: Alloc> {
    directory: Directory<Packed<V>, A>,
    mixer: Mixer,
    keys: PhantomData<K>,
}

/// Where an entry is. Only right until the buckets change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct IntPlace {
    bucket: usize,
    index: usize,
}

impl<K, V, A: Alloc> IntBuckets<K, V, A> {
    /// Entries a bucket, on average, at most. More take fewer bytes and more time; wide values make
    /// blocks large that are moved.
    pub(in super::super) const PER: usize = match size_of::<V>() {
        0..=8 => 24,
        9..=64 => 16,
        _ => 8,
    };

    pub(in super::super) const fn new_in(mixer: Mixer, alloc: A) -> Self {
        Self { directory: Directory::new_in(alloc), mixer, keys: PhantomData }
    }

    #[inline]
    pub(in super::super) const fn len(&self) -> usize {
        self.directory.entries
    }

    pub(in super::super) const fn alloc(&self) -> &A {
        self.directory.alloc()
    }

    pub(in super::super) const fn mixer(&self) -> Mixer {
        self.mixer
    }

    /// How many bits choose a bucket: all of the mask's, or one less where the bucket that it will
    /// be split into is not there yet.
    #[inline(always)]
    fn level_of(&self, bucket: usize) -> u32 {
        level(bucket, self.directory.len(), self.directory.mask())
    }
}

/// The level of a bucket among so many.
#[inline(always)]
const fn level(bucket: usize, buckets: usize, mask: usize) -> u32 {
    let half = mask - (mask >> 1);
    let whole = bucket >= half || bucket + half < buckets;
    mask.trailing_ones() - !whole as u32
}

/// Bits of a cell's rest in a bucket of this level.
#[inline(always)]
const fn width<K: IntKey>(level: u32) -> u32 {
    K::BITS - TAG - level
}

/// What is stored of a mixed key in a bucket of this level.
#[inline(always)]
fn cell<K: IntKey>(mixed: u64, level: u32) -> Cell {
    let tag = (mixed >> (K::BITS - TAG)) as u8;
    Cell { tag, rest: mixed >> level & ones(width::<K>(level)) }
}

/// The mixed key of what is stored in a bucket of this level.
#[inline(always)]
fn mixed<K: IntKey>(cell: Cell, bucket: usize, level: u32) -> u64 {
    u64::from(cell.tag) << (K::BITS - TAG) | cell.rest << level | bucket as u64
}

impl<K: IntKey, V, A: Alloc> IntBuckets<K, V, A> {
    /// Buckets that there may be: then a cell is a tag.
    const MOST: u64 = 1 << (K::BITS - TAG);

    /// Buckets from which on their blocks are asked for as a whole, before it is known which lines
    /// of them are needed: of 2 MiB with values, as it costs in fewer; any without. The test is
    /// `maps_int` of the peers' benches.
    const FAR: usize = match size_of::<V>() {
        0 => 0,
        value => (2 << 20) / (Self::PER * (6 + value)),
    };

    /// Entries that fit before a bucket is split.
    pub(in super::super) fn capacity(&self) -> usize {
        let buckets = self.directory.len();
        if buckets as u64 == Self::MOST {
            1_usize.checked_shl(K::BITS).unwrap_or(usize::MAX)
        } else {
            buckets.saturating_mul(Self::PER)
        }
    }

    #[inline(always)]
    pub(in super::super) fn mix(&self, key: K) -> u64 {
        self.mixer.mix(key)
    }

    #[inline(always)]
    pub(in super::super) fn find(&self, mixed: u64) -> Option<IntPlace> {
        let (bucket, index, _) = self.find_in(mixed)?;
        Some(IntPlace { bucket, index })
    }

    /// The value of an entry: without a second way to it.
    #[inline(always)]
    pub(in super::super) fn find_value(&self, mixed: u64) -> Option<&V> {
        Some(self.find_in(mixed)?.2)
    }

    /// The bucket, and the entry in it: its number and its value.
    #[inline(always)]
    fn find_in(&self, mixed: u64) -> Option<(usize, usize, &V)> {
        let (bucket, whole) = self.directory.choose(mixed);
        let block = self.directory.get(bucket)?;
        if self.directory.len() >= Self::FAR {
            block.fetch(1);
        }
        let level = self.directory.mask().trailing_ones() - !whole as u32;
        let (index, value) = block.find(width::<K>(level), cell::<K>(mixed, level))?;
        Some((bucket, index, value))
    }

    /// The value of an entry.
    #[inline(always)]
    pub(in super::super) fn value(&self, place: IntPlace) -> &V {
        self.directory[place.bucket].value(place.index)
    }

    /// The value of an entry, to be changed.
    #[inline(always)]
    pub(in super::super) fn value_mut(&mut self, place: IntPlace) -> &mut V {
        self.directory[place.bucket].value_mut(place.index)
    }

    /// Several values at once, to be changed.
    ///
    /// # Panics
    ///
    /// If two of them are one.
    #[track_caller]
    pub(in super::super) fn get_disjoint_mut<const N: usize>(
        &mut self,
        keys: [K; N],
    ) -> [Option<&mut V>; N] {
        let places = keys.map(|key| self.find(self.mix(key)));
        self.directory
            .disjoint_mut(places.map(|place| place.map(|place| (place.bucket, place.index))))
    }

    /// Tells of the directory and of all blocks.
    pub(in super::super) fn parts(&self, out: &mut dyn Parts) {
        self.directory.tell(out);
        for (bucket, block) in self.directory.iter().enumerate() {
            let width = width::<K>(self.level_of(bucket));
            block.tell(width, ("keys", PartKind::Payload), out);
        }
    }

    pub(in super::super) fn iter(&self) -> IntIter<'_, K, V> {
        IntIter::new(self)
    }

    pub(in super::super) fn iter_mut(&mut self) -> IntIterMut<'_, K, V> {
        IntIterMut::new(self)
    }

    /// Whether the invariants hold, and each entry is where it is looked for. For tests; O(n).
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(in super::super) fn check(&self) -> bool {
        let found = |(key, value): (K, &V)| {
            let same = |place| core::ptr::eq(self.value(place), value);
            self.find(self.mix(key)).is_some_and(same)
        };
        let whole =
            |(bucket, block): (usize, &Packed<V>)| block.check(width::<K>(self.level_of(bucket)));
        self.directory.check()
            && self.directory.iter().enumerate().all(whole)
            && self.iter().all(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::field::mask;

    /// A bucket's level is the number of bits that tell its keys from those of all others.
    #[test]
    fn levels_follow_from_the_number_of_buckets() {
        for buckets in 1..70_usize {
            let mask = buckets.next_power_of_two() - 1;
            let of = |mixed: usize| {
                let bucket = mixed & mask;
                if bucket < buckets { bucket } else { bucket & (mask >> 1) }
            };
            for bucket in 0..buckets {
                let level = level(bucket, buckets, mask);
                let ones = (0..256).filter(|mixed| of(*mixed) == bucket);
                assert!(ones.eq((0..256).filter(|mixed| mixed % (1 << level) == bucket)));
            }
        }
    }

    #[test]
    fn cells_and_buckets_hold_all_bits() {
        // As many bits as number the buckets of this machine, at most.
        for level in 0..57.min(usize::BITS + 1) {
            let number = 0x9E37_79B9_7F4A_7C15_u64;
            let bucket = number & mask(level);
            assert_eq!(mixed::<u64>(cell::<u64>(number, level), bucket as usize, level), number);
        }
    }
}
