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

/// Replays the findings of the fuzz targets: `tests/regressions/README.md` says how they are named.
#[test]
fn what_once_broke_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut replayed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let input = fs::read(&path).unwrap();
        match name.split_once('-').map(|(target, _)| target) {
            Some("container") => testkit::open_any(&input),
            Some("arrays") => testkit::run_family(1, &input),
            Some("filters") => testkit::run_family(4, &input),
            Some("sketches") => testkit::run_family(5, &input),
            _ if name == "README.md" => continue,
            _ => panic!("{name}: no target of this name, see README.md beside it"),
        }
        replayed += 1;
    }
    assert!(replayed > 0, "the findings are not found");
}
