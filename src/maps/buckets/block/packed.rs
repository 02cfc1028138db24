//! [`Packed`]: the block of a bucket whose keys are integers, or lie in its values. Its [`Cells`]
//! are where blocks of strings have tags, lengths and strings; no long strings are in it, so that
//! invariant 4 is empty.

use super::super::cells::{self, Cell, Cells};
use super::super::directory::Bucket;
use super::{Block, Memory, front};
use crate::error::AllocError;
use crate::mem::{Alloc, Part, PartKind, Parts};
use crate::simd::tags::{equal16, equal32};
use core::ptr::NonNull;
use core::slice;

/// A block of cells with their values. What it is told of the width of its cells' rests is
/// always the same; if it were not, keys would come out wrong, or reading them would panic.
pub(in super::super) struct Packed<V>(Block<V>);

impl<V> Packed<V> {
    pub(in super::super) const SLACK: usize = Block::<V>::SLACK;

    /// No entries, and no memory.
    pub(in super::super) const fn empty() -> Self {
        Self(Block::empty())
    }

    #[inline(always)]
    pub(in super::super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Asks for cache lines of the block, from this one on as far as most blocks go, before it is
    /// known which of them are needed: a look-up needs one or two beside the first, a walk all.
    #[inline(always)]
    pub(in super::super) fn fetch(&self, from: usize) {
        self.0.fetch_lines(from..Self::LINES);
    }

    /// Cache lines of a block of 30 small entries: of a bucket that is to be split soon. Of larger
    /// ones these are some of the block's.
    const LINES: usize = match size_of::<V>() {
        0..=4 => 4,
        5..=8 => 6,
        _ => 8,
    };

    #[inline(always)]
    pub(in super::super) fn cells(&self, width: u32) -> Cells<'_> {
        let len = self.len();
        Cells::new(self.0.bytes_before(len), len, width)
    }

    /// The number and the value of the entry with this cell.
    #[inline(always)]
    pub(in super::super) fn find(&self, width: u32, cell: Cell) -> Option<(usize, &V)> {
        let len = self.0.short_len();
        // First: of more entries than a byte holds the head says the number elsewhere, and bytes
        // before so few values are not all initialised.
        if len > front::SMALL {
            return self.find_any(width, cell);
        }
        let cells = Cells::new(self.0.bytes_before(len), len, width);
        if !cells.are_few() {
            return self.find_any(width, cell);
        }
        let index = cells.find(cell)?;
        Some((index, self.0.value_of(len, index)))
    }

    /// [`find`](Self::find) in a block of any number of entries: out of line, so that the others'
    /// code does not read the block's head again for its sake.
    #[inline(never)]
    fn find_any(&self, width: u32, cell: Cell) -> Option<(usize, &V)> {
        let index = self.cells(width).find_any(cell)?;
        Some((index, self.value(index)))
    }

    /// What `accepts` makes of the first entry that has this tag and of which it makes anything,
    /// in a block of entries that have nothing but tags beside their values.
    ///
    /// One look at a window of tags, and at another one where there are more: the processor mostly
    /// foresees which, and where it does not it fetches lines that the next keys need.
    #[inline(always)]
    pub(in super::super) fn find_by<'b, R>(
        &'b self,
        tag: u8,
        mut accepts: impl FnMut(usize, &'b V) -> Option<R>,
    ) -> Option<R> {
        let len = self.0.short_len();
        // First, as in `find`.
        if len > front::SMALL {
            return self.find_slowly(tag, accepts);
        }
        let front = self.0.bytes_before(len);
        if front.len() < Self::LEAST {
            return self.find_slowly(tag, accepts);
        }
        let mut found = self.pick(len, 0, Self::equal_from(front, 0, tag), &mut accepts);
        let mut from = Self::WINDOW;
        while found.is_none() && from < len {
            // Where the window would reach into the values it begins sooner.
            let at = from.min(front.len() - Self::LEAST);
            let equal = Self::equal_from(front, at, tag) >> (from - at);
            found = self.pick(len, from, equal, &mut accepts);
            from += Self::WINDOW;
        }
        found
    }

