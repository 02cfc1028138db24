//! [`Interner`]: strings to numbers and back.

use super::map::granted;
use super::policy::Sparse;
use super::resolver::{Resolver, ResolverIter};
use super::table::Table;
use crate::arrays::Literal;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, PartKind, Parts};
use crate::storage::HeapWords;
use core::fmt;
use core::hash::{BuildHasher, Hasher};
use core::iter::Enumerate;
use core::ops::Index;
use core::str::{Utf8Error, from_utf8};

/// Strings to numbers and back: each different string once, numbered from 0 in the order of
/// coming. 8.5 bytes a string beside the string itself, where a `HashMap<String, u32>` with a
/// `Vec<String>` takes some 100.
///
/// Strings are any bytes. No string has a block of its own: they lie one after the other in a
/// [`Resolver`], and a table of their numbers finds them. When no more strings come,
/// [`into_resolver`](Self::into_resolver) drops that table; the resolver can be saved, mapped, and
/// turned into an interner again (`Interner::from`).
///
/// # When not to use it
///
/// - Strings go, too: the numbers of those that stay could not stay. A map forgets.
/// - Strings that are known beforehand: a sorted dictionary of the tries family takes a fifth.
///
/// # Layout
///
/// ```text
/// strings  a Resolver: 64 lengths of a byte, 64 strings, 64 lengths, ...
/// ids      a table as Map's, of numbers of 4 bytes: groups of 14 with 14 tags
/// ```
///
/// # Space
///
/// 1.1 bytes a string for its length, 6.9 on average for its number, and 3 % of the strings for
/// growing; after `into_resolver`, 1.1. Strings of 10 bytes, from a million on, take 17.5 to 19.1
/// bytes each.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `resolve` | O(1) | 2, and the string's |
/// | `intern`, `get`, present | O(length) expected | 4, and the string's |
/// | `intern`, new | O(length) amortised; O(n / 256) at worst | 4 |
/// | `get`, absent | O(length) expected | 1 to 2 |
///
/// Strings are hashed again when a part of the table grows: twice each in all, on average. Reading
/// allocates nothing.
///
/// # Parameters
///
/// The hash function and the allocator, as of [`Map`](super::Map). At most 2^32 strings.
///
/// # Example
///
/// ```
/// use lessram::{maps::Interner, mem::Footprint};
///
/// let mut names = Interner::new();
/// let (ant, bee) = (names.intern("ant"), names.intern("bee"));
/// assert_eq!((ant, bee, names.intern("ant")), (0, 1, 0));
/// assert_eq!((names.resolve(bee), names.get("cat")), (Some(&b"bee"[..]), None));
/// let strings = names.into_resolver();
/// assert_eq!(strings.heap_bytes(), 8 + 72); // a block: 64 lengths and 6 bytes, in whole words
/// ```
///
/// # References
///
/// Groups of tags: hashbrown and Abseil (2017). A symbol table whose index is dropped after the
/// reading phase: Knuth, "The Art of Computer Programming", volume 3, 6.4.
pub struct Interner<S = DefaultHashBuilder, A: Alloc = Global> {
    strings: Resolver<HeapWords<A>>,
    /// The numbers of all strings.
    ids: Table<u32, A, Sparse>,
    hash_builder: S,
}

/// The hash of a string: of its bytes alone.
#[inline]
pub(super) fn hash_of(build: &impl BuildHasher, string: &[u8]) -> u64 {
    let mut hasher = build.build_hasher();
    hasher.write(string);
    hasher.finish()
}

/// Whether `string` is that of this number.
// Out of line: what is searched without it takes fewer registers.
#[inline(never)]
fn is_at<A: Alloc>(strings: &Resolver<HeapWords<A>>, id: u32, string: &[u8]) -> bool {
    strings.get(id as usize) == Some(string)
}

/// The hash of a string by its number, as the table asks for it.
#[inline]
fn hash_at<A: Alloc>(
    build: &impl BuildHasher,
    strings: &Resolver<HeapWords<A>>,
) -> impl Fn(&u32) -> u64 {
    |id| hash_of(build, strings.get(*id as usize).unwrap_or(&[]))
}

#[cfg(feature = "alloc")]
impl Interner {
    /// No strings; requests no memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(feature = "alloc")]
impl<S> Interner<S> {
    /// No strings, hashed with `hash_builder`; requests no memory.
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> Self {
        let strings = Resolver::new_in(Global, Global);
        Self { strings, ids: Table::new_in(Global), hash_builder }
    }
}

impl<S, A: Alloc + Clone> Interner<S, A> {
    /// No strings, hashed with `hash_builder`, with memory from `alloc`; requests none.
    #[must_use]
    pub fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        let strings = Resolver::new_in(alloc.clone(), alloc.clone());
        Self { strings, ids: Table::new_in(alloc), hash_builder }
    }
}

