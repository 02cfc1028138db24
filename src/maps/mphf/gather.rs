//! Hashes on their way into a function: shard by shard, in as many passes over their source as the
//! memory allowed asks for.

use super::level::{mixed, reduce};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use core::ops::Range;

/// Hashes that are told again and again, each as it is on the first level.
pub(super) struct Gather<A: Alloc, F> {
    again: F,
    attempt: u64,
    /// Hashes in all shards before: one number more than there are shards.
    starts: RawVec<u64, A>,
    /// Those of some shards, one shard after the other.
    gathered: RawVec<u64, A>,
    /// Where the next hash of each of these shards comes.
    next: RawVec<usize, A>,
}

/// How many hashes a source tells. Reads all, unless the iterator knows.
pub(super) fn count(hashes: impl Iterator<Item = u64>) -> u64 {
    match hashes.size_hint() {
        (least, Some(most)) if least == most => least as u64,
        _ => hashes.fold(0, |count, _| count + 1),
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

impl<A: Alloc + Clone, I: Iterator<Item = u64>, F: Fn() -> I> Gather<A, F> {
    /// Cuts the `len` hashes into `shards` shards. Reads them once.
    pub(super) fn new(
        again: F,
        attempt: u64,
        len: u64,
        shards: u64,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut starts = RawVec::new_in(alloc.clone());
        let count = usize::try_from(shards).map_err(|_| AllocError::CapacityOverflow)?;
        fill(&mut starts, count + 1, 0)?;
        let (gathered, next) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc));
        let mut all = Self { again, attempt, starts, gathered, next };
        if shards == 1 {
            all.starts[1] = len;
            return Ok(all);
        }
        let sizes = &mut all.starts[1..];
        for hash in (all.again)() {
            sizes[reduce(mixed(hash, attempt), shards) as usize] += 1;
        }
        let found = sizes.iter().sum();
        if found != len {
            return Err(BuildError::Unsteady { expected: len, found });
        }
        for shard in 0..count {
            all.starts[shard + 1] += all.starts[shard];
        }
        Ok(all)
    }

    fn shards(&self) -> usize {
        self.starts.len() - 1
    }

    /// Calls `work` with the hashes of each shard, reading the source as often as `memory` bytes
    /// ask for.
    pub(super) fn each(
        &mut self,
        memory: usize,
        mut work: impl FnMut(&mut [u64]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let largest = self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let beside = self.shards() as u64 * 16 + 8;
        let least = largest.saturating_mul(8).saturating_add(beside);
        if least > memory as u64 {
            let (value, max) = (memory as u64, usize::MAX as u64);
            return Err(BuildError::OutOfRange { name: "memory", value, min: least, max });
        }
        let room = (memory as u64 - beside) / 8;
        let mut from = 0;
        while from < self.shards() {
            let base = self.starts[from];
            let ends = &self.starts[from + 1..];
            let to = from + ends.iter().take_while(|end| **end - base <= room).count();
            self.gather(from..to)?;
            let mut rest = &mut self.gathered[..];
            for shard in from..to {
                let len = (self.starts[shard + 1] - self.starts[shard]) as usize;
                let (this, others) = rest.split_at_mut(len);
                work(this)?;
                rest = others;
            }
            from = to;
        }
        Ok(())
    }

    /// Gathers the hashes of the shards in `range`.
    fn gather(&mut self, range: Range<usize>) -> Result<(), BuildError> {
        let (shards, base) = (self.shards() as u64, self.starts[range.start]);
        let len = self.starts[range.end] - base;
        let fits = usize::try_from(len).map_err(|_| AllocError::CapacityOverflow)?;
        fill(&mut self.gathered, fits, 0)?;
        fill(&mut self.next, range.len(), 0)?;
        for (next, start) in self.next.iter_mut().zip(&self.starts[range.clone()]) {
            *next = (start - base) as usize;
        }
        let mut found = 0_u64;
        let (gathered, next) = (&mut self.gathered[..], &mut self.next[..]);
        for hash in (self.again)() {
            let x = mixed(hash, self.attempt);
            let shard = (reduce(x, shards) as usize).wrapping_sub(range.start);
            let Some(at) = next.get_mut(shard) else { continue };
            found += 1;
            // A source that tells more than before may run into the next shard, or over the end.
            if let Some(place) = gathered.get_mut(*at) {
                *place = x;
                *at += 1;
            }
        }
        let ends = &self.starts[range.start + 1..=range.end];
        let steady = ends.iter().zip(next.iter()).all(|(end, next)| *next as u64 == end - base);
        if steady && found == len {
            Ok(())
        } else {
            Err(BuildError::Unsteady { expected: len, found })
        }
    }

    /// The position of the second hash that is `x` on the first level.
    pub(super) fn second(&self, x: u64) -> Option<usize> {
        let mut hashes = (self.again)().enumerate();
        let mut same = hashes.by_ref().filter(|(_, hash)| mixed(*hash, self.attempt) == x);
        same.nth(1).map(|(index, _)| index)
    }
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
            (0..1_000_u64).map(|i| i.key_hash(0))
        };
        let mut shards = Vec::new();
        Gather::new(again, 0, 1_000, 7, Global)?.each(memory, |keys| {
            keys.sort_unstable();
            shards.push(keys.to_vec());
            Ok(())
        })?;
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
}
