//! Progress and notes, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Tells people how far things are: bars only when standard error is a terminal, notes always,
/// neither when asked to be quiet.
#[derive(Debug)]
pub(crate) struct Progress {
    quiet: bool,
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, bar: ProgressBar::hidden() }
    }

    /// A note that stays.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            // A closed standard error is no reason to stop.
            self.bar.suspend(|| drop(writeln!(std::io::stderr(), "note: {text}")));
        }
    }

    /// A line that stays, about something that went wrong.
    pub(crate) fn warn(&self, text: &str) {
        self.bar.suspend(|| drop(writeln!(std::io::stderr(), "lessram: {text}")));
    }

    fn start(&mut self, bar: ProgressBar, template: &str, what: &str) {
        self.bar.finish_and_clear();
        if self.quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bar = bar;
    }

    /// Begins a phase over `total` bytes, if that is known.
    pub(crate) fn bytes(&mut self, what: &str, total: Option<u64>) {
        match total {
            Some(total) => self.start(
                ProgressBar::new(total),
                "{msg} [{bar:24}] {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}",
                what,
            ),
            None => self.start(
                ProgressBar::new_spinner(),
                "{spinner} {msg} {bytes} {bytes_per_sec} {elapsed}",
                what,
            ),
        }
    }

    /// Begins a phase of unknown length.
    pub(crate) fn phase(&mut self, what: &str) {
        self.start(ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}", what);
    }

    /// Begins a phase of `total` steps.
    pub(crate) fn steps(&mut self, total: u64) {
        self.start(
            ProgressBar::new(total),
            "[{bar:24}] {pos}/{len} {msg} {elapsed} ETA {eta}",
            "starting",
        );
    }

    /// What the running step does.
    pub(crate) fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// `amount` more bytes or steps are done.
    pub(crate) fn advance(&self, amount: u64) {
        self.bar.inc(amount);
    }

    /// A handle that other readers may advance.
    pub(crate) fn handle(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Clears the bar.
    pub(crate) fn done(&mut self) {
        self.bar.finish_and_clear();
    }
}
