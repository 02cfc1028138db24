//! Sequences of numbers and of byte strings in as few bytes as random access allows.
//!
//! | you have | take | heap bytes |
//! |---|---|---|
//! | numbers below 2^w, in any order | [`PackedInts`] | w/8 a number + 8 |
//! | numbers that are near their neighbours, never changed | [`BlockInts`] | log2 of their spread over 128 in a row/8 + 0.07 |
//! | ascending numbers, by position or by value | [`EliasFano`] | (2 + log2(mean gap))/8 a number + 2 % |
//! | a set of numbers, in order: spread evenly, in clusters, in runs | [`SlicedSet`] | as few as they take: at gaps of 100, 8.8/8 a number |
//! | the same, while it changes | [`SlicedSetMut`] | at gaps of 100, 15/8 a number |
//! | bits that change; sets of small numbers | [`BitVec`] | 1/8 a bit |
//! | bits that stay: how many ones come before, where the k-th one is | [`RankSelect`] | 1.036/8 a bit |
//! | the same, ranks faster and select slower, not as plain words | [`RankedBits`] | 1.034/8 a bit |
//! | byte strings, by position | [`StrArray`] | their bytes + log2(bytes)/8 a string |
//! | rows of numbers, of any lengths, never changed | [`Ragged`] | theirs + (2 + log2(mean length))/8 a row |
//! | values of any type, of which there come more | [`SlimVec`] | theirs, and 3 % of slack |
//! | the same, where growing must not copy | [`SegVec`] | theirs, and 0.1 % |
//! | a sorted slice, and look-ups in it | [`SortedSearch`], [`STree`], [`RadixTable`] | none, 1/16 of it (1/32 of `u32`), 1/200 |

mod bit_vec;
mod block_ints;
mod dense_select;
mod elias_fano;
#[cfg(any(feature = "bitvec", feature = "fst"))]
mod interop;
mod packed_ints;
mod ragged;
mod rank_index;
mod rank_select;
mod ranked_bits;
mod seg_vec;
mod select;
#[cfg(all(feature = "serde", feature = "alloc"))]
mod sequence;
mod sliced_set;
mod slim_vec;
mod sorted_search;
mod str_array;
mod strings;

pub use bit_vec::{BitVec, Iter as BitIter, Ones, Positions, Zeros};
pub use block_ints::{BlockInts, BlockIntsBuilder};
pub use dense_select::DenseSelect;
pub use elias_fano::{Cursor, EliasFano, EliasFanoBuilder};
pub use packed_ints::PackedInts;
pub use ragged::{Ragged, RaggedBuilder, RaggedU64, Row as RaggedRow, RowIter as RaggedRowIter};
pub use rank_index::RankIndex;
pub use rank_select::RankSelect;
pub use ranked_bits::RankedBits;
pub use seg_vec::SegVec;
pub use select::{Select, SelectZero};
pub use sliced_set::{Iter as SlicedSetIter, Prefer, SlicedSet, SlicedSetBuilder};
pub use sliced_set::{SlicedSetMut, SlicedSetMutIter};
pub use slim_vec::SlimVec;
pub use sorted_search::{RadixTable, STree, SearchKey, SortedSearch, insort_left, insort_right};
pub use str_array::StrArray;
#[cfg(feature = "serde")]
pub(crate) use str_array::with_serde as strings_with_serde;
pub(crate) use strings::{Literal, string_sequence};

use crate::error::BuildError;
use crate::mem::{Alloc, Footprint};
use crate::storage::HeapWords;
use core::ops::{Bound, Range, RangeBounds};

/// A sequence of numbers, by position. Serves code that is generic over structures; the structures
/// have all of it as inherent methods.
pub trait Ints: Footprint {
    /// How many numbers there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index`.
    fn get(&self, index: usize) -> Option<u64>;

    /// Where `value` is in an ascending sequence, or else where it would be put.
    fn binary_search(&self, value: u64) -> Result<usize, usize>;
}

