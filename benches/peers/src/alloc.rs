//! Cost of counting: ns per pair of `alloc` and `dealloc`, of counting allocators around `System`.
//!
//! No contender is the program's global allocator: each is called through its `GlobalAlloc`, so
//! that all run in one process. Two cases:
//!
//! - `pair64`: 64 bytes, given back at once: the allocator's fastest path, where counting shows
//!   most;
//! - `mixed`: 1,024 live blocks of 16 to 2,048 bytes, a random one replaced at a time.
//!
//! A sample is one slice of one thread: `case`, `threads` that ran it at once, `round`,
//! `contender`, `thread` (from 0), `pairs` done, `cpu_ns` of the thread, `wall_ns`, and `overlap`,
//! the share of the longest slice in which all threads ran. The table leaves out slices of several
//! threads that overlap by less than 0.8: they did not contend.

use crate::harness::{Slice, TOGETHER, interleave, quantile};
use cap::Cap;
use lessram::mem::TrackingAlloc;
use peak_alloc::PeakAlloc;
use stats_alloc::StatsAlloc;
use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::sync::OnceLock;
use tracking_allocator::Allocator;

static OURS: TrackingAlloc = TrackingAlloc::system();
static OURS_PAUSED: TrackingAlloc = TrackingAlloc::paused();
static OURS_EXACT: TrackingAlloc = TrackingAlloc::system().exact();
static STATS: StatsAlloc<System> = StatsAlloc::system();
static PEAK: PeakAlloc = PeakAlloc;
static CAP: Cap<System> = Cap::new(System, usize::MAX);
/// Its groups are not switched on, but each block gets its header.
static TRACKING: Allocator<System> = Allocator::system();
/// Takes a backtrace of each allocation.
static DHAT: dhat::Alloc = dhat::Alloc;
static OURS_HISTOGRAM: TrackingAlloc = TrackingAlloc::system().histogram();
static OURS_TIMELINE: TrackingAlloc = TrackingAlloc::system().histogram().timeline();

/// `System` by one more step: what a contender that does nothing seems to cost, that is, the noise
/// of where the compiler puts the code.
static CONTROL: Control = Control;

struct Control;

// SAFETY: the system's allocator.
unsafe impl GlobalAlloc for Control {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }
    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Pairs in one slice: about 2 ms of `System`.
const PAIRS: usize = 1 << 17;

/// Blocks alive in `mixed`.
const LIVE: usize = 1024;

/// A slice of a case on one thread.
type Work = fn(thread: usize);

struct Contender {
    name: &'static str,
    pair64: Work,
    mixed: Work,
}

/// Each contender gets its own copy of the two loops, with its calls inlined as in a program.
macro_rules! contender {
    ($name:literal, $alloc:expr) => {
        Contender {
            name: $name,
            pair64: |_| pair64(&$alloc),
            mixed: |thread| mixed(&$alloc, thread),
        }
    };
}

const CONTENDERS: [Contender; 12] = [
    contender!("system", System),
    contender!("control", CONTROL),
    contender!("lessram", OURS),
    contender!("lessram_paused", OURS_PAUSED),
    contender!("lessram_histogram", OURS_HISTOGRAM),
    contender!("lessram_timeline", OURS_TIMELINE),
    contender!("lessram_exact", OURS_EXACT),
    contender!("stats_alloc", STATS),
    contender!("peak_alloc", PEAK),
    contender!("cap", CAP),
    contender!("tracking_allocator", TRACKING),
    contender!("dhat", DHAT),
];

/// A block of `alloc`, its first byte written.
#[inline(always)]
fn take(alloc: &impl GlobalAlloc, layout: Layout) -> *mut u8 {
    // SAFETY: no case asks for 0 bytes.
    let block = black_box(unsafe { alloc.alloc(layout) });
    assert!(!block.is_null(), "out of memory");
    // SAFETY: the block holds at least one byte.
    unsafe { block.write(1) };
    block
}

fn pair64(alloc: &impl GlobalAlloc) {
    let layout = Layout::new::<[u64; 8]>();
    for _ in 0..PAIRS {
        let block = take(alloc, layout);
        // SAFETY: taken from this allocator with this layout by the line above.
        unsafe { alloc.dealloc(block, layout) };
    }
}

