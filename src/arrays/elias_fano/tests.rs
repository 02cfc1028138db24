//! What the laws of the shape do not reach: the form without the index of zeros, cursors, batches,
//! sizes.

use super::*;
use crate::mem::{Counter, Global, Tracked};
use alloc::vec;
use alloc::vec::Vec;

fn without_succ(values: &[u64]) -> EliasFano {
    let max = values.last().copied().unwrap_or(0);
    let mut builder = EliasFano::builder(values.len(), max).unwrap();
    values.iter().for_each(|value| builder.push(*value).unwrap());
    builder.finish().unwrap()
}

fn with_succ(values: &[u64]) -> EliasFano {
    EliasFano::try_from(values).unwrap()
}

/// Ascending numbers with gaps that `gap` makes.
fn ascending(len: usize, mut gap: impl FnMut(usize) -> u64) -> Vec<u64> {
    let mut last = 0_u64;
    (0..len)
        .map(|i| {
            last = last.saturating_add(gap(i));
            last
        })
        .collect()
}

fn random() -> impl FnMut() -> u64 {
    let mut x = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    }
}

/// Sequences of every kind.
fn samples() -> Vec<Vec<u64>> {
    let mut number = random();
    vec![
        vec![],
        vec![7],
        vec![u64::MAX],
        vec![0, u64::MAX],
        vec![0; 3_000],
        vec![u64::MAX; 3_000],
        ascending(5_000, |_| 1),
        ascending(5_000, |_| number() % 200),
        ascending(5_000, |_| u64::from(number() % 8 == 0)),
        ascending(5_000, |i| if i % 700 == 0 { 10_000_000 } else { number() % 3 }),
        ascending(3_000, |_| 1 << 52),
        [vec![1; 2_000], vec![1 << 20; 2_000], vec![1 << 21]].concat(),
        // A run without ones beyond what is looked at word by word.
        [ascending(3_000, |_| 1), ascending(3_000, |_| 1).iter().map(|x| x + 9_000_000).collect()]
            .concat(),
    ]
}

#[test]
fn both_forms_answer_alike() {
    for values in samples() {
        let (plain, fast) = (without_succ(&values), with_succ(&values));
        assert!(plain == fast && !plain.has_succ() && fast.has_succ());
        let near = |x: &u64| [x.saturating_sub(1), *x, x.saturating_add(1)];
        for x in values.iter().step_by(37).flat_map(near).chain([0, 1 << 33, u64::MAX]) {
            let left = values.partition_point(|value| *value < x);
            let right = values.partition_point(|value| *value <= x);
            for form in [&plain, &fast] {
                assert_eq!((form.rank(x), form.rank_after(x)), (left, right), "{x}");
                assert_eq!((form.count(x), form.contains(x)), (right - left, right > left));
                let succ = values.get(left).map(|value| (left, *value));
                assert_eq!(form.succ(x), succ, "{x}");
                let pred = right.checked_sub(1).map(|at| (at, values[at]));
                assert_eq!(form.pred(x), pred, "{x}");
                assert_eq!(form.partition_point(|value| value < x), left);
            }
        }
        plain.validate().unwrap();
        fast.validate().unwrap();
    }
}

/// `rank` is `bisect_left`, `rank_after` is `bisect_right`: inserting at either keeps the order.
#[test]
fn bisecting_is_pythons() {
    let values = [1, 3, 3, 3, 8];
    let numbers = with_succ(&values);
    for x in 0..10 {
        let (left, right) = (numbers.rank(x), numbers.rank_after(x));
        assert!(values[..left].iter().all(|value| *value < x));
        assert!(values[left..].iter().all(|value| *value >= x));
        assert!(values[..right].iter().all(|value| *value <= x));
        assert!(values[right..].iter().all(|value| *value > x));
        for place in [left, right] {
            let mut inserted = values.to_vec();
            inserted.insert(place, x);
            assert!(inserted.is_sorted());
        }
    }
    assert_eq!(numbers.binary_search(3), Ok(1));
    assert_eq!(numbers.binary_search(4), Err(4));
}

#[test]
fn batches_and_cursors_and_ranges() {
    let mut number = random();
    for values in samples().into_iter().filter(|values| !values.is_empty()) {
        let (len, numbers) = (values.len(), with_succ(&values));
        let indices: Vec<usize> = (0..100).map(|_| number() as usize % len).collect();
        let mut out = vec![0; 100];
        numbers.get_many(&indices, &mut out);
        assert!(indices.iter().zip(&out).all(|(index, value)| values[*index] == *value));

        let mut cursor = numbers.cursor(0);
        for (index, value) in values.iter().enumerate() {
            assert_eq!((cursor.index(), cursor.value()), (index, Some(*value)));
            cursor.move_next();
        }
        assert_eq!((cursor.index(), cursor.value(), cursor.move_next()), (len, None, None));
        for value in values.iter().rev() {
            assert_eq!(cursor.move_prev(), Some(*value));
        }
        assert_eq!((cursor.move_prev(), cursor.index()), (None, 0));
        // Forward to each of some values, as an intersection does.
        for x in values.iter().step_by(53) {
            assert_eq!(cursor.seek(*x), Some(*x));
            let again = numbers.cursor_at(*x);
            assert!(again.index() <= cursor.index() && again.value() == Some(*x));
        }
        assert_eq!(cursor.seek(values[0]), cursor.value(), "a cursor goes forward only");

        let (a, b) = (values[len / 4], values[len / 2]);
        let within = |x: &u64| (a..b).contains(x);
        assert!(numbers.range(a..b).eq(values.iter().copied().filter(within)));
        assert!(
            numbers.range(a..=b).rev().eq(values
                .iter()
                .copied()
                .filter(|x| (a..=b).contains(x))
                .rev())
        );
        assert!(numbers.range(..).eq(values.iter().copied()));
        assert_eq!(
            numbers.range((core::ops::Bound::Excluded(b), core::ops::Bound::Excluded(a))).len(),
            0
        );
    }
}

