//! [`Tree`]: what a set and a map of changing keys have in common; and walks over its keys.

use super::block::Place;
use super::column::Column;
use super::node::{Inner, LEAF, Leaf, push};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;

/// Keys in order, with a column of values.
pub(in crate::tries) struct Tree<C, A: Alloc> {
    pub(in crate::tries) root: Inner<C, A>,
    /// Bytes that no key exceeds: those of the longest that was there since they were counted last.
    pub(in crate::tries) longest: usize,
}

impl<C: Column<A>, A: Alloc + Clone> Tree<C, A> {
    pub(in crate::tries) fn new_in(alloc: &A) -> Self {
        Self { root: Inner::new_in(alloc), longest: 0 }
    }

    /// Whether `key` is there; and then its leaf and its position in that.
    #[inline]
    pub(in crate::tries) fn get(&self, key: &[u8]) -> Option<(&Leaf<C, A>, usize)> {
        let leaf = self.root.leaf_of(key)?;
        let spot = leaf.keys.find::<false>(key);
        spot.equal.then_some((leaf, spot.index))
    }

    /// Puts `value` beside `key`, which comes if it is not there; the value that was.
    pub(in crate::tries) fn try_put(
        &mut self,
        key: &[u8],
        value: C::Value,
    ) -> Result<Option<C::Value>, AllocError> {
        let mut old = None;
        if self.root.len == 0 {
            self.root.try_begin(key, value)?;
        } else {
            self.root.try_raise()?;
            old = self.root.try_put(key, value)?;
        }
        self.longest = self.longest.max(key.len());
        Ok(old)
    }

    pub(in crate::tries) fn take(&mut self, key: &[u8]) -> Option<C::Value> {
        let value = self.root.take(key)?;
        self.lower();
        Some(value)
    }

    /// Lets a root go that is not needed any more.
    fn lower(&mut self) {
        self.root.lower();
        if self.root.len == 0 {
            self.longest = 0;
        }
    }

    /// Bytes of the longest key. O(n).
    fn count_longest(&self) -> usize {
        let (mut longest, mut walk) = (0, self.walk(0, &mut []));
        while let Some(at) = &mut walk {
            longest = longest.max(at.len());
            if self.advance(at, &mut []).is_none() {
                break;
            }
        }
        longest
    }

    /// Room for a key.
    pub(in crate::tries) fn try_buffer(&self) -> Result<RawVec<u8, A>, AllocError> {
        let mut buffer = RawVec::new_in(self.root.alloc().clone());
        buffer.try_reserve_exact(self.longest)?;
        buffer.try_resize(self.longest, 0)?;
        Ok(buffer)
    }

    /// Keeps the keys for which `keep` returns `true`, which is asked once of each, in order. Those
    /// of a leaf go together, and their values are dropped after that, so that the tree is whole
    /// whenever `keep` is called or a value's `drop`, either of which may panic.
    pub(in crate::tries) fn try_retain(
        &mut self,
        mut keep: impl FnMut(&[u8], &mut C, usize) -> bool,
    ) -> Result<(), AllocError> {
        let mut key = self.try_buffer()?;
        let mut values = RawVec::new_in(self.root.alloc().clone());
        values.try_reserve_exact(LEAF)?;
        let (mut id, mut longest) = (0, 0);
        while let Some((leaf, from)) = self.root.leaf_at_mut(id) {
            let (mut place, mut gone) = (Place::default(), 0_u64);
            for index in 0..leaf.keys.count() {
                leaf.keys.spell(&mut place, &mut key);
                if index < from {
                    continue;
                }
                if keep(&key[..place.before], &mut leaf.values, index) {
                    longest = longest.max(place.before);
                } else {
                    gone |= 1 << index;
                }
            }
            let asked = leaf.keys.count() - from;
            id += asked - self.root.thin(id, gone, &mut |value| push(&mut values, value));
            self.lower();
            values.truncate(0);
        }
        self.longest = longest;
        Ok(())
    }

