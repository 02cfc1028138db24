//! Elias-Fano: ns per read by position, by value, in order, and to build; select in bits.
//!
//! Ascending numbers with random gaps of 100 on average. Each contender has its own memory, and
//! `ratio` is our time over theirs.

use crate::race::{Contender, Random, contender, race, weigh};
use lessram::arrays::{DenseSelect, EliasFano};
use lessram::mem::Footprint;
use lessram::storage::Le64;
use simple_sds_sbwt::ops::{PredSucc, Select as _};
use simple_sds_sbwt::sparse_vector::{SparseBuilder, SparseVector};
use std::error::Error;
use sux::bits::BitVec;
use sux::dict::elias_fano::{EfSeq, EfSeqDict, EliasFanoBuilder};
use sux::rank_sel::{SelectAdapt, SelectSmall};
use sux::rank_small as small;
use sux::traits::{IndexedSeq, SelectUnchecked, Succ};
use vers_vecs::EliasFanoVec;

const N: usize = 10_000_000;
const QUERIES: usize = 1_000_000;

/// Runs all sizes, in memory and in cache.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    for n in [N / 50, N] {
        numbers(n, rounds)?;
    }
    Ok(())
}

/// Runs select in bits of several densities, in memory and in cache.
pub fn run_select(rounds: usize) -> Result<(), Box<dyn Error>> {
    for density in [2, 20] {
        select(100_000_000, density, rounds)?;
    }
    select(1_000_000, 2, rounds)
}

/// The forms of one sequence.
struct Forms {
    plain: (u64, EliasFano),
    fast: (u64, EliasFano),
    sux_seq: (u64, EfSeq<u64>),
    sux_both: (u64, EfSeqDict<u64>),
    sucds: (u64, sucds::mii_sequences::EliasFano),
    vers: (u64, EliasFanoVec),
    sds: (u64, SparseVector),
    vec: (u64, Vec<u64>),
}

fn sux_of(numbers: &[u64]) -> EliasFanoBuilder<u64> {
    let mut builder = EliasFanoBuilder::new(numbers.len(), numbers[numbers.len() - 1]);
    numbers.iter().for_each(|x| builder.push(*x));
    builder
}

fn sucds_of(numbers: &[u64]) -> sucds::mii_sequences::EliasFano {
    let universe = numbers[numbers.len() - 1] + 1;
    let builder = sucds::mii_sequences::EliasFanoBuilder::new(universe, numbers.len());
    let mut builder = builder.expect("there are numbers");
    builder.extend(numbers.iter().copied()).expect("they ascend");
    builder.build().enable_rank()
}

fn sds_of(numbers: &[u64]) -> SparseVector {
    let universe = numbers[numbers.len() - 1] as usize + 1;
    let mut builder = SparseBuilder::multiset(universe, numbers.len());
    builder.extend(numbers.iter().map(|x| *x as usize));
    SparseVector::try_from(builder).expect("all were set")
}

fn plain_of(numbers: &[u64]) -> EliasFano {
    let mut builder =
        EliasFano::builder(numbers.len(), numbers[numbers.len() - 1]).expect("memory");
    numbers.iter().for_each(|x| builder.push(*x).expect("they ascend"));
    builder.finish().expect("memory")
}

fn numbers(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(1);
    let mut last = 0;
    let numbers: Vec<u64> = (0..n)
        .map(|_| {
            last += 1 + random.number() % 199;
            last
        })
        .collect();
    let forms = Forms {
        plain: weigh(|| plain_of(&numbers)),
        fast: weigh(|| EliasFano::try_from(&numbers[..]).expect("they ascend")),
        sux_seq: weigh(|| sux_of(&numbers).build_with_seq()),
        sux_both: weigh(|| sux_of(&numbers).build_with_seq_and_dict()),
        sucds: weigh(|| sucds_of(&numbers)),
        vers: weigh(|| EliasFanoVec::from_slice(&numbers)),
        sds: weigh(|| sds_of(&numbers)),
        vec: weigh(|| numbers.clone()),
    };
    assert_eq!(forms.plain.0, forms.plain.1.heap_bytes() as u64);
    assert_eq!(forms.fast.0, forms.fast.1.heap_bytes() as u64);
    let limit = 2.0 + ((last + 1) as f64 / n as f64).log2();
    eprintln!("\nbits a number, beside 2 + log2(u/n) = {limit:.3}:");
    let all = [
        ("lessram", forms.plain.0),
        ("lessram with_succ", forms.fast.0),
        ("sux EfSeq", forms.sux_seq.0),
        ("sux EfSeqDict", forms.sux_both.0),
        ("sucds with rank", forms.sucds.0),
        ("vers", forms.vers.0),
        ("simple-sds-sbwt", forms.sds.0),
    ];
    for (name, bytes) in all {
        let bits = bytes as f64 * 8.0 / n as f64;
        eprintln!("{name:<22}{bits:>9.3}{:>9.3}", bits - limit);
    }
    get(&forms, rounds)?;
    succ(&forms, last, rounds)?;
    walk(&forms, &numbers, rounds)
}

