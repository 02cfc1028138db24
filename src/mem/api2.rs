//! [`Api2`] and [`AsApi2`]: allocators of the crate `allocator-api2`, version 0.2, and of this one,
//! in each other's place.
//!
//! Invariants:
//!
//! 1. [`Alloc`] never sees a layout of size 0: `AsApi2` answers such a request with a dangling
//!    address of the right alignment, and does nothing when it comes back.
//! 2. [`Alloc::resize`] is called for equal alignments and two sizes above 0 only.

#![allow(unsafe_code)]

use super::alloc::Alloc;
use crate::error::AllocError;
use allocator_api2::alloc::{AllocError as Api2Error, Allocator};
use core::alloc::Layout;
use core::ptr::NonNull;

/// An allocator of `allocator-api2` 0.2 as an [`Alloc`]: lets structures of this crate take their
/// memory from whatever hashbrown or bumpalo (with its feature of that name) can take theirs from.
///
/// Calls are passed on one to one; what is granted beyond the size asked for is left unused.
///
/// # When not to use it
///
/// For bumpalo: `&Bump` is an [`Alloc`] itself with the feature `arena`. For the global allocator:
/// [`Global`](super::Global) is one already.
///
/// # Example
///
/// ```
/// use lessram::arrays::PackedInts;
/// use lessram::mem::{Api2, Footprint};
///
/// let mut ints = PackedInts::new_in(Api2(allocator_api2::alloc::Global));
/// ints.push(7);
/// assert_eq!(ints.heap_bytes(), 32);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Api2<A>(pub A);

/// The block alone: what was granted beyond the request is not used.
fn accept(
    block: Result<NonNull<[u8]>, Api2Error>,
    bytes: usize,
) -> Result<NonNull<u8>, AllocError> {
    block.map(NonNull::cast).map_err(|_| AllocError::Refused { bytes })
}

// SAFETY: an `Allocator`'s blocks are what `Alloc` asks for, also after moves and from clones, and
// fit the layouts that they were requested with.
unsafe impl<A: Allocator> Alloc for Api2<A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        accept(self.0.allocate(layout), layout.size())
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        accept(self.0.allocate_zeroed(layout), layout.size())
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.0.deallocate(block, layout) }
    }

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        let moved = if new.size() >= old.size() {
            // SAFETY: the caller's promise, passed on; the new block is not smaller.
            unsafe { self.0.grow(block, old, new) }
        } else {
            // SAFETY: the caller's promise, passed on; the new block is smaller.
            unsafe { self.0.shrink(block, old, new) }
        };
        accept(moved, new.size())
    }
}

/// An [`Alloc`] as an allocator of `allocator-api2` 0.2: hashbrown, bumpalo's collections and
/// others that take one then have their bytes counted or limited by this crate's.
///
/// Calls are passed on one to one; requests for no bytes are answered here, and are not counted.
///
/// # When not to use it
///
/// For collections of the crate's own, which take any [`Alloc`]; and for what takes another major
/// of `allocator-api2` (0.3, 0.4) or std's unstable trait: those are other traits.
///
/// # Example
///
/// ```
/// use hashbrown::HashMap;
/// use lessram::mem::{AsApi2, Counter, Global, Tracked};
///
/// let counter = Counter::new();
/// let mut map = HashMap::new_in(AsApi2(Tracked::new(&counter, Global)));
/// map.insert("key", 1);
/// assert_eq!(counter.live(), map.allocation_size());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AsApi2<A>(pub A);

/// `bytes` at `block`, as `Allocator` hands them out.
fn granted(block: NonNull<u8>, bytes: usize) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(block, bytes)
}

/// What stands for a block of no bytes.
fn no_bytes(layout: Layout) -> NonNull<[u8]> {
    let aligned = core::ptr::without_provenance_mut(layout.align());
    // An alignment is never 0.
    granted(NonNull::new(aligned).unwrap_or(NonNull::dangling()), 0)
}

impl<A: Alloc> AsApi2<A> {
    fn take(
        &self,
        layout: Layout,
        take: impl FnOnce(&A, Layout) -> Result<NonNull<u8>, AllocError>,
    ) -> Result<NonNull<[u8]>, Api2Error> {
        if layout.size() == 0 {
            return Ok(no_bytes(layout));
        }
        match take(&self.0, layout) {
            Ok(block) => Ok(granted(block, layout.size())),
            Err(_) => Err(Api2Error),
        }
    }

