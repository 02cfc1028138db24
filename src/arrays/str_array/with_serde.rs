//! serde's traits: a sequence of strings.

use super::StrArray;
use crate::storage::Words;
#[cfg(feature = "alloc")]
use core::fmt;
use core::str::from_utf8;
#[cfg(feature = "alloc")]
use serde::{Deserialize, Deserializer, de};
use serde::{Serialize, Serializer};

/// One string: text where it is UTF-8, so that JSON shows words and not numbers.
struct Item<'a>(&'a [u8]);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match from_utf8(self.0) {
            Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => serializer.serialize_bytes(self.0),
        }
    }
}

impl<W: Words> Serialize for StrArray<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Item))
    }
}

/// Appends what it deserializes: text, bytes, or a sequence of bytes.
#[cfg(feature = "alloc")]
struct Push<'a>(&'a mut StrArray);

#[cfg(feature = "alloc")]
impl<'de> de::DeserializeSeed<'de> for Push<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_bytes(self)
        }
    }
}

#[cfg(feature = "alloc")]
impl<'de> de::Visitor<'de> for Push<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.0.try_push(text).map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.0.try_push(bytes).map_err(E::custom)
    }

    fn visit_seq<S: de::SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let mut bytes = alloc::vec::Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for StrArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> de::Visitor<'de> for All {
            type Value = StrArray;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence of strings")
            }

            fn visit_seq<S: de::SeqAccess<'de>>(self, mut seq: S) -> Result<StrArray, S::Error> {
                let mut strings = StrArray::new();
                while seq.next_element_seed(Push(&mut strings))?.is_some() {}
                strings.try_shrink_to_fit().map_err(de::Error::custom)?;
                Ok(strings)
            }
        }

        deserializer.deserialize_seq(All)
    }
}
