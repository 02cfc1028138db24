//! `Deserialize` of maps and sets: entries as they come, with no more room than comes.

use super::compact_map::CompactMap;
use super::int_key::IntKey;
use super::int_map::IntMap;
use super::int_set::IntSet;
use super::map::Map;
use super::ordered_map::OrderedMap;
use super::ordered_set::OrderedSet;
use super::policy::Policy;
use super::set::Set;
#[cfg(feature = "alloc")]
use super::{interner::Interner, resolver::Resolver, str_map::StrMap, str_set::StrSet};
#[cfg(feature = "alloc")]
use crate::arrays::strings_with_serde::Take;
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::Global;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Builds a `T` from entries or keys. What the input says of its length is not believed: nothing is
/// reserved.
struct Filling<T>(PhantomData<T>);

macro_rules! maps {
    ($($ty:ty: [$($params:tt)*];)*) => {$(
        impl<'de, K, V, S, $($params)*> Visitor<'de> for Filling<$ty>
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            type Value = $ty;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<$ty, M::Error> {
                let mut map = <$ty>::default();
                while let Some((key, value)) = access.next_entry()? {
                    map.try_insert(key, value).map_err(M::Error::custom)?;
                }
                Ok(map)
            }
        }

        impl<'de, K, V, S, $($params)*> Deserialize<'de> for $ty
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Filling::<Self>(PhantomData))
            }
        }
    )*};
}

maps! {
    Map<K, V, S, A, P>: [A: Alloc + Default, P: Policy];
    OrderedMap<K, V, S, A>: [A: Alloc + Clone + Default];
    CompactMap<K, V, S, A>: [A: Alloc + Default];
}

macro_rules! sets {
    ($($ty:ty: [$($params:tt)*];)*) => {$(
        impl<'de, K, S, $($params)*> Visitor<'de> for Filling<$ty>
        where
            K: Deserialize<'de> + Eq + Hash,
            S: BuildHasher + Default,
        {
            type Value = $ty;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence of keys")
            }

            fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<$ty, Q::Error> {
                let mut set = <$ty>::default();
                while let Some(key) = access.next_element()? {
                    set.try_insert(key).map_err(Q::Error::custom)?;
                }
                Ok(set)
            }
        }

        impl<'de, K, S, $($params)*> Deserialize<'de> for $ty
        where
            K: Deserialize<'de> + Eq + Hash,
            S: BuildHasher + Default,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(Filling::<Self>(PhantomData))
            }
        }
    )*};
}

sets! {
    Set<K, S, A, P>: [A: Alloc + Default, P: Policy];
    OrderedSet<K, S, A>: [A: Alloc + Clone + Default];
}

impl<'de, V, K, A> Visitor<'de> for Filling<IntMap<V, K, A>>
where
    V: Deserialize<'de>,
    K: IntKey + Deserialize<'de>,
    A: Alloc + Default,
{
    type Value = IntMap<V, K, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from integers")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<Self::Value, M::Error> {
        let mut map = Self::Value::default();
        while let Some((key, value)) = access.next_entry()? {
            map.try_insert(key, value).map_err(M::Error::custom)?;
        }
        Ok(map)
    }
}

impl<'de, V, K, A> Deserialize<'de> for IntMap<V, K, A>
where
    V: Deserialize<'de>,
    K: IntKey + Deserialize<'de>,
    A: Alloc + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Filling::<Self>(PhantomData))
    }
}

impl<'de, K, A> Visitor<'de> for Filling<IntSet<K, A>>
where
    K: IntKey + Deserialize<'de>,
    A: Alloc + Default,
{
    type Value = IntSet<K, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of integers")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Self::Value, Q::Error> {
        let mut set = Self::Value::default();
        while let Some(key) = access.next_element()? {
            set.try_insert(key).map_err(Q::Error::custom)?;
        }
        Ok(set)
    }
}

impl<'de, K, A> Deserialize<'de> for IntSet<K, A>
where
    K: IntKey + Deserialize<'de>,
    A: Alloc + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}

#[cfg(feature = "alloc")]
impl<'de, V: Deserialize<'de>, S, A> Visitor<'de> for Filling<StrMap<V, S, A>>
where
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    type Value = StrMap<V, S, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<Self::Value, M::Error> {
        let (mut map, mut key) = (Self::Value::default(), alloc::vec::Vec::new());
        let keep = |string: &[u8], key: &mut alloc::vec::Vec<u8>| {
            key.clear();
            key.extend_from_slice(string);
            Ok(())
        };
        while access.next_key_seed(Take(|string: &[u8]| keep(string, &mut key)))?.is_some() {
            map.try_insert(&key, access.next_value()?).map_err(M::Error::custom)?;
        }
        Ok(map)
    }
}

#[cfg(feature = "alloc")]
impl<'de, V: Deserialize<'de>, S, A> Deserialize<'de> for StrMap<V, S, A>
where
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Filling::<Self>(PhantomData))
    }
}

#[cfg(feature = "alloc")]
impl<'de, S, A> Visitor<'de> for Filling<StrSet<S, A>>
where
    S: BuildHasher + Default,
    A: Alloc + Default,
{
    type Value = StrSet<S, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of strings")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Self::Value, Q::Error> {
        let mut set = Self::Value::default();
        while access.next_element_seed(Take(|string: &[u8]| set.try_insert(string)))?.is_some() {}
        Ok(set)
    }
}

#[cfg(feature = "alloc")]
impl<'de, S: BuildHasher + Default, A: Alloc + Default> Deserialize<'de> for StrSet<S, A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}

#[cfg(feature = "alloc")]
impl<'de> Visitor<'de> for Filling<Resolver> {
    type Value = Resolver;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of strings")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Resolver, Q::Error> {
        let mut strings = Resolver::new();
        while access.next_element_seed(Take(|string: &[u8]| strings.try_push(string)))?.is_some() {}
        strings.try_shrink_to_fit().map_err(Q::Error::custom)?;
        Ok(strings)
    }
}

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for Resolver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}

#[cfg(feature = "alloc")]
impl<'de, S: BuildHasher + Default> Deserialize<'de> for Interner<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let strings = Resolver::deserialize(deserializer)?;
        Self::try_from_resolver(strings, S::default(), Global).map_err(D::Error::custom)
    }
}