#[test]
fn iterators_jump_and_meet() {
    for values in samples() {
        let numbers = without_succ(&values);
        for n in [0, 1, 63, 64, 65, 1_000, 4_999, 5_000, usize::MAX] {
            assert_eq!(numbers.iter().nth(n), values.get(n).copied());
            assert_eq!(numbers.iter().nth_back(n), values.iter().nth_back(n).copied());
            let mut both = numbers.iter();
            let mut expected = values.iter().copied();
            assert_eq!(both.nth(n / 2), expected.nth(n / 2));
            assert_eq!(both.nth_back(n / 3), expected.nth_back(n / 3));
            assert_eq!((both.len(), both.next_back()), (expected.len(), expected.next_back()));
            assert!(both.clone().eq(expected.clone()) && both.rev().eq(expected.rev()));
        }
        // From both ends in turns, until they meet.
        let (mut both, mut expected) = (numbers.iter(), values.iter().copied());
        while let Some(value) = expected.next() {
            assert_eq!(both.next(), Some(value));
            assert_eq!(both.next_back(), expected.next_back());
        }
        assert_eq!((both.next(), both.next_back(), both.len()), (None, None, 0));
        let mut sum = values.iter().fold(0_u64, |sum, value| sum.wrapping_mul(3) ^ value);
        sum ^= numbers.iter().fold(0_u64, |sum, value| sum.wrapping_mul(3) ^ value);
        assert_eq!(sum, 0);
    }
}

#[test]
fn space_is_what_the_docs_say() {
    let mut number = random();
    let values = ascending(100_000, |_| number() % 200);
    let bits = |numbers: &EliasFano| numbers.heap_bytes() as f64 * 8.0 / 100_000.0;
    let limit = 2.0 + (*values.last().unwrap() as f64 / 100_000.0).log2();
    let (plain, fast) = (bits(&without_succ(&values)), bits(&with_succ(&values)));
    assert!(plain < limit + 0.12 && fast < limit + 0.41, "{plain}, {fast}; {limit}");
    // The formula, part by part, and at the end of each power of two.
    for mean in [1, 2, 3, 64, 100, 127, 128, 1 << 40] {
        let values = ascending(10_000, |_| mean);
        let max = *values.last().unwrap();
        let width = u64::from(low_bits(10_000, max));
        let words = |bits: u64| bits.div_ceil(64) * 8;
        let lows = if width == 0 { 0 } else { words(10_000 * width) + 8 };
        let expected = lows + words(10_000 + (max >> width) + 1) + 10 * 24;
        let zeros = ((max >> width) + 1).div_ceil(1_024) * 24;
        assert_eq!(without_succ(&values).heap_bytes() as u64, expected, "{mean}");
        assert_eq!(with_succ(&values).heap_bytes() as u64, expected + zeros);
    }
}

fn low_bits(len: u64, max: u64) -> u32 {
    ((u128::from(max) + 1) / u128::from(len)).ilog2()
}

/// Building asks for the blocks of the result, and for nothing beside them.
#[test]
fn the_peak_is_the_result() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut builder = EliasFanoBuilder::new_in(10_000, 1_000_000, alloc).unwrap().with_succ();
    for i in 0..10_000 {
        builder.push(i * 100).unwrap();
    }
    let numbers = builder.finish().unwrap();
    assert_eq!((counter.live(), counter.peak()), (numbers.heap_bytes(), numbers.heap_bytes()));
    assert_eq!((counter.blocks(), counter.requests()), (4, 4));
}

#[test]
fn what_was_not_announced_is_refused() {
    let mut builder = EliasFano::builder(2, 10).unwrap();
    let above = crate::BuildError::OutOfRange { name: "value", value: 11, min: 0, max: 10 };
    assert_eq!(builder.push(11), Err(above));
    builder.push(5).unwrap();
    assert_eq!(builder.push(4), Err(crate::BuildError::NotSorted { index: 1 }));
    builder.push(5).unwrap();
    assert_eq!(builder.push(6), Err(crate::BuildError::TooMany { len: 3, max: 2 }));
    assert_eq!(builder.finish().unwrap().iter().collect::<Vec<_>>(), [5, 5]);
    let short = EliasFano::builder(2, 10).unwrap().finish().unwrap_err();
    assert_eq!(short, crate::BuildError::OutOfRange { name: "len", value: 0, min: 2, max: 2 });
}

#[test]
fn a_last_number_that_is_not_the_largest_is_out_of_order() {
    for (values, index) in [(&[5, 3][..], 1), (&[1, 9, 9, 2, 4], 3), (&[0, 1, 0], 2)] {
        let unsorted = crate::BuildError::NotSorted { index };
        assert_eq!(EliasFano::try_from(values).unwrap_err(), unsorted, "{values:?}");
        #[cfg(feature = "serde")]
        {
            use serde::Deserialize;
            use serde::de::value::{Error, SeqDeserializer};

            let numbers = SeqDeserializer::<_, Error>::new(values.iter().copied());
            let error = EliasFano::deserialize(numbers).unwrap_err();
            assert_eq!(std::format!("{error}"), std::format!("{unsorted}"));
        }
    }
}
