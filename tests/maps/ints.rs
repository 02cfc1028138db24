//! Maps and sets of integers: beside std's as an oracle, with bytes compared to the allocator's
//! after every operation; and with what goes wrong around them.

#![allow(clippy::needless_borrows_for_generic_args)] // keys are taken borrowed as well

use super::faults::Until;
use super::mixed;
use super::programs::{Made, Op, config, ops};
use lessram::AllocError;
use lessram::maps::{IntEntry, IntKey, IntMap, IntSet};
use lessram::mem::{Counter, Footprint, Global, Part, Parts, Totals, Tracked};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Counted<'c, V, K = u64> = IntMap<V, K, Tracked<'c>>;

fn counted<V, K: IntKey>(counter: &Counter) -> Counted<'_, V, K> {
    IntMap::with_seed_in(1, Tracked::new(counter, Global))
}

/// What must hold after every operation.
fn sound<V: Footprint, K: IntKey>(map: &Counted<'_, V, K>, counter: &Counter) {
    assert!(map.len() <= map.capacity());
    assert_eq!(map.heap_bytes(), counter.live(), "bytes");
    assert_eq!(map.heap_blocks(), counter.blocks(), "blocks");
}

fn apply<V: Made, K: IntKey + Made>(
    map: &mut Counted<'_, V, K>,
    model: &mut HashMap<K, V>,
    op: &Op,
) {
    match *op {
        Op::Insert(key, value) => {
            let (key, value) = (K::of(key), V::of(value));
            assert_eq!(map.insert(key, value.clone()), model.insert(key, value));
        }
        Op::Remove(key) => assert_eq!(map.remove(K::of(key)), model.remove(&K::of(key))),
        Op::Fill(from, count) => {
            for key in (from..from + count).map(K::of) {
                assert_eq!(map.insert(key, V::of(7)), model.insert(key, V::of(7)));
            }
        }
        Op::Empty(from, count) => {
            for key in (from..from + count).map(K::of) {
                assert_eq!(map.remove_entry(key), model.remove_entry(&key));
            }
        }
        Op::Entry(key, value) => {
            let (key, change) = (K::of(key), |old: &mut V| *old = V::of(3));
            let ours = map.entry(key).and_modify(change).or_insert(V::of(value)).clone();
            let theirs = model.entry(key).and_modify(change).or_insert(V::of(value)).clone();
            assert_eq!(ours, theirs);
        }
        Op::EntryRemove(key) => match map.entry(K::of(key)) {
            IntEntry::Occupied(entry) => {
                assert_eq!(*entry.key(), K::of(key));
                assert_eq!(Some(entry.remove()), model.remove(&K::of(key)));
            }
            IntEntry::Vacant(entry) => assert!(!model.contains_key(entry.key())),
        },
        Op::Retain(modulus) => {
            let most = K::of(modulus * 200);
            let kept = |key: K| key > most;
            map.retain(|key, _| kept(key));
            model.retain(|key, _| kept(*key));
        }
        Op::Extract(modulus, most) => {
            let least = K::of(modulus * 100);
            let taken: Vec<_> =
                map.extract_if(|key, _| key < least).take(usize::from(most)).collect();
            for (key, value) in taken {
                assert!(key < least);
                assert_eq!(model.remove(&key), Some(value));
            }
        }
        Op::Reserve(extra) => {
            map.reserve(usize::from(extra));
            assert!(map.capacity() >= (map.len() + usize::from(extra)).min(256));
        }
        Op::ShrinkTo(least) => {
            map.shrink_to(usize::from(least));
            assert!(map.capacity() <= map.len().max(usize::from(least)).max(256) + 24);
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

fn follows_std<V: Made + Footprint, K: IntKey + Made>(program: &[Op]) {
    let counter = Counter::new();
    let (mut map, mut model) = (counted::<V, K>(&counter), HashMap::new());
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
    assert!(map.iter().all(|(key, value)| model.get(&key) == Some(value)));
    assert!((0..3_700).map(K::of).all(|key| map.get(key) == model.get(&key)));
    map.values_mut().for_each(|value| *value = V::of(5));
    assert!(map.iter().all(|(_, value)| *value == V::of(5)));
    let keys: HashSet<K> = map.into_keys().collect();
    assert_eq!(keys, model.into_keys().collect());
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn maps_of_integers_follow_std(program in ops()) {
        follows_std::<(), u64>(&program);
        follows_std::<[u64; 12], u64>(&program);
        follows_std::<Box<u32>, i32>(&program);
    }

    #[test]
    fn those_of_narrow_keys_too(program in ops()) {
        follows_std::<u64, u16>(&program);
        follows_std::<u8, u8>(&program);
    }
}

/// Every key there is, of a type that has few: buckets whose keys are tags and nothing else, and
/// more of them than fit a head of 4 bytes.
#[test]
fn all_keys_of_a_type() {
    let counter = Counter::new();
    let (mut bytes, mut shorts) = (counted::<u8, i8>(&counter), IntSet::<u16>::new());
    for key in i8::MIN..=i8::MAX {
        assert_eq!(bytes.insert(key, key as u8), None);
        sound(&bytes, &counter);
    }
    assert!((0..=u16::MAX).all(|key| shorts.insert(key)) && shorts.check());
    assert!((0..=u16::MAX).all(|key| shorts.contains(key) && !shorts.insert(key)));
    assert!(shorts.heap_bytes() < 90_000, "{} bytes", shorts.heap_bytes());
    assert!(bytes.check() && bytes.iter().all(|(key, value)| key as u8 == *value));
    assert!((i8::MIN..=i8::MAX).all(|key| bytes.remove(key) == Some(key as u8)));
    bytes.shrink_to_fit();
    assert_eq!(counter.live(), 0);
}

/// The bytes of the largest bucket.
#[derive(Default)]
struct Largest(usize);

impl Parts for Largest {
    fn block(&mut self, parts: &[Part]) {
        if parts[0].name == "keys" {
            self.0 = self.0.max(parts[0].bytes);
        }
    }

    fn mapped(&mut self, _: &'static str, _: usize) {}

    fn shared(&mut self, _: &'static str, _: *const (), _: usize) -> bool {
        false
    }
}

/// Keys that follow a pattern fill buckets as random ones do, whatever the seed.
#[test]
fn patterns_cost_what_random_keys_cost() {
    let end = 10_000;
    for seed in 0..3 {
        let patterns: [&mut dyn Iterator<Item = u64>; 8] = [
            &mut (0..end).map(mixed),
            &mut (0..end),
            &mut (0..end).map(|i| i << 12),
            &mut (0..end).map(|i| i << 50),
            &mut (0..end).map(|i| i << 32 | 0xFFFF_FFFF),
            &mut (0..end).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            &mut (0..end).map(|i| u64::MAX - i * 1_000_003),
            &mut (0..end).map(u64::reverse_bits),
        ];
        for (at, pattern) in patterns.into_iter().enumerate() {
            let mut set = IntSet::with_seed(seed);
            set.extend(pattern);
            assert!(set.len() == end as usize && set.check());
            assert_eq!(set.heap_blocks(), 1 + set.capacity() / 24, "an empty bucket: pattern {at}");
            // 39 keys in a bucket that is to be split, on average, of 7 bytes each.
            let mut largest = Largest::default();
            set.parts(&mut largest);
            assert!((290..560).contains(&largest.0), "pattern {at}: {} bytes", largest.0);
        }
    }
}

#[test]
fn bytes_are_flat_the_peak_is_the_size_and_removal_leaves_nothing() {
    let most = if cfg!(debug_assertions) { 12_000 } else { 400_000 };
    let counter = Counter::new();
    let mut set = counted::<(), u64>(&counter);
    let mut next = 500;
    for i in 0..most {
        set.insert(mixed(i), ());
        if i + 1 == next {
            let limit = (65.44 - (next as f64).log2()) / 8.0;
            let above = set.heap_bytes() as f64 / set.len() as f64 - limit;
            // Addresses of 4 bytes take less.
            assert!((0.9..1.6).contains(&above), "{above} bytes above the limit of {next} keys");
            next = next * 5 / 4;
        }
    }
    sound(&set, &counter);
    let full = counter.live();
    let peak = counter.peak() as f64 / full as f64;
    assert!(peak < 1.01 + 2e3 / full as f64, "a peak of {peak}");
    // The oldest goes, a new one comes: bytes stay.
    for i in 0..most {
        assert_eq!(set.remove(mixed(i)), Some(()));
        assert_eq!(set.insert(mixed(most + i), ()), None);
    }
    sound(&set, &counter);
    assert!(counter.live() <= full + full / 12, "{} after {full}", counter.live());
    // 99 of 100 go, without a call to shrink.
    for i in (most..2 * most).filter(|i| i % 100 != 0) {
        assert_eq!(set.remove(mixed(i)), Some(()));
    }
    assert!(set.check());
    let fresh: IntSet = set.keys().collect();
    let shrunk = counter.live();
    assert!(shrunk <= fresh.heap_bytes() * 5 / 4, "{shrunk} of {}", fresh.heap_bytes());
    for i in (most..2 * most).filter(|i| i % 100 == 0) {
        assert_eq!(set.remove(mixed(i)), Some(()));
    }
    assert!(set.is_empty() && counter.live() <= 256, "{} bytes of nothing", counter.live());
    set.shrink_to_fit();
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn a_map_takes_less_than_its_keys_and_values() {
    let (n, most) = if cfg!(debug_assertions) { (20_000, 16.0) } else { (1_000_000, 14.95) };
    let map: IntMap<u64> = (0..n).map(|i| (mixed(i), i)).collect();
    let bytes = map.heap_bytes() as f64 / n as f64;
    assert!(bytes < most, "{bytes} bytes an entry");
    let small: IntSet = [1, 2, 3].into();
    assert_eq!(small.heap_bytes(), size_of::<usize>() + 40);
    assert_eq!(IntSet::<u32>::new().heap_bytes(), 0);
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..30).chain([40, 77, 120, 300]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut map: IntMap<u64, u64, _> = IntMap::with_seed_in(requests as u64, alloc);
        let mut refused = 0;
        for i in 0..6_000 {
            let before = map.len();
            if map.try_insert(mixed(i), i).is_err() {
                assert_eq!((map.len(), map.get(mixed(i))), (before, None));
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
            assert_eq!(map.heap_bytes(), counter.live());
        }
        assert!(refused > 0, "{requests} requests were enough");
        assert!(map.check() && map.iter().all(|(key, value)| key == mixed(*value)));
        // Removing needs memory to merge, and does without.
        let keys: Vec<u64> = map.keys().collect();
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
        let mut map: IntMap<Box<u64>, u64, _> = IntMap::with_seed_in(3, alloc);
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
        assert!(map.iter().all(|(key, value)| key == mixed(**value)));
        let own = map.heap_bytes() - 8 * map.len();
        assert_eq!(own, counter.live());
    }
}

#[test]
fn impossible_capacities_are_errors() {
    let mut map: IntMap<u64> = IntMap::from([(7, 2)]);
    assert_eq!(map.try_reserve(usize::MAX), Err(AllocError::CapacityOverflow));
    assert!(map.try_reserve(usize::MAX / 2).is_err());
    assert_eq!(map.get(7), Some(&2));
}

#[test]
fn conditions_that_panic_do_no_harm() {
    let mut map: IntMap<u64> = (0..500).map(|i| (i, i)).collect();
    for what in 0..2 {
        let calls = Cell::new(0);
        let takes = |key: u64| {
            calls.set(calls.get() + 1);
            assert!(calls.get() < 100, "a condition that panics");
            key % 2 == 0
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            if what == 0 {
                map.retain(|key, _| takes(key));
            } else {
                map.extract_if(|key, _| takes(key)).for_each(drop);
            }
        }));
        assert!(panicked.is_err());
        assert!(map.check() && map.iter().all(|(key, value)| key == *value));
    }
    assert!((300..450).contains(&map.len()), "{}", map.len());
}

#[test]
fn values_without_size_and_with_much_alignment() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(64))]
    struct Nothing;
    let (mut wide, mut nothing) = (IntMap::<Wide>::new(), IntMap::<Nothing, i16>::new());
    for i in 0..700 {
        wide.insert(mixed(i), Wide(i as u8));
        nothing.insert(i as i16, Nothing);
        assert_eq!((&raw const wide[mixed(i)]).addr() % 256, 0);
        assert_eq!((&raw const nothing[i as i16]).addr() % 64, 0);
    }
    assert!((0..700).all(|i| wide.remove(mixed(i)) == Some(Wide(i as u8))));
    assert!((0..700).all(|i| nothing.remove(i as i16) == Some(Nothing)));
    assert_eq!((wide.len(), nothing.len()), (0, 0));
    // A block that a key of 8 bits and a wide value fill to the byte.
    let mut tight: IntMap<[u8; 35], u8> = IntMap::new();
    assert!((0..=255).all(|key| tight.insert(key, [key; 35]).is_none()));
    assert!((0..=255).all(|key| tight.remove(key) == Some([key; 35])) && tight.check());
}

