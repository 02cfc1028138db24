//! [`StrArray`]: byte strings in one blob, with packed offsets.

use super::{Cursor, EliasFano, EliasFanoBuilder, PackedInts, Strings, StringsMut, lower_bound};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{mem::Global, storage::Sections};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::{Utf8Error, from_utf8};

/// The section of the strings' bytes.
const BLOB: Tag = Tag(*b"blob");
/// The section of the packed offsets.
const OFFSETS: Tag = Tag(*b"offs");
/// How offsets are coded: at one width, packed. Other codings get other numbers.
const OFFSETS_PACKED: u64 = 1;
/// How offsets are coded: Elias-Fano, in sections of its own.
const OFFSETS_SPARSE: u64 = 2;
/// Strings that `get_many` has under way at once: guess, about what a core can wait for.
const BATCH: usize = 32;

/// A vector of byte strings in two blocks, whatever their number: `Vec<String>` pays 24 bytes a
/// string for pointer, length and capacity and a heap block each; this pays about 3 bytes for an
/// offset, and less than one after [`compress_offsets`](Self::compress_offsets).
///
/// Strings are any bytes; [`get_str`](Self::get_str) checks for UTF-8. In ascending order it is
/// also a look-up table: [`binary_search`](Self::binary_search).
///
/// # When not to use it
///
/// - Many strings with common prefixes, in order: a string dictionary of the tries family takes
///   less than half.
/// - Strings that change in length, or are removed from the middle: only the end can change.
/// - Only look-ups by key: a hash set answers faster.
///
/// # Layout
///
/// ```text
/// blob     | string 0 | string 1 | ... | string n-1 | zeros to a whole word |
/// offsets  | 0 | end of string 0 | end of string 1 | ... |    a PackedInts of n+1 numbers, or
///                                                             compressed: an EliasFano of them
/// ```
///
/// Two blocks. Both grow by half below 128 KiB and by a sixteenth above, so at most a third of them
/// is slack below and 6 % above; collected from an iterator they have none.
///
/// # Space
///
/// `b` bytes of strings take `b` rounded up to a whole word, and
/// `ceil((n+1) * w / 64) * 8 + 8` bytes of offsets with `w = floor(log2(b)) + 1`. Compressed, the
/// offsets take `2.11 + log2(b/n)` bits a string: 0.7 bytes if strings have 8 bytes on average.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get` | O(1) | 1 or 2 of offsets, compressed 3, then the string's |
/// | `get_many` | O(1) each, many under way at once | the same |
/// | `push` | O(length) amortised; each doubling of the blob rewrites the offsets | 2 |
/// | `binary_search` | O(log n) comparisons | 2 log2(n) |
///
/// Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::StrArray, mem::Footprint};
///
/// let words: StrArray = ["ant", "bee", "cat"].into_iter().collect();
/// assert_eq!(words.get(1), Some(&b"bee"[..]));
/// assert_eq!(words.binary_search("cat"), Ok(2));
/// assert_eq!(words.heap_bytes(), 32); // Vec<String>: 81
/// ```
#[derive(Clone)]
pub struct StrArray<W: Words = HeapWords> {
    /// `ceil(blob_len / 8)` words; bytes behind the last string are 0.
    blob: W,
    blob_len: usize,
    /// One more than there are strings, from 0 to `blob_len`; none if there are no strings, or they
    /// are `sparse`.
    offsets: PackedInts<W>,
    /// The same, compressed; then `offsets` are none.
    sparse: Option<EliasFano<W>>,
}

