//! What filters have in common: their doors.

/// Gives a filter the doors for keys, and the trait of all filters, over its methods `seed`,
/// `contains_hash` and `contains_many_hash`; `$time` says what asking costs.
macro_rules! keyed_doors {
    ($ty:ident, $time:literal) => {
        impl<W: $crate::storage::Words> $ty<W> {
            /// Whether `key` may be in the set; `false` is certain.
            #[doc = concat!($time, ", allocates nothing.")]
            #[must_use]
            #[inline]
            pub fn contains<K: $crate::hashing::KeyHash + ?Sized>(&self, key: &K) -> bool {
                self.contains_hash(key.key_hash(self.seed()))
            }

            /// For each of `keys`, whether it may be in the set: into `found`, position by
            /// position, as far as both go. See
            /// [`contains_many_hash`](Self::contains_many_hash).
            pub fn contains_many<K: $crate::hashing::KeyHash>(
                &self,
                keys: &[K],
                found: &mut [bool],
            ) {
                $crate::filters::contains_many(self, keys, found);
            }
        }

        impl<W: $crate::storage::Words> $crate::filters::Filter for $ty<W> {
            #[inline]
            fn contains_hash(&self, hash: u64) -> bool {
                self.contains_hash(hash)
            }

            #[inline]
            fn seed(&self) -> u64 {
                self.seed()
            }

            fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
                self.contains_many_hash(hashes, found);
            }
        }
    };
}
pub(super) use keyed_doors;

/// Gives a filter that is made for a number of keys and takes them one by one the inherent methods
/// and the traits that all such filters have. It has the fields `capacity` and `seed`, and the
/// methods `with_fpr_in`, `insert_hash`, `insert_many_hash`, `contains_hash` and
/// `contains_many_hash`; `$time` says what asking and inserting cost.
macro_rules! sized_doors {
    ($ty:ident, $time:literal) => {
        $crate::filters::doors::keyed_doors!($ty, $time);

        impl<W: $crate::storage::Words> $ty<W> {
            /// The number of different keys it was made for.
            #[must_use]
            pub const fn capacity(&self) -> u64 {
                self.capacity
            }

            /// The seed with which keys are hashed.
            #[must_use]
            pub const fn seed(&self) -> u64 {
                self.seed
            }
        }

        #[cfg(feature = "alloc")]
        impl $ty {
            /// An empty filter for `capacity` different keys at a false-positive rate of at most
            /// `fpr`.
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

            /// The filter of `keys`, whose number is known, at a false-positive rate of at most
            /// `fpr`. Keys that occur twice take room twice and do no harm.
            ///
            /// # Errors
            ///
            /// As for [`with_fpr`](Self::with_fpr).
            pub fn from_keys<K: $crate::hashing::KeyHash>(
                keys: impl IntoIterator<Item = K, IntoIter: ExactSizeIterator>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let seed = $crate::filters::DEFAULT_SEED;
                Self::from_hashes(keys.into_iter().map(|key| key.key_hash(seed)), fpr)
            }

            /// The filter of the keys of these 64-bit hashes, whose number is known.
            ///
            /// # Errors
            ///
            /// As for [`with_fpr`](Self::with_fpr).
            pub fn from_hashes(
                hashes: impl IntoIterator<Item = u64, IntoIter: ExactSizeIterator>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let hashes = hashes.into_iter();
                let mut filter = Self::with_fpr(hashes.len(), fpr)?;
                $crate::filters::in_batches(hashes, |hashes| filter.insert_many_hash(hashes));
                Ok(filter)
            }
        }

        impl<A: $crate::mem::Alloc> $ty<$crate::storage::HeapWords<A>> {
            /// Adds `key`; returns whether the filter changed: `false` means that it, or enough
            /// others, had been added before.
            #[doc = concat!($time, ", allocates nothing.")]
            #[inline]
            pub fn insert<K: $crate::hashing::KeyHash + ?Sized>(&mut self, key: &K) -> bool {
                self.insert_hash(key.key_hash(self.seed))
            }
        }

        impl<A: $crate::mem::Alloc> $crate::filters::FilterMut<A>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn try_with_fpr_in(
                capacity: usize,
                fpr: f64,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                Self::with_fpr_in(capacity, fpr, $crate::filters::DEFAULT_SEED, alloc)
            }

            fn try_insert_hash(&mut self, hash: u64) -> Result<bool, $crate::BuildError> {
                Ok(self.insert_hash(hash))
            }
        }

        impl<K: $crate::hashing::KeyHash, A: $crate::mem::Alloc> Extend<K>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
                let seed = self.seed;
                let hashes = keys.into_iter().map(|key| key.key_hash(seed));
                $crate::filters::in_batches(hashes, |hashes| self.insert_many_hash(hashes));
            }
        }
    };
}
pub(super) use sized_doors;

