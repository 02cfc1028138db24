//! What goes wrong around a map: memory that is refused, hashes and comparisons that panic or lie,
//! drops and clones that panic. The map stays whole, and nothing is lost or leaked.

mod drops;

use super::{counted, mixed};
use lessram::AllocError;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{Compact, Map, Set};
use lessram::mem::{Alloc, Counter, Footprint, Global, Tracked};
use std::alloc::Layout;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

/// Refuses the request number `at`, and every one after it.
#[derive(Clone, Copy)]
pub(super) struct Until<'c> {
    pub(super) left: &'c Cell<usize>,
}

// SAFETY: blocks come from `Global` and go back to it.
#[allow(unsafe_code)]
unsafe impl Alloc for Until<'_> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or(AllocError::Refused { bytes: layout.size() })?);
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { Global.deallocate(block, layout) }
    }
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..40).chain([60, 64, 65, 66, 80, 100, 130, 200, 400]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut map: Map<u64, Box<u64>, DefaultHashBuilder, _> =
            Map::with_hasher_in(DefaultHashBuilder::with_seed(requests as u64), alloc);
        let mut refused = 0;
        for i in 0..40_000 {
            let before = map.len();
            if map.try_insert(mixed(i), Box::new(i)).is_err() {
                assert_eq!(map.len(), before);
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
            if i % 1024 == 0 {
                assert!(map.check());
            }
        }
        assert!(refused > 0 || requests >= 60, "{requests} requests were enough");
        let own = map.heap_bytes() - 8 * map.len();
        assert_eq!(own, counter.live());
        assert!(map.check() && map.iter().all(|(key, value)| *key == mixed(**value)));
        // Removing needs memory to shrink, and does without.
        let keys: Vec<u64> = map.keys().copied().collect();
        assert!(keys.iter().all(|key| map.remove(key).is_some()));
        assert!(map.is_empty() && map.check());
        assert!(map.try_reserve(1 << 20).is_err());
        drop(map);
        assert_eq!((counter.live(), counter.blocks()), (0, 0));
    }
}

#[test]
fn impossible_capacities_are_errors() {
    let mut map: Map<u64, u64> = Map::from([(1, 2)]);
    for extra in [usize::MAX, usize::MAX - 1, usize::MAX / 2] {
        assert_eq!(map.try_reserve(extra), Err(AllocError::CapacityOverflow));
    }
    assert_eq!(map.get(&1), Some(&2));
}

/// Hashes as the cell says: by value, all alike, or with a panic.
#[derive(Clone, Default)]
pub(super) struct Moody(pub(super) Rc<Cell<Mood>>);

#[derive(Clone, Copy, Default)]
pub(super) enum Mood {
    #[default]
    Well,
    Panics,
    /// Once so many more were asked for.
    PanicsAfter(u64),
    Lies(u64),
}

pub(super) struct MoodyHasher(Rc<Cell<Mood>>, u64);

impl BuildHasher for Moody {
    type Hasher = MoodyHasher;
    fn build_hasher(&self) -> MoodyHasher {
        MoodyHasher(self.0.clone(), 0)
    }
}

impl Hasher for MoodyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.1 = self.1 << 8 | u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        match self.0.get() {
            Mood::Well => mixed(self.1),
            Mood::Panics => panic!("a hash function that panics"),
            Mood::PanicsAfter(left) => {
                self.0.set(left.checked_sub(1).map_or(Mood::Panics, Mood::PanicsAfter));
                mixed(self.1)
            }
            Mood::Lies(seed) => {
                self.0.set(Mood::Lies(mixed(seed)));
                seed
            }
        }
    }
}

#[test]
fn hash_functions_that_panic_do_no_harm() {
    for full in [1, 2, 30, 31, 56, 400, 8_000, 10_000] {
        let counter = Counter::new();
        let mood = Moody::default();
        let mut map: Map<u64, Box<u64>, Moody, Tracked<'_>> =
            Map::with_hasher_in(mood.clone(), Tracked::new(&counter, Global));
        for i in 0..full {
            map.insert(i, Box::new(i));
        }
        let mut unhashed = false;
        for what in 0..3 {
            let panicked = catch_unwind(AssertUnwindSafe(|| match what {
                // The key's own hash is well; those of a rebuild are not.
                0 => {
                    let value = || {
                        mood.0.set(Mood::Panics);
                        Box::new(0)
                    };
                    map.entry(full + 1).or_insert_with(value);
                }
                1 => {
                    mood.0.set(Mood::Panics);
                    map.reserve(30_000);
                    unhashed = true;
                }
                _ => {
                    mood.0.set(Mood::Panics);
                    map.shrink_to_fit();
                }
            }));
            mood.0.set(Mood::Well);
            assert!(!unhashed, "a rebuild without a hash");
            if what == 0 && panicked.is_ok() {
                map.remove(&(full + 1));
            }
            assert_eq!(map.len() as u64, full);
            assert!(map.check() && (0..full).all(|i| map.get(&i).is_some_and(|v| **v == i)));
            assert_eq!(map.heap_bytes() - 8 * map.len(), counter.live());
        }
    }
}

