//! Building a [`Ragged`]: from a stream whose rows and items are counted, or from one that says
//! nothing.

use super::{Ragged, words_for};
use crate::arrays::{EliasFanoBuilder, PackedInts, RaggedBuild, RaggedU64};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::{Global, granted};
use crate::storage::{HeapWords, Plain};
use core::fmt;
use core::marker::PhantomData;

/// Takes rows one by one, as many as were announced, and makes a [`Ragged`].
///
/// Needs the memory of the result from the start, 24 bytes for each 1,024 rows apart, and no more
/// at any time.
pub struct RaggedBuilder<T: Plain, A: Alloc + Clone> {
    items: HeapWords<A>,
    /// Items that were announced, and those that are there.
    count: usize,
    filled: usize,
    /// Rows that were announced, and those that are there.
    rows: usize,
    pushed: usize,
    starts: EliasFanoBuilder<A>,
    kind: PhantomData<T>,
}

impl<T: Plain, A: Alloc + Clone> RaggedBuilder<T, A> {
    /// A builder of `rows` rows with `items` items in all, in `alloc`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn new_in(rows: usize, items: usize, alloc: A) -> Result<Self, BuildError> {
        let words = words_for::<T>(items).ok_or(AllocError::CapacityOverflow)?;
        let starts = if rows == 0 { Some(0) } else { rows.checked_add(1) };
        let starts = starts.ok_or(AllocError::CapacityOverflow)?;
        let starts = EliasFanoBuilder::new_in(starts, items as u64, alloc.clone())?;
        let mut all = HeapWords::new_in(alloc);
        all.try_reserve_exact(words)?;
        all.try_resize(words)?;
        let kind = PhantomData;
        Ok(Self { items: all, count: items, filled: 0, rows, pushed: 0, starts, kind })
    }

    /// Appends a row. O(items).
    ///
    /// # Errors
    ///
    /// [`BuildError::TooMany`] if all rows that were announced are there, or more items would be
    /// than were. The builder is unchanged then.
    pub fn push(&mut self, row: &[T]) -> Result<(), BuildError> {
        if self.pushed == self.rows {
            return Err(BuildError::TooMany { len: self.rows as u64 + 1, max: self.rows as u64 });
        }
        if row.len() > self.count - self.filled {
            let len = self.filled as u64 + row.len() as u64;
            return Err(BuildError::TooMany { len, max: self.count as u64 });
        }
        self.starts.push(self.filled as u64)?;
        write(&mut self.items, self.filled, row);
        self.filled += row.len();
        self.pushed += 1;
        Ok(())
    }

    /// The finished rows.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if fewer rows or items came than were announced,
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn finish(mut self) -> Result<Ragged<T, HeapWords<A>>, BuildError> {
        let counts = [("rows", self.pushed, self.rows), ("items", self.filled, self.count)];
        for (name, value, announced) in counts {
            if value != announced {
                let (value, min) = (value as u64, announced as u64);
                return Err(BuildError::OutOfRange { name, value, min, max: min });
            }
        }
        if self.rows > 0 {
            self.starts.push(self.count as u64)?;
        }
        let starts = self.starts.finish()?;
        Ok(Ragged { items: self.items, count: self.count, starts, kind: PhantomData })
    }
}

/// Writes a row from item `at` on, for which there is room.
fn write<T: Plain, A: Alloc>(items: &mut HeapWords<A>, at: usize, row: &[T]) {
    let places = items.as_bytes_mut().get_mut(at * T::BYTES..).unwrap_or(&mut []);
    for (place, item) in places.chunks_exact_mut(T::BYTES).zip(row) {
        place.copy_from_slice(item.store().as_ref());
    }
}

impl<T: Plain, A: Alloc + Clone> fmt::Debug for RaggedBuilder<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RaggedBuilder");
        out.field("rows", &self.pushed).field("items", &self.filled).finish_non_exhaustive()
    }
}

/// Rows as they come, nobody knows how many.
pub(super) struct Gathered<T, A: Alloc> {
    items: HeapWords<A>,
    count: usize,
    lens: PackedInts<HeapWords<A>>,
    alloc: A,
    kind: PhantomData<T>,
}

impl<T: Plain, A: Alloc + Clone> Gathered<T, A> {
    pub(super) fn new_in(alloc: A) -> Self {
        let (items, lens) = (HeapWords::new_in(alloc.clone()), PackedInts::new_in(alloc.clone()));
        Self { items, count: 0, lens, alloc, kind: PhantomData }
    }

    pub(super) fn push(&mut self, row: &[T]) -> Result<(), AllocError> {
        let count = self.count.checked_add(row.len());
        let words = count.and_then(words_for::<T>).ok_or(AllocError::CapacityOverflow)?;
        self.items.try_resize(words)?;
        self.lens.try_push(row.len() as u64)?;
        write(&mut self.items, self.count, row);
        self.count += row.len();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Ragged<T, HeapWords<A>>, BuildError> {
        self.items.try_shrink_to_fit()?;
        let starts = if self.lens.is_empty() { 0 } else { self.lens.len() + 1 };
        let mut starts = EliasFanoBuilder::new_in(starts, self.count as u64, self.alloc)?;
        let mut before = 0;
        for len in &self.lens {
            starts.push(before)?;
            before += len;
        }
        if !self.lens.is_empty() {
            starts.push(before)?;
        }
        drop(self.lens);
        let starts = starts.finish()?;
        Ok(Ragged { items: self.items, count: self.count, starts, kind: PhantomData })
    }
}

impl<T: Plain, A: Alloc + Clone> Ragged<T, HeapWords<A>> {
    /// The rows of `rows`, of which nobody knows how many come: the items grow by a sixteenth, and
    /// lengths are packed until the last has come.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_from_rows_in<R: AsRef<[T]>>(
        rows: impl IntoIterator<Item = R>,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut gathered = Gathered::new_in(alloc);
        for row in rows {
            gathered.push(row.as_ref())?;
        }
        gathered.finish()
    }
}

#[cfg(feature = "alloc")]
impl<T: Plain> Ragged<T> {
    /// A builder of `rows` rows with `items` items in all.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn builder(rows: usize, items: usize) -> Result<RaggedBuilder<T, Global>, BuildError> {
        RaggedBuilder::new_in(rows, items, Global)
    }
}

#[cfg(feature = "alloc")]
impl<T: Plain, R: AsRef<[T]>> FromIterator<R> for Ragged<T> {
    /// As [`try_from_rows_in`](Self::try_from_rows_in), on the heap.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        granted(Self::try_from_rows_in(rows, Global))
    }
}

#[cfg(feature = "alloc")]
impl<T: Plain> Default for Ragged<T> {
    /// No rows.
    fn default() -> Self {
        Self::from_iter([[]; 0])
    }
}

impl<A: Alloc + Clone> RaggedBuild<A> for RaggedU64<HeapWords<A>> {
    fn try_build_in<'r>(
        rows: impl Iterator<Item = &'r [u64]> + Clone,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let items = rows.clone().map(<[u64]>::len).sum();
        let mut builder = RaggedBuilder::new_in(rows.clone().count(), items, alloc)?;
        rows.into_iter().try_for_each(|row| builder.push(row))?;
        builder.finish()
    }
}
