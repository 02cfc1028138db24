//! `lessram query`.

use crate::args::{Keys, QueryArgs};
use crate::error::{Code, Failure, Outcome};
use crate::hold::Hold;
use crate::input::{decimal, excerpt, group, read_line, unread};
use crate::inspect::head_of;
use crate::memory;
use crate::rows;
use lessram::hashing::KeyHash;
use serde_json::Value;
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::ops::Bound;
use std::path::Path;

pub(crate) fn run(args: &QueryArgs) -> Outcome<Code> {
    let head = head_of(&args.file)?;
    let row = rows::numbered(head.header.kind, &args.file)?;
    row.check_options(&[
        ("--as", args.keys_are.is_some()),
        ("--fuzzy", args.fuzzy.is_some()),
        ("--glob", args.glob.is_some()),
        ("--regex", args.regex.is_some()),
    ])?;
    let instead = "ask a smaller file";
    memory::check(args.memory, head.header.file_len, "reading the file", instead)?;
    let answers = (row.shape.open)(&args.file).map_err(|error| Failure::file(&args.file, error))?;
    let mut printer = Printer::new(args.json);
    let found = answers.answer(args, &mut printer)?;
    printer.finish()?;
    Ok(if found { Code::Done } else { Code::Negative })
}

/// Answers for a sequence.
pub(crate) fn items(hold: &dyn Hold, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
    if let Some(index) = args.index {
        return at_index(hold, index, args, printer);
    }
    // Reads all of them.
    let query = Query { hold, sorted: hold.is_sorted(), name: &args.file };
    if let Some(prefix) = &args.prefix {
        query.prefix(prefix.as_encoded_bytes(), printer)
    } else if let Some(range) = &args.range {
        query.range(range, printer)
    } else {
        query.keys(args, printer)
    }
}

/// A key on the command line as a number.
pub(crate) fn number(key: &[u8]) -> Outcome<u64> {
    decimal(key)
        .ok_or_else(|| Failure::usage(format!("{} is no decimal number below 2^64", excerpt(key))))
}

/// Refuses questions for items, of a file that has none: `why`.
pub(crate) fn only_keys(args: &QueryArgs, why: &str) -> Outcome<()> {
    let items = [
        ("--index", args.index.is_some()),
        ("--prefix", args.prefix.is_some()),
        ("--range", args.range.is_some()),
    ];
    match items.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::usage(format!("{option}: {why}"))),
        None => Ok(()),
    }
}

/// Asks a file that knows keys by their hashes, and numbers by those of their 8 bytes only if it is
/// told that keys are numbers: `ask` gets each key and its hash.
pub(crate) fn each_hash(
    args: &QueryArgs,
    seed: u64,
    mut ask: impl FnMut(&[u8], u64) -> Outcome<bool>,
) -> Outcome<bool> {
    let as_number = args.keys_are == Some(Keys::Ints);
    let check = |key: &[u8]| if as_number { number(key).map(drop) } else { Ok(()) };
    each_key(args, check, |key| {
        let hash = if as_number { number(key)?.key_hash(seed) } else { key.key_hash(seed) };
        ask(key, hash)
    })
}

/// Calls `ask` for each key of the command line, and for each line of standard input where that
/// says `-`; whether all answers were yes. All keys of the command line pass `check` before the
/// first is asked for; a line that does not is told by its number.
pub(crate) fn each_key(
    args: &QueryArgs,
    check: impl Fn(&[u8]) -> Outcome<()>,
    mut ask: impl FnMut(&[u8]) -> Outcome<bool>,
) -> Outcome<bool> {
    let keys = args.keys.iter().filter(|key| *key != OsStr::new("-"));
    for key in keys {
        check(key.as_encoded_bytes())?;
    }
    let mut all = true;
    for key in &args.keys {
        if key == OsStr::new("-") {
            let mut input = std::io::stdin().lock();
            let (mut line, mut lines) = (Vec::new(), 0_u64);
            loop {
                lines += 1;
                let got = read_line(&mut input, &mut line);
                if got.map_err(|error| unread("standard input", lines, error))? == 0 {
                    break;
                }
                let key = line.strip_suffix(b"\n").unwrap_or(&line);
                check(key).map_err(|failure| in_line(lines, failure))?;
                all &= ask(key)?;
                line.clear();
            }
        } else {
            all &= ask(key.as_encoded_bytes())?;
        }
    }
    Ok(all)
}

