//! Reading the packed form: states of as few bytes as can be.

use super::code::{Codes, Directory, WIDE};
use super::read::{Facts, Link, MAX_EDGES, Machine, Step};
use crate::storage::words::Le32;

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
    /// Bytes of the count; they stand at the end.
    #[inline(always)]
    const fn count_len(self) -> usize {
        (self.entry >> 20 & 7) as usize
    }
}

impl Link for Edge {
    #[inline(always)]
    fn label(self) -> u8 {
        self.entry as u8
    }

    #[inline(always)]
    fn is_final(self) -> bool {
        self.entry & FINAL != 0
    }

    #[inline(always)]
    fn is_last(self) -> bool {
        self.entry & LAST != 0
    }

    #[inline(always)]
    fn exists(self) -> bool {
        self.entry >> 31 == 0
    }

    #[inline(always)]
    fn end(self) -> usize {
        self.at + (self.entry >> 25 & 15) as usize
    }
}

/// The sections, and what they are read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) table: &'a [Le32],
    pub(super) codes: Codes,
    pub(super) root: usize,
    pub(super) facts: Facts,
}

/// The highest bits of those of eight bytes that are not above `bound`.
#[inline(always)]
const fn not_above(bytes: u64, bound: u8) -> u64 {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let bounds = bound as u64 * 0x0101_0101_0101_0101;
    // Of the seven bits below, as nothing is borrowed from the next byte.
    let below = (bounds | HIGHEST) - (bytes & !HIGHEST);
    (!bytes & bounds | !(bytes ^ bounds) & below) & HIGHEST
}

impl Packed<'_> {
    /// The `len <= 7` bytes at `at`, of which four count.
    #[inline(always)]
    fn number(&self, at: usize, len: usize) -> u32 {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        let number = bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (u64::from(number) & ((1 << (8 * len)) - 1)) as u32
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

    /// The group of a state in which `label` is, if anywhere: as many first labels are not above
    /// it.
    #[inline(always)]
    fn group_with(&self, state: usize, label: u8) -> usize {
        let groups = self.directory(state).groups;
        let labels = self.bytes.get(state + Directory::LABELS..).unwrap_or(&[]);
        let mut found = 0;
        for (start, eight) in (0..groups).step_by(8).zip(labels.chunks_exact(8)) {
            let eight = eight.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
            let behind = 8 * (groups - start).min(8) as u32;
            let in_groups = u64::MAX >> (64 - behind);
            found += (not_above(eight, label) & in_groups).count_ones() as usize;
        }
        found
    }

    /// The last group of a state that so many keys or fewer are before.
    fn group_behind(&self, state: usize, keys: u32) -> usize {
        let groups = self.directory(state).groups;
        (1..=groups).take_while(|group| self.group(state, *group).1 <= keys).count()
    }
}

impl Machine for Packed<'_> {
    type Edge = Edge;

    #[inline(always)]
    fn facts(&self) -> &Facts {
        &self.facts
    }

    #[inline(always)]
    fn root(&self) -> usize {
        self.root
    }

    #[inline(always)]
    fn edge(&self, at: usize) -> Edge {
        let word = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        let word = word.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (entry, len) = self.codes.entry(word);
        let found = self.table.get(entry).map_or(0, |entry| entry.get());
        // The first entry is 0 and no edge; nor is what lies outside.
        let entry = if found == 0 { NO_EDGE } else { found & !(1 << 31) };
        Edge { entry, at, tail: word >> (8 * len) }
    }

    #[inline(always)]
    fn keys(&self, edge: Edge) -> u32 {
        let len = edge.count_len();
        let told = (edge.entry >> 13 & 7).max(1);
        let read = self.number(edge.end().saturating_sub(len), len);
        (told & ((len == 0) as u32).wrapping_neg()) | read
    }

    #[inline(always)]
    fn target(&self, edge: Edge) -> Option<usize> {
        if edge.entry & KIND == 0 {
            return None;
        }
        let bits = 8 * (edge.entry >> 16 & 7);
        let value = (edge.tail & ((1 << bits) - 1)) as u32 as usize;
        let base = if edge.entry & RELATIVE == 0 { 0 } else { edge.end() };
        // No place is behind the bytes, so that nothing overflows from there on.
        Some(base.saturating_add(value).min(self.bytes.len()))
    }

    #[inline(always)]
    fn first_of(&self, state: usize) -> usize {
        if self.is_wide(state) { state + self.directory(state).bytes() } else { state }
    }

    #[inline(always)]
    fn step<const COUNT: bool>(&self, state: usize, label: u8, rank: &mut u32) -> Step<Edge> {
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

    #[inline(always)]
    fn last_of(&self, state: usize) -> Option<(Edge, u32)> {
        let (mut at, mut keys) = match self.is_wide(state) {
            true => self.group(state, self.directory(state).groups),
            false => (state, 0),
        };
        for _ in 0..MAX_EDGES {
            let edge = self.edge(at);
            if edge.is_last() {
                return Some((edge, keys));
            }
            keys = keys.wrapping_add(self.keys(edge));
            at = edge.end();
        }
        None
    }

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
}
