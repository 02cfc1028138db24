//! The shape `static_ints`: numbers in a sequence, built once; in ascending order also a set.

use super::ints::Numbers;
use super::{Entry, Need, Peak, Shape, Size, file_bytes, refused, save};
use crate::args::Kind;
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::Outcome;
use crate::input::Lines;
use crate::spool::{Feed, Number};
use lessram::arrays::{Ints, IntsBuilder, IntsStatic};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: IntsStatic<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let set = Entry::of::<Number, Set<T>>(
        "ascending, binary search",
        "let set: {} = sorted_keys.iter().copied().collect();",
    );
    Shape {
        entries: vec![(Kind::Ints, set)],
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING.and_gaps(4)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Numbers::new(storage::read::<T>(path)?))),
    }
}

/// A set: numbers in ascending order, looked up by binary search.
struct Set<T>(T);

impl<T: IntsStatic<Global> + Persist> Structure<Number> for Set<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, _: &Plan) -> Outcome<Self> {
        let mut builder = T::builder_in(Global);
        while let Some(number) = feed.next()? {
            builder.try_push(number).map_err(refused)?;
        }
        Ok(Self(builder.try_finish().map_err(refused)?))
    }

    fn contains(&self, query: u64) -> bool {
        self.0.binary_search(query).is_ok()
    }

    fn get(&self, index: usize) -> u64 {
        Ints::get(&self.0, index).unwrap_or(0)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from a number a line, or binary ones, in their order.
fn build<T: IntsStatic<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut builder = T::builder_in(Global);
    let (mut sorted, mut last) = (true, 0);
    lines.numbers(options.format, |_, number| {
        sorted &= last <= number;
        last = number;
        builder.try_push(number).map_err(refused)
    })?;
    let built = builder.try_finish().map_err(refused)?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: Some(sorted), repeated: 0, seen: lines.seen })
}
