//! serde's traits: a sequence of strings.

use super::StrArray;
#[cfg(feature = "alloc")]
use crate::error::AllocError;
use crate::storage::Words;
#[cfg(feature = "alloc")]
use core::fmt;
use core::str::from_utf8;
#[cfg(feature = "alloc")]
use serde::{Deserialize, Deserializer, de};
use serde::{Serialize, Serializer};

/// One string: text where it is UTF-8, so that JSON shows words and not numbers.
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match from_utf8(self.0) {
            Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => serializer.serialize_bytes(self.0),
        }
    }
}

impl<W: Words> Serialize for StrArray<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Text))
    }
}

/// Hands on what it deserializes: text, bytes, or a sequence of bytes.
#[cfg(feature = "alloc")]
pub(crate) struct Take<F>(pub(crate) F);

#[cfg(feature = "alloc")]
impl<'de, T, F: FnOnce(&[u8]) -> Result<T, AllocError>> de::DeserializeSeed<'de> for Take<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_bytes(self)
        }
    }
}

#[cfg(feature = "alloc")]
impl<'de, T, F: FnOnce(&[u8]) -> Result<T, AllocError>> de::Visitor<'de> for Take<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        (self.0)(bytes).map_err(E::custom)
    }

    fn visit_seq<S: de::SeqAccess<'de>>(self, mut seq: S) -> Result<T, S::Error> {
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
                while seq
                    .next_element_seed(Take(|string: &[u8]| strings.try_push(string)))?
                    .is_some()
                {}
                strings.try_shrink_to_fit().map_err(de::Error::custom)?;
                Ok(strings)
            }
        }

        deserializer.deserialize_seq(All)
    }
}
