//! Keys near a word: what was read of a key is the set of all ways in which it can be made of the
//! word's beginnings.
//!
//! After `d` units of a key, bit `b` of lane `e` says that the first `d - k + b` units of the word
//! become them by `e` changes or fewer. Only `2k + 1` beginnings can, so that four lanes of 8 bits
//! hold all of it, however long the word is: S. Wu, U. Manber, *Fast Text Searching Allowing
//! Errors*, CACM 1992, kept to the diagonal.

use super::Automaton;
use alloc::vec::Vec;

/// The most changes.
const MOST: u32 = 3;
/// One bit in each lane.
const LANES: u32 = 0x0101_0101;
/// The bits of lanes that are used.
const BITS: u32 = 0x7F7F_7F7F;
/// A unit that no key has, and those of bytes that are not UTF-8: of a key, and of the word.
const PADDING: u32 = u32::MAX;
const BROKEN: u32 = u32::MAX - 1;
const BROKEN_IN_WORD: u32 = u32::MAX - 2;

/// What counts as one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// One character of UTF-8 inserted, removed or replaced. What is none counts as one that
    /// equals no other, not even itself: a byte, or as many as a character begins with that does
    /// not go on, as [`utf8_chunks`](slice::utf8_chunks) splits them.
    #[default]
    Char,
    /// As `Char`, or two neighbouring characters swapped that are not changed further.
    CharOrSwap,
    /// One byte inserted, removed or replaced.
    Byte,
    /// As `Byte`, or two neighbouring bytes swapped that are not changed further.
    ByteOrSwap,
}

/// Accepts the keys that become a word by at most 3 [changes](Change), and tells how many it takes.
///
/// A step takes the same time whatever the length of the word.
#[derive(Clone, Debug)]
pub struct Near {
    /// The units of the word, with padding before and behind, so that a window of 8 can be looked
    /// at.
    units: Vec<u32>,
    len: usize,
    most: u32,
    chars: bool,
    swaps: bool,
}

/// The ways in which what was read can be made of the word.
#[derive(Clone, Copy, Debug)]
pub struct NearState {
    now: u32,
    /// Those before the last unit, and that unit's places in its window.
    before: u32,
    places: u32,
    /// The bits so far of a character, and how many bytes of it are to come.
    char_bits: u32,
    char_left: u32,
    /// Units read.
    read: usize,
}

impl Near {
    /// Keys that become `word` by at most `most` characters inserted, removed or replaced.
    ///
    /// # Panics
    ///
    /// If `most` is more than 3.
    #[must_use]
    #[track_caller]
    pub fn new(word: impl AsRef<[u8]>, most: u32) -> Self {
        Self::by(word, most, Change::Char)
    }

    /// As [`new`](Self::new), with changes of another kind.
    ///
    /// # Panics
    ///
    /// If `most` is more than 3.
    #[must_use]
    #[track_caller]
    pub fn by(word: impl AsRef<[u8]>, most: u32, change: Change) -> Self {
        assert!(most <= MOST, "at most {MOST} changes, not {most}");
        let word = word.as_ref();
        let chars = matches!(change, Change::Char | Change::CharOrSwap);
        let swaps = matches!(change, Change::CharOrSwap | Change::ByteOrSwap);
        // One more before than changes: a swap looks one unit further back.
        let mut units = alloc::vec![PADDING; most as usize + 1];
        if chars {
            units.extend(word.utf8_chunks().flat_map(|chunk| {
                let broken = (!chunk.invalid().is_empty()).then_some(BROKEN_IN_WORD);
                chunk.valid().chars().map(u32::from).chain(broken)
            }));
        } else {
            units.extend(word.iter().map(|byte| u32::from(*byte)));
        }
        let len = units.len() - most as usize - 1;
        units.resize(units.len() + most as usize + 9, PADDING);
        Self { units, len, most, chars, swaps }
    }

    /// Adds ways that remove units of the word, after `read` units of a key.
    #[inline(always)]
    fn close(&self, mut ways: u32, read: usize) -> u32 {
        let lanes = u32::MAX >> (8 * (MOST - self.most));
        // Beginnings are not longer than the word.
        let bits = (self.len + self.most as usize + 1).saturating_sub(read);
        let used = bits.min(2 * self.most as usize + 1);
        let valid = (((1_u32 << used) - 1) * LANES) & lanes;
        ways &= valid;
        for _ in 0..self.most {
            ways |= (ways << 9) & valid;
        }
        ways
    }

