//! [`FeatureHasher`]: columns for words, without a dictionary.

use crate::error::BuildError;
use crate::hashing::murmur3_32;
use crate::mem::{Footprint, Parts};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// The most columns: what scikit-learn takes.
const MOST_COLUMNS: u32 = i32::MAX as u32;

/// Columns and signs for words, so that texts become vectors of numbers without a dictionary: those
/// of scikit-learn's `FeatureHasher`, to the bit.
///
/// A word's column is a hash of it, and its sign another bit of the hash, so that words that share
/// a column cancel out on average. A model that was trained there can be used here.
///
/// # When not to use it
///
/// - The words of a column are asked for: a hash does not lead back.
/// - There are few words, or the vectors must be exact: number them (a dictionary).
/// - Words that an enemy chooses: the hash is public and has 32 bits.
///
/// # Layout, Space
///
/// It has no state but its parameters, 8 bytes, and nothing on the heap. A row of the matrix is 16
/// bytes for each column that is not empty.
///
/// # Time
///
/// | operation | time |
/// |---|---|
/// | `feature` | O(length), about 8 ns a word |
/// | `row` | O(n log n) for n features; allocates the row |
///
/// # Parameters
///
/// Columns: scikit-learn's default is 2^20. A power of two saves a division.
///
/// # Example
///
/// ```
/// use lessram::sketches::FeatureHasher;
///
/// let hasher = FeatureHasher::new(1 << 20)?;
/// assert_eq!(hasher.feature("foo"), (670_688, -1.0)); // scikit-learn: the same
/// let row = hasher.row(["the cat and the dog"].iter().flat_map(|text| text.split(' ')));
/// assert_eq!(row.len(), 4);
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Weinberger, Dasgupta, Langford, Smola, Attenberg: Feature hashing for large scale multitask
/// learning. ICML 2009.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureHasher {
    columns: u32,
    signs: bool,
}

impl FeatureHasher {
    /// A hasher to so many columns, with signs.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless there are 1 to 2^31 - 1 columns.
    pub const fn new(columns: u32) -> Result<Self, BuildError> {
        if columns == 0 || columns > MOST_COLUMNS {
            let (value, max) = (columns as u64, MOST_COLUMNS as u64);
            return Err(BuildError::OutOfRange { name: "columns", value, min: 1, max });
        }
        Ok(Self { columns, signs: true })
    }

    /// The same without signs: scikit-learn's `alternate_sign=False`.
    #[must_use]
    pub const fn without_signs(self) -> Self {
        Self { signs: false, ..self }
    }

    /// How many columns there are.
    #[must_use]
    pub const fn columns(&self) -> u32 {
        self.columns
    }

    /// The column of a word, and 1 or -1. O(length), allocates nothing.
    #[must_use]
    #[inline]
    pub fn feature(&self, word: impl AsRef<[u8]>) -> (u32, f64) {
        self.of_hash(murmur3_32::hash(word.as_ref(), 0))
    }

    /// The column of a name that has a word for a value, such as `("colour", "red")`, and 1 or -1:
    /// that of the word `colour=red`. A name that has a number for a value is a word itself, and
    /// the number is multiplied with the sign. O(length), allocates nothing.
    #[must_use]
    pub fn pair(&self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> (u32, f64) {
        self.of_hash(murmur3_32::hash_of(&[name.as_ref(), b"=", value.as_ref()], 0))
    }

    /// Adds the signs of `words` to their columns.
    ///
    /// # Panics
    ///
    /// If `row` does not have as many numbers as there are columns.
    #[track_caller]
    pub fn add_to<T: AsRef<[u8]>>(&self, row: &mut [f64], words: impl IntoIterator<Item = T>) {
        assert!(
            row.len() as u64 == u64::from(self.columns),
            "{} numbers, not {}: one a column",
            row.len(),
            self.columns
        );
        for word in words {
            let (column, sign) = self.feature(word);
            row[column as usize] += sign;
        }
    }

    /// The columns of `words` with the sums of their signs, ascending: a row of scikit-learn's
    /// sparse matrix. Sums of 0 stay, as there. Allocates the row.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn row<T: AsRef<[u8]>>(&self, words: impl IntoIterator<Item = T>) -> Vec<(u32, f64)> {
        self.row_of(words.into_iter().map(|word| self.feature(word)))
    }

    /// The columns of features with the sums of their numbers, ascending. Numbers of 0 are left
    /// out, as scikit-learn does; sums of 0 stay. Allocates the row.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn row_of(&self, features: impl IntoIterator<Item = (u32, f64)>) -> Vec<(u32, f64)> {
        let features = features.into_iter().filter(|(_, number)| *number != 0.0);
        let mut row: Vec<(u32, f64)> = features.collect();
        // Stable, so that sums round alike on every machine.
        row.sort_by_key(|(column, _)| *column);
        row.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        row
    }

    #[inline]
    fn of_hash(&self, hash: u32) -> (u32, f64) {
        let signed = hash as i32;
        let column = match signed {
            // Its absolute value is no 32-bit number; what scikit-learn makes of it.
            i32::MIN => (MOST_COLUMNS - (self.columns - 1)) % self.columns,
            _ if self.columns.is_power_of_two() => signed.unsigned_abs() & (self.columns - 1),
            _ => signed.unsigned_abs() % self.columns,
        };
        (column, if self.signs && signed < 0 { -1.0 } else { 1.0 })
    }
}

impl Default for FeatureHasher {
    /// 2^20 columns, with signs, as in scikit-learn.
    fn default() -> Self {
        Self { columns: 1 << 20, signs: true }
    }
}

impl Footprint for FeatureHasher {
    fn parts(&self, _: &mut dyn Parts) {}

    fn owns_heap() -> bool {
        false
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn columns_out_of_range_are_refused() {
        for columns in [0, 1 << 31, u32::MAX] {
            let refused = FeatureHasher::new(columns);
            assert!(matches!(refused, Err(BuildError::OutOfRange { name: "columns", .. })));
        }
        assert_eq!(FeatureHasher::new(1).unwrap().feature("any").0, 0);
        assert_eq!(FeatureHasher::default().columns(), 1 << 20);
    }

    #[test]
    fn rows_are_sums() {
        let hasher = FeatureHasher::new(16).unwrap();
        let words = ["a", "b", "a", "c", "d", "e", "a"];
        let row = hasher.row(words);
        assert!(row.is_sorted_by(|a, b| a.0 < b.0));
        let mut dense = [0.0; 16];
        hasher.add_to(&mut dense, words);
        for (column, sum) in dense.iter().enumerate() {
            let sparse = row.iter().find(|(other, _)| *other as usize == column);
            assert_eq!(sparse.map_or(0.0, |(_, sum)| *sum), *sum);
        }
        let plain = hasher.without_signs().row(words);
        assert_eq!(plain.iter().map(|(_, sum)| sum).sum::<f64>(), 7.0);
        assert_eq!(hasher.pair("b", "c"), hasher.feature("b=c"));
        assert!(hasher.row_of([(3, 0.0)]).is_empty());
    }

    #[test]
    #[should_panic(expected = "15 numbers, not 16")]
    fn a_row_of_another_length_panics() {
        FeatureHasher::new(16).unwrap().add_to(&mut [0.0; 15], ["a"]);
    }
}
