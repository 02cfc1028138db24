//! Heap bytes from some of the lines: runs of neighbours are built, of all, a quarter and a
//! sixteenth of them, and how bytes an item fall from one to the next says how they go on.

use super::{By, Predicted};
use crate::args::{Kind, PredictArgs, Preferred};
use crate::build::Options;
use crate::error::{Failure, Outcome};
use crate::input::{self, decimal};
use crate::memory;
use crate::progress::Progress;
use crate::rows::Row;
use crate::scratch::Scratch;
use crate::shapes::Size;
use lessram::arrays::StrArray;
use lessram::tries::{Form, fallen, plan};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Of fewer lines than that, and of a percent of more, runs are built.
const BUILT: usize = 1 << 16;
/// Lines of a run, where they were sorted: neighbours share what they begin with.
const SORTED_RUN: usize = 128;
/// Lines of a run else, which begins at a multiple of it: so that blocks are those of the whole.
const RUN: usize = 1 << 12;
/// Forms that the library foretells by a plan, and the bytes of keys that it builds for that.
const FORMS: [Form; 3] = [Form::RearDict, Form::FrontDict, Form::Dawg];
const PLANNED: u64 = 1 << 20;

pub(super) fn predict(
    row: &Row,
    file: &Path,
    items: Option<u64>,
    options: &Options,
    args: &PredictArgs,
    progress: &mut Progress,
) -> Outcome<Predicted> {
    if let Ok(info) = fs::metadata(file) {
        // The lines, where each begins, and their order.
        let instead = "take a part of the file (`shuf -n`) and say --n";
        memory::check(args.memory, info.len() * 3, "holding the sample", instead)?;
    }
    let lines = Sample::read(row, file, args.strip_cr, progress)?;
    progress.phase("building parts");
    let (scratch, of) = (Scratch::create()?, lines.len() as u64);
    let items = items.unwrap_or(of);
    if items > of && row.shape.sorts {
        return Err(Failure::usage(format!(
            "predict {}: what neighbours share shows among all lines only, and of {items} the \
             sample has {of}: give all of them (a percent is built)",
            row.kind.name
        )));
    }
    let built = lines.build(row, options, &scratch)?;
    let bytes = (built.each * items as f64).round() as u64;
    let exact = items == of && built.lines == of;
    let by = By::Sample { built: built.lines, of };
    Ok(Predicted { items, bytes, exact, by })
}

/// Bytes an item among `times` as many, if in a quarter and in all it takes so much, where that
/// grows with the logarithm of how many there are, as numbers of bits do.
fn risen([quarter, all]: [f64; 2], times: f64) -> f64 {
    all + (all - quarter) * times.max(1.0).log(4.0)
}

/// What was made of lines.
struct Built {
    /// Lines that went into a structure.
    lines: u64,
    /// Bytes that each takes in one of all that there are.
    each: f64,
}

/// Lines, those of a structure that sorts them in order and each once.
struct Sample {
    /// What people call the file.
    name: String,
    lines: StrArray,
    order: Vec<u32>,
}

impl Sample {
    fn read(row: &Row, file: &Path, strip_cr: bool, progress: &mut Progress) -> Outcome<Self> {
        let refused = |error| Failure::memory(format!("{}: {error}", file.display()));
        let (mut text, mut lines) = (input::once(file, strip_cr, progress)?, StrArray::new());
        while let Some(line) = text.next()? {
            lines.try_push(line).map_err(refused)?;
        }
        let all = u32::try_from(lines.len())
            .map_err(|_| text.fail("more than 2^32 lines: take a part of them, and say --n"))?;
        let mut order: Vec<u32> = (0..all).collect();
        if row.shape.sorts {
            let line = |at: &u32| lines.get(*at as usize).unwrap_or(&[]);
            order.sort_unstable_by(|a, b| line(a).cmp(line(b)));
            order.dedup_by(|a, b| line(a) == line(b));
        }
        Ok(Self { name: text.name().to_owned(), lines, order })
    }

    fn len(&self) -> usize {
        self.order.len()
    }

