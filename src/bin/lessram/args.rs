//! The command line.

use crate::error::{Failure, Outcome};
use crate::memory::MemoryArgs;
use crate::rate::Rate;
use crate::terms;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use lessram::arrays::Prefer;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// Data structures for programs whose data must fit in less RAM: measured on your own data.
#[derive(Debug, Parser)]
#[command(name = "lessram", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 negative answer, 2 usage, 3 refused for memory, \
                          4 bad or unreadable file.";

const COMPLETIONS_HELP: &str =
    "Example: lessram completions bash >~/.local/share/bash-completion/completions/lessram";

const MAN_HELP: &str = "Examples: lessram man | man -l -
          lessram man query >/usr/local/share/man/man1/lessram-query.1";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure every fitting structure, and std's, on your data: bytes, peak, build, look-ups
    Compare(CompareArgs),
    /// Build a structure from your data and save it as a .lram file
    Build(BuildArgs),
    /// Tell how many bytes a structure would take, without building it
    Predict(PredictArgs),
    /// Tell what a .lram file holds, from its header and section table
    Inspect(InspectArgs),
    /// Check a .lram file: header, section hashes, the structure's own rules
    Verify(VerifyArgs),
    /// Look keys up in a .lram file, or list a part of it
    Query(QueryArgs),
    /// Make one .lram file of several of one kind: of parts, or of what many machines counted
    Merge(MergeArgs),
    /// Find the most frequent lines of a stream, in one pass and in little memory
    Top(TopArgs),
    /// Find percentiles of a stream of numbers, in one pass and in little memory
    Quantiles(QuantilesArgs),
    /// Count the different lines of a stream, about: one pass, a few KB
    Distinct(DistinctArgs),
    /// Set the tables of the book "High Performance Python" beside today's, on your own lines
    Book(BookArgs),
    /// Say what every word of the tables means
    #[command(after_help = terms::all())]
    Terms,
    /// Print what completes this command line in a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, in the form that man reads
    #[command(after_help = MAN_HELP)]
    Man {
        /// Of which subcommand [default: of the whole]
        command: Option<String>,
    },
    /// One contender in a process of its own
    #[command(name = "__measure", hide = true)]
    Measure(MeasureArgs),
    /// Removes the folder of temporary files when its owner has gone
    #[command(name = "__sweep", hide = true)]
    Sweep {
        /// The folder
        folder: PathBuf,
    },
    /// Removes what a save to a file left when its owner has gone
    #[command(name = "__sweep-beside", hide = true)]
    SweepBeside {
        /// The file
        out: PathBuf,
        /// Its owner
        process: u32,
    },
}

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Each line is a key
    Strings,
    /// Each line is a decimal number below 2^64
    Ints,
    /// Each line is key<TAB>value
    Pairs,
    /// Each line is a token; most occur several times, and their order matters
    Stream,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Strings => "strings",
            Self::Ints => "ints",
            Self::Pairs => "pairs",
            Self::Stream => "stream",
        }
    }
}

/// What the keys of a filter are: their hashes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keys {
    /// The bytes of each line
    Strings,
    /// Decimal numbers below 2^64
    Ints,
}

/// What counts where a structure has two forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preferred {
    /// The fewest bytes
    #[default]
    Bytes,
    /// The fastest look-ups
    Time,
}

impl From<Preferred> for Prefer {
    fn from(preferred: Preferred) -> Self {
        match preferred {
            Preferred::Bytes => Self::Bytes,
            Preferred::Time => Self::Time,
        }
    }
}

/// How the bytes of the input are cut into items.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(group = ArgGroup::new("binary"))]
pub(crate) struct FormatArgs {
    /// The input is binary: 32-bit little-endian numbers
    #[arg(long, group = "binary")]
    pub(crate) u32le: bool,
    /// The input is binary: 64-bit little-endian numbers
    #[arg(long, group = "binary")]
    pub(crate) u64le: bool,
    /// Drop a CR at the end of lines (else it is a part of the key)
    #[arg(long, conflicts_with = "binary")]
    pub(crate) strip_cr: bool,
}

