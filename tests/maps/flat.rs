//! Bytes an entry while a map grows one by one: what the docs promise, between the sizes of an
//! octave that the tests of each map look at, and where tables change their form.

use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{Compact, Map, OrderedMap, Policy, Quick, Set};
use lessram::mem::{Footprint, Global};

const MOST: u64 = 1_300_000;

/// What the docs' figures, of two digits, leave to chance: each table has a seed of its own. Of 40
/// maps the one that took most took 0.005 times the payload more than the middle one from a million
/// entries on, and 0.02 below.
const LUCK: f64 = 0.01;

/// The most bytes an entry from each number of entries on, up to the next one; looked at
/// every 997 insertions, at first at each, while the map grows one by one.
fn most_bytes<M: Footprint>(mut map: M, from: &[u64], insert: impl Fn(&mut M, u64)) -> Vec<f64> {
    let mut most = vec![0.0; from.len()];
    for n in 1..=MOST {
        insert(&mut map, n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let Some(band) = from.iter().rposition(|from| *from <= n) else { continue };
        if n < 10_000 || n % 997 == 0 {
            most[band] = f64::max(most[band], map.heap_bytes() as f64 / n as f64);
        }
    }
    most
}

/// A map takes at most these times its entries' bytes from 100, 10,000 and a million entries on.
fn keeps<P: Policy>(promised: [f64; 3]) {
    let map: Map<u64, u64, DefaultHashBuilder, Global, P> = Map::default();
    let most = most_bytes(map, &[100, 10_000, 1_000_000], |map, key| _ = map.insert(key, key));
    let kept = most.iter().zip(promised).all(|(most, promised)| *most <= 16.0 * (promised + LUCK));
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
    let most = most_bytes(Set::<u64>::default(), &from, |set, key| _ = set.insert(key));
    let promised = [1.47, 1.38, 1.27].into_iter();
    let kept = most.iter().zip(promised).all(|(most, promised)| *most <= 8.0 * (promised + LUCK));
    assert!(kept, "{most:?}");
}

#[test]
fn an_ordered_map_takes_what_its_docs_say_while_it_grows() {
    let map = OrderedMap::<u64, u64>::default();
    // Positions become wider at 65,536.
    let from = [10_000, 65_536, 100_000];
    let most = most_bytes(map, &from, |map, key| _ = map.insert(key, key));
    assert!(most[0] <= 22.1 && most[1] <= 22.6 && most[2] <= 22.6, "{most:?}");
}
