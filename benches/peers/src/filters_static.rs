//! Filters that are built at once, and filters that can be deleted from, beside their peers: ns to
//! build and to ask (hits and misses apart), bits a key, the most bytes held while building, the
//! measured rate against the promise. Keys are given as hashes.
//!
//! One table a size and rate. `PARTS=fuse,quotient,...` runs some of the parts only, `SIZES=` and
//! `RATES=` (as powers of two) some of the sizes and rates. At 994,000 keys qfilter, whose slots
//! are a power of two, is as full as ours; at other sizes it may have twice the slots, and less to
//! do.

use crate::race::{Random, contender, race};
use lessram::BuildError;
use lessram::filters::{Building, Filter, Fuse, Quotient, Ribbon};
use std::error::Error;
use xorf::{BinaryFuse8 as Fuse8, BinaryFuse16 as Fuse16, Filter as _};

const QUERIES: usize = 1_000_000;

/// The numbers of a variable, or these.
fn list(name: &str, default: &[f64]) -> Vec<f64> {
    match std::env::var(name) {
        Ok(text) => text.split(',').filter_map(|word| word.parse().ok()).collect(),
        Err(_) => default.to_vec(),
    }
}

fn wanted(part: &str) -> bool {
    std::env::var("PARTS").map_or(true, |parts| parts.split(',').any(|word| word == part))
}

/// Runs all parts.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in list("SIZES", &[1e5, 9.94e5, 1e7]) {
        for bits in list("RATES", &[100_f64.log2(), 8.0, 16.0]) {
            of_size(n as usize, (-bits).exp2(), rounds)?;
        }
    }
    Ok(())
}

/// The keys, and what is asked.
struct Data {
    n: usize,
    fpr: f64,
    keys: Vec<u64>,
    hits: Vec<u64>,
    misses: Vec<u64>,
}

/// A filter under test.
struct Entry<'a> {
    name: &'static str,
    bytes: u64,
    /// The most bytes held while building, beside the keys.
    peak: u64,
    contains: Box<dyn Fn(u64) -> bool + Sync + 'a>,
    count: Box<dyn Fn(&[u64]) -> u64 + Sync + 'a>,
    build: Box<dyn Fn() -> u64 + Sync + 'a>,
}

/// Builds a contender, with its bytes and its peak. A macro, so that each asks its filter in a loop
/// of its own.
macro_rules! entry {
    ($name:expr, $build:expr, |$set:ident: $ty:ty, $hash:ident| $contains:expr) => {{
        let build = $build;
        let before = lessram::mem::alloc_stats().live;
        lessram::mem::reset_peak();
        let built: $ty = build();
        let stats = lessram::mem::alloc_stats();
        let (bytes, peak) = (stats.live - before, stats.peak - before);
        let $set: &'static $ty = Box::leak(Box::new(built));
        Entry {
            name: $name,
            bytes: bytes.max(0) as u64,
            peak: peak.max(0) as u64,
            contains: Box::new(move |$hash: u64| $contains),
            count: Box::new(move |hashes: &[u64]| {
                let mut count = 0;
                for hash in hashes {
                    let $hash = *hash;
                    count += u64::from($contains);
                }
                count
            }),
            build: Box::new(move || {
                std::hint::black_box(build());
                0
            }),
        }
    }};
}

/// How many of these hashes are found, a thousand asked for in each call.
fn at_once(set: &'static (impl Filter + Sync)) -> Box<dyn Fn(&[u64]) -> u64 + Sync> {
    Box::new(move |hashes| {
        let mut found = [false; 1024];
        let count = |hashes: &[u64]| {
            set.contains_many_hash(hashes, &mut found);
            found[..hashes.len()].iter().filter(|found| **found).count() as u64
        };
        hashes.chunks(1024).map(count).sum()
    })
}

/// The share of absent keys that are found, over the promise.
fn rate(entry: &Entry<'_>, fpr: f64) -> f64 {
    let probes = ((200.0 / fpr) as u64).clamp(1_000_000, 20_000_000);
    let mut random = Random(0xABCD);
    let found = (0..probes).filter(|_| (entry.contains)(random.number())).count();
    found as f64 / probes as f64 / fpr
}

fn of_size(n: usize, fpr: f64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let hits = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses = (0..QUERIES).map(|_| random.number()).collect();
    let data = Data { n, fpr, keys, hits, misses };
    let mut entries = Vec::new();
    if wanted("fuse") {
        fuse(&data, &mut entries);
    }
    if wanted("ribbon") {
        ribbon(&data, &mut entries);
    }
    if wanted("quotient") {
        quotient(&data, &mut entries);
    }
    for entry in &entries {
        assert!(data.keys.iter().all(|key| (entry.contains)(*key)), "{}", entry.name);
    }
    measure(&data, &entries, rounds)?;
    if wanted("quotient") {
        removals(&data, rounds)?;
    }
    Ok(())
}

