//! One layer of a [`Ribbon`](super::Ribbon): where its keys' rows start, which keys it leaves to
//! the next layer, and how it answers for the others.

use crate::hashing::fold;
use crate::hashing::reduce;
use crate::simd::columns::Spread;
use crate::simd::prefetch;

/// Slots that a key's row of coefficients spans.
pub(super) const SPAN: u64 = 64;
/// Slots that share a threshold.
pub(super) const BUCKET: u64 = 128;
/// Slots of a group: one bit of each in every byte of the group.
pub(super) const GROUP: u64 = 8;
/// The fewest slots of a shard: no row starts in the last eight groups.
pub(super) const MIN_SLOTS: u64 = 72;
/// Thresholds in a word.
const THRESHOLDS: u64 = 32;
/// Every byte 1.
pub(super) const ONES: u64 = 0x0101_0101_0101_0101;

/// Columns of the groups: the lowest ones have one less, so that any rate is met exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// 1..=32.
    pub(super) most: u32,
    /// Share of the groups that have one less, as a fraction of 2^32.
    pub(super) fewer: u64,
}

impl Columns {
    /// Those at which the rate is just not above `fpr`, which is from 2^-32 to 1/2.
    pub(super) fn for_rate(fpr: f64) -> Self {
        let most = (1..32).find(|columns| fpr * (1_u64 << columns) as f64 >= 1.0).unwrap_or(32);
        // With a share s of one column less, the rate is 2^-most * (1 + s).
        let share = (fpr * (1_u64 << most) as f64 - 1.0).max(0.0);
        Self { most, fewer: ((share * (1_u64 << 32) as f64) as u64).min((1 << 32) - 1) }
    }

    pub(super) fn rate(self) -> f64 {
        let one = (1_u64 << 32) as f64;
        (1.0 + self.fewer as f64 / one) / (1_u64 << self.most) as f64
    }

    /// Whether these can be: none has no column.
    pub(super) const fn are_valid(self) -> bool {
        let range = self.most >= 1 && self.most <= 32 && self.fewer < 1 << 32;
        range && (self.most > 1 || self.fewer == 0)
    }
}

/// Where a layer's bytes are, and how they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) shards: u64,
    /// Slots of a shard, whole groups; whole buckets if it bumps.
    pub(super) slots: u64,
    /// Whether keys below their bucket's threshold are the next layer's.
    pub(super) bumps: bool,
    /// Bytes of a group, from the group `split` on; one less below.
    stride: usize,
    split: usize,
    /// The byte of its first group, and that of its first threshold.
    start: usize,
    thresholds: usize,
}

impl Layer {
    /// No slots.
    pub(super) const NONE: Self =
        Self { shards: 0, slots: 0, bumps: false, stride: 0, split: 0, start: 0, thresholds: 0 };

    /// A layer of this shape from word `from` of its block on, and the word behind it; `None` if
    /// there can be no such layer.
    pub(super) fn new(
        shards: u64,
        slots: u64,
        bumps: bool,
        columns: Columns,
        from: usize,
    ) -> Option<(Self, usize)> {
        let whole = if bumps { slots % BUCKET == 0 } else { slots % GROUP == 0 && shards == 1 };
        if shards == 0 || slots < MIN_SLOTS || !whole {
            return None;
        }
        let all = shards.checked_mul(slots).filter(|all| *all <= 1 << 48)?;
        let groups = all / GROUP;
        // No row starts in the last eight groups.
        let split = (u128::from(groups - 8) * u128::from(columns.fewer)) >> 32;
        let (stride, split) = (u64::from(columns.most), split as u64);
        // A window reads up to a word behind the last group's last column.
        let bytes = groups * stride - split + stride + 8;
        let thresholds = if bumps { (all / BUCKET).div_ceil(THRESHOLDS) } else { 0 };
        let end = (from as u64).checked_add(bytes.div_ceil(8))?;
        let behind = usize::try_from(end + thresholds).ok().filter(|end| *end <= usize::MAX / 8)?;
        let (stride, split) = (stride as usize, split as usize);
        let (start, thresholds) = (from * 8, end as usize * 8);
        Some((Self { shards, slots, bumps, stride, split, start, thresholds }, behind))
    }

    /// The slot at which a key's row starts.
    #[inline(always)]
    pub(super) const fn place(&self, x: u64) -> u64 {
        let product = x as u128 * self.shards as u128;
        (product >> 64) as u64 * self.slots + reduce(product as u64, self.slots - (SPAN - 1))
    }

    /// The byte of a group, and its columns.
    #[inline(always)]
    pub(super) const fn group(&self, group: usize) -> (usize, usize) {
        let above = group.saturating_sub(self.split);
        let columns = self.stride - (group < self.split) as usize;
        (self.start + group * (self.stride - 1) + above, columns)
    }

    /// Sets the threshold of a bucket, which is 0.
    pub(super) fn set_threshold(&self, bytes: &mut [u8], bucket: usize, threshold: u8) {
        bytes[self.thresholds + bucket / 4] |= threshold << (bucket % 4 * 2);
    }

