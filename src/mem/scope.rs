//! [`Scope`]: what a stretch of code allocates, on its own thread.

use super::slot::{Mark, Slot, Sums};
use super::tracking::{claim_slot, ledger, own_slot};
use core::fmt;
use core::marker::PhantomData;
use core::ptr;

/// Measures what this thread allocates between [`enter`](Self::enter) and [`finish`](Self::finish).
///
/// Entering and finishing cost two writes of the program's figures each; what lies between costs
/// nothing more than it does anyway. Scopes nest, the inner one ends first, and an outer scope
/// includes what its inner ones saw. Dropping a scope ends it too. Needs a
/// [`TrackingAlloc`](super::TrackingAlloc) as global allocator: all figures are 0 without.
///
/// # When not to use it
///
/// **This thread only**: what other threads allocate on its behalf is not seen, and a block that
/// another thread allocated counts as freed here, so [`live_delta`](ScopeStats::live_delta) may be
/// below 0. For a whole program use [`alloc_stats`](super::alloc_stats). A scope that is finished
/// before one inside it misses the peak before that one began.
///
/// # Example
///
/// ```
/// use lessram::mem::{Scope, TrackingAlloc};
///
/// #[global_allocator]
/// static ALLOC: TrackingAlloc = TrackingAlloc::system();
///
/// fn main() {
///     let scope = Scope::enter("build");
///     let scratch = vec![0_u8; 5000];
///     let kept = scratch[..1000].to_vec();
///     drop(scratch);
///     let stats = scope.finish();
///     assert_eq!((stats.live_delta, stats.peak, stats.allocs), (1000, 6000, 2));
///     # drop(kept);
/// }
/// ```
#[derive(Debug)]
#[must_use = "a scope ends where it is dropped"]
pub struct Scope {
    name: &'static str,
    /// Taken when the scope ends.
    open: Option<(&'static Slot, Mark)>,
    /// A scope belongs to its thread's slot: neither `Send` nor `Sync`.
    thread: PhantomData<*const ()>,
}

impl Scope {
    /// Begins a scope called `name`. Allocates nothing that is counted.
    pub fn enter(name: &'static str) -> Self {
        let open = claim_slot().map(|slot| (slot, slot.enter(ledger())));
        Self { name, open, thread: PhantomData }
    }

    /// Ends the scope and tells what happened in it.
    ///
    /// All figures are 0 if the thread was ending already, that is, if the scope was kept in a
    /// thread local whose destructor ran late. Allocates nothing.
    #[must_use]
    pub fn finish(mut self) -> ScopeStats {
        let (since, peak) = self.close();
        ScopeStats {
            name: self.name,
            live_delta: since.live,
            peak,
            total: since.total,
            allocs: since.allocs,
            frees: since.frees,
            reallocs: since.reallocs,
        }
    }

    fn close(&mut self) -> (Sums, u64) {
        match self.open.take() {
            // A thread that is ending has left its slot: it may be another thread's by now.
            Some((slot, mark)) if own_slot().is_some_and(|own| ptr::eq(own, slot)) => {
                slot.leave(ledger(), &mark)
            }
            _ => (Sums::default(), 0),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.close();
    }
}

/// What one thread did between a scope's two ends. All sizes are bytes requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopeStats {
    /// What the scope was called.
    pub name: &'static str,
    /// Bytes allocated less bytes freed.
    pub live_delta: i64,
    /// The most bytes that were live at once, above those live at entry.
    pub peak: u64,
    /// Bytes requested in all: whole blocks, and the growth of resized ones.
    pub total: u64,
    /// Blocks handed out.
    pub allocs: u64,
    /// Blocks given back.
    pub frees: u64,
    /// Blocks resized, in place or not.
    pub reallocs: u64,
}

impl fmt::Display for ScopeStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {:+} B live, peak {} B, {} B requested in {} allocs, {} reallocs, {} frees",
            self.name,
            self.live_delta,
            self.peak,
            self.total,
            self.allocs,
            self.reallocs,
            self.frees
        )
    }
}
