//! Eight lists of bytes and eight others made one, with AVX-512.
//!
//! Each list is brought into a lane of its own: 16 bytes if there are no more in both together,
//! else 32. In their lanes, pairs are merged by a network of smaller and greater ones; what is kept
//! of that is brought together again.
//!
//! Invariants:
//!
//! 1. There is a [`Wide`] only if the processor has what its functions need.
//! 2. A load reads the bytes of a slice alone, and a store writes 64 bytes of one whose length was
//!    checked.

// Compiled for compilers that have these intrinsics alone.
#![allow(clippy::incompatible_msrv)]

use crate::simd::wide::{DOUBLES, Doubles, EIGHT, Eight, LISTS};
use core::arch::x86_64::*;

/// Says that the processor has AVX-512 for bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide(());

/// Bytes of a lane: eight pairs of lists in two vectors, or in four.
const LANE: i8 = 16;

/// A one for each byte of a word.
const BYTES: u64 = 0x0101_0101_0101_0101;

/// Places of bytes in a vector: in lanes of `1 << bits`, from byte `first` of each on, up or down.
const fn places(first: usize, bits: u32, down: bool) -> [u8; 64] {
    let (mut places, lane, mut at) = ([0; 64], 1 << bits, 0);
    while at < 64 {
        let up = (at % lane + first) % lane;
        places[at] = (if down { lane - 1 - up } else { up }) as u8;
        at += 1;
    }
    places
}

const UP_16: [u8; 64] = places(0, 4, false);
const DOWN_16: [u8; 64] = places(0, 4, true);
const UP_32: [u8; 64] = places(0, 5, false);
const DOWN_32: [u8; 64] = places(0, 5, true);
/// The byte behind each.
const NEXT: [u8; 64] = places(1, 6, false);
/// Each pair of bytes the other way round, in lanes of 16.
const SWAPPED: [u8; 64] = {
    let (mut places, mut at) = ([0; 64], 0);
    while at < 64 {
        places[at] = ((at % 16) ^ 1) as u8;
        at += 1;
    }
    places
};

/// Of each byte of four lists in lanes of 16, which list it is of.
const LIST: [u8; 64] = {
    let (mut list, mut at) = ([0; 64], 0);
    while at < 64 {
        list[at] = (at / 16) as u8;
        at += 1;
    }
    list
};

#[inline(always)]
fn vector(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes are read of 64 (invariant 2); only called with AVX-512 there (invariant 1).
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// The bytes at `places` behind byte `at < 256`, where `mask` has ones; else 255.
#[inline(always)]
fn lanes(bytes: &[u8; LISTS], at: u8, places: __m512i, mask: u64) -> __m512i {
    let bytes = bytes[usize::from(at)..].first_chunk().map_or(&[0; 64], |chunk| chunk);
    // SAFETY: invariant 1.
    unsafe { _mm512_mask_permutexvar_epi8(_mm512_set1_epi8(-1), mask, places, vector(bytes)) }
}

/// Lists of one side, on their way into lanes.
struct Side<'a> {
    lists: &'a [u8; LISTS],
    /// Where each starts, a byte each.
    starts: u64,
}

impl<'a> Side<'a> {
    #[inline(always)]
    fn new(eight: Eight<'a>) -> Self {
        Self { lists: eight.lists, starts: eight.lens.wrapping_mul(BYTES) << 8 }
    }

    /// The four lists of a half, in lanes of 16 in which they go as `within` says.
    #[inline(always)]
    fn four(&self, half: usize, within: &[u8; 64], mask: u64) -> __m512i {
        let starts = (self.starts >> (32 * half)) as u32;
        let first = starts as u8;
        let starts = starts.wrapping_sub(u32::from(first) * BYTES as u32);
        // SAFETY: invariant 1.
        unsafe {
            let starts = _mm512_shuffle_epi8(_mm512_set1_epi32(starts as i32), vector(&LIST));
            lanes(self.lists, first, _mm512_add_epi8(starts, vector(within)), mask)
        }
    }

    /// The two lists of a pair, in lanes of 32 in which they go as `within` says.
    #[inline(always)]
    fn two(&self, pair: usize, within: &[u8; 64], mask: u64) -> __m512i {
        let starts = (self.starts >> (16 * pair)) as u16;
        let (first, second) = (starts as u8, (starts >> 8) as u8);
        // SAFETY: invariant 1.
        unsafe {
            let len = second.wrapping_sub(first) as i8;
            let starts = _mm512_maskz_set1_epi8(0xFFFF_FFFF_0000_0000, len);
            lanes(self.lists, first, _mm512_add_epi8(starts, vector(within)), mask)
        }
    }
}

