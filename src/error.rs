//! The errors of the crate, one small enum per phase: building, files, merging, allocating.
//!
//! Every variant carries fields, never text, and its `Display` names the way out. Absence is not an
//! error here: look-ups return `Option`.

use core::fmt;

/// Memory could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// The size asked for does not fit in `isize::MAX` bytes on this machine.
    CapacityOverflow,
    /// The allocator refused a block of this many bytes.
    Refused {
        /// Size of the block that was asked for.
        bytes: usize,
    },
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CapacityOverflow => f.write_str(
                "the size asked for exceeds isize::MAX bytes: build several smaller structures",
            ),
            Self::Refused { bytes } => write!(
                f,
                "the allocator refused {bytes} bytes: free memory, or build to a file in parts"
            ),
        }
    }
}

impl core::error::Error for AllocError {}

/// A structure could not be built from what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Item `index` is smaller than the one before it, and the structure wants ascending input.
    NotSorted {
        /// Position of the first item out of order, from 0.
        index: usize,
    },
    /// Item `index` equals an earlier one, and the structure wants distinct items. In ascending
    /// input that is the one before it.
    DuplicateKey {
        /// Position of the second of the two equal items, from 0.
        index: usize,
    },
    /// A value or a parameter lies outside what the structure can hold.
    OutOfRange {
        /// What was out of range: a parameter's name, or `"value"`.
        name: &'static str,
        /// What was given.
        value: u64,
        /// The smallest that would do; more than `max` if an index of no items was given.
        min: u64,
        /// The largest that would do.
        max: u64,
    },
    /// More items than the structure can number.
    TooMany {
        /// How many were given.
        len: u64,
        /// How many would do.
        max: u64,
    },
    /// An infinity, or no number, where numbers are ordered or measured.
    NotFinite,
    /// No seed that was tried worked: the keys may have been made to collide.
    Unsolvable {
        /// How many seeds were tried.
        attempts: u32,
    },
    /// A source that is read several times told other items than before.
    Unsteady {
        /// How many items it told before.
        expected: u64,
        /// How many of them, or how many others, it told now.
        found: u64,
    },
    /// What the structure holds contradicts itself where the item belongs: it came from a damaged
    /// file.
    Damaged,
    /// Memory could not be had.
    Alloc(AllocError),
    /// A temporary file could not be made, written or read.
    #[cfg(feature = "std")]
    Io(std::io::ErrorKind),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSorted { index } => {
                write!(f, "item {index} is smaller than the one before it: sort the input first")
            }
            Self::DuplicateKey { index } => {
                write!(f, "item {index} equals an earlier one: remove duplicates first")
            }
            Self::OutOfRange { name: "index", value, min, max } if min > max => {
                write!(f, "index is {value}, and there are no items: add some first")
            }
            Self::OutOfRange { name, value, min, max } => {
                write!(f, "{name} is {value}: it must lie within {min}..={max}")
            }
            Self::TooMany { len, max } => {
                write!(f, "{len} items are more than {max}: split them over several structures")
            }
            Self::NotFinite => {
                f.write_str("an infinity or no number (NaN): leave it out, or count it apart")
            }
            Self::Unsolvable { attempts } => write!(
                f,
                "no solution after {attempts} seeds: the keys may have been made to collide; build \
                 with a seed that nobody knows"
            ),
            Self::Unsteady { expected, found } => write!(
                f,
                "a source told {expected} items before and {found} now: it must tell the same \
                 ones every time"
            ),
            Self::Damaged => f.write_str(
                "the structure contradicts itself, and came from a damaged file: verify the file, \
                 and build it again",
            ),
            Self::Alloc(error) => error.fmt(f),
            #[cfg(feature = "std")]
            Self::Io(kind) => {
                write!(f, "a temporary file failed: {kind}: name a folder with room for it")
            }
        }
    }
}

