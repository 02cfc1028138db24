//! Counts of bins, in blocks of 32 whose counts have as many bits as the largest needs.
//!
//! The directory has an entry of 32 bits for each block: three bits say how wide its counts are,
//! the others at which word they begin. Blocks lie in order, without gaps.

use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::words::{Le32, as_halves, as_halves_mut};
use crate::storage::{HeapWords, Words};

/// Bins of a block.
pub(super) const BINS: usize = 32;
/// The largest code of a width: 64 bits.
const WIDEST: u32 = 4;

/// Counts from bin `32 * first` on.
#[derive(Clone)]
pub(super) struct Bins<W> {
    /// The first block's number.
    pub(super) first: u32,
    /// Blocks.
    pub(super) len: usize,
    /// Half a word for each block, and zeros to a whole word.
    pub(super) directory: W,
    pub(super) counts: W,
}

/// Words of a block whose counts have this code: 0 none, then 8, 16, 32, 64 bits.
const fn words_of(code: u32) -> usize {
    if code == 0 || code > WIDEST { 0 } else { 2 << code }
}

/// The smallest code for counts up to `count`.
const fn code_for(count: u64) -> u32 {
    match count {
        0 => 0,
        1..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFFFF_FFFF => 3,
        _ => WIDEST,
    }
}

/// Words of a block whose largest count is `count`.
const fn words_for(count: u64) -> usize {
    words_of(code_for(count))
}

/// The largest count of a code below 8; where there are no counts, 0.
#[inline]
const fn most_of(code: u32) -> u64 {
    // A table, as every number that is added asks for it.
    const MOST: [u64; 8] = [0, 0xFF, 0xFFFF, 0xFFFF_FFFF, u64::MAX, 0, 0, 0];
    MOST[code as usize & 7]
}

impl<W: Words> Bins<W> {
    /// Where block `at` begins, and its code: none if there is no such block, or its words do not
    /// exist.
    #[inline]
    fn block(&self, at: usize) -> (usize, u32) {
        let (start, code) = if at < self.len { self.entry(at) } else { (0, 0) };
        let exists = start + words_of(code) <= self.counts.words().len();
        if exists { (start, code) } else { (self.counts.words().len(), 0) }
    }

    /// Where block `at` begins, and its code, as the directory says. Behind the last one it says
    /// nothing, or zeros to a whole word.
    #[inline]
    fn entry(&self, at: usize) -> (usize, u32) {
        let entry = as_halves(self.directory.words()).get(at).map_or(0, |entry| entry.get());
        ((entry >> 3) as usize, entry & 7)
    }

    /// Where the count of a bin stands: its word and its lowest bit, in a block of this code.
    #[inline]
    const fn place(start: usize, code: u32, bin: usize) -> (usize, u32) {
        let bit = bin << (code + 2);
        (start + (bit >> 6), (bit & 63) as u32)
    }

    /// The count of bin `bin < 32` in block `at`.
    pub(super) fn get(&self, at: usize, bin: usize) -> u64 {
        let (start, code) = self.block(at);
        if words_of(code) == 0 {
            return 0;
        }
        let (word, shift) = Self::place(start, code, bin);
        self.counts.words().get(word).map_or(0, |word| word.get() >> shift & most_of(code))
    }

