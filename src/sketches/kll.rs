//! [`Kll`]: quantiles of numbers, with an error in rank.

mod compact;
#[cfg(feature = "alloc")]
mod exchange;
mod item;
mod order;

use super::{Coin, DEFAULT_SEED, Quantiles, QuantilesMut};
use crate::bits::float;
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::words::as_halves;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;
use core::ops::Range;
pub use item::KllItem;

/// The sections of the numbers and of the levels.
const ITEMS: Tag = Tag(*b"item");
const LEVELS: Tag = Tag(*b"levl");
/// Bounds of `k`, as DataSketches has them.
const MIN_K: u16 = 8;
/// `k` where none is asked for, as in DataSketches and Spark.
const DEFAULT_K: u16 = 200;
/// The room of the lowest levels.
const LEAST_ROOM: u32 = 8;
/// The most levels: as many as DataSketches can raise to a power of 2/3.
const MAX_LEVELS: usize = 61;

/// Quantiles of a stream of doubles or floats, to within an error in rank, from some hundred
/// numbers of it; in memory, in files, and in the exchange form of Apache DataSketches.
///
/// Asked for the median, it returns a number whose rank lies within 1.3 % of the middle (`k` 200,
/// 99 % of the time), however the numbers are distributed and in whatever order they came. Up to
/// `k` numbers it is exact. Sketches of parts merge.
///
/// # When not to use it
///
/// - The error has to be small in the number itself, or far out (99.9 %): a [`DdSketch`].
/// - The numbers are few: sort them.
/// - A sum, a mean or a maximum is wanted: keep that.
///
/// [`DdSketch`]: super::DdSketch
///
/// # Layout
///
/// ```text
/// items   | free | level 0 | level 1 | ... | top |     numbers, one block; level 0 as they came,
///                                                      the others ascending
/// levels  | numbers in levels 1.. | in levels 2.. |    u32 each, one more block; from the second
///                                                      level on
/// ```
///
/// A number in level `l` stands for `2^l` of the stream. A new one goes to the left of level 0.
/// When there is no room, the lowest level that is full is sorted, every second number of it
/// dropped, by a coin from the even or the odd places, and the rest merged into the level above, in
/// place. The top level has room for `k` numbers, each one below for 2/3 of that, at least 8. The
/// block grows by half until it has room for all levels, and then by the room of a level when there
/// is a new one: to the left, without a second copy.
///
/// # Space
///
/// At most 3 k and some more numbers: with `k` 200, for a million of the stream, 4,984 bytes as
/// doubles and 2,520 as floats.
///
/// # Time
///
/// | operation | time |
/// |---|---|
/// | `add` | O(log k) on average |
/// | `quantile`, `rank` | O(log k * log n) and O(log n), about; allocate nothing |
/// | `merge` | O(k) |
///
/// # Parameters
///
/// `k`, 8 to 65,535: the error is 2.3 / k^0.97.
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::Kll};
///
/// let mut times = Kll::new(200);
/// for i in 0..1_000_000_u64 {
///     times.add((i * 7_919 % 1_000_003) as f64)?;
/// }
/// let median = times.quantile(0.5).unwrap();
/// assert!((median / 1e6 - 0.5).abs() < 2.0 * times.rank_error());
/// assert!(times.heap_bytes() < 5_100); // Vec<f64>: 8,000,000
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// - Karnin, Lang, Liberty: Optimal quantile approximation in streams. FOCS 2016.
/// - Apache DataSketches, <https://datasketches.apache.org>: the format, the room of levels, the
///   constants of the error.
#[derive(Clone)]
pub struct Kll<T: KllItem = f64, W: Words = HeapWords> {
    /// Cells; the free ones come first and are 0.
    items: W,
    /// Half a word for each level but the lowest: numbers in it and above.
    levels: W,
    /// Free cells.
    free: usize,
    /// Levels, 0 if there is no number.
    height: usize,
    /// Numbers that have room in so many levels: what the block grows to.
    full: usize,
    k: u16,
    /// The smallest `k` of all that were merged.
    min_k: u16,
    n: u64,
    min: T,
    max: T,
    seed: u64,
    coin: Coin,
}

