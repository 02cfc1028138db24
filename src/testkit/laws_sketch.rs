//! Laws of the shape `distinct`: after every operation of any program the estimate is near the
//! number of different keys, and exact while they are few. How near on average is measured in
//! `tests/sketches.rs`, over hundreds of sketches.

use super::data::Rng;
use super::model::{FORMS, Forms, Model};
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::mem::Alloc;
use crate::sketches::{Cardinality, CardinalityMut, ExaLogLog, HyperLogLog, HyperMinHash, Theta};
use crate::storage::HeapWords;
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
    /// The number of its form, and whether one of another form was merged into it.
    form: u8,
    mixed: bool,
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
    /// Build it anew in the form of this number.
    Reform(u8),
    /// Bring it into its smallest form.
    Pack,
}

/// Numbers that one operation inserts at most: a debug build takes its time to hash them.
const MANY: usize = 1_000;

/// Up to so many keys, estimates are right to the nearest whole number.
const EXACT: usize = 100;

/// Beyond, an estimate may be off by so many standard errors: of a million programs, one.
const SIGMAS: f64 = 6.0;

/// So many in small forms, whose errors are not normal.
const SMALL_SIGMAS: f64 = 10.0;

/// Other sizes than the default one, not too small for the errors that theory gives.
macro_rules! forms {
    ($(
        $ty:ident of $sizes:expr, $new:expr $(, packed by $pack:ident)? $(, ordered $form:expr)?;
    )*) => {$(
        impl<A: Alloc + Clone> Forms<A> for $ty<HeapWords<A>> {
            $(const ORDERED: Option<u8> = Some($form);)?

            fn of_form(form: u8, alloc: A) -> Result<Self, BuildError> {
                let sizes: [u8; FORMS as usize] = $sizes;
                let new: fn(u8, A) -> Result<Self, BuildError> = $new;
                new(sizes[usize::from(form % FORMS)], alloc)
            }

            $(fn pack(&mut self) -> Result<(), BuildError> {
                Ok(self.$pack()?)
            })?
        }
    )*};
}

forms! {
    HyperLogLog of [12, 7, 8, 10], Self::try_new_in;
    HyperMinHash of [12, 8, 9, 10], |p, alloc| Self::try_new_in(p, 0, alloc);
    Theta of [12, 7, 8, 10], Self::try_new_in, packed by try_pack;
    ExaLogLog of [11, 7, 9, 8], |p, alloc| {
        let sketch = Self::try_new_in(p, 0, alloc)?;
        Ok(if p == 8 { sketch.with_running_estimate() } else { sketch })
    }, ordered 3;
}

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
        Self { keys, ..Self::default() }
    }
}

impl Model for Distinct {
    type Op = Op;
    /// The order of the keys shows in the slots of small forms and in the running estimate.
    const CANONICAL: bool = false;
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        let byte = program.byte()?;
        Some(match byte % 8 {
            0 | 1 => Op::Insert(program.string()),
            2 => Op::InsertNumber(program.number()),
            3 | 4 => Op::InsertMany(program.number(), program.count() % MANY),
            5 | 6 => Op::Merge(program.number(), program.count() % MANY),
            _ => match byte / 8 % 4 {
                0 | 1 => Op::Rebuild,
                2 => Op::Pack,
                _ => Op::Reform(byte / 32 % FORMS),
            },
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
        let is_default = model.form == 0 && !model.mixed;
        let slack = |n: usize| match is_default {
            true if n <= EXACT && S::KEEPS_FEW => 0.5,
            true => 1.0 + SIGMAS * self.std_error() * n as f64,
            false => 2.0 + SMALL_SIGMAS * self.std_error() * n as f64,
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

impl<A: Alloc + Clone, S: CardinalityMut<A> + Forms<A>> SubjectMut<Distinct, A> for S {
    fn build(model: &Distinct, alloc: A) -> Result<Self, BuildError> {
        let mut sketch = Self::of_form(model.form, alloc)?;
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
            Op::Merge(seed, count) => {
                let form = if seed % 4 == 0 { (seed >> 2) as u8 % FORMS } else { model.form };
                merge(self, form, numbers(*seed, *count), model, alloc)?;
            }
            Op::Rebuild => {
                let rebuilt = Self::build(model, alloc.clone())?;
                let canonical = is_canonical::<A, S>(model) && model.perhaps.is_empty();
                ensure!(!canonical || rebuilt == *self, "built anew, the sketch differs");
                *self = rebuilt;
                (model.perhaps, model.mixed) = (BTreeSet::new(), false);
            }
            Op::Reform(form) => {
                let next = Distinct { form: *form, mixed: false, ..model.clone() };
                *self = Self::build(&next, alloc.clone())?;
                *model = Distinct { perhaps: BTreeSet::new(), ..next };
            }
            Op::Pack => self.pack()?,
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

/// Merges with a sketch of these numbers, which has this form.
fn merge<A: Alloc + Clone, S: CardinalityMut<A> + Forms<A>>(
    sketch: &mut S,
    form: u8,
    numbers: impl Iterator<Item = u64>,
    model: &mut Distinct,
    alloc: &A,
) -> Result<(), Stop> {
    let mut other = S::of_form(form, alloc.clone())?;
    let mut keys = BTreeSet::new();
    for number in numbers {
        other.try_insert_u64(number)?;
        keys.insert(key_of::<A, S>(number));
    }
    let alike = form == model.form;
    match sketch.merge(&other) {
        Ok(()) => {
            merged_otherwise(sketch, &other, model, alloc)?;
            model.keys.extend(keys);
            model.mixed |= !alike;
        }
        Err(MergeError::Alloc(error)) => {
            model.perhaps.extend(keys);
            model.mixed |= !alike;
            return Err(Stop::Refused(BuildError::Alloc(error)));
        }
        Err(error) => ensure!(!alike, "sketches made alike do not merge: {error}"),
    }
    Ok(())
}

/// Whether the same keys make equal sketches.
fn is_canonical<A: Alloc, S: CardinalityMut<A> + Forms<A>>(model: &Distinct) -> bool {
    S::CANONICAL && !model.mixed && S::ORDERED != Some(model.form)
}

/// What a sketch has, it may be given again; and the other way round the merge gives the same.
fn merged_otherwise<A: Alloc + Clone, S: CardinalityMut<A> + Forms<A>>(
    sketch: &mut S,
    other: &S,
    before: &Distinct,
    alloc: &A,
) -> Verdict {
    if !is_canonical::<A, S>(before) || before.keys.len() > 2 * EXACT {
        return Ok(());
    }
    let estimate = sketch.estimate();
    let again = sketch.merge(other);
    let same = sketch.estimate().to_bits() == estimate.to_bits();
    let refused = matches!(again, Err(MergeError::Alloc(_)));
    ensure!(same && (again.is_ok() || refused), "merged twice: {again:?}, same estimate: {same}");
    // Refused memory proves nothing here.
    let Ok(mut swapped) = S::of_form(before.form, alloc.clone()) else { return Ok(()) };
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
