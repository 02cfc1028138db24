//! One slice of a set: the numbers that share all but their low 16 bits, in the coding that suits
//! them.
//!
//! ```text
//! SHORT    | numbers u16, ascending |
//! RUNS     | first number of each run u16 | numbers before each run u16 |
//! LISTS    see `lists`: one byte a number, in blocks of 256
//! BITMAP   | numbers before each 4,096 bits: 16 of u16 | 65,536 bits |
//! SPARSE   see `sparse`: the Elias-Fano code of a slice
//! ```
//!
//! Nothing here trusts its bytes: what is not there reads as 0, what is read is checked or masked
//! where it is used, and loops end by counts of the code and not of the data.

use super::blocks::{BLOCK_WORDS, Block, block_in};
use super::lists;
use crate::bits::word::{below, select_in_word};
use crate::simd::counting::{self, Work};
pub(super) use crate::simd::scalar::unpack::load as word_at;

/// How a slice is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Short = 0,
    Runs = 1,
    Lists = 2,
    Bitmap = 3,
    Sparse = 4,
}

impl Coding {
    /// The coding of this number; numbers that are none mean bitmaps.
    #[inline]
    pub(super) const fn of(number: u64) -> Self {
        // Read and not matched: compilers make a jump of that, and another one where it is used.
        const ALL: [Coding; 8] = {
            let mut all = [Coding::Bitmap; 8];
            (all[0], all[1], all[2]) = (Coding::Short, Coding::Runs, Coding::Lists);
            all[4] = Coding::Sparse;
            all
        };
        ALL[if number < 8 { number as usize } else { 7 }]
    }
}

/// Numbers of the universe in a slice.
pub(super) const UNIVERSE: usize = 1 << 16;
/// Words of a slice's bits.
pub(super) const WORDS: usize = UNIVERSE / 64;
/// Words between two counts of a bitmap.
pub(super) const STRIDE: usize = 64;
/// Counts of a bitmap, in bytes.
pub(super) const COUNTS: usize = WORDS / STRIDE * 2;
/// Bytes that are read behind a slice: a list is read as if it had 32.
pub(super) const PADDING: usize = 32;

/// Numbers of a slice as bits.
pub(super) type Bits = [u64; WORDS];

/// One slice of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    pub(super) coding: Coding,
    /// How many numbers it has, at most 65,536; in a damaged file, how many that says.
    pub(super) count: usize,
    /// Its bytes.
    pub(super) len: usize,
    /// From its first byte on, with what lies behind its last one.
    pub(super) bytes: &'a [u8],
}

/// Where a walk over a slice is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Numbers before it.
    pub(super) index: usize,
    /// The run, the block or the word.
    pub(super) at: usize,
    /// How much of that was taken, or its bits that are left.
    pub(super) rest: u64,
}

#[inline]
pub(super) fn u16_at(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).and_then(|bytes| bytes.first_chunk()) {
        Some(two) => usize::from(u16::from_le_bytes(*two)),
        None => 0,
    }
}

#[inline]
pub(super) fn byte_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at).map_or(0, |byte| usize::from(*byte))
}

/// Of so many numbers, all are compared at once.
const WINDOW: usize = 32;

/// How many of the `len` ascending numbers from byte `at` on are smaller than `y`.
#[inline]
pub(super) fn u16_lower_bound(bytes: &[u8], at: usize, len: usize, y: usize) -> usize {
    let (mut base, mut size) = (0, len);
    while size > WINDOW {
        let half = size / 2;
        let less = u16_at(bytes, at + 2 * (base + half - 1)) < y;
        base += half & usize::from(less).wrapping_neg();
        size -= half;
    }
    let window = bytes.get(at + 2 * base..).and_then(|bytes| bytes.first_chunk());
    let less = match window {
        Some(window) if y < UNIVERSE => count_less(window, size, y as u16),
        _ => (0..size).take_while(|index| u16_at(bytes, at + 2 * (base + index)) < y).count(),
    };
    base + less
}

/// Ones and zeros: the [`WINDOW`] from `WINDOW - len` on are ones in the first `len` places.
const FIRST: [u16; 2 * WINDOW] = {
    let mut first = [0; 2 * WINDOW];
    let mut at = 0;
    while at < WINDOW {
        first[at] = 1;
        at += 1;
    }
    first
};

/// How many of the first `len` numbers are smaller than `y`.
#[inline]
fn count_less(window: &[u8; 2 * WINDOW], len: usize, y: u16) -> usize {
    // Read, and not worked out from `len`: compilers make vectors of it.
    let first = &FIRST[WINDOW - len.min(WINDOW)..][..WINDOW];
    let numbers = window.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let less = numbers.zip(first).map(|(number, first)| u16::from(number < y) & first);
    usize::from(less.sum::<u16>())
}

