//! Searching ascending keys: how many of two cache lines are smaller, down a tree of such nodes,
//! one query or many side by side.
//!
//! Invariants:
//!
//! 1. A function with `avx2` in its name is called only where [`avx2`](super::avx2) says yes, or
//!    the build targets it; one with `avx512` likewise.
//! 2. A node of keys is valid for reads of 128 bytes.

/// Queries that are answered side by side.
pub(crate) const LANES: usize = 16;
/// The same down a tree of nodes, where there are as many: a line from beyond the second cache
/// takes as long as 64 queries take one level further (four fifths of 16's time over a million
/// keys: bench `search` of the peers with either number).
const MANY_LANES: usize = 64;

/// A node of keys, where the cache has two lines: both are there after the time of one, and the
/// tree has fewer levels than one of single lines and half of its bytes.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(128))]
pub struct Node<K>(pub(crate) K);

/// Bytes of a cache line.
const LINE: usize = 64;

/// Keys of a size for which there are nodes. Public in name only, as a bound of a public trait.
pub trait Key: Copy + Ord + Send + Sync + 'static {
    /// The keys of a node.
    type Keys: Copy + AsRef<[Self]> + AsMut<[Self]> + Send + Sync + 'static;
    /// Keys of a node.
    const PER: usize;
    /// A node of the largest keys.
    const FULL: Node<Self::Keys>;

    /// The first keys of `keys`, if they fill a node.
    fn node_of(keys: &[Self]) -> Option<&Self::Keys>;

    /// How many of `keys`, which ascend, are smaller than `x`.
    fn count(keys: &Self::Keys, x: Self) -> usize;

    /// As `count`.
    ///
    /// # Safety
    ///
    /// The processor has AVX2.
    #[cfg(x86_vectors)]
    unsafe fn count_avx2(keys: &Self::Keys, x: Self) -> usize;

    /// As `count`.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[cfg(has_avx512)]
    unsafe fn count_avx512(keys: &Self::Keys, x: Self) -> usize;
}

/// Counts without a branch; compilers make vectors of it where they can.
#[inline(always)]
#[allow(dead_code)] // where the build targets AVX2, in tests alone
fn count_plain<K: Ord + Copy, const N: usize>(keys: &[K; N], x: K) -> usize {
    keys.iter().map(|key| usize::from(*key < x)).sum()
}

macro_rules! key {
    ($ty:ty, $per:literal, $count_avx2:ident, $count_avx512:ident) => {
        impl Key for $ty {
            type Keys = [$ty; $per];
            const PER: usize = $per;
            const FULL: Node<[$ty; $per]> = Node([<$ty>::MAX; $per]);

            #[inline(always)]
            fn node_of(keys: &[Self]) -> Option<&[$ty; $per]> {
                keys.first_chunk()
            }

            #[inline(always)]
            fn count(keys: &[$ty; $per], x: Self) -> usize {
                #[cfg(all(x86_vectors, target_feature = "avx2"))]
                {
                    // SAFETY: the build targets AVX2 (invariant 1).
                    unsafe { $count_avx2(keys, x) }
                }
                #[cfg(not(all(x86_vectors, target_feature = "avx2")))]
                {
                    count_plain(keys, x)
                }
            }

            #[cfg(x86_vectors)]
            #[inline]
            #[target_feature(enable = "avx2")]
            unsafe fn count_avx2(keys: &[$ty; $per], x: Self) -> usize {
                // SAFETY: the caller's promise.
                unsafe { $count_avx2(keys, x) }
            }

            #[cfg(has_avx512)]
            #[inline]
            #[target_feature(enable = "avx512f")]
            unsafe fn count_avx512(keys: &[$ty; $per], x: Self) -> usize {
                // SAFETY: the caller's promise.
                unsafe { $count_avx512(keys, x) }
            }
        }
    };
}

key!(u64, 16, count16_avx2, count16_avx512);
key!(u32, 32, count32_avx2, count32_avx512);

