//! [`TopK`]: the most frequent keys, and how often they came.

mod bucket;
#[cfg(feature = "alloc")]
mod exchange;
mod text;

use super::{DEFAULT_SEED, Heavy, HeavyMut};
use crate::error::{AllocError, BuildError, FileError, MergeError, Tag};
use crate::hashing::{KeyHash, fold, mix, unhashed};
use crate::mem::{Alloc, Footprint, PartKind, Parts, refused};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, as_bytes, doors, require};
#[cfg(feature = "alloc")]
use crate::{mem::granted, storage::Sections};
#[cfg(feature = "alloc")]
use alloc::{collections::BinaryHeap, vec::Vec};
use bucket::{Bucket, MAX_COUNT, SLOTS};
use core::fmt;
use text::Text;

/// The sections of slots, of places of keys, and of keys.
const SLOTS_TAG: Tag = Tag(*b"slot");
const PLACES_TAG: Tag = Tag(*b"plac");
const TEXT_TAG: Tag = Tag(*b"text");
/// Slots for each key that is asked for.
const SLOTS_EACH: usize = 8;
/// The fewest buckets: with fewer, several frequent keys share one too easily.
const LEAST_BUCKETS: usize = 32;
/// The most slots: their numbers have 32 bits.
const MAX_SLOTS: usize = 1 << 28;
/// What the coin's state rises by.
const COIN_STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// The most that any key may have come beyond what the slots say.
const MAX_ABSENT: u64 = u64::MAX >> 2;
/// Keys whose buckets are asked for before the first of them is counted.
const BATCH: usize = 16;
/// The longest text.
const MAX_TEXT: u64 = text::MAX_BYTES as u64;

/// What a [`TopK`]'s counts say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Counting {
    /// How often a key came, about, and on either side of the truth. A new key replaces the least
    /// frequent one of its bucket with a chance of one in that one's count (randomised admission).
    #[default]
    Estimates,
    /// How often a key came at most, and at least. Every new key replaces the least frequent one of
    /// its bucket (space saving). Needs several times the slots for the same keys.
    Bounds,
}

/// How a [`TopK`] is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopKOptions {
    /// Keys that it holds at most, rounded up to a multiple of 8.
    pub slots: usize,
    /// What its counts say.
    pub counting: Counting,
    /// Whether it keeps the bytes of its keys, or their hashes only.
    pub keeps_keys: bool,
    /// The seed of the keys' hashes and of the coin.
    pub seed: u64,
}

impl TopKOptions {
    /// Slots for the `k` most frequent keys: 8 for each, 256 at least.
    #[must_use]
    pub const fn for_keys(k: usize) -> Self {
        let slots = k.saturating_mul(SLOTS_EACH);
        let least = LEAST_BUCKETS * SLOTS;
        let slots = if slots < least { least } else { slots };
        Self { slots, counting: Counting::Estimates, keeps_keys: false, seed: DEFAULT_SEED }
    }
}