    /// Asks for what the answer for `x` is read from.
    #[inline(always)]
    pub(super) fn prefetch(&self, bytes: &[u8], x: u64) {
        let at = self.place(x);
        if self.bumps {
            prefetch(bytes, self.thresholds + (at / BUCKET / 4) as usize);
        }
        let (start, columns) = self.group((at / GROUP) as usize);
        let last = start + 8 * columns + 7;
        let mut byte = start;
        while byte < last {
            prefetch(bytes, byte);
            byte += 64;
        }
        prefetch(bytes, last);
    }

    /// Whether the key that is `x` in this layer may be in the set; `None` if the layer leaves it
    /// to the next one.
    #[inline(always)]
    pub(super) fn ask(&self, bytes: &[u8], x: u64) -> Option<bool> {
        let at = self.place(x);
        if self.bumps {
            let bucket = (at / BUCKET) as usize;
            let four = bytes.get(self.thresholds + bucket / 4).copied().unwrap_or(0);
            if at % BUCKET < first_kept(four >> (bucket % 4 * 2)) {
                return None;
            }
        }
        Some(self.solves(bytes, at, x))
    }

    /// Whether the slots that the row of `x` picks, from `at` on, sum up to its result.
    #[inline(always)]
    fn solves(&self, bytes: &[u8], at: u64, x: u64) -> bool {
        let group = (at / GROUP) as usize;
        let row = Row::new(x, (at % GROUP) as u32);
        let (start, columns) = self.group(group);
        if group < self.split && group + 8 >= self.split {
            return self.solves_across(bytes, group, &row);
        }
        let bytes = bytes.get(start..).unwrap_or(&[]);
        if self.split == 0 {
            row.fits::<false>(bytes, self.stride, false)
        } else {
            row.fits::<true>(bytes, self.stride, columns < self.stride)
        }
    }

    /// As [`solves`](Self::solves), where the columns change within the row.
    #[cold]
    fn solves_across(&self, bytes: &[u8], group: usize, row: &Row) -> bool {
        let (columns, masks) = (self.group(group).1, row.masks());
        (0..columns.div_ceil(8)).all(|plane| {
            let sum = masks.sum(|k| word(bytes, self.group(group + k).0 + plane * 8));
            row.agrees(sum, plane, columns - plane * 8)
        })
    }
}

/// The offset in a bucket from which on keys are kept, by threshold: none at 0, 74 % of them at 1,
/// 89 % at 2, all at 3.
#[inline(always)]
const fn first_kept(threshold: u8) -> u64 {
    0x00_0E_21_80 >> (threshold % 4 * 8) & 0xFF
}

/// The thresholds that leave out a key at this offset in its bucket: those up to this one.
#[inline(always)]
pub(super) const fn class(offset: u64) -> usize {
    (offset < first_kept(1)) as usize + (offset < first_kept(2)) as usize
}

/// Which of the 64 slots from its first on the row of `x` picks; the first for sure.
#[inline(always)]
pub(super) const fn coefficients(x: u64) -> u64 {
    fold(x ^ 0x9E37_79B9_7F4A_7C15) | 1
}

/// What the slots of `x` sum up to: bit `8c + p` in column `8p + c`.
#[inline(always)]
pub(super) const fn result(x: u64) -> u64 {
    x.wrapping_mul(0xA076_1D64_78BD_642F)
}

/// What `x` is in the next layer.
#[inline(always)]
pub(super) const fn bumped(x: u64) -> u64 {
    fold(x ^ 0x8EBC_6AF0_9C88_C6E3)
}

/// The parity of each byte, as its lowest bit.
#[inline(always)]
pub(super) const fn parities(mut x: u64) -> u64 {
    x ^= x >> 4;
    x ^= x >> 2;
    x ^= x >> 1;
    x & ONES
}

/// The eight bytes from `at` on; 0 behind the end.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> &[u8; 8] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; 8])
}

/// A key's equation: coefficients from slot `shift` of a group on, and the result.
struct Row {
    coefficients: u64,
    shift: u32,
    result: u64,
}

impl Row {
    /// The row of `x`, from slot `shift` of a group on.
    #[inline(always)]
    const fn new(x: u64, shift: u32) -> Self {
        Self { coefficients: coefficients(x), shift, result: result(x) }
    }

    #[inline(always)]
    fn masks(&self) -> Masks {
        Masks::new(self.coefficients, self.shift)
    }

    /// Whether the first `columns` columns of this plane sum up to the result.
    #[inline(always)]
    const fn agrees(&self, sum: u64, plane: usize, columns: usize) -> bool {
        let differ = parities(sum) ^ self.result >> plane & ONES;
        differ & if columns < 8 { !(u64::MAX << (8 * columns)) } else { u64::MAX } == 0
    }

