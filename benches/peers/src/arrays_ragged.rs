//! Rows of 9 numbers on average: ns a row, over all rows and at random ones, beside a flat `Vec`
//! with offsets in a `Vec<usize>`, and a `Vec` of `Vec`s. Peak bytes of building are printed too.

use crate::race::{Random, contender, race, weigh};
use lessram::arrays::Ragged;
use lessram::mem::{Footprint, alloc_stats, reset_peak};
use std::error::Error;

const ROWS: usize = 1_000_000;
const READS: usize = 200_000;

/// Lengths of the rows: all 9, or any below 19.
fn lengths(even: bool) -> Vec<usize> {
    let mut random = Random(9);
    (0..ROWS).map(|_| if even { 9 } else { random.below(19) }).collect()
}

/// Runs all.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for (case, even) in [("rows of 9", true), ("rows of 0 to 18", false)] {
        measure(case, &lengths(even), rounds)?;
    }
    Ok(())
}

fn measure(case: &str, lengths: &[usize], rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(11);
    let items = lengths.iter().sum();
    let flat: Vec<u64> = (0..items).map(|_| random.number() >> 20).collect();
    let offsets: Vec<usize> = std::iter::once(0)
        .chain(lengths.iter().scan(0, |end, len| {
            *end += len;
            Some(*end)
        }))
        .collect();
    let row = |i: usize| &flat[offsets[i]..offsets[i + 1]];
    reset_peak();
    let before = alloc_stats().live;
    let (bytes, ragged) = weigh(|| {
        let mut builder = Ragged::<u64>::builder(ROWS, items).expect("there is memory");
        (0..ROWS).for_each(|i| builder.push(row(i)).expect("announced"));
        builder.finish().expect("as announced")
    });
    let peak = alloc_stats().peak - before;
    assert_eq!(bytes, ragged.heap_bytes() as u64);
    eprintln!("\n{case}: {:.2} bytes a row, peak {peak}", bytes as f64 / ROWS as f64);
    let (vecs_bytes, vecs) = weigh(|| (0..ROWS).map(|i| row(i).to_vec()).collect::<Vec<_>>());
    let flat_bytes = (size_of_val(&flat[..]) + size_of_val(&offsets[..])) as u64;
    // The largest item of each row, so that rows count and not only items.
    let all = [
        contender("Ragged", bytes, || ragged.iter().map(|row| largest(row.iter())).sum()),
        contender("flat Vec, offsets", flat_bytes, || {
            offsets.windows(2).map(|ends| largest(flat[ends[0]..ends[1]].iter().copied())).sum()
        }),
        contender("Vec of Vecs", vecs_bytes, || {
            vecs.iter().map(|row| largest(row.iter().copied())).sum()
        }),
    ];
    race("ragged, all rows", case, rounds, ROWS, true, &all)?;
    let all = [
        contender("Ragged, flat()", bytes, || ragged.flat().iter().fold(0, u64::wrapping_add)),
        contender("flat Vec", flat_bytes, || flat.iter().copied().fold(0, u64::wrapping_add)),
    ];
    race("ragged, all items", case, rounds, items, true, &all)?;
    let reads: Vec<usize> = (0..READS).map(|_| random.below(ROWS)).collect();
    let all = [
        contender("Ragged", bytes, || {
            reads.iter().map(|i| ragged.get(*i).map_or(0, |row| largest(row.iter()))).sum()
        }),
        contender("flat Vec, offsets", flat_bytes, || {
            reads.iter().map(|i| largest(row(*i).iter().copied())).sum()
        }),
        contender("Vec of Vecs", vecs_bytes, || {
            reads.iter().map(|i| largest(vecs[*i].iter().copied())).sum()
        }),
    ];
    race("ragged, random rows", case, rounds, READS, true, &all)
}

/// The largest item, or 0 if there is none.
fn largest(items: impl Iterator<Item = u64>) -> u64 {
    items.fold(0, u64::max)
}
