//! [`PackedInts`]: numbers of one width, back to back.

mod bulk;
mod iter;

use iter::Iter;

use super::{Ints, IntsMut, index_out_of_range, lower_bound};
use crate::bits::field::{self, Fields};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::simd::{prefetch, unpack};
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{mem::Global, storage::Sections};
use core::cmp::Ordering;
use core::convert::Infallible;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The section of packed words.
const DATA: Tag = Tag(*b"data");

/// A vector of numbers, each in just as many bits as the largest needs: a column of ages takes
/// 7 bits a number and not 64.
///
/// Takes 0..=64 bits a number, chosen by itself: [`push`](Self::push) and [`set`](Self::set) widen
/// all numbers when one does not fit.
///
/// # When not to use it
///
/// - One large outlier widens every number: split it off, or take
///   [`BlockInts`](super::BlockInts).
/// - Ascending numbers compress much further as an [`EliasFano`](super::EliasFano).
/// - Numbers of exactly 8, 16, 32 or 64 bits are as small, and a little faster to write, in a
///   plain `Vec`.
///
/// # Layout
///
/// ```text
/// bit  0        w        2w       3w              n*w
///      | number | number | number | ...  | number | zeros to a whole word | 64 zeros |
/// ```
///
/// One block. It grows by half below 128 KiB and by a sixteenth above, so at most a third of it is
/// slack below and 6 % above; built from a slice it has none. The last word is padding, so that
/// every access is one unaligned load.
///
/// # Space
///
/// `ceil(n*w/64) * 8 + 8` heap bytes without slack; none at all if `n` or `w` is 0.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get`, `set` | O(1) | 1, sometimes 2 |
/// | `push`, `pop` | O(1) amortised | 1 |
/// | a push or set that widens | O(n), at most 64 times in a life | all |
/// | `binary_search` | O(log n) | log2(n) |
///
/// Reading allocates nothing.
///
/// # Example
///
/// ```
/// use lessram::{arrays::PackedInts, mem::Footprint};
///
/// let mut ages: PackedInts = (0..1_000).map(|i| i * 7 % 100).collect();
/// assert_eq!((ages.get(3), ages.width()), (Some(21), 7));
/// assert_eq!(ages.heap_bytes(), 888); // Vec<u64>: 8,000
///
/// ages.push(300);
/// assert_eq!((ages.get(3), ages.get(1_000), ages.width()), (Some(21), Some(300), 9));
/// ```
#[derive(Clone)]
pub struct PackedInts<W: Words = HeapWords> {
    /// In exactly `field::words_for(len, width)` words; bits behind the last number are 0.
    fields: Fields<W>,
}

impl<W: Words> PackedInts<W> {
    /// How many numbers there are.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bits a number takes, 0..=64.
    #[must_use]
    #[inline]
    pub const fn width(&self) -> u32 {
        self.fields.width()
    }

    /// The largest number that fits without widening.
    #[must_use]
    pub const fn max_value(&self) -> u64 {
        field::mask(self.width())
    }

