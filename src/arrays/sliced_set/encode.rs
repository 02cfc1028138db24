//! Coding a slice: which way takes fewest bytes, and its bytes.

use super::blocks::{BLOCK_WORDS, Blocks, Used, block_of};
use super::lists::{FULL, GROUP, GROUPS, RECORD, RECORDS};
use super::slice::{Bits, COUNTS, Coding, STRIDE, Slice, UNIVERSE, WORDS, for_ones, word_at};
use super::sparse::{high_bits, low_bits};
use super::{Prefer, runs};
use crate::bits::word::below;
use crate::simd::counting::{self, Work};

/// The most bytes a slice takes, in any coding: that of a list for each block, all of them full.
pub(super) const MOST_BYTES: usize = RECORDS + GROUPS * GROUP * (FULL + 1);

/// The numbers of a slice, before they are coded.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    /// One by one, ascending.
    List(&'a [u16]),
    /// As bits.
    Bits(&'a Bits),
    /// As bits of which most may be zeros.
    Blocks(&'a Blocks),
    /// As bounds of runs.
    Runs(&'a [u32]),
}

/// The numbers of a slice, in the two ways that coding knows.
#[derive(Clone, Copy)]
enum View<'a> {
    List(&'a [u16]),
    /// All blocks that are not used are zeros.
    Bits(&'a Bits, Used),
}

impl<'a> View<'a> {
    const fn of(blocks: &'a Blocks) -> Self {
        let (bits, used) = blocks.parts();
        Self::Bits(bits, used)
    }
}

impl View<'_> {
    /// Tells of each, in order.
    #[inline(always)]
    fn for_each(&self, mut tell: impl FnMut(usize)) {
        match self {
            Self::List(list) => list.iter().for_each(|y| tell(usize::from(*y))),
            Self::Bits(bits, used) => for_words(bits, *used, |at, word| {
                for_ones(word, |bit| tell(64 * at + bit));
            }),
        }
    }
}

/// Tells of the words of used blocks, in order: which one, and its bits.
#[inline(always)]
fn for_words(bits: &Bits, used: Used, mut tell: impl FnMut(usize, u64)) {
    used.for_each(|index| {
        for (at, word) in block_of(bits, index).iter().enumerate() {
            tell(BLOCK_WORDS * index + at, *word);
        }
    });
}

/// What decides about the coding of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) count: usize,
    pub(super) runs: usize,
    /// Bytes in lists.
    pub(super) lists: usize,
}

impl Profile {
    /// Looks at all numbers.
    pub(super) fn of(numbers: Numbers<'_>) -> Self {
        let view = match numbers {
            Numbers::List(list) => View::List(list),
            Numbers::Bits(bits) => View::Bits(bits, Used::ALL),
            Numbers::Blocks(blocks) => View::of(blocks),
            Numbers::Runs(bounds) => return runs::profile(bounds),
        };
        counting::run(Measure(view))
    }

    #[inline(always)]
    fn of_bits(bits: &Bits, used: Used) -> Self {
        let (mut count, mut runs, mut lists) = (0, 0, RECORDS);
        // The highest bit of the block before, if that is used.
        let (mut carry, mut next) = (0, 0);
        used.for_each(|index| {
            let mut here = 0;
            carry = if index == next { carry } else { 0 };
            for word in block_of(bits, index) {
                here += word.count_ones() as usize;
                runs += (word & !(word << 1 | carry)).count_ones() as usize;
                carry = word >> 63;
            }
            count += here;
            lists += here.min(FULL) + usize::from(here > 0);
            next = index + 1;
        });
        Self { count, runs, lists }
    }

    /// Without a branch for each number: compilers make vectors of the three loops.
    #[inline(always)]
    fn of_list(list: &[u16]) -> Self {
        let count = list.len();
        let first = usize::from(count > 0);
        let pairs = || list.iter().zip(list.get(1..).unwrap_or(&[]));
        let starts = pairs().map(|(y, next)| u16::from(y.wrapping_add(1) != *next));
        let blocks = pairs().map(|(y, next)| u16::from(y >> 8 != next >> 8));
        // A number that has 32 before it in its block takes no byte: the block is full.
        let late = list.iter().zip(list.get(FULL..).unwrap_or(&[]));
        let late = late.map(|(y, later)| u16::from(y >> 8 == later >> 8));
        // Numbers of a slice but one: they fit into 16 bits.
        let [starts, blocks, late] =
            [starts.sum::<u16>(), blocks.sum(), late.sum()].map(usize::from);
        let lists = RECORDS + count - late + first + blocks;
        Self { count, runs: first + starts, lists }
    }

    /// Bytes in this coding.
    pub(super) const fn bytes(&self, coding: Coding) -> usize {
        match coding {
            Coding::Short => 2 * self.count,
            Coding::Runs => 4 * self.runs,
            Coding::Lists => self.lists,
            Coding::Bitmap => COUNTS + 8 * WORDS,
            Coding::Sparse => {
                let low = self.count * low_bits(self.count) as usize;
                high_bits(self.count).div_ceil(8) + low.div_ceil(8)
            }
        }
    }

    /// The coding of fewest bytes among those that `prefer` admits; of equal ones the faster.
    pub(super) fn best(&self, prefer: Prefer) -> Coding {
        let by_time = [Coding::Bitmap, Coding::Lists, Coding::Short, Coding::Runs];
        let quick = by_time.into_iter().min_by_key(|coding| self.bytes(*coding));
        let quick = quick.unwrap_or(Coding::Bitmap);
        // The sparse code is searched word by word: not for a few bytes.
        let is_smaller = 8 * self.bytes(Coding::Sparse) < 7 * self.bytes(quick);
        if prefer == Prefer::Bytes && is_smaller { Coding::Sparse } else { quick }
    }

    /// The coding for a slice that is filled on: runs if there are few of them.
    pub(super) fn best_growing(&self) -> Coding {
        let best = self.best_changeable();
        if 2 * self.bytes(Coding::Runs) < self.bytes(best) { Coding::Runs } else { best }
    }

    /// The coding of fewest bytes among those that can be changed anywhere.
    pub(super) fn best_changeable(&self) -> Coding {
        let codings = [Coding::Bitmap, Coding::Lists, Coding::Short];
        codings.into_iter().min_by_key(|coding| self.bytes(*coding)).unwrap_or(Coding::Bitmap)
    }
}

/// The work of [`Profile::of`].
struct Measure<'a>(View<'a>);

impl Work for Measure<'_> {
    type Out = Profile;

    #[inline(always)]
    fn run(self) -> Profile {
        match self.0 {
            View::List(list) => Profile::of_list(list),
            View::Bits(bits, used) => Profile::of_bits(bits, used),
        }
    }
}

