//! Keys in order: [`Keys`] lends them one after the other out of one buffer, [`Iter`] gives them
//! away.

use super::RankedKeySet;
use super::phrases::PHRASE;
use super::spool::MAX_KEY;
use crate::error::{FileError, Tag};
use crate::storage::require;
use core::cmp::Ordering;

/// A set whose keys are put together one after the other, from the start of each block on. Public
/// in name only, as a bound of public traits.
pub trait Walks {
    /// Where in a block a walk is.
    type Walk<'a>: Copy
    where
        Self: 'a;

    /// Keys of a block.
    fn block(&self) -> usize;

    /// Puts the first key of `block` into `key`, as far as that has room.
    fn enter(&self, block: usize, key: &mut [u8]) -> Option<Self::Walk<'_>>;

    /// Puts the key `id` into `key`, as far as that has room, for a walk that goes on from there.
    fn resume(&self, id: usize, key: &mut [u8]) -> Option<Self::Walk<'_>> {
        let mut walk = self.enter(id / self.block(), key)?;
        for _ in 0..id % self.block() {
            self.advance(&mut walk, key)?;
        }
        Some(walk)
    }

    /// Puts the next key of the block in the place of the one before; returns how many bytes they
    /// share at least.
    fn advance<'a>(&'a self, walk: &mut Self::Walk<'a>, key: &mut [u8]) -> Option<usize>;

    /// Bytes of the key that a walk is at.
    fn len_of(walk: &Self::Walk<'_>) -> usize;

    /// Puts the key `id` into `key`; its length.
    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize>;
}

/// A walk over keys in order, forward or backward, from any number on. It lends each key out of a
/// buffer, which its maker has given: `while let Some(key) = keys.next_key() { .. }`, or
/// [`for_each`](Self::for_each).
///
/// A step forward takes O(length); a step backward puts together some B/4 keys of the block.
/// Allocates nothing. From a buffer shorter than the longest key, keys come out wrong.
pub struct Keys<'a, S: Walks + 'a, B> {
    set: &'a S,
    buffer: B,
    /// Where the key `at` is that lies in the buffer; `None` if none does.
    walk: Option<S::Walk<'a>>,
    at: usize,
    /// The first key of the range, the one that comes next, and the first that does not come.
    start: usize,
    next: usize,
    end: usize,
}

impl<S: Walks, B> core::fmt::Debug for Keys<'_, S, B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Keys").field("next", &self.next).field("end", &self.end).finish()
    }
}

impl<'a, S: RankedKeySet, B: AsMut<[u8]>> Keys<'a, S, B> {
    /// The keys of `set` with numbers in `ids`, lent out of `buffer`.
    pub fn new(set: &'a S, ids: core::ops::Range<usize>, buffer: B) -> Self {
        let end = ids.end.min(set.len());
        let start = ids.start.min(end);
        Self { set, buffer, walk: None, at: 0, start, next: start, end }
    }

    /// The number of the key that comes next.
    #[must_use]
    pub const fn id(&self) -> usize {
        self.next
    }