fn get(forms: &Forms, rounds: usize) -> Result<(), Box<dyn Error>> {
    let n = forms.vec.1.len();
    let mut random = Random(2);
    let queries: Vec<usize> = (0..QUERIES).map(|_| random.below(n)).collect();
    let Forms { plain, fast, sux_seq, sux_both, sucds, vers, sds, vec } = forms;
    let contenders = [
        contender("lessram", plain.0, || sum_of(&queries, |i| plain.1.get(i).unwrap_or(0))),
        contender("lessram_many", plain.0, || {
            let mut out = [0; 256];
            queries.chunks(256).fold(0_u64, |sum, indices| {
                let out = &mut out[..indices.len()];
                plain.1.get_many(indices, out);
                out.iter().fold(sum, |sum, x| sum.wrapping_add(*x))
            })
        }),
        contender("lessram_with_succ", fast.0, || sum_of(&queries, |i| fast.1.get(i).unwrap_or(0))),
        contender("sux_ef_seq", sux_seq.0, || sum_of(&queries, |i| sux_seq.1.get(i))),
        contender("sux_ef_seq_dict", sux_both.0, || sum_of(&queries, |i| sux_both.1.get(i))),
        contender("sucds", sucds.0, || sum_of(&queries, |i| sucds.1.select(i).unwrap_or(0))),
        contender("vers", vers.0, || sum_of(&queries, |i| vers.1.get_unchecked(i))),
        contender("simple_sds_sbwt", sds.0, || {
            sum_of(&queries, |i| sds.1.select(i).unwrap_or(0) as u64)
        }),
        contender("vec", vec.0, || sum_of(&queries, |i| vec.1[i])),
    ];
    race("elias_fano_get", &format!("n {n}"), rounds, QUERIES, true, &contenders)
}

fn succ(forms: &Forms, last: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let n = forms.vec.1.len();
    let mut random = Random(3);
    // Absent for the most part, as a random value is; all have a successor.
    let queries: Vec<u64> = (0..QUERIES).map(|_| random.number() % last).collect();
    let Forms { fast, sux_both, sucds, vers, sds, vec, .. } = forms;
    let contenders = [
        contender("lessram", fast.0, || sum_by(&queries, |x| fast.1.succ(x).map_or(0, |f| f.1))),
        contender("sux_ef_seq_dict", sux_both.0, || {
            sum_by(&queries, |x| sux_both.1.succ(x).map_or(0, |f| f.1))
        }),
        contender("sucds", sucds.0, || sum_by(&queries, |x| sucds.1.successor(x).unwrap_or(0))),
        contender("vers", vers.0, || sum_by(&queries, |x| vers.1.successor_unchecked(x))),
        contender("simple_sds_sbwt", sds.0, || {
            sum_by(&queries, |x| {
                sds.1.successor(x as usize).next().map_or(0, |found| found.1 as u64)
            })
        }),
        contender("vec_partition_point", vec.0, || {
            sum_by(&queries, |x| vec.1[vec.1.partition_point(|y| *y < x)])
        }),
    ];
    race("elias_fano_succ", &format!("n {n}"), rounds, QUERIES, true, &contenders)
}

