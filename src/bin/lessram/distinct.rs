//! `lessram distinct`: how many different lines a stream has, in one pass and fixed memory.

use crate::args::DistinctArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, group};
use crate::memory::human;
use crate::progress::Progress;
use lessram::maps::StrSet;
use lessram::mem::{Footprint, Global};
use lessram::sketches::ExaLogLog;
use serde_json::json;
use std::io::Write;

pub(crate) fn run(args: &DistinctArgs) -> Outcome<Code> {
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.strip_cr, &mut progress)?;
    let sketch = ExaLogLog::try_new_in(args.p, args.seed, Global);
    // All lines come through this one sketch: it may count as it goes.
    let mut sketch = sketch.map_err(|error| Failure::usage(error.to_string()))?;
    sketch = sketch.with_running_estimate();
    let mut exact = args.exact.then(StrSet::new);
    let refused = |error: String| Failure::memory(format!("{error}: leave out --exact"));
    while let Some(line) = lines.next()? {
        sketch.try_insert(line).map_err(|error| Failure::memory(error.to_string()))?;
        if let Some(exact) = &mut exact {
            exact.try_insert(line).map_err(|error| refused(error.to_string()))?;
        }
    }
    progress.done();
    let (estimate, error) = sketch.estimate_with_error();
    let (items, bytes) = (lines.seen.lines, sketch.total_bytes());
    let mut out = std::io::stdout();
    if args.json {
        let mut value = json!({
            "schema": 1,
            "items": items,
            "estimate": estimate,
            "std_error": error,
            "lower": sketch.lower_bound(2.0),
            "upper": sketch.upper_bound(2.0),
            "bytes": bytes,
        });
        if let Some(exact) = &exact {
            (value["exact"], value["exact_bytes"]) =
                (exact.len().into(), exact.total_bytes().into());
        }
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(Code::Done);
    }
    let whole = |number: f64| group(number.round() as u64);
    writeln!(
        out,
        "{} different lines, about: {} to {} (two standard errors of {:.2} %); {} lines, {}",
        whole(estimate),
        whole(sketch.lower_bound(2.0)),
        whole(sketch.upper_bound(2.0)),
        error * 100.0,
        group(items),
        human(bytes as u64)
    )?;
    if let Some(exact) = &exact {
        let off = (estimate / exact.len().max(1) as f64 - 1.0) * 100.0;
        let (count, bytes) = (group(exact.len() as u64), human(exact.total_bytes() as u64));
        writeln!(out, "{count} exactly: the estimate is {off:+.2} % off; {bytes}")?;
    }
    Ok(Code::Done)
}
