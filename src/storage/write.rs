//! Writing `.lram` files: the list of sections, and the two sinks.

use super::container::{
    ALIGN, HEADER_BYTES, Header, MAJOR, META, MINOR, ROW_BYTES, Section, head_hash, section_hash,
};
use super::persist::Persist;
use super::words::{HeapWords, Le64, as_bytes};
use crate::error::{AllocError, FileError, Tag};
use crate::mem::Global;
use alloc::vec::Vec;

/// The most numbers in a parameter section.
const META_MAX: usize = 10;

/// The sections of a structure, in the order in which they will stand in the file.
#[derive(Debug, Default)]
pub struct Sections<'s> {
    items: u64,
    seed: u64,
    meta: [Le64; META_MAX],
    meta_len: usize,
    list: Vec<(Tag, u8, &'s [Le64])>,
}

impl<'s> Sections<'s> {
    /// States how many items the structure holds.
    pub fn items(&mut self, items: u64) {
        self.items = items;
    }

    /// States the seed of the structure's hash function.
    pub fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// The structure's parameters: up to 10 numbers.
    ///
    /// # Panics
    ///
    /// If there are more.
    pub fn meta(&mut self, numbers: &[u64]) {
        for (place, number) in self.meta[..numbers.len()].iter_mut().zip(numbers) {
            *place = Le64::new(*number);
        }
        self.meta_len = numbers.len();
    }

    /// A section of words that hold elements of `elem_size` bytes.
    pub fn section(&mut self, tag: Tag, elem_size: u8, words: &'s [Le64]) {
        self.list.push((tag, elem_size, words));
    }

    /// All sections, the parameters first.
    pub(super) fn all(&self) -> impl Iterator<Item = (Tag, u8, &[Le64])> {
        let meta = (self.meta_len > 0).then(|| (META, 8, &self.meta[..self.meta_len]));
        meta.into_iter().chain(self.list.iter().copied())
    }

    /// The header of the file of these sections.
    pub(super) fn header(&self, kind: u32) -> Header {
        let count = self.all().count();
        let start = (HEADER_BYTES + count * ROW_BYTES) as u64;
        let file_len = self.all().fold(start, |end, (_, _, words)| {
            end.next_multiple_of(ALIGN) + size_of_val(words) as u64
        });
        Header {
            major: MAJOR,
            minor: MINOR,
            flags: 0,
            kind,
            sections: count as u32,
            file_len,
            items: self.items,
            seed: self.seed,
        }
    }

    /// Header and table, and the file's length.
    fn head(&self, kind: u32) -> (Vec<u8>, u64) {
        let header = self.header(kind);
        let mut end = header.head_bytes() as u64;
        let mut table = Vec::with_capacity(header.sections as usize * ROW_BYTES);
        for (tag, elem_size, words) in self.all() {
            let bytes = as_bytes(words);
            let (offset, len) = (end.next_multiple_of(ALIGN), bytes.len() as u64);
            let hash = section_hash(tag, bytes);
            let row = Section { tag, elem_size, flags: 0, offset, len, hash };
            table.extend_from_slice(&row.to_bytes());
            end = offset + len;
        }
        let mut head = header.to_bytes();
        let hash = head_hash(&head, &table);
        head[HEADER_BYTES - 8..].copy_from_slice(&hash.to_le_bytes());
        (head.into_iter().chain(table).collect(), header.file_len)
    }
}

/// Where a file's bytes go, in order.
trait Sink {
    fn put(&mut self, bytes: &[u8]) -> Result<(), FileError>;
}

fn put_padding(sink: &mut impl Sink, at: u64) -> Result<u64, FileError> {
    let padding = (at.next_multiple_of(ALIGN) - at) as usize;
    sink.put(&[0; ALIGN as usize][..padding])?;
    Ok(at + padding as u64)
}

/// Puts the file of these sections: head, then each section behind its padding.
fn put_all(sections: &Sections<'_>, head: &[u8], sink: &mut impl Sink) -> Result<(), FileError> {
    sink.put(head)?;
    let mut at = head.len() as u64;
    for (_, _, words) in sections.all() {
        at = put_padding(sink, at)?;
        sink.put(as_bytes(words))?;
        at += size_of_val(words) as u64;
    }
    Ok(())
}

/// The sections of `structure`.
pub(super) fn sections_of<P: Persist>(structure: &P) -> Sections<'_> {
    let mut sections = Sections::default();
    structure.store(&mut sections);
    sections
}

/// Bytes put one after the other into words.
struct WordSink {
    words: HeapWords,
    len: usize,
}

impl Sink for WordSink {
    fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let end = self.len + bytes.len();
        self.words.try_resize(end.div_ceil(8))?;
        self.words.as_bytes_mut()[self.len..end].copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}

/// The structure as a `.lram` file in memory: one block of exactly the file's length.
///
/// # Errors
///
/// [`FileError::Alloc`] if memory cannot be had.
pub fn to_bytes<P: Persist>(structure: &P) -> Result<HeapWords, FileError> {
    let sections = sections_of(structure);
    let (head, file_len) = sections.head(P::KIND.id);
    let file_words = usize::try_from(file_len / 8).map_err(|_| AllocError::CapacityOverflow)?;
    let mut sink = WordSink { words: HeapWords::new_in(Global), len: 0 };
    sink.words.try_reserve_exact(file_words)?;
    put_all(&sections, &head, &mut sink)?;
    Ok(sink.words)
}

#[cfg(feature = "std")]
struct StreamSink<W>(W);

#[cfg(feature = "std")]
impl<W: std::io::Write> Sink for StreamSink<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        Ok(self.0.write_all(bytes)?)
    }
}

/// Writes the structure as a `.lram` file to any sink.
///
/// # Errors
///
/// [`FileError::Io`] if the sink refuses.
#[cfg(feature = "std")]
pub fn write_to<P: Persist>(structure: &P, mut sink: impl std::io::Write) -> Result<(), FileError> {
    let sections = sections_of(structure);
    let (head, _) = sections.head(P::KIND.id);
    put_all(&sections, &head, &mut StreamSink(&mut sink))?;
    Ok(sink.flush()?)
}
