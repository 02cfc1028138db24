//! The shape `static_filters`: approximate sets that are built at once, from the hashes of all of
//! their keys. They are asked as those of the shape `filters` are.

use super::filters::Asked;
use super::{Entry, Need, Peak, Shape, Size, each, file_bytes, hashes_of, made, refused, save};
use crate::args::Kind;
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SHUFFLED, TOKENS};
use crate::error::Outcome;
use crate::input::Lines;
use crate::spool::{self, Bytes, Feed, Number};
use lessram::arrays::SlimVec;
use lessram::filters::{Building, Filter, FilterBuild, Fuse};
use lessram::hashing::KeyHash;
use lessram::mem::{Global, Totals};
use lessram::registry::Registered;
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "approximate, built at once";
const RUST: &str = "let set = {}::from_keys(&keys, fpr)?; // set.contains(&key)";

pub(crate) fn of<T: FilterBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![
            (Kind::Strings, Entry::of::<Bytes, Set<T, false>>(NOTE, RUST)),
            (Kind::Ints, Entry::of::<Number, Set<T, false>>(NOTE, RUST)),
            (Kind::Stream, Entry::of::<Bytes, Set<T, true>>(NOTE, RUST)),
        ],
        options: &["--fpr", "--as", "--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(peak_of::<T>()),
        size: Size::Keys,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// What is solved at once takes more: up to two million keys of a [`Fuse`], some of a `Ribbon`.
fn peak_of<T: Persist>() -> Peak {
    if T::KIND.id == <Fuse as Registered>::KIND.id {
        Peak::NOTHING.and_a_line(17).and_the_first(1 << 21, 7)
    } else {
        Peak::NOTHING.and_a_line(18).and_the_first(30_000, 20)
    }
}

/// The set of the distinct keys; those of a stream are found among its tokens.
struct Set<T, const STREAM: bool>(T);

impl<S: spool::Shape, T, const STREAM: bool> Structure<S> for Set<T, STREAM>
where
    for<'a> S::Item<'a>: KeyHash,
    for<'a> S::Query<'a>: KeyHash,
    T: FilterBuild<Global> + Persist,
{
    const FEED: &'static str = if STREAM { TOKENS } else { SHUFFLED };
    const EXACT: bool = false;

    fn build(feed: &mut Feed<S>, plan: &Plan) -> Outcome<Self> {
        let how = Building::default();
        if STREAM {
            let mut hashes = SlimVec::new();
            while let Some(key) = feed.next()? {
                hashes.try_push(key.key_hash(how.seed)).map_err(refused)?;
            }
            hashes.sort_unstable();
            hashes.dedup();
            return Ok(Self(
                T::try_from_hashes_in(hashes, plan.fpr, how, Global).map_err(refused)?,
            ));
        }
        let hash = |key: S::Item<'_>| key.key_hash(how.seed);
        made(each(feed, hash), |hashes| T::try_from_hashes_in(hashes, plan.fpr, how, Global))
            .map(Self)
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

/// Builds it from lines, or binary numbers, each distinct one once.
fn build<T: FilterBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let how = Building::default();
    let (of_number, of_line) = (|x: u64| x.key_hash(how.seed), |x: &[u8]| x.key_hash(how.seed));
    let (hashes, repeated) = hashes_of(&mut lines, options, of_number, of_line)?;
    let items = hashes.len() as u64;
    let built = T::try_from_hashes_in(hashes, options.fpr.get(), how, Global).map_err(refused)?;
    save(&built, path)?;
    let heap_bytes = built.heap_bytes() as u64;
    Ok(Built { items, heap_bytes, sorted: None, repeated, seen: lines.seen })
}
