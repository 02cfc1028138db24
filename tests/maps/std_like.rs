//! What a program that used std's map and set relies on.

use lessram::arrays::{SegVec, SlimVec};
use lessram::maps::{
    CompactDrain, CompactIntoIter, CompactIter, CompactMap, Drain, Entry, IntDrain, IntMap, IntSet,
    IntoIter, Iter, Map, OrderedIntoIter, OrderedIter, OrderedMap, Set, SetIter, StrDrain, StrMap,
    StrSet,
};
use lessram::tries::DynTrieMap;
use std::cell::{Cell, UnsafeCell};
use std::panic::UnwindSafe;

#[test]
fn entries() {
    let mut map: Map<String, i32> = Map::new();
    *map.entry("a".into()).or_insert(1) += 1;
    *map.entry("a".into()).or_insert_with(|| unreachable!()) += 1;
    assert_eq!(*map.entry("b".into()).or_default(), 0);
    assert_eq!(*map.entry("ccc".into()).or_insert_with_key(|key| key.len() as i32), 3);
    assert_eq!(map["a"], 3);
    match map.entry("a".into()) {
        Entry::Occupied(mut entry) => {
            assert_eq!((entry.key().as_str(), *entry.get()), ("a", 3));
            assert_eq!(entry.insert(9), 3);
            assert_eq!(entry.remove_entry(), ("a".to_owned(), 9));
        }
        Entry::Vacant(_) => panic!("`a` is there"),
    }
    match map.entry("a".into()) {
        Entry::Vacant(entry) => assert_eq!(entry.into_key(), "a"),
        Entry::Occupied(_) => panic!("`a` is gone"),
    }
    let entry = map.entry("d".into()).insert_entry(4);
    assert_eq!(entry.key(), "d");
    assert_eq!(entry.remove(), 4);
    assert_eq!(map.len(), 2);
}

#[test]
fn keys_are_looked_up_as_what_they_borrow() {
    let map: Map<String, usize> = ["x", "yy"].iter().map(|s| ((*s).to_owned(), s.len())).collect();
    assert_eq!((map.get("yy"), map.get("y")), (Some(&2), None));
    assert_eq!(map.get_key_value("x"), Some((&"x".to_owned(), &1)));
    let bytes: Map<Vec<u8>, ()> = Map::from([(vec![1, 2], ())]);
    assert!(bytes.contains_key(&[1_u8, 2][..]));
}

#[test]
fn several_values_at_once() {
    let mut map = Map::from([(1, "a"), (2, "b"), (3, "c")]);
    let [a, none, c] = map.get_disjoint_mut([&1, &9, &3]);
    std::mem::swap(a.unwrap(), c.unwrap());
    assert!(none.is_none());
    assert_eq!((map[&1], map[&3]), ("c", "a"));
    let twice = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        map.get_disjoint_mut([&1, &1]).map(|value| value.is_some())
    }));
    assert!(twice.is_err());
}

#[test]
fn iterators_tell_their_length_and_print() {
    let mut map = Map::from([(1, 10)]);
    assert_eq!((map.iter().len(), map.keys().len(), map.values().len()), (1, 1, 1));
    assert_eq!(format!("{map:?} {:?}", map.iter()), "{1: 10} [(1, 10)]");
    assert_eq!(format!("{:?} {:?}", map.keys(), map.values()), "[1] [10]");
    assert_eq!(format!("{:?}", map.iter_mut()), "[(1, 10)]");
    for value in map.values_mut() {
        *value += 1;
    }
    assert_eq!(format!("{:?}", map.clone().into_iter()), "[(1, 11)]");
    assert_eq!(map.clone().into_keys().collect::<Vec<_>>(), [1]);
    assert_eq!(map.clone().into_values().collect::<Vec<_>>(), [11]);
    assert_eq!(format!("{:?}", map.drain()), "[(1, 11)]");
    assert!(map.iter().next().is_none());
}

