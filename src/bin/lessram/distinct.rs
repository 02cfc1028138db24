//! `lessram distinct`: how many different lines a stream has, in one pass and fixed memory.

use crate::args::DistinctArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, group};
use crate::memory::human;
use crate::progress::Progress;
use lessram::maps::StrSet;
use lessram::mem::{Footprint, Global};
use lessram::sketches::ExaLogLog;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Instant;

pub(crate) fn run(args: &DistinctArgs) -> Outcome<Code> {
    if args.rate && !args.file.is_file() {
        return Err(Failure::usage("--rate reads the file twice: name a file"));
    }
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.strip_cr, &mut progress)?;
    let sketch = ExaLogLog::try_new_in(args.p, args.seed, Global);
    // All lines come through this one sketch: it may count as it goes.
    let mut sketch = sketch.map_err(|error| Failure::usage(error.to_string()))?;
    sketch = sketch.with_running_estimate();
    let mut exact = args.exact.then(StrSet::new);
    let refused = |error: String| Failure::memory(format!("{error}: leave out --exact"));
    let begin = Instant::now();
    while let Some(line) = lines.next()? {
        sketch.try_insert(line).map_err(|error| Failure::memory(error.to_string()))?;
        if let Some(exact) = &mut exact {
            exact.try_insert(line).map_err(|error| refused(error.to_string()))?;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    progress.done();
    let rates = if args.rate { Some(rates(args, seconds)?) } else { None };
    let counted = Counted { sketch, exact, items: lines.seen.lines, rates };
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&counted.json())?)?;
    } else {
        write!(out, "{}", counted.text())?;
    }
    Ok(Code::Done)
}

/// What there is to print.
struct Counted {
    sketch: ExaLogLog,
    exact: Option<StrSet>,
    items: u64,
    /// Lines a second, counted and only read.
    rates: Option<(f64, f64)>,
}

impl Counted {
    fn json(&self) -> Value {
        let Self { sketch, exact, items, rates } = self;
        let (estimate, error) = sketch.estimate_with_error();
        let mut value = json!({
            "schema": 1,
            "items": items,
            "estimate": estimate,
            "std_error": error,
            "lower": sketch.lower_bound(2.0),
            "upper": sketch.upper_bound(2.0),
            "bytes": sketch.total_bytes(),
        });
        if let Some(exact) = exact {
            (value["exact"], value["exact_bytes"]) =
                (exact.len().into(), exact.total_bytes().into());
        }
        if let Some((counting, reading)) = rates {
            (value["lines_per_s"], value["lines_per_s_reading"]) =
                (counting.round().into(), reading.round().into());
        }
        value
    }

    fn text(&self) -> String {
        let Self { sketch, exact, items, rates } = self;
        let (estimate, error) = sketch.estimate_with_error();
        let whole = |number: f64| group(number.round() as u64);
        let mut out = format!(
            "{} different lines, about: {} to {} (two standard errors of {:.2} %); {} lines, {}\n",
            whole(estimate),
            whole(sketch.lower_bound(2.0)),
            whole(sketch.upper_bound(2.0)),
            error * 100.0,
            group(*items),
            human(sketch.total_bytes() as u64)
        );
        if let Some(exact) = exact {
            let off = (estimate / exact.len().max(1) as f64 - 1.0) * 100.0;
            let (count, bytes) = (group(exact.len() as u64), human(exact.total_bytes() as u64));
            out += &format!("{count} exactly: the estimate is {off:+.2} % off; {bytes}\n");
        }
        if let Some((counting, reading)) = rates {
            out += &format!(
                "{} lines a second, {:.2} of the {} that are read and split without counting\n",
                whole(*counting),
                counting / reading,
                whole(*reading)
            );
        }
        out
    }
}

/// Lines a second of a pass that took so many, and of one that only reads and splits them. The
/// latter comes second: whatever is cached by then is to its advantage.
fn rates(args: &DistinctArgs, seconds: f64) -> Outcome<(f64, f64)> {
    let mut lines = input::once(&args.file, args.strip_cr, &mut Progress::new(true))?;
    let begin = Instant::now();
    while let Some(line) = lines.next()? {
        std::hint::black_box(line);
    }
    let count = lines.seen.lines as f64;
    Ok((count / seconds.max(1e-9), count / begin.elapsed().as_secs_f64().max(1e-9)))
}
