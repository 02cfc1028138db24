//! Distinct counts, HLL_8 with 4,096 registers: ns per key, beside the `datasketches` crate.

use crate::race::{Random, contender, race, weigh};
use datasketches::hll::{HllSketch, HllType, HllUnion};
use lessram::sketches::HyperLogLog;
use std::error::Error;

const LG_K: u8 = 12;

/// Runs all sizes.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in [10_000, 1_000_000] {
        numbers(n, rounds.min(31))?;
    }
    strings(1_000_000, rounds.min(31))?;
    merges(rounds)
}

fn theirs(keys: impl Iterator<Item = u64>) -> HllSketch {
    let mut sketch = HllSketch::new(LG_K, HllType::Hll8).expect("in range");
    keys.for_each(|key| sketch.update(key));
    sketch
}

fn ours(keys: impl Iterator<Item = u64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new(LG_K);
    keys.for_each(|key| sketch.insert_u64(key));
    sketch
}

fn numbers(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(3);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let (our_bytes, _kept) = weigh(|| ours(keys.iter().copied()));
    let (their_bytes, _kept) = weigh(|| theirs(keys.iter().copied()));
    let contenders = [
        contender("lessram", our_bytes, || ours(keys.iter().copied()).estimate() as u64),
        contender("datasketches", their_bytes, || theirs(keys.iter().copied()).estimate() as u64),
    ];
    race("distinct", &format!("u64, n {n}"), rounds, n, true, &contenders)
}

fn strings(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(4);
    let keys: Vec<String> = (0..n).map(|_| format!("key-{:x}", random.number() >> 24)).collect();
    let contenders = [
        contender("lessram", 0, || {
            let mut sketch = HyperLogLog::new(LG_K);
            keys.iter().for_each(|key| sketch.insert(key));
            sketch.estimate() as u64
        }),
        contender("datasketches", 0, || {
            let mut sketch = HllSketch::new(LG_K, HllType::Hll8).expect("in range");
            keys.iter().for_each(|key| sketch.update(key.as_str()));
            sketch.estimate() as u64
        }),
    ];
    // `str` hashes with a terminator there: other registers, another estimate.
    race("distinct", &format!("strings, n {n}"), rounds, n, false, &contenders)
}

fn merges(rounds: usize) -> Result<(), Box<dyn Error>> {
    const TIMES: usize = 100;
    let (a, b) = (ours(0..100_000), ours(50_000..150_000));
    let (c, d) = (theirs(0..100_000), theirs(50_000..150_000));
    let contenders = [
        contender("lessram", 0, || {
            let merge = |_| {
                let mut all = a.clone();
                all.merge(&b).expect("memory");
                all.estimate() as u64
            };
            (0..TIMES).map(merge).sum()
        }),
        contender("datasketches", 0, || {
            let merge = |_| {
                let mut all = HllUnion::new(LG_K).expect("in range");
                all.update(&c);
                all.update(&d);
                all.estimate() as u64
            };
            (0..TIMES).map(merge).sum()
        }),
    ];
    race("distinct", "merge two and estimate", rounds, TIMES, false, &contenders)
}
