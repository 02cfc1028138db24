//! Ordered maps and sets: beside a vector of pairs as an oracle, and with everything that can go
//! wrong around them.

use super::faults::{Constant, Dropped, Mood, Moody, Until};
use super::mixed;
use super::programs::config;
use lessram::arrays::SlimVec;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{OrderedEntry, OrderedMap, OrderedSet};
use lessram::mem::{Counter, Footprint, Global, Tracked};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Counted<'c, K, V> = OrderedMap<K, V, DefaultHashBuilder, Tracked<'c>>;

fn counted<K, V>(counter: &Counter) -> Counted<'_, K, V> {
    OrderedMap::with_hasher_in(DefaultHashBuilder::with_seed(1), Tracked::new(counter, Global))
}

#[derive(Clone, Debug)]
enum Op {
    Insert(u16, u32),
    SwapRemove(u16),
    ShiftRemove(u16),
    Fill(u16, u16),
    Empty(u16, u16),
    Entry(u16, u32),
    EntryRemove(u16, bool),
    Retain(u16),
    Drain(u16, u16, u8),
    Truncate(u16),
    Sort(bool),
    Reverse,
    Swap(u16, u16),
    Move(u16, u16),
    ShiftInsert(u16, u16),
    Pop,
    Reserve(u16),
    ShrinkTo(u16),
    SplitOff(u16),
    Clear,
    Clone,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || prop_oneof![0_u16..40, any::<u16>()];
    let at = any::<u16>;
    let op = prop_oneof![
        20 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Insert(k, v)),
        6 => key().prop_map(Op::SwapRemove),
        6 => key().prop_map(Op::ShiftRemove),
        3 => (key(), 0_u16..700).prop_map(|(k, n)| Op::Fill(k, n)),
        2 => (key(), 0_u16..700).prop_map(|(k, n)| Op::Empty(k, n)),
        6 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Entry(k, v)),
        3 => (key(), any::<bool>()).prop_map(|(k, way)| Op::EntryRemove(k, way)),
        1 => (2_u16..9).prop_map(Op::Retain),
        1 => (at(), at(), any::<u8>()).prop_map(|(a, b, n)| Op::Drain(a, b, n)),
        1 => at().prop_map(Op::Truncate),
        1 => any::<bool>().prop_map(Op::Sort),
        1 => Just(Op::Reverse),
        3 => (at(), at()).prop_map(|(a, b)| Op::Swap(a, b)),
        3 => (at(), at()).prop_map(|(a, b)| Op::Move(a, b)),
        3 => (key(), at()).prop_map(|(k, to)| Op::ShiftInsert(k, to)),
        2 => Just(Op::Pop),
        1 => (0_u16..2_000).prop_map(Op::Reserve),
        1 => (0_u16..100).prop_map(Op::ShrinkTo),
        1 => at().prop_map(Op::SplitOff),
        1 => Just(Op::Clear),
        1 => Just(Op::Clone),
    ];
    vec(op, 0..60)
}

/// The oracle: entries in order.
#[derive(Default)]
struct Model(Vec<(u16, u32)>);

impl Model {
    fn at(&self, key: u16) -> Option<usize> {
        self.0.iter().position(|(stored, _)| *stored == key)
    }

