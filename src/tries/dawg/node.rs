//! The automaton itself: states and edges, to be walked by whatever knows what it looks for.

use super::read::View;
use core::iter::FusedIterator;
use core::ops::Range;

/// A place in a [`Dawg`](super::Dawg): the keys that begin with the bytes on the way to it.
///
/// ```
/// use lessram::tries::Dawg;
///
/// let words = Dawg::from_sorted(["ant", "ants", "bee"])?;
/// let node = words.root().child(b'a').and_then(|node| node.child(b'n')).unwrap();
/// assert_eq!((node.keys(), node.is_final()), (2, false));
/// let labels: Vec<u8> = words.root().edges().map(|(label, _)| label).collect();
/// assert_eq!(labels, b"ab");
/// # Ok::<(), lessram::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Node<'a> {
    view: View<'a>,
    /// Where its edges are; none if it has none.
    state: Option<usize>,
    is_final: bool,
}

impl core::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut node = f.debug_struct("Node");
        node.field("state", &self.state).field("is_final", &self.is_final).finish()
    }
}

impl<'a> Node<'a> {
    pub(super) const fn new(view: View<'a>, state: Option<usize>, is_final: bool) -> Self {
        Self { view, state, is_final }
    }

    /// Whether a key ends here.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// How many keys end here and below. O(length of the longest key below).
    #[must_use]
    pub fn keys(&self) -> usize {
        let keys = u64::from(self.is_final) + self.view.all_keys_below(self.state);
        usize::try_from(keys).unwrap_or(usize::MAX)
    }

    /// The node that `label` leads to. At most 8 edges are looked at.
    #[must_use]
    #[inline]
    pub fn child(&self, label: u8) -> Option<Self> {
        let (state, is_final) = self.view.follow::<false>(self.state?, label, &mut 0)?;
        Some(Self::new(self.view, state, is_final))
    }

    /// The edges in the order of their labels, each with the node it leads to.
    #[inline]
    pub fn edges(&self) -> Edges<'a> {
        let at = self.state.map(|state| self.view.first_of(state));
        Edges { view: self.view, at, left: 256, before: u32::from(self.is_final) }
    }
}

/// The edges of a [`Node`].
#[derive(Clone, Debug)]
pub struct Edges<'a> {
    view: View<'a>,
    at: Option<usize>,
    /// Edges that a state can still have: a damaged one might have no last edge.
    left: u32,
    /// Keys that end at the node or below the edges before.
    before: u32,
}

impl<'a> Edges<'a> {
    /// The next edge, and which of the keys at and below the node are those on and below it; of
    /// the last edge all that are left. No two edges have one in common, whatever a damaged file
    /// counts.
    #[inline]
    pub(super) fn next_ranked(&mut self) -> Option<(u8, Node<'a>, Range<u32>)> {
        let at = self.at.take().filter(|_| self.left > 0)?;
        let edge = self.view.seen(at)?;
        self.left -= 1;
        let start = self.before;
        self.before = match edge.next {
            None => u32::MAX,
            Some((_, keys)) => start.saturating_add(keys),
        };
        self.at = edge.next.map(|(next, _)| next);
        let node = Node::new(self.view, edge.target, edge.is_final);
        Some((edge.label, node, start..self.before))
    }
}

impl<'a> Iterator for Edges<'a> {
    type Item = (u8, Node<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_ranked().map(|(label, node, _)| (label, node))
    }
}

impl FusedIterator for Edges<'_> {}

/// The keys that a text begins with, the shortest first, each as its number and its length.
#[derive(Clone, Debug)]
pub struct KeysAlong<'a, 't> {
    view: View<'a>,
    text: &'t [u8],
    /// Bytes read, and the keys before those that begin with them.
    read: usize,
    rank: u32,
    state: Option<usize>,
    is_final: bool,
    /// Numbers are below it.
    len: usize,
}

impl<'a, 't> KeysAlong<'a, 't> {
    pub(super) const fn new(root: Node<'a>, len: usize, text: &'t [u8]) -> Self {
        let Node { view, state, is_final } = root;
        Self { view, text, read: 0, rank: 0, state, is_final, len }
    }
}

impl Iterator for KeysAlong<'_, '_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            if core::mem::take(&mut self.is_final) {
                let id = self.rank as usize;
                if id >= self.len {
                    // Of a damaged file: there is no such key.
                    self.state = None;
                    return None;
                }
                self.rank = self.rank.wrapping_add(1);
                return Some((id, self.read));
            }
            let (state, byte) = (self.state?, *self.text.get(self.read)?);
            match self.view.follow::<true>(state, byte, &mut self.rank) {
                Some(target) => {
                    self.read += 1;
                    (self.state, self.is_final) = target;
                }
                None => self.state = None,
            }
        }
    }
}

impl FusedIterator for KeysAlong<'_, '_> {}
