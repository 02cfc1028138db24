//! [`SlicedSet`]: an ordered set of numbers in slices of 65,536, each coded as suits it.

mod algebra;
mod blocks;
mod build;
mod change;
mod chunks;
mod edit;
mod encode;
mod encode_bits;
mod encode_sparse;
mod groups;
mod iter;
mod lists;
mod merge;
mod profile;
mod runs;
mod slice;
mod slots;
mod sparse;
#[cfg(all(test, feature = "alloc"))]
mod tests;
mod traits;
mod whole;
mod wide;

pub use build::SlicedSetBuilder;
pub use change::{SlicedSetMut, SlicedSetMutIter};
pub use iter::Iter;

use super::{EliasFano, positions_in};
use crate::error::{FileError, Tag};
use crate::mem::{Footprint, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::ops::{Range, RangeBounds};
use slots::{DATA, KEYS, Keys, SLOTS, Slices};

/// The parameters, in errors.
const META: Tag = Tag(*b"meta");

// The forms, in a file: numbers below these had other slices.
const WHOLE: u64 = 2;
const ROW: u64 = 3;
const LISTED: u64 = 4;

/// What a structure of two forms is built for: a [`SlicedSet`], or a `Dawg` of strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Prefer {
    /// Fewest bytes.
    #[default]
    Bytes,
    /// Fast look-ups, for up to three quarters as many bytes more; of a `Dawg` nine tenths.
    Time,
}

/// A static ordered set of numbers that uses what it finds: numbers spread evenly, clusters, runs,
/// whole stretches.
///
/// Membership, order (how many are smaller, the `k`-th one, neighbours, ranges) and sets of two
/// sets. A million numbers with gaps of 100 on average take 8.8 bits each; in clusters and runs
/// less. For numbers that change there is [`SlicedSetMut`], which becomes this and is made of it.
///
/// # When not to use it
///
/// - Numbers that occur several times: [`EliasFano`].
/// - Numbers far apart, as hashes are: this then is an [`EliasFano`] within.
/// - More than one in ten numbers, evenly: [`RankSelect`](super::RankSelect) counts faster.
/// - Sets of two sets, and time counts before bytes: the crate roaring keeps two bytes a number
///   and has nothing to code. Where AVX-512 moves single bytes (Intel's since Ice Lake, AMD's
///   since Zen 4) it makes them of numbers spread evenly with gaps of 100 in 0.5 to 1.1 of the
///   time by [`Prefer::Time`] at 1.9 times the bytes, in 0.4 to 0.9 by [`Prefer::Bytes`] at 2.9
///   times; with gaps of 20 in 0.55 to 2 times and 0.35 to 1; where every fifth number is there in
///   0.7 to 1.5 times, but differences by bytes in 0.25: their bitmaps become Elias-Fano code.
///   Elsewhere with gaps of 100 in 0.35 to 0.5 and 0.2 to 0.3, of 20 in 0.2 to 0.4 and 0.15 to 0.3.
///   Of numbers far apart it takes a quarter to a half everywhere. In clusters these sets take a
///   seventh to nine tenths of its time, in runs 0.8 to 1.1 (bench `sets` of the peers).
/// - Numbers that come one by one in their order, into a [`SlicedSetMut`]: `insert` takes three to
///   six times as long as roaring's. Collected, they take a fifth to a half of it.
///
/// # Layout
///
/// ```text
/// number = key << 16 | low
/// slots   | offset, coding, numbers before | ... | end |   2 words a key, first to last
/// data    | slice | slice | ... | 32 bytes of zeros |
/// keys    | key | key | ...                                if most keys have no number
///
/// a slice is the smallest of
/// SHORT    two bytes a number
/// RUNS     four bytes a run
/// LISTS    one byte a number, in 256 blocks, full ones as 32 bytes of bits
/// BITMAP   8 KiB of bits
/// SPARSE   Elias-Fano code, unless time is preferred
/// ```
///
/// Two blocks or three, without slack. If the Elias-Fano code of all numbers together is smaller
/// than all slices by a 32nd, the set is that.
///
/// # Space
///
/// What the numbers take, at most 8,224 bytes a slice, and 16 bytes of directory (24 if most keys
/// have no number); by [`Prefer::Bytes`] at most a 31st more than the Elias-Fano code of all, which
/// is `3 + log2(u/n)` bits a number. 10,000 numbers with gaps of 100: 11,152 bytes by
/// [`Prefer::Bytes`], 16,760 by [`Prefer::Time`].
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `contains` | O(1) in bitmaps and lists, else O(log) of a slice | 3 |
/// | the slot of a number, where keys are listed | O(log slices) | |
/// | `rank`, `succ`, `pred` | as `contains`; at most 70 words where slices are sparse or bitmaps | 3 to 8 |
/// | `get` | O(log slices), and as `rank` | |
/// | step of an iterator | O(1) amortised | 0.1 |
/// | sets of two | O(numbers in blocks of 256 that both have) | |
/// | building | O(n) | |
///
/// Reading allocates nothing.
///
/// # Parameters
///
/// [`Prefer`], of the builder: bytes or time.
///
/// # Example
///
/// ```
/// use lessram::{arrays::SlicedSet, mem::Footprint};
///
/// let even = SlicedSet::from_sorted_iter((0..500_000).map(|i| i * 2))?;
/// let third: SlicedSet = (0..333_334).map(|i| i * 3).collect();
/// assert!(even.contains(4) && !even.contains(5));
/// assert_eq!((even.rank(100), even.get(50), even.succ(101)), (50, Some(100), Some((51, 102))));
/// assert_eq!(even.intersection_len(&third), 166_667);
/// assert_eq!((&even - &third).iter().take(3).collect::<Vec<_>>(), [2, 4, 8]);
/// assert_eq!(even.heap_bytes(), 126_040); // a BTreeSet<u64>: about 5,000,000
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Chambi, Lemire, Kaser and Godin, "Better bitmap performance with Roaring bitmaps", 2016; Pibiri,
/// "On slicing sorted integer sequences", 2019; Elias-Fano code: see [`EliasFano`].
#[derive(Clone)]
pub struct SlicedSet<W: Words = HeapWords> {
    form: Form<W>,
    len: usize,
    prefer: Prefer,
}

