//! Dictionaries in blocks that [`Separators`] find: what they do alike.

use super::query::{Query, Short};
use super::separators::{Found, Node, Separators};
use crate::simd::prefetch;

/// Keys in blocks.
pub(super) trait Blocks {
    /// Where a walk through a block is.
    type Walk: Copy;

    /// Lines of the cache that a look-up reads of a block, about.
    const LINES: usize;

    /// The nodes of what finds blocks.
    type Node<'n>: Node<'n>
    where
        Self: 'n;

    /// What finds blocks.
    fn separators(&self) -> &Separators<'_, Self::Node<'_>>;

    /// The bytes of all blocks.
    fn bytes(&self) -> &[u8];

    /// Keys of a block.
    fn block(&self) -> usize;

    /// How many keys of the block that was found are smaller than the query, and whether the next
    /// one equals it; `None` of a damaged one.
    fn search<Q: Query>(&self, found: Found, query: &Q) -> Option<(usize, bool)>;

    /// Goes to the first key of `block` and puts it into `key`.
    fn enter(&self, block: usize, key: &mut [u8]) -> Option<Self::Walk>;

    /// Goes to the next key of the block: returns how many bytes it shares with the one before.
    fn advance(&self, walk: &mut Self::Walk, key: &mut [u8]) -> Option<usize>;

    /// The key `id`, which there is, in `key`: its length. Of a damaged file, perhaps a part.
    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize>;

    /// Finds the block of a query and asks for its bytes; `None` of damaged ones.
    #[inline(always)]
    fn find<Q: Query>(&self, query: &Q) -> Option<Found> {
        let node = self.separators().find_node::<false>(query)?;
        // The ends of its blocks, not for what is there, but so that the page of one of them is
        // known as soon as the block is. (Of several queries at once it took longer.)
        for start in self.separators().ends(node) {
            prefetch(self.bytes(), start);
        }
        self.find_in(node, query)
    }

    /// As [`find`](Self::find), of which the node of separators is known.
    #[inline(always)]
    fn find_in<Q: Query>(&self, node: usize, query: &Q) -> Option<Found> {
        let found = self.separators().find_in(node, query)?;
        for line in 0..Self::LINES {
            // Of a damaged file it may start anywhere.
            prefetch(self.bytes(), found.start.wrapping_add(64 * line));
        }
        Some(found)
    }

    /// How many keys are smaller than the query, whose block was found, and whether the next one
    /// equals it.
    #[inline(always)]
    fn locate_in<Q: Query>(&self, found: Found, query: &Q) -> (usize, bool) {
        let base = found.block * self.block();
        match self.search(found, query) {
            // Within the keys whatever a damaged block says.
            Some((at, equal)) => (base + at, equal),
            None => (base, false),
        }
    }

    /// How many keys are smaller than the query, and whether the next one equals it.
    #[inline(always)]
    fn locate<Q: Query>(&self, query: &Q) -> (usize, bool) {
        match self.find(query) {
            Some(found) => self.locate_in(found, query),
            None => (0, false),
        }
    }
}

/// Puts the number of each of `keys` into `ids`, the memory of several under way at once; long keys
/// are found by `alone`.
#[inline(always)]
pub(super) fn get_many<K: AsRef<[u8]>>(
    blocks: &impl Blocks,
    keys: &[K],
    ids: &mut [Option<usize>],
    alone: impl Fn(&K) -> Option<usize>,
) {
    const BATCH: usize = 8;
    for (keys, ids) in keys.chunks(BATCH).zip(ids.chunks_mut(BATCH)) {
        let queries: [_; BATCH] =
            core::array::from_fn(|i| Short::<false>::new(keys.get(i)?.as_ref()));
        let nodes: [_; BATCH] =
            core::array::from_fn(|i| blocks.separators().find_node::<true>(queries[i].as_ref()?));
        let founds: [_; BATCH] =
            core::array::from_fn(|i| blocks.find_in(nodes[i]?, queries[i].as_ref()?));
        for ((key, id), (query, found)) in keys.iter().zip(ids).zip(queries.iter().zip(founds)) {
            *id = match (query, found) {
                (Some(query), Some(found)) => {
                    let (at, equal) = blocks.locate_in(found, query);
                    equal.then_some(at)
                }
                _ => alone(key),
            };
        }
    }
}

