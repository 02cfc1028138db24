//! [`STree`]: a tree of pairs of cache lines over a sorted slice.

use super::{SearchKey, check_sorted, questions, same_length, search};
use crate::error::{AllocError, BuildError};
#[cfg(feature = "alloc")]
use crate::mem::granted;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Footprint, Global, PartKind, Parts};
use crate::simd::search::{Key, Levels, Node, lacking};
use core::fmt;

/// Levels of a tree over any slice that an address space holds: each has a seventeenth of the nodes
/// of the one below, or one more than that.
const MAX_LEVELS: usize = 16;

/// A search tree of pairs of cache lines over a sorted slice of `u32` or `u64`, which stays where
/// it is.
///
/// Many queries at once take a seventh of the time of `slice::binary_search` over a million keys,
/// at a sixteenth of the slice's bytes (a 32nd for `u32`).
///
/// # When not to use it
///
/// - Few look-ups: building reads the whole slice once. [`SortedSearch`](super::SortedSearch) needs
///   no building and no byte.
/// - Keys that are spread evenly: [`RadixTable`](super::RadixTable) is faster and smaller.
///
/// # Layout
///
/// ```text
/// level 0    one node: 16 u64 or 32 u32 keys, and one child more than keys
/// level 1    a node for each child       key i = the largest item below child i,
/// ...                                    the largest number where there is no item,
/// slice      16 or 32 items a leaf       also in the last key of each level: no search leaves it
/// ```
///
/// The levels lie in one block, aligned to 128 bytes. It is of exactly their size. The first leaf
/// ends where a cache line of the slice does, so that each of the others is two lines.
///
/// # Space
///
/// `n / 16` keys (`n / 32`) and a few nodes: 6.3 % of the bytes of a million `u64`s, 3.1 % of
/// `u32`s.
///
/// # Time
///
/// O(log n) with base 17 (33): two cache lines, next to each other, a level, and two for the leaf.
/// Counting in a node is two vector comparisons with AVX-512, four with AVX2.
/// Both a [`lower_bound`](Self::lower_bound) and [`lower_bound_many`](Self::lower_bound_many) find
/// either by themselves with the feature `std`. Over a million `u64`s a search takes a third to a
/// half of the time of `slice::binary_search`, many at once a tenth to a seventh each (bench
/// `search` of the peers).
///
/// # Example
///
/// ```
/// use lessram::{arrays::STree, mem::Footprint};
///
/// let squares: Vec<u64> = (0..10_000).map(|i| i * i).collect();
/// let tree = STree::new(&squares);
/// assert_eq!((tree.lower_bound(50), tree.binary_search(49)), (8, Ok(7)));
/// assert_eq!(tree.heap_bytes(), 5_248); // the slice: 80,000
///
/// let mut found = [0; 3];
/// tree.lower_bound_many(&[0, 2, 100_000_000], &mut found);
/// assert_eq!(found, [0, 2, 10_000]);
/// ```
///
/// # References
///
/// Slotin, "Static B-Trees", Algorithmica (en.algorithmica.org/hpc), 2022; Groot Koerkamp, "Static
/// search trees: 40x faster than binary search", 2024, for batches and the layout by levels.
pub struct STree<'a, K: SearchKey, A: Alloc = Global> {
    items: &'a [K],
    /// Items that leaf 0 lacks, so that the others start cache lines: a borrow stays in its place.
    lacks: usize,
    nodes: RawVec<Node<<K as Key>::Keys>, A>,
    /// Where each level starts in `nodes`, from the top down.
    starts: [usize; MAX_LEVELS],
    levels: usize,
}

#[cfg(feature = "alloc")]
impl<'a, K: SearchKey> STree<'a, K> {
    /// The tree over `items`. O(n).
    ///
    /// # Panics
    ///
    /// If the items do not ascend, or memory cannot be had: [`try_new_in`](Self::try_new_in)
    /// returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(items: &'a [K]) -> Self {
        granted(Self::try_new_in(items, Global))
    }
}

