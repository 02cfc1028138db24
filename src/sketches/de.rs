//! Deserializing a sketch by its bytes, which some formats give one by one.

use crate::error::FileError;
use alloc::vec::Vec;
use core::fmt;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// What `read` makes of bytes, which are `what`. One by one, there may be `most` of them.
pub(super) fn read_bytes<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &'static str,
    most: usize,
    read: fn(&[u8]) -> Result<T, FileError>,
) -> Result<T, D::Error> {
    deserializer.deserialize_bytes(Bytes { what, most, read })
}

struct Bytes<T> {
    what: &'static str,
    most: usize,
    read: fn(&[u8]) -> Result<T, FileError>,
}

impl<'de, T> Visitor<'de> for Bytes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        (self.read)(bytes).map_err(E::custom)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<T, S::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            // A sequence may go on for ever.
            if bytes.len() == self.most {
                return Err(S::Error::custom("more bytes than any such sketch has"));
            }
            bytes.try_reserve(1).map_err(S::Error::custom)?;
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketches::HyperLogLog;
    use core::cell::Cell;
    use serde::Deserialize;
    use serde::de::value::{Error, SeqDeserializer};

    #[test]
    fn bytes_that_do_not_end_are_refused() {
        let read = |bytes: &[u8]| Ok(bytes.len());
        for (most, len) in [(0, 0), (3, 3), (1_000, 7)] {
            let bytes = SeqDeserializer::<_, Error>::new(core::iter::repeat_n(7_u8, len));
            assert_eq!(read_bytes(bytes, "bytes", most, read), Ok(len));
            let taken = Cell::new(0);
            let endless = core::iter::repeat(7_u8).inspect(|_| taken.set(taken.get() + 1));
            let bytes = SeqDeserializer::<_, Error>::new(endless);
            assert!(read_bytes(bytes, "bytes", most, read).is_err());
            assert_eq!(taken.get(), most + 1);
        }
        let endless = SeqDeserializer::<_, Error>::new(core::iter::repeat(7_u8));
        assert!(HyperLogLog::deserialize(endless).is_err());
    }
}
