//! Laws of the shape `sorted`: an ascending sequence answers as a sorted `Vec` and a `BTreeSet`
//! do, after every operation of any program. Such structures are built at once, so an operation
//! changes the oracle and builds anew.

use super::data::{self, Rng};
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{SortedInts, SortedIntsBuild};
use crate::error::BuildError;
use crate::mem::Alloc;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

/// Ascending numbers, equal ones allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ascending(Vec<u64>);

/// An operation on ascending numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Add a number.
    Insert(u64),
    /// Add as many numbers as a seeded generator makes.
    InsertMany(u64, usize),
    /// Add a number some times.
    Repeat(u64, usize),
    /// Remove the numbers from a position on, which is read modulo the length plus two.
    Truncate(usize),
    /// Ask for a number by value.
    Search(u64),
    /// Try to build from numbers of which the last two are swapped.
    Unsorted,
}

/// A program adds no more numbers from here on.
const MAX_LEN: usize = 20_000;

impl Ascending {
    /// The numbers of `values`, which need not ascend.
    #[must_use]
    pub fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        Self(values)
    }

    /// The numbers, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }

    fn with(&self, more: impl Iterator<Item = u64>) -> Self {
        let room = MAX_LEN.saturating_sub(self.0.len());
        Self::of(self.0.iter().copied().chain(more.take(room)).collect())
    }

    fn rank(&self, x: u64) -> usize {
        self.0.partition_point(|value| *value < x)
    }

    fn succ(&self, x: u64) -> Option<(usize, u64)> {
        let at = self.rank(x);
        self.0.get(at).map(|value| (at, *value))
    }

    fn pred(&self, x: u64) -> Option<(usize, u64)> {
        let at = self.0.partition_point(|value| *value <= x).checked_sub(1)?;
        Some((at, self.0[at]))
    }
}

impl Model for Ascending {
    type Op = Op;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=5 => Op::Insert(program.number()),
            6..=9 => Op::InsertMany(program.number(), program.count()),
            10 => Op::Repeat(program.number(), program.count()),
            11 | 12 => Op::Truncate(program.small() << 8 | program.small()),
            13 | 14 => Op::Search(program.number()),
            _ => Op::Unsorted,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::of(data::ints(rng, len))
    }

    fn golden() -> Self {
        let squares = (0..101_u64).map(|i| i * i * 31);
        Self::of(squares.chain([40_000; 20]).chain([1 << 20]).collect())
    }

    fn edges() -> Vec<Self> {
        let max = u64::MAX;
        let flat = [vec![], vec![0], vec![0; 100], vec![max], vec![max; 9], vec![0, max]];
        let ramps = [(0..64).map(|i| 1 << i).collect(), (0..130).collect()];
        // One bucket holds all but two; and a desert, which makes a record of an index wide.
        let bucket = [vec![0], vec![1 << 40; 300], vec![max]].concat();
        let desert = [(0..1_000).collect(), vec![1 << 30; 50]].concat();
        let top = (0..100).map(|i| max - i * 3).collect();
        let all = flat.into_iter().chain(ramps).chain([bucket, desert, top]);
        all.map(Self::of).collect()
    }

    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// Numbers to ask for: some that are there, their neighbours, and some others.
fn needles(model: &Ascending, look: Look) -> impl Iterator<Item = u64> {
    let step = (model.0.len() / if look == Look::Whole { 20 } else { 2 }).max(1);
    let there = model.0.iter().step_by(step).chain(model.0.last());
    let near = there.flat_map(|x| [x.wrapping_sub(1), *x, x.wrapping_add(1)]);
    near.chain([0, 1, 1_000, 1 << 40, u64::MAX - 1, u64::MAX])
}

/// Compares what is asked by value with the sorted `Vec`.
fn same_by_value<S: SortedInts>(subject: &S, model: &Ascending, x: u64) -> Verdict {
    let (found, expected) = (subject.rank(x), model.rank(x));
    ensure!(found == expected, "rank of {x} is {found}, not {expected}");
    let (found, expected) = (subject.succ(x), model.succ(x));
    ensure!(found == expected, "succ of {x} is {found:?}, not {expected:?}");
    let (found, expected) = (subject.pred(x), model.pred(x));
    ensure!(found == expected, "pred of {x} is {found:?}, not {expected:?}");
    let place = model.rank(x);
    let expected = if model.0.get(place) == Some(&x) { Ok(place) } else { Err(place) };
    let found = subject.binary_search(x);
    ensure!(found == expected, "found {x} at {found:?}, not {expected:?}");
    Ok(())
}

/// Compares neighbours with those of a `BTreeSet`, for every number and for what is next to it.
fn same_as_set<S: SortedInts>(subject: &S, model: &Ascending) -> Verdict {
    let set: BTreeSet<u64> = model.0.iter().copied().collect();
    let step = (set.len() / 200).max(1);
    let near =
        set.iter().step_by(step).flat_map(|x| [x.saturating_sub(1), *x, x.saturating_add(1)]);
    for x in near {
        let (succ, expected) = (subject.succ(x).map(|found| found.1), set.range(x..).next());
        ensure!(succ == expected.copied(), "succ of {x} is {succ:?}, in a set {expected:?}");
        let (pred, expected) = (subject.pred(x).map(|found| found.1), set.range(..=x).next_back());
        ensure!(pred == expected.copied(), "pred of {x} is {pred:?}, in a set {expected:?}");
    }
    Ok(())
}

