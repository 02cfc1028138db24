//! The sample that `lessram compare` takes when no file is named: 104,334 English words.
//!
//! The file `american-english` of Debian's package wamerican 2020.12.07, made from SCOWL (Spell
//! Checker Oriented Word Lists) by Kevin Atkinson. Its licence, in `sample/COPYRIGHT`, allows use,
//! modification and redistribution as long as that file stays with it.

/// What the sample is called in tables.
pub(crate) const NAME: &str = "sample: English words (SCOWL)";

/// The words, one a line, compressed by gzip.
pub(crate) const WORDS: &[u8] = include_bytes!("sample/words.txt.gz");
