use super::*;
use crate::testkit::data::Rng;
use std::vec::Vec;

/// Bits of many shapes, over many superblocks of unit tests.
fn shapes() -> impl Iterator<Item = BitVec> {
    let mut rng = Rng::new(5);
    let lens = [0, 1, 64, 495, 496, 497, SUPER_BITS - 1, SUPER_BITS, SUPER_BITS + 1, 70_000];
    lens.into_iter().flat_map(|len| (0..10).map(move |shape| (len, shape))).map(
        move |(len, shape)| match shape {
            0 => BitVec::filled(false, len),
            1 => BitVec::filled(true, len),
            2 => (0..len).map(|i| i % 17_000 < 9_000).collect(),
            3 => (0..len).map(|i| !(1_000..len.saturating_sub(10)).contains(&i)).collect(),
            4 => (0..len).map(|i| i + 1 == len).collect(),
            _ => {
                let thin = 1 + rng.below(1 << shape);
                (0..len).map(|_| rng.below(thin) == 0).collect()
            }
        },
    )
}

#[test]
fn every_bit_every_rank_every_one_and_every_zero() {
    for plain in shapes() {
        let len = plain.len();
        let bits = RankedBits::new(plain.to_heap());
        assert!(bits.iter().eq(plain.iter()) && bits.iter().rev().eq(plain.iter().rev()));
        assert!(bits.iter_ones().eq(plain.iter_ones()));
        assert!(bits.iter_zeros().rev().eq(plain.iter_zeros().rev()));
        assert_eq!(bits.iter_zeros().count(), bits.zeros());
        assert!((0..bits.ones()).filter_map(|k| bits.select(k)).eq(plain.iter_ones()));
        assert!((0..bits.zeros()).filter_map(|k| bits.select_zero(k)).eq(plain.iter_zeros()));
        assert_eq!((bits.select(bits.ones()), bits.select_zero(bits.zeros())), (None, None));
        let mut ones = 0;
        for (index, bit) in plain.iter().enumerate() {
            assert_eq!((bits.get(index), bits.rank(index)), (Some(bit), ones), "{index} of {len}");
            ones += usize::from(bit);
        }
        assert_eq!((bits.get(len), bits.rank(len), bits.rank(usize::MAX)), (None, ones, ones));
        assert!(bits.validate().is_ok());
    }
}

#[test]
fn neighbours_are_those_of_the_plain_bits() {
    for plain in shapes() {
        let bits = RankedBits::new(plain.to_heap());
        for index in (0..bits.len()).step_by(29).chain([bits.len(), usize::MAX]) {
            assert_eq!(
                (bits.pred(index), bits.succ(index)),
                (plain.pred(index), plain.succ(index))
            );
        }
    }
}

#[test]
fn many_at_once_equal_one_by_one() {
    for plain in shapes() {
        let bits = RankedBits::new(plain);
        let asked: Vec<usize> = (0..300).map(|i| i * i * 7 % (bits.len() + 2)).collect();
        let (mut ranks, mut positions) = ([7; 301], [7; 299]);
        bits.rank_many(&asked, &mut ranks);
        bits.select_many(&asked, &mut positions);
        assert!(asked.iter().map(|i| bits.rank(*i)).chain([7]).eq(ranks));
        assert!(
            asked.iter().map(|k| bits.select(*k).unwrap_or(bits.len())).take(299).eq(positions)
        );
    }
}

#[test]
fn lines_counts_and_samples_take_3_35_percent() {
    let len = 20_000_000;
    let bits = RankedBits::new((0..len).map(|i| i % 2 == 0).collect());
    // Superblocks are small here: their counts as in a program.
    let bytes = bits.heap_bytes() - counts_for(len) * 8 + (len.div_ceil(63_488) + 1) * 8;
    assert!(bytes as f64 <= 1.0335 * len as f64 / 8.0, "{bytes} bytes");
}

#[test]
fn slack_of_the_bits_is_given_back() {
    let mut plain = BitVec::with_capacity(100_000);
    plain.resize(5_000, true);
    let bits = RankedBits::new(plain);
    assert_eq!(bits.heap_bytes(), RankedBits::new(BitVec::filled(true, 5_000)).heap_bytes());
    assert_eq!((bits.ones(), bits.rank(4_321)), (5_000, 4_321));
}

#[test]
fn equal_bits_are_equal_in_every_way() {
    let of = |len: usize, odd: usize| (0..len).map(|i| i % 3 == 0 || i == odd).collect();
    let (a, b, c): (RankedBits, RankedBits, RankedBits) =
        (of(3_000, 1), of(3_000, 1), of(3_000, 2));
    assert!(a == b && a.cmp(&b).is_eq() && a != c && a > c && of(2_999, 1) < a);
    assert_eq!(std::format!("{:?}", of(3, 1)), "[1, 1, 0]");
    assert!(RankedBits::default().is_empty());
}

#[test]
fn strange_counts_give_positions_or_none() {
    let mut rng = Rng::new(6);
    let right: RankedBits = (0..40_000).map(|_| rng.bits(1) == 1).collect();
    for case in 0..60 {
        let noise = |words: &[Le64], rng: &mut Rng| -> Vec<Le64> {
            words.iter().map(|_| Le64::new(rng.number() >> rng.below(64))).collect()
        };
        let lines = match case % 2 {
            0 => noise(right.lines.words(), &mut rng),
            _ => right.lines.words().to_vec(),
        };
        let counts = noise(right.counts.words(), &mut rng);
        let samples = noise(right.samples.words(), &mut rng);
        let (len, ones) = (right.len(), right.ones());
        let step = u64::from(right.samples.step());
        let samples = Select::from_words(&samples[..], (len, ones), step, ONES).unwrap();
        let lines = AlignedWords::new(&lines[..]).unwrap();
        let strange = RankedBits { lines, counts: &counts[..], samples, len, ones };
        for i in (0..len).step_by(501) {
            core::hint::black_box(strange.rank(i));
            let found =
                [strange.select(i), strange.select_zero(i), strange.succ(i), strange.pred(i)];
            assert!(found.iter().flatten().all(|at| *at < len));
        }
        assert!(strange.validate().is_err());
    }
}

#[test]
fn bits_behind_the_last_of_a_damaged_file_do_not_count() {
    let mut file = BitVec::filled(true, 10).to_bytes().unwrap();
    let at = file.as_bytes().windows(8).rposition(|word| word == 0x3FF_u64.to_le_bytes());
    file.as_bytes_mut()[at.unwrap() + 7] = 0xFF;
    let damaged = || BitVec::view(file.as_bytes()).unwrap().to_heap();
    assert!(damaged().validate().is_err());
    let (lined, plain) = (RankedBits::new(damaged()), crate::arrays::RankSelect::new(damaged()));
    assert_eq!((lined.ones(), lined.zeros(), lined.rank(10)), (10, 0, 10));
    assert_eq!((plain.ones(), plain.zeros(), plain.rank(10)), (10, 0, 10));
}
