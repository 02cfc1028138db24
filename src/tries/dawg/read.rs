//! Reading the bytes of a [`Dawg`](super::Dawg). Nothing read is believed: what lies outside is
//! an edge that leads nowhere, states have 256 edges at most, and paths are no longer than the
//! longest key.

use super::code::{Codes, Directory, WIDE};
use crate::storage::words::Le32;

/// The most edges of a state.
const MAX_EDGES: usize = 256;
/// The flags of an entry.
const FINAL: u32 = 1 << 8;
const LAST: u32 = 1 << 9;
const KIND: u32 = 7 << 10;
const RELATIVE: u32 = 1 << 24;
/// What stands where no edge is: the last one of its state, without a target.
const NO_EDGE: u32 = LAST | 1 << 31;

/// Where an edge is, and what its code says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    entry: u32,
    at: usize,
    /// What stands behind the code.
    tail: u64,
}

impl Edge {
    #[inline(always)]
    pub(super) const fn label(self) -> u8 {
        self.entry as u8
    }

    /// Whether a key ends on it.
    #[inline(always)]
    pub(super) const fn is_final(self) -> bool {
        self.entry & FINAL != 0
    }

    #[inline(always)]
    pub(super) const fn is_last(self) -> bool {
        self.entry & LAST != 0
    }

    /// Whether there is an edge.
    #[inline(always)]
    pub(super) const fn exists(self) -> bool {
        self.entry >> 31 == 0
    }

    /// Bytes of the count; they stand at the end.
    #[inline(always)]
    const fn count_len(self) -> usize {
        (self.entry >> 20 & 7) as usize
    }

    #[inline(always)]
    pub(super) const fn end(self) -> usize {
        self.at + (self.entry >> 25 & 15) as usize
    }
}

/// Where a byte leads from a state.
pub(super) enum Step {
    /// Along this edge.
    Along(Edge),
    /// Nowhere; there are edges with greater labels.
    Before,
    /// Nowhere; this is the last edge and its label is smaller.
    Behind(Edge),
}

/// The sections, and what they are read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) table: &'a [Le32],
    pub(super) codes: Codes,
    pub(super) root: usize,
    /// Bytes of the longest key.
    pub(super) longest: usize,
    /// Whether the empty key is one of them.
    pub(super) empty: bool,
}

