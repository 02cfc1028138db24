//! Laws of the shape `static_ints`: a sequence of numbers that is built once. Every operation of a
//! program is done to the oracle, and the structure is built anew from it.

use super::data::Rng;
use super::laws_array::Reads;
use super::model::{IntsModel, Model, Sequence};
use super::ops::{Op, Program};
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{IntsBuilder, IntsStatic};
use crate::error::BuildError;
use crate::mem::Alloc;
use std::vec::Vec;

/// The oracle of the shape `static_ints`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticInts(pub IntsModel);

impl StaticInts {
    /// Does `op` to the numbers.
    fn apply(&mut self, op: &Op<u64>) {
        match op {
            Op::Push(number) => self.append(core::slice::from_ref(number)),
            Op::PushMany(numbers) => self.append(numbers),
            Op::Set(raw, number) => {
                let index = self.0.position(*raw);
                if let Some(place) = self.0.0.get_mut(index) {
                    *place = *number;
                }
            }
            Op::Pop => drop(self.0.0.pop()),
            Op::Truncate(raw) => self.0.0.truncate(self.0.position(*raw)),
            Op::Rebuild(true) => self.0 = self.0.sorted(),
            Op::Rebuild(false) | Op::Shrink | Op::Search(_) => {}
        }
    }

    fn append(&mut self, numbers: &[u64]) {
        let room = self.0.room_for(numbers);
        self.0.0.extend_from_slice(&numbers[..room]);
    }
}

impl Model for StaticInts {
    type Op = Op<u64>;

    /// A builder's growth is followed apart: what is finished has no slack.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Self::Op> {
        Op::read(program)
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self(IntsModel::generate(rng, len))
    }

    fn golden() -> Self {
        // Several blocks and modes: the numbers of other shapes, a ramp, and outliers.
        let mut numbers = IntsModel::golden().0;
        numbers.extend((0..300).map(|i| 5_000 + i * 1_000 + i * i % 41));
        numbers.extend((0..200).map(|i| if i % 31 == 7 { 1 << 40 | i } else { i * i % 64 }));
        numbers.extend([0, u64::MAX, 1 << 63]);
        Self(Sequence(numbers))
    }

    fn edges() -> Vec<Self> {
        let blocks = [127, 128, 129, 256, 4_096, 4_097];
        let ramps = blocks.map(|len| Self(Sequence((0..len).collect())));
        IntsModel::edges().into_iter().map(Self).chain(ramps).collect()
    }

    fn items(&self) -> Option<usize> {
        self.0.items()
    }
}

impl<S: Reads<u64>> Subject<StaticInts> for S {
    fn compare(&self, model: &StaticInts, look: Look) -> Verdict {
        Subject::<IntsModel>::compare(self, &model.0, look)
    }

    fn exercise(&self) -> Verdict {
        Subject::<IntsModel>::exercise(self)
    }
}

impl<A: Alloc + Clone, S: IntsStatic<A>> SubjectMut<StaticInts, A> for S {
    fn build(model: &StaticInts, alloc: A) -> Result<Self, BuildError> {
        let mut builder = S::builder_in(alloc);
        model.0.0.iter().try_for_each(|number| builder.try_push(*number))?;
        builder.try_finish()
    }

    fn apply(&mut self, op: &Op<u64>, model: &mut StaticInts, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        next.apply(op);
        if next != *model || matches!(op, Op::Rebuild(_)) {
            *self = Self::build(&next, alloc.clone())?;
            *model = next;
        }
        if let Op::Search(number) = op {
            let (found, expected) = (self.find(number), model.0.binary_search(number));
            let right = found == expected || !model.0.0.is_sorted();
            ensure!(right, "found {number:?} at {found:?}, not {expected:?}");
        }
        Ok(())
    }
}
