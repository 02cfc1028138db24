//! Sets of strings, and maps from them: bytes and peak, insertion, hits, misses, churn, iteration,
//! beside hashbrown with boxed strings and the same hash function, and std.
//!
//! The strings are those of the file that the variable `LESSRAM_DATA` names, one a line, or else
//! made up, at sizes over an octave: hashbrown doubles, and is fastest and largest just after.
//! Strings of misses are those of hits with their last byte changed.

use crate::race::{Random, contender, race, weigh};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{StrMap, StrSet};
use lessram::mem::{Footprint, alloc_stats, reset_peak};
use std::collections::HashSet as StdSet;
use std::error::Error;
use std::hint::black_box;

type Brown = hashbrown::HashSet<Box<[u8]>, DefaultHashBuilder>;
type BrownMap = hashbrown::HashMap<Box<[u8]>, u32, DefaultHashBuilder>;

const QUERIES: usize = 1_000_000;

/// Runs over the file, or over made-up strings.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let Some(path) = std::env::var_os("LESSRAM_DATA") else {
        for n in [1_000, 100_000, 1_000_000, 1_190_000, 1_410_000, 1_680_000] {
            let mut random = Random(n);
            let strings = (0..n).map(|_| format!("{:011x}", random.number() >> 20).into_bytes());
            strings_of(&format!("hexadecimal, n {n}"), strings.collect(), rounds)?;
        }
        return Ok(());
    };
    let text = std::fs::read(path)?;
    let mut strings: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(Vec::from).collect();
    strings.retain(|string| !string.is_empty());
    strings.sort_unstable();
    strings.dedup();
    let mut random = Random(1);
    for i in (1..strings.len()).rev() {
        strings.swap(i, random.below(i + 1));
    }
    strings_of(&format!("file, n {}", strings.len()), strings, rounds)
}

/// A set of strings of any make.
trait Strings: Default {
    fn add(&mut self, string: &[u8]) -> bool;
    fn has(&self, string: &[u8]) -> bool;
    fn take(&mut self, string: &[u8]) -> bool;
    fn sum(&self) -> u64;

    fn of(strings: &[Vec<u8>]) -> Self {
        let mut set = Self::default();
        strings.iter().for_each(|string| _ = black_box(set.add(string)));
        set
    }

    fn hits(&self, strings: &[&[u8]]) -> u64 {
        strings.iter().filter(|string| self.has(string)).count() as u64
    }
}

macro_rules! strings {
    ($set:ty, |$string:ident| $own:expr) => {
        impl Strings for $set {
            fn add(&mut self, $string: &[u8]) -> bool {
                self.insert($own)
            }

            fn has(&self, string: &[u8]) -> bool {
                self.contains(string)
            }

            fn take(&mut self, string: &[u8]) -> bool {
                self.remove(string)
            }

            fn sum(&self) -> u64 {
                self.iter().map(|string| string.first().map_or(0, |byte| u64::from(*byte))).sum()
            }
        }
    };
}

strings!(StrSet, |string| string);
strings!(Brown, |string| Box::from(string));
strings!(StdSet<Vec<u8>>, |string| Vec::from(string));

/// Heap bytes of the set of `strings`, its peak while they were inserted, and the set.
fn weighed<S: Strings>(name: &str, strings: &[Vec<u8>]) -> (u64, S) {
    reset_peak();
    let before = alloc_stats().live;
    let (bytes, set) = weigh(|| S::of(strings));
    let peak = alloc_stats().peak - before;
    let each = |bytes: f64| bytes / strings.len() as f64;
    let payload: usize = strings.iter().map(Vec::len).sum();
    eprintln!(
        "{name}: {:.2} bytes a string, {:.2} at the peak, of {:.2}",
        each(bytes as f64),
        each(peak as f64),
        each(payload as f64)
    );
    (bytes, set)
}

/// The oldest goes, a new one comes: half of the strings are there at any time.
fn churn<S: Strings>(strings: &[Vec<u8>]) -> u64 {
    let half = strings.len() / 2;
    let mut set = S::of(&strings[..half]);
    let turn = |(old, new): (&Vec<u8>, &Vec<u8>)| u64::from(set.take(old) & set.add(new));
    strings.iter().zip(&strings[half..]).map(turn).sum()
}

