//! [`SlicedSetMut`]: the form of a [`SlicedSet`] that changes.

mod thin;

use super::build::SlicedSetBuilder;
use super::chunks::Chunks;
use super::edit::Cell;
use super::encode::Numbers;
use super::iter::{Source, Walk};
use super::merge::ascends;
use super::profile::Profile;
use super::slice::{Bits, UNIVERSE, WORDS, for_range};
use super::slots::{KEY_END, LOW, key_of, low_of};
use super::{Form, Prefer, SlicedSet, positions_in};
use crate::error::{AllocError, BuildError};
use crate::mem::{Alloc, Footprint, Global, Parts, granted};
use crate::storage::{HeapWords, Words};
use core::fmt;
use core::ops::{Range, RangeBounds};

/// An ordered set of numbers that changes, in slices of 65,536 numbers each.
///
/// Numbers come and go one by one, as sorted runs, or as whole ranges. Slices are coded as those of
/// a [`SlicedSet`]; [`freeze`](Self::freeze) makes that of it, which is smaller, is kept in files,
/// and answers by position; [`SlicedSet::thaw`] is the way back.
///
/// # When not to use it
///
/// - Numbers far apart, fewer than ten of them in each 65,536: each slice costs 40 bytes and a
///   block of its own. [`maps::Set`](../maps/struct.Set.html) takes less then.
/// - Numbers that stay: [`SlicedSet`].
/// - Many questions by position: [`get`](Self::get) and [`rank`](Self::rank) count through the
///   slices.
///
/// # Layout
///
/// ```text
/// chunks  | first key, block | first key, block | ...
/// chunk   | key, count, coding, block | ... |           up to 128 slices
/// slice   SHORT      two bytes a number, up to 512 numbers
///         RUNS       four bytes a run, while it is filled in order
///         LISTS      one byte a number, in 256 blocks, full ones as 32 bytes of bits
///         BITMAP     8 KiB of bits
/// ```
///
/// A slice is coded anew when it becomes too large or too small for its coding. Blocks of slices
/// grow by a sixteenth, of chunks by an eighth, and shrink by themselves. The list of chunks grows
/// by an eighth.
///
/// # Space
///
/// What the numbers take, and 40 bytes a slice. 10,000 numbers with gaps of 100, put in in random
/// order: 18,505 bytes. [`shrink_to_fit`](Self::shrink_to_fit) gives back the slack;
/// [`optimize`](Self::optimize) codes every slice in fewest bytes.
///
/// # Time
///
/// | operation | time |
/// |---|---|
/// | `contains` | O(log slices), and O(log) of a slice |
/// | `insert`, `remove` | as `contains`, and moving up to 8 KiB |
/// | a new slice | moving up to 128 others |
/// | `insert_range`, `remove_range` | O(slices) |
/// | `retain` | O(n) |
/// | `succ`, `pred`, `first`, `last` | as `contains` |
/// | `rank`, `get` | O(slices) |
/// | step of an iterator | O(1) amortised |
///
/// Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::SlicedSetMut, mem::Footprint};
///
/// let mut set = SlicedSetMut::new();
/// assert!(set.insert(7) && !set.insert(7));
/// set.insert_range(100..=50_000);
/// assert!(set.remove(101) && set.len() == 49_901);
/// assert_eq!(set.range(99..104).collect::<Vec<_>>(), [100, 102, 103]);
/// let frozen = set.freeze();
/// assert!(frozen == frozen.thaw().freeze() && frozen.heap_bytes() < 100);
/// ```
///
/// # References
///
/// See [`SlicedSet`].
pub struct SlicedSetMut<A: Alloc + Clone = Global> {
    chunks: Chunks<A>,
    len: usize,
}

#[cfg(feature = "alloc")]
impl SlicedSetMut {
    /// No numbers; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global)
    }
}

