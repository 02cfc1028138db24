//! One big file, mapped by many processes: opening takes microseconds, nothing is read before it is
//! asked for, and all processes together hold one copy.
//!
//! These tests start themselves again, which neither an emulator nor a foreign loader can do: they
//! run where the build is native.

#![cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
#![allow(unsafe_code)]

use lessram::arrays::PackedInts;
use lessram::mem::Totals;
use lessram::storage::{self, Container, MappedWords};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Numbers in the file: 100 MB at their 50 bits.
const NUMBERS: usize = 16_000_000;
const WIDTH: u32 = 50;
/// How a child of this test is told what to map.
const CHILD: &str = "LESSRAM_TEST_MAP";

fn number(index: usize) -> u64 {
    (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - WIDTH)
}

/// The file; removed when it goes.
struct BigFile(PathBuf);

impl BigFile {
    fn make() -> Self {
        let name = format!("lessram-processes-{}.lram", std::process::id());
        let file = Self(env::temp_dir().join(name));
        let mut ints = PackedInts::with_capacity(WIDTH, NUMBERS);
        ints.extend((0..NUMBERS).map(number));
        ints.save(&file.0).unwrap();
        file
    }
}

impl Drop for BigFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn map(path: &Path) -> PackedInts<MappedWords> {
    // SAFETY: the file is this test's own, and nothing changes it while it is mapped.
    unsafe { PackedInts::map(path) }.unwrap()
}

/// The figure `name`, in bytes, of the mapping of `path` in a process.
fn of_mapping(process: &str, path: &Path, name: &str) -> u64 {
    let smaps = fs::read_to_string(format!("/proc/{process}/smaps")).unwrap();
    let path = fs::canonicalize(path).unwrap();
    let (mut inside, mut bytes) = (false, 0);
    for line in smaps.lines() {
        let first = line.split(' ').next().unwrap_or("");
        if !first.ends_with(':') {
            inside = line.ends_with(path.to_str().unwrap());
        } else if inside && first.strip_suffix(':') == Some(name) {
            let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            bytes += kib << 10;
        }
    }
    bytes
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One test for all that is measured: tests run beside each other, and would measure each other.
#[test]
fn a_mapped_file() {
    let file = BigFile::make();
    opens_in_microseconds(&file.0);
    reads_nothing_before_it_is_asked(&file.0);
    is_one_copy_for_four_processes(&file.0);
    verifies_at_memory_speed(&file.0);
}

fn opens_in_microseconds(path: &Path) {
    let open = |_| {
        let start = Instant::now();
        let ints = map(path);
        let time = start.elapsed();
        assert_eq!(ints.len(), NUMBERS);
        time
    };
    let time = median((0..501).map(open).collect());
    println!("opening 100 MB by map: {time:?}");
    assert!(time <= Duration::from_micros(50), "opening took {time:?}");
}

fn reads_nothing_before_it_is_asked(path: &Path) {
    let ints = map(path);
    let resident = of_mapping("self", path, "Rss");
    println!("resident after opening: {resident} bytes");
    // One fault brings the 16 pages around it from the page cache.
    assert!(resident <= 128 << 10, "{resident} bytes resident before the first look-up");
    let totals = Totals::of(&ints);
    assert_eq!((totals.heap_bytes(), totals.mapped / 1_000_000), (0, 100));
    assert_eq!(ints.get(NUMBERS / 2), Some(number(NUMBERS / 2)));
}

/// A process that has the file mapped and all of it resident.
struct Holder(Child);

impl Holder {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_holds_the_file", "--nocapture", "--test-threads=1"])
            .env(CHILD, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let ready = lines.map_while(Result::ok).any(|line| line.ends_with("holding"));
        assert!(ready, "the child ended early");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Its input ends, so it does too; nobody is left to tell if it did already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: what a process started by [`Holder`] does.
#[test]
fn child_holds_the_file() {
    let Some(path) = env::var_os(CHILD) else { return };
    let ints = map(Path::new(&path));
    let sum = ints.iter().fold(0, u64::wrapping_add);
    println!("{sum:x}\nholding");
    std::io::stdout().flush().unwrap();
    // Until the parent ends this process, or its own end closes the pipe.
    let _ = std::io::stdin().read_line(&mut String::new());
    assert_eq!(ints.len(), NUMBERS);
}

fn is_one_copy_for_four_processes(path: &Path) {
    let file = fs::metadata(path).unwrap().len();
    let holders: Vec<_> = (0..4).map(|_| Holder::start(path)).collect();
    let of_all = |name| {
        let of_one = |holder: &Holder| of_mapping(&holder.0.id().to_string(), path, name);
        holders.iter().map(of_one).sum::<u64>()
    };
    let (resident, proportional) = (of_all("Rss"), of_all("Pss"));
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
