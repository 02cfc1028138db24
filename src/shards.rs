//! Hashes on their way into what is built of all of them at once: shard by shard, in as many
//! passes over their source as the memory allowed asks for.
//!
//! A shard is the hashes that, as a fraction of 2^64, lie in one of equally many equal ranges.
//! Shards are built one after the other, so that what building needs beside the hashes is one
//! shard's, and so that a source that can be read again needs to give only some of them at a time.

use crate::error::{AllocError, BuildError};
use crate::hashing::reduce;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// Where hashes come from.
pub(crate) trait Source {
    /// Tells `each` of all of them.
    fn tell(&self, each: impl FnMut(u64));

    /// All hashes of the shards in `range`, in the order of their shards; shard `i` of all shards
    /// has those from `starts[i]` to `starts[i + 1]`.
    fn gather(&mut self, range: Range<usize>, starts: &[u64]) -> Result<&mut [u64], BuildError>;

    /// Bytes that the largest gathering takes, if `most` hashes are gathered at once.
    fn bytes(&self, most: u64) -> u64;
}

/// How many hashes a source tells. Reads all, unless the iterator knows.
pub(crate) fn count(hashes: impl Iterator<Item = u64>) -> u64 {
    match hashes.size_hint() {
        (least, Some(most)) if least == most => least as u64,
        _ => hashes.fold(0, |count, _| count + 1),
    }
}

/// Hashes that can be told again and again.
pub(crate) struct Told<A: Alloc, F> {
    again: F,
    gathered: RawVec<u64, A>,
    next: RawVec<usize, A>,
}

impl<A: Alloc + Clone, I: Iterator<Item = u64>, F: Fn() -> I> Told<A, F> {
    pub(crate) fn new(again: F, alloc: A) -> Self {
        let (gathered, next) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc));
        Self { again, gathered, next }
    }
}

impl<A: Alloc + Clone, I: Iterator<Item = u64>, F: Fn() -> I> Source for Told<A, F> {
    fn tell(&self, each: impl FnMut(u64)) {
        (self.again)().for_each(each);
    }

