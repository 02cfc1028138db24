//! Drops and clones, and ones that panic: each value is dropped once, no memory is lost, and no
//! other entry. The same of every map.

use super::Dropped;
use crate::strings::string;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactMap, IntMap, Map, StrMap};
use lessram::mem::{Counter, Footprint, Global, Parts, Tracked};
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Panics when it has been cloned so often.
#[derive(PartialEq)]
struct Cloned<'c>(u32, &'c Cell<u32>);

impl Clone for Cloned<'_> {
    fn clone(&self) -> Self {
        self.1.set(self.1.get().checked_sub(1).expect("a clone that panics"));
        Self(self.0, self.1)
    }
}

impl Footprint for Cloned<'_> {
    fn parts(&self, _: &mut dyn Parts) {}
    fn owns_heap() -> bool {
        false
    }
}

fn hashing() -> DefaultHashBuilder {
    DefaultHashBuilder::with_seed(1)
}

/// The tests of a map: how to make an empty one in an allocator, its `i`-th key, numbers of entries
/// around those at which it takes another form, and how many it has dropped when the drop of the
/// middle one panics.
macro_rules! tests_of {
    ($($name:ident: $map:ty, $empty:expr, $key:expr, $sizes:expr, $dropped:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn everything_is_dropped_once() {
                for n in $sizes {
                    let count = Cell::new(0);
                    let value = || Dropped { count: &count, panics_at: 0 };
                    let filled = || (0..n).map(|i| ($key(i), value())).collect::<$map>();
                    let dropped = || count.replace(0);
                    drop(filled());
                    assert_eq!(dropped(), n);
                    filled().into_iter().take(3).for_each(drop);
                    assert_eq!(dropped(), n);
                    filled().into_values().take(3).for_each(drop);
                    assert_eq!(dropped(), n);
                    let mut map = filled();
                    map.drain().take(2).for_each(drop);
                    assert_eq!((map.len(), dropped()), (0, n));
                    let mut map = filled();
                    map.clear();
                    assert_eq!((map.len(), dropped()), (0, n));
                    let mut map = filled();
                    let mut asked = 0..n;
                    map.retain(|_, _| asked.next().unwrap() % 2 == 0);
                    assert_eq!((map.len() as u32, dropped()), (n.div_ceil(2), n / 2));
                    (0..n).for_each(|i| _ = map.insert($key(i), value()));
                    assert_eq!(dropped(), n.div_ceil(2));
                    let mut asked = 0..n;
                    let taken = map.extract_if(|_, _| asked.next().unwrap() % 3 == 0);
                    assert_eq!(taken.map(drop).count() as u32, n.div_ceil(3));
                    assert_eq!((map.len() as u32, dropped()), (n - n.div_ceil(3), n.div_ceil(3)));
                    drop(map);
                    assert_eq!(dropped(), n - n.div_ceil(3));
                }
            }

            #[test]
            fn drops_that_panic_lose_no_memory_and_no_other_entry() {
                for n in $sizes.into_iter().skip(1) {
                    let (count, counter) = (Cell::new(0), Counter::new());
                    let mut map = $empty(Tracked::new(&counter, Global));
                    for i in 0..n {
                        map.insert($key(i), Dropped { count: &count, panics_at: n / 2 + 1 });
                    }
                    assert!(catch_unwind(AssertUnwindSafe(|| map.clear())).is_err());
                    assert!(map.check() && $dropped(n).contains(&count.get()));
                    assert_eq!(map.len() as u32 + count.get(), n);
                    drop(map);
                    assert_eq!((count.get(), counter.live()), (n, 0));
                }
            }

            #[test]
            fn clones_that_panic_leak_nothing() {
                for n in $sizes.into_iter().skip(1) {
                    let (left, counter) = (Cell::new(0), Counter::new());
                    let mut map = $empty(Tracked::new(&counter, Global));
                    (0..n).for_each(|i| _ = map.insert($key(i), Cloned(i, &left)));
                    let before = counter.live();
                    left.set(n / 2);
                    assert!(catch_unwind(AssertUnwindSafe(|| map.clone())).is_err());
                    assert_eq!((map.heap_bytes(), counter.live()), (before, before));
                    assert_eq!(map.heap_blocks(), counter.blocks());
                    left.set(n);
                    let copy = map.clone();
                    assert!(map.check() && copy.check() && copy == map && left.get() == 0);
                    assert!(copy.keys().all(|key| map.contains_key(key)));
                }
            }
        }
    )*};
}

/// Just those up to the one that panics.
fn no_more(n: u32) -> RangeInclusive<u32> {
    n / 2 + 1..=n / 2 + 1
}

/// Or some of those behind it too.
fn or_more(n: u32) -> RangeInclusive<u32> {
    n / 2 + 1..=n
}

tests_of! {
    map: Map<u32, Dropped<'_>>,
        |alloc| Map::<_, _, _, _>::with_hasher_in(hashing(), alloc),
        |i| i, [0_u32, 1, 29, 30, 31, 500, 1_000, 25_000], no_more;
    compact_map: CompactMap<u32, Dropped<'_>>,
        |alloc| CompactMap::with_hasher_in(hashing(), alloc),
        |i| i, [0_u32, 1, 23, 24, 25, 300], or_more;
    int_map: IntMap<Dropped<'_>, u32>,
        |alloc| IntMap::<_, u32, _>::with_seed_in(1, alloc),
        |i| i, [0_u32, 1, 23, 24, 25, 300], or_more;
    str_map: StrMap<Dropped<'_>>,
        |alloc| StrMap::with_hasher_in(hashing(), alloc),
        string, [0_u32, 1, 19, 20, 21, 300], or_more;
}
