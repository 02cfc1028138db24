//! [`RadixTable`]: where the keys of each range start.

use super::{
    LANES, SearchKey, check_sorted, partition_point, prefetch_item, questions, same_length, step,
};
use crate::error::BuildError;
#[cfg(feature = "alloc")]
use crate::mem::granted;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Footprint, Global, PartKind, Parts};
use core::fmt;

/// Items that a bucket should have. As buckets are powers of two wide, the average of all is up to
/// four times as many.
const PER_BUCKET: usize = 64;

/// A table is kept if its largest bucket has at most so many times the average: else a search in it
/// may be longer than what the table saves.
const MAX_SKEW: usize = 8;

/// Items of a bucket among which a key is sought first, around where it would be if the items were
/// evenly spread. Of `n` random keys in a bucket, one in the middle is off by `sqrt(n) / 2` places
/// (the standard deviation): by 5.5 of 122, by 8 of 256.
const NEAR: usize = 32;

/// A table of where each range of keys starts, over a sorted slice of `u32` or `u64` that are
/// spread evenly: 0.2 of the time of `slice::binary_search` over a million `u64`s, and 0.17 where
/// each query waits for the last, at half a percent of the slice's bytes.
///
/// # When not to use it
///
/// - Keys that are not spread evenly: if the largest range has more than 8 times the keys of the
///   average one, no table is kept, and look-ups are those of
///   [`SortedSearch`](super::SortedSearch). [`is_even`](Self::is_even) tells; take an
///   [`STree`](super::STree) then.
///
/// # Layout
///
/// ```text
/// bucket     (x - least) >> shift
/// starts     | 0 | start of bucket 1 | start of bucket 2 | ... | n |      u32 each
/// slice      | bucket 0: 64 to 256 items on average | bucket 1 | ...
/// ```
///
/// One block of exactly that size.
///
/// # Space
///
/// 4 bytes for 64 to 256 keys: 0.2 to 0.8 % of the bytes of `u64`s.
///
/// # Time
///
/// One cache line of the table, and a branch-free search of the 32 items where the key should be;
/// if it is not there, of its bucket, which has at most 8 times the average.
///
/// # Example
///
/// ```
/// use lessram::{arrays::RadixTable, mem::Footprint};
///
/// let ids: Vec<u64> = (0..100_000).map(|i| i * 1_000 + i % 7).collect();
/// let table = RadixTable::new(&ids);
/// assert!(table.is_even());
/// assert_eq!((table.binary_search(5_005), table.lower_bound(5_006)), (Ok(5), 6));
/// assert!(table.heap_bytes() < 8 * ids.len() / 100);
/// ```
///
/// # References
///
/// The first level of interpolation search: Peterson, "Addressing for Random-Access Storage", 1957;
/// as a table beside the keys, the upper half of RadixSpline: Kipf et al., aiDM 2020.
pub struct RadixTable<'a, K: SearchKey, A: Alloc = Global> {
    items: &'a [K],
    /// Where each bucket starts, and the end of the last one; empty if the keys are not even.
    starts: RawVec<u32, A>,
    least: u64,
    shift: u32,
}

#[cfg(feature = "alloc")]
impl<'a, K: SearchKey> RadixTable<'a, K> {
    /// The table over `items`. O(n).
    ///
    /// # Panics
    ///
    /// If the items do not ascend, or memory cannot be had: [`try_new_in`](Self::try_new_in)
    /// returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(items: &'a [K]) -> Self {
        granted(Self::try_new_in(items, Global))
    }
}

