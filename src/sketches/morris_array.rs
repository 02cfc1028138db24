//! [`MorrisArray`]: many counters of few bits each.

mod steps;

use super::{Coin, Counters, CountersMut, DEFAULT_SEED};
use crate::bits::float;
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::hashing::reduce;
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, as_bytes, doors, require};
use core::fmt;
use core::iter::FusedIterator;
use steps::{MOST_BASE, Steps, Width, base_for, entry};

/// The sections of the tables of chances, and of the counters.
const CHANCES: Tag = Tag(*b"chan");
const CELLS: Tag = Tag(*b"cell");
/// The largest count where none is asked for.
#[cfg(feature = "alloc")]
const DEFAULT_MAX: u64 = 1_000_000_000;
/// Additions at a time from which on a table of all 256 states pays.
const MANY: usize = 512;
/// The same of all 4,096, which take 32 KiB of stack.
const VERY_MANY: usize = 1 << 15;
/// The largest count that may be asked for.
const MOST_MAX: u64 = 1 << 48;

/// Counters of 8, 12 or 16 bits that count to a thousand million and further, about.
///
/// A counter whose state is above a sixteenth of all states takes its next state with a chance that
/// sinks by a constant factor from state to state, so that it holds about the logarithm of the
/// count (Morris). Below it counts one by one.
///
/// | bits | exact up to | standard error beyond, for counts to 10^9 |
/// |---|---|---|
/// | 8 | 16 | 20 % |
/// | 12 | 256 | 4.5 % |
/// | 16 | 4,096 | 1.0 % |
///
/// # When not to use it
///
/// - Counts are small: packed numbers of the width of the largest are as small, and exact.
/// - A single count must be right: only sums over many counters are.
/// - Counters count down, or are set.
/// - The keys are not numbers from 0 on: a `CountMin`.
///
/// # Layout
///
/// ```text
/// | b^-16i, b^-i as u64: 2 * 2^(bits/2) of them |     one block
/// | counter 0 | counter 1 | ...                 |     one block; 12 bits: two in three bytes
/// ```
///
/// The chance of a state is a product of two entries of the table. The factor `b` is such that the
/// last state stands for the largest count and two standard errors more.
///
/// # Space
///
/// `len * bits / 8` bytes, and a table of 256, 1,024 or 4,096. No slack, but
/// for the room that growing by steps leaves.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `add` | O(1) | 1, and 2 of the table |
/// | `extend` | O(1) an index; many at 8 or 12 bits by a table on the stack: 2 or 32 KiB | the same |
/// | `add_count` | O(bits) | 1, and the table's |
/// | `get` | O(1) | 1, and 2 of the table |
/// | `merge` | O(len * bits) | all |
///
/// # Parameters
///
/// `bits`, and the largest count ([`with_max`](Self::with_max)): the error shrinks with the root of
/// its logarithm, so that a tenth of it hardly pays.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::MorrisArray};
///
/// let mut hits = MorrisArray::new(12, 1_000)?;
/// for hit in 0..100_000_u32 {
///     hits.add(hit as usize % 10);
/// }
/// let all: f64 = hits.iter().sum();
/// assert!((all / 100_000.0 - 1.0).abs() < 0.1);
/// assert_eq!(hits.heap_bytes(), 1_504 + 1_024); // Vec<u32>: 4,000
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// - Morris: Counting large numbers of events in small registers. CACM 1978.
/// - Flajolet: Approximate counting: a detailed analysis. BIT 1985.
#[derive(Clone)]
pub struct MorrisArray<W: Words = HeapWords> {
    /// Two tables of `width.entries()` words.
    table: W,
    /// `len` counters, and zeros to a whole word.
    cells: W,
    len: usize,
    width: Width,
    max: u64,
    base: f64,
    seed: u64,
    coin: Coin,
}

/// Words of `len` counters, or `None` if that exceeds the address space.
fn words_for(len: usize, width: Width) -> Option<usize> {
    let bits = (len as u64).checked_mul(u64::from(width.0))?;
    usize::try_from(bits.div_ceil(64)).ok()
}

/// The bytes of a counter of so many bits.
struct Cell<'a, const BITS: u32> {
    /// One byte, or two.
    bytes: &'a mut [u8],
    /// The lowest bit of it: 0, but for every other one of 12 bits.
    shift: u32,
}