impl<A: Alloc + Clone> SlicedSetMut<A> {
    /// No numbers; requests no memory.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { chunks: Chunks::new_in(alloc), len: 0 }
    }

    /// Where the memory comes from.
    #[must_use]
    pub const fn allocator(&self) -> &A {
        self.chunks.alloc()
    }

    /// How many numbers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `x` is there.
    #[must_use]
    #[inline]
    pub fn contains(&self, x: u64) -> bool {
        self.chunks.find(key_of(x)).is_some_and(|cell| cell.slice().contains(low_of(x)))
    }

    /// Puts `x` in; whether it was not there.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[track_caller]
    pub fn insert(&mut self, x: u64) -> bool {
        granted(self.try_insert(x))
    }

    /// As [`insert`](Self::insert).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is then unchanged.
    pub fn try_insert(&mut self, x: u64) -> Result<bool, AllocError> {
        if self.len == usize::MAX {
            return if self.contains(x) { Ok(false) } else { Err(AllocError::CapacityOverflow) };
        }
        let key = key_of(x);
        let at = self.chunks.lower_bound(key);
        let is_new = match self.chunks.get_mut(at).filter(|cell| cell.key == key) {
            Some(cell) => cell.insert(low_of(x))?,
            None => {
                let cell = Cell::new(key, low_of(x), self.chunks.alloc().clone())?;
                self.chunks.insert(at, cell)?;
                true
            }
        };
        self.len += usize::from(is_new);
        Ok(is_new)
    }

    /// Takes `x` out; whether it was there.
    ///
    /// # Panics
    ///
    /// If the slice has to be coded in another way to be changed, and memory cannot be had for
    /// that; [`try_remove`](Self::try_remove) returns the error instead.
    #[track_caller]
    pub fn remove(&mut self, x: u64) -> bool {
        granted(self.try_remove(x))
    }

    /// As [`remove`](Self::remove).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is then unchanged.
    pub fn try_remove(&mut self, x: u64) -> Result<bool, AllocError> {
        let key = key_of(x);
        let at = self.chunks.lower_bound(key);
        let Some(cell) = self.chunks.get_mut(at).filter(|cell| cell.key == key) else {
            return Ok(false);
        };
        let is_last = cell.count == 1 && cell.slice().contains(low_of(x));
        let was_there = is_last || cell.remove(low_of(x))?;
        if is_last {
            self.chunks.remove(at);
        }
        self.len -= usize::from(was_there);
        Ok(was_there)
    }

    /// Puts all numbers of a range in; returns how many were not there.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn insert_range(&mut self, range: core::ops::RangeInclusive<u64>) -> u64 {
        granted(self.try_insert_range(range))
    }

    /// As [`insert_range`](Self::insert_range).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; slices before the one that had no memory are then filled.
    pub fn try_insert_range(
        &mut self,
        range: core::ops::RangeInclusive<u64>,
    ) -> Result<u64, AllocError> {
        let (start, end) = (*range.start(), *range.end());
        let before = self.len;
        // One that was walked to its end is empty, too.
        if !range.is_empty() {
            for key in key_of(start)..=key_of(end) {
                let first = if key == key_of(start) { low_of(start) } else { 0 };
                let last = if key == key_of(end) { low_of(end) } else { UNIVERSE - 1 };
                self.unite(key, |bits| {
                    for_range(first, last + 1, &mut |at, word| bits[at % WORDS] |= word);
                })?;
            }
        }
        Ok((self.len - before) as u64)
    }

    /// Puts in the numbers of an ascending iterator, a slice at a time; those that do not ascend
    /// take longer. Returns how many were not there. Needs some 50 KiB of stack.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn extend_sorted(&mut self, values: impl IntoIterator<Item = u64>) -> usize {
        granted(self.try_extend_sorted(values))
    }

    /// As [`extend_sorted`](Self::extend_sorted).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; some numbers are then in.
    pub fn try_extend_sorted(
        &mut self,
        values: impl IntoIterator<Item = u64>,
    ) -> Result<usize, AllocError> {
        let before = self.len;
        let (mut key, mut len, mut list) = (0, 0, [0; MANY]);
        for x in values {
            if key_of(x) != key || len == MANY {
                self.put_some(key, &list[..len])?;
                (key, len) = (key_of(x), 0);
            }
            list[len % MANY] = low_of(x) as u16;
            len += 1;
        }
        self.put_some(key, &list[..len])?;
        Ok(self.len - before)
    }

    /// Puts numbers of a slice in; one by one if they are few.
    fn put_some(&mut self, key: u64, list: &[u16]) -> Result<(), AllocError> {
        if list.len() <= FEW {
            return list
                .iter()
                .try_for_each(|y| self.try_insert(key << LOW | u64::from(*y)).map(|_| ()));
        }
        let at = self.chunks.lower_bound(key);
        let is_new = self.chunks.get(at).is_none_or(|cell| cell.key != key);
        if !is_new || !ascends(list) {
            return self.unite(key, |own| {
                list.iter().for_each(|y| own[usize::from(y / 64)] |= 1 << (y % 64));
            });
        }
        let len = self.len.checked_add(list.len()).ok_or(AllocError::CapacityOverflow)?;
        let alloc = self.chunks.alloc().clone();
        let cell = Cell::coded(key, Numbers::List(list), Profile::best_growing, alloc)?;
        self.chunks.insert(at, cell)?;
        self.len = len;
        Ok(())
    }

    /// Puts in what `add` adds to the bits of a slice.
    fn unite(&mut self, key: u64, add: impl FnOnce(&mut Bits)) -> Result<(), AllocError> {
        let alloc = self.chunks.alloc().clone();
        let at = self.chunks.lower_bound(key);
        let own = self.chunks.get(at).filter(|cell| cell.key == key);
        let (mut bits, had) =
            own.map_or(([0; WORDS], 0), |cell| (cell.bits(), cell.count as usize));
        add(&mut bits);
        let united = Cell::coded(key, Numbers::Bits(&bits), Profile::best_growing, alloc)?;
        let count = united.count as usize;
        // Whole slices take a few bytes: they may have more numbers than 32 bits can count.
        let len = self.len.checked_add(count - had).ok_or(AllocError::CapacityOverflow)?;
        match self.chunks.get_mut(at).filter(|cell| cell.key == key) {
            Some(own) => *own = united,
            None if count > 0 => self.chunks.insert(at, united)?,
            None => {}
        }
        self.len = len;
        Ok(())
    }

    /// Takes all numbers out, and gives their memory back.
    pub fn clear(&mut self) {
        self.chunks = Chunks::new_in(self.chunks.alloc().clone());
        self.len = 0;
    }

    /// How many numbers are smaller than `x`, as Python's `bisect_left`. O(slices).
    #[must_use]
    pub fn rank(&self, x: u64) -> usize {
        let mut rank = 0;
        for cell in self.chunks.cells() {
            if cell.key >= key_of(x) {
                let same = cell.key == key_of(x);
                return rank + if same { cell.slice().rank(low_of(x)) } else { 0 };
            }
            rank += cell.count as usize;
        }
        rank
    }

    /// The number at `index` in ascending order, or `None` if there is none. O(slices).
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u64> {
        self.iter_at(index.min(self.len), self.len).next()
    }

    /// The smallest number, or `None` if there is none.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.iter().next()
    }

    /// The largest number, or `None` if there is none. In the time of [`pred`](Self::pred).
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.pred(u64::MAX)
    }

    /// The nearest number that is at least `x`, or `None` if all are smaller.
    #[must_use]
    pub fn succ(&self, x: u64) -> Option<u64> {
        let mut at = self.chunks.lower_bound(key_of(x));
        loop {
            let cell = match self.chunks.get(at) {
                Some(cell) => cell,
                // Behind the last slice of a chunk.
                None => {
                    at = self.chunks.next(at)?;
                    self.chunks.get(at)?
                }
            };
            let slice = cell.slice();
            let rank = if cell.key == key_of(x) { slice.rank(low_of(x)) } else { 0 };
            let mut low = [0];
            if slice.decode(&mut slice.seek(rank), &mut low) == 1 {
                return Some(cell.key << LOW | u64::from(low[0]));
            }
            at = self.chunks.next(at)?;
        }
    }

    /// The nearest number that is at most `x`, or `None` if all are greater.
    #[must_use]
    pub fn pred(&self, x: u64) -> Option<u64> {
        let at = self.chunks.lower_bound(key_of(x));
        let last = |cell: &Cell<A>, rank: usize| {
            let (slice, mut low) = (cell.slice(), [0]);
            let mut place = slice.seek(rank.checked_sub(1)?);
            let found = slice.decode(&mut place, &mut low) == 1;
            found.then(|| cell.key << LOW | u64::from(low[0]))
        };
        let own = self.chunks.get(at).filter(|cell| cell.key == key_of(x));
        let own = own.and_then(|cell| {
            let slice = cell.slice();
            let y = low_of(x);
            last(cell, slice.rank(y) + usize::from(slice.contains(y)))
        });
        own.or_else(|| {
            let cell = self.chunks.get(self.chunks.prev(at)?)?;
            last(cell, cell.count as usize)
        })
    }

    /// The numbers in order, from both ends.
    #[must_use]
    pub fn iter(&self) -> SlicedSetMutIter<'_, A> {
        self.iter_at(0, self.len)
    }

    fn iter_at(&self, start: usize, end: usize) -> SlicedSetMutIter<'_, A> {
        SlicedSetMutIter { walk: Walk::new(&self.chunks, start, end) }
    }

    /// The numbers within `bounds`, in order. O(slices) to begin with.
    #[must_use]
    pub fn range(&self, bounds: impl RangeBounds<u64>) -> SlicedSetMutIter<'_, A> {
        let Range { start, end } = positions_in(bounds, self.len, |x| self.rank(x));
        self.iter_at(start, end)
    }

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink a block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.chunks.shrink()
    }

    /// As [`try_shrink_to_fit`](Self::try_shrink_to_fit).
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink a block.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        granted(self.try_shrink_to_fit());
    }

    /// Codes every slice in fewest bytes of those that answer fast, without slack. O(n). The next
    /// change of a slice may code it anew once more.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; slices from the one on that had no memory are then as they were.
    pub fn try_optimize(&mut self) -> Result<(), AllocError> {
        self.chunks.cells_mut().try_for_each(Cell::optimize)?;
        self.chunks.shrink()
    }

    /// As [`try_optimize`](Self::try_optimize).
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn optimize(&mut self) {
        granted(self.try_optimize());
    }

    /// The numbers as a static set, for bytes or for time, in memory of the same allocator.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_freeze(&self, prefer: Prefer) -> Result<SlicedSet<HeapWords<A>>, BuildError> {
        let mut builder = SlicedSetBuilder::new_in(prefer, self.chunks.alloc().clone());
        for cell in self.chunks.cells() {
            builder.push_slice(cell.key, Numbers::Bits(&cell.bits()))?;
        }
        builder.finish()
    }

    /// The numbers as a static set of fewest bytes.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_freeze`](Self::try_freeze) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn freeze(&self) -> SlicedSet<HeapWords<A>> {
        granted(self.try_freeze(Prefer::Bytes))
    }

    /// A copy without slack.
    fn try_clone(&self) -> Result<Self, AllocError> {
        let mut copy = Self::new_in(self.chunks.alloc().clone());
        for cell in self.chunks.cells() {
            let at = copy.chunks.lower_bound(cell.key);
            copy.chunks.insert(at, cell.try_clone()?)?;
        }
        copy.chunks.shrink()?;
        copy.len = self.len;
        Ok(copy)
    }
}

