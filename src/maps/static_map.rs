//! [`StaticMap`]: numbers by key, with a few bits of each key or all of them.

use super::static_core::{Core, StaticBuilder};
use super::{KeyValues, KeyValuesBuild};
use crate::error::{BuildError, FileError};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors};
use core::fmt;
use core::iter::FusedIterator;

/// A map, from keys that are all known when it is built to numbers, that is never changed: in 1.9
/// bits a key, the bits of the largest number, and as many bits as keys are to be known by.
///
/// Keys are not kept, but a *fingerprint* of each: a key that was not there is taken for one that
/// was at a rate of `2^-f`, which [`fpr`](Self::fpr) tells. With 64 bits, as without a
/// [`StaticBuilder`], the map is exact for integers of up to 64 bits, and gives them back by
/// [`key_of`](Self::key_of); of strings, it takes one of 2^64 others for a key. With 0 bits, any
/// key has a value.
///
/// # When not to use it
///
/// - Keys come or go, or their numbers change: [`Map`](super::Map), [`IntMap`](super::IntMap).
/// - Only whether a key is there is asked: a [`Ribbon`](crate::filters::Ribbon) takes fewer bits
///   for the same rate; [`StaticSet`](super::StaticSet) numbers the keys too.
/// - Strings, and an opponent who knows the seed and makes keys of equal hashes; or the keys
///   themselves, or their order: a dictionary of the tries family, and an array by its numbers.
/// - Fewer than some hundred keys: 0.2 KB go for the function.
///
/// # Layout
///
/// ```text
/// ids       an Mphf: the number of each key
/// records   | w bits of value, f of fingerprint, of key number 0 | of number 1 | .. | padding |
/// ```
///
/// The blocks of the function, and one. All are built at their exact size.
///
/// # Space
///
/// `1.9 + f + w` bits a key and 8 bytes; with 64 bits of fingerprint and no values, 8.25 bytes for
/// 100,000 keys. Building takes 8.7 bytes a key for hashes beside the function, less with
/// [`with_memory`](StaticBuilder::with_memory).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) expected; 2 us a key below 65,536 keys | |
/// | `get` | O(1) | 2, a third where a record lies across two; 4 more for two keys of a hundred |
/// | `get_many` | O(1) each | as many, 32 keys' at once |
///
/// Queries allocate nothing.
///
/// # Parameters
///
/// `W`: where the words live, as of all structures with files.
///
/// # Example
///
/// ```
/// use lessram::{maps::{StaticBuilder, StaticMap}, mem::Footprint};
///
/// let squares = StaticMap::from_pairs((0..10_000_u64).map(|i| (i, i * i)))?;
/// assert_eq!((squares.get(&99), squares.get(&10_000)), (Some(9_801), None));
///
/// // One other key of 256 is taken for one of these.
/// let how = StaticBuilder::new().with_fingerprint_bits(8);
/// let small = how.map((0..100_000_u64).map(|i| (i, i % 1_000)))?;
/// assert_eq!(small.get(&54_321), Some(321));
/// assert!(small.heap_bytes() < 251_000); // 2.0 bits, 8 and 10
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// That of [`Mphf`](super::Mphf); fingerprints are the signatures of D. Belazzougui, P. Boldi,
/// R. Pagh, S. Vigna, *Theory and practice of monotone minimal perfect hashing*, JEA 16 (2011).
#[derive(Clone)]
pub struct StaticMap<W: Words = HeapWords>(pub(super) Core<W>);