impl<'a, const BITS: u32> Cell<'a, BITS> {
    /// Counter `index`, which exists.
    #[inline]
    fn of(cells: &'a mut [u8], index: usize) -> Self {
        let (at, shift) = match BITS {
            8 => return Self { bytes: &mut cells[index..][..1], shift: 0 },
            12 => (index + index / 2, 4 * (index as u32 & 1)),
            _ => (2 * index, 0),
        };
        Self { bytes: &mut cells[at..][..2], shift }
    }

    #[inline]
    fn both(&self) -> u32 {
        match *self.bytes {
            [one] => one.into(),
            [one, two, ..] => u16::from_le_bytes([one, two]).into(),
            [] => 0,
        }
    }

    /// Its state.
    #[inline]
    fn get(&self) -> u32 {
        self.both() >> self.shift & const { Width(BITS) }.top()
    }

    /// Takes it one state further, if `steps` and it has not come to the last.
    #[inline]
    fn step(&mut self, steps: bool) {
        let (top, both) = (const { Width(BITS) }.top(), self.both());
        let both = match BITS {
            12 => both.wrapping_add(u32::from(steps & (self.get() != top)) << self.shift),
            _ => (both + u32::from(steps)).min(top),
        };
        let len = self.bytes.len();
        self.bytes.copy_from_slice(&both.to_le_bytes()[..len]);
    }
}

/// The state of counter `index`, which exists.
#[inline]
fn load(cells: &[u8], width: Width, index: usize) -> u32 {
    let two = |at: usize| u32::from(u16::from_le_bytes([cells[at], cells[at + 1]]));
    match width.0 {
        8 => u32::from(cells[index]),
        12 => two(index + index / 2) >> (4 * (index & 1)) & 0xFFF,
        _ => two(2 * index),
    }
}

/// Sets the state of counter `index`, which exists.
#[inline]
fn save(cells: &mut [u8], width: Width, index: usize, state: u32) {
    match width.0 {
        8 => cells[index] = state as u8,
        12 => {
            let (at, shift) = (index + index / 2, 4 * (index & 1));
            let both = u16::from_le_bytes([cells[at], cells[at + 1]]);
            let both = both & !(0xFFF << shift) | (state as u16) << shift;
            cells[at..at + 2].copy_from_slice(&both.to_le_bytes());
        }
        _ => cells[2 * index..2 * index + 2].copy_from_slice(&(state as u16).to_le_bytes()),
    }
}

impl<W: Words> MorrisArray<W> {
    /// How many counters there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bits of a counter: 8, 12 or 16.
    #[must_use]
    pub const fn bits(&self) -> u32 {
        self.width.0
    }

    /// The largest count that it was made for.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// Counts up to this one are exact: 16, 256 or 4,096.
    #[must_use]
    pub const fn exact_to(&self) -> u32 {
        self.width.exact()
    }

    /// The seed that the coin began with.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The relative standard error of a count well above [`exact_to`](Self::exact_to).
    #[must_use]
    pub fn std_error(&self) -> f64 {
        float::exp(float::ln((self.base - 1.0) / 2.0) / 2.0)
    }

    /// How often counter `index` was added to, about; `None` if there is no such counter. O(1).
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<f64> {
        Some(self.steps().estimate(self.state(index)?))
    }

    /// The estimates of all counters.
    pub fn iter(
        &self,
    ) -> impl ExactSizeIterator<Item = f64> + DoubleEndedIterator + FusedIterator + '_ {
        (0..self.len).map(|index| self.get(index).unwrap_or(0.0))
    }

    /// How many counters are in their last state: they counted to 1.4, 1.1 or 1.02 times
    /// [`max`](Self::max), about, and stopped. O(len).
    #[must_use]
    pub fn saturated(&self) -> usize {
        (0..self.len).filter(|index| self.state(*index) == Some(self.width.top())).count()
    }

    #[inline]
    fn state(&self, index: usize) -> Option<u32> {
        let cells = as_bytes(self.cells.words());
        (index < self.len).then(|| load(cells, self.width, index))
    }

    fn steps(&self) -> Steps<'_> {
        Steps { table: self.table.words(), width: self.width, base: self.base }
    }
}

