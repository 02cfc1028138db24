//! One process saves version after version, and is killed at any moment; others follow.

use super::{Helper, TempFolder, argument, kills, ready};
use lessram::arrays::PackedInts;
use lessram::storage::{Latest, MappedWords};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Numbers that tell of which version they are, of another length in each.
fn version(number: u64) -> PackedInts {
    let len = 20_000 + number % 7 * 10_000;
    (0..len).map(|i| number << 20 | i).collect()
}

/// The version that these numbers are; panics if they are parts of several.
fn version_of(ints: &PackedInts<MappedWords>) -> u64 {
    let number = ints.get(0).unwrap() >> 20;
    assert_eq!(ints.len() as u64, 20_000 + number % 7 * 10_000, "not as long as version {number}");
    assert!(ints.iter().zip(0..).all(|(value, i)| value == (number << 20 | i)), "a torn version");
    number
}

fn latest(path: &Path) -> Latest<PackedInts<MappedWords>> {
    // SAFETY: the file is only replaced, by `save`.
    unsafe { Latest::map(path) }.unwrap()
}

/// Not a test: saves the versions after the one that is there, until it is killed.
#[test]
fn child_saves() {
    let Some(path) = argument() else { return };
    let first = version_of(&latest(&path)) + 1;
    ready();
    for number in first.. {
        version(number).save(&path).unwrap();
    }
}

#[test]
fn readers_see_whole_versions_in_order_while_writers_are_killed() {
    let folder = TempFolder::new("latest");
    let path = folder.0.join("numbers.lram");
    version(1).save(&path).unwrap();
    let mut reader = latest(&path);
    let oldest = PackedInts::clone(&reader);
    let (mut seen, mut changes, mut interrupted) = (1, 0, 0);
    for round in 0..kills() {
        let mut writer = Helper::start("latest::child_saves", &path);
        // Never in step with the saves, each of which takes a millisecond or several.
        let start = Instant::now();
        let life = Duration::from_micros(round * 7_919 % 20_000);
        // The first lives until it has saved, however slow the machine is.
        let is_waited_for = |changes| round == 0 && changes == 0 && start.elapsed().as_secs() < 60;
        while start.elapsed() < life || is_waited_for(changes) {
            let changed = reader.refresh().unwrap();
            let number = version_of(&reader);
            assert!(if changed { number > seen } else { number == seen }, "{number} after {seen}");
            seen = number;
            changes += u64::from(changed);
        }
        writer.kill();
        interrupted += u64::from(fs::read_dir(&folder.0).unwrap().count() > 1);
        // Whoever comes after the death finds a whole version too.
        assert!(version_of(&latest(&path)) >= seen);
    }
    println!("{} kills, {interrupted} of them while writing; {changes} versions seen", kills());
    assert!(changes > 0 && version_of(&oldest) == 1);
    // The next save takes away what the dead have left.
    version(seen + 1_000).save(&path).unwrap();
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    assert!(reader.refresh().unwrap() && version_of(&reader) == seen + 1_000);
    assert!(!reader.refresh().unwrap());
    fs::remove_file(&path).unwrap();
    assert!(reader.refresh().is_err() && version_of(&reader) == seen + 1_000);
}
