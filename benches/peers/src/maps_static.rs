//! Minimal perfect hash functions beside their peers: bits a key, the most bytes held while
//! building, ns to build and to ask, one question after the other has its answer or not. Keys are
//! random 64-bit numbers, which each hashes as it does.
//!
//! One table a size; `SIZES=676,1000000` runs these sizes only.

use crate::race::{Random, contender, race};
use lessram::maps::Mphf;
use ph::phast::{
    DefaultCompressedArray, Function2, Params, ShiftOnlyWrapped, bits_per_seed_to_100_bucket_size,
};
use ph::seeds::{Bits8, BitsFast, SeedSize};
use std::error::Error;

const QUERIES: usize = 1_000_000;

/// Runs all sizes.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "676,100000,1000000,10000000".to_owned());
    for n in sizes.split(',') {
        of_size(n.parse()?, rounds)?;
    }
    Ok(())
}

/// A function under test.
struct Entry<'a> {
    name: &'static str,
    bytes: u64,
    /// The most bytes held while building, beside the keys.
    peak: u64,
    id: Box<dyn Fn(u64) -> usize + Sync + 'a>,
    /// The numbers of these keys, summed up: each asked for without waiting for the one before.
    all: Box<dyn Fn(&[u64]) -> u64 + Sync + 'a>,
    /// The same, but which key is asked for depends on the number of the one before.
    chain: Box<dyn Fn(&[u64]) -> u64 + Sync + 'a>,
    build: Box<dyn Fn() -> u64 + Sync + 'a>,
}

/// Builds a contender, with its bytes and its peak. A macro, so that each asks its function in
/// loops of its own.
macro_rules! entry {
    ($name:expr, $build:expr, |$function:ident: $ty:ty, $key:ident| $id:expr) => {{
        let build = $build;
        let before = lessram::mem::alloc_stats().live;
        lessram::mem::reset_peak();
        let built: $ty = build();
        let stats = lessram::mem::alloc_stats();
        let (bytes, peak) = (stats.live - before, stats.peak - before);
        let $function: &'static $ty = Box::leak(Box::new(built));
        let id = move |$key: u64| -> usize { $id };
        Entry {
            name: $name,
            bytes: bytes.max(0) as u64,
            peak: peak.max(0) as u64,
            id: Box::new(id),
            all: Box::new(move |keys: &[u64]| keys.iter().map(|key| id(*key) as u64).sum()),
            chain: Box::new(move |keys: &[u64]| {
                let mut last = 0;
                for key in keys {
                    // Always 0, which the compiler cannot know.
                    last = id(*key ^ (last as u64 >> 63));
                }
                last as u64
            }),
            build: Box::new(move || {
                std::hint::black_box(build());
                0
            }),
        }
    }};
}

type Hasher = ph::BuildDefaultSeededHasher;

/// PHast+ with wrapping and steps of two, with seeds of this size.
type Stepped<S> = Function2<S, ShiftOnlyWrapped<2>, DefaultCompressedArray, Hasher>;

fn stepped<S: SeedSize + Copy + Into<u8>>(keys: &[u64], seeds: S) -> Stepped<S> {
    let params = Params::new(seeds, bits_per_seed_to_100_bucket_size(seeds.into()));
    Function2::with_slice_p_hash_sc(keys, &params, Hasher::default(), ShiftOnlyWrapped::<2>)
}

fn of_size(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let keys: &'static [u64] = keys.leak();
    let queries: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    use ptr_hash::{CompactPtrHash, DefaultPtrHash, PtrHashParams};
    let mut entries = vec![
        entry!("Mphf", move || Mphf::from_keys(keys.iter()).unwrap(), |f: Mphf, key| {
            f.id_of(&key).unwrap_or(0)
        }),
        entry!(
            "ph PHast+ w2, 10 bits",
            move || stepped(keys, BitsFast(10)),
            |f: Stepped<BitsFast>, key| f.get(&key)
        ),
        entry!("ph PHast+ w2, 8 bits", move || stepped(keys, Bits8), |f: Stepped<Bits8>, key| f
            .get(&key)),
        entry!(
            "boomphf 1.7",
            move || boomphf::Mphf::new(1.7, keys),
            |f: boomphf::Mphf<u64>, key| f.hash(&key) as usize
        ),
    ];
    if n >= 10_000 {
        let params = PtrHashParams::default;
        entries.push(entry!(
            "ptr_hash",
            move || <DefaultPtrHash>::new(keys, params()),
            |f: DefaultPtrHash, key| f.index(&key)
        ));
        let params = PtrHashParams::default_compact;
        entries.push(entry!(
            "ptr_hash, compact",
            move || <CompactPtrHash>::new(keys, params()),
            |f: CompactPtrHash, key| f.index(&key)
        ));
    }
    for entry in &entries {
        is_minimal(keys, entry);
    }
    measure(n, &queries, &entries, rounds)
}

/// Every key has a number of its own below their number.
fn is_minimal(keys: &[u64], entry: &Entry<'_>) {
    let mut met = vec![false; keys.len()];
    for key in keys {
        let id = (entry.id)(*key);
        assert!(!std::mem::replace(&mut met[id], true), "{}: {id} twice", entry.name);
    }
}

fn measure(
    n: usize,
    queries: &[u64],
    entries: &[Entry<'_>],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let case = |what: &str| format!("{what}, n {n}");
    for what in ["ask", "ask, each after the other"] {
        let contenders: Vec<_> = entries
            .iter()
            .map(|entry| {
                let ask = if what == "ask" { &entry.all } else { &entry.chain };
                contender(entry.name, entry.bytes, move || ask(queries))
            })
            .collect();
        race("mphf", &case(what), rounds, QUERIES, false, &contenders)?;
    }
    let contenders: Vec<_> = entries
        .iter()
        .map(|entry| contender(entry.name, entry.bytes, || (entry.build)()))
        .collect();
    let few = rounds.min(if n > 3_000_000 { 3 } else { 7 });
    race("mphf", &case("build"), few, n, false, &contenders)?;
    eprintln!("\n{:<24}{:>12}{:>16}", "n", "bits a key", "peak bytes a key");
    for Entry { name, bytes, peak, .. } in entries {
        let (bits, peak) = (*bytes as f64 * 8.0 / n as f64, *peak as f64 / n as f64);
        eprintln!("{name:<24}{bits:>12.3}{peak:>16.2}");
        println!("mphf\t{}\t0\t{name}\t{n}\t0\t{peak}", case("peak bytes a key"));
    }
    Ok(())
}
