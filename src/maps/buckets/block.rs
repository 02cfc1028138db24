//! [`Block`]: the memory of one bucket, and what is done to one bucket alone.

pub(super) mod packed;

use super::directory::Bucket;
use super::front::{self, Filling, Front, LONG, Spot, Spots};
use super::long;
use crate::error::AllocError;
use crate::mem::{Alloc, Part, PartKind, Parts};
use crate::simd::prefetch;
use core::alloc::Layout;
use core::marker::PhantomData;
use core::ops::Range;
use core::ptr::NonNull;
use core::slice;

/// What a bucket without entries points to: a head that says so.
#[repr(align(8))]
#[allow(dead_code)] // read through a pointer
struct NoEntries([u8; 8]);
static NO_ENTRIES: NoEntries = NoEntries([0; 8]);

/// Units of a block, at most: what 3 bytes hold.
const MOST_UNITS: usize = (1 << 24) - 1;

/// Bytes of a block, at most, that is copied into a new one when its size changes. Allocators have
/// lists of small blocks that were given back, by their sizes: to take from one list and to put
/// into another touches two blocks that were in use a moment ago, where to stretch a block touches
/// its neighbours, which nobody has asked for in a long time.
const MOST_COPIED: usize = 1024;

/// Cache lines of a block that is about to be split, at most.
const WHOLE: usize = 12;

/// The block of a bucket, which owns its entries. It knows no allocator: whoever drops it and does
/// not [`free`](Self::free) it loses its memory.
pub(super) struct Block<V> {
    at: NonNull<u8>,
    owns: PhantomData<V>,
}

// SAFETY: the block owns its memory and shares none.
unsafe impl<V: Send> Send for Block<V> {}
// SAFETY: `&Block` gives out `&V` and bytes only.
unsafe impl<V: Sync> Sync for Block<V> {}

/// A block given back when this goes, whatever happens to what was in it.
struct Memory<'a, A: Alloc> {
    at: NonNull<u8>,
    layout: Layout,
    alloc: &'a A,
}

impl<A: Alloc> Drop for Memory<'_, A> {
    fn drop(&mut self) {
        // SAFETY: a block of this layout and allocator (invariant 1), which nothing uses any more.
        unsafe { self.alloc.deallocate(self.at, self.layout) };
    }
}

/// A block of zeros. A small one is made zero here: allocators have lists of small blocks that were
/// given back, which not all of them look at when they are asked for zeros.
#[inline]
fn try_zeroed(layout: Layout, alloc: &impl Alloc) -> Result<NonNull<u8>, AllocError> {
    if layout.size() > MOST_COPIED {
        return alloc.allocate_zeroed(layout);
    }
    let block = alloc.allocate(layout)?;
    // SAFETY: a block of so many bytes.
    unsafe { block.write_bytes(0, layout.size()) };
    Ok(block)
}

impl<V> Block<V> {
    const ALIGN: usize = if align_of::<V>() > 8 { align_of::<V>() } else { 8 };
    /// Sizes are so many bytes apart. With small values several entries fit a step, and not every
    /// one of them changes the size; large ones do so whatever the step is.
    const UNIT: usize = match (Self::ALIGN, size_of::<V>()) {
        (8, 16..) => 8,
        (8, _) => 16,
        (align, _) => align,
    };
    /// malloc puts 8 bytes in front of a block and rounds to 16: what is left over counts here.
    const EXTRA: usize = if Self::ALIGN < Self::UNIT { 8 } else { 0 };
    /// Units that a block keeps when an entry goes, so that the next one may take them.
    pub(super) const SLACK: usize = if Self::UNIT < 16 { 2 } else { 1 };

    /// No entries, and no memory.
    pub(super) const fn empty() -> Self {
        let Some(at) = NonNull::new((&raw const NO_ENTRIES).cast_mut().cast()) else {
            unreachable!()
        };
        Self { at, owns: PhantomData }
    }

    fn layout(units: usize) -> Result<Layout, AllocError> {
        let size = units.checked_mul(Self::UNIT).and_then(|size| size.checked_add(Self::EXTRA));
        let size = size.ok_or(AllocError::CapacityOverflow)?;
        Layout::from_size_align(size, Self::ALIGN).map_err(|_| AllocError::CapacityOverflow)
    }

