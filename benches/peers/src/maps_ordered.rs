//! Hash maps that keep the order of insertion: bytes, insertion, hits, misses, iteration, removal,
//! beside indexmap with the same hash function.
//!
//! indexmap doubles its table and its entries at different moments: sizes are spread over an
//! octave.

use crate::maps::{filled, sum};
use crate::race::{Random, contender, race, weigh};
use indexmap::IndexMap;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::OrderedMap;
use lessram::mem::Footprint;
use std::error::Error;

type Ours = OrderedMap<u64, u64>;
type Index = IndexMap<u64, u64, DefaultHashBuilder>;
type Hashbrown = hashbrown::HashMap<u64, u64, DefaultHashBuilder>;

const QUERIES: usize = 1_000_000;

/// Runs all sizes, from cache to far beyond it.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in [8, 200, 10_000, 100_000, 1_000_000, 1_300_000, 1_800_000, 10_000_000] {
        let rounds = if n > 5_000_000 { rounds.min(5) } else { rounds };
        sizes(n, rounds)?;
    }
    Ok(())
}

fn sizes(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
    let case = format!("u64 to u64, n {n}");

    let (our_bytes, ours) = weigh(|| filled(Ours::default(), &keys, Ours::insert));
    let (index_bytes, index) = weigh(|| filled(Index::default(), &keys, Index::insert));
    let (brown_bytes, brown) = weigh(|| filled(Hashbrown::default(), &keys, Hashbrown::insert));
    assert_eq!(our_bytes, ours.heap_bytes() as u64);

    /// One line for each contender: what it does with its map.
    macro_rules! each {
        ($ours:expr, $index:expr $(, $brown:expr)?) => {
            [
                contender("lessram", our_bytes, $ours),
                contender("indexmap", index_bytes, $index),
                $(contender("hashbrown (no order)", brown_bytes, $brown),)?
            ]
        };
    }
    let get = each!(
        || sum(&hits, |key| ours.get(key)),
        || sum(&hits, |key| index.get(key)),
        || sum(&hits, |key| brown.get(key))
    );
    race("ordered_hit", &case, rounds, QUERIES, true, &get)?;
    let miss = each!(
        || sum(&misses, |key| ours.get(key)),
        || sum(&misses, |key| index.get(key)),
        || sum(&misses, |key| brown.get(key))
    );
    race("ordered_miss", &case, rounds, QUERIES, true, &miss)?;
    let iterate = each!(
        || ours.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || index.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || brown.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v))
    );
    race("ordered_iterate", &case, rounds, n, true, &iterate)?;
    // Small maps many times over, or the clock would count more than they do.
    let times = (QUERIES / 10 / n).max(1);
    let insert = each!(
        || repeated(times, || filled(Ours::default(), &keys, Ours::insert).len()),
        || repeated(times, || filled(Index::default(), &keys, Index::insert).len()),
        || repeated(times, || filled(Hashbrown::default(), &keys, Hashbrown::insert).len())
    );
    race("ordered_insert", &case, rounds, n * times, true, &insert)?;
    let emptied = each!(
        || repeated(times, || emptied(ours.clone(), &keys, |map, key| map.swap_remove(key))),
        || repeated(times, || emptied(index.clone(), &keys, |map, key| map.swap_remove(key)))
    );
    race("ordered_clone_swap_remove", &case, rounds, n * times, true, &emptied)
}

fn repeated(times: usize, work: impl Fn() -> usize) -> u64 {
    (0..times).map(|_| work() as u64).sum()
}

/// Removes `keys` from a map; how many there were.
fn emptied<M>(mut map: M, keys: &[u64], remove: impl Fn(&mut M, &u64) -> Option<u64>) -> usize {
    keys.iter().filter(|key| remove(&mut map, key).is_some()).count()
}
