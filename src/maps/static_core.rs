//! What [`StaticMap`] and [`StaticSet`] have in common: a number for each key, and by that number a
//! record, which is a value and some bits that the key is known by.

use super::mphf::Mphf;
use super::{StaticMap, StaticSet};
use crate::bits::field::{self, mask, width_of, words_for};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::hashing::{BATCH, KeyHash, hashes_of, unhashed};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::{Alloc, PartKind, Parts};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Source, Words, as_bytes, require};

/// The section of the records.
const RECORDS: Tag = Tag(*b"recd");
/// The most bits of a fingerprint, and of a value.
const MAX_BITS: u32 = 64;
/// Makes fingerprints independent of the bits of a hash that its number comes from.
const SALT: u64 = 0xA076_1D64_78BD_642F;

/// How a [`StaticMap`] or a [`StaticSet`] is built.
///
/// ```
/// use lessram::maps::{StaticBuilder, StaticMap};
///
/// let how = StaticBuilder::new().with_fingerprint_bits(16);
/// let map = how.map([("ant", 1), ("bee", 2)])?;
/// assert_eq!((map.get("bee"), map.fpr()), (Some(2), 1.0 / 65_536.0));
/// # Ok::<(), lessram::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticBuilder {
    fingerprint_bits: u32,
    value_bits: Option<u32>,
    seed: u64,
    memory: usize,
}

impl Default for StaticBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl StaticBuilder {
    /// Fingerprints of 64 bits, values of as many as the largest needs, seed 0, and as much memory
    /// as it takes.
    #[must_use]
    pub const fn new() -> Self {
        let (fingerprint_bits, value_bits) = (MAX_BITS, None);
        Self { fingerprint_bits, value_bits, seed: 0, memory: usize::MAX }
    }

    /// Keys are known by so many bits, at most 64: others are taken for them at a rate of
    /// `2^-bits`.
    #[must_use]
    pub const fn with_fingerprint_bits(mut self, bits: u32) -> Self {
        self.fingerprint_bits = bits;
        self
    }

    /// Values have so many bits, at most 64. Spares a pass over them.
    #[must_use]
    pub const fn with_value_bits(mut self, bits: u32) -> Self {
        self.value_bits = Some(bits);
        self
    }

