//! [`SlimVec`]: a vector that never asks for twice what it holds.

use crate::error::AllocError;
use crate::mem::raw_vec::{self, RawVec};
use crate::mem::{Alloc, Footprint, Global, PartKind, Parts, refused};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::ops::{Deref, DerefMut, RangeBounds};

/// A vector like std's, with a sixteenth of its slack: where `Vec` doubles, this one grows by half
/// below 128 KiB and by a sixteenth above. A push takes 1.1 times as long as `Vec`'s on the way to
/// ten million, and 1.5 times on the way to a thousand.
///
/// All that slices can do, it can: it dereferences to `[T]`.
///
/// # When not to use it
///
/// - Numbers of few bits: [`PackedInts`](super::PackedInts) takes just those bits.
/// - Where the allocator cannot extend a large block in place or move its pages (arenas, wasm, bare
///   metal, many large vectors at once), growing copies the items 16 times over, and old and new
///   block are live together while it does: [`SegVec`](super::SegVec) never copies.
/// - A length that is known from the start: any vector, made `with_capacity`.
///
/// # Layout
///
/// ```text
/// | item 0 | item 1 | ... | item len-1 | slack: at most half of the items, above 128 KiB 1/16 |
/// ```
///
/// One block, and none while it is empty and was never filled.
///
/// # Space
///
/// `capacity * size_of::<T>()` heap bytes. Growing push by push to any length from 5e6 to 1e7
/// `u64`s leaves 3.1 % of slack on average and 6.3 % at worst (`Vec`: 46 % and 100 %).
///
/// # Time
///
/// | operation | time |
/// |---|---|
/// | `push`, `pop`, by index | O(1), `push` amortised |
/// | `insert`, `remove`, `drain` | O(items behind) |
/// | `retain`, `dedup` | O(n) |
///
/// A push costs what it costs a `Vec` as long as the allocator moves large blocks by their pages,
/// as glibc's does: measured, `cargo run --release -- growth` in `benches/peers`.
///
/// # Panics and drops
///
/// Whatever panics (a predicate, a `clone`, a `drop`), no item is dropped twice. Items that
/// `retain` and `dedup` reject are dropped together at the end.
///
/// # Example
///
/// ```
/// use lessram::{arrays::SlimVec, mem::Footprint};
///
/// let mut squares: SlimVec<u64> = (0..100_000).map(|i| i * i).collect();
/// squares.retain(|square| square % 2 == 0);
/// squares.push(7);
/// assert_eq!((squares.len(), squares[1], squares.last()), (50_001, 4, Some(&7)));
/// squares.shrink_to_fit();
/// assert_eq!(squares.heap_bytes(), 8 * 50_001);
/// ```
///
/// # References
///
/// Growth by a constant share and its price: Brodnik, Carlsson, Demaine, Munro, Sedgewick,
/// "Resizable Arrays in Optimal Time and Space", WADS 1999.
pub struct SlimVec<T, A: Alloc = Global> {
    items: RawVec<T, A>,
}

#[cfg(feature = "alloc")]
impl<T> SlimVec<T> {
    /// An empty vector; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global)
    }

    /// An empty vector with room for exactly `capacity` items.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut items = Self::new();
        items.reserve_exact(capacity);
        items
    }
}

