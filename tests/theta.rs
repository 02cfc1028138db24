//! Theta against DataSketches, against theory, and against plain sets.
//!
//! `tests/data/make_theta_golden.py` says how the golden figures were made.

mod figures;

use figures::{fnv, hex, number, unhex};
use lessram::mem::{Counter, Footprint, Global, Tracked};
use lessram::sketches::Theta;
use lessram::storage::{self, HeapWords, Le64};
use lessram::{BuildError, FileError};
use std::collections::BTreeSet;

/// What the Python package of Apache DataSketches 5.2.0 gave.
const GOLDEN: &str = include_str!("data/theta_golden.tsv");

/// Whether the tests are optimised: else the larger cases are left out.
const FAST: bool = !cfg!(debug_assertions);

fn golden(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    figures::rows(GOLDEN, kind)
}

fn sketch(lg_k: u8, kind: &str, keys: std::ops::Range<u64>) -> Theta {
    let mut sketch = Theta::new(lg_k);
    for i in keys {
        match kind {
            "int" => sketch.insert_u64(i),
            "str" => sketch.insert(format!("key-{i}")),
            _ if i == 3 => sketch.insert_f64(-f64::NAN),
            _ if i == 8 => sketch.insert_f64(-0.0),
            _ => sketch.insert_f64(i as f64 * 0.25 - 2.0),
        }
    }
    sketch.validate().unwrap();
    sketch
}

fn image(bytes: &[u8]) -> String {
    if bytes.len() <= 800 {
        return hex(bytes);
    }
    format!("{}:{:016x}", bytes.len(), fnv(bytes))
}

/// The columns of a packed sketch.
fn columns_of(sketch: &Theta) -> [String; 3] {
    let (plain, compressed) = (sketch.to_datasketches(), sketch.to_datasketches_compressed());
    for image in [&plain, &compressed] {
        let read = Theta::from_datasketches(image, sketch.lg_k()).unwrap();
        read.validate().unwrap();
        assert_eq!((&read, read.to_datasketches()), (sketch, plain.clone()));
    }
    let mut packed = sketch.clone();
    packed.pack();
    packed.validate().unwrap();
    assert_eq!(&packed, sketch);
    assert_eq!(packed.to_datasketches(), plain);
    [format!("{:016x}", packed.estimate().to_bits()), image(&plain), image(&compressed)]
}

#[test]
fn images_and_estimates_are_those_of_datasketches() {
    let mut cases = 0;
    for case in golden("one") {
        let sketch = sketch(number(case[1]), case[2], 0..number(case[3]));
        assert_eq!(columns_of(&sketch), case[4..], "{:?}", &case[..4]);
        cases += 1;
    }
    assert_eq!(cases, 144);
}

fn part(name: &str) -> Theta {
    let fields: Vec<_> = name.split(':').collect();
    let mut part = sketch(number(fields[0]), fields[1], number(fields[2])..number(fields[3]));
    part.pack();
    part
}

#[test]
fn set_operations_are_those_of_datasketches() {
    let mut cases = 0;
    for case in golden("set") {
        let (a, b) = (part(case[2]), part(case[3]));
        let result = match case[1] {
            "union" => a.union(&b),
            "intersection" => a.intersection(&b),
            _ => a.difference(&b),
        };
        result.validate().unwrap();
        assert_eq!(columns_of(&result), case[4..], "{:?}", &case[1..4]);
        cases += 1;
    }
    assert_eq!(cases, 24);
    let mut cases = 0;
    for case in golden("jaccard") {
        let alike = part(case[1]).jaccard(&part(case[2]), 2.0);
        let theirs = f64::from_bits(u64::from_str_radix(case[3], 16).unwrap());
        // They trim the union to its k hashes first, we take all there are.
        assert!((alike.estimate - theirs).abs() < 0.02, "{alike:?}, {theirs}");
        assert!(alike.lower <= alike.estimate && alike.estimate <= alike.upper);
        cases += 1;
    }
    assert_eq!(cases, 8);
}