    /// The number at `index`, or `None` if there is none. O(1), 1 or 2 cache lines.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<u64> {
        self.fields.get(index)
    }

    /// The first number, or `None` if there is none. O(1).
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.get(0)
    }

    /// The last number, or `None` if there is none. O(1).
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.get(self.len().wrapping_sub(1))
    }

    /// The numbers in order.
    pub fn iter(&self) -> Iter<'_, W> {
        Iter::new(self, 0..self.len())
    }

    /// Where `value` is in an ascending sequence, or else where it would be put. If it occurs
    /// several times, the first place. O(log n), allocates nothing.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `value` does not occur: inserting it there would keep the order.
    pub fn binary_search(&self, value: u64) -> Result<usize, usize> {
        let at = self.partition_point(|number| number < value);
        if self.get(at) == Some(value) { Ok(at) } else { Err(at) }
    }

    /// How many numbers at the front fulfil `first_part`, if all that do stand before all that do
    /// not. O(log n), allocates nothing.
    pub fn partition_point(&self, mut first_part: impl FnMut(u64) -> bool) -> usize {
        lower_bound(self.len(), |index| self.get(index).is_some_and(&mut first_part))
    }

    /// `len` numbers of `width` bits from the section `tag` of a file, whose words are `words`.
    pub(crate) fn from_words(words: W, len: u64, width: u64, tag: Tag) -> Result<Self, FileError> {
        require(width <= 64, tag, "a width of at most 64 bits")?;
        let (items, width) = (usize::try_from(len).ok(), width as u32);
        let need = items.and_then(|len| field::words_for(len, width));
        require(need == Some(words.words().len()), tag, "as many words as the numbers need")?;
        let fields = Fields::new(words, len as usize, width);
        Ok(Self {
            fields: fields.ok_or(FileError::Corrupt { section: tag, rule: "enough words" })?,
        })
    }

    /// Whether all bits behind the last number are 0.
    pub(crate) fn is_clean(&self) -> bool {
        let end = self.fields.end_bit();
        let rest = self.bytes().get((end >> 3) as usize..).unwrap_or(&[]);
        match rest.split_first() {
            Some((partial, rest)) => partial >> (end & 7) == 0 && rest.iter().all(|b| *b == 0),
            None => true,
        }
    }

    /// The packed words, to be stored.
    pub(crate) fn words(&self) -> &[crate::storage::Le64] {
        self.fields.store().words()
    }

    /// The packed bytes: number `i` starts at bit `i * width`.
    #[inline]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.fields.store().words())
    }

    /// The numbers at `index` and behind it, in one read; `None` also if they are too wide for
    /// that, or of no bits.
    #[inline(always)]
    pub(super) fn pair(&self, index: usize) -> Option<(u64, u64)> {
        let width = self.width();
        // With the up to 7 bits before them they lie in the 8 bytes from the one where they start.
        if width > 28 || index.checked_add(1)? >= self.len() {
            return None;
        }
        let [both] = self.fields.peek([index])?;
        let mask = field::mask(width);
        Some((both & mask, both >> width & mask))
    }

    /// As [`get`](Self::get), in the fewest steps; `None` also for numbers of no bits, or of so
    /// many that one may lie in nine bytes.
    #[inline(always)]
    pub(super) fn get_narrow(&self, index: usize) -> Option<u64> {
        let [value] = self.fields.peek([index])?;
        Some(value & self.max_value())
    }

    /// Asks for the cache line of the number at `index`.
    #[inline]
    pub(super) fn prefetch(&self, index: usize) {
        let bit = (index as u64).wrapping_mul(u64::from(self.width()));
        prefetch(self.bytes(), (bit >> 3) as usize);
    }

    /// Tells `out` of the words, under the name and kind they have in another structure.
    pub(crate) fn tell_as(&self, name: &'static str, kind: PartKind, out: &mut dyn Parts) {
        self.fields.store().tell(name, kind, 0, out);
    }

    /// A copy on the heap with no slack, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> PackedInts {
        let words = HeapWords::copy_of(self.fields.store().words());
        match Fields::new(words, self.len(), self.width()) {
            Some(fields) => PackedInts { fields },
            None => unreachable!("a copy holds what the original holds"),
        }
    }
}

#[cfg(feature = "alloc")]
impl PackedInts {
    /// An empty sequence; requests no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self::new_in(Global)
    }

    /// An empty sequence with room for `len` numbers of `width` bits.
    ///
    /// # Panics
    ///
    /// If `width` exceeds 64.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(width: u32, len: usize) -> Self {
        let mut ints = Self::new();
        ints.set_width(width);
        match ints.try_reserve(len) {
            Ok(()) => ints,
            Err(error) => refused(error),
        }
    }
}