/// Writes the slice of `numbers`, of which `profile` tells, into `out`: zeros, of just the length
/// that `profile` says.
pub(super) fn encode(numbers: Numbers<'_>, profile: &Profile, coding: Coding, out: &mut [u8]) {
    let mut encode = |numbers| counting::run(Encode { numbers, profile, coding, out });
    match numbers {
        Numbers::List(list) => encode(View::List(list)),
        Numbers::Bits(bits) => encode(View::Bits(bits, Used::ALL)),
        Numbers::Blocks(blocks) => encode(View::of(blocks)),
        Numbers::Runs(bounds) if coding == Coding::Runs => write_bounds(bounds, out),
        Numbers::Runs(bounds) => encode(View::of(&runs::to_blocks(bounds))),
    }
}

/// Writes runs whose bounds are known.
fn write_bounds(bounds: &[u32], out: &mut [u8]) {
    let (starts, ranks) = out.split_at_mut(bounds.len());
    let places = starts.chunks_exact_mut(2).zip(ranks.chunks_exact_mut(2));
    let mut before = 0;
    for ((start, rank), pair) in places.zip(bounds.chunks_exact(2)) {
        put(Some(start), pair[0] as usize);
        put(Some(rank), before);
        before += (pair[1] - pair[0]) as usize;
    }
}

/// The work of [`encode`].
struct Encode<'a> {
    numbers: View<'a>,
    profile: &'a Profile,
    coding: Coding,
    out: &'a mut [u8],
}

impl Work for Encode<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { numbers, profile, coding, out } = self;
        match coding {
            Coding::Short => {
                let mut places = out.chunks_exact_mut(2);
                numbers.for_each(|y| put(places.next(), y));
            }
            Coding::Runs => write_runs(numbers, profile.runs, out),
            Coding::Lists => lists(numbers, out),
            Coding::Bitmap => bitmap(numbers, out),
            Coding::Sparse => sparse(numbers, profile.count, out),
        }
    }
}

/// Writes a number into two bytes.
#[inline]
pub(super) fn put(place: Option<&mut [u8]>, number: usize) {
    if let Some(place) = place {
        place.copy_from_slice(&(number as u16).to_le_bytes());
    }
}

