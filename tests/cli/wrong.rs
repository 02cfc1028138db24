//! What is wrong is told in one line.

use super::*;

#[test]
fn what_is_wrong_is_told_in_one_line_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("words", "b\na\n");
    folder.write("empty", "");
    folder.write("numbers", "1\n2\nx\0\n");
    folder.write("big", "1\n300\n");
    folder.write("big2", "300\n1\n");
    folder.write("odd", "12345");
    folder.write("far", "1\n10000000\n");
    folder.write("farthest", "1\n18446744073709551615\n");
    folder.write("crlf", "12\r\n13\r\n");
    folder.write("pairs", "a\t12\r\nb\t13\r\n");
    folder.write("empty.gz", gzip(b""));
    folder.write("empty.zst", zstd::encode_all(&b""[..], 0).unwrap());
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
        ("compare words --sample 0", 2, "a whole number from 1 to 2^53"),
        ("compare words --sample 1.5", 2, "a whole number from 1 to 2^53"),
        ("compare words --budget nan", 2, "--budget"),
        ("compare words --u64le --u32le", 2, "cannot be used with"),
        ("compare words --memory 1000", 3, "--force"),
        ("compare words --json=tmp", 4, "tmp: is a folder"),
        ("compare odd --u32le", 4, "ends 1 bytes into a number of 4"),
        ("compare odd --u64le --as strings", 2, "leave out --as"),
        ("compare cut.gz", 4, "cut.gz: damaged or cut gzip data"),
        ("compare cut.zst", 4, "cut.zst: damaged or cut zstd data"),
        ("compare words --html tmp", 4, "tmp: is a folder"),
        ("compare words --json --tsv", 2, "give the other a file (--tsv=FILE)"),
        ("compare words --json=out --tsv --markdown", 2, "--tsv and --markdown: one of them"),
        ("book words --tsv --json", 2, "--json and --tsv: one of them is printed"),
        ("compare words --fpr 0", 2, "write a rate from 1/4294967296 to 1/2"),
        ("compare words --fpr 1", 2, "write a rate from"),
        ("compare words --fpr 2/256", 2, "write a rate from"),
        ("build vec words -o out", 2, "`vec`: choose among packed_ints, str_array"),
        ("build str_array words", 2, "--out <OUT>"),
        ("build str_array missing -o out", 4, "missing: no such file"),
        ("build str_array tmp -o out", 4, "tmp: is a folder"),
        ("build str_array empty -o out", 4, "empty: is empty"),
        ("build str_array empty.gz -o out", 4, "empty.gz: is empty"),
        ("build bloom empty.zst -o out --u64le", 4, "empty.zst: is empty"),
        ("build str_array cut.gz -o out", 4, "damaged or cut gzip data"),
        ("build str_array words -o tmp", 4, "tmp: is a folder"),
        ("build str_array words -o none/out", 4, "its folder does not exist"),
        ("build str_array missing -o -", 4, "-: an index is mapped, so it must be a file: name"),
        ("merge words.lram words.lram -o -", 4, "-: an index is mapped"),
        ("build str_array words -o out --width 3", 2, "--width: is for packed_ints"),
        ("build str_array words -o out --u32le", 2, "--u32le: is for packed_ints"),
        ("build elias_fano big2 -o out", 4, "line 2: 1 follows 300: sort the numbers first"),
        ("build str_array words -o out --fpr 0.1", 2, ", not for str_array"),
        ("build packed_ints big -o out --as ints", 2, ", not for packed_ints"),
        ("build bloom words -o out --fpr 0.6", 2, "write a rate from"),
        ("build bloom words -o out --as ints", 4, "words: line 1: `b` is no decimal number"),
        ("build bloom odd -o out --u64le --as strings", 2, "leave out --as"),
        ("build str_array words -o out --memory 4", 3, "files (rear_dict, front_dict), or"),
        ("build str_array words -o out --memory 4X", 2, "of K, M, G or T"),
        ("build packed_ints numbers -o out", 4, "line 3: `x\\x00`"),
        ("build packed_ints words -o out", 4, "below 2^64: correct the line, or leave it out\n"),
        (
            "build packed_ints crlf -o out",
            4,
            "line 1: `12\\r` is no decimal number below 2^64: cor",
        ),
        ("build packed_ints crlf -o out", 4, "(the line ends in CR: --strip-cr drops it)"),
        ("build rear_map pairs -o out", 4, "(the line ends in CR: --strip-cr drops it)"),
        ("build static_map pairs -o out", 4, "(the line ends in CR: --strip-cr drops it)"),
        ("build ragged crlf -o out", 4, "(the line ends in CR: --strip-cr drops it)"),
        ("compare crlf --as ints", 4, "(the line ends in CR: --strip-cr drops it)"),
        ("build bit_vec far -o out", 4, "lessram: far: 2 numbers up to 10,000,000: a bit for"),
        ("build bit_vec farthest -o out", 4, "lessram: farthest: 2 numbers up to 18,446,744,"),
        ("build morris_array farthest -o out --memory 16G", 4, "farthest: line 2: 18446744073709"),
        ("build packed_ints big -o out --width 8", 4, "line 2: 300 needs 9 bits"),
        ("build packed_ints big -o out --width 65", 2, "0..=64"),
        ("build packed_ints odd -o out --u64le", 4, "ends 5 bytes into a number of 8"),
        ("predict vec --n 5", 2, "`vec`: choose among packed_ints, str_array"),
        ("predict bloom", 2, "say how many items (--n 1e8)"),
        ("predict bloom --n 0", 2, "a whole number from 1 to 2^53"),
        ("predict bloom --n 1.5", 2, "a whole number from 1 to 2^53"),
        ("predict packed_ints --n 18446744073709551615 --width 64", 2, "from 1 to 2^53"),
        ("predict bloom --n 1e17", 2, "from 1 to 2^53"),
        ("predict bloom --n 5 --max 3", 2, "--max: is for packed_ints and elias_fano, not for"),
        ("predict fuse --n 5 --width 3", 2, "--width: is for packed_ints, not for fuse"),
        ("predict packed_ints --n 5 --fpr 0.1", 2, ", not for packed_ints"),
        (
            "build rear_dict words -o out --prefer time",
            2,
            "--prefer: is for sliced_set, dawg, not for rear_d",
        ),
        (
            "predict bloom --n 5 --prefer time",
            2,
            "--prefer: is for sliced_set, dawg, not for bloom",
        ),
        ("predict packed_ints --n 5", 2, "say how wide they are"),
        ("predict dawg --n 5", 2, "give some, or all, with --sample FILE"),
        ("predict dawg --n 5 --sample words", 2, "of 5 the sample has 2: give all of them"),
        ("predict dawg --sample missing", 4, "missing: no such file"),
        ("predict dawg --sample words --memory 4", 3, "--force"),
        ("predict static_map --sample words", 4, "line 1: no TAB"),
        ("predict sliced_set --sample big2", 4, "lessram: big2: line 2: 1 follows 300: sort"),
        ("predict rank_select --sample far", 4, "lessram: far: 2 numbers up to 10,000,000: a bit"),
        ("predict rear_map --sample words", 4, "lessram: words: line 1: `b` is no key, a tab"),
        ("predict elias_fano --sample words", 4, "line 1: `b` is no decimal number"),
        ("book missing", 4, "missing: no such file"),
        ("book words --repeat 0", 2, "--repeat"),
        ("book words --memory 1000", 3, "--force"),
        ("book words --tsv=tmp", 4, "tmp: is a folder"),
        ("terms words", 2, "unexpected argument 'words'"),
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
        ("merge words.lram -o out", 2, "FILE"),
        ("merge words.lram words -o out", 4, "words: not a .lram file"),
        ("merge words.lram words.lram -o none/out", 4, "its folder does not exist"),
        ("distinct missing", 4, "missing: no such file"),
        ("distinct empty", 4, "empty: is empty"),
        ("distinct empty.gz", 4, "empty.gz: is empty"),
        ("top empty.zst", 4, "empty.zst: is empty"),
        ("quantiles empty.gz --json", 4, "empty.gz: is empty"),
        ("predict dawg --sample empty.gz", 4, "empty.gz: is empty"),
        ("distinct words --p 3", 2, "4..=24"),
        ("distinct cut.gz", 4, "cut.gz: damaged or cut gzip data"),
        ("top tmp", 4, "tmp: is a folder"),
        ("quantiles words", 4, "words: line 1: `b` is no finite number"),
        ("book empty", 4, "empty: is empty"),
        ("book cut.gz", 4, "cut.gz: damaged or cut gzip data"),
        ("completions tcsh", 2, "[possible values: bash, elvish, fish"),
        ("man nothing", 2, "nothing"),
        ("help nothing", 2, "unrecognized subcommand 'nothing'"),
        ("distinct - --rate", 2, "--rate reads the file again and again"),
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
