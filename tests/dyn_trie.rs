//! `DynTrie` and `DynTrieMap` beside `BTreeSet` and `BTreeMap`: programs of random changes and
//! queries, with bytes compared to the allocator's after every operation; memory that is refused;
//! keys that are hard on it.

use lessram::AllocError;
use lessram::mem::{
    Alloc, Counter, Footprint, Global, Refusals, Refusing, Tracked, refusing_every,
};
use lessram::testkit::cases;
use lessram::testkit::data::{ADVERSARIAL, Rng, adversarial, word};
use lessram::tries::{
    Dawg, DynTrie, DynTrieEntry, DynTrieMap, FrontDict, Matches, Near, PrefixesOf, RearDict,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Model = BTreeSet<Vec<u8>>;

/// A key of a kind: words, bytes, numbers, beginnings of one another, behind a long prefix, any.
fn key(rng: &mut Rng, kind: usize) -> Vec<u8> {
    match kind {
        0 => word(rng),
        1 => rng.bytes(8),
        2 => format!("{:05}", rng.below(3_000)).into_bytes(),
        3 => vec![b'a'; rng.below(400)],
        4 => [&[b'x'; 700][..], &word(rng)].concat(),
        5 => adversarial(rng.below(ADVERSARIAL)),
        6 => {
            let len = rng.below(5);
            (0..len).map(|_| [0, 1, 0xFE, 0xFF][rng.below(4)]).collect()
        }
        _ => {
            let other = rng.below(7);
            key(rng, other)
        }
    }
}

/// All queries of the set, beside the model's answers.
fn compare<A: Alloc + Clone>(set: &DynTrie<A>, model: &Model, sought: &[u8]) {
    assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
    assert!(set.check());
    assert_eq!(set.contains(sought), model.contains(sought));
    let below = model.range(..sought.to_vec()).count();
    let equal = usize::from(model.contains(sought));
    assert_eq!((set.lower_bound(sought), set.upper_bound(sought)), (below, below + equal));
    assert_eq!(set.id_of(sought), (equal > 0).then_some(below));
    let begin = model.iter().filter(|key| key.starts_with(sought)).count();
    assert_eq!(set.prefix(sought), below..below + begin);
    assert_eq!(set.range(sought..), below..model.len());
    assert_eq!((set.first().as_ref(), set.last().as_ref()), (model.first(), model.last()));
    assert_eq!(set.key_of(below).as_ref(), model.range(sought.to_vec()..).next());
    assert_eq!(set.key_of(model.len()), None);
    assert!(set.longest() >= model.iter().map(Vec::len).max().unwrap_or(0));
    let beginnings = model.iter().enumerate().filter(|(_, key)| sought.starts_with(key));
    let beginnings: Vec<(usize, usize)> = beginnings.map(|(id, key)| (id, key.len())).collect();
    assert!(set.prefixes_of(sought).eq(beginnings.into_iter().rev()));
}

fn one_program(seed: u64, steps: usize, every: usize) {
    let mut rng = Rng::new(seed);
    let counter = Counter::new();
    let mut set = DynTrie::new_in(Tracked::new(&counter, Global));
    let mut model = Model::new();
    let kind = rng.below(8);
    for step in 0..steps {
        let sought = key(&mut rng, kind);
        match rng.below(if model.len() > 600 { 1_000 } else { 700 }) {
            0 => {
                let behind = set.split_off(&sought);
                let expected = model.split_off(&sought);
                assert!(behind.iter().eq(expected.iter().cloned()) && behind.check());
                if rng.below(2) == 0 {
                    set.extend(&behind);
                    model.extend(expected);
                }
            }
            1 => {
                let modulus = 1 + rng.below(5);
                let kept = |key: &[u8]| {
                    key.iter().map(|byte| usize::from(*byte)).sum::<usize>() % modulus != 0
                };
                set.retain(kept);
                model.retain(|key| kept(key));
            }
            2 => {
                let copy = set.clone();
                assert!(copy == set && copy.heap_bytes() <= set.heap_bytes());
                set = copy;
            }
            3 => set.shrink_to_fit(),
            4 => {
                let from = rng.below(model.len() + 1);
                let some = set.keys(from..from + 60).remaining();
                for _ in 0..some / 2 {
                    assert_eq!(set.pop_first(), model.pop_first());
                    assert_eq!(set.pop_last(), model.pop_last());
                }
            }
            5 => {
                assert!(set.iter().eq(model.iter().cloned()));
                assert!(set.iter().rev().eq(model.iter().rev().cloned()));
            }
            6..600 => assert_eq!(set.insert(&sought), model.insert(sought.clone())),
            _ => {
                // One that is there, for most kinds are many.
                let there = model.range(sought.clone()..).next().cloned().unwrap_or(sought.clone());
                assert_eq!(set.remove(&there), model.remove(&there));
            }
        }
        assert_eq!((set.heap_bytes(), set.heap_blocks()), (counter.live(), counter.blocks()));
        if step % every == 0 {
            compare(&set, &model, &sought);
        }
    }
    compare(&set, &model, b"con");
    assert!(set.iter().eq(model.iter().cloned()));
    set.clear();
    assert_eq!((counter.live(), set.heap_bytes(), set.longest()), (0, 0, 0));
}

#[test]
fn programs_agree_with_a_b_tree() {
    for seed in 0..u64::from(cases(160)) {
        one_program(seed, 900, 60);
    }
}

/// Sets of many levels, which shrink to nothing again.
#[test]
fn what_grew_large_goes_again() {
    let n = if cfg!(debug_assertions) { 12_000 } else { 1_000_000 };
    let mut rng = Rng::new(3);
    let counter = Counter::new();
    let mut set = DynTrie::new_in(Tracked::new(&counter, Global));
    let mut model = Model::new();
    for round in 0..n {
        let key = rng.below(2 * n).to_string();
        assert_eq!(set.insert(&key), model.insert(key.clone().into_bytes()), "{key}");
        if round % 3 == 0 {
            let key = rng.below(2 * n).to_string();
            assert_eq!(set.remove(&key), model.remove(key.as_bytes()), "{key}");
        }
    }
    compare(&set, &model, b"12");
    assert_eq!((set.heap_bytes(), set.heap_blocks()), (counter.live(), counter.blocks()));
    let mut keys: Vec<Vec<u8>> = model.iter().cloned().collect();
    for i in (1..keys.len()).rev() {
        keys.swap(i, rng.below(i + 1));
    }
    for (i, key) in keys.iter().enumerate() {
        assert!(set.remove(key) && model.remove(key));
        if i % (n / 8) == 0 || model.len() == 40 {
            compare(&set, &model, key);
            let most = 64 * set.len() + 4_096;
            assert!(set.heap_bytes() < most, "{} for {}", set.heap_bytes(), set.len());
        }
    }
    assert_eq!((set.len(), set.heap_bytes(), counter.live()), (0, 0, 0));
}

#[test]
fn the_order_of_insertion_does_not_matter() {
    let mut rng = Rng::new(5);
    let mut keys: Vec<Vec<u8>> = (0..4_000).map(|_| key(&mut rng, 7)).collect();
    let first: DynTrie = keys.iter().collect();
    keys.sort();
    let ascending: DynTrie = keys.iter().collect();
    keys.reverse();
    let descending: DynTrie = keys.iter().collect();
    keys.reverse();
    keys.dedup();
    for set in [&first, &ascending, &descending] {
        assert!(set.check() && set.iter().eq(keys.iter().cloned()) && *set == first);
    }
    // In order, leaves are filled.
    assert!(ascending.heap_bytes() < first.heap_bytes());
    assert!(descending.heap_bytes() < first.heap_bytes());
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for every in [1, 2, 3, 5, 7, 11, 40] {
        let (refusals, counter) = (Refusals::every(every), Counter::new());
        let alloc = Refusing::new(&refusals, Tracked::new(&counter, Global));
        let mut set = DynTrie::new_in(alloc);
        let mut model = Model::new();
        let mut rng = Rng::new(every as u64);
        for step in 0..1_500 {
            let key = key(&mut rng, if step % 2 == 0 { 0 } else { 2 });
            match set.try_insert(&key) {
                Ok(new) => assert_eq!(new, model.insert(key)),
                Err(AllocError::Refused { .. }) => {}
                Err(other) => panic!("{other}"),
            }
            if step % 40 == 0 {
                assert!(set.check() && set.iter().eq(model.iter().cloned()));
                assert_eq!(set.heap_bytes(), counter.live());
                let half = model.iter().nth(model.len() / 2).cloned().unwrap_or_default();
                if let Ok(behind) = set.try_split_off(&half) {
                    let expected = model.split_off(&half);
                    assert!(behind.check() && behind.iter().eq(expected.iter().cloned()));
                }
                drop(set.try_clone());
                let _ = set.try_shrink_to_fit();
            }
        }
        assert!(refusals.count() > 10, "{} refusals", refusals.count());
        // Removing needs memory for leaves that become one, and does without.
        let keys: Vec<Vec<u8>> = model.iter().cloned().collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(set.remove(key) && !set.contains(key));
            assert!(i % 100 != 0 || set.check());
        }
        drop(set);
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }
}

