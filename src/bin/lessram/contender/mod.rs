//! What is measured: the rows of the registry that fit the data, and the baselines.

/// A set that takes its keys one by one, in random order: what it is asked for, how it gives back
/// the room it does not need, and what it can do beside that.
macro_rules! inserted {
    ($shape:ty, $set:ty, |$query:ident: $asked:ty| $key:expr, $shrink:expr $(, $($more:tt)*)?) => {
        impl Structure<$shape> for $set {
            const FEED: &'static str = SHUFFLED;

            fn build(feed: &mut Feed<$shape>, _: &Plan) -> Outcome<Self> {
                let mut keys = Self::new();
                while let Some(key) = feed.next()? {
                    keys.insert(key.into());
                }
                let shrink: fn(&mut Self) = $shrink;
                shrink(&mut keys);
                Ok(keys)
            }

            fn contains(&self, $query: $asked) -> bool {
                self.contains($key)
            }

            $($($more)*)?
        }
    };
}

mod book;
mod filters;
mod ints;
mod maps;
mod pairs;
mod stream;
mod strings;

use crate::args::Kind;
use crate::dataset::{Extent, Plan};
use crate::error::{Failure, Outcome};
use crate::rows::{FAMILIES, rows};
use crate::shapes::Entry;
use crate::spool::{Feed, Shape};
use lessram::mem::Totals;
use std::path::Path;

/// A structure as the measurements see it. One implementation per contender, so that the loops are
/// compiled for each.
pub(crate) trait Structure<S: Shape>: Sized {
    /// The file of items it is fed from: in order, in random order, or as they came.
    const FEED: &'static str;
    /// Whether it answers look-ups by key.
    const LOOKS_UP: bool = true;
    /// Whether it gives items by index.
    const GETS: bool = false;
    /// Whether it finds what is there and nothing else. What is not exact finds all that is there
    /// and, at a rate that [`Plan::fpr`] promises, what is not.
    const EXACT: bool = true;

    /// Takes all items, and gives back the room it does not need.
    fn build(feed: &mut Feed<S>, plan: &Plan) -> Outcome<Self>;

    /// Whether `query` is there.
    fn contains(&self, query: S::Query<'_>) -> bool;

    /// The item at `index`, reduced to a number that needs its first byte.
    fn get(&self, index: usize) -> u64 {
        index as u64
    }

    /// How many distinct items it was fed, if that is all it can tell.
    fn estimate(&self) -> Option<f64> {
        None
    }

    /// What it says of its own bytes, if it says something.
    fn totals(&self) -> Option<Totals> {
        None
    }

    /// Bytes of its file, if it has one; `scratch` is free to write to.
    fn file_bytes(&self, _scratch: &Path) -> Outcome<Option<u64>> {
        Ok(None)
    }
}

/// Reduces a string to a number that cannot be had without reading it.
#[inline]
pub(crate) fn touch(string: &[u8]) -> u64 {
    string.len() as u64 + string.first().map_or(0, |byte| u64::from(*byte))
}

/// A structure's name in a table, and how to measure it.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Its family, if it is one of ours.
    pub(crate) family: Option<&'static str>,
    /// The line of Rust that builds it.
    pub(crate) rust: String,
    /// How it is measured.
    pub(crate) entry: Entry,
    /// Bytes an item that building it takes at worst, the item's own apart. A guess, made high.
    need: u64,
}

impl Contender {
    /// A baseline.
    fn peer<S: Shape, T: Structure<S>>(
        name: &'static str,
        need: u64,
        note: &'static str,
        rust: &'static str,
    ) -> Self {
        Self::told::<S, T>(name, need, note, rust.to_owned())
    }

    /// A baseline whose line of Rust depends on the data.
    fn told<S: Shape, T: Structure<S>>(
        name: &'static str,
        need: u64,
        note: &'static str,
        rust: String,
    ) -> Self {
        Self { name, family: None, rust, entry: Entry::of::<S, T>(note, ""), need }
    }

    /// One of ours in a form that the registry has no row for.
    fn form<S: Shape, T: Structure<S>>(
        name: &'static str,
        family: &'static str,
        note: &'static str,
        rust: &str,
    ) -> Self {
        let entry = Entry::of::<S, T>(note, "");
        Self { name, family: Some(family), rust: rust.to_owned(), entry, need: NEED }
    }

