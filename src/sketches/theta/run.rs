//! A run: ascending hashes by Elias-Fano, in one block, and the index that finds one of them.
//!
//! ```text
//! words  | low halves, w bits each | high halves: a one each, a zero after each bucket | index |
//! ```
//!
//! `w = floor(log2(bound / len))`, so that there are one to two buckets a hash. The index has a
//! `u32` for each [`STEP`] buckets: how many hashes lie before them. Every number from the words
//! is checked where it is used: of a damaged file hashes may be anything.

use crate::bits::field;
use crate::bits::word::select_in_word;
use crate::storage::{Le64, as_bytes};

/// Buckets for each entry of the index.
pub(super) const STEP: u64 = 128;

/// A word of a run; behind the end, 0: hashes of a damaged file may be anywhere.
#[inline]
pub(super) fn word(words: &[Le64], at: u64) -> u64 {
    words.get(at as usize).map_or(0, |word| word.get())
}

/// Up to 64 bits from bit `from` of the words on.
#[inline]
pub(super) fn bits_at(words: &[Le64], from: u64, count: u32) -> u64 {
    let (at, shift) = (from / 64, (from % 64) as u32);
    let mut bits = word(words, at) >> shift;
    if shift + count > 64 {
        bits |= word(words, at + 1) << (64 - shift);
    }
    bits & field::mask(count)
}

/// How many hashes there are, and below what: all that the places of things follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) len: u64,
    /// All hashes are smaller; at least 1.
    pub(super) bound: u64,
}

impl Layout {
    /// Bits of the low halves: the most with which `len << bits` does not exceed the bound. Asked
    /// for with each look-up, so it divides nothing.
    #[inline]
    pub(super) const fn width(self) -> u32 {
        let len = if self.len == 0 { 1 } else { self.len };
        match len.leading_zeros().checked_sub(self.bound.leading_zeros()) {
            Some(width) if len << width <= self.bound => width,
            Some(width) => width.saturating_sub(1),
            None => 0,
        }
    }

    /// Buckets of high halves.
    pub(super) const fn buckets(self) -> u64 {
        if self.len == 0 { 0 } else { ((self.bound - 1) >> self.width()) + 1 }
    }

    /// Words of the low halves.
    pub(super) const fn low_words(self) -> u64 {
        (self.len * self.width() as u64).div_ceil(64)
    }

    /// Words of the high halves.
    pub(super) const fn high_words(self) -> u64 {
        (self.len + self.buckets()).div_ceil(64)
    }

    /// Words of the index, and one of zeros: loads of the last low half reach into what follows.
    pub(super) const fn index_words(self) -> u64 {
        if self.len == 0 { 0 } else { self.buckets().div_ceil(STEP).div_ceil(2) }
    }

    /// Words of it all.
    pub(super) const fn words(self) -> u64 {
        self.low_words() + self.high_words() + self.index_words()
    }
}

/// Where a walk over the hashes is. It borrows nothing, so that what it has passed can be
/// overwritten.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    width: u32,
    len: u64,
    index: u64,
    /// First bit of the low halves.
    low: u64,
    /// The next word of the high halves, and the one behind the last.
    next: usize,
    end: usize,
    /// Ones of the word before `next` that are still to come.
    ones: u64,
    /// First bit of that word among the high halves.
    bit: u64,
}

impl Walk {
    /// A walk over hashes laid out so, their halves beginning at these words.
    pub(super) const fn new(layout: Layout, low: u64, high: u64) -> Self {
        Self {
            width: layout.width(),
            len: layout.len,
            index: 0,
            low: low * 64,
            next: high as usize,
            end: (high + layout.high_words()) as usize,
            ones: 0,
            bit: 0_u64.wrapping_sub(64),
        }
    }

    /// The next hash.
    #[inline]
    pub(super) fn next(&mut self, words: &[Le64]) -> Option<u64> {
        if self.index == self.len {
            return None;
        }
        while self.ones == 0 {
            if self.next >= self.end {
                return None;
            }
            self.ones = words.get(self.next)?.get();
            self.next += 1;
            self.bit = self.bit.wrapping_add(64);
        }
        let bit = self.bit + u64::from(self.ones.trailing_zeros());
        self.ones &= self.ones - 1;
        let low =
            field::get(as_bytes(words), self.low + self.index * u64::from(self.width), self.width);
        let high = bit.wrapping_sub(self.index);
        self.index += 1;
        Some(high << self.width | low)
    }
}

/// A run, to be read.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) words: &'a [Le64],
    pub(super) layout: Layout,
}

