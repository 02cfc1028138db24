//! [`Glob`]: keys that match a pattern of the shell.

use super::Automaton;
use alloc::boxed::Box;
use core::fmt;

/// Tokens of a pattern: one bit each, and one for the end.
const MOST: usize = 63;

/// Accepts the keys that match a pattern of the shell as a whole.
///
/// | in the pattern | stands for |
/// |---|---|
/// | `*` | any bytes, or none |
/// | `?` | one character: a byte, with the bytes that go on with it in UTF-8 |
/// | `[a-z_]`, `[!a-z_]` | one byte of ASCII of these, or one character that is none of them |
/// | `\*` | the byte behind the backslash |
/// | another byte | itself |
///
/// Nothing is special in a `/` or in a dot at the beginning. A step takes the same time whatever
/// the pattern; the table takes 4 KiB of heap.
///
/// ```
/// use lessram::tries::{Dawg, Glob};
///
/// let paths = Dawg::from_sorted(["README.md", "src/lib.rs", "src/main.rs", "tests/main.rs"])?;
/// let glob = Glob::new("*/m[a-i]*.rs")?;
/// assert!(paths.matches(glob).map(|(id, ())| id).eq([2, 3]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Glob {
    /// For each byte, the tokens that take it and the places that it does not lead away from.
    steps: Box<[Step; 256]>,
    /// The bit of the end.
    end: u64,
}

#[derive(Clone, Copy, Default)]
struct Step {
    takes: u64,
    stays: u64,
}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GlobError {
    /// It has more than 63 tokens (a byte, a `?` or a class each; stars do not count).
    TooLong,
    /// A class or a backslash at this byte has no end.
    Open {
        /// The position in the pattern.
        at: usize,
    },
    /// A class holds a byte beyond ASCII, or a range that descends, at this byte.
    Class {
        /// The position in the pattern.
        at: usize,
    },
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a pattern of more than {MOST} tokens: shorten it"),
            Self::Open { at } => write!(f, "what begins at byte {at} has no end: write \\ before"),
            Self::Class { at } => write!(f, "byte {at}: classes hold ASCII in ascending ranges"),
        }
    }
}

impl core::error::Error for GlobError {}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glob").field("tokens", &self.end.trailing_zeros()).finish_non_exhaustive()
    }
}

/// A set of bytes.
type Bytes = [bool; 256];

