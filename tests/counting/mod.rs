//! A global allocator that counts what each thread requests: the tests of one file run on threads
//! beside each other, and each measures its own.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Forwards to the system's allocator and counts on the calling thread.
#[derive(Debug)]
pub(crate) struct Counting;

/// What the calling thread requested so far, less what it gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Bytes in live blocks.
    pub(crate) bytes: isize,
    /// Live blocks.
    pub(crate) blocks: isize,
    /// The largest block requested since [`forget_largest`], granted or not.
    pub(crate) largest: usize,
}

thread_local! {
    // Needs neither a first use nor a destructor, so that the allocator may touch it at any time.
    static COUNTS: Cell<Counts> =
        const { Cell::new(Counts { bytes: 0, blocks: 0, largest: 0 }) };
}

/// The counts of the calling thread.
pub(crate) fn counts() -> Counts {
    COUNTS.get()
}

/// Starts to look for the largest request anew.
pub(crate) fn forget_largest() {
    COUNTS.set(Counts { largest: 0, ..COUNTS.get() });
}

fn record(bytes: isize, blocks: isize) {
    let counts = COUNTS.get();
    COUNTS.set(Counts { bytes: counts.bytes + bytes, blocks: counts.blocks + blocks, ..counts });
}

fn asked(bytes: usize) {
    let counts = COUNTS.get();
    COUNTS.set(Counts { largest: counts.largest.max(bytes), ..counts });
}

// SAFETY: every call goes to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        asked(layout.size());
        // SAFETY: the caller's promise, passed on.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            record(layout.size() as isize, 1);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        asked(layout.size());
        // SAFETY: the caller's promise, passed on.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            record(layout.size() as isize, 1);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) };
        record(-(layout.size() as isize), -1);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        asked(new_size);
        // SAFETY: the caller's promise, passed on.
        let moved = unsafe { System.realloc(block, layout, new_size) };
        if !moved.is_null() {
            record(new_size as isize - layout.size() as isize, 0);
        }
        moved
    }
}
