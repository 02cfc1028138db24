//! Ascending lists of 16-bit numbers, with AVX-512: made of bits, merged, taken apart.
//!
//! Invariants: those of `wide`.

// Compiled for compilers that have these intrinsics alone.
#![allow(clippy::incompatible_msrv)]

use super::wide::Wide;
use crate::simd::wide::{BEHIND, WIDE_FIELD};
use core::arch::x86_64::*;

/// Numbers in a vector.
const LANES: usize = 32;

/// 0, 1, 2 and so on.
const IOTA: [u8; 64] = {
    let (mut iota, mut at) = ([0; 64], 0);
    while at < 64 {
        iota[at] = at as u8;
        at += 1;
    }
    iota
};

#[inline(always)]
fn bytes(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes are read of 64 (invariants 1 and 2).
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// 0 to 31.
#[inline(always)]
fn iota() -> __m512i {
    // SAFETY: invariant 1.
    unsafe { _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bytes(&IOTA))) }
}

/// The numbers from place `at` on; behind the last one, 65,535.
#[inline(always)]
fn numbers(list: &[u16], at: usize) -> __m512i {
    match list.get(at..).and_then(|list| list.first_chunk::<LANES>()) {
        // SAFETY: 64 bytes are read of 64 (invariants 1 and 2).
        Some(chunk) => unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) },
        // SAFETY: invariant 1.
        None => unsafe { _mm512_set1_epi16(-1) },
    }
}

/// The smaller one of each number and its other; the greater one where `greater` has ones.
#[inline(always)]
fn split(v: __m512i, other: __m512i, greater: u32) -> __m512i {
    // SAFETY: invariant 1.
    unsafe { _mm512_mask_max_epu16(_mm512_min_epu16(v, other), greater, v, other) }
}

/// Sorts numbers that go up and then down.
#[inline(always)]
fn sort(v: __m512i) -> __m512i {
    // SAFETY: invariant 1.
    unsafe {
        let v = split(v, _mm512_shuffle_i64x2::<0x4E>(v, v), 0xFFFF_0000);
        let v = split(v, _mm512_shuffle_i64x2::<0xB1>(v, v), 0xFF00_FF00);
        let v = split(v, _mm512_shuffle_epi32::<0x4E>(v), 0xF0F0_F0F0);
        let v = split(v, _mm512_shuffle_epi32::<0xB1>(v), 0xCCCC_CCCC);
        split(v, _mm512_rol_epi32::<16>(v), 0xAAAA_AAAA)
    }
}

/// A merge of two lists, on its way. It keeps the numbers that are in one of them, if `SINGLES` are
/// wanted, and those that are in both, if `DOUBLES`.
struct Merge<'a, const SINGLES: bool, const DOUBLES: bool> {
    a: &'a [u16],
    b: &'a [u16],
    i: usize,
    j: usize,
    /// The greatest of those that were read.
    high: __m512i,
    /// Those that came out last, and of these the ones that are the same as the one before, and
    /// the ones of which it is not decided whether they are kept.
    last: __m512i,
    equal: u32,
    late: u32,
    /// What the first one is compared with is no number.
    compared: u32,
    /// How many are still to come out.
    left: usize,
    /// Where the next one is written.
    at: usize,
}

impl<'a, const SINGLES: bool, const DOUBLES: bool> Merge<'a, SINGLES, DOUBLES> {
    /// Of `left` numbers in all, from two places on, written from place `at` on.
    #[inline(always)]
    fn new((a, i): (&'a [u16], usize), (b, j): (&'a [u16], usize), left: usize, at: usize) -> Self {
        // SAFETY: invariant 1.
        let last = unsafe { _mm512_set1_epi16(-1) };
        let (high, i, compared) = (numbers(a, i), i + LANES, u32::MAX - 1);
        Self { a, b, i, j, high, last, equal: 0, late: 0, compared, left, at }
    }

    /// Handles the smallest numbers that are left.
    #[inline(always)]
    fn step(&mut self, out: &mut [u16]) {
        let last = self.last;
        let (v, equal) = self.next();
        let here = below(self.left);
        let equal = equal & self.compared & here;
        self.compared = u32::MAX;
        match (SINGLES, DOUBLES) {
            (true, true) => self.write(v, !equal & here, out),
            (false, _) => self.write(v, equal, out),
            // Of the last one, the next one decides.
            (true, false) => {
                let twice = self.equal | self.equal >> 1 | equal << 31;
                self.write(last, self.late & !twice, out);
                (self.equal, self.late) = (equal, here);
            }
        }
        self.left = self.left.saturating_sub(LANES);
    }

