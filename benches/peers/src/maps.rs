//! Hash maps: insertions without and with room made beforehand, hits, misses and iteration,
//! beside hashbrown with the same hash function, and std.
//!
//! hashbrown doubles, and is fastest and largest just after: the sizes are its worst, its middle
//! and its best of an octave. `SIZES=1000000` runs this size only.

use crate::race::{Random, contender, race, sizes, weigh};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactMap, Map, Quick};
use lessram::mem::{Footprint, Global};
use std::collections::HashMap as StdMap;
use std::error::Error;
use std::hint::black_box;

type Hashbrown = hashbrown::HashMap<u64, u64, DefaultHashBuilder>;
type Compact = Map<u64, u64>;
type Fast = Map<u64, u64, DefaultHashBuilder, Global, Quick>;

type Blocks = CompactMap<u64, u64>;

const QUERIES: usize = 1_000_000;

/// Runs all sizes, from cache to far beyond it.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in sizes("1000,100000,1000000,1300000,1800000,10000000")? {
        let rounds = if n > 5_000_000 { rounds.min(5) } else { rounds };
        of_size(n, rounds)?;
    }
    Ok(())
}

fn of_size(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(n as u64);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let hits: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(n)]).collect();
    let misses: Vec<u64> = (0..QUERIES).map(|_| random.number()).collect();
    let case = format!("u64 to u64, n {n}");

    let (compact_bytes, compact) = weigh(|| filled(Compact::default(), &keys, Compact::insert));
    let (quick_bytes, quick) = weigh(|| filled(Fast::default(), &keys, Fast::insert));
    let (blocks_bytes, blocks) = weigh(|| filled(Blocks::default(), &keys, Blocks::insert));
    let (brown_bytes, brown) = weigh(|| filled(Hashbrown::default(), &keys, Hashbrown::insert));
    let (std_bytes, std) = weigh(|| filled(StdMap::<u64, u64>::new(), &keys, StdMap::insert));
    assert_eq!(compact_bytes, compact.heap_bytes() as u64);
    assert_eq!(blocks_bytes, blocks.heap_bytes() as u64);
    let bytes = [compact_bytes, quick_bytes, blocks_bytes, brown_bytes, std_bytes];
    tell_probes(
        &case,
        "lessram_compact",
        n as f64 / compact.capacity() as f64,
        compact.probe_lengths(),
    );
    tell_probes(&case, "lessram_quick", n as f64 / quick.capacity() as f64, quick.probe_lengths());

    /// One line for each contender: what it does with its map.
    macro_rules! each {
        ($compact:expr, $quick:expr, $blocks:expr, $brown:expr, $std:expr) => {
            [
                contender("lessram_compact", bytes[0], $compact),
                contender("lessram_quick", bytes[1], $quick),
                contender("lessram_compact_map", bytes[2], $blocks),
                contender("hashbrown", bytes[3], $brown),
                contender("std", bytes[4], $std),
            ]
        };
    }
    let get = each!(
        || sum(&hits, |key| compact.get(key)),
        || sum(&hits, |key| quick.get(key)),
        || sum(&hits, |key| blocks.get(key)),
        || sum(&hits, |key| brown.get(key)),
        || sum(&hits, |key| std.get(key))
    );
    race("map_hit", &case, rounds, QUERIES, true, &get)?;
    let miss = each!(
        || sum(&misses, |key| compact.get(key)),
        || sum(&misses, |key| quick.get(key)),
        || sum(&misses, |key| blocks.get(key)),
        || sum(&misses, |key| brown.get(key)),
        || sum(&misses, |key| std.get(key))
    );
    race("map_miss", &case, rounds, QUERIES, true, &miss)?;
    let iterate = each!(
        || compact.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || quick.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || blocks.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || brown.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v)),
        || std.iter().fold(0, |sum: u64, (k, v)| sum.wrapping_add(k ^ v))
    );
    race("map_iterate", &case, rounds, n, true, &iterate)?;
    let insert = each!(
        || filled(Compact::default(), &keys, Compact::insert).len() as u64,
        || filled(Fast::default(), &keys, Fast::insert).len() as u64,
        || filled(Blocks::default(), &keys, Blocks::insert).len() as u64,
        || filled(Hashbrown::default(), &keys, Hashbrown::insert).len() as u64,
        || filled(StdMap::<u64, u64>::new(), &keys, StdMap::insert).len() as u64
    );
    race("map_insert", &case, rounds, n, true, &insert)?;
    let state = DefaultHashBuilder::default();
    let insert = each!(
        || filled(Compact::with_capacity(n), &keys, Compact::insert).len() as u64,
        || {
            let mut map = Fast::with_hasher_in(state, Global);
            map.reserve(n);
            filled(map, &keys, Fast::insert).len() as u64
        },
        || filled(Blocks::with_capacity(n), &keys, Blocks::insert).len() as u64,
        || {
            let map = Hashbrown::with_capacity_and_hasher(n, state);
            filled(map, &keys, Hashbrown::insert).len() as u64
        },
        || filled(StdMap::with_capacity(n), &keys, StdMap::insert).len() as u64
    );
    race("map_insert_reserved", &case, rounds, n, true, &insert)
}

/// How many groups a hit reads, of a map that has this share of what fits before it grows.
fn tell_probes(case: &str, name: &str, load: f64, (mean, most): (f64, usize)) {
    eprintln!(
        "\n{case}, {name}, {:.0} % of its capacity: a hit reads {mean:.3} groups, {most} at most",
        load * 100.0
    );
    println!("map_groups_a_hit_reads\t{case}\t0\t{name}\t1\t{mean}\t0");
    println!("map_groups_at_most\t{case}\t0\t{name}\t1\t{most}\t0");
}

/// A map with `keys`, each its own value.
pub(crate) fn filled<M>(
    mut map: M,
    keys: &[u64],
    insert: impl Fn(&mut M, u64, u64) -> Option<u64>,
) -> M {
    for key in keys {
        black_box(insert(&mut map, *key, *key));
    }
    map
}

/// What `get` finds for `keys`, summed up; 1 for each that is absent.
pub(crate) fn sum<'m>(keys: &[u64], get: impl Fn(&u64) -> Option<&'m u64>) -> u64 {
    keys.iter().fold(0, |sum, key| sum.wrapping_add(get(key).copied().unwrap_or(1)))
}
