//! `lessram completions` and `lessram man`: the command line, for shells and for readers.

use crate::args::Cli;
use crate::error::{Code, Failure, Outcome};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

pub(crate) fn completions(shell: Shell) -> Outcome<Code> {
    // Not to standard output itself: clap's generators panic where that goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lessram", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Code::Done)
}

pub(crate) fn man(name: Option<&str>) -> Outcome<Code> {
    let mut whole = Cli::command();
    // Gives subcommands the name that they are called by.
    whole.build();
    let page = match name {
        None => Some(whole),
        Some(name) => whole.find_subcommand(name).filter(|it| !it.is_hide_set()).cloned(),
    };
    let Some(page) = page else {
        let name = name.unwrap_or_default();
        return Err(Failure::usage(format!("no subcommand is called `{name}` (see --help)")));
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    std::io::stdout().write_all(&text)?;
    Ok(Code::Done)
}
