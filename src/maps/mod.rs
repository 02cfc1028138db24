//! Hash maps and sets without a doubling cliff.
//!
//! | you have | take | heap bytes |
//! |---|---|---|
//! | a `HashMap` or `HashSet` of any type | [`Map`], [`Set`] | 1.19 times the entries, at any number of them |
//! | the same, and every byte counts | [`CompactMap`] | 1.10 times entries of 16 bytes, less of larger ones |
//! | the same, and the order in which keys came | [`OrderedMap`], [`OrderedSet`] | 1.03 times the entries, and 7 bytes each |
//! | strings, alone or with values | [`StrSet`], [`StrMap`] | the strings, the values, and 3 bytes each |
//! | integers, alone or with values | [`IntSet`], [`IntMap`] | 6.5 to 7 bytes a `u64`, and the values |
//! | strings, to numbers and back | [`Interner`] | the strings and 7 bytes each |
//! | all keys at once, to be numbered | [`Mphf`] | 1.9 bits a key |
//! | all keys at once, with numbers that never change | [`StaticMap`] | 1.9 bits a key, the bits of the largest number, and 0 to 64 bits to know the key by |
//! | all keys at once, to be numbered and known from others | [`StaticSet`] | 1.9 bits a key, and 1 to 64 bits to know it by |
//! | strings by number, in a file or not | [`Resolver`] | the strings and 1.1 bytes each |

mod buckets;
mod compact_map;
#[cfg(feature = "serde")]
mod de;
mod entry;
mod ids;
mod int_key;
mod int_map;
mod int_set;
mod interner;
mod iter;
mod map;
mod mphf;
mod ordered_map;
mod ordered_set;
mod policy;
mod resolver;
mod set;
mod set_over_map;
mod static_core;
mod static_map;
mod static_set;
mod str_map;
mod str_set;
mod table;

pub use compact_map::{
    CompactDrain, CompactEntry, CompactExtractIf, CompactIntoIter, CompactIntoKeys,
    CompactIntoValues, CompactIter, CompactIterMut, CompactKeys, CompactMap, CompactOccupiedEntry,
    CompactVacantEntry, CompactValues, CompactValuesMut,
};
pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use int_key::IntKey;
pub use int_map::{
    IntDrain, IntEntry, IntExtractIf, IntIntoIter, IntIntoKeys, IntIntoValues, IntIter, IntIterMut,
    IntKeys, IntMap, IntOccupiedEntry, IntVacantEntry, IntValues, IntValuesMut,
};
pub use int_set::{IntSet, IntSetIntoIter, IntSetIter};
pub use interner::{Interner, InternerIter};
pub use iter::{
    Drain, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut,
};
pub use map::Map;
pub use mphf::Mphf;
pub use ordered_map::{
    OrderedDrain, OrderedEntry, OrderedIntoIter, OrderedIntoKeys, OrderedIntoValues, OrderedIter,
    OrderedIterMut, OrderedKeys, OrderedMap, OrderedOccupiedEntry, OrderedVacantEntry,
    OrderedValues, OrderedValuesMut,
};
pub use ordered_set::{OrderedSet, OrderedSetIntoIter, OrderedSetIter};
pub use policy::{Compact, Policy, Quick};
pub use resolver::{Resolver, ResolverIter};
pub use set::{Difference, Intersection, Set, SetDrain, SetExtractIf, SetIntoIter, SetIter};
pub use set::{SymmetricDifference, Union};
pub use static_core::StaticBuilder;
pub use static_map::{StaticMap, StaticValues};
pub use static_set::StaticSet;
#[cfg(feature = "alloc")]
pub use str_map::{StrDrain, StrExtractIf, StrIntoIter, StrIntoKeys, StrIntoValues};
pub use str_map::{
    StrEntry, StrIter, StrIterMut, StrKeys, StrMap, StrOccupiedEntry, StrVacantEntry, StrValues,
    StrValuesMut,
};
#[cfg(feature = "alloc")]
pub use str_set::StrSetIntoIter;
pub use str_set::{StrSet, StrSetIter};

use crate::error::BuildError;
use crate::mem::{Alloc, Footprint};

/// Numbers for the keys of a set, by their hashes. Serves code that is generic over structures; the
/// structures have all of it as inherent methods.
pub trait KeyIds: Footprint {
    /// How many keys there are; all numbers are below it.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The seed with which keys are hashed.
    fn seed(&self) -> u64;

    /// The number of the key of this hash; of a key that was not there, any or `None`.
    fn id_of_hash(&self, hash: u64) -> Option<usize>;

    /// Puts the number of the key of each of `hashes` into `ids`, as far as both go.
    fn id_of_many_hash(&self, hashes: &[u64], ids: &mut [Option<usize>]);
}

/// [`KeyIds`] that can be built; the laws of the registry's shape `key_ids`.
pub trait KeyIdsBuild<A: Alloc>: KeyIds + Sized {
    /// The numbers of the keys of the hashes that `again` tells every time it is called, beside
    /// which building takes at most `memory` bytes for hashes.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if two hashes are equal, the memory does not do, the hashes change, or memory
    /// cannot be had.
    fn try_from_source_in<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError>;
}

/// Numbers by key, looked up by the keys' hashes. Serves code that is generic over structures; the
/// structures have all of it as inherent methods.
pub trait KeyValues: Footprint {
    /// How many keys there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The seed with which keys are hashed.
    fn seed(&self) -> u64;

    /// The rate at which a key that was not there is taken for one that was.
    fn fpr(&self) -> f64;

    /// The value of the key of this hash.
    fn get_hash(&self, hash: u64) -> Option<u64>;

    /// Puts the value of the key of each of `hashes` into `values`, as far as both go.
    fn get_many_hash(&self, hashes: &[u64], values: &mut [Option<u64>]);
}

/// [`KeyValues`] that can be built; the laws of the registry's shape `key_values`.
pub trait KeyValuesBuild<A: Alloc>: KeyValues + Sized {
    /// The map of the hashes and values that `again` tells every time it is called.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if two hashes are equal, a value or a width is too large, the memory does not
    /// do, the hashes change, or memory cannot be had.
    fn try_from_source_in<I: Iterator<Item = (u64, u64)>>(
        again: impl Fn() -> I,
        how: StaticBuilder,
        alloc: A,
    ) -> Result<Self, BuildError>;
}
