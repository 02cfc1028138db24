//! `lessram compare`.

use crate::args::{CompareArgs, Kind};
use crate::contender;
use crate::dataset::{self, Options, Plan};
use crate::draw;
use crate::error::{Code, Failure, Outcome};
use crate::input::Input;
use crate::measure;
use crate::outputs::check_all;
use crate::page;
use crate::progress::Progress;
use crate::report::Table;
use crate::scratch::Scratch;
use crate::text::{Bytes, Layout};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &CompareArgs) -> Outcome<Code> {
    args.effort.check()?;
    contender::check_names(&args.only)?;
    let forms = [("--json", &args.json), ("--tsv", &args.tsv), ("--markdown", &args.markdown)];
    let outs: Vec<&PathBuf> = files(&forms)?.into_iter().chain(&args.html).collect();
    check_all(args.file.as_deref(), &outs)?;
    let mut progress = Progress::new(args.quiet);
    let scratch = Scratch::create()?;
    let plan = prepare(args, &scratch, &mut progress)?;
    let mut contenders = contender::chosen(plan.kind, plan.number_values, &args.only)?;
    contenders.retain(|contender| !args.only.is_empty() || (contender.entry.fits)(&plan));
    plan.save(&scratch)?;
    if plan.kind == Kind::Pairs && !plan.number_values {
        progress.note("what is built once holds numbers by key, and these values are none");
    }
    let runs = measure::run(&contenders, &scratch, args.effort, &mut progress);
    drop(scratch);
    if args.file.is_none() {
        progress.note("this is the sample; on your own data: lessram compare FILE");
    }
    write(args, &Table::new(&plan, &contenders, &runs))?;
    if measure::all_starved(&runs) {
        return Err(Failure::memory(
            "nothing could be measured for want of memory: measure a sample (compare --sample N)",
        ));
    }
    let failed = runs.iter().any(|run| run.failure.is_some());
    Ok(if failed { Code::Negative } else { Code::Done })
}

fn prepare(args: &CompareArgs, scratch: &Scratch, progress: &mut Progress) -> Outcome<Plan> {
    let mut input = Input::open(args.file.as_deref(), scratch, progress)?;
    if let Some(count) = args.sample {
        input = draw::lines(input, count, args, scratch, progress)?;
    }
    let options = Options {
        kind: args.kind,
        format: args.format,
        seed: args.effort.seed,
        fpr: args.fpr.get(),
        memory: args.memory,
        child_need: contender::need,
        only: &args.only,
    };
    let plan = dataset::prepare(&input, &options, scratch, progress)?;
    progress.done();
    Ok(plan)
}

/// Prints the table, or what was asked for in its place; writes the files that were asked for.
fn write(args: &CompareArgs, table: &Table) -> Outcome<()> {
    let bytes = if args.bytes { Bytes::All } else { Bytes::Each };
    let markdown = table.markdown(bytes);
    let printed = export(&[
        (&args.json, &table.json()?),
        (&args.tsv, &table.tsv()),
        (&args.markdown, &markdown),
    ])?;
    if let Some(path) = &args.html {
        save(path, &page::page(table)?)?;
    }
    if printed { Ok(()) } else { print(&table.text(Layout::of(args.width), bytes)) }
}

/// An option that prints a form in place of the table, or with a file writes it there.
type Form = Option<Option<PathBuf>>;

/// The files that forms, each with its option, are written to. No two may be printed: who reads one
/// cannot read both.
pub(crate) fn files<'a>(forms: &[(&str, &'a Form)]) -> Outcome<Vec<&'a PathBuf>> {
    let printed: Vec<&str> =
        forms.iter().filter(|(_, form)| **form == Some(None)).map(|(name, _)| *name).collect();
    if let [one, other, ..] = printed[..] {
        return Err(Failure::usage(format!(
            "{one} and {other}: one of them is printed: give the other a file ({other}=FILE)"
        )));
    }
    Ok(forms.iter().filter_map(|(_, form)| form.as_ref()?.as_ref()).collect())
}

/// Prints or writes the forms that were asked for; whether one was printed.
pub(crate) fn export(forms: &[(&Form, &str)]) -> Outcome<bool> {
    let mut printed = false;
    for (wanted, text) in forms {
        match wanted {
            Some(Some(path)) => save(path, text)?,
            Some(None) => {
                print(text)?;
                printed = true;
            }
            None => {}
        }
    }
    Ok(printed)
}

pub(crate) fn print(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn save(path: &Path, text: &str) -> Outcome<()> {
    fs::write(path, text).map_err(|error| Failure::file(path, error))
}
