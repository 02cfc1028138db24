//! [`SharedCounters`]: numbers in a file that processes count with together.
//!
//! Invariants:
//!
//! 1. `counters` and `len` describe numbers inside the mapping that `file` owns, at an address
//!    divisible by 8: it is 64 bytes behind the start of a page. The mapping never moves.
//! 2. They are accessed as atomics alone, here and in every process that opens the file as this
//!    type does. Any bits are a number.

use crate::error::{FileError, Tag};
use crate::mem::{Footprint, Parts};
use crate::storage::file::{create_new, read_up_to};
use core::sync::atomic::AtomicU64;
use memmap2::MmapRaw;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::ops::Deref;
use std::path::Path;

/// Bytes before the first counter: a cache line.
const HEAD: usize = 64;
/// How the file begins: what it is, and a number that another order of bytes makes another.
const MAGIC: [u8; 8] = *b"\x89LRAMc\r\n";
const ORDER: u64 = 0x0102_0304_0506_0708;

/// Counters and flags in a mapped file, shared by any number of processes: exact without a lock.
///
/// A slice of std's [`AtomicU64`], whose methods count (`fetch_add`), raise flags (`store`) and
/// read them (`load`). No operation is lost, whoever does how many at once, and a process that dies
/// between two of them has done the first and not the second.
///
/// # When not to use it
///
/// - Threads of one process: they share a slice of atomics without a file.
/// - Counts of keys, not of indices: a map or a [`CountMin`](crate::sketches::CountMin) in each
///   process, merged at the end.
/// - Processes that all add to *one* counter all the time wait for each other's cache line: let
///   them count by themselves, and add what they have now and then.
/// - Several numbers that must change at once: each is exact, their sum at a moment is not.
///
/// # Layout
///
/// ```text
///  0        8        16       24             64
/// | magic  | order  | len    | zeros       | counter 0 | counter 1 | ...    8 bytes each
/// ```
///
/// In the machine's own order of bytes: it is shared memory with a name, not a document. A file
/// from a machine of the other order is refused. Counters that are written by different processes
/// all the time should be eight apart, each in a cache line of its own.
///
/// # Space
///
/// 64 + 8 `len` bytes in the page cache, once for all processes; no heap.
///
/// # Time
///
/// O(1) each; with two processes at once, measured by `cargo run --release --example
/// shared_counters --features mmap`:
///
/// | operation | time |
/// |---|---|
/// | read a flag | 0.1 to 0.3 ns |
/// | count by `fetch_add`, in a cache line of its own | 5 ns; on a busy machine up to 10 |
/// | the same, both in one counter | 10 to 14 ns, as the line goes to and fro |
/// | count by `load` and `store` in a counter that nobody else writes | 0.3 to 0.5 ns |
///
/// The last is how to count fast: a counter for each process, and their sum for who reads.
///
/// # What others can do
///
/// Whoever may write to the file can set any counter to anything; that makes counts wrong, nothing
/// else. Whoever cuts the file short ends the processes that touch what is gone (SIGBUS on Unix).
/// A full disk cannot: all of the file is written when it is made.
///
/// # Example
///
/// ```
/// use lessram::storage::SharedCounters;
/// use std::sync::atomic::Ordering::Relaxed;
/// # let path = std::env::temp_dir().join(format!("lessram-counters-{}", std::process::id()));
/// # let _ = std::fs::remove_file(&path);
/// let counters = SharedCounters::create(&path, 2)?;
/// let others = SharedCounters::open(&path)?; // in another process
/// others[0].fetch_add(3, Relaxed);
/// counters[0].fetch_add(4, Relaxed);
/// counters[1].store(1, Relaxed); // a flag
/// assert_eq!((others[0].load(Relaxed), others[1].load(Relaxed)), (7, 1));
/// assert_eq!(lessram::mem::Footprint::heap_bytes(&counters), 0);
/// assert_eq!(std::fs::metadata(&path)?.len(), 64 + 8 * 2);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedCounters {
    counters: *const AtomicU64,
    len: usize,
    file: MmapRaw,
}

// SAFETY: what is shared are atomics (invariant 2), and any thread may unmap them.
unsafe impl Send for SharedCounters {}
// SAFETY: as above.
unsafe impl Sync for SharedCounters {}

impl SharedCounters {
    /// Makes the file at `path`, of `len` counters that are 0, and opens it. Of several processes
    /// that do so at once, one makes the file, and no other sees it half done.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`], of the kind `AlreadyExists` if there is a file: then [`open`](Self::open)
    /// it.
    pub fn create(path: impl AsRef<Path>, len: usize) -> Result<Self, FileError> {
        create_new(path.as_ref(), |file| {
            let mut sink = BufWriter::new(file);
            sink.write_all(&head(len as u64))?;
            (0..len).try_for_each(|_| sink.write_all(&[0; 8]))?;
            Ok(sink.flush()?)
        })?;
        Self::open(path)
    }

