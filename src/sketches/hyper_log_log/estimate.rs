//! Estimates of arrays that were merged, and bounds: with the bits that DataSketches gives them, so
//! that a figure does not depend on who computes it.
//!
//! The composite estimator: the raw estimate of HyperLogLog, its bias taken out by interpolation in
//! a table, and below that the number of registers still 0. All constants are DataSketches'; they
//! were found by simulation there.

use super::image::MIN_LG_K;
use super::registers::Sums;
use crate::bits::float::ln;
use core::f64::consts::SQRT_2;

/// Raw estimates and true counts are paired at this many places for each `lg_k`.
const KNOTS: usize = 257;

/// The raw estimates at the knots, for `lg_k` from 4 to 21: doubles, little-endian. Every interval
/// is tested against the estimates of DataSketches.
static RAW: &[u8; 18 * KNOTS * 8] = include_bytes!("composite_x.bin");

/// The true count at knot `i` is `i` times this, for `lg_k` from 4 to 21.
const STRIDES: [u32; 18] = [
    1, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960, 81_920,
];

/// The raw estimate at knot `i`.
fn raw_at(lg_k: u8, i: usize) -> f64 {
    let at = (usize::from(lg_k - MIN_LG_K) * KNOTS + i) * 8;
    let mut word = [0; 8];
    word.copy_from_slice(&RAW[at..at + 8]);
    f64::from_le_bytes(word)
}

/// The cubic through four points, at `x`.
pub(super) fn interpolate(points: [(f64, f64); 4], x: f64) -> f64 {
    let term = |i: usize| {
        let (xi, yi) = points[i];
        // The factors in the order of the points: another order rounds otherwise.
        let mut others = (0..4).filter(|j| *j != i).map(|j| points[j].0);
        let mut next = || others.next().unwrap_or(xi);
        let (a, b, c) = (next(), next(), next());
        yi * ((x - a) * (x - b) * (x - c)) / ((xi - a) * (xi - b) * (xi - c))
    };
    term(0) + term(1) + term(2) + term(3)
}

/// The raw estimate of HyperLogLog, with its constant.
fn raw(lg_k: u8, sums: Sums) -> f64 {
    let k = f64::from(1_u32 << lg_k);
    let factor = match lg_k {
        4 => 0.673,
        5 => 0.697,
        6 => 0.709,
        _ => 0.7213 / (1.0 + (1.079 / k)),
    };
    (factor * k * k) / sums.total()
}

/// The raw estimate without its bias; `None` below the table.
fn unbiased(lg_k: u8, raw: f64) -> Option<f64> {
    let stride = f64::from(STRIDES[usize::from(lg_k - MIN_LG_K)]);
    let last = KNOTS - 1;
    let (end, end_count) = (raw_at(lg_k, last), stride * last as f64);
    // Only a damaged image makes a NaN.
    if raw.is_nan() || raw < raw_at(lg_k, 0) {
        return None;
    }
    if raw > end {
        return Some(raw * (end_count / end));
    }
    if raw == end {
        return Some(end_count);
    }
    let (mut low, mut high) = (0, last);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if raw_at(lg_k, middle) <= raw { low = middle } else { high = middle }
    }
    let first = low.saturating_sub(1).min(KNOTS - 4);
    let point = |i: usize| (raw_at(lg_k, first + i), stride * (first + i) as f64);
    Some(interpolate([point(0), point(1), point(2), point(3)], raw))
}

/// The sum of `1/i` for `i` from 1 to `n`.
fn harmonic(n: u32) -> f64 {
    const EXACT: [(u32, u32); 25] = [
        (0, 1),
        (1, 1),
        (3, 2),
        (11, 6),
        (25, 12),
        (137, 60),
        (49, 20),
        (363, 140),
        (761, 280),
        (7_129, 2_520),
        (7_381, 2_520),
        (83_711, 27_720),
        (86_021, 27_720),
        (1_145_993, 360_360),
        (1_171_733, 360_360),
        (1_195_757, 360_360),
        (2_436_559, 720_720),
        (42_142_223, 12_252_240),
        (14_274_301, 4_084_080),
        (275_295_799, 77_597_520),
        (55_835_135, 15_519_504),
        (18_858_053, 5_173_168),
        (19_093_197, 5_173_168),
        (444_316_699, 118_982_864),
        (1_347_822_955, 356_948_592),
    ];
    const EULER: f64 = 0.577_215_664_901_532_9;

    if let Some((numerator, denominator)) = EXACT.get(n as usize) {
        return f64::from(*numerator) / f64::from(*denominator);
    }
    let n = f64::from(n);
    let inverse = 1.0 / (n * n);
    let mut sum = ln(n) + EULER + (1.0 / (2.0 * n));
    let mut power = inverse;
    for coefficient in [-1.0 / 12.0, 1.0 / 120.0, -1.0 / 252.0, 1.0 / 240.0] {
        sum += power * coefficient;
        power *= inverse;
    }
    sum
}

