//! Sets of integers: bits a number, and ns per look-up, step of an iterator, number of two sets,
//! and number put in.
//!
//! Each contender has its own memory, and `ratio` is our time over theirs.

use crate::race::{Contender, Random, contender, race, weigh};
use lessram::arrays::{EliasFano, Prefer, SlicedSet, SlicedSetMut};
use lessram::mem::Footprint;
use roaring::{RoaringBitmap, RoaringTreemap};
use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use sux::dict::elias_fano::{EfSeqDict, EliasFanoBuilder};
use sux::traits::Succ;

const N: usize = 1_000_000;
const QUERIES: usize = 1_000_000;

/// Runs all kinds of numbers.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for (name, make) in KINDS {
        let (one, two) = (make(&mut Random(1)), make(&mut Random(2)));
        kind(name, &one, &two, rounds)?;
    }
    Ok(())
}

type Make = fn(&mut Random) -> Vec<u64>;

const KINDS: [(&str, Make); 7] = [
    ("gap 100", |random| gaps(random, |random| 1 + random.number() % 199)),
    ("gap 20", |random| gaps(random, |random| 1 + random.number() % 39)),
    ("clustered", clusters),
    ("runs", runs),
    ("dense", |random| gaps(random, |random| 1 + random.number() % 8)),
    ("of 2^31", |random| scattered(random, 31)),
    ("64 bit", |random| scattered(random, 64)),
];

fn gaps(random: &mut Random, gap: impl Fn(&mut Random) -> u64) -> Vec<u64> {
    let mut last = 0;
    let mut next = || {
        last += gap(random);
        last
    };
    (0..N).map(|_| next()).collect()
}

/// Clusters of up to 400 numbers, most of which follow one another; 44 of the universe a number.
fn clusters(random: &mut Random) -> Vec<u64> {
    let (mut left, mut last) = (0, 0);
    let mut next = || {
        if left == 0 {
            left = 1 + random.number() % 400;
            last += 1 + random.number() % (2 * 42 * 200);
        }
        left -= 1;
        last += if random.number() % 4 == 0 { 1 + random.number() % 8 } else { 1 };
        last
    };
    (0..N).map(|_| next()).collect()
}

/// Runs of up to 600 numbers.
fn runs(random: &mut Random) -> Vec<u64> {
    let (mut left, mut last) = (0, 0);
    let mut next = || {
        if left == 0 {
            left = 1 + random.number() % 600;
            last += 1 + random.number() % 3_000;
        }
        left -= 1;
        last += 1;
        last
    };
    (0..N).map(|_| next()).collect()
}

fn scattered(random: &mut Random, bits: u32) -> Vec<u64> {
    let numbers: BTreeSet<u64> = (0..N).map(|_| random.number() >> (64 - bits)).collect();
    numbers.into_iter().collect()
}

/// roaring's two types, by the size of the numbers.
enum Roaring {
    Small(RoaringBitmap),
    Large(RoaringTreemap),
}

impl Roaring {
    fn of(numbers: &[u64], is_small: bool) -> Self {
        if is_small {
            let small = numbers.iter().map(|x| *x as u32);
            let mut set = RoaringBitmap::from_sorted_iter(small).expect("they ascend");
            set.optimize();
            return Self::Small(set);
        }
        let mut set =
            RoaringTreemap::from_sorted_iter(numbers.iter().copied()).expect("they ascend");
        set.optimize();
        Self::Large(set)
    }

    fn contains(&self, x: u64) -> bool {
        match self {
            Self::Small(set) => set.contains(x as u32),
            Self::Large(set) => set.contains(x),
        }
    }

    fn sum(&self) -> u64 {
        let add = |sum: u64, x: u64| sum.wrapping_add(x);
        match self {
            Self::Small(set) => set.iter().fold(0, |sum, x| add(sum, u64::from(x))),
            Self::Large(set) => set.iter().fold(0, add),
        }
    }

    fn len_of(&self, other: &Self, op: char) -> u64 {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) => match op {
                '&' => (a & b).len(),
                '|' => (a | b).len(),
                '-' => (a - b).len(),
                _ => a.intersection_len(b),
            },
            (Self::Large(a), Self::Large(b)) => match op {
                '&' => (a & b).len(),
                '|' => (a | b).len(),
                '-' => (a - b).len(),
                _ => a.intersection_len(b),
            },
            _ => 0,
        }
    }
}

