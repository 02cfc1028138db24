//! The shape `key_ids`: a number for each key of a set, built at once from the hashes of all of
//! them. The keys are not kept: what was not there gets a number too.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, hashes_of, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SHUFFLED};
use crate::error::Outcome;
use crate::hold::Answers;
use crate::input::Lines;
use crate::query::{Printer, each_hash, only_keys};
use crate::spool::{self, Bytes, Feed, Number};
use lessram::arrays::SlimVec;
use lessram::hashing::KeyHash;
use lessram::maps::{KeyIds, KeyIdsBuild};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "numbers the keys and keeps none of them";
const RUST: &str = "let ids = {}::from_keys(keys.iter())?; // ids.id_of(&key)";
/// The seed with which keys are hashed.
const SEED: u64 = 0;

pub(crate) fn of<T: KeyIdsBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![
            (Kind::Strings, Entry::of::<Bytes, Numbers<T>>(NOTE, RUST)),
            (Kind::Ints, Entry::of::<Number, Numbers<T>>(NOTE, RUST)),
        ],
        options: &["--as", "--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING.and_a_line(18)),
        size: Size::Keys,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// The numbers of the distinct keys.
struct Numbers<T>(T);

impl<S: spool::Shape, T: KeyIdsBuild<Global> + Persist> Structure<S> for Numbers<T>
where
    for<'a> S::Item<'a>: KeyHash,
{
    const FEED: &'static str = SHUFFLED;
    const LOOKS_UP: bool = false;
    const EXACT: bool = false;

    fn build(feed: &mut Feed<S>, _: &Plan) -> Outcome<Self> {
        let mut hashes = SlimVec::new();
        while let Some(key) = feed.next()? {
            hashes.try_push(key.key_hash(SEED)).map_err(refused)?;
        }
        hashes.shrink_to_fit();
        number_all(&hashes).map(Self)
    }

    fn contains(&self, _: S::Query<'_>) -> bool {
        false
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Numbers the keys of these hashes.
fn number_all<T: KeyIdsBuild<Global>>(hashes: &[u64]) -> Outcome<T> {
    let again = || hashes.iter().copied();
    T::try_from_source_in(again, SEED, usize::MAX, Global).map_err(refused)
}

/// Builds it from lines, or binary numbers, each distinct one once.
fn build<T: KeyIdsBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let (of_number, of_line) = (|x: u64| x.key_hash(SEED), |x: &[u8]| x.key_hash(SEED));
    let (hashes, repeated) = hashes_of(&mut lines, options, of_number, of_line)?;
    let items = hashes.len() as u64;
    let built: T = number_all(&hashes)?;
    save(&built, path)?;
    let heap_bytes = built.heap_bytes() as u64;
    Ok(Built { items, heap_bytes, sorted: None, repeated, seen: lines.seen })
}

/// A file's numbers.
struct Asked<T>(T);

impl<T: KeyIds> Answers for Asked<T> {
    /// Prints the number of each key, which it is if the key was there.
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(args, "the file numbers keys and holds none of them: ask for keys")?;
        each_hash(args, self.0.seed(), |key, hash| {
            let id = self.0.id_of_hash(hash);
            let text = id.map_or_else(|| "no".to_owned(), |id| id.to_string());
            printer.print(&text, ("id", id.into()), key)?;
            Ok(id.is_some())
        })
    }
}
