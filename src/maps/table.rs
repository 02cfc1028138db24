//! [`Table`]: entries in groups of tagged slots, in regions that grow one by one. What `Map` and
//! `Set` are made of; knows hashes and not keys.
//!
//! ```text
//! table    one region while it is small, else 64 or more: bits of a hash choose
//! region   | group 0 | group 1 | ... | group g-1 | slots of group 0 | slots of group 1 | ... |
//! group    | a tag for each of its slots, 0 if empty | 16 bits: which kinds of hashes went on |
//! ```
//!
//! An entry is in the first group with an empty slot from its home on, and each full group that it
//! passed has the bit of its kind there set. A look-up compares a group's tags at once, and goes on
//! to the next group only if the bit of its kind is set: no tombstones, and misses end early. A
//! region that is full is rebuilt into a new block with more groups; removals leave bits behind, so
//! after enough of them it is rebuilt at its size.
//!
//! Invariants:
//!
//! 1. A region with `groups > 0` owns the block `block` of the layout that `layout_of(size)` gives,
//!    with `groups` groups at its start and `size.slots()` slots from `slots` on. One with
//!    `groups == 0` owns none, and `block` points to an empty group.
//! 2. A slot is initialised exactly if its tag is not 0. Tags of slots that do not exist are 0.
//! 3. `len` of a region is the number of its tags that are not 0, and at most its limit, which is
//!    at most the number of its slots; more slots than that have no entry if there are two groups
//!    or more.
//! 4. `many`, if there, is a block of `P::REGIONS` regions, and `one` is then empty.
//! 5. A [`Place`] comes from a look-up, an insertion or a walk, and is used before the table that
//!    it came from changes otherwise, so that its region and its slot are there and initialised.
//! 6. What a table of entries `T` holds has `Table::<T, A, P>::end` for its `end`.

#![allow(unsafe_code)]

use super::policy::{Policy, Size};
use crate::error::AllocError;
use crate::hashing::fold;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Part, PartKind, Parts, block_of};
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, needs_drop, replace};
use core::ptr::NonNull;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

mod change;
mod iter;
mod parted;
mod region;

pub(super) use iter::{Extract, IntoIter, Iter, IterMut};
use parted::Parted;
use region::{Region, full_slots, layout_of, put, put_new, take_run};

/// Where an entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    region: usize,
    index: usize,
}

/// What entries look at when they are dropped must be there for longer than their table.
///
/// ```compile_fail,E0597
/// struct Looks<'a>(&'a String);
/// impl Drop for Looks<'_> {
///     fn drop(&mut self) {
///         assert!(!self.0.is_empty());
///     }
/// }
/// let mut map = lessram::maps::Map::new();
/// let string = String::from("a");
/// map.insert(1, Looks(&string));
/// ```
#[cfg(doctest)]
struct DroppedWithTheTable;

/// The table. Its hash function is handed to what needs it; the same must be handed in each time,
/// or entries are not found any more (nothing worse happens).
#[repr(transparent)]
pub(super) struct Table<T, A: Alloc, P: Policy> {
    held: Held<A, P>,
    owns: PhantomData<T>,
}

/// What a table holds, whatever its entries are.
///
/// A type of its own for the compiler's sake. If `Table` had a `Drop` of its own, what entries
/// borrow had to be there for longer than the table, and programs that std's maps take would not
/// compile. As it is, that a table drops its entries is what its `PhantomData<T>` says, and that
/// asks no more of them than a field of type `T` would.
struct Held<A: Alloc, P: Policy> {
    one: Region,
    many: Option<NonNull<Region>>,
    len: usize,
    /// Mixed into the hashes. No two tables have the same, so that the order in which one is
    /// walked says nothing of the places in another: else filling one from the other would fill
    /// groups one after the other, and each entry would pass all the full ones.
    seed: u64,
    /// Drops the entries, of whatever type they are, and gives the memory back; told of a `Self`,
    /// which to name here would leave `A` no subtypes.
    end: unsafe fn(NonNull<()>),
    alloc: A,
    policy: PhantomData<P>,
}

