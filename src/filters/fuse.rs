//! [`Fuse`]: the smallest filter that answers in four reads, built at once.

mod build;
mod peel;

use super::BATCH;
use super::doors::at_once_doors;
use super::gather::mixed;
use crate::bits::field::{Fields, Store, words_for};
use crate::bits::float;
use crate::error::{FileError, Tag};
use crate::hashing::reduce;
use crate::mem::{Footprint, PartKind, Parts};
use crate::simd::{FAR, alone, prefetch};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source as Opened, Words, doors, require};
use core::fmt;

/// The section of the slots and the shards' seeds.
const DATA: Tag = Tag(*b"slot");
/// The most bits of a fingerprint.
const MAX_WIDTH: u32 = 32;
/// Lengths of segments, as powers of two. A shard of up to two million keys has none longer, and
/// positions in them take 13 bits of a hash each.
const SEGMENT_LOGS: core::ops::RangeInclusive<u32> = 2..=13;
/// What makes a key another one with each seed, and its upper bits depend on all of it: odd.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// The bits of a key under its shard's seed that are 0: building counts there.
const FREE: u64 = 0xFF;
/// The fewest segments: a key has a slot in each of four.
const MIN_SEGMENTS: u64 = 4;

/// A set of keys that are all known when it is built: answers "certainly not" or "probably", in
/// 1.08 log2(1/fpr) bits a key and four reads.
///
/// No false negatives, ever. The rate of false positives is `2^-width`, with the least width that
/// makes it at most the one asked for. Equal keys do no harm, and take the room of different ones.
///
/// # When not to use it
///
/// - Keys come one by one, or not all are known: [`Bloom`](super::Bloom).
/// - The rate is not near a power of two, or bytes count more than time:
///   [`Ribbon`](super::Ribbon).
/// - Fewer than some 10,000 keys: up to 1.4 times the bits, 38 bits a key for ten of them.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// # Layout
///
/// ```text
/// | segment 0 | segment 1 | .. of shard 0 | .. of shard 1 .. | padding | a seed of each shard |
///   2^k slots of `width` bits
/// ```
///
/// One block. A key has a shard and, by the shard's seed, one slot in each of four neighbouring
/// segments. It is in the set if the four slots, xored, are its fingerprint.
///
/// # Space
///
/// `slots * width` bits, 8 bytes for each million keys and 8 more. At 1/256, 8.62 bits a key for
/// 1,000,000 keys, 9.0 for 100,000, 11.1 for 1,000. No slack, never grows.
///
/// Building holds 12 bytes for each key of a shard, which has up to 1.6 million, and the hashes in
/// 8 bytes each if they are given once. Of a source that can be read again it holds half of them at
/// a time, fewer with a budget ([`Building`](super::Building)), and none if there is one shard: at
/// 1/256 11.8 bytes a key for a million keys, slots included, 6.3 for ten million (the peers' bench
/// `filters_static`).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) expected: one try for most sets, four at most in 5,000 sets | |
/// | `contains` | O(1) | 4 |
///
/// Queries allocate nothing.
///
/// # Example
///
/// ```
/// use lessram::{filters::Fuse, mem::Footprint};
///
/// let words = Fuse::from_keys(["ant", "bee", "cat"], 0.01)?;
/// assert!(words.contains("bee"));
/// let many = Fuse::from_keys(0..100_000_u32, 1.0 / 256.0)?;
/// assert_eq!(many.heap_bytes(), 112_656); // 9.0 bits a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// T. M. Graf, D. Lemire, *Binary Fuse Filters: Fast and Smaller Than Xor Filters*, JEA 27 (2022).
#[derive(Clone)]
pub struct Fuse<W: Words = HeapWords> {
    /// The slots and their padding, then a seed of each shard: nothing if there are no keys.
    slots: Fields<W>,
    /// The word of the first seed.
    seeds: usize,
    /// The first seed, which most filters have alone: not to be read first each time.
    first: u64,
    layout: Layout,
    seed: u64,
    len: u64,
}

