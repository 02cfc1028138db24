//! The report against a program whose every byte is known. One thread, no test harness: nothing
//! allocates but what a case allocates.

use lessram::mem::{
    AllocStats, Baseline, Footprint, Part, Parts, Report, Scope, TrackingAlloc, alloc_stats,
    reset_peak,
};
use std::cell::RefCell;
use std::hint::black_box;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::thread;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

fn main() {
    drop(black_box(Box::new(0))); // Newer runtimes allocate nothing: then nothing is counted yet.
    let runtime = Baseline::take();
    assert_eq!(Report::new().unattributed(), Some(runtime.live()));
    assert_eq!(Report::since(runtime).unattributed(), Some(0));
    let cases: [(&str, fn()); 11] = [
        ("registered is zero, a leak is itself", registered_is_zero_a_leak_is_itself),
        ("own heap is left out", own_heap_is_left_out),
        ("shared blocks count once", shared_blocks_count_once),
        ("components share rows", components_share_rows),
        ("live and peak", live_and_peak),
        ("calls are forwarded", calls_are_forwarded),
        ("scopes nest", scopes_nest),
        ("two threads", two_threads),
        ("peak of two threads", peak_of_two_threads),
        ("thread teardown", thread_teardown),
        ("printed and serialized", printed_and_serialized),
    ];
    for (name, case) in cases {
        println!("case {name}");
        case();
    }
}

/// A program's own type, with components.
struct Shop {
    names: Vec<String>,
    prices: Vec<u32>,
    log: Box<[u8]>,
}

impl Shop {
    fn open() -> Self {
        let names = ["flour", "salt", "cinnamon"].map(String::from).to_vec();
        let mut prices = Vec::with_capacity(10);
        prices.extend([120, 45, 310]);
        Self { names, prices, log: vec![7; 500].into() }
    }
}

impl Footprint for Shop {
    fn parts(&self, out: &mut dyn Parts) {
        out.enter("goods");
        self.names.parts(out);
        out.enter("prices");
        self.prices.parts(out);
        out.exit();
        out.exit();
        self.log.parts(out);
    }
}

fn registered_is_zero_a_leak_is_itself() {
    let start = Baseline::take();
    let numbers: Vec<u64> = (0..1000).collect();
    let text = String::from("where is my ram?");
    let boxed = Box::new([1_u16; 33]);
    let nested: Vec<Vec<String>> = vec![vec!["a".into(), "bc".into()], vec![], vec!["d".into()]];
    let shop = Shop::open();
    let report = || {
        Report::since(start)
            .add("numbers", &numbers)
            .add("text", &text)
            .add("boxed", &boxed)
            .add("nested", &nested)
            .add("shop", &shop)
    };
    assert_eq!(report().unattributed(), Some(0));
    for bytes in [1, 24, 1000, 1 << 20] {
        let forgotten = vec![0_u8; bytes];
        assert_eq!(report().unattributed(), Some(bytes as i64));
        drop(black_box(forgotten));
    }
    assert_eq!(report().unattributed(), Some(0));
    let total = report().total().heap_bytes();
    assert_eq!(total as i64, alloc_stats().live - start.live());
    // A structure left out is what is missing, one added twice is what is too much; the report kept
    // meanwhile is neither.
    let size = numbers.heap_bytes() as i64;
    let without = Report::since(start).add("text", &text).add("boxed", &boxed);
    let without = without.add("nested", &nested).add("shop", &shop);
    assert_eq!(without.unattributed(), Some(size));
    assert_eq!(report().add("again", &numbers).unattributed(), Some(-size));
    assert_eq!((without.unattributed(), without.rows().len()), (Some(size), 4));
}

/// A reference-counted array: its block is the value behind two counters.
struct Counted(Rc<[u8; 100]>);

impl Footprint for Counted {
    fn parts(&self, out: &mut dyn Parts) {
        let bytes = (2 * size_of::<usize>() + 100).next_multiple_of(size_of::<usize>());
        out.shared("counted", Rc::as_ptr(&self.0).cast(), bytes);
    }
}

fn own_heap_is_left_out() {
    let start = Baseline::take();
    let counted: Vec<Counted> = (0..5000).map(|_| Counted(Rc::new([0; 100]))).collect();
    let mut report = Report::since(start).add("counted", &counted);
    assert_eq!(report.unattributed(), Some(0));
    for shard in 0..100 {
        let name = format!("shard {shard}");
        report = report.add(name, &[0_u8; 4]);
    }
    assert_eq!((report.unattributed(), report.rows().len()), (Some(0), 101));
    assert_eq!(report.rows()[42].name(), "shard 41");
    drop(report);
    drop(counted);
    assert_eq!(alloc_stats().live, start.live());
}

