//! [`Sorter`]: keys in any order, put in order within a budget of memory.

use super::spool::{common, read_number};
use crate::error::{AllocError, FileError};
use crate::mem::Global;
use crate::mem::raw_vec::RawVec;
use crate::storage::Temp;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::vec::Vec;
use std::{env, fmt, mem};

/// The least budget: below it, runs would be so short that merging them takes most of the time.
const MIN_MEMORY: usize = 1 << 20;
/// Runs in files that are merged at once: far fewer than files that a process may have open.
const MAX_RUNS: usize = 64;
/// Of the budget, what the buffers of all runs may take.
const BUFFER_SHARE: usize = 4;

/// Puts keys in order that come in any, in little memory: what does not fit waits in temporary
/// files, front-coded.
///
/// Each distinct key comes out once. The order is that of bytes, which the builders of
/// dictionaries ask for.
///
/// # When not to use it
///
/// - The keys fit in memory: `sort_unstable` and `dedup` of a `Vec` take half the time.
/// - They come in order already: hand them to the builder.
///
/// # Space
///
/// No more than the budget, and the longest key three times. A key that waits takes 12 bytes and
/// its own. Files take what each key adds to the one before and two bytes or more; on Unix they
/// have no names, so that nothing is left of them however the process ends.
///
/// # Time
///
/// O(n log n). Keys are written once for each factor of 64 by which they exceed the budget.
///
/// # Example
///
/// ```
/// use lessram::tries::{FrontDict, Sorter};
///
/// let mut keys = Sorter::new(64 << 20);
/// for key in ["cat", "ant", "bee", "ant"] {
///     keys.push(key)?;
/// }
/// let mut builder = FrontDict::builder();
/// let mut sorted = keys.finish()?;
/// while let Some(key) = sorted.next_key()? {
///     builder.push(key)?;
/// }
/// assert_eq!(builder.finish()?.id_of("bee"), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sorter {
    waiting: Waiting,
    runs: Vec<Run>,
    folder: PathBuf,
    /// Bytes that may wait, and of the buffer of a run.
    most: usize,
    buffer: usize,
    pushed: u64,
    /// Whether runs were lost, as a file failed while they were merged.
    lost: bool,
}

impl Sorter {
    /// For a budget of `memory` bytes; 1 MiB at least. Files go where the system's temporary files
    /// go, which may itself be memory.
    #[must_use]
    pub fn new(memory: usize) -> Self {
        Self::in_folder(memory, env::temp_dir())
    }

    /// As [`new`](Self::new), with files in `folder`, which must exist by the time they are needed.
    #[must_use]
    pub fn in_folder(memory: usize, folder: impl AsRef<Path>) -> Self {
        let memory = memory.max(MIN_MEMORY);
        let buffers = memory / BUFFER_SHARE;
        Self::with_limits(memory - buffers, buffers / (MAX_RUNS + 1), folder.as_ref())
    }

    fn with_limits(most: usize, buffer: usize, folder: &Path) -> Self {
        let (waiting, runs, folder) = (Waiting::new(), Vec::new(), PathBuf::from(folder));
        Self { waiting, runs, folder, most, buffer, pushed: 0, lost: false }
    }

    /// Keys pushed, each as often as it was.
    #[must_use]
    pub const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Whether some keys wait in files.
    #[must_use]
    pub fn is_in_files(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Takes a key.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if a temporary file cannot be written, [`FileError::Alloc`] if memory
    /// cannot be had, or the key has more than 2^32 - 1 bytes. The key is not taken then. Those
    /// before it are kept, but for a file that fails while files are merged: everything is refused
    /// from then on.
    pub fn push(&mut self, key: impl AsRef<[u8]>) -> Result<(), FileError> {
        let key = key.as_ref();
        self.check()?;
        if self.waiting.bytes_with(key) > self.most && !self.waiting.spans.is_empty() {
            self.spill()?;
        }
        self.waiting.push(key)?;
        self.pushed += 1;
        Ok(())
    }

    /// Writes what waits as one more run.
    #[cold]
    fn spill(&mut self) -> Result<(), FileError> {
        if self.runs.len() == MAX_RUNS {
            self.lost = true;
            let merged = self.merge_runs()?;
            self.lost = false;
            self.runs.push(merged);
        }
        self.waiting.sort();
        let mut writer = RunWriter::create(&self.folder, self.buffer)?;
        for span in &self.waiting.spans[..] {
            writer.push(self.waiting.key(*span))?;
        }
        let run = writer.finish(self.buffer)?;
        self.runs.push(run);
        self.waiting.clear();
        Ok(())
    }

    /// All runs as one.
    fn merge_runs(&mut self) -> Result<Run, FileError> {
        let mut sorted = Sorted::new(mem::take(&mut self.runs))?;
        let mut writer = RunWriter::create(&self.folder, self.buffer)?;
        while let Some(key) = sorted.next_key()? {
            writer.push(key)?;
        }
        writer.finish(self.buffer)
    }

    fn check(&self) -> io::Result<()> {
        if self.lost {
            return Err(io::Error::other("a file failed before, and keys with it: sort them anew"));
        }
        Ok(())
    }

    /// The keys in order.
    ///
    /// # Errors
    ///
    /// [`FileError::Alloc`] if memory cannot be had, [`FileError::Io`] if a file cannot be read.
    pub fn finish(mut self) -> Result<Sorted, FileError> {
        self.check()?;
        self.waiting.sort();
        // What waits needs no file.
        self.runs.push(Run { source: Source::Waiting(self.waiting, 0), key: Vec::new() });
        Sorted::new(self.runs)
    }
}

impl fmt::Debug for Sorter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pushed, runs) = (self.pushed, self.runs.len());
        f.debug_struct("Sorter").field("pushed", &pushed).field("runs", &runs).finish()
    }
}

