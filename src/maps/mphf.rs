//! [`Mphf`]: a number for each key of a set that is known, in under two bits a key.

mod build;
mod level;
mod place;

use super::{KeyIds, KeyIdsBuild};
use crate::arrays::EliasFano;
use crate::bits::field::{Fields, Store, words_for};
use crate::error::{BuildError, FileError, Tag};
use crate::hashing::{BATCH, KeyHash, hashes_of};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, Footprint, PartKind, Parts};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, as_bytes, doors, require};
use core::fmt;
use level::{Level, MAX_SEED, SEED_BITS, mixed, next};

/// The section of the seeds.
const SEEDS: Tag = Tag(*b"seed");
/// Levels behind the first one: the most keys there can be need six. That keys are left after the
/// last one has not been seen.
const LATER: usize = 6;
/// Up to so many keys, holes are fields of the width of seeds, and stand behind them.
const NARROW_KEYS: u64 = 1 << SEED_BITS;

/// A minimal perfect hash function: gives each of `n` keys that are all known when it is built a
/// number of its own from `0..n`, in 1.9 bits a key and one read.
///
/// The keys themselves are not kept: a key that was not there gets one of the numbers, or none.
/// With an array by number, such as a [`PackedInts`](crate::arrays::PackedInts), it is a map
/// without keys.
///
/// # When not to use it
///
/// - Keys come or go: [`Map`](super::Map).
/// - Keys that were not there must be told from others: [`StaticSet`](super::StaticSet); and values
///   be had by key: [`StaticMap`](super::StaticMap).
/// - Numbers in the order of the keys, or keys by number: a dictionary of the tries family.
///
/// # Layout
///
/// ```text
/// seeds    | 10 bits for each bucket of the first level | of the second | ..
/// holes    ascending numbers: for each slot of the later levels, a slot of the first that is free
/// ```
///
/// A key has a bucket, one for six keys, and a slice of 2,048 slots, of which there are as many as
/// keys; its number is the slot in the slice that the bucket's seed picks. (Where keys are fewer
/// than 65,536, slices are shorter.) Two keys of a hundred are in a bucket without a seed: then
/// they are on the next level, whose slots stand for the holes. Holes are an Elias-Fano sequence;
/// of up to 1,024 keys they are behind the seeds. One block and three, none with slack; up to 1,024
/// keys, one.
///
/// # Space
///
/// 1.89 bits a key from a million keys on, 2.0 for 100,000, 3.0 for a thousand: the limit is 1.44.
/// No slack, never grows. Building takes 8.7 bytes a key; less in as many passes over the keys as
/// that asks for, at least 0.7 bytes a key and 8 MiB.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) expected; 2 us a key below 65,536 keys | |
/// | `id_of` | O(1) | 1; 4 more for two keys of a hundred |
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
/// use lessram::{maps::Mphf, mem::Footprint};
///
/// let words = ["ant", "bee", "cat"];
/// let ids = Mphf::from_keys(words.iter())?;
/// let mut all: Vec<_> = words.iter().filter_map(|word| ids.id_of(word)).collect();
/// all.sort_unstable();
/// assert_eq!(all, [0, 1, 2]);
///
/// let many = Mphf::from_keys(0..100_000_u32)?;
/// assert!(many.heap_bytes() < 25_400); // 2.0 bits a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// P. Beling, P. Sanders, *PHast: Perfect Hashing made fast*, 2025 (its variant PHast+ with
/// wrapping).
#[derive(Clone)]
pub struct Mphf<W: Words = HeapWords> {
    /// The seeds of all levels; of few keys, then the holes.
    fields: Fields<W>,
    /// The holes of many keys.
    holes: Option<EliasFano<W>>,
    first: Level,
    /// How many keys each later level has.
    later: [u64; LATER],
    /// The seed with which keys are hashed.
    seed: u64,
    attempt: u64,
    len: usize,
}

impl<W: Words> Mphf<W> {
    fn of(
        fields: Fields<W>,
        holes: Option<EliasFano<W>>,
        later: [u64; LATER],
        seed: u64,
        attempt: u64,
        len: usize,
    ) -> Self {
        Self { fields, holes, first: Level::first(len as u64), later, seed, attempt, len }
    }

