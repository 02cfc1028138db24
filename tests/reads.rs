//! Reading allocates nothing: every way to read every array, under an allocator that counts.

mod counting;

use counting::{Counting, counts, forget_largest};
use lessram::arrays::{
    BitVec, BlockInts, DenseSelect, EliasFano, PackedInts, Prefer, RadixTable, Ragged, RankSelect,
    RankedBits, STree, SegVec, SlicedSet, SlimVec, SortedSearch, StrArray,
};
use std::hint::black_box;

#[global_allocator]
static ALLOC: Counting = Counting;

const N: usize = 3_000;

/// The largest block that `read` requests, and 0 if it requests none.
fn requested(read: impl FnOnce()) -> usize {
    forget_largest();
    read();
    counts().largest
}

/// Checks that `read` requests nothing.
#[track_caller]
fn free(read: impl FnOnce()) {
    assert_eq!(requested(read), 0, "bytes requested by a read");
}

/// Ascending numbers in clusters, runs and far apart.
fn numbers() -> Vec<u64> {
    (0..N as u64).map(|i| i * 3 + i / 100 * 10_000 + i / 1_000 * 5_000_000).collect()
}

fn at(i: usize) -> usize {
    i * 7_919 % N
}

#[test]
fn what_is_requested_is_seen() {
    assert_eq!(requested(|| drop(black_box(vec![0_u8; 7]))), 7);
}

#[test]
fn packed_and_block_ints() {
    let (numbers, mut out) = (numbers(), [0; 700]);
    let indices: Vec<usize> = (0..700).map(at).collect();
    let packed = PackedInts::from(&numbers[..]);
    free(|| {
        packed.get_many(&indices, &mut out);
        black_box((packed.get(7), packed.first(), packed.last(), packed.sum(), packed.min_max()));
        black_box((packed.unpack(9, &mut out), packed.unpack_u32(9, &mut [0; 300])));
        packed.for_chunks(|chunk| assert!(!chunk.is_empty()));
        black_box((packed.iter().rev().count(), packed.count_in(100..)));
        black_box((packed.binary_search(numbers[9]).is_ok(), packed.partition_point(|x| x < 999)));
    });
    let blocks = BlockInts::from(&numbers[..]);
    free(|| {
        black_box((blocks.get(7), blocks.first(), blocks.last(), blocks.unpack(9, &mut out)));
        blocks.for_chunks(|chunk| assert!(!chunk.is_empty()));
        black_box((blocks.iter().rev().count(), blocks.iter_range(9..99).count()));
        black_box((blocks.binary_search(numbers[9]).is_ok(), blocks.partition_point(|x| x < 999)));
    });
}

#[test]
fn vectors() {
    let slim: SlimVec<u64> = numbers().into_iter().collect();
    free(|| {
        black_box((slim.get(7), slim.iter().rev().count(), slim.binary_search(&9).is_ok()));
    });
    let segments: SegVec<u64> = numbers().into_iter().collect();
    free(|| {
        black_box((segments.get(7), segments.first(), segments.last(), segments.contains(&9)));
        black_box((segments.iter().rev().count(), segments.segments().count()));
        black_box((segments.binary_search(&9).is_ok(), segments.partition_point(|x| *x < 999)));
    });
}

#[test]
fn bits() {
    let bits: BitVec = (0..N).map(|i| i % 7 == 0 || i % 11 == 3).collect();
    let other: BitVec = (0..N).map(|i| i % 5 == 0).collect();
    free(|| {
        black_box((bits.get(7), bits.rank(99), bits.select(9), bits.rank_zero(9), bits.succ(8)));
        black_box((bits.pred(8), bits.select_zero(9), bits.succ_zero(9), bits.pred_zero(9)));
        black_box((bits.count_ones(9..), bits.count_and(&other), bits.is_subset(&other)));
        black_box((bits.iter().rev().count(), bits.iter_ones().rev().count()));
        black_box((bits.iter_zeros().count(), bits.iter_ones_in(9..99).count(), bits.any()));
    });
    let select = DenseSelect::<128>::build(bits.as_words(), N as u64).unwrap();
    free(|| {
        black_box((0..9).map(|k| select.select(bits.as_words(), k)).max());
    });
}

macro_rules! ranked {
    ($name:ident $type:ty) => {
        #[test]
        fn $name() {
            let bits: $type = (0..N).map(|i| i % 7 == 0 || i % 11 == 3).collect();
            let (indices, mut out) = ([7, 99, 2_000, 13], [0; 4]);
            free(|| {
                bits.rank_many(&indices, &mut out);
                bits.select_many(&[7, 99, 200, 13], &mut out);
                black_box((bits.get(7), bits.rank(99), bits.rank_zero(9), bits.select(9)));
                black_box((bits.select_zero(9), bits.succ(8), bits.pred(8)));
                black_box((bits.iter().rev().count(), bits.iter_ones().rev().count()));
                black_box(bits.iter_zeros().count());
            });
        }
    };
}
ranked!(ranks_beside RankSelect);
ranked!(ranks_within RankedBits);

