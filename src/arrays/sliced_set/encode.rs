//! Coding a slice: which way takes fewest bytes, and its bytes.

use super::blocks::{BLOCK_WORDS, Blocks, Used, block_of};
use super::lists::{FULL, GROUP, GROUPS, RECORD, RECORDS};
use super::slice::{
    Bits, COUNTS, Coding, STRIDE, Slice, UNIVERSE, WORDS, ones, word_at, write_ones,
};
use super::sparse::{high_bits, low_bits};
use super::{Prefer, runs};
use crate::bits::word::below;
use crate::simd::counting::{self, Work};
use crate::simd::wide::{self, WIDE_FIELD, Wide};
use core::slice::{ChunksExactMut, ChunksMut};

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

/// What takes ascending numbers, some at a time.
trait Take {
    /// To be marked `#[inline(always)]`: see [`Work`].
    fn take(&mut self, list: &[u16]);
}

impl View<'_> {
    /// Gives all to `taker`, in order.
    #[inline(always)]
    fn give(&self, taker: &mut impl Take) {
        match self {
            Self::List(list) => taker.take(list),
            Self::Bits(bits, used) => {
                let (mut list, mut len) = ([0; SOME + 64], 0);
                for (at, word) in words_of(bits, *used) {
                    if let Some(room) = list[len..].first_chunk_mut() {
                        len += write_ones((64 * at) as u16, word, room);
                    }
                    if len > SOME {
                        taker.take(&list[..SOME]);
                        list.copy_within(SOME..len, 0);
                        len -= SOME;
                    }
                }
                taker.take(&list[..len]);
            }
        }
    }
}

/// Numbers that are made of bits at a time.
const SOME: usize = 256;

/// The words of used blocks, in order: which one, and its bits.
#[inline(always)]
fn words_of(bits: &Bits, used: Used) -> impl Iterator<Item = (usize, u64)> {
    let words = used.iter().flat_map(|index| BLOCK_WORDS * index..BLOCK_WORDS * (index + 1));
    words.map(|at| (at, bits[at % WORDS]))
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
        let at_once = match view {
            View::Bits(bits, Used::ALL) => wide::run(MeasureAll(bits)),
            _ => None,
        };
        at_once.unwrap_or_else(|| counting::run(Measure(view)))
    }

    #[inline(always)]
    fn of_bits(bits: &Bits, used: Used) -> Self {
        let (mut count, mut runs, mut lists) = (0, 0, RECORDS);
        // The highest bit of the block before, if that is used.
        let (mut carry, mut next) = (0, 0);
        for index in used.iter() {
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
        }
        Self { count, runs, lists }
    }

    /// As [`of_bits`](Self::of_bits), of all blocks: loops that compilers make vectors of, where
    /// those can count ones.
    #[inline(always)]
    fn of_all(bits: &Bits) -> Self {
        let starts = |word: u64, before: u64| (word & !(word << 1 | before >> 63)).count_ones();
        let runs = bits[1..].iter().zip(bits).map(|(word, before)| starts(*word, *before));
        let runs = runs.sum::<u32>() + starts(bits[0], 0);
        let count = bits.iter().map(|word| word.count_ones()).sum::<u32>();
        let mut lists = RECORDS as u32;
        for block in bits.chunks_exact(BLOCK_WORDS) {
            let here: u32 = block.iter().map(|word| word.count_ones()).sum();
            lists += here.min(FULL as u32) + u32::from(here > 0);
        }
        Self { count: count as usize, runs: runs as usize, lists: lists as usize }
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

/// The work of [`Profile::of`] for bits of which none are known to be zeros.
struct MeasureAll<'a>(&'a Bits);

impl wide::Work for MeasureAll<'_> {
    type Out = Profile;

    #[inline(always)]
    fn run(self, _: Wide) -> Profile {
        Profile::of_all(self.0)
    }
}

/// Writes the slice of `numbers`, of which `profile` tells, into `out`: zeros, of just the length
/// that `profile` says.
pub(super) fn encode(numbers: Numbers<'_>, profile: &Profile, coding: Coding, out: &mut [u8]) {
    let mut encode = |numbers| match coding {
        Coding::Sparse if sparse_at_once(numbers, profile.count, out) => {}
        _ => counting::run(Encode { numbers, profile, coding, out }),
    };
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
                numbers.give(&mut Shorts(out.chunks_exact_mut(2)));
            }
            Coding::Runs => write_runs(numbers, profile.runs, out),
            Coding::Lists => lists(numbers, out),
            Coding::Bitmap => bitmap(numbers, out),
            Coding::Sparse => sparse(numbers, profile.count, out),
        }
    }
}