/// How the numbers are kept.
#[derive(Clone)]
enum Form<W: Words> {
    Slices(Slices<W>),
    /// As one Elias-Fano code.
    Whole(EliasFano<W>),
}

impl<W: Words> SlicedSet<W> {
    /// How many numbers there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it was built for.
    #[must_use]
    pub const fn prefer(&self) -> Prefer {
        self.prefer
    }

    /// Whether it is one Elias-Fano code, and not slices.
    #[must_use]
    pub const fn is_elias_fano(&self) -> bool {
        matches!(self.form, Form::Whole(_))
    }

    /// Whether `x` is there. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains(&self, x: u64) -> bool {
        match &self.form {
            Form::Slices(slices) => slices.contains(x),
            Form::Whole(numbers) => numbers.contains(x),
        }
    }

    /// How many numbers are smaller than `x`: the place where `x` could be inserted, as Python's
    /// `bisect_left`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn rank(&self, x: u64) -> usize {
        let rank = match &self.form {
            Form::Slices(slices) => slices.rank(x),
            Form::Whole(numbers) => numbers.rank(x),
        };
        rank.min(self.len)
    }

    /// How many numbers are at most `x`, as Python's `bisect_right`. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn rank_after(&self, x: u64) -> usize {
        x.checked_add(1).map_or(self.len, |next| self.rank(next))
    }

    /// The number at `index` in ascending order, or `None` if there is none. Allocates nothing.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u64> {
        if index >= self.len {
            return None;
        }
        match &self.form {
            // Of a damaged file, anything.
            Form::Slices(slices) => Some(slices.get(index).unwrap_or(0)),
            Form::Whole(numbers) => numbers.get(index),
        }
    }

    /// The smallest number, or `None` if there is none.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.get(0)
    }

    /// The largest number, or `None` if there is none.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.get(self.len.wrapping_sub(1))
    }

    /// The nearest number that is at least `x`, with its index; `None` if all are smaller.
    /// Allocates nothing.
    #[must_use]
    pub fn succ(&self, x: u64) -> Option<(usize, u64)> {
        match &self.form {
            Form::Slices(_) => {
                let index = self.rank(x);
                self.get(index).map(|number| (index, number))
            }
            Form::Whole(numbers) => numbers.succ(x),
        }
    }

    /// The nearest number that is at most `x`, with its index; `None` if all are greater.
    /// Allocates nothing.
    #[must_use]
    pub fn pred(&self, x: u64) -> Option<(usize, u64)> {
        match &self.form {
            Form::Slices(_) => {
                let index = self.rank_after(x).checked_sub(1)?;
                self.get(index).map(|number| (index, number))
            }
            Form::Whole(numbers) => numbers.pred(x),
        }
    }

    /// Where `value` is, or else where it would be put. Allocates nothing.
    ///
    /// # Errors
    ///
    /// The place where it would be put.
    pub fn binary_search(&self, value: u64) -> Result<usize, usize> {
        let index = self.rank(value);
        if self.contains(value) && index < self.len { Ok(index) } else { Err(index) }
    }

    /// The numbers in order, from both ends.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, W> {
        Iter::new(self, 0, self.len)
    }

    /// The numbers from position `index` on: as `iter().skip(index)`, in the time of
    /// [`get`](Self::get).
    #[must_use]
    pub fn iter_from(&self, index: usize) -> Iter<'_, W> {
        Iter::new(self, index.min(self.len), self.len)
    }

    /// The numbers within `bounds`, in order.
    #[must_use]
    pub fn range(&self, bounds: impl RangeBounds<u64>) -> Iter<'_, W> {
        let Range { start, end } = positions_in(bounds, self.len, |x| self.rank(x));
        Iter::new(self, start, end)
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> SlicedSet {
        let form = match &self.form {
            Form::Slices(slices) => Form::Slices(slices.to_heap()),
            Form::Whole(numbers) => Form::Whole(numbers.to_heap()),
        };
        SlicedSet { form, len: self.len, prefer: self.prefer }
    }
}

