//! Packed numbers by random position: ns per read, beside `Vec<u64>`, sux and bitvec.
//!
//! `limit` is a loop without the structure: one load, a shift and a mask for each number. Where it
//! is far from `vec_u64`, a core waits for fewer reads at once, as each has more steps behind it.
//!
//! Each contender has its own memory, so that none finds the cache warmed by another. `ratio` is
//! our time over theirs.

use crate::race::{Random, contender, race, weigh};
use bitvec::field::BitField;
use bitvec::order::Lsb0;
use bitvec::vec::BitVec;
use lessram::arrays::PackedInts;
use lessram::mem::Footprint;
use std::error::Error;
use sux::bits::BitFieldVec;
use value_traits::slices::{SliceByValue, SliceByValueMut};

const N: usize = 10_000_000;
const QUERIES: usize = 1_000_000;

/// Runs all widths, in memory and in cache.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for width in [7, 20, 33, 50, 60] {
        for n in [N / 500, N] {
            get(width, n, rounds)?;
        }
    }
    Ok(())
}

fn get(width: usize, n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(width as u64);
    let numbers: Vec<u64> = (0..n).map(|_| random.number() >> (64 - width)).collect();
    let queries: Vec<u32> = (0..QUERIES).map(|_| random.below(n) as u32).collect();
    let (packed_bytes, packed) = weigh(|| PackedInts::from(&numbers[..]));
    assert_eq!(packed_bytes, packed.heap_bytes() as u64);
    let (sux_bytes, sux) = weigh(|| {
        let mut fields = BitFieldVec::<Vec<usize>>::new(width, n);
        numbers.iter().enumerate().for_each(|(i, x)| fields.set_value(i, *x as usize));
        fields
    });
    let (bits_bytes, bits) = weigh(|| {
        let mut bits = BitVec::<u64, Lsb0>::repeat(false, n * width);
        for (place, number) in bits.chunks_exact_mut(width).zip(&numbers) {
            place.store_le(*number);
        }
        bits
    });
    let bytes = dense(&numbers, width);
    let contenders = [
        contender("lessram", packed_bytes, || sum_of(&queries, |i| packed.get(i).unwrap_or(0))),
        contender("vec_u64", 8 * n as u64, || sum_of(&queries, |i| numbers[i])),
        contender("sux", sux_bytes, || sum_of(&queries, |i| sux.index_value(i) as u64)),
        contender("bitvec", bits_bytes, || {
            sum_of(&queries, |i| bits[i * width..(i + 1) * width].load_le())
        }),
        contender("limit", bytes.len() as u64, || sum_of(&queries, |i| shifted(&bytes, i, width))),
    ];
    race("packed_get", &format!("{width} bits, n {n}"), rounds, QUERIES, true, &contenders)
}

/// Numbers of `width` bits, back to back.
fn dense(numbers: &[u64], width: usize) -> Vec<u8> {
    let mut bytes = vec![0; (numbers.len() * width).div_ceil(8) + 16];
    for (i, number) in numbers.iter().enumerate() {
        let (at, shift) = (i * width / 8, i * width % 8);
        let word: &mut [u8] = &mut bytes[at..at + 16];
        let before = u128::from_le_bytes(word.try_into().expect("16 bytes"));
        word.copy_from_slice(&(before | u128::from(*number) << shift).to_le_bytes());
    }
    bytes
}

/// The least that a number of a dense array takes: one load, a shift and a mask. Above 57 bits it
/// is wrong where a number ends in a ninth byte, and only shows what the one load costs.
#[inline]
fn shifted(bytes: &[u8], i: usize, width: usize) -> u64 {
    let (at, shift) = (i * width / 8, i * width % 8);
    let word = bytes[at..at + 8].try_into().expect("8 bytes");
    u64::from_le_bytes(word) >> shift & u64::MAX >> (64 - width)
}

fn sum_of(queries: &[u32], get: impl Fn(usize) -> u64) -> u64 {
    queries.iter().fold(0, |sum, i| sum.wrapping_add(get(*i as usize)))
}
