//! Times of the crate's own structures beside std's, for decisions inside the crate.
//!
//! `cargo bench --bench own [NAME]` prints one line per case: the median over several passes of
//! nanoseconds per operation, and the ratio to the first contender of its group. Contenders take
//! turns within a pass, so that a slow moment of the machine hits all of them. Positions are random
//! and prepared beforehand; every result is used.

use lessram::arrays::{PackedInts, StrArray};
use std::hint::black_box;
use std::time::Instant;

const N: usize = 10_000_000;
const QUERIES: usize = 2_000_000;
const PASSES: usize = 9;

/// A xorshift generator: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// A contender: its name, and what it does in one pass; the sum of its results is returned.
type Contender<'a> = (&'a str, usize, Box<dyn FnMut() -> u64 + 'a>);

/// Runs the contenders in turn and prints their medians.
fn race(group: &str, mut contenders: Vec<Contender<'_>>) {
    let mut times = vec![Vec::new(); contenders.len()];
    for pass in 0..PASSES {
        let mut sums = Vec::new();
        // Each pass starts with another contender: none always follows the same neighbour.
        for turn in 0..contenders.len() {
            let who = (pass + turn) % contenders.len();
            let (_, operations, run) = &mut contenders[who];
            let start = Instant::now();
            sums.push(black_box(run()));
            times[who].push(start.elapsed().as_nanos() as f64 / *operations as f64);
        }
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{group}: contenders disagree");
    }
    let mut first = None;
    for ((name, ..), times) in contenders.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let median = times[PASSES / 2];
        let ratio = median / *first.get_or_insert(median);
        println!("{group:<22} {name:<28} {median:8.2} ns  x{ratio:.2}");
    }
}

/// The bytes of packed fields, read with a bounds check on the bytes as well as on the index.
fn checked_get(bytes: &[u8], len: usize, width: u32, index: usize) -> Option<u64> {
    if index >= len || width == 0 {
        return (index < len).then_some(0);
    }
    let bit = index as u64 * u64::from(width);
    let (at, shift) = ((bit >> 3) as usize, (bit & 7) as u32);
    let word = u64::from_le_bytes(bytes[at..at + 8].try_into().ok()?);
    let mut value = word >> shift;
    if width + shift > 64 {
        value |= u64::from(bytes[at + 8]) << (64 - shift);
    }
    Some(value & u64::MAX >> (64 - width))
}

/// Random reads at several widths, in cache and beyond it: beside `Vec<u64>`, and beside the same
/// with two checks.
fn get() {
    for width in [7, 20, 33, 50, 60] {
        get_at(width, N / 500);
        get_at(width, N);
    }
}

fn get_at(width: u32, n: usize) {
    let mut random = Random(88_172_645_463_325_252);
    let values: Vec<u64> = (0..n).map(|_| random.next() >> (64 - width)).collect();
    let queries: Vec<u32> = (0..QUERIES).map(|_| random.below(n) as u32).collect();
    // Two files, so that no contender finds the cache warmed by the one before it.
    let files = [(); 2].map(|()| PackedInts::from(&values[..]).to_bytes().expect("memory"));
    let packed = PackedInts::view(files[0].as_bytes()).expect("just written");
    let bytes = &files[1].as_bytes()[192..];
    race(
        &format!("get {width} bits {n}"),
        vec![
            ("Vec<u64>", QUERIES, Box::new(|| sum_of(&queries, |i| values[i]))),
            ("PackedInts", QUERIES, Box::new(|| sum_of(&queries, |i| packed.get(i).unwrap_or(0)))),
            (
                "checked twice",
                QUERIES,
                Box::new(|| sum_of(&queries, |i| checked_get(bytes, n, width, i).unwrap_or(0))),
            ),
        ],
    );
}

/// The sum of what `get` finds at these positions.
fn sum_of(queries: &[u32], get: impl Fn(usize) -> u64) -> u64 {
    queries.iter().fold(0, |sum, i| sum.wrapping_add(get(*i as usize)))
}

/// Appending, one by one and from a slice.
fn push() {
    let mut random = Random(1);
    let values: Vec<u64> = (0..N).map(|_| random.next() >> 44).collect();
    race(
        "push 20 bits",
        vec![
            (
                "Vec<u64>",
                N,
                Box::new(|| {
                    let mut out = Vec::new();
                    values.iter().for_each(|value| out.push(*value));
                    black_box(&out).len() as u64
                }),
            ),
            (
                "PackedInts::push",
                N,
                Box::new(|| {
                    let mut out = PackedInts::new();
                    values.iter().for_each(|value| out.push(*value));
                    black_box(&out).len() as u64
                }),
            ),
            (
                "PackedInts::from",
                N,
                Box::new(|| black_box(&PackedInts::from(&values[..])).len() as u64),
            ),
        ],
    );
}

/// Strings by random position.
fn strings() {
    let mut random = Random(2);
    let strings: Vec<String> = (0..N / 10).map(|_| format!("{:x}", random.next() >> 20)).collect();
    let array: StrArray = strings.iter().collect();
    let queries: Vec<u32> = (0..QUERIES).map(|_| random.below(strings.len()) as u32).collect();
    let first = |string: &[u8]| u64::from(string[0]) + string.len() as u64;
    race(
        "string get",
        vec![
            (
                "Vec<String>",
                QUERIES,
                Box::new(|| queries.iter().map(|i| first(strings[*i as usize].as_bytes())).sum()),
            ),
            (
                "StrArray",
                QUERIES,
                Box::new(|| queries.iter().filter_map(|i| array.get(*i as usize)).map(first).sum()),
            ),
        ],
    );
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, run) in [("get", get as fn()), ("push", push), ("strings", strings)] {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            run();
        }
    }
}