fn mixed(alloc: &impl GlobalAlloc, thread: usize) {
    let plan = plan(thread);
    let mut blocks = vec![(std::ptr::null_mut::<u8>(), Layout::new::<()>()); LIVE];
    let mut replace = |at: usize, layout: Layout| {
        let (block, old) = blocks[at];
        if !block.is_null() {
            // SAFETY: taken from this allocator with this layout, and replaced in the list.
            unsafe { alloc.dealloc(block, old) };
        }
        blocks[at] = (take(alloc, layout), layout);
    };
    for _ in 0..PAIRS / plan.len() {
        plan.iter().for_each(|&(at, layout)| replace(at, layout));
    }
    for (block, layout) in blocks.into_iter().filter(|(block, _)| !block.is_null()) {
        // SAFETY: taken from this allocator with this layout, and given back once.
        unsafe { alloc.dealloc(block, layout) };
    }
}

/// Which block of a thread's is replaced next, and by what: made once, so that the loops measure no
/// random numbers.
fn plan(thread: usize) -> &'static [(usize, Layout)] {
    static PLANS: [OnceLock<Vec<(usize, Layout)>>; 2] = [const { OnceLock::new() }; 2];
    PLANS[thread].get_or_init(|| {
        let mut state = 0x9e37_79b9_7f4a_7c15 ^ thread as u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state as u32 as usize * below) >> 32
        };
        let step = |_| {
            let layout = Layout::from_size_align(16 + 8 * random(255), 8).expect("a small block");
            (random(LIVE), layout)
        };
        (0..PAIRS / 8).map(step).collect()
    })
}

/// ns per pair of CPU time.
fn cost(slice: &Slice) -> f64 {
    slice.cpu.as_nanos() as f64 / PAIRS as f64
}

/// Runs all cases on one thread and on two at once.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    // Without a profiler its allocator only forwards.
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "case\tthreads\tround\tcontender\tthread\tpairs\tcpu_ns\twall_ns\toverlap")?;
    for (case, threads) in [("pair64", 1), ("pair64", 2), ("mixed", 1), ("mixed", 2)] {
        let mut samples: Vec<Sample> = Vec::new();
        let work = |contender: usize, thread: usize| match case {
            "pair64" => (CONTENDERS[contender].pair64)(thread),
            _ => (CONTENDERS[contender].mixed)(thread),
        };
        interleave(threads, CONTENDERS.len(), rounds, work, |round, contender, slices, overlap| {
            for (thread, &slice) in slices.iter().enumerate() {
                samples.push(Sample { round, contender, thread, slice, overlap });
            }
        });
        for sample in &samples {
            let Sample { round, contender, thread, slice, overlap } = sample;
            let name = CONTENDERS[*contender].name;
            let (cpu, wall) = (slice.cpu.as_nanos(), slice.wall().as_nanos());
            writeln!(
                out,
                "{case}\t{threads}\t{round}\t{name}\t{thread}\t{PAIRS}\t{cpu}\t{wall}\t{overlap:.3}"
            )?;
        }
        table(case, threads, rounds, &samples);
    }
    Ok(out.flush()?)
}

struct Sample {
    round: usize,
    contender: usize,
    thread: usize,
    slice: Slice,
    overlap: f64,
}

/// Medians, and what counting adds: the median over slices of the difference to `system`'s slice
/// of the same round and thread.
fn table(case: &str, threads: usize, rounds: usize, samples: &[Sample]) {
    let good = |sample: &&Sample| sample.overlap >= TOGETHER || threads == 1;
    let mut system = vec![f64::NAN; (rounds + 1) * threads];
    for sample in samples.iter().filter(good).filter(|sample| sample.contender == 0) {
        system[sample.round * threads + sample.thread] = cost(&sample.slice);
    }
    eprintln!("\n{case}, {threads} thread(s) at once, ns per alloc + free");
    eprintln!(
        "{:<20}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "contender", "p25", "median", "p75", "added", "slices"
    );
    for (contender, Contender { name, .. }) in CONTENDERS.iter().enumerate() {
        let own = || samples.iter().filter(good).filter(|sample| sample.contender == contender);
        let mut costs: Vec<f64> = own().map(|sample| cost(&sample.slice)).collect();
        let mut added: Vec<f64> = own()
            .map(|one| cost(&one.slice) - system[one.round * threads + one.thread])
            .filter(|difference| !difference.is_nan())
            .collect();
        let [low, median, high] = [0.25, 0.5, 0.75].map(|q| quantile(&mut costs, q));
        let added = quantile(&mut added, 0.5);
        let slices = costs.len();
        eprintln!("{name:<20}{low:>8.2}{median:>8.2}{high:>8.2}{added:>+8.2}{slices:>8}");
    }
}
