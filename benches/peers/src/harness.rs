//! What benches share: slices on one thread or on several at once, samples, quantiles.

use cpu_time::ThreadTime;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Turns of every contender, unless said otherwise.
pub const ROUNDS: usize = 101;

/// Slices of several threads count when all of them ran together for this share of the longest.
pub const TOGETHER: f64 = 0.8;

/// One slice of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    begin: Instant,
    end: Instant,
    /// CPU time of the thread: what other programs take away is not in it.
    pub cpu: Duration,
}

impl Slice {
    /// Time on the clock.
    pub fn wall(&self) -> Duration {
        self.end - self.begin
    }

    fn of(work: impl FnOnce()) -> Self {
        let (begin, cpu) = (Instant::now(), ThreadTime::now());
        work();
        Self { cpu: cpu.elapsed(), begin, end: Instant::now() }
    }
}

/// Runs every contender `rounds` times on each of `threads` threads, the contenders taking turns;
/// the threads live throughout and begin each slice together. `work(contender, thread)` is one
/// slice. Tells `sample(round, contender, slices, overlap)` of each, `overlap` being the time in
/// which all threads ran, as a share of the longest slice.
///
/// Round 0 warms up and is not told.
pub fn interleave(
    threads: usize,
    contenders: usize,
    rounds: usize,
    work: impl Fn(usize, usize) + Sync,
    mut sample: impl FnMut(usize, usize, &[Slice], f64),
) {
    let barrier = Barrier::new(threads + 1);
    let ready = AtomicUsize::new(0);
    let turns = || (0..=rounds).flat_map(|round| order(contenders, round).map(move |i| (round, i)));
    std::thread::scope(|scope| {
        let (results, slices) = std::sync::mpsc::channel();
        let mut workers = Vec::new();
        for thread in 0..threads {
            let (results, barrier, ready, work) = (results.clone(), &barrier, &ready, &work);
            workers.push(scope.spawn(move || {
                pin(thread);
                for (turn, (_, contender)) in turns().enumerate() {
                    barrier.wait();
                    // A barrier wakes sleepers one by one: spin until all are awake.
                    ready.fetch_add(1, SeqCst);
                    while ready.load(SeqCst) < (turn + 1) * threads {
                        std::hint::spin_loop();
                    }
                    let slice = Slice::of(|| work(contender, thread));
                    results.send((thread, slice)).expect("the receiver outlives the threads");
                }
            }));
        }
        for (round, contender) in turns() {
            barrier.wait();
            let mut told: Vec<_> = slices.iter().take(threads).collect();
            told.sort_by_key(|&(thread, _)| thread);
            let told: Vec<Slice> = told.into_iter().map(|(_, slice)| slice).collect();
            if round > 0 {
                sample(round, contender, &told, overlap(&told));
            }
        }
        // The scope waits for their work alone, and what a thread frees as it ends would be
        // counted in whatever is weighed next.
        for worker in workers {
            worker.join().expect("work that does not panic");
        }
    });
}

/// Keeps the calling thread on a core of its own where there is one: two threads that are woken
/// together tend to be put on the same core, and then take turns. Left alone where that is refused.
fn pin(thread: usize) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if let Some(&core) = cores.get(thread % cores.len().max(1)) {
        core_affinity::set_for_current(core);
    }
}

/// The contenders' order in a round: shuffled, so that nobody always follows the same neighbour,
/// and the same on all threads.
fn order(contenders: usize, round: usize) -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..contenders).collect();
    let mut state = round as u64;
    for last in (1..contenders).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(last, (state >> 33) as usize % (last + 1));
    }
    order.into_iter()
}

fn overlap(slices: &[Slice]) -> f64 {
    let begin = slices.iter().map(|slice| slice.begin).max();
    let end = slices.iter().map(|slice| slice.end).min();
    let longest = slices.iter().map(Slice::wall).max();
    match (begin, end, longest) {
        (Some(begin), Some(end), Some(longest)) if !longest.is_zero() => {
            end.saturating_duration_since(begin).as_secs_f64() / longest.as_secs_f64()
        }
        _ => 0.0,
    }
}

/// The `q`-quantile of `values`, NaN of none. Sorts them.
pub fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len => values[((len - 1) as f64 * q).round() as usize],
    }
}
