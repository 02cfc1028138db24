//! [`Inner`]: a node of the tree over the leaves, and what is done to both.
//!
//! A node is split on the way down to a new key, before the key is there, and merged on the way
//! back from a removed one. Each of these requests its memory before it changes anything, and
//! leaves the same keys in the tree: a refusal at any of them does no harm.

use super::block::Block;
#[cfg(feature = "alloc")]
use super::block::Place;
use super::column::Column;
use super::windows::Windows;
use crate::error::AllocError;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Footprint, PartKind, Parts};

/// The most keys of a leaf, and the most bytes behind its first key unless it has one or two keys.
pub(super) const LEAF: usize = 48;
const LEAF_BYTES: usize = 4 << 10;
/// The most children of a node.
pub(super) const FAN: usize = 48;

/// Some keys, and a value for each.
pub(in crate::tries) struct Leaf<C, A: Alloc> {
    pub(super) keys: Block<A>,
    pub(in crate::tries) values: C,
}

impl<C, A: Alloc> Leaf<C, A> {
    /// The keys, one after the other, and beside them the values, to change them.
    #[cfg(feature = "alloc")]
    pub(in crate::tries) fn parts_mut(&mut self) -> (Spelled<'_, A>, &mut C) {
        (Spelled { keys: &self.keys, place: Place::default() }, &mut self.values)
    }
}

/// The keys of a leaf, one after the other.
#[cfg(feature = "alloc")]
pub(in crate::tries) struct Spelled<'a, A: Alloc> {
    keys: &'a Block<A>,
    place: Place,
}

#[cfg(feature = "alloc")]
impl<A: Alloc> Spelled<'_, A> {
    /// Puts the next key into `key`, where the one before it is; its length.
    pub(in crate::tries) fn spell(&mut self, key: &mut [u8]) -> Option<usize> {
        self.keys.spell(&mut self.place, key)?;
        Some(self.place.before)
    }
}

/// The leaves of a tree in order, to change their values.
#[cfg(feature = "alloc")]
pub(in crate::tries) struct LeavesMut<'a, C, A: Alloc> {
    leaves: core::slice::IterMut<'a, Leaf<C, A>>,
    /// What is still to come of each level above.
    nodes: alloc::vec::Vec<core::slice::IterMut<'a, Inner<C, A>>>,
}

#[cfg(feature = "alloc")]
impl<'a, C, A: Alloc> LeavesMut<'a, C, A> {
    pub(in crate::tries) fn new(root: &'a mut Inner<C, A>) -> Self {
        let mut all = Self { leaves: [].iter_mut(), nodes: alloc::vec::Vec::new() };
        all.enter(root);
        all
    }

    fn enter(&mut self, node: &'a mut Inner<C, A>) {
        match &mut node.kids {
            Kids::Leaves(leaves) => self.leaves = leaves.iter_mut(),
            Kids::Inner(nodes) => self.nodes.push(nodes.iter_mut()),
        }
    }
}

#[cfg(feature = "alloc")]
impl<'a, C, A: Alloc> Iterator for LeavesMut<'a, C, A> {
    type Item = &'a mut Leaf<C, A>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(leaf) = self.leaves.next() {
                return Some(leaf);
            }
            match self.nodes.last_mut()?.next() {
                Some(node) => self.enter(node),
                None => drop(self.nodes.pop()),
            }
        }
    }
}

/// The children of a node: all are of one kind.
pub(in crate::tries) enum Kids<C, A: Alloc> {
    Leaves(RawVec<Leaf<C, A>, A>),
    Inner(RawVec<Inner<C, A>, A>),
}

/// A node: its children, and between each two of them a key that is greater than all on its left
/// and not greater than any on its right.
pub(in crate::tries) struct Inner<C, A: Alloc> {
    seps: Block<A>,
    /// Of the separators, as of the last [`refit`](Self::refit).
    windows: Windows,
    pub(super) kids: Kids<C, A>,
    /// Keys below.
    pub(in crate::tries) len: usize,
}

