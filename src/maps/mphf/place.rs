//! Placing the keys of a level: for each bucket, the seed that gives all of its keys free slots,
//! and leaves the fewest behind them.
//!
//! Buckets are placed along the slots. Of the next [`WINDOW`] buckets the one with the most keys
//! comes first, as long as it is not too far ahead: large buckets need free slots most.

use super::level::{Level, MAX_SEED};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// Buckets that are looked at together.
const WINDOW: usize = 256;
/// Buckets with more keys get no seed: one of a billion has as many.
const MOST_TOGETHER: usize = 32;
/// By how many 1,024ths of a bucket one with so many keys comes sooner, where seeds are steps
/// [Beling, Sanders 2025: tuned by them for ten bits and slices of 2,048].
const STEPS_SOONER: [i64; CLASSES] =
    sooner([0, -3_386, 13_051, 82_525, 133_516, 169_004, 198_445, 214_518]);
/// The same where they are not [as above, slices of 128].
const SOONER: [i64; CLASSES] =
    sooner([0, -64_675, 118_668, 124_723, 128_169, 130_578, 132_997, 133_906]);

/// Each key more counts as the last one.
const fn sooner(tuned: [i64; 8]) -> [i64; CLASSES] {
    let mut sooner = [0; CLASSES];
    let mut keys = 0;
    while keys < CLASSES {
        sooner[keys] = if keys < 8 { tuned[keys] } else { sooner[keys - 1] + tuned[7] - tuned[6] };
        keys += 1;
    }
    sooner
}
/// Buckets of so many keys or more are one class.
const CLASSES: usize = 17;
/// No bucket.
const NONE: u16 = u16::MAX;

/// The buckets of the window that wait: for each number of keys a list, in order.
struct Waiting {
    first: [u16; CLASSES],
    last: [u16; CLASSES],
    /// Of the place `bucket % WINDOW`: the next one of the same list.
    next: [u16; WINDOW],
    bucket: [usize; WINDOW],
    /// Where a bucket's keys are.
    keys: [(usize, usize); WINDOW],
}

impl Waiting {
    const fn new() -> Self {
        Self {
            first: [NONE; CLASSES],
            last: [NONE; CLASSES],
            next: [NONE; WINDOW],
            bucket: [0; WINDOW],
            keys: [(0, 0); WINDOW],
        }
    }

    /// Adds the bucket with these keys, behind all others.
    fn add(&mut self, bucket: usize, keys: Range<usize>) {
        let (place, class) = (bucket % WINDOW, keys.len().min(CLASSES - 1));
        self.bucket[place] = bucket;
        self.keys[place] = (keys.start, keys.end);
        self.next[place] = NONE;
        match self.last[class] {
            NONE => self.first[class] = place as u16,
            last => self.next[usize::from(last)] = place as u16,
        }
        self.last[class] = place as u16;
    }

    /// The number of the first bucket of each list that is not empty, with its class.
    fn firsts(&self) -> impl Iterator<Item = (usize, usize)> {
        let lists = self.first.iter().enumerate().filter(|(_, place)| **place != NONE);
        lists.map(|(class, place)| (class, self.bucket[usize::from(*place)]))
    }

    /// The first bucket that waits.
    fn front(&self) -> Option<usize> {
        self.firsts().map(|(_, bucket)| bucket).min()
    }

    /// Takes the bucket whose turn it is, with its keys.
    fn take(&mut self, sooner: &[i64; CLASSES]) -> Option<(usize, Range<usize>)> {
        let turn = |(class, bucket): &(usize, usize)| sooner[*class] - 1_024 * *bucket as i64;
        let (class, bucket) = self.firsts().max_by_key(turn)?;
        let place = bucket % WINDOW;
        self.first[class] = self.next[place];
        if self.first[class] == NONE {
            self.last[class] = NONE;
        }
        Some((bucket, self.keys[place].0..self.keys[place].1))
    }
}

/// Which slots of a level are taken.
///
/// Slots whose numbers differ by a multiple of the step are neighbours here, so that 64 seeds are
/// tried at once: slot `i` is bit `i / step % 64` of word `i / step / 64 * step + i % step`.
pub(super) struct Taken<A: Alloc> {
    words: RawVec<u64, A>,
    step: u32,
}

