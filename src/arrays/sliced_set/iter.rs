//! [`Iter`]: the numbers in order, from both ends.

use super::lists::ROOM;
use super::slice::{Place, Slice};
use super::slots::Slices;
use super::{Form, SlicedSet, Words};
use crate::arrays::elias_fano;
use core::fmt;

/// Numbers that are decoded at once: room for some groups of lists.
const CHUNK: usize = ROOM + 64;
/// The same where all that are left are asked for.
const FOLD: usize = 512;

/// The numbers of a [`SlicedSet`], or of a part of it, in order.
pub struct Iter<'a, W: Words> {
    inner: Inner<'a, W>,
}

// Decoded numbers are kept in place: a box for them would be an allocation.
#[allow(clippy::large_enum_variant)]
enum Inner<'a, W: Words> {
    Slices(Walk<'a, Slices<W>>),
    Whole(elias_fano::Iter<'a, W>),
}

impl<W: Words> Clone for Iter<'_, W> {
    fn clone(&self) -> Self {
        let inner = match &self.inner {
            Inner::Slices(walk) => Inner::Slices(walk.clone()),
            Inner::Whole(numbers) => Inner::Whole(numbers.clone()),
        };
        Self { inner }
    }
}

impl<'a, W: Words> Iter<'a, W> {
    /// The numbers at positions `start..end`; both at most the length.
    pub(super) fn new(set: &'a SlicedSet<W>, start: usize, end: usize) -> Self {
        let inner = match &set.form {
            Form::Slices(slices) => Inner::Slices(Walk::new(slices, start, end)),
            Form::Whole(numbers) => Inner::Whole(elias_fano::Iter::new(numbers, start, end)),
        };
        Self { inner }
    }
}

/// Slices in order.
pub(super) trait Source {
    /// Where one is.
    type At: Copy;

    /// Where the slice of number `k` is, and how many of its numbers come before that.
    fn locate(&self, k: usize) -> Option<(Self::At, usize)>;

    /// Where the next one is.
    fn next(&self, at: Self::At) -> Option<Self::At>;

    /// Where the one before is.
    fn prev(&self, at: Self::At) -> Option<Self::At>;

    /// The slice there.
    fn slice(&self, at: Self::At) -> Slice<'_>;

    /// The smallest number that it could have.
    fn base(&self, at: Self::At) -> u64;
}

impl<W: Words> Source for Slices<W> {
    type At = usize;

    fn locate(&self, k: usize) -> Option<(usize, usize)> {
        let index = self.slot_of(k);
        (index < self.len()).then(|| (index, k.saturating_sub(self.rank_of(index))))
    }

    fn next(&self, at: usize) -> Option<usize> {
        (at + 1 < self.len()).then_some(at + 1)
    }

    fn prev(&self, at: usize) -> Option<usize> {
        at.checked_sub(1)
    }

    fn slice(&self, at: usize) -> Slice<'_> {
        self.slice(at)
    }

    fn base(&self, at: usize) -> u64 {
        self.base(at)
    }
}

/// A walk over slices, from both ends.
pub(super) struct Walk<'a, S: Source> {
    slices: &'a S,
    /// The position of the next number from the front, and one behind that from the back.
    start: usize,
    end: usize,
    front: End<'a, S::At>,
    back: End<'a, S::At>,
}

impl<S: Source> Clone for Walk<'_, S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// One end of a walk: a slice, and some numbers of it.
#[derive(Clone, Copy)]
struct End<'a, At> {
    /// Where the slice is; `None` if it was not looked up yet.
    slot: Option<At>,
    slice: Slice<'a>,
    base: u64,
    place: Place,
    /// Decoded numbers that are still to come: `chunk[at..len]` at the front, `chunk[..len]` at the
    /// back.
    at: usize,
    len: usize,
    chunk: [u16; CHUNK],
}

impl<At> End<'_, At> {
    const NOWHERE: Self = Self {
        slot: None,
        slice: Slice::EMPTY,
        base: 0,
        place: Place { index: 0, at: 0, rest: 0 },
        at: 0,
        len: 0,
        chunk: [0; CHUNK],
    };
}

impl<'a, S: Source> Walk<'a, S> {
    /// The numbers at positions `start..end`.
    pub(super) const fn new(slices: &'a S, start: usize, end: usize) -> Self {
        Self { slices, start, end, front: End::NOWHERE, back: End::NOWHERE }
    }

    /// How many are left.
    pub(super) const fn left(&self) -> usize {
        self.end - self.start
    }

    /// Goes with the front to number `k` of the slice there.
    fn enter(&mut self, slot: S::At, k: usize) {
        let slice = self.slices.slice(slot);
        let (base, place) = (self.slices.base(slot), slice.seek(k));
        self.front = End { slot: Some(slot), slice, base, place, at: 0, len: 0, ..self.front };
    }