/// What leaves and nodes have in common.
trait Kid<A: Alloc>: Sized {
    fn len(&self) -> usize;

    /// Whether it must be split before something is added.
    fn is_full(&self) -> bool;

    /// Whether it is known without a descent that `key` is there, so that nothing is added.
    fn has(&self, key: &[u8]) -> bool;

    /// Whether it and `right` should be one.
    fn fits(&self, right: &Self) -> bool;

    /// Takes the right part out, as far as `key`, which comes next, suggests; and puts the key
    /// between both into `seps`. If memory is refused, nothing has changed.
    fn try_split(&mut self, key: &[u8], seps: &mut Block<A>) -> Result<Self, AllocError>;

    /// Takes all of `right` over, from which `sep` divides it. If memory is refused, nothing has
    /// changed.
    fn try_merge(&mut self, sep: &[u8], right: &mut Self) -> Result<(), AllocError>;

    /// Takes out what is not smaller than `key`: either part may be empty. If memory is refused,
    /// nothing has changed.
    fn try_cut(&mut self, key: &[u8]) -> Result<Self, AllocError>;
}

/// Where to divide `count` items one of which is about to be added at `index`: in the middle, but
/// where keys come in order, so that what is behind them stays full.
const fn cut(index: usize, count: usize) -> usize {
    if index == count {
        count - 1
    } else if index == 0 {
        1
    } else {
        count / 2
    }
}

impl<C: Column<A>, A: Alloc + Clone> Kid<A> for Leaf<C, A> {
    fn len(&self) -> usize {
        self.keys.count()
    }

    fn is_full(&self) -> bool {
        let count = self.keys.count();
        count >= LEAF || count >= 2 && self.keys.bytes_behind_first() > LEAF_BYTES
    }

    fn has(&self, key: &[u8]) -> bool {
        self.keys.find::<false>(key).equal
    }

    fn fits(&self, right: &Self) -> bool {
        let bytes = self.keys.bytes_behind_first() + right.keys.bytes_behind_first();
        let few = self.len().min(right.len()) < LEAF / 4;
        few && self.len() + right.len() <= LEAF * 3 / 4 && bytes <= LEAF_BYTES / 2
    }

    fn try_split(&mut self, key: &[u8], seps: &mut Block<A>) -> Result<Self, AllocError> {
        let at = cut(self.keys.find::<false>(key).index, self.len());
        let (mut right, shared) = self.try_tail(at)?;
        let sep = &right.keys.first()[..=shared];
        seps.try_insert(&seps.find::<false>(sep), sep)?;
        self.move_to(at, &mut right);
        Ok(right)
    }

    fn try_merge(&mut self, _: &[u8], right: &mut Self) -> Result<(), AllocError> {
        self.values.try_reserve(right.len())?;
        self.keys.try_append(&right.keys)?;
        right.values.move_to(0, &mut self.values);
        Ok(())
    }

    fn try_cut(&mut self, key: &[u8]) -> Result<Self, AllocError> {
        let at = self.keys.find::<false>(key).index;
        let (mut right, _) = self.try_tail(at)?;
        self.move_to(at, &mut right);
        Ok(right)
    }
}

impl<C: Column<A>, A: Alloc + Clone> Kid<A> for Inner<C, A> {
    fn len(&self) -> usize {
        self.len
    }

    fn is_full(&self) -> bool {
        self.kids.count() >= FAN
    }

    fn has(&self, _: &[u8]) -> bool {
        false
    }

    fn fits(&self, right: &Self) -> bool {
        let (left, right) = (self.kids.count(), right.kids.count());
        left.min(right) < FAN / 4 && left + right <= FAN * 3 / 4
    }

