//! [`Value`]: what a map has beside its keys, and the columns in which it is stored.

use crate::arrays::PackedInts;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, PartKind, Parts};
use crate::simd::prefetch;
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::words::Sealed;
use crate::storage::{HeapWords, Le64, Plain, Source, Words, as_bytes, as_bytes_mut, require};
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

/// The section that says what the values are.
const PARAMS: Tag = Tag(*b"vpar");
/// The section of the values.
pub(super) const VALUES: Tag = Tag(*b"vals");
/// Marks the type of packed numbers.
pub(super) const PACKED: u64 = 0x80;

/// What a [`DictMap`](super::DictMap) has for each key. Sealed.
///
/// | values | bytes each |
/// |---|---|
/// | `u8`, `u16`, `u32`, `u64` | as few bits as the largest needs |
/// | `i8` .. `i64`, `f32`, `f64` | their own |
/// | [`Weight`](super::Weight) | as few bits as the largest needs, and 1.6 % more |
/// | `[T; N]`, `(T, U)`, `(T, U, V)`, `(T, U, V, X)` of any of these | the sum of their own |
///
/// What is stored says what it is: values of one type do not open as another, but for arrays and
/// tuples of the same numbers.
pub trait Value: Sealed + Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// What it is called in files. Never reused.
    #[doc(hidden)]
    const TYPE: u64;

    /// The values of all keys.
    #[doc(hidden)]
    type Column<W: Words>: Column<Self, W>;

    /// No values yet.
    #[doc(hidden)]
    fn column_in<A: Alloc + Clone>(alloc: A) -> Self::Column<HeapWords<A>>;

    /// One value more.
    #[doc(hidden)]
    fn push<A: Alloc>(self, column: &mut Self::Column<HeapWords<A>>) -> Result<(), AllocError>;

    /// No values will follow.
    #[doc(hidden)]
    fn finish<A: Alloc>(column: &mut Self::Column<HeapWords<A>>) -> Result<(), AllocError>;

    /// A copy of a column on the heap.
    #[doc(hidden)]
    #[cfg(feature = "alloc")]
    fn copied<W: Words>(column: &Self::Column<W>) -> Self::Column<HeapWords>;
}

/// The values of all keys, by their numbers. Public in name only, as a bound of [`Value`].
pub trait Column<V: Value, W: Words>: Sized {
    /// Bits of a value.
    fn bits(&self) -> u64;

    /// The value of the key `id`, if there is one.
    fn get(&self, id: usize) -> Option<V>;

    /// Asks for the values of these keys ahead of [`get`](Self::get), if they are few bytes.
    fn prefetch(&self, ids: Range<usize>);

    /// Tells `out` of its blocks.
    fn tell(&self, out: &mut dyn Parts);

    /// Lists its sections.
    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>);

    /// Takes back `len` values of so many `bits`.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if sections do not fit together.
    fn load<S: Source<Words = W>>(source: &mut S, len: usize, bits: u64)
    -> Result<Self, FileError>;

    /// Checks all of it.
    ///
    /// # Errors
    ///
    /// [`FileError::Corrupt`] if it breaks a rule.
    fn validate(&self) -> Result<(), FileError>;
}

/// What a column is, as its section says: type and bits of a value.
pub(super) fn params_of<V: Value, W: Words>(column: &V::Column<W>) -> [Le64; 2] {
    [V::TYPE, column.bits()].map(Le64::new)
}

/// Lists the sections of a column, and what it is.
#[cfg(feature = "alloc")]
pub(super) fn store<'s, V: Value, W: Words>(
    column: &'s V::Column<W>,
    params: &'s [Le64; 2],
    out: &mut Sections<'s>,
) {
    out.section(PARAMS, 8, params);
    column.store(out);
}

/// Takes back the column of `len` values.
pub(super) fn load<V: Value, S: Source>(
    source: &mut S,
    len: usize,
) -> Result<V::Column<S::Words>, FileError> {
    let params = source.section(PARAMS, 8)?;
    let &[kind, bits] = params.words() else {
        return Err(FileError::Corrupt { section: PARAMS, rule: "two numbers" });
    };
    require(kind.get() == V::TYPE, PARAMS, "values of the type that is asked for")?;
    V::Column::load(source, len, bits.get())
}

/// The rule of what follows the last value.
pub(super) const CLEAN: &str = "zeros behind the last value";

/// A number without a sign, which is packed.
pub trait Unsigned: Plain {
    /// Its bits.
    const BITS: u64 = Self::BYTES as u64 * 8;

    /// It, of a number that is small enough.
    #[doc(hidden)]
    fn of(number: u64) -> Self;

    /// It as a number.
    fn number(self) -> u64;
}

