//! Peeling keys off a shard of a [`Fuse`](super::Fuse).

use super::{FREE, Layout, fingerprint, seeded};
use crate::error::BuildError;
use crate::filters::gather::distinct;
use crate::hashing::reduce;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::shards::{Shards, Source, filled};
use crate::simd::prefetch;
use crate::storage::{Le64, as_bytes, as_bytes_mut};

/// Seeds that a shard tries.
pub(super) const TRIES: u32 = 8;
/// Seeds after which a shard is searched for equal hashes: these fail with every seed.
pub(super) const TRIES_BEFORE_SORTING: u32 = 2;
/// From one seed to the next: 2^64 divided by the golden ratio, odd.
pub(in crate::filters) const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// Slots of a shard that a queue can number.
pub(super) const MAX_SLOTS: u64 = 1 << (8 * NUMBER);

/// Finds for each key of a shard a slot of its own, one key after the other: a slot that only one
/// of the keys left has is that key's.
pub(super) struct Peeling<A: Alloc> {
    layout: Layout,
    seed: u64,
    /// Of each slot: the keys left that have it, added up, and in the byte that keys leave free how
    /// many these are; or the key that it was given to, and in the end what it is to hold. So a key
    /// is taken out of a slot by one subtraction: with counts and keys apart peeling took a quarter
    /// longer or more (measured).
    sums: RawVec<Le64, A>,
    /// Keys on their way into their slots, group by group; then the slots in the order of
    /// [`Queue`].
    queue: RawVec<Le64, A>,
    /// Where each group's keys end.
    ends: RawVec<usize, A>,
}

/// What a key adds to a slot's sum beside itself.
const ONE: u64 = 1;

/// How many keys are in a sum, if they are fewer than 256.
#[inline(always)]
const fn count(sum: u64) -> u64 {
    sum & FREE
}

/// What a slot is to hold, if it is said in its sum; else 0. The lowest bits count.
#[inline(always)]
pub(super) const fn value(sum: u64) -> u64 {
    // A key that waits for its value has no bit there.
    sum >> 8 & 0_u64.wrapping_sub(sum & ONE)
}

/// The sum that says what a slot is to hold.
#[inline(always)]
const fn holding(value: u64) -> u64 {
    value << 8 | ONE
}

/// Slots from which on keys are put in groups, and slots of a group: what is touched together, 8
/// bytes a slot, shall stay in the second cache.
const MANY_SLOTS: u64 = 1 << 18;
const GROUP_SLOTS: u64 = 1 << 14;

/// Groups of a shard's keys while they are put into their slots.
const fn groups(layout: Layout) -> usize {
    if layout.shard_slots < MANY_SLOTS { 1 } else { (layout.shard_slots / GROUP_SLOTS) as usize }
}

/// Words of a queue of all slots of a shard and one more.
const fn queue_words(layout: Layout) -> usize {
    ((layout.shard_slots as usize + 1) * NUMBER).div_ceil(size_of::<Le64>())
}

impl<A: Alloc + Clone> Peeling<A> {
    pub(super) fn new(layout: Layout, alloc: A) -> Result<Self, BuildError> {
        Ok(Self {
            layout,
            seed: 0,
            sums: filled(layout.shard_slots as usize, Le64::default(), alloc.clone())?,
            queue: filled(queue_words(layout), Le64::default(), alloc.clone())?,
            ends: filled(groups(layout), 0, alloc)?,
        })
    }

    /// Bytes that it takes.
    pub(super) const fn bytes(layout: Layout) -> u64 {
        let words = layout.shard_slots as usize + queue_words(layout);
        (words * size_of::<Le64>() + groups(layout) * size_of::<usize>()) as u64
    }