impl FormatArgs {
    /// Bytes of a binary number, if the input is binary.
    pub(crate) const fn number_bytes(self) -> Option<usize> {
        match (self.u32le, self.u64le) {
            (true, _) => Some(4),
            (_, true) => Some(8),
            _ => None,
        }
    }
}

/// How much is done to measure.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct EffortArgs {
    /// Processes that time each contender, at most
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) repeat: u32,
    /// Seconds for timing each contender; each is timed at least once
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) budget: f64,
    /// Seed of the random order and of the absent keys
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

impl EffortArgs {
    /// Refuses to measure for no time, or in no process.
    pub(crate) fn check(self) -> Outcome<()> {
        if !self.budget.is_finite() || self.budget < 0.0 {
            return Err(Failure::usage("--budget takes seconds, 0 or more"));
        }
        if self.repeat == 0 {
            return Err(Failure::usage("--repeat takes a number of processes, 1 or more"));
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
#[command(after_help = terms::help())]
pub(crate) struct CompareArgs {
    /// Lines of text, also gzip or zstd; `-` is standard input; left out: a sample of 104,334 words
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// What the lines are [default: detected]
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// Measure only N of the lines, drawn at random: a large file sooner
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) sample: Option<u64>,
    /// Measure only these, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) effort: EffortArgs,
    /// Rate of false alarms for filters: a number, or 1/N
    #[arg(long, value_name = "RATE", default_value_t = Rate::default())]
    pub(crate) fpr: Rate,
    /// Print JSON instead of the table; with =FILE, write it there as well as the table
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) json: Option<Option<PathBuf>>,
    /// Print tab-separated values instead of the table; with =FILE, write them there as well
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) tsv: Option<Option<PathBuf>>,
    /// Print a Markdown table instead; with =FILE, write it there as well
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) markdown: Option<Option<PathBuf>>,
    /// In the table, show the bytes of all items, exactly, instead of those of each
    #[arg(long)]
    pub(crate) bytes: bool,
    /// Write a page with charts there, as well as the table: one file that needs no other
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Columns of the table [default: $COLUMNS, the terminal's, 80; nothing is cut when piped]
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) width: Option<usize>,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

const BUILD_HELP: &str = "\
Dictionaries take lines in any order, and sort them in files once they are more than a quarter of
--memory. Of the others it is computed beforehand what they take, and more than 80 % of --memory is
refused. Two cannot be computed, and stop when they take more: a dawg, which holds 3 to 9 times the
size of the text until it is there (of random keys about 20 times), and what is built from a pipe.

Examples: lessram build rear_dict names.txt.gz -o names.lram
          lessram build front_dict names.txt -o names.lram --memory 64M
          lessram build fuse seen.txt -o seen.lram --fpr 1/1024";

#[derive(Debug, Args)]
#[command(after_help = BUILD_HELP)]
pub(crate) struct BuildArgs {
    /// What to build: see --list
    #[arg(value_name = "KIND", required_unless_present = "list")]
    pub(crate) kind: Option<String>,
    /// Lines of text, also gzip or zstd; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// Where to save it; an existing file is replaced, atomically
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    pub(crate) out: Option<PathBuf>,
    /// Print the kinds that can be built, one a line
    #[arg(long)]
    pub(crate) list: bool,
    /// Bits a number takes, 0 to 64, for packed_ints [default: as many as the largest needs]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub(crate) width: Option<u32>,
    /// Rate of false alarms, for filters: a number, or 1/N [default: 1/256]
    #[arg(long, value_name = "RATE")]
    pub(crate) fpr: Option<Rate>,
    /// What the lines are, for filters [default: strings, ints if binary]
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) keys_are: Option<Keys>,
    /// What counts, for sliced_set and dawg [default: bytes]
    #[arg(long, value_name = "WHAT")]
    pub(crate) prefer: Option<Preferred>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

