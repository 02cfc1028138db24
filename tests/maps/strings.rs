//! Maps and sets of strings: beside std's as an oracle, with bytes compared to the allocator's
//! after every operation; and with what goes wrong around them.

use super::faults::{Constant, Mood, Moody, Until};
use super::mixed;
use super::programs::{Made, Op, config, ops};
use lessram::AllocError;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{StrEntry, StrMap, StrSet};
use lessram::mem::{Counter, Footprint, Global, Totals, Tracked};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Counted<'c, V, S = DefaultHashBuilder> = StrMap<V, S, Tracked<'c>>;

fn counted<V>(counter: &Counter) -> Counted<'_, V> {
    StrMap::with_hasher_in(DefaultHashBuilder::with_seed(1), Tracked::new(counter, Global))
}

/// What must hold after every operation.
fn sound<V: Footprint, S: BuildHasher>(map: &Counted<'_, V, S>, counter: &Counter) {
    assert!(map.len() <= map.capacity());
    assert_eq!(map.heap_bytes(), counter.live(), "bytes");
    assert_eq!(map.heap_blocks(), counter.blocks(), "blocks");
}

/// Strings of many lengths, a fiftieth of them with a block of its own; different for each number.
pub(super) fn string(i: u32) -> Vec<u8> {
    let len = match i % 50 {
        7 => 256 + i as usize % 200,
        8 => 250 + i as usize % 10,
        9 => 0,
        other => other as usize % 23,
    };
    let mut string = i.to_le_bytes()[..if i < 50 { 1 } else { 4 }].to_vec();
    string.resize(string.len() + len, i as u8);
    if i == 9 { Vec::new() } else { string }
}

fn apply<V: Made + Footprint>(map: &mut Counted<'_, V>, model: &mut HashMap<Vec<u8>, V>, op: &Op) {
    match *op {
        Op::Insert(key, value) => {
            let (key, value) = (string(key), V::of(value));
            assert_eq!(map.insert(&key, value.clone()), model.insert(key, value));
        }
        Op::Remove(key) => assert_eq!(map.remove(string(key)), model.remove(&string(key))),
        Op::Fill(from, count) => {
            for key in (from..from + count).map(string) {
                assert_eq!(map.insert(&key, V::of(7)), model.insert(key, V::of(7)));
            }
        }
        Op::Empty(from, count) => {
            for key in (from..from + count).map(string) {
                let expected = model.remove_entry(&key).map(|(key, value)| (key.into(), value));
                assert_eq!(map.remove_entry(&key), expected);
            }
        }
        Op::Entry(key, value) => {
            let (key, change) = (string(key), |old: &mut V| *old = V::of(3));
            let ours = map.entry(&key).and_modify(change).or_insert(V::of(value)).clone();
            let theirs = model.entry(key).and_modify(change).or_insert(V::of(value)).clone();
            assert_eq!(ours, theirs);
        }
        Op::EntryRemove(key) => match map.entry(&string(key)) {
            StrEntry::Occupied(entry) => {
                assert_eq!(entry.key(), string(key));
                assert_eq!(Some(entry.remove()), model.remove(&string(key)));
            }
            StrEntry::Vacant(entry) => assert!(!model.contains_key(entry.key())),
        },
        Op::Retain(modulus) => {
            let kept = |key: &[u8]| key.iter().map(|byte| u32::from(*byte)).sum::<u32>() % modulus;
            map.retain(|key, _| kept(key) != 0);
            model.retain(|key, _| kept(key) != 0);
        }
        Op::Extract(modulus, most) => {
            let taken: Vec<_> = map
                .extract_if(|key, _| key.len() as u32 % modulus == 0)
                .take(usize::from(most))
                .collect();
            for (key, value) in taken {
                assert_eq!(key.len() as u32 % modulus, 0);
                assert_eq!(model.remove(&*key), Some(value));
            }
        }
        Op::Reserve(extra) => {
            map.reserve(usize::from(extra));
            assert!(map.capacity() >= map.len() + usize::from(extra));
        }
        Op::ShrinkTo(least) => {
            map.shrink_to(usize::from(least));
            assert!(map.capacity() <= map.len().max(usize::from(least)) + 20);
        }
        Op::Clear => {
            let capacity = map.capacity();
            map.clear();
            model.clear();
            assert_eq!(map.capacity(), capacity);
        }
        Op::Drain(most) => {
            let drained: Vec<_> = map.drain().take(usize::from(most)).collect();
            assert!(drained.iter().all(|(key, value)| model.get(&**key) == Some(value)));
            assert_eq!(map.heap_bytes(), 0);
            model.clear();
        }
        Op::Clone => *map = map.clone(),
    }
}