/// How many slots there are, and where a key's are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    shards: u64,
    /// Slots of a shard: whole segments.
    shard_slots: u64,
    /// Slots of a shard that can be a key's first: all but those of the last three segments.
    first_slots: u64,
    /// Slots of a segment, a power of two.
    segment: u64,
}

impl Layout {
    /// No slots.
    const NONE: Self = Self { shards: 0, shard_slots: 0, first_slots: 0, segment: 1 };

    const fn new(shards: u64, segments: u64, segment_log: u32) -> Self {
        let (shard_slots, first_slots) = (segments << segment_log, (segments - 3) << segment_log);
        Self { shards, shard_slots, first_slots, segment: 1 << segment_log }
    }

    /// For shards of at most `keys` keys. The constants are those at which one seed is enough for
    /// most sets [Graf, Lemire 2022, for four slots a key], rounded up to whole segments: rounded
    /// down, 20 to 40 % of the sets of 11,480 to 11,521 keys fail.
    fn for_shards(shards: u64, keys: u64, more_segments: u64) -> Self {
        let ln = float::ln(keys.max(2) as f64);
        let log = ln / 1.068_153_081_434_463 - 0.5; // ln 2.91
        let segment_log = (log.max(0.0) as u32).clamp(*SEGMENT_LOGS.start(), *SEGMENT_LOGS.end());
        let per_key = (0.77 + 0.305 * 13.304_684_934_198_283 / ln).max(1.075); // ln 600,000
        let slots = (keys as f64 * per_key) as u64;
        let segments = slots.div_ceil(1 << segment_log).max(MIN_SEGMENTS);
        Self::new(shards, segments + more_segments, segment_log)
    }

    /// Slots of all shards, if that is no more than a position can count.
    fn slots(&self) -> Option<usize> {
        usize::try_from(self.shards.checked_mul(self.shard_slots)?).ok()
    }

    /// The slots of a key that its shard's seed has made `x`, if the shard's begin at `base`.
    ///
    /// All are below `base + shard_slots`: the first is below `first_slots` within the shard, the
    /// others are one, two and three segments behind it, moved within theirs.
    #[inline(always)]
    const fn slots_of(&self, base: u64, x: u64) -> [u64; 4] {
        let within = self.segment - 1;
        let first = base + reduce(x, self.first_slots);
        let second = first + self.segment;
        let third = second + self.segment;
        let fourth = third + self.segment;
        // A shard is whole segments.
        [first, second ^ (x >> 34 & within), third ^ (x >> 21 & within), fourth ^ (x >> 8 & within)]
    }
}

/// What `x`, a key under its shard's seed, must find in its slots; the lowest bits count.
#[inline(always)]
const fn fingerprint(x: u64) -> u64 {
    x >> 8 ^ x >> 32
}

/// A key under its shard's seed. Two keys that are one in the bits left fail with this seed alone.
#[inline(always)]
const fn seeded(key: u64, seed: u64) -> u64 {
    (key ^ seed).wrapping_mul(SPREAD) & !FREE
}

at_once_doors!(Fuse, "64 seeds");

