//! Filters at a rate of 1/256: ns per insert, hit and miss, bits a key, measured rate; keys given
//! as hashes, and once as strings.

use crate::race::{Random, contender, race, weigh};
use fastbloom::BloomFilter;
use lessram::filters::Bloom;
use std::error::Error;

const FPR: f64 = 1.0 / 256.0;
const QUERIES: usize = 1_000_000;

/// Runs all sizes.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in [1_000, 1_000_000, 10_000_000] {
        hashes(n, rounds)?;
    }
    strings(1_000_000, rounds)
}

/// Prints bits a key and the measured rate of both.
fn rates(n: usize, bytes: [u64; 2], positive: [u64; 2]) {
    let names = ["lessram", "fastbloom"];
    for ((name, bytes), positive) in names.iter().zip(bytes).zip(positive) {
        let (bits, rate) = (bytes as f64 * 8.0 / n as f64, positive as f64 / QUERIES as f64);
        eprintln!("{name:<22}{bits:>9.3} bits/key, rate {:.4} of the promise", rate / FPR);
    }
}

fn hashes(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
    let (our_bytes, mut ours) = weigh(|| Bloom::with_fpr(n, FPR).expect("in range"));
    let (their_bytes, mut theirs) =
        weigh(|| BloomFilter::with_false_pos(FPR).seed(&1).expected_items(n));
    for key in &keys {
        ours.insert_hash(*key);
        theirs.insert_hash(*key);
    }
    let positive = [
        count_in(&misses, |hash| ours.contains_hash(hash)),
        count_in(&misses, |hash| theirs.contains_hash(hash)),
    ];
    for (what, queries) in [("hit", &hits), ("miss", &misses)] {
        let contenders = [
            contender("lessram", our_bytes, || count_in(queries, |h| ours.contains_hash(h))),
            contender("fastbloom", their_bytes, || count_in(queries, |h| theirs.contains_hash(h))),
        ];
        race("bloom", &format!("{what}, n {n}"), rounds, QUERIES, what == "hit", &contenders)?;
    }
    let contenders = [
        contender("lessram", our_bytes, || {
            let mut filter = Bloom::with_fpr(n, FPR).expect("in range");
            keys.iter().map(|key| u64::from(filter.insert_hash(*key))).sum()
        }),
        contender("fastbloom", their_bytes, || {
            let mut filter = BloomFilter::with_false_pos(FPR).seed(&1).expected_items(n);
            keys.iter().map(|key| u64::from(!filter.insert_hash(*key))).sum()
        }),
    ];
    race("bloom", &format!("build, n {n}"), rounds.min(15), n, false, &contenders)?;
    rates(n, [our_bytes, their_bytes], positive);
    Ok(())
}

fn count_in(queries: &[u64], contains: impl Fn(u64) -> bool) -> u64 {
    queries.iter().filter(|hash| contains(**hash)).count() as u64
}

fn strings(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(7);
    let keys: Vec<String> = (0..n).map(|_| format!("key-{:x}", random.number() >> 24)).collect();
    let hits: Vec<&String> = (0..QUERIES).map(|_| &keys[random.below(n)]).collect();
    // As long, and none of them there.
    let others: Vec<String> =
        (0..QUERIES).map(|_| format!("kez-{:x}", random.number() >> 24)).collect();
    let misses: Vec<&String> = others.iter().collect();
    let (our_bytes, mut ours) = weigh(|| Bloom::with_fpr(n, FPR).expect("in range"));
    let (their_bytes, mut theirs) =
        weigh(|| BloomFilter::with_false_pos(FPR).seed(&1).expected_items(n));
    for key in &keys {
        ours.insert(key.as_str());
        theirs.insert(key.as_str());
    }
    for (what, queries) in [("hit", &hits), ("miss", &misses)] {
        let contenders = [
            contender("lessram", our_bytes, || {
                queries.iter().filter(|key| ours.contains(key.as_str())).count() as u64
            }),
            contender("fastbloom", their_bytes, || {
                queries.iter().filter(|key| theirs.contains(key.as_str())).count() as u64
            }),
        ];
        race(
            "bloom",
            &format!("string {what}, n {n}"),
            rounds,
            QUERIES,
            what == "hit",
            &contenders,
        )?;
    }
    Ok(())
}
