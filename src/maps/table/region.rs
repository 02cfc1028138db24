//! [`Region`]: a part of a [`Table`](super::Table), and how an entry is found there and put there.
//! The invariants are numbered in `table.rs`.

#![allow(unsafe_code)]

use super::parted::{Parted, Way};
use crate::error::AllocError;
use crate::maps::policy::{Policy, Size, all_slots};
use crate::simd::prefetch;
use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;
use core::slice;

/// A group of a region that has none: all slots empty, nothing went on.
#[repr(align(32))]
#[allow(dead_code)] // read through a pointer
struct NoEntries([u8; 32]);
static NO_ENTRIES: NoEntries = NoEntries([0; 32]);

/// One part of a table, which grows alone.
pub(super) struct Region {
    pub(super) block: NonNull<u8>,
    pub(super) slots: NonNull<u8>,
    pub(super) size: Size,
    pub(super) len: u32,
    /// Entries removed since it was built: each may have left bits in filters.
    pub(super) removed: u32,
}

impl Region {
    pub(super) const fn empty() -> Self {
        let Some(block) = NonNull::new((&raw const NO_ENTRIES).cast_mut().cast()) else {
            unreachable!()
        };
        Self { block, slots: NonNull::dangling(), size: Size::NONE, len: 0, removed: 0 }
    }

    /// Whether its filters may have many bits that mean nothing: so many of its entries are gone.
    pub(super) const fn is_stale(&self) -> bool {
        self.removed > self.size.limit / 2
    }

    /// The group `group`.
    ///
    /// # Safety
    ///
    /// `group < max(groups, 1)`.
    #[inline(always)]
    pub(super) unsafe fn group<P: Policy>(&self, group: usize) -> &P::Group {
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
    pub(super) unsafe fn set_tag<P: Policy>(&self, group: usize, slot: usize, tag: u8) {
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
    pub(super) unsafe fn slot<T>(&self, index: usize) -> NonNull<T> {
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
    pub(super) fn find<T, P: Policy>(
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
            // SAFETY: a tag that is not 0 belongs to an entry (invariant 2).
            let found = unsafe { self.first_of(tags, home * P::WIDTH, &mut same) };
            if found.is_some() {
                return found;
            }
        }
        let rest = tags & tags.wrapping_sub(1);
        if rest != 0 || P::filter(group) >> parted.kind() & 1 != 0 {
            return self.find_on::<T, P>(parted, rest, same);
        }
        None
    }

    /// The entry of the first of these slots of the group whose slots begin at `from`, if `same`
    /// accepts it.
    ///
    /// # Safety
    ///
    /// There is such a slot, and it has an entry.
    #[inline(always)]
    unsafe fn first_of<T>(
        &self,
        slots: u32,
        from: usize,
        same: &mut impl FnMut(&T) -> bool,
    ) -> Option<(NonNull<T>, usize)> {
        let index = from + slots.trailing_zeros() as usize;
        // SAFETY: the slot exists.
        let slot = unsafe { self.slot::<T>(index) };
        // SAFETY: and is initialised.
        same(unsafe { slot.as_ref() }).then_some((slot, index))
    }

    /// [`find`](Self::find), where `tags` are left to be looked at in the home, and what follows
    /// it.
    #[inline(never)]
    fn find_on<T, P: Policy>(
        &self,
        parted: Parted,
        mut tags: u32,
        mut same: impl FnMut(&T) -> bool,
    ) -> Option<(NonNull<T>, usize)> {
        let mut way = parted.way(self.size.groups);
        // No further: all filters may have the bit.
        for _ in 0..way.all() {
            while tags != 0 {
                // SAFETY: as in `find`.
                let found = unsafe { self.first_of(tags, way.at() * P::WIDTH, &mut same) };
                if found.is_some() {
                    return found;
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
pub(super) fn full_slots<P: Policy>(group: &P::Group) -> u32 {
    !P::empty(group) & all_slots::<P>()
}

/// Takes the first run of ones from a mask of slots, which is not 0 and has no bit beyond those of
/// a group: where it is. A group that nothing was removed from has one run.
#[inline(always)]
pub(super) fn take_run(slots: &mut u32) -> Range<usize> {
    let start = slots.trailing_zeros();
    let end = start + (*slots >> start).trailing_ones();
    *slots &= u32::MAX << end;
    start as usize..end as usize
}

/// The groups and slots of a region of this size: layout, and where the slots begin.
pub(super) fn layout_of<T, P: Policy>(size: Size) -> Result<(Layout, usize), AllocError> {
    let overflow = |_| AllocError::CapacityOverflow;
    let bytes = (size.groups as usize).checked_mul(size_of::<P::Group>());
    // Groups within a cache line, except where they would waste a small block's bytes.
    let align = if size.groups < 2 { 1 } else { size_of::<P::Group>() };
    let bytes = bytes.ok_or(AllocError::CapacityOverflow)?;
    let groups = Layout::from_size_align(bytes, align).map_err(overflow)?;
    let slots = Layout::array::<T>(size.slots::<P>()).map_err(overflow)?;
    groups.extend(slots).map_err(overflow)
}

/// Copies an entry into the first group with an empty slot from its home on; the slot's index.
///
/// # Safety
///
/// `len < limit`, `entry` can be read, and the region is exclusively borrowed. Who owns the entry
/// after that is the caller's to see to, as is `len`.
#[inline(always)]
pub(super) unsafe fn put<T, P: Policy>(
    region: &mut Region,
    parted: Parted,
    entry: NonNull<T>,
) -> usize {
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
pub(super) unsafe fn put_new<T, P: Policy>(
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
