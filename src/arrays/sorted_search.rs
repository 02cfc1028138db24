//! [`SortedSearch`], [`STree`], [`RadixTable`]: three ways to search a sorted slice that stays
//! where it is.

mod radix_table;
mod s_tree;

pub use radix_table::RadixTable;
pub use s_tree::STree;

use super::SlimVec;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::simd::search::{self, LANES, prefetch_item};
use core::ops::Range;

/// Numbers that [`STree`] and [`RadixTable`] search: `u32` and `u64`.
pub trait SearchKey: sealed::Key {}

impl SearchKey for u32 {}
impl SearchKey for u64 {}

mod sealed {
    use core::fmt::Debug;

    /// What the trees and tables need of a key.
    pub trait Key: crate::simd::search::Key + Debug {
        /// The number, to be computed with.
        fn number(self) -> u64;

        /// The next larger number, if there is one.
        fn successor(self) -> Option<Self>;
    }

    impl Key for u32 {
        fn number(self) -> u64 {
            u64::from(self)
        }

        fn successor(self) -> Option<Self> {
            self.checked_add(1)
        }
    }

    impl Key for u64 {
        fn number(self) -> u64 {
            self
        }

        fn successor(self) -> Option<Self> {
            self.checked_add(1)
        }
    }
}

/// Binary search without a branch: half of the time of `slice::binary_search` over a million
/// `u64`s, a quarter for many queries at once, and no byte beside the slice. Over as many `u32`s,
/// which fit in cache, 0.6 and 0.3 (`benches/peers`, `search`; compilers before 1.88 make branches
/// of it).
///
/// Each step is a choice by the result of a comparison, so that there is nothing to predict, and
/// asks for both places where the next one may look.
///
/// | I have | I take | bytes beside the slice |
/// |---|---|---|
/// | any sorted slice | `SortedSearch` | 0 |
/// | `u32` or `u64`, many look-ups | [`STree`] | 3.1 % or 6.3 % |
/// | keys spread evenly: hashes, ids, times | [`RadixTable`] | 0.2 to 0.8 % of `u64`s |
///
/// # What is found
///
/// The three agree with Python's `bisect`, on any ascending slice, repeated items included:
///
/// | method | the position | Python |
/// |---|---|---|
/// | `lower_bound(x)` | of the first item `>= x`, or `len` | `bisect_left` |
/// | `upper_bound(x)` | of the first item `> x`, or `len` | `bisect_right` |
/// | `binary_search(x)` | `Ok(lower_bound)` if `x` is there, else `Err(lower_bound)` | |
/// | `equal_range(x)` | of all items `== x` | |
///
/// In a slice that does not ascend every answer is a position from 0 to `len`, and nothing worse.
///
/// # When not to use it
///
/// - A few dozen items: `slice::binary_search` is as fast.
/// - Hits only, and no order wanted: a hash set answers in one or two cache lines.
///
/// # Layout
///
/// The slice. The view is a pointer and a length.
///
/// # Space
///
/// No heap bytes.
///
/// # Time
///
/// O(log n), `log2(n)` cache lines less the last few; [`lower_bound_many`](Self::lower_bound_many)
/// answers 16 side by side, so that their cache misses overlap.
///
/// # Example
///
/// ```
/// use lessram::arrays::SortedSearch;
///
/// let years = [1969, 1972, 1972, 1991];
/// let search = SortedSearch::new(&years);
/// assert_eq!((search.lower_bound(&1972), search.upper_bound(&1972)), (1, 3));
/// assert_eq!((search.binary_search(&1970), search.equal_range(&1972)), (Err(1), 1..3));
/// ```
///
/// # References
///
/// Khuong, Morin, "Array Layouts for Comparison-Based Searching", JEA 2017, for the branch-free
/// loop and its prefetching.
#[derive(Clone, Copy, Debug)]
pub struct SortedSearch<'a, T> {
    items: &'a [T],
}