/// The most frequent keys of a stream, and how often they came, in a number of bytes that is given.
///
/// Slots of a hash and a count, eight in a bucket; a key has its one bucket. A known key counts; a
/// new one takes the slot of the least frequent with a small chance, so that it needs to come often
/// to get in, and the frequent are not washed out by the many rare ones. Of 1.9 million tokens of
/// text, 9.6 KB hold the 100 most frequent and name 99 of them as such: counts are off by 0.3 %,
/// the hundredth and the next differ by 0.5 % (`benches/peers`, bench `sketches_streams`).
///
/// # When not to use it
///
/// - Any key's count is asked for, not only frequent ones': a `CountMin`.
/// - There is room for all keys: a map counts exactly.
/// - Every key is about as frequent as any other: what is found is then chance.
/// - Guarantees are needed: [`Counting::Bounds`] gives them, in several times the bytes.
/// - A bucket full of frequent keys: an enemy who knows the seed can make one.
///
/// # Layout
///
/// ```text
/// bucket  | 8 hashes u64 | 8 counts u32 |                 96 bytes, one block of all buckets
/// places  | where the key of slot i is: u32 |             } two more blocks, only with
/// text    | slot | length | key | slot | length | ...     } `keeps_keys`
/// ```
///
/// The hash of a number leads back to the number; strings are kept only if that is asked for. Text
/// is a log: keys that lose their slot stay until room is needed, and more than a quarter of it is
/// such. It grows by half below 128 KiB and by a sixteenth above.
///
/// # Space
///
/// 12 bytes a slot: 9,600 for `TopK::new(100)`. With keys 4 bytes more, and the keys themselves
/// with 2 to 4 bytes each, up to 1.9 times that. Only long keys make it grow.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `add` of a known key | O(1) | 2 |
/// | `add_numbers`, `add_hashes` | O(1) each, a tenth less than one by one | 2 |
/// | `add` of a new key | O(1), and its length if it gets a slot | 2, and the key's |
/// | `top(k)` | O(slots log k) | all |
/// | `merge` | O(slots), and the keys' length | all |
///
/// # Parameters
///
/// Slots: 4 for each key that is wanted hold it, on text, 8 and 16 bring 99 and 99.3 % of them to
/// the top; see [`TopKOptions`].
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, sketches::TopK};
///
/// let mut words = TopK::keeping_keys(10);
/// for word in "the cat and the dog and the bird".split(' ') {
///     words.add(word);
/// }
/// let top: Vec<_> = words.top(2).iter().map(|entry| (entry.key, entry.count)).collect();
/// assert_eq!(top, [(Some(&b"the"[..]), 3), (Some(&b"and"[..]), 2)]);
///
/// let mut ports = TopK::new(100);
/// [80, 443, 80, 22].map(|port: u64| ports.add_number(port));
/// assert_eq!((ports.top(1)[0].number(), ports.heap_bytes()), (80, 9_600));
/// ```
///
/// # References
///
/// - Ben Basat, Einziger, Friedman, Kassner: Randomized admission policy for efficient top-k and
///   frequency estimation. INFOCOM 2017.
/// - Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data
///   streams. ICDT 2005; merging: Agarwal, Cormode, Huang, Phillips, Wei, Yi. PODS 2012.
#[derive(Clone)]
pub struct TopK<W: Words = HeapWords> {
    /// `buckets` buckets.
    slots: W,
    text: Text<W>,
    counting: Counting,
    keeps_keys: bool,
    seed: u64,
    /// The coin's state.
    coin: u64,
    total: u64,
    /// No count of any bucket is less: the least there was, as it was some time ago.
    floor: u64,
    /// How much more often any key may have come, of the bounds that images had. 62 bits.
    absent: u64,
}

/// One of the most frequent keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeavyKey<'a> {
    /// The key's 64-bit hash.
    pub hash: u64,
    /// How often it came: about, or at most, as [`Counting`] says.
    pub count: u64,
    /// How often it came at least; 0 where counts are estimates.
    pub at_least: u64,
    /// The key, if keys are kept and it was bytes with which it came into its slot.
    pub key: Option<&'a [u8]>,
    seed: u64,
}

impl HeavyKey<'_> {
    /// The number that was added with [`add_number`](TopK::add_number): what has this hash.
    #[must_use]
    pub const fn number(&self) -> u64 {
        unhashed(self.hash, self.seed)
    }
}