impl<W: Words> Footprint for SlicedSet<W> {
    fn parts(&self, out: &mut dyn Parts) {
        match &self.form {
            Form::Slices(slices) => slices.tell(out),
            Form::Whole(numbers) => numbers.parts(out),
        }
    }
}

impl<W: Words> Persist for SlicedSet<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        let prefer = self.prefer as u64;
        match &self.form {
            Form::Slices(slices) => {
                match &slices.keys {
                    Keys::From(first) => out.meta(&[ROW, prefer, *first, 0]),
                    Keys::Sorted(keys) => {
                        out.meta(&[LISTED, prefer, 0, 0]);
                        out.section(KEYS, 8, keys.words());
                    }
                }
                out.section(SLOTS, 8, slices.slots.words());
                out.section(DATA, 1, slices.data.words());
            }
            Form::Whole(numbers) => {
                let width = u64::from(numbers.low_width());
                out.meta(&[WHOLE, prefer, numbers.max_value(), width]);
                numbers.store_sections(out);
            }
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [form, prefer, first, width] = source.meta()?;
        let (items, len) = (source.header().items, source.items()?);
        require((WHOLE..=LISTED).contains(&form), META, "one of three forms")?;
        require(prefer <= 1, META, "bytes or time")?;
        let form = match form {
            WHOLE => Form::Whole(EliasFano::load_sections(source, items, first, width, 1)?),
            _ => {
                require(
                    (form == ROW || first == 0) && width == 0,
                    META,
                    "zeros that mean nothing",
                )?;
                let keys = match form {
                    ROW => Keys::From(first),
                    _ => Keys::Sorted(source.section(KEYS, 8)?),
                };
                let slots = source.section(SLOTS, 8)?;
                let slices = Slices { keys, slots, data: source.section(DATA, 1)? };
                slices.check_lengths(items)?;
                Form::Slices(slices)
            }
        };
        let prefer = if prefer == 0 { Prefer::Bytes } else { Prefer::Time };
        Ok(Self { form, len, prefer })
    }

    fn validate(&self) -> Result<(), FileError> {
        match &self.form {
            Form::Slices(slices) => slices.validate(self.len, self.prefer),
            Form::Whole(numbers) => {
                numbers.validate()?;
                let mut last = None;
                let ascends = numbers.iter().all(|number| last.replace(number) < Some(number));
                require(ascends, META, "numbers that occur once")
            }
        }
    }
}

doors!(SlicedSet);
