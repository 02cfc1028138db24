//! [`SegVec`]: a vector that never moves its items.

use crate::error::AllocError;
use crate::mem::raw_vec::{Segments, SegmentsIntoIter, Slices, SlicesMut};
use crate::mem::{Alloc, Footprint, Global, Parts, refused};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::{Flatten, FusedIterator};
use core::ops::{Index, IndexMut};

/// A vector in segments of 32 KiB: growing adds one and copies nothing, so that at any moment it
/// owns what it holds and at most one segment more.
///
/// # When not to use it
///
/// - Few items: the first one requests 32 KiB. [`SlimVec`](super::SlimVec) starts small.
/// - Where items are wanted as one slice, inserted or removed in the middle: it has
///   [`segments`](Self::segments), `push`, `pop` and `swap_remove`.
/// - Where the allocator moves large blocks by their pages, as glibc's does, `SlimVec` pushes and
///   reads a little faster, with 3 % of slack.
///
/// # Layout
///
/// ```text
/// directory  | segment 0 | segment 1 | ... | room for an eighth more |
///                 |           |
///                 v           v
///            | 2^k items | 2^k items | ...            2^k * size_of::<T>() <= 32 KiB, k >= 0
/// ```
///
/// # Space
///
/// `segments * (2^k * size_of::<T>() + 8)` heap bytes, and the directory's room for an eighth more
/// (4 at first). Growing push by push to any length from 5e6 to 1e7 `u64`s leaves less than 0.1 %
/// beside the items on average, directory included.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | by index | O(1) | 2, of which the directory's is most often cached |
/// | `push`, `pop` | O(1), `push` amortised over the directory's growth | 2 |
/// | iteration | O(n) | the items' |
///
/// # Panics and drops
///
/// Whatever panics, no item is dropped twice. If an item's `drop` panics while several are dropped,
/// some of the others may leak.
///
/// # Example
///
/// ```
/// use lessram::{arrays::SegVec, mem::Footprint};
///
/// let mut log: SegVec<u64> = (0..100_000).collect();
/// log.push(7);
/// assert_eq!((log[99_999], log.pop(), log.len()), (99_999, Some(7), 100_000));
/// assert_eq!(log.iter().rev().nth(1), Some(&99_998));
/// // 25 segments of 4,096 items, and a directory of 28 places
/// # #[cfg(target_pointer_width = "64")]
/// assert_eq!(log.heap_bytes(), 25 * 32_768 + 28 * 8);
/// ```
///
/// # References
///
/// Brodnik, Carlsson, Demaine, Munro, Sedgewick, "Resizable Arrays in Optimal Time and Space", WADS
/// 1999, with segments of one size: the square root of n that it proves needs them to grow.
pub struct SegVec<T, A: Alloc = Global> {
    items: Segments<T, A>,
}

#[cfg(feature = "alloc")]
impl<T> SegVec<T> {
    /// An empty vector; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global)
    }
}

impl<T, A: Alloc> SegVec<T, A> {
    /// Items of a segment: the power of two that fills 32 KiB best; 1 for larger items.
    pub const SEGMENT_LEN: usize = Segments::<T, A>::PER;

