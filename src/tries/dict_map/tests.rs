use super::*;
use crate::mem::Global;
use crate::storage::as_bytes;
use crate::testkit::data::Rng;
use crate::testkit::{cases, damage};
use crate::tries::Iter;
use std::format;
use std::string::String;
use std::vec::Vec;

/// Keys of so many pairs.
fn keys(len: usize) -> impl Iterator<Item = String> {
    (0..len).map(|i| format!("{i:04}"))
}

/// A map to `values` has them, from every storage, and no other type opens its file.
fn holds<V: Value, Other: Value + fmt::Debug>(values: &[V])
where
    RearDict: StaticDict,
    DictMap<RearDict, V>: Registered,
    for<'a> DictMap<RearDict<&'a [Le64]>, V>: Registered,
    for<'a> DictMap<RearDict<&'a [Le64]>, Other>: Registered,
{
    let pairs = keys(values.len()).zip(values.iter().copied());
    let map: DictMap<RearDict, V> = DictMap::from_sorted(pairs).unwrap();
    let file = map.to_bytes().unwrap();
    let view: DictMap<RearDict<&[Le64]>, V> = DictMap::view(file.as_bytes()).unwrap();
    let read: DictMap<RearDict, V> = DictMap::read_from(file.as_bytes(), 1 << 20).unwrap();
    assert!(map.values().eq(values.iter().copied()));
    for (key, value) in keys(values.len()).zip(values) {
        assert_eq!((view.get(&key), read.get(&key)), (Some(*value), Some(*value)));
    }
    assert!(map == view && view.to_heap() == read && view.validate().is_ok());
    assert_eq!(map.get("no key"), None);
    let other: Result<DictMap<RearDict<&[Le64]>, Other>, _> = DictMap::view(file.as_bytes());
    assert!(matches!(other, Err(FileError::Corrupt { .. })), "{other:?}");
}

#[test]
fn values_of_all_types() {
    holds::<u8, u16>(&[0, 255, 7]);
    holds::<u16, u8>(&[1, u16::MAX, 7]);
    holds::<u32, [u32; 1]>(&[1, u32::MAX, 7, 0]);
    holds::<u64, i64>(&[0; 100]);
    holds::<u64, u32>(&[u64::MAX, 1]);
    holds::<i8, u8>(&[-128, 127, 0]);
    holds::<i16, i8>(&[-1, 2, i16::MIN]);
    holds::<i32, f32>(&[-1, 2, i32::MIN]);
    holds::<i64, f64>(&[]);
    holds::<f32, (f32, f32)>(&[0.5, -1.0, f32::INFINITY]);
    holds::<f64, f32>(&[0.5, f64::MIN_POSITIVE]);
    holds::<(f32, f32), (f32, i32)>(&[(51.5, -0.1), (0.0, 1.0), (f32::MAX, 0.0)]);
    holds::<[f32; 2], [f32; 3]>(&[[51.5, -0.1], [0.0, 1.0]]);
    holds::<(u8, u64, i16), (u8, u64)>(&[(1, u64::MAX, -1), (255, 0, 9), (3, 4, 5)]);
    holds::<(u8, u8, u8, f64), (u8, u8, u8)>(&[(1, 2, 3, 0.25); 9]);
    holds::<[u16; 20], [u16; 19]>(&[[7; 20], [9; 20]]);
    holds::<[u8; 0], [u8; 1]>(&[[]; 5]);
}

#[test]
fn arrays_and_tuples_of_the_same_numbers_are_the_same() {
    let map: DictMap<Dawg, [f32; 2]> = DictMap::from_sorted([("a", [1.0, 2.0])]).unwrap();
    let file = map.to_bytes().unwrap();
    let view: DictMap<Dawg<&[Le64]>, (f32, f32)> = DictMap::view(file.as_bytes()).unwrap();
    assert_eq!(view.get("a"), Some((1.0, 2.0)));
    let other = DictMap::<FrontDict<&[Le64]>, (f32, f32)>::view(file.as_bytes());
    assert!(matches!(other, Err(FileError::Kind { .. })));
    let alone: Result<Dawg<&[Le64]>, _> = Dawg::view(file.as_bytes());
    assert!(matches!(alone, Err(FileError::Kind { .. })));
}

#[test]
fn values_take_as_many_bits_as_the_largest() {
    let dict = RearDict::from_sorted(keys(1_000)).unwrap();
    let alone = dict.heap_bytes();
    for (bits, largest) in [(0, 0), (1, 1), (10, 1_000), (33, 1 << 32), (64, u64::MAX)] {
        let values = (0..1_000).map(|i| if i == 500 { largest } else { 0 });
        let map = DictMap::try_with_values_in(dict.clone(), values, Global).unwrap();
        let words = if bits == 0 { 0 } else { (1_000 * bits as usize).div_ceil(64) + 1 };
        assert_eq!(map.heap_bytes(), alone + 8 * words, "{bits} bits");
        assert_eq!(map.get("0500"), Some(largest));
    }
    let records = DictMap::try_with_values_in(dict, [(1_u8, 2_u16); 1_000], Global).unwrap();
    assert_eq!(records.heap_bytes(), alone + 3_000);
}

