//! Baselines for streams: all tokens in order, and a counter per distinct token.

use super::{Contender, Structure, filters, touch};
use crate::dataset::{Plan, TOKENS};
use crate::error::Outcome;
use crate::spool::{Bytes, Feed};
use std::collections::HashMap;

pub(super) fn peers() -> Vec<Contender> {
    vec![
        Contender::peer::<Bytes, Tokens>(
            "std_vec",
            72,
            "all tokens in order, byte vectors laid out as String, by index",
            "let tokens: Vec<String> = tokens.collect();",
        ),
        Contender::peer::<Bytes, Counts>(
            "std_hash_map",
            120,
            "token to count (u64): forgets the order",
            "*counts.entry(token).or_insert(0) += 1; // std::collections::HashMap<String, u64>",
        ),
        filters::stream(),
    ]
}

/// All tokens, by position.
struct Tokens(Vec<Vec<u8>>);

impl Structure<Bytes> for Tokens {
    const FEED: &'static str = TOKENS;
    const LOOKS_UP: bool = false;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut tokens = Vec::new();
        while let Some(token) = feed.next()? {
            tokens.push(token.to_vec());
        }
        tokens.shrink_to_fit();
        Ok(Self(tokens))
    }

    fn contains(&self, _: &[u8]) -> bool {
        false
    }

    fn get(&self, index: usize) -> u64 {
        touch(&self.0[index])
    }
}

/// How often each distinct token occurs.
struct Counts(HashMap<Vec<u8>, u64>);

impl Structure<Bytes> for Counts {
    const FEED: &'static str = TOKENS;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut counts = HashMap::<Vec<u8>, u64>::new();
        while let Some(token) = feed.next()? {
            // Looked up first: a key is allocated only for a new token.
            match counts.get_mut(token) {
                Some(count) => *count += 1,
                None => drop(counts.insert(token.to_vec(), 1)),
            }
        }
        counts.shrink_to_fit();
        Ok(Self(counts))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.get(query).is_some_and(|count| *count > 0)
    }
}