impl<T, A: Alloc> SlimVec<T, A> {
    /// An empty vector in `alloc`; requests no memory.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { items: RawVec::new_in(alloc) }
    }

    /// Items that fit without growing; `usize::MAX` of those that have no size.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.items.alloc()
    }

    /// The items as a slice. O(1).
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The items as a slice that can be changed. O(1).
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Makes room for `extra` more items, and for more than that if the growth policy says so.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, extra: usize) {
        self.try_reserve(extra).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for `extra` more items, and for more than that if the growth policy says so.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        self.items.try_reserve(extra)
    }

    /// Makes room for exactly `extra` more items, if there is less.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve_exact`](Self::try_reserve_exact) returns the error
    /// instead.
    #[track_caller]
    pub fn reserve_exact(&mut self, extra: usize) {
        self.try_reserve_exact(extra).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for exactly `extra` more items, if there is less.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_reserve_exact(&mut self, extra: usize) -> Result<(), AllocError> {
        self.items.try_reserve_exact(extra)
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
    /// [`AllocError`]; nothing has changed then, and `item` is dropped: reserve first to keep it.
    #[inline]
    pub fn try_push(&mut self, item: T) -> Result<(), AllocError> {
        self.items.try_push(item)
    }

    /// Removes and returns the last item, or `None` if there is none. Keeps the room. O(1).
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    /// Puts `item` at `index`, before the item that is there. O(items behind).
    ///
    /// # Panics
    ///
    /// If `index > len`, or memory cannot be had.
    #[track_caller]
    pub fn insert(&mut self, index: usize, item: T) {
        assert!(index <= self.len(), "inserting at {index} into {} items", self.len());
        self.try_insert(index, item).unwrap_or_else(|error| refused(error));
    }

    /// Puts `item` at `index`, before the item that is there. O(items behind).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then, and `item` is dropped.
    ///
    /// # Panics
    ///
    /// If `index > len`.
    #[track_caller]
    pub fn try_insert(&mut self, index: usize, item: T) -> Result<(), AllocError> {
        assert!(index <= self.len(), "inserting at {index} into {} items", self.len());
        self.try_push(item)?;
        self.items[index..].rotate_right(1);
        Ok(())
    }

    /// Removes and returns the item at `index`; those behind it move up. O(items behind).
    ///
    /// # Panics
    ///
    /// If there is no such item.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        assert!(index < self.len(), "index {index} of {} items", self.len());
        self.items[index..].rotate_left(1);
        self.remove_last()
    }

    /// Removes and returns the item at `index`; the last item takes its place. O(1).
    ///
    /// # Panics
    ///
    /// If there is no such item.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let last = self.len().wrapping_sub(1);
        assert!(index < self.len(), "index {index} of {} items", self.len());
        self.items.swap(index, last);
        self.remove_last()
    }

    /// Removes the last item of a vector that has one.
    fn remove_last(&mut self) -> T {
        match self.items.pop() {
            Some(item) => item,
            None => unreachable!("the caller has checked that there is an item"),
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
        self.retain_mut(|item| keep(item));
    }

    /// Keeps the items of which `keep`, which may change them, says `true`, in their order. O(n).
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for index in 0..self.len() {
            if keep(&mut self.items[index]) {
                self.items.swap(kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Removes all but the first of consecutive items that are `same`, which gets the later and
    /// then the earlier one. O(n).
    pub fn dedup_by(&mut self, mut same: impl FnMut(&mut T, &mut T) -> bool) {
        if self.is_empty() {
            return;
        }
        let mut kept = 1;
        for index in 1..self.len() {
            let (front, back) = self.items.split_at_mut(index);
            if !same(&mut back[0], &mut front[kept - 1]) {
                self.items.swap(kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Removes all but the first of consecutive items that have the same `key`. O(n).
    pub fn dedup_by_key<K: PartialEq>(&mut self, mut key: impl FnMut(&mut T) -> K) {
        self.dedup_by(|a, b| key(a) == key(b));
    }

    /// Removes all but the first of consecutive equal items. O(n).
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.dedup_by(|a, b| a == b);
    }

    /// Removes the items of `range` and returns them one by one; what is not asked for is dropped
    /// with the iterator. Keeps the room. O(items from the start of the range on).
    ///
    /// # Panics
    ///
    /// If the range does not lie within the items.
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, T, A> {
        Drain(self.items.drain(range))
    }

    /// Appends the items of `items`. O(number of them).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the items that came before it are appended, the one that found no room is
    /// dropped.
    pub fn try_extend(&mut self, items: impl IntoIterator<Item = T>) -> Result<(), AllocError> {
        let items = items.into_iter();
        self.items.try_reserve(items.size_hint().0)?;
        for item in items {
            self.items.try_push(item)?;
        }
        Ok(())
    }

    /// Moves all items of `other` behind those of this one. O(items moved).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_append(&mut self, other: &mut Self) -> Result<(), AllocError> {
        self.items.try_reserve(other.len())?;
        self.try_extend(other.drain(..))
    }

    /// Moves all items of `other` behind those of this one. O(items moved).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_append`](Self::try_append) returns the error instead.
    #[track_caller]
    pub fn append(&mut self, other: &mut Self) {
        self.try_append(other).unwrap_or_else(|error| refused(error));
    }

    /// Sets the length to `len`; new items are what `make` makes. O(change).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_resize_with(
        &mut self,
        len: usize,
        mut make: impl FnMut() -> T,
    ) -> Result<(), AllocError> {
        self.truncate(len);
        self.items.try_extend_with(len - self.len(), |_| make())
    }

    /// Sets the length to `len`; new items are what `make` makes. O(change).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_resize_with`](Self::try_resize_with) returns the error
    /// instead.
    #[track_caller]
    pub fn resize_with(&mut self, len: usize, make: impl FnMut() -> T) {
        self.try_resize_with(len, make).unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room that the items do not need.
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink the block; [`try_shrink_to_fit`](Self::try_shrink_to_fit)
    /// returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room that the items do not need.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink the block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.items.try_shrink_to_fit()
    }

    /// Gives back all room beyond `capacity` items, or beyond those there are.
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink the block; [`try_shrink_to`](Self::try_shrink_to) returns the
    /// error instead.
    #[track_caller]
    pub fn shrink_to(&mut self, capacity: usize) {
        self.try_shrink_to(capacity).unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room beyond `capacity` items, or beyond those there are.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink the block; nothing is lost.
    pub fn try_shrink_to(&mut self, capacity: usize) -> Result<(), AllocError> {
        self.items.try_shrink_to(capacity)
    }
}

impl<T, A: Alloc + Clone> SlimVec<T, A> {
    /// Takes the items from `at` on out into a vector of their own. Keeps the room.
    ///
    /// # Panics
    ///
    /// If `at > len`, or memory cannot be had; [`try_split_off`](Self::try_split_off) returns the
    /// error of the latter instead.
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        self.try_split_off(at).unwrap_or_else(|error| refused(error))
    }

    /// Takes the items from `at` on out into a vector of their own. Keeps the room.
    ///
    /// # Panics
    ///
    /// If `at > len`.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    #[track_caller]
    pub fn try_split_off(&mut self, at: usize) -> Result<Self, AllocError> {
        assert!(at <= self.len(), "position {at} of {} items", self.len());
        let mut taken = Self::new_in(self.allocator().clone());
        taken.try_reserve_exact(self.len() - at)?;
        taken.try_extend(self.drain(at..))?;
        Ok(taken)
    }
}

impl<T: Clone, A: Alloc> SlimVec<T, A> {
    /// Appends clones of `items`.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_extend_from_slice(&mut self, items: &[T]) -> Result<(), AllocError> {
        self.items.try_extend_with(items.len(), |index| items[index].clone())
    }

    /// Appends clones of `items`.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_extend_from_slice`](Self::try_extend_from_slice) returns the
    /// error instead.
    #[track_caller]
    pub fn extend_from_slice(&mut self, items: &[T]) {
        self.try_extend_from_slice(items).unwrap_or_else(|error| refused(error));
    }

    /// Sets the length to `len`; new items are clones of `item`. O(change).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_resize`](Self::try_resize) returns the error instead.
    #[track_caller]
    pub fn resize(&mut self, len: usize, item: T) {
        self.try_resize(len, item).unwrap_or_else(|error| refused(error));
    }

    /// Sets the length to `len`; new items are clones of `item`. O(change).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no item is added then.
    pub fn try_resize(&mut self, len: usize, item: T) -> Result<(), AllocError> {
        self.try_resize_with(len, || item.clone())
    }

    /// A copy with no slack.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_clone(&self) -> Result<Self, AllocError>
    where
        A: Clone,
    {
        let mut copy = Self::new_in(self.allocator().clone());
        copy.try_reserve_exact(self.len())?;
        copy.try_extend_from_slice(self)?;
        Ok(copy)
    }
}

impl<T, A: Alloc> Deref for SlimVec<T, A> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T, A: Alloc> DerefMut for SlimVec<T, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T: Footprint, A: Alloc> Footprint for SlimVec<T, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.items.tell("items", PartKind::Payload, 0, out);
        self.as_slice().parts(out);
    }
}

/// Items removed from a [`SlimVec`], in order: see [`SlimVec::drain`].
pub struct Drain<'a, T, A: Alloc = Global>(raw_vec::Drain<'a, T, A>);