/// The smaller one of each byte and its other; the greater one where `greater` has ones.
#[inline(always)]
fn split(v: __m512i, other: __m512i, greater: u64) -> __m512i {
    // SAFETY: invariant 1.
    unsafe { _mm512_mask_max_epu8(_mm512_min_epu8(v, other), greater, v, other) }
}

/// Sorts lanes of 16 bytes that go up and then down.
#[inline(always)]
fn sort_16(v: __m512i) -> __m512i {
    // SAFETY: invariant 1.
    unsafe {
        let v = split(v, _mm512_shuffle_epi32::<0x4E>(v), 0xFF00_FF00_FF00_FF00);
        let v = split(v, _mm512_shuffle_epi32::<0xB1>(v), 0xF0F0_F0F0_F0F0_F0F0);
        let v = split(v, _mm512_rol_epi32::<16>(v), 0xCCCC_CCCC_CCCC_CCCC);
        split(v, _mm512_shuffle_epi8(v, vector(&SWAPPED)), 0xAAAA_AAAA_AAAA_AAAA)
    }
}

/// Sorts lanes of 32 bytes that go up and then down.
#[inline(always)]
fn sort_32(v: __m512i) -> __m512i {
    // SAFETY: invariant 1.
    let other = unsafe { _mm512_shuffle_i64x2::<0xB1>(v, v) };
    sort_16(split(v, other, 0xFFFF_0000_FFFF_0000))
}

/// Pairs of lists that were merged.
#[derive(Clone, Copy)]
struct Merged {
    /// The bytes of both, in order.
    bytes: __m512i,
    /// Those that are bytes of lists.
    first: u64,
    /// Of those, the ones that are the same as the next one of their list.
    equal: u64,
}

/// Left lists in their lanes, and the bytes that they have.
#[derive(Clone, Copy)]
struct Lefts {
    bytes: __m512i,
    first: u64,
}

/// What takes merged lists. Its functions are to be marked `#[inline(always)]`.
trait Take {
    /// Takes four pairs of lists, in lanes of 16 bytes: the first four, or the other four.
    fn take_four(&mut self, lefts: Lefts, merged: Merged, half: usize);

    /// Takes the two pairs of lists from list `2 * pair` on, each in a vector; the left ones in
    /// lanes of 32 bytes.
    fn take_two(&mut self, lefts: Lefts, merged: [Merged; 2], pair: usize);
}

/// Gives merged lists to `taker`.
#[inline(always)]
fn for_merged(a: Eight<'_>, b: Eight<'_>, taker: &mut impl Take) {
    // SAFETY: invariant 1.
    unsafe {
        let lens = [a, b].map(|eight| _mm_cvtsi64_si128(eight.lens as i64));
        let both = _mm_add_epi8(lens[0], lens[1]);
        match _mm_cmpgt_epi8_mask(both, _mm_set1_epi8(LANE)) {
            0 => for_few(a, b, lens, both, taker),
            _ => for_many(a, b, lens, both, taker),
        }
    }
}

#[inline(always)]
fn for_few(a: Eight<'_>, b: Eight<'_>, lens: [__m128i; 2], both: __m128i, taker: &mut impl Take) {
    // SAFETY: invariant 1.
    unsafe {
        let (one, all, lane) = (_mm_set1_epi16(1), _mm_set1_epi16(-1), _mm_set1_epi16(16));
        // As many ones in each 16 bits as the list has bytes: the lowest, or the highest.
        let low = |lens| _mm_sub_epi16(_mm_sllv_epi16(one, _mm_cvtepu8_epi16(lens)), one);
        let high = |lens| _mm_sllv_epi16(all, _mm_sub_epi16(lane, _mm_cvtepu8_epi16(lens)));
        let words = |v| [_mm_cvtsi128_si64(v) as u64, _mm_extract_epi64::<1>(v) as u64];
        let (lefts, rights) = (words(low(lens[0])), words(high(lens[1])));
        let all = low(both);
        let (firsts, pairs) = (words(all), words(_mm_srli_epi16::<1>(all)));
        let (a, b) = (Side::new(a), Side::new(b));
        for half in 0..2 {
            let up = a.four(half, &UP_16, lefts[half]);
            let down = b.four(half, &DOWN_16, rights[half]);
            let bytes = sort_16(_mm512_min_epu8(up, down));
            let next = _mm512_bsrli_epi128::<1>(bytes);
            let equal = _mm512_cmpeq_epi8_mask(bytes, next) & pairs[half];
            let merged = Merged { bytes, first: firsts[half], equal };
            taker.take_four(Lefts { bytes: up, first: lefts[half] }, merged, half);
        }
    }
}

