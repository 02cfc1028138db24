//! [`Segments`]: items in blocks of one size, which never move.
//!
//! Invariants:
//!
//! 1. Each pointer of the directory is a block of layout `[T; PER]` from the directory's allocator,
//!    its own and no other's; if `T` has no size, it is dangling and valid for any number of items.
//! 2. The first `len <= directory.len() * PER` items are initialised: item `i` is the `i % PER`-th
//!    of block `i / PER`.
//! 3. Of a [`SegmentsIntoIter`] the items `start..end`, numbered like this, are initialised and its
//!    own; its `segments` hold none.

use super::{Alloc, RawVec, layout_of};
use crate::error::AllocError;
use crate::mem::{Part, PartKind, Parts, block_of};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::panic::UnwindSafe;
use core::ptr::NonNull;

/// Bytes of a block, where at least one item fits.
pub(crate) const SEGMENT_BYTES: usize = 32 << 10;

/// Items in blocks of one size.
pub(crate) struct Segments<T, A: Alloc> {
    directory: RawVec<NonNull<T>, A>,
    len: usize,
    owns: PhantomData<T>,
}

// SAFETY: the blocks are this value's own (invariant 1), and nothing is shared.
unsafe impl<T: Send, A: Alloc + Send> Send for Segments<T, A> {}
// SAFETY: `&Segments` gives out `&T` only.
unsafe impl<T: Sync, A: Alloc + Sync> Sync for Segments<T, A> {}

impl<T: UnwindSafe, A: Alloc + UnwindSafe> UnwindSafe for Segments<T, A> {}

impl<T, A: Alloc> Segments<T, A> {
    /// log2 of the items of a block: as many as fit in [`SEGMENT_BYTES`], and at least one.
    const LOG_PER: u32 = match SEGMENT_BYTES.checked_div(size_of::<T>()) {
        None => usize::BITS - 1,
        Some(0) => 0,
        Some(fit) => fit.ilog2(),
    };

    /// Items of a block.
    pub(crate) const PER: usize = 1 << Self::LOG_PER;

    /// Bytes of a block.
    const BLOCK_BYTES: usize = if size_of::<T>() == 0 { 0 } else { Self::PER * size_of::<T>() };

    /// No items; requests nothing.
    pub(crate) const fn new_in(alloc: A) -> Self {
        Self { directory: RawVec::new_in(alloc), len: 0, owns: PhantomData }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Items that fit without requesting a block.
    pub(crate) const fn capacity(&self) -> usize {
        self.directory.len.saturating_mul(Self::PER)
    }

    pub(crate) const fn allocator(&self) -> &A {
        self.directory.alloc()
    }

    /// The place of item `index`, which may be uninitialised.
    ///
    /// # Safety
    ///
    /// `index < capacity()`.
    #[inline]
    unsafe fn place(&self, index: usize) -> NonNull<T> {
        debug_assert!(index < self.capacity());
        // SAFETY: the caller's promise: the block is one of the directory's.
        let block = unsafe { *self.directory.get_unchecked(index >> Self::LOG_PER) };
        // SAFETY: the block has `PER` places (invariant 1).
        unsafe { block.add(index & (Self::PER - 1)) }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        // SAFETY: `index < len <= capacity()` (invariant 2).
        let place = unsafe { self.place(index) };
        // SAFETY: the item is initialised (invariant 2), and borrowed with `self`.
        Some(unsafe { place.as_ref() })
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        // SAFETY: `index < len <= capacity()` (invariant 2).
        let mut place = unsafe { self.place(index) };
        // SAFETY: the item is initialised (invariant 2), and borrowed exclusively with `self`.
        Some(unsafe { place.as_mut() })
    }

    /// Exchanges two items.
    #[track_caller]
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        assert!(a < self.len && b < self.len, "items {a} and {b} of {}", self.len);
        // SAFETY: below the length, so below the capacity (invariant 2).
        let a = unsafe { self.place(a) };
        // SAFETY: as above.
        let b = unsafe { self.place(b) };
        // SAFETY: both are initialised and exclusively borrowed; they may be the same.
        unsafe { a.swap(b) };
    }

    /// Appends `value`, which is dropped if there is no block to be had.
    #[inline]
    pub(crate) fn try_push(&mut self, value: T) -> Result<(), AllocError> {
        if self.len == self.capacity() {
            self.add_block()?;
        }
        // SAFETY: `len < capacity()`.
        let place = unsafe { self.place(self.len) };
        // SAFETY: inside a block (invariant 1), and no item that would be lost (invariant 2).
        unsafe { place.write(value) };
        self.len += 1;
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: below the old length, so below the capacity (invariant 2).
        let place = unsafe { self.place(self.len) };
        // SAFETY: it was initialised (invariant 2), and behind the length is no longer held.
        Some(unsafe { place.read() })
    }