#[inline(always)]
fn write_runs(numbers: View<'_>, runs: usize, out: &mut [u8]) {
    let (starts, ranks) = out.split_at_mut(2 * runs);
    let (mut starts, mut ranks) = (starts.chunks_exact_mut(2), ranks.chunks_exact_mut(2));
    let mut start = |y: usize, rank: usize| {
        put(starts.next(), y);
        put(ranks.next(), rank);
    };
    let mut before = 0;
    match numbers {
        View::List(list) => {
            let mut next = UNIVERSE;
            for y in list.iter().copied().map(usize::from) {
                if y != next {
                    start(y, before);
                }
                (before, next) = (before + 1, y + 1);
            }
        }
        View::Bits(bits, used) => {
            let (mut carry, mut next) = (0, 0);
            for_words(bits, used, |at, word| {
                carry = if at == next { carry } else { 0 };
                for_ones(word & !(word << 1 | carry), |bit| {
                    let lower = word & below(bit as u32);
                    start(64 * at + bit, before + lower.count_ones() as usize);
                });
                before += word.count_ones() as usize;
                (carry, next) = (word >> 63, at + 1);
            });
        }
    }
}

#[inline(always)]
fn lists(numbers: View<'_>, out: &mut [u8]) {
    let (records, body) = out.split_at_mut(RECORDS);
    let (mut start, mut rank) = (0, 0);
    let mut rest = match numbers {
        View::List(list) => list,
        View::Bits(..) => &[],
    };
    for index in 0..GROUPS {
        let (map, end, count) = match numbers {
            View::List(_) => {
                let of_group = |y: &&u16| usize::from(**y) / (UNIVERSE / GROUPS) == index;
                let (group, others) = rest.split_at(rest.iter().take_while(of_group).count());
                rest = others;
                write_listed(group, body, start)
            }
            View::Bits(_, used) if used.group(index) == 0 => (0, start, 0),
            View::Bits(bits, _) => {
                let words = BLOCK_WORDS * GROUP;
                write_group(&bits[words * index..words * (index + 1)], body, start)
            }
        };
        write_record(records, index, map, start, rank);
        (start, rank) = (end, rank + count);
    }
    write_record(records, GROUPS, 0, start, rank);
}

/// As [`write_group`], of numbers one by one.
#[inline(always)]
fn write_listed(group: &[u16], body: &mut [u8], start: usize) -> (u8, usize, usize) {
    let mut counts = [0_usize; GROUP];
    group.iter().for_each(|y| counts[usize::from(y >> 8) % GROUP] += 1);
    if counts.iter().any(|count| *count >= FULL) {
        let mut words = [0_u64; BLOCK_WORDS * GROUP];
        for y in group {
            words[usize::from(y / 64) % (BLOCK_WORDS * GROUP)] |= 1 << (y % 64);
        }
        return write_group(&words, body, start);
    }
    let (mut map, mut at, mut from) = (0, start, 0);
    for (bit, count) in counts.into_iter().enumerate() {
        if count > 0 {
            body[at] = from as u8;
            map |= 1 << bit;
            (at, from) = (at + 1, from + count);
        }
    }
    // The lists of a group lie one behind the other, as the numbers do.
    let lows = body[at..at + group.len()].iter_mut();
    lows.zip(group).for_each(|(low, y)| *low = *y as u8);
    (map, at + group.len(), group.len())
}

/// Writes the record of a group, as far as there is room: that of the end is cut.
pub(super) fn write_record(records: &mut [u8], index: usize, map: u8, start: usize, rank: usize) {
    let ([low, high], [less, more]) = ((start as u16).to_le_bytes(), (rank as u16).to_le_bytes());
    let places = records[RECORD * index..].iter_mut();
    for (place, byte) in places.zip([map, low, high, less, more]) {
        *place = byte;
    }
}

/// Writes a group of the bits `words` from byte `start` of `body` on; returns the map of its used
/// blocks, where it ends, and how many numbers it has.
#[inline(always)]
fn write_group(words: &[u64], body: &mut [u8], start: usize) -> (u8, usize, usize) {
    let (mut counts, mut map) = ([0; GROUP], 0_u8);
    for (bit, block) in words.chunks_exact(BLOCK_WORDS).enumerate() {
        let ones: usize = block.iter().map(|word| word.count_ones() as usize).sum();
        counts[bit % GROUP] = ones;
        map |= u8::from(ones > 0) << bit;
    }
    let content = start + map.count_ones() as usize;
    let (mut at, mut end) = (start, content);
    for_ones(u64::from(map), |bit| {
        body[at] = (end - content) as u8;
        let block = &words[BLOCK_WORDS * bit..BLOCK_WORDS * (bit + 1)];
        end += write_list(block, counts[bit % GROUP], &mut body[end..]);
        at += 1;
    });
    (map, end, counts.iter().sum())
}

