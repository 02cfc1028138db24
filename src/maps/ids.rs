//! [`Ids`]: numbers of entries that lie elsewhere, found by the hashes of their keys. What
//! `OrderedMap` and `Interner` are made of.
//!
//! Numbers take one, two, three or four bytes, as the largest needs: where one comes that needs a
//! byte more, the table is copied, and nothing is hashed.

use super::policy::Sparse;
use super::table::Table;
use crate::error::AllocError;
use crate::mem::{Alloc, PartKind, Parts};

/// A number as a table stores it.
trait Id: Copy {
    /// Of a number that fits.
    fn of(number: usize) -> Self;
    fn number(self) -> usize;
}

macro_rules! id {
    ($($ty:ty),*) => {$(
        impl Id for $ty {
            #[inline(always)]
            fn of(number: usize) -> Self {
                number as Self
            }
            #[inline(always)]
            fn number(self) -> usize {
                self as usize
            }
        }
    )*};
}

id!(u8, u16, u32);

impl Id for [u8; 3] {
    #[inline(always)]
    fn of(number: usize) -> Self {
        let [a, b, c, _] = (number as u32).to_le_bytes();
        [a, b, c]
    }
    #[inline(always)]
    fn number(self) -> usize {
        let [a, b, c] = self;
        u32::from_le_bytes([a, b, c, 0]) as usize
    }
}

/// The numbers, each once, or no table.
pub(super) enum Ids<A: Alloc> {
    None,
    Bytes(Table<u8, A, Sparse>),
    Pairs(Table<u16, A, Sparse>),
    Triples(Table<[u8; 3], A, Sparse>),
    Words(Table<u32, A, Sparse>),
}

/// The same expression for a table of each width.
macro_rules! each {
    ($ids:expr, $none:expr, $table:ident => $give:expr) => {
        match $ids {
            Ids::None => $none,
            Ids::Bytes($table) => $give,
            Ids::Pairs($table) => $give,
            Ids::Triples($table) => $give,
            Ids::Words($table) => $give,
        }
    };
}

/// One more than the largest number of so many bytes.
const fn most_of(bytes: u32) -> usize {
    match 1_usize.checked_shl(8 * bytes) {
        Some(most) => most,
        None => usize::MAX,
    }
}

/// The same numbers, in the same places, of another width.
fn try_wider<T: Id, U: Id, A: Alloc + Clone>(
    table: &Table<T, A, Sparse>,
) -> Result<Table<U, A, Sparse>, AllocError> {
    table.try_map(|id| U::of(id.number()))
}

impl<A: Alloc> Ids<A> {
    /// None yet; requests no memory.
    pub(super) const fn new_in(alloc: A) -> Self {
        Self::Bytes(Table::new_in(alloc))
    }

    /// Whether there is no table.
    #[inline]
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Numbers from 0 on that fit the width.
    const fn most(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes(_) => most_of(1),
            Self::Pairs(_) => most_of(2),
            Self::Triples(_) => most_of(3),
            Self::Words(_) => most_of(4),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        each!(self, 0, table => table.len())
    }

    /// Whether `room` numbers would fit a smaller width.
    pub(super) const fn is_narrower_for(&self, room: usize) -> bool {
        match self {
            Self::None | Self::Bytes(_) => false,
            Self::Pairs(_) => room <= most_of(1),
            Self::Triples(_) => room <= most_of(2),
            Self::Words(_) => room <= most_of(3),
        }
    }

    /// Numbers that fit before something grows.
    pub(super) fn capacity(&self) -> usize {
        each!(self, 0, table => table.capacity().min(self.most()))
    }

    /// The number of this hash that `same` accepts; all are below `end`.
    #[inline(always)]
    pub(super) fn find(
        &self,
        end: usize,
        hash: u64,
        mut same: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        // Kept from the comparison: else the slot is read again.
        let mut number = 0;
        let mut same = |id| {
            number = id;
            same(id)
        };
        // One question that has the same answer for all look-ups of a loop, and two tables behind
        // it: to jump to one of five places is more instructions, so that fewer look-ups are under
        // way at once.
        if end > most_of(2) {
            match self {
                Self::Triples(table) => table.get(hash, |id| same(id.number())).map(|_| ()),
                Self::Words(table) => table.get(hash, |id| same(id.number())).map(|_| ()),
                _ => None,
            }
        } else {
            each!(self, None, table => table.get(hash, |id| same(id.number())).map(|_| ()))
        }?;
        Some(number)
    }

