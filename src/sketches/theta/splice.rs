//! Merging into a run without decoding it: where the width stays, the halves of the hashes between
//! two new ones are strings of bits, and are copied as such.

use super::run::{Layout, Run, Writer, bits_at, word};
use crate::bits::field::mask;
use crate::bits::word::select_in_word;
use crate::storage::Le64;

/// The hashes of a run, the largest first.
pub(super) struct Back<'a> {
    run: Run<'a>,
    left: u64,
    /// The word of the high halves in which the next one is, and what is left of it.
    at: u64,
    ones: u64,
}

impl<'a> Back<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        let high = run.layout.high_words();
        Self { run, left: run.layout.len, at: high, ones: 0 }
    }

    /// How many are still to come.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn next(&mut self) -> Option<u64> {
        if self.left == 0 {
            return None;
        }
        let first = self.run.layout.low_words();
        while self.ones == 0 {
            if self.at == 0 {
                self.left = 0; // fewer ones than hashes: a damaged file
                return None;
            }
            self.at -= 1;
            self.ones = word(self.run.words, first + self.at);
        }
        let top = u64::from(self.ones.ilog2());
        self.ones ^= 1 << top;
        self.left -= 1;
        let width = self.run.layout.width();
        let low = bits_at(self.run.words, self.left * u64::from(width), width);
        Some((self.at * 64 + top).wrapping_sub(self.left) << width | low)
    }
}

/// A walk over a run that stops only where a hash is to be put in.
pub(super) struct Splice {
    width: u32,
    len: u64,
    /// First bits of the halves, and the one behind the last of the high ones.
    low: u64,
    high: u64,
    end: u64,
    /// Hashes passed.
    index: u64,
    /// Bits of the high halves passed.
    bit: u64,
}

impl Splice {
    /// A walk over hashes laid out so, their halves beginning at these words.
    pub(super) const fn new(layout: Layout, low: u64, high: u64) -> Self {
        let end = (high + layout.high_words()) * 64;
        let (width, len) = (layout.width(), layout.len);
        Self { width, len, low: low * 64, high: high * 64, end, index: 0, bit: 0 }
    }

    /// Writes the `len` smallest hashes of the run and of a sorted table. The layout of what is
    /// written has the width of the run.
    pub(super) fn insert_all(
        &mut self,
        words: &mut [Le64],
        sorted: &[Le64],
        len: u64,
        writer: &mut Writer,
    ) {
        for hash in sorted.iter().map(|word| word.get()) {
            let (index, bit) = self.place_of(words, hash);
            let before = index - self.index;
            if writer.written() + before >= len {
                break;
            }
            self.copy_to(words, index, bit, writer);
            writer.push(words, hash);
        }
        let index = (self.index + len.saturating_sub(writer.written())).min(self.len);
        let bit = self.end_of(words, index);
        self.copy_to(words, index, bit, writer);
    }

    /// Copies what lies before.
    fn copy_to(&mut self, words: &mut [Le64], index: u64, bit: u64, writer: &mut Writer) {
        let width = u64::from(self.width);
        let low = self.low + self.index * width;
        let high = self.high + self.bit;
        writer.copy(words, (low, high), index - self.index, bit - self.bit);
        (self.index, self.bit) = (index, bit);
    }

    /// How many hashes of the run are smaller, and how many bits of high halves lie before.
    fn place_of(&self, words: &[Le64], hash: u64) -> (u64, u64) {
        let bucket = hash >> self.width;
        let (mut index, mut bit) = (self.index, self.bit);
        // To the bit behind the zero that ends the bucket before.
        while bit.wrapping_sub(index) < bucket && self.high + bit < self.end {
            let here = self.high + bit;
            let rest = 64 - (here % 64) as u32;
            let zeros = !word(words, here / 64) >> (here % 64) & mask(rest);
            let wanted = bucket - (bit - index);
            let passed = if u64::from(zeros.count_ones()) >= wanted {
                select_in_word(zeros, wanted as u32 - 1) + 1
            } else {
                rest
            };
            index += u64::from(passed - (zeros & mask(passed)).count_ones());
            bit += u64::from(passed);
        }
        let low = hash & mask(self.width);
        while index < self.len && self.is_one(words, bit) && self.low_of(words, index) < low {
            index += 1;
            bit += 1;
        }
        // Of a damaged file there may be more ones than hashes.
        (index.clamp(self.index, self.len.max(self.index)), bit)
    }