impl<W: Words> StrArray<W> {
    /// How many strings there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        match &self.sparse {
            None => self.offsets.len().saturating_sub(1),
            Some(sparse) => sparse.len().saturating_sub(1),
        }
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The strings one after the other, with nothing between them.
    #[must_use]
    #[inline]
    pub fn as_blob(&self) -> &[u8] {
        &as_bytes(self.blob.words())[..self.blob_len]
    }

    /// The string at `index`, or `None` if there is none. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = self.range_of(index)?;
        Some(self.between(start, end))
    }

    /// Where the string at `index` starts and ends.
    #[inline]
    fn range_of(&self, index: usize) -> Option<(u64, u64)> {
        if let Some(sparse) = &self.sparse {
            return sparse.pair(index);
        }
        let end = self.offsets.get(index.checked_add(1)?)?;
        Some((self.offsets.get(index)?, end))
    }

    /// Puts the string at each of `indices` into `out`. As [`get`](Self::get) of each, but the
    /// memory of many is under way at once, that of the strings too.
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are indices, or an index is not below
    /// [`len`](Self::len).
    #[track_caller]
    pub fn get_many<'s>(&'s self, indices: &[usize], out: &mut [&'s [u8]]) {
        assert_eq!(indices.len(), out.len(), "as many places as indices");
        let blob = self.as_blob();
        for (indices, out) in indices.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            match &self.sparse {
                Some(sparse) => sparse.prefetch(indices),
                None => indices.iter().for_each(|index| {
                    let bit = (*index as u64).wrapping_mul(u64::from(self.offsets.width()));
                    prefetch(self.offsets.bytes(), (bit >> 3) as usize);
                }),
            }
            for (index, out) in indices.iter().zip(out) {
                let range = self.range_of(*index);
                let (start, end) =
                    range.unwrap_or_else(|| panic!("index {index} of {} strings", self.len()));
                prefetch(blob, start as usize);
                *out = self.between(start, end);
            }
        }
    }

    /// Whether the offsets are [compressed](Self::compress_offsets).
    #[must_use]
    pub const fn has_compressed_offsets(&self) -> bool {
        self.sparse.is_some()
    }

    /// The bytes between two offsets. Offsets from a damaged file may point anywhere: then empty.
    #[inline]
    fn between(&self, start: u64, end: u64) -> &[u8] {
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
            return &[];
        };
        self.as_blob().get(start..end).unwrap_or(&[])
    }

    /// The string at `index` as text, or `None` if there is none. O(length), allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Utf8Error`] if it is not UTF-8.
    #[must_use]
    pub fn get_str(&self, index: usize) -> Option<Result<&str, Utf8Error>> {
        self.get(index).map(from_utf8)
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

    /// The strings in order.
    pub fn iter(&self) -> Iter<'_, W> {
        let cursor = self.sparse.as_ref().map(|sparse| sparse.cursor(0));
        Iter { strings: self, start: 0, end: self.len(), cursor }
    }

    /// Where `key` is in an ascending sequence, or else where it would be put. If it occurs several
    /// times, the first place. O(log n) comparisons, allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `key` does not occur: inserting it there would keep the order.
    pub fn binary_search(&self, key: impl AsRef<[u8]>) -> Result<usize, usize> {
        let key = key.as_ref();
        let at = self.partition_point(|string| string < key);
        if self.get(at) == Some(key) { Ok(at) } else { Err(at) }
    }

    /// How many strings at the front fulfil `first_part`, if all that do stand before all that do
    /// not. O(log n), allocates nothing.
    pub fn partition_point(&self, mut first_part: impl FnMut(&[u8]) -> bool) -> usize {
        lower_bound(self.len(), |index| first_part(self.get(index).unwrap_or(&[])))
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> StrArray {
        let blob = HeapWords::copy_of(self.blob.words());
        let sparse = self.sparse.as_ref().map(EliasFano::to_heap);
        StrArray { blob, blob_len: self.blob_len, offsets: self.offsets.to_heap(), sparse }
    }
}

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
        match array.try_reserve(strings, bytes) {
            Ok(()) => array,
            Err(error) => refused(error),
        }
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
    /// # Panics
    ///
    /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
    #[track_caller]
    pub fn push(&mut self, string: impl AsRef<[u8]>) {
        self.try_push(string).unwrap_or_else(|error| refused(error));
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

    /// Appends the end of a string, and the 0 before the first one.
    fn try_push_offset(&mut self, end: u64) -> Result<(), AllocError> {
        if self.offsets.is_empty() {
            self.offsets.try_push(0)?;
        }
        let pushed = self.offsets.try_push(end);
        if pushed.is_err() && self.offsets.len() == 1 {
            self.offsets.truncate(0);
        }
        pushed
    }

    /// Removes the strings from `len` on; does nothing if there are no more than `len`. Keeps the
    /// room. O(1).
    ///
    /// # Panics
    ///
    /// If the offsets are [compressed](Self::compress_offsets), `len` is not 0, and memory to
    /// expand them cannot be had.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        if len == 0 {
            self.sparse = None;
        }
        self.try_expand().unwrap_or_else(|error| refused(error));
        // Offsets that were built here ascend to `blob_len`; those from a damaged file are cut.
        let end = self.offsets.get(len).unwrap_or(0);
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(self.blob_len);
        self.offsets.truncate(if len == 0 { 0 } else { len + 1 });
        self.blob_len = end;
        self.blob.truncate(end.div_ceil(8));
        self.blob.as_bytes_mut()[end..].fill(0);
    }

    /// Removes all strings. Keeps the room.
    pub fn clear(&mut self) {
        self.truncate(0);
        self.offsets.clear();
    }

    /// Gives back all room that the strings do not need. O(n).
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink a block;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
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
    /// [`BuildError::Alloc`] if memory cannot be had; the strings are unchanged then.
    pub fn try_compress_offsets_in(&mut self, alloc: A) -> Result<(), BuildError> {
        if self.sparse.is_some() || self.is_empty() {
            return Ok(());
        }
        let (len, max) = (self.offsets.len(), self.blob_len as u64);
        let mut builder = EliasFanoBuilder::new_in(len, max, alloc)?;
        self.offsets.iter().try_for_each(|offset| builder.push(offset))?;
        let sparse = builder.finish()?;
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
        match self.try_compress_offsets_in(Global) {
            Ok(()) => {}
            Err(BuildError::Alloc(error)) => refused(error),
            Err(error) => panic!("offsets of a damaged file: {error}"),
        }
    }
}

