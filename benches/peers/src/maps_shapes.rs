//! Hash maps whose entries are narrow or wide, beside hashbrown with the same hash function: bytes
//! over an octave, insertions, hits, misses.
//!
//! hashbrown doubles, and is fastest and largest just after: the sizes are its worst, its middle
//! and its best of an octave. `SIZES=1000000` runs this size only.

use crate::Outcome;
use crate::race::{Random, contender, race, sizes, weigh};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactMap, Map, Quick};
use lessram::mem::{Footprint, Global};
use std::hash::Hash;
use std::hint::black_box;

type Hashbrown<K, V> = hashbrown::HashMap<K, V, DefaultHashBuilder>;
type Fast<K, V> = Map<K, V, DefaultHashBuilder, Global, Quick>;

const QUERIES: usize = 1_000_000;

/// What keys and values are, each made of a number.
trait Shape {
    const NAME: &str;
    type Key: Copy + Eq + Hash + Sync + Footprint;
    type Value: Sync + Footprint;

    fn key(number: u64) -> Self::Key;
    fn value(number: u64) -> Self::Value;

    /// The number that a value was made of.
    fn number(value: &Self::Value) -> u64;

    /// A map with `n` entries.
    fn filled<M: Entries<Self::Key, Self::Value>>(n: usize) -> M {
        let mut map = M::default();
        (0..n as u64).for_each(|number| map.put(Self::key(number), Self::value(number)));
        map
    }

    /// What is found of `keys`, summed up; 1 for each that is absent.
    fn sum(map: &impl Entries<Self::Key, Self::Value>, keys: &[Self::Key]) -> u64 {
        let read = |key| map.find(key).map_or(1, Self::number);
        keys.iter().fold(0, |sum, key| sum.wrapping_add(read(key)))
    }
}

struct Narrow;
struct Wide;

impl Shape for Narrow {
    const NAME: &str = "u32 to u32";
    type Key = u32;
    type Value = u32;

    /// Different for different numbers below 2^32.
    fn key(number: u64) -> u32 {
        let x = number as u32;
        let x = (x ^ x >> 16).wrapping_mul(0x7FEB_352D);
        let x = (x ^ x >> 15).wrapping_mul(0x846C_A68B);
        x ^ x >> 16
    }

    fn value(number: u64) -> u32 {
        number as u32
    }

    fn number(value: &u32) -> u64 {
        u64::from(*value)
    }
}

impl Shape for Wide {
    const NAME: &str = "u64 to 40 bytes";
    type Key = u64;
    type Value = [u64; 5];

    fn key(number: u64) -> u64 {
        Random(number).number()
    }

    fn value(number: u64) -> [u64; 5] {
        [number; 5]
    }

    fn number(value: &[u64; 5]) -> u64 {
        value[0]
    }
}

/// Runs both shapes at all sizes.
pub fn run(rounds: usize) -> Outcome {
    bytes::<Narrow>();
    bytes::<Wide>();
    for n in sizes("100000,1000000,1300000,1800000,10000000")? {
        times::<Narrow>(n, rounds)?;
        times::<Wide>(n, rounds)?;
    }
    Ok(())
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

/// Heap bytes at eight sizes of an octave from a million on, over what the entries are.
fn bytes<S: Shape>() {
    let mut shares = [const { Vec::new() }; 4];
    for eighth in 0..8 {
        let n = (1e6 * (f64::from(eighth) / 8.0).exp2()) as usize;
        let payload = (n * size_of::<(S::Key, S::Value)>()) as f64;
        let bytes = [
            weigh(|| S::filled::<Map<S::Key, S::Value>>(n)).0,
            weigh(|| S::filled::<Fast<S::Key, S::Value>>(n)).0,
            weigh(|| S::filled::<CompactMap<S::Key, S::Value>>(n)).0,
            weigh(|| S::filled::<Hashbrown<S::Key, S::Value>>(n)).0,
        ];
        for (shares, bytes) in shares.iter_mut().zip(bytes) {
            shares.push(bytes as f64 / payload);
        }
    }
    let each = size_of::<(S::Key, S::Value)>();
    for (name, shares) in NAMES.iter().zip(shares) {
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let most = shares.iter().copied().fold(0.0, f64::max);
        eprintln!(
            "{}, {name}: {least:.3} to {most:.3} of entries of {each} bytes, {:.2} bytes at most",
            S::NAME,
            most * each as f64
        );
    }
}

const NAMES: [&str; 4] = ["lessram_compact", "lessram_quick", "lessram_compact_map", "hashbrown"];

fn times<S: Shape>(n: usize, rounds: usize) -> Outcome {
    let mut random = Random(n as u64);
    let hits: Vec<S::Key> = (0..QUERIES).map(|_| S::key(random.below(n) as u64)).collect();
    let misses: Vec<S::Key> = (n..n + QUERIES).map(|number| S::key(number as u64)).collect();
    let case = format!("{}, n {n}", S::NAME);

    let (compact_bytes, compact) = weigh(|| S::filled::<Map<S::Key, S::Value>>(n));
    let (quick_bytes, quick) = weigh(|| S::filled::<Fast<S::Key, S::Value>>(n));
    let (blocks_bytes, blocks) = weigh(|| S::filled::<CompactMap<S::Key, S::Value>>(n));
    let (brown_bytes, brown) = weigh(|| S::filled::<Hashbrown<S::Key, S::Value>>(n));
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
            || S::sum(&compact, asked),
            || S::sum(&quick, asked),
            || S::sum(&blocks, asked),
            || S::sum(&brown, asked)
        );
        race(name, &case, rounds, QUERIES, true, &get)?;
    }
    let insert = each!(
        || S::filled::<Map<S::Key, S::Value>>(n).len() as u64,
        || S::filled::<Fast<S::Key, S::Value>>(n).len() as u64,
        || S::filled::<CompactMap<S::Key, S::Value>>(n).len() as u64,
        || S::filled::<Hashbrown<S::Key, S::Value>>(n).len() as u64
    );
    race("map_insert", &case, rounds, n, true, &insert)
}
