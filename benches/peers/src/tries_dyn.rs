//! Ordered sets of byte strings that change, beside `BTreeSet`, blart and qp-trie, filled in random
//! order: bytes a key, ns to fill, to find keys that are there and that are not, to go over all in
//! order, to remove and add; and the longest single insertion.
//!
//! The keys are the lines of the file that `LESSRAM_DATA` names, or else made up; an absent key is
//! a present one with one byte changed. `LESSRAM_ONLY` names contenders, separated by commas;
//! with `LESSRAM_SORTED` keys come in order.

use crate::race::{Contender, Random, SLICES, Turns, contender, race, weigh};
use lessram::tries::DynTrie;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

/// Keys that are looked up in a slice.
const QUERIES: usize = 100_000;

type Key = Box<[u8]>;

struct Data {
    /// In the order in which they come.
    keys: Vec<Key>,
    hits: Vec<Key>,
    misses: Vec<Key>,
}

impl Data {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut keys: Vec<Key> = match std::env::var_os("LESSRAM_DATA") {
            Some(path) => {
                let text = std::fs::read(path)?;
                let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                lines.map(Box::from).collect()
            }
            None => (0..500_000_u32)
                .map(|i| format!("{:x}/{}", i % 977, i.wrapping_mul(2_654_435_761)))
                .map(|key| key.into_bytes().into())
                .collect(),
        };
        keys.sort_unstable();
        keys.dedup();
        let mut random = Random(7);
        let hits = (0..QUERIES * SLICES).map(|_| keys[random.below(keys.len())].clone()).collect();
        let mut misses = Vec::new();
        while misses.len() < QUERIES * SLICES {
            let mut key = keys[random.below(keys.len())].clone();
            let at = random.below(key.len());
            key[at] = b'a' + random.below(26) as u8;
            if keys.binary_search(&key).is_err() {
                misses.push(key);
            }
        }
        if std::env::var_os("LESSRAM_SORTED").is_none() {
            for i in (1..keys.len()).rev() {
                keys.swap(i, random.below(i + 1));
            }
            // Reading them is then as fast as it is in order.
            keys = keys.iter().cloned().collect();
        }
        Ok(Self { keys, hits, misses })
    }
}

/// A set that changes.
trait Keys: Default + Send + 'static {
    fn add(&mut self, key: &[u8]) -> bool;
    fn has(&self, key: &[u8]) -> bool;
    fn take(&mut self, key: &[u8]) -> bool;
    /// Bytes of all keys, which are put together one after the other.
    fn sum(&self) -> u64;
}

impl Keys for DynTrie {
    fn add(&mut self, key: &[u8]) -> bool {
        self.insert(key)
    }

    fn has(&self, key: &[u8]) -> bool {
        self.contains(key)
    }

    fn take(&mut self, key: &[u8]) -> bool {
        self.remove(key)
    }

    fn sum(&self) -> u64 {
        let mut sum = 0;
        self.keys(0..self.len()).for_each(|key| sum += key.len() as u64);
        sum
    }
}

impl Keys for BTreeSet<Key> {
    fn add(&mut self, key: &[u8]) -> bool {
        self.insert(key.into())
    }

    fn has(&self, key: &[u8]) -> bool {
        self.contains(key)
    }

    fn take(&mut self, key: &[u8]) -> bool {
        self.remove(key)
    }

    fn sum(&self) -> u64 {
        self.iter().map(|key| key.len() as u64).sum()
    }
}

/// blart's keys must not begin one another: a byte 0 ends them.
#[derive(Default)]
struct Blart(blart::TreeMap<Key, ()>);

