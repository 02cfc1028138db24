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

use super::policy::{Policy, Size, all_slots};
use crate::error::AllocError;
use crate::hashing::fold;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Part, PartKind, Parts, block_of};
use crate::simd::prefetch;
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, needs_drop, replace};
use core::ops::Range;
use core::ptr::NonNull;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

mod change;
mod iter;
mod parted;

pub(super) use iter::{Extract, IntoIter, Iter, IterMut};
use parted::{Parted, Way};

/// A group of a region that has none: all slots empty, nothing went on.
#[repr(align(32))]
#[allow(dead_code)] // read through a pointer
struct NoEntries([u8; 32]);
static NO_ENTRIES: NoEntries = NoEntries([0; 32]);

/// One part of a table, which grows alone.
struct Region {
    block: NonNull<u8>,
    slots: NonNull<u8>,
    size: Size,
    len: u32,
    /// Entries removed since it was built: each may have left bits in filters.
    removed: u32,
}

impl Region {
    const fn empty() -> Self {
        let Some(block) = NonNull::new((&raw const NO_ENTRIES).cast_mut().cast()) else {
            unreachable!()
        };
        Self { block, slots: NonNull::dangling(), size: Size::NONE, len: 0, removed: 0 }
    }

    /// Whether its filters may have many bits that mean nothing: so many of its entries are gone.
    const fn is_stale(&self) -> bool {
        self.removed > self.size.limit / 4
    }

    /// The group `group`.
    ///
    /// # Safety
    ///
    /// `group < max(groups, 1)`.
    #[inline(always)]
    unsafe fn group<P: Policy>(&self, group: usize) -> &P::Group {
        // SAFETY: the block begins with its groups (invariant 1).
        let group = unsafe { self.block.cast::<P::Group>().add(group) };
        // SAFETY: any bytes are a group, at any alignment.
        unsafe { group.as_ref() }
    }

    /// Sets the tag of a slot: the one numbered `slot` of `group`.
    ///
    /// # Safety
    ///
    /// `group < groups` and `slot < WIDTH`, and the region is exclusively borrowed.
    #[inline(always)]
    unsafe fn set_tag<P: Policy>(&self, group: usize, slot: usize, tag: u8) {
        let at = group * size_of::<P::Group>() + slot;
        // SAFETY: inside of the groups at the start of the block (invariant 1).
        let byte = unsafe { self.block.add(at) };
        // SAFETY: exclusively borrowed.
        unsafe { byte.write(tag) };
    }

    /// The slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is at most the number of slots of type `T`.
    #[inline(always)]
    unsafe fn slot<T>(&self, index: usize) -> NonNull<T> {
        // SAFETY: inside of the slots, or just behind them (invariant 1).
        unsafe { self.slots.cast::<T>().add(index) }
    }

    /// Asks for the two cache lines in which a group's 14 slots of 3 or 4 bytes are, whether there
    /// are such slots or not. Of narrower ones there are too few to be far.
    #[inline(always)]
    fn fetch_slots<T, P: Policy>(&self, group: usize) {
        if size_of::<T>() < 3 {
            return;
        }
        // SAFETY: no bytes at all are behind this.
        let slots = unsafe { slice::from_raw_parts(self.slots.as_ptr(), 0) };
        let first = group * P::WIDTH * size_of::<T>();
        prefetch(slots, first);
        prefetch(slots, first + (P::WIDTH - 1) * size_of::<T>());
    }

    /// The entry of this hash that `same` accepts: its slot, and that one's index.
    ///
    /// In the first place looked at, as nearly all are, or not there, as the first group says: that
    /// is decided here, and all else elsewhere, so that a loop of look-ups is short.
    #[inline(always)]
    fn find<T, P: Policy>(
        &self,
        parted: Parted,
        mut same: impl FnMut(&T) -> bool,
    ) -> Option<(NonNull<T>, usize)> {
        let home = parted.home(self.size.groups);
        if P::FETCHES {
            self.fetch_slots::<T, P>(home);
        }
        // SAFETY: a home is below the number of groups, or 0.
        let group = unsafe { self.group::<P>(home) };
        let tags = P::tagged(group, parted.low());
        if tags != 0 {
            let index = home * P::WIDTH + tags.trailing_zeros() as usize;
            // SAFETY: a tag that is not 0 belongs to a slot that exists (invariant 2).
            let slot = unsafe { self.slot::<T>(index) };
            // SAFETY: and that slot is initialised.
            if same(unsafe { slot.as_ref() }) {
                return Some((slot, index));
            }
        }
        let rest = tags & tags.wrapping_sub(1);
        if rest != 0 || P::filter(group) >> parted.kind() & 1 != 0 {
            return self.find_on::<T, P>(parted, rest, same);
        }
        None
    }

    /// The same, where `tags` are left to be looked at in its home, and in what follows that.
    #[inline(never)]
    fn find_on<T, P: Policy>(
        &self,
        parted: Parted,
        mut tags: u32,
        mut same: impl FnMut(&T) -> bool,
    ) -> Option<(NonNull<T>, usize)> {
        let mut way = parted.way(self.size.groups);
        // All filters may have the bit.
        for _ in 0..way.all() {
            while tags != 0 {
                let index = way.at() * P::WIDTH + tags.trailing_zeros() as usize;
                // SAFETY: a tag that is not 0 belongs to a slot that exists (invariant 2).
                let slot = unsafe { self.slot::<T>(index) };
                // SAFETY: and that slot is initialised.
                if same(unsafe { slot.as_ref() }) {
                    return Some((slot, index));
                }
                tags &= tags - 1;
            }
            // SAFETY: a home is below the number of groups, and so is what follows it.
            let group = unsafe { self.group::<P>(way.at()) };
            if P::filter(group) >> way.kind() & 1 == 0 {
                return None;
            }
            way.go_on();
            // SAFETY: as above.
            tags = P::tagged(unsafe { self.group::<P>(way.at()) }, parted.low());
        }
        None
    }

