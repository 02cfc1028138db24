//! Keys in ascending order become states: [`Register`] keeps one of each kind, so that endings
//! that keys share are there once (Daciuk et al. 2000).
//!
//! A key ends on an edge and not in a state: states that differ only in whether a key ends in them
//! are one then.

use super::super::spool::shared_in_order;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// The state without edges.
pub(super) const LEAF: u32 = 0;

/// One edge: its label in the lowest byte, two flags, and the state it leads to in the upper half.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge(u64);

impl Edge {
    const FINAL: u64 = 1 << 8;
    const LAST: u64 = 1 << 9;

    const fn new(label: u8, is_final: bool) -> Self {
        Self(label as u64 | if is_final { Self::FINAL } else { 0 })
    }

    pub(super) const fn label(self) -> u8 {
        self.0 as u8
    }

    /// Whether a key ends on it.
    pub(super) const fn is_final(self) -> bool {
        self.0 & Self::FINAL != 0
    }

    /// Whether it is the last one of its state.
    pub(super) const fn is_last(self) -> bool {
        self.0 & Self::LAST != 0
    }

    pub(super) const fn target(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn to(self, target: u32) -> Self {
        Self(self.0 & 0xFFFF_FFFF | (target as u64) << 32)
    }
}

/// A state: where its edges start, and how many keys end on and below them.
#[derive(Clone, Copy)]
struct State {
    first: u32,
    keys: u32,
}

/// All states of the keys so far, and the path of the last key, which may still change.
pub(super) struct Register<A: Alloc> {
    edges: RawVec<Edge, A>,
    /// By number; number 0 is the one without edges.
    states: RawVec<State, A>,
    /// Numbers of states where their hashes say, 0 where there is none.
    table: RawVec<u32, A>,
    /// The edges of the states on the path of the last key, outermost first; the last edge of each
    /// state leads to the next one.
    path: RawVec<Edge, A>,
    /// Where in `path` the edges of the state after so many bytes start.
    starts: RawVec<u32, A>,
    last: RawVec<u8, A>,
    len: usize,
    longest: usize,
    /// Whether the empty key is one of them.
    empty: bool,
}

/// Spreads the edges of a state over 64 bits.
fn hash_of(edges: &[Edge]) -> u64 {
    edges.iter().fold(0, |hash: u64, edge| {
        let mixed = (hash ^ edge.0).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 29
    })
}

impl<A: Alloc + Clone> Register<A> {
    /// No keys.
    pub(super) fn new(alloc: &A) -> Self {
        Self {
            edges: RawVec::new_in(alloc.clone()),
            states: RawVec::new_in(alloc.clone()),
            table: RawVec::new_in(alloc.clone()),
            path: RawVec::new_in(alloc.clone()),
            starts: RawVec::new_in(alloc.clone()),
            last: RawVec::new_in(alloc.clone()),
            len: 0,
            longest: 0,
            empty: false,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    pub(super) const fn has_empty(&self) -> bool {
        self.empty
    }

    /// How many states there are.
    pub(super) fn states(&self) -> usize {
        self.states.len()
    }

    /// All edges, those of a state together.
    pub(super) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Where the edges of a state are.
    pub(super) fn span_of(&self, state: u32) -> Range<usize> {
        let first = |state: usize| self.states.get(state).map(|state| state.first as usize);
        let start = first(state as usize).unwrap_or(0);
        start..first(state as usize + 1).unwrap_or(self.edges.len())
    }

    /// The edges of a state.
    pub(super) fn edges_of(&self, state: u32) -> &[Edge] {
        &self.edges[self.span_of(state)]
    }

    /// How many keys end on the edges of a state and below them.
    pub(super) fn keys_of(&self, state: u32) -> u32 {
        self.states.get(state as usize).map_or(0, |state| state.keys)
    }

    /// How many keys end on the edge and below it.
    pub(super) fn keys_through(&self, edge: Edge) -> u32 {
        self.keys_of(edge.target()) + u32::from(edge.is_final())
    }

    /// Adds `key`; nothing has changed if that is refused.
    pub(super) fn push(&mut self, key: &[u8]) -> Result<(), BuildError> {
        let shared = shared_in_order(&self.last, key, self.len)?;
        if self.len as u64 >= u64::from(u32::MAX) {
            return Err(BuildError::TooMany { len: self.len as u64 + 1, max: u32::MAX.into() });
        }
        self.reserve(key.len() - shared, shared)?;
        self.freeze_from(shared)?;
        for (at, byte) in key.iter().enumerate().skip(shared) {
            if self.starts.len() == at {
                self.starts.try_push(self.path.len() as u32)?;
            }
            self.path.try_push(Edge::new(*byte, at + 1 == key.len()))?;
        }
        self.last.truncate(shared);
        self.last.try_extend_from_slice(&key[shared..])?;
        self.empty |= key.is_empty();
        self.len += 1;
        self.longest = self.longest.max(key.len());
        Ok(())
    }

    /// Makes all room that a key with `fresh` bytes behind `shared` ones needs.
    fn reserve(&mut self, fresh: usize, shared: usize) -> Result<(), BuildError> {
        self.path.try_reserve(fresh)?;
        self.starts.try_reserve(fresh + 1)?;
        self.last.try_reserve(fresh)?;
        let frozen = self.starts.len().saturating_sub(shared + 1);
        let from = self.starts.get(shared + 1).map_or(self.path.len(), |start| *start as usize);
        self.reserve_states(frozen, self.path.len() - from)?;
        Ok(())
    }

    /// Makes room for so many more states and edges.
    fn reserve_states(&mut self, states: usize, edges: usize) -> Result<(), BuildError> {
        const MOST: usize = u32::MAX as usize;
        if self.edges.len() + edges > MOST {
            let (len, max) = (self.edges.len() as u64 + edges as u64, MOST as u64);
            return Err(BuildError::TooMany { len, max });
        }
        self.edges.try_reserve(edges)?;
        self.states.try_reserve(states + 1)?;
        if self.states.is_empty() {
            self.states.try_push(State { first: 0, keys: 0 })?;
        }
        let need = self.states.len() + states;
        if need > self.table.len() / 5 * 3 {
            self.grow_table(need)?;
        }
        Ok(())
    }

    /// Makes room in the table for `need` states and half as many more.
    fn grow_table(&mut self, need: usize) -> Result<(), AllocError> {
        let slots = (need + need / 2).max(16).saturating_mul(5) / 3;
        self.table.try_reserve_exact(slots - self.table.len())?;
        self.table.try_resize(slots, 0)?;
        self.table.fill(0);
        for state in 1..self.states.len() as u32 {
            // No two are alike, so that the first empty slot is its own.
            let mut slot = self.slot_of(self.edges_of(state));
            while self.table[slot] != LEAF {
                slot = self.next_slot(slot);
            }
            self.table[slot] = state;
        }
        Ok(())
    }

    /// The state that has these edges, or the slot where it belongs.
    fn find(&self, edges: &[Edge]) -> Result<u32, usize> {
        let mut slot = self.slot_of(edges);
        loop {
            match self.table[slot] {
                LEAF => return Err(slot),
                state if self.edges_of(state) == edges => return Ok(state),
                _ => slot = self.next_slot(slot),
            }
        }
    }

    /// The first slot in which a state with these edges may be.
    fn slot_of(&self, edges: &[Edge]) -> usize {
        // The upper half of the hash, spread over the slots.
        (((hash_of(edges) >> 32) * self.table.len() as u64) >> 32) as usize
    }

    fn next_slot(&self, slot: usize) -> usize {
        if slot + 1 == self.table.len() { 0 } else { slot + 1 }
    }

    /// Registers the states of the path that lie behind `shared` bytes. Room has been made.
    fn freeze_from(&mut self, shared: usize) -> Result<(), AllocError> {
        while self.starts.len() > shared + 1 {
            let start = self.starts.pop().unwrap_or(0) as usize;
            let state = self.register(start)?;
            if let Some(edge) = self.path.last_mut() {
                *edge = edge.to(state);
            }
        }
        Ok(())
    }

    /// The state whose edges are those of the path from `start` on, which are then gone from it.
    fn register(&mut self, start: usize) -> Result<u32, AllocError> {
        let Some(last) = self.path[start..].last_mut() else { return Ok(LEAF) };
        last.0 |= Edge::LAST;
        let found = self.find(&self.path[start..]);
        let state = match found {
            Ok(state) => state,
            Err(slot) => {
                let edges = &self.path[start..];
                let keys = edges.iter().map(|edge| self.keys_through(*edge)).sum();
                let state = self.states.len() as u32;
                self.states.try_push(State { first: self.edges.len() as u32, keys })?;
                self.edges.try_extend_from_slice(edges)?;
                self.table[slot] = state;
                state
            }
        };
        self.path.truncate(start);
        Ok(state)
    }

    /// Registers what is left; returns the first state. Frees what only further keys would need.
    pub(super) fn finish(&mut self) -> Result<u32, BuildError> {
        self.reserve_states(self.starts.len(), self.path.len())?;
        self.freeze_from(0)?;
        let root = self.register(0)?;
        for numbers in [&mut self.table, &mut self.starts] {
            numbers.truncate(0);
            numbers.try_shrink_to_fit()?;
        }
        self.states.try_shrink_to_fit()?;
        self.edges.try_shrink_to_fit()?;
        Ok(root)
    }
}
