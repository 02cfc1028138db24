//! [`Latest`]: the newest version of a structure that another process saves.

use super::{MappedBytes, MappedWords, Persist, load, map_file};
use crate::error::FileError;
use crate::mem::{Footprint, Parts};
use std::fmt;
use std::fs::{self, File, Metadata};
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The newest version of a structure that one process saves and many read: mapped, and mapped again
/// once there is another file at its path.
///
/// The writer needs no more than [`save`](super::super::save()), which is atomic: at every moment,
/// also after the writer has died at any, there is one whole version at the path. Readers take no
/// lock and wait for nobody. They see a new version when they ask for it, and keep the old one
/// until then: its pages are given back when the last process has let go of it.
///
/// # When not to use it
///
/// - The data change with every request: a version is a whole file.
/// - Versions must not be missed: a reader that asks seldom sees the newest alone.
///
/// # Layout and space
///
/// The structure, its path, and what the file is known by. While readers hold an old version there
/// are two files on the disk, and as much of both in RAM as is read.
///
/// # Time
///
/// Reading is that of the structure. [`refresh`](Self::refresh) asks the system which file is at
/// the path, about a microsecond, and opens it in 10 to 30 if it is another (measured on Linux).
///
/// Who cannot spend a microsecond rings a bell beside it: a counter of
/// [`SharedCounters`](super::SharedCounters) that the writer raises after each save is read in less
/// than a nanosecond.
///
/// # Example
///
/// ```
/// use lessram::{arrays::PackedInts, storage::{Latest, MappedWords}};
/// # let path = std::env::temp_dir().join(format!("lessram-latest-{}.lram", std::process::id()));
/// let set = |numbers: &[u64]| numbers.iter().copied().collect::<PackedInts>();
/// set(&[2, 3, 5]).save(&path)?;
/// // SAFETY: the file is only ever replaced by `save`, never changed.
/// let mut primes: Latest<PackedInts<MappedWords>> = unsafe { Latest::map(&path) }?;
/// assert!(!primes.refresh()?);
///
/// set(&[2, 3, 5, 7]).save(&path)?; // by any process
/// let old = PackedInts::clone(&primes);
/// assert!(primes.refresh()?);
/// assert_eq!((primes.len(), old.len()), (4, 3));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Latest<P> {
    path: PathBuf,
    /// Of the mapped file: no other gets it as long as that is mapped.
    id: Id,
    structure: P,
    /// For a structure that keeps no words.
    _file: MappedBytes,
}

/// What tells a file from the one that took its place. Numbers of files are used again, but not
/// that of a file that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id(u64, u64);

impl Id {
    #[cfg(unix)]
    fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(file.dev(), file.ino())
    }

    /// Length and time of change: std tells no number. Nor can mapped files be replaced everywhere.
    #[cfg(not(unix))]
    fn of(file: &Metadata) -> Self {
        let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
        let changed = file.modified().ok().and_then(since).unwrap_or_default();
        Self(file.len(), changed.as_nanos() as u64)
    }
}

impl<P: Persist<Words = MappedWords>> Latest<P> {
    /// Maps the version that is at `path` now.
    ///
    /// # Errors
    ///
    /// Any [`FileError`] of a file that is not sound or holds something else.
    ///
    /// # Safety
    ///
    /// As long as this exists, or a clone of one of its versions, nobody may change or truncate a
    /// file that was at `path`. Replacing it by [`save`](super::super::save()) is fine: so are
    /// versions meant to be made.
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let file = File::open(path)?;
        let id = Id::of(&file.metadata()?);
        // SAFETY: the caller's promise, passed on.
        let file = unsafe { map_file(&file)? };
        Ok(Self { path: path.into(), id, structure: load(&file)?, _file: file })
    }

    /// Goes to the version that is at the path now; whether it is another.
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map), also if there is no file any more. What was mapped stays.
    pub fn refresh(&mut self) -> Result<bool, FileError> {
        if Id::of(&fs::metadata(&self.path)?) == self.id {
            return Ok(false);
        }
        // SAFETY: who called `map` promised it for every file at the path.
        *self = unsafe { Self::map(&self.path)? };
        Ok(true)
    }
}

impl<P> Deref for Latest<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.structure
    }
}

impl<P: Footprint> Footprint for Latest<P> {
    fn parts(&self, out: &mut dyn Parts) {
        self.structure.parts(out);
        self.path.parts(out);
    }
}

impl<P: fmt::Debug> fmt::Debug for Latest<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, structure, .. } = self;
        f.debug_struct("Latest").field("path", path).field("structure", structure).finish()
    }
}
