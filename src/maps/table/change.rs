//! How a [`Table`] grows, shrinks, is copied and is given back. The invariants are numbered in
//! `table.rs`.

#![allow(unsafe_code)]

use super::*;

/// Entries whose hashes are known at a time when a region is rebuilt.
const BATCH: usize = 120;

/// A region that belongs to no table yet: its block goes back if something panics on the way. Its
/// entries do not: they are copies of ones that are still in the table.
struct Fresh<'a, T, A: Alloc, P: Policy> {
    region: Region,
    alloc: &'a A,
    holds: PhantomData<(T, P)>,
}

impl<'a, T, A: Alloc, P: Policy> Fresh<'a, T, A, P> {
    fn try_new(size: Size, alloc: &'a A) -> Result<Self, AllocError> {
        let mut fresh = Self { region: Region::empty(), alloc, holds: PhantomData };
        if size.groups > 0 {
            let (layout, slots_at) = layout_of::<T, P>(size)?;
            let block = alloc.allocate(layout)?;
            let groups = size.groups as usize * size_of::<P::Group>();
            // SAFETY: the groups are the first bytes of the block.
            unsafe { block.write_bytes(0, groups) };
            // SAFETY: the slots begin inside of the block, or at its end.
            let slots = unsafe { block.add(slots_at) };
            fresh.region = Region { block, slots, size, len: 0, removed: 0 };
        }
        Ok(fresh)
    }

    fn into_region(mut self) -> Region {
        replace(&mut self.region, Region::empty())
    }
}

impl<T, A: Alloc, P: Policy> Drop for Fresh<'_, T, A, P> {
    fn drop(&mut self) {
        give_back::<T, A, P>(&self.region, self.alloc);
    }
}

/// Gives the block of a region back, whatever is in its slots.
fn give_back<T, A: Alloc, P: Policy>(region: &Region, alloc: &A) {
    if region.size.groups > 0 {
        if let Ok((layout, _)) = layout_of::<T, P>(region.size) {
            // SAFETY: a block of this layout (invariant 1); the region is not used any more.
            unsafe { alloc.deallocate(region.block, layout) };
        }
    }
}

/// A block of regions that belongs to no table yet: goes back, with all of their blocks, if
/// something panics on the way. Their entries do not.
struct Many<'a, T, A: Alloc, P: Policy> {
    block: NonNull<Region>,
    alloc: &'a A,
    holds: PhantomData<(T, P)>,
}

impl<'a, T, A: Alloc, P: Policy> Many<'a, T, A, P> {
    const LAYOUT: Layout = match Layout::array::<Region>(P::REGIONS) {
        Ok(layout) => layout,
        Err(_) => unreachable!(),
    };

    fn try_new(alloc: &'a A) -> Result<Self, AllocError> {
        let block = alloc.allocate(Self::LAYOUT)?.cast::<Region>();
        for number in 0..P::REGIONS {
            // SAFETY: the block has room for so many.
            let region = unsafe { block.add(number) };
            // SAFETY: inside of the block, which nobody else has.
            unsafe { region.write(Region::empty()) };
        }
        Ok(Self { block, alloc, holds: PhantomData })
    }

    fn regions(&mut self) -> &mut [Region] {
        // SAFETY: the block was initialised with so many regions.
        unsafe { slice::from_raw_parts_mut(self.block.as_ptr(), P::REGIONS) }
    }

    fn into_block(self) -> NonNull<Region> {
        ManuallyDrop::new(self).block
    }
}

impl<T, A: Alloc, P: Policy> Drop for Many<'_, T, A, P> {
    fn drop(&mut self) {
        let alloc = self.alloc;
        for region in self.regions() {
            give_back::<T, A, P>(region, alloc);
        }
        // SAFETY: a block of this layout, not used any more.
        unsafe { alloc.deallocate(self.block.cast(), Self::LAYOUT) };
    }
}

/// Calls `with` for every entry of a region, with its index.
fn for_each<T, P: Policy>(region: &Region, mut with: impl FnMut(usize, NonNull<T>)) {
    for at in 0..region.size.groups as usize {
        for_each_in::<T, P>(region, at, &mut with);
    }
}