/// Numbers of one slice that are put in one by one.
const FEW: usize = 16;
/// Numbers of one slice that are put in at once.
const MANY: usize = 16_384;

impl<W: Words> SlicedSet<W> {
    /// The numbers as a set that changes, in `alloc`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had.
    pub fn try_thaw_in<A: Alloc + Clone>(&self, alloc: A) -> Result<SlicedSetMut<A>, AllocError> {
        let mut set = SlicedSetMut::new_in(alloc);
        let Form::Slices(slices) = &self.form else {
            set.try_extend_sorted(self)?;
            return Ok(set);
        };
        let mut end = 0;
        for index in 0..slices.len() {
            let slice = slices.own_slice(index, &mut end);
            // Not believed: a damaged slice becomes what can be read of it.
            set.unite(slices.key(index) % KEY_END, |bits| {
                slice.for_words(|at, word| bits[at % WORDS] |= word);
            })?;
        }
        Ok(set)
    }

    /// The numbers as a set that changes.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_thaw_in`](Self::try_thaw_in) returns the error instead.
    #[must_use]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub fn thaw(&self) -> SlicedSetMut {
        granted(self.try_thaw_in(Global))
    }
}

/// The numbers of a [`SlicedSetMut`], or of a part of it, in order.
pub struct SlicedSetMutIter<'a, A: Alloc + Clone> {
    walk: Walk<'a, Chunks<A>>,
}

