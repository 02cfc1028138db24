//! The command `lessram`, from outside: what it prints, writes, refuses, and its exit codes.

mod book;
mod compare;
mod files;
mod predict;
mod streams;
mod worlds;
mod wrong;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A folder of one test, with a `tmp` for the command's own temporary files.
struct Folder(PathBuf);

/// What a run of the command left.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join("tmp")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// The names in the folder, and those in its `tmp`.
    fn names(&self) -> Vec<String> {
        let names = |path: &Path| {
            let entries = fs::read_dir(path).unwrap().flatten();
            entries.map(|entry| entry.path().display().to_string()).collect::<Vec<_>>()
        };
        let mut all = [names(&self.0), names(&self.0.join("tmp"))].concat();
        all.sort();
        all
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).args(args).env("TMPDIR", self.0.join("tmp"));
        command.env_remove("COLUMNS").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_lessram")), args);
        command.stdin(Stdio::piped()).spawn().unwrap()
    }

    fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.start(args);
        // Refused before it was read: then the pipe is closed.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        finish(child)
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs it and expects success; what it printed.
    fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran.out
    }

    /// `compare` in as little time as it can, as JSON.
    fn compare(&self, args: &[&str]) -> Value {
        let quick = ["compare", "--repeat", "1", "--budget", "0", "--quiet", "--json"];
        serde_json::from_str(&self.ok(&[&quick[..], args].concat())).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `count` lines made by `line`.
fn lines(count: u64, line: impl Fn(u64) -> String) -> String {
    (0..count).map(|i| line(i) + "\n").collect()
}

fn rows(table: &Value) -> &[Value] {
    table["rows"].as_array().unwrap()
}

fn names(table: &Value) -> Vec<&str> {
    rows(table).iter().map(|row| row["structure"].as_str().unwrap()).collect()
}

fn row<'a>(table: &'a Value, name: &str) -> &'a Value {
    rows(table).iter().find(|row| row["structure"] == name).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Waits for `done`, at most half a minute.
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30), "waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