    /// Keys that are still to come.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.end - self.next
    }

    /// Goes on with the key `id`, also back to one that came; with the first of the range if `id`
    /// is before that, and with none if it is behind those that come.
    pub fn seek(&mut self, id: usize) {
        self.next = id.max(self.start).min(self.end);
    }

    /// The next key, until the next step.
    #[inline]
    pub fn next_key(&mut self) -> Option<&[u8]> {
        self.next_shared().map(|(_, key)| key)
    }

    /// The next key, and a number of bytes that it shares with the one before: all that it does, or
    /// fewer.
    #[inline]
    pub fn next_shared(&mut self) -> Option<(usize, &[u8])> {
        if self.next >= self.end {
            return None;
        }
        let (id, block) = (self.next, self.set.block());
        self.next += 1;
        let key = self.buffer.as_mut();
        let mut shared = 0;
        if self.walk.is_some() && self.at + 1 == id && id % block != 0 {
            let walk = self.walk.as_mut();
            match walk.and_then(|walk| self.set.advance(walk, key)) {
                Some(bytes) => shared = bytes,
                None => self.walk = None,
            }
        } else {
            self.walk = self.set.resume(id, key);
        }
        self.at = id;
        // Of a damaged file there may be no key: then an empty one.
        let len = self.walk.as_ref().map_or(0, |walk| S::len_of(walk));
        let key = key.get(..len).unwrap_or(&[]);
        Some((shared.min(key.len()), key))
    }

    /// Gives `take` each key that is still to come, in order. Where the walk is need not be kept in
    /// memory meanwhile, as between calls of [`next_key`](Self::next_key): of a
    /// [`FrontDict`](super::FrontDict) that spares a fifth of the time (the peers' bench `tries`).
    #[inline]
    pub fn for_each(mut self, mut take: impl FnMut(&[u8])) {
        let (set, block) = (self.set, self.set.block());
        let key = self.buffer.as_mut();
        while self.next < self.end {
            let end = self.end.min((self.next / block + 1).saturating_mul(block));
            let mut walk = set.resume(self.next, key);
            for _ in self.next..end {
                self.next += 1;
                // As in `next_shared`: of a damaged file there may be no key.
                let Some(at) = &mut walk else {
                    take(&[]);
                    break;
                };
                take(key.get(..S::len_of(at)).unwrap_or(&[]));
                if self.next < end && set.advance(at, key).is_none() {
                    walk = None;
                }
            }
        }
    }

    /// The key that [`next_key`](Self::next_key) gave last.
    #[cfg(feature = "alloc")]
    pub(super) fn last(&self) -> &[u8]
    where
        B: AsRef<[u8]>,
    {
        let len = self.walk.as_ref().map_or(0, |walk| S::len_of(walk));
        self.buffer.as_ref().get(..len).unwrap_or(&[])
    }

    /// The last key that is still to come, until the next step.
    pub fn next_back_key(&mut self) -> Option<&[u8]> {
        if self.next >= self.end {
            return None;
        }
        self.end -= 1;
        self.walk = None;
        let key = self.buffer.as_mut();
        let len = self.set.spell(self.end, key).unwrap_or(0);
        Some(key.get(..len).unwrap_or(&[]))
    }
}

/// Whether keys ascend, none is longer than said, and those that `sought` picks by number are
/// found.
#[inline(never)]
pub(super) fn validate(
    set: &impl RankedKeySet,
    section: Tag,
    sought: impl Fn(usize) -> bool,
) -> Result<(), FileError> {
    let mut before = [0; MAX_KEY + PHRASE];
    let mut keys = Keys::new(set, 0..set.len(), [0; MAX_KEY + PHRASE]);
    let (mut len, mut longest, mut whole) = (0, 0, true);
    loop {
        let id = keys.id();
        let Some(key) = keys.next_key() else { break };
        whole &= id == 0 || before[..len].cmp(key) == Ordering::Less;
        whole &= !sought(id) || set.locate(key) == (id, true);
        if !whole {
            break;
        }
        len = key.len();
        longest = longest.max(len);
        before[..len].copy_from_slice(key);
    }
    whole &= longest == set.longest();
    require(whole, section, "distinct keys in ascending order, found by their bytes")
}

#[cfg(feature = "alloc")]
mod owned {
    use super::{Keys, RankedKeySet};
    use alloc::vec;
    use alloc::vec::Vec;
    use core::iter::FusedIterator;

