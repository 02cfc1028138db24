//! Bits by rank and select: ns a question at random positions, beside sux, bitm, vers-vecs, sucds,
//! simple-sds and, where the build has AVX2 and the feature `quadrank`, quadrank.
//!
//! Each contender has its own copy of the bits. Heap bytes are all of a contender's, bits included.

use crate::race::{Contender, Random, contender, race, weigh};
use bitm::{CombinedSampling, ConstCombinedSamplingDensity, RankSelect101111};
use lessram::arrays::{BitVec, RankSelect, RankedBits};
use lessram::mem::Footprint;
use simple_sds_sbwt::bit_vector::BitVector as SdsBits;
use simple_sds_sbwt::ops::{Rank as _, Select as _};
use std::error::Error;
use std::sync::Mutex;
use sucds::bit_vectors::{Rank as _, Rank9Sel, Select as _};
use sux::prelude::{Rank9, Select9, SelectAdapt, SelectSmall};
use sux::rank_small;
use sux::traits::{Rank as _, Select as _};

const QUERIES: usize = 200_000;
/// Bits in the cache, and far beyond it.
const LENS: [usize; 2] = [1_000_000, 100_000_000];

/// Bits where one in `thin` is a one; `runs` of both if 0.
fn bits(thin: usize, len: usize) -> BitVec {
    let mut random = Random(thin as u64);
    if thin == 2 {
        let mut word = 0;
        let half = (0..len).map(|i| {
            word = if i % 64 == 0 { random.number() } else { word >> 1 };
            word & 1 == 1
        });
        return half.collect();
    }
    if thin > 0 {
        return (0..len).map(|_| random.below(thin) == 0).collect();
    }
    let mut bits = BitVec::new();
    while bits.len() < len {
        let run = (1 + random.below(3_000)).min(len - bits.len());
        let one = random.below(2) == 0;
        bits.resize(bits.len() + run, one);
    }
    bits
}

fn name(thin: usize) -> String {
    match thin {
        0 => "runs".into(),
        thin => format!("1 in {thin}"),
    }
}

/// Rank of random positions.
pub fn rank(rounds: usize) -> Result<(), Box<dyn Error>> {
    for (len, thin) in LENS.into_iter().flat_map(|len| [2, 20].map(|thin| (len, thin))) {
        rank_of(len, thin, rounds)?;
    }
    Ok(())
}

fn rank_of(len: usize, thin: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let bits = bits(thin, len);
    let words: Vec<u64> = bits.as_words().iter().map(|word| word.get()).collect();
    let mut random = Random(7);
    let queries: Vec<usize> = (0..QUERIES).map(|_| random.below(len)).collect();
    let queries = &queries[..];
    let (ours_bytes, ours) = weigh(|| RankSelect::new(bits.to_heap()));
    assert_eq!(ours_bytes, ours.heap_bytes() as u64);
    let (lined_bytes, lined) = weigh(|| RankedBits::new(bits.to_heap()));
    assert_eq!(lined_bytes, lined.heap_bytes() as u64);
    let (small_bytes, small) = weigh(|| rank_small![u64: 3; sux_bits(&bits)]);
    let (small2_bytes, small2) = weigh(|| rank_small![u64: 2; sux_bits(&bits)]);
    let (nine_bytes, nine) = weigh(|| Rank9::new(sux_bits(&bits)));
    let (bitm_bytes, bitm) = weigh(|| RankSelect101111::from(words.clone().into_boxed_slice()));
    let bitm: RankSelect101111 = bitm;
    let (vers_bytes, vers) = weigh(|| vers_vecs::RsVec::from_bit_vec(vers_bits(&words, len)));
    let (sucds_bytes, sucds) = weigh(|| Rank9Sel::from_bits(bits.iter()));
    let (sds_bytes, sds) = weigh(|| {
        let mut bits: SdsBits = bits.iter().collect();
        bits.enable_rank();
        bits
    });
    let many = Answers::new();
    #[cfg(feature = "quadrank")]
    let quad = weigh(|| <quadrank::BiRank16 as quadrank::BiRanker>::new_packed(&words));
    #[allow(unused_mut)] // quadrank joins
    let mut contenders = vec![
        contender("RankSelect", ours_bytes, || sum_of(queries, |i| ours.rank(i))),
        contender("RankSelect many", ours_bytes, || many.sum(|out| ours.rank_many(queries, out))),
        contender("RankedBits", lined_bytes, || sum_of(queries, |i| lined.rank(i))),
        contender("RankedBits many", lined_bytes, || many.sum(|out| lined.rank_many(queries, out))),
        contender("sux RankSmall 3", small_bytes, || sum_of(queries, |i| small.rank(i))),
        contender("sux RankSmall 2", small2_bytes, || sum_of(queries, |i| small2.rank(i))),
        contender("sux Rank9", nine_bytes, || sum_of(queries, |i| nine.rank(i))),
        contender("bitm 101111", bitm_bytes, || sum_of(queries, |i| bitm::Rank::rank(&bitm, i))),
        contender("vers RsVec", vers_bytes, || sum_of(queries, |i| vers.rank1(i))),
        contender("sucds Rank9Sel", sucds_bytes, || {
            sum_of(queries, |i| sucds.rank1(i).unwrap_or(0))
        }),
        contender("simple-sds", sds_bytes, || sum_of(queries, |i| sds.rank(i))),
    ];
    #[cfg(feature = "quadrank")]
    add_quadrank(&mut contenders, &quad, queries);
    let case = format!("{}, n {len}", name(thin));
    race("rank", &case, rounds, QUERIES, true, &contenders)
}

