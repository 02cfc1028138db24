//! What can go wrong in the command: one line for people, one code for scripts.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Done.
    Done = 0,
    /// Done, and the answer is no: a key is absent, a contender failed.
    Negative = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Refused: it would need more memory than there is.
    Memory = 3,
    /// A file is missing, damaged, or holds something else.
    BadFile = 4,
}

/// Why the command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be printed on one line: what, where, what to do next.
    Told(Code, String),
    /// Whoever read the output has gone: nobody is left to tell.
    BrokenPipe,
}

/// What fallible functions of the command return.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Told(Code::Usage, message.into())
    }

    pub(crate) fn memory(message: impl Into<String>) -> Self {
        Self::Told(Code::Memory, message.into())
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::Told(Code::BadFile, message.into())
    }

    /// The file at `path` is to blame.
    pub(crate) fn file(path: &Path, error: impl Display) -> Self {
        Self::bad(format!("{}: {error}", path.display()))
    }

    /// The operating system refused to open or read `path`.
    pub(crate) fn open(path: &Path, error: &io::Error) -> Self {
        let next = match error.kind() {
            io::ErrorKind::NotFound => "no such file: check the name",
            io::ErrorKind::PermissionDenied => "permission denied: check the file's mode",
            io::ErrorKind::IsADirectory => "is a folder: name a file in it",
            _ => return Self::file(path, error),
        };
        Self::file(path, next)
    }

    /// A temporary file could not be written or read.
    pub(crate) fn scratch(path: &Path, error: impl Display) -> Self {
        Self::bad(format!(
            "{}: {error}: set TMPDIR to a folder with room for temporary files",
            path.display()
        ))
    }
}

/// Standard output refused what was written to it. Reading files names the file instead: see
/// [`Failure::open`].
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::bad(format!("cannot write to standard output: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}
