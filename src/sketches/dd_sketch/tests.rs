//! Unit tests of `DdSketch`.

use super::*;
use crate::hashing::mix;
use crate::mem::{Counter, Global, Refusals, Refusing, Tracked, refusing_every};
use std::vec::Vec;

/// Numbers of log-normal distribution.
fn log_normal(seed: u64, n: u64, sigma: f64) -> impl Iterator<Item = f64> {
    let uniform = |x: u64| ((mix(x) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    (0..n).map(move |i| {
        let (a, b) = (uniform(seed << 40 | (2 * i)), uniform(seed << 40 | (2 * i + 1)));
        (sigma * (-2.0 * a.ln()).sqrt() * (core::f64::consts::TAU * b).cos()).exp()
    })
}

#[test]
fn parameters_out_of_range_are_refused() {
    for error in [0.0, -1.0, 0.26, 1e-5, f64::NAN, f64::INFINITY] {
        let refused = DdSketch::with_error(error);
        assert!(matches!(refused, Err(BuildError::OutOfRange { name: "1/error", .. })), "{error}");
    }
    for bins in [0, MOST_BINS + 1] {
        let refused = DdSketch::with_error_and_bins(0.1, bins);
        assert!(matches!(refused, Err(BuildError::OutOfRange { name: "bins", .. })));
    }
    let mut sketch = DdSketch::new();
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(sketch.add(x), Err(BuildError::NotFinite));
    }
    assert!(sketch.is_empty() && sketch.quantile(0.5).is_none() && sketch.heap_bytes() == 0);
}

#[test]
fn what_is_no_number_has_no_rank() {
    let mut sketch = DdSketch::new();
    [-2.0, 0.0, 3.0].iter().for_each(|x| sketch.add(*x).unwrap());
    assert_eq!([f64::NAN, -f64::NAN].map(|x| sketch.rank(x)), [None; 2]);
    let ranks = [f64::NEG_INFINITY, f64::INFINITY].map(|x| sketch.rank(x));
    assert_eq!(ranks, [Some(0.0), Some(1.0)]);
}

#[test]
fn numbers_that_are_not_normal_rank_as_zeros() {
    let mut sketch = DdSketch::new();
    [-1.0, -1e-320, 1e-320, 1.0].iter().for_each(|x| sketch.add(*x).unwrap());
    assert_eq!([-1e-320, 0.0, 1e-320].map(|x| sketch.rank(x)), [Some(0.75); 3]);
    assert_eq!([-1.0, 1.0].map(|x| sketch.rank(x)), [Some(0.25), Some(1.0)]);
}

#[test]
fn quantiles_are_within_the_error() {
    for (error, sign) in [(0.01, 1.0), (0.01, -1.0), (0.001, 1.0), (0.2, 1.0)] {
        let mut sketch = DdSketch::with_error(error).unwrap();
        let mut all: Vec<f64> = log_normal(1, 20_000, 3.0).map(|x| x * sign).collect();
        all.iter().for_each(|x| sketch.add(*x).unwrap());
        all.sort_by(f64::total_cmp);
        sketch.validate().unwrap();
        for i in 0..=1_000 {
            let q = f64::from(i) / 1_000.0;
            let truth = all[((q * 20_000.0_f64).ceil() as usize).max(1) - 1];
            let found = sketch.quantile(q).unwrap();
            assert!((found / truth - 1.0).abs() <= error * (1.0 + 1e-6), "{q}: {found}, {truth}");
            let rank = all.partition_point(|x| *x <= truth) as f64 / 20_000.0;
            assert!(sketch.rank(truth).unwrap() >= rank - 1e-9);
        }
        assert_eq!((sketch.min(), sketch.max()), (Some(all[0]), Some(all[19_999])));
    }
}

/// The example of the docs, and its peak.
#[test]
fn bytes_are_as_documented() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut sketch = DdSketch::with_error_and_bins_in(0.01, DEFAULT_BINS, alloc).unwrap();
    for x in log_normal(7, 1_000_000, 2.0) {
        sketch.add(x).unwrap();
    }
    let (heap, peak) = (sketch.heap_bytes(), counter.peak());
    assert_eq!((heap, peak), (counter.live(), heap));
    assert_eq!((heap, sketch.above.directory.words().len() * 8), (1_592, 120));
}

#[test]
fn any_order_and_any_parts_give_the_same_sketch() {
    let all: Vec<f64> =
        log_normal(3, 6_000, 4.0).enumerate().map(|(i, x)| [x, -x, 0.0][i % 3]).collect();
    let of = |numbers: &mut dyn Iterator<Item = f64>| {
        let mut sketch = DdSketch::new();
        numbers.for_each(|x| sketch.add(x).unwrap());
        sketch
    };
    let whole = of(&mut all.iter().copied());
    let (a, b) =
        (of(&mut all[..2_000].iter().copied()), of(&mut all[2_000..3_000].iter().copied()));
    let c = of(&mut all[3_000..].iter().rev().copied());
    let merged = |parts: [&DdSketch; 3]| {
        let mut all = parts[0].clone();
        parts[1..].iter().for_each(|part| all.merge(part).unwrap());
        all
    };
    let mut right = b.clone();
    right.merge(&c).unwrap();
    let mut first = a.clone();
    first.merge(&right).unwrap();
    for sketch in [merged([&a, &b, &c]), merged([&c, &a, &b]), first] {
        sketch.validate().unwrap();
        assert_eq!(sketch, whole);
        assert_eq!(sketch.to_bytes().unwrap().as_bytes(), whole.to_bytes().unwrap().as_bytes());
    }
    let other = DdSketch::with_error(0.02).unwrap();
    assert_eq!(merged([&a, &b, &c]).merge(&other), Err(MergeError::Parameters));
}