impl<S, A: Alloc> Interner<S, A> {
    /// How many strings there are: the number that the next one will get.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// What hashes the strings.
    #[must_use]
    pub const fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// The string of this number, or `None` if there is none. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn resolve(&self, id: u32) -> Option<&[u8]> {
        self.strings.get(id as usize)
    }

    /// The string of this number as text, or `None` if there is none. O(length), allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Utf8Error`] if it is not UTF-8.
    #[must_use]
    pub fn resolve_str(&self, id: u32) -> Option<Result<&str, Utf8Error>> {
        self.resolve(id).map(from_utf8)
    }

    /// The strings, by number: to be saved, or handed to readers.
    #[must_use]
    pub const fn resolver(&self) -> &Resolver<HeapWords<A>> {
        &self.strings
    }

    /// The strings, by number, without the table that finds numbers: 7 bytes less a string. Gives
    /// their slack back as well, if the allocator can shrink blocks.
    #[must_use]
    pub fn into_resolver(self) -> Resolver<HeapWords<A>> {
        let Self { mut strings, ids, .. } = self;
        // Before anything is moved to smaller blocks.
        drop(ids);
        let _ = strings.try_shrink_to_fit();
        strings
    }

    /// The strings with their numbers, in order.
    pub fn iter(&self) -> InternerIter<'_, A> {
        InternerIter { strings: self.strings.iter().enumerate() }
    }

    /// Forgets all strings; keeps the room.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.strings.clear();
    }
}

impl<S: BuildHasher, A: Alloc> Interner<S, A> {
    /// The number of `string`, or `None` if it has none. O(length) expected, allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, string: impl AsRef<[u8]>) -> Option<u32> {
        let string = string.as_ref();
        self.find(hash_of(&self.hash_builder, string), string)
    }

    #[inline]
    fn find(&self, hash: u64, string: &[u8]) -> Option<u32> {
        self.ids.get(hash, |id| is_at(&self.strings, *id, string)).copied()
    }

    /// Whether `string` has a number. O(length) expected, allocates nothing.
    #[must_use]
    pub fn contains(&self, string: impl AsRef<[u8]>) -> bool {
        self.get(string).is_some()
    }

    /// The number of `string`; if it is new, the next one. O(length) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_intern`](Self::try_intern) returns the error instead.
    #[inline]
    #[track_caller]
    pub fn intern(&mut self, string: impl AsRef<[u8]>) -> u32 {
        granted(self.try_intern(string))
    }

    /// The number of `string`; if it is new, the next one. O(length) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`], also if numbers or lengths would not fit 32 bits; nothing has changed then.
    #[inline]
    pub fn try_intern(&mut self, string: impl AsRef<[u8]>) -> Result<u32, AllocError> {
        let string = string.as_ref();
        let hash = hash_of(&self.hash_builder, string);
        let Self { strings, ids, hash_builder } = self;
        let missing = match ids.entry(hash, |id| is_at(strings, *id, string)) {
            Ok(found) => return Ok(*found.get()),
            Err(missing) => missing,
        };
        let id = u32::try_from(strings.len()).map_err(|_| AllocError::CapacityOverflow)?;
        // Room in the table first, and then the string: what fails leaves both as they were.
        let vacant = missing.vacant(hash_at(hash_builder, strings))?;
        strings.try_push(string)?;
        vacant.insert(id);
        Ok(id)
    }

    /// Makes room for `strings` more strings of `bytes` more bytes in all.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; nothing is lost then.
    pub fn try_reserve(&mut self, strings: usize, bytes: usize) -> Result<(), AllocError> {
        self.strings.try_reserve(strings, bytes)?;
        let hash = hash_at(&self.hash_builder, &self.strings);
        self.ids.try_reserve(strings, &hash)
    }

    /// Makes room for `strings` more strings of `bytes` more bytes in all.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error instead.
    #[track_caller]
    pub fn reserve(&mut self, strings: usize, bytes: usize) {
        granted(self.try_reserve(strings, bytes));
    }

    /// Gives back all room that the strings do not need. O(n).
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory for smaller blocks cannot be had; nothing is lost then.
    pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.strings.try_shrink_to_fit()?;
        let hash = hash_at(&self.hash_builder, &self.strings);
        self.ids.try_shrink_to(0, &hash)
    }

    /// Gives back all room that the strings do not need. O(n).
    ///
    /// # Panics
    ///
    /// If memory for smaller blocks cannot be had;
    /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
    #[track_caller]
    pub fn shrink_to_fit(&mut self) {
        granted(self.try_shrink_to_fit());
    }

    /// The interner of the strings of a resolver, each under its number there. O(bytes). If a
    /// string occurs twice (then it comes from no interner), it has both numbers, of which
    /// [`get`](Self::get) finds the first.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if memory cannot be had, or there are more than 2^32 strings.
    pub fn try_from_resolver(
        strings: Resolver<HeapWords<A>>,
        hash_builder: S,
        alloc: A,
    ) -> Result<Self, AllocError> {
        // Before anything is allocated for them.
        let last = strings.len().saturating_sub(1);
        u32::try_from(last).map_err(|_| AllocError::CapacityOverflow)?;
        let mut interner = Self { strings, ids: Table::new_in(alloc), hash_builder };
        let hasher = hash_at(&interner.hash_builder, &interner.strings);
        interner.ids.try_reserve(interner.strings.len(), &hasher)?;
        for (id, string) in (0..=u32::MAX).zip(&interner.strings) {
            let hash = hash_of(&interner.hash_builder, string);
            let same = |id: &u32| is_at(&interner.strings, *id, string);
            // Once each: a file may have millions of equal ones, and each would pass all before it.
            if let Err(missing) = interner.ids.entry(hash, same) {
                missing.vacant(&hasher)?.insert(id);
            }
        }
        drop(hasher);
        Ok(interner)
    }

    /// Whether the invariants of the table hold, and every string is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        let found = |(id, string): (u32, &[u8])| self.get(string) == Some(id);
        self.ids.check() && self.ids.len() == self.len() && self.iter().all(found)
    }
}

