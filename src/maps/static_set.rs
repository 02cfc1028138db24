//! [`StaticSet`]: a number for each key of a set, and none for most others.

use super::static_core::{Core, StaticBuilder};
use super::{KeyIds, KeyIdsBuild};
use crate::error::{BuildError, FileError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;

/// A set of keys that are all known when it is built, each of which has a number of its own from
/// `0..n`: an [`Mphf`](super::Mphf) that knows its keys from others, by as many bits of each as one
/// likes.
///
/// A key that was not there is taken for one that was at a rate of `2^-f`, which
/// [`fpr`](Self::fpr) tells. With fingerprints of 64 bits, as without a [`StaticBuilder`], the
/// set is exact for integers of up to 64 bits, and gives them back by
/// [`key_of`](Self::key_of); of strings, it takes one of 2^64 others for a key.
///
/// # When not to use it
///
/// - Keys come or go: [`Set`](super::Set); [`IntSet`](super::IntSet) takes fewer bytes too.
/// - The numbers are of no use: a [`Ribbon`](crate::filters::Ribbon) takes fewer bits for the
///   same rate; sorted integers take a quarter, as a sequence of the arrays family.
/// - Values by number that are numbers: [`StaticMap`](super::StaticMap) reads them with the
///   fingerprint.
/// - The keys themselves, if they are strings, or their order: a dictionary of the tries family.
///
/// # Layout
///
/// ```text
/// ids       an Mphf: the number of each key
/// records   | f bits of fingerprint of key number 0 | of key number 1 | .. | padding |
/// ```
///
/// The blocks of the function, and one. All are built at their exact size.
///
/// # Space
///
/// `1.9 + f` bits a key and 8 bytes: with 64 bits, 8.25 bytes for 100,000 keys; with 8, 1.25.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) expected; 2 us a key below 65,536 keys | |
/// | `id_of`, `contains` | O(1) | 2, a third where a record lies across two; 4 more for two keys of a hundred |
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
/// use lessram::{maps::{StaticBuilder, StaticSet}, mem::Footprint};
///
/// let words = StaticSet::from_keys(["ant", "bee", "cat"])?;
/// assert!(words.contains("bee") && words.id_of("bee").is_some_and(|id| id < 3));
/// assert!(!words.contains("dog"));
///
/// let many = StaticBuilder::new().with_fingerprint_bits(8).set(0..100_000_u32)?;
/// assert!(many.heap_bytes() < 125_400); // 2.0 bits a key, and 8
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Those of [`StaticMap`](super::StaticMap).
#[derive(Clone)]
pub struct StaticSet<W: Words = HeapWords>(pub(super) Core<W>);

impl<W: Words> StaticSet<W> {
    /// How many keys there are; all numbers are below it.
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

    /// The rate at which a key that was not there is taken for one that was:
    /// `2^-`[`fingerprint_bits`](Self::fingerprint_bits), or 0 if the set is empty. Of integers of
    /// up to 64 bits and fingerprints of 64, none is.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        self.0.fpr()
    }

    /// Whether `key` is in the set, or at the rate [`fpr`](Self::fpr) taken for one that is;
    /// `false` is certain. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains<K: KeyHash + ?Sized>(&self, key: &K) -> bool {
        self.id_of(key).is_some()
    }

    /// Whether the key of this 64-bit hash is in the set. See [`contains`](Self::contains).
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.id_of_hash(hash).is_some()
    }

    /// The number of `key`, below [`len`](Self::len); of a key that was not there, `None` or, at
    /// the rate [`fpr`](Self::fpr), that of another one. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn id_of<K: KeyHash + ?Sized>(&self, key: &K) -> Option<usize> {
        self.id_of_hash(key.key_hash(self.seed()))
    }

    /// The number of the key of this 64-bit hash. See [`id_of`](Self::id_of).
    #[must_use]
    #[inline]
    pub fn id_of_hash(&self, hash: u64) -> Option<usize> {
        self.0.id_of_hash(hash)
    }

    /// For each of `keys`, whether it is in the set: into `found`, position by position, as far as
    /// both go. See [`id_of_many_hash`](Self::id_of_many_hash).
    pub fn contains_many<K: KeyHash>(&self, keys: &[K], found: &mut [bool]) {
        let len = keys.len().min(found.len());
        self.0.each_id_of(&keys[..len], |i, id| found[i] = id.is_some());
    }

    /// For each of `hashes`, whether its key is in the set. See
    /// [`id_of_many_hash`](Self::id_of_many_hash).
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        let len = hashes.len().min(found.len());
        self.0.each_id(&hashes[..len], |i, id| found[i] = id.is_some());
    }

    /// Puts the number of each of `keys` into `ids`, position by position, as far as both go. See
    /// [`id_of_many_hash`](Self::id_of_many_hash).
    pub fn id_of_many<K: KeyHash>(&self, keys: &[K], ids: &mut [Option<usize>]) {
        let len = keys.len().min(ids.len());
        self.0.each_id_of(&keys[..len], |i, id| ids[i] = id);
    }

    /// Puts the number of the key of each of `hashes` into `ids`, position by position, as far as
    /// both go. What they need is asked for 32 keys ahead, so that its ways from memory overlap.
    /// Allocates nothing.
    pub fn id_of_many_hash(&self, hashes: &[u64], ids: &mut [Option<usize>]) {
        let len = hashes.len().min(ids.len());
        self.0.each_id(&hashes[..len], |i, id| ids[i] = id);
    }

    /// The key that has the number `id`, of a set of integers of up to 64 bits and fingerprints of
    /// 64, as a `u64` (negative ones wrap); of other keys a number that means nothing. `None` if
    /// fingerprints are shorter, or there is no such number. O(1).
    #[must_use]
    pub fn key_of(&self, id: usize) -> Option<u64> {
        self.0.key_of(id)
    }
}

