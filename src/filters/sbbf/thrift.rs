//! The header before a filter in a Parquet file, in Thrift's compact protocol.
//!
//! ```text
//! struct BloomFilterHeader {
//!   1: i32 numBytes
//!   2: union { 1: BLOCK {} }            algorithm
//!   3: union { 1: XXHASH {} }           hash
//!   4: union { 1: UNCOMPRESSED {} }     compression
//! }
//! ```
//!
//! A field is one byte, `step of its number << 4 | type`, and its value; a struct ends with a 0.

use super::PARQUET;
use crate::error::FileError;

/// The most bytes that the header can tell.
pub(super) const MAX_BYTES: u64 = i32::MAX as u64;

/// Types of the compact protocol.
const I32: u8 = 5;
const STRUCT: u8 = 12;
/// A field 1 (or the next one) that is a struct.
const NEXT_STRUCT: u8 = 1 << 4 | STRUCT;
/// The three unions: each a field, with field 1 in it, which is empty.
const UNIONS: [u8; 13] = [
    NEXT_STRUCT,
    NEXT_STRUCT,
    0,
    0,
    NEXT_STRUCT,
    NEXT_STRUCT,
    0,
    0,
    NEXT_STRUCT,
    NEXT_STRUCT,
    0,
    0,
    0,
];

/// A header, written.
pub(super) struct Header {
    bytes: [u8; 19],
    len: usize,
}

impl Header {
    /// The header of a filter of so many bytes, if it can tell.
    pub(super) fn of(filter_bytes: usize) -> Option<Self> {
        let filter_bytes = i32::try_from(filter_bytes).ok()?;
        let mut header = Self { bytes: [0; 19], len: 0 };
        header.push(1 << 4 | I32);
        // Zigzag: numbers not below 0 are doubled. Seven bits a byte, the lowest first.
        let mut rest = (filter_bytes as u32) << 1;
        while rest >= 0x80 {
            header.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        header.push(rest as u8);
        UNIONS.iter().for_each(|byte| header.push(*byte));
        Some(header)
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What the header at the start of `bytes` tells: the filter's bytes, and what follows the header.
pub(super) fn read(bytes: &[u8]) -> Result<(usize, &[u8]), FileError> {
    let broken = |rule| FileError::Corrupt { section: PARQUET, rule };
    let short = FileError::Truncated { need: bytes.len() as u64 + 1, have: bytes.len() as u64 };
    let Some((first, mut rest)) = bytes.split_first() else { return Err(short) };
    if *first != 1 << 4 | I32 {
        return Err(broken("a Thrift header that begins with the number of bytes"));
    }
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let Some((byte, after)) = rest.split_first() else { return Err(short) };
        rest = after;
        number |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
        if shift > 28 {
            return Err(broken("a number of bytes of 32 bits"));
        }
    }
    let len = usize::try_from(number >> 1).ok().filter(|_| number & 1 == 0 && number >> 32 == 0);
    let len = len.ok_or_else(|| broken("a number of bytes from 0 to 2^31"))?;
    match rest.split_at_checked(UNIONS.len()) {
        None => Err(short),
        Some((unions, rest)) if unions == UNIONS => Ok((len, rest)),
        Some(_) => Err(broken("split blocks, XXH64, no compression")),
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_that_parquet_writes() {
        let unions = b"\x1c\x1c\0\0\x1c\x1c\0\0\x1c\x1c\0\0\0";
        for (len, number) in [
            (32, &[0x40][..]),
            (64, &[0x80, 0x01]),
            (1 << 20, &[0x80, 0x80, 0x80, 0x01]),
            (i32::MAX as usize, &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F]),
        ] {
            let header = Header::of(len).unwrap();
            let expected = [&[0x15], number, unions].concat();
            assert_eq!(header.bytes(), expected);
            assert_eq!(read(header.bytes()).unwrap(), (len, &[][..]));
        }
        assert!(Header::of(i32::MAX as usize + 1).is_none());
    }
}
