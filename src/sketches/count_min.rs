//! [`CountMin`]: how often each key occurred.

mod line;

use super::{DEFAULT_SEED, Frequency, FrequencyMut};
use crate::error::{BuildError, FileError, MergeError, Tag};
use crate::hashing::{KeyHash, fold};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, as_bytes, doors, require};
use core::fmt;
use line::{Counter, LINE_CELLS, LINE_WORDS, Line};

/// The section of the lines.
const LINES: Tag = Tag(*b"line");
/// Multiplier from one row's number to the next: 2^64 divided by the golden ratio, odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// The most rows that a key may have counters in.
const MAX_ROWS: u32 = 4;
/// Rows where none are asked for.
const DEFAULT_ROWS: u32 = 2;
const LINE_BYTES: usize = LINE_WORDS * 8;
/// Keys whose lines are asked for before the first of them is counted.
const BATCH: usize = 16;

/// How often each key of a stream occurred, never too small, in a number of bytes that is given.
///
/// A count-min sketch whose counters begin with 8 bits and merge with their neighbour when they
/// overflow (SALSA), updated conservatively: a key raises only those of its counters that are
/// smallest. Both leave more, smaller counters than the classic form has in the same bytes. On
/// 1.9 million tokens of text (133,000 different ones) in 256 KiB the mean error over all keys was
/// 0.64, where the classic form of `u32` had 6.4 (measured: `benches/peers`, bench
/// `sketches_streams`).
///
/// # When not to use it
///
/// - The most frequent keys are wanted: it does not know its keys; take a `TopK`.
/// - There is room for all keys: a map counts exactly.
/// - Counts go down again: conservative updates cannot be taken back.
/// - Most keys occur once and it matters which: a filter tells seen from unseen in fewer bits.
///
/// # Layout
///
/// ```text
/// | row 0: lines | row 1: lines | ...        one block; a line has 64 bytes:
///
/// | 7 words of 8 cells | 7 bytes of states, 1 spare |
/// ```
///
/// A key has one counter in each row: a product of its hash with the number of lines picks the line
/// and, by its lower half, one of the 56 cells. A state says how the 8 cells of a word form
/// counters of 1, 2, 4 or 8 cells; two that merge keep the larger value.
///
/// # Space
///
/// The bytes that it is made with, rounded down to whole lines of each row. Never grows, no slack;
/// 1/8 of it are states.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `add`, `estimate` | O(rows) | one a row |
/// | `extend`, `add_hashes` | O(rows) a key, a quarter less than `add` | one a row |
/// | `merge`, `error_bound`, `validate` | O(bytes) | all |
///
/// Only making one requests memory.
///
/// # Parameters
///
/// `bytes`: the mean error falls faster than they grow, 9 to 15 times for four times the bytes.
/// `rows`: 2 unless you know better; 3 take 1.4 times the time, and where counters are scarce (half
/// a byte of them a key) gain little, where there are 2 bytes a key a third of the error, and at 8
/// bytes a key two thirds.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::CountMin};
///
/// let mut words = CountMin::with_bytes(4_096)?;
/// for word in "the cat and the dog and the bird".split(' ') {
///     words.add(word);
/// }
/// assert_eq!((words.estimate("the"), words.estimate("cow"), words.total()), (3, 0, 8));
/// assert_eq!(words.heap_bytes(), 4_096);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// - Cormode, Muthukrishnan: An improved data stream summary: the count-min sketch. 2005.
/// - Estan, Varghese: New directions in traffic measurement. 2002 (conservative update).
/// - Ben Basat, Einziger, Mitzenmacher, Vargaftik: SALSA: self-adjusting lean streaming analytics.
///   ICDE 2021.
#[derive(Clone)]
pub struct CountMin<W: Words = HeapWords> {
    /// `rows * lines` lines.
    words: W,
    rows: u32,
    /// Lines of a row, at least 1.
    lines: usize,
    seed: u64,
    total: u64,
}

/// The cells of a key, row by row.
struct Cells {
    x: u64,
    lines: usize,
}

impl Cells {
    /// The next row's line, as the index of its first word in the row, and the cell in it.
    #[inline]
    fn next(&mut self) -> (usize, u32) {
        let product = u128::from(self.x) * self.lines as u128;
        let cell = (u128::from(product as u64) * u128::from(LINE_CELLS)) >> 64;
        self.x = self.x.wrapping_mul(STEP);
        ((product >> 64) as usize * LINE_WORDS, cell as u32)
    }
}

