//! Ranges of positions, as callers give them.

use core::ops::{Bound, Range, RangeBounds};

/// Where `range` begins and ends in a sequence of `len` items, which it may not lie within.
pub(crate) fn ends_of(range: &impl RangeBounds<usize>, len: usize) -> (usize, usize) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => len,
    };
    (start, end)
}

/// `range` as positions of a sequence of `len` items.
///
/// # Panics
///
/// If it ends before it starts, or behind the last item.
#[track_caller]
pub(crate) fn within(range: &impl RangeBounds<usize>, len: usize) -> Range<usize> {
    let (start, end) = ends_of(range, len);
    assert!(start <= end && end <= len, "range {start}..{end} of {len} items");
    start..end
}