#[cfg(feature = "alloc")]
impl StaticSet {
    /// The set of `keys`, with fingerprints of 64 bits: exact for integers of up to 64. Different
    /// keys of equal hashes are no error: then another seed is taken. [`StaticBuilder`] has the
    /// other doors.
    ///
    /// # Errors
    ///
    /// As for [`StaticBuilder::set`].
    pub fn from_keys<K: KeyHash + PartialEq>(
        keys: impl IntoIterator<Item = K, IntoIter: Clone>,
    ) -> Result<Self, BuildError> {
        StaticBuilder::new().set(keys)
    }
}

impl<W: Words> KeyIds for StaticSet<W> {
    fn len(&self) -> usize {
        self.len()
    }

    fn seed(&self) -> u64 {
        self.seed()
    }

    #[inline]
    fn id_of_hash(&self, hash: u64) -> Option<usize> {
        self.id_of_hash(hash)
    }

    fn id_of_many_hash(&self, hashes: &[u64], ids: &mut [Option<usize>]) {
        self.id_of_many_hash(hashes, ids);
    }
}

impl<A: Alloc + Clone> KeyIdsBuild<A> for StaticSet<HeapWords<A>> {
    fn try_from_source_in<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        StaticBuilder::new().with_seed(seed).with_memory(memory).set_from_source_in(again, alloc)
    }
}

impl<W: Words> Footprint for StaticSet<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.0.parts(out);
    }
}

impl<W: Words> Persist for StaticSet<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        self.0.store(out);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let core = Core::load(source)?;
        require(core.value_bits == 0, Tag(*b"meta"), "values of no bits")?;
        Ok(Self(core))
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any records are a set.
        self.0.ids.validate()
    }
}

doors!(StaticSet);

impl<W: Words> fmt::Debug for StaticSet<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticSet")
            .field("len", &self.len())
            .field("fingerprint_bits", &self.fingerprint_bits())
            .field("seed", &self.seed())
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<StaticSet<V>> for StaticSet<W> {
    /// Whether both have the same answers because they have the same numbers and fingerprints.
    fn eq(&self, other: &StaticSet<V>) -> bool {
        self.0.equals(&other.0)
    }
}

impl<W: Words> Eq for StaticSet<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn it_is_exact_for_integers() {
        for len in [0, 1, 2, 700, 3_000_u64] {
            let set = StaticSet::from_keys((0..len).map(|i| i * i)).unwrap();
            let mut met = vec![false; set.len()];
            for i in 0..len {
                let id = set.id_of(&(i * i)).unwrap();
                assert!(!core::mem::replace(&mut met[id], true));
                assert_eq!(set.key_of(id), Some(i * i));
            }
            let mut others = (0..10_000_u64).filter(|i| i.isqrt().pow(2) != *i || i.isqrt() >= len);
            assert!(others.all(|i| !set.contains(&i)), "{len}");
        }
    }

    #[test]
    fn many_at_once_are_as_one_by_one() {
        let set = StaticBuilder::new().with_fingerprint_bits(5).set(0..500_u64).unwrap();
        let keys: [u64; 150] = core::array::from_fn(|i| i as u64 * 7);
        let (mut ids, mut found) = ([None; 160], [true; 140]);
        set.id_of_many(&keys, &mut ids);
        set.contains_many(&keys, &mut found);
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(set.id_of(key), ids[i]);
            assert!(i >= 140 || found[i] == set.contains(key));
        }
        assert!(ids[150..].iter().all(Option::is_none));
    }

    #[test]
    fn sizes_are_as_documented() {
        for (bits, each) in [(64, 8.27), (8, 1.27)] {
            let how = StaticBuilder::new().with_fingerprint_bits(bits);
            let per_key = how.set(0..100_000_u32).unwrap().heap_bytes() as f64 / 100_000.0;
            assert!(per_key < each && per_key > each - 0.05, "{bits}: {per_key}");
        }
    }

    #[test]
    fn a_file_of_a_map_with_values_is_no_set() {
        let set = StaticSet::from_keys(0..10_u32).unwrap();
        let bytes = set.to_bytes().unwrap();
        let view = StaticSet::view(bytes.as_bytes()).unwrap();
        assert_eq!(view, set);
        let map = super::super::StaticMap::from_pairs([(1, 1)]).unwrap().to_bytes().unwrap();
        assert!(matches!(StaticSet::view(map.as_bytes()), Err(FileError::Kind { .. })));
    }
}
