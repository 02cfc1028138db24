//! The shape `dicts`: ordered sets of byte strings that are built once, keys numbered by rank.

use super::{Entry, Need, Shape, Size, check_key, each, file_bytes, made, prefer, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::{Structure, touch};
use crate::dataset::{Plan, SORTED};
use crate::error::{Failure, Outcome};
use crate::hold::{Answers, Hold};
use crate::input::Lines;
use crate::query::{self, Printer};
use crate::spool::{Bytes, Feed};
use lessram::FileError;
use lessram::arrays::Prefer;
use lessram::mem::{Global, Totals};
use lessram::registry::Registered;
use lessram::storage::{self, HeapWords, Persist};
use lessram::tries::{
    Automaton, Change, Dawg, Glob, KeySetBuild, Keys, Merge, Near, RankedKeySet, Regex, Sorter,
};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Keys of a block.
const BLOCK: usize = 32;

pub(crate) fn of<T: KeySetBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let rust = "let set = {}::from_sorted(sorted_keys)?; // set.id_of(&key)";
    let set = Entry::of::<Bytes, Dict<T>>("ascending, keys numbered by rank", rust);
    Shape {
        entries: vec![(Kind::Strings, set)],
        options: options_of::<T>(),
        sorts: true,
        need: need_of::<T>(),
        size: Size::Items,
        merge: Some(merge_files::<T>),
        build: build::<T>,
        open: |path| Ok(Box::new(Ranked::new(storage::read::<T>(path)?))),
    }
}

fn is_dawg<T: Persist>() -> bool {
    T::KIND.id == <Dawg as Registered>::KIND.id
}

/// A [`Dawg`] has two forms.
fn options_of<T: Persist>() -> &'static [&'static str] {
    const ALL: &[&str] = &["--fuzzy", "--glob", "--regex", "--prefer"];
    if is_dawg::<T>() { ALL } else { &ALL[..3] }
}

/// A [`Dawg`] holds its states until all are there: between next to nothing and twenty times
/// the text, by what endings keys share, which a part of the lines does not tell.
fn need_of<T: Persist>() -> Need {
    if is_dawg::<T>() { Need::Unknown } else { Need::Bounded }
}

/// Bytes of the longest key that is got by its number while that is timed.
const ROOM: usize = 1 << 16;

std::thread_local! {
    /// Room for one key. Not on the heap, where it would be counted with the set.
    static KEY: RefCell<[u8; ROOM]> = const { RefCell::new([0; ROOM]) };
}

/// A set, looked up by key, and its keys by number; with `TIMED` built for fast look-ups, where
/// there is a choice.
pub(crate) struct Dict<T, const TIMED: bool = false>(T);

impl<T, const TIMED: bool> Structure<Bytes> for Dict<T, TIMED>
where
    T: KeySetBuild<Global> + Persist,
{
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        // A key at a time: what all of them need is not the structure's peak.
        let keys = each(feed, <[u8]>::to_vec);
        made(keys, |keys| T::try_from_sorted_for(keys, prefer(TIMED), BLOCK, Global)).map(Self)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.contains(query)
    }

    fn get(&self, index: usize) -> u64 {
        KEY.with_borrow_mut(|room| self.0.key_into(index, room).map_or(0, touch))
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from the lines, in any order, each distinct one once.
fn build<T: KeySetBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut sorter = Sorter::new(options.sorting);
    while let Some(line) = lines.next()? {
        sorter.push(line).map_err(not_sorted)?;
        let len = line.len();
        check_key(&lines, len)?;
    }
    let (pushed, in_files) = (sorter.pushed(), sorter.is_in_files());
    let mut sorted = sorter.finish().map_err(not_sorted)?;
    let mut count = 0;
    let keys = std::iter::from_fn(|| {
        count += 1;
        let looked = |key| options.look(lines.name(), count).map(|()| key);
        Some(sorted.next()?.map_err(not_sorted).and_then(looked))
    });
    let prefer = Prefer::from(options.prefer);
    let built = made(keys, |keys| match (prefer, in_files) {
        (Prefer::Bytes, true) => {
            T::try_from_sorted_through(&std::env::temp_dir(), keys, BLOCK, Global)
        }
        _ => T::try_from_sorted_for(keys, prefer, BLOCK, Global),
    })?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: Some(true), repeated: pushed - items, seen: lines.seen })
}

