//! Programs of operations, beside std's map.

use super::programs::config;
use super::{counted, mixed, sound};
use lessram::maps::{Compact, Policy, Quick};
use lessram::mem::{Counter, Footprint};
use lessram::testkit::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
enum Op {
    Insert(u16, u32),
    Remove(u16),
    /// Insert so many keys in a row from here on.
    Fill(u16, u16),
    /// Remove so many keys in a row from here on.
    Empty(u16, u16),
    Entry(u16, u32),
    Retain(u16),
    Extract(u16, u8),
    Reserve(u16),
    ShrinkTo(u16),
    Clear,
    Drain(u8),
    Clone,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || prop_oneof![0_u16..40, any::<u16>()];
    let op = prop_oneof![
        20 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Insert(k, v)),
        12 => key().prop_map(Op::Remove),
        3 => (key(), 0_u16..2_000).prop_map(|(k, n)| Op::Fill(k, n)),
        3 => (key(), 0_u16..3_000).prop_map(|(k, n)| Op::Empty(k, n)),
        8 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Entry(k, v)),
        1 => (2_u16..9).prop_map(Op::Retain),
        1 => (2_u16..9, any::<u8>()).prop_map(|(k, n)| Op::Extract(k, n)),
        1 => (0_u16..5_000).prop_map(Op::Reserve),
        1 => (0_u16..100).prop_map(Op::ShrinkTo),
        1 => Just(Op::Clear),
        1 => any::<u8>().prop_map(Op::Drain),
        1 => Just(Op::Clone),
    ];
    vec(op, 0..60)
}

fn follows_std<P: Policy>(program: &[Op]) {
    let counter = Counter::new();
    let mut map = counted::<u16, u32, P>(&counter);
    let mut model = HashMap::new();
    for op in program {
        match *op {
            Op::Insert(key, value) => {
                assert_eq!(map.insert(key, value), model.insert(key, value));
            }
            Op::Remove(key) => assert_eq!(map.remove(&key), model.remove(&key)),
            Op::Fill(from, count) => {
                for key in (0..count).map(|i| from.wrapping_add(i)) {
                    assert_eq!(map.insert(key, 7), model.insert(key, 7));
                }
            }
            Op::Empty(from, count) => {
                for key in (0..count).map(|i| from.wrapping_add(i)) {
                    assert_eq!(map.remove_entry(&key), model.remove_entry(&key));
                }
            }
            Op::Entry(key, value) => {
                let of = |by: u32| move |old: &mut u32| *old = old.wrapping_add(by);
                let ours = *map.entry(key).and_modify(of(3)).or_insert(value);
                let theirs = *model.entry(key).and_modify(of(3)).or_insert(value);
                assert_eq!(ours, theirs);
            }
            Op::Retain(modulus) => {
                map.retain(|key, value| key % modulus != 0 && *value % 3 != 0);
                model.retain(|key, value| key % modulus != 0 && *value % 3 != 0);
            }
            Op::Extract(modulus, most) => {
                let taken: Vec<_> =
                    map.extract_if(|key, _| key % modulus == 0).take(usize::from(most)).collect();
                for (key, value) in taken {
                    assert_eq!((key % modulus, model.remove(&key)), (0, Some(value)));
                }
            }
            Op::Reserve(extra) => {
                map.reserve(usize::from(extra));
                assert!(map.capacity() >= map.len() + usize::from(extra));
            }
            Op::ShrinkTo(least) => {
                let before = map.capacity();
                map.shrink_to(usize::from(least));
                let least = map.len().max(usize::from(least).min(before));
                assert!((least..=before).contains(&map.capacity()));
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
                assert_eq!((map.heap_bytes(), counter.live()), (0, 0));
                model.clear();
            }
            Op::Clone => map = map.clone(),
        }
        sound(&map, &counter);
        assert_eq!(map.len(), model.len());
    }
    assert!(map.check(), "the invariants of the table");
    assert_eq!(map.iter().count(), model.len());
    assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
    assert!((0..=u16::MAX).all(|key| map.get(&key) == model.get(&key)));
    for (_, value) in &mut map {
        *value ^= 1;
    }
    assert!(map.iter().all(|(key, value)| model[key] ^ 1 == *value));
    let mut entries: Vec<_> = map.into_iter().map(|(key, value)| (key, value ^ 1)).collect();
    entries.sort_unstable();
    let mut expected: Vec<_> = model.into_iter().collect();
    expected.sort_unstable();
    assert_eq!(entries, expected);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn compact_maps_follow_std(program in ops()) {
        follows_std::<Compact>(&program);
    }

    #[test]
    fn quick_maps_follow_std(program in ops()) {
        follows_std::<Quick>(&program);
    }
}

