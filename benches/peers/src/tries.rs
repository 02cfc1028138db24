//! Ordered sets of byte strings, beside fst, sux's rear-coded lists, hashbrown and `BTreeSet`:
//! bytes a key, ns to build, to find keys that are there and that are not, by number, and in order.
//!
//! The keys are the lines of the file that `LESSRAM_DATA` names, or else made up; an absent key is
//! a present one with one byte changed. `LESSRAM_ONLY` names contenders, separated by commas;
//! with `LESSRAM_BUILD` building is timed too.

use crate::race::{Contender, Random, SLICES, Turns, contender, race};
use lessram::arrays::Prefer;
use lessram::mem::{Global, alloc_stats, reset_peak};
use lessram::tries::{Dawg, Form, FrontDict, KeySetBuild, RearDict, plan};
use std::collections::BTreeSet;
use std::error::Error;
use sux::dict::RearCodedListBuilder;
use sux::traits::IndexedDict;

/// Keys that are looked up in a slice.
const QUERIES: usize = 100_000;

pub(crate) type Key = Box<[u8]>;

pub(crate) struct Data {
    pub(crate) keys: Vec<Key>,
    hits: Vec<Key>,
    pub(crate) misses: Vec<Key>,
    ids: Vec<usize>,
}

impl Data {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
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
        let ids: Vec<usize> = (0..QUERIES * SLICES).map(|_| random.below(keys.len())).collect();
        let hits: Vec<Key> = ids.iter().map(|id| keys[*id].clone()).collect();
        let mut misses = Vec::new();
        while misses.len() < QUERIES * SLICES {
            let mut key = keys[random.below(keys.len())].clone();
            let at = random.below(key.len());
            key[at] = b'a' + random.below(26) as u8;
            if keys.binary_search(&key).is_err() {
                misses.push(key);
            }
        }
        Ok(Self { keys, hits, misses, ids })
    }
}

type Walk = Box<dyn Fn() -> u64 + Sync>;

/// What a contender can do; what it cannot is `None`.
struct Entry {
    name: &'static str,
    bytes: u64,
    peak: u64,
    find: Box<dyn Fn(&[Key]) -> u64 + Sync>,
    many: Option<Box<dyn Fn(&[Key]) -> u64 + Sync>>,
    key_of: Option<Box<dyn Fn(&[usize]) -> u64 + Sync>>,
    walk: Option<Walk>,
    /// The same, a call a key.
    step: Option<Walk>,
    build: Box<dyn Fn(&[Key]) + Sync>,
}

/// Builds a contender, with its bytes and its peak over its input; its look-ups are loops of their
/// own that sum up what was found.
macro_rules! entry {
    ($data:expr, $name:expr, $build:expr, |$set:ident: $ty:ty, $key:ident| $find:expr) => {{
        let build: fn(&[Key]) -> $ty = $build;
        let before = alloc_stats().live;
        reset_peak();
        let built = build(&$data.keys);
        let stats = alloc_stats();
        let $set: &'static $ty = Box::leak(Box::new(built));
        let entry = Entry {
            name: $name,
            bytes: (stats.live - before).max(0) as u64,
            peak: (stats.peak - before).max(0) as u64,
            find: Box::new(move |keys| {
                let mut sum = 0;
                for key in keys {
                    let $key = &key[..];
                    sum += $find;
                }
                sum
            }),
            many: None,
            key_of: None,
            walk: None,
            step: None,
            build: Box::new(move |keys| {
                std::hint::black_box(build(keys));
            }),
        };
        ($set, entry)
    }};
}

fn rear(keys: &[Key], block: usize) -> RearDict {
    let mut builder = RearDict::builder_in(block, Global).expect("a valid block");
    keys.iter().for_each(|key| builder.push(key).expect("sorted keys"));
    builder.finish().expect("memory")
}

fn dawg_for_time(keys: &[Key]) -> Dawg {
    let mut builder = Dawg::builder_for(Prefer::Time);
    keys.iter().for_each(|key| builder.push(key).expect("sorted keys"));
    builder.finish().expect("memory")
}

/// Built from keys that wait in a file.
fn through<T: KeySetBuild<Global>>(keys: &[Key]) -> T {
    let folder = std::env::temp_dir();
    T::try_from_sorted_through(&folder, keys.iter(), 32, Global).expect("room for a file")
}

