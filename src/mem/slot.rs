//! One thread's figures and how they reach the program's: pure logic, no thread locals.
//!
//! A [`Slot`] has a single writer, the thread that claimed it, so its figures change by a plain
//! load and a plain store. What it adds to the program's live bytes is published to the [`Ledger`]
//! when it has drifted by more than [`WINDOW`] since it last did:
//!
//! ```text
//!    ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─  published + WINDOW
//!              ╭──╮             high
//!    ──╮   ╭───╯  ╰──╮          published
//!      ╰───╯         ╰──        live
//!    ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─  published - WINDOW
//!
//! ledger.live = the sum of all `published`
//! ledger.peak = the maximum of all ledger.live + high - published, at publication
//! ```
//!
//! Rules, which the models at the end check under every interleaving:
//!
//! 1. Between `claim` and `retire` one thread alone writes a slot; `claim` acquires what `retire`
//!    released, so the next owner continues the figures of the last.
//! 2. `high` is the highest `live` since the last fold, `scope_high` the highest since the
//!    innermost scope began, without what is still in `high`. A fold moves `high` into both of its
//!    readers before the base it is paired with (`published`) changes.
//! 3. `ledger.live` is the sum of all `published` and of what was recorded to a shared slot.
//!
//! A slot also has a histogram of the sizes asked for, written by the same thread, if the allocator
//! keeps one. Nothing depends on its order with the other figures.
//!
//! Arithmetic wraps: a recording path must not panic.

use sync::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// The atomics, from one place, so that a model checker can put its own here.
mod sync {
    #[cfg(not(loom))]
    pub(super) use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
    #[cfg(loom)]
    pub(super) use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
}

use Ordering::{Acquire, Relaxed, Release};

/// The model checker's atomics have no `const` constructor.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(loom))]
        $(#[$meta])* $vis const fn $($rest)*
        #[cfg(loom)]
        $(#[$meta])* $vis fn $($rest)*
    };
}

/// Bytes by which a slot may drift from what it has published.
///
/// A program that grows by 1 GiB in small blocks then writes the shared figures 16,384 times; the
/// peak's error with several threads is this much for each.
pub(crate) const WINDOW: i64 = 64 << 10;

/// Buckets of a histogram of sizes: one for each power of two, up to all that a `usize` can say.
/// The model checker gets two, because it keeps a history of each atomic.
pub(crate) const BUCKETS: usize = if cfg!(loom) { 2 } else { 64 };

/// The bucket of a size: bucket `b` has those from `2^b` to below `2^(b + 1)`, the first 0 too.
#[inline]
const fn bucket_of(bytes: usize) -> usize {
    let bucket = (bytes | 1).ilog2() as usize;
    if bucket < BUCKETS { bucket } else { BUCKETS - 1 }
}

/// What happened to one block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A block of so many bytes was handed out.
    Alloc(usize),
    /// A block of so many bytes came back.
    Free(usize),
    /// A block changed its size.
    Realloc { old: usize, new: usize },
}

impl Event {
    /// By how much live bytes change. Sizes are at most `isize::MAX`, so the casts keep them.
    #[inline]
    const fn delta(self) -> i64 {
        match self {
            Self::Alloc(bytes) => bytes as i64,
            Self::Free(bytes) => -(bytes as i64),
            Self::Realloc { old, new } => new as i64 - old as i64,
        }
    }

    /// The size that was asked for, new or instead of another.
    #[inline]
    const fn request(self) -> Option<usize> {
        match self {
            Self::Alloc(bytes) | Self::Realloc { new: bytes, .. } => Some(bytes),
            Self::Free(_) => None,
        }
    }

    /// The size of the block that came or went.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Alloc(bytes) | Self::Free(bytes) | Self::Realloc { new: bytes, .. } => bytes,
        }
    }

    /// Bytes newly asked for: whole blocks, and the growth of resized ones.
    #[inline]
    const fn asked(self) -> u64 {
        match self {
            Self::Alloc(bytes) => bytes as u64,
            Self::Free(_) => 0,
            Self::Realloc { old, new } => new.saturating_sub(old) as u64,
        }
    }
}