    /// No numbers, with room for `room`.
    pub(super) fn try_with_capacity(room: usize, alloc: A) -> Result<Self, AllocError> {
        let mut ids = if room <= most_of(1) {
            Self::Bytes(Table::new_in(alloc))
        } else if room <= most_of(2) {
            Self::Pairs(Table::new_in(alloc))
        } else if room <= most_of(3) {
            Self::Triples(Table::new_in(alloc))
        } else if room <= most_of(4) {
            Self::Words(Table::new_in(alloc))
        } else {
            return Err(AllocError::CapacityOverflow);
        };
        // There is none yet that could be hashed.
        each!(&mut ids, (), table => table.try_reserve(room, &|_| 0)?);
        Ok(ids)
    }

    /// Lets it take the numbers below `end`.
    #[cold]
    #[inline(never)]
    fn try_widen(&mut self, end: usize) -> Result<(), AllocError>
    where
        A: Clone,
    {
        if end > most_of(4) {
            return Err(AllocError::CapacityOverflow);
        }
        while self.most() < end {
            *self = match self {
                Self::None | Self::Words(_) => break,
                Self::Bytes(table) => Self::Pairs(try_wider(table)?),
                Self::Pairs(table) => Self::Triples(try_wider(table)?),
                Self::Triples(table) => Self::Words(try_wider(table)?),
            };
        }
        Ok(())
    }

    /// Adds the numbers below `len`, which fit the width, to an empty table.
    pub(super) fn try_fill(
        &mut self,
        len: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        (0..len).try_for_each(|number| self.try_add(number, hash_at(number), hash_at))
    }

