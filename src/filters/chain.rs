//! [`Chain`]: filters one after the other, each for more keys than the one before; and the doors of
//! the filters that are one.

use super::{BATCH, Filter, rate};
use crate::error::{FileError, Tag};
use crate::mem::Parts;
use crate::storage::require;

/// Up to `MOST` parts, of which the newest takes keys and all are asked; and what they were made
/// for.
#[derive(Clone)]
pub(super) struct Chain<F, const MOST: usize> {
    /// Those up to `newest` exist.
    parts: [Option<F>; MOST],
    newest: usize,
    /// The rate of all parts there can be together.
    pub(super) fpr: f64,
    pub(super) seed: u64,
    /// The different keys that the first part was made for.
    pub(super) capacity: u64,
}

impl<F, const MOST: usize> Chain<F, MOST> {
    /// The first `count` parts, as `part` makes them: one at least, and `MOST` at most.
    pub(super) fn new<E>(
        fpr: f64,
        seed: u64,
        capacity: u64,
        count: usize,
        mut part: impl FnMut(usize) -> Result<F, E>,
    ) -> Result<Self, E> {
        let mut parts = [const { None }; MOST];
        for (i, place) in parts.iter_mut().enumerate().take(count) {
            *place = Some(part(i)?);
        }
        Ok(Self { parts, newest: count - 1, fpr, seed, capacity })
    }

    /// What a file says of the number of parts and of their rate, if there can be such.
    pub(super) fn stated(section: Tag, count: u64, fpr: u64) -> Result<(usize, f64), FileError> {
        let fits = (1..=MOST as u64).contains(&count);
        require(fits, section, "at least one part, and no more than there can be")?;
        let fpr = f64::from_bits(fpr);
        require(rate::check(0, fpr).is_ok(), section, "a rate from 2^-32 to 1/2")?;
        Ok((count as usize, fpr))
    }

    /// How many parts there are.
    pub(super) const fn len(&self) -> usize {
        self.newest + 1
    }

    /// The number of the newest part, from 0.
    pub(super) const fn newest_index(&self) -> usize {
        self.newest
    }

    /// All parts, from the oldest on.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &F> {
        self.parts.iter().flatten()
    }

    /// The part that takes keys: there is one.
    #[inline]
    pub(super) fn newest(&self) -> Option<&F> {
        self.parts[self.newest].as_ref()
    }

    /// The parts that take no more keys, and the one that does.
    #[inline]
    pub(super) fn split_newest(
        &mut self,
    ) -> (impl DoubleEndedIterator<Item = &F> + Clone, Option<&mut F>) {
        let (older, newest) = self.parts[..=self.newest].split_at_mut(self.newest);
        (older.iter().flatten(), newest.first_mut().and_then(Option::as_mut))
    }

    /// The part that takes keys.
    #[inline]
    pub(super) fn newest_mut(&mut self) -> Option<&mut F> {
        self.parts[self.newest].as_mut()
    }

    /// Appends a part, if there is a place for it.
    pub(super) fn push(&mut self, part: F) {
        if let Some(place) = self.parts.get_mut(self.newest + 1) {
            *place = Some(part);
            self.newest += 1;
        }
    }

    /// Removes all parts but the first, which is told to `clear`.
    pub(super) fn clear(&mut self, clear: impl FnMut(&mut F)) {
        self.parts[1..].fill_with(|| None);
        self.parts.iter_mut().flatten().for_each(clear);
        self.newest = 0;
    }
}

impl<F: Filter, const MOST: usize> Chain<F, MOST> {
    /// Whether a part may have the key of this hash. The newest, which has most keys, is asked
    /// first.
    #[inline]
    pub(super) fn contains_hash(&self, hash: u64) -> bool {
        self.parts[..=self.newest].iter().rev().flatten().any(|part| part.contains_hash(hash))
    }

    /// The same of many hashes, as [`Filter::contains_many_hash`].
    pub(super) fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        // What is behind the last hash's is left as it is.
        let len = hashes.len().min(found.len());
        for (hashes, found) in hashes.chunks(BATCH).zip(found[..len].chunks_mut(BATCH)) {
            found.fill(false);
            for part in self.iter().rev() {
                let mut here = [false; BATCH];
                part.contains_many_hash(hashes, &mut here);
                found.iter_mut().zip(here).for_each(|(found, here)| *found |= here);
            }
        }
    }

    /// Tells of all parts' blocks.
    pub(super) fn tell(&self, out: &mut dyn Parts) {
        self.iter().for_each(|part| part.parts(out));
    }
}

impl<F: PartialEq<G>, G, const MOST: usize> PartialEq<Chain<G, MOST>> for Chain<F, MOST> {
    /// Whether both were made alike and have equal parts.
    fn eq(&self, other: &Chain<G, MOST>) -> bool {
        (self.newest, self.seed, self.capacity) == (other.newest, other.seed, other.capacity)
            && self.fpr.to_bits() == other.fpr.to_bits()
            && self.iter().zip(other.iter()).all(|(a, b)| a == b)
    }
}