/// Raises the counters at these places, of which the words have all lines: the smallest of them,
/// and what is then smaller, to `count` more than it was; returns that.
#[inline]
fn raise<const ROWS: usize>(words: &mut [Le64], places: &[(usize, u32); ROWS], count: u64) -> u64 {
    let counters: [Counter; ROWS] = core::array::from_fn(|row| {
        let (at, cell) = places[row];
        Counter::of(words[at..][..LINE_WORDS].first_chunk().expect("a whole line"), cell)
    });
    let least = counters.iter().map(Counter::get).min().unwrap_or(u64::MAX);
    let raised = least.saturating_add(count);
    for ((at, cell), counter) in places.iter().zip(&counters) {
        let line = words[*at..][..LINE_WORDS].first_chunk_mut().expect("a whole line");
        // Written whether it changes or not: which of the rows is smallest is hard to foresee.
        let value = counter.get().max(raised);
        if counter.fits(value) {
            counter.rise(line, value);
        } else {
            line::raise(line, *cell, value);
        }
    }
    raised
}

/// All lines.
fn lines(words: &[Le64]) -> impl Iterator<Item = &Line> {
    words.chunks_exact(LINE_WORDS).filter_map(|line| line.first_chunk())
}

impl<W: Words> CountMin<W> {
    /// Rows: counters of a key.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The sum of all counts, [`u64::MAX`] if it is more.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether the total reached [`u64::MAX`]: it and the counts then stopped there.
    #[must_use]
    pub const fn is_saturated(&self) -> bool {
        self.total == u64::MAX
    }

    /// How often `key` was added: at least so often as it was, and with
    /// [`error_bound`](Self::error_bound) hardly more often than that. O(rows).
    #[must_use]
    #[inline]
    pub fn estimate<K: KeyHash + ?Sized>(&self, key: &K) -> u64 {
        self.estimate_hash(key.key_hash(self.seed))
    }

    /// How often the key of this 64-bit hash was added, for callers that hash themselves; use it
    /// together with [`add_hash`](Self::add_hash).
    #[must_use]
    #[inline]
    pub fn estimate_hash(&self, hash: u64) -> u64 {
        let (mut cells, mut first) = (self.cells(hash), 0);
        let words = self.words.words();
        let mut least = u64::MAX;
        for _ in 0..self.rows {
            let (at, cell) = cells.next();
            let line = words[first + at..][..LINE_WORDS].first_chunk().expect("a whole line");
            least = least.min(Counter::of(line, cell).get());
            first += self.lines * LINE_WORDS;
        }
        least
    }

    /// An estimate exceeds the count by more than this for at most one key in `e^rows` (one in 7 of
    /// 2 rows, one in 20 of 3): `e` times the mean of a row's counters. Most are much nearer.
    /// O(bytes).
    #[must_use]
    pub fn error_bound(&self) -> f64 {
        let rows = self.words.words().chunks_exact(self.lines * LINE_WORDS);
        let mean = |row: &[Le64]| {
            let sum: f64 = lines(row).map(line::weighted_sum).sum();
            sum / (self.lines as f64 * LINE_CELLS as f64)
        };
        // Markov's inequality in each row, whose hashes are independent of each other.
        core::f64::consts::E * rows.map(mean).fold(0.0, f64::max)
    }

    /// The first words of the lines of a key, row by row, and its cells in them.
    #[inline]
    fn places<const ROWS: usize>(&self, hash: u64) -> [(usize, u32); ROWS] {
        let mut cells = self.cells(hash);
        core::array::from_fn(|row| {
            let (at, cell) = cells.next();
            (row * self.lines * LINE_WORDS + at, cell)
        })
    }

    #[inline]
    fn cells(&self, hash: u64) -> Cells {
        // Mixed again, so that raw integers given as hashes do no harm.
        Cells { x: fold(hash ^ self.seed), lines: self.lines }
    }

    fn same_parameters<V: Words>(&self, other: &CountMin<V>) -> Result<(), MergeError> {
        if (self.rows, self.lines) != (other.rows, other.lines) {
            return Err(MergeError::Parameters);
        }
        if self.seed == other.seed { Ok(()) } else { Err(MergeError::Seeds) }
    }
}

