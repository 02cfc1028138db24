//! Compact maps: beside std's as an oracle, with bytes compared to the allocator's after every
//! operation; and with what goes wrong around them.

use super::faults::{Constant, Mood, Moody, Until};
use super::mixed;
use super::programs::{Made, Op, config, ops};
use lessram::AllocError;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactEntry, CompactMap};
use lessram::mem::{Counter, Footprint, Global, Totals, Tracked};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Counted<'c, K, V, S = DefaultHashBuilder> = CompactMap<K, V, S, Tracked<'c>>;

fn counted<K, V>(counter: &Counter) -> Counted<'_, K, V> {
    CompactMap::with_hasher_in(DefaultHashBuilder::with_seed(1), Tracked::new(counter, Global))
}

/// What must hold after every operation.
fn sound<K: Footprint, V: Footprint>(map: &Counted<'_, K, V>, counter: &Counter) {
    assert!(map.len() <= map.capacity());
    assert_eq!(map.heap_bytes(), counter.live(), "bytes");
    assert_eq!(map.heap_blocks(), counter.blocks(), "blocks");
}

fn apply<K: Made + Eq + Hash + Ord, V: Made>(
    map: &mut Counted<'_, K, V>,
    model: &mut HashMap<K, V>,
    op: &Op,
) {
    match *op {
        Op::Insert(key, value) => {
            let (key, value) = (K::of(key), V::of(value));
            assert_eq!(map.insert(key.clone(), value.clone()), model.insert(key, value));
        }
        Op::Remove(key) => assert_eq!(map.remove(&K::of(key)), model.remove(&K::of(key))),
        Op::Fill(from, count) => {
            for key in (from..from + count).map(K::of) {
                assert_eq!(map.insert(key.clone(), V::of(7)), model.insert(key, V::of(7)));
            }
        }
        Op::Empty(from, count) => {
            for key in (from..from + count).map(K::of) {
                assert_eq!(map.remove_entry(&key), model.remove_entry(&key));
            }
        }
        Op::Entry(key, value) => {
            let change = |old: &mut V| *old = V::of(3);
            let entry = map.entry(K::of(key));
            let ours = entry.and_modify(change).or_insert(V::of(value)).clone();
            let entry = model.entry(K::of(key));
            assert_eq!(ours, *entry.and_modify(change).or_insert(V::of(value)));
        }
        Op::EntryRemove(key) => match map.entry(K::of(key)) {
            CompactEntry::Occupied(entry) => {
                assert_eq!(*entry.key(), K::of(key));
                assert_eq!(Some(entry.remove()), model.remove(&K::of(key)));
            }
            CompactEntry::Vacant(entry) => assert!(!model.contains_key(entry.key())),
        },
        Op::Retain(modulus) => {
            let most = K::of(modulus * 200);
            map.retain(|key, _| *key > most);
            model.retain(|key, _| *key > most);
        }
        Op::Extract(modulus, most) => {
            let least = K::of(modulus * 100);
            let taken: Vec<_> =
                map.extract_if(|key, _| *key < least).take(usize::from(most)).collect();
            for (key, value) in taken {
                assert!(key < least);
                assert_eq!(model.remove(&key), Some(value));
            }
        }
        Op::Reserve(extra) => {
            map.reserve(usize::from(extra));
            assert!(map.capacity() >= map.len() + usize::from(extra));
        }
        Op::ShrinkTo(least) => {
            map.shrink_to(usize::from(least));
            assert!(map.capacity() <= map.len().max(usize::from(least)) + 36);
        }
        Op::Clear => {
            let capacity = map.capacity();
            map.clear();
            model.clear();
            assert_eq!(map.capacity(), capacity);
        }
        Op::Drain(most) => {
            let drained: Vec<_> = map.drain().take(usize::from(most)).collect();
            assert!(drained.iter().all(|(key, value)| model.get(key) == Some(value)));
            assert_eq!(map.capacity(), 0);
            model.clear();
        }
        Op::Clone => *map = map.clone(),
    }
}

