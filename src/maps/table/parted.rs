//! [`Parted`]: what a hash says of where its entry may be.
//!
//! ```text
//! bits 63 to 32   home: the group that it begins at
//!      31 to 24   tag
//!      44 to 13   kinds that filters tell hashes apart by, four bits for each group: from the
//!                 third on some are those of the tag, and then of the home
//!      12 to  5   region, as many of them as there are regions
//! ```
//!
//! Look-ups that wait for memory are as fast as many of them fit in what a processor has under way
//! at once, so each instruction counts (`maps` in `benches/peers`). Hence the places: the region
//! is a mask away from a distance in bytes, as a region has 32 of them on 64 bits, and the tag is
//! where it can be copied to all bytes of a vector from the hash as it is.

use crate::simd::tags;

/// A hash all of whose bits matter.
#[derive(Clone, Copy)]
pub(super) struct Parted {
    pub(super) hash: u64,
}

impl Parted {
    /// The high bits: homes ascend with hashes, and any number of groups will do.
    #[inline(always)]
    pub(super) fn home(self, groups: u32) -> usize {
        (((self.hash >> 32) * u64::from(groups)) >> 32) as usize
    }

    /// A tag is never 0, which is that of an empty slot.
    #[inline(always)]
    pub(super) fn tag(self) -> u8 {
        tags::highest(self.low())
    }

    /// The half whose highest byte is the tag.
    #[inline(always)]
    pub(super) const fn low(self) -> u32 {
        self.hash as u32
    }

    #[inline(always)]
    const fn kinds(self) -> u32 {
        (self.hash >> 13) as u32
    }

    /// The number of the bit in the filter of its home.
    #[inline(always)]
    pub(super) const fn kind(self) -> u32 {
        self.kinds() & 15
    }

    /// Its way from its home on.
    #[inline(always)]
    pub(super) fn way(self, groups: u32) -> Way {
        let at = self.home(groups);
        Way { at, stride: 0, groups: groups as usize, kinds: self.kinds() }
    }

    /// Which of `regions`, which are a power of two and at most 256.
    #[inline(always)]
    pub(super) const fn region(self, regions: usize) -> usize {
        // Masked before it is shifted: the compiler then sees that to multiply by 32 brings back
        // what was masked.
        (self.low() as usize & ((regions - 1) << 5)) >> 5
    }
}

/// The groups that a hash comes to, one after the other, while those before are full: 1 group on,
/// then 2, then 3, and after many strides 1 again each time, so that it comes to every group in the
/// end, and to few of them twice.
///
/// With single steps, full groups that lie side by side catch what goes on from any of them, and so
/// become ever longer rows (`map_groups_at_most` of `maps` in `benches/peers` tells of the longest
/// way).
#[derive(Clone, Copy)]
pub(super) struct Way {
    at: usize,
    stride: usize,
    groups: usize,
    /// Of which kind the hash is in each group: not of the same everywhere, so that one whose kind
    /// went on by chance is seldom of one that went on from there too.
    kinds: u32,
}

impl Way {
    /// Strides that differ, at most: as far as 2,000 groups lead out of any row of full ones.
    const STRIDES: usize = 64;

    /// Groups after which all have been come to.
    #[inline(always)]
    pub(super) const fn all(self) -> usize {
        self.groups + Self::STRIDES
    }

    /// The group that it has come to.
    #[inline(always)]
    pub(super) const fn at(self) -> usize {
        self.at
    }

    /// The number of the bit in the filter of this group.
    #[inline(always)]
    pub(super) const fn kind(self) -> u32 {
        self.kinds & 15
    }

    /// To the next group.
    #[inline(always)]
    pub(super) const fn go_on(&mut self) {
        self.kinds = self.kinds.rotate_right(4);
        self.stride += 1;
        // Of few groups most would be come to twice.
        let differs = self.stride <= Self::STRIDES && self.stride <= self.groups / 8;
        self.at += if differs { self.stride } else { 1 };
        if self.at >= self.groups {
            self.at -= self.groups;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_where_the_drawing_has_them() {
        let parted = Parted { hash: 0xC000_0000_00FF_E01F };
        assert_eq!((parted.home(4), parted.home(0), parted.home(u32::MAX)), (3, 0, 0xBFFF_FFFF));
        assert_eq!((parted.tag(), Parted { hash: 0xAB << 24 }.tag()), (1, 0xAB));
        assert_eq!((parted.region(1), parted.region(64), parted.region(256)), (0, 0, 0));
        let all = Parted { hash: 0x1FE0 };
        assert_eq!((all.region(1), all.region(64), all.region(256)), (0, 63, 255));
        let mut way = parted.way(100);
        let seen: [(usize, u32); 4] = core::array::from_fn(|_| {
            let here = (way.at(), way.kind());
            way.go_on();
            here
        });
        assert_eq!(parted.kind(), 15);
        assert_eq!(seen, [(75, 15), (76, 15), (78, 7), (81, 0)]);
    }

    #[test]
    fn a_way_comes_to_all_groups() {
        for groups in (1..40).chain([1_000]) {
            for home in [0, groups / 2, groups - 1] {
                let hash = (u64::from(home) << 32).div_ceil(u64::from(groups)) << 32;
                let mut way = Parted { hash }.way(groups);
                assert_eq!(way.at(), home as usize);
                let mut left: std::vec::Vec<bool> = std::vec![true; groups as usize];
                for _ in 0..way.all() {
                    left[way.at()] = false;
                    way.go_on();
                }
                assert!(!left.contains(&true), "{groups} groups from {home}");
            }
        }
    }
}
