//! Measuring: each contender in fresh processes, bytes and times apart.
//!
//! The parent starts `lessram __measure FOLDER NAME bytes|times BUDGET` for each contender; the
//! child builds the structure from the files in FOLDER, measures, and prints one line of JSON.
//! Counting bytes taxes the clock, so one child counts and others, which do not count, are timed.

use crate::args::{EffortArgs, MeasureArgs, What};
use crate::contender::{Contender, Structure, chosen};
use crate::dataset::{HITS, MISSES, Plan};
use crate::error::{Code, Failure, Outcome};
use crate::heap::{self, Moment, Requests};
use crate::progress::Progress;
use crate::rate::one_in;
use crate::rng::Rng;
use crate::scratch::Scratch;
use crate::spool::{Feed, Shape, load, queries};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};
use std::time::Instant;

/// Passes over all queries in one process: at least, unless the budget ends before, and at most.
const PASSES: std::ops::RangeInclusive<usize> = 3..=25;
/// Seconds of passes that suffice: short passes are repeated more often, for the clock's sake.
const ENOUGH: f64 = 0.3;
/// Look-ups of one sort in a row: hits and misses take turns, so that both meet the same machine.
const SLICE: usize = 2_000;

/// What a child that counts found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BytesSeen {
    /// Live bytes when built: those requested from the allocator.
    pub(crate) heap_bytes: u64,
    pub(crate) blocks: u64,
    pub(crate) peak_bytes: u64,
    pub(crate) file_bytes: Option<u64>,
    pub(crate) parts: Option<PartsSeen>,
    /// Of a structure that is not exact.
    pub(crate) alarms: Option<Alarms>,
    /// Of a structure that only counts.
    pub(crate) estimate: Option<f64>,
    /// Live bytes while it was built.
    pub(crate) timeline: Vec<Moment>,
    /// Sizes that it asked for.
    pub(crate) size_histogram: Vec<Requests>,
}

/// What a structure that is not exact says of keys that are not there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Alarms {
    /// Different keys, none of which is there.
    pub(crate) asked: u64,
    /// Those of them that it took for present.
    pub(crate) raised: u64,
}

/// What a structure says its bytes are for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PartsSeen {
    pub(crate) payload: u64,
    pub(crate) index: u64,
    pub(crate) slack: u64,
    pub(crate) header: u64,
}

/// What a child that measures time found: nanoseconds per operation, one figure a pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimesSeen {
    pub(crate) build: f64,
    pub(crate) hit: Vec<f64>,
    pub(crate) miss: Vec<f64>,
    pub(crate) get: Vec<f64>,
}

/// All that was found out about a contender.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) bytes: Option<BytesSeen>,
    pub(crate) times: Vec<TimesSeen>,
    /// Why it could not be measured.
    pub(crate) failure: Option<Unmeasured>,
}

/// Why a contender could not be measured.
#[derive(Debug, PartialEq)]
pub(crate) struct Unmeasured {
    pub(crate) why: String,
    /// Whether all it wanted was memory.
    pub(crate) for_memory: bool,
}

/// Whether there are contenders, and memory is all that any of them wanted.
pub(crate) fn all_starved(runs: &[Run]) -> bool {
    let starved = |run: &Run| run.failure.as_ref().is_some_and(|failure| failure.for_memory);
    !runs.is_empty() && runs.iter().all(starved)
}

/// Builds a `T` and counts its bytes.
pub(crate) fn bytes<S: Shape, T: Structure<S>>(folder: &Path, plan: &Plan) -> Outcome<BytesSeen> {
    // Made before counting starts: the buffer that feeds the structure is not a part of it.
    let mut feed = Feed::<S>::open(&folder.join(T::FEED), plan.longest)?;
    heap::start();
    let before = heap::look();
    heap::restart_peak();
    let built = T::build(&mut feed, plan)?;
    let after = heap::look();
    // Made before anything else is asked for.
    let (size_histogram, timeline) = (heap::requests(), heap::course(before, after));
    let (live, blocks) = (after.live - before.live, after.blocks - before.blocks);
    let totals = built.totals();
    if let Some(totals) = totals {
        if (totals.heap_bytes() as i64, totals.blocks as i64) != (live, blocks) {
            return Err(Failure::bad(format!(
                "says it has {} bytes in {} blocks, but the allocator gave it {live} in {blocks}: \
                 please report this",
                totals.heap_bytes(),
                totals.blocks
            )));
        }
    }
    let seen = BytesSeen {
        heap_bytes: live.max(0) as u64,
        blocks: blocks.max(0) as u64,
        peak_bytes: (after.peak - before.live).max(0) as u64,
        file_bytes: built.file_bytes(folder)?,
        parts: totals.map(|totals| PartsSeen {
            payload: totals.payload as u64,
            index: totals.index as u64,
            slack: totals.slack as u64,
            header: totals.header as u64,
        }),
        estimate: built.estimate(),
        alarms: match T::EXACT || !T::LOOKS_UP {
            true => None,
            false => Some(alarms_of::<S, T>(&built, folder, plan)?),
        },
        timeline,
        size_histogram,
    };
    // What is about to be freed was counted: the process ends instead.
    std::mem::forget((built, feed));
    Ok(seen)
}