impl<W: Words> TopK<W> {
    /// Keys that it holds at most.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.buckets() * SLOTS
    }

    /// What its counts say.
    #[must_use]
    pub const fn counting(&self) -> Counting {
        self.counting
    }

    /// Whether it keeps the bytes of its keys.
    #[must_use]
    pub const fn keeps_keys(&self) -> bool {
        self.keeps_keys
    }

    /// The seed with which keys are hashed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The sum of all counts that were added, [`u64::MAX`] if it is more.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether a count, or the total, reached the largest that there is and stopped there: 2^32 - 1
    /// of a key. O(slots).
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        let full = |entry: HeavyKey<'_>| entry.count - self.absent == MAX_COUNT;
        self.total == u64::MAX || self.iter().any(full)
    }

    /// How often `key` came, as far as it is known: 0 if it has no slot and counts are estimates;
    /// at most so often if they are bounds. O(1).
    #[must_use]
    pub fn estimate<K: KeyHash + ?Sized>(&self, key: &K) -> u64 {
        self.bounds_of_hash(key.key_hash(self.seed)).1
    }

    /// How often the key of this 64-bit hash came at least and, about or at most, in all. O(1).
    #[must_use]
    pub fn bounds_of_hash(&self, hash: u64) -> (u64, u64) {
        let Some(bucket) = self.bucket(self.bucket_of(hash)) else { return (0, 0) };
        let floor = self.floor(bucket);
        let known = bucket::find(bucket, hash).map(|slot| bucket::count(bucket, slot));
        match known {
            Some(count) if count > 0 => (self.at_least(count, floor), count + self.absent),
            _ => (0, floor + self.absent),
        }
    }

    /// All keys that have a slot, in no order. Allocates nothing.
    pub fn iter(&self) -> impl Iterator<Item = HeavyKey<'_>> + '_ {
        (0..self.slots()).filter_map(|slot| self.entry(slot))
    }

    /// The `k` keys of the largest counts, falling; fewer if there are not so many. O(slots log k).
    /// Allocates what it returns, and less than that again while it chooses.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn top(&self, k: usize) -> Vec<HeavyKey<'_>> {
        let order = |entry: &HeavyKey<'_>| (u64::MAX - entry.count, entry.hash);
        // The last of those chosen is on top.
        let mut chosen = BinaryHeap::with_capacity(k.min(self.slots()));
        for slot in 0..self.slots() {
            let Some(entry) = self.entry(slot) else { continue };
            let candidate = (order(&entry), slot);
            if chosen.len() < k {
                chosen.push(candidate);
            } else if let Some(mut last) = chosen.peek_mut().filter(|last| **last > candidate) {
                *last = candidate;
            }
        }
        let mut top = Vec::with_capacity(chosen.len());
        let slots = chosen.into_sorted_vec().into_iter().map(|(_, slot)| slot);
        top.extend(slots.filter_map(|slot| self.entry(slot)));
        top
    }

    fn buckets(&self) -> usize {
        self.slots.words().len() / bucket::WORDS
    }

    #[inline]
    fn bucket(&self, index: usize) -> Option<&Bucket> {
        self.slots.words().get(index * bucket::WORDS..)?.first_chunk()
    }

    /// The bucket of a key.
    #[inline]
    fn bucket_of(&self, hash: u64) -> usize {
        // Mixed again, so that raw integers given as hashes do no harm.
        let x = u128::from(fold(hash ^ self.seed));
        ((x * self.buckets() as u128) >> 64) as usize
    }

    /// Bits of the coin that are 0 when the least of all counts is looked for: so seldom that it
    /// costs less than a nanosecond for each coin, whatever the size.
    #[inline]
    fn sweep(&self) -> u64 {
        u64::MAX >> (self.slots.words().len() as u64 | 0xFFF).leading_zeros()
    }

    /// How often a key that has no slot may have come.
    fn floor(&self, bucket: &Bucket) -> u64 {
        if self.counting == Counting::Bounds { bucket::least(bucket).1 } else { 0 }
    }

    /// What is certain of a count: the key took its slot over from one that counted no more than
    /// `floor`.
    const fn at_least(&self, count: u64, floor: u64) -> u64 {
        match self.counting {
            Counting::Bounds => count.saturating_sub(floor),
            Counting::Estimates => 0,
        }
    }

    /// What slot `slot` holds.
    fn entry(&self, slot: usize) -> Option<HeavyKey<'_>> {
        let bucket = self.bucket(slot / SLOTS)?;
        let count = bucket::count(bucket, slot % SLOTS);
        if count == 0 {
            return None;
        }
        let key = self.text.key(slot);
        let at_least = self.at_least(count, self.floor(bucket));
        let count = count + self.absent;
        Some(HeavyKey { hash: bucket[slot % SLOTS].get(), count, at_least, key, seed: self.seed })
    }

    fn same_parameters<V: Words>(&self, other: &TopK<V>) -> Result<(), MergeError> {
        let ours = (self.slots.words().len(), self.counting, self.keeps_keys);
        if ours != (other.slots.words().len(), other.counting, other.keeps_keys) {
            return Err(MergeError::Parameters);
        }
        if self.seed == other.seed { Ok(()) } else { Err(MergeError::Seeds) }
    }
}

