//! Files that several processes have mapped: one copy for all of them, counters that all of them
//! count with, versions that one writes and the others follow, and files that somebody spoils.
//!
//! These tests start themselves again, which neither an emulator nor a foreign loader can do: they
//! run where the build is native.

#![cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
#![allow(unsafe_code)]

mod counters;
mod latest;
mod one_copy;
mod rows;
mod spoiled;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

/// How a child of a test is told what to work on.
const CHILD: &str = "LESSRAM_TEST_CHILD";
/// The line by which a child says that it is where its parent waits for it.
const READY: &str = "child is ready";

/// A process of this program that runs one test as a child. Killed when it is dropped.
struct Helper(Child);

impl Helper {
    /// Runs the test `name` with `argument`, and waits until it is [`ready`].
    fn start(name: &str, argument: impl AsRef<OsStr>) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let ready = lines.map_while(Result::ok).any(|line| line.ends_with(READY));
        assert!(ready, "the child {name} ended early");
        Self(child)
    }

    fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// Ends it at once, wherever it is.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Nobody is left to tell if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a child works on; `None` in a process that is no child.
fn argument() -> Option<PathBuf> {
    env::var_os(CHILD).map(PathBuf::from)
}

/// Tells the parent that this child is ready.
fn ready() {
    println!("\n{READY}");
    std::io::stdout().flush().unwrap();
}

/// Waits until the parent lets this child go, or ends itself.
fn wait_for_parent() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A folder of its own, removed with all that is in it.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new(name: &str) -> Self {
        let name = format!("lessram-processes-{}-{name}", std::process::id());
        let path = fs::canonicalize(env::temp_dir()).unwrap().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a process has of a file in RAM: bytes, and those bytes divided by how many share them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    resident: u64,
    proportional: u64,
}

/// What `process` has of each file that it has mapped.
fn shares(process: &str) -> HashMap<PathBuf, Share> {
    let smaps = fs::read_to_string(format!("/proc/{process}/smaps")).unwrap();
    let mut shares: HashMap<PathBuf, Share> = HashMap::new();
    let mut path = PathBuf::new();
    for line in smaps.lines() {
        let mut fields = line.split_whitespace();
        let first = fields.next().unwrap_or("");
        if !first.ends_with(':') {
            path = fields.nth(4).map(PathBuf::from).unwrap_or_default();
        }
        let share = shares.entry(path.clone()).or_default();
        let kib = || fields.next().and_then(|kib| kib.parse::<u64>().ok()).unwrap() << 10;
        match first {
            "Rss:" => share.resident += { kib }(),
            "Pss:" => share.proportional += { kib }(),
            _ => {}
        }
    }
    shares
}

/// What `process` has of the file at `path`, which has no link in it.
fn share_of(process: &str, path: &Path) -> Share {
    shares(process).get(path).copied().unwrap_or_default()
}

/// How often a process is killed at a random moment, and a measure of what else is left to chance.
/// The variable `LESSRAM_KILLS` says otherwise.
fn kills() -> u64 {
    env::var("LESSRAM_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(24)
}

/// The median of the times that opening the file takes, which is at most 50 microseconds. What else
/// a busy machine does only adds to it: so it may be taken again, some moments later.
fn time_to_open<T>(path: &Path, open: impl Fn(&Path) -> T) -> Duration {
    const MOST: Duration = Duration::from_micros(50);
    let mut time = median_of(|| open(path));
    for _ in 0..20 {
        if time > MOST {
            sleep(Duration::from_millis(100));
            time = median_of(|| open(path));
        }
    }
    assert!(time <= MOST, "{}: opening took {time:?}, {MOST:?} at most", path.display());
    time
}

/// The median of many times that `open` takes.
fn median_of<T>(open: impl Fn() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        let opened = open();
        let time = start.elapsed();
        drop(opened);
        time
    };
    let mut times: Vec<_> = (0..301).map(time).collect();
    times.sort();
    times[times.len() / 2]
}