fn follows_std<V: Made + Footprint>(program: &[Op]) {
    let counter = Counter::new();
    let (mut map, mut model) = (counted::<V>(&counter), HashMap::new());
    for op in program {
        apply(&mut map, &mut model, op);
        if !V::owns_heap() {
            sound(&map, &counter);
        }
        assert_eq!(map.len(), model.len());
    }
    assert!(map.check(), "the invariants of the buckets");
    let owned: usize = map.values().map(Footprint::heap_bytes).sum();
    assert_eq!(map.heap_bytes(), counter.live() + owned);
    assert_eq!((map.iter().len(), map.iter().count()), (model.len(), model.len()));
    assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
    assert!((0..3_700).all(|i| map.get(string(i)) == model.get(&string(i))));
    map.iter_mut().for_each(|(key, value)| *value = V::of(key.len() as u32));
    assert!(map.iter().all(|(key, value)| V::of(key.len() as u32) == *value));
    let keys: HashSet<Vec<u8>> = map.into_iter().map(|(key, _)| key.into()).collect();
    assert_eq!(keys, model.into_keys().collect());
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn maps_of_strings_follow_std(program in ops()) {
        follows_std::<u32>(&program);
    }

    #[test]
    fn those_without_values_and_with_wide_or_owned_ones_too(program in ops()) {
        follows_std::<()>(&program);
        follows_std::<[u64; 12]>(&program);
        follows_std::<Box<u32>>(&program);
    }
}

/// Words of 6 to 14 bytes that look random.
fn word(i: u64) -> String {
    let x = mixed(i);
    format!("{x:016x}")[..6 + (x % 9) as usize].to_owned() + &i.to_string()
}

#[test]
fn bytes_are_flat_the_peak_is_the_size_and_removal_leaves_nothing() {
    let most = if cfg!(debug_assertions) { 12_000 } else { 400_000 };
    let counter = Counter::new();
    let mut set = counted::<()>(&counter);
    let (mut strings, mut next) = (0, 200);
    for i in 0..most {
        strings += word(i).len();
        set.insert(word(i), ());
        if i + 1 == next {
            let beside = (set.heap_bytes() - strings) as f64 / set.len() as f64;
            assert!((2.5..3.35).contains(&beside), "{beside} bytes beside each of {next} strings");
            next = next * 5 / 4;
        }
    }
    sound(&set, &counter);
    let full = counter.live();
    let peak = counter.peak() as f64 / full as f64;
    assert!(peak < 1.01 + 2e3 / full as f64, "a peak of {peak}");
    // The oldest goes, a new one comes: bytes stay.
    for i in 0..most {
        assert_eq!(set.remove(word(i)), Some(()));
        assert_eq!(set.insert(word(most + i), ()), None);
    }
    sound(&set, &counter);
    assert!(counter.live() <= full + full / 12, "{} after {full}", counter.live());
    // 99 of 100 go, without a call to shrink.
    for i in (most..2 * most).filter(|i| i % 100 != 0) {
        assert_eq!(set.remove(word(i)), Some(()));
    }
    assert!(set.check());
    let fresh: StrMap<()> = set.keys().map(|key| (key, ())).collect();
    let shrunk = counter.live();
    assert!(shrunk <= fresh.heap_bytes() * 5 / 4, "{shrunk} of {}", fresh.heap_bytes());
    for i in (most..2 * most).filter(|i| i % 100 == 0) {
        assert_eq!(set.remove(word(i)), Some(()));
    }
    assert!(set.is_empty() && counter.live() <= 256, "{} bytes of nothing", counter.live());
    set.shrink_to_fit();
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..30).chain([40, 77, 120, 300]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut map: StrMap<u32, DefaultHashBuilder, _> =
            StrMap::with_hasher_in(DefaultHashBuilder::with_seed(requests as u64), alloc);
        let mut refused = 0;
        for i in (0..3_000).filter(|i| i % 50 != 9) {
            let before = map.len();
            if map.try_insert(string(i), i).is_err() {
                assert_eq!((map.len(), map.get(string(i))), (before, None));
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
            assert_eq!(map.heap_bytes(), counter.live());
        }
        assert!(refused > 0, "{requests} requests were enough");
        assert!(map.check() && map.iter().all(|(key, value)| key == string(*value)));
        // Removing needs memory to merge, and does without.
        let keys: Vec<Vec<u8>> = map.keys().map(<[u8]>::to_vec).collect();
        for key in &keys {
            assert!(map.remove(key).is_some());
            assert_eq!(map.heap_bytes(), counter.live());
        }
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
        let mut map: StrMap<Box<u32>, DefaultHashBuilder, _> =
            StrMap::with_hasher_in(DefaultHashBuilder::with_seed(3), alloc);
        for i in 0..60 {
            map.insert(string(i * 7), Box::new(i));
        }
        left.set(refused);
        let mut failed = 0;
        for i in 60..120 {
            failed += u32::from(map.try_insert(string(i * 7), Box::new(i)).is_err());
            if failed == 1 {
                left.set(usize::MAX);
            }
        }
        left.set(refused);
        let _ = map.try_reserve(300);
        let _ = map.try_shrink_to(0);
        left.set(usize::MAX);
        assert!(map.check() && map.len() == 120 - failed as usize);
        let own = map.heap_bytes() - 4 * map.len();
        assert_eq!(own, counter.live());
    }
}