/// An ascending sequence of numbers, equal ones allowed: by position and by value. Serves code that
/// is generic over structures; the structures have all of it as inherent methods.
pub trait SortedInts: Ints {
    /// How many numbers are smaller than `x`.
    fn rank(&self, x: u64) -> usize;

    /// The nearest number that is at least `x`, with its index; the first one of equal numbers.
    fn succ(&self, x: u64) -> Option<(usize, u64)>;

    /// The nearest number that is at most `x`, with its index; the last one of equal numbers.
    fn pred(&self, x: u64) -> Option<(usize, u64)>;

    /// The numbers from position `index` on.
    fn iter_from(&self, index: usize) -> impl DoubleEndedIterator<Item = u64>;
}

/// [`SortedInts`] that can be built; the laws of the registry's shape `sorted`.
pub trait SortedIntsBuild<A: Alloc>: SortedInts + Sized {
    /// The `len` numbers of `values`, which ascend to at most `max`, with no slack.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if there are more or fewer, they do not ascend, one is above `max`, the
    /// structure cannot hold them, or memory cannot be had.
    fn try_build_in(
        len: usize,
        max: u64,
        values: impl IntoIterator<Item = u64>,
        alloc: A,
    ) -> Result<Self, BuildError>;
}

/// Numbers of which each occurs once. Serves code that is generic over structures; the structures
/// have all of it as inherent methods.
pub trait SortedIntSet: SortedInts {
    /// Whether `x` is there.
    fn contains(&self, x: u64) -> bool;

    /// How many numbers are in both.
    fn intersection_len(&self, other: &Self) -> usize;
}

/// A set of two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// What is in either or both.
    Union,
    /// What is in both.
    Intersection,
    /// What is in the left one and not in the right one.
    Difference,
    /// What is in one of them only.
    SymmetricDifference,
}

impl SetOp {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Union, Self::Intersection, Self::Difference, Self::SymmetricDifference];
}

/// [`SortedIntSet`]s that can be built; the laws of the registry's shape `int_sets`.
pub trait SortedIntSetBuild<A: Alloc>: SortedIntSet + Sized {
    /// The numbers of `values`, which ascend, with no slack; equal ones count once.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if they do not ascend, or memory cannot be had.
    fn try_build_in(
        values: impl IntoIterator<Item = u64>,
        prefer: Prefer,
        alloc: A,
    ) -> Result<Self, BuildError>;

    /// The numbers of `op` over two sets, in what this one prefers.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    fn try_combine_in(&self, other: &Self, op: SetOp, alloc: A) -> Result<Self, BuildError>;
}

/// [`Ints`] that can be built and changed; the laws of the registry's shape `ints`.
pub trait IntsMut<A: Alloc>: Ints + Sized {
    /// The numbers of `values`, in as few bytes as the structure can, with no slack.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the structure cannot hold them or memory cannot be had.
    fn try_build_in(values: &[u64], alloc: A) -> Result<Self, BuildError>;

    /// Appends `value`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; the sequence is then unchanged.
    fn try_push(&mut self, value: u64) -> Result<(), BuildError>;

    /// Overwrites the number at `index`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there is none; the sequence is then unchanged.
    fn try_set(&mut self, index: usize, value: u64) -> Result<(), BuildError>;

    /// Removes and returns the last number.
    fn pop(&mut self) -> Option<u64>;

    /// Removes the numbers from `len` on.
    fn truncate(&mut self, len: usize);

    /// Gives back all bytes that the numbers do not need.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if the allocator cannot shrink a block; nothing is lost.
    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError>;
}

/// [`Ints`] that are built once, from numbers in their order; the laws of the registry's shape
/// `static_ints`.
pub trait IntsStatic<A: Alloc>: Ints + Sized {
    /// What takes the numbers.
    type Builder: IntsBuilder<Built = Self>;

    /// A builder with its memory from `alloc`.
    fn builder_in(alloc: A) -> Self::Builder;
}

/// Takes the numbers of a static sequence.
pub trait IntsBuilder: Sized {
    /// What is built.
    type Built;