impl<'a> Run<'a> {
    /// The hashes in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u64> + use<'a> {
        let mut walk = Walk::new(self.layout, 0, self.layout.low_words());
        core::iter::from_fn(move || walk.next(self.words))
    }

    /// Whether it has this hash. O(1): 3 or 4 cache lines.
    pub(super) fn contains(&self, hash: u64) -> bool {
        let width = self.layout.width();
        let bucket = hash >> width;
        if self.layout.len == 0 || bucket >= self.layout.buckets() {
            return false;
        }
        let (low_words, high_words) = (self.layout.low_words(), self.layout.high_words());
        let Some(high) = self.words.get(low_words as usize..) else { return false };
        let Some((high, index)) = high.split_at_checked(high_words as usize) else { return false };
        let Some(bit) = self.start_of(bucket, high, index) else { return false };
        let (low, lows) = (hash & field::mask(width), as_bytes(self.words));
        let mut position = bit.wrapping_sub(bucket);
        if position >= self.layout.len {
            return false;
        }
        // The bucket's hashes are the ones from here on.
        let (mut at, mut ones) = (bit / 64, high_at(high, bit / 64) >> (bit % 64));
        let mut end = position + 64 - bit % 64;
        loop {
            while position < end {
                if ones & 1 == 0 || position >= self.layout.len {
                    return false;
                }
                let found = field::get(lows, position * u64::from(width), width);
                if found >= low {
                    return found == low;
                }
                (position, ones) = (position + 1, ones >> 1);
            }
            at += 1;
            (ones, end) = (high_at(high, at), end + 64);
        }
    }

    /// The bit at which a bucket begins among the high halves.
    #[inline]
    fn start_of(&self, bucket: u64, high: &[Le64], index: &[Le64]) -> Option<u64> {
        let (entry, zeros) = (bucket / STEP, bucket % STEP);
        let two = index.get(entry as usize / 2)?.get();
        let before = two >> (entry % 2 * 32) & u64::from(u32::MAX);
        let bit = entry * STEP + before.min(self.layout.len);
        if zeros == 0 {
            return Some(bit);
        }
        let (mut at, mut wanted) = (bit / 64, zeros - 1);
        let mut word = !high.get(at as usize)?.get() & u64::MAX << (bit % 64);
        loop {
            let count = u64::from(word.count_ones());
            if count > wanted {
                return Some(at * 64 + u64::from(select_in_word(word, wanted as u32)) + 1);
            }
            (at, wanted) = (at + 1, wanted - count);
            word = !high.get(at as usize)?.get();
        }
    }
}

/// The word `at` of the high halves; of none, 0.
#[inline]
fn high_at(high: &[Le64], at: u64) -> u64 {
    high.get(at as usize).map_or(0, |word| word.get())
}

/// Writes the index of a run whose halves are there.
pub(super) fn write_index(words: &mut [Le64], layout: Layout) {
    if layout.len == 0 {
        return;
    }
    let high = layout.low_words() as usize;
    let start = high + layout.high_words() as usize;
    words[start..].fill(Le64::default());
    // Zeros wanted until the next entry; behind its last one the bucket of the entry begins.
    let (mut entry, mut wanted) = (1, STEP);
    for (at, word) in (0..).zip(high..start) {
        let zeros = !words[word].get();
        let count = u64::from(zeros.count_ones());
        if count >= wanted {
            if entry * STEP >= layout.buckets() {
                return;
            }
            let bit = at * 64 + u64::from(select_in_word(zeros, wanted as u32 - 1));
            put_entry(&mut words[start..], entry, bit + 1 - entry * STEP);
            entry += 1;
            wanted += STEP;
        }
        wanted -= count;
    }
}

fn put_entry(index: &mut [Le64], entry: u64, ones: u64) {
    let word = &mut index[entry as usize / 2];
    let shift = entry % 2 * 32;
    let cleared = word.get() & !(u64::from(u32::MAX) << shift);
    *word = Le64::new(cleared | ones << shift);
}

/// Writes ascending hashes, word by word, where only whole words that are passed may be changed.
pub(super) struct Writer {
    width: u32,
    most: u64,
    index: u64,
    low: Bits,
    high: Bits,
    /// Bits of the high halves that are written.
    bit: u64,
    /// Bits of the high halves in all.
    end: u64,
}

/// A row of words that is filled from the front.
struct Bits {
    at: usize,
    word: u64,
    used: u32,
}

impl Bits {
    const fn new(at: u64) -> Self {
        Self { at: at as usize, word: 0, used: 0 }
    }

    /// Appends `width <= 64` bits.
    #[inline]
    fn push(&mut self, words: &mut [Le64], value: u64, width: u32) {
        if width == 0 {
            return;
        }
        self.word |= value << self.used;
        self.used += width;
        if self.used >= 64 {
            words[self.at] = Le64::new(self.word);
            self.at += 1;
            self.used -= 64;
            // The bits that found no room.
            self.word = if self.used == 0 { 0 } else { value >> (width - self.used) };
        }
    }

