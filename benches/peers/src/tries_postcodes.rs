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

/// A map of this crate, answering one by one and many at once.
fn ours<D>(pairs: &[Pair], queries: &'static [Box<str>]) -> (u64, u64, [Contender<'static>; 2])
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
    let [each, several] = [Turns::of(queries), Turns::of(queries)];
    let one = move || each.next().iter().map(|key| seen(map.get(&**key))).sum();
    let many = move || {
        let mut places = [None; 1_000];
        let keys: Vec<&[u8]> = several.next().iter().map(|key| key.as_bytes()).collect();
        let sum = |keys: &[&[u8]]| {
            map.get_many(keys, &mut places);
            places[..keys.len()].iter().copied().map(seen).sum::<u64>()
        };
        keys.chunks(1_000).map(sum).sum()
    };
    (bytes, file, [contender(name, bytes, one), contender(name, bytes, many)])
}

/// Runs all contenders.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(7);
    let pairs = postcodes(&mut random);
    let n = pairs.len();
    let hits: Vec<Box<str>> =
        (0..QUERIES * SLICES).map(|_| pairs[random.below(n)].0.clone()).collect();
    let hits: &'static [Box<str>] = Box::leak(hits.into());
    let only = std::env::var("LESSRAM_ONLY").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let (mut one, mut many, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for (name, build) in [
        ("rear_map", ours::<RearDict> as fn(&[Pair], &'static [Box<str>]) -> _),
        ("front_map", ours::<FrontDict>),
        ("dawg_map", ours::<Dawg>),
    ] {
        if wanted(name) {
            let (bytes, file, [alone, batch]) = build(&pairs, hits);
            sizes.push((name, bytes, file));
            one.push(alone);
            many.push(batch);
        }
    }
    if wanted("fst_map") {
        // The coordinates as the 64 bits of fst's values.
        let (bytes, map) = weigh(|| {
            let mut map = fst::MapBuilder::memory();
            for (key, (lat, lon)) in &pairs {
                let value = u64::from(lat.to_bits()) << 32 | u64::from(lon.to_bits());
                map.insert(&**key, value).expect("sorted keys");
            }
            let mut bytes = map.into_inner().expect("memory");
            bytes.shrink_to_fit();
            fst::Map::new(bytes).expect("what was just built")
        });
        sizes.push(("fst_map", bytes, bytes));
        let place = |value| (f32::from_bits((value >> 32) as u32), f32::from_bits(value as u32));
        let turns = Turns::of(hits);
        one.push(contender("fst_map", bytes, move || {
            turns.next().iter().map(|key| seen(map.get(&**key).map(place))).sum()
        }));
    }
    if wanted("fst_map_ids") {
        // The map has numbers of keys, the coordinates are in an array.
        let (bytes, (map, places)) = weigh(|| {
            let mut map = fst::MapBuilder::memory();
            let keys = pairs.iter().zip(0..);
            keys.for_each(|((key, _), id)| map.insert(&**key, id).expect("sorted keys"));
            let mut bytes = map.into_inner().expect("memory");
            bytes.shrink_to_fit();
            let places: Box<[Place]> = pairs.iter().map(|pair| pair.1).collect();
            (fst::Map::new(bytes).expect("what was just built"), places)
        });
        sizes.push(("fst_map_ids", bytes, 0));
        let turns = Turns::of(hits);
        one.push(contender("fst_map_ids", bytes, move || {
            turns.next().iter().map(|key| seen(map.get(&**key).map(|id| places[id as usize]))).sum()
        }));
    }
    if wanted("hashbrown") {
        let (bytes, map) = weigh(|| {
            let mut map: hashbrown::HashMap<Box<str>, Place> = pairs.iter().cloned().collect();
            map.shrink_to_fit();
            map
        });
        sizes.push(("hashbrown", bytes, 0));
        let turns = Turns::of(hits);
        one.push(contender("hashbrown", bytes, move || {
            turns.next().iter().map(|key| seen(map.get(key).copied())).sum()
        }));
    }
    eprintln!("\n{n} postcodes with two f32");
    eprintln!("{:<16}{:>10}{:>16}", "contender", "B/entry", "B/entry in file");
    for (name, bytes, file) in sizes {
        let each = |bytes: u64| bytes as f64 / n as f64;
        eprintln!("{name:<16}{:>10.3}{:>16.3}", each(bytes), each(file));
    }
    race("tries_postcodes", &format!("hit, n {n}"), rounds, QUERIES, true, &one)?;
    if many.is_empty() {
        return Ok(());
    }
    race("tries_postcodes", &format!("hit, many, n {n}"), rounds, QUERIES, true, &many)
}
