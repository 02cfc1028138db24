//! [`RankedBits`]: bits in lines that say how many ones come before.

pub(in crate::arrays) mod line;

use super::bit_vec::{BitVec, Iter, Ones, Zeros};
use super::rank_index::last_by;
use super::{BitsMut, Select, bits_by_methods};
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::mem::{Global, granted};
use crate::simd::deposit::{self, Deposit, Work};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{
    AlignedWords, HeapWords, LINE_WORDS, Le64, Persist, Source, Words, as_bytes, doors, require,
};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;

/// The sections of the lines, of the superblocks' counts and of the samples.
const LINES: Tag = Tag(*b"line");
const COUNTS: Tag = Tag(*b"cnts");
const ONES: Tag = Tag(*b"sel1");

/// Lines of a superblock: their ones up to the last middle can be told in 16 bits. Few in unit
/// tests, so that they meet many superblocks.
const SUPER: usize = if cfg!(test) { 4 } else { 128 };
/// Bits of a superblock.
const SUPER_BITS: usize = SUPER * line::BITS;
const _: () = assert!((SUPER - 1) * line::BITS + 256 < 1 << 16);
/// Bits of the vector for each sample of 32, at least: 0.016 %.
const BITS_A_SAMPLE: u64 = 200_000;

/// Positions whose lines are asked for ahead of the one that is answered.
const AHEAD: usize = 16;
/// Lines that are guessed by proportion, before they are halved.
const TRIES: usize = 4;
/// How far the bits themselves are searched for the next one.
const NEAR: usize = 512;

/// A bit vector that does not change, in which every cache line says how many ones come before:
/// a [`rank`](Self::rank) takes one way to memory, for 3.35 % more than the bits.
///
/// As a set of numbers below `n` it says membership, order and neighbours.
///
/// # When not to use it
///
/// - The bits have to be had as words, for counts of ranges or set algebra, or only
///   [`get`](Self::get) is asked: a [`RankSelect`](super::RankSelect) keeps a plain [`BitVec`], and
///   takes 0.2 % more.
/// - [`select`](Self::select) is what is asked: it takes 1.6 to 1.8 times as long as a
///   `RankSelect`'s at density 1/2, 2.2 times at 1/20, and 5 times where ones come in runs (at 10^8
///   bits, measured: `rank_select` of the peers' benches).
/// - The bits change: keep a [`BitVec`], and give it over when it is done.
/// - Fewer than one in four is a one: an [`EliasFano`](super::EliasFano) of the positions is
///   smaller, at one in ten half the size.
///
/// # Layout
///
/// ```text
/// line      | 256 bits | 240 bits | ones from the superblock to bit 256: 16 |    64 bytes
/// lines     | line 0 | line 1 | ... | last line, zeros behind the last bit |
/// counts    | ones before superblock 0 | before 1 | ... | in all |     u64 each, 128 lines
/// samples   | where every 2^s-th one is |                              a Select
/// ```
///
/// Three blocks, without slack. Lines stand at multiples of 64 bytes if there are 64 or more. From
/// the count in its middle a line counts to the left or to the right, so that four words are looked
/// at and not eight. A one is sought in the line where it would be if ones were spread evenly over
/// its superblock, and then in others.
///
/// # Space
///
/// `64 * ceil(n / 496)` heap bytes of lines and bits (3.23 %), 8 for each 63,488 bits (0.1 %), at
/// most 0.016 % of samples, and 56 for the lines' address. 1,000,000 bits: 129,304 bytes.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) | all, twice |
/// | `get` | O(1) | 1 |
/// | `rank`, `rank_zero` | O(1) | 1, and one of counts (1/1,000 of the bits) |
/// | `select` | O(1) where ones are spread evenly, else O(log n) | 1 or 2, and two of counts and samples |
/// | `select_zero` | the same, without samples | 1 or 2, and some of counts |
/// | `pred`, `succ` | that of a `rank` and a `select` at most | 1 if near |
///
/// [`rank_many`](Self::rank_many) and [`select_many`](Self::select_many) ask for the cache lines of
/// 16 questions ahead. Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::RankedBits, mem::Footprint};
///
/// let bits: RankedBits = (0..1_000_000).map(|i| i % 2 == 0).collect();
/// assert_eq!(bits.rank(500_001), 250_001);
/// assert_eq!(bits.select(250_000), Some(500_000));
/// assert_eq!(bits.succ(500_001), Some(500_002));
/// assert_eq!(bits.heap_bytes(), 129_304); // the bits alone: 125,000
/// ```
///
/// # References
///
/// Counts among the bits: Laws and others, "SPIDER" (2024). To the middle: Gottlieb and Reinert
/// (2025). The line of 496 bits and 16: Groot Koerkamp, "QuadRank" (2026). Select by proportion in
/// a superblock is ours.
#[derive(Clone)]
pub struct RankedBits<W: Words = HeapWords> {
    /// `lines_for(len)` lines.
    lines: AlignedWords<W>,
    /// Ones before each superblock, and in all.
    counts: W,
    samples: Select<W>,
    len: usize,
    ones: usize,
}