/// Sums over slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) live: i64,
    pub(crate) total: u64,
    pub(crate) allocs: u64,
    pub(crate) frees: u64,
    pub(crate) reallocs: u64,
}

/// The figures of the whole program.
#[derive(Debug)]
pub(crate) struct Ledger {
    live: AtomicI64,
    peak: AtomicI64,
}

impl Ledger {
    const_unless_loom! {
        /// All zero.
        pub(crate) fn new() -> Self {
            Self { live: AtomicI64::new(0), peak: AtomicI64::new(0) }
        }
    }

    /// Bytes published as live.
    pub(crate) fn live(&self) -> i64 {
        self.live.load(Relaxed)
    }

    /// The most bytes known to have been live at once.
    pub(crate) fn peak(&self) -> i64 {
        self.peak.load(Relaxed)
    }

    /// Forgets the peak: it starts again from what is published as live.
    pub(crate) fn reset_peak(&self) {
        self.peak.store(self.live.load(Relaxed), Relaxed);
    }

    /// Live bytes change by `delta`, after they were higher by up to `above` than they are now.
    fn publish(&self, delta: i64, above: i64) {
        let before = self.live.fetch_add(delta, Relaxed);
        self.peak.fetch_max(before.wrapping_add(above), Relaxed);
    }
}

/// One thread's figures. Its owner places it on cache lines of its own.
#[derive(Debug)]
#[repr(C)] // What every event writes stays together, in front of the histogram.
pub(crate) struct Slot {
    /// Bytes allocated less bytes freed by the slot's threads; below 0 where they free what others
    /// allocated. Only the sum over all slots is a program's figure.
    live: AtomicI64,
    high: AtomicI64,
    scope_high: AtomicI64,
    published: AtomicI64,
    total: AtomicU64,
    allocs: AtomicU64,
    frees: AtomicU64,
    reallocs: AtomicU64,
    owned: AtomicBool,
    sizes: [AtomicU64; BUCKETS],
}

const_unless_loom! {
    /// An empty histogram.
    fn no_sizes() -> [AtomicU64; BUCKETS] {
        #[cfg(not(loom))]
        return [const { AtomicU64::new(0) }; BUCKETS];
        #[cfg(loom)]
        core::array::from_fn(|_| AtomicU64::new(0))
    }
}

/// Where a scope began: what [`Slot::leave`] needs to tell what happened since.
#[derive(Debug)]
pub(crate) struct Mark {
    entry: Sums,
    outer_high: i64,
}

impl Slot {
    const_unless_loom! {
        /// A slot that has an owner and no figures yet.
        pub(crate) fn claimed() -> Self {
            Self::with_published(0)
        }
    }

    const_unless_loom! {
        /// A slot that no event falls into the window of: [`try_record`](Self::try_record) always
        /// declines, so one test serves both "first event" and "time to publish".
        pub(crate) fn declining() -> Self {
            Self::with_published(i64::MAX / 2)
        }
    }

    const_unless_loom! {
        fn with_published(published: i64) -> Self {
            Self {
                live: AtomicI64::new(0),
                high: AtomicI64::new(0),
                scope_high: AtomicI64::new(0),
                published: AtomicI64::new(published),
                total: AtomicU64::new(0),
                allocs: AtomicU64::new(0),
                frees: AtomicU64::new(0),
                reallocs: AtomicU64::new(0),
                owned: AtomicBool::new(true),
                sizes: no_sizes(),
            }
        }
    }

    /// Takes over a slot that a finished thread left. `false`: it has an owner.
    pub(crate) fn claim(&self) -> bool {
        !self.owned.load(Relaxed)
            && self.owned.compare_exchange(false, true, Acquire, Relaxed).is_ok()
    }

    /// Publishes everything and leaves the slot to the next thread. The caller writes no more.
    pub(crate) fn retire(&self, ledger: &Ledger) {
        self.fold(ledger);
        self.owned.store(false, Release);
    }

