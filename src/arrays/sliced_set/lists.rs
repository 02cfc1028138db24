//! LISTS: a slice as 256 blocks of 256 numbers, one byte a number.
//!
//! ```text
//! | 32 records of groups: map u8, start u16, rank u16 | end: 0 u8, start u16 | group 0 | ... |
//! group    | offset of each used block's list u8 | list | list | ...
//! list     fewer than 32 low bytes, ascending, or 32 bytes of bitmap
//! ```
//!
//! A group is 8 blocks. Its record says which of them are used, where it starts behind the records,
//! and how many numbers stand before it. One read of 8 bytes has all of a record and where the next
//! group starts; one comparison of 32 bytes answers a list.

use super::blocks::Used;
use super::slice::{Place, Slice, UNIVERSE, byte_at, ones, word_at};
use crate::bits::word::below;
use crate::simd::{prefetch, tags::equal32};

/// Blocks of a group.
pub(super) const GROUP: usize = 8;
/// Groups of a slice.
pub(super) const GROUPS: usize = 32;
/// Bytes of a group's record.
pub(super) const RECORD: usize = 5;
/// Bytes of all records, with what is there of that of the end.
pub(super) const RECORDS: usize = RECORD * GROUPS + 3;
/// Lists of no more bytes are decoded without a branch.
pub(super) const SHORT: usize = 16;
/// Behind the numbers of a slice, so many are written that mean nothing.
pub(super) const ROOM: usize = SHORT * GROUP + SHORT;
/// A list of so many bytes is a bitmap.
pub(super) const FULL: usize = 32;

/// A list of a block: where it starts and how many bytes it has, 0 if the block is not used.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) at: usize,
    pub(super) len: usize,
}

/// A group of lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Which of its blocks are used.
    pub(super) map: u8,
    /// Where it starts and ends, behind the records.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Numbers before it.
    pub(super) rank: usize,
}

impl Group {
    /// The group of a record and the next one.
    #[inline(always)]
    fn of(record: &[u8; 8]) -> Self {
        let [map, low, high, less, more, _, end, most] = *record;
        let number = |low, high| usize::from(u16::from_le_bytes([low, high]));
        Self { map, start: number(low, high), end: number(end, most), rank: number(less, more) }
    }

    /// Its used blocks.
    #[inline]
    pub(super) const fn used(&self) -> usize {
        self.map.count_ones() as usize
    }

    /// Its used blocks before block `bit` of it.
    #[inline]
    pub(super) const fn used_before(&self, bit: usize) -> usize {
        (self.map & ((1 << bit) - 1)).count_ones() as usize
    }
}

/// The lists of a group, one after the other, without a branch.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    /// Of the blocks that are left, which are used.
    pub(super) map: u8,
    /// Where the lists of these end.
    ends: u64,
    /// Where the next one starts.
    at: u8,
    /// The lists, and what is behind them.
    lows: &'a [u8],
}

impl<'a> Steps<'a> {
    /// The list of the next block, where it is among the lists; of one that is not used, where it
    /// would be.
    #[inline(always)]
    pub(super) fn step(&mut self) -> List {
        let is_used = self.map & 1;
        let len = (self.ends as u8).wrapping_sub(self.at) & is_used.wrapping_neg();
        let list = List { at: usize::from(self.at), len: usize::from(len) };
        self.at = self.at.wrapping_add(len);
        self.ends >>= 8 * u32::from(is_used);
        self.map >>= 1;
        list
    }

    /// The first bytes of a list, and what is behind it.
    #[inline(always)]
    pub(super) fn lows(&self, list: List) -> Option<&'a [u8; SHORT]> {
        self.lows.get(list.at..)?.first_chunk()
    }

    /// The bytes of a list.
    pub(super) fn list(&self, list: List) -> Option<&'a [u8]> {
        self.lows.get(list.at..list.at + list.len)
    }
}

/// Whether one of the first `len` bytes is `y`.
#[inline(always)]
fn has_byte(bytes: &[u8; FULL], len: usize, y: u8) -> bool {
    u64::from(equal32(bytes, y)) & below(len as u32) != 0
}

/// Ones and zeros: the 32 from `32 - len` on are ones in the first `len` places.
const FIRST: [u8; 2 * FULL] = {
    let mut first = [0; 2 * FULL];
    let mut at = 0;
    while at < FULL {
        first[at] = 1;
        at += 1;
    }
    first
};

