//! [`Alloc`]: where a structure gets its memory. [`Global`] is the default, [`Tracked`] counts.
//!
//! Invariants, relied on by every owner of a block in this crate:
//!
//! 1. A block is given back to an allocator equal to the one it came from, with the layout it was
//!    requested with.
//! 2. No layout of size 0 is ever requested: an empty buffer owns no block.

#![allow(unsafe_code)]

use crate::error::{AllocError, BuildError};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A source of memory blocks.
///
/// The crate's own trait, because std's is not stable and the `allocator-api2` crate has three
/// incompatible majors. All layouts passed in have a size above 0.
///
/// # Safety
///
/// - A block returned is valid for reads and writes of `layout.size()` bytes, aligned to
///   `layout.align()`, and overlaps no other live block, until it is deallocated, grown or shrunk.
/// - Moving the allocator, or (if it is `Clone`) cloning it, leaves its blocks valid, and a clone
///   may free what the original gave.
pub unsafe trait Alloc {
    /// A block of `layout.size()` uninitialised bytes.
    ///
    /// # Errors
    ///
    /// [`AllocError::Refused`] when there is no such block.
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError>;

    /// A block of `layout.size()` bytes, all zero.
    ///
    /// # Errors
    ///
    /// [`AllocError::Refused`] when there is no such block.
    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let block = self.allocate(layout)?;
        // SAFETY: `allocate` returned a block valid for `layout.size()` bytes.
        unsafe { block.as_ptr().write_bytes(0, layout.size()) };
        Ok(block)
    }

    /// Gives a block back.
    ///
    /// # Safety
    ///
    /// `block` came from this allocator (or a clone) with this `layout` and is not used afterwards.
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout);

    /// Changes a block's size, keeping the first `min(old, new)` bytes; it may move.
    ///
    /// # Errors
    ///
    /// [`AllocError::Refused`]; the old block is then still valid and untouched.
    ///
    /// # Safety
    ///
    /// `block` came from this allocator with layout `old`, `new.align() == old.align()` and both
    /// sizes are above 0. After success the old address is not used any more.
    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        let moved = self.allocate(new)?;
        let kept = old.size().min(new.size());
        // SAFETY: both blocks are live, do not overlap, and hold at least `kept` bytes.
        unsafe { core::ptr::copy_nonoverlapping(block.as_ptr(), moved.as_ptr(), kept) };
        // SAFETY: the caller hands over a block of this allocator with this layout.
        unsafe { self.deallocate(block, old) };
        Ok(moved)
    }
}

// SAFETY: every call goes to `A`, which upholds the contract; a reference moves freely.
unsafe impl<A: Alloc + ?Sized> Alloc for &A {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        A::allocate(self, layout)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        A::allocate_zeroed(self, layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { A::deallocate(self, block, layout) }
    }

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        // SAFETY: the caller's promise, passed on.
        unsafe { A::resize(self, block, old, new) }
    }
}

/// The program's global allocator.
///
/// Without the feature `alloc` the type still exists but has no value, so that the owned storage it
/// stands for can be named and never be made.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Global;

/// The program's global allocator: no value without the feature `alloc`.
#[cfg(not(feature = "alloc"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {}

#[cfg(feature = "alloc")]
mod global {
    use super::{Alloc, AllocError, Global, Layout, NonNull};
    use alloc::alloc as heap;

    /// `block`, or the refusal of `layout`.
    fn accept(block: *mut u8, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        NonNull::new(block).ok_or(AllocError::Refused { bytes: layout.size() })
    }

    // SAFETY: std's global allocator keeps this contract, and `Global` has no state.
    unsafe impl Alloc for Global {
        fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
            debug_assert!(layout.size() != 0);
            // SAFETY: the size is above 0 (invariant 2).
            accept(unsafe { heap::alloc(layout) }, layout)
        }

        fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
            debug_assert!(layout.size() != 0);
            // SAFETY: the size is above 0 (invariant 2).
            accept(unsafe { heap::alloc_zeroed(layout) }, layout)
        }

        unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
            // SAFETY: the caller hands over a block of this allocator with this layout.
            unsafe { heap::dealloc(block.as_ptr(), layout) }
        }

        unsafe fn resize(
            &self,
            block: NonNull<u8>,
            old: Layout,
            new: Layout,
        ) -> Result<NonNull<u8>, AllocError> {
            debug_assert!(new.size() != 0 && new.align() == old.align());
            // SAFETY: the caller hands over a block of this layout; the new size is above 0 and, as
            // the size of a valid layout of the same alignment, does not overflow when rounded up.
            accept(unsafe { heap::realloc(block.as_ptr(), old, new.size()) }, new)
        }
    }
}

