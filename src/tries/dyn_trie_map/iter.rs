//! Entries of a map in the order of their keys: lent, given away, and taken out.

use super::super::dyn_trie::{LeavesMut, Spelled, Values, Walk};
use super::DynTrieMap;
use crate::mem::{Alloc, Global};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

/// A walk over entries, which lends each key out of a buffer:
/// `while let Some((key, value)) = entries.next_entry() { .. }`.
pub struct DynTrieEntries<'a, V, A: Alloc = Global> {
    map: &'a DynTrieMap<V, A>,
    /// Where the key before `next` is, which lies in the buffer; `None` if none does.
    walk: Option<Walk<'a, Values<V, A>, A>>,
    key: Vec<u8>,
    next: usize,
    end: usize,
}

impl<V, A: Alloc> fmt::Debug for DynTrieEntries<'_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieEntries").field("next", &self.next).field("end", &self.end).finish()
    }
}

impl<'a, V, A: Alloc + Clone> DynTrieEntries<'a, V, A> {
    pub(super) fn new(map: &'a DynTrieMap<V, A>, ids: Range<usize>) -> Self {
        let end = ids.end.min(map.len());
        let key = vec![0; map.longest()];
        Self { map, walk: None, key, next: ids.start.min(end), end }
    }

    /// Entries that are still to come.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.end - self.next
    }

    /// The next entry; its key until the next step.
    #[inline]
    pub fn next_entry(&mut self) -> Option<(&[u8], &'a V)> {
        if self.next >= self.end {
            return None;
        }
        let tree = &self.map.tree;
        match &mut self.walk {
            Some(walk) => {
                tree.advance(walk, &mut self.key)?;
            }
            None => self.walk = tree.walk(self.next, &mut self.key),
        }
        self.next += 1;
        let walk = self.walk.as_ref()?;
        let (leaf, index) = walk.leaf()?;
        Some((&self.key[..walk.len()], leaf.values.0.get(index)?))
    }
}

/// Entries of a map in order, each key in a `Vec` of its own. [`DynTrieEntries`] lends them.
pub struct DynTrieIter<'a, V, A: Alloc = Global> {
    front: DynTrieEntries<'a, V, A>,
    /// A buffer for keys from the end, as soon as one was asked for.
    back: Vec<u8>,
}

impl<V, A: Alloc> fmt::Debug for DynTrieIter<'_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynTrieIter").field(&self.front).finish()
    }
}

impl<'a, V, A: Alloc + Clone> DynTrieIter<'a, V, A> {
    pub(super) fn new(map: &'a DynTrieMap<V, A>, ids: Range<usize>) -> Self {
        Self { front: DynTrieEntries::new(map, ids), back: Vec::new() }
    }
}

impl<'a, V, A: Alloc + Clone> Iterator for DynTrieIter<'a, V, A> {
    type Item = (Vec<u8>, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.front.next_entry().map(|(key, value)| (key.to_vec(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.front.remaining(), Some(self.front.remaining()))
    }
}

impl<V, A: Alloc + Clone> DoubleEndedIterator for DynTrieIter<'_, V, A> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let front = &mut self.front;
        let last = front.end.checked_sub(1).filter(|last| *last >= front.next)?;
        front.end = last;
        self.back.resize(front.map.longest(), 0);
        let walk = front.map.tree.walk(last, &mut self.back)?;
        let (leaf, index) = walk.leaf()?;
        Some((self.back[..walk.len()].to_vec(), leaf.values.0.get(index)?))
    }
}

impl<V, A: Alloc + Clone> ExactSizeIterator for DynTrieIter<'_, V, A> {}
impl<V, A: Alloc + Clone> FusedIterator for DynTrieIter<'_, V, A> {}

/// Values of a map, in the order of their keys.
pub struct DynTrieValues<'a, V, A: Alloc = Global> {
    map: &'a DynTrieMap<V, A>,
    /// Of the leaf before the key number `next`, what is still to come.
    leaf: core::slice::Iter<'a, V>,
    next: usize,
}

impl<V, A: Alloc> fmt::Debug for DynTrieValues<'_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieValues").field("next", &self.next).finish_non_exhaustive()
    }
}

impl<'a, V, A: Alloc + Clone> DynTrieValues<'a, V, A> {
    pub(super) fn new(map: &'a DynTrieMap<V, A>) -> Self {
        Self { map, leaf: [].iter(), next: 0 }
    }
}

impl<'a, V, A: Alloc + Clone> Iterator for DynTrieValues<'a, V, A> {
    type Item = &'a V;

    fn next(&mut self) -> Option<&'a V> {
        if self.leaf.as_slice().is_empty() {
            let (leaves, index) = self.map.tree.root.leaves_from(self.next)?;
            self.leaf = leaves.first()?.values.0.get(index..)?.iter();
        }
        self.next += 1;
        self.leaf.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = self.map.len() - self.next.min(self.map.len());
        (rest, Some(rest))
    }
}

