//! The course of live bytes over time, in fixed memory: points are taken where a thread publishes,
//! and every second one goes when the memory is full.
//!
//! Nothing here allocates, waits or panics, for it runs inside the allocator: a thread that finds
//! another one at work leaves its point out, since both are of the same moment.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize};
use std::time::{SystemTime, UNIX_EPOCH};
use std::vec::Vec;

/// Points that are kept at most.
const POINTS: usize = 4096;

/// Live bytes at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TimePoint {
    /// Microseconds since the first point. From the system's clock: where that is set back, time
    /// stands still here.
    pub elapsed_us: u64,
    /// Bytes that all threads had published as live.
    #[cfg_attr(feature = "serde", serde(rename = "live_bytes"))]
    pub live: i64,
}

/// A place for a point. All zero at first, so that the places cost no memory until they are used.
struct Place {
    elapsed_us: AtomicU64,
    live: AtomicI64,
}

pub(super) struct Timeline<const N: usize = POINTS> {
    /// Whether a thread is at work below: it alone writes, and reads what the last one wrote.
    busy: AtomicBool,
    /// Points offered so far.
    offered: AtomicU64,
    /// Every `2^thin`-th point offered is kept.
    thin: AtomicU32,
    len: AtomicUsize,
    /// Of the first point, since the epoch.
    start_us: AtomicU64,
    last_us: AtomicU64,
    places: [Place; N],
}

/// The program's.
pub(super) static TIMELINE: Timeline = Timeline::new();

/// The system's clock, in microseconds. Not `Instant`: its first value could only be kept behind a
/// lock that may allocate on some systems.
fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

impl<const N: usize> Timeline<N> {
    const fn new() -> Self {
        const { assert!(N >= 2 && N % 2 == 0) };
        Self {
            busy: AtomicBool::new(false),
            offered: AtomicU64::new(0),
            thin: AtomicU32::new(0),
            len: AtomicUsize::new(0),
            start_us: AtomicU64::new(0),
            last_us: AtomicU64::new(0),
            places: [const { Place { elapsed_us: AtomicU64::new(0), live: AtomicI64::new(0) } }; N],
        }
    }

    /// Offers a point: `live` bytes, now.
    pub(super) fn note(&self, live: i64) {
        if !self.busy.swap(true, Acquire) {
            self.take(live, now_us);
            self.busy.store(false, Release);
        }
    }

    fn take(&self, live: i64, now_us: impl FnOnce() -> u64) {
        let offered = self.offered.load(Relaxed);
        self.offered.store(offered.wrapping_add(1), Relaxed);
        if offered.trailing_zeros() < self.thin.load(Relaxed) {
            return;
        }
        let mut len = self.len.load(Relaxed);
        if len == N {
            self.halve();
            len = N / 2;
        }
        let now = now_us().max(self.last_us.load(Relaxed));
        self.last_us.store(now, Relaxed);
        if offered == 0 {
            self.start_us.store(now, Relaxed);
        }
        let place = &self.places[len % N];
        place.elapsed_us.store(now.wrapping_sub(self.start_us.load(Relaxed)), Relaxed);
        place.live.store(live, Relaxed);
        self.len.store(len + 1, Relaxed);
    }

    /// Drops every second point, and from now on offers. Point `k` was the `k * 2^thin`-th offered,
    /// so the even ones are those that the new rate would have kept.
    fn halve(&self) {
        for (place, from) in self.places.iter().zip(self.places.iter().step_by(2)) {
            place.elapsed_us.store(from.elapsed_us.load(Relaxed), Relaxed);
            place.live.store(from.live.load(Relaxed), Relaxed);
        }
        self.thin.store(self.thin.load(Relaxed).wrapping_add(1), Relaxed);
    }

    fn points(&self) -> Vec<TimePoint> {
        // Before the wait, so that nothing is allocated while threads leave out their points.
        let mut points = Vec::with_capacity(N);
        while self.busy.swap(true, Acquire) {
            std::thread::yield_now();
        }
        points.extend(self.places[..self.len.load(Relaxed).min(N)].iter().map(|place| TimePoint {
            elapsed_us: place.elapsed_us.load(Relaxed),
            live: place.live.load(Relaxed),
        }));
        self.busy.store(false, Release);
        points
    }
}

/// The course of the program's live bytes, if its [`TrackingAlloc`](super::TrackingAlloc) keeps a
/// [`timeline`](super::TrackingAlloc::timeline); else empty.
///
/// At most 4,096 points over the whole life of the program, oldest first. A point is taken each
/// time a thread's live bytes have changed by 64 KiB, and each second, fourth .. time as the points
/// become too many. A peak between two points is not seen here:
/// [`AllocStats::peak`](super::AllocStats) has it exactly.
///
/// Allocates 64 KiB for the answer. Points that other threads would take meanwhile are left out.
///
/// ```
/// use lessram::mem::{TrackingAlloc, timeline};
///
/// #[global_allocator]
/// static ALLOC: TrackingAlloc = TrackingAlloc::system().timeline();
///
/// fn main() {
///     let parts: Vec<Vec<u8>> = (0..20).map(|_| vec![1; 100_000]).collect();
///     let points = timeline();
///     assert!(points.len() >= 20 && points.iter().any(|point| point.live >= 2_000_000));
///     # drop(parts);
/// }
/// ```
#[must_use]
pub fn timeline() -> Vec<TimePoint> {
    TIMELINE.points()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers points `from..to`, each with its number as live bytes and ten times that as the time.
    fn offer<const N: usize>(timeline: &Timeline<N>, range: core::ops::Range<i64>) {
        range.for_each(|i| timeline.take(i, || 1000 + 10 * i as u64));
    }

    #[test]
    fn halves_its_rate_and_stays_even() {
        let timeline = Timeline::<8>::new();
        offer(&timeline, 0..8);
        assert_eq!(timeline.points().len(), 8);
        for end in [9, 30, 100, 5000] {
            offer(&timeline, timeline.offered.load(Relaxed) as i64..end);
            let points = timeline.points();
            let step = 1 << timeline.thin.load(Relaxed);
            assert!(points.len() > 4 && points.len() <= 8, "{end}: {}", points.len());
            for (k, point) in points.iter().enumerate() {
                let live = k as i64 * step;
                assert_eq!(*point, TimePoint { elapsed_us: 10 * live as u64, live });
            }
            assert!(end - points[points.len() - 1].live <= step);
        }
    }

    #[test]
    fn time_stands_still_when_the_clock_is_set_back() {
        let timeline = Timeline::<4>::new();
        for now in [500, 700, 300, 800] {
            timeline.take(1, || now);
        }
        let elapsed: Vec<u64> = timeline.points().iter().map(|point| point.elapsed_us).collect();
        assert_eq!(elapsed, [0, 200, 200, 300]);
    }

    #[test]
    fn threads_take_turns_or_leave_points_out() {
        let timeline = Timeline::<64>::new();
        std::thread::scope(|threads| {
            for thread in 0..3 {
                let timeline = &timeline;
                threads.spawn(move || (0..2000).for_each(|_| timeline.note(thread)));
            }
            (0..50).for_each(|_| assert!(timeline.points().len() <= 64));
        });
        let (offered, points) = (timeline.offered.load(Relaxed), timeline.points());
        assert!((1..=6000).contains(&offered) && !points.is_empty());
        assert!(points.is_sorted_by_key(|point| point.elapsed_us));
        assert!(points.iter().all(|point| (0..3).contains(&point.live)));
    }
}
