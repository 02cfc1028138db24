//! Seeded data: numbers of several distributions, words, and strings that break naive code.
//!
//! The same seed gives the same data on every machine, so that a failure there is one here too.

use std::vec;
use std::vec::Vec;

/// SplitMix64: small, fast, and good enough to choose test data.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The sequence of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, any of 2^64.
    pub const fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number below `end`; 0 if `end` is 0. The remainder's bias does not matter here.
    pub const fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.number() % end as u64) as usize }
    }

    /// The next number of at most `bits <= 64` bits.
    pub const fn bits(&mut self, bits: u32) -> u64 {
        if bits == 0 { 0 } else { self.number() >> (64 - bits) }
    }

    /// `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number() as u8).collect()
    }
}

/// `len` numbers of a distribution that `rng` picks.
#[must_use]
pub fn ints(rng: &mut Rng, len: usize) -> Vec<u64> {
    let width = 1 + rng.below(64) as u32;
    match rng.below(8) {
        0 => vec![0; len],
        1 => vec![rng.bits(width); len],
        2 => (0..len).map(|_| rng.bits(width)).collect(),
        // Small numbers with few outliers, which widen everything.
        3 => {
            (0..len).map(|_| if rng.below(100) == 0 { rng.number() } else { rng.bits(7) }).collect()
        }
        4 => ascending(rng, len, 8),
        5 => ascending(rng, len, 40),
        // The edges of every width.
        6 => (0..len).map(|_| edge(rng)).collect(),
        // Every width alike.
        _ => (0..len)
            .map(|_| {
                let width = rng.below(65) as u32;
                rng.bits(width)
            })
            .collect(),
    }
}

/// A power of two, or one more or less.
fn edge(rng: &mut Rng) -> u64 {
    (1_u64 << rng.below(64)).wrapping_add(rng.below(3) as u64).wrapping_sub(1)
}

fn ascending(rng: &mut Rng, len: usize, gap_bits: u32) -> Vec<u64> {
    let mut last = 0_u64;
    (0..len)
        .map(|_| {
            last = last.saturating_add(rng.bits(gap_bits));
            last
        })
        .collect()
}

/// A word of one to four syllables.
#[must_use]
pub fn word(rng: &mut Rng) -> Vec<u8> {
    const SYLLABLES: [&str; 16] = [
        "ba", "con", "der", "el", "fi", "gar", "hu", "in", "ka", "lor", "mi", "nest", "o", "pra",
        "sy", "tion",
    ];
    (0..1 + rng.below(4)).flat_map(|_| SYLLABLES[rng.below(16)].bytes()).collect()
}

/// `len` byte strings of a kind that `rng` picks.
#[must_use]
pub fn strings(rng: &mut Rng, len: usize) -> Vec<Vec<u8>> {
    match rng.below(7) {
        0 => vec![Vec::new(); len],
        1 => vec![word(rng); len],
        2 | 3 => (0..len).map(|_| word(rng)).collect(),
        4 => (0..len)
            .map(|_| {
                let bytes = rng.below(20);
                rng.bytes(bytes)
            })
            .collect(),
        // Each one more than the start of the one before: prefixes of each other.
        5 => {
            let whole = rng.bytes(40);
            (0..len).map(|_| whole[..rng.below(41)].to_vec()).collect()
        }
        _ => (0..len).map(|_| adversarial(rng.below(ADVERSARIAL))).collect(),
    }
}

/// How many [`adversarial`] strings there are.
pub const ADVERSARIAL: usize = 20;

/// String `index % ADVERSARIAL` of those that break naive code: empty, NUL, 0xFF, not UTF-8, long,
/// around the length of a word, prefixes of each other.
#[must_use]
pub fn adversarial(index: usize) -> Vec<u8> {
    match index % ADVERSARIAL {
        0 => vec![],
        1 => vec![0],
        2 => vec![0, 0],
        3 => vec![0xFF],
        4 => vec![0xFF; 9],
        5 => b"a".to_vec(),
        6 => b"a\0".to_vec(),
        7 => b"a\0b".to_vec(),
        8 => b"ab".to_vec(),
        9 => b"abcdefg".to_vec(),
        10 => b"abcdefgh".to_vec(),
        11 => b"abcdefghi".to_vec(),
        12 => "\u{e9}\u{4e2d}\u{1f980}".into(),
        13 => vec![0xC3],
        14 => vec![b'a'; 255],
        15 => vec![b'a'; 256],
        16 => [vec![b'a'; 256], vec![0]].concat(),
        17 => [vec![b'a'; 255], vec![b'b']].concat(),
        18 => vec![b'z'; 3_000],
        _ => b"\r\n\t,\"'".to_vec(),
    }
}
