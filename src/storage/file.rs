//! Files: atomic save, bounded reading.

use super::container::{
    Container, HEADER_BYTES, Head, Header, MAX_HEAD_BYTES, Section, section_hash,
};
use super::persist::{Persist, Source, check_kind, find};
use super::words::{HeapWords, as_bytes};
use super::write::write_to;
use crate::error::{AllocError, FileError, Tag};
use crate::hashing::xxh3;
use crate::mem::Global;
use core::ops::Range;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::vec::Vec;

/// While the length of a stream is unknown, a section's block grows by this many bytes at a time,
/// so that a header that promises the sky gets memory only as the bytes come in.
const READ_STEP: usize = 1 << 20;

/// How temporary files end, so that a later save knows what an interrupted one left.
const TEMP_SUFFIX: &str = ".lram-tmp";
/// Bytes of the longest name that temporary names begin with: with what follows they have 255 at
/// most.
const LONGEST_NAME: usize = 200;

/// Saves the structure to `path`, atomically.
///
/// A temporary file in the same folder is written, synced and renamed over `path`, and the folder
/// is synced; readers that have the old file open or mapped keep it. A symlink is followed; the
/// mode of an existing file is kept, its owner is not. On Windows the folder is not synced.
/// Temporary files that a killed process left for the same `path` are removed; processes are told
/// apart by their number, so containers that do not see each other must not save to one path.
///
/// # Errors
///
/// [`FileError::NotAFile`] if `path` names a folder, a device or a pipe, which stay what they are.
/// [`FileError::Io`]; the old file is then untouched and no temporary file is left. But for one:
/// where the folder cannot be synced, the new file is in its place, and nobody knows whether it
/// would be after a power cut.
pub fn save<P: Persist>(structure: &P, path: &Path) -> Result<(), FileError> {
    replace(path, |file| write_to(structure, io::BufWriter::new(file)))
}

/// Replaces the file at `path` by what `write` writes, atomically.
fn replace(
    path: &Path,
    write: impl FnOnce(&File) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let old = fs::metadata(path).ok();
    // A new name takes the place of anything but a folder: who may write to `/dev` would have a
    // file for `/dev/null`.
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return Err(FileError::NotAFile);
    }
    put(path, old.map(|old| old.permissions()), write, Temp::rename)
}

/// Makes a file at `path` of what `write` writes, atomically; an error if there is one.
#[cfg(feature = "mmap")]
pub(super) fn create_new(
    path: &Path,
    write: impl FnOnce(&File) -> Result<(), FileError>,
) -> Result<(), FileError> {
    // A second name, as a new name for the first would take the place of what is there.
    put(path, None, write, |temp, path| {
        Ok(temp.path.iter().try_for_each(|old| fs::hard_link(old, path))?)
    })
}

/// Writes a temporary file beside `path`, with the permissions of the old one if there is one, and
/// lets `place` give it that name.
fn put(
    path: &Path,
    old: Option<Permissions>,
    write: impl FnOnce(&File) -> Result<(), FileError>,
    place: impl FnOnce(Temp, &Path) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let path = target_of(path)?;
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => PathBuf::from(parent),
        _ => PathBuf::from("."),
    };
    let name = path.file_name().ok_or(io::Error::from(io::ErrorKind::InvalidInput))?;
    remove_leftovers(&folder, name);
    // Before anything is done that could not be undone.
    let folder_to_sync = open_folder(&folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if old.is_some() {
        // Who may not read the old file may at no moment read the new one.
        for_this_user(&mut options);
    }
    let temp = Temp::create(&folder, name, &options)?;
    if let Some(permissions) = old {
        temp.file.set_permissions(permissions)?;
    }
    write(&temp.file)?;
    temp.file.sync_all()?;
    place(temp, &path)?;
    if let Some(folder) = folder_to_sync {
        folder.sync_all()?;
    }
    Ok(())
}

/// What `path` names: not a symlink, whose target is replaced or made and which stays.
fn target_of(path: &Path) -> Result<PathBuf, FileError> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return Ok(other?),
    }
    // Nothing there yet. Links that lead to nothing cannot lead round: that is another error.
    let mut path = PathBuf::from(path);
    while let Ok(target) = fs::read_link(&path) {
        path.pop();
        path.push(target);
    }
    Ok(path)
}

/// Windows has no handle to sync a folder by; the rename is journalled.
fn open_folder(folder: &Path) -> io::Result<Option<File>> {
    if cfg!(unix) { File::open(folder).map(Some) } else { Ok(None) }
}

