//! The shape `dicts`: ordered sets of byte strings that are built once, keys numbered by rank.

use super::{Entry, Shape, file_bytes, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::{Structure, touch};
use crate::dataset::{Plan, SORTED};
use crate::error::{Failure, Outcome};
use crate::hold::{Answers, Hold};
use crate::input::Lines;
use crate::query::{self, Printer};
use crate::spool::{Bytes, Feed};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use lessram::tries::{KeySetBuild, RankedKeySet};
use std::cell::RefCell;
use std::path::Path;

/// Keys of a block.
const BLOCK: usize = 32;

pub(crate) fn of<T: KeySetBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let rust = "let set = {}::from_sorted(sorted_keys)?; // set.id_of(&key)";
    let set = Entry::of::<Bytes, Dict<T>>("ascending, keys numbered by rank", rust);
    Shape {
        entries: vec![(Kind::Strings, set)],
        options: &[],
        build: build::<T>,
        open: |path| Ok(Box::new(Ranked::new(storage::read::<T>(path)?))),
    }
}

/// A set, looked up by key, and its keys by number.
struct Dict<T>(Ranked<T>);

impl<T: KeySetBuild<Global> + Persist> Structure<Bytes> for Dict<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut keys: Vec<u8> = Vec::new();
        let mut ends = Vec::new();
        while let Some(key) = feed.next()? {
            keys.extend_from_slice(key);
            ends.push(keys.len());
        }
        sorted(&keys, &ends).map(|set| Self(Ranked::new(set)))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.set.contains(query)
    }

    fn get(&self, index: usize) -> u64 {
        self.0.with(index, touch).unwrap_or(0)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0.set))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0.set, scratch)
    }
}

/// The set of the keys that stand one after the other in `keys`, in order.
fn sorted<T: KeySetBuild<Global>>(keys: &[u8], ends: &[usize]) -> Outcome<T> {
    let starts = std::iter::once(&0).chain(ends);
    let keys = starts.zip(ends).map(|(start, end)| &keys[*start..*end]);
    T::try_from_sorted_in(keys, BLOCK, Global).map_err(refused)
}

/// Builds it from the lines, in any order, each distinct one once.
fn build<T: KeySetBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    _: &Options,
) -> Outcome<Built> {
    let (mut keys, mut spans) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next()? {
        let room = keys.try_reserve(line.len()).and_then(|()| spans.try_reserve(1));
        room.map_err(|error| Failure::memory(error.to_string()))?;
        let start = keys.len();
        keys.extend_from_slice(line);
        spans.push((start, keys.len()));
    }
    let text = |span: &(usize, usize)| &keys[span.0..span.1];
    if !spans.is_sorted_by_key(text) {
        spans.sort_unstable_by_key(|span| &keys[span.0..span.1]);
    }
    let all = spans.len();
    spans.dedup_by_key(|span| &keys[span.0..span.1]);
    let built = T::try_from_sorted_in(spans.iter().map(text), BLOCK, Global).map_err(refused)?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    let repeated = (all - spans.len()) as u64;
    Ok(Built { items, heap_bytes, sorted: Some(true), repeated, seen: lines.seen })
}

/// A dictionary, and room for one of its keys.
struct Ranked<T> {
    set: T,
    buffer: RefCell<Vec<u8>>,
}

impl<T: RankedKeySet> Ranked<T> {
    fn new(set: T) -> Self {
        let buffer = RefCell::new(vec![0; set.longest()]);
        Self { set, buffer }
    }

    /// What `see` makes of a key.
    fn with<R>(&self, id: usize, see: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.set.key_into(id, &mut self.buffer.borrow_mut()).map(see)
    }
}

impl<T: RankedKeySet> Answers for Ranked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        query::items(self, args, printer)
    }
}

impl<T: RankedKeySet> Hold for Ranked<T> {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        self.with(index, <[u8]>::to_vec)
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(self.with(index, |item| item.cmp(key)).unwrap_or(std::cmp::Ordering::Less))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        let (at, equal) = self.set.locate(key);
        Ok(if equal { Ok(at) } else { Err(at) })
    }

    fn check(&self, _: &[u8]) -> Outcome<()> {
        Ok(())
    }

    fn is_text(&self) -> bool {
        true
    }
}