#[cfg(feature = "alloc")]
impl TopK {
    /// For the `k` most frequent of keys that are numbers, or hashes: 96 bytes for each.
    ///
    /// # Panics
    ///
    /// If memory cannot be had, or `k` exceeds 2^25; [`try_with_options`](Self::try_with_options)
    /// returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn new(k: usize) -> Self {
        Self::made(TopKOptions::for_keys(k))
    }

    /// For the `k` most frequent of keys that are strings, which it keeps: 128 bytes for each, and
    /// the keys.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    #[track_caller]
    pub fn keeping_keys(k: usize) -> Self {
        Self::made(TopKOptions { keeps_keys: true, ..TopKOptions::for_keys(k) })
    }

    #[track_caller]
    fn made(options: TopKOptions) -> Self {
        granted(Self::try_with_options(options))
    }

    /// As the options say.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless there are 1 to 2^28 slots; [`BuildError::Alloc`].
    pub fn try_with_options(options: TopKOptions) -> Result<Self, BuildError> {
        Self::try_with_options_in(options, crate::mem::Global)
    }
}

impl<A: Alloc> TopK<HeapWords<A>> {
    /// As the options say, with its memory from `alloc`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless there are 1 to 2^28 slots; [`BuildError::Alloc`].
    pub fn try_with_options_in(options: TopKOptions, alloc: A) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        let TopKOptions { slots, counting, keeps_keys, seed } = options;
        if !(1..=MAX_SLOTS).contains(&slots) {
            let (value, max) = (slots as u64, MAX_SLOTS as u64);
            return Err(BuildError::OutOfRange { name: "slots", value, min: 1, max });
        }
        let buckets = slots.div_ceil(SLOTS);
        let zeros = |words: usize| {
            let mut zeros = HeapWords::new_in(alloc.clone());
            zeros.try_reserve_exact(words)?;
            zeros.try_resize(words).map(|()| zeros)
        };
        let places = if keeps_keys { buckets * SLOTS / 2 } else { 0 };
        let (slots, places, log) = (zeros(buckets * bucket::WORDS)?, zeros(places)?, zeros(0)?);
        let text = Text { places, log, len: 0, dead: 0 };
        Ok(Self {
            slots,
            text,
            counting,
            keeps_keys,
            seed,
            coin: seed,
            total: 0,
            floor: 0,
            absent: 0,
        })
    }

    /// Counts a string or any bytes once more. O(1), and O(length) if it gets a slot and keys are
    /// kept.
    ///
    /// # Panics
    ///
    /// If memory for a key cannot be had; [`try_add`](Self::try_add) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn add(&mut self, key: impl AsRef<[u8]>) {
        self.try_add(key, 1).unwrap_or_else(|error| refused(error));
    }

    /// Counts a string or any bytes `count` times more, like [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the sketch is unchanged then.
    #[inline]
    pub fn try_add(&mut self, key: impl AsRef<[u8]>, count: u64) -> Result<(), AllocError> {
        let key = key.as_ref();
        self.count(key.key_hash(self.seed), count, self.keeps_keys.then_some(key))
    }

    /// Counts a number once more; [`HeavyKey::number`] gives it back. O(1), allocates nothing.
    #[inline]
    pub fn add_number(&mut self, key: u64) {
        self.add_hash(key.key_hash(self.seed), 1);
    }

    /// Counts the key of this 64-bit hash `count` times more. O(1), allocates nothing. Where keys
    /// are kept, this one is not.
    #[inline]
    pub fn add_hash(&mut self, hash: u64, count: u64) {
        let done = self.count(hash, count, None);
        debug_assert!(done.is_ok(), "nothing to allocate");
    }

    /// Counts the keys of these 64-bit hashes once more each, as [`add_hash`](Self::add_hash) does
    /// one after the other: the buckets of some are looked for before the first of them is counted.
    pub fn add_hashes(&mut self, hashes: &[u64]) {
        for hashes in hashes.chunks(BATCH) {
            let mut buckets = [0; BATCH];
            for (bucket, hash) in buckets.iter_mut().zip(hashes) {
                *bucket = self.fetch(*hash);
            }
            for (at, hash) in buckets.iter().zip(hashes) {
                let done = self.count_at(*at, *hash, 1, None);
                debug_assert!(done.is_ok(), "nothing to allocate");
            }
        }
    }

    /// Counts these numbers once more each, as [`add_number`](Self::add_number) does one after the
    /// other, and in less time.
    pub fn add_numbers(&mut self, keys: impl IntoIterator<Item = u64>) {
        let (mut hashes, mut len, seed) = ([0; BATCH], 0, self.seed);
        for key in keys {
            hashes[len] = key.key_hash(seed);
            len += 1;
            if len == BATCH {
                self.add_hashes(&hashes);
                len = 0;
            }
        }
        self.add_hashes(&hashes[..len]);
    }

    /// The bucket of a key, which will be needed soon.
    #[inline]
    fn fetch(&self, hash: u64) -> usize {
        let at = self.bucket_of(hash);
        let bytes = as_bytes(self.slots.words());
        // 96 bytes are of two cache lines.
        prefetch(bytes, at.wrapping_mul(bucket::BYTES));
        prefetch(bytes, at.wrapping_mul(bucket::BYTES) + bucket::BYTES - 1);
        at
    }

    #[inline]
    fn count(&mut self, hash: u64, more: u64, key: Option<&[u8]>) -> Result<(), AllocError> {
        self.count_at(self.bucket_of(hash), hash, more, key)
    }

    /// As `count` of a key whose bucket is known.
    #[inline]
    fn count_at(
        &mut self,
        at: usize,
        hash: u64,
        more: u64,
        key: Option<&[u8]>,
    ) -> Result<(), AllocError> {
        let words = self.slots.words_mut().get_mut(at * bucket::WORDS..);
        let Some(bucket) = words.and_then(|words| words.first_chunk_mut()) else { return Ok(()) };
        if let Some(slot) = bucket::find(bucket, hash) {
            let count = bucket::count(bucket, slot);
            if count > 0 {
                self.total = self.total.saturating_add(more);
                bucket::set_count(bucket, slot, count.saturating_add(more));
                return Ok(());
            }
        }
        let coin = self.coin.wrapping_add(COIN_STEP);
        let x = mix(coin);
        // Most rare keys would lose against the least frequent key of any bucket: then there is no
        // need to look for that of theirs.
        let loses =
            self.counting == Counting::Estimates && !wins(x, self.floor.saturating_add(more), more);
        if !loses || x & self.sweep() == 0 {
            self.admit(at, hash, more, key, x)?;
        }
        self.coin = coin;
        self.total = self.total.saturating_add(more);
        Ok(())
    }

    /// Gives a key that has no slot one, if the coin `x` says so.
    #[inline(never)]
    fn admit(
        &mut self,
        at: usize,
        hash: u64,
        more: u64,
        key: Option<&[u8]>,
        x: u64,
    ) -> Result<(), AllocError> {
        let first = at * bucket::WORDS;
        let words = self.slots.words().get(first..);
        let Some(bucket) = words.and_then(|words| words.first_chunk()) else { return Ok(()) };
        let (slot, least) = bucket::least(bucket);
        let count = least.saturating_add(more);
        if wins(x, count, more) || self.counting == Counting::Bounds && more > 0 {
            if let Some(key) = key {
                self.text.put(at * SLOTS + slot, key)?;
            } else if self.keeps_keys {
                self.text.forget(at * SLOTS + slot);
            }
            let words = self.slots.words_mut().get_mut(first..);
            if let Some(bucket) = words.and_then(|words| words.first_chunk_mut()) {
                bucket[slot] = Le64::new(hash);
                bucket::set_count(bucket, slot, count);
            }
        }
        if x & self.sweep() == 0 {
            let buckets = (0..self.buckets()).filter_map(|at| self.bucket(at));
            self.floor = buckets.map(|bucket| bucket::least(bucket).1).min().unwrap_or(0);
        }
        Ok(())
    }

    /// Forgets all keys, and gives the room of theirs back.
    pub fn clear(&mut self) {
        self.slots.words_mut().fill(Le64::default());
        self.text.clear();
        (self.total, self.coin, self.floor, self.absent) = (0, self.seed, 0, 0);
    }

    /// Gives back the room of keys that lost their slot.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the allocator refuses to make the block smaller.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.text.compact();
        self.text.log.try_shrink_to_fit()
    }

    /// Gives back the room of keys that lost their slot.
    ///
    /// # Panics
    ///
    /// If the allocator refuses.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        self.try_shrink_to_fit().unwrap_or_else(|error| refused(error));
    }

    /// Adds the counts of `other`, whatever it lives in: of each bucket the eight largest stay.
    /// Bounds stay bounds; estimates of keys that had a slot in one of the two only are too small
    /// by what they had in the other. The order of the two does not matter to counts. O(slots).
    ///
    /// # Errors
    ///
    /// [`MergeError`] unless both were made alike; [`MergeError::Alloc`] if memory for keys cannot
    /// be had. This one is unchanged then.
    pub fn merge<V: Words>(&mut self, other: &TopK<V>) -> Result<(), MergeError> {
        self.same_parameters(other)?;
        // Room for all keys of the other first, so that nothing can fail half way.
        self.text.make_room(other.text.len)?;
        let bounds = self.counting == Counting::Bounds;
        for at in 0..self.buckets() {
            let (Some(ours), Some(theirs)) = (self.bucket(at), other.bucket(at)) else { break };
            let both = bucket::merged(ours, theirs, bounds);
            let mut next = [Le64::default(); bucket::WORDS];
            for (slot, one) in both.iter().enumerate() {
                next[slot] = Le64::new(one.hash);
                bucket::set_count(&mut next, slot, one.count);
            }
            if let Some(words) = self.slots.words_mut().get_mut(at * bucket::WORDS..) {
                words[..bucket::WORDS].copy_from_slice(&next);
            }
            if self.keeps_keys {
                let from = both.map(|one| (one.count > 0).then_some(one.from));
                self.text.rearrange(at * SLOTS, &from, &other.text);
            }
        }
        self.text.compact();
        self.total = self.total.saturating_add(other.total);
        self.coin = self.coin.wrapping_add(other.coin);
        self.absent = (self.absent + other.absent).min(MAX_ABSENT);
        self.floor = 0;
        Ok(())
    }
}

