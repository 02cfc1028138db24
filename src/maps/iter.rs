//! Iterators of [`Map`].

use super::map::{Map, hash_key};
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
    of: PhantomData<&'m ()>,
}

impl<K, V, A: Alloc, P: Policy> Drain<'_, K, V, A, P> {
    pub(super) const fn new(table: table::Table<(K, V), A, P>) -> Self {
        Self { entries: table.into_entries(), of: PhantomData }
    }

    /// The entries that are still to come.
    pub(super) fn rest(&self) -> Iter<'_, K, V, P> {
        Iter(self.entries.rest())
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

/// Iterators over nothing.
macro_rules! nothing {
    ([$($params:tt)*] $ty:ty, $inner:expr) => {
        impl<$($params)*> Default for $ty {
            /// Over nothing.
            fn default() -> Self {
                Self($inner)
            }
        }
    };
}

nothing!([K, V, P: Policy] Iter<'_, K, V, P>, table::Iter::empty());
nothing!([K, V, P: Policy] IterMut<'_, K, V, P>, table::IterMut::empty());
nothing!([K, V, P: Policy] Keys<'_, K, V, P>, Iter::default());
nothing!([K, V, P: Policy] Values<'_, K, V, P>, Iter::default());
nothing!([K, V, P: Policy] ValuesMut<'_, K, V, P>, IterMut::default());
nothing! {
    [K, V, A: Alloc + Default, P: Policy] IntoIter<K, V, A, P>,
    table::Table::new_in(A::default()).into_entries()
}
nothing!([K, V, A: Alloc + Default, P: Policy] IntoKeys<K, V, A, P>, IntoIter::default());
nothing!([K, V, A: Alloc + Default, P: Policy] IntoValues<K, V, A, P>, IntoIter::default());

/// Prints the entries to come, or a part of each.
macro_rules! print {
    ([$($params:tt)*] $ty:ty, |$self:ident| $rest:expr, |$key:ident, $value:ident| $what:expr) => {
        impl<$($params)*> fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $self = self;
                f.debug_list().entries($rest.map(|($key, $value)| $what)).finish()
            }
        }
    };
    (both [$($params:tt)*] $($rest:tt)*) => {
        print!([K: fmt::Debug, V: fmt::Debug, $($params)*] $($rest)*);
    };
    (keys [$($params:tt)*] $($rest:tt)*) => {
        print!([K: fmt::Debug, V, $($params)*] $($rest)*);
    };
    (values [$($params:tt)*] $($rest:tt)*) => {
        print!([K, V: fmt::Debug, $($params)*] $($rest)*);
    };
}
pub(super) use print;

print!(both [P: Policy] Iter<'_, K, V, P>, |it| it.clone(), |k, v| (k, v));
print!(both [P: Policy] IterMut<'_, K, V, P>, |it| Iter(it.0.rest()), |k, v| (k, v));
print!(both [A: Alloc, P: Policy] IntoIter<K, V, A, P>, |it| Iter(it.0.rest()), |k, v| (k, v));
print!(both [A: Alloc, P: Policy] Drain<'_, K, V, A, P>, |it| it.rest(), |k, v| (k, v));
print!(keys [P: Policy] Keys<'_, K, V, P>, |it| it.0.clone(), |k, _v| k);
print!(keys [A: Alloc, P: Policy] IntoKeys<K, V, A, P>, |it| Iter(it.0.0.rest()), |k, _v| k);
print!(values [P: Policy] Values<'_, K, V, P>, |it| it.0.clone(), |_k, v| v);
print!(values [P: Policy] ValuesMut<'_, K, V, P>, |it| Iter(it.0.0.rest()), |_k, v| v);
print!(values [A: Alloc, P: Policy] IntoValues<K, V, A, P>, |it| Iter(it.0.0.rest()), |_k, v| v);

/// Takes entries out of a map that a condition accepts, and puts the map in order when it goes.
pub(super) struct Taking<'m, K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> {
    entries: table::Extract<'m, (K, V), A, P>,
    hash_builder: &'m S,
}

impl<'m, K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> Taking<'m, K, V, S, A, P> {
    pub(super) fn new(map: &'m mut Map<K, V, S, A, P>) -> Self {
        Self { entries: map.table.extract(), hash_builder: &map.hash_builder }
    }

    /// The next entry that `takes` accepts.
    pub(super) fn next_if(&mut self, mut takes: impl FnMut(&K, &mut V) -> bool) -> Option<(K, V)> {
        self.entries.next_if(|(key, value)| takes(key, value))
    }

    /// The most entries that can still come.
    pub(super) const fn most(&self) -> usize {
        self.entries.most()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> Drop for Taking<'_, K, V, S, A, P> {
    /// The map may shrink now.
    fn drop(&mut self) {
        self.entries.tidy(&hash_key(self.hash_builder));
    }
}

/// Entries that a condition takes out of a map.
#[must_use = "an iterator does nothing until it is asked for items"]
pub struct ExtractIf<
    'm,
    K: Eq + Hash,
    V,
    F,
    S: BuildHasher = DefaultHashBuilder,
    A: Alloc = Global,
    P: Policy = Compact,
> {
    pub(super) taking: Taking<'m, K, V, S, A, P>,
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
        self.taking.next_if(&mut self.takes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.taking.most()))
    }
}

impl<K, V, F, S, A, P> FusedIterator for ExtractIf<'_, K, V, F, S, A, P>
where
    K: Eq + Hash,
    F: FnMut(&K, &mut V) -> bool,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
}

impl<K: Eq + Hash, V, F, S: BuildHasher, A: Alloc, P: Policy> fmt::Debug
    for ExtractIf<'_, K, V, F, S, A, P>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("most", &self.taking.most()).finish_non_exhaustive()
    }
}