const PREDICT_HELP: &str = "\
Of structures whose bytes depend on how many items there are and on the options, it tells them to
the byte. Of others it builds a part of the sample: runs of 65,536 lines, or of a percent of many
more. Dictionaries are told of all their lines only: a few of them do not show what they share.

Examples: lessram predict bloom --n 1e8 --fpr 0.01
          lessram predict packed_ints --n 5e7 --max 1000000
          lessram predict rear_dict --sample names.txt.gz";

#[derive(Debug, Args)]
#[command(after_help = PREDICT_HELP)]
pub(crate) struct PredictArgs {
    /// What would be built: see `lessram build --list`
    #[arg(value_name = "KIND")]
    pub(crate) kind: String,
    /// How many items: a number up to 2^53, also 1e8 [default: as many different lines as the
    /// sample has]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) n: Option<u64>,
    /// Rate of false alarms, for filters: a number, or 1/N [default: 1/256]
    #[arg(long, value_name = "RATE")]
    pub(crate) fpr: Option<Rate>,
    /// Bits a number takes, 0 to 64, for packed_ints
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub(crate) width: Option<u32>,
    /// The largest number, for packed_ints and elias_fano
    #[arg(long, value_name = "NUMBER", conflicts_with = "width")]
    pub(crate) max: Option<u64>,
    /// What counts, for sliced_set and dawg [default: bytes]
    #[arg(long, value_name = "WHAT")]
    pub(crate) prefer: Option<Preferred>,
    /// Lines to learn from: all, or a part; also gzip or zstd; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) sample: Option<PathBuf>,
    /// Drop a CR at the end of lines (else it is a part of the key)
    #[arg(long)]
    pub(crate) strip_cr: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

/// How many items: digits, or a number such as 1e8 or 2.5e6.
fn count(text: &str) -> Result<u64, String> {
    /// Beyond, a number with a point no longer names each, and 64 bits for each overflow.
    const MOST: u64 = 1 << 53;
    let whole = |number: f64| (number.fract() == 0.0).then_some(number as u64);
    let count = text.parse().ok().or_else(|| text.parse().ok().and_then(whole));
    let count = count.filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| "a whole number from 1 to 2^53, also as 1e8".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "Example: lessram inspect names.lram")]
