//! [`Set`]: a view of [`Map<K, ()>`](Map).

use super::iter::{Drain, IntoKeys, Keys, Taking, forward};
use super::map::Map;
use super::policy::{Compact, Policy};
use super::set_over_map::set_over_map;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, Parts, granted};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::{Chain, FusedIterator};

/// A hash set with the API of std's `HashSet`, in 1.27 times the bytes of its keys of 8 bytes at
/// any number of them from a million on, in 1.38 times from ten thousand on, 1.47 from a hundred
/// on, if they come one by one.
///
/// A [`Map`] without values: what is said there of layout, space, growth, time and what differs
/// from std holds here.
///
/// # When not to use it
///
/// - Integers that are known before they are asked for: [`PackedInts`](crate::arrays::PackedInts),
///   in order, take less.
/// - Strings: [`StrSet`](super::StrSet) takes a third.
/// - Some false answers do no harm: a [filter](crate::filters) takes a tenth.
///
/// # Example
///
/// ```
/// use lessram::{maps::Set, mem::Footprint};
///
/// let odd: Set<u32> = (0..1_000).filter(|i| i % 2 == 1).collect();
/// let square: Set<u32> = (0..30).map(|i| i * i).collect();
/// assert_eq!((&odd & &square).len(), 15);
/// assert!(odd.heap_bytes() < 5 * 500 + 500);
/// ```
pub struct Set<K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    map: Map<K, (), S, A, P>,
}

set_over_map!(
    Set, Map, [Alloc], [, P: Policy], [, P],
    SetIter<'s, K, P>, SetIntoIter<K, A, P>
);

impl<K, S, A: Alloc, P: Policy> Set<K, S, A, P> {
    /// How many keys there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Keys that fit, spread evenly over the regions. O(1).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// The keys, in no order.
    pub fn iter(&self) -> SetIter<'_, K, P> {
        self.map.keys()
    }
}

/// Keys of a set.
pub type SetIter<'s, K, P = Compact> = Keys<'s, K, (), P>;
/// Keys of a set, by value.
pub type SetIntoIter<K, A = Global, P = Compact> = IntoKeys<K, (), A, P>;

/// Keys taken out of a set, which is empty by now.
pub struct SetDrain<'s, K, A: Alloc = Global, P: Policy = Compact> {
    entries: Drain<'s, K, (), A, P>,
}

forward!([K, A: Alloc, P: Policy] SetDrain<'_, K, A, P>, K, |it| it.entries, |next| next.0);

impl<K: fmt::Debug, A: Alloc, P: Policy> fmt::Debug for SetDrain<'_, K, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.rest().map(|(key, ())| key)).finish()
    }
}

/// Keys that a condition takes out of a set.
#[must_use = "an iterator does nothing until it is asked for items"]
pub struct SetExtractIf<
    's,
    K: Eq + Hash,
    F,
    S: BuildHasher = DefaultHashBuilder,
    A: Alloc = Global,
    P: Policy = Compact,
> {
    taking: Taking<'s, K, (), S, A, P>,
    takes: F,
}

impl<K, F, S, A, P> Iterator for SetExtractIf<'_, K, F, S, A, P>
where
    K: Eq + Hash,
    F: FnMut(&K) -> bool,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
    type Item = K;

    fn next(&mut self) -> Option<K> {
        let Self { taking, takes } = self;
        taking.next_if(|key, ()| takes(key)).map(|(key, ())| key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.taking.most()))
    }
}

impl<K, F, S, A, P> FusedIterator for SetExtractIf<'_, K, F, S, A, P>
where
    K: Eq + Hash,
    F: FnMut(&K) -> bool,
    S: BuildHasher,
    A: Alloc,
    P: Policy,
{
}

impl<K: Eq + Hash, F, S: BuildHasher, A: Alloc, P: Policy> fmt::Debug
    for SetExtractIf<'_, K, F, S, A, P>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetExtractIf").field("most", &self.taking.most()).finish_non_exhaustive()
    }
}