#[inline(always)]
fn for_many(a: Eight<'_>, b: Eight<'_>, lens: [__m128i; 2], both: __m128i, taker: &mut impl Take) {
    // SAFETY: invariant 1; and four words are as many bytes.
    unsafe {
        let (one, all) = (_mm256_set1_epi32(1), _mm256_set1_epi32(-1));
        let lane = _mm256_set1_epi32(32);
        let words = |v| -> [u64; 4] { core::mem::transmute::<__m256i, _>(v) };
        let [left, right] = lens.map(|lens| _mm256_cvtepu8_epi32(lens));
        let lefts = words(_mm256_sub_epi32(_mm256_sllv_epi32(one, left), one));
        let rights = words(_mm256_sllv_epi32(all, _mm256_sub_epi32(lane, right)));
        let mut totals = _mm_cvtsi128_si64(both) as u64;
        let (a, b) = (Side::new(a), Side::new(b));
        for pair in 0..4 {
            let up = a.two(pair, &UP_32, lefts[pair]);
            let down = b.two(pair, &DOWN_32, rights[pair]);
            let low = sort_32(_mm512_min_epu8(up, down));
            let high = sort_32(_mm512_max_epu8(up, down));
            let mut merged = |bytes| {
                let first = _bzhi_u64(u64::MAX, totals as u32 & 0xFF);
                totals >>= 8;
                let next = _mm512_permutexvar_epi8(vector(&NEXT), bytes);
                let equal = _mm512_cmpeq_epi8_mask(bytes, next) & (first >> 1);
                Merged { bytes, first, equal }
            };
            let two = [
                merged(_mm512_shuffle_i64x2::<0x44>(low, high)),
                merged(_mm512_shuffle_i64x2::<0xEE>(low, high)),
            ];
            taker.take_two(Lefts { bytes: up, first: lefts[pair] }, two, pair);
        }
    }
}

/// Lists that are written one behind the other.
struct Lists<'a> {
    out: &'a mut [u8; EIGHT],
    end: usize,
    /// How many bytes each has, a byte each.
    lens: u64,
}

impl Lists<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: __m512i, kept: u64) {
        // The ends of lists of fewer than 64 bytes.
        if let Some(place) = self.out[self.end % 512..].first_chunk_mut::<64>() {
            // SAFETY: 64 bytes are written of 64 (invariants 1 and 2).
            unsafe {
                let together = _mm512_maskz_compress_epi8(kept, bytes);
                _mm512_storeu_si512(place.as_mut_ptr().cast(), together);
            }
        }
        self.end += kept.count_ones() as usize;
    }

    /// Writes four lists, of which bytes are kept in lanes of 16.
    #[inline(always)]
    fn write_four(&mut self, bytes: __m512i, kept: u64, half: usize) {
        self.write(bytes, kept);
        // SAFETY: invariant 1.
        let lens = unsafe {
            let counts = _mm_popcnt_epi16(_mm_cvtsi64_si128(kept as i64));
            _mm_cvtsi128_si32(_mm_packus_epi16(counts, counts)) as u32
        };
        self.lens |= u64::from(lens) << (32 * half);
    }

    /// Writes list `index`.
    #[inline(always)]
    fn write_one(&mut self, bytes: __m512i, kept: u64, index: usize) {
        self.write(bytes, kept);
        self.lens |= u64::from(kept.count_ones()) << (8 * index);
    }
}

/// The numbers that occur once, and those that occur twice, if they are wanted.
struct Merge<'a, const DOUBLES: bool>(Lists<'a>);

impl<const DOUBLES: bool> Merge<'_, DOUBLES> {
    #[inline(always)]
    fn kept(merged: Merged) -> u64 {
        let Merged { first, equal, .. } = merged;
        first & !(if DOUBLES { equal } else { equal | equal << 1 })
    }
}

impl<const DOUBLES: bool> Take for Merge<'_, DOUBLES> {
    #[inline(always)]
    fn take_four(&mut self, _: Lefts, merged: Merged, half: usize) {
        self.0.write_four(merged.bytes, Self::kept(merged), half);
    }

    #[inline(always)]
    fn take_two(&mut self, _: Lefts, merged: [Merged; 2], pair: usize) {
        for (at, merged) in merged.into_iter().enumerate() {
            self.0.write_one(merged.bytes, Self::kept(merged), 2 * pair + at);
        }
    }
}

