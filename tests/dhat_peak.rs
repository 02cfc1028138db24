//! The peak of a program with one thread is that of valgrind's DHAT, to the byte.
//!
//! This binary runs itself under DHAT, which sees every call of malloc and keeps, for each place in
//! the program, the bytes that were live when the whole program's were highest. `TrackingAlloc`
//! sees what goes through Rust's allocator. So DHAT's places are divided by their call stacks:
//! those below Rust's allocator, whose sum must be the peak; the tracking allocator's own, for its
//! slot and the slot's guard; and the C library's, made without it. The latter two are printed,
//! never assumed.

use lessram::mem::{TrackingAlloc, alloc_stats};
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// With this argument the binary is the program that is measured.
const MEASURED: &str = "measured-program";

fn main() {
    if std::env::args().any(|argument| argument == MEASURED) {
        work();
        println!("peak {}", alloc_stats().peak);
        return;
    }
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    if let Err(why) = under_dhat::compare() {
        println!("SKIPPED: {why}");
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
    println!("SKIPPED: not a target of this test");
}

/// Grows, shrinks, resizes and frees, so that the peak lies inside and not at an end.
fn work() {
    let mut words: HashMap<String, Vec<u32>> = HashMap::new();
    let mut order = BTreeMap::new();
    for i in 0..4000_u32 {
        words.entry(format!("word {}", i.wrapping_mul(2_654_435_761) % 997)).or_default().push(i);
        order.insert(i.rotate_left(7), vec![0_u8; i as usize % 50]);
        if i % 3 == 0 {
            order.pop_first();
        }
        if i == 2500 {
            let mut copy = words.clone();
            copy.values_mut().for_each(|list| list.reserve_exact(100));
            black_box(vec![0_u64; 10_000]);
            copy.values_mut().for_each(Vec::shrink_to_fit);
            drop(black_box(copy));
        }
        if i == 3000 {
            order.clear();
        }
    }
    drop(black_box((words, order)));
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
mod under_dhat {
    use super::MEASURED;
    use serde_json::Value;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// Runs the program under DHAT and compares the peaks; an error says why that cannot be done.
    pub(super) fn compare() -> Result<(), &'static str> {
        if option_env!("RUSTFLAGS").is_some_and(|flags| flags.contains("sanitize")) {
            return Err("valgrind cannot run what a sanitizer runs");
        }
        let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err("valgrind is not installed");
        }
        let file = std::env::temp_dir().join(format!("lessram-dhat-{}.json", std::process::id()));
        let peak = run(&file);
        let text = std::fs::read_to_string(&file).expect("DHAT has written its file");
        std::fs::remove_file(&file).expect("the file is this test's own");
        let dhat = AtPeak::of(&serde_json::from_str(&text).expect("DHAT writes JSON"));
        println!("TrackingAlloc: peak {peak} B");
        println!("DHAT: {} B by Rust's allocator in {} places", dhat.rust, dhat.places);
        println!("      {} B by the tracking allocator for itself: slot, guard", dhat.own);
        println!("      {} B not by Rust's allocator", dhat.other);
        for place in &dhat.others {
            println!("        {place}");
        }
        assert!(dhat.places > 0, "no names of functions: this test needs symbols, at least");
        assert_eq!(peak, dhat.rust);
        assert!(dhat.places > 5 && peak > 500_000, "a program with something to count");
        assert!(dhat.own > 0, "the slot of the main thread is seen");
        Ok(())
    }

    /// The peak that the program prints when it is run under DHAT, which writes `file`.
    fn run(file: &Path) -> u64 {
        let output = Command::new("valgrind")
            .args(["--tool=dhat", "--num-callers=40", "--read-inline-info=yes"])
            .arg(format!("--dhat-out-file={}", file.display()))
            .arg(std::env::current_exe().expect("a program knows its path"))
            .arg(MEASURED)
            .output()
            .expect("valgrind runs");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stdout}{stderr}");
        let peak = stdout.lines().find_map(|line| line.strip_prefix("peak "));
        peak.and_then(|peak| peak.parse().ok()).unwrap_or_else(|| panic!("{stdout}{stderr}"))
    }

    /// What was live at DHAT's peak, by who asked for it.
    #[derive(Default)]
    struct AtPeak {
        rust: u64,
        places: usize,
        own: u64,
        other: u64,
        others: Vec<String>,
    }

    impl AtPeak {
        fn of(dhat: &Value) -> Self {
            let names = dhat["ftbl"].as_array().expect("a table of frames");
            let mut sums = Self::default();
            for place in dhat["pps"].as_array().expect("a list of places") {
                let bytes = place["gb"].as_u64().expect("bytes at the peak");
                let frames = place["fs"].as_array().expect("the frames of a place").iter();
                let frames: Vec<&str> = frames
                    .filter_map(|frame| names.get(frame.as_u64()? as usize)?.as_str())
                    .collect();
                let has = |name: &str| frames.iter().any(|frame| frame.contains(name));
                // By file, because inlined functions lose their path, or by the functions that the
                // compiler makes of the global allocator, where there are no line tables. A slot is
                // claimed, and the destructor of its guard registered, inside of an allocation that
                // is recorded, so these stacks have both.
                if has("record_slowly") {
                    sums.own += bytes;
                } else if has("(tracking.rs:") || has("__rust_alloc") || has("__rust_realloc") {
                    sums.rust += bytes;
                    sums.places += usize::from(bytes > 0);
                } else if bytes > 0 {
                    sums.other += bytes;
                    let innermost = &frames[..frames.len().min(4)];
                    sums.others.push(format!("{bytes} B: {innermost:?}"));
                }
            }
            sums
        }
    }
}