    /// One of ours that has no file.
    fn in_memory<S: Shape, T: Structure<S>>(
        name: &'static str,
        family: &'static str,
        note: &'static str,
        rust: String,
    ) -> Self {
        let entry = Entry::of::<S, T>(note, "");
        Self { name, family: Some(family), rust, entry, need: NEED_IN_MEMORY }
    }
}

/// Bytes an item that building one of ours takes beside the item itself, at worst.
const NEED: u64 = 16;

/// The same of those that own each key in a block of its own.
const NEED_IN_MEMORY: u64 = 96;

/// The rows of the registry that fit data of this kind.
fn ours(kind: Kind) -> impl Iterator<Item = Contender> {
    rows().into_iter().filter_map(move |row| {
        let (_, entry) = *row.shape.entries.iter().find(|(fits, _)| *fits == kind)?;
        let family = Some(FAMILIES[(row.kind.id >> 8) as usize % FAMILIES.len()]);
        let rust = entry.rust.replace("{}", &row.path);
        Some(Contender { name: row.kind.name, family, rust, entry, need: NEED })
    })
}

/// All that fit data of this kind.
pub(crate) fn all(kind: Kind, number_values: bool) -> Vec<Contender> {
    let peers = match kind {
        Kind::Strings => strings::peers(),
        Kind::Ints => ints::peers(),
        Kind::Stream => {
            let mut peers = stream::peers();
            peers.extend(book::stream());
            peers
        }
        Kind::Pairs if number_values => pairs::all::<u64>(),
        Kind::Pairs => pairs::all::<Vec<u8>>(),
    };
    ours(kind).chain(peers).collect()
}

/// Those of them that are named in `only`, all if it is empty.
///
/// # Errors
///
/// A usage error lists the names there are, if one does not exist.
pub(crate) fn chosen(kind: Kind, number_values: bool, only: &[String]) -> Outcome<Vec<Contender>> {
    let mut contenders = all(kind, number_values);
    if let Some(unknown) = only.iter().find(|name| contenders.iter().all(|c| c.name != **name)) {
        let names: Vec<&str> = contenders.iter().map(|contender| contender.name).collect();
        return Err(Failure::usage(format!(
            "--only: no structure for {} is called `{unknown}`: choose among {}",
            kind.name(),
            names.join(", ")
        )));
    }
    contenders.retain(|c| only.is_empty() || only.iter().any(|name| name == c.name));
    Ok(contenders)
}

/// Refuses names that no kind of data knows, before anything is read.
pub(crate) fn check_names(only: &[String]) -> Outcome<()> {
    const KINDS: [Kind; 4] = [Kind::Strings, Kind::Ints, Kind::Pairs, Kind::Stream];
    let mut names: Vec<&str> = Vec::new();
    for contender in KINDS.into_iter().flat_map(|kind| all(kind, false)) {
        if !names.contains(&contender.name) {
            names.push(contender.name);
        }
    }
    match only.iter().find(|name| !names.contains(&name.as_str())) {
        Some(unknown) => Err(Failure::usage(format!(
            "--only: no structure is called `{unknown}`: choose among {}",
            names.join(", ")
        ))),
        None => Ok(()),
    }
}

/// What holds so many bytes for each of the longest key while it is built: measured.
const DEEP: (&str, u64) = ("fst_set", 90);

/// Bytes that the hungriest child takes for so much.
pub(crate) fn need(kind: Kind, only: &[String], extent: Extent) -> u64 {
    let Extent { items, bytes, longest } = extent;
    let contenders = all(kind, false);
    let chosen = contenders.iter().filter(|c| only.is_empty() || only.iter().any(|n| n == c.name));
    let worst = chosen.clone().map(|contender| contender.need).max().unwrap_or(0);
    let has = |name: &str| chosen.clone().any(|contender| contender.name == name);
    let deepest = if kind == Kind::Strings && has(DEEP.0) { longest * DEEP.1 } else { 0 };
    // The structure, the items in memory to build it from or the longest as it is read, the queries
    // and their pointers.
    let count = Plan::queries(items as usize, bytes) as u64;
    let queries = 2 * count * (16 + bytes / items.max(1));
    2 * bytes + 3 * longest + items * (worst + 8) + queries + deepest
}
