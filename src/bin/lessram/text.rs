//! The text that `compare` prints: the table and the recommendation, for people.

use crate::input::group;
use crate::report::{Row, Table};
use std::fmt::Write;
use std::io::IsTerminal;

/// What the figures of a sample do not tell.
pub(crate) const SAMPLED: &str = "These are figures of the lines that were drawn, not of all: of \
     all, neighbours in order share more and caches hold less (lessram predict KIND --sample FILE \
     tells the bytes of all).";

/// How wide the text may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    width: usize,
    /// Whether columns that do not fit are left out.
    cut: bool,
}

impl Layout {
    /// `width` if given, else `$COLUMNS`, else the terminal's, else 80. What goes to a pipe or a
    /// file is cut only if a width was asked for.
    pub(crate) fn of(width: Option<usize>) -> Self {
        let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
        let terminal = || Some(usize::from(terminal_size::terminal_size()?.0.0));
        Self {
            width: width.or_else(columns).or_else(terminal).unwrap_or(80),
            cut: width.is_some() || std::io::stdout().is_terminal(),
        }
    }
}

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// For each item.
    Each,
    /// For all of them, to the byte.
    All,
}

/// A column of figures, or of words if it stands at the left of its cells.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) cells: Vec<Option<String>>,
    /// The column with the greatest goes first when the width does not suffice; 0 stays.
    expendable: u32,
    pub(crate) left: bool,
}

impl Column {
    /// A column that is always shown.
    pub(crate) fn plain(title: &'static str, left: bool, cells: Vec<Option<String>>) -> Self {
        Self { title, unit: "", cells, expendable: 0, left }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.as_deref().unwrap_or("-").chars().count());
        cells.chain([self.title.len(), self.unit.len()]).max().unwrap_or(0)
    }
}

impl Table {
    /// The table and the recommendation, for people.
    pub(crate) fn text(&self, layout: Layout, bytes: Bytes) -> String {
        let mut out = format!("{}: {}\n\n", self.dataset, self.summary());
        let mut columns = vec![self.names()];
        columns.extend(self.figures(bytes));
        let hidden = if layout.cut { fit(&mut columns, layout.width) } else { Vec::new() };
        out += &under_each_other(&columns);
        out.push('\n');
        if !hidden.is_empty() {
            let names = hidden.join(", ");
            out += &wrap(&format!("Columns left out for want of width: {names}."), layout.width);
        }
        out += &wrap(&self.legend(), layout.width);
        out.push('\n');
        for advice in &self.recommended {
            out += &advice.text(self, layout.width);
        }
        out
    }

    /// The table in Markdown, and what its words mean.
    pub(crate) fn markdown(&self, bytes: Bytes) -> String {
        let mut out = format!("{}: {}\n\n", self.dataset, self.summary());
        let mut columns = vec![self.names()];
        columns.extend(self.figures(bytes));
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let title = |column: &Column| format!("{} {}", column.title, column.unit).trim().to_owned();
        out += &line(columns.iter().map(title).collect());
        let rule = |column: &Column| if column.left { "---" } else { "---:" }.to_owned();
        out += &line(columns.iter().map(rule).collect());
        for row in 0..self.rows.len() {
            // A star in front would make text slanted, a tilde strike it through.
            let escaped = |cell: &str| {
                let marks = ["|", "*", "~"];
                marks.iter().fold(cell.trim().to_owned(), |cell, mark| {
                    cell.replace(mark, &format!("\\{mark}"))
                })
            };
            let cell = |column: &Column| escaped(column.cells[row].as_deref().unwrap_or("-"));
            out += &line(columns.iter().map(cell).collect());
        }
        out.push('\n');
        out += &self.legend();
        out.push('\n');
        out
    }

