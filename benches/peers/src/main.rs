//! Benches against peers: `cargo run --release -- <bench> [options]`.
//!
//! One harness for all: contenders take turns in one run, so that what slows the machine down slows
//! all of them. Raw samples go to stdout as tab-separated values, one table to stderr.

mod alloc;
mod arrays;
mod filters;
mod filters_blocked;
mod harness;
mod race;
mod sizes;
mod sketches;
mod sketches_streams;

/// Counts the bytes of every contender's structure; what it costs a slice is the same for all.
#[global_allocator]
static ALLOC: lessram::mem::TrackingAlloc = lessram::mem::TrackingAlloc::system();

use std::process::ExitCode;

const USAGE: &str = "usage: lessram-peers <bench> [--rounds N]

benches:
  alloc     cost of counting allocations: ns per pair of alloc and free
  arrays    packed numbers by random position
  filters   approximate sets: build, hit, miss, measured rate
  filters-blocked   those that keys are inserted into, over rates and sizes
  sketches  distinct counts: insert, merge
  sketches_streams
            counts, top keys, quantiles of the stream that LESSRAM_DATA names
  sizes     what reporters of sizes say, against the allocator

stdout: raw samples, tab-separated, the columns named in the first line
stderr: medians";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (bench, rounds) = match words[..] {
        [bench] => (bench, Ok(harness::ROUNDS)),
        [bench, "--rounds", count] => (bench, count.parse()),
        _ => ("", Ok(0)),
    };
    let outcome = match (bench, rounds) {
        ("alloc", Ok(rounds)) if rounds > 0 => alloc::run(rounds),
        ("sizes", Ok(_)) => sizes::run(),
        ("sketches_streams", Ok(rounds)) if rounds > 0 => {
            race::head();
            sketches_streams::run(rounds)
        }
        (bench @ ("arrays" | "filters" | "filters-blocked" | "sketches"), Ok(rounds))
            if rounds > 0 =>
        {
            race::head();
            match bench {
                "arrays" => arrays::run(rounds),
                "filters" => filters::run(rounds),
                "filters-blocked" => filters_blocked::run(rounds),
                _ => sketches::run(rounds),
            }
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
