//! [`Sbbf`]: the split-block Bloom filter of Parquet files.

#[cfg(feature = "alloc")]
mod thrift;

use super::lines::Lines;
use super::rate::{self, Blocks};
use super::{BATCH, Filter, FilterMut, contains_many, in_batches};
use crate::error::{BuildError, FileError, MergeError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, Parts};
use crate::simd::lines::{Form, HALF, Kernel, SPLIT, kernel};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;

/// The section of the blocks.
const BLOCKS: Tag = Tag(*b"blok");
/// What errors in a Parquet filter name.
#[cfg(feature = "alloc")]
const PARQUET: Tag = Tag(*b"parq");
/// Words of a block.
const BLOCK_WORDS: usize = HALF / 8;
/// How a key sets bits.
const SHAPE: Blocks = Blocks { lanes: 8, width: 32, draws: 1 };
/// The most bytes that readers of Parquet take: those of arrow and parquet-java.
const MAX_BYTES: u64 = 128 << 20;

/// The filter of Parquet's column chunks, bit for bit: for files that Parquet's readers shall read,
/// and for those that its writers wrote.
///
/// Keys are hashed as Parquet hashes them ([`KeyHash::parquet_hash`]), and the seed is always 0:
/// numbers of 32 bits and of 64 are different keys, as `INT32` and `INT64` columns are.
///
/// # When not to use it
///
/// - No reader of Parquet is meant: [`BlockedBloom`](super::BlockedBloom) takes 6 % fewer bits at
///   1/256 and 25 % fewer at 1/65,536 before either is rounded, and this one is rounded to a power
///   of two.
/// - Rates below 1 in 10,000: it sets 8 bits a key, whatever the rate.
/// - Keys chosen by an attacker: there is no seed.
///
/// # Layout
///
/// ```text
/// | block: 8 words of 32 bits | block | ...      one block of memory
/// ```
///
/// Block `(h >> 32) * blocks >> 32` is the key's, and in its word `i` bit `(h as u32) * SALT[i] >>
/// 27`. Filters above 4 KiB stand at a multiple of 64 bytes, and their memory is 56 bytes longer
/// for that.
///
/// # Space
///
/// `with_fpr` takes as many blocks as keep the rate, by the mean over the Poisson distributed loads
/// of blocks, and then the next power of two: 12.9 bits a key at 1/256 before that. (The formula in
/// Parquet's documents gives 11.5, at which the rate is 1 in 154.) No slack, never grows;
/// [`fold`](Self::fold) halves it.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert`, `contains` | O(1) | 1 |
/// | `union`, `estimate`, `fpr_now`, `fold` | O(blocks) | all |
///
/// Allocates nothing once built.
///
/// # Example
///
/// ```
/// use lessram::{filters::Sbbf, mem::Footprint};
///
/// let mut seen = Sbbf::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant"));
/// assert!(seen.contains("ant") && !seen.contains("bee"));
/// assert_eq!(seen.heap_bytes(), 2_048); // 64 blocks
///
/// let written = seen.to_parquet()?; // header and blocks, as they stand in a Parquet file
/// assert_eq!(Sbbf::from_parquet(&written).unwrap(), seen);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// F. Putze, P. Sanders, J. Singler, *Cache-, hash- and space-efficient Bloom filters*, WEA 2007;
/// J. Apple, *Split block Bloom filters*, arXiv:2101.01719; Apache Parquet, `BloomFilter.md`.
#[derive(Clone)]
pub struct Sbbf<W: Words = HeapWords> {
    blocks: Lines<W>,
    /// The functions on this machine.
    kernel: &'static Kernel,
    capacity: u64,
}

impl<W: Words> Sbbf<W> {
    fn of(blocks: Lines<W>, capacity: u64) -> Self {
        Self { blocks, kernel: kernel(Form::Split), capacity }
    }

    /// Bits in the filter: a multiple of 256.
    #[must_use]
    pub const fn bits(&self) -> u64 {
        self.blocks.bits()
    }