#[test]
fn keys_of_64_kib_cost_what_they_do_not_share() {
    let long = |end: u32| [&[b'x'; 65_536][..], &end.to_be_bytes()].concat();
    let mut rng = Rng::new(9);
    let mut set = DynTrie::new();
    let mut model = Model::new();
    for _ in 0..400 {
        let key = long(rng.number() as u32);
        assert_eq!(set.insert(&key), model.insert(key));
    }
    compare(&set, &model, &long(1 << 31));
    assert!(set.iter().eq(model.iter().cloned()));
    // A key in some twenty is whole, and a separator in each node.
    assert!(set.heap_bytes() < 40 * 65_536, "{}", set.heap_bytes());
    // And others that share nothing.
    for byte in 0..8 {
        let key = vec![byte * 31; 65_536 + usize::from(byte)];
        assert_eq!(set.insert(&key), model.insert(key));
    }
    compare(&set, &model, &[31; 65_537]);
    while let Some(key) = model.pop_last() {
        assert!(set.remove(&key));
        assert!(model.len() % 50 != 0 || set.check());
    }
    assert_eq!(set.heap_bytes(), 0);
}

#[test]
fn random_keys_take_what_the_docs_say() {
    let mut rng = Rng::new(7);
    let set: DynTrie = (0..20_000).map(|_| rng.bytes(8)).collect();
    assert_eq!(set.len(), 20_000);
    // Two bytes are shared with the neighbour; the rest, and some 3 bytes.
    let bytes = set.heap_bytes() as f64 / 20_000.0;
    assert!((8.0..9.9).contains(&bytes), "{bytes} bytes a key");
}