#[test]
fn the_smallest_collapse_and_the_largest_keep_their_promise() {
    let mut sketch = DdSketch::with_error_and_bins(0.01, 640).unwrap();
    let mut all: Vec<f64> = log_normal(5, 20_000, 3.0).collect();
    all.iter().for_each(|x| sketch.add(*x).unwrap());
    all.sort_by(f64::total_cmp);
    sketch.validate().unwrap();
    assert!(sketch.is_collapsed() && sketch.heap_bytes() < 1_300);
    for i in 600..=1_000 {
        let q = f64::from(i) / 1_000.0;
        let truth = all[(q * 20_000.0_f64).ceil() as usize - 1];
        let found = sketch.quantile(q).unwrap();
        assert!((found / truth - 1.0).abs() <= 0.010_001, "{q}: {found}, {truth}");
    }
}

#[test]
fn counts_stop_at_the_largest_number_and_say_so() {
    let mut sketch = DdSketch::new();
    sketch.try_add(5.0, u64::MAX - 1).unwrap();
    assert!(!sketch.is_saturated());
    sketch.try_add(5.0, 7).unwrap();
    sketch.try_add(0.0, u64::MAX).unwrap();
    let other = sketch.clone();
    sketch.merge(&other).unwrap();
    assert!(sketch.is_saturated() && sketch.len() == u64::MAX);
    assert_eq!(sketch.quantile(0.0).map(f64::round), Some(0.0));
}

/// All that is asked for while a number is added is refused in turn.
#[test]
fn a_refused_number_changes_nothing() {
    // The first block, one below, one above, the lowest collapse, nearly all, all, and none.
    let numbers = [1.0, 1e-3, 1e3, 1e5, 1e7, 1e150, 1e300, 1e-300, -1.0];
    for every in 2..6 {
        let refusals = Refusals::every(usize::MAX);
        let alloc = Refusing::new(&refusals, Global);
        let mut sketch = DdSketch::with_error_and_bins_in(0.01, 1_200, alloc).unwrap();
        for (x, count) in numbers.iter().flat_map(|x| [(*x, 1), (*x, 1 << 20), (*x, 1 << 40)]) {
            let before = sketch.to_bytes().unwrap();
            while let Err(error) = refusing_every(every, || sketch.try_add(x, count)).0 {
                assert!(matches!(error, BuildError::Alloc(_)), "{error}");
                sketch.validate().unwrap();
                assert_eq!(sketch.to_bytes().unwrap().as_bytes(), before.as_bytes(), "{x}");
            }
            sketch.validate().unwrap();
        }
        assert!(refusals.count() > 5 && sketch.is_collapsed(), "{}", refusals.count());
        assert_eq!(sketch.len(), 9 * (1 + (1 << 20) + (1 << 40)));
    }
}

#[test]
fn a_refused_merge_counts_what_was_there() {
    let mut other = DdSketch::with_error_and_bins(0.01, 1_200).unwrap();
    (0..40).for_each(|i| other.add(10_f64.powi(i)).unwrap());
    (0..9).for_each(|i| other.add(-(10_f64.powi(i))).unwrap());
    for every in 2..6 {
        let refusals = Refusals::every(usize::MAX);
        let alloc = Refusing::new(&refusals, Global);
        let mut sketch = DdSketch::with_error_and_bins_in(0.01, 1_200, alloc).unwrap();
        (0..30).for_each(|i| sketch.add(10_f64.powi(-i)).unwrap());
        let counted = |sketch: &DdSketch<_>| sketch.above.iter().map(|(_, n)| n).sum::<u64>();
        assert!(sketch.is_collapsed());
        while refusing_every(every, || sketch.merge(&other)).0.is_err() {
            sketch.validate().unwrap();
            assert_eq!((sketch.len(), counted(&sketch)), (30, 30));
        }
        sketch.validate().unwrap();
        assert_eq!((sketch.len(), counted(&sketch)), (79, 70));
        assert!(refusals.count() > 0);
    }
}

#[test]
fn bytes_at_worst_are_as_documented() {
    let mut sketch = DdSketch::new();
    (0..=5_000).for_each(|i| sketch.try_add(10_f64.powf(f64::from(i) / 500.0), 1 << 40).unwrap());
    let of_a_factor_of_10 = sketch.heap_bytes() as f64 / 10.0;
    assert!((930.0..=985.0).contains(&of_a_factor_of_10), "{of_a_factor_of_10}");
}
