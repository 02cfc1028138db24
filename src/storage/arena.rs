//! Arenas: [`freeze_in`] copies a finished structure into a [`Bump`], at its exact size.
//!
//! An arena cannot take back what was outgrown: std's `Vec` of 0.80 MB, pushed into one, leaves
//! 4.19 MB behind, a hash map 3.8 times its size (measured). So structures are built on the heap
//! and then frozen: one copy, no byte more than the sections have.
//!
//! Invariants:
//!
//! 1. What a `&Bump` hands out stays where it is, and nobody else's, for as long as the `Bump` is
//!    borrowed: giving back does nothing, and resetting or dropping it needs it unborrowed.

#![allow(unsafe_code)]

use super::container::{Header, META};
use super::persist::{Persist, Source};
use super::words::Le64;
use super::write::{Sections, sections_of};
use crate::error::{AllocError, FileError, Tag};
use crate::mem::Alloc;
use crate::registry::Registered;
use bumpalo::Bump;
use core::alloc::Layout;
use core::ptr::NonNull;

/// `bumpalo` arenas, borrowed: for what is built and dropped together.
///
/// Giving a block back does nothing, shrinking leaves it where it is, and growing leaves the old
/// block behind. A structure that grows in an arena therefore takes several times its size: build
/// it on the heap and freeze it ([`freeze_in`]).
// SAFETY: blocks are disjoint, as large and aligned as asked for, and stay so (invariant 1); a copy
// of the reference means the same arena.
unsafe impl Alloc for &Bump {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, AllocError> {
        self.try_alloc_layout(layout).map_err(|_| AllocError::Refused { bytes: layout.size() })
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}

    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, AllocError> {
        if new.size() <= old.size() {
            return Ok(block);
        }
        let moved = self.allocate(new)?;
        // SAFETY: both blocks are live and disjoint (invariant 1) and hold `old.size()` bytes.
        unsafe { block.copy_to_nonoverlapping(moved, old.size()) };
        Ok(moved)
    }
}

/// A structure's sections, copied into an arena as they are asked for.
struct Copied<'s, 'b> {
    header: Header,
    sections: Sections<'s>,
    bump: &'b Bump,
}

impl Copied<'_, '_> {
    /// The section named `tag`, where it is now.
    fn find(&self, tag: Tag, elem_size: u8) -> Result<&[Le64], FileError> {
        let broken = |rule| FileError::Corrupt { section: tag, rule };
        match self.sections.all().find(|(found, ..)| *found == tag) {
            Some((_, size, words)) if size == elem_size => Ok(words),
            Some(_) => Err(broken("elements have the expected size")),
            None => Err(broken("the section exists")),
        }
    }
}

impl<'b> Source for Copied<'_, 'b> {
    type Words = &'b [Le64];

    fn header(&self) -> &Header {
        &self.header
    }

    fn section(&mut self, tag: Tag, elem_size: u8) -> Result<&'b [Le64], FileError> {
        let words = self.find(tag, elem_size)?;
        if words.is_empty() {
            return Ok(&[]);
        }
        match self.bump.try_alloc_slice_copy(words) {
            Ok(copy) => Ok(copy),
            Err(_) => Err(AllocError::Refused { bytes: size_of_val(words) }.into()),
        }
    }

    /// Parameters are read where they are: the structure keeps them itself.
    fn meta<const N: usize>(&mut self) -> Result<[u64; N], FileError> {
        match <&[Le64; N]>::try_from(self.find(META, 8)?) {
            Ok(words) => Ok(words.map(Le64::get)),
            Err(_) => Err(FileError::Corrupt { section: META, rule: "as many numbers as needed" }),
        }
    }
}

