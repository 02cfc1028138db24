//! Bytes an entry while a map grows one by one: what the docs promise, between the sizes of an
//! octave that the tests of each map look at, and where tables change their form.

use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{Compact, Map, OrderedMap, Policy, Quick, Set};
use lessram::mem::{Footprint, Global};

const MOST: u64 = 1_300_000;

/// The most bytes an entry from each number of entries on, up to the next one; looked at
/// every 997 insertions, at first at each, while the map grows one by one. A mean of three maps, as
/// each has a seed of its own, and one in some dozens has more than the others.
fn most_bytes<M>(from: &[u64], insert: impl Fn(&mut M, u64)) -> Vec<f64>
where
    M: Footprint + Default,
{
    let mut maps: [M; 3] = Default::default();
    let mut most = vec![0.0; from.len()];
    for n in 1..=MOST {
        for map in &mut maps {
            insert(map, n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let Some(band) = from.iter().rposition(|from| *from <= n) else { continue };
        if n < 10_000 || n % 997 == 0 {
            let bytes: usize = maps.iter().map(Footprint::heap_bytes).sum();
            most[band] = f64::max(most[band], bytes as f64 / (3 * n) as f64);
        }
    }
    most
}

/// A map takes at most these times its entries' bytes from 100, 10,000 and a million entries on.
fn keeps<P: Policy>(promised: [f64; 3]) {
    type Of<P> = Map<u64, u64, DefaultHashBuilder, Global, P>;
    let from = [100, 10_000, 1_000_000];
    let most = most_bytes(&from, |map: &mut Of<P>, key| _ = map.insert(key, key));
    let kept = most.iter().zip(promised).all(|(most, promised)| *most <= 16.0 * promised);
    assert!(kept, "{most:?}");
}

#[test]
fn maps_take_what_their_docs_say_while_they_grow() {
    keeps::<Compact>([1.39, 1.28, 1.19]);
    keeps::<Quick>([1.50, 1.38, 1.28]);
}

#[test]
fn a_set_takes_what_its_docs_say_while_it_grows() {
    let from = [100, 10_000, 1_000_000];
    let most = most_bytes(&from, |set: &mut Set<u64>, key| _ = set.insert(key));
    let kept = most.iter().zip([1.47, 1.38, 1.27]).all(|(most, promised)| *most <= 8.0 * promised);
    assert!(kept, "{most:?}");
}

/// Room that is asked for at once, before keys come.
#[test]
fn maps_take_what_their_docs_say_where_the_number_is_known() {
    let keys = |n: u64| (0..n).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for n in [8_001, 9_000, 10_000, 12_000, 20_000, 99_999, 100_000, 130_000, 1_000_000, 1_100_000]
    {
        let (most, most_of_set) = match n {
            1_000_000.. => (19.3, 1.29),
            100_000.. => (20.9, 1.39),
            10_000.. => (24.5, 1.65),
            _ => (26.0, 1.75),
        };
        let map: Map<u64, u64> = keys(n).map(|key| (key, key)).collect();
        let set: Set<u64> = keys(n).collect();
        let each = |bytes: usize| bytes as f64 / n as f64;
        let (map, set) = (each(map.heap_bytes()), each(set.heap_bytes()));
        assert!(map <= most && set <= 8.0 * most_of_set, "{n} entries: {map}, {set}");
    }
}

#[test]
fn a_map_takes_a_third_more_at_most_while_its_entries_go() {
    let key = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut map: Map<u64, u64> = Map::new();
    (0..400_000).for_each(|i| _ = map.insert(key(i), i));
    for gone in 0..400_000 - 100 {
        map.remove(&key(gone));
        let most = if map.len() >= 10_000 { 20.5 } else { 22.2 } * 4.0 / 3.0;
        let bytes = map.heap_bytes() as f64 / map.len() as f64;
        assert!(bytes <= most, "{bytes} bytes an entry of {}", map.len());
    }
}

#[test]
fn an_ordered_map_takes_what_its_docs_say_while_it_grows() {
    // Positions become wider at 65,536.
    let from = [10_000, 65_536, 100_000];
    let most = most_bytes(&from, |map: &mut OrderedMap<u64, u64>, key| _ = map.insert(key, key));
    assert!(most[0] <= 22.1 && most[1] <= 22.6 && most[2] <= 22.6, "{most:?}");
}