    /// What all of them take: by a plan if there is one, else by runs of them.
    fn build(&self, row: &Row, options: &Options, scratch: &Scratch) -> Outcome<Built> {
        let all = self.len();
        let line = |at: &u32| self.lines.get(*at as usize).unwrap_or(&[]);
        let keys: Vec<&[u8]> = self.order.iter().map(line).collect();
        if let Some(form) = FORMS.iter().find(|form| row.path.ends_with(&format!("::{form}"))) {
            let timed = *form == Form::Dawg && options.prefer == Preferred::Time;
            return planned(if timed { Form::TimedDawg } else { *form }, row, &keys);
        }
        let wanted = (all / 100).max(BUILT);
        if all <= 2 * wanted {
            let bytes = built(row, &self.name, keys.iter().copied(), options, scratch)?;
            return Ok(Built { lines: all as u64, each: bytes as f64 / all as f64 });
        }
        let name = format!("{}, runs of its lines", self.name);
        let run = if row.shape.sorts { SORTED_RUN } else { RUN };
        // Sixteen times as many runs can be dealt out evenly to sixteen parts.
        let runs = (wanted / run).next_multiple_of(16);
        let starts = |at: usize, every: usize| {
            let middle = move |index: usize| all * (2 * index + 1) / (2 * runs);
            (at..runs).step_by(every).map(move |index| (middle(index) - run / 2) / run * run)
        };
        let numbers = row.shape.entries.iter().all(|(kind, _)| *kind == Kind::Ints);
        // Text that is held as it is can be counted of all lines: only what comes to it is built.
        let is_text = matches!(row.shape.size, Size::Text);
        let bytes_of = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>() as f64;
        let part = |at: usize, every: usize| {
            let lines = starts(at, every).map(|start| &keys[start..start + run]);
            let text: f64 = if is_text { lines.clone().map(bytes_of).sum() } else { 0.0 };
            let bytes = match numbers.then(|| closed_up(lines.clone())).flatten() {
                Some(text) => {
                    built(row, &name, text.iter().map(|line| line.as_bytes()), options, scratch)
                }
                None => built(row, &name, lines.flatten().copied(), options, scratch),
            };
            bytes.map(|bytes| bytes as f64 - text)
        };
        let mean = |parts: usize| -> Outcome<f64> {
            let sums: Outcome<f64> = (0..parts.min(4)).map(|at| part(at, parts)).sum();
            Ok(sums? / parts.min(4) as f64 / (runs / parts * run) as f64)
        };
        let times = all as f64 / (runs * run) as f64;
        let each = match is_text {
            true => bytes_of(&keys) / all as f64 + risen([mean(4)?, mean(1)?], times),
            // A guess: as keys of dictionaries do.
            false => fallen([mean(16)?, mean(4)?, mean(1)?], times),
        };
        Ok(Built { lines: (runs * run) as u64, each })
    }
}

/// Runs of ascending numbers without the space between them, which would be as much as that
/// between all the numbers of the whole: each goes on as the one before was going. `None` if they
/// are no such numbers.
fn closed_up<'r>(runs: impl Iterator<Item = &'r [&'r [u8]]>) -> Option<Vec<String>> {
    let (mut text, mut last, mut next) = (Vec::new(), None, 0_u64);
    for run in runs {
        for (i, line) in run.iter().enumerate() {
            let number = decimal(line)?;
            let gap = number.checked_sub(last.unwrap_or(number))?;
            if i > 0 {
                next = next.checked_add(gap)?;
            }
            last = Some(number);
            text.push(next.to_string());
        }
        let two = run.get(run.len().checked_sub(2)?)?;
        next = next.checked_add(last? - decimal(two)?)?;
    }
    Some(text)
}

/// What the library foretells of `keys`, which ascend, for a dictionary of this form.
fn planned(form: Form, row: &Row, keys: &[&[u8]]) -> Outcome<Built> {
    let plans =
        plan(keys).map_err(|error| Failure::bad(format!("predict {}: {error}", row.kind.name)))?;
    let all = keys.len() as u64;
    let (mut built, mut bytes) = (all, 0);
    for plan in plans {
        if plan.form == form {
            bytes = plan.bytes;
        }
        // It builds runs in which so many bytes differ from the key before, unless all are few.
        if !matches!(plan.form, Form::Dawg | Form::TimedDawg) && plan.units >= 2 * PLANNED {
            built = (all as f64 * PLANNED as f64 / plan.units as f64) as u64;
        }
    }
    Ok(Built { lines: built, each: bytes as f64 / all.max(1) as f64 })
}

/// Heap bytes of the structure of `lines`, which are called `name` where it refuses them.
fn built<'l>(
    row: &Row,
    name: &str,
    lines: impl Iterator<Item = &'l [u8]>,
    options: &Options,
    scratch: &Scratch,
) -> Outcome<u64> {
    let (file, path) = scratch.file("lines")?;
    let mut file = BufWriter::new(file);
    let write = |file: &mut BufWriter<File>, line: &[u8]| {
        file.write_all(line).and_then(|()| file.write_all(b"\n"))
    };
    for line in lines {
        write(&mut file, line).map_err(|error| Failure::scratch(&path, error))?;
    }
    file.flush().map_err(|error| Failure::scratch(&path, error))?;
    drop(file);
    let lines = input::once(&path, false, &mut Progress::new(true))?.called(name);
    Ok((row.shape.build)(lines, &scratch.path().join("built"), options)?.heap_bytes)
}

/// Heap bytes of the structure of the numbers below `count` that are multiples of `step`, and the
/// last.
pub(super) fn built_of_numbers(
    row: &Row,
    count: u64,
    step: u64,
    options: &Options,
    scratch: &Scratch,
) -> Outcome<u64> {
    let numbers = (0..count).filter(|number| number % step == 0 || number + 1 == count);
    let text: Vec<String> = numbers.map(|number| number.to_string()).collect();
    built(row, "numbers", text.iter().map(|line| line.as_bytes()), options, scratch)
}