impl<'a, T: Ord> SortedSearch<'a, T> {
    /// Searches `items`, which must ascend for the answers to mean something. O(1).
    #[must_use]
    pub const fn new(items: &'a [T]) -> Self {
        Self { items }
    }

    /// The slice.
    #[must_use]
    pub const fn items(&self) -> &'a [T] {
        self.items
    }

    /// The position of the first item `>= x`, or `len`: `bisect_left`. O(log n), allocates nothing.
    #[must_use]
    #[inline]
    pub fn lower_bound(&self, x: &T) -> usize {
        partition_point(self.items, |item| item < x)
    }

    /// The position of the first item `> x`, or `len`: `bisect_right`. O(log n), allocates nothing.
    #[must_use]
    #[inline]
    pub fn upper_bound(&self, x: &T) -> usize {
        partition_point(self.items, |item| item <= x)
    }

    /// Where `x` is first, or else where it would be put. O(log n), allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `x` does not occur: inserting it there would keep the order.
    #[inline]
    pub fn binary_search(&self, x: &T) -> Result<usize, usize> {
        let at = self.lower_bound(x);
        if self.items.get(at) == Some(x) { Ok(at) } else { Err(at) }
    }

    /// Whether `x` occurs. O(log n), allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains(&self, x: &T) -> bool {
        self.binary_search(x).is_ok()
    }

    /// The positions of all items that equal `x`. O(log n), allocates nothing.
    #[must_use]
    pub fn equal_range(&self, x: &T) -> Range<usize> {
        let start = self.lower_bound(x);
        // never before the start, not even in a slice that does not ascend
        start..self.upper_bound(x).max(start)
    }

    /// The lower bound of each of `queries`, into the same places of `out`. 16 are answered side by
    /// side. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If there are not as many places as queries.
    #[track_caller]
    pub fn lower_bound_many(&self, queries: &[T], out: &mut [usize]) {
        same_length(queries, out);
        for (queries, out) in queries.chunks(LANES).zip(out.chunks_mut(LANES)) {
            match <&[T; LANES]>::try_from(queries) {
                Ok(queries) => out.copy_from_slice(&side_by_side(self.items, queries)),
                Err(_) => {
                    for (x, out) in queries.iter().zip(out) {
                        *out = self.lower_bound(x);
                    }
                }
            }
        }
    }
}

#[track_caller]
fn same_length<T>(queries: &[T], out: &[usize]) {
    let (asked, places) = (queries.len(), out.len());
    assert!(asked == places, "{asked} queries and {places} places for their answers");
}

/// `mid` if `further`, else `base`, without a branch: it would be guessed wrong every second time.
///
/// Compilers make branches even of arithmetic with what was compared, unless they are told not to;
/// those before 1.88 cannot be told.
#[inline(always)]
#[allow(clippy::incompatible_msrv)] // asked of the compiler by the build script
fn step(further: bool, mid: usize, base: usize) -> usize {
    #[cfg(has_select)]
    return core::hint::select_unpredictable(further, mid, base);
    #[cfg(not(has_select))]
    return base + (mid.wrapping_sub(base) & usize::from(further).wrapping_neg());
}

/// Steps from the top whose items stay in cache, whatever is sought: a guess, for which the bench
/// `search` of the peers is the test.
const TOP: u32 = 6;

/// How many items at the front fulfil `first_part`, without a branch that depends on an item.
///
/// Both items that the next step may read are fetched ahead; not in the first steps, whose items
/// are in cache, nor in the last ones, whose items share a line: the fewer instructions a search
/// takes, the more searches the processor has under way at once.
#[inline]
pub(super) fn partition_point<T>(items: &[T], first_part: impl Fn(&T) -> bool) -> usize {
    let (mut base, mut size) = (0, items.len());
    let halve = |base: &mut usize, size: &mut usize| {
        let mid = *base + *size / 2;
        *base = step(first_part(&items[mid]), mid, *base);
        *size -= *size / 2;
    };
    let line = 64 / size_of::<T>().clamp(1, 64);
    let top = (size >> TOP).max(line);
    while size > top {
        halve(&mut base, &mut size);
    }
    while size > line {
        let half = size / 2;
        let next = (size - half) / 2;
        prefetch_item(items, base + next);
        prefetch_item(items, base + half + next);
        halve(&mut base, &mut size);
    }
    while size > 1 {
        halve(&mut base, &mut size);
    }
    base + usize::from(items.get(base).is_some_and(first_part))
}

