//! Coding a slice: which way takes fewest bytes, and its bytes.

use super::Prefer;
use super::lists::{FULL, GROUP, GROUPS, RECORD, RECORDS};
use super::slice::{Bits, COUNTS, Coding, STRIDE, Slice, UNIVERSE, WORDS, for_ones};
use super::sparse::{high_bits, low_bits};

/// The most bytes a slice takes, in any coding: that of a list for each block, all of them full.
pub(super) const MOST_BYTES: usize = RECORDS + GROUPS * GROUP * (FULL + 1);

/// The numbers of a slice, before they are coded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers<'a> {
    /// One by one, ascending.
    List(&'a [u16]),
    /// As bits.
    Bits(&'a Bits),
}

impl Numbers<'_> {
    /// Tells of each, in order.
    #[inline]
    pub(super) fn for_each(&self, mut tell: impl FnMut(usize)) {
        match self {
            Self::List(list) => list.iter().for_each(|y| tell(usize::from(*y))),
            Self::Bits(bits) => {
                for (at, word) in bits.iter().enumerate() {
                    for_ones(*word, |bit| tell(64 * at + bit));
                }
            }
        }
    }
}

/// What decides about the coding of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) count: usize,
    runs: usize,
    /// Bytes in lists.
    lists: usize,
}

impl Profile {
    /// Looks at all numbers.
    pub(super) fn of(numbers: Numbers<'_>) -> Self {
        match numbers {
            Numbers::List(list) => Self::of_list(list),
            Numbers::Bits(bits) => Self::of_bits(bits),
        }
    }

    fn of_bits(bits: &Bits) -> Self {
        let (mut count, mut runs, mut lists, mut carry) = (0, 0, RECORDS, 0);
        for block in bits.chunks_exact(4) {
            let mut here = 0;
            for word in block {
                here += word.count_ones() as usize;
                runs += (word & !(word << 1 | carry)).count_ones() as usize;
                carry = word >> 63;
            }
            count += here;
            lists += here.min(FULL) + usize::from(here > 0);
        }
        Self { count, runs, lists }
    }

    fn of_list(list: &[u16]) -> Self {
        let starts = |pair: &&[u16]| u32::from(pair[0]) + 1 != u32::from(pair[1]);
        let runs = usize::from(!list.is_empty()) + list.windows(2).filter(starts).count();
        let (mut lists, mut rest) = (RECORDS, list);
        while let Some(first) = rest.first() {
            let here = rest.iter().take_while(|y| **y >> 8 == first >> 8).count();
            lists += here.min(FULL) + 1;
            rest = &rest[here..];
        }
        Self { count: list.len(), runs, lists }
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

/// Writes the slice of `numbers`, of which `profile` tells, into `out`: zeros, of just the length
/// that `profile` says.
pub(super) fn encode(numbers: Numbers<'_>, profile: &Profile, coding: Coding, out: &mut [u8]) {
    match coding {
        Coding::Short => {
            let mut places = out.chunks_exact_mut(2);
            numbers.for_each(|y| put(places.next(), y));
        }
        Coding::Runs => runs(numbers, profile.runs, out),
        Coding::Lists => lists(numbers, out),
        Coding::Bitmap => bitmap(numbers, out),
        Coding::Sparse => sparse(numbers, profile.count, out),
    }
}

/// Writes a number into two bytes.
#[inline]
pub(super) fn put(place: Option<&mut [u8]>, number: usize) {
    if let Some(place) = place {
        place.copy_from_slice(&(number as u16).to_le_bytes());
    }
}

fn runs(numbers: Numbers<'_>, runs: usize, out: &mut [u8]) {
    let (starts, ranks) = out.split_at_mut(2 * runs);
    let (mut starts, mut ranks) = (starts.chunks_exact_mut(2), ranks.chunks_exact_mut(2));
    let (mut before, mut next) = (0, UNIVERSE);
    numbers.for_each(|y| {
        if y != next {
            put(starts.next(), y);
            put(ranks.next(), before);
        }
        (before, next) = (before + 1, y + 1);
    });
}

fn lists(numbers: Numbers<'_>, out: &mut [u8]) {
    let (records, body) = out.split_at_mut(RECORDS);
    let (mut start, mut rank) = (0, 0);
    let mut group = |index: usize, words: &[u64]| {
        let (map, end, count) = write_group(words, body, start);
        write_record(records, index, map, start, rank);
        (start, rank) = (end, rank + count);
    };
    match numbers {
        Numbers::Bits(bits) => {
            let groups = bits.chunks_exact(4 * GROUP).enumerate();
            groups.for_each(|(index, words)| group(index, words));
        }
        Numbers::List(mut list) => {
            for index in 0..GROUPS {
                let mut words = [0_u64; 4 * GROUP];
                while let Some((y, rest)) = list.split_first() {
                    if usize::from(*y) / (UNIVERSE / GROUPS) != index {
                        break;
                    }
                    words[usize::from(*y) / 64 % (4 * GROUP)] |= 1 << (y % 64);
                    list = rest;
                }
                group(index, &words);
            }
        }
    }
    write_record(records, GROUPS, 0, start, rank);
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
fn write_group(words: &[u64], body: &mut [u8], start: usize) -> (u8, usize, usize) {
    let blocks = || words.chunks_exact(4).map(|block| (block, ones(block))).enumerate();
    let map = blocks().fold(0, |map, (bit, (_, ones))| map | u8::from(ones > 0) << bit);
    let (mut at, mut count) = (start, 0);
    let content = start + map.count_ones() as usize;
    let mut end = content;
    for (_, (block, ones)) in blocks().filter(|(_, (_, ones))| *ones > 0) {
        body[at] = (end - content) as u8;
        end += write_list(block, ones, &mut body[end..]);
        (at, count) = (at + 1, count + ones);
    }
    (map, end, count)
}

fn ones(block: &[u64]) -> usize {
    block.iter().map(|word| word.count_ones() as usize).sum()
}

/// Writes the list of a block of `count` numbers; returns its bytes.
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

fn bitmap(numbers: Numbers<'_>, out: &mut [u8]) {
    let (counts, words) = out.split_at_mut(COUNTS);
    match numbers {
        Numbers::Bits(bits) => {
            for (word, place) in bits.iter().zip(words.chunks_exact_mut(8)) {
                place.copy_from_slice(&word.to_le_bytes());
            }
        }
        Numbers::List(list) => {
            list.iter().for_each(|y| words[usize::from(*y) / 8] |= 1 << (y % 8));
        }
    }
    let mut before = 0;
    for (stride, count) in words.chunks_exact(8 * STRIDE).zip(counts.chunks_exact_mut(2)) {
        put(Some(count), before);
        before += stride.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
    }
}

fn sparse(numbers: Numbers<'_>, count: usize, out: &mut [u8]) {
    let width = low_bits(count);
    let (high, low) = out.split_at_mut(high_bits(count).div_ceil(8));
    let mut lows = low.iter_mut();
    let (mut index, mut pending, mut bits) = (0, 0_u64, 0);
    numbers.for_each(|y| {
        let at = (y >> width) + index;
        high[at / 8] |= 1 << (at % 8);
        index += 1;
        pending |= (y as u64 & ((1 << width) - 1)) << bits;
        bits += width;
        while bits >= 8 {
            if let Some(place) = lows.next() {
                *place = pending as u8;
            }
            (pending, bits) = (pending >> 8, bits - 8);
        }
    });
    if let Some(place) = lows.next() {
        *place = pending as u8;
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
