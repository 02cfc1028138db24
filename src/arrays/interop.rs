//! Conversions from and to the types of other crates, each behind the feature of its name.

/// With `u64` words, which `bitvec` has on machines of 64 bits only.
#[cfg(all(feature = "bitvec", target_pointer_width = "64"))]
mod with_bitvec {
    use crate::arrays::{self, PackedInts};
    use crate::error::BuildError;
    use crate::mem::refused;
    use crate::storage::{Le64, Words};
    use alloc::vec::Vec;
    use bitvec::field::BitField;
    use bitvec::order::Lsb0;
    use bitvec::slice::BitSlice;
    use bitvec::vec::BitVec;

    impl<W: Words> From<&PackedInts<W>> for BitVec<u64, Lsb0> {
        /// The packed bits: number `i` of width `w` at the bits `i*w .. (i+1)*w`, as
        /// [`BitField::load_le`] reads them. One copy of the words.
        fn from(ints: &PackedInts<W>) -> Self {
            let words: Vec<u64> = ints.words().iter().copied().map(Le64::get).collect();
            let mut bits = Self::from_vec(words);
            bits.truncate(ints.len() * ints.width() as usize);
            bits
        }
    }

    impl PackedInts {
        /// The numbers of `width` bits that stand back to back in `bits`, at the least width that
        /// holds them all. O(n).
        ///
        /// # Errors
        ///
        /// [`BuildError::OutOfRange`] unless `width` is 1 to 64 and divides the length of `bits`.
        pub fn try_from_bits(bits: &BitSlice<u64, Lsb0>, width: usize) -> Result<Self, BuildError> {
            if !(1..=64).contains(&width) {
                let value = width as u64;
                return Err(BuildError::OutOfRange { name: "width", value, min: 1, max: 64 });
            }
            let rest = (bits.len() % width) as u64;
            if rest != 0 {
                let name = "bits behind the last number";
                return Err(BuildError::OutOfRange { name, value: rest, min: 0, max: 0 });
            }
            Ok(bits.chunks_exact(width).map(BitField::load_le::<u64>).collect())
        }
    }

    impl<W: Words> From<&arrays::BitVec<W>> for BitVec<u64, Lsb0> {
        /// The same bits. One copy of the words.
        fn from(bits: &arrays::BitVec<W>) -> Self {
            let words: Vec<u64> = bits.as_words().iter().copied().map(Le64::get).collect();
            let mut copy = Self::from_vec(words);
            copy.truncate(bits.len());
            copy
        }
    }

    impl From<&BitSlice<u64, Lsb0>> for arrays::BitVec {
        /// The same bits, with no slack. O(words).
        ///
        /// # Panics
        ///
        /// If memory cannot be had.
        fn from(bits: &BitSlice<u64, Lsb0>) -> Self {
            let mut copy = Self::with_capacity(bits.len());
            for word in bits.chunks(64) {
                let pushed = copy.try_push_word(word.load_le());
                pushed.unwrap_or_else(|error| refused(error));
            }
            copy.truncate(bits.len());
            copy
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn bits_go_there_and_back() {
            for len in [0, 1, 63, 64, 65, 200] {
                let bits: arrays::BitVec = (0..len).map(|i| i * i % 7 < 3).collect();
                let theirs = BitVec::<u64, Lsb0>::from(&bits);
                assert!(theirs.iter().by_vals().eq(&bits), "{len} bits");
                assert_eq!(arrays::BitVec::from(&theirs[..]), bits);
                let from = len / 3;
                let part = arrays::BitVec::from(&theirs[from..]);
                assert!(part.iter().eq(bits.iter().skip(from)), "{len} bits from {from}");
            }
        }

        #[test]
        fn numbers_go_to_bits_and_back() {
            for width in [1, 7, 20, 33, 57, 58, 63, 64] {
                let numbers = (0..200_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let ints: PackedInts = numbers.map(|number| number >> (64 - width)).collect();
                let bits = BitVec::<u64, Lsb0>::from(&ints);
                assert_eq!(bits.len(), 200 * ints.width() as usize);
                let back = PackedInts::try_from_bits(&bits, ints.width() as usize).unwrap();
                assert_eq!(back, ints, "width {width}");
            }
        }

        #[test]
        fn impossible_widths_are_errors() {
            let bits = BitVec::<u64, Lsb0>::repeat(true, 10);
            for width in [0, 3, 65] {
                assert!(PackedInts::try_from_bits(&bits, width).is_err(), "width {width}");
            }
            assert_eq!(PackedInts::try_from_bits(&bits, 5).unwrap().get(1), Some(31));
        }
    }
}

#[cfg(feature = "fst")]
mod with_fst {
    use crate::arrays::StrArray;
    use crate::error::BuildError;
    use crate::storage::Words;
    use fst::{Set, SetBuilder, Streamer};
    use std::vec::Vec;

    impl<D: AsRef<[u8]>> From<&Set<D>> for StrArray {
        /// The keys in their order. O(bytes of the keys).
        fn from(set: &Set<D>) -> Self {
            let mut strings = Self::new();
            let mut keys = set.stream();
            while let Some(key) = keys.next() {
                strings.push(key);
            }
            strings.shrink_to_fit();
            strings
        }
    }

    impl<W: Words> TryFrom<&StrArray<W>> for Set<Vec<u8>> {
        type Error = BuildError;

        /// The strings, which must ascend and differ. Beside the set itself, building takes a few
        /// MiB for shared nodes.
        fn try_from(strings: &StrArray<W>) -> Result<Self, BuildError> {
            let mut builder = SetBuilder::memory();
            let mut last: Option<&[u8]> = None;
            for (index, string) in strings.iter().enumerate() {
                match last.map(|last| last.cmp(string)) {
                    Some(core::cmp::Ordering::Greater) => {
                        return Err(BuildError::NotSorted { index });
                    }
                    Some(core::cmp::Ordering::Equal) => {
                        return Err(BuildError::DuplicateKey { index });
                    }
                    _ => {}
                }
                // Ascending keys into memory: nothing is left that could be refused.
                builder.insert(string).map_err(|_| BuildError::NotSorted { index })?;
                last = Some(string);
            }
            Ok(builder.into_set())
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn strings_go_to_a_set_and_back() {
            let strings: StrArray = ["", "ant", "ant hill", "bee", "\u{10FFFF}"].iter().collect();
            let set = Set::try_from(&strings).unwrap();
            assert_eq!((set.len(), set.contains("ant hill")), (5, true));
            assert_eq!(StrArray::from(&set), strings);
        }

        #[test]
        fn order_is_asked_for() {
            let strings: StrArray = ["bee", "ant"].iter().collect();
            assert_eq!(Set::try_from(&strings).err(), Some(BuildError::NotSorted { index: 1 }));
            let strings: StrArray = ["ant", "bee", "bee"].iter().collect();
            assert_eq!(Set::try_from(&strings).err(), Some(BuildError::DuplicateKey { index: 2 }));
        }
    }
}
