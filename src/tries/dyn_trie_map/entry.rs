//! [`DynTrieEntry`]: the place of a key, where a value is or may come.

use super::DynTrieMap;
use crate::error::AllocError;
use crate::mem::{Alloc, Global, refused};
use core::fmt;

/// The place of a key in a map.
#[derive(Debug)]
pub enum DynTrieEntry<'m, 'k, V, A: Alloc = Global> {
    /// The key is there.
    Occupied(DynTrieOccupied<'m, 'k, V, A>),
    /// It is not.
    Vacant(DynTrieVacant<'m, 'k, V, A>),
}

/// The place of a key that is there.
pub struct DynTrieOccupied<'m, 'k, V, A: Alloc = Global> {
    map: &'m mut DynTrieMap<V, A>,
    key: &'k [u8],
    id: usize,
}

/// The place of a key that is not there.
pub struct DynTrieVacant<'m, 'k, V, A: Alloc = Global> {
    map: &'m mut DynTrieMap<V, A>,
    key: &'k [u8],
}

impl<V, A: Alloc> fmt::Debug for DynTrieOccupied<'_, '_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieOccupied").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<V, A: Alloc> fmt::Debug for DynTrieVacant<'_, '_, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynTrieVacant").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<'m, 'k, V, A: Alloc + Clone> DynTrieEntry<'m, 'k, V, A> {
    pub(super) fn new(map: &'m mut DynTrieMap<V, A>, key: &'k [u8]) -> Self {
        match map.id_of(key) {
            Some(id) => Self::Occupied(DynTrieOccupied { map, key, id }),
            None => Self::Vacant(DynTrieVacant { map, key }),
        }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &'k [u8] {
        match self {
            Self::Occupied(entry) => entry.key,
            Self::Vacant(entry) => entry.key,
        }
    }

    /// Changes the value, if there is one.
    #[allow(clippy::return_self_not_must_use)] // as std's: for its effect alone, too
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// The value, which is `value` if there was none.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn or_insert(self, value: V) -> &'m mut V {
        self.or_insert_with(|| value)
    }

    /// The value, which is made if there was none.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'m mut V {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(make()),
        }
    }

    /// The value, which is the default one if there was none.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[track_caller]
    pub fn or_default(self) -> &'m mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<'m, 'k, V, A: Alloc + Clone> DynTrieOccupied<'m, 'k, V, A> {
    /// The key.
    #[must_use]
    pub const fn key(&self) -> &'k [u8] {
        self.key
    }

    /// The key's number.
    #[must_use]
    pub const fn id(&self) -> usize {
        self.id
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> &V {
        self.map.value_of(self.id).expect("the key was found")
    }

    /// The value, to change it.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut V {
        self.map.value_of_mut(self.id).expect("the key was found")
    }

    /// The value, to change it as long as the map is borrowed.
    #[must_use]
    pub fn into_mut(self) -> &'m mut V {
        self.map.value_of_mut(self.id).expect("the key was found")
    }

    /// Puts another value in the place; returns the one that was.
    pub fn insert(&mut self, value: V) -> V {
        core::mem::replace(self.get_mut(), value)
    }

    /// Removes the key, and returns its value.
    pub fn remove(self) -> V {
        self.map.remove(self.key).expect("the key was found")
    }
}

impl<'m, 'k, V, A: Alloc + Clone> DynTrieVacant<'m, 'k, V, A> {
    /// The key.
    #[must_use]
    pub const fn key(&self) -> &'k [u8] {
        self.key
    }

    /// Adds the key with its value.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_insert`](Self::try_insert) returns the error instead.
    #[track_caller]
    pub fn insert(self, value: V) -> &'m mut V {
        self.try_insert(value).unwrap_or_else(|error| refused(error))
    }

    /// Adds the key with its value.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; no key has come then, and `value` is gone.
    pub fn try_insert(self, value: V) -> Result<&'m mut V, AllocError> {
        self.map.try_insert(self.key, value)?;
        Ok(self.map.get_mut(self.key).expect("the key has come"))
    }
}