    /// Opens the file at `path`, to count with all who have it open. O(1).
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if it cannot be opened for writing, [`FileError::Corrupt`] or
    /// [`FileError::Truncated`] if it was not made by [`create`](Self::create) on a machine of this
    /// order of bytes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut found = [0; HEAD];
        let bytes = file.metadata()?.len();
        read_up_to(&mut &file, &mut found)?;
        let len = bytes.saturating_sub(HEAD as u64) / 8;
        if found[..8] != MAGIC || found[8..16] != ORDER.to_ne_bytes() {
            let rule = "shared counters, in this machine's order of bytes";
            return Err(FileError::Corrupt { section: Tag::HEAD, rule });
        }
        if found != head(len) || bytes < HEAD as u64 {
            let stated = found[16..24].try_into().map_or(0, u64::from_ne_bytes);
            let need = stated.saturating_mul(8).saturating_add(HEAD as u64);
            if bytes >= need {
                let rule = "as many bytes as the head says, and zeros behind what it says";
                return Err(FileError::Corrupt { section: Tag::HEAD, rule });
            }
            return Err(FileError::Truncated { need, have: bytes });
        }
        let file = MmapRaw::map_raw(&file)?;
        // That of the mapping: who changes the file now does not change it.
        let len = file.len().saturating_sub(HEAD) / 8;
        Ok(Self { counters: file.as_ptr().wrapping_add(HEAD).cast(), len, file })
    }

    /// Waits until what was counted is on the disk. Other processes see it without, and also after
    /// this one has died: this is against a machine that stops.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if the disk refuses.
    pub fn flush(&self) -> Result<(), FileError> {
        Ok(self.file.flush()?)
    }
}

/// The first bytes of a file of `len` counters.
fn head(len: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&MAGIC);
    head[8..16].copy_from_slice(&ORDER.to_ne_bytes());
    head[16..24].copy_from_slice(&len.to_ne_bytes());
    head
}

impl Deref for SharedCounters {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: inside the mapping (invariant 1), shared as atomics (invariant 2); the borrow of
        // `self` keeps the mapping.
        unsafe { core::slice::from_raw_parts(self.counters, self.len) }
    }
}

impl Footprint for SharedCounters {
    fn parts(&self, out: &mut dyn Parts) {
        out.mapped_at("counters", self.counters.cast(), self.len * size_of::<AtomicU64>());
    }
}

impl fmt::Debug for SharedCounters {
    /// The counters, as they are while they are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::Ordering::Relaxed;
    use std::fs;
    use std::io;
    use std::path::PathBuf;
    use std::vec::Vec;

    fn path(name: &str) -> PathBuf {
        let path = std::format!("lessram-counters-{}-{name}", std::process::id());
        std::env::temp_dir().join(path)
    }

    #[test]
    fn what_one_counts_the_other_sees() {
        let path = path("two");
        let ours = SharedCounters::create(&path, 1_000).unwrap();
        let theirs = SharedCounters::open(&path).unwrap();
        for i in 0..1_000 {
            theirs[i].fetch_add(i as u64, Relaxed);
        }
        assert!(ours.iter().map(|counter| counter.load(Relaxed)).eq(0..1_000));
        assert_eq!((ours.len(), ours.heap_bytes(), ours.get(1_000).is_none()), (1_000, 0, true));
        ours.flush().unwrap();
        drop((ours, theirs));
        let again = SharedCounters::open(&path).unwrap();
        assert_eq!(again[999].load(Relaxed), 999);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_there_is_kept() {
        let path = path("kept");
        SharedCounters::create(&path, 1).unwrap()[0].store(7, Relaxed);
        let Err(FileError::Io(error)) = SharedCounters::create(&path, 1) else { panic!("made") };
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(SharedCounters::open(&path).unwrap()[0].load(Relaxed), 7);
        fs::remove_file(&path).unwrap();
        let none = SharedCounters::create(&path, 0).unwrap();
        assert!(none.is_empty() && SharedCounters::open(&path).unwrap().is_empty());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let path = path("other");
        drop(SharedCounters::create(&path, 3).unwrap());
        let good = fs::read(&path).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
        damaged.push([&good[..], &[0]].concat());
        damaged.push([&good[..], &[0; 8]].concat());
        damaged.extend((0..HEAD).map(|at| {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            bytes
        }));
        for bytes in damaged {
            fs::write(&path, &bytes).unwrap();
            // One byte more is not a counter more.
            let opened = SharedCounters::open(&path);
            assert_eq!(opened.is_err(), bytes.len() != good.len() + 1, "{} bytes", bytes.len());
            // Only what is shorter than it says is called so.
            if let Err(FileError::Truncated { need, have }) = opened {
                assert!(need > have, "{need} {have}");
            }
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        fs::remove_file(path).unwrap();
    }
}