/// The same of several queries, in step.
#[inline]
fn side_by_side<T: Ord>(items: &[T], queries: &[T; LANES]) -> [usize; LANES] {
    let (mut bases, mut size) = ([0; LANES], items.len());
    while size > 1 {
        let half = size / 2;
        size -= half;
        for (base, x) in bases.iter_mut().zip(queries) {
            let mid = *base + half;
            *base = step(items[mid] < *x, mid, *base);
            prefetch_item(items, *base + size / 2);
        }
    }
    for (base, x) in bases.iter_mut().zip(queries) {
        *base += usize::from(items.get(*base).is_some_and(|item| item < x));
    }
    bases
}

/// Puts `item` into an ascending vector, before those that equal it; returns where: Python's
/// `insort_left`. O(log n + items behind).
///
/// # Errors
///
/// [`AllocError`]; nothing has changed then.
pub fn insort_left<T: Ord, A: Alloc>(
    vec: &mut SlimVec<T, A>,
    item: T,
) -> Result<usize, AllocError> {
    let at = SortedSearch::new(vec).lower_bound(&item);
    vec.try_insert(at, item)?;
    Ok(at)
}

/// Puts `item` into an ascending vector, behind those that equal it; returns where: Python's
/// `insort` and `insort_right`. O(log n + items behind).
///
/// # Errors
///
/// [`AllocError`]; nothing has changed then.
pub fn insort_right<T: Ord, A: Alloc>(
    vec: &mut SlimVec<T, A>,
    item: T,
) -> Result<usize, AllocError> {
    let at = SortedSearch::new(vec).upper_bound(&item);
    vec.try_insert(at, item)?;
    Ok(at)
}

/// Refuses a slice that does not ascend. O(n).
fn check_sorted<K: Ord>(items: &[K]) -> Result<(), BuildError> {
    let broken = items.windows(2).position(|two| two[1] < two[0]);
    broken.map_or(Ok(()), |at| Err(BuildError::NotSorted { index: at + 1 }))
}

