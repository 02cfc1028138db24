//! All rows of the registry with their laws.

use super::{RowLaws, damage, row};

macro_rules! list {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        &[$(RowLaws::of::<row::rows::$name>()),*]
    };
}

/// All rows of the registry with their laws, in its order.
#[must_use]
#[inline(never)] // else every crate that calls it compiles all laws of all rows again
pub fn rows() -> &'static [RowLaws] {
    const ROWS: &[RowLaws] = crate::family!(list);
    ROWS
}

/// The row of this name, if there is one.
#[must_use]
pub fn row_named(name: &str) -> Option<&'static RowLaws> {
    rows().iter().find(|row| row.kind.name == name)
}

/// For the fuzz target of a family (1 arrays, 2 maps ...; the upper byte of its ids): the first
/// byte picks the row, the rest is the program, and every law is run.
///
/// # Panics
///
/// If a law is broken.
#[track_caller]
pub fn run_family(family: u32, input: &[u8]) {
    let Some((first, program)) = input.split_first() else { return };
    let of_family = || rows().iter().filter(|row| row.kind.id >> 8 == family);
    let count = of_family().count();
    assert!(count > 0, "no row in family {family}");
    let row = of_family().nth(usize::from(*first) % count);
    if let Some(Err(message)) = row.map(|row| row.run(program)) {
        panic!("{message}");
    }
}

/// For the fuzz target of files: every row opens `file`, as it is, and with hashes and kind put
/// right, so that the checks behind them are reached.
///
/// # Panics
///
/// If a row panics or gives an impossible answer.
#[track_caller]
pub fn open_any(file: &[u8]) {
    for row in rows() {
        for bytes in [file.to_vec(), damage::repaired(file, row.kind.id)] {
            if let Err(message) = (row.withstand)(&bytes).answers {
                panic!("{}, opened from a strange file: {message}", row.kind.name);
            }
        }
    }
}