pub(crate) struct InspectArgs {
    /// A .lram file
    pub(crate) file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: lessram verify names.lram && echo sound")]
pub(crate) struct VerifyArgs {
    /// A .lram file
    pub(crate) file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

const MERGE_HELP: &str = "\
Dictionaries become the dictionary of all their keys (a dawg for time, if all are), sketches and
counting filters what one would be that had seen everything; they must have been made with the same
options and seed.

Example: lessram merge monday.lram tuesday.lram -o week.lram";

#[derive(Debug, Args)]
#[command(after_help = MERGE_HELP)]
pub(crate) struct MergeArgs {
    /// .lram files of one kind
    #[arg(value_name = "FILE", required = true, num_args = 2..)]
    pub(crate) files: Vec<PathBuf>,
    /// Where to save it; an existing file is replaced, atomically
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

const BOOK_HELP: &str = "\
Each line is a token; those that repeat are counted by the second table. Python itself is not run:
the book's figures are those that it prints.

Examples: lessram book words.txt
          tr -cs '[:alnum:]' '\\n' <wiki.txt | lessram book - --tsv=book.tsv";

#[derive(Debug, Args)]
#[command(after_help = BOOK_HELP)]
pub(crate) struct BookArgs {
    /// Lines of text, also gzip or zstd; `-` is standard input; left out: a sample of 104,334 words
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Drop a CR at the end of lines (else it is a part of the token)
    #[arg(long)]
    strip_cr: bool,
    #[command(flatten)]
    pub(crate) effort: EffortArgs,
    /// Print JSON instead of the tables; with =FILE, write it there as well as the tables
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) json: Option<Option<PathBuf>>,
    /// Print tab-separated values instead of the tables; with =FILE, write them there as well
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) tsv: Option<Option<PathBuf>>,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

impl BookArgs {
    pub(crate) fn format(&self) -> FormatArgs {
        FormatArgs { strip_cr: self.strip_cr, ..FormatArgs::default() }
    }
}

const QUERY_USAGE: &str = "lessram query [OPTIONS] FILE KEY...
       lessram query [OPTIONS] FILE --index I | --prefix P | --range A..B
       lessram query [OPTIONS] FILE --fuzzy WORD | --glob PATTERN | --regex EXPRESSION";

const QUERY_HELP: &str = "\
Prints one line for each item found: its index, a TAB, the item. A key that is absent gets `-` as
index, and the exit code is 1. Ranges are A..B (B excluded), A..=B, A.. or ..B, in byte order.

A dictionary is searched by more: --fuzzy prints the index, a TAB, how many changes make the word
of the key, a TAB, the key; --glob 'a*[0-9]?' and --regex 'a.*[0-9]' match keys as a whole.

A filter prints `maybe` or `no`, a TAB, the key; `no` is certain, and the exit code is then 1. Of a
key that is a number it asks for the text and for the number, unless --as says which. An mphf, a
static_set and a static_map are asked for the text, unless --as says ints.

Examples: lessram query names.lram alice bob
          lessram query names.lram --prefix al
          lessram query names.lram --fuzzy alise
          lessram query seen.lram - <keys.txt";

/// What is asked for without `--fuzzy`.
const NOT_FUZZY: [&str; 6] = ["keys", "index", "prefix", "range", "glob", "regex"];

#[derive(Debug, Args)]
#[command(override_usage = QUERY_USAGE, after_help = QUERY_HELP)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct QueryArgs {
    /// A .lram file
    pub(crate) file: PathBuf,
    /// Keys to look up; `-` takes the lines of standard input
    #[arg(value_name = "KEY", group = "what")]
    pub(crate) keys: Vec<OsString>,
    /// Print the item at this index, from 0
    #[arg(long, value_name = "I", group = "what")]
    pub(crate) index: Option<u64>,
    /// Print all strings that begin with P
    #[arg(long, value_name = "P", group = "what", allow_hyphen_values = true)]
    pub(crate) prefix: Option<OsString>,
    /// Print all items of a range
    #[arg(long, value_name = "A..B", group = "what", allow_hyphen_values = true)]
    pub(crate) range: Option<OsString>,
    /// Print all keys of a dictionary that are near WORD
    #[arg(long, value_name = "WORD", group = "what", allow_hyphen_values = true)]
    pub(crate) fuzzy: Option<OsString>,
    /// How near: so many characters inserted, removed or replaced
    #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = NOT_FUZZY)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) changes: u32,
    /// Two neighbours swapped are one change, too
    #[arg(long, conflicts_with_all = NOT_FUZZY)]
    pub(crate) swaps: bool,
    /// Print all keys of a dictionary that match a pattern of the shell
    #[arg(long, value_name = "PATTERN", group = "what", allow_hyphen_values = true)]
    pub(crate) glob: Option<OsString>,
    /// Print all keys of a dictionary that match a regular expression
    #[arg(long, value_name = "EXPRESSION", group = "what", allow_hyphen_values = true)]
    pub(crate) regex: Option<String>,
    /// What the keys were, of a file that does not hold them [default: strings; of filters and
    /// counts, numbers are asked for both ways]
    #[arg(long = "as", value_name = "KIND", conflicts_with_all = ["index", "prefix", "range"])]
    pub(crate) keys_are: Option<Keys>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
}

const TOP_HELP: &str = "\
Prints one line for each: about how often it came, a TAB, the line. With --bounds it prints how
often at most, a TAB, how often at least, a TAB, the line. With --exact the true count and a TAB
come before the line. The most frequent come first.

Example: zcat access.log.gz | cut -d' ' -f1 | lessram top - -k 20";

#[derive(Debug, Args)]
#[command(after_help = TOP_HELP)]
pub(crate) struct TopArgs {
    /// Lines of text, also gzip or zstd; `-` is standard input
    pub(crate) file: PathBuf,
    /// How many lines to find
    #[arg(short, value_name = "K", default_value = "10", value_parser = top_k)]
    pub(crate) k: usize,
    /// Print bounds that hold for certain, in four times the memory
    #[arg(long)]
    pub(crate) bounds: bool,
    /// Drop a CR at the end of lines (else it is a part of the line)
    #[arg(long)]
    pub(crate) strip_cr: bool,
    /// Print the true count of each beside it; all different lines are then kept
    #[arg(long)]
    pub(crate) exact: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How many frequent lines may be asked for.
fn top_k(text: &str) -> Result<usize, String> {
    const MOST: usize = 1_000_000;
    match text.parse() {
        Ok(k) if (1..=MOST).contains(&k) => Ok(k),
        _ => Err(format!("a number from 1 to {MOST}")),
    }
}

const QUANTILES_HELP: &str = "\
Prints one line for each quantile: the share, a TAB, the number below which that share lies; with
--exact also a TAB and the true one.

Example: lessram quantiles milliseconds.txt -p 0.5,0.99 --error 0.001";

#[derive(Debug, Args)]
#[command(after_help = QUANTILES_HELP)]
pub(crate) struct QuantilesArgs {
    /// A number a line, also gzip or zstd; `-` is standard input
    pub(crate) file: PathBuf,
    /// Which quantiles, from 0 to 1, separated by commas
    #[arg(short = 'p', long = "quantiles", value_name = "SHARES", value_delimiter = ',')]
    #[arg(default_value = "0,0.25,0.5,0.75,0.9,0.99,0.999,1", value_parser = share)]
    pub(crate) quantiles: Vec<f64>,
    /// By which share of itself a number may be off, 0.0001 to 0.25
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = error_share)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) error: f64,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// Print the true quantiles beside them; all numbers are then kept, as 64-bit floats: whole
    /// ones are exact up to 2^53
    #[arg(long)]
    pub(crate) exact: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// A share from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1".to_owned()),
    }
}

