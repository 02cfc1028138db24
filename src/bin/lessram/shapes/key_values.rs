//! The shape `key_values`: numbers by key, built at once. Keys are known by the 64 bits of their
//! hashes.

use super::{
    Entry, Need, Peak, Shape, Size, file_bytes, is_read, number, only_numbers, refused, save,
    two_values,
};
use crate::args::{Keys, Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SHUFFLED};
use crate::error::Outcome;
use crate::hold::Answers;
use crate::input::{Lines, decimal, excerpt};
use crate::query::{Printer, each_hash, only_keys};
use crate::spool::{Feed, Pair};
use lessram::arrays::SlimVec;
use lessram::hashing::KeyHash;
use lessram::maps::{KeyValues, KeyValuesBuild, StaticBuilder};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "built at once, to u64; keys are known by 64 bits each, and not kept";
const RUST: &str = "let map = {}::from_pairs(pairs)?; // map.get(&key)";
/// The seed with which keys are hashed.
const SEED: u64 = 0;

pub(crate) fn of<T: KeyValuesBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let entry = Entry::of::<Pair, Values<T>>(NOTE, RUST);
    Shape {
        entries: vec![(Kind::Pairs, Entry { fits: |plan| plan.number_values, ..entry })],
        options: &["--as"],
        sorts: false,
        need: Need::Of(Peak::NOTHING.and_a_line(36)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// The values of the distinct keys.
struct Values<T>(T);

impl<T: KeyValuesBuild<Global> + Persist> Structure<Pair> for Values<T> {
    const FEED: &'static str = SHUFFLED;

    fn build(feed: &mut Feed<Pair>, plan: &Plan) -> Outcome<Self> {
        only_numbers(plan)?;
        let mut pairs = SlimVec::new();
        while let Some((key, value)) = feed.next()? {
            pairs.try_push((key.key_hash(SEED), number(value))).map_err(refused)?;
        }
        pairs.shrink_to_fit();
        map_of(&pairs).map(Self)
    }

    fn contains(&self, query: &[u8]) -> bool {
        is_read(self.0.get_hash(query.key_hash(SEED)))
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// The map of these hashes to values.
fn map_of<T: KeyValuesBuild<Global>>(pairs: &[(u64, u64)]) -> Outcome<T> {
    let how = StaticBuilder::new().with_seed(SEED);
    T::try_from_source_in(|| pairs.iter().copied(), how, Global).map_err(refused)
}

/// Builds it from lines of `key<TAB>number`, in any order; of equal lines one counts.
fn build<T: KeyValuesBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut pairs = SlimVec::new();
    while let Some(line) = lines.next()? {
        match pair(line, options.keys) {
            Ok(pair) => pairs.try_push(pair).map_err(refused)?,
            Err(message) => return Err(lines.fail_here(&message)),
        }
    }
    let all = pairs.len();
    pairs.sort_unstable();
    pairs.dedup();
    if let Some(two) = pairs.windows(2).find(|two| two[0].0 == two[1].0) {
        let (hash, values) = (two[0].0, [two[0].1, two[1].1]);
        return Err(two_values(&lines, None, values, |line| {
            pair(line, options.keys).ok().filter(|pair| pair.0 == hash).map(|pair| pair.1)
        }));
    }
    let built: T = map_of(&pairs)?;
    save(&built, path)?;
    let (items, repeated) = (pairs.len() as u64, (all - pairs.len()) as u64);
    let heap_bytes = built.heap_bytes() as u64;
    Ok(Built { items, heap_bytes, sorted: None, repeated, seen: lines.seen })
}

/// The hash and the value of a line, or what is wrong with it.
fn pair(line: &[u8], keys: Keys) -> Result<(u64, u64), String> {
    let Some(tab) = line.iter().rposition(|byte| *byte == b'\t') else {
        return Err("no TAB: write each line as key, TAB, number".to_owned());
    };
    let (key, value) = (&line[..tab], &line[tab + 1..]);
    let as_number = |text: &[u8]| {
        decimal(text).ok_or_else(|| format!("{} is no decimal number below 2^64", excerpt(text)))
    };
    let value = as_number(value)?;
    let hash = if keys == Keys::Ints { as_number(key)?.key_hash(SEED) } else { key.key_hash(SEED) };
    Ok((hash, value))
}

/// A file's values.
struct Asked<T>(T);

impl<T: KeyValues> Answers for Asked<T> {
    /// Prints the value of each key.
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(args, "the file has numbers by key and holds no keys: ask for keys")?;
        each_hash(args, self.0.seed(), |key, hash| {
            let value = self.0.get_hash(hash);
            let text = value.map_or_else(|| "no".to_owned(), |value| value.to_string());
            printer.print(&text, ("value", value.into()), key)?;
            Ok(value.is_some())
        })
    }
}