/// Where a waiting key is: by its first bytes, as most comparisons end there.
#[derive(Clone, Copy)]
struct Span {
    prefix: u32,
    start: u32,
}

/// Keys in memory: the length of each, in four bytes, and its bytes.
struct Waiting {
    bytes: RawVec<u8, Global>,
    spans: RawVec<Span, Global>,
}

impl Waiting {
    const fn new() -> Self {
        Self { bytes: RawVec::new_in(Global), spans: RawVec::new_in(Global) }
    }

    /// Bytes that are taken once `key` waits too, or more than can be.
    fn bytes_with(&self, key: &[u8]) -> usize {
        let bytes = self.bytes.len() + key.len() + 4;
        match u32::try_from(bytes) {
            Ok(_) => bytes + (self.spans.len() + 1) * size_of::<Span>(),
            Err(_) => usize::MAX,
        }
    }

    fn push(&mut self, key: &[u8]) -> Result<(), AllocError> {
        let start = u32::try_from(self.bytes.len()).map_err(|_| AllocError::CapacityOverflow)?;
        let len = u32::try_from(key.len()).map_err(|_| AllocError::CapacityOverflow)?;
        let mut prefix = [0; 4];
        let few = key.len().min(4);
        prefix[..few].copy_from_slice(&key[..few]);
        self.bytes.try_reserve(key.len() + 4)?;
        self.spans.try_push(Span { prefix: u32::from_be_bytes(prefix), start })?;
        self.bytes.try_extend_from_slice(&len.to_le_bytes())?;
        self.bytes.try_extend_from_slice(key)
    }

    fn key(&self, span: Span) -> &[u8] {
        key_at(&self.bytes, span)
    }

    /// Puts the keys in order, and drops those that are there twice.
    fn sort(&mut self) {
        let Self { bytes, spans } = self;
        let key = |span: &Span| key_at(bytes, *span);
        spans.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| key(a).cmp(key(b))));
        let mut len = 0;
        for at in 0..spans.len() {
            if at == 0 || key(&spans[at]) != key(&spans[len - 1]) {
                spans[len] = spans[at];
                len += 1;
            }
        }
        spans.truncate(len);
    }

    fn clear(&mut self) {
        self.bytes.truncate(0);
        self.spans.truncate(0);
    }
}

fn key_at(bytes: &[u8], span: Span) -> &[u8] {
    let (len, rest) = bytes[span.start as usize..].split_at(4);
    let len = len.iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
    &rest[..len]
}

/// Keys in order, and the first of them that has not come out.
struct Run {
    source: Source,
    key: Vec<u8>,
}

enum Source {
    /// And the number of the next key.
    Waiting(Waiting, usize),
    /// As a [`Spool`](super::spool::Spool) keeps them. The file goes when it is dropped.
    File(BufReader<Temp>),
}

impl Run {
    /// Goes to the next key; whether there is one.
    fn advance(&mut self) -> Result<bool, FileError> {
        match &mut self.source {
            Source::Waiting(waiting, next) => {
                let Some(span) = waiting.spans.get(*next) else { return Ok(false) };
                replace_tail(&mut self.key, 0, waiting.key(*span))?;
                *next += 1;
            }
            Source::File(file) => {
                if file.fill_buf()?.is_empty() {
                    return Ok(false);
                }
                let (shared, added) = (read_number(file)?, read_number(file)?);
                let len = shared.min(self.key.len());
                self.key.truncate(len);
                self.key.try_reserve(added).map_err(|_| AllocError::CapacityOverflow)?;
                self.key.resize(len + added, 0);
                file.read_exact(&mut self.key[len..])?;
            }
        }
        Ok(true)
    }
}

/// Makes `key` its first `shared` bytes and `tail`.
fn replace_tail(key: &mut Vec<u8>, shared: usize, tail: &[u8]) -> Result<(), AllocError> {
    key.truncate(shared);
    key.try_reserve(tail.len()).map_err(|_| AllocError::CapacityOverflow)?;
    key.extend_from_slice(tail);
    Ok(())
}

/// Writes a run to a file.
struct RunWriter {
    file: BufWriter<Temp>,
    last: Vec<u8>,
}