    fn gather(&mut self, range: Range<usize>, starts: &[u64]) -> Result<&mut [u64], BuildError> {
        let (shards, base) = ((starts.len() - 1) as u64, starts[range.start]);
        let len = (starts[range.end] - base) as usize;
        if self.gathered.capacity() < len {
            // Growing would hold the old ones beside the new.
            self.gathered = RawVec::new_in(self.gathered.alloc().clone());
        }
        fill(&mut self.gathered, len, 0)?;
        fill(&mut self.next, range.len(), 0)?;
        for (next, start) in self.next.iter_mut().zip(&starts[range.clone()]) {
            *next = (start - base) as usize;
        }
        let mut found = 0_u64;
        let (gathered, next) = (&mut *self.gathered, &mut *self.next);
        for x in (self.again)() {
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

/// A source, cut into shards.
pub(crate) struct Shards<A: Alloc, S> {
    source: S,
    /// Hashes in all shards before: one number more than there are shards.
    starts: RawVec<u64, A>,
}

impl<A: Alloc, S: Source> Shards<A, S> {
    /// Cuts the `len` hashes of `source` into `shards` shards. Reads them once.
    pub(crate) fn cut(source: S, len: u64, shards: usize, alloc: A) -> Result<Self, BuildError> {
        let mut starts = filled(shards + 1, 0_u64, alloc)?;
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

    pub(crate) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Hashes in the largest shard.
    pub(crate) fn largest(&self) -> u64 {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// Whether the largest shard is larger than chance makes it: one hash was given many times.
    pub(crate) fn is_uneven(&self) -> bool {
        let mean = self.starts.last().copied().unwrap_or(0) / self.count() as u64;
        let above = self.largest() - mean;
        // Ten standard deviations.
        u128::from(above) * u128::from(above) > 100 * u128::from(mean) + 100
    }

    /// Tells `each` of all hashes.
    pub(crate) fn tell(&self, mut each: impl FnMut(u64)) -> Result<(), BuildError> {
        let mut found = 0;
        self.source.tell(|x| {
            found += 1;
            each(x);
        });
        let expected = self.starts.last().copied().unwrap_or(0);
        if found == expected { Ok(()) } else { Err(BuildError::Unsteady { expected, found }) }
    }

    /// The bytes that [`each`](Self::each) takes beside the hashes, of which `scratch` are taken by
    /// others, and the least that it takes in all, which must be no more than `memory`.
    fn needs(&self, scratch: u64, memory: usize) -> Result<(u64, u64), BuildError> {
        let scratch = scratch + self.starts.capacity() as u64 * 8 * 2;
        let need = scratch.saturating_add(self.source.bytes(self.largest()));
        if need > memory as u64 {
            let (min, max) = (need, usize::MAX as u64);
            return Err(BuildError::OutOfRange { name: "memory", value: memory as u64, min, max });
        }
        Ok((scratch, need))
    }

    /// `memory`, if it is enough; but if it is all there is, what gathering half of the hashes at a
    /// time takes.
    pub(crate) fn sparing(&self, scratch: u64, memory: usize) -> Result<usize, BuildError> {
        let (scratch, need) = self.needs(scratch, memory)?;
        let half = self.starts.last().copied().unwrap_or(0).div_ceil(2) * 8;
        let sparing = scratch.saturating_add(half).max(need);
        let sparing = usize::try_from(sparing).unwrap_or(usize::MAX);
        Ok(if memory == usize::MAX { sparing } else { memory })
    }

    /// Calls `work` with each shard's number and hashes, reading the source as often as `memory`
    /// bytes ask for, of which `scratch` are taken by others.
    pub(crate) fn each(
        &mut self,
        scratch: u64,
        memory: usize,
        mut work: impl FnMut(usize, &mut [u64]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let (scratch, _) = self.needs(scratch, memory)?;
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

/// Sets a buffer to `len` items, all `value`, at its exact size.
fn fill<T: Copy>(
    buffer: &mut RawVec<T, impl Alloc>,
    len: usize,
    value: T,
) -> Result<(), AllocError> {
    buffer.truncate(0);
    buffer.try_reserve_exact(len)?;
    buffer.try_resize(len, value)
}

/// A buffer of `len` items, all `value`, at its exact size.
pub(crate) fn filled<T: Copy, A: Alloc>(
    len: usize,
    value: T,
    alloc: A,
) -> Result<RawVec<T, A>, AllocError> {
    let mut buffer = RawVec::new_in(alloc);
    fill(&mut buffer, len, value)?;
    Ok(buffer)
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::hashing::KeyHash;
    use crate::mem::Global;
    use alloc::vec::Vec;

    /// The shards of 1,000 hashes as they are gathered in so much memory, and how often the source
    /// is read for that.
    fn gathered(memory: usize) -> Result<(Vec<Vec<u64>>, u32), BuildError> {
        let calls = core::cell::Cell::new(0);
        let again = || {
            calls.set(calls.get() + 1);
            (0..1_000_u64).map(|i| crate::hashing::mix(i.key_hash(0)))
        };
        let mut shards = Vec::new();
        Shards::cut(Told::new(again, Global), 1_000, 7, Global)?.each(
            0,
            memory,
            |shard, keys| {
                assert_eq!(shard, shards.len());
                keys.sort_unstable();
                shards.push(keys.to_vec());
                Ok(())
            },
        )?;
        Ok((shards, calls.get()))
    }

    #[test]
    fn memory_asks_for_passes_and_changes_nothing() {
        let (all, passes) = gathered(usize::MAX).unwrap();
        assert_eq!((all.len(), passes), (7, 2));
        let Err(BuildError::OutOfRange { name: "memory", min, .. }) = gathered(0) else {
            panic!("no memory does not do");
        };
        let (some, passes) = gathered(min as usize).unwrap();
        assert!(some == all && passes > 5, "{passes} passes");
        assert!(gathered(min as usize - 1).is_err());
        assert!(all.concat().is_sorted() && all.concat().len() == 1_000);
    }

    /// Half of 2^30 hashes takes 2^32 bytes, which a `usize` of 32 bits cannot say.
    #[test]
    fn sparing_memory_is_no_less_than_is_needed() {
        let source = Told::new(core::iter::empty::<u64>, Global);
        let mut starts = filled(5, 0, Global).unwrap();
        starts.iter_mut().zip(0..).for_each(|(start, shard)| *start = shard << 28);
        let sparing = Shards { source, starts }.sparing(0, usize::MAX).unwrap();
        assert_eq!(sparing as u64, ((1 << 32) + 5 * 16).min(usize::MAX as u64));
    }
}