/// Keys print whatever their values are, and values whatever their keys.
#[test]
fn keys_and_values_print_without_each_other() {
    #[derive(PartialEq, Eq, Hash)]
    struct Mute;
    macro_rules! prints {
        ($($map:ident),*) => {$(
            let map = $map::from([(1, Mute)]);
            assert_eq!(format!("{:?}", map.keys()), "[1]");
            assert_eq!(format!("{:?}", map.into_keys()), "[1]");
            let mut map = $map::from([(Mute, 2)]);
            assert_eq!(format!("{:?}", map.values()), "[2]");
            assert_eq!(format!("{:?}", map.values_mut()), "[2]");
            assert_eq!(format!("{:?}", map.into_values()), "[2]");
        )*};
    }
    prints!(Map, CompactMap, OrderedMap);
}

#[test]
fn maps_are_compared_by_what_they_hold() {
    let ascending: Map<u32, u32> = (0..1_000).map(|i| (i, i)).collect();
    let mut descending: Map<u32, u32> = (0..1_000).rev().map(|i| (i, i)).collect();
    assert_eq!(ascending, descending);
    descending.insert(5, 6);
    assert_ne!(ascending, descending);
}

#[test]
fn growth_that_is_reserved_for_does_not_happen() {
    // The most that one region takes: hashing does not fill many evenly.
    let mut map: Map<u64, u64> = Map::with_capacity(8_000);
    let capacity = map.capacity();
    assert!(capacity >= 8_000);
    map.extend((0..8_000).map(|i| (i, i)));
    assert_eq!(map.capacity(), capacity);
    // Of many, a few grow, by one step each.
    let mut map: Map<u64, u64> = Map::with_capacity(20_000);
    let capacity = map.capacity();
    assert!(capacity >= 20_000);
    map.extend((0..20_000).map(|i| (i, i)));
    assert!((capacity..capacity + capacity / 20).contains(&map.capacity()));
}

#[test]
fn room_beyond_what_there_is_is_not_given_back() {
    macro_rules! shrink {
        ($($made:expr),* $(,)?) => {$({
            let mut made = $made;
            let capacity = made.capacity();
            made.shrink_to(usize::MAX);
            assert_eq!((made.len(), made.capacity()), (9, capacity), stringify!($made));
        })*};
    }
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let pairs = || (1_u32..10).map(|i| (i, i));
    shrink![
        pairs().collect::<Map<_, _>>(),
        pairs().collect::<CompactMap<_, _>>(),
        pairs().collect::<OrderedMap<_, _>>(),
        pairs().collect::<IntMap<_, _>>(),
        (1..10).collect::<Set<_>>(),
        (1..10).collect::<IntSet<u32>>(),
        names.into_iter().collect::<StrSet>(),
        names.into_iter().zip(1..).collect::<StrMap<u8>>(),
    ];
}

/// A value that borrows for longer stands in for one that borrows for less, as it does in std's.
#[test]
fn lifetimes_of_what_is_stored_can_be_shortened() {
    type Long = &'static str;
    macro_rules! shortens {
        ($($from:ty => $to:ty),* $(,)?) => {$({
            #[allow(clippy::extra_unused_lifetimes)] // only iterators borrow
            fn shorten<'it, 'new>(long: $from) -> $to {
                long
            }
            let _ = shorten;
        })*};
    }
    shortens![
        Map<Long, Long> => Map<&'new str, &'new str>,
        Iter<'it, Long, Long> => Iter<'it, &'new str, &'new str>,
        IntoIter<Long, Long> => IntoIter<&'new str, &'new str>,
        Drain<'it, Long, Long> => Drain<'it, &'new str, &'new str>,
        Set<Long> => Set<&'new str>,
        SetIter<'it, Long> => SetIter<'it, &'new str>,
        CompactMap<Long, Long> => CompactMap<&'new str, &'new str>,
        CompactIter<'it, Long, Long> => CompactIter<'it, &'new str, &'new str>,
        CompactIntoIter<Long, Long> => CompactIntoIter<&'new str, &'new str>,
        CompactDrain<'it, Long, Long> => CompactDrain<'it, &'new str, &'new str>,
        OrderedMap<Long, Long> => OrderedMap<&'new str, &'new str>,
        OrderedIter<'it, Long, Long> => OrderedIter<'it, &'new str, &'new str>,
        OrderedIntoIter<Long, Long> => OrderedIntoIter<&'new str, &'new str>,
        StrMap<Long> => StrMap<&'new str>,
        StrDrain<'it, Long> => StrDrain<'it, &'new str>,
        IntMap<Long> => IntMap<&'new str>,
        IntDrain<'it, Long> => IntDrain<'it, &'new str>,
        DynTrieMap<Long> => DynTrieMap<&'new str>,
        SlimVec<Long> => SlimVec<&'new str>,
        SegVec<Long> => SegVec<&'new str>,
    ];
}