thread_local! {
    static ENDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// `key` with a byte 0 behind it, in a buffer that stays.
fn ended<T>(key: &[u8], then: impl FnOnce(&[u8]) -> T) -> T {
    ENDED.with_borrow_mut(|ended| {
        ended.clear();
        ended.extend_from_slice(key);
        ended.push(0);
        then(ended)
    })
}

impl Keys for Blart {
    fn add(&mut self, key: &[u8]) -> bool {
        ended(key, |key| self.0.try_insert(key.into(), ())).is_ok_and(|old| old.is_none())
    }

    fn has(&self, key: &[u8]) -> bool {
        ended(key, |key| self.0.contains_key(key))
    }

    fn take(&mut self, key: &[u8]) -> bool {
        ended(key, |key| self.0.remove(key)).is_some()
    }

    fn sum(&self) -> u64 {
        self.0.keys().map(|key| key.len() as u64 - 1).sum()
    }
}

#[derive(Default)]
struct Qp(qp_trie::Trie<Vec<u8>, ()>);

impl Keys for Qp {
    fn add(&mut self, key: &[u8]) -> bool {
        self.0.insert(key.to_vec(), ()).is_none()
    }

    fn has(&self, key: &[u8]) -> bool {
        self.0.contains_key(key)
    }

    fn take(&mut self, key: &[u8]) -> bool {
        self.0.remove(key).is_some()
    }

    fn sum(&self) -> u64 {
        self.0.keys().map(|key| key.len() as u64).sum()
    }
}

/// What a contender can do.
struct Entry {
    name: &'static str,
    bytes: u64,
    longest: f64,
    find: Box<dyn Fn(&[Key]) -> u64 + Sync>,
    fill: Box<dyn Fn(&[Key]) -> u64 + Sync>,
    walk: Box<dyn Fn() -> u64 + Sync>,
    churn: Box<dyn Fn(&[Key]) -> u64 + Sync>,
}

fn filled<S: Keys>(keys: &[Key]) -> S {
    let mut set = S::default();
    keys.iter().for_each(|key| _ = black_box(set.add(key)));
    set
}

/// Microseconds of the longest insertion of all. Of three fillings the least: what the machine does
/// meanwhile must not count.
fn longest<S: Keys>(keys: &[Key]) -> f64 {
    let mut worst = vec![f64::INFINITY; keys.len()];
    for _ in 0..3 {
        let mut set = S::default();
        for (key, worst) in keys.iter().zip(&mut worst) {
            let start = Instant::now();
            set.add(key);
            *worst = worst.min(start.elapsed().as_nanos() as f64 / 1e3);
        }
    }
    worst.into_iter().fold(0.0, f64::max)
}

fn entry<S: Keys + Sync>(name: &'static str, data: &Data) -> Entry {
    let (bytes, set) = weigh(|| filled::<S>(&data.keys));
    assert!(data.keys.iter().step_by(7).all(|key| set.has(key)));
    assert!(data.misses.iter().all(|key| !set.has(key)));
    let changed = Mutex::new(filled::<S>(&data.keys));
    let set: &'static S = Box::leak(Box::new(set));
    Entry {
        name,
        bytes,
        longest: longest::<S>(&data.keys),
        find: Box::new(|keys| keys.iter().filter(|key| set.has(key)).count() as u64),
        fill: Box::new(|keys| {
            black_box(filled::<S>(keys));
            0
        }),
        walk: Box::new(|| set.sum()),
        churn: Box::new(move |keys| {
            let mut set = changed.lock().expect("no thread has panicked");
            let taken = keys.iter().filter(|key| set.take(key)).count();
            let added = keys.iter().filter(|key| set.add(key)).count();
            (taken + added) as u64
        }),
    }
}

/// Runs all contenders over one set of keys.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let data = Data::new()?;
    let only = std::env::var("LESSRAM_ONLY").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let mut entries = Vec::new();
    let all: [(&'static str, fn(&'static str, &Data) -> Entry); 4] = [
        ("dyn_trie", entry::<DynTrie>),
        ("btree_set", entry::<BTreeSet<Key>>),
        ("blart", entry::<Blart>),
        ("qp_trie", entry::<Qp>),
    ];
    for (name, entry) in all {
        if wanted(name) {
            entries.push(entry(name, &data));
        }
    }
    let (n, raw) = (data.keys.len() as f64, data.keys.iter().map(|key| key.len()).sum::<usize>());
    eprintln!("\n{n} keys of {:.2} bytes", raw as f64 / n);
    eprintln!("{:<16}{:>10}{:>26}", "contender", "B/key", "longest insertion, us");
    for entry in &entries {
        let bytes = entry.bytes as f64 / n;
        eprintln!("{:<16}{bytes:>10.3}{:>26.1}", entry.name, entry.longest);
    }
    type Job<'a> = fn(&'a Entry, &'a Data) -> Box<dyn Fn() -> u64 + Sync + 'a>;
    let jobs: [(&str, usize, usize, Job<'_>); 5] = [
        ("hit", rounds, QUERIES, |entry, data| {
            let turns = Turns::of(&data.hits);
            Box::new(move || (entry.find)(turns.next()))
        }),
        ("miss", rounds, QUERIES, |entry, data| {
            let turns = Turns::of(&data.misses);
            Box::new(move || (entry.find)(turns.next()))
        }),
        ("in order", rounds.min(5), data.keys.len(), |entry, _| Box::new(|| (entry.walk)())),
        ("remove and insert", rounds.min(7), 2 * QUERIES, |entry, data| {
            let turns = Turns::of(&data.hits);
            Box::new(move || (entry.churn)(turns.next()))
        }),
        ("insert", rounds.min(3), data.keys.len(), |entry, data| {
            Box::new(|| (entry.fill)(&data.keys))
        }),
    ];
    for (what, rounds, operations, job) in jobs {
        let work = entries.iter().map(|entry| {
            let job = job(entry, &data);
            contender(entry.name, entry.bytes, move || job())
        });
        let work: Vec<Contender<'_>> = work.collect();
        let case = format!("{what}, n {}", data.keys.len());
        race("tries_dyn", &case, rounds, operations, true, &work)?;
    }
    Ok(())
}
