//! serde's traits: a sequence of strings, and a map from strings.

use super::super::{DynTrie, DynTrieMap};
use crate::arrays::strings_with_serde::{Take, Text};
use crate::mem::Alloc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

impl<A: Alloc + Clone> Serialize for DynTrie<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        let mut keys = self.keys(0..self.len());
        while let Some(key) = keys.next_key() {
            seq.serialize_element(&Text(key))?;
        }
        seq.end()
    }
}

impl<V: Serialize, A: Alloc + Clone> Serialize for DynTrieMap<V, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        let mut entries = self.entries(0..self.len());
        while let Some((key, value)) = entries.next_entry() {
            map.serialize_entry(&Text(key), value)?;
        }
        map.end()
    }
}

/// Builds a `T` from keys or entries, as they come.
struct Filling<T>(PhantomData<T>);

impl<'de, A: Alloc + Clone + Default> Visitor<'de> for Filling<DynTrie<A>> {
    type Value = DynTrie<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of strings")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut access: Q) -> Result<Self::Value, Q::Error> {
        let mut set = Self::Value::default();
        while access.next_element_seed(Take(|key: &[u8]| set.try_insert(key)))?.is_some() {}
        Ok(set)
    }
}

impl<'de, A: Alloc + Clone + Default> Deserialize<'de> for DynTrie<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Filling::<Self>(PhantomData))
    }
}

impl<'de, V: Deserialize<'de>, A> Visitor<'de> for Filling<DynTrieMap<V, A>>
where
    A: Alloc + Clone + Default,
{
    type Value = DynTrieMap<V, A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut access: M) -> Result<Self::Value, M::Error> {
        let (mut map, mut key) = (Self::Value::default(), Vec::new());
        let keep = |string: &[u8], key: &mut Vec<u8>| {
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

impl<'de, V: Deserialize<'de>, A: Alloc + Clone + Default> Deserialize<'de> for DynTrieMap<V, A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Filling::<Self>(PhantomData))
    }
}