impl<W: Words> StaticMap<W> {
    /// How many keys there are; all numbers of keys are below it.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.0.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.0.ids.is_empty()
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.0.ids.seed()
    }

    /// Bits that a key is known by.
    #[must_use]
    pub const fn fingerprint_bits(&self) -> u32 {
        self.0.fingerprint_bits
    }

    /// Bits of a value.
    #[must_use]
    pub const fn value_bits(&self) -> u32 {
        self.0.value_bits
    }

    /// The rate at which a key that was not there is taken for one that was:
    /// `2^-`[`fingerprint_bits`](Self::fingerprint_bits), or 0 if the map is empty. Of integers of
    /// up to 64 bits and fingerprints of 64, none is.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        self.0.fpr()
    }

    /// The value of `key`; of a key that was not there, `None`, or at the rate
    /// [`fpr`](Self::fpr) the value of another one. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn get<K: KeyHash + ?Sized>(&self, key: &K) -> Option<u64> {
        self.get_hash(key.key_hash(self.seed()))
    }

    /// The value of the key of this 64-bit hash. See [`get`](Self::get).
    #[must_use]
    #[inline]
    pub fn get_hash(&self, hash: u64) -> Option<u64> {
        Some(self.0.value(self.0.id_of_hash(hash)?))
    }

    /// Whether `key` has a value, as [`get`](Self::get) sees it.
    #[must_use]
    #[inline]
    pub fn contains_key<K: KeyHash + ?Sized>(&self, key: &K) -> bool {
        self.id_of(key).is_some()
    }

    /// Puts the value of each of `keys` into `values`, position by position, as far as both go. See
    /// [`get_many_hash`](Self::get_many_hash).
    pub fn get_many<K: KeyHash>(&self, keys: &[K], values: &mut [Option<u64>]) {
        let len = keys.len().min(values.len());
        self.0.each_id_of(&keys[..len], |i, id| values[i] = id.map(|id| self.0.value(id)));
    }

    /// Puts the value of the key of each of `hashes` into `values`, position by position, as far as
    /// both go. What they need is asked for 32 keys ahead, so that its ways from memory overlap.
    /// Allocates nothing.
    pub fn get_many_hash(&self, hashes: &[u64], values: &mut [Option<u64>]) {
        let len = hashes.len().min(values.len());
        self.0.each_id(&hashes[..len], |i, id| values[i] = id.map(|id| self.0.value(id)));
    }

    /// The number of `key`, below [`len`](Self::len); of a key that was not there, `None` or, at
    /// the rate [`fpr`](Self::fpr), that of another one. O(1).
    #[must_use]
    #[inline]
    pub fn id_of<K: KeyHash + ?Sized>(&self, key: &K) -> Option<usize> {
        self.0.id_of_hash(key.key_hash(self.seed()))
    }

    /// The key that has the number `id`, of a map of integers of up to 64 bits and fingerprints of
    /// 64, as a `u64` (negative ones wrap); of other keys a number that means nothing. `None` if
    /// fingerprints are shorter, or there is no such number. O(1).
    #[must_use]
    pub fn key_of(&self, id: usize) -> Option<u64> {
        self.0.key_of(id)
    }

    /// The value of the key that has the number `id`, or `None` if there is none. O(1).
    #[must_use]
    #[inline]
    pub fn value_of(&self, id: usize) -> Option<u64> {
        (id < self.len()).then(|| self.0.value(id))
    }

    /// The values, in the order of their keys' numbers.
    pub const fn values(&self) -> StaticValues<'_, W> {
        StaticValues { map: self, start: 0, end: self.len() }
    }
}

#[cfg(feature = "alloc")]
impl StaticMap {
    /// The map of `pairs`, with fingerprints of 64 bits: exact for integers of up to 64. Different
    /// keys of equal hashes are no error: then another seed is taken. [`StaticBuilder`] has the
    /// other doors.
    ///
    /// # Errors
    ///
    /// As for [`StaticBuilder::map`].
    pub fn from_pairs<K: KeyHash + PartialEq>(
        pairs: impl IntoIterator<Item = (K, u64), IntoIter: Clone>,
    ) -> Result<Self, BuildError> {
        StaticBuilder::new().map(pairs)
    }
}

impl<W: Words> KeyValues for StaticMap<W> {
    fn len(&self) -> usize {
        self.len()
    }

    fn seed(&self) -> u64 {
        self.seed()
    }

    fn fpr(&self) -> f64 {
        self.fpr()
    }

    #[inline]
    fn get_hash(&self, hash: u64) -> Option<u64> {
        self.get_hash(hash)
    }

    fn get_many_hash(&self, hashes: &[u64], values: &mut [Option<u64>]) {
        self.get_many_hash(hashes, values);
    }
}

impl<A: Alloc + Clone> KeyValuesBuild<A> for StaticMap<HeapWords<A>> {
    fn try_from_source_in<I: Iterator<Item = (u64, u64)>>(
        again: impl Fn() -> I,
        how: StaticBuilder,
        alloc: A,
    ) -> Result<Self, BuildError> {
        how.map_from_source_in(again, alloc)
    }
}