    /// What the items are called.
    pub(crate) fn items_are(&self) -> &'static str {
        match self.kind {
            "ints" => "distinct integers",
            "pairs" => "distinct keys with values",
            "stream" => "tokens",
            _ => "distinct strings",
        }
    }

    /// How many items there are, and how many bytes.
    pub(crate) fn summary(&self) -> String {
        let mut out = format!("{} {}", group(self.items), self.items_are());
        if self.distinct != self.items {
            let _ = write!(out, ", {} distinct", group(self.distinct));
        }
        if self.lines != self.items {
            let _ = write!(out, ", {} lines", group(self.lines));
        }
        let mean = self.payload_bytes as f64 / self.items as f64;
        let _ = match self.limit_bytes {
            Some(limit) => write!(
                out,
                "; as u64 8 B each, information limit {:.2} B each",
                limit as f64 / self.items as f64
            ),
            None => write!(out, "; {} bytes, {mean:.2} B each", group(self.payload_bytes)),
        };
        out
    }

    /// The structures with their marks.
    fn names(&self) -> Column {
        let marked = |row: &Row| {
            let (front, exact) =
                (if row.front { '*' } else { ' ' }, if row.exact { "" } else { "~" });
            Some(format!("{front}{}{exact}", row.structure))
        };
        let cells = self.rows.iter().map(marked).collect();
        Column::plain(" structure", true, cells)
    }

    /// All columns behind the structures' names; none without a figure.
    pub(crate) fn figures(&self, bytes: Bytes) -> Vec<Column> {
        let items = self.items as f64;
        let each = |told: Option<u64>| {
            told.map(|told| match bytes {
                Bytes::Each => format!("{:.2}", told as f64 / items),
                Bytes::All => group(told),
            })
        };
        let unit = if bytes == Bytes::Each { "B/item" } else { "B" };
        let time = |ns: Option<f64>| ns.map(|ns| format!("{ns:.1}"));
        let column = |title, unit, expendable, cell: &dyn Fn(&Row) -> Option<String>| Column {
            title,
            unit,
            cells: self.rows.iter().map(cell).collect(),
            expendable,
            left: false,
        };
        // A filter's limit is another than that of the items, and known for any items; over the
        // items' own bytes it compares with the other rows.
        let limits = self.limit_bytes.is_some();
        let base = |row: &Row| if limits { row.limit_bytes } else { Some(self.payload_bytes) };
        let over = |row: &Row| {
            let base = base(row).filter(|base| *base > 0)?;
            Some(format!("{:.2}", row.heap_bytes? as f64 / base as f64))
        };
        let ratio = if limits { "x limit" } else { "x data" };
        let mut all = vec![
            column("heap", unit, 0, &|row| each(row.heap_bytes)),
            column("heap", ratio, 3, &over),
            column("peak", unit, 2, &|row| each(row.peak_bytes)),
            column("build", "ns/item", 1, &|row| time(row.build_ns_per_item)),
            column("hit", "ns", 0, &|row| time(row.hit_ns)),
            column("miss", "ns", 1, &|row| time(row.miss_ns)),
            column("get", "ns", 4, &|row| time(row.get_ns)),
            column("file", unit, 5, &|row| each(row.file_bytes)),
            column("spread", "", 6, &|row| row.spread.map(|s| format!("{:.0}%", s * 100.0))),
            Column { left: true, ..column("note", "", 7, &|row| Some(row.note.clone())) },
        ];
        all.retain(|column| column.cells.iter().any(Option::is_some));
        all
    }

    /// How many processes and passes the times are from, at most.
    pub(crate) fn passes(&self) -> (usize, usize) {
        let processes = self.rows.iter().map(|row| row.processes).max().unwrap_or(0);
        let passes = self.rows.iter().map(|r| r.hit_ns_passes.len().max(r.get_ns_passes.len()));
        (processes, passes.max().unwrap_or(0))
    }

    fn legend(&self) -> String {
        let times = match self.passes() {
            (0, _) => String::new(),
            (processes, passes) => {
                format!("Times are medians of up to {passes} passes in {processes} processes. ")
            }
        };
        let approximate = match self.rows.iter().all(|row| row.exact) {
            true => "",
            false => " ~ approximate: answers maybe or no, and does not hold its keys.",
        };
        let sample = self.sampled_from.map_or("", |_| SAMPLED);
        let legend = format!(
            "{sample} Heap: bytes live once built, keys included; peak: the most while building. \
             {times}* on the front: nothing asked for the same is both smaller and faster.\
             {approximate} All terms: lessram help terms."
        );
        legend.trim_start().to_owned()
    }
}

/// Titles, units if there are any, and cells: a line each.
pub(crate) fn under_each_other(columns: &[Column]) -> String {
    let cells = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let units = columns.iter().any(|column| !column.unit.is_empty());
    let mut out = String::new();
    for line in (0..cells + 2).filter(|line| *line != 1 || units) {
        let mut text = String::new();
        for (i, column) in columns.iter().enumerate() {
            let cell = match line {
                0 => column.title,
                1 => column.unit,
                _ => column.cells[line - 2].as_deref().unwrap_or("-"),
            };
            let (gap, width) = (if i == 0 { "" } else { "  " }, column.width());
            let _ = match column.left {
                true => write!(text, "{gap}{cell:<width$}"),
                false => write!(text, "{gap}{cell:>width$}"),
            };
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}

/// Leaves out columns until the rest fits in `width`; names those left out.
fn fit(columns: &mut Vec<Column>, width: usize) -> Vec<String> {
    let mut hidden = Vec::new();
    loop {
        let needed = columns.iter().map(|column| column.width() + 2).sum::<usize>();
        let most = (0..columns.len()).max_by_key(|i| columns[*i].expendable);
        match most.filter(|i| columns[*i].expendable > 0) {
            Some(i) if needed > width + 2 => {
                let Column { title, unit, .. } = columns.remove(i);
                hidden.push(format!("{title} {unit}").trim_end().to_owned());
            }
            _ => return hidden,
        }
    }
}

/// `text` in lines of at most `width` columns, each ended.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            out.push('\n');
            used = 0;
        }
        if used > 0 {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += len;
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_loses_no_word() {
        let text = "one two three four five sixteen-characters";
        let wrapped = wrap(text, 10);
        assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        assert!(wrapped.lines().all(|line| line.len() <= 10 || !line.contains(' ')));
    }
}