impl<A: Alloc> PackedInts<HeapWords<A>> {
    /// An empty sequence in `alloc`; requests no memory.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { fields: Fields::empty(HeapWords::new_in(alloc)) }
    }

    /// The numbers of `values` at the least width that holds them all, with no slack.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn try_from_slice_in(values: &[u64], alloc: A) -> Result<Self, BuildError> {
        let all = values.iter().fold(0, |all, value| all | value);
        let mut ints = Self::new_in(alloc);
        ints.set_width(field::width_of(all));
        ints.try_reserve(values.len())?;
        ints.try_grow(values.len(), 0)?;
        ints.fill_from(0, values);
        Ok(ints)
    }

    /// Declares that the numbers to come need `width` bits, which saves widening on the way.
    ///
    /// # Panics
    ///
    /// If `width` exceeds 64, or if there are numbers already.
    #[track_caller]
    pub fn set_width(&mut self, width: u32) {
        assert!(width <= 64, "a width of {width} bits: numbers have 64 at most");
        assert!(self.is_empty(), "set the width before the first number");
        let Ok(()) = self.fields.reshape(0, width, |_| Ok::<_, Infallible>(()));
    }

    /// Numbers of the present width that fit without growing.
    #[must_use]
    pub fn capacity(&self) -> usize {
        if self.width() == 0 {
            return usize::MAX;
        }
        let words = self.fields.store().capacity().saturating_sub(field::PAD_WORDS) as u64;
        usize::try_from(words.saturating_mul(64) / u64::from(self.width())).unwrap_or(usize::MAX)
    }

    /// Makes room for exactly `extra` more numbers of the present width.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, extra: usize) {
        self.try_reserve(extra).unwrap_or_else(|error| refused(error));
    }

    /// Makes room for exactly `extra` more numbers of the present width.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has changed then.
    pub fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        let len = self.len().checked_add(extra).ok_or(AllocError::CapacityOverflow)?;
        let need = words_for(len, self.width())?;
        self.fields.reshape(self.len(), self.width(), |words| {
            words.try_reserve_exact(need.saturating_sub(words.words().len()))
        })
    }

    /// Widens the numbers to `width` bits and makes room for exactly `extra` more.
    pub(super) fn try_reserve_wide(&mut self, extra: usize, width: u32) -> Result<(), AllocError> {
        self.try_grow(self.len(), width)?;
        self.try_reserve(extra)
    }

    /// Appends `value`; widens all numbers first if it does not fit. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
    #[track_caller]
    pub fn push(&mut self, value: u64) {
        self.try_push(value).unwrap_or_else(|error| refused(error));
    }

    /// Appends `value`; widens all numbers first if it does not fit. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers are unchanged then.
    pub fn try_push(&mut self, value: u64) -> Result<(), AllocError> {
        let len = self.len().checked_add(1).ok_or(AllocError::CapacityOverflow)?;
        self.try_grow(len, field::width_of(value))?;
        self.fields.fill(len - 1, value);
        Ok(())
    }

    /// Appends all of `values`; widens all numbers first, once, if one does not fit. O(values)
    /// amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_extend_from_slice`](Self::try_extend_from_slice) returns the
    /// error instead.
    #[track_caller]
    pub fn extend_from_slice(&mut self, values: &[u64]) {
        self.try_extend_from_slice(values).unwrap_or_else(|error| refused(error));
    }

    /// Appends all of `values`; widens all numbers first, once, if one does not fit. O(values)
    /// amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers are unchanged then.
    pub fn try_extend_from_slice(&mut self, values: &[u64]) -> Result<(), AllocError> {
        let first = self.len();
        let len = first.checked_add(values.len()).ok_or(AllocError::CapacityOverflow)?;
        let all = values.iter().fold(0, |all, value| all | value);
        self.try_grow(len, field::width_of(all))?;
        self.fill_from(first, values);
        Ok(())
    }

    /// Makes it `len` numbers long, new ones being `value`; widens all numbers first if that does
    /// not fit. O(change), O(n) if it widens.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_resize`](Self::try_resize) returns the error instead.
    #[track_caller]
    pub fn resize(&mut self, len: usize, value: u64) {
        self.try_resize(len, value).unwrap_or_else(|error| refused(error));
    }

    /// Makes it `len` numbers long, new ones being `value`; widens all numbers first if that does
    /// not fit. O(change), O(n) if it widens.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers are unchanged then.
    pub fn try_resize(&mut self, len: usize, value: u64) -> Result<(), AllocError> {
        let first = self.len();
        if len <= first {
            self.truncate(len);
            return Ok(());
        }
        self.try_grow(len, field::width_of(value))?;
        // New numbers are zeros.
        if value != 0 {
            let some = [value; MOVED];
            for at in (first..len).step_by(MOVED) {
                self.fill_from(at, &some[..MOVED.min(len - at)]);
            }
        }
        Ok(())
    }

    /// Writes `values`, which fit, from `first` on.
    fn fill_from(&mut self, first: usize, values: &[u64]) {
        let (len, width) = (self.len(), self.width());
        let Ok(()) = self.fields.reshape(len, width, |words| {
            let bit = first as u64 * u64::from(width);
            field::set_all(words.as_bytes_mut(), bit, width, values);
            Ok::<_, Infallible>(())
        });
    }

    /// Overwrites the number at `index`; widens all numbers first if `value` does not fit. O(1),
    /// O(n) if it widens.
    ///
    /// # Panics
    ///
    /// If there is no such number, or memory to widen cannot be had.
    #[inline]
    #[track_caller]
    pub fn set(&mut self, index: usize, value: u64) {
        if !self.fields.set(index, value) {
            self.set_wider(index, value);
        }
    }

    /// [`set`](Self::set) of a value that does not fit, or where there is no number.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn set_wider(&mut self, index: usize, value: u64) {
        assert!(index < self.len(), "index {index} of {} numbers", self.len());
        self.try_replace(index, value).unwrap_or_else(|error| refused(error));
    }

    /// Overwrites the number at `index`; widens all numbers first if `value` does not fit.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there is no such number, [`BuildError::Alloc`] if memory to
    /// widen cannot be had; the numbers are unchanged then.
    pub fn try_set(&mut self, index: usize, value: u64) -> Result<(), BuildError> {
        if index >= self.len() {
            return Err(index_out_of_range(index, self.len()));
        }
        Ok(self.try_replace(index, value)?)
    }

    /// Overwrites the number at `index`, which the caller has checked.
    #[inline]
    fn try_replace(&mut self, index: usize, value: u64) -> Result<(), AllocError> {
        if !self.fields.set(index, value) {
            self.try_grow(self.len(), field::width_of(value))?;
            let set = self.fields.set(index, value);
            debug_assert!(set, "{value} in {} bits", self.width());
        }
        Ok(())
    }

    /// Removes and returns the last number, or `None` if there is none. Keeps the room. O(1).
    pub fn pop(&mut self) -> Option<u64> {
        let last = self.last()?;
        self.truncate(self.len() - 1);
        Some(last)
    }

    /// Removes the numbers from `len` on; does nothing if there are no more than `len`. Keeps the
    /// room and the width. O(numbers removed / 64 + 1).
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.keep(len, self.width());
        }
    }

    /// States that the first `len` numbers, of `width` bits now, are all there are: forgets the
    /// words that they do not need and clears the bits behind the last one.
    fn keep(&mut self, len: usize, width: u32) {
        let end = len as u64 * u64::from(width);
        let Ok(()) = self.fields.reshape(len, width, |words| {
            // Called when there is less to hold than before, so the count cannot overflow.
            words.truncate(field::words_for(len, width).unwrap_or(0));
            let bytes = words.as_bytes_mut();
            let behind = bytes.get_mut((end >> 3) as usize..).and_then(<[u8]>::split_first_mut);
            if let Some((partial, rest)) = behind {
                *partial &= field::mask((end & 7) as u32) as u8;
                rest.fill(0);
            }
            Ok::<_, Infallible>(())
        });
    }

    /// Removes all numbers. Keeps the room; the width returns to 0.
    pub fn clear(&mut self) {
        self.keep(0, 0);
    }

    /// Narrows to the least width and gives back all room that the numbers do not need. O(n).
    ///
    /// # Panics
    ///
    /// If the allocator cannot shrink the block;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Narrows to the least width and gives back all room that the numbers do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator cannot shrink the block; nothing is lost.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        let width = field::width_of(self.min_max().map_or(0, |(_, max)| max));
        if width < self.width() {
            self.narrow(width);
        }
        self.fields.reshape(self.len(), self.width(), HeapWords::try_shrink_to_fit)
    }

    /// Gives every number `width` bits, which must hold it.
    fn narrow(&mut self, width: u32) {
        let (len, old) = (self.len(), self.width());
        let Ok(()) = self.fields.reshape(len, old, |words| {
            narrow(words.as_bytes_mut(), len, old, width);
            Ok::<_, Infallible>(())
        });
        self.keep(len, width);
    }

    /// Gives the words room for `len` numbers of at least `width` bits, and the numbers that are
    /// there at least `width` bits.
    #[inline]
    fn try_grow(&mut self, len: usize, width: u32) -> Result<(), AllocError> {
        let (old_len, old) = (self.len(), self.width());
        let width = width.max(old);
        let need = words_for(len, width)?;
        self.fields.reshape(len, width, |words| {
            words.try_resize(need)?;
            if width > old {
                widen(words.as_bytes_mut(), old_len, old, width);
            }
            Ok(())
        })
    }
}

