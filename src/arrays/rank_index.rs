//! [`RankIndex`]: how many ones stand before a position, from one number per 2,048 bits.

use crate::bits::word::{HALF, LINE, below, count_to_end, select_in_line};
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::deposit::{self, Deposit, Work};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64, Words, as_bytes, require};

/// Bits of a block, which has one entry, as a power of two.
const BLOCK: u32 = 11;
/// Bits of a line, which has one field of an entry, as a power of two.
const LINE_BITS: u32 = 9;
/// Bits of a field.
const FIELD: u32 = 11;
/// Where the ones before the block begin in an entry.
const BASE: u32 = 3 * FIELD;
/// Bits of a superblock, from whose start entries count, as a power of two. So small in unit tests
/// that they meet some.
const SUPER: u32 = if cfg!(test) { 14 } else { 31 };

/// An index over a bit vector that somebody else keeps: [`rank`](Self::rank) in two cache lines,
/// from 3.125 % of the bits.
///
/// It holds no bits: each question is given the words it was made over. The owning pair is
/// [`RankSelect`](super::RankSelect).
///
/// # When not to use it
///
/// - The bits change: counts behind a change are wrong until the index is built anew.
/// - Bits far beyond the cache, and memory to spare: `Rank9` of the crate sux takes seven to eight
///   tenths of the time there, and 25 % (bench `rank` of the peers).
///
/// # Layout
///
/// ```text
/// bits        | line 0 | line 1 | line 2 | line 3 | block 1 ...        4 lines of 512 bits
/// entries     | of block 0 | of block 1 | ... | of the last block | bases of superblocks |
/// an entry    | ones before block: 31 | in lines 0..3: 11 | in lines 0..2: 11 | in line 0: 11 |
/// ```
///
/// One block of memory. Entries count from the start of a superblock of 2^31 bits; the ones before
/// each superblock but the first stand behind the entries.
///
/// # Space
///
/// 8 heap bytes for each 2,048 bits begun, and one more entry if the last block is full; 8 for each
/// 2^31. 1,000,000 bits: 3,912 bytes.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) | all |
/// | `rank` | O(1) | 1 of the index, 1 or 2 of the bits |
///
/// Reading allocates nothing.
///
/// # References
///
/// Vigna, "Broadword implementation of rank/select queries" (2008); Kurpicz, "Engineering compact
/// data structures for rank and select queries on bit vectors" (2022).
#[derive(Clone, Debug)]
pub struct RankIndex<W: Words = HeapWords> {
    /// [`words_for`] words: entries, then bases.
    words: W,
    /// Bits that were counted.
    len: usize,
    /// Ones among them.
    ones: usize,
}

/// Entries of so many bits: one for each position that can be asked for.
const fn entries_for(len: usize) -> usize {
    (len >> BLOCK) + 1
}

/// Words of an index over so many bits.
const fn words_for(len: usize) -> usize {
    entries_for(len) + (len as u64 >> SUPER) as usize
}

impl<W: Words> RankIndex<W> {
    /// How many bits were counted.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there were none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many of them are one.
    #[must_use]
    #[inline]
    pub const fn ones(&self) -> usize {
        self.ones
    }

    /// How many ones stand before bit `index` of `bits`, over whose words the index was made; of
    /// positions behind the end, how many there are. O(1), 2 or 3 cache lines.
    ///
    /// Other words give other numbers.
    #[must_use]
    #[inline]
    pub fn rank(&self, bits: &[Le64], index: usize) -> usize {
        deposit::run(RankOne { ranks: self, bits, index })
    }

