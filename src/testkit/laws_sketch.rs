//! Laws of the shape `distinct`: after every operation of any program the estimate is near the
//! number of different keys, and exact while they are few. How near on average is measured in
//! `tests/sketches.rs`, over hundreds of sketches.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::mem::Alloc;
use crate::sketches::{Cardinality, CardinalityMut};
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A number, where that hashes otherwise than its bytes.
    Number(u64),
}

/// The keys that were inserted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    keys: BTreeSet<Key>,
    /// Keys of merges that were refused: a part of them may be in the sketch.
    perhaps: BTreeSet<Key>,
}

/// An operation on a count of different keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Insert a byte string.
    Insert(Vec<u8>),
    /// Insert a number.
    InsertNumber(u64),
    /// Insert as many numbers as a seeded generator makes.
    InsertMany(u64, usize),
    /// Merge with a sketch of as many numbers as a seeded generator makes.
    Merge(u64, usize),
    /// Build it anew from its keys.
    Rebuild,
}

/// Numbers that one operation inserts at most: a debug build takes its time to hash them.
const MANY: usize = 1_000;

/// Up to so many keys, estimates are right to the nearest whole number.
const EXACT: usize = 100;

/// Beyond, an estimate may be off by so many standard errors: of a million programs, one.
const SIGMAS: f64 = 6.0;

