//! The shape `strings`: a sequence of byte strings; in ascending order also a set.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::{Structure, touch};
use crate::dataset::{Plan, SORTED, TOKENS};
use crate::error::Outcome;
use crate::hold::{Answers, Hold};
use crate::input::Lines;
use crate::query::{self, Printer};
use crate::spool::{Bytes, Feed};
use lessram::arrays::{Strings, StringsMut};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: StringsMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let set = Entry::of::<Bytes, Array<T, false>>(
        "ascending, binary search",
        "let set: {} = sorted_keys.iter().collect();",
    );
    let sequence = Entry::of::<Bytes, Array<T, true>>(
        "all tokens in order, by index",
        "let tokens: {} = tokens.iter().collect();",
    );
    Shape {
        entries: vec![(Kind::Strings, set), (Kind::Stream, sequence)],
        options: &[],
        sorts: false,
        need: Need::Of(Peak::text(1).and_a_line(4)),
        size: Size::Text,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Texts(storage::read::<T>(path)?))),
    }
}

/// A set, looked up by binary search; or the tokens of a stream as they came, had by index.
struct Array<T, const STREAM: bool>(T);

impl<T, const STREAM: bool> Structure<Bytes> for Array<T, STREAM>
where
    T: StringsMut<Global> + Persist,
{
    const FEED: &'static str = if STREAM { TOKENS } else { SORTED };
    const LOOKS_UP: bool = !STREAM;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut built = T::try_build_in(std::iter::empty(), Global).map_err(refused)?;
        while let Some(string) = feed.next()? {
            built.try_push(string).map_err(refused)?;
        }
        built.try_shrink_to_fit().map_err(refused)?;
        Ok(Self(built))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.binary_search(query).is_ok()
    }

    fn get(&self, index: usize) -> u64 {
        Strings::get(&self.0, index).map_or(0, touch)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from the lines, in their order.
fn build<T: StringsMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    _: &Options,
) -> Outcome<Built> {
    let mut built = T::try_build_in(std::iter::empty(), Global).map_err(refused)?;
    let mut sorted = true;
    while let Some(line) = lines.next()? {
        let last = built.len().checked_sub(1).and_then(|last| built.get(last));
        sorted &= last.is_none_or(|last| last <= line);
        built.try_push(line).map_err(refused)?;
    }
    built.try_shrink_to_fit().map_err(refused)?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: Some(sorted), repeated: 0, seen: lines.seen })
}

/// A file's byte strings.
struct Texts<T>(T);

impl<T: Strings> Answers for Texts<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        query::items(self, args, printer)
    }
}

impl<T: Strings> Hold for Texts<T> {
    fn len(&self) -> usize {
        Strings::len(&self.0)
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        Strings::get(&self.0, index).map(<[u8]>::to_vec)
    }

    fn is_sorted(&self) -> bool {
        (0..Strings::len(&self.0)).map(|i| Strings::get(&self.0, i)).is_sorted()
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(Strings::get(&self.0, index).unwrap_or(&[]).cmp(key))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        Ok(self.0.binary_search(key))
    }

    fn check(&self, _: &[u8]) -> Outcome<()> {
        Ok(())
    }

    fn is_text(&self) -> bool {
        true
    }
}
