//! Packed numbers beside their peers: reads and writes at random positions, sums, unpacking.
//!
//! Each contender has its own memory, so that none finds the cache warmed by another. `ratio` is
//! our time over theirs.

use crate::race::{Random, contender, race, weigh};
use bitpacking::{BitPacker, BitPacker8x};
use bitvec::{field::BitField, order::Lsb0, vec::BitVec};
use fastlanes::BitPacking;
use lessram::arrays::PackedInts;
use lessram::mem::Footprint;
use simple_sds_sbwt::int_vector::IntVector;
use simple_sds_sbwt::ops::Access;
use std::error::Error;
use std::sync::Mutex;
use sucds::int_vectors::{Access as _, CompactVector};
use sux::bits::BitFieldVec;
use value_traits::slices::{SliceByValue, SliceByValueMut};

const N: usize = 10_000_000;
const QUERIES: usize = 1_000_000;

/// Runs all operations over widths.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for width in [7, 20, 33, 50, 60] {
        get(width, rounds)?;
        set(width, rounds)?;
    }
    for width in [1, 2, 4, 7, 10, 13, 16, 20, 24, 28, 32, 36, 40, 44, 48, 50, 52, 56, 57, 58] {
        scan(width, rounds)?;
    }
    for width in [59, 60, 61, 62, 63, 64] {
        scan(width, rounds)?;
    }
    for width in [5, 7, 10, 13, 16, 20, 25, 28, 32] {
        to_u32(width, rounds)?;
    }
    Ok(())
}

fn numbers(width: usize) -> Vec<u64> {
    let mut random = Random(width as u64);
    (0..N).map(|_| random.number() >> (64 - width)).collect()
}

fn positions() -> Vec<u32> {
    let mut random = Random(99);
    (0..QUERIES).map(|_| random.below(N) as u32).collect()
}

fn fields(numbers: &[u64], width: usize) -> BitFieldVec<Vec<usize>> {
    let mut fields = BitFieldVec::<Vec<usize>>::new(width, numbers.len());
    numbers.iter().enumerate().for_each(|(i, x)| fields.set_value(i, *x as usize));
    fields
}

fn sum_of(positions: &[u32], get: impl Fn(usize) -> u64) -> u64 {
    positions.iter().fold(0, |sum, i| sum.wrapping_add(get(*i as usize)))
}

fn get(width: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let (numbers, positions) = (numbers(width), positions());
    let many: Vec<usize> = positions.iter().map(|i| *i as usize).collect();
    let (bytes, packed) = weigh(|| PackedInts::from(&numbers[..]));
    assert_eq!(bytes, packed.heap_bytes() as u64);
    assert!(bytes <= (N as u64 * width as u64).div_ceil(64) * 8 + 16);
    let (sux_bytes, sux) = weigh(|| fields(&numbers, width));
    let (sucds_bytes, sucds) = weigh(|| CompactVector::from_slice(&numbers));
    let (sds_bytes, sds) = weigh(|| {
        let mut sds = IntVector::with_len(N, width, 0).unwrap();
        numbers.iter().enumerate().for_each(|(i, x)| sds.set(i, *x));
        sds
    });
    let (bits_bytes, bits) = weigh(|| {
        let mut bits = BitVec::<u64, Lsb0>::repeat(false, N * width);
        for (place, number) in bits.chunks_exact_mut(width).zip(&numbers) {
            place.store_le(*number);
        }
        bits
    });
    let contenders = [
        contender("lessram", bytes, || sum_of(&positions, |i| packed.get(i).unwrap_or(0))),
        contender("lessram, get_many()", bytes, || {
            let (mut sum, mut out) = (0_u64, [0; 512]);
            for some in many.chunks(512) {
                packed.get_many(some, &mut out);
                sum = out[..some.len()].iter().fold(sum, |sum, x| sum.wrapping_add(*x));
            }
            sum
        }),
        contender("vec_u64", 8 * N as u64, || sum_of(&positions, |i| numbers[i])),
        contender("sux", sux_bytes, || sum_of(&positions, |i| sux.index_value(i) as u64)),
        contender("sucds", sucds_bytes, || sum_of(&positions, |i| sucds.access(i).unwrap_or(0))),
        contender("simple_sds", sds_bytes, || sum_of(&positions, |i| sds.get(i))),
        contender("bitvec", bits_bytes, || {
            sum_of(&positions, |i| bits[i * width..(i + 1) * width].load_le())
        }),
    ];
    race("packed_get", &format!("{width} bits"), rounds, QUERIES, true, &contenders)
}