/// [`Kll`] of doubles, the registry's row `kll`.
pub type KllF64<W = HeapWords> = Kll<f64, W>;
/// [`Kll`] of floats, the registry's row `kll_f32`.
pub type KllF32<W = HeapWords> = Kll<f32, W>;

impl<T: KllItem, W: Words> Kll<T, W> {
    /// How many numbers were added; [`u64::MAX`] if it were more.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.n
    }

    /// Whether no number was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Room of the top level.
    #[must_use]
    pub const fn k(&self) -> u16 {
        self.k
    }

    /// The seed that the coin began with.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Numbers that are kept.
    #[must_use]
    pub fn retained(&self) -> usize {
        self.cells().len() - self.free
    }

    /// The smallest number that was added.
    #[must_use]
    pub fn min(&self) -> Option<T> {
        (self.n > 0).then_some(self.min)
    }

    /// The largest number that was added.
    #[must_use]
    pub fn max(&self) -> Option<T> {
        (self.n > 0).then_some(self.max)
    }

    /// By how much the rank of what [`quantile`](Self::quantile) returns, or what
    /// [`rank`](Self::rank) returns, may be off: 0.013 with `k` 200. It is more in one of a hundred
    /// sketches (the constants are DataSketches', measured there).
    #[must_use]
    pub fn rank_error(&self) -> f64 {
        2.296 / float::exp(0.972_3 * float::ln(f64::from(self.min_k.max(1))))
    }

    /// A number of the stream whose rank is about `q`, from 0 to 1: the smallest one kept that,
    /// with all below, stands for at least that share. `None` if there is none. O(log k log n),
    /// allocates nothing.
    ///
    /// # Panics
    ///
    /// If `q` is not within 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn quantile(&self, q: f64) -> Option<T> {
        assert!((0.0..=1.0).contains(&q), "quantile {q}: it must lie within 0 to 1");
        if self.n == 0 {
            return None;
        }
        let (wanted, all) = (q * self.n as f64, self.n);
        // Rounded up.
        let floor = wanted as u64;
        let wanted = (floor + u64::from((floor as f64) < wanted)).clamp(1, all);
        // The key is found bit by bit: it is that of a number, since only there the weight rises.
        let (mut low, mut high) = (self.min.key(), self.max.key());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.weight_to(middle) >= wanted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(T::of_key(low))
    }

    /// The share of the stream that is not larger than `x`, about. `None` if it is empty, or if `x`
    /// is no number (NaN). O(log n) and level 0, allocates nothing.
    #[must_use]
    pub fn rank(&self, x: T) -> Option<f64> {
        if self.n == 0 || x.to_f64().is_nan() {
            return None;
        }
        let x = x.checked().unwrap_or(x);
        Some((self.weight_to(x.key()) as f64 / self.n as f64).min(1.0))
    }

    /// The numbers kept, and how many of the stream each stands for, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (T, u64)> + '_ {
        let of_level = |level: usize| {
            let cells = &self.cells()[self.level(level)];
            cells.iter().map(move |cell| (T::load(*cell), 1_u64 << (level & 63)))
        };
        (0..self.height).flat_map(of_level)
    }

    /// How many of the stream the numbers up to this key stand for.
    fn weight_to(&self, key: u64) -> u64 {
        let mut weight = 0_u64;
        for level in 0..self.height {
            let cells = &self.cells()[self.level(level)];
            let count = if level == 0 {
                cells.iter().filter(|cell| T::load(**cell).key() <= key).count()
            } else {
                cells.partition_point(|cell| T::load(*cell).key() <= key)
            };
            weight = weight.saturating_add((count as u64).saturating_mul(1 << (level & 63)));
        }
        weight
    }

    fn cells(&self) -> &[T::Cell] {
        T::cells(self.items.words())
    }

    /// Numbers in `level` and above, as far as there are so many.
    fn above(&self, level: usize) -> usize {
        let kept = self.retained();
        match level.checked_sub(1).and_then(|at| as_halves(self.levels.words()).get(at)) {
            Some(count) if level < self.height => kept.min(count.get() as usize),
            _ if level == 0 => kept,
            _ => 0,
        }
    }

    /// The cells of a level.
    fn level(&self, level: usize) -> Range<usize> {
        let end = self.cells().len();
        let (first, next) = (self.above(level), self.above(level + 1));
        end - first..end - next.min(first)
    }
}

