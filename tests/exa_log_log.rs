//! ExaLogLog against its definition and against theory: errors, bounds, order, folding, freezing,
//! and the values that fit no register.

use lessram::mem::{Counter, Footprint, Global, Tracked};
use lessram::sketches::ExaLogLog;
use lessram::storage::{self, HeapWords};
use lessram::{BuildError, FileError, MergeError};

/// How many cases a random test shall try, unless `LESSRAM_CASES` says another number, which suits
/// the runner.
fn cases(default: u64) -> u64 {
    let set = std::env::var("LESSRAM_CASES").ok();
    set.and_then(|cases| cases.parse().ok()).unwrap_or(default).max(1)
}

/// Whether the tests are optimised: else the larger cases are left out.
const FAST: bool = !cfg!(debug_assertions);

/// SplitMix64.
fn hash_of(key: u64) -> u64 {
    let z = key.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

fn sketch(p: u8, keys: impl IntoIterator<Item = u64>) -> ExaLogLog {
    let mut sketch = ExaLogLog::new(p);
    keys.into_iter().for_each(|key| sketch.insert_hash(hash_of(key)));
    sketch.validate().unwrap();
    sketch
}

const SIZES: &[u64] = if FAST {
    &[0, 1, 10, 300, 700, 3_000, 20_000, 100_000, 400_000]
} else {
    &[0, 1, 10, 300, 700, 3_000, 30_000]
};

#[test]
fn folded_equals_made_smaller() {
    for &keys in SIZES {
        for (from, to) in [(10, 8), (11, 10), (12, 4), (17, 11), (6, 6), (5, 9)] {
            let mut folded = sketch(from, 0..keys);
            folded.fold_to(to).unwrap();
            folded.validate().unwrap();
            assert_eq!(folded, sketch(to.min(from), 0..keys), "{keys} keys, {from} to {to}");
        }
    }
}

#[test]
fn the_order_of_keys_and_merges_does_not_matter() {
    for &keys in SIZES {
        for p in [4, 9, 11] {
            let all = sketch(p, 0..keys);
            assert_eq!(sketch(p, (0..keys).rev().chain(0..keys / 2)), all);
            let parts = [0..keys / 10, keys / 20..keys / 2, keys / 3..keys];
            let parts = parts.map(|part| sketch(p, part));
            for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
                let mut merged = parts[order[0]].clone();
                for i in [order[1], order[2], order[1]] {
                    merged.merge(&parts[i]).unwrap();
                }
                merged.validate().unwrap();
                assert_eq!(merged, all, "{keys} keys at {p}, {order:?}");
            }
        }
    }
}

#[test]
fn sketches_of_different_sizes_merge_at_the_smaller() {
    for &keys in SIZES {
        for (p, q) in [(11, 8), (8, 11), (12, 11), (4, 16)] {
            for frozen in [false, true] {
                let mut merged = sketch(p, 0..keys);
                let other = sketch(q, keys / 2..2 * keys);
                let other = if frozen { other.to_frozen() } else { other };
                merged.merge(&other).unwrap();
                assert_eq!(merged, sketch(p.min(q), 0..2 * keys), "{keys} keys at {p} and {q}");
            }
        }
    }
}

#[test]
fn other_seeds_do_not_merge() {
    let (mut one, other) = (ExaLogLog::new(11), ExaLogLog::with_seed(11, 1));
    assert_eq!(one.merge(&other), Err(MergeError::Seeds));
    for p in [0, 3, 25, 255] {
        let error = ExaLogLog::try_new_in(p, 0, Global).unwrap_err();
        assert!(matches!(error, BuildError::OutOfRange { name: "p", min: 4, max: 24, .. }));
    }
    assert!(one.fold_to(3).is_err());
}

/// The hash whose register is `index` of `2^p`, with this update value.
fn hash_at(p: u8, index: u64, value: u32) -> u64 {
    let (t, zeros) = ((u64::from(value) - 1) % 2, (value - 1) / 2);
    let rest = if zeros < 63 - u32::from(p) { 1 << zeros } else { 0 };
    t << 63 | index << (63 - p) | rest
}

