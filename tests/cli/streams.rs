//! The command's passes over streams, from outside: `top` and `quantiles`.

use serde_json::Value;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Runs the command on these bytes as standard input: exit code, output, messages.
fn run(args: &[&str], input: &[u8]) -> (i32, Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessram"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // Refused before it was read: then the pipe is closed.
        let _ = stdin.write_all(&input);
    });
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    (done.status.code().unwrap(), done.stdout, told)
}

fn json(args: &[&str], input: &[u8]) -> Value {
    let (code, out, told) = run(args, input);
    assert_eq!(code, 0, "{told}");
    serde_json::from_slice(&out).unwrap()
}

/// Line `i` of a thousand, about `40,000 / i` times each, in a mixed order.
fn stream() -> Vec<u8> {
    let mut lines: Vec<(u64, u64)> = (1..1_000_u64)
        .flat_map(|i| {
            (0..40_000 / i).map(move |j| ((i << 20 | j).wrapping_mul(0x9E37_79B9_7F4A_7C15), i))
        })
        .collect();
    lines.sort_unstable();
    lines.iter().flat_map(|(_, i)| format!("line {i}\n").into_bytes()).collect()
}

#[test]
fn the_most_frequent_lines_are_found() {
    let stream = stream();
    let lines = stream.iter().filter(|byte| **byte == b'\n').count();
    let (code, out, told) = run(&["top", "-", "-k", "5", "-q"], &stream);
    assert_eq!((code, told.as_str()), (0, ""));
    let out = String::from_utf8(out).unwrap();
    let found: Vec<(f64, &str)> = out
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(count, line)| (count.parse().unwrap(), line))
        .collect();
    assert_eq!(found.len(), 5);
    for (i, (count, line)) in found.iter().enumerate() {
        assert_eq!(*line, format!("line {}", i + 1));
        assert!((count * (i + 1) as f64 / 40_000.0 - 1.0).abs() < 0.02, "{line}: {count}");
    }
    let bounds = json(&["top", "-", "-k", "20", "--bounds", "--json"], &stream);
    assert_eq!((&bounds["items"], &bounds["counting"]), (&lines.into(), &"bounds".into()));
    assert_eq!(bounds["top"].as_array().unwrap().len(), 20);
    for (i, row) in bounds["top"].as_array().unwrap().iter().enumerate() {
        assert_eq!(row["item"], format!("line {}", i + 1));
        let truth = 40_000 / (i as u64 + 1);
        assert!(
            row["at_least"].as_u64().unwrap() <= truth && row["count"].as_u64().unwrap() >= truth
        );
    }
    // Memory does not follow the stream.
    let twice = json(&["top", "-", "-k", "20", "--json"], &[&stream[..], &stream].concat());
    let once = json(&["top", "-", "-k", "20", "--json"], &stream);
    let bytes = |table: &Value| table["bytes"].as_u64().unwrap();
    assert!(bytes(&twice) < bytes(&once) * 2 && bytes(&once) < 20_000);
}

#[test]
fn any_bytes_are_lines() {
    let table = json(&["top", "-", "--json"], b"a\r\nb\0\n\xFF\n\n\xFF\n\xFF");
    let rows = table["top"].as_array().unwrap();
    assert_eq!((&rows[0]["item"], &rows[0]["bytes"]), (&Value::Null, &[255].as_slice().into()));
    assert_eq!((&rows[0]["count"], rows.len()), (&3.into(), 4));
    let (_, out, told) = run(&["top", "-", "--strip-cr"], b"a\r\na\n");
    assert_eq!(out, b"2\ta\n");
    assert!(told.contains("CR"), "{told}");
}

#[test]
fn quantiles_are_within_the_error() {
    let numbers: String = (1..=100_000).map(|i| format!("{}\n", i * 7_919 % 100_003)).collect();
    let table = json(&["quantiles", "-", "--json", "--error", "0.001"], numbers.as_bytes());
    assert_eq!((&table["items"], &table["error"]), (&100_000.into(), &0.001.into()));
    assert_eq!(table["quantiles"].as_array().unwrap().len(), 8);
    for row in table["quantiles"].as_array().unwrap() {
        let (q, value) = (row["quantile"].as_f64().unwrap(), row["value"].as_f64().unwrap());
        assert!((value - q * 100_003.0).abs() <= 0.001 * value + 3.0, "{q}: {value}");
    }
    assert!(table["bytes"].as_u64().unwrap() < 20_000);
    let (code, out, _) = run(&["quantiles", "-", "-p", "0,0.5,1"], b"-3.5\n1e3\n 2 \n");
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    for ((line, q), truth) in lines.iter().zip(["0", "0.5", "1"]).zip([-3.5, 2.0, 1e3]) {
        let (share, value) = line.split_once('\t').unwrap();
        let value: f64 = value.parse().unwrap();
        assert!(share == q && (value / truth - 1.0).abs() <= 0.01, "{line}");
    }
    assert_eq!((code, lines.len()), (0, 3));
    let binary: Vec<u8> = (1..=100_u32).flat_map(u32::to_le_bytes).collect();
    let table = json(&["quantiles", "-", "--u32le", "--json"], &binary);
    assert_eq!((&table["items"], &table["max"]), (&100.into(), &100.0.into()));
}

