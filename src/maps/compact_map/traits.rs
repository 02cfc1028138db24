//! The standard library's traits, the crate's and serde's, of [`CompactMap`].

use super::super::buckets::EntryOwned;
use super::{CompactIntoIter, CompactIter, CompactIterMut, CompactMap};
use crate::mem::{Alloc, Footprint, Parts, granted};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::Index;

impl<K, V, S: Default, A: Alloc + Default> Default for CompactMap<K, V, S, A> {
    fn default() -> Self {
        Self::with_hasher_in(S::default(), A::default())
    }
}

impl<K: Clone, V: Clone, S: Clone, A: Alloc + Clone> Clone for CompactMap<K, V, S, A> {
    fn clone(&self) -> Self {
        Self { buckets: granted(self.buckets.try_clone()), hash_builder: self.hash_builder.clone() }
    }
}

impl<K, V, S, A> PartialEq for CompactMap<K, V, S, A>
where
    K: Eq + Hash,
    V: PartialEq,
    S: BuildHasher,
    A: Alloc,
{
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value): (&K, &V)| other.get(key).is_some_and(|other| *value == *other);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<K, V, S, A> Eq for CompactMap<K, V, S, A>
where
    K: Eq + Hash,
    V: Eq,
    S: BuildHasher,
    A: Alloc,
{
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug for CompactMap<K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, Q, V, S, A> Index<&Q> for CompactMap<K, V, S, A>
where
    K: Eq + Hash + Borrow<Q>,
    Q: ?Sized + Eq + Hash,
    S: BuildHasher,
    A: Alloc,
{
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<K, V, S, A> Extend<(K, V)> for CompactMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Alloc,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, K, V, S, A> Extend<(&'a K, &'a V)> for CompactMap<K, V, S, A>
where
    K: Eq + Hash + Copy,
    V: Copy,
    S: BuildHasher,
    A: Alloc,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K, V, S, A> FromIterator<(K, V)> for CompactMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for CompactMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V, S, A: Alloc> IntoIterator for CompactMap<K, V, S, A> {
    type Item = (K, V);
    type IntoIter = CompactIntoIter<K, V, A>;

    fn into_iter(self) -> CompactIntoIter<K, V, A> {
        CompactIntoIter(EntryOwned::new(self.buckets))
    }
}

impl<'a, K, V, S, A: Alloc> IntoIterator for &'a CompactMap<K, V, S, A> {
    type Item = (&'a K, &'a V);
    type IntoIter = CompactIter<'a, K, V>;

    fn into_iter(self) -> CompactIter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V, S, A: Alloc> IntoIterator for &'a mut CompactMap<K, V, S, A> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = CompactIterMut<'a, K, V>;

    fn into_iter(self) -> CompactIterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K: Footprint, V: Footprint, S, A: Alloc> Footprint for CompactMap<K, V, S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.buckets.parts(out);
        if K::owns_heap() || V::owns_heap() {
            for (key, value) in self {
                key.parts(out);
                value.parts(out);
            }
        }
    }
}

#[cfg(feature = "serde")]
impl<K, V, S, A> serde::Serialize for CompactMap<K, V, S, A>
where
    K: serde::Serialize,
    V: serde::Serialize,
    A: Alloc,
{
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}
