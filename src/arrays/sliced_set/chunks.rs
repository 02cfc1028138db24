//! The slices of a set that changes: in chunks, so that a new one moves few others.

use super::edit::Cell;
use super::iter::Source;
use super::slice::Slice;
use super::slots::LOW;
use crate::error::AllocError;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Part, Parts, block_of};

/// Slices of a chunk; one more, and it is cut in two.
const MOST: usize = 128;
/// A chunk of fewer slices goes to its neighbour, if both together fill no more than three
/// quarters of one.
const LEAST: usize = MOST / 4;

/// Some slices whose keys follow one another.
struct Chunk<A: Alloc> {
    /// Its first key, or a smaller one that is larger than those of the chunk before.
    first: u64,
    cells: RawVec<Cell<A>, A>,
}

/// Slices by their keys, ascending. No chunk is empty.
pub(super) struct Chunks<A: Alloc> {
    chunks: RawVec<Chunk<A>, A>,
}

/// A chunk, and a slice in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    chunk: usize,
    cell: usize,
}

/// Makes room for one more, in steps of an eighth.
fn make_room<T, A: Alloc>(items: &mut RawVec<T, A>) -> Result<(), AllocError> {
    match items.len() < items.capacity() {
        true => Ok(()),
        false => items.try_reserve_exact(items.len() / 8 + 1),
    }
}

/// Gives back room for more than a quarter of the items, if the allocator can.
fn give_back<T, A: Alloc>(items: &mut RawVec<T, A>) {
    let len = items.len();
    if items.capacity() > len + len / 4 + 1 {
        // A refusal leaves what is there, which is right as it is.
        let _ = items.try_shrink_to_fit();
    }
}

/// Puts `item` at position `at`; there is room.
fn put<T, A: Alloc>(items: &mut RawVec<T, A>, at: usize, item: T) -> Result<(), AllocError> {
    items.try_push(item)?;
    items[at..].rotate_right(1);
    Ok(())
}

impl<A: Alloc + Clone> Chunks<A> {
    pub(super) const fn new_in(alloc: A) -> Self {
        Self { chunks: RawVec::new_in(alloc) }
    }

    pub(super) const fn alloc(&self) -> &A {
        self.chunks.alloc()
    }

    /// The first slice whose key is at least `key`: where one of that key is, or is to be put.
    pub(super) fn lower_bound(&self, key: u64) -> At {
        let chunk = self.chunks.partition_point(|chunk| chunk.first <= key).saturating_sub(1);
        let Some(Chunk { first, cells }) = self.chunks.get(chunk) else {
            return At { chunk, cell: 0 };
        };
        // Where it is if no key is missing: most often, and that is one step.
        let guess = usize::try_from(key.wrapping_sub(*first)).unwrap_or(usize::MAX);
        let is_there = cells.get(guess).is_some_and(|cell| cell.key == key);
        let cell = match is_there {
            true => guess,
            false => cells.partition_point(|cell| cell.key < key),
        };
        At { chunk, cell }
    }

    pub(super) fn get(&self, at: At) -> Option<&Cell<A>> {
        self.chunks.get(at.chunk)?.cells.get(at.cell)
    }

    pub(super) fn get_mut(&mut self, at: At) -> Option<&mut Cell<A>> {
        self.chunks.get_mut(at.chunk)?.cells.get_mut(at.cell)
    }

    /// The slice of this key.
    pub(super) fn find(&self, key: u64) -> Option<&Cell<A>> {
        self.get(self.lower_bound(key)).filter(|cell| cell.key == key)
    }

    /// Puts a slice where [`lower_bound`](Self::lower_bound) of its key is. On an error nothing has
    /// changed.
    pub(super) fn insert(&mut self, at: At, cell: Cell<A>) -> Result<(), AllocError> {
        let alloc = self.alloc().clone();
        let Some(chunk) = self.chunks.get_mut(at.chunk) else {
            let mut cells = RawVec::new_in(alloc);
            make_room(&mut self.chunks)?;
            make_room(&mut cells)?;
            let first = cell.key;
            cells.try_push(cell)?;
            return self.chunks.try_push(Chunk { first, cells });
        };
        if chunk.cells.len() >= MOST {
            self.split(at.chunk)?;
            let at = self.lower_bound(cell.key);
            return self.insert(at, cell);
        }
        make_room(&mut chunk.cells)?;
        chunk.first = chunk.first.min(cell.key);
        put(&mut chunk.cells, at.cell, cell)
    }

    /// Cuts a chunk in two: in the middle, or in front of its last slice if it is the last chunk,
    /// so that what is filled in order becomes full.
    fn split(&mut self, at: usize) -> Result<(), AllocError> {
        let is_last = at + 1 == self.chunks.len();
        let mut cells = RawVec::new_in(self.alloc().clone());
        make_room(&mut self.chunks)?;
        let chunk = &mut self.chunks[at];
        let keep = if is_last { MOST - 1 } else { MOST / 2 };
        cells.try_reserve_exact(chunk.cells.len() - keep)?;
        let first = chunk.cells[keep].key;
        for cell in chunk.cells.drain(keep..) {
            cells.try_push(cell)?;
        }
        // Less room than before may be refused; it is then kept.
        let _ = chunk.cells.try_shrink_to_fit();
        put(&mut self.chunks, at + 1, Chunk { first, cells })
    }