    /// Handles all that are left.
    #[inline(always)]
    fn finish(&mut self, out: &mut [u16]) {
        while self.left > 0 {
            self.step(out);
        }
        if (SINGLES, DOUBLES) == (true, false) {
            self.write(self.last, self.late & !(self.equal | self.equal >> 1), out);
        }
    }

    /// Writes the numbers that `kept` has ones for.
    #[inline(always)]
    fn write(&mut self, v: __m512i, kept: u32, out: &mut [u16]) {
        let place = out.get_mut(self.at..).and_then(<[u16]>::first_chunk_mut::<LANES>);
        if let Some(place) = place {
            // SAFETY: 64 bytes are written of 64 (invariants 1 and 2).
            unsafe {
                let together = _mm512_maskz_compress_epi16(kept, v);
                _mm512_storeu_si512(place.as_mut_ptr().cast(), together);
            }
        }
        self.at += kept.count_ones() as usize;
    }

    /// The smallest numbers that are left, and which of them are the same as the one before.
    #[inline(always)]
    fn next(&mut self) -> (__m512i, u32) {
        let next = |list: &[u16], at: usize| list.get(at).copied().unwrap_or(u16::MAX);
        let is_left = next(self.a, self.i) < next(self.b, self.j);
        let more = match is_left {
            true => numbers(self.a, self.i),
            false => numbers(self.b, self.j),
        };
        self.i += LANES * usize::from(is_left);
        self.j += LANES * usize::from(!is_left);
        // SAFETY: invariant 1.
        unsafe {
            let down = _mm512_sub_epi16(_mm512_set1_epi16(31), iota());
            let down = _mm512_permutexvar_epi16(down, more);
            let low = sort(_mm512_min_epu16(self.high, down));
            self.high = sort(_mm512_max_epu16(self.high, down));
            // The one before each.
            let one = _mm512_set1_epi16(1);
            let places = _mm512_and_si512(_mm512_sub_epi16(iota(), one), _mm512_set1_epi16(63));
            let before = _mm512_permutex2var_epi16(low, places, self.last);
            self.last = low;
            (low, _mm512_cmpeq_epi16_mask(low, before))
        }
    }
}

