//! [`Persist`]: one writer and one loader per structure, whatever the bytes live in.

use super::container::{Container, Header, META, Section};
use super::words::{Le64, Words};
use crate::error::{FileError, Tag};
use crate::registry::Registered;

/// Where a structure's sections come from while it is opened: a buffer, a mapping, a stream.
pub trait Source {
    /// The handle that keeps a section's words.
    type Words: Words;

    /// The file's header; its kind has been checked.
    fn header(&self) -> &Header;

    /// The section named `tag`, with elements of `elem_size` bytes.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if there is no such section, or its elements have another size.
    fn section(&mut self, tag: Tag, elem_size: u8) -> Result<Self::Words, FileError>;

    /// The `N` numbers of the parameter section.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if it is missing or has another length.
    fn meta<const N: usize>(&mut self) -> Result<[u64; N], FileError> {
        let section = self.section(META, 8)?;
        match <&[Le64; N]>::try_from(section.words()) {
            Ok(words) => Ok(words.map(Le64::get)),
            Err(_) => Err(FileError::Corrupt { section: META, rule: "as many numbers as needed" }),
        }
    }

    /// The header's item count as a `usize`.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if this machine cannot count that far.
    fn items(&self) -> Result<usize, FileError> {
        usize::try_from(self.header().items).map_err(|_| FileError::Corrupt {
            section: Tag::HEAD,
            rule: "this machine can count the items",
        })
    }
}

/// A structure that can be saved and opened.
///
/// Users call the inherent methods of each structure (`save`, `to_bytes`, `read`, `view`, `map`),
/// which do the same; this trait serves code that is generic over structures.
pub trait Persist: Registered + Sized {
    /// The handle that keeps the structure's words.
    type Words: Words;

    /// Lists the sections that make up the structure.
    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut super::write::Sections<'s>);

    /// Takes the sections back. Checks lengths against each other, so that every later access
    /// stays inside; O(sections), does not look at the data.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if lengths or parameters do not fit together.
    fn load<S: Source<Words = Self::Words>>(source: &mut S) -> Result<Self, FileError>;

    /// Checks the structure's own rules over all of its data. O(n), allocates nothing.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] names the section and the rule it breaks.
    fn validate(&self) -> Result<(), FileError>;
}

/// Refuses a file that holds another structure than `P`.
pub(crate) fn check_kind<P: Registered>(header: &Header) -> Result<(), FileError> {
    if header.kind == P::KIND.id {
        Ok(())
    } else {
        Err(FileError::Kind { expected: P::KIND.id, found: header.kind })
    }
}

/// The section named `tag` among `sections`, if its elements have the size asked for.
pub(crate) fn find(
    mut sections: impl Iterator<Item = Section>,
    tag: Tag,
    elem_size: u8,
) -> Result<Section, FileError> {
    let found = sections.find(|section| section.tag == tag);
    let found = found.ok_or(FileError::Corrupt { section: tag, rule: "the section exists" })?;
    if found.elem_size == elem_size {
        Ok(found)
    } else {
        Err(FileError::Corrupt { section: tag, rule: "elements have the expected size" })
    }
}

/// Sections borrowed from a buffer.
struct View<'a>(Container<'a>);

impl<'a> Source for View<'a> {
    type Words = &'a [Le64];

    fn header(&self) -> &Header {
        self.0.header()
    }

    fn section(&mut self, tag: Tag, elem_size: u8) -> Result<&'a [Le64], FileError> {
        let section = find(self.0.sections(), tag, elem_size)?;
        Ok(self.0.words_of(&section))
    }
}

/// Opens the structure in `bytes` without copying it. O(sections), allocates nothing.
///
/// # Errors
///
/// Any [`FileError`] of a file that is not sound or holds something else.
pub fn view<'a, P: Persist<Words = &'a [Le64]>>(bytes: &'a [u8]) -> Result<P, FileError> {
    let container = Container::open(bytes)?;
    check_kind::<P>(container.header())?;
    P::load(&mut View(container))
}

/// Checks all there is to check of the structure in `bytes`: header, table, section hashes,
/// padding, and the structure's own rules. Reads everything, allocates nothing.
///
/// # Errors
///
/// The first [`FileError`] met.
pub fn verify<'a, P: Persist<Words = &'a [Le64]>>(bytes: &'a [u8]) -> Result<(), FileError> {
    Container::open(bytes)?.verify()?;
    view::<P>(bytes)?.validate()
}

