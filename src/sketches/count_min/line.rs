//! Counters that share their room: SALSA's cells of 8 bits, which merge when they overflow.
//!
//! A *line* is 64 bytes: seven words of eight cells each, and a word of states, one byte for each
//! of the seven. Aligned counters of 1, 2, 4 or 8 cells tile a word; its state says which:
//!
//! ```text
//! state bit  0     1     2     3      4      5      6
//!            01    23    45    67     0123   4567   01234567     are one counter
//! ```
//!
//! A larger counter has the bits of all smaller ones inside it set too. So the union of two states
//! is the finest state that both can be merged into.

use crate::storage::Le64;

/// Words of a line.
pub(super) const LINE_WORDS: usize = 8;
/// Cells of a line.
pub(super) const LINE_CELLS: u64 = 56;
/// Words of a line that hold cells.
pub(super) const CELL_WORDS: usize = 7;
/// The state of a word that is one counter.
const WHOLE: u8 = 0x7F;

/// A line.
pub(super) type Line = [Le64; LINE_WORDS];

/// Logarithm of the number of cells that the counter of cell `cell` has in a word of this state.
const fn level(state: usize, cell: usize) -> u8 {
    if state >> 6 & 1 == 1 {
        3
    } else if state >> (4 + (cell >> 2)) & 1 == 1 {
        2
    } else {
        (state >> (cell >> 1) & 1) as u8
    }
}

/// Where the counter of cell `j` is in a word of state `s`, at `8 s + j`: its lowest bit, and how
/// many bits of a word it does not have. One load in place of three tests and what follows from
/// them.
static PLACES: [[u8; 2]; 1024] = {
    let mut places = [[0; 2]; 1024];
    let mut at = 0;
    while at < places.len() {
        let (state, cell) = (at >> 3, at & 7);
        let level = level(state, cell);
        places[at] = [(cell as u8 >> level << level) * 8, 64 - (8 << level)];
        at += 1;
    }
    places
};

/// The bits of the state that are set where cell `cell` belongs to a counter of `2^level` cells.
const fn state_bits(cell: u32, level: u32) -> u8 {
    match level {
        0 => 0,
        1 => 1 << (cell >> 1),
        2 => 1 << (4 + (cell >> 2)) | 3 << (cell >> 2 << 1),
        _ => WHOLE,
    }
}

/// A counter of a line, as it is.
#[derive(Clone, Copy)]
pub(super) struct Counter {
    /// Its word, 0..=6.
    word: usize,
    /// What the word holds.
    held: u64,
    /// The lowest bit of it in its word.
    shift: u32,
    /// The largest value that fits.
    max: u64,
}

impl Counter {
    /// The counter that has cell `cell < 56` of `line`.
    #[inline]
    pub(super) fn of(line: &Line, cell: u32) -> Self {
        let (word, cell) = ((cell >> 3 & 7) as usize, (cell & 7) as usize);
        let state = (line[CELL_WORDS].get() >> (8 * word)) as usize & usize::from(WHOLE);
        let [shift, missing] = PLACES[state << 3 | cell];
        let max = u64::MAX >> (missing & 63);
        Self { word, held: line[word].get(), shift: u32::from(shift & 63), max }
    }

    /// Its value.
    #[inline]
    pub(super) const fn get(&self) -> u64 {
        self.held >> self.shift & self.max
    }

    /// Whether it can become `value`.
    #[inline]
    pub(super) const fn fits(&self, value: u64) -> bool {
        value <= self.max
    }

    /// Raises it from its value to one that fits, in its line.
    #[inline]
    pub(super) fn rise(&self, line: &mut Line, value: u64) {
        debug_assert!(self.fits(value) && value >= self.get());
        let more = (value - self.get()) << self.shift;
        line[self.word] = Le64::new(self.held.wrapping_add(more));
    }

    /// Logarithm of its cells.
    const fn level(&self) -> u32 {
        (self.max.count_ones() >> 3).trailing_zeros()
    }
}

/// Raises the counter that has cell `cell` to `value`, if it is smaller. As long as that does not
/// fit, it merges with its neighbour of the same size, and takes the larger value of the two.
#[cold]
pub(super) fn raise(line: &mut Line, cell: u32, value: u64) {
    let mut counter = Counter::of(line, cell);
    let mut value = value.max(counter.get());
    while !counter.fits(value) {
        let level = counter.level() + 1;
        let first = cell >> level << level;
        for other in first..first + (1 << level) {
            value = value.max(Counter::of(line, other).get());
        }
        let bits = u64::from(state_bits(cell & 7, level)) << (8 * counter.word);
        line[CELL_WORDS] = Le64::new(line[CELL_WORDS].get() | bits);
        // The one counter has the bits of the two.
        counter = Counter::of(line, cell);
        let all = counter.max << counter.shift;
        line[counter.word] = Le64::new(counter.held & !all);
        counter = Counter::of(line, cell);
    }
    counter.rise(line, value);
}