/// The items of a [`SlimVec`], in order, by value.
pub struct IntoIter<T, A: Alloc = Global>(raw_vec::IntoIter<T, A>);

/// Both hand on what the buffer's iterator says.
macro_rules! iterator {
    ($ty:ty $(, $lifetime:lifetime)?) => {
        impl<$($lifetime,)? T, A: Alloc> $ty {
            /// The items that are left.
            #[must_use]
            pub fn as_slice(&self) -> &[T] {
                self.0.as_slice()
            }
        }

        impl<$($lifetime,)? T, A: Alloc> Iterator for $ty {
            type Item = T;

            #[inline]
            fn next(&mut self) -> Option<T> {
                self.0.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($lifetime,)? T, A: Alloc> DoubleEndedIterator for $ty {
            #[inline]
            fn next_back(&mut self) -> Option<T> {
                self.0.next_back()
            }
        }

        impl<$($lifetime,)? T, A: Alloc> ExactSizeIterator for $ty {}
        impl<$($lifetime,)? T, A: Alloc> FusedIterator for $ty {}

        impl<$($lifetime,)? T: fmt::Debug, A: Alloc> fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.as_slice().fmt(f)
            }
        }
    };
}

iterator!(Drain<'a, T, A>, 'a);
iterator!(IntoIter<T, A>);