impl<A: Alloc, P: Policy> Drop for Held<A, P> {
    fn drop(&mut self) {
        // SAFETY: the `end` for entries of this very type (invariant 6), and not used any more.
        unsafe { (self.end)(NonNull::from(self).cast()) };
    }
}

// SAFETY: the table owns its entries and its allocator, and shares neither.
unsafe impl<T: Send, A: Alloc + Send, P: Policy> Send for Table<T, A, P> {}
// SAFETY: `&Table` gives out `&T` only.
unsafe impl<T: Sync, A: Alloc + Sync, P: Policy> Sync for Table<T, A, P> {}

/// A seed for a table: no two in a row are alike. Threads may race for one, which does no harm.
fn next_seed() -> u64 {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.load(Relaxed).wrapping_add(1);
    COUNT.store(count, Relaxed);
    (count as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl<T, A: Alloc, P: Policy> Table<T, A, P> {
    pub(super) const fn new_in(alloc: A) -> Self {
        let (one, end) = (Region::empty(), Self::end);
        let held = Held { one, many: None, len: 0, seed: 0, end, alloc, policy: PhantomData };
        Self { held, owns: PhantomData }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.held.len
    }

    pub(super) const fn alloc(&self) -> &A {
        &self.held.alloc
    }

    /// Entries that fit before some region grows.
    pub(super) fn capacity(&self) -> usize {
        self.regions().iter().map(|region| region.size.limit as usize).sum()
    }

    #[inline]
    fn regions(&self) -> &[Region] {
        match &self.held.many {
            // SAFETY: a block of so many regions (invariant 4), borrowed with the table.
            Some(many) => unsafe { slice::from_raw_parts(many.as_ptr(), P::REGIONS) },
            None => slice::from_ref(&self.held.one),
        }
    }

    #[inline]
    fn regions_mut(&mut self) -> &mut [Region] {
        match &mut self.held.many {
            // SAFETY: a block of so many regions (invariant 4), exclusively borrowed.
            Some(many) => unsafe { slice::from_raw_parts_mut(many.as_ptr(), P::REGIONS) },
            None => slice::from_mut(&mut self.held.one),
        }
    }

    /// The first region, and how many there are: the same for all hashes, so that a loop of
    /// look-ups asks for it once.
    #[inline(always)]
    fn first_region(&self) -> (NonNull<Region>, usize) {
        match &self.held.many {
            Some(many) => (*many, P::REGIONS),
            None => (NonNull::from(&self.held.one), 1),
        }
    }

    /// The hash as the table uses it: all bits matter, whatever the hash function.
    #[inline(always)]
    fn parted(&self, hash: u64) -> Parted {
        Parted { hash: fold(hash ^ self.held.seed) }
    }

    /// The number of the region of a hash.
    #[inline(always)]
    fn region_of(&self, parted: Parted) -> usize {
        parted.region(self.first_region().1)
    }

    /// The region of a hash.
    #[inline(always)]
    fn region(&self, parted: Parted) -> &Region {
        // SAFETY: the number of one of the regions, or of the only one.
        let region = unsafe { self.numbered(self.region_of(parted)) };
        // SAFETY: initialised, and borrowed with the table.
        unsafe { region.as_ref() }
    }

    /// The same, to be changed.
    #[inline(always)]
    fn region_mut(&mut self, parted: Parted) -> &mut Region {
        let number = self.region_of(parted);
        // SAFETY: the number of one of the regions, or of the only one.
        unsafe { self.regions_mut().get_unchecked_mut(number) }
    }

    /// The region of a number.
    ///
    /// # Safety
    ///
    /// There are more regions than that.
    #[inline(always)]
    unsafe fn numbered(&self, number: usize) -> NonNull<Region> {
        // SAFETY: one of the regions, or the only one (invariant 4).
        unsafe { self.first_region().0.add(number) }
    }

    /// The entry of this hash that `same` accepts: where it is.
    #[inline(always)]
    fn find(&self, hash: u64, same: impl FnMut(&T) -> bool) -> Option<Place> {
        let parted = self.parted(hash);
        let (_, index) = self.region(parted).find::<T, P>(parted, same)?;
        Some(Place { region: self.region_of(parted), index })
    }

    /// The slot of a place.
    #[inline(always)]
    fn slot(&self, place: Place) -> NonNull<T> {
        // SAFETY: the region of an entry is there (invariant 5).
        let region = unsafe { self.numbered(place.region) };
        // SAFETY: initialised, and borrowed with the table.
        let region = unsafe { region.as_ref() };
        // SAFETY: the place of an entry is a slot of its region.
        unsafe { region.slot(place.index) }
    }

    /// The entry of this hash that `same` accepts.
    #[inline(always)]
    pub(super) fn get(&self, hash: u64, same: impl FnMut(&T) -> bool) -> Option<&T> {
        let parted = self.parted(hash);
        let (slot, _) = self.region(parted).find::<T, P>(parted, same)?;
        // SAFETY: initialised, and borrowed with the table.
        Some(unsafe { slot.as_ref() })
    }

    /// The same, to be changed. What the hash depends on must stay as it is.
    #[inline(always)]
    pub(super) fn get_mut(&mut self, hash: u64, same: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let parted = self.parted(hash);
        let (mut slot, _) = self.region(parted).find::<T, P>(parted, same)?;
        // SAFETY: initialised, and exclusively borrowed with the table.
        Some(unsafe { slot.as_mut() })
    }

    /// Several entries at once, to be changed.
    ///
    /// # Panics
    ///
    /// If two of them are one.
    #[track_caller]
    pub(super) fn get_disjoint_mut<const N: usize>(
        &mut self,
        hashes: [u64; N],
        mut same: impl FnMut(usize, &T) -> bool,
    ) -> [Option<&mut T>; N] {
        let mut which = 0;
        let places = hashes.map(|hash| {
            let place = self.find(hash, |entry| same(which, entry));
            which += 1;
            place
        });
        for (i, place) in places.iter().enumerate() {
            assert!(place.is_none() || !places[..i].contains(place), "duplicate keys found");
        }
        // SAFETY: initialised (invariant 5), different slots, exclusively borrowed with the table.
        places.map(|place| place.map(|place| unsafe { self.slot(place).as_mut() }))
    }

    /// The entry of this hash that `same` accepts, with the table, to be changed or removed; or the
    /// table, to put one there.
    #[inline(always)]
    pub(super) fn entry(
        &mut self,
        hash: u64,
        same: impl FnMut(&T) -> bool,
    ) -> Result<Occupied<'_, T, A, P>, Missing<'_, T, A, P>> {
        match self.find(hash, same) {
            Some(place) => Ok(Occupied { table: self, place }),
            None => Err(Missing { table: self, hash }),
        }
    }

    /// To put an entry of this hash there that no look-up would find.
    #[inline]
    pub(super) const fn missing(&mut self, hash: u64) -> Missing<'_, T, A, P> {
        Missing { table: self, hash }
    }

    /// Tells of the blocks; what the entries are called, and what they are for.
    pub(super) fn parts(&self, name: &'static str, kind: PartKind, out: &mut dyn Parts) {
        if self.held.many.is_some() {
            out.block(&[Part::header("regions", P::REGIONS * size_of::<Region>())]);
        }
        for region in self.regions() {
            let Ok((layout, slots_at)) = layout_of::<T, P>(region.size) else { continue };
            let index = region.size.groups as usize * size_of::<P::Group>();
            let entries = region.len as usize * size_of::<T>();
            let parts = [
                Part { name, kind, bytes: entries },
                Part::index("tags", index),
                Part::header("alignment", slots_at - index),
                Part::slack(layout.size() - slots_at - entries),
            ];
            block_of(out, &parts);
        }
    }

    pub(super) fn iter(&self) -> Iter<'_, T, P> {
        Iter::new(self.regions(), self.held.len)
    }

    pub(super) fn iter_mut(&mut self) -> IterMut<'_, T, P> {
        IterMut::new(self.regions(), self.held.len)
    }

    /// Groups that a look-up of each entry reads, summed up and at most. For tests and reports.
    pub(super) fn probes(&self, hasher: impl Fn(&T) -> u64) -> (usize, usize) {
        let (mut sum, mut most) = (0, 0);
        for entry in self.iter() {
            let hash = hasher(entry);
            let Some(place) = self.find(hash, |other| core::ptr::eq(other, entry)) else {
                continue;
            };
            let parted = self.parted(hash);
            let mut way = parted.way(self.region(parted).size.groups);
            let mut read = 1;
            while way.at() != place.index / P::WIDTH {
                way.go_on();
                read += 1;
            }
            (sum, most) = (sum + read, most.max(read));
        }
        (sum, most)
    }
}