    fn insert(&mut self, key: u16, value: u32) -> Option<u32> {
        match self.at(key) {
            Some(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            None => {
                self.0.push((key, value));
                None
            }
        }
    }

    fn swap_remove(&mut self, key: u16) -> Option<u32> {
        self.at(key).map(|at| self.0.swap_remove(at).1)
    }

    fn shift_remove(&mut self, key: u16) -> Option<u32> {
        self.at(key).map(|at| self.0.remove(at).1)
    }

    fn shift_insert(&mut self, to: usize, key: u16, value: u32) -> Option<u32> {
        let old = self.shift_remove(key);
        self.0.insert(to, (key, value));
        old
    }
}

/// A position from a random number: below the end, or none if there is none.
fn below(at: u16, end: usize) -> Option<usize> {
    usize::from(at).checked_rem(end)
}

/// What concerns one key, or none.
fn small_step(map: &mut Counted<'_, u16, u32>, model: &mut Model, op: &Op) {
    let end = model.0.len();
    match *op {
        Op::Insert(key, value) => assert_eq!(map.insert(key, value), model.insert(key, value)),
        Op::SwapRemove(key) => assert_eq!(map.swap_remove(&key), model.swap_remove(key)),
        Op::ShiftRemove(key) => assert_eq!(map.shift_remove(&key), model.shift_remove(key)),
        Op::Entry(key, value) => {
            let entry = map.entry(key);
            assert_eq!(entry.index(), model.at(key).unwrap_or(end));
            let ours = *entry.and_modify(|old| *old ^= 3).or_insert(value);
            let old = model.at(key).map(|at| model.0[at].1 ^ 3);
            model.insert(key, old.unwrap_or(value));
            assert_eq!(ours, old.unwrap_or(value));
        }
        Op::EntryRemove(key, swaps) => match map.entry(key) {
            OrderedEntry::Occupied(entry) if swaps => {
                assert_eq!(Some(entry.swap_remove()), model.swap_remove(key));
            }
            OrderedEntry::Occupied(entry) => {
                assert_eq!(Some(entry.shift_remove()), model.shift_remove(key));
            }
            OrderedEntry::Vacant(entry) => {
                assert_eq!((entry.into_key(), model.at(key)), (key, None));
            }
        },
        Op::ShiftInsert(key, to) => {
            let most = end + usize::from(model.at(key).is_none());
            if let Some(to) = below(to, most) {
                assert_eq!(map.shift_insert(to, key, 5), model.shift_insert(to, key, 5));
            }
        }
        Op::Swap(a, b) => {
            if let (Some(a), Some(b)) = (below(a, end), below(b, end)) {
                map.swap_indices(a, b);
                model.0.swap(a, b);
            }
        }
        Op::Move(from, to) => {
            if let (Some(from), Some(to)) = (below(from, end), below(to, end)) {
                map.move_index(from, to);
                let entry = model.0.remove(from);
                model.0.insert(to, entry);
            }
        }
        Op::Pop => assert_eq!(map.pop(), model.0.pop()),
        _ => large_step(map, model, op),
    }
}

/// What concerns many keys, or the memory.
fn large_step(map: &mut Counted<'_, u16, u32>, model: &mut Model, op: &Op) {
    let end = model.0.len();
    match *op {
        Op::Fill(from, count) => {
            for key in (0..count).map(|i| from.wrapping_add(i)) {
                assert_eq!(map.insert(key, 7), model.insert(key, 7));
            }
        }
        Op::Empty(from, count) => {
            for key in (0..count).map(|i| from.wrapping_add(i)) {
                assert_eq!(map.swap_remove(&key), model.swap_remove(key));
            }
        }
        Op::Retain(modulus) => {
            map.retain(|key, value| key % modulus != 0 && *value % 3 != 0);
            model.0.retain(|(key, value)| key % modulus != 0 && value % 3 != 0);
        }
        Op::Drain(a, b, most) => {
            let (a, b) = (below(a, end + 1).unwrap(), below(b, end + 1).unwrap());
            let (range, most) = (a.min(b)..a.max(b), usize::from(most));
            let drained: Vec<_> = map.drain(range.clone()).take(most).collect();
            let expected: Vec<_> = model.0.drain(range).take(most).collect();
            assert_eq!(drained, expected);
        }
        Op::Truncate(len) => {
            let len = below(len, end + 1).unwrap();
            map.truncate(len);
            model.0.truncate(len);
        }
        Op::Sort(stable) => {
            if stable {
                map.sort_by(|_, a, _, b| a.cmp(b));
                model.0.sort_by_key(|(_, value)| *value);
            } else {
                map.sort_unstable_keys();
                model.0.sort_unstable();
            }
        }
        Op::Reverse => {
            map.reverse();
            model.0.reverse();
        }
        Op::Reserve(extra) => {
            map.reserve(usize::from(extra));
            assert!(map.capacity() >= map.len() + usize::from(extra));
        }
        Op::ShrinkTo(least) => map.shrink_to(usize::from(least)),
        Op::SplitOff(at) => {
            let at = below(at, end + 1).unwrap();
            let other =
                if at % 2 == 0 { map.split_off(at) } else { map.try_split_off(at).unwrap() };
            assert!(other.check());
            assert_eq!(other.as_slice(), model.0.split_off(at));
        }
        Op::Clear => {
            let bytes = map.heap_bytes();
            map.clear();
            model.0.clear();
            assert_eq!(map.heap_bytes(), bytes);
        }
        Op::Clone => *map = map.clone(),
        _ => unreachable!("a small step"),
    }
}

fn follows_a_vector(program: &[Op]) {
    let counter = Counter::new();
    let mut map = counted::<u16, u32>(&counter);
    let mut model = Model::default();
    for op in program {
        small_step(&mut map, &mut model, op);
        assert_eq!((map.heap_bytes(), map.heap_blocks()), (counter.live(), counter.blocks()));
        assert_eq!(map.as_slice(), model.0, "after {op:?}");
        assert!(map.len() <= map.capacity());
        assert!(map.check(), "the invariants, after {op:?}");
    }
    let absent = (0..=u16::MAX).filter(|key| model.at(*key).is_none()).take(200);
    assert!(absent.into_iter().all(|key| map.get_full(&key).is_none()));
    let backwards: Vec<_> = map.iter().rev().map(|(key, value)| (*key, *value)).collect();
    assert!(backwards.iter().rev().eq(&model.0));
    for value in map.values_mut() {
        *value ^= 1;
    }
    assert!(map.into_iter().map(|(key, value)| (key, value ^ 1)).eq(model.0));
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn ordered_maps_follow_a_vector(program in ops()) {
        follows_a_vector(&program);
    }
}

/// Growing across the widths of positions, churning, and shrinking back.
#[test]
fn every_width_grows_churns_and_shrinks() {
    let sizes: &[u64] = if cfg!(debug_assertions) {
        &[0, 1, 8, 9, 14, 15, 255, 256, 257, 5_000, 65_536, 65_537]
    } else {
        &[0, 1, 8, 9, 14, 15, 255, 256, 257, 5_000, 65_536, 65_537, 70_000, 1_000_000]
    };
    for &n in sizes {
        let counter = Counter::new();
        let mut map = counted::<u64, u64>(&counter);
        for i in 0..n {
            assert_eq!(map.insert_full(mixed(i), i), (i as usize, None));
        }
        assert!(map.check());
        let full = counter.live();
        if n >= 1_000_000 {
            assert!(counter.peak() <= full + full / 20, "{} for {full}", counter.peak());
        }
        for i in 0..2 * n {
            assert_eq!(map.swap_remove(&mixed(i)), Some(i));
            assert_eq!(map.insert(mixed(n + i), n + i), None);
        }
        assert!(map.check() && map.heap_bytes() == counter.live());
        assert!(counter.live() <= full + full / 8 + 64, "{} after {full}", counter.live());
        for i in (2 * n..3 * n).filter(|i| i % 100 != 0) {
            assert_eq!(map.swap_remove(&mixed(i)), Some(i));
        }
        assert!(map.check() && map.heap_bytes() == counter.live());
        let mut fresh = OrderedMap::<u64, u64>::new();
        map.iter().for_each(|(key, value)| {
            fresh.insert(*key, *value);
        });
        assert!(fresh == map && fresh.as_slice() == map.as_slice());
        let most = fresh.heap_bytes() * 3 / 2 + 2_048;
        assert!(counter.live() <= most, "{} for {} entries of {n}", counter.live(), map.len());
    }
}

/// The bytes that the docs promise.
#[test]
fn bytes_an_entry_are_flat() {
    let start = if cfg!(debug_assertions) { 100_000.0 } else { 1_000_000.0 };
    for step in 0..=8 {
        let n = (start * f64::exp2(f64::from(step) / 8.0)) as u64;
        let mut map: OrderedMap<u64, u64> = OrderedMap::new();
        let mut set: OrderedSet<u64> = OrderedSet::new();
        for i in 0..n {
            map.insert(mixed(i), i);
            set.insert(mixed(i));
        }
        let bytes = map.heap_bytes() as f64 / n as f64;
        assert!((21.3..=22.6).contains(&bytes), "{bytes} bytes an entry of {n}");
        let bytes = set.heap_bytes() as f64 / n as f64;
        assert!((13.3..=14.1).contains(&bytes), "{bytes} bytes a key of {n}");
    }
    for (n, most) in [(1, 64), (8, 8 * 16), (100, 2_200), (10_000, 235_000)] {
        let mut map: OrderedMap<u64, u64> = (0..n).map(|i| (mixed(i), i)).collect();
        map.shrink_to_fit();
        assert!(map.heap_bytes() <= most, "{} bytes for {n} entries", map.heap_bytes());
    }
}

/// The bytes of a position that the docs promise, as a mean over the sizes of its width.
#[test]
fn bytes_a_position_are_as_its_width() {
    for (sizes, expected) in [(9..=256_u64, 2.9), (257..=24_000, 4.2)] {
        let mut map: OrderedMap<u64, u64> = OrderedMap::new();
        // Grows as the entries of the map do.
        let mut entries = SlimVec::new();
        let (mut sum, mut weights) = (0.0, 0.0);
        for n in 1..=*sizes.end() {
            map.insert(mixed(n), n);
            entries.push((mixed(n), n));
            if sizes.contains(&n) {
                // Twice as large sizes are twice as many, and count alike.
                let weight = 1.0 / n as f64;
                sum += weight * (map.heap_bytes() - entries.heap_bytes()) as f64 / n as f64;
                weights += weight;
            }
        }
        let mean = sum / weights;
        assert!((mean - expected).abs() < 0.1, "{mean} bytes and not {expected}");
    }
}

/// A key that counts how often one is compared.
struct Compared<'c>(u64, &'c Cell<u64>);

