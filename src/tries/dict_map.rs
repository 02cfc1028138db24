//! [`DictMap`]: a dictionary that is built once, and a value for each of its keys.

mod iter;
#[cfg(all(test, feature = "std"))]
mod tests;
mod value;
mod weight;

#[cfg(feature = "alloc")]
pub use iter::DictMapIter;
pub use iter::Entries;
pub use value::{Column, Unsigned, Value};
pub use weight::Weight;

use super::{Dawg, FrontDict, KeySetBuild, RankedKeySet, RearDict};
use crate::error::{BuildError, FileError};
use crate::mem::{Alloc, Footprint, Parts};
use crate::registry::{Kind, Registered};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::words::Sealed;
use crate::storage::{HeapWords, Le64, Persist, Plain, Source, Words, doors};
use core::fmt;
use core::ops::{Range, RangeBounds};

/// An ordered map from byte strings to numbers, or to a few numbers each: a dictionary that is
/// built once, and an array of values by the numbers of its keys, in one file.
///
/// The dictionary is a [`RearDict`], a [`FrontDict`] or a [`Dawg`], as fits the keys.
///
/// # When not to use it
///
/// - Keys come and go: a [`DynTrieMap`](super::DynTrieMap).
/// - Values of many bytes, or of lengths that differ: an array of any kind beside the dictionary,
///   by [`id_of`](RearDict::id_of).
/// - A value says whether the key is there, and keys are never listed: a hash map's hit takes a
///   third to three fifths of the time (`tries_postcodes` in `benches/peers`).
///
/// # Layout
///
/// ```text
/// dict     its sections, as it stores them alone
/// values   | of key 0 | of key 1 | .. | zeros to a whole word |
/// ```
///
/// Numbers without a sign take as many bits as the largest of them needs, and a word of zeros
/// follows them. All else takes its own bytes, little-endian, without gaps between. One block
/// beside those of the dictionary, without slack.
///
/// # Space
///
/// The dictionary's, and `ceil(n * bits / 64) * 8 + 8` bytes of numbers without a sign, or
/// `ceil(n * bytes / 8) * 8`.
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `get` | a look-up in the dictionary | that's, and 1 or 2; up to 5 where a dictionary has blocks |
/// | `value_of` | O(1) | 1 or 2 |
/// | `prefix`, `range` | two look-ups | |
/// | iterate | O(length) a key | |
/// | build | the dictionary's, O(1) a value | |
///
/// As soon as `get` knows the block of a key, it asks for the values of all keys in there, if they
/// are 256 bytes or less: a hit then waits for key and value at once, and a miss asks in vain.
///
/// Looking up allocates nothing; [`iter`](Self::iter) allocates each key that it returns.
///
/// # Parameters
///
/// `D` is the dictionary: it also says where the bytes live, `DictMap<RearDict<&[Le64]>, u32>` is
/// borrowed. `V` is a [`Value`].
///
/// # Example
///
/// ```
/// use lessram::mem::Footprint;
/// use lessram::tries::{DictMap, RearDict};
///
/// let places: DictMap<RearDict, (f32, f32)> = DictMap::from_sorted([
///     ("BT1 5GS", (54.597, -5.930)),
///     ("EH1 1YZ", (55.950, -3.190)),
///     ("SW1A 1AA", (51.501, -0.142)),
/// ])?;
/// assert_eq!(places.get("SW1A 1AA"), Some((51.501, -0.142)));
/// assert_eq!(places.prefix("EH1"), 1..2);
///
/// let squares = (0..100_000_u32).map(|i| (format!("{i:06}"), i % 1_000));
/// let squares: DictMap<RearDict, u32> = DictMap::from_sorted(squares)?;
/// assert_eq!(squares.get("012345"), Some(345));
/// assert_eq!(squares.heap_bytes(), 92_360 + 125_008); // 10 bits a value
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// Those of the dictionary.
pub struct DictMap<D: StaticDict, V: Value> {
    dict: D,
    values: V::Column<D::Words>,
    /// What the values are, as the file says it.
    params: [Le64; 2],
}

/// A dictionary that is built once and stored. Sealed: [`RearDict`], [`FrontDict`] and [`Dawg`].
pub trait StaticDict: RankedKeySet + Persist + Sealed {
    /// The number that maps over it have in files.
    #[doc(hidden)]
    const MAP: Kind;

    /// The same on the heap.
    #[doc(hidden)]
    type Heap: StaticDict<Words = HeapWords>;

    /// A copy on the heap.
    #[doc(hidden)]
    #[cfg(feature = "alloc")]
    fn copied(&self) -> Self::Heap;

    /// The number of `key`; `near` is told which few keys it is among, if that is known before.
    #[doc(hidden)]
    fn id_near(&self, key: &[u8], near: impl FnOnce(Range<usize>)) -> Option<usize>;
}

