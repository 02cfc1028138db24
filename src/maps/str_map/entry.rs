//! The place of one key in a [`StrMap`]: filled or not.

use super::super::buckets::{Place, Wanted};
use super::super::entry::place;
use super::{StrMap, hasher};
use crate::arrays::Literal;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
use core::hash::BuildHasher;
use core::mem::replace;

/// The place of a key, from [`StrMap::entry`].
pub enum StrEntry<'m, 'k, V, S = DefaultHashBuilder, A: Alloc = Global> {
    /// The key is there.
    Occupied(StrOccupiedEntry<'m, V, S, A>),
    /// The key is not there.
    Vacant(StrVacantEntry<'m, 'k, V, S, A>),
}

/// A key that is there.
pub struct StrOccupiedEntry<'m, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut StrMap<V, S, A>,
    /// Of an entry, while the map is borrowed.
    pub(super) place: Place,
}

/// A key that is not there.
pub struct StrVacantEntry<'m, 'k, V, S = DefaultHashBuilder, A: Alloc = Global> {
    pub(super) map: &'m mut StrMap<V, S, A>,
    pub(super) wanted: Wanted<'k>,
}

place! {
    StrEntry<'m, 'k, V, S, A>, StrOccupiedEntry<'m, V, S, A>, [u8],
    ['k, V, S, A: Alloc], ['k, V, S: BuildHasher, A: Alloc]
}

impl<'m, V, S, A: Alloc> StrOccupiedEntry<'m, V, S, A> {
    /// The stored key.
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.map.buckets.entry(self.place).0
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &V {
        self.map.buckets.entry(self.place).1
    }

    /// The value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        self.map.buckets.entry_mut(self.place).1
    }

    /// The value, to be changed for as long as the map was borrowed.
    #[inline]
    pub fn into_mut(self) -> &'m mut V {
        self.map.buckets.entry_mut(self.place).1
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
    #[cfg(feature = "alloc")]
    pub fn remove_entry(self) -> (Box<[u8]>, V) {
        (Box::from(self.key()), self.remove())
    }
}

impl<'k, V, S, A: Alloc> StrVacantEntry<'_, 'k, V, S, A> {
    /// The key.
    #[inline]
    pub const fn key(&self) -> &'k [u8] {
        self.wanted.key()
    }
}

impl<'m, V, S: BuildHasher, A: Alloc> StrVacantEntry<'m, '_, V, S, A> {
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
    pub fn insert_entry(self, value: V) -> StrOccupiedEntry<'m, V, S, A> {
        granted(self.try_insert_entry(value))
    }

    #[inline]
    fn try_insert_entry(self, value: V) -> Result<StrOccupiedEntry<'m, V, S, A>, AllocError> {
        let Self { map, wanted } = self;
        let place = map.buckets.try_insert(wanted, value, &hasher(&map.hash_builder))?;
        Ok(StrOccupiedEntry { map, place })
    }
}

impl<V: fmt::Debug, S, A: Alloc> fmt::Debug for StrEntry<'_, '_, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<V: fmt::Debug, S, A: Alloc> fmt::Debug for StrOccupiedEntry<'_, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OccupiedEntry");
        out.field("key", &Literal(self.key())).field("value", self.get()).finish_non_exhaustive()
    }
}

impl<V, S, A: Alloc> fmt::Debug for StrVacantEntry<'_, '_, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&Literal(self.key())).finish()
    }
}
