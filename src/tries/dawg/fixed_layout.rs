//! Where states of edges of 32 bits stand: those with counts of as many bits together, the widest
//! first, and among them each before those that it leads to.

use super::fixed::{COUNT_BITS, FINAL, LABEL, LANES, MORE, ROOT, TARGET, count_bases};
use super::register::{LEAF, Register};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::storage::HeapWords;
use crate::storage::words::{Le32, as_halves_mut};

/// A state that stands nowhere yet.
const NOWHERE: u32 = u32::MAX;

/// The states of a register, with their places.
pub(super) struct FixedLayout<'r, A: Alloc> {
    register: &'r Register<A>,
    /// The states, each before those that it leads to.
    order: RawVec<u32, A>,
    /// By state its first edge.
    places: RawVec<u32, A>,
    /// The first edge of each class of counts but the first, and behind the last one.
    ends: [u32; 3],
}

/// The class of counts that a state needs below which so many keys end: an edge has fewer before.
pub(in crate::tries) const fn class_of(keys: u32) -> usize {
    match keys {
        0..=0x10 => 2,
        0x11..=0x100 => 1,
        _ => 0,
    }
}

/// Whether targets can tell so many edges.
const fn takes(edges: u64) -> bool {
    edges < TARGET as u64
}

/// Bytes of edges and of counts, of which each class ends at one of `ends`.
const fn sizes(ends: [u64; 3]) -> [u64; 2] {
    let len = ends[2];
    if len <= ROOT as u64 {
        return [0, 0];
    }
    let bits = count_bases(ends[0], ends[1])[2] + COUNT_BITS[2] * len;
    [4 * (len + LANES as u64 - 1), bits.div_ceil(8) + 3]
}

/// Heap bytes of so many edges, in states of each [class](class_of); `None` of too many.
#[cfg(feature = "std")]
pub(in crate::tries) const fn bytes_of(edges: [u64; 3]) -> Option<u64> {
    let first = ROOT as u64 + edges[0];
    let [edge_bytes, counts] = sizes([first, first + edges[1], first + edges[1] + edges[2]]);
    let words = edge_bytes.div_ceil(8) + counts.div_ceil(8);
    if takes(edges[0] + edges[1] + edges[2]) { Some(8 * words) } else { None }
}

impl<'r, A: Alloc + Clone> FixedLayout<'r, A> {
    /// Whether targets can tell all edges of `register`.
    pub(super) fn takes(register: &Register<A>) -> bool {
        takes(register.edges().len() as u64)
    }

    /// Of the states of `register` from `root` on, if it [takes](Self::takes) them.
    pub(super) fn new(register: &'r Register<A>, root: u32, alloc: &A) -> Result<Self, BuildError> {
        let (order, places) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc.clone()));
        let mut layout = Self { register, order, places, ends: [0; 3] };
        layout.order.try_reserve_exact(register.states().saturating_sub(1))?;
        layout.places.try_resize(register.states(), NOWHERE)?;
        layout.sort(root, alloc)?;
        layout.address();
        Ok(layout)
    }

    /// Finds the order.
    fn sort(&mut self, root: u32, alloc: &A) -> Result<(), BuildError> {
        let mut open: RawVec<u32, A> = RawVec::new_in(alloc.clone());
        open.try_push(root)?;
        while let Some(state) = open.pop() {
            if state == LEAF || self.places[state as usize] != NOWHERE {
                continue;
            }
            self.places[state as usize] = 0;
            self.order.try_push(state)?;
            for edge in self.register.edges_of(state).iter().rev() {
                if edge.target() != LEAF {
                    open.try_push(edge.target())?;
                }
            }
        }
        Ok(())
    }

    /// Gives each state its place. The first state has the most keys, so that it is the first of
    /// the first class that there is.
    fn address(&mut self) {
        let mut at = ROOT as u32;
        for (class, end) in self.ends.iter_mut().enumerate() {
            for state in self.order.iter() {
                if class_of(self.register.keys_of(*state)) == class {
                    self.places[*state as usize] = at;
                    at += self.register.edges_of(*state).len() as u32;
                }
            }
            *end = at;
        }
    }

    /// The first edges with counts of 8 bits and of 4.
    pub(super) const fn classes(&self) -> (u32, u32) {
        (self.ends[0], self.ends[1])
    }

    /// Bytes of edges and of counts.
    fn sizes(&self) -> [u64; 2] {
        sizes(self.ends.map(u64::from))
    }

    fn room(&self, bytes: u64, alloc: &A) -> Result<HeapWords<A>, BuildError> {
        let (mut words, len) = (HeapWords::new_in(alloc.clone()), bytes.div_ceil(8) as usize);
        words.try_reserve_exact(len)?;
        words.try_resize(len)?;
        Ok(words)
    }

    /// Calls `each` with every edge: its place, that of its target, the keys before it in its
    /// state, and the edge.
    fn for_each(&self, mut each: impl FnMut(usize, u32, u32, super::register::Edge)) {
        for state in self.order.iter() {
            let (first, mut keys) = (self.places[*state as usize] as usize, 0);
            for (edge, at) in self.register.edges_of(*state).iter().zip(first..) {
                let target = if edge.target() == LEAF { 0 } else { self.place_of(edge.target()) };
                each(at, target, keys, *edge);
                keys += self.register.keys_through(*edge);
            }
        }
    }

    fn place_of(&self, state: u32) -> u32 {
        self.places[state as usize]
    }

    /// The edges, and zeros behind them so that some can be read at once from each on.
    pub(super) fn edges(&self, alloc: &A) -> Result<HeapWords<A>, BuildError> {
        let mut words = self.room(self.sizes()[0], alloc)?;
        let edges = as_halves_mut(words.words_mut());
        self.for_each(|at, target, _, edge| {
            let more = if edge.is_last() { 0 } else { MORE };
            let is_final = if edge.is_final() { FINAL } else { 0 };
            edges[at] = Le32::new(more | u32::from(edge.label()) << LABEL | is_final | target);
        });
        Ok(words)
    }

    /// The counts, and zeros behind them so that four bytes can be read at each.
    pub(super) fn counts(&self, alloc: &A) -> Result<HeapWords<A>, BuildError> {
        let bases = count_bases(u64::from(self.ends[0]), u64::from(self.ends[1]));
        let mut words = self.room(self.sizes()[1], alloc)?;
        let counts = words.as_bytes_mut();
        self.for_each(|at, _, keys, _| {
            let class = self.ends.iter().take_while(|end| at >= **end as usize).count().min(2);
            let bit = bases[class] + COUNT_BITS[class] * at as u64;
            let bytes = &mut counts[(bit / 8) as usize..][..4];
            for (byte, more) in bytes.iter_mut().zip((keys << (bit % 8)).to_le_bytes()) {
                *byte |= more;
            }
        });
        Ok(words)
    }
}
