//! The shape `filters`: approximate sets, which answer "maybe" or "no" and do not hold their keys.
//!
//! A filter does not know what its keys were: the bytes of lines hash otherwise than the numbers
//! that they spell. So `build` and `query` can be told (`--as`), and `query` that is not told asks
//! for a number both ways: that may raise twice as many false alarms, but misses no key.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, hashes_of, refused, save};
use crate::args::{Keys, Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SHUFFLED, TOKENS};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::{Lines, decimal};
use crate::query::{Printer, each_key, number, only_keys};
use crate::spool::{self, Bytes, Feed, Number};
use lessram::filters::{Filter, FilterMut};
use lessram::hashing::KeyHash;
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "approximate";
const RUST: &str = "let mut set = {}::with_fpr(keys.len(), fpr)?; // set.insert(&key)";

pub(crate) fn of<T: FilterMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![
            (Kind::Strings, Entry::of::<Bytes, Set<T, false>>(NOTE, RUST)),
            (Kind::Ints, Entry::of::<Number, Set<T, false>>(NOTE, RUST)),
            (Kind::Stream, Entry::of::<Bytes, Set<T, true>>(NOTE, RUST)),
        ],
        options: &["--fpr", "--as", "--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING.and_a_line(9)),
        size: Size::Made(made::<T>),
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// Bytes of a filter made for so many keys: it takes all of them before the first.
fn made<T: FilterMut<Global>>(keys: u64, options: &Options) -> Option<u64> {
    let empty = T::try_with_fpr_in(usize::try_from(keys).ok()?, options.fpr.get(), Global).ok()?;
    Some(empty.heap_bytes() as u64)
}

/// The set of the distinct keys, or of the tokens of a stream as they came.
struct Set<T, const STREAM: bool>(T);

impl<S: spool::Shape, T, const STREAM: bool> Structure<S> for Set<T, STREAM>
where
    for<'a> S::Item<'a>: KeyHash,
    for<'a> S::Query<'a>: KeyHash,
    T: FilterMut<Global> + Persist,
{
    const FEED: &'static str = if STREAM { TOKENS } else { SHUFFLED };
    const EXACT: bool = false;

    fn build(feed: &mut Feed<S>, plan: &Plan) -> Outcome<Self> {
        let capacity = plan.distinct as usize;
        let mut built = T::try_with_fpr_in(capacity, plan.fpr, Global).map_err(refused)?;
        while let Some(key) = feed.next()? {
            built.try_insert_hash(built.hash_key(&key)).map_err(refused)?;
        }
        Ok(Self(built))
    }

    fn contains(&self, query: S::Query<'_>) -> bool {
        Filter::contains(&self.0, &query)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from lines, or binary numbers: at exactly the size that the distinct ones need, for
/// which their hashes are kept until all are there.
fn build<T: FilterMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let fpr = options.fpr.get();
    let empty = T::try_with_fpr_in(0, fpr, Global).map_err(refused)?;
    let (hashes, repeated) = hashes_of(
        &mut lines,
        options,
        |number| empty.hash_key(&number),
        |line| empty.hash_key(line),
    )?;
    let mut built = T::try_with_fpr_in(hashes.len(), fpr, Global).map_err(refused)?;
    if built.seed() != empty.seed() {
        return Err(Failure::bad(
            "a filter hashes by another seed than before: please report this",
        ));
    }
    for hash in &hashes {
        built.try_insert_hash(*hash).map_err(refused)?;
    }
    save(&built, path)?;
    Ok(Built {
        items: hashes.len() as u64,
        heap_bytes: built.heap_bytes() as u64,
        sorted: None,
        repeated,
        seen: lines.seen,
    })
}

/// A file's filter.
pub(super) struct Asked<T>(pub(super) T);

impl<T: Filter> Asked<T> {
    fn may_contain(&self, key: &[u8], keys: Option<Keys>) -> Outcome<bool> {
        let as_text = keys != Some(Keys::Ints);
        let as_number = keys == Some(Keys::Ints) || keys.is_none() && decimal(key).is_some();
        let found = as_text && self.0.contains(key);
        Ok(found || as_number && self.0.contains(&number(key)?))
    }
}

impl<T: Filter> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(args, "a filter does not hold its keys, it only knows them again: ask for keys")?;
        let check = |key: &[u8]| match args.keys_are {
            Some(Keys::Ints) => number(key).map(drop),
            _ => Ok(()),
        };
        each_key(args, check, |key| {
            let maybe = self.may_contain(key, args.keys_are)?;
            let answer = if maybe { "maybe" } else { "no" };
            printer.print(answer, ("answer", answer.into()), key)?;
            Ok(maybe)
        })
    }
}
