//! Peers counted through the adaptor: what a `Tracked` allocator gave a hashbrown map is what the
//! map says it has.

use hashbrown::{HashMap, HashSet};
use lessram::arrays::PackedInts;
use lessram::mem::{Api2, AsApi2, Counter, Footprint, Global, Tracked};

#[test]
fn hashbrown_has_what_the_counter_gave() {
    let counter = Counter::new();
    let alloc = AsApi2(Tracked::new(&counter, Global));
    let mut map = HashMap::new_in(alloc);
    let mut random = 1_u64;
    for round in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round);
        match random >> 61 {
            0..=4 => drop(map.insert(random >> 50 & 0xFFF, random)),
            5 | 6 => drop(map.remove(&(random >> 50 & 0xFFF))),
            _ if round % 100 == 0 => map.shrink_to_fit(),
            _ => map.reserve(3),
        }
        assert_eq!(counter.live(), map.allocation_size());
        assert_eq!(counter.blocks(), usize::from(map.capacity() > 0));
    }
    drop(map);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn sets_of_nothing_and_of_wide_keys() {
    let counter = Counter::new();
    let alloc = AsApi2(Tracked::new(&counter, Global));
    let mut nothing = HashSet::new_in(alloc);
    assert_eq!(counter.requests(), 0);
    nothing.insert(());
    assert_eq!(counter.live(), nothing.allocation_size());
    drop(nothing);
    let wide: HashSet<[u128; 4], _, _> = {
        let mut wide = HashSet::new_in(alloc);
        wide.extend((0..100).map(|i| [i; 4]));
        wide
    };
    assert_eq!(counter.live(), wide.allocation_size());
}

#[cfg(feature = "arena")]
#[test]
fn a_map_in_an_arena_and_a_structure_in_what_holds_it() {
    let (bump, counter) = (bumpalo::Bump::new(), Counter::new());
    let alloc = Tracked::new(&counter, &bump);
    let mut map = HashMap::new_in(AsApi2(alloc));
    map.extend((0..1000_u32).map(|i| (i, i)));
    let mut ints = PackedInts::new_in(Api2(AsApi2(alloc)));
    (0..1000).for_each(|i| ints.push(i));
    assert_eq!(counter.live(), map.allocation_size() + ints.heap_bytes());
    assert_eq!((map[&999], ints.get(999)), (999, Some(999)));
}

#[test]
fn a_structure_in_a_foreign_allocator() {
    let mut ints = PackedInts::new_in(Api2(allocator_api2::alloc::Global));
    (0..5000).for_each(|i| ints.push(i));
    ints.shrink_to_fit();
    assert_eq!(ints.heap_bytes(), (5000 * 13_usize).div_ceil(64) * 8 + 8);
    assert!(ints.iter().eq(0..5000));
}