#[test]
fn elias_fano() {
    let numbers = numbers();
    let sorted = EliasFano::try_from(&numbers[..]).unwrap();
    let indices: Vec<usize> = (0..700).map(at).collect();
    let mut out = [0; 700];
    free(|| {
        sorted.get_many(&indices, &mut out);
        for x in numbers.iter().step_by(37).flat_map(|x| [*x, *x + 1]) {
            black_box((sorted.succ(x), sorted.pred(x), sorted.rank(x), sorted.rank_after(x)));
            black_box((sorted.contains(x), sorted.count(x), sorted.binary_search(x).is_ok()));
        }
        black_box((sorted.get(7), sorted.first(), sorted.last()));
        black_box((sorted.iter().rev().count(), sorted.iter_from(99).count()));
        black_box((sorted.range(99..9_999).count(), sorted.partition_point(|x| x < 999)));
        let mut cursor = sorted.cursor_at(999);
        black_box((cursor.move_next(), cursor.move_prev(), cursor.seek(9_999), cursor.value()));
    });
}

#[test]
fn strings_and_rows() {
    let texts: Vec<String> = (0..N).map(|i| format!("{:04}", i)).collect();
    let mut strings: StrArray = texts.iter().map(String::as_str).collect();
    for _ in 0..2 {
        let mut out = [&b""[..]; 3];
        free(|| {
            strings.get_many(&[7, 99, 13], &mut out);
            black_box((strings.get(7), strings.get_str(9), strings.iter().rev().count()));
            black_box((strings.binary_search("0099").is_ok(), strings.as_blob().len()));
        });
        strings.compress_offsets();
    }
    let rows: Ragged<u64> = (0..N as u64).map(|i| vec![i; i as usize % 9]).collect();
    let mut items = [0; 9];
    free(|| {
        black_box((rows.row_len(7), rows.first().is_some(), rows.last().is_some()));
        black_box(rows.iter().rev().map(|row| row.iter().sum::<u64>()).sum::<u64>());
        black_box(rows.get(8).map(|row| (row.copy_to(&mut items), row.get(3))));
        black_box(rows.flat().iter().count());
    });
}

#[test]
fn searches() {
    let numbers = numbers();
    let (search, tree) = (SortedSearch::new(&numbers), STree::new(&numbers));
    let table = RadixTable::new(&numbers);
    let (queries, mut out) = ([5_u64; 40], [0; 40]);
    free(|| {
        search.lower_bound_many(&queries, &mut out);
        tree.lower_bound_many(&queries, &mut out);
        table.lower_bound_many(&queries, &mut out);
        black_box((search.lower_bound(&9), search.upper_bound(&9), search.equal_range(&9)));
        black_box((tree.lower_bound(9), table.lower_bound(9), search.binary_search(&9).is_ok()));
    });
}

#[test]
fn sets() {
    // Runs, lists, sparse slices, bitmaps; and the whole as one code.
    let dense = (0..40_000).map(|i| 1 << 30 | (i * 3 / 2));
    let mixed: Vec<u64> = numbers().into_iter().chain(dense).collect();
    let far: Vec<u64> = (0..N as u64).map(|i| i << 40).collect();
    for (numbers, prefer) in
        [(&mixed, Prefer::Bytes), (&mixed, Prefer::Time), (&far, Prefer::Bytes)]
    {
        let mut builder = SlicedSet::builder_for(prefer);
        numbers.iter().for_each(|x| builder.push(*x).unwrap());
        let set = builder.finish().unwrap();
        let changing = set.thaw();
        free(|| {
            for x in numbers.iter().step_by(37).flat_map(|x| [*x, *x + 1]) {
                black_box((set.contains(x), set.rank(x), set.succ(x), set.pred(x)));
                black_box((set.binary_search(x).is_ok(), changing.contains(x), changing.succ(x)));
            }
            black_box((set.get(99), set.first(), set.last(), changing.get(99)));
            black_box((set.iter().rev().count(), set.iter_from(9).sum::<u64>()));
            black_box((set.range(99..9_999).count(), set.intersection_len(&set)));
            black_box((set.is_subset(&set), set.union_len(&set), set == set));
            black_box((changing.iter().rev().count(), changing.pred(9), changing.rank(99)));
        });
    }
}
