//! [`DenseSelect`]: where the k-th one, or zero, of a bit vector stands, by sampled positions.

mod near;

use crate::bits::word::{LINE, counts, is_cached, select_in_word};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::deposit::{self, Deposit, Work};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64, Words, as_bytes, require};
use core::fmt;

/// Ones to which one record belongs.
const RECORD: u64 = 1_024;
/// In the first word of a record: its ones lie too far apart for offsets of 16 bits.
const WIDE: u64 = 1 << 63;
/// The farthest that a narrow record reaches.
const REACH: u64 = 0xFFFF;
/// Words of a block whose ones are counted, in the directory of a wide record.
const BLOCK: usize = 8;
/// Samples of a record at most.
const SAMPLES: usize = RECORD as usize / 64;

/// An index over somebody else's bits that answers `select`: the position of the `k`-th one (from
/// 0), or with `ZERO` of the `k`-th zero. For bits about as many of which are ones as zeros.
///
/// The bits are passed to each question, and must be those that the index was built for: else
/// answers are wrong, or there are none, and nothing worse.
///
/// # When not to use it
///
/// - Fewer than a quarter of the bits are ones: from a sample on, it is many words to the one that
///   is sought. An index over ranks is then smaller and faster.
/// - Bits that change: the index has to be built anew.
///
/// # Layout
///
/// ```text
/// record of ones 1024*r ..   | position of the first: u64 | 1024/G offsets to each G-th: u16 |
/// wide: beyond 65,535 bits   | position, top bit set      | where it goes on | zeros         |
/// behind all records, a wide one goes on with a word that counts blocks, and then
///   blocks of 512 bits       | ones in the record before each block: u16 ... |
///   no blocks                | position of each one: u64 ... |
/// ```
///
/// One block of memory, built at its exact size.
///
/// # Space
///
/// 1.5 bits in 8 for each one at `G` = 128, so 9.4 % of bits of which half are ones; 15.6 % at
/// `G` = 64, 6.3 % at 256. What wide records add is the smaller of 16 bits in 512 and a word a one:
/// never more than 3.2 % of the bits.
///
/// # Time
///
/// O(1), 2 cache lines most often; a wide record 4 and a binary search over at most 4,096 counts.
///
/// # Parameters
///
/// `G`: 64, 128 or 256 ones a sample. `ZERO`: select zeros. `W`: where the index lives.
///
/// # Example
///
/// ```
/// use lessram::{arrays::DenseSelect, mem::Footprint, storage::Le64};
///
/// let bits = [Le64::new(0b1011), Le64::new(1)];
/// let ones = DenseSelect::<128>::build(&bits, 128)?;
/// assert_eq!(ones.select(&bits, 2), Some(3));
/// assert_eq!(ones.select(&bits, 3), Some(64));
/// assert_eq!((ones.select(&bits, 4), ones.heap_bytes()), (None, 24));
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Okanohara and Sadakane, "Practical entropy-compressed rank/select dictionary", 2007: samples by
/// ones, and sparse stretches told apart. The directory of counts for these is ours.
#[derive(Clone)]
pub struct DenseSelect<const G: usize = 128, const ZERO: bool = false, W: Words = HeapWords> {
    /// `records(count)` records, then what wide ones go on with.
    index: W,
    /// Ones, or zeros, in the bits.
    count: u64,
}

impl<const G: usize, const ZERO: bool, W: Words> DenseSelect<G, ZERO, W> {
    /// Words of a record.
    const WORDS: usize = {
        assert!(G == 64 || G == 128 || G == 256, "64, 128 or 256 ones a sample");
        1 + RECORD as usize / G / 4
    };

