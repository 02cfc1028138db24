//! [`SizeHistogram`]: which sizes of blocks a program asks for.

use super::slot::BUCKETS;
use core::fmt;

/// How many blocks of which size a program asked for: one bucket for each power of two.
///
/// Bucket `b` counts the requests from `2^b` bytes to below `2^(b + 1)`. A resized block counts
/// with its new size, so the sum is `allocs + reallocs` of [`AllocStats`](super::AllocStats), as
/// long as the histogram was kept from the start.
///
/// ```
/// use lessram::mem::{TrackingAlloc, size_histogram};
///
/// #[global_allocator]
/// static ALLOC: TrackingAlloc = TrackingAlloc::system().histogram();
///
/// fn main() {
///     let before = size_histogram().counts()[9];
///     let pages: Vec<_> = (0..500).map(|_| vec![0_u8; 1000]).collect();
///     assert_eq!(size_histogram().counts()[9] - before, 500); // 512 to 1023 bytes
///     println!("{}", size_histogram());
///     # drop(pages);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeHistogram {
    counts: [u64; BUCKETS],
}

impl Default for SizeHistogram {
    fn default() -> Self {
        Self { counts: [0; BUCKETS] }
    }
}

impl SizeHistogram {
    /// Requests in each bucket.
    #[must_use]
    pub const fn counts(&self) -> &[u64; BUCKETS] {
        &self.counts
    }

    /// Requests in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// The buckets that are not empty: the smallest size in each, and the requests.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let all = self.counts.iter().enumerate().map(|(bucket, count)| (1 << bucket, *count));
        all.filter(|(_, count)| *count > 0)
    }

    pub(super) fn add(&mut self, counts: impl Iterator<Item = u64>) {
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum = sum.wrapping_add(count);
        }
    }
}

/// A line for each bucket that is not empty: its smallest size, its requests, and a bar.
impl fmt::Display for SizeHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: u128 = 40;
        let most = self.counts.iter().copied().max().unwrap_or(0).max(1);
        write!(f, "{:>20}  {:>12}", "bytes from", "requests")?;
        for (from, count) in self.buckets() {
            // At least one mark for what is there; 128 bits cannot overflow.
            let marks = (u128::from(count) * WIDTH).div_ceil(u128::from(most));
            write!(f, "\n{from:>20}  {count:>12}  ")?;
            (0..marks).try_for_each(|_| f.write_str("█"))?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for SizeHistogram {
    /// `[{"from_bytes":8,"requests":1200},..]`: the buckets that are not empty.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Bucket {
            from_bytes: u64,
            requests: u64,
        }
        let named = |(from_bytes, requests)| Bucket { from_bytes, requests };
        serializer.collect_seq(self.buckets().map(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn buckets_add_up_and_are_drawn() {
        let mut sizes = SizeHistogram::default();
        assert!(sizes.is_empty());
        sizes.add([1, 0, 0, 400].into_iter());
        sizes.add([0, 0, 0, 0, 100].into_iter());
        assert_eq!(sizes.buckets().collect::<Vec<_>>(), [(1, 1), (8, 400), (16, 100)]);
        assert_eq!(sizes.total(), 501);
        let text = sizes.to_string();
        let marks = |line: &str| line.matches('█').count();
        assert_eq!(text.lines().map(marks).collect::<Vec<_>>(), [0, 1, 40, 10]);
    }
}