/// The values of a [`StaticMap`], in the order of their keys' numbers.
pub struct StaticValues<'a, W: Words = HeapWords> {
    map: &'a StaticMap<W>,
    start: usize,
    end: usize,
}

impl<W: Words> Clone for StaticValues<'_, W> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<W: Words> fmt::Debug for StaticValues<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<W: Words> Iterator for StaticValues<'_, W> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        self.start += 1;
        Some(self.map.0.value(self.start - 1))
    }

    fn nth(&mut self, n: usize) -> Option<u64> {
        self.start = self.start.saturating_add(n).min(self.end);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.start, Some(self.end - self.start))
    }
}

impl<W: Words> DoubleEndedIterator for StaticValues<'_, W> {
    #[inline]
    fn next_back(&mut self) -> Option<u64> {
        if self.start == self.end {
            return None;
        }
        self.end -= 1;
        Some(self.map.0.value(self.end))
    }
}

impl<W: Words> ExactSizeIterator for StaticValues<'_, W> {}
impl<W: Words> FusedIterator for StaticValues<'_, W> {}

impl<W: Words> Footprint for StaticMap<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.0.parts(out);
    }
}

impl<W: Words> Persist for StaticMap<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        self.0.store(out);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        Core::load(source).map(Self)
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any records are a map.
        self.0.ids.validate()
    }
}

doors!(StaticMap);

impl<W: Words> fmt::Debug for StaticMap<W> {
    /// The values in the order of their keys' numbers, and what is known of the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticMap")
            .field("fingerprint_bits", &self.fingerprint_bits())
            .field("seed", &self.seed())
            .field("values", &self.values())
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<StaticMap<V>> for StaticMap<W> {
    /// Whether both have the same answers because they have the same numbers and records.
    fn eq(&self, other: &StaticMap<V>) -> bool {
        self.0.equals(&other.0)
    }
}

impl<W: Words> Eq for StaticMap<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    /// Numbers that look random.
    fn number(i: u64) -> u64 {
        i.key_hash(9)
    }

    #[test]
    fn every_width_of_record_is_read_as_written() {
        for fingerprint_bits in [0, 1, 7, 8, 31, 57, 58, 63, 64] {
            for value_bits in [0, 1, 9, 32, 57, 61, 64] {
                let cut = |i: u64| if value_bits == 0 { 0 } else { number(i) >> (64 - value_bits) };
                let how = StaticBuilder::new().with_fingerprint_bits(fingerprint_bits);
                let how = how.with_value_bits(value_bits);
                let map = how.map((0..300_u64).map(|i| (i, cut(i)))).unwrap();
                assert_eq!(
                    (map.fingerprint_bits(), map.value_bits()),
                    (fingerprint_bits, value_bits)
                );
                for i in 0..300 {
                    assert_eq!(map.get(&i), Some(cut(i)), "{fingerprint_bits}, {value_bits}: {i}");
                }
                if fingerprint_bits == 64 {
                    assert!((300..2_000_u64).all(|i| map.get(&i).is_none()));
                }
            }
        }
    }

    #[test]
    fn other_keys_are_taken_for_these_at_the_stated_rate() {
        const ASKED: u64 = 40_000;
        for bits in [0, 1, 4, 8, 12, 20] {
            let how = StaticBuilder::new().with_fingerprint_bits(bits);
            let map = how.map((0..3_000_u64).map(|i| (i, i))).unwrap();
            // One key of a million in a bucket without a seed on all levels has no number.
            let found = (0..ASKED).filter(|i| map.contains_key(&(1 << 40 | i))).count();
            let excess = found as f64 - ASKED as f64 * map.fpr();
            let fits = excess < 3.0 || excess * excess < 25.0 * ASKED as f64 * map.fpr();
            assert!(fits, "{bits}: {found}");
            let least = ASKED as f64 * map.fpr() * 0.8 - 20.0;
            assert!(found as f64 > least, "{bits}: {found} are fewer than chance gives");
        }
    }