#[test]
fn unordered_images_are_read() {
    let mut cases = 0;
    for case in golden("raw") {
        let read = Theta::from_datasketches(&unhex(case[4]), number(case[1])).unwrap();
        assert_eq!(read, sketch(number(case[1]), "int", 0..number(case[3])), "{:?}", &case[..4]);
        cases += 1;
    }
    assert_eq!(cases, 3);
}

/// The hashes of a sketch, from its image.
fn hashes(sketch: &Theta) -> BTreeSet<u64> {
    let image = sketch.to_datasketches();
    let start = if image.len() == 8 { 8 } else { 8 * usize::from(image[0]) };
    image[start..].chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn whatever_the_order_the_same_hashes_stay() {
    let mut random = 7_u64;
    for (lg_k, count) in [(4, 3_000), (6, 40), (6, 5_000), (9, 20_000)] {
        let keys: Vec<u64> = (0..count)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                random >> 20
            })
            .collect();
        let of = |keys: &mut dyn Iterator<Item = u64>| {
            let mut sketch = Theta::new(lg_k);
            keys.for_each(|key| sketch.insert_u64(key));
            sketch.validate().unwrap();
            sketch
        };
        let forward = of(&mut keys.iter().copied());
        let backward = of(&mut keys.iter().rev().chain(&keys).copied());
        assert_eq!(forward, backward);
        assert_eq!(forward.to_datasketches(), backward.to_datasketches());
        let parts = [0, 1, 2].map(|i| of(&mut keys.iter().copied().skip(i).step_by(3)));
        let mut merged = parts[2].clone();
        for i in [0, 1, 0] {
            merged.merge(&parts[i]).unwrap();
            merged.validate().unwrap();
        }
        assert_eq!(merged, forward);
        let mut packed = [forward.clone(), merged];
        packed.iter_mut().for_each(Theta::pack);
        let files = packed.map(|sketch| sketch.to_bytes().unwrap().as_bytes().to_vec());
        assert_eq!(files[0], files[1], "packed, the same keys are the same bytes");
        let mut all: BTreeSet<u64> = hashes(&of(&mut keys.iter().copied()));
        let mut exact = Theta::new(16);
        keys.iter().for_each(|key| exact.insert_u64(*key));
        let expected: BTreeSet<u64> = hashes(&exact).into_iter().take(1 << lg_k).collect();
        all.retain(|hash| !expected.contains(hash));
        assert!(all.is_empty(), "not the smallest: {all:?}");
    }
}

#[test]
fn sets_of_sketches_are_sketches_of_sets() {
    let (a, b) = (sketch(6, "int", 0..3_000), sketch(6, "int", 2_000..6_000));
    let theta = a.theta().min(b.theta());
    let [of_a, of_b] = [&a, &b].map(hashes);
    let below = |set: Vec<u64>| set.into_iter().filter(|h| *h < theta).collect::<BTreeSet<_>>();
    let trimmed = |sketch: &Theta| {
        let mut packed = sketch.clone();
        packed.pack();
        packed
    };
    let (a, b) = (trimmed(&a), trimmed(&b));
    let theta_ab = a.theta().min(b.theta());
    assert!(theta_ab <= theta);
    let keep = |set: BTreeSet<u64>| set.into_iter().filter(|h| *h < theta_ab).collect::<Vec<_>>();
    let both = a.intersection(&b);
    assert_eq!(both.theta(), theta_ab);
    let expected = keep(below(of_a.intersection(&of_b).copied().collect()));
    assert!(hashes(&both).into_iter().eq(expected));
    let rest = a.difference(&b);
    let expected = keep(below(of_a.difference(&of_b).copied().collect()));
    assert!(hashes(&rest).into_iter().eq(expected));
    // What comes out can be inserted into, merged and intersected again.
    let mut again = both.clone();
    (0..10_000).for_each(|key| again.insert_u64(key));
    again.validate().unwrap();
    assert!(again.theta() <= both.theta());
    assert_eq!(both.intersection(&a), both);
    assert!(rest.intersection(&both).retained() == 0);
    assert_eq!(a.difference(&Theta::new(6)), a);
}