impl<'a, K: SearchKey, A: Alloc> RadixTable<'a, K, A> {
    /// The table over `items`, in one block from `alloc`. O(n). Slices of 2^32 items and more get
    /// none, nor do those that are [not even](Self::is_even).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] if the items do not ascend, [`BuildError::Alloc`] if memory cannot
    /// be had.
    pub fn try_new_in(items: &'a [K], alloc: A) -> Result<Self, BuildError> {
        check_sorted(items)?;
        let mut table = Self { items, starts: RawVec::new_in(alloc), least: 0, shift: 0 };
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return Ok(table) };
        if u32::try_from(items.len()).is_err() {
            return Ok(table);
        }
        let (least, span) = (first.number(), last.number() - first.number());
        let log_buckets = (items.len() / PER_BUCKET).max(1).ilog2();
        table.shift = (u64::BITS - span.leading_zeros()).saturating_sub(log_buckets);
        table.least = least;
        // more than half of 2^log_buckets, and no more than that
        let buckets = if table.shift == 64 { 1 } else { (span >> table.shift) as usize + 1 };
        if largest_bucket(items, least, table.shift) > MAX_SKEW * items.len().div_ceil(buckets) {
            return Ok(table);
        }
        table.starts.try_reserve_exact(buckets + 1)?;
        table.starts.try_resize(buckets + 1, 0)?;
        // of each bucket the end, which is the start of the next
        for (at, item) in items.iter().enumerate() {
            let bucket = bucket_of(item.number(), least, table.shift);
            table.starts[bucket + 1] = at as u32 + 1;
        }
        for at in 1..table.starts.len() {
            table.starts[at] = table.starts[at].max(table.starts[at - 1]);
        }
        Ok(table)
    }

    /// Whether the keys are spread evenly enough for a table.
    #[must_use]
    pub fn is_even(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Where the lower bound of `x` must be, and where it is likely to be.
    #[inline]
    fn place(&self, x: K) -> Place {
        let x = x.number();
        if x <= self.least {
            let end = if self.is_even() { 0 } else { self.items.len() };
            return Place { start: 0, end, near: 0 };
        }
        let bucket = bucket_of(x, self.least, self.shift);
        let (start, end) = match (self.starts.get(bucket), self.starts.get(bucket + 1)) {
            (Some(start), Some(end)) => (*start as usize, *end as usize),
            _ if self.is_even() => (self.items.len(), self.items.len()),
            _ => (0, self.items.len()),
        };
        let len = end - start;
        // Which part of the bucket's keys is below `x`, in 2^64ths.
        let part = (x - self.least).checked_shl(64 - self.shift).unwrap_or(0);
        let guess = ((u128::from(part) * len as u128) >> 64) as usize;
        let near = guess.saturating_sub(NEAR / 2).min(len.saturating_sub(NEAR));
        Place { start, end, near: start + near }
    }

    /// Asks for the lines that [`search`](Self::search) reads first, so that it waits once for all.
    #[inline]
    fn prefetch(&self, place: Place) {
        let line = 64 / size_of::<K>();
        (0..NEAR).step_by(line).for_each(|at| prefetch_item(self.items, place.near + at));
        prefetch_item(self.items, place.near + NEAR - 1);
    }

    /// The lower bound of `x`, whose place is `place`.
    #[inline]
    fn search(&self, place: Place, x: K) -> usize {
        let Place { start, end, near } = place;
        let window: Option<&[K; NEAR]> =
            self.items[..end].get(near..).and_then(|rest| rest.first_chunk());
        match window {
            Some(window) if window[0] < x && x <= window[NEAR - 1] => near + in_window(window, x),
            // The answer is near an end of the bucket, or the keys are less even here.
            Some(window) if window[0] < x => {
                let behind = near + NEAR;
                behind + partition_point(&self.items[behind..end], |item| *item < x)
            }
            _ => {
                let end = if window.is_some() { near } else { end };
                start + partition_point(&self.items[start..end], |item| *item < x)
            }
        }
    }

    /// The position of the first item `>= x`, or `len`: `bisect_left`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn lower_bound(&self, x: K) -> usize {
        let place = self.place(x);
        self.prefetch(place);
        self.search(place, x)
    }

    /// The lower bound of each of `queries`, into the same places of `out`. Asks for the buckets of
    /// 16 queries before it searches them. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If there are not as many places as queries.
    #[track_caller]
    pub fn lower_bound_many(&self, queries: &[K], out: &mut [usize]) {
        same_length(queries, out);
        for (queries, out) in queries.chunks(LANES).zip(out.chunks_mut(LANES)) {
            let mut places = [Place { start: 0, end: 0, near: 0 }; LANES];
            for (x, place) in queries.iter().zip(&mut places) {
                *place = self.place(*x);
                self.prefetch(*place);
            }
            for ((x, place), out) in queries.iter().zip(places).zip(out) {
                *out = self.search(place, *x);
            }
        }
    }
}

/// Where a key is sought.
#[derive(Clone, Copy)]
struct Place {
    /// Its bucket.
    start: usize,
    end: usize,
    /// Where [`NEAR`] items start among which it is likely to be, if the bucket has as many.
    near: usize,
}

/// How many of the items are smaller than `x`: the first one is, the last one is not.
#[inline(always)]
fn in_window<K: Ord>(window: &[K; NEAR], x: K) -> usize {
    let mut base = 0;
    for half in [16, 8, 4, 2, 1] {
        base = step(window[base + half] < x, base + half, base);
    }
    base + 1
}
const _: () = assert!(NEAR == 32);

/// The bucket of `x >= least`; buckets that no table has are one.
#[inline]
fn bucket_of(x: u64, least: u64, shift: u32) -> usize {
    // A shift of 64 would not be one.
    let bucket = (x - least).checked_shr(shift).unwrap_or(0);
    bucket.min(u64::from(u32::MAX) - 1) as usize
}

fn largest_bucket<K: SearchKey>(items: &[K], least: u64, shift: u32) -> usize {
    let same =
        |a: &K, b: &K| bucket_of(a.number(), least, shift) == bucket_of(b.number(), least, shift);
    items.chunk_by(same).map(<[K]>::len).max().unwrap_or(0)
}

questions!(RadixTable);

impl<K: SearchKey, A: Alloc> Footprint for RadixTable<'_, K, A> {
    /// The table; the slice is borrowed.
    fn parts(&self, out: &mut dyn Parts) {
        self.starts.tell("starts", PartKind::Index, 0, out);
    }
}

impl<K: SearchKey, A: Alloc> fmt::Debug for RadixTable<'_, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RadixTable");
        out.field("len", &self.items.len()).field("buckets", &self.starts.len().saturating_sub(1));
        out.finish_non_exhaustive()
    }
}

impl<K: SearchKey, A: Alloc + Clone> Clone for RadixTable<'_, K, A> {
    fn clone(&self) -> Self {
        Self { starts: self.starts.clone(), ..*self }
    }
}
