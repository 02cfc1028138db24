//! The standard library's traits, and serde's.

use super::{BitVec, Iter};
use crate::arrays::{BitsMut, bits_by_methods};
use crate::error::BuildError;
use crate::mem::{Alloc, refused};
use crate::storage::{HeapWords, Words};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Index;

bits_by_methods!(BitVec, indexed: false);

impl<A: Alloc + Clone> BitsMut<A> for BitVec<HeapWords<A>> {
    fn try_build_in(bits: BitVec<HeapWords<A>>, _: A) -> Result<Self, BuildError> {
        Ok(bits)
    }

    fn as_bit_vec_mut(&mut self) -> Option<&mut BitVec<HeapWords<A>>> {
        Some(self)
    }
}

impl<W: Words> Index<usize> for BitVec<W> {
    type Output = bool;

    /// The bit at `index`.
    ///
    /// # Panics
    ///
    /// If there is no such bit.
    #[inline]
    #[track_caller]
    fn index(&self, index: usize) -> &bool {
        match self.get(index) {
            Some(true) => &true,
            Some(false) => &false,
            None => panic!("index {index} of {} bits", self.len()),
        }
    }
}

impl<'a, W: Words> IntoIterator for &'a BitVec<W> {
    type Item = bool;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[cfg(feature = "alloc")]
impl Default for BitVec {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<bool> for BitVec {
    /// Leaves no slack.
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let mut vec = Self::new();
        vec.extend(bits);
        vec.shrink_to_fit();
        vec
    }
}

#[cfg(feature = "alloc")]
impl From<&[bool]> for BitVec {
    fn from(bits: &[bool]) -> Self {
        let mut vec = Self::with_capacity(bits.len());
        vec.extend(bits.iter().copied());
        vec
    }
}

impl<A: Alloc> Extend<bool> for BitVec<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = bool>>(&mut self, bits: I) {
        for bit in bits {
            self.try_push(bit).unwrap_or_else(|error| refused(error));
        }
    }
}

impl<W: Words> fmt::Debug for BitVec<W> {
    /// A list of 0 and 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(u8::from)).finish()
    }
}

impl<W: Words, V: Words> PartialEq<BitVec<V>> for BitVec<W> {
    fn eq(&self, other: &BitVec<V>) -> bool {
        let words = |i| (self.word(i, |word| word), other.word(i, |word| word));
        self.len == other.len && (0..self.as_words().len()).map(words).all(|(a, b)| a == b)
    }
}

impl<W: Words> Eq for BitVec<W> {}

impl<W: Words, V: Words> PartialOrd<BitVec<V>> for BitVec<W> {
    fn partial_cmp(&self, other: &BitVec<V>) -> Option<Ordering> {
        Some(self.iter().cmp(other))
    }
}

impl<W: Words> Ord for BitVec<W> {
    /// As `Vec<bool>` is ordered: by the first bit that differs, then by length.
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<W: Words> Hash for BitVec<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len);
        (0..self.as_words().len()).for_each(|i| state.write_u64(self.word(i, |word| word)));
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::{BitVec, Words};
    #[cfg(feature = "alloc")]
    use core::fmt;
    #[cfg(feature = "alloc")]
    use serde::{Deserialize, Deserializer, de};
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for BitVec<W> {
        /// The number of bits, and then their words.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let words = (0..self.as_words().len()).map(|i| self.word(i, |word| word));
            serializer.collect_seq(core::iter::once(self.len as u64).chain(words))
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> Deserialize<'de> for BitVec {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Numbers;

            impl<'de> de::Visitor<'de> for Numbers {
                type Value = BitVec;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("the number of bits, and their words of 64")
                }

                fn visit_seq<S: de::SeqAccess<'de>>(self, mut seq: S) -> Result<BitVec, S::Error> {
                    let missing = || de::Error::invalid_length(0, &"the number of bits");
                    let len: u64 = seq.next_element()?.ok_or_else(missing)?;
                    let mut bits = BitVec::new();
                    while let Some(word) = seq.next_element::<u64>()? {
                        bits.try_push_word(word).map_err(de::Error::custom)?;
                    }
                    let words = bits.as_words().len();
                    let len = usize::try_from(len).ok().filter(|len| len.div_ceil(64) == words);
                    let wrong = || de::Error::invalid_length(words, &"as many words as bits need");
                    bits.truncate(len.ok_or_else(wrong)?);
                    bits.try_shrink_to_fit().map_err(de::Error::custom)?;
                    Ok(bits)
                }
            }

            deserializer.deserialize_seq(Numbers)
        }
    }
}
