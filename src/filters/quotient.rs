//! [`Quotient`]: a filter that forgets, counts, merges, grows and tells what it holds.

mod change;
mod iter;
mod part;
mod places;
mod table;
mod work;

#[cfg(feature = "alloc")]
use super::DEFAULT_SEED;
use super::doors::keyed_doors;
use super::gather::mixed;
use super::{FilterCount, FilterCountMut, FilterMut};
use crate::error::{BuildError, FileError, MergeError, Tag};
use crate::hashing::KeyHash;
use crate::mem::{Alloc, Footprint, PartKind, Parts, granted};
use crate::simd::deposit::Deposit;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;
use iter::Iter;
pub(super) use part::MAX_PARTS;
use places::Places;
use table::{BLOCK, Filling, Table};
use work::{Fill, Has, HasMany};

/// The section of the remainders and heads.
const DATA: Tag = Tag(*b"cell");
/// The fewest slots, beside the spare ones.
const MIN_SLOTS: u64 = BLOCK as u64;
/// The most slots, and the most values of a fingerprint.
const MAX_SLOTS: u64 = 1 << 40;
const MAX_GRID: u64 = 1 << 60;
/// The most blocks behind the last quotient when a table is made: runs do not wrap around.
const SPARE_BLOCKS: u64 = 16;

/// How many blocks stand behind so many blocks of slots.
type Spare = fn(u64) -> u64;

/// Of a table by itself: up to 16, as many again if it is small.
fn spare(blocks: u64) -> u64 {
    blocks.min(SPARE_BLOCKS)
}

/// Slots for `keys` keys: at most 95 % of them are taken.
const fn slots_for(keys: u64) -> u64 {
    let slots = keys.saturating_add(keys / 19).saturating_add(1);
    if slots < MIN_SLOTS { MIN_SLOTS } else { slots }
}

/// Keys in so many slots from which on there must be more slots: 97 % of them.
const fn most_in(slots: u64) -> u64 {
    slots - slots / 32
}

/// An approximate multiset: answers "certainly not" or "probably", and forgets keys, counts them,
/// merges, grows and tells its fingerprints in order, in 10.8 bits a key at 1/256.
///
/// No false negatives, ever. It is an exact multiset of fingerprints, which are one of
/// [`grid`](Self::grid) numbers each: the false-positive rate is the number of different ones it
/// holds over `grid`, at most `fpr` while it holds no more than `capacity` keys. It then grows, and
/// the rate with it ([`fpr_now`](Self::fpr_now)).
///
/// # When not to use it
///
/// - Keys are never removed, counted or merged: [`Bloom`](super::Bloom) is faster to fill,
///   [`BlockedBloom`](super::BlockedBloom) faster to ask, [`Fuse`](super::Fuse) a fifth smaller.
/// - Nobody knows how many keys will come, and the rate must hold:
///   [`ScalableQuotient`](super::ScalableQuotient).
/// - One key is added tens of thousands of times: each time takes a slot, and 65,535 slots in a row
///   are the most there can be. [`insert_unique`](Self::insert_unique) adds it once.
/// - A key that is not in it is removed: if it has a fingerprint of one that is, that one is gone.
/// - Numbers with a pattern are given as hashes, without being hashed: they are mixed by a single
///   product, which multiples of 65,537 pass at up to five times the rate (measured). Keys are
///   hashed, and are not meant.
///
/// # Layout
///
/// ```text
/// | remainders of r bits, of blocks of 64 slots | padding | heads of blocks |    one heap block
///
/// a head: | occupied 64 bits | ends 64 bits | offset 16 bits |
/// ```
///
/// A fingerprint is a quotient, the number of a slot, and a remainder. Those of a quotient stand in
/// a run, ascending, in its slot or behind it; runs stand in the order of quotients. `occupied`
/// says which quotients have a run, `ends` which slots are the last of one, `offset` how many slots
/// from the block's start on belong to quotients before it.
///
/// # Space
///
/// `(r + 2.25) / 0.95` bits a key, with the least r such that `0.95 / 2^r <= fpr`: at 1/256 10.8,
/// at 1 % 9.7, at 1/65,536 19.2, for any number of keys and not only for powers of two; 16 spare
/// blocks. Beyond 97 % of the slots a table of 1.25 times as many is filled: that needs both at
/// once. So does adding many keys at once, for those that are in, and 8 bytes for each of them, 8
/// MiB at most.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `insert`, `remove`, `contains`, `count` | O(1) expected, longer as it fills | 2 to 4 |
/// | `from_keys`, `extend` by many | O(k log k) for k keys, half the time of one by one | all |
/// | `merge`, `shrink_to_fit`, growing | O(n) | all |
///
/// Asking and removing allocate nothing.
///
/// # Example
///
/// ```
/// use lessram::{filters::Quotient, mem::Footprint};
///
/// let mut seen = Quotient::with_fpr(1_000, 0.01)?;
/// assert!(seen.insert("ant") && !seen.insert("ant"));
/// assert_eq!(seen.count("ant"), 2);
/// assert!(seen.remove("ant") && seen.contains("ant") && seen.remove("ant"));
/// assert!(!seen.contains("ant"));
/// assert_eq!(seen.heap_bytes(), 2_456);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// M. A. Bender et al., *Don't Thrash: How to Cache Your Hash on Flash*, VLDB 5 (2012); P. Pandey
/// et al., *A General-Purpose Counting Filter*, SIGMOD (2017).
#[derive(Clone)]
pub struct Quotient<W: Words = HeapWords> {
    table: Table<W>,
    places: Places,
    len: u64,
    capacity: u64,
    seed: u64,
}