    /// How many keys there are; all numbers are below it.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of `key`. Of a key that was not there, any number below [`len`](Self::len), or
    /// `None`. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn id_of<K: KeyHash + ?Sized>(&self, key: &K) -> Option<usize> {
        self.id_of_hash(key.key_hash(self.seed))
    }

    /// The number of the key of this 64-bit hash. See [`id_of`](Self::id_of).
    #[must_use]
    #[inline(always)]
    pub fn id_of_hash(&self, hash: u64) -> Option<usize> {
        let x = mixed(hash, self.attempt);
        match self.seed_of(self.first.bucket_of(x)) {
            0 => self.id_of_bumped(x),
            seed => Some(self.first.slot_of(x, seed) as usize),
        }
    }

    /// The seed of a bucket; 0 if there is no such bucket. [`Fields::peek`], which does not know
    /// the width, makes a question take 1.15 times as long (measured alone, not in a bench here).
    #[inline(always)]
    fn seed_of(&self, bucket: u64) -> u64 {
        let bit = bucket * u64::from(SEED_BITS);
        let at = (bit >> 3) as usize;
        // A field is in 3 bytes at most; a word follows the last one.
        let bytes = self.fields.store().bytes().get(at..at + 4);
        let four = bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
        u64::from(four >> (bit & 7)) & MAX_SEED
    }

    /// The number of a key that has no seed on the first level, where it is `x`.
    #[cold]
    #[inline(never)]
    fn id_of_bumped(&self, mut x: u64) -> Option<usize> {
        let (mut bucket, mut slot) = (self.first.buckets, 0);
        for level in self.later_levels() {
            x = next(x);
            match self.seed_of(bucket + level.bucket_of(x)) {
                0 => {}
                seed => return self.hole(slot + level.slot_of(x, seed)),
            }
            bucket += level.buckets;
            slot += level.slots();
        }
        None
    }

    fn later_levels(&self) -> impl Iterator<Item = Level> {
        levels_of(self.later)
    }

    /// The number that a slot of the later levels stands for.
    fn hole(&self, slot: u64) -> Option<usize> {
        let hole = match &self.holes {
            Some(holes) => holes.get(slot as usize)?,
            None => {
                let behind =
                    self.first.buckets + self.later_levels().map(|l| l.buckets).sum::<u64>();
                self.fields.get((behind + slot) as usize)?
            }
        };
        // Of a damaged file, anything.
        (hole < self.len as u64).then_some(hole as usize)
    }

    /// Puts the number of each of `keys` into `ids`, position by position, as far as both go. See
    /// [`id_of_many_hash`](Self::id_of_many_hash).
    pub fn id_of_many<K: KeyHash>(&self, keys: &[K], ids: &mut [Option<usize>]) {
        for (keys, ids) in keys.chunks(BATCH).zip(ids.chunks_mut(BATCH)) {
            let mut batch = [0; BATCH];
            let hashes = hashes_of(keys, &mut batch, |key| key.key_hash(self.seed));
            self.id_of_many_hash(hashes, ids);
        }
    }

    /// Puts the number of the key of each of `hashes` into `ids`, position by position, as far as
    /// both go. Seeds are asked for 32 keys ahead, so that their ways from memory overlap.
    /// Allocates nothing.
    pub fn id_of_many_hash(&self, hashes: &[u64], ids: &mut [Option<usize>]) {
        let bytes = as_bytes(self.fields.store().words());
        for (hashes, ids) in hashes.chunks(BATCH).zip(ids.chunks_mut(BATCH)) {
            for hash in hashes {
                let bucket = self.first.bucket_of(mixed(*hash, self.attempt));
                prefetch(bytes, ((bucket * u64::from(SEED_BITS)) >> 3) as usize);
            }
            for (hash, id) in hashes.iter().zip(ids) {
                *id = self.id_of_hash(*hash);
            }
        }
    }
}

#[cfg(feature = "alloc")]
impl Mphf {
    /// The numbers of the keys of these 64-bit hashes, such as [`KeyHash::key_hash`] with the seed
    /// 0 gives.
    ///
    /// # Errors
    ///
    /// [`BuildError::DuplicateKey`] if two hashes are equal, with the second position of some such
    /// hash; [`BuildError::Unsolvable`] if 16 attempts failed, which has not been seen;
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn from_hashes(
        hashes: impl IntoIterator<Item = u64, IntoIter: Clone>,
    ) -> Result<Self, BuildError> {
        let hashes = hashes.into_iter();
        Self::from_source(|| hashes.clone(), 0, usize::MAX)
    }

