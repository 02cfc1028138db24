//! Keys near a word: the automaton is walked with the set of all ways in which the bytes so far can
//! be made of the word's beginnings.
//!
//! After `d` units of a key, bit `b` of lane `e` says that the first `d - k + b` units of the word
//! become them by `e` changes or fewer. Only `2k + 1` beginnings can, so that four lanes of 8 bits
//! hold all of it, however long the word is: S. Wu, U. Manber, *Fast Text Searching Allowing
//! Errors*, CACM 1992, kept to the diagonal.
//!
//! A damaged file may lead in circles, and there are as good as endlessly many ways around them
//! with three changes. So each node has a share of the numbers of the node above it, as the keys on
//! edges say, and is not entered without one: at each depth there are no more nodes than keys.

use super::node::{Edges, Node};
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::ops::Range;

/// The most changes.
const MOST: u32 = 3;
/// One bit in each lane.
const LANES: u32 = 0x0101_0101;
/// The bits of lanes that are used.
const BITS: u32 = 0x7F7F_7F7F;
/// A unit that no key has, and one that no word has: bytes that are not UTF-8.
const PADDING: u32 = u32::MAX;
const BROKEN: u32 = u32::MAX - 1;

/// What counts as one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// One character of UTF-8 inserted, removed or replaced. A byte of no character equals none,
    /// not even itself.
    #[default]
    Char,
    /// As `Char`, or two neighbouring characters swapped that are not changed further.
    CharOrSwap,
    /// One byte inserted, removed or replaced.
    Byte,
    /// As `Byte`, or two neighbouring bytes swapped that are not changed further.
    ByteOrSwap,
}

/// The ways in which what was read can be made of the word.
#[derive(Clone, Copy, Debug)]
struct Ways {
    now: u32,
    /// Those before the last unit, and that unit's places in its window.
    before: u32,
    places: u32,
    /// Units read.
    read: usize,
}

/// The word.
#[derive(Clone, Debug)]
struct Word {
    /// Its units, with padding before and behind, so that a window of 8 can be looked at.
    units: Vec<u32>,
    len: usize,
    most: u32,
    swaps: bool,
}

impl Word {
    fn new(units: impl Iterator<Item = u32>, most: u32, swaps: bool) -> Self {
        // One more before than changes: a swap looks one unit further back.
        let mut padded = alloc::vec![PADDING; most as usize + 1];
        padded.extend(units);
        let len = padded.len() - most as usize - 1;
        padded.resize(padded.len() + most as usize + 9, PADDING);
        Self { units: padded, len, most, swaps }
    }

    /// The ways at the beginning: so many units of the word removed as there are changes.
    fn start(&self) -> Ways {
        let first = 1 << self.most;
        let now = self.close(first, 0);
        Ways { now, before: 0, places: 0, read: 0 }
    }

    /// Adds ways that remove units of the word, after `read` units of a key.
    #[inline(always)]
    fn close(&self, mut ways: u32, read: usize) -> u32 {
        let lanes = u32::MAX >> (8 * (MOST - self.most));
        // Beginnings are not longer than the word.
        let bits = (self.len + self.most as usize + 1).saturating_sub(read);
        let used = bits.min(2 * self.most as usize + 1);
        let valid = (((1_u32 << used) - 1) * LANES) & lanes;
        ways &= valid;
        for _ in 0..self.most {
            ways |= (ways << 9) & valid;
        }
        ways
    }

    /// The ways after one unit more; 0 if there are none.
    #[inline(always)]
    fn step(&self, ways: &Ways, unit: u32) -> Ways {
        // The places of the unit in the window, and in the one that starts a unit earlier.
        let window = self.units.get(ways.read..).and_then(<[u32]>::first_chunk::<9>);
        let mut places = 0_u32;
        if let Some(window) = window {
            for (bit, other) in window.iter().enumerate() {
                places |= u32::from(*other == unit) << bit;
            }
        }
        let here = (places >> 1 & 0x7F) * LANES;
        let changed = ways.now << 8;
        let mut now = ways.now & here | changed | changed >> 1 & BITS;
        if self.swaps {
            // This unit is where the one before should be, and that one where this should be.
            let swapped = ways.before & ((ways.places >> 2 & places & 0x7F) * LANES);
            now |= swapped << 8;
        }
        let read = ways.read + 1;
        Ways { now: self.close(now, read), before: ways.now, places, read }
    }

    /// The fewest changes by which all of the word becomes what was read.
    #[inline(always)]
    fn distance(&self, ways: &Ways) -> Option<u32> {
        let bit = (self.len + self.most as usize).checked_sub(ways.read)?;
        let whole = (ways.now >> bit.min(7)) & LANES;
        (bit < 7 && whole != 0).then(|| whole.trailing_zeros() / 8)
    }
}

