//! Bytes of std's containers and ours, from the allocator:
//! `cargo run --release --example bytes --features track`.
//!
//! Prints the table of the README. Keys are numbers below 2^20, and words like `item 12345`.

use lessram::arrays::{PackedInts, StrArray};
use lessram::mem::{TrackingAlloc, alloc_stats};
use std::collections::HashSet;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// Live bytes of what `build` returns, and the most that were live while it worked.
fn cost<T>(build: impl FnOnce() -> T) -> (i64, i64) {
    let before = alloc_stats().live;
    lessram::mem::reset_peak();
    let built = build();
    let stats = alloc_stats();
    drop(built);
    (stats.live - before, stats.peak - before)
}

fn main() {
    println!("{:>9}  {:<16} {:>12} {:>12} {:>8}", "n", "container", "bytes", "peak", "B/item");
    for n in [10_u64, 1_000, 1_000_000] {
        let numbers = || (0..n).map(|i| i * 0x9E37_79B9 % (1 << 20));
        let words = || (0..n).map(|i| format!("item {i}"));
        let rows = [
            ("Vec<u64>", cost(|| numbers().collect::<Vec<u64>>())),
            ("Vec<u64>, pushed", cost(|| numbers().fold(Vec::new(), pushed))),
            ("PackedInts", cost(|| numbers().collect::<PackedInts>())),
            ("Vec<String>", cost(|| words().collect::<Vec<String>>())),
            ("HashSet<String>", cost(|| words().collect::<HashSet<String>>())),
            ("StrArray", cost(|| words().collect::<StrArray>())),
        ];
        for (name, (live, peak)) in rows {
            let each = live as f64 / n as f64;
            println!("{n:>9}  {name:<16} {live:>12} {peak:>12} {each:>8.1}");
        }
    }
}

/// As a program that does not know how many will come.
fn pushed(mut all: Vec<u64>, number: u64) -> Vec<u64> {
    all.push(number);
    all
}