#[test]
fn bytes_a_hash() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let (lg_k, keys) = (if FAST { 16 } else { 12 }, 1_100_000);
    let mut sketch = Theta::try_new_in(lg_k, alloc).unwrap();
    let (mut live, mut peak) = (0.0_f64, 0.0_f64);
    for key in 0..keys {
        sketch.insert_u64(key);
        if key > keys / 2 && key % 64 == 0 {
            live = live.max(sketch.heap_bytes() as f64 / sketch.retained() as f64);
        }
    }
    peak = peak.max(counter.peak() as f64 / f64::from(1_u32 << lg_k));
    sketch.pack();
    let packed = sketch.heap_bytes() as f64 / sketch.retained() as f64;
    println!("live {live:.3}, packed {packed:.3}, peak {peak:.3} bytes a hash");
    assert!(live < 6.6 && packed < 5.8 && peak < 8.0, "{live} {packed} {peak}");
    assert_eq!(sketch.retained(), 1 << lg_k);
}

#[test]
fn errors_and_bounds_are_those_of_theory() {
    let trials = if FAST { 400 } else { 60 };
    for (lg_k, keys) in [(8, 200), (8, 1_000), (8, 20_000), (10, 50_000)] {
        if !FAST && keys > 1_000 {
            continue;
        }
        let (mut squares, mut sum, mut stated, mut within) = (0.0, 0.0, 0.0, 0.0);
        let mut alike = [0.0; 2];
        for trial in 0..trials {
            let range = |from: u64, to: u64| {
                let keys = (from..to).map(move |key| (trial << 40 | key) * 2 + 1);
                let mut sketch = Theta::new(lg_k);
                keys.for_each(|key| sketch.insert_u64(key));
                sketch
            };
            let sketch = range(0, keys);
            let off = sketch.estimate() / keys as f64 - 1.0;
            (squares, sum, stated) =
                (squares + off * off, sum + off, stated + sketch.std_error().powi(2));
            let (low, high) = (sketch.lower_bound(1.0), sketch.upper_bound(1.0));
            within += f64::from(u8::from(low <= keys as f64 && keys as f64 <= high));
            let third = range(keys / 2, keys / 2 + keys).jaccard(&sketch, 2.0);
            let inside = third.lower <= 1.0 / 3.0 + 1e-9 && 1.0 / 3.0 - 1e-9 <= third.upper;
            alike = [alike[0] + f64::from(u8::from(inside)), alike[1] + third.estimate - 1.0 / 3.0];
        }
        let n = trials as f64;
        let (rms, stated) = ((squares / n).sqrt(), (stated / n).sqrt());
        println!(
            "{lg_k} {keys}: rms {rms:.4} stated {stated:.4} mean {:+.4} within {within}",
            sum / n
        );
        if keys <= 1 << lg_k {
            assert!(squares == 0.0 && stated == 0.0 && within == n);
            continue;
        }
        let slack = 0.12_f64.max(3.0 / (2.0 * n).sqrt());
        assert!((rms / stated - 1.0).abs() < slack, "rms {rms}, stated {stated}");
        assert!((sum / n).abs() < 3.5 * stated / n.sqrt(), "mean {}", sum / n);
        assert!((within / n - 0.683).abs() < 4.0 * 0.465 / n.sqrt(), "{within} of {n}");
        assert!(alike[0] / n > 0.90, "{} of {n} within two deviations", alike[0]);
        assert!((alike[1] / n).abs() < 0.01);
    }
}