/// On Unix, files that are made by `options` are for this user alone.
fn for_this_user(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// A temporary file that removes itself unless it is renamed.
pub(crate) struct Temp {
    file: File,
    path: Option<PathBuf>,
}

impl Temp {
    /// `.NAME.PID-RUN-COUNT.lram-tmp`, made anew.
    fn create(folder: &Path, name: &OsStr, options: &OpenOptions) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let mut temp = temp_prefix(name);
            let (process, run) = (std::process::id(), this_run());
            let count = COUNT.fetch_add(1, Relaxed);
            temp.push(std::format!("{process}-{run:08x}-{count}{TEMP_SUFFIX}"));
            let path = folder.join(temp);
            match options.open(&path) {
                Ok(file) => return Ok(Self { file, path: Some(path) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A file for this process alone. On Unix nobody else may open it while it has a name, and it
    /// has none from here on, so that nothing is left of it however the process ends.
    pub(crate) fn unnamed(folder: &Path, name: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        for_this_user(&mut options);
        let mut temp = Self::create(folder, OsStr::new(name), &options)?;
        if cfg!(unix) {
            if let Some(path) = &temp.path {
                fs::remove_file(path)?;
                temp.path = None;
            }
        }
        Ok(temp)
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    fn rename(mut self, target: &Path) -> Result<(), FileError> {
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
            self.path = None;
        }
        Ok(())
    }
}

impl Read for Temp {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Write for Temp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Temp {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Nobody is left to tell if this fails; the next save tries again.
            let _ = fs::remove_file(path);
        }
    }
}

/// What the names of temporary files for `name` begin with. For a name that is about as long as
/// names can be, its hash stands in its place.
fn temp_prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    if name.len() <= LONGEST_NAME {
        prefix.push(name);
    } else {
        prefix.push(std::format!("{:016x}", xxh3(name.as_encoded_bytes(), 0)));
    }
    prefix.push(".");
    prefix
}

/// Removes temporary files for `name` whose process is gone. Best effort: a save never fails
/// because an old leftover cannot be removed.
fn remove_leftovers(folder: &Path, name: &OsStr) {
    let prefix = temp_prefix(name);
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let rest = file_name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        let rest = rest.and_then(|rest| rest.strip_suffix(TEMP_SUFFIX.as_bytes()));
        let Some((process, run)) = rest.and_then(writer_of) else { continue };
        if !is_alive(process, run) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A number that tells this run of the program from earlier ones with the same process number, as
/// in containers, where that is always 1.
fn this_run() -> u32 {
    static RUN: OnceLock<u32> = OnceLock::new();
    *RUN.get_or_init(|| RandomState::new().build_hasher().finish() as u32)
}

/// Process and run in `PID-RUN-COUNT`.
fn writer_of(rest: &[u8]) -> Option<(u32, u32)> {
    let mut fields = std::str::from_utf8(rest).ok()?.split('-');
    let process = fields.next()?.parse().ok()?;
    let run = u32::from_str_radix(fields.next()?, 16).ok()?;
    fields.next()?.parse::<u32>().ok()?;
    fields.next().is_none().then_some((process, run))
}

/// Whether the run of this process goes on; where that cannot be asked, it is taken to.
fn is_alive(process: u32, run: u32) -> bool {
    if process == std::process::id() {
        return run == this_run();
    }
    let sees = |name: &str| Path::new("/proc").join(name).exists();
    // Where process 1 is hidden, others that go on may be, too.
    !sees("self") || !sees("1") || sees(&std::format!("{process}"))
}

/// Sections read onto the heap.
struct Loaded {
    header: Header,
    sections: Vec<(Section, HeapWords)>,
}

impl Source for Loaded {
    type Words = HeapWords;

    fn header(&self) -> &Header {
        &self.header
    }

    fn section(&mut self, tag: Tag, elem_size: u8) -> Result<HeapWords, FileError> {
        find(self.sections.iter().map(|(section, _)| *section), tag, elem_size)?;
        let at = self.sections.iter().position(|(section, _)| section.tag == tag);
        let at = at.ok_or(FileError::Corrupt { section: tag, rule: "the section exists" })?;
        Ok(self.sections.swap_remove(at).1)
    }
}

/// Reads a structure from the file at `path` onto the heap, and checks the section hashes.
///
/// # Errors
///
/// Any [`FileError`] of a file that is not sound or holds something else.
pub fn read<P: Persist<Words = HeapWords>>(path: &Path) -> Result<P, FileError> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    load(io::BufReader::new(file), len, true)
}

/// Reads a structure from a stream of at most `max_bytes`, and checks the section hashes.
///
/// # Errors
///
/// Any [`FileError`] of a stream that is not sound or holds something else;
/// [`FileError::Truncated`] if the file is longer than `max_bytes`.
pub fn read_from<P: Persist<Words = HeapWords>>(
    stream: impl Read,
    max_bytes: u64,
) -> Result<P, FileError> {
    load(stream, max_bytes, false)
}

/// Loads from `stream`, whose length is `len` if `exact`, else at most that.
fn load<P: Persist<Words = HeapWords>>(
    mut stream: impl Read,
    len: u64,
    exact: bool,
) -> Result<P, FileError> {
    let mut buffer = [0; MAX_HEAD_BYTES];
    let head = head_from(&mut stream, &mut buffer, len, exact)?;
    let header = head.header;
    check_kind::<P>(&header)?;
    let mut at = header.head_bytes() as u64;
    let mut sections = Vec::with_capacity(header.sections as usize);
    for section in head.rows() {
        let section = section?;
        skip_padding(&mut stream, at..section.offset)?;
        let words = read_section(&mut stream, section.offset, section.len, exact)?;
        if section_hash(section.tag, words.as_bytes()) != section.hash {
            return Err(FileError::Checksum { section: section.tag });
        }
        at = section.offset + section.len;
        sections.push((section, words));
    }
    P::load(&mut Loaded { header, sections })
}

/// Reads header and table from `stream`, whose length is `len` if `exact`, else at most that.
fn head_from<'b>(
    stream: &mut impl Read,
    buffer: &'b mut [u8; MAX_HEAD_BYTES],
    len: u64,
    exact: bool,
) -> Result<Head<'b>, FileError> {
    let got = read_up_to(stream, &mut buffer[..HEADER_BYTES])?;
    let Some(start) = buffer[..got].first_chunk() else {
        return Head::parse(&buffer[..got], got as u64);
    };
    let header = Header::parse(start)?;
    let file_len = if exact { len } else { header.file_len };
    if file_len > len {
        return Err(FileError::Truncated { need: file_len, have: len });
    }
    let table = &mut buffer[HEADER_BYTES..header.head_bytes()];
    let got = HEADER_BYTES + read_up_to(stream, table)?;
    Head::parse(&buffer[..got], file_len)
}

