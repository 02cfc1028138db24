//! The result of `compare`: one [`Table`], from which text, JSON and TSV are written alike.

use crate::contender::Contender;
use crate::dataset::Plan;
use crate::error::Outcome;
use crate::input::group;
use crate::measure::{PartsSeen, Run};
use crate::recommend::{Advice, advise};
use serde::Serialize;
use std::fmt::Write;
use std::io::IsTerminal;

/// All figures, rounded as they are shown. Fields of the JSON may be added, none renamed.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    schema: u32,
    dataset: String,
    pub(crate) kind: &'static str,
    pub(crate) items: u64,
    distinct: u64,
    lines: u64,
    payload_bytes: u64,
    limit_bytes: Option<u64>,
    seed: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) recommended: Vec<Advice>,
}

/// One structure's figures; what is not known is null.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) structure: &'static str,
    family: Option<&'static str>,
    peer: bool,
    items: u64,
    pub(crate) heap_bytes: Option<u64>,
    file_bytes: Option<u64>,
    peak_bytes: Option<u64>,
    build_ns_per_item: Option<f64>,
    pub(crate) hit_ns: Option<f64>,
    miss_ns: Option<f64>,
    pub(crate) get_ns: Option<f64>,
    /// What lies between the quartiles of the passes of hits, or else of gets, over their median.
    spread: Option<f64>,
    exact: bool,
    note: String,
    blocks: Option<u64>,
    parts: Option<PartsSeen>,
    /// Nothing of the table is both smaller and faster.
    front: bool,
    processes: usize,
    hit_ns_passes: Vec<f64>,
    miss_ns_passes: Vec<f64>,
    get_ns_passes: Vec<f64>,
    /// The line of Rust that builds it.
    pub(crate) rust: String,
}

/// To one digit behind the point, as the table shows it.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// What `share` of the values, from 0 to 1, lie below; between two values the mean of both.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = share * values.len().checked_sub(1)? as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    Some(values[low].midpoint(values[high]))
}

/// The middle value, or the mean of the middle two.
fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5).map(rounded)
}

fn spread(values: &[f64]) -> Option<f64> {
    let between = quantile(values, 0.75)? - quantile(values, 0.25)?;
    let middle = median(values).filter(|middle| *middle > 0.0)?;
    Some((between / middle * 100.0).round() / 100.0)
}

impl Row {
    fn new(plan: &Plan, contender: &Contender, run: &Run) -> Self {
        let all = |pick: fn(&crate::measure::TimesSeen) -> &[f64]| -> Vec<f64> {
            run.times.iter().flat_map(pick).map(|ns| rounded(*ns)).collect()
        };
        let (hits, misses, gets) =
            (all(|times| &times.hit), all(|times| &times.miss), all(|times| &times.get));
        let builds: Vec<f64> = run.times.iter().map(|times| times.build).collect();
        let bytes = run.bytes.as_ref();
        Self {
            structure: contender.name,
            family: contender.family,
            peer: contender.family.is_none(),
            items: plan.items,
            heap_bytes: bytes.map(|bytes| bytes.heap_bytes),
            file_bytes: bytes.and_then(|bytes| bytes.file_bytes),
            peak_bytes: bytes.map(|bytes| bytes.peak_bytes),
            build_ns_per_item: median(&builds),
            hit_ns: median(&hits),
            miss_ns: median(&misses),
            get_ns: median(&gets),
            spread: spread(if hits.is_empty() { &gets } else { &hits }),
            exact: true,
            note: match &run.failure {
                Some(why) => format!("not measured: {why}"),
                None => contender.note.to_owned(),
            },
            blocks: bytes.map(|bytes| bytes.blocks),
            parts: bytes.and_then(|bytes| bytes.parts),
            front: false,
            processes: run.times.len(),
            hit_ns_passes: hits,
            miss_ns_passes: misses,
            get_ns_passes: gets,
            rust: contender.rust.clone(),
        }
    }

    /// Heap bytes and nanoseconds of what the row is asked for; `None` if one is not known.
    pub(crate) fn cost(&self) -> Option<(u64, f64)> {
        Some((self.heap_bytes?, self.hit_ns.or(self.get_ns)?))
    }
}

impl Table {
    pub(crate) fn new(plan: &Plan, contenders: &[Contender], runs: &[Run]) -> Self {
        let rows = contenders.iter().zip(runs);
        let mut rows: Vec<Row> = rows.map(|(one, run)| Row::new(plan, one, run)).collect();
        rows.sort_by_key(|row| (row.heap_bytes.unwrap_or(u64::MAX), row.structure));
        let fronts: Vec<bool> = rows.iter().map(|row| on_front(row, &rows)).collect();
        for (row, front) in rows.iter_mut().zip(fronts) {
            row.front = front;
        }
        Self {
            schema: 1,
            dataset: plan.dataset.clone(),
            kind: plan.kind.name(),
            items: plan.items,
            distinct: plan.distinct,
            lines: plan.lines,
            payload_bytes: plan.payload_bytes,
            limit_bytes: plan.limit_bits().map(|bits| (bits / 8.0).ceil() as u64),
            seed: plan.seed,
            recommended: advise(&rows),
            rows,
        }
    }

