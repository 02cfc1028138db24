//! Counters and flags that processes share: no count is lost, whoever counts, and whoever dies.

use super::{Helper, TempFolder, argument, kills, ready};
use lessram::storage::SharedCounters;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::sleep;
use std::time::Duration;

/// Which counter is what: each in a cache line of its own.
const SUM: usize = 0;
const GO: usize = 8;
const MADE: usize = 16;
const PROGRESS: usize = 24;
const COUNTERS: usize = 32;

/// How far each child counts.
const EACH: u64 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// Not a test: opens the counters or makes them, waits for the flag, and counts.
#[test]
fn child_counts() {
    let Some(path) = argument() else { return };
    let made = SharedCounters::create(&path, COUNTERS);
    let is_mine = u64::from(made.is_ok());
    let counters = made.or_else(|_| SharedCounters::open(&path)).unwrap();
    counters[MADE].fetch_add(is_mine, Relaxed);
    ready();
    while counters[GO].load(Relaxed) == 0 {
        std::hint::spin_loop();
    }
    for _ in 0..EACH {
        counters[SUM].fetch_add(1, Relaxed);
    }
}

#[test]
fn four_processes_lose_no_count() {
    let folder = TempFolder::new("counters");
    let path = folder.0.join("counters");
    let start = |_| Helper::start("counters::child_counts", &path);
    let children: Vec<_> = (0..4).map(start).collect();
    let counters = SharedCounters::open(&path).unwrap();
    assert_eq!((counters.len(), counters[MADE].load(Relaxed)), (COUNTERS, 1));
    counters[GO].store(1, Relaxed);
    for mut child in children {
        assert!(child.0.wait().unwrap().success());
    }
    assert_eq!(counters[SUM].load(Relaxed), 4 * EACH);
    // The temporary files of those who made none are gone too.
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

/// Not a test: counts in two counters, the one after the other, until it is killed.
#[test]
fn child_counts_for_ever() {
    let Some(path) = argument() else { return };
    let counters = SharedCounters::open(path).unwrap();
    ready();
    loop {
        counters[SUM].fetch_add(1, Relaxed);
        counters[PROGRESS].fetch_add(1, Relaxed);
    }
}

#[test]
fn who_dies_while_counting_loses_one_count_at_most() {
    let folder = TempFolder::new("dying");
    let path = folder.0.join("counters");
    let counters = SharedCounters::create(&path, COUNTERS).unwrap();
    let (mut between, mut deaths) = (0, 0);
    for round in 0..kills().min(8) {
        let mut child = Helper::start("counters::child_counts_for_ever", &path);
        sleep(Duration::from_micros(round * 379 % 2_000));
        child.kill();
        deaths += 1;
        let [sum, progress] = [SUM, PROGRESS].map(|at| counters[at].load(Relaxed));
        assert!(sum - progress - between <= 1, "{sum} counted, {progress} of them twice");
        between = sum - progress;
    }
    assert!(between <= deaths && counters[SUM].load(Relaxed) > deaths);
}