impl<W: Words> Footprint for StrArray<W> {
    fn parts(&self, out: &mut dyn Parts) {
        let padding = size_of_val(self.blob.words()) - self.blob_len;
        self.blob.tell("strings", PartKind::Payload, padding, out);
        self.offsets.tell_as("offsets", PartKind::Index, out);
        if let Some(sparse) = &self.sparse {
            sparse.tell_as_index(out);
        }
    }
}

impl<W: Words> Persist for StrArray<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len() as u64);
        let (coding, len, width) = match &self.sparse {
            None => (OFFSETS_PACKED, self.offsets.len(), self.offsets.width()),
            Some(sparse) => (OFFSETS_SPARSE, sparse.len(), sparse.low_width()),
        };
        out.meta(&[self.blob_len as u64, coding, len as u64, u64::from(width)]);
        out.section(BLOB, 1, self.blob.words());
        out.section(OFFSETS, 8, self.offsets.words());
        if let Some(sparse) = &self.sparse {
            sparse.store_sections(out);
        }
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [blob_len, coding, offsets_len, width] = source.meta()?;
        let known = matches!(coding, OFFSETS_PACKED | OFFSETS_SPARSE);
        require(known, OFFSETS, "a coding that this version knows")?;
        let packed = if coding == OFFSETS_PACKED { (offsets_len, width) } else { (0, 0) };
        let offsets = source.section(OFFSETS, 8)?;
        let offsets = PackedInts::from_words(offsets, packed.0, packed.1, OFFSETS)?;
        let sparse = if coding == OFFSETS_SPARSE {
            Some(EliasFano::load_sections(source, offsets_len, blob_len, width, 0)?)
        } else {
            None
        };
        let blob = source.section(BLOB, 1)?;
        let fits = blob_len.div_ceil(8) == blob.words().len() as u64;
        require(fits, BLOB, "as many bytes as the strings have")?;
        let strings = Self { blob, blob_len: blob_len as usize, offsets, sparse };
        let same = strings.len() as u64 == source.header().items && offsets_len != 1;
        require(same, OFFSETS, "one offset more than there are strings")?;
        Ok(strings)
    }

    fn validate(&self) -> Result<(), FileError> {
        let behind = &as_bytes(self.blob.words())[self.blob_len..];
        require(behind.iter().all(|byte| *byte == 0), BLOB, "zeros behind the last string")?;
        self.offsets.validate()?;
        if let Some(sparse) = &self.sparse {
            sparse.validate()?;
            let ends = (sparse.first(), sparse.last()) == (Some(0), Some(self.blob_len as u64));
            return require(ends, OFFSETS, "offsets from 0 to the length of the strings");
        }
        // Offsets of 0 bits are all 0, and a damaged file may count any number of them.
        let ascending = self.offsets.width() == 0 || self.offsets.iter().is_sorted();
        require(ascending, OFFSETS, "ascending offsets")?;
        let ends = (self.offsets.first(), self.offsets.last());
        let whole = match ends {
            (Some(first), Some(last)) => first == 0 && last == self.blob_len as u64,
            _ => self.blob_len == 0,
        };
        require(whole, OFFSETS, "offsets from 0 to the length of the strings")
    }
}

