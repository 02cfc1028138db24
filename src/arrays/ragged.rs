//! [`Ragged`]: rows of any lengths, their items back to back.

mod build;
mod row;
#[cfg(all(test, feature = "std"))]
mod tests;

pub use build::RaggedBuilder;
pub use row::{Row, RowIter};

use super::elias_fano::Iter as StartIter;
use super::{EliasFano, RaggedRows};
use crate::error::{FileError, Tag};
use crate::mem::{Footprint, PartKind, Parts};
use crate::registry::{Kind, Registered};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Plain, Source, Words, as_bytes, doors, require};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

/// The section of the items.
const ITEMS: Tag = Tag(*b"item");

/// A sequence of rows, each of any number of items of one type: the neighbours of the nodes of a
/// graph, the tokens of documents, the postings of words.
///
/// Built once. `Vec<Vec<T>>` takes 24 bytes a row for pointer, length and capacity, a heap block
/// each and its slack; this takes the items, and `2.2 + log2(mean length)` bits a row for where it
/// starts.
///
/// # When not to use it
///
/// - Rows that change: all are built at once. Gather them in `Vec`s first, or in a
///   [`SlimVec`](super::SlimVec) of them.
/// - Rows of bytes that are text, or looked up: [`StrArray`](super::StrArray) is made for that.
/// - Rows that all have the same length need no starts at all.
/// - Items far below their type's range: [`PackedInts`](super::PackedInts), beside an
///   [`EliasFano`] of starts.
///
/// # Layout
///
/// ```text
/// items   | row 0 | row 1 | ... | row n-1 | zeros to a whole word |     little-endian
/// starts  an EliasFano of n+1 numbers: the items before each row, and all of them
/// ```
///
/// Four blocks without slack, whose sizes are known before the first row comes: building from a
/// [builder](RaggedBuilder) takes no more than the result.
///
/// # Space
///
/// The items' bytes rounded up to a whole word, and at most `2.19 + log2((items + 1) / (rows + 1))`
/// bits a row. 100,000 rows of 9 `u64` take 72.66 bytes a row; in `Vec<Vec<u64>>` 96 and malloc's
/// own.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, `row_len` | O(1) | 3 for the start, then those of the row |
/// | step of `iter` | O(1) amortised | 0.2, and those of the row |
/// | items of a row, of all rows (`flat`) | that of a slice on little-endian machines | |
/// | building | O(items + rows) | |
///
/// Reading allocates nothing.
///
/// # Parameters
///
/// `T`: any integer of 8 to 64 bits, `f32` or `f64`. A file of one type does not open as another.
///
/// # Example
///
/// ```
/// use lessram::{arrays::Ragged, mem::Footprint};
///
/// let rows: Ragged<u32> = [&[1, 2, 3][..], &[], &[4]].into_iter().collect();
/// assert_eq!(rows.get(0).map(|row| row.iter().sum()), Some(6));
/// assert_eq!((rows.row_len(1), rows.get(2).and_then(|row| row.get(0))), (Some(0), Some(4)));
/// assert_eq!(rows.flat(), [1, 2, 3, 4]);
///
/// // As many rows and items as will come are known: nothing grows, nothing is copied.
/// let mut builder = Ragged::<u64>::builder(1_000, 9_000)?;
/// (0..1_000).try_for_each(|i| builder.push(&[i; 9]))?;
/// assert_eq!(builder.finish()?.heap_bytes(), 72_680);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// The starts: see [`EliasFano`].
#[derive(Clone)]
pub struct Ragged<T: Plain = u64, W: Words = HeapWords> {
    /// `ceil(count * T::BYTES / 8)` words; bytes behind the last item are 0.
    items: W,
    count: usize,
    /// One more than there are rows, from 0 to `count`; none if there are no rows.
    starts: EliasFano<W>,
    kind: PhantomData<T>,
}

/// [`Ragged`] of `u64`.
pub type RaggedU64<W = HeapWords> = Ragged<u64, W>;

/// Words of so many items, or `None` if they exceed the address space.
fn words_for<T: Plain>(items: usize) -> Option<usize> {
    Some(items.checked_mul(T::BYTES)?.div_ceil(8))
}

impl<T: Plain, W: Words> Ragged<T, W> {
    /// How many rows there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items all rows have.
    #[must_use]
    #[inline]
    pub const fn item_count(&self) -> usize {
        self.count
    }

