//! Sets of integers, and maps from them: bytes and peak, insertion, hits, misses, churn, iteration,
//! beside hashbrown with the crate's hash function.
//!
//! hashbrown doubles: its bytes at a million are its worst of an octave, at ten million its middle.

use crate::maps::{filled, sum};
use crate::race::{Random, contender, race, weigh};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{IntMap, IntSet, Map, Set};
use lessram::mem::{Footprint, alloc_stats, reset_peak};
use std::error::Error;
use std::hint::black_box;

type Brown = hashbrown::HashSet<u64, DefaultHashBuilder>;
type BrownMap = hashbrown::HashMap<u64, u64, DefaultHashBuilder>;

const QUERIES: usize = 1_000_000;

/// Runs all sizes, from cache to far beyond it.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in [100_000, 1_000_000, 10_000_000] {
        let rounds = if n > 5_000_000 { rounds.min(3) } else { rounds };
        let mut random = Random(n as u64);
        let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
        let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
        let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
        sets(&format!("u64, n {n}"), &keys, [&hits, &misses], rounds)?;
        maps(&format!("u64 to u64, n {n}"), &keys, [&hits, &misses], rounds)?;
    }
    Ok(())
}

/// A set of integers of any make.
trait Ints: Default {
    fn add(&mut self, key: u64) -> bool;
    fn has(&self, key: u64) -> bool;
    fn take(&mut self, key: u64) -> bool;
    fn sum(&self) -> u64;

    fn of(keys: &[u64]) -> Self {
        let mut set = Self::default();
        keys.iter().for_each(|key| _ = black_box(set.add(*key)));
        set
    }

    fn hits(&self, keys: &[u64]) -> u64 {
        keys.iter().filter(|key| self.has(**key)).count() as u64
    }
}

macro_rules! ints {
    ($set:ty, |$keys:ident| $sum:expr) => {
        impl Ints for $set {
            fn add(&mut self, key: u64) -> bool {
                self.insert(key)
            }

            fn has(&self, key: u64) -> bool {
                self.contains(&key)
            }

            fn take(&mut self, key: u64) -> bool {
                self.remove(&key)
            }

            fn sum(&self) -> u64 {
                let $keys = self.iter();
                $sum
            }
        }
    };
}

ints!(IntSet, |keys| keys.fold(0, u64::wrapping_add));
ints!(Set<u64>, |keys| keys.fold(0, |sum: u64, key| sum.wrapping_add(*key)));
ints!(Brown, |keys| keys.fold(0, |sum: u64, key| sum.wrapping_add(*key)));

/// Heap bytes of what `build` returns, and that; tells of its peak.
fn weighed<T>(name: &str, n: usize, build: impl FnOnce() -> T) -> (u64, T) {
    reset_peak();
    let before = alloc_stats().live;
    let (bytes, built) = weigh(build);
    let each = |bytes: f64| bytes / n as f64;
    let peak = (alloc_stats().peak - before) as f64;
    eprintln!("{name}: {:.3} bytes a key, {:.3} at the peak", each(bytes as f64), each(peak));
    (bytes, built)
}

/// The oldest goes, a new one comes: half of the keys are there at any time.
fn churn<S: Ints>(keys: &[u64]) -> u64 {
    let half = keys.len() / 2;
    let mut set = S::of(&keys[..half]);
    let turn = |(old, new): (&u64, &u64)| u64::from(set.take(*old) & set.add(*new));
    keys.iter().zip(&keys[half..]).map(turn).sum()
}

fn sets(
    case: &str,
    keys: &[u64],
    [hits, misses]: [&[u64]; 2],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    eprintln!("\n{case}");
    let n = keys.len();
    let (our_bytes, ours) = weighed("IntSet", n, || IntSet::of(keys));
    let (set_bytes, set) = weighed("Set", n, || Set::of(keys));
    let (brown_bytes, brown) = weighed("hashbrown", n, || Brown::of(keys));
    assert_eq!(our_bytes, ours.heap_bytes() as u64);

    /// One line for each contender: what it does.
    macro_rules! each {
        ($ours:expr, $set:expr, $brown:expr) => {
            [
                contender("lessram_int_set", our_bytes, $ours),
                contender("lessram_set", set_bytes, $set),
                contender("hashbrown", brown_bytes, $brown),
            ]
        };
    }
    let hit = each!(|| ours.hits(hits), || set.hits(hits), || brown.hits(hits));
    race("int_set_hit", case, rounds, QUERIES, true, &hit)?;
    let miss = each!(|| ours.hits(misses), || set.hits(misses), || brown.hits(misses));
    race("int_set_miss", case, rounds, QUERIES, true, &miss)?;
    let iterate = each!(|| Ints::sum(&ours), || Ints::sum(&set), || Ints::sum(&brown));
    race("int_set_iterate", case, rounds, n, true, &iterate)?;
    drop((iterate, hit, miss));
    let insert = each!(
        || IntSet::of(keys).len() as u64,
        || <Set<u64> as Ints>::of(keys).len() as u64,
        || <Brown as Ints>::of(keys).len() as u64
    );
    race("int_set_insert", case, rounds, n, true, &insert)?;
    let turns =
        each!(|| churn::<IntSet>(keys), || churn::<Set<u64>>(keys), || churn::<Brown>(keys));
    race("int_set_insert_half_and_churn", case, rounds, n / 2, true, &turns)?;
    drop((ours, set, brown));
    Ok(())
}

fn maps(
    case: &str,
    keys: &[u64],
    [hits, misses]: [&[u64]; 2],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    eprintln!("\n{case}");
    let n = keys.len();
    let ours = || filled(IntMap::<u64>::new(), keys, IntMap::insert);
    let plain = || filled(Map::<u64, u64>::default(), keys, Map::insert);
    let peer = || filled(BrownMap::default(), keys, BrownMap::insert);
    let (our_bytes, int_map) = weighed("IntMap", n, ours);
    let (map_bytes, map) = weighed("Map", n, plain);
    let (brown_bytes, brown) = weighed("hashbrown", n, peer);
    assert_eq!(our_bytes, int_map.heap_bytes() as u64);

    /// One line for each contender: what it does.
    macro_rules! each {
        ($ours:expr, $map:expr, $brown:expr) => {
            [
                contender("lessram_int_map", our_bytes, $ours),
                contender("lessram_map", map_bytes, $map),
                contender("hashbrown", brown_bytes, $brown),
            ]
        };
    }
    for (name, asked) in [("int_map_hit", hits), ("int_map_miss", misses)] {
        let get = each!(
            || sum(asked, |key| int_map.get(*key)),
            || sum(asked, |key| map.get(key)),
            || sum(asked, |key| brown.get(key))
        );
        race(name, case, rounds, QUERIES, true, &get)?;
    }
    let iterate = each!(
        || int_map.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || map.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || brown.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v))
    );
    race("int_map_iterate", case, rounds, n, true, &iterate)?;
    let insert = each!(|| ours().len() as u64, || plain().len() as u64, || peer().len() as u64);
    race("int_map_insert", case, rounds, n, true, &insert)
}
