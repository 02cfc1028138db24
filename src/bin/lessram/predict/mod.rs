//! `lessram predict`: the heap bytes of a structure that nobody has built yet.
//!
//! Four ways, the surest that applies: a closed form ([`forms`]); an empty structure that is made
//! for so many items, which says its size; a structure of that many numbers, where what items are
//! does not count; a structure of a sample of the lines ([`sample`]).

mod forms;
mod sample;

use crate::args::{Keys, PredictArgs};
use crate::build::Options;
use crate::error::{Code, Failure, Outcome};
use crate::input::{self, group};
use crate::memory::human;
use crate::progress::Progress;
use crate::rows::{self, Row};
use crate::scratch::Scratch;
use crate::shapes::{Size, hashes_of};
use lessram::arrays::{EliasFano, PackedInts};
use lessram::hashing::KeyHash;
use lessram::registry::Registered;
use lessram::storage::HeapWords;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Numbers that are built in place of items that do not count.
const COUNTED: u64 = 1 << 20;

/// Items of an empty structure that says about how many bytes others take, and the bytes of the
/// largest that is made: all of them are written to.
const TRIED: u64 = 1 << 16;
const MOST_MADE: u128 = 1 << 26;

/// What was found out.
#[derive(Debug, PartialEq)]
struct Predicted {
    items: u64,
    bytes: u64,
    /// Whether a structure of so many items has exactly so many bytes.
    exact: bool,
    by: By,
}

/// How it was found out.
#[derive(Debug, PartialEq)]
enum By {
    Form,
    Made,
    Numbers { built: u64 },
    Sample { built: u64, of: u64 },
}

impl By {
    const fn name(&self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Made => "made",
            Self::Numbers { .. } => "numbers",
            Self::Sample { .. } => "sample",
        }
    }

    /// Items that were built for it.
    const fn built(&self) -> u64 {
        match self {
            Self::Form | Self::Made => 0,
            Self::Numbers { built } | Self::Sample { built, .. } => *built,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Form => "by its closed form".to_owned(),
            Self::Made => "by an empty one that is made for so many".to_owned(),
            Self::Numbers { built } => format!("by one of {} numbers", group(*built)),
            Self::Sample { built, of } => {
                format!("by {} of the sample's {} different lines", group(*built), group(*of))
            }
        }
    }
}

pub(crate) fn run(args: &PredictArgs) -> Outcome<Code> {
    let row = rows::named(&args.kind)?;
    let options = options(args, &row)?;
    let mut progress = Progress::new(args.quiet);
    let predicted = predict(&row, args, &options, &mut progress)?;
    progress.done();
    print(args, row.kind.name, &predicted)
}

/// The options of the build that is foretold, unless there are some that mean nothing to it.
fn options(args: &PredictArgs, row: &Row) -> Outcome<Options> {
    let name = row.kind.name;
    let (packed, sparse) = (PackedInts::<HeapWords>::KIND.name, EliasFano::<HeapWords>::KIND.name);
    if args.width.is_some() && name != packed {
        return Err(Failure::usage(format!("--width: is for {packed}, not for {name}")));
    }
    if args.max.is_some() && name != packed && name != sparse {
        let both = format!("{packed} and {sparse}");
        return Err(Failure::usage(format!("--max: is for {both}, not for {name}")));
    }
    row.check_options(&[("--fpr", args.fpr.is_some()), ("--prefer", args.prefer.is_some())])?;
    Ok(Options {
        format: Default::default(),
        width: args.width,
        fpr: args.fpr.unwrap_or_default(),
        keys: Keys::Strings,
        prefer: args.prefer.unwrap_or_default(),
        sorting: args.memory.for_sorting(),
        watch: None,
    })
}

fn predict(
    row: &Row,
    args: &PredictArgs,
    options: &Options,
    progress: &mut Progress,
) -> Outcome<Predicted> {
    if let Some(items) = args.n {
        if let Some(bytes) = forms::bytes(row.kind.name, items, args.width, args.max) {
            return Ok(Predicted { items, bytes, exact: true, by: By::Form });
        }
        match (row.shape.size, &args.sample) {
            (Size::Made(made), _) => return of_made(made, items, options),
            (Size::Keys, _) => return of_numbers(row, items, 1, options),
            (Size::Count(step), None) => return of_numbers(row, items, step, options),
            _ => {}
        }
    }
    if let Some(file) = &args.sample {
        if forms::has(row.kind.name) {
            return of_largest(row, file, args, options, progress);
        }
        match row.shape.size {
            Size::Made(made) => {
                return of_made(made, different(file, args, options, progress)?, options);
            }
            Size::Keys => {
                return of_numbers(row, different(file, args, options, progress)?, 1, options);
            }
            Size::Count(_) | Size::Items | Size::Text => {}
        }
        return sample::predict(row, file, args.n, options, args, progress);
    }
    let name = row.kind.name;
    Err(Failure::usage(match (args.n, forms::wants(name)) {
        (None, _) => format!("predict {name}: say how many items (--n 1e8), or give --sample FILE"),
        (_, Some(option)) => {
            format!("predict {name}: its bytes depend on the numbers: say {option}")
        }
        _ => format!(
            "predict {name}: its bytes depend on what the items are: give some, or all, with \
             --sample FILE"
        ),
    }))
}

