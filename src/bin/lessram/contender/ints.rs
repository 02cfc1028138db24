//! Baselines for sets of numbers.

use super::{Contender, Structure, filters, maps};
use crate::dataset::{Plan, SHUFFLED, SORTED};
use crate::error::{Failure, Outcome};
use crate::shapes::int_sets::Set;
use crate::spool::{Feed, Number};
use bitvec::field::BitField;
use bitvec::order::Lsb0;
use bitvec::vec::BitVec;
use lessram::arrays::SlicedSet;
use roaring::{RoaringBitmap, RoaringTreemap};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

pub(super) fn peers() -> Vec<Contender> {
    vec![
        Contender::peer::<Number, Vec<u64>>(
            "std_vec",
            16,
            "sorted Vec<u64>, binary search",
            "let set: Vec<u64> = sorted_keys; // set.binary_search(&key)",
        ),
        Contender::peer::<Number, HashSet<u64>>(
            "std_hash_set",
            64,
            "HashSet<u64>, SipHash",
            "let set: std::collections::HashSet<u64> = keys.collect();",
        ),
        Contender::peer::<Number, BTreeSet<u64>>(
            "std_btree_set",
            32,
            "BTreeSet<u64>, inserted in random order",
            "let set: std::collections::BTreeSet<u64> = keys.collect();",
        ),
        Contender::peer::<Number, indexmap::IndexSet<u64>>(
            "indexmap",
            80,
            "IndexSet<u64>, SipHash",
            "let set: indexmap::IndexSet<u64> = keys.collect();",
        ),
        Contender::peer::<Number, Roaring>(
            "roaring",
            80,
            "RoaringBitmap if all are below 2^32, else RoaringTreemap; optimized",
            "let set = roaring::RoaringTreemap::from_sorted_iter(sorted_keys)?;",
        ),
        Contender::peer::<Number, Packed>(
            "bitvec",
            16,
            "ascending, at one width through BitField of a BitVec, binary search",
            "bits[i * width..(i + 1) * width].store_le(key); // bitvec::field::BitField",
        ),
        filters::ints(),
        maps::ints(),
        maps::int_set(),
        maps::ordered_ints(),
        sliced_set_time(),
    ]
}

fn sliced_set_time() -> Contender {
    Contender::form::<Number, Set<SlicedSet, true>>(
        "sliced_set_time",
        "arrays",
        "build sliced_set --prefer time: fast look-ups, from ascending numbers",
        "let set = lessram::arrays::SlicedSet::builder_for(Prefer::Time); // set.push(key)?",
    )
}

impl Structure<Number> for Vec<u64> {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, _: &Plan) -> Outcome<Self> {
        let mut keys = Self::new();
        while let Some(key) = feed.next()? {
            keys.push(key);
        }
        keys.shrink_to_fit();
        Ok(keys)
    }

    fn contains(&self, query: u64) -> bool {
        self.binary_search(&query).is_ok()
    }

    fn get(&self, index: usize) -> u64 {
        self[index]
    }
}

inserted!(Number, HashSet<u64>, |query: u64| &query, Self::shrink_to_fit);
inserted!(Number, BTreeSet<u64>, |query: u64| &query, |_| ());
inserted! { Number, indexmap::IndexSet<u64>, |query: u64| &query, Self::shrink_to_fit,
    const GETS: bool = true;

    fn get(&self, index: usize) -> u64 {
        self.get_index(index).copied().unwrap_or(0)
    }
}

/// The smaller form where it does.
enum Roaring {
    Small(RoaringBitmap),
    Large(RoaringTreemap),
}

/// Not asked by index: its `select` adds up all containers before the one it wants, which takes
/// milliseconds where numbers are spread widely (measured: 19 ms over 10^7 of 40 bits).
impl Structure<Number> for Roaring {
    const FEED: &'static str = SORTED;

    fn build(feed: &mut Feed<Number>, plan: &Plan) -> Outcome<Self> {
        let unsorted = |_| Failure::bad("roaring: keys out of order");
        if u32::try_from(plan.max).is_ok() {
            let mut keys = RoaringBitmap::new();
            while let Some(key) = feed.next()? {
                keys.try_push(key as u32).map_err(unsorted)?;
            }
            keys.optimize();
            return Ok(Self::Small(keys));
        }
        let mut keys = RoaringTreemap::new();
        while let Some(key) = feed.next()? {
            keys.try_push(key).map_err(unsorted)?;
        }
        keys.optimize();
        Ok(Self::Large(keys))
    }

    fn contains(&self, query: u64) -> bool {
        match self {
            Self::Small(keys) => u32::try_from(query).is_ok_and(|query| keys.contains(query)),
            Self::Large(keys) => keys.contains(query),
        }
    }

    fn file_bytes(&self, _: &Path) -> Outcome<Option<u64>> {
        Ok(Some(match self {
            Self::Small(keys) => keys.serialized_size() as u64,
            Self::Large(keys) => keys.serialized_size() as u64,
        }))
    }
}

/// Numbers of one width in a bit vector.
struct Packed {
    bits: BitVec<u64, Lsb0>,
    width: usize,
    len: usize,
}

impl Packed {
    fn at(&self, index: usize) -> u64 {
        self.bits[index * self.width..(index + 1) * self.width].load_le()
    }
}

impl Structure<Number> for Packed {
    const FEED: &'static str = SORTED;
    const GETS: bool = true;

    fn build(feed: &mut Feed<Number>, plan: &Plan) -> Outcome<Self> {
        let width = (u64::BITS - plan.max.leading_zeros()).max(1) as usize;
        let len = plan.items as usize;
        let mut bits = BitVec::repeat(false, len * width);
        let mut at = 0;
        while let Some(key) = feed.next()? {
            bits[at..at + width].store_le(key);
            at += width;
        }
        Ok(Self { bits, width, len })
    }

    fn contains(&self, query: u64) -> bool {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.at(middle) < query { low = middle + 1 } else { high = middle }
        }
        low < self.len && self.at(low) == query
    }

    fn get(&self, index: usize) -> u64 {
        self.at(index)
    }
}
