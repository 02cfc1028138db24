//! Heap bytes of maps of numbers as they grow, at every size that a step may fall between:
//! `cargo run --release --features track --example footprint_curves [MOST] > docs/footprint.tsv`,
//! to ten million entries unless told. The same on every run.
//!
//! `docs/footprint_python.py` tells the same of Python's dict, `docs/draw_footprint.py` draws it.

use lessram::maps::{CompactMap, IntMap, Map, OrderedMap};
use lessram::mem::{TrackingAlloc, alloc_stats};
use std::collections::HashMap;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// A small number of entries, or one of forty in each power of ten.
fn sizes(most: u64) -> Vec<u64> {
    let steps = (0..).map(|step| 10_f64.powf(f64::from(step) / 40.0) as u64);
    let mut sizes: Vec<u64> = (0..=10).chain(steps.take_while(|size| *size <= most)).collect();
    sizes.retain(|size| *size <= most);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Distinct numbers that look random.
fn key(i: u64) -> u64 {
    i.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// A line for each size: what the allocator says while entries come one by one.
fn grow<M>(name: &str, sizes: &[u64], mut map: M, insert: fn(&mut M, u64, u64)) {
    let before = alloc_stats().live;
    let mut next = 0;
    for size in sizes {
        while next < *size {
            insert(&mut map, key(next), next);
            next += 1;
        }
        println!("{name}\t{size}\t{}", alloc_stats().live - before);
    }
}

fn main() {
    let most = std::env::args().nth(1);
    let most = most.map_or(10_000_000, |most| most.parse().expect("MOST is a number of entries"));
    let sizes = sizes(most);
    println!("map\tentries\theap_bytes");
    grow("std HashMap", &sizes, HashMap::new(), |map: &mut HashMap<_, _>, key, value| {
        map.insert(key, value);
    });
    grow("OrderedMap", &sizes, OrderedMap::new(), |map: &mut OrderedMap<_, _>, key, value| {
        map.insert(key, value);
    });
    grow("Map", &sizes, Map::new(), |map: &mut Map<_, _>, key, value| {
        map.insert(key, value);
    });
    grow("CompactMap", &sizes, CompactMap::new(), |map: &mut CompactMap<_, _>, key, value| {
        map.insert(key, value);
    });
    grow("IntMap", &sizes, IntMap::new(), |map: &mut IntMap<_>, key, value| {
        map.insert(key, value);
    });
}