    /// [`rank`](Self::rank) from the nearer end of the line, of bits in a superblock that is not
    /// the first if `LATER`.
    ///
    /// Every step counts, where words are far from the cache too: fewer steps let more questions
    /// be under way while words are waited for.
    #[inline(always)]
    fn rank_from_end<const LATER: bool>(
        &self,
        bits: &[Le64],
        index: usize,
        by: Option<Deposit>,
    ) -> usize {
        // From the end of the line that is nearer: the start of the next one, if that.
        let half = index >> (LINE_BITS - 1);
        let up = half & 1;
        let line = (half >> 1) + up;
        let block = line >> (BLOCK - LINE_BITS);
        if !LATER && block >> (SUPER - BLOCK) != 0 {
            return self.rank_later(bits, index);
        }
        let words = self.words.words();
        let Some(of_half) = half_line(bits, half) else { return self.rank_near_end(bits, index) };
        let Some(entry) = words.get(block) else { return self.rank_near_end(bits, index) };
        let of_half = [of_half[0].get(), of_half[1].get(), of_half[2].get(), of_half[3].get()];
        let ones = u64::from(count_to_end(of_half, index, by));
        // All ones where they are taken away.
        let sign = (up as u64).wrapping_neg();
        let before = (entry.get() >> BASE) + field(entry.get(), line);
        // A damaged base may be any number.
        let before = if LATER { before.wrapping_add(self.base(words, block)) } else { before };
        before.wrapping_add((ones ^ sign).wrapping_sub(sign)) as usize
    }

    /// [`rank`](Self::rank) in a superblock that is not the first. A call: the base would take
    /// steps from all questions, and registers.
    #[cold]
    #[inline(never)]
    fn rank_later(&self, bits: &[Le64], index: usize) -> usize {
        self.rank_from_end::<true>(bits, index, None)
    }

    /// [`rank`](Self::rank) behind the last bit, and in the last line or half of one, whose end may
    /// have no entry.
    #[cold]
    #[inline(never)]
    fn rank_near_end(&self, bits: &[Le64], index: usize) -> usize {
        if index >= self.len {
            return self.ones;
        }
        let (words, block, line) = (self.words.words(), index >> BLOCK, index >> LINE_BITS);
        let entry = words.get(block).map_or(0, |entry| entry.get());
        let before = (entry >> BASE) + field(entry, line);
        let (of_line, whole) = (line_at(bits, line), index >> 6 & 7);
        let ones: u32 = of_line[..whole].iter().map(|word| word.count_ones()).sum();
        let ones = ones + (of_line[whole] & below(index as u32)).count_ones();
        self.base(words, block).wrapping_add(before + u64::from(ones)) as usize
    }

    /// Asks for the cache lines that [`rank`](Self::rank) of `index` will touch.
    #[inline]
    pub fn prefetch(&self, bits: &[Le64], index: usize) {
        prefetch(as_bytes(self.words.words()), (index >> BLOCK).wrapping_mul(8));
        // Words on the heap stand at any multiple of 8 bytes: half a line may be in two lines of
        // the cache.
        let half = index >> (LINE_BITS - 1) << (LINE_BITS - 4);
        prefetch(as_bytes(bits), half);
        prefetch(as_bytes(bits), half + 31);
    }

    /// Ones before the superblock that `block` is in.
    #[inline]
    fn base(&self, words: &[Le64], block: usize) -> u64 {
        let superblock = block >> (SUPER - BLOCK);
        if superblock == 0 {
            return 0;
        }
        words.get(entries_for(self.len) + superblock - 1).map_or(0, |base| base.get())
    }

    /// The blocks that have entries, but for the first.
    pub(super) const fn last_block(&self) -> usize {
        self.len >> BLOCK
    }

    /// The block that holds bit `index`.
    pub(super) const fn block_of(index: usize) -> usize {
        index >> BLOCK
    }

    /// Ones, or zeros if not `BIT`, before a block.
    #[inline]
    fn before<const BIT: bool>(&self, words: &[Le64], block: usize) -> u64 {
        let entry = words.get(block).map_or(0, |entry| entry.get());
        let ones = (entry >> BASE).wrapping_add(self.base(words, block));
        if BIT { ones } else { ((block as u64) << BLOCK).wrapping_sub(ones) }
    }

