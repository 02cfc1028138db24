//! Laws of the shape `counting_filters`: they are exact multisets of fingerprints, after every
//! insertion, removal, merge and change of size.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::filters::{FilterCount, FilterCountMut};
use crate::mem::Alloc;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// How often each hash was put in, and what the filter was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Multiset {
    capacity: usize,
    fpr: f64,
    counts: BTreeMap<u64, u64>,
    /// The sum of `counts`: asked for at each insertion.
    len: u64,
}

impl Default for Multiset {
    fn default() -> Self {
        Self::made_for(100, 0.01)
    }
}

/// An operation on a multiset.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Put a hash in.
    Insert(u64),
    /// Put a hash in unless it seems to be in.
    InsertOnce(u64),
    /// Put in as many hashes as a seeded generator makes, of so many different ones at most.
    InsertMany(u64, usize, u64),
    /// Take out a hash: the n-th of those that are in.
    Remove(usize),
    /// Take out a hash that is most likely not in: nothing happens, unless it seems to be in.
    RemoveOther(u64),
    /// Take out every n-th of those that are in.
    RemoveMany(usize),
    /// Merge with another that holds what a seeded generator makes.
    Merge(u64, usize),
    /// Give it as many slots more as this.
    Resize(u64),
    /// Give it as few slots as it needs.
    Shrink,
    /// Make a new one, for this capacity and rate.
    Rebuild(usize, f64),
}

/// The rates that programs and edges use, from the coarsest to the finest.
const RATES: [f64; 7] = [0.5, 0.1, 0.01, 1.0 / 256.0, 1e-3, 1e-6, 1.0 / (1_u64 << 32) as f64];
/// Programs stop putting in here.
const MOST: u64 = 20_000;

impl Multiset {
    const fn made_for(capacity: usize, fpr: f64) -> Self {
        Self { capacity, fpr, counts: BTreeMap::new(), len: 0 }
    }

    fn filled(capacity: usize, fpr: f64, hashes: impl Iterator<Item = u64>) -> Self {
        let mut set = Self::made_for(capacity, fpr);
        hashes.for_each(|hash| set.add(hash));
        set
    }

    fn add(&mut self, hash: u64) {
        *self.counts.entry(hash).or_default() += 1;
        self.len += 1;
    }

    fn take(&mut self, hash: u64) {
        let Some(count) = self.counts.get_mut(&hash) else { return };
        (*count, self.len) = (*count - 1, self.len - 1);
        if *count == 0 {
            self.counts.remove(&hash);
        }
    }

    /// The n-th hash, counted around.
    fn pick(&self, n: usize) -> Option<u64> {
        self.counts.keys().nth(n % self.counts.len().max(1)).copied()
    }
}

impl Model for Multiset {
    type Op = Op;

    // How many slots there are depends on what came before.
    const CANONICAL: bool = false;
    // A table of a quarter more slots is filled.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 20 {
            0..=3 => Op::Insert(program.number()),
            4 => Op::InsertOnce(program.number()),
            5..=8 => Op::InsertMany(program.number(), program.count(), program.number()),
            9..=11 => Op::Remove(program.small()),
            12 => Op::RemoveOther(program.number()),
            13 | 14 => Op::RemoveMany(program.small()),
            15 => Op::Merge(program.number(), program.count()),
            16 => Op::Resize(program.small() as u64 * 7),
            17 | 18 => Op::Shrink,
            _ => Op::Rebuild(program.count(), RATES[program.small() % RATES.len()]),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let fpr = RATES[rng.below(RATES.len())];
        Self::filled(len, fpr, (0..len).map(|_| rng.number()))
    }

    fn golden() -> Self {
        let hashes = (0..101_u64).map(|i| (i * i / 3).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self::filled(100, 0.01, hashes)
    }

    fn edges() -> Vec<Self> {
        let full = |fpr| Self::filled(3, fpr, 0..150);
        let mut edges = vec![Self::made_for(0, 0.5), Self::filled(0, 0.01, 0..1)];
        edges.push(Self::filled(70, 0.01, [9; 200].into_iter()));
        edges.extend(RATES.map(full));
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.len as usize)
    }
}

