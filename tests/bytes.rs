//! Bytes of every row beside the committed record: a growth above 1 % fails.
//!
//! `LESSRAM_BLESS=1 cargo test --features testkit --test bytes` writes the record anew; the change
//! then shows in the diff, and has to be explained.

use lessram::testkit::{data::Rng, rows};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Items of each file.
const ITEMS: [usize; 3] = [10, 1_000, 20_000];

/// A line for each row and number of items: bytes of the file of seeded data.
fn measured() -> String {
    let mut out = String::from("structure\titems\tfile_bytes\n");
    for row in rows() {
        for items in ITEMS {
            let bytes = (row.generated)(&mut Rng::new(7), items).as_bytes().len();
            writeln!(out, "{}\t{items}\t{bytes}", row.kind.name).expect("a string takes all");
        }
    }
    out
}

/// Structure, items and bytes of a line.
fn fields(line: &str) -> (&str, u64, u64) {
    let mut fields = line.split('\t');
    let name = fields.next().expect("a name");
    let mut number = || fields.next().and_then(|field| field.parse().ok()).expect("a number");
    (name, number(), number())
}

#[test]
fn no_row_grew() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bytes.tsv");
    let now = measured();
    if std::env::var_os("LESSRAM_BLESS").is_some() {
        fs::write(&path, &now).expect("the record can be written");
    }
    let record = fs::read_to_string(&path).expect("a record: write it with LESSRAM_BLESS=1");
    let find = |name: &str, items: u64| {
        let mut lines = record.lines().skip(1).map(fields);
        lines.find(|line| (line.0, line.1) == (name, items)).map(|line| line.2)
    };
    for (name, items, bytes) in now.lines().skip(1).map(fields) {
        let Some(before) = find(name, items) else {
            panic!("{name} of {items} items is not in the record: add it with LESSRAM_BLESS=1");
        };
        assert!(
            bytes * 100 <= before * 101,
            "{name} of {items}: {before} bytes before, now {bytes}"
        );
    }
}