fn set(width: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let (mut numbers, positions) = (numbers(width), positions());
    let packed = Mutex::new(PackedInts::from(&numbers[..]));
    let sux = Mutex::new(fields(&numbers, width));
    let bytes = Mutex::new(vec![0_u8; (N * width).div_ceil(8) + 8]);
    numbers.truncate(N);
    let plain = Mutex::new(numbers);
    let mask = u64::MAX >> (64 - width);
    let contenders = [
        contender("lessram", 0, || {
            let mut packed = packed.lock().unwrap();
            positions.iter().for_each(|i| packed.set(*i as usize, u64::from(*i) & mask));
            packed.len() as u64
        }),
        contender("vec_u64", 0, || {
            let mut plain = plain.lock().unwrap();
            positions.iter().for_each(|i| plain[*i as usize] = u64::from(*i) & mask);
            plain.len() as u64
        }),
        contender("sux", 0, || {
            let mut sux = sux.lock().unwrap();
            let value = |i: u32| (u64::from(i) & mask) as usize;
            positions.iter().for_each(|i| sux.set_value(*i as usize, value(*i)));
            sux.len() as u64
        }),
        // The least that can be done: eight bytes read, changed and written, nothing checked but
        // their place. Numbers of more than 57 bits that spread over nine bytes are cut.
        contender("limit", 0, || {
            let mut bytes = bytes.lock().unwrap();
            for i in &positions {
                let bit = *i as usize * width;
                let place = &mut bytes[bit / 8..bit / 8 + 8];
                let old = u64::from_le_bytes((&*place).try_into().unwrap());
                let new = old & !(mask << (bit & 7)) | (u64::from(*i) & mask) << (bit & 7);
                place.copy_from_slice(&new.to_le_bytes());
            }
            N as u64
        }),
    ];
    race("packed_set", &format!("{width} bits"), rounds, QUERIES, true, &contenders)
}

fn scan(width: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let numbers = numbers(width);
    let packed = PackedInts::from(&numbers[..]);
    let sux = fields(&numbers, width);
    let contenders = [
        contender("lessram, sum()", 0, || packed.sum() as u64),
        contender("lessram, for_chunks()", 0, || {
            let mut sum = 0_u64;
            packed.for_chunks(|chunk| {
                sum = chunk.iter().fold(sum, |sum, number| sum.wrapping_add(*number));
            });
            sum
        }),
        contender("lessram, get()", 0, || {
            (0..N).fold(0, |sum, i| sum.wrapping_add(packed.get(i).unwrap_or(0)))
        }),
        contender("vec_u64", 0, || numbers.iter().fold(0, |sum, x| sum.wrapping_add(*x))),
        contender("sux", 0, || sux.iter().fold(0, |sum, x| sum.wrapping_add(x as u64))),
    ];
    race("packed_scan", &format!("{width} bits"), rounds, N, true, &contenders)?;
    let ends = |(min, max): (u64, u64)| min ^ max;
    let contenders = [
        contender("lessram", 0, || packed.min_max().map_or(0, ends)),
        contender("vec_u64", 0, || {
            ends(numbers.iter().fold((u64::MAX, 0), |(min, max), x| (min.min(*x), max.max(*x))))
        }),
    ];
    race("packed_min_max", &format!("{width} bits"), rounds, N, true, &contenders)
}

fn to_u32(width: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let numbers = numbers(width);
    let packed = PackedInts::from(&numbers[..]);
    let small: Vec<u32> = numbers.iter().map(|x| *x as u32).collect();
    let bits = width as u8;
    let (lemire, mut blocks) = (BitPacker8x::new(), Vec::new());
    for block in small.chunks_exact(256) {
        let at = blocks.len();
        blocks.resize(at + 32 * width, 0);
        lemire.compress(block, &mut blocks[at..], bits);
    }
    let mut lanes = Vec::new();
    for block in small.chunks_exact(1024) {
        let at = lanes.len();
        lanes.resize(at + 32 * width, 0);
        // SAFETY: 1,024 numbers take 32 words of 32 bits for each bit of their width.
        unsafe { u32::unchecked_pack(width, block, &mut lanes[at..]) };
    }
    // Whole blocks of each; what is unpacked goes to a buffer that stays in the nearest cache.
    let whole = N / 1024 * 1024;
    let ends = |out: &[u32]| u64::from(out[0]) + u64::from(out[out.len() - 1]);
    let contenders = [
        contender("lessram", 0, || {
            let (mut out, mut sum) = ([0; 1024], 0);
            for start in (0..whole).step_by(1024) {
                packed.unpack_u32(start, &mut out);
                sum += ends(&out);
            }
            sum
        }),
        contender("fastlanes", 0, || {
            let (mut out, mut sum) = ([0; 1024], 0);
            for block in lanes.chunks_exact(32 * width) {
                // SAFETY: as above.
                unsafe { u32::unchecked_unpack(width, block, &mut out) };
                sum += ends(&out);
            }
            sum
        }),
        contender("bitpacking_8x", 0, || {
            let (mut out, mut sum) = ([0; 1024], 0);
            for block in blocks[..whole / 8 * width].chunks_exact(128 * width) {
                for (part, out) in block.chunks_exact(32 * width).zip(out.chunks_exact_mut(256)) {
                    lemire.decompress(part, out, bits);
                }
                sum += ends(&out);
            }
            sum
        }),
    ];
    race("packed_to_u32", &format!("{width} bits"), rounds, whole, true, &contenders)
}