    /// Records an event of the owning thread, unless it is time to publish: then nothing is changed
    /// and the answer is `false`.
    #[inline]
    pub(crate) fn try_record(&self, event: Event) -> bool {
        let live = self.live.load(Relaxed).wrapping_add(event.delta());
        let drift = live.wrapping_sub(self.published.load(Relaxed));
        if drift.wrapping_add(WINDOW) as u64 > 2 * WINDOW as u64 {
            return false;
        }
        self.apply(event, live);
        true
    }

    /// Records an event of the owning thread and publishes.
    pub(crate) fn record(&self, ledger: &Ledger, event: Event) {
        self.apply(event, self.live.load(Relaxed).wrapping_add(event.delta()));
        self.fold(ledger);
    }

    /// Records an event to a slot that many threads write.
    pub(crate) fn record_shared(&self, ledger: &Ledger, event: Event) {
        self.live.fetch_add(event.delta(), Relaxed);
        self.total.fetch_add(event.asked(), Relaxed);
        self.count(event).fetch_add(1, Relaxed);
        ledger.publish(event.delta(), event.delta());
    }

    /// Counts the size that an event of the owning thread asks for.
    #[inline]
    pub(crate) fn count_size(&self, event: Event) {
        if let Some(bytes) = event.request() {
            let count = &self.sizes[bucket_of(bytes)];
            count.store(count.load(Relaxed).wrapping_add(1), Relaxed);
        }
    }

    /// Counts the size that an event asks for, in a slot that many threads write.
    pub(crate) fn count_size_shared(&self, event: Event) {
        if let Some(bytes) = event.request() {
            self.sizes[bucket_of(bytes)].fetch_add(1, Relaxed);
        }
    }

