//! [`Parted`]: what a hash says of where its entry may be.
//!
//! ```text
//! bits 63 to 32   home: the group that it begins at
//!      31 to 24   tag
//!      23 to 13   kind: the first of the four bits at a time that filters tell hashes apart by
//!      12 to  5   region, as many of them as there are regions
//! ```
//!
//! Look-ups that wait for memory are as fast as many of them fit in what a processor has under way
//! at once, so each instruction counts (`maps` in `benches/peers`). Hence the places: the region
//! is a mask away from a distance in bytes, as a region has 32 of them, and the tag is where it can
//! be copied to all bytes of a vector from the hash as it is.

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
        self.low().to_le_bytes()[3].max(1)
    }

    /// The half whose highest byte is the tag.
    #[inline(always)]
    pub(super) const fn low(self) -> u32 {
        self.hash as u32
    }

    #[inline(always)]
    pub(super) const fn kinds(self) -> Kinds {
        Kinds { bits: (self.hash >> 13) as u32 }
    }

    /// Which of `regions`, which are a power of two and at most 256.
    #[inline(always)]
    pub(super) const fn region(self, regions: usize) -> usize {
        // Masked before it is shifted: the compiler then sees that to multiply by 32 brings back
        // what was masked.
        (self.low() as usize & ((regions - 1) << 5)) >> 5
    }
}

/// Of which kind a hash is in its home and in each group that follows: not of the same everywhere,
/// so that one whose kind went on by chance is seldom of one that went on from there too.
#[derive(Clone, Copy)]
pub(super) struct Kinds {
    bits: u32,
}

impl Kinds {
    /// The number of the bit in the filter of this group.
    #[inline(always)]
    pub(super) const fn here(self) -> u32 {
        self.bits & 15
    }

    #[inline(always)]
    pub(super) const fn step(&mut self) {
        self.bits = self.bits.rotate_right(4);
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
        let mut kinds = parted.kinds();
        let seen: [u32; 4] = core::array::from_fn(|_| {
            let here = kinds.here();
            kinds.step();
            here
        });
        assert_eq!(seen, [15, 15, 7, 0]);
    }
}
