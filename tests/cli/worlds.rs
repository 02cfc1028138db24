//! Bad worlds, for each subcommand: files that cannot be read, readers that go, full disks.

use super::*;
use std::fs::File;

/// What each subcommand does with an input `{}`, if it takes one: a list of words, of numbers, or a
/// file of ours.
const COMMANDS: &[(&str, &str)] = &[
    ("compare {} --only std_vec --repeat 1 --budget 0 -q", "words"),
    ("build str_array {} -o out.lram -q", "words"),
    ("predict dawg --sample {} -q", "words"),
    ("book {} --repeat 1 --budget 0 -q", "words"),
    ("inspect {}", "words.lram"),
    ("verify {}", "words.lram"),
    ("query {} a", "words.lram"),
    ("merge {} {} -o out.lram", "words.lram"),
    ("top {} -q", "words"),
    ("quantiles {} -q", "numbers"),
    ("distinct {} -q", "words"),
    ("completions bash", ""),
    ("man", ""),
    ("terms", ""),
    ("help terms", ""),
    ("help", ""),
    ("build --list", ""),
    ("query --help", ""),
    ("--version", ""),
];

/// A folder with the inputs.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("words", "a\nb\nc\n");
    folder.write("numbers", "1\n2\n3\n");
    folder.ok(&["build", "dawg", "words", "-o", "words.lram"]);
    folder
}

/// The command of a row with this input.
fn command(folder: &Folder, args: &str, input: &str) -> Command {
    let args = args.replace("{}", input);
    let args: Vec<&str> = args.split(' ').collect();
    let mut command = folder.command(Path::new(env!("CARGO_BIN_EXE_lessram")), &args);
    command.stdin(Stdio::null());
    command
}

/// Refused in one line, with this in it; nothing is left behind.
fn refused(folder: &Folder, mut command: Command, code: i32, text: &str, before: &[String]) {
    let ran = finish(command.spawn().unwrap());
    let said = format!("{command:?}: {} {}", ran.code, ran.err);
    assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{said}");
    assert!(ran.err.starts_with("lessram: ") && ran.err.contains(text), "{said}");
    assert_eq!(folder.names(), before, "{said}");
}

