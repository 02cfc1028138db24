//! [`TrackingAlloc`]: a global allocator that counts, without a header on any block.
//!
//! Invariants, relied on by every `unsafe` block below:
//!
//! 1. Every call goes to the inner allocator one to one, with the caller's arguments, and its
//!    answer goes back unchanged: the inner allocator's contract is this one's.
//! 2. A node is initialised before its address is published in [`NODES`], is never moved or freed,
//!    and is only ever shared: `&'static Node` is valid for every pointer found there.
//!
//! Further rules, not for soundness: recording never panics, and allocates from the inner allocator
//! only (a node for a thread's first event). The slot is set before the guard is touched, because
//! registering the guard's destructor may allocate and so come back here.

#![allow(unsafe_code)]

use super::slot::{Event, Ledger, Slot, Sums};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use core::sync::atomic::{AtomicBool, AtomicPtr};
use std::alloc::System;
use std::thread_local;

/// Alone on its cache lines: neighbours in memory are written often, or it is (128: two lines are
/// fetched together on x86-64, and Apple's lines are that long).
#[repr(align(128))]
struct Apart<T>(T);

/// A thread's slot, in the list of all. 128 bytes, once for each thread alive at the same time.
#[repr(align(128))]
struct Node {
    slot: Slot,
    next: AtomicPtr<Node>,
}

static LEDGER: Apart<Ledger> = Apart(Ledger::new());
static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());
static STARTED: Apart<AtomicBool> = Apart(AtomicBool::new(false));

/// What a thread that has no slot yet points at: read, never written.
static FIRST: Apart<Slot> = Apart(Slot::declining());

/// What a thread past its destructors points at: written by many.
static LATE: Apart<Slot> = Apart(Slot::declining());

thread_local! {
    /// Has no destructor, so it is one load away and stays usable to a thread's very end.
    static SLOT: Cell<&'static Slot> = const { Cell::new(&FIRST.0) };
    /// Touched once a thread has a slot of its own.
    static RETIRE: Retire = const { Retire };
}

/// Whether registering a destructor may allocate while std has its list of them borrowed. glibc
/// keeps the list itself; elsewhere std before 1.93 keeps it in a `Vec` of the global allocator.
const LIST_MAY_ALLOCATE: bool = cfg!(not(all(target_os = "linux", target_env = "gnu")));

/// Gives the thread's slot to the next thread.
struct Retire;

impl Drop for Retire {
    fn drop(&mut self) {
        if let Some(slot) = own_slot() {
            // Before the slot is left: what is freed from here on must not be written to it.
            let _ = SLOT.try_with(|cell| cell.set(&LATE.0));
            slot.retire(&LEDGER.0);
        }
    }
}

/// What the calling thread points at.
#[inline]
fn current() -> &'static Slot {
    SLOT.try_with(Cell::get).unwrap_or(&LATE.0)
}

/// The calling thread's own slot, if it has one now.
pub(crate) fn own_slot() -> Option<&'static Slot> {
    let slot = current();
    (!ptr::eq(slot, &FIRST.0) && !ptr::eq(slot, &LATE.0)).then_some(slot)
}

/// The calling thread's own slot, claimed now if need be. `None`: the thread is past its
/// destructors, or there is no memory for a slot.
fn own_slot_from(inner: &impl GlobalAlloc) -> Option<&'static Slot> {
    if !ptr::eq(current(), &FIRST.0) {
        return own_slot();
    }
    let slot = claim(inner)?;
    SLOT.try_with(|cell| cell.set(slot)).ok()?;
    if RETIRE.try_with(|_| ()).is_err() {
        drop(Retire);
    }
    own_slot()
}

/// As [`own_slot_from`], outside of any allocation: scopes do not know the inner allocator, and a
/// slot is never freed, so it may as well come from the system's.
pub(crate) fn claim_slot() -> Option<&'static Slot> {
    own_slot_from(&System)
}

/// The program's figures, for scopes.
pub(crate) fn ledger() -> &'static Ledger {
    &LEDGER.0
}

/// A slot that a finished thread left, or a new one.
fn claim(inner: &impl GlobalAlloc) -> Option<&'static Slot> {
    if let Some(node) = nodes().find(|node| node.slot.claim()) {
        return Some(&node.slot);
    }
    // SAFETY: a node's size is not 0.
    let block = unsafe { inner.alloc(Layout::new::<Node>()) }.cast::<Node>();
    if block.is_null() {
        return None;
    }
    let node = Node { slot: Slot::claimed(), next: AtomicPtr::new(NODES.load(Acquire)) };
    // SAFETY: the block was requested for a node and is nobody else's.
    unsafe { block.write(node) };
    // SAFETY: initialised by the line above and never freed (invariant 2).
    let node = unsafe { &*block };
    let mut head = node.next.load(Relaxed);
    while let Err(newer) = NODES.compare_exchange_weak(head, block, AcqRel, Acquire) {
        node.next.store(newer, Relaxed);
        head = newer;
    }
    Some(&node.slot)
}