/// Lines of so many bits.
const fn lines_for(len: usize) -> usize {
    len.div_ceil(line::BITS)
}

/// Counts of so many bits.
const fn counts_for(len: usize) -> usize {
    len.div_ceil(SUPER_BITS) + 1
}

impl<W: Words> RankedBits<W> {
    /// How many bits there are.
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

    /// How many bits are ones. O(1).
    #[must_use]
    #[inline]
    pub const fn ones(&self) -> usize {
        self.ones
    }

    /// How many bits are zeros. O(1).
    #[must_use]
    #[inline]
    pub const fn zeros(&self) -> usize {
        self.len - self.ones
    }

    /// A line; one of zeros if there is no such line.
    #[inline]
    fn line(&self, line: usize) -> &line::Line {
        const NONE: line::Line = [Le64::new(0); LINE_WORDS];
        self.lines.line(line).unwrap_or(&NONE)
    }

    /// Ones before a superblock; 0 if there is no such.
    #[inline]
    fn before(&self, superblock: usize) -> u64 {
        self.counts.words().get(superblock).map_or(0, |count| count.get())
    }

    /// The bit at `index`, or `None` if there is none. O(1), 1 cache line.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<bool> {
        if index >= self.len {
            return None;
        }
        let (word, bit) = line::place(index);
        self.lines.words().get(word).map(|word| word.get() >> bit & 1 == 1)
    }

    /// How many ones stand before bit `index`; of positions behind the end, how many there are.
    /// O(1), 1 cache line and one of counts.
    #[must_use]
    #[inline]
    pub fn rank(&self, index: usize) -> usize {
        let (line, bit) = line::split(index);
        // Behind the last bit its line has zeros.
        if let Some(words) = self.lines.line(line) {
            if let Some(before) = self.counts.words().get(line / SUPER) {
                // Damaged counts may be any numbers. To call what counts by an instruction, in a
                // build that may not use it here, takes as long as counting without.
                return before.get().wrapping_add(line::rank(words, bit)) as usize;
            }
        }
        self.rank_behind(index)
    }

    /// [`rank`](Self::rank) where there is no line, or no count as in damaged files. A call that is
    /// told the index, and so a branch: of a loop of questions without one compilers make vectors,
    /// whose gathers take twice the time.
    #[cold]
    #[inline(never)]
    const fn rank_behind(&self, index: usize) -> usize {
        if index >= self.len { self.ones } else { 0 }
    }

    /// How many zeros stand before bit `index`; of positions behind the end, how many there are.
    /// O(1), 1 cache line and one of counts.
    #[must_use]
    #[inline]
    pub fn rank_zero(&self, index: usize) -> usize {
        let index = index.min(self.len);
        index.saturating_sub(self.rank(index))
    }

    /// The position of the `k`-th one, from 0, or `None` if there are no more than `k`. O(1) where
    /// ones are spread evenly over a superblock, else O(log n).
    #[must_use]
    #[inline]
    pub fn select(&self, k: usize) -> Option<usize> {
        if k >= self.ones {
            return None;
        }
        let (low, high) = self.samples.around(k);
        let guess = self.samples.guess(k, low, high);
        let [low, high, guess] = [low, high, guess].map(|position| position / SUPER_BITS);
        deposit::run(SelectOne::<true, W> { bits: self, k: k as u64, range: (low, high), guess })
    }

    /// The position of the `k`-th zero, from 0, or `None` if there are no more than `k`. As
    /// [`select`](Self::select), from where it would be if zeros were spread evenly over all bits.
    #[must_use]
    #[inline]
    pub fn select_zero(&self, k: usize) -> Option<usize> {
        if k >= self.zeros() {
            return None;
        }
        let superblocks = counts_for(self.len) - 1;
        let guess = (superblocks as u128 * k as u128 / self.zeros() as u128) as usize;
        let range = (0, superblocks);
        deposit::run(SelectOne::<false, W> { bits: self, k: k as u64, range, guess })
    }

    /// Ones, or zeros if not `BIT`, before a superblock.
    #[inline]
    fn bits_before<const BIT: bool>(&self, superblock: usize) -> u64 {
        let ones = self.before(superblock);
        if BIT { ones } else { self.superblock_start(superblock).wrapping_sub(ones) }
    }

    /// The first position of a superblock, or the end of the bits.
    #[inline]
    const fn superblock_start(&self, superblock: usize) -> u64 {
        let (start, len) = ((superblock as u64).saturating_mul(SUPER_BITS as u64), self.len as u64);
        if start < len { start } else { len }
    }

    /// The position of the `k`-th one, or zero if not `BIT`, which lies in one of these
    /// superblocks, most likely in `guess`; `None` if it lies nowhere, as only damaged counts say.
    #[inline(always)]
    fn select_from<const BIT: bool>(
        &self,
        k: u64,
        (low, high): (usize, usize),
        guess: usize,
        by: Option<Deposit>,
    ) -> Option<usize> {
        let last = (counts_for(self.len) - 1).checked_sub(1)?;
        let mut superblock = guess.min(last);
        let before = |superblock| self.bits_before::<BIT>(superblock);
        let (mut start, mut end) = (before(superblock), before(superblock + 1));
        if k < start || k >= end {
            let low = low.min(last);
            superblock = self.superblock_of::<BIT>(k, (low, high.clamp(low, last)), guess);
            (start, end) = (before(superblock), before(superblock + 1));
        }
        self.select_in::<BIT>(k, superblock, (start, end), by)
    }

    /// The superblock of `low..=high` that holds the `k`-th bit, searched from `guess`.
    #[cold]
    #[inline(never)]
    fn superblock_of<const BIT: bool>(&self, k: u64, range: (usize, usize), guess: usize) -> usize {
        last_by(range, guess, |superblock| self.bits_before::<BIT>(superblock) <= k)
    }

    /// The position of the `k`-th one, or zero if not `BIT`, in a superblock with `start` before
    /// it and `end` before the next.
    ///
    /// In the line where it would be if they were spread evenly; if it is not there, in the line
    /// where it would be from there, a few times.
    #[inline(always)]
    fn select_in<const BIT: bool>(
        &self,
        k: u64,
        superblock: usize,
        (start, end): (u64, u64),
        by: Option<Deposit>,
    ) -> Option<usize> {
        let first = superblock * SUPER;
        let last = (first + SUPER).min(lines_for(self.len)).checked_sub(1)?;
        let bits = self.superblock_start(superblock + 1) - first as u64 * line::BITS as u64;
        // Below 2^16 each in sound data, and a quotient of 32 bits takes half the time.
        let (part, whole) = (k.wrapping_sub(start) as u32, end.wrapping_sub(start) as u32);
        let into = part.wrapping_mul(bits as u32) / whole.max(1);
        let mut guess = (first + into as usize / line::BITS).min(last);
        let (mut low, mut high) = (first.min(last), last);
        for _ in 0..TRIES {
            // Lines to go for so many ones or zeros, at least one.
            let go = |ones: u64| {
                let lines = ones.saturating_mul(SUPER as u64) / u64::from(whole.max(1));
                lines.saturating_add(1) as usize
            };
            match self.find_in_line::<BIT>(k, superblock, guess, by) {
                line::Found::Here(index) => return (index < self.len).then_some(index),
                line::Found::Before(ones) => {
                    high = guess.checked_sub(1)?;
                    guess -= go(ones).min(guess);
                }
                line::Found::Behind(ones) => {
                    low = guess + 1;
                    guess = guess.saturating_add(go(ones));
                }
            }
            if low > high {
                return None;
            }
            guess = guess.clamp(low, high);
        }
        self.select_by_halves::<BIT>(k, superblock, (low, high))
    }

    /// The position of the `k`-th one, or zero if not `BIT`, in one of the lines `low..=high`.
    #[cold]
    #[inline(never)]
    fn select_by_halves<const BIT: bool>(
        &self,
        k: u64,
        superblock: usize,
        (mut low, mut high): (usize, usize),
    ) -> Option<usize> {
        while low <= high {
            let middle = low + (high - low) / 2;
            match self.find_in_line::<BIT>(k, superblock, middle, None) {
                line::Found::Here(index) => return (index < self.len).then_some(index),
                line::Found::Before(_) => high = middle.checked_sub(1)?,
                line::Found::Behind(_) => low = middle + 1,
            }
        }
        None
    }

    /// The position of the `k`-th one, or zero if not `BIT`, if it is in this line.
    #[inline(always)]
    fn find_in_line<const BIT: bool>(
        &self,
        k: u64,
        superblock: usize,
        line: usize,
        by: Option<Deposit>,
    ) -> line::Found {
        let words = self.line(line);
        let ones = self.before(superblock).wrapping_add(line::to_middle(words));
        let middle = line as u64 * line::BITS as u64 + line::HALF_BITS;
        let before = if BIT { ones } else { middle.wrapping_sub(ones) };
        match line::find::<BIT>(words, before, k, by) {
            line::Found::Here(bit) => line::Found::Here(line * line::BITS + bit),
            elsewhere => elsewhere,
        }
    }

    /// The last one at or before `index`. O(1) if it is within 512 bits, else as
    /// [`select`](Self::select).
    #[must_use]
    pub fn pred(&self, index: usize) -> Option<usize> {
        let index = index.min(self.len.checked_sub(1)?);
        let near = index.saturating_sub(NEAR)..index + 1;
        let near = self.ones_in(near).next_back();
        near.or_else(|| self.select(self.rank(index).checked_sub(1)?))
    }

    /// The first one at or behind `index`. O(1) if it is within 512 bits, else as
    /// [`select`](Self::select).
    #[must_use]
    pub fn succ(&self, index: usize) -> Option<usize> {
        if index >= self.len {
            return None;
        }
        let near = index..index.saturating_add(NEAR).min(self.len);
        let near = self.ones_in(near).next();
        near.or_else(|| self.select(self.rank(index)))
    }

    /// Asks for the line of bit `index`.
    #[inline]
    fn prefetch(&self, index: usize) {
        prefetch(as_bytes(self.lines.words()), line::split(index).0.wrapping_mul(LINE_WORDS * 8));
    }

    /// Writes [`rank`](Self::rank) of each of `indices` to its place in `out`, as far as both
    /// reach. Asks for the cache lines of 16 ahead. Allocates nothing.
    pub fn rank_many(&self, indices: &[usize], out: &mut [usize]) {
        indices.iter().take(AHEAD).for_each(|index| self.prefetch(*index));
        for (i, (index, place)) in indices.iter().zip(out).enumerate() {
            if let Some(next) = indices.get(i + AHEAD) {
                self.prefetch(*next);
            }
            *place = self.rank(*index);
        }
    }

    /// Writes [`select`](Self::select) of each of `ks` to its place in `out`, as far as both reach;
    /// [`len`](Self::len) where there is no such one. Asks for the cache lines of 16 ahead.
    /// Allocates nothing.
    pub fn select_many(&self, ks: &[usize], out: &mut [usize]) {
        let ask = |k: usize| {
            if k < self.ones {
                let (low, high) = self.samples.around(k);
                self.prefetch(self.samples.guess(k, low, high));
            }
        };
        ks.iter().take(AHEAD).for_each(|k| ask(*k));
        for (i, (k, place)) in ks.iter().zip(out).enumerate() {
            if let Some(next) = ks.get(i + AHEAD) {
                ask(*next);
            }
            *place = self.select(*k).unwrap_or(self.len);
        }
    }

    /// The positions of the ones in `range`, which may go on behind the end to that of a line.
    fn ones_in(&self, range: Range<usize>) -> Ones<'_, true> {
        Ones::new(self.lines.words(), range)
    }

    /// The bits in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, true> {
        Iter::new(self.lines.words(), self.len)
    }

    /// The positions of the ones, ascending.
    #[must_use]
    pub fn iter_ones(&self) -> Ones<'_, true> {
        self.ones_in(0..self.len)
    }

    /// The positions of the zeros, ascending.
    #[must_use]
    pub fn iter_zeros(&self) -> Zeros<'_, true> {
        Zeros::new(self.lines.words(), 0..self.len)
    }

    /// The words of the lines without their counts, each with its position.
    fn each_word(&self) -> impl Iterator<Item = (u64, u64)> {
        line::each_word(self.lines.words())
    }

    /// Whether all counts are those of the bits, and nothing stands behind the last bit. O(n).
    fn counts_right(&self) -> bool {
        let (mut ones, mut base, mut right) = (0, 0, true);
        for at in 0..lines_for(self.len) {
            if at % SUPER == 0 {
                base = ones;
                right &= self.before(at / SUPER) == ones;
            }
            let words = self.line(at);
            let [left, behind] = line::halves(words);
            right &= line::to_middle(words) == ones + left - base;
            ones += left + behind;
        }
        let last = self.ones_in(0..lines_for(self.len) * line::BITS).next_back();
        let last = last.is_none_or(|last| last < self.len);
        right && last && self.before(counts_for(self.len) - 1) == ones && self.ones as u64 == ones
    }
}

