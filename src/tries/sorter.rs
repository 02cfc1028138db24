//! [`Sorter`]: keys in any order, put in order within a budget of memory.

use super::spool::{common, read_key, varint};
use crate::error::{AllocError, FileError};
use crate::mem::Global;
use crate::mem::raw_vec::RawVec;
use crate::storage::Temp;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::vec::Vec;
use std::{env, fmt};

/// The least budget: below it, runs would be so short that merging them takes most of the time.
const MIN_MEMORY: usize = 1 << 20;
/// Runs of one level that become one of the next.
const FAN_IN: usize = 16;
/// Runs there are at most, far fewer than files that a process may have open: 15 of each of six
/// levels, for 16 million times the budget.
const MAX_RUNS: usize = 6 * FAN_IN;
/// Of the budget, what the buffers of all runs may take.
const BUFFER_SHARE: usize = 4;
/// Of one run: a larger buffer is no faster (guess).
const MAX_BUFFER: usize = 1 << 20;

/// Puts keys in order that come in any, in little memory: what does not fit waits in temporary
/// files, front-coded.
///
/// Each distinct key comes out once. The order is that of bytes, which the builders of
/// dictionaries ask for.
///
/// # When not to use it
///
/// - The keys fit in memory: `sort_unstable` and `dedup` of a `Vec` need no files.
/// - They come in order already: hand them to the builder.
///
/// # Space
///
/// About the budget, and the longest key of each run, of which there are some dozen. A key that
/// waits takes 12 bytes and its own. Files take what each key adds to the one before and two bytes
/// or more; on Unix they have no names, so that nothing is left of them however the process ends.
/// Elsewhere they stay if the process is killed.
///
/// # Time
///
/// O(n log n). A key is written once, and once more for each factor of 16 by which all of them
/// exceed the budget.
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
    most_waiting_bytes: usize,
    /// Of each run.
    buffer_bytes: usize,
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
        let each = (buffers / (MAX_RUNS + 1)).min(MAX_BUFFER);
        Self::with_limits(memory - buffers, each, folder.as_ref())
    }

    fn with_limits(most_waiting_bytes: usize, buffer_bytes: usize, folder: &Path) -> Self {
        let (waiting, runs, folder) = (Waiting::new(), Vec::new(), PathBuf::from(folder));
        Self { waiting, runs, folder, most_waiting_bytes, buffer_bytes, pushed: 0, lost: false }
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
    /// before it are kept, unless it was while files were merged: everything is refused from then
    /// on.
    pub fn push(&mut self, key: impl AsRef<[u8]>) -> Result<(), FileError> {
        let key = key.as_ref();
        self.check()?;
        if self.waiting.bytes_with(key) > self.most_waiting_bytes && !self.waiting.spans.is_empty()
        {
            self.spill()?;
        }
        self.waiting.push(key)?;
        self.pushed += 1;
        Ok(())
    }

    /// Writes what waits as one more run.
    #[cold]
    fn spill(&mut self) -> Result<(), FileError> {
        self.waiting.sort();
        let mut writer = RunWriter::create(&self.folder, self.buffer_bytes)?;
        for span in &self.waiting.spans[..] {
            writer.push(self.waiting.key(*span))?;
        }
        self.runs.push(writer.finish(0, self.buffer_bytes)?);
        self.waiting.clear();
        self.merge_full_levels()
    }

    /// Makes one run of a higher level of the last ones, as long as there are enough of one level:
    /// levels descend, as the digits of a number.
    fn merge_full_levels(&mut self) -> Result<(), FileError> {
        while let Some(level) = self.full_level() {
            // Before runs are taken: if there can be no file they are kept.
            let mut writer = RunWriter::create(&self.folder, self.buffer_bytes)?;
            let last = self.runs.split_off(self.runs.len() - FAN_IN);
            self.lost = true;
            let mut sorted = Sorted::new(last)?;
            while let Some(key) = sorted.next_key()? {
                writer.push(key)?;
            }
            self.runs.push(writer.finish(level + 1, self.buffer_bytes)?);
            self.lost = false;
        }
        Ok(())
    }

    /// The level of the last runs, if there are enough of it.
    fn full_level(&self) -> Option<u32> {
        let last = self.runs.last()?.level;
        let first = self.runs.len().checked_sub(FAN_IN)?;
        (self.runs[first].level == last).then_some(last)
    }

    fn check(&self) -> io::Result<()> {
        if self.lost {
            return Err(io::Error::other("merging files failed before: sort the keys anew"));
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
        self.runs.push(Run::new(Source::Waiting(self.waiting, 0), 0));
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
    key: RawVec<u8, Global>,
    /// How often its keys were merged.
    level: u32,
}

enum Source {
    /// And the number of the next key.
    Waiting(Waiting, usize),
    /// As a [`Spool`](super::spool::Spool) keeps them, and how many of them are still in the file.
    /// This goes when it is dropped.
    File(BufReader<Temp>, u64),
}

impl Run {
    const fn new(source: Source, level: u32) -> Self {
        Self { source, key: RawVec::new_in(Global), level }
    }

    /// Goes to the next key; whether there is one.
    fn advance(&mut self) -> Result<bool, FileError> {
        match &mut self.source {
            Source::Waiting(waiting, next) => {
                let Some(span) = waiting.spans.get(*next) else { return Ok(false) };
                self.key.truncate(0);
                self.key.try_extend_from_slice(waiting.key(*span))?;
                *next += 1;
            }
            Source::File(file, left) => {
                let Some(fewer) = left.checked_sub(1) else { return Ok(false) };
                read_key::<_, FileError>(file, &mut self.key)?;
                *left = fewer;
            }
        }
        Ok(true)
    }
}

/// Writes a run to a file.
struct RunWriter {
    file: BufWriter<Temp>,
    last: RawVec<u8, Global>,
    keys: u64,
}

impl RunWriter {
    fn create(folder: &Path, buffer_bytes: usize) -> io::Result<Self> {
        let file = BufWriter::with_capacity(buffer_bytes, Temp::unnamed(folder, "sort")?);
        Ok(Self { file, last: RawVec::new_in(Global), keys: 0 })
    }

    fn push(&mut self, key: &[u8]) -> Result<(), FileError> {
        let shared = common(&self.last, key);
        let tail = &key[shared..];
        self.file.write_all(varint(shared, &mut [0; 10]))?;
        self.file.write_all(varint(tail.len(), &mut [0; 10]))?;
        self.file.write_all(tail)?;
        self.keys += 1;
        self.last.truncate(shared);
        Ok(self.last.try_extend_from_slice(tail)?)
    }

    /// The run, from its first key on.
    fn finish(self, level: u32, buffer_bytes: usize) -> io::Result<Run> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let file = BufReader::with_capacity(buffer_bytes, file);
        Ok(Run::new(Source::File(file, self.keys), level))
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        self.key[..] == other.key[..]
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
        other.key[..].cmp(&self.key[..])
    }
}

/// The keys that a [`Sorter`] was given: in order, each once.
// Not by `Merge`, whose sources neither lend their keys nor fail.
pub struct Sorted {
    /// Each with a key that has not come out.
    runs: BinaryHeap<Run>,
    last: Option<RawVec<u8, Global>>,
    failed: bool,
    /// Whether the iterator gave an error.
    told: bool,
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
        Ok(Self { runs: runs.into(), last: None, failed: false, told: false })
    }

    /// The next key. Allocates only for keys longer than those before.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if a file cannot be read, or could not be before; [`FileError::Alloc`] if
    /// memory cannot be had.
    pub fn next_key(&mut self) -> Result<Option<&[u8]>, FileError> {
        if self.failed {
            return Err(io::Error::other("a file failed before: sort anew").into());
        }
        // Until the next key is there.
        self.failed = true;
        while let Some(mut run) = self.runs.peek_mut() {
            let new = self.last.as_ref().is_none_or(|last| last[..] != run.key[..]);
            if new {
                let last = self.last.get_or_insert_with(|| RawVec::new_in(Global));
                last.truncate(0);
                last.try_extend_from_slice(&run.key)?;
            }
            if !run.advance()? {
                PeekMut::pop(run);
            }
            if new {
                self.failed = false;
                return Ok(self.last.as_deref());
            }
        }
        self.failed = false;
        Ok(None)
    }
}