/// Writes numbers into two bytes each.
struct Shorts<'a>(ChunksExactMut<'a, u8>);

impl Take for Shorts<'_> {
    #[inline(always)]
    fn take(&mut self, list: &[u16]) {
        for y in list {
            put(self.0.next(), usize::from(*y));
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
            for (at, word) in words_of(bits, used) {
                carry = if at == next { carry } else { 0 };
                for bit in ones(word & !(word << 1 | carry)) {
                    let lower = word & below(bit as u32);
                    start(64 * at + bit, before + lower.count_ones() as usize);
                }
                before += word.count_ones() as usize;
                (carry, next) = (word >> 63, at + 1);
            }
        }
    }
}

#[inline(always)]
fn lists(numbers: View<'_>, out: &mut [u8]) {
    let (records, body) = out.split_at_mut(RECORDS);
    match numbers {
        View::List(list) => listed(list, records, body),
        View::Bits(bits, used) => lists_of_bits(bits, used, records, body),
    }
}

#[inline(always)]
fn lists_of_bits(bits: &Bits, used: Used, records: &mut [u8], body: &mut [u8]) {
    let (mut start, mut rank) = (0, 0);
    for index in 0..GROUPS {
        let (map, end, count) = match used.group(index) {
            0 => (0, start, 0),
            _ => {
                let words = BLOCK_WORDS * GROUP;
                write_group(&bits[words * index..words * (index + 1)], body, start)
            }
        };
        write_record(records, index, map, start, rank);
        (start, rank) = (end, rank + count);
    }
    write_record(records, GROUPS, 0, start, rank);
}

/// As [`lists_of_bits`], of numbers one by one.
#[inline(always)]
fn listed(list: &[u16], records: &mut [u8], body: &mut [u8]) {
    let ends = block_ends(list);
    let mut start = 0;
    for index in 0..GROUPS {
        let ends = &ends[GROUP * index..][..GROUP + 1];
        let (from, to) = (ends[0] as usize, ends[GROUP] as usize);
        let group = &list[from..to];
        let (map, end) = match ends.windows(2).any(|pair| pair[1] - pair[0] >= FULL as u32) {
            true => write_full(group, body, start),
            false => write_listed(group, ends, body, start),
        };
        write_record(records, index, map, start, from);
        start = end;
    }
    write_record(records, GROUPS, 0, start, list.len());
}

/// How many numbers are before each block, and how many there are.
#[inline(always)]
fn block_ends(list: &[u16]) -> [u32; GROUPS * GROUP + 1] {
    let mut ends = [0; GROUPS * GROUP + 1];
    // Written and not added up: what is added to what was just written waits for it.
    for (before, y) in (1..=list.len() as u32).zip(list) {
        ends[usize::from(y >> 8) + 1] = before;
    }
    let mut last = 0;
    for end in &mut ends {
        last = last.max(*end);
        *end = last;
    }
    ends
}

/// Writes a group of which some lists are bits.
#[cold]
fn write_full(group: &[u16], body: &mut [u8], start: usize) -> (u8, usize) {
    let mut words = [0_u64; BLOCK_WORDS * GROUP];
    for y in group {
        words[usize::from(y / 64) % (BLOCK_WORDS * GROUP)] |= 1 << (y % 64);
    }
    let (map, end, _) = write_group(&words, body, start);
    (map, end)
}

/// As [`write_group`], of numbers one by one, fewer than [`FULL`] in each block.
#[inline(always)]
fn write_listed(group: &[u16], ends: &[u32], body: &mut [u8], start: usize) -> (u8, usize) {
    let (mut map, mut at) = (0, start);
    for (bit, pair) in ends.windows(2).enumerate() {
        let is_used = pair[1] > pair[0];
        // Written in any case, and over again if the block is not used.
        if let Some(place) = body.get_mut(at) {
            *place = (pair[0] - ends[0]) as u8;
        }
        map |= u8::from(is_used) << bit;
        at += usize::from(is_used);
    }
    // The lists of a group lie one behind the other, as the numbers do.
    let lows = body[at..at + group.len()].iter_mut();
    lows.zip(group).for_each(|(low, y)| *low = *y as u8);
    (map, at + group.len())
}