    /// The histogram, as [`sums`](Self::sums).
    pub(crate) fn sizes(&self) -> impl Iterator<Item = u64> + '_ {
        self.sizes.iter().map(|count| count.load(Relaxed))
    }

    /// The counter for events of this kind.
    #[inline]
    fn count(&self, event: Event) -> &AtomicU64 {
        match event {
            Event::Alloc(_) => &self.allocs,
            Event::Free(_) => &self.frees,
            Event::Realloc { .. } => &self.reallocs,
        }
    }

    #[inline]
    fn apply(&self, event: Event, live: i64) {
        self.live.store(live, Relaxed);
        if !matches!(event, Event::Free(_)) {
            self.total.store(self.total.load(Relaxed).wrapping_add(event.asked()), Relaxed);
            if live > self.high.load(Relaxed) {
                self.high.store(live, Relaxed);
            }
        }
        let count = self.count(event);
        count.store(count.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Publishes live bytes and the highest they have been since the last fold, to the program's
    /// peak and to the running scope's (rule 2).
    pub(crate) fn fold(&self, ledger: &Ledger) {
        let (live, high) = (self.live.load(Relaxed), self.high.load(Relaxed));
        let published = self.published.load(Relaxed);
        ledger.publish(live.wrapping_sub(published), high.wrapping_sub(published));
        if high > self.scope_high.load(Relaxed) {
            self.scope_high.store(high, Relaxed);
        }
        self.high.store(live, Relaxed);
        self.published.store(live, Relaxed);
    }

    /// Begins a scope of the owning thread.
    pub(crate) fn enter(&self, ledger: &Ledger) -> Mark {
        self.fold(ledger);
        let mark = Mark { entry: self.sums(), outer_high: self.scope_high.load(Relaxed) };
        self.scope_high.store(mark.entry.live, Relaxed);
        mark
    }

    /// Ends the innermost scope: what happened since [`enter`](Self::enter), and by how many bytes
    /// live bytes were above those at entry at most.
    pub(crate) fn leave(&self, ledger: &Ledger, mark: &Mark) -> (Sums, u64) {
        self.fold(ledger);
        let (now, entry) = (self.sums(), mark.entry);
        let high = self.scope_high.load(Relaxed);
        self.scope_high.store(high.max(mark.outer_high), Relaxed);
        let since = Sums {
            live: now.live.wrapping_sub(entry.live),
            total: now.total.wrapping_sub(entry.total),
            allocs: now.allocs.wrapping_sub(entry.allocs),
            frees: now.frees.wrapping_sub(entry.frees),
            reallocs: now.reallocs.wrapping_sub(entry.reallocs),
        };
        (since, high.saturating_sub(entry.live).max(0) as u64)
    }

    /// The slot's figures: exact on the owning thread, a moment's view on any other.
    pub(crate) fn sums(&self) -> Sums {
        Sums {
            live: self.live.load(Relaxed),
            total: self.total.load(Relaxed),
            allocs: self.allocs.load(Relaxed),
            frees: self.frees.load(Relaxed),
            reallocs: self.reallocs.load(Relaxed),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// What an allocator does with an event.
    fn feed(slot: &Slot, ledger: &Ledger, event: Event) {
        if !slot.try_record(event) {
            slot.record(ledger, event);
        }
    }

    #[test]
    fn peak_of_one_thread_is_exact() {
        let (slot, ledger) = (Slot::claimed(), Ledger::new());
        let (mut live, mut peak, mut state) = (0_i64, 0, 1_u64);
        let mut blocks = Vec::new();
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let bytes = (state >> 33) as usize % (if state >> 60 == 0 { 200_000 } else { 900 });
            if state >> 63 == 0 || blocks.is_empty() {
                feed(&slot, &ledger, Event::Alloc(bytes));
                blocks.push(bytes);
                live += bytes as i64;
            } else {
                let old = blocks.swap_remove(state as usize % blocks.len());
                feed(&slot, &ledger, Event::Free(old));
                live -= old as i64;
            }
            peak = peak.max(live);
            assert_eq!(slot.sums().live, live);
        }
        slot.fold(&ledger);
        assert_eq!((ledger.peak(), ledger.live.load(Relaxed)), (peak, live));
    }

    #[test]
    fn declining_slot_records_nothing() {
        let slot = Slot::declining();
        for event in [Event::Alloc(0), Event::Free(1), Event::Alloc(isize::MAX as usize)] {
            assert!(!slot.try_record(event));
        }
        assert_eq!(slot.sums(), Sums::default());
        assert!(!slot.claim());
    }

    #[test]
    fn realloc_counts_growth_once() {
        let (slot, ledger) = (Slot::claimed(), Ledger::new());
        feed(&slot, &ledger, Event::Alloc(100));
        feed(&slot, &ledger, Event::Realloc { old: 100, new: 250 });
        feed(&slot, &ledger, Event::Realloc { old: 250, new: 30 });
        slot.fold(&ledger);
        let expected = Sums { live: 30, total: 250, allocs: 1, frees: 0, reallocs: 2 };
        assert_eq!((slot.sums(), ledger.peak()), (expected, 250));
    }

    #[test]
    fn sizes_fall_into_powers_of_two() {
        for (bytes, bucket) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1023, 9), (1024, 10)] {
            assert_eq!(bucket_of(bytes), bucket, "{bytes}");
        }
        assert_eq!(bucket_of(usize::MAX), usize::BITS as usize - 1);
        let slot = Slot::claimed();
        for event in [Event::Alloc(8), Event::Free(8), Event::Realloc { old: 8, new: 15 }] {
            slot.count_size(event);
        }
        slot.count_size_shared(Event::Alloc(70));
        slot.count_size_shared(Event::Free(70));
        let counts: Vec<u64> = slot.sizes().collect();
        assert_eq!((counts[3], counts[6], counts.iter().sum::<u64>()), (2, 1, 3));
    }

    #[test]
    fn scopes_nest_and_keep_the_outer_peak() {
        let (slot, ledger) = (Slot::claimed(), Ledger::new());
        feed(&slot, &ledger, Event::Alloc(1_000));
        let outer = slot.enter(&ledger);
        feed(&slot, &ledger, Event::Alloc(500));
        feed(&slot, &ledger, Event::Free(500));
        let inner = slot.enter(&ledger);
        feed(&slot, &ledger, Event::Alloc(200_000));
        feed(&slot, &ledger, Event::Free(200_000));
        feed(&slot, &ledger, Event::Alloc(7));
        let (since, peak) = slot.leave(&ledger, &inner);
        assert_eq!((since.live, since.allocs, since.frees, peak), (7, 2, 1, 200_000));
        let quiet = slot.enter(&ledger);
        feed(&slot, &ledger, Event::Free(7));
        assert_eq!(slot.leave(&ledger, &quiet).1, 0);
        let (since, peak) = slot.leave(&ledger, &outer);
        assert_eq!((since.live, since.total, peak), (0, 200_507, 200_000));
        assert_eq!(ledger.peak(), 201_000);
    }

    #[test]
    fn reset_peak_starts_from_live() {
        let (slot, ledger) = (Slot::claimed(), Ledger::new());
        feed(&slot, &ledger, Event::Alloc(90_000));
        feed(&slot, &ledger, Event::Free(80_000));
        slot.fold(&ledger);
        ledger.reset_peak();
        assert_eq!(ledger.peak(), 10_000);
        feed(&slot, &ledger, Event::Alloc(5));
        slot.fold(&ledger);
        assert_eq!(ledger.peak(), 10_005);
    }
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --lib --features track models`.
#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    const BIG: usize = WINDOW as usize + 1;

    fn feed(slot: &Slot, ledger: &Ledger, event: Event) {
        if !slot.try_record(event) {
            slot.record(ledger, event);
        }
        slot.count_size(event);
    }

    /// Sizes counted in all.
    fn sizes(slot: &Slot) -> u64 {
        slot.sizes().sum()
    }

    /// One thread frees what the other allocated: the sum is right, and so is the peak's bound.
    #[test]
    fn published_live_is_the_sum() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let slots = [Arc::new(Slot::claimed()), Arc::new(Slot::claimed())];
            let (theirs, book) = (slots[1].clone(), ledger.clone());
            let other = thread::spawn(move || {
                feed(&theirs, &book, Event::Alloc(BIG));
                theirs.retire(&book);
            });
            feed(&slots[0], &ledger, Event::Alloc(BIG));
            feed(&slots[0], &ledger, Event::Free(BIG));
            slots[0].retire(&ledger);
            other.join().unwrap();
            assert_eq!(slots.iter().map(|slot| sizes(slot)).sum::<u64>(), 2);
            let live: i64 = slots.iter().map(|slot| slot.sums().live).sum();
            assert_eq!((live, ledger.live.load(Relaxed)), (BIG as i64, BIG as i64));
            let peak = ledger.peak();
            assert!(peak >= BIG as i64 && peak <= 2 * BIG as i64, "{peak}");
        });
    }

    /// A slot goes from a finished thread to the next without losing an event.
    #[test]
    fn handed_over_slot_keeps_its_figures() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let slot = Arc::new(Slot::claimed());
            let (theirs, book) = (slot.clone(), ledger.clone());
            let other = thread::spawn(move || {
                feed(&theirs, &book, Event::Alloc(10));
                theirs.retire(&book);
            });
            let taken = slot.claim();
            if taken {
                feed(&slot, &ledger, Event::Alloc(3));
                slot.retire(&ledger);
            }
            other.join().unwrap();
            let expected = if taken { 13 } else { 10 };
            assert_eq!((slot.sums().live, ledger.live.load(Relaxed)), (expected, expected));
            assert_eq!((ledger.peak(), sizes(&slot)), (expected, 1 + u64::from(taken)));
        });
    }

    /// Two threads past their destructors, in one shared slot.
    #[test]
    fn shared_slot_loses_nothing() {
        loom::model(|| {
            let ledger = Arc::new(Ledger::new());
            let slot = Arc::new(Slot::declining());
            let (theirs, book) = (slot.clone(), ledger.clone());
            let record = |slot: &Slot, ledger: &Ledger, event| {
                slot.record_shared(ledger, event);
                slot.count_size_shared(event);
            };
            let other = thread::spawn(move || record(&theirs, &book, Event::Alloc(5)));
            record(&slot, &ledger, Event::Alloc(2));
            other.join().unwrap();
            assert_eq!(sizes(&slot), 2);
            assert_eq!((slot.sums().live, ledger.live.load(Relaxed), ledger.peak()), (7, 7, 7));
        });
    }
}
