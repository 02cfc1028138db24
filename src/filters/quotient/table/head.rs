//! What the head of a block says.

use super::{BLOCK, from};

/// What the head of a block says, and the ends in the block behind it.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    /// Which quotients have a run.
    pub(super) occupied: u64,
    /// Which slots are the last of one.
    pub(super) ends: u64,
    /// As `ends`, of the next block.
    pub(super) next_ends: u64,
    /// Slots from the block's start on that runs of quotients before it take.
    pub(super) offset: usize,
}

impl Head {
    pub(super) const fn is_occupied(&self, quotient: usize) -> bool {
        self.occupied >> (quotient % BLOCK) & 1 == 1
    }

    /// Runs of the block's quotients up to this one.
    pub(super) const fn runs(&self, quotient: usize) -> u32 {
        (self.occupied << (!quotient % BLOCK)).count_ones()
    }

    /// Where runs of the block's quotients may begin, among 64 slots from its offset on, which is
    /// below 64: at the offset, and behind each end.
    #[inline(always)]
    pub(super) const fn begins(&self) -> u64 {
        window(self.ends, self.next_ends, self.offset) << 1 | 1
    }

    /// The slots of the block from its offset on before which no fewer runs end than quotients up
    /// to them have, or, if not `free`, quotients before them.
    ///
    /// Byte by byte for all eight at once, in which a run's end is seldom more than some slots
    /// away: from end to end takes three times as long where nearly all slots are taken (measured).
    #[inline(always)]
    pub(super) fn gaps(&self, free: bool) -> u64 {
        if self.offset >= BLOCK {
            return 0;
        }
        let ends = self.ends & from(self.offset);
        // Byte i: 64, and the ends before slot 8 i, less the runs before it. From 64 on it is a
        // gap; nothing is carried from byte to byte, as each stays from 0 to 128.
        let ahead = ones_of_bytes(ends).wrapping_sub(ones_of_bytes(self.occupied));
        let mut lead = (ahead.wrapping_mul(BYTES) << 8).wrapping_add(BYTES << 6);
        let mut gaps = 0;
        for i in 0..8 {
            let runs = self.occupied >> i & BYTES;
            let upto = if free { lead - runs } else { lead };
            gaps |= ((upto | upto >> 1) >> 6 & BYTES) << i;
            lead = lead - runs + (ends >> i & BYTES);
        }
        gaps & from(self.offset)
    }
}

/// The 64 bits from `index` on, which counts modulo 64, of two words.
#[inline(always)]
pub(super) const fn window(low: u64, high: u64, index: usize) -> u64 {
    low >> (index % 64) | high << 1 << (!index % 64)
}

/// A one in each byte.
const BYTES: u64 = u64::MAX / 255;

/// The ones of each byte.
const fn ones_of_bytes(word: u64) -> u64 {
    let (ones, twos, fours) = (BYTES * 0x55, BYTES * 0x33, BYTES * 0xF);
    let pairs = word - (word >> 1 & ones);
    let nibbles = (pairs & twos) + (pairs >> 2 & twos);
    (nibbles + (nibbles >> 4)) & fours
}
