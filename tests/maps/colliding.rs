//! Keys that are made to collide: of one hash, or of hashes that differ in few bits. What they may
//! cost in comparisons and in bytes; and keys forged against structures of a known seed.

use super::faults::Constant;
use lessram::BuildError;
use lessram::filters::{Bloom, Fuse, Quotient, Ribbon, ScalableQuotient};
use lessram::hashing::{DefaultHashBuilder, KeyHash};
use lessram::maps::{Compact, CompactMap, Map, Mphf, OrderedMap, Quick, StaticBuilder, StaticSet};
use lessram::mem::{Footprint, Global};
use lessram::sketches::{CountMin, ExaLogLog};
use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::thread::LocalKey;

thread_local! {
    /// How often keys were compared.
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

fn take(counter: &'static LocalKey<Cell<u64>>) -> u64 {
    counter.replace(0)
}

/// A key that counts how often it is compared.
#[derive(Clone, Copy, Debug, Eq)]
struct Key(u64);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

impl Footprint for Key {
    fn parts(&self, _: &mut dyn lessram::mem::Parts) {}
    fn owns_heap() -> bool {
        false
    }
}

/// The number itself, so many bits higher.
#[derive(Clone, Copy)]
struct Shifted(u32);

struct ShiftedHasher(u64, u32);

impl BuildHasher for Shifted {
    type Hasher = ShiftedHasher;
    fn build_hasher(&self) -> ShiftedHasher {
        ShiftedHasher(0, self.0)
    }
}

impl Hasher for ShiftedHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number << self.1;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Bytes of a map of `$n` keys, and comparisons of each insertion and each hit, on average.
macro_rules! cost {
    ($map:expr, $n:expr) => {{
        let (mut map, n) = ($map, $n);
        take(&COMPARED);
        (0..n).for_each(|i| assert!(map.insert(Key(i), ()).is_none()));
        let inserting = take(&COMPARED);
        assert!((0..n).all(|i| map.contains_key(&Key(i))) && !map.contains_key(&Key(n)));
        let each = |comparisons: u64| comparisons as f64 / n as f64;
        (map.heap_bytes() as f64 / n as f64, each(inserting), each(take(&COMPARED)))
    }};
}

/// Costs of each map with one hasher.
fn costs<S: BuildHasher + Copy>(hasher: S, n: u64) -> [(f64, f64, f64); 4] {
    [
        cost!(Map::<Key, (), S, _, Compact>::with_hasher(hasher), n),
        cost!(Map::<Key, (), S, _, Quick>::with_hasher_in(hasher, Global), n),
        cost!(CompactMap::<Key, (), S>::with_hasher(hasher), n),
        cost!(OrderedMap::<Key, (), S>::with_hasher(hasher), n),
    ]
}

const MAPS: [&str; 4] = ["Map", "Map, Quick", "CompactMap", "OrderedMap"];

/// Hashes need not be good: maps mix them. Of one hash for all there is half a look at all keys
/// with each, and at few of them a second one, and no byte more.
#[test]
fn hashes_of_few_bits_cost_no_more_and_one_hash_costs_time_alone() {
    let n = 4_000;
    let random = costs(DefaultHashBuilder::with_seed(1), n);
    for (what, costs) in [
        ("random", random),
        ("numbers", costs(Shifted(0), n)),
        ("multiples of 2^20", costs(Shifted(20), n)),
        ("multiples of 2^52", costs(Shifted(52), n)),
    ] {
        for ((map, (bytes, inserting, hitting)), random) in MAPS.iter().zip(costs).zip(random) {
            let cost = format!("{what}, {map}: {bytes} bytes, {inserting}, {hitting} comparisons");
            assert!(bytes <= 1.05 * random.0 && inserting <= 0.3 && hitting <= 1.3, "{cost}");
        }
    }
    let n = 1_000;
    let random = costs(DefaultHashBuilder::with_seed(1), n);
    for ((map, (bytes, inserting, hitting)), random) in
        MAPS.iter().zip(costs(Constant, n)).zip(random)
    {
        let most = n as f64 * 0.55;
        let cost = format!("one hash, {map}: {bytes} bytes, {inserting}, {hitting} comparisons");
        assert!(bytes <= 1.05 * random.0 && inserting <= most && hitting <= most, "{cost}");
    }
}

/// A key of 16 bytes, as an opponent makes it.
type Forged = [u8; 16];

/// Keys that XXH3 with this seed gives one hash. For 16 bytes it adds up, before it mixes,
/// `swap(a) + b + fold(a b)`, where `a` and `b` are the halves of the key xor known words: for each
/// small even `a` this is solved for `b`, as the high half of the product is about nothing.
fn forged(seed: u64, count: usize) -> Vec<Forged> {
    /// Words of XXH3's secret, from byte 24 on.
    const SECRET: [u64; 4] = [
        0x1F67_B3B7_A4A4_4072,
        0x78E5_C0CC_4EE6_79CB,
        0x2172_FFCC_7DD0_5A82,
        0x8E24_43F7_7446_08B8,
    ];
    let flips =
        [(SECRET[0] ^ SECRET[1]).wrapping_add(seed), (SECRET[2] ^ SECRET[3]).wrapping_sub(seed)];
    let sum = 0x0123_4567_89AB_CDEF_u64;
    let mut keys = Vec::new();
    for a in (0_u64..).step_by(2) {
        // Newton's method: bits that are right double with each step.
        let inverse =
            (0..6).fold(1_u64, |y, _| y.wrapping_mul(2_u64.wrapping_sub((a + 1).wrapping_mul(y))));
        for off in 0..=2 * a {
            let rest = sum.wrapping_sub(a.swap_bytes()).wrapping_sub(off.wrapping_sub(a));
            let b = rest.wrapping_mul(inverse);
            let product = u128::from(a) * u128::from(b);
            let fold = product as u64 ^ (product >> 64) as u64;
            if a.swap_bytes().wrapping_add(b).wrapping_add(fold) == sum {
                let halves = [a ^ flips[0], b ^ flips[1]].map(u64::to_le_bytes);
                keys.push(halves.concat().try_into().unwrap());
            }
            if keys.len() == count {
                return keys;
            }
        }
    }
    unreachable!("there are such keys for most numbers")
}

fn honest(count: u64) -> impl Iterator<Item = Forged> + Clone {
    (0..count)
        .map(|i| [i.to_le_bytes(), super::mixed(i).to_le_bytes()].concat().try_into().unwrap())
}

#[test]
fn forged_keys_have_one_hash() {
    for seed in [0, 5, u64::MAX] {
        let keys = forged(seed, 400);
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        let hashes: std::collections::BTreeSet<_> =
            keys.iter().map(|key| key.key_hash(seed)).collect();
        assert_eq!((distinct.len(), hashes.len()), (400, 1));
    }
}

#[test]
fn static_maps_take_another_seed_or_refuse_forged_keys() {
    let mut keys = forged(0, 300);
    keys.extend(honest(300));
    let numbers = Mphf::from_keys(keys.iter()).unwrap();
    let mut ids: Vec<_> = keys.iter().map(|key| numbers.id_of(key).unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..600) && numbers.seed() == 1);
    let plain = Mphf::from_keys(honest(600)).unwrap();
    assert!(numbers.heap_bytes() <= plain.heap_bytes() + plain.heap_bytes() / 20);
    let set = StaticSet::from_keys(keys.iter()).unwrap();
    assert!(keys.iter().all(|key| set.contains(key)));

    // Two for each seed that is tried.
    let keys: Vec<_> = (0..8).flat_map(|seed| forged(seed, 2)).chain(honest(50)).collect();
    let refused = Some(BuildError::Unsolvable { attempts: 8 });
    assert_eq!(Mphf::from_keys(keys.iter()).err(), refused);
    assert_eq!(StaticBuilder::new().set(keys.iter()).err(), refused);
    let pairs = keys.iter().map(|key| (key, 7));
    assert_eq!(StaticBuilder::new().map(pairs.clone()).err(), refused);
    // A seed that the opponent does not know.
    let map = StaticBuilder::new().with_seed(super::mixed(9)).map(pairs).unwrap();
    assert!(keys.iter().all(|key| map.get(key) == Some(7)));
}

