//! `lessram book`: the two tables of *High Performance Python* on using less RAM, row by row, with
//! what there is today measured on the user's own lines.

mod figures;

use crate::args::{BookArgs, Kind};
use crate::compare::{self, check_outputs};
use crate::contender;
use crate::dataset::{self, Options};
use crate::error::{Code, Failure, Outcome};
use crate::input::{Input, group};
use crate::measure;
use crate::progress::Progress;
use crate::report::{Row, Table};
use crate::scratch::Scratch;
use crate::text::wrap;
use figures::{CONTAINERS, COUNTS, Container, Count};
use serde::Serialize;
use std::fmt::Write;

/// Columns of the notes.
const WIDTH: usize = 100;

/// Both tables.
#[derive(Serialize)]
struct Book {
    schema: u32,
    version: &'static str,
    dataset: String,
    tokens: u64,
    distinct: u64,
    containers: Vec<Of<&'static Container>>,
    counts: Vec<Of<&'static Count>>,
}

/// A row of the book's, and what stands beside it.
#[derive(Serialize)]
struct Of<T> {
    book: T,
    /// The same thing in Rust's own terms, or another crate's.
    peer: Option<Row>,
    ours: Option<Row>,
    /// By how much the count is off, if it is one.
    error: Option<f64>,
}

pub(crate) fn run(args: &BookArgs) -> Outcome<Code> {
    measure::check_effort(args.repeat, args.budget)?;
    check_outputs(&[&args.json, &args.tsv])?;
    let mut progress = Progress::new(args.quiet);
    let scratch = Scratch::create()?;
    let input = Input::open(args.file.as_deref(), &scratch, &mut progress)?;
    let mut names: Vec<&str> = CONTAINERS.iter().flat_map(|one| one.names()).collect();
    let strings = measured(args, &input, Kind::Strings, &mut names, &scratch, &mut progress)?;
    let mut names: Vec<&str> = COUNTS.iter().map(|one| one.ours).collect();
    let stream = measured(args, &input, Kind::Stream, &mut names, &scratch, &mut progress)?;
    drop(scratch);
    let failed = strings.rows.iter().chain(&stream.rows).any(|row| row.heap_bytes.is_none());
    let book = Book::new(&strings, &stream);
    let (json, tsv) = (serde_json::to_string_pretty(&book)? + "\n", book.tsv());
    if !compare::export(&[(&args.json, &json), (&args.tsv, &tsv)])? {
        compare::print(&book.text())?;
    }
    Ok(if failed { Code::Negative } else { Code::Done })
}