/// What a structure that is not exact answers to all queries of the files in `folder`.
fn alarms_of<S: Shape, T: Structure<S>>(built: &T, folder: &Path, plan: &Plan) -> Outcome<Alarms> {
    let (hits, misses) = (load(&folder.join(HITS))?, load(&folder.join(MISSES))?);
    alarms::<S, T>(built, &queries::<S>(&hits), queries::<S>(&misses), plan.fpr)
}

/// Asks for every key that is there, and for every one of the absent ones once.
///
/// # Errors
///
/// If one that is there is not found, or too many of the others are.
fn alarms<'q, S: Shape, T: Structure<S>>(
    built: &T,
    hits: &[S::Query<'q>],
    mut misses: Vec<S::Query<'q>>,
    fpr: f64,
) -> Outcome<Alarms> {
    let lost = hits.iter().filter(|query| !built.contains(**query)).count();
    if lost > 0 {
        return Err(Failure::bad(format!(
            "answers wrong: does not find {lost} of {} keys that are there: please report this",
            hits.len()
        )));
    }
    // Of few keys few others can be made, and each stands there many times.
    misses.sort_unstable();
    misses.dedup();
    let raised = misses.iter().filter(|query| built.contains(**query)).count() as u64;
    let asked = misses.len() as u64;
    if raised > tolerable(fpr, asked) {
        return Err(Failure::bad(format!(
            "takes {raised} of {asked} absent keys for present, where {} was promised: please \
             report this",
            one_in(fpr)
        )));
    }
    Ok(Alarms { asked, raised })
}

/// False alarms over `asked` keys that are no reason to call a promise broken: half as many again
/// as promised, and four standard deviations of what so few keys can tell.
fn tolerable(fpr: f64, asked: u64) -> u64 {
    let most = 1.5 * fpr * asked as f64;
    (most + 4.0 * most.sqrt() + 3.0) as u64
}

/// Builds a `T` from memory and times it, for about `budget` seconds.
pub(crate) fn times<S: Shape, T: Structure<S>>(
    folder: &Path,
    plan: &Plan,
    budget: f64,
) -> Outcome<TimesSeen> {
    let mut feed = Feed::<S>::load(&folder.join(T::FEED))?;
    let begin = Instant::now();
    let built = T::build(&mut feed, plan)?;
    let mut seen = TimesSeen {
        build: begin.elapsed().as_nanos() as f64 / plan.items as f64,
        hit: Vec::new(),
        miss: Vec::new(),
        get: Vec::new(),
    };
    drop(feed);
    let (hits, misses) = (load(&folder.join(HITS))?, load(&folder.join(MISSES))?);
    let (hits, misses) = (queries::<S>(&hits), queries::<S>(&misses));
    let items = plan.items as usize;
    let indexes = Rng::new(plan.seed, "indexes").draws(items, Plan::queries(items, 0));
    let first = Instant::now();
    let late = || begin.elapsed().as_secs_f64() > budget;
    for pass_number in 1..=*PASSES.end() {
        if T::LOOKS_UP {
            let (hit, miss) = pass::<S, T>(&built, &hits, &misses, late)?;
            seen.hit.push(hit);
            seen.miss.push(miss);
        }
        if T::GETS {
            seen.get.push(get_pass::<S, T>(&built, &indexes, late));
        }
        let enough = pass_number >= *PASSES.start() && first.elapsed().as_secs_f64() > ENOUGH;
        if enough || late() {
            break;
        }
    }
    std::mem::forget(built);
    Ok(seen)
}