/// Numbers that are moved at once from one width to another; those that are not moved yet are
/// left as they are: `set_all` keeps the bits around what it writes.
const MOVED: usize = 256;

/// Moves `len` numbers to a larger width, from the back: they go to where only numbers behind them
/// stood.
#[cold]
fn widen(bytes: &mut [u8], len: usize, from: u32, to: u32) {
    let mut end = len;
    while end > 0 {
        // The first step leaves whole steps before it.
        let start = (end - 1) / MOVED * MOVED;
        move_to_width(bytes, start, end - start, from, to);
        end = start;
    }
}

/// Moves `len` numbers to a smaller width, from the front: they go to where only numbers before
/// them stood.
#[cold]
fn narrow(bytes: &mut [u8], len: usize, from: u32, to: u32) {
    for start in (0..len).step_by(MOVED) {
        move_to_width(bytes, start, MOVED.min(len - start), from, to);
    }
}

fn move_to_width(bytes: &mut [u8], start: usize, count: usize, from: u32, to: u32) {
    let mut numbers = [0; MOVED];
    let numbers = &mut numbers[..count];
    unpack::unpack(bytes, start as u64 * u64::from(from), from, numbers);
    field::set_all(bytes, start as u64 * u64::from(to), to, numbers);
}

/// `field::words_for`, with the error that a caller passes on.
fn words_for(len: usize, width: u32) -> Result<usize, AllocError> {
    field::words_for(len, width).ok_or(AllocError::CapacityOverflow)
}