    /// Takes out what is not smaller than `key`; if memory is refused, nothing.
    pub(in crate::tries) fn try_split_off(&mut self, key: &[u8]) -> Result<Self, AllocError> {
        let mut behind = Self { root: self.root.try_split_off(key)?, longest: self.longest };
        behind.lower();
        self.lower();
        Ok(behind)
    }

    /// A walk at the key number `id`, which is in `key` as far as that has room.
    #[inline]
    pub(in crate::tries) fn walk(&self, id: usize, key: &mut [u8]) -> Option<Walk<'_, C, A>> {
        let (leaves, index) = self.root.leaves_from(id)?;
        let place = leaves.first()?.keys.spell_to(index, key);
        Some(Walk { leaves, place, index, id })
    }

    /// Puts the next key into `key`, in the place of the one that `walk` was at; how many bytes
    /// they share at least.
    #[inline]
    pub(in crate::tries) fn advance<'a>(
        &'a self,
        walk: &mut Walk<'a, C, A>,
        key: &mut [u8],
    ) -> Option<usize> {
        (walk.id, walk.index) = (walk.id + 1, walk.index + 1);
        if let Some(shared) = walk.leaves.first()?.keys.spell(&mut walk.place, key) {
            return Some(shared);
        }
        if let Some((_, [leaf, ..])) = walk.leaves.split_first() {
            walk.leaves = &walk.leaves[1..];
            (walk.place, walk.index) = (Place::default(), 0);
            if let Some(next) = walk.leaves.get(1) {
                next.keys.prefetch();
            }
            return leaf.keys.spell(&mut walk.place, key);
        }
        *walk = self.walk(walk.id, key)?;
        Some(0)
    }

    pub(in crate::tries) fn try_clone(&self) -> Result<Self, AllocError>
    where
        C::Value: Clone,
    {
        let copy = Self { root: self.root.try_clone()?, longest: self.longest };
        Ok(Self { longest: copy.count_longest(), ..copy })
    }

    /// Gives back all room that keys and values do not need, also that of buffers.
    pub(in crate::tries) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.longest = self.count_longest();
        self.root.try_shrink_to_fit()
    }
}

/// A walk: the leaf of a key, with those behind it in the same node, where the next key is in it,
/// and the key's position and number.
pub struct Walk<'a, C, A: Alloc> {
    leaves: &'a [Leaf<C, A>],
    place: Place,
    index: usize,
    id: usize,
}

impl<C, A: Alloc> Clone for Walk<'_, C, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, A: Alloc> Copy for Walk<'_, C, A> {}

impl<C, A: Alloc> core::fmt::Debug for Walk<'_, C, A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Walk").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<'a, C, A: Alloc> Walk<'a, C, A> {
    /// The key's leaf, and its position there.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(in crate::tries) fn leaf(&self) -> Option<(&'a Leaf<C, A>, usize)> {
        Some((self.leaves.first()?, self.index))
    }

    /// Bytes of the key.
    #[inline]
    pub(in crate::tries) const fn len(&self) -> usize {
        self.place.before
    }
}

#[cfg(any(all(test, feature = "std"), feature = "testkit"))]
impl<C: Column<A>, A: Alloc + Clone> Tree<C, A> {
    /// Whether the invariants hold, and keys ascend.
    pub(in crate::tries) fn check(&self) -> bool {
        let (mut before, mut key) = (alloc::vec![0; self.longest], alloc::vec![0; self.longest]);
        let (mut len, mut count) = (0, 0);
        let mut walk = self.walk(0, &mut key);
        while let Some(at) = &mut walk {
            if at.len() > self.longest {
                return false;
            }
            let here = &key[..at.len()];
            if count > 0 && &before[..len] >= here {
                return false;
            }
            len = here.len();
            before[..len].copy_from_slice(here);
            count += 1;
            if self.advance(at, &mut key).is_none() {
                break;
            }
        }
        count == self.root.len && self.root.check(true)
    }
}
