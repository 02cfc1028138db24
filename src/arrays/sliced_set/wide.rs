//! Two slices of lists made one, eight blocks at a time, where the processor can: see `groups` for
//! what is done elsewhere.

use super::blocks::BLOCK_WORDS;
use super::encode::write_record;
use super::groups::COMBINED;
use super::lists::{FULL, GROUP, GROUPS, Group, RECORDS};
use super::profile::Profile;
use super::slice::{Slice, word_at};
use crate::arrays::SetOp;
use crate::simd::wide::{self, DOUBLES, Doubles, EIGHT, Eight, LISTS, Wide, Work, sum_of_bytes};

/// What lists of fewer than 32 have not, in their lengths.
const LONG: u64 = 0xE0E0_E0E0_E0E0_E0E0;

/// The lists of `op` over two slices of lists, not for intersections. As
/// [`groups::combine`](super::groups::combine), but lists of the result may be full; `None` also if
/// the processor cannot.
pub(super) fn combine(
    pair: (&Slice<'_>, &Slice<'_>),
    op: SetOp,
    out: &mut [u8; COMBINED],
    room: &mut Doubles,
) -> Option<Profile> {
    match op {
        SetOp::Union => wide::run(Combine { pair, out, room, op: Merge::<true> }),
        SetOp::Difference => wide::run(Combine { pair, out, room, op: Difference }),
        SetOp::SymmetricDifference => wide::run(Combine { pair, out, room, op: Merge::<false> }),
        SetOp::Intersection => None,
    }
    .flatten()
}

/// How many numbers two slices of lists share. `None` as of [`combine`].
pub(super) fn shared(pair: (&Slice<'_>, &Slice<'_>)) -> Option<usize> {
    wide::run(Shared(pair)).flatten()
}

/// Writes the numbers that two slices of lists share; returns how many. `None` as of [`combine`],
/// or if there is no room for them.
pub(super) fn common(
    pair: (&Slice<'_>, &Slice<'_>),
    out: &mut [u16],
    room: &mut Doubles,
) -> Option<usize> {
    wide::run(Common { pair, out, room }).flatten()
}

/// The lists of a group, or of a copy of them where the bytes end. `None` if one is full; of
/// damaged ones, any.
#[inline(always)]
fn eight<'a>(
    wide: Wide,
    slice: &'a Slice<'_>,
    group: &Group,
    copy: &'a mut [u8; LISTS],
) -> Option<Eight<'a>> {
    let (used, content) = (group.used(), RECORDS + group.start);
    let total = group.end.wrapping_sub(group.start + used) as u64;
    // Where a list ends the next one starts, but for the last.
    let last = 8 * (used.max(1) as u32 - 1);
    let inner = (word_at(slice.bytes, content) >> 8) & !u64::MAX.wrapping_shl(last);
    let ends = inner | total.wrapping_shl(last);
    // In order, no byte borrows from the next one.
    let lens = wide.spread(ends.wrapping_sub(ends << 8), group.map);
    let bytes = slice.bytes.get(content + used..)?;
    let lists = match bytes.first_chunk() {
        Some(lists) => lists,
        None => copied(bytes, copy),
    };
    (lens & LONG == 0).then_some(Eight { lists, lens })
}

/// Copies of the lists of both slices, where their bytes end.
type Copies = [[u8; LISTS]; 2];
const NO_COPIES: Copies = [[0; LISTS]; 2];

/// A group of both slices.
#[inline(always)]
fn pair_of<'a>(
    wide: Wide,
    (a, left): (&'a Slice<'_>, &Group),
    (b, right): (&'a Slice<'_>, &Group),
    copies: &'a mut Copies,
) -> Option<(Eight<'a>, Eight<'a>)> {
    let [own, other] = copies;
    Some((eight(wide, a, left, own)?, eight(wide, b, right, other)?))
}

#[cold]
fn copied<'a>(bytes: &[u8], copy: &'a mut [u8; LISTS]) -> &'a [u8; LISTS] {
    copy.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    copy
}