/// An entry in its table.
pub(super) struct Occupied<'t, T, A: Alloc, P: Policy> {
    table: &'t mut Table<T, A, P>,
    place: Place,
}

impl<'t, T, A: Alloc, P: Policy> Occupied<'t, T, A, P> {
    #[inline]
    pub(super) fn get(&self) -> &T {
        // SAFETY: initialised while the table is borrowed (invariant 5).
        unsafe { self.table.slot(self.place).as_ref() }
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut T {
        // SAFETY: as above, exclusively borrowed.
        unsafe { self.table.slot(self.place).as_mut() }
    }

    #[inline]
    pub(super) fn into_mut(self) -> &'t mut T {
        // SAFETY: as above, for as long as the table was borrowed.
        unsafe { self.table.slot(self.place).as_mut() }
    }

    /// Takes the entry out. The table may then shrink.
    #[inline]
    pub(super) fn remove(self, hasher: impl Fn(&T) -> u64) -> T {
        let entry = self.table.take(self.place);
        self.table.tidy(self.place.region, &hasher);
        entry
    }
}

/// A table without the entry that was looked for.
pub(super) struct Missing<'t, T, A: Alloc, P: Policy> {
    table: &'t mut Table<T, A, P>,
    hash: u64,
}

impl<'t, T, A: Alloc, P: Policy> Missing<'t, T, A, P> {
    /// Makes room for it.
    #[inline]
    pub(super) fn vacant(
        self,
        hasher: impl Fn(&T) -> u64,
    ) -> Result<Vacant<'t, T, A, P>, AllocError> {
        let Self { table, hash } = self;
        let mut parted = table.parted(hash);
        let region = table.region(parted);
        if region.len >= region.size.limit {
            table.try_grow(hash, &hasher)?;
            // Where there was no memory, there is a seed now.
            parted = table.parted(hash);
        }
        Ok(Vacant { table, parted })
    }
}

/// Room for one entry more.
pub(super) struct Vacant<'t, T, A: Alloc, P: Policy> {
    table: &'t mut Table<T, A, P>,
    parted: Parted,
}

impl<'t, T, A: Alloc, P: Policy> Vacant<'t, T, A, P> {
    /// Puts the entry there.
    #[inline]
    pub(super) fn insert(self, entry: T) -> &'t mut T {
        self.insert_here(entry).into_mut()
    }

    /// Puts the entry there; the place, now filled.
    #[inline]
    pub(super) fn insert_here(self, entry: T) -> Occupied<'t, T, A, P> {
        let entry = ManuallyDrop::new(entry);
        let to = self.table.region_mut(self.parted);
        // SAFETY: `Missing::vacant` saw to it that the region has room for one more; the entry is
        // the table's from here on.
        let index = unsafe { put::<T, P>(to, self.parted, NonNull::from(&*entry)) };
        to.len += 1;
        self.table.held.len += 1;
        let region = self.table.region_of(self.parted);
        Occupied { table: self.table, place: Place { region, index } }
    }
}
