//! Building a [`Ribbon`]: a system of equations, one a key, solved shard by shard and layer by
//! layer.

use super::layer::{
    BUCKET, Columns, GROUP, Layer, MIN_SLOTS, Masks, ONES, bumped, class, coefficients, parities,
    result,
};
use super::{MAX_LAYERS, Ribbon};
use crate::error::{AllocError, BuildError};
use crate::filters::gather::{Building, Kept, distinct};
use crate::filters::rate;
use crate::hashing::fold;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::shards::{Shards, Source, filled};
use crate::storage::{HeapWords, Le64, Words, as_bytes_mut};

/// Keys of a shard, about: its equations fit in a core's cache.
const SHARD_KEYS: u64 = 32_768;
/// Fewer keys are a last layer, which leaves none to another.
const LAST_KEYS: u64 = 4_096;
/// Sizes that the last layer tries.
const ATTEMPTS: u32 = 32;
/// One key of so many is left to the next layer, at most: measured are 19.
const BUMPED_OF: u64 = 16;

/// Slots of a shard of a layer that is to leave some keys to the next: 4 % fewer than keys.
const fn bumping_slots(keys: u64, shards: u64) -> u64 {
    let slots = (keys - keys / 25).div_ceil(shards).next_multiple_of(BUCKET);
    if slots < MIN_SLOTS { MIN_SLOTS } else { slots }
}

/// Slots of a last layer: 2 % and a few more than keys, and more with each attempt.
const fn last_slots(keys: u64, attempt: u32) -> u64 {
    let more = 48 + attempt as u64 * (32 + keys / 64);
    let slots = (keys + keys / 50 + more).next_multiple_of(GROUP);
    if slots < MIN_SLOTS { MIN_SLOTS } else { slots }
}

impl<A: Alloc + Clone> Ribbon<HeapWords<A>> {
    pub(super) fn build(
        source: impl Source,
        len: u64,
        fpr: f64,
        how: Building,
        alloc: A,
    ) -> Result<Self, BuildError> {
        rate::check(usize::try_from(len).unwrap_or(usize::MAX), fpr)?;
        let mut set = Self {
            first: HeapWords::new_in(alloc.clone()),
            more: HeapWords::new_in(alloc.clone()),
            layers: [Layer::NONE; MAX_LAYERS],
            count: 0,
            columns: Columns::for_rate(fpr),
            seed: how.seed,
            len,
        };
        if len == 0 {
            return Ok(set);
        }
        let keys = if len < LAST_KEYS {
            all_of(source, len, how.memory, alloc.clone())?
        } else {
            let mut keys = set.add_layer(source, len, how.memory, alloc.clone())?;
            while keys.len() as u64 >= LAST_KEYS && set.count < MAX_LAYERS - 1 {
                let (len, kept) = (keys.len() as u64, Kept::of(keys, alloc.clone()));
                keys = set.add_layer(kept, len, usize::MAX, alloc.clone())?;
            }
            keys
        };
        set.add_last(&keys, alloc)?;
        set.add_shapes()?;
        Ok(set)
    }

    /// Adds a layer of the `len` keys of `source`; returns those that it leaves to the next one.
    fn add_layer(
        &mut self,
        source: impl Source,
        len: u64,
        memory: usize,
        alloc: A,
    ) -> Result<RawVec<u64, A>, BuildError> {
        let count = len.div_ceil(SHARD_KEYS);
        let slots = bumping_slots(len, count);
        let columns = self.columns;
        let block = if self.count == 0 { &mut self.first } else { &mut self.more };
        let layer = append(block, count, slots, true, columns)?;
        let mut shards = Shards::cut(source, len, count as usize, alloc.clone())?;
        let mut solver = Solver::new(slots, shards.largest(), alloc.clone())?;
        let mut left = RawVec::new_in(alloc);
        left.try_reserve_exact((len / BUMPED_OF) as usize + 64)?;
        let scratch = Solver::<A>::bytes(slots, shards.largest()) + left.capacity() as u64 * 8;
        let memory = shards.sparing(scratch, memory)?;
        shards.each(scratch, memory, |shard, keys| {
            solver.solve(&layer, shard, keys, as_bytes_mut(block.words_mut()), |bumped| {
                leave(&mut left, bumped)
            })?;
            solver.fill(&layer, columns, shard, as_bytes_mut(block.words_mut()));
            Ok(())
        })?;
        self.layers[self.count] = layer;
        self.count += 1;
        // Of different keys there are never so many.
        if left.len() as u64 > len / BUMPED_OF {
            let different = distinct(&mut left).len();
            left.truncate(different);
        }
        left.iter_mut().for_each(|x| *x = bumped(*x));
        Ok(left)
    }

