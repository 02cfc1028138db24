//! [`Layered`]: a dictionary that is built once, and changes to it.

use super::{DynTrie, KeySet, KeySetBuild, Keys, RankedKeySet};
use crate::arrays::{SlicedSetMut, lower_bound};
use crate::error::{AllocError, BuildError};
use crate::mem::{Alloc, Footprint, Global, Parts, refused};
use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::{Range, RangeBounds};

/// An ordered set of byte strings that is a dictionary built once, less the keys that were removed
/// since, and the keys that were added. The dictionary may lie in a mapped file.
///
/// It is for a large set of which little changes: what does not is as small and as fast as the
/// dictionary is. From time to time a new one is [merged](Self::try_merge) of both, key by key, and
/// saved; the changes themselves are not.
///
/// # When not to use it
///
/// - Much of the set changes: a [`DynTrie`] alone has one place to look at.
/// - Nothing does: the dictionary alone.
///
/// # Layout
///
/// ```text
/// base     the dictionary
/// gone     numbers of its keys that were removed: a SlicedSetMut
/// added    keys that it has not: a DynTrie
/// ```
///
/// # Space
///
/// The dictionary's, and that of the two that hold the changes. Nothing for these before the first.
///
/// # Time
///
/// | operation | time |
/// |---|---|
/// | `contains`, `insert`, `remove` | a look-up in the base and one in the changes |
/// | `id_of` | two look-ups in the base and up to three in the changes |
/// | `key_of` | O(log(added)) of those |
/// | `iter`, `range`, `prefix` | O(length) a key |
/// | `try_merge` | O(n), in the memory of the result and two keys |
///
/// # Parameters
///
/// `D` is the dictionary, `A` where the changes have their memory from.
///
/// # Example
///
/// ```
/// use lessram::tries::{Layered, RearDict};
///
/// let base = RearDict::from_sorted(["ant", "bee", "cat"])?;
/// let mut pets = Layered::new(base);
/// assert!(pets.remove("ant") && pets.insert("dog") && !pets.insert("cat"));
/// assert_eq!((pets.len(), pets.changes(), pets.id_of("dog")), (3, 2, Some(2)));
/// let pets: RearDict = pets.try_merge()?;
/// assert!(pets.iter().eq(["bee", "cat", "dog"].map(Vec::from)));
/// # Ok::<(), lessram::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Layered<D, A: Alloc + Clone = Global> {
    base: D,
    gone: SlicedSetMut<A>,
    added: DynTrie<A>,
}

/// Keys of a block of what is merged.
const BLOCK: usize = 32;

#[cfg(feature = "alloc")]
impl<D: RankedKeySet> Layered<D> {
    /// `base`, unchanged; requests no memory.
    #[must_use]
    pub fn new(base: D) -> Self {
        Self::new_in(base, Global)
    }
}

impl<D: RankedKeySet, A: Alloc + Clone> Layered<D, A> {
    /// `base`, unchanged, with memory for changes from `alloc`; requests none.
    #[must_use]
    pub fn new_in(base: D, alloc: A) -> Self {
        Self { base, gone: SlicedSetMut::new_in(alloc.clone()), added: DynTrie::new_in(alloc) }
    }

    /// The dictionary, as it was given.
    #[must_use]
    pub const fn base(&self) -> &D {
        &self.base
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.base.len() - self.gone.len() + self.added.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys differ from those of the base: what tells when it is time to merge.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.gone.len() + self.added.len()
    }

    /// Forgets all changes.
    pub fn clear_changes(&mut self) {
        self.gone.clear();
        self.added.clear();
    }