impl View<'_> {
    /// The edge at `at`.
    #[inline(always)]
    pub(super) fn edge(&self, at: usize) -> Edge {
        let word = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        let word = word.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (entry, len) = self.codes.entry(word);
        let found = self.table.get(entry).map_or(0, |entry| entry.get());
        // The first entry is 0 and no edge; nor is what lies outside.
        let entry = if found == 0 { NO_EDGE } else { found & !(1 << 31) };
        Edge { entry, at, tail: word >> (8 * len) }
    }

    /// The `len <= 7` bytes at `at`, of which four count.
    #[inline(always)]
    fn number(&self, at: usize, len: usize) -> u32 {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        let number = bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (u64::from(number) & ((1 << (8 * len)) - 1)) as u32
    }

    /// How many keys end on and below an edge that is not the last one of its state.
    #[inline(always)]
    pub(super) fn keys(&self, edge: Edge) -> u32 {
        match edge.count_len() {
            0 => (edge.entry >> 13 & 7).max(1),
            len => self.number(edge.end().saturating_sub(len), len),
        }
    }

    /// Where an edge leads.
    #[inline(always)]
    pub(super) fn target(&self, edge: Edge) -> Option<usize> {
        if edge.entry & KIND == 0 {
            return None;
        }
        let bits = 8 * (edge.entry >> 16 & 7);
        let value = (edge.tail & ((1 << bits) - 1)) as u32 as usize;
        let base = if edge.entry & RELATIVE == 0 { 0 } else { edge.end() };
        // No place is behind the bytes, so that nothing overflows from there on.
        Some(base.saturating_add(value).min(self.bytes.len()))
    }

    /// Whether a state has a directory.
    #[inline(always)]
    fn is_wide(&self, state: usize) -> bool {
        self.bytes.get(state) == Some(&WIDE)
    }

    /// The directory of a state with many edges.
    #[inline(always)]
    fn directory(&self, state: usize) -> Directory {
        Directory::from_byte(self.bytes.get(state + 1).copied().unwrap_or(0))
    }

    /// Where the edges of a state start.
    #[inline(always)]
    pub(super) fn first_of(&self, state: usize) -> usize {
        if self.is_wide(state) { state + self.directory(state).bytes() } else { state }
    }

    /// Where the group number `group` of a state starts, from 0, and how many keys are before it.
    #[inline(always)]
    fn group(&self, state: usize, group: usize) -> (usize, u32) {
        let directory = self.directory(state);
        let first = state + directory.bytes();
        match group.checked_sub(1) {
            None => (first, 0),
            Some(row) => {
                let row = state + directory.row(row);
                let offset = self.number(row, 2) as usize;
                (first + offset, self.number(row + 2, directory.count_bytes))
            }
        }
    }

    /// The group of a state in which `label` is, if anywhere.
    #[inline(always)]
    fn group_with(&self, state: usize, label: u8) -> usize {
        let groups = self.directory(state).groups;
        let labels = self.bytes.get(state + Directory::LABELS..).unwrap_or(&[]);
        let mut found = 0;
        // As many of eight are not above it as of all before them: a comparison of vectors.
        for (start, eight) in (0..groups).step_by(8).zip(labels.chunks_exact(8)) {
            let in_groups = |i: usize| u8::from(start + i < groups);
            let not_above = eight.iter().enumerate();
            let sum = not_above.map(|(i, first)| u8::from(*first <= label) & in_groups(i));
            found += usize::from(sum.sum::<u8>());
        }
        found
    }

    /// The last group of a state that so many keys or fewer are before.
    fn group_behind(&self, state: usize, keys: u32) -> usize {
        let groups = self.directory(state).groups;
        (1..=groups).take_while(|group| self.group(state, *group).1 <= keys).count()
    }

    /// Where `label` leads from a state. With `COUNT` adds to `rank` the keys on and below edges
    /// with smaller labels, but for the last edge of the state.
    #[inline(always)]
    pub(super) fn step<const COUNT: bool>(&self, state: usize, label: u8, rank: &mut u32) -> Step {
        let mut at = state;
        if self.is_wide(state) {
            let (start, keys) = self.group(state, self.group_with(state, label));
            at = start;
            *rank = rank.wrapping_add(keys);
        }
        for _ in 0..MAX_EDGES {
            let edge = self.edge(at);
            if edge.label() >= label && edge.exists() {
                return if edge.label() == label { Step::Along(edge) } else { Step::Before };
            }
            if edge.is_last() {
                return Step::Behind(edge);
            }
            if COUNT {
                *rank = rank.wrapping_add(self.keys(edge));
            }
            at = edge.end();
        }
        Step::Before
    }

    /// How many keys end on an edge and below it.
    pub(super) fn keys_through(&self, edge: Edge) -> u32 {
        u32::from(edge.is_final()).wrapping_add(self.keys_below(self.target(edge)))
    }

    /// How many keys end on the edges of a state and below them.
    pub(super) fn keys_below(&self, state: Option<usize>) -> u32 {
        let (mut keys, mut next) = (0_u32, state);
        for _ in 0..=self.longest {
            let Some(state) = next else { break };
            let (mut at, before) = match self.is_wide(state) {
                true => self.group(state, self.directory(state).groups),
                false => (state, 0),
            };
            keys = keys.wrapping_add(before);
            next = None;
            for _ in 0..MAX_EDGES {
                let edge = self.edge(at);
                if edge.is_last() {
                    keys = keys.wrapping_add(u32::from(edge.is_final()));
                    next = self.target(edge);
                    break;
                }
                keys = keys.wrapping_add(self.keys(edge));
                at = edge.end();
            }
        }
        keys
    }

    /// The edge on or below which the key ends that has so many before it at this state; from
    /// `left` those are taken that are not at or below that edge.
    #[inline(always)]
    fn pick(&self, state: usize, left: &mut u32) -> Option<Edge> {
        let mut at = state;
        if self.is_wide(state) {
            let (start, keys) = self.group(state, self.group_behind(state, *left));
            at = start;
            *left = left.wrapping_sub(keys);
        }
        for _ in 0..MAX_EDGES {
            let edge = self.edge(at);
            if edge.is_last() {
                return edge.exists().then_some(edge);
            }
            let keys = self.keys(edge);
            if *left < keys {
                return Some(edge);
            }
            *left -= keys;
            at = edge.end();
        }
        None
    }

    /// Whether `key` is in the set. No key is longer than the longest, so that no path is longer.
    #[inline(always)]
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        let Some((last, before)) = key.split_last() else { return self.empty };
        let (mut state, mut rank) = (self.root, 0);
        for byte in before {
            match self.step::<false>(state, *byte, &mut rank) {
                Step::Along(edge) => match self.target(edge) {
                    Some(target) => state = target,
                    None => return false,
                },
                _ => return false,
            }
        }
        matches!(self.step::<false>(state, *last, &mut rank), Step::Along(edge) if edge.is_final())
    }

    /// The number of `key`, if it is in the set.
    #[inline(always)]
    pub(super) fn id_of(&self, key: &[u8]) -> Option<u32> {
        let Some((last, before)) = key.split_last() else { return self.empty.then_some(0) };
        let (mut state, mut rank) = (self.root, u32::from(self.empty));
        for byte in before {
            let Step::Along(edge) = self.step::<true>(state, *byte, &mut rank) else { return None };
            rank = rank.wrapping_add(u32::from(edge.is_final()));
            state = self.target(edge)?;
        }
        match self.step::<true>(state, *last, &mut rank) {
            Step::Along(edge) if edge.is_final() => Some(rank),
            _ => None,
        }
    }

    /// How many keys are smaller than `key`, or if `BEHIND` than all that begin with it; and
    /// whether the next one is equal.
    pub(super) fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (u32, bool) {
        let mut rank = 0_u32;
        let (mut state, mut is_final) = (Some(self.root), self.empty);
        for byte in key {
            rank = rank.wrapping_add(u32::from(is_final));
            let Some(from) = state else { return (rank, false) };
            match self.step::<true>(from, *byte, &mut rank) {
                Step::Along(edge) => (state, is_final) = (self.target(edge), edge.is_final()),
                Step::Before => return (rank, false),
                Step::Behind(edge) => {
                    return (rank.wrapping_add(self.keys_through(edge)), false);
                }
            }
        }
        if BEHIND {
            let below = self.keys_below(state).wrapping_add(u32::from(is_final));
            (rank.wrapping_add(below), false)
        } else {
            (rank, is_final)
        }
    }

    /// Calls `pass` with each edge on the way to the key that has `id` before it; the length of
    /// that key.
    #[inline(always)]
    pub(super) fn descend(&self, id: u32, mut pass: impl FnMut(usize, Edge)) -> Option<usize> {
        let mut left = id;
        if self.empty {
            match left.checked_sub(1) {
                None => return Some(0),
                Some(others) => left = others,
            }
        }
        let mut state = self.root;
        for depth in 0..self.longest {
            let edge = self.pick(state, &mut left)?;
            pass(depth, edge);
            if edge.is_final() {
                match left.checked_sub(1) {
                    None => return Some(depth + 1),
                    Some(others) => left = others,
                }
            }
            state = self.target(edge)?;
        }
        None
    }
}