/// Adds the counters of `other` to those of `line`, in the finest state that both can be merged
/// into, or beyond where a sum does not fit.
pub(super) fn add(line: &mut Line, other: &Line) {
    let mut united = [Le64::default(); LINE_WORDS];
    united[CELL_WORDS] = Le64::new(line[CELL_WORDS].get() | other[CELL_WORDS].get());
    let old = core::mem::replace(line, united);
    let mut cells = 0..0;
    while u64::from(cells.end) < LINE_CELLS {
        // As they were united: `line` may have merged further since.
        let level = Counter::of(&united, cells.end).level();
        cells = cells.end..cells.end + (1 << level);
        let largest = |line: &Line| {
            let values = cells.clone().map(|cell| Counter::of(line, cell).get());
            values.max().unwrap_or(0)
        };
        raise(line, cells.start, largest(&old).saturating_add(largest(other)));
    }
}

/// The sum over the line's cells of the values of their counters.
pub(super) fn weighted_sum(line: &Line) -> f64 {
    (0..LINE_CELLS as u32).map(|cell| Counter::of(line, cell).get() as f64).sum()
}

/// Whether every state has the bits of all smaller counters, and the spare byte is 0.
pub(super) fn is_sound(line: &Line) -> bool {
    let states = line[CELL_WORDS].get().to_le_bytes();
    let closed = |state: &u8| {
        let quads = (0..2).all(|quad| {
            let pairs = 3 << (2 * quad);
            state >> (4 + quad) & 1 == 0 || state & pairs == pairs
        });
        state >> 7 == 0 && quads && (state >> 6 == 0 || *state == WHOLE)
    };
    states[CELL_WORDS] == 0 && states.iter().all(closed)
}

/// The largest counter of the line.
pub(super) fn largest(line: &Line) -> u64 {
    let values = (0..LINE_CELLS as u32).map(|cell| Counter::of(line, cell).get());
    values.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Line = [Le64::new(0); LINE_WORDS];

    fn values(line: &Line) -> [u64; 8] {
        core::array::from_fn(|cell| Counter::of(line, cell as u32).get())
    }

    #[test]
    fn counters_merge_with_their_neighbours() {
        let mut line = EMPTY;
        raise(&mut line, 2, 255);
        raise(&mut line, 3, 7);
        assert_eq!(values(&line), [0, 0, 255, 7, 0, 0, 0, 0]);
        raise(&mut line, 3, 256);
        assert_eq!(values(&line), [0, 0, 256, 256, 0, 0, 0, 0]);
        raise(&mut line, 0, 9);
        raise(&mut line, 2, 65_536);
        assert_eq!(values(&line), [65_536, 65_536, 65_536, 65_536, 0, 0, 0, 0]);
        raise(&mut line, 7, u64::MAX);
        assert_eq!(values(&line), [u64::MAX; 8]);
        assert!(is_sound(&line) && line[CELL_WORDS].get() == 0x7F);
    }

    /// The tables against a search over the sizes, for each sound state.
    #[test]
    fn levels_are_the_largest_counters_that_are_set() {
        let mut sound = 0;
        for state in 0..=255_u8 {
            let mut line = EMPTY;
            line[CELL_WORDS] = Le64::new(u64::from(state) << 8);
            if !is_sound(&line) {
                continue;
            }
            sound += 1;
            for cell in 0..8 {
                let is_set = |level: &u32| {
                    let bits = state_bits(cell, *level);
                    state & bits == bits
                };
                let level = (0..4).filter(is_set).max();
                assert_eq!(Some(Counter::of(&line, 8 + cell).level()), level, "{state:#x}, {cell}");
            }
        }
        // Tilings of 8 cells: T(1) = 1, T(2n) = T(n)^2 + 1.
        assert_eq!(sound, 26);
    }

    #[test]
    fn sums_fit_or_merge_further() {
        let (mut a, mut b) = (EMPTY, EMPTY);
        raise(&mut a, 0, 200);
        raise(&mut a, 1, 10);
        raise(&mut b, 1, 100);
        raise(&mut b, 5, 300);
        let (mut ab, mut ba) = (a, b);
        add(&mut ab, &b);
        add(&mut ba, &a);
        assert_eq!((values(&ab), ab), ([200, 110, 0, 0, 300, 300, 0, 0], ba));
        add(&mut ab, &a);
        assert_eq!(values(&ab), [400, 400, 0, 0, 300, 300, 0, 0]);
        let mut full = EMPTY;
        raise(&mut full, 0, u64::MAX);
        add(&mut full, &ab);
        assert_eq!(values(&full), [u64::MAX; 8]);
    }
}