#[cfg(feature = "alloc")]
impl CountMin {
    /// An empty sketch of at most `bytes`, in 2 rows.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] below 128 bytes; [`BuildError::Alloc`] if memory cannot be had.
    pub fn with_bytes(bytes: usize) -> Result<Self, BuildError> {
        Self::with_bytes_in(bytes, DEFAULT_ROWS, DEFAULT_SEED, crate::mem::Global)
    }

    /// An empty sketch of at most `bytes`, in 1 to 4 rows.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless there are 1 to 4 rows and 64 bytes for each;
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn with_bytes_and_rows(bytes: usize, rows: u32) -> Result<Self, BuildError> {
        Self::with_bytes_in(bytes, rows, DEFAULT_SEED, crate::mem::Global)
    }
}

impl<A: Alloc> CountMin<HeapWords<A>> {
    /// An empty sketch of at most `bytes` from `alloc`, in 1 to 4 rows, with keys hashed by `seed`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless there are 1 to 4 rows and 64 bytes for each;
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn with_bytes_in(bytes: usize, rows: u32, seed: u64, alloc: A) -> Result<Self, BuildError> {
        if !(1..=MAX_ROWS).contains(&rows) {
            let (value, max) = (rows.into(), MAX_ROWS.into());
            return Err(BuildError::OutOfRange { name: "rows", value, min: 1, max });
        }
        let lines = bytes / LINE_BYTES / rows as usize;
        if lines == 0 {
            let (value, min) = (bytes as u64, u64::from(rows) * LINE_BYTES as u64);
            return Err(BuildError::OutOfRange { name: "bytes", value, min, max: u64::MAX });
        }
        let mut words = HeapWords::new_in(alloc);
        let len = lines * rows as usize * LINE_WORDS;
        words.try_reserve_exact(len)?;
        words.try_resize(len)?;
        Ok(Self { words, rows, lines, seed, total: 0 })
    }

    /// Counts `key` once more; returns its estimate. O(rows), allocates nothing.
    #[inline]
    pub fn add<K: KeyHash + ?Sized>(&mut self, key: &K) -> u64 {
        self.add_hash(key.key_hash(self.seed), 1)
    }

    /// Counts `key` `count` times more; returns its estimate. O(rows), allocates nothing.
    #[inline]
    pub fn add_count<K: KeyHash + ?Sized>(&mut self, key: &K, count: u64) -> u64 {
        self.add_hash(key.key_hash(self.seed), count)
    }

    /// Counts the key of this 64-bit hash `count` times more; returns its estimate.
    #[inline]
    pub fn add_hash(&mut self, hash: u64, count: u64) -> u64 {
        self.total = self.total.saturating_add(count);
        match self.rows {
            1 => self.add_to::<1>(hash, count),
            2 => self.add_to::<2>(hash, count),
            3 => self.add_to::<3>(hash, count),
            _ => self.add_to::<4>(hash, count),
        }
    }

    /// As `add_hash`, in so many rows.
    #[inline]
    fn add_to<const ROWS: usize>(&mut self, hash: u64, count: u64) -> u64 {
        let places = self.places::<ROWS>(hash);
        raise(self.words.words_mut(), &places, count)
    }

    /// Counts the keys of these 64-bit hashes once more each, as [`add_hash`](Self::add_hash) does
    /// one after the other: the lines of some are on their way while those before are counted.
    /// O(rows) each, allocates nothing.
    pub fn add_hashes(&mut self, hashes: &[u64]) {
        self.total = self.total.saturating_add(hashes.len() as u64);
        for hashes in hashes.chunks(BATCH) {
            match self.rows {
                1 => self.add_all_to::<1>(hashes),
                2 => self.add_all_to::<2>(hashes),
                3 => self.add_all_to::<3>(hashes),
                _ => self.add_all_to::<4>(hashes),
            }
        }
    }

    /// As `add_hashes` of at most [`BATCH`], in so many rows.
    #[inline]
    fn add_all_to<const ROWS: usize>(&mut self, hashes: &[u64]) {
        let mut places = [[(0, 0); ROWS]; BATCH];
        for (places, hash) in places.iter_mut().zip(hashes) {
            *places = self.places(*hash);
            let bytes = as_bytes(self.words.words());
            places.iter().for_each(|(line, _)| prefetch(bytes, line.wrapping_mul(8)));
        }
        let words = self.words.words_mut();
        for (places, _) in places.iter().zip(hashes) {
            raise(words, places, 1);
        }
    }

