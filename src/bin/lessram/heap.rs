//! The allocator of the command: counts on demand, so that a child that measures time pays nothing.

use lessram::mem::{TrackingAlloc, alloc_stats, reset_peak};

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::paused();

/// Heap bytes and blocks since [`start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heap {
    /// Bytes live now.
    pub(crate) live: i64,
    /// Blocks live now.
    pub(crate) blocks: i64,
    /// The most bytes that were live at once since the last [`start`] or [`restart_peak`].
    pub(crate) peak: i64,
}

/// Starts counting. What is live already is not known; keep it alive until the last look.
pub(crate) fn start() {
    ALLOC.start();
}

/// The peak starts again from what is live now.
pub(crate) fn restart_peak() {
    reset_peak();
}

/// The figures now. Exact: the command's children have one thread.
pub(crate) fn look() -> Heap {
    let stats = alloc_stats();
    Heap { live: stats.live, blocks: stats.live_blocks(), peak: stats.peak }
}
