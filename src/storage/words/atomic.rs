//! [`AtomicWords`]: words on the heap that threads change together.
//!
//! Invariants:
//!
//! 1. As long as an [`AtomicWords`] exists, its words are accessed through the atomics of
//!    [`units`](AtomicWords::units) alone: the handle is private, and what is asked of it besides
//!    looks at no word.
//! 2. An `AtomicU32` is four bytes in memory, every bit pattern valid, at an alignment of no more
//!    than a word's (on 32-bit machines that may be 4, which is why they are not of 64 bits); a
//!    word is two of them.

use super::HeapWords;
use crate::mem::{Alloc, Global, PartKind, Parts};
#[cfg(not(loom))]
use core::sync::atomic::AtomicU32;
#[cfg(loom)]
use loom::sync::atomic::AtomicU32;

/// Words on the heap, as atomic units of 32 bits: unit `2w` is the lower half of word `w`, in the
/// little-endian order of the word.
pub(crate) struct AtomicWords<A: Alloc = Global> {
    words: HeapWords<A>,
    /// What loom watches instead of the words, which it cannot.
    #[cfg(loom)]
    units: std::vec::Vec<AtomicU32>,
}

impl<A: Alloc> AtomicWords<A> {
    /// The units of `words`.
    pub(crate) fn new(words: HeapWords<A>) -> Self {
        const { assert!(align_of::<AtomicU32>() <= align_of::<super::Le64>() || cfg!(loom)) };
        Self {
            #[cfg(loom)]
            units: words.as_bytes().chunks_exact(4).map(|unit| from_bytes(unit).into()).collect(),
            words,
        }
    }

    /// The words again: nobody else has them any more.
    pub(crate) fn into_words(self) -> HeapWords<A> {
        #[cfg(not(loom))]
        return self.words;
        #[cfg(loom)]
        {
            let mut words = self.words;
            for (bytes, unit) in words.as_bytes_mut().chunks_exact_mut(4).zip(&self.units) {
                let unit = unit.load(loom::sync::atomic::Ordering::Relaxed);
                bytes.copy_from_slice(&unit.to_ne_bytes());
            }
            words
        }
    }

    /// The units.
    #[inline]
    pub(crate) fn units(&self) -> &[AtomicU32] {
        #[cfg(not(loom))]
        {
            let (start, len) = self.words.words.raw_parts();
            // SAFETY: twice `len` units, valid as long as `self` is borrowed (invariant 2), which
            // nothing accesses but atomically (invariant 1).
            unsafe { core::slice::from_raw_parts(start.as_ptr().cast(), 2 * len) }
        }
        #[cfg(loom)]
        &self.units
    }

    /// Tells of the block.
    pub(crate) fn tell(&self, name: &'static str, out: &mut dyn Parts) {
        self.words.words.tell(name, PartKind::Payload, 0, out);
    }
}

#[cfg(loom)]
fn from_bytes(unit: &[u8]) -> u32 {
    unit.try_into().map_or(0, u32::from_ne_bytes)
}

#[cfg(all(test, feature = "alloc", not(loom)))]
mod tests {
    use super::*;
    use core::sync::atomic::Ordering::Relaxed;

    #[test]
    fn units_are_the_halves_of_words() {
        let mut words = HeapWords::new_in(Global);
        words.try_resize(3).unwrap();
        let shared = AtomicWords::new(words);
        assert_eq!(shared.units().len(), 6);
        shared.units()[2].fetch_or(7_u32.to_le(), Relaxed);
        shared.units()[5].fetch_or(1_u32.to_le(), Relaxed);
        let words = shared.into_words();
        let values: [u64; 3] = core::array::from_fn(|i| words.words[i].get());
        assert_eq!(values, [0, 7, 1 << 32]);
        let none = AtomicWords::new(HeapWords::new_in(Global));
        assert!(none.units().is_empty());
    }
}