    /// Keys are hashed with this seed; or, where it gives two different keys the same hash, with
    /// one of the seven next.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Building takes at most so many bytes for hashes, and reads the source as often as that asks
    /// for. Changes no bit of what is built.
    #[must_use]
    pub const fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The map of `pairs`, in `alloc`. See [`map`](Self::map).
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map).
    pub fn map_in<K: KeyHash + PartialEq, A: Alloc + Clone>(
        self,
        pairs: impl IntoIterator<Item = (K, u64), IntoIter: Clone>,
        alloc: A,
    ) -> Result<StaticMap<HeapWords<A>>, BuildError> {
        let pairs = pairs.into_iter();
        self.check()?;
        let keys = pairs.clone().map(|(key, _)| key);
        let ids = Mphf::from_keys_seeded(keys, self.seed, self.memory, alloc.clone())?;
        let seed = ids.seed();
        let again = || pairs.clone().map(|(key, value)| (key.key_hash(seed), value));
        self.fill(ids, again, alloc).map(StaticMap)
    }

    /// The map of the hashes and values that `again` tells every time it is called, in `alloc`.
    /// Hashes are those of [`KeyHash::key_hash`] with the builder's seed.
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map), but that a hash that comes twice is a [`DuplicateKey`], which
    /// another seed cures if the keys differ; [`Unsteady`] if the hashes differ from one time to
    /// the other; [`OutOfRange`] if the memory is less than the least that would do.
    ///
    /// [`DuplicateKey`]: BuildError::DuplicateKey
    /// [`Unsteady`]: BuildError::Unsteady
    /// [`OutOfRange`]: BuildError::OutOfRange
    pub fn map_from_source_in<I: Iterator<Item = (u64, u64)>, A: Alloc + Clone>(
        self,
        again: impl Fn() -> I,
        alloc: A,
    ) -> Result<StaticMap<HeapWords<A>>, BuildError> {
        self.check()?;
        let hashes = || again().map(|(hash, _)| hash);
        let ids = Mphf::from_source_in(hashes, self.seed, self.memory, alloc.clone())?;
        self.fill(ids, again, alloc).map(StaticMap)
    }

    /// The set of `keys`, in `alloc`. See [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set).
    pub fn set_in<K: KeyHash + PartialEq, A: Alloc + Clone>(
        self,
        keys: impl IntoIterator<Item = K, IntoIter: Clone>,
        alloc: A,
    ) -> Result<StaticSet<HeapWords<A>>, BuildError> {
        let keys = keys.into_iter();
        self.check()?;
        let ids = Mphf::from_keys_seeded(keys.clone(), self.seed, self.memory, alloc.clone())?;
        let seed = ids.seed();
        let again = || keys.clone().map(|key| (key.key_hash(seed), 0));
        self.with_value_bits(0).fill(ids, again, alloc).map(StaticSet)
    }

    /// The set of the keys of the hashes that `again` tells every time it is called, in `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`map_from_source_in`](Self::map_from_source_in).
    pub fn set_from_source_in<I: Iterator<Item = u64>, A: Alloc + Clone>(
        self,
        again: impl Fn() -> I,
        alloc: A,
    ) -> Result<StaticSet<HeapWords<A>>, BuildError> {
        self.check()?;
        let ids = Mphf::from_source_in(&again, self.seed, self.memory, alloc.clone())?;
        let again = || again().map(|hash| (hash, 0));
        self.with_value_bits(0).fill(ids, again, alloc).map(StaticSet)
    }

    /// Refuses widths that no record has.
    fn check(self) -> Result<(), BuildError> {
        let widths = [
            ("fingerprint_bits", self.fingerprint_bits),
            ("value_bits", self.value_bits.unwrap_or(0)),
        ];
        match widths.into_iter().find(|(_, bits)| *bits > MAX_BITS) {
            Some((name, bits)) => {
                let (min, max) = (0, u64::from(MAX_BITS));
                Err(BuildError::OutOfRange { name, value: u64::from(bits), min, max })
            }
            None => Ok(()),
        }
    }

    /// Writes a record for each key.
    fn fill<I: Iterator<Item = (u64, u64)>, A: Alloc + Clone>(
        self,
        ids: Mphf<HeapWords<A>>,
        again: impl Fn() -> I,
        alloc: A,
    ) -> Result<Core<HeapWords<A>>, BuildError> {
        let fingerprint_bits = self.fingerprint_bits;
        let widest = || width_of(again().fold(0, |all, (_, value)| all | value));
        let value_bits = self.value_bits.unwrap_or_else(widest);
        let words = words_for(ids.len(), fingerprint_bits + value_bits);
        let words = words.ok_or(AllocError::CapacityOverflow)?;
        let mut records = HeapWords::new_in(alloc);
        records.try_reserve_exact(words)?;
        records.try_resize(words)?;
        let mut core = Core { ids, records, fingerprint_bits, value_bits };
        let expected = core.ids.len() as u64;
        // Each number comes once: others than those of the keys would hardly have the same sum.
        let (mut found, mut sum) = (0, 0_u64);
        for (hash, value) in again() {
            if value > mask(value_bits) {
                let (min, max) = (0, mask(value_bits));
                return Err(BuildError::OutOfRange { name: "value", value, min, max });
            }
            // Of a source that tells others than before, there may be none.
            let Some(id) = core.ids.id_of_hash(hash) else { continue };
            let bit = core.bit_of(id);
            let bytes = core.records.as_bytes_mut();
            field::set(bytes, bit, value_bits, value);
            let fingerprint = fingerprint_of(hash, fingerprint_bits);
            field::set(bytes, bit + u64::from(value_bits), fingerprint_bits, fingerprint);
            found += 1;
            sum = sum.wrapping_add(id as u64);
        }
        // Both modulo 2^64.
        let all = (u128::from(expected) * u128::from(expected.saturating_sub(1)) / 2) as u64;
        if (found, sum) == (expected, all) {
            Ok(core)
        } else {
            Err(BuildError::Unsteady { expected, found })
        }
    }
}

#[cfg(feature = "alloc")]
impl StaticBuilder {
    /// The map of `pairs`.
    ///
    /// # Errors
    ///
    /// [`BuildError::DuplicateKey`] if two keys are equal, with the second position of some such
    /// key; [`BuildError::OutOfRange`] if a value has more than the bits that were set, or more
    /// than 64 bits were asked for; [`BuildError::Unsolvable`] if each of eight seeds gave two
    /// different keys the same hash, which takes somebody who knows them: take a secret seed;
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn map<K: KeyHash + PartialEq>(
        self,
        pairs: impl IntoIterator<Item = (K, u64), IntoIter: Clone>,
    ) -> Result<StaticMap, BuildError> {
        self.map_in(pairs, Global)
    }

    /// The set of `keys`.
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map).
    pub fn set<K: KeyHash + PartialEq>(
        self,
        keys: impl IntoIterator<Item = K, IntoIter: Clone>,
    ) -> Result<StaticSet, BuildError> {
        self.set_in(keys, Global)
    }
}

/// What the key of this hash is known by: as a number of 64 bits, a bijection of the hash.
#[inline(always)]
fn fingerprint_of(hash: u64, bits: u32) -> u64 {
    hash.key_hash(SALT) & mask(bits)
}

/// Numbers of keys, and a record for each: `| value | fingerprint |`.
#[derive(Clone)]
pub(super) struct Core<W: Words> {
    pub(super) ids: Mphf<W>,
    /// `words_for(ids.len(), record_bits)` words, so that every record lies in them.
    records: W,
    pub(super) fingerprint_bits: u32,
    pub(super) value_bits: u32,
}

