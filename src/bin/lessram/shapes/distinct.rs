//! The shape `distinct`: sketches that count different keys and know none of them.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, merged, refused, save};
use crate::args::{Keys, Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, TOKENS};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::Lines;
use crate::query::Printer;
use crate::spool::{Bytes, Feed};
use lessram::mem::{Global, Totals};
use lessram::sketches::CardinalityMut;
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

const NOTE: &str = "counts the distinct tokens";
const RUST: &str = "let mut count = {}::default(); // count.insert(&token); count.estimate()";

pub(crate) fn of<T: CardinalityMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        entries: vec![(Kind::Stream, Entry::of::<Bytes, Count<T>>(NOTE, RUST))],
        options: &["--as", "--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING),
        size: Size::Keys,
        merge: Some(|files, out| {
            merged(files, out, T::merge, |all| Some(all.estimate().round() as u64))
        }),
        build: build::<T>,
        open: |path| {
            storage::read::<T>(path)?;
            Ok(Box::new(Nothing))
        },
    }
}

/// The count of a stream's tokens.
struct Count<T>(T);

impl<T: CardinalityMut<Global> + Persist> Structure<Bytes> for Count<T> {
    const FEED: &'static str = TOKENS;
    const LOOKS_UP: bool = false;
    const EXACT: bool = false;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut count = T::try_default_in(Global).map_err(refused)?;
        while let Some(token) = feed.next()? {
            count.try_insert(token).map_err(refused)?;
        }
        Ok(Self(count))
    }

    fn contains(&self, _: &[u8]) -> bool {
        false
    }

    fn estimate(&self) -> Option<f64> {
        Some(self.0.estimate())
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Counts lines, or binary numbers.
fn build<T: CardinalityMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut count = T::try_default_in(Global).map_err(refused)?;
    if options.keys == Keys::Ints {
        lines.numbers(options.format, |_, number| count.try_insert_u64(number).map_err(refused))?;
    } else {
        while let Some(line) = lines.next()? {
            count.try_insert(line).map_err(refused)?;
        }
    }
    save(&count, path)?;
    lines.seen.empty_left_out = T::EXCHANGE;
    let (items, heap_bytes) = (count.estimate().round() as u64, count.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// What a count says of single keys.
struct Nothing;

impl Answers for Nothing {
    fn answer(&self, _: &QueryArgs, _: &mut Printer) -> Outcome<bool> {
        Err(Failure::usage(
            "the file counts keys and knows none of them: `lessram inspect` shows how many",
        ))
    }
}
