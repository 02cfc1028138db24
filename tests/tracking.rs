//! What a tracking allocator keeps besides counts: the histogram of sizes, the course of live
//! bytes, and what of a program's memory no counter of requests sees. One thread and no test
//! harness, unless a case says so.

#![forbid(unsafe_code)] // `tracked_static!` must do in such crates

use lessram::arrays::PackedInts;
use lessram::mem::{
    AllocStats, Counter, Footprint, Part, Parts, Report, TrackingAlloc, alloc_stats, malloc_bytes,
    size_histogram, timeline,
};
use lessram::storage::HeapWords;
use lessram::tracked_static;
use std::hint::black_box;
use std::thread;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system().histogram().timeline();

fn main() {
    let cases: [(&str, fn()); 7] = [
        ("every request is in the histogram", every_request_is_in_the_histogram),
        ("buckets are powers of two", buckets_are_powers_of_two),
        ("histogram of threads", histogram_of_threads),
        ("timeline follows live bytes", timeline_follows_live_bytes),
        ("timeline stays bounded", timeline_stays_bounded),
        ("static counters", static_counters),
        ("rounding", rounding),
    ];
    for (name, case) in cases {
        println!("case {name}");
        case();
    }
    #[cfg(feature = "serde")]
    all_is_serialized();
}

/// Requests by all threads, from the first on.
fn requests(stats: AllocStats) -> u64 {
    stats.allocs + stats.reallocs
}

fn every_request_is_in_the_histogram() {
    assert!(requests(alloc_stats()) > 0, "the runtime has allocated something");
    assert_eq!(size_histogram().total(), requests(alloc_stats()));
    // Small ones, and ones that publish.
    let mut blocks: Vec<Vec<u8>> = (0..400).map(|i| vec![1; 1 + i * i]).collect();
    blocks.iter_mut().for_each(|block| block.reserve_exact(block.len()));
    blocks.iter_mut().for_each(Vec::shrink_to_fit);
    drop(black_box(blocks));
    assert_eq!(size_histogram().total(), requests(alloc_stats()));
}

fn buckets_are_powers_of_two() {
    let before = *size_histogram().counts();
    for bytes in [1, 2, 3, 63, 64, 65, 127, 128, 100_000, 131_072] {
        drop(black_box(Vec::<u8>::with_capacity(bytes)));
    }
    let after = *size_histogram().counts();
    let added = |bucket: usize| after[bucket] - before[bucket];
    assert_eq!([0, 1, 5, 6, 7, 16, 17].map(added), [1, 2, 1, 3, 1, 1, 1]);
}

fn histogram_of_threads() {
    let before = size_histogram();
    let work = || (0..1000).for_each(|_| drop(black_box(vec![1_u8; 5000])));
    let workers = [(); 3].map(|()| thread::spawn(work));
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let after = size_histogram();
    assert_eq!(after.counts()[12] - before.counts()[12], 3000);
    assert_eq!(after.total(), requests(alloc_stats()));
}

fn timeline_follows_live_bytes() {
    let start = alloc_stats().live;
    let parts: Vec<Vec<u8>> = (0..10).map(|_| vec![1; 100_000]).collect();
    let top = timeline().last().unwrap().live;
    assert!((1_000_000..1_070_000).contains(&(top - start)), "{top} of {start}");
    drop(black_box(parts));
    let points = timeline();
    let bottom = points[points.len() - 1].live;
    assert!((bottom - start).abs() < 140_000, "{bottom} of {start}");
    assert!(points.is_sorted_by_key(|point| point.elapsed_us));
    assert_eq!(points[0].elapsed_us, 0);
}

fn timeline_stays_bounded() {
    let before = alloc_stats().allocs;
    for _ in 0..20_000 {
        drop(black_box(Vec::<u8>::with_capacity(100_000)));
    }
    assert_eq!(alloc_stats().allocs - before, 20_000, "taking a point allocates nothing");
    let points = timeline();
    assert!((2048..=4096).contains(&points.len()), "{}", points.len());
}

tracked_static! {
    /// What columns own.
    pub(crate) Columns
}
tracked_static!(Others);

fn static_counters() {
    type Column = PackedInts<HeapWords<Columns>>;
    assert_eq!((size_of::<Columns>(), size_of::<Column>()), (0, size_of::<PackedInts>()));
    let mut columns: Vec<Column> = (0..20).map(|_| PackedInts::new_in(Columns)).collect();
    for (n, column) in columns.iter_mut().enumerate() {
        (0..100 * n as u64).for_each(|i| column.push(i));
    }
    let counter: &'static Counter = Columns::counter();
    let owned: usize = columns.iter().map(|column| column.heap_bytes()).sum();
    assert_eq!((counter.live(), counter.blocks()), (owned, 19));
    columns.iter_mut().for_each(|column| column.shrink_to_fit());
    let owned: usize = columns.iter().map(|column| column.heap_bytes()).sum();
    assert_eq!((counter.live(), Others::counter().live()), (owned, 0));
    drop(columns);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

/// Tells of blocks of these sizes.
struct Blocks(&'static [usize]);

impl Footprint for Blocks {
    fn parts(&self, out: &mut dyn Parts) {
        self.0.iter().for_each(|bytes| out.block(&[Part::payload("block", *bytes)]));
    }
}

fn rounding() {
    let report = Report::new().add("blocks", &Blocks(&[1, 100, 5000, 200_000]));
    let sum = [1, 100, 5000, 200_000].map(malloc_bytes).iter().sum::<usize>();
    assert_eq!((report.total().rounded, report.rows()[0].totals().rounded), (sum, sum));
    assert!(sum > report.total().heap_bytes());
    #[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
    assert_eq!([24, 25, 131_048, 131_056].map(malloc_bytes), [32, 48, 131_056, 135_168]);
}

#[cfg(feature = "serde")]
fn all_is_serialized() {
    println!("case all is serialized");
    let json = serde_json::to_value(Report::new()).unwrap();
    let program = &json["program"];
    let points = program["timeline"].as_array().unwrap();
    assert!(points.len() > 100 && points[0]["elapsed_us"] == 0 && points[0]["live_bytes"].is_i64());
    let buckets = program["size_histogram"].as_array().unwrap();
    let sum: u64 = buckets.iter().map(|bucket| bucket["requests"].as_u64().unwrap()).sum();
    assert!(sum > 20_000 && buckets.iter().all(|bucket| bucket["from_bytes"].is_u64()));
}