/// How far from where it is looked for first a number of a SHORT slice may be, to be found there.
const REACH: usize = 32;

/// As [`u16_lower_bound`], of the numbers of a SHORT slice. Looks first where `y` would be if they
/// were spread evenly: that reads two cache lines, which the steps of a search in all would not.
#[inline]
pub(super) fn short_lower_bound(bytes: &[u8], count: usize, y: usize) -> usize {
    // At most 65,535 times 65,536.
    let guess = (y % UNIVERSE * count.min(UNIVERSE)) / UNIVERSE;
    let (low, high) = (guess.saturating_sub(REACH), (guess + REACH).min(count));
    let is_behind = low == 0 || u16_at(bytes, 2 * low - 2) < y;
    let is_before = high == count || u16_at(bytes, 2 * high) >= y;
    match is_behind & is_before {
        true => low + u16_lower_bound(bytes, 2 * low, high - low, y),
        false => u16_lower_bound(bytes, 0, count, y),
    }
}

/// A run: its first number, numbers before it, its length.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) start: usize,
    rank: usize,
    pub(super) len: usize,
}

impl Slice<'_> {
    /// No numbers.
    pub(super) const EMPTY: Self = Self { coding: Coding::Short, count: 0, len: 0, bytes: &[] };

    /// Whether `y` is in the slice.
    #[inline]
    pub(super) fn contains(&self, y: usize) -> bool {
        match self.coding {
            Coding::Bitmap => self.bits(y / 64) >> (y % 64) & 1 != 0,
            Coding::Lists => lists::contains(self.bytes, self.len, y),
            Coding::Short => {
                let at = short_lower_bound(self.bytes, self.count, y);
                at < self.count && u16_at(self.bytes, 2 * at) == y
            }
            Coding::Runs => self.run_before(y).is_some_and(|run| y - run.start < run.len),
            Coding::Sparse => self.sparse_contains(y),
        }
    }

    /// How many numbers are smaller than `y`.
    pub(super) fn rank(&self, y: usize) -> usize {
        let rank = match self.coding {
            Coding::Short => short_lower_bound(self.bytes, self.count, y),
            Coding::Runs => {
                self.run_before(y).map_or(0, |run| run.rank + (y - run.start).min(run.len))
            }
            Coding::Lists => self.lists_rank(y),
            Coding::Bitmap => self.bitmap_rank(y),
            Coding::Sparse => self.sparse_search(y).0,
        };
        rank.min(self.count)
    }

    /// The place before number `k`.
    pub(super) fn seek(&self, k: usize) -> Place {
        match self.coding {
            Coding::Short => Place { index: k, ..Place::default() },
            Coding::Runs => {
                let runs = self.runs();
                let at = u16_lower_bound(self.bytes, 2 * runs, runs, k + 1).saturating_sub(1);
                Place { index: k, at, rest: k.saturating_sub(self.run(at).rank) as u64 }
            }
            Coding::Lists => self.lists_seek(k),
            Coding::Bitmap => self.bitmap_seek(k),
            Coding::Sparse => self.sparse_seek(k),
        }
    }

    /// Writes the numbers from `place` on into `out`, as many as fit and there are, and moves
    /// behind them; returns how many. What stands behind these in `out` is then anything.
    #[inline]
    pub(super) fn decode(&self, place: &mut Place, out: &mut [u16]) -> usize {
        match out.len() < MANY {
            true => self.decode_some(place, out),
            false => counting::run(Decode { slice: self, place, out }),
        }
    }

    /// As [`decode`](Self::decode), but only some of the numbers if all would take longer each: at
    /// least one, if there are any.
    #[inline]
    pub(super) fn decode_next(&self, place: &mut Place, out: &mut [u16]) -> usize {
        match self.coding {
            Coding::Lists => counting::run(DecodeNext { slice: self, place, out }),
            _ => self.decode(place, out),
        }
    }

    #[inline(always)]
    fn decode_some(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let want = out.len().min(self.count.saturating_sub(place.index));
        let done = match self.coding {
            Coding::Short => {
                let bytes = self.bytes.get(2 * place.index..).unwrap_or(&[]);
                let pairs =
                    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                // What a damaged file lacks reads as 0.
                let numbers = pairs.chain(core::iter::repeat(0));
                out[..want].iter_mut().zip(numbers).for_each(|(out, y)| *out = y);
                want
            }
            Coding::Runs => self.decode_runs(place, &mut out[..want]),
            Coding::Lists => self.decode_lists(place, out, want, false),
            Coding::Bitmap => self.decode_bitmap(place, &mut out[..want]),
            Coding::Sparse => self.decode_sparse(place, &mut out[..want]),
        };
        place.index += done;
        done
    }

    /// Tells of every word of the slice's bits that may not be 0: its index and its bits. A word
    /// may be told of in several parts.
    #[inline]
    pub(super) fn for_words(&self, mut tell: impl FnMut(usize, u64)) {
        match self.coding {
            Coding::Bitmap => (0..WORDS).for_each(|at| tell(at, self.bits(at))),
            Coding::Runs => {
                // Damaged runs may overlap: all together have no more numbers than the slice.
                let mut left = self.count;
                for run in (0..self.runs()).map(|index| self.run(index)) {
                    let len = run.len.min(left);
                    for_range(run.start, (run.start + len).min(UNIVERSE), &mut tell);
                    left -= len;
                }
            }
            _ => self.for_numbers(|y| tell(y / 64, 1 << (y % 64))),
        }
    }

    /// Tells of every number, in order.
    #[inline]
    pub(super) fn for_numbers(&self, mut tell: impl FnMut(usize)) {
        let (mut chunk, mut place) = ([0; CHUNK], self.seek(0));
        loop {
            let got = self.decode_next(&mut place, &mut chunk);
            if got == 0 {
                return;
            }
            chunk[..got].iter().for_each(|y| tell(usize::from(*y)));
        }
    }

    /// Word `at` of a bitmap.
    #[inline]
    fn bits(&self, at: usize) -> u64 {
        word_at(self.bytes, COUNTS + 8 * at)
    }

    /// The words of a bitmap. `None` if this is none, or damaged.
    #[inline]
    pub(super) fn bitmap(&self) -> Option<&[u8; 8 * WORDS]> {
        let is_bitmap = self.coding == Coding::Bitmap;
        self.bytes.get(COUNTS..).filter(|_| is_bitmap)?.first_chunk()
    }

    /// Block `index` of a bitmap.
    #[inline(always)]
    pub(super) fn bitmap_block(&self, index: usize) -> Block {
        let at = COUNTS + 8 * BLOCK_WORDS * index;
        match self.bytes.get(at..).and_then(|bytes| bytes.first_chunk()) {
            Some(bytes) => block_in(bytes),
            None => core::array::from_fn(|word| self.bits(BLOCK_WORDS * index + word)),
        }
    }

    /// Writes all numbers into `out`, which has room for as many and [`ROOM`](super::lists::ROOM)
    /// more; returns how many.
    pub(super) fn decode_all(&self, out: &mut [u16]) -> usize {
        match self.coding {
            Coding::Lists => counting::run(DecodeLists { slice: self, out }),
            Coding::Sparse => match self.decode_all_sparse(out) {
                Some(count) => count,
                None => self.decode(&mut self.seek(0), out),
            },
            _ => self.decode(&mut self.seek(0), out),
        }
    }

    fn bitmap_rank(&self, y: usize) -> usize {
        let (word, stride) = (y / 64, y / 64 / STRIDE);
        let whole = (stride * STRIDE..word).map(|at| self.bits(at).count_ones() as usize);
        let part = (self.bits(word) & below(y as u32)).count_ones() as usize;
        u16_at(self.bytes, 2 * stride) + whole.sum::<usize>() + part
    }

    fn bitmap_seek(&self, k: usize) -> Place {
        let starts_by = |stride: &usize| u16_at(self.bytes, 2 * *stride) <= k;
        let stride = (1..WORDS / STRIDE).take_while(starts_by).count();
        let (mut at, mut before) = (stride * STRIDE, u16_at(self.bytes, 2 * stride).min(k));
        while at < WORDS {
            let next = before + self.bits(at).count_ones() as usize;
            if next > k {
                break;
            }
            (at, before) = (at + 1, next);
        }
        let word = if at < WORDS { self.bits(at) } else { 0 };
        Place { index: k, at, rest: without_lowest(word, k - before) }
    }

    #[inline(always)]
    fn decode_bitmap(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let mut done = 0;
        while done < out.len() {
            while place.rest == 0 {
                place.at += 1;
                if place.at >= WORDS {
                    return done;
                }
                place.rest = self.bits(place.at);
            }
            let base = (64 * place.at) as u16;
            if let Some(room) = out[done..].first_chunk_mut() {
                done += write_ones(base, core::mem::take(&mut place.rest), room);
                continue;
            }
            let take = (place.rest.count_ones() as usize).min(out.len() - done);
            for out in &mut out[done..done + take] {
                *out = base | place.rest.trailing_zeros() as u16;
                place.rest &= place.rest.wrapping_sub(1);
            }
            done += take;
        }
        done
    }

    /// How many runs there are.
    pub(super) const fn runs(&self) -> usize {
        self.len / 4
    }

    #[inline]
    pub(super) fn run(&self, index: usize) -> Run {
        let runs = self.runs();
        let rank = u16_at(self.bytes, 2 * (runs + index));
        let next = match index + 1 < runs {
            true => u16_at(self.bytes, 2 * (runs + index + 1)),
            false => self.count,
        };
        Run { start: u16_at(self.bytes, 2 * index), rank, len: next.saturating_sub(rank) }
    }

    /// The last run that starts at or before `y`.
    #[inline]
    fn run_before(&self, y: usize) -> Option<Run> {
        let behind = u16_lower_bound(self.bytes, 0, self.runs(), y + 1);
        let run = self.run(behind.checked_sub(1)?);
        // Of runs that do not ascend, as damaged ones may, a search finds any.
        (run.start <= y).then_some(run)
    }

    #[inline(always)]
    fn decode_runs(&self, place: &mut Place, out: &mut [u16]) -> usize {
        let mut done = 0;
        while done < out.len() && place.at < self.runs() {
            let run = self.run(place.at);
            let skip = place.rest as usize;
            let left = run.len.saturating_sub(skip);
            let take = left.min(out.len() - done);
            for (at, out) in out[done..done + take].iter_mut().enumerate() {
                *out = (run.start + skip + at) as u16;
            }
            done += take;
            match take < left {
                true => place.rest += take as u64,
                false => (place.at, place.rest) = (place.at + 1, 0),
            }
        }
        done
    }
}

