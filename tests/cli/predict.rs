//! `predict`: its bytes are those of what `build` builds.

use super::*;

/// What `predict` says, with these options.
fn predict(folder: &Folder, args: &str) -> Value {
    let args: Vec<&str> =
        ["predict", "--json", "--quiet"].into_iter().chain(args.split(' ')).collect();
    serde_json::from_str(&folder.ok(&args)).unwrap()
}

/// The heap bytes of what `build` builds.
fn build(folder: &Folder, args: &str) -> u64 {
    let all = ["build", "-o", "out.lram", "--json", "--quiet"];
    let args: Vec<&str> = all.into_iter().chain(args.split(' ')).collect();
    let built: Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    built["heap_bytes"].as_u64().unwrap()
}

/// Options of `predict` and of `build` for so many numbers, 7 apart, or 1 apart.
const OPTIONS: &[(&str, &str)] = &[
    ("packed_ints", "--max"),
    ("elias_fano", "--max"),
    ("bloom", "--fpr 0.01"),
    ("blocked_bloom", ""),
    ("sbbf", ""),
    ("timing_bloom", ""),
    ("scalable_bloom", ""),
    ("quotient", "--fpr 0.001"),
    ("scalable_quotient", ""),
];

#[test]
fn bytes_that_follow_from_a_count_are_exact() {
    let folder = Folder::new();
    for n in [1, 900, 6_001] {
        folder.write("numbers", lines(n, |i| (i * 7).to_string()));
        folder.write("dense", lines(n, |i| i.to_string()));
        for (kind, options) in OPTIONS {
            let max = if *options == "--max" { format!(" {}", n * 7 - 7) } else { String::new() };
            let said = format!("{kind} --n {n} {options}{max}");
            let predicted = predict(&folder, said.trim_end());
            let options = if *options == "--max" { "" } else { options };
            let built = build(&folder, format!("{kind} numbers {options}").trim_end());
            assert_eq!(predicted["heap_bytes"], built, "{said}");
            assert_eq!((&predicted["exact"], &predicted["items"]), (&true.into(), &n.into()));
        }
        for (kind, off) in [("fuse", 0.0), ("theta", 0.01), ("ribbon", 0.02), ("static_set", 0.01)]
        {
            let predicted = predict(&folder, &format!("{kind} --n {n}"));
            let built = build(&folder, &format!("{kind} numbers")) as f64;
            let error = predicted["heap_bytes"].as_f64().unwrap() / built - 1.0;
            assert!(error.abs() <= off && predicted["exact"] == false, "{predicted}: {built}");
        }
        // What is indexed by numbers has a place for each up to the largest.
        for kind in ["bit_vec", "morris_array", "rank_select"] {
            let built = build(&folder, &format!("{kind} dense"));
            assert_eq!(predict(&folder, &format!("{kind} --n {n}"))["heap_bytes"], built, "{kind}");
        }
    }
}

#[test]
fn what_would_not_fit_is_predicted_all_the_same() {
    let folder = Folder::new();
    let bytes = |args: &str| predict(&folder, args)["heap_bytes"].as_u64().unwrap();
    assert_eq!(bytes("packed_ints --n 1e12 --width 20"), 2_500_000_000_008);
    let by_max = "packed_ints --n 1e12 --max 1000000";
    assert_eq!(bytes(by_max), 2_500_000_000_008);
    // log2(100) / ln 2 bits each.
    let each = bytes("bloom --n 1e14 --fpr 0.01") as f64 / 1e14;
    assert!((each * 8.0 - 9.585).abs() < 0.01, "{each}");
}

#[test]
fn a_part_of_the_lines_tells_what_all_take() {
    let folder = Folder::new();
    let mut x = 1_u64;
    let mut step = |most: u64| {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 33) % most
    };
    let mut last = 0;
    let text = lines(135_000, |_| 0.to_string());
    let text: String = text
        .lines()
        .map(|_| {
            last += 1 + step(if last % 3 == 0 { 2_000 } else { 9 });
            format!("{last}\n")
        })
        .collect();
    folder.write("numbers", text);
    for kind in ["sliced_set", "sliced_set --prefer time", "block_ints", "elias_fano"] {
        let built = build(&folder, &format!("{kind} numbers")) as f64;
        let predicted = predict(&folder, &format!("{kind} --sample numbers"));
        let off = predicted["heap_bytes"].as_f64().unwrap() / built - 1.0;
        assert!(off.abs() < 0.03, "{kind}: {off:+.4}");
        let form = kind == "elias_fano";
        assert_eq!(predicted["exact"], form && off == 0.0, "{predicted}");
        assert!(form || predicted["built"].as_u64().unwrap() < 70_000, "{predicted}");
    }
    // Long lines stand together, and no run of them tells how many there are.
    folder.write("text", lines(140_000, |i| "x".repeat((i / 100 % 97 * i / 160_000) as usize)));
    for kind in ["str_array", "resolver"] {
        let built = build(&folder, &format!("{kind} text")) as f64;
        let predicted = predict(&folder, &format!("{kind} --sample text"));
        let off = predicted["heap_bytes"].as_f64().unwrap() / built - 1.0;
        assert!(off.abs() < 0.005 && predicted["exact"] == false, "{kind}: {off:+.4}");
    }
    // Of filters the different lines count, and not what stands in them.
    folder.write("twice", lines(3_000, |i| format!("key-{}", i / 2)));
    for kind in ["bloom", "fuse"] {
        let built = build(&folder, &format!("{kind} twice"));
        let predicted = predict(&folder, &format!("{kind} --sample twice"));
        assert_eq!((&predicted["heap_bytes"], &predicted["items"]), (&built.into(), &1_500.into()));
    }
    folder.write("words", lines(3_000, |i| format!("key-{}\t{i}", i * 7919 % 65_537)));
    for kind in ["rear_dict", "dawg", "dawg --prefer time", "rear_map", "static_map", "resolver"] {
        let built = build(&folder, &format!("{kind} words"));
        let predicted = predict(&folder, &format!("{kind} --sample words"));
        assert_eq!((&predicted["heap_bytes"], &predicted["exact"]), (&built.into(), &true.into()));
    }
}

#[test]
fn every_kind_is_predicted_or_says_what_it_wants() {
    let folder = Folder::new();
    for kind in folder.ok(&["build", "--list"]).lines() {
        let ran = folder.run(&["predict", kind, "--n", "5000"]);
        let asks = ["--sample FILE\n", "--max NUMBER)\n"];
        let asks = ran.code == 2 && asks.iter().any(|end| ran.err.ends_with(end));
        assert!(ran.code == 0 || asks, "{kind}: {}", ran.err);
        assert!(!ran.out.is_empty() || asks, "{kind}");
    }
}