fn follows_std<K: Made + Footprint + Eq + Hash + Ord, V: Made + Footprint>(program: &[Op]) {
    let counter = Counter::new();
    let (mut map, mut model) = (counted::<K, V>(&counter), HashMap::new());
    for op in program {
        apply(&mut map, &mut model, op);
        if !K::owns_heap() && !V::owns_heap() {
            sound(&map, &counter);
        }
        assert_eq!(map.len(), model.len());
    }
    assert!(map.check(), "the invariants of the buckets");
    let owned = |(key, value): (&K, &V)| key.heap_bytes() + value.heap_bytes();
    assert_eq!(map.heap_bytes(), counter.live() + map.iter().map(owned).sum::<usize>());
    assert_eq!((map.iter().len(), map.iter().count()), (model.len(), model.len()));
    assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
    assert!((0..3_700).map(K::of).all(|key| map.get(&key) == model.get(&key)));
    map.values_mut().for_each(|value| *value = V::of(5));
    assert!(map.iter().all(|(_, value)| *value == V::of(5)));
    let keys: HashSet<K> = map.into_keys().collect();
    assert_eq!(keys, model.into_keys().collect());
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn compact_maps_follow_std(program in ops()) {
        follows_std::<u64, u32>(&program);
        follows_std::<(), u64>(&program);
        follows_std::<u8, ()>(&program);
    }

    #[test]
    fn those_of_large_entries_too(program in ops()) {
        follows_std::<String, String>(&program);
        follows_std::<u32, [u64; 12]>(&program);
    }
}