#[test]
fn bad_images_are_refused() {
    let sketch = sketch(5, "int", 0..300);
    let mut opened = 0;
    for image in [sketch.to_datasketches(), sketch.to_datasketches_compressed()] {
        for len in 0..image.len() {
            let Err(FileError::Truncated { need, have }) =
                Theta::from_datasketches(&image[..len], 5)
            else {
                panic!("{len} bytes");
            };
            // Both count from the start, and what is read next ends within the whole image.
            assert!(have == len as u64 && (len + 1..=image.len()).contains(&(need as usize)));
        }
        for at in 0..image.len() {
            for value in (0..=255).step_by(if FAST { 1 } else { 17 }) {
                let mut bytes = image.clone();
                bytes[at] = value;
                if let Ok(mut read) = Theta::from_datasketches(&bytes, 5) {
                    read.validate().unwrap();
                    (0..50).for_each(|key| read.insert_u64(key));
                    opened += 1;
                }
            }
        }
    }
    assert!(opened > 100, "{opened}");
    let empty = [1, 3, 3, 0, 0, 0x1e, 0, 0];
    assert!(Theta::from_datasketches(&empty, 12).unwrap().is_empty());
    let error = Theta::from_datasketches(&[1, 2, 3, 0, 0, 0x1a, 0xcc, 0x93], 12).unwrap_err();
    assert!(matches!(error, FileError::Corrupt { rule: "serial version 3 or 4", .. }));
    let error = Theta::from_datasketches(&[2, 3, 3, 0, 0, 0x1a, 0xcd, 0x93], 12).unwrap_err();
    assert!(matches!(error, FileError::Corrupt { rule: "the hash of seed 9001", .. }));
    for lg_k in [0, 3, 27, 255] {
        assert!(matches!(Theta::try_new_in(lg_k, Global), Err(BuildError::OutOfRange { .. })));
        assert!(Theta::from_datasketches(&empty, lg_k).is_err());
    }
}

#[test]
fn forged_files_are_refused_or_survived() {
    let mut opened = 0;
    for keys in [10, 40, 900] {
        let file = sketch(5, "int", 0..keys).to_bytes().unwrap();
        for at in (64..file.as_bytes().len()).step_by(if FAST { 1 } else { 5 }) {
            for value in [0, 1, 3, 0x1F, 0x7F, 0x80, 0xFF] {
                let mut bytes = file.as_bytes().to_vec();
                bytes[at] = value;
                let words: Vec<Le64> = bytes
                    .chunks_exact(8)
                    .map(|eight| Le64::new(u64::from_le_bytes(eight.try_into().unwrap())))
                    .collect();
                let Ok(view) = Theta::view(storage::as_bytes(&words)) else { continue };
                let mut used: Theta<HeapWords> = view.to_heap();
                let _ = (used.estimate(), used.std_error(), used.validate(), format!("{used:?}"));
                let _ = (used == used.clone(), used.to_datasketches_compressed());
                let other = sketch(6, "int", 0..500);
                let _ =
                    (used.intersection(&other), other.difference(&used), other.jaccard(&used, 2.0));
                let mut into = other.clone();
                into.merge(&used).unwrap();
                (0..400).for_each(|key| used.insert_u64(key * 3));
                used.merge(&other).unwrap();
                used.pack();
                opened += 1;
            }
        }
    }
    assert!(opened > 20, "{opened}");
}

/// The hash at which one began to leave hashes out is kept by one that left out fewer.
#[test]
fn sketches_of_different_keys_differ() {
    let (mut exact, mut packed) = (Theta::new(4), Theta::new(4));
    (1..=16).for_each(|hash| exact.insert_hash(hash));
    (1..=17).for_each(|hash| packed.insert_hash(hash));
    packed.pack();
    assert_eq!((exact.retained(), packed.retained()), (16, 16));
    assert_ne!(exact, packed);
    assert_ne!(packed, exact);
    exact.insert_hash(17);
    assert_eq!(exact, packed);
    assert_eq!(packed, exact);
}