#[test]
fn every_subcommand_is_here_and_shows_an_example() {
    let folder = Folder::new();
    let help = folder.ok(&["--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for line in commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            assert!(
                COMMANDS.iter().any(|(args, _)| args.split(' ').next() == Some(name)),
                "{name}"
            );
            let help = folder.ok(&[name, "--help"]);
            let example = help.split("Example").nth(1).unwrap_or_default();
            assert!(example.contains(&format!("lessram {name}")) || name == "terms", "{name}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_read_is_named() {
    let folder = folder();
    // Opens, and fails at the first byte, for whoever runs this.
    let unreadable = "/proc/self/mem";
    let before = folder.names();
    for (args, _) in COMMANDS.iter().filter(|(args, _)| args.contains("{}")) {
        refused(&folder, command(&folder, args, unreadable), 4, unreadable, &before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_told() {
    let folder = folder();
    for (args, input) in COMMANDS {
        let mut command = command(&folder, args, input);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        // What it was to make is made before it says so.
        let made = args.contains("out.lram");
        let mut before = folder.names();
        before.extend(made.then(|| folder.0.join("out.lram").display().to_string()));
        before.sort();
        refused(&folder, command, 4, "cannot write to standard output: No space", &before);
        let _ = fs::remove_file(folder.0.join("out.lram"));
    }
}

#[test]
fn a_reader_that_goes_is_no_error() {
    let folder = folder();
    for (args, input) in COMMANDS {
        let mut child = command(&folder, args, input).spawn().unwrap();
        drop(child.stdout.take());
        let ran = finish(child);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_stays_what_it_is() {
    let folder = folder();
    let made = folder.command(Path::new("mkfifo"), &["pipe"]).status().unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink("pipe", folder.0.join("link")).unwrap();
    let before = folder.names();
    // Standard output is a pipe, too. Refused before the input is looked for.
    for out in ["pipe", "link", "/dev/stdout"] {
        for args in ["build str_array missing -o ", "merge words.lram words.lram -o "] {
            let command = command(&folder, &format!("{args}{out}"), "");
            refused(&folder, command, 4, &format!("{out}: a folder, a device or a pipe"), &before);
        }
    }
    let pipe = fs::metadata(folder.0.join("pipe")).unwrap();
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&pipe.file_type()));
}

#[test]
fn no_result_takes_the_place_of_the_input_or_of_another() {
    let folder = folder();
    folder.write("x.lram", "a\n");
    let before = folder.names();
    for (args, file) in [
        ("build str_array words -o words", "words"),
        ("build str_array words -o tmp/../words", "tmp/../words"),
        ("build str_array x.lram -o x.lram", "x.lram"),
        ("compare words --html words", "words"),
        ("compare words --json=words", "words"),
        ("compare words --tsv=./words", "./words"),
        ("compare words --markdown=words", "words"),
        ("book words --json=words", "words"),
    ] {
        let text = format!("lessram: {file}: is the input, which would be lost");
        refused(&folder, command(&folder, &format!("{args} -q"), ""), 4, &text, &before);
    }
    for args in [
        "compare words --html new --json=new",
        "compare words --json=new --tsv=tmp/../new",
        "compare words --json=x.lram --markdown=./x.lram",
        "book words --json=new --tsv=new",
    ] {
        let text = "two results would be written to this file: name another";
        refused(&folder, command(&folder, &format!("{args} -q"), ""), 4, text, &before);
    }
}

#[cfg(unix)]
#[test]
fn the_input_is_known_by_any_name() {
    let folder = folder();
    std::os::unix::fs::symlink("words", folder.0.join("link")).unwrap();
    fs::hard_link(folder.0.join("words"), folder.0.join("second")).unwrap();
    let before = folder.names();
    for args in [
        "build str_array words -o link",
        "build str_array link -o words",
        "build str_array second -o words",
        "compare words --html second",
        "build str_array - -o words",
        "compare - --html link",
    ] {
        let mut command = command(&folder, args, "");
        command.stdin(File::open(folder.0.join("words")).unwrap());
        refused(&folder, command, 4, "is the input, which would be lost", &before);
    }
    assert_eq!(folder.read("words"), b"a\nb\nc\n");
    // What is no file takes any number of results: it is written to, not replaced.
    let args =
        "compare words --only std_vec --repeat 1 --budget 0 --json=/dev/fd/2 --tsv=/dev/fd/2";
    folder.ok(&args.split(' ').collect::<Vec<_>>());
}

/// A disk on which no file gets larger than 1 KiB: the same to a program as one that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let folder = folder();
    folder.write("many", lines(2_000, |i| format!("{}", i * 7919 % 65_537)));
    folder.ok(&["build", "rear_dict", "many", "-o", "many.lram", "-q"]);
    folder.write("many.gz", gzip(&folder.read("many")));
    let before = folder.names();
    for (args, text) in [
        ("build str_array many -o out.lram -q", "out.lram: "),
        ("build dawg many -o out.lram -q", "out.lram: "),
        // The file that is there stays as it is.
        ("build str_array many -o many.lram -q", "many.lram: "),
        ("merge many.lram many.lram -o out.lram", "out.lram: "),
        ("compare many --only std_vec --repeat 1 --budget 0 -q", "set TMPDIR to a folder"),
        ("compare many.gz --only std_vec -q", "set TMPDIR to a folder"),
        ("predict resolver --sample many -q", "set TMPDIR to a folder"),
        ("book many --repeat 1 --budget 0 -q", "set TMPDIR to a folder"),
    ] {
        let old = folder.read("many.lram");
        let mut command = folder.command(Path::new("sh"), &["-c"]);
        command.arg("ulimit -f 2; exec \"$@\"").arg("sh");
        command.arg(env!("CARGO_BIN_EXE_lessram")).args(args.split(' ')).stdin(Stdio::null());
        refused(&folder, command, 4, text, &before);
        assert!(folder.read("many.lram") == old, "{args}");
    }
}
