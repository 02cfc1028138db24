//! Ways to damage a `.lram` file, and to put its hashes right again, so that the checks behind the
//! hashes are reached too.
//!
//! The positions here are those of `docs/FORMAT.md`, written down a second time on purpose.

use super::data::Rng;
use crate::error::Tag;
use crate::hashing;
use crate::storage::{HEADER_BYTES, Le64, MAGIC, MAJOR, ROW_BYTES, as_bytes};
use std::vec;
use std::vec::Vec;

/// Bytes at an address divisible by 8, as views want them.
#[derive(Clone, Debug)]
pub struct Aligned {
    words: Vec<Le64>,
    len: usize,
}

impl Aligned {
    /// A copy of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let word = |chunk: &[u8]| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            Le64::new(u64::from_le_bytes(word))
        };
        Self { words: bytes.chunks(8).map(word).collect(), len: bytes.len() }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &as_bytes(&self.words)[..self.len]
    }
}

/// A number written over a field of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Position in the file.
    pub at: usize,
    /// Bytes of the field, 1 to 8.
    pub bytes: usize,
    /// What is written, as far as it fits.
    pub value: u64,
}

/// One way to damage a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// One bit is flipped.
    Flip {
        /// Which: bit `bit % 8` of byte `bit / 8`.
        bit: usize,
    },
    /// Only the first bytes are left.
    Cut {
        /// How many.
        len: usize,
    },
    /// Zeros are appended.
    Longer {
        /// How many.
        by: usize,
    },
    /// Fields are overwritten.
    Writes(Vec<Write>),
}

impl Damage {
    /// The damaged file.
    #[must_use]
    pub fn apply(&self, file: &[u8]) -> Vec<u8> {
        let mut bytes = file.to_vec();
        match self {
            Self::Flip { bit } => bytes[bit / 8] ^= 1 << (bit % 8),
            Self::Cut { len } => bytes.truncate(*len),
            Self::Longer { by } => bytes.resize(file.len() + by, 0),
            Self::Writes(writes) => {
                for write in writes {
                    let field = &mut bytes[write.at..write.at + write.bytes];
                    field.copy_from_slice(&write.value.to_le_bytes()[..write.bytes]);
                }
            }
        }
        bytes
    }
}

/// Every bit flipped, or about `budget` of them where there are more.
#[must_use]
pub fn flips(file: &[u8], budget: usize, rng: &mut Rng) -> Vec<Damage> {
    let bits = file.len() * 8;
    if bits <= budget {
        return (0..bits).map(|bit| Damage::Flip { bit }).collect();
    }
    (0..budget).map(|_| Damage::Flip { bit: rng.below(bits) }).collect()
}

/// Tells `each` of every bit flipped, with hashes put right and at an address that views want.
#[cfg(all(test, feature = "std"))]
pub(crate) fn each_flip(file: &[u8], mut each: impl FnMut(usize, &[u8])) {
    for bit in 0..file.len() * 8 {
        let mut bytes = Damage::Flip { bit }.apply(file);
        rehash(&mut bytes);
        each(bit, Aligned::new(&bytes).bytes());
    }
}

/// Every proper prefix, or about `budget` of them where there are more; and some zeros too many.
#[must_use]
pub fn cuts(file: &[u8], budget: usize, rng: &mut Rng) -> Vec<Damage> {
    let longer = [1, 8, 64, 4096].map(|by| Damage::Longer { by });
    let len = file.len();
    let cuts: Vec<_> = if len <= budget {
        (0..len).map(|len| Damage::Cut { len }).collect()
    } else {
        (0..budget).map(|_| Damage::Cut { len: rng.below(len) }).collect()
    };
    longer.into_iter().chain(cuts).collect()
}

/// Header, table and parameters overwritten with numbers that break naive checks: one field at a
/// time, then the item count together with each parameter, then the file's length together with
/// that of each section.
#[must_use]
pub fn writes(file: &[u8]) -> Vec<Damage> {
    let mut all = Vec::new();
    for (at, bytes) in fields(file) {
        let old = read(file, at, bytes);
        for value in suspects(old, file.len() as u64) {
            let cut = value & (u64::MAX >> (64 - 8 * bytes));
            if cut != old {
                all.push(Damage::Writes(vec![Write { at, bytes, value: cut }]));
            }
        }
    }
    for row in table(file) {
        for top in [u64::MAX - 7, u64::MAX - 63, 1 << 63, 1 << 40, file.len() as u64 + 8] {
            let len = top.wrapping_sub(read(file, row + 8, 8));
            let len = Write { at: row + 16, bytes: 8, value: len };
            all.push(Damage::Writes(vec![Write { at: FILE_LEN, bytes: 8, value: top }, len]));
        }
    }
    for at in parameters(file) {
        for count in [1 << 20, 1 << 32, 1 << 58, 1 << 60, 1 << 63, u64::MAX - 1] {
            for value in [count, count + 1] {
                let items = Write { at: ITEMS, bytes: 8, value: count };
                all.push(Damage::Writes(vec![items, Write { at, bytes: 8, value }]));
            }
        }
    }
    all
}

/// About `budget` of `damages`, evenly spread; all where there are no more.
#[must_use]
pub fn spread(damages: Vec<Damage>, budget: usize, rng: &mut Rng) -> Vec<Damage> {
    let step = damages.len().div_ceil(budget.max(1)).max(1);
    damages.into_iter().skip(rng.below(step)).step_by(step).collect()
}

/// Where the header states the number of sections.
const SECTIONS: usize = 20;
/// Where the header states the file's length.
const FILE_LEN: usize = 24;
/// Where the header states the number of items.
const ITEMS: usize = 32;
/// Where the header states its hash.
const HEAD_HASH: usize = 56;