/// The table of these structures over the lines as things of this kind.
fn measured(
    args: &BookArgs,
    input: &Input,
    kind: Kind,
    names: &mut Vec<&str>,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<Table> {
    names.sort_unstable();
    names.dedup();
    let only: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let options = Options {
        kind: Some(kind),
        format: args.format(),
        seed: args.seed,
        fpr: Default::default(),
        memory: args.memory,
        child_need: contender::need,
        only: &only,
    };
    let plan = dataset::prepare(input, &options, scratch, progress)?;
    progress.done();
    let contenders = contender::chosen(kind, plan.number_values, &only)?;
    if contenders.len() != only.len() {
        return Err(Failure::bad("a counterpart of the book's is missing: please report this"));
    }
    plan.save(scratch)?;
    let runs = measure::run(&contenders, scratch, args.repeat, args.budget, progress);
    Ok(Table::new(&plan, &contenders, &runs))
}

impl Book {
    fn new(strings: &Table, stream: &Table) -> Self {
        let row = |table: &Table, name: &str| {
            table.rows.iter().find(|row| row.structure == name).cloned()
        };
        let count = |book: &'static Count| {
            let ours = row(stream, book.ours);
            let truth = if book.of_all { stream.items } else { stream.distinct } as f64;
            let error = ours.as_ref().and_then(|row| Some(row.estimate? / truth - 1.0));
            Of { book, peer: None, ours, error }
        };
        let container = |book: &'static Container| Of {
            book,
            peer: book.peer.and_then(|name| row(strings, name)),
            ours: row(strings, book.ours),
            error: None,
        };
        Self {
            schema: 1,
            version: env!("CARGO_PKG_VERSION"),
            dataset: strings.dataset.clone(),
            tokens: stream.items,
            distinct: strings.items,
            containers: CONTAINERS.iter().map(container).collect(),
            counts: COUNTS.iter().map(count).collect(),
        }
    }

    /// One line for each row and what stands beside it, all figures as in the JSON.
    fn tsv(&self) -> String {
        let mut out = String::from(
            "table\tbook\tside\tstructure\titems\theap_bytes\tpeak_bytes\tfile_bytes\t\
             build_ns_per_item\thit_ns\tmiss_ns\testimate\terror\n",
        );
        let mut line =
            |table: &str, book: &str, side: &str, row: &Option<Row>, error: Option<f64>| {
                let Some(row) = row else { return };
                let number = |value: Option<u64>| value.map_or(String::new(), |v| v.to_string());
                let figure = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
                let fields = [
                    table.to_owned(),
                    book.to_owned(),
                    side.to_owned(),
                    row.structure.to_owned(),
                    row.items.to_string(),
                    number(row.heap_bytes),
                    number(row.peak_bytes),
                    number(row.file_bytes),
                    figure(row.build_ns_per_item),
                    figure(row.hit_ns),
                    figure(row.miss_ns),
                    figure(row.estimate),
                    figure(error),
                ];
                out += &(fields.join("\t") + "\n");
            };
        for one in &self.containers {
            line("containers", one.book.name, "peer", &one.peer, None);
            line("containers", one.book.name, "ours", &one.ours, None);
        }
        for one in &self.counts {
            line("counts", one.book.name, "ours", &one.ours, one.error);
        }
        out
    }

    fn text(&self) -> String {
        let mut out = format!(
            "{}: {} tokens, {} distinct\n\n",
            self.dataset,
            group(self.tokens),
            group(self.distinct)
        );
        out += "Containers of the distinct tokens: bytes a token, time of a look-up\n\n";
        out += &aligned(&self.container_cells());
        out += "\n";
        out += &wrap(
            "The book's: growth of the process over tokens (editions of 2014, 2020, 2025; (b) \
             built, (f) loaded from a file), and one hot word looked up again and again. Here: \
             bytes requested and live, and random tokens in a fresh process; ours, and the \
             nearest of the standard library or another crate.",
            WIDTH,
        );
        out += "\nCounting: what the book counted (1,148,708,949 tokens, 4,956,262 distinct), and \
                these tokens\n\n";
        out += &aligned(&self.count_cells());
        out += "\n";
        out += &wrap(
            "Errors are those of one run, here as there: of a sketch they say little. A Morris \
             counter counts tokens, all others distinct ones. Times are an added token, without \
             reading.",
            WIDTH,
        );
        out
    }

    fn container_cells(&self) -> Vec<Vec<String>> {
        let mut cells = vec![words(&[
            "the book's",
            "B there",
            "us there",
            "today",
            "B",
            "ns",
            "ours",
            "B",
            "ns hit",
            "ns miss",
            "peak B",
            "file B",
            "ns build",
        ])];
        let each = |bytes: Option<u64>| {
            bytes.map_or("-".into(), |bytes| format!("{:.2}", bytes as f64 / self.distinct as f64))
        };
        let time = |ns: Option<f64>| ns.map_or("-".into(), |ns| format!("{ns:.0}"));
        for Of { book, peer, ours, .. } in &self.containers {
            let mut line = vec![book.name.to_owned(), book.bytes(), book.times()];
            line.push(peer.as_ref().map_or("-".into(), |row| row.structure.to_owned()));
            line.push(each(peer.as_ref().and_then(|row| row.heap_bytes)));
            line.push(time(peer.as_ref().and_then(|row| row.hit_ns)));
            line.push(book.ours.to_owned());
            let ours = ours.as_ref();
            line.push(each(ours.and_then(|row| row.heap_bytes)));
            line.push(time(ours.and_then(|row| row.hit_ns)));
            line.push(time(ours.and_then(|row| row.miss_ns)));
            line.push(each(ours.and_then(|row| row.peak_bytes)));
            line.push(each(ours.and_then(|row| row.file_bytes)));
            line.push(time(ours.and_then(|row| row.build_ns_per_item)));
            cells.push(line);
        }
        cells
    }

    fn count_cells(&self) -> Vec<Vec<String>> {
        let mut cells = vec![words(&[
            "the book's",
            "bytes",
            "error",
            "ns add",
            "ours",
            "bytes",
            "estimate",
            "error",
            "ns add",
        ])];
        for Of { book, ours, error, .. } in &self.counts {
            let ours = ours.as_ref();
            let show = |figure: Option<String>| figure.unwrap_or_else(|| "-".into());
            cells.push(vec![
                book.name.to_owned(),
                book.size.to_owned(),
                format!("{:+.2} %", book.error_percent),
                format!("{:.0}", book.add_ns),
                book.ours.to_owned(),
                show(ours.and_then(|row| row.heap_bytes).map(group)),
                show(ours.and_then(|row| row.estimate).map(|count| group(count.round() as u64))),
                show(error.map(|error| format!("{:+.2} %", error * 100.0))),
                show(ours.and_then(|row| row.build_ns_per_item).map(|ns| format!("{ns:.1}"))),
            ]);
        }
        cells
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Lines of cells under each other: words at the left, figures at the right.
fn aligned(cells: &[Vec<String>]) -> String {
    let columns = cells.first().map_or(0, Vec::len);
    let width = |at: usize| cells.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let left = |at: usize| {
        cells.iter().skip(1).any(|line| line[at].starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let left: Vec<bool> = (0..columns).map(left).collect();
    let mut out = String::new();
    for line in cells {
        let mut text = String::new();
        for (at, cell) in line.iter().enumerate() {
            let (gap, width) = (if at == 0 { "" } else { "  " }, widths[at]);
            let _ = match left[at] {
                true => write!(text, "{gap}{cell:<width$}"),
                false => write!(text, "{gap}{cell:>width$}"),
            };
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}