doors!(StrArray);

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

/// The strings of a [`StrArray`], in order.
#[derive(Debug)]
pub struct Iter<'a, W: Words> {
    strings: &'a StrArray<W>,
    start: usize,
    end: usize,
    /// At the offset `start`, if offsets are compressed.
    cursor: Option<Cursor<'a, W>>,
}

impl<W: Words> Clone for Iter<'_, W> {
    fn clone(&self) -> Self {
        Self { cursor: self.cursor.clone(), ..*self }
    }
}

impl<'a, W: Words> Iterator for Iter<'a, W> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        match &mut self.cursor {
            None => self.strings.get(self.start - 1),
            Some(cursor) => {
                let start = cursor.value().unwrap_or(0);
                Some(self.strings.between(start, cursor.move_next().unwrap_or(0)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<&'a [u8]> {
        self.start = self.start.saturating_add(n).min(self.end);
        if let Some(sparse) = self.strings.sparse.as_ref().filter(|_| n > 0) {
            self.cursor = Some(sparse.cursor(self.start));
        }
        self.next()
    }
}

impl<W: Words> DoubleEndedIterator for Iter<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        self.strings.get(self.end)
    }
}

impl<W: Words> ExactSizeIterator for Iter<'_, W> {}
impl<W: Words> core::iter::FusedIterator for Iter<'_, W> {}

impl<'a, W: Words> IntoIterator for &'a StrArray<W> {
    type Item = &'a [u8];
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
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

#[cfg(feature = "serde")]
mod with_serde {
    use super::{StrArray, Words, from_utf8};
    use core::fmt;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    /// One string: text where it is UTF-8, so that JSON shows words and not numbers.
    struct Item<'a>(&'a [u8]);

