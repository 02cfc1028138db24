//! From the user's file to what every child is given: distinct keys in order and in random order,
//! keys that are there and keys that are not, in files of records.

mod ints;
mod strings;

use crate::args::{FormatArgs, Kind};
use crate::error::{Code, Failure, Outcome};
use crate::input::{Input, Seen, group, is_canonical, note_oddities};
use crate::memory::{self, MemoryArgs};
use crate::progress::Progress;
use crate::scratch::Scratch;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File of the distinct items in ascending order.
pub(crate) const SORTED: &str = "sorted";
/// File of the distinct items in random order, as keys arrive in a running program.
pub(crate) const SHUFFLED: &str = "shuffled";
/// File of a stream's tokens as they came.
pub(crate) const TOKENS: &str = "tokens";
/// File of keys that are there, in random order.
pub(crate) const HITS: &str = "hits";
/// File of keys that are not there but look alike.
pub(crate) const MISSES: &str = "misses";
const PLAN: &str = "plan.json";

/// Look-ups in a pass, at least: so that a pass over few keys takes long enough for the clock.
const MIN_QUERIES: usize = 10_000;
/// Look-ups in a pass, at most.
const MAX_QUERIES: usize = 1_000_000;
/// Bytes of the keys of a pass, at most, unless those that are there have more: of few long keys a
/// pass takes long enough with less look-ups.
const QUERY_BYTES: u64 = 1 << 26;

/// What the parent found out about the data; all that a child has to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// What people call the data.
    pub(crate) dataset: String,
    /// Lines of the whole, if these are a sample of them.
    pub(crate) sampled_from: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) lines: u64,
    /// Distinct keys, or tokens of a stream.
    pub(crate) items: u64,
    pub(crate) distinct: u64,
    /// Bytes of the items themselves.
    pub(crate) payload_bytes: u64,
    /// Bytes of the longest record.
    pub(crate) longest: usize,
    /// The largest number; 0 unless the items are numbers.
    pub(crate) max: u64,
    /// Whether the values of pairs are numbers.
    pub(crate) number_values: bool,
    pub(crate) seed: u64,
    /// The rate of false alarms that filters are built for.
    pub(crate) fpr: f64,
}

impl Plan {
    /// Look-ups in a pass over `items` keys of so many bytes in all.
    pub(crate) fn queries(items: usize, bytes: u64) -> usize {
        let mean = (bytes / items.max(1) as u64).max(1);
        let fitting = usize::try_from(QUERY_BYTES / mean).unwrap_or(usize::MAX);
        items.clamp(MIN_QUERIES, MAX_QUERIES).min(fitting.max(items))
    }

    /// Bytes that any form of any such set of numbers needs, where that is known.
    pub(crate) fn limit_bytes(&self) -> Option<u64> {
        let bits = || log2_choose(self.max as f64 + 1.0, self.items as f64);
        (self.kind == Kind::Ints).then(|| (bits() / 8.0).ceil() as u64)
    }

    /// Bytes that any filter of this rate needs, whatever the keys.
    pub(crate) fn filter_limit_bytes(&self) -> u64 {
        (self.distinct as f64 * -self.fpr.log2() / 8.0).ceil() as u64
    }

    pub(crate) fn save(&self, scratch: &Scratch) -> Outcome<()> {
        let (file, path) = scratch.file(PLAN)?;
        serde_json::to_writer(file, self).map_err(|error| Failure::scratch(&path, error))
    }

    pub(crate) fn load(folder: &Path) -> Outcome<Self> {
        let path = folder.join(PLAN);
        let text = std::fs::read(&path).map_err(|error| Failure::scratch(&path, error))?;
        serde_json::from_slice(&text).map_err(|error| Failure::scratch(&path, error))
    }
}

/// log2 of the number of ways to choose `n` of `u`, by Stirling's series: exact to a few bits.
fn log2_choose(u: f64, n: f64) -> f64 {
    let rest = u - n;
    if n <= 0.0 || rest <= 0.0 {
        return 0.0;
    }
    let entropy = n * (u / n).ln() - rest * (-n / u).ln_1p();
    let root = 0.5 * (std::f64::consts::TAU * n * (rest / u)).ln();
    let series = (1.0 / u - 1.0 / n - 1.0 / rest) / 12.0;
    ((entropy - root + series) / std::f64::consts::LN_2).max(0.0)
}

/// What the first reading of the text counts.
#[derive(Clone, Copy, Debug, Default)]
struct Census {
    seen: Seen,
    /// Bytes of all lines, their ends apart.
    bytes: u64,
    /// Bytes of the longest.
    longest: u64,
    /// Lines that are numbers just as they would be printed.
    numbers: u64,
    /// The first line that is not.
    first_other: u64,
    /// Lines with exactly one TAB.
    pairs: u64,
    /// Of those, the ones with a number behind it.
    number_values: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) items: u64,
    /// Bytes of all items.
    pub(crate) bytes: u64,
    /// Bytes of the longest.
    pub(crate) longest: u64,
}

/// Options of the preparation.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    pub(crate) kind: Option<Kind>,
    pub(crate) format: FormatArgs,
    pub(crate) seed: u64,
    pub(crate) fpr: f64,
    pub(crate) memory: MemoryArgs,
    /// Bytes that the hungriest child needs for this.
    pub(crate) child_need: fn(Kind, &[String], Extent) -> u64,
    pub(crate) only: &'a [String],
}