/// Powers of 3, for as many levels below the top as have more room than the least, whatever `k` is.
const THIRDS: [u64; 23] = {
    let mut powers = [1; 23];
    let mut depth = 1;
    while depth < powers.len() {
        powers[depth] = 3 * powers[depth - 1];
        depth += 1;
    }
    powers
};

/// How many numbers have room in a level that is so far below the top, as DataSketches counts it:
/// `k (2/3)^depth`, rounded, at least 8.
fn room(k: u16, depth: usize) -> u32 {
    let Some(power) = THIRDS.get(depth) else {
        return LEAST_ROOM;
    };
    let twice = ((2 * u64::from(k)) << depth) / power;
    (twice.div_ceil(2) as u32).max(LEAST_ROOM)
}

/// How many numbers have room in `height` levels.
fn room_of_all(k: u16, height: usize) -> usize {
    (0..height).map(|depth| room(k, depth) as usize).sum()
}

#[cfg(feature = "alloc")]
impl<T: KllItem> Kll<T> {
    /// An empty sketch. Requests nothing.
    ///
    /// # Panics
    ///
    /// If `k` is below 8; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(k: u16) -> Self {
        Self::with_seed(k, DEFAULT_SEED)
    }

    /// An empty sketch whose coin begins with `seed`: sketches that are to be merged had better
    /// have different ones, or their errors add up. Requests nothing.
    ///
    /// # Panics
    ///
    /// If `k` is below 8; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn with_seed(k: u16, seed: u64) -> Self {
        Self::try_new_in(k, seed, crate::mem::Global).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl<T: KllItem, A: Alloc> Kll<T, HeapWords<A>> {
    /// An empty sketch in `alloc`, whose coin begins with `seed`. Requests nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `k` is below 8.
    pub fn try_new_in(k: u16, seed: u64, alloc: A) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        if k < MIN_K {
            let (value, min, max) = (k.into(), MIN_K.into(), u16::MAX.into());
            return Err(BuildError::OutOfRange { name: "k", value, min, max });
        }
        let (items, levels) = (HeapWords::new_in(alloc.clone()), HeapWords::new_in(alloc));
        let (min, max) = (T::of_bits(0), T::of_bits(0));
        let (free, height, full, n) = (0, 0, 0, 0);
        let (min_k, coin) = (k, Coin(seed));
        Ok(Self { items, levels, free, height, full, k, min_k, n, min, max, seed, coin })
    }

    /// Adds a number; -0 becomes 0. O(log k) on average.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotFinite`] if it is infinite or no number; the sketch is unchanged then.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_add`](Self::try_add) returns that error too.
    #[inline]
    #[track_caller]
    pub fn add(&mut self, x: T) -> Result<(), BuildError> {
        match self.try_add(x) {
            Err(BuildError::Alloc(error)) => refused(error),
            done => done,
        }
    }

    /// Adds a number, like [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotFinite`] if it is infinite or no number; [`BuildError::Alloc`] if memory
    /// cannot be had. The sketch is unchanged then, but for numbers that were thinned out early.
    #[inline]
    pub fn try_add(&mut self, x: T) -> Result<(), BuildError> {
        let x = x.checked().ok_or(BuildError::NotFinite)?;
        if self.free == 0 || self.n == 0 {
            self.make_room()?;
            if self.n == 0 {
                (self.min, self.max) = (x, x);
            }
        }
        if x < self.min {
            self.min = x;
        }
        if x > self.max {
            self.max = x;
        }
        self.push(x.cell());
        self.n = self.n.saturating_add(1);
        Ok(())
    }

    /// Adds the numbers of `other`, whatever it lives in. O(k).
    ///
    /// The error is then that of the smaller `k` of the two. The order of the two does not matter
    /// for the error, but for what the coin decides.
    ///
    /// # Errors
    ///
    /// [`MergeError::Alloc`] if memory cannot be had; the sketch is unchanged then, but for numbers
    /// that were thinned out early.
    pub fn merge<V: Words>(&mut self, other: &Kll<T, V>) -> Result<(), MergeError> {
        if other.n == 0 {
            return Ok(());
        }
        self.reserve_for(other)?;
        if self.n == 0 || other.min < self.min {
            self.min = other.min;
        }
        if self.n == 0 || other.max > self.max {
            self.max = other.max;
        }
        self.take_all(other);
        self.n = self.n.saturating_add(other.n);
        self.min_k = self.min_k.min(other.min_k);
        Ok(())
    }

    /// Gives back the room that is not needed.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator refuses to make the block smaller.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.give_back()
    }

    /// Gives back the room that is not needed.
    ///
    /// # Panics
    ///
    /// If the allocator refuses.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Forgets all numbers, and keeps the room.
    pub fn clear(&mut self) {
        let cells = T::cells_mut(self.items.words_mut());
        cells.fill(T::Cell::default());
        self.free = cells.len();
        self.levels.truncate(0);
        self.set_height(0);
        (self.n, self.min_k) = (0, self.k);
        (self.min, self.max) = (T::of_bits(0), T::of_bits(0));
    }
}

