//! A file's structure on the heap, asked alike whatever it is.

use crate::error::{Failure, Outcome};
use crate::input::{decimal, excerpt};
use lessram::arrays::{Ints, Strings};

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

/// Byte strings.
pub(crate) struct Texts<T>(pub(crate) T);

impl<T: Strings> Hold for Texts<T> {
    fn len(&self) -> usize {
        Strings::len(&self.0)
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        Strings::get(&self.0, index).map(<[u8]>::to_vec)
    }

    fn is_sorted(&self) -> bool {
        (0..Strings::len(&self.0)).map(|i| Strings::get(&self.0, i)).is_sorted()
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(Strings::get(&self.0, index).unwrap_or(&[]).cmp(key))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        Ok(self.0.binary_search(key))
    }

    fn check(&self, _: &[u8]) -> Outcome<()> {
        Ok(())
    }

    fn is_text(&self) -> bool {
        true
    }
}

/// Numbers, printed in decimal.
pub(crate) struct Numbers<T>(pub(crate) T);

/// A key on the command line as a number.
fn number(key: &[u8]) -> Outcome<u64> {
    decimal(key)
        .ok_or_else(|| Failure::usage(format!("{} is no decimal number below 2^64", excerpt(key))))
}

impl<T: Ints> Hold for Numbers<T> {
    fn len(&self) -> usize {
        Ints::len(&self.0)
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        Ints::get(&self.0, index).map(|number| number.to_string().into_bytes())
    }

    fn is_sorted(&self) -> bool {
        (0..Ints::len(&self.0)).map(|i| Ints::get(&self.0, i)).is_sorted()
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok(Ints::get(&self.0, index).unwrap_or(0).cmp(&number(key)?))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        Ok(self.0.binary_search(number(key)?))
    }

    fn check(&self, key: &[u8]) -> Outcome<()> {
        number(key).map(drop)
    }

    fn is_text(&self) -> bool {
        false
    }
}