impl<A: Alloc> Taken<A> {
    fn new(level: &Level, alloc: A) -> Result<Self, AllocError> {
        let mut words = RawVec::new_in(alloc);
        // Windows of 64 slots may reach one word behind the last slot's.
        let step = u32::from(level.steps);
        let len = ((level.slots() >> (6 + step)) + 2) << step;
        let len = usize::try_from(len).map_err(|_| AllocError::CapacityOverflow)?;
        words.try_reserve_exact(len)?;
        words.try_resize(len, 0)?;
        Ok(Self { words, step })
    }

    /// The word and the bit of a slot.
    #[inline(always)]
    const fn place(&self, slot: u64) -> (usize, u32) {
        let of_step = slot & ((1 << self.step) - 1);
        let word = ((slot >> (6 + self.step)) << self.step) + of_step;
        (word as usize, (slot >> self.step) as u32 & 63)
    }

    fn take(&mut self, slot: u64) {
        let (word, bit) = self.place(slot);
        self.words[word] |= 1 << bit;
    }

    /// Whether a slot is taken.
    #[inline]
    pub(super) fn has(&self, slot: u64) -> bool {
        let (word, bit) = self.place(slot);
        self.words[word] >> bit & 1 == 1
    }

    /// The 64 slots that are `ahead` words behind the one at `place`, in steps.
    #[inline(always)]
    fn ahead(&self, place: (usize, u32), ahead: usize) -> u64 {
        let word = place.0 + (ahead << self.step);
        let (low, high) = (self.words[word], self.words[word + (1 << self.step)]);
        low >> place.1 | high << 1 << (63 - place.1)
    }
}

/// A key of the bucket that is placed.
#[derive(Clone, Copy)]
struct Spot {
    /// Its slot with seed 0, within its slice.
    offset: u64,
    /// Where its slice begins.
    slice: u64,
}

/// A level whose keys are being placed.
pub(super) struct Placing<A: Alloc> {
    level: Level,
    pub(super) taken: Taken<A>,
}

impl<A: Alloc> Placing<A> {
    pub(super) fn new(level: Level, alloc: A) -> Result<Self, AllocError> {
        Ok(Self { level, taken: Taken::new(&level, alloc)? })
    }

    pub(super) const fn level(&self) -> &Level {
        &self.level
    }

    /// Finds seeds for the buckets from `first` on, one for each place of `seeds`, whose keys are
    /// `keys`, ascending. Keys without a seed are put behind those that are `bumped` already.
    pub(super) fn place(
        &mut self,
        keys: &[u64],
        first: u64,
        seeds: &mut [u16],
        bumped: &mut RawVec<u64, A>,
    ) -> Result<(), AllocError> {
        let sooner = if self.level.steps { &STEPS_SOONER } else { &SOONER };
        let mut waiting = Waiting::new();
        let (mut key, mut bucket, mut front) = (0, 0, 0);
        loop {
            while bucket < seeds.len() && bucket < front + WINDOW {
                let start = key;
                let number = first + bucket as u64;
                while keys.get(key).is_some_and(|x| self.level.bucket_of(*x) == number) {
                    key += 1;
                }
                if key > start {
                    waiting.add(bucket, start..key);
                }
                bucket += 1;
            }
            let Some((turn, keys_of)) = waiting.take(sooner) else {
                if bucket == seeds.len() {
                    return Ok(());
                }
                front = bucket; // all of them were empty
                continue;
            };
            seeds[turn] = self.seat(&keys[keys_of.clone()]);
            if seeds[turn] == 0 {
                bumped.try_extend_from_slice(&keys[keys_of])?;
            }
            front = waiting.front().unwrap_or(bucket);
        }
    }

    /// The seed of a bucket with these keys, whose slots are then taken; 0 if there is none.
    fn seat(&mut self, keys: &[u64]) -> u16 {
        if keys.len() > MOST_TOGETHER {
            return 0;
        }
        let level = self.level;
        let mut spots = [Spot { offset: 0, slice: 0 }; MOST_TOGETHER];
        let spots = &mut spots[..keys.len()];
        for (spot, x) in spots.iter_mut().zip(keys) {
            *spot = Spot { offset: x & level.within, slice: level.slice_of(*x) };
        }
        sort(spots);
        let seed = if level.steps { self.best_step(spots) } else { self.best_place(keys) };
        if seed != 0 {
            keys.iter().for_each(|x| self.taken.take(level.slot_of(*x, seed)));
        }
        seed as u16
    }

