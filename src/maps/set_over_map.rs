//! What a set is as a view of a map, whichever that is.

/// Gives `$set`, which holds a `$map` without values, what both have: making, room, look-ups, the
/// operators of sets, and traits.
///
/// `$grows` is what the map asks of an allocator to take keys; the lists add a policy, if there is
/// one, to parameters and to arguments.
macro_rules! set_over_map {
    (
        $set:ident, $map:ident, [$($grows:tt)*], [$($policy:tt)*], [$($p:tt)*],
        $iter:ty, $into:ty
    ) => {
        #[cfg(feature = "alloc")]
        impl<K> $set<K> {
            /// An empty set; requests no memory.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            /// An empty set with room for `capacity` keys.
            #[must_use]
            #[track_caller]
            pub fn with_capacity(capacity: usize) -> Self {
                Self { map: $map::with_capacity(capacity) }
            }
        }

        #[cfg(feature = "alloc")]
        impl<K, S> $set<K, S> {
            /// An empty set that hashes with `hash_builder`; requests no memory.
            #[must_use]
            pub const fn with_hasher(hash_builder: S) -> Self {
                Self { map: $map::with_hasher(hash_builder) }
            }

            /// An empty set that hashes with `hash_builder`, with room for `capacity` keys.
            #[must_use]
            #[track_caller]
            pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
                Self { map: $map::with_capacity_and_hasher(capacity, hash_builder) }
            }
        }

        impl<K, S, A: Alloc $($policy)*> $set<K, S, A $($p)*> {
            /// An empty set that hashes with `hash_builder` and has its memory from `alloc`;
            /// requests none.
            #[must_use]
            pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
                Self { map: $map::with_hasher_in(hash_builder, alloc) }
            }

            /// What hashes the keys.
            #[must_use]
            pub const fn hasher(&self) -> &S {
                self.map.hasher()
            }

            /// Where the memory comes from.
            #[must_use]
            pub const fn allocator(&self) -> &A {
                self.map.allocator()
            }

            /// Removes all keys; keeps the room.
            pub fn clear(&mut self) {
                self.map.clear();
            }
        }

        impl<K: Eq + Hash, S: BuildHasher, A: Alloc $($policy)*> $set<K, S, A $($p)*> {
            /// Whether `key` is there. O(1) expected, allocates nothing.
            #[inline]
            pub fn contains<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> bool
            where
                K: Borrow<Q>,
            {
                self.map.contains_key(key)
            }

            /// The stored key that equals `key`. O(1) expected, allocates nothing.
            #[inline]
            pub fn get<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Option<&K>
            where
                K: Borrow<Q>,
            {
                self.map.get_key_value(key).map(|(key, ())| key)
            }

            /// Whether the invariants of the table hold, and every key is found. For tests; O(n).
            #[doc(hidden)]
            #[cfg(any(all(test, feature = "std"), feature = "testkit"))]
            pub fn check(&self) -> bool {
                self.map.check()
            }
        }

        impl<K: Eq + Hash, S: BuildHasher, A: $($grows)* $($policy)*> $set<K, S, A $($p)*> {
            /// Makes room for `additional` more keys.
            ///
            /// # Panics
            ///
            /// If memory cannot be had; [`try_reserve`](Self::try_reserve) returns the error
            /// instead.
            #[track_caller]
            pub fn reserve(&mut self, additional: usize) {
                self.map.reserve(additional);
            }

            /// Makes room for `additional` more keys.
            ///
            /// # Errors
            ///
            /// [`AllocError`]; no key is lost then.
            pub fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
                self.map.try_reserve(additional)
            }

            /// Gives back the room that the keys do not need. O(n).
            ///
            /// # Panics
            ///
            /// If memory for the smaller blocks cannot be had;
            /// [`try_shrink_to_fit`](Self::try_shrink_to_fit) returns the error instead.
            #[track_caller]
            pub fn shrink_to_fit(&mut self) {
                self.map.shrink_to_fit();
            }

            /// Gives back the room that the keys do not need. O(n).
            ///
            /// # Errors
            ///
            /// [`AllocError`]; no key is lost then.
            pub fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
                self.map.try_shrink_to_fit()
            }

            /// Gives back the room beyond `min_capacity` that the keys do not need. O(n).
            ///
            /// # Panics
            ///
            /// If memory for the smaller blocks cannot be had;
            /// [`try_shrink_to`](Self::try_shrink_to) returns the error instead.
            #[track_caller]
            pub fn shrink_to(&mut self, min_capacity: usize) {
                self.map.shrink_to(min_capacity);
            }

            /// Gives back the room beyond `min_capacity` that the keys do not need. O(n).
            ///
            /// # Errors
            ///
            /// [`AllocError`]; no key is lost then.
            pub fn try_shrink_to(&mut self, min_capacity: usize) -> Result<(), AllocError> {
                self.map.try_shrink_to(min_capacity)
            }
        }

        $crate::maps::set_over_map::set_operators! {
            $set<K, S, A $($p)*> where [
                K: Eq + Hash + Clone,
                S: BuildHasher + Default,
                A: $($grows)* + Default $($policy)*
            ], cloned
        }

        impl<K, S: Default, A: Alloc + Default $($policy)*> Default for $set<K, S, A $($p)*> {
            fn default() -> Self {
                Self { map: $map::default() }
            }
        }

        impl<K: Clone, S: Clone, A: Alloc + Clone $($policy)*> Clone for $set<K, S, A $($p)*> {
            fn clone(&self) -> Self {
                Self { map: self.map.clone() }
            }
        }

        impl<K: Eq + Hash, S: BuildHasher, A: Alloc $($policy)*> Eq for $set<K, S, A $($p)*> {}

        impl<K: fmt::Debug, S, A: Alloc $($policy)*> fmt::Debug for $set<K, S, A $($p)*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }

        impl<K, S, A: $($grows)* $($policy)*> Extend<K> for $set<K, S, A $($p)*>
        where
            K: Eq + Hash,
            S: BuildHasher,
        {
            fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
                self.map.extend(keys.into_iter().map(|key| (key, ())));
            }
        }

        impl<'a, K, S, A: $($grows)* $($policy)*> Extend<&'a K> for $set<K, S, A $($p)*>
        where
            K: Eq + Hash + Copy,
            S: BuildHasher,
        {
            fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
                self.extend(keys.into_iter().copied());
            }
        }

        impl<K, S, A: $($grows)* + Default $($policy)*> FromIterator<K> for $set<K, S, A $($p)*>
        where
            K: Eq + Hash,
            S: BuildHasher + Default,
        {
            fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
                let mut set = Self::default();
                set.extend(keys);
                set
            }
        }

        #[cfg(feature = "alloc")]
        impl<K: Eq + Hash, const N: usize> From<[K; N]> for $set<K> {
            fn from(keys: [K; N]) -> Self {
                keys.into_iter().collect()
            }
        }

        impl<K, S, A: Alloc $($policy)*> IntoIterator for $set<K, S, A $($p)*> {
            type Item = K;
            type IntoIter = $into;

            fn into_iter(self) -> $into {
                self.map.into_keys()
            }
        }

        impl<'s, K, S, A: Alloc $($policy)*> IntoIterator for &'s $set<K, S, A $($p)*> {
            type Item = &'s K;
            type IntoIter = $iter;

            fn into_iter(self) -> $iter {
                self.iter()
            }
        }

        impl<K: Footprint, S, A: Alloc $($policy)*> Footprint for $set<K, S, A $($p)*> {
            fn parts(&self, out: &mut dyn Parts) {
                self.map.parts(out);
            }
        }

        #[cfg(feature = "serde")]
        impl<K: serde::Serialize, S, A: Alloc $($policy)*> serde::Serialize
            for $set<K, S, A $($p)*>
        {
            fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                serializer.collect_seq(self)
            }
        }
    };
}
pub(super) use set_over_map;