#[cfg(feature = "alloc")]
impl MorrisArray {
    /// `len` counters of 8, 12 or 16 bits, all 0, for counts to a thousand million.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `bits` is another: its range is the next width that there is;
    /// [`BuildError::Alloc`].
    pub fn new(bits: u32, len: usize) -> Result<Self, BuildError> {
        Self::with_max(bits, len, DEFAULT_MAX)
    }

    /// `len` counters of 8, 12 or 16 bits, all 0, for counts to `max`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `bits` is another: its range is the next width that there is;
    /// or unless `2^bits <= max <= 2^48`; [`BuildError::Alloc`].
    pub fn with_max(bits: u32, len: usize, max: u64) -> Result<Self, BuildError> {
        Self::with_max_in(bits, len, max, DEFAULT_SEED, crate::mem::Global)
    }
}

impl<A: Alloc> MorrisArray<HeapWords<A>> {
    /// `len` counters of 8, 12 or 16 bits in `alloc`, all 0, for counts to `max`, with a coin that
    /// begins with `seed`: arrays that are to be merged or compared had better have different ones.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `bits` is another: its range is the next width that there is;
    /// or unless `2^bits <= max <= 2^48`; [`BuildError::Alloc`].
    pub fn with_max_in(
        bits: u32,
        len: usize,
        max: u64,
        seed: u64,
        alloc: A,
    ) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        let wide_enough = match bits {
            0..=8 => 8,
            9..=12 => 12,
            _ => 16,
        };
        if bits != wide_enough {
            let (value, min, max) = (bits.into(), wide_enough.into(), wide_enough.into());
            return Err(BuildError::OutOfRange { name: "bits", value, min, max });
        }
        let least = 1 << bits;
        if !(least..=MOST_MAX).contains(&max) {
            let range =
                BuildError::OutOfRange { name: "max", value: max, min: least, max: MOST_MAX };
            return Err(range);
        }
        let width = Width(bits);
        let base = base_for(width, max);
        let entries = 2 * width.entries();
        let (mut table, mut cells) = (HeapWords::new_in(alloc.clone()), HeapWords::new_in(alloc));
        let words = words_for(len, width).ok_or(AllocError::CapacityOverflow)?;
        cells.try_reserve_exact(words)?;
        cells.try_resize(words)?;
        table.try_reserve_exact(entries)?;
        table.try_resize(entries)?;
        for (index, word) in table.words_mut().iter_mut().enumerate() {
            *word = Le64::new(entry(width, base, index));
        }
        Ok(Self { table, cells, len, width, max, base, seed, coin: Coin(seed) })
    }

    /// Counts once more at `index`. O(1), allocates nothing. Many at once: `extend`.
    ///
    /// # Panics
    ///
    /// If there is no such counter.
    #[inline]
    #[track_caller]
    pub fn add(&mut self, index: usize) {
        assert!(index < self.len, "counter {index} of {}", self.len);
        let once = core::iter::once(index);
        match self.width.0 {
            8 => self.steps_at::<8, 16>(once),
            12 => self.steps_at::<12, 64>(once),
            _ => self.steps_at::<16, 256>(once),
        };
    }

    /// Counts once more at each of the indexes, up to one that has no counter: returns that.
    #[inline(never)] // with the registers of its loops to itself
    fn add_each(&mut self, indexes: impl Iterator<Item = usize>) -> Option<usize> {
        match self.width.0 {
            8 if indexes.size_hint().0 >= MANY => self.table_steps_at::<8, 256>(indexes),
            12 if indexes.size_hint().0 >= VERY_MANY => self.table_steps_at::<12, 4_096>(indexes),
            8 => self.steps_at::<8, 16>(indexes),
            12 => self.steps_at::<12, 64>(indexes),
            _ => self.steps_at::<16, 256>(indexes),
        }
    }

    /// As [`steps_at`](Self::steps_at), by a table of all states that is made for it.
    #[inline]
    fn table_steps_at<const BITS: u32, const STATES: usize>(
        &mut self,
        indexes: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        const { assert!(Width(BITS).top() as usize + 1 == STATES) };
        let steps = self.steps();
        // The largest toss that takes a state further.
        let most: [u64; STATES] = core::array::from_fn(|state| match state as u32 {
            state if state < steps.width.exact() => u64::MAX,
            state => steps.chance(state).saturating_sub(1),
        });
        let (cells, len, mut coin) = (self.cells.as_bytes_mut(), self.len, self.coin);
        let mut unknown = None;
        for index in indexes {
            if index >= len {
                unknown = Some(index);
                break;
            }
            let mut cell = Cell::<BITS>::of(cells, index);
            let state = cell.get();
            cell.step(coin.toss() <= most[state as usize & (STATES - 1)]);
        }
        self.coin = coin;
        unknown
    }

    /// Takes counters one state further, perhaps: at each of the indexes, up to one that has no
    /// counter, which is returned.
    #[inline]
    fn steps_at<const BITS: u32, const ENTRIES: usize>(
        &mut self,
        indexes: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let exact = const { Width(BITS).exact() };
        const { assert!(Width(BITS).entries() == ENTRIES) };
        let (high, low) = self.table.words().split_first_chunk::<ENTRIES>()?;
        let low = low.first_chunk::<ENTRIES>()?;
        let (cells, len, mut coin) = (self.cells.as_bytes_mut(), self.len, self.coin);
        let mut unknown = None;
        // A loop, as a closure of `find` would have the coin go through memory.
        for index in indexes {
            if index >= len {
                unknown = Some(index);
                break;
            }
            let toss = coin.toss();
            let mut cell = Cell::<BITS>::of(cells, index);
            let state = cell.get();
            // Of an exact state it is some chance, which is not asked for.
            let x = state.wrapping_sub(exact) as usize;
            let (high, low) = (high[x >> (BITS / 2) & (ENTRIES - 1)], low[x & (ENTRIES - 1)]);
            let chance = reduce(high.get(), low.get());
            // Without a branch: whether it steps is the coin's to say.
            cell.step((toss < chance) | (state < exact));
        }
        self.coin = coin;
        unknown
    }

    /// Counts `count` times more at `index`: one draw for all of them, so that the error is smaller
    /// than that of as many calls of [`add`](Self::add). O(bits), allocates nothing.
    ///
    /// # Panics
    ///
    /// If there is no such counter.
    #[track_caller]
    pub fn add_count(&mut self, index: usize, count: u64) {
        assert!(index < self.len, "counter {index} of {}", self.len);
        self.raise(index, count as f64);
    }

    /// Lets counter `index` stand for so many counts more.
    fn raise(&mut self, index: usize, counts: f64) {
        let state = load(self.cells.as_bytes_mut(), self.width, index);
        let draw = self.coin.toss();
        let steps = self.steps();
        let next = steps.state_for(steps.estimate(state) + counts, state, draw);
        save(self.cells.as_bytes_mut(), self.width, index, next);
    }

    /// Adds the counts of `other`, whatever it lives in, counter by counter: the sum of the two
    /// estimates, rounded at random so that the mean is right. O(len * bits).
    ///
    /// # Errors
    ///
    /// [`MergeError::Parameters`] unless both have the same bits, largest count and length.
    pub fn merge<V: Words>(&mut self, other: &MorrisArray<V>) -> Result<(), MergeError> {
        if (self.width, self.max, self.len) != (other.width, other.max, other.len) {
            return Err(MergeError::Parameters);
        }
        for index in 0..self.len {
            let more = other.get(index).unwrap_or(0.0);
            if more > 0.0 {
                self.raise(index, more);
            }
        }
        Ok(())
    }

    /// Sets the number of counters; new ones are 0.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the array is unchanged then.
    pub fn try_resize(&mut self, len: usize) -> Result<(), AllocError> {
        let words = words_for(len, self.width).ok_or(AllocError::CapacityOverflow)?;
        self.cells.try_resize(words)?;
        if len < self.len {
            // What is left of the last word, for who grows again.
            let bits = (len as u64 * u64::from(self.width.0) % 64) as u32;
            if let Some(last) = self.cells.words_mut().last_mut().filter(|_| bits > 0) {
                *last = Le64::new(last.get() & (u64::MAX >> (64 - bits)));
            }
        }
        self.len = len;
        Ok(())
    }

    /// Sets the number of counters; new ones are 0.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_resize`](Self::try_resize) returns the error instead.
    #[track_caller]
    pub fn resize(&mut self, len: usize) {
        self.try_resize(len).unwrap_or_else(|error| refused(error));
    }

    /// Gives back the room of counters that were cut off.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator refuses to make the block smaller.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.cells.try_shrink_to_fit()
    }

    /// Sets all counters to 0.
    pub fn clear(&mut self) {
        self.cells.words_mut().fill(Le64::default());
    }
}