/// How many of the first `len` bytes are smaller than `y`.
#[inline]
pub(super) fn bytes_below(bytes: &[u8; FULL], len: usize, y: u8) -> usize {
    // Read, and not worked out from `len`: compilers make vectors of it.
    let first = &FIRST[FULL - len.min(FULL)..][..FULL];
    let less = bytes.iter().zip(first).map(|(byte, first)| u8::from(*byte < y) & first);
    usize::from(less.sum::<u8>())
}

/// Whether `y` is in the slice of lists whose `len` bytes, and more behind them, are `bytes`.
///
/// For numbers in no order: no branch but those that always go the same way, and few steps, as a
/// set of a million numbers is near enough that there is more to do than to wait for. What a
/// damaged slice lacks is not in it.
#[inline(always)]
pub(super) fn contains(bytes: &[u8], len: usize, y: usize) -> bool {
    in_list(bytes, len, y % UNIVERSE).unwrap_or(false)
}

/// As [`contains`]; `None` if bytes are missing.
#[inline(always)]
fn in_list(bytes: &[u8], len: usize, y: usize) -> Option<bool> {
    let records: &[u8; RECORDS] = bytes.first_chunk()?;
    // Where the list is if numbers are spread evenly: read while the record is.
    prefetch(bytes, RECORDS + (len.saturating_sub(RECORDS).wrapping_mul(y) / UNIVERSE));
    let (block, bit) = (y >> 8, (y >> 8) % GROUP);
    let group = Group::of(records[RECORD * (block / GROUP)..].first_chunk()?);
    let (used, rank) = (group.used(), group.used_before(bit));
    let content = bytes.get(RECORDS + group.start..)?;
    let offsets = content.get(rank..rank + 2)?;
    let (from, next) = (offsets[0], offsets[1]);
    // Modulo 256: no list has more than 32 bytes.
    let end = group.end.wrapping_sub(group.start + used) as u8;
    // All ones if there is a list behind it. No comparison: compilers make a branch of one.
    let is_inner = ((rank + 1).wrapping_sub(used) as isize >> 8) as u8;
    let next = end ^ (next ^ end) & is_inner;
    let is_used = (group.map >> bit & 1).wrapping_neg();
    let len = usize::from(next.wrapping_sub(from) & is_used);
    let list = used + usize::from(from);
    let list: &[u8; FULL] = content.get(list..list + FULL)?.first_chunk()?;
    Some(match len == FULL {
        true => list[(y >> 3) % FULL] >> (y % 8) & 1 != 0,
        false => has_byte(list, len, y as u8),
    })
}

