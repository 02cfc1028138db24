//! Sketches of streams against the figures of other implementations, and over streams longer than
//! their unit tests are worth.
//!
//! `tests/data/make_kll_golden.py` and `make_hasher_golden.py` say how the golden figures were
//! made.

mod figures;

use figures::unhex;
use lessram::FileError;
use lessram::sketches::{FeatureHasher, Kll, KllItem};

/// What the Python package of Apache DataSketches 5.2.0 gave.
const KLL: &str = include_str!("data/kll_golden.tsv");

/// What scikit-learn 1.9.1 gave.
const HASHER: &str = include_str!("data/hasher_golden.tsv");

fn double(hex: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(hex, 16).unwrap())
}

/// One line of the golden file: images are read as they were written, and give the same answers;
/// and up to `k` numbers ours are the same bytes.
fn agrees<T: KllItem>(case: &[&str]) {
    let (k, n): (u16, u32) = (case[1].parse().unwrap(), case[2].parse().unwrap());
    let image = unhex(case[4]);
    let theirs = Kll::<T>::from_datasketches(&image, 0).unwrap();
    assert_eq!(theirs.to_datasketches(), image, "{k}, {n}");
    assert_eq!((theirs.k(), theirs.len()), (k, u64::from(n)));
    let mut ours = Kll::<T>::new(k);
    for i in 0..n {
        let number = f64::from(i * 7_919 % 10_007) - if i == 0 { 2.0 } else { 0.0 };
        ours.add(T::of_f64(number)).unwrap();
    }
    if case[3] == "1" {
        assert_eq!(ours.to_datasketches(), image, "{k}, {n}");
    }
    if n == 0 {
        return;
    }
    let ends = (theirs.min().map(T::to_f64), theirs.max().map(T::to_f64));
    assert_eq!(ends, (Some(double(case[5])), Some(double(case[6]))));
    assert_eq!(theirs.retained().to_string(), case[7]);
    for (i, (quantile, rank)) in case[8..19].iter().zip(&case[19..30]).enumerate() {
        let q = i as f64 / 10.0;
        let found = theirs.quantile(q).map(T::to_f64);
        assert_eq!(found, Some(double(quantile)), "{k}, {n}: quantile {q}");
        let x = i as f64 * 1_000.0;
        assert_eq!(theirs.rank(T::of_f64(x)), Some(double(rank)), "{k}, {n}: rank of {x}");
        // Other coins, the same distribution.
        let near = (ours.rank(T::of_f64(x)).unwrap() - double(rank)).abs();
        assert!(near < 4.0 * ours.rank_error(), "{k}, {n}: rank of {x} off by {near}");
    }
}

#[test]
fn kll_images_and_answers_are_those_of_datasketches() {
    let mut count = 0;
    for line in KLL.lines() {
        let case: Vec<&str> = line.split('\t').collect();
        match case[0] {
            "double" => agrees::<f64>(&case),
            _ => agrees::<f32>(&case),
        }
        count += 1;
    }
    assert_eq!(count, 20);
}

#[test]
fn images_of_other_families_and_forms_are_refused_by_name() {
    let image = unhex(KLL.lines().nth(8).unwrap().split('\t').nth(4).unwrap());
    let told = |at: usize, value: u8| {
        let mut bytes = image.clone();
        bytes[at] = value;
        match Kll::<f64>::from_datasketches(&bytes, 0) {
            Err(FileError::Corrupt { rule, .. }) => rule,
            other => panic!("byte {at} = {value}: {other:?}"),
        }
    };
    assert!(told(2, 7).contains("family 15"));
    assert!(told(1, 3).contains("compact image"));
    assert!(told(6, 16).contains("room for 8"));
    assert!(told(18, 62).contains("61 levels"));
    assert!(told(8, 0).contains("stand for all"));
    // A double read as two floats, or the other way round, is a wrong length or a wrong order.
    assert!(Kll::<f32>::from_datasketches(&image, 0).is_err());
}

#[test]
fn columns_and_signs_are_those_of_scikit_learn() {
    let mut count = 0;
    for line in HASHER.lines() {
        let case: Vec<&str> = line.split('\t').collect();
        let hasher = FeatureHasher::new(case[0].parse().unwrap()).unwrap();
        let hasher = if case[1] == "1" { hasher } else { hasher.without_signs() };
        let row = match case[2] {
            "words" => hasher.row(case[3].split(' ')),
            _ => hasher.row_of(case[3].split(' ').map(|pair| {
                let (name, value) = pair.split_once(':').unwrap();
                let Some(number) = value.strip_suffix('n') else { return hasher.pair(name, value) };
                let (column, sign) = hasher.feature(name);
                (column, sign * number.parse::<f64>().unwrap())
            })),
        };
        let told: Vec<String> = row.iter().map(|(column, x)| format!("{column}:{x}")).collect();
        assert_eq!(told.join(" "), case[4], "{:?}", &case[..4]);
        count += 1;
    }
    assert_eq!(count, 70);
}
