//! Searching ascending keys: how many of a cache line are smaller, down a tree of lines, one query
//! or many side by side.
//!
//! Invariants:
//!
//! 1. A function with `avx2` in its name is called only where [`avx2`](super::avx2) says yes, or
//!    the build targets it; one with `avx512` likewise.
//! 2. A line of keys is valid for reads of 64 bytes.

/// Queries that are answered side by side.
pub(crate) const LANES: usize = 16;

/// A line of keys, where the cache has one.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Line<K>(pub(crate) K);

/// Keys of a size for which there are lines. Public in name only, as a bound of a public trait.
pub trait Key: Copy + Ord + Send + Sync + 'static {
    /// The keys of a line.
    type Keys: Copy + AsRef<[Self]> + AsMut<[Self]> + Send + Sync + 'static;
    /// Keys of a line.
    const PER: usize;
    /// A line of the largest keys.
    const FULL: Line<Self::Keys>;

    /// The first keys of `keys`, if they fill a line.
    fn line_of(keys: &[Self]) -> Option<&Self::Keys>;

    /// How many of `keys`, which ascend, are smaller than `x`.
    fn count(keys: &Self::Keys, x: Self) -> usize;

    /// As `count`.
    ///
    /// # Safety
    ///
    /// The processor has AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn count_avx2(keys: &Self::Keys, x: Self) -> usize;

    /// As `count`.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[cfg(all(target_arch = "x86_64", has_avx512))]
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
            const FULL: Line<[$ty; $per]> = Line([<$ty>::MAX; $per]);

            #[inline(always)]
            fn line_of(keys: &[Self]) -> Option<&[$ty; $per]> {
                keys.first_chunk()
            }

            #[inline(always)]
            fn count(keys: &[$ty; $per], x: Self) -> usize {
                #[cfg(all(target_arch = "x86_64", target_feature = "avx2", not(lessram_scalar)))]
                {
                    // SAFETY: the build targets AVX2 (invariant 1).
                    unsafe { $count_avx2(keys, x) }
                }
                #[cfg(not(all(
                    target_arch = "x86_64",
                    target_feature = "avx2",
                    not(lessram_scalar)
                )))]
                {
                    count_plain(keys, x)
                }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline]
            #[target_feature(enable = "avx2")]
            unsafe fn count_avx2(keys: &[$ty; $per], x: Self) -> usize {
                // SAFETY: the caller's promise.
                unsafe { $count_avx2(keys, x) }
            }

            #[cfg(all(target_arch = "x86_64", has_avx512))]
            #[inline]
            #[target_feature(enable = "avx512f")]
            unsafe fn count_avx512(keys: &[$ty; $per], x: Self) -> usize {
                // SAFETY: the caller's promise.
                unsafe { $count_avx512(keys, x) }
            }
        }
    };
}

key!(u64, 8, count8_avx2, count8_avx512);
key!(u32, 16, count16_avx2, count16_avx512);

/// How many of eight ascending keys are smaller than `x`: signed comparisons of what has its top
/// bit flipped. Those that are smaller stand first, so the first that is not tells how many: to
/// count ones takes a dozen steps where the build does not target `popcnt`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn count8_avx2(keys: &[u64; 8], x: u64) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m256i>();
    // SAFETY: both loads lie in the line (invariant 2), and AVX2 is there (invariant 1).
    unsafe {
        let top = _mm256_set1_epi64x(i64::MIN);
        let x = _mm256_xor_si256(_mm256_set1_epi64x(x as i64), top);
        let low = _mm256_cmpgt_epi64(x, _mm256_xor_si256(_mm256_loadu_si256(at), top));
        let high = _mm256_cmpgt_epi64(x, _mm256_xor_si256(_mm256_loadu_si256(at.add(1)), top));
        let low = _mm256_movemask_pd(_mm256_castsi256_pd(low)) as u32;
        let high = _mm256_movemask_pd(_mm256_castsi256_pd(high)) as u32;
        (!(low | high << 4)).trailing_zeros() as usize
    }
}