#[test]
fn values_far_above_the_others_are_kept_apart() {
    for p in [4_u8, 6, 11] {
        let most = 2 * (63 - u32::from(p)) + 2;
        let registers = 1_u64 << p;
        let all = (0..registers).flat_map(|i| (1..18).map(move |v| hash_at(p, i, v)));
        let far = (0..registers / 2).flat_map(|i| {
            [18, 31, 32, 33, 40, 41, 60, 61, most - 1, most].map(|v| hash_at(p, i, v.min(most)))
        });
        let hashes: Vec<u64> = far.chain(all).collect();
        let made = |hashes: &mut dyn Iterator<Item = u64>| {
            let counter = Counter::new();
            let alloc = Tracked::new(&counter, Global);
            let mut sketch = ExaLogLog::try_new_in(p, 0, alloc).unwrap();
            for hash in hashes {
                sketch.insert_hash(hash);
                assert_eq!(sketch.heap_bytes(), counter.live());
            }
            sketch.validate().unwrap();
            sketch.to_heap()
        };
        let forward = made(&mut hashes.iter().copied());
        let backward = made(&mut hashes.iter().rev().copied());
        assert_eq!(forward, backward);
        assert!(forward.heap_bytes() > 3 << (p - 1), "{} at {p}", forward.heap_bytes());
        let mut merged = made(&mut hashes.iter().copied().step_by(2));
        let odd = made(&mut hashes.iter().copied().skip(1).step_by(2));
        merged.merge(&odd).unwrap();
        assert_eq!(merged, forward);
        let mut thawed = forward.to_frozen();
        thawed.validate().unwrap();
        assert_eq!(thawed.estimate(), forward.estimate());
        thawed.insert_hash(hashes[0]);
        assert_eq!(thawed, forward);
        if p > 4 {
            let (mut folded, mut small) = (forward.clone(), ExaLogLog::new(p - 1));
            folded.fold_to(p - 1).unwrap();
            hashes.iter().for_each(|hash| small.insert_hash(*hash));
            folded.validate().unwrap();
            assert_eq!(folded, small);
        }
        // All registers rise: what was far is not any more.
        let mut risen = forward;
        for i in 0..registers {
            (18..60).for_each(|v| risen.insert_hash(hash_at(p, i, v)));
        }
        risen.validate().unwrap();
        assert!(risen.is_running() || risen.heap_bytes() <= (3 << p) / 2 + 4 * (1 << p) / 2);
    }
}

#[test]
fn frozen_is_the_same_in_fewer_bytes() {
    for &keys in SIZES {
        for running in [false, true] {
            let mut live = ExaLogLog::new(11);
            if running {
                live = live.with_running_estimate();
            }
            (0..keys).for_each(|key| live.insert_hash(hash_of(key)));
            let frozen = live.to_frozen();
            frozen.validate().unwrap();
            assert_eq!(frozen.estimate_with_error(), live.estimate_with_error());
            assert_eq!(frozen.to_frozen(), frozen);
            if keys > 700 {
                let (small, large) = (frozen.heap_bytes(), live.heap_bytes());
                assert!(frozen.is_frozen() && small * 100 < large * 75, "{small} of {large}");
            }
            if keys >= 20_000 {
                let bytes = frozen.heap_bytes() - if running { 24 } else { 0 };
                assert!((2_000..2_160).contains(&bytes), "{bytes} for {keys}");
            }
            let file = frozen.to_bytes().unwrap();
            storage::verify::<ExaLogLog<&[_]>>(file.as_bytes()).unwrap();
            let view = ExaLogLog::view(file.as_bytes()).unwrap();
            assert_eq!((view.estimate(), view.heap_bytes()), (live.estimate(), 0));
            let mut all = ExaLogLog::new(11);
            all.merge(&view).unwrap();
            let mut expected = ExaLogLog::new(11);
            expected.merge(&live).unwrap();
            assert_eq!(all, expected);
            // A key it knows wakes it, and nothing else changes.
            let mut thawed: ExaLogLog = ExaLogLog::read_from(file.as_bytes(), 1 << 20).unwrap();
            if keys > 0 {
                thawed.insert_hash(hash_of(0));
                assert_eq!(thawed, live);
            }
        }
    }
}

