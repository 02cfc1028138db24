//! Two slices of lists made one, block by block: no number is decoded, none is coded again.

use super::blocks::BLOCK_WORDS;
use super::encode::{MOST_BYTES, write_record};
use super::lists::{FULL, GROUP, GROUPS, List, RECORDS, SHORT, Steps};
use super::profile::Profile;
use super::slice::{Slice, ones};
use super::wide;
use crate::arrays::SetOp;
use crate::bits::word::below;
use crate::simd::counting::{self, Work};
use crate::simd::merge::{Merged, but_last, merge16};
use crate::simd::wide::{Doubles, EIGHT};

/// Bytes of a slice of lists, and what is written behind them.
pub(super) const COMBINED: usize = MOST_BYTES + EIGHT;
/// Numbers of two slices whose union is made here, where groups are not merged as a whole: ten a
/// block, of which few blocks have more than are merged at once. With 25 a block, unions take 1.3
/// times as long so as number by number, and intersections three quarters (measured: `sets` of the
/// peers' benches, gap 20).
const SOME: usize = 2_560;

/// Bits of a block.
type Bits = [u64; BLOCK_WORDS];

/// The lists of `op` over two slices of lists, and what is known of them: of runs, the least that
/// there may be. `None` if a list is full or becomes so, or they are damaged; for intersections,
/// which are few numbers: see [`common`].
pub(super) fn combine<'o>(
    pair: (&Slice<'_>, &Slice<'_>),
    op: SetOp,
    out: &'o mut [u8; COMBINED],
    room: &mut Doubles,
) -> Option<(Profile, &'o [u8])> {
    if let Some(profile) = wide::combine(pair, op, out, room) {
        return Some((profile, out.get(..profile.lists)?));
    }
    let count = pair.0.count + pair.1.count;
    let profile = match op {
        SetOp::Union | SetOp::SymmetricDifference if count > SOME => None,
        SetOp::Union => counting::run(Combine { pair, out, op: Union }),
        SetOp::Intersection => None,
        SetOp::Difference => counting::run(Combine { pair, out, op: Difference }),
        SetOp::SymmetricDifference => counting::run(Combine { pair, out, op: Symmetric }),
    }?;
    Some((profile, out.get(..profile.lists)?))
}

/// How many numbers two slices of lists share. `None` as of [`combine`].
pub(super) fn shared(pair: (&Slice<'_>, &Slice<'_>)) -> Option<usize> {
    wide::shared(pair).or_else(|| counting::run(Shared(pair)))
}

/// Writes the numbers that two slices of lists share; returns how many. `None` as of [`combine`],
/// or if there is no room for them.
pub(super) fn common(
    pair: (&Slice<'_>, &Slice<'_>),
    out: &mut [u16],
    room: &mut Doubles,
) -> Option<usize> {
    wide::common(pair, out, room).or_else(|| counting::run(Common { pair, out }))
}