#[cfg(feature = "alloc")]
impl RankedBits {
    /// Counts the ones of `bits`, whose block it takes over and makes 3.3 % larger. O(n).
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_new_in`](Self::try_new_in) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(bits: BitVec) -> Self {
        granted(Self::try_new_in(bits, Global))
    }
}

impl<A: Alloc> RankedBits<HeapWords<A>> {
    /// Counts the ones of `bits`, whose block it takes over and makes 3.3 % larger; requests two
    /// blocks from `alloc`. O(n).
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_new_in(mut bits: BitVec<HeapWords<A>>, alloc: A) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        bits.clear_behind(); // Those of a damaged file would be counted.
        let len = bits.len();
        let mut lines = AlignedWords::extended(bits.into_words(), lines_for(len) * LINE_WORDS)?;
        spread(lines.words_mut());
        let mut counts = HeapWords::new_in(alloc.clone());
        counts.try_reserve_exact(counts_for(len))?;
        counts.try_resize(counts_for(len))?;
        let ones = count(lines.words_mut(), counts.words_mut());
        let words = line::each_word(lines.words());
        let samples = Select::try_sample_in(words, (len, ones), BITS_A_SAMPLE, alloc)?;
        Ok(Self { lines, counts, samples, len, ones })
    }
}

/// Moves the bits of a plain vector in `words` to lines of 496, from the last one on: where a line
/// goes, none of its bits and none of those before it have stood.
fn spread(words: &mut [Le64]) {
    for line in (0..words.len() / LINE_WORDS).rev() {
        let bit = line as u64 * line::BITS as u64;
        let (first, shift) = ((bit >> 6) as usize, bit as u32 & 63);
        let word = |i: usize| words.get(first + i).map_or(0, |word| word.get());
        let moved: [u64; LINE_WORDS] = core::array::from_fn(|i| {
            let high = if shift == 0 { 0 } else { word(i + 1) << (64 - shift) };
            word(i) >> shift | high
        });
        for (i, moved) in moved.into_iter().enumerate() {
            let at = line * LINE_WORDS + i;
            words[at] = Le64::new(moved & line::bits_of(at));
        }
    }
}

/// Writes the counts of the lines and of the superblocks; returns the ones in all.
fn count(words: &mut [Le64], counts: &mut [Le64]) -> usize {
    let (mut ones, mut base) = (0, 0);
    for (at, words) in words.chunks_exact_mut(LINE_WORDS).enumerate() {
        if at % SUPER == 0 {
            (base, counts[at / SUPER]) = (ones, Le64::new(ones));
        }
        let [left, right] = words.first_chunk().map_or([0; 2], line::halves);
        line::set_to_middle(words, ones - base + left);
        ones += left + right;
    }
    if let Some(all) = counts.last_mut() {
        *all = Le64::new(ones);
    }
    ones as usize
}

/// The work of [`RankedBits::select`] and, if not `BIT`, of [`RankedBits::select_zero`].
struct SelectOne<'a, const BIT: bool, W: Words> {
    bits: &'a RankedBits<W>,
    k: u64,
    range: (usize, usize),
    guess: usize,
}

impl<const BIT: bool, W: Words> Work for SelectOne<'_, BIT, W> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Option<usize> {
        self.bits.select_from::<BIT>(self.k, self.range, self.guess, by)
    }
}

impl<W: Words> Footprint for RankedBits<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.lines.tell("bits with their counts", PartKind::Payload, out);
        self.counts.tell("counts of superblocks", PartKind::Index, 0, out);
        self.samples.parts(out);
    }
}

impl<W: Words> Persist for RankedBits<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len as u64);
        out.meta(&[self.ones as u64, u64::from(self.samples.step())]);
        out.section(LINES, 8, self.lines.words());
        out.section(COUNTS, 8, self.counts.words());
        out.section(ONES, 4, self.samples.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let len = source.items()?;
        let [ones, step] = source.meta()?;
        require(ones <= len as u64, COUNTS, "no more ones than bits")?;
        let ones = ones as usize;
        let lines = source.section(LINES, 8)?;
        let right = lines.words().len() == lines_for(len).saturating_mul(LINE_WORDS);
        require(right, LINES, "as many lines as the bits need")?;
        let lines = AlignedWords::new(lines)?;
        let counts = source.section(COUNTS, 8)?;
        require(counts.words().len() == counts_for(len), COUNTS, "a count a superblock, and all")?;
        let samples = Select::from_words(source.section(ONES, 4)?, (len, ones), step, ONES)?;
        Ok(Self { lines, counts, samples, len, ones })
    }

    fn validate(&self) -> Result<(), FileError> {
        require(self.counts_right(), COUNTS, "the counts of the bits")?;
        require(self.samples.samples_of(self.each_word()), ONES, "the samples of the ones")
    }
}

doors!(RankedBits);

bits_by_methods!(RankedBits, indexed: true);

impl<A: Alloc + Clone> BitsMut<A> for RankedBits<HeapWords<A>> {
    fn try_build_in(bits: BitVec<HeapWords<A>>, alloc: A) -> Result<Self, BuildError> {
        Self::try_new_in(bits, alloc)
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<bool> for RankedBits {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        Self::new(bits.into_iter().collect())
    }
}

#[cfg(feature = "alloc")]
impl Default for RankedBits {
    /// No bits.
    fn default() -> Self {
        Self::new(BitVec::new())
    }
}

impl<'a, W: Words> IntoIterator for &'a RankedBits<W> {
    type Item = bool;
    type IntoIter = Iter<'a, true>;

    fn into_iter(self) -> Iter<'a, true> {
        self.iter()
    }
}

impl<W: Words> fmt::Debug for RankedBits<W> {
    /// A list of 0 and 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(u8::from)).finish()
    }
}

impl<W: Words, V: Words> PartialEq<RankedBits<V>> for RankedBits<W> {
    /// Whether the bits are the same.
    fn eq(&self, other: &RankedBits<V>) -> bool {
        self.len == other.len && self.each_word().eq(other.each_word())
    }
}

impl<W: Words> Eq for RankedBits<W> {}

impl<W: Words, V: Words> PartialOrd<RankedBits<V>> for RankedBits<W> {
    fn partial_cmp(&self, other: &RankedBits<V>) -> Option<Ordering> {
        Some(self.iter().cmp(other))
    }
}

impl<W: Words> Ord for RankedBits<W> {
    /// As `Vec<bool>` is ordered: by the first bit that differs, then by length.
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<W: Words> Hash for RankedBits<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len);
        self.each_word().for_each(|(_, word)| state.write_u64(word));
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