    /// Requests one more block, and room for it in the directory: an eighth more than there is.
    #[cold]
    #[inline(never)]
    fn add_block(&mut self) -> Result<(), AllocError> {
        let blocks = self.directory.len();
        if blocks.checked_mul(Self::PER).is_none_or(|items| items == usize::MAX) {
            return Err(AllocError::CapacityOverflow);
        }
        if blocks == self.directory.capacity() {
            self.directory.try_reserve_exact((blocks / 8).max(4))?;
        }
        let block = if size_of::<T>() == 0 {
            NonNull::dangling()
        } else {
            self.allocator().allocate(layout_of::<T>(Self::PER)?)?.cast()
        };
        self.directory.try_push(block)
    }

    /// Makes room for `extra` more items, or for none if memory cannot be had for all of them.
    pub(crate) fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        let need = self.len.checked_add(extra).ok_or(AllocError::CapacityOverflow)?;
        let blocks = need.div_ceil(Self::PER);
        let more = blocks.saturating_sub(self.directory.len());
        let free = self.directory.capacity() - self.directory.len();
        if more > free {
            self.directory.try_reserve_exact(more)?;
        }
        let before = self.directory.len();
        while self.directory.len() < blocks {
            self.add_block().inspect_err(|_| self.give_back_from(before))?;
        }
        Ok(())
    }

    /// Gives back the blocks that hold no item, and the directory's room for more.
    pub(crate) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.give_back_from(self.len.div_ceil(Self::PER));
        self.directory.try_shrink_to_fit()
    }

    /// Gives back the blocks from this one on, which hold no item.
    fn give_back_from(&mut self, first: usize) {
        while self.directory.len() > first {
            let Some(block) = self.directory.pop() else { break };
            self.free(block);
        }
    }

    /// Gives back a block that is no longer in the directory.
    fn free(&self, block: NonNull<T>) {
        if size_of::<T>() != 0 {
            if let Ok(layout) = layout_of::<T>(Self::PER) {
                // SAFETY: a block of this layout and allocator (invariant 1), which nothing else
                // knows of.
                unsafe { self.allocator().deallocate(block.cast(), layout) };
            }
        }
    }

    /// Drops the items from `len` on; keeps the blocks.
    pub(crate) fn truncate(&mut self, len: usize) {
        let old = self.len;
        if len >= old {
            return;
        }
        // An item whose drop panics, and those behind it, are then no longer held: they leak.
        self.len = len;
        if !core::mem::needs_drop::<T>() {
            return;
        }
        let mut at = len;
        while at < old {
            let end = (at | (Self::PER - 1)).saturating_add(1).min(old);
            // SAFETY: `at` is below the old length, so below the capacity.
            let first = unsafe { self.place(at) };
            let run = NonNull::slice_from_raw_parts(first, end - at);
            // SAFETY: the items up to the end of their block, or to the old length, were
            // initialised (invariant 2) and are no longer held.
            unsafe { run.drop_in_place() };
            at = end;
        }
    }

    /// The items of each block, in order.
    pub(crate) fn slices(&self) -> Slices<'_, T> {
        Slices {
            blocks: self.directory.iter(),
            left: self.len,
            log_per: Self::LOG_PER,
            items: PhantomData,
        }
    }

    /// The items of each block, in order, to be changed.
    pub(crate) fn slices_mut(&mut self) -> SlicesMut<'_, T> {
        SlicesMut { slices: self.slices(), items: PhantomData }
    }

    /// Tells of the blocks and of the directory.
    pub(crate) fn tell(&self, out: &mut dyn Parts) {
        self.directory.tell("directory", PartKind::Index, 0, out);
        let mut left = self.len;
        for _ in self.directory.iter().filter(|_| Self::BLOCK_BYTES != 0) {
            let used = left.min(Self::PER);
            left -= used;
            let bytes = used * size_of::<T>();
            block_of(out, &[Part::payload("items", bytes), Part::slack(Self::BLOCK_BYTES - bytes)]);
        }
    }

    /// All items, one by one, and the blocks.
    pub(crate) fn into_items(mut self) -> SegmentsIntoIter<T, A> {
        let end = core::mem::take(&mut self.len);
        SegmentsIntoIter { segments: self, start: 0, end }
    }
}

impl<T, A: Alloc> Drop for Segments<T, A> {
    fn drop(&mut self) {
        /// Frees the blocks even if an item's drop panics.
        struct Blocks<'s, T, A: Alloc>(&'s mut Segments<T, A>);

        impl<T, A: Alloc> Drop for Blocks<'_, T, A> {
            fn drop(&mut self) {
                while let Some(block) = self.0.directory.pop() {
                    self.0.free(block);
                }
            }
        }

        Blocks(self).0.truncate(0);
    }
}