/// Gives a filter with the field `chain` the inherent methods and the traits that all such filters
/// have, over its `with_fpr_in` and `try_insert_hash`, which fails with an `$error`.
macro_rules! chain_doors {
    ($ty:ident, $error:ident) => {
        $crate::filters::doors::keyed_doors!($ty, "O(parts)");

        impl<W: $crate::storage::Words> $ty<W> {
            /// How many parts there are.
            #[must_use]
            pub const fn parts(&self) -> usize {
                self.chain.len()
            }

            /// The number of different keys that its first part was made for.
            #[must_use]
            pub const fn capacity(&self) -> u64 {
                self.chain.capacity
            }

            /// The seed with which keys are hashed.
            #[must_use]
            pub const fn seed(&self) -> u64 {
                self.chain.seed
            }

            /// The false-positive rate that is kept at every size.
            #[must_use]
            pub const fn fpr(&self) -> f64 {
                self.chain.fpr
            }

            /// Whether the key of this 64-bit hash may be in the set; `false` is certain. For
            /// callers that hash themselves.
            #[must_use]
            #[inline]
            pub fn contains_hash(&self, hash: u64) -> bool {
                self.chain.contains_hash(hash)
            }

            /// For each of `hashes`, whether its key may be in the set: into `found`, position by
            /// position, as far as both go. Memory is asked for 32 keys ahead. Allocates nothing.
            pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
                self.chain.contains_many_hash(hashes, found);
            }
        }

        #[cfg(feature = "alloc")]
        impl $ty {
            /// An empty filter whose first part is for `capacity` different keys (at least 64), at
            /// a false-positive rate of at most `fpr` while it grows.
            ///
            /// # Errors
            ///
            /// [`BuildError::OutOfRange`] unless `2^-32 <= fpr <= 0.5`; [`BuildError::TooMany`]
            /// beyond 2^40 keys; [`BuildError::Alloc`] if memory cannot be had.
            ///
            /// [`BuildError::OutOfRange`]: crate::BuildError::OutOfRange
            /// [`BuildError::TooMany`]: crate::BuildError::TooMany
            /// [`BuildError::Alloc`]: crate::BuildError::Alloc
            pub fn with_fpr(capacity: usize, fpr: f64) -> Result<Self, $crate::BuildError> {
                let seed = $crate::filters::DEFAULT_SEED;
                Self::with_fpr_in(capacity, fpr, seed, $crate::mem::Global)
            }

            /// The filter of `keys`, at a false-positive rate of at most `fpr`. Its first part is
            /// for as many as their iterator says there are at least, up to 2^20.
            ///
            /// # Errors
            ///
            /// As for [`with_fpr`](Self::with_fpr) and
            /// [`try_insert_hash`](Self::try_insert_hash).
            pub fn from_keys<K: $crate::hashing::KeyHash>(
                keys: impl IntoIterator<Item = K>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let seed = $crate::filters::DEFAULT_SEED;
                Self::from_hashes(keys.into_iter().map(|key| key.key_hash(seed)), fpr)
            }

            /// As [`from_keys`](Self::from_keys), the keys of these 64-bit hashes.
            ///
            /// # Errors
            ///
            /// As for [`from_keys`](Self::from_keys).
            pub fn from_hashes(
                hashes: impl IntoIterator<Item = u64>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let hashes = hashes.into_iter();
                // A hint that lies shall not ask for more than many keys would.
                let mut filter = Self::with_fpr(hashes.size_hint().0.min(1 << 20), fpr)?;
                for hash in hashes {
                    filter.try_insert_hash(hash)?;
                }
                Ok(filter)
            }
        }

        impl<A: $crate::mem::Alloc + Clone> $ty<$crate::storage::HeapWords<A>> {
            /// Adds `key`, unless a part knows it already; returns whether none did. O(parts)
            /// amortised.
            ///
            /// # Panics
            ///
            /// If it has to grow and cannot: see [`try_insert`](Self::try_insert).
            #[track_caller]
            pub fn insert<K: $crate::hashing::KeyHash + ?Sized>(&mut self, key: &K) -> bool {
                self.insert_hash(key.key_hash(self.seed()))
            }

            /// As [`insert`](Self::insert), the key of this 64-bit hash.
            ///
            /// # Panics
            ///
            /// As for [`insert`](Self::insert).
            #[track_caller]
            pub fn insert_hash(&mut self, hash: u64) -> bool {
                $crate::mem::granted(self.try_insert_hash(hash))
            }

            /// As [`insert`](Self::insert).
            ///
            /// # Errors
            ///
            /// As for [`try_insert_hash`](Self::try_insert_hash).
            pub fn try_insert<K: $crate::hashing::KeyHash + ?Sized>(
                &mut self,
                key: &K,
            ) -> Result<bool, $crate::$error> {
                self.try_insert_hash(key.key_hash(self.seed()))
            }
        }

        impl<W: $crate::storage::Words> $crate::mem::Footprint for $ty<W> {
            fn parts(&self, out: &mut dyn $crate::mem::Parts) {
                self.chain.tell(out);
            }
        }

        impl<A: $crate::mem::Alloc + Clone> $crate::filters::FilterMut<A>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn try_with_fpr_in(
                capacity: usize,
                fpr: f64,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                Self::with_fpr_in(capacity, fpr, $crate::filters::DEFAULT_SEED, alloc)
            }

            #[allow(clippy::needless_question_mark, reason = "the errors of one chain convert")]
            fn try_insert_hash(&mut self, hash: u64) -> Result<bool, $crate::BuildError> {
                Ok(self.try_insert_hash(hash)?)
            }
        }

        impl<K: $crate::hashing::KeyHash, A: $crate::mem::Alloc + Clone> Extend<K>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
                for key in keys {
                    self.insert(&key);
                }
            }
        }
    };
}
pub(super) use chain_doors;
