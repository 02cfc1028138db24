//! Oracles: the same answers from the plainest code there is.

use super::data::Rng;
use super::ops::{Item, Op, Program};
use crate::error::BuildError;
use std::fmt;
use std::vec::Vec;

/// A naive structure, which a row of the registry must equal after every operation.
pub trait Model: Clone + Default + fmt::Debug + PartialEq + 'static {
    /// What can be done to it.
    type Op: fmt::Debug;

    /// Whether equal contents make equal files, however they came about.
    const CANONICAL: bool = true;

    /// Whether growth takes steps of half below 128 KiB and of a sixteenth above. Sketches whose
    /// form in memory is an exchange format grow as that format does.
    const GROWS_FINELY: bool = true;

    /// The next operation of a program, or `None` at its end.
    fn read_op(program: &mut Program<'_>) -> Option<Self::Op>;

    /// About `len` items of a distribution that `rng` picks.
    fn generate(rng: &mut Rng, len: usize) -> Self;

    /// The data of golden files. Never changes: files of it must load forever.
    fn golden() -> Self;

    /// Small cases at the edges: empty, one item, items without content.
    fn edges() -> Vec<Self>;

    /// How many items there are, as a file's header tells; `None` if it tells an estimate.
    fn items(&self) -> Option<usize>;
}

/// Items in a plain `Vec`: the oracle of the registry's shapes `ints` and `strings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence<T>(pub Vec<T>);

/// The oracle of the shape `ints`.
pub type IntsModel = Sequence<u64>;
/// The oracle of the shape `strings`.
pub type StringsModel = Sequence<Vec<u8>>;

/// A program stops appending here: enough to pass 128 KiB, where growth takes smaller steps.
const MAX_WEIGHT: usize = 256 << 10;

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Item> Sequence<T> {
    /// Where an operation's position points: into the sequence, or up to one behind its end.
    #[must_use]
    pub fn position(&self, raw: usize) -> usize {
        raw % (self.0.len() + 2)
    }

    /// How many of `items` a program may still append: it stops at 256 KiB.
    #[must_use]
    pub fn room_for(&self, items: &[T]) -> usize {
        let mut weight: usize = self.0.iter().map(T::weight).sum();
        let fits = |item: &&T| {
            weight += item.weight();
            weight <= MAX_WEIGHT
        };
        items.iter().take_while(fits).count()
    }

    /// The first place of `item` in an ascending sequence, or else where it would be put.
    ///
    /// # Errors
    ///
    /// `Err(position)` if `item` does not occur.
    pub fn binary_search(&self, item: &T) -> Result<usize, usize> {
        let at = self.0.iter().take_while(|other| *other < item).count();
        if self.0.get(at) == Some(item) { Ok(at) } else { Err(at) }
    }

    /// The same items in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut items = self.0.clone();
        items.sort();
        Self(items)
    }
}

impl<T: Item> Model for Sequence<T> {
    type Op = Op<T>;

    fn read_op(program: &mut Program<'_>) -> Option<Self::Op> {
        Op::read(program)
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self(T::generate(rng, len))
    }

    fn golden() -> Self {
        Self(T::golden())
    }

    fn edges() -> Vec<Self> {
        T::edges().into_iter().map(Self).collect()
    }

    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// What laws make of a structure that has parameters: in a default form, and in others.
pub trait Forms<A>: Sized {
    /// An empty structure of form number `form`, below [`FORMS`]; 0 is the default one.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if memory cannot be had.
    fn of_form(form: u8, alloc: A) -> Result<Self, BuildError>;

    /// The form that the order of items and merges shows in, if the others are canonical.
    const ORDERED: Option<u8> = None;

    /// Brings it into its smallest form, if it has several.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if memory cannot be had; nothing has changed then.
    fn pack(&mut self) -> Result<(), BuildError> {
        Ok(())
    }
}

/// How many forms laws try.
pub const FORMS: u8 = 4;