    /// Adds a number that is not there yet.
    #[inline]
    pub(super) fn try_push(
        &mut self,
        number: usize,
        hash: u64,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError>
    where
        A: Clone,
    {
        self.try_fit(number)?;
        self.try_add(number, hash, hash_at)
    }

    /// Makes room for this number, so that adding it does not fail.
    #[inline]
    pub(super) fn try_make_room(
        &mut self,
        number: usize,
        hash: u64,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError>
    where
        A: Clone,
    {
        self.try_fit(number)?;
        each!(self, Ok(()), table => {
            table.missing(hash).vacant(|id| hash_at(id.number()))?;
            Ok(())
        })
    }

    /// Lets it take this number.
    #[inline(always)]
    fn try_fit(&mut self, number: usize) -> Result<(), AllocError>
    where
        A: Clone,
    {
        if number < self.most() { Ok(()) } else { self.try_widen(number.saturating_add(1)) }
    }

    /// Adds a number that fits the width.
    #[inline(always)]
    fn try_add(
        &mut self,
        number: usize,
        hash: u64,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        debug_assert!(self.is_none() || number < self.most());
        each!(self, Ok(()), table => {
            table.missing(hash).vacant(|id| hash_at(id.number()))?.insert(Id::of(number));
            Ok(())
        })
    }

    /// Makes room for `extra` more numbers, from the number of those that are there on.
    pub(super) fn try_reserve(
        &mut self,
        extra: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError>
    where
        A: Clone,
    {
        let end = self.len().checked_add(extra).ok_or(AllocError::CapacityOverflow)?;
        self.try_widen(end)?;
        each!(self, Ok(()), table => table.try_reserve(extra, &|id| hash_at(id.number())))
    }

    /// Gives back the room that `max(len, least)` numbers do not need.
    pub(super) fn try_shrink_to(
        &mut self,
        least: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        each!(self, Ok(()), table => table.try_shrink_to(least, &|id| hash_at(id.number())))
    }

    /// Removes a number; whether it was there. The table may then shrink.
    #[inline]
    pub(super) fn remove(
        &mut self,
        hash: u64,
        number: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> bool {
        each!(self, true, table => {
            let found = table.entry(hash, |id| id.number() == number);
            let removed = found.map(|id| id.remove(|id| hash_at(id.number())));
            removed.is_ok()
        })
    }

    /// Changes a number; whether it was there.
    #[inline]
    pub(super) fn renumber(&mut self, hash: u64, from: usize, to: usize) -> bool {
        each!(self, true, table => {
            let found = table.get_mut(hash, |id| id.number() == from);
            found.map(|id| *id = Id::of(to)).is_some()
        })
    }

    /// Lets two numbers change places; whether both were there.
    pub(super) fn swap(&mut self, hashes: [u64; 2], numbers: [usize; 2]) -> bool {
        each!(self, true, table => {
            let same = |which, id: &_| Id::number(*id) == numbers[which];
            match table.get_disjoint_mut(hashes, same) {
                [Some(a), Some(b)] => {
                    core::mem::swap(a, b);
                    true
                }
                _ => false,
            }
        })
    }

    /// Changes all numbers, to ones that are as different.
    pub(super) fn renumber_all(&mut self, to: impl Fn(usize) -> usize) {
        each!(self, (), table => table.iter_mut().for_each(|id| *id = Id::of(to(id.number()))));
    }

    /// Removes the numbers that `gone` accepts; keeps the room.
    pub(super) fn remove_all(
        &mut self,
        gone: impl Fn(usize) -> bool,
        hash_at: &impl Fn(usize) -> u64,
    ) {
        each!(self, (), table => {
            let mut extract = table.extract();
            while extract.next_if(|id| gone(id.number())).is_some() {}
            table.refresh_all(&|id| hash_at(id.number()));
        });
    }

    /// Removes all numbers; keeps the room.
    pub(super) fn clear(&mut self) {
        each!(self, (), table => table.clear());
    }

    /// A copy with the same room.
    pub(super) fn try_clone(&self) -> Result<Self, AllocError>
    where
        A: Clone,
    {
        Ok(match self {
            Self::None => Self::None,
            Self::Bytes(table) => Self::Bytes(table.try_clone()?),
            Self::Pairs(table) => Self::Pairs(table.try_clone()?),
            Self::Triples(table) => Self::Triples(table.try_clone()?),
            Self::Words(table) => Self::Words(table.try_clone()?),
        })
    }

    /// Tells of the blocks; what the numbers are called.
    pub(super) fn parts(&self, name: &'static str, out: &mut dyn Parts) {
        each!(self, (), table => table.parts(name, PartKind::Index, out));
    }

    /// Groups that looking up every number reads, summed up and at most.
    pub(super) fn probes(&self, hash_at: &impl Fn(usize) -> u64) -> (usize, usize) {
        each!(self, (0, 0), table => table.probes(|id| hash_at(id.number())))
    }

    /// Whether the table is whole, no number is there twice, and all are below `end`.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(super) fn check(&self, end: usize) -> bool {
        each!(self, true, table => {
            let mut sorted: std::vec::Vec<_> = table.iter().map(|id| id.number()).collect();
            sorted.sort_unstable();
            let once = sorted.windows(2).all(|two| two[0] != two[1]);
            table.check() && once && sorted.last().is_none_or(|last| *last < end)
        })
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;

    fn hash_at(number: usize) -> u64 {
        (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn is_found(ids: &Ids<Global>, number: usize, end: usize) -> bool {
        ids.find(end, hash_at(number), |other| other == number) == Some(number)
    }

    /// Around each border between widths, in one region and in many; no map that a test can build
    /// comes to the last.
    #[test]
    fn numbers_widen_where_they_have_to() {
        for (first, count) in [(0, 400), (65_000, 1_000), (65_000, 30_000), (16_760_000, 60_000)] {
            let (mut ids, end) = (Ids::new_in(Global), first + count);
            for number in first..end {
                ids.try_push(number, hash_at(number), &hash_at).unwrap();
            }
            assert!(ids.check(end) && !ids.check(end - 1) && ids.len() == count);
            assert!((first..end).all(|number| is_found(&ids, number, end)));
            assert!(!is_found(&ids, end, end));
            let (hashes, ends) = ([hash_at(first), hash_at(end - 1)], [first, end - 1]);
            assert!(ids.swap(hashes, ends) && ids.swap(hashes, [end - 1, first]));
            for number in first + 10..end {
                assert!(ids.remove(hash_at(number), number, &hash_at));
                assert!(!ids.remove(hash_at(number), number, &hash_at));
            }
            ids.try_shrink_to(0, &hash_at).unwrap();
            assert!(ids.check(first + 10) && ids.len() == 10);
            assert!((first..first + 10).all(|number| is_found(&ids, number, end)));
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn numbers_beyond_32_bits_are_refused() {
        let (mut ids, largest) = (Ids::new_in(Global), u32::MAX as usize);
        ids.try_push(largest, hash_at(largest), &hash_at).unwrap();
        assert!(is_found(&ids, largest, largest));
        for number in [largest + 1, usize::MAX] {
            let refused = ids.try_push(number, hash_at(number), &hash_at);
            assert_eq!(refused, Err(AllocError::CapacityOverflow));
        }
        assert_eq!(ids.try_reserve(usize::MAX, &hash_at), Err(AllocError::CapacityOverflow));
        assert_eq!(ids.len(), 1);
    }
}
