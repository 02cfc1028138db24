//! `lessram top`: the most frequent lines of a stream, in one pass and in memory that does not grow
//! with it.

use crate::args::TopArgs;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, note_oddities};
use crate::progress::Progress;
use lessram::BuildError;
use lessram::maps::{StrEntry, StrMap};
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
    let mut exact = args.exact.then(StrMap::<u64>::new);
    while let Some(line) = lines.next()? {
        top.try_add(line, 1).map_err(|error| Failure::memory(error.to_string()))?;
        if let Some(exact) = &mut exact {
            count(exact, line)?;
        }
    }
    progress.done();
    let format = crate::args::FormatArgs { strip_cr: args.strip_cr, ..Default::default() };
    note_oddities(&lines.seen, format, &progress);
    if args.json { print_json(&top, &exact, args.k) } else { print(&top, &exact, args) }
}

/// Counts a line among all.
fn count(all: &mut StrMap<u64>, line: &[u8]) -> Outcome<()> {
    match all.entry(line) {
        StrEntry::Occupied(mut entry) => *entry.get_mut() += 1,
        StrEntry::Vacant(entry) => {
            let refused = |error| Failure::memory(format!("{error}: leave out --exact"));
            entry.try_insert(1).map_err(refused)?;
        }
    }
    Ok(())
}

/// One line for each: the count, with bounds the least it can be, the true count if it is known,
/// and the line.
fn print(top: &TopK, exact: &Option<StrMap<u64>>, args: &TopArgs) -> Outcome<Code> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for entry in top.top(args.k) {
        write!(out, "{}\t", entry.count)?;
        if args.bounds {
            write!(out, "{}\t", entry.at_least)?;
        }
        let key = entry.key.unwrap_or_default();
        if let Some(exact) = exact {
            write!(out, "{}\t", exact.get(key).copied().unwrap_or(0))?;
        }
        out.write_all(key)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(Code::Done)
}

fn print_json(top: &TopK, exact: &Option<StrMap<u64>>, k: usize) -> Outcome<Code> {
    let bounds = top.counting() == Counting::Bounds;
    let row = |entry: &HeavyKey<'_>| {
        let key = entry.key.unwrap_or_default();
        let mut row = json!({ "count": entry.count });
        if bounds {
            row["at_least"] = entry.at_least.into();
        }
        if let Some(exact) = exact {
            row["exact"] = exact.get(key).copied().unwrap_or(0).into();
        }
        match std::str::from_utf8(key) {
            Ok(text) => row["item"] = text.into(),
            // JSON holds text only: other bytes are told as numbers.
            Err(_) => (row["item"], row["bytes"]) = (Value::Null, key.into()),
        }
        row
    };
    let rows: Vec<Value> = top.top(k).iter().map(row).collect();
    let mut value = json!({
        "schema": 1,
        "items": top.total(),
        "bytes": top.heap_bytes(),
        "counting": if bounds { "bounds" } else { "estimates" },
        "top": rows,
    });
    if let Some(exact) = exact {
        value["exact_bytes"] = exact.heap_bytes().into();
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&value)?)?;
    Ok(Code::Done)
}