impl Slice<'_> {
    #[inline]
    pub(super) fn group(&self, index: usize) -> Group {
        Group::of(&word_at(self.bytes, RECORD * index).to_le_bytes())
    }

    /// The list of block `bit` of a group; of one that is not used, where it would be.
    #[inline]
    pub(super) fn list_in(&self, group: &Group, bit: usize) -> List {
        let (used, rank) = (group.used(), group.used_before(bit));
        let content = RECORDS + group.start;
        let offset = |rank| match rank < used {
            true => byte_at(self.bytes, content + rank),
            false => group.end.saturating_sub(group.start + used),
        };
        let from = offset(rank);
        let is_used = group.map >> bit & 1 != 0;
        let len = if is_used { offset(rank + 1).saturating_sub(from).min(FULL) } else { 0 };
        List { at: content + used + from, len }
    }

    /// Tells of the lists of used blocks `within`, in order: the block and its list.
    #[inline(always)]
    pub(super) fn for_lists(&self, within: Used, mut tell: impl FnMut(usize, List)) {
        for index in 0..GROUPS {
            let group = self.group(index);
            let wanted = group.map & within.group(index);
            if wanted == 0 {
                continue;
            }
            let (used, content) = (group.used(), RECORDS + group.start);
            let end = group.end.saturating_sub(group.start + used);
            let (mut rank, mut from) = (0, byte_at(self.bytes, content));
            for bit in ones(u64::from(group.map)) {
                rank += 1;
                let next = if rank < used { byte_at(self.bytes, content + rank) } else { end };
                if wanted >> bit & 1 != 0 {
                    let len = next.saturating_sub(from).min(FULL);
                    tell(GROUP * index + bit, List { at: content + used + from, len });
                }
                from = next;
            }
        }
    }

    /// Used blocks.
    pub(super) fn used_blocks(&self) -> usize {
        (0..GROUPS).map(|index| self.group(index).used()).sum()
    }

    /// Writes all numbers into `out` as far as there is room for them and [`ROOM`] more; returns
    /// how many.
    #[inline(always)]
    pub(super) fn decode_all_lists(&self, out: &mut [u16]) -> usize {
        let mut done = 0;
        for index in 0..GROUPS {
            let group = self.group(index);
            if group.map == 0 {
                continue;
            }
            let Some(room) = out.get_mut(done..).and_then(<[u16]>::first_chunk_mut::<ROOM>) else {
                return done;
            };
            done += match self.decode_short_lists(index, &group, room) {
                Some(count) => count,
                None => self.decode_group(index, &group, &mut out[done..]),
            };
        }
        done
    }

    /// The lists of a group, one after the other. `None` if all are full, or damaged.
    #[inline(always)]
    pub(super) fn steps(&self, group: &Group) -> Option<Steps<'_>> {
        let (used, content) = (group.used(), RECORDS + group.start);
        let count = u8::try_from(group.end.checked_sub(group.start + used)?).ok()?;
        // Where a list ends the next one starts, but for the last.
        let last = u64::MAX << (8 * used.saturating_sub(1));
        let ends = (word_at(self.bytes, content) >> 8) & !last;
        let ends = ends | (u64::from(count) * 0x0101_0101_0101_0101) & last;
        let lows = self.bytes.get(content + used..)?;
        Some(Steps { map: group.map, ends, at: 0, lows })
    }

    /// Writes the numbers of a group of short lists; returns how many. `None` if they are not
    /// short, or damaged.
    ///
    /// Each list writes 16 numbers, and the next one over those that are not its own: no branch,
    /// whatever lists there are. What was written is not read again here: bytes that come from
    /// several writes keep a processor waiting until all are done.
    #[inline(always)]
    fn decode_short_lists(
        &self,
        index: usize,
        group: &Group,
        room: &mut [u16; ROOM],
    ) -> Option<usize> {
        let mut steps = self.steps(group)?;
        let count = group.end - group.start - group.used();
        if count > SHORT * GROUP {
            return None;
        }
        let (mut are_short, mut high) = (true, ((GROUP * index) << 8) as u16);
        for _ in 0..GROUP {
            let list = steps.step();
            are_short &= list.len <= SHORT;
            let lows = steps.lows(list)?;
            *room.get_mut(list.at..)?.first_chunk_mut()? = lows.map(|low| high | u16::from(low));
            high = high.wrapping_add(1 << 8);
        }
        are_short.then_some(count)
    }

    /// As [`decode_all_lists`](Self::decode_all_lists), of one group.
    #[cold]
    fn decode_group(&self, index: usize, group: &Group, out: &mut [u16]) -> usize {
        let mut done = 0;
        for bit in ones(u64::from(group.map)) {
            let mut place = Place { at: GROUP * index + bit, ..Place::default() };
            let list = self.list_in(group, bit);
            let Some(room) = out.get_mut(done..) else { break };
            done += match list.len == FULL {
                true => self.decode_full(&mut place, list, room),
                false => {
                    let want = list.len.min(room.len());
                    self.decode_list(&mut place, list, room, want)
                }
            };
        }
        done
    }

    /// The bytes of a list, and what is behind it.
    #[inline]
    pub(super) fn list_bytes(&self, list: List) -> &[u8; FULL] {
        let bytes = self.bytes.get(list.at..).and_then(|bytes| bytes.first_chunk());
        bytes.unwrap_or(&[0; FULL])
    }

    pub(super) fn lists_rank(&self, y: usize) -> usize {
        let block = y >> 8;
        let group = self.group(block / GROUP);
        let before = (0..block % GROUP).map(|bit| self.count_in_list(self.list_in(&group, bit)));
        let list = self.list_in(&group, block % GROUP);
        group.rank + before.sum::<usize>() + self.rank_in_list(list, y & 255)
    }

    fn rank_in_list(&self, list: List, y: usize) -> usize {
        let bytes = self.list_bytes(list);
        if list.len == FULL {
            let whole = (0..y / 64).map(|at| word_at(bytes, 8 * at).count_ones());
            let part = (word_at(bytes, y / 64 * 8) & below(y as u32)).count_ones();
            (whole.sum::<u32>() + part) as usize
        } else {
            bytes_below(bytes, list.len, y as u8)
        }
    }

    fn count_in_list(&self, list: List) -> usize {
        if list.len == FULL {
            let bytes = self.list_bytes(list);
            (0..4).map(|at| word_at(bytes, 8 * at).count_ones() as usize).sum()
        } else {
            list.len
        }
    }

    /// The place before number `k`: its block, and how many numbers of that come before.
    pub(super) fn lists_seek(&self, k: usize) -> Place {
        let starts_by = |group: &usize| self.group(*group).rank <= k;
        let index = (1..GROUPS).take_while(starts_by).count();
        let group = self.group(index);
        let (mut bit, mut before) = (0, group.rank.min(k));
        while bit < GROUP {
            let next = before + self.count_in_list(self.list_in(&group, bit));
            if next > k {
                break;
            }
            (bit, before) = (bit + 1, next);
        }
        Place { index: k, at: index * GROUP + bit, rest: (k - before) as u64 }
    }

    /// Decodes at most `want` numbers; may write more. With `some`, perhaps fewer, but at least one
    /// if there is one: no list by itself that can come with its group later.
    #[inline(always)]
    pub(super) fn decode_lists(
        &self,
        place: &mut Place,
        out: &mut [u16],
        want: usize,
        some: bool,
    ) -> usize {
        let mut done = 0;
        while done < want && place.at < GROUPS * GROUP {
            let group = self.group(place.at / GROUP);
            let bit = place.at % GROUP;
            if group.map >> bit == 0 {
                place.at = (place.at / GROUP + 1) * GROUP;
                continue;
            }
            let room = out.get_mut(done..).and_then(<[u16]>::first_chunk_mut);
            if let (0, 0, Some(room)) = (bit, place.rest, room) {
                let count = self.decode_short_lists(place.at / GROUP, &group, room);
                if let Some(count) = count.filter(|count| *count <= want - done) {
                    (place.at, done) = (place.at + GROUP, done + count);
                    continue;
                }
            }
            if some && done > 0 && (bit, place.rest) == (0, 0) {
                break;
            }
            let skip = (group.map >> bit).trailing_zeros() as usize;
            place.at += skip;
            let list = self.list_in(&group, bit + skip);
            let taken = match list.len == FULL {
                true => self.decode_full(place, list, &mut out[done..want]),
                false => self.decode_list(place, list, &mut out[done..], want - done),
            };
            done += taken;
        }
        done
    }

    #[inline(always)]
    fn decode_list(&self, place: &mut Place, list: List, out: &mut [u16], want: usize) -> usize {
        let bytes = self.list_bytes(list);
        let high = (place.at << 8) as u16;
        let skip = place.rest as usize;
        match out.first_chunk_mut::<FULL>() {
            // All at once, without a loop whose length is not known before.
            Some(out) if skip == 0 && list.len <= want => {
                for (out, byte) in out.iter_mut().zip(bytes) {
                    *out = high | u16::from(*byte);
                }
                (place.at, place.rest) = (place.at + 1, 0);
                list.len
            }
            _ => {
                let left = bytes.get(skip..list.len).unwrap_or(&[]);
                let take = left.len().min(want);
                for (out, byte) in out.iter_mut().zip(&left[..take]) {
                    *out = high | u16::from(*byte);
                }
                match take < left.len() {
                    true => place.rest += take as u64,
                    false => (place.at, place.rest) = (place.at + 1, 0),
                }
                take
            }
        }
    }

    #[inline(always)]
    fn decode_full(&self, place: &mut Place, list: List, out: &mut [u16]) -> usize {
        let bytes = self.list_bytes(list);
        let (mut skip, mut done) = (place.rest as usize, 0);
        for at in 0..FULL / 8 {
            let mut word = word_at(bytes, 8 * at);
            let ones = word.count_ones() as usize;
            if skip >= ones {
                skip -= ones;
                continue;
            }
            word = super::slice::without_lowest(word, skip);
            skip = 0;
            while word != 0 {
                let Some(out) = out.get_mut(done) else {
                    place.rest += done as u64;
                    return done;
                };
                *out = ((place.at << 8) | (64 * at)) as u16 | word.trailing_zeros() as u16;
                word &= word - 1;
                done += 1;
            }
        }
        (place.at, place.rest) = (place.at + 1, 0);
        done
    }
}
