//! `lessram`: what your own data cost in RAM, in every structure that fits, and files of them.

mod about;
mod args;
mod book;
mod build;
mod compare;
mod contender;
mod dataset;
mod distinct;
mod draw;
mod error;
mod heap;
mod hold;
mod input;
mod inspect;
mod manual;
mod measure;
mod memory;
mod merge;
mod outputs;
mod page;
mod predict;
mod progress;
mod quantiles;
mod query;
mod rate;
mod recommend;
mod report;
mod rng;
mod rows;
mod sample;
mod scratch;
mod shapes;
mod spool;
mod terms;
mod text;
mod top;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind;
use error::{Code, Failure, Outcome};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    outlive_file_limit();
    let code = match Cli::try_parse() {
        Ok(cli) => run(&cli.command),
        Err(error) => refuse(&error),
    };
    let code = match code {
        Ok(code) => code,
        Err(Failure::BrokenPipe) => Code::Done,
        Err(Failure::Told(code, message)) => {
            // With a closed standard error only the code is left.
            let _ = writeln!(std::io::stderr(), "lessram: {message}");
            code
        }
    };
    ExitCode::from(code as u8)
}

/// A file that may not get larger (`ulimit -f`) is then an error that is told of, as a full disk is
/// one. Else the signal that comes before it ends the process without a word.
fn outlive_file_limit() {
    #[cfg(unix)]
    {
        let seen = std::sync::Arc::default();
        // Refused: a limit then ends the process, and the sweepers clean up, as before.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, seen);
    }
}

fn run(command: &Command) -> Outcome<Code> {
    match command {
        Command::Compare(args) => compare::run(args),
        Command::Build(args) => build::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Book(args) => book::run(args),
        Command::Terms => terms::run(),
        Command::Inspect(args) => inspect::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Query(args) => query::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Top(args) => top::run(args),
        Command::Quantiles(args) => quantiles::run(args),
        Command::Distinct(args) => distinct::run(args),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { command } => manual::man(command.as_deref()),
        Command::Measure(args) => measure::child(args),
        Command::Sweep { folder } => scratch::sweep(folder),
        Command::SweepBeside { out, process } => scratch::sweep_beside(out, *process),
    }
}

/// Help goes to standard output; a mistake on the command line becomes one line.
fn refuse(error: &clap::Error) -> Outcome<Code> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            write!(std::io::stdout(), "{}", error.render())?;
            Ok(Code::Done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(std::io::stderr(), "{}", error.render());
            Ok(Code::Usage)
        }
        _ => {
            let text = error.render().to_string();
            let told = text.split("Usage:").next().unwrap_or(&text);
            let words: Vec<&str> = told.split_whitespace().skip_while(|w| *w == "error:").collect();
            let told = words.join(" ");
            let told = told.split(" For more information").next().unwrap_or("");
            Err(Failure::usage(format!("{told} (see --help)")))
        }
    }
}