macro_rules! static_dicts {
    ($($dict:ident $map:ident;)*) => {$(
        #[doc = concat!("[`DictMap`] of `u64`, over a [`", stringify!($dict), "`].")]
        pub type $map<W = HeapWords> = DictMap<$dict<W>, u64>;

        impl<W: Words> Sealed for $dict<W> {}

        impl<W: Words> StaticDict for $dict<W> {
            const MAP: Kind = <$map<W> as Registered>::KIND;
            type Heap = $dict;

            #[cfg(feature = "alloc")]
            fn copied(&self) -> $dict {
                self.to_heap()
            }

            #[inline]
            fn id_near(&self, key: &[u8], near: impl FnOnce(Range<usize>)) -> Option<usize> {
                $dict::id_near(self, key, near)
            }
        }
    )*};
}

static_dicts! {
    RearDict RearMapU64;
    FrontDict FrontMapU64;
    Dawg DawgMapU64;
}

/// Maps have the number of their dictionary's map to `u64`, and a section that names their values.
macro_rules! registered {
    ($([$($generic:tt)*] $value:ty;)*) => {$(
        impl<D: StaticDict, $($generic)*> Registered for DictMap<D, $value> {
            const KIND: Kind = D::MAP;
        }
    )*};
}

registered! {
    [] u8;
    [] u16;
    [] u32;
    [] i8;
    [] i16;
    [] i32;
    [] i64;
    [] f32;
    [] f64;
    [] Weight;
    [T: Plain, const N: usize] [T; N];
    [T: Plain, U: Plain] (T, U);
    [T: Plain, U: Plain, V: Plain] (T, U, V);
    [T: Plain, U: Plain, V: Plain, X: Plain] (T, U, V, X);
}

impl<D: StaticDict, V: Value> DictMap<D, V> {
    /// The keys and their numbers.
    #[must_use]
    #[inline]
    pub const fn dict(&self) -> &D {
        &self.dict
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `key`, if that is there. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<V> {
        self.value_of(self.id_of(key.as_ref())?)
    }

    /// The number of `key`, whose value is asked for as soon as it is known about where it is: the
    /// memory of both is then under way at once.
    #[inline]
    fn id_of(&self, key: &[u8]) -> Option<usize> {
        self.dict.id_near(key, |ids| self.values.prefetch(ids))
    }

    /// The value of the key `id`; `None` unless `id < len`. O(1), allocates nothing.
    #[must_use]
    #[inline]
    pub fn value_of(&self, id: usize) -> Option<V> {
        self.values.get(id)
    }

    /// Number and value of `key`, if that is there.
    #[must_use]
    pub fn find(&self, key: impl AsRef<[u8]>) -> Option<(usize, V)> {
        let id = self.id_of(key.as_ref())?;
        Some((id, self.value_of(id)?))
    }

    /// Whether `key` is there. Allocates nothing.
    #[must_use]
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.dict.contains(key.as_ref())
    }

    /// Puts the value of each of `keys` into `values`, `None` of those that there are not, as far
    /// as both go. As [`get`](Self::get) of each, but where the dictionary has the memory of
    /// several under way at once, so has this. Allocates nothing.
    pub fn get_many(&self, keys: &[&[u8]], values: &mut [Option<V>]) {
        const BATCH: usize = 64;
        let mut ids = [None; BATCH];
        for (keys, values) in keys.chunks(BATCH).zip(values.chunks_mut(BATCH)) {
            self.dict.get_many(keys, &mut ids);
            for (value, id) in values.iter_mut().take(keys.len()).zip(&ids) {
                *value = id.and_then(|id| self.value_of(id));
            }
        }
    }

    /// The numbers of the keys that begin with `prefix`. Two look-ups.
    #[must_use]
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> Range<usize> {
        self.dict.prefix(prefix.as_ref())
    }

    /// The numbers of the keys in a range: `map.range("a".."c")`. Two look-ups. Empty if the start
    /// is above the end.
    #[must_use]
    pub fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range<usize> {
        self.dict.range(range)
    }