impl Eq for Compared<'_> {}

impl PartialEq for Compared<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.1.set(self.1.get() + 1);
        self.0 == other.0
    }
}

impl Hash for Compared<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// A look-up of an absent key passes the groups that keys went on from, and a tag in 255 of each of
/// them is its own: keys that are gone must not be among those.
#[test]
fn ranges_that_go_leave_look_ups_short() {
    let compared = Cell::new(0);
    let key = |i| Compared(mixed(i), &compared);
    let mut map: OrderedMap<Compared<'_>, ()> = OrderedMap::with_capacity(5_000);
    map.extend((0..5_000).map(|i| (key(i), ())));
    let room = map.capacity();
    for round in 2..100 {
        if round % 2 == 0 {
            map.truncate(2_500);
        } else {
            drop(map.drain(..2_500));
        }
        assert_eq!((map.len(), map.capacity()), (2_500, room));
        map.extend((0..2_500).map(|i| (key(2_500 * round + i), ())));
    }
    assert!(map.check());
    compared.set(0);
    assert!((0..1_000).all(|i| !map.contains_key(&key(1 << 40 | i))));
    assert!(compared.get() < 500, "{} comparisons for 1,000 absent keys", compared.get());
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..40).chain([60, 64, 70, 80, 90, 120, 170, 240]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let build = DefaultHashBuilder::with_seed(requests as u64);
        let mut map: OrderedMap<u64, Box<u64>, DefaultHashBuilder, _> =
            OrderedMap::with_hasher_in(build, alloc);
        let mut refused = 0;
        for i in 0..80_000 {
            let before = map.len();
            if map.try_insert(mixed(i), Box::new(i)).is_err() {
                assert_eq!(map.len(), before);
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
        }
        assert!(refused > 0 || requests >= 60, "{requests} requests were enough");
        assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
        assert!(map.check() && map.iter().all(|(key, value)| *key == mixed(**value)));
        // All of these need memory to shrink, or to order by, and do without.
        map.reverse();
        map.sort_unstable_keys();
        map.retain(|key, _| key % 2 == 0);
        assert!(map.check() && map.as_slice().is_sorted_by_key(|(key, _)| *key));
        let keys: Vec<u64> = map.keys().copied().collect();
        assert!(keys.iter().all(|key| map.swap_remove(key).is_some()));
        assert!(map.is_empty() && map.check());
        assert!(map.try_reserve(1 << 20).is_err());
        drop(map);
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }
    let mut map = OrderedMap::from([(1_u64, 2_u64)]);
    for extra in [usize::MAX, usize::MAX - 1, usize::MAX / 2] {
        assert!(map.try_reserve(extra).is_err());
    }
    assert_eq!((map.get(&1), map.len()), (Some(&2), 1));
}

