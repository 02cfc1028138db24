//! Building a [`Fuse`]: keys are peeled off, shard by shard, until none is left.

use super::peel::{MAX_SLOTS, Peeling, TRIES, TRIES_BEFORE_SORTING, value};
use super::{Fuse, Layout, MAX_WIDTH};
use crate::bits::field::{Fields, set_all, words_for};
use crate::error::{AllocError, BuildError};
use crate::filters::gather::{Building, distinct};
use crate::filters::rate;
use crate::mem::Alloc;
use crate::shards::{Shards, Source};
use crate::storage::{HeapWords, Le64, Words, as_bytes_mut};

/// Keys of a shard, about: what building needs beside the hashes, 12 bytes a key, is this large.
const SHARD_KEYS: u64 = 1 << 20;
/// How often all shards get another segment after a shard has tried all of its seeds.
const ROUNDS: u32 = 8;

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
        let shards = ((len + SHARD_KEYS / 2) / SHARD_KEYS).max(1);
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
        let (layout, max) = (self.layout, MAX_SLOTS);
        if layout.shard_slots > max {
            return Err(BuildError::TooMany { len: layout.shard_slots, max });
        }
        data.truncate(0);
        let mut peeling = Peeling::new(layout, alloc)?;
        let scratch = Peeling::<A>::bytes(layout);
        let memory = shards.sparing(scratch, memory)?;
        let mut tried = 0;
        if shards.count() == 1 {
            tried = TRIES_BEFORE_SORTING;
            if peeling.peel_told(shards)? {
                // The slots take the room of what only peeling needs.
                peeling.drop_queue();
                self.reserve(data, 1)?;
                self.put(data, 0, &peeling);
                return Ok(true);
            }
        }
        self.reserve(data, shards.count())?;
        let mut solved = true;
        shards.each(scratch, memory, |shard, keys| {
            solved = solved && peeling.peel(keys, tried);
            if solved {
                self.put(data, shard, &peeling);
            }
            Ok(())
        })?;
        Ok(solved)
    }

    /// Room for the slots and as many seeds.
    fn reserve(
        &mut self,
        data: &mut HeapWords<impl Alloc>,
        seeds: usize,
    ) -> Result<(), AllocError> {
        let slots = self.layout.slots().and_then(|slots| words_for(slots, self.width));
        let words = slots.and_then(|slots| slots.checked_add(seeds));
        let (Some(slots), Some(words)) = (slots, words) else {
            return Err(AllocError::CapacityOverflow);
        };
        self.seeds = slots;
        data.try_reserve_exact(words)?;
        data.try_resize(words)
    }

    /// Stores the slots of a shard, and its seed.
    fn put<A: Alloc>(&self, data: &mut HeapWords<A>, shard: usize, peeling: &Peeling<A>) {
        let (width, sums) = (self.width, peeling.sums());
        let (slots, seeds) = data.words_mut().split_at_mut(self.seeds);
        seeds[shard] = Le64::new(peeling.seed());
        let (bytes, first) = (as_bytes_mut(slots), shard * sums.len());
        match width {
            8 => {
                let slots = bytes[first..].iter_mut().zip(sums);
                slots.for_each(|(slot, sum)| *slot = value(sum.get()) as u8);
            }
            16 => {
                for (slot, sum) in bytes[2 * first..].chunks_exact_mut(2).zip(sums) {
                    slot.copy_from_slice(&(value(sum.get()) as u16).to_le_bytes());
                }
            }
            _ => {
                let mut values = [0; 64];
                for (at, sums) in sums.chunks(values.len()).enumerate() {
                    values.iter_mut().zip(sums).for_each(|(to, sum)| *to = value(sum.get()));
                    let slot = (first + at * values.len()) as u64;
                    set_all(bytes, slot * u64::from(width), width, &values[..sums.len()]);
                }
            }
        }
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
        let memory = shards.sparing(0, memory)?;
        shards.each(0, memory, |_, keys| {
            most = most.max(distinct(keys).len() as u64);
            Ok(())
        })?;
    }
    Ok(most)
}