    /// The keys with numbers in `ids` and their values, in order, lent out of `buffer`, which
    /// should be as long as the longest key.
    pub fn entries_in<B: AsMut<[u8]>>(&self, ids: Range<usize>, buffer: B) -> Entries<'_, D, V, B> {
        Entries::new(self, ids, buffer)
    }

    /// The keys with numbers in `ids` and their values, in order, lent out of one buffer on the
    /// heap: `map.entries(map.prefix("SW1A"))`.
    #[cfg(feature = "alloc")]
    pub fn entries(&self, ids: Range<usize>) -> Entries<'_, D, V, alloc::vec::Vec<u8>> {
        self.entries_in(ids, alloc::vec![0; self.dict.longest()])
    }

    /// The keys, each in a `Vec` of its own, and their values, in order.
    #[cfg(feature = "alloc")]
    pub fn iter(&self) -> DictMapIter<'_, D, V> {
        self.iter_in(0..self.len())
    }

    /// The keys with numbers in `ids`, each in a `Vec` of its own, and their values, in order:
    /// `map.iter_in(map.prefix("SW1A"))`.
    #[cfg(feature = "alloc")]
    pub fn iter_in(&self, ids: Range<usize>) -> DictMapIter<'_, D, V> {
        let len = self.len();
        DictMapIter::new(self, ids.start.min(len)..ids.end.min(len))
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = V> + ExactSizeIterator + '_ {
        // Of each number below the length there is one.
        (0..self.len()).map(|id| match self.value_of(id) {
            Some(value) => value,
            None => unreachable!("a value for each key"),
        })
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> DictMap<D::Heap, V> {
        DictMap::of(self.dict.copied(), V::copied(&self.values))
    }

    fn of(dict: D, values: V::Column<D::Words>) -> Self {
        let params = value::params_of::<V, D::Words>(&values);
        Self { dict, values, params }
    }
}

#[cfg(feature = "alloc")]
impl<D: StaticDict<Words = HeapWords> + KeySetBuild<crate::mem::Global>, V: Value> DictMap<D, V> {
    /// The map of `pairs`, whose keys must ascend. Takes them one by one.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] or [`BuildError::DuplicateKey`] with the first key's position
    /// that is not greater than the one before; [`BuildError::OutOfRange`] if a key has more than
    /// 65,535 bytes; [`BuildError::TooMany`] of more than the dictionary can hold;
    /// [`BuildError::Alloc`].
    pub fn from_sorted<K: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, BuildError> {
        Self::try_from_sorted_in(pairs, BLOCK, crate::mem::Global)
    }

    /// The map of `pairs` in any order, which are held and sorted.
    ///
    /// # Errors
    ///
    /// As for [`from_sorted`](Self::from_sorted), but for `NotSorted`; the position of a key that
    /// comes twice is that among the sorted ones.
    pub fn from_unsorted<K: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, BuildError> {
        let mut pairs: alloc::vec::Vec<(K, V)> = pairs.into_iter().collect();
        pairs.sort_unstable_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
        Self::from_sorted(pairs)
    }
}

/// Keys of a block, unless said otherwise.
#[cfg(feature = "alloc")]
const BLOCK: usize = 32;

impl<A, D, V> DictMap<D, V>
where
    A: Alloc + Clone,
    D: StaticDict<Words = HeapWords<A>> + KeySetBuild<A>,
    V: Value,
{
    /// The map of `pairs`, whose keys must ascend, in blocks of `block` keys where the dictionary
    /// has any, with all memory from `alloc`.
    ///
    /// # Errors
    ///
    /// As for `from_sorted`.
    pub fn try_from_sorted_in<K: AsRef<[u8]>>(
        pairs: impl IntoIterator<Item = (K, V)>,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let (mut pairs, mut refused) = (pairs.into_iter(), None);
        let mut values = V::column_in(alloc.clone());
        let keys = core::iter::from_fn(|| {
            let (key, value) = pairs.next()?;
            match value.push(&mut values) {
                Ok(()) => Some(key),
                Err(error) => {
                    refused = Some(error);
                    None
                }
            }
        });
        let dict = D::try_from_sorted_in(keys, block, alloc)?;
        if let Some(error) = refused {
            return Err(error.into());
        }
        V::finish(&mut values)?;
        Ok(Self::of(dict, values))
    }

    /// The map of the keys of `dict`, in order, to `values`, with memory for these from `alloc`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] if there are more or fewer values than keys, of which one too
    /// many is enough; [`BuildError::Alloc`].
    pub fn try_with_values_in(
        dict: D,
        values: impl IntoIterator<Item = V>,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let (mut column, mut given) = (V::column_in(alloc), 0);
        for value in values {
            given += 1;
            if given > dict.len() {
                break;
            }
            value.push(&mut column)?;
        }
        if given != dict.len() {
            let (value, len) = (given as u64, dict.len() as u64);
            return Err(BuildError::OutOfRange { name: "values", value, min: len, max: len });
        }
        V::finish(&mut column)?;
        Ok(Self::of(dict, column))
    }
}

impl<D: StaticDict + Clone, V: Value> Clone for DictMap<D, V>
where
    V::Column<D::Words>: Clone,
{
    fn clone(&self) -> Self {
        Self { dict: self.dict.clone(), values: self.values.clone(), params: self.params }
    }
}

