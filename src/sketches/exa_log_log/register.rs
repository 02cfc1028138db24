//! One register: the largest update value that fell on it, and which of the seven values below
//! that were seen. What a hash means, and how two registers become one.

/// How many values below the largest are remembered.
pub(super) const SEEN_BITS: u32 = 7;
/// The bit in front of them: the largest value itself.
const LARGEST: u32 = 1 << SEEN_BITS;
/// The remembered bits.
pub(super) const SEEN: u32 = LARGEST - 1;

/// A register: `value` 0 if nothing fell on it. Bit `7 - d` of `seen` says that `value - d` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) value: u32,
    pub(super) seen: u32,
}

/// The largest update value: that of a hash without a one behind its index.
pub(super) const fn max_value(p: u8) -> u32 {
    2 * (63 - p as u32) + 2
}

/// Where a hash goes among `2^p` registers: which of them, and its update value.
///
/// ```text
/// bit  63   62         63-p                0
///      | t | index      | rest              |      value = 2 * zeros that end `rest` + t + 1
/// ```
///
/// With `t` in front, one bit less of index keeps the value: two neighbours become one register.
#[inline]
pub(super) const fn target(hash: u64, p: u8) -> (usize, u32) {
    let zeros = (hash | 1 << (63 - p as u32)).trailing_zeros();
    (index_of(hash, p), 2 * zeros + (hash >> 63) as u32 + 1)
}

/// Where a hash goes among `2^p` registers.
#[inline]
pub(super) const fn index_of(hash: u64, p: u8) -> usize {
    (hash << 1 >> (64 - p as u32)) as usize
}

impl Register {
    /// All values that are known, the largest at bit 7.
    const fn known(self) -> u32 {
        if self.value == 0 { 0 } else { LARGEST | self.seen }
    }

    /// This register with `value` added.
    pub(super) fn with(self, value: u32) -> Self {
        if value > self.value {
            let seen = self.known().checked_shr(value - self.value).unwrap_or(0);
            return Self { value, seen };
        }
        // The largest itself is not among the seen: its bit is cut off.
        let bit = LARGEST.checked_shr(self.value - value).unwrap_or(0);
        Self { seen: (self.seen | bit) & SEEN, ..self }
    }

    /// All that fell on either register.
    pub(super) fn union(self, other: Self) -> Self {
        let value = self.value.max(other.value);
        let shifted = |one: Self| one.known().checked_shr(value - one.value).unwrap_or(0);
        Self { value, seen: (shifted(self) | shifted(other)) & SEEN }
    }

    /// Whether its value is another among half as many registers.
    pub(super) const fn rises(self, index: usize, p: u8) -> bool {
        self.value + 1 >= max_value(p) && index % 2 == 0
    }

    /// What this register, number `index` of `2^p`, is among `2^(p-1)`.
    ///
    /// The same, but for hashes whose rest is all zeros: they go on into the bit that leaves the
    /// index.
    pub(super) fn folded(self, index: usize, p: u8) -> Self {
        if !self.rises(index, p) {
            return self;
        }
        let most = max_value(p);
        // Of the two capped values, each moves up by 2; what was below stays.
        let known = (0..=SEEN_BITS).filter(|d| self.known() >> (SEEN_BITS - d) & 1 == 1);
        known.fold(Self::default(), |register, d| {
            let value = self.value.saturating_sub(d);
            let raised = if value + 1 >= most { value + 2 } else { value };
            if raised == 0 { register } else { register.with(raised) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The register that these values make, from the definition.
    fn of(values: &[u32]) -> Register {
        let Some(value) = values.iter().copied().max() else { return Register::default() };
        let bit = |v: &u32| if (1..=7).contains(&(value - v)) { 1 << (7 - (value - v)) } else { 0 };
        Register { value, seen: values.iter().map(bit).fold(0, |seen, bit| seen | bit) }
    }

    #[test]
    fn values_in_any_order_make_the_register_of_their_set() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        for _ in 0..2_000 {
            let len = random() as usize % 9;
            let mut values = [0; 8];
            values.fill_with(|| 1 + random() % 20);
            let (all, some) = (&values[..len.min(8)], &values[..len / 2]);
            let one_by_one = all.iter().fold(Register::default(), |r, v| r.with(*v));
            assert_eq!(one_by_one, of(all), "{all:?}");
            assert_eq!(of(some).union(of(&all[len / 2..])), one_by_one);
            assert_eq!(one_by_one.union(one_by_one), one_by_one);
        }
    }

    #[test]
    fn a_folded_register_is_that_of_its_hashes() {
        for p in [4, 11, 24] {
            let rest_bits = 63 - u32::from(p);
            for t in [0, 1 << 63] {
                for index in [0, 1, 2, 7] {
                    let start = t | index << rest_bits;
                    for zeros in [0, 1, 5, rest_bits - 4, rest_bits - 1, rest_bits] {
                        let hash = if zeros == rest_bits { start } else { start | 1 << zeros };
                        let ((i, value), (j, lower)) = (target(hash, p), target(hash, p - 1));
                        let other = target(start | 1 << (rest_bits - 2), p).1;
                        let register = Register::default().with(value).with(other);
                        let expected = Register::default().with(lower).with(other);
                        assert_eq!((i / 2, i), (j, index as usize));
                        assert_eq!(register.folded(i, p), expected, "{hash:#x} at {p}");
                    }
                }
            }
        }
    }
}