impl<W: Words> Fuse<W> {
    /// Bits of a fingerprint.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.slots.width()
    }

    /// The false-positive rate: `2^-width`, or 0 if it is empty.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        if self.is_empty() { 0.0 } else { 1.0 / (1_u64 << self.width()) as f64 }
    }

    /// Bits for each key, which are taken to be one if there are none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        self.slots.store().words().len() as f64 * 64.0 / self.len.max(1) as f64
    }

    /// Keys for each slot.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        self.len as f64 / (self.layout.shards * self.layout.shard_slots).max(1) as f64
    }

    /// Whether the key of this 64-bit hash may be in the set; `false` is certain.
    #[must_use]
    #[inline(always)]
    pub fn contains_hash(&self, hash: u64) -> bool {
        let key = mixed(hash, self.seed);
        match self.width() {
            8 => self.has::<8>(key),
            16 => self.has::<16>(key),
            _ => self.has::<0>(key),
        }
    }

    /// Whether the slots of a key are its fingerprint. `WIDTH` is that of the filter if slots are
    /// of one byte or two, else 0.
    #[inline(always)]
    fn has<const WIDTH: u32>(&self, key: u64) -> bool {
        self.place(key).is_some_and(|(base, x)| self.fits::<WIDTH, false>(base, x))
    }

    /// Where the slots of a key's shard begin, and the key under the shard's seed; `None` if there
    /// are no shards.
    #[inline(always)]
    fn place(&self, key: u64) -> Option<(u64, u64)> {
        if self.layout.shards == 1 {
            return Some((0, seeded(key, self.first)));
        }
        let shard = reduce(key, self.layout.shards);
        let seed = self.slots.store().words().get(self.seeds + shard as usize)?;
        Some((shard * self.layout.shard_slots, seeded(key, seed.get())))
    }

    /// Whether the slots of `x` in the shard from `base` on are its fingerprint; `MANY` if it is
    /// one key of many.
    #[inline(always)]
    fn fits<const WIDTH: u32, const MANY: bool>(&self, base: u64, x: u64) -> bool {
        // Where a build has vectors, to multiply, fetch and shift all four packed slots at once
        // pays in a loop over many keys, and costs for one: the test is `filters_static` of the
        // peers' benches, built for the processor.
        let apart = |slot| if MANY && WIDTH == 0 { slot } else { alone(slot) };
        let [a, b, c, d] = self.layout.slots_of(base, x).map(|slot| apart(slot) as usize);
        match WIDTH {
            8 => {
                let bytes = self.slots.store().bytes();
                let slots = (bytes.get(a), bytes.get(b), bytes.get(c), bytes.get(d));
                let (Some(a), Some(b), Some(c), Some(d)) = slots else { return false };
                a ^ b ^ c ^ d == fingerprint(x) as u8
            }
            16 => {
                let slot = |at: usize| self.slots.store().bytes().get(2 * at..)?.first_chunk();
                let slots = (slot(a), slot(b), slot(c), slot(d));
                let (Some(a), Some(b), Some(c), Some(d)) = slots else { return false };
                let xor = [a, b, c, d].map(|pair| u16::from_le_bytes(*pair));
                xor[0] ^ xor[1] ^ xor[2] ^ xor[3] == fingerprint(x) as u16
            }
            _ => {
                let Some([a, b, c, d]) = self.slots.peek([a, b, c, d]) else { return false };
                (a ^ b ^ c ^ d ^ fingerprint(x)) << (64 - self.width()) == 0
            }
        }
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Slots are asked for 32 keys ahead, so that their ways from memory
    /// overlap. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        match self.width() {
            8 => self.probe_many::<8>(hashes, found),
            16 => self.probe_many::<16>(hashes, found),
            _ => self.probe_many::<0>(hashes, found),
        }
    }

    fn probe_many<const WIDTH: u32>(&self, hashes: &[u64], found: &mut [bool]) {
        let bytes = self.slots.store().bytes();
        let (seed, width) = (self.seed, u64::from(self.width()));
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            let mut places = [(0, 0); BATCH];
            for (place, hash) in places.iter_mut().zip(hashes) {
                *place = self.place(mixed(*hash, seed)).unwrap_or((0, 0));
                if bytes.len() < FAR {
                    continue;
                }
                let (base, x) = *place;
                for slot in self.layout.slots_of(base, x) {
                    prefetch(bytes, ((slot * width) >> 3) as usize);
                }
            }
            for ((base, x), found) in places[..hashes.len()].iter().zip(found) {
                *found = self.layout.shards > 0 && self.fits::<WIDTH, true>(*base, *x);
            }
        }
    }
}