    /// Takes a slice out.
    pub(super) fn remove(&mut self, at: At) {
        let Some(chunk) = self.chunks.get_mut(at.chunk) else { return };
        drop(chunk.cells.drain(at.cell..at.cell + 1));
        let len = chunk.cells.len();
        if len == 0 {
            drop(self.chunks.drain(at.chunk..at.chunk + 1));
        } else if len >= LEAST || !self.join(at.chunk) {
            give_back(&mut self.chunks[at.chunk].cells);
        }
        give_back(&mut self.chunks);
    }

    /// Puts the slices of a small chunk to a neighbour, if there is room and memory for that;
    /// whether it did.
    fn join(&mut self, at: usize) -> bool {
        let len = |at: usize| self.chunks.get(at).map_or(MOST, |chunk| chunk.cells.len());
        let fits = |left: usize| len(left) + len(left + 1) <= MOST * 3 / 4;
        let left = match at.checked_sub(1) {
            Some(before) if fits(before) => before,
            _ if fits(at) => at,
            _ => return false,
        };
        let [chunk, next, ..] = &mut self.chunks[left..] else { return false };
        if chunk.cells.try_reserve_exact(next.cells.len()).is_err() {
            return false;
        }
        for cell in next.cells.drain(..) {
            let pushed = chunk.cells.try_push(cell);
            debug_assert!(pushed.is_ok(), "there was room");
        }
        drop(self.chunks.drain(left + 1..left + 2));
        true
    }

    /// All slices, in order.
    pub(super) fn cells(&self) -> impl DoubleEndedIterator<Item = &Cell<A>> {
        self.chunks.iter().flat_map(|chunk| chunk.cells.iter())
    }

    pub(super) fn cells_mut(&mut self) -> impl Iterator<Item = &mut Cell<A>> {
        self.chunks.iter_mut().flat_map(|chunk| chunk.cells.iter_mut())
    }

    /// Gives back all room that is not needed.
    pub(super) fn shrink(&mut self) -> Result<(), AllocError> {
        for chunk in self.chunks.iter_mut() {
            chunk.cells.try_shrink_to_fit()?;
            for cell in chunk.cells.iter_mut() {
                cell.bytes.try_shrink_to_fit()?;
            }
        }
        self.chunks.try_shrink_to_fit()
    }

    pub(super) fn parts(&self, out: &mut dyn Parts) {
        let told = |used: usize, capacity: usize, size: usize, out: &mut dyn Parts| {
            let slack = Part::slack((capacity - used) * size);
            block_of(out, &[Part::index("slots", used * size), slack]);
        };
        told(self.chunks.len(), self.chunks.capacity(), size_of::<Chunk<A>>(), out);
        for chunk in self.chunks.iter() {
            told(chunk.cells.len(), chunk.cells.capacity(), size_of::<Cell<A>>(), out);
            for cell in chunk.cells.iter() {
                let slice = cell.slice();
                let slack = cell.bytes.capacity() - cell.bytes.len();
                let padding = Part::header("padding", cell.bytes.len() - slice.len);
                let payload = Part::payload("slices", slice.len);
                block_of(out, &[payload, padding, Part::slack(slack)]);
            }
        }
    }
}

impl<A: Alloc + Clone> Source for Chunks<A> {
    type At = At;

    fn locate(&self, k: usize) -> Option<(At, usize)> {
        let mut left = k;
        for (chunk, cells) in self.chunks.iter().enumerate() {
            for (cell, slice) in cells.cells.iter().enumerate() {
                let count = slice.count as usize;
                if left < count {
                    return Some((At { chunk, cell }, left));
                }
                left -= count;
            }
        }
        None
    }

    fn next(&self, at: At) -> Option<At> {
        let next = At { cell: at.cell + 1, ..at };
        if self.get(next).is_some() {
            return Some(next);
        }
        let next = At { chunk: at.chunk + 1, cell: 0 };
        self.get(next).map(|_| next)
    }

    fn prev(&self, at: At) -> Option<At> {
        if let Some(cell) = at.cell.checked_sub(1) {
            return Some(At { cell, ..at });
        }
        let chunk = at.chunk.checked_sub(1)?;
        let cell = self.chunks.get(chunk)?.cells.len().checked_sub(1)?;
        Some(At { chunk, cell })
    }

    fn slice(&self, at: At) -> Slice<'_> {
        self.get(at).map_or(Slice::EMPTY, Cell::slice)
    }

    fn base(&self, at: At) -> u64 {
        self.get(at).map_or(0, |cell| cell.key << LOW)
    }
}
