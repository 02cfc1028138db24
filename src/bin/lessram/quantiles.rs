//! `lessram quantiles`: percentiles of a stream of numbers, in one pass and in memory that does not
//! grow with it.

use crate::args::QuantilesArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, Lines};
use crate::progress::Progress;
use crate::shapes::quantiles::number_of;
use lessram::BuildError;
use lessram::mem::Footprint;
use lessram::sketches::DdSketch;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

pub(crate) fn run(args: &QuantilesArgs) -> Outcome<Code> {
    let mut sketch = DdSketch::with_error(args.error)
        .map_err(|error| Failure::usage(format!("--error: {error}")))?;
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.format.strip_cr, &mut progress)?;
    take(&mut sketch, &mut lines, args)?;
    progress.done();
    if sketch.is_collapsed() {
        progress.note("the numbers lie too far apart: the smallest are told less exactly");
    }
    if args.json { print_json(&sketch, &args.quantiles) } else { print(&sketch, &args.quantiles) }
}

/// Takes all numbers, of lines or binary ones.
fn take(sketch: &mut DdSketch, lines: &mut Lines, args: &QuantilesArgs) -> Outcome<()> {
    let refused = |error: BuildError| Failure::memory(error.to_string());
    if args.format.number_bytes().is_some() {
        return lines
            .numbers(args.format, |_, number| sketch.try_add(number as f64, 1).map_err(refused));
    }
    let mut line = Vec::new();
    while let Some(next) = lines.next()? {
        line.clear();
        line.extend_from_slice(next);
        sketch.try_add(number_of(lines, &line)?, 1).map_err(refused)?;
    }
    Ok(())
}

/// One line for each: the share, a TAB, the number.
fn print(sketch: &DdSketch, quantiles: &[f64]) -> Outcome<Code> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for q in quantiles {
        writeln!(out, "{q}\t{}", sketch.quantile(*q).unwrap_or(f64::NAN))?;
    }
    out.flush()?;
    Ok(Code::Done)
}

fn print_json(sketch: &DdSketch, quantiles: &[f64]) -> Outcome<Code> {
    let row = |q: &f64| json!({ "quantile": q, "value": sketch.quantile(*q) });
    let rows: Vec<Value> = quantiles.iter().map(row).collect();
    let value = json!({
        "schema": 1,
        "items": sketch.len(),
        "error": sketch.value_error(),
        "bytes": sketch.heap_bytes(),
        "min": sketch.min(),
        "max": sketch.max(),
        "quantiles": rows,
    });
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&value)?)?;
    Ok(Code::Done)
}
