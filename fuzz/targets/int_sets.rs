//! Programs over the set of numbers that changes, which has no row; its static form is in `arrays`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(message) = lessram::testkit::laws_int_set_mut::sliced_set_mut_follows(input) {
        panic!("{message}");
    }
});