#[test]
fn hash_functions_that_lie_do_no_harm() {
    let counter = Counter::new();
    let mood = Moody::default();
    mood.0.set(Mood::Lies(1));
    let mut map: Map<u64, Box<u64>, Moody, Tracked<'_>> =
        Map::with_hasher_in(mood, Tracked::new(&counter, Global));
    for i in 0..60_000 {
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

#[derive(Clone, Copy, Default)]
pub(super) struct Constant;

impl BuildHasher for Constant {
    type Hasher = ConstantHasher;
    fn build_hasher(&self) -> ConstantHasher {
        ConstantHasher
    }
}

pub(super) struct ConstantHasher;

impl Hasher for ConstantHasher {
    fn write(&mut self, _: &[u8]) {}
    fn finish(&self) -> u64 {
        7
    }
}

#[test]
fn one_hash_for_all_keys_is_slow_and_right() {
    let mut map: Map<u64, u64, Constant> = Map::default();
    for i in 0..3_000 {
        map.insert(i, i);
    }
    assert!((0..3_000).all(|i| map[&i] == i) && map.get(&3_000).is_none());
    assert!((0..3_000).all(|i| i % 2 == 0 || map.remove(&i) == Some(i)));
    assert!(map.check() && map.len() == 1_500);
}

/// Counts its drops, and panics at one of them.
pub(super) struct Dropped<'c> {
    pub(super) count: &'c Cell<u32>,
    pub(super) panics_at: u32,
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.count.set(self.count.get() + 1);
        assert!(self.count.get() != self.panics_at, "a drop that panics");
    }
}

#[test]
fn types_without_size_and_with_much_alignment() {
    let mut unit: Map<(), ()> = Map::new();
    assert_eq!((unit.insert((), ()), unit.insert((), ())), (None, Some(())));
    assert_eq!((unit.len(), unit.remove(&()), unit.len()), (1, Some(()), 0));

    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(256))]
    struct Wide(u8);
    let mut wide: Map<u32, Wide> = Map::new();
    for i in 0..30_000 {
        wide.insert(i, Wide(i as u8));
        if i % 97 == 0 {
            assert_eq!((&raw const wide[&i]).addr() % 256, 0);
        }
    }
    assert!((0..30_000).all(|i| wide[&i] == Wide(i as u8)) && wide.check());
}

/// Filling a map from another in its order must not fill it group by group.
///
/// Hashes have another seed in each run, so the longest look-up is another one: 32 to 71 groups in
/// 60 runs, and 33 to 61 with the keys in another order. The bound leaves room for that, and none
/// for look-ups that grow with the map.
#[test]
fn filling_from_another_map_is_as_fast_as_from_elsewhere() {
    let n = if cfg!(debug_assertions) { 30_000 } else { 400_000 };
    let from: Set<u64> = (0..n).map(mixed).collect();
    let mut to: Map<u64, ()> = Map::new();
    for (i, key) in from.iter().enumerate() {
        to.insert(*key, ());
        if i % 10_000 == 0 {
            let (mean, most) = to.probe_lengths();
            assert!(mean < 1.6 && most <= 200, "{mean} groups a look-up, {most} at most, at {i}");
        }
    }
}

#[test]
fn footprints_include_what_entries_own() {
    let counter = Counter::new();
    let mut map = counted::<String, Vec<u8>, Compact>(&counter);
    let mut model = HashMap::new();
    for i in 0..100 {
        map.insert(format!("{i}"), vec![0; i]);
        model.insert(i, i);
    }
    let owned: usize = map.iter().map(|(key, value)| key.capacity() + value.capacity()).sum();
    assert_eq!(map.heap_bytes(), counter.live() + owned);
}
