//! Laws of the shape `int_sets`: a set of numbers answers as a sorted `Vec` and a `BTreeSet` do,
//! alone and with another one, after every operation of any program. Such structures are built at
//! once, so an operation changes the oracle and builds anew.

use super::data::{self, Rng};
use super::laws_sorted::Ascending;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{Prefer, SetOp, SortedIntSet, SortedIntSetBuild};
use crate::error::BuildError;
use crate::mem::Alloc;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

/// Different numbers, and what the set is built for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// The numbers, each once.
    numbers: Ascending,
    prefer: Prefer,
}

/// An operation on a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Add a number.
    Insert(u64),
    /// Add as many numbers as a seeded generator makes.
    InsertMany(u64, usize),
    /// Add numbers that follow one another.
    InsertRun(u64, usize),
    /// Remove a number that is there, chosen modulo the length.
    Remove(usize),
    /// Keep those of the numbers that a seeded generator picks.
    Thin(u64),
    /// Make it of itself and as many numbers as a seeded generator makes.
    Combine(SetOp, u64, usize),
    /// Make it of itself and what is left of it when some are removed.
    CombineSelf(SetOp, u64),
    /// Ask for a number and its neighbours.
    Search(u64),
    /// Build the same for the other purpose.
    Prefer,
    /// Try to build from numbers of which the last two are swapped.
    Unsorted,
    /// Build from numbers that occur twice.
    Repeated,
}

/// A program adds no more numbers from here on.
const MAX_LEN: usize = 20_000;

/// `len` numbers of a distribution that `rng` picks: those of sequences, and those that slices of
/// 65,536 numbers are made for.
pub(super) fn numbers(rng: &mut Rng, len: usize) -> Vec<u64> {
    let start = rng.bits(20) << rng.below(28);
    let mut last = start;
    let mut gaps = |rng: &mut Rng, gap: usize| -> Vec<u64> {
        let next = (0..len).map(|_| {
            last += 1 + rng.below(2 * gap) as u64;
            last
        });
        next.collect()
    };
    match rng.below(8) {
        0 => gaps(rng, 1),
        1 => gaps(rng, 3),
        2 => gaps(rng, 100),
        3 => gaps(rng, 5_000),
        // Runs, and clusters.
        4 => (0..len as u64).map(|i| start + i / 50 * 300 + i % 50).collect(),
        5 => (0..len).map(|_| start + (rng.bits(6) << 14) + rng.bits(8)).collect(),
        _ => data::ints(rng, len),
    }
}

impl Members {
    /// The numbers of `values`, in any order.
    #[must_use]
    pub fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self { numbers: Ascending::of(values), prefer: Prefer::Bytes }
    }

    /// The same, built for look-ups.
    #[must_use]
    pub fn by_time(values: Vec<u64>) -> Self {
        Self { prefer: Prefer::Time, ..Self::of(values) }
    }

    /// The numbers, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        self.numbers.as_slice()
    }

    fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// The same purpose, with other numbers.
    fn made_of(&self, values: Vec<u64>) -> Self {
        Self { prefer: self.prefer, ..Self::of(values) }
    }

    fn with(&self, more: impl Iterator<Item = u64>) -> Self {
        let room = MAX_LEN.saturating_sub(self.len());
        self.made_of(self.as_slice().iter().copied().chain(more.take(room)).collect())
    }

    /// Some of the numbers.
    fn thinned(&self, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let keep = 1 + rng.below(99);
        self.made_of(self.as_slice().iter().copied().filter(|_| rng.below(100) < keep).collect())
    }

    /// What a `BTreeSet` makes of two.
    fn combined(&self, other: &Self, op: SetOp) -> Self {
        let set = |members: &Self| members.as_slice().iter().copied().collect::<BTreeSet<u64>>();
        let (a, b) = (set(self), set(other));
        self.made_of(match op {
            SetOp::Union => a.union(&b).copied().collect(),
            SetOp::Intersection => a.intersection(&b).copied().collect(),
            SetOp::Difference => a.difference(&b).copied().collect(),
            SetOp::SymmetricDifference => a.symmetric_difference(&b).copied().collect(),
        })
    }
}

impl Model for Members {
    type Op = Op;