/// Gives a filter that is built at once the inherent methods and the traits that all such filters
/// have. It has the fields `len` and `seed`, and the methods `build`, `fpr`, `contains_hash` and
/// `contains_many_hash`; `$tries` says what has failed if it cannot be built.
macro_rules! at_once_doors {
    ($ty:ident, $tries:literal) => {
        $crate::filters::doors::keyed_doors!($ty, "O(1)");

        impl<W: $crate::storage::Words> $ty<W> {
            /// Keys that it was built from; equal ones count each time.
            #[must_use]
            pub const fn len(&self) -> u64 {
                self.len
            }

            /// Whether it was built from no keys.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// The seed with which keys are hashed.
            #[must_use]
            pub const fn seed(&self) -> u64 {
                self.seed
            }
        }

        #[cfg(feature = "alloc")]
        impl $ty {
            /// The set of `keys`, at a false-positive rate of at most `fpr`.
            ///
            /// # Errors
            ///
            /// [`BuildError::OutOfRange`] unless `2^-32 <= fpr <= 0.5`;
            #[doc = concat!("[`BuildError::Unsolvable`] if ", $tries, " failed,")]
            /// which has not been seen; [`BuildError::Alloc`] if memory cannot be had.
            ///
            /// [`BuildError::OutOfRange`]: crate::BuildError::OutOfRange
            /// [`BuildError::Unsolvable`]: crate::BuildError::Unsolvable
            /// [`BuildError::Alloc`]: crate::BuildError::Alloc
            pub fn from_keys<K: $crate::hashing::KeyHash>(
                keys: impl IntoIterator<Item = K>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let seed = $crate::filters::DEFAULT_SEED;
                Self::from_hashes(keys.into_iter().map(|key| key.key_hash(seed)), fpr)
            }

            /// The set of the keys of these 64-bit hashes.
            ///
            /// # Errors
            ///
            /// As for [`from_keys`](Self::from_keys).
            pub fn from_hashes(
                hashes: impl IntoIterator<Item = u64>,
                fpr: f64,
            ) -> Result<Self, $crate::BuildError> {
                let how = $crate::filters::Building::default();
                Self::from_hashes_in(hashes, fpr, how, $crate::mem::Global)
            }

            /// The set of the hashes that `again` tells every time it is called, in as little
            /// memory as `how` allows: `|| keys.iter().map(|key| key.key_hash(how.seed))`.
            ///
            /// # Errors
            ///
            /// As for [`from_keys`](Self::from_keys);
            /// [`BuildError::OutOfRange`](crate::BuildError::OutOfRange) if the memory allowed is
            /// less than the least that would do, and
            /// [`BuildError::Unsteady`](crate::BuildError::Unsteady) if the hashes differ from one
            /// time to the other.
            pub fn from_source<I: Iterator<Item = u64>>(
                again: impl Fn() -> I,
                fpr: f64,
                how: $crate::filters::Building,
            ) -> Result<Self, $crate::BuildError> {
                Self::from_source_in(again, fpr, how, $crate::mem::Global)
            }
        }

        impl<A: $crate::mem::Alloc + Clone> $ty<$crate::storage::HeapWords<A>> {
            /// The set of the keys of these 64-bit hashes, in `alloc`. The hashes are kept
            /// meanwhile, in 8 bytes each.
            ///
            /// # Errors
            ///
            #[doc = concat!("As for [`from_source`](", stringify!($ty), "::from_source).")]
            pub fn from_hashes_in(
                hashes: impl IntoIterator<Item = u64>,
                fpr: f64,
                how: $crate::filters::Building,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                $crate::filters::rate::check(0, fpr)?;
                let hashes = hashes.into_iter();
                let kept = $crate::filters::gather::Kept::new(hashes, how.seed, alloc.clone())?;
                let len = kept.len();
                Self::build(kept, len, fpr, how, alloc)
            }

            /// The set of the hashes that `again` tells every time it is called, in `alloc`. See
            #[doc = concat!("[`from_source`](", stringify!($ty), "::from_source).")]
            ///
            /// # Errors
            ///
            #[doc = concat!("As for [`from_source`](", stringify!($ty), "::from_source).")]
            pub fn from_source_in<I: Iterator<Item = u64>>(
                again: impl Fn() -> I,
                fpr: f64,
                how: $crate::filters::Building,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                $crate::filters::rate::check(0, fpr)?;
                let again = || again().map(|hash| $crate::filters::gather::mixed(hash, how.seed));
                let len = $crate::shards::count(again());
                let told = $crate::shards::Told::new(again, alloc.clone());
                Self::build(told, len, fpr, how, alloc)
            }
        }

        impl<A: $crate::mem::Alloc + Clone> $crate::filters::FilterBuild<A>
            for $ty<$crate::storage::HeapWords<A>>
        {
            fn try_from_hashes_in(
                hashes: impl IntoIterator<Item = u64>,
                fpr: f64,
                how: $crate::filters::Building,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                Self::from_hashes_in(hashes, fpr, how, alloc)
            }

            fn try_from_source_in<I: Iterator<Item = u64>>(
                again: impl Fn() -> I,
                fpr: f64,
                how: $crate::filters::Building,
                alloc: A,
            ) -> Result<Self, $crate::BuildError> {
                Self::from_source_in(again, fpr, how, alloc)
            }

            fn len(&self) -> u64 {
                self.len
            }

            fn fpr(&self) -> f64 {
                self.fpr()
            }
        }
    };
}
pub(super) use at_once_doors;