    /// The items of all rows one after the other, as one row.
    #[must_use]
    #[inline]
    pub fn flat(&self) -> Row<'_, T> {
        Row::new(as_bytes(self.items.words()).get(..self.count * T::BYTES).unwrap_or(&[]))
    }

    /// The items between two starts. Those of a damaged file may be anything: then none.
    #[inline]
    fn between(&self, start: u64, end: u64) -> Row<'_, T> {
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(start), Ok(end)) => self.flat().slice(start, end),
            _ => Row::new(&[]),
        }
    }

    /// The row at `index`, or `None` if there is none. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<Row<'_, T>> {
        let (start, end) = self.starts.pair(index)?;
        Some(self.between(start, end))
    }

    /// How many items the row at `index` has, or `None` if there is no such row. O(1), and does not
    /// touch the items.
    #[must_use]
    #[inline]
    pub fn row_len(&self, index: usize) -> Option<usize> {
        self.get(index).map(|row| row.len())
    }

    /// The first row, or `None` if there is none.
    #[must_use]
    pub fn first(&self) -> Option<Row<'_, T>> {
        self.get(0)
    }

    /// The last row, or `None` if there is none.
    #[must_use]
    pub fn last(&self) -> Option<Row<'_, T>> {
        self.get(self.len().wrapping_sub(1))
    }

    /// The rows in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T, W> {
        Iter::new(self)
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> Ragged<T> {
        let items = HeapWords::copy_of(self.items.words());
        Ragged { items, count: self.count, starts: self.starts.to_heap(), kind: PhantomData }
    }
}

impl<T: Plain, W: Words> Footprint for Ragged<T, W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.items.tell("items", PartKind::Payload, 0, out);
        self.starts.tell_as_index(out);
    }
}

impl<T: Plain, W: Words> Persist for Ragged<T, W>
where
    Self: Registered,
{
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len() as u64);
        let (starts, width) = (self.starts.len() as u64, u64::from(self.starts.low_width()));
        out.meta(&[self.count as u64, T::TAG, starts, width]);
        out.section(ITEMS, T::BYTES as u8, self.items.words());
        self.starts.store_sections(out);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [count, tag, starts, width] = source.meta()?;
        require(tag == T::TAG, ITEMS, "items of the type that is asked for")?;
        let items = source.section(ITEMS, T::BYTES as u8)?;
        let words = usize::try_from(count).ok().and_then(words_for::<T>);
        require(words == Some(items.words().len()), ITEMS, "as many bytes as the items have")?;
        let starts = EliasFano::load_sections(source, starts, count, width, 0)?;
        let rows = Self { items, count: count as usize, starts, kind: PhantomData };
        let same = rows.len() as u64 == source.header().items && rows.starts.len() != 1;
        require(same, ITEMS, "one start more than there are rows")?;
        Ok(rows)
    }

    fn validate(&self) -> Result<(), FileError> {
        let behind = as_bytes(self.items.words()).get(self.count * T::BYTES..).unwrap_or(&[]);
        require(behind.iter().all(|byte| *byte == 0), ITEMS, "zeros behind the last item")?;
        self.starts.validate()?;
        let all = match (self.starts.first(), self.starts.last()) {
            (Some(first), Some(last)) => first == 0 && last == self.count as u64,
            _ => self.count == 0,
        };
        require(all, ITEMS, "starts from 0 to the number of items")
    }
}

/// Gives a type of items its doors. All have one number in files, whose parameters name the type.
macro_rules! persist {
    ($($name:ident $ty:ty;)*) => {$(
        type $name<W> = Ragged<$ty, W>;

        impl<W: Words> Registered for $name<W> {
            const KIND: Kind = <RaggedU64<W> as Registered>::KIND;
        }

        doors!($name);
    )*};
}

doors!(RaggedU64);
persist! {
    U8 u8;
    U16 u16;
    U32 u32;
    I8 i8;
    I16 i16;
    I32 i32;
    I64 i64;
    F32 f32;
    F64 f64;
}

impl<W: Words> RaggedRows for RaggedU64<W> {
    fn len(&self) -> usize {
        self.len()
    }

    fn item_count(&self) -> usize {
        self.item_count()
    }

    fn row(&self, index: usize) -> Option<impl ExactSizeIterator<Item = u64>> {
        self.get(index).map(Row::into_iter)
    }