impl<A: Alloc + Clone> Clone for SlicedSetMutIter<'_, A> {
    fn clone(&self) -> Self {
        Self { walk: self.walk.clone() }
    }
}

impl<A: Alloc + Clone> Iterator for SlicedSetMutIter<'_, A> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.walk.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.walk.left(), Some(self.walk.left()))
    }

    fn nth(&mut self, n: usize) -> Option<u64> {
        self.walk.nth(n)
    }

    fn count(self) -> usize {
        self.walk.left()
    }

    fn last(mut self) -> Option<u64> {
        self.next_back()
    }

    fn fold<B, F: FnMut(B, u64) -> B>(self, init: B, f: F) -> B {
        self.walk.fold(init, f)
    }
}

impl<A: Alloc + Clone> DoubleEndedIterator for SlicedSetMutIter<'_, A> {
    #[inline]
    fn next_back(&mut self) -> Option<u64> {
        self.walk.next_back()
    }
}

impl<A: Alloc + Clone> ExactSizeIterator for SlicedSetMutIter<'_, A> {}

impl<A: Alloc + Clone> core::iter::FusedIterator for SlicedSetMutIter<'_, A> {}

impl<A: Alloc + Clone> fmt::Debug for SlicedSetMutIter<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<A: Alloc + Clone> Footprint for SlicedSetMut<A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.chunks.parts(out);
    }
}