    /// The position of the `k`-th one, or zero if not `BIT`, which lies in one of the blocks
    /// `low..=high`, most likely in `guess`; `None` if it lies behind the last bit, as only damaged
    /// counts say.
    ///
    /// O(1) if the guess is right or next to it, else O(log of its distance).
    #[inline(always)]
    pub(super) fn select_between<const BIT: bool>(
        &self,
        bits: &[Le64],
        k: usize,
        (low, high): (usize, usize),
        guess: usize,
        by: Option<Deposit>,
    ) -> Option<usize> {
        let (words, k) = (self.words.words(), k as u64);
        let block = match self.beside::<BIT>(words, k, guess) {
            Some(block) => block,
            None => self.search::<BIT>(words, k, (low, high), guess),
        };
        let entry = words.get(block).map_or(0, |entry| entry.get());
        let rest = k.wrapping_sub(self.before::<BIT>(words, block));
        let in_lines = |lines: usize| {
            let ones = field(entry, lines);
            if BIT { ones } else { ((lines as u64) << LINE_BITS).wrapping_sub(ones) }
        };
        let line = (1..4).filter(|lines| in_lines(*lines) <= rest).count();
        let rest = rest.wrapping_sub(in_lines(line)) as u32;
        let line = block * 4 + line;
        let flip = |word: u64| if BIT { word } else { !word };
        let bit = match whole_line(bits, line) {
            Some(words) => select_in_line(|i| flip(words[i].get()), rest, by),
            None => select_in_short::<BIT>(bits, line, rest),
        };
        let index = line * 512 + bit as usize;
        (index < self.len).then_some(index)
    }

    /// The block of the `k`-th bit if it is `guess` or a neighbour: without a branch that depends
    /// on which. `None` if it is another, or near an end of the index or of a superblock.
    #[inline(always)]
    fn beside<const BIT: bool>(&self, words: &[Le64], k: u64, guess: usize) -> Option<usize> {
        let first = guess.checked_sub(1)?;
        let end = first + 4;
        if end > entries_for(self.len) || (first ^ (end - 1)) >> (SUPER - BLOCK) != 0 {
            return None;
        }
        let entries: &[Le64; 4] = words.get(first..end)?.try_into().ok()?;
        let base = self.base(words, first);
        let starts_by = |i: usize| {
            let ones = (entries[i].get() >> BASE).wrapping_add(base);
            let before =
                if BIT { ones } else { (((first + i) as u64) << BLOCK).wrapping_sub(ones) };
            before <= k
        };
        let block = first + usize::from(starts_by(1)) + usize::from(starts_by(2));
        (starts_by(0) && !starts_by(3)).then_some(block)
    }

    /// The block of `low..=high` that holds the `k`-th bit, searched in growing steps from `guess`.
    #[cold]
    #[inline(never)]
    fn search<const BIT: bool>(
        &self,
        words: &[Le64],
        k: u64,
        range: (usize, usize),
        guess: usize,
    ) -> usize {
        last_by(range, guess, |block| self.before::<BIT>(words, block) <= k)
    }

    /// The index of a file over `len` bits, whose words are `words`.
    pub(super) fn from_words(words: W, len: usize, ones: u64, tag: Tag) -> Result<Self, FileError> {
        require(words.words().len() == words_for(len), tag, "as many entries as blocks")?;
        require(ones <= len as u64, tag, "no more ones than bits")?;
        Ok(Self { words, len, ones: ones as usize })
    }

    /// The words, to be stored.
    #[cfg(feature = "alloc")]
    pub(super) fn words(&self) -> &[Le64] {
        self.words.words()
    }

    /// Whether all counts are those of `bits`. O(n).
    pub(super) fn counts(&self, bits: &[Le64]) -> bool {
        let words = self.words.words();
        let (entries, bases) = words.split_at(entries_for(self.len).min(words.len()));
        let mut counted = entries_of(bits, self.len);
        let entries_right = entries.iter().all(|entry| counted.next() == Some(entry.get()));
        let mut seen = 0;
        let per = 1 << (SUPER - 6);
        let supers = bits.chunks(per).map(|words| {
            seen += ones_in(words);
            seen
        });
        entries_right
            && bases.iter().map(|base| base.get()).eq(supers.take(bases.len()))
            && ones_in(bits) == self.ones as u64
    }
}

impl<A: Alloc> RankIndex<HeapWords<A>> {
    /// Counts the first `len` bits of `bits`. O(n); requests one block of exactly the index's size.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if `bits` is not exactly `len` bits in whole words, with zeros
    /// behind the last; [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_new_in(bits: &[Le64], len: usize, alloc: A) -> Result<Self, BuildError> {
        check(bits, len)?;
        let mut words = HeapWords::new_in(alloc);
        words.try_reserve_exact(words_for(len))?;
        words.try_resize(words_for(len))?;
        let (entries, bases) = words.words_mut().split_at_mut(entries_for(len));
        for (place, entry) in entries.iter_mut().zip(entries_of(bits, len)) {
            *place = Le64::new(entry);
        }
        let mut ones = 0;
        for (place, words) in bases.iter_mut().zip(bits.chunks(1 << (SUPER - 6))) {
            ones += ones_in(words);
            *place = Le64::new(ones);
        }
        let rest = bits.get(bases.len() << (SUPER - 6)..).unwrap_or(&[]);
        let ones = (ones + ones_in(rest)) as usize;
        Ok(Self { words, len, ones })
    }
}

