//! Laws of the shape `counts`: after every operation of any program no estimate is below the true
//! count or above the total. How near they are is measured where the structure is, over streams
//! longer than a program is worth.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::mem::Alloc;
use crate::sketches::{Frequency, FrequencyMut};
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// How often each hash was added, and the bytes of the sketch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    bytes: usize,
    counts: BTreeMap<u64, u64>,
    total: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self::made_of(512)
    }
}

/// An operation on counts of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Add a hash so many times at once.
    Add(u64, u64),
    /// Add as many hashes, of few different ones, as a seeded generator makes.
    AddMany(u64, usize),
    /// Merge with a sketch of as many hashes.
    Merge(u64, usize),
    /// Make a new sketch of so many bytes, and add everything again.
    Rebuild(usize),
}

/// Hashes that one operation adds at most: a debug build takes its time.
const MANY: usize = 2_000;

/// The fewest bytes that programs make a sketch of.
const LEAST: usize = 128;

/// Hashes of which a few occur often: `2^k` of them share a generator's numbers with chance `2^-k`.
fn hashes(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    let mut rng = Rng::new(seed);
    (0..count).map(move |_| {
        let bits = rng.number().trailing_zeros();
        Rng::new(rng.bits(bits.min(20)) + 1).number()
    })
}

impl Counts {
    const fn made_of(bytes: usize) -> Self {
        Self { bytes, counts: BTreeMap::new(), total: 0 }
    }

    fn filled(bytes: usize, hashes: impl IntoIterator<Item = u64>) -> Self {
        let mut counts = Self::made_of(bytes);
        hashes.into_iter().for_each(|hash| counts.add(hash, 1));
        counts
    }

    fn add(&mut self, hash: u64, count: u64) {
        let before = self.counts.entry(hash).or_insert(0);
        *before = before.saturating_add(count);
        self.total = self.total.saturating_add(count);
    }
}

impl Model for Counts {
    type Op = Op;
    /// Conservative updates depend on the order of the keys.
    const CANONICAL: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 8 {
            0 | 1 => Op::Add(program.number(), 1),
            2 => Op::Add(program.number(), program.number()),
            3..=5 => Op::AddMany(program.number(), program.count() % MANY),
            6 => Op::Merge(program.number(), program.count() % MANY),
            _ => Op::Rebuild(LEAST + program.count() * 8),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::filled(LEAST + len / 2, hashes(rng.number(), len))
    }

    fn golden() -> Self {
        let mut counts = Self::filled(256, hashes(1, 1_000));
        counts.add(7, 100_000);
        counts
    }

    fn edges() -> Vec<Self> {
        let mut full = Self::filled(LEAST, 0..3);
        full.add(1, u64::MAX);
        vec![Self::made_of(LEAST), Self::filled(LEAST, 0..1), full, Self::filled(1_000, 0..300)]
    }

    fn items(&self) -> Option<usize> {
        usize::try_from(self.total).ok()
    }
}

impl<S: Frequency> Subject<Counts> for S {
    fn compare(&self, model: &Counts, look: Look) -> Verdict {
        let total = self.total();
        ensure!(total == model.total, "a total of {total}, not {}", model.total);
        let step = if look == Look::Whole { 1 } else { (model.counts.len() / 13).max(1) };
        for (hash, count) in model.counts.iter().step_by(step) {
            let estimate = self.estimate_hash(*hash);
            let right = estimate >= *count && estimate <= total;
            ensure!(right, "{hash:#x} estimated {estimate} times, of {count}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        for hash in [0, 1, u64::MAX, 1 << 63, 0x9E37_79B9_7F4A_7C15] {
            core::hint::black_box(self.estimate_hash(hash));
        }
        core::hint::black_box((self.estimate("key"), self.total(), self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: FrequencyMut<A>> SubjectMut<Counts, A> for S {
    fn build(model: &Counts, alloc: A) -> Result<Self, BuildError> {
        let mut sketch = Self::try_with_bytes_in(model.bytes, alloc)?;
        for (hash, count) in &model.counts {
            sketch.add_hash(*hash, *count);
        }
        Ok(sketch)
    }

    fn apply(&mut self, op: &Op, model: &mut Counts, alloc: &A) -> Result<(), Stop> {
        match *op {
            Op::Add(hash, count) => add(self, hash, count, model)?,
            Op::AddMany(seed, count) => {
                hashes(seed, count).try_for_each(|hash| add(self, hash, 1, model))?;
            }
            Op::Merge(seed, count) => {
                let mut other = Self::try_with_bytes_in(model.bytes, alloc.clone())?;
                for hash in hashes(seed, count) {
                    other.add_hash(hash, 1);
                }
                match self.merge(&other) {
                    Ok(()) => hashes(seed, count).for_each(|hash| model.add(hash, 1)),
                    Err(MergeError::Alloc(error)) => return Err(Stop::Refused(error.into())),
                    Err(error) => ensure!(false, "sketches made alike do not merge: {error}"),
                }
            }
            Op::Rebuild(bytes) => {
                let next = Counts { bytes, ..model.clone() };
                *self = Self::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn churn(&mut self) -> Verdict {
        for hash in hashes(3, 300) {
            let before = self.estimate_hash(hash);
            self.add_hash(hash, 200);
            let after = self.estimate_hash(hash);
            ensure!(after >= before, "{hash:#x}: from {before} to {after}, by adding");
        }
        Ok(())
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        self.exercise()
    }
}

/// Adds a hash: what is returned is its estimate from then on.
fn add<A: Alloc, S: FrequencyMut<A>>(
    sketch: &mut S,
    hash: u64,
    count: u64,
    model: &mut Counts,
) -> Result<(), Stop> {
    let told = sketch.add_hash(hash, count);
    model.add(hash, count);
    let estimate = sketch.estimate_hash(hash);
    ensure!(told == estimate, "{hash:#x}: told {told}, estimated {estimate}");
    Ok(())
}