impl<T, A: Alloc> IntoIterator for SlimVec<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter(self.items.into_items())
    }
}

impl<'a, T, A: Alloc> IntoIterator for &'a SlimVec<T, A> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T, A: Alloc> IntoIterator for &'a mut SlimVec<T, A> {
    type Item = &'a mut T;
    type IntoIter = core::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T, A: Alloc> Extend<T> for SlimVec<T, A> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.try_extend(items).unwrap_or_else(|error| refused(error));
    }
}

impl<'a, T: Copy + 'a, A: Alloc> Extend<&'a T> for SlimVec<T, A> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

impl<T: Clone, A: Alloc + Clone> Clone for SlimVec<T, A> {
    fn clone(&self) -> Self {
        self.try_clone().unwrap_or_else(|error| refused(error))
    }
}

impl<T, A: Alloc + Default> Default for SlimVec<T, A> {
    fn default() -> Self {
        Self::new_in(A::default())
    }
}

impl<T, A: Alloc + Default> FromIterator<T> for SlimVec<T, A> {
    /// With the slack of pushing one by one where the iterator does not know its length.
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items = items.into_iter();
        let mut vec = Self::default();
        vec.reserve_exact(items.size_hint().0);
        vec.extend(items);
        vec
    }
}

#[cfg(feature = "alloc")]
impl<T: Clone> From<&[T]> for SlimVec<T> {
    fn from(items: &[T]) -> Self {
        let mut vec = Self::with_capacity(items.len());
        vec.extend_from_slice(items);
        vec
    }
}

#[cfg(feature = "alloc")]
impl<T, const N: usize> From<[T; N]> for SlimVec<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

#[cfg(feature = "alloc")]
impl<T> From<alloc::vec::Vec<T>> for SlimVec<T> {
    /// Moves the items over: both blocks are live while it does.
    fn from(items: alloc::vec::Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

#[cfg(feature = "alloc")]
impl<T, A: Alloc> From<SlimVec<T, A>> for alloc::vec::Vec<T> {
    /// Moves the items over: both blocks are live while it does.
    fn from(items: SlimVec<T, A>) -> Self {
        // Collecting takes more than it needs of few items.
        let mut vec = Self::with_capacity(items.len());
        vec.extend(items);
        vec
    }
}

impl<T, A: Alloc> AsRef<[T]> for SlimVec<T, A> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T, A: Alloc> AsMut<[T]> for SlimVec<T, A> {
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T, A: Alloc> core::borrow::Borrow<[T]> for SlimVec<T, A> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T: fmt::Debug, A: Alloc> fmt::Debug for SlimVec<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq<U>, U, A: Alloc, B: Alloc> PartialEq<SlimVec<U, B>> for SlimVec<T, A> {
    fn eq(&self, other: &SlimVec<U, B>) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// As `Vec` is compared.
macro_rules! equals_slices {
    ($([$($more:tt)*] $left:ty, $right:ty;)*) => {$(
        impl<T: PartialEq<U>, U, A: Alloc, $($more)*> PartialEq<$right> for $left {
            fn eq(&self, other: &$right) -> bool {
                self[..] == other[..]
            }
        }
    )*};
}

equals_slices! {
    [] SlimVec<T, A>, [U];
    [] SlimVec<T, A>, &[U];
    [] SlimVec<T, A>, &mut [U];
    [const N: usize] SlimVec<T, A>, [U; N];
    [const N: usize] SlimVec<T, A>, &[U; N];
    [] [T], SlimVec<U, A>;
    [] &[T], SlimVec<U, A>;
    [] &mut [T], SlimVec<U, A>;
    [const N: usize] [T; N], SlimVec<U, A>;
}

#[cfg(feature = "alloc")]
equals_slices! {
    [] SlimVec<T, A>, alloc::vec::Vec<U>;
    [] alloc::vec::Vec<T>, SlimVec<U, A>;
}

impl<T: Eq, A: Alloc> Eq for SlimVec<T, A> {}

impl<T: PartialOrd, A: Alloc> PartialOrd for SlimVec<T, A> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        self.as_slice().partial_cmp(other)
    }
}

impl<T: Ord, A: Alloc> Ord for SlimVec<T, A> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_slice().cmp(other)
    }
}

