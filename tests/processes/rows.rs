//! Every row of the registry, mapped from its file by four processes.

use super::{
    Helper, Share, TempFolder, argument, ready, share_of, shares, time_to_open, wait_for_parent,
};
use lessram::storage::{self, HeapWords, MappedWords, Persist};
use lessram::testkit::data::Rng;
use lessram::testkit::row::{Row, Subject, Verdict, rows};
use lessram::testkit::{RowLaws, row_named};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A row, mapped, whatever its type.
pub(super) trait Mapped {
    fn save(&self, path: &Path);
    /// What it would be saved as: every byte of it, read through the mapping.
    fn saved(&self) -> HeapWords;
    /// Asks everything of it; see [`Subject::exercise`].
    fn exercise(&self) -> Verdict;
    fn heap_bytes(&self) -> usize;
}

struct Of<R: Row>(R::Mapped);

impl<R: Row> Mapped for Of<R> {
    fn save(&self, path: &Path) {
        storage::save(&self.0, path).unwrap();
    }

    fn saved(&self) -> HeapWords {
        storage::to_bytes(&self.0).unwrap()
    }

    fn exercise(&self) -> Verdict {
        Subject::exercise(&self.0)
    }

    fn heap_bytes(&self) -> usize {
        lessram::mem::Footprint::heap_bytes(&self.0)
    }
}

/// How a row is opened from a file that a test may well spoil.
pub(super) type Door = fn(&Path) -> Result<Box<dyn Mapped>, lessram::FileError>;

fn open<R: Row>(path: &Path) -> Result<Box<dyn Mapped>, lessram::FileError>
where
    R::Mapped: Persist<Words = MappedWords>,
{
    // SAFETY: nothing changes the file while it is mapped, but for the tests of what comes of it,
    // which can tell no more than what came of it where they ran.
    Ok(Box::new(Of::<R>(unsafe { storage::map(path) }?)))
}

macro_rules! doors {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        &[$((stringify!($name), open::<rows::$name> as Door)),*]
    };
}

/// Bytes of a page, on the machines that these tests run on.
const PAGE: u64 = 4 << 10;

/// The rows: name and door.
pub(super) const DOORS: &[(&str, Door)] = lessram::family!(doors);

pub(super) fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension("lram")
}

/// Items in each file: enough to see pages shared, few enough to be made in a moment. The variable
/// `LESSRAM_ITEMS` says another number, for files of any size.
fn items_of(row: &RowLaws) -> usize {
    let set = std::env::var("LESSRAM_ITEMS").ok().and_then(|items| items.parse().ok());
    // Those that take longest to build.
    let slow = ["key_ids", "key_values"].contains(&row.shape);
    set.unwrap_or(if slow { 4_000 } else { 40_000 })
}

/// Saves each row, the same each time.
pub(super) fn make_files(folder: &Path, items: fn(&RowLaws) -> usize) {
    let draft = folder.join("draft");
    for (name, door) in DOORS {
        let row = row_named(name).unwrap();
        let file = (row.generated)(&mut Rng::new(3), items(row));
        fs::write(&draft, file.as_bytes()).unwrap();
        // As users do: how a file was written shows in how the kernel keeps it.
        door(&draft).unwrap().save(&file_of(folder, name));
    }
    fs::remove_file(draft).unwrap();
}

/// One test for all that is measured, so that tests do not measure each other.
#[test]
fn every_row_is_one_copy_for_four_processes() {
    let folder = TempFolder::new("rows");
    make_files(&folder.0, items_of);
    println!(
        "{:<18} {:>10} {:>9} {:>9} {:>10} {:>10}",
        "", "file", "open", "at once", "Rss", "Pss"
    );
    let opened: Vec<_> = DOORS.iter().map(|(name, door)| opening(&folder.0, name, *door)).collect();

    let start = |_| Helper::start("rows::child_holds_all_files", &folder.0);
    let holders: Vec<_> = (0..4).map(start).collect();
    let held: Vec<_> = holders.iter().map(|holder| shares(&holder.id())).collect();
    for ((name, _), (time, at_once)) in DOORS.iter().zip(opened) {
        let path = file_of(&folder.0, name);
        let file = fs::metadata(&path).unwrap().len();
        let sum = |of: fn(&Share) -> u64| held.iter().map(|held| of(&held[&path])).sum::<u64>();
        let (resident, proportional) = (sum(|s| s.resident), sum(|s| s.proportional));
        println!(
            "{name:<18} {file:>10} {time:>9.1?} {at_once:>9} {resident:>10} {proportional:>10}"
        );
        let pages = file.next_multiple_of(PAGE);
        assert_eq!(resident, 4 * pages, "{name}: the children did not touch all of the file");
        // To the page: 1.01 of any file from 400 KiB on. The sum is rounded down for each process.
        assert!(proportional <= pages, "{name}: {proportional} bytes for a file of {file}");
    }
}

/// How long opening takes, and the bytes that are resident after it.
fn opening(folder: &Path, name: &str, door: Door) -> (Duration, u64) {
    let path = file_of(folder, name);
    let time = time_to_open(&path, |path| door(path).unwrap());
    let opened = door(&path).unwrap();
    let resident = share_of("self", &path).resident;
    // Header and parameters are a page or two; a fault brings what is around it in the page cache,
    // 64 KiB most often, and more if the kernel keeps the file in large folios.
    assert!(resident <= 1 << 20, "{name}: {resident} bytes resident before the first look-up");
    assert!(opened.heap_bytes() <= 256, "{name}: {} bytes of heap", opened.heap_bytes());
    (time, resident)
}

/// Not a test: a process that has all files mapped, and has read all of them.
#[test]
fn child_holds_all_files() {
    let Some(folder) = argument() else { return };
    let hold = |(name, door): &(&str, Door)| {
        let path = file_of(&folder, name);
        let mapped = door(&path).unwrap();
        let same = mapped.saved().as_bytes() == fs::read(&path).unwrap();
        assert!(same, "{name}: not the same through a mapping");
        mapped
    };
    let held: Vec<_> = DOORS.iter().map(hold).collect();
    ready();
    wait_for_parent();
    drop(held);
}