/// Whether a new key gets a slot by the coin `x`, with a chance of `more / count`: certain where
/// the slot is free.
#[inline]
fn wins(x: u64, count: u64, more: u64) -> bool {
    let product = u128::from(x) * u128::from(count);
    ((product >> 64) as u64) < more
}

impl<W: Words> Footprint for TopK<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.slots.tell("slots", PartKind::Payload, 0, out);
        self.text.places.tell("places", PartKind::Index, 0, out);
        // What is dead is room that will be used again.
        let words = self.text.log.words();
        let living = self.text.len.saturating_sub(self.text.dead);
        self.text.log.tell("keys", PartKind::Payload, size_of_val(words) - living, out);
    }
}

impl<W: Words> Persist for TopK<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.total);
        out.seed(self.seed);
        let flags = u64::from(self.counting == Counting::Bounds) | u64::from(self.keeps_keys) << 1;
        let flags = flags | self.absent << 2;
        out.meta(&[flags, self.coin, self.text.len as u64, self.text.dead as u64]);
        out.section(SLOTS_TAG, 4, self.slots.words());
        out.section(PLACES_TAG, 4, self.text.places.words());
        out.section(TEXT_TAG, 1, self.text.log.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [flags, coin, len, dead] = source.meta()?;
        let (flags, absent) = (flags & 3, flags >> 2);
        let fits = flags & 1 == 1 || absent == 0;
        require(fits, SLOTS_TAG, "more than the slots say only where counts are bounds")?;
        let (seed, total) = (source.header().seed, source.header().items);
        let counting = if flags & 1 == 1 { Counting::Bounds } else { Counting::Estimates };
        let keeps_keys = flags & 2 == 2;
        let slots = source.section(SLOTS_TAG, 4)?;
        let buckets = slots.words().len() / bucket::WORDS;
        let whole = buckets * bucket::WORDS == slots.words().len();
        let fits = whole && (1..=MAX_SLOTS / SLOTS).contains(&buckets);
        require(fits, SLOTS_TAG, "1 to 2^25 buckets of 96 bytes")?;
        let places = source.section(PLACES_TAG, 4)?;
        let needed = if keeps_keys { buckets * SLOTS / 2 } else { 0 };
        require(places.words().len() == needed, PLACES_TAG, "one place for each slot")?;
        let log = source.section(TEXT_TAG, 1)?;
        let bytes = size_of_val(log.words()) as u64;
        let fits = len <= MAX_TEXT && len.next_multiple_of(8) == bytes && dead <= len;
        require(fits && (keeps_keys || len == 0), TEXT_TAG, "as many bytes as stated")?;
        let text = Text { places, log, len: len as usize, dead: dead as usize };
        Ok(Self { slots, text, counting, keeps_keys, seed, coin, total, floor: 0, absent })
    }

    fn validate(&self) -> Result<(), FileError> {
        for at in 0..self.buckets() {
            let Some(bucket) = self.bucket(at) else { break };
            for slot in 0..SLOTS {
                let (hash, count) = (bucket[slot].get(), bucket::count(bucket, slot));
                let right = if count == 0 { hash == 0 } else { self.bucket_of(hash) == at };
                require(right, SLOTS_TAG, "each key stands in its bucket")?;
                let first = bucket::find(bucket, hash) == Some(slot);
                require(first || count == 0, SLOTS_TAG, "each key stands once")?;
                let named = count > 0 || self.text.key(at * SLOTS + slot).is_none();
                require(named, PLACES_TAG, "free slots have no key")?;
            }
        }
        require(self.text.is_sound(), TEXT_TAG, "entries from end to end, and their slots'")
    }
}

