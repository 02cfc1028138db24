//! Keys in order: a [`Walk`] remembers which edges come next to those on its path.

use super::read::{Link, Machine};

/// Bytes of a key up to which the path is remembered. What lies deeper is found anew by number.
const PATH: usize = 256;
/// No edge, no state.
const NONE: u32 = u32::MAX;

/// Where a walk over keys is.
#[derive(Clone, Copy)]
pub struct Walk {
    /// By depth where the edge next to that of the path is.
    next: [u32; PATH],
    /// The number of the key, and its length.
    id: u32,
    len: usize,
    /// The state behind the key.
    below: u32,
}

impl core::fmt::Debug for Walk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Walk").field("id", &self.id).field("len", &self.len).finish_non_exhaustive()
    }
}

/// Where the edge next to this one is.
fn next_of(edge: impl Link) -> u32 {
    if edge.is_last() { NONE } else { edge.end() as u32 }
}

impl Walk {
    /// Bytes of the key.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// At the key `id`, which is put into `key` as far as that has room.
    #[inline]
    pub(super) fn new(machine: &impl Machine, id: u32, key: &mut [u8]) -> Option<Self> {
        let mut walk = Self { next: [NONE; PATH], id, len: 0, below: machine.root() as u32 };
        let mut last = None;
        walk.len = machine.descend(id, |depth, edge| {
            walk.put(depth, edge, key);
            last = Some(edge);
        })?;
        walk.rest_on(machine, last);
        Some(walk)
    }

    #[inline(always)]
    fn put(&mut self, depth: usize, edge: impl Link, key: &mut [u8]) {
        if let Some(byte) = key.get_mut(depth) {
            *byte = edge.label();
        }
        if let Some(next) = self.next.get_mut(depth) {
            *next = next_of(edge);
        }
    }

    #[inline(always)]
    fn rest_on<M: Machine>(&mut self, machine: &M, last: Option<M::Edge>) {
        if let Some(edge) = last {
            self.below = machine.target(edge).map_or(NONE, |target| target as u32);
        }
    }

    /// Goes on to the next key; how many bytes of `key` have stayed.
    #[inline]
    pub(super) fn advance(&mut self, machine: &impl Machine, key: &mut [u8]) -> Option<usize> {
        let (shared, mut edge) = if self.below == NONE {
            let (depth, at) = self.climb(machine)?;
            (depth, machine.edge(at as usize))
        } else {
            (self.len, machine.edge(machine.first_of(self.below as usize)))
        };
        self.id = self.id.wrapping_add(1);
        for depth in shared..machine.facts().longest {
            if !edge.exists() {
                return None;
            }
            self.put(depth, edge, key);
            if edge.is_final() {
                self.len = depth + 1;
                self.rest_on(machine, Some(edge));
                return Some(shared);
            }
            edge = machine.edge(machine.first_of(machine.target(edge)?));
        }
        None
    }

    /// The depth of the last edge of the path that another one comes next to, and where that is.
    #[inline(always)]
    fn climb(&self, machine: &impl Machine) -> Option<(usize, u32)> {
        if self.len > PATH {
            if let Some(found) = self.climb_deep(machine) {
                return Some(found);
            }
        }
        let path = &self.next[..self.len.min(PATH)];
        let depth = path.iter().rposition(|next| *next != NONE)?;
        Some((depth, path[depth]))
    }

    #[cold]
    #[inline(never)]
    fn climb_deep(&self, machine: &impl Machine) -> Option<(usize, u32)> {
        let mut found = None;
        machine.descend(self.id, |depth, edge| {
            if depth >= PATH && !edge.is_last() {
                found = Some((depth, next_of(edge)));
            }
        });
        found
    }
}