/// Writes the record of a group, which comes before those of the next ones: over what stands there.
#[inline(always)]
pub(super) fn write_record(records: &mut [u8], index: usize, map: u8, start: usize, rank: usize) {
    let ([low, high], [less, more]) = ((start as u16).to_le_bytes(), (rank as u16).to_le_bytes());
    let record = [map, low, high, less, more, 0, 0, 0];
    match records[RECORD * index..].first_chunk_mut() {
        Some(place) => *place = record,
        // That of the end is cut.
        None => {
            records[RECORD * index..]
                .iter_mut()
                .zip(record)
                .for_each(|(place, byte)| *place = byte);
        }
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
    for bit in ones(u64::from(map)) {
        body[at] = (end - content) as u8;
        let block = &words[BLOCK_WORDS * bit..BLOCK_WORDS * (bit + 1)];
        end += write_list(block, counts[bit % GROUP], &mut body[end..]);
        at += 1;
    }
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
        for bit in ones(*word) {
            if let Some(place) = places.next() {
                *place = (64 * at + bit) as u8;
            }
        }
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

/// Writes the Elias-Fano code of a slice.
struct Sparse<'a> {
    /// Low bits of a number.
    width: u32,
    /// How many numbers came: as many ones.
    index: usize,
    highs: &'a mut [u8],
    /// Their words, before they are written there all at once: those of all slices that are best
    /// coded so. Of others, they are far.
    near: [u64; NEAR],
    is_far: bool,
    /// The last word of high parts that has ones: its bits, and which one it is.
    word: u64,
    at: usize,
    lows: ChunksMut<'a, u8>,
    /// Low parts that make no eight bytes yet, and how many bits they have.
    pending: u64,
    bits: u32,
}

impl Sparse<'_> {
    /// Writes a word for each number, and the next one over it: when a word is full, nobody can
    /// guess.
    #[inline(always)]
    fn take_highs(&mut self, list: &[u16]) {
        // Kept apart, so that they are in registers.
        let (mut word, mut at, mut bit, width) = (self.word, self.at, self.index, self.width);
        if self.is_far {
            return self.take_far_highs(list);
        }
        let mut pairs = list.chunks_exact(2);
        let all = |yes: bool| u64::from(yes).wrapping_neg();
        for pair in &mut pairs {
            let place = (usize::from(pair[0]) >> width) + bit;
            let next = (usize::from(pair[1]) >> width) + bit + 1;
            bit += 2;
            // What waits for the pair before is an `and` and an `or`.
            let (is_same, are_same) = (all(place / 64 == at), all(next / 64 == place / 64));
            let (first, second) = (1 << (place % 64), 1 << (next % 64));
            self.near[place / 64 % NEAR] = word & is_same | first;
            word = word & (is_same & are_same) | (first & are_same | second);
            at = next / 64;
            self.near[at % NEAR] = word;
        }
        if let [y] = pairs.remainder() {
            let place = (usize::from(*y) >> width) + bit;
            bit += 1;
            word = word & all(place / 64 == at) | 1 << (place % 64);
            at = place / 64;
            self.near[at % NEAR] = word;
        }
        (self.word, self.at, self.index) = (word, at, bit);
    }

    #[cold]
    fn take_far_highs(&mut self, list: &[u16]) {
        for y in list {
            let place = (usize::from(*y) >> self.width) + self.index;
            self.index += 1;
            self.highs[place / 8] |= 1 << (place % 8);
        }
    }

    /// Writes what is left.
    #[inline(always)]
    fn finish(mut self) {
        put_some(self.lows.next(), self.pending);
        if !self.is_far {
            let words = self.highs.chunks_mut(8).zip(&self.near);
            words.for_each(|(place, word)| put_some(Some(place), *word));
        }
    }

    /// Appends `width < 64` bits to the low parts.
    #[inline(always)]
    fn take_low(&mut self, low: u64, width: u32) {
        self.pending |= low << self.bits;
        self.bits += width;
        if self.bits >= 64 {
            put_some(self.lows.next(), self.pending);
            self.bits -= 64;
            // What did not fit: of shifts by 64, nothing.
            self.pending = low.checked_shr(width - self.bits).unwrap_or(0);
        }
    }

    #[inline(always)]
    fn take_lows(&mut self, list: &[u16]) {
        let width = self.width;
        let lanes: [u32; 4] = [0, 1, 2, 3];
        let masks = lanes.map(|lane| below(width) << (lane * width % 64));
        // Four lanes of 16 bits are brought together.
        let mut fours = list.chunks_exact(4);
        for four in &mut fours {
            let pair = |at: usize| u64::from(four[at]) | u64::from(four[at + 1]) << 16;
            let four = pair(0) | pair(2) << 32;
            let lane = |lane: usize| four >> (lane as u32 * (16 - width)) & masks[lane];
            self.take_low(lane(0) | lane(1) | lane(2) | lane(3), 4 * width);
        }
        for y in fours.remainder() {
            self.take_low(u64::from(*y) & below(width), width);
        }
    }
}

impl Take for Sparse<'_> {
    #[inline(always)]
    fn take(&mut self, list: &[u16]) {
        self.take_highs(list);
        self.take_lows(list);
    }
}

