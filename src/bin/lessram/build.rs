//! `lessram build`.

use crate::about::{About, about};
use crate::args::{BuildArgs, FormatArgs, Keys, Kind, Preferred};
use crate::error::{Code, Failure, Outcome};
use crate::heap;
use crate::input::{self, Seen, group, note_oddities};
use crate::memory::{self, Watch};
use crate::outputs::{check_apart, check_index};
use crate::progress::Progress;
use crate::rate::Rate;
use crate::rows::{self, Row};
use crate::scratch::Sweeper;
use crate::shapes::{self, Need};
use lessram::arrays::PackedInts;
use lessram::registry::Registered;
use lessram::storage::HeapWords;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// What building needs to know beside the lines.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) format: FormatArgs,
    /// Bits a number takes at most.
    pub(crate) width: Option<u32>,
    /// Rate of false alarms.
    pub(crate) fpr: Rate,
    /// What keys are, where their hashes are all that counts.
    pub(crate) keys: Keys,
    /// What counts, where there are two forms.
    pub(crate) prefer: Preferred,
    /// Bytes for sorting.
    pub(crate) sorting: usize,
    /// What ends it where it takes too much, unless it is bounded.
    pub(crate) watch: Option<Watch>,
}

impl Options {
    /// Ends building if that holds too much after so many of the items of `name`.
    pub(crate) fn look(&self, name: &str, items: u64) -> Outcome<()> {
        self.look_at(name, items, || 0)
    }

    /// As [`look`](Self::look), or if what is foretold of these items is too much.
    fn look_at(&self, name: &str, items: u64, foretold: impl Fn() -> u64) -> Outcome<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.look(name, items, foretold))
    }
}

/// What was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built {
    pub(crate) items: u64,
    pub(crate) heap_bytes: u64,
    /// Whether the items ascend, if their order is kept.
    pub(crate) sorted: Option<bool>,
    /// Lines that were there before, if each key counts once.
    pub(crate) repeated: u64,
    pub(crate) seen: Seen,
}

pub(crate) fn run(args: &BuildArgs) -> Outcome<Code> {
    if args.list {
        return list(args.json);
    }
    let (Some(kind), Some(file), Some(out)) = (&args.kind, &args.file, &args.out) else {
        return Err(Failure::usage("build takes KIND FILE -o OUT (see --help)"));
    };
    let row = rows::named(kind)?;
    let options = options(args, &row)?;
    check_index(out)?;
    check_apart(Some(file), out)?;
    // Before anything is counted.
    let _sweeper = Sweeper::beside(out);
    heap::start();
    let (need, size) = (row.shape.need, row.shape.size);
    let text = about(file, args.format)?;
    let predicted = text.and_then(|text| need.peak_bytes(size, text, &options));
    if let Some(predicted) = predicted {
        memory::check(args.memory, predicted, "building", &way_out(&row))?;
    }
    heap::restart_peak();
    let mut progress = Progress::new(args.quiet);
    let mut lines = input::once(file, args.format.strip_cr, &mut progress)?;
    let watched = options.clone();
    lines.look = Some(Box::new(move |name, items, bytes| {
        // Of numbers that were not seen nothing is known: as if all were 0.
        let text = About { lines: items, bytes, ..About::default() };
        watched.look_at(name, items, || need.peak_bytes(size, text, &watched).unwrap_or(0))
    }));
    let built = match args.width {
        Some(width) => {
            shapes::ints::fill(PackedInts::with_capacity(width, 0), lines, out, &options)
        }
        None => (row.shape.build)(lines, out, &options),
    }?;
    progress.done();
    if args.format.number_bytes().is_none() {
        note_oddities(&built.seen, args.format, &progress);
    }
    if built.repeated > 0 {
        progress.note(&format!("repeated keys: {}; each counts once", group(built.repeated)));
    }
    if built.sorted == Some(false) {
        progress.note("the items do not ascend: query will look at all of them, not search");
    }
    let peak = PeakBytes { reached: heap::look().peak.max(0) as u64, predicted };
    print(args, out, row.kind.name, &built, peak)
}

/// The most heap bytes while building.
#[derive(Clone, Copy)]
struct PeakBytes {
    reached: u64,
    predicted: Option<u64>,
}

/// The way out for those who have not the memory: of keys alone, kinds that are built from files of
/// sorted lines.
fn way_out(row: &Row) -> String {
    let split = "split the file and build from the parts";
    if row.shape.entries.iter().all(|(kind, _)| *kind == Kind::Pairs) {
        return split.to_owned();
    }
    let all = rows::rows();
    let names =
        all.iter().filter(|row| matches!(row.shape.need, Need::Bounded)).map(|row| row.kind.name);
    let names = names.collect::<Vec<_>>().join(", ");
    format!("build what sorts in files ({names}), or {split}")
}

/// The options, unless there are some that do not belong to what is built.
fn options(args: &BuildArgs, row: &Row) -> Outcome<Options> {
    let with_width = PackedInts::<HeapWords>::KIND.name;
    if args.width.is_some() && row.kind.name != with_width {
        let name = row.kind.name;
        return Err(Failure::usage(format!("--width: is for {with_width}, not for {name}")));
    }
    row.check_options(&[
        ("--fpr", args.fpr.is_some()),
        ("--as", args.keys_are.is_some()),
        ("--prefer", args.prefer.is_some()),
        ("--u32le", args.format.u32le),
        ("--u64le", args.format.u64le),
    ])?;
    let binary = args.format.number_bytes().is_some();
    if binary && args.keys_are == Some(Keys::Strings) {
        return Err(Failure::usage("binary numbers are ints: leave out --as"));
    }
    let keys = args.keys_are.unwrap_or(if binary { Keys::Ints } else { Keys::Strings });
    let (format, width, fpr) = (args.format, args.width, args.fpr.unwrap_or_default());
    let is_bounded = matches!(row.shape.need, Need::Bounded);
    let watch = if is_bounded { None } else { Watch::new(args.memory, way_out(row)) };
    let (prefer, sorting) = (args.prefer.unwrap_or_default(), args.memory.for_sorting());
    Ok(Options { format, width, fpr, keys, prefer, sorting, watch })
}

fn list(json: bool) -> Outcome<Code> {
    let names: Vec<&str> = rows::rows().iter().map(|row| row.kind.name).collect();
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(&names)?)?;
    } else {
        for name in names {
            writeln!(out, "{name}")?;
        }
    }
    Ok(Code::Done)
}

fn print(
    args: &BuildArgs,
    path: &Path,
    name: &str,
    built: &Built,
    peak: PeakBytes,
) -> Outcome<Code> {
    let file_bytes = fs::metadata(path).map_err(|error| Failure::open(path, &error))?.len();
    let mut out = std::io::stdout();
    if args.json {
        let value = json!({
            "schema": 1,
            "file": path.display().to_string(),
            "structure": name,
            "items": built.items,
            "heap_bytes": built.heap_bytes,
            "file_bytes": file_bytes,
            "peak_bytes": peak.reached,
            "predicted_peak_bytes": peak.predicted,
            "sorted": built.sorted,
            "empty": built.seen.empty,
            "cr": built.seen.cr,
            "nul": built.seen.nul,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        let each = file_bytes as f64 / built.items.max(1) as f64;
        writeln!(
            out,
            "{}: {name} of {} items in {} bytes ({each:.2} an item), with {} at the peak",
            path.display(),
            group(built.items),
            group(file_bytes),
            memory::human(peak.reached)
        )?;
    }
    Ok(Code::Done)
}
