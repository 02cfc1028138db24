//! Two ascending lists made one: without a branch that nobody can guess, and two pairs of halves
//! at a time, since each step waits for the one before.

use crate::arrays::SetOp;
use crate::simd::wide::{self, BEHIND, Wide, Work};

/// A merge of two lists, on its way. Of numbers that only the left one has, that both have, and
/// that only the right one has, it keeps those that it says.
struct Merge<'a, T, const LEFT: bool, const BOTH: bool, const RIGHT: bool> {
    a: &'a [T],
    b: &'a [T],
    i: usize,
    j: usize,
    out: &'a mut [T],
    len: usize,
}

impl<'a, T: Copy + Ord, const LEFT: bool, const BOTH: bool, const RIGHT: bool>
    Merge<'a, T, LEFT, BOTH, RIGHT>
{
    fn new(a: &'a [T], b: &'a [T], out: &'a mut [T]) -> Self {
        Self { a, b, i: 0, j: 0, out, len: 0 }
    }

    #[inline(always)]
    fn goes_on(&self) -> bool {
        self.i < self.a.len() && self.j < self.b.len()
    }

    /// Handles the smallest number that is left.
    #[inline(always)]
    fn step(&mut self) {
        let (x, y) = (self.a[self.i], self.b[self.j]);
        // Written in any case and counted if kept.
        if let Some(place) = self.out.get_mut(self.len) {
            *place = x.min(y);
        }
        let (only_left, only_right) = (x < y, y < x);
        let keep = LEFT & only_left | BOTH & (x == y) | RIGHT & only_right;
        self.len += usize::from(keep);
        self.i += usize::from(!only_right);
        self.j += usize::from(!only_left);
    }

    /// Handles all that are left; returns how many were kept.
    fn finish(mut self) -> usize {
        while self.goes_on() {
            self.step();
        }
        let lefts = if LEFT { &self.a[self.i..] } else { &[] };
        let rights = if RIGHT { &self.b[self.j..] } else { &[] };
        for rest in [lefts, rights] {
            self.out[self.len..self.len + rest.len()].copy_from_slice(rest);
            self.len += rest.len();
        }
        self.len
    }
}

/// Writes the numbers of `op` over two ascending lists into `out`, which has room for both; returns
/// how many.
pub(super) fn merge<T: Copy + Ord>(a: &[T], b: &[T], op: SetOp, out: &mut [T]) -> usize {
    match op {
        SetOp::Union => merge_by::<T, true, true, true>(a, b, out),
        SetOp::Intersection => merge_by::<T, false, true, false>(a, b, out),
        SetOp::Difference => merge_by::<T, true, false, false>(a, b, out),
        SetOp::SymmetricDifference => merge_by::<T, true, false, true>(a, b, out),
    }
}

fn merge_by<T: Copy + Ord, const LEFT: bool, const BOTH: bool, const RIGHT: bool>(
    a: &[T],
    b: &[T],
    out: &mut [T],
) -> usize {
    let middle = a.len() / 2;
    let cut = a.get(middle).map_or(0, |x| b.partition_point(|y| y < x));
    let ((a, more_a), (b, more_b)) = (a.split_at(middle), b.split_at(cut));
    let (low, high) = out.split_at_mut(middle + cut);
    let mut low = Merge::<T, LEFT, BOTH, RIGHT>::new(a, b, low);
    let mut high = Merge::<T, LEFT, BOTH, RIGHT>::new(more_a, more_b, high);
    while low.goes_on() && high.goes_on() {
        low.step();
        high.step();
    }
    let (lows, highs) = (low.finish(), high.finish());
    out.copy_within(middle + cut..middle + cut + highs, lows);
    lows + highs
}

/// As [`merge`], of lists with [`BEHIND`] numbers of 65,535 behind them, and room for twice as
/// many behind the result and what both have. `None` if the processor cannot.
pub(super) fn merge_at_once(
    a: &[u16],
    b: &[u16],
    op: SetOp,
    out: &mut [u16],
    common: &mut [u16],
) -> Option<usize> {
    wide::run(AtOnce { a, b, op, out, common })
}

/// The work of [`merge_at_once`].
struct AtOnce<'a> {
    a: &'a [u16],
    b: &'a [u16],
    op: SetOp,
    out: &'a mut [u16],
    common: &'a mut [u16],
}

impl Work for AtOnce<'_> {
    type Out = usize;

    #[inline(always)]
    fn run(self, wide: Wide) -> usize {
        let Self { a, b, op, out, common } = self;
        match op {
            SetOp::Union => wide.merge_numbers::<true, true>(a, b, out),
            SetOp::Intersection => wide.merge_numbers::<false, true>(a, b, out),
            SetOp::SymmetricDifference => wide.merge_numbers::<true, false>(a, b, out),
            // What is in the left list or in both, but not in both of these.
            SetOp::Difference => {
                let len = wide.merge_numbers::<false, true>(a, b, common);
                common[len..len + BEHIND].fill(u16::MAX);
                wide.merge_numbers::<true, false>(a, &common[..len + BEHIND], out)
            }
        }
    }
}

/// Whether each number is greater than the one before.
pub(super) fn ascends(list: &[u16]) -> bool {
    // All are looked at: compilers make vectors of it.
    list.windows(2).fold(true, |ascends, pair| ascends & (pair[0] < pair[1]))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::slice::UNIVERSE;
    use super::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    #[test]
    fn merges_are_those_of_trees() {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        let mut number = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 20) as usize
        };
        for (few, many, below) in
            [(0, 0, 9), (0, 5, 9), (1, 1, 2), (9, 40, 60), (300, 280, 900), (900, 70, 1 << 16)]
        {
            for _ in 0..20 {
                let mut set = |len: usize| -> BTreeSet<u16> {
                    (0..len).map(|_| (UNIVERSE - 1 - number() % below) as u16).collect()
                };
                let (a, b) = (set(few), set(many));
                let lists: [Vec<u16>; 2] = [&a, &b].map(|set| set.iter().copied().collect());
                let mut out = std::vec![0; lists[0].len() + lists[1].len()];
                for op in SetOp::ALL {
                    let len = merge(&lists[0], &lists[1], op, &mut out);
                    let expected: Vec<u16> = match op {
                        SetOp::Union => (&a | &b).into_iter().collect(),
                        SetOp::Intersection => (&a & &b).into_iter().collect(),
                        SetOp::Difference => (&a - &b).into_iter().collect(),
                        SetOp::SymmetricDifference => (&a ^ &b).into_iter().collect(),
                    };
                    assert_eq!(out[..len], expected, "{op:?}");
                    let behind = |list: &Vec<u16>| [&list[..], &[u16::MAX; BEHIND]].concat();
                    let (mut all, mut common) = (Vec::new(), Vec::new());
                    let lists = [&lists[0], &lists[1]].map(behind);
                    all.resize(out.len() + 2 * BEHIND, 0);
                    common.resize(out.len() + 2 * BEHIND, 0);
                    let got = merge_at_once(&lists[0], &lists[1], op, &mut all, &mut common);
                    assert!(got.is_none_or(|len| all[..len] == expected), "{op:?}");
                    assert!(ascends(&out[..len]));
                }
            }
        }
        assert!(!ascends(&[1, 1]) && !ascends(&[2, 3, 1]) && ascends(&[]));
    }
}
