//! Keys that an automaton accepts.

use super::{Keys, RankedKeySet};
use alloc::vec;
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::ops::ControlFlow;

/// A machine that reads a key byte by byte. What it says of the bytes read so far lets a search
/// leave out all keys that begin with them.
pub trait Automaton {
    /// Where it is.
    type State: Copy;

    /// What it says of a key that it accepts: `()`, or how near it is, say.
    type Match;

    /// Where it is before the first byte.
    fn start(&self) -> Self::State;

    /// Where it is after one more byte.
    fn step(&self, state: &Self::State, byte: u8) -> Self::State;

    /// Whether some key that goes on from here may be accepted. `false` must be certain.
    fn is_alive(&self, state: &Self::State) -> bool;

    /// Of a key that ends here and is accepted, what there is to say.
    fn matched(&self, state: &Self::State) -> Option<Self::Match>;
}

impl<M: Automaton + ?Sized> Automaton for &M {
    type State = M::State;
    type Match = M::Match;

    fn start(&self) -> Self::State {
        (**self).start()
    }

    fn step(&self, state: &Self::State, byte: u8) -> Self::State {
        (**self).step(state, byte)
    }

    fn is_alive(&self, state: &Self::State) -> bool {
        (**self).is_alive(state)
    }

    fn matched(&self, state: &Self::State) -> Option<Self::Match> {
        (**self).matched(state)
    }
}

/// The keys of a set that an automaton accepts, in order: the number of each, and what the
/// automaton says of it.
///
/// Goes over the keys and runs the automaton on what each adds to the one before; of keys that
/// begin with what is hopeless, the next look-up finds the end. Has one buffer for a key, and a
/// state for each of its bytes. [`key`](Self::key) lends the key that came last.
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

    /// The key that was found last.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.keys.last()
    }
}

impl<S: RankedKeySet, M: Automaton> Iterator for Matches<'_, S, M> {
    type Item = (usize, M::Match);

    fn next(&mut self) -> Option<(usize, M::Match)> {
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
            let last = self.states.last().filter(|_| alive);
            if let Some(found) = last.and_then(|state| self.automaton.matched(state)) {
                return Some((id, found));
            }
        }
    }
}

impl<S: RankedKeySet, M: Automaton> FusedIterator for Matches<'_, S, M> {}

/// Tells `take` of all of `matches`, with the key that each lends, until that breaks.
pub(super) fn try_each<I: Iterator<Item = (usize, T)>, T, B>(
    mut matches: I,
    key: impl Fn(&I) -> &[u8],
    mut take: impl FnMut(usize, &[u8], T) -> ControlFlow<B>,
) -> ControlFlow<B> {
    while let Some((id, found)) = matches.next() {
        take(id, key(&matches), found)?;
    }
    ControlFlow::Continue(())
}

/// Gives a dictionary whose keys are walked over one by one its searches by automaton.
macro_rules! automaton_doors {
    ($ty:ident<$($w:ident: [$($bound:tt)+]),+>) => {
        impl<$($w: $($bound)+),+> $ty<$($w),+> {
            /// The keys that `automaton` accepts, in order: the number of each, and what the
            /// automaton says of it.
            pub fn matches<M: $crate::tries::Automaton>(
                &self,
                automaton: M,
            ) -> $crate::tries::Matches<'_, Self, M> {
                $crate::tries::Matches::new(self, automaton)
            }

            /// The keys that become `word` by at most `most` characters inserted, removed or
            /// replaced, in order: the number of each, and how many changes it takes.
            /// [`Near`](crate::tries::Near) counts other changes.
            ///
            /// # Panics
            ///
            /// If `most` is more than 3.
            #[track_caller]
            pub fn fuzzy(
                &self,
                word: impl AsRef<[u8]>,
                most: u32,
            ) -> $crate::tries::Matches<'_, Self, $crate::tries::Near> {
                self.matches($crate::tries::Near::new(word, most))
            }
        }
    };
}
pub(super) use automaton_doors;

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::tries::RearDict;

    /// Accepts keys of so many bytes, all below a limit.
    struct Few(usize, u8);

    impl Automaton for Few {
        type State = Option<usize>;
        type Match = ();

        fn start(&self) -> Option<usize> {
            Some(0)
        }

        fn step(&self, state: &Option<usize>, byte: u8) -> Option<usize> {
            state.filter(|_| byte < self.1).map(|read| read + 1)
        }

        fn is_alive(&self, state: &Option<usize>) -> bool {
            state.is_some_and(|read| read <= self.0)
        }

        fn matched(&self, state: &Option<usize>) -> Option<()> {
            (*state == Some(self.0)).then_some(())
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
