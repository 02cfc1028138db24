//! Maps and sets: against std's as an oracle, with their bytes compared to the allocator's after
//! every operation; with allocators that refuse, hash functions and drops that panic or lie.

mod as_std;
mod colliding;
mod compact;
mod faults;
mod flat;
mod interner;
mod ints;
mod model;
mod ordered;
mod programs;
mod std_like;
mod strings;

use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{Map, Policy};
use lessram::mem::{Counter, Footprint, Global, Tracked};
use std::hash::{BuildHasher, Hash};

/// A map whose memory is counted.
type Counted<'c, K, V, P> = Map<K, V, DefaultHashBuilder, Tracked<'c>, P>;

fn counted<K, V, P: Policy>(counter: &Counter) -> Counted<'_, K, V, P> {
    Map::with_hasher_in(DefaultHashBuilder::with_seed(1), Tracked::new(counter, Global))
}

/// What must hold after every operation.
fn sound<K, V, S, P>(map: &Map<K, V, S, Tracked<'_>, P>, counter: &Counter)
where
    K: Eq + Hash + Footprint,
    V: Footprint,
    S: BuildHasher,
    P: Policy,
{
    assert!(map.len() <= map.capacity());
    assert_eq!(map.heap_bytes(), counter.live(), "bytes");
    assert_eq!(map.heap_blocks(), counter.blocks(), "blocks");
}

/// SplitMix64's mixer: distinct numbers that look random.
fn mixed(i: u64) -> u64 {
    let x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}