/// Filters and sketches take them for one key: no error, and no byte more than for others.
#[test]
fn filters_and_sketches_take_forged_keys_for_one() {
    let keys = forged(0, 500);
    let fuse =
        [Fuse::from_keys(keys.iter(), 0.01).unwrap(), Fuse::from_keys(honest(500), 0.01).unwrap()];
    assert!(keys.iter().all(|key| fuse[0].contains(key)));
    assert!(fuse[0].heap_bytes() <= fuse[1].heap_bytes());
    let ribbon = [
        Ribbon::from_keys(keys.iter(), 0.01).unwrap(),
        Ribbon::from_keys(honest(500), 0.01).unwrap(),
    ];
    assert!(keys.iter().all(|key| ribbon[0].contains(key)));
    assert!(ribbon[0].heap_bytes() <= ribbon[1].heap_bytes());

    let mut quotient = [500, 500].map(|n| Quotient::with_fpr(n, 0.01).unwrap());
    let mut growing = [8, 8].map(|n| ScalableQuotient::with_fpr(n, 0.01).unwrap());
    let mut bloom = Bloom::with_fpr(500, 0.01).unwrap();
    for (forged, honest) in keys.iter().zip(honest(500)) {
        quotient[0].insert(forged);
        quotient[1].insert(&honest);
        growing[0].insert(forged);
        growing[1].insert(&honest);
        bloom.insert(forged);
    }
    assert!(keys.iter().all(|key| bloom.contains(key) && growing[0].contains(key)));
    assert_eq!(quotient[0].count(&keys[7]), 500);
    assert!(quotient[0].heap_bytes() <= quotient[1].heap_bytes());
    assert!(growing[0].heap_bytes() <= growing[1].heap_bytes());

    let (mut distinct, mut counts) = (ExaLogLog::new(8), CountMin::with_bytes(4_096).unwrap());
    for key in &keys {
        distinct.insert(key);
        counts.add(key);
    }
    assert_eq!(distinct.estimate().round(), 1.0);
    assert_eq!(counts.estimate(&keys[3]), 500);
}
