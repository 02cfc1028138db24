//! Laws of the shape `quantiles`: after every operation of any program a quantile is near, in rank
//! or in value as the sketch promises; ends and length are exact. How near on average is measured
//! in the structures' own tests.

use super::data::Rng;
use super::model::{FORMS, Forms, Model};
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::mem::Alloc;
use crate::sketches::{DdSketch, Kll, Quantiles, QuantilesMut};
use crate::storage::HeapWords;
use std::format;
use std::vec;
use std::vec::Vec;

/// The numbers of a sketch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// All of them, ascending.
    all: Vec<f64>,
    /// The number of its form, and whether one of another form was merged into it.
    form: u8,
    mixed: bool,
}

/// An operation on a sketch of numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Add a number.
    Add(f64),
    /// Add what is none, or infinite.
    AddNone(f64),
    /// Add as many numbers as a seeded generator makes.
    AddMany(u64, usize),
    /// Merge with a sketch of as many numbers.
    Merge(u64, usize),
    /// Give back room.
    Shrink,
    /// Make a new sketch, and add everything again.
    Rebuild,
    /// The same, in the form of this number.
    Reform(u8),
}

/// Numbers that one operation adds at most: a debug build takes its time.
const MANY: usize = 2_000;

/// Ranks may be off by so many times what is promised for 99 % of sketches.
const TIMES: f64 = 4.0;

/// Up to so many numbers, ranks are exact in the default form.
const EXACT: usize = 200;

/// The form in which numbers that are far apart share a bin, where there are bins.
const COLLAPSING: u8 = 3;

/// Numbers that a sketch keeps in each form, beside the default one.
macro_rules! kll_forms {
    ($($item:ty),*) => {$(
        impl<A: Alloc + Clone> Forms<A> for Kll<$item, HeapWords<A>> {
            fn of_form(form: u8, alloc: A) -> Result<Self, BuildError> {
                Self::try_new_in([200, 8, 50, 1_000][usize::from(form % FORMS)], 0, alloc)
            }
        }
    )*};
}

kll_forms!(f32, f64);

impl<A: Alloc + Clone> Forms<A> for DdSketch<HeapWords<A>> {
    fn of_form(form: u8, alloc: A) -> Result<Self, BuildError> {
        match form % FORMS {
            0 => Self::try_default_in(alloc),
            1 => Self::with_error_and_bins_in(0.2, 1 << 14, alloc),
            2 => Self::with_error_and_bins_in(0.001, 1 << 20, alloc),
            _ => Self::with_error_and_bins_in(0.01, 200, alloc),
        }
    }
}

/// Numbers of a distribution that the seed picks, as floats hold them too.
fn numbers(seed: u64, count: usize) -> impl Iterator<Item = f64> {
    let mut rng = Rng::new(seed);
    let form = rng.below(4);
    (0..count).map(move |i| {
        let x = rng.bits(20) as f64;
        match form {
            0 => x,
            1 => x - 500_000.0,
            2 => i as f64,
            // Many equal ones, far apart, of both signs.
            _ => {
                let far = [1e-30, 1e-9, 0.0, 1.0, 1e3, 1e30][rng.below(6)];
                if rng.bits(1) == 0 { far } else { -far }
            }
        }
    })
}

impl Values {
    fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut values = Self::default();
        values.add(numbers);
        values
    }

    fn add(&mut self, numbers: impl IntoIterator<Item = f64>) {
        self.all.extend(numbers.into_iter().map(|x| x + 0.0));
        self.all.sort_by(f64::total_cmp);
    }
}

