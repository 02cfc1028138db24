//! What the laws of the shape do not reach: each coding by itself, damaged slices, sizes.

use super::algebra::Scratch;
use super::blocks::Blocks;
use super::encode::{MOST_BYTES, Numbers, check_slice, encode};
use super::encode_sparse::MANY_FLAGS;
use super::profile::Profile;
use super::runs::to_blocks;
use super::slice::{Bits, Coding, PADDING, Place, Slice, WORDS};
use super::*;
use crate::arrays::{SetOp, SortedIntSetBuild};
use crate::mem::{Counter, Global, Tracked};
use crate::simd::wide;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

const CODINGS: [Coding; 5] =
    [Coding::Short, Coding::Runs, Coding::Lists, Coding::Bitmap, Coding::Sparse];

fn random() -> impl FnMut() -> usize {
    let mut x = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as usize
    }
}

/// Slices of every kind and density, none of them empty.
fn slices() -> Vec<Vec<u16>> {
    let mut number = random();
    let mut slices = vec![vec![0], vec![65_535], vec![0, 65_535], (0..=65_535).collect()];
    for count in [1, 2, 30, 100, 655, 3_000, 14_000] {
        let spread: BTreeSet<u16> = (0..count).map(|_| number() as u16).collect();
        let cluster = |x: usize| (x % 9 * 7_000 + x / 9 % 300) as u16;
        let clusters: BTreeSet<u16> = (0..count).map(|_| cluster(number())).collect();
        let start = number() % (65_536 - count);
        let run = (start..start + count).map(|y| y as u16);
        let runs = (0..count).map(|i| (i / 40 * 111 + i % 40) as u16);
        for numbers in [spread, clusters, run.collect(), runs.collect()] {
            slices.push(numbers.into_iter().collect());
        }
    }
    slices
}

fn bits_of(numbers: &[u16]) -> Bits {
    let mut bits = [0; WORDS];
    numbers.iter().for_each(|y| bits[usize::from(*y) / 64] |= 1 << (y % 64));
    bits
}

/// Where runs start and end.
fn bounds_of(numbers: &[u16]) -> Vec<u32> {
    let mut bounds: Vec<u32> = Vec::new();
    for y in numbers.iter().copied().map(u32::from) {
        match bounds.last_mut() {
            Some(end) if *end == y => *end += 1,
            _ => bounds.extend([y, y + 1]),
        }
    }
    bounds
}

/// A slice's bytes, with others behind them.
fn coded(numbers: &[u16], coding: Coding) -> (usize, Vec<u8>) {
    let bits = bits_of(numbers);
    let profile = Profile::of(Numbers::Bits(&bits));
    assert_eq!(profile, Profile::of(Numbers::List(numbers)));
    let len = profile.bytes(coding);
    let mut out = vec![0; len + PADDING];
    encode(Numbers::Bits(&bits), &profile, coding, &mut out[..len]);
    let mut again = vec![0; len];
    let bounds = bounds_of(numbers);
    let blocks = to_blocks(&bounds);
    for same in [Numbers::List(numbers), Numbers::Blocks(&blocks), Numbers::Runs(&bounds)] {
        assert_eq!(profile, Profile::of(same));
        again.fill(0);
        encode(same, &profile, coding, &mut again);
        assert!(again == out[..len], "{coding:?}: from bits, runs and one by one alike");
    }
    out[len..].fill(0xA5);
    (len, out)
}

fn decoded(slice: &Slice<'_>, place: &mut Place, room: usize) -> Vec<u16> {
    let mut out = vec![0; room];
    let len = slice.decode(place, &mut out);
    out.truncate(len);
    out
}