#[test]
fn as_many_values_as_keys() {
    let dict = FrontDict::from_sorted(["a", "b", "c"]).unwrap();
    for given in [0, 2, 4, 5, u64::MAX] {
        let map = DictMap::try_with_values_in(dict.clone(), (0..given).map(|i| i as u8), Global);
        let value = given.min(4); // one too many is enough
        let refused = BuildError::OutOfRange { name: "values", value, min: 3, max: 3 };
        assert_eq!(map.unwrap_err(), refused);
    }
}

#[test]
fn pairs_in_any_order() {
    let pairs = [("b", 2_u16), ("a", 1), ("c", 3)];
    let map: DictMap<RearDict, u16> = DictMap::from_unsorted(pairs).unwrap();
    assert_eq!(format!("{map:?}"), r#"{"a": 1, "b": 2, "c": 3}"#);
    let other: DictMap<Dawg, u16> = DictMap::from_unsorted(pairs).unwrap();
    assert_eq!(map, other);
    let twice = DictMap::<Dawg, u16>::from_unsorted([("b", 2), ("a", 1), ("b", 3)]);
    assert_eq!(twice.unwrap_err(), BuildError::DuplicateKey { index: 2 });
    let late = DictMap::<Dawg, u16>::from_sorted([("b", 2), ("a", 1)]);
    assert_eq!(late.unwrap_err(), BuildError::NotSorted { index: 1 });
}

#[test]
fn entries_from_any_number_and_both_ends() {
    let pairs: Vec<(String, u32)> = keys(300).zip((0..).map(|i| i * 7)).collect();
    let map: DictMap<FrontDict, u32> = DictMap::from_sorted(pairs.iter().cloned()).unwrap();
    let owned = |(key, value): &(String, u32)| (key.clone().into_bytes(), *value);
    assert!(map.iter().eq(pairs.iter().map(owned)));
    assert!(map.iter().rev().eq(pairs.iter().rev().map(owned)));
    assert!(
        (&map).into_iter().skip(33).step_by(50).eq(pairs.iter().skip(33).step_by(50).map(owned))
    );
    let ids = map.range("0100".."0200");
    assert_eq!(ids, 100..200);
    assert!(map.iter_in(ids.clone()).eq(pairs[100..200].iter().map(owned)));
    assert_eq!((map.iter_in(299..500).len(), map.iter_in(400..500).len()), (1, 0));
    let mut entries = map.entries(ids);
    assert_eq!((entries.id(), entries.remaining()), (100, 100));
    assert_eq!(entries.next_entry(), Some((&b"0100"[..], 700)));
    assert_eq!(entries.next_back_entry(), Some((&b"0199"[..], 1_393)));
    entries.seek(198);
    assert_eq!(entries.next_entry(), Some((&b"0198"[..], 1_386)));
    assert_eq!(entries.next_entry(), None);
    assert_eq!(entries.next_back_entry(), None);
    assert_eq!((map.find("0042"), map.find("42")), (Some((42, 294)), None));
    assert_eq!(Iter::new(map.dict(), 0..3).count(), 3);
}

#[test]
fn damaged_values() {
    let map: DictMap<Dawg, u32> = DictMap::from_sorted(keys(9).zip([5; 9])).unwrap();
    let file = map.to_bytes().unwrap();
    let bytes = as_bytes(file.words());
    let container = crate::storage::Container::open(bytes).unwrap();
    let last = container.sections().last().unwrap();
    let mut damaged = HeapWords::copy_of(file.words());
    // Behind the 27 bits of 9 values.
    damaged.as_bytes_mut()[last.offset as usize + 4] = 1;
    let view: DictMap<Dawg<&[Le64]>, u32> = DictMap::view(damaged.as_bytes()).unwrap();
    assert!(view.validate().is_err());
}

/// A map of so many keys to weights below `below`, which equal each other often.
fn weighed(len: usize, below: u64) -> DictMap<RearDict, Weight> {
    let mut rng = Rng::new(len as u64);
    let weights = (0..len).map(|_| Weight(rng.number() % below));
    let keys = (0..len).map(|i| format!("{i:06}"));
    DictMap::from_sorted(keys.zip(weights)).unwrap()
}

#[test]
fn the_greatest_weights_are_those_of_a_sort() {
    let mut rng = Rng::new(1);
    for len in [1, 63, 64, 65, 128, 129, 4_097] {
        for below in [1, 3, 1 << 40] {
            let map = weighed(len, below);
            assert!(map.validate().is_ok());
            let all: Vec<Weight> = map.values().collect();
            for _ in 0..10 {
                let start = rng.below(len + 1);
                let ids = start..start + rng.below(len + 1 - start);
                let most = [0, 1, 2, 10, 200][rng.below(5)];
                let mut right: Vec<(usize, Weight)> = ids.clone().map(|id| (id, all[id])).collect();
                right.sort_by_key(|(id, weight)| (core::cmp::Reverse(*weight), *id));
                right.truncate(most);
                assert_eq!(map.top_in(ids.clone(), most), right, "{most} of {ids:?} of {len}");
            }
            let every: Vec<usize> = map.top("", usize::MAX).iter().map(|(id, _)| *id).collect();
            assert_eq!(every.len(), len);
        }
    }
    assert_eq!(weighed(2_000, 9).top("0012", 1).len(), 1);
    assert_eq!(weighed(200, 9).top("no key", 5), []);
    assert_eq!(weighed(9, 9).top_in(7..usize::MAX, 5).len(), 2);
}

#[test]
fn weights_are_stored_with_their_maxima() {
    holds::<Weight, u64>(&[7, 0, 9].map(Weight));
    holds::<Weight, u64>(&(0..500).map(Weight).collect::<Vec<_>>());
    holds::<u64, Weight>(&(0..500).collect::<Vec<_>>());
    let map = weighed(10_000, 1 << 20);
    let plain =
        DictMap::try_with_values_in(map.dict().clone(), map.values().map(u64::from), Global);
    // 157 and 3 greatest of 20 bits, and a word of zeros.
    assert_eq!(map.heap_bytes() - plain.unwrap().heap_bytes(), 408);
}

#[test]
fn damaged_maxima_give_wrong_answers_within_the_range() {
    let map = weighed(5_000, 1 << 30);
    let file = map.to_bytes().unwrap();
    let container = crate::storage::Container::open(file.as_bytes()).unwrap();
    let last = container.sections().last().unwrap();
    let mut damaged = HeapWords::copy_of(file.words());
    let bytes = &mut damaged.as_bytes_mut()[last.offset as usize..][..last.len as usize - 8];
    bytes.iter_mut().step_by(3).for_each(|byte| *byte ^= 0xA5);
    let view: DictMap<RearDict<&[Le64]>, Weight> = DictMap::view(damaged.as_bytes()).unwrap();
    assert!(view.validate().is_err());
    let mut found: Vec<usize> = view.top_in(100..4_900, 1_000).iter().map(|(id, _)| *id).collect();
    found.sort_unstable();
    found.dedup();
    assert!(found.len() == 1_000 && found.iter().all(|id| (100..4_900).contains(id)));
}

/// Whatever opens of a damaged file answers, and asks for no more memory than the file says.
fn withstands_damage<V: Value>(map: &DictMap<Dawg, V>, ask: impl Fn(&DictMap<Dawg<&[Le64]>, V>))
where
    DictMap<Dawg, V>: Registered,
    for<'a> DictMap<Dawg<&'a [Le64]>, V>: Registered,
{
    let file = map.to_bytes().unwrap();
    let budget = 32 * cases(128) as usize;
    let mut rng = Rng::new(7);
    let mut damages = damage::flips(file.as_bytes(), budget, &mut rng);
    damages.extend(damage::spread(damage::writes(file.as_bytes()), budget, &mut rng));
    let mut opened = 0;
    for damage in damages {
        let mut bytes = damage.apply(file.as_bytes());
        damage::rehash(&mut bytes);
        let bytes = damage::Aligned::new(&bytes);
        let Ok(view) = DictMap::<Dawg<&[Le64]>, V>::view(bytes.bytes()) else { continue };
        let _ = view.validate();
        assert!(view.values().take(500).count() <= view.len());
        let mut entries = view.entries(0..view.len());
        for _ in 0..50 {
            let _ = (entries.next_entry().is_some(), entries.next_back_entry().is_some());
        }
        ask(&view);
        opened += 1;
    }
    assert!(opened > 50, "{opened} opened: too few to prove much");
}

/// Files of values that have no row of their own, and so no laws.
#[test]
fn damaged_files_of_weights_and_records_do_no_harm() {
    let keys = || (0..300).map(|i| format!("{i:03}"));
    let weights = keys().zip((0..300).map(|i| Weight(i * i)));
    withstands_damage(&DictMap::from_sorted(weights).unwrap(), |map| {
        let ids = 3..map.len().saturating_sub(1).max(3);
        let found = map.top_in(ids.clone(), 40);
        assert!(found.iter().all(|(id, _)| ids.contains(id)), "{found:?} in {ids:?}");
        assert!(map.top("1", 7).len() <= 7);
    });
    let records = keys().zip((0..300_u16).map(|i| (i as u8, i)));
    withstands_damage(&DictMap::from_sorted(records).unwrap(), |map| {
        let _ = (map.get("007"), map.value_of(usize::MAX), map.value_of(map.len() / 2));
    });
}
