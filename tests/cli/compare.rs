//! `compare`: its figures, its table, its page.

use super::*;

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
    assert!(!names(&pairs).contains(&"rear_map"), "values that are no numbers");
    let counts = folder.compare(&["counts"]);
    check(&counts);
    assert!(row(&counts, "std_hash_map")["note"].as_str().unwrap().contains("u64"));
    let all = ["rear_map", "front_map", "dawg_map", "static_map", "str_map"];
    assert!(all.iter().all(|name| names(&counts).contains(name)), "{:?}", names(&counts));

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

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let (rest, last) = (number / 1_000, number % 1_000);
    if rest == 0 { last.to_string() } else { format!("{},{last:03}", grouped(rest)) }
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
        "--markdown=out.md",
        "--bytes",
    ]);
    let markdown = String::from_utf8(folder.read("out.md")).unwrap();
    let table = folder.json("out.json");
    let tsv = String::from_utf8(folder.read("out.tsv")).unwrap();
    let tsv: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(tsv.len(), rows(&table).len() + 1);
    for (i, row) in rows(&table).iter().enumerate() {
        let name = row["structure"].as_str().unwrap();
        let line =
            text.lines().skip_while(|line| !line.contains("ns/item")).skip(1).nth(i).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[0].trim_start_matches('*').trim_end_matches('~'), name);
        assert_eq!(cells[0].ends_with('~'), row["exact"] == false, "{line}");
        assert_eq!(cells[0].starts_with('*'), row["front"] == true, "{line}");
        let each = |field: &str| match row[field].as_u64() {
            Some(bytes) => grouped(bytes),
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
        let line = markdown.lines().skip_while(|line| !line.contains("---:")).nth(i + 1).unwrap();
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        assert!(cells[0].trim_matches(['\\', '*', '~']) == name, "{line}");
        assert_eq!((cells[1], cells[3]), (&*each("heap_bytes"), &*each("peak_bytes")), "{line}");
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
        let building = format!("<title>{name}: while building at most ");
        assert_eq!(page.matches(&building).count(), 2, "{building}");
        // A block at least for each that is live, and no moment above the peak.
        let figure = |row: &Value, name: &str| row[name].as_u64().unwrap();
        let sizes = row["size_histogram"].as_array().unwrap();
        let requests: u64 = sizes.iter().map(|size| figure(size, "requests")).sum();
        assert!(requests >= figure(row, "blocks"), "{row}");
        let moments = row["timeline"].as_array().unwrap();
        let above = |moment: &Value| figure(moment, "live_bytes") > figure(row, "peak_bytes");
        assert!(moments.len() <= 64 && !moments.iter().any(above), "{row}");
    }

    let pictures = page.matches("<svg class=\"chart").count();
    assert_eq!(pictures, 6);
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
    assert!(narrow.contains("Columns left out for want of width: note, file"), "{narrow}");
    // Nothing is known of the spread of one pass.
    assert!(!full.contains("spread") && !narrow.contains("spread"), "{full}");
    let table = narrow.lines().filter(|line| !line.starts_with("    "));
    assert!(table.skip(1).all(|line| line.len() <= 50), "{narrow}");
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

/// The command with two words, whose children are this script: it starts them from its own file,
/// which is another by then.
#[cfg(target_os = "linux")]
fn with_children(folder: &Folder, args: &[&str], script: &str) -> Ran {
    let program = folder.0.join("lessram");
    fs::hard_link(env!("CARGO_BIN_EXE_lessram"), &program).unwrap();
    let mut child = folder.command(&program, args).stdin(Stdio::piped()).spawn().unwrap();
    let folders = || fs::read_dir(folder.0.join("tmp")).unwrap().count();
    wait_for("its folder", || folders() == 1);
    fs::remove_file(&program).unwrap();
    // The name that the system has for it now. Written by another process: a file that is open
    // for writing, here or where a test starts a process, cannot be started.
    let write =
        "printf '#!/bin/sh\\n%s\\n' \"$0\" >'lessram (deleted)'; chmod +x 'lessram (deleted)'";
    assert!(folder.command(Path::new("sh"), &["-c", write, script]).status().unwrap().success());
    child.stdin.take().unwrap().write_all(b"some\nwords\n").unwrap();
    finish(child)
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_child_died_of_is_told() {
    const CALLS: &str = "echo 'stack backtrace:\n 0: main\nnote: Some details are omitted' >&2";
    let starved = format!("echo 'memory allocation of 96 bytes failed' >&2; {CALLS}; kill -6 $$");
    let why = "out of memory: memory allocation of 96 bytes failed";
    let folder = Folder::new();
    let compare = ["compare", "-", "--only", "str_array,std_vec"];
    let ran = with_children(&folder, &[&compare[..], &["--html", "page"]].concat(), &starved);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains(&format!("std_vec could not be measured: {why}\n")), "{}", ran.err);
    assert!(ran.err.ends_with("measure a sample (compare --sample N)\n"), "{}", ran.err);
    assert_eq!(ran.out.matches(&format!("not measured: {why}\n")).count(), 2, "{}", ran.out);
    for text in [&ran.out, &read(&folder, "page")] {
        assert!(!text.contains("0 passes") && !text.contains("omitted"), "{text}");
    }

    let ran = with_children(&Folder::new(), &["book", "-"], &starved);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.ends_with("take fewer lines (head -n N FILE)\n"), "{}", ran.err);

    let panicked = format!(
        "test $3 = std_vec || {{ echo 'lessram: no room' >&2; exit 3; }}
         echo \"thread 'main' panicked at a.rs:1:2:\nit broke\" >&2; {CALLS}; exit 101"
    );
    let ran = with_children(&Folder::new(), &compare, &panicked);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("not measured: it broke\n"), "{}", ran.out);
    assert!(ran.out.contains("not measured: out of memory: no room\n"), "{}", ran.out);
}