    /// The numbers of `keys`. Different keys of equal hashes are no error: then another seed is
    /// taken.
    ///
    /// # Errors
    ///
    /// [`BuildError::DuplicateKey`] if two keys are equal, with the second position of some such
    /// key; [`BuildError::Unsolvable`] if each of eight seeds gave two keys the same hash, which
    /// takes somebody who makes such keys; else as for [`from_hashes`](Self::from_hashes).
    pub fn from_keys<K: KeyHash + PartialEq>(
        keys: impl IntoIterator<Item = K, IntoIter: Clone>,
    ) -> Result<Self, BuildError> {
        Self::from_keys_in(keys, Global)
    }

    /// The numbers of the keys of the hashes that `again` tells every time it is called, beside
    /// which building takes at most `memory` bytes for hashes:
    /// `|| keys.iter().map(|key| key.key_hash(seed))`. The memory changes no bit of the function.
    ///
    /// # Errors
    ///
    /// As for [`from_hashes`](Self::from_hashes); [`BuildError::OutOfRange`] if the memory is less
    /// than the least that would do, and [`BuildError::Unsteady`] if the hashes differ from one
    /// time to the other.
    pub fn from_source<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        seed: u64,
        memory: usize,
    ) -> Result<Self, BuildError> {
        Self::from_source_in(again, seed, memory, Global)
    }
}

/// The later levels, which have so many keys.
fn levels_of(later: [u64; LATER]) -> impl Iterator<Item = Level> {
    later.into_iter().take_while(|keys| *keys > 0).map(Level::later)
}

/// Seeds that are tried for keys of which two have equal hashes.
const SEEDS_TRIED: u64 = 8;

impl<A: Alloc + Clone> Mphf<HeapWords<A>> {
    /// The numbers of `keys`, in `alloc`. See [`from_keys`](Mphf::from_keys).
    ///
    /// # Errors
    ///
    /// As for [`from_keys`](Mphf::from_keys).
    pub fn from_keys_in<K: KeyHash + PartialEq>(
        keys: impl IntoIterator<Item = K, IntoIter: Clone>,
        alloc: A,
    ) -> Result<Self, BuildError> {
        Self::from_keys_seeded(keys.into_iter(), 0, usize::MAX, alloc)
    }

    /// The numbers of `keys`, hashed with `seed` or, if that gives two of them the same hash, with
    /// one of the next.
    pub(super) fn from_keys_seeded<K: KeyHash + PartialEq>(
        keys: impl Iterator<Item = K> + Clone,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        for more in 0..SEEDS_TRIED {
            let seed = seed.wrapping_add(more);
            let again = || keys.clone().map(|key| key.key_hash(seed));
            let built = Self::from_source_in(again, seed, memory, alloc.clone());
            let Err(BuildError::DuplicateKey { index }) = built else { return built };
            if keys.clone().nth(index).is_none_or(|key| keys.clone().take(index).any(|k| k == key))
            {
                return built;
            }
        }
        Err(BuildError::Unsolvable { attempts: SEEDS_TRIED as u32 })
    }

    /// The numbers of the keys of the hashes that `again` tells every time it is called, in
    /// `alloc`. See [`from_source`](Mphf::from_source).
    ///
    /// # Errors
    ///
    /// As for [`from_source`](Mphf::from_source).
    pub fn from_source_in<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        Self::build(&again, seed, memory, alloc)
    }
}

impl<W: Words> KeyIds for Mphf<W> {
    fn len(&self) -> usize {
        self.len
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    #[inline]
    fn id_of_hash(&self, hash: u64) -> Option<usize> {
        self.id_of_hash(hash)
    }

    fn id_of_many_hash(&self, hashes: &[u64], ids: &mut [Option<usize>]) {
        self.id_of_many_hash(hashes, ids);
    }
}

impl<A: Alloc + Clone> KeyIdsBuild<A> for Mphf<HeapWords<A>> {
    fn try_from_source_in<I: Iterator<Item = u64>>(
        again: impl Fn() -> I,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        Self::from_source_in(again, seed, memory, alloc)
    }
}

impl<W: Words> Footprint for Mphf<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.fields.store().tell("seeds", PartKind::Payload, 0, out);
        if let Some(holes) = &self.holes {
            holes.tell_as_index(out);
        }
    }
}

