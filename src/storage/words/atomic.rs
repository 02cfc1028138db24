//! [`AtomicWords`]: words on the heap that threads change together.
//!
//! Invariants:
//!
//! 1. As long as an [`AtomicWords`] exists, its words are accessed through the atomics of
//!    [`bytes`](AtomicWords::bytes) alone: the handle is private, and what is asked of it besides
//!    looks at no word.
//! 2. An `AtomicU8` is a byte in memory, every bit pattern valid; a word is eight of them.

use super::HeapWords;
use crate::mem::{Alloc, Global, PartKind, Parts};
#[cfg(not(loom))]
use core::sync::atomic::AtomicU8;
#[cfg(loom)]
use loom::sync::atomic::AtomicU8;

/// Words on the heap, as atomic bytes in the order in which they stand in a file.
pub(crate) struct AtomicWords<A: Alloc = Global> {
    words: HeapWords<A>,
    /// What loom watches instead of the words, which it cannot.
    #[cfg(loom)]
    bytes: std::vec::Vec<AtomicU8>,
}

impl<A: Alloc> AtomicWords<A> {
    /// The bytes of `words`.
    pub(crate) fn new(words: HeapWords<A>) -> Self {
        Self {
            #[cfg(loom)]
            bytes: words.as_bytes().iter().copied().map(AtomicU8::new).collect(),
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
            for (byte, shared) in words.as_bytes_mut().iter_mut().zip(&self.bytes) {
                *byte = shared.load(loom::sync::atomic::Ordering::Relaxed);
            }
            words
        }
    }

    /// The bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[AtomicU8] {
        #[cfg(not(loom))]
        {
            let (start, len) = self.words.words.raw_parts();
            // SAFETY: eight bytes for each of `len` words, valid as long as `self` is borrowed
            // (invariant 2), which nothing accesses but atomically (invariant 1).
            unsafe { core::slice::from_raw_parts(start.as_ptr().cast(), 8 * len) }
        }
        #[cfg(loom)]
        &self.bytes
    }

    /// Tells of the block.
    pub(crate) fn tell(&self, name: &'static str, out: &mut dyn Parts) {
        self.words.words.tell(name, PartKind::Payload, 0, out);
    }
}

#[cfg(all(test, feature = "alloc", not(loom)))]
mod tests {
    use super::*;
    use core::sync::atomic::Ordering::Relaxed;

    #[test]
    fn bytes_are_those_of_words() {
        let mut words = HeapWords::new_in(Global);
        words.try_resize(3).unwrap();
        let shared = AtomicWords::new(words);
        assert_eq!(shared.bytes().len(), 24);
        shared.bytes()[8].fetch_or(7, Relaxed);
        shared.bytes()[20].fetch_or(1, Relaxed);
        let words = shared.into_words();
        let values: [u64; 3] = core::array::from_fn(|i| words.words[i].get());
        assert_eq!(values, [0, 7, 1 << 32]);
        let none = AtomicWords::new(HeapWords::new_in(Global));
        assert!(none.bytes().is_empty());
    }
}