#[test]
fn impossible_capacities_are_errors() {
    let mut map: StrMap<u64> = StrMap::from([("a", 2)]);
    assert_eq!(map.try_reserve(usize::MAX), Err(AllocError::CapacityOverflow));
    assert!(map.try_reserve(usize::MAX / 2).is_err());
    assert_eq!(map.get("a"), Some(&2));
}

#[test]
fn hash_functions_that_panic_do_no_harm() {
    for full in [1_u32, 20, 21, 40, 400] {
        let (counter, mood) = (Counter::new(), Moody::default());
        let mut map: Counted<'_, Box<u32>, Moody> =
            StrMap::with_hasher_in(mood.clone(), Tracked::new(&counter, Global));
        for i in 0..full {
            map.insert(string(i), Box::new(i));
        }
        let mut unhashed = false;
        for what in 0..2 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                if what == 0 {
                    // The key's own hash is well; those of a split are not.
                    mood.0.set(Mood::PanicsAfter(0));
                    map.insert(string(full + 1), Box::new(0));
                } else {
                    mood.0.set(Mood::Panics);
                    map.reserve(30_000);
                    unhashed = true;
                }
            }));
            mood.0.set(Mood::Well);
            assert!(!unhashed, "splits without a hash");
            if what == 0 && panicked.is_ok() {
                map.remove(string(full + 1));
            }
            assert_eq!(map.len() as u32, full);
            assert!(map.check() && (0..full).all(|i| map.get(string(i)).is_some_and(|v| **v == i)));
            assert_eq!(map.heap_bytes() - 4 * map.len(), counter.live());
        }
    }
}

#[test]
fn hash_functions_that_lie_do_no_harm() {
    let (counter, mood) = (Counter::new(), Moody::default());
    mood.0.set(Mood::Lies(1));
    let mut map: Counted<'_, Box<u32>, Moody> =
        StrMap::with_hasher_in(mood, Tracked::new(&counter, Global));
    for i in 0..8_000 {
        map.insert(string(i), Box::new(i));
        if i % 3 == 0 {
            map.remove(string(i / 2));
        }
    }
    assert_eq!(map.iter().count(), map.len());
    map.retain(|key, _| key.len() % 5 != 0);
    map.shrink_to_fit();
    assert_eq!(map.heap_bytes() - 4 * map.len(), counter.live());
    assert!(map.into_iter().all(|(key, value)| *key == string(*value)));
    assert_eq!(counter.live(), 0);
}

#[test]
fn one_hash_for_all_keys_is_slow_and_right() {
    let mut map: StrMap<u32, Constant> = StrMap::default();
    for i in 0..2_000 {
        map.insert(string(i), i);
    }
    assert!((0..2_000).all(|i| map[&string(i)] == i) && map.get(string(2_000)).is_none());
    assert!((0..2_000).all(|i| i % 2 == 0 || map.remove(string(i)) == Some(i)));
    assert!(map.check() && map.len() == 1_000);
}

#[test]
fn values_without_size_and_with_much_alignment() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(64))]
    struct Nothing;
    let (mut wide, mut nothing) = (StrMap::new(), StrMap::new());
    for i in 0..700 {
        wide.insert(string(i), Wide(i as u8));
        nothing.insert(string(i), Nothing);
        assert_eq!((&raw const wide[&string(i)]).addr() % 256, 0);
        assert_eq!((&raw const nothing[&string(i)]).addr() % 64, 0);
    }
    assert!((0..700).all(|i| wide.remove(string(i)) == Some(Wide(i as u8))));
    assert!((0..700).all(|i| nothing.remove(string(i)) == Some(Nothing)));
    assert_eq!((wide.len(), nothing.len()), (0, 0));
}

