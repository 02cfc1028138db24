//! Reading the form of edges of 32 bits: a state is searched by comparing eight of them at once.
//!
//! ```text
//! edge    | more 1 | label 8 | final 1 | target 22 |
//! ```
//!
//! As numbers with a sign those that more follow are negative, so that one comparison finds the
//! first edge that has at least some label or is the last one of its state.

use super::read::{Facts, Link, MAX_EDGES, Machine, Step};
use crate::simd::at_least::at_least8;

/// Another edge of the state follows.
pub(super) const MORE: u32 = 1 << 31;
/// Where the label stands.
pub(super) const LABEL: u32 = 23;
/// A key ends on it.
pub(super) const FINAL: u32 = 1 << 22;
/// The target: the number of an edge.
pub(super) const TARGET: u32 = FINAL - 1;
/// Where the first state is. Edge 0 leads nowhere: a target of 0 is none.
pub(super) const ROOT: usize = 1;
/// Edges that are compared at once.
pub(super) const LANES: usize = 8;
/// Bits of the counts of edges: of the first ones, then of those from `wide` on, from `narrow` on.
pub(super) const COUNT_BITS: [u64; 3] = [32, 8, 4];

/// Where counts of the edges from each class on would start if all before were of that class, in
/// bits.
pub(super) const fn count_bases(wide: u64, narrow: u64) -> [u64; 3] {
    let [first, second, third] = COUNT_BITS;
    let base = (first - second) * wide;
    [0, base, base + (second - third) * narrow]
}

/// Where an edge is, and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    word: u32,
    at: usize,
}

impl Link for Edge {
    #[inline(always)]
    fn label(self) -> u8 {
        (self.word >> LABEL) as u8
    }

    #[inline(always)]
    fn is_final(self) -> bool {
        self.word & FINAL != 0
    }

    #[inline(always)]
    fn is_last(self) -> bool {
        self.word & MORE == 0
    }

    #[inline(always)]
    fn exists(self) -> bool {
        self.word & (FINAL | TARGET) != 0
    }

    #[inline(always)]
    fn end(self) -> usize {
        self.at + 1
    }
}

/// The sections, and what they are read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed<'a> {
    /// Of each edge four bytes.
    pub(super) edges: &'a [u8],
    /// Of each edge the keys on and below those before it in its state.
    pub(super) counts: &'a [u8],
    /// The first edge with a count of 8 bits, and of 4.
    pub(super) wide: u32,
    pub(super) narrow: u32,
    pub(super) facts: Facts,
}

impl Fixed<'_> {
    /// The bytes from an edge on. No target has more than 22 bits, so that nothing overflows.
    #[inline(always)]
    fn bytes_from<const N: usize>(&self, at: usize) -> Option<&[u8; N]> {
        let start = 4 * (at as u32 & 0xFFF_FFFF) as usize;
        self.edges.get(start..start + N)?.first_chunk()
    }

    /// The first edge of a state that reads at least `bound`, both with a sign: of a state there
    /// is one, as the last reads at least 0.
    #[inline(always)]
    fn first_from(&self, state: usize, bound: u32) -> Option<Edge> {
        let mut at = state;
        for _ in 0..MAX_EDGES / LANES {
            // Behind a state there are always as many.
            let lanes = self.bytes_from::<{ 4 * LANES }>(at)?;
            let found = at_least8(lanes, bound as i32);
            if found != 0 {
                let first = found.trailing_zeros() as usize;
                let word = lanes.get(4 * first..)?.first_chunk()?;
                return Some(Edge { word: u32::from_le_bytes(*word), at: at + first });
            }
            at += LANES;
        }
        None
    }

    /// How many keys end on and below the edges of a state before that at `at`.
    #[inline(always)]
    fn before(&self, at: usize) -> u32 {
        let (edge, [_, by_8, by_4]) =
            (at as u64, count_bases(u64::from(self.wide), u64::from(self.narrow)));
        let (base, bits) = if edge < u64::from(self.narrow) { (by_8, 8) } else { (by_4, 4) };
        let (base, bits) = if edge < u64::from(self.wide) { (0, 32) } else { (base, bits) };
        let bit = base + edge * bits;
        let bytes = self.counts.get((bit / 8) as usize..).and_then(<[u8]>::first_chunk);
        let count = bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)) >> (bit % 8);
        count & (u32::MAX >> (32 - bits))
    }
}

impl Machine for Fixed<'_> {
    type Edge = Edge;

    #[inline(always)]
    fn facts(&self) -> &Facts {
        &self.facts
    }

    #[inline(always)]
    fn root(&self) -> usize {
        ROOT
    }

    #[inline(always)]
    fn edge(&self, at: usize) -> Edge {
        let word = self.bytes_from(at).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        Edge { word, at }
    }

    #[inline(always)]
    fn keys(&self, edge: Edge) -> u32 {
        self.before(edge.end()).wrapping_sub(self.before(edge.at))
    }

    #[inline(always)]
    fn target(&self, edge: Edge) -> Option<usize> {
        let target = edge.word & TARGET;
        (target != 0).then_some(target as usize)
    }

    #[inline(always)]
    fn first_of(&self, state: usize) -> usize {
        state
    }

    #[inline(always)]
    fn step<const COUNT: bool>(&self, state: usize, label: u8, rank: &mut u32) -> Step<Edge> {
        let Some(edge) = self.first_from(state, MORE | u32::from(label) << LABEL) else {
            return Step::Before;
        };
        if COUNT {
            *rank = rank.wrapping_add(self.before(edge.at));
        }
        if edge.label() == label {
            return Step::Along(edge);
        }
        if edge.label() < label { Step::Behind(edge) } else { Step::Before }
    }

    #[inline(always)]
    fn last_of(&self, state: usize) -> Option<(Edge, u32)> {
        let edge = self.first_from(state, 0)?;
        Some((edge, self.before(edge.at)))
    }

    #[inline(always)]
    fn pick(&self, state: usize, left: &mut u32) -> Option<Edge> {
        let mut before = 0;
        for at in state..state + MAX_EDGES {
            let edge = self.edge(at);
            let next = if edge.is_last() { u32::MAX } else { self.before(at + 1) };
            if *left < next {
                *left = left.wrapping_sub(before);
                return edge.exists().then_some(edge);
            }
            before = next;
        }
        None
    }
}
