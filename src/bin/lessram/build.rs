//! `lessram build`.

use crate::args::{BuildArgs, FormatArgs};
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, Lines, Seen, group, note_oddities};
use crate::memory;
use crate::progress::Progress;
use crate::rows;
use lessram::BuildError;
use lessram::arrays::{IntsMut, PackedInts, StringsMut};
use lessram::mem::Global;
use lessram::registry::Registered;
use lessram::storage::{self, HeapWords, Persist};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// What building needs to know beside the lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    format: FormatArgs,
    /// Bits a number takes at most.
    width: Option<u32>,
}

/// What was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built {
    items: u64,
    heap_bytes: u64,
    /// Whether the items ascend.
    sorted: bool,
    seen: Seen,
}

pub(crate) fn run(args: &BuildArgs) -> Outcome<Code> {
    if args.list {
        return list(args.json);
    }
    let (Some(kind), Some(file), Some(out)) = (&args.kind, &args.file, &args.out) else {
        return Err(Failure::usage("build takes KIND FILE -o OUT (see --help)"));
    };
    let row = rows::named(kind)?;
    check_options(args, row.kind.name, row.shape)?;
    check_target(out)?;
    if let Ok(info) = fs::metadata(file) {
        // Compressed input is larger than this; what it takes shows as it comes.
        let what = "building";
        memory::check(args.memory, info.len(), what, "split the file and build from the parts")?;
    }
    let mut progress = Progress::new(args.quiet);
    let lines = input::once(file, args.format.strip_cr, &mut progress)?;
    let options = Options { format: args.format, width: args.width };
    let built = match args.width {
        Some(width) => fill(PackedInts::with_capacity(width, 0), lines, out, &options),
        None => (row.build)(lines, out, &options),
    }?;
    progress.done();
    if args.format.number_bytes().is_none() {
        note_oddities(&built.seen, args.format, &progress);
    }
    if !built.sorted {
        progress.note("the items do not ascend: query will look at all of them, not search");
    }
    print(args, out, row.kind.name, &built)
}

/// Refuses options that do not belong to what is built.
fn check_options(args: &BuildArgs, name: &str, shape: rows::Shape) -> Outcome<()> {
    let with_width = PackedInts::<HeapWords>::KIND.name;
    if args.width.is_some() && name != with_width {
        return Err(Failure::usage(format!("--width: is for {with_width}, not for {name}")));
    }
    if args.format.number_bytes().is_some() && shape != rows::Shape::Ints {
        return Err(Failure::usage(format!(
            "--u32le, --u64le: {name} is built from lines of text"
        )));
    }
    Ok(())
}

/// Refuses a place that cannot be written to before the work is done.
pub(crate) fn check_target(out: &Path) -> Outcome<()> {
    if out.is_dir() {
        return Err(Failure::file(out, "is a folder: name the file to write in it"));
    }
    match out.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => {
            Err(Failure::file(out, "its folder does not exist: make it first"))
        }
        _ => Ok(()),
    }
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

fn print(args: &BuildArgs, path: &Path, name: &str, built: &Built) -> Outcome<Code> {
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
            "{}: {name} of {} items in {} bytes ({each:.2} an item)",
            path.display(),
            group(built.items),
            group(file_bytes)
        )?;
    }
    Ok(Code::Done)
}

fn refused(error: BuildError) -> Failure {
    match error {
        BuildError::Alloc(error) => Failure::memory(error.to_string()),
        error => Failure::bad(error.to_string()),
    }
}

fn save<P: Persist>(structure: &P, path: &Path) -> Outcome<()> {
    storage::save(structure, path).map_err(|error| Failure::file(path, error))
}

/// Builds a row of the shape `strings`: the lines, in their order.
pub(crate) fn strings<T: StringsMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    _: &Options,
) -> Outcome<Built> {
    let mut built = T::try_build_in(std::iter::empty(), Global).map_err(refused)?;
    let mut sorted = true;
    while let Some(line) = lines.next()? {
        let last = built.len().checked_sub(1).and_then(|last| built.get(last));
        sorted &= last.is_none_or(|last| last <= line);
        built.try_push(line).map_err(refused)?;
    }
    built.try_shrink_to_fit().map_err(refused)?;
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted, seen: lines.seen })
}

/// Builds a row of the shape `ints`: a number a line, or binary ones, in their order.
pub(crate) fn ints<T: IntsMut<Global> + Persist>(
    lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    fill(T::try_build_in(&[], Global).map_err(refused)?, lines, path, options)
}

/// Appends all numbers to `built` and saves it.
fn fill<T: IntsMut<Global> + Persist>(
    mut built: T,
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let (mut sorted, mut last) = (true, 0);
    let max = options.width.map_or(u64::MAX, |width| u64::MAX.checked_shr(64 - width).unwrap_or(0));
    let mut push = |lines: &Lines, number: u64| {
        if number > max {
            let (bits, width) = (u64::BITS - number.leading_zeros(), options.width.unwrap_or(64));
            return Err(lines.fail_here(&format!(
                "{number} needs {bits} bits, and --width says {width}: raise it, or leave it out"
            )));
        }
        sorted &= last <= number;
        last = number;
        built.try_push(number).map_err(refused)
    };
    match options.format.number_bytes() {
        Some(size) => lines.binary(size, &mut push)?,
        None => {
            while lines.next()?.is_some() {
                push(&lines, lines.number()?)?;
            }
        }
    }
    if options.width.is_none() {
        // Narrows, too, so only where no width was asked for. A file has no slack anyway.
        built.try_shrink_to_fit().map_err(refused)?;
    }
    save(&built, path)?;
    let (items, heap_bytes) = (built.len() as u64, built.heap_bytes() as u64);
    Ok(Built { items, heap_bytes, sorted, seen: lines.seen })
}