/// Relative errors over many sketches: their mean, root mean square, and how many of the true
/// counts lay within bounds of one deviation, in units of what theory says.
#[derive(Default)]
struct Errors {
    count: f64,
    sum: f64,
    squares: f64,
    within: f64,
    stated: f64,
}

impl Errors {
    fn add(&mut self, sketch: &ExaLogLog, truth: f64) {
        let (estimate, error) = sketch.estimate_with_error();
        let off = estimate / truth - 1.0;
        self.count += 1.0;
        self.sum += off;
        self.squares += off * off;
        let (low, high) = (sketch.lower_bound(1.0), sketch.upper_bound(1.0));
        self.within += f64::from(u8::from(low <= truth && truth <= high));
        self.stated += error;
    }

    /// Checks the root mean square against the stated error, the mean against 0, the coverage.
    fn check(&self, what: &str) {
        let (n, rms) = (self.count, (self.squares / self.count).sqrt());
        let (stated, mean) = (self.stated / n, self.sum / n);
        println!(
            "{what}: rms {rms:.5}, stated {stated:.5}, mean {mean:+.5}, within {}",
            self.within
        );
        // With few trials the figure itself is uncertain: three of its own deviations.
        let slack = 0.12_f64.max(3.0 / (2.0 * n).sqrt());
        assert!((rms / stated - 1.0).abs() < slack, "{what}: rms {rms}, stated {stated}");
        assert!(mean.abs() < 3.5 * stated / n.sqrt(), "{what}: mean {mean}, stated {stated}");
        let within = self.within / n - 0.683;
        assert!(within.abs() < 4.0 * 0.465 / n.sqrt(), "{what}: {} of {n} within", self.within);
    }
}

#[test]
fn errors_are_those_of_theory() {
    let trials = if FAST { cases(400).clamp(400, 1_000) } else { 40 };
    for (p, sizes) in [(11, &[100, 1_000, 10_000, 100_000, 1_000_000][..]), (8, &[1_000, 50_000])] {
        for &keys in sizes.iter().filter(|keys| FAST || **keys <= 10_000) {
            let mut errors: [Errors; 3] = Default::default();
            for trial in 0..trials {
                let hashes = |part: u64| {
                    let range = if part == 0 { 0..keys / 2 } else { keys / 2..keys };
                    range.map(move |key| hash_of(trial << 40 | key))
                };
                let mut running = ExaLogLog::new(p).with_running_estimate();
                let mut one = ExaLogLog::new(p);
                hashes(0).for_each(|hash| one.insert_hash(hash));
                let mut other = ExaLogLog::new(p);
                hashes(1).for_each(|hash| other.insert_hash(hash));
                hashes(0).chain(hashes(1)).for_each(|hash| running.insert_hash(hash));
                let mut merged = one.clone();
                merged.merge(&other).unwrap();
                hashes(1).for_each(|hash| one.insert_hash(hash));
                assert!(running.is_running());
                for (errors, sketch) in errors.iter_mut().zip([&one, &merged, &running]) {
                    errors.add(sketch, keys as f64);
                }
            }
            let exact = keys <= 3 * (1 << p) / 8 * 9 / 10;
            for (errors, what) in errors.iter().zip(["one stream", "merged", "running"]) {
                let what = format!("p {p}, {keys} keys, {what}");
                if exact {
                    assert!(errors.squares < 1e-6, "{what}: {}", errors.squares);
                } else {
                    errors.check(&what);
                }
            }
        }
    }
}