#[test]
fn entries_that_come_and_go_ask_for_memory_now_and_then() {
    for n in (1..80).chain([500, 1_000, 3_000]) {
        let counter = Counter::new();
        let mut map: OrderedMap<u64, u64, DefaultHashBuilder, Tracked<'_>> =
            OrderedMap::with_hasher_in(
                DefaultHashBuilder::default(),
                Tracked::new(&counter, Global),
            );
        map.extend((0..n).map(|i| (i, i)));
        for _ in 0..3 {
            let before = counter.requests();
            for i in 0..100 {
                map.insert(n + i, i);
                map.pop();
            }
            let requests = counter.requests() - before;
            // What removals leave behind in the table is cleared away each few of them.
            assert!(requests <= 25, "{requests} requests for 100 entries beside {n}");
            let _ = map.pop();
        }
    }
}

#[test]
fn what_cannot_be_split_off_stays() {
    let mut outcomes = [0; 2];
    // Of many, positions are in parts, of which some grow beyond the room that all had at first.
    for (len, all_requests) in [(10, 0..8), (5_000, 0..8), (60_000, 255..400)] {
        for requests in all_requests.step_by(if len < 10_000 { 1 } else { 8 }) {
            let left = Cell::new(usize::MAX);
            let mut map: OrderedMap<u64, u64, DefaultHashBuilder, _> =
                OrderedMap::with_hasher_in(DefaultHashBuilder::default(), Until { left: &left });
            map.extend((0..len).map(|i| (mixed(i), i)));
            left.set(requests);
            let split = map.try_split_off(4);
            outcomes[usize::from(split.is_ok())] += 1;
            let kept = split.map_or(len, |behind| {
                assert!(behind.check() && behind.values().copied().eq(4..len));
                4
            });
            assert!(map.check() && map.values().copied().eq(0..kept));
        }
    }
    assert!(outcomes.iter().all(|count| *count > 2), "{outcomes:?}");
}