    /// The keys of a set in order, each in a `Vec` of its own. [`Keys`] hands them out without.
    pub struct Iter<'a, S: RankedKeySet> {
        front: Keys<'a, S, Vec<u8>>,
        /// A buffer for keys from the end, as soon as one was asked for.
        back: Vec<u8>,
    }

    impl<S: RankedKeySet> core::fmt::Debug for Iter<'_, S> {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.debug_tuple("Iter").field(&self.front).finish()
        }
    }

    impl<'a, S: RankedKeySet> Iter<'a, S> {
        pub(in crate::tries) fn new(set: &'a S, ids: core::ops::Range<usize>) -> Self {
            let buffer = vec![0; set.longest()];
            Self { front: Keys::new(set, ids, buffer), back: Vec::new() }
        }
    }

    impl<'a, S: RankedKeySet> IntoIterator for Keys<'a, S, Vec<u8>> {
        type Item = Vec<u8>;
        type IntoIter = Iter<'a, S>;

        /// The keys, each in a `Vec` of its own.
        fn into_iter(self) -> Iter<'a, S> {
            Iter { front: self, back: Vec::new() }
        }
    }

    impl<S: RankedKeySet> Iterator for Iter<'_, S> {
        type Item = Vec<u8>;

        fn next(&mut self) -> Option<Vec<u8>> {
            self.front.next_key().map(<[u8]>::to_vec)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (self.front.remaining(), Some(self.front.remaining()))
        }

        fn nth(&mut self, n: usize) -> Option<Vec<u8>> {
            let id = self.front.id().saturating_add(n);
            self.front.seek(id);
            self.next()
        }
    }

    impl<S: RankedKeySet> DoubleEndedIterator for Iter<'_, S> {
        fn next_back(&mut self) -> Option<Vec<u8>> {
            let front = &mut self.front;
            if front.next >= front.end {
                return None;
            }
            front.end -= 1;
            // Another buffer than that of the walk from the front, which goes on in it.
            self.back.resize(front.set.longest(), 0);
            let len = front.set.spell(front.end, &mut self.back).unwrap_or(0);
            Some(self.back.get(..len).unwrap_or(&[]).to_vec())
        }
    }

    impl<S: RankedKeySet> ExactSizeIterator for Iter<'_, S> {}
    impl<S: RankedKeySet> FusedIterator for Iter<'_, S> {}
}
#[cfg(feature = "alloc")]
pub use owned::Iter;

/// What is said of `longest`: sets that change know it only from time to time.
macro_rules! longest_doc {
    (DynTrie) => {
        "Bytes that no key exceeds: what a buffer for keys needs. They are those of the longest \
         key that came since the set was empty, also if it has gone; [`retain`](Self::retain), \
         [`shrink_to_fit`](Self::shrink_to_fit) and a clone count those of the keys that are there."
    };
    ($other:ident) => {
        "Bytes of the longest key: what a buffer for keys needs."
    };
}
pub(super) use longest_doc;