    /// The number of different keys it was made for; 0 if it came from Parquet, which does not
    /// tell.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Whether `key` may be in the set; `false` is certain. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn contains<K: KeyHash + ?Sized>(&self, key: &K) -> bool {
        self.contains_hash(key.parquet_hash())
    }

    /// Whether the key of this hash may be in the set; `false` is certain. For callers that hash
    /// themselves: XXH64 with seed 0 if others shall read it.
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.kernel.has_as::<SPLIT>(self.blocks.bytes(), hash)
    }

    /// For each of `keys`, whether it may be in the set: into `found`, position by position, as far
    /// as both go. See [`contains_many_hash`](Self::contains_many_hash).
    pub fn contains_many<K: KeyHash>(&self, keys: &[K], found: &mut [bool]) {
        contains_many(self, keys, found);
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Blocks are asked for 32 keys ahead, so that their ways from memory
    /// overlap. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        let blocks = self.blocks.bytes();
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            self.kernel.have(blocks, hashes, found);
        }
    }

    /// The bytes of all blocks, as they stand behind the header in a Parquet file.
    #[must_use]
    pub fn bitset(&self) -> &[u8] {
        self.blocks.bytes()
    }

    /// The false-positive rate once [`capacity`](Self::capacity) different keys are in, or 0 if it
    /// is not known.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        SHAPE.rate_of(self.capacity, self.bits() / 256)
    }

    /// The false-positive rate at the present fill. O(blocks).
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        let mut sum = 0.0;
        for block in self.bitset().chunks_exact(HALF) {
            sum += block.chunks_exact(4).fold(1.0, |rate, word| {
                let ones: u32 = word.iter().map(|byte| byte.count_ones()).sum();
                rate * f64::from(ones) / 32.0
            });
        }
        sum / (self.bits() / 256) as f64
    }

    /// Bits for each key that it was made for, which are taken to be one if they were none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.bits() as f64 / self.capacity.max(1) as f64
    }

    /// How many different keys were inserted, estimated from the bits set: within a few percent
    /// below capacity, and infinite when all bits are set. O(blocks).
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.blocks.estimate(f64::from(SHAPE.lanes))
    }

    /// How full it is: the keys inserted, estimated, for each that it was made for. O(blocks).
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.estimate() / self.capacity.max(1) as f64
    }

    /// Writes the filter as it stands in a Parquet file: a Thrift header and the blocks.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] if the sink refuses; [`FileError::Corrupt`] if the filter has more than
    /// 2 GiB, which the header cannot tell.
    #[cfg(feature = "std")]
    pub fn write_parquet(&self, mut sink: impl std::io::Write) -> Result<(), FileError> {
        let header = thrift::Header::of(self.bitset().len());
        let header = header.ok_or(FileError::Corrupt { section: PARQUET, rule: TOO_LONG })?;
        sink.write_all(header.bytes())?;
        sink.write_all(self.bitset())?;
        Ok(sink.flush()?)
    }

    /// The filter as it stands in a Parquet file: a Thrift header and the blocks.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had; [`BuildError::TooMany`] if the filter has
    /// more than 2 GiB, which the header cannot tell.
    #[cfg(feature = "alloc")]
    pub fn to_parquet(&self) -> Result<alloc::vec::Vec<u8>, BuildError> {
        let bitset = self.bitset();
        let Some(header) = thrift::Header::of(bitset.len()) else {
            return Err(BuildError::TooMany { len: bitset.len() as u64, max: thrift::MAX_BYTES });
        };
        let bytes = header.bytes().len() + bitset.len();
        let mut out = alloc::vec::Vec::new();
        let refused = |_| crate::error::AllocError::Refused { bytes };
        out.try_reserve_exact(bytes).map_err(refused)?;
        out.extend_from_slice(header.bytes());
        out.extend_from_slice(bitset);
        Ok(out)
    }
}

#[cfg(feature = "std")]
const TOO_LONG: &str = "at most 2 GiB";

