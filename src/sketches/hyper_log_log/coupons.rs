//! Coupons: what a hash leaves of a key, and the list and the set that keep them while there are
//! few.
//!
//! ```text
//! bit  31       26 25                             0
//!      | value    | address                        |
//! ```
//!
//! The value, 1..=63, is one more than the zeros that the second word of the hash begins with; the
//! address is the low bits of the first word, and its own low `lg_k` bits are a register.

use super::estimate::interpolate;
use super::image::{Form, read_u32};

const ADDRESS_BITS: u32 = 26;
const ADDRESS: u32 = (1 << ADDRESS_BITS) - 1;

/// The coupon of a hash. Never 0.
#[inline]
pub(super) const fn coupon_of(hash: [u64; 2]) -> u32 {
    let zeros = hash[1].leading_zeros();
    let value = if zeros > 62 { 63 } else { zeros + 1 };
    value << ADDRESS_BITS | hash[0] as u32 & ADDRESS
}

/// The register of a coupon among `2^lg_k`, and the value it raises that to.
#[inline]
pub(super) const fn target(coupon: u32, lg_k: u8) -> (usize, u8) {
    let register = coupon & ((1 << lg_k) - 1);
    (register as usize, (coupon >> ADDRESS_BITS) as u8)
}

/// Whether a hash could have left this.
pub(super) const fn is_coupon(coupon: u32) -> bool {
    coupon >> ADDRESS_BITS != 0
}

/// Where a coupon is, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// It is in this slot.
    Taken(usize),
    /// It is in none, and this one is free for it.
    Free(usize),
    /// It is in none, and none is free: a damaged image.
    Missing,
}

/// Looks for `coupon` among the slots of a list or a set. At most as many steps as there are slots.
///
/// A list is filled from the front. A set is an open hash table: from the slot that the low bits of
/// the coupon name, in steps of an odd number that the other bits of its address make.
pub(super) fn find(slots: &[u8], form: Form, coupon: u32) -> Slot {
    let count = slots.len() / 4;
    let (start, step) = match form {
        Form::Set { lg_slots } => (coupon as usize, (coupon & ADDRESS) as usize >> lg_slots | 1),
        _ => (0, 1),
    };
    // The number of slots is a power of two and the step is odd, so every slot comes once.
    for i in 0..count {
        let slot = start.wrapping_add(i * step) & (count - 1);
        match read_u32(slots, slot * 4) {
            0 => return Slot::Free(slot),
            other if other == coupon => return Slot::Taken(slot),
            _ => {}
        }
    }
    Slot::Missing
}

/// Writes `coupon` into a slot; 0 frees it.
pub(super) fn put(slots: &mut [u8], slot: usize, coupon: u32) {
    slots[slot * 4..slot * 4 + 4].copy_from_slice(&coupon.to_le_bytes());
}

/// How many different keys leave `count` different coupons. Two keys in 2^26 and more share one.
pub(super) fn estimate(count: u32) -> f64 {
    /// Counts and the keys behind them, computed by DataSketches; a set has 196,608 at most.
    const COUNTS: [f64; 8] = [0.0, 1.0, 20.0, 400.0, 8e3, 16e4, 3e5, 6e5];
    const KEYS: [f64; 8] = [
        0.0,
        1.0,
        20.000_000_943_740_26,
        400.000_396_371_338_4,
        8_000.158_929_460_209,
        160_063.606_776_375_96,
        300_223.707_159_766_35,
        600_895.593_385_617,
    ];

    let count = f64::from(count);
    let at = COUNTS[1..7].iter().take_while(|knot| **knot <= count).count();
    let first = at.saturating_sub(1).min(COUNTS.len() - 4);
    let knot = |i: usize| (COUNTS[first + i], KEYS[first + i]);
    interpolate([knot(0), knot(1), knot(2), knot(3)], count).max(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coupons_of_known_hashes() {
        assert_eq!(coupon_of([0, 0]), 63 << 26);
        assert_eq!(coupon_of([u64::MAX, 1]), 63 << 26 | ADDRESS);
        assert_eq!(coupon_of([5, u64::MAX]), 1 << 26 | 5);
        assert_eq!(target(7 << 26 | 0x12345, 8), (0x45, 7));
        assert!(is_coupon(coupon_of([0, u64::MAX])) && !is_coupon(ADDRESS));
    }

    #[test]
    fn a_full_table_is_seen_after_one_round() {
        for (form, len) in [(Form::List, 8), (Form::Set { lg_slots: 5 }, 32)] {
            let mut slots = [0; 128];
            let slots = &mut slots[..len * 4];
            for slot in 0..len {
                let coupon = (slot as u32 + 1) << ADDRESS_BITS | 77;
                let Slot::Free(free) = find(slots, form, coupon) else { panic!("{slot} is left") };
                put(slots, free, coupon);
                assert_eq!(find(slots, form, coupon), Slot::Taken(free));
            }
            assert_eq!(find(slots, form, 60 << ADDRESS_BITS | 77), Slot::Missing);
        }
    }
}
