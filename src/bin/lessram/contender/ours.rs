//! The rows of the registry, as contenders: written once per shape.

use super::{Contender, Structure, touch};
use crate::dataset::{Plan, SORTED, TOKENS};
use crate::error::{Failure, Outcome};
use crate::measure;
use crate::rows::{FAMILIES, Row, Shape as RowShape, rows};
use crate::spool::{Bytes, Feed, Number};
use lessram::arrays::{Ints, IntsMut, Strings, StringsMut};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

/// A set: items in ascending order, looked up by binary search.
struct Set<T>(T);

/// A sequence: items as they came, had by index.
struct Sequence<T>(T);

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::memory(error.to_string())
}

fn build_strings<T: StringsMut<Global>>(feed: &mut Feed<Bytes>) -> Outcome<T> {
    let mut built = T::try_build_in(std::iter::empty(), Global).map_err(refused)?;
    while let Some(string) = feed.next()? {
        built.try_push(string).map_err(refused)?;
    }
    built.try_shrink_to_fit().map_err(refused)?;
    Ok(built)
}

fn file_bytes<T: Persist>(structure: &T, scratch: &Path) -> Outcome<Option<u64>> {
    let path = scratch.join(T::KIND.name);
    storage::save(structure, &path).map_err(|error| Failure::scratch(&path, error))?;
    let info = std::fs::metadata(&path).and_then(|info| std::fs::remove_file(&path).map(|()| info));
    info.map(|info| Some(info.len())).map_err(|error| Failure::scratch(&path, error))
}

impl<T: StringsMut<Global> + Persist> Structure<Bytes> for Set<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        build_strings(feed).map(Self)
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

impl<T: StringsMut<Global> + Persist> Structure<Bytes> for Sequence<T> {
    const FEED: &'static str = TOKENS;
    const LOOKS_UP: bool = false;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        build_strings(feed).map(Self)
    }

    fn contains(&self, _: &[u8]) -> bool {
        false
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

/// Bytes an item that building one of ours takes beside the item itself, at worst.
const NEED: u64 = 16;

fn contender(row: &Row, note: &'static str, measured: Measured, rust: String) -> Contender {
    let Measured { bytes, times } = measured;
    let family = Some(FAMILIES[(row.kind.id >> 8) as usize % FAMILIES.len()]);
    Contender { name: row.kind.name, family, note, rust, need: NEED, bytes, times }
}

/// How to measure a row.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    bytes: fn(&Path, &Plan) -> Outcome<measure::BytesSeen>,
    times: fn(&Path, &Plan, f64) -> Outcome<measure::TimesSeen>,
}

/// A row of the shape `ints`, as a set.
pub(crate) const fn ints_set<T: IntsMut<Global> + Persist<Words = HeapWords>>() -> Measured {
    Measured { bytes: measure::bytes::<Number, Set<T>>, times: measure::times::<Number, Set<T>> }
}

/// A row of the shape `strings`, as a set.
pub(crate) const fn strings_set<T: StringsMut<Global> + Persist<Words = HeapWords>>() -> Measured {
    Measured { bytes: measure::bytes::<Bytes, Set<T>>, times: measure::times::<Bytes, Set<T>> }
}

/// A row of the shape `strings`, as a sequence of tokens.
pub(crate) const fn sequence<T: StringsMut<Global> + Persist<Words = HeapWords>>() -> Measured {
    type Of<T> = Sequence<T>;
    Measured { bytes: measure::bytes::<Bytes, Of<T>>, times: measure::times::<Bytes, Of<T>> }
}

/// The rows of a shape, as sets.
fn sets(shape: RowShape) -> Vec<Contender> {
    let rows = rows().into_iter().filter(|row| row.shape == shape);
    rows.map(|row| {
        let rust = format!("let set: {} = sorted_keys.iter().collect();", row.path);
        let rust = match shape {
            RowShape::Ints => rust.replace(".iter()", ".iter().copied()"),
            RowShape::Strings => rust,
        };
        contender(&row, "ascending, binary search", row.set, rust)
    })
    .collect()
}

pub(super) fn strings() -> Vec<Contender> {
    sets(RowShape::Strings)
}

pub(super) fn ints() -> Vec<Contender> {
    sets(RowShape::Ints)
}

/// The rows that hold a sequence of strings.
pub(super) fn streams() -> Vec<Contender> {
    let rows = rows().into_iter();
    rows.filter_map(|row| {
        let rust = format!("let tokens: {} = tokens.iter().collect();", row.path);
        Some(contender(&row, "all tokens in order, by index", row.sequence?, rust))
    })
    .collect()
}