impl<T: Hash, A: Alloc> Hash for SlimVec<T, A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::{Alloc, SlimVec};
    use serde::{Serialize, Serializer};

    impl<T: Serialize, A: Alloc> Serialize for SlimVec<T, A> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for SlimVec<T> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let push = |vec: &mut Self, item| vec.try_push(item);
            let mut vec = crate::arrays::sequence::read(deserializer, Self::new(), push)?;
            vec.try_shrink_to_fit().map_err(serde::de::Error::custom)?;
            Ok(vec)
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Tracked};
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::vec::Vec;

    /// Counts its drops, and panics in the one that is told to.
    struct Bomb<'c> {
        dropped: &'c Cell<u32>,
        explodes: bool,
    }

    impl Drop for Bomb<'_> {
        fn drop(&mut self) {
            self.dropped.set(self.dropped.get() + 1);
            assert!(!self.explodes, "as told");
        }
    }

    fn bombs(dropped: &Cell<u32>, count: u32, explodes: u32) -> SlimVec<Bomb<'_>> {
        (0..count).map(|i| Bomb { dropped, explodes: i == explodes }).collect()
    }

    fn panics(work: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(work)).is_err()
    }

    #[test]
    fn every_item_is_dropped_once_whatever_panics() {
        let dropped = Cell::new(0);
        let again = |work: &dyn Fn(SlimVec<Bomb<'_>>)| {
            dropped.set(0);
            assert!(panics(|| work(bombs(&dropped, 10, 4))));
            assert_eq!(dropped.get(), 10);
        };
        again(&|vec| drop(vec));
        again(&|mut vec| vec.truncate(2));
        again(&|mut vec| drop(vec.drain(3..8)));
        again(&|vec| drop(vec.into_iter().nth(1)));
        again(&|mut vec| vec.retain(|bomb| !bomb.explodes));
        let quiet = |work: &dyn Fn(SlimVec<Bomb<'_>>)| {
            dropped.set(0);
            assert!(panics(|| work(bombs(&dropped, 10, u32::MAX))));
            assert_eq!(dropped.get(), 10);
        };
        quiet(&|mut vec| {
            let mut calls = 0;
            vec.retain(|_| {
                calls += 1;
                assert!(calls < 6, "a predicate panics");
                calls % 2 == 0
            });
        });
        quiet(&|mut vec| {
            let mut calls = 0;
            vec.dedup_by(|_, _| {
                calls += 1;
                assert!(calls < 6, "a predicate panics");
                true
            });
        });
        quiet(&|mut vec| vec.resize_with(20, || panic!("a maker panics")));
    }

    #[test]
    fn what_is_split_off_is_a_vector_of_its_own() {
        let counter = Counter::new();
        let mut vec = SlimVec::new_in(Tracked::new(&counter, Global));
        vec.extend((0..100_u32).map(std::boxed::Box::new));
        for at in [100, 99, 50, 0, 0] {
            let len = vec.len();
            let taken = vec.split_off(at);
            assert_eq!((vec.len(), taken.len()), (at, len - at));
            assert!(taken.iter().map(|item| **item as usize).eq(at..len));
            assert!(vec.iter().map(|item| **item as usize).eq(0..at));
        }
        assert!(panics(|| drop(vec.split_off(1))));
        vec.shrink_to(10);
        assert_eq!((vec.capacity(), counter.live()), (10, 10 * size_of::<usize>()));
        vec.shrink_to(usize::MAX);
        assert_eq!(vec.capacity(), 10);
    }

    #[test]
    fn a_forgotten_drain_leaks_its_items_and_no_others() {
        let dropped = Cell::new(0);
        let mut vec = bombs(&dropped, 10, u32::MAX);
        core::mem::forget(vec.drain(2..5));
        assert_eq!((vec.len(), dropped.get()), (7, 0));
        drop(vec);
        assert_eq!(dropped.get(), 7);
    }

    #[test]
    fn slack_of_ten_million_pushes() {
        let (mut sum, mut worst, mut lens) = (0.0, 0.0_f64, 0.0);
        let counter = Counter::new();
        let mut vec = SlimVec::new_in(Tracked::new(&counter, Global));
        for i in 0..10_000_000_u64 {
            vec.push(i);
            if vec.len() >= 5_000_000 {
                let slack = vec.capacity() as f64 / vec.len() as f64 - 1.0;
                (sum, worst, lens) = (sum + slack, worst.max(slack), lens + 1.0);
            }
        }
        assert!(sum / lens <= 0.032 && worst <= 0.063, "{} and {worst}", sum / lens);
        assert_eq!(counter.live(), vec.heap_bytes());
        assert_eq!(counter.peak(), counter.live());
    }

    #[test]
    fn items_without_a_size_take_no_bytes() {
        let counter = Counter::new();
        let mut vec = SlimVec::new_in(Tracked::new(&counter, Global));
        vec.resize(1_000, ());
        assert_eq!((vec.len(), vec.capacity(), vec.heap_bytes()), (1_000, usize::MAX, 0));
        assert_eq!(vec.drain(10..20).count(), 10);
        assert_eq!(
            (vec.try_reserve(usize::MAX), counter.requests()),
            (Err(AllocError::CapacityOverflow), 0)
        );
        assert_eq!(vec.into_iter().count(), 990);
    }

    #[test]
    fn what_slices_and_std_have() {
        let mut vec: SlimVec<u32> = [3, 1, 2].into();
        vec.sort_unstable();
        vec.extend(&[7, 7]);
        vec.dedup();
        vec.insert(0, 9);
        assert_eq!(vec, [9, 1, 2, 3, 7]);
        assert_eq!((vec.remove(1), vec.swap_remove(0)), (1, 9));
        vec.append(&mut SlimVec::from(&[5, 6][..]));
        assert_eq!(
            (std::format!("{vec:?}"), vec.capacity() >= 5),
            ("[7, 2, 3, 5, 6]".into(), true)
        );
        let copy = vec.clone();
        let smaller = SlimVec::from([7, 1]);
        assert_eq!((copy.capacity(), copy == vec, copy > smaller), (5, true, true));
        assert_eq!(vec.into_iter().rev().collect::<Vec<_>>(), [6, 5, 3, 2, 7]);
    }

    #[test]
    // Which side has the reference, or is the vector, is what is tested.
    #[allow(clippy::nonminimal_bool, clippy::op_ref, clippy::cmp_owned)]
    fn vectors_and_slices_are_compared_both_ways() {
        let vec = SlimVec::from([4_u32, 5]);
        let mut same = [4_u32, 5];
        assert!(vec == same && same == vec && vec == &same && vec != [5, 4]);
        assert!(vec == same[..] && same[..] == vec && vec == &same[..] && &same[..] == vec);
        assert!(vec == &mut same[..] && &mut same[..] == vec);
        let std_vec = Vec::from(vec.clone());
        assert!(vec == std_vec && std_vec == vec);
        assert!(
            std_vec.capacity() == 2 && Vec::<u32>::from(SlimVec::new()) == SlimVec::<u32>::new()
        );
    }

    #[test]
    fn wrong_places_are_the_callers_mistake() {
        for wrong in [
            |vec: &mut SlimVec<u8>| vec.insert(4, 0),
            |vec: &mut SlimVec<u8>| assert_eq!(vec.remove(3), 0),
            |vec: &mut SlimVec<u8>| assert_eq!(vec.swap_remove(3), 0),
            |vec: &mut SlimVec<u8>| drop(vec.drain(2..5)),
            |vec: &mut SlimVec<u8>| drop(vec.drain(..=usize::MAX)),
        ] {
            let mut vec = SlimVec::from([1, 2, 3]);
            assert!(panics(|| wrong(&mut vec)));
            assert_eq!(vec, [1, 2, 3]);
        }
    }
}