/// The forms of one set.
struct Forms {
    bytes: (u64, SlicedSet),
    time: (u64, SlicedSet),
    elias_fano: (u64, EliasFano),
    roaring: (u64, Roaring),
    sux: (u64, EfSeqDict<u64>),
    hash: (u64, HashSet<u64>),
    vec: (u64, Vec<u64>),
}

fn sliced(numbers: &[u64], prefer: Prefer) -> SlicedSet {
    let mut builder = SlicedSet::builder_for(prefer);
    numbers.iter().for_each(|x| builder.push(*x).expect("they ascend"));
    builder.finish().expect("memory")
}

fn sux_of(numbers: &[u64]) -> EfSeqDict<u64> {
    let mut builder = EliasFanoBuilder::new(numbers.len(), numbers[numbers.len() - 1]);
    numbers.iter().for_each(|x| builder.push(*x));
    builder.build_with_seq_and_dict()
}

fn forms_of(numbers: &[u64]) -> Forms {
    let is_small = numbers.last().is_some_and(|last| u32::try_from(*last).is_ok());
    let forms = Forms {
        bytes: weigh(|| sliced(numbers, Prefer::Bytes)),
        time: weigh(|| sliced(numbers, Prefer::Time)),
        elias_fano: weigh(|| EliasFano::try_from(numbers).expect("they ascend")),
        roaring: weigh(|| Roaring::of(numbers, is_small)),
        sux: weigh(|| sux_of(numbers)),
        hash: weigh(|| numbers.iter().copied().collect()),
        vec: weigh(|| numbers.to_vec()),
    };
    assert_eq!(forms.bytes.0, forms.bytes.1.heap_bytes() as u64);
    assert_eq!(forms.time.0, forms.time.1.heap_bytes() as u64);
    forms
}

fn kind(name: &str, one: &[u64], two: &[u64], rounds: usize) -> Result<(), Box<dyn Error>> {
    let (forms, others) = (forms_of(one), forms_of(two));
    let all = [
        ("lessram", forms.bytes.0),
        ("lessram by time", forms.time.0),
        ("lessram EliasFano", forms.elias_fano.0),
        ("roaring", forms.roaring.0),
        ("sux EfSeqDict", forms.sux.0),
        ("HashSet", forms.hash.0),
    ];
    let last = one[one.len() - 1];
    eprintln!("\n{name}: {} numbers up to {last}; bits each:", one.len());
    for (name, bytes) in all {
        eprintln!("{name:<22}{:>9.3}", bytes as f64 * 8.0 / one.len() as f64);
    }
    contains(name, &forms, rounds)?;
    walk(name, one, &forms, rounds)?;
    insert(name, one, rounds)?;
    pairs(name, (&forms, &others), rounds)
}

fn contains(name: &str, forms: &Forms, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(3);
    let there = &forms.vec.1;
    let hits: Vec<u64> = (0..QUERIES).map(|_| there[random.below(there.len())]).collect();
    let last = there[there.len() - 1];
    let misses: Vec<u64> = std::iter::from_fn(|| Some(random.number() % last))
        .filter(|x| there.binary_search(x).is_err())
        .take(QUERIES)
        .collect();
    for (sort, queries) in [("hit", &hits), ("miss", &misses)] {
        let Forms { bytes, time, elias_fano, roaring, sux, hash, vec } = forms;
        let contenders = [
            contender("lessram", bytes.0, || count(queries, |x| bytes.1.contains(x))),
            contender("lessram_by_time", time.0, || count(queries, |x| time.1.contains(x))),
            contender("lessram_elias_fano", elias_fano.0, || {
                count(queries, |x| elias_fano.1.contains(x))
            }),
            contender("roaring", roaring.0, || match &roaring.1 {
                Roaring::Small(set) => count(queries, |x| set.contains(x as u32)),
                Roaring::Large(set) => count(queries, |x| set.contains(x)),
            }),
            contender("sux_ef_seq_dict", sux.0, || {
                count(queries, |x| sux.1.succ(x).is_some_and(|found| found.1 == x))
            }),
            contender("hash_set", hash.0, || count(queries, |x| hash.1.contains(&x))),
            contender("vec", vec.0, || count(queries, |x| vec.1.binary_search(&x).is_ok())),
        ];
        let case = format!("{name}, {sort}");
        race("sets_contains", &case, rounds, QUERIES, true, &contenders)?;
    }
    assert!(hits.iter().all(|x| forms.roaring.1.contains(*x)));
    Ok(())
}

fn count(queries: &[u64], contains: impl Fn(u64) -> bool) -> u64 {
    queries.iter().map(|x| u64::from(contains(*x))).sum()
}

