//! Ours in memory: maps and sets that change, which have no file and so no row in the registry.

use super::pairs::{AnyMap, Held, Value, any_map};
use super::{Contender, Structure, touch};
use crate::dataset::{Plan, SHUFFLED};
use crate::error::Outcome;
use crate::spool::{Bytes, Feed, Number, Pair};
use lessram::maps::{
    CompactMap, IntSet, Interner, Map, OrderedMap, OrderedSet, Set, StrMap, StrSet,
};
use lessram::mem::Totals;
use lessram::tries::DynTrie;

pub(super) fn ints() -> Contender {
    Contender::in_memory::<Number, Set<u64>>(
        "set",
        "maps",
        "maps::Set<u64>",
        "let set: lessram::maps::Set<u64> = keys.collect();".to_owned(),
    )
}

pub(super) fn int_set() -> Contender {
    Contender::in_memory::<Number, IntSet>(
        "int_set",
        "maps",
        "maps::IntSet<u64>",
        "let set: lessram::maps::IntSet = keys.collect();".to_owned(),
    )
}

pub(super) fn strings() -> Contender {
    Contender::in_memory::<Bytes, Set<Box<[u8]>>>(
        "set",
        "maps",
        "maps::Set of boxed bytes laid out as Box<str>",
        "let set: lessram::maps::Set<Box<str>> = keys.collect();".to_owned(),
    )
}

pub(super) fn str_set() -> Contender {
    Contender::in_memory::<Bytes, StrSet>(
        "str_set",
        "maps",
        "maps::StrSet",
        "let set: lessram::maps::StrSet = keys.collect();".to_owned(),
    )
}

pub(super) fn str_pairs<V: Value>() -> Contender {
    Contender::in_memory::<Pair, Held<StrMap<V>>>(
        "str_map",
        "maps",
        "maps::StrMap",
        format!("let map: lessram::maps::StrMap<{}> = pairs.collect();", V::NAME),
    )
}

pub(super) fn pairs<V: Value>() -> Contender {
    Contender::in_memory::<Pair, Held<Map<Box<[u8]>, V>>>(
        "map",
        "maps",
        "maps::Map from boxed bytes laid out as Box<str>",
        format!("let map: lessram::maps::Map<Box<str>, {}> = pairs.collect();", V::NAME),
    )
}

pub(super) fn compact_pairs<V: Value>() -> Contender {
    Contender::in_memory::<Pair, Held<CompactMap<Box<[u8]>, V>>>(
        "compact_map",
        "maps",
        "maps::CompactMap from boxed bytes laid out as Box<str>",
        format!("let map: lessram::maps::CompactMap<Box<str>, {}> = pairs.collect();", V::NAME),
    )
}

pub(super) fn ordered_ints() -> Contender {
    Contender::in_memory::<Number, OrderedSet<u64>>(
        "ordered_set",
        "maps",
        "maps::OrderedSet<u64>, keeps the order of insertion",
        "let set: lessram::maps::OrderedSet<u64> = keys.collect();".to_owned(),
    )
}

pub(super) fn ordered_strings() -> Contender {
    Contender::in_memory::<Bytes, OrderedSet<Box<[u8]>>>(
        "ordered_set",
        "maps",
        "maps::OrderedSet of boxed bytes laid out as Box<str>, keeps the order of insertion",
        "let set: lessram::maps::OrderedSet<Box<str>> = keys.collect();".to_owned(),
    )
}

pub(super) fn interner() -> Contender {
    Contender::in_memory::<Bytes, Interner>(
        "interner",
        "maps",
        "maps::Interner, keys by number too",
        "let keys: lessram::maps::Interner = keys.collect();".to_owned(),
    )
}

pub(super) fn dyn_trie() -> Contender {
    Contender::in_memory::<Bytes, DynTrie>(
        "dyn_trie",
        "tries",
        "tries::DynTrie, in order, inserted in random order",
        "let set: lessram::tries::DynTrie = keys.collect();".to_owned(),
    )
}

pub(super) fn ordered_pairs<V: Value>() -> Contender {
    Contender::in_memory::<Pair, Held<OrderedMap<Box<[u8]>, V>>>(
        "ordered_map",
        "maps",
        "maps::OrderedMap from boxed bytes laid out as Box<str>, keeps the order of insertion",
        format!("let map: lessram::maps::OrderedMap<Box<str>, {}> = pairs.collect();", V::NAME),
    )
}

inserted! { Number, Set<u64>, |query: u64| &query, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

inserted! { Number, IntSet, |query: u64| query, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

inserted! { Bytes, Set<Box<[u8]>>, |query: &[u8]| query, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

inserted! { Number, OrderedSet<u64>, |query: u64| &query, Self::shrink_to_fit,
    const GETS: bool = true;

    fn get(&self, index: usize) -> u64 {
        self.get_index(index).copied().unwrap_or(0)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

inserted! { Bytes, OrderedSet<Box<[u8]>>, |query: &[u8]| query, Self::shrink_to_fit,
    const GETS: bool = true;

    fn get(&self, index: usize) -> u64 {
        self.get_index(index).map_or(0, |key| touch(key))
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

impl Structure<Bytes> for StrSet {
    const FEED: &'static str = SHUFFLED;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut keys = Self::new();
        while let Some(key) = feed.next()? {
            keys.insert(key);
        }
        keys.shrink_to_fit();
        Ok(keys)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.contains(query)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

impl Structure<Bytes> for Interner {
    const FEED: &'static str = SHUFFLED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut keys = Self::new();
        while let Some(key) = feed.next()? {
            keys.intern(key);
        }
        keys.shrink_to_fit();
        Ok(keys)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.contains(query)
    }

    fn get(&self, index: usize) -> u64 {
        self.resolve(index as u32).map_or(0, touch)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

impl Structure<Bytes> for DynTrie {
    const FEED: &'static str = SHUFFLED;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let mut keys = Self::new();
        while let Some(key) = feed.next()? {
            keys.insert(key);
        }
        keys.shrink_to_fit();
        Ok(keys)
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.contains(query)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

any_map! { Map<Box<[u8]>, V>, Box<[u8]>, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

any_map! { CompactMap<Box<[u8]>, V>, Box<[u8]>, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

impl<V: Value> AnyMap for StrMap<V> {
    type Value = V;

    fn insert(&mut self, key: &[u8], value: V) {
        Self::insert(self, key, value);
    }

    fn look_up(&self, key: &[u8]) -> Option<&V> {
        self.get(key)
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}

any_map! { OrderedMap<Box<[u8]>, V>, Box<[u8]>, Self::shrink_to_fit,
    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(self))
    }
}
