//! Laws of the shape `filters`: whatever was put in is found, after every operation of any
//! program. The rate of what is found without having been put in is measured in
//! `tests/filters.rs`, over more probes than a program is worth.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::BuildError;
use crate::filters::{Filter, FilterMut};
use crate::mem::Alloc;
use std::vec;
use std::vec::Vec;

/// The hashes that were put into a filter, and what it was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Hashes {
    capacity: usize,
    fpr: f64,
    hashes: Vec<u64>,
}

impl Default for Hashes {
    fn default() -> Self {
        Self::made_for(100, 0.01)
    }
}

impl Hashes {
    const fn made_for(capacity: usize, fpr: f64) -> Self {
        Self { capacity, fpr, hashes: Vec::new() }
    }

    fn filled(capacity: usize, fpr: f64, hashes: impl Iterator<Item = u64>) -> Self {
        Self { hashes: hashes.collect(), ..Self::made_for(capacity, fpr) }
    }
}

/// An operation on a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Put one hash in.
    Insert(u64),
    /// Put in as many hashes as a seeded generator makes.
    InsertMany(u64, usize),
    /// Make a new filter of this capacity and rate, and put everything in again.
    Rebuild(usize, f64),
}

/// The rates that programs and edges use, from the coarsest to the finest.
const RATES: [f64; 6] = [0.5, 0.1, 0.01, 1.0 / 256.0, 1e-6, 1.0 / (1_u64 << 32) as f64];

impl Model for Hashes {
    type Op = Op;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 8 {
            0..=3 => Op::Insert(program.number()),
            4..=6 => Op::InsertMany(program.number(), program.count()),
            _ => Op::Rebuild(program.count(), RATES[program.small() % RATES.len()]),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let fpr = RATES[rng.below(RATES.len())];
        Self::filled(len, fpr, (0..len).map(|_| rng.number()))
    }

    fn golden() -> Self {
        Self::filled(100, 0.01, (0..101_u64).map(|i| (i * i).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    fn edges() -> Vec<Self> {
        let full = |fpr| Self::filled(3, fpr, 0..300);
        let mut edges = vec![Self::made_for(0, 0.5), Self::filled(0, 0.01, 0..1)];
        edges.extend(RATES.map(full));
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.capacity)
    }
}

impl<F: Filter> Subject<Hashes> for F {
    fn compare(&self, model: &Hashes, look: Look) -> Verdict {
        let step = if look == Look::Whole { 1 } else { (model.hashes.len() / 13).max(1) };
        let sample = model.hashes.iter().step_by(step).chain(model.hashes.last());
        for hash in sample {
            ensure!(self.contains_hash(*hash), "{hash:#x} was put in and is not found");
        }
        many_are_as_one_by_one(self, &model.hashes, look)
    }

    fn exercise(&self) -> Verdict {
        for hash in [0, 1, u64::MAX, 1 << 63, 0x9E37_79B9_7F4A_7C15] {
            core::hint::black_box(self.contains_hash(hash));
        }
        let mut found = [false; 3];
        self.contains_many_hash(&[0, 1, 2], &mut found);
        core::hint::black_box((
            found,
            self.contains("key"),
            self.contains(&7_u32),
            self.heap_bytes(),
        ));
        Ok(())
    }
}

impl<A: Alloc + Clone, F: FilterMut<A>> SubjectMut<Hashes, A> for F {
    fn build(model: &Hashes, alloc: A) -> Result<Self, BuildError> {
        let mut filter = Self::try_with_fpr_in(model.capacity, model.fpr, alloc)?;
        for hash in &model.hashes {
            filter.try_insert_hash(*hash)?;
        }
        Ok(filter)
    }

    fn apply(&mut self, op: &Op, model: &mut Hashes, alloc: &A) -> Result<(), Stop> {
        match *op {
            Op::Insert(hash) => insert(self, hash, model)?,
            Op::InsertMany(seed, count) => {
                let mut rng = Rng::new(seed);
                (0..count).try_for_each(|_| insert(self, rng.number(), model))?;
            }
            Op::Rebuild(capacity, fpr) => {
                let next = Hashes { capacity, fpr, ..model.clone() };
                *self = Self::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn churn(&mut self) -> Verdict {
        for hash in [0, 1, u64::MAX] {
            // A damaged filter may refuse to grow.
            let taken = self.try_insert_hash(hash);
            ensure!(
                taken.is_err() || self.contains_hash(hash),
                "{hash:#x} is not found after it was put in"
            );
        }
        Ok(())
    }
}

/// Puts a hash in; whether the filter changed must fit what it knew before.
fn insert<A: Alloc>(
    filter: &mut impl FilterMut<A>,
    hash: u64,
    model: &mut Hashes,
) -> Result<(), Stop> {
    let known = filter.contains_hash(hash);
    let changed = filter.try_insert_hash(hash)?;
    ensure!(known != changed, "{hash:#x}: known {known}, changed {changed}");
    model.hashes.push(hash);
    Ok(())
}

/// Many hashes at once get the answers that each gets alone, those of absent ones too.
fn many_are_as_one_by_one(filter: &impl Filter, hashes: &[u64], look: Look) -> Verdict {
    let most = if look == Look::Whole { hashes.len() } else { 40 };
    let hashes: Vec<u64> = hashes.iter().take(most).flat_map(|hash| [*hash, hash ^ 1]).collect();
    let mut found = vec![false; hashes.len()];
    filter.contains_many_hash(&hashes, &mut found);
    for (hash, found) in hashes.iter().zip(found) {
        ensure!(filter.contains_hash(*hash) == found, "{hash:#x}: among many {found}");
    }
    Ok(())
}
