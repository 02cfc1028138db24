//! Unit tests of `MorrisArray`.

use super::*;
use crate::mem::Global;

fn array(bits: u32, len: usize, seed: u64) -> MorrisArray {
    MorrisArray::with_max_in(bits, len, DEFAULT_MAX, seed, Global).unwrap()
}

/// Mean and root of the mean square of the relative errors.
fn errors(array: &MorrisArray, truth: f64) -> (f64, f64) {
    let (sum, squares) = array.iter().fold((0.0, 0.0), |(sum, squares), estimate| {
        let error = estimate / truth - 1.0;
        (sum + error, squares + error * error)
    });
    let n = array.len() as f64;
    (sum / n, (squares / n).sqrt())
}

#[test]
fn parameters_out_of_range_are_refused() {
    for (bits, max, name) in [(9, 1 << 20, "bits"), (8, 255, "max"), (16, (1 << 48) + 1, "max")] {
        let refused = MorrisArray::with_max(bits, 10, max);
        assert!(matches!(refused, Err(BuildError::OutOfRange { name: n, .. }) if n == name));
    }
    // The range that the error names holds what does, and not what was refused.
    for bits in (0..40).filter(|bits| ![8, 12, 16].contains(bits)) {
        let Err(BuildError::OutOfRange { value, min, max, .. }) = MorrisArray::new(bits, 3) else {
            panic!("{bits} bits");
        };
        assert!(value == u64::from(bits) && !(min..=max).contains(&value), "{min} to {max}");
        (min..=max).for_each(|bits| assert!(MorrisArray::new(bits as u32, 3).is_ok(), "{bits}"));
    }
    assert!(matches!(MorrisArray::new(16, usize::MAX), Err(BuildError::Alloc(_))));
    assert_eq!(MorrisArray::new(12, 0).unwrap().heap_bytes(), 1_024);
}

#[test]
fn small_counts_are_exact() {
    for bits in [8, 12, 16] {
        let mut counts = array(bits, 7, 1);
        for _ in 0..counts.exact_to() {
            counts.add(3);
        }
        let exact = f64::from(counts.exact_to());
        assert_eq!(counts.get(3), Some(exact));
        counts.add_count(5, u64::from(counts.exact_to()) - 1);
        let all: alloc::vec::Vec<f64> = counts.iter().collect();
        assert_eq!(all, [0.0, 0.0, 0.0, exact, 0.0, exact - 1.0, 0.0]);
        counts.validate().unwrap();
    }
}

/// Errors of counting one by one are those of theory, and the mean is right.
#[test]
fn errors_are_as_in_theory() {
    let (trials, counts) = (1_000, 2_000_u32);
    for (bits, rms_at_most) in [(8, 0.225), (12, 0.05)] {
        let mut all = array(bits, trials, 7);
        for _ in 0..counts {
            (0..trials).for_each(|index| all.add(index));
        }
        let (mean, rms) = errors(&all, f64::from(counts));
        assert!(mean.abs() < 4.0 * rms / (trials as f64).sqrt(), "{bits} bits: bias {mean}");
        assert!(rms < rms_at_most, "{bits} bits: {rms}");
    }
}

/// Many counts at once: the error of a single rounding, and the mean is right up to the maximum.
#[test]
fn many_counts_at_once_are_unbiased() {
    for bits in [8, 12, 16] {
        for count in [1_000, 1_000_000, 1_000_000_000] {
            let mut all = array(bits, 4_000, count);
            for index in 0..all.len() {
                all.add_count(index, count);
            }
            let (mean, rms) = errors(&all, count as f64);
            let sigma = all.std_error();
            assert!(rms < sigma, "{bits} bits, {count}: {rms}, {sigma}");
            assert!(
                mean.abs() < 4.0 * rms / 4_000_f64.sqrt() + 1e-9,
                "{bits} bits, {count}: {mean}"
            );
        }
    }
}

#[test]
fn merges_are_unbiased_and_of_less_error() {
    for bits in [8, 12] {
        let mut all = array(bits, 2_000, 0);
        for part in 1..=16 {
            let mut one = array(bits, 2_000, part);
            for index in 0..one.len() {
                for _ in 0..100 {
                    one.add(index);
                }
            }
            all.merge(&one).unwrap();
        }
        let (mean, rms) = errors(&all, 1_600.0);
        assert!(rms < 0.6 * all.std_error(), "{bits} bits: {rms}");
        assert!(mean.abs() < 4.0 * rms / 2_000_f64.sqrt(), "{bits} bits: {mean}");
    }
    let mut eight = array(8, 5, 0);
    for other in [array(8, 6, 0), array(12, 5, 0), MorrisArray::with_max(8, 5, 1_000).unwrap()] {
        assert_eq!(eight.merge(&other), Err(MergeError::Parameters));
    }
}

#[test]
fn counts_beyond_the_maximum_stop_and_say_so() {
    for (bits, headroom) in [(8, 1.4), (12, 1.1), (16, 1.02)] {
        let mut counts = array(bits, 3, 1);
        counts.add_count(1, u64::MAX);
        counts.add_count(1, u64::MAX);
        counts.add(1);
        assert_eq!(counts.saturated(), 1);
        assert!((counts.get(1).unwrap() / 1e9 / headroom - 1.0).abs() < 1e-6);
        assert_eq!((counts.get(0), counts.get(2), counts.get(3)), (Some(0.0), Some(0.0), None));
    }
}

#[test]
fn resizing_keeps_counters_and_adds_zeros() {
    for bits in [8, 12, 16] {
        let mut counts = array(bits, 0, 1);
        for len in [3, 1, 6, 5, 90, 7, 200] {
            let before: alloc::vec::Vec<f64> = counts.iter().take(len).collect();
            counts.resize(len);
            assert_eq!(counts.iter().take(before.len()).collect::<alloc::vec::Vec<_>>(), before);
            assert!(counts.iter().skip(before.len()).all(|count| count == 0.0));
            counts.extend(0..len);
            counts.validate().unwrap();
        }
        assert_eq!(counts.get(0), Some(7.0));
    }
}

#[test]
#[should_panic(expected = "counter 3 of 3")]
fn a_counter_that_does_not_exist_panics() {
    array(8, 3, 0).add(3);
}

#[test]
fn many_at_once_are_as_one_by_one() {
    for bits in [8, 12, 16] {
        let mut one = MorrisArray::new(bits, 100).unwrap();
        let mut many = one.clone();
        let indexes = || (0..50_000_usize).map(|i| i * i % 101 % 100);
        indexes().for_each(|index| one.add(index));
        many.extend(indexes());
        assert_eq!(one, many, "{bits} bits");
        // To the last state and on.
        let mut one = MorrisArray::with_max(bits, 1, 1 << bits).unwrap();
        let mut many = one.clone();
        (0..200_000).for_each(|_| one.add(0));
        many.extend(core::iter::repeat_n(0, 200_000));
        assert_eq!((one.saturated(), &one), (1, &many), "{bits} bits");
    }
}

#[test]
#[should_panic(expected = "counter 100 of 100")]
fn of_many_one_without_a_counter_is_refused() {
    MorrisArray::new(8, 100).unwrap().extend(0..1_000);
}

#[test]
#[should_panic(expected = "counter 3 of 3")]
fn an_index_without_a_counter_is_refused() {
    MorrisArray::new(8, 3).unwrap().extend([0, 3, 1]);
}