/// Words of high parts that are made beside where they will be.
const NEAR: usize = 512;

#[inline(always)]
fn sparse(numbers: View<'_>, count: usize, out: &mut [u8]) {
    let (width, bits) = (low_bits(count), high_bits(count));
    let (highs, lows) = out.split_at_mut(bits.div_ceil(8));
    let (near, is_far, lows) = ([0; NEAR], bits > 64 * NEAR, lows.chunks_mut(8));
    let (word, at, index, pending, bits) = (0, 0, 0, 0, 0);
    let mut code = Sparse { width, index, highs, near, is_far, word, at, lows, pending, bits };
    numbers.give(&mut code);
    code.finish();
}

/// As [`sparse`], where the processor can, of numbers that are not few: whether it could.
fn sparse_at_once(numbers: View<'_>, count: usize, out: &mut [u8]) -> bool {
    let (width, bits) = (low_bits(count), high_bits(count));
    if width == 0 || width > WIDE_FIELD {
        return false;
    }
    if bits <= FEW_FLAGS {
        return wide::run(Flags::<FEW_FLAGS> { numbers, width, bits, out }).is_some();
    }
    let are_many = bits > MANY_FLAGS;
    !are_many && wide::run(Flags::<MANY_FLAGS> { numbers, width, bits, out }).is_some()
}

/// Bits of high parts that are made with a byte each.
const FEW_FLAGS: usize = 4_096;
/// The same of slices of many numbers.
pub(super) const MANY_FLAGS: usize = 32_768;

/// The work of [`sparse_at_once`], of at most `N` bits of high parts.
struct Flags<'a, const N: usize> {
    numbers: View<'a>,
    width: u32,
    bits: usize,
    out: &'a mut [u8],
}

impl<const N: usize> wide::Work for Flags<'_, N> {
    type Out = ();

    #[inline(always)]
    fn run(self, wide: Wide) {
        let Self { numbers, width, bits, out } = self;
        let (highs, lows) = out.split_at_mut(bits.div_ceil(8));
        let mut code = Flagged { wide, flags: [0_u8; N], lows, width, index: 0 };
        match numbers {
            View::List(list) => code.take(list),
            View::Bits(bits, used) => {
                let (mut list, mut len) = ([0; SOME + 64], 0);
                for (at, word) in words_of(bits, used) {
                    if let Some(room) = list[len..].first_chunk_mut() {
                        len += wide.ones(word, (64 * at) as u16, room);
                    }
                    if len > SOME {
                        code.take(&list[..SOME]);
                        list.copy_within(SOME..len, 0);
                        len -= SOME;
                    }
                }
                code.take(&list[..len]);
            }
        }
        let flags = code.flags.chunks_exact(64).filter_map(|flags| flags.first_chunk());
        for (place, flags) in highs.chunks_mut(8).zip(flags) {
            put_some(Some(place), wide.used(flags));
        }
    }
}

/// Elias-Fano code on its way, its high parts as a byte for each bit: what is written is not read
/// until all are.
struct Flagged<'a, const N: usize> {
    wide: Wide,
    flags: [u8; N],
    lows: &'a mut [u8],
    width: u32,
    /// How many numbers came: a multiple of eight, until the last ones do.
    index: usize,
}

impl<const N: usize> Take for Flagged<'_, N> {
    #[inline(always)]
    fn take(&mut self, list: &[u16]) {
        let Self { wide, flags, lows, width, index } = self;
        for (before, y) in (*index..).zip(list) {
            flags[((usize::from(*y) >> *width) + before) % N] = 1;
        }
        let from = *index / 8 * *width as usize;
        let done = match lows.get_mut(from..) {
            Some(lows) => wide.pack(list, *width, lows),
            None => 0,
        };
        // The last ones, for which there are no eight bytes.
        for (at, y) in (*index + done..).zip(&list[done..]) {
            let (bit, low) = (at * *width as usize, u64::from(*y) & below(*width));
            let bytes = (low << (bit % 8)).to_le_bytes();
            let places = lows.get_mut(bit / 8..).unwrap_or(&mut []).iter_mut();
            places.zip(&bytes[..2]).for_each(|(place, byte)| *place |= byte);
        }
        *index += list.len();
    }
}

/// Writes the first bytes of `word`, as many as there is room for.
#[inline(always)]
fn put_some(place: Option<&mut [u8]>, word: u64) {
    match place {
        Some(place) if place.len() == 8 => place.copy_from_slice(&word.to_le_bytes()),
        Some(place) => put_end(place, word),
        None => {}
    }
}

#[cold]
fn put_end(place: &mut [u8], word: u64) {
    place.iter_mut().zip(word.to_le_bytes()).for_each(|(place, byte)| *place = byte);
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