    /// Decodes the next numbers at the front; whether there are any.
    fn refill(&mut self) -> bool {
        if self.front.slot.is_none() {
            if let Some((slot, k)) = self.slices.locate(self.start) {
                self.enter(slot, k);
            }
        }
        loop {
            let End { slice, place, chunk, .. } = &mut self.front;
            let len = slice.decode_next(place, chunk);
            if len > 0 {
                (self.front.at, self.front.len) = (0, len);
                return true;
            }
            match self.front.slot.and_then(|slot| self.slices.next(slot)) {
                Some(slot) => self.enter(slot, 0),
                None => {
                    // Of a damaged file that has fewer numbers than it says.
                    self.start = self.end;
                    return false;
                }
            }
        }
    }

    /// Goes with the back behind number `k - 1` of the slice there.
    fn enter_back(&mut self, slot: S::At, k: usize) {
        let slice = self.slices.slice(slot);
        let place = Place { index: k.min(slice.count), ..Place::default() };
        let base = self.slices.base(slot);
        self.back = End { slot: Some(slot), slice, base, place, len: 0, ..self.back };
    }

    /// Decodes the numbers before those at the back; whether there are any.
    fn refill_back(&mut self) -> bool {
        if self.back.slot.is_none() {
            if let Some((slot, k)) = self.slices.locate(self.end - 1) {
                self.enter_back(slot, k.saturating_add(1));
            }
        }
        loop {
            let (slice, behind) = (self.back.slice, self.back.place.index);
            let first = behind.saturating_sub(CHUNK);
            let mut place = slice.seek(first);
            let len = slice.decode(&mut place, &mut self.back.chunk[..behind - first]);
            self.back.place.index = first;
            if len > 0 {
                self.back.len = len;
                return true;
            }
            if first > 0 {
                continue;
            }
            match self.back.slot.and_then(|slot| self.slices.prev(slot)) {
                Some(slot) => self.enter_back(slot, usize::MAX),
                None => {
                    self.end = self.start;
                    return false;
                }
            }
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<u64> {
        if self.start == self.end || self.front.at == self.front.len && !self.refill() {
            return None;
        }
        self.start += 1;
        let low = self.front.chunk[self.front.at % CHUNK];
        self.front.at += 1;
        Some(self.front.base | u64::from(low))
    }

    pub(super) fn nth(&mut self, n: usize) -> Option<u64> {
        if n > CHUNK {
            self.start = self.start.saturating_add(n).min(self.end);
            self.front = End::NOWHERE;
            return self.next();
        }
        for _ in 0..n {
            self.next()?;
        }
        self.next()
    }

    #[inline]
    pub(super) fn next_back(&mut self) -> Option<u64> {
        if self.start == self.end || self.back.len == 0 && !self.refill_back() {
            return None;
        }
        self.end -= 1;
        self.back.len -= 1;
        Some(self.back.base | u64::from(self.back.chunk[self.back.len % CHUNK]))
    }

    pub(super) fn fold<B, F: FnMut(B, u64) -> B>(mut self, init: B, mut f: F) -> B {
        let (mut folded, mut chunk) = (init, [0; FOLD]);
        while self.start < self.end && (self.front.at < self.front.len || self.refill()) {
            let End { slice, base, place, at, len, chunk: decoded, .. } = &mut self.front;
            let mut give = |folded: B, lows: &[u16]| {
                lows.iter().fold(folded, |folded, low| f(folded, *base | u64::from(*low)))
            };
            let take = (*len - *at).min(self.end - self.start);
            folded = give(folded, &decoded[*at..*at + take]);
            (*at, self.start) = (*at + take, self.start + take);
            loop {
                let got = slice.decode_next(place, &mut chunk).min(self.end - self.start);
                if got == 0 {
                    break;
                }
                folded = give(folded, &chunk[..got]);
                self.start += got;
            }
        }
        folded
    }
}

impl<W: Words> Iterator for Iter<'_, W> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        match &mut self.inner {
            Inner::Slices(walk) => walk.next(),
            Inner::Whole(numbers) => numbers.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.inner {
            Inner::Slices(walk) => walk.left(),
            Inner::Whole(numbers) => numbers.len(),
        };
        (left, Some(left))
    }

    /// Not longer than a look-up, however large `n` is.
    fn nth(&mut self, n: usize) -> Option<u64> {
        match &mut self.inner {
            Inner::Slices(walk) => walk.nth(n),
            Inner::Whole(numbers) => numbers.nth(n),
        }
    }

    fn count(self) -> usize {
        self.len()
    }

    fn last(mut self) -> Option<u64> {
        self.next_back()
    }

    fn min(mut self) -> Option<u64> {
        self.next()
    }

    fn max(mut self) -> Option<u64> {
        self.next_back()
    }

    fn fold<B, F: FnMut(B, u64) -> B>(self, init: B, f: F) -> B {
        match self.inner {
            Inner::Slices(walk) => walk.fold(init, f),
            Inner::Whole(numbers) => numbers.fold(init, f),
        }
    }
}

impl<W: Words> DoubleEndedIterator for Iter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<u64> {
        match &mut self.inner {
            Inner::Slices(walk) => walk.next_back(),
            Inner::Whole(numbers) => numbers.next_back(),
        }
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}

impl<W: Words> core::iter::FusedIterator for Iter<'_, W> {}

impl<W: Words> fmt::Debug for Iter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