#[test]
fn near_keys_are_those_of_a_set_built_once() {
    let mut rng = Rng::new(13);
    let set: DynTrie = (0..3_000).map(|_| word(&mut rng)).collect();
    let dict = RearDict::from_sorted(&set).unwrap();
    for _ in 0..30 {
        let near = word(&mut rng);
        let near = Near::new(&near, 1 + rng.below(2) as u32);
        let found = Matches::new(&set, near.clone()).map(|(id, _)| id);
        assert!(found.eq(Matches::new(&dict, near).map(|(id, _)| id)));
    }
}

#[test]
fn what_it_holds_can_be_frozen() {
    let mut rng = Rng::new(15);
    let mut set: DynTrie = (0..2_000).map(|_| key(&mut rng, 7)).collect();
    set.remove("con");
    assert!(RearDict::from_sorted(&set).unwrap().iter().eq(set.iter()));
    assert!(FrontDict::from_sorted(&set).unwrap().iter().eq(set.iter()));
    assert!(Dawg::from_sorted(&set).unwrap().iter().eq(set.iter()));
}

#[test]
fn a_question_that_panics_leaves_the_set_whole() {
    let mut set: DynTrie = (0..1_000).map(|i| format!("{i:04}")).collect();
    let mut asked = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        set.retain(|_| {
            asked += 1;
            assert!(asked < 500, "a question that panics");
            asked % 2 == 0
        });
    }));
    assert!(outcome.is_err() && set.check());
    assert!((700..800).contains(&set.len()), "{}", set.len());
    assert!((500..1_000).all(|i| set.contains(format!("{i:04}"))));
}

/// Counts its drop, which panics for one number.
struct Fragile<'c> {
    number: u32,
    panics_at: u32,
    dropped: &'c Cell<u32>,
}

impl Drop for Fragile<'_> {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
        assert!(self.number != self.panics_at, "a drop that panics");
    }
}

