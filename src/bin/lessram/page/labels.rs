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

    /// Whether the line from a point to the end of its lead, if it has one, goes through it.
    fn is_crossed(&self, from: (f64, f64), lead: Option<(f64, f64)>) -> bool {
        const STEPS: u32 = 12;
        let Some(to) = lead else { return false };
        (1..=STEPS).any(|step| {
            let share = f64::from(step) / f64::from(STEPS);
            let (x, y) = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
        })
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
    /// Where a line from the point to the label ends, if it stands too far away to go without.
    pub(super) lead: Option<(f64, f64)>,
}

/// Columns of a letter, on average, at the charts' size of text, and lines. Made high: a real font
/// is most often narrower, and labels that keep a distance do no harm.
const LETTER: f64 = 7.0;
const ABOVE: f64 = 11.0;
const BELOW: f64 = 4.0;
/// From the middle of a point to its label.
const AWAY: f64 = 10.0;

/// Places beside a point, in the order in which they are tried: dx, dy and which end of the text
/// stands there.
const NEAR: [(f64, f64, Anchor); 8] = [
    (AWAY, 4.5, Anchor::Start),
    (-AWAY, 4.5, Anchor::End),
    (0.0, -AWAY - 1.0, Anchor::Middle),
    (0.0, AWAY + 10.0, Anchor::Middle),
    (AWAY - 3.0, -AWAY + 2.0, Anchor::Start),
    (AWAY - 3.0, AWAY + 7.0, Anchor::Start),
    (-AWAY + 3.0, -AWAY + 2.0, Anchor::End),
    (-AWAY + 3.0, AWAY + 7.0, Anchor::End),
];
/// Distances of places further away, and the directions in which they lie.
const FAR: [f64; 7] = [18.0, 24.0, 32.0, 42.0, 54.0, 68.0, 84.0];
const DIRECTIONS: u32 = 16;
/// How much worse a place is for each unit of distance and each point or label on the way, and
/// something hidden than a line.
const FARTHER: f64 = 2.0;
const CROSSED: f64 = 60.0;
const HIDDEN: f64 = 20.0;
/// How often each label looks for a better place among the others.
const ROUNDS: usize = 5;

/// All places of the label of the point at `(x, y)`, and how much worse than the first each is.
fn places((x, y): (f64, f64)) -> impl Iterator<Item = (f64, Place)> {
    let near = NEAR.iter().map(move |(dx, dy, anchor)| {
        (0.0, Place { at: (x + dx, y + dy), anchor: *anchor, lead: None })
    });
    let far = FAR.iter().flat_map(move |away| {
        (0..DIRECTIONS).map(move |direction| {
            let angle = std::f64::consts::TAU * f64::from(direction) / f64::from(DIRECTIONS);
            let (dx, dy) = (angle.cos() * away, angle.sin() * away);
            let anchor = if dx < -0.1 { Anchor::End } else { Anchor::Start };
            let gap = if anchor == Anchor::End { -3.0 } else { 3.0 };
            let place =
                Place { at: (x + dx + gap, y + dy + 4.5), anchor, lead: Some((x + dx, y + dy)) };
            (away * FARTHER, place)
        })
    });
    near.chain(far)
}

/// What labels keep clear of.
struct Around<'a> {
    dots: Vec<Area>,
    lines: &'a [Area],
    canvas: Area,
}

/// A place for each of `points`, whose labels have so many letters: inside of `canvas` if that can
/// be, and not on `lines`. The first points choose first, and all of them again a few times.
pub(super) fn place(points: &[((f64, f64), usize)], lines: &[Area], canvas: Area) -> Vec<Place> {
    let dots = points.iter().map(|((x, y), _)| Area {
        left: x - 7.0,
        top: y - 7.0,
        right: x + 7.0,
        bottom: y + 7.0,
    });
    let around = Around { dots: dots.collect(), lines, canvas };
    let mut taken: Vec<Option<(Place, Area)>> = vec![None; points.len()];
    for _ in 0..ROUNDS {
        for (i, (at, letters)) in points.iter().enumerate() {
            let others = taken.iter().enumerate().filter(|(j, _)| *j != i);
            let others: Vec<Area> = others.filter_map(|(_, label)| Some((*label)?.1)).collect();
            let cost = |(worse, place): (f64, Place)| {
                let area = area(place, *letters);
                (worse + around.cost(i, *at, place, &area, &others), place, area)
            };
            let best = places(*at).map(cost).min_by(|a, b| a.0.total_cmp(&b.0));
            taken[i] = best.map(|(_, place, area)| (place, area));
        }
    }
    taken.into_iter().flatten().map(|(place, _)| place).collect()
}

impl Around<'_> {
    /// How bad it is for the label of point `i` to stand at `place`, where it takes `area`.
    fn cost(&self, i: usize, at: (f64, f64), place: Place, area: &Area, others: &[Area]) -> f64 {
        let others_dots = self.dots.iter().enumerate().filter(|(j, _)| *j != i);
        let in_the_way: Vec<&Area> = others_dots.map(|(_, dot)| dot).chain(others).collect();
        let hidden: f64 = in_the_way.iter().map(|other| area.overlap(other)).sum();
        let lines: f64 = self.lines.iter().map(|line| area.overlap(line)).sum();
        let crossed = in_the_way.iter().filter(|other| other.is_crossed(at, place.lead)).count();
        let outside = area.size() - area.overlap(&self.canvas);
        HIDDEN * hidden + lines + CROSSED * crossed as f64 + 10.0 * outside
    }
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

    #[test]
    fn labels_of_a_crowd_stand_apart() {
        // Sixteen points in a corner as wide as two labels.
        let points: Vec<((f64, f64), usize)> = (0..16_u32)
            .map(|i| ((60.0 + f64::from(i % 4) * 18.0, 200.0 + f64::from(i / 4) * 18.0), 9))
            .collect();
        let canvas = Area { left: 46.0, top: 30.0, right: 346.0, bottom: 354.0 };
        let places = place(&points, &[], canvas);
        let areas: Vec<Area> = places.iter().map(|place| area(*place, 9)).collect();
        let hidden = |i: usize| areas[..i].iter().map(|other| areas[i].overlap(other)).sum::<f64>();
        let worst = (0..areas.len()).map(hidden).fold(0.0, f64::max);
        assert!(worst < areas[0].size() / 10.0, "{worst} of {}", areas[0].size());
        assert!(places.iter().any(|place| place.lead.is_some()));
        for (place, (at, _)) in places.iter().zip(&points) {
            let far = place.lead.map_or(0.0, |(x, y)| (x - at.0).hypot(y - at.1));
            assert!(far <= FAR[FAR.len() - 1] + 1e-9, "{far}");
        }
    }
}
