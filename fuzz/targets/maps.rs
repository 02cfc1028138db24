//! Programs over the maps and the interner, which have no rows.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(message) = lessram::testkit::laws_maps::maps_follow(input) {
        panic!("{message}");
    }
});