    /// Forgets all counts.
    pub fn clear(&mut self) {
        self.words.words_mut().fill(Le64::default());
        self.total = 0;
    }

    /// Adds the counts of `other`, whatever it lives in. O(bytes).
    ///
    /// Estimates are still never too small. They are somewhat larger than those of one sketch that
    /// saw both streams: where the two merged their counters differently, the coarser form stands.
    /// So the order of merges may show in the estimates of three and more; of two it does not.
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same bytes, rows and seed.
    pub fn merge<V: Words>(&mut self, other: &CountMin<V>) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        let ours = self.words.words_mut().chunks_exact_mut(LINE_WORDS);
        for (ours, theirs) in ours.zip(lines(other.words.words())) {
            if let Some(ours) = ours.first_chunk_mut() {
                line::add(ours, theirs);
            }
        }
        self.total = self.total.saturating_add(other.total);
        Ok(())
    }
}

impl<W: Words> Footprint for CountMin<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.words.tell("counters", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for CountMin<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.total);
        out.seed(self.seed);
        out.meta(&[u64::from(self.rows)]);
        out.section(LINES, 8, self.words.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [rows] = source.meta()?;
        require((1..=u64::from(MAX_ROWS)).contains(&rows), LINES, "1 to 4 rows")?;
        let (seed, total) = (source.header().seed, source.header().items);
        let words = source.section(LINES, 8)?;
        let lines = words.words().len() / LINE_WORDS / rows as usize;
        let whole = lines > 0 && lines * rows as usize * LINE_WORDS == words.words().len();
        require(whole, LINES, "at least one line of 64 bytes in each row")?;
        Ok(Self { words, rows: rows as u32, lines, seed, total })
    }

    fn validate(&self) -> Result<(), FileError> {
        for line in lines(self.words.words()) {
            require(line::is_sound(line), LINES, "states contain those of smaller counters")?;
            require(line::largest(line) <= self.total, LINES, "no counter exceeds the total")?;
        }
        Ok(())
    }
}

doors!(CountMin);