/// After an error it ends.
impl Iterator for Sorted {
    type Item = Result<Vec<u8>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.told {
            return None;
        }
        let next = self.next_key().map(|key| key.map(<[u8]>::to_vec)).transpose();
        self.told = matches!(next, Some(Err(_)));
        next
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

    #[test]
    fn buffers_stay_small_whatever_the_budget() {
        assert_eq!(Sorter::new(usize::MAX).buffer_bytes, MAX_BUFFER);
        assert!(Sorter::new(0).buffer_bytes < MIN_MEMORY / MAX_RUNS);
    }

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
        for (most, runs, levels) in [(1 << 20, 0..=0, 0), (20_000, 3..=15, 0), (1_000, 9..=30, 2)] {
            let mut sorter = Sorter::with_limits(most, 64, &env::temp_dir());
            for key in &keys {
                sorter.push(key).unwrap();
            }
            assert!(runs.contains(&sorter.runs.len()), "{} runs", sorter.runs.len());
            // Each level is one more time that a key was written.
            let level = sorter.runs.first().map_or(0, |run| run.level);
            assert!(level <= levels, "level {level}");
            assert!(sorter.runs.is_sorted_by(|a, b| a.level >= b.level));
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
    fn a_merge_without_a_file_loses_nothing() {
        let mut sorter = Sorter::with_limits(100, 64, &env::temp_dir());
        let key = |i: u32| format!("{i:04}");
        let mut pushed = 0;
        while sorter.runs.len() < FAN_IN - 1 || sorter.waiting.spans.len() < 3 {
            sorter.push(key(pushed)).unwrap();
            pushed += 1;
        }
        let folder = core::mem::replace(&mut sorter.folder, PathBuf::from("no/such/folder"));
        while sorter.push(key(pushed)).is_ok() {
            pushed += 1;
        }
        sorter.folder = folder;
        for more in pushed..pushed + 500 {
            sorter.push(key(more)).unwrap();
        }
        assert!(all(sorter).into_iter().eq((0..pushed + 500).map(|i| key(i).into_bytes())));
    }

    /// A file that is shorter than it was is an error, each time, and no key.
    #[test]
    fn files_that_fail_are_not_passed_over() {
        let cut = |run: &mut Run, bytes| {
            let Source::File(file, _) = &mut run.source else { panic!("a file") };
            file.get_mut().file().set_len(bytes).unwrap();
        };
        let filled = || {
            let mut sorter = Sorter::with_limits(400, 64, &env::temp_dir());
            (0..400).for_each(|i| sorter.push(format!("{i:04}")).unwrap());
            assert!((3..FAN_IN).contains(&sorter.runs.len()));
            sorter
        };
        // In a key, and between two: the first has 6 bytes here, those behind it 3.
        for bytes in [20, 18] {
            let mut sorter = filled();
            cut(&mut sorter.runs[1], bytes);
            let mut sorted = sorter.finish().unwrap();
            let refused = (0..500).find_map(|_| sorted.next_key().err());
            assert!(matches!(refused, Some(FileError::Io(_))) && sorted.next_key().is_err());
            // The iterator tells it once more, and ends.
            assert!(sorted.next().is_some_and(|key| key.is_err()) && sorted.next().is_none());
        }
        let mut sorter = filled();
        cut(&mut sorter.runs[1], 20);
        let refused = (0..9_000).any(|_| sorter.push("more").is_err());
        assert!(refused && sorter.push("again").is_err() && sorter.finish().is_err());
    }
}