/// Gives a structure its doors: inherent methods over the functions of this module, so that users
/// need no trait in scope.
///
/// What is generic over more than where its words live says itself for which types each door is:
/// over any words, on the heap, over borrowed words `'a`, and in a mapped file.
macro_rules! doors {
    ($ty:ident) => {
        $crate::storage::doors! {
            [impl<W: $crate::storage::Words> $ty<W>] []
            [impl $ty<$crate::storage::HeapWords>] []
            [impl<'a> $ty<&'a [$crate::storage::Le64]>] []
        }

        #[cfg(feature = "mmap")]
        $crate::storage::map_door!([impl $ty<$crate::storage::MappedWords>] []);

        #[cfg(feature = "arena")]
        $crate::storage::arena_door!($ty);
    };
    (
        [$($any:tt)+] [$($any_where:tt)*]
        [$($heap:tt)+] [$($heap_where:tt)*]
        [$($view:tt)+] [$($view_where:tt)*]
    ) => {
        $($any)+ $($any_where)* {
            /// The structure as a `.lram` file in memory, aligned so that `view` accepts it.
            ///
            /// One block of exactly the file's length.
            ///
            /// # Errors
            ///
            /// [`FileError::Alloc`](crate::FileError::Alloc) if memory cannot be had.
            #[cfg(feature = "alloc")]
            pub fn to_bytes(&self) -> Result<$crate::storage::HeapWords, $crate::FileError> {
                $crate::storage::to_bytes(self)
            }

            /// Writes the structure as a `.lram` file to any sink. Needs O(1) memory.
            ///
            /// # Errors
            ///
            /// [`FileError::Io`](crate::FileError::Io) if the sink refuses.
            #[cfg(feature = "std")]
            pub fn write_to(&self, sink: impl std::io::Write) -> Result<(), $crate::FileError> {
                $crate::storage::write_to(self, sink)
            }

            /// Saves the structure to `path`, atomically: whoever opens the path, during or after
            /// a crash at any moment, finds the old file or the new one. Needs O(1) memory.
            ///
            /// # Errors
            ///
            /// [`FileError::Io`](crate::FileError::Io) if the folder or the disk refuses; the old
            /// file is then untouched. [`FileError::NotAFile`](crate::FileError::NotAFile) if the
            /// path names a folder, a device or a pipe.
            #[cfg(feature = "std")]
            pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), $crate::FileError> {
                $crate::storage::save(self, path.as_ref())
            }

            /// Checks the structure's own rules over all of its data. O(n), allocates nothing.
            ///
            /// # Errors
            ///
            /// [`FileError::Corrupt`](crate::FileError::Corrupt) names the section and the rule.
            pub fn validate(&self) -> Result<(), $crate::FileError> {
                $crate::storage::Persist::validate(self)
            }
        }

        #[cfg(feature = "std")]
        $($heap)+ $($heap_where)* {
            /// Reads the structure from a `.lram` file onto the heap: one block per section, none
            /// larger than the file. Section hashes are checked on the way.
            ///
            /// # Errors
            ///
            /// Any [`FileError`](crate::FileError) of a file that is not sound or holds something
            /// else.
            pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, $crate::FileError> {
                $crate::storage::read(path.as_ref())
            }

            /// Reads the structure from a stream of at most `max_bytes`, like
            /// [`read`](Self::read).
            ///
            /// # Errors
            ///
            /// As for `read`; [`FileError::Truncated`](crate::FileError::Truncated) if the file is
            /// longer than `max_bytes`.
            pub fn read_from(
                stream: impl std::io::Read,
                max_bytes: u64,
            ) -> Result<Self, $crate::FileError> {
                $crate::storage::read_from(stream, max_bytes)
            }
        }

        $($view)+ $($view_where)* {
            /// Opens the structure in `bytes` without copying it. O(sections), allocates nothing.
            ///
            /// `bytes` must start at a multiple of 8: [`embed!`](crate::embed) sees to it.
            ///
            /// # Errors
            ///
            /// Any [`FileError`](crate::FileError) of a file that is not sound or holds something
            /// else.
            pub fn view(bytes: &'a [u8]) -> Result<Self, $crate::FileError> {
                $crate::storage::view(bytes)
            }
        }
    };
}
pub(crate) use doors;

/// Embeds a `.lram` file in the program, aligned for `view`.
///
/// ```
/// use lessram::arrays::StrArray;
///
/// let file = lessram::embed!(concat!(
///     env!("CARGO_MANIFEST_DIR"),
///     "/tests/golden/str_array-1.lram"
/// ));
/// let words = StrArray::view(file)?;
/// assert_eq!(words.get(3), Some(&b"ant"[..]));
/// # Ok::<(), lessram::FileError>(())
/// ```
#[macro_export]
macro_rules! embed {
    ($path:expr) => {{
        #[repr(C, align(64))]
        struct Aligned<B: ?Sized>(B);
        static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &FILE.0
    }};
}

/// A structure's parameter checks: `Ok` if `holds`, else the broken rule.
pub(crate) fn require(holds: bool, section: Tag, rule: &'static str) -> Result<(), FileError> {
    if holds { Ok(()) } else { Err(FileError::Corrupt { section, rule }) }
}