    pub(crate) fn json(&self) -> Outcome<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// One line a structure, all figures as in the JSON; what is not known is empty.
    pub(crate) fn tsv(&self) -> String {
        let mut out = String::from(
            "structure\tfamily\tpeer\titems\theap_bytes\tfile_bytes\tpeak_bytes\t\
             build_ns_per_item\thit_ns\tmiss_ns\tget_ns\tspread\texact\tfront\tnote\n",
        );
        for row in &self.rows {
            let number = |value: Option<u64>| value.map_or(String::new(), |v| v.to_string());
            let time = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
            let fields = [
                row.structure.to_owned(),
                row.family.unwrap_or("").to_owned(),
                row.peer.to_string(),
                row.items.to_string(),
                number(row.heap_bytes),
                number(row.file_bytes),
                number(row.peak_bytes),
                time(row.build_ns_per_item),
                time(row.hit_ns),
                time(row.miss_ns),
                time(row.get_ns),
                time(row.spread),
                row.exact.to_string(),
                row.front.to_string(),
                row.note.replace(['\t', '\n'], " "),
            ];
            out += &fields.join("\t");
            out.push('\n');
        }
        out
    }
}

/// Whether no row that is asked for the same is both smaller and faster.
fn on_front(row: &Row, rows: &[Row]) -> bool {
    let Some((bytes, ns)) = row.cost() else { return false };
    !rows.iter().filter(|other| other.hit_ns.is_some() == row.hit_ns.is_some()).any(|other| {
        other.cost().is_some_and(|(b, t)| b <= bytes && t <= ns && (b < bytes || t < ns))
    })
}

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

/// A column of the text.
struct Column {
    title: &'static str,
    unit: &'static str,
    cells: Vec<Option<String>>,
    /// The column with the greatest goes first when the width does not suffice; 0 stays.
    expendable: u32,
    left: bool,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.as_deref().unwrap_or("-").chars().count());
        cells.chain([self.title.len(), self.unit.len()]).max().unwrap_or(0)
    }
}

impl Table {
    /// The table and the recommendation, for people.
    pub(crate) fn text(&self, layout: Layout) -> String {
        let mut out = self.headline();
        let mut columns = self.columns();
        let hidden = if layout.cut { fit(&mut columns, layout.width) } else { Vec::new() };
        for line in 0..self.rows.len() + 2 {
            let mut text = String::new();
            for (i, column) in columns.iter().enumerate() {
                let cell = match line {
                    0 => column.title,
                    1 => column.unit,
                    _ => column.cells[line - 2].as_deref().unwrap_or("-"),
                };
                let gap = if i == 0 { "" } else { "  " };
                let width = column.width();
                let _ = if column.left {
                    write!(text, "{gap}{cell:<width$}")
                } else {
                    write!(text, "{gap}{cell:>width$}")
                };
            }
            out += text.trim_end();
            out.push('\n');
        }
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

    fn headline(&self) -> String {
        let what = match self.kind {
            "ints" => "distinct integers",
            "pairs" => "distinct keys with values",
            "stream" => "tokens",
            _ => "distinct strings",
        };
        let mut out = format!("{}: {} {what}", self.dataset, group(self.items));
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
        out + "\n\n"
    }

    fn columns(&self) -> Vec<Column> {
        let items = self.items as f64;
        let each = |bytes: Option<u64>| bytes.map(|bytes| format!("{:.2}", bytes as f64 / items));
        let over = |bytes: Option<u64>, base: u64| {
            bytes.filter(|_| base > 0).map(|bytes| format!("{:.2}", bytes as f64 / base as f64))
        };
        let time = |ns: Option<f64>| ns.map(|ns| format!("{ns:.1}"));
        let column = |title, unit, expendable, cell: &dyn Fn(&Row) -> Option<String>| Column {
            title,
            unit,
            cells: self.rows.iter().map(cell).collect(),
            expendable,
            left: false,
        };
        let (ratio, base) = match self.limit_bytes {
            Some(limit) => ("x limit", limit),
            None => ("x data", self.payload_bytes),
        };
        let marked =
            |row: &Row| Some(format!("{}{}", if row.front { '*' } else { ' ' }, row.structure));
        let mut all = vec![
            Column { left: true, ..column(" structure", "", 0, &marked) },
            column("heap", "B/item", 0, &|row| each(row.heap_bytes)),
            column("heap", ratio, 3, &|row| over(row.heap_bytes, base)),
            column("peak", "B/item", 2, &|row| each(row.peak_bytes)),
            column("build", "ns/item", 1, &|row| time(row.build_ns_per_item)),
            column("hit", "ns", 0, &|row| time(row.hit_ns)),
            column("miss", "ns", 1, &|row| time(row.miss_ns)),
            column("get", "ns", 4, &|row| time(row.get_ns)),
            column("file", "B/item", 5, &|row| each(row.file_bytes)),
            column("spread", "", 6, &|row| row.spread.map(|s| format!("{:.0}%", s * 100.0))),
            Column { left: true, ..column("note", "", 7, &|row| Some(row.note.clone())) },
        ];
        all.retain(|column| column.cells.iter().any(Option::is_some));
        all
    }

    fn legend(&self) -> String {
        let processes = self.rows.iter().map(|row| row.processes).max().unwrap_or(0);
        let passes = self.rows.iter().map(|r| r.hit_ns_passes.len().max(r.get_ns_passes.len()));
        format!(
            "Heap: bytes live once built, keys included; peak: the most while building. Times are \
             medians of up to {} passes in {} processes. * on the front: nothing here is both \
             smaller and faster. All terms: lessram compare --help.",
            passes.max().unwrap_or(0),
            processes
        )
    }
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
    fn medians() {
        assert_eq!((median(&[]), spread(&[])), (None, None));
        assert_eq!(median(&[3.0, 1.0, 2.04]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(spread(&[5.0, 1.0, 2.0, 3.0, 4.0]), Some(0.67));
    }

    #[test]
    fn wrapping_loses_no_word() {
        let text = "one two three four five sixteen-characters";
        let wrapped = wrap(text, 10);
        assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        assert!(wrapped.lines().all(|line| line.len() <= 10 || !line.contains(' ')));
    }
}