/// How many keys leave this many registers 0: the collector of coupons, backwards.
fn by_zeros(lg_k: u8, zeros: u32) -> f64 {
    let k = 1_u32 << lg_k;
    if zeros == 0 {
        return f64::from(k) * ln(f64::from(k) / 0.5);
    }
    f64::from(k) * (harmonic(k) - harmonic(zeros))
}

/// The estimate from the registers alone, for arrays that were merged. About 1 us.
pub(super) fn composite(lg_k: u8, sums: Sums) -> f64 {
    let Some(adjusted) = unbiased(lg_k, raw(lg_k, sums)) else { return 0.0 };
    let k = f64::from(1_u32 << lg_k);
    // The zeros are no use where there are next to none.
    if adjusted > 3.0 * k {
        return adjusted;
    }
    let linear = by_zeros(lg_k, sums.zeros);
    let crossing = match lg_k {
        4 => 0.718,
        5 => 0.672,
        _ => 0.64,
    };
    if (adjusted + linear) / 2.0 > crossing * k { adjusted } else { linear }
}

/// The relative error of a coupon count, one standard deviation: 26 bits of address collide.
pub(super) const COUPON_ERROR: f64 = 0.409 / 8_192.0;

/// The square root of `2^lg`.
fn sqrt_of_power(lg: u8) -> f64 {
    let half = f64::from(1_u32 << (lg / 2));
    if lg % 2 == 0 { half } else { half * SQRT_2 }
}

/// The relative standard error of an array, by theory: `sqrt(ln 2 / k)` for the running estimate,
/// `sqrt((3 ln 2 - 1) / k)` from the registers.
pub(super) fn standard_error(lg_k: u8, out_of_order: bool) -> f64 {
    let one = if out_of_order { 1.038_961_761_413_689_2 } else { 0.832_554_611_157_697_7 };
    one / sqrt_of_power(lg_k)
}

/// The relative distance of a bound, to divide by: `estimate / (1 + this)` is the bound.
///
/// Up to `lg_k` 12 from tables, as the distribution is not normal; above by the formula, with
/// DataSketches' seven digits.
pub(super) fn bound_error(lg_k: u8, out_of_order: bool, upper: bool, deviations: u8) -> f64 {
    let table = match (out_of_order, upper) {
        (false, false) => &RUNNING_LOWER,
        (false, true) => &RUNNING_UPPER,
        (true, false) => &MERGED_LOWER,
        (true, true) => &MERGED_UPPER,
    };
    match table.get(usize::from(lg_k - MIN_LG_K)) {
        Some(row) => row[usize::from(deviations) - 1],
        None => {
            let one = if out_of_order { 1.038_96 } else { 0.832_554_6 };
            let error = f64::from(deviations) * one / sqrt_of_power(lg_k);
            if upper { -error } else { error }
        }
    }
}

/// Rows: `lg_k` from 4 to 12. Columns: 1, 2 and 3 standard deviations.
type Bounds = [[f64; 3]; 9];

/// Lower bounds of the running estimate.
const RUNNING_LOWER: Bounds = [
    [0.207_316_195, 0.502_865_572, 0.882_303_765],
    [0.146_981_579, 0.335_426_881, 0.557_052],
    [0.104_026_721, 0.227_683_872, 0.365_888_317],
    [0.073_614_601, 0.156_781_585, 0.245_740_374],
    [0.052_052_48, 0.108_783_763, 0.168_030_442],
    [0.036_770_852, 0.075_727_545, 0.115_937_85],
    [0.025_990_219, 0.053_145_536, 0.080_772_263],
    [0.018_373_987, 0.037_266_176, 0.056_271_814],
    [0.012_936_253, 0.026_138_29, 0.039_387_631],
];

