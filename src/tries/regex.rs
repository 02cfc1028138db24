//! [`Regex`]: keys that a regular expression matches, by the tables of the `regex-automata` crate.

use super::Automaton;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};

/// Bytes of heap that the table of states may take, and as many again while it is made.
const MOST_BYTES: usize = 4 << 20;

/// Accepts the keys that a regular expression matches as a whole. With the feature `regex`.
///
/// The syntax is that of the `regex` crate but for `\b`, of which a table can hold the form for
/// ASCII alone: `(?-u:\b)`. Write `.*` before and behind to find what is within a key. An
/// expression becomes a table of states at once, of up to 4 MiB: a counted repetition of a large
/// class of characters needs many.
///
/// ```
/// use lessram::tries::{Dawg, Regex};
///
/// let hosts = Dawg::from_sorted(["db1", "db12", "web1", "web7"])?;
/// assert!(hosts.matches(Regex::new("(db|web)[0-9]")?).map(|(id, ())| id).eq([0, 2, 3]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Regex {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// Why an expression cannot be used, in words: it is none, or its table would be too large.
#[derive(Clone, Debug)]
pub struct RegexError(Box<str>);

impl RegexError {
    /// With the causes, which tell what is wrong with the expression.
    fn of(error: &dyn core::error::Error) -> Self {
        let causes = core::iter::successors(Some(error), |error| error.source());
        Self(causes.map(ToString::to_string).collect::<Vec<_>>().join(": ").into())
    }
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for RegexError {}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regex").field("bytes", &self.dfa.memory_usage()).finish_non_exhaustive()
    }
}

impl Regex {
    /// The keys that `pattern` matches.
    ///
    /// # Errors
    ///
    /// [`RegexError`] if it is no regular expression, or its table would take more than 4 MiB.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        // All matches, so that a short one does not end the search for one of the whole key.
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MOST_BYTES))
            .determinize_size_limit(Some(MOST_BYTES));
        let dfa = dense::Builder::new()
            .configure(config)
            // Keys are bytes, of UTF-8 or not.
            .syntax(syntax::Config::new().utf8(false))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(MOST_BYTES)))
            .build(pattern)
            .map_err(|error| RegexError::of(&error))?;
        let anchored = start::Config::new().anchored(Anchored::Yes);
        // Only what looks at bytes before the key could refuse, and there are none.
        let start = dfa.start_state(&anchored).expect("a key has nothing before it");
        Ok(Self { dfa, start })
    }
}

impl Automaton for Regex {
    type State = StateID;
    type Match = ();

    fn start(&self) -> StateID {
        self.start
    }

    #[inline]
    fn step(&self, state: &StateID, byte: u8) -> StateID {
        self.dfa.next_state(*state, byte)
    }

    #[inline]
    fn is_alive(&self, state: &StateID) -> bool {
        !self.dfa.is_dead_state(*state) && !self.dfa.is_quit_state(*state)
    }

    #[inline]
    fn matched(&self, state: &StateID) -> Option<()> {
        self.dfa.is_match_state(self.dfa.next_eoi_state(*state)).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tries::{Dawg, RearDict};
    use std::collections::BTreeSet;
    use std::format;
    use std::string::String;

    #[test]
    fn what_matches_is_what_the_pattern_says() {
        let keys: BTreeSet<String> = (0..3_000_u32).map(|i| format!("k{:b}", i * 7)).collect();
        let dawg = Dawg::from_sorted(&keys).unwrap();
        let rear = RearDict::from_sorted(&keys).unwrap();
        type Fits = fn(&str) -> bool;
        let cases: [(&str, Fits); 5] = [
            ("k1.*0", |key| key.starts_with("k1") && key.ends_with('0')),
            ("k.{5}1*?", |key| key.len() >= 6 && key[6..].bytes().all(|byte| byte == b'1')),
            (".*1010.*", |key| key.contains("1010")),
            ("(?s-u).{4}|k1+", |key| key.len() == 4 || !key[1..].contains('0')),
            (r"(?-u:\b)k\d(?-u:\b)", |key| key.len() == 2),
        ];
        for (pattern, fits) in cases {
            let regex = Regex::new(pattern).unwrap();
            let found: Vec<usize> = dawg.matches(&regex).map(|(id, ())| id).collect();
            let all = keys.iter().enumerate();
            let expected = all.filter(|(_, key)| fits(key)).map(|(id, _)| id);
            assert!(!found.is_empty() && expected.eq(found.iter().copied()), "{pattern}");
            assert!(rear.matches(&regex).map(|(id, ())| id).eq(found), "{pattern}");
        }
        assert_eq!(dawg.matches(Regex::new("").unwrap()).count(), 0);
    }

    #[test]
    fn what_is_no_expression_is_told() {
        assert!(Regex::new("a(b").unwrap_err().to_string().contains("unclosed group"));
        let large = Regex::new(r"\w{1000}").unwrap_err().to_string();
        assert!(large.contains("limit"), "{large}");
    }
}