#[test]
fn bytes_are_flat_the_peak_is_the_size_and_removal_leaves_nothing() {
    let most = if cfg!(debug_assertions) { 12_000 } else { 400_000 };
    let counter = Counter::new();
    let mut map = counted::<u64, u64>(&counter);
    let mut next = 500;
    for i in 0..most {
        map.insert(mixed(i), i);
        if i + 1 == next {
            let each = map.heap_bytes() as f64 / map.len() as f64;
            // Below some thousand entries, how they fall into buckets matters.
            let limit = 17.6 + 250.0 / next as f64;
            assert!((17.2..limit).contains(&each), "{each} bytes an entry at {next}");
            next = next * 5 / 4;
        }
    }
    sound(&map, &counter);
    let full = counter.live();
    let peak = counter.peak() as f64 / full as f64;
    assert!(peak < 1.01 + 3e3 / full as f64, "a peak of {peak}");
    // The oldest goes, a new one comes: bytes stay.
    for i in 0..most {
        assert_eq!(map.remove(&mixed(i)), Some(i));
        assert_eq!(map.insert(mixed(most + i), most + i), None);
    }
    sound(&map, &counter);
    assert!(counter.live() <= full + full / 20, "{} after {full}", counter.live());
    // 99 of 100 go, without a call to shrink.
    for i in (most..2 * most).filter(|i| i % 100 != 0) {
        assert_eq!(map.remove(&mixed(i)), Some(i));
    }
    assert!(map.check());
    let fresh: CompactMap<u64, u64> = map.iter().map(|(key, value)| (*key, *value)).collect();
    let shrunk = counter.live();
    assert!(shrunk <= fresh.heap_bytes() * 6 / 5, "{shrunk} of {}", fresh.heap_bytes());
    for i in (most..2 * most).filter(|i| i % 100 == 0) {
        assert_eq!(map.remove(&mixed(i)), Some(i));
    }
    assert!(map.is_empty() && counter.live() <= 256, "{} bytes of nothing", counter.live());
    map.shrink_to_fit();
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn small_maps_are_as_documented() {
    assert_eq!(CompactMap::<u32, u32>::new().heap_bytes(), 0);
    let one = CompactMap::from([(1_u64, 2_u64)]);
    assert_eq!(one.heap_bytes(), size_of::<usize>() + 24);
    let totals = Totals::of(&(0..1_000).map(|i| (mixed(i), i)).collect::<CompactMap<_, _>>());
    assert_eq!(totals.payload, 16_000);
    assert!(totals.index >= 1_000 && totals.slack > 0, "{totals:?}");
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..30).chain([40, 77, 120, 300]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut map: CompactMap<u64, Box<u64>, DefaultHashBuilder, _> =
            CompactMap::with_hasher_in(DefaultHashBuilder::with_seed(requests as u64), alloc);
        let mut refused = 0;
        let own = |map: &CompactMap<u64, Box<u64>, DefaultHashBuilder, _>| {
            map.heap_bytes() - 8 * map.len()
        };
        for i in 0..6_000 {
            let before = map.len();
            if map.try_insert(mixed(i), Box::new(i)).is_err() {
                assert_eq!((map.len(), map.get(&mixed(i))), (before, None));
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
        }
        assert!(refused > 0, "{requests} requests were enough");
        assert_eq!(own(&map), counter.live());
        assert!(map.check() && map.iter().all(|(key, value)| *key == mixed(**value)));
        // Removing needs memory to merge, and does without.
        let keys: Vec<u64> = map.keys().copied().collect();
        assert!(keys.iter().all(|key| map.remove(key).is_some()));
        assert!(map.is_empty() && map.check());
        assert!(map.try_reserve(1 << 20).is_err());
        drop(map);
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }
}

#[test]
fn one_refusal_among_many_grants_changes_nothing() {
    for refused in 0..120 {
        let (left, counter) = (Cell::new(usize::MAX), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut map: CompactMap<u64, Box<u64>, DefaultHashBuilder, _> =
            CompactMap::with_hasher_in(DefaultHashBuilder::with_seed(3), alloc);
        for i in 0..80 {
            map.insert(mixed(i), Box::new(i));
        }
        left.set(refused);
        let mut failed = 0;
        for i in 80..160 {
            failed += u32::from(map.try_insert(mixed(i), Box::new(i)).is_err());
            if failed == 1 {
                left.set(usize::MAX);
            }
        }
        left.set(refused);
        let _ = map.try_reserve(300);
        let _ = map.try_shrink_to(0);
        left.set(usize::MAX);
        assert!(map.check() && map.len() == 160 - failed as usize);
        assert!(map.iter().all(|(key, value)| *key == mixed(**value)));
        assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
    }
}

#[test]
fn impossible_capacities_are_errors() {
    let mut map = CompactMap::from([(7_u64, 2_u64)]);
    for extra in [usize::MAX, usize::MAX - 1, usize::MAX / 2] {
        assert_eq!(map.try_reserve(extra), Err(AllocError::CapacityOverflow));
    }
    assert_eq!(map.get(&7), Some(&2));
}

#[test]
fn hash_functions_that_panic_do_no_harm() {
    for calls in 0..400 {
        let (counter, mood) = (Counter::new(), Moody::default());
        mood.0.set(Mood::PanicsAfter(calls));
        let memory = Tracked::new(&counter, Global);
        let mut map: Counted<'_, u64, Box<u64>, Moody> =
            CompactMap::with_hasher_in(mood.clone(), memory);
        let (mut next, mut missed) = (0, 0);
        while next < 200 {
            let filled = catch_unwind(AssertUnwindSafe(|| {
                while next < 200 {
                    next += 1;
                    map.insert(next, Box::new(next));
                }
            }));
            if filled.is_err() {
                missed += 1;
                mood.0.set(Mood::Well);
            }
        }
        assert_eq!(missed, u64::from(matches!(mood.0.replace(Mood::Well), Mood::Well)));
        assert!(map.check() && map.len() as u64 == 200 - missed);
        assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
    }
}

#[test]
fn hash_functions_that_lie_do_no_harm() {
    let (counter, mood) = (Counter::new(), Moody::default());
    mood.0.set(Mood::Lies(1));
    let memory = Tracked::new(&counter, Global);
    let mut map: Counted<'_, u64, Box<u64>, Moody> = CompactMap::with_hasher_in(mood, memory);
    for i in 0..6_000 {
        map.insert(i, Box::new(i));
        if i % 3 == 0 {
            map.remove(&(i / 2));
        }
    }
    assert_eq!(map.iter().count(), map.len());
    map.retain(|key, _| key % 5 == 0);
    map.shrink_to_fit();
    assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
    assert_eq!(map.into_iter().filter(|(key, value)| *key != **value).count(), 0);
    assert_eq!(counter.live(), 0);
}

/// More entries in one block than a bit on the stack is kept for, and than its short head counts.
#[test]
fn one_hash_for_all_keys_is_slow_and_right() {
    let mut map: CompactMap<u64, u64, Constant> = CompactMap::default();
    for i in 0..1_500 {
        map.insert(i, i);
    }
    assert!((0..1_500).all(|i| map[&i] == i) && map.get(&1_500).is_none());
    assert!((0..1_500).all(|i| i % 2 == 0 || map.remove(&i) == Some(i)));
    assert!(map.check() && map.len() == 750);
}

#[test]
fn conditions_that_panic_do_no_harm() {
    let mut map: CompactMap<u64, u64> = (0..500).map(|i| (i, i)).collect();
    for what in 0..2 {
        let calls = Cell::new(0);
        let takes = |key: u64| {
            calls.set(calls.get() + 1);
            assert!(calls.get() < 100, "a condition that panics");
            key % 2 == 0
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            if what == 0 {
                map.retain(|key, _| takes(*key));
            } else {
                map.extract_if(|key, _| takes(*key)).for_each(drop);
            }
        }));
        assert!(panicked.is_err());
        assert!(map.check() && map.iter().all(|(key, value)| key == value));
    }
    assert!((300..450).contains(&map.len()), "{}", map.len());
}