#[test]
fn reads_and_prints_as_std_does() {
    let mut map: IntMap<i32> = IntMap::from([(5, 1)]);
    assert_eq!(format!("{map:?} {:?}", map.iter()), "{5: 1} [(5, 1)]");
    assert_eq!(
        format!("{:?} {:?} {:?}", map.keys(), map.values(), map.clone().drain()),
        "[5] [1] [(5, 1)]"
    );
    assert_eq!(format!("{:?}", map.iter_mut()), "[(5, 1)]");
    assert_eq!(format!("{:?}", map.entry(5)), "Entry(OccupiedEntry { key: 5, value: 1, .. })");
    assert_eq!(format!("{:?}", map.entry(6)), "Entry(VacantEntry(6))");
    *map.entry(6).or_default() += 5;
    map.extend([(7, 7), (5, 2)]);
    assert_eq!((map[5], map[&6], map[7], map.len()), (2, 5, 7, 3));
    let [five, none, seven] = map.get_disjoint_mut([5, 8, 7]);
    std::mem::swap(five.unwrap(), seven.unwrap());
    assert!(none.is_none());
    assert_eq!((map[5], map[7]), (7, 2));
    assert!(catch_unwind(AssertUnwindSafe(|| _ = map.get_disjoint_mut([5, 5]))).is_err());
    assert_eq!((map.get_key_value(6), map.get(9)), (Some((6, &5)), None));
    *map.get_mut(6).unwrap() += 1;
    let mut other = map.clone();
    assert_eq!(map, other);
    other.insert(u64::MAX, 1);
    assert_ne!(map, other);
    // Another seed, the same entries.
    let mut seeded = IntMap::with_seed(9);
    seeded.extend(&HashMap::from([(5, 7), (6, 6), (7, 2)]));
    assert_eq!(map, seeded);
    let mut values: Vec<i32> = map.clone().into_values().collect();
    values.sort_unstable();
    assert_eq!(values, [2, 6, 7]);
    assert_eq!(map.into_keys().sum::<u64>(), 18);
}

