//! [`StrArray`]: byte strings in one blob, with packed offsets.

mod change;
mod iter;
#[cfg(all(test, feature = "std"))]
mod tests;
#[cfg(feature = "serde")]
pub(crate) mod with_serde;

use super::{EliasFano, PackedInts, string_sequence};
use crate::error::{FileError, Tag};
use crate::mem::{Footprint, PartKind, Parts};
use crate::simd::deposit::{self, Deposit, Work};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
use iter::Iter;

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
/// offsets take at most `2.19 + log2(b/n)` bits a string: 0.7 bytes if strings have 8 bytes on
/// average.
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
        match &self.sparse {
            Some(sparse) => sparse.pair(index),
            None => self.range_by(index, None),
        }
    }

    /// As [`range_of`](Self::range_of), in work that may be compiled for a processor with `pdep`.
    #[inline(always)]
    fn range_by(&self, index: usize, by: Option<Deposit>) -> Option<(u64, u64)> {
        if let Some(sparse) = &self.sparse {
            return sparse.pair_by(index, by);
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
        deposit::run(GetMany { strings: self, indices, out });
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

    /// The strings in order.
    pub fn iter(&self) -> Iter<'_, W> {
        let cursor = self.sparse.as_ref().map(|sparse| sparse.cursor(0));
        Iter { strings: self, start: 0, end: self.len(), cursor }
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

/// The work of [`StrArray::get_many`].
struct GetMany<'a, 's, W: Words> {
    strings: &'s StrArray<W>,
    indices: &'a [usize],
    out: &'a mut [&'s [u8]],
}

impl<W: Words> Work for GetMany<'_, '_, W> {
    type Out = ();

    #[inline(always)]
    fn run(self, by: Option<Deposit>) {
        let Self { strings, indices, out } = self;
        let blob = strings.as_blob();
        for (indices, out) in indices.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            match &strings.sparse {
                Some(sparse) => sparse.prefetch(indices),
                None => indices.iter().for_each(|index| strings.offsets.prefetch(*index)),
            }
            for (index, out) in indices.iter().zip(out) {
                let range = strings.range_by(*index, by);
                let (start, end) =
                    range.unwrap_or_else(|| panic!("index {index} of {} strings", strings.len()));
                prefetch(blob, start as usize);
                *out = strings.between(start, end);
            }
        }
    }
}

string_sequence!(StrArray);

impl<W: Words> Footprint for StrArray<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.blob.tell("strings", PartKind::Payload, 0, out);
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
