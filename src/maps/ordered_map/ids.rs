//! [`Ids`]: the positions of an ordered map's entries, found by the hashes of their keys.
//!
//! Positions take one, two or four bytes, as many as there are entries. There may be no table at
//! all: while the entries are few, and after a hash function panicked half-way through a change.
//! Then the entries are looked through one by one, so that what is there is always right.

use super::super::policy::Sparse;
use super::super::table::Table;
use crate::error::AllocError;
use crate::mem::{Alloc, PartKind, Parts};

/// Entries that have no table: eight comparisons take less than a look-up.
pub(super) const SCANNED: usize = 8;

/// A position as a table stores it.
trait Id: Copy {
    fn of(position: usize) -> Self;
    fn position(self) -> usize;
}

macro_rules! id {
    ($($ty:ty),*) => {$(
        impl Id for $ty {
            #[inline(always)]
            fn of(position: usize) -> Self {
                position as Self
            }
            #[inline(always)]
            fn position(self) -> usize {
                self as usize
            }
        }
    )*};
}

id!(u8, u16, u32);

/// The positions, each once, or no table.
pub(super) enum Ids<A: Alloc> {
    None,
    Bytes(Table<u8, A, Sparse>),
    Pairs(Table<u16, A, Sparse>),
    Words(Table<u32, A, Sparse>),
}

/// The same expression for a table of each width.
macro_rules! each {
    ($ids:expr, $none:expr, $table:ident => $give:expr) => {
        match $ids {
            Ids::None => $none,
            Ids::Bytes($table) => $give,
            Ids::Pairs($table) => $give,
            Ids::Words($table) => $give,
        }
    };
}

/// One more than the largest position of this many bits.
const fn most_of(bits: u32) -> usize {
    match 1_usize.checked_shl(bits) {
        Some(most) => most,
        None => usize::MAX,
    }
}