    /// How many positions there are: the ones in the bits, or the zeros.
    #[must_use]
    #[inline]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Position of the `k`-th one of `bits`, or with `ZERO` of the `k`-th zero; `None` if there
    /// are no more than `k`. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn select(&self, bits: &[Le64], k: u64) -> Option<u64> {
        deposit::run(SelectOne { index: self, bits, k })
    }

    /// [`select`](Self::select) in as many steps as it takes.
    #[inline(never)]
    fn select_anywhere(&self, bits: &[Le64], k: u64) -> Option<u64> {
        self.select_by(bits, k, None)
    }

    /// Whether [`select_forward`](Self::select_forward) pays: in the eight words that it looks at
    /// are half as many ones again, on average, as from a sample to the next.
    #[inline(always)]
    const fn is_dense_and_far(&self, bits: &[Le64]) -> bool {
        !is_cached(bits.len()) && self.count / ((G + G / 2) / LINE) as u64 >= bits.len() as u64
    }

    /// As [`select`](Self::select), in work that may be compiled for a processor with `pdep`.
    #[inline(always)]
    pub(super) fn select_by(&self, bits: &[Le64], k: u64, by: Option<Deposit>) -> Option<u64> {
        if k >= self.count {
            return None;
        }
        let (near, ahead) = Self::nearest(k);
        let found = match self.narrow(near) {
            Some(from) => near::find::<ZERO>(bits, from, ahead, by),
            None => None,
        };
        if found.is_some() { found } else { self.select_from_behind(bits, k) }
    }

    /// As [`select`](Self::select) of a `k` below [`count`](Self::count), in the fewest steps,
    /// where that pays if `bits` are not near; `None` also where these do not find it.
    #[inline(always)]
    pub(super) fn select_forward(&self, bits: &[Le64], k: u64, by: Option<Deposit>) -> Option<u64> {
        self.select_from(bits, self.sample_before(k)?, k, by)
    }

    /// As [`select_forward`](Self::select_forward), if `from` is the sample before the `k`-th one.
    #[inline(always)]
    pub(super) fn select_from(
        &self,
        bits: &[Le64],
        from: u64,
        k: u64,
        by: Option<Deposit>,
    ) -> Option<u64> {
        if counts(by) { near::forward::<ZERO>(bits, from, (k % G as u64) as u32, by) } else { None }
    }

    /// The `k`-th one, from the sample before it: where the nearest is behind the last one, or is
    /// not near, or one of the two is in a wide record.
    #[cold]
    #[inline(never)]
    fn select_from_behind(&self, bits: &[Le64], k: u64) -> Option<u64> {
        match self.sample_before(k) {
            Some(from) => near::find::<ZERO>(bits, from, (k % G as u64) as i32, None),
            None => self.select_wide(bits, k),
        }
    }

    /// A one whose sample is the nearest to the `k`-th one, and how many ones that is before it.
    #[inline]
    const fn nearest(k: u64) -> (u64, i32) {
        let half = G as u64 / 2;
        let near = k.wrapping_add(half);
        (near, (near % G as u64) as i32 - half as i32)
    }

    /// Asks for the record of the `k`-th one to be fetched.
    #[inline]
    pub(super) fn prefetch(&self, k: u64) {
        let record = Self::nearest(k).0 / RECORD;
        prefetch(as_bytes(self.index.words()), (record as usize).wrapping_mul(Self::WORDS * 8));
    }

    /// Reads the record of the `k`-th one, and asks for the word of `bits` to be fetched where
    /// that one is if half of them are ones. A [`select`](Self::select) that follows finds both.
    #[inline]
    pub(super) fn prefetch_bits(&self, bits: &[Le64], k: u64) {
        let (near, ahead) = Self::nearest(k);
        if let Some(from) = self.narrow(near) {
            let there = from.wrapping_add_signed(i64::from(ahead) * 2);
            prefetch(as_bytes(bits), (there >> 3) as usize);
        }
    }

    /// The record of the `k`-th one.
    #[inline(always)]
    fn record(&self, k: u64) -> Option<&[Le64]> {
        let start = usize::try_from(k / RECORD).ok()?.checked_mul(Self::WORDS)?;
        self.index.words().get(start..start.checked_add(Self::WORDS)?)
    }

    /// Where the sample before the `k`-th one stands, if it is in a narrow record. Of a `k` that is
    /// not below [`count`](Self::count), anything: it is not asked here.
    #[inline(always)]
    pub(super) fn sample_before(&self, k: u64) -> Option<u64> {
        let (base, offsets) = as_bytes(self.record(k)?).split_first_chunk()?;
        let base = u64::from_le_bytes(*base);
        if base & WIDE != 0 {
            return None;
        }
        let offset = offsets.get((k % RECORD) as usize / G * 2..)?.first_chunk()?;
        Some(base + u64::from(u16::from_le_bytes(*offset)))
    }

    /// As [`sample_before`](Self::sample_before), and `None` if there are no more than `k`.
    #[inline(always)]
    fn narrow(&self, k: u64) -> Option<u64> {
        if k < self.count { self.sample_before(k) } else { None }
    }

    /// The `k`-th one, which is in a wide record.
    #[cold]
    fn select_wide(&self, bits: &[Le64], k: u64) -> Option<u64> {
        let (base, rest) = (self.record(k)?[0].get() ^ WIDE, self.record(k)?[1].get());
        let (blocks, table) =
            self.index.words().get(usize::try_from(rest).ok()?..)?.split_first()?;
        let k = k % RECORD;
        if blocks.get() == 0 {
            let inside = |position: &u64| position >> 6 < bits.len() as u64;
            return table.get(k as usize).map(|position| position.get()).filter(inside);
        }
        let before = |block: usize| {
            let counts = table.get(block / 4).map_or(u64::MAX, |counts| counts.get());
            counts >> (block % 4 * 16) & 0xFFFF
        };
        let blocks = blocks.get().min(4 * RECORD) as usize;
        let block = super::lower_bound(blocks, |block| before(block) <= k).checked_sub(1)?;
        let left = k.checked_sub(before(block))? as i32;
        let start = (base >> 6) + (block * BLOCK) as u64;
        let from = if block == 0 { base } else { start.checked_mul(64)? };
        near::find::<ZERO>(bits, from, left, None)
    }

    /// Words of the records of `count` ones.
    fn record_words(count: u64) -> Option<usize> {
        usize::try_from(count.div_ceil(RECORD)).ok()?.checked_mul(Self::WORDS)
    }

    /// The index in `words`, from the section `tag` of a file, over bits with `count` ones.
    pub(super) fn from_words(words: W, count: u64, tag: Tag) -> Result<Self, FileError> {
        let need = Self::record_words(count);
        let enough = need.is_some_and(|need| need <= words.words().len());
        require(enough, tag, "a record for every 1,024 positions")?;
        Ok(Self { index: words, count })
    }

    /// Checks that the index is the one that is built for the first `len` of `bits`.
    pub(super) fn validate(&self, bits: &[Le64], len: u64, tag: Tag) -> Result<(), FileError> {
        let count = count::<ZERO>(bits, len);
        require(count == self.count, tag, "as many positions as the bits have")?;
        let (index, mut same) = (self.index.words(), true);
        let end = Layout::<G, ZERO> { bits, len, count }.each(|at, word| {
            same &= index.get(at).is_some_and(|stored| stored.get() == word);
            Ok(())
        });
        require(same && end == Ok(index.len()), tag, "the positions of the bits")
    }

    /// The words of the index, to be stored.
    #[cfg(feature = "alloc")]
    pub(super) fn words(&self) -> &[Le64] {
        self.index.words()
    }

    /// Tells `out` of the words.
    pub(super) fn tell_as(&self, name: &'static str, out: &mut dyn Parts) {
        self.index.tell(name, PartKind::Index, 0, out);
    }

    /// A copy on the heap.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> DenseSelect<G, ZERO> {
        DenseSelect { index: HeapWords::copy_of(self.index.words()), count: self.count }
    }
}