/// Numbers that are decoded at once.
const CHUNK: usize = 256;

/// So many numbers, and it pays to ask the processor what it has.
const MANY: usize = 64;

/// The work of [`Slice::decode`].
struct Decode<'a, 'b> {
    slice: &'a Slice<'b>,
    place: &'a mut Place,
    out: &'a mut [u16],
}

impl Work for Decode<'_, '_> {
    type Out = usize;

    #[inline(always)]
    fn run(self) -> usize {
        self.slice.decode_some(self.place, self.out)
    }
}

/// The work of [`Slice::decode_next`] for lists.
struct DecodeNext<'a, 'b> {
    slice: &'a Slice<'b>,
    place: &'a mut Place,
    out: &'a mut [u16],
}

impl Work for DecodeNext<'_, '_> {
    type Out = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let Self { slice, place, out } = self;
        let want = out.len().min(slice.count.saturating_sub(place.index));
        let done = slice.decode_lists(place, out, want, true);
        place.index += done;
        done
    }
}

/// The work of [`Slice::decode_all`] for lists.
struct DecodeLists<'a, 'b> {
    slice: &'a Slice<'b>,
    out: &'a mut [u16],
}

impl Work for DecodeLists<'_, '_> {
    type Out = usize;

    #[inline(always)]
    fn run(self) -> usize {
        self.slice.decode_all_lists(self.out)
    }
}