/// The questions that follow from `lower_bound` and `lower_bound_many`.
macro_rules! questions {
    ($ty:ident) => {
        impl<'a, K: $crate::arrays::SearchKey, A: $crate::mem::Alloc> $ty<'a, K, A> {
            /// The slice.
            #[must_use]
            pub const fn items(&self) -> &'a [K] {
                self.items
            }

            /// The position of the first item `> x`, or `len`: `bisect_right`. Allocates nothing.
            #[must_use]
            #[inline]
            pub fn upper_bound(&self, x: K) -> usize {
                x.successor().map_or(self.items.len(), |next| self.lower_bound(next))
            }

            /// Where `x` is first, or else where it would be put. Allocates nothing.
            ///
            /// # Errors
            ///
            /// `Err(position)` if `x` does not occur: inserting it there would keep the order.
            #[inline]
            pub fn binary_search(&self, x: K) -> Result<usize, usize> {
                let at = self.lower_bound(x);
                if self.items.get(at) == Some(&x) { Ok(at) } else { Err(at) }
            }

            /// Whether `x` occurs. Allocates nothing.
            #[must_use]
            #[inline]
            pub fn contains(&self, x: K) -> bool {
                self.binary_search(x).is_ok()
            }

            /// The positions of all items that equal `x`. Allocates nothing.
            #[must_use]
            pub fn equal_range(&self, x: K) -> core::ops::Range<usize> {
                self.lower_bound(x)..self.upper_bound(x)
            }
        }
    };
}
use questions;

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Footprint, Global, Refusals, Refusing, Tracked};
    use crate::testkit::{cases, data::Rng};
    use std::vec;
    use std::vec::Vec;

    /// Ascending numbers: even, skewed, repeated, at the edges.
    fn ascending(rng: &mut Rng, len: usize) -> Vec<u64> {
        let kind = rng.below(6);
        let mut items: Vec<u64> = (0..len)
            .map(|i| match kind {
                0 => rng.number(),
                1 => rng.bits(10),
                2 => i as u64,
                3 => u64::MAX - rng.bits(3),
                4 => rng.number() >> rng.below(64),
                _ => 77,
            })
            .collect();
        items.sort_unstable();
        items
    }

    fn queries(rng: &mut Rng, items: &[u64]) -> Vec<u64> {
        let mut queries = vec![0, 1, u64::MAX - 1, u64::MAX];
        for _ in 0..60 {
            let item = items.get(rng.below(items.len())).copied().unwrap_or(5);
            queries.extend([item, item.wrapping_add(1), item.wrapping_sub(1), rng.number()]);
        }
        queries
    }

    /// All three ways agree with `partition_point`, one by one and many at once.
    fn agree<K: SearchKey>(items: &[K], queries: &[K]) {
        let search = SortedSearch::new(items);
        let tree = STree::try_new_in(items, Global).unwrap();
        let table = RadixTable::try_new_in(items, Global).unwrap();
        let expected: Vec<usize> =
            queries.iter().map(|x| items.partition_point(|item| item < x)).collect();
        for (x, lower) in queries.iter().zip(&expected) {
            let upper = items.partition_point(|item| item <= x);
            let bounds = [
                (search.lower_bound(x), search.upper_bound(x), search.equal_range(x)),
                (tree.lower_bound(*x), tree.upper_bound(*x), tree.equal_range(*x)),
                (table.lower_bound(*x), table.upper_bound(*x), table.equal_range(*x)),
            ];
            for bound in bounds {
                assert_eq!(bound, (*lower, upper, *lower..upper), "{x:?} among {}", items.len());
            }
            let found = if *lower < upper { Ok(*lower) } else { Err(*lower) };
            assert_eq!((search.binary_search(x), tree.binary_search(*x)), (found, found));
            assert_eq!((table.binary_search(*x), table.contains(*x)), (found, found.is_ok()));
        }
        let mut out = vec![usize::MAX; queries.len()];
        search.lower_bound_many(queries, &mut out);
        assert_eq!(out, expected);
        out.fill(usize::MAX);
        tree.lower_bound_many(queries, &mut out);
        assert_eq!(out, expected);
        out.fill(usize::MAX);
        table.lower_bound_many(queries, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn three_ways_agree_with_partition_point() {
        let mut rng = Rng::new(5);
        let around_nodes = (0..40).chain([63, 64, 72, 73, 80, 81, 144, 145, 255, 256, 272, 273]);
        let large = [647, 648, 649, 729, 4_623, 4_624, 4_625, 20_000];
        for len in around_nodes.chain(large) {
            for _ in 0..1 + cases(100) / 50 {
                let items = ascending(&mut rng, len);
                let asked = queries(&mut rng, &items);
                agree(&items, &asked);
                // Wherever in a cache line the items start.
                agree(&items[rng.below(len.min(16) + 1)..], &asked);
                let mut small: Vec<u32> = items.iter().map(|x| (x >> 32) as u32).collect();
                small.iter_mut().for_each(|x| *x ^= u32::from(*x == 5));
                small.sort_unstable();
                let asked: Vec<u32> = asked.iter().map(|x| (x >> 32) as u32).collect();
                agree(&small, &asked);
            }
        }
    }

    #[test]
    fn insort_is_pythons() {
        let mut vec: SlimVec<(u32, u32)> = SlimVec::new();
        let places =
            [(2, 0), (1, 0), (2, 1), (0, 0)].map(|item| insort_right(&mut vec, item).unwrap());
        assert_eq!(places, [0, 0, 2, 0]);
        assert_eq!(vec, [(0, 0), (1, 0), (2, 0), (2, 1)]);
        let mut rng = Rng::new(8);
        let (mut left, mut right, mut model) = (SlimVec::new(), SlimVec::new(), Vec::new());
        for _ in 0..500 {
            let x = rng.bits(6);
            let (first, behind) =
                (model.partition_point(|y| *y < x), model.partition_point(|y| *y <= x));
            assert_eq!(insort_left(&mut left, x), Ok(first));
            assert_eq!(insort_right(&mut right, x), Ok(behind));
            model.insert(first, x);
            assert!(left == model[..] && right == model[..]);
        }
    }

    #[test]
    fn unsorted_slices_give_positions() {
        let items = [5_u64, 1, 9, 9, 0, 3, 7, 2, 2, 8, 1, 1, 6];
        for x in 0..10 {
            let range = SortedSearch::new(&items).equal_range(&x);
            assert!(range.start <= range.end && range.end <= items.len());
        }
        let refused = Err(BuildError::NotSorted { index: 1 });
        assert_eq!(STree::try_new_in(&items, Global).map(drop), refused);
        assert_eq!(RadixTable::try_new_in(&items, Global).map(drop), refused);
    }

    #[test]
    fn bytes_are_those_of_the_allocator_and_of_the_docs() {
        let mut rng = Rng::new(9);
        let mut items: Vec<u64> = (0..1_000_000).map(|_| rng.number()).collect();
        items.sort_unstable();
        let small: Vec<u32> = items.iter().map(|x| (x >> 32) as u32).collect();
        let (one, two, three) = (Counter::new(), Counter::new(), Counter::new());
        let tree = STree::try_new_in(&items, Tracked::new(&one, Global)).unwrap();
        let lean = STree::try_new_in(&small, Tracked::new(&two, Global)).unwrap();
        let table = RadixTable::try_new_in(&items, Tracked::new(&three, Global)).unwrap();
        let bytes = [tree.heap_bytes(), lean.heap_bytes(), table.heap_bytes()];
        assert_eq!(bytes, [&one, &two, &three].map(Counter::live));
        let share = |bytes, items| bytes as f64 / items;
        let shares = [share(bytes[0], 8e6), share(bytes[1], 4e6), share(bytes[2], 8e6)];
        assert!(shares[0] < 0.0627 && shares[1] < 0.0314 && shares[2] < 0.0042, "{shares:?}");
        assert!(table.is_even());
        assert_eq!(one.peak(), one.live());
    }

    #[test]
    fn buckets_of_tables_have_as_many_items_as_the_docs_say() {
        // Lengths and spans just below a power of two and just above it.
        for (len, step, per_bucket) in [(16_384, 256, 64), (16_385, 256, 127), (32_767, 257, 254)] {
            let items: Vec<u64> = (0..len).map(|i| i * step).collect();
            let table = RadixTable::try_new_in(&items, Global).unwrap();
            assert_eq!(items.len() / (table.heap_bytes() / 4 - 1), per_bucket);
        }
    }

    #[test]
    fn refused_memory_is_an_error() {
        let items: Vec<u64> = (0..1_000).collect();
        let refusals = Refusals::every(1);
        let alloc = Refusing::new(&refusals, Global);
        let refused = |result: Result<(), BuildError>| matches!(result, Err(BuildError::Alloc(_)));
        assert!(refused(STree::try_new_in(&items, alloc).map(drop)));
        assert!(refused(RadixTable::try_new_in(&items, alloc).map(drop)));
    }

    #[test]
    fn skewed_keys_get_no_table() {
        let mut items: Vec<u64> = (0..10_000).collect();
        items.push(u64::MAX);
        let table = RadixTable::try_new_in(&items, Global).unwrap();
        assert_eq!((table.is_even(), table.heap_bytes()), (false, 0));
        assert_eq!((table.lower_bound(5_000), table.lower_bound(10_001)), (5_000, 10_000));
    }
}
