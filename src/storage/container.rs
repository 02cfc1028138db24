//! [`Container`]: the `.lram` file around the sections of a structure. `docs/FORMAT.md` draws it.
//!
//! Opening reads the header and the table only, a few microseconds at any file size. Nothing here
//! allocates, and no number from a file is used before it is checked against the file's length.

use super::words::{Le64, as_bytes, from_bytes};
use crate::error::{FileError, Tag};
use crate::hashing;

/// The first eight bytes of every file: not text, and broken by any text-mode transfer.
pub const MAGIC: [u8; 8] = [0x89, b'L', b'R', b'A', b'M', 0x0D, 0x0A, 0x1A];
/// The major version that this crate writes, and the newest it reads.
pub const MAJOR: u16 = 1;
/// The minor version that this crate writes. Higher minors may add sections, which are skipped.
pub const MINOR: u16 = 0;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 64;
/// Bytes of a row of the section table.
pub const ROW_BYTES: usize = 32;
/// Sections start at multiples of this many bytes.
pub const ALIGN: u64 = 64;
/// The most sections a file may have.
pub const MAX_SECTIONS: u32 = 256;
/// Bytes of the longest header and table.
#[cfg(feature = "std")]
pub(crate) const MAX_HEAD_BYTES: usize = HEADER_BYTES + MAX_SECTIONS as usize * ROW_BYTES;

/// Tag of the small section that holds a structure's parameters.
pub(crate) const META: Tag = Tag(*b"meta");

/// What the header of a file states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Major version of the format.
    pub major: u16,
    /// Minor version of the format.
    pub minor: u16,
    /// Flags; none are defined yet, readers ignore them.
    pub flags: u32,
    /// Number of the structure, as in [`Kind::id`](crate::registry::Kind::id).
    pub kind: u32,
    /// Number of sections.
    pub sections: u32,
    /// Length of the whole file in bytes.
    pub file_len: u64,
    /// Items in the structure.
    pub items: u64,
    /// Seed of the structure's hash function; 0 where none is used.
    pub seed: u64,
}

/// A row of the section table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name of the section.
    pub tag: Tag,
    /// Bytes per element: 1, 2, 4 or 8.
    pub elem_size: u8,
    /// Flags; none are defined yet, readers ignore them.
    pub flags: u16,
    /// Position in the file, in bytes.
    pub offset: u64,
    /// Length in bytes: a multiple of 8.
    pub len: u64,
    /// XXH3-64 of the section, with the tag as seed.
    pub hash: u64,
}

/// The hash that the table states for a section.
pub(crate) fn section_hash(tag: Tag, bytes: &[u8]) -> u64 {
    hashing::xxh3(bytes, u64::from(tag.to_u32()))
}

/// The hash that the header states for itself and the table.
pub(crate) fn head_hash(header: &[u8; HEADER_BYTES], table: &[u8]) -> u64 {
    hashing::xxh3_of_two(&header[..HEADER_BYTES - 8], table)
}

/// `bytes[at..at + N]`, which the caller knows to exist.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

/// A broken rule of the header or the table.
const fn broken(rule: &'static str) -> FileError {
    FileError::Corrupt { section: Tag::HEAD, rule }
}

impl Header {
    /// Reads a header and checks all that can be checked without the table.
    ///
    /// # Errors
    ///
    /// [`FileError::BadMagic`], [`FileError::Version`], or [`FileError::Corrupt`].
    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, FileError> {
        if array(bytes, 0) != MAGIC {
            return Err(FileError::BadMagic);
        }
        let header = Self {
            major: u16::from_le_bytes(array(bytes, 8)),
            minor: u16::from_le_bytes(array(bytes, 10)),
            flags: u32::from_le_bytes(array(bytes, 12)),
            kind: u32::from_le_bytes(array(bytes, 16)),
            sections: u32::from_le_bytes(array(bytes, 20)),
            file_len: u64::from_le_bytes(array(bytes, 24)),
            items: u64::from_le_bytes(array(bytes, 32)),
            seed: u64::from_le_bytes(array(bytes, 40)),
        };
        if header.major != MAJOR {
            return Err(FileError::Version { major: header.major, supported: MAJOR });
        }
        if header.sections > MAX_SECTIONS {
            return Err(broken("at most 256 sections"));
        }
        Ok(header)
    }

