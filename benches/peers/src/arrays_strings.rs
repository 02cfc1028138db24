//! Strings by random number, one by one and many at once: of `words.txt` in the folder that
//! `LESSRAM_DATA` names, else a million made up. Beside a text with offsets of 32 bits, and
//! `Vec<Box<str>>`.

use crate::race::{Random, contender, race, weigh};
use lessram::arrays::StrArray;
use lessram::mem::Footprint;
use std::error::Error;
use std::path::Path;

const QUERIES: usize = 1_000_000;
/// Strings that are asked for at once.
const MANY: usize = 512;

/// Runs all.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let text = match std::env::var_os("LESSRAM_DATA") {
        Some(folder) => std::fs::read(Path::new(&folder).join("words.txt"))?,
        None => made_up(),
    };
    let words: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|w| !w.is_empty()).collect();
    let payload: usize = words.iter().map(|word| word.len()).sum();
    let built = || words.iter().collect::<StrArray>();
    let (bytes, plain) = weigh(built);
    let (small_bytes, small) = weigh(|| {
        let mut strings = built();
        strings.compress_offsets();
        strings
    });
    assert_eq!([bytes, small_bytes], [plain.heap_bytes() as u64, small.heap_bytes() as u64]);
    let each = |bytes: u64| (bytes as f64 - payload as f64) / words.len() as f64;
    eprintln!(
        "\n{} strings of {:.2} bytes: {:.2} bytes more each, {:.2} with compressed offsets",
        words.len(),
        payload as f64 / words.len() as f64,
        each(bytes),
        each(small_bytes),
    );
    let blob: Vec<u8> = words.concat();
    let offsets: Vec<u32> = std::iter::once(0)
        .chain(words.iter().scan(0, |end, word| {
            *end += word.len() as u32;
            Some(*end)
        }))
        .collect();
    let (boxed_bytes, boxed) =
        weigh(|| words.iter().map(|word| Box::<[u8]>::from(*word)).collect::<Vec<_>>());
    let mut random = Random(7);
    let reads: Vec<usize> = (0..QUERIES).map(|_| random.below(words.len())).collect();
    let one_by_one = |strings: &StrArray| {
        reads.iter().fold(0_u64, |sum, i| sum + strings.get(*i).map_or(0, ends))
    };
    let many = |strings: &StrArray| {
        let mut sum = 0_u64;
        for some in reads.chunks(MANY) {
            let mut out: [&[u8]; MANY] = [&[]; MANY];
            strings.get_many(some, &mut out[..some.len()]);
            sum += out[..some.len()].iter().map(|word| ends(word)).sum::<u64>();
        }
        sum
    };
    let flat_bytes = (blob.len() + size_of_val(&offsets[..])) as u64;
    let contenders = [
        contender("get_many()", bytes, || many(&plain)),
        contender("get()", bytes, || one_by_one(&plain)),
        contender("compressed, get_many()", small_bytes, || many(&small)),
        contender("compressed, get()", small_bytes, || one_by_one(&small)),
        contender("offsets of 32 bits", flat_bytes, || {
            let word = |i: usize| &blob[offsets[i] as usize..offsets[i + 1] as usize];
            reads.iter().fold(0, |sum, i| sum + ends(word(*i)))
        }),
        contender("Vec of boxes", boxed_bytes, || {
            reads.iter().fold(0, |sum, i| sum + ends(&boxed[*i]))
        }),
    ];
    race("strings", "random", rounds, QUERIES, true, &contenders)
}

/// What is read of each string: its length, its first byte and its last one.
fn ends(word: &[u8]) -> u64 {
    let [first, last] =
        [word.first(), word.last()].map(|byte| u64::from(byte.copied().unwrap_or(0)));
    word.len() as u64 + first + last
}

/// A million strings of 1 to 20 letters.
fn made_up() -> Vec<u8> {
    let mut random = Random(3);
    let mut text = Vec::new();
    for _ in 0..1_000_000 {
        for _ in 0..=random.below(20) {
            text.push(b'a' + random.below(26) as u8);
        }
        text.push(b'\n');
    }
    text
}