/// The same of a line of standard input, where what is wrong is not the command line.
fn in_line(line: u64, failure: Failure) -> Failure {
    match failure {
        Failure::Told(_, why) => Failure::bad(format!("standard input: line {line}: {why}")),
        Failure::BrokenPipe => failure,
    }
}

/// Writes findings as lines or as one JSON array.
pub(crate) struct Printer {
    out: BufWriter<std::io::StdoutLock<'static>>,
    json: bool,
    printed: usize,
}

impl Printer {
    fn new(json: bool) -> Self {
        Self { out: BufWriter::new(std::io::stdout().lock()), json, printed: 0 }
    }

    /// One finding: a word and the item; in JSON the word becomes the first field.
    pub(crate) fn print(&mut self, word: &str, field: (&str, Value), item: &[u8]) -> Outcome<()> {
        self.print_all(word, [field], item)
    }

    /// The same, with several fields.
    fn print_all<const N: usize>(
        &mut self,
        words: &str,
        fields: [(&str, Value); N],
        item: &[u8],
    ) -> Outcome<()> {
        if self.json {
            let before = if self.printed == 0 { "[\n" } else { ",\n" };
            let mut line = serde_json::Map::new();
            line.extend(fields.map(|(name, value)| (name.to_owned(), value)));
            let text = std::str::from_utf8(item);
            line.insert("item".to_owned(), text.ok().into());
            if text.is_err() {
                // JSON holds text only: other bytes are told as numbers.
                line.insert("bytes".to_owned(), item.into());
            }
            write!(self.out, "{before}{}", Value::Object(line))?;
        } else {
            write!(self.out, "{words}\t")?;
            self.out.write_all(item)?;
            self.out.write_all(b"\n")?;
        }
        self.printed += 1;
        Ok(())
    }

    /// A key at its index, and how many changes it takes to come there.
    pub(crate) fn near(&mut self, index: usize, changes: u32, key: &[u8]) -> Outcome<()> {
        let fields = [("index", index.into()), ("changes", changes.into())];
        self.print_all(&format!("{index}\t{changes}"), fields, key)
    }

    /// An item at its index, or its absence.
    pub(crate) fn item(&mut self, index: Option<usize>, item: &[u8]) -> Outcome<()> {
        let word = index.map_or_else(|| "-".to_owned(), |index| index.to_string());
        self.print(&word, ("index", index.into()), item)
    }

    fn finish(mut self) -> Outcome<()> {
        if self.json {
            let end = if self.printed == 0 { "[]\n" } else { "\n]\n" };
            self.out.write_all(end.as_bytes())?;
        }
        Ok(self.out.flush()?)
    }
}

struct Query<'a> {
    hold: &'a dyn Hold,
    sorted: bool,
    name: &'a Path,
}

