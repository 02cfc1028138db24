//! Hashes on their way into a filter that is built at once.

use crate::error::BuildError;
use crate::hashing::{fold, reduce};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::shards::Source;
use core::ops::Range;

/// How a filter that is built at once from all of its hashes is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Building {
    /// The seed with which keys are hashed.
    pub seed: u64,
    /// The most bytes that building may take beside the finished filter. A source that can be read
    /// again is read as often as that asks for; whether it is changes no bit of the filter. Without
    /// a bound, `usize::MAX`, half of its hashes are held at a time, which takes little more time
    /// than holding all.
    pub memory: usize,
}

impl Default for Building {
    /// Seed 0, and no bound of the memory.
    fn default() -> Self {
        Self { seed: super::DEFAULT_SEED, memory: usize::MAX }
    }
}

/// What a key's hash becomes in a static filter, so that raw integers given as hashes do no harm.
#[inline(always)]
pub(super) const fn mixed(hash: u64, seed: u64) -> u64 {
    fold(hash ^ seed)
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
        let (least, most) = hashes.size_hint();
        // Growing would hold twice as much for a moment. A hint that lies upwards shall not fail
        // where its items would not.
        if most != Some(least) || kept.try_reserve_exact(least).is_err() {
            kept.try_reserve_exact(least.min(1 << 20))?;
        }
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