#[test]
fn every_coding_answers_alike() {
    let mut number = random();
    for numbers in slices() {
        for coding in CODINGS {
            let (len, bytes) = coded(&numbers, coding);
            let slice = Slice { coding, count: numbers.len(), len, bytes: &bytes };
            for i in 0..200 {
                let y = match i {
                    0 | 1 => i * 65_535,
                    2..50 => number() % 65_536,
                    _ => usize::from(numbers[number() % numbers.len()]),
                };
                let place = numbers.binary_search(&(y as u16));
                assert_eq!(slice.contains(y), place.is_ok(), "{coding:?} {y}");
                let (Ok(rank) | Err(rank)) = place;
                assert_eq!(slice.rank(y), rank, "{coding:?} {y}");
            }
            let mut place = slice.seek(0);
            let mut all = Vec::new();
            for room in [1, 7, 31, 32, 40, 64, 65_536] {
                all.extend(decoded(&slice, &mut place, room));
            }
            assert!(all == numbers, "{coding:?}");
            for _ in 0..20 {
                let k = number() % numbers.len();
                let some = decoded(&slice, &mut slice.seek(k), 70);
                assert_eq!(some, numbers[k..(k + 70).min(numbers.len())], "{coding:?} {k}");
            }
            let mut bits = [0; WORDS];
            slice.for_words(|at, word| bits[at] |= word);
            assert!(bits == bits_of(&numbers), "{coding:?}");
        }
    }
}

/// The bits of what `op` makes of two slices.
fn combined(pair: (&Slice<'_>, &Slice<'_>), op: SetOp, scratch: &mut Scratch) -> Bits {
    scratch.combine(pair, op, |numbers| {
        let profile = Profile::of(numbers);
        let mut bytes = vec![0; profile.bytes(Coding::Bitmap)];
        encode(numbers, &profile, Coding::Bitmap, &mut bytes);
        let (coding, count, len) = (Coding::Bitmap, profile.count, bytes.len());
        let mut bits = [0; WORDS];
        Slice { coding, count, len, bytes: &bytes }.for_words(|at, word| bits[at] |= word);
        bits
    })
}

#[test]
fn every_pair_of_codings_combines_alike() {
    let (mut number, slices, mut scratch) = (random(), slices(), Scratch::new());
    let mut combined_lists = 0;
    let mut some = || &slices[number() % slices.len()][..];
    for (left, right) in CODINGS.iter().flat_map(|left| CODINGS.map(|right| (*left, right))) {
        for _ in 0..3 {
            let numbers = [some(), some()];
            let codes = [coded(numbers[0], left), coded(numbers[1], right)];
            let slice = |at: usize, coding: Coding| Slice {
                coding,
                count: numbers[at].len(),
                len: codes[at].0,
                bytes: &codes[at].1,
            };
            let (a, b) = (slice(0, left), slice(1, right));
            let bits = numbers.map(bits_of);
            let each = |f: fn(u64, u64) -> u64| -> Bits {
                core::array::from_fn(|at| f(bits[0][at], bits[1][at]))
            };
            let both = each(|a, b| a & b);
            for (op, expected) in [
                (SetOp::Union, each(|a, b| a | b)),
                (SetOp::Intersection, both),
                (SetOp::Difference, each(|a, b| a & !b)),
                (SetOp::SymmetricDifference, each(|a, b| a ^ b)),
            ] {
                let right = combined((&a, &b), op, &mut scratch) == expected;
                assert!(right, "{op:?} of {:?} and {:?}", a.coding, b.coding);
                let Some((profile, bytes)) = scratch.combine_lists((&a, &b), op) else { continue };
                let bytes = [bytes, &[0xA5; PADDING]].concat();
                let (coding, count, len) = (Coding::Lists, profile.count, profile.lists);
                let mut bits = [0; WORDS];
                let lists = Slice { coding, count, len, bytes: &bytes };
                lists.for_words(|at, word| bits[at] |= word);
                assert!(bits == expected, "{op:?} of lists");
                let whole = Profile::of(Numbers::Bits(&bits));
                assert_eq!((whole.count, whole.lists), (profile.count, profile.lists));
                assert!(profile.runs <= whole.runs);
                // Byte for byte what the numbers are coded as.
                let mut again = vec![0; len];
                encode(Numbers::Bits(&bits), &whole, Coding::Lists, &mut again);
                assert_eq!(again, bytes[..len]);
                combined_lists += 1;
            }
            let shared: u32 = both.iter().map(|word| word.count_ones()).sum();
            assert_eq!(scratch.shared(&a, &b), shared as usize);
        }
    }
    assert!(combined_lists > 0);
}

