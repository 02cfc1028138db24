//! `lessram verify`.

use crate::args::VerifyArgs;
use crate::error::{Code, Failure, Outcome};
use crate::inspect::head_of;
use crate::memory::{self, human};
use crate::rows;
use lessram::storage;
use serde_json::json;
use std::io::Write;
use std::time::Instant;

pub(crate) fn run(args: &VerifyArgs) -> Outcome<Code> {
    let checked = check(args);
    let mut out = std::io::stdout();
    match &checked {
        Ok(sound) if !args.json => writeln!(
            out,
            "{}: ok: {}, {} in {} sections; read at {:.2} GB/s, checked at {:.2} GB/s",
            args.file.display(),
            sound.name,
            human(sound.bytes),
            sound.sections,
            sound.read,
            sound.check
        )?,
        Ok(sound) => {
            let value = json!({
                "schema": 1,
                "file": args.file.display().to_string(),
                "ok": true,
                "structure": sound.name,
                "file_bytes": sound.bytes,
                "sections": sound.sections,
                "read_gb_per_s": sound.read,
                "check_gb_per_s": sound.check,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        }
        Err(Failure::Told(_, message)) if args.json => {
            let file = args.file.display().to_string();
            let value = json!({ "schema": 1, "file": file, "ok": false, "error": message });
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        }
        Err(_) => {}
    }
    checked.map(|_| Code::Done)
}

/// A file in which nothing is wrong.
struct Sound {
    name: &'static str,
    bytes: u64,
    sections: usize,
    /// GB/s from the file into memory.
    read: f64,
    /// GB/s through section hashes and the structure's rules.
    check: f64,
}

fn check(args: &VerifyArgs) -> Outcome<Sound> {
    let fail = |error| Failure::file(&args.file, error);
    let head = head_of(&args.file)?;
    let row = rows::numbered(head.header.kind, &args.file)?;
    memory::check(args.memory, head.header.file_len, "reading the file", "use a larger machine")?;
    let begin = Instant::now();
    let words = storage::read_bytes(&args.file).map_err(fail)?;
    let read = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    (row.verify)(words.as_bytes()).map_err(fail)?;
    let check = begin.elapsed().as_secs_f64();
    let bytes = words.as_bytes().len() as u64;
    let rate = |seconds: f64| (bytes as f64 / seconds.max(1e-9) / 1e7).round() / 100.0;
    let (read, check) = (rate(read), rate(check));
    Ok(Sound { name: row.kind.name, bytes, sections: head.sections.len(), read, check })
}
