//! Where keys come from: a file, standard input or the sample, plain or compressed.

use crate::args::FormatArgs;
use crate::error::{Failure, Outcome};
use crate::progress::Progress;
use crate::sample;
use crate::scratch::Scratch;
use indicatif::ProgressBar;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Bytes read at a time.
const BUFFER_BYTES: usize = 1 << 18;

/// A file that can be read as often as needed.
#[derive(Debug)]
pub(crate) struct Input {
    /// What people call it.
    pub(crate) name: String,
    path: PathBuf,
    bytes: u64,
    /// Lines of the whole, if these are a sample of them.
    pub(crate) sampled_from: Option<u64>,
}

impl Input {
    /// Opens `file`, or standard input for `-`, or the sample for `None`. What is compressed, or
    /// can be read only once, is copied to a temporary file.
    pub(crate) fn open(
        file: Option<&Path>,
        scratch: &Scratch,
        progress: &mut Progress,
    ) -> Outcome<Self> {
        let name = name_of(file);
        let (mut source, total) = raw(file)?;
        let start = head(&mut source).map_err(|error| Failure::bad(format!("{name}: {error}")))?;
        let plain = file.filter(|path| {
            Compression::of(&start).is_none() && path.is_file() && *path != Path::new("-")
        });
        let path = match plain {
            Some(path) => path.to_owned(),
            None => {
                progress.bytes("spooling", total);
                let bar = progress.handle();
                spool(decoded(source, &start, bar, &name)?, &name, scratch)?
            }
        };
        let bytes = fs::metadata(&path).map_err(|error| Failure::open(&path, &error))?.len();
        if bytes == 0 {
            return Err(empty(&name));
        }
        Ok(Self { name, path, bytes, sampled_from: None })
    }

    /// The file at `path`, `count` lines of these.
    pub(crate) fn sampled(self, path: PathBuf, count: u64, lines: u64) -> Outcome<Self> {
        let bytes = fs::metadata(&path).map_err(|error| Failure::scratch(&path, error))?.len();
        let name = format!("{}, {} lines of {}", self.name, group(count), group(lines));
        Ok(Self { name, path, bytes, sampled_from: Some(lines) })
    }

    /// The lines from the start.
    pub(crate) fn lines(&self, strip_cr: bool, bar: ProgressBar) -> Outcome<Lines> {
        let file = File::open(&self.path).map_err(|error| Failure::open(&self.path, &error))?;
        let stream = Box::new(bar.wrap_read(file));
        Ok(Lines::new(stream, self.name.clone(), strip_cr))
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The error of an input without any byte.
fn empty(name: &str) -> Failure {
    Failure::bad(format!("{name}: is empty: give a file with at least one line"))
}

/// What people call the input.
pub(crate) fn name_of(file: Option<&Path>) -> String {
    match file {
        None => sample::NAME.to_owned(),
        Some(path) if path == Path::new("-") => "standard input".to_owned(),
        Some(path) => path.display().to_string(),
    }
}

type Source = Box<dyn Read>;

/// The bytes as they come, and how many if that is known.
fn raw(file: Option<&Path>) -> Outcome<(Source, Option<u64>)> {
    match file {
        None => Ok((Box::new(sample::WORDS), Some(sample::WORDS.len() as u64))),
        Some(path) if path == Path::new("-") => Ok((Box::new(io::stdin()), None)),
        Some(path) => {
            let fail = |error| Failure::open(path, &error);
            let info = fs::metadata(path).map_err(fail)?;
            if info.is_dir() {
                return Err(fail(io::ErrorKind::IsADirectory.into()));
            }
            let file = File::open(path).map_err(fail)?;
            Ok((Box::new(file), info.is_file().then_some(info.len())))
        }
    }
}

/// How a file is compressed, by its first bytes.
#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// The first four bytes, or all if there are fewer.
fn head(source: &mut Source) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut start)?;
    Ok(start)
}

/// All bytes after decompression; `start` was read already. Names the file in errors.
fn decoded(source: Source, start: &[u8], bar: ProgressBar, name: &str) -> Outcome<Source> {
    decoded_by(BUFFER_BYTES, source, start, bar, name)
}