#[test]
fn damaged_slices_combine_to_something() {
    let (mut number, slices, mut scratch) = (random(), slices(), Scratch::new());
    for _ in 0..100 {
        let mut damaged = || {
            let numbers = &slices[number() % slices.len()];
            let (len, mut bytes) = coded(numbers, CODINGS[number() % 5]);
            for _ in 0..number() % 6 {
                let at = number() % bytes.len();
                bytes[at] = number() as u8;
            }
            bytes.truncate(bytes.len() - number() % 3 * (bytes.len() / 3));
            (CODINGS[number() % 5], [numbers.len(), number() % 65_537][number() % 2], len, bytes)
        };
        let codes = [damaged(), damaged()];
        let [a, b] = [0, 1].map(|at| {
            let (coding, count, len, bytes) = &codes[at];
            Slice { coding: *coding, count: *count, len: *len, bytes }
        });
        for op in SetOp::ALL {
            combined((&a, &b), op, &mut scratch);
            core::hint::black_box(scratch.combine_lists((&a, &b), op));
        }
        core::hint::black_box(scratch.shared(&a, &b));
        // Nothing is left of them.
        let empty = combined((&Slice::EMPTY, &Slice::EMPTY), SetOp::Union, &mut scratch);
        assert!(empty.iter().all(|word| *word == 0));
    }
}

#[test]
fn damaged_slices_give_answers() {
    let mut number = random();
    for numbers in slices() {
        for coding in CODINGS {
            let (len, mut bytes) = coded(&numbers, coding);
            for _ in 0..1 + number() % 6 {
                let at = number() % bytes.len();
                bytes[at] = number() as u8;
            }
            let bytes = &bytes[..number() % (bytes.len() + 1)];
            let coding = CODINGS[number() % 5];
            let count = [numbers.len(), number() % 65_537, 0][number() % 3];
            let slice = Slice { coding, count, len: [len, number() % 9_000][number() % 2], bytes };
            for _ in 0..20 {
                let y = number() % 65_536;
                assert!(slice.rank(y) <= count);
                core::hint::black_box(slice.contains(y));
                assert!(decoded(&slice, &mut slice.seek(y), 40).len() <= 40);
            }
            let mut seen = 0;
            slice.for_words(|_, word| seen += word.count_ones() as usize);
            assert!(coding == Coding::Bitmap || seen <= count);
            assert!(decoded(&slice, &mut slice.seek(0), 70_000).len() <= count);
            check_slice(&slice, Prefer::Bytes);
        }
    }
}

/// Many slots of a damaged set may say that they have the same slice, or one of no bytes.
#[test]
fn shared_slices_are_made_a_set_once() {
    let sound = SlicedSet::from_sorted_iter((0..100 << 16).step_by(2)).unwrap();
    let none = by_time([]);
    for places in [[0, 0], [0, 1], [1, 0], [1, 2]] {
        let mut set = sound.clone();
        let Form::Slices(slices) = &mut set.form else { unreachable!("bitmaps are slices") };
        let words = slices.slots.words_mut();
        for slot in 3..100 {
            words[2 * slot] = words[2 * places[slot % 2]];
        }
        // Three slices of a hundred.
        slices.data.truncate(slices.data_words() * 3 / 100);
        let room = 8 * slices.data_words() + 100 * 16;
        let thawed = set.thaw();
        assert!(thawed.heap_bytes() < 2 * room, "{places:?}: {}", thawed.heap_bytes());
        for op in [SetOp::Union, SetOp::Difference, SetOp::SymmetricDifference] {
            for prefer in [Prefer::Bytes, Prefer::Time] {
                let mut empty = none.clone();
                empty.prefer = prefer;
                let pairs =
                    [set.combine_in(&empty, op, Global), empty.combine_in(&set, op, Global)];
                for combined in pairs.map(Result::unwrap) {
                    assert!(combined.heap_bytes() < 2 * room, "{places:?}");
                }
            }
        }
    }
    assert_eq!(sound.thaw().len(), sound.len());
}