    /// The units of a block of `len` values and `front` bytes in front of them.
    fn units_for(front: usize, len: usize) -> Result<usize, AllocError> {
        let values = len.checked_mul(size_of::<V>());
        let bytes = values.and_then(|values| values.checked_add(front));
        let bytes = bytes.ok_or(AllocError::CapacityOverflow)?;
        let units = bytes.saturating_sub(Self::EXTRA).div_ceil(Self::UNIT).max(1);
        if units <= MOST_UNITS { Ok(units) } else { Err(AllocError::CapacityOverflow) }
    }

    /// The head: the number of entries in the lowest byte, the units in the others.
    #[inline(always)]
    fn word(&self) -> u32 {
        // SAFETY: every block has a head, and is aligned to 8 (invariants 1 and 2).
        u32::from_le(unsafe { self.at.cast::<u32>().read() })
    }

    #[inline(always)]
    fn units(&self) -> usize {
        (self.word() >> 8) as usize
    }

    /// How many entries there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        let len = (self.word() & 0xFF) as usize;
        if len < 255 { len } else { self.many() }
    }

    /// The same of a block with fewer than 255; 255 of others.
    #[inline(always)]
    fn short_len(&self) -> usize {
        (self.word() & 0xFF) as usize
    }

    /// The number of entries where the lowest byte does not hold it.
    #[cold]
    fn many(&self) -> usize {
        // SAFETY: such a head has 8 bytes (invariant 2).
        let second = unsafe { self.at.cast::<u32>().add(1) };
        // SAFETY: as above; aligned, because the block is to 8.
        unsafe { second.read() as usize }
    }

    /// Bytes of the block; where there is none, no more than [`NO_ENTRIES`] has.
    #[inline(always)]
    fn size(&self) -> usize {
        self.units() * Self::UNIT + Self::EXTRA
    }

    /// The bytes in front of the last `len` values' places; of all entries, as what is before fewer
    /// may be a value's, and not initialised.
    #[inline(always)]
    fn bytes_before(&self, len: usize) -> &[u8] {
        let bytes = self.size() - len * size_of::<V>();
        // SAFETY: initialised (invariant 2) and borrowed with the block.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), bytes) }
    }

    /// The same, to be changed.
    #[inline(always)]
    fn bytes_before_mut(&mut self, len: usize) -> &mut [u8] {
        debug_assert!(self.units() != 0);
        let bytes = self.size() - len * size_of::<V>();
        // SAFETY: initialised (invariant 2), exclusively borrowed, and never the static's: the
        // callers have seen that there is memory.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), bytes) }
    }

    #[inline(always)]
    pub(super) fn front(&self) -> Front<'_> {
        let len = self.len();
        Front::new(self.bytes_before(len), len)
    }

    /// Asks for the cache lines of the whole block at once, as far as most blocks go, before it is
    /// known which of them are needed. Hits in half a million words take half of the time with it
    /// (measured: `benches/peers`, `maps_str`).
    #[inline(always)]
    pub(super) fn fetch(&self) {
        self.fetch_lines(1..8);
    }

    /// Asks for the cache lines of the block of these numbers, whether there are so many or not.
    #[inline(always)]
    fn fetch_lines(&self, lines: Range<usize>) {
        // SAFETY: every block has a head (invariants 1 and 2).
        let head = unsafe { slice::from_raw_parts(self.at.as_ptr(), 4) };
        for line in lines {
            prefetch(head, 64 * line);
        }
    }

    /// The place of the last of `len` values, which is the first in memory.
    #[inline(always)]
    fn place(&self, len: usize) -> NonNull<V> {
        // SAFETY: values lie within the block, at its end (invariant 3).
        unsafe { self.at.add(self.size() - len * size_of::<V>()) }.cast()
    }

    /// The values, the last one first.
    #[inline(always)]
    pub(super) fn values(&self) -> &[V] {
        let len = self.len();
        if len == 0 {
            return &[];
        }
        // SAFETY: initialised and aligned (invariant 3), borrowed with the block.
        unsafe { slice::from_raw_parts(self.place(len).as_ptr(), len) }
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(super) fn values_mut(&mut self) -> &mut [V] {
        let len = self.len();
        if len == 0 {
            return &mut [];
        }
        // SAFETY: as above, exclusively borrowed.
        unsafe { slice::from_raw_parts_mut(self.place(len).as_ptr(), len) }
    }

    #[inline(always)]
    pub(super) fn value(&self, index: usize) -> &V {
        self.value_of(self.len(), index)
    }

    /// The same of a block that is known to have `len` entries.
    #[inline(always)]
    fn value_of(&self, len: usize, index: usize) -> &V {
        debug_assert_eq!(len, self.len());
        assert!(index < len);
        // SAFETY: the value of an entry that exists (invariant 3), borrowed with the block.
        unsafe { self.place(index + 1).as_ref() }
    }

    /// Where the value of an entry is.
    #[inline(always)]
    pub(super) fn value_place(&self, index: usize) -> NonNull<V> {
        assert!(index < self.len());
        self.place(index + 1)
    }

    /// The key and the value of an entry, the value to be changed.
    #[inline(always)]
    pub(super) fn entry_mut(&mut self, spot: Spot) -> (&[u8], &mut V) {
        let at = self.len() - 1 - spot.index;
        let (front, values) = self.halves_mut();
        (front.key(spot), &mut values[at])
    }

    /// The first entry, or where it would be.
    pub(super) fn first(&self) -> Spot {
        Spot { index: 0, at: self.front().offset(0) }
    }

    /// The entry behind one, or where it would be.
    pub(super) fn after(&self, spot: Spot) -> Spot {
        Spot { index: spot.index + 1, at: spot.at + self.front().stored(spot).len() }
    }

    /// The front, and the values to be changed.
    #[inline(always)]
    fn halves_mut(&mut self) -> (Front<'_>, &mut [V]) {
        let len = self.len();
        let bytes = self.size() - len * size_of::<V>();
        // SAFETY: as for `bytes_before`; the values, which are borrowed below, lie behind.
        let bytes = unsafe { slice::from_raw_parts(self.at.as_ptr(), bytes) };
        (Front::new(bytes, len), self.values_mut())
    }

    /// The entries; their values, the last one first, to be changed.
    pub(super) fn entries_mut(&mut self) -> (Front<'_>, Spots<'_>, slice::IterMut<'_, V>) {
        let (front, values) = self.halves_mut();
        (front, front.spots(), values.iter_mut())
    }

    /// Gives the block as many units, of which there is none or enough for the entries. An error
    /// changes nothing.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    unsafe fn try_resize(&mut self, units: usize, alloc: &impl Alloc) -> Result<(), AllocError> {
        let (was, new) = (Self::layout(self.units())?, Self::layout(units)?);
        if self.units() == 0 {
            self.at = try_zeroed(new, alloc)?;
        } else if was.size().max(new.size()) <= MOST_COPIED {
            // SAFETY: the caller's promise.
            unsafe { self.try_copy(was, new, alloc)? };
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.try_stretch(was, new, alloc)? };
        }
        self.set_units(units);
        Ok(())
    }

    /// Moves the block into a new one.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator, `was` its layout, and `new` that of some units, which are
    /// enough for the entries.
    unsafe fn try_copy(
        &mut self,
        was: Layout,
        new: Layout,
        alloc: &impl Alloc,
    ) -> Result<(), AllocError> {
        let values = self.len() * size_of::<V>();
        let front = was.size().min(new.size()) - values;
        let gap = new.size() - values - front;
        let copy = alloc.allocate(new)?;
        // SAFETY: both blocks have so many bytes in front of their values.
        unsafe { copy.copy_from_nonoverlapping(self.at, front) };
        // SAFETY: inside the new block, where its front ends, or the values begin.
        let behind = unsafe { copy.add(front) };
        // SAFETY: from there up to the values.
        unsafe { behind.write_bytes(0, gap) };
        // SAFETY: where the values are in the old block (invariant 3).
        let from = unsafe { self.at.add(was.size() - values) };
        // SAFETY: and where they are to be in the new one, which has room for them.
        let to = unsafe { behind.add(gap) };
        // SAFETY: all of the values.
        unsafe { to.copy_from_nonoverlapping(from, values) };
        let old = core::mem::replace(&mut self.at, copy);
        // SAFETY: a block of this layout (invariant 1), which nothing uses any more.
        unsafe { alloc.deallocate(old, was) };
        Ok(())
    }

    /// Changes the size of the block where it is, if the allocator can.
    ///
    /// # Safety
    ///
    /// As for [`try_copy`](Self::try_copy).
    unsafe fn try_stretch(
        &mut self,
        was: Layout,
        new: Layout,
        alloc: &impl Alloc,
    ) -> Result<(), AllocError> {
        let (len, shrinks) = (self.len(), new.size() < was.size());
        if shrinks {
            // What is to be cut off must lie in front of the cut.
            self.move_values(len, was.size(), new.size());
        }
        // SAFETY: a block of this layout (invariant 1); alignments are the same.
        match unsafe { alloc.resize(self.at, was, new) } {
            Ok(at) => self.at = at,
            Err(error) => {
                if shrinks {
                    self.move_values(len, new.size(), was.size());
                }
                return Err(error);
            }
        }
        if !shrinks {
            self.move_values(len, was.size(), new.size());
        }
        Ok(())
    }

    fn set_units(&mut self, units: usize) {
        let bytes = (units as u32).to_le_bytes();
        // SAFETY: the head's bytes behind the first, of a block that exists (invariant 1).
        let place = unsafe { self.at.add(1) };
        // SAFETY: as above: 3 bytes, from an array.
        unsafe { place.copy_from_nonoverlapping(NonNull::from(&bytes).cast(), 3) };
    }

    /// Moves `len` values from the end of a block of `from` bytes to the end of one of `to`, both
    /// of which this block has room for, and makes zeros of what is then in front of them.
    fn move_values(&mut self, len: usize, from: usize, to: usize) {
        let bytes = len * size_of::<V>();
        // SAFETY: inside the block, by the caller's choice of sizes.
        let source = unsafe { self.at.add(from - bytes) };
        // SAFETY: as above.
        let target = unsafe { self.at.add(to - bytes) };
        // SAFETY: both runs are inside the block, and they may overlap.
        unsafe { target.copy_from(source, bytes) };
        if to > from {
            // SAFETY: from the values' old place up to their new one.
            unsafe { source.write_bytes(0, to - from) };
        }
    }

    /// Appends an entry. `stored` is what [`front::push`] is to store of its string. If memory is
    /// refused, `value` is dropped.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator; with the tag of long strings, `stored` is from
    /// [`long::try_new`] with that allocator, and becomes the block's.
    #[inline]
    pub(super) unsafe fn try_push(
        &mut self,
        tag: u8,
        stored: &[u8],
        value: V,
        alloc: &impl Alloc,
    ) -> Result<Spot, AllocError> {
        let (len, front) = (self.len(), self.front());
        if len >= u32::MAX as usize {
            return Err(AllocError::CapacityOverflow);
        }
        let end = front.offset(len);
        let at = end + front::head(len + 1) - front::head(len) + 2;
        let units = Self::units_for(at + stored.len(), len + 1)?;
        if units > self.units() {
            // SAFETY: the caller's promise.
            unsafe { self.try_resize(units, alloc)? };
        }
        front::push(self.bytes_before_mut(len + 1), len, end, tag, stored);
        // SAFETY: the place in front of the other values, which is no string's.
        unsafe { self.place(len + 1).write(value) };
        Ok(Spot { index: len, at })
    }

    /// Takes an entry out; its value. The block keeps its size.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator, and the entry exists.
    #[inline]
    pub(super) unsafe fn take(&mut self, spot: Spot, alloc: &impl Alloc) -> V {
        let (len, front) = (self.len(), self.front());
        debug_assert!(spot.index < len && spot.at == front.offset(spot.index));
        if front.tag(spot.index) == LONG {
            // SAFETY: the entry's own (invariant 4), which is about to go.
            unsafe { long::free(front.stored(spot), alloc) };
        }
        let (first, behind) = (self.place(len), len - 1 - spot.index);
        // SAFETY: the entry's value, by the order of values (invariant 3).
        let place = unsafe { first.add(behind) };
        // SAFETY: initialised, and overwritten or forgotten below.
        let value = unsafe { place.read() };
        // SAFETY: there is a value at `first`, so this is inside the block or its end.
        let second = unsafe { first.add(1) };
        // SAFETY: the values in front of it move up by one, to where it was.
        unsafe { second.copy_from(first, behind) };
        // SAFETY: no value's place any more, so it must be initialised as bytes (invariant 2).
        unsafe { first.cast::<u8>().write_bytes(0, size_of::<V>()) };
        front::remove(self.bytes_before_mut(len - 1), len, spot);
        value
    }

    /// Gives back what is more than `slack` units beyond the entries' need, if it can be.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    pub(super) unsafe fn try_shrink(
        &mut self,
        slack: usize,
        alloc: &impl Alloc,
    ) -> Result<(), AllocError> {
        let len = self.len();
        if self.units() == 0 {
            return Ok(());
        }
        if len == 0 {
            let block = core::mem::replace(self, Self::empty());
            // SAFETY: the caller's promise.
            unsafe { block.free(alloc) };
            return Ok(());
        }
        let units = Self::units_for(self.front().offset(len), len)?;
        if units + slack < self.units() {
            // SAFETY: the caller's promise.
            unsafe { self.try_resize(units, alloc)? };
        }
        Ok(())
    }

    /// A copy, without slack.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator, or the copy's owner has one that equals it.
    pub(super) unsafe fn try_clone<A: Alloc>(&self, alloc: &A) -> Result<Self, AllocError>
    where
        V: Clone,
    {
        /// Frees the copy if a value's clone panics.
        struct Copy<'a, V, A: Alloc>(Block<V>, &'a A);

        impl<V, A: Alloc> Drop for Copy<'_, V, A> {
            fn drop(&mut self) {
                let block = core::mem::replace(&mut self.0, Block::empty());
                // SAFETY: its memory is from this allocator.
                unsafe { block.free(self.1) };
            }
        }

        let (len, front) = (self.len(), self.front());
        let mut copy = Copy(Self::empty(), alloc);
        if len != 0 {
            let units = Self::units_for(front.offset(len), len)?;
            // SAFETY: there is none yet.
            unsafe { copy.0.try_resize(units, alloc)? };
        }
        for spot in front.spots() {
            let value = self.value(spot.index).clone();
            let stored = front.stored(spot);
            let hash = stored.last_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
            let tag = front.tag(spot.index);
            let own = match tag {
                LONG => Some(long::try_new(front.key(spot), hash, alloc)?),
                _ => None,
            };
            let stored = own.as_ref().map_or(stored, |own| &own[..]);
            // SAFETY: of this allocator; a long string is the copy's own. There is room.
            unsafe { copy.0.try_push(tag, stored, value, alloc)? };
        }
        Ok(core::mem::replace(&mut copy.0, Self::empty()))
    }

    /// Tells of the block, and of those of its long strings.
    pub(super) fn tell(&self, out: &mut dyn Parts) {
        if self.units() == 0 {
            return;
        }
        let (len, front) = (self.len(), self.front());
        let (head, used) = (front::head(len), front.offset(len));
        let values = len * size_of::<V>();
        let strings = used - head - 2 * len;
        out.block(&[
            Part::payload("strings", strings),
            Part { name: "values", kind: PartKind::Payload, bytes: values },
            Part::index("tags", len),
            Part::header("lengths", len + head),
            Part::slack(self.size() - used - values),
        ]);
        for spot in front.spots().filter(|spot| front.tag(spot.index) == LONG) {
            let string = front.key(spot).len();
            out.block(&[Part::payload("strings", string), Part::header("length", long::HEAD)]);
        }
    }

    /// Whether the invariants hold. For tests.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(super) fn check(&self) -> bool {
        let (len, front) = (self.len(), self.front());
        let inline = |spot| front.key(spot).len() <= front::MOST_INLINE;
        len == 0
            || front.offset(len) + len * size_of::<V>() <= self.size()
                && front.spots().all(|spot| inline(spot) == (front.tag(spot.index) != LONG))
    }
}