/// How many of sixteen ascending keys are smaller than `x`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn count16_avx2(keys: &[u32; 16], x: u32) -> usize {
    use core::arch::x86_64::*;
    let at = keys.as_ptr().cast::<__m256i>();
    // SAFETY: both loads lie in the line (invariant 2), and AVX2 is there (invariant 1).
    unsafe {
        let top = _mm256_set1_epi32(i32::MIN);
        let x = _mm256_xor_si256(_mm256_set1_epi32(x as i32), top);
        let low = _mm256_cmpgt_epi32(x, _mm256_xor_si256(_mm256_loadu_si256(at), top));
        let high = _mm256_cmpgt_epi32(x, _mm256_xor_si256(_mm256_loadu_si256(at.add(1)), top));
        let low = _mm256_movemask_ps(_mm256_castsi256_ps(low)) as u32;
        let high = _mm256_movemask_ps(_mm256_castsi256_ps(high)) as u32;
        (!(low | high << 8)).trailing_zeros() as usize
    }
}

/// As [`count8_avx2`]: one comparison of a whole line.
#[cfg(all(target_arch = "x86_64", has_avx512))]
#[allow(clippy::incompatible_msrv)] // compiled by compilers that know it
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn count8_avx512(keys: &[u64; 8], x: u64) -> usize {
    use core::arch::x86_64::*;
    // SAFETY: the load is of the line (invariant 2), and AVX-512 is there (invariant 1).
    let less = unsafe {
        let line = _mm512_loadu_si512(keys.as_ptr().cast());
        _mm512_cmplt_epu64_mask(line, _mm512_set1_epi64(x as i64))
    };
    (!u32::from(less)).trailing_zeros() as usize
}

/// As [`count16_avx2`].
#[cfg(all(target_arch = "x86_64", has_avx512))]
#[allow(clippy::incompatible_msrv)] // compiled by compilers that know it
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn count16_avx512(keys: &[u32; 16], x: u32) -> usize {
    use core::arch::x86_64::*;
    // SAFETY: the load is of the line (invariant 2), and AVX-512 is there (invariant 1).
    let less = unsafe {
        let line = _mm512_loadu_si512(keys.as_ptr().cast());
        _mm512_cmplt_epu32_mask(line, _mm512_set1_epi32(x as i32))
    };
    (!u32::from(less)).trailing_zeros() as usize
}

/// Levels of lines above ascending items. A line of `PER` keys has `PER + 1` children: key `i` is
/// the largest item below child `i`.
#[derive(Clone, Copy)]
pub(crate) struct Levels<'t, K: Key> {
    pub(crate) items: &'t [K],
    pub(crate) lines: &'t [Line<K::Keys>],
    /// Where each level starts in `lines`, from the top down.
    pub(crate) starts: &'t [usize],
}

/// The first position of `items` whose item is not smaller than `x`. A search reads a line at every
/// level, so that asking for the processor's vectors once each is worth it.
#[inline]
pub(crate) fn lower_bound<K: Key>(levels: Levels<'_, K>, x: K) -> usize {
    #[cfg(all(target_arch = "x86_64", has_avx512))]
    if super::avx512() {
        // SAFETY: it is there (invariant 1).
        return unsafe { lower_bound_avx512(levels, x) };
    }
    #[cfg(target_arch = "x86_64")]
    if super::avx2() {
        // SAFETY: it is there (invariant 1).
        return unsafe { lower_bound_avx2(levels, x) };
    }
    lower_bound_by(levels, x, K::count)
}

#[cfg(all(target_arch = "x86_64", has_avx512))]
#[target_feature(enable = "avx512f")]
unsafe fn lower_bound_avx512<K: Key>(levels: Levels<'_, K>, x: K) -> usize {
    // SAFETY: the caller's promise.
    lower_bound_by(levels, x, |keys, x| unsafe { K::count_avx512(keys, x) })
}

#[cfg(target_arch = "x86_64")]
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
    let mut line = 0;
    for start in levels.starts {
        line = line * (K::PER + 1) + count(&levels.lines[start + line].0, x);
    }
    in_leaf(levels.items, line, x, count)
}

