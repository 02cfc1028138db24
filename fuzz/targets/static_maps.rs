//! Programs over the rows of the family: the first byte picks the row, the rest are operations.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| lessram::testkit::run_family(2, input));
