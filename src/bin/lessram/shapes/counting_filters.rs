//! The shape `counting_filters`: approximate multisets. Of lines each distinct one is put in once,
//! so that they are measured, built and asked as those of the shape `filters` are.

use super::{Shape, filters, merged};
use lessram::filters::{FilterCount, FilterCountMut};
use lessram::mem::Global;
use lessram::storage::{HeapWords, Persist};

pub(crate) fn of<T: FilterCountMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    Shape {
        merge: Some(|files, out| merged(files, out, T::merge, |all| Some(FilterCount::len(all)))),
        ..filters::of::<T>()
    }
}