#[test]
fn ranges_walked_to_their_end_are_empty() {
    let mut set = SlicedSetMut::from_iter([5, 10, 70_000]);
    let mut walked = 1..=10;
    assert_eq!(walked.by_ref().count(), 10);
    assert_eq!((set.insert_range(walked.clone()), set.remove_range(walked)), (0, 0));
    let mut walked = 1..=11;
    assert_eq!(walked.by_ref().count(), 11);
    assert_eq!((set.insert_range(walked), set.contains(11)), (0, false));
    assert_eq!((set.len(), set.insert_range(0..=0), set.remove_range(10..=70_000)), (3, 1, 2));
}

#[test]
fn no_slice_is_longer_than_said() {
    for numbers in slices() {
        let profile = Profile::of(Numbers::List(&numbers));
        assert!(CODINGS.iter().all(|coding| match coding {
            Coding::Lists | Coding::Bitmap => profile.bytes(*coding) <= MOST_BYTES,
            // These are taken only where they are smaller than a bitmap.
            _ => true,
        }));
        for prefer in [Prefer::Bytes, Prefer::Time] {
            assert!(profile.bytes(profile.best(prefer)) <= profile.bytes(Coding::Bitmap));
        }
    }
}

#[test]
fn time_costs_three_quarters_of_the_bytes_at_most() {
    for count in 1..=2_000_usize {
        // Numbers that are spread evenly are in as many lists as they can be.
        let numbers: Vec<u16> = (0..count).map(|i| (i * 65_536 / count) as u16).collect();
        let profile = Profile::of(Numbers::List(&numbers));
        let [few, quick] =
            [Prefer::Bytes, Prefer::Time].map(|prefer| profile.bytes(profile.best(prefer)));
        assert!(4 * quick <= 7 * few, "{count} numbers: {few} and {quick} bytes");
    }
}

/// 10,000 numbers with gaps of 100.
fn spread() -> impl Iterator<Item = u64> + Clone {
    (0..10_000).map(|i| i * 100 + i * 7_919 % 97)
}

fn by_time(numbers: impl IntoIterator<Item = u64>) -> SlicedSet {
    let mut builder = SlicedSet::builder_for(Prefer::Time);
    numbers.into_iter().for_each(|number| builder.push(number).unwrap());
    builder.finish().unwrap()
}

#[test]
fn sizes_are_as_said() {
    let small = SlicedSet::from_sorted_iter(spread()).unwrap();
    let fast = by_time(spread());
    let mut changing = SlicedSetMut::new();
    let numbers: Vec<u64> = spread().collect();
    (0..10_000).for_each(|i| assert!(changing.insert(numbers[i * 7 % 10_000])));
    assert_eq!((small.heap_bytes(), fast.heap_bytes()), (11_152, 16_760));
    #[cfg(target_pointer_width = "64")]
    assert_eq!(changing.heap_bytes(), 18_505);
    assert!(small == fast && changing == small);
    let full = SlicedSet::from_sorted_iter(0..1 << 22).unwrap();
    assert!(full.heap_bytes() < 64 * 20 + 80, "{}", full.heap_bytes());
}