impl<V, A: Alloc + Clone> ExactSizeIterator for DynTrieValues<'_, V, A> {}
impl<V, A: Alloc + Clone> FusedIterator for DynTrieValues<'_, V, A> {}

/// Entries of a map in order, each key in a `Vec` of its own, each value to be changed.
pub struct DynTrieIterMut<'a, V, A: Alloc = Global> {
    leaves: LeavesMut<'a, Values<V, A>, A>,
    /// Of the leaf before those, what is still to come.
    keys: Option<Spelled<'a, A>>,
    values: core::slice::IterMut<'a, V>,
    /// As long as the longest key.
    key: Vec<u8>,
    left: usize,
}

impl<V, A: Alloc> fmt::Debug for DynTrieIterMut<'_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieIterMut").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a, V, A: Alloc + Clone> DynTrieIterMut<'a, V, A> {
    pub(super) fn new(map: &'a mut DynTrieMap<V, A>) -> Self {
        let (key, left) = (vec![0; map.longest()], map.len());
        let leaves = LeavesMut::new(&mut map.tree.root);
        Self { leaves, keys: None, values: [].iter_mut(), key, left }
    }
}

impl<'a, V, A: Alloc + Clone> Iterator for DynTrieIterMut<'a, V, A> {
    type Item = (Vec<u8>, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let (Some(keys), Some(value)) = (&mut self.keys, self.values.next()) {
                let len = keys.spell(&mut self.key)?;
                self.left -= 1;
                return Some((self.key[..len].to_vec(), value));
            }
            let (keys, values) = self.leaves.next()?.parts_mut();
            (self.keys, self.values) = (Some(keys), values.0.iter_mut());
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V, A: Alloc + Clone> ExactSizeIterator for DynTrieIterMut<'_, V, A> {}
impl<V, A: Alloc + Clone> FusedIterator for DynTrieIterMut<'_, V, A> {}

/// Values of a map, in the order of their keys, to be changed.
pub struct DynTrieValuesMut<'a, V, A: Alloc = Global> {
    leaves: LeavesMut<'a, Values<V, A>, A>,
    /// Of the leaf before those, what is still to come.
    values: core::slice::IterMut<'a, V>,
    left: usize,
}

impl<V, A: Alloc> fmt::Debug for DynTrieValuesMut<'_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieValuesMut").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a, V, A: Alloc + Clone> DynTrieValuesMut<'a, V, A> {
    pub(super) fn new(map: &'a mut DynTrieMap<V, A>) -> Self {
        let left = map.len();
        Self { leaves: LeavesMut::new(&mut map.tree.root), values: [].iter_mut(), left }
    }
}

impl<'a, V, A: Alloc + Clone> Iterator for DynTrieValuesMut<'a, V, A> {
    type Item = &'a mut V;

    fn next(&mut self) -> Option<&'a mut V> {
        loop {
            if let Some(value) = self.values.next() {
                self.left -= 1;
                return Some(value);
            }
            self.values = self.leaves.next()?.values.0.iter_mut();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V, A: Alloc + Clone> ExactSizeIterator for DynTrieValuesMut<'_, V, A> {}
impl<V, A: Alloc + Clone> FusedIterator for DynTrieValuesMut<'_, V, A> {}

/// Takes the entries of a map out, from either end.
pub struct DynTrieIntoIter<V, A: Alloc = Global> {
    map: DynTrieMap<V, A>,
    /// As long as the longest key: for the one that comes next.
    buffer: Vec<u8>,
}

impl<V, A: Alloc + Clone> DynTrieIntoIter<V, A> {
    pub(super) fn new(map: DynTrieMap<V, A>) -> Self {
        let buffer = alloc::vec![0; map.longest()];
        Self { map, buffer }
    }

    fn remove(&mut self, id: usize) -> Option<(Vec<u8>, V)> {
        let key = self.map.key_into(id, &mut self.buffer)?.to_vec();
        let value = self.map.remove(&key)?;
        Some((key, value))
    }
}

impl<V, A: Alloc> fmt::Debug for DynTrieIntoIter<V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieIntoIter").field("len", &self.map.tree.root.len).finish()
    }
}

impl<V, A: Alloc + Clone> Iterator for DynTrieIntoIter<V, A> {
    type Item = (Vec<u8>, V);

    fn next(&mut self) -> Option<Self::Item> {
        self.remove(0)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.map.len(), Some(self.map.len()))
    }
}

impl<V, A: Alloc + Clone> DoubleEndedIterator for DynTrieIntoIter<V, A> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.remove(self.map.len().checked_sub(1)?)
    }
}

impl<V, A: Alloc + Clone> ExactSizeIterator for DynTrieIntoIter<V, A> {}
impl<V, A: Alloc + Clone> FusedIterator for DynTrieIntoIter<V, A> {}