#[test]
fn entries_without_size_and_with_much_alignment() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    #[repr(align(64))]
    struct Nothing;
    let mut wide = CompactMap::<u64, Wide>::new();
    for i in 0..700 {
        wide.insert(mixed(i), Wide(i as u8));
        assert_eq!((&raw const wide[&mixed(i)]).addr() % 256, 0);
    }
    assert!((0..700).all(|i| wide.remove(&mixed(i)) == Some(Wide(i as u8))));
    let mut nothing = CompactMap::new();
    assert_eq!((nothing.insert(Nothing, ()), nothing.insert(Nothing, ())), (None, Some(())));
    assert_eq!((&raw const *nothing.keys().next().unwrap()).addr() % 64, 0);
    assert_eq!((nothing.len(), nothing.remove(&Nothing), nothing.len()), (1, Some(()), 0));
}

#[test]
fn reads_and_prints_as_std_does() {
    let mut map: CompactMap<String, i32> = CompactMap::from([("five".to_owned(), 1)]);
    assert_eq!(format!("{map:?} {:?}", map.iter()), "{\"five\": 1} [(\"five\", 1)]");
    assert_eq!(format!("{:?} {:?}", map.keys(), map.values()), "[\"five\"] [1]");
    assert_eq!(format!("{:?}", map.iter_mut()), "[(\"five\", 1)]");
    assert_eq!(format!("{:?}", map.clone().drain()), "[(\"five\", 1)]");
    assert_eq!(format!("{:?}", map.clone().into_iter()), "[(\"five\", 1)]");
    let of = |key: &str| key.to_owned();
    let printed = "Entry(OccupiedEntry { key: \"five\", value: 1, .. })";
    assert_eq!(format!("{:?}", map.entry(of("five"))), printed);
    assert_eq!(format!("{:?}", map.entry(of("six"))), "Entry(VacantEntry(\"six\"))");
    *map.entry(of("six")).or_default() += 5;
    map.extend([(of("seven"), 7), (of("five"), 2)]);
    assert_eq!((map["five"], map["six"], map["seven"], map.len()), (2, 5, 7, 3));
    let [five, none, seven] = map.get_disjoint_mut(["five", "eight", "seven"]);
    std::mem::swap(five.unwrap(), seven.unwrap());
    assert!(none.is_none());
    assert_eq!((map["five"], map["seven"]), (7, 2));
    let twice = AssertUnwindSafe(|| _ = map.get_disjoint_mut(["five", "five"]));
    assert!(catch_unwind(twice).is_err());
    assert_eq!((map.get_key_value("six"), map.get("nine")), (Some((&of("six"), &5)), None));
    *map.get_mut("six").unwrap() += 1;
    let mut other = map.clone();
    assert_eq!(map, other);
    other.insert(String::new(), 1);
    assert_ne!(map, other);
    // Another seed, the same entries.
    let mut seeded = CompactMap::with_hasher(DefaultHashBuilder::with_seed(9));
    seeded.extend([(of("five"), 7), (of("six"), 6), (of("seven"), 2)]);
    assert_eq!(map, seeded);
    let mut values: Vec<i32> = map.clone().into_values().collect();
    values.sort_unstable();
    assert_eq!(values, [2, 6, 7]);
    match map.entry(of("six")) {
        CompactEntry::Occupied(mut entry) => {
            assert_eq!((entry.insert(1), *entry.get()), (6, 1));
            assert_eq!(entry.remove_entry(), (of("six"), 1));
        }
        CompactEntry::Vacant(_) => panic!("it is there"),
    }
    assert_eq!(map.entry(of("new")).insert_entry(3).remove(), 3);
    assert_eq!(map.len(), 2);
}

#[cfg(feature = "serde")]
#[test]
fn compact_maps_go_through_serde() {
    let map: CompactMap<String, u32> = (0..50).map(|i| (i.to_string(), i)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<CompactMap<String, u32>>(&text).unwrap(), map);
    assert!(serde_json::from_str::<CompactMap<String, u32>>("[1]").is_err());
}
