//! The growable vectors over random programs: `testkit::laws_growth` has the law.

use lessram::arrays::BitVec;
use lessram::mem::Footprint;
use lessram::testkit::{cases, laws_growth};
use proptest::collection::vec;
use proptest::prelude::*;

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(100)) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn slim_vec_follows_vec(program in vec(any::<u8>(), 0..400)) {
        laws_growth::slim_vec_follows(&program).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn seg_vec_follows_vec(program in vec(any::<u8>(), 0..400)) {
        laws_growth::seg_vec_follows(&program).map_err(TestCaseError::fail)?;
    }
}

/// Programs of the laws are too short for that.
#[test]
fn bits_grow_in_fine_steps_above_128_kib() {
    let mut bits = BitVec::new();
    let mut most = 0;
    for i in 0..4 << 20 {
        bits.push(i % 3 == 0);
        let (room, needed) = (bits.heap_bytes(), bits.len().div_ceil(64) * 8);
        if needed > 128 << 10 {
            most = most.max((room - needed) * 1_000 / needed);
        }
    }
    // A sixteenth, and a word or two.
    assert!((40..=64).contains(&most), "{most} of a thousand");
}
