//! Iterators of [`StrMap`](super::StrMap).

use super::super::buckets;
#[cfg(feature = "alloc")]
use super::super::buckets::{Buckets, Extract};
use super::super::iter::forward;
use crate::arrays::Literal;
#[cfg(feature = "alloc")]
use crate::mem::{Alloc, Global};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
use core::iter::FusedIterator;
#[cfg(feature = "alloc")]
use core::marker::PhantomData;

/// Entries of a map of strings.
pub struct StrIter<'m, V>(pub(super) buckets::Iter<'m, V>);

/// Entries of a map of strings, with values that can be changed.
pub struct StrIterMut<'m, V>(pub(super) buckets::IterMut<'m, V>);

/// Keys of a map of strings.
pub struct StrKeys<'m, V>(pub(super) StrIter<'m, V>);

/// Values of a map of strings.
pub struct StrValues<'m, V>(pub(super) StrIter<'m, V>);

/// Values of a map of strings, to be changed.
pub struct StrValuesMut<'m, V>(pub(super) StrIterMut<'m, V>);

forward!(['m, V] StrIter<'m, V>, (&'m [u8], &'m V), |it| it.0, |next| next);
forward!(['m, V] StrIterMut<'m, V>, (&'m [u8], &'m mut V), |it| it.0, |next| next);
forward!(['m, V] StrKeys<'m, V>, &'m [u8], |it| it.0, |next| next.0);
forward!(['m, V] StrValues<'m, V>, &'m V, |it| it.0, |next| next.1);
forward!(['m, V] StrValuesMut<'m, V>, &'m mut V, |it| it.0, |next| next.1);

impl<V> Clone for StrIter<'_, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Clone for StrKeys<'_, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Clone for StrValues<'_, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

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
}

print!([V: fmt::Debug] StrIter<'_, V>, |it| it.0.clone(), |key, value| (Literal(key), value));
print!([V: fmt::Debug] StrIterMut<'_, V>, |it| it.0.rest(), |key, value| (Literal(key), value));
print!([V] StrKeys<'_, V>, |it| it.0.0.clone(), |key, _value| Literal(key));
print!([V: fmt::Debug] StrValues<'_, V>, |it| it.0.0.clone(), |_key, value| value);
print!([V: fmt::Debug] StrValuesMut<'_, V>, |it| it.0.0.rest(), |_key, value| value);

/// Entries of a map of strings, by value.
#[cfg(feature = "alloc")]
pub struct StrIntoIter<V, A: Alloc = Global>(pub(super) Buckets<V, A>);

/// Entries taken out of a map of strings, which is empty by now.
#[cfg(feature = "alloc")]
pub struct StrDrain<'m, V, A: Alloc = Global> {
    entries: StrIntoIter<V, A>,
    of: PhantomData<&'m mut ()>,
}

#[cfg(feature = "alloc")]
impl<V, A: Alloc> StrDrain<'_, V, A> {
    pub(super) const fn new(buckets: Buckets<V, A>) -> Self {
        Self { entries: StrIntoIter(buckets), of: PhantomData }
    }
}

/// Keys of a map of strings, by value.
#[cfg(feature = "alloc")]
pub struct StrIntoKeys<V, A: Alloc = Global>(pub(super) StrIntoIter<V, A>);

/// Values of a map of strings, by value.
#[cfg(feature = "alloc")]
pub struct StrIntoValues<V, A: Alloc = Global>(pub(super) StrIntoIter<V, A>);

/// Entries that a condition takes out of a map of strings.
#[must_use = "an iterator does nothing until it is asked for items"]
#[cfg(feature = "alloc")]
pub struct StrExtractIf<'m, V, F, A: Alloc = Global> {
    pub(super) extract: Extract<'m, V, A>,
    pub(super) takes: F,
}

#[cfg(feature = "alloc")]
mod owned {
    use super::*;

    fn own(key: &[u8]) -> Box<[u8]> {
        Box::from(key)
    }

    /// An iterator over the entries that are left in the buckets.
    macro_rules! owned {
        ($([$($params:tt)*] $ty:ty, $item:ty, |$self:ident| $buckets:expr, $own:expr, $give:expr;)*)
        => {$(
            impl<$($params)*> Iterator for $ty {
                type Item = $item;

                #[inline]
                fn next(&mut self) -> Option<$item> {
                    let $self = self;
                    $buckets.pop($own).map($give)
                }

                #[inline]
                fn size_hint(&self) -> (usize, Option<usize>) {
                    let $self = self;
                    ($buckets.len(), Some($buckets.len()))
                }
            }

            impl<$($params)*> ExactSizeIterator for $ty {}
            impl<$($params)*> FusedIterator for $ty {}
        )*};
    }

    owned! {
        [V, A: Alloc] StrIntoIter<V, A>, (Box<[u8]>, V), |it| it.0, own, |entry| entry;
        [V, A: Alloc] StrDrain<'_, V, A>, (Box<[u8]>, V), |it| it.entries.0, own, |entry| {
            entry
        };
        [V, A: Alloc] StrIntoKeys<V, A>, Box<[u8]>, |it| it.0.0, own, |(key, _)| key;
        [V, A: Alloc] StrIntoValues<V, A>, V, |it| it.0.0, |_| (), |((), value)| value;
    }

    print!([V: fmt::Debug, A: Alloc] StrIntoIter<V, A>, |it| it.0.iter(), |key, value| {
        (Literal(key), value)
    });
    print!([V: fmt::Debug, A: Alloc] StrDrain<'_, V, A>, |it| it.entries.0.iter(), |key, value| {
        (Literal(key), value)
    });
    print!([V, A: Alloc] StrIntoKeys<V, A>, |it| it.0.0.iter(), |key, _value| Literal(key));
    print!([V: fmt::Debug, A: Alloc] StrIntoValues<V, A>, |it| it.0.0.iter(), |_key, value| value);

    impl<V, F: FnMut(&[u8], &mut V) -> bool, A: Alloc> Iterator for StrExtractIf<'_, V, F, A> {
        type Item = (Box<[u8]>, V);

        fn next(&mut self) -> Option<Self::Item> {
            self.extract.next_if(&mut self.takes, own)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(self.extract.most()))
        }
    }

    impl<V, F, A: Alloc> fmt::Debug for StrExtractIf<'_, V, F, A> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut out = f.debug_struct("StrExtractIf");
            out.field("most", &self.extract.most()).finish_non_exhaustive()
        }
    }
}