    /// An empty vector in `alloc`; requests no memory.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { items: Segments::new_in(alloc) }
    }

    /// How many items there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Items that fit without requesting a segment.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.items.allocator()
    }

    /// The item at `index`, or `None` if there is none. O(1).
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    /// The item at `index` to be changed, or `None` if there is none. O(1).
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.items.get_mut(index)
    }

    /// The first item, or `None` if there is none. O(1).
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// The last item, or `None` if there is none. O(1).
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.get(self.len().wrapping_sub(1))
    }

    /// The last item to be changed, or `None` if there is none. O(1).
    #[must_use]
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.get_mut(self.len().wrapping_sub(1))
    }

    /// The items in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { items: self.items.slices().flatten(), left: self.len() }
    }

    /// The items in order, to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        let left = self.len();
        IterMut { items: self.items.slices_mut().flatten(), left }
    }

    /// The items as slices in order: all of [`SEGMENT_LEN`](Self::SEGMENT_LEN) items but the last.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &[T]> + DoubleEndedIterator + Clone {
        self.items.slices()
    }

    /// The items as slices in order, to be changed.
    pub fn segments_mut(
        &mut self,
    ) -> impl ExactSizeIterator<Item = &mut [T]> + DoubleEndedIterator {
        self.items.slices_mut()
    }

    /// How many items at the front fulfil `first_part`, if all that do stand before all that do
    /// not. O(log n), allocates nothing.
    pub fn partition_point(&self, mut first_part: impl FnMut(&T) -> bool) -> usize {
        super::lower_bound(self.len(), |index| self.get(index).is_some_and(&mut first_part))
    }

    /// Where `item` is among ascending items, or else where it would be put. If it occurs several
    /// times, the first place. O(log n), allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `item` does not occur: inserting it there would keep the order.
    pub fn binary_search(&self, item: &T) -> Result<usize, usize>
    where
        T: Ord,
    {
        let at = self.partition_point(|other| other < item);
        if self.get(at) == Some(item) { Ok(at) } else { Err(at) }
    }

    /// Whether an item equals `item`. O(n).
    #[must_use]
    pub fn contains(&self, item: &T) -> bool
    where
        T: PartialEq,
    {
        self.items.slices().any(|slice| slice.contains(item))
    }

    /// Appends `item`. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, item: T) {
        self.try_push(item).unwrap_or_else(|error| refused(error));
    }

    /// Appends `item`. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no item has changed then, and `item` is dropped: reserve first to keep it.
    #[inline]
    pub fn try_push(&mut self, item: T) -> Result<(), AllocError> {
        self.items.try_push(item)
    }

    /// Removes and returns the last item, or `None` if there is none. Keeps the room. O(1).
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    /// Exchanges two items. O(1).
    ///
    /// # Panics
    ///
    /// If one of them does not exist.
    #[track_caller]
    pub fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }

    /// Removes and returns the item at `index`; the last item takes its place. O(1).
    ///
    /// # Panics
    ///
    /// If there is no such item.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        self.items.swap(index, self.len().wrapping_sub(1));
        match self.items.pop() {
            Some(item) => item,
            None => unreachable!("two items were just exchanged"),
        }
    }

    /// Drops the items from `len` on; does nothing if there are no more than `len`. Keeps the room.
    pub fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }

    /// Drops all items. Keeps the room.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the items of which `keep` says `true`, in their order. O(n).
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let mut kept = 0;
        for index in 0..self.len() {
            if keep(&self[index]) {
                self.swap(kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Appends the items of `items`. O(number of them).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the items that came before it are appended, the one that found no room is
    /// dropped.
    pub fn try_extend(&mut self, items: impl IntoIterator<Item = T>) -> Result<(), AllocError> {
        items.into_iter().try_for_each(|item| self.try_push(item))
    }

    /// Makes room for `extra` more items.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, extra: usize) {
        self.try_reserve(extra).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for `extra` more items.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the segments that were granted before are given back.
    pub fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        self.items.try_reserve(extra)
    }

    /// Gives back the segments that hold no item, and the directory's room for more.
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink the directory;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Gives back the segments that hold no item, and the directory's room for more.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink the directory; no item is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.items.try_shrink_to_fit()
    }

    /// A copy without room for more.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_clone(&self) -> Result<Self, AllocError>
    where
        T: Clone,
        A: Clone,
    {
        let mut copy = Self::new_in(self.allocator().clone());
        copy.try_reserve(self.len())?;
        copy.try_extend(self.iter().cloned())?;
        Ok(copy)
    }
}

impl<T: Footprint, A: Alloc> Footprint for SegVec<T, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.items.tell(out);
        if T::owns_heap() {
            self.iter().for_each(|item| item.parts(out));
        }
    }
}

impl<T, A: Alloc> Index<usize> for SegVec<T, A> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, index: usize) -> &T {
        let len = self.len();
        self.get(index).unwrap_or_else(|| missing(index, len))
    }
}

impl<T, A: Alloc> IndexMut<usize> for SegVec<T, A> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, index: usize) -> &mut T {
        let len = self.len();
        self.get_mut(index).unwrap_or_else(|| missing(index, len))
    }
}

#[cold]
#[track_caller]
fn missing(index: usize, len: usize) -> ! {
    panic!("index {index} of {len} items")
}

