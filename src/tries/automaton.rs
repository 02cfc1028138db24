//! Keys that an automaton accepts, and the automaton of keys near a word.

use super::{Keys, RankedKeySet};
use alloc::vec;
use alloc::vec::Vec;
use core::iter::FusedIterator;

/// A machine that reads a key byte by byte. What it says of the bytes read so far lets a search
/// leave out all keys that begin with them.
pub trait Automaton {
    /// Where it is.
    type State: Copy;

    /// Where it is before the first byte.
    fn start(&self) -> Self::State;

    /// Where it is after one more byte.
    fn step(&self, state: &Self::State, byte: u8) -> Self::State;

    /// Whether some key that goes on from here may be accepted. `false` must be certain.
    fn is_alive(&self, state: &Self::State) -> bool;

    /// Whether a key that ends here is accepted.
    fn accepts(&self, state: &Self::State) -> bool;
}

/// The most edits that [`Near`] allows.
const MAX_EDITS: usize = 3;
/// Places of the word that a key of some length can be at, with so many edits.
const BAND: usize = 2 * MAX_EDITS + 1;

/// Accepts keys that become a word by at most 1 to 3 edits: a byte inserted, removed or replaced,
/// or where that is said, two neighbours swapped (of text that nothing was edited in between).
///
/// An edit is one of bytes: a letter of two bytes in UTF-8 counts twice.
#[derive(Clone, Copy, Debug)]
pub struct Near<'w> {
    word: &'w [u8],
    edits: u8,
    swaps: bool,
}

/// Distances between the key so far and each beginning of the word of about its length: that of
/// `read + i - edits` bytes at place `i`. And the same one byte before, for swaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distances {
    read: usize,
    last: u8,
    now: [u8; BAND],
    before: [u8; BAND],
}

impl<'w> Near<'w> {
    /// Keys at most `edits` edits from `word`; 1 to 3, or 0 for the word alone.
    ///
    /// # Panics
    ///
    /// If there are more than 3.
    #[must_use]
    #[track_caller]
    pub fn new(word: &'w [u8], edits: u8) -> Self {
        assert!(usize::from(edits) <= MAX_EDITS, "at most {MAX_EDITS} edits, not {edits}");
        Self { word, edits, swaps: false }
    }

    /// Lets two neighbours that are swapped count as one edit.
    #[must_use]
    pub const fn with_swaps(mut self) -> Self {
        self.swaps = true;
        self
    }

    /// How many edits it takes, of a key that is accepted.
    #[must_use]
    pub fn distance(&self, state: &Distances) -> Option<u8> {
        let place = (self.word.len() + usize::from(self.edits)).checked_sub(state.read)?;
        state.now.get(place).copied().filter(|distance| *distance <= self.edits)
    }
}

impl Automaton for Near<'_> {
    type State = Distances;

    fn start(&self) -> Distances {
        let edits = usize::from(self.edits);
        // So many bytes of the word and none of the key: all of them are to be inserted.
        let now = core::array::from_fn(|i| match i.checked_sub(edits) {
            Some(len) if i <= 2 * edits && len <= self.word.len() => len as u8,
            _ => self.edits + 1,
        });
        Distances { read: 0, last: 0, now, before: [self.edits + 1; BAND] }
    }

    fn step(&self, state: &Distances, byte: u8) -> Distances {
        let (edits, too_far) = (usize::from(self.edits), self.edits + 1);
        let read = state.read + 1;
        let mut now = [too_far; BAND];
        for i in 0..=2 * edits {
            let Some(len) = (read + i).checked_sub(edits).filter(|len| *len <= self.word.len())
            else {
                continue;
            };
            // At the same place of the band stands what is one shorter in the row before.
            let removed = state.now.get(i + 1).filter(|_| i < 2 * edits);
            let mut least = removed.map_or(too_far, |distance| distance + 1);
            if i > 0 && len > 0 {
                least = least.min(now[i - 1] + 1);
            }
            if len > 0 {
                let other = self.word[len - 1];
                least = least.min(state.now[i] + u8::from(other != byte));
                let swapped = self.swaps && len > 1 && read > 1;
                if swapped && other == state.last && self.word[len - 2] == byte {
                    least = least.min(state.before[i] + 1);
                }
            }
            now[i] = least.min(too_far);
        }
        Distances { read, last: byte, now, before: state.now }
    }

    fn is_alive(&self, state: &Distances) -> bool {
        let before = state.before.iter().take(if self.swaps { BAND } else { 0 });
        state.now.iter().chain(before).any(|distance| *distance <= self.edits)
    }

    fn accepts(&self, state: &Distances) -> bool {
        self.distance(state).is_some()
    }
}

/// The keys of a set that an automaton accepts, in order: each with its number and the state at its
/// end.
///
/// Goes over the keys and runs the automaton on what each adds to the one before; of keys that
/// begin with what is hopeless, the next look-up finds the end. Has one buffer for a key, and a
/// state for each of its bytes.
pub struct Matches<'a, S: RankedKeySet, M: Automaton> {
    set: &'a S,
    automaton: M,
    keys: Keys<'a, S, Vec<u8>>,
    /// After 0, 1, 2 .. bytes of the last key, as far as it was read.
    states: Vec<M::State>,
    /// Bytes of the last key where it was found hopeless.
    dead: Vec<u8>,
}

impl<S: RankedKeySet, M: Automaton> core::fmt::Debug for Matches<'_, S, M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Matches").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Hopeless keys that are passed over one by one before a look-up finds the end of them: a look-up
/// takes as long as some 20 keys (guess).
const PATIENCE: usize = 16;