    fn try_split(&mut self, key: &[u8], seps: &mut Block<A>) -> Result<Self, AllocError> {
        let count = self.kids.count();
        let child = self.child_of::<false>(key);
        let at = cut(if child + 1 == count { count } else { child }, count);
        let mut right = Self::new_in(self.seps.alloc());
        right.kids = self.kids.try_same(count - at)?;
        // The key between both parts goes up.
        right.seps = self.seps.try_tail(at - 1)?.0;
        let sep = right.seps.first();
        seps.try_insert(&seps.find::<false>(sep), sep)?;
        right.seps.remove(0);
        self.seps.truncate(at - 1);
        self.kids.move_to(at, &mut right.kids);
        right.len = right.kids.len();
        self.len -= right.len;
        self.refit();
        right.refit();
        Ok(right)
    }

    fn try_merge(&mut self, sep: &[u8], right: &mut Self) -> Result<(), AllocError> {
        self.kids.try_reserve(right.kids.count())?;
        let spot = self.seps.find::<false>(sep);
        self.seps.try_insert(&spot, sep)?;
        if let Err(error) = self.seps.try_append(&right.seps) {
            self.seps.remove(spot.index);
            return Err(error);
        }
        right.kids.move_to(0, &mut self.kids);
        self.len += right.len;
        self.refit();
        Ok(())
    }

    fn try_cut(&mut self, key: &[u8]) -> Result<Self, AllocError> {
        let child = self.child_of::<false>(key);
        let mut right = Self::new_in(self.seps.alloc());
        right.kids = self.kids.try_same(self.kids.count() - child)?;
        right.seps = self.seps.try_tail(child)?.0;
        match (&mut self.kids, &mut right.kids) {
            (Kids::Leaves(from), Kids::Leaves(to)) => try_cut(from, child, key, to)?,
            (Kids::Inner(from), Kids::Inner(to)) => try_cut(from, child, key, to)?,
            _ => debug_assert!(false, "`try_same` keeps the kind"),
        }
        self.seps.truncate(child);
        self.refit();
        right.refit();
        right.len = right.kids.len();
        self.len -= right.len;
        right.settle(0);
        self.settle(child);
        Ok(right)
    }
}

/// Cuts the child number `child` in two, and moves all behind it to `to`, which has room for them.
fn try_cut<K: Kid<A>, A: Alloc>(
    from: &mut RawVec<K, A>,
    child: usize,
    key: &[u8],
    to: &mut RawVec<K, A>,
) -> Result<(), AllocError> {
    push(to, from[child].try_cut(key)?);
    move_to(from, child + 1, to);
    Ok(())
}

/// Adds `value`, for which there is room.
pub(super) fn push<T, A: Alloc>(values: &mut RawVec<T, A>, value: T) {
    let pushed = values.try_push(value);
    debug_assert!(pushed.is_ok(), "room was made before");
}

/// Makes room for one more, and some: a quarter.
pub(super) fn try_grow<T, A: Alloc>(values: &mut RawVec<T, A>) -> Result<(), AllocError> {
    if values.len() == values.capacity() {
        values.try_reserve_exact(values.len() / 4 + 1)?;
    }
    Ok(())
}

/// Moves the values from `at` on behind those of `to`, which has room for them.
pub(super) fn move_to<T, A: Alloc>(from: &mut RawVec<T, A>, at: usize, to: &mut RawVec<T, A>) {
    for value in from.drain(at..) {
        push(to, value);
    }
    let _ = from.try_shrink_to_fit();
}

/// Puts `value` at `index`; there is room.
pub(super) fn insert_at<T, A: Alloc>(values: &mut RawVec<T, A>, index: usize, value: T) {
    push(values, value);
    values[index..].rotate_right(1);
}

/// Takes the value at `index` out.
pub(super) fn remove_at<T, A: Alloc>(values: &mut RawVec<T, A>, index: usize) -> Option<T> {
    values[index..].rotate_left(1);
    let value = values.pop();
    if values.capacity() > values.len() + values.len() / 4 + 1 {
        let _ = values.try_shrink_to_fit();
    }
    value
}