impl<F: FilterCount> Subject<Multiset> for F {
    fn compare(&self, model: &Multiset, look: Look) -> Verdict {
        let (len, expected) = (FilterCount::len(self), model.len);
        ensure!(len == expected, "{len} keys, not {expected}");
        ensure!(FilterCount::is_empty(self) == (len == 0), "is_empty() of {len} keys");
        let step = if look == Look::Whole { 1 } else { (model.counts.len() / 13).max(1) };
        for (hash, count) in model.counts.iter().step_by(step) {
            let found = self.count_hash(*hash);
            ensure!(found >= *count, "{hash:#x} {found} times, not {count}");
            ensure!(self.contains_hash(*hash), "{hash:#x} was put in and is not found");
        }
        if look == Look::Glance && len > 500 {
            return Ok(());
        }
        let mut fingerprints: Vec<u64> = Vec::new();
        for (hash, count) in &model.counts {
            fingerprints.extend((0..*count).map(|_| self.fingerprint(*hash)));
        }
        fingerprints.sort_unstable();
        let (mut told, mut last) = (Vec::new(), 0);
        self.each(&mut |fingerprint| told.push(fingerprint));
        ensure!(told == fingerprints, "{} fingerprints differ from the model's", told.len());
        for hash in model.counts.keys().step_by(step).map(|hash| !hash) {
            let fingerprint = self.fingerprint(hash);
            let from = fingerprints.partition_point(|other| *other < fingerprint);
            let count = fingerprints[from..].iter().take_while(|x| **x == fingerprint).count();
            let found = self.count_hash(hash);
            ensure!(found == count as u64, "{hash:#x} {found} times, not {count}");
            ensure!(self.contains_hash(hash) == (count > 0), "{hash:#x} and its count differ");
            last = last.max(found);
        }
        ensure!(last <= len, "{last} times among {len}");
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let hashes = [0, 1, u64::MAX, 1 << 63, 0x9E37_79B9_7F4A_7C15];
        let mut found = [false; 5];
        self.contains_many_hash(&hashes, &mut found);
        for (hash, found) in hashes.iter().zip(found) {
            ensure!(self.contains_hash(*hash) == found, "{hash:#x} among many: {found}");
            core::hint::black_box(self.count_hash(*hash));
        }
        let (mut last, mut told) = (0, 0);
        let mut ascends = true;
        self.each(&mut |fingerprint| {
            ascends &= last <= fingerprint;
            (last, told) = (fingerprint, told + 1);
        });
        let len = FilterCount::len(self);
        ensure!(ascends && told <= len, "{told} fingerprints of {len}, ascending: {ascends}");
        core::hint::black_box((self.contains("key"), self.heap_bytes()));
        Ok(())
    }
}

/// Puts a hash in; whether it is new must fit what was known before.
fn insert<A: Alloc>(
    set: &mut impl FilterCountMut<A>,
    hash: u64,
    model: &mut Multiset,
) -> Result<(), Stop> {
    if model.len >= MOST {
        return Ok(());
    }
    let count = set.count_hash(hash);
    let new = set.try_add_hash(hash)?;
    let now = set.count_hash(hash);
    ensure!(new == (count == 0) && now == count + 1, "{hash:#x}: {count}, new {new}, then {now}");
    model.add(hash);
    Ok(())
}

fn remove<A: Alloc>(
    set: &mut impl FilterCountMut<A>,
    hash: u64,
    model: &mut Multiset,
) -> Result<(), Stop> {
    let count = set.count_hash(hash);
    let (removed, now) = (set.remove_hash(hash), set.count_hash(hash));
    ensure!(removed && now + 1 == count, "{hash:#x}: {count}, {removed}, then {now}");
    model.take(hash);
    Ok(())
}

