//! Conversions from and to the sets and maps of the `fst` crate.

use super::Dawg;
use crate::arrays::PackedInts;
use crate::error::BuildError;
use crate::mem::Global;
use crate::storage::Words;
use alloc::vec::Vec;
use fst::Streamer;

impl<D: AsRef<[u8]>> TryFrom<&fst::Set<D>> for Dawg {
    type Error = BuildError;

    /// The same keys. O(n).
    fn try_from(set: &fst::Set<D>) -> Result<Self, BuildError> {
        let mut builder = Self::builder_in(Global);
        let mut keys = set.stream();
        while let Some(key) = keys.next() {
            builder.push(key)?;
        }
        builder.finish()
    }
}

impl<W: Words> TryFrom<&Dawg<W>> for fst::Set<Vec<u8>> {
    type Error = fst::Error;

    /// The same keys. O(n).
    fn try_from(dawg: &Dawg<W>) -> Result<Self, fst::Error> {
        let mut builder = fst::SetBuilder::memory();
        let mut keys = dawg.keys(0..dawg.len());
        while let Some(key) = keys.next_key() {
            builder.insert(key)?;
        }
        Self::new(builder.into_inner()?)
    }
}

impl Dawg {
    /// The keys of a map, and its values by the numbers of their keys. O(n).
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if a key has more than 65,535 bytes, [`BuildError::Alloc`].
    pub fn from_fst_map<D: AsRef<[u8]>>(
        map: &fst::Map<D>,
    ) -> Result<(Self, PackedInts), BuildError> {
        let (mut builder, mut values) = (Self::builder_in(Global), PackedInts::new());
        let mut pairs = map.stream();
        while let Some((key, value)) = pairs.next() {
            builder.push(key)?;
            values.try_push(value)?;
        }
        values.try_shrink_to_fit()?;
        Ok((builder.finish()?, values))
    }
}

impl<W: Words> Dawg<W> {
    /// The map of the keys to `values`, which are by number; to 0 where there are none. O(n).
    ///
    /// # Errors
    ///
    /// What `fst` returns.
    pub fn to_fst_map(
        &self,
        values: impl IntoIterator<Item = u64>,
    ) -> Result<fst::Map<Vec<u8>>, fst::Error> {
        let mut builder = fst::MapBuilder::memory();
        let (mut keys, mut values) = (self.keys(0..self.len()), values.into_iter());
        while let Some(key) = keys.next_key() {
            builder.insert(key, values.next().unwrap_or(0))?;
        }
        fst::Map::new(builder.into_inner()?)
    }
}