/// How many different lines there are, by the hashes that filters know them by.
fn different(
    file: &Path,
    args: &PredictArgs,
    options: &Options,
    progress: &mut Progress,
) -> Outcome<u64> {
    let mut lines = input::once(file, args.strip_cr, progress)?;
    let (of_number, of_line) = (|number: u64| number.key_hash(0), |line: &[u8]| line.key_hash(0));
    let (hashes, _) = hashes_of(&mut lines, options, of_number, of_line)?;
    Ok(hashes.len() as u64)
}

/// By the closed form, of as many numbers as the sample has, or as were said, up to the largest.
fn of_largest(
    row: &Row,
    file: &Path,
    args: &PredictArgs,
    options: &Options,
    progress: &mut Progress,
) -> Outcome<Predicted> {
    let (mut items, mut max) = (0, 0);
    let mut lines = input::once(file, args.strip_cr, progress)?;
    lines.numbers(options.format, |_, number| {
        (items, max) = (items + 1, number.max(max));
        Ok(())
    })?;
    let name = row.kind.name;
    let exact = args.n.is_none_or(|n| n == items);
    let (items, max) = (args.n.unwrap_or(items), args.max.unwrap_or(max));
    let bytes = forms::bytes(name, items, args.width, Some(max));
    let bytes = bytes.ok_or_else(|| Failure::usage(format!("predict {name}: too many items")))?;
    Ok(Predicted { items, bytes, exact, by: By::Form })
}

/// Asks an empty one of its size: one that is large is so many times one that is not, but for the
/// rounding of that.
fn of_made(
    made: fn(u64, &Options) -> Option<u64>,
    items: u64,
    options: &Options,
) -> Outcome<Predicted> {
    let refused = || Failure::memory("not even a small one can be had: free some memory");
    let tried = made(items.min(TRIED), options).ok_or_else(refused)?;
    let whole = u128::from(tried) * u128::from(items) / u128::from(items.min(TRIED));
    let halvings = (0..).find(|halvings| whole >> halvings <= MOST_MADE).unwrap_or(0);
    let made = made(items >> halvings, options).ok_or_else(refused)?;
    let bytes = u128::from(made) * u128::from(items) / u128::from(items >> halvings);
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Ok(Predicted { items, bytes, exact: halvings == 0, by: By::Made })
}

/// Builds one of numbers: of all, or of few enough, from which it grows.
fn of_numbers(row: &Row, items: u64, step: u64, options: &Options) -> Outcome<Predicted> {
    let scratch = Scratch::create()?;
    let build = |count: u64| sample::built_of_numbers(row, count, step, options, &scratch);
    let built = items.min(COUNTED);
    let bytes = if items <= COUNTED {
        build(items)?
    } else {
        beyond(build(COUNTED / 4)?, build(COUNTED)?, items as f64 / COUNTED as f64)
    };
    // Others may leave a bit more or less to a second level, or a sparse form at another number.
    Ok(Predicted { items, bytes, exact: false, by: By::Numbers { built } })
}

/// Bytes of `times` as many items as one of so many bytes has, of which a quarter takes `quarter`:
/// what hardly grows does so with the logarithm, or not at all.
fn beyond(quarter: u64, whole: u64, times: f64) -> u64 {
    let grown = whole.saturating_sub(quarter);
    if grown < whole / 64 {
        // Full, but for what it came to by other keys.
        whole
    } else if grown < whole / 4 {
        whole + (grown as f64 * times.log2() / 2.0) as u64
    } else {
        (whole as f64 * times) as u64
    }
}

fn print(args: &PredictArgs, name: &str, predicted: &Predicted) -> Outcome<Code> {
    let Predicted { items, bytes, exact, by } = predicted;
    let mut out = std::io::stdout();
    let each = *bytes as f64 / (*items).max(1) as f64;
    if args.json {
        let value = json!({
            "schema": 1,
            "structure": name,
            "items": items,
            "heap_bytes": bytes,
            "exact": exact,
            "by": by.name(),
            "built": by.built(),
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        let about = if *exact { "" } else { "about " };
        writeln!(
            out,
            "{name} of {} items: {about}{} heap bytes ({}; {each:.2} an item), {}",
            group(*items),
            group(*bytes),
            human(*bytes),
            by.words()
        )?;
    }
    Ok(Code::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond() {
        // A full sketch, one that grows with the logarithm, and one with the number of its items.
        assert_eq!((beyond(3_063, 3_072, 1e6), beyond(4_500, 4_600, 16.0)), (3_072, 4_800));
        assert_eq!(beyond(25_080, 100_016, 8.0), 800_128);
    }
}
