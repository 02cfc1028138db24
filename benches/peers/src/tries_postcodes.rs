//! Maps from postcodes to two coordinates: 1.4 million made-up keys such as "SW1A 1AA", beside
//! fst's map with an array of the coordinates, and hashbrown: bytes an entry, ns to find one.
//!
//! `LESSRAM_ONLY` names contenders, separated by commas.

use crate::race::{Contender, Random, SLICES, Turns, contender, race, weigh};
use lessram::tries::{Dawg, DictMap, FrontDict, RearDict};
use std::error::Error;

/// Keys that are looked up in a slice.
const QUERIES: usize = 100_000;

type Place = (f32, f32);
type Pair = (Box<str>, Place);

/// Postcodes in order, each with a place: 124 areas, some 20 districts each, of whose ten sectors
/// six are in use, and a quarter of whose 400 units.
fn postcodes(random: &mut Random) -> Vec<Pair> {
    const UNIT: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    let letter = |random: &mut Random| char::from(b'A' + random.below(26) as u8);
    let mut districts = std::collections::BTreeSet::new();
    for _ in 0..124 {
        let mut area = String::from(letter(random));
        if random.below(6) > 0 {
            area.push(letter(random));
        }
        for number in 1..=10 + random.below(20) {
            districts.insert(format!("{area}{number}"));
            if random.below(20) == 0 {
                districts.extend(('A'..='E').map(|part| format!("{area}{number}{part}")));
            }
        }
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for district in &districts {
        let (lat, lon) =
            (50.0 + random.below(8_000) as f32 / 1e3, random.below(8_000) as f32 / -1e3);
        for sector in (0..10).filter(|_| random.below(10) < 6).collect::<Vec<_>>() {
            for (a, b) in UNIT.iter().flat_map(|a| UNIT.iter().map(move |b| (a, b))) {
                if random.below(1_000) < 224 {
                    let near = |x: f32, random: &mut Random| x + random.below(100_000) as f32 / 1e6;
                    let place = (near(lat, random), near(lon, random));
                    let unit = [*a, *b].map(char::from);
                    pairs
                        .push((format!("{district} {sector}{}{}", unit[0], unit[1]).into(), place));
                }
            }
        }
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// How often the key of a place was found: the sum that contenders must agree on.
fn seen(place: Option<Place>) -> u64 {
    place.map_or(0, |(lat, lon)| u64::from(lat.to_bits() ^ lon.to_bits()))
}

/// Postcodes that are not among `pairs`: as one that is, but for its unit.
fn absent(pairs: &[Pair], random: &mut Random) -> Box<str> {
    loop {
        let (key, _) = &pairs[random.below(pairs.len())];
        let (sector, _) = key.split_at(key.len() - 2);
        let other =
            pairs[random.below(pairs.len())].0.rsplit_once(' ').map_or("", |(_, unit)| &unit[1..]);
        let other = format!("{sector}{other}");
        if pairs.binary_search_by(|pair| (*pair.0).cmp(&other)).is_err() {
            return other.into();
        }
    }
}

/// Contenders that find what is there, and that do not find what is not.
type Both = [Vec<Contender<'static>>; 2];
/// What they are asked for.
type Queries = [&'static [Box<str>]; 2];

/// Adds what answers `find`, one key after the other.
fn one_by_one(
    to: &mut Both,
    (name, bytes): (&'static str, u64),
    queries: Queries,
    find: impl Fn(&str) -> Option<Place> + Copy + Sync + 'static,
) {
    for (to, queries) in to.iter_mut().zip(queries) {
        let turns = Turns::of(queries);
        let work = move || turns.next().iter().map(|key| seen(find(key))).sum();
        to.push(contender(name, bytes, work));
    }
}

/// A map of this crate, answering one by one and many at once: bytes on the heap and in a file.
fn ours<D>(pairs: &[Pair], queries: Queries, one: &mut Both, many: &mut Both) -> (u64, u64)
where
    D: lessram::tries::StaticDict<Words = lessram::storage::HeapWords>
        + lessram::tries::KeySetBuild<lessram::mem::Global>
        + Sync
        + 'static,
    DictMap<D, Place>: lessram::registry::Registered + Sync,
{
    let build =
        || DictMap::<D, Place>::from_sorted(pairs.iter().map(|(key, place)| (&**key, *place)));
    let (bytes, map) = weigh(|| build().expect("sorted keys"));
    let file = map.to_bytes().expect("memory").as_bytes().len() as u64;
    for (key, place) in pairs.iter().step_by(7) {
        assert_eq!(map.get(&**key), Some(*place));
    }
    let map: &'static DictMap<D, Place> = Box::leak(Box::new(map));
    let name = <DictMap<D, Place> as lessram::registry::Registered>::KIND.name;
    one_by_one(one, (name, bytes), queries, |key| map.get(key));
    for (to, queries) in many.iter_mut().zip(queries) {
        let turns = Turns::of(queries);
        let work = move || {
            let mut places = [None; 1_000];
            let keys: Vec<&[u8]> = turns.next().iter().map(|key| key.as_bytes()).collect();
            let sum = |keys: &[&[u8]]| {
                map.get_many(keys, &mut places);
                places[..keys.len()].iter().copied().map(seen).sum::<u64>()
            };
            keys.chunks(1_000).map(sum).sum()
        };
        to.push(contender(name, bytes, work));
    }
    (bytes, file)
}

/// The map of fst, whose values have 64 bits.
fn fst_of(values: impl Iterator<Item = (Box<str>, u64)>) -> fst::Map<Vec<u8>> {
    let mut map = fst::MapBuilder::memory();
    values.for_each(|(key, value)| map.insert(&*key, value).expect("sorted keys"));
    let mut bytes = map.into_inner().expect("memory");
    bytes.shrink_to_fit();
    fst::Map::new(bytes).expect("what was just built")
}

/// Adds the peers that are wanted; bytes of each on the heap and in a file.
fn peers(
    pairs: &[Pair],
    queries: Queries,
    wanted: impl Fn(&str) -> bool,
    one: &mut Both,
) -> Vec<(&'static str, u64, u64)> {
    let mut sizes = Vec::new();
    if wanted("fst_map") {
        // The coordinates as the 64 bits of fst's values.
        let bits = |(lat, lon): Place| u64::from(lat.to_bits()) << 32 | u64::from(lon.to_bits());
        let place = |value| (f32::from_bits((value >> 32) as u32), f32::from_bits(value as u32));
        let values = pairs.iter().map(|(key, place)| (key.clone(), bits(*place)));
        let (bytes, map) = weigh(|| fst_of(values));
        sizes.push(("fst_map", bytes, bytes));
        let map: &'static _ = Box::leak(Box::new(map));
        one_by_one(one, ("fst_map", bytes), queries, move |key| map.get(key).map(place));
    }
    if wanted("fst_map_ids") {
        // The map has numbers of keys, the coordinates are in an array.
        let ids = pairs.iter().zip(0..).map(|((key, _), id)| (key.clone(), id));
        let (bytes, (map, places)) = weigh(|| {
            let places: Box<[Place]> = pairs.iter().map(|pair| pair.1).collect();
            (fst_of(ids), places)
        });
        sizes.push(("fst_map_ids", bytes, 0));
        let (map, places): (&'static fst::Map<Vec<u8>>, &'static [Place]) =
            (Box::leak(Box::new(map)), Box::leak(places));
        let find = move |key: &str| map.get(key).map(|id| places[id as usize]);
        one_by_one(one, ("fst_map_ids", bytes), queries, find);
    }
    if wanted("hashbrown") {
        let (bytes, map) = weigh(|| {
            let mut map: hashbrown::HashMap<Box<str>, Place> = pairs.iter().cloned().collect();
            map.shrink_to_fit();
            map
        });
        sizes.push(("hashbrown", bytes, 0));
        let map: &'static hashbrown::HashMap<_, _> = Box::leak(Box::new(map));
        one_by_one(one, ("hashbrown", bytes), queries, move |key| map.get(key).copied());
    }
    sizes
}

/// Runs all contenders.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(7);
    let pairs = postcodes(&mut random);
    let n = pairs.len();
    let hits: Vec<Box<str>> =
        (0..QUERIES * SLICES).map(|_| pairs[random.below(n)].0.clone()).collect();
    let misses: Vec<Box<str>> =
        (0..QUERIES * SLICES).map(|_| absent(&pairs, &mut random)).collect();
    let queries: Queries = [Box::leak(hits.into()), Box::leak(misses.into())];
    let only = std::env::var("LESSRAM_ONLY").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let (mut one, mut many, mut sizes) = (Both::default(), Both::default(), Vec::new());
    for (name, build) in [
        ("rear_map", ours::<RearDict> as fn(&[Pair], Queries, &mut Both, &mut Both) -> _),
        ("front_map", ours::<FrontDict>),
        ("dawg_map", ours::<Dawg>),
    ] {
        if wanted(name) {
            let (bytes, file) = build(&pairs, queries, &mut one, &mut many);
            sizes.push((name, bytes, file));
        }
    }
    sizes.extend(peers(&pairs, queries, wanted, &mut one));
    eprintln!("\n{n} postcodes with two f32");
    eprintln!("{:<16}{:>10}{:>16}", "contender", "B/entry", "B/entry in file");
    for (name, bytes, file) in sizes {
        let each = |bytes: u64| bytes as f64 / n as f64;
        eprintln!("{name:<16}{:>10.3}{:>16.3}", each(bytes), each(file));
    }
    for (what, (one, many)) in ["hit", "miss"].into_iter().zip(one.iter().zip(&many)) {
        race("tries_postcodes", &format!("{what}, n {n}"), rounds, QUERIES, true, one)?;
        if !many.is_empty() {
            race("tries_postcodes", &format!("{what}, many, n {n}"), rounds, QUERIES, true, many)?;
        }
    }
    Ok(())
}
