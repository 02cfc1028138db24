//! Building, changing, and compressing the offsets.

use super::StrArray;
use crate::arrays::{EliasFanoBuilder, PackedInts};
use crate::error::{AllocError, BuildError};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, refused};
use crate::storage::{HeapWords, Words};

#[cfg(feature = "alloc")]
impl StrArray {
    /// An empty sequence; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global, Global)
    }

    /// An empty sequence with room for `strings` strings of `bytes` bytes in all, so that building
    /// it requests two blocks and moves nothing.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(strings: usize, bytes: usize) -> Self {
        let mut array = Self::new();
        array.reserve(strings, bytes);
        array
    }
}

impl<A: Alloc> StrArray<HeapWords<A>> {
    /// An empty sequence with its strings and its offsets in these allocators, most often two
    /// copies of one; requests no memory.
    #[must_use]
    pub const fn new_in(strings: A, offsets: A) -> Self {
        let blob = HeapWords::new_in(strings);
        Self { blob, blob_len: 0, offsets: PackedInts::new_in(offsets), sparse: None }
    }

    /// Gives the offsets the form that can be changed; in the other form they cannot.
    fn try_expand(&mut self) -> Result<(), AllocError> {
        let Some(sparse) = &self.sparse else { return Ok(()) };
        let width = u64::BITS - (self.blob_len as u64).leading_zeros();
        self.offsets.try_reserve_wide(sparse.len(), width)?;
        // Room enough: nothing is refused from here on, but by a damaged file's numbers.
        for offset in sparse {
            if let Err(error) = self.offsets.try_push(offset) {
                self.offsets.clear();
                return Err(error);
            }
        }
        self.sparse = None;
        Ok(())
    }

    /// Makes room for exactly `strings` more strings of `bytes` more bytes in all.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, strings: usize, bytes: usize) {
        self.try_reserve(strings, bytes).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for exactly `strings` more strings of `bytes` more bytes in all.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the strings are unchanged then.
    pub fn try_reserve(&mut self, strings: usize, bytes: usize) -> Result<(), AllocError> {
        self.try_expand()?;
        let overflow = AllocError::CapacityOverflow;
        let blob_len = self.blob_len.checked_add(bytes).ok_or(overflow)?;
        let words = blob_len.div_ceil(8).saturating_sub(self.blob.words().len());
        self.blob.try_reserve_exact(words)?;
        // Offsets as wide as the last one will be: pushing then rewrites none of them.
        let width = u64::BITS - (blob_len as u64).leading_zeros();
        let first = usize::from(self.offsets.is_empty());
        let offsets = strings.checked_add(first).ok_or(overflow)?;
        self.offsets.try_reserve_wide(offsets, width)
    }

    /// Appends `string`. O(length) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the strings are unchanged then.
    pub fn try_push(&mut self, string: impl AsRef<[u8]>) -> Result<(), AllocError> {
        self.try_expand()?;
        let string = string.as_ref();
        let end = self.blob_len.checked_add(string.len()).ok_or(AllocError::CapacityOverflow)?;
        let old_words = self.blob.words().len();
        self.blob.try_resize(end.div_ceil(8))?;
        if let Err(error) = self.try_push_offset(end as u64) {
            self.blob.truncate(old_words);
            return Err(error);
        }
        self.blob.as_bytes_mut()[self.blob_len..end].copy_from_slice(string);
        self.blob_len = end;
        Ok(())
    }

    /// Appends the end of a string, and the start of the first one: 0, but in an array from a
    /// damaged file, which may have bytes of no string.
    fn try_push_offset(&mut self, end: u64) -> Result<(), AllocError> {
        if self.offsets.is_empty() {
            self.offsets.try_push(self.blob_len as u64)?;
        }
        let pushed = self.offsets.try_push(end);
        if pushed.is_err() && self.offsets.len() == 1 {
            self.offsets.truncate(0);
        }
        pushed
    }

