//! Images of Apache DataSketches, whatever the sketch, read from front to back.

use crate::error::{FileError, Tag};
use crate::storage::require;

/// Refuses an image that does not have just the bytes that it needs.
pub(super) fn check_len(need: u64, have: u64, section: Tag) -> Result<(), FileError> {
    if have < need {
        return Err(FileError::Truncated { need, have });
    }
    require(have == need, section, "no bytes behind the image")
}

/// The little-endian number of these bytes, at most eight.
#[cfg(feature = "alloc")]
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// An image that is being read. What its errors need and have are bytes of the whole image.
#[cfg(feature = "alloc")]
pub(super) struct Bytes<'a> {
    rest: &'a [u8],
    /// Bytes of the whole image.
    len: u64,
}

#[cfg(feature = "alloc")]
impl<'a> Bytes<'a> {
    pub(super) const fn new(image: &'a [u8]) -> Self {
        Self { rest: image, len: image.len() as u64 }
    }

    /// Bytes of the image up to the end of the next `count`.
    const fn end_of(&self, count: u64) -> u64 {
        (self.len - self.rest.len() as u64).saturating_add(count)
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], FileError> {
        let cut = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (need, have) = (self.end_of(count), self.len);
        let (taken, rest) = cut.ok_or(FileError::Truncated { need, have })?;
        self.rest = rest;
        Ok(taken)
    }

    /// The little-endian number of the next bytes, at most eight.
    pub(super) fn number(&mut self, count: u64) -> Result<u64, FileError> {
        self.take(count).map(number)
    }

    /// All bytes that are left, which have to be `count`.
    pub(super) fn last(&self, count: u64, section: Tag) -> Result<&'a [u8], FileError> {
        check_len(self.end_of(count), self.len, section)?;
        Ok(self.rest)
    }
}