    /// In groups of `most` columns; if `MIXED`, or of one `fewer`.
    #[inline(always)]
    fn fits<const MIXED: bool>(&self, bytes: &[u8], most: usize, fewer: bool) -> bool {
        match most {
            8 => self.fits_in::<8, MIXED>(bytes, fewer),
            7 => self.fits_in::<7, MIXED>(bytes, fewer),
            6 => self.fits_in::<6, MIXED>(bytes, fewer),
            _ => self.fits_in_others::<MIXED>(bytes, most, fewer),
        }
    }

    #[inline(never)]
    fn fits_in_others<const MIXED: bool>(&self, bytes: &[u8], most: usize, fewer: bool) -> bool {
        match most {
            1 => self.fits_in::<1, MIXED>(bytes, fewer),
            2 => self.fits_in::<2, MIXED>(bytes, fewer),
            3 => self.fits_in::<3, MIXED>(bytes, fewer),
            4 => self.fits_in::<4, MIXED>(bytes, fewer),
            5 => self.fits_in::<5, MIXED>(bytes, fewer),
            9 => self.fits_in::<9, MIXED>(bytes, fewer),
            10 => self.fits_in::<10, MIXED>(bytes, fewer),
            11 => self.fits_in::<11, MIXED>(bytes, fewer),
            12 => self.fits_in::<12, MIXED>(bytes, fewer),
            13 => self.fits_in::<13, MIXED>(bytes, fewer),
            14 => self.fits_in::<14, MIXED>(bytes, fewer),
            15 => self.fits_in::<15, MIXED>(bytes, fewer),
            16 => self.fits_in::<16, MIXED>(bytes, fewer),
            _ => self.fits_in_most(bytes, most - fewer as usize),
        }
    }

    /// In groups of `COLUMNS <= 16` columns: eight of them at once, and no more if these do not
    /// fit. Which groups have one fewer cannot be foreseen: addresses are chosen without a branch.
    #[inline(always)]
    fn fits_in<const COLUMNS: usize, const MIXED: bool>(&self, bytes: &[u8], fewer: bool) -> bool {
        // One check for all that is read.
        let planes = COLUMNS.div_ceil(8);
        let Some(window) = bytes.get(..8 * (COLUMNS + planes)) else { return false };
        let fewer = MIXED && fewer;
        let masks = self.masks();
        for plane in 0..planes {
            let sum = masks.sum(|k| {
                let at = if fewer { k * (COLUMNS - 1) } else { k * COLUMNS };
                word(window, at + plane * 8)
            });
            if !self.agrees(sum, plane, COLUMNS - plane * 8 - fewer as usize) {
                return false;
            }
        }
        true
    }

    /// In groups of any number of columns.
    fn fits_in_most(&self, bytes: &[u8], columns: usize) -> bool {
        let masks = self.masks();
        (0..columns.div_ceil(8)).all(|plane| {
            let sum = masks.sum(|k| word(bytes, k * columns + plane * 8));
            self.agrees(sum, plane, columns - plane * 8)
        })
    }
}

/// The coefficients of nine groups, each for all columns of its group.
pub(super) struct Masks {
    /// Of the first eight groups, and of the ninth.
    low: Spread,
    high: u64,
}

impl Masks {
    /// Of a row that starts at slot `shift` of the first group.
    #[inline(always)]
    pub(super) fn new(coefficients: u64, shift: u32) -> Self {
        let ninth = coefficients >> 1 >> (63 - shift);
        Self { low: Spread::new(coefficients << shift), high: ninth.wrapping_mul(ONES) }
    }

    /// The slots that the coefficients pick, summed up by column: eight columns of the nine groups
    /// are `word(0)` to `word(8)`.
    #[inline(always)]
    pub(super) fn sum<'b>(&self, word: impl Fn(usize) -> &'b [u8; 8]) -> u64 {
        self.low.sum(&word) ^ u64::from_le_bytes(*word(8)) & self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not all groups are those of a row's first slot, and groups are whole.
    #[test]
    fn rows_of_fewer_columns_are_as_many_as_asked_for() {
        // A layer of 4,096 keys, and some of two shards and more.
        for (shards, slots) in [(1, 3_968), (2, 15_744), (3, 20_992), (4, 23_680), (31, 30_976)] {
            for percent in 1..100 {
                let fewer = (1_u64 << 32) * percent / 100;
                let columns = Columns { most: 8, fewer };
                let (layer, _) = Layer::new(shards, slots, true, columns, 0).unwrap();
                let starts = slots - (SPAN - 1);
                // Of the shard in which the columns change; those before have all fewer.
                let shard = layer.split as u64 * GROUP / slots;
                let first = shard * slots;
                let here = (first..first + starts)
                    .filter(|at| layer.group((at / GROUP) as usize).1 < layer.stride)
                    .count() as u64;
                let share = (shard * starts + here) as f64 / (shards * starts) as f64;
                let excess = (1.0 + share) / (1.0 + percent as f64 / 100.0) - 1.0;
                assert!(excess < 7e-4 && excess > -2e-3, "{shards}: {percent} %, {excess}");
            }
        }
    }
}
