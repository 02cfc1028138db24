//! Dictionaries in blocks that [`Separators`](super::separators) find: a look-up, and many at once.

use super::query::{Query, Short};
use super::separators::Found;

/// Keys in blocks.
pub(super) trait Blocks {
    /// Finds the block of a query and asks for its bytes; `None` of damaged ones.
    fn find<Q: Query>(&self, query: &Q) -> Option<Found>;

    /// How many keys are smaller than the query, whose block was found, and whether the next one
    /// equals it.
    fn locate_in<Q: Query>(&self, found: Found, query: &Q) -> (usize, bool);

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
        let queries: [_; BATCH] = core::array::from_fn(|i| {
            let query = Short::<false>::new(keys.get(i)?.as_ref())?;
            let found = blocks.find(&query)?;
            Some((query, found))
        });
        for ((key, id), query) in keys.iter().zip(ids).zip(queries) {
            *id = match query {
                Some((query, found)) => {
                    let (at, equal) = blocks.locate_in(found, &query);
                    equal.then_some(at)
                }
                None => alone(key),
            };
        }
    }
}
