//! Unit tests of `Kll`.

use super::*;
use crate::mem::{Counter, Global, Refusals, Refusing, Tracked, refusing_every};
use std::vec::Vec;

/// Numbers of a mixed order, each once.
fn mixed(seed: u64, n: u64) -> impl Iterator<Item = f64> {
    let mut coin = Coin(seed);
    (0..n).map(move |_| (coin.toss() >> 11) as f64)
}

/// The largest error in rank over 99 quantiles, as a share.
fn largest_error(sketch: &Kll<f64>, mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let error = |i: u32| {
        let q = f64::from(i) / 100.0;
        let found = sketch.quantile(q).unwrap();
        let rank = values.partition_point(|x| *x <= found) as f64 / n;
        assert!((sketch.rank(found).unwrap() - q).abs() < 0.02, "{q}");
        (rank - q).abs()
    };
    (1..100).map(error).fold(0.0, f64::max)
}

#[test]
fn room_of_levels_is_that_of_datasketches() {
    // get_max_serialized_size_bytes of the C++ core counts with these.
    let rooms: Vec<u32> = (0..10).map(|depth| room(200, depth)).collect();
    assert_eq!(rooms, [200, 133, 89, 59, 40, 26, 18, 12, 8, 8]);
    assert_eq!((room(8, 0), room(65_535, 60), room(65_535, 1)), (8, 8, 43_690));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let refused = Kll::<f64>::try_new_in(7, 0, Global);
    assert!(matches!(refused, Err(BuildError::OutOfRange { name: "k", min: 8, .. })));
    let mut sketch = Kll::<f32>::new(8);
    for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(sketch.add(x), Err(BuildError::NotFinite));
    }
    assert!(sketch.is_empty() && sketch.quantile(0.5).is_none() && sketch.heap_bytes() == 0);
}

/// Of 60 sketches, of one stream and of eight merged parts.
#[test]
fn errors_in_rank_are_as_promised() {
    let (mut beyond, mut sum) = (0, 0.0);
    for seed in 0..30 {
        let mut one = Kll::with_seed(200, seed);
        let mut merged = Kll::with_seed(200, seed + 100);
        for part in 0..8 {
            let mut sketch = Kll::with_seed(200, seed * 8 + part);
            for x in mixed(seed << 8 | part, 2_500) {
                sketch.add(x).unwrap();
                one.add(x).unwrap();
            }
            merged.merge(&sketch).unwrap();
        }
        let all = || (0..8).flat_map(|part| mixed(seed << 8 | part, 2_500)).collect();
        for sketch in [one, merged] {
            sketch.validate().unwrap();
            assert!(sketch.retained() <= room_of_all(200, sketch.height));
            assert_eq!(sketch.len(), 20_000);
            let error = largest_error(&sketch, all());
            beyond += u32::from(error > sketch.rank_error());
            sum += error;
        }
    }
    assert!(beyond <= 6, "{beyond} of 60 beyond the bound of one in a hundred");
    assert!(sum / 60.0 < 0.01, "{} on average", sum / 60.0);
}

#[test]
fn bytes_are_as_documented_and_the_peak_is_near() {
    for floats in [false, true] {
        let counter = Counter::new();
        let alloc = Tracked::new(&counter, Global);
        let (heap, peak) = if floats {
            let mut sketch = Kll::<f32, _>::try_new_in(200, 1, alloc).unwrap();
            for x in mixed(1, 1_000_000) {
                sketch.add(x as f32).unwrap();
            }
            (sketch.heap_bytes(), counter.peak())
        } else {
            let mut sketch = Kll::<f64, _>::try_new_in(200, 1, alloc).unwrap();
            for x in mixed(1, 1_000_000) {
                sketch.add(x).unwrap();
                assert_eq!(sketch.heap_bytes(), counter.live());
            }
            (sketch.heap_bytes(), counter.peak())
        };
        assert_eq!((heap, peak), if floats { (2_520, 2_520) } else { (4_984, 4_984) });
    }
}

#[test]
fn what_is_no_number_has_no_rank() {
    let (mut doubles, mut floats) = (Kll::<f64>::new(8), Kll::<f32>::new(8));
    [-2.0, 0.0, 3.0].iter().for_each(|x| doubles.add(*x).unwrap());
    [-2.0, 0.0, 3.0].iter().for_each(|x| floats.add(*x).unwrap());
    assert_eq!([f64::NAN, -f64::NAN].map(|x| doubles.rank(x)), [None; 2]);
    assert_eq!([f32::NAN, -f32::NAN].map(|x| floats.rank(x)), [None; 2]);
    let ranks = [f64::NEG_INFINITY, f64::INFINITY].map(|x| doubles.rank(x));
    assert_eq!(ranks, [Some(0.0), Some(1.0)]);
}