impl core::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Alloc(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AllocError> for BuildError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for BuildError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// A `.lram` file could not be written, opened or believed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The first eight bytes are not those of a `.lram` file.
    BadMagic,
    /// The file's major version is not one that this crate reads.
    Version {
        /// The major version that the file states.
        major: u16,
        /// The newest major version that this crate reads.
        supported: u16,
    },
    /// The file holds another structure than the one asked for.
    Kind {
        /// The kind id that was asked for.
        expected: u32,
        /// The kind id that the file states.
        found: u32,
    },
    /// The file is shorter than it must be.
    Truncated {
        /// Bytes needed, from the start of the file or the image.
        need: u64,
        /// Bytes there are, from there.
        have: u64,
    },
    /// The buffer does not start at an address divisible by 8.
    Misaligned,
    /// Bytes do not match the hash that the file states for them.
    Checksum {
        /// Tag of the section, or `head` for the header and its table.
        section: Tag,
    },
    /// A rule of the format is broken.
    Corrupt {
        /// Tag of the section, or `head` for the header and its table.
        section: Tag,
        /// The rule, in words.
        rule: &'static str,
    },
    /// Memory for the sections could not be had.
    Alloc(AllocError),
    /// The operating system refused.
    #[cfg(feature = "std")]
    Io(std::io::Error),
    /// What is to be replaced is a folder, a device or a pipe.
    #[cfg(feature = "std")]
    NotAFile,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadMagic => f.write_str("not a .lram file: its first 8 bytes say otherwise"),
            Self::Version { major, supported } => write!(
                f,
                "format version {major}, but this build reads up to {supported}: \
                 update lessram, or build the file again"
            ),
            Self::Kind { expected, found } => write!(
                f,
                "the file holds kind {found:#06x}, not {expected:#06x}: open it as the type it \
                 was saved from (`lessram inspect FILE` tells)"
            ),
            Self::Truncated { need, have } => {
                write!(f, "{have} bytes where {need} are needed: copy or build the file again")
            }
            Self::Misaligned => f.write_str(
                "the buffer does not start at a multiple of 8: embed it with `lessram::embed!`, \
                 or copy it into aligned memory",
            ),
            Self::Checksum { section } => write!(
                f,
                "section `{section}` does not match its hash: copy or build the file again"
            ),
            Self::Corrupt { section, rule } => write!(
                f,
                "section `{section}` breaks a rule ({rule}): copy or build the file again"
            ),
            Self::Alloc(error) => error.fmt(f),
            #[cfg(feature = "std")]
            Self::Io(error) => error.fmt(f),
            #[cfg(feature = "std")]
            Self::NotAFile => f.write_str(
                "a folder, a device or a pipe, which saving would take the place of: name a file",
            ),
        }
    }
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Alloc(error) => Some(error),
            #[cfg(feature = "std")]
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AllocError> for FileError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Four bytes that name a section of a `.lram` file, printed as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub [u8; 4]);

impl Tag {
    /// The header and the section table, in errors.
    pub const HEAD: Self = Self(*b"head");

    /// The tag as the file stores it: the four bytes read as a little-endian number.
    #[must_use]
    pub const fn to_u32(self) -> u32 {
        u32::from_le_bytes(self.0)
    }

    /// The tag that a file stores as `value`.
    #[must_use]
    pub const fn from_u32(value: u32) -> Self {
        Self(value.to_le_bytes())
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two structures could not be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeError {
    /// They were made with different sizes or rates.
    Parameters,
    /// They hash with different seeds, so their contents cannot be compared.
    Seeds,
    /// Together they have more items than the structure can hold.
    TooMany {
        /// How many they have.
        len: u64,
        /// How many would do.
        max: u64,
    },
    /// Memory could not be had.
    Alloc(AllocError),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameters => "different parameters: build both with the same size and rate",
            Self::Seeds => "different seeds: build both with the same seed",
            Self::TooMany { len, max } => {
                return write!(f, "{len} items are more than {max}: keep several structures");
            }
            Self::Alloc(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for MergeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Alloc(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AllocError> for MergeError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}
