//! The rows of the registry, with what the command does to each. The only place that expands
//! [`lessram::family!`]: a new row of a known shape needs no change in the command.

use crate::build::{self, Built};
use crate::contender::ours::{self, Measured};
use crate::error::{Failure, Outcome};
use crate::hold::{self, Hold};
use crate::input::Lines;
use lessram::registry::{Kind, Registered};
use lessram::storage::{self, Le64};
use lessram::{FileError, family};
use std::path::Path;

/// Names of the families, by the upper byte of the kind's number.
pub(crate) const FAMILIES: [&str; 6] = ["none", "arrays", "maps", "tries", "filters", "sketches"];

/// What a row is built from, and asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A sequence of numbers.
    Ints,
    /// A sequence of byte strings.
    Strings,
}

/// A row of the registry.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// Path of the type, as a user writes it.
    pub(crate) path: String,
    pub(crate) shape: Shape,
    /// As a set of the sorted distinct items.
    pub(crate) set: Measured,
    /// As a sequence of strings, if it can be one.
    pub(crate) sequence: Option<Measured>,
    /// Builds it from lines and saves it.
    pub(crate) build: fn(Lines, &Path, &build::Options) -> Outcome<Built>,
    /// Reads it onto the heap.
    pub(crate) open: fn(&Path) -> Result<Box<dyn Hold>, FileError>,
    /// Checks the whole file in memory.
    pub(crate) verify: fn(&[u8]) -> Result<(), FileError>,
}

macro_rules! list {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        vec![$(list!(@row $ty, $shape)),*]
    };
    (@row $ty:path, ints) => {
        Row {
            kind: <$ty as Registered>::KIND,
            path: path(stringify!($ty)),
            shape: Shape::Ints,
            set: ours::ints_set::<$ty>(),
            sequence: None,
            build: build::ints::<$ty>,
            open: |path| Ok(Box::new(hold::Numbers(storage::read::<$ty>(path)?))),
            verify: list!(@verify $ty),
        }
    };
    (@row $ty:path, strings) => {
        Row {
            kind: <$ty as Registered>::KIND,
            path: path(stringify!($ty)),
            shape: Shape::Strings,
            set: ours::strings_set::<$ty>(),
            sequence: Some(ours::sequence::<$ty>()),
            build: build::strings::<$ty>,
            open: |path| Ok(Box::new(hold::Texts(storage::read::<$ty>(path)?))),
            verify: list!(@verify $ty),
        }
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
