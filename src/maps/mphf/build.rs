//! Building a [`Mphf`]: level after level, until every key has a slot.

use super::level::{Level, SEED_BITS, mixed, next};
use super::place::Placing;
use super::{LATER, Mphf, NARROW_KEYS};
use crate::arrays::EliasFanoBuilder;
use crate::bits::field::{Fields, words_for};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::shards::{self, Shards, Told};
use crate::storage::HeapWords;

/// The most keys.
pub(super) const MAX_KEYS: u64 = 1 << 36;
/// How often building begins anew, each time with other levels. The first attempt has not been seen
/// to fail.
const ATTEMPTS: u64 = 16;

impl<A: Alloc + Clone> Mphf<HeapWords<A>> {
    /// The function of the hashes that `again` tells every time it is called.
    pub(super) fn build<I: Iterator<Item = u64>>(
        again: &impl Fn() -> I,
        seed: u64,
        memory: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let len = shards::count(again());
        if len > MAX_KEYS || usize::try_from(len).is_err() {
            let max = MAX_KEYS.min(usize::MAX as u64);
            return Err(BuildError::TooMany { len, max });
        }
        for attempt in 0..ATTEMPTS {
            let mut levels = Levels::new(alloc.clone());
            if levels.place_all(again, attempt, len, memory)? {
                return levels.into_function(len, seed, attempt);
            }
        }
        Err(BuildError::Unsolvable { attempts: ATTEMPTS as u32 })
    }
}

/// The levels whose keys are placed.
struct Levels<A: Alloc> {
    /// Seeds of all buckets, level after level.
    seeds: RawVec<u16, A>,
    /// Keys of each level but the first.
    later: [u64; LATER],
    placed: RawVec<Placing<A>, A>,
    alloc: A,
}

/// The error of a hash that came twice: where it does so in `hashes`, or that it does no more.
fn told_twice(hashes: impl Iterator<Item = u64>, twice: u64) -> BuildError {
    let mut found = 0;
    for (index, hash) in hashes.enumerate() {
        found += u64::from(hash == twice);
        if found == 2 {
            return BuildError::DuplicateKey { index };
        }
    }
    BuildError::Unsteady { expected: 2, found }
}

