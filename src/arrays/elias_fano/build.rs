//! Building an [`EliasFano`]: from a stream whose length and largest number are known, or from
//! what can be gone through twice.

use super::{EliasFano, high_bits};
use crate::arrays::{DenseSelect, PackedInts, SortedIntsBuild};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::storage::{HeapWords, Le64, Words};
use core::fmt;

/// Takes ascending numbers one by one, as many as were announced, and makes an [`EliasFano`].
///
/// Needs the memory of the result from the start, its indexes apart, and no more at any time.
pub struct EliasFanoBuilder<A: Alloc + Clone> {
    lows: PackedInts<HeapWords<A>>,
    high: HeapWords<A>,
    alloc: A,
    len: usize,
    max: u64,
    last: u64,
    with_succ: bool,
}

/// Numbers that are appended at once.
const SOME: usize = 256;

impl EliasFano {
    /// Low bits of a number, for `len` numbers up to `max`: `floor(log2((max + 1) / len))`.
    pub(crate) const fn low_width_for(len: usize, max: u64) -> u32 {
        let mean = (max as u128 + 1) / if len == 0 { 1 } else { len as u128 };
        match mean.checked_ilog2() {
            // A high half has one bit at least, so that shifts by the width are shifts.
            Some(64) => 63,
            Some(width) => width,
            None => 0,
        }
    }
}

impl<A: Alloc + Clone> EliasFanoBuilder<A> {
    /// A builder of `len` numbers, none above `max`, in `alloc`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn new_in(len: usize, max: u64, alloc: A) -> Result<Self, BuildError> {
        let width = if len == 0 { 0 } else { EliasFano::low_width_for(len, max) };
        let mut lows = PackedInts::new_in(alloc.clone());
        lows.set_width(width);
        lows.try_reserve(len)?;
        let mut high = HeapWords::new_in(alloc.clone());
        let bits = high_bits(len as u64, max, width).ok_or(AllocError::CapacityOverflow)?;
        let words = usize::try_from(bits.div_ceil(64)).map_err(|_| AllocError::CapacityOverflow)?;
        high.try_reserve_exact(words)?;
        high.try_resize(words)?;
        Ok(Self { lows, high, alloc, len, max, last: 0, with_succ: false })
    }

    /// Adds the index that makes questions by value fast: `succ`, `pred`, `rank`, `contains`. At
    /// most 0.38 bits a number.
    #[must_use]
    pub fn with_succ(mut self) -> Self {
        self.with_succ = true;
        self
    }

    /// Appends `value`, which is no smaller than the one before. O(1).
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] if it is smaller, [`BuildError::OutOfRange`] if it is above the
    /// most that was announced, [`BuildError::TooMany`] if all that were announced are there. The
    /// builder is unchanged then.
    #[inline]
    pub fn push(&mut self, value: u64) -> Result<(), BuildError> {
        let index = self.lows.len();
        if index == self.len {
            return Err(BuildError::TooMany { len: index as u64 + 1, max: self.len as u64 });
        }
        if value < self.last {
            return Err(BuildError::NotSorted { index });
        }
        if value > self.max {
            return Err(BuildError::OutOfRange { name: "value", value, min: 0, max: self.max });
        }
        let width = self.lows.width();
        self.lows.try_push(value & crate::bits::field::mask(width))?;
        let bit = (value >> width) + index as u64;
        let word = &mut self.high.words_mut()[(bit >> 6) as usize];
        *word = Le64::new(word.get() | 1 << (bit & 63));
        self.last = value;
        Ok(())
    }

    /// As [`push`](Self::push) of one value after the other, in a third of the time: some are
    /// checked and appended at once. O(values).
    ///
    /// # Errors
    ///
    /// Those of `push`; the values before the one that is refused are there then.
    pub(in crate::arrays) fn push_all(&mut self, values: &[u64]) -> Result<(), BuildError> {
        let width = self.lows.width();
        let mut lows = [0; SOME];
        for values in values.chunks(SOME) {
            let index = self.lows.len();
            let mut last = self.last;
            let ascends = values.iter().fold(true, |ascends, value| {
                ascends & (core::mem::replace(&mut last, *value) <= *value)
            });
            if !ascends || last > self.max || values.len() > self.len - index {
                // Finds the one that is wrong.
                return values.iter().try_for_each(|value| self.push(*value));
            }
            let mask = crate::bits::field::mask(width);
            lows.iter_mut().zip(values).for_each(|(low, value)| *low = value & mask);
            self.lows.try_extend_from_slice(&lows[..values.len()])?;
            let high = self.high.words_mut();
            for (index, value) in (index as u64..).zip(values) {
                let bit = (value >> width) + index;
                let word = &mut high[(bit >> 6) as usize];
                *word = Le64::new(word.get() | 1 << (bit & 63));
            }
            self.last = last;
        }
        Ok(())
    }

    /// The finished sequence. O(buckets): makes the indexes.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if fewer numbers came than were announced, [`BuildError::Alloc`]
    /// if memory cannot be had.
    pub fn finish(self) -> Result<EliasFano<HeapWords<A>>, BuildError> {
        let (value, len) = (self.lows.len() as u64, self.len as u64);
        if value != len {
            return Err(BuildError::OutOfRange { name: "len", value, min: len, max: len });
        }
        let bits = high_bits(len, self.max, self.lows.width()).unwrap_or(0);
        let high = self.high.words();
        let ones = DenseSelect::build_in(high, bits, self.alloc.clone())?;
        let zeros = if self.with_succ {
            Some(DenseSelect::build_in(high, bits, self.alloc)?)
        } else {
            None
        };
        Ok(EliasFano { lows: self.lows, high: self.high, ones, zeros, max: self.max })
    }
}

