//! The standard library's traits, the crate's and serde's, of [`StrMap`].

#[cfg(feature = "alloc")]
use super::StrIntoIter;
use super::StrMap;
use super::{StrIter, StrIterMut};
use crate::arrays::Literal;
use crate::mem::{Alloc, Footprint, Parts, granted};
use core::fmt;
use core::hash::BuildHasher;
use core::ops::Index;

impl<V, S: Default, A: Alloc + Default> Default for StrMap<V, S, A> {
    fn default() -> Self {
        Self::with_hasher_in(S::default(), A::default())
    }
}

impl<V: Clone, S: Clone, A: Alloc + Clone> Clone for StrMap<V, S, A> {
    fn clone(&self) -> Self {
        Self { buckets: granted(self.buckets.try_clone()), hash_builder: self.hash_builder.clone() }
    }
}

impl<V: PartialEq, S: BuildHasher, A: Alloc> PartialEq for StrMap<V, S, A> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value): (&[u8], &V)| other.get(key).is_some_and(|other| *value == *other);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<V: Eq, S: BuildHasher, A: Alloc> Eq for StrMap<V, S, A> {}

impl<V: fmt::Debug, S, A: Alloc> fmt::Debug for StrMap<V, S, A> {
    /// Keys as text where they are UTF-8, else as literals of bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (Literal(key), value))).finish()
    }
}

impl<Q: ?Sized + AsRef<[u8]>, V, S: BuildHasher, A: Alloc> Index<&Q> for StrMap<V, S, A> {
    type Output = V;

    /// # Panics
    ///
    /// If `key` is not there.
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<K: AsRef<[u8]>, V, S: BuildHasher, A: Alloc> Extend<(K, V)> for StrMap<V, S, A> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K, V, S, A> FromIterator<(K, V)> for StrMap<V, S, A>
where
    K: AsRef<[u8]>,
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::default();
        map.reserve(entries.size_hint().0);
        map.extend(entries);
        map
    }
}

#[cfg(feature = "alloc")]
impl<K: AsRef<[u8]>, V, const N: usize> From<[(K, V); N]> for StrMap<V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

#[cfg(feature = "alloc")]
impl<V, S, A: Alloc> IntoIterator for StrMap<V, S, A> {
    type Item = (alloc::boxed::Box<[u8]>, V);
    type IntoIter = StrIntoIter<V, A>;

    fn into_iter(self) -> StrIntoIter<V, A> {
        StrIntoIter(self.buckets)
    }
}

impl<'m, V, S, A: Alloc> IntoIterator for &'m StrMap<V, S, A> {
    type Item = (&'m [u8], &'m V);
    type IntoIter = StrIter<'m, V>;

    fn into_iter(self) -> StrIter<'m, V> {
        self.iter()
    }
}

impl<'m, V, S, A: Alloc> IntoIterator for &'m mut StrMap<V, S, A> {
    type Item = (&'m [u8], &'m mut V);
    type IntoIter = StrIterMut<'m, V>;

    fn into_iter(self) -> StrIterMut<'m, V> {
        self.iter_mut()
    }
}

impl<V: Footprint, S, A: Alloc> Footprint for StrMap<V, S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.buckets.parts(out);
        if V::owns_heap() {
            self.values().for_each(|value| value.parts(out));
        }
    }
}

#[cfg(feature = "serde")]
impl<V: serde::Serialize, S, A: Alloc> serde::Serialize for StrMap<V, S, A> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use crate::arrays::strings_with_serde::Text;
        serializer.collect_map(self.iter().map(|(key, value)| (Text(key), value)))
    }
}
