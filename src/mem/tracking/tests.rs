//! The figures are the program's, so these tests take turns.

use super::*;
use core::sync::atomic::AtomicUsize;
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

/// The figures are the program's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses blocks of [`REFUSED`] bytes and counts which method was called.
#[derive(Default)]
struct Seen([AtomicUsize; 4]);

const REFUSED: usize = 777;

impl Seen {
    fn calls(&self) -> [usize; 4] {
        core::array::from_fn(|i| self.0[i].load(Relaxed))
    }

    fn grants(&self, method: usize, bytes: usize) -> bool {
        self.0[method].fetch_add(1, Relaxed);
        bytes != REFUSED
    }
}

// SAFETY: the system's allocator, or nothing.
unsafe impl GlobalAlloc for Seen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.grants(0, layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !self.grants(1, layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !self.grants(2, new_size) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(block, layout, new_size) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.grants(3, 0);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// A block from `from`, its address as a number so that threads can pass it on.
fn take(from: &impl GlobalAlloc, size: usize) -> usize {
    // SAFETY: no test asks for 0 bytes.
    unsafe { from.alloc(bytes(size)) }.expose_provenance()
}

/// Takes a block that is never given back. Its address is kept, so that leak checkers know of it.
fn keep(from: &impl GlobalAlloc, size: usize) {
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let block = take(from, size);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(block);
}

fn give(to: &impl GlobalAlloc, block: usize, size: usize) {
    // SAFETY: the tests give back what they took, once.
    unsafe { to.dealloc(ptr::with_exposed_provenance_mut(block), bytes(size)) }
}

/// What changed since `before`: live, total, allocs, frees, reallocs.
fn since(before: AllocStats) -> [i64; 5] {
    let figures = |stats: AllocStats| {
        let AllocStats { live, total, allocs, frees, reallocs, .. } = stats;
        [live, total as i64, allocs as i64, frees as i64, reallocs as i64]
    };
    let (now, before) = (figures(alloc_stats()), figures(before));
    core::array::from_fn(|i| now[i] - before[i])
}

#[test]
fn forwards_one_to_one_and_records_success_only() {
    let _turn = alone();
    keep(&TrackingAlloc::system(), 1); // Claims this thread's slot.
    let (ours, before) = (TrackingAlloc::new(Seen::default()), alloc_stats());
    let block = take(&ours, 100);
    // SAFETY: a size above 0.
    let zeroed = unsafe { ours.alloc_zeroed(bytes(50)) };
    // SAFETY: a block of 50 bytes, all initialised.
    assert_eq!(unsafe { core::slice::from_raw_parts(zeroed, 50) }, [0; 50]);
    // SAFETY: a block of this allocator, with its layout.
    let moved = unsafe { ours.realloc(zeroed, bytes(50), 500) };
    // SAFETY: the same; it is refused, so the block stays as it is.
    assert!(unsafe { ours.realloc(moved, bytes(500), REFUSED) }.is_null());
    // SAFETY: a size above 0.
    assert!(unsafe { ours.alloc_zeroed(bytes(REFUSED)) }.is_null());
    assert_eq!(take(&ours, REFUSED), 0);
    assert_eq!(since(before), [600, 600, 2, 0, 1]);
    give(&ours, block, 100);
    give(&ours, moved.expose_provenance(), 500);
    assert_eq!(since(before), [0, 600, 2, 2, 1]);
    assert_eq!(ours.inner.calls(), [2, 2, 2, 2]);
}

#[test]
fn slots_come_from_the_inner_allocator_and_serve_again() {
    let _turn = alone();
    let ours = TrackingAlloc::new(Seen::default());
    let run = || {
        std::thread::scope(|threads| {
            threads.spawn(|| give(&ours, take(&ours, 40), 40)).join().unwrap();
        });
    };
    run();
    let slots = nodes().count();
    (0..20).for_each(|_| run());
    assert_eq!(nodes().count(), slots);
    let [allocs, _, _, frees] = ours.inner.calls();
    assert_eq!(frees, 21);
    assert!(allocs - frees <= 1, "{allocs} blocks for 21 and at most one slot");
}

#[test]
fn blocks_may_be_freed_by_another_thread() {
    let _turn = alone();
    let (ours, before) = (TrackingAlloc::system(), alloc_stats());
    let blocks: Vec<usize> = std::thread::scope(|threads| {
        threads.spawn(|| (0..1000).map(|_| take(&ours, 1000)).collect()).join().unwrap()
    });
    assert_eq!(since(before)[0], 1_000_000);
    blocks.into_iter().for_each(|block| give(&ours, block, 1000));
    assert_eq!(since(before), [0, 1_000_000, 1000, 1000, 0]);
}

#[test]
fn events_after_the_guard_are_counted() {
    static OURS: TrackingAlloc = TrackingAlloc::system();
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            assert!(ptr::eq(current(), &LATE.0));
            give(&OURS, take(&OURS, 300), 300);
            keep(&OURS, 11);
            assert!(super::super::Scope::enter("late").finish().allocs == 0);
        }
    }
    thread_local! { static LAST: Last = const { Last } }
    let _turn = alone();
    let before = alloc_stats();
    // Destructors run in reverse order: the one registered before the guard runs after it.
    std::thread::spawn(|| {
        LAST.with(|_| ());
        keep(&OURS, 5);
    })
    .join()
    .unwrap();
    assert_eq!(since(before), [16, 316, 3, 1, 0]);
}

#[test]
fn exact_peak_of_two_threads() {
    let _turn = alone();
    static OURS: TrackingAlloc = TrackingAlloc::system().exact();
    reset_peak();
    let (before, meet) = (alloc_stats(), Barrier::new(2));
    std::thread::scope(|threads| {
        let run = |size| {
            let block = take(&OURS, size);
            meet.wait();
            give(&OURS, block, size);
            meet.wait();
            give(&OURS, take(&OURS, 1), 1);
        };
        let workers = [300, 5000].map(|size| threads.spawn(move || run(size)));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    assert_eq!(alloc_stats().peak - before.live, 5300);
    assert_eq!(since(before)[0], 0);
}

#[test]
fn paused_counts_nothing_until_started() {
    let _turn = alone();
    let (ours, before) = (TrackingAlloc::paused(), alloc_stats());
    let block = take(&ours, 100);
    assert_eq!(alloc_stats(), before);
    ours.start();
    give(&ours, block, 100);
    assert_eq!(since(before), [-100, 0, 0, 1, 0]);
    keep(&ours, 100); // The other tests' live bytes start from a sum of 0.
}