#[test]
fn a_value_whose_drop_panics_leaves_the_map_whole() {
    for (n, at) in [1, 2, 47, 48, 49, 3_000].into_iter().flat_map(|n| [(n, 0), (n, n / 2)]) {
        for part in [1, 2, 7] {
            let dropped = Cell::new(0);
            let value = |number| Fragile { number, panics_at: at / part * part, dropped: &dropped };
            let mut map: DynTrieMap<_> = (0..n).map(|i| (format!("{i:05}"), value(i))).collect();
            let all_of_a_part = |map: &mut DynTrieMap<Fragile<'_>>| {
                map.retain(|_, value| value.number % part != 0);
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| all_of_a_part(&mut map)));
            assert!(outcome.is_err() && map.check(), "{n} {at} {part}");
            assert_eq!(map.len() as u32 + dropped.get(), n);
            assert_eq!(map.last_key_value().is_some(), !map.is_empty());
            all_of_a_part(&mut map);
            assert!(map.check() && map.len() as u32 == n - n.div_ceil(part));
            drop(map);
            assert_eq!(dropped.get(), n);
        }
    }
}

/// A value in the place of another needs no memory, also where its leaf is full.
#[test]
fn keys_that_are_there_divide_no_leaf() {
    let refusals = Refusals::every(usize::MAX);
    let mut map = DynTrieMap::new_in(Refusing::new(&refusals, Global));
    (0..48).for_each(|i| assert!(map.insert(format!("k{i:02}"), i).is_none()));
    let before = map.heap_bytes();
    for i in 0..48 {
        let put = || map.try_insert(format!("k{i:02}"), i + 100);
        assert_eq!(refusing_every(1, put), (Ok(Some(i)), 0));
    }
    assert_eq!(map.heap_bytes(), before);
    assert!(refusing_every(1, || map.try_insert("k0", 1)).0.is_err());
}

/// The bytes for a key fall where all keys are looked at, and where none is left.
#[test]
fn buffers_are_as_long_as_the_longest_key() {
    let keys = || (0..2_000).map(|i| "x".repeat(i % 50));
    let long = "y".repeat(9_000);
    let mut set: DynTrie = keys().chain([long.clone()]).collect();
    set.remove(&long);
    assert_eq!((set.longest(), set.clone().longest()), (9_000, 49));
    set.shrink_to_fit();
    assert_eq!(set.longest(), 49);
    set.retain(|key| key.len() % 7 == 3);
    assert!(set.longest() == 45 && set.check());
    let behind = set.split_off("x");
    assert!(set.longest() == 0 && behind.longest() == 45);
    let mut map: DynTrieMap<usize> = keys().chain([long.clone()]).zip(0..).collect();
    map.retain(|key, _| key.len() < 9_000);
    assert_eq!((map.longest(), map.clone().longest()), (49, 49));
    map.insert(&long, 1);
    map.remove(&long);
    map.shrink_to_fit();
    assert!(map.longest() == 49 && map.check());
}

#[test]
fn what_sets_can_do() {
    let set = DynTrie::from(["b", "a", "c\0", "\u{e9}"]);
    assert_eq!(format!("{set:?}"), r#"{"a", "b", "c\x00", "\xc3\xa9"}"#);
    assert_eq!((&set).into_iter().len(), 4);
    assert!(set.keys(1..3).remaining() == 2 && DynTrie::new().first().is_none());
    let mut ids = [None; 2];
    set.get_many(&["c\0", "c"], &mut ids);
    assert_eq!(ids, [Some(2), None]);
    assert!(set != DynTrie::from(["a"]));
}

/// A value that is counted while it lives.
#[derive(Debug)]
struct Alive<'c>(u32, &'c Cell<usize>);

impl<'c> Alive<'c> {
    fn new(value: u32, alive: &'c Cell<usize>) -> Self {
        alive.set(alive.get() + 1);
        Self(value, alive)
    }
}

impl Clone for Alive<'_> {
    fn clone(&self) -> Self {
        Self::new(self.0, self.1)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.1.set(self.1.get() - 1);
    }
}

impl PartialEq for Alive<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Footprint for Alive<'_> {
    fn parts(&self, _: &mut dyn lessram::mem::Parts) {}
    fn owns_heap() -> bool {
        false
    }
}

