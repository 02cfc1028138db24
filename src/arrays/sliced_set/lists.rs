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

use super::slice::{Place, Slice, byte_at, word_at};
use crate::bits::word::below;

/// Blocks of a group.
pub(super) const GROUP: usize = 8;
/// Groups of a slice.
pub(super) const GROUPS: usize = 32;
/// Bytes of a group's record.
pub(super) const RECORD: usize = 5;
/// Bytes of all records, with what is there of that of the end.
pub(super) const RECORDS: usize = RECORD * GROUPS + 3;
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
    /// Its used blocks.
    pub(super) const fn used(&self) -> usize {
        self.map.count_ones() as usize
    }

    /// Its used blocks before block `bit` of it.
    pub(super) const fn used_before(&self, bit: usize) -> usize {
        (self.map & ((1 << bit) - 1)).count_ones() as usize
    }
}

/// Numbers of the positions 0 to 31.
const PLACES: [u8; FULL] = {
    let mut places = [0; FULL];
    let mut at = 0;
    while at < FULL {
        places[at] = at as u8;
        at += 1;
    }
    places
};

/// Whether one of the first `len` bytes is `y`. Without a branch: compilers make vectors of it.
#[inline]
fn has_byte(bytes: &[u8; FULL], len: usize, y: u8) -> bool {
    let len = len as u8;
    let mut found = 0;
    for (byte, place) in bytes.iter().zip(&PLACES) {
        found |= u8::from(*byte == y) & u8::from(*place < len);
    }
    found != 0
}

/// How many of the first `len` bytes are smaller than `y`.
#[inline]
fn bytes_below(bytes: &[u8; FULL], len: usize, y: u8) -> usize {
    let len = len as u8;
    let less = bytes.iter().zip(&PLACES);
    usize::from(less.map(|(byte, place)| u8::from(*byte < y) & u8::from(*place < len)).sum::<u8>())
}

impl Slice<'_> {
    #[inline]
    pub(super) fn group(&self, index: usize) -> Group {
        let [map, low, high, less, more, _, end, most] =
            word_at(self.bytes, RECORD * index).to_le_bytes();
        let number = |low, high| usize::from(u16::from_le_bytes([low, high]));
        Group { map, start: number(low, high), end: number(end, most), rank: number(less, more) }
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

    /// The bytes of a list, and what is behind it.
    #[inline]
    pub(super) fn list_bytes(&self, list: List) -> &[u8; FULL] {
        let bytes = self.bytes.get(list.at..).and_then(|bytes| bytes.first_chunk());
        bytes.unwrap_or(&[0; FULL])
    }

    #[inline]
    pub(super) fn lists_contain(&self, y: usize) -> bool {
        let block = y >> 8;
        let list = self.list_in(&self.group(block / GROUP), block % GROUP);
        let bytes = self.list_bytes(list);
        match list.len == FULL {
            true => bytes[(y >> 3) % FULL] >> (y % 8) & 1 != 0,
            false => has_byte(bytes, list.len, y as u8),
        }
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

    /// Decodes at most `want` numbers; may write more.
    #[inline]
    pub(super) fn decode_lists(&self, place: &mut Place, out: &mut [u16], want: usize) -> usize {
        let mut done = 0;
        while done < want && place.at < GROUPS * GROUP {
            let group = self.group(place.at / GROUP);
            let bit = place.at % GROUP;
            if group.map >> bit == 0 {
                place.at = (place.at / GROUP + 1) * GROUP;
                continue;
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

    #[inline]
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
