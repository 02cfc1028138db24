//! Words and fields of bits. Core only; knows bytes, never structures.

pub(crate) mod field;
pub(crate) mod float;
pub(crate) mod word;