impl<A: Alloc + Clone> fmt::Debug for EliasFanoBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("EliasFanoBuilder");
        out.field("pushed", &self.lows.len()).field("len", &self.len).field("max", &self.max);
        out.finish_non_exhaustive()
    }
}

#[cfg(feature = "alloc")]
impl EliasFano {
    /// A builder of `len` numbers, none above `max`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn builder(len: usize, max: u64) -> Result<EliasFanoBuilder<Global>, BuildError> {
        EliasFanoBuilder::new_in(len, max, Global)
    }
}

impl<A: Alloc + Clone> SortedIntsBuild<A> for EliasFano<HeapWords<A>> {
    /// With the index for questions by value.
    fn try_build_in(
        len: usize,
        max: u64,
        values: impl IntoIterator<Item = u64>,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut builder = EliasFanoBuilder::new_in(len, max, alloc)?.with_succ();
        values.into_iter().try_for_each(|value| builder.push(value))?;
        builder.finish()
    }
}

#[cfg(feature = "alloc")]
impl TryFrom<&[u64]> for EliasFano {
    type Error = BuildError;

    /// The numbers of an ascending slice, with the index for questions by value;
    /// [`BuildError::NotSorted`] if it does not ascend, [`BuildError::Alloc`] if memory cannot be
    /// had.
    fn try_from(values: &[u64]) -> Result<Self, BuildError> {
        let max = values.last().copied().unwrap_or(0);
        let mut builder = Self::builder(values.len(), max)?.with_succ();
        builder.push_all(values).map_err(|error| or_unsorted(error, values.iter().copied()))?;
        builder.finish()
    }
}

/// The error of numbers of which the last was announced as the most: a number above it says that
/// one behind is smaller than the one before.
#[cold]
#[cfg(feature = "alloc")]
fn or_unsorted(error: BuildError, mut values: impl Iterator<Item = u64>) -> BuildError {
    let mut before = 0;
    match error {
        BuildError::OutOfRange { .. } => values
            .position(|value| core::mem::replace(&mut before, value) > value)
            .map_or(error, |index| BuildError::NotSorted { index }),
        _ => error,
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::EliasFano;
    #[cfg(feature = "alloc")]
    use super::or_unsorted;
    use crate::storage::Words;
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for EliasFano<W> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> serde::Deserialize<'de> for EliasFano {
        /// With the index for questions by value. Keeps the numbers packed until the last has
        /// come.
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            use crate::arrays::{PackedInts, SortedIntsBuild};

            let numbers = PackedInts::deserialize(deserializer)?;
            let (len, max) = (numbers.len(), numbers.last().unwrap_or(0));
            Self::try_build_in(len, max, &numbers, crate::mem::Global)
                .map_err(|error| serde::de::Error::custom(or_unsorted(error, numbers.iter())))
        }
    }
}
