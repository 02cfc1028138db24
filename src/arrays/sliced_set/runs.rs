//! Two slices of runs made one, run by run.
//!
//! Runs are here as bounds: where the first starts, where it ends, where the next one starts, and
//! so on, each greater than the one before.

use super::blocks::Blocks;
use super::encode::Profile;
use super::lists::{FULL, RECORDS};
use super::slice::{Coding, Slice, UNIVERSE};
use crate::arrays::SetOp;

/// Bounds of both slices together that are handled this way.
pub(super) const MOST: usize = 1_024;

impl Slice<'_> {
    /// Writes the bounds of its runs; returns them. `None` if there is no room for them, or they
    /// do not ascend, as those of damaged files.
    fn bounds<'o>(&self, out: &'o mut [u32]) -> Option<&'o [u32]> {
        let bounds = out.get_mut(..2 * self.runs())?;
        for (index, pair) in bounds.chunks_exact_mut(2).enumerate() {
            let run = self.run(index);
            pair.copy_from_slice(&[run.start, run.start + run.len].map(|bound| bound as u32));
        }
        let ascends = bounds.windows(2).all(|pair| pair[0] < pair[1]);
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