/// Builds one of all keys that files have, each once; for time if they all are.
fn merge_files<T>(files: &[PathBuf], path: &Path) -> Outcome<Option<u64>>
where
    T: KeySetBuild<Global> + Persist<Words = HeapWords>,
{
    let read = |path: &PathBuf| {
        let set = storage::read::<T>(path).map_err(|error| Failure::file(path, error))?;
        Ok(set)
    };
    let sets = files.iter().map(read).collect::<Outcome<Vec<T>>>()?;
    let keys = sets.iter().map(|set| Keys::new(set, 0..set.len(), vec![0; set.longest()]));
    let prefer = prefer(sets.iter().all(|set| set.prefer() == Prefer::Time));
    let all = T::try_from_sorted_for(Merge::new(keys).union(), prefer, BLOCK, Global);
    let all = all.map_err(refused)?;
    save(&all, path)?;
    Ok(Some(all.len() as u64))
}

/// Why keys could not be sorted.
fn not_sorted(error: FileError) -> Failure {
    match error {
        FileError::Alloc(error) => Failure::memory(error.to_string()),
        error => Failure::scratch(&std::env::temp_dir(), error),
    }
}

/// A dictionary, and room for one of its keys.
struct Ranked<T> {
    set: T,
    buffer: RefCell<Vec<u8>>,
}

impl<T: RankedKeySet> Ranked<T> {
    fn new(set: T) -> Self {
        let buffer = RefCell::new(vec![0; set.longest()]);
        Self { set, buffer }
    }

    /// Hands the keys that `automaton` accepts to `print`; whether there are any.
    fn list<M: Automaton>(
        &self,
        automaton: M,
        mut print: impl FnMut(usize, M::Match, &[u8]) -> Outcome<()>,
    ) -> Outcome<bool> {
        let mut any = false;
        let printed = self.set.try_each_match(automaton, |id, key, found| {
            any = true;
            match print(id, found, key) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => ControlFlow::Break(failure),
            }
        });
        match printed {
            ControlFlow::Continue(()) => Ok(any),
            ControlFlow::Break(failure) => Err(failure),
        }
    }

    /// What `see` makes of a key.
    fn with<R>(&self, id: usize, see: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.set.key_into(id, &mut self.buffer.borrow_mut()).map(see)
    }
}

impl<T: RankedKeySet> Answers for Ranked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        if let Some(word) = &args.fuzzy {
            let change = if args.swaps { Change::CharOrSwap } else { Change::Char };
            let near = Near::by(word.as_encoded_bytes(), args.changes, change);
            self.list(near, |id, changes, key| printer.near(id, changes, key))
        } else if let Some(pattern) = &args.glob {
            let glob = Glob::new(pattern.as_encoded_bytes());
            let glob = glob.map_err(|error| Failure::usage(format!("--glob: {error}")))?;
            self.list(glob, |id, (), key| printer.item(Some(id), key))
        } else if let Some(expression) = &args.regex {
            let regex = Regex::new(expression);
            let regex = regex.map_err(|error| {
                // It draws the place in lines of its own, and says in the last what is wrong.
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                Failure::usage(format!("--regex: {}", last.trim_start_matches("error: ")))
            })?;
            self.list(regex, |id, (), key| printer.item(Some(id), key))
        } else {
            query::items(self, args, printer)
        }
    }
}

impl<T: RankedKeySet> Hold for Ranked<T> {
    fn len(&self) -> usize {
        self.set.len()
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        self.with(index, <[u8]>::to_vec)
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(self.with(index, |item| item.cmp(key)).unwrap_or(std::cmp::Ordering::Less))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        let (at, equal) = self.set.locate(key);
        Ok(if equal { Ok(at) } else { Err(at) })
    }

    fn check(&self, _: &[u8]) -> Outcome<()> {
        Ok(())
    }

    fn is_text(&self) -> bool {
        true
    }
}