    /// Appends `value`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; the numbers are then unchanged.
    fn try_push(&mut self, value: u64) -> Result<(), BuildError>;

    /// The sequence, with no slack.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; the numbers are then lost.
    fn try_finish(self) -> Result<Self::Built, BuildError>;
}

/// A sequence of byte strings, by position. Serves code that is generic over structures.
pub trait Strings: Footprint {
    /// How many strings there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string at `index`.
    fn get(&self, index: usize) -> Option<&[u8]>;

    /// Where `key` is in an ascending sequence, or else where it would be put.
    fn binary_search(&self, key: &[u8]) -> Result<usize, usize>;
}

/// [`Strings`] that can be built and changed; the laws of the registry's shape `strings`.
pub trait StringsMut<A: Alloc>: Strings + Sized {
    /// The strings of `values`, in order, with no slack.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the structure cannot hold them or memory cannot be had.
    fn try_build_in<'s>(
        values: impl Iterator<Item = &'s [u8]>,
        alloc: A,
    ) -> Result<Self, BuildError>;

    /// Appends `value`.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; the sequence is then unchanged.
    fn try_push(&mut self, value: &[u8]) -> Result<(), BuildError>;

    /// Removes the strings from `len` on.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if that takes memory, as where offsets are compressed, and it cannot
    /// be had; the sequence is then unchanged.
    fn try_truncate(&mut self, len: usize) -> Result<(), BuildError>;

    /// Gives back all bytes that the strings do not need.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if the allocator cannot shrink a block; nothing is lost.
    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError>;
}

/// A sequence of bits, by position. Serves code that is generic over structures; the structures
/// have all of it as inherent methods.
pub trait Bits: Footprint {
    /// Whether it answers rank and select without looking at all the bits before.
    const INDEXED: bool = true;

    /// How many bits there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bit at `index`.
    fn get(&self, index: usize) -> Option<bool>;

    /// How many ones stand before bit `index`; of positions behind the end, how many there are.
    fn rank(&self, index: usize) -> usize;

    /// The position of the `k`-th one, from 0.
    fn select(&self, k: usize) -> Option<usize>;

    /// The position of the `k`-th zero, from 0.
    fn select_zero(&self, k: usize) -> Option<usize>;

    /// The last one at or before `index`.
    fn pred(&self, index: usize) -> Option<usize>;

    /// The first one at or behind `index`.
    fn succ(&self, index: usize) -> Option<usize>;
}

/// Gives a type its [`Bits`], each by the inherent method of its name.
macro_rules! bits_by_methods {
    ($ty:ident, indexed: $indexed:literal) => {
        impl<W: $crate::storage::Words> $crate::arrays::Bits for $ty<W> {
            const INDEXED: bool = $indexed;

            fn len(&self) -> usize {
                self.len()
            }

            #[inline]
            fn get(&self, index: usize) -> Option<bool> {
                self.get(index)
            }

            #[inline]
            fn rank(&self, index: usize) -> usize {
                self.rank(index)
            }

            #[inline]
            fn select(&self, k: usize) -> Option<usize> {
                self.select(k)
            }

            fn select_zero(&self, k: usize) -> Option<usize> {
                self.select_zero(k)
            }

            fn pred(&self, index: usize) -> Option<usize> {
                self.pred(index)
            }

            fn succ(&self, index: usize) -> Option<usize> {
                self.succ(index)
            }
        }
    };
}
use bits_by_methods;

/// [`Bits`] that can be built, and some of them changed; the laws of the registry's shape `bits`.
pub trait BitsMut<A: Alloc + Clone>: Bits + Sized {
    /// The bits of `bits`, with no slack but that of `bits`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the structure cannot hold them or memory cannot be had.
    fn try_build_in(bits: BitVec<HeapWords<A>>, alloc: A) -> Result<Self, BuildError>;

    /// The bits, to be changed; `None` if the structure has to be built anew instead.
    fn as_bit_vec_mut(&mut self) -> Option<&mut BitVec<HeapWords<A>>> {
        None
    }
}

