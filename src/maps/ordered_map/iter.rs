//! Iterators of [`OrderedMap`](super::OrderedMap): from both ends, in order.

use super::OrderedMap;
use crate::mem::{Alloc, Global, raw_vec};
use core::fmt;
use core::iter::FusedIterator;
use core::slice;

/// Entries of an ordered map.
pub struct OrderedIter<'m, K, V>(slice::Iter<'m, (K, V)>);

/// Entries of an ordered map, with values that can be changed.
pub struct OrderedIterMut<'m, K, V>(slice::IterMut<'m, (K, V)>);

/// Entries of an ordered map, by value.
pub struct OrderedIntoIter<K, V, A: Alloc = Global>(raw_vec::IntoIter<(K, V), A>);

/// Entries taken out of an ordered map.
pub struct OrderedDrain<'m, K, V, A: Alloc = Global>(pub(super) raw_vec::Drain<'m, (K, V), A>);

/// Keys of an ordered map.
pub struct OrderedKeys<'m, K, V>(slice::Iter<'m, (K, V)>);

/// Values of an ordered map.
pub struct OrderedValues<'m, K, V>(slice::Iter<'m, (K, V)>);

/// Values of an ordered map, to be changed.
pub struct OrderedValuesMut<'m, K, V>(slice::IterMut<'m, (K, V)>);

/// Keys of an ordered map, by value.
pub struct OrderedIntoKeys<K, V, A: Alloc = Global>(raw_vec::IntoIter<(K, V), A>);

/// Values of an ordered map, by value.
pub struct OrderedIntoValues<K, V, A: Alloc = Global>(raw_vec::IntoIter<(K, V), A>);

/// Hands on what an iterator over pairs gives, or a part of it; prints what is to come.
macro_rules! forward {
    (
        [$($params:tt)*] $ty:ty, $item:ty, |$next:ident| $give:expr,
        [$($shows:ident)*] |$shown:ident| $show:expr
    ) => {
        impl<$($params)*> $ty {
            /// The entries that are to come, as a slice.
            #[must_use]
            pub fn as_slice(&self) -> &[(K, V)] {
                self.0.as_slice()
            }
        }

        impl<$($params)*> Iterator for $ty {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.0.next().map(|$next| $give)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }

            #[inline]
            fn nth(&mut self, n: usize) -> Option<$item> {
                self.0.nth(n).map(|$next| $give)
            }

            #[inline]
            fn fold<T, F: FnMut(T, $item) -> T>(self, start: T, mut fold: F) -> T {
                self.0.fold(start, |sum, $next| fold(sum, $give))
            }
        }

        impl<$($params)*> DoubleEndedIterator for $ty {
            #[inline]
            fn next_back(&mut self) -> Option<$item> {
                self.0.next_back().map(|$next| $give)
            }
        }

        impl<$($params)*> ExactSizeIterator for $ty {}
        impl<$($params)*> FusedIterator for $ty {}

        impl<$($params)*> fmt::Debug for $ty
        where
            $($shows: fmt::Debug,)*
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.as_slice().iter().map(|$shown| $show)).finish()
            }
        }
    };
}

forward!(['m, K, V] OrderedIter<'m, K, V>, (&'m K, &'m V), |e| (&e.0, &e.1), [K V] |e| e);
forward!(['m, K, V] OrderedIterMut<'m, K, V>, (&'m K, &'m mut V), |e| {
    (&e.0, &mut e.1)
}, [K V] |e| e);
forward!([K, V, A: Alloc] OrderedIntoIter<K, V, A>, (K, V), |e| e, [K V] |e| e);
forward!([K, V, A: Alloc] OrderedDrain<'_, K, V, A>, (K, V), |e| e, [K V] |e| e);
forward!(['m, K, V] OrderedKeys<'m, K, V>, &'m K, |e| &e.0, [K] |e| &e.0);
forward!(['m, K, V] OrderedValues<'m, K, V>, &'m V, |e| &e.1, [V] |e| &e.1);
forward!(['m, K, V] OrderedValuesMut<'m, K, V>, &'m mut V, |e| &mut e.1, [V] |e| &e.1);
forward!([K, V, A: Alloc] OrderedIntoKeys<K, V, A>, K, |e| e.0, [K] |e| &e.0);
forward!([K, V, A: Alloc] OrderedIntoValues<K, V, A>, V, |e| e.1, [V] |e| &e.1);

macro_rules! copied {
    ($($name:ident),*) => {$(
        impl<K, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }
    )*};
}

copied!(OrderedIter, OrderedKeys, OrderedValues);

impl<K, V, S, A: Alloc> OrderedMap<K, V, S, A> {
    /// The entries, in order.
    pub fn iter(&self) -> OrderedIter<'_, K, V> {
        OrderedIter(self.entries.iter())
    }

    /// The entries, in order, with values that can be changed.
    pub fn iter_mut(&mut self) -> OrderedIterMut<'_, K, V> {
        OrderedIterMut(self.entries.iter_mut())
    }

    /// The keys, in order.
    pub fn keys(&self) -> OrderedKeys<'_, K, V> {
        OrderedKeys(self.entries.iter())
    }

    /// The values, in order.
    pub fn values(&self) -> OrderedValues<'_, K, V> {
        OrderedValues(self.entries.iter())
    }

    /// The values, in order, to be changed.
    pub fn values_mut(&mut self) -> OrderedValuesMut<'_, K, V> {
        OrderedValuesMut(self.entries.iter_mut())
    }

    /// The keys by value, in order.
    pub fn into_keys(self) -> OrderedIntoKeys<K, V, A> {
        OrderedIntoKeys(self.entries.into_items())
    }

    /// The values by value, in order.
    pub fn into_values(self) -> OrderedIntoValues<K, V, A> {
        OrderedIntoValues(self.entries.into_items())
    }
}

impl<K, V, S, A: Alloc> IntoIterator for OrderedMap<K, V, S, A> {
    type Item = (K, V);
    type IntoIter = OrderedIntoIter<K, V, A>;

    fn into_iter(self) -> OrderedIntoIter<K, V, A> {
        OrderedIntoIter(self.entries.into_items())
    }
}

impl<'m, K, V, S, A: Alloc> IntoIterator for &'m OrderedMap<K, V, S, A> {
    type Item = (&'m K, &'m V);
    type IntoIter = OrderedIter<'m, K, V>;

    fn into_iter(self) -> OrderedIter<'m, K, V> {
        self.iter()
    }
}

impl<'m, K, V, S, A: Alloc> IntoIterator for &'m mut OrderedMap<K, V, S, A> {
    type Item = (&'m K, &'m mut V);
    type IntoIter = OrderedIterMut<'m, K, V>;

    fn into_iter(self) -> OrderedIterMut<'m, K, V> {
        self.iter_mut()
    }
}
