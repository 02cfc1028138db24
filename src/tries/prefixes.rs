//! [`PrefixesOf`]: the keys that a text begins with.

use super::RankedKeySet;
use super::spool::common;
use core::iter::FusedIterator;

/// The keys that a text begins with, the longest first, each as its number and its length:
/// `set.prefixes_of(text).next()` is the longest match.
///
/// A look-up for each key found, and one for each place at which the text leaves the keys: no more
/// than the text has bytes. Allocates nothing.
pub struct PrefixesOf<'a, S, B> {
    set: &'a S,
    /// Of the text, what a key may still be; `None` at the end.
    rest: Option<&'a [u8]>,
    buffer: B,
}

impl<S, B> core::fmt::Debug for PrefixesOf<'_, S, B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PrefixesOf").field("rest", &self.rest).finish_non_exhaustive()
    }
}

impl<'a, S: RankedKeySet, B: AsMut<[u8]>> PrefixesOf<'a, S, B> {
    /// The keys of `set` that `text` begins with; `buffer` should be as long as the longest key.
    pub const fn new(set: &'a S, text: &'a [u8], buffer: B) -> Self {
        Self { set, rest: Some(text), buffer }
    }
}

impl<S: RankedKeySet, B: AsMut<[u8]>> Iterator for PrefixesOf<'_, S, B> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        while let Some(rest) = self.rest.take() {
            let (at, equal) = self.set.locate(rest);
            let (id, len, found) = if equal {
                (at, rest.len(), true)
            } else {
                // The key before shares as many bytes with the text as any smaller key does: a key
                // that the text begins with is this one or shorter.
                let id = at.checked_sub(1)?;
                let key = self.set.key_into(id, self.buffer.as_mut())?;
                let shared = common(key, rest);
                (id, shared, shared == key.len())
            };
            // Shorter each time, even if a damaged file gives wrong answers.
            let end = if found { len.checked_sub(1) } else { Some(len) };
            self.rest = end.filter(|end| *end < rest.len()).map(|end| &rest[..end]);
            if found {
                return Some((id, len));
            }
        }
        None
    }
}

impl<S: RankedKeySet, B: AsMut<[u8]>> FusedIterator for PrefixesOf<'_, S, B> {}