/// As in std, what owns a value goes wherever the value goes.
#[test]
fn owners_are_as_safe_to_unwind_through_as_what_they_own() {
    fn unwind_safe<T: UnwindSafe>() {}
    type Value = UnsafeCell<u8>;
    unwind_safe::<Map<u8, Value>>();
    unwind_safe::<Set<Value>>();
    unwind_safe::<CompactMap<u8, Value>>();
    unwind_safe::<OrderedMap<u8, Value>>();
    unwind_safe::<StrMap<Value>>();
    unwind_safe::<IntMap<Value>>();
    unwind_safe::<DynTrieMap<Value>>();
    unwind_safe::<SlimVec<Value>>();
    unwind_safe::<SegVec<Value>>();
}

#[test]
fn values_inserted_by_a_loop_over_keys_with_interior_changes() {
    // A key whose hash does not depend on what is changed.
    let map: Map<u8, Cell<u8>> = (0..10).map(|i| (i, Cell::new(i))).collect();
    map.values().for_each(|value| value.set(value.get() * 2));
    assert_eq!(map.values().map(Cell::get).map(u32::from).sum::<u32>(), 90);
}

#[test]
fn sets() {
    let a: Set<u32> = (0..100).collect();
    let b: Set<u32> = (50..150).collect();
    let sorted = |keys: Vec<&u32>| {
        let mut keys: Vec<u32> = keys.into_iter().copied().collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(sorted(a.union(&b).collect()), (0..150).collect::<Vec<_>>());
    assert_eq!(sorted(a.intersection(&b).collect()), (50..100).collect::<Vec<_>>());
    assert_eq!(sorted(a.difference(&b).collect()), (0..50).collect::<Vec<_>>());
    let either = (0..50).chain(100..150).collect::<Vec<_>>();
    assert_eq!(sorted(a.symmetric_difference(&b).collect()), either);
    assert_eq!(
        ((&a | &b).len(), (&a & &b).len(), (&a ^ &b).len(), (&a - &b).len()),
        (150, 50, 100, 50)
    );
    assert!(!a.is_disjoint(&b) && !a.is_subset(&b) && (&a & &b).is_subset(&a));
    assert!(a.is_superset(&(&a - &b)) && (&a - &b).is_disjoint(&b));

    let mut words: Set<String> = Set::from(["ant".to_owned(), "bee".to_owned()]);
    assert!(words.contains("ant") && !words.insert("ant".to_owned()));
    assert_eq!(words.get("bee").map(String::as_str), Some("bee"));
    assert_eq!(words.replace("bee".to_owned()).as_deref(), Some("bee"));
    assert_eq!((words.take("bee").as_deref(), words.remove("bee")), (Some("bee"), false));
    words.extend(["cat".to_owned(), "dog".to_owned()]);
    words.retain(|word| word != "cat");
    assert_eq!(words.extract_if(|word| word == "dog").count(), 1);
    assert_eq!(format!("{words:?}"), "{\"ant\"}");
    assert_eq!(words.drain().collect::<Vec<_>>(), ["ant"]);
    assert!(words.is_empty() && words.check());
}

#[cfg(feature = "serde")]
#[test]
fn maps_and_sets_go_through_serde() {
    let map: Map<String, u32> = (0..50).map(|i| (i.to_string(), i)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<Map<String, u32>>(&text).unwrap(), map);
    let set: Set<u32> = (0..50).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<Set<u32>>(&text).unwrap(), set);
}