/// All in order, and building.
fn walk(name: &str, one: &[u64], forms: &Forms, rounds: usize) -> Result<(), Box<dyn Error>> {
    let add = |sum: u64, x: u64| sum.wrapping_add(x);
    let Forms { bytes, time, elias_fano, roaring, .. } = forms;
    let next = |set: &SlicedSet| {
        let mut sum = 0;
        for x in set {
            sum = add(sum, x);
        }
        sum
    };
    let contenders = [
        contender("lessram", bytes.0, || bytes.1.iter().fold(0, add)),
        contender("lessram_next", bytes.0, || next(&bytes.1)),
        contender("lessram_by_time", time.0, || time.1.iter().fold(0, add)),
        contender("lessram_by_time_next", time.0, || next(&time.1)),
        contender("lessram_elias_fano", elias_fano.0, || elias_fano.1.iter().fold(0, add)),
        contender("roaring", roaring.0, || roaring.1.sum()),
    ];
    let few = (rounds / 3).max(3);
    race("sets_iterate", name, few, one.len(), true, &contenders)?;
    let is_small = matches!(roaring.1, Roaring::Small(_));
    let contenders = [
        contender("lessram", bytes.0, || sliced(one, Prefer::Bytes).len() as u64),
        contender("lessram_by_time", time.0, || sliced(one, Prefer::Time).len() as u64),
        contender("roaring", roaring.0, || match Roaring::of(one, is_small) {
            Roaring::Small(set) => set.len(),
            Roaring::Large(set) => set.len(),
        }),
    ];
    race("sets_build", name, few.min(7), one.len(), true, &contenders)
}

/// Every number, in random order and in its own: collected, and one by one.
fn insert(name: &str, one: &[u64], rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(4);
    let mut shuffled = one.to_vec();
    for last in (1..shuffled.len()).rev() {
        shuffled.swap(last, random.below(last + 1));
    }
    let is_small = one.last().is_some_and(|last| u32::try_from(*last).is_ok());
    for (order, numbers) in [("random", &shuffled[..]), ("ascending", one)] {
        let ours = || numbers.iter().copied().collect::<SlicedSetMut>();
        let small = || numbers.iter().map(|x| *x as u32).collect::<RoaringBitmap>();
        let large = || numbers.iter().copied().collect::<RoaringTreemap>();
        let btree = || numbers.iter().copied().collect::<BTreeSet<u64>>();
        let hash = || numbers.iter().copied().collect::<HashSet<u64>>();
        let (bytes, set) = weigh(ours);
        assert_eq!(bytes, set.heap_bytes() as u64);
        drop(set);
        let roaring = if is_small { weigh(small).0 } else { weigh(large).0 };
        let contenders = [
            contender("lessram", bytes, || ours().len() as u64),
            contender("lessram_insert", bytes, || {
                let mut set = SlicedSetMut::new();
                for x in numbers {
                    set.insert(*x);
                }
                set.len() as u64
            }),
            contender("roaring", roaring, || if is_small { small().len() } else { large().len() }),
            contender("btree_set", weigh(btree).0, || btree().len() as u64),
            contender("hash_set", weigh(hash).0, || hash().len() as u64),
        ];
        let few = (rounds / 5).clamp(3, 5);
        race("sets_insert", &format!("{name}, {order}"), few, one.len(), true, &contenders)?;
    }
    Ok(())
}

/// Sets of two sets; a time is one of the numbers of both.
fn pairs(name: &str, (a, b): (&Forms, &Forms), rounds: usize) -> Result<(), Box<dyn Error>> {
    let operations = a.vec.1.len() + b.vec.1.len();
    let few = (rounds / 3).max(3);
    let ops: [(&str, char); 4] =
        [("intersection", '&'), ("union", '|'), ("difference", '-'), ("intersection_len", '#')];
    for (what, op) in ops {
        let ours = |a: &SlicedSet, b: &SlicedSet| match op {
            '&' => a.intersection(b).len() as u64,
            '|' => a.union(b).len() as u64,
            '-' => a.difference(b).len() as u64,
            _ => a.intersection_len(b) as u64,
        };
        let contenders: [Contender<'_>; 3] = [
            contender("lessram", a.bytes.0, || ours(&a.bytes.1, &b.bytes.1)),
            contender("lessram_by_time", a.time.0, || ours(&a.time.1, &b.time.1)),
            contender("roaring", a.roaring.0, || a.roaring.1.len_of(&b.roaring.1, op)),
        ];
        race("sets_pairs", &format!("{name}, {what}"), few, operations, true, &contenders)?;
    }
    Ok(())
}