impl<'a, S: RankedKeySet, M: Automaton> Matches<'a, S, M> {
    /// The keys of `set` that `automaton` accepts.
    pub fn new(set: &'a S, automaton: M) -> Self {
        let keys = Keys::new(set, 0..set.len(), vec![0; set.longest()]);
        let states = vec![automaton.start()];
        Self { set, automaton, keys, states, dead: Vec::new() }
    }
}

impl<S: RankedKeySet, M: Automaton> Iterator for Matches<'_, S, M> {
    type Item = (usize, M::State);

    fn next(&mut self) -> Option<(usize, M::State)> {
        let mut passed = 0;
        loop {
            let id = self.keys.id();
            if !self.dead.is_empty() && passed > PATIENCE {
                // Behind all keys that begin so; never back, whatever a damaged file says.
                let end = self.set.behind(&self.dead).max(id);
                self.dead.clear();
                self.keys.seek(end);
                self.states.truncate(1);
                passed = 0;
                continue;
            }
            let (shared, key) = self.keys.next_shared()?;
            if !self.dead.is_empty() && key.starts_with(&self.dead) {
                passed += 1;
                continue;
            }
            self.dead.clear();
            self.states.truncate(shared + 1);
            let mut alive = true;
            for (read, byte) in key.iter().enumerate().skip(self.states.len() - 1) {
                let state = self.automaton.step(&self.states[read], *byte);
                if !self.automaton.is_alive(&state) {
                    self.dead.extend_from_slice(&key[..=read]);
                    alive = false;
                    break;
                }
                self.states.push(state);
            }
            let last = self.states.last().copied();
            if let Some(state) = last.filter(|state| alive && self.automaton.accepts(state)) {
                return Some((id, state));
            }
        }
    }
}

impl<S: RankedKeySet, M: Automaton> FusedIterator for Matches<'_, S, M> {}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::{Rng, word};
    use crate::tries::RearDict;

    /// Edits from `a` to `b`, by the whole table.
    fn distance(a: &[u8], b: &[u8], swaps: bool) -> usize {
        let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut least = if i == 0 || j == 0 { i + j } else { usize::MAX };
                if i > 0 && j > 0 {
                    let change = usize::from(a[i - 1] != b[j - 1]);
                    least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                    least = least.min(rows[i - 1][j - 1] + change);
                    if swaps && i > 1 && j > 1 && (a[i - 1], a[i - 2]) == (b[j - 2], b[j - 1]) {
                        least = least.min(rows[i - 2][j - 2] + 1);
                    }
                }
                rows[i][j] = least;
            }
        }
        rows[a.len()][b.len()]
    }

    #[test]
    fn near_words_are_those_of_the_whole_table() {
        let mut rng = Rng::new(11);
        let mut keys: Vec<Vec<u8>> = (0..3_000).map(|_| word(&mut rng)).collect();
        keys.extend([vec![], b"b".to_vec(), b"ab".to_vec(), b"ba".to_vec(), vec![b'n'; 40]]);
        keys.sort();
        keys.dedup();
        let set = RearDict::from_sorted(&keys).unwrap();
        let mut words: Vec<Vec<u8>> = keys.iter().step_by(keys.len() / 12).cloned().collect();
        words.extend([b"".to_vec(), b"confi".to_vec(), b"nesttoin".to_vec(), vec![b'n'; 42]]);
        let mut found_any = 0;
        for word in &words {
            for (edits, swaps) in [(0, false), (1, false), (1, true), (2, true), (3, false)] {
                let near = Near::new(word, edits);
                let near = if swaps { near.with_swaps() } else { near };
                let matches = Matches::new(&set, near);
                let found: Vec<_> =
                    matches.map(|(id, state)| (id, near.distance(&state).unwrap())).collect();
                let all = keys.iter().enumerate();
                let all = all.map(|(id, key)| (id, distance(key, word, swaps)));
                let all = all.filter(|(_, distance)| *distance <= usize::from(edits));
                let expected: Vec<_> = all.map(|(id, distance)| (id, distance as u8)).collect();
                assert_eq!(found, expected, "{:?}, {edits}, {swaps}", word.escape_ascii());
                found_any += found.len();
            }
        }
        assert!(found_any > 50);
    }

    /// Accepts keys of so many bytes, all below a limit.
    struct Few(usize, u8);

    impl Automaton for Few {
        type State = Option<usize>;

        fn start(&self) -> Option<usize> {
            Some(0)
        }

        fn step(&self, state: &Option<usize>, byte: u8) -> Option<usize> {
            state.filter(|_| byte < self.1).map(|read| read + 1)
        }

        fn is_alive(&self, state: &Option<usize>) -> bool {
            state.is_some_and(|read| read <= self.0)
        }

        fn accepts(&self, state: &Option<usize>) -> bool {
            *state == Some(self.0)
        }
    }

    #[test]
    fn hopeless_keys_are_left_out_wherever_they_begin() {
        let mut keys: Vec<Vec<u8>> = (0..4_000_u32)
            .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes().to_vec())
            .map(|mut key| {
                key.truncate(1 + usize::from(key[3]) % 4);
                key
            })
            .collect();
        keys.sort();
        keys.dedup();
        let set = RearDict::from_sorted(&keys).unwrap();
        for (len, below) in [(2, 0x80), (3, 0xFF), (1, 0x10), (4, 0x40), (9, 0xFF)] {
            let found: Vec<usize> = Matches::new(&set, Few(len, below)).map(|(id, _)| id).collect();
            let fits = |key: &[u8]| key.len() == len && key.iter().all(|byte| *byte < below);
            let expected: Vec<usize> = (0..keys.len()).filter(|id| fits(&keys[*id])).collect();
            assert_eq!(found, expected);
        }
    }
}