/// All threads' slots, the newest first.
fn nodes() -> impl Iterator<Item = &'static Node> {
    let follow = |link: *mut Node| {
        // SAFETY: null or the address of a published node (invariant 2).
        unsafe { link.as_ref::<'static>() }
    };
    core::iter::successors(follow(NODES.load(Acquire)), move |node| follow(node.next.load(Relaxed)))
}

/// Counts what a program allocates: a `#[global_allocator]` around another allocator.
///
/// Calls are forwarded one to one (`alloc_zeroed` stays lazy, `realloc` keeps its cheap growth),
/// blocks get no header, and only what succeeded is recorded. [`alloc_stats`] reads the figures,
/// [`Scope`](super::Scope) measures a stretch of code, [`Report`](super::Report) says which
/// structure the bytes belong to.
///
/// # Cost
///
/// Each thread writes a slot of its own, 128 bytes, with plain loads and stores; the slot of a
/// finished thread serves the next one. The cost of an allocation and its release, measured in
/// `benches/peers`, stays the same however many threads allocate at once, where counters shared by
/// all threads cost several times the allocation itself.
///
/// # Exactness
///
/// Bytes are those *requested*, not what the allocator rounds them up to. Live bytes and counts are
/// exact whenever no other thread is allocating at that moment. Threads publish their live bytes
/// when they have changed by 64 KiB, so the peak is exact with one thread; with `t` threads it may
/// be low by (t - 1) x 64 KiB, or high by (t + 1) x 64 KiB. [`exact`](Self::exact) has no such
/// error and costs what shared counters cost: for tests.
///
/// # When not to use it
///
/// - To count one structure: [`Tracked`](super::Tracked) does that without touching the program.
/// - To find *which line* allocates: a profiler that records call stacks does (DHAT, heaptrack).
/// - Memory that does not come from Rust's allocator (C libraries, `mmap`) is not seen.
/// - Targets without native thread locals or without 64-bit atomics; the first work from Rust 1.93.
///
/// The figures are the program's, not the value's: a second `TrackingAlloc` would add to the same
/// ones.
///
/// # Example
///
/// ```
/// use lessram::mem::{TrackingAlloc, alloc_stats};
///
/// #[global_allocator]
/// static ALLOC: TrackingAlloc = TrackingAlloc::system();
///
/// fn main() {
///     let before = alloc_stats();
///     let numbers = vec![0_u64; 1000];
///     assert_eq!(alloc_stats().live - before.live, 8000);
///     drop(numbers);
///     assert_eq!(alloc_stats().live, before.live);
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TrackingAlloc<A = System> {
    inner: A,
    // Plain fields of a `static` are constants to the compiler: modes not chosen cost nothing.
    exact: bool,
    on_demand: bool,
}

impl TrackingAlloc<System> {
    /// Counts what it gets from the system's allocator.
    #[must_use]
    pub const fn system() -> Self {
        Self::new(System)
    }

    /// Counts nothing until [`start`](Self::start) is called: for a program that measures time in
    /// one run and bytes in another. The same as `TrackingAlloc::system().on_demand()`.
    ///
    /// ```
    /// use lessram::mem::{AllocStats, TrackingAlloc, alloc_stats};
    ///
    /// #[global_allocator]
    /// static ALLOC: TrackingAlloc = TrackingAlloc::paused();
    ///
    /// fn main() {
    ///     let unseen = vec![1_u8; 100];
    ///     assert_eq!(alloc_stats(), AllocStats::default());
    ///     ALLOC.start();
    ///     let seen = vec![1_u8; 30];
    ///     assert_eq!(alloc_stats().live, 30);
    ///     # let _ = (&unseen, &seen);
    /// }
    /// ```
    #[must_use]
    pub const fn paused() -> Self {
        Self::system().on_demand()
    }
}

impl<A> TrackingAlloc<A> {
    /// Counts what it gets from `inner`, from the program's first allocation on.
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner, exact: false, on_demand: false }
    }

    /// The same, with a peak that is exact with any number of threads.
    ///
    /// Every event then writes figures that all threads share: several times slower where two
    /// threads allocate at once. For tests.
    #[must_use]
    pub const fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The same, but nothing is counted until [`start`](Self::start). Until then an event costs one
    /// load and a predicted branch.
    #[must_use]
    pub const fn on_demand(mut self) -> Self {
        self.on_demand = true;
        self
    }

    /// Starts counting; there is no way back. Nothing changes unless [`on_demand`](Self::on_demand)
    /// was chosen.
    ///
    /// Blocks handed out before are not known: freeing one lowers the live bytes all the same, so
    /// `live` is the change since the start and may be below 0. Other threads follow as soon as
    /// they see the flag: start before they are spawned for exact figures.
    pub fn start(&self) {
        if self.on_demand {
            STARTED.0.store(true, Relaxed);
        }
    }
}