    // A set is built in pieces whose sizes the data say, and in two forms before one is chosen.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=2 => Op::Insert(program.number()),
            3..=5 => Op::InsertMany(program.number(), program.count()),
            6 => Op::InsertRun(program.number(), program.count()),
            7 => Op::Remove(program.small() << 8 | program.small()),
            8 => Op::Thin(program.number()),
            9 | 10 => {
                let op = SetOp::ALL[program.small() % 4];
                Op::Combine(op, program.number(), program.count())
            }
            11 => Op::CombineSelf(SetOp::ALL[program.small() % 4], program.number()),
            12 => Op::Search(program.number()),
            13 => Op::Prefer,
            14 => Op::Unsorted,
            _ => Op::Repeated,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::of(numbers(rng, len))
    }

    fn golden() -> Self {
        // Slices of all codings but bitmaps, whose every bit is too many to be damaged; some that
        // are far from the others, and the last number there is.
        let mut values: Vec<u64> = (0..101).map(|i| i * i * 6).collect();
        values.extend((0..3_000).map(|i| (1 << 16) + i / 300 * 1_000 + i % 300));
        values.extend((0..2_000).map(|i| (2 << 16) + (i * i % 17) * 2_500 + i * 7 % 250));
        values.extend((0..5).map(|i| (1 << 40) + i * i * 900));
        values.extend([u64::MAX - 1, u64::MAX]);
        Self::of(values)
    }

    fn edges() -> Vec<Self> {
        let max = u64::MAX;
        let flat = [vec![], vec![0], vec![max], vec![0, max], vec![65_535, 65_536]];
        let ramps = [(0..64).map(|i| 1 << i).collect(), (0..130).collect()];
        let (all, every) = ((0..65_537).collect(), (0..20_000).map(|i| i * 3).collect());
        let lists = (0..3_000).map(|i| i * i % 65_521 + (7 << 50)).collect();
        let holes = (0..6_u64).map(|i| i * i * 50_000).flat_map(|x| x..x + 40).collect();
        let far: Vec<u64> = (0..300_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let kinds = flat.into_iter().chain(ramps).chain([all, every, lists, holes, far.clone()]);
        let by_time = [far, (0..5_000).map(|i| i * 60 + i % 7).collect()];
        kinds.map(Self::of).chain(by_time.map(Self::by_time)).collect()
    }

    fn items(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<S: SortedIntSet> Subject<Members> for S {
    fn compare(&self, model: &Members, look: Look) -> Verdict {
        Subject::<Ascending>::compare(self, &model.numbers, look)?;
        let numbers = model.as_slice();
        let step = (numbers.len() / if look == Look::Whole { 300 } else { 10 }).max(1);
        let there = numbers.iter().step_by(step).chain(numbers.last());
        let near = there.flat_map(|x| [x.wrapping_sub(1), *x, x.wrapping_add(1), x ^ 1 << 16]);
        for x in near.chain([0, 1 << 40, u64::MAX]) {
            let (found, expected) = (self.contains(x), numbers.binary_search(&x).is_ok());
            ensure!(found == expected, "contains {x}: {found}");
        }
        let len = self.intersection_len(self);
        ensure!(len == numbers.len(), "{len} numbers of {} in itself", numbers.len());
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        for index in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
            let exists = self.get(index).is_some();
            ensure!(exists == (index < len), "number {index} of {len}: {exists}");
        }
        let own = (0..len).step_by((len / 20).max(1)).filter_map(|index| self.get(index));
        for x in own.chain([0, 1, 1_000, 65_536, 200_000, 1 << 40, u64::MAX]) {
            ensure!(self.rank(x) <= len, "rank of {x} among {len}: {}", self.rank(x));
            for found in [self.succ(x), self.pred(x)].into_iter().flatten() {
                ensure!(found.0 < len, "{found:?} among {len}");
            }
            let found = self.binary_search(x);
            let possible = found.is_ok_and(|at| at < len) || found.is_err_and(|at| at <= len);
            ensure!(possible, "a search in {len} numbers returned {found:?}");
            core::hint::black_box(self.contains(x));
        }
        for start in [0, len / 2, len] {
            // Slices may have fewer numbers than the file says, and never more.
            let count = self.iter_from(start).take(100).count();
            ensure!(count <= len - start, "{count} numbers from {start} of {len}");
            let back = self.iter_from(start).rev().take(100).count();
            ensure!(back <= len - start, "{back} numbers back to {start} of {len}");
        }
        core::hint::black_box((self.intersection_len(self), self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: SortedIntSetBuild<A>> SubjectMut<Members, A> for S {
    fn build(model: &Members, alloc: A) -> Result<Self, BuildError> {
        Self::try_build_in(model.as_slice().iter().copied(), model.prefer, alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Members, alloc: &A) -> Result<(), Stop> {
        let next = match *op {
            Op::Insert(x) => model.with(core::iter::once(x)),
            Op::InsertMany(seed, count) => {
                model.with(numbers(&mut Rng::new(seed), count).into_iter())
            }
            Op::InsertRun(start, count) => {
                model.with((0..count as u64).map(|i| start.wrapping_add(i)))
            }
            Op::Remove(index) => {
                let mut values = model.as_slice().to_vec();
                if !values.is_empty() {
                    values.remove(index % values.len());
                }
                model.made_of(values)
            }
            Op::Thin(seed) => model.thinned(seed),
            Op::Combine(op, seed, count) => {
                let other = Members::of(numbers(&mut Rng::new(seed), count));
                return combine(self, model, &other, op, alloc);
            }
            Op::CombineSelf(op, seed) => {
                let other = model.thinned(seed);
                return combine(self, model, &other, op, alloc);
            }
            Op::Search(x) => {
                let found = SortedIntSet::contains(self, x);
                ensure!(found == model.as_slice().binary_search(&x).is_ok(), "{x}: {found}");
                return Ok(());
            }
            Op::Prefer => {
                let other = match model.prefer {
                    Prefer::Bytes => Prefer::Time,
                    Prefer::Time => Prefer::Bytes,
                };
                Members { prefer: other, ..model.clone() }
            }
            Op::Unsorted => return refuses::<A, S>(model, alloc),
            Op::Repeated => {
                let twice = model.as_slice().iter().flat_map(|x| [*x, *x]);
                *self = Self::try_build_in(twice, model.prefer, alloc.clone())?;
                return Ok(());
            }
        };
        *self = SubjectMut::<Members, A>::build(&next, alloc.clone())?;
        *model = next;
        Ok(())
    }

    fn mix(&mut self, other: &Self, alloc: &A) -> Verdict {
        let sound = <Self as SubjectMut<Members, A>>::build(&Members::golden(), alloc.clone());
        let sound = sound.map_err(|error| std::format!("the fixed numbers: {error}"))?;
        for op in SetOp::ALL {
            for (a, b) in [(&*self, other), (&*self, &sound), (&sound, &*self)] {
                core::hint::black_box(a.intersection_len(b));
                if let Ok(both) = a.try_combine_in(b, op, alloc.clone()) {
                    Subject::<Members>::exercise(&both)?;
                }
            }
        }
        Ok(())
    }
}

/// Makes the set one of itself and another, which is built for bytes; `op` both ways.
fn combine<A: Alloc + Clone, S: SortedIntSetBuild<A>>(
    subject: &mut S,
    model: &mut Members,
    other: &Members,
    op: SetOp,
    alloc: &A,
) -> Result<(), Stop> {
    let built = <S as SubjectMut<Members, A>>::build(other, alloc.clone())?;
    let shared = subject.intersection_len(&built);
    let expected = model.combined(other, SetOp::Intersection).len();
    ensure!(shared == expected, "{shared} numbers in both, not {expected}");
    ensure!(shared == built.intersection_len(subject), "not as many the other way round");
    let back = built.try_combine_in(subject, op, alloc.clone())?;
    Subject::<Members>::compare(&back, &other.combined(model, op), Look::Glance)?;
    drop(back);
    let next = model.combined(other, op);
    // A union of two large sets may be larger than what a program adds.
    if next.len() <= 2 * MAX_LEN {
        *subject = subject.try_combine_in(&built, op, alloc.clone())?;
        *model = next;
    }
    Ok(())
}

/// What does not ascend is refused; the error says where.
fn refuses<A: Alloc + Clone, S: SortedIntSetBuild<A>>(
    model: &Members,
    alloc: &A,
) -> Result<(), Stop> {
    let mut swapped = model.as_slice().to_vec();
    let Some(last) = swapped.len().checked_sub(1).filter(|last| *last > 0) else { return Ok(()) };
    swapped.swap(last - 1, last);
    match S::try_build_in(swapped, model.prefer, alloc.clone()) {
        Err(BuildError::Alloc(error)) => Err(Stop::Refused(error.into())),
        other => {
            let error = other.err();
            ensure!(error == Some(BuildError::NotSorted { index: last }), "at {last}: {error:?}");
            Ok(())
        }
    }
}
