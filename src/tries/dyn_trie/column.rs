//! [`Column`]: the values of a leaf's keys, or none.

use super::node::{insert_at, move_to, remove_at, try_grow};
use crate::error::AllocError;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Footprint, PartKind, Parts};

/// Values by position.
pub(in crate::tries) trait Column<A: Alloc>: Sized {
    type Value;

    /// None. Requests nothing.
    fn new_in(alloc: &A) -> Self;

    /// How many there are, where they are counted.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    fn items(&self) -> Option<usize>;

    /// Makes room for `extra` more.
    fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError>;

    /// Makes room for one more, and some.
    fn try_reserve_one(&mut self) -> Result<(), AllocError>;

    /// Puts a value in; there is room.
    fn insert(&mut self, index: usize, value: Self::Value);

    /// Puts a value in the place of another.
    fn replace(&mut self, index: usize, value: Self::Value) -> Self::Value;

    /// Takes a value out.
    fn remove(&mut self, index: usize) -> Option<Self::Value>;

    /// Moves the values from `at` on behind those of `to`, which has room.
    fn move_to(&mut self, at: usize, to: &mut Self);

    fn try_shrink_to_fit(&mut self) -> Result<(), AllocError>;

    fn try_clone(&self) -> Result<Self, AllocError>
    where
        Self::Value: Clone;

    fn tell(&self, out: &mut dyn Parts)
    where
        Self::Value: Footprint;
}

/// No values: the column of a set.
#[derive(Debug)]
pub struct Nothing;

impl<A: Alloc> Column<A> for Nothing {
    type Value = ();

    fn new_in(_: &A) -> Self {
        Self
    }

    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    fn items(&self) -> Option<usize> {
        None
    }

    fn try_reserve(&mut self, _: usize) -> Result<(), AllocError> {
        Ok(())
    }

    fn try_reserve_one(&mut self) -> Result<(), AllocError> {
        Ok(())
    }

    fn insert(&mut self, _: usize, (): ()) {}

    fn replace(&mut self, _: usize, (): ()) {}

    fn remove(&mut self, _: usize) -> Option<()> {
        Some(())
    }

    fn move_to(&mut self, _: usize, _: &mut Self) {}

    fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        Ok(())
    }

    fn try_clone(&self) -> Result<Self, AllocError> {
        Ok(Self)
    }

    fn tell(&self, _: &mut dyn Parts) {}
}

/// A value for each key: the column of a map.
pub struct Values<V, A: Alloc>(pub(in crate::tries) RawVec<V, A>);

impl<V, A: Alloc> core::fmt::Debug for Values<V, A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl<V, A: Alloc + Clone> Column<A> for Values<V, A> {
    type Value = V;

    fn new_in(alloc: &A) -> Self {
        Self(RawVec::new_in(alloc.clone()))
    }

    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn try_reserve(&mut self, extra: usize) -> Result<(), AllocError> {
        self.0.try_reserve_exact(extra)
    }

    fn try_reserve_one(&mut self) -> Result<(), AllocError> {
        try_grow(&mut self.0)
    }

    fn insert(&mut self, index: usize, value: V) {
        insert_at(&mut self.0, index, value);
    }

    fn replace(&mut self, index: usize, value: V) -> V {
        core::mem::replace(&mut self.0[index], value)
    }

    fn remove(&mut self, index: usize) -> Option<V> {
        remove_at(&mut self.0, index)
    }

    fn move_to(&mut self, at: usize, to: &mut Self) {
        move_to(&mut self.0, at, &mut to.0);
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.0.try_shrink_to_fit()
    }

    fn try_clone(&self) -> Result<Self, AllocError>
    where
        V: Clone,
    {
        let mut copy = RawVec::new_in(self.0.alloc().clone());
        copy.try_reserve_exact(self.0.len())?;
        copy.try_extend_with(self.0.len(), |index| self.0[index].clone())?;
        Ok(Self(copy))
    }

    fn tell(&self, out: &mut dyn Parts)
    where
        V: Footprint,
    {
        self.0.tell("values", PartKind::Payload, 0, out);
        self.0[..].parts(out);
    }
}