impl<A: Alloc> Ids<A> {
    #[inline]
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Positions from 0 on that fit the width.
    pub(super) const fn most(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes(_) => most_of(u8::BITS),
            Self::Pairs(_) => most_of(u16::BITS),
            Self::Words(_) => most_of(u32::BITS),
        }
    }

    /// Whether `room` positions would fit a smaller width.
    pub(super) const fn is_narrower_for(&self, room: usize) -> bool {
        match self {
            Self::None | Self::Bytes(_) => false,
            Self::Pairs(_) => room <= most_of(u8::BITS),
            Self::Words(_) => room <= most_of(u16::BITS),
        }
    }

    /// Positions that fit before something grows.
    pub(super) fn capacity(&self) -> usize {
        each!(self, SCANNED, table => table.capacity().min(self.most()))
    }

    /// The position of this hash that `same` accepts.
    #[inline(always)]
    pub(super) fn find(&self, hash: u64, mut same: impl FnMut(usize) -> bool) -> Option<usize> {
        // Kept from the comparison: else the slot is read again.
        let mut position = 0;
        let mut same = |id| {
            position = id;
            same(id)
        };
        each!(self, None, table => table.get(hash, |id| same(id.position())).map(|_| ()))?;
        Some(position)
    }

    /// A table with room for `room` positions of at least `len`, which are all in it.
    pub(super) fn try_built(
        len: usize,
        room: usize,
        alloc: &A,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<Self, AllocError>
    where
        A: Clone,
    {
        let alloc = alloc.clone();
        let mut ids = if room <= most_of(u8::BITS) {
            Self::Bytes(Table::new_in(alloc))
        } else if room <= most_of(u16::BITS) {
            Self::Pairs(Table::new_in(alloc))
        } else if room <= most_of(u32::BITS) {
            Self::Words(Table::new_in(alloc))
        } else {
            return Err(AllocError::CapacityOverflow);
        };
        ids.try_reserve(room, hash_at)?;
        ids.try_fill(len, hash_at)?;
        Ok(ids)
    }

    /// Puts the positions below `len` into an empty table.
    pub(super) fn try_fill(
        &mut self,
        len: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        (0..len).try_for_each(|position| self.try_push(position, hash_at(position), hash_at))
    }

    /// Adds a position, which is below [`most`](Self::most) and not there yet.
    #[inline]
    pub(super) fn try_push(
        &mut self,
        position: usize,
        hash: u64,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        debug_assert!(self.is_none() || position < self.most());
        each!(self, Ok(()), table => {
            table.missing(hash).vacant(|id| hash_at(id.position()))?.insert(Id::of(position));
            Ok(())
        })
    }

    /// Makes room for `extra` more positions of this width.
    pub(super) fn try_reserve(
        &mut self,
        extra: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        each!(self, Ok(()), table => table.try_reserve(extra, &|id| hash_at(id.position())))
    }

    /// Gives back the room that `max(len, least)` positions do not need.
    pub(super) fn try_shrink_to(
        &mut self,
        least: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> Result<(), AllocError> {
        each!(self, Ok(()), table => table.try_shrink_to(least, &|id| hash_at(id.position())))
    }

    /// Removes a position; whether it was there. The table may then shrink.
    #[inline]
    pub(super) fn remove(
        &mut self,
        hash: u64,
        position: usize,
        hash_at: &impl Fn(usize) -> u64,
    ) -> bool {
        each!(self, true, table => {
            let found = table.entry(hash, |id| id.position() == position);
            let removed = found.map(|id| id.remove(|id| hash_at(id.position())));
            removed.is_ok()
        })
    }

    /// Changes a position; whether it was there.
    #[inline]
    pub(super) fn renumber(&mut self, hash: u64, from: usize, to: usize) -> bool {
        each!(self, true, table => {
            let found = table.get_mut(hash, |id| id.position() == from);
            found.map(|id| *id = Id::of(to)).is_some()
        })
    }

    /// Lets two positions change places; whether both were there.
    pub(super) fn swap(&mut self, hashes: [u64; 2], positions: [usize; 2]) -> bool {
        each!(self, true, table => {
            let same = |which, id: &_| Id::position(*id) == positions[which];
            match table.get_disjoint_mut(hashes, same) {
                [Some(a), Some(b)] => {
                    core::mem::swap(a, b);
                    true
                }
                _ => false,
            }
        })
    }

    /// Changes all positions, to ones that are as different.
    pub(super) fn renumber_all(&mut self, to: impl Fn(usize) -> usize) {
        each!(self, (), table => table.iter_mut().for_each(|id| *id = Id::of(to(id.position()))));
    }

    /// Removes the positions that `gone` accepts; keeps the room.
    pub(super) fn remove_all(
        &mut self,
        gone: impl Fn(usize) -> bool,
        hash_at: &impl Fn(usize) -> u64,
    ) {
        each!(self, (), table => {
            let mut extract = table.extract();
            while extract.next_if(|id| gone(id.position())).is_some() {}
            table.refresh_all(&|id| hash_at(id.position()));
        });
    }

    /// Removes all positions; keeps the room.
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
            Self::Words(table) => Self::Words(table.try_clone()?),
        })
    }

    /// Tells of the blocks.
    pub(super) fn parts(&self, out: &mut dyn Parts) {
        each!(self, (), table => table.parts("positions", PartKind::Index, out));
    }

    /// Groups that looking up every position reads, summed up and at most.
    pub(super) fn probes(&self, hash_at: &impl Fn(usize) -> u64) -> (usize, usize) {
        each!(self, (0, 0), table => table.probes(|id| hash_at(id.position())))
    }

    /// Whether the table is whole, and has each position below `len` once.
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub(super) fn check(&self, len: usize) -> bool {
        each!(self, true, table => {
            let below = table.iter().all(|id| id.position() < len);
            // As many as there are, none above, and none twice.
            let once = || {
                let mut sorted: std::vec::Vec<_> = table.iter().map(|id| id.position()).collect();
                sorted.sort_unstable();
                sorted.windows(2).all(|two| two[0] != two[1])
            };
            table.check() && table.len() == len && len <= self.most() && below && once()
        })
    }
}
