//! Strings of more than 255 bytes, each in a block of its own: its length, and its bytes.
//!
//! A block of entries knows such a string by 16 bytes: the address of the string's block, which is
//! exposed, so that it may lie among other bytes, and the string's hash.

use super::front::STORED;
use crate::error::AllocError;
use crate::mem::Alloc;
use core::alloc::Layout;
use core::ptr::{NonNull, with_exposed_provenance_mut};

/// Bytes in front of the string.
pub(super) const HEAD: usize = size_of::<usize>();

fn layout(len: usize) -> Result<Layout, AllocError> {
    let size = len.checked_add(HEAD).ok_or(AllocError::CapacityOverflow)?;
    Layout::from_size_align(size, align_of::<usize>()).map_err(|_| AllocError::CapacityOverflow)
}

/// A copy of `string`, as it is stored.
pub(super) fn try_new(
    string: &[u8],
    hash: u64,
    alloc: &impl Alloc,
) -> Result<[u8; STORED], AllocError> {
    let block = alloc.allocate(layout(string.len())?)?;
    // SAFETY: the block begins with room for a `usize`, aligned for one.
    unsafe { block.cast::<usize>().write(string.len()) };
    // SAFETY: the block is longer than that.
    let bytes = unsafe { block.add(HEAD) };
    // SAFETY: and has room for the string behind it, which lies elsewhere.
    unsafe { bytes.copy_from_nonoverlapping(NonNull::from(string).cast(), string.len()) };
    let mut stored = [0; STORED];
    stored[..HEAD].copy_from_slice(&block.as_ptr().expose_provenance().to_ne_bytes());
    stored[8..].copy_from_slice(&hash.to_ne_bytes());
    Ok(stored)
}

/// The address that is stored.
#[inline]
fn block_of(stored: &[u8]) -> NonNull<u8> {
    let address = stored.first_chunk().map_or(0, |bytes| usize::from_ne_bytes(*bytes));
    let Some(block) = NonNull::new(with_exposed_provenance_mut(address)) else {
        unreachable!("a long string has an address")
    };
    block
}

/// The string that 16 bytes of a block stand for.
///
/// # Safety
///
/// The bytes are those of an entry that has the tag of long strings, borrowed with its block.
#[inline]
pub(super) unsafe fn string_of(stored: &[u8]) -> &[u8] {
    let block = block_of(stored);
    // SAFETY: the address of a block that begins with its length (invariant 4).
    let len = unsafe { block.cast::<usize>().read() };
    // SAFETY: the string lies behind the length (invariant 4).
    let bytes = unsafe { block.add(HEAD) };
    // SAFETY: so many bytes, initialised, and borrowed with the entry that owns them.
    unsafe { core::slice::from_raw_parts(bytes.as_ptr(), len) }
}

/// Gives the block of a string back.
///
/// # Safety
///
/// As for [`string_of`]; the string's block is from `alloc`, and nothing uses it afterwards.
pub(super) unsafe fn free(stored: &[u8], alloc: &impl Alloc) {
    // SAFETY: the caller's promise.
    let len = unsafe { string_of(stored) }.len();
    if let Ok(layout) = layout(len) {
        // SAFETY: the caller's promise; the layout is the one it was requested with.
        unsafe { alloc.deallocate(block_of(stored), layout) };
    }
}
