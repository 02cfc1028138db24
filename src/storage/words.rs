//! [`Words`]: where the words of a structure live. On the heap, borrowed, or in a mapped file.
//!
//! Invariants:
//!
//! 1. [`Le64`] is a `u64` in memory: same size, same alignment, every bit pattern valid.
//! 2. [`Le32`] is a `u32` in memory; two of them have the size of a `u64`, and need no more than
//!    its alignment.

#![allow(unsafe_code)]

#[cfg(target_has_atomic = "8")]
mod atomic;

#[cfg(target_has_atomic = "8")]
pub(crate) use atomic::AtomicWords;

use crate::bits::field::{Store, StoreMut};
use crate::error::{AllocError, FileError};
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Global, PartKind, Parts, refused};
use core::fmt;

/// A 64-bit word in little-endian byte order, as it stands in a file.
///
/// A type of its own, so that a forgotten conversion does not compile; on little-endian machines
/// the conversion costs nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Le64(u64);

impl Le64 {
    /// The word that stands for `value`.
    #[must_use]
    #[inline]
    pub const fn new(value: u64) -> Self {
        Self(value.to_le())
    }

    /// The value.
    #[must_use]
    #[inline]
    pub const fn get(self) -> u64 {
        u64::from_le(self.0)
    }
}

impl fmt::Debug for Le64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.get())
    }
}

/// Half a [`Le64`]: a 32-bit number in little-endian byte order, as it stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Le32(u32);

impl Le32 {
    /// The number that stands for `value`.
    #[inline]
    pub(crate) const fn new(value: u32) -> Self {
        Self(value.to_le())
    }

    /// The value.
    #[inline]
    pub(crate) const fn get(self) -> u32 {
        u32::from_le(self.0)
    }
}

/// The halves of `words`, in the order in which they stand in a file.
#[inline]
pub(crate) fn as_halves(words: &[Le64]) -> &[Le32] {
    // SAFETY: the same memory, as halves (invariants 1 and 2), for as long as `words` is borrowed.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 2) }
}

/// The halves of `words`, to be written.
#[inline]
pub(crate) fn as_halves_mut(words: &mut [Le64]) -> &mut [Le32] {
    let halves = words.len() * 2;
    // SAFETY: the same memory, as halves (invariants 1 and 2), exclusively borrowed.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), halves) }
}

/// The bytes of `words`, as they stand in a file.
#[must_use]
#[inline]
pub fn as_bytes(words: &[Le64]) -> &[u8] {
    // SAFETY: the same memory, as bytes (invariant 1), for as long as `words` is borrowed.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// The bytes of `words`, to be written.
#[inline]
pub(crate) fn as_bytes_mut(words: &mut [Le64]) -> &mut [u8] {
    // SAFETY: the same memory, as bytes (invariant 1), exclusively borrowed; any bytes are words.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// `bytes` as words; bytes beyond the last whole word are left out.
///
/// # Errors
///
/// [`FileError::Misaligned`] if `bytes` does not start at a multiple of 8.
pub fn from_bytes(bytes: &[u8]) -> Result<&[Le64], FileError> {
    if bytes.as_ptr().align_offset(align_of::<Le64>()) != 0 {
        return Err(FileError::Misaligned);
    }
    let len = bytes.len() / size_of::<Le64>();
    // SAFETY: aligned, inside `bytes`, every bit pattern valid (invariant 1).
    Ok(unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), len) })
}

mod sealed {
    pub trait Sealed {}
}
pub(crate) use sealed::Sealed;

/// A handle to the words of one section: owned, borrowed or mapped.
///
/// Structures take it as their one storage parameter. Sealed: the three handles are
/// [`HeapWords`], `&[Le64]` and (with the feature `mmap`) `MappedWords`.
pub trait Words: Sealed {
    /// The words. Always the same slice until the handle is changed.
    fn words(&self) -> &[Le64];

    /// Tells `out` where these words are: `kind` for all but the last `padding` bytes, which a file
    /// does not have. What is read over the end, and rounds up to whole words, is of that kind.
    fn tell(&self, name: &'static str, kind: PartKind, padding: usize, out: &mut dyn Parts);

    /// Moves the `len` words from `at` on, if they are owned, so that they start at a multiple of
    /// 64 bytes, for which room is made; returns where they start then.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing has then moved.
    #[doc(hidden)]
    fn align(&mut self, at: usize, len: usize) -> Result<usize, AllocError> {
        let _ = len;
        Ok(at)
    }
}

/// Words that may have to be skipped, so that the next one stands at a multiple of 64 bytes.
pub(crate) const ALIGN_WORDS: usize = 7;

// SAFETY: the trait is sealed, and its three handles return one slice until they are changed.
unsafe impl<W: Words> Store for W {
    #[inline]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.words())
    }
}

// SAFETY: both are all bytes of the words.
unsafe impl<A: Alloc> StoreMut for HeapWords<A> {
    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(&mut self.words)
    }
}

impl Sealed for &[Le64] {}

