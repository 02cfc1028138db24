//! Unit tests of `TopK`.

use super::*;
use crate::mem::{Counter, Global, Tracked};
use std::collections::HashMap;
use std::format;
use std::string::String;
use std::vec::Vec;

const fn options(slots: usize, counting: Counting) -> TopKOptions {
    TopKOptions { slots, counting, keeps_keys: true, seed: 3 }
}

/// Words of which word `i` occurs about `n / (i + 1)` times.
fn words(seed: u64, n: u64) -> impl Iterator<Item = String> {
    (0..n).map(move |i| {
        let u = ((mix(i ^ seed << 40) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        format!("word-{}", (u.recip() as u64).min(1 << 30))
    })
}

#[test]
fn options_out_of_range_are_refused() {
    for slots in [0, MAX_SLOTS + 1, usize::MAX] {
        let refused = TopK::try_with_options(options(slots, Counting::Bounds));
        assert!(matches!(refused, Err(BuildError::OutOfRange { name: "slots", .. })));
    }
    let least = TopK::try_with_options(options(1, Counting::Bounds)).unwrap();
    assert_eq!((least.slots(), least.heap_bytes()), (8, 128));
    assert_eq!((TopK::new(3).slots(), TopK::new(100).heap_bytes()), (256, 9_600));
}

#[test]
fn the_most_frequent_are_found() {
    for (counting, slots) in [(Counting::Estimates, 800), (Counting::Bounds, 3_200)] {
        let mut sketch = TopK::try_with_options(options(slots, counting)).unwrap();
        let mut truth: HashMap<String, u64> = HashMap::new();
        for word in words(1, 200_000) {
            sketch.add(&word);
            *truth.entry(word).or_insert(0) += 1;
        }
        sketch.validate().unwrap();
        let mut counts: Vec<u64> = truth.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let top = sketch.top(100);
        let truth_of = |entry: &HeavyKey<'_>| {
            let key = core::str::from_utf8(entry.key.unwrap()).unwrap();
            truth[key]
        };
        let found = top.iter().filter(|entry| truth_of(entry) >= counts[99]).count();
        assert!(found >= 95 && top.len() == 100, "{counting:?}: {found} of 100");
        for entry in &top[..20] {
            let (count, truth) = (entry.count as f64, truth_of(entry) as f64);
            assert!((count / truth - 1.0).abs() < 0.1, "{counting:?}: {count} of {truth}");
        }
        assert!(top.windows(2).all(|two| two[0].count >= two[1].count));
        assert_eq!(sketch.top(7), top[..7]);
        assert_eq!(sketch.top(usize::MAX).len(), sketch.iter().count());
    }
}

/// So many that it takes too long to move all behind a new one for each of them.
#[test]
fn very_many_are_told_in_order() {
    let mut sketch = TopK::new(1 << 15);
    sketch.add_numbers(0..1 << 18);
    sketch.add_numbers((0..1 << 18).step_by(3));
    let mut all: Vec<HeavyKey<'_>> = sketch.iter().collect();
    all.sort_by_key(|entry| (u64::MAX - entry.count, entry.hash));
    assert!(all.len() > 200_000 && all[0].count > 1, "{} keys", all.len());
    for k in [0, 1, 1_000, all.len() / 2, all.len() - 1, all.len(), usize::MAX] {
        assert!(sketch.top(k) == all[..k.min(all.len())], "the first {k}");
    }
}

#[test]
fn numbers_come_back() {
    let mut sketch = TopK::new(10);
    for i in 0..1_000_u64 {
        sketch.add_number(i % 13 * 1_000);
        sketch.add_hash(i, 0);
    }
    let mut numbers: Vec<u64> = sketch.iter().map(|entry| entry.number()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..13).map(|i| i * 1_000).collect::<Vec<_>>());
    assert_eq!((sketch.estimate(&5_000_u64), sketch.estimate(&7_u64)), (77, 0));
    assert!(sketch.iter().all(|entry| entry.key.is_none()));
}

#[test]
fn a_hash_of_zero_is_a_key() {
    let mut sketch = TopK::new(1);
    sketch.add_hash(0, 2);
    sketch.add_hash(0, 3);
    assert_eq!(sketch.top(9).iter().map(|e| (e.hash, e.count)).collect::<Vec<_>>(), [(0, 5)]);
    sketch.validate().unwrap();
}

#[test]
fn counts_stop_at_the_largest_number_and_say_so() {
    let mut sketch = TopK::keeping_keys(1);
    sketch.try_add("a", u64::from(u32::MAX) - 1).unwrap();
    assert!(!sketch.is_saturated());
    sketch.try_add("a", u64::MAX).unwrap();
    assert_eq!(sketch.estimate("a"), u64::from(u32::MAX));
    assert!(sketch.is_saturated() && sketch.total() == u64::MAX);
}

