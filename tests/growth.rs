//! The growable vectors over random programs: `testkit::laws_growth` has the law.

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
