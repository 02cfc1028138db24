//! How a sketch makes room: levels are thinned out in place, the block grows to the left.

use super::order::{merge_up, sort};
use super::{Kll, KllItem, MAX_LEVELS, room, room_of_all};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::words::{Le32, as_halves_mut};
use crate::storage::{HeapWords, Words};

/// Cells of the smallest block.
const LEAST_CELLS: usize = 8;
/// Levels that two sketches of one `k` which are merged may come to have more than the higher.
const SPARE_LEVELS: usize = 4;

impl<T: KllItem, A: Alloc> Kll<T, HeapWords<A>> {
    /// Puts a number into a free cell, which exists.
    #[inline]
    pub(super) fn push(&mut self, cell: T::Cell) {
        debug_assert!(self.free > 0);
        self.free -= 1;
        T::cells_mut(self.items.words_mut())[self.free] = cell;
    }

    /// Sets the number of levels, and with it the room of all.
    pub(super) fn set_height(&mut self, height: usize) {
        (self.height, self.full) = (height, room_of_all(self.k, height));
    }

    /// Makes at least one cell free, and the first level.
    #[cold]
    pub(super) fn make_room(&mut self) -> Result<(), AllocError> {
        let full = if self.height == 0 { room_of_all(self.k, 1) } else { self.full };
        let cells = self.cells().len();
        if self.free == 0 && cells < full {
            self.grow((cells + (cells / 2).max(LEAST_CELLS)).min(full))?;
        }
        // Only now, so that a refusal leaves an empty sketch as it was.
        if self.height == 0 {
            self.set_height(1);
        }
        while self.free == 0 {
            self.compress()?;
        }
        Ok(())
    }

    /// Gives the block room for so many cells; what it holds moves to its end.
    fn grow(&mut self, cells: usize) -> Result<(), AllocError> {
        let old = self.cells().len();
        let words = cells.div_ceil(T::PER_WORD);
        self.items.try_reserve_exact(words.saturating_sub(self.items.words().len()))?;
        self.items.try_resize(words)?;
        let cells = T::cells_mut(self.items.words_mut());
        let more = cells.len() - old;
        cells.copy_within(self.free..old, self.free + more);
        cells[self.free..(self.free + more).min(old)].fill(T::Cell::default());
        self.free += more;
        Ok(())
    }

    /// Takes free cells away until there are `cells` in all, or none is free.
    pub(super) fn cut(&mut self, cells: usize) -> Result<(), AllocError> {
        let all = T::cells_mut(self.items.words_mut());
        let less = all.len().saturating_sub(cells).min(self.free) / T::PER_WORD * T::PER_WORD;
        all.copy_within(self.free.., self.free - less);
        let words = (all.len() - less) / T::PER_WORD;
        self.free -= less;
        self.items.truncate(words);
        self.items.try_shrink_to_fit()
    }

    /// Takes all free cells away, and what the levels do not need.
    pub(super) fn give_back(&mut self) -> Result<(), AllocError> {
        self.levels.try_shrink_to_fit()?;
        self.cut(0)
    }

    /// Thins out the lowest level that is full; there is one if there are as many numbers as there
    /// is room for.
    fn compress(&mut self) -> Result<(), AllocError> {
        let top = self.height.saturating_sub(1);
        let mut level = 0;
        while level < top && self.level(level).len() < room(self.k, top - level) as usize {
            level += 1;
        }
        if level == top && self.height < MAX_LEVELS {
            let words = self.height.div_ceil(2);
            self.levels.try_reserve_exact(words.saturating_sub(self.levels.words().len()))?;
            self.levels.try_resize(words)?;
            self.set_height(self.height + 1);
            self.set_above(self.height - 1, 0);
        }
        self.thin_out(level);
        Ok(())
    }

    /// Sets the number of numbers in `level` and above.
    fn set_above(&mut self, level: usize, count: usize) {
        let halves = as_halves_mut(self.levels.words_mut());
        if let Some(half) = level.checked_sub(1).and_then(|at| halves.get_mut(at)) {
            *half = Le32::new(count as u32);
        }
    }