#[test]
fn merges_commute() {
    for counting in [Counting::Estimates, Counting::Bounds] {
        let mut a = TopK::try_with_options(options(64, counting)).unwrap();
        let mut b = a.clone();
        a.extend(words(1, 3_000));
        b.extend(words(2, 2_000));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b).unwrap();
        ba.merge(&a).unwrap();
        assert_eq!(ab, ba);
        ab.validate().unwrap();
        let file = b.to_bytes().unwrap();
        a.merge(&TopK::view(file.as_bytes()).unwrap()).unwrap();
        assert_eq!(a, ab);
        let other = TopK::try_with_options(options(72, counting)).unwrap();
        assert_eq!(a.merge(&other), Err(MergeError::Parameters));
        let seeded = TopKOptions { seed: 4, ..options(64, counting) };
        let seeded = TopK::try_with_options(seeded).unwrap();
        assert_eq!(a.merge(&seeded), Err(MergeError::Seeds));
    }
}

/// Bounds of merged parts hold for every key of all of them, in whatever order they are merged.
#[test]
fn bounds_survive_merges() {
    let mut truth: HashMap<String, u64> = HashMap::new();
    let part = |seed: u64| {
        let mut sketch = TopK::try_with_options(options(128, Counting::Bounds)).unwrap();
        sketch.extend(words(seed, 5_000));
        sketch
    };
    for seed in 0..4 {
        words(seed, 5_000).for_each(|word| *truth.entry(word).or_insert(0) += 1);
    }
    let parts: Vec<TopK> = (0..4).map(part).collect();
    let merged = |order: [usize; 4]| {
        let mut all = parts[order[0]].clone();
        order[1..].iter().for_each(|i| all.merge(&parts[*i]).unwrap());
        all
    };
    let mut tree = parts[0].clone();
    tree.merge(&parts[1]).unwrap();
    let mut right = parts[2].clone();
    right.merge(&parts[3]).unwrap();
    tree.merge(&right).unwrap();
    for sketch in [merged([0, 1, 2, 3]), merged([3, 1, 0, 2]), tree] {
        for (word, count) in &truth {
            let (low, high) = sketch.bounds_of_hash(word.as_str().key_hash(3));
            assert!(low <= *count && *count <= high, "{word}: {low} to {high} of {count}");
        }
    }
}

/// Keys come and go: the log is compacted, and its bytes are the allocator's.
#[test]
fn text_stays_small() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut sketch = TopK::try_with_options_in(options(64, Counting::Bounds), alloc).unwrap();
    for word in words(9, 20_000) {
        sketch.add(&word);
        assert_eq!(sketch.heap_bytes(), counter.live());
    }
    sketch.validate().unwrap();
    // 64 keys of 7 to 15 bytes and 2 of head: 1 KB, and 1.9 times that.
    let text = sketch.heap_bytes() - 64 * 16;
    assert!(text < 2_000, "{text} bytes of text");
    let before: Vec<_> =
        sketch.top(64).iter().map(|e| (e.key.map(<[u8]>::to_vec), e.count)).collect();
    sketch.shrink_to_fit();
    let after: Vec<_> =
        sketch.top(64).iter().map(|e| (e.key.map(<[u8]>::to_vec), e.count)).collect();
    assert_eq!((before, sketch.heap_bytes()), (after, counter.live()));
    sketch.clear();
    assert_eq!((sketch.heap_bytes(), sketch.iter().count()), (64 * 16, 0));
}

/// The floor saves a look at a bucket and changes nothing else: a sketch that forgets it with each
/// key ends up the same.
#[test]
fn the_short_cut_changes_no_count() {
    for slots in [8, 64, 800] {
        let options = TopKOptions { keeps_keys: false, ..options(slots, Counting::Estimates) };
        let mut quick = TopK::try_with_options(options).unwrap();
        let mut plain = quick.clone();
        let mut floors = 0;
        for i in 0..60_000_u64 {
            let hash = mix((mix(i) >> 32) & ((2 << (mix(i) & 15)) - 1));
            quick.add_hash(hash, 1 + i % 3);
            plain.floor = 0;
            plain.add_hash(hash, 1 + i % 3);
            let buckets = (0..quick.buckets()).filter_map(|at| quick.bucket(at));
            if i % 64 == 0 {
                let least = buckets.map(|bucket| bucket::least(bucket).1).min();
                assert!(least >= Some(quick.floor), "{slots} slots, {i}");
            }
            floors += u64::from(quick.floor > 0);
        }
        assert_eq!(quick, plain);
        assert!(floors > 10_000, "{slots} slots: {floors}");
    }
}

#[test]
fn many_at_once_are_as_one_by_one() {
    let mut one = TopK::new(10);
    let mut many = one.clone();
    let keys = || (0..10_007_u64).map(|i| i * i % 997);
    keys().for_each(|key| one.add_number(key));
    many.add_numbers(keys());
    assert_eq!((one.total(), one == many), (10_007, true));
}