/// The answer within the items of leaf `line`.
#[inline(always)]
fn in_leaf<K: Key>(items: &[K], line: usize, x: K, count: impl Fn(&K::Keys, K) -> usize) -> usize {
    let first = line * K::PER;
    let rest = items.get(first..).unwrap_or(&[]);
    first
        + match K::line_of(rest) {
            Some(keys) => count(keys, x),
            None => rest.iter().filter(|key| **key < x).count(),
        }
}

/// `lower_bound` of each of `queries`, into the same places of `out`.
pub(crate) fn lower_bounds<K: Key>(levels: Levels<'_, K>, queries: &[K], out: &mut [usize]) {
    #[cfg(all(target_arch = "x86_64", has_avx512))]
    if super::avx512() {
        // SAFETY: it is there (invariant 1).
        unsafe { lower_bounds_avx512(levels, queries, out) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if super::avx2() {
        // SAFETY: it is there (invariant 1).
        unsafe { lower_bounds_avx2(levels, queries, out) };
        return;
    }
    lower_bounds_by(levels, queries, out, K::count);
}

#[cfg(all(target_arch = "x86_64", has_avx512))]
#[target_feature(enable = "avx512f")]
unsafe fn lower_bounds_avx512<K: Key>(levels: Levels<'_, K>, queries: &[K], out: &mut [usize]) {
    // SAFETY: the caller's promise.
    lower_bounds_by(levels, queries, out, |keys, x| unsafe { K::count_avx512(keys, x) });
}

#[cfg(target_arch = "x86_64")]
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
    for (queries, out) in queries.chunks(LANES).zip(out.chunks_mut(LANES)) {
        match <&[K; LANES]>::try_from(queries) {
            Ok(queries) => out.copy_from_slice(&side_by_side(levels, queries, count)),
            Err(_) => {
                for (x, out) in queries.iter().zip(out) {
                    *out = lower_bound_by(levels, *x, count);
                }
            }
        }
    }
}

/// Level by level, each line asked for before it is needed.
#[inline(always)]
fn side_by_side<K: Key>(
    levels: Levels<'_, K>,
    queries: &[K; LANES],
    count: impl Fn(&K::Keys, K) -> usize + Copy,
) -> [usize; LANES] {
    let mut at = [0; LANES];
    for (depth, start) in levels.starts.iter().enumerate() {
        let below = levels.starts.get(depth + 1);
        for (at, x) in at.iter_mut().zip(queries) {
            *at = *at * (K::PER + 1) + count(&levels.lines[start + *at].0, *x);
            match below {
                Some(below) => prefetch_item(levels.lines, below + *at),
                None => {
                    prefetch_item(levels.items, *at * K::PER);
                    prefetch_item(levels.items, *at * K::PER + K::PER - 1);
                }
            }
        }
    }
    for (at, x) in at.iter_mut().zip(queries) {
        *at = in_leaf(levels.items, *at, *x, count);
    }
    at
}

/// Asks for the cache line of `items[at]` to be fetched. Whether that exists is not checked.
#[inline(always)]
pub(crate) fn prefetch_item<T>(items: &[T], at: usize) {
    // SAFETY: of no length, so valid at any address that is not null.
    let start = unsafe { core::slice::from_raw_parts(items.as_ptr().cast::<u8>(), 0) };
    super::prefetch(start, at.wrapping_mul(size_of::<T>()));
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
            let mut keys: [u64; 8] = core::array::from_fn(|_| random.next().unwrap() >> shift);
            let mut small: [u32; 16] =
                core::array::from_fn(|_| (random.next().unwrap() >> shift) as u32);
            keys.sort_unstable();
            small.sort_unstable();
            for x in [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, keys[3], random.next().unwrap()] {
                assert_eq!(u64::count(&keys, x), count_plain(&keys, x));
                assert_eq!(u32::count(&small, x as u32), count_plain(&small, x as u32));
                #[cfg(target_arch = "x86_64")]
                if crate::simd::avx2() {
                    // SAFETY: it is there (invariant 1).
                    let counts =
                        unsafe { (u64::count_avx2(&keys, x), u32::count_avx2(&small, x as u32)) };
                    assert_eq!(counts, (count_plain(&keys, x), count_plain(&small, x as u32)));
                }
                #[cfg(all(target_arch = "x86_64", has_avx512))]
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