impl<W: Words> Footprint for MorrisArray<W> {
    fn parts(&self, out: &mut dyn Parts) {
        let cells = self.cells.words();
        let used = (self.len as u64 * u64::from(self.width.0)).div_ceil(8) as usize;
        self.cells.tell("counters", PartKind::Payload, size_of_val(cells) - used, out);
        self.table.tell("chances", PartKind::Index, 0, out);
    }
}

impl<W: Words> Persist for MorrisArray<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.seed(self.seed);
        out.meta(&[u64::from(self.width.0), self.max, self.base.to_bits(), self.coin.0]);
        out.section(CHANCES, 8, self.table.words());
        out.section(CELLS, 1, self.cells.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [bits, max, base, coin] = source.meta()?;
        require(matches!(bits, 8 | 12 | 16), CELLS, "8, 12 or 16 bits")?;
        let (width, base) = (Width(bits as u32), f64::from_bits(base));
        require(base > 1.0 && base <= MOST_BASE, CHANCES, "a base above 1, not above 1.25")?;
        let (len, seed) = (source.items()?, source.header().seed);
        let table = source.section(CHANCES, 8)?;
        let entries = 2 * width.entries();
        require(table.words().len() == entries, CHANCES, "two tables of 2^(bits / 2) chances")?;
        let cells = source.section(CELLS, 1)?;
        let fits = words_for(len, width) == Some(cells.words().len());
        require(fits, CELLS, "as many counters as items")?;
        Ok(Self { table, cells, len, width, max, base, seed, coin: Coin(coin) })
    }

    fn validate(&self) -> Result<(), FileError> {
        let range = (1 << self.width.0)..=MOST_MAX;
        require(range.contains(&self.max), CHANCES, "a largest count of 2^bits to 2^48")?;
        let base = base_for(self.width, self.max);
        require(self.base == base, CHANCES, "the base is that of the largest count")?;
        for (index, word) in self.table.words().iter().enumerate() {
            let right = word.get() == entry(self.width, base, index);
            require(right, CHANCES, "chances are powers of the base")?;
        }
        let used = self.len as u64 * u64::from(self.width.0) % 64;
        let last = self.cells.words().last().map_or(0, |word| word.get());
        require(used == 0 || last >> used == 0, CELLS, "zeros behind the counters")
    }
}

