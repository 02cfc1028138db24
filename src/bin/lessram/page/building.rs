//! How each structure was built: its live bytes from the first to the last item, and the sizes that
//! it asked the allocator for.

use super::svg::{Anchor, Svg};
use crate::input::group;
use crate::memory::human;
use crate::report::{Row, Table};
use std::fmt::Write;

/// How the rows of a picture are laid out.
#[derive(Clone, Copy, Debug)]
struct Canvas {
    width: f64,
    /// Height of a row.
    row: f64,
    /// Where the course begins and ends.
    course: (f64, f64),
    /// Where the sizes begin and end.
    sizes: (f64, f64),
    /// Top of both in their row.
    top: f64,
    /// Baseline of name and figures.
    text: f64,
}

const WIDE: Canvas = Canvas {
    width: 960.0,
    row: 40.0,
    course: (176.0, 470.0),
    sizes: (498.0, 776.0),
    top: 6.0,
    text: 25.0,
};
const NARROW: Canvas = Canvas {
    width: 358.0,
    row: 60.0,
    course: (0.0, 168.0),
    sizes: (188.0, 356.0),
    top: 22.0,
    text: 15.0,
};
/// Height of course and sizes.
const HIGH: f64 = 28.0;
/// What stands above the rows.
const HEAD: f64 = 44.0;
/// Sizes from 1 byte to 1 GiB and more: a column for each power of two.
const COLUMNS: usize = 31;

/// The picture at two sizes, if there is something to show.
pub(super) fn draw(table: &Table) -> Option<String> {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| !row.size_histogram.is_empty()).collect();
    if rows.is_empty() {
        return None;
    }
    let title = "Live bytes while building, and the sizes of the blocks that were asked for";
    let told: Vec<String> = rows.iter().map(|row| told(row)).collect();
    let told = told.join("; ");
    let wide = picture(&rows, WIDE).finish("wide", "building-wide", title, &told);
    Some(wide + &picture(&rows, NARROW).finish("narrow", "building-narrow", title, &told))
}

fn requests(row: &Row) -> u64 {
    row.size_histogram.iter().map(|bucket| bucket.requests).sum()
}

fn told(row: &Row) -> String {
    let most = row.size_histogram.iter().max_by_key(|bucket| bucket.requests);
    let from = most.map_or(0, |bucket| bucket.from_bytes);
    format!(
        "{}: while building at most {}, then {}; {} blocks asked for, most of {} and more",
        row.structure,
        human(row.peak_bytes.unwrap_or(0)),
        human(row.heap_bytes.unwrap_or(0)),
        group(requests(row)),
        human(from)
    )
}

fn picture(rows: &[&Row], canvas: Canvas) -> Svg {
    let Canvas { width, row: height, course, sizes, text, .. } = canvas;
    let mut svg = Svg::new(width, HEAD + height * rows.len() as f64 + 4.0);
    svg.text("dim", (course.0, 14.0), Anchor::Start, "live, over time");
    svg.text("dim", (sizes.0, 14.0), Anchor::Start, "sizes asked for");
    for (power, name) in [(0, "1 B"), (10, "1 KiB"), (20, "1 MiB")] {
        let x = sizes.0 + (sizes.1 - sizes.0) * f64::from(power) / COLUMNS as f64;
        svg.text("dim", (x, 34.0), Anchor::Start, name);
        svg.line("grid", (x, 39.0), (x, HEAD + height * rows.len() as f64));
    }
    let wide = sizes.1 < width - 100.0;
    if wide {
        svg.text("dim", (width - 88.0, 14.0), Anchor::End, "peak");
        svg.text("dim", (width - 2.0, 14.0), Anchor::End, "requests");
    }
    for (i, row) in rows.iter().enumerate() {
        let y = HEAD + height * i as f64;
        svg.hint(&told(row), |svg| {
            let name = if row.peer { "" } else { "strong" };
            svg.text(name, (0.0, y + text), Anchor::Start, row.structure);
            let peak = human(row.peak_bytes.unwrap_or(0));
            let gap = if wide { 88.0 } else { 2.0 };
            svg.text("strong", (width - gap, y + text), Anchor::End, &peak);
            if wide {
                let requests = group(requests(row));
                svg.text("dim", (width - 2.0, y + text), Anchor::End, &requests);
            }
            let base = y + canvas.top + HIGH;
            live(svg, row, course, base);
            blocks(svg, row, sizes, base);
        });
    }
    svg
}

/// The area under the live bytes: time from the first to the last point, height up to the peak.
fn live(svg: &mut Svg, row: &Row, (left, right): (f64, f64), base: f64) {
    let end = row.timeline.last().map_or(0, |point| point.elapsed_us).max(1) as f64;
    let peak = row.timeline.iter().map(|point| point.live_bytes);
    let peak = peak.max().unwrap_or(0).max(row.peak_bytes.unwrap_or(0)).max(1) as f64;
    let mut d = format!("M{left:.1} {base:.1}");
    let mut last = base;
    for point in &row.timeline {
        let x = left + (right - left) * point.elapsed_us as f64 / end;
        let y = base - HIGH * point.live_bytes as f64 / peak;
        let _ = write!(d, "L{x:.1} {last:.1}L{x:.1} {y:.1}");
        last = y;
    }
    let _ = write!(d, "L{right:.1} {last:.1}L{right:.1} {base:.1}Z");
    svg.path(if row.peer { "whole" } else { "payload" }, d);
    svg.line("axis", (left, base), (right, base));
}

/// A column for each power of two: its height is the share of the requests, on a logarithmic scale
/// from one request to all.
fn blocks(svg: &mut Svg, row: &Row, (left, right): (f64, f64), base: f64) {
    let step = (right - left) / COLUMNS as f64;
    let all = (requests(row) as f64 + 1.0).ln();
    for bucket in &row.size_histogram {
        let column = (bucket.from_bytes.max(1).ilog2() as usize).min(COLUMNS - 1);
        let high = HIGH * (bucket.requests as f64 + 1.0).ln() / all;
        let class = if row.peer { "whole" } else { "payload" };
        svg.rect(class, left + step * column as f64, base - high, step - 1.0, high);
    }
    svg.line("axis", (left, base), (right, base));
}
