//! `lessram distinct`: how many different lines a stream has, in one pass and fixed memory.

use crate::args::DistinctArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, group};
use crate::memory::human;
use crate::progress::Progress;
use lessram::AllocError;
use lessram::maps::StrSet;
use lessram::mem::{Footprint, Global};
use lessram::sketches::ExaLogLog;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Instant;

pub(crate) fn run(args: &DistinctArgs) -> Outcome<Code> {
    if args.rate && !args.file.is_file() {
        return Err(Failure::usage("--rate reads the file again and again: name a file"));
    }
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.strip_cr, &mut progress)?;
    let mut sketch = empty(args)?;
    let mut exact = args.exact.then(StrSet::new);
    let too_many = |error: String| Failure::memory(format!("{error}: leave out --exact"));
    let begin = Instant::now();
    while let Some(line) = lines.next()? {
        sketch.try_insert(line).map_err(refused)?;
        if let Some(exact) = &mut exact {
            exact.try_insert(line).map_err(|error| too_many(error.to_string()))?;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    progress.done();
    let rates = if args.rate { Some(rates(args, lines.seen.lines, seconds)?) } else { None };
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

/// Passes of each sort.
const PASSES: usize = 3;

/// Lines a second when they are counted, and when they are only read and split: the best of some
/// passes, which take turns, as the machine may have other things to do. The first one, which
/// counts and took `seconds`, is one of them: whatever is not cached by then is to its cost.
fn rates(args: &DistinctArgs, lines: u64, seconds: f64) -> Outcome<(f64, f64)> {
    let (mut counting, mut reading) = (seconds, f64::INFINITY);
    for round in 0..PASSES {
        if round > 0 {
            let mut sketch = empty(args)?;
            let seconds = pass(args, |line| sketch.try_insert(line).map_err(refused))?;
            counting = counting.min(seconds);
        }
        let only_reads = |line: &[u8]| {
            std::hint::black_box(line);
            Ok(())
        };
        reading = reading.min(pass(args, only_reads)?);
    }
    let rate = |seconds: f64| lines as f64 / seconds.max(1e-9);
    Ok((rate(counting), rate(reading)))
}

/// Seconds of giving each line of the file to `take`.
fn pass(args: &DistinctArgs, mut take: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<f64> {
    let mut lines = input::once(&args.file, args.strip_cr, &mut Progress::new(true))?;
    let begin = Instant::now();
    while let Some(line) = lines.next()? {
        take(line)?;
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// An empty sketch. All lines come through this one: it may count as it goes.
fn empty(args: &DistinctArgs) -> Outcome<ExaLogLog> {
    let sketch = ExaLogLog::try_new_in(args.p, args.seed, Global);
    let sketch = sketch.map_err(|error| Failure::usage(error.to_string()))?;
    Ok(sketch.with_running_estimate())
}

fn refused(error: AllocError) -> Failure {
    Failure::memory(error.to_string())
}