    /// Behind the high half of the hash before `index`.
    fn end_of(&self, words: &[Le64], index: u64) -> u64 {
        let (mut wanted, mut bit) = (index - self.index, self.bit);
        while wanted > 0 && self.high + bit < self.end {
            let here = self.high + bit;
            let rest = 64 - (here % 64) as u32;
            let ones = word(words, here / 64) >> (here % 64);
            let count = u64::from(ones.count_ones());
            if count >= wanted {
                return bit + u64::from(select_in_word(ones, wanted as u32 - 1)) + 1;
            }
            wanted -= count;
            bit += u64::from(rest);
        }
        bit
    }

    fn is_one(&self, words: &[Le64], bit: u64) -> bool {
        let at = self.high + bit;
        at < self.end && word(words, at / 64) >> (at % 64) & 1 == 1
    }

    fn low_of(&self, words: &[Le64], index: u64) -> u64 {
        bits_at(words, self.low + index * u64::from(self.width), self.width)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::{cases, data::Rng};
    use std::vec;
    use std::vec::Vec;

    /// The words of ascending hashes.
    fn written(hashes: &[u64], layout: Layout) -> Vec<Le64> {
        let mut words = vec![Le64::default(); layout.words() as usize];
        let mut writer = Writer::new(layout, 0, layout.low_words());
        hashes.iter().for_each(|hash| writer.push(&mut words, *hash));
        writer.finish(&mut words, layout);
        words
    }

    fn some(rng: &mut Rng, count: usize, bound: u64) -> Vec<u64> {
        let mut hashes: Vec<u64> = (0..count).map(|_| 1 + rng.number() % (bound - 1)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    #[test]
    fn from_the_back_and_spliced_it_is_as_decoded() {
        let mut rng = Rng::new(1);
        let mut spliced = 0;
        for case in 0..u64::from(cases(2_000)) {
            let bound = 1 << (2 + case % 61);
            let count = 1 + rng.below(300);
            let hashes = some(&mut rng, count, bound);
            let layout = Layout { len: hashes.len() as u64, bound };
            let words = written(&hashes, layout);
            let run = Run { words: &words, layout };
            let mut back = Back::new(run);
            let backward: Vec<u64> = core::iter::from_fn(|| back.next()).collect();
            assert!(backward.iter().rev().eq(&hashes));

            let count = rng.below(60);
            let mut table = some(&mut rng, count, bound);
            table.retain(|hash| hashes.binary_search(hash).is_err());
            let mut all = [&hashes[..], &table].concat();
            all.sort_unstable();
            all.truncate(1 + rng.below(all.len()));
            let last = *all.last().unwrap();
            let new = Layout { len: all.len() as u64, bound: (last + 1).max(bound / 4 * 3) };
            if new.width() != layout.width() {
                continue;
            }
            spliced += 1;
            let table: Vec<Le64> = table.into_iter().map(Le64::new).collect();
            // The old words wait behind the new ones.
            let from = new.words();
            let mut block = vec![Le64::default(); from as usize];
            block.extend_from_slice(&words);
            let mut writer = Writer::new(new, 0, new.low_words());
            Splice::new(layout, from, from + layout.low_words()).insert_all(
                &mut block,
                &table,
                new.len,
                &mut writer,
            );
            writer.finish(&mut block, new);
            assert_eq!(&block[..from as usize], &written(&all, new), "case {case}");
        }
        assert!(spliced > 0);
    }
}