    /// Adds the layer that keeps all of its keys.
    fn add_last(&mut self, keys: &[u64], alloc: A) -> Result<(), BuildError> {
        let (len, from) = (keys.len() as u64, self.more.words().len());
        for attempt in 0..ATTEMPTS {
            let slots = last_slots(len, attempt);
            self.more.truncate(from);
            let layer = append(&mut self.more, 1, slots, false, self.columns)?;
            let mut solver = Solver::new(slots, len, alloc.clone())?;
            let bytes = as_bytes_mut(self.more.words_mut());
            let mut all = true;
            solver.solve(&layer, 0, keys, bytes, |_| {
                all = false;
                Ok(())
            })?;
            if all {
                solver.fill(&layer, self.columns, 0, bytes);
                self.layers[self.count] = layer;
                self.count += 1;
                return Ok(());
            }
        }
        Err(BuildError::Unsolvable { attempts: ATTEMPTS })
    }

    /// Appends the shapes of all layers, for whoever opens it.
    fn add_shapes(&mut self) -> Result<(), BuildError> {
        let from = self.more.words().len();
        self.more.try_reserve_exact(2 * self.count)?;
        self.more.try_resize(from + 2 * self.count)?;
        let shapes = self.more.words_mut()[from..].chunks_exact_mut(2);
        for (shape, layer) in shapes.zip(&self.layers) {
            shape.copy_from_slice(&[Le64::new(layer.shards), Le64::new(layer.slots)]);
        }
        Ok(())
    }
}

/// A layer of this shape, behind what `block` has.
fn append<A: Alloc>(
    block: &mut HeapWords<A>,
    shards: u64,
    slots: u64,
    bumps: bool,
    columns: Columns,
) -> Result<Layer, BuildError> {
    let from = block.words().len();
    let layer = Layer::new(shards, slots, bumps, columns, from);
    let (layer, end) = layer.ok_or(AllocError::CapacityOverflow)?;
    block.try_reserve_exact(end - from)?;
    block.try_resize(end)?;
    Ok(layer)
}

/// All keys of a source, for a set of one layer.
fn all_of<A: Alloc + Clone>(
    source: impl Source,
    len: u64,
    memory: usize,
    alloc: A,
) -> Result<RawVec<u64, A>, BuildError> {
    let mut all = filled(0, 0, alloc.clone())?;
    all.try_reserve_exact(len as usize)?;
    let scratch = Solver::<A>::bytes(last_slots(len, 0), len) + len * 8;
    let mut shards = Shards::cut(source, len, 1, alloc)?;
    shards.each(scratch, memory, |_, keys| Ok(all.try_extend_from_slice(keys)?))?;
    Ok(all)
}

/// Puts `keys` to those that are left to the next layer. Where one key came very often there may be
/// more than expected: then each is kept once.
fn leave<A: Alloc>(left: &mut RawVec<u64, A>, keys: &[u64]) -> Result<(), BuildError> {
    if left.len() + keys.len() > left.capacity() {
        let different = distinct(left).len();
        left.truncate(different);
    }
    Ok(left.try_extend_from_slice(keys)?)
}

/// Classes of keys in a bucket: by the thresholds that leave them out.
const CLASSES: usize = 3;

/// A row of coefficients, and what the slots it picks sum up to.
#[derive(Clone, Copy)]
struct Equation {
    /// Bit i is for the slot i behind the first; the lowest one is set. 0 if there is no equation.
    row: u64,
    /// As told by [`result`].
    sum: u64,
}

/// The bits of a sum that stand for columns.
const COLUMN_BITS: u64 = 0x0F0F_0F0F_0F0F_0F0F;

/// The equations of one shard, in echelon form: each at the first slot that it picks.
struct Solver<A: Alloc> {
    equations: RawVec<Equation, A>,
    /// The keys, bucket by bucket and class by class, and where each class ends.
    keys: RawVec<u64, A>,
    ends: RawVec<usize, A>,
    /// The slots whose equations came from the class at hand.
    new: RawVec<u32, A>,
}

impl<A: Alloc + Clone> Solver<A> {
    /// For shards of so many slots and at most so many keys.
    fn new(slots: u64, keys: u64, alloc: A) -> Result<Self, BuildError> {
        let none = Equation { row: 0, sum: 0 };
        Ok(Self {
            equations: filled(slots as usize, none, alloc.clone())?,
            keys: filled(keys as usize, 0, alloc.clone())?,
            ends: filled(Self::buckets(slots) * CLASSES, 0, alloc.clone())?,
            new: filled(slots as usize, 0, alloc)?,
        })
    }

    const fn buckets(slots: u64) -> usize {
        slots.div_ceil(BUCKET) as usize
    }

    /// Bytes that it takes.
    const fn bytes(slots: u64, keys: u64) -> u64 {
        slots * 20 + keys * 8 + (Self::buckets(slots) * CLASSES * size_of::<usize>()) as u64
    }