/// Reads the input, finds out what it is, and writes the files for the children.
pub(crate) fn prepare(
    input: &Input,
    options: &Options<'_>,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<Plan> {
    if let Some(size) = options.format.number_bytes() {
        if options.kind.is_some_and(|kind| kind != Kind::Ints) {
            return Err(Failure::usage("binary numbers are ints: leave out --as"));
        }
        let lines = input.bytes() / size as u64;
        let extent = Extent { items: lines, bytes: lines * 8, longest: 8 };
        check_memory(options, Kind::Ints, extent)?;
        return ints::prepare(input, lines, options, scratch, progress);
    }
    let census = count(input, options.format, progress)?;
    let kind = options.kind.or_else(|| detect(&census));
    let Census { bytes, longest, .. } = census;
    let extent = Extent { items: census.seen.lines, bytes, longest };
    check_memory(options, kind.unwrap_or(Kind::Strings), extent)?;
    let plan = match kind {
        Some(Kind::Ints) => ints::prepare(input, census.seen.lines, options, scratch, progress)?,
        _ => strings::prepare(input, &census, kind, options, scratch, progress)?,
    };
    note_oddities(&census.seen, options.format, progress);
    note_almost_numbers(&census, plan.kind, progress);
    Ok(plan)
}

/// Counts what there is to know before deciding what the lines are.
fn count(input: &Input, format: FormatArgs, progress: &mut Progress) -> Outcome<Census> {
    progress.bytes("looking", Some(input.bytes()));
    let mut lines = input.lines(format.strip_cr, progress.handle())?;
    let mut census = Census::default();
    while let Some(line) = lines.next()? {
        let len = line.len();
        census.bytes += len as u64;
        census.longest = census.longest.max(len as u64);
        if is_canonical(line) {
            census.numbers += 1;
        } else {
            let mut parts = line.split(|byte| *byte == b'\t');
            if let (Some(_), Some(value), None) = (parts.next(), parts.next(), parts.next()) {
                census.pairs += 1;
                census.number_values += u64::from(is_canonical(value));
            }
            if census.first_other == 0 {
                census.first_other = lines.seen.lines;
            }
        }
        if len > u32::MAX as usize {
            return Err(lines.fail_here("longer than 4 GiB: split it"));
        }
    }
    census.seen = lines.seen;
    if census.seen.lines > u64::from(u32::MAX) {
        return Err(lines.fail("more than 2^32 lines: split the file"));
    }
    Ok(census)
}

/// What the lines are, as far as that can be said without comparing them.
fn detect(census: &Census) -> Option<Kind> {
    if census.numbers == census.seen.lines {
        Some(Kind::Ints)
    } else if census.pairs == census.seen.lines {
        Some(Kind::Pairs)
    } else {
        None
    }
}

/// A few bad lines among many numbers are most often a mistake in the file.
fn note_almost_numbers(census: &Census, kind: Kind, progress: &Progress) {
    let others = census.seen.lines - census.numbers;
    if kind != Kind::Ints && others > 0 && others <= census.seen.lines / 100 {
        progress.note(&format!(
            "all but {} of {} lines are numbers (see line {}); they are taken as {}: correct the \
             file if they shall be ints",
            group(others),
            group(census.seen.lines),
            group(census.first_other),
            kind.name()
        ));
    }
}

/// Refuses what will not fit, before it is begun.
fn check_memory(options: &Options<'_>, kind: Kind, extent: Extent) -> Outcome<()> {
    let Extent { items, bytes, .. } = extent;
    // The parent keeps all lines with an entry of the sort, and frees them before the first child.
    let parent = match kind {
        Kind::Ints => items * 20,
        _ => bytes + items * 28,
    };
    let child = (options.child_need)(kind, options.only, extent);
    // Of one line no sample is shorter.
    let instead =
        if items > 1 { "measure a sample (compare --sample N)" } else { "shorten the line" };
    let fewer = format!("{instead}, or measure fewer structures (--only)");
    let checked = memory::check(options.memory, parent.max(child), "comparing", &fewer);
    if child > parent || !matches!(checked, Err(Failure::Told(Code::Memory, _))) {
        return checked;
    }
    memory::check(options.memory, parent, "sorting the keys", instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_few_and_long_keys_are_asked_for_less_often() {
        let ordinary = [(1, 0), (1, 6_000), (9_000, 9_000 << 12), (400_000, 1 << 30)];
        assert_eq!(
            ordinary.map(|(n, bytes)| Plan::queries(n, bytes)),
            [10_000, 10_000, 10_000, 400_000]
        );
        assert_eq!(Plan::queries(3_000_000, 1 << 40), 1_000_000);
        assert_eq!([1, 2, 100].map(|n| Plan::queries(n, n as u64 * 50_000_000)), [1, 2, 100]);
    }

    #[test]
    fn the_limit_is_that_of_choosing() {
        assert!((log2_choose(10.0, 3.0) - 120_f64.log2()).abs() < 0.01);
        assert!((log2_choose(1000.0, 1.0) - 1000_f64.log2()).abs() < 0.2);
        assert_eq!(log2_choose(7.0, 7.0), 0.0);
        // n log2(u/n) + n log2(e) for n far below u.
        let bits = log2_choose(18_446_744_073_709_551_616.0, 1e6) / 1e6;
        assert!((bits - 45.511).abs() < 0.01, "{bits}");
    }
}
