//! Hashes on their way into a filter that is built at once: mixed, shard by shard, in as many
//! passes over their source as the memory allowed asks for.
//!
//! A shard is the keys whose mixed hash, as a fraction of 2^64, lies in one of equally many equal
//! ranges. Shards are built one after the other, so that what building needs beside the hashes is
//! one shard's, and so that a source that can be read again needs to give only some of them at a
//! time.

use crate::error::{AllocError, BuildError};
use crate::hashing::fold;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// How a filter that is built at once from all of its hashes is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Building {
    /// The seed with which keys are hashed.
    pub seed: u64,
    /// The most bytes that building may take beside the finished filter. A source that can be read
    /// again is read as often as that asks for; whether it is changes no bit of the filter.
    pub memory: usize,
}

impl Default for Building {
    /// Seed 0, and as much memory as it takes.
    fn default() -> Self {
        Self { seed: super::DEFAULT_SEED, memory: usize::MAX }
    }
}

/// The high half of a product: where `x`, as a fraction of 2^64, lies in `0..n`.
#[inline(always)]
pub(super) const fn reduce(x: u64, n: u64) -> u64 {
    ((x as u128 * n as u128) >> 64) as u64
}

/// What a key's hash becomes in a static filter, so that raw integers given as hashes do no harm.
#[inline(always)]
pub(super) const fn mixed(hash: u64, seed: u64) -> u64 {
    fold(hash ^ seed)
}

/// Where mixed hashes come from.
pub(super) trait Source {
    /// Tells `each` of all of them.
    fn tell(&self, each: impl FnMut(u64));

    /// All hashes of the shards in `range`, in the order of their shards; shard `i` of all shards
    /// has those from `starts[i]` to `starts[i + 1]`.
    fn gather(&mut self, range: Range<usize>, starts: &[u64]) -> Result<&mut [u64], BuildError>;

    /// Bytes that the largest gathering takes, if `most` hashes are gathered at once.
    fn bytes(&self, most: u64) -> u64;
}

/// Hashes that were given once, and are kept.
pub(super) struct Kept<A: Alloc> {
    hashes: RawVec<u64, A>,
    alloc: A,
    grouped: bool,
}

impl<A: Alloc + Clone> Kept<A> {
    /// Keeps the `hashes`, mixed.
    pub(super) fn new(
        hashes: impl Iterator<Item = u64>,
        seed: u64,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut kept = RawVec::new_in(alloc.clone());
        // A hint that lies upwards shall not ask for more than its items would.
        kept.try_reserve_exact(hashes.size_hint().0.min(1 << 20))?;
        for hash in hashes {
            kept.try_extend_from_slice(&[mixed(hash, seed)])?;
        }
        Ok(Self::of(kept, alloc))
    }

    /// Hashes that are mixed already.
    pub(super) const fn of(hashes: RawVec<u64, A>, alloc: A) -> Self {
        Self { hashes, alloc, grouped: false }
    }

    pub(super) fn len(&self) -> u64 {
        self.hashes.len() as u64
    }
}

impl<A: Alloc + Clone> Source for Kept<A> {
    fn tell(&self, each: impl FnMut(u64)) {
        self.hashes.iter().copied().for_each(each);
    }

    fn gather(&mut self, range: Range<usize>, starts: &[u64]) -> Result<&mut [u64], BuildError> {
        let shards = starts.len() - 1;
        if !self.grouped && shards > 1 {
            let mut next = RawVec::new_in(self.alloc.clone());
            next.try_resize(shards, 0_usize)?;
            for (next, start) in next.iter_mut().zip(starts) {
                *next = *start as usize;
            }
            let end = |shard: usize| starts[shard + 1] as usize;
            group(&mut self.hashes, &mut next, end, |x| reduce(x, shards as u64) as usize);
            self.grouped = true;
        }
        Ok(&mut self.hashes[starts[range.start] as usize..starts[range.end] as usize])
    }

    fn bytes(&self, _: u64) -> u64 {
        self.hashes.capacity() as u64 * 8
    }
}

/// Hashes that can be told again and again.
pub(super) struct Told<A: Alloc, F> {
    again: F,
    seed: u64,
    gathered: RawVec<u64, A>,
    next: RawVec<usize, A>,
}

impl<A: Alloc + Clone, I: Iterator<Item = u64>, F: Fn() -> I> Told<A, F> {
    pub(super) fn new(again: F, seed: u64, alloc: A) -> Self {
        let (gathered, next) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc));
        Self { again, seed, gathered, next }
    }

    /// How many there are. Reads all, unless the iterator knows.
    pub(super) fn count(&self) -> u64 {
        let hashes = (self.again)();
        match hashes.size_hint() {
            (least, Some(most)) if least == most => least as u64,
            _ => hashes.fold(0, |count, _| count + 1),
        }
    }
}

impl<A: Alloc, I: Iterator<Item = u64>, F: Fn() -> I> Source for Told<A, F> {
    fn tell(&self, mut each: impl FnMut(u64)) {
        (self.again)().for_each(|hash| each(mixed(hash, self.seed)));
    }

