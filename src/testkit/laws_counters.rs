//! Laws of the shape `counters`: after every operation of any program a small count is exact, and a
//! larger one within eight standard errors. Means and errors over thousands of counters are
//! measured in the structure's own tests.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::mem::Alloc;
use crate::sketches::{Counters, CountersMut};
use std::vec;
use std::vec::Vec;

/// The true counts, and how the counters are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallies {
    bits: u32,
    max: u64,
    counts: Vec<u64>,
}

impl Default for Tallies {
    fn default() -> Self {
        Self::made_of(8, 1 << 20, 5)
    }
}

/// An operation on counters. Indexes are taken modulo their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Count once at an index.
    Add(usize),
    /// Count so many times at once.
    AddCount(usize, u64),
    /// Count at as many indexes as a seeded generator makes, few of them often.
    AddMany(u64, usize),
    /// Merge with counters that were counted on in this way.
    Merge(u64, usize),
    /// Change the number of counters.
    Resize(usize),
    /// Give back room.
    Shrink,
    /// Make new counters of other bits and another maximum, and count everything again.
    Rebuild(u32, u64),
}

/// Counts that one operation makes at most: a debug build takes its time.
const MANY: usize = 2_000;

/// Beyond the exact counts, an estimate may be off by so many standard errors.
const SIGMAS: f64 = 8.0;

/// Indexes below `len` of which few come often.
fn indexes(seed: u64, count: usize, len: usize) -> impl Iterator<Item = usize> {
    let mut rng = Rng::new(seed);
    (0..if len == 0 { 0 } else { count }).map(move |_| {
        let bits = rng.number().trailing_zeros().min(16);
        rng.bits(bits) as usize % len
    })
}

impl Tallies {
    fn made_of(bits: u32, max: u64, len: usize) -> Self {
        Self { bits, max, counts: vec![0; len] }
    }

    fn of(bits: u32, counts: impl IntoIterator<Item = u64>) -> Self {
        Self { counts: counts.into_iter().collect(), ..Self::made_of(bits, 1 << 30, 0) }
    }
}

impl Model for Tallies {
    type Op = Op;
    /// States are drawn by chance.
    const CANONICAL: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=2 => Op::Add(program.small()),
            3 | 4 => Op::AddCount(program.small(), program.number()),
            5..=9 => Op::AddMany(program.number(), program.count() % MANY),
            10 => Op::Merge(program.number(), program.count() % MANY),
            11 | 12 => Op::Resize(program.count()),
            13 => Op::Shrink,
            _ => {
                let bits = [8, 12, 16][program.small() % 3];
                Op::Rebuild(bits, program.number().clamp(1 << bits, 1 << 48))
            }
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let bits = [8, 12, 16][rng.below(3)];
        let mut counts = Self::made_of(bits, 1 << 40, len);
        for count in &mut counts.counts {
            let bits = rng.below(30) as u32;
            *count = rng.bits(bits);
        }
        counts
    }

    fn golden() -> Self {
        Self::of(12, (0..101_u64).map(|i| i * i * i % 9_001))
    }

    fn edges() -> Vec<Self> {
        let wide = |bits| Self::of(bits, [0, 1, 15, 16, 17, 255, 256, 4_096, 1 << 29, u64::MAX]);
        let none = Self::of(12, []);
        vec![none, Self::of(8, [7]), Self::of(12, [1, 2, 3]), wide(8), wide(12), wide(16)]
    }

    fn items(&self) -> Option<usize> {
        Some(self.counts.len())
    }
}

impl<S: Counters> Subject<Tallies> for S {
    fn compare(&self, model: &Tallies, look: Look) -> Verdict {
        let (len, exact) = (model.counts.len(), u64::from(self.exact_to()));
        ensure!(self.len() == len, "{} counters, not {len}", self.len());
        ensure!(self.get(len).is_none(), "a counter behind the last");
        let factor = crate::bits::float::exp(SIGMAS * self.std_error());
        let step = if look == Look::Whole { 1 } else { (len / 13).max(1) };
        for (index, count) in model.counts.iter().enumerate().step_by(step) {
            let Some(found) = self.get(index) else {
                return Err(std::format!("no counter {index} of {len}"));
            };
            // What is beyond the maximum may have stopped there.
            let (low, high) = (*count.min(&model.max) as f64, *count as f64);
            let right = match count {
                count if *count <= exact => found == high,
                _ => found * factor >= low && found <= high * factor,
            };
            ensure!(right, "counter {index} says {found}, of {count}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        for index in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
            let found = self.get(index);
            ensure!(found.is_some() == (index < len), "counter {index} of {len}: {found:?}");
            ensure!(found.is_none_or(|found| found >= 0.0), "counter {index} says {found:?}");
        }
        core::hint::black_box((self.std_error(), self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: CountersMut<A>> SubjectMut<Tallies, A> for S {
    fn build(model: &Tallies, alloc: A) -> Result<Self, BuildError> {
        let mut counters = Self::try_new_in(model.bits, model.counts.len(), model.max, alloc)?;
        for (index, count) in model.counts.iter().enumerate() {
            counters.add_count(index, *count);
        }
        Ok(counters)
    }

    fn apply(&mut self, op: &Op, model: &mut Tallies, alloc: &A) -> Result<(), Stop> {
        let len = model.counts.len();
        let mut count = |counters: &mut Self, index: usize, more: u64| {
            if more == 1 {
                counters.add(index);
            } else {
                counters.add_count(index, more);
            }
            model.counts[index] = model.counts[index].saturating_add(more);
        };
        match *op {
            Op::Add(index) if len > 0 => count(self, index % len, 1),
            Op::AddCount(index, more) if len > 0 => count(self, index % len, more),
            Op::Add(_) | Op::AddCount(..) => {}
            Op::AddMany(seed, many) => {
                indexes(seed, many, len).for_each(|index| count(self, index, 1));
            }
            Op::Merge(seed, many) => {
                let mut other = Self::try_new_in(model.bits, len, model.max, alloc.clone())?;
                for index in indexes(seed, many, len) {
                    other.add(index);
                }
                match self.merge(&other) {
                    Ok(()) => indexes(seed, many, len).for_each(|index| {
                        model.counts[index] = model.counts[index].saturating_add(1);
                    }),
                    Err(MergeError::Alloc(error)) => return Err(Stop::Refused(error.into())),
                    Err(error) => ensure!(false, "counters made alike do not merge: {error}"),
                }
            }
            Op::Resize(len) => {
                self.try_resize(len)?;
                model.counts.resize(len, 0);
            }
            Op::Shrink => self.try_shrink_to_fit()?,
            Op::Rebuild(bits, max) => {
                let next = Tallies { bits, max, ..model.clone() };
                *self = Self::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), BuildError> {
        self.try_shrink_to_fit()
    }

    fn churn(&mut self) -> Verdict {
        let len = self.len();
        for index in indexes(3, 100, len) {
            self.add(index);
            self.add_count(index, 1_000);
        }
        self.exercise()?;
        let _ = self.try_resize(len / 2);
        self.exercise()?;
        let _ = self.try_shrink_to_fit();
        self.exercise()
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        self.exercise()
    }
}
