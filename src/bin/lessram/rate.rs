//! [`Rate`]: of how many absent keys a filter may take one for present.

use std::fmt;
use std::str::FromStr;

/// A rate of false alarms from 2^-32 to 1/2, which every filter can be built for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(f64);

impl Rate {
    const MIN: f64 = 1.0 / (1_u64 << 32) as f64;
    const MAX: f64 = 0.5;

    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self(1.0 / 256.0)
    }
}

/// A number such as `0.01`, or `1/N`.
impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rate = match text.split_once('/') {
            Some(("1", n)) => n.parse::<f64>().ok().map(|n| 1.0 / n),
            Some(_) => None,
            None => text.parse::<f64>().ok(),
        };
        let rate = rate.filter(|rate| (Self::MIN..=Self::MAX).contains(rate));
        rate.map(Self).ok_or("write a rate from 1/4294967296 to 1/2, such as 0.01 or 1/256")
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1/{}", one_in(self.0).trim_start_matches("1 in "))
    }
}

/// `rate` as `1 in N`: N without digits behind the point from 20 on, below with one, if not 0.
pub(crate) fn one_in(rate: f64) -> String {
    let n = 1.0 / rate;
    let whole = n.round();
    if n >= 20.0 || (n - whole).abs() < 0.05 {
        return format!("1 in {}", crate::input::group(whole as u64));
    }
    format!("1 in {n:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_or_one_in_so_many() {
        let parse = |text: &str| text.parse::<Rate>().ok().map(Rate::get);
        assert_eq!(parse("1/256"), Some(1.0 / 256.0));
        assert_eq!(
            (parse("0.01"), parse("1e-6"), parse(".5")),
            (Some(0.01), Some(1e-6), Some(0.5))
        );
        for text in ["0", "1", "0.51", "1/1", "2/256", "1/0", "1/", "nan", "-0.1", "1e-10", "", "x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn rates_for_people() {
        assert_eq!(Rate::default().to_string(), "1/256");
        assert_eq!((one_in(0.4), one_in(0.1)), ("1 in 2.5".into(), "1 in 10".into()));
        assert_eq!(one_in(0.000_244), "1 in 4,098");
    }
}
