//! Packed numbers by random position: ns per read, beside `Vec<u64>`, sux and bitvec.
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
    let contenders = [
        contender("lessram", packed_bytes, || sum_of(&queries, |i| packed.get(i).unwrap_or(0))),
        contender("vec_u64", 8 * n as u64, || sum_of(&queries, |i| numbers[i])),
        contender("sux", sux_bytes, || sum_of(&queries, |i| sux.index_value(i) as u64)),
        contender("bitvec", bits_bytes, || {
            sum_of(&queries, |i| bits[i * width..(i + 1) * width].load_le())
        }),
    ];
    race("packed_get", &format!("{width} bits, n {n}"), rounds, QUERIES, true, &contenders)
}

fn sum_of(queries: &[u32], get: impl Fn(usize) -> u64) -> u64 {
    queries.iter().fold(0, |sum, i| sum.wrapping_add(get(*i as usize)))
}
