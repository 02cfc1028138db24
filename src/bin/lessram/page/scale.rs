//! From figures to places: a logarithmic axis.

use crate::input::group;

/// A logarithmic axis from `low` to `high`, on the canvas from `start` to `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Log {
    /// Holds all `values`, which are above 0, with some room at both ends; the ends lie at least a
    /// factor of ten apart, so that small differences do not look large.
    pub(super) fn over(values: impl Iterator<Item = f64>, (start, end): (f64, f64)) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        let (low, high) = (low / 1.4, high * 1.4);
        let more = (10.0 / (high / low)).max(1.0).sqrt();
        Self { low: low / more, high: high * more, start, end }
    }

    /// Where `value` lies on the canvas.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.start + share * (self.end - self.start)
    }

    /// Round values on the axis: 1, 2 and 5 times the powers of ten, or those powers alone where
    /// that would be too many.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let all = |steps: &[f64]| -> Vec<f64> {
            let powers = -12..=18;
            let values = powers.flat_map(|power| {
                let unit = 10_f64.powi(power);
                steps.iter().map(move |step| step * unit)
            });
            values.filter(|value| (self.low..=self.high).contains(value)).collect()
        };
        let ticks = all(&[1.0, 2.0, 5.0]);
        if ticks.len() <= 10 { ticks } else { all(&[1.0]) }
    }
}

/// A tick as it is written.
pub(super) fn tick(value: f64) -> String {
    if value >= 1.0 { group(value.round() as u64) } else { format!("{}", rounded(value)) }
}

/// Without the dust of a product with a negative power of ten.
fn rounded(value: f64) -> f64 {
    (value * 1e12).round() / 1e12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_on_the_axis() {
        let log = Log::over([2.0, 50.0].into_iter(), (100.0, 500.0));
        assert!(log.at(2.0) > 100.0 && log.at(50.0) < 500.0 && log.at(10.0) > log.at(9.0));
        assert_eq!(log.ticks(), [2.0, 5.0, 10.0, 20.0, 50.0]);
        // Turned around, as the axis of a picture that counts from the top.
        let log = Log::over([2.0, 50.0].into_iter(), (500.0, 100.0));
        assert!(log.at(2.0) > log.at(50.0));
    }

    #[test]
    fn one_value_has_room_around_it() {
        let log = Log::over([3.0].into_iter(), (0.0, 100.0));
        assert!((log.at(3.0) - 50.0).abs() < 1e-9);
        assert!(log.ticks().len() >= 3, "{:?}", log.ticks());
    }

    #[test]
    fn wide_axes_have_few_ticks() {
        let log = Log::over([0.001, 1e6].into_iter(), (0.0, 100.0));
        assert!(log.ticks().len() <= 10, "{:?}", log.ticks());
        assert_eq!(
            (tick(0.001), tick(0.2), tick(10_000.0)),
            ("0.001".into(), "0.2".into(), "10,000".into())
        );
    }
}
