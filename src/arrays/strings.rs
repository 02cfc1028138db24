//! What follows from the few methods that a sequence of byte strings has of its own.

use core::fmt;
use core::str::from_utf8;

/// Prints a string as a literal; bytes that are not printable ASCII are escaped.
pub(crate) struct Literal<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match from_utf8(self.0) {
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "b\"{}\"", self.0.escape_ascii()),
        }
    }
}

/// Gives `$ty` the methods over its `len`, `get`, `iter`, `new_in`, `try_push`, `try_truncate`
/// and `try_shrink_to_fit`, the standard library's traits, and the family's.
macro_rules! string_sequence {
    ($ty:ident) => {
        impl<W: $crate::storage::Words> $ty<W> {
            /// The string at `index` as text, or `None` if there is none. O(length), allocates
            /// nothing.
            ///
            /// # Errors
            ///
            /// [`Utf8Error`](core::str::Utf8Error) if it is not UTF-8.
            #[must_use]
            pub fn get_str(&self, index: usize) -> Option<Result<&str, core::str::Utf8Error>> {
                self.get(index).map(core::str::from_utf8)
            }

            /// The first string, or `None` if there is none.
            #[must_use]
            pub fn first(&self) -> Option<&[u8]> {
                self.get(0)
            }

            /// The last string, or `None` if there is none.
            #[must_use]
            pub fn last(&self) -> Option<&[u8]> {
                self.get(self.len().wrapping_sub(1))
            }

            /// Where `key` is in an ascending sequence, or else where it would be put. If it occurs
            /// several times, the first place. O(log n) comparisons, allocates nothing.
            ///
            /// # Errors
            ///
            /// `Err(position)` if `key` does not occur: inserting it there would keep the order.
            pub fn binary_search(&self, key: impl AsRef<[u8]>) -> Result<usize, usize> {
                let key = key.as_ref();
                let at = self.partition_point(|string| string < key);
                if self.get(at) == Some(key) { Ok(at) } else { Err(at) }
            }

            /// How many strings at the front fulfil `first_part`, if all that do stand before all
            /// that do not. O(log n), allocates nothing.
            pub fn partition_point(&self, mut first_part: impl FnMut(&[u8]) -> bool) -> usize {
                let first_part = |index| first_part(self.get(index).unwrap_or(&[]));
                $crate::arrays::lower_bound(self.len(), first_part)
            }
        }

        impl<A: $crate::mem::Alloc> $ty<$crate::storage::HeapWords<A>> {
            /// Appends `string`. O(length) amortised.
            ///
            /// # Panics
            ///
            /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
            #[track_caller]
            pub fn push(&mut self, string: impl AsRef<[u8]>) {
                self.try_push(string).unwrap_or_else(|error| $crate::mem::refused(error));
            }

            /// Gives back all room that the strings do not need. O(n).
            ///
            /// # Panics
            ///
            /// If the allocator cannot shrink a block;
            /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
            #[track_caller]
            pub fn shrink_to_fit(&mut self) {
                self.try_shrink_to_fit().unwrap_or_else(|error| $crate::mem::refused(error));
            }
        }

        impl<W: $crate::storage::Words> $crate::arrays::Strings for $ty<W> {
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

        impl<A: $crate::mem::Alloc + Clone> $crate::arrays::StringsMut<A>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn try_build_in<'s>(
                values: impl Iterator<Item = &'s [u8]>,
                alloc: A,
            ) -> Result<Self, $crate::error::BuildError> {
                let mut strings = Self::new_in(alloc.clone(), alloc);
                for value in values {
                    strings.try_push(value)?;
                }
                strings.try_shrink_to_fit()?;
                Ok(strings)
            }

            fn try_push(&mut self, value: &[u8]) -> Result<(), $crate::error::BuildError> {
                Ok(self.try_push(value)?)
            }

            fn try_truncate(&mut self, len: usize) -> Result<(), $crate::error::BuildError> {
                Ok(self.try_truncate(len)?)
            }

            fn try_shrink_to_fit(&mut self) -> Result<(), $crate::error::BuildError> {
                Ok(self.try_shrink_to_fit()?)
            }
        }

        #[cfg(feature = "alloc")]
        impl Default for $ty {
            fn default() -> Self {
                Self::new()
            }
        }

        #[cfg(feature = "alloc")]
        impl<S: AsRef<[u8]>> FromIterator<S> for $ty {
            fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
                let mut sequence = Self::new();
                sequence.extend(strings);
                sequence.shrink_to_fit();
                sequence
            }
        }

        impl<S: AsRef<[u8]>, A: $crate::mem::Alloc> Extend<S>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn extend<I: IntoIterator<Item = S>>(&mut self, strings: I) {
                for string in strings {
                    self.push(string);
                }
            }
        }

        impl<W: $crate::storage::Words> core::fmt::Debug for $ty<W> {
            /// As a list of literals; bytes that are not printable ASCII are escaped.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_list().entries(self.iter().map($crate::arrays::Literal)).finish()
            }
        }

        impl<W: $crate::storage::Words, V: $crate::storage::Words> PartialEq<$ty<V>> for $ty<W> {
            fn eq(&self, other: &$ty<V>) -> bool {
                self.iter().eq(other)
            }
        }

        impl<W: $crate::storage::Words> Eq for $ty<W> {}

        impl<W: $crate::storage::Words, V: $crate::storage::Words> PartialOrd<$ty<V>> for $ty<W> {
            fn partial_cmp(&self, other: &$ty<V>) -> Option<core::cmp::Ordering> {
                Some(self.iter().cmp(other))
            }
        }

        impl<W: $crate::storage::Words> Ord for $ty<W> {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.iter().cmp(other)
            }
        }

        impl<W: $crate::storage::Words> core::hash::Hash for $ty<W> {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                state.write_usize(self.len());
                self.iter().for_each(|string| string.hash(state));
            }
        }
    };
}

pub(crate) use string_sequence;