/// Writes the list of a block of `count` numbers; returns its bytes.
#[inline(always)]
fn write_list(block: &[u64], count: usize, out: &mut [u8]) -> usize {
    if count >= FULL {
        for (word, place) in block.iter().zip(out.chunks_exact_mut(8)) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        return FULL;
    }
    let mut places = out.iter_mut();
    for (at, word) in block.iter().enumerate() {
        for_ones(*word, |bit| {
            if let Some(place) = places.next() {
                *place = (64 * at + bit) as u8;
            }
        });
    }
    count
}

#[inline(always)]
fn bitmap(numbers: View<'_>, out: &mut [u8]) {
    let (counts, bytes) = out.split_at_mut(COUNTS);
    match numbers {
        View::Bits(bits, _) => {
            for (word, place) in bits.iter().zip(bytes.chunks_exact_mut(8)) {
                place.copy_from_slice(&word.to_le_bytes());
            }
        }
        View::List(list) => {
            list.iter().for_each(|y| bytes[usize::from(*y) / 8] |= 1 << (y % 8));
        }
    }
    let mut before = 0;
    for (stride, count) in bytes.chunks_exact(8 * STRIDE).zip(counts.chunks_exact_mut(2)) {
        put(Some(count), before);
        let words = stride.chunks_exact(8).map(|word| word_at(word, 0));
        before += words.map(|word| word.count_ones() as usize).sum::<usize>();
    }
}

#[inline(always)]
fn sparse(numbers: View<'_>, count: usize, out: &mut [u8]) {
    let width = low_bits(count);
    let (high, low) = out.split_at_mut(high_bits(count).div_ceil(8));
    let (mut highs, mut lows) = (high.chunks_mut(8), low.chunks_mut(4));
    // The word of high parts that is being filled, and low parts that make no four bytes yet.
    let (mut word, mut at, mut pending, mut bits) = (0_u64, 0, 0_u64, 0);
    let mut index = 0;
    numbers.for_each(|y| {
        let bit = (y >> width) + index;
        while bit / 64 > at {
            put_some(highs.next(), core::mem::take(&mut word));
            at += 1;
        }
        word |= 1 << (bit % 64);
        index += 1;
        pending |= (y as u64 & below(width)) << bits;
        bits += width;
        if bits >= 32 {
            put_some(lows.next(), pending);
            (pending, bits) = (pending >> 32, bits - 32);
        }
    });
    put_some(highs.next(), word);
    put_some(lows.next(), pending);
}

/// Writes the first bytes of `word`, as many as there is room for.
#[inline(always)]
fn put_some(place: Option<&mut [u8]>, word: u64) {
    if let Some(place) = place {
        place.iter_mut().zip(word.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    }
}

/// Whether a slice is, byte for byte, what its numbers are coded as.
pub(super) fn check_slice(slice: &Slice<'_>, prefer: Prefer) -> bool {
    let (mut bits, mut chunk): (Bits, _) = ([0; WORDS], [0; 256]);
    let (mut place, mut next, mut seen) = (slice.seek(0), 0, 0);
    loop {
        let got = slice.decode(&mut place, &mut chunk);
        if got == 0 {
            break;
        }
        for y in chunk[..got].iter().copied().map(usize::from) {
            if y < next {
                return false;
            }
            bits[y / 64] |= 1 << (y % 64);
            (next, seen) = (y + 1, seen + 1);
        }
    }
    let profile = Profile::of(Numbers::Bits(&bits));
    if seen != slice.count || seen == 0 {
        return seen == slice.count && slice.len == 0 && slice.coding == Coding::Short;
    }
    let right = profile.best(prefer) == slice.coding && profile.bytes(slice.coding) == slice.len;
    let mut coded = [0; MOST_BYTES];
    let Some(coded) = coded.get_mut(..slice.len).filter(|_| right) else { return false };
    encode(Numbers::Bits(&bits), &profile, slice.coding, coded);
    slice.bytes.get(..slice.len).is_some_and(|bytes| bytes == &*coded)
}