doors!(MorrisArray);

impl<W: Words> Counters for MorrisArray<W> {
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Option<f64> {
        self.get(index)
    }

    fn exact_to(&self) -> u32 {
        self.exact_to()
    }

    fn std_error(&self) -> f64 {
        self.std_error()
    }
}

impl<A: Alloc + Clone> CountersMut<A> for MorrisArray<HeapWords<A>> {
    fn try_new_in(bits: u32, len: usize, max: u64, alloc: A) -> Result<Self, BuildError> {
        Self::with_max_in(bits, len, max, DEFAULT_SEED, alloc)
    }

    fn add(&mut self, index: usize) {
        self.add(index);
    }

    fn add_count(&mut self, index: usize, count: u64) {
        self.add_count(index, count);
    }

    fn try_resize(&mut self, len: usize) -> Result<(), BuildError> {
        Ok(self.try_resize(len)?)
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.try_shrink_to_fit()?)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

impl<A: Alloc> Extend<usize> for MorrisArray<HeapWords<A>> {
    /// Counts at each index.
    ///
    /// # Panics
    ///
    /// If there is no counter of one; those before it are counted then.
    fn extend<I: IntoIterator<Item = usize>>(&mut self, indexes: I) {
        if let Some(index) = self.add_each(indexes.into_iter()) {
            panic!("counter {index} of {}", self.len);
        }
    }
}

impl<W: Words> fmt::Debug for MorrisArray<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<W: Words, V: Words> PartialEq<MorrisArray<V>> for MorrisArray<W> {
    /// Whether both were made for the same counts and their counters are in the same states.
    fn eq(&self, other: &MorrisArray<V>) -> bool {
        (self.width, self.max, self.len) == (other.width, other.max, other.len)
            && self.cells.words() == other.cells.words()
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests;
