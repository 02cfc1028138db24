//! Maps that never change beside those that may: heap bytes and the most held while building, ns to
//! build, hits, misses, and both at once. Keys are random 64-bit numbers; the value of a key is how
//! many came before it, so that it takes log2(n) bits.
//!
//! A function of a peer becomes an exact map by an array of keys and values in the order of its
//! numbers. One table a size; `SIZES=1000000` runs this size only.

use crate::maps::sum;
use crate::race::{Contender, Random, contender, race};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{StaticBuilder, StaticMap};
use ph::phast::{
    DefaultCompressedArray, Function2, Params, ShiftOnlyWrapped, bits_per_seed_to_100_bucket_size,
};
use ph::seeds::BitsFast;
use ptr_hash::{CompactPtrHash, PtrHashParams};
use std::collections::HashMap as StdMap;
use std::error::Error;
use std::hint::black_box;

type Hashbrown = hashbrown::HashMap<u64, u64, DefaultHashBuilder>;
type Phast =
    Function2<BitsFast, ShiftOnlyWrapped<2>, DefaultCompressedArray, ph::BuildDefaultSeededHasher>;

const QUERIES: usize = 1_000_000;
/// Questions that are asked at once.
const AT_ONCE: usize = 1_000;

/// Runs all sizes.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "100000,1000000,10000000".to_owned());
    for n in sizes.split(',') {
        of_size(n.parse()?, rounds)?;
    }
    Ok(())
}

/// A peer's function, and the pairs in the order of its numbers.
struct Numbered<F> {
    function: F,
    pairs: Vec<(u64, u64)>,
}

impl<F> Numbered<F> {
    fn new(keys: &[u64], function: F, id: impl Fn(&F, u64) -> usize) -> Self {
        let mut pairs = vec![(0, 0); keys.len()];
        for (value, key) in keys.iter().enumerate() {
            pairs[id(&function, *key)] = (*key, value as u64);
        }
        Self { function, pairs }
    }

    fn get(&self, key: &u64, id: impl Fn(&F, u64) -> usize) -> Option<&u64> {
        // Of a key that was not there, a function may say anything.
        let (found, value) = self.pairs.get(id(&self.function, *key))?;
        (found == key).then_some(value)
    }
}

fn phast(keys: &[u64]) -> Phast {
    let params = Params::new(BitsFast(10), bits_per_seed_to_100_bucket_size(10));
    let hasher = ph::BuildDefaultSeededHasher::default();
    Function2::with_slice_p_hash_sc(keys, &params, hasher, ShiftOnlyWrapped::<2>)
}

fn phast_id(function: &Phast, key: u64) -> usize {
    function.get(&key)
}

fn ptr_hash_id(function: &CompactPtrHash, key: u64) -> usize {
    function.index(&key)
}

/// What `get` finds for `keys`, summed up as [`sum`] does.
fn sum_of(keys: &[u64], get: impl Fn(&u64) -> Option<u64>) -> u64 {
    keys.iter().fold(0, |sum, key| sum.wrapping_add(get(key).unwrap_or(1)))
}

/// The same, many at once.
fn sum_many(map: &StaticMap, keys: &[u64]) -> u64 {
    let mut values = vec![None; AT_ONCE];
    keys.chunks(AT_ONCE).fold(0, |all, keys| {
        map.get_many(keys, &mut values);
        values[..keys.len()].iter().fold(all, |sum, value| sum.wrapping_add(value.unwrap_or(1)))
    })
}

/// A contender: bytes, peak, and what it does.
struct Entry<'a> {
    name: &'static str,
    bytes: u64,
    peak: u64,
    sum: Box<dyn Fn(&[u64]) -> u64 + Sync + 'a>,
    build: Box<dyn Fn() -> u64 + Sync + 'a>,
}