/// Borrowed words: static data, an arena, a received buffer. Owns no byte.
impl Words for &[Le64] {
    #[inline]
    fn words(&self) -> &[Le64] {
        self
    }

    fn tell(&self, _: &'static str, _: PartKind, _: usize, _: &mut dyn Parts) {}
}

/// Words on the heap, growable while a structure is built or changed.
///
/// Grows by half below 128 KiB and by a sixteenth above; owns no block while empty. Without the
/// feature `alloc` the default form has no values.
pub struct HeapWords<A: Alloc = Global> {
    words: RawVec<Le64, A>,
}

impl<A: Alloc> Sealed for HeapWords<A> {}

impl<A: Alloc> Words for HeapWords<A> {
    #[inline]
    fn words(&self) -> &[Le64] {
        &self.words
    }

    fn tell(&self, name: &'static str, kind: PartKind, padding: usize, out: &mut dyn Parts) {
        self.words.tell(name, kind, padding, out);
    }

    fn align(&mut self, at: usize, len: usize) -> Result<usize, AllocError> {
        let need = len + ALIGN_WORDS;
        if self.words.len() < need {
            self.try_reserve_exact(need - self.words.len())?;
            self.try_resize(need)?;
        }
        let aligned = self.words.as_ptr().addr().wrapping_neg() / 8 % 8;
        if aligned != at {
            self.words.copy_within(at..at + len, aligned);
        }
        Ok(aligned)
    }
}

impl<A: Alloc> HeapWords<A> {
    /// No words; requests nothing.
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { words: RawVec::new_in(alloc) }
    }

    /// The bytes of the words, as they stand in a file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        as_bytes(&self.words)
    }

    /// The words, to be written.
    #[inline]
    pub(crate) fn words_mut(&mut self) -> &mut [Le64] {
        &mut self.words
    }

    /// The bytes, to be written.
    #[inline]
    pub(crate) fn as_bytes_mut(&mut self) -> &mut [u8] {
        as_bytes_mut(&mut self.words)
    }

    /// The allocator.
    pub(crate) const fn alloc(&self) -> &A {
        self.words.alloc()
    }

    /// Words that fit without growing.
    pub(crate) const fn capacity(&self) -> usize {
        self.words.capacity()
    }

    /// Makes room for exactly `extra` more words.
    pub(crate) fn try_reserve_exact(&mut self, extra: usize) -> Result<(), AllocError> {
        self.words.try_reserve_exact(extra)
    }

    /// Sets the length to `len` words; new ones are 0. Grows by the growth policy.
    #[inline]
    pub(crate) fn try_resize(&mut self, len: usize) -> Result<(), AllocError> {
        if len == self.words.len() {
            return Ok(());
        }
        self.words.try_resize(len, Le64::default())
    }

    /// Forgets the words from `len` on; keeps the room.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.words.truncate(len);
    }

    /// Gives back all room beyond the words.
    pub(crate) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.words.try_shrink_to_fit()
    }
}

#[cfg(feature = "alloc")]
impl HeapWords {
    /// A copy of `words` with no slack.
    pub(crate) fn copy_of(words: &[Le64]) -> Self {
        let mut copy = RawVec::new_in(Global);
        let copied =
            copy.try_reserve_exact(words.len()).and_then(|()| copy.try_extend_from_slice(words));
        match copied {
            Ok(()) => Self { words: copy },
            Err(error) => refused(error),
        }
    }
}

impl<A: Alloc + Clone> Clone for HeapWords<A> {
    fn clone(&self) -> Self {
        Self { words: self.words.try_clone().unwrap_or_else(|error| refused(error)) }
    }
}

impl<A: Alloc> AsRef<[u8]> for HeapWords<A> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<A: Alloc> fmt::Debug for HeapWords<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapWords").field("len", &self.words.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_little_endian_everywhere() {
        let words = [Le64::new(0x0102_0304_0506_0708), Le64::new(1)];
        assert_eq!(as_bytes(&words)[..9], [8, 7, 6, 5, 4, 3, 2, 1, 1]);
        assert_eq!(from_bytes(as_bytes(&words)).unwrap(), &words);
        assert_eq!(words[0].get(), 0x0102_0304_0506_0708);
    }

    #[test]
    fn halves_stand_as_in_a_file() {
        let mut words = [Le64::new(0x0102_0304_0506_0708), Le64::new(1)];
        assert_eq!(as_halves(&words).len(), 4);
        assert_eq!(as_halves(&words)[..2].iter().map(|h| h.get()).max(), Some(0x0506_0708));
        as_halves_mut(&mut words)[3] = Le32::new(7);
        assert_eq!((as_halves(&words)[1].get(), words[1].get()), (0x0102_0304, 1 + (7 << 32)));
    }

    #[test]
    fn misaligned_bytes_are_refused() {
        let words = [Le64::new(1); 3];
        let bytes = as_bytes(&words);
        assert!(matches!(from_bytes(&bytes[1..]), Err(FileError::Misaligned)));
        assert_eq!(from_bytes(&bytes[8..23]).unwrap().len(), 1);
    }
}