/// How many of sixteen ascending keys are smaller than `x`: signed comparisons of what has its top
/// bit flipped. Those that are smaller stand first, so the first that is not tells how many: to
/// count ones takes a dozen steps where the build does not target `popcnt`.
#[cfg(x86_vectors)]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn count16_avx2(keys: &[u64; 16], x: u64) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m256i>();
    // SAFETY: the four loads lie in the node (invariant 2), and AVX2 is there (invariant 1).
    unsafe {
        let top = _mm256_set1_epi64x(i64::MIN);
        let x = _mm256_xor_si256(_mm256_set1_epi64x(x as i64), top);
        let less = [0, 1, 2, 3].map(|part: usize| {
            let keys = _mm256_xor_si256(_mm256_loadu_si256(at.add(part)), top);
            _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(x, keys))) as u32
        });
        first_zero(less[0] | less[1] << 4 | less[2] << 8 | less[3] << 12)
    }
}

/// How many of 32 ascending keys are smaller than `x`.
#[cfg(x86_vectors)]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn count32_avx2(keys: &[u32; 32], x: u32) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m256i>();
    // SAFETY: the four loads lie in the node (invariant 2), and AVX2 is there (invariant 1).
    unsafe {
        let top = _mm256_set1_epi32(i32::MIN);
        let x = _mm256_xor_si256(_mm256_set1_epi32(x as i32), top);
        let less = [0, 1, 2, 3].map(|part: usize| {
            let keys = _mm256_xor_si256(_mm256_loadu_si256(at.add(part)), top);
            _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(x, keys))) as u32
        });
        first_zero(less[0] | less[1] << 8 | less[2] << 16 | less[3] << 24)
    }
}

/// The first place of a word that has no one, or 32.
#[cfg(x86_vectors)]
#[inline(always)]
const fn first_zero(word: u32) -> usize {
    (!word).trailing_zeros() as usize
}

/// As [`count16_avx2`]: a comparison of each line.
#[cfg(has_avx512)]
#[allow(clippy::incompatible_msrv)] // compiled by compilers that know it
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn count16_avx512(keys: &[u64; 16], x: u64) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m512i>();
    // SAFETY: both loads lie in the node (invariant 2), and AVX-512 is there (invariant 1).
    unsafe {
        let x = _mm512_set1_epi64(x as i64);
        let low = _mm512_cmplt_epu64_mask(_mm512_loadu_si512(at), x);
        let high = _mm512_cmplt_epu64_mask(_mm512_loadu_si512(at.add(1)), x);
        first_zero(u32::from(low) | u32::from(high) << 8)
    }
}

/// As [`count32_avx2`].
#[cfg(has_avx512)]
#[allow(clippy::incompatible_msrv)] // compiled by compilers that know it
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn count32_avx512(keys: &[u32; 32], x: u32) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m512i>();
    // SAFETY: both loads lie in the node (invariant 2), and AVX-512 is there (invariant 1).
    unsafe {
        let x = _mm512_set1_epi32(x as i32);
        let low = _mm512_cmplt_epu32_mask(_mm512_loadu_si512(at), x);
        let high = _mm512_cmplt_epu32_mask(_mm512_loadu_si512(at.add(1)), x);
        first_zero(u32::from(low) | u32::from(high) << 16)
    }
}

/// Levels of nodes above ascending items. A node of `PER` keys has `PER + 1` children: key `i` is
/// the largest item below child `i`.
#[derive(Clone, Copy)]
pub(crate) struct Levels<'t, K: Key> {
    pub(crate) items: &'t [K],
    /// Items that leaf 0 lacks: see [`lacking`].
    pub(crate) lacks: usize,
    pub(crate) nodes: &'t [Node<K::Keys>],
    /// Where each level starts in `nodes`, from the top down.
    pub(crate) starts: &'t [usize],
}

/// Items that would lie before `items` in their first cache line. Leaf 0 has so many fewer than
/// others, so that each leaf is two lines and not three, wherever the items start.
pub(crate) fn lacking<K: Key>(items: &[K]) -> usize {
    items.as_ptr().addr() % LINE / size_of::<K>()
}

impl<K: Key> Levels<'_, K> {
    /// The first item of leaf `leaf`.
    #[inline(always)]
    fn first(&self, leaf: usize) -> usize {
        (leaf * K::PER).saturating_sub(self.lacks)
    }
}

