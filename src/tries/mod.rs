//! Ordered sets of byte strings in few bytes, with numbers for their keys.
//!
//! | I have | I take | it costs |
//! |---|---|---|
//! | a vocabulary, names, paths: keys that stay, as small as can be | [`RearDict`] | 1.9 bytes a word of a word list |
//! | the same, millions of them, and time counts before bytes | [`FrontDict`] | 3.3 bytes a word |
//! | keys whose endings repeat: forms of words, paths, hosts; or keys near a word are asked for | [`Dawg`] | 2.1 bytes a word, 3.8 a path of 92 |
//! | keys that stay, each with a number or a few of fixed size | [`DictMap`] over one of these three | that one's, and the values' bits |
//! | keys that come and go, alone or with values | [`DynTrie`], [`DynTrieMap`] | 5.6 bytes a word |
//! | keys of which few change, in a file or not | [`Layered`] over one of the first three | that one's, and the changes' |
//!
//! Which of the first three takes the fewest bytes of keys that are at hand, [`plan`] says, and
//! what a [`Dawg`] for time takes.
//!
//! A key's number is its rank, so that a range or a prefix is a range of numbers, and what belongs
//! to keys lies in an array beside the dictionary: a [`DictMap`] is both.
//!
//! ```
//! use lessram::tries::{DictMap, RearDict};
//!
//! let animals = [("ant", 6), ("bee", 6), ("beetle", 6), ("cat", 4)];
//! let legs: DictMap<RearDict, u8> = DictMap::from_sorted(animals)?;
//! assert_eq!((legs.get("cat"), legs.get("dog")), (Some(4), None));
//! assert_eq!(legs.dict().id_of("bee"), Some(1));
//! assert_eq!(legs.prefix("bee"), 1..3);
//! # Ok::<(), lessram::BuildError>(())
//! ```
//!
//! Keys in any order, more than fit in memory, come in order out of a [`Sorter`].
//!
//! # Queries
//!
//! What all dictionaries answer, beside a key by its number and a number by its key:
//!
//! ```
//! use lessram::tries::{Change, Near, RearDict};
//!
//! let words = RearDict::from_sorted(["be", "bee", "beet", "beetle", "bet", "boot"])?;
//! assert_eq!(words.prefix("bee"), 1..4);
//! assert_eq!(words.range("bee".."bet"), 1..4);
//! // The keys that a text begins with, the longest first: number and length.
//! assert!(words.prefixes_of("beets").eq([(2, 4), (1, 3), (0, 2)]));
//! // The keys at most one change from a word, with the changes that it takes.
//! assert!(words.fuzzy("bete", 1).eq([(1, 1), (4, 1)]));
//! let near = Near::by("bete", 1, Change::CharOrSwap);
//! assert!(words.matches(near).map(|(id, _)| id).eq([1, 2, 4]));
//! # Ok::<(), lessram::BuildError>(())
//! ```

#[cfg(feature = "alloc")]
mod automaton;
mod blocks;
mod dawg;
mod dict_map;
mod dyn_trie;
mod dyn_trie_map;
mod front;
mod front_dict;
#[cfg(feature = "alloc")]
mod glob;
mod huffman;
mod keys;
#[cfg(feature = "alloc")]
mod layered;
#[cfg(feature = "alloc")]
mod merge;
#[cfg(feature = "alloc")]
mod near;
mod phrases;
#[cfg(feature = "std")]
mod plan;
mod prefixes;
mod query;
mod rear_dict;
#[cfg(feature = "regex")]
mod regex;
mod separators;
#[cfg(feature = "std")]
mod sorter;
mod spool;
#[cfg(all(test, feature = "std"))]
mod tests;

#[cfg(feature = "alloc")]
pub use automaton::{Automaton, Matches};
pub use dawg::{Dawg, DawgBuilder, Edges, KeysAlong, Node};
#[cfg(feature = "alloc")]
pub use dawg::{DawgMatches, Fuzzy};
#[cfg(feature = "alloc")]
pub use dict_map::DictMapIter;
pub use dict_map::{
    Column, DawgMapU64, DictMap, Entries, FrontMapU64, KeyMap, KeyMapBuild, RearMapU64, StaticDict,
    Unsigned, Value, Weight,
};
pub use dyn_trie::DynTrie;
#[cfg(feature = "alloc")]
pub use dyn_trie_map::{DynTrieEntries, DynTrieIntoIter, DynTrieIter, DynTrieValues};
pub use dyn_trie_map::{DynTrieEntry, DynTrieMap, DynTrieOccupied, DynTrieVacant};
#[cfg(feature = "alloc")]
pub use dyn_trie_map::{DynTrieIterMut, DynTrieValuesMut};
pub use front_dict::{FrontDict, FrontDictBuilder};
#[cfg(feature = "alloc")]
pub use glob::{Glob, GlobError};
#[cfg(feature = "alloc")]
pub use keys::Iter;
pub use keys::{Keys, Walks};
#[cfg(feature = "alloc")]
pub use layered::{Layered, LayeredIter};
#[cfg(feature = "alloc")]
pub use merge::Merge;
#[cfg(feature = "alloc")]
pub use near::{Change, Near, NearState};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use plan::fallen;
#[cfg(feature = "std")]
pub use plan::{Form, Plan, plan};
pub use prefixes::PrefixesOf;
pub use rear_dict::{RearDict, RearDictBuilder};
#[cfg(feature = "regex")]
pub use regex::{Regex, RegexError};
#[cfg(feature = "std")]
pub use sorter::{Sorted, Sorter};

