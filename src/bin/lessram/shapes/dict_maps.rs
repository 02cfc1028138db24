//! The shape `dict_maps`: ordered maps from byte strings to numbers that are built once.

use super::{
    Entry, Need, Peak, Shape, Size, check_key, each, file_bytes, is_read, made, number,
    only_numbers, save, two_values,
};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::{Lines, decimal, excerpt};
use crate::query::{self, Printer, each_key};
use crate::spool::{Feed, Pair};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use lessram::tries::{KeyMap, KeyMapBuild, KeySet, Keys, RankedKeySet};
use std::path::Path;

/// Keys of a block.
const BLOCK: usize = 32;

const NOTE: &str = "ascending, to u64, built at once";
const RUST: &str = "let map = {}::from_sorted(sorted_pairs)?; // map.get(&key)";

pub(crate) fn of<T: KeyMapBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let entry = Entry::of::<Pair, Values<T>>(NOTE, RUST);
    Shape {
        entries: vec![(Kind::Pairs, Entry { fits: |plan| plan.number_values, ..entry })],
        options: &[],
        sorts: false,
        need: Need::Of(Peak::text(4).and_a_line(40)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// The values of the distinct keys.
struct Values<T>(T);

impl<T: KeyMapBuild<Global> + Persist> Structure<Pair> for Values<T> {
    const FEED: &'static str = SORTED;

    fn build(feed: &mut Feed<Pair>, plan: &Plan) -> Outcome<Self> {
        only_numbers(plan)?;
        let pair = |(key, value): (&[u8], &[u8])| (key.to_vec(), number(value));
        made(each(feed, pair), |pairs| T::try_from_sorted_in(pairs, BLOCK, Global)).map(Self)
    }

    fn contains(&self, query: &[u8]) -> bool {
        is_read(self.0.get(query))
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from lines of a key, a tab and a number, in any order; of equal lines one counts.
fn build<T: KeyMapBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let (mut keys, mut pairs) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next()? {
        let Some((key, value)) = pair(line) else {
            let wrong = excerpt(line);
            return Err(lines
                .fail_here(&format!("{wrong} is no key, a tab and a decimal number below 2^64")));
        };
        let room = keys.try_reserve(key.len()).and_then(|()| pairs.try_reserve(1));
        room.map_err(|error| Failure::memory(error.to_string()))?;
        let start = keys.len();
        keys.extend_from_slice(key);
        pairs.push((start, keys.len(), value));
        check_key(&lines, keys.len() - start)?;
    }
    let key = |pair: &(usize, usize, u64)| &keys[pair.0..pair.1];
    pairs.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.2.cmp(&b.2)));
    let all = pairs.len();
    pairs.dedup_by(|a, b| key(a) == key(b) && a.2 == b.2);
    if let Some(two) = pairs.windows(2).find(|two| key(&two[0]) == key(&two[1])) {
        let (wanted, values) = (key(&two[0]), [two[0].2, two[1].2]);
        let value_of = |line: &[u8]| pair(line).filter(|pair| pair.0 == wanted).map(|pair| pair.1);
        return Err(two_values(&lines, Some(wanted), values, value_of));
    }
    let looked = |(pair, count)| {
        options.look(lines.name(), count)?;
        Ok((key(pair), pair.2))
    };
    let sorted = pairs.iter().zip(1..).map(looked);
    let built = made(sorted, |sorted| T::try_from_sorted_in(sorted, BLOCK, Global))?;
    save(&built, path)?;
    let (items, heap_bytes) = (pairs.len() as u64, built.heap_bytes() as u64);
    let repeated = (all - pairs.len()) as u64;
    Ok(Built { items, heap_bytes, sorted: Some(true), repeated, seen: lines.seen })
}

/// The key and the value of a line; the last tab parts them.
fn pair(line: &[u8]) -> Option<(&[u8], u64)> {
    let mut fields = line.rsplitn(2, |byte| *byte == b'\t');
    let value = decimal(fields.next()?)?;
    Some((fields.next()?, value))
}

/// A file's keys and values.
struct Asked<T>(T);

impl<T: KeyMap> Asked<T> {
    /// Prints the keys with numbers in `ids`, each with its value; whether there are any.
    fn list(&self, ids: std::ops::Range<usize>, printer: &mut Printer) -> Outcome<bool> {
        let dict = self.0.dict();
        let mut keys = Keys::new(dict, ids, vec![0; dict.longest()]);
        let any = keys.remaining() > 0;
        while let (id, Some(key)) = (keys.id(), keys.next_key()) {
            Self::print(self.0.value_of(id), key, printer)?;
        }
        Ok(any)
    }

    fn print(value: Option<u64>, key: &[u8], printer: &mut Printer) -> Outcome<()> {
        let word = value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        printer.print(&word, ("value", value.into()), key)
    }
}

impl<T: KeyMap> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        let dict = self.0.dict();
        if let Some(index) = args.index {
            let id = usize::try_from(index).unwrap_or(usize::MAX);
            self.list(id..id.saturating_add(1), printer)
        } else if let Some(prefix) = &args.prefix {
            self.list(dict.prefix(prefix.as_encoded_bytes()), printer)
        } else if let Some(range) = &args.range {
            let range = query::Range::parse(range.as_encoded_bytes())?;
            self.list(dict.range::<&[u8]>(range.bounds()), printer)
        } else {
            each_key(
                args,
                |_| Ok(()),
                |key| {
                    let value = self.0.get(key);
                    Self::print(value, key, printer)?;
                    Ok(value.is_some())
                },
            )
        }
    }
}