impl<W: Words> Quotient<W> {
    /// Keys in it; equal ones count each time.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether no key is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of keys it was made for.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many numbers a fingerprint is one of.
    #[must_use]
    pub const fn grid(&self) -> u64 {
        self.places.grid
    }

    /// Slots, beside the spare ones.
    #[must_use]
    pub const fn slots(&self) -> u64 {
        self.places.slots
    }

    /// The false-positive rate once [`capacity`](Self::capacity) different keys are in: at most the
    /// rate asked for.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        self.capacity as f64 / self.places.grid as f64
    }

    /// The false-positive rate at present, or less if keys are in it more than once.
    #[must_use]
    pub fn fpr_now(&self) -> f64 {
        self.len as f64 / self.places.grid as f64
    }

    /// Keys for each slot: above 0.95 it gets slow, at 0.97 it grows.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.len as f64 / self.places.slots as f64
    }

    /// Bits for each key in it, which are taken to be one if there are none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.table.store().words().len() as f64 * 64.0 / self.len.max(1) as f64
    }

    /// The fingerprint of the key of this 64-bit hash.
    #[must_use]
    #[inline(always)]
    pub const fn fingerprint(&self, hash: u64) -> u64 {
        self.places.fingerprint(mixed(hash, self.seed))
    }

    /// Whether the key of this 64-bit hash may be in the set; `false` is certain.
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.table.way().run(Has { set: self, fingerprint: self.fingerprint(hash) })
    }

    #[inline(always)]
    fn holds(&self, by: Option<Deposit>, fingerprint: u64) -> bool {
        let (quotient, remainder) = self.places.split(fingerprint);
        self.table.holds(by, quotient, remainder)
    }

    /// How often `key` was added, or keys of its fingerprint: never too small. O(1) expected; of a
    /// key that was added often, O(count / 64).
    #[must_use]
    pub fn count<K: KeyHash + ?Sized>(&self, key: &K) -> u64 {
        self.count_hash(key.key_hash(self.seed))
    }

    /// How often the key of this 64-bit hash was added, or keys of its fingerprint.
    #[must_use]
    pub fn count_hash(&self, hash: u64) -> u64 {
        let (quotient, remainder) = self.places.split(self.fingerprint(hash));
        self.table.count(quotient, remainder) as u64
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Blocks are asked for 32 keys ahead. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        self.table.way().run(HasMany { set: self, hashes, found });
    }

    /// The fingerprints in it, ascending; equal ones each time.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, W> {
        let (occupied, ends) = (self.table.occupied(0), (0, self.table.ends(0)));
        let mut remainders = [0; BLOCK];
        self.table.remainders(0, &mut remainders);
        Iter { set: self, left: self.len, block: 0, occupied, slot: 0, ends, remainders, last: 0 }
    }

    /// The same fingerprints in other slots.
    fn rebuilt<A: Alloc>(
        fingerprints: impl Iterator<Item = u64>,
        places: &Places,
        spare: Spare,
        alloc: A,
    ) -> Result<Table<HeapWords<A>>, BuildError> {
        let table = places.table(spare, alloc)?;
        table.way().run(Fill { filling: Filling::new(table), fingerprints, places })
    }

    fn same_parameters<V: Words>(&self, other: &Quotient<V>) -> Result<(), MergeError> {
        if self.seed != other.seed {
            return Err(MergeError::Seeds);
        }
        if self.places.grid == other.places.grid { Ok(()) } else { Err(MergeError::Parameters) }
    }
}

