//! `compare --sample`: a part of the lines, drawn at random.

use crate::args::CompareArgs;
use crate::error::{Failure, Outcome};
use crate::input::Input;
use crate::progress::Progress;
use crate::rng::Rng;
use crate::scratch::Scratch;
use std::io::{BufWriter, Write};

/// `count` lines of `input` in their order, every choice of so many as likely as any other; all if
/// there are not more.
///
/// Each is taken as likely as so many of those that are left are still missing: two readings, and
/// no line in memory (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
pub(crate) fn lines(
    input: Input,
    count: u64,
    args: &CompareArgs,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<Input> {
    let all = counted(&input, args, progress)?;
    if all <= count {
        return Ok(input);
    }
    progress.bytes("drawing", Some(input.bytes()));
    let (file, path) = scratch.file("sample")?;
    let mut out = BufWriter::new(file);
    let mut rng = Rng::new(args.effort.seed, "sample");
    let (mut left, mut missing) = (all, count);
    let mut is_drawn = || {
        let drawn = rng.below(left) < missing;
        // Not below 0, should the file have grown since it was counted.
        (left, missing) = (left.saturating_sub(1), missing - u64::from(drawn));
        drawn
    };
    let mut lines = input.lines(false, progress.handle())?;
    let failed = |error| Failure::scratch(&path, error);
    if let Some(size) = args.format.number_bytes() {
        lines.numbers(args.format, |_, number| match is_drawn() {
            true => out.write_all(&number.to_le_bytes()[..size]).map_err(failed),
            false => Ok(()),
        })?;
    } else {
        while let Some(line) = lines.next()? {
            if is_drawn() {
                out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
            }
        }
    }
    out.flush().map_err(failed)?;
    input.sampled(path, count, all)
}

/// How many lines, or binary numbers, there are.
fn counted(input: &Input, args: &CompareArgs, progress: &mut Progress) -> Outcome<u64> {
    if let Some(size) = args.format.number_bytes() {
        return Ok(input.bytes() / size as u64);
    }
    progress.bytes("counting", Some(input.bytes()));
    let mut lines = input.lines(false, progress.handle())?;
    while lines.next()?.is_some() {}
    Ok(lines.seen.lines)
}