/// Splits the child number `child` if it is full and `key` may be new. Returns whether it did.
fn try_split<K: Kid<A>, A: Alloc>(
    kids: &mut RawVec<K, A>,
    seps: &mut Block<A>,
    child: usize,
    key: &[u8],
) -> Result<bool, AllocError> {
    if !kids[child].is_full() || kids[child].has(key) {
        return Ok(false);
    }
    try_grow(kids)?;
    let right = kids[child].try_split(key, seps)?;
    insert_at(kids, child + 1, right);
    Ok(true)
}

/// Removes the child number `child` if it is empty, and merges it with one beside it if both are
/// small and memory can be had.
fn settle<K: Kid<A>, A: Alloc + Clone>(kids: &mut RawVec<K, A>, seps: &mut Block<A>, child: usize) {
    if kids[child].len() == 0 {
        remove_at(kids, child);
        if seps.count() > 0 {
            seps.remove(child.saturating_sub(1));
        }
        return;
    }
    for left in [Some(child), child.checked_sub(1)].into_iter().flatten() {
        if left + 1 < kids.len() && kids[left].fits(&kids[left + 1]) {
            let Ok((sep, _)) = seps.try_tail(left) else { return };
            let (head, tail) = kids.split_at_mut(left + 1);
            if head[left].try_merge(sep.first(), &mut tail[0]).is_ok() {
                remove_at(kids, left + 1);
                seps.remove(left);
                return;
            }
        }
    }
}

impl<C: Column<A>, A: Alloc + Clone> Kids<C, A> {
    #[inline]
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Leaves(leaves) => leaves.len(),
            Self::Inner(nodes) => nodes.len(),
        }
    }

    /// Keys below.
    fn len(&self) -> usize {
        self.len_before(self.count())
    }

    /// Keys below the children before number `child`.
    #[inline]
    fn len_before(&self, child: usize) -> usize {
        match self {
            Self::Leaves(leaves) => leaves[..child].iter().map(Kid::len).sum(),
            Self::Inner(nodes) => nodes[..child].iter().map(Kid::len).sum(),
        }
    }

    /// None of the same kind, with room for `count`.
    fn try_same(&self, count: usize) -> Result<Self, AllocError> {
        Ok(match self {
            Self::Leaves(leaves) => {
                let mut same = RawVec::new_in(leaves.alloc().clone());
                same.try_reserve_exact(count)?;
                Self::Leaves(same)
            }
            Self::Inner(nodes) => {
                let mut same = RawVec::new_in(nodes.alloc().clone());
                same.try_reserve_exact(count)?;
                Self::Inner(same)
            }
        })
    }

    fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        match self {
            Self::Leaves(leaves) => leaves.try_reserve_exact(extra),
            Self::Inner(nodes) => nodes.try_reserve_exact(extra),
        }
    }

    fn move_to(&mut self, at: usize, to: &mut Self) {
        match (self, to) {
            (Self::Leaves(from), Self::Leaves(to)) => move_to(from, at, to),
            (Self::Inner(from), Self::Inner(to)) => move_to(from, at, to),
            _ => debug_assert!(false, "children of one level are of one kind"),
        }
    }
}

impl<C: Column<A>, A: Alloc + Clone> Inner<C, A> {
    /// A node over no leaves. Requests nothing.
    pub(super) fn new_in(alloc: &A) -> Self {
        let kids = Kids::Leaves(RawVec::new_in(alloc.clone()));
        Self { seps: Block::new_in(alloc.clone()), windows: Windows::new(), kids, len: 0 }
    }

    pub(in crate::tries) const fn alloc(&self) -> &A {
        self.seps.alloc()
    }

    /// To be called whenever separators have changed.
    fn refit(&mut self) {
        self.windows.fit(&self.seps);
    }

    /// The child whose keys `key` is among.
    #[inline]
    fn child_of<const BEHIND: bool>(&self, key: &[u8]) -> usize {
        if !BEHIND {
            if let Some(child) = self.windows.find(self.seps.count(), key) {
                return child;
            }
        }
        let spot = self.seps.find::<BEHIND>(key);
        spot.index + usize::from(spot.equal)
    }

