//! Sketches against the figures of other implementations, and against theory.
//!
//! `tests/data/make_hll_golden.py` says how the golden figures were made.

mod figures;

use figures::{fnv, hex, number, unhex};
use lessram::BuildError;
use lessram::mem::{Counter, Footprint, Global, Tracked};
use lessram::sketches::{HllType, HyperLogLog};
use lessram::storage::{Container, HeapWords, Le64};
use std::collections::HashSet;

/// What the Python package of Apache DataSketches 5.2.0 gave.
const GOLDEN: &str = include_str!("data/hll_golden.tsv");

fn golden(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    figures::rows(GOLDEN, kind)
}

/// How many cases a random test shall try: 300, unless `LESSRAM_CASES` says another number, which
/// suits the runner.
fn cases() -> u64 {
    let set = std::env::var("LESSRAM_CASES").ok();
    set.and_then(|cases| cases.parse().ok()).unwrap_or(300).max(1)
}

/// Of the places to damage, every so many-th is: all, unless the runner is slow.
fn stride() -> usize {
    if cases() < 200 { 23 } else { 1 }
}

/// Inserts the key number `i` of a kind.
fn insert(sketch: &mut HyperLogLog, kind: &str, i: u64) {
    match kind {
        "int" => sketch.insert_u64(i),
        "minus" => sketch.insert_i64(-(i as i64)),
        "mix" => sketch.insert_u64(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        "str" => sketch.insert(format!("key-{i}")),
        "float" if i == 3 => sketch.insert_f64(-f64::NAN),
        "float" if i == 8 => sketch.insert_f64(-0.0),
        "float" => sketch.insert_f64(i as f64 * 0.25 - 2.0),
        _ => panic!("{kind}"),
    }
}

fn sketch(lg_k: u8, kind: &str, keys: std::ops::Range<u64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new(lg_k);
    keys.for_each(|i| insert(&mut sketch, kind, i));
    sketch
}

/// The columns behind the name of a case: seven figures, three images.
fn columns_of(sketch: &HyperLogLog) -> Vec<String> {
    let mut columns = vec![sketch.estimate()];
    columns.extend([1.0, 2.0, 3.0].map(|deviations| sketch.lower_bound(deviations)));
    columns.extend([1.0, 2.0, 3.0].map(|deviations| sketch.upper_bound(deviations)));
    let mut columns: Vec<_> = columns.iter().map(|x| format!("{:016x}", x.to_bits())).collect();
    let (updatable, compact) =
        (sketch.as_datasketches_updatable(), sketch.to_datasketches_compact());
    let reread = HyperLogLog::from_datasketches(&compact).unwrap();
    assert_eq!(HyperLogLog::from_datasketches(updatable).unwrap(), *sketch);
    for image in [updatable, &compact, reread.as_datasketches_updatable()] {
        columns.extend([image.len().to_string(), format!("{:016x}", fnv(image))]);
    }
    columns.insert(9, hex(&updatable[..40]));
    columns
}

#[test]
fn images_estimates_and_bounds_are_those_of_datasketches() {
    let mut count = 0;
    for case in golden("one") {
        let (lg_k, keys) = (number(case[1]), number(case[3]));
        if cases() < 200 && (lg_k > 14 || keys > 20_000) {
            continue;
        }
        let sketch = sketch(lg_k, case[2], 0..keys);
        assert_eq!(columns_of(&sketch), case[4..], "{:?}", &case[..4]);
        sketch.validate().unwrap();
        count += 1;
    }
    assert!(count > 80, "{count} cases");
}

/// The parts of a union: `lg_k:keys:first:end`.
fn parts(names: &str) -> Vec<HyperLogLog> {
    let part = |name: &str| {
        let fields: Vec<_> = name.split(':').collect();
        sketch(number(fields[0]), fields[1], number(fields[2])..number(fields[3]))
    };
    names.split(' ').map(part).collect()
}

#[test]
fn unions_are_those_of_datasketches() {
    let (mut exact, mut running) = (0, 0);
    for case in golden("union") {
        let mut parts = parts(case[2]).into_iter();
        let mut union = parts.next().unwrap();
        parts.for_each(|part| union.merge(&part).unwrap());
        union.validate().unwrap();
        if case[1] == "exact" {
            assert_eq!(columns_of(&union), case[3..], "{}", case[2]);
            exact += 1;
            continue;
        }
        // All but the running estimate, bytes 8 to 16.
        let (ours, theirs) = (columns_of(&union)[9].clone(), case[3 + 9]);
        assert_eq!((&ours[..16], &ours[32..]), (&theirs[..16], &theirs[32..]), "{}", case[2]);
        running += 1;
    }
    assert!(exact >= 30 && running == 2, "{exact} and {running} cases");
}

/// In these cases version 5.2.0 goes on with the sums of an empty array: its estimate comes out 4 %
/// too small, three times the error that it has in theory.
#[test]
fn the_running_estimate_survives_a_fold() {
    let (mut ours, mut theirs) = (0.0, 0.0);
    for case in golden("union").filter(|case| case[1] == "running") {
        let parts = parts(case[2]);
        let mut union = parts[0].clone();
        union.merge(&parts[1]).unwrap();
        let truth = case[2].split(' ').map(|part| {
            let fields: Vec<_> = part.split(':').collect();
            number::<f64>(fields[3]) - number::<f64>(fields[2])
        });
        let truth: f64 = truth.sum();
        ours = union.estimate() / truth - 1.0;
        theirs = f64::from_bits(u64::from_str_radix(case[3], 16).unwrap()) / truth - 1.0;
        assert!(ours.abs() < 2.0 * union.std_error(), "{ours} in {}", case[2]);
    }
    assert!(theirs < -0.04 && ours.abs() < 0.02, "{ours}, {theirs}");
}

#[test]
fn a_merge_takes_any_storage() {
    let (part, other) = (sketch(12, "int", 0..9_000), sketch(12, "int", 5_000..12_000));
    let file = other.to_bytes().unwrap();
    let view = HyperLogLog::view(file.as_bytes()).unwrap();
    let mut from_heap = part.clone();
    from_heap.merge(&other).unwrap();
    let mut from_view = part;
    from_view.merge(&view).unwrap();
    assert_eq!(from_heap, from_view);
    assert_eq!(view.to_heap(), other);
}

fn kind_of(bits: &str) -> HllType {
    if bits == "4" { HllType::Hll4 } else { HllType::Hll6 }
}

#[test]
fn narrow_images_are_read() {
    let mut cases = 0;
    for case in golden("narrow") {
        let expected = sketch(number(case[2]), case[3], 0..number(case[4]));
        // A compact set lost its slots: read again, it has others.
        let reread = HyperLogLog::from_datasketches(&expected.to_datasketches_compact()).unwrap();
        for (image, expected) in [(unhex(case[5]), &expected), (unhex(case[6]), &reread)] {
            let read = HyperLogLog::from_datasketches(&image).unwrap();
            let same = read.as_datasketches_updatable() == expected.as_datasketches_updatable();
            assert!(same, "{:?}", &case[..5]);
            assert!(
                (0..image.len()).all(|len| HyperLogLog::from_datasketches(&image[..len]).is_err())
            );
        }
        cases += 1;
    }
    assert_eq!(cases, 42);
}

#[test]
fn narrow_images_are_written_as_datasketches_converts() {
    let mut cases = 0;
    for case in golden("as") {
        let mut parts = parts(case[2]).into_iter();
        let mut union = parts.next().unwrap();
        parts.for_each(|part| union.merge(&part).unwrap());
        let kind = kind_of(case[1]);
        let images =
            [union.to_datasketches_updatable_as(kind), union.to_datasketches_compact_as(kind)];
        for (image, expected) in images.iter().zip([&case[3..5], &case[5..7]]) {
            assert_eq!([image.len().to_string(), format!("{:016x}", fnv(image))], expected[..]);
            assert_eq!(HyperLogLog::from_datasketches(image).unwrap().estimate(), union.estimate());
        }
        cases += 1;
    }
    assert!(cases > 60, "{cases}");
}

/// Whatever bytes of a narrow image are forged, reading refuses them or gives a sound sketch.
#[test]
fn forged_exceptions_are_refused_or_survived() {
    let sketch = sketch(5, "mix", 0..3_000);
    for kind in [HllType::Hll4, HllType::Hll6] {
        for image in
            [sketch.to_datasketches_updatable_as(kind), sketch.to_datasketches_compact_as(kind)]
        {
            for at in 0..image.len() {
                for value in (0..=255).step_by(if cases() < 200 { 51 } else { 3 }) {
                    let mut bytes = image.clone();
                    bytes[at] = value;
                    if let Ok(mut read) = HyperLogLog::from_datasketches(&bytes) {
                        read.validate().unwrap();
                        exercise(&mut read);
                    }
                }
            }
        }
    }
}

/// Over 60 sketches the mean of both is near the truth.
#[test]
fn the_estimators_before_are_near_the_truth() {
    for (keys, bias) in [(60_000_u64, 0.02), (90_000, 0.025)] {
        let (mut log_log, mut super_log_log) = (0.0, 0.0);
        for trial in 0..60 {
            let mut sketch = HyperLogLog::new(9);
            (0..keys / 4).for_each(|key| sketch.insert_u64(trial << 32 | key));
            log_log += sketch.log_log_estimate() / (keys / 4) as f64 / 60.0;
            super_log_log += sketch.super_log_log_estimate() / (keys / 4) as f64 / 60.0;
        }
        // the mean of 60 has an error of 0.0575 / sqrt(60) and 0.0464 / sqrt(60)
        assert!((log_log - 1.0).abs() < 3.0 * 0.0575 / 60_f64.sqrt(), "{log_log}");
        assert!((super_log_log - 1.0).abs() < bias + 2.0 * 0.006, "{super_log_log}");
    }
    let few: HyperLogLog = (0..50_u64).collect();
    assert_eq!(few.log_log_estimate(), few.estimate());
}

#[test]
fn what_counts_as_the_same_key() {
    let estimate = |fill: fn(&mut HyperLogLog)| {
        let mut sketch = HyperLogLog::new(12);
        fill(&mut sketch);
        sketch.estimate()
    };
    assert_eq!(estimate(|s| s.insert("")), 0.0);
    assert_eq!(estimate(|s| s.extend(["a", "b", "a"])).round(), 2.0);
    assert_eq!(
        estimate(|s| [0.0, -0.0, f64::NAN, -f64::NAN]
            .map(|x| s.insert_f64(x))
            .into_iter()
            .for_each(drop))
        .round(),
        2.0
    );
    assert_eq!(estimate(|s| (s.insert_i64(-1), s.insert_u64(u64::MAX), s.insert([255; 8])).0), 1.0);
    let collected: HyperLogLog = (0..1_000_u64).collect();
    assert_eq!(collected, sketch(12, "int", 0..1_000));
}

#[test]
fn sizes_out_of_range_are_errors() {
    for lg_k in [0, 3, 22, 255] {
        let error = HyperLogLog::try_new(lg_k).unwrap_err();
        assert!(matches!(error, BuildError::OutOfRange { name: "lg_k", min: 4, max: 21, .. }));
    }
}

#[test]
fn heap_bytes_are_the_image_in_whole_words() {
    let counter = Counter::new();
    let mut sketch = HyperLogLog::new_in(12, Tracked::new(&counter, Global));
    let mut sizes = HashSet::new();
    for key in 0..2_000 {
        sketch.insert_u64(key);
        let image = sketch.as_datasketches_updatable().len();
        assert_eq!(sketch.heap_bytes(), image.next_multiple_of(8), "{key}");
        assert_eq!((sketch.heap_bytes(), sketch.heap_blocks()), (counter.live(), 1), "{key}");
        sizes.insert(sketch.heap_bytes());
    }
    let mut sizes: Vec<_> = sizes.into_iter().collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [40, 144, 272, 528, 1_040, 2_064, 4_136]);
    // the registers, and the 385 coupons of the last set behind them
    assert_eq!(counter.largest_request(), 4_136 + 193 * 8);
    sketch.clear();
    assert_eq!((sketch.heap_bytes(), counter.live(), sketch.is_empty()), (40, 40, true));
    drop(sketch);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

#[test]
fn files_carry_the_image() {
    for keys in [0, 1, 8, 100, 10_000] {
        let sketch = sketch(12, "int", 0..keys);
        let file = sketch.to_bytes().unwrap();
        lessram::storage::verify::<HyperLogLog<&[_]>>(file.as_bytes()).unwrap();
        let view = HyperLogLog::view(file.as_bytes()).unwrap();
        assert_eq!((view.estimate(), view.heap_bytes()), (sketch.estimate(), 0));
        let header = *Container::open(file.as_bytes()).unwrap().header();
        assert_eq!((header.kind, header.seed), (0x0501, 9_001));
        assert_eq!(header.items, sketch.estimate().round() as u64);
        let read: HyperLogLog = HyperLogLog::read_from(file.as_bytes(), 1 << 20).unwrap();
        assert_eq!(read, sketch);
    }
}

/// An array of fewer registers than most.
fn smaller() -> HyperLogLog {
    sketch(6, "int", 0..500)
}

/// Uses a sketch of whatever bytes in every way: nothing may panic.
fn exercise(sketch: &mut HyperLogLog<HeapWords>) {
    let _ =
        (sketch.estimate(), sketch.std_error(), sketch.lower_bound(3.0), sketch.upper_bound(3.0));
    let _ = (format!("{sketch:?}"), sketch.validate(), sketch.to_datasketches_compact());
    let mut other = HyperLogLog::new(sketch.lg_k());
    other.merge(sketch).unwrap();
    (0..40_u64).for_each(|key| sketch.insert_u64(key));
    sketch.merge(&other).unwrap();
    sketch.merge(&smaller()).unwrap();
    let _ = sketch.estimate();
}

#[test]
fn every_damaged_byte_is_survived() {
    for (lg_k, keys) in [(12, 0), (12, 6), (9, 20), (9, 40), (5, 300)] {
        let sketch = sketch(lg_k, "int", 0..keys);
        let (updatable, compact) =
            (sketch.as_datasketches_updatable(), sketch.to_datasketches_compact());
        for image in [updatable, &compact] {
            for len in (0..image.len()).step_by(stride()) {
                assert!(HyperLogLog::from_datasketches(&image[..len]).is_err(), "{len} bytes");
            }
            for at in (0..image.len()).step_by(stride()) {
                for value in [0, 1, 0x40, 0x7f, 0x80, 0xff] {
                    let mut bytes = image.to_vec();
                    bytes[at] = value;
                    if let Ok(mut read) = HyperLogLog::from_datasketches(&bytes) {
                        read.validate().unwrap();
                        exercise(&mut read);
                    }
                }
            }
        }
    }
}

#[test]
fn a_damaged_file_gives_wrong_answers_at_worst() {
    for (lg_k, keys) in [(12, 0), (12, 6), (9, 20), (9, 40), (5, 300)] {
        let file = sketch(lg_k, "int", 0..keys).to_bytes().unwrap();
        let container = Container::open(file.as_bytes()).unwrap();
        let section = container.sections().find(|section| section.elem_size == 1).unwrap();
        let mut opened = 0;
        for at in (0..section.len as usize).step_by(stride()) {
            for value in [0, 1, 3, 7, 0x40, 0x7f, 0x80, 0xff] {
                // `view` looks at no hash of a section: the damage comes through.
                let mut bytes = file.as_bytes().to_vec();
                bytes[section.offset as usize + at] = value;
                let bytes = Aligned::copy_of(&bytes);
                let Ok(view) = HyperLogLog::view(bytes.as_bytes()) else { continue };
                exercise(&mut view.to_heap());
                opened += 1;
            }
        }
        assert!(opened > 0, "none of {} opened", section.len * 8);
    }
}

/// Bytes in memory that `view` accepts.
struct Aligned(Vec<Le64>);

impl Aligned {
    fn copy_of(bytes: &[u8]) -> Self {
        let word = |bytes: &[u8]| Le64::new(u64::from_le_bytes(bytes.try_into().unwrap()));
        Self(bytes.chunks(8).map(word).collect())
    }

    fn as_bytes(&self) -> &[u8] {
        lessram::storage::as_bytes(&self.0)
    }
}

/// The root of the mean square of the relative error, of one stream and of two merged halves.
fn rms(lg_k: u8, keys: u64, trials: u64) -> (f64, f64) {
    let (mut one, mut merged) = (0.0, 0.0);
    let square = |sketch: &HyperLogLog| (sketch.estimate() / keys as f64 - 1.0).powi(2);
    for trial in 0..trials {
        let fill = |range: std::ops::Range<u64>| {
            let mut sketch = HyperLogLog::new(lg_k);
            range.for_each(|key| sketch.insert_u64(trial << 40 | key));
            sketch
        };
        one += square(&fill(0..keys));
        let mut half = fill(0..keys / 2);
        half.merge(&fill(keys / 2..keys)).unwrap();
        merged += square(&half);
    }
    ((one / trials as f64).sqrt(), (merged / trials as f64).sqrt())
}

#[test]
fn errors_are_as_in_theory() {
    let trials = cases();
    // Three times the error that the error found in 300 trials has itself.
    let tolerance = 0.12 * (300.0 / trials as f64).sqrt().max(1.0);
    for (lg_k, keys) in [(8, 3_000), (10, 10_000), (6, 1_000)] {
        let (one, merged) = rms(lg_k, keys, trials);
        let full = sketch(lg_k, "int", 0..keys);
        let mut both = full.clone();
        both.merge(&full).unwrap();
        for (found, theory) in [(one, full.std_error()), (merged, both.std_error())] {
            let ratio = found / theory;
            let right = (ratio - 1.0).abs() < tolerance;
            assert!(right, "lg_k {lg_k}, {keys} keys: {ratio} of the error in theory");
        }
    }
}