impl<'a, K: SearchKey, A: Alloc> STree<'a, K, A> {
    /// The tree over `items`, its levels in one block from `alloc`. O(n).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] if the items do not ascend, [`BuildError::Alloc`] if memory cannot
    /// be had.
    pub fn try_new_in(items: &'a [K], alloc: A) -> Result<Self, BuildError> {
        check_sorted(items)?;
        let (starts, levels, count) = shape::<K>(items.len());
        let (nodes, lacks) = (RawVec::new_in(alloc), lacking(items));
        let mut tree = Self { items, lacks, nodes, starts, levels };
        tree.nodes.try_reserve_exact(count)?;
        tree.fill(count)?;
        Ok(tree)
    }

    /// Writes the keys, level by level from the bottom up.
    fn fill(&mut self, count: usize) -> Result<(), AllocError> {
        self.nodes.try_resize(count, K::FULL)?;
        // Leaves below one child of a node of the present level.
        let mut below = 1_usize;
        for level in (0..self.levels).rev() {
            let end = if level + 1 == self.levels { count } else { self.starts[level + 1] };
            for (at, node) in self.nodes[self.starts[level]..end].iter_mut().enumerate() {
                for (slot, key) in node.0.as_mut().iter_mut().enumerate() {
                    let child = at * (K::PER + 1) + slot;
                    // The last item below the child, if items come behind it.
                    let next =
                        (child + 1).saturating_mul(below).saturating_mul(K::PER) - self.lacks;
                    if next < self.items.len() {
                        *key = self.items[next - 1];
                    }
                }
            }
            below = below.saturating_mul(K::PER + 1);
        }
        Ok(())
    }

    fn levels(&self) -> Levels<'_, K> {
        let starts = &self.starts[..self.levels];
        Levels { items: self.items, lacks: self.lacks, nodes: &self.nodes, starts }
    }

    /// The position of the first item `>= x`, or `len`: `bisect_left`. O(log n), allocates nothing.
    #[must_use]
    #[inline]
    pub fn lower_bound(&self, x: K) -> usize {
        search::lower_bound(self.levels(), x)
    }

    /// The lower bound of each of `queries`, into the same places of `out`. 64 are answered side by
    /// side, then 16. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If there are not as many places as queries.
    #[track_caller]
    pub fn lower_bound_many(&self, queries: &[K], out: &mut [usize]) {
        same_length(queries, out);
        search::lower_bounds(self.levels(), queries, out);
    }
}

/// Where each level starts, how many there are, and nodes of all of them.
fn shape<K: Key>(items: usize) -> ([usize; MAX_LEVELS], usize, usize) {
    let mut widths = [0; MAX_LEVELS];
    // Wherever the items start: leaf 0 may have but one of them.
    let (mut nodes, mut levels) = ((items + K::PER - 1).div_ceil(K::PER), 0);
    while nodes > 1 {
        nodes = nodes.div_ceil(K::PER + 1);
        widths[levels] = nodes;
        levels += 1;
    }
    let (mut starts, mut count) = ([0; MAX_LEVELS], 0);
    for (start, width) in starts.iter_mut().zip(widths[..levels].iter().rev()) {
        *start = count;
        count += width;
    }
    (starts, levels, count)
}

questions!(STree);

impl<K: SearchKey, A: Alloc> Footprint for STree<'_, K, A> {
    /// The levels; the slice is borrowed.
    fn parts(&self, out: &mut dyn Parts) {
        self.nodes.tell("levels", PartKind::Index, 0, out);
    }
}

impl<K: SearchKey, A: Alloc> fmt::Debug for STree<'_, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("STree");
        out.field("len", &self.items.len()).field("levels", &self.levels).finish_non_exhaustive()
    }
}

impl<K: SearchKey, A: Alloc + Clone> Clone for STree<'_, K, A> {
    fn clone(&self) -> Self {
        Self { nodes: self.nodes.clone(), ..*self }
    }
}
