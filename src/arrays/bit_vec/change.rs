//! Building and changing.

use super::BitVec;
use crate::arrays::index_out_of_range;
use crate::bits::word::below;
use crate::error::{AllocError, BuildError};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::range::within;
use crate::mem::{Alloc, refused};
use crate::storage::{HeapWords, Le64, Words};
use core::ops::{Range, RangeBounds};

#[cfg(feature = "alloc")]
impl BitVec {
    /// An empty vector; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global)
    }

    /// An empty vector with room for `len` bits.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(len: usize) -> Self {
        let mut bits = Self::new();
        bits.reserve(len);
        bits
    }

    /// `len` times `bit`, with no slack.
    #[must_use]
    #[track_caller]
    pub fn filled(bit: bool, len: usize) -> Self {
        let mut bits = Self::with_capacity(len);
        bits.resize(len, bit);
        bits
    }

    /// `len` bits, ones at `positions`, which may come in any order and repeat. No slack.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if a position is not below `len`; [`BuildError::Alloc`] if memory
    /// cannot be had.
    pub fn try_from_ones(
        len: usize,
        positions: impl IntoIterator<Item = usize>,
    ) -> Result<Self, BuildError> {
        let mut bits = Self::new();
        bits.try_reserve(len)?;
        bits.try_resize(len, false)?;
        positions.into_iter().try_for_each(|position| bits.try_set(position, true))?;
        Ok(bits)
    }
}