impl<W: Words> Frequency for CountMin<W> {
    fn estimate_hash(&self, hash: u64) -> u64 {
        self.estimate_hash(hash)
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

impl<A: Alloc> FrequencyMut<A> for CountMin<HeapWords<A>> {
    fn try_with_bytes_in(bytes: usize, alloc: A) -> Result<Self, BuildError> {
        Self::with_bytes_in(bytes, DEFAULT_ROWS, DEFAULT_SEED, alloc)
    }

    fn add_hash(&mut self, hash: u64, count: u64) -> u64 {
        self.add_hash(hash, count)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

impl<K: KeyHash, A: Alloc> Extend<K> for CountMin<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        let (mut hashes, mut len, seed) = ([0; BATCH], 0, self.seed);
        for key in keys {
            hashes[len] = key.key_hash(seed);
            len += 1;
            if len == BATCH {
                self.add_hashes(&hashes);
                len = 0;
            }
        }
        self.add_hashes(&hashes[..len]);
    }
}

impl<W: Words> fmt::Debug for CountMin<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountMin")
            .field("bytes", &size_of_val(self.words.words()))
            .field("rows", &self.rows)
            .field("seed", &self.seed)
            .field("total", &self.total)
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<CountMin<V>> for CountMin<W> {
    /// Whether both were made alike and have the same counters: the order of the keys counts.
    fn eq(&self, other: &CountMin<V>) -> bool {
        self.same_parameters(other).is_ok()
            && self.total == other.total
            && self.words.words() == other.words.words()
    }
}

impl<W: Words> Eq for CountMin<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::mem::Global;

    /// A stream in which key `i` occurs about `n / (i + 1)` times, in a mixed order.
    fn stream(seed: u64, n: u64) -> impl Iterator<Item = u64> {
        (0..n).map(move |i| {
            let x = fold(i.wrapping_mul(STEP) ^ seed);
            // 1/u for u from (0, 1]: ranks that fall off as Zipf's law says.
            (1 << 32) / ((x >> 32) + 1)
        })
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        for (bytes, rows, name) in [(127, 2, "bytes"), (0, 1, "bytes"), (1_000, 0, "rows")] {
            let refused = CountMin::with_bytes_and_rows(bytes, rows);
            let is_named =
                matches!(refused, Err(BuildError::OutOfRange { name: n, .. }) if n == name);
            assert!(is_named, "{bytes} bytes, {rows} rows");
        }
        assert!(CountMin::with_bytes_and_rows(1_000, 5).is_err());
        let least = CountMin::with_bytes(128).unwrap();
        assert_eq!((least.heap_bytes(), least.rows()), (128, 2));
        assert_eq!(CountMin::with_bytes_and_rows(1_000, 3).unwrap().heap_bytes(), 960);
        assert!(matches!(CountMin::with_bytes(usize::MAX), Err(BuildError::Alloc(_))));
    }

    #[test]
    fn estimates_are_never_too_small_and_as_near_as_the_bound_says() {
        for rows in 1..=4 {
            let mut sketch = CountMin::with_bytes_and_rows(2_048, rows).unwrap();
            let mut truth = alloc::collections::BTreeMap::new();
            for key in stream(u64::from(rows), 30_000) {
                sketch.add(&key);
                *truth.entry(key).or_insert(0) += 1;
            }
            sketch.validate().unwrap();
            let bound = sketch.error_bound();
            let mut beyond = 0;
            for (key, count) in &truth {
                let estimate = sketch.estimate(key);
                assert!(estimate >= *count && estimate <= sketch.total());
                beyond += usize::from((estimate - count) as f64 > bound);
            }
            let most = truth.len() as f64 * (-f64::from(rows)).exp();
            assert!((beyond as f64) < most, "{rows} rows: {beyond} of {}", truth.len());
        }
    }

    #[test]
    fn many_at_once_are_as_one_by_one() {
        for rows in 1..=4 {
            let mut one = CountMin::with_bytes_and_rows(1_024, rows).unwrap();
            let mut many = one.clone();
            stream(9, 5_003).for_each(|key| {
                one.add(&key);
            });
            many.extend(stream(9, 5_003));
            assert_eq!(one, many, "{rows} rows");
        }
    }

    #[test]
    fn counts_stop_at_the_largest_number_and_say_so() {
        let mut sketch = CountMin::with_bytes(128).unwrap();
        assert_eq!(sketch.add_count("a", u64::MAX - 1), u64::MAX - 1);
        assert!(!sketch.is_saturated());
        assert_eq!(sketch.add_count("a", 5), u64::MAX);
        assert!(sketch.is_saturated() && sketch.total() == u64::MAX);
        let other = sketch.clone();
        sketch.merge(&other).unwrap();
        assert_eq!(sketch.estimate("a"), u64::MAX);
        sketch.clear();
        assert_eq!((sketch.estimate("a"), sketch.total()), (0, 0));
    }

    #[test]
    fn merges_commute_and_stay_above_the_counts() {
        let mut a = CountMin::with_bytes(1_024).unwrap();
        let mut b = a.clone();
        a.extend(stream(1, 20_000));
        b.extend(stream(2, 9_000));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b).unwrap();
        ba.merge(&a).unwrap();
        assert_eq!(ab, ba);
        ab.validate().unwrap();
        let mut one = a.clone();
        one.extend(stream(2, 9_000));
        let (mut merged, mut direct) = (0, 0);
        for key in 1..2_000_u64 {
            let parts = |seed, n| stream(seed, n).filter(|other| *other == key).count() as u64;
            let truth = if key < 50 { parts(1, 20_000) + parts(2, 9_000) } else { 0 };
            assert!(ab.estimate(&key) >= truth);
            (merged, direct) = (merged + ab.estimate(&key), direct + one.estimate(&key));
        }
        let ratio = merged as f64 / direct as f64;
        assert!(ratio < 1.6, "merged estimates are {ratio} times those of one sketch");
        let other = CountMin::with_bytes(2_048).unwrap();
        assert_eq!(a.merge(&other), Err(MergeError::Parameters));
        let seeded = CountMin::with_bytes_in(1_024, 2, 9, Global).unwrap();
        assert_eq!(a.merge(&seeded), Err(MergeError::Seeds));
    }
}