    /// Whether `key` is in the set. Allocates nothing.
    #[must_use]
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        let key = key.as_ref();
        match self.base.id_of(key) {
            Some(id) => !self.gone.contains(id as u64),
            None => self.added.contains(key),
        }
    }

    /// Adds `key`; returns whether it was new.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[track_caller]
    pub fn insert(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.try_insert(key).unwrap_or_else(|error| refused(error))
    }

    /// Adds `key`; returns whether it was new.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_insert(&mut self, key: impl AsRef<[u8]>) -> Result<bool, AllocError> {
        let key = key.as_ref();
        match self.base.id_of(key) {
            Some(id) => self.gone.try_remove(id as u64),
            None => self.added.try_insert(key),
        }
    }

    /// Removes `key`; returns whether it was there.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_remove`](Self::try_remove) returns the error instead.
    #[track_caller]
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> bool {
        self.try_remove(key).unwrap_or_else(|error| refused(error))
    }

    /// Removes `key`; returns whether it was there.
    ///
    /// # Errors
    ///
    /// [`AllocError`], for to note that a key of the base is gone takes memory; nothing has changed
    /// then.
    pub fn try_remove(&mut self, key: impl AsRef<[u8]>) -> Result<bool, AllocError> {
        let key = key.as_ref();
        match self.base.id_of(key) {
            Some(id) => self.gone.try_insert(id as u64),
            None => Ok(self.added.remove(key)),
        }
    }

    /// How many keys are smaller than `key`.
    #[must_use]
    pub fn lower_bound(&self, key: impl AsRef<[u8]>) -> usize {
        let key = key.as_ref();
        let below = self.base.lower_bound(key);
        below - self.gone.rank(below as u64) + self.added.lower_bound(key)
    }

    /// How many keys are not greater than `key`.
    #[must_use]
    pub fn upper_bound(&self, key: impl AsRef<[u8]>) -> usize {
        let key = key.as_ref();
        self.lower_bound(key) + usize::from(self.contains(key))
    }

    /// The number of `key`: how many keys are smaller; `None` if it is not in the set. Numbers
    /// change with every smaller key that comes or goes.
    #[must_use]
    pub fn id_of(&self, key: impl AsRef<[u8]>) -> Option<usize> {
        let key = key.as_ref();
        self.contains(key).then(|| self.lower_bound(key))
    }

    /// The key `id`; `None` unless `id < len`. O(log(added)) look-ups in the base.
    #[must_use]
    pub fn key_of(&self, id: usize) -> Option<Vec<u8>> {
        if id >= self.len() {
            return None;
        }
        let mut buffer = alloc::vec![0; self.longest()];
        let before = lower_bound(self.added.len(), |at| {
            self.added.key_into(at, &mut buffer).is_some_and(|key| self.lower_bound(key) < id)
        });
        if let Some(key) = self.added.key_into(before, &mut buffer) {
            if self.lower_bound(key) == id {
                return Some(key.to_vec());
            }
        }
        // The first key of the base up to which enough are left.
        let left = |keys: usize| keys - self.gone.rank(keys as u64);
        let at = lower_bound(self.base.len(), |at| left(at + 1) <= id - before);
        Some(self.base.key_into(at, &mut buffer)?.to_vec())
    }

    /// The smallest key.
    #[must_use]
    pub fn first(&self) -> Option<Vec<u8>> {
        self.key_of(0)
    }

    /// The greatest key.
    #[must_use]
    pub fn last(&self) -> Option<Vec<u8>> {
        self.key_of(self.len().checked_sub(1)?)
    }

    /// Bytes of the longest key, perhaps of one that has gone.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.base.longest().max(self.added.longest())
    }

    /// The keys in order.
    pub fn iter(&self) -> LayeredIter<'_, D, A> {
        self.keys(0..self.base.len(), 0..self.added.len())
    }

    /// The keys in `range`, in order; none if its start is above its end.
    pub fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> LayeredIter<'_, D, A> {
        let bounds = (range.start_bound().map(AsRef::as_ref), range.end_bound().map(AsRef::as_ref));
        self.keys(
            RankedKeySet::range::<&[u8]>(&self.base, bounds),
            RankedKeySet::range::<&[u8]>(&self.added, bounds),
        )
    }

    /// The keys that begin with `prefix`, in order.
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> LayeredIter<'_, D, A> {
        let prefix = prefix.as_ref();
        self.keys(self.base.prefix(prefix), self.added.prefix(prefix))
    }

    fn keys(&self, of_base: Range<usize>, of_added: Range<usize>) -> LayeredIter<'_, D, A> {
        let gone = self.gone.rank(of_base.end as u64) - self.gone.rank(of_base.start as u64);
        let left = of_base.len() - gone + of_added.len();
        let mut keys = LayeredIter {
            gone: &self.gone,
            base: Keys::new(&self.base, of_base, alloc::vec![0; self.base.longest()]),
            added: self.added.keys(of_added),
            of_base: None,
            of_added: None,
            left,
        };
        keys.of_base = keys.next_of_base();
        keys.of_added = keys.added.next_key().map(<[u8]>::to_vec);
        keys
    }

    /// A dictionary of the keys as they are now.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if memory cannot be had, or a key is too long for it.
    #[cfg(feature = "alloc")]
    pub fn try_merge<T: KeySetBuild<Global>>(&self) -> Result<T, BuildError> {
        self.try_merge_in(BLOCK, Global)
    }

    /// The same, in blocks of `block` keys where it has any, with memory from `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`try_merge`](Self::try_merge).
    pub fn try_merge_in<T: KeySetBuild<B>, B: Alloc>(
        &self,
        block: usize,
        alloc: B,
    ) -> Result<T, BuildError> {
        T::try_from_sorted_in(self.iter(), block, alloc)
    }
}