#[cfg(feature = "alloc")]
impl Sbbf {
    /// An empty filter for `capacity` different keys at a false-positive rate of at most `fpr`: the
    /// next power of two of blocks, which readers of Parquet insist on.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `2^-32 <= fpr <= 0.5`; [`BuildError::TooMany`] if that
    /// takes more than the 128 MiB that readers of Parquet take; [`BuildError::Alloc`] if memory
    /// cannot be had.
    pub fn with_fpr(capacity: usize, fpr: f64) -> Result<Self, BuildError> {
        Self::with_fpr_in(capacity, fpr, crate::mem::Global)
    }

    /// The filter of `keys`, whose number is known, at a false-positive rate of at most `fpr`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Self::with_fpr).
    pub fn from_keys<K: KeyHash>(
        keys: impl IntoIterator<Item = K, IntoIter: ExactSizeIterator>,
        fpr: f64,
    ) -> Result<Self, BuildError> {
        Self::from_hashes(keys.into_iter().map(|key| key.parquet_hash()), fpr)
    }

    /// The filter of the keys of these hashes, whose number is known.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Self::with_fpr).
    pub fn from_hashes(
        hashes: impl IntoIterator<Item = u64, IntoIter: ExactSizeIterator>,
        fpr: f64,
    ) -> Result<Self, BuildError> {
        let hashes = hashes.into_iter();
        let mut filter = Self::with_fpr(hashes.len(), fpr)?;
        in_batches(hashes, |hashes| filter.insert_many_hash(hashes));
        Ok(filter)
    }

    /// The filter at the start of `bytes`, as it stands in a Parquet file.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if `bytes` ends before the filter; [`FileError::Corrupt`] if the
    /// header is none of an uncompressed split-block filter over XXH64; [`FileError::Alloc`].
    pub fn from_parquet(bytes: &[u8]) -> Result<Self, FileError> {
        let (len, rest) = thrift::read(bytes)?;
        let Some(bitset) = rest.get(..len) else {
            let need = (bytes.len() - rest.len() + len) as u64;
            return Err(FileError::Truncated { need, have: bytes.len() as u64 });
        };
        Self::from_bitset(bitset)
    }

    /// The filter of these blocks, as they stand behind the header in a Parquet file.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] unless they are whole blocks of 32 bytes, at least one;
    /// [`FileError::Alloc`].
    pub fn from_bitset(bitset: &[u8]) -> Result<Self, FileError> {
        let whole = !bitset.is_empty() && bitset.len() % HALF == 0;
        require(whole, PARQUET, "whole blocks of 32 bytes, at least one")?;
        let mut blocks = Lines::zeroed(bitset.len() as u64 / 8, crate::mem::Global)?;
        blocks.bytes_mut().copy_from_slice(bitset);
        Ok(Self::of(blocks, 0))
    }
}

impl<A: Alloc> Sbbf<HeapWords<A>> {
    /// As [`with_fpr`](Sbbf::with_fpr), with its blocks in `alloc`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Sbbf::with_fpr).
    pub fn with_fpr_in(capacity: usize, fpr: f64, alloc: A) -> Result<Self, BuildError> {
        rate::check(capacity, fpr)?;
        let blocks = SHAPE.count(capacity as u64, fpr);
        let most = MAX_BYTES / HALF as u64;
        if blocks > most {
            let max = (capacity as f64 * most as f64 / blocks as f64) as u64;
            return Err(BuildError::TooMany { len: capacity as u64, max });
        }
        let mut filter = Self::with_blocks_in(blocks.next_power_of_two(), alloc)?;
        filter.capacity = capacity as u64;
        Ok(filter)
    }