    /// The leaf that `key` is in, or would be.
    #[inline]
    pub(super) fn leaf_of(&self, key: &[u8]) -> Option<&Leaf<C, A>> {
        let mut node = self;
        loop {
            let child = node.child_of::<false>(key);
            match &node.kids {
                Kids::Leaves(leaves) => {
                    return leaves.get(child).inspect(|leaf| leaf.keys.prefetch());
                }
                Kids::Inner(nodes) => node = nodes.get(child)?,
            }
        }
    }

    /// How many keys are smaller than `key`, and whether the next one equals it; with `BEHIND`, how
    /// many are smaller or begin with it.
    pub(in crate::tries) fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (usize, bool) {
        let (mut node, mut rank) = (self, 0);
        loop {
            let child = node.child_of::<BEHIND>(key);
            rank += node.kids.len_before(child);
            match &node.kids {
                Kids::Inner(nodes) => node = &nodes[child],
                Kids::Leaves(leaves) => {
                    let spot = leaves.get(child).map(|leaf| leaf.keys.find::<BEHIND>(key));
                    return spot.map_or((rank, false), |spot| (rank + spot.index, spot.equal));
                }
            }
        }
    }

    /// The leaf of the key number `id`, with those behind it in the same node, and the key's
    /// position in it.
    pub(in crate::tries) fn leaves_from(&self, mut id: usize) -> Option<(&[Leaf<C, A>], usize)> {
        let mut node = self;
        loop {
            match &node.kids {
                Kids::Leaves(leaves) => {
                    let child = child_at(leaves, &mut id)?;
                    return Some((&leaves[child..], id));
                }
                Kids::Inner(nodes) => node = &nodes[child_at(nodes, &mut id)?],
            }
        }
    }

    /// The leaf that holds the key number `id`, to change its values, and the key's position in it.
    pub(in crate::tries) fn leaf_at_mut(
        &mut self,
        mut id: usize,
    ) -> Option<(&mut Leaf<C, A>, usize)> {
        let mut node = self;
        loop {
            match &mut node.kids {
                Kids::Leaves(leaves) => {
                    let child = child_at(leaves, &mut id)?;
                    return Some((&mut leaves[child], id));
                }
                Kids::Inner(nodes) => {
                    let child = child_at(nodes, &mut id)?;
                    node = &mut nodes[child];
                }
            }
        }
    }

    /// Puts `value` beside `key`, which comes if it is not there; the value that was.
    pub(super) fn try_put(
        &mut self,
        key: &[u8],
        value: C::Value,
    ) -> Result<Option<C::Value>, AllocError> {
        let mut child = self.child_of::<false>(key);
        if let Kids::Leaves(leaves) = &self.kids {
            leaves[child].keys.prefetch();
        }
        let split = match &mut self.kids {
            Kids::Leaves(leaves) => try_split(leaves, &mut self.seps, child, key)?,
            Kids::Inner(nodes) => try_split(nodes, &mut self.seps, child, key)?,
        };
        if split {
            self.refit();
            child = self.child_of::<false>(key);
        }
        let old = match &mut self.kids {
            Kids::Leaves(leaves) => leaves[child].try_put(key, value)?,
            Kids::Inner(nodes) => nodes[child].try_put(key, value)?,
        };
        self.len += usize::from(old.is_none());
        Ok(old)
    }