impl<D: RankedKeySet, A: Alloc + Clone> KeySet for Layered<D, A> {
    fn len(&self) -> usize {
        self.len()
    }

    fn contains(&self, key: &[u8]) -> bool {
        self.contains(key)
    }

    fn longest(&self) -> usize {
        self.longest()
    }
}

impl<D: Footprint, A: Alloc + Clone> Footprint for Layered<D, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.base.parts(out);
        out.enter("gone");
        self.gone.parts(out);
        out.exit();
        out.enter("added");
        self.added.parts(out);
        out.exit();
    }
}

impl<D: RankedKeySet, A: Alloc + Clone> fmt::Debug for Layered<D, A> {
    /// Prints the keys as text, with escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for key in self {
            set.entry(&format_args!("\"{}\"", key.escape_ascii()));
        }
        set.finish()
    }
}

impl<D: RankedKeySet, A: Alloc + Clone, K: AsRef<[u8]>> Extend<K> for Layered<D, A> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<'a, D: RankedKeySet, A: Alloc + Clone> IntoIterator for &'a Layered<D, A> {
    type Item = Vec<u8>;
    type IntoIter = LayeredIter<'a, D, A>;

    fn into_iter(self) -> LayeredIter<'a, D, A> {
        self.iter()
    }
}

/// Keys of a [`Layered`] in order.
pub struct LayeredIter<'a, D: RankedKeySet, A: Alloc + Clone> {
    gone: &'a SlicedSetMut<A>,
    base: Keys<'a, D, Vec<u8>>,
    added: Keys<'a, DynTrie<A>, Vec<u8>>,
    /// The next key of each.
    of_base: Option<Vec<u8>>,
    of_added: Option<Vec<u8>>,
    left: usize,
}

impl<D: RankedKeySet, A: Alloc + Clone> LayeredIter<'_, D, A> {
    /// The next key of the base that is not gone.
    fn next_of_base(&mut self) -> Option<Vec<u8>> {
        while self.gone.contains(self.base.id() as u64) && self.base.remaining() > 0 {
            self.base.seek(self.base.id() + 1);
        }
        self.base.next_key().map(<[u8]>::to_vec)
    }
}

impl<D: RankedKeySet, A: Alloc + Clone> Iterator for LayeredIter<'_, D, A> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let from_base = match (&self.of_base, &self.of_added) {
            (Some(base), Some(added)) => base < added,
            (base, _) => base.is_some(),
        };
        let key = if from_base {
            let next = self.next_of_base();
            core::mem::replace(&mut self.of_base, next)
        } else {
            let next = self.added.next_key().map(<[u8]>::to_vec);
            core::mem::replace(&mut self.of_added, next)
        };
        self.left -= usize::from(key.is_some());
        key
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<D: RankedKeySet, A: Alloc + Clone> ExactSizeIterator for LayeredIter<'_, D, A> {}
impl<D: RankedKeySet, A: Alloc + Clone> FusedIterator for LayeredIter<'_, D, A> {}

