//! Errors and bounds: each key's hash lies below theta with probability theta, independent of the
//! others, so that the number of hashes kept is binomial.

use crate::bits::float::sqrt;

/// The relative standard error of `count / share`.
pub(super) fn error(count: f64, share: f64) -> f64 {
    if share >= 1.0 {
        return 0.0;
    }
    // One over the square root of the count would be that of a theta chosen in advance; of the
    // k-th smallest hash it is one over that of k - 1.
    if count <= 1.0 { 1.0 } else { sqrt((1.0 - share) / (count - 1.0)) }
}

/// The number of keys of which `count` hashes, `deviations` standard deviations more than expected
/// or less, lie below theta: `n share -+ d sqrt(n share (1 - share)) = count`, solved for `n`.
pub(super) fn of_count(count: f64, share: f64, deviations: f64) -> f64 {
    if share >= 1.0 {
        return count;
    }
    let spread = deviations * sqrt(share * (1.0 - share).max(0.0));
    let root = (spread + sqrt(spread * spread + 4.0 * share * count)) / (2.0 * share);
    (root * root).max(count)
}

/// A share of which `count` among `of` were seen, so many deviations up or down [Wilson 1927].
pub(in crate::sketches) fn of_share(count: f64, of: f64, deviations: f64) -> f64 {
    let (d2, p) = (deviations * deviations, count / of);
    let centre = p + d2 / (2.0 * of);
    let spread = deviations * sqrt((p * (1.0 - p) + d2 / (4.0 * of)) / of);
    ((centre + spread) / (1.0 + d2 / of)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_surround_the_estimate() {
        for (count, share) in [(0.0, 0.5), (1.0, 0.01), (4_096.0, 0.1), (100.0, 1.0)] {
            let [low, middle, high] = [-2.0, 0.0, 2.0].map(|d| of_count(count, share, d));
            assert!((middle - count / share).abs() <= 1e-9 * middle, "{middle}");
            assert!(low <= middle && middle <= high && low >= count, "{low} {middle} {high}");
        }
        assert_eq!(of_count(100.0, 1.0, 3.0), 100.0);
        assert_eq!((error(5.0, 1.0), error(0.0, 0.5)), (0.0, 1.0));
        let [low, high] = [-2.0, 2.0].map(|d| of_share(30.0, 90.0, d));
        assert!(low < 1.0 / 3.0 && 1.0 / 3.0 < high && high < 0.45 && low > 0.23);
    }
}