/// The dictionaries of this crate answer everything.
macro_rules! ours {
    ($data:expr, $name:expr, $ty:ty, $build:expr) => {{
        let (set, mut entry) = entry!($data, $name, $build, |set: $ty, key| set
            .id_of(key)
            .map_or(0, |id| id as u64 + 1));
        for (id, key) in $data.keys.iter().enumerate().step_by(7) {
            assert_eq!(set.id_of(key), Some(id));
        }
        entry.many = Some(Box::new(move |keys| {
            let mut ids = [None; 1_000];
            let sum = |ids: &[Option<usize>]| {
                ids.iter().map(|id| id.map_or(0, |id| id as u64 + 1)).sum::<u64>()
            };
            keys.chunks(1_000)
                .map(|keys| {
                    set.get_many(keys, &mut ids);
                    sum(&ids[..keys.len()])
                })
                .sum()
        }));
        entry.key_of = Some(Box::new(move |ids| {
            let mut buffer = vec![0; set.longest()];
            ids.iter()
                .map(|id| set.key_into(*id, &mut buffer).map_or(0, |key| key.len() as u64))
                .sum()
        }));
        entry.walk = Some(Box::new(move || {
            let mut sum = 0;
            set.keys(0..set.len()).for_each(|key| sum += key.len() as u64);
            sum
        }));
        entry.step = Some(Box::new(move || {
            let (mut keys, mut sum) = (set.keys(0..set.len()), 0);
            while let Some(key) = keys.next_key() {
                sum += key.len() as u64;
            }
            sum
        }));
        entry
    }};
}

pub(crate) fn fst_set(keys: &[Key]) -> fst::Set<Vec<u8>> {
    let mut set = fst::SetBuilder::memory();
    keys.iter().for_each(|key| set.insert(key).expect("sorted keys"));
    let mut bytes = set.into_inner().expect("memory");
    bytes.shrink_to_fit();
    fst::Set::new(bytes).expect("what was just built")
}

fn fst_map(keys: &[Key]) -> fst::Map<Vec<u8>> {
    let mut map = fst::MapBuilder::memory();
    let ids = keys.iter().zip(0..);
    ids.for_each(|(key, id)| map.insert(key, id).expect("sorted keys"));
    let mut bytes = map.into_inner().expect("memory");
    bytes.shrink_to_fit();
    fst::Map::new(bytes).expect("what was just built")
}

type RearCodedList = sux::dict::RearCodedListSliceU8<true>;

fn rear_coded_list(keys: &[Key]) -> RearCodedList {
    let mut list = RearCodedListBuilder::<[u8], true>::new(8);
    keys.iter().for_each(|key| list.push(&key[..]));
    list.build()
}

/// Runs all contenders over one set of keys.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let data = Data::new()?;
    let only = std::env::var("LESSRAM_ONLY").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let mut entries = Vec::new();
    if wanted("rear_dict") {
        entries.push(ours!(data, "rear_dict", RearDict, |keys| rear(keys, 32)));
    }
    if wanted("rear_dict_64") {
        entries.push(ours!(data, "rear_dict_64", RearDict, |keys| rear(keys, 64)));
    }
    if wanted("front_dict") {
        entries.push(ours!(data, "front_dict", FrontDict, |keys| {
            FrontDict::from_sorted(keys).expect("sorted keys")
        }));
    }
    if wanted("rear_dict_file") {
        entries.push(ours!(data, "rear_dict_file", RearDict, |keys| through(keys)));
    }
    if wanted("front_dict_file") {
        entries.push(ours!(data, "front_dict_file", FrontDict, |keys| through(keys)));
    }
    if wanted("dawg") {
        entries.push(ours!(data, "dawg", Dawg, |keys| {
            Dawg::from_sorted(keys).expect("sorted keys")
        }));
    }
    if wanted("dawg_time") {
        entries.push(ours!(data, "dawg_time", Dawg, |keys| dawg_for_time(keys)));
    }
    // What fst's set is asked, which has no numbers.
    if wanted("dawg_contains") {
        let build = |keys: &[Key]| Dawg::from_sorted(keys).expect("sorted keys");
        let (_, entry) =
            entry!(data, "dawg_contains", build, |set: Dawg, key| u64::from(set.contains(key)));
        entries.push(entry);
    }
    if wanted("dawg_time_contains") {
        let (_, entry) = entry!(data, "dawg_time_contains", dawg_for_time, |set: Dawg, key| {
            u64::from(set.contains(key))
        });
        entries.push(entry);
    }
    if wanted("fst_set") {
        let (set, mut entry) = entry!(data, "fst_set", fst_set, |set: fst::Set<Vec<u8>>, key| {
            u64::from(set.contains(key))
        });
        entry.walk = Some(Box::new(move || {
            let (mut stream, mut sum) = (set.stream(), 0);
            while let Some(key) = fst::Streamer::next(&mut stream) {
                sum += key.len() as u64;
            }
            sum
        }));
        entries.push(entry);
    }
    if wanted("fst_map") {
        let (map, mut entry) = entry!(data, "fst_map", fst_map, |map: fst::Map<Vec<u8>>, key| {
            map.get(key).map_or(0, |id| id + 1)
        });
        entry.key_of = Some(Box::new(move |ids| {
            let mut key = Vec::new();
            ids.iter()
                .map(|id| {
                    key.clear();
                    map.as_fst().get_key_into(*id as u64, &mut key);
                    key.len() as u64
                })
                .sum()
        }));
        entries.push(entry);
    }
    if wanted("sux") {
        let (list, mut entry) = entry!(data, "sux", rear_coded_list, |list: RearCodedList, key| {
            list.index_of(key).map_or(0, |id| id as u64 + 1)
        });
        entry.key_of = Some(Box::new(move |ids| {
            let mut key = Vec::new();
            ids.iter()
                .map(|id| {
                    list.get_in_place(*id, &mut key);
                    key.len() as u64
                })
                .sum()
        }));
        entries.push(entry);
    }
    if wanted("hashbrown") {
        type Set = hashbrown::HashSet<Key>;
        let build = |keys: &[Key]| {
            let mut set: Set = keys.iter().cloned().collect();
            set.shrink_to_fit();
            set
        };
        let (_, entry) =
            entry!(data, "hashbrown", build, |set: Set, key| u64::from(set.contains(key)));
        entries.push(entry);
    }
    if wanted("btree_set") {
        type Set = BTreeSet<Key>;
        let build = |keys: &[Key]| keys.iter().cloned().collect();
        let (_, entry) =
            entry!(data, "btree_set", build, |set: Set, key| u64::from(set.contains(key)));
        entries.push(entry);
    }
    space(&data, &entries);
    times(&data, &entries, rounds)
}