fn measure(data: &Data, entries: &[Entry<'_>], rounds: usize) -> Result<(), Box<dyn Error>> {
    let case = |what: &str| format!("{what}, n {}, 1/{:.0}", data.n, 1.0 / data.fpr);
    for (what, queries) in [("hit", &data.hits), ("miss", &data.misses)] {
        let contenders: Vec<_> = entries
            .iter()
            .map(|entry| contender(entry.name, entry.bytes, || (entry.count)(queries)))
            .collect();
        race("filters", &case(what), rounds, QUERIES, what == "hit", &contenders)?;
    }
    let contenders: Vec<_> = entries
        .iter()
        .map(|entry| contender(entry.name, entry.bytes, || (entry.build)()))
        .collect();
    let few = rounds.min(if data.n > 3_000_000 { 3 } else { 7 });
    race("filters", &case("build"), few, data.n, false, &contenders)?;
    eprintln!("\n{}", case("space"));
    eprintln!(
        "{:<22}{:>10}{:>14}{:>14}{:>9}",
        "contender", "bits/key", "over limit", "peak B/key", "rate"
    );
    for entry in entries {
        let bits = entry.bytes as f64 * 8.0 / data.n as f64;
        let (over, peak) = (bits / -data.fpr.log2(), entry.peak as f64 / data.n as f64);
        let rate = rate(entry, data.fpr);
        eprintln!("{:<22}{bits:>10.3}{over:>14.4}{peak:>14.2}{rate:>9.3}", entry.name);
    }
    Ok(())
}

/// Fuse, from hashes and in little memory, and xorf's.
fn fuse<'a>(data: &'a Data, entries: &mut Vec<Entry<'a>>) {
    let Data { fpr, keys, .. } = data;
    let fpr = *fpr;
    let from_hashes = move || Fuse::from_hashes(keys.iter().copied(), fpr).expect("built");
    entries.push(entry!("Fuse", from_hashes, |set: Fuse, hash| set.contains_hash(hash)));
    let mut many = entry!("Fuse, many", from_hashes, |set: Fuse, hash| set.contains_hash(hash));
    let set: &'static Fuse = Box::leak(Box::new(from_hashes()));
    many.count = at_once(set);
    entries.push(many);
    // From a source that is read again: without a bound, in the least memory and in twice that.
    let from_source = move || {
        Fuse::from_source(|| keys.iter().copied(), fpr, Building::default()).expect("built")
    };
    entries.push(entry!("Fuse, from a source", from_source, |set: Fuse, hash| set
        .contains_hash(hash)));
    let again = || keys.iter().copied();
    let none = Building { memory: 0, ..Building::default() };
    let Err(BuildError::OutOfRange { min, .. }) = Fuse::from_source(again, fpr, none) else {
        return;
    };
    for (name, share) in [("Fuse, least memory", 1), ("Fuse, twice that", 2)] {
        let how = Building { memory: share * min as usize, ..none };
        let build = move || Fuse::from_source(|| keys.iter().copied(), fpr, how).expect("built");
        entries.push(entry!(name, build, |set: Fuse, hash| set.contains_hash(hash)));
    }
    if fpr <= 1.0 / 65_536.0 {
        let build = move || Fuse16::try_from(keys).expect("built");
        entries.push(entry!("xorf, 16 bits", build, |set: Fuse16, hash| set.contains(&hash)));
    } else {
        let build = move || Fuse8::try_from(keys).expect("built");
        entries.push(entry!("xorf, 8 bits", build, |set: Fuse8, hash| set.contains(&hash)));
    }
}

/// Ribbon, from hashes and in the memory that eight passes take.
fn ribbon<'a>(data: &'a Data, entries: &mut Vec<Entry<'a>>) {
    let Data { n, fpr, keys, .. } = data;
    let (n, fpr) = (*n, *fpr);
    let from_hashes = move || Ribbon::from_hashes(keys.iter().copied(), fpr).expect("built");
    entries.push(entry!("Ribbon", from_hashes, |set: Ribbon, hash| set.contains_hash(hash)));
    let mut many = entry!("Ribbon, many", from_hashes, |set: Ribbon, hash| set.contains_hash(hash));
    let set: &'static Ribbon = Box::leak(Box::new(from_hashes()));
    many.count = at_once(set);
    entries.push(many);
    // An eighth of the hashes and the keys left to later layers; of few keys, the least that does.
    let again = || keys.iter().copied();
    let none = Building { memory: 0, ..Building::default() };
    let Err(BuildError::OutOfRange { min, .. }) = Ribbon::from_source(again, fpr, none) else {
        return;
    };
    let how = Building { memory: (n + n / 2 + n / 8).max(min as usize), ..none };
    let sparing = move || Ribbon::from_source(|| keys.iter().copied(), fpr, how).expect("built");
    entries.push(entry!("Ribbon, 8 passes", sparing, |set: Ribbon, hash| set.contains_hash(hash)));
}