/// Rows of numbers. Serves code that is generic over structures; the structures have all of it as
/// inherent methods.
pub trait RaggedRows: Footprint {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many numbers all rows have.
    fn item_count(&self) -> usize;

    /// The numbers of the row at `index`.
    fn row(&self, index: usize) -> Option<impl ExactSizeIterator<Item = u64>>;

    /// The rows in order.
    fn rows(&self) -> impl DoubleEndedIterator<Item = impl ExactSizeIterator<Item = u64>>;
}

/// [`RaggedRows`] that can be built; the laws of the registry's shape `ragged`.
pub trait RaggedBuild<A: Alloc>: RaggedRows + Sized {
    /// The rows of `rows`, which are gone through more than once.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the structure cannot hold them or memory cannot be had.
    fn try_build_in<'r>(
        rows: impl Iterator<Item = &'r [u64]> + Clone,
        alloc: A,
    ) -> Result<Self, BuildError>;
}

/// The error of an index that names no item: of no items, a range that is empty.
fn index_out_of_range(index: usize, len: usize) -> BuildError {
    let (min, max) = (u64::from(len == 0), (len as u64).saturating_sub(1));
    BuildError::OutOfRange { name: "index", value: index as u64, min, max }
}

/// The positions of the numbers within `bounds` among `len` ascending ones, of which `rank` tells
/// how many are smaller than a number.
fn positions_in(
    bounds: impl RangeBounds<u64>,
    len: usize,
    rank: impl Fn(u64) -> usize,
) -> Range<usize> {
    let after = |x: u64| x.checked_add(1).map_or(len, &rank);
    let start = match bounds.start_bound() {
        Bound::Included(x) => rank(*x),
        Bound::Excluded(x) => after(*x),
        Bound::Unbounded => 0,
    };
    let end = match bounds.end_bound() {
        Bound::Included(x) => after(*x),
        Bound::Excluded(x) => rank(*x),
        Bound::Unbounded => len,
    };
    start..end.max(start)
}

/// Binary search over positions `0..len`: the first position for which `less` is false.
pub(crate) fn lower_bound(len: usize, mut less: impl FnMut(usize) -> bool) -> usize {
    let (mut base, mut size) = (0, len);
    while size > 0 {
        let half = size / 2;
        let middle = base + half;
        if less(middle) {
            base = middle + 1;
            size -= half + 1;
        } else {
            size = half;
        }
    }
    base
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn packed_numbers_are_resized_as_a_vector_is() {
        let (mut ints, mut expected) = (PackedInts::new(), std::vec::Vec::new());
        let steps = [(3, 0), (700, 5), (701, 1 << 40), (20, 9), (2_000, 0), (2_300, u64::MAX)];
        for (len, value) in steps {
            ints.resize(len, value);
            expected.resize(len, value);
            assert!(ints.iter().eq(expected.iter().copied()), "{len} of {value}");
        }
        assert_eq!(ints.try_resize(usize::MAX, 1), Err(crate::AllocError::CapacityOverflow));
        assert_eq!((ints.len(), ints.last()), (2_300, Some(u64::MAX)));
        // Numbers of no bits take no memory, however many there are.
        let mut zeros = PackedInts::new();
        zeros.resize(usize::MAX, 0);
        assert_eq!((zeros.len(), zeros.heap_bytes()), (usize::MAX, 0));
    }

    #[test]
    fn errors_of_an_index_tell_which_would_do() {
        let told = |done: Result<(), BuildError>| done.unwrap_err().to_string();
        let none = "index is 0, and there are no items: add some first";
        assert_eq!(told(PackedInts::new().try_set(0, 5)), none);
        assert_eq!(told(BitVec::new().try_set(0, true)), none);
        let one = "index is 1: it must lie within 0..=0";
        assert_eq!(told([7].into_iter().collect::<PackedInts>().try_set(1, 5)), one);
        assert_eq!(told(BitVec::filled(true, 1).try_set(1, true)), one);
    }
}