fn space(data: &Data, entries: &[Entry]) {
    let raw: usize = data.keys.iter().map(|key| key.len()).sum();
    let each = |bytes: u64| bytes as f64 / data.keys.len() as f64;
    eprintln!("\n{} keys of {:.2} bytes", data.keys.len(), each(raw as u64));
    eprintln!("{:<16}{:>10}{:>16}", "contender", "B/key", "peak B/key");
    for entry in entries {
        eprintln!("{:<16}{:>10.3}{:>16.2}", entry.name, each(entry.bytes), each(entry.peak));
    }
    // What is said before anything is built of all keys, beside what was built.
    let names = [
        (Form::RearDict, "rear_dict"),
        (Form::FrontDict, "front_dict"),
        (Form::Dawg, "dawg"),
        (Form::TimedDawg, "dawg_time"),
    ];
    for plan in plan(&data.keys).expect("sorted keys") {
        let name = names.iter().find(|(form, _)| *form == plan.form).map_or("", |form| form.1);
        let built = entries.iter().find(|entry| entry.name == name);
        let off = built.map(|entry| 100.0 * (plan.bytes as f64 / entry.bytes as f64 - 1.0));
        let off = off.map_or(String::new(), |off| format!(": {off:+.2} % off"));
        eprintln!("{plan}{off}");
    }
}

fn times(data: &Data, entries: &[Entry], rounds: usize) -> Result<(), Box<dyn Error>> {
    let n = data.keys.len();
    let case = |what: &str| format!("{what}, n {n}");
    let run = |what: &str, rounds: usize, operations: usize, contenders: Vec<Contender<'_>>| {
        if contenders.is_empty() {
            return Ok(());
        }
        race("tries", &case(what), rounds, operations, false, &contenders)
    };
    for (what, queries) in [("hit", &data.hits), ("miss", &data.misses)] {
        let one = entries.iter().map(|entry| {
            let turns = Turns::of(queries);
            contender(entry.name, entry.bytes, move || (entry.find)(turns.next()))
        });
        run(what, rounds, QUERIES, one.collect())?;
        let many = entries.iter().filter_map(|entry| {
            let (many, turns) = (entry.many.as_ref()?, Turns::of(queries));
            Some(contender(entry.name, entry.bytes, move || many(turns.next())))
        });
        run(&format!("{what}, many"), rounds, QUERIES, many.collect())?;
    }
    let by_id = entries.iter().filter_map(|entry| {
        let (key_of, turns) = (entry.key_of.as_ref()?, Turns::of(&data.ids));
        Some(contender(entry.name, entry.bytes, move || key_of(turns.next())))
    });
    run("key_of", rounds, QUERIES, by_id.collect())?;
    for (what, walk_of) in [
        ("in order", (|entry| entry.walk.as_ref()) as fn(&Entry) -> Option<&Walk>),
        ("in order, step by step", |entry| entry.step.as_ref()),
    ] {
        let walks = entries.iter().filter_map(|entry| {
            let walk = walk_of(entry)?;
            Some(contender(entry.name, entry.bytes, walk))
        });
        run(what, rounds.min(5), n, walks.collect())?;
    }
    if std::env::var_os("LESSRAM_BUILD").is_some() {
        let builds = entries.iter().map(|entry| {
            contender(entry.name, entry.bytes, move || {
                (entry.build)(&data.keys);
                0
            })
        });
        run("build", rounds.min(3), n, builds.collect())?;
    }
    Ok(())
}