/// All in order, and building.
fn walk(forms: &Forms, numbers: &[u64], rounds: usize) -> Result<(), Box<dyn Error>> {
    let n = numbers.len();
    let Forms { plain, sux_seq, sucds, vers, .. } = forms;
    let add = |sum: u64, x: u64| sum.wrapping_add(x);
    let contenders = [
        contender("lessram", plain.0, || plain.1.iter().fold(0, add)),
        contender("lessram_next", plain.0, || {
            let mut sum = 0;
            for x in &plain.1 {
                sum = add(sum, x);
            }
            sum
        }),
        contender("sux_ef_seq", sux_seq.0, || sux_seq.1.iter().fold(0, add)),
        contender("sucds", sucds.0, || sucds.1.iter(0).fold(0, add)),
        contender("vers", vers.0, || vers.1.iter().fold(0, add)),
    ];
    let few = (rounds / 5).max(3);
    race("elias_fano_iterate", &format!("n {n}"), few, n, true, &contenders)?;
    let len = |x: usize| x as u64;
    let contenders = [
        contender("lessram", plain.0, || len(plain_of(numbers).len())),
        contender("lessram_with_succ", forms.fast.0, || {
            EliasFano::try_from(numbers).map_or(0, |built| len(built.len()))
        }),
        contender("sux_ef_seq", sux_seq.0, || len(sux_of(numbers).build_with_seq().len())),
        contender("sucds", sucds.0, || len(sucds_of(numbers).len())),
        contender("vers", vers.0, || len(EliasFanoVec::from_slice(numbers).len())),
    ];
    race("elias_fano_build", &format!("n {n}"), few.min(5), n, true, &contenders)
}

/// The k-th one of `len` bits of which one in `density` is one.
fn select(len: usize, density: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(4);
    let words: Vec<u64> = (0..len.div_ceil(64))
        .map(|_| (0..64).map(|i| u64::from(random.number() % density == 0) << i).sum())
        .collect();
    let ones: usize = words.iter().map(|word| word.count_ones() as usize).sum();
    // Each contender has its own bits, which count.
    let ours = || words.iter().map(|word| Le64::new(*word)).collect::<Vec<Le64>>();
    let sux_bits = || {
        let words: Vec<usize> = words.iter().map(|word| *word as usize).collect();
        // SAFETY: as many bits as the words have.
        unsafe { BitVec::from_raw_parts(words, words_len(len)) }
    };
    let len_bits = words_len(len) as u64;
    let (bytes64, (bits64, ours64)) = weigh(|| {
        let bits = ours();
        let select = DenseSelect::<64>::build(&bits, len_bits).expect("memory");
        (bits, select)
    });
    let (bytes128, (bits128, ours128)) = weigh(|| {
        let bits = ours();
        let select = DenseSelect::<128>::build(&bits, len_bits).expect("memory");
        (bits, select)
    });
    let (adapt_bytes, adapt) =
        weigh(|| SelectAdapt::new(sux::traits::AddNumBits::from(sux_bits())));
    let (small_bytes, small) = weigh(|| SelectSmall::new(small![3; sux_bits()]));
    let queries: Vec<usize> = (0..QUERIES).map(|_| random.below(ones)).collect();
    let contenders: [Contender<'_>; 4] = [
        contender("lessram_64", bytes64, || {
            sum_of(&queries, |k| ours64.select(&bits64, k as u64).unwrap_or(0))
        }),
        contender("lessram_128", bytes128, || {
            sum_of(&queries, |k| ours128.select(&bits128, k as u64).unwrap_or(0))
        }),
        // SAFETY: all queries are below the number of ones.
        contender("sux_select_adapt", adapt_bytes, || {
            sum_of(&queries, |k| unsafe { adapt.select_unchecked(k) } as u64)
        }),
        contender("sux_select_small", small_bytes, || {
            sum_of(&queries, |k| unsafe { small.select_unchecked(k) } as u64)
        }),
    ];
    race("select", &format!("1 in {density} of {len}"), rounds, QUERIES, true, &contenders)
}

fn words_len(len: usize) -> usize {
    len.div_ceil(64) * 64
}

fn sum_of(queries: &[usize], get: impl Fn(usize) -> u64) -> u64 {
    queries.iter().fold(0, |sum, i| sum.wrapping_add(get(*i)))
}

fn sum_by(queries: &[u64], get: impl Fn(u64) -> u64) -> u64 {
    queries.iter().fold(0, |sum, x| sum.wrapping_add(get(*x)))
}
