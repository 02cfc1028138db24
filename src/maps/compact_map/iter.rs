//! Iterators of [`CompactMap`](super::CompactMap).

use super::super::buckets::{EntryBuckets, EntryExtract, EntryIter, EntryIterMut, EntryOwned};
use super::super::iter::{forward, print};
use crate::mem::{Alloc, Global};
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

/// Entries of a compact map.
pub struct CompactIter<'m, K, V>(pub(super) EntryIter<'m, (K, V)>);

/// Entries of a compact map, with values that can be changed.
pub struct CompactIterMut<'m, K, V>(pub(super) EntryIterMut<'m, (K, V)>);

/// Entries of a compact map, by value.
pub struct CompactIntoIter<K, V, A: Alloc = Global>(pub(super) EntryOwned<(K, V), A>);

/// Entries taken out of a compact map, which is empty by now.
pub struct CompactDrain<'m, K, V, A: Alloc = Global> {
    entries: EntryOwned<(K, V), A>,
    of: PhantomData<&'m mut ()>,
}

impl<K, V, A: Alloc> CompactDrain<'_, K, V, A> {
    pub(super) const fn new(buckets: EntryBuckets<(K, V), A>) -> Self {
        Self { entries: EntryOwned::new(buckets), of: PhantomData }
    }
}

/// Keys of a compact map.
pub struct CompactKeys<'m, K, V>(pub(super) CompactIter<'m, K, V>);

/// Values of a compact map.
pub struct CompactValues<'m, K, V>(pub(super) CompactIter<'m, K, V>);

/// Values of a compact map, to be changed.
pub struct CompactValuesMut<'m, K, V>(pub(super) CompactIterMut<'m, K, V>);

/// Keys of a compact map, by value.
pub struct CompactIntoKeys<K, V, A: Alloc = Global>(pub(super) CompactIntoIter<K, V, A>);

/// Values of a compact map, by value.
pub struct CompactIntoValues<K, V, A: Alloc = Global>(pub(super) CompactIntoIter<K, V, A>);

/// Entries that a condition takes out of a compact map.
#[must_use = "an iterator does nothing until it is asked for items"]
pub struct CompactExtractIf<'m, K, V, F, A: Alloc = Global> {
    pub(super) extract: EntryExtract<'m, (K, V), A>,
    pub(super) takes: F,
}

forward!(['m, K, V] CompactIter<'m, K, V>, (&'m K, &'m V), |it| it.0, |next| {
    (&next.0, &next.1)
});
forward!(['m, K, V] CompactIterMut<'m, K, V>, (&'m K, &'m mut V), |it| it.0, |next| {
    (&next.0, &mut next.1)
});
forward!([K, V, A: Alloc] CompactIntoIter<K, V, A>, (K, V), |it| it.0, |next| next);
forward!([K, V, A: Alloc] CompactDrain<'_, K, V, A>, (K, V), |it| it.entries, |next| next);
forward!(['m, K, V] CompactKeys<'m, K, V>, &'m K, |it| it.0, |next| next.0);
forward!(['m, K, V] CompactValues<'m, K, V>, &'m V, |it| it.0, |next| next.1);
forward!(['m, K, V] CompactValuesMut<'m, K, V>, &'m mut V, |it| it.0, |next| next.1);
forward!([K, V, A: Alloc] CompactIntoKeys<K, V, A>, K, |it| it.0, |next| next.0);
forward!([K, V, A: Alloc] CompactIntoValues<K, V, A>, V, |it| it.0, |next| next.1);

impl<K, V> Clone for CompactIter<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Clone for CompactKeys<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Clone for CompactValues<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

print!(both [] CompactIter<'_, K, V>, |it| it.clone(), |key, value| (key, value));
print!(both [] CompactIterMut<'_, K, V>, |it| CompactIter(it.0.rest()), |key, value| (key, value));
print!(both [A: Alloc] CompactIntoIter<K, V, A>, |it| CompactIter(it.0.rest()), |k, v| (k, v));
print!(both [A: Alloc] CompactDrain<'_, K, V, A>, |it| CompactIter(it.entries.rest()), |k, v| {
    (k, v)
});
print!(keys [] CompactKeys<'_, K, V>, |it| it.0.clone(), |key, _value| key);
print!(values [] CompactValues<'_, K, V>, |it| it.0.clone(), |_key, value| value);
print!(values [] CompactValuesMut<'_, K, V>, |it| CompactIter(it.0.0.rest()), |_key, value| value);
print!(keys [A: Alloc] CompactIntoKeys<K, V, A>, |it| CompactIter(it.0.0.rest()), |key, _v| key);
print!(values [A: Alloc] CompactIntoValues<K, V, A>, |it| CompactIter(it.0.0.rest()), |_k, value| {
    value
});

impl<K, V, F: FnMut(&K, &mut V) -> bool, A: Alloc> Iterator for CompactExtractIf<'_, K, V, F, A> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.extract.next_if(|(key, value)| (self.takes)(key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.most()))
    }
}

impl<K, V, F, A: Alloc> fmt::Debug for CompactExtractIf<'_, K, V, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CompactExtractIf");
        out.field("most", &self.extract.most()).finish_non_exhaustive()
    }
}
