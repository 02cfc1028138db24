//! Rates of the filters that are built at once, over more probes than a law is worth.

use lessram::filters::{Building, FilterBuild, Fuse, Ribbon};
use lessram::mem::Global;
use lessram::storage::HeapWords;

/// The mixed numbers from `start` on: distinct keys that look random.
fn random(start: u64, count: u64) -> impl Iterator<Item = u64> + Clone {
    (start..start + count).map(|i| {
        let x = (i ^ i >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    })
}

fn build<F: FilterBuild<Global>>(hashes: impl IntoIterator<Item = u64>, fpr: f64, seed: u64) -> F {
    let how = Building { seed, ..Building::default() };
    F::try_from_hashes_in(hashes, fpr, how, Global).expect("solvable")
}

/// The measured rate is at most 1.03 times the promise, plus three standard deviations of what so
/// many probes can tell; and no key is missed.
fn keeps_its_promise<F: FilterBuild<Global>>() {
    let full = !cfg!(debug_assertions);
    let probes: u64 = if full { 10_000_000 } else { 200_000 };
    for fpr in [0.5, 0.01, 1.0 / 256.0, 1e-3, 1.0 / 65_536.0] {
        for n in [1, 2, 3, 10, 100, 1_000, 10_000, 100_000, 1_000_000] {
            if n > 10_000 && !full {
                continue;
            }
            let filters = (100_000 / n).clamp(1, 100);
            let mut found = 0;
            for i in 0..filters {
                let base = i << 40;
                let filter: F = build(random(base, n), fpr, i);
                assert!(random(base, n).all(|key| filter.contains_hash(key)), "a false negative");
                let absent = random(base + (1 << 39), probes / filters);
                found += absent.filter(|key| filter.contains_hash(*key)).count();
            }
            let promised = fpr * probes as f64;
            let (found, most) = (found as f64, promised * 1.03 + 3.0 * promised.sqrt() + 3.0);
            assert!(found <= most, "n {n}, fpr {fpr}: {:.3} of the promise", found / promised);
        }
    }
}

/// Numbers in a row, multiples of a large power of two, numbers that differ in one byte: as hashes,
/// without being hashed.
fn raw_numbers_do_no_harm<F: FilterBuild<Global>>() {
    let n = if cfg!(debug_assertions) { 20_000 } else { 300_000 };
    for shape in [|i: u64| i, |i: u64| i << 44, |i: u64| i * 0x0101_0101_0101, |i: u64| !i] {
        for len in [1, 2, 3, 50, 1_000, n] {
            let filter: F = build((0..len).map(shape), 0.01, 0);
            assert!((0..len).all(|i| filter.contains_hash(shape(i))));
            let found = (len..len + 500_000).filter(|i| filter.contains_hash(shape(*i))).count();
            assert!(found < 5_000 * 11 / 10, "{len}: {found} of 500,000 are false positives");
        }
    }
}

#[test]
fn fuse_keeps_its_promise() {
    keeps_its_promise::<Fuse<HeapWords>>();
    raw_numbers_do_no_harm::<Fuse<HeapWords>>();
}

#[test]
fn ribbon_keeps_its_promise() {
    keeps_its_promise::<Ribbon<HeapWords>>();
    raw_numbers_do_no_harm::<Ribbon<HeapWords>>();
}
