//! What a KLL sketch holds: doubles or floats, as they lie in words.

use crate::storage::Le64;
use crate::storage::words::{Le32, as_halves, as_halves_mut};
use core::fmt;

/// A number that a [`Kll`](super::Kll) sketch can hold: `f64` or `f32`. Sealed.
pub trait KllItem: Copy + PartialEq + PartialOrd + fmt::Debug + Cells {
    /// The nearest double, which is the number itself.
    fn to_f64(self) -> f64;

    /// The nearest such number.
    fn of_f64(value: f64) -> Self;
}

/// How numbers lie in words; what of it shows is not for others.
pub trait Cells: Sized {
    /// A number in little-endian byte order.
    type Cell: Copy + Default + PartialEq;
    /// Cells of a word.
    const PER_WORD: usize;
    /// Bytes of a number.
    const BYTES: usize;

    /// The number in a cell.
    fn load(cell: Self::Cell) -> Self;
    /// The cell of a number.
    fn cell(self) -> Self::Cell;
    /// The words as cells.
    fn cells(words: &[Le64]) -> &[Self::Cell];
    /// The words as cells, to be written.
    fn cells_mut(words: &mut [Le64]) -> &mut [Self::Cell];
    /// A number that orders as this one does, also where that is no number.
    fn key(self) -> u64;
    /// What has this key.
    fn of_key(key: u64) -> Self;
    /// This number, with one zero only, if it is neither infinite nor none.
    fn checked(self) -> Option<Self>;
    /// Its bits, in as many bytes as it has.
    fn bits(self) -> u64;
    /// What has these bits.
    fn of_bits(bits: u64) -> Self;
}

macro_rules! item {
    ($ty:ident $bits:ident $signed:ident $cell:ident, $cells:expr, $cells_mut:expr) => {
        impl KllItem for $ty {
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn of_f64(value: f64) -> Self {
                value as Self
            }
        }

        impl Cells for $ty {
            type Cell = $cell;
            const PER_WORD: usize = size_of::<Le64>() / size_of::<$cell>();
            const BYTES: usize = size_of::<$cell>();

            #[inline]
            fn load(cell: $cell) -> Self {
                Self::from_bits(cell.get())
            }

            #[inline]
            fn cell(self) -> $cell {
                $cell::new(self.to_bits())
            }

            #[inline]
            fn cells(words: &[Le64]) -> &[$cell] {
                $cells(words)
            }

            #[inline]
            fn cells_mut(words: &mut [Le64]) -> &mut [$cell] {
                $cells_mut(words)
            }

            #[inline]
            fn key(self) -> u64 {
                // Of negative numbers all bits turn, of others the sign.
                let bits = self.to_bits();
                let negative = (bits as $signed >> ($bits::BITS - 1)) as $bits;
                u64::from(bits ^ (negative | 1 << ($bits::BITS - 1)))
            }

            #[inline]
            fn of_key(key: u64) -> Self {
                let key = key as $bits;
                let positive = (key as $signed >> ($bits::BITS - 1)) as $bits;
                Self::from_bits(key ^ (!positive | 1 << ($bits::BITS - 1)))
            }

            #[inline]
            fn checked(self) -> Option<Self> {
                self.is_finite().then_some(self + 0.0)
            }

            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }

            fn of_bits(bits: u64) -> Self {
                Self::from_bits(bits as $bits)
            }
        }
    };
}

item!(f64 u64 i64 Le64, |words| words, |words| words);
item!(f32 u32 i32 Le32, as_halves, as_halves_mut);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_numbers_do() {
        let numbers = [f64::MIN, -2.5, -1e-300, 0.0, 1e-300, 1.0, 2.5, f64::MAX];
        for (i, a) in numbers.iter().enumerate() {
            assert_eq!(f64::of_key(a.key()), *a);
            assert_eq!(f32::of_key((*a as f32).key()), *a as f32);
            assert!(numbers[..i].iter().all(|b| b.key() < a.key()));
        }
        assert!((-1.5_f32).key() < (-1.0_f32).key() && (-1.0_f32).key() < 0.5_f32.key());
        assert_eq!((f64::NAN.checked(), f32::INFINITY.checked()), (None, None));
        assert_eq!((-0.0_f64).checked().map(f64::to_bits), Some(0));
    }
}