/// An operation over two groups. Its functions are to be marked `#[inline(always)]`.
trait Op {
    /// The blocks of a group that the result may use.
    fn used(&self, left: u8, right: u8) -> u8;

    /// Writes the lists of the result, one behind the other; returns how many numbers each has.
    fn merge(
        &self,
        wide: Wide,
        pair: (Eight<'_>, Eight<'_>),
        room: &mut Doubles,
        out: &mut [u8; EIGHT],
    ) -> u64;
}

/// What is in one of two groups, and with `DOUBLES` what is in both.
struct Merge<const DOUBLES: bool>;
/// What is in the left one only.
struct Difference;

impl<const DOUBLES: bool> Op for Merge<DOUBLES> {
    #[inline(always)]
    fn used(&self, left: u8, right: u8) -> u8 {
        left | right
    }

    #[inline(always)]
    fn merge(
        &self,
        wide: Wide,
        (a, b): (Eight<'_>, Eight<'_>),
        _: &mut Doubles,
        out: &mut [u8; EIGHT],
    ) -> u64 {
        wide.merge::<DOUBLES>(a, b, out)
    }
}

impl Op for Difference {
    #[inline(always)]
    fn used(&self, left: u8, _: u8) -> u8 {
        left
    }

    #[inline(always)]
    fn merge(
        &self,
        wide: Wide,
        (a, b): (Eight<'_>, Eight<'_>),
        room: &mut Doubles,
        out: &mut [u8; EIGHT],
    ) -> u64 {
        wide.difference(a, b, room, out)
    }
}

/// The work of [`combine`].
struct Combine<'a, 'b, O> {
    pair: (&'a Slice<'b>, &'a Slice<'b>),
    out: &'a mut [u8; COMBINED],
    room: &'a mut Doubles,
    op: O,
}

impl<O: Op> Work for Combine<'_, '_, O> {
    type Out = Option<Profile>;

    #[inline(always)]
    fn run(self, wide: Wide) -> Option<Profile> {
        let Self { pair: (a, b), out, room, op } = self;
        let (records, body) = out.split_at_mut(RECORDS);
        let (mut start, mut rank, mut full, mut copies) = (0, 0, 0, NO_COPIES);
        for index in 0..GROUPS {
            let (left, right) = (a.group(index), b.group(index));
            let pair = pair_of(wide, (a, &left), (b, &right), &mut copies)?;
            // Where the lists start if all blocks that may be used are.
            let content = start + op.used(left.map, right.map).count_ones() as usize;
            let place = body.get_mut(content..)?.first_chunk_mut()?;
            let lens = op.merge(wide, pair, room, place);
            let count = sum_of_bytes(lens);
            let mut written = Written { map: used_of(lens), lens, len: count };
            if lens & LONG != 0 {
                full += fill(&mut written, &mut body[content..])?;
            }
            write_record(records, index, written.map, start, rank);
            start = close(wide, &written, (start, content), body)?;
            rank += count;
        }
        write_record(records, GROUPS, 0, start, rank);
        Some(profile(&body[..start], rank, full))
    }
}

/// The lists of a group, once they are there.
struct Written {
    map: u8,
    /// The bytes of each, and of all.
    lens: u64,
    len: usize,
}

