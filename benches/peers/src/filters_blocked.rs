//! Filters that take keys as they come: ns per insert, hit and miss, bits a key and measured rate
//! over several rates and sizes; keys given as hashes, and once as strings.
//!
//! The first contender of each race is the one that others are compared to. A `many` asks for
//! thousands of keys in one call.

use crate::race::{Contender, Random, Work, contender, race, weigh};
use lessram::filters::{
    AtomicBloom, BlockedBloom, Bloom, Expiry, Sbbf, ScalableBloom, ScalableQuotient, TimingBloom,
};
use lessram::mem::Global;
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

/// A contender whose keys are hashes: how it is made, and where it is not `insert_hash`, what puts
/// a key in.
macro_rules! set {
    ($ty:ty, $name:literal, $new:expr) => {
        impl Set for $ty {
            const NAME: &'static str = $name;
            fn new(n: usize, fpr: f64) -> Self {
                let new: fn(usize, f64) -> Self = $new;
                new(n, fpr)
            }
            // Without a call of the harness's for any of them: what is large may else get one.
            #[inline(always)]
            fn insert(&mut self, hash: u64) {
                self.insert_hash(hash);
            }
            #[inline(always)]
            fn has(&self, hash: u64) -> bool {
                self.contains_hash(hash)
            }
        }
    };
}

/// The same structure, asked for many keys at once.
struct Many<T>(T);

macro_rules! many {
    ($ty:ty, $name:literal) => {
        impl Set for Many<$ty> {
            const NAME: &'static str = $name;
            fn new(n: usize, fpr: f64) -> Self {
                Self(Set::new(n, fpr))
            }
            fn insert(&mut self, hash: u64) {
                self.0.insert_hash(hash);
            }
            fn has(&self, hash: u64) -> bool {
                self.0.contains_hash(hash)
            }
            fn fill(&mut self, hashes: &[u64]) {
                self.0.insert_many_hash(hashes);
            }
            fn count(&self, hashes: &[u64]) -> u64 {
                let mut found = [false; 4096];
                let count = |hashes: &[u64]| {
                    self.0.contains_many_hash(hashes, &mut found);
                    found[..hashes.len()].iter().filter(|found| **found).count() as u64
                };
                hashes.chunks(4096).map(count).sum()
            }
        }
    };
}

set!(Bloom, "lessram bloom", |n, fpr| Self::with_fpr(n, fpr).expect("in range"));
many!(Bloom, "lessram bloom, many");
set!(BlockedBloom, "lessram blocked", |n, fpr| Self::with_fpr(n, fpr).expect("in range"));
many!(BlockedBloom, "lessram blocked, many");
set!(AtomicBloom, "lessram atomic", |n, fpr| Self::with_fpr(n, fpr).expect("in range"));

/// Keys that the first part is for of those that nobody tells how many will come.
const FIRST: usize = 1_024;

set!(ScalableBloom, "lessram scalable", |_, fpr| Self::with_fpr(FIRST, fpr).expect("in range"));
set!(ScalableQuotient, "lessram scalable, small", |_, fpr| {
    Self::with_fpr(FIRST, fpr).expect("in range")
});

/// The same structures, whose keys are said to be new.
struct New<T>(T);

macro_rules! new {
    ($ty:ty, $name:literal) => {
        impl Set for New<$ty> {
            const NAME: &'static str = $name;
            fn new(n: usize, fpr: f64) -> Self {
                Self(Set::new(n, fpr))
            }
            #[inline(always)]
            fn insert(&mut self, hash: u64) {
                self.0.insert_new_hash(hash);
            }
            #[inline(always)]
            fn has(&self, hash: u64) -> bool {
                self.0.contains_hash(hash)
            }
        }
    };
}

new!(ScalableBloom, "lessram scalable, new");
new!(ScalableQuotient, "lessram scalable, small, new");

// Each generation for half the keys, so that both together hold them all.
set!(TimingBloom, "lessram timing", |n, fpr| {
    Self::expiring(n.div_ceil(2), fpr, Expiry::Keys).expect("in range")
});

set!(fastbloom::BloomFilter, "fastbloom", |n, fpr| {
    fastbloom::BloomFilter::with_false_pos(fpr).seed(&1).expected_items(n)
});
set!(fastbloom::AtomicBloomFilter, "fastbloom atomic", |n, fpr| {
    fastbloom::AtomicBloomFilter::with_false_pos(fpr).seed(&1).expected_items(n)
});

