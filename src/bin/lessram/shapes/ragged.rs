//! The shape `ragged`: rows of numbers, which are asked by index.

use super::{Need, Peak, Shape, Size, refused, save};
use crate::args::QueryArgs;
use crate::build::{Built, Options};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::{Lines, decimal, excerpt};
use crate::query::{Printer, each_key, number};
use lessram::arrays::{PackedInts, RaggedBuild, RaggedRows, SlimVec};
use lessram::mem::Global;
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: RaggedBuild<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        // No kind of data that is compared consists of rows.
        entries: Vec::new(),
        options: &[],
        sorts: false,
        need: Need::Of(Peak::a_field(18)),
        size: Size::Items,
        merge: None,
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// What stands between two numbers of a line.
const fn parts(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',')
}

/// Each line is a row of numbers between spaces, tabs or commas.
fn build<T: RaggedBuild<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    _: &Options,
) -> Outcome<Built> {
    let (mut items, mut ends) = (SlimVec::new(), PackedInts::new());
    while let Some(line) = lines.next()? {
        for field in line.split(parts).filter(|field| !field.is_empty()) {
            let Some(number) = decimal(field) else {
                let wrong = excerpt(field);
                return Err(lines.fail_here(&format!("{wrong} is no decimal number below 2^64")));
            };
            items.try_push(number).map_err(refused)?;
        }
        ends.try_push(items.len() as u64).map_err(refused)?;
    }
    let row = |index: usize| {
        let start = index.checked_sub(1).and_then(|before| ends.get(before)).unwrap_or(0);
        &items[start as usize..ends.get(index).unwrap_or(start) as usize]
    };
    let built = T::try_build_in((0..ends.len()).map(row), Global).map_err(refused)?;
    save(&built, path)?;
    let (rows, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items: rows, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// A file's rows.
struct Asked<T>(T);

impl<T: RaggedRows> Asked<T> {
    /// Prints the row at `index`; whether there is one.
    fn print(&self, index: u64, printer: &mut Printer) -> Outcome<bool> {
        let row = usize::try_from(index).ok().and_then(|index| self.0.row(index));
        let found = row.is_some();
        let numbers: Vec<String> =
            row.into_iter().flatten().map(|number| number.to_string()).collect();
        let word = if found { numbers.join(" ") } else { "-".into() };
        printer.print(&word, ("row", numbers.into()), index.to_string().as_bytes())?;
        Ok(found)
    }
}

impl<T: RaggedRows> Answers for Asked<T> {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        let others = [("--prefix", args.prefix.is_some()), ("--range", args.range.is_some())];
        if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format!(
                "{option}: rows are asked by their numbers: name those, or use --index"
            )));
        }
        if let Some(index) = args.index {
            return self.print(index, printer);
        }
        let check = |key: &[u8]| number(key).map(drop);
        each_key(args, check, |key| self.print(number(key)?, printer))
    }
}