/// The number in the `bytes <= 8` bytes at `at`; 0 where the file ends before.
fn read(file: &[u8], at: usize, bytes: usize) -> u64 {
    let mut word = [0; 8];
    let field = at.checked_add(bytes).and_then(|end| file.get(at..end));
    field.map_or(0, |field| {
        word[..bytes].copy_from_slice(field);
        u64::from_le_bytes(word)
    })
}

/// Where the rows of the table stand, as many as the file has room for.
fn table(file: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let room = file.len().saturating_sub(HEADER_BYTES) / ROW_BYTES;
    let rows = (read(file, SECTIONS, 4) as usize).min(room);
    (0..rows).map(|row| HEADER_BYTES + row * ROW_BYTES)
}

/// The bytes that a row of the table describes, if the file has them.
fn section(file: &[u8], row: usize) -> Option<core::ops::Range<usize>> {
    let start = usize::try_from(read(file, row + 8, 8)).ok()?;
    let end = start.checked_add(usize::try_from(read(file, row + 16, 8)).ok()?)?;
    (end <= file.len()).then_some(start..end)
}

/// The fields of header, table and parameters: position and size.
fn fields(file: &[u8]) -> Vec<(usize, usize)> {
    let mut fields = vec![(8, 2), (10, 2), (12, 4), (16, 4), (SECTIONS, 4)];
    fields.extend([FILE_LEN, ITEMS, 40, 48].map(|at| (at, 8)));
    for row in table(file) {
        fields.extend([(row, 4), (row + 4, 1), (row + 5, 1), (row + 6, 2)]);
        fields.extend([row + 8, row + 16, row + 24].map(|at| (at, 8)));
    }
    fields.extend(parameters(file).into_iter().map(|at| (at, 8)));
    fields
}

/// Where the words of the section `meta` stand.
fn parameters(file: &[u8]) -> Vec<usize> {
    let meta = u64::from(Tag(*b"meta").to_u32());
    let is_meta = |row: &usize| read(file, *row, 4) == meta;
    let words = table(file).find(is_meta).and_then(|row| section(file, row));
    words.map_or_else(Vec::new, |words| words.step_by(8).collect())
}

/// Numbers that break naive checks where `old` was right.
fn suspects(old: u64, len: u64) -> Vec<u64> {
    let near = [old.wrapping_add(1), old.wrapping_sub(1), old.wrapping_mul(2), old / 2];
    let near_words = [old.wrapping_add(8), old.wrapping_sub(8), old.wrapping_add(64)];
    let small = [0, 1, 2, 4, 7, 8, 9, 63, 64, 65, 128, 256, 257, len, len + 8, len - 8];
    let edges = [16, 31, 32, 33, 58, 60, 61, 63].map(|bit| 1_u64 << bit);
    let top = [u64::MAX, u64::MAX - 1, u64::MAX - 7, u64::MAX - 63, u64::MAX / 8, u64::MAX / 64];
    let mut all = [&near[..], &near_words, &small, &edges, &top].concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// Puts the hashes of all sections and of the header right, as far as the table makes sense.
pub fn rehash(file: &mut [u8]) {
    if file.len() < HEADER_BYTES {
        return;
    }
    let mut end = HEADER_BYTES;
    for row in table(file) {
        if let Some(bytes) = section(file, row) {
            let hash = hashing::xxh3(&file[bytes], read(file, row, 4));
            file[row + 24..row + 32].copy_from_slice(&hash.to_le_bytes());
        }
        end = row + ROW_BYTES;
    }
    let hash = hashing::xxh3_of_two(&file[..HEAD_HASH], &file[HEADER_BYTES..end]);
    file[HEAD_HASH..HEADER_BYTES].copy_from_slice(&hash.to_le_bytes());
}

/// Any bytes with magic, version, kind, length and hashes put right.
#[must_use]
pub fn repaired(file: &[u8], kind: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    if file.len() >= HEADER_BYTES {
        file[..8].copy_from_slice(&MAGIC);
        file[8..10].copy_from_slice(&MAJOR.to_le_bytes());
        file[16..20].copy_from_slice(&kind.to_le_bytes());
        let len = file.len() as u64;
        file[FILE_LEN..FILE_LEN + 8].copy_from_slice(&len.to_le_bytes());
        rehash(&mut file);
    }
    file
}

/// The file as a later minor version might write it: with a section that nobody here knows.
#[must_use]
pub fn with_unknown_section(file: &[u8]) -> Vec<u8> {
    let rows: Vec<_> = table(file).collect();
    let mut head = file[..HEADER_BYTES + rows.len() * ROW_BYTES].to_vec();
    head[10..12].copy_from_slice(&u16::MAX.to_le_bytes());
    head[SECTIONS..SECTIONS + 4].copy_from_slice(&(rows.len() as u32 + 1).to_le_bytes());
    head.extend_from_slice(b"new!\x08\x06\0\0");
    head.resize(head.len() + ROW_BYTES - 8, 0);
    let mut body = Vec::new();
    let bodies = rows.iter().filter_map(|row| section(file, *row)).map(|range| &file[range]);
    for (index, words) in bodies.chain([&[7; 24][..]]).enumerate() {
        let at = (head.len() + body.len()).next_multiple_of(64);
        body.resize(at - head.len(), 0);
        body.extend_from_slice(words);
        let row = HEADER_BYTES + index * ROW_BYTES;
        head[row + 8..row + 16].copy_from_slice(&(at as u64).to_le_bytes());
        head[row + 16..row + 24].copy_from_slice(&(words.len() as u64).to_le_bytes());
    }
    let mut whole = [head, body].concat();
    let len = whole.len() as u64;
    whole[FILE_LEN..FILE_LEN + 8].copy_from_slice(&len.to_le_bytes());
    rehash(&mut whole);
    whole
}
