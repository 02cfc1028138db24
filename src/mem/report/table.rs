//! The report as a table for people.

use super::{Report, Row};
use crate::mem::footprint::Totals;
use core::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

const COLUMNS: [&str; 10] = [
    "payload",
    "index",
    "slack",
    "header",
    "requested",
    "rounded",
    "shared",
    "mapped",
    "resident",
    "blocks",
];

/// The figures of a row, in the order of [`COLUMNS`], as text; `-` for what is not known.
fn figures(totals: &Totals, resident: Option<usize>) -> [String; COLUMNS.len()] {
    let Totals { payload, index, slack, header, rounded, shared, mapped, .. } = *totals;
    let blocks = totals.blocks + totals.shared_blocks;
    let known = [payload, index, slack, header, totals.heap_bytes(), rounded, shared, mapped];
    let [payload, index, slack, header, requested, rounded, shared, mapped] = known.map(Some);
    [payload, index, slack, header, requested, rounded, shared, mapped, resident, Some(blocks)]
        .map(|figure| figure.map_or("-".into(), |figure| Grouped(figure as i64).to_string()))
}

/// A number with a comma every three digits, right-aligned by the width given.
struct Grouped(i64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position) % 3 == 0 {
                text.push(',');
            }
            text.push(digit);
        }
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}

/// How the bytes of a row divide, as a bar: payload `█`, index `▓`, header `▒`, slack `░`.
fn bar(totals: &Totals) -> String {
    const WIDTH: usize = 16;
    let whole = totals.heap_bytes();
    let parts =
        [(totals.payload, '█'), (totals.index, '▓'), (totals.header, '▒'), (totals.slack, '░')];
    let (mut sum, mut drawn, mut text) = (0, 0, String::new());
    for (bytes, mark) in parts {
        sum += bytes;
        // Rounded at the seams, so that the whole is always WIDTH wide. 128 bits cannot overflow.
        let end = (sum as u128 * WIDTH as u128 + whole as u128 / 2) / (whole as u128).max(1);
        text.extend(core::iter::repeat_n(mark, end as usize - drawn));
        drawn = end as usize;
    }
    text
}

/// The lines of a table, as text, and the widths that they need.
struct Table {
    lines: Vec<Line>,
    name: usize,
    columns: [usize; COLUMNS.len()],
}

struct Line {
    name: String,
    figures: [String; COLUMNS.len()],
    bar: String,
}

impl Table {
    fn of(report: &Report) -> Self {
        let name = "structure".len();
        let mut table = Self { lines: Vec::new(), name, columns: COLUMNS.map(str::len) };
        report.rows.iter().for_each(|row| table.add(row, 0));
        table.push("total".into(), &report.total(), report.resident(), String::new());
        table
    }

    /// Adds a row and its components.
    fn add(&mut self, row: &Row, depth: usize) {
        let mark = if row.totals.estimated { "~" } else { "" };
        let name = format!("{:indent$}{mark}{}", "", row.name, indent = 2 * depth);
        self.push(name, &row.totals, row.resident, bar(&row.totals));
        row.components.iter().for_each(|component| self.add(component, depth + 1));
    }

    fn push(&mut self, name: String, totals: &Totals, resident: Option<usize>, bar: String) {
        let figures = figures(totals, resident);
        self.name = self.name.max(name.chars().count());
        for (width, figure) in self.columns.iter_mut().zip(&figures) {
            *width = figure.len().max(*width);
        }
        self.lines.push(Line { name, figures, bar });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<width$}", "structure", width = self.name)?;
        for (title, &width) in COLUMNS.iter().zip(&self.columns) {
            write!(f, "  {title:>width$}")?;
        }
        for Line { name, figures, bar } in &self.lines {
            write!(f, "\n{name:<width$}", width = self.name)?;
            for (figure, &width) in figures.iter().zip(&self.columns) {
                write!(f, "  {figure:>width$}")?;
            }
            if !bar.is_empty() {
                write!(f, "  {bar}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Table::of(self))?;
        let (Some(live), Some(peak), Some(unattributed)) =
            (self.live(), self.peak(), self.unattributed())
        else {
            return write!(f, "\nallocator: not tracked");
        };
        let lines = [
            ("allocator live", live),
            ("  before baseline", self.baseline.live),
            ("  structures", self.attributed()),
            ("  unattributed", unattributed),
            ("allocator peak", peak),
        ];
        let width = lines.map(|(_, bytes)| Grouped(bytes).to_string().len());
        let width = width.into_iter().max().unwrap_or(0);
        lines
            .iter()
            .try_for_each(|&(what, bytes)| write!(f, "\n{what:<17}  {:width$}", Grouped(bytes)))
    }
}