fn shared_blocks_count_once() {
    let start = Baseline::take();
    let one = Rc::new([0; 100]);
    let first = [Counted(one.clone()), Counted(one.clone()), Counted(Rc::new([1; 100]))];
    let second = Counted(one);
    let report = Report::since(start).add("first", &first).add("second", &second);
    let bytes = (2 * size_of::<usize>() + 100).next_multiple_of(size_of::<usize>());
    let [first, second] = report.rows() else { panic!("two rows") };
    assert_eq!((first.totals().shared, first.totals().shared_blocks), (2 * bytes, 2));
    assert_eq!((second.totals().shared, second.totals().shared_blocks), (0, 0));
    assert_eq!(report.unattributed(), Some(0));
}

/// Enters a component per level, as a tree of nodes would.
struct Deep(usize);

impl Footprint for Deep {
    fn parts(&self, out: &mut dyn Parts) {
        out.enter("level");
        out.block(&[Part::payload("node", 1)]);
        if self.0 > 1 {
            Self(self.0 - 1).parts(out);
        }
        out.exit();
    }
}

fn components_share_rows() {
    let shops = [Shop::open(), Shop::open()];
    let report = Report::new().add("shops", &shops).add("deep", &Deep(1000));
    let [shops_row, deep] = report.rows() else { panic!("two rows") };
    let [goods] = shops_row.components() else { panic!("one component") };
    let [prices] = goods.components() else { panic!("one component") };
    assert_eq!((goods.name(), prices.name()), ("goods", "prices"));
    assert_eq!((prices.totals().payload, prices.totals().slack), (2 * 12, 2 * 28));
    assert_eq!(shops_row.totals().heap_bytes(), shops.heap_bytes());
    assert_eq!(shops_row.totals().blocks, shops.heap_blocks());
    assert_eq!(goods.totals().heap_bytes() + 2 * 500, shops.heap_bytes());
    assert_eq!((deep.totals().payload, deep.totals().blocks), (1000, 1000));
    let mut depth = 0;
    let mut row = deep;
    while let [inner] = row.components() {
        (row, depth) = (inner, depth + 1);
    }
    assert_eq!((depth, row.totals().payload), (8, 1000 - 7));
}

fn live_and_peak() {
    let before = alloc_stats();
    reset_peak();
    assert_eq!(alloc_stats().peak, before.live);
    let block = vec![1_u8; 10];
    let high = vec![1_u8; 3_000_000];
    drop(black_box(high));
    let now = alloc_stats();
    assert_eq!((now.live - before.live, now.peak - before.live), (10, 3_000_010));
    assert_eq!(now.live_blocks() - before.live_blocks(), 1);
    assert_eq!(Report::new().peak(), Some(now.peak));
    reset_peak();
    assert_eq!(alloc_stats().peak, now.live);
    drop(black_box(block));
    // Small steps, far below what is published.
    for _ in 0..100 {
        black_box(vec![1_u8; 100]);
    }
    assert_eq!(alloc_stats().peak, now.live - 10 + 100);
}

fn calls_are_forwarded() {
    let counts = |stats: AllocStats| (stats.allocs, stats.frees, stats.reallocs, stats.total);
    let before = counts(alloc_stats());
    let zeroed = black_box(vec![0_u64; 1 << 20]);
    let mut grown: Vec<u8> = Vec::with_capacity(10);
    grown.push(1);
    grown.reserve_exact(999);
    grown.shrink_to(20);
    let after = counts(alloc_stats());
    assert_eq!((after.0 - before.0, after.1 - before.1, after.2 - before.2), (2, 0, 2));
    assert_eq!(after.3 - before.3, (8 << 20) + 1000);
    drop((zeroed, grown));
}

fn scopes_nest() {
    let outer = Scope::enter("outer");
    let kept = vec![1_u8; 300];
    let inner = Scope::enter("inner");
    black_box(vec![1_u8; 200_000]);
    let inner = inner.finish();
    {
        let _dropped = Scope::enter("dropped");
        black_box(vec![1_u8; 9]);
    }
    assert_eq!((inner.name, inner.live_delta, inner.peak), ("inner", 0, 200_000));
    assert_eq!((inner.allocs, inner.frees, inner.total), (1, 1, 200_000));
    let quiet = Scope::enter("quiet");
    drop(black_box(kept));
    let quiet = quiet.finish();
    assert_eq!((quiet.live_delta, quiet.peak, quiet.frees), (-300, 0, 1));
    let outer = outer.finish();
    assert_eq!((outer.live_delta, outer.peak, outer.allocs), (0, 200_300, 3));
    let printed = "outer: +0 B live, peak 200300 B, 200309 B requested in 3 allocs, 0 reallocs, \
                   3 frees";
    assert_eq!(outer.to_string(), printed);
}