use crate::arrays::Prefer;
use crate::error::BuildError;
use crate::mem::{Alloc, Footprint};
#[cfg(feature = "alloc")]
use core::ops::ControlFlow;
use core::ops::{Bound, Range, RangeBounds};

/// A set of byte strings. Serves code that is generic over structures; the structures have all of
/// it as inherent methods.
pub trait KeySet: Footprint {
    /// How many keys there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `key` is in the set.
    fn contains(&self, key: &[u8]) -> bool;

    /// Bytes of the longest key; of a set that changes, perhaps of one that has gone.
    fn longest(&self) -> usize;
}

/// A [`KeySet`] whose keys are numbered in their order.
pub trait RankedKeySet: KeySet + Walks + Sized {
    /// How many keys are smaller than `key`, and whether the next one equals it.
    fn locate(&self, key: &[u8]) -> (usize, bool);

    /// How many keys are smaller than `prefix` or begin with it.
    fn behind(&self, prefix: &[u8]) -> usize;

    /// The number of `key`.
    fn id_of(&self, key: &[u8]) -> Option<usize> {
        let (at, equal) = self.locate(key);
        equal.then_some(at)
    }

    /// How many keys are smaller than `key`.
    fn lower_bound(&self, key: &[u8]) -> usize {
        self.locate(key).0
    }

    /// How many keys are not greater than `key`.
    fn upper_bound(&self, key: &[u8]) -> usize {
        let (at, equal) = self.locate(key);
        at + usize::from(equal)
    }

    /// The numbers of the keys that begin with `prefix`.
    fn prefix(&self, prefix: &[u8]) -> Range<usize> {
        let start = self.lower_bound(prefix);
        // Of a damaged file the end may lie before the start.
        start..self.behind(prefix).max(start)
    }

    /// The numbers of the keys in `range`; none if its start is above its end.
    fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range<usize> {
        ids_in(range, self.len(), |key| self.locate(key))
    }

    /// The key `id` in `buffer`, cut to its length; `None` unless `id < len`.
    fn key_into<'b>(&self, id: usize, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        if id >= self.len() {
            return None;
        }
        // Of a damaged file there may be no key: then an empty one.
        let len = self.spell(id, buffer).unwrap_or(0);
        Some(buffer.get(..len).unwrap_or(&[]))
    }

    /// The keys that `text` begins with, the longest first, each as its number and its length.
    fn prefixes_of<'a, B: AsMut<[u8]>>(
        &'a self,
        text: &'a [u8],
        buffer: B,
    ) -> PrefixesOf<'a, Self, B> {
        PrefixesOf::new(self, text, buffer)
    }

    /// Tells `take` of the keys that `automaton` accepts, in order: the number of each, its bytes,
    /// and what the automaton says of it. Ends when `take` breaks, and returns what it breaks with.
    #[cfg(feature = "alloc")]
    fn try_each_match<M: Automaton, B>(
        &self,
        automaton: M,
        take: impl FnMut(usize, &[u8], M::Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        automaton::try_each(Matches::new(self, automaton), Matches::key, take)
    }

    /// Puts the number of each of `keys` into `ids`, as far as both go.
    fn get_many(&self, keys: &[&[u8]], ids: &mut [Option<usize>]) {
        for (key, id) in keys.iter().zip(ids) {
            *id = self.id_of(key);
        }
    }
}

/// The numbers of the keys in `range`, of `len` keys that `locate` finds.
fn ids_in<K: AsRef<[u8]>>(
    range: impl RangeBounds<K>,
    len: usize,
    locate: impl Fn(&[u8]) -> (usize, bool),
) -> Range<usize> {
    let from = |key: &K| locate(key.as_ref()).0;
    let behind = |key: &K| {
        let (at, equal) = locate(key.as_ref());
        at + usize::from(equal)
    };
    let start = match range.start_bound() {
        Bound::Included(key) => from(key),
        Bound::Excluded(key) => behind(key),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(key) => behind(key),
        Bound::Excluded(key) => from(key),
        Bound::Unbounded => len,
    };
    start..end.max(start)
}

/// A [`RankedKeySet`] that is built once; the laws of the registry's shape `dicts`.
pub trait KeySetBuild<A: Alloc>: RankedKeySet {
    /// The set of `keys`, which must ascend, in blocks of `block` keys where it has any.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if they do not, a key is too long, or memory cannot be had.
    fn try_from_sorted_in<K: AsRef<[u8]>>(
        keys: impl Iterator<Item = K>,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError>;

    /// What it was built for, where there is a choice.
    fn prefer(&self) -> Prefer {
        Prefer::Bytes
    }

    /// As [`try_from_sorted_in`](Self::try_from_sorted_in), of what is preferred where there is a
    /// choice.
    ///
    /// # Errors
    ///
    /// The same.
    fn try_from_sorted_for<K: AsRef<[u8]>>(
        keys: impl Iterator<Item = K>,
        prefer: Prefer,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let _ = prefer;
        Self::try_from_sorted_in(keys, block, alloc)
    }

    /// As [`try_from_sorted_in`](Self::try_from_sorted_in); where keys must wait until all are
    /// there, they do so in a temporary file in `folder`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Io`] beside the others.
    #[cfg(feature = "std")]
    fn try_from_sorted_through<K: AsRef<[u8]>>(
        folder: &std::path::Path,
        keys: impl Iterator<Item = K>,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let _ = folder;
        Self::try_from_sorted_in(keys, block, alloc)
    }
}
