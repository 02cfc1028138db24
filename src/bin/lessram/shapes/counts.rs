//! The shape `counts`: sketches that say of any key how often it came.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, merged, refused, save};
use crate::args::{Keys, Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, TOKENS};
use crate::error::Outcome;
use crate::hold::Answers;
use crate::input::{Lines, decimal};
use crate::query::{Printer, each_key, number, only_keys};
use crate::spool::{Bytes, Feed};
use lessram::hashing::KeyHash;
use lessram::mem::{Global, Totals};
use lessram::sketches::{Frequency, FrequencyMut};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "counts of each token, never too small, in two bytes a distinct token";
const RUST: &str = "let mut counts = {}::with_bytes(bytes)?; // counts.add(token)";

/// Bytes of what `build` makes.
const BUILT_BYTES: usize = 1 << 20;
/// Bytes for each distinct token of a stream that is measured.
const BYTES_EACH: usize = 2;
/// The fewest bytes that any sketch of this shape needs.
const LEAST_BYTES: usize = 1 << 10;

pub(crate) fn of<T: FrequencyMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![(Kind::Stream, Entry::of::<Bytes, Counts<T>>(NOTE, RUST))],
        options: &["--as", "--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::fixed(BUILT_BYTES as u64)),
        size: Size::Keys,
        merge: Some(|files, out| merged(files, out, T::merge, |_| None)),
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// The counts of a stream's tokens.
struct Counts<T>(T);

impl<T: FrequencyMut<Global> + Persist> Structure<Bytes> for Counts<T> {
    const FEED: &'static str = TOKENS;
    /// It has a count for every key, and for most absent ones a small one.
    const LOOKS_UP: bool = false;
    const EXACT: bool = false;

    fn build(feed: &mut Feed<Bytes>, plan: &Plan) -> Outcome<Self> {
        let bytes = (plan.distinct as usize).saturating_mul(BYTES_EACH).max(LEAST_BYTES);
        let mut counts = T::try_with_bytes_in(bytes, Global).map_err(refused)?;
        let seed = counts.seed();
        while let Some(token) = feed.next()? {
            counts.add_hash(token.key_hash(seed), 1);
        }
        Ok(Self(counts))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.estimate(query) > 0
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Counts each line, or binary number.
fn build<T: FrequencyMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut counts = T::try_with_bytes_in(BUILT_BYTES, Global).map_err(refused)?;
    let seed = counts.seed();
    if options.keys == Keys::Ints {
        lines.numbers(options.format, |_, number| {
            counts.add_hash(number.key_hash(seed), 1);
            Ok(())
        })?;
    } else {
        while let Some(line) = lines.next()? {
            counts.add_hash(line.key_hash(seed), 1);
        }
    }
    save(&counts, path)?;
    let (items, heap_bytes) = (counts.total(), counts.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// A file's counts.
struct Asked<T>(T);

impl<T: Frequency> Asked<T> {
    /// The count of a key as text, as a number, or of whichever has more: the file does not say
    /// what its keys were, and no estimate is too small.
    fn count(&self, key: &[u8], keys: Option<Keys>) -> Outcome<u64> {
        let as_text = if keys == Some(Keys::Ints) { 0 } else { self.0.estimate(key) };
        let as_number = match keys {
            Some(Keys::Ints) => self.0.estimate(&number(key)?),
            None if decimal(key).is_some() => self.0.estimate(&number(key)?),
            _ => 0,
        };
        Ok(as_text.max(as_number))
    }
}

impl<T: Frequency> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(
            args,
            "counts do not hold their keys, they only know how often one came: ask \
                 for keys",
        )?;
        let check = |key: &[u8]| match args.keys_are {
            Some(Keys::Ints) => number(key).map(drop),
            _ => Ok(()),
        };
        each_key(args, check, |key| {
            let count = self.count(key, args.keys_are)?;
            printer.print(&count.to_string(), ("count", count.into()), key)?;
            Ok(count > 0)
        })
    }
}