#[test]
fn reads_and_prints_as_std_does() {
    let mut map = StrMap::from([("ant", 1)]);
    assert_eq!(format!("{map:?} {:?}", map.iter()), r#"{"ant": 1} [("ant", 1)]"#);
    assert_eq!(format!("{:?} {:?}", map.keys(), map.values()), r#"["ant"] [1]"#);
    assert_eq!(format!("{:?} {:?}", map.iter_mut(), ()), r#"[("ant", 1)] ()"#);
    assert_eq!(
        format!("{:?}", map.entry("ant")),
        r#"Entry(OccupiedEntry { key: "ant", value: 1, .. })"#
    );
    assert_eq!(format!("{:?}", map.entry("bee")), r#"Entry(VacantEntry("bee"))"#);
    *map.entry("bee").or_default() += 5;
    map.extend([(String::from("cat"), 7), (String::from("ant"), 2)]);
    assert_eq!((map["ant"], map["bee"], map["cat"], map.len()), (2, 5, 7, 3));
    let [ant, none, cat] = map.get_disjoint_mut(["ant", "dog", "cat"]);
    std::mem::swap(ant.unwrap(), cat.unwrap());
    assert!(none.is_none());
    assert_eq!((map["ant"], map["cat"]), (7, 2));
    let twice = catch_unwind(AssertUnwindSafe(|| _ = map.get_disjoint_mut(["ant", "ant"])));
    assert!(twice.is_err());
    assert_eq!(map.get_key_value("bee"), Some((&b"bee"[..], &5)));
    let mut other: StrMap<i32> = map.clone();
    assert_eq!(map, other);
    other.insert([0xFF], 1);
    assert_ne!(map, other);
    assert!(format!("{other:?}").contains(r#"b"\xff": 1"#));
    let mut values: Vec<i32> = map.clone().into_values().collect();
    values.sort_unstable();
    assert_eq!(values, [2, 5, 7]);
    assert_eq!(map.into_keys().map(|key| key.len()).sum::<usize>(), 9);
}

#[test]
fn sets_of_strings() {
    let names = |range: std::ops::Range<u32>| range.map(|i| i.to_string());
    let (a, b): (StrSet, StrSet) = (names(0..100).collect(), names(50..150).collect());
    let sorted = |keys: &mut dyn Iterator<Item = &[u8]>| {
        let text = |key: &[u8]| std::str::from_utf8(key).unwrap().parse().unwrap();
        let mut keys: Vec<u32> = keys.map(text).collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(sorted(&mut a.union(&b)), (0..150).collect::<Vec<_>>());
    assert_eq!(sorted(&mut a.intersection(&b)), (50..100).collect::<Vec<_>>());
    assert_eq!(sorted(&mut a.difference(&b)), (0..50).collect::<Vec<_>>());
    assert_eq!(
        sorted(&mut a.symmetric_difference(&b)),
        (0..50).chain(100..150).collect::<Vec<_>>()
    );
    let (or, and, xor, less) = (&a | &b, &a & &b, &a ^ &b, &a - &b);
    assert_eq!((or.len(), and.len(), xor.len(), less.len()), (150, 50, 100, 50));
    assert!(and.is_subset(&a) && a.is_superset(&less) && less.is_disjoint(&b) && a != b);
    let mut words = StrSet::from(["ant", "bee"]);
    assert!(words.contains("ant") && !words.insert("ant") && words.insert("cat"));
    assert_eq!(words.get("bee"), Some(&b"bee"[..]));
    assert_eq!((words.take("bee").as_deref(), words.remove("bee")), (Some(&b"bee"[..]), false));
    words.retain(|word| word != b"cat");
    assert_eq!(format!("{words:?}"), r#"{"ant"}"#);
    assert_eq!(words.extract_if(|word| word == b"ant").count(), 1);
    words.insert("dog");
    assert_eq!(words.drain().map(Vec::from).collect::<Vec<_>>(), [b"dog"]);
    assert!(words.is_empty() && words.check() && words.clone().into_iter().next().is_none());
}

#[test]
fn footprints_tell_strings_from_what_finds_them() {
    let mut map: StrMap<u32> = (0..1_000).map(|i| (word(i), i as u32)).collect();
    map.insert([b'x'; 1_000], 0);
    let strings: usize = map.keys().map(<[u8]>::len).sum();
    let totals = Totals::of(&map);
    // What is stored of the long one counts as well.
    assert_eq!(totals.payload, strings + 16 + 4 * map.len());
    assert!(totals.slack > 0 && totals.index >= map.len());
}

#[cfg(feature = "serde")]
#[test]
fn maps_and_sets_of_strings_go_through_serde() {
    let map: StrMap<u32> = (0..50).map(|i| (i.to_string(), i)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<StrMap<u32>>(&text).unwrap(), map);
    assert!(serde_json::from_str::<StrMap<u32>>("[1]").is_err());
    let set: StrSet = (0..50).map(string).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<StrSet>(&text).unwrap(), set);
}