macro_rules! unsigned {
    ($($ty:ty)*) => {$(
        impl Unsigned for $ty {
            #[inline(always)]
            fn of(number: u64) -> Self {
                number as $ty
            }

            #[inline(always)]
            fn number(self) -> u64 {
                u64::from(self)
            }
        }

        impl Value for $ty {
            const TYPE: u64 = <$ty as Plain>::TAG | PACKED;
            type Column<W: Words> = PackedInts<W>;

            fn column_in<A: Alloc + Clone>(alloc: A) -> PackedInts<HeapWords<A>> {
                PackedInts::new_in(alloc)
            }

            fn push<A: Alloc>(
                self,
                column: &mut PackedInts<HeapWords<A>>,
            ) -> Result<(), AllocError> {
                column.try_push(self.number())
            }

            fn finish<A: Alloc>(column: &mut PackedInts<HeapWords<A>>) -> Result<(), AllocError> {
                column.try_shrink_to_fit()
            }

            #[cfg(feature = "alloc")]
            fn copied<W: Words>(column: &PackedInts<W>) -> PackedInts {
                column.to_heap()
            }
        }
    )*};
}

unsigned!(u8 u16 u32 u64);

impl<V: Value + Unsigned, W: Words> Column<V, W> for PackedInts<W> {
    fn bits(&self) -> u64 {
        u64::from(self.width())
    }

    #[inline]
    fn get(&self, id: usize) -> Option<V> {
        self.get(id).map(V::of)
    }

    #[inline]
    fn prefetch(&self, ids: Range<usize>) {
        prefetch_values(self.words(), self.width() as usize, ids);
    }

    fn tell(&self, out: &mut dyn Parts) {
        self.tell_as("values", PartKind::Payload, out);
    }

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.section(VALUES, 1, self.words());
    }

    fn load<S: Source<Words = W>>(
        source: &mut S,
        len: usize,
        bits: u64,
    ) -> Result<Self, FileError> {
        require(bits <= V::BITS, VALUES, "no more bits than values of this type have")?;
        Self::from_words(source.section(VALUES, 1)?, len as u64, bits, VALUES)
    }

    fn validate(&self) -> Result<(), FileError> {
        require(self.is_clean(), VALUES, CLEAN)
    }
}

/// Some numbers in a row, as they stand in files. Public in name only.
pub trait Record: Value {
    /// Bytes of all of them.
    const BYTES: usize;

    /// The record in the first bytes of `bytes`.
    fn load(bytes: &[u8]) -> Self;

    /// Puts it into `bytes`, which are as many as it takes.
    fn store(self, bytes: &mut [u8]);
}

/// Records back to back.
#[derive(Clone, Debug)]
pub struct Records<V, W: Words> {
    /// `ceil(len * V::BYTES / 8)` words; bytes behind the last record are 0.
    words: W,
    len: usize,
    kind: PhantomData<V>,
}

/// The most bytes that are asked for where one value will be read: those of 32 of 8 bytes.
const MOST_PREFETCHED: usize = 256;
/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for values of so many bits each, if all of `ids` are few bytes.
#[inline(always)]
fn prefetch_values(words: &[Le64], bits: usize, ids: Range<usize>) {
    let len = ids.len().saturating_mul(bits).div_ceil(8);
    if len > MOST_PREFETCHED {
        return;
    }
    let start = ids.start.wrapping_mul(bits) / 8;
    for at in (0..len).step_by(LINE) {
        prefetch(as_bytes(words), start.wrapping_add(at));
    }
    // They need not begin where a line does.
    prefetch(as_bytes(words), start.wrapping_add(len.saturating_sub(1)));
}

/// Words of so many records.
fn words_for<V: Record>(len: usize) -> Option<usize> {
    Some(len.checked_mul(V::BYTES)?.div_ceil(8))
}

impl<V: Record, A: Alloc> Records<V, HeapWords<A>> {
    const fn new_in(alloc: A) -> Self {
        Self { words: HeapWords::new_in(alloc), len: 0, kind: PhantomData }
    }

    fn try_push(&mut self, value: V) -> Result<(), AllocError> {
        let words = words_for::<V>(self.len + 1).ok_or(AllocError::CapacityOverflow)?;
        self.words.try_resize(words)?;
        let at = self.len * V::BYTES;
        value.store(&mut as_bytes_mut(self.words.words_mut())[at..at + V::BYTES]);
        self.len += 1;
        Ok(())
    }
}

impl<V: Record, W: Words> Column<V, W> for Records<V, W> {
    fn bits(&self) -> u64 {
        V::BYTES as u64 * 8
    }

    #[inline]
    fn get(&self, id: usize) -> Option<V> {
        if id >= self.len {
            return None;
        }
        Some(V::load(as_bytes(self.words.words()).get(id * V::BYTES..).unwrap_or(&[])))
    }

    #[inline]
    fn prefetch(&self, ids: Range<usize>) {
        prefetch_values(self.words.words(), 8 * V::BYTES, ids);
    }

