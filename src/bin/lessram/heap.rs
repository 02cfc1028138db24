//! The allocator of the command: counts on demand, so that a child that measures time pays nothing.

use lessram::mem::{TrackingAlloc, alloc_stats, reset_peak, size_histogram, timeline};
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::paused().histogram().timeline();

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

/// Live bytes at a moment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Moment {
    pub(crate) elapsed_us: u64,
    pub(crate) live_bytes: u64,
}

/// Blocks that were asked for, of so many bytes up to twice as many.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Requests {
    pub(crate) from_bytes: u64,
    pub(crate) requests: u64,
}

/// Moments that are told at most.
const MOMENTS: usize = 64;

/// How live bytes went from `before` to `after`, both of them looks since [`start`], less those
/// before: of many moments, the highest of each stretch. Taken whenever 64 KiB have come or gone.
pub(crate) fn course(before: Heap, after: Heap) -> Vec<Moment> {
    let mut points = timeline();
    let end = points.last().map_or(0, |point| point.elapsed_us);
    // What was published last was within 64 KiB of what is live: more is the list of points itself.
    points.retain(|point| point.live <= after.peak);
    if points.last().is_some_and(|last| last.live >= after.live + (64 << 10)) {
        points.pop();
    }
    let stretch = points.len().div_ceil(MOMENTS - 1).max(1);
    let highest = points.chunks(stretch).filter_map(|some| some.iter().max_by_key(|it| it.live));
    let live_bytes = |live: i64| (live - before.live).max(0) as u64;
    let moment = |point: &lessram::mem::TimePoint| Moment {
        elapsed_us: point.elapsed_us,
        live_bytes: live_bytes(point.live),
    };
    let last = Moment { elapsed_us: end, live_bytes: live_bytes(after.live) };
    highest.map(moment).chain([last]).collect()
}

/// The sizes asked for since [`start`].
pub(crate) fn requests() -> Vec<Requests> {
    let sizes = size_histogram();
    let named = |(from_bytes, requests)| Requests { from_bytes, requests };
    sizes.buckets().map(named).collect()
}