/// Growing to several sizes, churning at each, and shrinking back to nothing: the oracle is
/// arithmetic, so that the numbers can be large.
fn grows_churns_and_shrinks<P: Policy>(n: u64) {
    let counter = Counter::new();
    let mut map = counted::<u64, u64, P>(&counter);
    for i in 0..n {
        assert_eq!(map.insert(mixed(i), i), None);
    }
    sound(&map, &counter);
    assert!(map.check());
    let full = counter.live();
    // One region is rebuilt beside itself; of 64, one at a time is.
    let most = if n >= 300_000 { full + full / 32 } else { full * 9 / 4 + 2_000 };
    assert!(counter.peak() <= most, "a peak of {} for {full}", counter.peak());
    // The oldest goes, a new one comes.
    for i in 0..4 * n {
        assert_eq!(map.remove(&mixed(i)), Some(i));
        assert_eq!(map.insert(mixed(n + i), n + i), None);
    }
    sound(&map, &counter);
    assert!(map.check());
    // Where regions hold few entries, chance moves some of them a step up.
    let most = if n >= 300_000 { full + full / 25 } else { full + full / 6 + 64 };
    assert!(counter.live() <= most, "{} after {full}", counter.live());
    for i in 4 * n..5 * n {
        assert_eq!(map.get(&mixed(i)), Some(&i));
        assert_eq!(map.get(&mixed(i + n)), None);
    }
    // 99 of 100 go, without a call to shrink.
    for i in (4 * n..5 * n).filter(|i| i % 100 != 0) {
        assert_eq!(map.remove(&mixed(i)), Some(i));
    }
    sound(&map, &counter);
    let (shrunk, left) = (counter.live(), map.len());
    let fresh_counter = Counter::new();
    let mut fresh = counted::<u64, u64, P>(&fresh_counter);
    fresh.extend(map.iter().map(|(key, value)| (*key, *value)));
    assert_eq!(
        fresh,
        map.clone().into_iter().fold(counted(&fresh_counter), |mut map, (k, v)| {
            map.insert(k, v);
            map
        })
    );
    let most = fresh.heap_bytes() * 3 / 2 + 2_048;
    assert!(shrunk <= most, "{shrunk} bytes for {left} entries, built anew {}", fresh.heap_bytes());
    for i in (4 * n..5 * n).filter(|i| i % 100 == 0) {
        assert_eq!(map.remove(&mixed(i)), Some(i));
    }
    assert!(map.is_empty() && counter.live() <= 4_096, "{} bytes of nothing", counter.live());
    drop(map);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn every_size_grows_churns_and_shrinks() {
    let sizes: &[u64] = if cfg!(debug_assertions) {
        &[0, 1, 2, 7, 29, 30, 31, 60, 500, 5_000, 8_001, 30_000]
    } else {
        &[0, 1, 7, 30, 31, 60, 500, 5_000, 7_999, 8_000, 8_001, 300_000, 1_000_000]
    };
    for &n in sizes {
        grows_churns_and_shrinks::<Compact>(n);
        grows_churns_and_shrinks::<Quick>(n);
    }
}

/// The bytes that the docs promise, at sizes over an octave: what hashing does to one map of 10,000
/// is up to half a byte an entry, so there it is the mean of several that is promised.
#[test]
fn bytes_an_entry_are_flat() {
    let (start, bound, maps) = if cfg!(debug_assertions) {
        (10_000.0, 20.5, cases(8).min(8))
    } else {
        (1_000_000.0, 19.1, 1)
    };
    for step in 0..=8 {
        let n = start * f64::exp2(f64::from(step) / 8.0);
        let mut sum = 0.0;
        for _ in 0..maps {
            let counter = Counter::new();
            let mut map = counted::<u64, u64, Compact>(&counter);
            map.extend([(0, 0)]);
            for i in 1..n as u64 {
                map.insert(mixed(i), i);
            }
            let bytes = map.heap_bytes() as f64 / map.len() as f64;
            assert!(bytes <= bound + 0.5, "{bytes} bytes an entry of {n}");
            sum += bytes;
            let peak = counter.peak() as f64 / map.heap_bytes() as f64;
            assert!(n < 1e6 || peak <= 1.03, "a peak of {peak}");
        }
        let mean = sum / f64::from(maps);
        assert!(mean <= bound || maps < 4, "{mean} bytes an entry of {n}");
    }
}
