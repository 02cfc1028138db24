//! Coding a slice: its bytes in the coding that [`Profile`] finds best.

use super::blocks::{BLOCK_WORDS, Blocks, Used};
use super::encode_sparse::{sparse, sparse_at_once};
use super::lists::{FULL, GROUP, GROUPS, RECORD, RECORDS};
use super::profile::Profile;
use super::slice::{
    Bits, COUNTS, Coding, STRIDE, Slice, UNIVERSE, WORDS, ones, word_at, write_ones,
};
use super::{Prefer, runs};
use crate::bits::word::below;
use crate::simd::counting::{self, Work};
use core::slice::ChunksExactMut;

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
pub(super) enum View<'a> {
    List(&'a [u16]),
    /// All blocks that are not used are zeros.
    Bits(&'a Bits, Used),
}

impl<'a> View<'a> {
    pub(super) const fn of(blocks: &'a Blocks) -> Self {
        let (bits, used) = blocks.parts();
        Self::Bits(bits, used)
    }
}

/// What takes ascending numbers, some at a time.
pub(super) trait Take {
    /// To be marked `#[inline(always)]`: see [`Work`].
    fn take(&mut self, list: &[u16]);

    /// The numbers of a word of bits, as [`write_ones`] does it.
    #[inline(always)]
    fn numbers(&self, base: u16, word: u64, room: &mut [u16; 64]) -> usize {
        write_ones(base, word, room)
    }
}

impl View<'_> {
    /// Gives all to `taker`, in order.
    #[inline(always)]
    pub(super) fn give(&self, taker: &mut impl Take) {
        match self {
            Self::List(list) => taker.take(list),
            Self::Bits(bits, used) => {
                let (mut list, mut len) = ([0; SOME + 64], 0);
                for (at, word) in words_of(bits, *used) {
                    if let Some(room) = list[len..].first_chunk_mut() {
                        len += taker.numbers((64 * at) as u16, word, room);
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