impl<A: Alloc> BitVec<HeapWords<A>> {
    /// An empty vector in `alloc`; requests no memory.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { words: HeapWords::new_in(alloc), len: 0 }
    }

    /// Bits that fit without growing.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.words.capacity().saturating_mul(64)
    }

    /// Makes room for exactly `extra` more bits.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, extra: usize) {
        self.try_reserve(extra).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for exactly `extra` more bits.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        let len = self.len.checked_add(extra).ok_or(AllocError::CapacityOverflow)?;
        let words = len.div_ceil(64).saturating_sub(self.words.words().len());
        self.words.try_reserve_exact(words)
    }

    /// Appends `bit`. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, bit: bool) {
        self.try_push(bit).unwrap_or_else(|error| refused(error));
    }

    /// Appends `bit`. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the bits are unchanged then.
    #[inline]
    pub fn try_push(&mut self, bit: bool) -> Result<(), AllocError> {
        let len = self.len.checked_add(1).ok_or(AllocError::CapacityOverflow)?;
        if self.len & 63 == 0 {
            self.words.try_resize(len.div_ceil(64))?;
        }
        self.len = len;
        self.put(len - 1, bit);
        Ok(())
    }

    /// Removes and returns the last bit, or `None` if there is none. Keeps the room. O(1).
    pub fn pop(&mut self) -> Option<bool> {
        let last = self.last()?;
        self.truncate(self.len - 1);
        Some(last)
    }

    /// Overwrites the bit at `index`. O(1), 1 cache line.
    ///
    /// # Panics
    ///
    /// If there is no such bit.
    #[inline]
    #[track_caller]
    pub fn set(&mut self, index: usize, bit: bool) {
        assert!(index < self.len, "index {index} of {} bits", self.len);
        self.put(index, bit);
    }

    /// Overwrites the bit at `index`. O(1), 1 cache line.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there is no such bit.
    pub fn try_set(&mut self, index: usize, bit: bool) -> Result<(), BuildError> {
        if index >= self.len {
            return Err(index_out_of_range(index, self.len));
        }
        self.put(index, bit);
        Ok(())
    }

    /// Overwrites the bit at `index` and returns what it was. O(1), 1 cache line.
    ///
    /// # Panics
    ///
    /// If there is no such bit.
    #[inline]
    #[track_caller]
    pub fn replace(&mut self, index: usize, bit: bool) -> bool {
        let old = self.get(index).unwrap_or(!bit);
        if old != bit {
            self.set(index, bit);
        }
        old
    }

    /// Overwrites the bit at `index`, which exists.
    #[inline]
    fn put(&mut self, index: usize, bit: bool) {
        if let Some(word) = self.words.words_mut().get_mut(index >> 6) {
            let others = word.get() & !(1 << (index & 63));
            *word = Le64::new(others | u64::from(bit) << (index & 63));
        }
    }

    /// Overwrites the bits of `range`. O(words of the range).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[track_caller]
    pub fn fill(&mut self, range: impl RangeBounds<usize>, bit: bool) {
        let range = within(&range, self.len);
        let all = if bit { u64::MAX } else { 0 };
        self.change(range, |_| all);
    }

    /// Turns ones to zeros and zeros to ones in `range`. O(words of the range).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or behind the last bit.
    #[track_caller]
    pub fn flip(&mut self, range: impl RangeBounds<usize>) {
        let range = within(&range, self.len);
        self.change(range, |word| !word);
    }

    /// Changes the words of `range` by `turn`, and nothing outside of it.
    fn change(&mut self, range: Range<usize>, turn: impl Fn(u64) -> u64) {
        if range.is_empty() {
            return;
        }
        let last = range.end - 1;
        let (head, tail) = (!below(range.start as u32), u64::MAX >> (63 - (last & 63)));
        let under = |word: &mut Le64, mask: u64| {
            let old = word.get();
            *word = Le64::new(old & !mask | turn(old) & mask);
        };
        let words = self.words.words_mut().get_mut(range.start >> 6..=last >> 6);
        match words.unwrap_or_default() {
            [] => {}
            [only] => under(only, head & tail),
            [first, between @ .., last] => {
                under(first, head);
                under(last, tail);
                between.iter_mut().for_each(|word| *word = Le64::new(turn(word.get())));
            }
        }
    }

    /// Clears what stands behind the last bit in its word. Of sound bits that are zeros already.
    pub(in crate::arrays) fn clear_behind(&mut self) {
        let len = self.len;
        if let (Some(last), 1..) = (self.words.words_mut().last_mut(), len & 63) {
            *last = Le64::new(last.get() & below(len as u32));
        }
    }

    /// Removes the bits from `len` on; does nothing if there are no more than `len`. Keeps the
    /// room. O(1).
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.len = len;
        self.words.truncate(len.div_ceil(64));
        self.clear_behind();
    }

    /// Removes all bits. Keeps the room.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Makes it `len` bits long, new ones being `bit`. O(words that are new).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_resize`](Self::try_resize) returns the error instead.
    #[track_caller]
    pub fn resize(&mut self, len: usize, bit: bool) {
        self.try_resize(len, bit).unwrap_or_else(|error| refused(error));
    }

    /// Makes it `len` bits long, new ones being `bit`. O(words that are new).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the bits are unchanged then.
    pub fn try_resize(&mut self, len: usize, bit: bool) -> Result<(), AllocError> {
        if len <= self.len {
            self.truncate(len);
            return Ok(());
        }
        self.words.try_resize(len.div_ceil(64))?;
        let old = core::mem::replace(&mut self.len, len);
        self.fill(old.., bit);
        Ok(())
    }

    /// Appends the bits of `other`. O(words of `other`).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_extend_from`](Self::try_extend_from) returns the error
    /// instead.
    #[track_caller]
    pub fn extend_from<V: Words>(&mut self, other: &BitVec<V>) {
        self.try_extend_from(other).unwrap_or_else(|error| refused(error));
    }

    /// Appends the bits of `other`. O(words of `other`).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the bits are unchanged then.
    pub fn try_extend_from<V: Words>(&mut self, other: &BitVec<V>) -> Result<(), AllocError> {
        let old = self.len;
        let len = old.checked_add(other.len).ok_or(AllocError::CapacityOverflow)?;
        self.try_resize(len, false)?;
        let shift = old & 63;
        let places = self.words.words_mut().get_mut(old >> 6..).unwrap_or_default();
        let or = |place: Option<&mut Le64>, bits: u64| {
            if let Some(place) = place {
                *place = Le64::new(place.get() | bits);
            }
        };
        for at in 0..other.as_words().len() {
            let word = other.word(at, |word| word);
            or(places.get_mut(at), word << shift);
            if shift != 0 {
                or(places.get_mut(at + 1), word >> (64 - shift));
            }
        }
        Ok(())
    }

    /// Appends the 64 bits of `word` to a whole number of words.
    #[cfg(any(feature = "bitvec", all(feature = "serde", feature = "alloc")))]
    pub(in crate::arrays) fn try_push_word(&mut self, word: u64) -> Result<(), AllocError> {
        debug_assert!(self.len & 63 == 0);
        let len = self.len.checked_add(64).ok_or(AllocError::CapacityOverflow)?;
        self.try_resize(len, false)?;
        if let Some(last) = self.words.words_mut().last_mut() {
            *last = Le64::new(word);
        }
        Ok(())
    }

    /// Gives back all room that the bits do not need.
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink the block;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Gives back all room that the bits do not need.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink the block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.words.try_shrink_to_fit()
    }

    /// The words, to be overwritten by others.
    pub(super) fn words_mut(&mut self) -> &mut [Le64] {
        self.words.words_mut()
    }
}
