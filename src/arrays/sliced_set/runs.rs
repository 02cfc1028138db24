//! Two slices of runs made one, run by run.
//!
//! Runs are here as bounds: where the first starts, where it ends, where the next one starts, and
//! so on, each greater than the one before.

use super::blocks::Blocks;
use super::lists::{FULL, RECORDS};
use super::profile::Profile;
use super::slice::{Coding, Slice, UNIVERSE, u16_at};
use crate::arrays::SetOp;

/// Bounds of both slices together that are handled this way.
pub(super) const MOST: usize = 1_024;

impl<'a> Slice<'a> {
    /// Writes the bounds of its runs; returns them. `None` if there is no room for them, or they
    /// do not ascend, as those of damaged files.
    fn bounds<'o>(&self, out: &'o mut [u32]) -> Option<&'o [u32]> {
        let bounds = out.get_mut(..2 * self.runs())?;
        let (starts, ranks) = self.bytes.get(..4 * self.runs())?.split_at(2 * self.runs());
        let numbers = |bytes: &'a [u8]| bytes.chunks_exact(2).map(|two| u16_at(two, 0) as u32);
        let nexts = numbers(ranks).skip(1).chain([self.count as u32]);
        let runs = numbers(starts).zip(numbers(ranks).zip(nexts));
        for (pair, (start, (rank, next))) in bounds.chunks_exact_mut(2).zip(runs) {
            pair.copy_from_slice(&[start, start + next.saturating_sub(rank)]);
        }
        // All are looked at: compilers make vectors of it.
        let ascends = bounds.windows(2).fold(true, |ascends, pair| ascends & (pair[0] < pair[1]));
        let ends = bounds.last().is_none_or(|end| *end <= UNIVERSE as u32);
        (ascends && ends).then_some(bounds)
    }
}

/// The bounds of `op` over two slices, written to `out`. `None` if they are not both of few runs.
pub(super) fn combine<'o>(
    (a, b): (&Slice<'_>, &Slice<'_>),
    op: SetOp,
    room: &mut [u32; MOST],
    out: &'o mut [u32; MOST],
) -> Option<&'o [u32]> {
    if (a.coding, b.coding) != (Coding::Runs, Coding::Runs) {
        return None;
    }
    let (left, right) = room.split_at_mut_checked(2 * a.runs())?;
    let (left, right) = (a.bounds(left)?, b.bounds(right)?);
    if op == SetOp::Intersection {
        let mut len = 0;
        for_common(left, right, |start, end| {
            // Written in any case and counted if there is something between them.
            if let Some(pair) = out.get_mut(len..len + 2) {
                pair.copy_from_slice(&[start, end]);
            }
            len += 2 * usize::from(start < end);
        });
        return out.get(..len);
    }
    // Whether numbers in neither, in the left one, in the right one, in both are kept: a bit each.
    let ((keeps_left, keeps_right), keeps_both) = (op.keeps(), op.keeps_both());
    let kept = u8::from(keeps_left) << 1 | u8::from(keeps_right) << 2 | u8::from(keeps_both) << 3;
    let (mut i, mut j, mut len) = (0, 0, 0);
    while i < left.len() || j < right.len() {
        let bound_at = |bounds: &[u32], at| bounds.get(at).copied().unwrap_or(u32::MAX);
        let (x, y) = (bound_at(left, i), bound_at(right, j));
        let bound = x.min(y);
        (i, j) = (i + usize::from(x == bound), j + usize::from(y == bound));
        // Behind an odd number of bounds is the inside of a run.
        let is_inside = usize::from(kept >> (i & 1 | (j & 1) << 1) & 1);
        // Written in any case and counted if it is one of the result.
        if let Some(place) = out.get_mut(len) {
            *place = bound;
        }
        len += is_inside ^ (len & 1);
    }
    out.get(..len)
}

/// Numbers that two slices share. `None` if they are not both of few runs.
pub(super) fn shared((a, b): (&Slice<'_>, &Slice<'_>), room: &mut [u32; MOST]) -> Option<usize> {
    if (a.coding, b.coding) != (Coding::Runs, Coding::Runs) {
        return None;
    }
    let (left, right) = room.split_at_mut_checked(2 * a.runs())?;
    let mut count = 0;
    for_common(a.bounds(left)?, b.bounds(right)?, |start, end| {
        count += end.saturating_sub(start);
    });
    Some(count as usize)
}

/// Tells where two runs overlap, one of each, from the first to the last; of runs that do not, of a
/// start that is not before its end.
#[inline(always)]
fn for_common(left: &[u32], right: &[u32], mut tell: impl FnMut(u32, u32)) {
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (left.get(i..i + 2), right.get(j..j + 2)) {
        tell(a[0].max(b[0]), a[1].min(b[1]));
        (i, j) = (i + 2 * usize::from(a[1] <= b[1]), j + 2 * usize::from(b[1] <= a[1]));
    }
}

/// Numbers between bounds.
pub(super) fn count(bounds: &[u32]) -> usize {
    bounds.chunks_exact(2).map(|pair| (pair[1] - pair[0]) as usize).sum()
}

/// What decides about the coding of runs.
pub(super) fn profile(bounds: &[u32]) -> Profile {
    let (mut lists, mut block, mut here) = (RECORDS, 0, 0);
    let bytes = |here: u32| (here as usize).min(FULL) + usize::from(here > 0);
    for pair in bounds.chunks_exact(2) {
        let mut start = pair[0];
        while start < pair[1] {
            if start >> 8 != block {
                lists += bytes(here);
                (block, here) = (start >> 8, 0);
            }
            let end = pair[1].min((block + 1) << 8);
            here += end - start;
            start = end;
        }
    }
    Profile { count: count(bounds), runs: bounds.len() / 2, lists: lists + bytes(here) }
}

/// The numbers between bounds as bits.
pub(super) fn to_blocks(bounds: &[u32]) -> Blocks {
    let mut blocks = Blocks::new();
    for pair in bounds.chunks_exact(2) {
        blocks.put_range(pair[0] as usize, pair[1] as usize);
    }
    blocks
}