fn map_program(seed: u64, steps: u32) {
    let mut rng = Rng::new(seed);
    let (counter, alive) = (Counter::new(), Cell::new(0));
    let mut map: DynTrieMap<Alive<'_>, _> = DynTrieMap::new_in(Tracked::new(&counter, Global));
    let mut model: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let kind = rng.below(8);
    for step in 0..steps {
        let sought = key(&mut rng, kind);
        match rng.below(if model.len() > 300 { 400 } else { 280 }) {
            0 => {
                let behind = map.split_off(&sought);
                let expected = model.split_off(&sought);
                assert!(behind.check());
                assert!(behind.iter().map(|(key, value)| (key, value.0)).eq(expected.clone()));
                for (i, (key, value)) in behind.into_iter().enumerate() {
                    if i % 2 == 0 {
                        model.insert(key.clone(), value.0);
                        map.insert(key, value);
                    }
                }
            }
            1 => {
                let modulus = 2 + rng.below(3) as u32;
                map.retain(|_, value| {
                    value.0 += 1;
                    value.0 % modulus != 0
                });
                model.retain(|_, value| {
                    *value += 1;
                    *value % modulus != 0
                });
            }
            2 => map = map.clone(),
            3 => map.shrink_to_fit(),
            4 => {
                let first = map.pop_first().map(|(key, value)| (key, value.0));
                assert_eq!(first, model.pop_first());
                let last = map.pop_last().map(|(key, value)| (key, value.0));
                assert_eq!(last, model.pop_last());
            }
            5..200 => {
                let old = map.insert(&sought, Alive::new(step, &alive)).map(|old| old.0);
                assert_eq!(old, model.insert(sought, step));
            }
            200..230 => {
                let change = |value: &mut Alive<'_>| value.0 += 7;
                map.entry(&sought).and_modify(change).or_insert(Alive::new(step, &alive));
                model.entry(sought).and_modify(|value| *value += 7).or_insert(step);
            }
            230..240 => {
                if let DynTrieEntry::Occupied(entry) = map.entry(&sought) {
                    assert_eq!(Some(entry.remove().0), model.remove(&sought));
                }
                assert!(map.get(&sought).is_none());
            }
            _ => {
                let there = model.range(sought.clone()..).next().map(|(key, _)| key.clone());
                let there = there.unwrap_or(sought);
                assert_eq!(map.get_mut(&there).map(|value| value.0), model.get(&there).copied());
                assert_eq!(map.remove(&there).map(|value| value.0), model.remove(&there));
            }
        }
        assert_eq!((map.heap_bytes(), map.heap_blocks()), (counter.live(), counter.blocks()));
        assert_eq!((map.len(), alive.get()), (model.len(), model.len()));
        if step % 50 == 0 {
            assert!(map.check() && map.values().map(|value| &value.0).eq(model.values()));
            assert!(map.iter().map(|(key, value)| (key, value.0)).eq(model.clone()));
            assert!(
                map.iter()
                    .rev()
                    .map(|(key, value)| (key, value.0))
                    .eq(model.clone().into_iter().rev())
            );
            assert_eq!((map.iter_mut().len(), map.values_mut().len()), (model.len(), model.len()));
            map.values_mut().for_each(|value| value.0 += 3);
            for ((key, value), (expected, other)) in (&mut map).into_iter().zip(&mut model) {
                assert_eq!((&key, value.0), (expected, *other + 3));
                (value.0, *other) = (value.0 * 5 % 999, (*other + 3) * 5 % 999);
            }
            assert_eq!(
                (map.iter_mut().count(), map.values_mut().count()),
                (model.len(), model.len())
            );
            let id = rng.below(model.len() + 1);
            let expected = model.iter().nth(id);
            assert_eq!(map.value_of(id).map(|value| &value.0), expected.map(|(_, value)| value));
            assert_eq!(map.key_of(id).as_ref(), expected.map(|(key, _)| key));
            assert_eq!(map.id_of(map.key_of(id).unwrap_or(b"?".into())), expected.map(|_| id));
        }
    }
    drop(map);
    assert_eq!((counter.live(), alive.get()), (0, 0));
}

#[test]
fn maps_agree_with_a_b_tree() {
    for seed in 0..u64::from(cases(100)) {
        map_program(seed, 700);
    }
}