impl<K, S, A: Alloc + Clone, P: Policy> Set<K, S, A, P> {
    /// Takes all keys out. The memory goes back when the iterator goes.
    pub fn drain(&mut self) -> SetDrain<'_, K, A, P> {
        SetDrain { entries: self.map.drain() }
    }
}

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> Set<K, S, A, P> {
    /// Adds `key`; returns whether it was new. A key that is there stays. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Adds `key`; returns whether it was new. A key that is there stays. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    #[inline]
    pub fn try_insert(&mut self, key: K) -> Result<bool, AllocError> {
        Ok(self.map.try_insert(key, ())?.is_none())
    }

    /// Adds `key` in place of the one that equals it; returns that one. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_replace`](Self::try_replace) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn replace(&mut self, key: K) -> Option<K> {
        granted(self.try_replace(key))
    }

    /// Adds `key` in place of the one that equals it; returns that one. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the set is unchanged then, and `key` is dropped.
    #[inline]
    pub fn try_replace(&mut self, key: K) -> Result<Option<K>, AllocError> {
        self.map.try_replace_entry(key, ())
    }

    /// Removes `key`; returns whether it was there. O(1) amortised.
    #[inline]
    pub fn remove<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.remove(key).is_some()
    }

    /// Removes and returns the stored key that equals `key`. O(1) amortised.
    #[inline]
    pub fn take<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        self.map.remove_entry(key).map(|(key, ())| key)
    }

    /// Keeps the keys for which `keep` returns `true`. O(n). The set may then shrink.
    pub fn retain<F: FnMut(&K) -> bool>(&mut self, mut keep: F) {
        self.map.retain(|key, ()| keep(key));
    }

    /// Takes out the keys for which `takes` returns `true`, as they are asked for. O(n) for all.
    pub fn extract_if<F: FnMut(&K) -> bool>(
        &mut self,
        takes: F,
    ) -> SetExtractIf<'_, K, F, S, A, P> {
        SetExtractIf { taking: Taking::new(&mut self.map), takes }
    }

    /// The keys that are in this set and not in `other`.
    pub fn difference<'s>(&'s self, other: &'s Self) -> Difference<'s, K, S, A, P> {
        Difference { keys: self.iter(), other }
    }

    /// The keys that are in both sets.
    pub fn intersection<'s>(&'s self, other: &'s Self) -> Intersection<'s, K, S, A, P> {
        let (keys, other) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        Intersection { keys: keys.iter(), other }
    }

    /// The keys that are in one of the sets only.
    pub fn symmetric_difference<'s>(
        &'s self,
        other: &'s Self,
    ) -> SymmetricDifference<'s, K, S, A, P> {
        SymmetricDifference { keys: self.difference(other).chain(other.difference(self)) }
    }

    /// The keys that are in one of the sets or in both, each once.
    pub fn union<'s>(&'s self, other: &'s Self) -> Union<'s, K, S, A, P> {
        let (large, small) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        Union { keys: large.iter().chain(small.difference(large)) }
    }

    /// Whether no key is in both sets.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether all keys of this set are in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.iter().all(|key| other.contains(key))
    }

    /// Whether all keys of `other` are in this set.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }
}

/// Keys of one set, chosen by whether another has them.
macro_rules! chosen {
    ($(#[$doc:meta])* $name:ident, $wanted:literal) => {
        $(#[$doc])*
        pub struct $name<'s, K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
            keys: SetIter<'s, K, P>,
            other: &'s Set<K, S, A, P>,
        }

        impl<'s, K, S, A, P> Iterator for $name<'s, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            type Item = &'s K;

            fn next(&mut self) -> Option<&'s K> {
                let other = self.other;
                self.keys.find(|key| other.contains(*key) == $wanted)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (0, self.keys.size_hint().1)
            }
        }

        impl<K, S, A: Alloc, P: Policy> Clone for $name<'_, K, S, A, P> {
            fn clone(&self) -> Self {
                Self { keys: self.keys.clone(), other: self.other }
            }
        }
    };
}

chosen! {
    /// Keys of one set that another has not.
    Difference, false
}
chosen! {
    /// Keys of two sets.
    Intersection, true
}

/// Keys of one of two sets only.
pub struct SymmetricDifference<
    's,
    K,
    S = DefaultHashBuilder,
    A: Alloc = Global,
    P: Policy = Compact,
> {
    keys: Two<Difference<'s, K, S, A, P>>,
}

/// One after the other.
type Two<I> = Chain<I, I>;

/// Keys of one of two sets or of both.
pub struct Union<'s, K, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    keys: Chain<SetIter<'s, K, P>, Difference<'s, K, S, A, P>>,
}

/// What all four have in common.
macro_rules! algebra {
    ($($name:ident),*) => {$(
        impl<K, S, A, P> FusedIterator for $name<'_, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
        }

        impl<K, S, A, P> fmt::Debug for $name<'_, K, S, A, P>
        where
            K: fmt::Debug + Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

algebra!(Difference, Intersection, SymmetricDifference, Union);

macro_rules! chained {
    ($($name:ident),*) => {$(
        impl<'s, K, S, A, P> Iterator for $name<'s, K, S, A, P>
        where
            K: Eq + Hash,
            S: BuildHasher,
            A: Alloc,
            P: Policy,
        {
            type Item = &'s K;

            fn next(&mut self) -> Option<&'s K> {
                self.keys.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.keys.size_hint()
            }
        }

        impl<K, S, A: Alloc, P: Policy> Clone for $name<'_, K, S, A, P> {
            fn clone(&self) -> Self {
                Self { keys: self.keys.clone() }
            }
        }
    )*};
}

chained!(SymmetricDifference, Union);

impl<K: Eq + Hash, S: BuildHasher, A: Alloc, P: Policy> PartialEq for Set<K, S, A, P> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}