impl<T: KllItem, W: Words> Footprint for Kll<T, W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.items.tell("numbers", PartKind::Payload, self.free * T::BYTES, out);
        self.levels.tell("levels", PartKind::Index, 0, out);
    }
}

/// What every kind of [`Kll`] has, in words of its registered name.
macro_rules! persist {
    ($($ty:ident: $item:ident;)*) => {$(
        impl<W: Words> Persist for $ty<W> {
            type Words = W;

            #[cfg(feature = "alloc")]
            fn store<'s>(&'s self, out: &mut Sections<'s>) {
                self.store_sections(out);
            }

            fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
                Self::load_sections(source)
            }

            fn validate(&self) -> Result<(), FileError> {
                self.check_all()
            }
        }

        doors!($ty);

        impl<W: Words> Quantiles for $ty<W> {
            fn len(&self) -> u64 {
                self.len()
            }

            fn quantile(&self, q: f64) -> Option<f64> {
                self.quantile(q).map(KllItem::to_f64)
            }

            fn rank(&self, x: f64) -> Option<f64> {
                self.rank($item::of_f64(x))
            }

            fn ends(&self) -> Option<(f64, f64)> {
                Some((self.min()?.to_f64(), self.max()?.to_f64()))
            }

            fn rank_error(&self) -> Option<f64> {
                Some(self.rank_error())
            }

            fn value_error(&self) -> Option<f64> {
                None
            }

            fn kept_of(x: f64) -> f64 {
                $item::of_f64(x).to_f64()
            }
        }

        impl<A: Alloc + Clone> QuantilesMut<A> for $ty<HeapWords<A>> {
            fn try_default_in(alloc: A) -> Result<Self, BuildError> {
                Self::try_new_in(DEFAULT_K, DEFAULT_SEED, alloc)
            }

            fn try_add(&mut self, x: f64) -> Result<(), BuildError> {
                self.try_add($item::of_f64(x))
            }

            fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
                Ok(self.try_shrink_to_fit()?)
            }

            fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
                self.merge(other)
            }
        }
    )*};
}

persist! {
    KllF64: f64;
    KllF32: f32;
}