    /// Lets every second number of `level` stand for two, in the level above, and drops the others.
    /// One stays if they are odd.
    fn thin_out(&mut self, level: usize) {
        let (begin, end) = (self.level(level).start, self.level(level).end);
        let next_end = self.level(level + 1).end.max(end);
        let place = (self.coin.toss() >> 63) as usize;
        let cells = T::cells_mut(self.items.words_mut());
        if level == 0 {
            sort::<T>(&mut cells[begin..end]);
        }
        let half = (end - begin) / 2;
        let begin = begin + (end - begin) % 2;
        for i in 0..half {
            cells[begin + i] = cells[begin + 2 * i + place];
        }
        // What is left ascends from `begin`, the level above from `end`.
        merge_up::<T>(&mut cells[begin..next_end], half, end - begin);
        cells.copy_within(self.free..begin, self.free + half);
        cells[self.free..self.free + half].fill(T::Cell::default());
        // Counts above, before the number of all changes.
        for lower in 1..=level {
            self.set_above(lower, self.above(lower).saturating_sub(half));
        }
        if level + 1 < self.height {
            self.set_above(level + 1, self.above(level + 1) + half);
        }
        self.free += half;
    }

    /// Room for the numbers of `other`, so that taking them cannot fail.
    pub(super) fn reserve_for<V: Words>(&mut self, other: &Kll<T, V>) -> Result<(), AllocError> {
        // Numbers of a larger `k` take more levels here.
        let more = (other.k / self.k.max(1)).max(1).ilog2() as usize;
        let height = (self.height.max(other.height) + SPARE_LEVELS + more).min(MAX_LEVELS);
        let words = height.div_ceil(2);
        self.levels.try_reserve_exact(words.saturating_sub(self.levels.words().len()))?;
        let longest = (0..other.height).map(|level| other.level(level).len()).max().unwrap_or(0);
        let both = self.retained() + other.retained();
        let cells = both.min(room_of_all(self.k, height) + longest);
        if cells > self.cells().len() { self.grow(cells) } else { Ok(()) }
    }

    /// Takes the numbers of `other` in; there is room.
    pub(super) fn take_all<V: Words>(&mut self, other: &Kll<T, V>) {
        while self.height < other.height.min(MAX_LEVELS) {
            // There is room for it: `reserve_for`.
            let grown = self.levels.try_resize(self.height.div_ceil(2));
            debug_assert!(grown.is_ok());
            self.set_height(self.height + 1);
            self.set_above(self.height - 1, 0);
        }
        for level in 0..self.height {
            let run = &other.cells()[other.level(level)];
            self.thin_until(run.len());
            if run.len() <= self.free {
                self.take(level, run);
            }
        }
        self.thin_until(0);
        // A block that stays larger than that is room that will be used.
        let _ = self.cut(self.full);
    }

    /// Thins out until `extra` more have room among all that have.
    fn thin_until(&mut self, extra: usize) {
        while self.retained() > self.full || extra > self.free && self.retained() >= self.full {
            if self.compress().is_err() {
                return;
            }
        }
    }

    /// Takes an ascending run into a level, or any into level 0; there are as many free cells.
    fn take(&mut self, level: usize, run: &[T::Cell]) {
        let (begin, end) = (self.level(level).start, self.level(level).end);
        let cells = T::cells_mut(self.items.words_mut());
        cells.copy_within(self.free..begin, self.free - run.len());
        let (mut one, mut other) = (0, begin);
        for at in begin - run.len()..end {
            let takes_other = one == run.len()
                || level > 0
                    && other < end
                    && T::load(cells[other]).key() < T::load(run[one]).key();
            if takes_other {
                cells[at] = cells[other];
                other += 1;
            } else {
                cells[at] = run[one];
                one += 1;
            }
        }
        self.free -= run.len();
        for lower in 1..=level {
            self.set_above(lower, self.above(lower) + run.len());
        }
    }
}
