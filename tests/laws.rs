//! The laws of every row over random programs, and the replay of what once broke one.

use lessram::mem::refusing_every;
use lessram::testkit::{self, RowLaws, cases, damage, data::Rng, rows};
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

/// Runs law `index` of every row, or of the one that `LESSRAM_ROW` names, over random programs.
fn check(index: usize, default_cases: u32) {
    let only = std::env::var("LESSRAM_ROW").ok();
    let is_chosen = |row: &&RowLaws| only.as_ref().is_none_or(|only| row.kind.name == only);
    let chosen: Vec<&RowLaws> = rows().iter().filter(is_chosen).collect();
    assert!(!chosen.is_empty(), "no row is called {only:?}");
    for row in chosen {
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

/// A law over programs, and what it is of.
type Named = (String, Box<dyn Fn(&[u8]) -> Result<(), String>>);

/// The laws of all that grows, with requests refused: the rows, and what has none.
fn laws_with_refusals() -> Vec<Named> {
    use testkit::{laws_growth, laws_int_set_mut, laws_maps};
    let mut laws: Vec<Named> = Vec::new();
    for row in rows() {
        laws.push((row.kind.name.into(), Box::new(|program| row.check(&row.laws[1], program))));
    }
    for which in 0..8 {
        let law = move |program: &[u8]| laws_maps::maps_follow(&[&[which], program].concat());
        laws.push((format!("map {which}"), Box::new(law)));
    }
    laws.push(("slim_vec".into(), Box::new(laws_growth::slim_vec_follows)));
    laws.push(("seg_vec".into(), Box::new(laws_growth::seg_vec_follows)));
    laws.push(("sliced_set_mut".into(), Box::new(laws_int_set_mut::sliced_set_mut_follows)));
    laws
}

/// Every k-th request is refused, for k from 1 to 400: for all of them with `LESSRAM_CASES=400`,
/// else for some, more of the small ones.
#[test]
fn everything_survives_each_refusal() {
    const MOST: usize = 400;
    let tried = cases(MOST as u32).clamp(2, MOST as u32) as usize;
    let nth =
        |i: usize| if tried == MOST { i + 1 } else { 1 + (MOST - 1) * i * i / (tried * tried) };
    let program = [&[0][..], &Rng::new(1).bytes((20 + 2 * tried).min(300))].concat();
    for (name, law) in laws_with_refusals() {
        let (mut sum, mut largest) = (0, 0);
        for every in (0..tried).map(nth) {
            let (verdict, refused) = refusing_every(every, || law(&program));
            verdict.unwrap_or_else(|message| panic!("{name}, every {every}th: {message}"));
            if refused == 0 {
                break; // nor would a larger number
            }
            (sum, largest) = (sum + refused, largest.max(every));
        }
        println!("{name}: {sum} refusals, every {largest}th at last");
        assert!(sum > 0, "{name} was refused nothing");
    }
}

#[test]
fn every_row_round_trips() {
    check(2, 256);
}

#[test]
fn every_row_withstands_damage() {
    check(3, 256);
}

#[cfg(feature = "arena")]
#[test]
fn every_row_freezes_at_its_exact_size() {
    for row in rows() {
        (row.freezes)().unwrap_or_else(|message| panic!("{}: {message}", row.kind.name));
    }
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

#[test]
fn growth_takes_fine_steps_above_128_kib() {
    // The widest item, then thousands more at a time.
    let thousands = (0..20).flat_map(|seed| [4, 255, 0, seed]);
    let program: Vec<u8> = [0, 255].into_iter().chain(thousands).collect();
    for row in rows() {
        row.check(&row.laws[0], &program).unwrap_or_else(|message| panic!("{message}"));
    }
}

#[test]
fn edges_withstand_every_single_damage() {
    let mut rng = Rng::new(2);
    for row in rows() {
        let (mut refused, mut taken) = (0, 0);
        for file in (row.edges)().iter().chain([&(row.golden)()]) {
            let file = file.as_bytes();
            let mut damages = damage::flips(file, 8 * cases(100) as usize, &mut rng);
            damages.extend(damage::cuts(file, cases(100) as usize, &mut rng));
            let writes = damage::writes(file);
            damages.extend(damage::spread(writes, 20 * cases(100) as usize, &mut rng));
            for damage in damages {
                let [raw, rehashed] = (row.bears)(file, &damage)
                    .unwrap_or_else(|message| panic!("{}: {message}", row.kind.name));
                refused += u32::from(!raw.read) + u32::from(!rehashed.read);
                taken += u32::from(rehashed.viewed);
            }
        }
        // A sweep in which nothing opens, or nothing is refused, proves nothing.
        assert!(refused > 100 && taken > 100, "{refused} refused, {taken} taken");
    }
}

#[test]
fn hashes_put_right_are_those_that_the_writer_states() {
    for row in rows() {
        let golden = (row.golden)();
        let mut file = golden.as_bytes().to_vec();
        file[56..64].fill(0xA5);
        damage::rehash(&mut file);
        assert_eq!(file, golden.as_bytes());
        assert_eq!(damage::repaired(&file, row.kind.id), file);
    }
}

#[test]
fn old_and_strange_files_open_or_not() {
    for row in rows() {
        testkit::open_any((row.golden)().as_bytes());
    }
    testkit::open_any(b"");
    testkit::open_any(&[0; 200]);
}

/// The fuzz targets of rows, and the families that they run.
const FAMILIES: [(&str, u32); 5] =
    [("arrays", 1), ("static_maps", 2), ("tries", 3), ("filters", 4), ("sketches", 5)];

/// Runs an input of a fuzz target.
fn replay(target: &str, input: &[u8]) {
    match target {
        "container" => testkit::open_any(input),
        "growth" => testkit::laws_growth::vectors_follow(input).unwrap(),
        "int_sets" => testkit::laws_int_set_mut::sliced_set_mut_follows(input).unwrap(),
        "maps" => testkit::laws_maps::maps_follow(input).unwrap(),
        _ => {
            let of_rows = FAMILIES.iter().find(|(name, _)| *name == target);
            let (_, family) = of_rows.unwrap_or_else(|| panic!("{target}: no such fuzz target"));
            testkit::run_family(*family, input);
        }
    }
}

#[test]
fn every_family_has_a_fuzz_target() {
    for row in rows() {
        let family = row.kind.id >> 8;
        let target = FAMILIES.iter().find(|(_, number)| *number == family);
        let (target, _) = target.unwrap_or_else(|| panic!("{}: no fuzz target", row.kind.name));
        let Some(file) = folder("fuzz/targets").find(|it| it.ends_with(format!("{target}.rs")))
        else {
            continue; // a package from the registry
        };
        let runs = format!("run_family({family}, input)");
        assert!(fs::read_to_string(file).unwrap().contains(&runs), "{target}: {runs}");
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
    let mut replayed = 0;
    for target in folder("fuzz/corpus") {
        let name = target.file_name().unwrap().to_str().unwrap().to_owned();
        let mut inputs: Vec<_> = folder(target.to_str().unwrap()).collect();
        inputs.sort();
        for input in inputs.iter().take(cases(100) as usize) {
            replay(&name, &fs::read(input).unwrap());
            replayed += 1;
        }
    }
    let is_package = folder("fuzz").next().is_none();
    assert!(replayed > 0 || is_package, "the corpora are not found");
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