    /// Tries seeds on all keys of a source, which are told for each seed and not gathered; whether
    /// one peeled all of them.
    pub(super) fn peel_told(
        &mut self,
        shards: &Shards<A, impl Source>,
    ) -> Result<bool, BuildError> {
        for attempt in 0..TRIES_BEFORE_SORTING {
            let mut inserting = self.start(attempt);
            shards.tell(|key| inserting.add(key))?;
            inserting.finish();
            if self.run(shards.largest()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries seeds on the keys of a shard, from the one that is `tried` on; whether one peeled all
    /// of them.
    pub(super) fn peel(&mut self, mut keys: &mut [u64], tried: u32) -> bool {
        for attempt in tried..TRIES {
            if attempt == TRIES_BEFORE_SORTING {
                keys = distinct(keys);
            }
            let mut inserting = self.start(attempt);
            keys.iter().for_each(|key| inserting.add(*key));
            inserting.finish();
            if self.run(keys.len() as u64) {
                return true;
            }
        }
        false
    }

    /// No keys yet, under a seed.
    fn start(&mut self, attempt: u32) -> Inserting<'_> {
        self.seed = SEED_STEP.wrapping_mul(u64::from(attempt));
        self.sums.fill(Le64::default());
        let room = self.queue.len() / self.ends.len();
        self.ends.iter_mut().enumerate().for_each(|(group, end)| *end = group * room);
        Inserting {
            layout: self.layout,
            seed: self.seed,
            sums: &mut self.sums,
            staged: &mut self.queue,
            ends: &mut self.ends,
            room,
        }
    }

    /// Peels keys, of which there are so many; whether it was all of them, and slots hold what they
    /// are to hold.
    fn run(&mut self, keys: u64) -> bool {
        let (layout, sums) = (self.layout, &mut self.sums[..]);
        let mut queue = Queue { bytes: as_bytes_mut(&mut self.queue) };
        let Some(alone) = enqueue(sums, &mut queue, keys) else { return false };
        let peeled = unravel(layout, sums, &mut queue, alone);
        if peeled as u64 != keys {
            return false;
        }
        fill(layout, sums, &queue, peeled);
        true
    }
}

impl<A: Alloc> Peeling<A> {
    /// Gives back the room of what peeling alone needs.
    pub(super) fn drop_queue(&mut self) {
        self.queue.truncate(0);
        // A block that cannot shrink stays as it is.
        let _ = self.queue.try_shrink_to_fit();
    }

    /// The seed that peeled all keys.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// What the slots are to hold, each as told by [`value`].
    pub(super) fn sums(&self) -> &[Le64] {
        &self.sums
    }
}

/// Keys that are being put into their slots: group by group of their first slots, so that slots
/// near each other are touched together.
struct Inserting<'p> {
    layout: Layout,
    seed: u64,
    sums: &'p mut [Le64],
    /// The keys of each group, from where it starts to its end.
    staged: &'p mut [Le64],
    ends: &'p mut [usize],
    /// Keys for which each group has room.
    room: usize,
}

impl Inserting<'_> {
    #[inline(always)]
    fn add(&mut self, key: u64) {
        let x = seeded(key, self.seed);
        let group = reduce(x, self.ends.len() as u64) as usize;
        let end = self.ends[group];
        self.staged[end] = Le64::new(x);
        self.ends[group] = end + 1;
        if end + 1 == (group + 1) * self.room {
            self.flush(group);
        }
    }

    /// Puts the staged keys of a group into their slots.
    #[inline(never)]
    fn flush(&mut self, group: usize) {
        let (layout, sums, start) = (self.layout, &mut *self.sums, group * self.room);
        let end = core::mem::replace(&mut self.ends[group], start);
        for x in &self.staged[start..end] {
            let x = x.get();
            for slot in layout.slots_of(0, x) {
                let sum = &mut sums[slot as usize];
                *sum = Le64::new(sum.get().wrapping_add(x + ONE));
            }
        }
    }

    /// Puts all staged keys into their slots.
    fn finish(&mut self) {
        (0..self.ends.len()).for_each(|group| self.flush(group));
    }
}

/// Bytes of a number of a slot.
const NUMBER: usize = 3;

