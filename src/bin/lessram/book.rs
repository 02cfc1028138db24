//! `lessram book`: the two tables of *High Performance Python* on using less RAM, row by row, with
//! what there is today measured on the user's own lines.

mod figures;

use crate::args::{BookArgs, Kind};
use crate::compare;
use crate::contender;
use crate::dataset::{self, Options};
use crate::error::{Code, Failure, Outcome};
use crate::input::{Input, group};
use crate::measure;
use crate::outputs::check_all;
use crate::progress::Progress;
use crate::report::{Row, Table, known};
use crate::scratch::Scratch;
use crate::text::{Column, under_each_other, wrap};
use figures::{CONTAINERS, COUNTS, Container, Count};
use serde::Serialize;

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
    args.effort.check()?;
    let outs = compare::files(&[("--json", &args.json), ("--tsv", &args.tsv)])?;
    check_all(args.file.as_deref(), &outs)?;
    let mut progress = Progress::new(args.quiet);
    let scratch = Scratch::create()?;
    let input = Input::open(args.file.as_deref(), &scratch, &mut progress)?;
    let mut names: Vec<&str> = CONTAINERS.iter().flat_map(|one| one.names()).collect();
    let (strings, no_strings) =
        measured(args, &input, Kind::Strings, &mut names, &scratch, &mut progress)?;
    let mut names: Vec<&str> = COUNTS.iter().map(|one| one.ours).collect();
    let (stream, no_stream) =
        measured(args, &input, Kind::Stream, &mut names, &scratch, &mut progress)?;
    drop(scratch);
    let failed = strings.rows.iter().chain(&stream.rows).any(|row| row.heap_bytes.is_none());
    let book = Book::new(&strings, &stream);
    let (json, tsv) = (serde_json::to_string_pretty(&book)? + "\n", book.tsv());
    if !compare::export(&[(&args.json, &json), (&args.tsv, &tsv)])? {
        compare::print(&book.text())?;
    }
    if no_strings && no_stream {
        return Err(Failure::memory(
            "nothing could be measured for want of memory: take fewer lines (head -n N FILE)",
        ));
    }
    Ok(if failed { Code::Negative } else { Code::Done })
}

/// The table of these structures over the lines as things of this kind, and whether there was no
/// memory for any of them.
fn measured(
    args: &BookArgs,
    input: &Input,
    kind: Kind,
    names: &mut Vec<&str>,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<(Table, bool)> {
    names.sort_unstable();
    names.dedup();
    let only: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let options = Options {
        kind: Some(kind),
        format: args.format(),
        seed: args.effort.seed,
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
    let runs = measure::run(&contenders, scratch, args.effort, progress);
    Ok((Table::new(&plan, &contenders, &runs), measure::all_starved(&runs)))
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
                let fields = [
                    table.to_owned(),
                    book.to_owned(),
                    side.to_owned(),
                    row.structure.to_owned(),
                    row.items.to_string(),
                    known(row.heap_bytes),
                    known(row.peak_bytes),
                    known(row.file_bytes),
                    known(row.build_ns_per_item),
                    known(row.hit_ns),
                    known(row.miss_ns),
                    known(row.estimate),
                    known(error),
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
        out += &under_each_other(&self.container_columns());
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
        out += &under_each_other(&self.count_columns());
        out += "\n";
        out += &wrap(
            "Errors are those of one run, here as there: of a sketch they say little. A Morris \
             counter counts tokens, all others distinct ones. Times are an added token, without \
             reading.",
            WIDTH,
        );
        out
    }

    fn container_columns(&self) -> Vec<Column> {
        let column = |title, left, cell: &dyn Fn(&Of<&Container>) -> Option<String>| {
            Column::plain(title, left, self.containers.iter().map(cell).collect())
        };
        let each = |bytes: u64| format!("{:.2}", bytes as f64 / self.distinct as f64);
        let bytes =
            |row: &Option<Row>, of: fn(&Row) -> Option<u64>| row.as_ref().and_then(of).map(each);
        let time = |row: &Option<Row>, of: fn(&Row) -> Option<f64>| {
            row.as_ref().and_then(of).map(|ns| format!("{ns:.0}"))
        };
        vec![
            column("the book's", true, &|one| Some(one.book.name.to_owned())),
            column("B there", false, &|one| Some(one.book.bytes())),
            column("us there", false, &|one| Some(one.book.times())),
            column("today", true, &|one| one.book.peer.map(str::to_owned)),
            column("B", false, &|one| bytes(&one.peer, |row| row.heap_bytes)),
            column("ns", false, &|one| time(&one.peer, |row| row.hit_ns)),
            column("ours", true, &|one| Some(one.book.ours.to_owned())),
            column("B", false, &|one| bytes(&one.ours, |row| row.heap_bytes)),
            column("ns hit", false, &|one| time(&one.ours, |row| row.hit_ns)),
            column("ns miss", false, &|one| time(&one.ours, |row| row.miss_ns)),
            column("peak B", false, &|one| bytes(&one.ours, |row| row.peak_bytes)),
            column("file B", false, &|one| bytes(&one.ours, |row| row.file_bytes)),
            column("ns build", false, &|one| time(&one.ours, |row| row.build_ns_per_item)),
        ]
    }

    fn count_columns(&self) -> Vec<Column> {
        let column = |title, left, cell: &dyn Fn(&Of<&Count>) -> Option<String>| {
            Column::plain(title, left, self.counts.iter().map(cell).collect())
        };
        vec![
            column("the book's", true, &|one| Some(one.book.name.to_owned())),
            column("bytes", false, &|one| Some(one.book.size.to_owned())),
            column("error", false, &|one| Some(format!("{:+.2} %", one.book.error_percent))),
            column("ns add", false, &|one| Some(format!("{:.0}", one.book.add_ns))),
            column("ours", true, &|one| Some(one.book.ours.to_owned())),
            column("bytes", false, &|one| one.ours.as_ref()?.heap_bytes.map(group)),
            column("estimate", false, &|one| {
                one.ours.as_ref()?.estimate.map(|count| group(count.round() as u64))
            }),
            column("error", false, &|one| {
                one.error.map(|error| format!("{:+.2} %", error * 100.0))
            }),
            column("ns add", false, &|one| {
                one.ours.as_ref()?.build_ns_per_item.map(|ns| format!("{ns:.1}"))
            }),
        ]
    }
}