/// What no character begins with, but goes on with.
fn continues(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

impl Glob {
    /// The keys that match `pattern`.
    ///
    /// # Errors
    ///
    /// [`GlobError`] if it is none.
    pub fn new(pattern: impl AsRef<[u8]>) -> Result<Self, GlobError> {
        let pattern = pattern.as_ref();
        let mut glob = Self { steps: Box::new([Step::default(); 256]), end: 1 };
        let mut at = 0;
        while let Some(&byte) = pattern.get(at) {
            at += 1;
            match byte {
                b'*' => glob.stay(|_| true),
                b'?' => glob.take_char(|_| true)?,
                b'[' => {
                    let (class, end) = class(pattern, at)?;
                    glob.take_char(|byte| class[usize::from(byte)])?;
                    at = end;
                }
                b'\\' => {
                    let byte = *pattern.get(at).ok_or(GlobError::Open { at: at - 1 })?;
                    glob.take(|other| other == byte)?;
                    at += 1;
                }
                _ => glob.take(|other| other == byte)?,
            }
        }
        Ok(glob)
    }

    /// Goes on with a token: a byte of which `takes` is true.
    fn take(&mut self, takes: impl Fn(u8) -> bool) -> Result<(), GlobError> {
        if self.end.trailing_zeros() as usize == MOST {
            return Err(GlobError::TooLong);
        }
        for byte in 0..=u8::MAX {
            let step = &mut self.steps[usize::from(byte)];
            step.takes |= if takes(byte) { self.end } else { 0 };
        }
        self.end <<= 1;
        Ok(())
    }

    /// Goes on with a token: a character whose first byte is one of which `takes` is true.
    fn take_char(&mut self, takes: impl Fn(u8) -> bool + Copy) -> Result<(), GlobError> {
        self.take(|byte| !continues(byte) && takes(byte))?;
        // What is ASCII alone is of one byte.
        if (0xC0..=u8::MAX).any(takes) {
            self.stay(continues);
        }
        Ok(())
    }

    /// Lets bytes of which `stays` is true come between the last token and the next.
    fn stay(&mut self, stays: impl Fn(u8) -> bool) {
        for byte in 0..=u8::MAX {
            let step = &mut self.steps[usize::from(byte)];
            step.stays |= if stays(byte) { self.end } else { 0 };
        }
    }
}

/// The bytes of the class whose first byte is at `at`, and where it ends.
fn class(pattern: &[u8], start: usize) -> Result<(Bytes, usize), GlobError> {
    let open = GlobError::Open { at: start - 1 };
    let negated = matches!(pattern.get(start), Some(b'!' | b'^'));
    let first = start + usize::from(negated);
    let mut bytes = [false; 256];
    let mut at = first;
    loop {
        let low = *pattern.get(at).ok_or(open)?;
        // A bracket at the beginning is one of the class.
        if low == b']' && at > first {
            break;
        }
        let ranged = pattern.get(at + 1) == Some(&b'-') && pattern.get(at + 2) != Some(&b']');
        let high = if ranged { *pattern.get(at + 2).ok_or(open)? } else { low };
        if !high.is_ascii() || low > high {
            return Err(GlobError::Class { at });
        }
        bytes[usize::from(low)..=usize::from(high)].fill(true);
        at += if ranged { 3 } else { 1 };
    }
    if negated {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    Ok((bytes, at + 1))
}

impl Automaton for Glob {
    /// A bit for each number of tokens that what was read may have matched.
    type State = u64;
    type Match = ();

    fn start(&self) -> u64 {
        1
    }

    #[inline]
    fn step(&self, state: &u64, byte: u8) -> u64 {
        let step = &self.steps[usize::from(byte)];
        (state & step.takes) << 1 | state & step.stays
    }

    #[inline]
    fn is_alive(&self, state: &u64) -> bool {
        *state != 0
    }

    #[inline]
    fn matched(&self, state: &u64) -> Option<()> {
        (state & self.end != 0).then_some(())
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use crate::tries::{Dawg, RearDict};
    use std::collections::BTreeSet;
    use std::string::String;
    use std::vec::Vec;

    /// Whether a pattern of stars, question marks and letters matches a text, by trying all ways.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|from| matches(rest, &text[from..])),
            Some((token, rest)) => text.split_first().is_some_and(|(char, text)| {
                (*token == '?' || token == char) && matches(rest, text)
            }),
        }
    }

    #[test]
    fn a_class_of_ascii_is_one_byte() {
        let keys: [&[u8]; 3] = [b"a", b"a\x80", b"a\x80b"];
        let dawg = Dawg::from_sorted(keys).unwrap();
        let matched = |pattern| dawg.matches(Glob::new(pattern).unwrap()).map(|(id, ())| id);
        assert!(matched("[a-c]").eq([0]) && matched("[a-c]b").next().is_none());
        assert!(matched("[a-c]*b").eq([2]));
    }

    #[test]
    fn what_matches_is_what_all_ways_find() {
        let mut rng = Rng::new(3);
        let mut text = |letters: &[char], most: usize| -> String {
            let len = rng.below(most + 1);
            (0..len).map(|_| letters[rng.below(letters.len())]).collect()
        };
        let keys: BTreeSet<String> =
            (0..2_000).map(|_| text(&['a', 'b', '\u{e9}', '\u{1f980}'], 8)).collect();
        let dawg = Dawg::from_sorted(&keys).unwrap();
        let rear = RearDict::from_sorted(&keys).unwrap();
        let mut found_any = 0;
        for _ in 0..200 {
            let pattern = text(&['a', 'b', '\u{e9}', '*', '?', '?'], 7);
            let glob = Glob::new(&pattern).unwrap();
            let chars: Vec<char> = pattern.chars().collect();
            let fits = |key: &&String| matches(&chars, &key.chars().collect::<Vec<_>>());
            let expected: Vec<&[u8]> = keys.iter().filter(fits).map(|key| key.as_bytes()).collect();
            let found = dawg.matches(&glob).map(|(id, ())| dawg.key_of(id).unwrap());
            assert!(found.eq(expected.iter().copied()), "{pattern}");
            assert!(rear.matches(&glob).eq(dawg.matches(&glob)), "{pattern}");
            found_any += expected.len();
        }
        assert!(found_any > 1_000);
    }

    fn one(pattern: &str, key: &str) -> bool {
        Dawg::from_sorted([key]).unwrap().matches(Glob::new(pattern).unwrap()).count() == 1
    }

    #[test]
    fn classes_and_escapes() {
        assert!(one("[a-cx]", "b") && one("[a-cx]", "x") && !one("[a-cx]", "d"));
        assert!(one("[!a-c]", "d") && one("[!a-c]", "\u{e9}") && !one("[^a-c]", "b"));
        assert!(one("[]a]", "]") && one("[a-]", "-") && one("[!]]", "a") && !one("[!]]", "]"));
        assert!(one("\\*\\[", "*[") && !one("\\*", "a") && one("", "") && !one("", "a"));
        assert!(one("*", "") && !one("?", "") && one("***", "a/b"));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let error = |pattern: &str| Glob::new(pattern).err();
        assert_eq!(error("ab[cd"), Some(GlobError::Open { at: 2 }));
        assert_eq!(error("ab\\"), Some(GlobError::Open { at: 2 }));
        assert_eq!(error("[z-a]"), Some(GlobError::Class { at: 1 }));
        assert_eq!(error("[\u{e9}]"), Some(GlobError::Class { at: 1 }));
        assert_eq!(error(&"a".repeat(64)), Some(GlobError::TooLong));
        assert!(error(&"a*".repeat(63)).is_none());
    }
}