/// The bytes of a number.
fn bytes_of(number: u64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

/// A number as the model's key, for a sketch of this kind.
fn key_of<A: Alloc, S: CardinalityMut<A>>(number: u64) -> Key {
    if S::EXCHANGE { Key::Bytes(bytes_of(number)) } else { Key::Number(number) }
}

fn numbers(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    let mut rng = Rng::new(seed);
    (0..count).map(move |_| rng.number())
}

impl Distinct {
    fn of(keys: impl IntoIterator<Item = Vec<u8>>) -> Self {
        // The empty key is left out by the exchange formats.
        let keys = keys.into_iter().filter(|key| !key.is_empty()).map(Key::Bytes).collect();
        Self { keys, perhaps: BTreeSet::new() }
    }
}

impl Model for Distinct {
    type Op = Op;
    /// The order of the keys shows in the slots of small forms and in the running estimate.
    const CANONICAL: bool = false;
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 8 {
            0 | 1 => Op::Insert(program.string()),
            2 => Op::InsertNumber(program.number()),
            3 | 4 => Op::InsertMany(program.number(), program.count() % MANY),
            5 | 6 => Op::Merge(program.number(), program.count() % MANY),
            _ => Op::Rebuild,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::of((0..len).map(|_| bytes_of(rng.number())))
    }

    fn golden() -> Self {
        Self::of((0..1_000).map(bytes_of))
    }

    fn edges() -> Vec<Self> {
        let up_to = |count| Self::of((0..count).map(bytes_of));
        vec![up_to(0), up_to(1), up_to(8), up_to(9), up_to(24), up_to(25), up_to(400), up_to(5_000)]
    }

    fn items(&self) -> Option<usize> {
        None
    }
}

impl<S: Cardinality> Subject<Distinct> for S {
    fn compare(&self, model: &Distinct, _: Look) -> Verdict {
        let (estimate, least) = (self.estimate(), model.keys.len());
        let most = least + model.perhaps.iter().filter(|key| !model.keys.contains(*key)).count();
        let slack = |n: usize| {
            if n <= EXACT && S::KEEPS_FEW {
                0.5
            } else {
                1.0 + SIGMAS * self.std_error() * n as f64
            }
        };
        let near = estimate >= least as f64 - slack(least) && estimate <= most as f64 + slack(most);
        ensure!(near, "estimates {estimate} for {least} to {most} keys");
        let untouched = most == 0;
        ensure!(!untouched || self.is_empty(), "not empty, without a key");
        ensure!(least == 0 || !self.is_empty(), "empty, with {least} keys");
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        core::hint::black_box((self.estimate(), self.std_error(), self.is_empty()));
        core::hint::black_box((self.heap_bytes(), self.heap_blocks()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: CardinalityMut<A>> SubjectMut<Distinct, A> for S {
    fn build(model: &Distinct, alloc: A) -> Result<Self, BuildError> {
        let mut sketch = Self::try_default_in(alloc)?;
        for key in &model.keys {
            match key {
                Key::Bytes(bytes) => sketch.try_insert(bytes)?,
                Key::Number(number) => sketch.try_insert_u64(*number)?,
            }
        }
        Ok(sketch)
    }

    fn apply(&mut self, op: &Op, model: &mut Distinct, alloc: &A) -> Result<(), Stop> {
        match op {
            Op::Insert(key) => {
                self.try_insert(key)?;
                if !(S::EXCHANGE && key.is_empty()) {
                    model.keys.insert(Key::Bytes(key.clone()));
                }
            }
            Op::InsertNumber(number) => {
                self.try_insert_u64(*number)?;
                model.keys.insert(key_of::<A, S>(*number));
            }
            Op::InsertMany(seed, count) => {
                for number in numbers(*seed, *count) {
                    self.try_insert_u64(number)?;
                    model.keys.insert(key_of::<A, S>(number));
                }
            }
            Op::Merge(seed, count) => merge(self, numbers(*seed, *count), model, alloc)?,
            Op::Rebuild => {
                let rebuilt = Self::build(model, alloc.clone())?;
                let same = !S::CANONICAL || !model.perhaps.is_empty() || rebuilt == *self;
                ensure!(same, "built anew from its keys, the sketch differs");
                *self = rebuilt;
                model.perhaps.clear();
            }
        }
        Ok(())
    }

    fn churn(&mut self) -> Verdict {
        for number in 0..3_000 {
            // A refusal is fine: the bytes it came from were damaged.
            let _ = self.try_insert_u64(number);
        }
        core::hint::black_box(self.estimate());
        Ok(())
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        self.exercise()
    }
}

/// Merges with a sketch of these numbers.
fn merge<A: Alloc + Clone, S: CardinalityMut<A>>(
    sketch: &mut S,
    numbers: impl Iterator<Item = u64>,
    model: &mut Distinct,
    alloc: &A,
) -> Result<(), Stop> {
    let mut other = S::try_default_in(alloc.clone())?;
    let mut keys = BTreeSet::new();
    for number in numbers {
        other.try_insert_u64(number)?;
        keys.insert(key_of::<A, S>(number));
    }
    match sketch.merge(&other) {
        Ok(()) => {
            merged_otherwise(sketch, &other, model, alloc)?;
            model.keys.extend(keys);
        }
        Err(MergeError::Alloc(error)) => {
            model.perhaps.extend(keys);
            return Err(Stop::Refused(BuildError::Alloc(error)));
        }
        Err(error) => ensure!(false, "sketches made alike do not merge: {error}"),
    }
    Ok(())
}

/// What a sketch has, it may be given again; and the other way round the merge gives the same.
fn merged_otherwise<A: Alloc + Clone, S: CardinalityMut<A>>(
    sketch: &mut S,
    other: &S,
    before: &Distinct,
    alloc: &A,
) -> Verdict {
    if !S::CANONICAL || before.keys.len() > 2 * EXACT {
        return Ok(());
    }
    let estimate = sketch.estimate();
    let again = sketch.merge(other);
    let same = sketch.estimate().to_bits() == estimate.to_bits();
    let refused = matches!(again, Err(MergeError::Alloc(_)));
    ensure!(same && (again.is_ok() || refused), "merged twice: {again:?}, same estimate: {same}");
    // Refused memory proves nothing here.
    let Ok(mut swapped) = S::try_default_in(alloc.clone()) else { return Ok(()) };
    let Ok(first) = S::build(before, alloc.clone()) else { return Ok(()) };
    if swapped.merge(other).is_err() || swapped.merge(&first).is_err() {
        return Ok(());
    }
    ensure!(
        !before.perhaps.is_empty() || swapped == *sketch,
        "merged in another order, it differs"
    );
    Ok(())
}
