//! The shape `quantiles`: sketches of numbers, which are asked for ranks.

use super::{Need, Peak, Shape, Size, merged, refused, save};
use crate::args::QueryArgs;
use crate::build::{Built, Options};
use crate::error::{Failure, Outcome};
use crate::hold::Answers;
use crate::input::{Lines, excerpt};
use crate::query::{Printer, each_key, only_keys};
use lessram::mem::Global;
use lessram::sketches::{Quantiles, QuantilesMut};
use lessram::storage::{self, HeapWords, Persist};
use std::path::Path;

pub(crate) fn of<T: QuantilesMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        // No kind of data that is compared consists of numbers that repeat or have fractions.
        entries: Vec::new(),
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::NOTHING),
        size: Size::Count(1),
        merge: Some(|files, out| merged(files, out, T::merge, |all| Some(all.len()))),
        build: build::<T>,
        open: |path| Ok(Box::new(Asked(storage::read::<T>(path)?))),
    }
}

/// A line as a number, if it is a finite one.
pub(crate) fn decimal_number(line: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(line).ok()?.trim();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The last line as a number.
pub(crate) fn number_of(lines: &Lines, line: &[u8]) -> Outcome<f64> {
    decimal_number(line).ok_or_else(|| {
        let text = excerpt(line);
        lines.fail_here(&format!("{text} is no finite number: correct the line, or leave it out"))
    })
}

/// Takes each line, or binary number.
fn build<T: QuantilesMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let mut sketch = T::try_default_in(Global).map_err(refused)?;
    if options.format.number_bytes().is_some() {
        lines
            .numbers(options.format, |_, number| sketch.try_add(number as f64).map_err(refused))?;
    } else {
        let mut line = Vec::new();
        while let Some(next) = lines.next()? {
            line.clear();
            line.extend_from_slice(next);
            sketch.try_add(number_of(&lines, &line)?).map_err(refused)?;
        }
    }
    sketch.try_shrink_to_fit().map_err(refused)?;
    save(&sketch, path)?;
    let (items, heap_bytes) = (sketch.len(), sketch.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted: None, repeated: 0, seen: lines.seen })
}

/// A file's sketch.
struct Asked<T>(T);

impl<T: Quantiles> Answers for Asked<T> {
    /// Of each number, the share of all that is not larger.
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        only_keys(
            args,
            "quantiles know no single numbers: name some, to see which share of all \
                 is not larger",
        )?;
        let number = |key: &[u8]| {
            decimal_number(key)
                .ok_or_else(|| Failure::usage(format!("{} is no finite number", excerpt(key))))
        };
        each_key(
            args,
            |key| number(key).map(drop),
            |key| {
                let rank = self.0.rank(number(key)?).unwrap_or(0.0);
                printer.print(&format!("{rank:.4}"), ("rank", rank.into()), key)?;
                Ok(self.0.len() > 0)
            },
        )
    }
}