    /// An empty filter of any number of blocks, which not all readers of Parquet take; at least
    /// one.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn with_blocks_in(blocks: u64, alloc: A) -> Result<Self, BuildError> {
        let words = blocks.max(1).saturating_mul(BLOCK_WORDS as u64);
        Ok(Self::of(Lines::zeroed(words, alloc)?, 0))
    }

    /// Adds `key`; returns whether the filter changed: `false` means that it, or enough others, had
    /// been added before. O(1), allocates nothing.
    #[inline]
    pub fn insert<K: KeyHash + ?Sized>(&mut self, key: &K) -> bool {
        self.insert_hash(key.parquet_hash())
    }

    /// Adds the key of this hash; returns whether the filter changed.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        self.kernel.set_as::<SPLIT>(self.blocks.bytes_mut(), hash)
    }

    /// Adds the keys of these hashes. Blocks are asked for 32 keys ahead, so that their ways from
    /// memory overlap.
    pub fn insert_many_hash(&mut self, hashes: &[u64]) {
        let blocks = self.blocks.bytes_mut();
        for hashes in hashes.chunks(BATCH) {
            self.kernel.set_all(blocks, hashes);
        }
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Adds all keys of `other`, wherever it lives. O(blocks).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same number of blocks.
    pub fn union<V: Words>(&mut self, other: &Sbbf<V>) -> Result<(), MergeError> {
        if self.bits() != other.bits() {
            return Err(MergeError::Parameters);
        }
        self.blocks.combine(&other.blocks, |a, b| a | b);
        Ok(())
    }

    /// Keeps the keys that `other` may contain too. O(blocks).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both have the same number of blocks.
    pub fn intersect<V: Words>(&mut self, other: &Sbbf<V>) -> Result<(), MergeError> {
        if self.bits() != other.bits() {
            return Err(MergeError::Parameters);
        }
        self.blocks.combine(&other.blocks, |a, b| a & b);
        Ok(())
    }

    /// Halves the filter, which keeps all keys and gets their rate in half the blocks: for one that
    /// was made before the number of keys was known. Returns `false`, and does nothing, if its
    /// number of blocks is odd. O(blocks), allocates nothing.
    pub fn fold(&mut self) -> bool {
        self.blocks.fold(BLOCK_WORDS)
    }

    /// Folds it as long as the rate, as estimated from the keys in it, stays at or below `fpr`.
    pub fn fold_to(&mut self, fpr: f64) {
        let keys = self.estimate();
        while keys.is_finite() && SHAPE.rate_of(keys as u64 + 1, self.bits() / 512) <= fpr {
            if !self.fold() {
                break;
            }
        }
    }
}

impl<W: Words> Footprint for Sbbf<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.blocks.tell(out);
    }
}

impl<W: Words> Persist for Sbbf<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.capacity);
        out.section(BLOCKS, 4, self.blocks.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let capacity = source.header().items;
        Ok(Self::of(Lines::load(source, BLOCKS, 4, BLOCK_WORDS)?, capacity))
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any bits are a filter.
        require(self.bits() % 256 == 0, BLOCKS, "whole blocks")
    }
}

doors!(Sbbf);

impl<W: Words> Filter for Sbbf<W> {
    fn contains_hash(&self, hash: u64) -> bool {
        self.contains_hash(hash)
    }

    fn seed(&self) -> u64 {
        0
    }

    fn hash_key<K: KeyHash + ?Sized>(&self, key: &K) -> u64 {
        key.parquet_hash()
    }

    fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        self.contains_many_hash(hashes, found);
    }
}

impl<A: Alloc> FilterMut<A> for Sbbf<HeapWords<A>> {
    fn try_with_fpr_in(capacity: usize, fpr: f64, alloc: A) -> Result<Self, BuildError> {
        Self::with_fpr_in(capacity, fpr, alloc)
    }

    fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        Ok(self.insert_hash(hash))
    }
}

impl<K: KeyHash, A: Alloc> Extend<K> for Sbbf<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        let hashes = keys.into_iter().map(|key| key.parquet_hash());
        in_batches(hashes, |hashes| self.insert_many_hash(hashes));
    }
}

impl<W: Words> fmt::Debug for Sbbf<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sbbf")
            .field("bits", &self.bits())
            .field("capacity", &self.capacity)
            .field("ones", &self.blocks.ones())
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<Sbbf<V>> for Sbbf<W> {
    /// Whether both have the same bits set; what they were made for does not count.
    fn eq(&self, other: &Sbbf<V>) -> bool {
        self.blocks.words() == other.blocks.words()
    }
}

