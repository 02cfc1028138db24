//! The rows of the registry, with what the command does to each. The only place that expands
//! [`lessram::family!`]: a new row of a known shape needs no change in the command, a new shape one
//! module of [`shapes`].

use crate::error::{Failure, Outcome};
use crate::shapes::{self, Shape};
use lessram::registry::{Kind, Registered};
use lessram::storage::{self, Le64};
use lessram::{FileError, family};
use std::path::Path;

/// Names of the families, by the upper byte of the kind's number.
pub(crate) const FAMILIES: [&str; 6] = ["none", "arrays", "maps", "tries", "filters", "sketches"];

/// A row of the registry.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// Path of the type, as a user writes it.
    pub(crate) path: String,
    /// How it is measured, built and asked.
    pub(crate) shape: Shape,
    /// Checks the whole file in memory.
    pub(crate) verify: fn(&[u8]) -> Result<(), FileError>,
}

macro_rules! list {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        vec![$(
            Row {
                kind: <$ty as Registered>::KIND,
                path: path(stringify!($ty)),
                shape: shapes::$shape::of::<$ty>(),
                verify: list!(@verify $ty),
            }
        ),*]
    };
    (@verify $ty:path) => {{
        use $ty as Type;
        fn verify(bytes: &[u8]) -> Result<(), FileError> {
            storage::verify::<Type<&[Le64]>>(bytes)
        }
        verify
    }};
}

/// A path as the macro got it, as a user writes it.
fn path(tokens: &str) -> String {
    tokens.replace(' ', "").replace("$crate", "lessram")
}

impl Row {
    /// Refuses options that were `given` and mean nothing to this structure.
    pub(crate) fn check_options(&self, given: &[(&str, bool)]) -> Outcome<()> {
        let foreign = |(option, given): &&(&str, bool)| *given && !self.takes(option);
        let Some((option, _)) = given.iter().find(foreign) else { return Ok(()) };
        let all = rows();
        let names = all.iter().filter(|row| row.takes(option)).map(|row| row.kind.name);
        let names = names.collect::<Vec<_>>().join(", ");
        Err(Failure::usage(format!("{option}: is for {names}, not for {}", self.kind.name)))
    }

    fn takes(&self, option: &str) -> bool {
        self.shape.options.contains(&option)
    }
}

/// The row of a kind of this name.
pub(crate) fn named(name: &str) -> Outcome<Row> {
    rows().into_iter().find(|row| row.kind.name == name).ok_or_else(|| {
        let names: Vec<&str> = rows().iter().map(|row| row.kind.name).collect();
        Failure::usage(format!(
            "no structure is called `{name}`: choose among {}",
            names.join(", ")
        ))
    })
}

/// The row of a kind of this number, as found in the file at `path`.
pub(crate) fn numbered(id: u32, path: &Path) -> Outcome<Row> {
    rows().into_iter().find(|row| row.kind.id == id).ok_or_else(|| {
        let message =
            format!("holds kind {id:#06x}, which this build does not know: update lessram");
        Failure::file(path, message)
    })
}

/// The rows, in the order of the registry.
pub(crate) fn rows() -> Vec<Row> {
    family!(list)
}