impl<W: Words> Persist for Mphf<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        let numbers = self.store_sections(out);
        out.meta(&numbers);
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let numbers = source.meta()?;
        Self::load_sections(source, numbers)
    }

    fn validate(&self) -> Result<(), FileError> {
        if let Some(holes) = &self.holes {
            holes.validate()?;
        }
        Ok(())
    }
}

/// Parameters of a function in a file.
const NUMBERS: usize = LATER + 2;

/// As a part of other structures.
impl<W: Words> Mphf<W> {
    /// Tells of its bytes as what finds others.
    pub(super) fn tell_as_index(&self, out: &mut dyn Parts) {
        self.fields.store().tell("seeds", PartKind::Index, 0, out);
        if let Some(holes) = &self.holes {
            holes.tell_as_index(out);
        }
    }

    /// Lists all but the parameters, which it returns.
    #[cfg(feature = "alloc")]
    pub(super) fn store_sections<'s>(&'s self, out: &mut Sections<'s>) -> [u64; NUMBERS] {
        out.items(self.len as u64);
        out.seed(self.seed);
        out.section(SEEDS, 8, self.fields.store().words());
        if let Some(holes) = &self.holes {
            holes.store_sections(out);
        }
        let width = self.holes.as_ref().map_or(0, EliasFano::low_width);
        let [a, b, c, d, e, f] = self.later;
        [self.attempt, u64::from(width), a, b, c, d, e, f]
    }

    /// Takes the sections of a function with these parameters back.
    pub(super) fn load_sections<S: Source<Words = W>>(
        source: &mut S,
        numbers: [u64; NUMBERS],
    ) -> Result<Self, FileError> {
        let [attempt, width, later @ ..] = numbers;
        let (items, seed, len) = (source.header().items, source.header().seed, source.items()?);
        let store = source.section(SEEDS, 8)?;
        // So that nothing below overflows.
        let mut before = items.min(build::MAX_KEYS);
        let fewer = later.iter().all(|keys| *keys <= core::mem::replace(&mut before, *keys));
        require(items <= build::MAX_KEYS && fewer, SEEDS, "no more keys on each next level")?;
        let slots: u64 = levels_of(later).map(|level| level.slots()).sum();
        let behind: u64 = levels_of(later).map(|level| level.buckets).sum();
        let narrow = items <= NARROW_KEYS;
        let fields = Level::first(items).buckets + behind + if narrow { slots } else { 0 };
        let fields = usize::try_from(fields).ok();
        let fields = fields.and_then(|fields| Fields::new(store, fields, SEED_BITS));
        let rule = "a seed for each bucket";
        let fields = fields.ok_or(FileError::Corrupt { section: SEEDS, rule })?;
        let exact = words_for(fields.len(), SEED_BITS) == Some(fields.store().words().len());
        require(exact, SEEDS, rule)?;
        let holes = match items.checked_sub(1) {
            Some(most) if !narrow => Some(EliasFano::load_sections(source, slots, most, width, 0)?),
            _ => None,
        };
        Ok(Self::of(fields, holes, later, seed, attempt, len))
    }
}

doors!(Mphf);

impl<W: Words> fmt::Debug for Mphf<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mphf")
            .field("len", &self.len)
            .field("first", &self.first)
            .field("later", &self.later)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<Mphf<V>> for Mphf<W> {
    /// Whether both give every key the same number.
    fn eq(&self, other: &Mphf<V>) -> bool {
        let same_holes = match (&self.holes, &other.holes) {
            (Some(holes), Some(others)) => holes.iter().eq(others.iter()),
            (None, None) => true,
            _ => false,
        };
        (self.len, self.later, self.seed, self.attempt)
            == (other.len, other.later, other.seed, other.attempt)
            && self.fields.store().words() == other.fields.store().words()
            && same_holes
    }
}

