//! Where the words of a structure live, and the `.lram` file that carries them from one place to
//! another.
//!
//! | handle | bytes live | made by |
//! |---|---|---|
//! | [`HeapWords`] | on the heap, in any [`Alloc`](crate::mem::Alloc) | building, `read` |
//! | `&[Le64]` | wherever you have them: static data, an arena, a received buffer | `view`, `freeze_in` (feature `arena`) |
//! | `MappedWords` | in the page cache, one copy for all processes | `unsafe map` (feature `mmap`) |
//!
//! With the feature `mmap`, `Latest` follows a file that one process saves again and again and
//! others read, and `SharedCounters` are numbers in a file that all of them count with.
//!
//! Opening checks header, table and lengths in microseconds and trusts none of the data: every
//! offset read from a section is checked where it is used. A damaged file gives an error or wrong
//! answers, never undefined behaviour, a panic, or memory sized by what it says. Section hashes and
//! the structure's own rules are checked by [`verify`], and the hashes by `read` too, which touches
//! all bytes anyway.

mod aligned;
#[cfg(feature = "arena")]
mod arena;
pub(crate) mod container;
#[cfg(feature = "std")]
mod file;
#[cfg(feature = "mmap")]
mod mapped;
mod persist;
mod plain;
pub(crate) mod words;
#[cfg(feature = "alloc")]
mod write;

pub(crate) use aligned::{AlignedWords, LINE_WORDS};
#[cfg(feature = "arena")]
pub(crate) use arena::arena_door;
#[cfg(feature = "arena")]
pub use arena::freeze_in;
pub use container::{
    ALIGN, Container, HEADER_BYTES, Header, MAGIC, MAJOR, MAX_SECTIONS, MINOR, ROW_BYTES, Section,
};
#[cfg(feature = "std")]
pub(crate) use file::Temp;
#[cfg(feature = "std")]
pub use file::{read, read_bytes, read_from, read_head, save};
#[cfg(all(feature = "mmap", target_has_atomic = "64"))]
pub use mapped::SharedCounters;
#[cfg(feature = "mmap")]
pub(crate) use mapped::map_door;
#[cfg(feature = "mmap")]
pub use mapped::{Latest, MappedBytes, MappedWords, map, map_bytes};
pub use persist::{Persist, Source, verify, view};
pub(crate) use persist::{doors, require};
pub use plain::Plain;
pub(crate) use words::as_bytes_mut;
pub use words::{HeapWords, Le64, Words, as_bytes, from_bytes};
#[cfg(feature = "std")]
pub use write::write_to;
#[cfg(feature = "alloc")]
pub use write::{Sections, to_bytes};