    /// Removes `key`.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<C::Value> {
        let child = self.child_of::<false>(key);
        let value = match &mut self.kids {
            Kids::Leaves(leaves) => leaves.get_mut(child)?.take(key)?,
            Kids::Inner(nodes) => nodes[child].take(key)?,
        };
        self.len -= 1;
        self.settle(child);
        Some(value)
    }

    /// Removes those keys of the leaf that holds the key number `id` whose bits are set, and gives
    /// their values to `taken`. Returns how many there were.
    pub(super) fn thin(
        &mut self,
        mut id: usize,
        gone: u64,
        taken: &mut impl FnMut(C::Value),
    ) -> usize {
        let (child, removed) = match &mut self.kids {
            Kids::Leaves(leaves) => {
                let Some(child) = child_at(leaves, &mut id) else { return 0 };
                (child, leaves[child].thin(gone, taken))
            }
            Kids::Inner(nodes) => {
                let Some(child) = child_at(nodes, &mut id) else { return 0 };
                (child, nodes[child].thin(id, gone, taken))
            }
        };
        self.len -= removed;
        if removed > 0 {
            self.settle(child);
        }
        removed
    }

    /// Takes out what is not smaller than `key`; if memory is refused, nothing.
    pub(super) fn try_split_off(&mut self, key: &[u8]) -> Result<Self, AllocError> {
        if self.len == 0 {
            return Ok(Self::new_in(self.alloc()));
        }
        let mut right = self.try_cut(key)?;
        right.lower();
        Ok(right)
    }

    /// Removes the child number `child` if it is empty, or merges it with one beside it.
    fn settle(&mut self, child: usize) {
        let before = self.seps.count();
        match &mut self.kids {
            Kids::Leaves(leaves) => settle(leaves, &mut self.seps, child),
            Kids::Inner(nodes) => settle(nodes, &mut self.seps, child),
        }
        if self.seps.count() != before {
            self.refit();
        }
    }

    /// Puts the first key into a tree that has none.
    pub(super) fn try_begin(&mut self, key: &[u8], value: C::Value) -> Result<(), AllocError> {
        let alloc = self.alloc().clone();
        let mut leaf = Leaf { values: C::new_in(&alloc), keys: Block::new_in(alloc.clone()) };
        leaf.try_put(key, value)?;
        let mut leaves = RawVec::new_in(alloc);
        leaves.try_push(leaf)?;
        self.kids = Kids::Leaves(leaves);
        self.len = 1;
        Ok(())
    }

    /// Makes a root that is full the only child of a new one.
    pub(super) fn try_raise(&mut self) -> Result<(), AllocError> {
        if self.is_full() {
            let mut nodes = RawVec::new_in(self.alloc().clone());
            nodes.try_reserve_exact(2)?;
            let mut root = Self::new_in(self.alloc());
            root.len = self.len;
            push(&mut nodes, core::mem::replace(self, root));
            self.kids = Kids::Inner(nodes);
        }
        Ok(())
    }

    /// Puts the only child of a root in its place, and an empty root in that of one without.
    pub(super) fn lower(&mut self) {
        while let Kids::Inner(nodes) = &mut self.kids {
            if nodes.len() > 1 {
                return;
            }
            let only = nodes.pop();
            *self = only.unwrap_or_else(|| Self::new_in(self.alloc()));
        }
        if self.len == 0 {
            *self = Self::new_in(self.alloc());
        }
    }

    pub(in crate::tries) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.seps.try_shrink_to_fit()?;
        match &mut self.kids {
            Kids::Leaves(leaves) => {
                leaves.try_shrink_to_fit()?;
                leaves.iter_mut().try_for_each(|leaf| {
                    leaf.keys.try_shrink_to_fit()?;
                    leaf.values.try_shrink_to_fit()
                })
            }
            Kids::Inner(nodes) => {
                nodes.try_shrink_to_fit()?;
                nodes.iter_mut().try_for_each(Self::try_shrink_to_fit)
            }
        }
    }

    pub(super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        C::Value: Clone,
    {
        let mut kids = self.kids.try_same(self.kids.count())?;
        match (&self.kids, &mut kids) {
            (Kids::Leaves(from), Kids::Leaves(to)) => {
                for leaf in from.iter() {
                    let keys = leaf.keys.try_clone()?;
                    push(to, Leaf { keys, values: leaf.values.try_clone()? });
                }
            }
            (Kids::Inner(from), Kids::Inner(to)) => {
                for node in from.iter() {
                    push(to, node.try_clone()?);
                }
            }
            _ => debug_assert!(false, "`try_same` keeps the kind"),
        }
        Ok(Self { seps: self.seps.try_clone()?, windows: self.windows, kids, len: self.len })
    }
}