    /// Bins that are not empty, ascending, with their counts.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> + '_ {
        let filled = (0..self.len).filter(|at| words_of(self.block(*at).1) > 0);
        let bins = filled.flat_map(|at| (0..BINS).map(move |bin| (at, bin)));
        bins.filter_map(|(at, bin)| {
            let count = self.get(at, bin);
            (count > 0).then(|| (self.number(at, bin), count))
        })
    }

    const fn number(&self, at: usize, bin: usize) -> u32 {
        self.first.wrapping_add(at as u32).wrapping_mul(BINS as u32).wrapping_add(bin as u32)
    }

    /// Whether blocks lie in order and without gaps, none wider than it has to be.
    pub(super) fn is_sound(&self) -> bool {
        let entries = as_halves(self.directory.words());
        let mut next = 0;
        let in_order = entries.iter().take(self.len).enumerate().all(|(at, entry)| {
            let (start, code) = ((entry.get() >> 3) as usize, entry.get() & 7);
            let bins = if words_of(code) > 0 { 0..BINS } else { 0..0 };
            let most = bins.map(|bin| self.get(at, bin)).max().unwrap_or(0);
            let right = start == next && code == code_for(most);
            next += words_of(code);
            right
        });
        let padded = entries.iter().skip(self.len).all(|entry| entry.get() == 0);
        in_order && padded && next == self.counts.words().len()
    }
}

impl<A: Alloc> Bins<HeapWords<A>> {
    /// No bins; requests nothing.
    pub(super) fn new_in(alloc: A) -> Self
    where
        A: Clone,
    {
        let (directory, counts) = (HeapWords::new_in(alloc.clone()), HeapWords::new_in(alloc));
        Self { first: 0, len: 0, directory, counts }
    }

    /// Adds to a bin that there is, as long as its block's width allows; whether it did.
    #[inline]
    pub(super) fn add(&mut self, number: u32, count: u64) -> bool {
        let at = (number / BINS as u32).wrapping_sub(self.first) as usize;
        let (start, code) = self.entry(at);
        let (word, shift) = Self::place(start, code, number as usize % BINS);
        let Some(word) = self.counts.words_mut().get_mut(word) else { return count == 0 };
        // By how much it may grow: 0 where there is no count.
        let more = !(word.get() >> shift) & most_of(code);
        let fits = count <= more;
        if fits {
            *word = crate::storage::Le64::new(word.get() + (count << shift));
        }
        fits
    }

    /// Takes from a bin what was added to it, and from its block the width that was for it.
    pub(super) fn take(&mut self, number: u32, count: u64) {
        let at = (number / BINS as u32).wrapping_sub(self.first) as usize;
        let bin = number as usize % BINS;
        let less = self.get(at, bin).saturating_sub(count);
        self.set(at, bin, less);
        self.narrow(at);
    }

    /// Gives the counts of block `at` the least width that holds them.
    fn narrow(&mut self, at: usize) {
        let (start, old) = self.block(at);
        let held: [u64; BINS] = core::array::from_fn(|bin| self.get(at, bin));
        let code = code_for(held.into_iter().fold(0, u64::max));
        if code >= old || at >= self.len {
            return;
        }
        let (have, need) = (words_of(old), words_of(code));
        let len = self.counts.words().len();
        let words = self.counts.words_mut();
        words.copy_within(start + have..len, start + need);
        words[start..start + need].fill(crate::storage::Le64::default());
        self.counts.truncate(len + need - have);
        let entries = as_halves_mut(self.directory.words_mut());
        entries[at] = Le32::new((start as u32) << 3 | code);
        for entry in &mut entries[at + 1..self.len] {
            *entry = Le32::new(entry.get().wrapping_sub(((have - need) as u32) << 3));
        }
        for (bin, count) in held.into_iter().enumerate() {
            self.set(at, bin, count);
        }
    }

    /// Sets a count that fits its block's width.
    fn set(&mut self, at: usize, bin: usize, count: u64) {
        let (start, code) = self.block(at);
        if words_of(code) == 0 {
            return;
        }
        let (word, shift) = Self::place(start, code, bin);
        if let Some(word) = self.counts.words_mut().get_mut(word) {
            let others = word.get() & !(most_of(code) << shift);
            *word = crate::storage::Le64::new(others | count.min(most_of(code)) << shift);
        }
    }

