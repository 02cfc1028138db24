//! Programs over the vectors that grow, which have no rows.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(message) = lessram::testkit::laws_growth::vectors_follow(input) {
        panic!("{message}");
    }
});