impl<A: Alloc + Clone> Levels<A> {
    fn new(alloc: A) -> Self {
        let (seeds, placed) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc.clone()));
        Self { seeds, later: [0; LATER], placed, alloc }
    }

    /// Places all keys; `false` if some are left after the last level.
    fn place_all<I: Iterator<Item = u64>>(
        &mut self,
        again: &impl Fn() -> I,
        attempt: u64,
        len: u64,
        memory: usize,
    ) -> Result<bool, BuildError> {
        if len == 0 {
            return Ok(true);
        }
        self.placed.try_reserve_exact(LATER + 1)?;
        let mut bumped = self.place_first(again, attempt, len, memory)?;
        for level in 0..LATER {
            if bumped.is_empty() {
                break;
            }
            self.later[level] = bumped.len() as u64;
            bumped.iter_mut().for_each(|x| *x = next(*x));
            bumped.sort_unstable();
            bumped = self.place_later(&bumped)?;
        }
        Ok(bumped.is_empty())
    }

    /// Places keys on the first level; the keys of the next one.
    fn place_first<I: Iterator<Item = u64>>(
        &mut self,
        again: &impl Fn() -> I,
        attempt: u64,
        len: u64,
        memory: usize,
    ) -> Result<RawVec<u64, A>, BuildError> {
        let level = Level::first(len);
        let mut placing = Placing::new(level, self.alloc.clone())?;
        let told = Told::new(|| again().map(|hash| mixed(hash, attempt)), self.alloc.clone());
        let mut shards = Shards::cut(told, len, level.shards as usize, self.alloc.clone())?;
        let a_shard = self.open(&level)? / level.shards as usize;
        let mut bumped = RawVec::new_in(self.alloc.clone());
        let (mut at, mut twice) = (0, None);
        shards.each(0, memory, |_, keys| {
            keys.sort_unstable();
            twice = twice.or_else(|| keys.windows(2).find(|pair| pair[0] == pair[1]).map(|x| x[0]));
            if twice.is_none() {
                let seeds = &mut self.seeds[at..at + a_shard];
                placing.place(keys, at as u64, seeds, &mut bumped)?;
                at += a_shard;
            }
            Ok(())
        })?;
        if let Some(twice) = twice {
            return Err(told_twice(again().map(|hash| mixed(hash, attempt)), twice));
        }
        self.placed.try_push(placing)?;
        Ok(bumped)
    }

    /// Places ascending keys on a level of their own; the keys of the next one.
    fn place_later(&mut self, keys: &[u64]) -> Result<RawVec<u64, A>, BuildError> {
        let level = Level::later(keys.len() as u64);
        let mut placing = Placing::new(level, self.alloc.clone())?;
        let buckets = self.open(&level)?;
        let mut bumped = RawVec::new_in(self.alloc.clone());
        let from = self.seeds.len() - buckets;
        placing.place(keys, 0, &mut self.seeds[from..], &mut bumped)?;
        self.placed.try_push(placing)?;
        Ok(bumped)
    }

    /// Makes room for the seeds of a level; how many they are.
    fn open(&mut self, level: &Level) -> Result<usize, AllocError> {
        let buckets = usize::try_from(level.buckets).map_err(|_| AllocError::CapacityOverflow)?;
        let len = self.seeds.len().checked_add(buckets).ok_or(AllocError::CapacityOverflow)?;
        self.seeds.try_reserve_exact(buckets)?;
        self.seeds.try_resize(len, 0)?;
        Ok(buckets)
    }

    /// The free slots of the first level, one for each slot of the later ones, in order: slots that
    /// no key has share the one of the key before them.
    fn holes(&self) -> impl Iterator<Item = u64> {
        let (first, later) = match self.placed.split_first() {
            Some((first, later)) => (Some(first), later),
            None => (None, &[][..]),
        };
        let mut free = first
            .into_iter()
            .flat_map(|first| (0..first.level().slots()).filter(|slot| !first.taken.has(*slot)));
        let mut hole = 0;
        later
            .iter()
            .flat_map(|level| (0..level.level().slots()).map(move |slot| (level, slot)))
            .map(move |(level, slot)| {
                if level.taken.has(slot) {
                    // As many are free as keys are placed later.
                    hole = free.next().unwrap_or(hole);
                }
                hole
            })
    }

    fn into_function(
        self,
        len: u64,
        seed: u64,
        attempt: u64,
    ) -> Result<Mphf<HeapWords<A>>, BuildError> {
        let slots: u64 = self.placed.iter().skip(1).map(|level| level.level().slots()).sum();
        let narrow = len <= NARROW_KEYS;
        let holes = if narrow {
            None
        } else {
            let slots = usize::try_from(slots).map_err(|_| AllocError::CapacityOverflow)?;
            let mut builder = EliasFanoBuilder::new_in(slots, len - 1, self.alloc.clone())?;
            self.holes().try_for_each(|hole| builder.push(hole))?;
            Some(builder.finish()?)
        };
        let fields = self.seeds.len() + if narrow { slots as usize } else { 0 };
        let words = words_for(fields, SEED_BITS).ok_or(AllocError::CapacityOverflow)?;
        let mut store = HeapWords::new_in(self.alloc.clone());
        store.try_reserve_exact(words)?;
        store.try_resize(words)?;
        let mut fields =
            Fields::new(store, fields, SEED_BITS).ok_or(AllocError::CapacityOverflow)?;
        let seeds = self.seeds.iter().map(|seed| u64::from(*seed));
        let holes_too = self.holes().take(if narrow { usize::MAX } else { 0 });
        for (index, field) in seeds.chain(holes_too).enumerate() {
            fields.fill(index, field);
        }
        Ok(Mphf::of(fields, holes, self.later, seed, attempt, len as usize))
    }
}