doors!(TopK);

impl<W: Words> Heavy for TopK<W> {
    fn bounds_of_hash(&self, hash: u64) -> (u64, u64) {
        self.bounds_of_hash(hash)
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn counting(&self) -> Counting {
        self.counting
    }

    fn for_each(&self, see: &mut dyn FnMut(HeavyKey<'_>)) {
        self.iter().for_each(see);
    }
}

impl<A: Alloc + Clone> HeavyMut<A> for TopK<HeapWords<A>> {
    fn try_with_options_in(options: TopKOptions, alloc: A) -> Result<Self, BuildError> {
        Self::try_with_options_in(options, alloc)
    }

    fn try_add(&mut self, key: &[u8], count: u64) -> Result<(), BuildError> {
        Ok(self.try_add(key, count)?)
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.try_shrink_to_fit()?)
    }

    fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge(other)
    }
}

impl<K: AsRef<[u8]>, A: Alloc> Extend<K> for TopK<HeapWords<A>> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| self.add(key));
    }
}

impl<W: Words> fmt::Debug for TopK<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopK")
            .field("slots", &self.slots())
            .field("used", &self.iter().count())
            .field("counting", &self.counting)
            .field("keeps_keys", &self.keeps_keys)
            .field("seed", &self.seed)
            .field("total", &self.total)
            .finish()
    }
}

impl<W: Words, V: Words> PartialEq<TopK<V>> for TopK<W> {
    /// Whether both were made alike and have the same keys with the same counts in the same slots,
    /// and will treat what comes alike.
    fn eq(&self, other: &TopK<V>) -> bool {
        let keys = || (0..self.slots()).all(|slot| self.text.key(slot) == other.text.key(slot));
        self.same_parameters(other).is_ok()
            && (self.total, self.coin, self.absent) == (other.total, other.coin, other.absent)
            && self.slots.words() == other.slots.words()
            && keys()
    }
}

impl<W: Words> Eq for TopK<W> {}

#[cfg(all(test, feature = "std"))]
mod tests;