    /// Adds to a bin, and makes the block, and its counts wider, if need be. Counts stop at the
    /// largest number. With `most` blocks already, bins below all that there are count as the
    /// lowest of them, and for a bin above the lowest blocks become one bin; returns whether that
    /// happened. If memory is refused, nothing has.
    pub(super) fn grow(
        &mut self,
        number: u32,
        count: u64,
        most: usize,
    ) -> Result<bool, AllocError> {
        let block = number / BINS as u32;
        let last = self.first.wrapping_add(self.len as u32);
        let (mut number, mut collapsed) = (number, false);
        if self.len == 0 {
            self.reserve(1, words_for(count))?;
            self.insert_blocks(0, 1)?;
            self.first = block;
        } else if block < self.first {
            let room = most.saturating_sub(self.len);
            let more = ((self.first - block) as usize).min(room);
            if more > 0 {
                self.reserve(self.len + more, words_for(count))?;
            }
            self.insert_blocks(0, more)?;
            self.first -= more as u32;
            collapsed = block < self.first;
            number = number.max(self.first.wrapping_mul(BINS as u32));
        } else if block >= last {
            let needed = (block - self.first) as usize + 1;
            if needed > most {
                self.collapse(needed - most, count, most)?;
                collapsed = true;
            } else {
                self.reserve(needed, words_for(count))?;
            }
            let needed = block.wrapping_sub(self.first) as usize + 1;
            self.insert_blocks(self.len, needed.saturating_sub(self.len))?;
        }
        if !self.add(number, count) {
            let at = (number / BINS as u32).wrapping_sub(self.first) as usize;
            let bin = number as usize % BINS;
            let sum = self.get(at, bin).saturating_add(count);
            self.widen(at, code_for(sum))?;
            self.set(at, bin, sum);
        }
        Ok(collapsed)
    }

    /// Makes room for so many blocks in all, and so many more words of counts.
    fn reserve(&mut self, blocks: usize, more: usize) -> Result<(), AllocError> {
        let words = blocks.div_ceil(2);
        self.directory.try_reserve_exact(words.saturating_sub(self.directory.words().len()))?;
        self.counts.try_reserve_exact(more)
    }

    /// Inserts `more` empty blocks before block `at`.
    fn insert_blocks(&mut self, at: usize, more: usize) -> Result<(), AllocError> {
        let words = (self.len + more).div_ceil(2);
        self.directory.try_reserve_exact(words.saturating_sub(self.directory.words().len()))?;
        self.directory.try_resize(words)?;
        let start = if at == 0 { 0 } else { self.counts.words().len() as u32 };
        let entries = as_halves_mut(self.directory.words_mut());
        entries.copy_within(at..self.len, at + more);
        entries[at..at + more].fill(Le32::new(start << 3));
        self.len += more;
        Ok(())
    }

    /// Gives the counts of block `at` the width of `code`, if they are narrower.
    fn widen(&mut self, at: usize, code: u32) -> Result<(), AllocError> {
        let (start, old) = self.block(at);
        if old >= code || at >= self.len {
            return Ok(());
        }
        let (have, need) = (words_of(old), words_of(code));
        let len = self.counts.words().len();
        self.counts.try_reserve_exact(need - have)?;
        self.counts.try_resize(len + need - have)?;
        let held: [u64; BINS] = core::array::from_fn(|bin| self.get(at, bin));
        let words = self.counts.words_mut();
        words.copy_within(start + have..len, start + need);
        words[start..start + need].fill(crate::storage::Le64::default());
        let entries = as_halves_mut(self.directory.words_mut());
        entries[at] = Le32::new((start as u32) << 3 | code);
        for entry in &mut entries[at + 1..self.len] {
            *entry = Le32::new(entry.get().wrapping_add(((need - have) as u32) << 3));
        }
        for (bin, count) in held.into_iter().enumerate() {
            self.set(at, bin, count);
        }
        Ok(())
    }