/// The first position of `items` whose item is not smaller than `x`. A search reads a node at every
/// level, so that asking for the processor's vectors once each is worth it.
#[inline]
pub(crate) fn lower_bound<K: Key>(levels: Levels<'_, K>, x: K) -> usize {
    #[cfg(has_avx512)]
    if super::avx512() {
        // SAFETY: it is there (invariant 1).
        return unsafe { lower_bound_avx512(levels, x) };
    }
    #[cfg(x86_vectors)]
    if super::avx2() {
        // SAFETY: it is there (invariant 1).
        return unsafe { lower_bound_avx2(levels, x) };
    }
    lower_bound_by(levels, x, K::count)
}

#[cfg(has_avx512)]
#[target_feature(enable = "avx512f")]
unsafe fn lower_bound_avx512<K: Key>(levels: Levels<'_, K>, x: K) -> usize {
    // SAFETY: the caller's promise.
    lower_bound_by(levels, x, |keys, x| unsafe { K::count_avx512(keys, x) })
}

#[cfg(x86_vectors)]
#[target_feature(enable = "avx2")]
unsafe fn lower_bound_avx2<K: Key>(levels: Levels<'_, K>, x: K) -> usize {
    // SAFETY: the caller's promise.
    lower_bound_by(levels, x, |keys, x| unsafe { K::count_avx2(keys, x) })
}

#[inline(always)]
fn lower_bound_by<K: Key>(
    levels: Levels<'_, K>,
    x: K,
    count: impl Fn(&K::Keys, K) -> usize + Copy,
) -> usize {
    let mut node = 0;
    for start in levels.starts {
        node = node * (K::PER + 1) + count(&levels.nodes[start + node].0, x);
    }
    in_leaf(levels, node, x, count)
}

/// The answer within the items of leaf `leaf`. Items behind leaf 0 are not smaller than `x`, if
/// that is the leaf: as many are counted there as elsewhere.
#[inline(always)]
fn in_leaf<K: Key>(
    levels: Levels<'_, K>,
    leaf: usize,
    x: K,
    count: impl Fn(&K::Keys, K) -> usize,
) -> usize {
    let first = levels.first(leaf);
    let rest = levels.items.get(first..).unwrap_or(&[]);
    first
        + match K::node_of(rest) {
            Some(keys) => count(keys, x),
            None => rest.iter().filter(|key| **key < x).count(),
        }
}

/// `lower_bound` of each of `queries`, into the same places of `out`.
pub(crate) fn lower_bounds<K: Key>(levels: Levels<'_, K>, queries: &[K], out: &mut [usize]) {
    #[cfg(has_avx512)]
    if super::avx512() {
        // SAFETY: it is there (invariant 1).
        unsafe { lower_bounds_avx512(levels, queries, out) };
        return;
    }
    #[cfg(x86_vectors)]
    if super::avx2() {
        // SAFETY: it is there (invariant 1).
        unsafe { lower_bounds_avx2(levels, queries, out) };
        return;
    }
    lower_bounds_by(levels, queries, out, K::count);
}

#[cfg(has_avx512)]
#[target_feature(enable = "avx512f")]
unsafe fn lower_bounds_avx512<K: Key>(levels: Levels<'_, K>, queries: &[K], out: &mut [usize]) {
    // SAFETY: the caller's promise.
    lower_bounds_by(levels, queries, out, |keys, x| unsafe { K::count_avx512(keys, x) });
}

#[cfg(x86_vectors)]
#[target_feature(enable = "avx2")]
unsafe fn lower_bounds_avx2<K: Key>(levels: Levels<'_, K>, queries: &[K], out: &mut [usize]) {
    // SAFETY: the caller's promise.
    lower_bounds_by(levels, queries, out, |keys, x| unsafe { K::count_avx2(keys, x) });
}

#[inline(always)]
fn lower_bounds_by<K: Key>(
    levels: Levels<'_, K>,
    queries: &[K],
    out: &mut [usize],
    count: impl Fn(&K::Keys, K) -> usize + Copy,
) {
    let many = in_groups::<K, MANY_LANES>(levels, queries, out, count);
    let (queries, out) = (&queries[many..], &mut out[many..]);
    let some = in_groups::<K, LANES>(levels, queries, out, count);
    for (x, out) in queries[some..].iter().zip(&mut out[some..]) {
        *out = lower_bound_by(levels, *x, count);
    }
}