impl<T: KllItem, W: Words> Kll<T, W> {
    #[cfg(feature = "alloc")]
    fn store_sections<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.n);
        out.seed(self.seed);
        let (k, min_k) = (u64::from(self.k), u64::from(self.min_k));
        let (height, kept) = (self.height as u64, self.retained() as u64);
        out.meta(&[k, min_k, height, kept, self.min.bits(), self.max.bits(), self.coin.0]);
        // Without the words that are free.
        out.section(ITEMS, T::BYTES as u8, &self.items.words()[self.free / T::PER_WORD..]);
        let used = self.height.saturating_sub(1).div_ceil(2);
        out.section(LEVELS, 4, &self.levels.words()[..used]);
    }

    fn load_sections<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [k, min_k, height, kept, min, max, coin] = source.meta()?;
        let (n, seed) = (source.header().items, source.header().seed);
        let range = u64::from(MIN_K)..=u64::from(u16::MAX);
        require(range.contains(&k), ITEMS, "k of 8 to 65,535")?;
        require((u64::from(MIN_K)..=k).contains(&min_k), ITEMS, "a smallest k of 8 to k")?;
        require(height <= MAX_LEVELS as u64, LEVELS, "at most 61 levels")?;
        let none = (n == 0, kept == 0, height == 0);
        require(matches!(none, (true, true, true) | (false, false, false)), ITEMS, "all or none")?;
        let items = source.section(ITEMS, T::BYTES as u8)?;
        let cells = T::cells(items.words()).len() as u64;
        let free = cells.checked_sub(kept).filter(|free| *free < T::PER_WORD as u64);
        let Some(free) = free else {
            let rule = "as many numbers as stated";
            return Err(FileError::Corrupt { section: ITEMS, rule });
        };
        let levels = source.section(LEVELS, 4)?;
        let needed = height.saturating_sub(1).div_ceil(2);
        require(levels.words().len() as u64 == needed, LEVELS, "a count for each level")?;
        let (k, min_k, height) = (k as u16, min_k as u16, height as usize);
        let (min, max, free) = (T::of_bits(min), T::of_bits(max), free as usize);
        let (full, coin) = (room_of_all(k, height), Coin(coin));
        Ok(Self { items, levels, free, height, full, k, min_k, n, min, max, seed, coin })
    }

    /// Checks all rules over all numbers.
    fn check_all(&self) -> Result<(), FileError> {
        let is_zero = |cell: &T::Cell| *cell == T::Cell::default();
        require(self.cells()[..self.free].iter().all(is_zero), ITEMS, "free cells are 0")?;
        let none = self.n > 0 || self.min.bits() | self.max.bits() == 0;
        require(none, ITEMS, "no smallest and largest of nothing")?;
        let ends = [self.min, self.max].iter().all(|x| x.checked().is_some());
        require(ends || self.n == 0, ITEMS, "a finite smallest and largest")?;
        let counts = as_halves(self.levels.words());
        let stated = |level: usize| counts.get(level - 1).map(|count| count.get() as usize);
        let exact = (1..self.height).all(|level| stated(level) == Some(self.above(level)));
        let falling = (0..self.height).all(|level| self.above(level) >= self.above(level + 1));
        require(exact && falling, LEVELS, "counts fall from level to level")?;
        let unused = counts.get(self.height.saturating_sub(1)..).unwrap_or(&[]);
        require(unused.iter().all(|count| count.get() == 0), LEVELS, "zeros behind the counts")?;
        let within = |x: T| x.checked().is_some_and(|x| self.min <= x && x <= self.max);
        require(self.iter().all(|(x, _)| within(x)), ITEMS, "finite numbers from min to max")?;
        for level in 1..self.height {
            let cells = &self.cells()[self.level(level)];
            let sorted = cells.is_sorted_by_key(|cell| T::load(*cell).key());
            require(sorted, ITEMS, "levels above the lowest ascend")?;
        }
        let weight = self.iter().fold(0_u64, |sum, (_, weight)| sum.saturating_add(weight));
        require(weight == self.n, ITEMS, "the numbers stand for all of the stream")
    }
}

#[cfg(feature = "alloc")]
impl<T: KllItem> Default for Kll<T> {
    /// An empty sketch of `k` 200.
    fn default() -> Self {
        Self::new(DEFAULT_K)
    }
}

impl<T: KllItem, W: Words> fmt::Debug for Kll<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kll")
            .field("k", &self.k)
            .field("len", &self.n)
            .field("retained", &self.retained())
            .field("min", &self.min())
            .field("median", &self.quantile(0.5))
            .field("max", &self.max())
            .finish()
    }
}

impl<T: KllItem, W: Words, V: Words> PartialEq<Kll<T, V>> for Kll<T, W> {
    /// Whether both keep the same numbers in the same levels.
    fn eq(&self, other: &Kll<T, V>) -> bool {
        (self.k, self.min_k, self.n, self.height) == (other.k, other.min_k, other.n, other.height)
            && (self.min(), self.max()) == (other.min(), other.max())
            && (0..self.height).all(|level| self.above(level) == other.above(level))
            && self.cells()[self.free..] == other.cells()[other.free..]
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
