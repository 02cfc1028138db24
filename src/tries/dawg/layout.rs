//! Where states stand: those that many edges lead to come first, at short addresses, and each
//! brings the one that its last edge leads to, if that stands nowhere yet. Then the widths of
//! targets are found that fit.

use super::code::{Codes, Directory, GROUP, HEADS, Head, Kind, WIDE};
use super::register::{Edge, LEAF, Register};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::storage::HeapWords;
use crate::storage::words::{Le32, as_halves_mut};
use core::cmp::Reverse;

/// Addresses of this many bytes take two.
const HOT_BYTES: usize = 1 << 16;
/// Edges that lead to a state which is placed among the first, at least: guess.
const HOT_DEGREE: u32 = 3;
/// Rounds after which targets that do not fit get the widest kind, so that the search ends.
const ROUNDS: usize = 24;
/// A state that stands nowhere yet.
const NOWHERE: u32 = u32::MAX;

/// The states of a register, in their order and with the kinds of their edges.
pub(super) struct Layout<'r, A: Alloc> {
    register: &'r Register<A>,
    /// The states in the order of their places.
    order: RawVec<u32, A>,
    /// By state its address.
    places: RawVec<u32, A>,
    /// By edge its kind.
    kinds: RawVec<u8, A>,
    /// By head its entry plus one, 0 if it has none.
    entries: RawVec<u32, A>,
    codes: Codes,
    /// The entries.
    heads: RawVec<u16, A>,
    /// Bytes of all states.
    bytes: usize,
}

impl<'r, A: Alloc + Clone> Layout<'r, A> {
    /// The best found for the states of `register`, with `root` the first of them.
    pub(super) fn new(register: &'r Register<A>, root: u32, alloc: &A) -> Result<Self, BuildError> {
        let mut layout = Self {
            register,
            order: RawVec::new_in(alloc.clone()),
            places: RawVec::new_in(alloc.clone()),
            kinds: RawVec::new_in(alloc.clone()),
            entries: RawVec::new_in(alloc.clone()),
            codes: Codes { pages: 256 },
            heads: RawVec::new_in(alloc.clone()),
            bytes: 0,
        };
        let states = register.states();
        layout.order.try_reserve_exact(states.saturating_sub(1))?;
        layout.places.try_resize(states, NOWHERE)?;
        layout.kinds.try_reserve_exact(register.edges().len())?;
        let leaf = |edge: &Edge| edge.target() == LEAF;
        for edge in register.edges() {
            layout.kinds.try_push(if leaf(edge) { Kind::Leaf } else { Kind::Near } as u8)?;
        }
        layout.place_hot(alloc)?;
        layout.place_below(root, alloc)?;
        layout.fit()?;
        layout.number(alloc)?;
        loop {
            layout.fit()?;
            layout.number_new()?;
            if layout.heads.len() < layout.codes.entries() {
                return Ok(layout);
            }
            // Heads have some 25,000 values, so that there is a page to take.
            layout.codes.pages -= 1;
        }
    }

    /// Places those states that most edges lead to.
    fn place_hot(&mut self, alloc: &A) -> Result<(), BuildError> {
        let mut degrees: RawVec<u32, A> = RawVec::new_in(alloc.clone());
        degrees.try_reserve_exact(self.register.states())?;
        degrees.try_resize(self.register.states(), 0)?;
        for edge in self.register.edges().iter().filter(|edge| edge.target() != LEAF) {
            degrees[edge.target() as usize] += 1;
        }
        let mut hot: RawVec<u32, A> = RawVec::new_in(alloc.clone());
        for (state, degree) in (0..).zip(degrees.iter()) {
            if *degree >= HOT_DEGREE {
                hot.try_push(state)?;
            }
        }
        hot.sort_unstable_by_key(|state| (Reverse(degrees[*state as usize]), *state));
        let mut bytes = 0;
        for state in hot.iter() {
            let from = self.order.len();
            self.place_chain(*state)?;
            let placed = self.order[from..].iter();
            // About three bytes an edge.
            bytes += placed.map(|state| 3 * self.register.edges_of(*state).len()).sum::<usize>();
            if bytes >= HOT_BYTES {
                break;
            }
        }
        Ok(())
    }

    /// Places a state, and those that last edges lead to from there, up to one that has a place.
    fn place_chain(&mut self, mut state: u32) -> Result<(), BuildError> {
        while state != LEAF && self.places[state as usize] == NOWHERE {
            self.places[state as usize] = 0;
            self.order.try_push(state)?;
            let span = self.register.span_of(state);
            let Some(last) = self.register.edges()[span.clone()].last() else { break };
            state = last.target();
            if state != LEAF && self.places[state as usize] == NOWHERE {
                self.kinds[span.end - 1] = Kind::Next as u8;
            }
        }
        Ok(())
    }