/// Gives a dictionary whose `reading()` are [`Blocks`] its look-ups, and the traits that
/// [`ranked_doors`](super::keys::ranked_doors) stand on.
macro_rules! block_doors {
    ($ty:ident) => {
        #[cfg(feature = "alloc")]
        $crate::tries::automaton::automaton_doors!($ty<W: [Words]>);

        impl<W: Words> $ty<W> {
            /// How many keys are smaller than `key`, or if `BEHIND` than all that begin with it;
            /// and whether the next one is equal.
            ///
            /// A function of its own: put into `contains` by the compiler it took two fifths longer
            /// than in `id_of` (measured on words; why was not found).
            #[inline(never)]
            fn locate<const BEHIND: bool>(&self, key: &[u8]) -> (usize, bool) {
                if self.len == 0 {
                    return (0, false);
                }
                match Short::<BEHIND>::new(key) {
                    Some(query) => self.reading().locate(&query),
                    None => self.locate_long(&Long::<BEHIND>(key)),
                }
            }

            #[cold]
            #[inline(never)]
            fn locate_long(&self, query: &impl Query) -> (usize, bool) {
                self.reading().locate(query)
            }

            /// The number of `key`; `near` is told as soon as it is known which keys it is among.
            #[inline(never)]
            pub(super) fn id_near(
                &self,
                key: &[u8],
                near: impl FnOnce(core::ops::Range<usize>),
            ) -> Option<usize> {
                if self.len == 0 {
                    return None;
                }
                let Some(query) = Short::<false>::new(key) else { return self.id_of(key) };
                let view = self.reading();
                let found = view.find(&query)?;
                let first = found.block * view.block();
                near(first..first + view.block());
                let (at, equal) = view.locate_in(found, &query);
                equal.then_some(at)
            }

            /// Puts the number of each of `keys` into `ids`, `None` of those that there are not, as
            /// far as both go. As [`id_of`](Self::id_of) of each, but the memory of several is
            /// under way at once.
            pub fn get_many<K: AsRef<[u8]>>(&self, keys: &[K], ids: &mut [Option<usize>]) {
                if self.len == 0 {
                    ids.iter_mut().take(keys.len()).for_each(|id| *id = None);
                    return;
                }
                blocks::get_many(&self.reading(), keys, ids, |key| self.id_of(key));
            }
        }

        impl<W: Words> Walks for $ty<W> {
            type Walk<'a>
                = Walk<'a>
            where
                Self: 'a;

            fn block(&self) -> usize {
                self.block()
            }

            #[inline]
            fn enter(&self, block: usize, key: &mut [u8]) -> Option<Walk<'_>> {
                self.reading().enter(block, key)
            }

            #[inline]
            fn advance<'a>(&'a self, walk: &mut Walk<'a>, key: &mut [u8]) -> Option<usize> {
                self.reading().advance(walk, key)
            }

            fn len_of(walk: &Walk<'_>) -> usize {
                walk.len()
            }

            #[inline]
            fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
                self.reading().spell(id, key)
            }
        }

        impl<W: Words> KeySet for $ty<W> {
            fn len(&self) -> usize {
                self.len
            }

            #[inline]
            fn contains(&self, key: &[u8]) -> bool {
                self.locate::<false>(key).1
            }

            fn longest(&self) -> usize {
                self.longest
            }
        }

        impl<W: Words> RankedKeySet for $ty<W> {
            #[inline]
            fn locate(&self, key: &[u8]) -> (usize, bool) {
                self.locate::<false>(key)
            }

            fn behind(&self, prefix: &[u8]) -> usize {
                self.locate::<true>(prefix).0
            }

            fn get_many(&self, keys: &[&[u8]], ids: &mut [Option<usize>]) {
                self.get_many(keys, ids);
            }
        }
    };
}
pub(super) use block_doors;