/// The items of a [`SegVec`], in order.
pub struct Iter<'a, T> {
    items: Flatten<Slices<'a, T>>,
    left: usize,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), left: self.left }
    }
}

/// The items of a [`SegVec`], in order, to be changed.
pub struct IterMut<'a, T> {
    items: Flatten<SlicesMut<'a, T>>,
    left: usize,
}

/// The items of a [`SegVec`], in order, by value.
pub struct IntoIter<T, A: Alloc = Global> {
    items: SegmentsIntoIter<T, A>,
}

/// Both count what is left, which flattening does not know.
macro_rules! counted {
    ($name:ident, $item:ty) => {
        impl<'a, T> Iterator for $name<'a, T> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let item = self.items.next()?;
                self.left -= 1;
                Some(item)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.left, Some(self.left))
            }

            /// Segment by segment: faster than one by one.
            fn fold<B, F: FnMut(B, $item) -> B>(self, init: B, f: F) -> B {
                self.items.fold(init, f)
            }
        }

        impl<T> DoubleEndedIterator for $name<'_, T> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                let item = self.items.next_back()?;
                self.left -= 1;
                Some(item)
            }
        }

        impl<T> ExactSizeIterator for $name<'_, T> {}
        impl<T> FusedIterator for $name<'_, T> {}

        impl<T> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.left).finish_non_exhaustive()
            }
        }
    };
}

counted!(Iter, &'a T);
counted!(IterMut, &'a mut T);

impl<T, A: Alloc> Iterator for IntoIter<T, A> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<T, A: Alloc> DoubleEndedIterator for IntoIter<T, A> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        self.items.next_back()
    }
}

impl<T, A: Alloc> ExactSizeIterator for IntoIter<T, A> {}
impl<T, A: Alloc> FusedIterator for IntoIter<T, A> {}

impl<T, A: Alloc> fmt::Debug for IntoIter<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.len()).finish_non_exhaustive()
    }
}

impl<T, A: Alloc> IntoIterator for SegVec<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter { items: self.items.into_items() }
    }
}

impl<'a, T, A: Alloc> IntoIterator for &'a SegVec<T, A> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, A: Alloc> IntoIterator for &'a mut SegVec<T, A> {
    type Item = &'a mut T;
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<T, A: Alloc> Extend<T> for SegVec<T, A> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.try_extend(items).unwrap_or_else(|error| refused(error));
    }
}

impl<'a, T: Copy + 'a, A: Alloc> Extend<&'a T> for SegVec<T, A> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

impl<T: Clone, A: Alloc + Clone> Clone for SegVec<T, A> {
    fn clone(&self) -> Self {
        self.try_clone().unwrap_or_else(|error| refused(error))
    }
}

impl<T, A: Alloc + Default> Default for SegVec<T, A> {
    fn default() -> Self {
        Self::new_in(A::default())
    }
}

impl<T, A: Alloc + Default> FromIterator<T> for SegVec<T, A> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut vec = Self::default();
        vec.extend(items);
        vec
    }
}

impl<T: fmt::Debug, A: Alloc> fmt::Debug for SegVec<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: PartialEq<U>, U, A: Alloc, B: Alloc> PartialEq<SegVec<U, B>> for SegVec<T, A> {
    fn eq(&self, other: &SegVec<U, B>) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a == b)
    }
}

impl<T: PartialEq<U>, U, A: Alloc> PartialEq<[U]> for SegVec<T, A> {
    fn eq(&self, other: &[U]) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a == b)
    }
}

impl<T: Eq, A: Alloc> Eq for SegVec<T, A> {}

impl<T: PartialOrd, A: Alloc> PartialOrd for SegVec<T, A> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<T: Ord, A: Alloc> Ord for SegVec<T, A> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.iter().cmp(other)
    }
}

