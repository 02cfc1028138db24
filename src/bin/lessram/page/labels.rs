//! Labels beside points, where they hide neither each other nor another point.

use super::svg::Anchor;

/// A rectangle on the canvas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// A line along one of the axes, with some room at both sides.
    pub(super) fn line(from: (f64, f64), to: (f64, f64)) -> Self {
        Self {
            left: from.0.min(to.0) - 2.0,
            top: from.1.min(to.1) - 2.0,
            right: from.0.max(to.0) + 2.0,
            bottom: from.1.max(to.1) + 2.0,
        }
    }

    /// How much of it another one hides.
    fn overlap(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    fn size(&self) -> f64 {
        (self.right - self.left) * (self.bottom - self.top)
    }
}

/// A label's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) at: (f64, f64),
    pub(super) anchor: Anchor,
}

/// Columns of a letter, on average, at the charts' size of text, and lines. Made high: a real font
/// is most often narrower, and labels that keep a distance do no harm.
const LETTER: f64 = 7.6;
const ABOVE: f64 = 11.0;
const BELOW: f64 = 4.0;
/// From the middle of a point to its label.
const AWAY: f64 = 10.0;

/// Places in the order in which they are tried: dx, dy and which end of the text stands there.
const PLACES: [(f64, f64, Anchor); 8] = [
    (AWAY, 4.5, Anchor::Start),
    (-AWAY, 4.5, Anchor::End),
    (0.0, -AWAY - 1.0, Anchor::Middle),
    (0.0, AWAY + 10.0, Anchor::Middle),
    (AWAY - 3.0, -AWAY + 2.0, Anchor::Start),
    (AWAY - 3.0, AWAY + 7.0, Anchor::Start),
    (-AWAY + 3.0, -AWAY + 2.0, Anchor::End),
    (-AWAY + 3.0, AWAY + 7.0, Anchor::End),
];

/// A place for each of `points`, whose labels have so many letters: inside of `canvas` if that can
/// be, and not on `lines`. The first points choose first.
pub(super) fn place(points: &[((f64, f64), usize)], lines: &[Area], canvas: Area) -> Vec<Place> {
    let dots = points.iter().map(|((x, y), _)| Area {
        left: x - 7.0,
        top: y - 7.0,
        right: x + 7.0,
        bottom: y + 7.0,
    });
    let dots: Vec<Area> = dots.collect();
    let mut taken: Vec<Area> = Vec::new();
    let choose = |(i, ((x, y), letters)): (usize, &((f64, f64), usize))| {
        let candidates = PLACES.iter().map(|(dx, dy, anchor)| {
            let place = Place { at: (x + dx, y + dy), anchor: *anchor };
            let area = area(place, *letters);
            let hidden: f64 = taken.iter().map(|other| area.overlap(other)).sum();
            let others = dots.iter().enumerate().filter(|(j, _)| *j != i);
            let dots: f64 = others.map(|(_, dot)| area.overlap(dot)).sum();
            let lines: f64 = lines.iter().map(|line| area.overlap(line)).sum();
            let outside = area.size() - area.overlap(&canvas);
            (hidden + dots + lines + 10.0 * outside, place, area)
        });
        let best = candidates.min_by(|a, b| a.0.total_cmp(&b.0));
        let (_, place, area) = best.expect("there are places to try");
        taken.push(area);
        place
    };
    points.iter().enumerate().map(choose).collect()
}

fn area(place: Place, letters: usize) -> Area {
    let (x, y) = place.at;
    let width = letters as f64 * LETTER;
    let left = match place.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area { left, top: y - ABOVE, right: left + width, bottom: y + BELOW }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_clear_of_each_other() {
        let points = [((50.0, 50.0), 8), ((60.0, 52.0), 8), ((55.0, 60.0), 8), ((290.0, 50.0), 8)];
        let places = place(&points, &[], Area { left: 0.0, top: 0.0, right: 300.0, bottom: 100.0 });
        let areas: Vec<Area> =
            places.iter().zip(&points).map(|(place, point)| area(*place, point.1)).collect();
        for (i, one) in areas.iter().enumerate() {
            assert!(areas[..i].iter().all(|other| one.overlap(other) == 0.0), "{areas:?}");
            assert!(one.left >= 0.0 && one.right <= 300.0, "{one:?}");
        }
    }
}