#[test]
fn forms_follow_the_numbers() {
    let far: Vec<u64> = (0..2_000_u64).map(|i| (i * i) << 40).collect();
    let whole = SlicedSet::from_sorted_iter(far.iter().copied()).unwrap();
    assert!(whole.is_elias_fano() && by_time(far.iter().copied()).is_elias_fano());
    let near = SlicedSet::from_sorted_iter(spread()).unwrap();
    assert!(!near.is_elias_fano());
    // Clusters that are far from each other: slices, and their keys in a list.
    let clusters = |i: u64| (i << 40..).step_by(3).take(900);
    let apart = SlicedSet::from_sorted_iter((0..20).flat_map(clusters)).unwrap();
    assert!(matches!(&apart.form, Form::Slices(Slices { keys: Keys::Sorted(_), .. })));
    // All pairs of forms.
    for (a, b) in [(&whole, &near), (&near, &apart), (&apart, &whole), (&near, &near)] {
        let sets: [BTreeSet<u64>; 2] = [a, b].map(|set| set.iter().collect());
        let both: Vec<u64> = sets[0].intersection(&sets[1]).copied().collect();
        let all: Vec<u64> = sets[0].union(&sets[1]).copied().collect();
        assert!((a & b).iter().eq(both.iter().copied()));
        assert!((a | b).iter().eq(all.iter().copied()));
        assert!((a - b).iter().eq(sets[0].difference(&sets[1]).copied()));
        assert!((a ^ b).iter().eq(sets[0].symmetric_difference(&sets[1]).copied()));
        assert_eq!((a.intersection_len(b), a.union_len(b)), (both.len(), all.len()));
        assert_eq!(a.difference_len(b), a.len() - both.len());
        assert_eq!(a.symmetric_difference_len(b), all.len() - both.len());
        assert_eq!((a.is_disjoint(b), a.is_subset(b)), (both.is_empty(), both.len() == a.len()));
        assert!((a & b).is_subset(a) && (a | b).is_superset(b));
    }
}

#[test]
fn whole_sets_combine_to_what_is_built() {
    let mut number = random();
    for (len, bits, shared) in
        [(3_000, 40, 0), (3_000, 31, 700), (900, 20, 300), (5_000, 18, 2_000)]
    {
        let mut some = |len: usize| -> BTreeSet<u64> {
            (0..len)
                .map(|_| (number() as u64 ^ (number() as u64) << 25) & ((1 << bits) - 1))
                .collect()
        };
        let (common, mut a, mut b) = (some(shared), some(len), some(len / 2));
        // A stretch that slices take as a run.
        a.extend((0..2_000).map(|x| x + (1 << (bits - 1))));
        a.extend(&common);
        b.extend(&common);
        for prefer in [Prefer::Bytes, Prefer::Time] {
            let file = |set: SlicedSet| Vec::from(set.to_bytes().unwrap().as_bytes());
            let built =
                |set: BTreeSet<u64>| file(SlicedSet::try_build_in(set, prefer, Global).unwrap());
            let sets = [&a, &b].map(|set| {
                let whole = EliasFano::try_from(&*Vec::from_iter(set.iter().copied())).unwrap();
                SlicedSet { len: whole.len(), form: Form::Whole(whole), prefer }
            });
            let [one, two] = &sets;
            assert_eq!(file(one & two), built(&a & &b));
            assert_eq!(file(one | two), built(&a | &b));
            assert_eq!(file(one - two), built(&a - &b));
            assert_eq!(file(one ^ two), built(&a ^ &b));
            assert_eq!(one.intersection_len(two), (&a & &b).len());
        }
    }
}

/// `rank` is `bisect_left`, `rank_after` is `bisect_right`.
#[test]
fn bisecting_is_pythons() {
    let values = [1, 3, 8, 65_535, 65_536, 1 << 40, u64::MAX];
    let set = SlicedSet::from(values);
    for x in values.into_iter().flat_map(|x| [x.saturating_sub(1), x, x.saturating_add(1)]) {
        assert_eq!(set.rank(x), values.partition_point(|value| *value < x), "{x}");
        assert_eq!(set.rank_after(x), values.partition_point(|value| *value <= x), "{x}");
    }
    assert_eq!((set.binary_search(8), set.binary_search(9)), (Ok(2), Err(3)));
}