impl<T: Hash, A: Alloc> Hash for SegVec<T, A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|item| item.hash(state));
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::{Alloc, SegVec};
    use serde::{Serialize, Serializer};

    impl<T: Serialize, A: Alloc> Serialize for SegVec<T, A> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for SegVec<T> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            crate::arrays::sequence::read(deserializer, Self::new(), |vec, item| vec.try_push(item))
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Totals, Tracked};
    use std::vec::Vec;

    #[test]
    fn room_that_cannot_be_had_in_full_is_given_back() {
        use crate::mem::{Refusals, Refusing};
        let (counter, refusals) = (Counter::new(), Refusals::every(9));
        let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
        let mut vec = SegVec::new_in(alloc);
        vec.push(1_u64);
        let room = vec.capacity();
        assert!(vec.try_reserve(100 * room).is_err());
        assert_eq!((vec.capacity(), vec.heap_bytes()), (room, counter.live()));
        assert_eq!((vec.len(), vec.pop()), (1, Some(1)));
    }

    #[test]
    fn slack_of_ten_million_pushes_and_no_copy() {
        let counter = Counter::new();
        let mut vec = SegVec::new_in(Tracked::new(&counter, Global));
        let (mut sum, mut worst, mut lens) = (0.0, 0.0_f64, 0.0);
        for i in 0..10_000_000_u64 {
            vec.push(i);
            if vec.len() >= 5_000_000 && i % 512 == 0 {
                let beside = counter.live() as f64 / (8 * vec.len()) as f64 - 1.0;
                (sum, worst, lens) = (sum + beside, worst.max(beside), lens + 1.0);
            }
        }
        assert!(sum / lens <= 0.001 && worst <= 0.0013, "{} and {worst}", sum / lens);
        assert_eq!((counter.live(), counter.blocks()), (vec.heap_bytes(), vec.heap_blocks()));
        // no block but the directory is ever asked for twice, and that one grows by resizing
        assert_eq!((counter.peak(), counter.largest_request()), (counter.live(), 32 << 10));
    }

    #[test]
    fn items_stay_where_they_are() {
        let mut vec: SegVec<u64> = (0..10_000).collect();
        let places = |vec: &SegVec<u64>| vec.iter().map(core::ptr::from_ref).collect::<Vec<_>>();
        let before = places(&vec);
        vec.extend(10_000..50_000);
        assert_eq!(places(&vec)[..10_000], before);
    }

    #[test]
    fn segments_of_every_item_size() {
        assert_eq!((SegVec::<u64>::SEGMENT_LEN, SegVec::<[u8; 24]>::SEGMENT_LEN), (4_096, 1_024));
        assert_eq!(SegVec::<[u8; 40_000]>::SEGMENT_LEN, 1);
        let mut large: SegVec<[u8; 40_000]> = SegVec::new();
        (0..5).for_each(|i| large.push([i; 40_000]));
        assert_eq!((large[3][7], large.heap_bytes() - size_of::<[usize; 8]>()), (3, 200_000));
        let mut nothing: SegVec<()> = SegVec::new();
        nothing.extend([(); 1_000]);
        assert_eq!(
            (nothing.len(), nothing.iter().count(), nothing.pop()),
            (1_000, 1_000, Some(()))
        );
        let totals = Totals::of(&nothing);
        assert_eq!((totals.payload, totals.blocks), (0, 1));
    }

    #[test]
    fn what_std_has() {
        let mut vec: SegVec<u32> = (0..9_000).rev().collect();
        vec.iter_mut().for_each(|item| *item *= 2);
        vec.retain(|item| item % 3 == 0);
        assert_eq!((vec.len(), vec.first(), vec.last()), (3_000, Some(&17_994), Some(&0)));
        assert_eq!((vec.swap_remove(0), vec[0], vec.contains(&6)), (17_994, 0, true));
        assert_eq!(vec.partition_point(|item| *item == 0), 1);
        assert_eq!(
            (vec.iter().len(), vec.iter().rev().take(2).collect::<Vec<_>>()),
            (2_999, [&6, &12].to_vec())
        );
        assert_eq!(vec.segments().map(<[u32]>::len).collect::<Vec<_>>(), [2_999]);
        let copy = vec.clone();
        assert!(copy == vec && copy.capacity() == 8_192);
        vec.clear();
        vec.shrink_to_fit();
        assert_eq!((vec.heap_bytes(), vec.is_empty()), (0, true));
        let sorted: SegVec<u32> = (0..10_000).map(|i| i / 2).collect();
        assert_eq!(
            (sorted.binary_search(&700), sorted.binary_search(&9_000)),
            (Ok(1_400), Err(10_000))
        );
    }
}
