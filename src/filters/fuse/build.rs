//! Building a [`Fuse`]: keys are peeled off, shard by shard, until none is left.

use super::{FREE, Fuse, Layout, MAX_WIDTH, fingerprint, seeded};
use crate::bits::field::{Fields, mask, words_for};
use crate::error::{AllocError, BuildError};
use crate::filters::gather::{Building, distinct};
use crate::filters::rate;
use crate::hashing::reduce;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::shards::{Shards, Source, filled};
use crate::simd::prefetch;
use crate::storage::{HeapWords, Le64, Words, as_bytes, as_bytes_mut};

/// Keys of a shard, about: what building needs beside the hashes, 13 bytes a key, is this large.
const SHARD_KEYS: u64 = 1 << 20;
/// Seeds that a shard tries before all shards get another segment, and how often they get one.
const TRIES: u32 = 8;
const ROUNDS: u32 = 8;
/// Seeds after which a shard is searched for equal hashes: these fail with every seed.
const TRIES_BEFORE_SORTING: u32 = 2;
/// From one seed to the next: 2^64 divided by the golden ratio, odd.
pub(super) const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl<A: Alloc + Clone> Fuse<HeapWords<A>> {
    pub(super) fn build(
        source: impl Source,
        len: u64,
        fpr: f64,
        how: Building,
        alloc: A,
    ) -> Result<Self, BuildError> {
        rate::check(usize::try_from(len).unwrap_or(usize::MAX), fpr)?;
        let width = (1..MAX_WIDTH).find(|width| 1.0 / (1_u64 << width) as f64 <= fpr);
        let width = width.unwrap_or(MAX_WIDTH);
        let mut data = HeapWords::new_in(alloc.clone());
        let mut found = Solution { layout: Layout::NONE, width, seeds: 0 };
        if len == 0 {
            return found.into_set(data, how.seed, len);
        }
        let shards = (len / SHARD_KEYS).max(1);
        let mut shards = Shards::cut(source, len, shards as usize, alloc.clone())?;
        let most = most_distinct(&mut shards, how.memory)?;
        for round in 0..ROUNDS {
            found.layout = Layout::for_shards(shards.count() as u64, most, u64::from(round));
            if found.solve(&mut data, &mut shards, how.memory, alloc.clone())? {
                return found.into_set(data, how.seed, len);
            }
        }
        Err(BuildError::Unsolvable { attempts: ROUNDS * TRIES })
    }
}

/// A layout, and what is being made of it.
struct Solution {
    layout: Layout,
    width: u32,
    /// The word of the first seed.
    seeds: usize,
}

impl Solution {
    fn into_set<A: Alloc>(
        self,
        data: HeapWords<A>,
        seed: u64,
        len: u64,
    ) -> Result<Fuse<HeapWords<A>>, BuildError> {
        let slots = self.layout.slots().and_then(|slots| Fields::new(data, slots, self.width));
        let slots = slots.ok_or(AllocError::CapacityOverflow)?;
        let first = slots.store().words().get(self.seeds).map_or(0, |first| first.get());
        Ok(Fuse { slots, seeds: self.seeds, first, layout: self.layout, seed, len })
    }

    /// Fills the slots of all shards; `false` if a shard resists all seeds.
    fn solve<A: Alloc + Clone>(
        &mut self,
        data: &mut HeapWords<A>,
        shards: &mut Shards<A, impl Source>,
        memory: usize,
        alloc: A,
    ) -> Result<bool, BuildError> {
        let (layout, width) = (self.layout, self.width);
        if layout.shard_slots > u64::from(u32::MAX) {
            let len = layout.shard_slots;
            return Err(BuildError::TooMany { len, max: u64::from(u32::MAX) });
        }
        let seeds = layout.slots().and_then(|slots| words_for(slots, width));
        let words = seeds.and_then(|seeds| seeds.checked_add(shards.count()));
        let (Some(seeds), Some(words)) = (seeds, words) else {
            return Err(AllocError::CapacityOverflow.into());
        };
        self.seeds = seeds;
        data.truncate(0);
        data.try_reserve_exact(words)?;
        data.try_resize(words)?;
        let mut peeling = Peeling::new(layout, alloc)?;
        let (all, mut solved) = (data.words_mut(), true);
        shards.each(Peeling::<A>::bytes(layout), memory, |shard, keys| {
            let Some(seed) = (if solved { peeling.peel(keys) } else { None }) else {
                solved = false;
                return Ok(());
            };
            all[seeds + shard] = Le64::new(seed);
            let slots = as_bytes_mut(&mut all[..seeds]);
            let base = shard as u64 * layout.shard_slots;
            match width {
                8 => fill::<8>(&peeling, slots, width, base),
                16 => fill::<16>(&peeling, slots, width, base),
                _ => fill::<0>(&peeling, slots, width, base),
            }
            Ok(())
        })?;
        Ok(solved)
    }
}

