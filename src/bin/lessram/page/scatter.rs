//! Bytes against time: a point a structure, and the front behind which nothing is worth a look.

use super::labels::{self, Area, Place};
use super::scale::{Log, tick};
use super::svg::{Anchor, Svg};
use crate::report::{Row, Table};
use std::fmt::Write;

/// A structure in the picture.
#[derive(Clone, Debug)]
struct Point<'t> {
    row: &'t Row,
    each: f64,
    ns: f64,
}

/// Size of a picture, and the room around what it shows.
#[derive(Clone, Copy, Debug)]
struct Canvas {
    width: f64,
    height: f64,
    left: f64,
}

const WIDE: Canvas = Canvas { width: 960.0, height: 500.0, left: 64.0 };
const NARROW: Canvas = Canvas { width: 358.0, height: 540.0, left: 54.0 };
const TOP: f64 = 34.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 46.0;

/// What rows are asked for, in the words of this picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Look-ups of keys that are there.
    Hits,
    /// Accesses by index, of rows that are not asked by key.
    Gets,
}

impl Asked {
    pub(super) const fn time(self) -> &'static str {
        match self {
            Self::Hits => "ns per hit",
            Self::Gets => "ns per access by index",
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Hits => "hits",
            Self::Gets => "gets",
        }
    }

    fn points(self, table: &Table) -> Vec<Point<'_>> {
        let rows = table.rows.iter().filter(|row| row.hit_ns.is_some() == (self == Self::Hits));
        let points = rows.filter_map(|row| {
            let (bytes, ns) = row.cost()?;
            let each = bytes as f64 / table.items as f64;
            (each > 0.0 && ns > 0.0).then_some(Point { row, each, ns })
        });
        points.collect()
    }
}

/// The picture at two sizes, if there is something to show.
pub(super) fn draw(table: &Table, asked: Asked) -> Option<String> {
    let points = asked.points(table);
    if points.is_empty() {
        return None;
    }
    let title = format!("Heap bytes per item against {}", asked.time());
    let told = points.iter().map(Point::told).collect::<Vec<_>>().join("; ");
    let wide = picture(&points, asked, WIDE);
    let narrow = picture(&points, asked, NARROW);
    let id = asked.id();
    Some(
        wide.finish("wide", &format!("{id}-wide"), &title, &told)
            + &narrow.finish("narrow", &format!("{id}-narrow"), &title, &told),
    )
}

impl Point<'_> {
    fn told(&self) -> String {
        format!("{}: {:.2} B/item, {:.1} ns", self.row.structure, self.each, self.ns)
    }

    /// The shape that tells ours from others, and what is exact from what is not.
    fn class(&self) -> String {
        let shape = if self.row.exact { "dot" } else { "ring" };
        format!("{shape} {}", if self.row.peer { "peer" } else { "ours" })
    }
}

fn picture(points: &[Point<'_>], asked: Asked, canvas: Canvas) -> Svg {
    let mut svg = Svg::new(canvas.width, canvas.height);
    let (right, bottom) = (canvas.width - RIGHT, canvas.height - BOTTOM);
    let x = Log::over(points.iter().map(|point| point.each), (canvas.left, right));
    let y = Log::over(points.iter().map(|point| point.ns), (bottom, TOP));
    beaten(&mut svg, points, &x, &y, right);
    for value in x.ticks() {
        svg.line("grid", (x.at(value), TOP), (x.at(value), bottom));
        svg.text("dim", (x.at(value), bottom + 19.0), Anchor::Middle, &tick(value));
    }
    for value in y.ticks() {
        svg.line("grid", (canvas.left, y.at(value)), (right, y.at(value)));
        svg.text("dim", (canvas.left - 9.0, y.at(value) + 4.5), Anchor::End, &tick(value));
    }
    svg.line("axis", (canvas.left, bottom), (right, bottom));
    svg.text("dim", (0.0, 16.0), Anchor::Start, &format!("\u{2191} {}", asked.time()));
    svg.text("dim", (right, bottom + 40.0), Anchor::End, "heap bytes per item \u{2192}");
    front(&mut svg, points, &x, &y, right);
    // The front first: when room is short, its labels get it.
    let mut order: Vec<&Point<'_>> = points.iter().collect();
    order.sort_by_key(|point| (!point.row.front, point.row.peer));
    let at = |point: &Point<'_>| (x.at(point.each), y.at(point.ns));
    // Bold letters are wider.
    let letters = |row: &Row| row.structure.len() * if row.front { 6 } else { 5 } / 5;
    let spots: Vec<((f64, f64), usize)> =
        order.iter().map(|point| (at(point), letters(point.row))).collect();
    let lines = lines(&corners(points, &x, &y), right);
    let inside = Area { left: canvas.left, top: TOP, right, bottom };
    let places = labels::place(&spots, &lines, inside);
    for (point, place) in order.iter().zip(&places) {
        if let Some(end) = place.lead {
            svg.line("reach", at(point), end);
        }
    }
    for (point, place) in order.iter().zip(places) {
        mark(&mut svg, point, at(point), place);
    }
    svg
}

fn mark(svg: &mut Svg, point: &Point<'_>, at: (f64, f64), place: Place) {
    let label = if point.row.front { "label strong" } else { "label" };
    svg.hint(&point.told(), |svg| {
        svg.circle(&point.class(), at, 6.5);
        svg.text(label, place.at, place.anchor, point.row.structure);
    });
}

/// Corners of the front of the exact rows, from left to right.
fn corners(points: &[Point<'_>], x: &Log, y: &Log) -> Vec<(f64, f64)> {
    let front = points.iter().filter(|point| point.row.exact && point.row.front);
    let mut front: Vec<(f64, f64)> =
        front.map(|point| (x.at(point.each), y.at(point.ns))).collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0));
    front
}

/// The stairs along the front: down to each point, and on to the right.
fn stairs(corners: &[(f64, f64)], right: f64) -> Option<String> {
    let first = corners.first()?;
    let mut path = format!("M{:.1} {TOP:.1}", first.0);
    for (x, y) in corners {
        let _ = write!(path, "H{x:.1}V{y:.1}");
    }
    let _ = write!(path, "H{right:.1}");
    Some(path)
}

/// The stairs as what labels keep clear of.
fn lines(corners: &[(f64, f64)], right: f64) -> Vec<Area> {
    let mut lines = Vec::new();
    let mut above = TOP;
    for (i, (x, y)) in corners.iter().enumerate() {
        lines.push(Area::line((*x, above), (*x, *y)));
        lines.push(Area::line((*x, *y), (corners.get(i + 1).map_or(right, |next| next.0), *y)));
        above = *y;
    }
    lines
}

/// Where something is both smaller and faster.
fn beaten(svg: &mut Svg, points: &[Point<'_>], x: &Log, y: &Log, right: f64) {
    if let Some(path) = stairs(&corners(points, x, y), right) {
        svg.path("beaten", format_args!("{path}V{TOP:.1}Z"));
    }
}

fn front(svg: &mut Svg, points: &[Point<'_>], x: &Log, y: &Log, right: f64) {
    if let Some(path) = stairs(&corners(points, x, y), right) {
        svg.path("front", path);
    }
}
