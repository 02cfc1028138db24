//! What the heap bytes are for: a bar a structure, and how far its peak reached.

use super::svg::{Anchor, Svg};
use crate::input::group;
use crate::report::{Row, Table};

/// The parts with their names in the order of the bar; the name is the colour's class, too.
const PARTS: [&str; 4] = ["payload", "index", "slack", "header"];

/// How the rows of a picture are laid out.
#[derive(Clone, Copy, Debug)]
struct Canvas {
    width: f64,
    /// Height of a row.
    row: f64,
    /// Where bars begin and may end.
    left: f64,
    right: f64,
    /// Top of the bar in its row.
    bar: f64,
    /// Baseline of name and figures.
    text: f64,
    top: f64,
}

const WIDE: Canvas =
    Canvas { width: 960.0, row: 34.0, left: 176.0, right: 812.0, bar: 8.0, text: 21.0, top: 26.0 };
const NARROW: Canvas =
    Canvas { width: 358.0, row: 48.0, left: 0.0, right: 356.0, bar: 22.0, text: 15.0, top: 24.0 };
const THICK: f64 = 18.0;
/// The least width that can be seen.
const SEEN: f64 = 0.3;

/// The picture at two sizes, if there is something to show.
pub(super) fn draw(table: &Table) -> Option<String> {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| row.heap_bytes.is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let title = "Heap bytes per item by what they are for, and the peak while building";
    let told: Vec<String> = rows.iter().map(|row| told(row, table.items)).collect();
    let told = told.join("; ");
    let wide = picture(&rows, table.items, WIDE);
    let narrow = picture(&rows, table.items, NARROW);
    Some(
        wide.finish("wide", "parts-wide", title, &told)
            + &narrow.finish("narrow", "parts-narrow", title, &told),
    )
}

/// The parts of a row in the order of [`PARTS`], if it tells them.
fn parts(row: &Row) -> Option<[u64; 4]> {
    row.parts.map(|parts| [parts.payload, parts.index, parts.slack, parts.header])
}

fn told(row: &Row, items: u64) -> String {
    let each = |bytes: u64| format!("{:.2}", bytes as f64 / items as f64);
    let mut out = format!("{}: heap {} B/item", row.structure, each(row.heap_bytes.unwrap_or(0)));
    if let Some(parts) = parts(row) {
        let named = PARTS.iter().zip(parts).filter(|(_, bytes)| *bytes > 0);
        let named: Vec<String> =
            named.map(|(name, bytes)| format!("{name} {}", each(bytes))).collect();
        out += &format!(" ({})", named.join(", "));
    }
    if let Some(peak) = row.peak_bytes {
        out += &format!(", peak {}", each(peak));
    }
    out
}

/// `bytes` an item, beside a bar: large ones without what stands behind the point, for want of
/// room.
fn each(bytes: Option<u64>, items: u64) -> String {
    match bytes.map(|bytes| bytes as f64 / items as f64) {
        Some(each) if each >= 9999.995 => group(each.round() as u64),
        Some(each) => format!("{each:.2}"),
        None => "-".to_owned(),
    }
}

/// Bytes that the longest line stands for: the largest heap or peak, but no peak of more than twice
/// the largest heap, or it would leave no room for the others.
fn longest(rows: &[&Row]) -> u64 {
    let heap = rows.iter().filter_map(|row| row.heap_bytes).max().unwrap_or(0);
    let peak = rows.iter().filter_map(|row| row.peak_bytes).max().unwrap_or(0);
    peak.min(heap * 2).max(heap).max(1)
}

fn picture(rows: &[&Row], items: u64, canvas: Canvas) -> Svg {
    let Canvas { width, row: height, left, right, text, top, .. } = canvas;
    let mut svg = Svg::new(width, top + height * rows.len() as f64 + 4.0);
    let unit = (right - left) / longest(rows) as f64;
    svg.text("dim", (width - 74.0, 14.0), Anchor::End, "heap");
    svg.text("dim", (width - 2.0, 14.0), Anchor::End, "peak");
    for (i, row) in rows.iter().enumerate() {
        let y = top + height * i as f64;
        svg.hint(&told(row, items), |svg| {
            let name = if row.peer { "" } else { "strong" };
            let (heap, peak) = (each(row.heap_bytes, items), each(row.peak_bytes, items));
            svg.text(name, (0.0, y + text), Anchor::Start, row.structure);
            svg.text("strong", (width - 74.0, y + text), Anchor::End, &heap);
            svg.text("dim", (width - 2.0, y + text), Anchor::End, &peak);
            bar(svg, row, unit, (left, y + canvas.bar), right);
        });
    }
    svg
}

/// Parts one after the other, then a line to the peak, or an arrow to `right` if that is beyond.
fn bar(svg: &mut Svg, row: &Row, unit: f64, (left, top): (f64, f64), right: f64) {
    let heap = row.heap_bytes.unwrap_or(0);
    let whole = [("whole", heap)];
    let named = parts(row).map(|parts| [0, 1, 2, 3].map(|i| (PARTS[i], parts[i])));
    let segments: &[(&str, u64)] = named.as_ref().map_or(&whole, |named| named);
    let mut x = left;
    for (class, bytes) in segments {
        let width = *bytes as f64 * unit;
        // A part too small to be seen would only promise a colour in the legend.
        if width >= SEEN {
            svg.rect(class, x, top, width, THICK);
        }
        x += width;
    }
    if let Some(peak) = row.peak_bytes.filter(|peak| *peak >= heap) {
        let (end, middle) = (left + peak as f64 * unit, top + THICK / 2.0);
        svg.line("reach", (x, middle), (end.min(right), middle));
        if end <= right + SEEN {
            svg.line("peak", (end, top), (end, top + THICK));
        } else {
            let (low, high, back) = (middle + 5.0, middle - 5.0, right - 5.0);
            svg.path("peak", format_args!("M{back} {high}L{right} {middle}L{back} {low}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_fit_beside_the_bars() {
        let each = |bytes| each(Some(bytes), 2);
        assert_eq!((each(21), each(19_999)), ("10.50".into(), "9999.50".into()));
        assert_eq!((each(20_000), each(3_000_000)), ("10,000".into(), "1,500,000".into()));
    }
}
