//! Files: built, asked, merged, verified; and what all subcommands have in common.

use super::*;

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
fn a_byte_order_mark_is_noted() {
    let folder = Folder::new();
    for (text, marked) in [
        (&b"\xef\xbb\xbfa\nb\n"[..], true),
        (b"\xff\xfea\0\n\0", true),
        (b"\xfe\xff\0a\0\n", true),
        (b"a\n\xef\xbb\xbfb\n", false),
    ] {
        folder.write("text", text);
        let compare = ["compare", "text", "--only", "std_vec", "--repeat=1", "--budget=0"];
        for args in [&["build", "str_array", "text", "-o", "out"][..], &compare, &["top", "text"]] {
            let ran = folder.run(args);
            assert_eq!(ran.code, 0, "{}", ran.err);
            let note = "note: a byte order mark begins the text; it is a part of the first key\n";
            assert_eq!(ran.err.contains(note), marked, "{args:?}: {}", ran.err);
        }
    }
}

#[test]
fn empty_lines_are_said_to_count_where_they_do() {
    let folder = Folder::new();
    folder.write("lines", "\na\n\n");
    for (kind, items, note) in [
        ("theta", 1, "they do not count, as in DataSketches"),
        ("hyper_log_log", 1, "they do not count, as in DataSketches"),
        ("exa_log_log", 2, "the empty string is a key like any other"),
        ("bloom", 2, "the empty string is a key like any other"),
    ] {
        let ran = folder.run(&["build", kind, "lines", "-o", "out.lram", "--json"]);
        let built: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(built["items"], items, "{kind}");
        let note = format!("note: empty lines: 2; {note}\n");
        assert!(ran.err.contains(&note), "{kind}: {}", ran.err);
    }
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
    let parameters = stated["parameters"].as_array().unwrap();
    let all = sections.iter().chain(parameters);
    let sum: u64 = all.map(|section| section["bytes"].as_u64().unwrap()).sum();
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

/// Payload and index, as `compare` tells of a structure in memory, are the sections of its file.
/// What is a header in memory moves lines to where those of the cache begin: no file has it.
#[test]
fn what_is_used_on_the_heap_is_in_the_sections_of_the_file() {
    let folder = Folder::new();
    folder.write("strings", lines(3_000, |i| format!("key-{:05}", i * 7_919 % 65_537)));
    folder.write("ints", lines(3_000, |i| (i * 977).to_string()));
    folder.write("pairs", lines(3_000, |i| format!("key-{i}\t{}", i * i)));
    for file in ["strings", "ints", "pairs"] {
        let (table, mut compared) = (folder.compare(&[file]), 0);
        let has_file = |row: &&Value| row["peer"] == false && row["file_bytes"].is_u64();
        for row in rows(&table).iter().filter(has_file) {
            let name = row["structure"].as_str().unwrap();
            let (kind, more) = match name.strip_suffix("_time") {
                Some(kind) => (kind, &["--prefer", "time"][..]),
                None if row["exact"] == false && file == "ints" => (name, &["--as", "ints"][..]),
                None => (name, &[][..]),
            };
            folder.ok(&[&["build", kind, file, "-o", "out.lram", "-q"], more].concat());
            let stated: Value =
                serde_json::from_str(&folder.ok(&["inspect", "out.lram", "--json"])).unwrap();
            let sections = stated["sections"].as_array().unwrap().iter();
            let held: u64 = sections.map(|section| section["bytes"].as_u64().unwrap()).sum();
            let [used, index, padding] =
                ["payload", "index", "header"].map(|part| row["parts"][part].as_u64().unwrap());
            assert_eq!(held, used + index, "{name} of {file}: {row}");
            assert!(padding < 128, "{name} of {file}: {padding}");
            compared += 1;
        }
        assert!(compared >= 4, "{compared} of {file}");
    }
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
    // A form of other bytes, in which the same is found.
    folder.ok(&["build", "dawg", "any", "-o", "two", "-q", "--memory", "4M", "--prefer", "time"]);
    assert!(folder.read("one") != folder.read("two"));
    let asked = |file: &str| folder.ok(&["query", file, "--prefix", "https://example.org/0123"]);
    assert!(asked("one") == asked("two") && folder.ok(&["verify", "two"]).contains("dawg"));
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
    // All of one form: of that form. Of both forms: of fewest bytes.
    build("dawg", &["all", "some"]);
    let in_bytes = folder.read("all.lram");
    for (part, timed) in [("all", true), ("more", true), ("some", false), ("some", true)] {
        let file = format!("{part}.lram");
        let prefer = if timed { "time" } else { "bytes" };
        folder.ok(&["build", "dawg", part, "-o", &file, "-q", "--prefer", prefer]);
        if part == "some" {
            folder.ok(&merge);
            let all = if timed { folder.read("all.lram") } else { in_bytes.clone() };
            assert!(folder.read("both.lram") == all, "--prefer {prefer}");
        }
    }
    assert!(folder.read("all.lram") != in_bytes);
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
    for (bad, says) in [("bee 6\n", "a tab"), ("bee\t-6\n", "a tab")] {
        folder.write("bad", bad);
        let ran = folder.run(&["build", "rear_map", "bad", "-o", "bad.lram"]);
        assert!(ran.code == 4 && ran.err.contains(says), "{}", ran.err);
    }
}

#[test]
fn a_key_that_is_too_long_is_told_by_its_line() {
    let folder = Folder::new();
    let [fits, long] = [65_535, 65_536].map(|len| "k".repeat(len));
    folder.write("keys", format!("z\n{fits}\n{long}\na\n"));
    folder.write("pairs", format!("z\t1\n{fits}\t2\n{long}\t3\na\t4\n"));
    folder.write("keys-fit", format!("z\n{fits}\n"));
    folder.write("pairs-fit", format!("z\t1\n{fits}\t2\n"));
    let of_keys = ["rear_dict", "front_dict", "dawg"].map(|kind| (kind, "keys"));
    let of_pairs = ["rear_map", "front_map", "dawg_map"].map(|kind| (kind, "pairs"));
    for (kind, file) in of_keys.into_iter().chain(of_pairs) {
        let ran = folder.run(&["build", kind, file, "-o", "out.lram"]);
        let told = "line 3: a key of 65,536 bytes, and 65,535 are the most: shorten it";
        assert_eq!((ran.code, ran.err), (4, format!("lessram: {file}: {told}\n")), "{kind}");
        folder.ok(&["build", kind, &format!("{file}-fit"), "-o", "out.lram"]);
    }
}

#[test]
fn a_key_with_two_values_is_told_by_its_line() {
    let folder = Folder::new();
    let pairs = "bee\t7\nant\t3\nant\t3\n\t9\nbee\t8\nbee\t7\n";
    folder.write("pairs", pairs);
    folder.write("pairs.gz", gzip(pairs.as_bytes()));
    folder.write("equal", "bee\t7\nbee\t7\n");
    for kind in ["rear_map", "front_map", "dawg_map", "static_map"] {
        for file in ["pairs", "pairs.gz"] {
            let ran = folder.run(&["build", kind, file, "-o", "out.lram"]);
            let told = format!("lessram: {file}: line 5: `bee` has two values, 7 and 8\n");
            assert_eq!((ran.code, ran.err), (4, told), "{kind}");
        }
        // What cannot be read again has no lines any more, and a map of hashes no keys.
        let ran = folder.run_with(&["build", kind, "-", "-o", "out.lram"], pairs.as_bytes());
        let key = if kind == "static_map" { "a key" } else { "`bee`" };
        let told = format!("lessram: standard input: {key} has two values, 7 and 8");
        assert!(ran.code == 4 && ran.err.starts_with(&told), "{kind}: {}", ran.err);
        folder.ok(&["build", kind, "equal", "-o", "out.lram"]);
        assert_eq!(folder.ok(&["query", "out.lram", "bee"]), "7\tbee\n");
        fs::remove_file(folder.0.join("out.lram")).unwrap();
    }
    folder.write("pairs", "7\t1\n8\t1\n07\t2\n");
    let ran = folder.run(&["build", "static_map", "pairs", "-o", "out.lram", "--as", "ints"]);
    assert_eq!(ran.err, "lessram: pairs: line 3: `07` has two values, 1 and 2\n");
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
    // What numbers keys is asked for one of both: it says `no`, or has a number for any key.
    folder.ok(&["build", "static_set", "text", "--as", "ints", "-o", "out.lram"]);
    assert_eq!(folder.run(&["query", "out.lram", "7000"]).out, "no\t7000\n");
    assert_eq!(folder.run(&["query", "out.lram", "7000", "--as", "ints"]).code, 0);
    // Built of numbers, it knows them however many zeros they were written with.
    folder.write("text", "007\n");
    for (kind, answer) in [("bloom", "maybe\t007\n"), ("count_min", "1\t007\n")] {
        folder.ok(&["build", kind, "text", "--as", "ints", "-o", "out.lram"]);
        assert_eq!(folder.ok(&["query", "out.lram", "007"]), answer, "{kind}");
    }
}

#[test]
fn a_line_that_is_no_key_is_told_by_its_number() {
    let folder = Folder::new();
    folder.write("numbers", "1\n300\n");
    let kinds = ["packed_ints", "bit_vec", "sliced_set", "morris_array", "bloom", "dd_sketch"];
    for kind in kinds {
        folder.ok(&["build", kind, "numbers", "-o", "out.lram", "-q"]);
        let ask =
            &["query", "out.lram", "-", "--as", "ints"][..if kind == "bloom" { 5 } else { 3 }];
        let ran = folder.run_with(ask, b"300\n1\nx\n1\n");
        let told = "lessram: standard input: line 3: `x` is no ";
        assert!(ran.code == 4 && ran.err.starts_with(told), "{kind}: {}", ran.err);
        assert_eq!(ran.out.lines().count(), 2, "{kind}: {}", ran.out);
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
    folder.write("text", "--all\n-a\n");
    folder.ok(&["build", "str_array", "text", "-o", "out.lram"]);
    assert_eq!(folder.ok(&["query", "out.lram", "--prefix", "-"]), "0\t--all\n1\t-a\n");
    assert_eq!(folder.ok(&["query", "out.lram", "--prefix", "--a"]), "0\t--all\n");
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

/// A limit of file sizes is met in the midst of the save.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_get_so_large_is_told_of_and_leaves_nothing() {
    let folder = Folder::new();
    folder.write("text", lines(2_000, |i| format!("{}", i * 7919 % 65_537)));
    folder.ok(&["build", "rear_dict", "text", "-o", "old.lram", "-q"]);
    let (before, old) = (folder.names(), folder.read("old.lram"));
    for args in ["build str_array text -o out.lram", "merge old.lram old.lram -o old.lram"] {
        let mut command = folder.command(Path::new("sh"), &["-c"]);
        command.arg("ulimit -f 2; exec \"$@\"").arg("sh");
        command.arg(env!("CARGO_BIN_EXE_lessram")).args(args.split(' ')).stdin(Stdio::null());
        let ran = finish(command.spawn().unwrap());
        assert!(ran.code == 4 && ran.err.contains("too large"), "{}: {}", ran.code, ran.err);
        assert!(folder.names() == before && folder.read("old.lram") == old, "{args}");
    }
}

#[cfg(unix)]
#[test]
fn a_save_that_is_killed_leaves_nothing() {
    let folder = Folder::new();
    folder.write("text", lines(40_000, |i| format!("{:016x}", i * 0x9e37_79b9)));
    folder.ok(&["build", "rear_dict", "text", "-o", "old.lram", "-q"]);
    let (before, old) = (folder.names(), folder.read("old.lram"));
    for args in ["build str_array text -o out.lram", "merge old.lram old.lram -o old.lram"] {
        assert!((0..50).any(|_| is_killed_while_saving(&folder, args)), "{args}");
        wait_for("the sweeper", || folder.names() == before);
        assert!(folder.read("old.lram") == old, "{args}");
    }
}

/// Starts a save and kills it once its temporary file is seen; whether that was in time.
#[cfg(unix)]
fn is_killed_while_saving(folder: &Folder, args: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    let out = folder.0.join(args.rsplit_once(' ').unwrap().1);
    let inode = || fs::metadata(&out).ok().map(|file| file.ino());
    let before = inode();
    let is_saving = || folder.names().iter().any(|name| name.ends_with(".lram-tmp"));
    let mut child = folder.start(&args.split(' ').collect::<Vec<_>>());
    let mut was_saving = false;
    while !was_saving && child.try_wait().unwrap().is_none() {
        was_saving = is_saving();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let in_time = was_saving && inode() == before;
    if before.is_none() && out.exists() {
        fs::remove_file(out).unwrap();
    }
    in_time
}

/// What Ctrl-C in a terminal does: the signal goes to the whole group.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_no_process_and_no_file() {
    use std::os::unix::process::CommandExt;
    let folder = Folder::new();
    folder.write("text", lines(20_000, |i| format!("key {:x}", i * 0x9e37_79b9)));
    let args = ["compare", "text", "--only", "std_vec", "--budget", "60", "--repeat", "1000"];
    // Who starts the tests in the background of a script has them ignore the signal, and theirs.
    let args = [&["--default-signal=INT", env!("CARGO_BIN_EXE_lessram")], &args[..]].concat();
    let mut command = folder.command(Path::new("env"), &args);
    let mut child = command.process_group(0).spawn().unwrap();
    let scratch = || fs::read_dir(folder.0.join("tmp")).unwrap().flatten().next();
    let prepared = || scratch().is_some_and(|folder| folder.path().join("plan.json").exists());
    wait_for("the first contender", prepared);
    std::thread::sleep(Duration::from_millis(200));
    let group = format!("-{}", child.id());
    let signal = |name: &str| {
        let mut kill = Command::new("kill");
        kill.args([name, "--", &group]).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(signal("-INT"));
    assert!(!child.wait().unwrap().success());
    wait_for("the children", || !signal("-0"));
    wait_for("the sweeper", || scratch().is_none());
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
    let args = ["distinct", "stream", "--json", "-q", "--rate"];
    let value: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    let rate = |name: &str| value[name].as_f64().unwrap();
    assert!(rate("lines_per_s") > 0.0 && rate("lines_per_s_reading") > 0.0, "{value}");
    folder.write("few", "a\nb\na\n\n");
    let text = folder.ok(&["distinct", "few", "-q"]);
    assert!(text.starts_with("3 different lines") && text.contains("4 lines"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_that_memory_cannot_hold_is_told_of() {
    let folder = Folder::new();
    folder.write("words", "bee\n");
    folder.ok(&["build", "bloom", "words", "-o", "out.lram"]);
    for args in ["top - -q", "distinct - -q", "build bloom - -o big.lram -q", "query out.lram -"] {
        let program = env!("CARGO_BIN_EXE_lessram");
        let script = format!(
            "(echo bee; head -c 600000000 /dev/zero) | (ulimit -v 400000; '{program}' {args})"
        );
        let ran = finish(folder.command(Path::new("sh"), &["-c", &script]).spawn().unwrap());
        let told = "lessram: standard input: line 2 is longer than memory holds: shorten it";
        assert!(ran.code == 3 && ran.err.starts_with(told), "{args}: {} {}", ran.code, ran.err);
    }
}

/// What cannot be foretold, or comes from a pipe, is given up when it takes too much.
#[test]
fn what_turns_out_to_take_too_much_is_given_up() {
    let folder = Folder::new();
    let key = |i: u64| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let text = lines(60_000, key);
    folder.write("text", &text);
    folder.write("pairs", lines(60_000, |i| format!("{}\t{i}", key(i))));
    let refused = |args: &[&str], stdin: &[u8]| {
        let ran = folder.run_with(args, stdin);
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.err);
        let told = ["parts", "--force", "of its first"].iter().all(|it| ran.err.contains(it));
        // What holds no values is no way out for who has some.
        assert_eq!(args[1] != "dawg_map", ran.err.contains("front_dict"), "{}", ran.err);
        assert!(told && ran.err.lines().count() == 1, "{}", ran.err);
        assert!(!folder.0.join("out").exists(), "{:?}", folder.names());
    };
    let text = text.as_bytes();
    refused(&["build", "dawg", "text", "-o", "out", "-q", "--memory", "4M"], b"");
    refused(&["build", "dawg", "-", "-o", "out", "-q", "--memory", "4M"], text);
    refused(&["build", "fuse", "-", "-o", "out", "-q", "--memory", "1M"], text);
    refused(&["build", "str_array", "-", "-o", "out", "-q", "--memory", "1M"], text);
    let pairs = folder.read("pairs");
    refused(&["build", "dawg_map", "-", "-o", "out", "-q", "--memory", "4M"], &pairs);
    folder.ok(&["build", "dawg", "text", "-o", "out", "-q", "--memory", "4M", "--force"]);
    folder.ok(&["build", "rear_dict", "text", "-o", "two", "-q", "--memory", "4M"]);
}

/// Of what is compressed the text counts, not what the file has.
#[test]
fn the_peak_of_what_is_compressed_is_foretold() {
    let folder = Folder::new();
    let text =
        lines(200_000, |i| format!("https://example.org/{:08x}", i * 0x9e37_79b9 % (1 << 32)));
    folder.write("text", &text);
    folder.write("gz", gzip(text.as_bytes()));
    folder.write("zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    let foretold = |file: &str| {
        let told = folder.ok(&["build", "str_array", file, "-o", "out", "-q", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        told["predicted_peak_bytes"].as_u64().unwrap() as f64
    };
    let plain = foretold("text");
    for packed in ["gz", "zst"] {
        let off = foretold(packed) / plain;
        assert!((0.9..1.1).contains(&off), "{packed}: {off}");
    }
}

/// What `build` refuses by is no less than what it then takes, and near it, whatever the length of
/// the lines.
#[test]
fn the_peak_of_building_is_foretold() {
    let folder = Folder::new();
    folder.write("numbers", lines(40_000, |i| (i * 100 + i * 7_919 % 97).to_string()));
    folder.write("long", lines(30_000, |i| format!("{i:060}")));
    folder.write(
        "mixed",
        lines(40_000, |i| "x".repeat((i % 3 * i / 4000) as usize) + &i.to_string()),
    );
    folder.write("pairs", lines(15_000, |i| format!("key number {i}\t{}", i % 1_000)));
    let check = |kind: &str, file: &str, most: f64| {
        let told = folder.ok(&["build", kind, file, "-o", "out", "-q", "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let [peak, foretold] = ["peak_bytes", "predicted_peak_bytes"]
            .map(|field| told[field].as_u64().unwrap() as f64);
        assert!(peak >= told["heap_bytes"].as_f64().unwrap(), "{told}");
        assert!((1.0..most).contains(&(foretold / peak)), "{kind} of {file}: {told}");
    };
    let of_text = ["str_array", "resolver", "mphf", "static_set", "bloom", "blocked_bloom"];
    let of_hashes = ["fuse", "ribbon", "quotient", "scalable_quotient", "sbbf", "timing_bloom"];
    let of_streams = ["exa_log_log", "hyper_log_log", "theta", "count_min", "top_k"];
    for kind in of_text.into_iter().chain(of_hashes).chain(of_streams) {
        check(kind, "long", 1.75);
        check(kind, "mixed", 1.75);
    }
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/lessram/sample/words.txt.gz");
    for kind in ["str_array", "mphf", "bloom", "fuse", "ribbon", "quotient", "top_k"] {
        check(kind, sample, 1.35);
    }
    for kind in ["packed_ints", "block_ints", "elias_fano", "sliced_set", "morris_array"] {
        check(kind, "numbers", 1.75);
    }
    folder.write("rows", lines(10_000, |i| format!("{} {},{}", i % 10, i * 7, i % 99)));
    check("ragged", "rows", 1.75);
    for kind in ["rear_map", "front_map", "dawg_map", "static_map"] {
        check(kind, "pairs", 1.75);
    }
}