#[test]
fn sets_of_integers() {
    let (a, b): (IntSet<i64>, IntSet<i64>) = ((-50..50).collect(), (0..100).collect());
    let sorted = |keys: &mut dyn Iterator<Item = i64>| {
        let mut keys: Vec<i64> = keys.collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(sorted(&mut a.union(&b)), (-50..100).collect::<Vec<_>>());
    assert_eq!(sorted(&mut a.intersection(&b)), (0..50).collect::<Vec<_>>());
    assert_eq!(sorted(&mut a.difference(&b)), (-50..0).collect::<Vec<_>>());
    assert_eq!(
        sorted(&mut a.symmetric_difference(&b)),
        (-50..0).chain(50..100).collect::<Vec<_>>()
    );
    let (or, and, xor, less) = (&a | &b, &a & &b, &a ^ &b, &a - &b);
    assert_eq!((or.len(), and.len(), xor.len(), less.len()), (150, 50, 100, 50));
    assert!(and.is_subset(&a) && a.is_superset(&less) && less.is_disjoint(&b) && a != b);
    let mut keys = IntSet::from([3_u64, 4]);
    assert!(
        keys.contains(3)
            && [3, 4].iter().all(|key| keys.contains(key))
            && !keys.insert(3)
            && keys.insert(5)
    );
    assert_eq!((keys.get(3), keys.get(6)), (Some(3), None));
    assert_eq!((keys.take(4), keys.remove(4)), (Some(4), false));
    keys.retain(|key| key != 5);
    assert_eq!(format!("{keys:?}"), "{3}");
    assert_eq!(keys.extract_if(|key| key == 3).count(), 1);
    keys.extend(&[9, 9]);
    assert_eq!(keys.drain().collect::<Vec<_>>(), [9]);
    assert!(keys.is_empty() && keys.check() && keys.clone().into_iter().next().is_none());
}

#[test]
fn footprints_tell_keys_from_what_finds_them() {
    let map: IntMap<u32> = (0..1_000).map(|i| (mixed(i), i as u32)).collect();
    let totals = Totals::of(&map);
    // 42 buckets: 22 of 5 bits less than a key has, and 20 of 6 bits less, rounded up to bytes.
    let keys = totals.payload - 4 * map.len();
    assert!((7_250..7_420).contains(&keys), "{keys} bytes of keys");
    assert!(totals.slack > 0 && totals.index >= 42 * size_of::<usize>());
}

#[cfg(feature = "serde")]
#[test]
fn maps_and_sets_of_integers_go_through_serde() {
    let map: IntMap<u32> = (0..50).map(|i| (mixed(i), i as u32)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<IntMap<u32>>(&text).unwrap(), map);
    assert!(serde_json::from_str::<IntMap<u32>>("[1]").is_err());
    let set: IntSet<i16> = (-25..25).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<IntSet<i16>>(&text).unwrap(), set);
    assert!(serde_json::from_str::<IntSet<i16>>("[40000]").is_err());
}