/// As [`decoded`], reading so many bytes at a time.
fn decoded_by(
    buffer_bytes: usize,
    source: Source,
    start: &[u8],
    bar: ProgressBar,
    name: &str,
) -> Outcome<Source> {
    let all = bar.wrap_read(io::Cursor::new(start.to_vec()).chain(source));
    let all = BufReader::with_capacity(buffer_bytes, all);
    let compression = Compression::of(start);
    let reader: Source = match compression {
        None => Box::new(all),
        Some(Compression::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(all)),
        Some(Compression::Zstd) => match zstd::Decoder::with_buffer(all) {
            Ok(decoder) => Box::new(decoder),
            Err(error) => return Err(Failure::bad(format!("{name}: {error}"))),
        },
    };
    Ok(Box::new(Told { reader, what: compression.map(Compression::name) }))
}

/// Says in errors that compressed data are damaged: the decoders' own words do not.
struct Told {
    reader: Source,
    what: Option<&'static str>,
}

impl Read for Told {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reader.read(out).map_err(|error| match self.what {
            Some(what) if error.kind() != io::ErrorKind::Interrupted => {
                let text = format!("damaged or cut {what} data ({error}): fetch the file again");
                io::Error::new(error.kind(), text)
            }
            _ => error,
        })
    }
}

/// Copies everything to a temporary file.
fn spool(mut source: Source, name: &str, scratch: &Scratch) -> Outcome<PathBuf> {
    let (mut file, path) = scratch.file("input")?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(path),
            Ok(got) => {
                file.write_all(&buffer[..got]).map_err(|error| Failure::scratch(&path, error))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::bad(format!("{name}: {error}"))),
        }
    }
}

/// The bytes of `file` after decompression, once, without a copy on disk.
pub(crate) fn once(file: &Path, strip_cr: bool, progress: &mut Progress) -> Outcome<Lines> {
    let name = name_of(Some(file));
    let (mut source, total) = raw(Some(file))?;
    progress.bytes("reading", total);
    let fail = |error: io::Error| Failure::bad(format!("{name}: {error}"));
    let start = head(&mut source).map_err(fail)?;
    let mut source = decoded(source, &start, progress.handle(), &name)?;
    // Asked for behind the decompression: what is compressed may be empty.
    let first = head(&mut source).map_err(fail)?;
    if first.is_empty() {
        return Err(empty(&name));
    }
    let source = Box::new(io::Cursor::new(first).chain(source));
    let again = total.is_some().then(|| file.to_owned());
    Ok(Lines { again, ..Lines::new(source, name, strip_cr) })
}

/// How long the text of `file` is, and parts of it, as far from each other as they can be: where
/// lines are sorted, the first are not like the others. Each begins where a line does, or a number
/// of `size` bytes. Of what is compressed only the beginning is read, and the length is what comes
/// of as many bytes there. `None` for what is no file.
pub(crate) fn parts(file: &Path, size: Option<usize>) -> Outcome<Option<(u64, Vec<Vec<u8>>)>> {
    const PARTS: u64 = 16;
    const BYTES: u64 = 1 << 12;
    const BEGINNING: u64 = 1 << 21;
    // Opening anything else may wait, or take what it holds; `-` is not a file of that name.
    if file == Path::new("-") || !fs::metadata(file).is_ok_and(|info| info.is_file()) {
        return Ok(None);
    }
    let name = name_of(Some(file));
    let fail = |error: io::Error| Failure::bad(format!("{name}: {error}"));
    let (mut source, total) = raw(Some(file))?;
    let (bytes, start) = (total.unwrap_or(0), head(&mut source).map_err(fail)?);
    let is_packed = Compression::of(&start).is_some();
    if is_packed || bytes <= PARTS * BYTES {
        // What is read ahead counts as if it had been decoded: little.
        let bar = ProgressBar::hidden();
        let mut source = decoded_by(1 << 12, source, &start, bar.clone(), &name)?.take(BEGINNING);
        let mut text = Vec::new();
        source.read_to_end(&mut text).map_err(fail)?;
        let (long, read) = (u128::from(bytes) * text.len() as u128, bar.position().max(1));
        let is_all = source.limit() > 0;
        let bytes = if is_all { text.len() as u64 } else { (long / u128::from(read)) as u64 };
        return Ok(Some((bytes, vec![text])));
    }
    let mut file = File::open(file).map_err(fail)?;
    let part = |part: u64| {
        let start = (bytes - BYTES) / (PARTS - 1) * part;
        let start = size.map_or(start, |size| start / size as u64 * size as u64);
        let mut text = Vec::new();
        file.seek(io::SeekFrom::Start(start))?;
        (&file).take(BYTES).read_to_end(&mut text)?;
        if size.is_none() && start > 0 {
            let end = text.iter().position(|byte| *byte == b'\n');
            text.drain(..end.map_or(0, |end| end + 1));
        }
        Ok(text)
    };
    Ok(Some((bytes, (0..PARTS).map(part).collect::<io::Result<_>>().map_err(fail)?)))
}

