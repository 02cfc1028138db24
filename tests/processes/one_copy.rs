//! One big file, mapped by many processes: opening takes microseconds, nothing is read before it is
//! asked for, and all processes together hold one copy.

use super::{Helper, TempFolder, argument, ready, share_of, time_to_open, wait_for_parent};
use lessram::arrays::PackedInts;
use lessram::mem::Totals;
use lessram::storage::{self, Container, MappedWords};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Numbers in the file: 100 MB at their 50 bits.
const NUMBERS: usize = 16_000_000;
const WIDTH: u32 = 50;

fn number(index: usize) -> u64 {
    (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - WIDTH)
}

fn map(path: &Path) -> PackedInts<MappedWords> {
    // SAFETY: the file is this test's own, and nothing changes it while it is mapped.
    unsafe { PackedInts::map(path) }.unwrap()
}

/// One test for all that is measured: tests run beside each other, and would measure each other.
#[test]
fn a_mapped_file() {
    let folder = TempFolder::new("big");
    let path = folder.0.join("numbers.lram");
    let mut ints = PackedInts::with_capacity(WIDTH, NUMBERS);
    ints.extend((0..NUMBERS).map(number));
    ints.save(&path).unwrap();
    drop(ints);
    opens_in_microseconds(&path);
    reads_nothing_before_it_is_asked(&path);
    is_one_copy_for_four_processes(&path);
    verifies_at_memory_speed(&path);
}

fn opens_in_microseconds(path: &Path) {
    assert_eq!(map(path).len(), NUMBERS);
    let time = time_to_open(path, map);
    println!("opening 100 MB by map: {time:?}");
}

fn reads_nothing_before_it_is_asked(path: &Path) {
    let ints = map(path);
    let resident = share_of("self", path).resident;
    println!("resident after opening: {resident} bytes");
    // One fault brings the 16 pages around it from the page cache.
    assert!(resident <= 128 << 10, "{resident} bytes resident before the first look-up");
    let totals = Totals::of(&ints);
    assert_eq!((totals.heap_bytes(), totals.mapped / 1_000_000), (0, 100));
    assert_eq!(ints.get(NUMBERS / 2), Some(number(NUMBERS / 2)));
}

/// Not a test: what a process started by the next function does.
#[test]
fn child_holds_the_file() {
    let Some(path) = argument() else { return };
    let ints = map(&path);
    let sum = ints.iter().fold(0, u64::wrapping_add);
    println!("{sum:x}");
    ready();
    wait_for_parent();
    assert_eq!(ints.len(), NUMBERS);
}

fn is_one_copy_for_four_processes(path: &Path) {
    let file = fs::metadata(path).unwrap().len();
    let start = |_| Helper::start("one_copy::child_holds_the_file", path);
    let holders: Vec<_> = (0..4).map(start).collect();
    let shares: Vec<_> = holders.iter().map(|holder| share_of(&holder.id(), path)).collect();
    let resident: u64 = shares.iter().map(|share| share.resident).sum();
    let proportional: u64 = shares.iter().map(|share| share.proportional).sum();
    println!("4 processes: Rss {resident}, Pss {proportional}, file {file}");
    assert!(resident >= 4 * file / 100 * 99, "the children did not touch all of the file");
    assert!(proportional <= file + file / 100, "{proportional} bytes for a file of {file}");
}

fn verifies_at_memory_speed(path: &Path) {
    // SAFETY: as for `map`.
    let mapped = unsafe { storage::map_bytes(path) }.unwrap();
    let verify = |_| {
        let start = Instant::now();
        Container::open(mapped.bytes()).unwrap().verify().unwrap();
        start.elapsed()
    };
    // The best of many: what else the machine does only adds to the time.
    let runs = if cfg!(debug_assertions) { 2 } else { 25 };
    let time = (0..runs).map(verify).min().unwrap();
    let speed = mapped.bytes().len() as f64 / time.as_secs_f64() / 1e9;
    println!("verify, warm: {speed:.1} GB/s");
    // A quiet machine passes 10 GB/s; this one may be busy with other tests.
    if !cfg!(debug_assertions) {
        assert!(speed >= 3.0, "verify runs at {speed:.1} GB/s");
    }
}
