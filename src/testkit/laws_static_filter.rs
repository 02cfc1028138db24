//! Laws of the shape `static_filters`: whatever a filter was built from is found, and neither the
//! order of the hashes nor the memory allowed changes a bit of it.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::BuildError;
use crate::filters::{Building, Filter, FilterBuild};
use crate::mem::Alloc;
use std::vec;
use std::vec::Vec;

/// The hashes that a filter was built from, and the rate asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    fpr: f64,
    hashes: Vec<u64>,
}

impl Default for Built {
    fn default() -> Self {
        Self { fpr: 0.01, hashes: Vec::new() }
    }
}

/// What a filter is built anew with.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// One hash more.
    Insert(u64),
    /// As many more as a seeded generator makes.
    InsertMany(u64, usize),
    /// The hashes that there are, again so many times: all equal to one another.
    Repeat(usize),
    /// The hashes that there are, at this rate.
    Rate(f64),
    /// The same hashes, from a source that tells them in the opposite order and in as little
    /// memory as does: its file must be the same.
    Sparing,
    /// No hashes.
    Clear,
}

/// The rates that programs and edges use, from the coarsest to the finest.
const RATES: [f64; 8] =
    [0.5, 0.1, 0.01, 1.0 / 256.0, 1e-3, 1.0 / 65_536.0, 1e-6, 1.0 / (1_u64 << 32) as f64];
/// Programs stop adding hashes here: every operation builds all anew.
const MOST: usize = 4_000;

impl Built {
    fn filled(fpr: f64, hashes: impl Iterator<Item = u64>) -> Self {
        Self { fpr, hashes: hashes.collect() }
    }

    fn add(&mut self, hashes: impl Iterator<Item = u64>) {
        let room = MOST.saturating_sub(self.hashes.len());
        self.hashes.extend(hashes.take(room));
    }
}

impl Model for Built {
    type Op = Op;

    // What building needs beside the filter is asked for as it is needed.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=3 => Op::Insert(program.number()),
            4..=8 => Op::InsertMany(program.number(), program.count()),
            9 => Op::Repeat(program.small() % 80),
            10..=12 => Op::Rate(RATES[program.small() % RATES.len()]),
            13 | 14 => Op::Sparing,
            _ => Op::Clear,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let fpr = RATES[rng.below(RATES.len())];
        Self::filled(fpr, (0..len).map(|_| rng.number()))
    }

    fn golden() -> Self {
        let hashes = (0..101_u64).map(|i| (i * i).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self::filled(0.01, hashes)
    }

    fn edges() -> Vec<Self> {
        let mut edges = vec![Self::filled(0.5, 0..0), Self::filled(0.01, [7; 200].into_iter())];
        edges.extend(RATES.map(|fpr| Self::filled(fpr, 0..300)));
        edges.extend((1..5).map(|len| Self::filled(0.01, 0..len)));
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.hashes.len())
    }
}

impl<F: Filter> Subject<Built> for F {
    fn compare(&self, model: &Built, look: Look) -> Verdict {
        let step = if look == Look::Whole { 1 } else { (model.hashes.len() / 13).max(1) };
        let sample: Vec<u64> =
            model.hashes.iter().step_by(step).chain(model.hashes.last()).copied().collect();
        for hash in &sample {
            ensure!(self.contains_hash(*hash), "{hash:#x} was put in and is not found");
        }
        let probes: Vec<u64> = sample.iter().flat_map(|hash| [*hash, !hash ^ 0xF0]).collect();
        let mut found = vec![false; probes.len()];
        self.contains_many_hash(&probes, &mut found);
        for (hash, found) in probes.iter().zip(found) {
            ensure!(self.contains_hash(*hash) == found, "{hash:#x} among many: {found}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let hashes = [0, 1, u64::MAX, 1 << 63, 0x9E37_79B9_7F4A_7C15];
        let mut found = [false; 5];
        self.contains_many_hash(&hashes, &mut found);
        for (hash, found) in hashes.iter().zip(found) {
            ensure!(self.contains_hash(*hash) == found, "{hash:#x} among many: {found}");
        }
        core::hint::black_box((self.contains("key"), self.contains(&7_u32), self.heap_bytes()));
        Ok(())
    }
}

/// The least memory that building from a source takes: it is said when too little is allowed.
fn least_memory<A: Alloc + Clone, F: FilterBuild<A>>(
    model: &Built,
    alloc: A,
) -> Result<usize, Stop> {
    let how = Building { memory: 0, ..Building::default() };
    let again = || model.hashes.iter().copied();
    match F::try_from_source_in(again, model.fpr, how, alloc) {
        Ok(_) => Ok(0),
        Err(BuildError::OutOfRange { name: "memory", min, .. }) => Ok(min as usize),
        Err(error) => Err(error.into()),
    }
}

impl<A: Alloc + Clone, F: FilterBuild<A>> SubjectMut<Built, A> for F {
    fn build(model: &Built, alloc: A) -> Result<Self, BuildError> {
        let hashes = model.hashes.iter().copied();
        Self::try_from_hashes_in(hashes, model.fpr, Building::default(), alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Built, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        match *op {
            Op::Insert(hash) => next.add([hash].into_iter()),
            Op::InsertMany(seed, count) => {
                let mut rng = Rng::new(seed);
                next.add((0..count).map(|_| rng.number()));
            }
            Op::Repeat(times) => {
                let hashes = model.hashes.clone();
                next.add((0..times).flat_map(|_| hashes.iter().copied()));
            }
            Op::Rate(fpr) => next.fpr = fpr,
            Op::Sparing => {}
            Op::Clear => next.hashes.clear(),
        }
        let mut built = <Self as SubjectMut<Built, A>>::build(&next, alloc.clone())?;
        if *op == Op::Sparing {
            let memory = least_memory::<A, Self>(&next, alloc.clone())?;
            let how = Building { memory, ..Building::default() };
            let again = || next.hashes.iter().rev().copied();
            built = Self::try_from_source_in(again, next.fpr, how, alloc.clone())?;
        }
        let (len, fpr) = (built.len(), built.fpr());
        ensure!(len == next.hashes.len() as u64, "{len} hashes, not {}", next.hashes.len());
        let kept = fpr <= next.fpr;
        ensure!(kept, "a rate of {fpr}, where {} is promised", next.fpr);
        (*self, *model) = (built, next);
        Ok(())
    }

    fn churn(&mut self) -> Verdict {
        let empty = FilterBuild::is_empty(self);
        ensure!(empty == (FilterBuild::len(self) == 0), "is_empty() is {empty}");
        Ok(())
    }
}