    /// The seed with the least sum of slots, all of them free and different; 0 if there is none.
    fn best_place(&self, keys: &[u64]) -> u64 {
        let (mut best, mut least) = (0, u64::MAX);
        let mut slots = [0; MOST_TOGETHER];
        for seed in 1..=MAX_SEED {
            let mut sum = 0;
            let free = keys.iter().enumerate().all(|(i, x)| {
                slots[i] = self.level.slot_of(*x, seed);
                sum += slots[i];
                !self.taken.has(slots[i])
            });
            let differ = |slots: &[u64]| (1..slots.len()).all(|i| !slots[..i].contains(&slots[i]));
            if free && sum < least && differ(&slots[..keys.len()]) {
                (best, least) = (seed, sum);
            }
        }
        best
    }

    /// The same where seeds are steps.
    ///
    /// As seeds grow, keys move on through their slices and begin anew, the one with the largest
    /// offset first: between two such events all keys move alike, and the first seed that does is
    /// the best.
    fn best_step(&self, spots: &[Spot]) -> u64 {
        let (within, step) = (self.level.within, self.taken.step);
        let (len, slice) = (spots.len() as i64, within as i64 + 1);
        let meet = some_may_meet(spots, within);
        let (mut best, mut least) = (0, i64::MAX);
        let mut from = 1;
        for around in 0..=spots.len() {
            // The first seed at which the next key begins anew.
            let next = spots.get(around).map(|spot| (within + (1 << step) - spot.offset) >> step);
            let to = next.unwrap_or(u64::MAX).min(MAX_SEED + 1);
            if from >= to {
                continue;
            }
            let score = |seed: u64| len * (seed << step) as i64 - around as i64 * slice;
            if score(from) < least && !(meet && some_meet(spots, around, within)) {
                let found = self.first_free(spots, around, from..to, |seed| score(seed) < least);
                if let Some(seed) = found {
                    (best, least) = (seed, score(seed));
                }
            }
            from = to;
        }
        best
    }

    /// The first of `seeds` that gives all keys free slots, the first `around` of which have begun
    /// anew, if it is still `good`.
    #[inline]
    fn first_free(
        &self,
        spots: &[Spot],
        around: usize,
        seeds: Range<u64>,
        good: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let (within, step) = (self.level.within, self.taken.step);
        let mut places = [(0, 0); MOST_TOGETHER];
        let places = &mut places[..spots.len()];
        for (i, (place, spot)) in places.iter_mut().zip(spots).enumerate() {
            let slot = spot.slice + spot.offset + (seeds.start << step);
            *place = self.taken.place(if i < around { slot - within - 1 } else { slot });
        }
        let mut seed = seeds.start;
        let mut ahead = 0;
        while seed < seeds.end && good(seed) {
            let taken = places.iter().fold(0, |all, place| all | self.taken.ahead(*place, ahead));
            if taken != u64::MAX {
                let seed = seed + u64::from(taken.trailing_ones());
                return (seed < seeds.end && good(seed)).then_some(seed);
            }
            seed += 64;
            ahead += 1;
        }
        None
    }
}

/// Puts those with the largest offsets first.
#[inline]
fn sort(spots: &mut [Spot]) {
    for i in 1..spots.len() {
        let spot = spots[i];
        let mut at = i;
        while at > 0 && spots[at - 1].offset < spot.offset {
            spots[at] = spots[at - 1];
            at -= 1;
        }
        spots[at] = spot;
    }
}

/// Whether two keys may be given the same slot: only if their slots with seed 0 are equal up to a
/// multiple of a slice, which are few.
#[inline]
fn some_may_meet(spots: &[Spot], within: u64) -> bool {
    let of = |spot: &Spot| spot.slice + spot.offset;
    let meets = |i: usize| spots[..i].iter().any(|a| (of(a) ^ of(&spots[i])) & within == 0);
    (1..spots.len()).any(meets)
}

/// Whether two keys are given the same slot, if the first `around` of them have begun anew.
fn some_meet(spots: &[Spot], around: usize, within: u64) -> bool {
    let of = |i: usize| {
        let slot = spots[i].slice + spots[i].offset;
        if i < around { slot.wrapping_sub(within + 1) } else { slot }
    };
    (1..spots.len()).any(|i| (0..i).any(|j| of(i) == of(j)))
}