    fn tell(&self, out: &mut dyn Parts) {
        self.words.tell("values", PartKind::Payload, 0, out);
    }

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.section(VALUES, 1, self.words.words());
    }

    fn load<S: Source<Words = W>>(
        source: &mut S,
        len: usize,
        bits: u64,
    ) -> Result<Self, FileError> {
        let words = source.section(VALUES, 1)?;
        let fits = bits == V::BYTES as u64 * 8 && words_for::<V>(len) == Some(words.words().len());
        require(fits, VALUES, "as many bytes as the values have")?;
        Ok(Self { words, len, kind: PhantomData })
    }

    fn validate(&self) -> Result<(), FileError> {
        let behind = as_bytes(self.words.words()).get(self.len * V::BYTES..).unwrap_or(&[]);
        require(behind.iter().all(|byte| *byte == 0), VALUES, CLEAN)
    }
}

/// What a record of these numbers is called: the types of the first eight, a byte each.
const fn type_of(tags: &[u64]) -> u64 {
    let (mut all, mut i) = (0, 0);
    while i < tags.len() && i < 8 {
        all |= tags[i] << (8 * i);
        i += 1;
    }
    all
}

/// The number of type `T` at `bytes[at..]`.
#[inline(always)]
fn load_at<T: Plain>(bytes: &[u8], at: usize) -> T {
    T::load(bytes.get(at..).unwrap_or(&[]))
}

/// Gives records their columns.
macro_rules! stored_as_records {
    () => {
        type Column<W: Words> = Records<Self, W>;

        fn column_in<A: Alloc + Clone>(alloc: A) -> Records<Self, HeapWords<A>> {
            Records::new_in(alloc)
        }

        fn push<A: Alloc>(
            self,
            column: &mut Records<Self, HeapWords<A>>,
        ) -> Result<(), AllocError> {
            column.try_push(self)
        }

        fn finish<A: Alloc>(column: &mut Records<Self, HeapWords<A>>) -> Result<(), AllocError> {
            column.words.try_shrink_to_fit()
        }

        #[cfg(feature = "alloc")]
        fn copied<W: Words>(column: &Records<Self, W>) -> Records<Self, HeapWords> {
            let words = HeapWords::copy_of(column.words.words());
            Records { words, len: column.len, kind: PhantomData }
        }
    };
}

macro_rules! numbers {
    ($($ty:ty)*) => {$(
        impl Value for $ty {
            const TYPE: u64 = <$ty as Plain>::TAG;
            stored_as_records!();
        }

        impl Record for $ty {
            const BYTES: usize = <$ty as Plain>::BYTES;

            #[inline(always)]
            fn load(bytes: &[u8]) -> Self {
                Plain::load(bytes)
            }

            fn store(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&Plain::store(self));
            }
        }
    )*};
}

numbers!(i8 i16 i32 i64 f32 f64);

impl<T: Plain, const N: usize> Sealed for [T; N] {}

impl<T: Plain, const N: usize> Value for [T; N] {
    const TYPE: u64 = type_of(&[T::TAG; N]);
    stored_as_records!();
}

impl<T: Plain, const N: usize> Record for [T; N] {
    const BYTES: usize = N * T::BYTES;

    #[inline(always)]
    fn load(bytes: &[u8]) -> Self {
        core::array::from_fn(|i| load_at(bytes, i * T::BYTES))
    }

    fn store(self, bytes: &mut [u8]) {
        for (number, bytes) in self.into_iter().zip(bytes.chunks_exact_mut(T::BYTES)) {
            bytes.copy_from_slice(number.store().as_ref());
        }
    }
}

macro_rules! tuples {
    ($($($ty:ident $name:ident),+;)*) => {$(
        impl<$($ty: Plain),+> Sealed for ($($ty),+) {}

        impl<$($ty: Plain),+> Value for ($($ty),+) {
            const TYPE: u64 = type_of(&[$($ty::TAG),+]);
            stored_as_records!();
        }

        impl<$($ty: Plain),+> Record for ($($ty),+) {
            const BYTES: usize = 0 $(+ $ty::BYTES)+;

            #[inline(always)]
            fn load(bytes: &[u8]) -> Self {
                let mut at = 0;
                $(
                    let $name = load_at::<$ty>(bytes, at);
                    at += $ty::BYTES;
                )+
                debug_assert!(at == Self::BYTES);
                ($($name),+)
            }

            fn store(self, bytes: &mut [u8]) {
                let ($($name),+) = self;
                let mut rest = bytes;
                $(
                    let bytes;
                    (bytes, rest) = rest.split_at_mut($ty::BYTES);
                    bytes.copy_from_slice($name.store().as_ref());
                )+
                debug_assert!(rest.is_empty());
            }
        }
    )*};
}

tuples! {
    T t, U u;
    T t, U u, V v;
    T t, U u, V v, X x;
}
