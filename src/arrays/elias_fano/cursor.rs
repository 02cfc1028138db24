//! [`Cursor`]: a position that moves both ways.

use super::{EliasFano, Place, Words};

/// Numbers that [`Cursor::seek`] steps over one by one before it asks the index: guess.
const NEAR: usize = 8;

/// A position in an [`EliasFano`]: at a number, or behind the last one. Moves both ways, and
/// forward to a value: what merging and intersecting need.
///
/// ```
/// use lessram::arrays::EliasFano;
///
/// let numbers = EliasFano::try_from(&[10, 20, 20, 30][..])?;
/// let mut cursor = numbers.cursor_at(15);
/// assert_eq!((cursor.index(), cursor.value()), (1, Some(20)));
/// assert_eq!((cursor.move_prev(), cursor.move_prev()), (Some(10), None));
/// assert_eq!((cursor.seek(21), cursor.move_next()), (Some(30), None));
/// # Ok::<(), lessram::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Cursor<'a, W: Words> {
    numbers: &'a EliasFano<W>,
    /// The number's index and its own bit; behind the last number the end.
    place: Place,
}

impl<W: Words> Clone for Cursor<'_, W> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, W: Words> Cursor<'a, W> {
    /// At the first number behind `place`.
    pub(super) fn new(numbers: &'a EliasFano<W>, place: Place) -> Self {
        let mut cursor = Self { numbers, place };
        cursor.settle();
        cursor
    }

    /// Moves from a place between numbers to the number behind it.
    #[inline]
    fn settle(&mut self) {
        if self.place.index < self.numbers.len() as u64 {
            self.place.bit = self.numbers.next_bit(self.place);
        } else {
            self.place = self.numbers.place_of(self.numbers.len());
        }
    }

    /// The position, from 0; the length behind the last number.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.place.index as usize
    }

    /// The number here, or `None` behind the last one. O(1).
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<u64> {
        (self.place.index < self.numbers.len() as u64)
            .then(|| self.numbers.value(self.place.index, self.place.bit))
    }

    /// Moves to the next number and returns it; `None` if there is none: the cursor is then behind
    /// the last one. O(1) amortised.
    #[inline]
    pub fn move_next(&mut self) -> Option<u64> {
        if self.place.index < self.numbers.len() as u64 {
            self.place = Place { index: self.place.index + 1, bit: self.place.bit + 1 };
            self.settle();
        }
        self.value()
    }

    /// Moves to the number before this one and returns it; `None` if there is none: the cursor then
    /// stays. O(1) amortised.
    #[inline]
    pub fn move_prev(&mut self) -> Option<u64> {
        let index = self.place.index.checked_sub(1)?;
        self.place = Place { index, bit: self.numbers.bit_before(self.place) };
        self.value()
    }

    /// Moves forward to the first number that is at least `x`, and returns it; `None` if there is
    /// none from here on: the cursor is then behind the last one. Stays if it is there already.
    ///
    /// A few steps where that is near, else as [`cursor_at`](EliasFano::cursor_at).
    pub fn seek(&mut self, x: u64) -> Option<u64> {
        for _ in 0..NEAR {
            match self.value() {
                Some(number) if number < x => self.move_next(),
                reached => return reached,
            };
        }
        if self.value().is_some_and(|number| number < x) {
            let place = self.numbers.seek(x);
            // Never back, not even in a damaged file.
            if place.index >= self.place.index {
                self.place = place;
                self.settle();
            }
        }
        self.value()
    }
}
