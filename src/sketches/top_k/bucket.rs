//! Buckets: eight slots of a hash and a count.

use crate::storage::Le64;

/// Slots of a bucket.
pub(super) const SLOTS: usize = 8;
/// Words of a bucket: eight hashes, and eight counts of 32 bits.
pub(super) const WORDS: usize = 12;
/// Bytes of a bucket.
pub(super) const BYTES: usize = WORDS * 8;
/// The most that a slot counts.
pub(super) const MAX_COUNT: u64 = u32::MAX as u64;

/// The words of a bucket. A slot is free if its count is 0; its hash then is 0 too.
pub(super) type Bucket = [Le64; WORDS];

/// The count in slot `slot < 8`.
#[inline]
pub(super) fn count(bucket: &Bucket, slot: usize) -> u64 {
    bucket[SLOTS + (slot >> 1 & 3)].get() >> (32 * (slot & 1)) & MAX_COUNT
}

/// Sets the count in slot `slot < 8` to at most [`MAX_COUNT`].
#[inline]
pub(super) fn set_count(bucket: &mut Bucket, slot: usize, count: u64) {
    let (word, shift) = (SLOTS + (slot >> 1 & 3), 32 * (slot & 1));
    let others = bucket[word].get() & !(MAX_COUNT << shift);
    bucket[word] = Le64::new(others | count.min(MAX_COUNT) << shift);
}

/// The slot of `hash`, which is a free one if that is 0 and has none.
#[inline]
pub(super) fn find(bucket: &Bucket, hash: u64) -> Option<usize> {
    (0..SLOTS).position(|slot| bucket[slot].get() == hash)
}

/// The slot with the smallest count, the first of several, and that count.
#[inline]
pub(super) fn least(bucket: &Bucket) -> (usize, u64) {
    let least = (0..SLOTS).map(|slot| count(bucket, slot) << 3 | slot as u64).min().unwrap_or(0);
    ((least & 7) as usize, least >> 3)
}

/// A slot of one of two buckets that are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) hash: u64,
    pub(super) count: u64,
    /// Where it was in this bucket, or in the other: 8 to 15.
    pub(super) from: usize,
}

/// The eight largest counts of two buckets together, in falling order; those of a count of 0 are
/// free. Keys of both have the sum; keys of one have its count, and with `bounds` the least count
/// of the other besides, which is what they may have had there.
pub(super) fn merged(ours: &Bucket, theirs: &Bucket, bounds: bool) -> [Merged; SLOTS] {
    let (mut all, mut len) = ([Merged::default(); 2 * SLOTS], 0);
    let floor = |bucket: &Bucket| if bounds { least(bucket).1 } else { 0 };
    let sides = [(ours, theirs, 0), (theirs, ours, SLOTS)];
    for (one, other, from) in sides {
        for slot in 0..SLOTS {
            let (hash, mut count) = (one[slot].get(), count(one, slot));
            if count == 0 {
                continue;
            }
            match find(other, hash).map(|twin| self::count(other, twin)) {
                // Of two, the first side's stands.
                Some(twin) if twin > 0 && from == 0 => count += twin,
                Some(twin) if twin > 0 => continue,
                _ => count += floor(other),
            }
            all[len] = Merged { hash, count: count.min(MAX_COUNT), from: from + slot };
            len += 1;
        }
    }
    all.sort_unstable_by(|a, b| (b.count, a.hash).cmp(&(a.count, b.hash)));
    core::array::from_fn(|slot| all[slot])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(slots: &[(u64, u64)]) -> Bucket {
        let mut bucket = [Le64::default(); WORDS];
        for (slot, (hash, count)) in slots.iter().enumerate() {
            bucket[slot] = Le64::new(*hash);
            set_count(&mut bucket, slot, *count);
        }
        bucket
    }

    #[test]
    fn slots() {
        let full: [(u64, u64); 8] = core::array::from_fn(|i| (100 + i as u64, 9 - i as u64 % 5));
        let full = bucket(&full);
        assert_eq!((find(&full, 103), find(&full, 108), least(&full)), (Some(3), None, (4, 5)));
        let some = bucket(&[(5, 1), (6, 1 << 40)]);
        assert_eq!((count(&some, 0), count(&some, 1), least(&some)), (1, MAX_COUNT, (2, 0)));
        assert_eq!((find(&some, 0), find(&some, 6)), (Some(2), Some(1)));
    }

    #[test]
    fn merging_keeps_the_largest() {
        let ours = bucket(&[(1, 10), (2, 20), (3, 30), (4, 40), (5, 5), (6, 6), (7, 7), (8, 8)]);
        let theirs = bucket(&[(2, 5), (9, 9), (10, 1)]);
        // The other has free slots, so what a key may have had there is 0; here it is 5.
        let estimates = [(4, 40), (3, 30), (2, 25), (1, 10), (9, 9), (8, 8), (7, 7), (6, 6)];
        let bounds = [(4, 40), (3, 30), (2, 25), (9, 14), (1, 10), (8, 8), (7, 7), (6, 6)];
        for (is_bounds, expected) in [(false, estimates), (true, bounds)] {
            let slots = |a, b| merged(a, b, is_bounds).map(|slot| (slot.hash, slot.count));
            assert_eq!((slots(&ours, &theirs), slots(&theirs, &ours)), (expected, expected));
        }
        let few = merged(&bucket(&[(1, 1)]), &bucket(&[(2, MAX_COUNT)]), true);
        assert_eq!((few[0].from, few[1].from, few[2].count), (SLOTS, 0, 0));
    }
}