/// Iterating from a position is skipping to it, from either end.
fn same_in_order<S: SortedInts>(subject: &S, model: &Ascending) -> Verdict {
    let len = model.0.len();
    for start in [0, 1, len / 3, len.saturating_sub(1), len, len + 1] {
        let rest = || model.0.iter().skip(start).copied();
        ensure!(subject.iter_from(start).eq(rest()), "iterating from {start} is not skipping");
        let back = rest().collect::<Vec<_>>().into_iter().rev();
        ensure!(subject.iter_from(start).rev().eq(back), "iterating back to {start} differs");
    }
    Ok(())
}

impl<S: SortedInts> Subject<Ascending> for S {
    fn compare(&self, model: &Ascending, look: Look) -> Verdict {
        let len = model.0.len();
        ensure!(self.len() == len, "{} numbers, not {len}", self.len());
        ensure!(self.is_empty() == (len == 0), "is_empty() of {len} numbers");
        let step = if look == Look::Whole { 1 } else { (len / 13).max(1) };
        for index in (0..len).step_by(step).chain([len, len + 1, usize::MAX]) {
            let (found, expected) = (self.get(index), model.0.get(index).copied());
            ensure!(found == expected, "number {index} is {found:?}, not {expected:?}");
        }
        needles(model, look).try_for_each(|x| same_by_value(self, model, x))?;
        if look == Look::Whole {
            same_as_set(self, model)?;
            same_in_order(self, model)?;
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        for index in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
            let exists = self.get(index).is_some();
            ensure!(exists == (index < len), "number {index} of {len}: {exists}");
        }
        let own = (0..len).step_by((len / 20).max(1)).filter_map(|index| self.get(index));
        for x in own.chain([0, 1, 1_000, 40_000, 1 << 20, 1 << 40, u64::MAX]) {
            ensure!(self.rank(x) <= len, "rank of {x} among {len}: {}", self.rank(x));
            for found in [self.succ(x), self.pred(x)].into_iter().flatten() {
                ensure!(found.0 < len, "{found:?} among {len}");
            }
            let (Ok(place) | Err(place)) = self.binary_search(x);
            ensure!(place <= len, "a search in {len} numbers returned {place}");
        }
        for start in [0, len / 2, len] {
            let count = self.iter_from(start).take(100).count();
            ensure!(count == (len - start).min(100), "{count} numbers from {start} of {len}");
            let back = self.iter_from(start).rev().take(100).count();
            ensure!(back == count, "{back} numbers back to {start}, and {count} onward");
        }
        core::hint::black_box((self.heap_bytes(), self.heap_blocks(), self.total_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: SortedIntsBuild<A>> SubjectMut<Ascending, A> for S {
    fn build(model: &Ascending, alloc: A) -> Result<Self, BuildError> {
        let max = model.0.last().copied().unwrap_or(0);
        Self::try_build_in(model.0.len(), max, model.0.iter().copied(), alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Ascending, alloc: &A) -> Result<(), Stop> {
        let next = match *op {
            Op::Insert(x) => model.with(core::iter::once(x)),
            Op::InsertMany(seed, count) => {
                model.with(data::ints(&mut Rng::new(seed), count).into_iter())
            }
            Op::Repeat(x, count) => model.with(core::iter::repeat_n(x, count)),
            Op::Truncate(raw) => {
                let mut next = model.clone();
                next.0.truncate(raw % (model.0.len() + 2));
                next
            }
            Op::Search(x) => return Ok(same_by_value(self, model, x)?),
            Op::Unsorted => return refuses::<A, S>(model, alloc),
        };
        *self = Self::build(&next, alloc.clone())?;
        *model = next;
        Ok(())
    }
}

/// What does not ascend, or is not as announced, is refused; the error says where.
fn refuses<A: Alloc + Clone, S: SortedIntsBuild<A>>(
    model: &Ascending,
    alloc: &A,
) -> Result<(), Stop> {
    let (len, max) = (model.0.len(), model.0.last().copied().unwrap_or(0));
    let build = |len, max, values: &[u64]| match S::try_build_in(
        len,
        max,
        values.iter().copied(),
        alloc.clone(),
    ) {
        Err(BuildError::Alloc(error)) => Err(Stop::Refused(error.into())),
        other => Ok(other.err()),
    };
    let mut swapped = model.0.clone();
    if len >= 2 && model.0[len - 2] != max {
        swapped.swap(len - 2, len - 1);
        let error = build(len, max, &swapped)?;
        let right = error == Some(BuildError::NotSorted { index: len - 1 });
        ensure!(right, "unsorted at {}: {error:?}", len - 1);
    }
    if len >= 1 {
        let error = build(len - 1, max, &model.0)?;
        ensure!(error.is_some(), "one too many of {len}");
        let error = build(len + 1, max, &model.0)?;
        ensure!(error.is_some(), "one missing of {}", len + 1);
    }
    if max > 0 {
        let error = build(len, max - 1, &model.0)?;
        let right = matches!(error, Some(BuildError::OutOfRange { value, .. }) if value == max);
        ensure!(right, "{max} above the most: {error:?}");
    }
    Ok(())
}