/// The items of each block, in order.
pub(crate) struct Slices<'a, T> {
    blocks: core::slice::Iter<'a, NonNull<T>>,
    /// Items in `blocks`, which are full up to the last one.
    left: usize,
    log_per: u32,
    items: PhantomData<&'a T>,
}

impl<T> Clone for Slices<'_, T> {
    fn clone(&self) -> Self {
        Self { blocks: self.blocks.clone(), ..*self }
    }
}

impl<'a, T> Slices<'a, T> {
    /// Blocks that hold items; those behind are room.
    const fn used(&self) -> usize {
        self.left.div_ceil(1 << self.log_per)
    }

    /// The next block and how many items it holds.
    fn take_first(&mut self) -> Option<(NonNull<T>, usize)> {
        let len = self.left.min(1 << self.log_per);
        if len == 0 {
            return None;
        }
        self.left -= len;
        Some((*self.blocks.next()?, len))
    }

    /// The last block and how many items it holds.
    fn take_last(&mut self) -> Option<(NonNull<T>, usize)> {
        let used = self.used();
        let block = self.blocks.as_slice().get(used.checked_sub(1)?)?;
        let len = self.left - ((used - 1) << self.log_per);
        self.left -= len;
        Some((*block, len))
    }
}

impl<'a, T> Iterator for Slices<'a, T> {
    type Item = &'a [T];

    fn next(&mut self) -> Option<&'a [T]> {
        let (block, len) = self.take_first()?;
        // SAFETY: the first `len` items of the block are initialised (invariant 2), and borrowed
        // for the lifetime.
        Some(unsafe { core::slice::from_raw_parts(block.as_ptr(), len) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.used(), Some(self.used()))
    }
}

impl<T> DoubleEndedIterator for Slices<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let (block, len) = self.take_last()?;
        // SAFETY: as for `next`.
        Some(unsafe { core::slice::from_raw_parts(block.as_ptr(), len) })
    }
}

impl<T> ExactSizeIterator for Slices<'_, T> {}
impl<T> FusedIterator for Slices<'_, T> {}

/// The items of each block, in order, to be changed.
pub(crate) struct SlicesMut<'a, T> {
    slices: Slices<'a, T>,
    items: PhantomData<&'a mut T>,
}

// SAFETY: the iterator hands out `&mut T` and nothing else.
unsafe impl<T: Send> Send for SlicesMut<'_, T> {}
// SAFETY: `&SlicesMut` gives out nothing.
unsafe impl<T: Sync> Sync for SlicesMut<'_, T> {}
// SAFETY: the iterator hands out `&T` and nothing else.
unsafe impl<T: Sync> Send for Slices<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Slices<'_, T> {}

impl<'a, T> Iterator for SlicesMut<'a, T> {
    type Item = &'a mut [T];

    fn next(&mut self) -> Option<&'a mut [T]> {
        let (block, len) = self.slices.take_first()?;
        // SAFETY: initialised (invariant 2), exclusively borrowed for the lifetime, and handed out
        // once.
        Some(unsafe { core::slice::from_raw_parts_mut(block.as_ptr(), len) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slices.size_hint()
    }
}

impl<T> DoubleEndedIterator for SlicesMut<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let (block, len) = self.slices.take_last()?;
        // SAFETY: as for `next`.
        Some(unsafe { core::slice::from_raw_parts_mut(block.as_ptr(), len) })
    }
}

impl<T> ExactSizeIterator for SlicesMut<'_, T> {}
impl<T> FusedIterator for SlicesMut<'_, T> {}

/// The items, one by one, and their blocks.
pub(crate) struct SegmentsIntoIter<T, A: Alloc> {
    segments: Segments<T, A>,
    start: usize,
    end: usize,
}

impl<T, A: Alloc> SegmentsIntoIter<T, A> {
    /// Moves the item at `index` out.
    ///
    /// # Safety
    ///
    /// The caller has just taken it out of `start..end`.
    unsafe fn read(&self, index: usize) -> T {
        // SAFETY: it was below the length of the segments, so below their capacity.
        let place = unsafe { self.segments.place(index) };
        // SAFETY: initialised (invariant 3), and no longer held.
        unsafe { place.read() }
    }
}

impl<T, A: Alloc> Iterator for SegmentsIntoIter<T, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        // SAFETY: taken out of the range in the line above.
        Some(unsafe { self.read(self.start - 1) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }
}

impl<T, A: Alloc> DoubleEndedIterator for SegmentsIntoIter<T, A> {
    fn next_back(&mut self) -> Option<T> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        // SAFETY: taken out of the range in the line above.
        Some(unsafe { self.read(self.end) })
    }
}

impl<T, A: Alloc> ExactSizeIterator for SegmentsIntoIter<T, A> {}
impl<T, A: Alloc> FusedIterator for SegmentsIntoIter<T, A> {}

impl<T, A: Alloc> Drop for SegmentsIntoIter<T, A> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            self.by_ref().for_each(drop);
        }
    }
}