    /// Which of a window's tags, from number `at` on, equal `tag`: the first one's bit the lowest.
    #[inline(always)]
    fn equal_from(front: &[u8], at: usize, tag: u8) -> u32 {
        let tags = front.get(front::head(0) + at..).unwrap_or(&[]);
        let equal = if Self::SMALL {
            tags.first_chunk().map(|tags| equal32(tags, tag))
        } else {
            tags.first_chunk().map(|tags| equal16(tags, tag))
        };
        equal.unwrap_or(0)
    }

    /// What `accepts` makes of the first entry, of those from number `from` on whose bits are set,
    /// of which it makes anything.
    #[inline(always)]
    fn pick<'b, R>(
        &'b self,
        len: usize,
        from: usize,
        mut bits: u32,
        accepts: &mut impl FnMut(usize, &'b V) -> Option<R>,
    ) -> Option<R> {
        while bits != 0 {
            let index = from + bits.trailing_zeros() as usize;
            if index >= len {
                break; // What is behind the last entry's is no tag.
            }
            let found = accepts(index, self.0.value_of(len, index));
            if found.is_some() {
                return found;
            }
            bits &= bits - 1;
        }
        None
    }

    /// [`find_by`](Self::find_by) in a block of any number of entries.
    #[cold]
    #[inline(never)]
    fn find_slowly<'b, R>(
        &'b self,
        tag: u8,
        mut accepts: impl FnMut(usize, &'b V) -> Option<R>,
    ) -> Option<R> {
        let mut found = None;
        self.cells(0).find_by(tag, |index| {
            found = accepts(index, self.value(index));
            found.is_some()
        });
        found
    }

    /// The values, the last one first.
    pub(in super::super) fn values(&self) -> &[V] {
        self.0.values()
    }

    #[inline(always)]
    pub(in super::super) fn value(&self, index: usize) -> &V {
        self.0.value(index)
    }

    #[inline(always)]
    pub(in super::super) fn value_mut(&mut self, index: usize) -> &mut V {
        // SAFETY: the value of an entry that exists (invariant 3), exclusively borrowed.
        unsafe { self.value_place(index).as_mut() }
    }

    /// Where the value of an entry is.
    #[inline(always)]
    pub(in super::super) fn value_place(&self, index: usize) -> NonNull<V> {
        self.0.value_place(index)
    }

    /// The cells; the values, the last one first, to be changed.
    pub(in super::super) fn parts_mut(&mut self, width: u32) -> (Cells<'_>, slice::IterMut<'_, V>) {
        let len = self.len();
        let bytes = self.0.size() - len * size_of::<V>();
        // SAFETY: initialised (invariant 2); the values, which are borrowed below, lie behind.
        let bytes = unsafe { slice::from_raw_parts(self.0.at.as_ptr(), bytes) };
        (Cells::new(bytes, len, width), self.0.values_mut().iter_mut())
    }

    /// Whether values are so small, and so many in a block, that what is in front of them has the
    /// bytes of a whole window: nearly all blocks have them anyway.
    const SMALL: bool = size_of::<V>() <= 16;

    /// Tags that are looked at together.
    const WINDOW: usize = if Self::SMALL { 32 } else { 16 };

    /// Bytes in front of the values that there are to be for that.
    const LEAST: usize = front::head(0) + Self::WINDOW;

    /// Entries of a block that is not small because there are few in all.
    const SOME: usize = 12;

    /// The units of a block of `len` entries, and of 8 bytes for their cells at least.
    fn units_for(len: usize, width: u32) -> Result<usize, AllocError> {
        let tags = width == 0 && len >= Self::SOME && Self::SMALL;
        let least = if tags { Self::LEAST } else { 8 };
        Block::<V>::units_for(cells::used(len, width).max(least), len)
    }

    /// Appends an entry; its index. If memory is refused, `value` is dropped.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    #[inline]
    pub(in super::super) unsafe fn try_push(
        &mut self,
        width: u32,
        cell: Cell,
        value: V,
        alloc: &impl Alloc,
    ) -> Result<usize, AllocError> {
        let len = self.len();
        let units = Self::units_for(len + 1, width)?;
        if units > self.0.units() {
            // SAFETY: the caller's promise.
            unsafe { self.0.try_resize(units, alloc)? };
        }
        cells::push(self.0.bytes_before_mut(len + 1), len, width, cell);
        // SAFETY: the place in front of the other values, which is no cell's.
        unsafe { self.0.place(len + 1).write(value) };
        Ok(len)
    }