/// A node on the path, and the ways to it.
#[derive(Clone, Debug)]
struct Frame<'a> {
    edges: Edges<'a>,
    ways: Ways,
    /// The bits so far of a character, and how many bytes of it are to come.
    char_bits: u32,
    char_left: u32,
    /// The numbers of the keys at and below the node.
    keys: Range<u32>,
}

/// The keys near a word, in order: the number of each, and its distance from the word.
///
/// [`key`](Self::key) lends the key that came last.
#[derive(Clone, Debug)]
pub struct Fuzzy<'a> {
    word: Word,
    /// Whether units are characters.
    chars: bool,
    path: Vec<Frame<'a>>,
    key: Vec<u8>,
    /// The empty key, if it is near and has not been told.
    first: Option<u32>,
}

impl<'a> Fuzzy<'a> {
    pub(super) fn new(root: Node<'a>, len: usize, word: &[u8], most: u32, change: Change) -> Self {
        let chars = matches!(change, Change::Char | Change::CharOrSwap);
        let swaps = matches!(change, Change::CharOrSwap | Change::ByteOrSwap);
        let most = most.min(MOST);
        let word = if chars {
            let chunks = word.utf8_chunks();
            let units = chunks.flat_map(|chunk| {
                let broken = chunk.invalid().iter().map(|_| BROKEN - 1);
                chunk.valid().chars().map(u32::from).chain(broken)
            });
            Word::new(units, most, swaps)
        } else {
            Word::new(word.iter().map(|byte| u32::from(*byte)), most, swaps)
        };
        let ways = word.start();
        let first = word.distance(&ways).filter(|_| root.is_final() && len > 0);
        let keys = 0..len as u32;
        let frame = Frame { edges: root.edges(), ways, char_bits: 0, char_left: 0, keys };
        Self { word, chars, path: alloc::vec![frame], key: Vec::new(), first }
    }

    /// The key that was found last.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// What a frame becomes by one byte more.
    #[inline(always)]
    fn read(&self, frame: &Frame<'a>, byte: u8) -> (Ways, u32, u32) {
        if !self.chars || byte < 0x80 && frame.char_left == 0 {
            return (self.word.step(&frame.ways, byte.into()), 0, 0);
        }
        self.read_wide(frame, byte)
    }

    #[inline(never)]
    fn read_wide(&self, frame: &Frame<'a>, byte: u8) -> (Ways, u32, u32) {
        let mut ways = frame.ways;
        if frame.char_left > 0 {
            if byte & 0xC0 == 0x80 {
                let bits = frame.char_bits << 6 | u32::from(byte & 0x3F);
                return match frame.char_left {
                    1 => (self.word.step(&ways, bits), 0, 0),
                    left => (ways, bits, left - 1),
                };
            }
            // A character that has no end.
            ways = self.word.step(&ways, BROKEN);
        }
        match byte {
            0xC2..=0xDF => (ways, u32::from(byte & 0x1F), 1),
            0xE0..=0xEF => (ways, u32::from(byte & 0x0F), 2),
            0xF0..=0xF4 => (ways, u32::from(byte & 0x07), 3),
            0..0x80 => (self.word.step(&ways, byte.into()), 0, 0),
            _ => (self.word.step(&ways, BROKEN), 0, 0),
        }
    }
}

impl Iterator for Fuzzy<'_> {
    type Item = (usize, u32);

    fn next(&mut self) -> Option<(usize, u32)> {
        if let Some(distance) = self.first.take() {
            return Some((0, distance));
        }
        loop {
            let depth = self.path.len();
            let frame = self.path.last_mut()?;
            let Some((byte, node, share)) = frame.edges.next_ranked() else {
                self.path.pop();
                continue;
            };
            let frame = &self.path[depth - 1];
            let start = frame.keys.start.saturating_add(share.start);
            let end = frame.keys.start.saturating_add(share.end).min(frame.keys.end);
            let (ways, char_bits, char_left) = self.read(frame, byte);
            if ways.now == 0 || start >= end {
                continue;
            }
            self.key.truncate(depth - 1);
            self.key.push(byte);
            let (edges, keys) = (node.edges(), start..end);
            self.path.push(Frame { edges, ways, char_bits, char_left, keys });
            if !node.is_final() {
                continue;
            }
            // Bytes of a character without its end are one unit.
            let whole = if char_left == 0 { ways } else { self.word.step(&ways, BROKEN) };
            if let Some(distance) = self.word.distance(&whole) {
                return Some((start as usize, distance));
            }
        }
    }
}

impl FusedIterator for Fuzzy<'_> {}