#[cfg(feature = "alloc")]
impl<const G: usize, const ZERO: bool> DenseSelect<G, ZERO> {
    /// The index over the first `len` of `bits`. O(words), a pass over them to count and one to
    /// place.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there are fewer than `len` bits, [`BuildError::Alloc`] if
    /// memory cannot be had.
    pub fn build(bits: &[Le64], len: u64) -> Result<Self, BuildError> {
        Self::build_in(bits, len, crate::mem::Global)
    }
}

impl<const G: usize, const ZERO: bool, A: Alloc> DenseSelect<G, ZERO, HeapWords<A>> {
    /// The index over the first `len` of `bits`, in `alloc`; as [`build`](DenseSelect::build).
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there are fewer than `len` bits, [`BuildError::Alloc`] if
    /// memory cannot be had.
    pub fn build_in(bits: &[Le64], len: u64, alloc: A) -> Result<Self, BuildError> {
        let max = bits.len() as u64 * 64;
        if len > max {
            return Err(BuildError::OutOfRange { name: "len", value: len, min: 0, max });
        }
        let count = count::<ZERO>(bits, len);
        let records = Self::record_words(count).ok_or(AllocError::CapacityOverflow)?;
        let mut index = HeapWords::new_in(alloc);
        index.try_reserve_exact(records)?;
        index.try_resize(records)?;
        Layout::<G, ZERO> { bits, len, count }.each(|at, word| {
            if at >= index.words().len() {
                index.try_resize(at + 1)?;
            }
            index.words_mut()[at] = Le64::new(word);
            Ok(())
        })?;
        index.try_shrink_to_fit()?;
        Ok(Self { index, count })
    }
}