impl<W: Words> Footprint for Fuse<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.slots.store().tell("slots", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for Fuse<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len);
        out.seed(self.seed);
        let segment_log = self.layout.segment.trailing_zeros();
        let segments = self.layout.shard_slots >> segment_log;
        out.meta(&[u64::from(self.width()), self.layout.shards, segments, u64::from(segment_log)]);
        out.section(DATA, 8, self.slots.store().words());
    }

    fn load<S: Opened<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [width, shards, segments, segment_log] = source.meta()?;
        let (len, seed) = (source.header().items, source.header().seed);
        let data = source.section(DATA, 8)?;
        require((1..=u64::from(MAX_WIDTH)).contains(&width), DATA, "a width of 1 to 32")?;
        let words = data.words().len() as u64;
        if shards == 0 {
            let empty = len == 0 && words == 0 && segments == 0 && segment_log == 0;
            require(empty, DATA, "no keys, no slots")?;
            let layout = Layout::NONE;
            let slots = Fields::new(data, 0, width as u32);
            let slots = slots.ok_or(FileError::Corrupt { section: DATA, rule: "no slots" })?;
            return Ok(Self { slots, seeds: 0, first: 0, layout, seed, len });
        }
        let logs = u64::from(*SEGMENT_LOGS.start())..=u64::from(*SEGMENT_LOGS.end());
        // So small that nothing below overflows.
        let small = segments <= u64::from(u32::MAX) >> 2 && shards <= words && len > 0;
        let fits = logs.contains(&segment_log) && segments >= MIN_SEGMENTS && small;
        require(fits, DATA, "segments of 2^2 to 2^13 slots, at least 4")?;
        let layout = Layout::new(shards, segments, segment_log as u32);
        let need = layout.slots().and_then(|slots| words_for(slots, width as u32));
        let seeds = (words - shards) as usize;
        require(need == Some(seeds), DATA, "as many slots as stated")?;
        let slots = Fields::new(data, layout.slots().unwrap_or(0), width as u32);
        let slots = slots.ok_or(FileError::Corrupt { section: DATA, rule: "slots that fit" })?;
        let first = slots.store().words()[seeds].get();
        Ok(Self { slots, seeds, first, layout, seed, len })
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any slots are a filter.
        Ok(())
    }
}

doors!(Fuse);

impl<W: Words> fmt::Debug for Fuse<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fuse")
            .field("len", &self.len)
            .field("width", &self.width())
            .field("layout", &self.layout)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<Fuse<V>> for Fuse<W> {
    /// Whether both have the same slots, and so the same answers.
    fn eq(&self, other: &Fuse<V>) -> bool {
        (self.len, self.width(), self.seed, self.layout)
            == (other.len, other.width(), other.seed, other.layout)
            && self.slots.store().words() == other.slots.store().words()
    }
}

