//! Numbers in blocks beside their peers: bits a number, reads at random positions, decoding.
//!
//! `LESSRAM_DATA` names the folder of `npm.txt` and `stream.txt`; without it only what is generated
//! is measured. Bits a number and the builders' peaks go to stderr.

use crate::race::{Random, contender, race, weigh};
use bitpacking::{BitPacker, BitPacker4x};
use lessram::arrays::{BlockInts, PackedInts};
use lessram::mem::Footprint;
use std::error::Error;
use std::path::Path;

const N: usize = 10_000_000;
const QUERIES: usize = 1_000_000;

/// Runs all data sets.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    measure("timestamps", &timestamps(), rounds)?;
    if let Some(folder) = std::env::var_os("LESSRAM_DATA") {
        let folder = Path::new(&folder);
        measure("line starts", &line_starts(&folder.join("npm.txt"))?, rounds)?;
        measure("postings", &postings(&folder.join("stream.txt"))?, rounds)?;
        measure("token lengths", &lengths(&folder.join("stream.txt"))?, rounds)?;
    }
    let mut random = Random(5);
    let gaps = (0..N).scan(0, |sum, _| {
        *sum += random.number() % 199 + 1;
        Some(*sum)
    });
    measure("random, gap 100", &gaps.collect::<Vec<_>>(), rounds)?;
    let mut random = Random(6);
    let walk = (0..N).scan(1 << 40, |at, _| {
        *at = *at + random.number() % 201 - 100;
        Some(*at)
    });
    measure("walk of 100", &walk.collect::<Vec<_>>(), rounds)
}

/// A second in milliseconds, give or take 20; breaks of up to an hour.
fn timestamps() -> Vec<u64> {
    let (mut random, mut now) = (Random(1), 1_700_000_000_000);
    let next = || {
        now += 980 + random.number() % 41;
        if random.below(10_000) == 0 {
            now += random.number() % 3_600_000;
        }
        now
    };
    std::iter::repeat_with(next).take(N).collect()
}

fn line_starts(path: &Path) -> std::io::Result<Vec<u64>> {
    let text = std::fs::read(path)?;
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    Ok(std::iter::once(0).chain(ends.map(|(at, _)| at as u64 + 1)).collect())
}

/// Where each of the tokens that occur a thousand times stands, one token after the other.
fn postings(path: &Path) -> std::io::Result<Vec<u64>> {
    let text = std::fs::read(path)?;
    let mut lists = std::collections::HashMap::<&[u8], Vec<u64>>::new();
    for (at, token) in text.split(|byte| *byte == b'\n').enumerate() {
        lists.entry(token).or_default().push(at as u64);
    }
    let mut lists: Vec<_> = lists.into_iter().filter(|(_, list)| list.len() >= 1_000).collect();
    lists.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    Ok(lists.into_iter().flat_map(|(_, list)| list).collect())
}

fn lengths(path: &Path) -> std::io::Result<Vec<u64>> {
    let text = std::fs::read(path)?;
    Ok(text.split(|byte| *byte == b'\n').map(|token| token.len() as u64).collect())
}

/// Bytes of blocks of 128 with a base and a width each, with as small headers as ours.
fn frames(numbers: &[u64]) -> u64 {
    let bits: u64 = numbers
        .chunks(128)
        .map(|block| {
            let (low, high) =
                block.iter().fold((u64::MAX, 0), |(low, high), x| (low.min(*x), high.max(*x)));
            68 + (64 - (high - low).leading_zeros() as u64) * block.len() as u64
        })
        .sum();
    bits / 8
}

