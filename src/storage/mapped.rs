//! [`MappedWords`]: words of a memory-mapped file, kept alive by their handle.
//!
//! Invariants:
//!
//! 1. `ptr` and `len` describe a slice of words inside the mapping that `file` owns. The mapping
//!    never moves and is unmapped when its last owner goes.
//! 2. Nobody changes the mapped bytes: the promise of whoever called [`map`].

#![allow(unsafe_code)]

#[cfg(target_has_atomic = "64")]
mod counters;
mod latest;

#[cfg(target_has_atomic = "64")]
pub use counters::SharedCounters;
pub use latest::Latest;

use super::container::{Container, Header};
use super::persist::{Persist, Source, check_kind, find};
use super::words::{Le64, Sealed, Words, from_bytes};
use crate::error::{FileError, Tag};
use crate::mem::{PartKind, Parts};
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Words of a memory-mapped file. The file stays mapped as long as one handle to it exists.
///
/// Cloning is a reference count. Owns no heap but its share of one small block per opened file.
#[derive(Clone)]
pub struct MappedWords {
    ptr: *const Le64,
    len: usize,
    file: Arc<Mmap>,
}

// SAFETY: the words are only ever read, and the mapping may be read and unmapped by any thread.
unsafe impl Send for MappedWords {}
// SAFETY: as above.
unsafe impl Sync for MappedWords {}

impl Sealed for MappedWords {}

impl Words for MappedWords {
    #[inline]
    fn words(&self) -> &[Le64] {
        // SAFETY: a slice inside the mapping (invariant 1) that does not change (invariant 2); the
        // borrow of `self` keeps the mapping.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len) }
    }

    fn tell(&self, name: &'static str, _: PartKind, _: usize, out: &mut dyn Parts) {
        out.mapped_at(name, self.ptr.cast(), self.len * size_of::<Le64>());
        // Two reference counts stand before the value of an `Arc`.
        let block = 2 * size_of::<usize>() + size_of::<Mmap>();
        out.shared("mapped file", Arc::as_ptr(&self.file).cast(), block);
    }
}

impl core::fmt::Debug for MappedWords {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MappedWords").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Sections of a mapped file, whose head has been checked.
struct MappedFile<'a> {
    file: &'a Arc<Mmap>,
    container: Container<'a>,
}

impl Source for MappedFile<'_> {
    type Words = MappedWords;

    fn header(&self) -> &Header {
        self.container.header()
    }

    fn section(&mut self, tag: Tag, elem_size: u8) -> Result<MappedWords, FileError> {
        let section = find(self.container.sections(), tag, elem_size)?;
        let words = self.container.words_of(&section);
        Ok(MappedWords { ptr: words.as_ptr(), len: words.len(), file: Arc::clone(self.file) })
    }
}

/// Opens the structure in the file at `path` without copying it. Microseconds at any size.
///
/// # Errors
///
/// Any [`FileError`] of a file that is not sound or holds something else.
///
/// # Safety
///
/// Nobody may change or truncate the file while the structure exists. Replacing it by
/// [`save`](super::save) is fine.
pub unsafe fn map<P: Persist<Words = MappedWords>>(path: &Path) -> Result<P, FileError> {
    // SAFETY: the caller's promise, passed on.
    load(&unsafe { map_bytes(path)? })
}

/// The structure in a mapped file.
fn load<P: Persist<Words = MappedWords>>(file: &MappedBytes) -> Result<P, FileError> {
    let container = Container::open(file.bytes())?;
    check_kind::<P>(container.header())?;
    P::load(&mut MappedFile { file: &file.0, container })
}

/// A whole file, mapped: for tools that inspect and verify without copying.
#[derive(Clone, Debug)]
pub struct MappedBytes(Arc<Mmap>);

impl MappedBytes {
    /// The bytes of the file, at an address divisible by the page size.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Maps the file at `path`.
///
/// # Errors
///
/// [`FileError::Io`] if it cannot be opened or is no plain file.
///
/// # Safety
///
/// Nobody may change or truncate the file while it is mapped.
pub unsafe fn map_bytes(path: &Path) -> Result<MappedBytes, FileError> {
    // SAFETY: the caller's promise, passed on.
    unsafe { map_file(&File::open(path)?) }
}

/// Maps `file`.
///
/// # Safety
///
/// As for [`map_bytes`].
unsafe fn map_file(file: &File) -> Result<MappedBytes, FileError> {
    // SAFETY: read-only, and the caller promises that nobody changes the file (invariant 2).
    let mapping = unsafe { Mmap::map(file)? };
    from_bytes(&mapping)?;
    Ok(MappedBytes(Arc::new(mapping)))
}

/// Gives a structure its inherent `map`.
macro_rules! map_door {
    ([$($mapped:tt)+] [$($bounds:tt)*]) => {
        #[allow(unsafe_code)]
        $($mapped)+ $($bounds)* {
            /// Serves the structure from a memory-mapped file, without copying it. Opens in
            /// microseconds at any size; the pages are shared with every process that maps them.
            ///
            /// # Errors
            ///
            /// Any [`FileError`](crate::FileError) of a file that is not sound or holds something
            /// else.
            ///
            /// # Safety
            ///
            /// Nobody may change or truncate the file while it is mapped. Saving over it with
            /// `save` is fine: that makes a new file and leaves the mapped one alone.
            pub unsafe fn map(
                path: impl AsRef<std::path::Path>,
            ) -> Result<Self, $crate::FileError> {
                // SAFETY: the caller's promise, passed on.
                unsafe { $crate::storage::map(path.as_ref()) }
            }
        }
    };
}
pub(crate) use map_door;
