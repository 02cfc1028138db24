//! The standard library's traits, the crate's and serde's, of [`IntMap`].

use super::super::buckets::IntOwned;
use super::super::int_key::IntKey;
use super::{IntIntoIter, IntIter, IntIterMut, IntMap};
use crate::mem::{Alloc, Footprint, Parts, granted};
use core::fmt;
use core::ops::Index;

impl<V, K: IntKey, A: Alloc + Default> Default for IntMap<V, K, A> {
    fn default() -> Self {
        Self::new_in(A::default())
    }
}

impl<V: Clone, K: IntKey, A: Alloc + Clone> Clone for IntMap<V, K, A> {
    fn clone(&self) -> Self {
        Self { buckets: granted(self.buckets.try_clone()) }
    }
}

impl<V: PartialEq, K: IntKey, A: Alloc> PartialEq for IntMap<V, K, A> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value): (K, &V)| other.get(key).is_some_and(|other| *value == *other);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<V: Eq, K: IntKey, A: Alloc> Eq for IntMap<V, K, A> {}

impl<V: fmt::Debug, K: IntKey, A: Alloc> fmt::Debug for IntMap<V, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V, K: IntKey, A: Alloc> Index<K> for IntMap<V, K, A> {
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: K) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<V, K: IntKey, A: Alloc> Index<&K> for IntMap<V, K, A> {
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: &K) -> &V {
        &self[*key]
    }
}

impl<V, K: IntKey, A: Alloc> Extend<(K, V)> for IntMap<V, K, A> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, V: Copy, K: IntKey, A: Alloc> Extend<(&'a K, &'a V)> for IntMap<V, K, A> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<V, K: IntKey, A: Alloc + Default> FromIterator<(K, V)> for IntMap<V, K, A> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<V, K: IntKey, const N: usize> From<[(K, V); N]> for IntMap<V, K> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<V, K: IntKey, A: Alloc> IntoIterator for IntMap<V, K, A> {
    type Item = (K, V);
    type IntoIter = IntIntoIter<V, K, A>;

    fn into_iter(self) -> IntIntoIter<V, K, A> {
        IntIntoIter(IntOwned::new(self.buckets))
    }
}

impl<'m, V, K: IntKey, A: Alloc> IntoIterator for &'m IntMap<V, K, A> {
    type Item = (K, &'m V);
    type IntoIter = IntIter<'m, V, K>;

    fn into_iter(self) -> IntIter<'m, V, K> {
        self.iter()
    }
}

impl<'m, V, K: IntKey, A: Alloc> IntoIterator for &'m mut IntMap<V, K, A> {
    type Item = (K, &'m mut V);
    type IntoIter = IntIterMut<'m, V, K>;

    fn into_iter(self) -> IntIterMut<'m, V, K> {
        self.iter_mut()
    }
}

impl<V: Footprint, K: IntKey, A: Alloc> Footprint for IntMap<V, K, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.buckets.parts(out);
        if V::owns_heap() {
            self.values().for_each(|value| value.parts(out));
        }
    }
}

#[cfg(feature = "serde")]
impl<V: serde::Serialize, K: IntKey + serde::Serialize, A: Alloc> serde::Serialize
    for IntMap<V, K, A>
{
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.iter())
    }
}