#[cfg(feature = "alloc")]
impl<const G: usize, const ZERO: bool> Default for DenseSelect<G, ZERO> {
    /// The index over no bits; requests no memory.
    fn default() -> Self {
        Self { index: HeapWords::new_in(crate::mem::Global), count: 0 }
    }
}

/// The work of [`DenseSelect::select`].
struct SelectOne<'a, const G: usize, const ZERO: bool, W: Words> {
    index: &'a DenseSelect<G, ZERO, W>,
    bits: &'a [Le64],
    k: u64,
}

impl<const G: usize, const ZERO: bool, W: Words> Work for SelectOne<'_, G, ZERO, W> {
    type Out = Option<u64>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Option<u64> {
        let Self { index, bits, k } = self;
        if k >= index.count {
            return None;
        }
        // In line only what takes few steps, so that more questions are under way at once.
        if index.is_dense_and_far(bits) {
            if let Some(bit) = index.select_forward(bits, k, by) {
                return Some(bit);
            }
        }
        if by.is_some() { index.select_by(bits, k, by) } else { index.select_anywhere(bits, k) }
    }
}

impl<const G: usize, const ZERO: bool, W: Words> Footprint for DenseSelect<G, ZERO, W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tell_as("positions", out);
    }
}

impl<const G: usize, const ZERO: bool, W: Words> fmt::Debug for DenseSelect<G, ZERO, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("DenseSelect");
        out.field("count", &self.count).field("words", &self.index.words().len()).finish()
    }
}

/// A word of the bits, its zeros as ones with `ZERO`.
#[inline]
fn flip<const ZERO: bool>(word: Le64) -> u64 {
    if ZERO { !word.get() } else { word.get() }
}

/// The words of the first `len` bits, zeros as ones with `ZERO`, and nothing behind `len`.
fn words_of<const ZERO: bool>(bits: &[Le64], len: u64) -> impl Iterator<Item = u64> {
    bits.iter().zip((0..len).step_by(64)).map(move |(word, start)| {
        let rest = len - start;
        let mask = if rest < 64 { (1 << rest) - 1 } else { u64::MAX };
        flip::<ZERO>(*word) & mask
    })
}

/// The ones, or zeros, among the first `len` bits.
fn count<const ZERO: bool>(bits: &[Le64], len: u64) -> u64 {
    words_of::<ZERO>(bits, len).map(|word| u64::from(word.count_ones())).sum()
}

/// What an index over bits consists of, word by word.
struct Layout<'b, const G: usize, const ZERO: bool> {
    bits: &'b [Le64],
    len: u64,
    count: u64,
}

/// Where words of an index go.
trait Put: FnMut(usize, u64) -> Result<(), AllocError> {}
impl<F: FnMut(usize, u64) -> Result<(), AllocError>> Put for F {}

