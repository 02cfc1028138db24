//! What the command does with the structures of a shape, written once for all of them.
//!
//! One module per shape, under the name that the last column of [`lessram::family!`] gives it, with
//! one function: `of::<T>()` says how a `T` is measured, built from lines and asked. To add a
//! shape: write its module and its `mod` line here.

pub(crate) mod bits;
pub(crate) mod counters;
pub(crate) mod counting_filters;
pub(crate) mod counts;
pub(crate) mod dict_maps;
pub(crate) mod dicts;
pub(crate) mod distinct;
pub(crate) mod filters;
pub(crate) mod int_sets;
pub(crate) mod ints;
pub(crate) mod key_ids;
pub(crate) mod key_values;
pub(crate) mod quantiles;
pub(crate) mod ragged;
pub(crate) mod sorted;
pub(crate) mod static_filters;
pub(crate) mod static_ints;
pub(crate) mod strings;
pub(crate) mod top;

use crate::about::About;
use crate::args::{Keys, Kind};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::Plan;
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::{Lines, excerpt, group};
use crate::measure::{self, BytesSeen, TimesSeen};
use crate::spool::{self, Feed};
use lessram::arrays::{Prefer, SlimVec};
use lessram::storage::{self, HeapWords, Persist};
use lessram::{BuildError, FileError, MergeError};
use std::path::{Path, PathBuf};

/// What the command can do with a structure.
pub(crate) struct Shape {
    /// As a contender, for each kind of data that it fits.
    pub(crate) entries: Vec<(Kind, Entry)>,
    /// The options of `build` and `query` that mean something to it, beside those of all.
    pub(crate) options: &'static [&'static str],
    /// Whether lines are taken in any order, and each once: sorted, in files if they are many.
    pub(crate) sorts: bool,
    /// What building it takes at most at once.
    pub(crate) need: Need,
    /// What its bytes depend on.
    pub(crate) size: Size,
    /// Builds it from lines and saves it.
    pub(crate) build: fn(Lines, &Path, &Options) -> Outcome<Built>,
    /// Makes one of several files, if that is a thing that can be done; see [`merged`].
    pub(crate) merge: Option<Merge>,
    /// Reads it onto the heap.
    pub(crate) open: fn(&Path) -> Result<Box<dyn Answers>, FileError>,
}

/// What the bytes of a structure depend on, so that they can be told without building it.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    /// On how many keys it is made for: tells them, unless the machine has not so much.
    Made(fn(u64, &Options) -> Option<u64>),
    /// On how many different keys there are, whatever they are.
    Keys,
    /// On how many items there are, whatever they are: the numbers from 0 in such steps do.
    Count(u64),
    /// On the items themselves.
    Items,
    /// On how long the items are: it holds them as they are, and something for each of them.
    Text,
}

/// Memory for building, as far as it is known before.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// This much.
    Of(Peak),
    /// What sorting may take, and the structure: lines need not fit in memory.
    Bounded,
    /// It depends on what no part of the lines tells.
    Unknown,
}

/// Bytes that are held while a structure is built, the growth of vectors included.
#[derive(Clone, Copy)]
pub(crate) struct Peak {
    /// So many for each line: measured.
    line: u64,
    /// So many more for each of the first so many lines: measured.
    first: (u64, u64),
    /// So many whatever there is.
    fixed: u64,
    /// So many for each field of a line: measured.
    field: u64,
    /// The text of all lines, so many times: measured.
    text: u64,
    /// The text of so many lines: measured.
    kept: u64,
    /// All numbers, as wide as the largest.
    packed: bool,
    /// All numbers, as wide as the gaps between them and so many bits more: measured.
    gaps: Option<u32>,
    /// So many bits for each number up to the largest.
    places: u64,
    /// The largest number that building takes: this, or so many times the lines if that is more.
    most: (u64, u64),
}

/// Bytes that reading and writing files takes, and small structures.
const BUFFERS: u64 = 9 << 16;

/// Bytes with room to grow.
const fn growing(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 16)
}

impl Peak {
    /// Nothing that grows with the lines.
    pub(crate) const NOTHING: Self = Self {
        line: 0,
        first: (0, 0),
        fixed: 0,
        field: 0,
        text: 0,
        kept: 0,
        packed: false,
        gaps: None,
        places: 0,
        most: (u64::MAX, 0),
    };
    /// All numbers packed.
    pub(crate) const PACKED: Self = Self { packed: true, ..Self::NOTHING };

    /// So many times the text.
    pub(crate) const fn text(times: u64) -> Self {
        Self { text: times, ..Self::NOTHING }
    }

    /// So many bytes.
    pub(crate) const fn fixed(bytes: u64) -> Self {
        Self { fixed: bytes, ..Self::NOTHING }
    }

    /// So many bytes for each field of a line.
    pub(crate) const fn a_field(bytes: u64) -> Self {
        Self { field: bytes, ..Self::NOTHING }
    }

