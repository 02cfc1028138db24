//! The laws of every row over random programs, and the replay of what once broke one.

use lessram::testkit::{self, cases, rows};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// Programs from nothing to a few hundred operations.
fn programs() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..800)]
}

fn config(default: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(default)) }
}

/// Runs law `index` of every row over random programs.
fn check(index: usize, default_cases: u32) {
    for row in rows() {
        let law = &row.laws[index];
        proptest!(config(default_cases), |(program in programs())| {
            row.check(law, &program).map_err(TestCaseError::fail)?;
        });
    }
}

#[test]
fn every_row_follows_its_model() {
    check(0, 256);
}

#[test]
fn every_row_survives_refusals() {
    check(1, 256);
}

#[test]
fn every_row_round_trips() {
    check(2, 256);
}

#[test]
fn every_row_withstands_damage() {
    check(3, 256);
}

#[test]
fn the_laws_are_those_named_here() {
    let names = ["follows its model", "survives refusals", "round trips", "withstands damage"];
    for row in rows() {
        assert_eq!(row.laws.map(|law| law.name), names);
    }
}

#[test]
fn strange_files_are_withstood() {
    let mut runner = proptest::test_runner::TestRunner::new(config(256));
    let sections = vec(any::<u8>(), 0..400);
    let outcome = runner.run(&sections, |bytes| {
        testkit::open_any(&bytes);
        Ok(())
    });
    outcome.unwrap();
}

/// Runs an input of a fuzz target.
fn replay(target: &str, input: &[u8]) {
    match target {
        "container" => testkit::open_any(input),
        "arrays" => testkit::run_family(1, input),
        "filters" => testkit::run_family(4, input),
        "sketches" => testkit::run_family(5, input),
        _ => panic!("{target}: no fuzz target of this name"),
    }
}

fn folder(path: &str) -> impl Iterator<Item = std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    // A package from the registry has no fuzz targets.
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path())
}

/// Replays the corpora of the fuzz targets; `LESSRAM_CASES` bounds how many inputs of each.
#[test]
fn corpora_are_withstood() {
    for target in folder("fuzz/corpus") {
        let name = target.file_name().unwrap().to_str().unwrap().to_owned();
        let mut inputs: Vec<_> = folder(target.to_str().unwrap()).collect();
        inputs.sort();
        for input in inputs.iter().take(cases(100) as usize) {
            replay(&name, &fs::read(input).unwrap());
        }
    }
}

/// Replays the findings of the fuzz targets: `tests/regressions/README.md` says how they are named.
#[test]
fn what_once_broke_holds() {
    let mut replayed = 0;
    for path in folder("tests/regressions") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "README.md" {
            continue;
        }
        let target = name.split('-').next().unwrap_or(name);
        replay(target, &fs::read(&path).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "the findings are not found");
}
