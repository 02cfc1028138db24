//! Baselines for maps from byte strings to numbers or byte strings.

use super::{Contender, Structure, maps};
use crate::dataset::{Plan, SHUFFLED};
use crate::error::Outcome;
use crate::spool::{Feed, Pair};
use lessram::mem::{Footprint, Totals};
use std::collections::{BTreeMap, HashMap};

/// What a key leads to.
pub(super) trait Value: Footprint + Sized + 'static {
    /// For the `note`: what values are.
    const NOTES: [&'static str; 4];
    /// As a user writes the type.
    const NAME: &'static str;

    fn read(bytes: &[u8]) -> Self;

    /// A look-up reads the value, or it would measure finding the key alone.
    fn touch(&self) -> bool;
}

impl Value for u64 {
    const NOTES: [&'static str; 4] = [
        "HashMap from byte vectors laid out as String to u64, SipHash",
        "BTreeMap from byte vectors laid out as String to u64, inserted in random order",
        "hashbrown::HashMap from boxed bytes laid out as Box<str> to u64, foldhash",
        "IndexMap from byte vectors laid out as String to u64, SipHash",
    ];
    const NAME: &'static str = "u64";

    fn read(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0, Self::from_le_bytes)
    }

    fn touch(&self) -> bool {
        std::hint::black_box(*self);
        true
    }
}

impl Value for Vec<u8> {
    const NOTES: [&'static str; 4] = [
        "HashMap from and to byte vectors laid out as String, SipHash",
        "BTreeMap from and to byte vectors laid out as String, inserted in random order",
        "hashbrown::HashMap from boxed bytes laid out as Box<str> to byte vectors, foldhash",
        "IndexMap from and to byte vectors laid out as String, SipHash",
    ];
    const NAME: &'static str = "String";

    fn read(bytes: &[u8]) -> Self {
        bytes.to_vec()
    }

    fn touch(&self) -> bool {
        std::hint::black_box(super::touch(self));
        true
    }
}

pub(super) fn all<V: Value>() -> Vec<Contender> {
    let rust =
        |name: &str, key: &str| format!("let map: {name}<{key}, {}> = pairs.collect();", V::NAME);
    let [hash, btree, hashbrown, index] = V::NOTES;
    vec![
        Contender::told::<Pair, Held<HashMap<Vec<u8>, V>>>(
            "std_hash_map",
            208,
            hash,
            rust("std::collections::HashMap", "String"),
        ),
        Contender::told::<Pair, Held<BTreeMap<Vec<u8>, V>>>(
            "std_btree_map",
            176,
            btree,
            rust("std::collections::BTreeMap", "String"),
        ),
        Contender::told::<Pair, Held<hashbrown::HashMap<Box<[u8]>, V>>>(
            "hashbrown_box_str",
            192,
            hashbrown,
            rust("hashbrown::HashMap", "Box<str>"),
        ),
        Contender::told::<Pair, Held<indexmap::IndexMap<Vec<u8>, V>>>(
            "indexmap",
            240,
            index,
            rust("indexmap::IndexMap", "String"),
        ),
        maps::pairs::<V>(),
        maps::compact_pairs::<V>(),
        maps::ordered_pairs::<V>(),
        maps::str_pairs::<V>(),
    ]
}

/// A map of any make.
pub(super) struct Held<M>(M);

/// What all makes of maps can do.
pub(super) trait AnyMap: Default {
    type Value: Value;

    fn insert(&mut self, key: &[u8], value: Self::Value);
    fn look_up(&self, key: &[u8]) -> Option<&Self::Value>;
    fn shrink(&mut self);

    /// What it says of its own bytes, if it says something.
    fn totals(&self) -> Option<Totals> {
        None
    }
}

impl<M: AnyMap> Structure<Pair> for Held<M> {
    const FEED: &'static str = SHUFFLED;

    fn build(feed: &mut Feed<Pair>, _: &Plan) -> Outcome<Self> {
        let mut map = M::default();
        while let Some((key, value)) = feed.next()? {
            map.insert(key, M::Value::read(value));
        }
        map.shrink();
        Ok(Self(map))
    }

    fn contains(&self, query: &[u8]) -> bool {
        self.0.look_up(query).is_some_and(Value::touch)
    }

    fn totals(&self) -> Option<Totals> {
        self.0.totals()
    }
}

/// A map of some make, and what it can do beside the others.
macro_rules! any_map {
    ($map:ty, $key:ty, $shrink:expr $(, $($more:tt)*)?) => {
        impl<V: Value> AnyMap for $map {
            type Value = V;

            fn insert(&mut self, key: &[u8], value: V) {
                <$map>::insert(self, <$key>::from(key), value);
            }

            fn look_up(&self, key: &[u8]) -> Option<&V> {
                self.get(key)
            }

            fn shrink(&mut self) {
                let shrink: fn(&mut Self) = $shrink;
                shrink(self);
            }

            $($($more)*)?
        }
    };
}
pub(super) use any_map;

any_map!(HashMap<Vec<u8>, V>, Vec<u8>, Self::shrink_to_fit);
any_map!(BTreeMap<Vec<u8>, V>, Vec<u8>, |_| ());
any_map!(hashbrown::HashMap<Box<[u8]>, V>, Box<[u8]>, Self::shrink_to_fit);
any_map!(indexmap::IndexMap<Vec<u8>, V>, Vec<u8>, Self::shrink_to_fit);
