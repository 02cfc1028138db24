//! Interners: bytes, interning new and known strings, look-ups of absent ones, resolving (and
//! reading what was resolved), beside lasso and string-interner with the same hash function.
//!
//! The strings are those of the file that the variable `LESSRAM_DATA` names, one a line, or else
//! made up.

use crate::race::{Random, contender, race, weigh};
use lasso::{Rodeo, Spur};
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::Interner;
use lessram::mem::Footprint;
use std::error::Error;
use std::hint::black_box;
use string_interner::symbol::SymbolU32;
use string_interner::{StringInterner, backend::StringBackend};

type Lasso = Rodeo<Spur, DefaultHashBuilder>;
type Backed = StringInterner<StringBackend<SymbolU32>, DefaultHashBuilder>;

const QUERIES: usize = 1_000_000;

/// Runs over the file, or over made-up strings of three numbers.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let Some(path) = std::env::var_os("LESSRAM_DATA") else {
        for n in [10_000, 100_000, 1_000_000] {
            let mut random = Random(n);
            let strings = (0..n).map(|_| format!("{:011x}", random.number() >> 20)).collect();
            strings_of(&format!("hexadecimal, n {n}"), strings, rounds)?;
        }
        return Ok(());
    };
    let mut strings: Vec<String> = std::fs::read_to_string(path)?.lines().map(From::from).collect();
    strings.sort_unstable();
    strings.dedup();
    let mut random = Random(1);
    for i in (1..strings.len()).rev() {
        strings.swap(i, random.below(i + 1));
    }
    strings_of(&format!("file, n {}", strings.len()), strings, rounds)
}

fn strings_of(case: &str, strings: Vec<String>, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(7);
    let places: Vec<usize> = (0..QUERIES).map(|_| random.below(strings.len())).collect();
    let hits: Vec<&str> = places.iter().map(|place| &*strings[*place]).collect();
    let absent: Vec<String> = hits.iter().map(|hit| format!("{hit}\u{1}")).collect();
    let hash = DefaultHashBuilder::default();

    let fill = || {
        let mut interner = Interner::with_hasher(hash);
        strings.iter().for_each(|string| _ = black_box(interner.intern(string)));
        interner
    };
    let fill_lasso = || {
        let mut interner = Lasso::with_hasher(hash);
        strings.iter().for_each(|string| _ = black_box(interner.get_or_intern(string)));
        interner
    };
    let fill_backed = || {
        let mut interner = Backed::with_hasher(hash);
        strings.iter().for_each(|string| _ = black_box(interner.get_or_intern(string)));
        interner
    };
    let (our_bytes, ours) = weigh(fill);
    let (lasso_bytes, lasso) = weigh(fill_lasso);
    let (backed_bytes, backed) = weigh(fill_backed);
    assert_eq!(our_bytes, ours.heap_bytes() as u64);
    let spurs: Vec<Spur> = hits.iter().filter_map(|hit| lasso.get(hit)).collect();
    let symbols: Vec<SymbolU32> = hits.iter().filter_map(|hit| backed.get(hit)).collect();
    let ids: Vec<u32> = hits.iter().filter_map(|hit| ours.get(hit)).collect();
    let length = |string: Option<usize>| string.unwrap_or(0) as u64;

    /// One line for each contender: what it does.
    macro_rules! each {
        ($ours:expr, $lasso:expr, $backed:expr) => {
            [
                contender("lessram", our_bytes, $ours),
                contender("lasso", lasso_bytes, $lasso),
                contender("string_interner", backed_bytes, $backed),
            ]
        };
    }
    let intern =
        each!(|| fill().len() as u64, || fill_lasso().len() as u64, || fill_backed().len() as u64);
    race("interner_intern_new", case, rounds, strings.len(), true, &intern)?;
    let hit = each!(
        || hits.iter().filter(|hit| ours.get(hit).is_some()).count() as u64,
        || hits.iter().filter(|hit| lasso.get(hit).is_some()).count() as u64,
        || hits.iter().filter(|hit| backed.get(hit).is_some()).count() as u64
    );
    race("interner_get_hit", case, rounds, QUERIES, true, &hit)?;
    let miss = each!(
        || absent.iter().filter(|string| ours.get(string).is_some()).count() as u64,
        || absent.iter().filter(|string| lasso.get(string).is_some()).count() as u64,
        || absent.iter().filter(|string| backed.get(string).is_some()).count() as u64
    );
    race("interner_get_miss", case, rounds, QUERIES, true, &miss)?;
    let resolve = each!(
        || ids.iter().map(|id| length(ours.resolve(*id).map(<[u8]>::len))).sum(),
        || spurs.iter().map(|spur| length(lasso.try_resolve(spur).map(str::len))).sum(),
        || symbols.iter().map(|symbol| length(backed.resolve(*symbol).map(str::len))).sum()
    );
    race("interner_resolve", case, rounds, QUERIES, true, &resolve)?;
    let first = |string: Option<&[u8]>| u64::from(*string.and_then(<[u8]>::first).unwrap_or(&0));
    let read = each!(
        || ids.iter().map(|id| first(ours.resolve(*id))).sum(),
        || spurs.iter().map(|spur| first(lasso.try_resolve(spur).map(str::as_bytes))).sum(),
        || symbols.iter().map(|symbol| first(backed.resolve(*symbol).map(str::as_bytes))).sum()
    );
    race("interner_resolve_read", case, rounds, QUERIES, true, &read)
}
