//! What the laws do not ask of [`BlockInts`].

use super::head::{Mode, SMALL_WORDS};
use super::*;
use crate::mem::{Counter, Tracked};
use std::vec;
use std::vec::Vec;

/// A generator: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A timestamp a second in milliseconds, give or take 20, with a break of up to an hour after every
/// 10,000 or so.
fn timestamps(len: usize) -> Vec<u64> {
    let (mut random, mut now) = (Random(1), 1_700_000_000_000);
    let next = || {
        now += 980 + random.below(41);
        if random.below(10_000) == 0 {
            now += random.below(3_600_000);
        }
        now
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn build(numbers: &[u64], sequential: bool) -> BlockInts {
    let mut builder = BlockInts::builder().sequential(sequential);
    builder.extend(numbers.iter().copied());
    builder.finish()
}

fn bits_each(ints: &BlockInts) -> f64 {
    ints.heap_bytes() as f64 * 8.0 / ints.len() as f64
}

/// Sequences that need each mode, far bases, both forms of patches, and all of it at once.
fn cases() -> Vec<Vec<u64>> {
    let mut random = Random(7);
    let mut cases = vec![timestamps(5_000)];
    for bits in [1, 3, 7, 20, 33, 57, 60, 63, 64] {
        cases.push((0..700).map(|_| random.next() >> (64 - bits)).collect());
        // Few outliers, of 9 bits more and of all bits.
        for (one_in, high) in [(10, 1 << 8), (60, u64::MAX)] {
            let outlier = |random: &mut Random| {
                if random.below(one_in) == 0 { random.next() & high << bits.min(55) } else { 0 }
            };
            let number = |random: &mut Random| random.next() >> (64 - bits) | outlier(random);
            cases.push((0..700).map(|_| number(&mut random)).collect());
        }
        // Steep lines, up and down, and a walk.
        let step = u64::MAX >> (64 - bits);
        cases.push((0..700_u64).map(|i| i.wrapping_mul(step) ^ (i & 5)).collect());
        cases.push((0..700_u64).map(|i| 9_u64.wrapping_sub(i.wrapping_mul(step))).collect());
        let mut at = 1_u64 << 63;
        let walk = || {
            at = at.wrapping_add(random.below(step.max(2))).wrapping_sub(step / 2);
            at
        };
        cases.push(std::iter::repeat_with(walk).take(700).collect());
    }
    cases
}

#[test]
fn every_mode_and_patch_is_met_and_read_back() {
    let mut met = (Vec::new(), Vec::new(), [false; 2]);
    for numbers in cases() {
        for sequential in [false, true] {
            let ints = build(&numbers, sequential);
            ints.validate().unwrap();
            for block in 0..blocks(ints.len()) {
                let head = ints.head(block).0;
                met.0.push(head.mode);
                met.1.push(head.patches);
                met.2[usize::from(head.far)] = true;
                assert!(sequential || head.mode != Mode::Delta);
            }
            let one_by_one: Vec<u64> = (0..ints.len()).filter_map(|i| ints.get(i)).collect();
            assert_eq!(one_by_one, numbers);
            assert_eq!(ints.iter().collect::<Vec<_>>(), numbers);
            let mut chunks = Vec::new();
            ints.for_chunks(|chunk| chunks.extend_from_slice(chunk));
            assert_eq!(chunks, numbers);
            for (start, len) in [(0, 700), (1, 127), (127, 2), (130, 300), (690, 20), (9_999, 1)] {
                let mut out = vec![5; len];
                let count = ints.unpack(start, &mut out);
                let expected = numbers.get(start..).unwrap_or(&[]);
                assert_eq!(out[..count], expected[..count]);
                assert_eq!(count, expected.len().min(len));
            }
        }
    }
    assert!([Mode::Frame, Mode::Line, Mode::Delta].iter().all(|mode| met.0.contains(mode)));
    assert!((0..=SMALL_WORDS + 3).all(|patches| met.1.contains(&patches)), "{:?}", met.1);
    assert_eq!(met.2, [true; 2]);
}

#[test]
fn iterators_go_from_both_ends_and_skip() {
    let numbers = timestamps(1_000);
    let ints = BlockInts::from(&numbers[..]);
    let (mut iter, mut expected) = (ints.iter_range(100..900), numbers[100..900].iter().copied());
    for skip in [0, 1, 0, 130, 5, 300, 400, 7] {
        assert_eq!(iter.nth(skip), expected.nth(skip));
        assert_eq!(iter.next_back(), expected.next_back());
        assert_eq!(iter.nth_back(skip), expected.nth_back(skip));
        assert_eq!(iter.len(), expected.len());
    }
    assert!(ints.iter().rev().eq(numbers.iter().rev().copied()));
    assert_eq!(ints.iter_range(990..).sum::<u64>(), numbers[990..].iter().sum::<u64>());
    assert_eq!(ints.iter_range(..).last(), numbers.last().copied());
    assert_eq!(ints.iter_range(5_000..).next(), None);
    assert_eq!(ints.iter_range(..=0).collect::<Vec<_>>(), &numbers[..1]);
}

#[test]
fn searches_find_the_first_of_equals() {
    for sequential in [false, true] {
        let numbers: Vec<u64> = (0..3_000).map(|i| i / 300 * 7).collect();
        let ints = build(&numbers, sequential);
        for value in 0..80 {
            let first = numbers.partition_point(|number| *number < value);
            let expected = if numbers.get(first) == Some(&value) { Ok(first) } else { Err(first) };
            assert_eq!(ints.binary_search(value), expected);
            assert_eq!(ints.partition_point(|number| number < value), first);
        }
        assert_eq!(BlockInts::default().binary_search(1), Err(0));
    }
}

#[test]
fn bytes_are_those_of_the_docs() {
    let stamps = timestamps(1_000_000);
    let ints = BlockInts::from(&stamps[..]);
    assert!((8.45..=8.55).contains(&bits_each(&ints)), "{}", bits_each(&ints));
    let steps = build(&stamps, true);
    assert!((6.0..=6.9).contains(&bits_each(&steps)), "{}", bits_each(&steps));
    // One outlier a block costs a word, and not its width.
    let spiky: Vec<u64> =
        (0..128_000).map(|i| if i % 128 == 77 { 1 << 50 } else { i % 64 }).collect();
    assert!(bits_each(&BlockInts::from(&spiky[..])) < 6.0 + 0.6 + 0.6);
    let equal = BlockInts::from(&[1 << 60; 128_000][..]);
    assert!(bits_each(&equal) < 0.54, "{}", bits_each(&equal));
    let random: Vec<u64> =
        timestamps(12_800).iter().map(|x| x.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    assert!(bits_each(&BlockInts::from(&random[..])) < 64.0 + 0.5 + 0.6);
}

#[test]
fn building_peaks_a_sixteenth_above_what_is_built() {
    let numbers = timestamps(300_000);
    let counter = Counter::new();
    let mut builder = BlockInts::builder_in(Tracked::new(&counter, Global));
    for number in &numbers {
        builder.push(*number);
        assert_eq!(builder.heap_bytes(), counter.live());
    }
    let ints = builder.finish();
    assert_eq!(ints.heap_bytes(), counter.live());
    let (peak, live) = (counter.peak() as f64, counter.live() as f64);
    assert!(peak <= live * 1.07, "a peak of {:.3}", peak / live);
}

/// What is built can be read by the rules of files, however its builder was told.
#[test]
fn steps_are_not_forbidden_once_they_are_there() {
    let numbers = |i: u64| i * i / 3;
    let mut builder = BlockInts::builder().sequential(true);
    (0..400).for_each(|i| builder.push(numbers(i)));
    let mut builder = builder.sequential(false);
    (400..1_000).for_each(|i| builder.push(numbers(i)));
    let ints = builder.finish();
    ints.validate().unwrap();
    assert!(ints.is_sequential() && ints.iter().eq((0..1_000).map(numbers)));
    let plain = BlockInts::builder().sequential(true).sequential(false).finish();
    assert!(!plain.is_sequential());
}

/// The header behind the last block has nothing but its base and place.
#[test]
fn a_header_at_the_end_says_nothing_else() {
    for len in [1, 127, 128, 129, 4_095, 4_096, 4_097] {
        let sound = build(&(0..len).map(|i| i * 7 % 5_000).collect::<Vec<_>>(), false);
        sound.validate().unwrap();
        let last = sound.heads.words().len() - 1;
        for bit in 0..64 {
            let mut ints = sound.clone();
            let head = &mut ints.heads.words_mut()[last];
            *head = Le64::new(head.get() ^ 1 << bit);
            // The base may be any, as long as it is not of a new group.
            let base = bit >= 30 && last % GROUP != 0;
            assert_eq!(ints.validate().is_ok(), base, "{len} {bit}");
        }
    }
}
