//! The exchange form of Apache DataSketches: its frequent-items sketches, of 64-bit numbers and of
//! strings.
//!
//! ```text
//!       0   1   2    3        4        5   6    8       12  16      24       32
//! empty | 1 | 1 | 10 | lg max | lg cur | 5 | 0  |
//! else  | 4 | 1 | 10 | lg max | lg cur | 0 | 0  | count | 0 | total | offset | weights | items
//! ```
//!
//! All little-endian; `lg max` and `lg cur` are the logarithms of the slots of a hash table, at its
//! largest and now, three quarters of which may be taken. A key came `weight` times at least and
//! `weight + offset` times at most, one that is not there `offset` times at most. Numbers are 8
//! bytes, strings their length in 4 bytes and the bytes.

use super::{Counting, HeavyKey, TopK};
use crate::storage::Words;
use alloc::vec::Vec;

/// DataSketches' number of the family of frequent-items sketches.
const FAMILY: u8 = 10;
/// Flags of an empty sketch: one bit of C++, one of Java.
const EMPTY: u8 = 5;
/// The logarithm of the fewest slots.
const MIN_LG: u8 = 3;

/// The logarithm of the slots that `items` need.
fn lg_slots(items: usize) -> u8 {
    (MIN_LG..63).find(|lg| (3_u64 << lg) / 4 >= items as u64).unwrap_or(63)
}

impl<W: Words> TopK<W> {
    /// The image of DataSketches' frequent-items sketches of 64-bit numbers, for what was added
    /// with [`add_number`](Self::add_number): C++'s `frequent_items_sketch<int64_t>`, Java's
    /// `ItemsSketch<Long>`, Spark's `approx_top_k_accumulate`. `None` unless counts are
    /// [`Counting::Bounds`], which is what that sketch promises.
    ///
    /// The image has one bound for all of how often an absent key came, the largest of our
    /// buckets'; and keys that may not have come at all are left out. Bounds stay bounds.
    /// O(slots log slots); allocates the image and as many bytes for sorting.
    #[must_use]
    pub fn to_datasketches_numbers(&self) -> Option<Vec<u8>> {
        self.to_datasketches(|entry, out| {
            out.extend_from_slice(&entry.number().to_le_bytes());
            Some(())
        })
    }

    /// The image of DataSketches' frequent-items sketches of strings, for what was added with
    /// [`add`](Self::add), like [`to_datasketches_numbers`](Self::to_datasketches_numbers): C++'s
    /// `frequent_items_sketch<std::string>`, Java's `ItemsSketch<String>`. `None` also unless all
    /// keys were kept. The others want UTF-8; that is not checked.
    #[must_use]
    pub fn to_datasketches_strings(&self) -> Option<Vec<u8>> {
        self.to_datasketches(|entry, out| {
            let key = entry.key?;
            out.extend_from_slice(&(key.len() as u32).to_le_bytes());
            out.extend_from_slice(key);
            Some(())
        })
    }

    /// The image, with items as `put` writes them.
    fn to_datasketches(
        &self,
        put: impl Fn(&HeavyKey<'_>, &mut Vec<u8>) -> Option<()>,
    ) -> Option<Vec<u8>> {
        if self.counting != Counting::Bounds {
            return None;
        }
        let mut items: Vec<HeavyKey<'_>> = self.iter().filter(|entry| entry.at_least > 0).collect();
        items.sort_unstable_by_key(|entry| (u64::MAX - entry.at_least, entry.hash));
        let (lg_max, lg_now) = (lg_slots(self.slots()), lg_slots(items.len()));
        let mut image = Vec::with_capacity(32 + 16 * items.len());
        if self.total == 0 {
            image.extend_from_slice(&[1, 1, FAMILY, lg_max, lg_now, EMPTY, 0, 0]);
            return Some(image);
        }
        let buckets = (0..self.buckets()).filter_map(|at| self.bucket(at));
        let offset = buckets.map(|bucket| self.floor(bucket)).max().unwrap_or(0);
        image.extend_from_slice(&[4, 1, FAMILY, lg_max, lg_now, 0, 0, 0]);
        for field in [items.len() as u64, self.total, offset] {
            image.extend_from_slice(&field.to_le_bytes());
        }
        image.extend(items.iter().flat_map(|entry| entry.at_least.to_le_bytes()));
        items.iter().try_for_each(|entry| put(entry, &mut image))?;
        Some(image)
    }
}
