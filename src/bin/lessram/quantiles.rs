//! `lessram quantiles`: percentiles of a stream of numbers, in one pass and in memory that does not
//! grow with it.

use crate::args::QuantilesArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, Lines};
use crate::progress::Progress;
use crate::shapes::quantiles::number_of;
use lessram::arrays::SlimVec;
use lessram::mem::Footprint;
use lessram::sketches::DdSketch;
use lessram::{AllocError, BuildError};
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

pub(crate) fn run(args: &QuantilesArgs) -> Outcome<Code> {
    let mut sketch = DdSketch::with_error(args.error)
        .map_err(|error| Failure::usage(format!("--error: {error}")))?;
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.format.strip_cr, &mut progress)?;
    let mut exact = args.exact.then(SlimVec::new);
    take(&mut sketch, &mut exact, &mut lines, args)?;
    progress.done();
    if let Some(exact) = &mut exact {
        exact.sort_unstable_by(f64::total_cmp);
    }
    if sketch.is_collapsed() {
        progress.note("the numbers lie too far apart: the smallest are told less exactly");
    }
    let print = if args.json { print_json } else { print };
    print(&sketch, exact.as_deref(), &args.quantiles)
}

/// Takes all numbers, of lines or binary ones; keeps them too, if there is a place to.
fn take(
    sketch: &mut DdSketch,
    all: &mut Option<SlimVec<f64>>,
    lines: &mut Lines,
    args: &QuantilesArgs,
) -> Outcome<()> {
    let mut take = |number: f64| {
        sketch
            .try_add(number, 1)
            .map_err(|error: BuildError| Failure::memory(error.to_string()))?;
        if let Some(all) = all {
            let refused =
                |error: AllocError| Failure::memory(format!("{error}: leave out --exact"));
            all.try_push(number).map_err(refused)?;
        }
        Ok(())
    };
    if args.format.number_bytes().is_some() {
        return lines.numbers(args.format, |_, number| take(number as f64));
    }
    let mut line = Vec::new();
    while let Some(next) = lines.next()? {
        line.clear();
        line.extend_from_slice(next);
        take(number_of(lines, &line)?)?;
    }
    Ok(())
}

/// The least number of `sorted` that at least a share `q` of them does not exceed. The sketch takes
/// it so: by another rule the two would differ by a number of the stream, however small the error.
fn exactly(sorted: &[f64], q: f64) -> Option<f64> {
    let wanted = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(wanted.saturating_sub(1)).copied()
}

/// One line for each: the share, a TAB, the number, and the true one behind a TAB if it is known.
fn print(sketch: &DdSketch, exact: Option<&[f64]>, quantiles: &[f64]) -> Outcome<Code> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for q in quantiles {
        write!(out, "{q}\t{}", sketch.quantile(*q).unwrap_or(f64::NAN))?;
        match exact {
            Some(exact) => writeln!(out, "\t{}", exactly(exact, *q).unwrap_or(f64::NAN))?,
            None => writeln!(out)?,
        }
    }
    out.flush()?;
    Ok(Code::Done)
}

fn print_json(sketch: &DdSketch, exact: Option<&[f64]>, quantiles: &[f64]) -> Outcome<Code> {
    let row = |q: &f64| {
        let mut row = json!({ "quantile": q, "value": sketch.quantile(*q) });
        if let Some(exact) = exact {
            row["exact"] = exactly(exact, *q).into();
        }
        row
    };
    let rows: Vec<Value> = quantiles.iter().map(row).collect();
    let mut value = json!({
        "schema": 1,
        "items": sketch.len(),
        "error": sketch.value_error(),
        "bytes": sketch.heap_bytes(),
        "min": sketch.min(),
        "max": sketch.max(),
        "quantiles": rows,
    });
    if let Some(exact) = exact {
        value["exact_bytes"] = size_of_val(exact).into();
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&value)?)?;
    Ok(Code::Done)
}
