//! [`Interner`]: strings to numbers and back.

use super::ids::Ids;
use super::resolver::{Resolver, ResolverIter};
use crate::arrays::Literal;
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::mem::{Alloc, Footprint, Global, Parts, granted};
use crate::storage::HeapWords;
use core::fmt;
use core::hash::{BuildHasher, Hasher};
use core::iter::Enumerate;
use core::ops::Index;
use core::str::{Utf8Error, from_utf8};

/// Strings to numbers and back: each different string once, numbered from 0 in the order of
/// coming. 7 bytes a string beside the string itself, where a `HashMap<String, u32>` with a
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
/// - Time counts, and bytes do not: lasso, with the same hash function, takes 0.7 of the time for a
///   new string and half for `resolve`, and 2.5 times the bytes (`benches/peers`,
///   `maps_interner`).
///
/// # Layout
///
/// ```text
/// strings  a Resolver: 64 lengths of a byte, 64 strings, 64 lengths, ...
/// ids      a table as Map's, of numbers of 1, 2, 3 or 4 bytes, as the largest needs: groups of 14
///          with 14 tags
/// ```
///
/// # Space
///
/// 1.1 bytes a string for its length, 5.5 on average for its number from 65,537 strings on (6.9
/// from 16.7 million on), and 3 % of the strings for growing; after `into_resolver`, 1.1. Strings
/// of 10 bytes, from a million on, take 16.5 to 17.3 bytes each.
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
/// Strings are hashed again when a part of the table grows: twice each in all, on average. Where
/// numbers get a byte wider, at the last for 16.7 million strings, the table is copied. Reading
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
    ids: Ids<A>,
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
fn is_at<A: Alloc>(strings: &Resolver<HeapWords<A>>, id: usize, string: &[u8]) -> bool {
    strings.get(id) == Some(string)
}

/// The hash of a string by its number, as the table asks for it.
#[inline]
fn hash_at<A: Alloc>(
    build: &impl BuildHasher,
    strings: &Resolver<HeapWords<A>>,
) -> impl Fn(usize) -> u64 {
    |id| hash_of(build, strings.get(id).unwrap_or(&[]))
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
        Self { strings, ids: Ids::new_in(Global), hash_builder }
    }
}

impl<S, A: Alloc + Clone> Interner<S, A> {
    /// No strings, hashed with `hash_builder`, with memory from `alloc`; requests none.
    #[must_use]
    pub fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        let strings = Resolver::new_in(alloc.clone(), alloc.clone());
        Self { strings, ids: Ids::new_in(alloc), hash_builder }
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

    /// The strings, by number, without the table that finds numbers: 5.5 bytes less a string. Gives
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
        let id = self.ids.find(self.len(), hash, |id| is_at(&self.strings, id, string))?;
        // Given by this interner, and so of 32 bits.
        Some(id as u32)
    }

    /// Whether `string` has a number. O(length) expected, allocates nothing.
    #[must_use]
    pub fn contains(&self, string: impl AsRef<[u8]>) -> bool {
        self.get(string).is_some()
    }
}

impl<S: BuildHasher, A: Alloc + Clone> Interner<S, A> {
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
        if let Some(id) = self.find(hash, string) {
            return Ok(id);
        }
        let Self { strings, ids, hash_builder } = self;
        let number = strings.len();
        let id = u32::try_from(number).map_err(|_| AllocError::CapacityOverflow)?;
        // Room for the number first, and then the string: what fails, or a hash function that
        // panics while the table grows, leaves both as they were.
        ids.try_make_room(number, hash, &hash_at(hash_builder, strings))?;
        strings.try_push(string)?;
        ids.try_push(number, hash, &hash_at(hash_builder, strings))?;
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
        let mut ids = Ids::try_with_capacity(strings.len(), alloc)?;
        for (id, string) in strings.iter().enumerate() {
            let hash = hash_of(&hash_builder, string);
            let same = |id| is_at(&strings, id, string);
            // Once each: a file may have millions of equal ones, and each would pass all before it.
            if ids.find(strings.len(), hash, same).is_none() {
                ids.try_push(id, hash, &hash_at(&hash_builder, &strings))?;
            }
        }
        Ok(Self { strings, ids, hash_builder })
    }

    /// Whether the invariants of the table hold, and every string is found. For tests; O(n).
    #[doc(hidden)]
    #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
    pub fn check(&self) -> bool {
        let found = |(id, string): (u32, &[u8])| self.get(string) == Some(id);
        self.ids.check(self.len()) && self.ids.len() == self.len() && self.iter().all(found)
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

impl<T: AsRef<[u8]>, S: BuildHasher, A: Alloc + Clone> Extend<T> for Interner<S, A> {
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

#[cfg(feature = "serde")]
impl<S, A: Alloc> serde::Serialize for Interner<S, A> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.strings.serialize(serializer)
    }
}

impl<S, A: Alloc> Footprint for Interner<S, A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.strings.parts(out);
        self.ids.parts("numbers", out);
    }
}