/// `word` without its `count` lowest ones.
#[inline]
pub(super) fn without_lowest(word: u64, count: usize) -> u64 {
    match count < word.count_ones() as usize {
        true => word & (u64::MAX << (select_in_word(word, count as u32) & 63)),
        false => 0,
    }
}

/// Writes `base` plus the place of each one of `word` into `out`, from the lowest up; returns how
/// many. What stands behind them is then anything.
///
/// Sixteen at a time: words have about as many ones as each other, and then no branch is guessed
/// wrong.
#[inline(always)]
pub(super) fn write_ones(base: u16, mut word: u64, out: &mut [u16; 64]) -> usize {
    let count = word.count_ones() as usize;
    for out in out.chunks_exact_mut(16) {
        for out in out {
            *out = base.wrapping_add(word.trailing_zeros() as u16);
            word &= word.wrapping_sub(1);
        }
        if word == 0 {
            break;
        }
    }
    count
}

/// The ones of a word, from the lowest up.
pub(super) struct Ones(u64);

/// The ones of `word`. An iterator: a closure that is not inlined is compiled for any machine,
/// whatever the work asks for that it is in, and unions of bitmaps take two thirds of the time so
/// (measured: `sets` of the peers' benches).
#[inline(always)]
pub(super) const fn ones(word: u64) -> Ones {
    Ones(word)
}

impl Iterator for Ones {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let one = (self.0 != 0).then_some(self.0.trailing_zeros() as usize);
        self.0 &= self.0.wrapping_sub(1);
        one
    }
}

/// Tells of the words of the numbers `start..end`, both at most [`UNIVERSE`].
#[inline]
pub(super) fn for_range(start: usize, end: usize, tell: &mut impl FnMut(usize, u64)) {
    let mut at = start;
    while at < end {
        let (word, bit) = (at / 64, at % 64);
        let len = (64 - bit).min(end - at);
        tell(word, (u64::MAX >> (64 - len)) << bit);
        at += len;
    }
}
