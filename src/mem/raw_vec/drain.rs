//! Iterators that own their items: out of a part of a buffer, and out of all of it.

use super::{Alloc, Block, RawVec, Run};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

/// Items that were removed from a buffer, one by one; the rest is dropped with it.
pub(crate) struct Drain<'a, T, A: Alloc> {
    run: Run<T>,
    /// The block stays in place as long as its buffer is borrowed.
    buffer: PhantomData<&'a mut RawVec<T, A>>,
}

impl<T, A: Alloc> Drain<'_, T, A> {
    /// The items of `run`, which lie behind the length of the buffer that the lifetime borrows.
    pub(super) const fn new(run: Run<T>) -> Self {
        Self { run, buffer: PhantomData }
    }
}

/// The items of a buffer, one by one, and its block.
pub(crate) struct IntoIter<T, A: Alloc> {
    /// Before the block, which is kept to be freed: fields are dropped in this order.
    run: Run<T>,
    _block: Block<T, A>,
}

impl<T, A: Alloc> RawVec<T, A> {
    /// All items, and the block.
    pub(crate) fn into_items(mut self) -> IntoIter<T, A> {
        let run = self.run_from(0);
        let whole = ManuallyDrop::new(self);
        // SAFETY: the buffer is empty and is neither dropped nor used again, so the block has one
        // owner.
        let block = unsafe { core::ptr::read(&raw const whole.block) };
        IntoIter { run, _block: block }
    }
}

/// Both hand out the items of their run.
macro_rules! iterator {
    ($ty:ty $(, $lifetime:lifetime)?) => {
        impl<$($lifetime,)? T, A: Alloc> $ty {
            /// The items that are left.
            pub(crate) fn as_slice(&self) -> &[T] {
                self.run.as_slice()
            }
        }

        impl<$($lifetime,)? T, A: Alloc> Iterator for $ty {
            type Item = T;

            #[inline]
            fn next(&mut self) -> Option<T> {
                self.run.pop_front()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.run.len, Some(self.run.len))
            }
        }

        impl<$($lifetime,)? T, A: Alloc> DoubleEndedIterator for $ty {
            #[inline]
            fn next_back(&mut self) -> Option<T> {
                self.run.pop_back()
            }
        }

        impl<$($lifetime,)? T, A: Alloc> ExactSizeIterator for $ty {}
        impl<$($lifetime,)? T, A: Alloc> FusedIterator for $ty {}
    };
}

iterator!(Drain<'a, T, A>, 'a);
iterator!(IntoIter<T, A>);