#[test]
fn hash_functions_that_panic_do_no_harm() {
    for full in [1, 8, 9, 14, 100, 300, 1_000] {
        let counter = Counter::new();
        let mood = Moody::default();
        let mut map: OrderedMap<u64, Box<u64>, Moody, Tracked<'_>> =
            OrderedMap::with_hasher_in(mood.clone(), Tracked::new(&counter, Global));
        for i in 0..full {
            map.insert(i, Box::new(i));
        }
        for what in 0..7 {
            // After so many hashes, where a change is half done.
            for after in [0, 1, 2, 5] {
                mood.0.set(Mood::PanicsAfter(after));
                let outcome = catch_unwind(AssertUnwindSafe(|| match what {
                    0 => drop(map.insert(full, Box::new(full))),
                    1 => map.reserve(30_000),
                    2 => map.shrink_to_fit(),
                    3 => map.sort_keys(),
                    4 => map.retain(|_, _| true),
                    5 => map.swap_indices(0, full as usize - 1),
                    _ => drop(map.shift_remove(&full)),
                }));
                mood.0.set(Mood::Well);
                if outcome.is_ok() && map.len() as u64 > full {
                    assert_eq!(map.swap_remove(&full).as_deref(), Some(&full));
                }
                assert_eq!(map.len() as u64, full, "{what} {after}");
                assert!(map.check() && (0..full).all(|i| map.get(&i).is_some_and(|v| **v == i)));
                assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
            }
        }
        // Removals, each of which may lose its own entry only.
        for i in 0..full.min(100) {
            mood.0.set(Mood::PanicsAfter(i % 7));
            let way = |map: &mut OrderedMap<_, _, _, _>| {
                if i % 2 == 0 { map.swap_remove(&i) } else { map.shift_remove(&i) }
            };
            let _ = catch_unwind(AssertUnwindSafe(|| way(&mut map)));
            mood.0.set(Mood::Well);
            assert!(map.check(), "{i} of {full}");
            assert!(map.iter().all(|(key, value)| *key == **value));
            assert!(map.len() as u64 + i + 1 >= full);
        }
    }
}

