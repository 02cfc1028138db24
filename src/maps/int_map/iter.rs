//! Iterators of [`IntMap`](super::IntMap).

use super::super::buckets::{self, IntBuckets, IntExtract, IntOwned};
use super::super::int_key::IntKey;
use super::super::iter::forward;
use crate::mem::{Alloc, Global};
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

/// Entries of a map of integers.
pub struct IntIter<'m, V, K: IntKey = u64>(pub(super) buckets::IntIter<'m, K, V>);

/// Entries of a map of integers, with values that can be changed.
pub struct IntIterMut<'m, V, K: IntKey = u64>(pub(super) buckets::IntIterMut<'m, K, V>);

/// Keys of a map of integers.
pub struct IntKeys<'m, V, K: IntKey = u64>(pub(super) IntIter<'m, V, K>);

/// Values of a map of integers.
pub struct IntValues<'m, V, K: IntKey = u64>(pub(super) IntIter<'m, V, K>);

/// Values of a map of integers, to be changed.
pub struct IntValuesMut<'m, V, K: IntKey = u64>(pub(super) IntIterMut<'m, V, K>);

/// Entries of a map of integers, by value.
pub struct IntIntoIter<V, K: IntKey = u64, A: Alloc = Global>(pub(super) IntOwned<K, V, A>);

/// Entries taken out of a map of integers, which is empty by now.
pub struct IntDrain<'m, V, K: IntKey = u64, A: Alloc = Global> {
    entries: IntOwned<K, V, A>,
    of: PhantomData<&'m mut ()>,
}

impl<V, K: IntKey, A: Alloc> IntDrain<'_, V, K, A> {
    pub(super) fn new(buckets: IntBuckets<K, V, A>) -> Self {
        Self { entries: IntOwned::new(buckets), of: PhantomData }
    }
}

/// Keys of a map of integers, by value.
pub struct IntIntoKeys<V, K: IntKey = u64, A: Alloc = Global>(pub(super) IntIntoIter<V, K, A>);

/// Values of a map of integers, by value.
pub struct IntIntoValues<V, K: IntKey = u64, A: Alloc = Global>(pub(super) IntIntoIter<V, K, A>);

/// Entries that a condition takes out of a map of integers.
#[must_use = "an iterator does nothing until it is asked for items"]
pub struct IntExtractIf<'m, V, F, K: IntKey = u64, A: Alloc = Global> {
    pub(super) extract: IntExtract<'m, K, V, A>,
    pub(super) takes: F,
}

forward!(['m, V, K: IntKey] IntIter<'m, V, K>, (K, &'m V), |it| it.0, |next| next);
forward!(['m, V, K: IntKey] IntIterMut<'m, V, K>, (K, &'m mut V), |it| it.0, |next| next);
forward!(['m, V, K: IntKey] IntKeys<'m, V, K>, K, |it| it.0, |next| next.0);
forward!(['m, V, K: IntKey] IntValues<'m, V, K>, &'m V, |it| it.0, |next| next.1);
forward!(['m, V, K: IntKey] IntValuesMut<'m, V, K>, &'m mut V, |it| it.0, |next| next.1);
forward!([V, K: IntKey, A: Alloc] IntIntoIter<V, K, A>, (K, V), |it| it.0, |next| next);
forward!([V, K: IntKey, A: Alloc] IntDrain<'_, V, K, A>, (K, V), |it| it.entries, |next| next);
forward!([V, K: IntKey, A: Alloc] IntIntoKeys<V, K, A>, K, |it| it.0, |next| next.0);
forward!([V, K: IntKey, A: Alloc] IntIntoValues<V, K, A>, V, |it| it.0, |next| next.1);

impl<V, K: IntKey> Clone for IntIter<'_, V, K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V, K: IntKey> Clone for IntKeys<'_, V, K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V, K: IntKey> Clone for IntValues<'_, V, K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Prints the entries to come, or a part of each.
macro_rules! print {
    ([$($params:tt)*] $ty:ty, |$self:ident| $rest:expr, |$entry:ident| $what:expr) => {
        impl<$($params)*> fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $self = self;
                f.debug_list().entries($rest.map(|$entry| $what)).finish()
            }
        }
    };
}

print!([V: fmt::Debug, K: IntKey] IntIter<'_, V, K>, |it| it.0.clone(), |entry| entry);
print!([V: fmt::Debug, K: IntKey] IntIterMut<'_, V, K>, |it| it.0.rest(), |entry| entry);
print!([V, K: IntKey] IntKeys<'_, V, K>, |it| it.0.0.clone(), |entry| entry.0);
print!([V: fmt::Debug, K: IntKey] IntValues<'_, V, K>, |it| it.0.0.clone(), |entry| entry.1);
print!([V: fmt::Debug, K: IntKey] IntValuesMut<'_, V, K>, |it| it.0.0.rest(), |entry| entry.1);
print!([V: fmt::Debug, K: IntKey, A: Alloc] IntIntoIter<V, K, A>, |it| it.0.rest(), |entry| entry);
print!([V: fmt::Debug, K: IntKey, A: Alloc] IntDrain<'_, V, K, A>, |it| it.entries.rest(), |entry| {
    entry
});
print!([V, K: IntKey, A: Alloc] IntIntoKeys<V, K, A>, |it| it.0.0.rest(), |entry| entry.0);
print!([V: fmt::Debug, K: IntKey, A: Alloc] IntIntoValues<V, K, A>, |it| it.0.0.rest(), |entry| {
    entry.1
});

impl<V, F: FnMut(K, &mut V) -> bool, K: IntKey, A: Alloc> Iterator
    for IntExtractIf<'_, V, F, K, A>
{
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        self.extract.next_if(&mut self.takes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.most()))
    }
}

impl<V, F, K: IntKey, A: Alloc> fmt::Debug for IntExtractIf<'_, V, F, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("IntExtractIf");
        out.field("most", &self.extract.most()).finish_non_exhaustive()
    }
}
