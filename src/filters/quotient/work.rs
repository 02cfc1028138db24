//! What is compiled twice, for the processor that the build targets and for one that counts and
//! deposits bits in hardware.

use super::Quotient;
use super::part::MAX_PARTS;
use super::places::Places;
use super::table::{Filling, Table};
use crate::error::BuildError;
use crate::hashing::BATCH;
use crate::mem::Alloc;
use crate::simd::deposit::{Deposit, Work};
use crate::storage::{HeapWords, Words};

/// Whether a fingerprint is in a set.
pub(super) struct Has<'s, W: Words> {
    pub(super) set: &'s Quotient<W>,
    pub(super) fingerprint: u64,
}

impl<W: Words> Work for Has<'_, W> {
    type Out = bool;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> bool {
        self.set.holds(by, self.fingerprint)
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
            for ((quotient, remainder), found) in places[..hashes.len()].iter().zip(found) {
                *found = set.table.holds(by, *quotient, *remainder);
            }
        }
    }
}

/// Whether one of `parts`, at most [`MAX_PARTS`], has the key of a mixed hash.
pub(super) struct AnyHas<I> {
    pub(super) parts: I,
    pub(super) x: u64,
}

impl<'s, W: Words + 's, I: Iterator<Item = &'s Quotient<W>> + Clone> Work for AnyHas<I> {
    type Out = bool;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> bool {
        let mut places = [(0, 0); MAX_PARTS];
        // The blocks of all parts, so that they come together and not one after the other.
        for (part, place) in self.parts.clone().zip(&mut places) {
            *place = part.places.split(part.places.fingerprint(self.x));
            part.table.prefetch(place.0);
        }
        // Not `any`, which need not be inlined.
        for (part, (quotient, remainder)) in self.parts.zip(places) {
            if part.table.holds(by, quotient, remainder) {
                return true;
            }
        }
        false
    }
}

/// Fills a table with fingerprints, which ascend.
pub(super) struct Fill<'s, A: Alloc, I> {
    pub(super) filling: Filling<A>,
    pub(super) fingerprints: I,
    pub(super) places: &'s Places,
}

impl<A: Alloc, I: Iterator<Item = u64>> Work for Fill<'_, A, I> {
    type Out = Result<Table<HeapWords<A>>, BuildError>;

    #[inline(always)]
    fn run(self, _: Option<Deposit>) -> Self::Out {
        let Self { mut filling, mut fingerprints, places } = self;
        loop {
            // Some at a time: both loops at once have more to keep than there are registers.
            let mut batch = [(0, 0); BATCH];
            let mut len = 0;
            while len < BATCH {
                let Some(fingerprint) = fingerprints.next() else { break };
                batch[len] = places.split(fingerprint);
                len += 1;
            }
            filling.push_all(&batch[..len])?;
            if len < BATCH {
                return filling.finish();
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
            self.table.insert(&place)?;
        }
        Ok(!place.found)
    }
}

/// Puts a remainder in, unless it is in already or an older part has its key; tells whether it did.
pub(super) struct AddNew<'s, A: Alloc, I> {
    pub(super) older: AnyHas<I>,
    pub(super) add: Add<'s, A>,
}

impl<'p, A: Alloc, I> Work for AddNew<'_, A, I>
where
    A: 'p,
    I: Iterator<Item = &'p Quotient<HeapWords<A>>> + Clone,
{
    type Out = Result<bool, BuildError>;

    #[inline(always)]
    fn run(self, by: Option<Deposit>) -> Result<bool, BuildError> {
        if self.older.run(by) { Ok(false) } else { self.add.run(by) }
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
            if let Err(error) = self.table.insert(&place) {
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
            self.table.remove(&place);
        }
        place.found
    }
}
