//! The shape `counting_filters`: approximate multisets. Of lines each distinct one is put in once,
//! so that they are measured, built and asked as those of the shape `filters` are.

use super::{Shape, filters};
use lessram::filters::FilterCountMut;
use lessram::mem::Global;
use lessram::storage::{HeapWords, Persist};

pub(crate) fn of<T: FilterCountMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    filters::of::<T>()
}