impl<V> Bucket for Block<V> {
    type Value = V;

    #[inline(always)]
    fn value_place(&self, index: usize) -> NonNull<V> {
        self.value_place(index)
    }

    fn empty() -> Self {
        Self::empty()
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    fn fetch_whole(&self) {
        self.fetch_lines(0..WHOLE);
    }

    unsafe fn free(mut self, alloc: &impl Alloc) {
        let (at, Ok(layout)) = (self.at, Self::layout(self.units())) else { return };
        if self.units() == 0 {
            return;
        }
        let memory = Memory { at, layout, alloc };
        let front = self.front();
        for spot in front.spots().filter(|spot| front.tag(spot.index) == LONG) {
            // SAFETY: the entry's own (invariant 4), and nothing looks at it any more.
            unsafe { long::free(front.stored(spot), alloc) };
        }
        let values = NonNull::from(self.values_mut());
        // SAFETY: initialised (invariant 3), and the block is forgotten. If one of them panics, the
        // others are dropped, and the memory goes back.
        unsafe { values.drop_in_place() };
        drop(memory);
    }

    unsafe fn free_moved(self, alloc: &impl Alloc) {
        if let (1.., Ok(layout)) = (self.units(), Self::layout(self.units())) {
            drop(Memory { at: self.at, layout, alloc });
        }
    }
}

/// A block of a known number of entries, which are moved into it one by one.
pub(super) struct Unfilled<'a, V, A: Alloc> {
    block: Block<V>,
    alloc: &'a A,
    len: usize,
    done: usize,
    at: usize,
}

