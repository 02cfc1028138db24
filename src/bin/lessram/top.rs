//! `lessram top`: the most frequent lines of a stream, in one pass and in memory that does not grow
//! with it.

use crate::args::TopArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, note_oddities};
use crate::progress::Progress;
use lessram::BuildError;
use lessram::mem::Footprint;
use lessram::sketches::{Counting, HeavyKey, TopK, TopKOptions};
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

/// Slots for each key that is wanted, where counts are bounds: several times those of estimates.
const SLOTS_OF_BOUNDS: usize = 32;

pub(crate) fn run(args: &TopArgs) -> Outcome<Code> {
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(&args.file, args.strip_cr, &mut progress)?;
    let mut options = TopKOptions { keeps_keys: true, ..TopKOptions::for_keys(args.k) };
    if args.bounds {
        options.counting = Counting::Bounds;
        options.slots = options.slots.max(args.k.saturating_mul(SLOTS_OF_BOUNDS));
    }
    let mut top = TopK::try_with_options(options).map_err(|error| match error {
        BuildError::Alloc(error) => Failure::memory(error.to_string()),
        error => Failure::usage(format!("-k: {error}")),
    })?;
    while let Some(line) = lines.next()? {
        top.try_add(line, 1).map_err(|error| Failure::memory(error.to_string()))?;
    }
    progress.done();
    let format = crate::args::FormatArgs { strip_cr: args.strip_cr, ..Default::default() };
    note_oddities(&lines.seen, format, &progress);
    if args.json { print_json(&top, args.k) } else { print(&top, args) }
}

/// One line for each: the count, with bounds the least it can be, and the line.
fn print(top: &TopK, args: &TopArgs) -> Outcome<Code> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for entry in top.top(args.k) {
        write!(out, "{}\t", entry.count)?;
        if args.bounds {
            write!(out, "{}\t", entry.at_least)?;
        }
        out.write_all(entry.key.unwrap_or_default())?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(Code::Done)
}

fn print_json(top: &TopK, k: usize) -> Outcome<Code> {
    let bounds = top.counting() == Counting::Bounds;
    let row = |entry: &HeavyKey<'_>| {
        let key = entry.key.unwrap_or_default();
        let mut row = json!({ "count": entry.count });
        if bounds {
            row["at_least"] = entry.at_least.into();
        }
        match std::str::from_utf8(key) {
            Ok(text) => row["item"] = text.into(),
            // JSON holds text only: other bytes are told as numbers.
            Err(_) => (row["item"], row["bytes"]) = (Value::Null, key.into()),
        }
        row
    };
    let rows: Vec<Value> = top.top(k).iter().map(row).collect();
    let value = json!({
        "schema": 1,
        "items": top.total(),
        "bytes": top.heap_bytes(),
        "counting": if bounds { "bounds" } else { "estimates" },
        "top": rows,
    });
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&value)?)?;
    Ok(Code::Done)
}