    /// The header as it stands in a file, with room for the hash at its end.
    #[cfg(feature = "alloc")]
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&self.major.to_le_bytes());
        out[10..12].copy_from_slice(&self.minor.to_le_bytes());
        out[12..16].copy_from_slice(&self.flags.to_le_bytes());
        out[16..20].copy_from_slice(&self.kind.to_le_bytes());
        out[20..24].copy_from_slice(&self.sections.to_le_bytes());
        out[24..32].copy_from_slice(&self.file_len.to_le_bytes());
        out[32..40].copy_from_slice(&self.items.to_le_bytes());
        out[40..48].copy_from_slice(&self.seed.to_le_bytes());
        out
    }

    /// Bytes of header and table together.
    pub(crate) const fn head_bytes(&self) -> usize {
        HEADER_BYTES + self.sections as usize * ROW_BYTES
    }
}

impl Section {
    fn parse(row: &[u8; ROW_BYTES]) -> Result<Self, FileError> {
        if row[5] != ALIGN.trailing_zeros() as u8 {
            return Err(broken("sections are aligned to 64 bytes"));
        }
        Ok(Self {
            tag: Tag(array(row, 0)),
            elem_size: row[4],
            flags: u16::from_le_bytes(array(row, 6)),
            offset: u64::from_le_bytes(array(row, 8)),
            len: u64::from_le_bytes(array(row, 16)),
            hash: u64::from_le_bytes(array(row, 24)),
        })
    }

    /// The row as it stands in a file.
    #[cfg(feature = "alloc")]
    pub(crate) fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut out = [0; ROW_BYTES];
        out[..4].copy_from_slice(&self.tag.0);
        out[4] = self.elem_size;
        out[5] = ALIGN.trailing_zeros() as u8;
        out[6..8].copy_from_slice(&self.flags.to_le_bytes());
        out[8..16].copy_from_slice(&self.offset.to_le_bytes());
        out[16..24].copy_from_slice(&self.len.to_le_bytes());
        out[24..].copy_from_slice(&self.hash.to_le_bytes());
        out
    }
}

/// A header and its table, checked: every section lies inside the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) header: Header,
    table: &'a [u8],
}

impl<'a> Head<'a> {
    /// Checks the head of a file of `file_len` bytes; `bytes` holds at least header and table, or
    /// the whole file if that is shorter.
    pub(crate) fn parse(bytes: &'a [u8], file_len: u64) -> Result<Self, FileError> {
        let have = bytes.len() as u64;
        let Some(start) = bytes.first_chunk::<HEADER_BYTES>() else {
            if !MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) {
                return Err(FileError::BadMagic);
            }
            return Err(FileError::Truncated { need: HEADER_BYTES as u64, have });
        };
        let header = Header::parse(start)?;
        if header.file_len > file_len {
            return Err(FileError::Truncated { need: header.file_len, have: file_len });
        }
        if header.file_len < file_len {
            return Err(broken("the file is as long as its header states"));
        }
        let Some(table) = bytes.get(HEADER_BYTES..header.head_bytes()) else {
            return Err(FileError::Truncated { need: header.head_bytes() as u64, have });
        };
        if head_hash(start, table) != u64::from_le_bytes(array(start, HEADER_BYTES - 8)) {
            return Err(FileError::Checksum { section: Tag::HEAD });
        }
        let head = Self { header, table };
        head.check_sections()?;
        Ok(head)
    }

    fn check_sections(&self) -> Result<(), FileError> {
        let mut end = self.header.head_bytes() as u64;
        for (i, row) in self.rows().enumerate() {
            let section = row?;
            if !matches!(section.elem_size, 1 | 2 | 4 | 8) || section.len % 8 != 0 {
                return Err(broken("elements of 1, 2, 4 or 8 bytes, sections of whole words"));
            }
            // A stream may claim to end at the very top of the numbers.
            if Some(section.offset) != end.checked_next_multiple_of(ALIGN) {
                return Err(broken("sections follow each other at multiples of 64"));
            }
            if section.len > self.header.file_len.saturating_sub(section.offset) {
                return Err(broken("sections end within the file"));
            }
            if self.rows().take(i).flatten().any(|other| other.tag == section.tag) {
                return Err(broken("each tag occurs once"));
            }
            end = section.offset + section.len;
        }
        if end == self.header.file_len {
            Ok(())
        } else {
            Err(broken("the last section ends where the file ends"))
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Section, FileError>> + 'a {
        self.table.chunks_exact(ROW_BYTES).map(|row| Section::parse(&array(row, 0)))
    }
}