#[test]
fn maps_lose_nothing_where_memory_is_refused() {
    for every in [1, 2, 3, 5, 8, 21] {
        let (refusals, counter, alive) = (Refusals::every(every), Counter::new(), Cell::new(0));
        let alloc = Refusing::new(&refusals, Tracked::new(&counter, Global));
        let mut map: DynTrieMap<Alive<'_>, _> = DynTrieMap::new_in(alloc);
        let mut model: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let mut rng = Rng::new(every as u64);
        for step in 0..1_000 {
            let key = key(&mut rng, 2);
            if let Ok(old) = map.try_insert(&key, Alive::new(step, &alive)) {
                assert_eq!(old.map(|old| old.0), model.insert(key.clone(), step));
            }
            if step % 30 == 0 {
                if let Ok(behind) = map.try_split_off(&key) {
                    let expected = model.split_off(&key);
                    assert!(behind.check() && behind.len() == expected.len());
                }
                drop(map.try_clone());
            }
            assert_eq!((map.len(), alive.get()), (model.len(), model.len()));
        }
        assert!(refusals.count() > 10 && map.check());
        assert!(map.iter().map(|(key, value)| (key, value.0)).eq(model));
        assert_eq!(map.heap_bytes(), counter.live());
    }
}

#[test]
fn what_maps_can_do() {
    let mut map = DynTrieMap::from([("b", 2), ("a", 1), ("ab", 3)]);
    assert_eq!(format!("{map:?}"), r#"{"a": 1, "ab": 3, "b": 2}"#);
    assert_eq!((map["ab"], map.get("c"), map.contains_key("a")), (3, None, true));
    assert_eq!((map.prefix("a"), map.range("ab"..), map.upper_bound("ab")), (0..2, 1..3, 2));
    let mut some = map.entries(map.prefix("a"));
    assert_eq!(some.next_entry(), Some((&b"a"[..], &1)));
    assert_eq!(some.remaining(), 1);
    assert!(map.iter_in(1..9).map(|(key, value)| (key.len(), *value)).eq([(2, 3), (1, 2)]));
    assert_eq!(map.last_key_value(), Some((b"b".to_vec(), &2)));
    assert!(PrefixesOf::new(&map, b"abc", [0; 2]).eq([(1, 2), (0, 1)]));
    assert!(map.prefixes_of("abc").eq([(1, 2), (0, 1)]));
    assert!(map.fuzzy("ac", 1).eq([(0, 1), (1, 1)]) && map.matches(Near::new("b", 0)).count() == 1);
    *map.get_mut("a").unwrap() += 4;
    assert_eq!((map.entry("x").key(), *map.entry("z").or_default()), (&b"x"[..], 0));
    assert_eq!((map.first_key_value().unwrap().1, map.len()), (&5, 4));
    let copy = map.clone();
    assert_eq!(copy, map);
    map.remove("z");
    assert!(copy != map && map.into_iter().rev().map(|(_, value)| value).eq([2, 3, 5]));
    assert!(copy.clone().into_keys().rev().eq(["z", "b", "ab", "a"].map(Vec::from)));
    assert!(copy.into_values().eq([5, 3, 2, 0]));
}

#[test]
fn keys_that_are_given_away_have_no_room_for_longer_ones() {
    let long = vec![b'x'; 60_000];
    let keys = || ["a", "ab", "b"].iter().map(|key| key.as_bytes()).chain([&long[..]]);
    let set: DynTrie = keys().collect();
    let mut map: DynTrieMap<u32> = keys().zip(0..).collect();
    let tight = |key: &Vec<u8>| assert_eq!(key.capacity(), key.len());
    (0..3).filter_map(|id| set.key_of(id)).for_each(|key| tight(&key));
    [set.first(), map.key_of(1)].iter().flatten().for_each(tight);
    tight(&map.first_key_value().unwrap().0);
    assert_eq!(map.pop_first().map(|(key, value)| (key.capacity(), value)), Some((1, 0)));
    let mut rest = map.into_iter();
    assert_eq!(rest.next_back().map(|(key, value)| (key.len(), value)), Some((60_000, 3)));
    rest.for_each(|(key, _)| tight(&key));
    let dict = RearDict::from_sorted(keys()).unwrap();
    (0..4).filter_map(|id| dict.key_of(id)).for_each(|key| tight(&key));
}

#[cfg(feature = "serde")]
#[test]
fn sets_and_maps_go_through_serde() {
    let set: DynTrie = (0..100).map(|i| i.to_string()).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert!(text.starts_with(r#"["0","1","10","11""#));
    assert_eq!(serde_json::from_str::<DynTrie>(&text).unwrap(), set);
    let map: DynTrieMap<u32> = (0..100).map(|i| (i.to_string(), i)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert!(text.starts_with(r#"{"0":0,"1":1,"10":10,"#));
    assert_eq!(serde_json::from_str::<DynTrieMap<u32>>(&text).unwrap(), map);
}