impl<A: Alloc + Clone> Clone for SlicedSetMut<A> {
    fn clone(&self) -> Self {
        granted(self.try_clone())
    }
}

impl<'a, A: Alloc + Clone> IntoIterator for &'a SlicedSetMut<A> {
    type Item = u64;
    type IntoIter = SlicedSetMutIter<'a, A>;

    fn into_iter(self) -> SlicedSetMutIter<'a, A> {
        self.iter()
    }
}

/// As [`SlicedSetMut::extend_sorted`]: in any order, and fast where numbers of a slice come one
/// after the other.
impl<A: Alloc + Clone> Extend<u64> for SlicedSetMut<A> {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, values: I) {
        self.extend_sorted(values);
    }
}

impl<'a, A: Alloc + Clone> Extend<&'a u64> for SlicedSetMut<A> {
    fn extend<I: IntoIterator<Item = &'a u64>>(&mut self, values: I) {
        self.extend_sorted(values.into_iter().copied());
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<u64> for SlicedSetMut {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut set = Self::new();
        set.extend(values);
        set
    }
}

#[cfg(feature = "alloc")]
impl Default for SlicedSetMut {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Alloc + Clone> fmt::Debug for SlicedSetMut<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<A: Alloc + Clone, B: Alloc + Clone> PartialEq<SlicedSetMut<B>> for SlicedSetMut<A> {
    fn eq(&self, other: &SlicedSetMut<B>) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<A: Alloc + Clone> Eq for SlicedSetMut<A> {}

impl<A: Alloc + Clone, W: Words> PartialEq<SlicedSet<W>> for SlicedSetMut<A> {
    fn eq(&self, other: &SlicedSet<W>) -> bool {
        self.len == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn more_numbers_than_can_be_counted_are_refused() {
        let mut set = SlicedSetMut::from_iter([7]);
        set.len = usize::MAX;
        assert_eq!((set.try_insert(7), set.try_insert_range(7..=7)), (Ok(false), Ok(0)));
        assert_eq!(set.try_insert(8), Err(AllocError::CapacityOverflow));
        assert_eq!(set.try_insert_range(1..=8), Err(AllocError::CapacityOverflow));
        assert_eq!((set.contains(7), set.contains(8), set.len()), (true, false, usize::MAX));
    }
}