/// Gives a dictionary its inherent methods over [`RankedKeySet`], so that users need no trait in
/// scope, and the traits of `core` that sets have.
macro_rules! ranked_doors {
    ($ty:ident) => {
        $crate::tries::keys::ranked_doors!($ty<W: [Words]>, len, longest);
    };
    ($ty:ident<$w:ident: [$($bound:tt)+]>, $($len:ident).+, $($longest:ident).+) => {
        impl<$w: $($bound)+> $ty<$w> {
            /// How many keys there are.
            #[must_use]
            pub const fn len(&self) -> usize {
                self.$($len).+
            }

            /// Whether there are none.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.$($len).+ == 0
            }

            #[doc = $crate::tries::keys::longest_doc!($ty)]
            #[must_use]
            pub const fn longest(&self) -> usize {
                self.$($longest).+
            }

            /// Whether `key` is in the set. Allocates nothing.
            #[must_use]
            #[inline]
            pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
                KeySet::contains(self, key.as_ref())
            }

            /// The number of `key`: how many keys are smaller; `None` if it is not in the set.
            /// Allocates nothing.
            #[must_use]
            #[inline]
            pub fn id_of(&self, key: impl AsRef<[u8]>) -> Option<usize> {
                RankedKeySet::id_of(self, key.as_ref())
            }

            /// How many keys are smaller than `key`: the number of the first that is not.
            #[must_use]
            pub fn lower_bound(&self, key: impl AsRef<[u8]>) -> usize {
                self.locate::<false>(key.as_ref()).0
            }

            /// How many keys are not greater than `key`: the number of the first that is.
            #[must_use]
            pub fn upper_bound(&self, key: impl AsRef<[u8]>) -> usize {
                RankedKeySet::upper_bound(self, key.as_ref())
            }

            /// The numbers of the keys that begin with `prefix`. Two look-ups.
            #[must_use]
            pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> Range<usize> {
                RankedKeySet::prefix(self, prefix.as_ref())
            }

            /// The numbers of the keys in a range: `set.range("a".."c")`. Two look-ups. Empty if
            /// the start is above the end.
            #[must_use]
            pub fn range<K: AsRef<[u8]>>(
                &self,
                range: impl core::ops::RangeBounds<K>,
            ) -> Range<usize> {
                RankedKeySet::range(self, range)
            }

            /// The keys that `text` begins with, the longest first, each as its number and its
            /// length: the first is the longest match. Has one buffer on the heap.
            #[cfg(feature = "alloc")]
            pub fn prefixes_of<'a, T: AsRef<[u8]> + ?Sized>(
                &'a self,
                text: &'a T,
            ) -> super::PrefixesOf<'a, Self, alloc::vec::Vec<u8>> {
                let buffer = alloc::vec![0; self.$($longest).+];
                super::PrefixesOf::new(self, text.as_ref(), buffer)
            }

            /// The key `id` in `buffer`, which should be as long as the [longest](Self::longest);
            /// `None` unless `id < len`. Allocates nothing.
            #[must_use]
            pub fn key_into<'b>(&self, id: usize, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
                RankedKeySet::key_into(self, id, buffer)
            }

            /// The key `id`; `None` unless `id < len`.
            #[must_use]
            #[cfg(feature = "alloc")]
            pub fn key_of(&self, id: usize) -> Option<alloc::vec::Vec<u8>> {
                let mut buffer = alloc::vec![0; self.$($longest).+];
                // Not the buffer, which has room for the longest key.
                Some(self.key_into(id, &mut buffer)?.to_vec())
            }

            /// The keys with numbers in `ids`, in order, lent out of `buffer`, which should be as
            /// long as the [longest](Self::longest).
            pub fn keys_in<B: AsMut<[u8]>>(
                &self,
                ids: Range<usize>,
                buffer: B,
            ) -> super::Keys<'_, Self, B> {
                super::Keys::new(self, ids, buffer)
            }

            /// The keys with numbers in `ids`, in order, lent out of one buffer on the heap.
            #[cfg(feature = "alloc")]
            pub fn keys(&self, ids: Range<usize>) -> super::Keys<'_, Self, alloc::vec::Vec<u8>> {
                super::Keys::new(self, ids, alloc::vec![0; self.$($longest).+])
            }

            /// The keys in order, each in a `Vec` of its own.
            #[cfg(feature = "alloc")]
            pub fn iter(&self) -> super::Iter<'_, Self> {
                super::Iter::new(self, 0..self.$($len).+)
            }
        }

        impl<$w: $($bound)+> fmt::Debug for $ty<$w> {
            /// Prints the keys as text, with escapes; without the feature `alloc` their number.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                #[cfg(feature = "alloc")]
                {
                    let mut set = f.debug_set();
                    let mut keys = self.keys(0..self.$($len).+);
                    while let Some(key) = keys.next_key() {
                        set.entry(&format_args!("\"{}\"", key.escape_ascii()));
                    }
                    set.finish()
                }
                #[cfg(not(feature = "alloc"))]
                {
                    let mut set = f.debug_struct(stringify!($ty));
                    set.field("len", &self.$($len).+).finish_non_exhaustive()
                }
            }
        }

        #[cfg(feature = "alloc")]
        impl<V: $($bound)+, $w: $($bound)+> PartialEq<$ty<V>> for $ty<$w> {
            /// Whether both have the same keys, whatever their parameters.
            fn eq(&self, other: &$ty<V>) -> bool {
                let (len, others) = (self.$($len).+, other.$($len).+);
                let (mut a, mut b) = (self.keys(0..len), other.keys(0..others));
                len == others && (0..len).all(|_| a.next_key() == b.next_key())
            }
        }

        #[cfg(feature = "alloc")]
        impl<$w: $($bound)+> Eq for $ty<$w> {}

        #[cfg(feature = "alloc")]
        impl<'a, $w: $($bound)+> IntoIterator for &'a $ty<$w> {
            type Item = alloc::vec::Vec<u8>;
            type IntoIter = super::Iter<'a, $ty<$w>>;

            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }
    };
}
pub(super) use ranked_doors;