#[test]
fn hash_functions_that_lie_do_no_harm() {
    let counter = Counter::new();
    let mood = Moody::default();
    mood.0.set(Mood::Lies(1));
    let mut map: OrderedMap<u64, Box<u64>, Moody, Tracked<'_>> =
        OrderedMap::with_hasher_in(mood, Tracked::new(&counter, Global));
    for i in 0..3_000 {
        map.insert(i, Box::new(i));
        if i % 3 == 0 {
            map.swap_remove(&(i / 2));
            map.shift_remove(&(i / 2 + 1));
            map.insert(i, Box::new(i));
            map.swap_indices(0, map.len() - 1);
        }
    }
    assert_eq!(map.iter().count(), map.len());
    map.retain(|key, _| key % 5 != 0);
    map.sort_keys();
    map.shrink_to_fit();
    assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
    while let Some((key, value)) = map.pop() {
        assert_eq!(key, *value);
    }
    drop(map);
    assert_eq!(counter.live(), 0);
}

#[test]
fn one_hash_for_all_keys_is_slow_and_right() {
    let mut map: OrderedMap<u64, u64, Constant> = OrderedMap::default();
    for i in 0..2_000 {
        map.insert(i, i);
    }
    assert!((0..2_000).all(|i| map[&i] == i) && map.get(&2_000).is_none());
    for i in (0..2_000).step_by(2) {
        assert_eq!(map.swap_remove(&i), Some(i));
        map.swap_indices(0, map.len() / 2);
    }
    assert!(map.check() && map.len() == 1_000);
}

#[test]
fn everything_is_dropped_once() {
    for n in [0_u32, 1, 8, 9, 300, 25_000] {
        let count = Cell::new(0);
        let value = || Dropped { count: &count, panics_at: 0 };
        let filled = || (0..n).map(|i| (i, value())).collect::<OrderedMap<_, _>>();
        let dropped = || count.replace(0);
        drop(filled());
        assert_eq!(dropped(), n);
        filled().into_iter().take(3).for_each(drop);
        assert_eq!(dropped(), n);
        let mut map = filled();
        map.drain(..n as usize / 2).take(2).for_each(drop);
        assert_eq!((map.len() as u32, dropped()), (n - n / 2, n / 2));
        map.retain(|key, _| key % 2 == 0);
        map.clear();
        assert_eq!((map.len(), dropped()), (0, n - n / 2));
        let mut map = filled();
        (0..n).for_each(|key| drop(map.insert(key, value())));
        assert_eq!(dropped(), n);
        drop(map);
        assert_eq!(dropped(), n);
    }
    for n in [2_u32, 8, 500] {
        let count = Cell::new(0);
        let value = || Dropped { count: &count, panics_at: n / 2 };
        let mut map: OrderedMap<u32, Dropped<'_>> = (0..n).map(|i| (i, value())).collect();
        assert!(catch_unwind(AssertUnwindSafe(|| map.clear())).is_err());
        assert!(map.check());
        drop(map);
        assert_eq!(count.get(), n);
    }
}

