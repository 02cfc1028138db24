//! The place of one key in a [`CompactMap`]: filled or not.

use super::super::buckets::EntryPlace;
use super::super::entry::place;
use super::super::map::hash_key;
use super::CompactMap;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem::replace;

/// The place of a key, from [`CompactMap::entry`].
pub enum CompactEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    /// The key is there.
    Occupied(CompactOccupiedEntry<'m, K, V, S, A>),
    /// The key is not there.
    Vacant(CompactVacantEntry<'m, K, V, S, A>),
}

/// A key that is there.
pub struct CompactOccupiedEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut CompactMap<K, V, S, A>,
    /// Of an entry, while the map is borrowed.
    pub(super) place: EntryPlace,
}

/// A key that is not there.
pub struct CompactVacantEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut CompactMap<K, V, S, A>,
    pub(super) hash: u64,
    pub(super) key: K,
}

place! {
    CompactEntry<'m, K, V, S, A>, CompactOccupiedEntry<'m, K, V, S, A>, K,
    [K, V, S, A: Alloc], [K: Eq + Hash, V, S: BuildHasher, A: Alloc]
}

impl<'m, K, V, S, A: Alloc> CompactOccupiedEntry<'m, K, V, S, A> {
    /// The stored key.
    #[inline]
    pub fn key(&self) -> &K {
        &self.map.buckets.get(self.place).0
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &V {
        &self.map.buckets.get(self.place).1
    }

    /// The value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.map.buckets.get_mut(self.place).1
    }

    /// The value, to be changed for as long as the map was borrowed.
    #[inline]
    pub fn into_mut(self) -> &'m mut V {
        &mut self.map.buckets.get_mut(self.place).1
    }

    /// Sets the value; returns the one it had.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        replace(self.get_mut(), value)
    }

    /// Removes the key; returns its value. The map may then shrink.
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the key; returns it and its value. The map may then shrink.
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        self.map.buckets.remove(self.place)
    }
}

impl<K, V, S, A: Alloc> CompactVacantEntry<'_, K, V, S, A> {
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
}

impl<'m, K: Eq + Hash, V, S: BuildHasher, A: Alloc> CompactVacantEntry<'m, K, V, S, A> {
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
    /// [`AllocError`]; no entry has changed then, and key and value are dropped.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'m mut V, AllocError> {
        Ok(self.try_insert_entry(value)?.into_mut())
    }

    /// Sets the value; returns the place, now filled.
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> CompactOccupiedEntry<'m, K, V, S, A> {
        granted(self.try_insert_entry(value))
    }

    #[inline]
    fn try_insert_entry(
        self,
        value: V,
    ) -> Result<CompactOccupiedEntry<'m, K, V, S, A>, AllocError> {
        let Self { map, hash, key } = self;
        let entry = (key, value);
        let place = map.buckets.try_insert(hash, entry, &hash_key(&map.hash_builder))?;
        Ok(CompactOccupiedEntry { map, place })
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug for CompactEntry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Alloc> fmt::Debug
    for CompactOccupiedEntry<'_, K, V, S, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OccupiedEntry");
        out.field("key", self.key()).field("value", self.get()).finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, S, A: Alloc> fmt::Debug for CompactVacantEntry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
