//! What can be told of an input from some parts of it, so that what building takes is known before.

use crate::args::FormatArgs;
use crate::error::Outcome;
use crate::input::{self, decimal};
use std::path::Path;

/// How much there is, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Fields between spaces, tabs and commas.
    pub(crate) fields: u64,
    /// The largest number that was seen, if the lines are numbers.
    pub(crate) largest: u64,
    /// How far the numbers of a part lie apart, on average, if they ascend.
    pub(crate) gap: Option<u64>,
}

/// What the parts of `file` say; `None` for what is no file.
pub(crate) fn about(file: &Path, format: FormatArgs) -> Outcome<Option<About>> {
    let size = format.number_bytes();
    let Some((bytes, parts)) = input::parts(file, size)? else { return Ok(None) };
    let mut seen = Numbers::default();
    let (mut ends, mut separators, mut read) = (0, 0, 0);
    for part in &parts {
        read += part.len() as u64;
        let numbers = match size {
            Some(size) => part.chunks_exact(size).map(little_endian).collect(),
            None => {
                // The last line is most often cut.
                let whole = part.iter().rposition(|byte| *byte == b'\n').unwrap_or(part.len());
                let count = |bytes: &[u8]| part.iter().filter(|byte| bytes.contains(byte)).count();
                ends += count(b"\n") as u64;
                separators += count(b" \t,") as u64;
                part[..whole].split(|byte| *byte == b'\n').map(decimal).collect()
            }
        };
        if let Some(numbers) = numbers {
            seen.take(numbers);
        }
    }
    let of_all =
        |seen: u64| (u128::from(bytes) * u128::from(seen) / u128::from(read.max(1))) as u64;
    let lines = size.map_or_else(|| of_all(ends.max(1)), |size| bytes / size as u64);
    let fields = lines + of_all(separators);
    Ok(Some(About { lines, bytes, fields, largest: seen.largest, gap: seen.gap() }))
}

fn little_endian(bytes: &[u8]) -> Option<u64> {
    let mut number = [0; 8];
    number.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(number))
}

/// The numbers of all parts.
#[derive(Default)]
struct Numbers {
    largest: u64,
    /// What lies between the first and the last of each part, and how many steps that is.
    between: u128,
    steps: u64,
    descend: bool,
}

impl Numbers {
    fn take(&mut self, numbers: Vec<u64>) {
        self.largest = numbers.iter().copied().fold(self.largest, u64::max);
        self.descend |= !numbers.is_sorted();
        if let (Some(first), Some(last), false) = (numbers.first(), numbers.last(), self.descend) {
            self.between += u128::from(last - first);
            self.steps += numbers.len() as u64 - 1;
        }
    }

    fn gap(&self) -> Option<u64> {
        let apart =
            (!self.descend && self.steps > 0).then(|| self.between / u128::from(self.steps));
        apart.and_then(|apart| u64::try_from(apart).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_ascend_have_gaps() {
        let mut seen = Numbers::default();
        seen.take(vec![3, 13, 23]);
        seen.take(vec![1_000, 1_040]);
        assert_eq!((seen.largest, seen.gap()), (1_040, Some(20)));
        seen.take(vec![7, 5]);
        assert_eq!((seen.largest, seen.gap()), (1_040, None));
    }
}
