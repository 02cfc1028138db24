//! `Deserialize` of maps and sets: entries as they come, with no more room than comes.

use super::map::Map;
use super::ordered_map::OrderedMap;
use super::ordered_set::OrderedSet;
use super::policy::Policy;
use super::set::Set;
use crate::mem::Alloc;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Builds a `T` from entries or keys.
struct Filling<T>(PhantomData<T>);

impl<'de, K, V, S, A, P> Visitor<'de> for Filling<Map<K, V, S, A, P>>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    type Value = Map<K, V, S, A, P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<Self::Value, M::Error> {
        // What the input says of its length is not believed: nothing is reserved.
        let mut map = Self::Value::default();
        while let Some((key, value)) = access.next_entry()? {
            map.try_insert(key, value).map_err(M::Error::custom)?;
        }
        Ok(map)
    }
}

impl<'de, K, S, A, P> Visitor<'de> for Filling<Set<K, S, A, P>>
where
    K: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    type Value = Set<K, S, A, P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of keys")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Self::Value, Q::Error> {
        let mut set = Self::Value::default();
        while let Some(key) = access.next_element()? {
            set.try_insert(key).map_err(Q::Error::custom)?;
        }
        Ok(set)
    }
}

impl<'de, K, V, S, A> Visitor<'de> for Filling<OrderedMap<K, V, S, A>>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    type Value = OrderedMap<K, V, S, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<Self::Value, M::Error> {
        let mut map = Self::Value::default();
        while let Some((key, value)) = access.next_entry()? {
            map.try_insert(key, value).map_err(M::Error::custom)?;
        }
        Ok(map)
    }
}

impl<'de, K, S, A> Visitor<'de> for Filling<OrderedSet<K, S, A>>
where
    K: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    type Value = OrderedSet<K, S, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of keys")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Self::Value, Q::Error> {
        let mut set = Self::Value::default();
        while let Some(key) = access.next_element()? {
            set.try_insert(key).map_err(Q::Error::custom)?;
        }
        Ok(set)
    }
}

impl<'de, K, V, S, A, P> Deserialize<'de> for Map<K, V, S, A, P>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Filling::<Self>(PhantomData))
    }
}

impl<'de, K, S, A, P> Deserialize<'de> for Set<K, S, A, P>
where
    K: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Default,
    P: Policy,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}

impl<'de, K, V, S, A> Deserialize<'de> for OrderedMap<K, V, S, A>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Filling::<Self>(PhantomData))
    }
}

impl<'de, K, S, A> Deserialize<'de> for OrderedSet<K, S, A>
where
    K: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}