/// Looks all keys up once, in slices that take turns, or as many as it can before it is `late`;
/// nanoseconds per hit and per miss.
fn pass<'q, S: Shape, T: Structure<S>>(
    built: &T,
    hits: &[S::Query<'q>],
    misses: &[S::Query<'q>],
    late: impl Fn() -> bool,
) -> Outcome<(f64, f64)> {
    let ask = |queries: &[S::Query<'q>]| {
        let begin = Instant::now();
        let found = queries.iter().filter(|query| built.contains(black_box(**query))).count();
        (black_box(found), begin.elapsed())
    };
    let (mut asked, mut found, mut wrong) = (0, 0, 0);
    let (mut hit, mut miss) = (0, 0);
    for (hits, misses) in hits.chunks(SLICE).zip(misses.chunks(SLICE)) {
        let (count, time) = ask(hits);
        (found, hit) = (found + count, hit + time.as_nanos());
        let (count, time) = ask(misses);
        (wrong, miss) = (wrong + count, miss + time.as_nanos());
        asked += hits.len();
        if late() {
            break;
        }
    }
    // How often one that is not exact may be wrong is looked at where bytes are counted.
    if found != asked || T::EXACT && wrong != 0 {
        return Err(Failure::bad(format!(
            "answers wrong: finds {found} of {asked} keys, and {wrong} that are not there: please \
             report this"
        )));
    }
    Ok((hit as f64 / asked as f64, miss as f64 / asked as f64))
}

/// Gets items by random index, as many as it can before it is `late`; nanoseconds per item.
fn get_pass<S: Shape, T: Structure<S>>(built: &T, indexes: &[u32], late: impl Fn() -> bool) -> f64 {
    let (mut got, mut sum) = (0, 0_u64);
    let begin = Instant::now();
    for indexes in indexes.chunks(SLICE) {
        for index in indexes {
            sum = sum.wrapping_add(built.get(black_box(*index as usize)));
        }
        got += indexes.len();
        if late() {
            break;
        }
    }
    black_box(sum);
    begin.elapsed().as_nanos() as f64 / got as f64
}

/// The child: measures one thing of one contender and prints it.
pub(crate) fn child(args: &MeasureArgs) -> Outcome<Code> {
    end_with_parent();
    let plan = Plan::load(&args.folder)?;
    let only = std::slice::from_ref(&args.name);
    let contenders = chosen(plan.kind, plan.number_values, only)?;
    let Some(contender) = contenders.first() else { return Ok(Code::Usage) };
    let line = match args.what {
        What::Bytes => serde_json::to_string(&(contender.entry.bytes)(&args.folder, &plan)?),
        What::Times => {
            serde_json::to_string(&(contender.entry.times)(&args.folder, &plan, args.budget)?)
        }
    };
    writeln!(std::io::stdout(), "{}", line?)?;
    Ok(Code::Done)
}

/// Has this process end when its parent does, which may be killed alone: nobody would read what it
/// finds, and it may hold gigabytes. A thread that waits for that would slow the allocator down.
fn end_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        // Sent when the thread ends that started this process: the parent's first. Where that is
        // forbidden, this one ends once it has measured.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}

/// Measures all `contenders`, round by round, so that a machine that changes its pace meets all.
pub(crate) fn run(
    contenders: &[Contender],
    scratch: &Scratch,
    EffortArgs { repeat, budget, .. }: EffortArgs,
    progress: &mut Progress,
) -> Vec<Run> {
    let mut runs: Vec<Run> = contenders.iter().map(|_| Run::default()).collect();
    let mut spent = vec![0.0; contenders.len()];
    progress.steps(contenders.len() as u64 * u64::from(repeat + 1));
    for (contender, run) in contenders.iter().zip(&mut runs) {
        progress.step(&format!("{}: counting bytes", contender.name));
        match start(contender, What::Bytes, scratch, budget) {
            Ok(seen) => run.bytes = Some(seen),
            Err(why) => give_up(contender, run, why, progress),
        }
        progress.advance(1);
    }
    for round in 0..repeat {
        for ((contender, run), spent) in contenders.iter().zip(&mut runs).zip(&mut spent) {
            // The next would take as long as the last: not if that leaves the budget far behind.
            let next = *spent / f64::from(round.max(1));
            if run.failure.is_none() && (round == 0 || *spent + next / 2.0 < budget) {
                progress.step(&format!("{}: timing, round {}", contender.name, round + 1));
                let begin = Instant::now();
                match start(contender, What::Times, scratch, budget - *spent) {
                    Ok(seen) => run.times.push(seen),
                    Err(why) => give_up(contender, run, why, progress),
                }
                *spent += begin.elapsed().as_secs_f64();
            }
            progress.advance(1);
        }
    }
    progress.done();
    runs
}

fn give_up(contender: &Contender, run: &mut Run, failure: Unmeasured, progress: &Progress) {
    progress.warn(&format!("{} could not be measured: {}", contender.name, failure.why));
    run.failure = Some(failure);
}

/// Runs one child and reads its line.
fn start<T: for<'a> Deserialize<'a>>(
    contender: &Contender,
    what: What,
    scratch: &Scratch,
    budget: f64,
) -> Result<T, Unmeasured> {
    let failed = |why| Unmeasured { why, for_memory: false };
    let program =
        std::env::current_exe().map_err(|error| failed(format!("finding itself: {error}")))?;
    let output = process::Command::new(program)
        .arg("__measure")
        .arg(scratch.path())
        .arg(contender.name)
        .arg(if what == What::Bytes { "bytes" } else { "times" })
        .arg(budget.max(0.0).to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("its process does not start: {error}")))?;
    if !output.status.success() {
        return Err(ending(output.status, &String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(format!("its figures: {error}")))
}

/// Why a process ended that said this, in words.
fn ending(status: ExitStatus, said: &str) -> Unmeasured {
    let told = told(said);
    let is_refused = told.starts_with("memory allocation of ");
    if is_refused || status.code() == Some(Code::Memory as i32) {
        return Unmeasured { why: format!("out of memory: {told}"), for_memory: true };
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let for_memory = signal == 9;
        let most_likely = if for_memory { ", most likely for want of memory" } else { "" };
        let why = format!("its process was killed by signal {signal}{most_likely} {told}");
        return Unmeasured { why: why.trim_end().to_owned(), for_memory };
    }
    let why =
        if told.is_empty() { format!("its process ended: {status}") } else { told.to_owned() };
    Unmeasured { why, for_memory: false }
}

/// The line that says what went wrong: the command's own, or what stands before the calls that led
/// there and what one may do to see more of them.
fn told(said: &str) -> &str {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let own = lines().find_map(|line| line.strip_prefix("lessram: "));
    // A panic says first where it is.
    let panic = || lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    own.or_else(panic).or_else(|| lines().next()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Number;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_does_not_outlive_its_parent() {
        use rustix::process::{Signal, parent_process_death_signal};
        assert_eq!(parent_process_death_signal(), Ok(None));
        end_with_parent();
        assert_eq!(parent_process_death_signal(), Ok(Some(Signal::KILL)));
    }

    /// Finds whatever the function says.
    struct Finds(fn(u64) -> bool);

    impl Structure<Number> for Finds {
        const FEED: &'static str = "";
        const EXACT: bool = false;

        fn build(_: &mut Feed<Number>, _: &Plan) -> Outcome<Self> {
            Ok(Self(|_| true))
        }

        fn contains(&self, query: u64) -> bool {
            (self.0)(query)
        }
    }

    #[test]
    fn a_filter_that_breaks_its_promise_fails() {
        let hits: Vec<u64> = (0..1_000).collect();
        let misses: Vec<u64> = (1_000..101_000).chain(1_000..101_000).collect();
        let ask = |finds: fn(u64) -> bool| match alarms::<Number, _>(
            &Finds(finds),
            &hits,
            misses.clone(),
            0.01,
        ) {
            Ok(alarms) => Ok((alarms.raised, alarms.asked)),
            Err(Failure::Told(_, message)) => Err(message),
            Err(Failure::BrokenPipe) => unreachable!("nothing is written"),
        };
        // Each absent key counts once, though it is asked for twice.
        assert_eq!(ask(|key| key < 1_000 || key % 100 == 0), Ok((1_000, 100_000)));
        assert_eq!(ask(|key| key < 1_000), Ok((0, 100_000)));
        let often = ask(|key| key < 1_000 || key % 50 == 0).unwrap_err();
        assert!(often.contains("takes 2000 of 100000 absent keys for present"), "{often}");
        let lost = ask(|key| key != 7).unwrap_err();
        assert!(lost.contains("does not find 1 of 1000 keys"), "{lost}");
    }

    #[test]
    fn of_what_a_child_says_one_line_counts() {
        let calls = "stack backtrace:\n   0: main\nnote: Some details are omitted, run with more";
        for (said, line) in [
            ("", ""),
            ("note: first\nlessram: holds numbers\n", "holds numbers"),
            (
                "\nthread 'main' (7) panicked at src/a.rs:1:2:\nno such thing\nstack backtrace:",
                "no such thing",
            ),
            (&format!("memory allocation of 96 bytes failed\n{calls}"), "memory allocation of"),
        ] {
            assert!(told(said).starts_with(line), "{said:?}: {}", told(said));
        }
    }

    #[test]
    fn few_keys_tell_little_of_a_rate() {
        assert_eq!((tolerable(0.01, 0), tolerable(1e-9, 10_000)), (3, 3));
        assert_eq!((tolerable(0.5, 1), tolerable(0.01, 1_000_000)), (7, 15_492));
    }
}
