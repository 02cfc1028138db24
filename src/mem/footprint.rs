//! [`Footprint`]: a structure tells its heap bytes, block by block, exactly.

use core::fmt;

/// What the bytes of a heap block are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKind {
    /// The data itself, in whatever encoding.
    Payload,
    /// What finds the data: tags, offsets, samples, inner nodes.
    Index,
    /// Capacity that holds nothing yet.
    Slack,
    /// Fixed bookkeeping: padding, reference counts, lengths.
    Header,
}

impl PartKind {
    /// All kinds, in the order in which reports show them.
    pub const ALL: [Self; 4] = [Self::Payload, Self::Index, Self::Slack, Self::Header];

    /// The kind's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Index => "index",
            Self::Slack => "slack",
            Self::Header => "header",
        }
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A named share of one heap block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the owner calls it, for example `"low bits"`.
    pub name: &'static str,
    /// What it is for.
    pub kind: PartKind,
    /// Its size.
    pub bytes: usize,
}

impl Part {
    /// `bytes` of the data itself.
    #[must_use]
    pub const fn payload(name: &'static str, bytes: usize) -> Self {
        Self { name, kind: PartKind::Payload, bytes }
    }

    /// `bytes` that find the data.
    #[must_use]
    pub const fn index(name: &'static str, bytes: usize) -> Self {
        Self { name, kind: PartKind::Index, bytes }
    }

    /// `bytes` of capacity that hold nothing yet.
    #[must_use]
    pub const fn slack(bytes: usize) -> Self {
        Self { name: "slack", kind: PartKind::Slack, bytes }
    }

    /// `bytes` of fixed bookkeeping.
    #[must_use]
    pub const fn header(name: &'static str, bytes: usize) -> Self {
        Self { name, kind: PartKind::Header, bytes }
    }
}

/// Receives what a [`Footprint`] tells. Implement it to draw or sum footprints your own way.
pub trait Parts {
    /// One heap block, as the sum of its parts. Never called for a block of 0 bytes: use
    /// [`block_of`] when the size may be 0.
    fn block(&mut self, parts: &[Part]);

    /// `bytes` of a memory-mapped file: address space, not heap.
    fn mapped(&mut self, name: &'static str, bytes: usize);

    /// As [`mapped`](Self::mapped), by an owner that knows the `address` at which they begin:
    /// whoever receives it can look which of their pages are in RAM.
    fn mapped_at(&mut self, name: &'static str, address: *const (), bytes: usize) {
        let _ = address;
        self.mapped(name, bytes);
    }

    /// One heap block that others may own too, such as an `Arc`'s, known by its `address`.
    ///
    /// Returns whether the owner shall go on and tell what is inside. A plain sum answers `false`
    /// and leaves shared blocks out; a report remembers addresses and counts each block once.
    fn shared(&mut self, name: &'static str, address: *const (), bytes: usize) -> bool;

    /// What follows, up to [`exit`](Self::exit), belongs to a component of this name.
    fn enter(&mut self, name: &'static str) {
        let _ = name;
    }

    /// Ends the innermost [`enter`](Self::enter).
    fn exit(&mut self) {}

    /// What is being told is an estimate: the container's insides cannot be seen.
    fn estimated(&mut self) {}
}

/// Tells `out` of one block, unless all of its parts are empty (then there is no block).
pub fn block_of(out: &mut dyn Parts, parts: &[Part]) {
    if parts.iter().any(|part| part.bytes != 0) {
        out.block(parts);
    }
}

/// A value that knows its heap bytes: those requested from the allocator, to the byte.
///
/// Three lines make your own type report:
///
/// ```
/// use lessram::mem::{Footprint, Parts};
///
/// struct Users { names: Vec<String>, ages: Vec<u8> }
///
/// impl Footprint for Users {
///     fn parts(&self, out: &mut dyn Parts) {
///         self.names.parts(out);
///         self.ages.parts(out);
///     }
/// }
///
/// let users = Users { names: vec!["Ada".into()], ages: vec![36] };
/// assert_eq!(users.heap_bytes(), size_of::<String>() + 3 + 1);
/// ```
///
/// Telling allocates nothing. Time is O(blocks), or O(1) where a container's elements own no heap.
/// Bytes are those *requested*; what the allocator rounds them up to is in the
/// [report](crate::mem#reports).
pub trait Footprint {
    /// Tells `out` of every heap block that this value owns, and of every mapped section.
    fn parts(&self, out: &mut dyn Parts);

    /// Whether values of this type can own heap blocks. Containers skip the walk over their
    /// elements when this is `false`.
    fn owns_heap() -> bool
    where
        Self: Sized,
    {
        true
    }

    /// Heap bytes requested for what this value owns; shared blocks and mapped sections apart.
    fn heap_bytes(&self) -> usize {
        footprint_of(self).heap_bytes()
    }

    /// Heap blocks that this value owns; shared blocks apart.
    fn heap_blocks(&self) -> usize {
        footprint_of(self).blocks
    }

    /// Heap bytes and the value itself.
    fn total_bytes(&self) -> usize {
        size_of_val(self) + self.heap_bytes()
    }
}

fn footprint_of<T: Footprint + ?Sized>(value: &T) -> Totals {
    let mut totals = Totals::default();
    value.parts(&mut totals);
    totals
}

/// What glibc's malloc takes for a block of `bytes`. For strings of ten letters that is three times
/// the bytes requested, and no counter of requested bytes shows it.
///
/// ```text
/// small               max(32, (bytes + 8) rounded up to 16)
/// 128 KiB and above   so much and 8 more, rounded up to pages of 4 KiB
/// ```
///
/// (On 32-bit machines the 8 is a 4, the 32 a 16, and the 16 an 8 except on x86.) A closed formula:
/// it asks nobody and fits fresh blocks to the byte. Two things it does not know: blocks aligned to
/// more than 16 take more, and once a large block was freed, glibc serves others of its size
/// without rounding them to pages. Other allocators round otherwise.
///
/// ```
/// use lessram::mem::malloc_bytes;
///
/// # #[cfg(target_pointer_width = "64")]
/// assert_eq!([1, 24, 25, 40, 100_000].map(malloc_bytes), [32, 32, 48, 48, 100_016]);
/// ```
#[must_use]
pub const fn malloc_bytes(bytes: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    const ALIGN: usize = if WORD == 8 || cfg!(target_arch = "x86") { 16 } else { 8 };
    const MAPPED: usize = 128 << 10;
    const PAGE: usize = 4096;
    // No block exceeds `isize::MAX`, so nothing overflows.
    let chunk = (bytes + WORD).next_multiple_of(ALIGN);
    if chunk >= MAPPED {
        (chunk + WORD).next_multiple_of(PAGE)
    } else if chunk < 4 * WORD {
        4 * WORD
    } else {
        chunk
    }
}

/// The sums of a footprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of data.
    pub payload: usize,
    /// Bytes that find the data.
    pub index: usize,
    /// Bytes of capacity that hold nothing.
    pub slack: usize,
    /// Bytes of fixed bookkeeping.
    pub header: usize,
    /// Bytes in blocks that others may own too. A plain sum meets a block as often as it is owned.
    pub shared: usize,
    /// Bytes of memory-mapped files.
    pub mapped: usize,
    /// What glibc's malloc takes for the blocks owned: see [`malloc_bytes`].
    pub rounded: usize,
    /// Heap blocks owned.
    pub blocks: usize,
    /// Blocks that others may own too, as often as they were met.
    pub shared_blocks: usize,
    /// Whether a container could only estimate.
    pub estimated: bool,
}

impl Totals {
    /// The sums of `value`'s footprint.
    #[must_use]
    pub fn of(value: &(impl Footprint + ?Sized)) -> Self {
        footprint_of(value)
    }