    /// Takes an entry out, and gives its place to the last one; its value. The block keeps its
    /// size.
    #[inline]
    pub(in super::super) fn swap_take(&mut self, index: usize, width: u32) -> V {
        let len = self.len();
        let place = self.value_place(index);
        // In front of all others, at the old number of entries.
        let last = self.0.place(len);
        cells::swap_remove(self.0.bytes_before_mut(len), len, width, index);
        // SAFETY: the entry's value (invariant 3), overwritten or forgotten below.
        let value = unsafe { place.read() };
        // SAFETY: both are values' places, or they are the same one.
        unsafe { place.copy_from(last, 1) };
        // SAFETY: no value's place any more, so it must be initialised as bytes (invariant 2).
        unsafe { last.cast::<u8>().write_bytes(0, size_of::<V>()) };
        value
    }

    /// Gives back what is more than `slack` units beyond the entries' need, if it can be.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator.
    pub(in super::super) unsafe fn try_shrink(
        &mut self,
        width: u32,
        slack: usize,
        alloc: &impl Alloc,
    ) -> Result<(), AllocError> {
        let len = self.len();
        if len == 0 {
            let block = core::mem::replace(self, Self::empty());
            // SAFETY: the caller's promise.
            unsafe { block.free(alloc) };
            return Ok(());
        }
        let units = Self::units_for(len, width)?;
        if units + slack < self.0.units() {
            // SAFETY: the caller's promise.
            unsafe { self.0.try_resize(units, alloc)? };
        }
        Ok(())
    }

    /// A copy, without slack.
    ///
    /// # Safety
    ///
    /// `alloc` is the block's allocator, or the copy's owner has one that equals it.
    pub(in super::super) unsafe fn try_clone<A: Alloc>(
        &self,
        width: u32,
        alloc: &A,
    ) -> Result<Self, AllocError>
    where
        V: Clone,
    {
        /// Frees the copy if a value's clone panics.
        struct Copy<'a, V, A: Alloc>(Packed<V>, &'a A);

        impl<V, A: Alloc> Drop for Copy<'_, V, A> {
            fn drop(&mut self) {
                let block = core::mem::replace(&mut self.0, Packed::empty());
                // SAFETY: its memory is from this allocator.
                unsafe { block.free(self.1) };
            }
        }

        let mut copy = Copy(Self::empty(), alloc);
        if self.len() != 0 {
            let units = Self::units_for(self.len(), width)?;
            // SAFETY: there is none yet.
            unsafe { copy.0.0.try_resize(units, alloc)? };
        }
        for (cell, value) in self.cells(width).iter().zip(self.values().iter().rev()) {
            // SAFETY: of this allocator. There is room.
            unsafe { copy.0.try_push(width, cell, value.clone(), alloc)? };
        }
        Ok(core::mem::replace(&mut copy.0, Self::empty()))
    }

    /// Tells of the block, whose cells are what `cells` says.
    pub(in super::super) fn tell(
        &self,
        width: u32,
        cells: (&'static str, PartKind),
        out: &mut dyn Parts,
    ) {
        if self.0.units() == 0 {
            return;
        }
        let (len, used) = (self.len(), cells::used(self.len(), width));
        let (head, values) = (front::head(len), len * size_of::<V>());
        out.block(&[
            Part { name: cells.0, kind: cells.1, bytes: used - head },
            Part { name: "values", kind: PartKind::Payload, bytes: values },
            Part::header("head", head),
            Part::slack(self.0.size() - used - values),
        ]);
    }

    /// Whether the invariants hold. For tests.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(in super::super) fn check(&self, width: u32) -> bool {
        self.len() == 0
            || cells::used(self.len(), width) + self.len() * size_of::<V>() <= self.0.size()
    }
}

impl<V> Bucket for Packed<V> {
    type Value = V;

    #[inline(always)]
    fn value_place(&self, index: usize) -> NonNull<V> {
        self.value_place(index)
    }