impl Set for growable_bloom_filter::GrowableBloom {
    const NAME: &'static str = "growable-bloom";
    fn new(_: usize, fpr: f64) -> Self {
        growable_bloom_filter::GrowableBloomBuilder::new()
            .estimated_insertions(FIRST)
            .desired_error_ratio(fpr)
            .build()
    }
    fn insert(&mut self, hash: u64) {
        growable_bloom_filter::GrowableBloom::insert(self, hash);
    }
    fn has(&self, hash: u64) -> bool {
        self.contains(hash)
    }
}

/// The fewest whole bits a key with which a split-block filter keeps the rate: whole numbers are
/// what the peer takes.
fn split_bits(fpr: f64) -> usize {
    match fpr {
        0.01 => 11,
        0.003_906_25 => 13,
        0.001 => 17,
        _ => 38,
    }
}

// At the peer's size, and not the power of two that Parquet's readers want.
set!(Sbbf, "lessram sbbf", |n, fpr| {
    Self::with_blocks_in((n * split_bits(fpr)).div_ceil(256) as u64, Global).expect("memory")
});
set!(sbbf_rs_safe::Filter, "sbbf-rs-safe", |n, fpr| Self::new(split_bits(fpr), n));

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
    let (bytes, filled) = weigh(|| {
        let mut filled = T::new(data.n, data.fpr);
        filled.fill(&data.keys);
        filled
    });
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
    strings(1_000_000, rounds)
}

/// Strings, hashed by each as it does.
fn strings(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    const FPR: f64 = 1.0 / 256.0;
    let mut random = Random(7);
    let keys: Vec<String> = (0..n).map(|_| format!("key-{:x}", random.number() >> 24)).collect();
    let hits: Vec<&str> = (0..QUERIES).map(|_| keys[random.below(n)].as_str()).collect();
    let absent: Vec<String> = (0..QUERIES).map(|i| format!("no-{i}")).collect();
    let misses: Vec<&str> = absent.iter().map(String::as_str).collect();
    let (blocked_bytes, mut blocked) = weigh(|| BlockedBloom::with_fpr(n, FPR).expect("in range"));
    let (sbbf_bytes, mut sbbf) = weigh(|| Sbbf::with_fpr(n, FPR).expect("in range"));
    let (parquet_bytes, mut parquet) =
        weigh(|| parquet::bloom_filter::Sbbf::new_with_num_of_bytes(sbbf.bitset().len()));
    let (fast_bytes, mut fast) =
        weigh(|| fastbloom::BloomFilter::with_false_pos(FPR).seed(&1).expected_items(n));
    for key in &keys {
        blocked.insert(key.as_str());
        sbbf.insert(key.as_str());
        parquet.insert(key.as_str());
        fast.insert(key.as_str());
    }
    for (what, queries) in [("hit", &hits), ("miss", &misses)] {
        let count = |has: &dyn Fn(&str) -> bool| queries.iter().filter(|key| has(key)).count();
        let contenders = [
            contender("lessram blocked", blocked_bytes, || count(&|k| blocked.contains(k)) as u64),
            contender("lessram sbbf", sbbf_bytes, || count(&|k| sbbf.contains(k)) as u64),
            contender("parquet", parquet_bytes, || count(&|k| parquet.check(k)) as u64),
            contender("fastbloom", fast_bytes, || count(&|k| fast.contains(k)) as u64),
        ];
        let case = format!("string {what}, n {n}");
        race("filter", &case, rounds, QUERIES, what == "hit", &contenders)?;
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
        entry::<Sbbf>(&data),
        entry::<sbbf_rs_safe::Filter>(&data),
        entry::<Bloom>(&data),
        entry::<Many<Bloom>>(&data),
        entry::<fastbloom::BloomFilter>(&data),
    ];
    if n == 1_000_000 && fpr == 1.0 / 256.0 {
        entries.push(entry::<ScalableBloom>(&data));
        entries.push(entry::<New<ScalableBloom>>(&data));
        entries.push(entry::<ScalableQuotient>(&data));
        entries.push(entry::<New<ScalableQuotient>>(&data));
        entries.push(entry::<growable_bloom_filter::GrowableBloom>(&data));
        entries.push(entry::<AtomicBloom>(&data));
        entries.push(entry::<fastbloom::AtomicBloomFilter>(&data));
        entries.push(entry::<TimingBloom>(&data));
    }
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