/// Builds a contender, with its bytes and its peak. A macro, so that each asks its map in loops of
/// its own.
macro_rules! entry {
    ($name:expr, $build:expr, |$map:ident: $ty:ty, $keys:ident| $sum:expr) => {{
        let build = $build;
        std::thread::sleep(std::time::Duration::from_millis(2));
        let before = lessram::mem::alloc_stats().live;
        lessram::mem::reset_peak();
        let built: $ty = build();
        let stats = lessram::mem::alloc_stats();
        let $map: &'static $ty = Box::leak(Box::new(built));
        Entry {
            name: $name,
            bytes: (stats.live - before).max(0) as u64,
            peak: (stats.peak - before).max(0) as u64,
            sum: Box::new(move |$keys: &[u64]| $sum),
            build: Box::new(move || {
                black_box(build());
                0
            }),
        }
    }};
}

fn of_size(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let keys: &'static [u64] = keys.leak();
    let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
    let pairs = move || keys.iter().enumerate().map(|(value, key)| (*key, value as u64));
    let of_bits = move |bits: u32| StaticBuilder::new().with_fingerprint_bits(bits).map(pairs());
    let with_ids = move |mut map: Hashbrown| {
        map.extend(pairs());
        map
    };
    let entries = [
        entry!("StaticMap", move || of_bits(64).unwrap(), |map: StaticMap, keys| {
            sum_of(keys, |key| map.get(key))
        }),
        entry!("StaticMap, at once", move || of_bits(64).unwrap(), |map: StaticMap, keys| {
            sum_many(map, keys)
        }),
        entry!("hashbrown", move || with_ids(Hashbrown::default()), |map: Hashbrown, keys| {
            sum(keys, |key| map.get(key))
        }),
        entry!("std", move || pairs().collect(), |map: StdMap<u64, u64>, keys| {
            sum(keys, |key| map.get(key))
        }),
        entry!(
            "ph and an array",
            move || Numbered::new(keys, phast(keys), phast_id),
            |map: Numbered<Phast>, keys| sum(keys, |key| map.get(key, phast_id))
        ),
        entry!(
            "ptr_hash and an array",
            move || {
                let function = CompactPtrHash::new(keys, PtrHashParams::default_compact());
                Numbered::new(keys, function, ptr_hash_id)
            },
            |map: Numbered<CompactPtrHash>, keys| sum(keys, |key| map.get(key, ptr_hash_id))
        ),
    ];
    let small = [
        entry!("StaticMap, 8 bits", move || of_bits(8).unwrap(), |map: StaticMap, keys| {
            sum_of(keys, |key| map.get(key))
        }),
        entry!("StaticMap, 8, at once", move || of_bits(8).unwrap(), |map: StaticMap, keys| {
            sum_many(map, keys)
        }),
    ];
    let all: Vec<&Entry<'_>> = entries.iter().chain(&small).collect();
    for (what, queries) in [("hit", &hits), ("miss", &misses)] {
        // Those of 8 bits take some of the absent keys for others.
        let exact = what == "hit";
        let expected = (entries[0].sum)(queries);
        for entry in &entries {
            assert_eq!((entry.sum)(queries), expected, "{what}: {} disagrees", entry.name);
        }
        let asked: Vec<Contender<'_>> = all
            .iter()
            .map(|entry| contender(entry.name, entry.bytes, move || (entry.sum)(queries)))
            .collect();
        race("static_map", &format!("{what}, n {n}"), rounds, QUERIES, exact, &asked)?;
    }
    let few = rounds.min(if n > 3_000_000 { 3 } else { 7 });
    let built: Vec<Contender<'_>> = all
        .iter()
        .filter(|entry| !entry.name.ends_with("at once"))
        .map(|entry| contender(entry.name, entry.bytes, move || (entry.build)()))
        .collect();
    race("static_map", &format!("build, n {n}"), few, n, false, &built)?;
    eprintln!("\n{:<24}{:>12}{:>16}", "n", "bytes a key", "peak bytes a key");
    for Entry { name, bytes, peak, .. } in entries.iter().chain(&small) {
        let (bytes, peak) = (*bytes as f64 / n as f64, *peak as f64 / n as f64);
        eprintln!("{name:<24}{bytes:>12.3}{peak:>16.2}");
        println!("static_map\tpeak bytes a key, n {n}\t0\t{name}\t{n}\t0\t{peak}");
    }
    Ok(())
}