impl<W: Words> Eq for Sbbf<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two_that_keep_the_rate() {
        for (fpr, least) in [(0.01, 10.52), (1.0 / 256.0, 12.84), (1.0 / 65_536.0, 37.7)] {
            let bits = SHAPE.bits_per_key(fpr);
            assert!((bits - least).abs() < 0.1, "{fpr}: {bits}");
            let filter = Sbbf::with_fpr(1_000_000, fpr).unwrap();
            assert!(filter.bits().is_power_of_two() && filter.bits_per_key() >= bits);
            assert!(filter.bits_per_key() < 2.0 * bits && filter.fpr() <= fpr);
        }
        // What Parquet's documents promise 1 in 256 at.
        let rate = SHAPE.rate(256.0 / 11.54);
        assert!((1.0 / rate - 154.0).abs() < 1.0, "{rate}");
        let refused = Sbbf::with_fpr(200_000_000, 0.01);
        assert!(matches!(refused, Err(BuildError::TooMany { max: 101_000_000.., .. })));
    }

    #[test]
    fn the_bits_are_those_of_parquet() {
        let mut filter = Sbbf::with_blocks_in(4, crate::mem::Global).unwrap();
        // Upper half 0.75 of 2^32: block 3. Lower half 1: the salts' own upper five bits.
        assert!(filter.insert_hash(0xC000_0000_0000_0001));
        let block = &filter.bitset()[96..];
        let bits = [8, 8, 17, 20, 14, 5, 19, 11];
        for (word, bit) in block.chunks_exact(4).zip(bits) {
            assert_eq!(word, (1_u32 << bit).to_le_bytes());
        }
        assert_eq!(filter.blocks.ones(), 8);
    }

    #[test]
    fn folded_filters_keep_their_keys() {
        let mut filter = Sbbf::with_fpr(40_000, 1e-4).unwrap();
        filter.extend(0..3_000_u32);
        let (before, mut small) =
            (filter.bits(), Sbbf::with_blocks_in(1, crate::mem::Global).unwrap());
        filter.fold_to(0.01);
        assert!(filter.bits() < before / 8, "{}", filter.bits());
        assert!((0..3_000_u32).all(|key| filter.contains(&key)));
        assert!(filter.fpr_now() < 0.011, "{}", filter.fpr_now());
        small.blocks = Lines::zeroed(filter.bits() / 64, crate::mem::Global).unwrap();
        small.extend(0..3_000_u32);
        assert_eq!(small, filter);
        assert!((filter.estimate() / 3_000.0 - 1.0).abs() < 0.05, "{}", filter.estimate());
    }

    #[test]
    fn unions_hold_both() {
        let mut a = Sbbf::from_keys(0..500_u32, 0.01).unwrap();
        let b = Sbbf::from_keys(500..1_000_u32, 0.01).unwrap();
        a.union(&b).unwrap();
        assert!((0..1_000_u32).all(|key| a.contains(&key)));
        a.intersect(&b).unwrap();
        assert_eq!(a, b);
        let other = Sbbf::with_fpr(5_000, 0.01).unwrap();
        assert_eq!(a.union(&other), Err(MergeError::Parameters));
    }

    #[test]
    fn damaged_parquet_filters_are_refused() {
        let filter = Sbbf::from_keys(0..100_u32, 0.01).unwrap();
        let good = filter.to_parquet().unwrap();
        assert_eq!(Sbbf::from_parquet(&good).unwrap(), filter);
        for len in 0..good.len() {
            assert!(Sbbf::from_parquet(&good[..len]).is_err(), "{len}");
        }
        for at in 0..good.len() - filter.bitset().len() {
            for value in 0..=255 {
                let mut bad = good.clone();
                bad[at] = value;
                // Another length may be right by chance; nothing may panic.
                let read = Sbbf::from_parquet(&bad);
                assert!(read.is_err() || value == good[at] || at < 4, "{at}: {value}");
            }
        }
        assert!(matches!(Sbbf::from_bitset(&[0; 33]), Err(FileError::Corrupt { .. })));
    }
}