/// Lines, ended by LF alone: any other byte belongs to the line.
pub(crate) struct Lines {
    stream: BufReader<Source>,
    name: String,
    line: Vec<u8>,
    strip_cr: bool,
    /// The file, if it can be read once more.
    again: Option<PathBuf>,
    /// What was seen so far.
    pub(crate) seen: Seen,
    /// Bytes of the items so far, and of what ends them.
    bytes: u64,
    /// Called with the name, and how many items and bytes there were: what it fails with ends them.
    pub(crate) look: Option<Box<Look>>,
}

/// See [`Lines::look`].
pub(crate) type Look = dyn Fn(&str, u64, u64) -> Outcome<()>;

/// What is worth a note about the lines of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Lines, empty ones and an unended last one among them.
    pub(crate) lines: u64,
    /// Lines without any byte.
    pub(crate) empty: u64,
    /// Lines that ended in CR.
    pub(crate) cr: u64,
    /// Lines with a NUL byte.
    pub(crate) nul: u64,
    /// Whether the last line has no LF.
    pub(crate) unended: bool,
    /// Whether the first line begins with a byte order mark.
    pub(crate) marked: bool,
    /// Whether what was built of them leaves empty lines out.
    pub(crate) empty_left_out: bool,
}

impl Lines {
    fn new(stream: Source, name: String, strip_cr: bool) -> Self {
        let stream = BufReader::with_capacity(BUFFER_BYTES, stream);
        Self {
            stream,
            name,
            line: Vec::new(),
            strip_cr,
            again: None,
            seen: Seen::default(),
            bytes: 0,
            look: None,
        }
    }

    /// The next line, without its LF.
    pub(crate) fn next(&mut self) -> Outcome<Option<&[u8]>> {
        self.line.clear();
        let got = read_line(&mut self.stream, &mut self.line);
        if got.map_err(|error| unread(&self.name, self.seen.lines + 1, error))? == 0 {
            return Ok(None);
        }
        self.count(self.line.len() as u64)?;
        self.seen.unended = self.line.last() != Some(&b'\n');
        if !self.seen.unended {
            self.line.pop();
        }
        if self.line.last() == Some(&b'\r') {
            self.seen.cr += 1;
            if self.strip_cr {
                self.line.pop();
            }
        }
        self.seen.marked |= self.seen.lines == 1 && is_marked(&self.line);
        self.seen.empty += u64::from(self.line.is_empty());
        self.seen.nul += u64::from(self.line.contains(&0));
        Ok(Some(&self.line))
    }

    fn count(&mut self, bytes: u64) -> Outcome<()> {
        self.seen.lines += 1;
        self.bytes += bytes;
        self.look.as_ref().map_or(Ok(()), |look| look(&self.name, self.seen.lines, self.bytes))
    }

    /// The text, read again up to the first line that `is_wanted`: of most lines nothing is kept
    /// that tells where they stood. None if it cannot be read again.
    pub(crate) fn find(&self, mut is_wanted: impl FnMut(&[u8]) -> bool) -> Option<Self> {
        let mut lines =
            once(self.again.as_deref()?, self.strip_cr, &mut Progress::new(true)).ok()?;
        lines.name.clone_from(&self.name);
        while let Ok(Some(line)) = lines.next() {
            if is_wanted(line) {
                return Some(lines);
            }
        }
        None
    }

    /// The same under another name, for what was copied from there.
    pub(crate) fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The last line.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// What people call the text.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An error about the whole text.
    pub(crate) fn fail(&self, message: &str) -> Failure {
        Failure::bad(format!("{}: {message}", self.name))
    }

    /// An error about the last line.
    pub(crate) fn fail_here(&self, message: &str) -> Failure {
        // Most often all that is wrong.
        let cr = match self.line.last() {
            Some(b'\r') => " (the line ends in CR: --strip-cr drops it)",
            _ => "",
        };
        Failure::bad(format!("{}: line {}: {message}{cr}", self.name, self.seen.lines))
    }

    /// The last line as a number, leading zeros allowed.
    pub(crate) fn number(&self) -> Outcome<u64> {
        decimal(&self.line).ok_or_else(|| {
            let text = excerpt(&self.line);
            self.fail_here(&format!(
                "{text} is no decimal number below 2^64: correct the line, or leave it out"
            ))
        })
    }