impl Lefts {
    /// Without numbers, which are of list `list` of these, in lanes of `1 << bits`.
    #[inline(always)]
    fn remove(&mut self, byte: u8, list: usize, bits: u32) {
        // SAFETY: invariant 1.
        let same = unsafe { _mm512_cmpeq_epi8_mask(self.bytes, _mm512_set1_epi8(byte as i8)) };
        let lane = 1 << bits;
        self.first &= !(same & (((1_u64 << lane) - 1) << (list << bits & 63)));
    }
}

/// The numbers that occur twice.
struct Twice<'a> {
    doubles: &'a mut Doubles,
    len: usize,
    /// The number of the first list.
    first: u8,
}

impl Take for Twice<'_> {
    #[inline(always)]
    fn take_four(&mut self, _: Lefts, merged: Merged, half: usize) {
        if merged.equal == 0 {
            return;
        }
        // SAFETY: invariant 1.
        unsafe {
            let numbers = _mm512_maskz_compress_epi8(merged.equal, merged.bytes);
            let lists = _mm512_maskz_compress_epi8(merged.equal, vector(&LIST));
            let first = _mm256_set1_epi8((usize::from(self.first) + 4 * half) as i8);
            let lists = _mm256_add_epi8(_mm512_castsi512_si256(lists), first);
            self.push(numbers, lists, merged.equal);
        }
    }

    #[inline(always)]
    fn take_two(&mut self, _: Lefts, merged: [Merged; 2], pair: usize) {
        for (at, merged) in merged.into_iter().enumerate() {
            // SAFETY: invariant 1.
            unsafe {
                let numbers = _mm512_maskz_compress_epi8(merged.equal, merged.bytes);
                let list = _mm256_set1_epi8((usize::from(self.first) + 2 * pair + at) as i8);
                self.push(numbers, list, merged.equal);
            }
        }
    }
}

impl Twice<'_> {
    /// Puts numbers, as many as `equal` has ones, behind the others, with the lists they are of.
    #[inline(always)]
    fn push(&mut self, numbers: __m512i, lists: __m256i, equal: u64) {
        let at = self.len % DOUBLES;
        let Doubles { bytes, lists: of, .. } = &mut *self.doubles;
        let places = (bytes[at..].first_chunk_mut::<32>(), of[at..].first_chunk_mut::<32>());
        if let (Some(bytes), Some(of)) = places {
            // SAFETY: 32 bytes are written of 32: no more than half of the bytes occur twice
            // (invariants 1 and 2).
            unsafe {
                let numbers = _mm512_castsi512_si256(numbers);
                _mm256_storeu_si256(bytes.as_mut_ptr().cast(), numbers);
                _mm256_storeu_si256(of.as_mut_ptr().cast(), lists);
            }
        }
        self.len += equal.count_ones() as usize;
    }
}

/// The left numbers that do not occur twice.
struct Difference<'a> {
    twice: Twice<'a>,
    lists: Lists<'a>,
    are_many: bool,
}

impl Take for Difference<'_> {
    #[inline(always)]
    fn take_four(&mut self, mut lefts: Lefts, merged: Merged, half: usize) {
        let mut left = merged.equal;
        if left != 0 {
            let mut doubles = [0; 64];
            // SAFETY: 64 bytes are written of 64 (invariants 1 and 2).
            unsafe {
                let together = _mm512_maskz_compress_epi8(left, merged.bytes);
                _mm512_storeu_si512(doubles.as_mut_ptr().cast(), together);
            }
            let mut at = 0;
            while left != 0 {
                lefts.remove(doubles[at % 64], left.trailing_zeros() as usize / 16, 4);
                (left, at) = (left & (left - 1), at + 1);
            }
        }
        self.lists.write_four(lefts.bytes, lefts.first, half);
    }

    /// Puts it off, until all lists are there: one branch that nobody can guess, and not eight.
    #[inline(always)]
    fn take_two(&mut self, lefts: Lefts, merged: [Merged; 2], pair: usize) {
        self.are_many = true;
        let (bytes, first) = &mut self.twice.doubles.lefts[pair % 4];
        // SAFETY: 64 bytes are written of 64 (invariants 1 and 2).
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), lefts.bytes) };
        *first = lefts.first;
        self.twice.take_two(lefts, merged, pair);
    }
}