    /// Changes a block's layout, in size and alignment, and keeps what fits.
    ///
    /// # Safety
    ///
    /// `block` came from this allocator with layout `old`. After success it is not used any more.
    unsafe fn change(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, Api2Error> {
        if old.align() == new.align() && old.size() != 0 && new.size() != 0 {
            // SAFETY: the caller hands over a block of layout `old`; see invariant 2.
            let moved = unsafe { self.0.resize(block, old, new) };
            return moved.map(|moved| granted(moved, new.size())).map_err(|_| Api2Error);
        }
        let moved = self.allocate(new)?;
        let kept = old.size().min(new.size());
        // SAFETY: two blocks that do not overlap and hold at least `kept` bytes.
        unsafe { block.copy_to_nonoverlapping(moved.cast(), kept) };
        // SAFETY: the caller hands over a block of this allocator with layout `old`.
        unsafe { self.deallocate(block, old) };
        Ok(moved)
    }
}

// SAFETY: the blocks are those of `A`, valid until given back, also after moves and from clones; no
// bytes are valid anywhere.
unsafe impl<A: Alloc> Allocator for AsApi2<A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, Api2Error> {
        self.take(layout, A::allocate)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, Api2Error> {
        self.take(layout, A::allocate_zeroed)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() != 0 {
            // SAFETY: the caller's promise, passed on; not of size 0 (invariant 1).
            unsafe { self.0.deallocate(block, layout) };
        }
    }

    unsafe fn grow(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, Api2Error> {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.change(block, old, new) }
    }

    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, Api2Error> {
        // SAFETY: the caller's promise, passed on.
        let moved = unsafe { self.change(block, old, new) }?;
        // SAFETY: the block is not smaller than the old one.
        let added = unsafe { moved.cast::<u8>().add(old.size()) };
        // SAFETY: so many bytes of the block are behind the old ones.
        unsafe { added.write_bytes(0, new.size() - old.size()) };
        Ok(moved)
    }

    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, Api2Error> {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.change(block, old, new) }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Global, Tracked};
    use core::slice;
    use std::vec::Vec;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// The first `len` bytes of a block that has been written.
    fn bytes(block: NonNull<[u8]>, len: usize) -> Vec<u8> {
        // SAFETY: the tests ask for bytes that they have written, of live blocks.
        unsafe { slice::from_raw_parts(block.cast::<u8>().as_ptr(), len) }.to_vec()
    }

    #[test]
    fn sizes_and_alignments_change() {
        let counter = Counter::new();
        let alloc = AsApi2(Tracked::new(&counter, Global));
        let empty = alloc.allocate(layout(0, 32)).unwrap();
        assert_eq!((empty.len(), empty.cast::<u8>().addr().get() % 32), (0, 0));
        assert_eq!(counter.requests(), 0);
        // SAFETY: a block of no bytes, of this allocator and layout; so below, with their layouts.
        let block =
            unsafe { alloc.grow_zeroed(empty.cast(), layout(0, 32), layout(5, 8)) }.unwrap();
        assert_eq!((bytes(block, 5), counter.live()), (std::vec![0; 5], 5));
        // SAFETY: the block has 5 bytes.
        unsafe { block.cast::<[u8; 5]>().write([1, 2, 3, 4, 5]) };
        // SAFETY: as above.
        let block = unsafe { alloc.grow_zeroed(block.cast(), layout(5, 8), layout(9, 8)) }.unwrap();
        assert_eq!((bytes(block, 9), counter.live()), (std::vec![1, 2, 3, 4, 5, 0, 0, 0, 0], 9));
        // SAFETY: as above.
        let block = unsafe { alloc.grow(block.cast(), layout(9, 8), layout(20, 64)) }.unwrap();
        assert_eq!((bytes(block, 5), counter.live()), (std::vec![1, 2, 3, 4, 5], 20));
        assert_eq!(block.cast::<u8>().addr().get() % 64, 0);
        // SAFETY: as above.
        let block = unsafe { alloc.shrink(block.cast(), layout(20, 64), layout(3, 1)) }.unwrap();
        assert_eq!((bytes(block, 3), counter.live()), (std::vec![1, 2, 3], 3));
        // SAFETY: as above.
        let empty = unsafe { alloc.shrink(block.cast(), layout(3, 1), layout(0, 1)) }.unwrap();
        // SAFETY: as above.
        unsafe { alloc.deallocate(empty.cast(), layout(0, 1)) };
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }

    #[test]
    fn there_and_back_again() {
        let counter = Counter::new();
        let alloc = Api2(AsApi2(Api2(AsApi2(Tracked::new(&counter, Global)))));
        let mut values = crate::mem::raw_vec::RawVec::new_in(alloc);
        for value in 0..1000_u32 {
            values.try_extend_from_slice(&[value]).unwrap();
            assert_eq!(counter.live(), values.capacity() * 4);
        }
        values.truncate(7);
        values.try_shrink_to_fit().unwrap();
        assert_eq!((&*values, counter.live()), (&[0, 1, 2, 3, 4, 5, 6][..], 28));
        drop(values);
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }

    #[test]
    fn refusals_are_passed_on() {
        let refusals = crate::mem::Refusals::every(1);
        let refusing = crate::mem::Refusing::new(&refusals, Global);
        assert!(AsApi2(&refusing).allocate(layout(1, 1)).is_err());
        assert!(AsApi2(&refusing).allocate(layout(0, 1)).is_ok());
        let refused = Api2(AsApi2(&refusing)).allocate(layout(7, 1));
        assert_eq!(refused, Err(AllocError::Refused { bytes: 7 }));
    }
}