    /// Heap bytes owned: payload + index + slack + header.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.payload + self.index + self.slack + self.header
    }
}

impl Parts for Totals {
    fn block(&mut self, parts: &[Part]) {
        self.blocks += 1;
        self.rounded += malloc_bytes(parts.iter().map(|part| part.bytes).sum());
        for part in parts {
            match part.kind {
                PartKind::Payload => self.payload += part.bytes,
                PartKind::Index => self.index += part.bytes,
                PartKind::Slack => self.slack += part.bytes,
                PartKind::Header => self.header += part.bytes,
            }
        }
    }

    fn mapped(&mut self, _: &'static str, bytes: usize) {
        self.mapped += bytes;
    }

    fn shared(&mut self, _: &'static str, _: *const (), bytes: usize) -> bool {
        self.shared += bytes;
        self.shared_blocks += 1;
        false
    }

    fn estimated(&mut self) {
        self.estimated = true;
    }
}

/// Types that never own heap blocks.
macro_rules! flat {
    ($($ty:ty),*) => {$(
        impl $crate::mem::Footprint for $ty {
            fn parts(&self, _: &mut dyn $crate::mem::Parts) {}
            fn owns_heap() -> bool { false }
        }
    )*};
}
pub(super) use flat;

flat!((), bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);

impl Footprint for str {
    fn parts(&self, _: &mut dyn Parts) {}
}

impl<T: ?Sized> Footprint for &T {
    fn parts(&self, _: &mut dyn Parts) {}
    fn owns_heap() -> bool {
        false
    }
}

/// Tells of each element, unless none of them can own heap.
#[inline]
pub(super) fn elements<T: Footprint>(values: &[T], out: &mut dyn Parts) {
    if T::owns_heap() {
        for value in values {
            value.parts(out);
        }
    }
}

impl<T: Footprint> Footprint for [T] {
    fn parts(&self, out: &mut dyn Parts) {
        elements(self, out);
    }
}

impl<T: Footprint, const N: usize> Footprint for [T; N] {
    fn parts(&self, out: &mut dyn Parts) {
        elements(self, out);
    }
    fn owns_heap() -> bool {
        T::owns_heap()
    }
}

impl<T: Footprint> Footprint for Option<T> {
    fn parts(&self, out: &mut dyn Parts) {
        if let Some(value) = self {
            value.parts(out);
        }
    }
    fn owns_heap() -> bool {
        T::owns_heap()
    }
}

impl<T: Footprint, E: Footprint> Footprint for Result<T, E> {
    fn parts(&self, out: &mut dyn Parts) {
        match self {
            Ok(value) => value.parts(out),
            Err(error) => error.parts(out),
        }
    }
    fn owns_heap() -> bool {
        T::owns_heap() || E::owns_heap()
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        #[allow(non_snake_case)]
        impl<$($name: Footprint),+> Footprint for ($($name,)+) {
            fn parts(&self, out: &mut dyn Parts) {
                let ($($name,)+) = self;
                $($name.parts(out);)+
            }
            fn owns_heap() -> bool {
                $($name::owns_heap())||+
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