    /// All numbers, binary or one a line, given to `take` one by one.
    pub(crate) fn numbers(
        &mut self,
        format: FormatArgs,
        mut take: impl FnMut(&Self, u64) -> Outcome<()>,
    ) -> Outcome<()> {
        if let Some(size) = format.number_bytes() {
            return self.binary(size, take);
        }
        while self.next()?.is_some() {
            let number = self.number()?;
            take(self, number)?;
        }
        Ok(())
    }

    /// Binary little-endian numbers of `size` bytes, given to `take` one by one.
    fn binary(
        &mut self,
        size: usize,
        mut take: impl FnMut(&Self, u64) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut number = [0; 8];
        loop {
            let mut got = 0;
            while got < size {
                match self.stream.read(&mut number[got..size]) {
                    Ok(0) => break,
                    Ok(n) => got += n,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(self.fail(&error.to_string())),
                }
            }
            match got {
                0 => return Ok(()),
                _ if got < size => {
                    return Err(self.fail(&format!(
                        "ends {got} bytes into a number of {size}: the file is cut, or its \
                         numbers have another size"
                    )));
                }
                _ => {
                    self.count(size as u64)?;
                    take(self, u64::from_le_bytes(number))?;
                }
            }
        }
    }
}

/// Appends a line to `line`, its LF as well; tells its bytes, 0 at the end. In steps, each with
/// room made before: a line that memory cannot hold is then an error, and does not end the process.
pub(crate) fn read_line(stream: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    const STEP: usize = 1 << 12;
    let mut all = 0;
    loop {
        line.try_reserve(STEP)?;
        let got = stream.take(STEP as u64).read_until(b'\n', line)?;
        all += got;
        if got < STEP || line.last() == Some(&b'\n') {
            return Ok(all);
        }
    }
}

/// Why a line could not be read.
pub(crate) fn unread(name: &str, line: u64, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::OutOfMemory => Failure::memory(format!(
            "{name}: line {line} is longer than memory holds: shorten it (is this text?)"
        )),
        _ => Failure::bad(format!("{name}: {error}")),
    }
}

/// Notes on what the keys contain that people often do not expect. Nothing is dropped in silence.
pub(crate) fn note_oddities(seen: &Seen, format: FormatArgs, progress: &Progress) {
    let note = |what: &str, count: u64, text: &str| {
        if count > 0 {
            progress.note(&format!("{what}: {}; {text}", group(count)));
        }
    };
    let cr = match format.strip_cr {
        true => "the CR was dropped",
        false => "the CR is a part of the key, --strip-cr drops it",
    };
    note("lines that end in CR", seen.cr, cr);
    note("lines with NUL bytes", seen.nul, "NUL is a part of the key");
    let empty = if seen.empty_left_out {
        "they do not count, as in DataSketches"
    } else {
        "the empty string is a key like any other"
    };
    note("empty lines", seen.empty, empty);
    if seen.marked {
        progress.note("a byte order mark begins the text; it is a part of the first key");
    }
    if seen.unended {
        progress.note("the last line has no newline; it counts");
    }
}

/// Whether `text` begins with a byte order mark, of UTF-8 or of UTF-16 in either order.
fn is_marked(text: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    MARKS.iter().any(|mark| text.starts_with(mark))
}

/// A decimal number below 2^64, leading zeros allowed.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Whether `text` is a number just as it would be printed, so that nothing is lost by taking it as
/// one.
pub(crate) fn is_canonical(text: &[u8]) -> bool {
    decimal(text).is_some() && (text.len() == 1 || text[0] != b'0')
}

/// `text` for an error message: on one line, printable, not long.
pub(crate) fn excerpt(text: &[u8]) -> String {
    const SHOWN: usize = 40;
    let dots = if text.len() > SHOWN { "..." } else { "" };
    format!("`{}{dots}`", text[..text.len().min(SHOWN)].escape_ascii())
}

/// `number` with a comma between groups of three digits.
pub(crate) fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_u64() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), None);
        assert_eq!(
            (decimal(b""), decimal(b"+1"), decimal(b"1 "), decimal(b"-1")),
            (None, None, None, None)
        );
        assert_eq!(
            (decimal(b"007"), is_canonical(b"007"), is_canonical(b"0")),
            (Some(7), false, true)
        );
    }

    #[test]
    fn groups_of_three() {
        assert_eq!(
            (group(0), group(999), group(1_000)),
            ("0".into(), "999".into(), "1,000".into())
        );
        assert_eq!(group(u64::MAX), "18,446,744,073,709,551,615");
    }
}