impl<A: GlobalAlloc> TrackingAlloc<A> {
    #[inline]
    fn record(&self, event: Event) {
        if self.on_demand && !STARTED.0.load(Relaxed) {
            return;
        }
        if self.exact || !current().try_record(event) {
            self.record_slowly(event);
        }
    }

    /// A thread's first event, one that publishes, one past the thread's destructors.
    #[cold]
    #[inline(never)]
    fn record_slowly(&self, event: Event) {
        // If this event is that list growing, then touching the guard would register a destructor
        // inside a registration, and std aborts. The list holds pairs of pointers and doubles, so
        // any other size is safe; a thread waits for one before it claims its slot.
        if LIST_MAY_ALLOCATE && event.size().is_power_of_two() && ptr::eq(current(), &FIRST.0) {
            return LATE.0.record_shared(&LEDGER.0, event);
        }
        match own_slot_from(&self.inner) {
            Some(slot) => slot.record(&LEDGER.0, event),
            None => LATE.0.record_shared(&LEDGER.0, event),
        }
    }
}

// SAFETY: blocks, layouts and answers pass to and from `inner` unchanged (invariant 1).
unsafe impl<A: GlobalAlloc> GlobalAlloc for TrackingAlloc<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on (invariant 1).
        let block = unsafe { self.inner.alloc(layout) };
        if !block.is_null() {
            self.record(Event::Alloc(layout.size()));
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on (invariant 1).
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if !block.is_null() {
            self.record(Event::Alloc(layout.size()));
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // First, because giving back cannot fail, and another thread that gets this block at once
        // must not make the peak count it twice.
        self.record(Event::Free(layout.size()));
        // SAFETY: the caller's promise, passed on (invariant 1).
        unsafe { self.inner.dealloc(block, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise, passed on (invariant 1).
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            self.record(Event::Realloc { old: layout.size(), new: new_size });
        }
        moved
    }
}

/// What passed through the program's [`TrackingAlloc`]. All zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllocStats {
    /// Bytes requested and not yet given back. Below 0 only if counting started late and blocks
    /// from before were freed since.
    pub live: i64,
    /// The most bytes that were live at once, since the start or the last [`reset_peak`].
    pub peak: i64,
    /// Bytes ever requested: whole blocks, and the growth of resized ones.
    pub total: u64,
    /// Blocks handed out, zeroed ones among them.
    pub allocs: u64,
    /// Blocks given back.
    pub frees: u64,
    /// Blocks resized, in place or not.
    pub reallocs: u64,
}

impl AllocStats {
    /// Blocks handed out and not yet given back; below 0 as [`live`](Self::live).
    #[must_use]
    pub const fn live_blocks(&self) -> i64 {
        self.allocs.wrapping_sub(self.frees) as i64
    }
}

/// The figures of the program's [`TrackingAlloc`].
///
/// Allocates nothing. Time is O(threads that were ever alive at the same time). What other threads
/// allocate meanwhile may be seen in part: exact when they do not. A thread frees its last bytes
/// while it is torn down, which `JoinHandle::join` waits for and the end of `thread::scope` alone
/// does not.
#[must_use]
pub fn alloc_stats() -> AllocStats {
    if let Some(slot) = own_slot() {
        slot.fold(&LEDGER.0);
    }
    let mut all = AllocStats::default();
    let mut add = |sums: Sums| {
        all.live = all.live.wrapping_add(sums.live);
        all.total = all.total.wrapping_add(sums.total);
        all.allocs = all.allocs.wrapping_add(sums.allocs);
        all.frees = all.frees.wrapping_add(sums.frees);
        all.reallocs = all.reallocs.wrapping_add(sums.reallocs);
    };
    nodes().for_each(|node| add(node.slot.sums()));
    add(LATE.0.sums());
    all.peak = LEDGER.0.peak().max(all.live);
    all
}

/// Forgets the peak so far: it starts again from the bytes live now.
///
/// With other threads running, what they have not yet published (64 KiB each) may still enter the
/// new peak. Allocates nothing. Running scopes keep their own peak.
pub fn reset_peak() {
    if let Some(slot) = own_slot() {
        slot.fold(&LEDGER.0);
    }
    LEDGER.0.reset_peak();
}

#[cfg(test)]
mod tests {
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
        take(&TrackingAlloc::system(), 1); // Claims this thread's slot; leaked.
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
                take(&OURS, 11);
                assert!(super::super::Scope::enter("late").finish().allocs == 0);
            }
        }
        thread_local! { static LAST: Last = const { Last } }
        let _turn = alone();
        let before = alloc_stats();
        // Destructors run in reverse order: the one registered before the guard runs after it.
        std::thread::spawn(|| {
            LAST.with(|_| ());
            take(&OURS, 5);
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
        take(&ours, 100); // Leaked: the other tests' live bytes start from a sum of 0.
    }
}
