//! The shape `counters`: an array of counters, which are asked by index.

use super::{Need, Peak, Shape, Size, merged, refused, save};
use crate::args::QueryArgs;
use crate::build::{Built, Options};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::Lines;
use crate::query::{Printer, each_key, number};
use lessram::mem::Global;
use lessram::sketches::{Counters, CountersMut};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

/// Bits of a counter that `build` makes.
const BITS: u32 = 12;
/// The largest count that it makes them for.
const MAX: u64 = 1_000_000_000;
/// The largest number that it counts: the array has a counter for each below it.
const MOST: u64 = 1 << 32;

pub(crate) fn of<T: CountersMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        // No kind of data that is compared consists of small numbers.
        entries: Vec::new(),
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING.and_places(12, MOST, 0)),
        size: Size::Count(1),
        merge: Some(|files, out| merged(files, out, T::merge, |_| None)),
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// Counts how often each number is there.
fn build<T: CountersMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut counters = T::try_new_in(BITS, 0, MAX, Global).map_err(refused)?;
    lines.numbers(options.format, |lines, number| {
        if number >= MOST {
            return Err(lines.fail_here(&format!(
                "{number} is too large: there is a counter for each number from 0 to the largest, \
                 which must be below 2^32"
            )));
        }
        let index = number as usize;
        if index >= counters.len() {
            counters.try_resize(index + 1).map_err(refused)?;
        }
        counters.add(index);
        Ok(())
    })?;
    counters.try_shrink_to_fit().map_err(refused)?;
    save(&counters, path)?;
    let (items, heap_bytes) = (counters.len() as u64, counters.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// A file's counters.
struct Asked<T>(T);

impl<T: Counters> Asked<T> {
    /// Prints the count at `index`; whether it is above 0.
    fn print(&self, index: u64, printer: &mut Printer) -> Outcome<bool> {
        let count = usize::try_from(index).ok().and_then(|index| self.0.get(index));
        let count = count.unwrap_or(0.0).round();
        printer.print(&count.to_string(), ("count", count.into()), index.to_string().as_bytes())?;
        Ok(count > 0.0)
    }
}

impl<T: Counters> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        let others = [("--prefix", args.prefix.is_some()), ("--range", args.range.is_some())];
        if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!(
                "{option}: counters are asked by their numbers: name those, or use --index"
            )));
        }
        if let Some(index) = args.index {
            return self.print(index, printer);
        }
        let check = |key: &[u8]| number(key).map(drop);
        each_key(args, check, |key| self.print(number(key)?, printer))
    }
}