#[cfg(feature = "alloc")]
impl Quotient {
    /// An empty filter for `capacity` keys at a false-positive rate of at most `fpr`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `2^-32 <= fpr <= 0.5`, and if `capacity / fpr` exceeds
    /// 2^59 or the slots 2^40; [`BuildError::TooMany`] beyond 2^40 keys; [`BuildError::Alloc`] if
    /// memory cannot be had.
    pub fn with_fpr(capacity: usize, fpr: f64) -> Result<Self, BuildError> {
        Self::with_fpr_in(capacity, fpr, DEFAULT_SEED, crate::mem::Global)
    }

    /// The filter of `keys`, whose number is known, at a false-positive rate of at most `fpr`.
    ///
    /// # Errors
    ///
    /// As for [`with_fpr`](Self::with_fpr); [`BuildError::TooMany`] too if one key comes some
    /// 65,000 times.
    pub fn from_keys<K: KeyHash>(
        keys: impl IntoIterator<Item = K, IntoIter: ExactSizeIterator>,
        fpr: f64,
    ) -> Result<Self, BuildError> {
        Self::from_hashes(keys.into_iter().map(|key| key.key_hash(DEFAULT_SEED)), fpr)
    }

    /// The filter of the keys of these 64-bit hashes, whose number is known.
    ///
    /// # Errors
    ///
    /// As for [`from_keys`](Self::from_keys).
    pub fn from_hashes(
        hashes: impl IntoIterator<Item = u64, IntoIter: ExactSizeIterator>,
        fpr: f64,
    ) -> Result<Self, BuildError> {
        let mut hashes = hashes.into_iter();
        let mut set = Self::with_fpr(hashes.len(), fpr)?;
        set.add_all(&mut hashes)?;
        Ok(set)
    }
}