#[test]
fn exact_figures_stand_beside_the_estimates() {
    let stream = stream();
    let lines = stream.iter().filter(|byte| **byte == b'\n').count();
    let distinct = json(&["distinct", "-", "--exact", "--json"], &stream);
    assert_eq!((&distinct["exact"], &distinct["items"]), (&999.into(), &lines.into()));
    assert!(distinct["exact_bytes"].as_u64().unwrap() > 999 * 5);
    let (_, out, _) = run(&["distinct", "-", "--exact", "-q"], &stream);
    assert!(String::from_utf8(out).unwrap().contains("\n999 exactly: the estimate is "));
    let top = json(&["top", "-", "-k", "4", "--exact", "--json"], &stream);
    assert_eq!(top["top"].as_array().unwrap().len(), 4);
    for (i, row) in (1..).zip(top["top"].as_array().unwrap()) {
        assert_eq!(
            (&row["exact"], &row["item"]),
            (&(40_000 / i).into(), &format!("line {i}").into())
        );
    }
    let (_, out, _) = run(&["top", "-", "-k", "1", "--exact", "-q"], &stream);
    assert!(String::from_utf8(out).unwrap().ends_with("\t40000\tline 1\n"));
    let numbers: String = (0..10_001).map(|i| format!("{}\n", i * 7_919 % 10_001)).collect();
    let table = json(&["quantiles", "-", "--exact", "--json"], numbers.as_bytes());
    assert_eq!(table["quantiles"].as_array().unwrap().len(), 8);
    for row in table["quantiles"].as_array().unwrap() {
        let [q, value, exact] = ["quantile", "value", "exact"].map(|x| row[x].as_f64().unwrap());
        assert!(exact == (q * 1e4).floor() && (value - exact).abs() <= 0.01 * exact, "{row}");
    }
    let (_, out, _) = run(&["quantiles", "-", "--exact", "-p", "0.5"], numbers.as_bytes());
    assert!(String::from_utf8(out).unwrap().ends_with("\t5000\n"));
    // Of few numbers, too, both are the same one of them.
    let table = json(&["quantiles", "-", "--exact", "--json"], b"8\n1\n4\n2\n");
    let exact = table["quantiles"].as_array().unwrap().iter().map(|row| &row["exact"]);
    assert!(exact.eq(&[1.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0]), "{table}");
    for row in table["quantiles"].as_array().unwrap() {
        let [value, exact] = ["value", "exact"].map(|x| row[x].as_f64().unwrap());
        assert!((value - exact).abs() <= 0.01 * exact, "{row}");
    }
}

#[test]
fn what_is_wrong_is_told_in_one_line() {
    for (args, input, code, words) in [
        (&["top", "-"][..], &b""[..], 4, "empty"),
        (&["top", "-", "-k", "0"], b"a\n", 2, "1 to 1000000"),
        (&["top", "-", "-k", "x"], b"a\n", 2, "1 to 1000000"),
        (&["top", "no-such-file"], b"", 4, "no such file"),
        (&["quantiles", "-"], b"", 4, "empty"),
        (&["quantiles", "-"], b"1\n2\ntwo\n", 4, "line 3"),
        (&["quantiles", "-"], b"1\nNaN\n", 4, "line 2"),
        (&["quantiles", "-"], b"1e999\n", 4, "no finite number"),
        (&["quantiles", "-"], b"\n", 4, "line 1"),
        (&["quantiles", "-", "--error", "0.5"], b"1\n", 2, "a number from 0.0001 to 0.25"),
        (&["quantiles", "-", "--error", "0"], b"1\n", 2, "a number from 0.0001 to 0.25"),
        (&["quantiles", "-", "--error", "nan"], b"1\n", 2, "a number from 0.0001 to 0.25"),
        (&["quantiles", "-", "--error", "-1"], b"1\n", 2, "a number from 0.0001 to 0.25"),
        (&["quantiles", "-", "-p", "0.5,2"], b"1\n", 2, "from 0 to 1"),
        (&["quantiles", "-", "--u64le"], b"123", 4, "ends 3 bytes into"),
        (&["quantiles", "-"], b"\x1f\x8b\x08broken", 4, "gzip"),
    ] {
        let (found, out, told) = run(args, input);
        assert_eq!((found, out.len()), (code, 0), "{args:?}: {told}");
        assert!(told.contains(words) && told.trim_end().lines().count() == 1, "{args:?}: {told}");
    }
}

#[test]
fn a_reader_that_goes_ends_it_in_silence() {
    let mut lines = String::new();
    for i in 0..60_000 {
        lines.push_str(&format!("a line that is long enough to fill the pipe {i}\n"));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessram"));
    command.args(["top", "-", "-k", "50000", "-q"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), done.stderr.len()), (Some(0), 0));
}