#[test]
fn types_without_size_and_with_much_alignment() {
    let mut unit: OrderedMap<(), ()> = OrderedMap::new();
    assert_eq!((unit.insert((), ()), unit.insert((), ())), (None, Some(())));
    assert_eq!((unit.len(), unit.swap_remove(&()), unit.len()), (1, Some(()), 0));
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    let mut wide: OrderedMap<u32, Wide> = OrderedMap::new();
    for i in 0..3_000 {
        wide.insert(i, Wide(i as u8));
    }
    assert_eq!((&raw const wide[&7]).addr() % 256, 0);
    assert!((0..3_000).all(|i| wide[&i] == Wide(i as u8)) && wide.check());
}

#[test]
fn what_an_index_map_can_do() {
    let mut map: OrderedMap<String, i32> = OrderedMap::new();
    *map.entry("a".into()).or_insert(1) += 1;
    assert_eq!(*map.entry("b".into()).or_default(), 0);
    assert_eq!(*map.entry("ccc".into()).or_insert_with_key(|key| key.len() as i32), 3);
    assert_eq!((map["a"], map[1], map.get_index_of("ccc")), (2, 0, Some(2)));
    map["a"] = 9;
    map[1] += 1;
    assert_eq!(
        format!("{map:?} {:?}", map.iter()),
        r#"{"a": 9, "b": 1, "ccc": 3} [("a", 9), ("b", 1), ("ccc", 3)]"#
    );
    assert_eq!(format!("{:?} {:?}", map.keys(), map.values()), r#"["a", "b", "ccc"] [9, 1, 3]"#);
    assert_eq!(map.get_full("b"), Some((1, &"b".to_owned(), &1)));
    assert_eq!(map.get_key_value("b"), Some((&"b".to_owned(), &1)));
    assert_eq!(map.swap_remove_full("a"), Some((0, "a".to_owned(), 9)));
    assert_eq!(map.first(), Some((&"ccc".to_owned(), &3)));
    if let Some((_, value)) = map.last_mut() {
        *value = 4;
    }
    assert_eq!(map.shift_remove_entry("ccc"), Some(("ccc".to_owned(), 3)));
    let entry = map.entry("d".into()).insert_entry(4);
    assert_eq!((entry.key().as_str(), entry.index(), *entry.get()), ("d", 1, 4));
    assert_eq!((map.iter().len(), map.iter().next_back().map(|(_, v)| *v)), (2, Some(4)));
    assert_eq!(map.clone().into_keys().rev().collect::<Vec<_>>(), ["d", "b"]);
    assert_eq!(map.into_values().collect::<Vec<_>>(), [4, 4]);
    let ascending: OrderedMap<u32, u32> = (0..100).map(|i| (i, i)).collect();
    let mut descending: OrderedMap<u32, u32> = (0..100).rev().map(|i| (i, i)).collect();
    assert_eq!(ascending, descending);
    assert_ne!(ascending.as_slice(), descending.as_slice());
    descending.sort_by_cached_key(|key, _| *key);
    assert_eq!(ascending.as_slice(), descending.as_slice());
    assert_eq!(
        (descending.binary_search_keys(&7), descending.binary_search_keys(&200)),
        (Ok(7), Err(100))
    );
    let past_end = catch_unwind(AssertUnwindSafe(|| descending.drain(5..101).count()));
    assert!(past_end.is_err() && descending.check());
}

#[test]
fn several_values_at_once_entries_by_position_and_sorted_keys() {
    for n in [3_u32, 8, 9, 1_000] {
        let mut map: OrderedMap<u32, u32> = (0..n).map(|i| (i * 2, i)).collect();
        let keys = [&(2 * n - 2), &1, &0, &2];
        let [last, none, first, second] = map.get_disjoint_mut(keys);
        assert_eq!((last.as_deref(), none), (Some(&(n - 1)), None));
        let (first, second) = (first.unwrap(), second.unwrap());
        std::mem::swap(first, second);
        *last.unwrap() = 99;
        assert_eq!((map[&0], map[&2], map[&(2 * n - 2)]), (1, 0, 99));
        let twice = AssertUnwindSafe(|| _ = map.get_disjoint_mut([&2, &1, &2]));
        assert!(catch_unwind(twice).is_err());
        assert_eq!(map.get_disjoint_mut([&1, &1]), [None, None]);

        let mut entry = map.get_index_entry(1).unwrap();
        assert_eq!((*entry.key(), entry.insert(7), entry.index()), (2, 0, 1));
        assert_eq!(entry.shift_remove(), 7);
        assert!(map.get_index_entry(n as usize - 1).is_none());

        assert_eq!(map.insert_sorted(2, 5), (1, None));
        assert_eq!(map.insert_sorted(2, 6), (1, Some(5)));
        assert_eq!(map.try_insert_sorted(1, 4), Ok((1, None)));
        assert_eq!(map.insert_sorted(5 * n, 3), (n as usize + 1, None));
        assert!(map.check() && map.keys().is_sorted() && map.len() == n as usize + 2);
        map.reverse();
        let (index, old) = map.insert_sorted(2, 8);
        assert_eq!((map.get_index(index), old), (Some((&2, &8)), Some(6)));
    }
}

#[test]
fn sets_keep_the_order_too() {
    let a: OrderedSet<u32> = (0..100).collect();
    let b: OrderedSet<u32> = (50..150).rev().collect();
    assert!(a.union(&b).eq((0..100).chain((100..150).rev()).collect::<Vec<_>>().iter()));
    assert!((&a & &b).iter().copied().eq(50..100));
    assert!((&b - &a).iter().copied().eq((100..150).rev()));
    assert_eq!(((&a | &b).len(), (&a ^ &b).len()), (150, 100));
    assert!(!a.is_disjoint(&b) && !a.is_subset(&b) && a.is_superset(&(&a & &b)));
    let mut words = OrderedSet::from(["cow", "ant", "bee"].map(String::from));
    assert_eq!((words.insert_full("ant".into()), words.get_index_of("bee")), ((1, false), Some(2)));
    assert_eq!((words.first().map(String::as_str), &*words[2]), (Some("cow"), "bee"));
    words.sort();
    assert_eq!(format!("{words:?}"), r#"{"ant", "bee", "cow"}"#);
    assert_eq!(words.binary_search(&"bee".to_owned()), Ok(1));
    assert_eq!(words.insert_sorted("boa".into()), (2, true));
    assert_eq!(words.try_insert_sorted("boa".into()), Ok((2, false)));
    let mut behind = words.split_off(2);
    assert!(behind.check() && behind.iter().eq(["boa", "cow"]) && behind.shift_remove("boa"));
    assert_eq!((words.len(), behind.try_split_off(1).map(|none| none.len())), (2, Ok(0)));
    words.extend(behind);
    assert_eq!(words.shift_take("ant").as_deref(), Some("ant"));
    assert!(words.swap_remove("bee") && !words.shift_remove("bee") && words.check());
    words.extend(["x", "y", "z"].map(String::from));
    words.reverse();
    words.move_index(0, 2);
    assert!(words.iter().eq(["y", "x", "z", "cow"].map(String::from).iter()));
    assert_eq!(words.drain(1..3).collect::<Vec<_>>(), ["x", "z"]);
    words.retain(|word| word != "cow");
    assert_eq!((words.pop().as_deref(), words.pop()), (Some("y"), None));
}

#[cfg(feature = "serde")]
#[test]
fn ordered_maps_and_sets_go_through_serde() {
    let map: OrderedMap<String, u32> = (0..50).rev().map(|i| (i.to_string(), i)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(
        serde_json::from_str::<OrderedMap<String, u32>>(&text).unwrap().as_slice(),
        map.as_slice()
    );
    let set: OrderedSet<u32> = (0..50).rev().collect();
    let text = serde_json::to_string(&set).unwrap();
    assert!(serde_json::from_str::<OrderedSet<u32>>(&text).unwrap().iter().eq(&set));
}