/// Header and section table of the file at `path`, checked; reads no more than them, and allocates
/// for the table alone. For tools that look at files of any kind and size.
///
/// # Errors
///
/// Any [`FileError`] of a file that is not sound.
pub fn read_head(path: &Path) -> Result<(Header, Vec<Section>), FileError> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut buffer = [0; MAX_HEAD_BYTES];
    let head = head_from(&mut file, &mut buffer, len, true)?;
    Ok((head.header, head.rows().collect::<Result<_, _>>()?))
}

/// Fills `out` as far as the stream goes.
pub(super) fn read_up_to(stream: &mut impl Read, out: &mut [u8]) -> Result<usize, FileError> {
    let mut got = 0;
    while got < out.len() {
        match stream.read(&mut out[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(got)
}

/// Reads what is between sections, in these bytes of the file.
fn skip_padding(stream: &mut impl Read, place: Range<u64>) -> Result<(), FileError> {
    let mut padding = [0; super::container::ALIGN as usize];
    let padding = &mut padding[..(place.end - place.start) as usize];
    let got = read_up_to(stream, padding)?;
    if got < padding.len() {
        return Err(FileError::Truncated { need: place.end, have: place.start + got as u64 });
    }
    if padding.iter().any(|byte| *byte != 0) {
        return Err(FileError::Corrupt { section: Tag::HEAD, rule: "padding of zeros" });
    }
    Ok(())
}

/// Reads `len` bytes, which begin at `offset` in the file, into a block of exactly that size; if
/// the stream's length was not `known`, the block grows as the bytes come in.
fn read_section(
    stream: &mut impl Read,
    offset: u64,
    len: u64,
    known: bool,
) -> Result<HeapWords, FileError> {
    let need = offset + len;
    let len = usize::try_from(len).map_err(|_| AllocError::CapacityOverflow)?;
    let mut words = HeapWords::new_in(Global);
    if known {
        words.try_reserve_exact(len / 8)?;
    }
    let mut at = 0;
    while at < len {
        let end = len.min(at + READ_STEP);
        words.try_resize(end / 8)?;
        let got = read_up_to(stream, &mut words.as_bytes_mut()[at..end])?;
        if got < end - at {
            return Err(FileError::Truncated { need, have: offset + (at + got) as u64 });
        }
        at = end;
    }
    words.try_shrink_to_fit()?;
    Ok(words)
}

/// The whole file at `path` in aligned memory: for tools that inspect files.
///
/// # Errors
///
/// [`FileError::Io`], or [`FileError::Alloc`] if the file does not fit in memory.
pub fn read_bytes(path: &Path) -> Result<HeapWords, FileError> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let words = read_section(&mut file, 0, len & !7, true)?;
    // Sections are whole words, so a file that ends within one is cut short or foreign.
    if len % 8 != 0 {
        Head::parse(as_bytes(super::words::Words::words(&words)), len)?;
        return Err(FileError::Corrupt { section: Tag::HEAD, rule: "files of whole words" });
    }
    Container::open(words.as_bytes())?;
    Ok(words)
}