/// Two lists, of a block that both slices may use.
struct Two<'a> {
    left: (&'a [u8; SHORT], usize),
    right: (&'a [u8; SHORT], usize),
    merged: Merged,
    /// Of the merged bytes, the first of each two that are the same.
    doubles: u32,
}

impl<'a> Two<'a> {
    /// `None` if they are more numbers than are handled at once.
    #[inline(always)]
    fn of(left: (&'a [u8; SHORT], usize), right: (&'a [u8; SHORT], usize)) -> Option<Self> {
        if left.1 + right.1 > SHORT {
            return None;
        }
        let merged = merge16(left, right);
        let doubles = merged.equal & but_last(left.1 + right.1);
        Some(Self { left, right, merged, doubles })
    }

    const fn total(&self) -> usize {
        self.left.1 + self.right.1
    }
}

/// An operation over two lists.
trait Op {
    /// Whether a block that the result may use is surely used.
    const SURE: bool;

    /// The blocks of a group that the result may use.
    fn used(left: u8, right: u8) -> u8;

    /// The numbers of the result, and how many.
    fn list(two: &Two<'_>) -> ([u8; SHORT], usize);

    /// The same by words.
    fn word(left: u64, right: u64) -> u64;
}

struct Union;
struct Difference;
struct Symmetric;

/// The bytes that `which` has a one for.
#[cold]
fn pick(bytes: [u8; SHORT], which: u32) -> ([u8; SHORT], usize) {
    let (mut picked, mut len) = ([0; SHORT], 0);
    for at in ones(u64::from(which)) {
        picked[len % SHORT] = bytes[at % SHORT];
        len += 1;
    }
    (picked, len)
}

impl Op for Union {
    const SURE: bool = true;

    #[inline(always)]
    fn used(left: u8, right: u8) -> u8 {
        left | right
    }

    #[inline(always)]
    fn list(two: &Two<'_>) -> ([u8; SHORT], usize) {
        match two.doubles {
            0 => (two.merged.bytes, two.total()),
            doubles => pick(two.merged.bytes, !doubles & below(two.total() as u32) as u32),
        }
    }

    #[inline(always)]
    fn word(left: u64, right: u64) -> u64 {
        left | right
    }
}

impl Op for Difference {
    const SURE: bool = false;

    #[inline(always)]
    fn used(left: u8, _: u8) -> u8 {
        left
    }

    #[inline(always)]
    fn list(two: &Two<'_>) -> ([u8; SHORT], usize) {
        let (left, len) = two.left;
        if two.doubles == 0 {
            return (*left, len);
        }
        let right = &two.right.0[..two.right.1.min(SHORT)];
        let is_only_left = |at: &usize| !right.contains(&left[*at]);
        let which = (0..len.min(SHORT)).filter(is_only_left).fold(0, |which, at| which | 1 << at);
        pick(*left, which)
    }

    #[inline(always)]
    fn word(left: u64, right: u64) -> u64 {
        left & !right
    }
}

impl Op for Symmetric {
    const SURE: bool = false;

    #[inline(always)]
    fn used(left: u8, right: u8) -> u8 {
        left | right
    }

    #[inline(always)]
    fn list(two: &Two<'_>) -> ([u8; SHORT], usize) {
        match two.doubles {
            0 => (two.merged.bytes, two.total()),
            doubles => {
                let single = !(doubles | doubles << 1) & below(two.total() as u32) as u32;
                pick(two.merged.bytes, single)
            }
        }
    }

    #[inline(always)]
    fn word(left: u64, right: u64) -> u64 {
        left ^ right
    }
}

/// The work of [`combine`].
struct Combine<'a, 'b, O> {
    pair: (&'a Slice<'b>, &'a Slice<'b>),
    out: &'a mut [u8; COMBINED],
    #[allow(dead_code)]
    op: O,
}

impl<O: Op> Work for Combine<'_, '_, O> {
    type Out = Option<Profile>;

    #[inline(always)]
    fn run(self) -> Option<Profile> {
        let Self { pair: (a, b), out, .. } = self;
        let (records, body) = out.split_at_mut(RECORDS);
        let (mut start, mut rank) = (0, 0);
        for index in 0..GROUPS {
            let (left, right) = (a.steps(&a.group(index))?, b.steps(&b.group(index))?);
            let group = group::<O>((left, right), body, start)?;
            write_record(records, index, group.map, start, rank);
            start = group.end;
            rank += group.count;
        }
        write_record(records, GROUPS, 0, start, rank);
        // What is followed by the next number, with some offsets that only look like that; and the
        // last number of a block and the first one of the next may follow one another.
        let pairs = body[..start].iter().zip(body[..start].get(1..).unwrap_or(&[]));
        let followed = pairs.map(|(y, next)| u16::from(y.wrapping_add(1) == *next)).sum::<u16>();
        let runs = rank.saturating_sub(usize::from(followed) + GROUPS * GROUP - 1);
        Some(Profile { count: rank, runs, lists: RECORDS + start })
    }
}

/// A group that was written.
struct Written {
    map: u8,
    end: usize,
    /// Numbers.
    count: usize,
}

/// Writes a group from byte `start` of `body` on.
#[inline(always)]
fn group<O: Op>(
    (mut left, mut right): (Steps<'_>, Steps<'_>),
    body: &mut [u8],
    start: usize,
) -> Option<Written> {
    let mut may_use = O::used(left.map, right.map);
    // Where the lists start if all that may be used are.
    let content = start + may_use.count_ones() as usize;
    let (mut end, mut map, mut offsets, mut used) = (content, 0, 0, 0);
    for bit in 0..GROUP {
        let (a, b) = (left.step(), right.step());
        let wanted = may_use & 1;
        may_use >>= 1;
        if wanted == 0 {
            continue;
        }
        let len = match Two::of((left.lows(a)?, a.len), (right.lows(b)?, b.len)) {
            Some(two) => {
                let (list, len) = O::list(&two);
                *body.get_mut(end..)?.first_chunk_mut()? = list;
                len
            }
            None => many::<O>((left, a), (right, b), body.get_mut(end..)?)?,
        };
        offsets |= ((end - content) as u64) << (8 * used);
        let is_used = u8::from(O::SURE || len > 0);
        (map, used) = (map | is_used << bit, used + u32::from(is_used));
        end += len;
    }
    // A list that came out empty left its place, and perhaps its offset.
    let (lists, spare) = (start + used as usize, content - start - used as usize);
    if spare > 0 {
        body.copy_within(content..end, lists);
    }
    let own = body.get_mut(start..)?.first_chunk_mut()?;
    let mask = u64::MAX.checked_shl(8 * used).unwrap_or(0);
    *own = (u64::from_le_bytes(*own) & mask | offsets & !mask).to_le_bytes();
    Some(Written { map, end: end - spare, count: end - content })
}

/// As [`Op::list`], of more numbers than are handled at once; returns how many.
#[cold]
fn many<O: Op>(
    (left, a): (Steps<'_>, List),
    (right, b): (Steps<'_>, List),
    out: &mut [u8],
) -> Option<usize> {
    let (left, right) = (bits_of(left, a)?, bits_of(right, b)?);
    let mut places = out.iter_mut();
    let mut len = 0;
    for (at, (left, right)) in left.into_iter().zip(right).enumerate() {
        for bit in ones(O::word(left, right)) {
            *places.next()? = (64 * at + bit) as u8;
            len += 1;
        }
    }
    // So many are bits.
    (len < FULL).then_some(len)
}

/// The numbers of a list as bits. `None` if it is full.
fn bits_of(steps: Steps<'_>, list: List) -> Option<Bits> {
    let mut bits = [0; BLOCK_WORDS];
    for y in steps.list(list)? {
        bits[usize::from(y / 64)] |= 1 << (y % 64);
    }
    (list.len < FULL).then_some(bits)
}

/// Tells of the numbers of each block that two slices of lists share: the block, which of the bytes
/// they are, and these; of blocks of many, number by number. `None` as of [`combine`].
#[inline(always)]
fn for_common(
    (a, b): (&Slice<'_>, &Slice<'_>),
    mut tell: impl FnMut(usize, u32, &[u8; SHORT]),
) -> Option<()> {
    for index in 0..GROUPS {
        let (mut left, mut right) = (a.steps(&a.group(index))?, b.steps(&b.group(index))?);
        for bit in 0..GROUP {
            let (a, b) = (left.step(), right.step());
            match Two::of((left.lows(a)?, a.len), (right.lows(b)?, b.len)) {
                Some(two) => tell(GROUP * index + bit, two.doubles, &two.merged.bytes),
                None => {
                    let (left, right) = (bits_of(left, a)?, bits_of(right, b)?);
                    for (at, (left, right)) in left.into_iter().zip(right).enumerate() {
                        for one in ones(left & right) {
                            tell(GROUP * index + bit, 1, &[(64 * at + one) as u8; SHORT]);
                        }
                    }
                }
            }
        }
    }
    Some(())
}

/// The work of [`shared`].
struct Shared<'a, 'b>((&'a Slice<'b>, &'a Slice<'b>));

impl Work for Shared<'_, '_> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self) -> Option<usize> {
        let mut count = 0;
        for_common(self.0, |_, which, _| count += which.count_ones() as usize)?;
        Some(count)
    }
}

/// The work of [`common`].
struct Common<'a, 'b> {
    pair: (&'a Slice<'b>, &'a Slice<'b>),
    out: &'a mut [u16],
}

impl Work for Common<'_, '_> {
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self) -> Option<usize> {
        let Self { pair, out } = self;
        let mut len = 0;
        for_common(pair, |block, which, bytes| {
            for at in ones(u64::from(which)) {
                if let Some(place) = out.get_mut(len) {
                    *place = (block << 8) as u16 | u16::from(bytes[at % SHORT]);
                }
                len += 1;
            }
        })?;
        (len <= out.len()).then_some(len)
    }
}
