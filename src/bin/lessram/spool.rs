//! The files through which the parent hands keys to its children: records, one after the other.
//!
//! | shape | record of an item | record of a query |
//! |---|---|---|
//! | bytes | u32 LE length, then the bytes | the same |
//! | number | u64 LE | the same |
//! | pair | key, then value, each with its length | the key with its length |

use crate::error::{Failure, Outcome};
use crate::scratch::Scratch;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// What the records of a file are.
pub(crate) trait Shape {
    /// What a structure is fed.
    type Item<'a>: Copy;
    /// What a structure is asked for.
    type Query<'a>: Copy + Ord;

    /// Splits the first item off `bytes`.
    fn item<'a>(bytes: &mut &'a [u8]) -> Option<Self::Item<'a>>;

    /// Splits the first query off `bytes`.
    fn query<'a>(bytes: &mut &'a [u8]) -> Option<Self::Query<'a>>;
}

/// Byte strings.
#[derive(Debug)]
pub(crate) enum Bytes {}
/// Numbers.
#[derive(Debug)]
pub(crate) enum Number {}
/// Keys with values, asked for by key.
#[derive(Debug)]
pub(crate) enum Pair {}

fn split_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

fn split_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk()?;
    let (string, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *bytes = rest;
    Some(string)
}

impl Shape for Bytes {
    type Item<'a> = &'a [u8];
    type Query<'a> = &'a [u8];

    fn item<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        split_bytes(bytes)
    }

    fn query<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        split_bytes(bytes)
    }
}

impl Shape for Number {
    type Item<'a> = u64;
    type Query<'a> = u64;

    fn item(bytes: &mut &[u8]) -> Option<u64> {
        split_number(bytes)
    }

    fn query(bytes: &mut &[u8]) -> Option<u64> {
        split_number(bytes)
    }
}

impl Shape for Pair {
    type Item<'a> = (&'a [u8], &'a [u8]);
    type Query<'a> = &'a [u8];

    fn item<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        Some((split_bytes(bytes)?, split_bytes(bytes)?))
    }

    fn query<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        split_bytes(bytes)
    }
}

/// Writes records to a file.
#[derive(Debug)]
pub(crate) struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
}

impl Writer {
    pub(crate) fn create(scratch: &Scratch, name: &str) -> Outcome<Self> {
        let (file, path) = scratch.file(name)?;
        Ok(Self { file: BufWriter::with_capacity(1 << 18, file), path })
    }

    pub(crate) fn bytes(&mut self, string: &[u8]) -> Outcome<()> {
        let len = (string.len() as u32).to_le_bytes();
        let written = self.file.write_all(&len).and_then(|()| self.file.write_all(string));
        written.map_err(|error| Failure::scratch(&self.path, error))
    }

    pub(crate) fn number(&mut self, number: u64) -> Outcome<()> {
        let written = self.file.write_all(&number.to_le_bytes());
        written.map_err(|error| Failure::scratch(&self.path, error))
    }

    pub(crate) fn finish(mut self) -> Outcome<()> {
        self.file.flush().map_err(|error| Failure::scratch(&self.path, error))
    }
}

/// Items from a file of records, in order: from a small buffer, or from a copy in memory.
///
/// Allocates only when it is made, so that a child can tell its bytes from the structure's.
#[derive(Debug)]
pub(crate) struct Feed<S> {
    file: Option<File>,
    path: PathBuf,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the longest record: while the file lasts, the buffer holds at least as many.
    longest: usize,
    shape: PhantomData<S>,
}

impl<S: Shape> Feed<S> {
    /// Reads from the file as items are taken. No record is longer than `longest` bytes.
    pub(crate) fn open(path: &Path, longest: usize) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| Failure::scratch(path, error))?;
        let buffer = vec![0; (longest * 2).max(1 << 20)].into_boxed_slice();
        let (path, file) = (path.to_owned(), Some(file));
        Ok(Self { file, path, buffer, start: 0, end: 0, longest, shape: PhantomData })
    }

    /// Reads the whole file at once.
    pub(crate) fn load(path: &Path) -> Outcome<Self> {
        let buffer = load(path)?.into_boxed_slice();
        let (path, end) = (path.to_owned(), buffer.len());
        Ok(Self { file: None, path, buffer, start: 0, end, longest: 0, shape: PhantomData })
    }

    /// The next item.
    #[inline]
    pub(crate) fn next(&mut self) -> Outcome<Option<S::Item<'_>>> {
        if self.file.is_some() && self.end - self.start < self.longest {
            self.refill()?;
        }
        let mut rest = &self.buffer[self.start..self.end];
        if rest.is_empty() {
            return Ok(None);
        }
        let item = S::item(&mut rest);
        self.start = self.end - rest.len();
        match item {
            Some(item) => Ok(Some(item)),
            None => Err(Failure::scratch(&self.path, "cut")),
        }
    }

    #[cold]
    fn refill(&mut self) -> Outcome<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while let Some(file) = &mut self.file {
            if self.end == self.buffer.len() {
                break;
            }
            match file.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.file = None,
                Ok(got) => self.end += got,
                Err(error) => return Err(Failure::scratch(&self.path, error)),
            }
        }
        Ok(())
    }
}

/// The whole file of records at `path`.
pub(crate) fn load(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| Failure::scratch(path, error))
}

/// The queries in `bytes`, a whole file of records.
pub(crate) fn queries<S: Shape>(mut bytes: &[u8]) -> Vec<S::Query<'_>> {
    std::iter::from_fn(|| S::query(&mut bytes)).collect()
}