    /// Places the states at and below `root`, each before those it leads to, and then those that
    /// only states of the first part lead to.
    fn place_below(&mut self, root: u32, alloc: &A) -> Result<(), BuildError> {
        let mut open: RawVec<u32, A> = RawVec::new_in(alloc.clone());
        for first in core::iter::once(root).chain((1..self.register.states() as u32).rev()) {
            open.try_push(first)?;
            while let Some(state) = open.pop() {
                let from = self.order.len();
                self.place_chain(state)?;
                for at in from..self.order.len() {
                    for edge in self.register.edges_of(self.order[at]).iter().rev() {
                        let target = edge.target();
                        if target != LEAF && self.places[target as usize] == NOWHERE {
                            open.try_push(target)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn head(&self, edge: Edge, kind: Kind) -> Head {
        let keys = self.register.keys_through(edge);
        Head::new(edge.label(), edge.is_final(), edge.is_last(), kind, keys)
    }

    /// Bytes of an edge: its code's and those behind it. Heads that have no number yet are taken
    /// to have codes of one byte before there are numbers, and of two bytes then.
    fn len_of(&self, head: Head) -> (u32, u32) {
        let code = match self.entries.get(usize::from(head.0)) {
            None => 1,
            Some(0) => 2,
            Some(entry) => self.codes.code(entry - 1).1,
        };
        let (target, count) = head.tail();
        (code, target + count)
    }

    /// What stands before the edges of a state.
    fn directory(&self, state: u32) -> Option<Directory> {
        Directory::of(self.register.span_of(state).len(), self.register.keys_of(state))
    }

    /// Bytes before the edges of a state.
    fn before(&self, state: u32) -> usize {
        self.directory(state).map_or(0, Directory::bytes)
    }

    /// Widens kinds until every target is reached.
    fn fit(&mut self) -> Result<(), BuildError> {
        for round in 0.. {
            self.address()?;
            let mut changed = false;
            for at in 0..self.order.len() {
                changed |= self.widen(self.order[at], round >= ROUNDS);
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    /// Gives each state its address, as kinds are now.
    fn address(&mut self) -> Result<(), BuildError> {
        let mut at = 0_u64;
        for i in 0..self.order.len() {
            let state = self.order[i];
            self.places[state as usize] = at as u32;
            let span = self.register.span_of(state);
            at += self.before(state) as u64;
            for edge in span {
                let head = self.head(self.register.edges()[edge], Kind::of(self.kinds[edge]));
                let (code, tail) = self.len_of(head);
                at += u64::from(code + tail);
            }
            if at >= u64::from(NOWHERE) {
                return Err(BuildError::TooMany { len: at, max: u64::from(NOWHERE) - 1 });
            }
        }
        self.bytes = at as usize;
        Ok(())
    }

    /// Widens those edges of a state that do not reach their targets; whether there were any.
    fn widen(&mut self, state: u32, at_once: bool) -> bool {
        let span = self.register.span_of(state);
        let mut end = self.places[state as usize] + self.before(state) as u32;
        let mut changed = false;
        for at in span {
            let edge = self.register.edges()[at];
            let kind = Kind::of(self.kinds[at]);
            let (code, tail) = self.len_of(self.head(edge, kind));
            end += code + tail;
            let target = self.places[edge.target() as usize];
            if kind == Kind::Leaf || kind.reach(end, target).is_some() {
                continue;
            }
            let wider = (self.kinds[at] + 1..8).map(Kind::of);
            let fits = wider.filter(|_| !at_once).find(|k| k.reach(end, target).is_some());
            self.kinds[at] = fits.unwrap_or(Kind::Far) as u8;
            changed = true;
        }
        changed
    }

    /// Numbers the heads by how often they occur, and leaves some numbers for those to come.
    fn number(&mut self, alloc: &A) -> Result<(), BuildError> {
        let mut counts: RawVec<u32, A> = RawVec::new_in(alloc.clone());
        counts.try_reserve_exact(HEADS)?;
        counts.try_resize(HEADS, 0)?;
        for (edge, kind) in self.register.edges().iter().zip(self.kinds.iter()) {
            counts[usize::from(self.head(*edge, Kind::of(*kind)).0)] += 1;
        }
        for (head, count) in (0..=u16::MAX).zip(counts.iter()) {
            if *count > 0 {
                self.heads.try_push(head)?;
            }
        }
        self.heads.sort_unstable_by_key(|head| (Reverse(counts[usize::from(*head)]), *head));
        // One entry is that of states with many edges. A head that is widened later is a new one.
        let entries = 1 + self.heads.len();
        let spare = if entries <= 256 { 0 } else { entries / 8 };
        self.codes = Codes::for_entries((entries + spare).min(HEADS));
        self.entries.try_reserve_exact(HEADS)?;
        self.entries.try_resize(HEADS, 0)?;
        for (head, number) in self.heads.iter().zip(2..) {
            self.entries[usize::from(*head)] = number;
        }
        Ok(())
    }

    /// Numbers the heads that came up since.
    fn number_new(&mut self) -> Result<(), BuildError> {
        for at in 0..self.kinds.len() {
            let head = self.head(self.register.edges()[at], Kind::of(self.kinds[at]));
            if self.entries[usize::from(head.0)] == 0 {
                self.heads.try_push(head.0)?;
                self.entries[usize::from(head.0)] = self.heads.len() as u32 + 1;
            }
        }
        Ok(())
    }

    /// Where a state stands.
    pub(super) fn place_of(&self, state: u32) -> u32 {
        if state == LEAF { 0 } else { self.places[state as usize] }
    }

    pub(super) const fn codes(&self) -> Codes {
        self.codes
    }

    /// The table of entries.
    pub(super) fn table(&self, alloc: &A) -> Result<HeapWords<A>, BuildError> {
        let mut words = HeapWords::new_in(alloc.clone());
        if self.bytes > 0 {
            let len = (1 + self.heads.len()).div_ceil(2);
            words.try_reserve_exact(len)?;
            words.try_resize(len)?;
            let entries = as_halves_mut(words.words_mut());
            for ((entry, head), number) in entries[1..].iter_mut().zip(self.heads.iter()).zip(1..) {
                *entry = Le32::new(Head(*head).entry(self.codes.code(number).1));
            }
        }
        Ok(words)
    }

    /// All states, and zeros behind them so that eight bytes can be read at each edge.
    pub(super) fn states(&self, alloc: &A) -> Result<HeapWords<A>, BuildError> {
        let mut words = HeapWords::new_in(alloc.clone());
        if self.bytes > 0 {
            let len = (self.bytes + 8).div_ceil(8);
            words.try_reserve_exact(len)?;
            words.try_resize(len)?;
            for state in self.order.iter() {
                self.write_state(*state, words.as_bytes_mut());
            }
        }
        Ok(words)
    }

    /// Writes one state to its place.
    fn write_state(&self, state: u32, bytes: &mut [u8]) {
        let start = self.places[state as usize] as usize;
        let first = start + self.before(state);
        let directory = self.directory(state);
        if let Some(directory) = directory {
            bytes[start..start + 2].copy_from_slice(&[WIDE, directory.byte()]);
        }
        let (mut at, mut keys) = (first, 0_u32);
        for (i, edge) in self.register.span_of(state).enumerate() {
            let kind = Kind::of(self.kinds[edge]);
            let edge = self.register.edges()[edge];
            if let Some(directory) = directory.filter(|_| i > 0 && i % GROUP == 0) {
                let group = i / GROUP - 1;
                let directory_bytes = &mut bytes[start..first];
                directory_bytes[Directory::LABELS + group] = edge.label();
                let row = &mut directory_bytes[directory.row(group)..][..2 + directory.count_bytes];
                row[..2].copy_from_slice(&((at - first) as u16).to_le_bytes());
                row[2..].copy_from_slice(&keys.to_le_bytes()[..directory.count_bytes]);
            }
            at += self.write_edge(edge, kind, at, bytes);
            keys += self.register.keys_through(edge);
        }
    }

    /// Writes one edge to `at`; its length.
    fn write_edge(&self, edge: Edge, kind: Kind, at: usize, bytes: &mut [u8]) -> usize {
        let head = self.head(edge, kind);
        let (code, code_len) = self.codes.code(self.entries[usize::from(head.0)] - 1);
        let (target_len, count_len) = head.tail();
        let (code_len, target_len) = (code_len as usize, target_len as usize);
        let len = code_len + target_len + count_len as usize;
        let target = kind.reach((at + len) as u32, self.place_of(edge.target()));
        let (target, keys) = (target.unwrap_or(0), self.register.keys_through(edge));
        let bytes = &mut bytes[at..at + len];
        bytes[..code_len].copy_from_slice(&code.to_le_bytes()[..code_len]);
        bytes[code_len..][..target_len].copy_from_slice(&target.to_le_bytes()[..target_len]);
        let count = &mut bytes[code_len + target_len..];
        count.copy_from_slice(&keys.to_le_bytes()[..count_len as usize]);
        len
    }
}