impl<const G: usize, const ZERO: bool> Layout<'_, G, ZERO> {
    const WORDS: usize = DenseSelect::<G, ZERO, &[Le64]>::WORDS;

    /// Tells `put` of each word with its place, and returns how many there are.
    fn each(&self, mut put: impl Put) -> Result<usize, AllocError> {
        let records = DenseSelect::<G, ZERO, &[Le64]>::record_words(self.count);
        let mut end = records.ok_or(AllocError::CapacityOverflow)?;
        let mut samples = [0; SAMPLES];
        // Ones before this word, and the next whose position matters: each G-th, and the last of
        // a record.
        let (mut seen, mut next) = (0, 0);
        for (at, word) in words_of::<ZERO>(self.bits, self.len).enumerate() {
            let after = seen + u64::from(word.count_ones());
            while next < after {
                let last = (next | (RECORD - 1)).min(self.count - 1);
                let position =
                    at as u64 * 64 + u64::from(select_in_word(word, (next - seen) as u32));
                if next % G as u64 == 0 {
                    samples[(next % RECORD) as usize / G] = position;
                }
                if next == last {
                    end = self.record(last, position, &samples, end, &mut put)?;
                    samples = [0; SAMPLES];
                    next += 1;
                } else {
                    next = ((next / G as u64 + 1) * G as u64).min(last);
                }
            }
            seen = after;
        }
        Ok(end)
    }

    /// Tells of the record that ends with one `last`, at `position`; a wide one goes on at `end`.
    /// Returns where the next wide one goes on.
    fn record(
        &self,
        last: u64,
        position: u64,
        samples: &[u64; SAMPLES],
        end: usize,
        put: &mut impl Put,
    ) -> Result<usize, AllocError> {
        let at = (last / RECORD) as usize * Self::WORDS;
        let base = samples[0];
        if position - base > REACH {
            put(at, base | WIDE)?;
            put(at + 1, end as u64)?;
            (2..Self::WORDS).try_for_each(|word| put(at + word, 0))?;
            return self.wide(base, position, last % RECORD + 1, end, put);
        }
        put(at, base)?;
        for word in 1..Self::WORDS {
            let four = samples[(word - 1) * 4..].iter().take(4).enumerate();
            // A sample that a last, short record does not have is 0.
            let offsets = four.map(|(i, sample)| sample.saturating_sub(base) << (16 * i));
            put(at + word, offsets.sum())?;
        }
        Ok(end)
    }

    /// Tells of how a wide record goes on, with `ones` ones from `base` to `last`.
    fn wide(
        &self,
        base: u64,
        last: u64,
        ones: u64,
        end: usize,
        put: &mut impl Put,
    ) -> Result<usize, AllocError> {
        let (first, words) = ((base >> 6) as usize, (last >> 6) - (base >> 6) + 1);
        let words = words as usize;
        let blocks = words.div_ceil(BLOCK);
        let word = |at: usize| {
            let word = flip::<ZERO>(self.bits[first + at]);
            if at == 0 { word & u64::MAX << (base & 63) } else { word }
        };
        if blocks.div_ceil(4) as u64 >= ones {
            put(end, 0)?;
            let mut place = end + 1;
            for at in 0..words {
                let mut word = word(at);
                while word != 0 && place <= end + ones as usize {
                    put(place, (first + at) as u64 * 64 + u64::from(word.trailing_zeros()))?;
                    word &= word - 1;
                    place += 1;
                }
            }
            return Ok(place);
        }
        put(end, blocks as u64)?;
        let mut before = 0;
        let (mut counts, mut place) = (0, end + 1);
        for block in 0..blocks {
            counts |= before << (block % 4 * 16);
            if block % 4 == 3 || block + 1 == blocks {
                put(place, counts)?;
                (counts, place) = (0, place + 1);
            }
            let of_block = block * BLOCK..words.min((block + 1) * BLOCK);
            before += of_block.map(|at| u64::from(word(at).count_ones())).sum::<u64>();
        }
        Ok(place)
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Global, Tracked};
    use alloc::vec;
    use alloc::vec::Vec;

    /// Bits with ones at `positions`.
    fn bits_of(positions: &[u64], len: u64) -> Vec<Le64> {
        let mut words = vec![0_u64; len.div_ceil(64) as usize];
        for position in positions {
            words[(position >> 6) as usize] |= 1 << (position & 63);
        }
        words.into_iter().map(Le64::new).collect()
    }

    fn numbers() -> impl FnMut() -> u64 {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        move || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        }
    }

    /// Ascending positions with gaps that `gap` makes.
    fn positions(count: usize, mut gap: impl FnMut(usize) -> u64) -> Vec<u64> {
        let mut at = 0;
        (0..count)
            .map(|i| {
                at += gap(i);
                at
            })
            .collect()
    }

    fn check<const G: usize>(positions: &[u64], tail: u64) {
        let len = positions.last().map_or(0, |last| last + 1) + tail;
        let bits = bits_of(positions, len);
        let counter = Counter::new();
        let alloc = Tracked::new(&counter, Global);
        let ones = DenseSelect::<G, false, _>::build_in(&bits, len, alloc).unwrap();
        assert_eq!(ones.heap_bytes(), counter.live());
        assert_eq!(ones.count(), positions.len() as u64);
        for (k, position) in positions.iter().enumerate() {
            assert_eq!(ones.select(&bits, k as u64), Some(*position), "one {k}, {G} a sample");
        }
        assert_eq!(ones.select(&bits, ones.count()), None);
        assert_eq!(ones.select(&bits, u64::MAX), None);
        let flipped: Vec<_> = bits.iter().map(|word| Le64::new(!word.get())).collect();
        let zeros = DenseSelect::<G, true>::build(&flipped, len).unwrap();
        assert_eq!(zeros.words(), ones.words());
        for (k, position) in positions.iter().enumerate().step_by(7) {
            assert_eq!(zeros.select(&flipped, k as u64), Some(*position), "zero {k}");
        }
        ones.validate(&bits, len, Tag(*b"sel1")).unwrap();
        let records = DenseSelect::<G, false>::record_words(ones.count()).unwrap();
        let extra = (ones.words().len() - records) * 64;
        let wide = positions.chunks(1024).filter(|r| r[r.len() - 1] - r[0] > REACH).count();
        assert!(extra as u64 <= len / 32 + 128 * wide as u64, "{extra} bits over {len}");
        assert_eq!(extra > 0, wide > 0);
    }

    fn check_all(positions: &[u64]) {
        for tail in [0, 1, 700] {
            check::<64>(positions, tail);
            check::<128>(positions, tail);
            check::<256>(positions, tail);
        }
    }

    #[test]
    fn every_density_and_every_kind_of_record() {
        let mut number = numbers();
        check_all(&[]);
        check_all(&[0]);
        check_all(&[63, 64, 65]);
        check_all(&[5, 5_000_000]);
        check_all(&positions(5_000, |i| u64::from(i > 0)));
        for gap in [2, 5, 40, 64, 65, 70, 200, 3_000] {
            check_all(&positions(3_000, |_| 1 + number() % (2 * gap)));
        }
        // Dense stretches between deserts that make the record wide, in both of its forms.
        for desert in [65_535, 65_536, 70_000, 2_000_000, 3_000_000] {
            check_all(&positions(4_000, |i| if i % 900 == 899 { desert } else { 1 }));
        }
    }

    #[test]
    fn space_is_what_the_docs_say() {
        let half = positions(100_000, |_| 2);
        let bits = bits_of(&half, 200_001);
        let share = |words: usize| words as f64 * 64.0 / 200_000.0;
        let bytes = [
            DenseSelect::<64>::build(&bits, 200_000).unwrap().words().len(),
            DenseSelect::<128>::build(&bits, 200_000).unwrap().words().len(),
            DenseSelect::<256>::build(&bits, 200_000).unwrap().words().len(),
        ];
        assert_eq!(bytes.map(|words| (share(words) * 1000.0).round()), [157.0, 94.0, 63.0]);
    }

    #[test]
    fn bits_that_are_not_there_are_refused() {
        let bits = [Le64::new(1)];
        let error = DenseSelect::<128>::build(&bits, 65).unwrap_err();
        assert_eq!(error, BuildError::OutOfRange { name: "len", value: 65, min: 0, max: 64 });
    }

    #[test]
    fn any_index_over_any_bits_answers_without_harm() {
        let mut number = numbers();
        let wide = positions(3_000, |i| if i % 900 == 899 { 70_000 } else { 1 });
        let bits = bits_of(&wide, 400_000);
        let ones = DenseSelect::<128>::build(&bits, 400_000).unwrap();
        for _ in 0..2_000 {
            let mut words = ones.words().to_vec();
            for _ in 0..3 {
                let at = number() as usize % words.len();
                let value = if number() % 2 == 0 { number() } else { 1 << (number() % 64) };
                words[at] = Le64::new(value);
            }
            let broken =
                DenseSelect::<128, false, &[Le64]>::from_words(&words, ones.count(), Tag(*b"sel1"));
            let broken = broken.unwrap();
            for k in (0..3_000).step_by(37) {
                core::hint::black_box(broken.select(&bits, k));
                broken.prefetch_bits(&bits, k);
            }
            let same = words == ones.words();
            assert_eq!(broken.validate(&bits, 400_000, Tag(*b"sel1")).is_ok(), same);
        }
    }
}