/// A filter of qfilter's for `n` keys; hashes are its fingerprints.
fn filled_peer(keys: &[u64], fpr: f64) -> qfilter::Filter {
    let mut set = qfilter::Filter::new(keys.len() as u64, fpr).expect("in range");
    keys.iter().for_each(|key| {
        set.insert_duplicated(*key).expect("room");
    });
    set
}

fn filled(keys: &[u64], fpr: f64) -> Quotient {
    let mut set = Quotient::with_fpr(keys.len(), fpr).expect("in range");
    keys.iter().for_each(|key| {
        set.insert_hash(*key);
    });
    set
}

/// The quotient filters.
fn quotient<'a>(data: &'a Data, entries: &mut Vec<Entry<'a>>) {
    let Data { fpr, keys, .. } = data;
    let fpr = *fpr;
    let ours = move || filled(keys, fpr);
    entries.push(entry!("Quotient", ours, |set: Quotient, hash| set.contains_hash(hash)));
    let at_once = move || Quotient::from_hashes(keys.iter().copied(), fpr).expect("in range");
    entries
        .push(entry!("Quotient, at once", at_once, |set: Quotient, hash| set.contains_hash(hash)));
    let theirs = move || filled_peer(keys, fpr);
    entries.push(entry!("qfilter", theirs, |set: qfilter::Filter, hash| set.contains(hash)));
}

/// Removing and putting in again every tenth key, and removing alone.
fn removals(data: &Data, rounds: usize) -> Result<(), Box<dyn Error>> {
    let some: Vec<u64> = data.keys.iter().step_by(10).copied().collect();
    let ours = std::sync::Mutex::new(filled(&data.keys, data.fpr));
    let theirs = std::sync::Mutex::new(filled_peer(&data.keys, data.fpr));
    let contenders = [
        contender("Quotient", 0, || {
            let mut set = ours.lock().expect("one thread");
            let removed = some.iter().filter(|key| set.remove_hash(**key)).count();
            some.iter().for_each(|key| {
                set.insert_hash(*key);
            });
            removed as u64
        }),
        contender("qfilter", 0, || {
            let mut set = theirs.lock().expect("one thread");
            let removed = some.iter().filter(|key| set.remove(**key)).count();
            some.iter().for_each(|key| {
                set.insert_duplicated(*key).expect("room");
            });
            removed as u64
        }),
    ];
    let case = format!("remove and insert, n {}, 1/{:.0}", data.n, 1.0 / data.fpr);
    race("filters", &case, rounds.min(7), some.len(), true, &contenders)?;
    removals_alone(data, rounds.min(7), &some)
}

/// Sets that are used up: one for each slice.
struct Stock<T>(std::sync::Mutex<Vec<T>>, std::sync::atomic::AtomicUsize);

impl<T: Clone> Stock<T> {
    /// For so many rounds, and what a race does before them: one to compare, one to get warm.
    fn new(set: T, rounds: usize) -> Self {
        Self(vec![set; rounds + 2].into(), 0.into())
    }

    /// Does the work on a set that nobody has worked on.
    fn take(&self, work: impl FnOnce(&mut T) -> usize) -> u64 {
        let next = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        work(&mut self.0.lock().expect("one thread")[next]) as u64
    }
}

/// Removing every tenth key, from a filled set each time.
fn removals_alone(data: &Data, rounds: usize, some: &[u64]) -> Result<(), Box<dyn Error>> {
    let rounds = rounds.min(if data.n > 3_000_000 { 3 } else { 7 });
    let ours = Stock::new(filled(&data.keys, data.fpr), rounds);
    let theirs = Stock::new(filled_peer(&data.keys, data.fpr), rounds);
    let contenders = [
        contender("Quotient", 0, || {
            ours.take(|set| some.iter().filter(|key| set.remove_hash(**key)).count())
        }),
        contender("qfilter", 0, || {
            theirs.take(|set| some.iter().filter(|key| set.remove(**key)).count())
        }),
    ];
    let case = format!("remove, n {}, 1/{:.0}", data.n, 1.0 / data.fpr);
    race("filters", &case, rounds, some.len(), true, &contenders)
}