    /// The ways after one unit more; none if there are none.
    #[inline(always)]
    fn read(&self, state: &NearState, unit: u32) -> NearState {
        // The places of the unit in the window, and in the one that starts a unit earlier.
        let window = self.units.get(state.read..).and_then(<[u32]>::first_chunk::<9>);
        let mut places = 0_u32;
        if let Some(window) = window {
            for (bit, other) in window.iter().enumerate() {
                places |= u32::from(*other == unit) << bit;
            }
        }
        let here = (places >> 1 & 0x7F) * LANES;
        let changed = state.now << 8;
        let mut now = state.now & here | changed | changed >> 1 & BITS;
        if self.swaps {
            // This unit is where the one before should be, and that one where this should be.
            let swapped = state.before & ((state.places >> 2 & places & 0x7F) * LANES);
            now |= swapped << 8;
        }
        let read = state.read + 1;
        let now = self.close(now, read);
        NearState { now, before: state.now, places, char_bits: 0, char_left: 0, read }
    }

    /// The same, of one byte more that is not a character of its own.
    #[inline(never)]
    fn read_wide(&self, state: &NearState, byte: u8) -> NearState {
        let mut state = *state;
        if state.char_left > 0 {
            if goes_on(&state, byte) {
                let bits = state.char_bits << 6 | u32::from(byte & 0x3F);
                return match state.char_left {
                    1 => self.read(&state, bits),
                    left => NearState { char_bits: bits, char_left: left - 1, ..state },
                };
            }
            // A character that has no end.
            state = self.read(&state, BROKEN);
        }
        let (char_bits, char_left) = match byte {
            0xC2..=0xDF => (byte & 0x1F, 1),
            0xE0..=0xEF => (byte & 0x0F, 2),
            0xF0..=0xF4 => (byte & 0x07, 3),
            0..0x80 => return self.read(&state, byte.into()),
            _ => return self.read(&state, BROKEN),
        };
        NearState { char_bits: char_bits.into(), char_left, ..state }
    }
}

/// Whether the character that `state` is within goes on with `byte`. It does not where there is a
/// shorter form of it, and where it would be half of a UTF-16 pair or beyond the last one.
fn goes_on(state: &NearState, byte: u8) -> bool {
    // Behind the second of four bytes the bits are more than a first byte of three has.
    let next = match (state.char_left, state.char_bits) {
        (2, 0) => 0xA0..=0xBF,
        (2, 0xD) => 0x80..=0x9F,
        (3, 0) => 0x90..=0xBF,
        (3, 4) => 0x80..=0x8F,
        _ => 0x80..=0xBF,
    };
    next.contains(&byte)
}

impl Automaton for Near {
    type State = NearState;
    /// How many changes it takes.
    type Match = u32;

    /// So many units of the word removed as there are changes.
    fn start(&self) -> NearState {
        let now = self.close(1 << self.most, 0);
        NearState { now, before: 0, places: 0, char_bits: 0, char_left: 0, read: 0 }
    }

    #[inline(always)]
    fn step(&self, state: &NearState, byte: u8) -> NearState {
        if !self.chars || byte < 0x80 && state.char_left == 0 {
            return self.read(state, byte.into());
        }
        self.read_wide(state, byte)
    }

    #[inline(always)]
    fn is_alive(&self, state: &NearState) -> bool {
        state.now != 0
    }