/// The child that the key number `id` is under; `id` is then its number there.
fn child_at<K: Kid<A>, A: Alloc>(kids: &[K], id: &mut usize) -> Option<usize> {
    kids.iter().position(|kid| {
        let here = *id < kid.len();
        *id -= if here { 0 } else { kid.len() };
        here
    })
}

impl<C: Column<A>, A: Alloc + Clone> Leaf<C, A> {
    /// A leaf with the keys from number `at` on and room for their values; and how many bytes the
    /// first of them shares with the one before.
    fn try_tail(&self, at: usize) -> Result<(Self, usize), AllocError> {
        let (keys, shared) = self.keys.try_tail(at)?;
        let mut values = C::new_in(keys.alloc());
        values.try_reserve(keys.count())?;
        Ok((Self { keys, values }, shared))
    }

    /// Lets the keys from number `at` on go, which are in `right`, and moves their values there.
    fn move_to(&mut self, at: usize, right: &mut Self) {
        self.keys.truncate(at);
        self.values.move_to(at, &mut right.values);
    }

    fn try_put(&mut self, key: &[u8], value: C::Value) -> Result<Option<C::Value>, AllocError> {
        let spot = self.keys.find::<false>(key);
        if spot.equal {
            return Ok(Some(self.values.replace(spot.index, value)));
        }
        self.values.try_reserve_one()?;
        self.keys.try_insert(&spot, key)?;
        self.values.insert(spot.index, value);
        Ok(None)
    }

    fn take(&mut self, key: &[u8]) -> Option<C::Value> {
        let spot = self.keys.find::<false>(key);
        if !spot.equal {
            return None;
        }
        self.keys.remove_at(spot.place);
        self.values.remove(spot.index)
    }

    fn thin(&mut self, gone: u64, taken: &mut impl FnMut(C::Value)) -> usize {
        let mut removed = 0;
        for index in (0..self.keys.count()).rev().filter(|index| gone >> index & 1 != 0) {
            self.keys.remove(index);
            self.values.remove(index).map(&mut *taken);
            removed += 1;
        }
        removed
    }
}

impl<C: Column<A>, A: Alloc + Clone> Footprint for Inner<C, A>
where
    C::Value: Footprint,
{
    fn parts(&self, out: &mut dyn Parts) {
        self.seps.tell("separators", PartKind::Index, out);
        match &self.kids {
            Kids::Leaves(leaves) => {
                leaves.tell("nodes", PartKind::Index, 0, out);
                for leaf in leaves.iter() {
                    leaf.keys.tell("keys", PartKind::Payload, out);
                    leaf.values.tell(out);
                }
            }
            Kids::Inner(nodes) => {
                nodes.tell("nodes", PartKind::Index, 0, out);
                nodes.iter().for_each(|node| node.parts(out));
            }
        }
    }
}

/// Whether the invariants hold.
#[cfg(any(all(test, feature = "std"), feature = "testkit"))]
impl<C: Column<A>, A: Alloc + Clone> Inner<C, A> {
    pub(super) fn check(&self, root: bool) -> bool {
        let count = self.kids.count();
        let mut fine = self.seps.count() == count.saturating_sub(1) && count <= FAN;
        fine &= self.len == self.kids.len() && (root || self.len > 0);
        // Each separator leads to the child on its right, and keeps all of the left one's out.
        let mut place = super::block::Place::default();
        let mut sep = [0; 256];
        for child in 1..count {
            fine &= self.seps.spell(&mut place, &mut sep).is_some();
            if place.before <= sep.len() {
                let sep = &sep[..place.before];
                fine &= self.locate::<false>(sep).0 == self.kids.len_before(child);
            }
        }
        fine && match &self.kids {
            Kids::Leaves(leaves) => leaves.iter().all(|leaf| {
                let keys = leaf.keys.count();
                (1..=LEAF).contains(&keys) && leaf.values.items().is_none_or(|len| len == keys)
            }),
            Kids::Inner(nodes) => nodes.iter().all(|node| node.check(false)),
        }
    }
}