    fn gather(&mut self, range: Range<usize>, starts: &[u64]) -> Result<&mut [u64], BuildError> {
        let (shards, base) = ((starts.len() - 1) as u64, starts[range.start]);
        let len = (starts[range.end] - base) as usize;
        self.gathered.truncate(len);
        self.gathered.try_reserve_exact(len - self.gathered.len())?;
        self.gathered.try_resize(len, 0)?;
        self.next.truncate(0);
        self.next.try_reserve_exact(range.len())?;
        self.next.try_resize(range.len(), 0)?;
        for (next, start) in self.next.iter_mut().zip(&starts[range.clone()]) {
            *next = (start - base) as usize;
        }
        let mut found = 0_u64;
        let (gathered, next) = (&mut *self.gathered, &mut *self.next);
        for hash in (self.again)() {
            let x = mixed(hash, self.seed);
            let shard = (reduce(x, shards) as usize).wrapping_sub(range.start);
            let Some(at) = next.get_mut(shard) else { continue };
            found += 1;
            // A source that tells more than before may run into the next shard, or over the end.
            if let Some(place) = gathered.get_mut(*at) {
                *place = x;
                *at += 1;
            }
        }
        let steady = (range.start..range.end)
            .zip(next.iter())
            .all(|(shard, next)| *next as u64 == starts[shard + 1] - base);
        if !steady || found != len as u64 {
            return Err(BuildError::Unsteady { expected: len as u64, found });
        }
        Ok(gathered)
    }

    fn bytes(&self, most: u64) -> u64 {
        most.saturating_mul(8)
    }
}

/// Puts `keys` in the order of their groups, in place. `next[i]` is where group `i` starts, and
/// `end(i)` where it ends. (McIlroy, Bostic, McIlroy: American flag sort, 1993.)
pub(super) fn group(
    keys: &mut [u64],
    next: &mut [usize],
    end: impl Fn(usize) -> usize,
    of: impl Fn(u64) -> usize,
) {
    for current in 0..next.len() {
        while next[current] < end(current) {
            let mut x = keys[next[current]];
            loop {
                let home = of(x);
                if home == current {
                    break;
                }
                core::mem::swap(&mut keys[next[home]], &mut x);
                next[home] += 1;
            }
            keys[next[current]] = x;
            next[current] += 1;
        }
    }
}

/// The different ones of `keys`, in front of them.
pub(super) fn distinct(keys: &mut [u64]) -> &mut [u64] {
    keys.sort_unstable();
    let mut len = 0;
    for at in 0..keys.len() {
        if at == 0 || keys[at] != keys[at - 1] {
            keys[len] = keys[at];
            len += 1;
        }
    }
    &mut keys[..len]
}

/// A source, cut into shards.
pub(super) struct Shards<A: Alloc, S> {
    source: S,
    /// Hashes in all shards before: one number more than there are shards.
    starts: RawVec<u64, A>,
}

impl<A: Alloc, S: Source> Shards<A, S> {
    /// Cuts the `len` hashes of `source` into `shards` shards. Reads them once.
    pub(super) fn cut(source: S, len: u64, shards: usize, alloc: A) -> Result<Self, BuildError> {
        let mut starts = RawVec::new_in(alloc);
        starts.try_reserve_exact(shards + 1)?;
        starts.try_resize(shards + 1, 0_u64)?;
        if shards == 1 {
            starts[1] = len;
            return Ok(Self { source, starts });
        }
        let sizes = &mut starts[1..];
        source.tell(|x| sizes[reduce(x, shards as u64) as usize] += 1);
        let found = sizes.iter().fold(0, |sum, size| sum + *size);
        if found != len {
            return Err(BuildError::Unsteady { expected: len, found });
        }
        for shard in 0..shards {
            starts[shard + 1] += starts[shard];
        }
        Ok(Self { source, starts })
    }

    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Hashes in the largest shard.
    pub(super) fn largest(&self) -> u64 {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// Whether the largest shard is larger than chance makes it: one hash was given many times.
    pub(super) fn is_uneven(&self) -> bool {
        let mean = self.starts.last().copied().unwrap_or(0) / self.count() as u64;
        let above = self.largest() - mean;
        // Ten standard deviations.
        u128::from(above) * u128::from(above) > 100 * u128::from(mean) + 100
    }

    /// Calls `work` with each shard's number and hashes, reading the source as often as `memory`
    /// bytes ask for, of which `scratch` are taken by others.
    pub(super) fn each(
        &mut self,
        scratch: u64,
        memory: usize,
        mut work: impl FnMut(usize, &mut [u64]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let scratch = scratch + self.starts.capacity() as u64 * 8 * 2;
        let need = scratch.saturating_add(self.source.bytes(self.largest()));
        if need > memory as u64 {
            let (min, max) = (need, usize::MAX as u64);
            return Err(BuildError::OutOfRange { name: "memory", value: memory as u64, min, max });
        }
        let room = (memory as u64 - scratch) / 8;
        let mut from = 0;
        while from < self.count() {
            let base = self.starts[from];
            let fits = |to: &usize| self.starts[*to] - base <= room;
            let to = (from + 1..=self.count()).take_while(fits).last().unwrap_or(from + 1);
            // One that keeps its hashes has them all anyway.
            let to = if self.source.bytes(0) > 0 { self.count() } else { to };
            let mut rest = self.source.gather(from..to, &self.starts)?;
            for shard in from..to {
                let (this, others) =
                    rest.split_at_mut((self.starts[shard + 1] - self.starts[shard]) as usize);
                work(shard, this)?;
                rest = others;
            }
            from = to;
        }
        Ok(())
    }
}

/// A cleared buffer of `len` items, all `value`, at its exact size.
pub(super) fn filled<T: Copy, A: Alloc>(
    len: usize,
    value: T,
    alloc: A,
) -> Result<RawVec<T, A>, AllocError> {
    let mut buffer = RawVec::new_in(alloc);
    buffer.try_reserve_exact(len)?;
    buffer.try_resize(len, value)?;
    Ok(buffer)
}