impl<W: Words> Footprint for Quotient<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.table.store().tell("slots", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for Quotient<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len);
        out.seed(self.seed);
        let Places { grid, slots, .. } = self.places;
        out.meta(&[grid, slots, self.table.blocks() as u64, self.capacity]);
        out.section(DATA, 8, self.table.store().words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [grid, slots, blocks, capacity] = source.meta()?;
        let (len, seed) = (source.header().items, source.header().seed);
        let words = source.section(DATA, 8)?;
        let ranges = (2..=MAX_GRID).contains(&grid) && (MIN_SLOTS..=MAX_SLOTS).contains(&slots);
        require(ranges, DATA, "a grid of 2 to 2^60, 64 to 2^40 slots")?;
        let corrupt = |rule| FileError::Corrupt { section: DATA, rule };
        let places = Places::new(grid, slots).ok_or(corrupt("remainders of at most 56 bits"))?;
        let enough = blocks >= slots.div_ceil(BLOCK as u64) && blocks <= words.words().len() as u64;
        require(enough, DATA, "as many blocks as slots need")?;
        require(len <= blocks * BLOCK as u64, DATA, "no more keys than slots")?;
        let table = Table::new(words, blocks as usize, places.bits);
        let table = table.ok_or(corrupt("as many words as blocks need"))?;
        Ok(Self { table, places, len, capacity, seed })
    }

    fn validate(&self) -> Result<(), FileError> {
        let valid = self.table.check(self.len, self.places.slots);
        require(valid, DATA, "runs in the order of their quotients, ascending")
    }
}

doors!(Quotient);
keyed_doors!(Quotient, "O(1) expected");

impl<A: Alloc + Clone> FilterMut<A> for Quotient<HeapWords<A>> {
    fn try_with_fpr_in(capacity: usize, fpr: f64, alloc: A) -> Result<Self, BuildError> {
        Self::with_fpr_in(capacity, fpr, super::DEFAULT_SEED, alloc)
    }

    fn try_insert_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        self.try_insert_unique_hash(hash)
    }
}

impl<W: Words> FilterCount for Quotient<W> {
    fn len(&self) -> u64 {
        self.len
    }

    fn count_hash(&self, hash: u64) -> u64 {
        self.count_hash(hash)
    }

    fn fingerprint(&self, hash: u64) -> u64 {
        self.fingerprint(hash)
    }

    fn each(&self, told: &mut dyn FnMut(u64)) {
        self.iter().for_each(told);
    }
}

impl<A: Alloc + Clone> FilterCountMut<A> for Quotient<HeapWords<A>> {
    fn try_add_hash(&mut self, hash: u64) -> Result<bool, BuildError> {
        self.try_insert_hash(hash)
    }

    fn remove_hash(&mut self, hash: u64) -> bool {
        self.remove_hash(hash)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }

    fn try_resize(&mut self, slots: u64) -> Result<(), BuildError> {
        self.try_resize(slots)
    }
}

impl<W: Words> fmt::Debug for Quotient<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quotient")
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .field("places", &self.places)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<Quotient<V>> for Quotient<W> {
    /// Whether both hold the same fingerprints equally often, in however many slots.
    fn eq(&self, other: &Quotient<V>) -> bool {
        self.len == other.len && self.same_parameters(other).is_ok() && self.iter().eq(other.iter())
    }
}

impl<W: Words> Eq for Quotient<W> {}

