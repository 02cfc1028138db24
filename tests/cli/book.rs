//! `book` and `terms`.

use super::*;

#[test]
fn the_book_stands_beside_todays() {
    let folder = Folder::new();
    folder.write("tokens", lines(3_000, |i| format!("token-{}", i * i % 997)));
    let quick = ["book", "tokens", "--repeat=1", "--budget=0", "-q"];
    let table = folder.ok(&[&quick[..], &["--json=book.json", "--tsv=book.tsv"]].concat());
    let json = folder.json("book.json");
    let tsv = String::from_utf8(folder.read("book.tsv")).unwrap();
    let distinct = json["distinct"].as_u64().unwrap();
    assert_eq!((&json["tokens"], distinct), (&3_000.into(), 499));

    let books = ["list + bisect", "set", "dict", "DAWG", "Marisa trie", "HAT trie", "datrie"];
    let containers = json["containers"].as_array().unwrap();
    assert!(containers.iter().map(|one| one["book"]["name"].as_str().unwrap()).eq(books));
    for one in containers {
        for side in ["peer", "ours"] {
            let row = &one[side];
            if side == "peer" && one["book"]["peer"].is_null() {
                assert!(row.is_null());
                continue;
            }
            assert_eq!(row["structure"], one["book"][side], "{one}");
            assert_eq!(row["items"], distinct);
            assert!(row["hit_ns"].as_f64().unwrap() > 0.0, "{row}");
            let heap = row["heap_bytes"].as_u64().unwrap();
            let cell = format!("{:.2}", heap as f64 / distinct as f64);
            let name = one["book"]["name"].as_str().unwrap();
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.contains(&cell), "{line}: {cell}");
            let start = format!(
                "containers\t{name}\t{side}\t{}\t{distinct}\t{heap}\t",
                row["structure"].as_str().unwrap()
            );
            assert!(tsv.lines().any(|line| line.starts_with(&start)), "{start}");
        }
        assert!(
            one["ours"]["heap_bytes"].as_u64() < one["peer"]["heap_bytes"].as_u64()
                || one["peer"].is_null(),
            "{one}"
        );
    }
    let counts = json["counts"].as_array().unwrap();
    assert_eq!(counts.len(), 8);
    for one in counts {
        let (error, of_all) = (one["error"].as_f64().unwrap(), one["book"]["of_all"] == true);
        let truth = if of_all { 3_000.0 } else { distinct as f64 };
        let estimate = one["ours"]["estimate"].as_f64().unwrap();
        assert!((estimate / truth - 1.0 - error).abs() < 1e-9, "{one}");
        // Four deviations of the widest.
        assert!(error.abs() < 0.05, "{one}");
        let name = one["book"]["name"].as_str().unwrap();
        assert!(table.contains(name) && tsv.contains(name), "{name}");
    }
}

#[test]
fn every_word_of_the_tables_is_explained() {
    let folder = Folder::new();
    folder.write("words", "a\nb\nb\nb\nb\n");
    folder.write("numbers", "1\n5\n");
    let terms = folder.ok(&["help", "terms"]);
    assert!(folder.ok(&["terms"]).lines().all(|line| terms.contains(line)));
    let terms: Vec<&str> = terms
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .flat_map(|line| line.split("  ").next().unwrap().split(", "))
        .map(|term| term.split_whitespace().next().unwrap())
        .collect();
    let explained = |word: &str| {
        let known = terms.contains(&word);
        // Passes of misses and gets are explained with those of hits.
        known || ["miss_ns_passes", "get_ns_passes"].contains(&word)
    };
    let quick = ["--repeat=1", "--budget=0", "-q"];
    for (file, only) in [("words", "str_array,bloom,std_hash_map"), ("numbers", "packed_ints")] {
        let args = ["compare", file, "--only", only, "--json=t.json", "--tsv=t.tsv"];
        let text = folder.ok(&[&args[..], &quick].concat());
        let tsv = String::from_utf8(folder.read("t.tsv")).unwrap();
        let columns: Vec<&str> = tsv.lines().next().unwrap().split('\t').collect();
        let head = text.lines().nth(2).unwrap().split_whitespace();
        let json = folder.json("t.json");
        let fields = rows(&json)[0].as_object().unwrap().keys().map(String::as_str);
        for word in columns.into_iter().chain(head).chain(fields) {
            assert!(explained(word), "{word}: {terms:?}");
        }
    }
    let tsv = folder.ok(&[&["book", "words", "--tsv"][..], &quick].concat());
    let names = ["table", "book", "side"];
    for word in tsv.lines().next().unwrap().split('\t').filter(|word| !names.contains(word)) {
        assert!(explained(word), "{word}");
    }
}