#[cfg(not(feature = "alloc"))]
// SAFETY: there is no value to call these on.
unsafe impl Alloc for Global {
    fn allocate(&self, _: Layout) -> Result<NonNull<u8>, AllocError> {
        match *self {}
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {
        match *self {}
    }
}

/// Adds to a figure that threads share; what it was before.
#[cfg(target_has_atomic = "ptr")]
#[inline]
fn add(figure: &AtomicUsize, by: usize) -> usize {
    figure.fetch_add(by, Relaxed)
}

/// Raises a figure that threads share to `to`.
#[cfg(target_has_atomic = "ptr")]
#[inline]
fn raise(figure: &AtomicUsize, to: usize) {
    figure.fetch_max(to, Relaxed);
}

/// The same where the processor can only load and store (Cortex-M0): what an interrupt counts
/// between the two is lost.
#[cfg(not(target_has_atomic = "ptr"))]
fn add(figure: &AtomicUsize, by: usize) -> usize {
    let before = figure.load(Relaxed);
    figure.store(before.wrapping_add(by), Relaxed);
    before
}

/// As for `add`.
#[cfg(not(target_has_atomic = "ptr"))]
fn raise(figure: &AtomicUsize, to: usize) {
    figure.store(to.max(figure.load(Relaxed)), Relaxed);
}

/// Subtracts from a figure that threads share.
#[inline]
fn subtract(figure: &AtomicUsize, by: usize) {
    add(figure, by.wrapping_neg());
}

/// What passed through a [`Tracked`] allocator.
///
/// All figures are bytes *requested*. Shared between threads they stay exact in sum; the peak may
/// then miss coincidences of other threads. On processors that can only load and store, count in
/// one thread and in no interrupt.
#[derive(Debug, Default)]
pub struct Counter {
    live: AtomicUsize,
    peak: AtomicUsize,
    blocks: AtomicUsize,
    requests: AtomicUsize,
    largest: AtomicUsize,
}

impl Counter {
    /// A counter at zero, usable as a `static`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            live: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            blocks: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
        }
    }

    /// Bytes in live blocks.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live.load(Relaxed)
    }

    /// The most bytes that were live at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak.load(Relaxed)
    }

    /// Live blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.load(Relaxed)
    }

    /// Successful allocations and resizes so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }

    /// The largest block requested so far, in bytes, whether it was granted or not.
    #[must_use]
    pub fn largest_request(&self) -> usize {
        self.largest.load(Relaxed)
    }

    fn asked(&self, bytes: usize) {
        raise(&self.largest, bytes);
    }

    fn grew(&self, bytes: usize) {
        let live = add(&self.live, bytes).wrapping_add(bytes);
        raise(&self.peak, live);
    }

    fn shrank(&self, bytes: usize) {
        subtract(&self.live, bytes);
    }
}

/// An allocator that counts what passes through it: one structure's bytes, apart from all others.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use lessram::arrays::PackedInts;
/// use lessram::mem::{Counter, Footprint, Global, Tracked};
///
/// let counter = Counter::new();
/// let ints = PackedInts::try_from_slice_in(&[7, 9, 300], Tracked::new(&counter, Global)).unwrap();
/// assert_eq!(ints.heap_bytes(), counter.live());
/// drop(ints);
/// assert_eq!(counter.live(), 0);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tracked<'c, A = Global> {
    counter: &'c Counter,
    inner: A,
}

impl<'c, A: Alloc> Tracked<'c, A> {
    /// Counts in `counter` what it gets from `inner`.
    #[must_use]
    pub const fn new(counter: &'c Counter, inner: A) -> Self {
        Self { counter, inner }
    }

    /// The counter.
    #[must_use]
    pub const fn counter(&self) -> &'c Counter {
        self.counter
    }

    fn record(&self, block: &Result<NonNull<u8>, AllocError>, bytes: usize) {
        self.counter.asked(bytes);
        if block.is_ok() {
            self.counter.grew(bytes);
            add(&self.counter.blocks, 1);
            add(&self.counter.requests, 1);
        }
    }
}