/// Refuses words that are not `len` bits with zeros behind them.
fn check(bits: &[Le64], len: usize) -> Result<(), BuildError> {
    let have = (bits.len() as u64).saturating_mul(64);
    if len.div_ceil(64) != bits.len() {
        let (name, value) = ("len", len as u64);
        return Err(BuildError::OutOfRange {
            name,
            value,
            min: have.saturating_sub(63),
            max: have,
        });
    }
    let behind = match (len & 63, bits.last()) {
        (1.., Some(last)) => last.get() >> (len & 63),
        _ => 0,
    };
    if behind != 0 {
        let name = "bits behind the last";
        return Err(BuildError::OutOfRange { name, value: behind, min: 0, max: 0 });
    }
    Ok(())
}

/// The last of `low..=high` that `starts_by`, if those that do stand before those that do not:
/// searched in growing steps from `guess`. If none does, `low`.
pub(super) fn last_by(
    (mut low, mut high): (usize, usize),
    guess: usize,
    starts_by: impl Fn(usize) -> bool,
) -> usize {
    let guess = guess.clamp(low, high);
    let mut step = 1;
    if starts_by(guess) {
        low = guess;
        while high - low > step && starts_by(low + step) {
            low += step;
            step *= 2;
        }
        high = high.min(low + step);
    } else {
        high = guess;
        while high - low > step && !starts_by(high - step) {
            high -= step;
            step *= 2;
        }
        low = low.max(high.saturating_sub(step));
    }
    while low < high {
        let middle = high - (high - low) / 2;
        if starts_by(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// The entries of all blocks of `len` bits.
fn entries_of(bits: &[Le64], len: usize) -> impl Iterator<Item = u64> {
    let mut base = 0;
    (0..entries_for(len)).map(move |block| {
        if block & ((1 << (SUPER - BLOCK)) - 1) == 0 {
            base = 0;
        }
        let (mut entry, mut seen) = (base << BASE, 0);
        for line in 0..4 {
            seen += line_at(bits, block * 4 + line).iter().map(|w| w.count_ones()).sum::<u32>();
            if line < 3 {
                entry |= u64::from(seen) << (FIELD * line as u32);
            }
        }
        base += u64::from(seen);
        entry
    })
}

/// Ones in the first `lines` lines of a block, of 0..=3, from its entry.
#[inline]
const fn field(entry: u64, lines: usize) -> u64 {
    // A field of zeros below the first: no branch, and no table.
    entry << FIELD >> (FIELD * (lines as u32 & 3)) & ((1 << FIELD) - 1)
}

/// The words of half a line, if there are bits behind it: then the line that starts at its end has
/// an entry too.
#[inline]
fn half_line(bits: &[Le64], half: usize) -> Option<&[Le64; HALF]> {
    let start = half * HALF;
    bits.get(start..=start + HALF)?.first_chunk()
}

/// The words of line `line`, if there are as many.
#[inline]
fn whole_line(bits: &[Le64], line: usize) -> Option<&[Le64; LINE]> {
    let start = line * LINE;
    bits.get(start..start + LINE)?.first_chunk()
}

/// The words of line `line`; zeros behind the last word.
fn line_at(bits: &[Le64], line: usize) -> [u64; LINE] {
    let mut words = [0; LINE];
    for (place, word) in words.iter_mut().zip(bits.get(line * LINE..).unwrap_or(&[])) {
        *place = word.get();
    }
    words
}

/// [`select_in_line`] in the last line of bits that do not fill it.
#[cold]
#[inline(never)]
fn select_in_short<const BIT: bool>(bits: &[Le64], line: usize, k: u32) -> u32 {
    let words = line_at(bits, line).map(|word| if BIT { word } else { !word });
    select_in_line(|i| words[i], k, None)
}

/// Ones in all of `words`.
pub(super) fn ones_in(words: &[Le64]) -> u64 {
    words.iter().map(|word| u64::from(word.get().count_ones())).sum()
}

/// The work of [`RankIndex::rank`].
struct RankOne<'a, W: Words> {
    ranks: &'a RankIndex<W>,
    bits: &'a [Le64],
    index: usize,
}

impl<W: Words> Work for RankOne<'_, W> {
    type Out = usize;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> usize {
        self.ranks.rank_from_end::<false>(self.bits, self.index, by)
    }
}

impl<W: Words> Footprint for RankIndex<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.words.tell("ranks", PartKind::Index, 0, out);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::arrays::BitVec;
    use crate::mem::Global;
    use crate::testkit::data::Rng;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn ranks_of_every_position_at_every_length() {
        let mut rng = Rng::new(3);
        for len in [0, 1, 63, 64, 511, 512, 513, 2_047, 2_048, 2_049, 16_384, 40_000] {
            for thin in [1, 2, 30] {
                let bits: BitVec = (0..len).map(|_| rng.below(thin) == 0).collect();
                let index = RankIndex::try_new_in(bits.as_words(), len, Global).unwrap();
                let mut ones = 0;
                for (i, bit) in bits.iter().enumerate() {
                    assert_eq!(index.rank(bits.as_words(), i), ones, "rank({i}) of {len} bits");
                    ones += usize::from(bit);
                }
                for behind in [len, len + 1, usize::MAX] {
                    assert_eq!(index.rank(bits.as_words(), behind), ones);
                }
                assert!(index.counts(bits.as_words()));
            }
        }
    }

    #[test]
    fn an_index_takes_3_13_percent() {
        let bits = BitVec::filled(true, 10_000_000);
        let index = RankIndex::try_new_in(bits.as_words(), bits.len(), Global).unwrap();
        let superblocks = (bits.len() >> SUPER) * 8;
        assert_eq!(index.heap_bytes() - superblocks, 39_064);
        assert!(39_064.0 / f64::from(10_000_000 / 8) < 0.0313);
    }

    #[test]
    fn other_words_than_the_bits_are_refused() {
        let words = [Le64::new(1), Le64::new(1)];
        let new = |len| RankIndex::try_new_in(&words, len, Global).map(|index| index.ones());
        assert_eq!((new(128), new(65)), (Ok(2), Ok(2)));
        for len in [0, 64, 129, usize::MAX] {
            assert!(matches!(new(len), Err(BuildError::OutOfRange { name: "len", .. })), "{len}");
        }
        let words = [Le64::new(2)];
        let behind = RankIndex::try_new_in(&words, 1, Global).err();
        let name = "bits behind the last";
        assert_eq!(behind, Some(BuildError::OutOfRange { name, value: 1, min: 0, max: 0 }));
    }

    #[test]
    fn strange_counts_give_strange_ranks_and_no_panic() {
        let mut rng = Rng::new(4);
        let bits: BitVec = (0..40_000).map(|_| rng.bits(1) == 1).collect();
        for _ in 0..20 {
            let noise: Vec<Le64> =
                (0..words_for(bits.len())).map(|_| Le64::new(rng.number())).collect();
            let tag = Tag(*b"test");
            let index = RankIndex::from_words(&noise[..], bits.len(), 1_000, tag).unwrap();
            for k in (0..40_000).step_by(77) {
                core::hint::black_box(index.rank(bits.as_words(), k));
                core::hint::black_box(index.rank(&[], k));
                let last = index.last_block();
                for guess in [0, k / 2_048, last] {
                    for bits in [bits.as_words(), &[]] {
                        let one = index.select_between::<true>(bits, k, (0, last), guess, None);
                        let zero = index.select_between::<false>(bits, k, (0, last), guess, None);
                        assert!([one, zero].iter().flatten().all(|at| *at < 40_000));
                    }
                }
            }
            assert!(!index.counts(bits.as_words()));
        }
        let short = vec![Le64::new(0); words_for(bits.len()) - 1];
        assert!(RankIndex::from_words(&short[..], bits.len(), 0, Tag(*b"test")).is_err());
    }
}
