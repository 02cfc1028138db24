//! What laws see of a row: [`Row`] names the type in each storage, [`Subject`] is what can be asked
//! of it, [`SubjectMut`] what can be done to it.

use super::model::Model;
use crate::error::{AllocError, BuildError};
use crate::mem::{Alloc, Footprint, Global};
use crate::registry::Kind;
use crate::storage::{HeapWords, Le64, Persist};
use std::string::String;

/// What a law finds: nothing, or what is wrong.
pub type Verdict = Result<(), String>;

/// Why an operation was not done.
#[derive(Debug)]
pub enum Stop {
    /// The structure returned an error.
    Refused(BuildError),
    /// The structure broke a law.
    Broken(String),
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        Self::Refused(error)
    }
}

impl From<AllocError> for Stop {
    fn from(error: AllocError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Broken(message)
    }
}

/// Returns an error with the message, unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(std::format!($($message)+).into());
        }
    };
}
pub(super) use ensure;

/// How many positions of a structure are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The ends and some between: after every operation.
    Glance,
    /// All.
    Whole,
}

/// A structure that can be asked, whatever its storage.
pub trait Subject<M>: Footprint {
    /// Compares its answers with the model's.
    ///
    /// # Errors
    ///
    /// The first difference.
    fn compare(&self, model: &M, look: Look) -> Verdict;

    /// Asks everything of a structure that was opened from damaged bytes. Answers may be wrong, but
    /// not impossible; nothing may panic or take long.
    ///
    /// # Errors
    ///
    /// An impossible answer, such as a position behind the end.
    fn exercise(&self) -> Verdict;
}

/// A structure that can be built and changed, with its memory from `A`.
pub trait SubjectMut<M: Model, A: Alloc + Clone>: Subject<M> + Sized {
    /// Builds it from the items of `model`.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn build(model: &M, alloc: A) -> Result<Self, BuildError>;

    /// Does one operation to the structure and, as far as it succeeds, to `model`.
    ///
    /// # Errors
    ///
    /// What the structure returns, or what is wrong with its answers.
    fn apply(&mut self, op: &M::Op, model: &mut M, alloc: &A) -> Result<(), Stop>;

    /// Gives back all room that is not needed. What is built at once has none.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn shrink(&mut self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Changes a structure that was opened from damaged bytes in every way there is. It may refuse;
    /// it may not panic, or ask for much memory. What is built at once cannot be changed.
    ///
    /// # Errors
    ///
    /// An impossible answer in between.
    fn churn(&mut self) -> Verdict {
        Ok(())
    }

    /// Makes one of it and `other`, both opened from damaged bytes, where that is a question that
    /// the shape knows. It may refuse; it may not panic, or ask for much memory.
    ///
    /// # Errors
    ///
    /// An impossible answer of what came of it.
    fn mix(&mut self, _other: &Self, _alloc: &A) -> Verdict {
        Ok(())
    }
}

/// A row of the registry, as types: one for each storage.
pub trait Row: 'static {
    /// Number and name.
    const KIND: Kind;
    /// The column `shape`.
    const SHAPE: &'static str;
    /// Its oracle.
    type Model: Model;
    /// The structure in any allocator.
    type In<A: Alloc + Clone>: SubjectMut<Self::Model, A> + Persist<Words = HeapWords<A>>;
    /// The structure on the heap, as files are read.
    type Heap: SubjectMut<Self::Model, Global> + Persist<Words = HeapWords>;
    /// The structure over borrowed words.
    type View<'a>: Subject<Self::Model> + Persist<Words = &'a [Le64]>;
    /// The structure in a mapped file.
    #[cfg(feature = "mmap")]
    type Mapped: Subject<Self::Model> + Persist<Words = crate::storage::MappedWords>;
}

/// Gives the rows of a shape their oracle. A new shape is one line here and one file of laws.
macro_rules! model_of {
    (ints) => {
        $crate::testkit::model::IntsModel
    };
    (static_ints) => {
        $crate::testkit::laws_static::StaticInts
    };
    (sorted) => {
        $crate::testkit::laws_sorted::Ascending
    };
    (int_sets) => {
        $crate::testkit::laws_int_set::Members
    };
    (strings) => {
        $crate::testkit::model::StringsModel
    };
    (bits) => {
        $crate::testkit::laws_bits::BitsModel
    };
    (ragged) => {
        $crate::testkit::laws_ragged::RowsModel
    };
    (distinct) => {
        $crate::testkit::laws_sketch::Distinct
    };
    (counts) => {
        $crate::testkit::laws_counts::Counts
    };
    (top) => {
        $crate::testkit::laws_top::Frequent
    };
    (counters) => {
        $crate::testkit::laws_counters::Tallies
    };
    (quantiles) => {
        $crate::testkit::laws_quantiles::Values
    };
    (counting_filters) => {
        $crate::testkit::laws_counting::Multiset
    };
    (static_filters) => {
        $crate::testkit::laws_static_filter::Built
    };
    (dicts) => {
        $crate::testkit::laws_dict::Dict
    };
    (dict_maps) => {
        $crate::testkit::laws_dict_map::Pairs
    };
    (key_ids) => {
        $crate::testkit::laws_key_ids::Numbered
    };
    (key_values) => {
        $crate::testkit::laws_key_values::Valued
    };
    (filters) => {
        $crate::testkit::laws_filter::Hashes
    };
}

/// Makes a [`Row`] of every row of the registry.
macro_rules! rows {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {$(
        #[doc = concat!("The row `", stringify!($name), "`.")]
        #[allow(non_camel_case_types)]
        #[derive(Debug)]
        pub enum $name {}

        const _: () = {
            use $ty as Type;

            impl Row for $name {
                const KIND: Kind = Kind { id: $id, name: stringify!($name) };
                const SHAPE: &'static str = stringify!($shape);
                type Model = model_of!($shape);
                type In<A: Alloc + Clone> = Type<HeapWords<A>>;
                type Heap = Type<HeapWords>;
                type View<'a> = Type<&'a [Le64]>;
                #[cfg(feature = "mmap")]
                type Mapped = Type<crate::storage::MappedWords>;
            }
        };
    )*};
}

/// The rows of the registry, each a type of its own under its name.
pub mod rows {
    use super::{Alloc, HeapWords, Kind, Le64, Row};

    crate::family!(rows);
}
