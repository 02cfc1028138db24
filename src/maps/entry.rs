//! The place of one key in a [`Map`](super::Map): filled or not.

use super::map::hash_key;
use super::policy::{Compact, Policy};
use super::table::{Missing, Occupied};
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Global, granted};
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem::replace;

/// The place of a key, from [`Map::entry`](super::Map::entry).
pub enum Entry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    /// The key is there.
    Occupied(OccupiedEntry<'m, K, V, S, A, P>),
    /// The key is not there.
    Vacant(VacantEntry<'m, K, V, S, A, P>),
}

/// A key that is there.
pub struct OccupiedEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    pub(super) found: Occupied<'m, (K, V), A, P>,
    pub(super) hash_builder: &'m S,
}

/// A key that is not there.
pub struct VacantEntry<'m, K, V, S = DefaultHashBuilder, A: Alloc = Global, P: Policy = Compact> {
    pub(super) missing: Missing<'m, (K, V), A, P>,
    pub(super) hash_builder: &'m S,
    pub(super) key: K,
}

/// What a place can do, over what a filled and an empty one can: what fills it asks for more of the
/// parameters than what looks at it.
macro_rules! place {
    ($entry:ty, $occupied:ty, $key:ty, [$($looks:tt)*], [$($fills:tt)*]) => {
        impl<'m, $($fills)*> $entry {
            /// The value, after setting it to `default` if there is none.
            #[inline]
            #[track_caller]
            pub fn or_insert(self, default: V) -> &'m mut V {
                self.or_insert_with(|| default)
            }

            /// The value, after setting it to what `default` returns if there is none.
            #[inline]
            #[track_caller]
            pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'m mut V {
                self.or_insert_with_key(|_| default())
            }

            /// The value, after setting it to what `default` makes of the key if there is none.
            #[inline]
            #[track_caller]
            pub fn or_insert_with_key<F: FnOnce(&$key) -> V>(self, default: F) -> &'m mut V {
                match self {
                    Self::Occupied(entry) => entry.into_mut(),
                    Self::Vacant(entry) => {
                        let value = default(entry.key());
                        entry.insert(value)
                    }
                }
            }

            /// The value, after setting it to its type's default if there is none.
            #[inline]
            #[track_caller]
            pub fn or_default(self) -> &'m mut V
            where
                V: Default,
            {
                self.or_insert_with(V::default)
            }

            /// Sets the value.
            #[inline]
            #[track_caller]
            pub fn insert_entry(self, value: V) -> $occupied {
                match self {
                    Self::Occupied(mut entry) => {
                        entry.insert(value);
                        entry
                    }
                    Self::Vacant(entry) => entry.insert_entry(value),
                }
            }
        }

        impl<'m, $($looks)*> $entry {
            /// The key.
            #[inline]
            pub fn key(&self) -> &$key {
                match self {
                    Self::Occupied(entry) => entry.key(),
                    Self::Vacant(entry) => entry.key(),
                }
            }

            /// Changes the value if there is one.
            #[inline]
            #[allow(clippy::return_self_not_must_use)] // as std's: for its effect alone, too
            pub fn and_modify<F: FnOnce(&mut V)>(mut self, change: F) -> Self {
                if let Self::Occupied(entry) = &mut self {
                    change(entry.get_mut());
                }
                self
            }
        }
    };
}
pub(super) use place;

place! {
    Entry<'m, K, V, S, A, P>, OccupiedEntry<'m, K, V, S, A, P>, K,
    [K, V, S, A: Alloc, P: Policy], [K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy]
}

impl<'m, K, V, S, A: Alloc, P: Policy> OccupiedEntry<'m, K, V, S, A, P> {
    /// The stored key.
    #[inline]
    pub fn key(&self) -> &K {
        &self.found.get().0
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &V {
        &self.found.get().1
    }

    /// The value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.found.get_mut().1
    }

    /// The value, to be changed for as long as the map was borrowed.
    #[inline]
    pub fn into_mut(self) -> &'m mut V {
        &mut self.found.into_mut().1
    }

    /// Sets the value; returns the one it had.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        replace(self.get_mut(), value)
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> OccupiedEntry<'_, K, V, S, A, P> {
    /// Removes the key; returns its value. The map may then shrink.
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the key; returns it and its value. The map may then shrink.
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        self.found.remove(hash_key(self.hash_builder))
    }
}

impl<K, V, S, A: Alloc, P: Policy> VacantEntry<'_, K, V, S, A, P> {
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

impl<'m, K: Eq + Hash, V, S: BuildHasher, A: Alloc, P: Policy> VacantEntry<'m, K, V, S, A, P> {
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
        let Self { missing, hash_builder, key } = self;
        let vacant = missing.vacant(hash_key(hash_builder))?;
        Ok(&mut vacant.insert((key, value)).1)
    }

    /// Sets the value; returns the place, now filled.
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'m, K, V, S, A, P> {
        let Self { missing, hash_builder, key } = self;
        let vacant = granted(missing.vacant(hash_key(hash_builder)));
        OccupiedEntry { found: vacant.insert_here((key, value)), hash_builder }
    }
}

impl<K, V, S, A, P> fmt::Debug for Entry<'_, K, V, S, A, P>
where
    K: fmt::Debug,
    V: fmt::Debug,
    A: Alloc,
    P: Policy,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K, V, S, A, P> fmt::Debug for OccupiedEntry<'_, K, V, S, A, P>
where
    K: fmt::Debug,
    V: fmt::Debug,
    A: Alloc,
    P: Policy,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OccupiedEntry");
        out.field("key", self.key()).field("value", self.get()).finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, S, A: Alloc, P: Policy> fmt::Debug for VacantEntry<'_, K, V, S, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
