//! The place of one key in an [`IntMap`]: filled or not.

use super::super::buckets::IntPlace;
use super::super::entry::place;
use super::super::int_key::IntKey;
use super::IntMap;
use crate::error::AllocError;
use crate::mem::{Alloc, Global, granted};
use core::fmt;
use core::mem::replace;

/// The place of a key, from [`IntMap::entry`].
pub enum IntEntry<'m, V, K: IntKey = u64, A: Alloc = Global> {
    /// The key is there.
    Occupied(IntOccupiedEntry<'m, V, K, A>),
    /// The key is not there.
    Vacant(IntVacantEntry<'m, V, K, A>),
}

/// A key that is there.
pub struct IntOccupiedEntry<'m, V, K: IntKey = u64, A: Alloc = Global> {
    pub(super) map: &'m mut IntMap<V, K, A>,
    pub(super) key: K,
    /// Of an entry, while the map is borrowed.
    pub(super) place: IntPlace,
}

/// A key that is not there.
pub struct IntVacantEntry<'m, V, K: IntKey = u64, A: Alloc = Global> {
    pub(super) map: &'m mut IntMap<V, K, A>,
    pub(super) key: K,
    pub(super) mixed: u64,
}

place! {
    IntEntry<'m, V, K, A>, IntOccupiedEntry<'m, V, K, A>, K,
    [V, K: IntKey, A: Alloc], [V, K: IntKey, A: Alloc]
}

impl<'m, V, K: IntKey, A: Alloc> IntOccupiedEntry<'m, V, K, A> {
    /// The key.
    #[inline]
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &V {
        self.map.buckets.value(self.place)
    }

    /// The value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        self.map.buckets.value_mut(self.place)
    }

    /// The value, to be changed for as long as the map was borrowed.
    #[inline]
    pub fn into_mut(self) -> &'m mut V {
        self.map.buckets.value_mut(self.place)
    }

    /// Sets the value; returns the one it had.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        replace(self.get_mut(), value)
    }

    /// Removes the key; returns its value. The map may then shrink.
    #[inline]
    pub fn remove(self) -> V {
        self.map.buckets.remove(self.place)
    }

    /// Removes the key; returns it and its value. The map may then shrink.
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        (self.key, self.remove())
    }
}

impl<'m, V, K: IntKey, A: Alloc> IntVacantEntry<'m, V, K, A> {
    /// The key.
    #[inline]
    pub const fn key(&self) -> &K {
        &self.key
    }

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
    /// [`AllocError`]; no entry has changed then, and `value` is dropped.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'m mut V, AllocError> {
        Ok(self.try_insert_entry(value)?.into_mut())
    }

    /// Sets the value; returns the place, now filled.
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> IntOccupiedEntry<'m, V, K, A> {
        granted(self.try_insert_entry(value))
    }

    #[inline]
    fn try_insert_entry(self, value: V) -> Result<IntOccupiedEntry<'m, V, K, A>, AllocError> {
        let Self { map, key, mixed } = self;
        let place = map.buckets.try_insert(mixed, value)?;
        Ok(IntOccupiedEntry { map, key, place })
    }
}

impl<V: fmt::Debug, K: IntKey, A: Alloc> fmt::Debug for IntEntry<'_, V, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<V: fmt::Debug, K: IntKey, A: Alloc> fmt::Debug for IntOccupiedEntry<'_, V, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OccupiedEntry");
        out.field("key", &self.key).field("value", self.get()).finish_non_exhaustive()
    }
}

impl<V, K: IntKey, A: Alloc> fmt::Debug for IntVacantEntry<'_, V, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