impl RunWriter {
    fn create(folder: &Path, buffer: usize) -> Result<Self, FileError> {
        let file = BufWriter::with_capacity(buffer, Temp::unnamed(folder, "sort")?);
        Ok(Self { file, last: Vec::new() })
    }

    fn push(&mut self, key: &[u8]) -> Result<(), FileError> {
        let shared = common(&self.last, key);
        let tail = &key[shared..];
        self.put(shared)?;
        self.put(tail.len())?;
        self.file.write_all(tail)?;
        Ok(replace_tail(&mut self.last, shared, tail)?)
    }

    fn put(&mut self, mut number: usize) -> io::Result<()> {
        while number >= 128 {
            self.file.write_all(&[number as u8 | 128])?;
            number >>= 7;
        }
        self.file.write_all(&[number as u8])
    }

    /// The run, from its first key on.
    fn finish(self, buffer: usize) -> Result<Run, FileError> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let source = Source::File(BufReader::with_capacity(buffer, file));
        Ok(Run { source, key: self.last })
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Run {}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Run {
    /// The greatest has the smallest key: heaps give the greatest first.
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        other.key.cmp(&self.key)
    }
}

/// The keys that a [`Sorter`] was given: in order, each once.
pub struct Sorted {
    /// Each with a key that has not come out.
    runs: BinaryHeap<Run>,
    last: Option<Vec<u8>>,
}

impl Sorted {
    /// From runs of which nothing has come out.
    fn new(mut runs: Vec<Run>) -> Result<Self, FileError> {
        let mut at = 0;
        while let Some(run) = runs.get_mut(at) {
            if run.advance()? {
                at += 1;
            } else {
                runs.swap_remove(at);
            }
        }
        Ok(Self { runs: runs.into(), last: None })
    }

    /// The next key. Allocates only for keys longer than those before.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if a file cannot be read, [`FileError::Alloc`] if memory cannot be had.
    pub fn next_key(&mut self) -> Result<Option<&[u8]>, FileError> {
        loop {
            let Some(mut run) = self.runs.peek_mut() else { return Ok(None) };
            let new = self.last.as_ref() != Some(&run.key);
            if new {
                replace_tail(self.last.get_or_insert_default(), 0, &run.key)?;
            }
            if !run.advance()? {
                PeekMut::pop(run);
            }
            if new {
                break;
            }
        }
        Ok(self.last.as_deref())
    }
}

impl Iterator for Sorted {
    type Item = Result<Vec<u8>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_key().map(|key| key.map(<[u8]>::to_vec)).transpose()
    }
}

impl fmt::Debug for Sorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorted").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use std::collections::BTreeSet;
    use std::format;
    use std::string::String;

    /// All keys that come out.
    fn all(sorter: Sorter) -> Vec<Vec<u8>> {
        sorter.finish().unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn keys_come_out_in_order_once_however_little_fits() {
        let mut rng = Rng::new(41);
        let mut keys: Vec<String> = (0..6_000).map(|_| format!("{:x}", rng.below(9_000))).collect();
        keys.extend(["", "a", "a\0", "a\0\0", "\u{7f}"].map(String::from));
        keys.push("long".repeat(9_000));
        let expected: BTreeSet<&[u8]> = keys.iter().map(String::as_bytes).collect();
        // All at once; in a few runs; in so many that runs are merged, and merged again.
        for (most, runs) in [(1 << 20, 0..=0), (20_000, 3..=63), (1_000, 1..=MAX_RUNS)] {
            let mut sorter = Sorter::with_limits(most, 64, &env::temp_dir());
            for key in &keys {
                sorter.push(key).unwrap();
            }
            assert!(runs.contains(&sorter.runs.len()), "{} runs", sorter.runs.len());
            assert_eq!(sorter.pushed(), keys.len() as u64);
            assert!(all(sorter).iter().eq(&expected), "{most}");
        }
        assert!(all(Sorter::new(0)).is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there_loses_nothing() {
        let mut sorter = Sorter::with_limits(60, 64, Path::new("no/such/folder"));
        let keys = ["a", "b", "c", "d", "e", "f", "g"];
        let pushed = keys.iter().take_while(|key| sorter.push(key).is_ok()).count();
        assert!(pushed > 3 && pushed < keys.len(), "{pushed}");
        assert!(matches!(sorter.push("h"), Err(FileError::Io(_))));
        assert!(all(sorter).iter().eq(&keys.map(str::as_bytes)[..pushed]));
    }

    #[test]
    fn keys_of_a_failed_merge_are_not_passed_over() {
        let mut sorter = Sorter::with_limits(100, 64, &env::temp_dir());
        let mut key = 0;
        while sorter.runs.len() < MAX_RUNS {
            sorter.push(format!("{key}")).unwrap();
            key += 1;
        }
        sorter.folder = PathBuf::from("no/such/folder");
        let refused = (0..10).any(|_| sorter.push("more").is_err());
        assert!(refused && sorter.push("again").is_err() && sorter.finish().is_err());
    }
}
