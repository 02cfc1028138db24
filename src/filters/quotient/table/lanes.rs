//! Remainders compared several at once, as lanes of a word.

use super::MAX_REMAINDER;

/// Lanes of so many bits as a remainder has, from the lowest bit on.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    bits: u32,
    /// As many as fit in 56 bits, whatever the shift of the first one in its byte.
    pub(super) count: usize,
    /// The low bit of each.
    ones: u64,
    /// The high bit of each.
    highs: u64,
    /// Bits of a word above the lanes.
    above: u32,
}

impl Lanes {
    /// Lanes of so many bits, 1 to 56.
    pub(super) fn new(bits: u32) -> Self {
        let bits = bits.clamp(1, MAX_REMAINDER);
        let count = (MAX_REMAINDER / bits) as usize;
        let ones = (0..count).fold(0, |ones, lane| ones | 1 << (lane as u32 * bits));
        Self { bits, count, ones, highs: ones << (bits - 1), above: 64 - count as u32 * bits }
    }

    /// Whether one of the last `len` lanes is this remainder.
    #[inline(always)]
    pub(super) fn any_is(&self, lanes: u64, len: usize, remainder: u64) -> bool {
        let differ = lanes ^ self.ones.wrapping_mul(remainder);
        // The high bit of each lane that differs in a bit below; nothing is carried over.
        let below = self.highs - self.ones;
        let low = (differ & below) + below;
        let same = !(low | differ) & self.highs;
        same.leading_zeros() < self.above + len as u32 * self.bits
    }

    /// How many of the last `len` lanes, which ascend, are larger than this remainder.
    #[inline(always)]
    pub(super) fn larger(&self, lanes: u64, len: usize, remainder: u64) -> usize {
        let than = self.ones.wrapping_mul(remainder);
        // The high bit of each lane that is no larger in the bits below.
        let low = (than | self.highs) - (lanes & (self.highs - self.ones));
        let upto = (than & !lanes | !(than ^ lanes) & low) & self.highs;
        let larger = !upto & self.highs;
        let others = 64 - self.above - len as u32 * self.bits;
        (larger >> others).count_ones() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::KeyHash;

    #[test]
    fn lanes_compare_as_numbers_do() {
        let number = |i: u64| i.key_hash(3);
        for bits in 1..=MAX_REMAINDER {
            let (lanes, mask) = (Lanes::new(bits), !(u64::MAX << bits));
            assert!(lanes.count as u32 * bits <= MAX_REMAINDER);
            for i in 0..500_u64 {
                // Near to each other, or anywhere; what stands above the lanes does not count.
                let spread = if i % 2 == 0 { mask } else { mask.min(3) };
                let base = number(i) & mask & !spread;
                let mut values: [u64; 56] =
                    core::array::from_fn(|lane| base | number(i * 64 + lane as u64) & spread);
                let values = &mut values[..lanes.count];
                values.sort_unstable();
                let mut word = number(!i) & !(u64::MAX >> lanes.above);
                for (lane, value) in values.iter().enumerate() {
                    word |= value << (lane as u32 * bits);
                }
                let remainder = base | number(i + 7_000) & spread;
                for len in 0..=lanes.count {
                    let last = &values[lanes.count - len..];
                    let larger = last.iter().filter(|value| **value > remainder).count();
                    assert_eq!(lanes.any_is(word, len, remainder), last.contains(&remainder));
                    assert_eq!(lanes.larger(word, len, remainder), larger, "{bits} bits");
                }
            }
        }
    }
}