    #[test]
    fn integers_come_back_from_their_numbers() {
        let keys = || (-200..200_i64).map(|i| i * i * i);
        let map = StaticBuilder::new().with_seed(77).map(keys().map(|i| (i, i as u64))).unwrap();
        let mut met = vec![false; map.len()];
        for key in keys() {
            let id = map.id_of(&key).unwrap();
            assert!(!core::mem::replace(&mut met[id], true));
            assert_eq!((map.key_of(id), map.value_of(id)), (Some(key as u64), Some(key as u64)));
        }
        assert_eq!((map.key_of(400), map.value_of(400)), (None, None));
        let short = StaticBuilder::new().with_fingerprint_bits(63).map([(1, 1)]).unwrap();
        assert_eq!(short.key_of(0), None);
    }

    #[test]
    fn values_come_in_the_order_of_numbers_from_both_ends() {
        let map = StaticMap::from_pairs((0..50_u64).map(|i| (i, i * 3))).unwrap();
        let values: Vec<u64> = map.values().collect();
        assert!((0..50_u64).all(|i| values[map.id_of(&i).unwrap()] == i * 3));
        assert!(map.values().rev().eq(values.iter().rev().copied()));
        let mut both = map.values();
        assert_eq!(
            (both.len(), both.nth(9), both.next_back()),
            (50, Some(values[9]), Some(values[49]))
        );
        assert_eq!(
            (both.len(), both.nth(39), both.next(), both.next_back()),
            (39, None, None, None)
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        let twice = StaticMap::from_pairs([("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(twice.err(), Some(BuildError::DuplicateKey { index: 2 }));
        let wide = StaticBuilder::new().with_value_bits(3).map([(1, 7), (2, 8)]);
        let out = |name, value, max| BuildError::OutOfRange { name, value, min: 0, max };
        assert_eq!(wide.err(), Some(out("value", 8, 7)));
        for (how, name) in [
            (StaticBuilder::new().with_fingerprint_bits(65), "fingerprint_bits"),
            (StaticBuilder::new().with_value_bits(65), "value_bits"),
        ] {
            assert_eq!(how.map([(1, 1)]).err(), Some(out(name, 65, 64)));
        }
        let calls = core::cell::Cell::new(0_u64);
        let again = || {
            calls.set(calls.get() + 1);
            let calls = calls.get();
            (0..1_000).filter(move |i| i % 5 != calls % 5).map(|i| (number(i), i))
        };
        let unsteady = StaticBuilder::new().map_from_source_in(again, crate::mem::Global);
        assert!(matches!(unsteady.err(), Some(BuildError::Unsteady { .. })));
    }

    /// A key that hashes badly: seeds beyond the one asked for tell more of them apart.
    #[derive(Clone, Copy, PartialEq)]
    struct Bad(u64);

    impl KeyHash for Bad {
        fn key_hash(&self, seed: u64) -> u64 {
            if seed < 6 { self.0 / 2 } else { self.0 }.key_hash(seed)
        }
    }

    #[test]
    fn equal_hashes_of_different_keys_take_another_seed() {
        let how = StaticBuilder::new().with_seed(4);
        let map = how.map((0..100).map(|i| (Bad(i), i))).unwrap();
        assert_eq!(map.seed(), 6);
        assert!((0..100).all(|i| map.get(&Bad(i)) == Some(i)));
    }

    #[test]
    fn sizes_are_as_documented() {
        let how = StaticBuilder::new().with_fingerprint_bits(8);
        let map = how.map((0..100_000_u64).map(|i| (i, i % 1_000))).unwrap();
        let records = (100_000 * 18_usize).div_ceil(64) * 8 + 8;
        let function = map.heap_bytes() - records;
        assert!((20_000..25_400).contains(&function), "{function}");
        let few = StaticMap::from_pairs((0..10_u64).map(|i| (i, i))).unwrap();
        assert!(few.heap_bytes() < 400, "{}", few.heap_bytes());
        assert_eq!(StaticMap::from_pairs::<u64>([]).unwrap().heap_bytes(), 0);
    }

    #[test]
    fn it_prints_its_values() {
        let map = StaticMap::from_pairs([(String::from("x"), 5)]).unwrap();
        let text = alloc::format!("{map:?}");
        let expected = "StaticMap { fingerprint_bits: 64, seed: 0, values: [5], .. }";
        assert_eq!(text, expected);
        assert_eq!(map, map.clone());
        assert_ne!(map, StaticMap::from_pairs([("x", 4)]).unwrap());
    }
}