/// Gives a dictionary and its builder, which keeps its keys in the field `$keys`, what takes keys;
/// `$new` is a builder for the parameters of [`KeySetBuild`](super::KeySetBuild). With `in files`
/// the field is a [`Spool`](super::spool::Spool).
macro_rules! build_doors {
    (
        $ty:ident, $builder:ident, $keys:ident, |$block:pat_param, $alloc:ident| $new:expr, in files
    ) => {
        $crate::tries::keys::build_doors!(@ $ty, $builder, $keys, |$block, $alloc| $new, {
            #[cfg(feature = "std")]
            fn try_from_sorted_through<K: AsRef<[u8]>>(
                folder: &std::path::Path,
                mut keys: impl Iterator<Item = K>,
                $block: usize,
                $alloc: A,
            ) -> Result<Self, BuildError> {
                let builder: Result<$builder<A>, BuildError> = $new;
                let mut builder = builder?;
                builder.wait_in(folder)?;
                keys.try_for_each(|key| builder.push(key))?;
                builder.finish()
            }
        });

        #[cfg(feature = "std")]
        impl<A: Alloc + Clone> $builder<A> {
            /// From here on keys wait in a temporary file in `folder` rather than in memory. On
            /// Unix it has no name, so that nothing is left of it however the process ends.
            ///
            /// # Errors
            ///
            /// [`BuildError::Io`] if there can be no such file. Then, and if it fails later, the
            /// keys are as before.
            pub fn wait_in(
                &mut self,
                folder: impl AsRef<std::path::Path>,
            ) -> Result<(), BuildError> {
                self.$keys.wait_in(folder.as_ref())
            }
        }
    };
    (
        @ $ty:ident, $builder:ident, $keys:ident, |$block:pat_param, $alloc:ident| $new:expr,
        {$($more:tt)*}
    ) => {
        #[cfg(feature = "alloc")]
        impl $ty {
            /// The set of `keys`, which must ascend.
            ///
            /// # Errors
            ///
            /// [`BuildError::NotSorted`] or [`BuildError::DuplicateKey`] with the first key's
            /// position that is not greater than the one before; [`BuildError::OutOfRange`] if a
            /// key has more than 65,535 bytes; [`BuildError::TooMany`] of more than the dictionary
            /// can hold; [`BuildError::Alloc`].
            pub fn from_sorted<K: AsRef<[u8]>>(
                keys: impl IntoIterator<Item = K>,
            ) -> Result<Self, BuildError> {
                let mut builder = Self::builder();
                keys.into_iter().try_for_each(|key| builder.push(key))?;
                builder.finish()
            }
        }

        impl<A: Alloc + Clone> $builder<A> {
            /// Appends `key`, which must be greater than those before it.
            ///
            /// # Errors
            ///
            /// [`BuildError::NotSorted`] or [`BuildError::DuplicateKey`] with the key's position;
            /// [`BuildError::OutOfRange`] if it has more than 65,535 bytes;
            /// [`BuildError::TooMany`] of more than the dictionary can hold, where that is known
            /// before the end; [`BuildError::Alloc`], or `Io` if a file in which they wait fails.
            /// The keys are then as before.
            pub fn push(&mut self, key: impl AsRef<[u8]>) -> Result<(), BuildError> {
                self.$keys.push(key.as_ref())
            }

            /// How many keys there are.
            #[must_use]
            pub const fn len(&self) -> usize {
                self.$keys.len()
            }

            /// Whether there are none.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        impl<A: Alloc + Clone> KeySetBuild<A> for $ty<HeapWords<A>> {
            fn try_from_sorted_in<K: AsRef<[u8]>>(
                mut keys: impl Iterator<Item = K>,
                $block: usize,
                $alloc: A,
            ) -> Result<Self, BuildError> {
                let builder: Result<$builder<A>, BuildError> = $new;
                let mut builder = builder?;
                keys.try_for_each(|key| builder.push(key))?;
                builder.finish()
            }

            $($more)*
        }
    };
}
pub(super) use build_doors;
