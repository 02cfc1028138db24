//! A race: contenders do the same work in turns; raw samples as TSV, medians as a table.

use crate::harness::{interleave, quantile};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a contender does in one slice; the sum of its results is returned and compared.
pub type Work<'a> = Box<dyn Fn() -> u64 + Sync + 'a>;

/// One contender of a race.
pub struct Contender<'a> {
    pub name: &'static str,
    /// Heap bytes of its structure, from the allocator; 0 where they do not matter.
    pub bytes: u64,
    pub work: Work<'a>,
}

/// Makes a contender.
pub fn contender<'a>(
    name: &'static str,
    bytes: u64,
    work: impl Fn() -> u64 + Sync + 'a,
) -> Contender<'a> {
    Contender { name, bytes, work: Box::new(work) }
}

/// Slices that a contender's queries are asked in.
pub const SLICES: usize = 10;

/// The queries of a contender, in each turn another slice of them: what a processor learns of the
/// branches that a few queries take, it must not tell in the next turn.
pub struct Turns<'a, T> {
    queries: &'a [T],
    turn: AtomicUsize,
}

impl<'a, T> Turns<'a, T> {
    pub const fn of(queries: &'a [T]) -> Self {
        Self { queries, turn: AtomicUsize::new(0) }
    }

    pub fn next(&self) -> &'a [T] {
        let (turn, len) = (self.turn.fetch_add(1, Relaxed), self.queries.len() / SLICES);
        &self.queries[turn % SLICES * len..][..len]
    }
}

/// Heap bytes of what `build` returns, from the allocator, and what it returns.
pub fn weigh<T>(build: impl FnOnce() -> T) -> (u64, T) {
    // The threads of the race before free their last bytes after they were joined.
    std::thread::sleep(std::time::Duration::from_millis(2));
    let before = lessram::mem::alloc_stats().live;
    let built = build();
    ((lessram::mem::alloc_stats().live - before).max(0) as u64, built)
}

/// The first line of the TSV of all races.
pub fn head() {
    println!("bench\tcase\tround\tcontender\toperations\tcpu_ns\theap_bytes");
}

/// Runs the contenders in turns, `operations` in a slice. The first is the one that others are
/// compared to. With `agree`, all must return the same sum.
///
/// # Errors
///
/// If standard output refuses, or contenders disagree.
pub fn race(
    bench: &str,
    case: &str,
    rounds: usize,
    operations: usize,
    agree: bool,
    contenders: &[Contender<'_>],
) -> Result<(), Box<dyn Error>> {
    let sums: Vec<u64> = contenders.iter().map(|contender| (contender.work)()).collect();
    if agree && sums.iter().any(|sum| *sum != sums[0]) {
        return Err(format!("{bench}, {case}: contenders disagree: {sums:?}").into());
    }
    let mut samples = vec![Vec::new(); contenders.len()];
    let mut out = BufWriter::new(std::io::stdout().lock());
    let work = |contender: usize, _: usize| {
        black_box((contenders[contender].work)());
    };
    let mut failed = None;
    interleave(1, contenders.len(), rounds, work, |round, who, slices, _| {
        let Contender { name, bytes, .. } = &contenders[who];
        let ns = slices[0].cpu.as_nanos();
        samples[who].push(ns as f64 / operations as f64);
        let line = writeln!(out, "{bench}\t{case}\t{round}\t{name}\t{operations}\t{ns}\t{bytes}");
        failed = line.err().or(failed.take());
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    eprintln!("\n{bench}, {case}");
    eprintln!("{:<22}{:>9}{:>9}{:>9}{:>14}", "contender", "ns", "p25..p75", "ratio", "heap bytes");
    let mut ours = f64::NAN;
    for (Contender { name, bytes, .. }, times) in contenders.iter().zip(&mut samples) {
        let [low, median, high] = [0.25, 0.5, 0.75].map(|q| quantile(times, q));
        if ours.is_nan() {
            ours = median;
        }
        let (spread, ratio) = (high - low, ours / median);
        eprintln!("{name:<22}{median:>9.2}{spread:>9.2}{ratio:>9.2}{bytes:>14}");
    }
    Ok(out.flush()?)
}

/// The sizes to run: of these, or of the variable `SIZES` if it is set, separated by commas.
///
/// # Errors
///
/// If one is no number.
pub fn sizes(all: &str) -> Result<Vec<usize>, std::num::ParseIntError> {
    let chosen = std::env::var("SIZES");
    chosen.as_deref().unwrap_or(all).split(',').map(str::parse).collect()
}

/// SplitMix64: the same numbers in every run.
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }
}
