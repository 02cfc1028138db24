//! A file from anywhere, opened as every row: no panic, and no request above its length + 1 MiB.
#![no_main]

#[allow(dead_code)] // live bytes are for other tests
#[path = "../../tests/counting/mod.rs"]
mod counting;

#[global_allocator]
static ALLOC: counting::Counting = counting::Counting;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    counting::forget_largest();
    lessram::testkit::open_any(file);
    let largest = counting::counts().largest;
    assert!(largest <= file.len() + (1 << 20), "requests {largest} for {} bytes", file.len());
});