impl<W: Words> Eq for Fuse<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::error::BuildError;
    use crate::filters::Building;
    use crate::hashing::KeyHash;
    use alloc::vec::Vec;

    /// Numbers that look random.
    fn numbers(seed: u64, len: u64) -> impl Iterator<Item = u64> + Clone {
        (0..len).map(move |i| i.key_hash(seed))
    }

    #[test]
    fn sizes_are_as_documented() {
        for (n, bits) in [(10, 38.4), (1_000, 11.14), (100_000, 9.02), (1_000_000, 8.63)] {
            let set = Fuse::from_hashes(numbers(1, n), 1.0 / 256.0).unwrap();
            assert!(numbers(1, n).all(|hash| set.contains_hash(hash)));
            let per_key = set.bits_per_key();
            assert!(per_key <= bits && per_key > bits * 0.99, "{n}: {per_key}");
        }
    }

    #[test]
    fn every_width_finds_all_keys() {
        for width in 1..=32 {
            let fpr = 1.0 / (1_u64 << width) as f64;
            let set = Fuse::from_hashes(numbers(2, 3_000), fpr).unwrap();
            assert_eq!((set.width(), set.fpr()), (width, fpr));
            assert!(numbers(2, 3_000).all(|hash| set.contains_hash(hash)), "{width}");
            let found = numbers(3, 20_000).filter(|hash| set.contains_hash(*hash)).count();
            let excess = found as f64 - 20_000.0 * fpr;
            assert!(excess < 2.0 || excess * excess < 25.0 * 20_000.0 * fpr, "{width}: {found}");
        }
    }

    /// The sizes at which other implementations fail for 20 to 40 % of all sets, and single keys.
    #[test]
    fn sizes_known_to_fail_elsewhere_are_built_soon() {
        for len in [1, 2, 3, 4, 5, 8, 16, 11_480, 11_500, 11_521] {
            for seed in 0..8 {
                let set = Fuse::from_hashes(numbers(seed, len), 0.01).unwrap();
                assert!(numbers(seed, len).all(|hash| set.contains_hash(hash)));
                let tried = set.slots.store().words()[set.seeds].get();
                let soon = (0..6).any(|i| peel::SEED_STEP.wrapping_mul(i) == tried);
                assert!(soon, "{len} keys, set {seed}");
            }
        }
    }

    #[test]
    fn equal_hashes_do_no_harm() {
        for (len, copies) in [(1, 121), (121, 2), (60, 300), (1_000, 1_000)] {
            let hashes = || (0..copies).flat_map(|_| numbers(5, len));
            let set = Fuse::from_source(hashes, 0.01, Building::default()).unwrap();
            assert!(numbers(5, len).all(|hash| set.contains_hash(hash)));
        }
        // So many that they fill one shard of several: slots are those of the different ones.
        let same = (0..2_200_000).map(|i| if i < 100_000 { i } else { 7 });
        let set = Fuse::from_hashes(same, 0.01).unwrap();
        assert!((0..100_000).all(|hash| set.contains_hash(hash)));
        assert!(set.load_factor() > 1.0, "{set:?}");
    }

    #[test]
    fn memory_and_order_change_no_bit() {
        let keys: Vec<u64> = numbers(9, 2_500_000).collect();
        let kept = Fuse::from_hashes(keys.iter().copied(), 0.01).unwrap();
        let counter = crate::mem::Counter::new();
        let alloc = crate::mem::Tracked::new(&counter, crate::mem::Global);
        let how = Building { memory: 31 << 20, ..Building::default() };
        let again = || keys.iter().rev().copied();
        let told = Fuse::from_source_in(again, 0.01, how, alloc).unwrap();
        assert!(kept == told);
        assert!(counter.peak() - told.heap_bytes() <= how.memory, "{}", counter.peak());
        assert!(counter.peak() - told.heap_bytes() > how.memory / 2, "{}", counter.peak());
        let little = Building { memory: 1 << 20, ..how };
        let Err(BuildError::OutOfRange { name: "memory", min, .. }) =
            Fuse::from_source(again, 0.01, little)
        else {
            panic!("1 MiB does not do");
        };
        let least = Building { memory: min as usize, ..how };
        assert!(Fuse::from_source(again, 0.01, least).unwrap() == kept);
        let counter = crate::mem::Counter::new();
        let alloc = crate::mem::Tracked::new(&counter, crate::mem::Global);
        let told = Fuse::from_source_in(again, 0.01, Building::default(), alloc).unwrap();
        assert!(kept == told && counter.peak() <= 12 * keys.len(), "{}", counter.peak());
    }

    #[test]
    fn sources_that_change_are_told() {
        let calls = core::cell::Cell::new(0);
        let again = || {
            calls.set(calls.get() + 1);
            numbers(calls.get(), 1_000).filter(|hash| hash % 3 != 0)
        };
        let refused = Fuse::from_source(again, 0.01, Building::default());
        assert!(matches!(refused, Err(BuildError::Unsteady { .. })));
    }
}
