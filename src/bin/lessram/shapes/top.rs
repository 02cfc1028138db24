//! The shape `top`: sketches that hold the most frequent keys.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, merged, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, TOKENS};
use crate::error::Outcome;
use crate::hold::Answers;
use crate::input::Lines;
use crate::query::{Printer, each_key, only_keys};
use crate::spool::{Bytes, Feed};
use lessram::hashing::KeyHash;
use lessram::mem::{Global, Totals};
use lessram::sketches::{Heavy, HeavyMut, TopKOptions};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "the 100 most frequent tokens and about how often each came";
const RUST: &str = "let mut top = {}::keeping_keys(100); // top.add(token); top.top(100)";

/// Keys that are wanted of a stream that is measured.
const MEASURED: usize = 100;
/// Keys that `build` makes room for.
const BUILT: usize = 1_000;

pub(crate) fn of<T: HeavyMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![(Kind::Stream, Entry::of::<Bytes, Top<T>>(NOTE, RUST))],
        options: &[],
        sorts: false,
        need: Need::Of(Peak::fixed(1 << 18).and_text_of(1 << 14)),
        size: Size::Items,
        merge: Some(|files, out| merged(files, out, T::merge, |_| None)),
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// An empty sketch for the `k` most frequent keys, which it keeps.
fn empty<T: HeavyMut<Global>>(k: usize) -> Outcome<T> {
    let options = TopKOptions { keeps_keys: true, ..TopKOptions::for_keys(k) };
    T::try_with_options_in(options, Global).map_err(refused)
}

/// The most frequent of a stream's tokens.
struct Top<T>(T);

impl<T: HeavyMut<Global> + Persist> Structure<Bytes> for Top<T> {
    const FEED: &'static str = TOKENS;
    const LOOKS_UP: bool = false;
    const EXACT: bool = false;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut top: T = empty(MEASURED)?;
        while let Some(token) = feed.next()? {
            top.try_add(token, 1).map_err(refused)?;
        }
        top.try_shrink_to_fit().map_err(refused)?;
        Ok(Self(top))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.bounds_of_hash(query.key_hash(self.0.seed())).1 > 0
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Counts lines.
fn build<T: HeavyMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    _: &Options,
) -> Outcome<Built> {
    let mut top: T = empty(BUILT)?;
    while let Some(line) = lines.next()? {
        top.try_add(line, 1).map_err(refused)?;
    }
    top.try_shrink_to_fit().map_err(refused)?;
    save(&top, path)?;
    let (items, heap_bytes) = (top.total(), top.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// A file's frequent keys.
struct Asked<T>(T);

impl<T: Heavy> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(args, "frequent keys have no order: ask for keys, how often they came")?;
        each_key(
            args,
            |_| Ok(()),
            |key| {
                let (_, count) = self.0.bounds_of_hash(key.key_hash(self.0.seed()));
                printer.print(&count.to_string(), ("count", count.into()), key)?;
                Ok(count > 0)
            },
        )
    }
}
