//! A file's structure on the heap, asked alike whatever it is.

use crate::args::QueryArgs;
use crate::error::Outcome;
use crate::query::Printer;

/// What `query` asks.
pub(crate) trait Answers {
    /// Prints what was asked for; whether all of it is there.
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool>;
}

/// A sequence of items that are shown and compared as bytes or as numbers.
pub(crate) trait Hold {
    /// Items.
    fn len(&self) -> usize;

    /// The item at `index`, as it is printed; `None` beyond the end.
    fn get(&self, index: usize) -> Option<Vec<u8>>;

    /// Whether the items ascend, so that they can be searched. Looks at all of them.
    fn is_sorted(&self) -> bool;

    /// Whether the item at `index` equals `key`, is smaller or greater.
    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering>;

    /// The first position of `key`, or the position where it would stand. Ascending items only.
    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>>;

    /// Refuses what cannot be a key.
    fn check(&self, key: &[u8]) -> Outcome<()>;

    /// Whether items are byte strings, so that prefixes make sense.
    fn is_text(&self) -> bool;
}