impl<D: RankedKeySet, A: Alloc + Clone> fmt::Debug for LayeredIter<'_, D, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayeredIter").field("left", &self.left).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Tracked};
    use crate::storage::Persist;
    use crate::testkit::data::{Rng, word};
    use crate::tries::{Dawg, FrontDict, RearDict};
    use std::collections::BTreeSet;

    /// Changes beside a `BTreeSet`, asked after each; then merged.
    fn changes<D: KeySetBuild<Global> + Persist>(seed: u64) {
        let mut rng = Rng::new(seed);
        let counter = Counter::new();
        let mut model: BTreeSet<Vec<u8>> = (0..400).map(|_| word(&mut rng)).collect();
        let base = D::try_from_sorted_in(model.iter(), BLOCK, Global).unwrap();
        let base_bytes = base.heap_bytes();
        let mut set = Layered::new_in(base, Tracked::new(&counter, Global));
        for _ in 0..600 {
            let old = model.iter().nth(rng.below(model.len().max(1))).cloned();
            let key = old.filter(|_| rng.below(2) == 0).unwrap_or_else(|| word(&mut rng));
            if rng.below(2) == 0 {
                assert_eq!(set.insert(&key), model.insert(key.clone()));
            } else {
                assert_eq!(set.remove(&key), model.remove(&key));
            }
            assert_eq!(set.heap_bytes(), base_bytes + counter.live());
            assert_eq!((set.len(), set.contains(&key)), (model.len(), model.contains(&key)));
            let below = model.range(..key.clone()).count();
            assert_eq!(set.lower_bound(&key), below);
            assert_eq!(set.id_of(&key), model.contains(&key).then_some(below));
            assert_eq!(set.upper_bound(&key), model.range(..=key.clone()).count());
            assert!(set.key_of(below).as_ref() == model.range(key.clone()..).next());
            let from = &key[..key.len().min(2)];
            let begin = model.iter().filter(|key| key.starts_with(from)).cloned();
            assert!(set.prefix(from).eq(begin));
        }
        let bounds = b"c".to_vec()..=b"p".to_vec();
        assert!(set.range(bounds.clone()).eq(model.range(bounds).cloned()));
        assert!(set.iter().eq(model.iter().cloned()) && set.iter().len() == model.len());
        let by_number = (0..=set.len()).map_while(|id| set.key_of(id));
        assert!(by_number.eq(model.iter().cloned()));
        assert_eq!((set.first().as_ref(), set.last().as_ref()), (model.first(), model.last()));
        assert!(model.iter().all(|key| key.len() <= set.longest()));
        let merged: D = set.try_merge().unwrap();
        merged.validate().unwrap();
        let keys = crate::tries::Iter::new(&merged, 0..merged.len());
        assert!(keys.eq(model));
        assert!(set.changes() > 0);
        set.clear_changes();
        assert_eq!((set.changes(), counter.live()), (0, 0));
        assert_eq!(set.len(), set.base().len());
    }

    #[test]
    fn changes_are_those_of_a_btree_set_over_any_dictionary() {
        changes::<RearDict>(1);
        changes::<FrontDict>(2);
        changes::<Dawg>(3);
    }

    #[test]
    fn a_base_without_keys_and_one_without_what_is_left() {
        let mut set = Layered::new(RearDict::from_sorted([""; 0]).unwrap());
        assert!(set.is_empty() && set.iter().next().is_none() && set.insert("") && set.remove(""));
        let mut set = Layered::new(RearDict::from_sorted(["a", "b"]).unwrap());
        assert!(set.remove("a") && set.remove("b") && !set.remove("b"));
        assert!(set.iter().next().is_none() && set.prefix("a").next().is_none());
        let empty: Dawg = set.try_merge().unwrap();
        assert!(empty.is_empty() && set.insert("a") && set.changes() == 1);
    }
}