/// A one for each byte that is not 0, of bytes below 128.
#[inline(always)]
fn used_of(lens: u64) -> u8 {
    let high = (lens + 0x7F7F_7F7F_7F7F_7F7F) & 0x8080_8080_8080_8080;
    // Byte `i` has bit 7 only, and goes to bit `56 + i`.
    ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Makes bits of the lists of 32 numbers or more; returns how many numbers are in these.
#[cold]
fn fill(written: &mut Written, lists: &mut [u8]) -> Option<usize> {
    let (mut from, mut to, mut full, mut lens) = (0, 0, 0, 0);
    for index in 0..GROUP {
        let len = usize::from((written.lens >> (8 * index)) as u8);
        let list = lists.get_mut(from..from + len)?;
        let bytes = len.min(FULL);
        if len >= FULL {
            let mut bits = [0_u64; BLOCK_WORDS];
            list.iter().for_each(|y| bits[usize::from(y / 64)] |= 1 << (y % 64));
            for (place, word) in list.chunks_exact_mut(8).zip(bits) {
                place.copy_from_slice(&word.to_le_bytes());
            }
            full += len;
        }
        lists.copy_within(from..from + bytes, to);
        lens |= (bytes as u64) << (8 * index);
        (from, to) = (from + len, to + bytes);
    }
    (written.lens, written.len) = (lens, to);
    Some(full)
}

/// Writes where the lists of a group start, which were written at `content`, and brings them there;
/// returns where the group ends.
#[inline(always)]
fn close(
    wide: Wide,
    written: &Written,
    (start, content): (usize, usize),
    body: &mut [u8],
) -> Option<usize> {
    let (used, len) = (written.map.count_ones() as usize, written.len);
    let lists = start + used;
    // A list that came out empty left its place.
    if lists < content {
        body.copy_within(content..content + len, lists);
    }
    // The sum of all before each, less than 256.
    let starts = written.lens.wrapping_mul(0x0101_0101_0101_0101) << 8;
    let own = body.get_mut(start..)?.first_chunk_mut()?;
    let starts = wide.gather(starts, written.map);
    match used {
        GROUP => *own = starts.to_le_bytes(),
        _ => put_first(own, starts, used),
    }
    Some(lists + len)
}

/// Writes the first `count` bytes of a word. By itself, so that bytes which were just written are
/// read back only where they must be: that waits until they all are in the cache.
#[cold]
fn put_first(own: &mut [u8; 8], bytes: u64, count: usize) {
    own.iter_mut().zip(bytes.to_le_bytes()).take(count).for_each(|(place, byte)| *place = byte);
}

/// What is known of `rank` numbers in these groups, `full` of them in full lists: of runs, the
/// least that there may be.
#[inline(always)]
fn profile(body: &[u8], rank: usize, full: usize) -> Profile {
    // What is followed by the next number, with some offsets and bits that only look like that; and
    // the last number of a block and the first one of the next may follow one another.
    let pairs = body.iter().zip(body.get(1..).unwrap_or(&[]));
    let followed = pairs.map(|(y, next)| u16::from(y.wrapping_add(1) == *next)).sum::<u16>();
    let runs = rank.saturating_sub(usize::from(followed) + full + GROUPS * GROUP - 1);
    Profile { count: rank, runs, lists: RECORDS + body.len() }
}

/// The work of [`shared`].
struct Shared<'a, 'b>((&'a Slice<'b>, &'a Slice<'b>));

impl Work for Shared<'_, '_> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self, wide: Wide) -> Option<usize> {
        let (a, b) = self.0;
        let (mut count, mut copies) = (0, NO_COPIES);
        for index in 0..GROUPS {
            let (left, right) = (a.group(index), b.group(index));
            let (left, right) = pair_of(wide, (a, &left), (b, &right), &mut copies)?;
            count += wide.shared(left, right);
        }
        Some(count)
    }
}

/// The work of [`common`].
struct Common<'a, 'b> {
    pair: (&'a Slice<'b>, &'a Slice<'b>),
    out: &'a mut [u16],
    room: &'a mut Doubles,
}

impl Work for Common<'_, '_> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self, wide: Wide) -> Option<usize> {
        let Self { pair: (a, b), out, room } = self;
        let (mut len, mut copies) = (0, NO_COPIES);
        for index in 0..GROUPS {
            let (left, right) = (a.group(index), b.group(index));
            let (left, right) = pair_of(wide, (a, &left), (b, &right), &mut copies)?;
            len = wide.common(left, right, (GROUP * index) as u8, (room, len));
        }
        let (lows, blocks) = (room.bytes.get(..len)?, &room.lists);
        for (out, (low, block)) in out.get_mut(..len)?.iter_mut().zip(lows.iter().zip(blocks)) {
            *out = u16::from(*block) << 8 | u16::from(*low);
        }
        (len <= DOUBLES).then_some(len)
    }
}