    /// Makes the lowest `blocks` blocks one bin, the lowest of the block above them. If that is
    /// above all there are, an empty one is made. There is room then for `most` blocks and a count
    /// of `more`: whoever adds it, and blocks for it, needs no memory.
    fn collapse(&mut self, blocks: usize, more: u64, most: usize) -> Result<(), AllocError> {
        let gone = blocks.min(self.len);
        let below = (0..gone).flat_map(|at| (0..BINS).map(move |bin| (at, bin)));
        let sum = below.fold(0_u64, |sum, (at, bin)| sum.saturating_add(self.get(at, bin)));
        let total = self.get(gone, 0).saturating_add(sum);
        // The block of the sum becomes wider before those below it go, and then that of the number.
        let words = words_for(total) + words_for(total.saturating_add(more));
        self.reserve(most.max(self.len + 1), words)?;
        if gone == self.len {
            self.insert_blocks(self.len, 1)?;
        }
        self.widen(gone, code_for(total))?;
        self.set(gone, 0, total);
        let (start, _) = self.block(gone);
        self.counts.words_mut().copy_within(start.., 0);
        self.counts.truncate(self.counts.words().len() - start);
        let entries = as_halves_mut(self.directory.words_mut());
        entries.copy_within(gone..self.len, 0);
        self.len -= gone;
        entries[self.len..].fill(Le32::default());
        for entry in &mut entries[..self.len] {
            *entry = Le32::new(entry.get().wrapping_sub((start as u32) << 3));
        }
        self.directory.truncate(self.len.div_ceil(2));
        // The number of the block that is lowest now.
        self.first = self.first.wrapping_add(blocks as u32);
        Ok(())
    }

    /// Gives back all room that is not needed.
    pub(super) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.directory.try_shrink_to_fit()?;
        self.counts.try_shrink_to_fit()
    }

    /// Forgets all counts; keeps the room.
    pub(super) fn clear(&mut self) {
        (self.first, self.len) = (0, 0);
        self.directory.truncate(0);
        self.counts.truncate(0);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;
    use std::collections::BTreeMap;

    fn bins(counts: &[(u32, u64)], most: usize) -> (Bins<HeapWords>, bool) {
        let (mut bins, mut collapsed) = (Bins::new_in(Global), false);
        for (number, count) in counts {
            collapsed |= bins.grow(*number, *count, most).unwrap();
            assert!(bins.is_sound());
        }
        (bins, collapsed)
    }

    #[test]
    fn counts_are_those_of_a_map() {
        let mut truth = BTreeMap::new();
        let (mut all, mut x) = (Bins::new_in(Global), 1_u64);
        for _ in 0..4_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = 10_000 + (x >> 33) as u32 % 700;
            let count = [1, 1, 1, 300, 70_000, 1 << 33][(x >> 20) as usize % 6];
            if !all.add(number, count) {
                all.grow(number, count, 1_000).unwrap();
            }
            *truth.entry(number).or_insert(0) += count;
        }
        assert!(all.is_sound());
        assert_eq!(all.iter().collect::<BTreeMap<_, _>>(), truth);
        assert!(all.iter().rev().eq(truth.iter().rev().map(|(number, count)| (*number, *count))));
    }

    #[test]
    fn the_lowest_collapse() {
        let all = [(64, 1), (70, 2), (96, 300), (200, 5), (10, 7), (400, 9)];
        let (kept, collapsed) = bins(&all, 100);
        assert!(!collapsed && kept.len == 13);
        let (few, collapsed) = bins(&all, 5);
        // Room for 160 bins: the highest block is 12, so that the lowest bin is 32 * 8.
        assert!(collapsed && few.len == 5);
        assert_eq!(few.iter().collect::<std::vec::Vec<_>>(), [(256, 315), (400, 9)]);
        let (one, _) = bins(&[(5, 1), (1 << 20, 2), (3, 4)], 1);
        assert_eq!(one.iter().collect::<std::vec::Vec<_>>(), [(1 << 20, 7)]);
        let (far, _) = bins(&[(5, 1), (1 << 20, 2), ((1 << 20) - 40, 4)], 3);
        assert_eq!(far.iter().last(), Some((1 << 20, 2)));
    }
}