    /// Removes the strings from `len` on; does nothing if there are no more than `len`. Keeps the
    /// room. O(1), or O(n) if the offsets are [compressed](Self::compress_offsets).
    ///
    /// # Panics
    ///
    /// If the offsets are compressed, `len` is not 0, and memory to expand them cannot be had;
    /// [`try_truncate`](Self::try_truncate) returns the error instead.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        self.try_truncate(len).unwrap_or_else(|error| refused(error));
    }

    /// As [`truncate`](Self::truncate).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the strings are unchanged then.
    pub fn try_truncate(&mut self, len: usize) -> Result<(), AllocError> {
        if len >= self.len() {
            return Ok(());
        }
        if len == 0 {
            self.sparse = None;
        }
        self.try_expand()?;
        // Offsets that were built here ascend to `blob_len`; those from a damaged file are cut.
        let end = if len == 0 { 0 } else { self.offsets.get(len).unwrap_or(0) };
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(self.blob_len);
        self.offsets.truncate(if len == 0 { 0 } else { len + 1 });
        self.blob_len = end;
        self.blob.truncate(end.div_ceil(8));
        self.blob.as_bytes_mut()[end..].fill(0);
        Ok(())
    }

    /// Removes all strings. Keeps the room.
    pub fn clear(&mut self) {
        self.truncate(0);
        self.offsets.clear();
    }

    /// Gives back all room that the strings do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink a block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.blob.try_shrink_to_fit()?;
        self.offsets.try_shrink_to_fit()
    }
}

impl<A: Alloc + Clone> StrArray<HeapWords<A>> {
    /// Compresses the offsets, for strings that do not change any more: about a quarter of their
    /// bytes, for reads that are slower one by one than in [batches](Self::get_many). O(n); needs
    /// both forms for a moment, the new one in `alloc`. Gives back the room of the old one.
    ///
    /// The next push or truncation expands them again, in O(n).
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had; [`BuildError::Damaged`] if the offsets are
    /// those of a damaged file, and do not ascend. The strings are unchanged then.
    pub fn try_compress_offsets_in(&mut self, alloc: A) -> Result<(), BuildError> {
        if self.sparse.is_some() || self.is_empty() {
            return Ok(());
        }
        let (len, max) = (self.offsets.len(), self.blob_len as u64);
        let mut builder = EliasFanoBuilder::new_in(len, max, alloc)?;
        let pushed = self.offsets.iter().try_for_each(|offset| builder.push(offset));
        let sparse = pushed.and_then(|()| builder.finish()).map_err(|error| match error {
            BuildError::Alloc(_) => error,
            // Offsets that were built here ascend to `blob_len`.
            _ => BuildError::Damaged,
        })?;
        self.sparse = Some(sparse);
        self.offsets.clear();
        Ok(self.offsets.try_shrink_to_fit()?)
    }
}

#[cfg(feature = "alloc")]
impl StrArray {
    /// Compresses the offsets, for strings that do not change any more: about a quarter of their
    /// bytes, for reads that are slower one by one than in [batches](Self::get_many). O(n); needs
    /// both forms for a moment. The next push or truncation expands them again, in O(n).
    ///
    /// Offsets of a damaged file that do not ascend stay as they are.
    ///
    /// ```
    /// use lessram::{arrays::StrArray, mem::Footprint};
    ///
    /// let mut words: StrArray = (0..10_000).map(|i| format!("{i:07}")).collect();
    /// assert_eq!(words.heap_bytes(), 70_000 + 21_264);
    /// words.compress_offsets();
    /// assert_eq!(words.heap_bytes(), 70_000 + 6_192);
    /// assert_eq!(words.get(42), Some(&b"0000042"[..]));
    /// ```
    ///
    /// # Panics
    ///
    /// If memory cannot be had;
    /// [`try_compress_offsets_in`](Self::try_compress_offsets_in) returns the error instead.
    #[track_caller]
    pub fn compress_offsets(&mut self) {
        if let Err(BuildError::Alloc(error)) = self.try_compress_offsets_in(Global) {
            refused(error);
        }
    }
}
