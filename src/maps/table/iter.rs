//! Walks over the entries of a [`Table`]. The invariants are numbered in `table.rs`.

#![allow(unsafe_code)]

use super::*;
use core::iter::FusedIterator;

/// The next entry in some regions.
#[derive(Clone, Copy, Default)]
struct Cursor {
    region: usize,
    /// The slot of the next entry, and the end of the run of entries that lie side by side from
    /// there on. In a group that nothing was removed from there is one run.
    next: usize,
    end: usize,
    /// The group behind the one that the run is in.
    group: usize,
    /// Entries of that group behind the run.
    full: u32,
}

impl Cursor {
    const START: Self = Self { region: 0, next: 0, end: 0, group: 0, full: 0 };

    /// The next entry, or none.
    #[inline]
    fn next<P: Policy>(&mut self, regions: &[Region]) -> Option<Place> {
        if self.next == self.end {
            self.next_run::<P>(regions)?;
        }
        let index = self.next;
        self.next += 1;
        Some(Place { region: self.region, index })
    }

    /// Goes on to the next run, or tells that there is none.
    #[inline]
    fn next_run<P: Policy>(&mut self, regions: &[Region]) -> Option<()> {
        while self.full == 0 {
            let region = regions.get(self.region)?;
            if self.group < region.size.groups as usize {
                // SAFETY: the group exists.
                let group = unsafe { region.group::<P>(self.group) };
                self.full = full_slots::<P>(group);
                self.group += 1;
            } else {
                (self.region, self.group) = (self.region + 1, 0);
            }
        }
        let run = take_run(&mut self.full);
        let first = (self.group - 1) * P::WIDTH;
        (self.next, self.end) = (first + run.start, first + run.end);
        Some(())
    }
}

macro_rules! walk {
    ($(#[$doc:meta])* $name:ident, $item:ty, |$slot:ident| $give:expr) => {
        $(#[$doc])*
        pub(in crate::maps) struct $name<'t, T, P: Policy> {
            regions: &'t [Region],
            cursor: Cursor,
            left: usize,
            gives: PhantomData<($item, P)>,
        }

        impl<'t, T, P: Policy> $name<'t, T, P> {
            pub(super) const fn new(regions: &'t [Region], left: usize) -> Self {
                Self { regions, cursor: Cursor::START, left, gives: PhantomData }
            }

            /// Over nothing.
            pub(in crate::maps) const fn empty() -> Self {
                Self::new(&[], 0)
            }
        }

        impl<'t, T, P: Policy> Iterator for $name<'t, T, P> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let place = self.cursor.next::<P>(self.regions)?;
                self.left -= 1;
                // SAFETY: the place of an entry is a slot of its region (invariant 2).
                let $slot = unsafe { self.regions[place.region].slot::<T>(place.index) };
                Some($give)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.left, Some(self.left))
            }
        }

        impl<T, P: Policy> ExactSizeIterator for $name<'_, T, P> {}
        impl<T, P: Policy> FusedIterator for $name<'_, T, P> {}
    };
}

walk! {
    /// The entries.
    Iter, &'t T, |slot| {
        // SAFETY: initialised, and borrowed with the table.
        unsafe { slot.as_ref() }
    }
}
walk! {
    /// The entries, to be changed.
    IterMut, &'t mut T, |slot| {
        let mut slot = slot;
        // SAFETY: initialised, exclusively borrowed with the table, and given out once.
        unsafe { slot.as_mut() }
    }
}

impl<T, P: Policy> Clone for Iter<'_, T, P> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

// SAFETY: as a `&T` for each entry; regions are not changed.
unsafe impl<T: Sync, P: Policy> Send for Iter<'_, T, P> {}
// SAFETY: as above.
unsafe impl<T: Sync, P: Policy> Sync for Iter<'_, T, P> {}
// SAFETY: as a `&mut T` for each entry; regions are not changed.
unsafe impl<T: Send, P: Policy> Send for IterMut<'_, T, P> {}
// SAFETY: `&IterMut` gives out `&T` only.
unsafe impl<T: Sync, P: Policy> Sync for IterMut<'_, T, P> {}

impl<T, P: Policy> IterMut<'_, T, P> {
    /// The entries that are still to come.
    pub(in crate::maps) fn rest(&self) -> Iter<'_, T, P> {
        let Self { regions, cursor, left, .. } = *self;
        Iter { regions, cursor, left, gives: PhantomData }
    }
}

/// The entries by value; the memory goes back at the end.
pub(in crate::maps) struct IntoIter<T, A: Alloc, P: Policy> {
    table: Table<T, A, P>,
    cursor: Cursor,
}

impl<T, A: Alloc, P: Policy> IntoIter<T, A, P> {
    pub(super) const fn new(table: Table<T, A, P>) -> Self {
        Self { table, cursor: Cursor::START }
    }

    /// The entries that are still to come.
    pub(in crate::maps) fn rest(&self) -> Iter<'_, T, P> {
        let (regions, left) = (self.table.regions(), self.table.held.len);
        Iter { regions, cursor: self.cursor, left, gives: PhantomData }
    }
}

impl<T, A: Alloc, P: Policy> Iterator for IntoIter<T, A, P> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let place = self.cursor.next::<P>(self.table.regions())?;
        Some(self.table.take(place))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.table.held.len, Some(self.table.held.len))
    }
}

impl<T, A: Alloc, P: Policy> ExactSizeIterator for IntoIter<T, A, P> {}
impl<T, A: Alloc, P: Policy> FusedIterator for IntoIter<T, A, P> {}

/// A walk that takes entries out on the way.
pub(in crate::maps) struct Extract<'t, T, A: Alloc, P: Policy> {
    table: &'t mut Table<T, A, P>,
    cursor: Cursor,
}

impl<'t, T, A: Alloc, P: Policy> Extract<'t, T, A, P> {
    pub(super) const fn new(table: &'t mut Table<T, A, P>) -> Self {
        Self { table, cursor: Cursor::START }
    }

    /// Takes out the next entry that `takes` accepts.
    pub(in crate::maps) fn next_if(&mut self, mut takes: impl FnMut(&mut T) -> bool) -> Option<T> {
        loop {
            let place = self.cursor.next::<P>(self.table.regions())?;
            // SAFETY: the cursor gives places of entries, and the table is exclusively borrowed.
            if takes(unsafe { self.table.slot(place).as_mut() }) {
                return Some(self.table.take(place));
            }
        }
    }

    /// Takes all entries out, one by one.
    pub(super) fn for_each_taken(mut self, mut with: impl FnMut(T)) {
        while let Some(entry) = self.next_if(|_| true) {
            with(entry);
        }
    }

    /// The most entries that can still come.
    pub(in crate::maps) const fn most(&self) -> usize {
        self.table.held.len
    }

    /// Puts the table in order. Nothing is to be taken behind that.
    pub(in crate::maps) fn tidy(&mut self, hasher: &impl Fn(&T) -> u64) {
        self.table.tidy_all(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_all_ones_of_a_mask_and_no_two_of_them_touch() {
        let masks = (1..2_000_u32).map(|i| i.wrapping_mul(0x9E37_79B9) >> 2).chain(1..2_000);
        for mask in masks.chain([1 << 29, u32::MAX >> 2]) {
            let (mut left, mut seen, mut end) = (mask, 0, None);
            while left != 0 {
                let run = take_run(&mut left);
                assert!(!run.is_empty() && end.is_none_or(|end| end < run.start), "{mask:b}");
                end = Some(run.end);
                seen |= run.fold(0, |bits, at| bits | 1 << at);
            }
            assert_eq!(seen, mask);
        }
    }
}
