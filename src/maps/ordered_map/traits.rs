//! What [`OrderedMap`] does through traits.

use super::OrderedMap;
use crate::mem::{Alloc, Footprint, PartKind, Parts, granted};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::{Index, IndexMut};

impl<K, V, S: Default, A: Alloc + Default> Default for OrderedMap<K, V, S, A> {
    fn default() -> Self {
        Self::with_hasher_in(S::default(), A::default())
    }
}

impl<K: Clone, V: Clone, S: Clone, A: Alloc + Clone> Clone for OrderedMap<K, V, S, A> {
    fn clone(&self) -> Self {
        granted(self.try_clone())
    }
}

impl<K, V, W, S, T, A, B> PartialEq<OrderedMap<K, W, T, B>> for OrderedMap<K, V, S, A>
where
    K: Eq + Hash,
    V: PartialEq<W>,
    T: BuildHasher,
    A: Alloc,
    B: Alloc,
{
    /// Whether both have the same entries, in any order; [`as_slice`](Self::as_slice) compares the
    /// order, too.
    fn eq(&self, other: &OrderedMap<K, W, T, B>) -> bool {
        let same = |(key, value): (&K, &V)| other.get(key).is_some_and(|other| *value == *other);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher, A: Alloc> Eq for OrderedMap<K, V, S, A> {}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug for OrderedMap<K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, Q, V, S, A> Index<&Q> for OrderedMap<K, V, S, A>
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

impl<K, Q, V, S, A> IndexMut<&Q> for OrderedMap<K, V, S, A>
where
    K: Eq + Hash + Borrow<Q>,
    Q: ?Sized + Eq + Hash,
    S: BuildHasher,
    A: Alloc,
{
    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index_mut(&mut self, key: &Q) -> &mut V {
        self.get_mut(key).expect("no entry found for key")
    }
}

impl<K, V, S, A: Alloc> Index<usize> for OrderedMap<K, V, S, A> {
    type Output = V;

    /// The value at a position.
    ///
    /// # Panics
    ///
    /// If there is no such entry.
    #[track_caller]
    fn index(&self, index: usize) -> &V {
        &self.entries[index].1
    }
}

impl<K, V, S, A: Alloc> IndexMut<usize> for OrderedMap<K, V, S, A> {
    /// The value at a position.
    ///
    /// # Panics
    ///
    /// If there is no such entry.
    #[track_caller]
    fn index_mut(&mut self, index: usize) -> &mut V {
        &mut self.entries[index].1
    }
}

impl<K, V, S, A> Extend<(K, V)> for OrderedMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Alloc + Clone,
{
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        // Half of them where some may be there already, as std does.
        let (least, _) = entries.size_hint();
        self.reserve(if self.is_empty() { least } else { least.div_ceil(2) });
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, K, V, S, A> Extend<(&'a K, &'a V)> for OrderedMap<K, V, S, A>
where
    K: Eq + Hash + Copy,
    V: Copy,
    S: BuildHasher,
    A: Alloc + Clone,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K, V, S, A> FromIterator<(K, V)> for OrderedMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for OrderedMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Footprint, V: Footprint, S, A: Alloc> Footprint for OrderedMap<K, V, S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.entries.tell("entries", PartKind::Payload, 0, out);
        self.ids.parts("positions", out);
        self.as_slice().parts(out);
    }
}

#[cfg(feature = "serde")]
impl<K: serde::Serialize, V: serde::Serialize, S, A: Alloc> serde::Serialize
    for OrderedMap<K, V, S, A>
{
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}