#[test]
fn merges_of_other_k_take_the_smaller_error() {
    let mut large = Kll::with_seed(400, 1);
    let mut small = Kll::with_seed(100, 2);
    mixed(1, 5_000).for_each(|x| large.add(x).unwrap());
    mixed(2, 5_000).for_each(|x| small.add(x).unwrap());
    let before = large.rank_error();
    large.merge(&small).unwrap();
    large.validate().unwrap();
    assert_eq!((large.rank_error(), large.len()), (small.rank_error(), 10_000));
    assert!(before < small.rank_error());
    small.merge(&Kll::new(50)).unwrap();
    assert_eq!(small.len(), 5_000);
    let mut empty = Kll::new(200);
    empty.merge(&small).unwrap();
    assert_eq!((empty.min(), empty.max()), (small.min(), small.max()));
}

/// As DataSketches has it: 1.33 % at `k` 200, 0.07 % at 4,096.
#[test]
fn the_error_is_as_documented() {
    let error = |k| Kll::<f64>::new(k).rank_error();
    assert!((error(200) - 0.013_3).abs() < 5e-5 && (error(4_096) - 7.06e-4).abs() < 1e-5);
}

/// What has the larger `k` has fewer levels for as many numbers.
#[test]
fn merges_of_a_larger_k_need_no_memory_half_way() {
    let mut large = Kll::with_seed(20_000, 1);
    mixed(1, 300_000).for_each(|x| large.add(x).unwrap());
    for every in 2..5 {
        let refusals = Refusals::every(usize::MAX);
        let mut small = Kll::try_new_in(8, 2, Refusing::new(&refusals, Global)).unwrap();
        mixed(2, 50).for_each(|x| small.add(x).unwrap());
        while refusing_every(every, || small.merge(&large)).0.is_err() {
            small.validate().unwrap();
            assert_eq!(small.len(), 50);
        }
        small.validate().unwrap();
        assert_eq!(small.len(), 300_050);
    }
}

/// DataSketches has two zeros, which are equal there.
#[test]
fn images_with_both_zeros_are_read() {
    let mut sketch = Kll::<f64>::new(8);
    (0..200).for_each(|_| sketch.add(0.0).unwrap());
    let mut image = sketch.to_datasketches();
    let zeros = image.len() - 8 * (sketch.retained() + 2);
    let signs = (zeros..image.len()).skip(7).step_by(16);
    assert!(signs.clone().count() > 8);
    signs.for_each(|at| image[at] |= 0x80);
    let read = Kll::<f64>::from_datasketches(&image, 0).unwrap();
    read.validate().unwrap();
    let zeros = [read.quantile(0.0), read.quantile(0.9), read.min(), read.max()];
    assert_eq!(zeros.map(|x| x.unwrap().to_bits()), [0; 4]);
}

#[test]
fn images_go_round() {
    for n in [0, 1, 2, 7, 200, 201, 5_000, 100_000] {
        let (mut doubles, mut floats) = (Kll::<f64>::new(200), Kll::<f32>::new(200));
        for x in mixed(n, n) {
            doubles.add(x).unwrap();
            floats.add(x as f32).unwrap();
        }
        let (image, small) = (doubles.to_datasketches(), floats.to_datasketches());
        let read = Kll::<f64>::from_datasketches(&image, 0).unwrap();
        assert_eq!((&read, read.to_datasketches()), (&doubles, image.clone()));
        assert_eq!(Kll::<f32>::from_datasketches(&small, 0).unwrap(), floats);
        for len in 0..image.len() {
            assert!(Kll::<f64>::from_datasketches(&image[..len], 0).is_err(), "{len} of {n}");
        }
        for more in [1, 4, 8] {
            let longer = [&image[..], &[0; 8][..more]].concat();
            let error = Kll::<f64>::from_datasketches(&longer, 0).unwrap_err();
            assert!(matches!(error, FileError::Corrupt { section: ITEMS, .. }), "{n}: {error}");
        }
        for at in (0..image.len()).step_by(1 + image.len() / 400) {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut bytes = image.clone();
                bytes[at] = value;
                if let Ok(mut read) = Kll::<f64>::from_datasketches(&bytes, 0) {
                    read.validate().unwrap();
                    mixed(1, 1_000).for_each(|x| read.add(x).unwrap());
                    read.merge(&doubles).unwrap();
                    let _ = (read.quantile(0.5), read.rank(0.0));
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "it must lie within 0 to 1")]
fn a_quantile_out_of_range_panics() {
    let _ = Kll::<f64>::new(8).quantile(1.01);
}

#[test]
fn images_with_infinite_ends_are_refused() {
    let mut sketch = Kll::<f64>::new(200);
    [1.0, 2.0].iter().for_each(|x| sketch.add(*x).unwrap());
    let image = sketch.to_datasketches();
    assert_eq!(Kll::<f64>::from_datasketches(&image, 1).unwrap().min(), Some(1.0));
    for (at, end) in [(24, f64::NEG_INFINITY), (32, f64::INFINITY)] {
        let mut image = image.clone();
        image[at..at + 8].copy_from_slice(&end.to_le_bytes());
        assert!(Kll::<f64>::from_datasketches(&image, 1).is_err(), "{end} at {at}");
    }
}