/// Fills the slots of a shard that was peeled: the keys in the opposite order, each in its slot
/// that no key before it has.
fn fill<const WIDTH: u32>(peeling: &Peeling<impl Alloc>, bytes: &mut [u8], width: u32, base: u64) {
    let (layout, sums) = (peeling.layout, &peeling.sums[..]);
    let mut slots = Slots::<WIDTH> { bytes, width };
    let peeled = &peeling.queue[..peeling.peeled];
    for (at, &slot) in peeled.iter().enumerate().rev() {
        ask_for(sums, peeled[at.saturating_sub(AHEAD)]);
        let x = sums[slot as usize].get();
        // Its own slot is still 0.
        let others = layout.slots_of(base, x);
        let value = others.iter().fold(fingerprint(x), |xor, other| xor ^ slots.get(*other));
        slots.fill(base + u64::from(slot), value);
    }
}

/// Slots of `WIDTH` bits, a byte or two, or of `width` bits if `WIDTH` is 0, that are being filled.
struct Slots<'b, const WIDTH: u32> {
    bytes: &'b mut [u8],
    width: u32,
}

impl<const WIDTH: u32> Slots<'_, WIDTH> {
    /// The slot at `index`, and other bits above it.
    #[inline(always)]
    fn get(&self, index: u64) -> u64 {
        match WIDTH {
            8 => u64::from(self.bytes[index as usize]),
            16 => u64::from(u16::from_le_bytes(self.chunk(2 * index))),
            _ => {
                let bit = index * u64::from(self.width);
                u64::from_le_bytes(self.chunk(bit >> 3)) >> (bit & 7)
            }
        }
    }

    /// Sets the slot at `index`, which is 0, to the low bits of `value`.
    #[inline(always)]
    fn fill(&mut self, index: u64, value: u64) {
        match WIDTH {
            8 => self.bytes[index as usize] = value as u8,
            16 => self.set(2 * index, (value as u16).to_le_bytes()),
            _ => {
                let bit = index * u64::from(self.width);
                let before = u64::from_le_bytes(self.chunk(bit >> 3));
                let word = before | (value & mask(self.width)) << (bit & 7);
                self.set(bit >> 3, word.to_le_bytes());
            }
        }
    }

    /// The `N` bytes from `at` on.
    #[inline(always)]
    fn chunk<const N: usize>(&self, at: u64) -> [u8; N] {
        let mut chunk = [0; N];
        chunk.copy_from_slice(&self.bytes[at as usize..][..N]);
        chunk
    }

    #[inline(always)]
    fn set<const N: usize>(&mut self, at: u64, chunk: [u8; N]) {
        self.bytes[at as usize..][..N].copy_from_slice(&chunk);
    }
}

/// The most different keys in a shard.
fn most_distinct<A: Alloc>(
    shards: &mut Shards<A, impl Source>,
    memory: usize,
) -> Result<u64, BuildError> {
    let mut most = shards.largest();
    if shards.is_uneven() {
        most = 0;
        shards.each(0, memory, |_, keys| {
            most = most.max(distinct(keys).len() as u64);
            Ok(())
        })?;
    }
    Ok(most)
}

/// Finds for each key of a shard a slot of its own, one key after the other: a slot that only one
/// of the keys left has is that key's.
struct Peeling<A: Alloc> {
    layout: Layout,
    /// Of each slot: the keys left that have it, added up, and in the byte that keys leave free how
    /// many these are; or the key that it was given to. So a key is taken out of a slot by one
    /// subtraction: with counts and keys apart peeling took a quarter longer or more (measured).
    sums: RawVec<Le64, A>,
    /// The slots given to keys, in that order, then those that only one key had when they were
    /// put in, then room for one more. A slot is put in at most once.
    queue: RawVec<u32, A>,
    peeled: usize,
    /// Where each group's keys end while they are put in groups.
    ends: RawVec<usize, A>,
}

/// What a key adds to a slot's sum beside itself.
const ONE: u64 = 1;

/// How many keys are in a sum, if they are fewer than 256.
#[inline(always)]
const fn count(sum: u64) -> u64 {
    sum & FREE
}

/// Slots from which on keys are put in groups, and slots of a group: what is touched together, 8
/// bytes a slot, shall stay in the second cache.
const MANY_SLOTS: u64 = 1 << 18;
const GROUP_SLOTS: u64 = 1 << 14;

/// Slots of the queue by which sums are asked for ahead: without, filling slots takes 1.7 times as
/// long (measured).
const AHEAD: usize = 16;