    /// The fewest changes by which all of the word becomes the key.
    #[inline(always)]
    fn matched(&self, state: &NearState) -> Option<u32> {
        // Bytes of a character without its end are one unit.
        let state = if state.char_left == 0 { *state } else { self.read(state, BROKEN) };
        let bit = (self.len + self.most as usize).checked_sub(state.read)?;
        let whole = (state.now >> bit.min(7)) & LANES;
        (bit < 7 && whole != 0).then(|| whole.trailing_zeros() / 8)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::{cases, data::Rng};
    use crate::tries::{Dawg, DynTrie, FrontDict, RearDict};
    use std::collections::BTreeSet;
    use std::string::String;
    use std::vec;

    /// The fewest changes that make `b` of `a`.
    fn distance<T: PartialEq>(a: &[T], b: &[T], swaps: bool) -> u32 {
        let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                rows[i][j] = match (i, j) {
                    (0, _) => j as u32,
                    (_, 0) => i as u32,
                    _ => {
                        let replaced = rows[i - 1][j - 1] + u32::from(a[i - 1] != b[j - 1]);
                        replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
                    }
                };
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swaps && swapped {
                    rows[i][j] = rows[i][j].min(rows[i - 2][j - 2] + 1);
                }
            }
        }
        rows[a.len()][b.len()]
    }

    /// The characters of `bytes`, and `broken` for each stretch that is none.
    fn units(bytes: &[u8], broken: u32) -> Vec<u32> {
        let units = bytes.utf8_chunks().flat_map(|chunk| {
            let end = (!chunk.invalid().is_empty()).then_some(broken);
            chunk.valid().chars().map(u32::from).chain(end)
        });
        units.collect()
    }

    #[test]
    fn forms_of_characters_that_are_too_long_are_none() {
        let keys = [&[0xE0, 0x81, 0xA1][..], &[0xF0, 0x80, 0x81, 0xA1]];
        let dict = RearDict::from_sorted(keys).unwrap();
        assert_eq!(dict.matches(Near::new("a", 0)).next(), None);
        assert_eq!(dict.matches(Near::new("a", 3)).next(), Some((0, 3)));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_split_as_the_standard_library_does() {
        // The bytes at which what may come next changes.
        let edges = [
            0x00, b'a', 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
            0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ];
        let mut rng = Rng::new(29);
        let random = |rng: &mut Rng| -> Vec<u8> {
            (0..rng.below(6)).map(|_| edges[rng.below(edges.len())]).collect()
        };
        for _ in 0..cases(100_000) {
            let key = random(&mut rng);
            let mut word = random(&mut rng);
            if rng.below(2) == 0 {
                word.clone_from(&key);
            }
            let far = distance(&units(&word, BROKEN_IN_WORD), &units(&key, BROKEN), false);
            let near = Near::new(&word, 3);
            let state = key.iter().fold(near.start(), |state, byte| near.step(&state, *byte));
            assert_eq!(near.matched(&state), (far <= 3).then_some(far), "{word:X?}, {key:X?}");
            let itself = word == key && std::str::from_utf8(&key).is_ok();
            assert!(!itself || near.matched(&state) == Some(0));
        }
    }

    #[test]
    fn near_keys_are_those_of_brute_force() {
        let mut rng = Rng::new(17);
        let letters = ['a', 'b', 'c', '\u{e9}', '\u{4e2d}', '\u{1f980}'];
        let word = |rng: &mut Rng, most: usize| -> String {
            let len = rng.below(most + 1);
            (0..len).map(|_| letters[rng.below(letters.len())]).collect()
        };
        let keys: BTreeSet<String> = (0..1_500).map(|_| word(&mut rng, 9)).collect();
        let dawg = Dawg::from_sorted(&keys).unwrap();
        let rear = RearDict::from_sorted(&keys).unwrap();
        let front = FrontDict::from_sorted(&keys).unwrap();
        let changing: DynTrie = keys.iter().collect();
        for _ in 0..cases(480) {
            let word = word(&mut rng, 12);
            for change in [Change::Char, Change::CharOrSwap, Change::Byte, Change::ByteOrSwap] {
                let swaps = matches!(change, Change::CharOrSwap | Change::ByteOrSwap);
                for most in 0..=3 {
                    let far = |key: &String| match change {
                        Change::Char | Change::CharOrSwap => {
                            let chars = |text: &str| text.chars().collect::<Vec<char>>();
                            distance(&chars(&word), &chars(key), swaps)
                        }
                        _ => distance(word.as_bytes(), key.as_bytes(), swaps),
                    };
                    let near = keys.iter().enumerate().map(|(id, key)| (id, far(key)));
                    let near: Vec<_> = near.filter(|(_, far)| *far <= most).collect();
                    let by = Near::by(&word, most, change);
                    let found: Vec<_> = dawg.matches(&by).collect();
                    assert_eq!(found, near, "{word:?}, {most}, {change:?}");
                    assert!(front.matches(&by).eq(near.iter().copied()));
                    assert!(changing.matches(&by).eq(near.iter().copied()));
                    let mut found = rear.matches(&by);
                    for (id, far) in near {
                        assert_eq!(found.next(), Some((id, far)));
                        assert_eq!(Some(found.key()), rear.key_of(id).as_deref());
                    }
                    assert_eq!(found.next(), None);
                }
            }
        }
    }
}