impl<D: StaticDict, V: Value> fmt::Debug for DictMap<D, V> {
    /// Prints the keys as text, with escapes, and their values; without the feature `alloc` the
    /// number of keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "alloc")]
        {
            let mut map = f.debug_map();
            let mut entries = self.entries(0..self.len());
            while let Some((key, value)) = entries.next_entry() {
                map.entry(&format_args!("\"{}\"", key.escape_ascii()), &value);
            }
            map.finish()
        }
        #[cfg(not(feature = "alloc"))]
        f.debug_struct("DictMap").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(feature = "alloc")]
impl<D: StaticDict, E: StaticDict, V: Value> PartialEq<DictMap<E, V>> for DictMap<D, V> {
    /// Whether both have the same keys and values, whatever dictionaries they are in.
    fn eq(&self, other: &DictMap<E, V>) -> bool {
        let len = self.len();
        let (mut a, mut b) = (self.entries(0..len), other.entries(0..len));
        len == other.len() && (0..len).all(|_| a.next_entry() == b.next_entry())
    }
}

#[cfg(feature = "alloc")]
impl<D: StaticDict, V: Value + Eq> Eq for DictMap<D, V> {}

impl<D: StaticDict, V: Value> Footprint for DictMap<D, V> {
    fn parts(&self, out: &mut dyn Parts) {
        self.dict.parts(out);
        self.values.tell(out);
    }
}

impl<D: StaticDict, V: Value> Persist for DictMap<D, V>
where
    Self: Registered,
{
    type Words = D::Words;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        self.dict.store(out);
        value::store::<V, D::Words>(&self.values, &self.params, out);
    }

    fn load<S: Source<Words = D::Words>>(source: &mut S) -> Result<Self, FileError> {
        let dict = D::load(source)?;
        let values = value::load::<V, S>(source, dict.len())?;
        Ok(Self::of(dict, values))
    }

    fn validate(&self) -> Result<(), FileError> {
        self.dict.validate()?;
        self.values.validate()
    }
}

doors! {
    [impl<D: StaticDict, V: Value> DictMap<D, V>]
    [where Self: Registered]
    [impl<D: StaticDict<Words = HeapWords>, V: Value> DictMap<D, V>]
    [where Self: Registered]
    [impl<'a, D: StaticDict<Words = &'a [Le64]>, V: Value> DictMap<D, V>]
    [where Self: Registered]
}

#[cfg(feature = "mmap")]
crate::storage::map_door! {
    [impl<D: StaticDict<Words = crate::storage::MappedWords>, V: Value> DictMap<D, V>]
    [where Self: Registered]
}

/// A map from keys to numbers that is built once; the laws of the registry's shape `dict_maps`.
pub trait KeyMap: Footprint {
    /// What the keys are in.
    type Dict: RankedKeySet;

    /// The keys and their numbers.
    fn dict(&self) -> &Self::Dict;

    /// The value of the key `id`; `None` unless `id < len`.
    fn value_of(&self, id: usize) -> Option<u64>;

    /// The value of `key`, if that is there.
    fn get(&self, key: &[u8]) -> Option<u64> {
        self.value_of(self.dict().id_of(key)?)
    }

    /// Puts the value of each of `keys` into `values`, as far as both go.
    fn get_many(&self, keys: &[&[u8]], values: &mut [Option<u64>]);
}

/// A [`KeyMap`] that is built once.
pub trait KeyMapBuild<A: Alloc>: KeyMap + Sized {
    /// The map of `pairs`, whose keys must ascend, in blocks of `block` keys where it has any.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if they do not, a key is too long, or memory cannot be had.
    fn try_from_sorted_in<K: AsRef<[u8]>>(
        pairs: impl Iterator<Item = (K, u64)>,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError>;
}

impl<D: StaticDict> KeyMap for DictMap<D, u64> {
    type Dict = D;

    fn dict(&self) -> &D {
        self.dict()
    }

    fn value_of(&self, id: usize) -> Option<u64> {
        self.value_of(id)
    }

    fn get_many(&self, keys: &[&[u8]], values: &mut [Option<u64>]) {
        self.get_many(keys, values);
    }
}

impl<A: Alloc + Clone, D> KeyMapBuild<A> for DictMap<D, u64>
where
    D: StaticDict<Words = HeapWords<A>> + KeySetBuild<A>,
{
    fn try_from_sorted_in<K: AsRef<[u8]>>(
        pairs: impl Iterator<Item = (K, u64)>,
        block: usize,
        alloc: A,
    ) -> Result<Self, BuildError> {
        Self::try_from_sorted_in(pairs, block, alloc)
    }
}

#[cfg(feature = "alloc")]
impl<'a, D: StaticDict, V: Value> IntoIterator for &'a DictMap<D, V> {
    type Item = (alloc::vec::Vec<u8>, V);
    type IntoIter = DictMapIter<'a, D, V>;

    fn into_iter(self) -> DictMapIter<'a, D, V> {
        self.iter()
    }
}
