//! Keys and values in order: [`Entries`] lends the keys, [`DictMapIter`] gives them away.

use super::{DictMap, StaticDict, Value};
use crate::tries::Keys;
use core::fmt;
use core::ops::Range;

/// Keys and values of a [`DictMap`] in order, forward or backward, from any number on. It lends
/// each key out of a buffer: `while let Some((key, value)) = entries.next_entry() { .. }`.
///
/// Steps take what those of [`Keys`] do. Allocates nothing.
pub struct Entries<'a, D: StaticDict + 'a, V: Value, B> {
    map: &'a DictMap<D, V>,
    keys: Keys<'a, D, B>,
}

impl<D: StaticDict, V: Value, B> fmt::Debug for Entries<'_, D, V, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entries").field(&self.keys).finish()
    }
}

impl<'a, D: StaticDict, V: Value, B: AsMut<[u8]>> Entries<'a, D, V, B> {
    pub(super) fn new(map: &'a DictMap<D, V>, ids: Range<usize>, buffer: B) -> Self {
        Self { map, keys: Keys::new(map.dict(), ids, buffer) }
    }

    /// The number of the key that comes next.
    #[must_use]
    pub const fn id(&self) -> usize {
        self.keys.id()
    }

    /// Keys that are still to come.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.keys.remaining()
    }

    /// Goes on with the key `id`, also back to one that came; with the first of the range if `id`
    /// is before that, and with none if it is behind those that come.
    pub fn seek(&mut self, id: usize) {
        self.keys.seek(id);
    }

    /// The next key, until the next step, and its value.
    #[inline]
    pub fn next_entry(&mut self) -> Option<(&[u8], V)> {
        let value = self.map.value_of(self.keys.id())?;
        Some((self.keys.next_key()?, value))
    }

    /// The last key that is still to come, until the next step, and its value.
    pub fn next_back_entry(&mut self) -> Option<(&[u8], V)> {
        let last = (self.keys.id() + self.keys.remaining()).checked_sub(1)?;
        let value = self.map.value_of(last)?;
        Some((self.keys.next_back_key()?, value))
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use super::{DictMap, Range, StaticDict, Value, fmt};
    use crate::tries::Iter;
    use alloc::vec::Vec;
    use core::iter::FusedIterator;

    /// The keys of a [`DictMap`] in order, each in a `Vec` of its own, and their values.
    /// [`Entries`](super::Entries) hands them out without.
    pub struct DictMapIter<'a, D: StaticDict, V: Value> {
        map: &'a DictMap<D, V>,
        keys: Iter<'a, D>,
        /// Numbers of the keys that are still to come.
        ids: Range<usize>,
    }

    impl<D: StaticDict, V: Value> fmt::Debug for DictMapIter<'_, D, V> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("DictMapIter").field("ids", &self.ids).finish_non_exhaustive()
        }
    }

    impl<'a, D: StaticDict, V: Value> DictMapIter<'a, D, V> {
        pub(in crate::tries) fn new(map: &'a DictMap<D, V>, ids: Range<usize>) -> Self {
            Self { map, keys: Iter::new(map.dict(), ids.clone()), ids }
        }
    }

    impl<D: StaticDict, V: Value> Iterator for DictMapIter<'_, D, V> {
        type Item = (Vec<u8>, V);

        fn next(&mut self) -> Option<(Vec<u8>, V)> {
            let value = self.map.value_of(self.ids.next()?)?;
            Some((self.keys.next()?, value))
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            self.ids.size_hint()
        }

        fn nth(&mut self, n: usize) -> Option<(Vec<u8>, V)> {
            let id = self.ids.nth(n)?;
            Some((self.keys.nth(n)?, self.map.value_of(id)?))
        }
    }

    impl<D: StaticDict, V: Value> DoubleEndedIterator for DictMapIter<'_, D, V> {
        fn next_back(&mut self) -> Option<(Vec<u8>, V)> {
            let value = self.map.value_of(self.ids.next_back()?)?;
            Some((self.keys.next_back()?, value))
        }
    }

    impl<D: StaticDict, V: Value> ExactSizeIterator for DictMapIter<'_, D, V> {}
    impl<D: StaticDict, V: Value> FusedIterator for DictMapIter<'_, D, V> {}
}
#[cfg(feature = "alloc")]
pub use owned::DictMapIter;
