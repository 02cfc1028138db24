//! Data, oracles and laws for every structure of the registry; feature `testkit`.
//!
//! A *program* is a sequence of bytes, read as operations by [`ops`]. A *law* runs a program on one
//! row of the registry and says what broke. Random tests, fuzz targets and the replay of old
//! findings all call the same laws, over the same programs:
//!
//! ```
//! for row in lessram::testkit::rows() {
//!     row.run(b"any bytes at all").unwrap();
//! }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`data`] | seeded numbers and strings, kind and unkind |
//! | [`model`] | naive oracles |
//! | [`ops`] | bytes read as operations |
//! | [`row`] | a row as types, one for each storage |
//! | `laws_arena` | frozen into an arena, it answers as before and takes the bytes of its sections |
//! | [`laws_array`] | after every operation, the structure equals its oracle |
//! | [`laws_bits`] | a sequence of bits equals its oracle, and rank is the inverse of select |
//! | [`laws_counters`] | small counters are exact at first, and near later |
//! | [`laws_counts`] | counts of keys are never too small |
//! | [`laws_dict`] | a dictionary of keys equals a `BTreeSet`, and numbers are ranks |
//! | [`laws_dict_map`] | a map of keys that is built once equals a `BTreeMap` |
//! | [`laws_growth`] | growable vectors, which have no row, equal `Vec` |
//! | [`laws_int_set`] | sets of numbers, alone and two together |
//! | [`laws_int_set_mut`] | the set of numbers that changes, which has no row, equals `BTreeSet` |
//! | [`laws_filter`] | what was put into a filter is found |
//! | [`laws_key_ids`] | keys of a set have the numbers below their number, each once |
//! | [`laws_key_values`] | so have they values, and others hardly ever |
//! | [`laws_maps`] | maps and interners, which have no row, equal std's |
//! | [`laws_mem`] | after every operation, its bytes equal the allocator's; refusals change nothing |
//! | [`laws_persist`] | files: every storage, one form, damage |
//! | [`laws_quantiles`] | quantiles are near, in rank or in value |
//! | [`laws_counting`] | a filter that forgets is a multiset of fingerprints |
//! | [`laws_static_filter`] | so it is with filters that are built at once, in any order and memory |
//! | [`laws_sketch`] | estimates are near the truth |
//! | [`laws_static`] | sequences that are built once, and then equal their oracle |
//! | [`laws_top`] | the most frequent keys, between their bounds |
//! | [`laws_ragged`] | rows of numbers |
//! | [`laws_sorted`] | ascending numbers, by position and by value |
//! | [`damage`] | ways to damage a file |
//!
//! A new row of an existing shape needs nothing here, but a sketch its forms
//! ([`model::Forms`]). A new shape needs an oracle, its laws, and a line in `row`.

pub mod damage;
pub mod data;
// Not in the unit tests: all rows in all laws take a minute to compile, and tests/laws.rs has them.
#[cfg(not(test))]
mod family;
#[cfg(feature = "arena")]
pub mod laws_arena;
pub mod laws_array;
pub mod laws_bits;
pub mod laws_counters;
pub mod laws_counting;
pub mod laws_counts;
pub mod laws_dict;
pub mod laws_dict_map;
pub mod laws_filter;
pub mod laws_growth;
pub mod laws_int_set;
pub mod laws_int_set_mut;
pub mod laws_key_ids;
pub mod laws_key_values;
pub mod laws_maps;
pub mod laws_mem;
pub mod laws_persist;
pub mod laws_quantiles;
pub mod laws_ragged;
pub mod laws_sketch;
pub mod laws_sorted;
pub mod laws_static;
pub mod laws_static_filter;
pub mod laws_top;
pub mod model;
pub mod ops;
pub mod row;

#[cfg(not(test))]
pub use family::{open_any, row_named, rows, run_family};

use crate::registry::Kind;
use crate::storage::HeapWords;
use damage::Damage;
use laws_persist::Reaction;
use row::{Row, Verdict};
use std::format;
use std::string::String;

/// A law of a row: runs a program, and says what broke.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// Its name in messages.
    pub name: &'static str,
    check: fn(&[u8]) -> Verdict,
}

/// A row of the registry with its laws, for code that goes over all rows.
#[derive(Clone, Copy, Debug)]
pub struct RowLaws {
    /// Number and name.
    pub kind: Kind,
    /// The column `shape`.
    pub shape: &'static str,
    /// Its laws over programs.
    pub laws: [Law; 4],
    /// The file of the shape's fixed data, as this version writes it.
    pub golden: fn() -> HeapWords,
    /// Whether these bytes, of any version, hold the shape's fixed data.
    pub holds_golden: fn(&[u8]) -> Verdict,
    /// Whether it freezes into an arena at its exact size.
    #[cfg(feature = "arena")]
    pub freezes: fn() -> Verdict,
    /// Small files at the edges: empty, one item, items without content.
    pub edges: fn() -> std::vec::Vec<HeapWords>,
    /// The file of about so many items.
    pub generated: fn(&mut data::Rng, usize) -> HeapWords,
    /// Opens bytes through each door but `map`, and uses what opens in every way.
    pub withstand: fn(&[u8]) -> Reaction,
    /// Damages a file once, raw and with hashes put right, and opens both.
    pub bears: fn(&[u8], &Damage) -> Result<[Reaction; 2], String>,
}

impl RowLaws {
    /// The laws of a row.
    #[must_use]
    pub const fn of<R: Row>() -> Self {
        Self {
            kind: R::KIND,
            shape: R::SHAPE,
            laws: [
                Law { name: "follows its model", check: laws_array::follows_model::<R> },
                Law { name: "survives refusals", check: laws_mem::survives_refusals::<R> },
                Law { name: "round trips", check: laws_persist::round_trips::<R> },
                Law { name: "withstands damage", check: laws_persist::withstands_damage::<R> },
            ],
            golden: laws_persist::golden::<R>,
            holds_golden: laws_persist::holds_golden::<R>,
            #[cfg(feature = "arena")]
            freezes: laws_arena::freezes::<R>,
            edges: laws_persist::edges::<R>,
            generated: laws_persist::generated::<R>,
            withstand: laws_persist::withstand::<R>,
            bears: laws_persist::bears::<R>,
        }
    }

    /// Runs one program through one law.
    ///
    /// # Errors
    ///
    /// What broke, with the names of row and law.
    pub fn check(&self, law: &Law, program: &[u8]) -> Verdict {
        let named = |message| format!("{}, {}: {message}", self.kind.name, law.name);
        (law.check)(program).map_err(named)
    }

    /// Runs one program through all laws.
    ///
    /// # Errors
    ///
    /// What broke first, with the names of row and law.
    pub fn run(&self, program: &[u8]) -> Verdict {
        self.laws.iter().try_for_each(|law| self.check(law, program))
    }
}

/// How many cases a random test shall try: `default`, unless the variable `LESSRAM_CASES` says
/// another number, which suits the runner. Without optimisation a case takes 10 to 30 times as
/// long, and an eighth of them are tried.
#[must_use]
pub fn cases(default: u32) -> u32 {
    let set = std::env::var("LESSRAM_CASES").ok();
    let default = if cfg!(debug_assertions) { default.div_ceil(8) } else { default };
    set.and_then(|cases| cases.parse().ok()).unwrap_or(default)
}