// SAFETY: blocks and layouts go to and from `inner` unchanged.
unsafe impl<A: Alloc> Alloc for Tracked<'_, A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let block = self.inner.allocate(layout);
        self.record(&block, layout.size());
        block
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let block = self.inner.allocate_zeroed(layout);
        self.record(&block, layout.size());
        block
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // First, as another thread may be given this very block at once.
        self.counter.shrank(layout.size());
        subtract(&self.counter.blocks, 1);
        // SAFETY: the caller's promise, passed on.
        unsafe { self.inner.deallocate(block, layout) };
    }

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        self.counter.asked(new.size());
        // SAFETY: the caller's promise, passed on.
        let moved = unsafe { self.inner.resize(block, old, new) }?;
        if new.size() > old.size() {
            self.counter.grew(new.size() - old.size());
        } else {
            self.counter.shrank(old.size() - new.size());
        }
        add(&self.counter.requests, 1);
        Ok(moved)
    }
}

/// Declares a zero-sized allocator that counts in a static [`Counter`](crate::mem::Counter) what it
/// gets from the global allocator.
///
/// `tracked_static!(Name)` makes a unit type `Name` that is an [`Alloc`](crate::mem::Alloc), and
/// `Name::counter()`, the one counter of all its values. A handle to a
/// [`Tracked`](crate::mem::Tracked) allocator adds 8 bytes to each structure; this one adds none,
/// so structures keep their size, and what all structures of a purpose own is one figure. Needs the
/// feature `alloc`.
///
/// Costs per allocation what `Tracked` costs: atomic additions to counters that all threads share.
///
/// # When not to use it
///
/// For one structure among several of the same purpose: give it a `Tracked` of its own. For a whole
/// program: `TrackingAlloc` counts what everything allocates, and at a lower cost.
///
/// # Example
///
/// ```
/// use lessram::{arrays::PackedInts, mem::Footprint, storage::HeapWords, tracked_static};
///
/// tracked_static! {
///     /// What the columns own.
///     Columns
/// }
///
/// let columns: Vec<PackedInts<HeapWords<Columns>>> = (1..9)
///     .map(|n| PackedInts::try_from_slice_in(&[n; 100], Columns))
///     .collect::<Result<_, _>>()?;
/// let bytes: usize = columns.iter().map(|column| column.heap_bytes()).sum();
/// assert_eq!(Columns::counter().live(), bytes);
/// assert_eq!(size_of::<PackedInts<HeapWords<Columns>>>(), size_of::<PackedInts>());
/// # Ok::<(), lessram::BuildError>(())
/// ```
#[cfg(feature = "alloc")]
#[macro_export]
macro_rules! tracked_static {
    ($(#[$meta:meta])* $vis:vis $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $name;

        impl $name {
            /// Counts what all values of this type hand out.
            #[must_use]
            $vis fn counter() -> &'static $crate::mem::Counter {
                static COUNTER: $crate::mem::Counter = $crate::mem::Counter::new();
                &COUNTER
            }

            #[inline]
            fn tracked() -> $crate::mem::Tracked<'static> {
                $crate::mem::Tracked::new(Self::counter(), $crate::mem::Global)
            }
        }

        // SAFETY: every call goes to the global allocator, counted, and no value has a state.
        unsafe impl $crate::mem::Alloc for $name {
            #[inline]
            fn allocate(
                &self,
                layout: ::core::alloc::Layout,
            ) -> ::core::result::Result<::core::ptr::NonNull<u8>, $crate::AllocError> {
                $crate::mem::Alloc::allocate(&Self::tracked(), layout)
            }

            #[inline]
            fn allocate_zeroed(
                &self,
                layout: ::core::alloc::Layout,
            ) -> ::core::result::Result<::core::ptr::NonNull<u8>, $crate::AllocError> {
                $crate::mem::Alloc::allocate_zeroed(&Self::tracked(), layout)
            }

            #[inline]
            unsafe fn deallocate(
                &self,
                block: ::core::ptr::NonNull<u8>,
                layout: ::core::alloc::Layout,
            ) {
                // SAFETY: the caller's promise, passed on.
                unsafe { $crate::mem::Alloc::deallocate(&Self::tracked(), block, layout) }
            }

            #[inline]
            unsafe fn resize(
                &self,
                block: ::core::ptr::NonNull<u8>,
                old: ::core::alloc::Layout,
                new: ::core::alloc::Layout,
            ) -> ::core::result::Result<::core::ptr::NonNull<u8>, $crate::AllocError> {
                // SAFETY: the caller's promise, passed on.
                unsafe { $crate::mem::Alloc::resize(&Self::tracked(), block, old, new) }
            }
        }
    };
}

