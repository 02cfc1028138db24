//! Filters that take keys as they come: ns per insert, hit and miss, bits a key and measured rate
//! over several rates and sizes; keys given as hashes, and once as strings.
//!
//! The first contender of each race is the one that others are compared to. A `many` asks for
//! thousands of keys in one call.

use crate::race::{Contender, Random, Work, race, weigh};
use lessram::filters::{BlockedBloom, Bloom};
use std::error::Error;

const QUERIES: usize = 1_000_000;

/// A contender: what all of them can do.
trait Set: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    fn new(n: usize, fpr: f64) -> Self;
    fn insert(&mut self, hash: u64);
    fn has(&self, hash: u64) -> bool;
    /// As many as there are in one call, if it has one for that.
    fn count(&self, hashes: &[u64]) -> u64 {
        hashes.iter().filter(|hash| self.has(**hash)).count() as u64
    }
    fn fill(&mut self, hashes: &[u64]) {
        hashes.iter().for_each(|hash| self.insert(*hash));
    }
}

macro_rules! ours {
    ($($ty:ident $name:literal $many:literal;)*) => {$(
        impl Set for $ty {
            const NAME: &'static str = $name;
            fn new(n: usize, fpr: f64) -> Self {
                Self::with_fpr(n, fpr).expect("in range")
            }
            fn insert(&mut self, hash: u64) {
                self.insert_hash(hash);
            }
            fn has(&self, hash: u64) -> bool {
                self.contains_hash(hash)
            }
        }

        impl Set for Many<$ty> {
            const NAME: &'static str = $many;
            fn new(n: usize, fpr: f64) -> Self {
                Self($ty::with_fpr(n, fpr).expect("in range"))
            }
            fn insert(&mut self, hash: u64) {
                self.0.insert_hash(hash);
            }
            fn has(&self, hash: u64) -> bool {
                self.0.contains_hash(hash)
            }
            fn count(&self, hashes: &[u64]) -> u64 {
                let mut found = [false; 4096];
                hashes.chunks(found.len()).map(|hashes| {
                    self.0.contains_many_hash(hashes, &mut found);
                    found[..hashes.len()].iter().filter(|found| **found).count() as u64
                }).sum()
            }
        }
    )*};
}

/// The same structure, asked for many keys at once.
struct Many<T>(T);

ours! {
    Bloom "lessram bloom" "lessram bloom, many";
    BlockedBloom "lessram blocked" "lessram blocked, many";
}

impl Set for fastbloom::BloomFilter {
    const NAME: &'static str = "fastbloom";
    fn new(n: usize, fpr: f64) -> Self {
        fastbloom::BloomFilter::with_false_pos(fpr).seed(&1).expected_items(n)
    }
    fn insert(&mut self, hash: u64) {
        self.insert_hash(hash);
    }
    fn has(&self, hash: u64) -> bool {
        self.contains_hash(hash)
    }
}

impl Set for sbbf_rs_safe::Filter {
    const NAME: &'static str = "sbbf-rs-safe";
    fn new(n: usize, fpr: f64) -> Self {
        // The fewest whole bits a key that keep the rate; what it takes is a whole number.
        let bits = match fpr {
            0.01 => 11,
            0.003_906_25 => 13,
            0.001 => 17,
            _ => 38,
        };
        Self::new(bits, n)
    }
    fn insert(&mut self, hash: u64) {
        self.insert_hash(hash);
    }
    fn has(&self, hash: u64) -> bool {
        self.contains_hash(hash)
    }
}

/// Keys, and what is asked for.
struct Data {
    n: usize,
    fpr: f64,
    keys: Vec<u64>,
    hits: Vec<u64>,
    misses: Vec<u64>,
}

/// A filled contender, with its work: hits, misses, building.
struct Entry<'a> {
    name: &'static str,
    bytes: u64,
    works: [Work<'a>; 3],
    rate: f64,
}

fn entry<T: Set>(data: &Data) -> Entry<'_> {
    let (bytes, mut filled) = weigh(|| T::new(data.n, data.fpr));
    filled.fill(&data.keys);
    let rate = filled.count(&data.misses) as f64 / data.misses.len() as f64;
    let filled = std::sync::Arc::new(filled);
    let asked = std::sync::Arc::clone(&filled);
    Entry {
        name: T::NAME,
        bytes,
        works: [
            Box::new(move || filled.count(&data.hits)),
            Box::new(move || asked.count(&data.misses)),
            Box::new(move || {
                let mut fresh = T::new(data.n, data.fpr);
                fresh.fill(&data.keys);
                u64::from(fresh.has(data.keys[0]))
            }),
        ],
        rate,
    }
}

/// Runs all rates and sizes.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for (n, fpr) in [
        (1_000_000, 0.01),
        (1_000_000, 1.0 / 256.0),
        (1_000_000, 0.001),
        (1_000_000, 1.0 / 65_536.0),
        (10_000_000, 1.0 / 256.0),
    ] {
        one(n, fpr, rounds)?;
    }
    Ok(())
}

fn one(n: usize, fpr: f64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
    let data = Data { n, fpr, keys, hits, misses };
    let mut entries = vec![
        entry::<BlockedBloom>(&data),
        entry::<Many<BlockedBloom>>(&data),
        entry::<sbbf_rs_safe::Filter>(&data),
        entry::<Bloom>(&data),
        entry::<Many<Bloom>>(&data),
        entry::<fastbloom::BloomFilter>(&data),
    ];
    for (i, what) in ["hit", "miss", "build"].into_iter().enumerate() {
        let contenders: Vec<Contender<'_>> = entries
            .iter_mut()
            .map(|entry| {
                let work = std::mem::replace(&mut entry.works[i], Box::new(|| 0));
                Contender { name: entry.name, bytes: entry.bytes, work }
            })
            .collect();
        let (rounds, operations) =
            if what == "build" { (rounds.min(7), n) } else { (rounds, QUERIES) };
        let case = format!("{what}, n {n}, 1/{:.0}", 1.0 / fpr);
        race("filter", &case, rounds, operations, what != "miss", &contenders)?;
    }
    eprintln!();
    for Entry { name, bytes, rate, .. } in &entries {
        let bits = *bytes as f64 * 8.0 / n as f64;
        eprintln!("{name:<22}{bits:>9.3} bits/key, rate {:.4} of the promise", rate / fpr);
    }
    Ok(())
}