impl Model for Values {
    type Op = Op;
    /// What is kept depends on the order, and on a coin.
    const CANONICAL: bool = false;
    /// A merge asks for the longest level of the other beside the room of all levels.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        let byte = program.byte()?;
        Some(match byte % 16 {
            0..=3 => Op::Add(f64::from(program.number() as i32)),
            4 => Op::AddNone([f64::NAN, f64::INFINITY, f64::NEG_INFINITY][program.small() % 3]),
            5..=10 => Op::AddMany(program.number(), program.count() % MANY),
            11 | 12 => Op::Merge(program.number(), program.count() % MANY),
            13 | 14 => Op::Shrink,
            _ if byte < 128 => Op::Rebuild,
            _ => Op::Reform(byte / 32 % FORMS),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::of(numbers(rng.number(), len))
    }

    fn golden() -> Self {
        Self::of((0..1_000).map(|i| f64::from(i * i % 9_001) / 16.0 - 100.0))
    }

    fn edges() -> Vec<Self> {
        let up_to = |n: usize| Self::of((0..n).map(|i| i as f64));
        let far = Self::of([1e30, -1e30, 1e-30, -1e-30, 0.0, -0.0]);
        let equal = Self::of(vec![7.0; 1_000]);
        vec![up_to(0), up_to(1), up_to(2), up_to(8), up_to(200), up_to(201), far, equal]
    }

    fn items(&self) -> Option<usize> {
        Some(self.all.len())
    }
}

/// Checks quantile `q` of all numbers, ascending.
fn check(sketch: &impl Quantiles, model: &Values, values: &[f64], q: f64) -> Verdict {
    let Some(found) = sketch.quantile(q) else { return Err(format!("no quantile {q}")) };
    let n = values.len();
    let truth = values[((q * n as f64).ceil() as usize).clamp(1, n) - 1];
    // Below the lowest bin that is left, no value is promised.
    if let Some(error) = sketch.value_error().filter(|_| model.form != COLLAPSING) {
        let right = (found - truth).abs() <= truth.abs() * error * 1.000_001;
        ensure!(right, "quantile {q} is {found}, not {truth}");
    }
    let (from, to) =
        (values.partition_point(|x| *x < found), values.partition_point(|x| *x <= found));
    let Some(error) = sketch.rank_error() else { return Ok(()) };
    ensure!(from < to, "quantile {q} is {found}, which was not added");
    let is_exact = n <= EXACT && model.form == 0 && !model.mixed;
    let slack = if is_exact { 0.0 } else { TIMES * error * n as f64 };
    let right =
        from as f64 - slack < q * n as f64 + 1e-9 && (to as f64 + slack) >= q * n as f64 - 1e-9;
    ensure!(right, "quantile {q} of {n} is {found}, of ranks {from} to {to}");
    let rank = sketch.rank(found).unwrap_or(-1.0) * n as f64;
    let near = (rank - to as f64).abs() <= slack + 1e-6;
    ensure!(near, "{found} has the rank {rank}, not {to} of {n}");
    Ok(())
}

impl<S: Quantiles> Subject<Values> for S {
    fn compare(&self, model: &Values, look: Look) -> Verdict {
        let values: Vec<f64> = model.all.iter().map(|x| S::kept_of(*x)).collect();
        ensure!(self.len() == values.len() as u64, "{} numbers, not {}", self.len(), values.len());
        let ends = values.first().copied().zip(values.last().copied());
        ensure!(self.ends() == ends, "from {:?}, not {ends:?}", self.ends());
        if values.is_empty() {
            let none = self.quantile(0.5).is_none() && self.rank(1.0).is_none();
            ensure!(none, "a quantile of nothing");
            return Ok(());
        }
        ensure!(self.rank(f64::NAN).is_none(), "a rank of no number");
        let beyond = [f64::NEG_INFINITY, f64::INFINITY].map(|x| self.rank(x));
        ensure!(beyond == [Some(0.0), Some(1.0)], "the ranks {beyond:?} of the infinities");
        let steps = if look == Look::Whole { 50 } else { 4 };
        (0..=steps).try_for_each(|i| check(self, model, &values, f64::from(i) / f64::from(steps)))
    }

    fn exercise(&self) -> Verdict {
        for q in [0.0, 0.01, 0.5, 1.0] {
            core::hint::black_box(self.quantile(q));
        }
        for x in [0.0, -1.0, 1e300, f64::NAN, f64::INFINITY] {
            core::hint::black_box(self.rank(x));
        }
        core::hint::black_box((self.len(), self.ends(), self.rank_error(), self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: QuantilesMut<A> + Forms<A>> SubjectMut<Values, A> for S {
    fn build(model: &Values, alloc: A) -> Result<Self, BuildError> {
        let mut sketch = Self::of_form(model.form, alloc)?;
        for x in &model.all {
            sketch.try_add(*x)?;
        }
        Ok(sketch)
    }

    fn apply(&mut self, op: &Op, model: &mut Values, alloc: &A) -> Result<(), Stop> {
        match *op {
            Op::Add(x) => {
                self.try_add(x)?;
                model.add([x]);
            }
            Op::AddNone(x) => {
                let refused = self.try_add(x);
                ensure!(refused == Err(BuildError::NotFinite), "{x} was taken: {refused:?}");
            }
            Op::AddMany(seed, count) => {
                let mut done = 0;
                let mut all = numbers(seed, count);
                let stop = all.try_for_each(|x| {
                    self.try_add(x)?;
                    done += 1;
                    Ok::<(), BuildError>(())
                });
                model.add(numbers(seed, done));
                stop?;
            }
            Op::Merge(seed, count) => {
                let form = if seed % 4 == 0 { (seed >> 2) as u8 % FORMS } else { model.form };
                let mut other = Self::of_form(form, alloc.clone())?;
                numbers(seed, count).try_for_each(|x| other.try_add(x))?;
                let alike = form == model.form;
                match self.merge(&other) {
                    Ok(()) => {
                        model.add(numbers(seed, count));
                        model.mixed |= !alike;
                    }
                    Err(MergeError::Alloc(error)) => return Err(Stop::Refused(error.into())),
                    Err(error) => ensure!(!alike, "sketches made alike do not merge: {error}"),
                }
            }
            Op::Shrink => self.try_shrink_to_fit()?,
            Op::Rebuild => {
                *self = Self::build(model, alloc.clone())?;
                model.mixed = false;
            }
            Op::Reform(form) => {
                let next = Values { form, mixed: false, ..model.clone() };
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
        for x in numbers(1, 500) {
            let _ = self.try_add(x);
        }
        self.exercise()?;
        let _ = self.try_shrink_to_fit();
        self.exercise()
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        self.exercise()
    }
}