/// The strings of an [`Interner`] with their numbers, in order.
pub struct InternerIter<'i, A: Alloc = Global> {
    strings: Enumerate<ResolverIter<'i, HeapWords<A>>>,
}

/// A string with its number, which fits: the interner gave it.
fn numbered((id, string): (usize, &[u8])) -> (u32, &[u8]) {
    (id as u32, string)
}

impl<'i, A: Alloc> Iterator for InternerIter<'i, A> {
    type Item = (u32, &'i [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.strings.next().map(numbered)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.strings.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.strings.nth(n).map(numbered)
    }
}

impl<A: Alloc> DoubleEndedIterator for InternerIter<'_, A> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.strings.next_back().map(numbered)
    }
}

impl<A: Alloc> ExactSizeIterator for InternerIter<'_, A> {}
impl<A: Alloc> core::iter::FusedIterator for InternerIter<'_, A> {}

impl<A: Alloc> Clone for InternerIter<'_, A> {
    fn clone(&self) -> Self {
        Self { strings: self.strings.clone() }
    }
}

impl<A: Alloc> fmt::Debug for InternerIter<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone().map(|(id, string)| (id, Literal(string)))).finish()
    }
}

impl<'i, S, A: Alloc> IntoIterator for &'i Interner<S, A> {
    type Item = (u32, &'i [u8]);
    type IntoIter = InternerIter<'i, A>;

    fn into_iter(self) -> InternerIter<'i, A> {
        self.iter()
    }
}

impl<S: Default, A: Alloc + Clone + Default> Default for Interner<S, A> {
    fn default() -> Self {
        Self::with_hasher_in(S::default(), A::default())
    }
}

impl<S: Clone, A: Alloc + Clone> Clone for Interner<S, A> {
    fn clone(&self) -> Self {
        Self {
            strings: self.strings.clone(),
            ids: granted(self.ids.try_clone()),
            hash_builder: self.hash_builder.clone(),
        }
    }
}

impl<S, T, A: Alloc, B: Alloc> PartialEq<Interner<T, B>> for Interner<S, A> {
    /// Whether both give the same numbers to the same strings.
    fn eq(&self, other: &Interner<T, B>) -> bool {
        self.strings == other.strings
    }
}

impl<S, A: Alloc> Eq for Interner<S, A> {}

impl<S, A: Alloc> fmt::Debug for Interner<S, A> {
    /// As a map of numbers to literals; bytes that are not printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(id, string)| (id, Literal(string)))).finish()
    }
}

impl<S, A: Alloc> Index<u32> for Interner<S, A> {
    type Output = [u8];

    /// # Panics
    ///
    /// If there is no string of this number.
    #[track_caller]
    fn index(&self, id: u32) -> &[u8] {
        self.resolve(id).expect("no string of this number")
    }
}

impl<T: AsRef<[u8]>, S: BuildHasher, A: Alloc> Extend<T> for Interner<S, A> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, strings: I) {
        for string in strings {
            self.intern(string);
        }
    }
}

impl<T, S, A> FromIterator<T> for Interner<S, A>
where
    T: AsRef<[u8]>,
    S: BuildHasher + Default,
    A: Alloc + Clone + Default,
{
    fn from_iter<I: IntoIterator<Item = T>>(strings: I) -> Self {
        let mut interner = Self::default();
        interner.extend(strings);
        interner
    }
}

#[cfg(feature = "alloc")]
impl From<Resolver> for Interner {
    /// See [`try_from_resolver`](Self::try_from_resolver).
    fn from(strings: Resolver) -> Self {
        granted(Self::try_from_resolver(strings, DefaultHashBuilder::default(), Global))
    }
}

impl<S, A: Alloc> Footprint for Interner<S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.strings.parts(out);
        self.ids.parts("numbers", PartKind::Index, out);
    }
}