    fn rows(&self) -> impl DoubleEndedIterator<Item = impl ExactSizeIterator<Item = u64>> {
        self.iter().map(Row::into_iter)
    }
}

/// The rows of a [`Ragged`], in order.
#[derive(Debug)]
pub struct Iter<'a, T: Plain, W: Words> {
    rows: &'a Ragged<T, W>,
    /// Rows that are still to come.
    left: usize,
    /// Where the first of them starts, and the last one ends.
    first: u64,
    last: u64,
    /// Where those behind the first start: each row ends where the next one starts, so that a row
    /// takes one step along the starts.
    between: StartIter<'a, W>,
}

impl<T: Plain, W: Words> Clone for Iter<'_, T, W> {
    fn clone(&self) -> Self {
        Self { between: self.between.clone(), ..*self }
    }
}

impl<'a, T: Plain, W: Words> Iter<'a, T, W> {
    fn new(rows: &'a Ragged<T, W>) -> Self {
        let (starts, left) = (&rows.starts, rows.len());
        let (first, last) = (starts.first().unwrap_or(0), starts.last().unwrap_or(0));
        Self { rows, left, first, last, between: StartIter::new(starts, left.min(1), left) }
    }
}

impl<'a, T: Plain, W: Words> Iterator for Iter<'a, T, W> {
    type Item = Row<'a, T>;

    #[inline]
    fn next(&mut self) -> Option<Row<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        let end = self.between.next().unwrap_or(self.last);
        let start = core::mem::replace(&mut self.first, end);
        Some(self.rows.between(start, end))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn nth(&mut self, n: usize) -> Option<Row<'a, T>> {
        let skipped = n.min(self.left);
        if let Some(before) = skipped.checked_sub(1) {
            self.first = self.between.nth(before).unwrap_or(self.last);
            self.left -= skipped;
        }
        self.next()
    }

    fn fold<B, F: FnMut(B, Row<'a, T>) -> B>(self, init: B, mut f: F) -> B {
        if self.left == 0 {
            return init;
        }
        let (rows, mut start) = (self.rows, self.first);
        let folded = self.between.fold(init, |folded, end| {
            let row = rows.between(start, end);
            start = end;
            f(folded, row)
        });
        f(folded, rows.between(start, self.last))
    }
}

impl<T: Plain, W: Words> DoubleEndedIterator for Iter<'_, T, W> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let start = self.between.next_back().unwrap_or(self.first);
        let end = core::mem::replace(&mut self.last, start);
        Some(self.rows.between(start, end))
    }
}

impl<T: Plain, W: Words> ExactSizeIterator for Iter<'_, T, W> {}
impl<T: Plain, W: Words> core::iter::FusedIterator for Iter<'_, T, W> {}

impl<'a, T: Plain, W: Words> IntoIterator for &'a Ragged<T, W> {
    type Item = Row<'a, T>;
    type IntoIter = Iter<'a, T, W>;

    fn into_iter(self) -> Iter<'a, T, W> {
        self.iter()
    }
}

impl<T: Plain, W: Words> fmt::Debug for Ragged<T, W> {
    /// A list of lists.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: Plain, W: Words, V: Words> PartialEq<Ragged<T, V>> for Ragged<T, W> {
    fn eq(&self, other: &Ragged<T, V>) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<T: Plain + Eq, W: Words> Eq for Ragged<T, W> {}

impl<T: Plain + Hash, W: Words> Hash for Ragged<T, W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|row| row.hash(state));
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    #[cfg(feature = "alloc")]
    use super::build::Gathered;
    use super::{Plain, Ragged, Row, Words};
    #[cfg(feature = "alloc")]
    use crate::arrays::{SlimVec, sequence};
    #[cfg(feature = "alloc")]
    use crate::mem::Global;
    #[cfg(feature = "alloc")]
    use serde::{Deserialize, Deserializer, de::Error};
    use serde::{Serialize, Serializer};

    impl<T: Plain + Serialize> Serialize for Row<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    impl<T: Plain + Serialize, W: Words> Serialize for Ragged<T, W> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de, T: Plain + Deserialize<'de>> Deserialize<'de> for Ragged<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let push = |rows: &mut Gathered<T, Global>, row: SlimVec<T>| rows.push(&row);
            let rows = sequence::read(deserializer, Gathered::new_in(Global), push)?;
            rows.finish().map_err(Error::custom)
        }
    }
}
