//! The standard library's traits, the family's, and serde's.

#[cfg(feature = "alloc")]
use super::{Form, Prefer, slots::Keys, slots::Slices};
use super::{Iter, SlicedSet};
use crate::arrays::{Ints, SortedIntSet, SortedInts};
#[cfg(feature = "alloc")]
use crate::error::BuildError;
#[cfg(feature = "alloc")]
use crate::mem::{Global, granted, raw_vec::RawVec};
#[cfg(feature = "alloc")]
use crate::storage::HeapWords;
use crate::storage::Words;
use core::fmt;
use core::hash::{Hash, Hasher};

impl<W: Words> Ints for SlicedSet<W> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<u64> {
        self.get(index)
    }

    fn binary_search(&self, value: u64) -> Result<usize, usize> {
        self.binary_search(value)
    }
}

impl<W: Words> SortedInts for SlicedSet<W> {
    fn rank(&self, x: u64) -> usize {
        self.rank(x)
    }

    fn succ(&self, x: u64) -> Option<(usize, u64)> {
        self.succ(x)
    }

    fn pred(&self, x: u64) -> Option<(usize, u64)> {
        self.pred(x)
    }

    fn iter_from(&self, index: usize) -> impl DoubleEndedIterator<Item = u64> {
        self.iter_from(index)
    }
}

impl<W: Words> SortedIntSet for SlicedSet<W> {
    #[inline]
    fn contains(&self, x: u64) -> bool {
        self.contains(x)
    }

    fn intersection_len(&self, other: &Self) -> usize {
        self.intersection_len(other)
    }
}

impl<'a, W: Words> IntoIterator for &'a SlicedSet<W> {
    type Item = u64;
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
    }
}

impl<W: Words> fmt::Debug for SlicedSet<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<W: Words, V: Words> PartialEq<SlicedSet<V>> for SlicedSet<W> {
    /// Whether the numbers are the same, in whatever form.
    fn eq(&self, other: &SlicedSet<V>) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<W: Words> Eq for SlicedSet<W> {}

impl<W: Words> Hash for SlicedSet<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|number| state.write_u64(number));
    }
}

#[cfg(feature = "alloc")]
impl Default for SlicedSet {
    /// No numbers; requests no memory.
    fn default() -> Self {
        let empty = || HeapWords::new_in(Global);
        let form = Form::Slices(Slices { keys: Keys::From(0), slots: empty(), data: empty() });
        Self { form, len: 0, prefer: Prefer::Bytes }
    }
}

/// The set of numbers in any order.
#[cfg(feature = "alloc")]
fn from_unsorted(mut numbers: RawVec<u64, Global>) -> Result<SlicedSet, BuildError> {
    numbers.sort_unstable();
    SlicedSet::from_sorted_iter(numbers.iter().copied())
}

#[cfg(feature = "alloc")]
impl FromIterator<u64> for SlicedSet {
    /// The numbers in any order, in fewest bytes. Keeps and sorts them first, 8 bytes each: what is
    /// sorted already goes through [`from_sorted_iter`](Self::from_sorted_iter) without that.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut numbers = RawVec::new_in(Global);
        values.into_iter().for_each(|value| granted(numbers.try_push(value)));
        granted(from_unsorted(numbers))
    }
}

#[cfg(feature = "alloc")]
impl<const N: usize> From<[u64; N]> for SlicedSet {
    /// The numbers in any order.
    fn from(values: [u64; N]) -> Self {
        values.into_iter().collect()
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::SlicedSet;
    #[cfg(feature = "alloc")]
    use super::{Global, RawVec};
    use crate::storage::Words;
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for SlicedSet<W> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> serde::Deserialize<'de> for SlicedSet {
        /// The numbers in any order, in fewest bytes. Keeps and sorts them first, 8 bytes each.
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let (none, push) = (RawVec::new_in(Global), RawVec::try_push);
            let numbers = crate::arrays::sequence::read(deserializer, none, push)?;
            super::from_unsorted(numbers).map_err(serde::de::Error::custom)
        }
    }
}