fn measure(case: &str, numbers: &[u64], rounds: usize) -> Result<(), Box<dyn Error>> {
    let (bytes, blocks) = weigh(|| BlockInts::from(numbers));
    assert_eq!(bytes, blocks.heap_bytes() as u64);
    let mut builder = BlockInts::builder().sequential(true);
    builder.extend(numbers.iter().copied());
    let (steps_bytes, steps) = weigh(|| builder.finish());
    let steps_bytes = steps_bytes.max(steps.heap_bytes() as u64);
    let (packed_bytes, packed) = weigh(|| PackedInts::from(numbers));
    let each = |bytes: u64| bytes as f64 * 8.0 / numbers.len() as f64;
    let frames = frames(numbers);
    eprintln!(
        "\n{case}, {} numbers: {:.2} bits each, {:.2} with steps, {:.2} in frames ({:.2} of that), \
         {:.2} packed",
        numbers.len(),
        each(bytes),
        each(steps_bytes),
        each(frames),
        bytes as f64 / frames as f64,
        each(packed_bytes),
    );
    let mut random = Random(9);
    let positions: Vec<u32> = (0..QUERIES).map(|_| random.below(numbers.len()) as u32).collect();
    fn sum_of(positions: &[u32], get: impl Fn(usize) -> u64) -> u64 {
        positions.iter().fold(0_u64, |sum, i| sum.wrapping_add(get(*i as usize)))
    }
    let (bare_bytes, bare) = weigh(|| Bare::new(numbers));
    let gets = [
        contender("lessram", bytes, || sum_of(&positions, |i| blocks.get(i).unwrap_or(0))),
        contender("lessram, steps", steps_bytes, || {
            sum_of(&positions, |i| steps.get(i).unwrap_or(0))
        }),
        contender("packed_ints", packed_bytes, || {
            sum_of(&positions, |i| packed.get(i).unwrap_or(0))
        }),
        contender("vec_u64", 8 * numbers.len() as u64, || sum_of(&positions, |i| numbers[i])),
        contender("limit", bare_bytes, || sum_of(&positions, |i| bare.get(i))),
    ];
    race("blocks_get", case, rounds, QUERIES, true, &gets)?;
    let lemire = Lemire::new(numbers);
    let chunked = |ints: &BlockInts| {
        let mut sum = 0_u64;
        ints.for_chunks(|chunk| sum = sum.wrapping_add(chunk[chunk.len() / 2]));
        sum
    };
    let mut decodes = vec![
        contender("lessram", bytes, || chunked(&blocks)),
        contender("lessram, steps", steps_bytes, || chunked(&steps)),
    ];
    if let Some(lemire) = &lemire {
        decodes.push(contender("bitpacking_4x, u32", lemire.bytes(), || lemire.decode()));
    }
    race("blocks_decode", case, rounds, numbers.len(), false, &decodes)?;
    let builds = [
        contender("lessram", bytes, || BlockInts::from(numbers).len() as u64),
        contender("packed_ints", packed_bytes, || PackedInts::from(numbers).len() as u64),
    ];
    race("blocks_build", case, rounds.div_ceil(8), numbers.len(), true, &builds)
}

/// The least that a read from blocks can do: one header and one field, both where they are known
/// to be; no lines, no patches, headers of 16 bytes.
struct Bare {
    /// The least number, and where the fields start above 7 bits of width.
    heads: Vec<(u64, u64)>,
    fields: Vec<u8>,
}

impl Bare {
    fn new(numbers: &[u64]) -> Self {
        let mut made = Self { heads: Vec::new(), fields: Vec::new() };
        for block in numbers.chunks(128) {
            let base = block.iter().copied().min().unwrap_or(0);
            let all = block.iter().fold(0, |all, x| all | (x - base));
            let width = 64 - all.leading_zeros() as usize;
            assert!(width <= 57, "fields that one load reads");
            let start = made.fields.len();
            made.heads.push((base, ((start as u64) << 7) | width as u64));
            made.fields.resize(start + 16 * width + 8, 0);
            for (i, number) in block.iter().enumerate() {
                let place = &mut made.fields[start + i * width / 8..][..8];
                let word = u64::from_le_bytes((&*place).try_into().unwrap());
                let word = word | (number - base) << (i * width % 8);
                place.copy_from_slice(&word.to_le_bytes());
            }
            made.fields.truncate(start + 16 * width);
        }
        made.fields.resize(made.fields.len() + 8, 0);
        made.heads.shrink_to_fit();
        made.fields.shrink_to_fit();
        made
    }

    fn get(&self, index: usize) -> u64 {
        let (base, place) = self.heads[index / 128];
        let (start, width) = ((place >> 7) as usize, place as usize & 127);
        let bit = index % 128 * width;
        let word = &self.fields[start + bit / 8..][..8];
        let word = u64::from_le_bytes(word.try_into().unwrap());
        base + (word >> (bit % 8) & !(u64::MAX << width))
    }
}

/// Ascending numbers below 2^32 as sorted blocks of bitpacking's, without the places of blocks.
struct Lemire {
    packed: Vec<u8>,
    widths: Vec<u8>,
    bases: Vec<u32>,
}

impl Lemire {
    fn new(numbers: &[u64]) -> Option<Self> {
        if !numbers.is_sorted() || numbers.last().is_none_or(|last| *last > u64::from(u32::MAX)) {
            return None;
        }
        let packer = BitPacker4x::new();
        let mut made = Self { packed: Vec::new(), widths: Vec::new(), bases: Vec::new() };
        for block in numbers.chunks_exact(128) {
            let block: Vec<u32> = block.iter().map(|x| *x as u32).collect();
            let (width, at) = (packer.num_bits_sorted(block[0], &block), made.packed.len());
            made.packed.resize(at + 16 * usize::from(width), 0);
            packer.compress_sorted(block[0], &block, &mut made.packed[at..], width);
            made.widths.push(width);
            made.bases.push(block[0]);
        }
        Some(made)
    }

    fn bytes(&self) -> u64 {
        (self.packed.len() + self.widths.len() + self.bases.len() * 4) as u64
    }

    fn decode(&self) -> u64 {
        let (packer, mut out, mut at, mut sum) = (BitPacker4x::new(), [0; 128], 0, 0);
        for (width, base) in self.widths.iter().zip(&self.bases) {
            at += packer.decompress_sorted(*base, &self.packed[at..], &mut out, *width);
            sum += u64::from(out[64]);
        }
        sum
    }
}
