//! Benches against peers: `cargo run --release -- <bench> [options]`.
//!
//! One harness for all: contenders take turns in one run, so that what slows the machine down slows
//! all of them. Raw samples go to stdout as tab-separated values, one table to stderr.

mod alloc;
mod arrays;
mod arrays_blocks;
mod arrays_elias_fano;
mod arrays_packed;
mod arrays_ragged;
mod arrays_rank;
mod arrays_sets;
mod arrays_strings;
mod filters;
mod filters_blocked;
mod filters_static;
mod growth;
mod harness;
mod maps;
mod maps_int;
mod maps_interner;
mod maps_life;
mod maps_ordered;
mod maps_shapes;
mod maps_static;
mod maps_static_values;
mod maps_str;
mod race;
mod search;
mod sizes;
mod sketches;
mod sketches_distinct;
mod sketches_streams;
mod tries;
mod tries_dyn;
mod tries_near;
mod tries_postcodes;

/// Counts the bytes of every contender's structure; what it costs a slice is the same for all.
#[global_allocator]
static ALLOC: lessram::mem::TrackingAlloc = lessram::mem::TrackingAlloc::system();

use std::error::Error;
use std::process::ExitCode;

type Outcome = Result<(), Box<dyn Error>>;

/// Name, what it shows, and how to run it for so many rounds.
type Bench = (&'static str, &'static str, fn(usize) -> Outcome);

/// The benches. Raw samples of all but the first two have the columns of [`race::head`].
const BENCHES: &[Bench] = &[
    ("alloc", "cost of counting allocations: ns per pair of alloc and free", alloc::run),
    ("sizes", "what reporters of sizes say, against the allocator", |_| sizes::run()),
    ("arrays", "packed numbers by random position", arrays::run),
    ("elias_fano", "ascending numbers: by position, value, in order", arrays_elias_fano::run),
    ("select", "position of the k-th one in bits", arrays_elias_fano::run_select),
    ("rank", "ones before random positions of bits", arrays_rank::rank),
    ("rank_select", "where the k-th ones of bits are, by samples over ranks", arrays_rank::select),
    ("arrays-blocks", "numbers in blocks: bits, get, decode, build", arrays_blocks::run),
    ("arrays-packed", "packed numbers: get, set, sum, unpacking", arrays_packed::run),
    ("arrays-ragged", "rows of many lengths: all of them, random ones", arrays_ragged::run),
    ("arrays-strings", "strings by random number: one by one, many at once", arrays_strings::run),
    ("sets", "sets of integers: bits, look-ups, iterating, two of them", arrays_sets::run),
    ("filters", "approximate sets: build, hit, miss, measured rate", filters::run),
    (
        "filters-blocked",
        "those that keys are inserted into, over rates and sizes",
        filters_blocked::run,
    ),
    ("growth", "vectors that grow: slack, peak, push, read", growth::run),
    (
        "filters_static",
        "sets built at once, and those that forget: build, hit, miss, rate, peak",
        filters_static::run,
    ),
    ("maps", "hash maps: insert, hit, miss, iterate", maps::run),
    (
        "maps_int",
        "hash sets and maps of integers: insert, hit, miss, churn, iterate",
        maps_int::run,
    ),
    ("maps_interner", "interners: new strings, hits, misses, resolving", maps_interner::run),
    (
        "maps_life",
        "maps that live long: a turn, bytes, misses, the longest operations, shrinking",
        maps_life::run,
    ),
    (
        "maps_ordered",
        "hash maps in order of insertion: insert, hit, miss, iterate, remove",
        maps_ordered::run,
    ),
    ("maps_shapes", "hash maps of narrow and wide entries: insert, hit, miss", maps_shapes::run),
    ("maps_static", "minimal perfect hash functions: bits, peak, build, ask", maps_static::run),
    (
        "maps_static_values",
        "maps that never change: bytes, peak, build, hit, miss, at once",
        maps_static_values::run,
    ),
    (
        "maps_str",
        "hash sets and maps of strings: bytes, insert, hit, miss, churn, iterate",
        maps_str::run,
    ),
    ("search", "lower bound in a sorted slice: one by one, many at once", search::run),
    ("sketches", "distinct counts of 4,096 registers of 8 bits: insert, merge", sketches::run),
    (
        "sketches_distinct",
        "distinct counts: bytes and error over many sketches, add, merge, estimate",
        sketches_distinct::run,
    ),
    (
        "sketches_streams",
        "counts, top keys, quantiles of the stream that LESSRAM_DATA names",
        sketches_streams::run,
    ),
    ("tries", "dictionaries of the lines of the file that LESSRAM_DATA names", tries::run),
    (
        "tries_postcodes",
        "maps of 1.4 million postcodes to two coordinates: bytes, look-ups",
        tries_postcodes::run,
    ),
    ("tries_near", "keys near a word, of the file that LESSRAM_DATA names", tries_near::run),
    ("tries_dyn", "sets of the lines of that file, in any order, that change", tries_dyn::run),
];

fn usage() -> String {
    let line = |(name, what, _): &Bench| format!("  {name:<16}  {what}\n");
    let benches: String = BENCHES.iter().map(line).collect();
    format!(
        "usage: lessram-peers <bench> [--rounds N]\n\nbenches:\n{benches}\n\
         stdout: raw samples, tab-separated, the columns named in the first line\n\
         stderr: medians"
    )
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, rounds) = match words[..] {
        [name] => (name, Some(harness::ROUNDS)),
        [name, "--rounds", count] => (name, count.parse().ok().filter(|rounds| *rounds > 0)),
        _ => ("", None),
    };
    let bench = BENCHES.iter().find(|(known, ..)| *known == name);
    let (Some((name, _, run)), Some(rounds)) = (bench, rounds) else {
        eprintln!("{}", usage());
        return ExitCode::from(2);
    };
    if !["alloc", "sizes"].contains(name) {
        race::head();
    }
    match run(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