    /// So many bytes a line beside that.
    pub(crate) const fn and_a_line(self, line: u64) -> Self {
        Self { line, ..self }
    }

    /// So many bytes more for each of the first `lines`.
    pub(crate) const fn and_the_first(self, lines: u64, bytes: u64) -> Self {
        Self { first: (bytes, lines), ..self }
    }

    /// The text of so many lines beside that.
    pub(crate) const fn and_text_of(self, lines: u64) -> Self {
        Self { kept: lines, ..self }
    }

    /// The numbers by their gaps beside that, with so many bits more than those have.
    pub(crate) const fn and_gaps(self, more: u32) -> Self {
        Self { gaps: Some(more), ..self }
    }

    /// So many bits for each number up to the largest beside that. Numbers above `most`, and above
    /// so many times the lines, are refused before anything is built.
    pub(crate) const fn and_places(self, bits: u64, most: u64, times_lines: u64) -> Self {
        Self { places: bits, most: (most, times_lines), ..self }
    }

    fn bytes(self, about: About) -> u64 {
        let About { lines, bytes, fields, largest, gap } = about;
        let all = |bits: u32| lines.saturating_mul(u64::from(bits)) / 8;
        let wide = u64::BITS - largest.leading_zeros();
        let packed = if self.packed { growing(all(wide)) } else { 0 };
        let gaps = self.gaps.map_or(0, |more| {
            let apart = gap.map_or(wide, |gap| u64::BITS - gap.leading_zeros());
            growing(all(wide.min(apart + more)))
        });
        let most = self.most.0.max(lines.saturating_mul(self.most.1));
        let places = growing(largest.min(most).saturating_mul(self.places) / 8);
        let (line, text) = (lines.saturating_mul(self.line), bytes.saturating_mul(self.text));
        let field = fields.saturating_mul(self.field);
        let first = lines.min(self.first.1).saturating_mul(self.first.0);
        let kept = bytes.saturating_mul(self.kept.min(lines)) / lines.max(1);
        let all = [line, first, kept, self.fixed, field, text, packed, gaps, places];
        all.into_iter().fold(BUFFERS, u64::saturating_add)
    }
}

impl Need {
    /// Bytes that building from `text` what has such a size takes at most at once, about, if that
    /// can be told.
    pub(crate) fn peak_bytes(self, size: Size, text: About, options: &Options) -> Option<u64> {
        let Self::Of(peak) = self else { return None };
        let made = match size {
            Size::Made(bytes) => bytes(text.lines, options).unwrap_or(u64::MAX),
            _ => 0,
        };
        Some(peak.bytes(text).saturating_add(made))
    }
}

/// Makes of files one file, and tells its items, if they are counted.
pub(crate) type Merge = fn(&[PathBuf], &Path) -> Outcome<Option<u64>>;

/// How a structure is measured over one kind of data.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) bytes: fn(&Path, &Plan) -> Outcome<BytesSeen>,
    pub(crate) times: fn(&Path, &Plan, f64) -> Outcome<TimesSeen>,
    pub(crate) exact: bool,
    /// Whether these data are of a kind that it is made for; asked unless it was named.
    pub(crate) fits: fn(&Plan) -> bool,
    /// What exactly is built.
    pub(crate) note: &'static str,
    /// The line of Rust that builds it, with `{}` for the path of the type.
    pub(crate) rust: &'static str,
}

impl Entry {
    /// Measures a `T`.
    pub(crate) const fn of<S: spool::Shape, T: Structure<S>>(
        note: &'static str,
        rust: &'static str,
    ) -> Self {
        let (bytes, times) = (measure::bytes::<S, T>, measure::times::<S, T>);
        Self { bytes, times, exact: T::EXACT, fits: |_| true, note, rust }
    }
}

/// What a row prefers: time, if it is one of those built for time, and else bytes.
const fn prefer(timed: bool) -> Prefer {
    if timed { Prefer::Time } else { Prefer::Bytes }
}

/// Items that may fail. They end where one does.
struct Items<I> {
    items: I,
    failed: Option<Failure>,
}

impl<T, I: Iterator<Item = Outcome<T>>> Iterator for Items<I> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.items.next()?.map_err(|failure| self.failed = Some(failure)).ok()
    }
}

/// What `build` makes of items that may fail.
fn made<T, B, I: Iterator<Item = Outcome<T>>>(
    items: I,
    build: impl FnOnce(&mut Items<I>) -> Result<B, BuildError>,
) -> Outcome<B> {
    let mut items = Items { items, failed: None };
    let built = build(&mut items);
    // What an item says comes first: what was built then only misses the rest.
    items.failed.map_or(Ok(()), Err)?;
    built.map_err(refused)
}

/// The items of a feed, each as `make` makes it.
fn each<'f, S: spool::Shape, I>(
    feed: &'f mut Feed<S>,
    make: impl Fn(S::Item<'_>) -> I + 'f,
) -> impl Iterator<Item = Outcome<I>> + 'f {
    std::iter::from_fn(move || feed.next().map(|item| item.map(&make)).transpose())
}

