//! Images of DataSketches, read and written.

use super::image::{self, Form, Head, HllType, IMAGE, MIN_LG_SLOTS, Shape, coupons};
use super::registers;
use super::{HyperLogLog, narrow};
use crate::error::FileError;
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::sketches::image::check_len;
use crate::storage::{HeapWords, Words, require};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

impl<W: Words> HyperLogLog<W> {
    /// The compact image, which leaves the free slots of a list or a set out: what DataSketches'
    /// `serialize_compact()` returns. O(bytes); allocates them.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_datasketches_compact(&self) -> Vec<u8> {
        self.to_datasketches_compact_as(HllType::Hll8)
    }

    /// The compact image with registers of another width: what a conversion by DataSketches gives,
    /// byte for byte. O(k); allocates the image, and of `HLL_4` a table of exceptions.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_datasketches_compact_as(&self, kind: HllType) -> Vec<u8> {
        let image = self.as_datasketches_updatable();
        let mut compact = if self.shape.form == Form::Array {
            narrow::convert(image, self.shape.form, kind, true)
        } else {
            let (preamble, slots) = image.split_at(self.shape.start());
            let taken = || slots.chunks_exact(4).filter(|slot| *slot != [0; 4]);
            let mut compact = Vec::with_capacity(preamble.len() + 4 * taken().count());
            compact.extend_from_slice(preamble);
            compact.extend(taken().flatten());
            image::set_kind(&mut compact, kind);
            compact
        };
        image::mark_compact(&mut compact);
        compact
    }

    /// The updatable image with registers of another width. Time and memory as of
    /// [`to_datasketches_compact_as`](Self::to_datasketches_compact_as).
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_datasketches_updatable_as(&self, kind: HllType) -> Vec<u8> {
        narrow::convert(self.as_datasketches_updatable(), self.shape.form, kind, false)
    }
}

#[cfg(feature = "alloc")]
impl HyperLogLog {
    /// Reads an image of DataSketches: `HLL_4`, `HLL_6` or `HLL_8`, updatable or compact. O(bytes),
    /// all of them checked. In memory registers have 8 bits.
    ///
    /// The sketch is then as if its keys had been inserted here: sums over registers are made anew,
    /// and what is left of a running estimate after a merge is dropped.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if there are too few bytes, [`FileError::Corrupt`] if they are not
    /// such an image, [`FileError::Alloc`]. Requests no more than `2^lg_k` and some bytes, once the
    /// length that the head implies is checked against `bytes`.
    pub fn from_datasketches(bytes: &[u8]) -> Result<Self, FileError> {
        Self::from_datasketches_in(bytes, Global)
    }
}

impl<A: Alloc> HyperLogLog<HeapWords<A>> {
    /// Reads an image of DataSketches into `alloc`, like `from_datasketches`.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if there are too few bytes, [`FileError::Corrupt`] if they are not
    /// an HLL image, [`FileError::Alloc`].
    pub fn from_datasketches_in(bytes: &[u8], alloc: A) -> Result<Self, FileError> {
        let head = Head::parse(bytes)?;
        check_len(head.len(bytes)? as u64, bytes.len() as u64, IMAGE)?;
        let sketch = match head.shape.form {
            Form::Set { .. } if head.compact => Self::try_from_coupons(bytes, head, alloc)?,
            _ => Self::try_from_image(bytes, head, alloc)?,
        };
        image::validate(sketch.as_datasketches_updatable(), sketch.shape)?;
        Ok(sketch)
    }

    /// A list, an array, or a set with its slots.
    fn try_from_image(bytes: &[u8], head: Head, alloc: A) -> Result<Self, FileError> {
        let mut sketch = Self::try_with_shape(head.shape, alloc)?;
        let start = head.shape.start();
        let image = sketch.bytes_mut();
        if head.shape.form == Form::Array && head.kind != HllType::Hll8 {
            narrow::widen(bytes, &head, &mut image[start..head.shape.len()])?;
        } else {
            image[start..bytes.len()].copy_from_slice(&bytes[start..]);
        }
        image::set_count(image, head.shape.form, head.count);
        if head.shape.form == Form::Array {
            let image = &mut image[..head.shape.len()];
            registers::refresh(image);
            let empty = registers::zeros(image) == 1 << head.shape.lg_k;
            image::set_array_flags(image, empty, head.out_of_order);
            if !head.out_of_order {
                registers::set_running(image, registers::running(bytes));
            }
        }
        Ok(sketch)
    }

    /// A set without its free slots: its coupons are inserted in their order, as DataSketches does,
    /// so that later images are the same.
    fn try_from_coupons(bytes: &[u8], head: Head, alloc: A) -> Result<Self, FileError> {
        let first = Shape { form: Form::Set { lg_slots: MIN_LG_SLOTS }, ..head.shape };
        let mut sketch = Self::try_with_shape(first, alloc)?;
        for coupon in coupons(&bytes[head.shape.start()..]) {
            sketch.try_insert_coupon(coupon)?;
        }
        let count = image::count(sketch.bytes(), sketch.shape.form);
        require(count == head.count, IMAGE, "as many different coupons as the head states")?;
        Ok(sketch)
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::{HyperLogLog, Words};
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for HyperLogLog<W> {
        /// As bytes: the updatable image.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.as_datasketches_updatable())
        }
    }

    #[cfg(feature = "alloc")]
    mod owned {
        use super::HyperLogLog;
        use crate::sketches::de::read_bytes;
        use crate::sketches::hyper_log_log::image::{MAX_LG_K, Shape};
        use serde::{Deserialize, Deserializer};

        impl<'de> Deserialize<'de> for HyperLogLog {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let what = "the bytes of an HLL image of DataSketches";
                let most = Shape::array(MAX_LG_K).len();
                read_bytes(deserializer, what, most, Self::from_datasketches)
            }
        }
    }
}