/// Calls `with` for every entry of a group, with its index.
#[inline(always)]
fn for_each_in<T, P: Policy>(region: &Region, at: usize, mut with: impl FnMut(usize, NonNull<T>)) {
    if at >= region.size.groups as usize {
        return;
    }
    // SAFETY: the group exists.
    let group = unsafe { region.group::<P>(at) };
    let mut full = full_slots::<P>(group);
    while full != 0 {
        for within in take_run(&mut full) {
            let index = at * P::WIDTH + within;
            // SAFETY: its tag is not 0, so the slot exists (invariant 2).
            with(index, unsafe { region.slot(index) });
        }
    }
}

/// Entries that each region is to have room for, if `entries` come to all of them: the mean, and
/// two standard deviations of what hashing does.
fn share_of<P: Policy>(entries: usize) -> usize {
    let mean = entries.div_ceil(P::REGIONS);
    mean.saturating_add(2 * mean.isqrt())
}

impl<T, A: Alloc, P: Policy> Table<T, A, P> {
    /// Gives the region of this hash room for one more.
    #[cold]
    #[inline(never)]
    pub(super) fn try_grow(
        &mut self,
        hash: u64,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<(), AllocError> {
        self.draw_seed();
        if self.held.many.is_none() && self.held.len >= P::SPLIT {
            self.try_split(0, hasher)?;
        }
        let number = self.region_of(self.parted(hash));
        let region = &self.regions()[number];
        let (size, need) = (region.size, region.len as usize + 1);
        if need <= size.limit as usize {
            return Ok(());
        }
        let large = self.held.many.is_some();
        let next = if large { size.rung_after::<P>(number, need) } else { size.after::<P>(need) };
        self.try_rebuild(number, next.ok_or(AllocError::CapacityOverflow)?, hasher)
    }

    /// Gives a table that has no memory yet a seed of its own.
    fn draw_seed(&mut self) {
        if self.held.many.is_none() && self.held.one.size == Size::NONE {
            self.held.seed = next_seed();
        }
    }

    /// Moves the entries of a region into a new block of this size, which holds them all.
    ///
    /// Nothing has changed until all hashes are known and the block is there: a hash function that
    /// panics, or an allocator that refuses, leaves the table as it was.
    fn try_rebuild(
        &mut self,
        number: usize,
        size: Size,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<(), AllocError> {
        let old = &self.regions()[number];
        let len = old.len;
        debug_assert!(len <= size.limit);
        let mut fresh = Fresh::<T, A, P>::try_new(size, &self.held.alloc)?;
        let (mut few, mut many) = ([0; 64], RawVec::new_in(&self.held.alloc));
        let counts: &mut [u8] = match few.get_mut(..size.groups as usize) {
            Some(counts) => counts,
            None => {
                many.try_resize(size.groups as usize, 0)?;
                &mut many
            }
        };
        let groups = old.size.groups as usize;
        let mut moved = [(NonNull::dangling(), Parted { hash: 0 }); BATCH];
        for first in (0..groups).step_by(BATCH / P::WIDTH) {
            // The hashes of some groups first: if what they are of lies elsewhere, its cache lines
            // are under way together (measured: `maps_ordered` in `benches/peers`).
            let mut count = 0;
            for at in first..groups.min(first + BATCH / P::WIDTH) {
                for_each_in::<T, P>(old, at, |_, entry| {
                    // SAFETY: an entry (invariant 2), borrowed for the call.
                    let parted = self.parted(hasher(unsafe { entry.as_ref() }));
                    moved[count] = (entry, parted);
                    count += 1;
                });
            }
            for (entry, parted) in &moved[..count] {
                // SAFETY: the new region takes as many entries as the old one has.
                unsafe { put_new::<T, P>(&mut fresh.region, counts, *parted, *entry) };
            }
        }
        drop(many);
        fresh.region.len = len;
        let fresh = fresh.into_region();
        let old = replace(&mut self.regions_mut()[number], fresh);
        give_back::<T, A, P>(&old, &self.held.alloc);
        Ok(())
    }

    /// Cuts the one region into many, with room for those that are there, and for about `entries`
    /// in all.
    fn try_split(&mut self, entries: usize, hasher: &impl Fn(&T) -> u64) -> Result<(), AllocError> {
        // All hashes first: a hash function that answers differently the second time must not
        // bring more entries into a region than it was made for.
        let mut hashes = RawVec::new_in(&self.held.alloc);
        hashes.try_resize(self.held.len, 0_u64)?;
        let mut counts = RawVec::new_in(&self.held.alloc);
        counts.try_resize(P::REGIONS, 0_usize)?;
        let mut next = 0;
        for_each::<T, P>(&self.held.one, |_, entry| {
            // SAFETY: an entry (invariant 2), borrowed for the call.
            let parted = self.parted(hasher(unsafe { entry.as_ref() }));
            counts[parted.region(P::REGIONS)] += 1;
            hashes[next] = parted.hash;
            next += 1;
        });
        let each = share_of::<P>(entries);
        let mut fresh = Many::<T, A, P>::try_new(&self.held.alloc)?;
        for (number, &count) in counts.iter().enumerate() {
            let size = Size::NONE.rung_after::<P>(number, count.max(each));
            let size = size.ok_or(AllocError::CapacityOverflow)?;
            let region = Fresh::<T, A, P>::try_new(size, &self.held.alloc)?.into_region();
            fresh.regions()[number] = region;
        }
        next = 0;
        for_each::<T, P>(&self.held.one, |_, entry| {
            let parted = Parted { hash: hashes[next] };
            let region = &mut fresh.regions()[parted.region(P::REGIONS)];
            // SAFETY: the region was made for as many entries as have its number.
            unsafe { put::<T, P>(region, parted, entry) };
            region.len += 1;
            next += 1;
        });
        drop((hashes, counts));
        self.held.many = Some(fresh.into_block());
        let old = replace(&mut self.held.one, Region::empty());
        give_back::<T, A, P>(&old, &self.held.alloc);
        Ok(())
    }

    /// Brings the entries of all regions into one of this size, which holds them all.
    fn try_join(&mut self, size: Size, hasher: &impl Fn(&T) -> u64) -> Result<(), AllocError> {
        let mut fresh = Fresh::<T, A, P>::try_new(size, &self.held.alloc)?;
        for region in self.regions() {
            for_each::<T, P>(region, |_, entry| {
                // SAFETY: an entry (invariant 2), borrowed for the call.
                let parted = self.parted(hasher(unsafe { entry.as_ref() }));
                // SAFETY: the new region takes all entries of the table.
                unsafe { put::<T, P>(&mut fresh.region, parted, entry) };
            });
        }
        fresh.region.len = self.held.len as u32;
        self.held.one = fresh.into_region();
        self.give_back_many();
        Ok(())
    }

    /// Gives the block of regions back, with all of theirs, whatever is in their slots.
    fn give_back_many(&mut self) {
        if let Some(block) = self.held.many.take() {
            drop(Many::<T, A, P> { block, alloc: &self.held.alloc, holds: PhantomData });
        }
    }

    /// Makes room for `extra` more entries. Which regions they go to is up to their hashes: a few
    /// may still have to grow.
    pub(in crate::maps) fn try_reserve(
        &mut self,
        extra: usize,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<(), AllocError> {
        let overflow = AllocError::CapacityOverflow;
        let need = self.held.len.checked_add(extra).ok_or(overflow)?;
        if need <= self.capacity() {
            return Ok(());
        }
        self.draw_seed();
        if self.held.many.is_none() && need <= P::SPLIT {
            let size = Size::fitting::<P>(need).ok_or(overflow)?;
            return self.try_rebuild(0, size, hasher);
        }
        let size = Size::fitting::<P>(share_of::<P>(need)).ok_or(overflow)?;
        // Each region alone may fit where all of them never can.
        let each = layout_of::<T, P>(size)?.0.size();
        each.checked_mul(P::REGIONS).filter(|all| *all <= isize::MAX as usize).ok_or(overflow)?;
        if self.held.many.is_none() {
            return self.try_split(need, hasher);
        }
        for number in 0..P::REGIONS {
            if self.regions()[number].size.limit < size.limit {
                self.try_rebuild(number, size, hasher)?;
            }
        }
        Ok(())
    }

    /// Gives back the room that `max(len, least)` entries do not need.
    pub(in crate::maps) fn try_shrink_to(
        &mut self,
        least: usize,
        hasher: &impl Fn(&T) -> u64,
    ) -> Result<(), AllocError> {
        let overflow = AllocError::CapacityOverflow;
        let need = self.held.len.max(least);
        if self.held.many.is_some() && need <= P::JOIN {
            return self.try_join(Size::fitting::<P>(need).ok_or(overflow)?, hasher);
        }
        let each = if self.held.many.is_some() { least.div_ceil(P::REGIONS) } else { least };
        for number in 0..self.regions().len() {
            let Region { len, size: old, .. } = self.regions()[number];
            // What fits in no region is more than this one has.
            let Some(size) = Size::fitting::<P>(each.max(len as usize)) else { continue };
            if size.limit < old.limit {
                self.try_rebuild(number, size, hasher)?;
            }
        }
        Ok(())
    }

    /// Takes an entry out of its place.
    #[inline]
    pub(super) fn take(&mut self, place: Place) -> T {
        let region = &mut self.regions_mut()[place.region];
        // SAFETY: the place of an entry is a slot of its region (invariant 5).
        let slot = unsafe { region.slot::<T>(place.index) };
        // SAFETY: its group exists; with its tag at 0 the slot counts as empty.
        unsafe { region.set_tag::<P>(place.index / P::WIDTH, place.index % P::WIDTH, 0) };
        region.len -= 1;
        // Those of a region that is never rebuilt, for it has one group, may be any number.
        region.removed = region.removed.saturating_add(1);
        self.held.len -= 1;
        // SAFETY: it was initialised, and nobody else takes what is in an empty slot.
        unsafe { slot.read() }
    }

    /// Puts a region in order after removals: shrinks it if it is too wide, and rebuilds it if its
    /// filters may have many bits that mean nothing. If memory is refused, another time will do.
    #[inline]
    pub(super) fn tidy(&mut self, number: usize, hasher: &impl Fn(&T) -> u64) {
        let region = &self.regions()[number];
        // The questions behind it are not asked at every removal.
        if region.size.groups > 1 && region.removed % 8 == 0 {
            self.tidy_region(number, hasher);
        }
    }

    #[inline(never)]
    fn tidy_region(&mut self, number: usize, hasher: &impl Fn(&T) -> u64) {
        let region = &self.regions()[number];
        let (len, size, stale) = (region.len, region.size, region.is_stale());
        let wide = size.is_wide_for::<P>(len as usize);
        let with_room = |len: usize| Size::fitting::<P>(len + len / 16);
        let rebuilt = if wide && self.held.many.is_some() && self.held.len <= P::JOIN {
            with_room(self.held.len).map(|size| self.try_join(size, hasher))
        } else if wide {
            with_room(len as usize).map(|size| self.try_rebuild(number, size, hasher))
        } else if stale {
            Some(self.try_rebuild(number, size, hasher))
        } else {
            None
        };
        if let Some(Err(_)) = rebuilt {
            self.regions_mut()[number].removed = 0;
        }
    }

    /// Puts all regions in order after removals.
    pub(in crate::maps) fn tidy_all(&mut self, hasher: &impl Fn(&T) -> u64) {
        let mut number = 0;
        // Their number may fall to one on the way.
        while number < self.regions().len() {
            if self.regions()[number].size.groups > 1 {
                self.tidy_region(number, hasher);
            }
            number += 1;
        }
    }

    /// Rebuilds the regions whose filters may have many bits that mean nothing; keeps the room. If
    /// memory is refused, another time will do.
    pub(in crate::maps) fn refresh_all(&mut self, hasher: &impl Fn(&T) -> u64) {
        for number in 0..self.regions().len() {
            let region = &self.regions()[number];
            let (size, stale) = (region.size, region.is_stale());
            if stale && size.groups > 1 && self.try_rebuild(number, size, hasher).is_err() {
                self.regions_mut()[number].removed = 0;
            }
        }
    }

    /// Removes all entries; keeps the room.
    pub(in crate::maps) fn clear(&mut self) {
        self.drop_entries();
        for region in self.regions_mut() {
            let groups = region.size.groups as usize * size_of::<P::Group>();
            if groups > 0 {
                // SAFETY: the groups are the first bytes of the block (invariant 1).
                unsafe { region.block.write_bytes(0, groups) };
            }
            (region.len, region.removed) = (0, 0);
        }
        self.held.len = 0;
    }

    /// Drops all entries that need it. If one of them panics, it and those before it are gone, and
    /// those behind it are still there.
    fn drop_entries(&mut self) {
        if needs_drop::<T>() {
            self.extract().for_each_taken(drop);
        }
    }

    /// Keeps the entries that `keep` accepts.
    pub(in crate::maps) fn retain(
        &mut self,
        mut keep: impl FnMut(&mut T) -> bool,
        hasher: &impl Fn(&T) -> u64,
    ) {
        let mut extract = self.extract();
        while extract.next_if(|entry| !keep(entry)).is_some() {}
        self.tidy_all(hasher);
    }

    /// Walks over all entries and takes some out. [`tidy_all`](Self::tidy_all) is to follow, or
    /// [`refresh_all`](Self::refresh_all), which keeps the room.
    pub(in crate::maps) fn extract(&mut self) -> Extract<'_, T, A, P> {
        Extract::new(self)
    }

    /// A copy with the same room.
    pub(in crate::maps) fn try_clone(&self) -> Result<Self, AllocError>
    where
        T: Clone,
        A: Clone,
    {
        self.try_map(T::clone)
    }

    /// A table with the same room, and in each place what `to` makes of the entry there. Nothing is
    /// hashed: look-ups are to find it by the hash of that entry.
    pub(in crate::maps) fn try_map<U>(
        &self,
        to: impl Fn(&T) -> U,
    ) -> Result<Table<U, A, P>, AllocError>
    where
        A: Clone,
    {
        let mut copy = Table::<U, A, P>::new_in(self.held.alloc.clone());
        copy.held.seed = self.held.seed;
        if self.held.many.is_some() {
            copy.held.many = Some(Many::<U, A, P>::try_new(&self.held.alloc)?.into_block());
        }
        for (number, region) in self.regions().iter().enumerate() {
            let fresh = Fresh::<U, A, P>::try_new(region.size, &self.held.alloc)?.into_region();
            copy.regions_mut()[number] = fresh;
            for_each::<T, P>(region, |index, entry| {
                // SAFETY: an entry (invariant 2), borrowed for the call.
                let entry = to(unsafe { entry.as_ref() });
                let to = &mut copy.regions_mut()[number];
                // SAFETY: both regions have as many slots.
                let slot = unsafe { to.slot::<U>(index) };
                // SAFETY: it is empty.
                unsafe { slot.write(entry) };
                // Any tag but 0 will do until all are copied: it says that the slot is full.
                // SAFETY: both regions have as many groups; the slot was just initialised.
                unsafe { to.set_tag::<P>(index / P::WIDTH, index % P::WIDTH, 1) };
                to.len += 1;
                copy.held.len += 1;
            });
            let to = &mut copy.regions_mut()[number];
            let groups = region.size.groups as usize * size_of::<P::Group>();
            // The tags as they are there, and the filters.
            // SAFETY: both blocks begin with so many bytes of groups.
            unsafe { to.block.copy_from_nonoverlapping(region.block, groups) };
            to.removed = region.removed;
        }
        Ok(copy)
    }

    /// The entries, one by one, and then the memory back.
    pub(in crate::maps) const fn into_entries(self) -> IntoIter<T, A, P> {
        IntoIter::new(self)
    }

    /// What [`Held::end`] is for a table of such entries.
    ///
    /// # Safety
    ///
    /// `held` is what a table of this type holds, exclusively borrowed and not used any more.
    pub(super) unsafe fn end(held: NonNull<()>) {
        // SAFETY: a table is what it holds, and nothing else.
        let table = unsafe { held.cast::<Self>().as_mut() };
        table.drop_entries();
        give_back::<T, A, P>(&table.held.one, &table.held.alloc);
        table.give_back_many();
    }

    /// Whether the numbered invariants hold.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(in crate::maps) fn check(&self) -> bool {
        let whole = |region: &Region| {
            let (mut entries, slots) = (0, region.size.slots::<P>());
            for_each::<T, P>(region, |index, _| entries += usize::from(index < slots));
            let limit = region.size.limit as usize;
            let room = limit < slots || region.size.groups < 2 && limit == slots;
            entries == region.len as usize && entries <= limit && room
        };
        let sum: usize = self.regions().iter().map(|region| region.len as usize).sum();
        let alone = self.held.many.is_none() || self.held.one.size == Size::NONE;
        sum == self.held.len && alone && self.regions().iter().all(whole)
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use crate::maps::Map;

    /// A region of one group is never put in order, whatever was removed from it.
    #[test]
    fn removals_may_be_more_than_can_be_counted() {
        let mut map: Map<u32, u32> = Map::new();
        for key in 0..4 {
            map.insert(key, key);
            map.table.regions_mut()[0].removed = u32::MAX;
            assert_eq!(map.remove(&key), Some(key));
        }
        assert!(map.is_empty());
    }
}
