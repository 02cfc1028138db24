//! The command `lessram`, from outside: what it prints, writes, refuses, and its exit codes.

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

#[test]
fn what_is_wrong_is_told_in_one_line_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("words", "b\na\n");
    folder.write("empty", "");
    folder.write("numbers", "1\n2\nx\0\n");
    folder.write("big", "1\n300\n");
    folder.write("big2", "300\n1\n");
    folder.write("odd", "12345");
    folder.write("cut.gz", &gzip(b"many words\n")[..15]);
    folder.write("cut.zst", &zstd::encode_all(&b"many words\n"[..], 0).unwrap()[..12]);
    folder.ok(&["build", "str_array", "words", "-o", "words.lram", "--quiet"]);
    folder.ok(&["build", "packed_ints", "big", "-o", "big.lram"]);
    folder.ok(&["build", "bloom", "words", "-o", "seen.lram"]);
    let cases: &[(&str, i32, &str)] = &[
        ("compare missing", 4, "missing: no such file"),
        ("compare tmp", 4, "tmp: is a folder"),
        ("compare empty", 4, "empty: is empty"),
        ("compare numbers --as ints", 4, "numbers: line 3: `x\\x00` is no decimal number"),
        ("compare words --as pairs", 4, "words: line 1: not key<TAB>value"),
        ("compare words --as numbers", 2, "[possible values: strings, ints, pairs, stream]"),
        ("compare words --only vec", 2, "no structure is called `vec`: choose among str_array,"),
        ("compare words --only packed_ints", 2, "no structure for strings is called"),
        ("compare words --repeat 0", 2, "--repeat"),
        ("compare words --budget nan", 2, "--budget"),
        ("compare words --u64le --u32le", 2, "cannot be used with"),
        ("compare words --memory 1000", 3, "--force"),
        ("compare words --json=tmp", 4, "tmp: is a folder"),
        ("compare odd --u32le", 4, "ends 1 bytes into a number of 4"),
        ("compare odd --u64le --as strings", 2, "leave out --as"),
        ("compare cut.gz", 4, "cut.gz: damaged or cut gzip data"),
        ("compare cut.zst", 4, "cut.zst: damaged or cut zstd data"),
        ("compare words --html tmp", 4, "tmp: is a folder"),
        ("compare words --fpr 0", 2, "write a rate from 1/4294967296 to 1/2"),
        ("compare words --fpr 1", 2, "write a rate from"),
        ("compare words --fpr 2/256", 2, "write a rate from"),
        ("build vec words -o out", 2, "`vec`: choose among packed_ints, str_array"),
        ("build str_array words", 2, "--out <OUT>"),
        ("build str_array missing -o out", 4, "missing: no such file"),
        ("build str_array tmp -o out", 4, "tmp: is a folder"),
        ("build str_array empty -o out", 4, "empty: is empty"),
        ("build str_array cut.gz -o out", 4, "damaged or cut gzip data"),
        ("build str_array words -o tmp", 4, "tmp: is a folder"),
        ("build str_array words -o none/out", 4, "its folder does not exist"),
        ("build str_array words -o out --width 3", 2, "--width: is for packed_ints"),
        ("build str_array words -o out --u32le", 2, "--u32le: is for packed_ints"),
        ("build elias_fano big2 -o out", 4, "line 2: 1 follows 300: sort the numbers first"),
        ("build str_array words -o out --fpr 0.1", 2, ", not for str_array"),
        ("build packed_ints big -o out --as ints", 2, ", not for packed_ints"),
        ("build bloom words -o out --fpr 0.6", 2, "write a rate from"),
        ("build bloom words -o out --as ints", 4, "words: line 1: `b` is no decimal number"),
        ("build bloom odd -o out --u64le --as strings", 2, "leave out --as"),
        ("build str_array words -o out --memory 4", 3, "--force"),
        ("build str_array words -o out --memory 4X", 2, "of K, M, G or T"),
        ("build packed_ints numbers -o out", 4, "line 3: `x\\x00`"),
        ("build packed_ints big -o out --width 8", 4, "line 2: 300 needs 9 bits"),
        ("build packed_ints big -o out --width 65", 2, "0..=64"),
        ("build packed_ints odd -o out --u64le", 4, "ends 5 bytes into a number of 8"),
        ("inspect missing", 4, "missing: no such file"),
        ("inspect words", 4, "not a .lram file"),
        ("inspect empty", 4, "empty: "),
        ("verify words", 4, "not a .lram file"),
        ("verify tmp", 4, "tmp: is a folder"),
        ("query words.lram", 2, "<KEY|"),
        ("query words.lram --range a", 2, "write A..B"),
        ("query words a", 4, "not a .lram file"),
        ("query words.lram --index 2", 1, "has 2 items, none at 2"),
        ("query big.lram x", 2, "`x` is no decimal number"),
        ("query big.lram 1 --as ints", 2, ", not for packed_ints"),
        ("query seen.lram --index 0", 2, "--index: a filter does not hold its keys"),
        ("query seen.lram --prefix a", 2, "--prefix: a filter does not hold its keys"),
        ("query seen.lram --range a..b", 2, "--range: a filter does not hold its keys"),
        ("query seen.lram x --as ints", 2, "`x` is no decimal number"),
        ("query big.lram --prefix 1", 2, "use --range"),
        ("guess", 2, "unrecognized subcommand 'guess'"),
        ("compare --colour", 2, "unexpected argument '--colour'"),
        ("__sweep words", 2, "own folders"),
    ];
    let before = folder.names();
    for (args, code, text) in cases {
        let ran = folder.run(&args.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, *code, "{args}: {}", ran.err);
        assert!(ran.err.contains(text), "{args}: {}", ran.err);
        assert!(ran.err.starts_with("lessram: ") && ran.err.ends_with('\n'), "{args}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{args}: {}", ran.err);
        assert_eq!(ran.out, "", "{args}");
        assert_eq!(folder.names(), before, "{args}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn any_bytes_are_keys() {
    let folder = Folder::new();
    folder.write("odd", b"a\0b\nc\r\n\n\xff\xfe\nlast");
    let build = ["build", "str_array", "odd", "-o", "odd.lram", "--json"];
    let ran = folder.run(&build);
    let built: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(built["items"], 5);
    let told = ["end in CR: 1;", "with NUL bytes: 1;", "empty lines: 1;", "no newline"];
    assert!(told.iter().all(|text| ran.err.contains(text)), "{}", ran.err);
    let ran = folder.run_with(&["query", "odd.lram", "-"], b"a\0b\nc\r\n\nlast\n");
    assert_eq!((ran.code, ran.out.as_str()), (0, "0\ta\0b\n1\tc\r\n2\t\n4\tlast\n"));
    let ran = folder.run(&["query", "odd.lram", "c"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "-\tc\n"));

    let ran = folder.run(&[&build[..], &["--strip-cr"]].concat());
    assert!(ran.err.contains("the CR was dropped"), "{}", ran.err);
    assert_eq!(folder.run(&["query", "odd.lram", "c"]).code, 0);

    let table = folder.compare(&["odd", "--only", "str_array,std_hash_set"]);
    assert_eq!((&table["items"], &table["payload_bytes"]), (&5.into(), &(3 + 2 + 2 + 4).into()));
}

#[test]
fn the_kind_is_detected() {
    let folder = Folder::new();
    for (text, kind) in [
        ("1\n20\n18446744073709551615\n", "ints"),
        ("1\n18446744073709551616\n", "strings"),
        ("1\n007\n", "strings"),
        ("1\n-1\n", "strings"),
        ("a\tb\nc\t\n", "pairs"),
        ("a\tb\nc\n", "strings"),
        ("a\tb\tc\n", "strings"),
        ("a\nb\na\nb\na\n", "stream"),
        ("a\nb\na\nb\n", "strings"),
        ("only\n", "strings"),
        ("\n", "strings"),
    ] {
        folder.write("text", text);
        let only = if kind == "pairs" || kind == "stream" { "std_hash_map" } else { "std_vec" };
        assert_eq!(folder.compare(&["text", "--only", only])["kind"], kind, "{text:?}");
    }
    let table = folder.compare(&["text", "--as", "stream", "--only", "str_array"]);
    assert_eq!(table["kind"], "stream");
}

/// Figures that must hold whatever the machine.
fn check(table: &Value) {
    assert_eq!(table["schema"], 1);
    let mut last = 0;
    for row in rows(table) {
        let name = &row["structure"];
        let [heap, peak, blocks] =
            ["heap_bytes", "peak_bytes", "blocks"].map(|field| row[field].as_u64().unwrap());
        assert!(heap > 0 && peak >= heap && blocks > 0 && heap >= last, "{row}");
        last = heap;
        let filter = row["family"] == "filters" || name == "fastbloom";
        // It knows no keys either.
        let sketch = row["family"] == "sketches" || name == "mphf" || name == "static_set";
        assert_eq!(row["exact"], !filter && !sketch, "{name}");
        assert_eq!(row["fpr"].is_null(), !filter, "{row}");
        // Not every sketch estimates how many tokens differ.
        assert!(sketch || row["estimate"].is_null(), "{row}");
        assert!(row["fpr"].as_f64().is_none_or(|fpr| fpr < 0.02), "{row}");
        assert_eq!(row["items"], table["items"], "{name}");
        assert_eq!(row["peer"].as_bool().unwrap(), row["family"].is_null(), "{name}");
        assert!(row["build_ns_per_item"].as_f64().unwrap() > 0.0, "{row}");
        assert_eq!(row["hit_ns"].is_null(), row["miss_ns"].is_null(), "{name}");
        assert!(sketch || row["hit_ns"].is_number() || row["get_ns"].is_number(), "{name}");
        if row["peer"] == false {
            let parts = row["parts"].as_object().unwrap();
            let sum: u64 = parts.values().map(|part| part.as_u64().unwrap()).sum();
            assert_eq!(sum, heap, "{name}");
            // Maps and sets that change have no file.
            let file = row["file_bytes"].as_u64();
            assert!(file.is_none_or(|bytes| bytes > heap), "{name}");
            let mut changes = row["family"] == "maps";
            changes &= !["resolver", "mphf", "static_map", "static_set"].iter().any(|n| name == n);
            changes |= name == "dyn_trie";
            assert_eq!(file.is_none(), changes, "{name}");
        }
    }
}

#[test]
fn compare_measures_each_kind() {
    let folder = Folder::new();
    folder.write("ints", lines(3000, |i| (i * i * 7919 % 1_000_003).to_string()));
    folder.write("strings", lines(3000, |i| format!("key-{:05}", i * 7919 % 65_537)));
    folder.write("pairs", lines(3000, |i| format!("key-{}\tvalue {}", i / 2, i)));
    folder.write("counts", lines(3000, |i| format!("key-{i}\t{}", i * i)));
    folder.write("stream", lines(3000, |i| format!("token-{}", i * i % 91)));

    let ints = folder.compare(&["ints"]);
    check(&ints);
    let n = ints["items"].as_u64().unwrap();
    assert!(n > 2900 && ints["lines"] == 3000 && ints["payload_bytes"] == n * 8);
    let all = ["packed_ints", "std_vec", "std_hash_set", "std_btree_set", "roaring", "bitvec"];
    assert!(all.iter().all(|name| names(&ints).contains(name)), "{:?}", names(&ints));
    assert_eq!(row(&ints, "packed_ints")["heap_bytes"], (n * 20).div_ceil(64) * 8 + 8);
    assert_eq!(row(&ints, "std_vec")["heap_bytes"], n * 8);
    let sorted = row(&ints, "elias_fano");
    let bits = sorted["heap_bytes"].as_f64().unwrap() * 8.0 / n as f64;
    let limit = ints["limit_bytes"].as_f64().unwrap() * 8.0 / n as f64;
    assert!(bits < limit + 1.2 && sorted["file_bytes"].is_u64(), "{bits} bits, limit {limit}");
    // Its blocks are the only ones that were asked for.
    assert_eq!(sorted["peak_bytes"], sorted["heap_bytes"]);
    // log2(256) bits a key; the classic filter takes 1.44 times as many.
    assert_eq!(row(&ints, "bloom")["limit_bytes"], n);
    let bloom = row(&ints, "bloom")["heap_bytes"].as_f64().unwrap() / n as f64;
    assert!((1.44..1.46).contains(&bloom), "{bloom}");
    let limit = ints["limit_bytes"].as_u64().unwrap();
    assert!(limit > n && limit < n * 20 / 8, "{limit}");

    let strings = folder.compare(&["strings"]);
    check(&strings);
    assert_eq!((&strings["items"], &strings["payload_bytes"]), (&3000.into(), &27_000.into()));
    let all = ["str_array", "std_vec", "std_hash_set", "std_btree_set", "hashbrown_box_str"];
    assert!(all.iter().all(|name| names(&strings).contains(name)), "{:?}", names(&strings));
    assert!(names(&strings).contains(&"fst_set") && names(&strings).contains(&"indexmap"));
    assert_eq!(row(&strings, "std_vec")["heap_bytes"], 3000 * (24 + 9));
    assert_eq!(row(&strings, "std_vec")["blocks"], 3001);

    let pairs = folder.compare(&["pairs"]);
    check(&pairs);
    assert_eq!((&pairs["items"], &pairs["lines"]), (&1500.into(), &3000.into()));
    let all = ["hashbrown_box_str", "std_hash_map", "indexmap", "std_btree_map"];
    assert!(all.iter().all(|name| names(&pairs).contains(name)), "{:?}", names(&pairs));
    let counts = folder.compare(&["counts", "--only", "std_hash_map"]);
    assert!(row(&counts, "std_hash_map")["note"].as_str().unwrap().contains("u64"));

    let stream = folder.compare(&["stream"]);
    check(&stream);
    assert_eq!((&stream["items"], &stream["lines"]), (&3000.into(), &3000.into()));
    assert!(stream["distinct"].as_u64().unwrap() <= 91);
    assert!(row(&stream, "str_array")["get_ns"].is_number());
    assert!(row(&stream, "bloom")["hit_ns"].is_number());
    let counted = row(&stream, "hyper_log_log")["estimate"].as_f64().unwrap();
    let distinct = stream["distinct"].as_f64().unwrap();
    assert!((counted / distinct - 1.0).abs() < 0.05, "{counted} of {distinct}");
    assert!(row(&stream, "std_hash_map")["hit_ns"].is_number());
    assert!(folder.names().iter().all(|name| !name.contains("lessram-")), "files are left");
}

#[test]
fn bytes_do_not_depend_on_the_run() {
    let folder = Folder::new();
    folder.write("text", lines(2000, |i| format!("{:x}", i * 0x9e37_79b9)));
    let bytes = |seed: &str| {
        let table = folder.compare(&["text", "--seed", seed, "--only", "str_array,std_hash_set"]);
        rows(&table).iter().map(|row| row["heap_bytes"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(bytes("1"), bytes("1"));
    assert_eq!(bytes("1"), bytes("2"));
}

#[test]
fn the_table_shows_the_figures_of_the_json() {
    let folder = Folder::new();
    folder.write("text", lines(2000, |i| (i * 977).to_string()));
    let text = folder.ok(&[
        "compare",
        "text",
        "--repeat=1",
        "--budget=0",
        "--json=out.json",
        "--tsv=out.tsv",
    ]);
    let table = folder.json("out.json");
    let tsv = String::from_utf8(folder.read("out.tsv")).unwrap();
    let tsv: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(tsv.len(), rows(&table).len() + 1);
    for (i, row) in rows(&table).iter().enumerate() {
        let name = row["structure"].as_str().unwrap();
        let line = text.lines().skip_while(|line| !line.contains("B/item")).skip(1).nth(i).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[0].trim_start_matches('*').trim_end_matches('~'), name);
        assert_eq!(cells[0].ends_with('~'), row["exact"] == false, "{line}");
        assert_eq!(cells[0].starts_with('*'), row["front"] == true, "{line}");
        let each = |field: &str| match row[field].as_u64() {
            Some(bytes) => format!("{:.2}", bytes as f64 / 2000.0),
            None => "-".to_owned(),
        };
        let time = |field: &str| match row[field].as_f64() {
            Some(ns) => format!("{ns:.1}"),
            None => "-".to_owned(),
        };
        if row["exact"] == true {
            assert_eq!(row["limit_bytes"], table["limit_bytes"], "{line}");
        }
        // What numbers keys and knows none has no limit of theirs.
        let limit = row["limit_bytes"].as_f64();
        assert_eq!(limit.is_none(), ["mphf", "static_set"].contains(&name), "{line}");
        let bytes = row["heap_bytes"].as_f64().unwrap();
        let ratio = limit.map_or("-".to_owned(), |limit| format!("{:.2}", bytes / limit));
        assert_eq!(cells[1..4], [each("heap_bytes"), ratio, each("peak_bytes")], "{line}");
        let times = ["build_ns_per_item", "hit_ns", "miss_ns", "get_ns"].map(time);
        assert_eq!(cells[4..8], times, "{line}");
        assert_eq!(cells[8], each("file_bytes"), "{line}");
        for (column, field) in tsv[0].iter().zip(&tsv[i + 1]) {
            let value = match &row[*column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string().trim_end_matches(".0").to_owned(),
            };
            assert_eq!(*field, value, "{name}: {column}");
        }
    }
    // The sentences at the end, and the lines of Rust.
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let advice = table["recommended"].as_array().unwrap();
    for advice in advice {
        let take = match advice["access"].as_str() {
            Some("filter") => {
                "If a false alarm in 256 is fine, and nobody needs the keys back: take"
            }
            _ => "Take",
        };
        let smallest = advice["smallest"].as_str().unwrap();
        assert!(words.contains(&format!("{take} {smallest} (")), "{text}");
        let best = row(&table, advice["best"].as_str().unwrap());
        assert!(text.contains(best["rust"].as_str().unwrap()), "{text}");
        for pick in ["smallest", "fastest", "best"] {
            let exact = &row(&table, advice[pick].as_str().unwrap())["exact"];
            assert_eq!(*exact, advice["access"] != "filter", "{text}");
        }
    }
    assert_eq!(advice.len(), 2, "{text}");
}

#[test]
fn the_page_shows_the_figures_of_the_json() {
    let folder = Folder::new();
    folder.write("a <b> & c", lines(2000, |i| format!("key {}", i * 977)));
    let quick = ["--repeat=1", "--budget=0", "--json=out.json", "--html=out.html", "--quiet"];
    folder.ok(&[&["compare", "a <b> & c"][..], &quick].concat());
    let table = folder.json("out.json");
    let page = String::from_utf8(folder.read("out.html")).unwrap();

    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"figures\">").unwrap();
    let json = rest.split_once("</script>").unwrap().0;
    assert_eq!(serde_json::from_str::<Value>(json).unwrap(), table);
    let body = page.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let lines: Vec<&str> = body.lines().filter(|line| line.starts_with("<tr")).collect();
    assert_eq!(lines.len(), rows(&table).len());
    for (row, line) in rows(&table).iter().zip(lines) {
        let name = row["structure"].as_str().unwrap();
        assert!(line.contains(&format!("<span class=\"name\">{name}</span>")), "{line}");
        let bytes = |field: &str| row[field].as_f64().map(|bytes| format!("{:.2}", bytes / 2000.0));
        let time = |field: &str| row[field].as_f64().map(|ns| format!("{ns:.1}"));
        let bytes = ["heap_bytes", "peak_bytes", "file_bytes"].map(bytes);
        let times = ["build_ns_per_item", "hit_ns", "miss_ns", "get_ns"].map(time);
        for cell in bytes.iter().chain(&times).flatten() {
            assert!(line.contains(&format!("<td>{cell}</td>")), "{cell}: {line}");
        }
        // In both charts, at both sizes; in the first only what is looked up.
        let point = format!("<title>{name}: {} B/item, ", bytes[0].as_deref().unwrap());
        let points = if row["hit_ns"].is_null() { 0 } else { 2 };
        assert_eq!(page.matches(&point).count(), points, "{point}");
        let bar = format!("<title>{name}: heap {} B/item", bytes[0].as_deref().unwrap());
        assert_eq!(page.matches(&bar).count(), 2, "{bar}");
    }

    let pictures = page.matches("<svg class=\"chart").count();
    assert_eq!(pictures, 4);
    assert_eq!(page.matches("role=\"img\" aria-labelledby=").count(), pictures);
    assert_eq!(page.matches("-title\">").count(), pictures);
    for advice in table["recommended"].as_array().unwrap() {
        let best = row(&table, advice["best"].as_str().unwrap());
        let rust = best["rust"].as_str().unwrap().replace('<', "&lt;").replace('>', "&gt;");
        let rust =
            rust.replace('&', "&amp;").replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;");
        assert!(page.contains(&rust.replace("; // ", ";\n// ")), "{rust}");
    }
    assert!(page.contains("<h1>a &lt;b&gt; &amp; c</h1>") && !page.contains("<b>"));
    for outside in ["http://", "https://", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_narrow_table_says_what_it_leaves_out() {
    let folder = Folder::new();
    folder.write("text", lines(100, |i| format!("key {i}")));
    let quick = ["compare", "text", "--repeat=1", "--budget=0", "--only", "str_array,std_vec"];
    let full = folder.ok(&quick);
    assert!(full.contains("binary search") && !full.contains("left out"), "{full}");
    let narrow = folder.ok(&[&quick[..], &["--width", "50"]].concat());
    assert!(narrow.contains("Columns left out for want of width: note, spread,"), "{narrow}");
    let table = narrow.lines().filter(|line| !line.starts_with("    "));
    assert!(table.skip(1).all(|line| line.len() <= 50), "{narrow}");
}

#[test]
fn input_comes_from_anywhere() {
    let folder = Folder::new();
    let text = lines(500, |i| format!("key {}", i * 31 % 499));
    let halves = text.split_at(text.len() / 2);
    folder.write("plain", &text);
    folder.write("one.gz", gzip(text.as_bytes()));
    folder.write("two", [gzip(halves.0.as_bytes()), gzip(halves.1.as_bytes())].concat());
    folder.write("zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    let only = ["--only", "str_array", "--repeat=1", "--budget=0", "--json"];
    let heap = |ran: &Ran| {
        let table: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        assert_eq!((&table["items"], &table["lines"]), (&499.into(), &500.into()));
        table["rows"][0]["heap_bytes"].as_u64().unwrap()
    };
    let run = |name: &str, stdin: &[u8]| {
        heap(&folder.run_with(&[&["compare", name][..], &only].concat(), stdin))
    };
    let plain = run("plain", b"");
    for name in ["one.gz", "two", "zst"] {
        assert_eq!(run(name, b""), plain, "{name}");
        assert_eq!(run("-", &folder.read(name)), plain, "{name} on standard input");
        folder.ok(&["build", "str_array", name, "-o", "out.lram"]);
        let stated: Value =
            serde_json::from_str(&folder.ok(&["inspect", "out.lram", "--json"])).unwrap();
        assert_eq!(stated["items"], 500, "{name}");
    }
    assert_eq!(run("-", text.as_bytes()), plain);
}

#[test]
fn strings_go_round() {
    let folder = Folder::new();
    let mut keys: Vec<String> = (0..1000).map(|i| format!("key {}", i * 3)).collect();
    keys.sort();
    folder.write("text", keys.join("\n"));
    folder.ok(&["build", "str_array", "text", "-o", "out.lram"]);
    let stated: Value =
        serde_json::from_str(&folder.ok(&["inspect", "out.lram", "--json"])).unwrap();
    let len = folder.read("out.lram").len();
    assert_eq!((&stated["structure"], &stated["items"]), (&"str_array".into(), &1000.into()));
    assert_eq!(stated["file_bytes"], len);
    let sections = stated["sections"].as_array().unwrap();
    let sum: u64 = sections.iter().map(|section| section["bytes"].as_u64().unwrap()).sum();
    let rest = stated["header_table_padding_bytes"].as_u64().unwrap();
    assert_eq!(sum + rest, len as u64);
    assert!(folder.ok(&["inspect", "out.lram"]).contains("blob"));
    assert!(folder.ok(&["verify", "out.lram"]).contains("out.lram: ok: str_array"));

    let at = |key: &str| keys.iter().position(|k| k == key).unwrap();
    let found = format!("{}\tkey 300\n{}\tkey 3\n", at("key 300"), at("key 3"));
    assert_eq!(folder.ok(&["query", "out.lram", "key 300", "key 3"]), found);
    assert_eq!(folder.ok(&["query", "out.lram", "--index", "0"]), "0\tkey 0\n");
    let prefix = folder.ok(&["query", "out.lram", "--prefix", "key 29"]);
    assert_eq!(prefix.lines().count(), keys.iter().filter(|k| k.starts_with("key 29")).count());
    let range = |range: &str| folder.ok(&["query", "out.lram", "--range", range]).lines().count();
    let (low, high) = (at("key 30"), at("key 33"));
    assert_eq!(range("key 30..key 33"), high - low);
    assert_eq!(range("key 30..=key 33"), high - low + 1);
    assert_eq!((range("key 33.."), range("..key 33"), range("..")), (1000 - high, high, 1000));
    let none = folder.run(&["query", "out.lram", "--prefix", "x", "--json"]);
    assert_eq!((none.code, none.out.as_str()), (1, "[]\n"));
    let json = folder.run(&["query", "out.lram", "key 3", "key 4", "--json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json[0]["index"], at("key 3"));
    assert!(json[1]["index"].is_null());
}

#[test]
fn dictionaries_are_built_from_any_order_in_little_memory() {
    let folder = Folder::new();
    let key = |i: u64| format!("https://example.org/{:06}", i * 7_919 % 100_000);
    folder.write("any", lines(100_000, key));
    folder.write("sorted", lines(100_000, |i| format!("https://example.org/{i:06}")));
    for kind in ["rear_dict", "front_dict", "dawg"] {
        folder.ok(&["build", kind, "sorted", "-o", "one", "-q"]);
        folder.ok(&["build", kind, "any", "-o", "two", "-q", "--memory", "4M"]);
        assert!(folder.read("one") == folder.read("two"), "{kind}");
    }
    // Files are needed, and cannot be had.
    let mut command = folder.command(
        Path::new(env!("CARGO_BIN_EXE_lessram")),
        &["build", "rear_dict", "any", "-o", "three", "-q", "--memory", "4M"],
    );
    let ran = finish(command.env("TMPDIR", "none").spawn().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("none: ") && ran.err.contains("set TMPDIR"), "{}", ran.err);
    assert!(!folder.0.join("three").exists() && ran.err.lines().count() == 1);
}

#[test]
fn merged_files_are_those_of_all_lines() {
    let folder = Folder::new();
    let key = |i: u64| format!("key {i:05}");
    folder.write("all", lines(3_000, key));
    folder.write("some", lines(2_000, key));
    folder.write("more", lines(2_000, |i| key(i + 1_000)));
    let build = |kind: &str, parts: &[&str]| {
        for part in parts {
            folder.ok(&["build", kind, part, "-o", &format!("{part}.lram"), "-q"]);
        }
    };
    let merge = ["merge", "some.lram", "more.lram", "-o", "both.lram"];
    for kind in ["rear_dict", "front_dict", "dawg", "exa_log_log", "hyper_min_hash"] {
        build(kind, &["all", "some", "more"]);
        let told = folder.ok(&merge);
        assert!(told.contains(kind) && told.contains("from 2 files"), "{told}");
        assert!(folder.read("both.lram") == folder.read("all.lram"), "{kind}");
    }
    for (kind, key, answer) in [
        ("quotient", "key 02999", "maybe\tkey 02999\n"),
        ("count_min", "key 01500", "2\tkey 01500\n"),
    ] {
        build(kind, &["some", "more"]);
        let told: Value =
            serde_json::from_str(&folder.ok(&[&merge[..], &["--json"]].concat())).unwrap();
        assert_eq!((&told["structure"], &told["files"]), (&kind.into(), &2.into()));
        assert_eq!(folder.ok(&["query", "both.lram", key]), answer);
    }
    // Files of other kinds, of a kind that cannot be merged, of other sizes, and none at all.
    build("rear_dict", &["all"]);
    let refused = |args: &[&str], code: i32, text: &str| {
        let ran = folder.run(&[args, &["-o", "none.lram"]].concat());
        assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{}", ran.err);
        assert!(ran.err.contains(text) && !folder.0.join("none.lram").exists(), "{}", ran.err);
    };
    refused(&["merge", "some.lram", "all.lram"], 4, "all.lram: is a rear_dict");
    refused(&["merge", "some.lram"], 2, "FILE");
    refused(&["merge", "some.lram", "gone.lram"], 4, "gone.lram: no such file");
    build("quotient", &["some", "all"]);
    refused(&["merge", "some.lram", "all.lram"], 4, "all.lram: different parameters");
    build("fuse", &["some", "all"]);
    refused(&["merge", "some.lram", "all.lram"], 2, "files of fuse cannot be merged");
}

#[test]
fn numbers_go_round() {
    let folder = Folder::new();
    let numbers: Vec<u64> = (0..500).map(|i| i * 1000).collect();
    folder.write("text", lines(500, |i| (i * 1000).to_string()));
    folder.write("u32", numbers.iter().flat_map(|n| (*n as u32).to_le_bytes()).collect::<Vec<_>>());
    folder.write("u64", numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
    folder.ok(&["build", "packed_ints", "text", "-o", "text.lram"]);
    for (name, flag) in [("u32", "--u32le"), ("u64", "--u64le")] {
        folder.ok(&["build", "packed_ints", name, flag, "-o", "binary.lram"]);
        assert_eq!(folder.read("binary.lram"), folder.read("text.lram"), "{name}");
        let table = folder.compare(&[name, flag, "--only", "packed_ints"]);
        assert_eq!((&table["items"], &table["kind"]), (&500.into(), &"ints".into()));
    }
    assert_eq!(folder.ok(&["query", "text.lram", "7000"]), "7\t7000\n");
    let range = folder.ok(&["query", "text.lram", "--range", "5000..=7000"]);
    assert_eq!(range, "5\t5000\n6\t6000\n7\t7000\n");
    assert_eq!(folder.run(&["query", "text.lram", "7001"]).code, 1);
    folder.ok(&["build", "packed_ints", "text", "-o", "wide.lram", "--width", "32"]);
    assert!(folder.read("wide.lram").len() > 500 * 4);
    assert_eq!(folder.ok(&["query", "wide.lram", "7000"]), "7\t7000\n");
    assert!(folder.ok(&["verify", "wide.lram"]).contains("ok"));
}

#[test]
fn dictionaries_are_searched_by_what_keys_look_like() {
    let folder = Folder::new();
    folder.write("text", "beet\nbee\nbet\nboot\nb\u{e9}\nbeetle\n");
    for kind in ["rear_dict", "front_dict", "dawg"] {
        folder.ok(&["build", kind, "text", "-o", "out.lram"]);
        let ask = |args: &[&str]| folder.run(&[&["query", "out.lram"], args].concat());
        let found = |args: &[&str]| ask(args).out;
        assert_eq!(found(&["--fuzzy", "bete"]), "0\t1\tbee\n3\t1\tbet\n");
        let swapped = found(&["--fuzzy", "bete", "--swaps"]);
        assert_eq!(swapped, "0\t1\tbee\n1\t1\tbeet\n3\t1\tbet\n");
        assert_eq!(found(&["--glob", "b?"]), "5\tb\u{e9}\n");
        assert_eq!(found(&["--regex", "b[eo]+t"]), "1\tbeet\n3\tbet\n4\tboot\n");
        let json = found(&["--fuzzy", "bete", "--changes", "2", "--json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json[2]["item"], &json[2]["changes"]), (&"beetle".into(), &2.into()));
        assert_eq!((ask(&["--glob", "x*"]).code, found(&["--glob", "x*"])), (1, String::new()));
        for bad in [
            &["--glob", "b["][..],
            &["--regex", "b("],
            &["--regex", r"\w{10000}"],
            &["--fuzzy", "b", "--changes", "4"],
            &["b", "--changes", "2"],
        ] {
            let ran = ask(bad);
            assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{bad:?}: {}", ran.err);
        }
    }
    folder.ok(&["build", "str_array", "text", "-o", "out.lram"]);
    let ran = folder.run(&["query", "out.lram", "--glob", "b*"]);
    assert!(ran.code == 2 && ran.err.contains("rear_dict"), "{}", ran.err);
}

#[test]
fn maps_of_keys_go_round() {
    let folder = Folder::new();
    folder.write("pairs", "bee\t6\ncat\t4\nbeetle\t6\nbee\t6\n\t9\na\tb\t7\n");
    for kind in ["rear_map", "front_map", "dawg_map"] {
        folder.ok(&["build", kind, "pairs", "-o", "out.lram"]);
        assert!(folder.ok(&["verify", "out.lram"]).contains("ok"));
        let ask = |args: &[&str]| folder.run(&[&["query", "out.lram"], args].concat());
        assert_eq!(ask(&["cat", "a\tb", ""]).out, "4\tcat\n7\ta\tb\n9\t\n");
        let absent = ask(&["cat", "dog"]);
        assert_eq!((absent.code, &absent.out[..]), (1, "4\tcat\n-\tdog\n"));
        assert_eq!(ask(&["--prefix", "bee"]).out, "6\tbee\n6\tbeetle\n");
        assert_eq!(ask(&["--range", "bee..=cat"]).out, "6\tbee\n6\tbeetle\n4\tcat\n");
        assert_eq!(ask(&["--range", "d..a"]).code, 1);
        assert_eq!(ask(&["--index", "4"]).out, "4\tcat\n");
        assert_eq!(ask(&["--index", "5"]).code, 1);
    }
    for (bad, says) in
        [("bee 6\n", "a tab"), ("bee\t-6\n", "a tab"), ("b\t1\nb\t2\n", "two values")]
    {
        folder.write("bad", bad);
        let ran = folder.run(&["build", "rear_map", "bad", "-o", "bad.lram"]);
        assert!(ran.code == 4 && ran.err.contains(says), "{}", ran.err);
    }
}

#[test]
fn filters_go_round() {
    let folder = Folder::new();
    folder.write("text", lines(3000, |i| format!("key {}", i % 2000)));
    let ran = folder.run(&["build", "bloom", "text", "-o", "out.lram", "--fpr", "1e-6"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("bloom of 2,000 items"), "{}", ran.out);
    assert!(ran.err.contains("repeated keys: 1,000"), "{}", ran.err);
    assert!(folder.ok(&["verify", "out.lram"]).contains("out.lram: ok: bloom"));
    assert!(folder.ok(&["inspect", "out.lram"]).contains("bloom (0x0401)"));
    let ran = folder.run(&["query", "out.lram", "key 7", "key 1999"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "maybe\tkey 7\nmaybe\tkey 1999\n"));
    let ran = folder.run_with(&["query", "out.lram", "key 7", "-"], b"key 2000\nkey 0\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, "maybe\tkey 7\nno\tkey 2000\nmaybe\tkey 0\n"));
    let ran = folder.run(&["query", "out.lram", "key 7", "key 2000", "--json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json[0]["answer"], &json[1]["answer"]), (&"maybe".into(), &"no".into()));

    // The default rate, a coarser and a finer one.
    let len = |args: &[&str]| {
        folder.ok(&[&["build", "bloom", "text", "-o", "rate.lram", "--quiet"][..], args].concat());
        folder.read("rate.lram").len()
    };
    assert_eq!(len(&[]), len(&["--fpr", "1/256"]));
    assert!(len(&["--fpr", "0.1"]) < len(&[]) && len(&["--fpr", "1/4096"]) > len(&[]));
}

#[test]
fn a_filter_of_numbers_is_not_one_of_their_digits() {
    let folder = Folder::new();
    folder.write("text", lines(500, |i| (i * 1000).to_string()));
    folder.write("u64", (0..500_u64).flat_map(|i| (i * 1000).to_le_bytes()).collect::<Vec<_>>());
    let build = |file: &str, args: &[&str]| {
        folder.ok(&[&["build", "bloom", file, "--fpr=1e-9", "-o", "out.lram"][..], args].concat());
        folder.read("out.lram")
    };
    let digits = build("text", &[]);
    let numbers = build("text", &["--as", "ints"]);
    assert_eq!(build("u64", &["--u64le"]), numbers);
    assert_ne!(digits, numbers);
    // Not told, it misses neither; told, it asks for one.
    for (file, keys, others) in [(digits, "strings", "ints"), (numbers, "ints", "strings")] {
        folder.write("out.lram", file);
        let ask = |args: &[&str]| folder.run(&[&["query", "out.lram", "7000"][..], args].concat());
        assert_eq!(ask(&[]).out, "maybe\t7000\n");
        assert_eq!(ask(&["--as", keys]).out, "maybe\t7000\n");
        assert_eq!((ask(&["--as", others]).code, ask(&["7001"]).code), (1, 1));
    }
}

#[test]
fn what_is_not_sorted_is_scanned_and_said_so() {
    let folder = Folder::new();
    folder.write("text", "pear\napple\nfig\napple pie\n");
    let built = folder.run(&["build", "str_array", "text", "-o", "out.lram"]);
    assert!(built.err.contains("do not ascend"), "{}", built.err);
    let ran = folder.run(&["query", "out.lram", "fig"]);
    assert!(ran.err.contains("do not ascend"), "{}", ran.err);
    assert_eq!((ran.code, ran.out.as_str()), (0, "2\tfig\n"));
    let ran = folder.run(&["query", "out.lram", "--prefix", "apple"]);
    assert_eq!(ran.out, "1\tapple\n3\tapple pie\n");
    assert_eq!(folder.run(&["query", "out.lram", "--range", "b..g"]).out, "2\tfig\n");
}

#[test]
fn a_damaged_file_does_not_verify() {
    let folder = Folder::new();
    folder.write("text", lines(200, |i| format!("key {i:04}")));
    folder.ok(&["build", "str_array", "text", "-o", "out.lram"]);
    let sound = folder.read("out.lram");
    for at in (0..sound.len()).step_by(7) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x20;
        folder.write("bad.lram", bytes);
        let ran = folder.run(&["verify", "bad.lram"]);
        assert_eq!(ran.code, 4, "byte {at}: {}", ran.out);
        assert_eq!(ran.err.lines().count(), 1, "byte {at}: {}", ran.err);
    }
    for len in [0, 1, 63, 64, 200, sound.len() - 8, sound.len() - 1] {
        folder.write("bad.lram", &sound[..len]);
        assert_eq!(folder.run(&["verify", "bad.lram"]).code, 4, "{len} bytes");
        assert_eq!(folder.run(&["inspect", "bad.lram"]).code, 4, "{len} bytes");
        assert_eq!(folder.run(&["query", "bad.lram", "key"]).code, 4, "{len} bytes");
    }
    let ran = folder.run(&["verify", "bad.lram", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["ok"]), (4, &false.into()));
}

#[test]
fn the_kinds_are_those_of_the_registry() {
    let folder = Folder::new();
    let names: Vec<&str> = lessram::registry::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(folder.ok(&["build", "--list"]).lines().collect::<Vec<_>>(), names);
    let help = folder.ok(&["--help"]);
    assert!(help.contains("Exit codes") && !help.contains("__measure"), "{help}");
    for command in ["compare", "build", "inspect", "verify", "query"] {
        assert!(folder.ok(&[command, "--help"]).contains("Usage"), "{command}");
    }
}

#[test]
fn shells_and_manuals_know_the_command_line() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.ok(&["completions", shell]);
        assert!(script.contains("lessram") && script.contains("prefix"), "{shell}");
    }
    let whole = folder.ok(&["man"]);
    assert!(whole.contains(".TH lessram 1") && whole.contains("lessram\\-query(1)"), "{whole}");
    assert!(!whole.contains("sweep"));
    let page = folder.ok(&["man", "query"]);
    assert!(page.contains("lessram\\-query") && page.contains("\\-\\-fuzzy"), "{page}");
    for name in ["__sweep", "nothing"] {
        assert_eq!(folder.run(&["man", name]).code, 2);
    }
}

#[test]
fn a_reader_that_goes_ends_it_in_silence() {
    let folder = Folder::new();
    folder.write("text", lines(100_000, |i| format!("key {i:06}")));
    folder.ok(&["build", "str_array", "text", "-o", "out.lram"]);
    let mut child = folder.start(&["query", "out.lram", "--range", ".."]);
    drop(child.stdout.take());
    let ran = finish(child);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

/// Waits for `done`, at most half a minute.
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30), "waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[test]
fn temporary_files_go_even_when_it_is_killed() {
    let folder = Folder::new();
    let count = || fs::read_dir(folder.0.join("tmp")).unwrap().count();
    let mut child = folder.start(&["compare", "-"]);
    child.stdin.as_mut().unwrap().write_all(b"some\nwords\n").unwrap();
    wait_for("its folder", || count() == 1);
    // Long enough for the sweeper to be started; killed before that, the folder would stay.
    std::thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the sweeper", || count() == 0);
}

#[cfg(unix)]
#[test]
fn a_contender_that_cannot_be_measured_is_told() {
    let folder = Folder::new();
    let program = folder.0.join("lessram");
    // A copy would be "busy" while another test starts a process.
    fs::hard_link(env!("CARGO_BIN_EXE_lessram"), &program).unwrap();
    let args = ["compare", "-", "--only", "str_array,std_vec", "--json"];
    let mut child = folder.command(&program, &args).stdin(Stdio::piped()).spawn().unwrap();
    let folders = || fs::read_dir(folder.0.join("tmp")).unwrap().count();
    wait_for("its folder", || folders() == 1);
    // It starts its children from its own file, which is not there any more.
    fs::remove_file(&program).unwrap();
    child.stdin.take().unwrap().write_all(b"some\nwords\n").unwrap();
    let ran = finish(child);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("str_array could not be measured: "), "{}", ran.err);
    let table: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(names(&table), ["std_vec", "str_array"]);
    for row in rows(&table) {
        assert!(row["heap_bytes"].is_null() && row["hit_ns"].is_null());
        assert!(row["note"].as_str().unwrap().starts_with("not measured: "), "{row}");
    }
}

#[test]
fn what_needs_too_much_memory_is_refused_unless_forced() {
    let folder = Folder::new();
    folder.write("text", lines(1000, |i| format!("key {i}")));
    let args = ["compare", "text", "--only", "str_array", "--repeat=1", "--memory=10000"];
    let ran = folder.run(&args);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("head -n"), "{}", ran.err);
    assert_eq!(folder.run(&[&args[..], &["--force"]].concat()).code, 0);
}

#[test]
fn distinct_counts_in_fixed_memory() {
    let folder = Folder::new();
    let lines: String = (0..60_000).map(|i| format!("key-{}\n", i % 20_000)).collect();
    folder.write("stream", &lines);
    let value: Value =
        serde_json::from_str(&folder.ok(&["distinct", "stream", "--json", "-q"])).unwrap();
    let figure = |name: &str| value[name].as_f64().unwrap();
    assert_eq!(figure("items"), 60_000.0);
    let off = figure("estimate") / 20_000.0 - 1.0;
    assert!(off.abs() < 4.0 * figure("std_error"), "{value}");
    assert!(figure("std_error") < 0.011 && figure("bytes") < 3_200.0, "{value}");
    assert!(figure("lower") < figure("estimate") && figure("estimate") < figure("upper"));
    folder.write("few", "a\nb\na\n\n");
    let text = folder.ok(&["distinct", "few", "-q"]);
    assert!(text.starts_with("3 different lines") && text.contains("4 lines"), "{text}");
}