impl Difference<'_> {
    /// Handles what was put off; returns how many numbers each list has.
    #[inline(always)]
    fn finish(mut self) -> u64 {
        if !self.are_many {
            return self.lists.lens;
        }
        let Doubles { bytes, lists, lefts } = &mut *self.twice.doubles;
        for (byte, list) in bytes.iter().zip(lists).take(self.twice.len) {
            let list = usize::from(*list);
            let (bytes, first) = &mut lefts[list / 2 % 4];
            let mut left = Lefts { bytes: vector(bytes), first: *first };
            left.remove(*byte, list % 2, 5);
            *first = left.first;
        }
        for (pair, (bytes, first)) in lefts.iter().enumerate() {
            self.lists.write(vector(bytes), *first);
            let (low, high) = ((*first as u32).count_ones(), (*first >> 32).count_ones());
            self.lists.lens |= u64::from(low | high << 8) << (16 * pair);
        }
        self.lists.lens
    }
}

/// How many numbers occur twice.
struct Shared(usize);

impl Take for Shared {
    #[inline(always)]
    fn take_four(&mut self, _: Lefts, merged: Merged, _: usize) {
        self.0 += merged.equal.count_ones() as usize;
    }

    #[inline(always)]
    fn take_two(&mut self, _: Lefts, merged: [Merged; 2], _: usize) {
        self.0 += merged.map(|merged| merged.equal.count_ones() as usize).iter().sum::<usize>();
    }
}

impl Wide {
    /// The proof, if the processor has all that it takes.
    #[inline]
    pub(crate) fn new() -> Option<Self> {
        macro_rules! has {
            ($($feature:tt)*) => {{
                #[cfg(feature = "std")]
                let has = true $(&& std::is_x86_feature_detected!($feature))*;
                #[cfg(not(feature = "std"))]
                let has = true $(&& cfg!(target_feature = $feature))*;
                has
            }};
        }
        let has = has!("avx512vbmi2" "avx512vbmi" "avx512bitalg" "avx512bw" "avx512vl" "bmi2");
        (has && has!("avx512f" "avx512vpopcntdq" "bmi1" "popcnt") && crate::simd::avx2())
            .then_some(Self(()))
    }

    /// The bytes of a word, from the first on, where `map` has ones.
    #[inline(always)]
    pub(crate) fn spread(self, bytes: u64, map: u8) -> u64 {
        // SAFETY: invariant 1.
        unsafe { _pdep_u64(bytes, _pdep_u64(map.into(), BYTES) * 255) }
    }

    /// The bytes of a word where `map` has ones, from the first on.
    #[inline(always)]
    pub(crate) fn gather(self, bytes: u64, map: u8) -> u64 {
        // SAFETY: invariant 1.
        unsafe { _pext_u64(bytes, _pdep_u64(map.into(), BYTES) * 255) }
    }

    /// Writes the numbers of each two lists that are in one of them, and with `DOUBLES` those that
    /// are in both, one list behind the other; returns how many each has.
    #[inline(always)]
    pub(crate) fn merge<const DOUBLES: bool>(
        self,
        a: Eight<'_>,
        b: Eight<'_>,
        out: &mut [u8; EIGHT],
    ) -> u64 {
        let mut merge = Merge::<DOUBLES>(Lists { out, end: 0, lens: 0 });
        for_merged(a, b, &mut merge);
        merge.0.lens
    }

    /// As [`merge`](Self::merge), the numbers of each list of `a` that its list of `b` has not.
    #[inline(always)]
    pub(crate) fn difference(
        self,
        a: Eight<'_>,
        b: Eight<'_>,
        room: &mut Doubles,
        out: &mut [u8; EIGHT],
    ) -> u64 {
        let (twice, lists) =
            (Twice { doubles: room, len: 0, first: 0 }, Lists { out, end: 0, lens: 0 });
        let mut difference = Difference { twice, lists, are_many: false };
        for_merged(a, b, &mut difference);
        difference.finish()
    }

    /// Puts the numbers that each two lists share behind the `len` that are there, those of list
    /// `i` as of list `first + i`; returns how many there are then. If they are more than there is
    /// room for, they are any.
    #[inline(always)]
    pub(crate) fn common(
        self,
        a: Eight<'_>,
        b: Eight<'_>,
        first: u8,
        (doubles, len): (&mut Doubles, usize),
    ) -> usize {
        let mut twice = Twice { doubles, len, first };
        for_merged(a, b, &mut twice);
        twice.len
    }

    /// How many numbers each two lists share.
    #[inline(always)]
    pub(crate) fn shared(self, a: Eight<'_>, b: Eight<'_>) -> usize {
        let mut shared = Shared(0);
        for_merged(a, b, &mut shared);
        shared.0
    }
}