/// Copies `structure` into `bump` and returns it as a structure over borrowed words.
///
/// Takes exactly the bytes of its sections from the arena, aligned to 8, and a small list of them
/// from the heap meanwhile. One copy, at memory speed. The copy owns no heap and no byte in the
/// eyes of [`Footprint`](crate::mem::Footprint): the bytes are the arena's.
///
/// # Errors
///
/// [`FileError::Alloc`] if the arena is full and can get no more, or has reached its limit. What
/// was copied until then stays in it, unused.
///
/// # When not to use it
///
/// For one structure that lives on its own: `shrink_to_fit` makes it as small. An arena is for many
/// structures that go together, or for memory that the program has set aside.
///
/// # Example
///
/// ```
/// use bumpalo::Bump;
/// use lessram::arrays::PackedInts;
///
/// let bump = Bump::with_capacity(200);
/// let frozen = {
///     let ints: PackedInts = (0..100).collect();
///     ints.freeze_in(&bump)?
/// };
/// assert_eq!(frozen.get(99), Some(99));
/// # Ok::<(), lessram::FileError>(())
/// ```
///
/// The frozen structure cannot outlive its arena:
///
/// ```compile_fail,E0505
/// use bumpalo::Bump;
/// use lessram::arrays::PackedInts;
///
/// let bump = Bump::new();
/// let frozen = PackedInts::from(&[1, 2, 3][..]).freeze_in(&bump).unwrap();
/// drop(bump);
/// println!("{frozen:?}");
/// ```
///
/// and the arena cannot be reset while it is used:
///
/// ```compile_fail,E0502
/// use bumpalo::Bump;
/// use lessram::arrays::PackedInts;
///
/// let mut bump = Bump::new();
/// let frozen = PackedInts::from(&[1, 2, 3][..]).freeze_in(&bump).unwrap();
/// bump.reset();
/// println!("{frozen:?}");
/// ```
pub fn freeze_in<'b, P, F>(structure: &P, bump: &'b Bump) -> Result<F, FileError>
where
    P: Persist,
    F: Persist<Words = &'b [Le64]>,
{
    let sections = sections_of(structure);
    let header = sections.header(<P as Registered>::KIND.id);
    super::persist::check_kind::<F>(&header)?;
    F::load(&mut Copied { header, sections, bump })
}

/// Gives a structure its inherent `freeze_in`.
macro_rules! arena_door {
    ($ty:ident) => {
        impl<W: $crate::storage::Words> $ty<W> {
            /// Copies the structure into an arena, at its exact size: the bytes of its sections and
            /// not one more. See [`storage::freeze_in`](crate::storage::freeze_in).
            ///
            /// # Errors
            ///
            /// [`FileError::Alloc`](crate::FileError::Alloc) if the arena can get no more memory.
            pub fn freeze_in<'b>(
                &self,
                bump: &'b bumpalo::Bump,
            ) -> Result<$ty<&'b [$crate::storage::Le64]>, $crate::FileError> {
                $crate::storage::freeze_in(self, bump)
            }
        }
    };
}
pub(crate) use arena_door;

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::arrays::PackedInts;
    use crate::mem::{Counter, Footprint, Tracked};
    use std::vec::Vec;

    #[test]
    fn a_full_arena_refuses() {
        let ints: PackedInts = (0..1000).collect();
        let bump = Bump::with_capacity(64);
        bump.set_allocation_limit(Some(bump.allocated_bytes()));
        let refused = ints.freeze_in(&bump).unwrap_err();
        let bytes = ints.heap_bytes();
        assert!(
            matches!(refused, FileError::Alloc(AllocError::Refused { bytes: b }) if b == bytes)
        );
        assert!(PackedInts::new().freeze_in(&bump).unwrap().is_empty());
        bump.set_allocation_limit(None);
        assert!(ints.freeze_in(&bump).unwrap().iter().eq(0..1000));
    }

    #[test]
    fn another_structure_is_refused() {
        use crate::arrays::StrArray;

        let (ints, bump) = (PackedInts::new(), Bump::new());
        let strings: Result<StrArray<&[Le64]>, _> = freeze_in(&ints, &bump);
        assert!(matches!(strings, Err(FileError::Kind { .. })));
    }

    #[test]
    fn structures_live_in_an_arena() {
        let (bump, counter) = (Bump::new(), Counter::new());
        let mut ints = PackedInts::new_in(Tracked::new(&counter, &bump));
        (0..3000).for_each(|i| ints.push(i * i));
        assert_eq!(ints.heap_bytes(), counter.live());
        ints.truncate(10);
        ints.shrink_to_fit();
        assert_eq!(ints.iter().collect::<Vec<_>>(), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
        let bytes = bump.allocated_bytes();
        ints.push(1 << 40);
        assert_eq!((ints.get(3), ints.get(10)), (Some(9), Some(1 << 40)));
        assert_eq!(bump.allocated_bytes(), bytes);
        drop(ints);
        assert_eq!(counter.live(), 0);
    }
}