/// Answers queries `N` at a time; returns how many.
#[inline(always)]
fn in_groups<K: Key, const N: usize>(
    levels: Levels<'_, K>,
    queries: &[K],
    out: &mut [usize],
    count: impl Fn(&K::Keys, K) -> usize + Copy,
) -> usize {
    for (queries, out) in queries.chunks_exact(N).zip(out.chunks_exact_mut(N)) {
        if let (Some(queries), Some(out)) = (queries.first_chunk(), out.first_chunk_mut::<N>()) {
            side_by_side(levels, queries, out, count);
        }
    }
    queries.len() / N * N
}

/// Level by level, each node asked for before it is needed.
#[inline(always)]
fn side_by_side<K: Key, const N: usize>(
    levels: Levels<'_, K>,
    queries: &[K; N],
    at: &mut [usize; N],
    count: impl Fn(&K::Keys, K) -> usize + Copy,
) {
    *at = [0; N];
    for (depth, start) in levels.starts.iter().enumerate() {
        let below = levels.starts.get(depth + 1);
        for (at, x) in at.iter_mut().zip(queries) {
            *at = *at * (K::PER + 1) + count(&levels.nodes[start + *at].0, *x);
            let (bytes, from) = match below {
                Some(below) => (bytes_at(levels.nodes), (below + *at) * size_of::<Node<K::Keys>>()),
                None => (bytes_at(levels.items), levels.first(*at) * size_of::<K>()),
            };
            super::prefetch(bytes, from);
            super::prefetch(bytes, from + LINE);
        }
    }
    for (at, x) in at.iter_mut().zip(queries) {
        *at = in_leaf(levels, *at, *x, count);
    }
}

/// Asks for the cache line of `items[at]` to be fetched. Whether that exists is not checked.
#[inline(always)]
pub(crate) fn prefetch_item<T>(items: &[T], at: usize) {
    super::prefetch(bytes_at(items), at.wrapping_mul(size_of::<T>()));
}

/// Where items are: no bytes, to be asked for what lies behind them.
#[inline(always)]
const fn bytes_at<T>(items: &[T]) -> &[u8] {
    // SAFETY: of no length, so valid at any address that is not null.
    unsafe { core::slice::from_raw_parts(items.as_ptr().cast::<u8>(), 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a linear congruential generator, from its high bits.
    fn numbers() -> impl Iterator<Item = u64> {
        core::iter::successors(Some(1_u64), |x| {
            Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
        })
        .map(|x| x ^ x >> 29)
    }

    #[test]
    fn counting_keys_equals_plain_code() {
        let mut random = numbers();
        for round in 0..2_000 {
            let shift = round % 64;
            let mut keys: [u64; 16] = core::array::from_fn(|_| random.next().unwrap() >> shift);
            let mut small: [u32; 32] =
                core::array::from_fn(|_| (random.next().unwrap() >> shift) as u32);
            keys.sort_unstable();
            small.sort_unstable();
            for x in [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, keys[3], random.next().unwrap()] {
                assert_eq!(u64::count(&keys, x), count_plain(&keys, x));
                assert_eq!(u32::count(&small, x as u32), count_plain(&small, x as u32));
                #[cfg(x86_vectors)]
                if crate::simd::avx2() {
                    // SAFETY: it is there (invariant 1).
                    let counts =
                        unsafe { (u64::count_avx2(&keys, x), u32::count_avx2(&small, x as u32)) };
                    assert_eq!(counts, (count_plain(&keys, x), count_plain(&small, x as u32)));
                }
                #[cfg(has_avx512)]
                if crate::simd::avx512() {
                    // SAFETY: it is there (invariant 1).
                    let counts = unsafe {
                        (u64::count_avx512(&keys, x), u32::count_avx512(&small, x as u32))
                    };
                    assert_eq!(counts, (count_plain(&keys, x), count_plain(&small, x as u32)));
                }
            }
        }
    }
}