    fn empty() -> Self {
        Self::empty()
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    fn fetch_whole(&self) {
        self.0.fetch_whole();
    }

    unsafe fn free(mut self, alloc: &impl Alloc) {
        let (at, Ok(layout)) = (self.0.at, Block::<V>::layout(self.0.units())) else { return };
        if self.0.units() == 0 {
            return;
        }
        let memory = Memory { at, layout, alloc };
        let values = NonNull::from(self.0.values_mut());
        // SAFETY: initialised (invariant 3), and the block is forgotten. If one of them panics, the
        // others are dropped, and the memory goes back.
        unsafe { values.drop_in_place() };
        drop(memory);
    }

    unsafe fn free_moved(self, alloc: &impl Alloc) {
        // SAFETY: the caller's promise.
        unsafe { self.0.free_moved(alloc) };
    }
}

/// A block of a known number of entries, which are moved into it one by one.
pub(in super::super) struct Unpacked<'a, V, A: Alloc> {
    block: Block<V>,
    alloc: &'a A,
    len: usize,
    width: u32,
    done: usize,
}

impl<'a, V, A: Alloc> Unpacked<'a, V, A> {
    /// Room for `len` entries.
    pub(in super::super) fn try_new(
        len: usize,
        width: u32,
        alloc: &'a A,
    ) -> Result<Self, AllocError> {
        let mut block = Block::empty();
        if len != 0 {
            let units = Packed::<V>::units_for(len, width)?;
            // SAFETY: there is no memory yet.
            unsafe { block.try_resize(units, alloc)? };
        }
        Ok(Self { block, alloc, len, width, done: 0 })
    }

    /// Moves an entry in: as `cell`, and with the value of entry `index` of `from`.
    ///
    /// # Safety
    ///
    /// The entry is `from`'s, which forgets it; there is room for it.
    #[inline]
    pub(in super::super) unsafe fn put(&mut self, cell: Cell, from: &Packed<V>, index: usize) {
        debug_assert!(self.done < self.len);
        let (len, width, done) = (self.len, self.width, self.done);
        cells::set(self.block.bytes_before_mut(len), len, width, done, cell);
        self.done += 1;
        let value = from.value_place(index);
        // SAFETY: the place of the value of this number, which holds none yet.
        unsafe { self.block.place(done + 1).copy_from_nonoverlapping(value, 1) };
    }

    /// The block, filled.
    pub(in super::super) fn finish(mut self) -> Packed<V> {
        debug_assert_eq!(self.done, self.len);
        if self.len != 0 {
            let len = self.len;
            front::set_len(self.block.bytes_before_mut(len), len);
        }
        // What is left is dropped.
        Packed(core::mem::replace(&mut self.block, Block::empty()))
    }
}

/// Of one that is not finished the memory goes back; what was moved into it is nobody's then.
impl<V, A: Alloc> Drop for Unpacked<'_, V, A> {
    fn drop(&mut self) {
        let block = core::mem::replace(&mut self.block, Block::empty());
        // SAFETY: its memory is from this allocator.
        unsafe { block.free_moved(self.alloc) };
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::mem::Global;

    /// Each entry of a tag once, in order, whatever the number of entries and the windows that
    /// their tags take.
    fn entries_are_seen_once_each<V: Copy + PartialEq + core::fmt::Debug>(of: impl Fn(u8) -> V) {
        let mut block = Packed::empty();
        for len in 0..300_usize {
            for tag in 0..4 {
                let mut seen = 0;
                let found = block.find_by(tag, |index, value| {
                    assert_eq!((index % 3, *value), (usize::from(tag), of(index as u8)));
                    assert_eq!(index / 3, seen);
                    seen += 1;
                    (seen == len / 6).then_some(index)
                });
                let last = (len / 6).checked_sub(1).map(|nth| nth * 3 + usize::from(tag));
                assert_eq!(found, last.filter(|_| tag < 3), "{len} entries");
                let all = (len + 2).saturating_sub(tag.into()) / 3;
                assert_eq!(seen, if tag == 3 { 0 } else { found.map_or(all, |_| len / 6) });
            }
            let cell = Cell { tag: (len % 3) as u8, rest: 0 };
            // SAFETY: all memory is from this allocator.
            unsafe { block.try_push(0, cell, of(len as u8), &Global) }.unwrap();
        }
        // SAFETY: as above.
        unsafe { block.free(&Global) };
    }

    #[test]
    fn entries_of_any_size_are_seen_once_each() {
        entries_are_seen_once_each(|i| i);
        entries_are_seen_once_each(u64::from);
        entries_are_seen_once_each(|i| [u64::from(i); 2]);
        entries_are_seen_once_each(|i| [u64::from(i); 5]);
        entries_are_seen_once_each(|_| ());
    }
}
