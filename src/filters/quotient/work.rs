//! What is compiled twice, for the processor that the build targets and for one that counts and
//! deposits bits in hardware.

use super::Quotient;
use super::table::Table;
use crate::error::BuildError;
use crate::filters::BATCH;
use crate::mem::Alloc;
use crate::simd::deposit::{Deposit, Work};
use crate::storage::{HeapWords, Words};

/// [`Quotient::contains_hash`].
pub(super) struct Has<'s, W: Words> {
    pub(super) set: &'s Quotient<W>,
    pub(super) hash: u64,
}

impl<W: Words> Work for Has<'_, W> {
    type Out = bool;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> bool {
        self.set.holds(by, self.hash)
    }
}

/// [`Quotient::contains_many_hash`].
pub(super) struct HasMany<'s, W: Words> {
    pub(super) set: &'s Quotient<W>,
    pub(super) hashes: &'s [u64],
    pub(super) found: &'s mut [bool],
}

impl<W: Words> Work for HasMany<'_, W> {
    type Out = ();

    #[inline(always)]
    fn run(self, by: Option<Deposit>) {
        let Self { set, hashes, found } = self;
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            let mut places = [(0, 0); BATCH];
            for (hash, place) in hashes.iter().zip(&mut places) {
                *place = set.places.split(set.fingerprint(*hash));
                set.table.prefetch(place.0);
            }
            for ((quotient, remainder), found) in places.into_iter().zip(found) {
                *found = set.table.holds(by, quotient, remainder);
            }
        }
    }
}

/// Puts a remainder in, if it is to be in `once` only if none is; tells whether none was.
pub(super) struct Add<'s, A: Alloc> {
    pub(super) table: &'s mut Table<HeapWords<A>>,
    pub(super) quotient: usize,
    pub(super) remainder: u64,
    pub(super) once: bool,
}

impl<A: Alloc> Work for Add<'_, A> {
    type Out = Result<bool, BuildError>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Result<bool, BuildError> {
        let place = self.table.find(by, self.quotient, self.remainder);
        if !(place.found && self.once) {
            self.table.insert(by, &place)?;
        }
        Ok(!place.found)
    }
}

/// Puts remainders in, once more each; tells how many came in before one was refused.
pub(super) struct AddMany<'s, A: Alloc> {
    pub(super) table: &'s mut Table<HeapWords<A>>,
    pub(super) places: &'s [(usize, u64)],
}

impl<A: Alloc> Work for AddMany<'_, A> {
    type Out = (u64, Result<(), BuildError>);

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Self::Out {
        self.places.iter().for_each(|(quotient, _)| self.table.prefetch(*quotient));
        for (added, (quotient, remainder)) in self.places.iter().enumerate() {
            let place = self.table.find(by, *quotient, *remainder);
            if let Err(error) = self.table.insert(by, &place) {
                return (added as u64, Err(error));
            }
        }
        (self.places.len() as u64, Ok(()))
    }
}

/// Takes a remainder out; tells whether it was in.
pub(super) struct Remove<'s, A: Alloc> {
    pub(super) table: &'s mut Table<HeapWords<A>>,
    pub(super) quotient: usize,
    pub(super) remainder: u64,
}

impl<A: Alloc> Work for Remove<'_, A> {
    type Out = bool;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> bool {
        let place = self.table.find(by, self.quotient, self.remainder);
        if place.found {
            self.table.remove(by, &place);
        }
        place.found
    }
}
