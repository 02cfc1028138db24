//! The place of one key in an [`OrderedMap`]: filled or not.

use super::super::entry::place;
use super::OrderedMap;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
use core::array::from_fn;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem::{replace, take};

/// The place of a key, from [`OrderedMap::entry`].
pub enum OrderedEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    /// The key is there.
    Occupied(OrderedOccupiedEntry<'m, K, V, S, A>),
    /// The key is not there.
    Vacant(OrderedVacantEntry<'m, K, V, S, A>),
}

/// A key that is there.
pub struct OrderedOccupiedEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut OrderedMap<K, V, S, A>,
    /// Below the number of entries.
    pub(super) index: usize,
}

/// A key that is not there.
pub struct OrderedVacantEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut OrderedMap<K, V, S, A>,
    pub(super) hash: Option<u64>,
    pub(super) key: K,
}

place! {
    OrderedEntry<'m, K, V, S, A>, OrderedOccupiedEntry<'m, K, V, S, A>, K,
    [K, V, S, A: Alloc], [K: Eq + Hash, V, S: BuildHasher, A: Alloc + Clone]
}

impl<K, V, S, A: Alloc> OrderedMap<K, V, S, A> {
    /// The entry at `index`, to be looked at, changed or removed. O(1).
    pub fn get_index_entry(
        &mut self,
        index: usize,
    ) -> Option<OrderedOccupiedEntry<'_, K, V, S, A>> {
        (index < self.len()).then_some(OrderedOccupiedEntry { map: self, index })
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedMap<K, V, S, A> {
    /// The values of several keys at once, to be changed. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If two of the keys are the same and present.
    #[track_caller]
    pub fn get_disjoint_mut<Q: ?Sized + Hash + Eq, const N: usize>(
        &mut self,
        keys: [&Q; N],
    ) -> [Option<&mut V>; N]
    where
        K: Borrow<Q>,
    {
        let found = keys.map(|key| self.get_index_of(key));
        for (i, index) in found.iter().enumerate() {
            assert!(index.is_none() || !found[..i].contains(index), "duplicate keys found");
        }
        let mut ascending: [usize; N] = from_fn(|i| i);
        ascending.sort_unstable_by_key(|&i| found[i]);
        let mut values = [const { None }; N];
        // One by one from the front of the entries.
        let (mut rest, mut start) = (&mut self.entries[..], 0);
        for i in ascending {
            let Some(index) = found[i] else { continue };
            let (front, behind) = take(&mut rest).split_at_mut(index + 1 - start);
            values[i] = front.last_mut().map(|(_, value)| value);
            (rest, start) = (behind, index + 1);
        }
        values
    }
}

impl<K, V, S, A: Alloc> OrderedEntry<'_, K, V, S, A> {
    /// The position of the entry, or the one that it would get.
    #[inline]
    pub fn index(&self) -> usize {
        match self {
            Self::Occupied(entry) => entry.index(),
            Self::Vacant(entry) => entry.index(),
        }
    }
}

impl<'m, K, V, S, A: Alloc> OrderedOccupiedEntry<'m, K, V, S, A> {
    /// The stored key.
    #[inline]
    pub fn key(&self) -> &K {
        &self.map.entries[self.index].0
    }

    /// The position of the entry.
    #[inline]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &V {
        &self.map.entries[self.index].1
    }

    /// The value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.map.entries[self.index].1
    }

    /// The value, to be changed for as long as the map was borrowed.
    #[inline]
    pub fn into_mut(self) -> &'m mut V {
        &mut self.map.entries[self.index].1
    }

    /// Sets the value; returns the one it had.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        replace(self.get_mut(), value)
    }
}

/// Removal, in both ways.
macro_rules! removals {
    ($($value:ident $entry:ident $by_index:ident: $how:literal;)*) => {
        impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc> OrderedOccupiedEntry<'_, K, V, S, A> {$(
            #[doc = concat!("Removes the entry, ", $how, "; its value.")]
            #[inline]
            pub fn $value(self) -> V {
                self.$entry().1
            }

            #[doc = concat!("Removes the entry, ", $how, "; its key and value.")]
            #[inline]
            pub fn $entry(self) -> (K, V) {
                match self.map.$by_index(self.index) {
                    Some(entry) => entry,
                    None => unreachable!("an entry that is there, at {}", self.index),
                }
            }
        )*}
    };
}

removals! {
    swap_remove swap_remove_entry swap_remove_index: "and puts the last one in its place";
    shift_remove shift_remove_entry shift_remove_index: "and moves those behind it up";
}

impl<K, V, S, A: Alloc> OrderedVacantEntry<'_, K, V, S, A> {
    /// The key.
    #[inline]
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The key by value.
    #[inline]
    pub fn into_key(self) -> K {
        self.key
    }

    /// The position that the entry would get: the number of entries there are.
    #[inline]
    pub fn index(&self) -> usize {
        self.map.len()
    }
}

impl<'m, K: Eq + Hash, V, S: BuildHasher, A: Alloc + Clone> OrderedVacantEntry<'m, K, V, S, A> {
    /// Sets the value.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> &'m mut V {
        granted(self.try_insert(value))
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the map is unchanged then.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'m mut V, AllocError> {
        let Self { map, hash, key } = self;
        let index = map.try_append(key, value, hash)?;
        Ok(&mut map.entries[index].1)
    }

    /// Sets the value; returns the place, now filled.
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> OrderedOccupiedEntry<'m, K, V, S, A> {
        let Self { map, hash, key } = self;
        let index = granted(map.try_append(key, value, hash));
        OrderedOccupiedEntry { map, index }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug for OrderedEntry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("OrderedEntry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("OrderedEntry").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug
    for OrderedOccupiedEntry<'_, K, V, S, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OrderedOccupiedEntry");
        out.field("index", &self.index).field("key", self.key()).field("value", self.get());
        out.finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, S, A: Alloc> fmt::Debug for OrderedVacantEntry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrderedVacantEntry").field(&self.key).finish()
    }
}
