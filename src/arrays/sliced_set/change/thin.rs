//! Taking many numbers out of a [`SlicedSetMut`], a slice at a time.

use super::super::edit::Cell;
use super::super::encode::Numbers;
use super::super::iter::Source;
use super::super::profile::Profile;
use super::super::slice::{Bits, UNIVERSE, WORDS, for_range};
use super::super::slots::{LOW, key_of, low_of};
use super::SlicedSetMut;
use crate::error::AllocError;
use crate::mem::{Alloc, granted};

impl<A: Alloc + Clone> SlicedSetMut<A> {
    /// Takes all numbers of a range out; returns how many were there. O(slices that have some).
    ///
    /// # Panics
    ///
    /// If a slice has to be coded anew for those that stay, and memory cannot be had for that;
    /// [`try_remove_range`](Self::try_remove_range) returns the error instead.
    #[track_caller]
    pub fn remove_range(&mut self, range: core::ops::RangeInclusive<u64>) -> u64 {
        granted(self.try_remove_range(range))
    }

    /// As [`remove_range`](Self::remove_range).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers before the slice that had no memory are then out.
    pub fn try_remove_range(
        &mut self,
        range: core::ops::RangeInclusive<u64>,
    ) -> Result<u64, AllocError> {
        let (start, end) = (*range.start(), *range.end());
        if range.is_empty() {
            return Ok(0);
        }
        let before = self.len;
        let mut key = key_of(start);
        while let Some(here) = self.key_from(key).filter(|here| *here <= key_of(end)) {
            let first = if here == key_of(start) { low_of(start) } else { 0 };
            let last = if here == key_of(end) { low_of(end) } else { UNIVERSE - 1 };
            self.thin(here, |bits| {
                for_range(first, last + 1, &mut |at, word| bits[at % WORDS] &= !word);
            })?;
            key = here + 1;
        }
        Ok((before - self.len) as u64)
    }

    /// Keeps the numbers for which `keep` returns `true`. It is asked once of each, in ascending
    /// order. O(n).
    ///
    /// # Panics
    ///
    /// If a slice has to be coded anew for those that stay, and memory cannot be had for that;
    /// [`try_retain`](Self::try_retain) returns the error instead. If `keep` panics, the numbers of
    /// the slice that it was asked of last are all there, those before are gone or kept as it said.
    #[track_caller]
    pub fn retain(&mut self, keep: impl FnMut(u64) -> bool) {
        granted(self.try_retain(keep));
    }

    /// As [`retain`](Self::retain).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; from the slice on that had no memory, all numbers are then there.
    pub fn try_retain(&mut self, mut keep: impl FnMut(u64) -> bool) -> Result<(), AllocError> {
        let mut key = 0;
        while let Some(here) = self.key_from(key) {
            self.thin(here, |bits| {
                for (word, base) in bits.iter_mut().zip((here << LOW..).step_by(64)) {
                    let mut rest = *word;
                    while rest != 0 {
                        let bit = rest.trailing_zeros();
                        rest &= rest - 1;
                        *word &= !(u64::from(!keep(base | u64::from(bit))) << bit);
                    }
                }
            })?;
            key = here + 1;
        }
        Ok(())
    }

    /// The first key that is at least `key` and has a slice.
    fn key_from(&self, key: u64) -> Option<u64> {
        let at = self.chunks.lower_bound(key);
        // Behind the last of a chunk it is the first of the next one.
        let next = || self.chunks.next(at).and_then(|at| self.chunks.get(at));
        self.chunks.get(at).or_else(next).map(|cell| cell.key)
    }

    /// Takes out what `clear` clears in the bits of a slice; if memory is refused, nothing.
    fn thin(&mut self, key: u64, clear: impl FnOnce(&mut Bits)) -> Result<(), AllocError> {
        let alloc = self.chunks.alloc().clone();
        let at = self.chunks.lower_bound(key);
        let Some(cell) = self.chunks.get_mut(at).filter(|cell| cell.key == key) else {
            return Ok(());
        };
        let mut bits = cell.bits();
        clear(&mut bits);
        let (had, count) = (cell.count as usize, count_of(&bits));
        if count == 0 {
            self.chunks.remove(at);
        } else if count < had {
            *cell = Cell::coded(key, Numbers::Bits(&bits), Profile::best_growing, alloc)?;
        }
        self.len -= had - count;
        Ok(())
    }
}

fn count_of(bits: &Bits) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}