impl<W: Words> Footprint for PackedInts<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tell_as("numbers", PartKind::Payload, out);
    }
}

impl<W: Words> Persist for PackedInts<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len() as u64);
        out.meta(&[u64::from(self.width())]);
        out.section(DATA, 8, self.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [width] = source.meta()?;
        let words = source.section(DATA, 8)?;
        Self::from_words(words, source.header().items, width, DATA)
    }

    fn validate(&self) -> Result<(), FileError> {
        require(self.is_clean(), DATA, "zeros behind the last number")
    }
}

doors!(PackedInts);

impl<W: Words> Ints for PackedInts<W> {
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn get(&self, index: usize) -> Option<u64> {
        self.get(index)
    }

    fn binary_search(&self, value: u64) -> Result<usize, usize> {
        self.binary_search(value)
    }
}

impl<A: Alloc> IntsMut<A> for PackedInts<HeapWords<A>> {
    fn try_build_in(values: &[u64], alloc: A) -> Result<Self, BuildError> {
        Self::try_from_slice_in(values, alloc)
    }

    fn try_push(&mut self, value: u64) -> Result<(), BuildError> {
        Ok(self.try_push(value)?)
    }

    fn try_set(&mut self, index: usize, value: u64) -> Result<(), BuildError> {
        self.try_set(index, value)
    }

    fn pop(&mut self) -> Option<u64> {
        self.pop()
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.try_shrink_to_fit()?)
    }
}

impl<'a, W: Words> IntoIterator for &'a PackedInts<W> {
    type Item = u64;
    type IntoIter = Iter<'a, W>;

    fn into_iter(self) -> Iter<'a, W> {
        self.iter()
    }
}

#[cfg(feature = "alloc")]
impl Default for PackedInts {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "alloc")]
impl From<&[u64]> for PackedInts {
    fn from(values: &[u64]) -> Self {
        match Self::try_from_slice_in(values, Global) {
            Ok(ints) => ints,
            Err(BuildError::Alloc(error)) => refused(error),
            Err(error) => unreachable!("numbers of any size fit: {error}"),
        }
    }
}

#[cfg(feature = "alloc")]
impl FromIterator<u64> for PackedInts {
    /// Widens on the way as larger numbers come, and leaves no slack.
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut ints = Self::new();
        ints.extend(values);
        ints.shrink_to_fit();
        ints
    }
}

impl<A: Alloc> Extend<u64> for PackedInts<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, values: I) {
        let (mut buffer, mut filled) = ([0; MOVED], 0);
        for value in values {
            buffer[filled] = value;
            filled += 1;
            if filled == MOVED {
                self.extend_from_slice(&buffer);
                filled = 0;
            }
        }
        self.extend_from_slice(&buffer[..filled]);
    }
}

impl<'v, A: Alloc> Extend<&'v u64> for PackedInts<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = &'v u64>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}

impl<W: Words> fmt::Debug for PackedInts<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<W: Words, V: Words> PartialEq<PackedInts<V>> for PackedInts<W> {
    fn eq(&self, other: &PackedInts<V>) -> bool {
        self.iter().eq(other)
    }
}

impl<W: Words> Eq for PackedInts<W> {}

impl<W: Words, V: Words> PartialOrd<PackedInts<V>> for PackedInts<W> {
    fn partial_cmp(&self, other: &PackedInts<V>) -> Option<Ordering> {
        Some(self.iter().cmp(other))
    }
}

impl<W: Words> Ord for PackedInts<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<W: Words> Hash for PackedInts<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|value| state.write_u64(value));
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::{PackedInts, Words};
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for PackedInts<W> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    #[cfg(feature = "alloc")]
    impl<'de> serde::Deserialize<'de> for PackedInts {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let push = |ints: &mut Self, value| ints.try_push(value);
            let mut ints = crate::arrays::sequence::read(deserializer, Self::new(), push)?;
            ints.try_shrink_to_fit().map_err(serde::de::Error::custom)?;
            Ok(ints)
        }
    }
}