    /// Makes equations of `keys`, leaving those of classes that contradict others to `leave`, and
    /// sets the thresholds in `bytes`. What is left out depends on the set of the keys alone, since
    /// contradictions do.
    fn solve(
        &mut self,
        layer: &Layer,
        shard: usize,
        keys: &[u64],
        bytes: &mut [u8],
        mut leave: impl FnMut(&[u64]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let base = shard as u64 * layer.slots;
        self.sort(layer, base, keys);
        self.equations.fill(Equation { row: 0, sum: 0 });
        let mut from = 0;
        for bucket in 0..Self::buckets(layer.slots) {
            let (mut kept, first) = (0, bucket * CLASSES);
            while kept < CLASSES && self.add(layer, base, from..self.ends[first + kept]) {
                from = self.ends[first + kept];
                kept += 1;
            }
            let end = self.ends[first + CLASSES - 1];
            if from < end {
                leave(&self.keys[from..end])?;
                from = end;
            }
            if layer.bumps {
                layer.set_threshold(bytes, (base / BUCKET) as usize + bucket, kept as u8);
            }
        }
        Ok(())
    }

    /// Puts the keys in order.
    fn sort(&mut self, layer: &Layer, base: u64, keys: &[u64]) {
        let class_of = |x| {
            let slot = layer.place(x) - base;
            (slot / BUCKET) as usize * CLASSES + class(slot % BUCKET)
        };
        self.ends.fill(0);
        keys.iter().for_each(|x| self.ends[class_of(*x)] += 1);
        let mut sum = 0;
        for end in self.ends.iter_mut() {
            sum += core::mem::replace(end, sum);
        }
        for x in keys {
            let end = &mut self.ends[class_of(*x)];
            self.keys[*end] = *x;
            *end += 1;
        }
    }

    /// Adds the equations of the keys in `range`; none of them, and `false`, if they contradict
    /// each other or those before.
    #[inline(always)]
    fn add(&mut self, layer: &Layer, base: u64, range: core::ops::Range<usize>) -> bool {
        let equations = &mut self.equations[..];
        let mut added = 0;
        for x in &self.keys[range] {
            let mut slot = (layer.place(*x) - base) as usize;
            let (mut row, mut sum) = (coefficients(*x), result(*x) & COLUMN_BITS);
            while equations[slot].row != 0 {
                row ^= equations[slot].row;
                sum ^= equations[slot].sum;
                if row == 0 {
                    break;
                }
                // Never beyond the last slot: no row starts in the last 63.
                slot += row.trailing_zeros() as usize;
                row >>= row.trailing_zeros();
            }
            if row != 0 {
                equations[slot] = Equation { row, sum };
                self.new[added] = slot as u32;
                added += 1;
            } else if sum != 0 {
                self.new[..added].iter().for_each(|slot| equations[*slot as usize].row = 0);
                return false;
            }
        }
        true
    }

    /// Writes the slots that solve the equations, from the last to the first.
    fn fill(&self, layer: &Layer, columns: Columns, shard: usize, bytes: &mut [u8]) {
        match columns.most.div_ceil(8) {
            1 => self.fill_planes::<1>(layer, shard, bytes),
            2 => self.fill_planes::<2>(layer, shard, bytes),
            3 => self.fill_planes::<3>(layer, shard, bytes),
            _ => self.fill_planes::<4>(layer, shard, bytes),
        }
    }

    /// Of `PLANES` times eight columns.
    fn fill_planes<const PLANES: usize>(&self, layer: &Layer, shard: usize, bytes: &mut [u8]) {
        // The last nine groups: of each eight columns, a byte each.
        let mut window = [[[0; 8]; 9]; PLANES];
        for (index, group) in self.equations.chunks_exact(GROUP as usize).enumerate().rev() {
            window.iter_mut().for_each(|plane| {
                plane.copy_within(..8, 1);
                plane[0] = [0; 8];
            });
            for (shift, equation) in group.iter().enumerate().rev() {
                let Equation { row, sum } = *equation;
                // A slot that no equation starts at may be anything; it is to look random.
                let sum = if row == 0 { fold((index << 3 | shift) as u64 + 1) } else { sum };
                let masks = Masks::new(row, shift as u32);
                for (p, plane) in window.iter_mut().enumerate() {
                    let bits = parities(masks.sum(|k| &plane[k])) ^ sum >> p & ONES;
                    plane[0] = (u64::from_le_bytes(plane[0]) | bits << shift).to_le_bytes();
                }
            }
            let (at, columns) = layer.group(shard * (layer.slots / GROUP) as usize + index);
            let stored = window.iter().flat_map(|plane| plane[0]);
            bytes[at..at + columns].iter_mut().zip(stored).for_each(|(byte, new)| *byte = new);
        }
    }
}