impl<W: Words> Eq for Mphf<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::hashing::KeyHash;
    use alloc::vec;
    use alloc::vec::Vec;

    /// Hashes that look random.
    fn hashes(seed: u64, len: u64) -> impl Iterator<Item = u64> + Clone {
        (0..len).map(move |i| i.key_hash(seed))
    }

    /// Whether the hashes have the numbers below their number, each once.
    fn is_minimal(function: &Mphf, hashes: impl Iterator<Item = u64>) -> bool {
        let mut met = vec![false; function.len()];
        let fresh = |hash| {
            let id = function.id_of_hash(hash);
            id.is_some_and(|id| !core::mem::replace(&mut met[id], true))
        };
        let all = { hashes }.all(fresh);
        all && met.iter().all(|met| *met)
    }

    #[test]
    fn every_size_is_minimal() {
        for len in (0..80).chain([300, 676, 1_024, 1_025, 9_600, 13_000, 66_000]) {
            let function = Mphf::from_hashes(hashes(len, len)).unwrap();
            assert_eq!(function.len(), len as usize);
            assert!(is_minimal(&function, hashes(len, len)), "{len}: {function:?}");
        }
    }

    #[test]
    fn sizes_are_as_documented() {
        for (len, bits) in [(1_000, 3.1), (100_000, 2.03)] {
            let function = Mphf::from_hashes(hashes(1, len)).unwrap();
            let per_key = function.heap_bytes() as f64 * 8.0 / len as f64;
            assert!(per_key <= bits && per_key > bits * 0.9, "{len}: {per_key}");
        }
    }

    /// A key that hashes badly: seeds beyond the first one tell more of them apart.
    #[derive(Clone, Copy, PartialEq)]
    struct Bad(u64);

    impl KeyHash for Bad {
        fn key_hash(&self, seed: u64) -> u64 {
            if seed == 0 { self.0 / 2 } else { self.0 }.key_hash(seed)
        }
    }

    #[test]
    fn equal_hashes_of_different_keys_are_no_error() {
        let function = Mphf::from_keys((0..100).map(Bad)).unwrap();
        assert_eq!(function.seed(), 1);
        let mut ids: Vec<_> = (0..100).map(|i| function.id_of(&Bad(i)).unwrap()).collect();
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..100));
        let twice = Mphf::from_keys([3, 4, 5, 4].map(Bad));
        assert_eq!(twice.err(), Some(BuildError::DuplicateKey { index: 3 }));
    }

    #[test]
    fn sources_that_change_are_told() {
        let calls = core::cell::Cell::new(0);
        let again = || {
            calls.set(calls.get() + 1);
            hashes(calls.get(), 1_000).filter(|hash| hash % 3 != 0)
        };
        let refused = Mphf::from_source(again, 0, usize::MAX);
        assert!(matches!(refused, Err(BuildError::Unsteady { .. })));
    }

    /// The source is read when hashes are counted, when they are placed, and when a hash that came
    /// twice is looked for.
    #[test]
    fn hashes_that_came_twice_and_do_so_no_more_are_told() {
        let calls = core::cell::Cell::new(0);
        let again = || {
            calls.set(calls.get() + 1);
            let shift = u32::from(calls.get() == 2);
            (0..1_000).map(move |hash: u64| hash >> shift)
        };
        let refused = Mphf::from_source(again, 0, usize::MAX);
        assert_eq!(refused.err(), Some(BuildError::Unsteady { expected: 2, found: 1 }));
    }

    /// Several shards: in a debug build as many keys take seconds.
    #[test]
    #[cfg_attr(debug_assertions, ignore = "takes seconds without optimisation")]
    fn memory_changes_no_bit() {
        let all = || hashes(3, 2_200_000);
        let kept = Mphf::from_source(all, 0, usize::MAX).unwrap();
        let Err(BuildError::OutOfRange { name: "memory", min, .. }) =
            Mphf::from_source(all, 0, 1 << 20)
        else {
            panic!("1 MiB does not do");
        };
        let counter = crate::mem::Counter::new();
        let alloc = crate::mem::Tracked::new(&counter, crate::mem::Global);
        let told = Mphf::from_source_in(all, 0, min as usize, alloc).unwrap();
        assert!(kept == told && is_minimal(&kept, all()));
        // Beside the hashes: seeds, which slots are taken, keys of the next level.
        let beside = counter.peak() - min as usize;
        assert!(beside < 2_200_000 * 8 / 10, "{beside} bytes");
    }
}