impl<'a, V, A: Alloc> Unfilled<'a, V, A> {
    /// Room for `len` entries, of whose strings `stored` bytes are stored in all.
    pub(super) fn try_new(len: usize, stored: usize, alloc: &'a A) -> Result<Self, AllocError> {
        let mut block = Block::empty();
        if len != 0 {
            let units = Block::<V>::units_for(front::head(len) + 2 * len + stored, len)?;
            // SAFETY: there is no memory yet.
            unsafe { block.try_resize(units, alloc)? };
        }
        Ok(Self { block, alloc, len, done: 0, at: front::head(len) + 2 * len })
    }

    /// Moves an entry in: what is stored of its string, and its value.
    ///
    /// # Safety
    ///
    /// The entry is `from`'s, which forgets it; there is room for it.
    #[inline]
    pub(super) unsafe fn put(&mut self, from: &Block<V>, spot: Spot) {
        debug_assert!(self.done < self.len);
        let front = from.front();
        let (len, done, at) = (self.len, self.done, self.at);
        let stored = front.stored(spot);
        let bytes = self.block.bytes_before_mut(len);
        self.at = Filling { bytes, len, done, at }.put(front.tag(spot.index), stored);
        self.done += 1;
        let value = from.value_place(spot.index);
        // SAFETY: the place of the value of this number, which holds none yet.
        unsafe { self.block.place(done + 1).copy_from_nonoverlapping(value, 1) };
    }

    /// The block, filled.
    pub(super) fn finish(mut self) -> Block<V> {
        debug_assert_eq!(self.done, self.len);
        if self.len != 0 {
            let len = self.len;
            front::set_len(self.block.bytes_before_mut(len), len);
        }
        // What is left is dropped.
        core::mem::replace(&mut self.block, Block::empty())
    }
}

/// Of one that is not finished the memory goes back; what was moved into it is nobody's then.
impl<V, A: Alloc> Drop for Unfilled<'_, V, A> {
    fn drop(&mut self) {
        let block = core::mem::replace(&mut self.block, Block::empty());
        // SAFETY: its memory is from this allocator.
        unsafe { block.free_moved(self.alloc) };
    }
}
