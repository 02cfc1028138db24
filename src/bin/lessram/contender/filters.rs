//! Baselines for approximate sets.

use super::{Contender, Structure};
use crate::dataset::{Plan, SHUFFLED, TOKENS};
use crate::error::Outcome;
use crate::spool::{Bytes, Feed, Number, Shape};
use std::hash::Hash;

const NAME: &str = "fastbloom";
const NOTE: &str = "approximate, with its default hasher";
const RUST: &str = "let mut set = fastbloom::BloomFilter::with_false_pos(fpr)\
                    .expected_items(keys.len()); // set.insert(&key)";

pub(super) fn strings() -> Contender {
    Contender::peer::<Bytes, Set<false>>(NAME, 16, NOTE, RUST)
}

pub(super) fn ints() -> Contender {
    Contender::peer::<Number, Set<false>>(NAME, 16, NOTE, RUST)
}

pub(super) fn stream() -> Contender {
    Contender::peer::<Bytes, Set<true>>(NAME, 16, NOTE, RUST)
}

/// The set of the distinct keys, or of the tokens of a stream as they came.
struct Set<const STREAM: bool>(fastbloom::BloomFilter);

impl<S: Shape, const STREAM: bool> Structure<S> for Set<STREAM>
where
    for<'a> S::Item<'a>: Hash,
    for<'a> S::Query<'a>: Hash,
{
    const FEED: &'static str = if STREAM { TOKENS } else { SHUFFLED };
    const EXACT: bool = false;

    fn build(feed: &mut Feed<S>, plan: &Plan) -> Outcome<Self> {
        let filter = fastbloom::BloomFilter::with_false_pos(plan.fpr);
        // By default the seed is random: then the rate would differ from run to run.
        let mut filter = filter.seed(&u128::from(plan.seed)).expected_items(plan.distinct as usize);
        while let Some(key) = feed.next()? {
            filter.insert(&key);
        }
        Ok(Self(filter))
    }

    fn contains(&self, query: S::Query<'_>) -> bool {
        self.0.contains(&query)
    }
}
