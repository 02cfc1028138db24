//! Vectors that grow push by push, beside std's `Vec`: ns per push and per random read, slack, and
//! the peak of requested bytes over what is live at the end.

use crate::race::{Random, contender, race};
use lessram::arrays::{SegVec, SlimVec};
use lessram::mem::{Footprint, alloc_stats, reset_peak};
use std::error::Error;
use std::hint::black_box;

const N: usize = 10_000_000;
const READS: usize = 1_000_000;

/// A vector that grows.
trait Growing: Default {
    fn put(&mut self, item: u64);
    fn bytes(&self) -> usize;
}

impl Growing for Vec<u64> {
    fn put(&mut self, item: u64) {
        self.push(item);
    }

    fn bytes(&self) -> usize {
        self.heap_bytes()
    }
}

impl Growing for SlimVec<u64> {
    fn put(&mut self, item: u64) {
        self.push(item);
    }

    fn bytes(&self) -> usize {
        self.heap_bytes()
    }
}

impl Growing for SegVec<u64> {
    fn put(&mut self, item: u64) {
        self.push(item);
    }

    fn bytes(&self) -> usize {
        self.heap_bytes()
    }
}

/// Runs all.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    slack::<Vec<u64>>("vec");
    slack::<SlimVec<u64>>("slim_vec");
    slack::<SegVec<u64>>("seg_vec");
    pushes(N, rounds.min(31))?;
    pushes(1_000, rounds)?;
    reads(rounds.min(31))
}

/// Mean and worst share of bytes beside the items, at lengths from N/2 to N; and the peak.
fn slack<V: Growing>(name: &str) {
    let mut vec = V::default();
    let before = alloc_stats().live;
    reset_peak();
    let (mut sum, mut worst, mut lens) = (0.0, 0.0_f64, 0);
    for i in 0..N {
        vec.put(i as u64);
        if i >= N / 2 && i % 64 == 0 {
            let share = vec.bytes() as f64 / (8 * (i + 1)) as f64 - 1.0;
            (sum, worst, lens) = (sum + share, worst.max(share), lens + 1);
        }
    }
    let stats = alloc_stats();
    let peak = (stats.peak - before) as f64 / (stats.live - before) as f64;
    let (mean, worst) = (100.0 * sum / f64::from(lens), 100.0 * worst);
    eprintln!(
        "{name:<22} slack {mean:.3} % on average, {worst:.3} % at worst; peak/live {peak:.4}"
    );
}

fn fill<V: Growing>(n: usize) -> V {
    let mut vec = V::default();
    for i in 0..n {
        vec.put(i as u64);
    }
    vec
}

/// So many pushes in a slice, in vectors of `n`.
fn pushes(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    fn work<V: Growing>(n: usize) -> u64 {
        let vectors = (1_000_000 / n).max(1);
        (0..vectors).map(|_| black_box(fill::<V>(n)).bytes() as u64).sum::<u64>() / vectors as u64
    }
    let bytes = |of: fn(usize) -> u64| of(n);
    let contenders = [
        contender("slim_vec", bytes(work::<SlimVec<u64>>), || work::<SlimVec<u64>>(n)),
        contender("seg_vec", bytes(work::<SegVec<u64>>), || work::<SegVec<u64>>(n)),
        contender("vec", bytes(work::<Vec<u64>>), || work::<Vec<u64>>(n)),
    ];
    let operations = (1_000_000 / n).max(1) * n;
    race("growth", &format!("push, n {n}"), rounds, operations, false, &contenders)
}

fn reads(rounds: usize) -> Result<(), Box<dyn Error>> {
    let (slim, seg, vec) = (fill::<SlimVec<u64>>(N), fill::<SegVec<u64>>(N), fill::<Vec<u64>>(N));
    let mut random = Random(1);
    let at: Vec<u32> = (0..READS).map(|_| random.below(N) as u32).collect();
    fn sum(at: &[u32], get: impl Fn(usize) -> u64) -> u64 {
        at.iter().fold(0, |sum, at| sum.wrapping_add(get(*at as usize)))
    }
    let contenders = [
        contender("slim_vec", 0, || sum(&at, |i| slim[i])),
        contender("seg_vec", 0, || sum(&at, |i| seg[i])),
        contender("vec", 0, || sum(&at, |i| vec[i])),
    ];
    race("growth", "random read", rounds, READS, true, &contenders)?;
    let contenders = [
        contender("slim_vec", 0, || slim.iter().fold(0, |sum, x| sum ^ x)),
        contender("seg_vec", 0, || seg.iter().fold(0, |sum, x| sum ^ x)),
        contender("vec", 0, || vec.iter().fold(0, |sum, x| sum ^ x)),
    ];
    race("growth", "iterate", rounds, N, true, &contenders)
}