#[cfg(feature = "quadrank")]
fn add_quadrank<'a>(
    contenders: &mut Vec<Contender<'a>>,
    (bytes, quad): &'a (u64, quadrank::BiRank16),
    queries: &'a [usize],
) {
    use quadrank::BiRanker;
    // Safety: all positions are below the length.
    let rank = |i| unsafe { quad.rank_unchecked(i) } as usize;
    contenders.push(contender("quadrank BiRank16", *bytes, move || sum_of(queries, rank)));
    contenders.push(contender("BiRank16 prefetched", *bytes, move || {
        let ahead = queries.iter().skip(16).chain(queries.iter().take(16));
        queries.iter().zip(ahead).fold(0, |sum, (i, next)| {
            quad.prefetch(*next);
            sum + rank(*i) as u64
        })
    }));
}

/// Select of random ones.
pub fn select(rounds: usize) -> Result<(), Box<dyn Error>> {
    for (len, thin) in LENS.into_iter().flat_map(|len| [2, 20, 0].map(|thin| (len, thin))) {
        select_of(len, thin, rounds)?;
    }
    Ok(())
}

fn select_of(len: usize, thin: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let bits = bits(thin, len);
    let words: Vec<u64> = bits.as_words().iter().map(|word| word.get()).collect();
    let ones = bits.count_ones(..);
    let mut random = Random(8);
    let queries: Vec<usize> = (0..QUERIES).map(|_| random.below(ones)).collect();
    let queries = &queries[..];
    let (ours_bytes, ours) = weigh(|| RankSelect::new(bits.to_heap()));
    let (lined_bytes, lined) = weigh(|| RankedBits::new(bits.to_heap()));
    let (small_bytes, small) = weigh(|| SelectSmall::new(rank_small![u64: 3; sux_bits(&bits)]));
    let (adapt_bytes, adapt) = weigh(|| SelectAdapt::new(counted(&bits)));
    let (nine_bytes, nine) = weigh(|| Select9::new(Rank9::new(sux_bits(&bits))));
    let (bitm_bytes, bitm) = weigh(|| BitmSampled::from(words.clone().into_boxed_slice()));
    let (vers_bytes, vers) = weigh(|| vers_vecs::RsVec::from_bit_vec(vers_bits(&words, len)));
    let (sucds_bytes, sucds) = weigh(|| Rank9Sel::from_bits(bits.iter()).select1_hints());
    let (sds_bytes, sds) = weigh(|| {
        let mut bits: SdsBits = bits.iter().collect();
        bits.enable_select();
        bits
    });
    let many = Answers::new();
    let contenders: [Contender<'_>; 11] = [
        contender("RankSelect", ours_bytes, || sum_of(queries, |k| ours.select(k).unwrap_or(0))),
        contender("RankSelect many", ours_bytes, || many.sum(|out| ours.select_many(queries, out))),
        contender("RankedBits", lined_bytes, || sum_of(queries, |k| lined.select(k).unwrap_or(0))),
        contender("RankedBits many", lined_bytes, || {
            many.sum(|out| lined.select_many(queries, out))
        }),
        contender("sux SelectSmall", small_bytes, || {
            sum_of(queries, |k| small.select(k).unwrap_or(0))
        }),
        contender("sux SelectAdapt", adapt_bytes, || {
            sum_of(queries, |k| adapt.select(k).unwrap_or(0))
        }),
        contender("sux Select9", nine_bytes, || sum_of(queries, |k| nine.select(k).unwrap_or(0))),
        contender("bitm 101111", bitm_bytes, || {
            sum_of(queries, |k| bitm::Select::select(&bitm, k))
        }),
        contender("vers RsVec", vers_bytes, || sum_of(queries, |k| vers.select1(k))),
        contender("sucds Rank9Sel", sucds_bytes, || {
            sum_of(queries, |k| sucds.select1(k).unwrap_or(0))
        }),
        contender("simple-sds", sds_bytes, || sum_of(queries, |k| sds.select(k).unwrap_or(0))),
    ];
    let case = format!("{}, n {len}", name(thin));
    race("select", &case, rounds, QUERIES, true, &contenders)
}

/// bitm with samples of ones, as sparse as sux's and ours.
type BitmSampled =
    RankSelect101111<CombinedSampling<ConstCombinedSamplingDensity<12>>, bitm::BinaryRankSearch>;

fn sux_bits(bits: &BitVec) -> sux::bits::BitVec {
    bits.iter().collect()
}

fn counted(bits: &BitVec) -> sux::traits::AddNumBits<sux::bits::BitVec> {
    sux_bits(bits).into()
}

fn vers_bits(words: &[u64], len: usize) -> vers_vecs::BitVec {
    let mut bits = vers_vecs::BitVec::from_limbs(words);
    bits.drop_last(words.len() * 64 - len);
    bits
}

fn sum_of(queries: &[usize], answer: impl Fn(usize) -> usize) -> u64 {
    queries.iter().fold(0, |sum, i| sum.wrapping_add(answer(*i) as u64))
}

/// A place for the answers of a batch: one contender writes to it at a time.
struct Answers(Mutex<Vec<usize>>);

impl Answers {
    fn new() -> Self {
        Self(Mutex::new(vec![0; QUERIES]))
    }

    fn sum(&self, fill: impl Fn(&mut [usize])) -> u64 {
        let mut out = self.0.lock().expect("nobody panics while holding it");
        fill(&mut out);
        out.iter().fold(0, |sum, answer| sum.wrapping_add(*answer as u64))
    }
}