fn strings_of(case: &str, strings: Vec<Vec<u8>>, rounds: usize) -> Result<(), Box<dyn Error>> {
    let rounds = if strings.len() > 2_000_000 { rounds.min(3) } else { rounds };
    let mut random = Random(7);
    // Copies in the order of asking: a program has what it asks for at hand.
    let asked = (0..QUERIES).map(|_| strings[random.below(strings.len())].clone());
    let present: Vec<Vec<u8>> = asked.collect();
    let hits: Vec<&[u8]> = present.iter().map(Vec::as_slice).collect();
    let changed = |string: &&[u8]| {
        let mut string = string.to_vec();
        *string.last_mut()? ^= 128;
        Some(string)
    };
    let absent: Vec<Vec<u8>> = hits.iter().filter_map(changed).collect();
    let misses: Vec<&[u8]> = absent.iter().map(Vec::as_slice).collect();

    let (our_bytes, ours) = weighed::<StrSet>("lessram", &strings);
    let (brown_bytes, brown) = weighed::<Brown>("hashbrown", &strings);
    let (std_bytes, std) = weighed::<StdSet<Vec<u8>>>("std", &strings);
    assert_eq!(our_bytes, ours.heap_bytes() as u64);

    /// One line for each contender: what it does.
    macro_rules! each {
        ($ours:expr, $brown:expr, $std:expr) => {
            [
                contender("lessram", our_bytes, $ours),
                contender("hashbrown", brown_bytes, $brown),
                contender("std", std_bytes, $std),
            ]
        };
    }
    let hit = each!(|| ours.hits(&hits), || brown.hits(&hits), || std.hits(&hits));
    race("str_hit", case, rounds, QUERIES, true, &hit)?;
    let miss = each!(|| ours.hits(&misses), || brown.hits(&misses), || std.hits(&misses));
    race("str_miss", case, rounds, QUERIES, true, &miss)?;
    let iterate = each!(|| ours.sum(), || brown.sum(), || std.sum());
    race("str_iterate", case, rounds, strings.len(), true, &iterate)?;
    drop((iterate, hit, miss));
    let insert =
        each!(|| StrSet::of(&strings).len() as u64, || Brown::of(&strings).len() as u64, || {
            StdSet::<Vec<u8>>::of(&strings).len() as u64
        });
    race("str_insert", case, rounds, strings.len(), true, &insert)?;
    let turns = each!(|| churn::<StrSet>(&strings), || churn::<Brown>(&strings), || churn::<
        StdSet<Vec<u8>>,
    >(&strings));
    race("str_insert_half_and_churn", case, rounds, strings.len() / 2, true, &turns)?;
    drop((ours, brown, std));
    maps_of(case, &strings, [&hits, &misses], rounds)
}

/// Maps to numbers of 4 bytes.
fn maps_of(
    case: &str,
    strings: &[Vec<u8>],
    queries: [&[&[u8]]; 2],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let numbered = || strings.iter().zip(0_u32..);
    let (our_bytes, ours) = weigh(|| {
        let mut map = StrMap::new();
        numbered().for_each(|(string, number)| _ = map.insert(string, number));
        map
    });
    let (brown_bytes, brown) = weigh(|| {
        let mut map = BrownMap::default();
        numbered().for_each(|(string, number)| _ = map.insert(Box::from(&**string), number));
        map
    });
    for (what, queries) in ["str_map_hit", "str_map_miss"].into_iter().zip(queries) {
        let sum = |get: &dyn Fn(&[u8]) -> Option<u32>| {
            queries.iter().map(|string| u64::from(get(string).unwrap_or(0))).sum()
        };
        let get = [
            contender("lessram", our_bytes, || sum(&|string| ours.get(string).copied())),
            contender("hashbrown", brown_bytes, || sum(&|string| brown.get(string).copied())),
        ];
        race(what, case, rounds, QUERIES, true, &get)?;
    }
    Ok(())
}
