//! Reading an automaton in either form: [`Machine`] is what a form knows of one state, and what is
//! asked of many is written once over it. Nothing read is believed: what lies outside is an edge
//! that leads nowhere, states have 256 edges at most, and paths are no longer than the longest key.

use super::fixed::Fixed;
use super::packed::Packed;

/// The most edges of a state.
pub(super) const MAX_EDGES: usize = 256;

/// What is known of a set beside its states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) len: usize,
    /// Bytes of the longest key.
    pub(super) longest: usize,
    /// Whether the empty key is one of them.
    pub(super) empty: bool,
}

/// An edge as it was read.
pub(super) trait Link: Copy {
    fn label(self) -> u8;

    /// Whether a key ends on it.
    fn is_final(self) -> bool;

    /// Whether it is the last one of its state.
    fn is_last(self) -> bool;

    /// Whether there is an edge.
    fn exists(self) -> bool;

    /// Where the next edge of its state is.
    fn end(self) -> usize;
}

/// Where a byte leads from a state.
pub(super) enum Step<E> {
    /// Along this edge.
    Along(E),
    /// Nowhere; there are edges with greater labels.
    Before,
    /// Nowhere; this is the last edge and its label is smaller.
    Behind(E),
}

/// One form of the states, which are known by where they are.
pub(super) trait Machine: Copy {
    type Edge: Link;

    fn facts(&self) -> &Facts;

    /// Where the first state is.
    fn root(&self) -> usize;

    /// The edge at `at`.
    fn edge(&self, at: usize) -> Self::Edge;

    /// How many keys end on and below an edge that is not the last one of its state.
    fn keys(&self, edge: Self::Edge) -> u32;

    /// Where an edge leads.
    fn target(&self, edge: Self::Edge) -> Option<usize>;

    /// Where the edges of a state start.
    fn first_of(&self, state: usize) -> usize;

    /// Where `label` leads from a state. With `COUNT` adds to `rank` the keys on and below edges
    /// with smaller labels, but for the last edge of the state.
    fn step<const COUNT: bool>(&self, state: usize, label: u8, rank: &mut u32) -> Step<Self::Edge>;

    /// The last edge of a state, and the keys on and below those before it.
    fn last_of(&self, state: usize) -> Option<(Self::Edge, u32)>;

    /// The edge on or below which the key ends that has so many before it at this state; from
    /// `left` those are taken that are not at or below that edge.
    fn pick(&self, state: usize, left: &mut u32) -> Option<Self::Edge>;

    /// How many keys end on an edge and below it.
    fn keys_through(&self, edge: Self::Edge) -> u32 {
        u32::from(edge.is_final()).wrapping_add(self.keys_below(self.target(edge)))
    }

    /// How many keys end on the edges of a state and below them; of a damaged automaton, modulo
    /// 2^32.
    fn keys_below(&self, state: Option<usize>) -> u32 {
        self.all_keys_below(state) as u32
    }

    /// The same, which is more than there can be where the automaton is damaged.
    fn all_keys_below(&self, state: Option<usize>) -> u64 {
        let (mut keys, mut next) = (0, state);
        for _ in 0..=self.facts().longest {
            let Some((edge, before)) = next.and_then(|state| self.last_of(state)) else { break };
            keys += u64::from(before) + u64::from(edge.is_final());
            next = self.target(edge);
        }
        keys
    }

    /// Whether `key` is in the set. No key is longer than the longest, so that no path is longer.
    #[inline(always)]
    fn contains(&self, key: &[u8]) -> bool {
        let Some((last, before)) = key.split_last() else { return self.facts().empty };
        let mut state = self.root();
        for byte in before {
            let Step::Along(edge) = self.step::<false>(state, *byte, &mut 0) else { return false };
            let Some(target) = self.target(edge) else { return false };
            state = target;
        }
        matches!(self.step::<false>(state, *last, &mut 0), Step::Along(edge) if edge.is_final())
    }

    /// The number of `key`, if it is in the set.
    #[inline(always)]
    fn id_of(&self, key: &[u8]) -> Option<u32> {
        let empty = self.facts().empty;
        let Some((last, before)) = key.split_last() else { return empty.then_some(0) };
        let (mut state, mut rank) = (self.root(), u32::from(empty));
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
    fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (u32, bool) {
        let mut rank = 0_u32;
        let (mut state, mut is_final) = (Some(self.root()), self.facts().empty);
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
    fn descend(&self, id: u32, mut pass: impl FnMut(usize, Self::Edge)) -> Option<usize> {
        let mut left = id;
        if self.facts().empty {
            match left.checked_sub(1) {
                None => return Some(0),
                Some(others) => left = others,
            }
        }
        let mut state = self.root();
        for depth in 0..self.facts().longest {
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

/// The form that a set has.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'a> {
    Packed(Packed<'a>),
    Fixed(Fixed<'a>),
}

/// `$do` with the machine of a view.
macro_rules! by_form {
    ($view:expr, $machine:ident => $do:expr) => {
        match $view {
            $crate::tries::dawg::read::View::Packed($machine) => $do,
            $crate::tries::dawg::read::View::Fixed($machine) => $do,
        }
    };
}
pub(super) use by_form;

/// All of an edge.
pub(super) struct Seen {
    pub(super) label: u8,
    pub(super) is_final: bool,
    /// Where the next edge of the state is, and how many keys end on this one and below; `None` of
    /// the last edge.
    pub(super) next: Option<(usize, u32)>,
    pub(super) target: Option<usize>,
}

impl View<'_> {
    #[inline(always)]
    pub(super) fn root(&self) -> usize {
        by_form!(self, machine => machine.root())
    }

    /// Where the edges of a state start.
    #[inline(always)]
    pub(super) fn first_of(&self, state: usize) -> usize {
        by_form!(self, machine => machine.first_of(state))
    }

    pub(super) fn all_keys_below(&self, state: Option<usize>) -> u64 {
        by_form!(self, machine => machine.all_keys_below(state))
    }

    /// The edge at `at`, if there is one.
    #[inline(always)]
    pub(super) fn seen(&self, at: usize) -> Option<Seen> {
        by_form!(self, machine => {
            let edge = machine.edge(at);
            edge.exists().then(|| Seen {
                label: edge.label(),
                is_final: edge.is_final(),
                next: (!edge.is_last()).then(|| (edge.end(), machine.keys(edge))),
                target: machine.target(edge),
            })
        })
    }

    /// The state that `label` leads to, and whether a key ends on the edge to it. Adds to `rank` as
    /// [`Machine::step`] does.
    #[inline(always)]
    pub(super) fn follow<const COUNT: bool>(
        &self,
        state: usize,
        label: u8,
        rank: &mut u32,
    ) -> Option<(Option<usize>, bool)> {
        by_form!(self, machine => match machine.step::<COUNT>(state, label, rank) {
            Step::Along(edge) => Some((machine.target(edge), edge.is_final())),
            _ => None,
        })
    }
}
