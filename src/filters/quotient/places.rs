//! Fingerprints as places of a table: quotients, which are slots, and remainders.

use super::table::{BLOCK, MAX_REMAINDER, Table};
use super::{MAX_GRID, MAX_SLOTS, Spare};
use crate::error::{AllocError, BuildError};
use crate::hashing::reduce;
use crate::mem::Alloc;
use crate::storage::HeapWords;

/// How fingerprints become quotients and remainders, and back, for any number of slots.
///
/// A fingerprint v of `grid` numbers stands for the number `v * step` of 2^64, step being
/// `2^64 / grid` rounded down. That times `slots / 2^64` is the quotient and a fraction, whose
/// first bits are the remainder: so many that no two fingerprints have both alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) grid: u64,
    step: u64,
    pub(super) slots: u64,
    pub(super) bits: u32,
    /// Fingerprints for each quotient with remainder, as a fraction of 2^64: what leads back.
    back: u64,
}

impl Places {
    /// `None` if remainders would be too long, or slots too many; `grid >= 2`.
    pub(super) fn new(grid: u64, slots: u64) -> Option<Self> {
        if slots > MAX_SLOTS {
            return None;
        }
        let step = ((1 << 64) / u128::from(grid)) as u64;
        let product = u128::from(step) * u128::from(slots);
        let bits = (1..=MAX_REMAINDER).find(|bits| product >> (64 - bits) != 0)?;
        let back = u64::try_from(u128::MAX / (product << bits)).unwrap_or(u64::MAX);
        Some(Self { grid, step, slots, bits, back })
    }

    /// For `keys` keys at a rate of `fpr`, in so many slots.
    pub(super) fn for_rate(keys: u64, fpr: f64, slots: u64) -> Option<Self> {
        let least = keys.max(1) as f64 / fpr;
        let grids = (1..=MAX_REMAINDER).map_while(|bits| {
            let cells = slots.checked_mul(1 << bits).filter(|cells| *cells <= MAX_GRID)?;
            // A grid whose step, rounded down, is still so large that each has a cell of its own.
            let step = (1_u128 << 64).div_ceil(u128::from(cells));
            Some(((1 << 64) / step) as u64)
        });
        let grid = { grids }.find(|grid| *grid as f64 >= least)?;
        Self::new(grid, slots)
    }

    /// The fingerprint of a mixed hash.
    #[inline(always)]
    pub(super) const fn fingerprint(&self, x: u64) -> u64 {
        reduce(x, self.grid)
    }

    /// Quotient and remainder of a fingerprint.
    #[inline(always)]
    pub(super) const fn split(&self, fingerprint: u64) -> (usize, u64) {
        let product = fingerprint.wrapping_mul(self.step) as u128 * self.slots as u128;
        ((product >> 64) as usize, product as u64 >> (64 - self.bits))
    }

    /// The fingerprint of this quotient and remainder; of any others, one near to it.
    #[inline(always)]
    pub(super) fn join(&self, quotient: usize, remainder: u64) -> u64 {
        let cell = (quotient as u64) << self.bits | remainder;
        let product = cell as u128 * self.back as u128;
        let mut fingerprint = ((product + u64::MAX as u128) >> 64) as u64;
        // `back` is too small by less than 1, and the product by less than a cell: seldom enough to
        // tell.
        if (product as u64).wrapping_neg() < cell {
            fingerprint += self.rounded_off(fingerprint, cell);
        }
        fingerprint.min(self.grid - 1)
    }

    /// What `fingerprint` is too small by, for that of `cell`.
    #[cold]
    fn rounded_off(&self, fingerprint: u64, cell: u64) -> u64 {
        let (quotient, remainder) = self.split(fingerprint);
        u64::from(((quotient as u64) << self.bits | remainder) < cell)
    }

    /// An empty table, with so many blocks behind its slots.
    pub(super) fn table<A: Alloc>(
        &self,
        spare: Spare,
        alloc: A,
    ) -> Result<Table<HeapWords<A>>, BuildError> {
        let blocks = self.slots.div_ceil(BLOCK as u64);
        let blocks = usize::try_from(blocks + spare(blocks));
        Table::empty(blocks.map_err(|_| AllocError::CapacityOverflow)?, self.bits, alloc)
    }
}