    /// Appends `count` bits that begin at bit `from` of the words.
    fn copy(&mut self, words: &mut [Le64], mut from: u64, mut count: u64) {
        if count >= 64 {
            let first = 64 - self.used;
            self.push(words, bits_at(words, from, first), first);
            from += u64::from(first);
            count -= u64::from(first);
            // A word is loaded once, as the high part of one and the low part of the next.
            let (mut at, shift) = (from / 64, (from % 64) as u32);
            let mut low = word(words, at) >> shift;
            for _ in 0..count / 64 {
                at += 1;
                let next = word(words, at);
                words[self.at] = Le64::new(low | next << 1 << (63 - shift));
                self.at += 1;
                low = next >> shift;
            }
            from += count / 64 * 64;
            count %= 64;
        }
        while count > 0 {
            let some = count.min(64 - u64::from(self.used)) as u32;
            self.push(words, bits_at(words, from, some), some);
            from += u64::from(some);
            count -= u64::from(some);
        }
    }

    /// Appends zeros.
    fn skip(&mut self, words: &mut [Le64], mut count: u64) {
        while count > 0 {
            let some = count.min(64 - u64::from(self.used)) as u32;
            self.push(words, 0, some);
            count -= u64::from(some);
        }
    }

    fn finish(self, words: &mut [Le64]) {
        if self.used > 0 {
            words[self.at] = Le64::new(self.word);
        }
    }
}

impl Writer {
    /// Writes hashes laid out so, their halves beginning at these words.
    pub(super) const fn new(layout: Layout, low: u64, high: u64) -> Self {
        let (low, high) = (Bits::new(low), Bits::new(high));
        let end = layout.len + layout.buckets();
        Self { width: layout.width(), most: layout.bound - 1, index: 0, low, high, bit: 0, end }
    }

    #[inline]
    pub(super) fn push(&mut self, words: &mut [Le64], hash: u64) {
        // Those of a damaged file may be in any order, and above the bound.
        let hash = hash.min(self.most);
        self.low.push(words, hash & field::mask(self.width), self.width);
        let bit = (hash >> self.width) + self.index;
        let bit = bit.max(self.bit);
        if bit < self.end {
            self.high.skip(words, bit - self.bit);
            self.high.push(words, 1, 1);
            self.bit = bit + 1;
        }
        self.index += 1;
    }

    /// Hashes written.
    pub(super) const fn written(&self) -> u64 {
        self.index
    }

    /// Appends so many hashes whose halves are in the words as they shall be written: from these
    /// bits on, the high ones so many bits long.
    pub(super) fn copy(&mut self, words: &mut [Le64], from: (u64, u64), hashes: u64, bits: u64) {
        self.low.copy(words, from.0, hashes * u64::from(self.width));
        // Of a damaged file there may be more than there is room for.
        let bits = bits.min(self.end - self.bit);
        self.high.copy(words, from.1, bits);
        self.bit += bits;
        self.index += hashes;
    }

    /// Writes what is left; `layout` as it was given.
    pub(super) fn finish(mut self, words: &mut [Le64], layout: Layout) {
        self.high.skip(words, (layout.len + layout.buckets()).saturating_sub(self.bit));
        self.low.finish(words);
        self.high.finish(words);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn what_is_written_is_found() {
        for (len, bound) in
            [(1, 1 << 63), (2, 3), (3, 3), (700, 1 << 50), (700, 701), (1, 1), (5_000, 1 << 62)]
        {
            let layout = Layout { len, bound };
            let step = (bound / len).max(1);
            let hashes: Vec<u64> =
                (0..len).map(|i| i * step + i * 7_919 % step).map(|h| h.min(bound - 1)).collect();
            let mut words = vec![Le64::new(u64::MAX); layout.words() as usize];
            let mut writer = Writer::new(layout, 0, layout.low_words());
            hashes.iter().for_each(|hash| writer.push(&mut words, *hash));
            writer.finish(&mut words, layout);
            write_index(&mut words, layout);
            let run = Run { words: &words, layout };
            assert!(run.iter().eq(hashes.iter().copied()), "{layout:?}");
            for hash in &hashes {
                assert!(run.contains(*hash), "{hash} in {layout:?}");
                let other = hash ^ 1;
                let there = hashes.binary_search(&other).is_ok();
                assert_eq!(run.contains(other), there, "{other} in {layout:?}");
            }
        }
    }

    #[test]
    fn any_words_are_read() {
        for word in [0, u64::MAX, 0x5555_5555_5555_5555] {
            let layout = Layout { len: 300, bound: 1 << 40 };
            let words = vec![Le64::new(word); layout.words() as usize];
            let run = Run { words: &words, layout };
            assert!(run.iter().count() <= 300);
            assert!((0..1_000).filter(|i| run.contains(i << 30)).count() <= 1_000);
        }
    }
}