impl<A: Alloc + Clone, F: FilterCountMut<A>> SubjectMut<Multiset, A> for F {
    fn build(model: &Multiset, alloc: A) -> Result<Self, BuildError> {
        let mut set = Self::try_with_fpr_in(model.capacity, model.fpr, alloc)?;
        for (hash, count) in &model.counts {
            for _ in 0..*count {
                set.try_add_hash(*hash)?;
            }
        }
        Ok(set)
    }

    fn apply(&mut self, op: &Op, model: &mut Multiset, alloc: &A) -> Result<(), Stop> {
        match *op {
            Op::Insert(hash) => insert(self, hash, model)?,
            Op::InsertOnce(hash) => {
                let (count, new) = (self.count_hash(hash), self.try_insert_hash(hash)?);
                ensure!(new == (count == 0), "{hash:#x}: {count} times, and new: {new}");
                if new {
                    model.add(hash);
                }
            }
            Op::InsertMany(seed, count, different) => {
                let mut rng = Rng::new(seed);
                (0..count)
                    .try_for_each(|_| insert(self, rng.number() % different.max(1), model))?;
            }
            Op::Remove(n) => model.pick(n).map_or(Ok(()), |hash| remove(self, hash, model))?,
            Op::RemoveOther(hash) => {
                if self.count_hash(hash) == 0 {
                    let removed = self.remove_hash(hash);
                    ensure!(!removed, "{hash:#x} was removed and not in");
                }
            }
            Op::RemoveMany(step) => {
                let hashes: Vec<u64> = model.counts.keys().step_by(step + 1).copied().collect();
                hashes.iter().try_for_each(|hash| remove(self, *hash, model))?;
            }
            Op::Merge(seed, count) => merge(self, seed, count, model, alloc)?,
            Op::Resize(more) => self.try_resize(FilterCount::len(self) + more)?,
            Op::Shrink => self.try_resize(0)?,
            Op::Rebuild(capacity, fpr) => {
                let next = Multiset { capacity, fpr, ..model.clone() };
                *self = <Self as SubjectMut<Multiset, A>>::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), BuildError> {
        self.try_resize(0)
    }

    fn churn(&mut self) -> Verdict {
        for hash in [0, 1, u64::MAX, 1, 1 << 40] {
            let _ = self.try_add_hash(hash);
            let _ = self.remove_hash(hash ^ 1);
            let _ = self.try_insert_hash(hash);
        }
        // A table larger than a file's is not asked for because of its numbers.
        if FilterCount::len(self) < 1 << 16 {
            let _ = self.try_resize(0);
        }
        for hash in [0, 1, 1, u64::MAX] {
            let _ = self.remove_hash(hash);
        }
        <Self as Subject<Multiset>>::exercise(self)
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        <Self as Subject<Multiset>>::exercise(self)
    }
}

fn merge<A: Alloc + Clone, F: FilterCountMut<A>>(
    set: &mut F,
    seed: u64,
    count: usize,
    model: &mut Multiset,
    alloc: &A,
) -> Result<(), Stop> {
    let mut rng = Rng::new(seed);
    let room = MOST.saturating_sub(model.len) as usize;
    let hashes: Vec<u64> = (0..count.min(room)).map(|_| rng.number()).collect();
    let other = Multiset::filled(model.capacity, model.fpr, hashes.iter().copied());
    let other = <F as SubjectMut<Multiset, A>>::build(&other, alloc.clone())?;
    match set.merge(&other) {
        Ok(()) => hashes.iter().for_each(|hash| model.add(*hash)),
        Err(MergeError::Alloc(error)) => return Err(BuildError::Alloc(error).into()),
        Err(error) => ensure!(false, "merging: {error}"),
    }
    Ok(())
}