impl Wide {
    /// Writes the places of the ones of `word`, each plus `base`; returns how many. What stands
    /// behind them is then anything.
    #[inline(always)]
    pub(crate) fn ones(self, word: u64, base: u16, out: &mut [u16; 64]) -> usize {
        // SAFETY: 64 bytes are written of 128, or the other 64 (invariants 1 and 2).
        unsafe {
            let places = _mm512_maskz_compress_epi8(word, bytes(&IOTA));
            let base = _mm512_set1_epi16(base as i16);
            let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places));
            _mm512_storeu_si512(out.as_mut_ptr().cast(), _mm512_add_epi16(low, base));
            if word.count_ones() as usize > LANES {
                let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(places));
                let place = out[LANES..].as_mut_ptr();
                _mm512_storeu_si512(place.cast(), _mm512_add_epi16(high, base));
            }
        }
        word.count_ones() as usize
    }

    /// Makes numbers of the places of their ones in high parts, from the first number on, and of
    /// their low parts, fields of `width` bits, at most [`WIDE_FIELD`]. Those that are no whole
    /// vector are left as they are; returns how many are done.
    #[inline(always)]
    pub(crate) fn join(self, places: &mut [u16], lows: &[u8], width: u32) -> usize {
        debug_assert!(width <= WIDE_FIELD);
        // SAFETY: 64 bytes are read and written of 64 (invariants 1 and 2).
        unsafe {
            let bits = _mm512_mullo_epi16(iota(), _mm512_set1_epi16(width as i16));
            let first = _mm512_srli_epi16::<3>(bits);
            let second = _mm512_add_epi16(first, _mm512_set1_epi16(1));
            let two = _mm512_or_si512(first, _mm512_slli_epi16::<8>(second));
            let shift = _mm512_and_si512(bits, _mm512_set1_epi16(7));
            let mask = _mm512_set1_epi16(((1 << width) - 1) as i16);
            let width_of_all = _mm_cvtsi32_si128(width as i32);
            let (mut before, mut done) = (iota(), 0);
            for chunk in places.chunks_exact_mut(LANES) {
                let Some(fields) = lows.get(done / 8 * width as usize..) else { break };
                let Some(fields) = fields.first_chunk() else { break };
                let low = _mm512_srlv_epi16(_mm512_permutexvar_epi8(two, bytes(fields)), shift);
                let low = _mm512_and_si512(low, mask);
                let place = _mm512_loadu_si512(chunk.as_ptr().cast());
                let high = _mm512_sll_epi16(_mm512_sub_epi16(place, before), width_of_all);
                _mm512_storeu_si512(chunk.as_mut_ptr().cast(), _mm512_or_si512(high, low));
                before = _mm512_add_epi16(before, _mm512_set1_epi16(LANES as i16));
                done += LANES;
            }
            done
        }
    }

    /// Writes the low `width` bits of numbers, at most [`WIDE_FIELD`], one behind the other. Those
    /// that there is no room to write eight bytes for are left; returns how many are done, a
    /// multiple of eight.
    #[inline(always)]
    pub(crate) fn pack(self, numbers: &[u16], width: u32, out: &mut [u8]) -> usize {
        debug_assert!(width <= WIDE_FIELD);
        let mask = ((1 << width) - 1) * 0x0001_0001_0001_0001;
        let mut done = 0;
        for eight in numbers.chunks_exact(8) {
            let Some(place) = out.get_mut(done / 8 * width as usize..) else { break };
            let Some(place) = place.first_chunk_mut() else { break };
            let four = |at: usize| {
                let four = eight[at..at + 4].iter().rev();
                four.fold(0, |four, number| four << 16 | u64::from(*number))
            };
            // SAFETY: invariant 1.
            let [low, high] = [four(0), four(4)].map(|four| unsafe { _pext_u64(four, mask) });
            *place = (low | high << (4 * width)).to_le_bytes();
            done += 8;
        }
        done
    }

    /// Puts the low bits of `bits` where `mask` has ones, from the lowest up.
    #[inline(always)]
    pub(crate) fn deposit(self, bits: u64, mask: u64) -> u64 {
        // SAFETY: invariant 1.
        unsafe { _pdep_u64(bits, mask) }
    }

    /// The bits of `bits` where `mask` has ones, brought together.
    #[inline(always)]
    pub(crate) fn extract(self, bits: u64, mask: u64) -> u64 {
        // SAFETY: invariant 1.
        unsafe { _pext_u64(bits, mask) }
    }

    /// A one for each byte that is not 0.
    #[inline(always)]
    pub(crate) fn used(self, flags: &[u8; 64]) -> u64 {
        // SAFETY: invariant 1.
        unsafe { _mm512_test_epi8_mask(bytes(flags), bytes(flags)) }
    }

    /// Writes the numbers that are in one of two lists, if `SINGLES` are wanted, and those that are
    /// in both, if `DOUBLES`; returns how many. The lists are followed by [`BEHIND`] numbers of
    /// 65,535 that count for nothing, and there is room for twice as many behind the result.
    ///
    /// Two halves at a time: each step waits for the one before.
    #[inline(always)]
    pub(crate) fn merge_numbers<const SINGLES: bool, const DOUBLES: bool>(
        self,
        a: &[u16],
        b: &[u16],
        out: &mut [u16],
    ) -> usize {
        let all = a.len() + b.len() - 2 * BEHIND;
        let middle = (a.len() - BEHIND) / 2;
        // None is in both halves, and what a half reads of the other one is greater.
        let cut = b[..b.len() - BEHIND].partition_point(|y| *y < a[middle]);
        let (lows, start) = (middle + cut, middle + cut + BEHIND);
        let mut low = Merge::<SINGLES, DOUBLES>::new((a, 0), (b, 0), lows, 0);
        let mut high = Merge::<SINGLES, DOUBLES>::new((a, middle), (b, cut), all - lows, start);
        while low.left > 0 && high.left > 0 {
            low.step(out);
            high.step(out);
        }
        low.finish(out);
        high.finish(out);
        out.copy_within(start..high.at, low.at);
        low.at + (high.at - start)
    }
}

/// Ones for the first `count` numbers of a vector.
#[inline(always)]
fn below(count: usize) -> u32 {
    // SAFETY: invariant 1.
    unsafe { _bzhi_u32(u32::MAX, count.min(LANES) as u32) }
}