    impl Serialize for Item<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match from_utf8(self.0) {
                Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
                _ => serializer.serialize_bytes(self.0),
            }
        }
    }

    impl<W: Words> Serialize for StrArray<W> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter().map(Item))
        }
    }

    /// Appends what it deserializes: text, bytes, or a sequence of bytes.
    #[cfg(feature = "alloc")]
    struct Push<'a>(&'a mut StrArray);

    #[cfg(feature = "alloc")]
    impl<'de> de::DeserializeSeed<'de> for Push<'_> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            if deserializer.is_human_readable() {
                deserializer.deserialize_any(self)
            } else {
                deserializer.deserialize_bytes(self)
            }
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> de::Visitor<'de> for Push<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or bytes")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
            self.0.try_push(text).map_err(E::custom)
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<(), E> {
            self.0.try_push(bytes).map_err(E::custom)
        }

        fn visit_seq<S: de::SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
            let mut bytes = alloc::vec::Vec::new();
            while let Some(byte) = seq.next_element()? {
                bytes.push(byte);
            }
            self.visit_bytes(&bytes)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> Deserialize<'de> for StrArray {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct All;

            impl<'de> de::Visitor<'de> for All {
                type Value = StrArray;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a sequence of strings")
                }

                fn visit_seq<S: de::SeqAccess<'de>>(
                    self,
                    mut seq: S,
                ) -> Result<StrArray, S::Error> {
                    let mut strings = StrArray::new();
                    while seq.next_element_seed(Push(&mut strings))?.is_some() {}
                    strings.try_shrink_to_fit().map_err(de::Error::custom)?;
                    Ok(strings)
                }
            }

            deserializer.deserialize_seq(All)
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Tracked};
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn reserved_room_suffices() {
        let counter = Counter::new();
        let alloc = Tracked::new(&counter, Global);
        let mut strings = StrArray::new_in(alloc, alloc);
        for round in 1..4 {
            strings.try_reserve(1_000, 9_000).unwrap();
            let requests = counter.requests();
            (0..1_000).for_each(|_| strings.push("ninebytes"));
            assert_eq!((strings.len(), counter.requests()), (1_000 * round, requests));
        }
    }

    /// Strings of many lengths, some of them empty.
    fn samples() -> StrArray {
        (0..3_000_usize).map(|i| vec![b'a' + (i % 26) as u8; i * i % 23]).collect()
    }

    #[test]
    fn compressed_offsets_answer_alike() {
        let (packed, mut compressed) = (samples(), samples());
        compressed.compress_offsets();
        assert!(compressed.has_compressed_offsets() && compressed == packed);
        assert!(compressed.iter().rev().eq(packed.iter().rev()));
        for at in [0, 1, 1_000, 2_999, 3_000, usize::MAX] {
            assert_eq!(compressed.get(at), packed.get(at));
            assert!(compressed.iter().skip(at).eq(packed.iter().skip(at)));
        }
        let indices: Vec<usize> = (0..3_000).map(|i| i * 7 % 3_000).collect();
        for strings in [&packed, &compressed] {
            let mut out = vec![&b""[..]; 3_000];
            strings.get_many(&indices, &mut out);
            assert!(indices.iter().zip(&out).all(|(i, s)| packed.get(*i) == Some(*s)));
        }
        let saving = packed.heap_bytes() - compressed.heap_bytes();
        assert_eq!((packed.offsets.heap_bytes(), saving), (5_640, 3_680));
        // Any change expands them, and what comes then is what always came.
        compressed.push("more");
        assert!(!compressed.has_compressed_offsets() && compressed.last() == Some(b"more"));
        compressed.compress_offsets();
        compressed.truncate(3_000);
        assert_eq!((&compressed, compressed.has_compressed_offsets()), (&packed, false));
        compressed.compress_offsets();
        compressed.clear();
        assert_eq!((compressed.len(), compressed.iter().next()), (0, None));
    }

    #[test]
    fn compressed_offsets_are_saved_as_such() {
        let mut strings = samples();
        strings.compress_offsets();
        let file = strings.to_bytes().unwrap();
        let view = StrArray::view(file.as_bytes()).unwrap();
        assert!(view.has_compressed_offsets() && view == samples());
        view.validate().unwrap();
        assert_eq!(view.to_heap().to_bytes().unwrap().as_bytes(), file.as_bytes());
    }

    #[test]
    fn compressing_tells_every_byte_and_changes_nothing_when_refused() {
        use crate::mem::{Refusals, Refusing};
        for every in 2..7 {
            let (counter, refusals) = (Counter::new(), Refusals::every(every));
            let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
            let mut strings = StrArray::new_in(alloc, alloc);
            for string in &samples() {
                while strings.try_push(string).is_err() {}
            }
            for _ in 0..4 {
                let done = strings.try_compress_offsets_in(alloc);
                assert_eq!(done.is_ok(), strings.has_compressed_offsets());
                assert_eq!(strings.heap_bytes(), counter.live());
                assert!(strings == samples());
                let pushed = strings.try_push("x");
                assert_eq!(strings.heap_bytes(), counter.live());
                if pushed.is_ok() {
                    strings.truncate(3_000);
                }
            }
        }
    }
}