#[test]
fn iterators_meet_and_ranges_are_those_of_a_tree() {
    let numbers: BTreeSet<u64> = spread().chain(300_000..310_000).collect();
    for set in [SlicedSet::from_sorted_iter(numbers.iter().copied()).unwrap(), {
        by_time(numbers.iter().copied())
    }] {
        let (mut iter, mut model) = (set.iter(), numbers.iter().copied());
        let mut number = random();
        while model.len() > 0 {
            match number() % 4 {
                0 => assert_eq!(iter.next_back(), model.next_back()),
                1 => {
                    let skip = number() % 150;
                    assert_eq!(iter.nth(skip), model.nth(skip));
                }
                _ => assert_eq!(iter.next(), model.next()),
            }
            assert_eq!(iter.len(), model.len());
        }
        assert_eq!((iter.next(), iter.next_back()), (None, None));
        for (start, end) in [(0, 0), (5, 70_000), (299_999, 300_005), (1 << 40, u64::MAX)] {
            assert!(set.range(start..end).eq(numbers.range(start..end).copied()));
            assert!(set.range(start..=end).rev().eq(numbers.range(start..=end).rev().copied()));
            let sum = set.range(start..).fold(0, |sum, x| sum ^ x);
            assert_eq!(sum, numbers.range(start..).fold(0, |sum, x| sum ^ x));
        }
    }
}

#[test]
fn few_slices_between_full_chunks_give_their_room_back() {
    let mut set: SlicedSetMut = (0..400).map(|key| key << 16).collect();
    (130..250).for_each(|key| assert!(set.remove(key << 16)));
    let bytes = set.heap_bytes();
    set.shrink_to_fit();
    let least = set.heap_bytes();
    assert!(10 * bytes <= 11 * least, "{bytes} bytes, and {least} without slack");
}

/// What two sets need of the stack is what the docs say: the room for a pair of slices, and bits of
/// runs that are not to be coded as such, or high parts of Elias-Fano code with a byte each.
#[test]
fn stack_for_two_sets_is_that_of_the_docs() {
    let (flags, said) = if wide::IS_BUILT { (MANY_FLAGS, 128 << 10) } else { (0, 66 << 10) };
    let bytes = size_of::<Scratch>() + size_of::<Blocks>().max(flags);
    assert!((said * 7 / 8..said).contains(&bytes), "{bytes}");
}

#[test]
fn bytes_while_building_are_those_of_the_result() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut builder = SlicedSetBuilder::new_in(Prefer::Bytes, &alloc);
    (0..1_000_000).for_each(|i| builder.push(i * 100).unwrap());
    let set = builder.finish().unwrap();
    assert_eq!(set.heap_bytes(), counter.live());
    // Growing by a sixteenth, and the slice that is being filled.
    assert!(counter.peak() < set.heap_bytes() * 17 / 16 + (200 << 10), "{}", counter.peak());
}

#[test]
fn ranges_are_taken_out_as_they_are_put_in() {
    let mut set = SlicedSetMut::new();
    set.extend(&[0, 5, u64::MAX]);
    set.insert_range(1_000..=300_000);
    assert_eq!(set.remove_range(2_000..=200_000), 198_001);
    assert_eq!((set.range(1_999..).nth(1), set.len()), (Some(200_001), 101_003));
    let (start, end) = (9, 8);
    assert_eq!(set.remove_range(start..=end), 0);
    set.retain(|x| x % 3 == 0);
    assert!(
        set.iter().eq([0]
            .into_iter()
            .chain((1_002..2_000).step_by(3))
            .chain((200_001..=300_000).step_by(3))
            .chain([u64::MAX]))
    );
    assert_eq!(set.remove_range(0..=u64::MAX), 1 + 333 + 33_334 + 1);
    assert!(set.is_empty() && set.heap_bytes() < 100, "{}", set.heap_bytes());
}

#[test]
fn what_is_taken_out_lies_in_many_chunks() {
    let all = || (0..1_000_u64).map(|i| i * 70_000);
    let mut set: SlicedSetMut = all().collect();
    let mut asked = Vec::new();
    set.retain(|x| {
        asked.push(x);
        x % 3 != 0
    });
    assert!(asked.into_iter().eq(all()) && set.iter().eq(all().filter(|x| x % 3 != 0)));
    assert_eq!(set.remove_range(70_001..=69_000_000), 656);
    assert!(set.iter().eq(all().filter(|x| x % 3 != 0 && !(70_001..=69_000_000).contains(x))));
}
