//! [`Plain`]: numbers of fixed size, as they stand in files.

use super::words::Sealed;
use core::fmt;

/// A number that is stored as its little-endian bytes: what generic structures hold.
///
/// Sealed: the integers of 8 to 64 bits with and without a sign, `f32` and `f64`.
pub trait Plain: Sealed + Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// Its bytes, as an array.
    type Bytes: AsRef<[u8]>;

    /// How many bytes it takes.
    const BYTES: usize = size_of::<Self>();

    /// What it is called in files, so that none of one type opens as another. Never reused.
    #[doc(hidden)]
    const TAG: u64;

    /// The number in the first bytes of `bytes`; zero if there are fewer than it takes.
    #[doc(hidden)]
    fn load(bytes: &[u8]) -> Self;

    /// Its bytes.
    #[doc(hidden)]
    fn store(self) -> Self::Bytes;
}

macro_rules! plain {
    ($($ty:ty, $tag:literal;)*) => {$(
        impl Sealed for $ty {}

        impl Plain for $ty {
            type Bytes = [u8; size_of::<$ty>()];
            const TAG: u64 = $tag;

            #[inline(always)]
            fn load(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(Default::default(), |bytes| Self::from_le_bytes(*bytes))
            }

            #[inline(always)]
            fn store(self) -> Self::Bytes {
                self.to_le_bytes()
            }
        }
    )*};
}

plain! {
    u8, 1;
    u16, 2;
    u32, 3;
    u64, 4;
    i8, 5;
    i16, 6;
    i32, 7;
    i64, 8;
    f32, 9;
    f64, 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_little_endian_everywhere() {
        assert_eq!(0x0102_u16.store(), [2, 1]);
        assert_eq!(<u32 as Plain>::load(&[1, 2, 3, 4, 5]), 0x0403_0201);
        assert_eq!(<i16 as Plain>::load((-2_i16).store().as_ref()), -2);
        assert_eq!(<f64 as Plain>::load(1.5_f64.store().as_ref()), 1.5);
        assert_eq!(<u64 as Plain>::load(&[1; 7]), 0);
        assert_eq!((<u8 as Plain>::BYTES, <f32 as Plain>::BYTES), (1, 4));
    }
}