fn at_index(hold: &dyn Hold, index: u64, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
    let item = usize::try_from(index).ok().and_then(|index| hold.get(index));
    match &item {
        Some(item) => printer.item(Some(index as usize), item)?,
        None => {
            let (items, name) = (group(hold.len() as u64), args.file.display());
            tell(&format!("lessram: {name}: has {items} items, none at {index}"));
        }
    }
    Ok(item.is_some())
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

impl Query<'_> {
    fn keys(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        if !self.sorted {
            self.tell_unsorted();
        }
        each_key(
            args,
            |key| self.hold.check(key),
            |key| {
                let found =
                    if self.sorted { self.hold.search(key)?.ok() } else { self.scan_for(key)? };
                printer.item(found, key)?;
                Ok(found.is_some())
            },
        )
    }

    fn scan_for(&self, key: &[u8]) -> Outcome<Option<usize>> {
        for index in 0..self.hold.len() {
            if self.hold.compare(index, key)? == Ordering::Equal {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Prints the items for which `inside` holds; of ascending items, from `start` on as long as it
    /// holds.
    fn list(
        &self,
        start: Option<&[u8]>,
        inside: impl Fn(usize) -> Outcome<bool>,
        printer: &mut Printer,
    ) -> Outcome<bool> {
        if !self.sorted {
            self.tell_unsorted();
        }
        let first = match start.filter(|_| self.sorted) {
            Some(start) => self.hold.search(start)?.unwrap_or_else(|at| at),
            None => 0,
        };
        let before = printer.printed;
        for index in first..self.hold.len() {
            if inside(index)? {
                printer.item(Some(index), &self.hold.get(index).unwrap_or_default())?;
            } else if self.sorted {
                break;
            }
        }
        Ok(printer.printed > before)
    }

    fn prefix(&self, prefix: &[u8], printer: &mut Printer) -> Outcome<bool> {
        if !self.hold.is_text() {
            return Err(Failure::usage("--prefix: the file holds numbers: use --range"));
        }
        let inside = |index| Ok(self.hold.get(index).is_some_and(|item| item.starts_with(prefix)));
        self.list(Some(prefix), inside, printer)
    }

    fn range(&self, range: &OsStr, printer: &mut Printer) -> Outcome<bool> {
        let range = Range::parse(range.as_encoded_bytes())?;
        let inside = |index| {
            let above = match range.start {
                Some(start) => self.hold.compare(index, start)?.is_ge(),
                None => true,
            };
            let below = match range.end {
                Some(end) => {
                    let order = self.hold.compare(index, end)?;
                    order.is_lt() || range.inclusive && order.is_eq()
                }
                None => true,
            };
            Ok(above && below)
        };
        self.list(range.start, inside, printer)
    }

    fn tell_unsorted(&self) {
        tell(&format!(
            "note: {}: its items do not ascend, so all are looked at: sort the input (LC_ALL=C \
             sort) before building to search",
            self.name.display()
        ));
    }
}

/// `A..B`, `A..=B`, `A..`, `..B`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range<'a> {
    start: Option<&'a [u8]>,
    end: Option<&'a [u8]>,
    inclusive: bool,
}

impl<'a> Range<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Outcome<Self> {
        let Some(at) = text.windows(2).position(|two| two == b"..") else {
            return Err(Failure::usage(format!(
                "--range {}: write A..B, A..=B, A.. or ..B",
                excerpt(text)
            )));
        };
        let (start, end) = (&text[..at], &text[at + 2..]);
        let (end, inclusive) = match end.strip_prefix(b"=") {
            Some(end) => (end, true),
            None => (end, false),
        };
        let given = |bound: &'a [u8]| (!bound.is_empty()).then_some(bound);
        Ok(Self { start: given(start), end: given(end), inclusive })
    }

    /// As bounds of byte strings.
    pub(crate) fn bounds(&self) -> (Bound<&'a [u8]>, Bound<&'a [u8]>) {
        let end = self.end.map_or(Bound::Unbounded, |end| {
            if self.inclusive { Bound::Included(end) } else { Bound::Excluded(end) }
        });
        (self.start.map_or(Bound::Unbounded, Bound::Included), end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |text: &'static str| {
            let range = Range::parse(text.as_bytes()).ok()?;
            Some((range.start, range.end, range.inclusive))
        };
        let (a, b) = (Some(&b"a"[..]), Some(&b"b"[..]));
        assert_eq!(range("a..b"), Some((a, b, false)));
        assert_eq!(range("a..=b"), Some((a, b, true)));
        assert_eq!((range("a.."), range("..b")), (Some((a, None, false)), Some((None, b, false))));
        assert_eq!((range(".."), range("ab")), (Some((None, None, false)), None));
    }
}
