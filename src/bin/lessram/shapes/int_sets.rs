//! The shape `int_sets`: a set of numbers, in order.

use super::ints::Numbers;
use super::sorted::ascending;
use super::{Entry, Need, Peak, Shape, Size, each, file_bytes, made, prefer, refused, save};
use crate::args::Kind;
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::Outcome;
use crate::input::Lines;
use crate::spool::{Feed, Number};
use lessram::arrays::SortedIntSetBuild;
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: SortedIntSetBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let set = Entry::of::<Number, Set<T>>(
        "fewest bytes, from ascending numbers",
        "let set = {}::from_sorted_iter(sorted_keys)?;",
    );
    Shape {
        entries: vec![(Kind::Ints, set)],
        options: &["--u32le", "--u64le", "--prefer"],
        sorts: false,
        need: Need::Of(Peak::PACKED.and_gaps(3)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Numbers::new(storage::read::<T>(path)?))),
    }
}

/// A set, asked for what is in it; with `TIMED` built for fast look-ups.
pub(crate) struct Set<T, const TIMED: bool = false>(T);

impl<T, const TIMED: bool> Structure<Number> for Set<T, TIMED>
where
    T: SortedIntSetBuild<Global> + Persist,
{
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, _: &Plan) -> Outcome<Self> {
        let prefer = prefer(TIMED);
        made(each(feed, |it| it), |numbers| T::try_build_in(numbers, prefer, Global)).map(Self)
    }

    fn contains(&self, query: u64) -> bool {
        self.0.contains(query)
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

/// Builds it from ascending numbers, one a line or binary ones.
fn build<T: SortedIntSetBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let numbers = ascending(&mut lines, options)?;
    let built = T::try_build_in(&numbers, options.prefer.into(), Global).map_err(refused)?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    let repeated = numbers.len() as u64 - items;
    Ok(Built { items, heap_bytes, sorted: Some(true), repeated, seen: lines.seen })
}