    /// Notes in the filter of the group that a hash has come to that it goes on.
    ///
    /// # Safety
    ///
    /// The group exists, and the region is exclusively borrowed.
    #[inline(always)]
    unsafe fn went_on<P: Policy>(&self, way: Way) {
        let bit = way.kind();
        let at = way.at() * size_of::<P::Group>() + P::WIDTH + bit as usize / 8;
        // SAFETY: one of the two bytes behind the tags of the group (invariant 1).
        let byte = unsafe { self.block.add(at) };
        // SAFETY: initialised with the block.
        let before = unsafe { byte.read() };
        // SAFETY: exclusively borrowed.
        unsafe { byte.write(before | 1 << (bit % 8)) };
    }
}

/// The slots of a group that have an entry.
#[inline(always)]
fn full_slots<P: Policy>(group: &P::Group) -> u32 {
    !P::empty(group) & all_slots::<P>()
}

/// Takes the first run of ones from a mask of slots, which is not 0 and has no bit beyond those of
/// a group: where it is. A group that nothing was removed from has one run.
#[inline(always)]
fn take_run(slots: &mut u32) -> Range<usize> {
    let start = slots.trailing_zeros();
    let end = start + (*slots >> start).trailing_ones();
    *slots &= u32::MAX << end;
    start as usize..end as usize
}

/// The groups and slots of a region of this size: layout, and where the slots begin.
fn layout_of<T, P: Policy>(size: Size) -> Result<(Layout, usize), AllocError> {
    let overflow = |_| AllocError::CapacityOverflow;
    let bytes = (size.groups as usize).checked_mul(size_of::<P::Group>());
    // Groups within a cache line, except where they would waste a small block's bytes.
    let align = if size.groups < 2 { 1 } else { size_of::<P::Group>() };
    let bytes = bytes.ok_or(AllocError::CapacityOverflow)?;
    let groups = Layout::from_size_align(bytes, align).map_err(overflow)?;
    let slots = Layout::array::<T>(size.slots::<P>()).map_err(overflow)?;
    groups.extend(slots).map_err(overflow)
}

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

/// Copies an entry into the first group with an empty slot from its home on; the slot's index.
///
/// # Safety
///
/// `len < limit`, `entry` can be read, and the region is exclusively borrowed. Who owns the entry
/// after that is the caller's to see to, as is `len`.
#[inline(always)]
unsafe fn put<T, P: Policy>(region: &mut Region, parted: Parted, entry: NonNull<T>) -> usize {
    let mut way = parted.way(region.size.groups);
    loop {
        // SAFETY: a home is below the number of groups, and so is what follows it.
        let group = unsafe { region.group::<P>(way.at()) };
        let empty = P::empty(group);
        if empty != 0 {
            // The first: where there is one group with fewer slots than tags, it exists, because
            // fewer entries than slots are there.
            let within = empty.trailing_zeros() as usize;
            // SAFETY: the slot exists, see above, and is empty.
            unsafe { fill::<T, P>(region, way.at(), within, parted, entry) };
            return way.at() * P::WIDTH + within;
        }
        // SAFETY: the group exists.
        unsafe { region.went_on::<P>(way) };
        // Ends: the region has an empty slot somewhere.
        way.go_on();
    }
}

/// The same for a new region that is filled in one go, with the number of entries that each of its
/// groups has so far: the tags are not read. Entries come nearly in the order of their homes, and
/// to read the 16 tags of a group together, one of which was written just now, waits until that one
/// has left the processor's queue (measured: a third of the time of growing, `maps` in
/// `benches/peers`).
///
/// # Safety
///
/// As for [`put`]; `counts` has a number for each group, 0 at first, and is changed by nobody else.
#[inline(always)]
unsafe fn put_new<T, P: Policy>(
    region: &mut Region,
    counts: &mut [u8],
    parted: Parted,
    entry: NonNull<T>,
) {
    let mut way = parted.way(region.size.groups);
    while usize::from(counts[way.at()]) == P::WIDTH {
        // SAFETY: the group exists: it has a count.
        unsafe { region.went_on::<P>(way) };
        way.go_on();
    }
    let at = way.at();
    let within = usize::from(counts[at]);
    counts[at] += 1;
    // SAFETY: the group exists, and its slots were filled from the first on: this is the next one.
    // It exists too, as in `put`.
    unsafe { fill::<T, P>(region, at, within, parted, entry) };
}

/// Copies an entry into the empty slot numbered `within` of the group `at`.
///
/// # Safety
///
/// The slot exists and is empty, `entry` can be read, and the region is exclusively borrowed.
#[inline(always)]
unsafe fn fill<T, P: Policy>(
    region: &mut Region,
    at: usize,
    within: usize,
    parted: Parted,
    entry: NonNull<T>,
) {
    // SAFETY: the slot exists.
    let slot = unsafe { region.slot::<T>(at * P::WIDTH + within) };
    // SAFETY: it is empty, and the entry is elsewhere.
    unsafe { slot.copy_from_nonoverlapping(entry, 1) };
    // SAFETY: the group exists, and a group has no more slots than that.
    unsafe { region.set_tag::<P>(at, within, parted.tag()) };
}