/// How often a [`Refusing`] allocator refuses, and how often it did.
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
#[derive(Debug)]
pub struct Refusals {
    every: usize,
    requests: AtomicUsize,
    refused: AtomicUsize,
}

#[cfg(any(feature = "testkit", all(test, feature = "std")))]
impl Refusals {
    /// Refuses every `every`-th request: all for 1, none for 0.
    #[must_use]
    pub const fn every(every: usize) -> Self {
        Self { every, requests: AtomicUsize::new(0), refused: AtomicUsize::new(0) }
    }

    /// Requests refused so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.refused.load(Relaxed)
    }

    /// Counts one request; an error if it is one to refuse.
    fn admit(&self, layout: Layout) -> Result<(), AllocError> {
        let request = self.requests.fetch_add(1, Relaxed) + 1;
        let every = if self.every == 0 { 0 } else { INSTEAD.get().unwrap_or(self.every) };
        if every == 0 || request % every != 0 {
            return Ok(());
        }
        self.refused.fetch_add(1, Relaxed);
        REFUSED.set(REFUSED.get() + 1);
        Err(AllocError::Refused { bytes: layout.size() })
    }
}

#[cfg(any(feature = "testkit", all(test, feature = "std")))]
std::thread_local! {
    static INSTEAD: core::cell::Cell<Option<usize>> = const { core::cell::Cell::new(None) };
    static REFUSED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// Runs `law` with every `every`-th request refused wherever it has some refused in this thread:
/// what it returns, and how many requests were refused.
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
pub fn refusing_every<T>(every: usize, law: impl FnOnce() -> T) -> (T, usize) {
    INSTEAD.set(Some(every));
    let before = REFUSED.get();
    let result = law();
    INSTEAD.set(None);
    (result, REFUSED.get() - before)
}

/// An allocator that refuses now and then, also to shrink: shows that structures survive it.
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
#[derive(Clone, Copy, Debug)]
pub struct Refusing<'r, A = Global> {
    refusals: &'r Refusals,
    inner: A,
}

#[cfg(any(feature = "testkit", all(test, feature = "std")))]
impl<'r, A: Alloc> Refusing<'r, A> {
    /// Takes from `inner` what `refusals` lets pass.
    #[must_use]
    pub const fn new(refusals: &'r Refusals, inner: A) -> Self {
        Self { refusals, inner }
    }
}

#[cfg(any(feature = "testkit", all(test, feature = "std")))]
// SAFETY: blocks and layouts go to and from `inner` unchanged; a refusal touches no block.
unsafe impl<A: Alloc> Alloc for Refusing<'_, A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.refusals.admit(layout)?;
        self.inner.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.inner.deallocate(block, layout) }
    }

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        self.refusals.admit(new)?;
        // SAFETY: the caller's promise, passed on.
        unsafe { self.inner.resize(block, old, new) }
    }
}

/// Ends the program the way a refused `Vec` does. For the infallible methods; each has a `try_`
/// twin that returns the error instead.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn refused(error: AllocError) -> ! {
    #[cfg(feature = "alloc")]
    if let AllocError::Refused { bytes } = error {
        if let Ok(layout) = Layout::from_size_align(bytes, 8) {
            alloc::alloc::handle_alloc_error(layout);
        }
    }
    panic!("{error}");
}

/// What a `try_` twin returned, or the end of the program: [`refused`] where memory was, else a
/// panic of the caller's mistake.
#[inline]
#[track_caller]
pub(crate) fn granted<T>(result: Result<T, impl Into<BuildError>>) -> T {
    match result.map_err(Into::into) {
        Ok(value) => value,
        Err(BuildError::Alloc(error)) => refused(error),
        Err(error) => panic!("{error}"),
    }
}
