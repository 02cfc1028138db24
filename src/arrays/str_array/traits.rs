//! The standard library's traits, and the family's.

use super::StrArray;
use crate::arrays::{Strings, StringsMut};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Words};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::from_utf8;

impl<W: Words> Strings for StrArray<W> {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn get(&self, index: usize) -> Option<&[u8]> {
        self.get(index)
    }

    fn binary_search(&self, key: &[u8]) -> Result<usize, usize> {
        self.binary_search(key)
    }
}

impl<A: Alloc + Clone> StringsMut<A> for StrArray<HeapWords<A>> {
    fn try_build_in<'s>(
        values: impl Iterator<Item = &'s [u8]>,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut strings = Self::new_in(alloc.clone(), alloc);
        for value in values {
            strings.try_push(value)?;
        }
        strings.try_shrink_to_fit()?;
        Ok(strings)
    }

    fn try_push(&mut self, value: &[u8]) -> Result<(), BuildError> {
        Ok(self.try_push(value)?)
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.try_shrink_to_fit()?)
    }
}

#[cfg(feature = "alloc")]
impl Default for StrArray {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "alloc")]
impl<S: AsRef<[u8]>> FromIterator<S> for StrArray {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut array = Self::new();
        array.extend(strings);
        array.shrink_to_fit();
        array
    }
}

impl<S: AsRef<[u8]>, A: Alloc> Extend<S> for StrArray<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, strings: I) {
        for string in strings {
            self.push(string);
        }
    }
}

impl<W: Words> fmt::Debug for StrArray<W> {
    /// As a list of literals; bytes that are not printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Literal<'a>(&'a [u8]);

        impl fmt::Debug for Literal<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match from_utf8(self.0) {
                    Ok(text) => write!(f, "{text:?}"),
                    Err(_) => write!(f, "b\"{}\"", self.0.escape_ascii()),
                }
            }
        }

        f.debug_list().entries(self.iter().map(Literal)).finish()
    }
}

impl<W: Words, V: Words> PartialEq<StrArray<V>> for StrArray<W> {
    fn eq(&self, other: &StrArray<V>) -> bool {
        self.iter().eq(other)
    }
}

impl<W: Words> Eq for StrArray<W> {}

impl<W: Words, V: Words> PartialOrd<StrArray<V>> for StrArray<W> {
    fn partial_cmp(&self, other: &StrArray<V>) -> Option<Ordering> {
        Some(self.iter().cmp(other))
    }
}

impl<W: Words> Ord for StrArray<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<W: Words> Hash for StrArray<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|string| string.hash(state));
    }
}