/// Asks for the sum of a slot.
#[inline(always)]
fn ask_for(sums: &[Le64], slot: u32) {
    prefetch(as_bytes(sums), slot as usize * size_of::<Le64>());
}

/// Groups of a shard's keys while they are put into their slots.
const fn groups(layout: Layout) -> usize {
    if layout.shard_slots < MANY_SLOTS { 1 } else { (layout.shard_slots / GROUP_SLOTS) as usize }
}

impl<A: Alloc + Clone> Peeling<A> {
    fn new(layout: Layout, alloc: A) -> Result<Self, BuildError> {
        let slots = layout.shard_slots as usize;
        Ok(Self {
            layout,
            sums: filled(slots, Le64::default(), alloc.clone())?,
            queue: filled(slots + 1, 0, alloc.clone())?,
            peeled: 0,
            ends: filled(groups(layout), 0, alloc)?,
        })
    }

    /// Bytes that it takes.
    const fn bytes(layout: Layout) -> u64 {
        layout.shard_slots * 12 + 4 + (groups(layout) * size_of::<usize>()) as u64
    }

    /// Tries seeds on the keys of a shard; the seed that peeled all of them.
    fn peel(&mut self, mut keys: &mut [u64]) -> Option<u64> {
        for attempt in 0..TRIES {
            if attempt == TRIES_BEFORE_SORTING {
                keys = distinct(keys);
            }
            let seed = SEED_STEP.wrapping_mul(u64::from(attempt));
            self.group(keys, seed);
            self.insert(keys, seed);
            if self.run(keys.len()) {
                return Some(seed);
            }
        }
        None
    }

    /// Puts the keys in groups in the order of their first slots, by way of the sums. If a group
    /// has more keys than its share of the slots, they stay as they are: any order does.
    fn group(&mut self, keys: &mut [u64], seed: u64) {
        let groups = self.ends.len();
        let room = self.sums.len() / groups;
        if groups == 1 {
            return;
        }
        for (group, end) in self.ends.iter_mut().enumerate() {
            *end = group * room;
        }
        let (sums, ends) = (&mut self.sums[..], &mut self.ends[..]);
        for key in keys.iter() {
            let group = reduce(seeded(*key, seed), groups as u64) as usize;
            let end = ends[group];
            if end == (group + 1) * room {
                return;
            }
            sums[end] = Le64::new(*key);
            ends[group] = end + 1;
        }
        let mut rest = keys;
        for (sums, (group, end)) in sums.chunks(room).zip(ends.iter().enumerate()) {
            let (these, others) = rest.split_at_mut(end - group * room);
            these.iter_mut().zip(sums).for_each(|(key, sum)| *key = sum.get());
            rest = others;
        }
    }

    /// Puts all keys into their slots.
    fn insert(&mut self, keys: &[u64], seed: u64) {
        self.sums.fill(Le64::default());
        let (layout, sums) = (self.layout, &mut self.sums[..]);
        for key in keys {
            let x = seeded(*key, seed);
            for slot in layout.slots_of(0, x) {
                let sum = &mut sums[slot as usize];
                *sum = Le64::new(sum.get().wrapping_add(x + ONE));
            }
        }
    }

    /// Gives slots to the keys, of which there are so many, until no slot is left that only one key
    /// has; whether all have one.
    fn run(&mut self, keys: usize) -> bool {
        let layout = self.layout;
        let (sums, queue) = (&mut self.sums[..], &mut self.queue[..]);
        let (mut end, mut total) = (0, 0);
        for (slot, sum) in sums.iter().enumerate() {
            let count = count(sum.get());
            queue[end] = slot as u32;
            end += usize::from(count == 1);
            total += count;
        }
        // Else a slot has more keys than its byte can count.
        if total != 4 * keys as u64 {
            return false;
        }
        let (mut at, mut peeled) = (0, 0);
        while at < end {
            let slot = queue[at] as usize;
            ask_for(sums, queue[(at + AHEAD).min(end)]);
            at += 1;
            let sum = sums[slot].get();
            if count(sum) != 1 {
                continue; // its one key got another slot
            }
            queue[peeled] = slot as u32;
            peeled += 1;
            let x = sum - ONE;
            for other in layout.slots_of(0, x) {
                let left = sums[other as usize].get().wrapping_sub(sum);
                sums[other as usize] = Le64::new(left);
                // Without a branch, which no processor could foretell. Its own slot has none now.
                queue[end] = other as u32;
                end += usize::from(count(left) == 1);
            }
            sums[slot] = Le64::new(x);
        }
        self.peeled = peeled;
        peeled == keys
    }
}
