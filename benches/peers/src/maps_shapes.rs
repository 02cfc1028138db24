//! Hash maps whose entries are narrow or wide, beside hashbrown with the same hash function: bytes
//! over an octave, insertions, hits, misses.
//!
//! hashbrown doubles, and is fastest and largest just after: the sizes are its worst, its middle
//! and its best of an octave. `SIZES=1000000` runs this size only.

use crate::race::{Random, contender, race, sizes, weigh};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactMap, Map, Quick};
use lessram::mem::{Footprint, Global};
use std::error::Error;
use std::hash::Hash;
use std::hint::black_box;

type Outcome = Result<(), Box<dyn Error>>;
type Hashbrown<K, V> = hashbrown::HashMap<K, V, DefaultHashBuilder>;
type Fast<K, V> = Map<K, V, DefaultHashBuilder, Global, Quick>;

const QUERIES: usize = 1_000_000;

/// What keys and values are, made of a random number, and the number that a value was made of.
struct Shape<K, V> {
    name: &'static str,
    key: fn(u64) -> K,
    value: fn(u64) -> V,
    read: fn(&V) -> u64,
}

/// Runs both shapes at all sizes.
pub fn run(rounds: usize) -> Outcome {
    let narrow = Shape {
        name: "u32 to u32",
        key: mixed,
        value: |number| number as u32,
        read: |value| u64::from(*value),
    };
    let wide = Shape {
        name: "u64 to 40 bytes",
        key: |number| Random(number).number(),
        value: |number| [number; 5],
        read: |value| value[0],
    };
    bytes(&narrow);
    bytes(&wide);
    for n in sizes("100000,1000000,1300000,1800000,10000000")? {
        let rounds = if n > 5_000_000 { rounds.min(3) } else { rounds };
        times(&narrow, n, rounds)?;
        times(&wide, n, rounds)?;
    }
    Ok(())
}

/// Different for different numbers below 2^32.
fn mixed(number: u64) -> u32 {
    let x = number as u32;
    let x = (x ^ x >> 16).wrapping_mul(0x7FEB_352D);
    let x = (x ^ x >> 15).wrapping_mul(0x846C_A68B);
    x ^ x >> 16
}

/// A map of any make.
trait Entries<K, V>: Default {
    fn put(&mut self, key: K, value: V);
    fn find(&self, key: &K) -> Option<&V>;
}

macro_rules! entries {
    ($map:ident) => {
        impl<K: Eq + Hash, V> Entries<K, V> for $map<K, V> {
            fn put(&mut self, key: K, value: V) {
                black_box(self.insert(key, value));
            }

            fn find(&self, key: &K) -> Option<&V> {
                self.get(key)
            }
        }
    };
}

entries!(Map);
entries!(Fast);
entries!(CompactMap);
entries!(Hashbrown);

impl<K: Copy, V> Shape<K, V> {
    /// A map with `n` entries.
    fn filled<M: Entries<K, V>>(&self, n: usize) -> M {
        let mut map = M::default();
        (0..n as u64).for_each(|number| map.put((self.key)(number), (self.value)(number)));
        map
    }

    /// What is found of `keys`, summed up; 1 for each that is absent.
    fn sum(&self, map: &impl Entries<K, V>, keys: &[K]) -> u64 {
        let read = |key| map.find(key).map_or(1, self.read);
        keys.iter().fold(0, |sum, key| sum.wrapping_add(read(key)))
    }
}

/// Heap bytes at eight sizes of an octave from a million on, over what the entries are.
fn bytes<K: Copy + Eq + Hash, V>(shape: &Shape<K, V>) {
    let mut shares = [const { Vec::new() }; 4];
    for eighth in 0..8 {
        let n = (1e6 * (f64::from(eighth) / 8.0).exp2()) as usize;
        let payload = (n * size_of::<(K, V)>()) as f64;
        let bytes = [
            weigh(|| shape.filled::<Map<K, V>>(n)).0,
            weigh(|| shape.filled::<Fast<K, V>>(n)).0,
            weigh(|| shape.filled::<CompactMap<K, V>>(n)).0,
            weigh(|| shape.filled::<Hashbrown<K, V>>(n)).0,
        ];
        for (shares, bytes) in shares.iter_mut().zip(bytes) {
            shares.push(bytes as f64 / payload);
        }
    }
    let each = size_of::<(K, V)>();
    for (name, shares) in NAMES.iter().zip(shares) {
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let most = shares.iter().copied().fold(0.0, f64::max);
        eprintln!(
            "{}, {name}: {least:.3} to {most:.3} of entries of {each} bytes, {:.2} bytes at most",
            shape.name,
            most * each as f64
        );
    }
}

const NAMES: [&str; 4] = ["lessram_compact", "lessram_quick", "lessram_compact_map", "hashbrown"];

fn times<K: Copy + Eq + Hash + Sync + Footprint, V: Sync + Footprint>(
    shape: &Shape<K, V>,
    n: usize,
    rounds: usize,
) -> Outcome {
    let mut random = Random(n as u64);
    let hits: Vec<K> = (0..QUERIES).map(|_| (shape.key)(random.below(n) as u64)).collect();
    let misses: Vec<K> = (n..n + QUERIES).map(|number| (shape.key)(number as u64)).collect();
    let case = format!("{}, n {n}", shape.name);

    let (compact_bytes, compact) = weigh(|| shape.filled::<Map<K, V>>(n));
    let (quick_bytes, quick) = weigh(|| shape.filled::<Fast<K, V>>(n));
    let (blocks_bytes, blocks) = weigh(|| shape.filled::<CompactMap<K, V>>(n));
    let (brown_bytes, brown) = weigh(|| shape.filled::<Hashbrown<K, V>>(n));
    assert_eq!(compact_bytes, compact.heap_bytes() as u64);
    assert_eq!(blocks_bytes, blocks.heap_bytes() as u64);

    /// One line for each contender: what it does with its map.
    macro_rules! each {
        ($compact:expr, $quick:expr, $blocks:expr, $brown:expr) => {
            [
                contender(NAMES[0], compact_bytes, $compact),
                contender(NAMES[1], quick_bytes, $quick),
                contender(NAMES[2], blocks_bytes, $blocks),
                contender(NAMES[3], brown_bytes, $brown),
            ]
        };
    }
    for (name, asked) in [("map_hit", &hits), ("map_miss", &misses)] {
        let get = each!(
            || shape.sum(&compact, asked),
            || shape.sum(&quick, asked),
            || shape.sum(&blocks, asked),
            || shape.sum(&brown, asked)
        );
        race(name, &case, rounds, QUERIES, true, &get)?;
    }
    let insert = each!(
        || shape.filled::<Map<K, V>>(n).len() as u64,
        || shape.filled::<Fast<K, V>>(n).len() as u64,
        || shape.filled::<CompactMap<K, V>>(n).len() as u64,
        || shape.filled::<Hashbrown<K, V>>(n).len() as u64
    );
    race("map_insert", &case, rounds, n, true, &insert)
}
