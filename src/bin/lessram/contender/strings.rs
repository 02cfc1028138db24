//! Baselines for sets of byte strings.

use super::{Contender, Structure, filters, maps, touch};
use crate::dataset::{Plan, SHUFFLED, SORTED};
use crate::error::{Failure, Outcome};
use crate::shapes::dicts::Dict;
use crate::spool::{Bytes, Feed};
use lessram::tries::Dawg;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// A key as `String` lays it out; any bytes are keys, so its bytes alone.
type Key = Vec<u8>;

pub(super) fn peers() -> Vec<Contender> {
    vec![
        Contender::peer::<Bytes, Vec<Key>>(
            "std_vec",
            72,
            "sorted Vec of byte vectors laid out as String, binary search",
            "let set: Vec<String> = sorted_keys; // set.binary_search(&key)",
        ),
        Contender::peer::<Bytes, HashSet<Key>>(
            "std_hash_set",
            112,
            "HashSet of byte vectors laid out as String, SipHash",
            "let set: std::collections::HashSet<String> = keys.collect();",
        ),
        Contender::peer::<Bytes, BTreeSet<Key>>(
            "std_btree_set",
            96,
            "BTreeSet of byte vectors laid out as String, inserted in random order",
            "let set: std::collections::BTreeSet<String> = keys.collect();",
        ),
        Contender::peer::<Bytes, hashbrown::HashSet<Box<[u8]>>>(
            "hashbrown_box_str",
            96,
            "hashbrown::HashSet of boxed bytes laid out as Box<str>, foldhash",
            "let set: hashbrown::HashSet<Box<str>> = keys.collect();",
        ),
        Contender::peer::<Bytes, indexmap::IndexSet<Key>>(
            "indexmap",
            128,
            "IndexSet of byte vectors laid out as String, SipHash",
            "let set: indexmap::IndexSet<String> = keys.collect();",
        ),
        Contender::peer::<Bytes, fst::Set<Vec<u8>>>(
            "fst_set",
            16,
            "fst::Set in memory",
            "let set = fst::Set::from_iter(sorted_keys)?;",
        ),
        filters::strings(),
        maps::strings(),
        maps::ordered_strings(),
        maps::str_set(),
        maps::interner(),
        maps::dyn_trie(),
        dawg_time(),
    ]
}

fn dawg_time() -> Contender {
    Contender::form::<Bytes, Dict<Dawg, true>>(
        "dawg_time",
        "tries",
        "build dawg --prefer time: ascending, keys numbered by rank",
        "let set = lessram::tries::Dawg::builder_for(Prefer::Time); // set.push(&key)?",
    )
}

impl Structure<Bytes> for Vec<Key> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut keys = Self::new();
        while let Some(key) = feed.next()? {
            keys.push(key.to_vec());
        }
        keys.shrink_to_fit();
        Ok(keys)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.binary_search_by(|key| key.as_slice().cmp(query)).is_ok()
    }

    fn get(&self, index: usize) -> u64 {
        touch(&self[index])
    }
}

inserted!(Bytes, HashSet<Key>, |query: &[u8]| query, Self::shrink_to_fit);
inserted!(Bytes, BTreeSet<Key>, |query: &[u8]| query, |_| ());
inserted!(Bytes, hashbrown::HashSet<Box<[u8]>>, |query: &[u8]| query, Self::shrink_to_fit);
inserted! { Bytes, indexmap::IndexSet<Key>, |query: &[u8]| query, Self::shrink_to_fit,
    const GETS: bool = true;

    fn get(&self, index: usize) -> u64 {
        self.get_index(index).map_or(0, |key| touch(key))
    }
}

impl Structure<Bytes> for fst::Set<Vec<u8>> {
    const FEED: &'static str = SORTED;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let fail = |error: fst::Error| Failure::bad(format!("fst: {error}"));
        let mut keys = fst::SetBuilder::memory();
        while let Some(key) = feed.next()? {
            keys.insert(key).map_err(fail)?;
        }
        let mut bytes = keys.into_inner().map_err(fail)?;
        bytes.shrink_to_fit();
        Self::new(bytes).map_err(fail)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.contains(query)
    }

    fn file_bytes(&self, _: &Path) -> Outcome<Option<u64>> {
        Ok(Some(self.as_fst().size() as u64))
    }
}
