//! The shape `key_ids`: a number for each key of a set, built at once from the hashes of all of
//! them. The keys are not kept: what was not there gets a number too.

use super::filters::push;
use super::{Entry, Shape, file_bytes, refused, save};
use crate::args::{Keys, Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SHUFFLED};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::Lines;
use crate::query::{Printer, each_key, number};
use crate::spool::{self, Bytes, Feed, Number};
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
        let mut hashes = Vec::new();
        while let Some(key) = feed.next()? {
            push(&mut hashes, key.key_hash(SEED))?;
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
    let mut hashes = Vec::new();
    if options.keys == Keys::Ints {
        lines.numbers(options.format, |_, number| push(&mut hashes, number.key_hash(SEED)))?;
    } else {
        while let Some(line) = lines.next()? {
            push(&mut hashes, line.key_hash(SEED))?;
        }
    }
    let all = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    let (items, repeated) = (hashes.len() as u64, (all - hashes.len()) as u64);
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
        let others = [
            ("--index", args.index.is_some()),
            ("--prefix", args.prefix.is_some()),
            ("--range", args.range.is_some()),
        ];
        if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!(
                "{option}: the file numbers keys and holds none of them: ask for keys"
            )));
        }
        let as_number = args.keys_are == Some(Keys::Ints);
        let check = |key: &[u8]| if as_number { number(key).map(drop) } else { Ok(()) };
        each_key(args, check, |key| {
            let seed = self.0.seed();
            let hash = if as_number { number(key)?.key_hash(seed) } else { key.key_hash(seed) };
            let id = self.0.id_of_hash(hash);
            let text = id.map_or_else(|| "no".to_owned(), |id| id.to_string());
            printer.print(&text, ("id", id.into()), key)?;
            Ok(id.is_some())
        })
    }
}