/// Why it could not be built.
pub(crate) fn refused(error: impl Into<BuildError>) -> Failure {
    match error.into() {
        BuildError::Alloc(error) => Failure::memory(error.to_string()),
        BuildError::Io(kind) => Failure::scratch(&std::env::temp_dir(), kind),
        error => Failure::bad(error.to_string()),
    }
}

/// The different hashes of all lines, or binary numbers, ascending, and how many lines had one that
/// was there already.
pub(crate) fn hashes_of(
    lines: &mut Lines,
    options: &Options,
    of_number: impl Fn(u64) -> u64,
    of_line: impl Fn(&[u8]) -> u64,
) -> Outcome<(SlimVec<u64>, u64)> {
    let mut hashes = SlimVec::new();
    if options.keys == Keys::Ints {
        lines.numbers(options.format, |_, number| {
            hashes.try_push(of_number(number)).map_err(refused)
        })?;
    } else {
        while let Some(line) = lines.next()? {
            hashes.try_push(of_line(line)).map_err(refused)?;
        }
    }
    let all = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    let repeated = (all - hashes.len()) as u64;
    Ok((hashes, repeated))
}

/// Bytes of the longest key of a dictionary.
const LONGEST_KEY: usize = 65_535;

/// Refuses the key of the last line if it is too long for a dictionary: once all are sorted,
/// nobody knows where it stood.
fn check_key(lines: &Lines, len: usize) -> Outcome<()> {
    if len <= LONGEST_KEY {
        return Ok(());
    }
    let (len, most) = (group(len as u64), group(LONGEST_KEY as u64));
    Err(lines.fail_here(&format!("a key of {len} bytes, and {most} are the most: shorten it")))
}

/// Why nothing is built of `lines`: a key has two `values`. With the key, if it was kept, and what
/// a line says of it, if it does.
fn two_values(
    lines: &Lines,
    key: Option<&[u8]>,
    values: [u64; 2],
    value_of: impl Fn(&[u8]) -> Option<u64>,
) -> Failure {
    let mut first = None;
    let second = lines.find(|line| {
        let value = value_of(line).filter(|value| values.contains(value));
        value.is_some_and(|value| *first.get_or_insert(value) != value)
    });
    let why = format!("has two values, {} and {}", values[0], values[1]);
    match (second, key) {
        (Some(second), _) => {
            let key = second.line().rsplitn(2, |byte| *byte == b'\t').nth(1);
            second.fail_here(&format!("{} {why}", excerpt(key.unwrap_or_default())))
        }
        (None, Some(key)) => lines.fail(&format!("{} {why}", excerpt(key))),
        (None, None) => lines.fail(&format!("a key {why}: of a file, its line can be named")),
    }
}

/// Refuses to hold values by key that are no numbers.
fn only_numbers(plan: &Plan) -> Outcome<()> {
    match plan.number_values {
        true => Ok(()),
        false => Err(Failure::bad("holds numbers by key, and these values are none")),
    }
}

/// A value as the items of a plan have it whose values are numbers.
fn number(value: &[u8]) -> u64 {
    value.try_into().map_or(0, u64::from_le_bytes)
}

/// Whether there is a value. It is read, or finding the key alone would be measured.
fn is_read(value: Option<u64>) -> bool {
    value.map(std::hint::black_box).is_some()
}

/// Bytes of the file that a contender would be saved to.
fn file_bytes<T: Persist>(structure: &T, scratch: &Path) -> Outcome<Option<u64>> {
    let path = scratch.join(T::KIND.name);
    storage::save(structure, &path).map_err(|error| Failure::scratch(&path, error))?;
    let info = std::fs::metadata(&path).and_then(|info| std::fs::remove_file(&path).map(|()| info));
    info.map(|info| Some(info.len())).map_err(|error| Failure::scratch(&path, error))
}

/// Saves at `out` what `merge` makes of the first of `files` and each of the others; tells its
/// `items`.
fn merged<T: Persist<Words = HeapWords>>(
    files: &[PathBuf],
    out: &Path,
    merge: impl Fn(&mut T, &T) -> Result<(), MergeError>,
    items: impl Fn(&T) -> Option<u64>,
) -> Outcome<Option<u64>> {
    let mut all: Option<T> = None;
    for path in files {
        let next = storage::read::<T>(path).map_err(|error| Failure::file(path, error))?;
        match &mut all {
            None => all = Some(next),
            Some(all) => merge(all, &next).map_err(|error| match error {
                MergeError::Alloc(error) => Failure::memory(error.to_string()),
                error => Failure::file(path, error),
            })?,
        }
    }
    let all = all.ok_or_else(|| Failure::usage("nothing to merge: name the files"))?;
    save(&all, out)?;
    Ok(items(&all))
}

/// Saves what `build` made.
fn save<T: Persist>(structure: &T, path: &Path) -> Outcome<()> {
    storage::save(structure, path).map_err(|error| Failure::file(path, error))
}