impl<W: Words> Core<W> {
    /// The rate at which other keys are taken for one of these.
    pub(super) fn fpr(&self) -> f64 {
        if self.ids.is_empty() {
            0.0
        } else {
            // Of 64 bits too, without rounding.
            1.0 / (1_u128 << self.fingerprint_bits) as f64
        }
    }

    #[inline(always)]
    const fn record_bits(&self) -> u32 {
        self.fingerprint_bits + self.value_bits
    }

    /// Where the record of a number begins.
    #[inline(always)]
    const fn bit_of(&self, id: usize) -> u64 {
        id as u64 * self.record_bits() as u64
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.records.words())
    }

    /// The fingerprint of a number below `ids.len()`.
    #[inline(always)]
    fn fingerprint(&self, id: usize) -> u64 {
        let bit = self.bit_of(id) + u64::from(self.value_bits);
        field::get_padded(self.bytes(), bit, self.fingerprint_bits)
    }

    /// The value of a number below `ids.len()`.
    #[inline(always)]
    pub(super) fn value(&self, id: usize) -> u64 {
        field::get_padded(self.bytes(), self.bit_of(id), self.value_bits)
    }

    /// Whether the record of a number below `ids.len()` is that of this hash.
    #[inline(always)]
    fn fits(&self, id: usize, hash: u64) -> bool {
        self.fingerprint(id) == fingerprint_of(hash, self.fingerprint_bits)
    }

    /// The number of the key of this hash, if there is one.
    #[inline(always)]
    pub(super) fn id_of_hash(&self, hash: u64) -> Option<usize> {
        let id = self.ids.id_of_hash(hash)?;
        self.fits(id, hash).then_some(id)
    }

    /// Hands `take` each position of `hashes` with the number of its key, if there is one. Seeds,
    /// and then records, are asked for 32 keys ahead.
    pub(super) fn each_id(&self, hashes: &[u64], mut take: impl FnMut(usize, Option<usize>)) {
        let bytes = self.bytes();
        let mut ids = [None; BATCH];
        for (batch, hashes) in hashes.chunks(BATCH).enumerate() {
            self.ids.id_of_many_hash(hashes, &mut ids);
            for id in ids[..hashes.len()].iter().flatten() {
                prefetch(bytes, (self.bit_of(*id) >> 3) as usize);
            }
            for (i, (hash, id)) in hashes.iter().zip(ids).enumerate() {
                take(batch * BATCH + i, id.filter(|id| self.fits(*id, *hash)));
            }
        }
    }

    /// The same for keys.
    pub(super) fn each_id_of<K: KeyHash>(
        &self,
        keys: &[K],
        mut take: impl FnMut(usize, Option<usize>),
    ) {
        for (batch, keys) in keys.chunks(BATCH).enumerate() {
            let mut hashes = [0; BATCH];
            let hashes = hashes_of(keys, &mut hashes, |key| key.key_hash(self.ids.seed()));
            self.each_id(hashes, |i, id| take(batch * BATCH + i, id));
        }
    }

    /// The integer that has this number, where its fingerprint says all.
    pub(super) fn key_of(&self, id: usize) -> Option<u64> {
        let told = id < self.ids.len() && self.fingerprint_bits == MAX_BITS;
        told.then(|| unhashed(unhashed(self.fingerprint(id), SALT), self.ids.seed()))
    }

    pub(super) fn parts(&self, out: &mut dyn Parts) {
        self.ids.tell_as_index(out);
        self.records.tell("records", PartKind::Payload, 0, out);
    }

    #[cfg(feature = "alloc")]
    pub(super) fn store<'s>(&'s self, out: &mut Sections<'s>) {
        let [a, b, c, d, e, f, g, h] = self.ids.store_sections(out);
        let (fingerprint_bits, value_bits) = (self.fingerprint_bits, self.value_bits);
        out.meta(&[fingerprint_bits.into(), value_bits.into(), a, b, c, d, e, f, g, h]);
        out.section(RECORDS, 8, self.records.words());
    }

    pub(super) fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [fingerprint_bits, value_bits, numbers @ ..] = source.meta::<10>()?;
        let ids = Mphf::load_sections(source, numbers)?;
        let records = source.section(RECORDS, 8)?;
        let most = fingerprint_bits.max(value_bits);
        require(most <= u64::from(MAX_BITS), RECORDS, "widths of at most 64 bits")?;
        let (fingerprint_bits, value_bits) = (fingerprint_bits as u32, value_bits as u32);
        let words = words_for(ids.len(), fingerprint_bits + value_bits);
        let rule = "a record for each key";
        require(words == Some(records.words().len()), RECORDS, rule)?;
        Ok(Self { ids, records, fingerprint_bits, value_bits })
    }

    /// Whether both have the same records for the same numbers.
    pub(super) fn equals<V: Words>(&self, other: &Core<V>) -> bool {
        self.ids == other.ids
            && (self.fingerprint_bits, self.value_bits)
                == (other.fingerprint_bits, other.value_bits)
            && self.records.words() == other.records.words()
    }
}