#[test]
fn a_running_estimate_lasts_until_registers_merge() {
    let make = |keys: std::ops::Range<u64>| {
        let mut sketch = ExaLogLog::new(11).with_running_estimate();
        keys.for_each(|key| sketch.insert_hash(hash_of(key)));
        sketch
    };
    let (few, many) = (make(0..500), make(400..9_000));
    let mut sketch = few.clone();
    sketch.merge(&make(300..600)).unwrap();
    assert!(sketch.is_running() && (sketch.estimate() - 600.0).abs() < 0.1);
    // tokens that turn it to registers, or meet such: they come in the order of their hashes
    let mut turned = sketch.clone();
    turned.merge(&make(600..1_100)).unwrap();
    assert!(!turned.is_running());
    let mut met = many.clone();
    met.merge(&make(0..0)).unwrap();
    assert!(met.is_running());
    met.merge(&few).unwrap();
    assert!(!met.is_running());
    sketch.merge(&many).unwrap();
    assert!(!sketch.is_running());
    assert_eq!((sketch.heap_bytes(), many.heap_bytes()), (3_072, 3_096));
    let mut plain = ExaLogLog::new(11);
    (0..9_000).for_each(|key| plain.insert_hash(hash_of(key)));
    assert_eq!(sketch, plain);
    let mut folded = many;
    folded.fold_to(10).unwrap();
    folded.validate().unwrap();
    assert!(!folded.is_running());
}

#[test]
fn bytes_are_those_of_the_table() {
    let bytes = |keys| sketch(11, 0..keys).total_bytes();
    if size_of::<usize>() == 8 {
        assert_eq!(size_of::<ExaLogLog>(), 48);
        assert_eq!([0, 1, 10, 100].map(bytes), [48, 64, 104, 496]);
    }
    assert_eq!([691, 692, 100_000].map(|keys| sketch(11, 0..keys).heap_bytes()), [3_072; 3]);
    let counter = Counter::new();
    let mut tracked = ExaLogLog::try_new_in(11, 0, Tracked::new(&counter, Global)).unwrap();
    (0..3_000).for_each(|key| tracked.insert_hash(hash_of(key)));
    // While the form changes: the registers, and the tokens behind them.
    assert_eq!(counter.largest_request(), 3_072 + 346 * 8);
    tracked.clear();
    assert_eq!((tracked.heap_bytes(), counter.live(), tracked.is_empty()), (0, 0, true));
}

#[test]
fn forged_files_are_refused_or_survived() {
    let file = sketch(5, 0..10_000).to_bytes().unwrap();
    let mut opened = 0;
    for at in (64..file.as_bytes().len()).step_by(if FAST { 1 } else { 7 }) {
        for value in [0, 1, 0x1F, 0x7F, 0x80, 0xFF] {
            let mut bytes = file.as_bytes().to_vec();
            bytes[at] = value;
            let mut words = vec![0_u64; bytes.len() / 8];
            for (word, eight) in words.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_le_bytes(eight.try_into().unwrap());
            }
            let aligned: Vec<lessram::storage::Le64> =
                words.into_iter().map(lessram::storage::Le64::new).collect();
            let Ok(view) = ExaLogLog::view(storage::as_bytes(&aligned)) else { continue };
            let mut used: ExaLogLog<HeapWords> = view.to_heap();
            let _ = (used.estimate(), used.validate(), format!("{used:?}"));
            (0..3_000).for_each(|key| used.insert_hash(hash_of(key)));
            let mut other = sketch(6, 0..9_000);
            other.merge(&used.to_frozen()).unwrap();
            used.merge(&other).unwrap();
            used.fold_to(4).unwrap();
            opened += 1;
        }
    }
    assert!(opened > 20, "{opened}");
    let error = ExaLogLog::view(&file.as_bytes()[..64]).unwrap_err();
    assert!(matches!(error, FileError::Truncated { .. } | FileError::Corrupt { .. }), "{error:?}");
}
