//! Iterators of [`Map`](super::Map).

use super::map::hash_key;
use super::policy::{Compact, Policy};
use super::table;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global};
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::marker::PhantomData;

/// Entries of a map.
pub struct Iter<'m, K, V, P: Policy = Compact>(pub(super) table::Iter<'m, (K, V), P>);

/// Entries of a map, with values that can be changed.
pub struct IterMut<'m, K, V, P: Policy = Compact>(pub(super) table::IterMut<'m, (K, V), P>);

/// Entries of a map, by value.
pub struct IntoIter<K, V, A: Alloc = Global, P: Policy = Compact>(
    pub(super) table::IntoIter<(K, V), A, P>,
);

/// Entries taken out of a map, which is empty by now.
pub struct Drain<'m, K, V, A: Alloc = Global, P: Policy = Compact> {
    entries: table::IntoIter<(K, V), A, P>,
    of: PhantomData<&'m mut ()>,
}

impl<K, V, A: Alloc, P: Policy> Drain<'_, K, V, A, P> {
    pub(super) const fn new(table: table::Table<(K, V), A, P>) -> Self {
        Self { entries: table.into_entries(), of: PhantomData }
    }
}

/// Keys of a map.
pub struct Keys<'m, K, V, P: Policy = Compact>(pub(super) Iter<'m, K, V, P>);

/// Values of a map.
pub struct Values<'m, K, V, P: Policy = Compact>(pub(super) Iter<'m, K, V, P>);

/// Values of a map, to be changed.
pub struct ValuesMut<'m, K, V, P: Policy = Compact>(pub(super) IterMut<'m, K, V, P>);

/// Keys of a map, by value.
pub struct IntoKeys<K, V, A: Alloc = Global, P: Policy = Compact>(pub(super) IntoIter<K, V, A, P>);

/// Values of a map, by value.
pub struct IntoValues<K, V, A: Alloc = Global, P: Policy = Compact>(
    pub(super) IntoIter<K, V, A, P>,
);

/// An iterator that is another one, with something done to each item; what it shows of itself are
/// the entries to come.
macro_rules! forward {
    ([$($params:tt)*] $ty:ty, $item:ty, |$self:ident| $inner:expr, |$next:ident| $give:expr) => {
        impl<$($params)*> Iterator for $ty {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let $self = self;
                let $next = $inner.next()?;
                Some($give)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                let $self = self;
                $inner.size_hint()
            }
        }

        impl<$($params)*> ExactSizeIterator for $ty {}
        impl<$($params)*> FusedIterator for $ty {}
    };
}

pub(super) use forward;

forward!(['m, K, V, P: Policy] Iter<'m, K, V, P>, (&'m K, &'m V), |it| it.0, |next| {
    (&next.0, &next.1)
});
forward!(['m, K, V, P: Policy] IterMut<'m, K, V, P>, (&'m K, &'m mut V), |it| it.0, |next| {
    (&next.0, &mut next.1)
});
forward!([K, V, A: Alloc, P: Policy] IntoIter<K, V, A, P>, (K, V), |it| it.0, |next| next);
forward!([K, V, A: Alloc, P: Policy] Drain<'_, K, V, A, P>, (K, V), |it| it.entries, |next| next);
forward!(['m, K, V, P: Policy] Keys<'m, K, V, P>, &'m K, |it| it.0, |next| next.0);
forward!(['m, K, V, P: Policy] Values<'m, K, V, P>, &'m V, |it| it.0, |next| next.1);
forward!(['m, K, V, P: Policy] ValuesMut<'m, K, V, P>, &'m mut V, |it| it.0, |next| next.1);
forward!([K, V, A: Alloc, P: Policy] IntoKeys<K, V, A, P>, K, |it| it.0, |next| next.0);
forward!([K, V, A: Alloc, P: Policy] IntoValues<K, V, A, P>, V, |it| it.0, |next| next.1);

impl<K, V, P: Policy> Clone for Iter<'_, K, V, P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V, P: Policy> Clone for Keys<'_, K, V, P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V, P: Policy> Clone for Values<'_, K, V, P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Prints the entries to come, or a part of each.
macro_rules! print {
    ([$($params:tt)*] $ty:ty, |$self:ident| $rest:expr, |$key:ident, $value:ident| $what:expr) => {
        impl<K: fmt::Debug, V: fmt::Debug, $($params)*> fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $self = self;
                f.debug_list().entries($rest.map(|($key, $value)| $what)).finish()
            }
        }
    };
}

print!([P: Policy] Iter<'_, K, V, P>, |it| it.clone(), |key, value| (key, value));
print!([P: Policy] IterMut<'_, K, V, P>, |it| Iter(it.0.rest()), |key, value| (key, value));
print!([A: Alloc, P: Policy] IntoIter<K, V, A, P>, |it| Iter(it.0.rest()), |k, v| (k, v));
print!([A: Alloc, P: Policy] Drain<'_, K, V, A, P>, |it| Iter(it.entries.rest()), |k, v| (k, v));
print!([P: Policy] Keys<'_, K, V, P>, |it| it.0.clone(), |key, _value| key);
print!([P: Policy] Values<'_, K, V, P>, |it| it.0.clone(), |_key, value| value);
print!([P: Policy] ValuesMut<'_, K, V, P>, |it| Iter(it.0.0.rest()), |_key, value| value);
print!([A: Alloc, P: Policy] IntoKeys<K, V, A, P>, |it| Iter(it.0.0.rest()), |key, _value| key);
print!([A: Alloc, P: Policy] IntoValues<K, V, A, P>, |it| Iter(it.0.0.rest()), |_k, value| value);

/// Entries that a condition takes out of a map.
pub struct ExtractIf<
    'm,
    K: Eq + Hash,
    V,
    F,
    S: BuildHasher = DefaultHashBuilder,
    A: Alloc = Global,
    P: Policy = Compact,
> {
    pub(super) extract: table::Extract<'m, (K, V), A, P>,
    pub(super) hash_builder: &'m S,
    pub(super) takes: F,
}

impl<K, V, F, S, A, P> Iterator for ExtractIf<'_, K, V, F, S, A, P>
where
    K: Eq + Hash,
    F: FnMut(&K, &mut V) -> bool,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.extract.next_if(|(key, value)| (self.takes)(key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.extract.most()))
    }
}

impl<K: Eq + Hash, V, F, S: BuildHasher, A: Alloc, P: Policy> Drop
    for ExtractIf<'_, K, V, F, S, A, P>
{
    /// The map may shrink now.
    fn drop(&mut self) {
        self.extract.tidy(&hash_key(self.hash_builder));
    }
}

impl<K: Eq + Hash, V, F, S: BuildHasher, A: Alloc, P: Policy> fmt::Debug
    for ExtractIf<'_, K, V, F, S, A, P>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("most", &self.extract.most()).finish_non_exhaustive()
    }
}