fn two_threads() {
    let run = || {
        let workers = [3, 4].map(|bytes| {
            thread::spawn(move || (0..2000).map(|_| vec![1_u8; bytes]).collect::<Vec<_>>())
        });
        workers.map(|worker| worker.join().unwrap())
    };
    drop(run()); // What the runtime allocates once for its first thread.
    let start = Baseline::take();
    let made = run();
    let report = Report::since(start).add("made", &made);
    assert_eq!(report.total().blocks, 4002);
    assert_eq!(report.unattributed(), Some(0));
    let scope = Scope::enter("this thread frees what others allocated");
    drop(made);
    let stats = scope.finish();
    assert_eq!((stats.allocs, stats.frees), (0, 4002));
    assert_eq!(stats.live_delta, -(report.total().heap_bytes() as i64));
    drop(report);
    assert_eq!(alloc_stats().live, start.live());
}

fn peak_of_two_threads() {
    reset_peak();
    let (before, meet) = (alloc_stats().live, Barrier::new(2));
    thread::scope(|threads| {
        let run = || {
            let blocks: Vec<_> = (0..5000).map(|_| Box::new([1_u8; 100])).collect();
            meet.wait();
            drop(black_box(blocks));
        };
        let workers = [(); 2].map(|()| threads.spawn(run));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    let peak = alloc_stats().peak - before;
    // What std allocates for a thread is in it too.
    let truth = 2 * 5000 * (100 + size_of::<usize>() as i64);
    assert!((truth - (64 << 10)..truth + (192 << 10) + 4096).contains(&peak), "{peak}");
}

/// Allocates while its thread is torn down, and leaks some of it.
struct Parting(RefCell<Vec<u8>>);

/// What was leaked, so that leak checkers know of it.
static LEAKED: [AtomicPtr<u8>; 3] = [const { AtomicPtr::new(null_mut()) }; 3];

impl Drop for Parting {
    fn drop(&mut self) {
        self.0.borrow_mut().extend([0; 5000]);
        let block = black_box(vec![1_u8; 1234]).leak().as_mut_ptr();
        let free = |place: &&AtomicPtr<u8>| place.load(Relaxed).is_null();
        LEAKED.iter().find(free).expect("three threads").store(block, Relaxed);
    }
}

thread_local! {
    static PARTING: Parting = const { Parting(RefCell::new(Vec::new())) };
}

fn thread_teardown() {
    let start = Baseline::take();
    for round in 1..=3 {
        thread::spawn(|| PARTING.with(|parting| parting.0.borrow_mut().push(1))).join().unwrap();
        assert_eq!(Report::since(start).unattributed(), Some(round * 1234));
    }
}

fn printed_and_serialized() {
    let start = Baseline::take();
    let shop = Shop::open();
    let forgotten = vec![0_u8; 1_000_000];
    let report = Report::since(start).add("corner shop", &shop);
    let table = report.to_string();
    let mut lines = table.lines();
    let title = "structure    payload  index  slack  header  requested  rounded  shared  mapped  \
                 resident  blocks";
    assert_eq!(lines.next(), Some(title));
    assert!(lines.next().unwrap().starts_with("corner shop"));
    assert!(lines.next().unwrap().starts_with("  goods"));
    let prices = "    prices        12      0     28       0         40       48       0       0  \
                  \x20      0       1  █████░░░░░░░░░░░";
    assert_eq!(lines.next(), Some(prices));
    assert!(lines.next().unwrap().starts_with("total"));
    assert!(table.contains("\n  unattributed     1,000,000\n"), "{table}");

    #[cfg(feature = "serde")]
    {
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["schema"], 1);
        assert_eq!(json["structures"][0]["name"], "corner shop");
        let prices = &json["structures"][0]["components"][0]["components"][0];
        assert_eq!((&prices["payload_bytes"], &prices["slack_bytes"]), (&12.into(), &28.into()));
        assert_eq!((&prices["rounded_bytes"], &prices["resident_bytes"]), (&48.into(), &0.into()));
        assert_eq!(json["total"]["requested_bytes"], shop.heap_bytes());
        assert_eq!(json["total"]["rounded_bytes"], report.total().rounded);
        assert!(
            json["program"]["size_histogram"].is_null() && json["program"]["timeline"].is_null()
        );
        assert_eq!(json["program"]["unattributed_bytes"], 1_000_000);
        assert_eq!(json["program"]["live_bytes"], report.live().unwrap());
    }
    drop(black_box(forgotten));
}
