//! Bit vectors as sets of positions: word by word, of two vectors of one length.

use super::BitVec;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Le64, Words};
#[cfg(feature = "alloc")]
use core::ops::{BitAnd, BitOr, BitXor, Sub};
use core::ops::{BitAndAssign, BitOrAssign, BitXorAssign, SubAssign};

impl<W: Words> BitVec<W> {
    /// How many positions are ones in both. O(words), allocates nothing.
    ///
    /// # Panics
    ///
    /// If the lengths differ; so with all operations on two vectors.
    #[must_use]
    #[track_caller]
    pub fn count_and<V: Words>(&self, other: &BitVec<V>) -> usize {
        self.count_pairs(other, |a, b| a & b)
    }

    /// How many positions are ones in either or both. O(words), allocates nothing.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[must_use]
    #[track_caller]
    pub fn count_or<V: Words>(&self, other: &BitVec<V>) -> usize {
        self.count_pairs(other, |a, b| a | b)
    }

    /// How many positions differ. O(words), allocates nothing.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[must_use]
    #[track_caller]
    pub fn count_xor<V: Words>(&self, other: &BitVec<V>) -> usize {
        self.count_pairs(other, |a, b| a ^ b)
    }

    /// How many positions are ones in this and zeros in `other`. O(words), allocates nothing.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[must_use]
    #[track_caller]
    pub fn count_and_not<V: Words>(&self, other: &BitVec<V>) -> usize {
        self.count_pairs(other, |a, b| a & !b)
    }

    /// Whether every one of this is one in `other`. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[must_use]
    #[track_caller]
    pub fn is_subset<V: Words>(&self, other: &BitVec<V>) -> bool {
        self.pairs(other).all(|(a, b)| a & !b == 0)
    }

    /// Whether no position is one in both. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[must_use]
    #[track_caller]
    pub fn is_disjoint<V: Words>(&self, other: &BitVec<V>) -> bool {
        self.pairs(other).all(|(a, b)| a & b == 0)
    }

    #[track_caller]
    fn count_pairs<V: Words>(&self, other: &BitVec<V>, op: impl Fn(u64, u64) -> u64) -> usize {
        self.pairs(other).map(|(a, b)| op(a, b).count_ones() as usize).sum()
    }

    /// The words of both, side by side.
    #[track_caller]
    fn pairs<V: Words>(&self, other: &BitVec<V>) -> impl Iterator<Item = (u64, u64)> {
        same_len(self.len, other.len);
        self.as_words().iter().zip(other.as_words()).map(|(a, b)| (a.get(), b.get()))
    }
}

#[track_caller]
fn same_len(a: usize, b: usize) {
    assert!(a == b, "bit vectors of {a} and of {b} bits");
}

impl<A: Alloc> BitVec<HeapWords<A>> {
    /// Keeps the ones that are ones in `other` too. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn and_assign<V: Words>(&mut self, other: &BitVec<V>) {
        self.combine(other, |a, b| a & b);
    }

    /// Adds the ones of `other`. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn or_assign<V: Words>(&mut self, other: &BitVec<V>) {
        self.combine(other, |a, b| a | b);
    }

    /// Flips the positions that are ones in `other`. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn xor_assign<V: Words>(&mut self, other: &BitVec<V>) {
        self.combine(other, |a, b| a ^ b);
    }

    /// Takes the ones of `other` away. O(words).
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn and_not_assign<V: Words>(&mut self, other: &BitVec<V>) {
        self.combine(other, |a, b| a & !b);
    }

    #[track_caller]
    fn combine<V: Words>(&mut self, other: &BitVec<V>, op: impl Fn(u64, u64) -> u64) {
        same_len(self.len, other.len);
        for (word, other) in self.words_mut().iter_mut().zip(other.as_words()) {
            *word = Le64::new(op(word.get(), other.get()));
        }
    }
}

/// Operators of two bit vectors of one length, as sets have them: in place, and to a new one.
macro_rules! operators {
    ($($assign:ident $assign_fn:ident, $op:ident $op_fn:ident: $method:ident;)*) => {$(
        impl<A: Alloc, V: Words> $assign<&BitVec<V>> for BitVec<HeapWords<A>> {
            #[track_caller]
            fn $assign_fn(&mut self, other: &BitVec<V>) {
                self.$method(other);
            }
        }

        #[cfg(feature = "alloc")]
        impl<W: Words, V: Words> $op<&BitVec<V>> for &BitVec<W> {
            type Output = BitVec;

            #[track_caller]
            fn $op_fn(self, other: &BitVec<V>) -> BitVec {
                let mut both = self.to_heap();
                both.$method(other);
                both
            }
        }
    )*};
}

operators! {
    BitAndAssign bitand_assign, BitAnd bitand: and_assign;
    BitOrAssign bitor_assign, BitOr bitor: or_assign;
    BitXorAssign bitxor_assign, BitXor bitxor: xor_assign;
    SubAssign sub_assign, Sub sub: and_not_assign;
}