/// A `.lram` file in memory, opened without knowing what it holds.
///
/// For tools that inspect and verify. To use a structure, open the file as its type.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use lessram::{arrays::PackedInts, storage::Container};
///
/// let file = [3, 1, 4].into_iter().collect::<PackedInts>().to_bytes().unwrap();
/// let container = Container::open(file.as_bytes()).unwrap();
/// assert_eq!(container.header().items, 3);
/// container.verify().unwrap();
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    head: Head<'a>,
    words: &'a [Le64],
}

impl<'a> Container<'a> {
    /// Checks header and table of the file in `bytes`. O(sections), allocates nothing.
    ///
    /// # Errors
    ///
    /// Any [`FileError`] of a file that is not sound; [`FileError::Misaligned`] if `bytes` does not
    /// start at a multiple of 8.
    pub fn open(bytes: &'a [u8]) -> Result<Self, FileError> {
        let head = Head::parse(bytes, bytes.len() as u64)?;
        Ok(Self { head, words: from_bytes(bytes)? })
    }

    /// What the header states.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.head.header
    }

    /// The rows of the section table, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = Section> + 'a {
        self.head.rows().flatten()
    }

    /// The words of a section.
    #[must_use]
    pub fn words_of(&self, section: &Section) -> &'a [Le64] {
        let start = usize::try_from(section.offset / 8).unwrap_or(usize::MAX);
        let len = usize::try_from(section.len / 8).unwrap_or(usize::MAX);
        self.words.get(start..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
    }

    /// Compares every section with its hash and looks at the padding between them. Reads the whole
    /// file once, at memory speed; allocates nothing.
    ///
    /// # Errors
    ///
    /// [`FileError::Checksum`] names the first section that does not match;
    /// [`FileError::Corrupt`] says that padding is not zero.
    pub fn verify(&self) -> Result<(), FileError> {
        let mut end = self.head.header.head_bytes() / 8;
        for section in self.sections() {
            let words = self.words_of(&section);
            if section_hash(section.tag, as_bytes(words)) != section.hash {
                return Err(FileError::Checksum { section: section.tag });
            }
            let start = (section.offset / 8) as usize;
            if self.words[end..start].iter().any(|word| word.get() != 0) {
                return Err(broken("padding between sections is zero"));
            }
            end = start + words.len();
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    fn empty_file() -> [Le64; 8] {
        let header = Header {
            major: MAJOR,
            minor: MINOR,
            flags: 0,
            kind: 0x0101,
            sections: 0,
            file_len: HEADER_BYTES as u64,
            items: 0,
            seed: 0,
        };
        let mut bytes = header.to_bytes();
        let hash = head_hash(&bytes, &[]);
        bytes[56..].copy_from_slice(&hash.to_le_bytes());
        core::array::from_fn(|i| Le64::new(u64::from_le_bytes(array(&bytes, i * 8))))
    }

    #[test]
    fn a_header_alone_is_a_file() {
        let words = empty_file();
        let container = Container::open(as_bytes(&words)).unwrap();
        assert_eq!((container.header().kind, container.sections().count()), (0x0101, 0));
        container.verify().unwrap();
    }

    #[test]
    fn every_flipped_bit_of_the_header_is_seen() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut words = empty_file();
            words[bit / 64] = Le64::new(words[bit / 64].get() ^ 1 << (bit % 64));
            assert!(Container::open(as_bytes(&words)).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn short_and_foreign_files_say_so() {
        let words = empty_file();
        let bytes = as_bytes(&words);
        assert!(matches!(Container::open(b"hello"), Err(FileError::BadMagic)));
        assert!(matches!(Container::open(&[]), Err(FileError::Truncated { need: 64, have: 0 })));
        assert!(matches!(
            Container::open(&bytes[..63]),
            Err(FileError::Truncated { need: 64, have: 63 })
        ));
    }
}
