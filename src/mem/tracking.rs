//! [`TrackingAlloc`]: a global allocator that counts, without a header on any block.
//!
//! Invariants, relied on by every `unsafe` block below:
//!
//! 1. Every call goes to the inner allocator one to one, with the caller's arguments, and its
//!    answer goes back unchanged: the inner allocator's contract is this one's.
//! 2. A node is initialised before its address is published in [`NODES`], is never moved or freed,
//!    and is only ever shared: `&'static Node` is valid for every pointer found there.
//! 3. A thread's pointer is the address of [`FIRST`], of [`LATE`] or of a node's slot, all of which
//!    live to the end of the program and are only ever shared.
//!
//! Further rules, not for soundness: recording never panics, and allocates from the inner allocator
//! only (a node for a thread's first event). The slot is set before the guard is touched, because
//! registering the guard's destructor may allocate and so come back here.

#![allow(unsafe_code)]

use super::sizes::SizeHistogram;
use super::slot::{Event, Ledger, Slot, Sums};
use super::timeline::TIMELINE;
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

/// A thread's slot, in the list of all. 640 bytes, once for each thread alive at the same time.
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
    /// Has no destructor, so it is one load away and stays usable to a thread's very end. A raw
    /// pointer, because Rust before 1.89 refuses constants that refer to what can change.
    static SLOT: Cell<*const Slot> = const { Cell::new(&raw const FIRST.0) };
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
            let _ = SLOT.try_with(|cell| cell.set(&raw const LATE.0));
            slot.retire(&LEDGER.0);
        }
    }
}

/// What the calling thread points at.
#[inline]
fn current() -> &'static Slot {
    let slot = SLOT.try_with(Cell::get).unwrap_or(&raw const LATE.0);
    // SAFETY: one of three that live forever (invariant 3).
    unsafe { &*slot }
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
/// Each thread writes a slot of its own, 640 bytes of which 512 are the histogram's, with plain
/// loads and stores; the slot of a finished thread serves the next one. The cost of an allocation
/// and its release, measured in `benches/peers`, stays the same however many threads allocate at
/// once, where counters shared by all threads cost several times the allocation itself.
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
    histogram: bool,
    timeline: bool,
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
        Self { inner, exact: false, on_demand: false, histogram: false, timeline: false }
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

    /// The same, with a histogram of the sizes asked for: [`size_histogram`] reads it. One more
    /// counter of the thread's own is written for each block that is handed out or resized.
    #[must_use]
    pub const fn histogram(mut self) -> Self {
        self.histogram = true;
        self
    }

    /// The same, with the course of live bytes over time: [`timeline`](super::timeline) reads it.
    ///
    /// A point is taken when a thread publishes, that is, after every 64 KiB of change; in between
    /// it costs nothing. 64 KiB of memory, touched as points are taken. The target must have a
    /// clock: `wasm32-unknown-unknown` has none, and std panics where it is asked for.
    #[must_use]
    pub const fn timeline(mut self) -> Self {
        self.timeline = true;
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
        let slot = current();
        if self.exact || !slot.try_record(event) {
            self.record_slowly(event);
        } else if self.histogram {
            slot.count_size(event);
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
            return self.record_late(event);
        }
        match own_slot_from(&self.inner) {
            Some(slot) => {
                slot.record(&LEDGER.0, event);
                if self.histogram {
                    slot.count_size(event);
                }
            }
            None => self.record_late(event),
        }
        if self.timeline {
            TIMELINE.note(LEDGER.0.live());
        }
    }

    /// An event of a thread that has no slot.
    fn record_late(&self, event: Event) {
        LATE.0.record_shared(&LEDGER.0, event);
        if self.histogram {
            LATE.0.count_size_shared(event);
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

/// The sizes that the program asked for so far, if its [`TrackingAlloc`] keeps a
/// [`histogram`](TrackingAlloc::histogram); else empty.
///
/// Allocates nothing. Time and exactness are those of [`alloc_stats`].
#[must_use]
pub fn size_histogram() -> SizeHistogram {
    let mut all = SizeHistogram::default();
    nodes().for_each(|node| all.add(node.slot.sizes()));
    all.add(LATE.0.sizes());
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
mod tests;