/// The operators of sets, each by the method of set algebra: `|`, `&`, `^` and `-`. `$copy` makes
/// keys of what that lends, if it does not give them away.
macro_rules! set_operators {
    ($set:ty where [$($generics:tt)*] $(, $copy:ident)?) => {
        $crate::maps::set_over_map::set_operators! {
            @each $set, ($($copy)?), [$($generics)*],
            BitOr bitor union: "The keys of both sets.";
            BitAnd bitand intersection: "The keys that are in both sets.";
            BitXor bitxor symmetric_difference: "The keys that are in one of the sets only.";
            Sub sub difference: "The keys of this set that are not in the other.";
        }
    };
    (
        @each $set:ty, $copy:tt, $generics:tt,
        $($operator:ident $method:ident $algebra:ident: $doc:literal;)*
    ) => {$(
        $crate::maps::set_over_map::set_operators! {
            @one $set, $copy, $generics, $operator $method $algebra: $doc
        }
    )*};
    (
        @one $set:ty, ($($copy:ident)?), [$($generics:tt)*],
        $operator:ident $method:ident $algebra:ident: $doc:literal
    ) => {
        impl<$($generics)*> core::ops::$operator<&$set> for &$set {
            type Output = $set;

            #[doc = $doc]
            fn $method(self, other: &$set) -> $set {
                self.$algebra(other)$(.$copy())?.collect()
            }
        }
    };
}
pub(super) use set_operators;
