//! Keys that an automaton accepts: nodes are entered together with it, as long as it is alive.
//!
//! A damaged file may lead in circles, and there are as good as endlessly many ways around them. So
//! each node has a share of the numbers of the node above it, as the keys on edges say, and is not
//! entered without one: at each depth there are no more nodes than keys. And no path is longer than
//! the longest key.

use super::node::{Edges, Node};
use super::read::Facts;
use crate::tries::{Automaton, Near};
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::ops::Range;

/// A node on the path, and the automaton there.
#[derive(Clone, Debug)]
struct Frame<'a, S> {
    edges: Edges<'a>,
    state: S,
    /// The numbers of the keys at and below the node.
    keys: Range<u32>,
}

/// The keys of a [`Dawg`](super::Dawg) that an automaton accepts, in order: the number of each, and
/// what the automaton says of it.
///
/// [`key`](Self::key) lends the key that came last.
#[derive(Clone, Debug)]
pub struct DawgMatches<'a, M: Automaton> {
    automaton: M,
    path: Vec<Frame<'a, M::State>>,
    key: Vec<u8>,
    /// Bytes of the longest key of all.
    longest: usize,
    /// Of the empty key, if it is accepted and has not been told.
    first: Option<M::Match>,
}

/// The keys near a word: the number of each, and its distance from the word.
pub type Fuzzy<'a> = DawgMatches<'a, Near>;

impl<'a, M: Automaton> DawgMatches<'a, M> {
    pub(super) fn new(root: Node<'a>, facts: &Facts, automaton: M) -> Self {
        let state = automaton.start();
        let Facts { len, longest, .. } = *facts;
        let first = automaton.matched(&state).filter(|_| root.is_final() && len > 0);
        let frame = Frame { edges: root.edges(), state, keys: 0..len as u32 };
        Self { automaton, path: alloc::vec![frame], key: Vec::new(), longest, first }
    }

    /// The key that was found last.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl<M: Automaton> Iterator for DawgMatches<'_, M> {
    type Item = (usize, M::Match);

    fn next(&mut self) -> Option<(usize, M::Match)> {
        if let Some(found) = self.first.take() {
            return Some((0, found));
        }
        loop {
            let depth = self.path.len();
            let frame = self.path.last_mut()?;
            let Some((byte, node, share)) = frame.edges.next_ranked() else {
                self.path.pop();
                continue;
            };
            let start = frame.keys.start.saturating_add(share.start);
            let end = frame.keys.start.saturating_add(share.end).min(frame.keys.end);
            let state = self.automaton.step(&frame.state, byte);
            if !self.automaton.is_alive(&state) || start >= end || depth > self.longest {
                continue;
            }
            self.key.truncate(depth - 1);
            self.key.push(byte);
            self.path.push(Frame { edges: node.edges(), state, keys: start..end });
            if !node.is_final() {
                continue;
            }
            if let Some(found) = self.automaton.matched(&state) {
                return Some((start as usize, found));
            }
        }
    }
}

impl<M: Automaton> FusedIterator for DawgMatches<'_, M> {}