impl<K: KeyHash, A: Alloc + Clone> Extend<K> for Quotient<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        let seed = self.seed;
        granted(self.add_all(&mut keys.into_iter().map(|key| key.key_hash(seed))));
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::hashing::reduce;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    /// Numbers that look random.
    fn number(i: u64) -> u64 {
        i.key_hash(77)
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn more_keys_than_slots_can_be_had_for_are_too_many() {
        let (len, max) = (1 << 40, MAX_SLOTS / 20 * 19);
        let refused = Quotient::with_fpr(1 << 40, 0.5).unwrap_err();
        assert_eq!(refused, BuildError::TooMany { len, max });
        assert!(slots_for(max) <= MAX_SLOTS);
    }

    #[test]
    fn sizes_are_as_documented() {
        for (n, fpr, bits) in [
            (1_000_000, 1.0 / 256.0, 10.81),
            (1_000_000, 0.01, 9.75),
            (996_000, 1.0 / 256.0, 10.82),
        ] {
            let set = Quotient::with_fpr(n, fpr).unwrap();
            let per_key = set.heap_bytes() as f64 * 8.0 / n as f64;
            assert!(per_key <= bits && per_key > bits - 0.1, "{n}, {fpr}: {per_key}");
            assert!(set.fpr() <= fpr && set.fpr() > fpr * 0.7, "{n}, {fpr}: {}", set.fpr());
        }
    }

    #[test]
    fn fingerprints_go_to_places_and_back() {
        for (grid, slots) in [
            (2, 64),
            (3, 1 << 40),
            (100, 64),
            (25_600_007, 100_000),
            (1 << 60, 64),
            (1 << 52, 77_777),
        ] {
            if usize::try_from(slots).is_err() {
                continue; // no such table has room in this machine's addresses
            }
            let places = Places::new(grid, slots).unwrap();
            let mut last = None;
            for i in 0..2_000 {
                let near = [i, grid - 1 - i.min(grid - 1), reduce(number(i), grid)];
                for fingerprint in near.map(|f| f.min(grid - 1)) {
                    let (quotient, remainder) = places.split(fingerprint);
                    assert!((quotient as u64) < slots);
                    assert_eq!(places.join(quotient, remainder), fingerprint, "{places:?}");
                }
                let ascending = Some(places.split(i.min(grid - 1)));
                assert!(last < ascending || i >= grid, "{places:?}");
                last = ascending;
            }
        }
        assert!(Places::new(1 << 60, 1).is_none());
    }

    /// A million insertions, removals, merges and changes of size, at loads of up to 0.97.
    #[test]
    fn it_is_a_multiset_of_fingerprints() {
        let operations = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
        let mut set = Quotient::with_fpr(5_000, 1.0 / 1_024.0).unwrap();
        let mut model: BTreeMap<u64, u64> = BTreeMap::new();
        let mut most = 0.0_f64;
        for i in 0..operations {
            let x = number(i);
            let hash = number(x % 7_000);
            let fingerprint = set.fingerprint(hash);
            let count = model.get(&fingerprint).copied().unwrap_or(0);
            // Rising and falling.
            if x >> 40 & 3 < 2 + (i >> 14 & 1) - u64::from(set.len() > 60_000) {
                assert_eq!(set.try_insert_hash(hash), Ok(count == 0));
                *model.entry(fingerprint).or_default() += 1;
            } else {
                assert_eq!(set.remove_hash(hash), count > 0);
                if count > 1 {
                    model.insert(fingerprint, count - 1);
                } else {
                    model.remove(&fingerprint);
                }
            }
            most = most.max(set.load_factor());
            if i % 5_000 == 0 {
                let told = || model.iter().flat_map(|(f, n)| (0..*n).map(move |_| *f));
                assert!(set.iter().eq(told()), "after {i} operations");
                assert!(set.validate().is_ok(), "after {i} operations");
                set.try_resize(set.len() + x % 500).unwrap();
                let mut other = Quotient::with_fpr(5_000, 1.0 / 1_024.0).unwrap();
                for k in 0..x % 50 {
                    other.insert_hash(number(k));
                    *model.entry(set.fingerprint(number(k))).or_default() += 1;
                }
                set.merge(&other).unwrap();
            }
        }
        assert!(most > 0.96, "{most}");
        assert!(set.validate().is_ok());
        for i in 0..7_000 {
            let count = model.get(&set.fingerprint(number(i))).copied().unwrap_or(0);
            assert_eq!(set.count_hash(number(i)), count);
        }
    }

    #[test]
    fn many_at_once_are_as_one_by_one() {
        let mut set = Quotient::with_fpr(1_000, 0.01).unwrap();
        let mut expected = set.clone();
        // None, some for the slots and for the keys, many, and so many that it grows; the last of
        // them without telling how many there are.
        for (from, to) in [(0_u64, 0), (0, 3), (0, 600), (600, 650), (600, 900), (0, 7_000)] {
            set.extend(from..to);
            for key in from..to {
                expected.insert(&key);
            }
            assert!(set == expected && set.validate().is_ok(), "{from}..{to}");
        }
        set.extend((0..9_000_u64).filter(|key| key % 3 == 0));
        for key in (0..9_000_u64).step_by(3) {
            expected.insert(&key);
        }
        assert!(set == expected && set.validate().is_ok());
        let hashes: Vec<u64> = (0..5_000).map(number).collect();
        let set = Quotient::from_hashes(hashes.iter().copied(), 0.01).unwrap();
        let mut expected = Quotient::with_fpr(5_000, 0.01).unwrap();
        for hash in hashes {
            expected.insert_hash(hash);
        }
        assert!(set == expected && set.heap_bytes() == expected.heap_bytes());
    }

    #[test]
    fn one_key_very_often_is_refused_and_not_lost() {
        let mut set = Quotient::with_fpr(100, 0.01).unwrap();
        set.insert("ant");
        let refused = loop {
            let copy = set.clone();
            if let Err(error) = set.merge(&copy) {
                break error;
            }
        };
        assert!(matches!(refused, MergeError::TooMany { .. }), "{refused}");
        let times = set.len();
        assert!(times > 30_000 && set.count("ant") == times && set.validate().is_ok());
        assert!(set.insert("bee") && !set.insert("ant") && set.remove("bee"));
        assert!((0..300).all(|_| set.remove("ant")) && !set.remove("bee"));
        assert_eq!((set.len(), set.count("ant")), (times - 299, times - 299));
        assert!(set.validate().is_ok());
    }

    /// As a damaged file may tell them: no block is added for each 64 of a million.
    #[test]
    fn a_run_too_long_is_refused_before_all_of_it_has_room() {
        let set = Quotient::with_fpr(100, 0.01).unwrap();
        let mut told = 0;
        let same = (0..1_000_000).map(|_| {
            told += 1;
            set.grid() - 1
        });
        let refused = Quotient::<HeapWords>::rebuilt(same, &set.places, spare, crate::mem::Global);
        assert!(matches!(refused, Err(BuildError::TooMany { .. })));
        assert!(told > 65_000 && told < 70_000, "{told}");
    }

    /// Blocks are added behind the spare ones, where the heads of all stand.
    #[test]
    fn a_run_that_needs_more_blocks_gets_them() {
        let numbers = || (0..50_000_u64).map(|i| i.key_hash(1));
        let mut set = Quotient::with_fpr(100_000, 0.01).unwrap();
        numbers().for_each(|hash| assert!(set.try_insert_hash(hash).is_ok()));
        let (before, blocks) = (set.clone(), set.table.blocks());
        let last = numbers().max_by_key(|hash| set.fingerprint(*hash)).unwrap();
        for copies in 1..=3_000 {
            assert!(!set.insert_hash(last));
            assert!(copies % 500 != 0 || set.count_hash(last) > copies);
        }
        assert!(set.table.blocks() > blocks + 20 && set.validate().is_ok());
        assert!(numbers().all(|hash| set.contains_hash(hash)));
        (0..3_000).for_each(|_| assert!(set.remove_hash(last)));
        assert!(set == before && set.validate().is_ok());
    }

    #[test]
    fn sets_made_differently_do_not_merge() {
        let mut set = Quotient::with_fpr(100, 0.01).unwrap();
        let other = Quotient::with_fpr(100, 0.001).unwrap();
        assert_eq!(set.merge(&other), Err(MergeError::Parameters));
        let other = Quotient::with_fpr_in(100, 0.01, 5, crate::mem::Global).unwrap();
        assert_eq!(set.merge(&other), Err(MergeError::Seeds));
        #[cfg(target_pointer_width = "64")]
        assert!(Quotient::with_fpr(usize::MAX >> 24, 1e-9).is_err());
        let keys: Vec<u32> = (0..100).collect();
        set.extend(keys.iter().copied());
        let mut found = [false; 100];
        set.contains_many(&keys, &mut found);
        assert_eq!(found, [true; 100]);
    }
}
