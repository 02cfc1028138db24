//! The shape `sorted`: an ascending sequence of numbers, by position and by value.

use super::ints::Numbers;
use super::{Entry, Need, Peak, Shape, Size, each, file_bytes, made, refused, save};
use crate::args::Kind;
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::Outcome;
use crate::input::Lines;
use crate::spool::{Feed, Number};
use lessram::arrays::{PackedInts, SortedIntsBuild};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use lessram::{AllocError, BuildError};
use std::path::Path;

pub(crate) fn of<T: SortedIntsBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let set = Entry::of::<Number, Set<T>>(
        "ascending, by position and by value",
        "let set = {}::try_from(&sorted_keys[..])?;",
    );
    Shape {
        entries: vec![(Kind::Ints, set)],
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::PACKED.and_gaps(3)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Numbers::new(storage::read::<T>(path)?))),
    }
}

/// The numbers of `lines`, which ascend.
pub(crate) fn ascending(lines: &mut Lines, options: &Options) -> Outcome<PackedInts> {
    let (mut numbers, mut last) = (PackedInts::new(), 0);
    lines.numbers(options.format, |lines, number| {
        if number < last {
            return Err(lines
                .fail_here(&format!("{number} follows {last}: sort the numbers first (sort -n)")));
        }
        last = number;
        numbers.try_push(number).map_err(|error| refused(BuildError::Alloc(error)))
    })?;
    Ok(numbers)
}

/// A set, asked by value.
struct Set<T>(T);

impl<T: SortedIntsBuild<Global> + Persist> Structure<Number> for Set<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, plan: &Plan) -> Outcome<Self> {
        let len = usize::try_from(plan.items).map_err(|_| refused(AllocError::CapacityOverflow))?;
        made(each(feed, |it| it), |numbers| T::try_build_in(len, plan.max, numbers, Global))
            .map(Self)
    }

    fn contains(&self, query: u64) -> bool {
        self.0.binary_search(query).is_ok()
    }

    fn get(&self, index: usize) -> u64 {
        self.0.get(index).unwrap_or(0)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from ascending numbers, one a line or binary ones. How many there are shows at the
/// end only: until then they are kept packed.
fn build<T: SortedIntsBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let numbers = ascending(&mut lines, options)?;
    let last = numbers.last().unwrap_or(0);
    let built = T::try_build_in(numbers.len(), last, &numbers, Global).map_err(refused)?;
    drop(numbers);
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: Some(true), repeated: 0, seen: lines.seen })
}
