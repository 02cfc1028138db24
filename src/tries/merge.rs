//! Several ordered sequences of keys as one: unions, intersections, differences, one key at a time.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};
use core::fmt;
use core::iter::FusedIterator;

/// The next key of a source. Of equal keys, that of the first source comes first.
struct Head<K> {
    key: K,
    source: usize,
}

impl<K: AsRef<[u8]>> Ord for Head<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.key.as_ref().cmp(other.key.as_ref());
        by_key.then(self.source.cmp(&other.source))
    }
}

impl<K: AsRef<[u8]>> PartialOrd for Head<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: AsRef<[u8]>> PartialEq for Head<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: AsRef<[u8]>> Eq for Head<K> {}

/// Ordered sequences of keys, merged: each distinct key once, with the sources that have it.
///
/// Holds one key of each of the k sources, however many they have; a key takes O(log k)
/// comparisons. What does not ascend comes out in some order, and maybe several times.
///
/// ```
/// use lessram::tries::{Dawg, Merge, RearDict};
///
/// let old = RearDict::from_sorted(["ant", "bee", "cat"])?;
/// let new = RearDict::from_sorted(["bee", "dog"])?;
/// let all = Dawg::from_sorted(Merge::new([old.iter(), new.iter()]).union())?;
/// assert!(all.iter().eq(["ant", "bee", "cat", "dog"].map(Vec::from)));
/// let gone = Merge::new([old.iter(), new.iter()]).difference();
/// assert!(gone.eq(["ant", "cat"].map(Vec::from)));
/// # Ok::<(), lessram::BuildError>(())
/// ```
pub struct Merge<I: Iterator> {
    sources: Vec<I>,
    heads: BinaryHeap<Reverse<Head<I::Item>>>,
    /// The sources of the last key.
    having: Vec<usize>,
}

impl<I: Iterator> fmt::Debug for Merge<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl<K: AsRef<[u8]>, I: Iterator<Item = K>> Merge<I> {
    /// Merges `sources`, each of which ascends.
    pub fn new<S: IntoIterator<IntoIter = I, Item = K>>(
        sources: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut sources: Vec<I> = sources.into_iter().map(IntoIterator::into_iter).collect();
        let first = sources.iter_mut().enumerate();
        let heads =
            first.filter_map(|(source, keys)| Some(Reverse(Head { key: keys.next()?, source })));
        let heads = heads.collect();
        Self { sources, heads, having: Vec::new() }
    }

    /// The next key, and the numbers of the sources that have it, in ascending order.
    pub fn next_key(&mut self) -> Option<(K, &[usize])> {
        self.having.clear();
        let key = self.pop()?;
        while self.heads.peek().is_some_and(|head| head.0.key.as_ref() == key.as_ref()) {
            self.pop();
        }
        Some((key, &self.having))
    }

    /// Takes the smallest head and has its source put the next one in its place.
    fn pop(&mut self) -> Option<K> {
        let mut head = self.heads.peek_mut()?;
        let source = head.0.source;
        // Of a source that says a key twice the second is passed over.
        if self.having.last() != Some(&source) {
            self.having.push(source);
        }
        Some(match self.sources[source].next() {
            Some(key) => core::mem::replace(&mut head.0.key, key),
            None => alloc::collections::binary_heap::PeekMut::pop(head).0.key,
        })
    }

    /// The keys that `wanted` picks by how many sources have them, and whether the first does.
    fn pick(mut self, wanted: impl Fn(usize, bool) -> bool) -> impl FusedIterator<Item = K> {
        core::iter::from_fn(move || {
            loop {
                let (key, having) = self.next_key()?;
                if wanted(having.len(), having[0] == 0) {
                    return Some(key);
                }
            }
        })
        .fuse()
    }

    /// The keys that some source has.
    pub fn union(self) -> impl FusedIterator<Item = K> {
        self.pick(|_, _| true)
    }

    /// The keys that all sources have; none if there are no sources.
    pub fn intersection(self) -> impl FusedIterator<Item = K> {
        let all = self.sources.len();
        self.pick(move |count, _| count == all)
    }

    /// The keys that the first source has and no other.
    pub fn difference(self) -> impl FusedIterator<Item = K> {
        self.pick(|count, first| first && count == 1)
    }

    /// The keys that an odd number of sources have: of two sources, those that only one has.
    pub fn symmetric_difference(self) -> impl FusedIterator<Item = K> {
        self.pick(|count, _| count % 2 == 1)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use crate::tries::FrontDict;
    use std::collections::{BTreeMap, BTreeSet};
    use std::format;
    use std::string::String;
    use std::vec;

    #[test]
    fn sets_of_several_sets_are_those_of_btree_sets() {
        let mut rng = Rng::new(23);
        for count in 0..7 {
            let sets: Vec<BTreeSet<String>> = (0..count)
                .map(|i| (0..i * 150).map(|_| format!("{:x}", rng.below(700))).collect())
                .collect();
            let dicts: Vec<FrontDict> =
                sets.iter().map(|set| FrontDict::from_sorted(set).unwrap()).collect();
            let merge = || Merge::new(dicts.iter());
            let mut having: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
            for (source, set) in sets.iter().enumerate() {
                set.iter().for_each(|key| having.entry(key).or_default().push(source));
            }
            let mut all = merge();
            for (key, sources) in &having {
                let (found, having) = all.next_key().unwrap();
                assert_eq!((&found[..], having), (key.as_bytes(), &sources[..]));
            }
            assert!(all.next_key().is_none() && all.next_key().is_none());
            let expected = |wanted: &dyn Fn(&[usize]) -> bool| -> Vec<Vec<u8>> {
                let wanted = having.iter().filter(|(_, sources)| wanted(sources));
                wanted.map(|(key, _)| key.as_bytes().to_vec()).collect()
            };
            assert!(merge().union().eq(expected(&|_| true)));
            assert!(merge().intersection().eq(expected(&|having| having.len() == count)));
            assert!(merge().difference().eq(expected(&|having| having == [0])));
            let odd = expected(&|having| having.len() % 2 == 1);
            assert!(merge().symmetric_difference().eq(odd));
        }
    }

    #[test]
    fn keys_that_do_not_ascend_come_out_somehow() {
        let sources = [vec!["b", "b", "a"], vec![], vec!["b", "c"]];
        let mut merge = Merge::new(sources);
        for expected in [("b", [0]), ("a", [0]), ("b", [2]), ("c", [2])] {
            assert_eq!(merge.next_key(), Some((expected.0, &expected.1[..])));
        }
        assert_eq!(merge.next_key(), None);
    }
}
