//! The shape `ints`: a sequence of numbers; in ascending order also a set.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::Outcome;
use crate::hold::{Answers, Hold};
use crate::input::Lines;
use crate::query::{self, Printer, number};
use crate::spool::{Feed, Number};
use lessram::arrays::{Ints, IntsMut};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: IntsMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let set = Entry::of::<Number, Set<T>>(
        "ascending, binary search",
        "let set: {} = sorted_keys.iter().copied().collect();",
    );
    Shape {
        entries: vec![(Kind::Ints, set)],
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::PACKED),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Numbers(storage::read::<T>(path)?))),
    }
}

/// A set: numbers in ascending order, looked up by binary search.
struct Set<T>(T);

impl<T: IntsMut<Global> + Persist> Structure<Number> for Set<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, _: &Plan) -> Outcome<Self> {
        let mut built = T::try_build_in(&[], Global).map_err(refused)?;
        while let Some(number) = feed.next()? {
            built.try_push(number).map_err(refused)?;
        }
        built.try_shrink_to_fit().map_err(refused)?;
        Ok(Self(built))
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
fn build<T: IntsMut<Global> + Persist>(
    lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    fill(T::try_build_in(&[], Global).map_err(refused)?, lines, path, options)
}

/// Appends all numbers to `built` and saves it.
pub(crate) fn fill<T: IntsMut<Global> + Persist>(
    mut built: T,
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let (mut sorted, mut last) = (true, 0);
    let max = options.width.map_or(u64::MAX, |width| u64::MAX.checked_shr(64 - width).unwrap_or(0));
    lines.numbers(options.format, |lines, number| {
        if number > max {
            let (bits, width) = (u64::BITS - number.leading_zeros(), options.width.unwrap_or(64));
            return Err(lines.fail_here(&format!(
                "{number} needs {bits} bits, and --width says {width}: raise it, or leave it out"
            )));
        }
        sorted &= last <= number;
        last = number;
        built.try_push(number).map_err(refused)
    })?;
    if options.width.is_none() {
        // Narrows, too, so only where no width was asked for. A file has no slack anyway.
        built.try_shrink_to_fit().map_err(refused)?;
    }
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: Some(sorted), repeated: 0, seen: lines.seen })
}

/// A file's numbers, printed in decimal.
pub(crate) struct Numbers<T>(T);

impl<T: Ints> Numbers<T> {
    pub(crate) const fn new(numbers: T) -> Self {
        Self(numbers)
    }
}

impl<T: Ints> Answers for Numbers<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        query::items(self, args, printer)
    }
}

impl<T: Ints> Hold for Numbers<T> {
    fn len(&self) -> usize {
        Ints::len(&self.0)
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        Ints::get(&self.0, index).map(|number| number.to_string().into_bytes())
    }

    fn is_sorted(&self) -> bool {
        (0..Ints::len(&self.0)).map(|i| Ints::get(&self.0, i)).is_sorted()
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(Ints::get(&self.0, index).unwrap_or(0).cmp(&number(key)?))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        Ok(self.0.binary_search(number(key)?))
    }

    fn check(&self, key: &[u8]) -> Outcome<()> {
        number(key).map(drop)
    }

    fn is_text(&self) -> bool {
        false
    }
}