/// A share that the sketch can promise.
fn error_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0001..=0.25).contains(&share) => Ok(share),
        _ => Err("a number from 0.0001 to 0.25".to_owned()),
    }
}

const DISTINCT_HELP: &str = "Example: cut -f2 visits.tsv | lessram distinct - --exact";

#[derive(Debug, Args)]
#[command(after_help = DISTINCT_HELP)]
pub(crate) struct DistinctArgs {
    /// Lines of text, also gzip or zstd; `-` is standard input
    pub(crate) file: PathBuf,
    /// Logarithm of the number of registers, 4 to 24: one more doubles the bytes and
    /// divides the error by 1.41
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u8).range(4..=24))]
    pub(crate) p: u8,
    /// Seed of the hash; a secret one withstands lines that were made to be miscounted
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Drop a CR at the end of lines (else it is a part of the line)
    #[arg(long)]
    pub(crate) strip_cr: bool,
    /// Count exactly as well; all different lines are then kept
    #[arg(long)]
    pub(crate) exact: bool,
    /// Print how fast that goes, and how fast the lines are read and split alone: the best of three
    /// passes each
    #[arg(long)]
    pub(crate) rate: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// The parent's folder
    pub(crate) folder: PathBuf,
    /// The contender's name
    pub(crate) name: String,
    /// What to measure
    pub(crate) what: What,
    /// Seconds to spend on passes
    pub(crate) budget: f64,
}

/// What a child measures: tracking bytes taxes the clock, so one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    Bytes,
    Times,
}