fn read(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).unwrap()
}

#[test]
fn a_sample_is_drawn_by_its_seed_and_says_so() {
    let folder = Folder::new();
    folder.write("text", lines(1000, |i| "key".repeat(i as usize % 7 + 1) + &i.to_string()));
    folder.write("numbers", (0..1000_u64).flat_map(u64::to_le_bytes).collect::<Vec<u8>>());
    let only = ["text", "--only", "str_array"];
    let drawn = |more: &[&str]| folder.compare(&[&only[..], more].concat());
    let [one, same, other] =
        ["1", "1", "2"].map(|seed| drawn(&["--sample", "100", "--seed", seed]));
    for table in [&one, &same, &other] {
        assert_eq!((&table["lines"], &table["items"]), (&100.into(), &100.into()));
        assert_eq!(table["sampled_from"], 1000);
        assert!(table["dataset"].as_str().unwrap().ends_with("text, 100 lines of 1,000"));
    }
    assert_eq!(one["payload_bytes"], same["payload_bytes"]);
    assert_ne!(one["payload_bytes"], other["payload_bytes"]);
    // Of seven lengths, each as often as the others: within 5 sigma of the mean.
    let mean = one["payload_bytes"].as_f64().unwrap() / 100.0;
    assert!((mean - 14.9).abs() < 5.0 * 0.6, "{mean}");
    let args = ["compare", "text", "--sample=1e2", "--repeat=1", "--budget=0", "-q"];
    let files = ["--only=str_array", "--tsv=out.tsv", "--markdown=out.md", "--html=out.html"];
    let printed = folder.ok(&[&args[..], &files].concat());
    for text in [printed, read(&folder, "out.md"), read(&folder, "out.html")] {
        assert!(text.contains("100 lines of 1,000"), "{text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains("figures of the lines that were drawn"), "{text}");
    }
    let tsv = read(&folder, "out.tsv");
    let mut cells = tsv.lines().map(|line| line.split('\t').rev().nth(1).unwrap());
    assert_eq!((cells.next(), cells.next()), (Some("sampled_from"), Some("1000")));
    let all = drawn(&["--sample", "1000"]);
    assert_eq!((&all["lines"], &all["sampled_from"]), (&1000.into(), &Value::Null));
    let binary = ["numbers", "--u64le", "--sample=10", "--only=elias_fano"];
    let table = folder.compare(&binary);
    assert_eq!((&table["items"], &table["sampled_from"]), (&10.into(), &1000.into()));
}

#[test]
fn a_long_line_is_asked_for_as_often_as_there_is_room() {
    let folder = Folder::new();
    folder.write("line", "word ".repeat(1 << 19));
    let args = ["line", "--only", "str_array,std_vec,bloom", "--memory"];
    let table = folder.compare(&[&args[..], &["256M"]].concat());
    assert!(rows(&table).iter().all(|row| row["heap_bytes"].is_u64()), "{table}");
    let ran = folder.run(&[&["compare"], &args[..], &["8M"]].concat());
    assert!(ran.code == 3 && ran.err.contains("available: shorten the line, or"), "{}", ran.err);
}

#[test]
fn what_needs_too_much_memory_is_refused_unless_forced() {
    let folder = Folder::new();
    folder.write("text", lines(1000, |i| format!("key {i}")));
    let args = ["compare", "text", "--only", "str_array", "--repeat=1", "--memory=10000"];
    let ran = folder.run(&args);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("--sample N"), "{}", ran.err);
    assert_eq!(folder.run(&[&args[..], &["--force"]].concat()).code, 0);
}
