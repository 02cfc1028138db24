//! Deserializing a sequence item by item, for the vectors of this family.

use crate::error::AllocError;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Pushes each item of a sequence into `into`, which starts with the room it has: what the input
/// says of its length is not believed.
pub(super) fn read<'de, D: Deserializer<'de>, V, T: Deserialize<'de>>(
    deserializer: D,
    into: V,
    push: fn(&mut V, T) -> Result<(), AllocError>,
) -> Result<V, D::Error> {
    struct Items<V, T> {
        into: V,
        push: fn(&mut V, T) -> Result<(), AllocError>,
        item: PhantomData<T>,
    }

    impl<'de, V, T: Deserialize<'de>> Visitor<'de> for Items<V, T> {
        type Value = V;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<S: SeqAccess<'de>>(mut self, mut seq: S) -> Result<V, S::Error> {
            while let Some(item) = seq.next_element()? {
                (self.push)(&mut self.into, item).map_err(S::Error::custom)?;
            }
            Ok(self.into)
        }
    }

    deserializer.deserialize_seq(Items { into, push, item: PhantomData })
}