/// Upper bounds of the running estimate.
const RUNNING_UPPER: Bounds = [
    [-0.207_805_347, -0.355_574_279, -0.475_535_095],
    [-0.146_988_328, -0.262_390_832, -0.360_864_026],
    [-0.103_877_775, -0.191_503_663, -0.269_311_582],
    [-0.073_452_978, -0.138_513_438, -0.198_487_447],
    [-0.051_982_806, -0.099_703_123, -0.144_128_618],
    [-0.036_768_609, -0.071_381_58, -0.104_430_324],
    [-0.025_991_325, -0.050_854_296, -0.074_814_3],
    [-0.018_345_33, -0.036_121_138, -0.053_276_16],
    [-0.012_920_332, -0.025_572_893, -0.037_896_952],
];

/// Lower bounds of the composite estimate.
const MERGED_LOWER: Bounds = [
    [0.254_409_839, 0.682_266_712, 1.304_022_158],
    [0.181_817_353, 0.443_389_054, 0.778_776_219],
    [0.129_432_281, 0.295_782_195, 0.492_522_79],
    [0.091_640_655, 0.201_175_925, 0.323_664_385],
    [0.064_858_051, 0.138_523_393, 0.218_805_328],
    [0.045_851_855, 0.095_925_072, 0.148_635_751],
    [0.032_454_144, 0.067_009_668, 0.102_660_669],
    [0.022_921_382, 0.046_868_565, 0.071_307_398],
    [0.016_155_679, 0.032_825_719, 0.049_677_541],
];

/// Upper bounds of the composite estimate.
const MERGED_UPPER: Bounds = [
    [-0.256_980_172, -0.411_905_944, -0.526_510_57],
    [-0.182_332_109, -0.310_275_547, -0.412_660_505],
    [-0.129_314_228, -0.230_142_294, -0.315_636_197],
    [-0.091_584_836, -0.168_340_13, -0.236_346_847],
    [-0.064_874_11, -0.122_045_231, -0.174_112_107],
    [-0.045_914_65, -0.087_845_05, -0.126_917_615],
    [-0.032_433_119, -0.062_897_613, -0.091_862_929],
    [-0.022_960_633, -0.044_875_401, -0.065_736_049],
    [-0.016_186_662, -0.031_827_816, -0.046_973_459],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends() {
        for lg_k in 4..=21 {
            assert!((1..KNOTS).all(|i| raw_at(lg_k, i - 1) < raw_at(lg_k, i)), "lg_k {lg_k}");
        }
    }

    /// Estimates all over the table and beyond it, of all `lg_k`: those of the Python package.
    #[test]
    fn the_estimates_of_datasketches() {
        let golden = include_str!("../../../tests/data/hll_golden.tsv");
        let mut lines = 0;
        for line in golden.lines().filter_map(|line| line.strip_prefix("composite\t")) {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap();
            let (lg_k, count): (u8, u32) = (next().parse().unwrap(), next().parse().unwrap());
            let (mut found, mut state) = (0, 0xcbf2_9ce4_8422_2325_u64);
            let mut image = [0; 40];
            for j in (300..6_000_u32).step_by(if lg_k < 18 { 3 } else { 7 }) {
                let k = 1_u32 << lg_k;
                let total = f64::from(k) * 400.0 / f64::from(j);
                image[16..24].copy_from_slice(&total.to_le_bytes());
                image[32..36].copy_from_slice(&(j * 7_919 % (k + 1)).to_le_bytes());
                for byte in composite(lg_k, Sums::read(&image)).to_le_bytes() {
                    state = (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
                }
                found += 1;
            }
            let hash = u64::from_str_radix(next(), 16).unwrap();
            assert_eq!((found, state), (count, hash), "lg_k {lg_k}");
            lines += 1;
        }
        assert_eq!(lines, 18);
    }

    #[test]
    fn damaged_sums_give_some_number() {
        let mut image = [0; 40];
        for low in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-300] {
            for zeros in [0, 7, u32::MAX] {
                image[16..24].copy_from_slice(&low.to_le_bytes());
                image[32..36].copy_from_slice(&u32::to_le_bytes(zeros));
                let _ = composite(12, Sums::read(&image));
            }
        }
    }
}