/// The slots given to keys, in that order, then those that only one key had when they were put in,
/// then room for one more. A slot is put in at most once.
struct Queue<'p> {
    bytes: &'p mut [u8],
}

impl Queue<'_> {
    #[inline(always)]
    fn get(&self, at: usize) -> usize {
        let mut slot = [0; 4];
        slot[..NUMBER].copy_from_slice(&self.bytes[at * NUMBER..][..NUMBER]);
        u32::from_le_bytes(slot) as usize
    }

    #[inline(always)]
    fn set(&mut self, at: usize, slot: usize) {
        let slot = &(slot as u32).to_le_bytes()[..NUMBER];
        self.bytes[at * NUMBER..][..NUMBER].copy_from_slice(slot);
    }
}

/// Slots of the queue by which the sums of a key's slots are asked for ahead, and twice as many
/// by which the sum that has the key is. With the latter alone, building a million keys takes 1.1
/// to 1.2 times as long (measured).
const AHEAD: usize = 16;

/// Asks for the sum of a slot.
#[inline(always)]
fn ask_for(sums: &[Le64], slot: usize) {
    prefetch(as_bytes(sums), slot.wrapping_mul(size_of::<Le64>()));
}

/// Asks for the sums of all slots of the key in a slot, which has been asked for. If there are
/// several keys, or none, it asks for nothing of use: a branch would be foreseen by no processor.
#[inline(always)]
fn ask_for_all(layout: Layout, sums: &[Le64], slot: usize) {
    let x = sums[slot].get();
    for other in layout.slots_of(0, x) {
        ask_for(sums, other as usize);
    }
}

/// Puts the slots that only one key has into the queue; how many these are. `None` if a slot has
/// more keys than its byte can count.
#[inline(never)]
fn enqueue(sums: &[Le64], queue: &mut Queue<'_>, keys: u64) -> Option<usize> {
    let (mut end, mut total) = (0, 0);
    for (slot, sum) in sums.iter().enumerate() {
        let count = count(sum.get());
        queue.set(end, slot);
        end += usize::from(count == 1);
        total += count;
    }
    (total == 4 * keys).then_some(end)
}

/// Gives slots to keys until no slot is left that only one key has, of which there are `end`; how
/// many keys have one.
#[inline(never)]
fn unravel(layout: Layout, sums: &mut [Le64], queue: &mut Queue<'_>, mut end: usize) -> usize {
    let (mut at, mut peeled) = (0, 0);
    while at < end {
        let slot = queue.get(at);
        ask_for(sums, queue.get((at + 2 * AHEAD).min(end - 1)));
        ask_for_all(layout, sums, queue.get((at + AHEAD).min(end - 1)));
        at += 1;
        let sum = sums[slot].get();
        if count(sum) != 1 {
            continue; // its one key got another slot
        }
        queue.set(peeled, slot);
        peeled += 1;
        let x = sum - ONE;
        for other in layout.slots_of(0, x) {
            let left = sums[other as usize].get().wrapping_sub(sum);
            sums[other as usize] = Le64::new(left);
            // Without a branch, which no processor could foretell. Its own slot has none now.
            queue.set(end, other as usize);
            end += usize::from(count(left) == 1);
        }
        sums[slot] = Le64::new(x);
    }
    peeled
}

/// Says in the sums what the slots are to hold: the keys in the opposite order of peeling, each in
/// its slot that no key before it has.
#[inline(never)]
fn fill(layout: Layout, sums: &mut [Le64], queue: &Queue<'_>, peeled: usize) {
    for at in (0..peeled).rev() {
        ask_for(sums, queue.get(at.saturating_sub(2 * AHEAD)));
        ask_for_all(layout, sums, queue.get(at.saturating_sub(AHEAD)));
        let slot = queue.get(at);
        let x = sums[slot].get();
        // Its own slot does not say anything yet, and so those of keys to come.
        let mut held = fingerprint(x);
        for other in layout.slots_of(0, x) {
            held ^= value(sums[other as usize].get());
        }
        sums[slot] = Le64::new(holding(held));
    }
}
