//! Packed fields with AVX2, four at a time.
//!
//! Eight fields take as many bytes as a field has bits, so every eighth field starts at the same
//! bit of a byte, and what has to be done to eight fields is the same for the next eight: it is
//! worked out once per call.
//!
//! ```text
//! width <= 57          two loads of 16 bytes, each holds two fields
//!   shuffle bytes      | 8 bytes of field 0 | field 1 | field 2 | field 3 |
//!   shift each lane    by 0..=7 bits
//!   and mask
//! width <= 25          for sums and u32 alone, lanes of 32 bits: each load holds four fields
//! width > 57           a field may spread over nine bytes: four loads of 16 bytes, one a field;
//!                      lanes of bytes 0..8 shifted right, or lanes of bytes 1..9 shifted left
//! ```
//!
//! After Lemire and Boytsov (2015) in spirit, but over plain order and any width.
//!
//! A *group* is eight fields. What all functions here ask of their caller, on top of AVX2: the
//! bytes from `start` up to [`reach`] behind the first byte of the last group can be read.

use crate::simd::Line;
use core::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_blendv_epi8, _mm256_bsrli_epi128, _mm256_castsi128_si256, _mm256_cmpgt_epi64,
    _mm256_inserti128_si256, _mm256_loadu_si256, _mm256_or_si256, _mm256_permute4x64_epi64,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_shuffle_ps, _mm256_sllv_epi64, _mm256_srli_epi64, _mm256_srlv_epi32, _mm256_srlv_epi64,
    _mm256_storeu_si256, _mm256_unpacklo_epi64, _mm256_xor_si256,
};
use core::arch::x86_64::{_mm256_castps_si256, _mm256_castsi256_ps};

/// The widest field that, wherever in a byte it starts, lies in eight bytes.
const NARROW: u32 = 57;

/// Fields that are a whole number of bytes, whatever their width.
pub(crate) const GROUP: usize = 8;

/// Bytes that may be read from the first byte of a group on, if its first field starts at bit
/// `phase` of that byte.
pub(crate) const fn reach(width: u32, phase: u32) -> usize {
    (phase + 7 * width) as usize / 8 + 16
}

/// Receives fields, four at a time and in order.
trait Sink {
    /// # Safety
    ///
    /// The processor has AVX2, and what the sink writes to has room.
    unsafe fn take(&mut self, four: __m256i);
}

/// How four fields of at most 57 bits are brought into lanes.
#[derive(Clone, Copy)]
struct Narrow {
    shuffle: __m256i,
    shift: __m256i,
    /// Where the load for the fields 2 and 3 starts.
    second: usize,
}

impl Narrow {
    /// # Safety
    ///
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn new(width: u32, phase: u32) -> Self {
        let (mut bytes, mut shifts) = ([0x80_u8; 32], [0_u64; 4]);
        let second = (phase + 2 * width) / 8;
        for field in 0..4 {
            let bit = phase + field * width - if field < 2 { 0 } else { second * 8 };
            for byte in 0..8 {
                // A source of 16 and more is not needed, and its high bit gives a zero.
                let source = bit / 8 + byte;
                bytes[(field * 8 + byte) as usize] = if source < 16 { source as u8 } else { 0x80 };
            }
            shifts[field as usize] = u64::from(bit % 8);
        }
        // SAFETY: AVX2 is the caller's promise; the arrays have 32 bytes.
        unsafe {
            Self {
                shuffle: _mm256_loadu_si256(bytes.as_ptr().cast()),
                shift: _mm256_loadu_si256(shifts.as_ptr().cast()),
                second: second as usize,
            }
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2; 16 bytes can be read from `start` and from `start + second` on.
    #[inline(always)]
    unsafe fn lanes(&self, start: *const u8, mask: __m256i) -> __m256i {
        // SAFETY: the caller's promises.
        unsafe {
            let both = two(start, start.add(self.second));
            let shuffled = _mm256_shuffle_epi8(both, self.shuffle);
            _mm256_and_si256(_mm256_srlv_epi64(shuffled, self.shift), mask)
        }
    }
}

/// How four fields of any width are brought into lanes.
#[derive(Clone, Copy)]
struct Wide {
    right: __m256i,
    left: __m256i,
    /// Where the load for each field starts.
    starts: [usize; 4],
}

impl Wide {
    /// # Safety
    ///
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn new(width: u32, phase: u32) -> Self {
        let (mut right, mut left, mut starts) = ([0_u64; 4], [0_u64; 4], [0; 4]);
        for field in 0..4 {
            let bit = phase + field as u32 * width;
            starts[field] = (bit / 8) as usize;
            right[field] = u64::from(bit % 8);
            left[field] = u64::from(8 - bit % 8);
        }
        // SAFETY: AVX2 is the caller's promise; the arrays have 32 bytes.
        unsafe {
            Self {
                right: _mm256_loadu_si256(right.as_ptr().cast()),
                left: _mm256_loadu_si256(left.as_ptr().cast()),
                starts,
            }
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2; 16 bytes can be read from `start + starts[..]` on.
    #[inline(always)]
    unsafe fn lanes(&self, start: *const u8, mask: __m256i) -> __m256i {
        let [first, second, third, fourth] = self.starts;
        // SAFETY: the caller's promises.
        unsafe {
            let even = two(start.add(first), start.add(third));
            let odd = two(start.add(second), start.add(fourth));
            let low = _mm256_unpacklo_epi64(even, odd);
            let high = _mm256_unpacklo_epi64(
                _mm256_bsrli_epi128::<1>(even),
                _mm256_bsrli_epi128::<1>(odd),
            );
            let low = _mm256_srlv_epi64(low, self.right);
            let high = _mm256_sllv_epi64(high, self.left);
            _mm256_and_si256(_mm256_or_si256(low, high), mask)
        }
    }
}

/// The 16 bytes at `low` and those at `high`.
///
/// # Safety
///
/// The processor has AVX2; both can be read.
#[inline(always)]
unsafe fn two(low: *const u8, high: *const u8) -> __m256i {
    // SAFETY: the caller's promises.
    unsafe {
        let low: __m128i = _mm_loadu_si128(low.cast());
        _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), _mm_loadu_si128(high.cast()))
    }
}

/// Tells `sink` of the fields of `groups` groups; the first starts at bit `phase` of `start`.
///
/// # Safety
///
/// As the head of the file says; `1 <= width <= 64`, `phase < 8`.
#[inline(always)]
unsafe fn each_four(start: *const u8, phase: u32, width: u32, groups: usize, sink: &mut impl Sink) {
    let half = phase + 4 * width;
    // SAFETY: a load starts at the first byte of a field, `reach` counts 16 bytes from that of the
    // last field of a group on, and all is the caller's promise.
    unsafe {
        let mask = _mm256_set1_epi64x((u64::MAX >> (64 - width)) as i64);
        let mut at = start;
        if width <= NARROW {
            let (low, high) = (Narrow::new(width, phase), Narrow::new(width, half % 8));
            for _ in 0..groups {
                sink.take(low.lanes(at, mask));
                sink.take(high.lanes(at.add(half as usize / 8), mask));
                at = at.wrapping_add(width as usize);
            }
        } else {
            let (low, high) = (Wide::new(width, phase), Wide::new(width, half % 8));
            for _ in 0..groups {
                sink.take(low.lanes(at, mask));
                sink.take(high.lanes(at.add(half as usize / 8), mask));
                at = at.wrapping_add(width as usize);
            }
        }
    }
}

/// Writes the fields as numbers of 64 bits.
struct Store(*mut u64);

impl Sink for Store {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: there is room for four numbers, the caller's promise.
        unsafe {
            _mm256_storeu_si256(self.0.cast(), four);
            self.0 = self.0.add(4);
        }
    }
}

/// Unpacks into `out`, whole groups of it.
///
/// # Safety
///
/// As the head of the file says, for `out.len() / 8` groups; `1 <= width <= 64`, `phase < 8`.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn unpack(start: *const u8, phase: u32, width: u32, out: &mut [u64]) {
    // SAFETY: the caller's promises; the sink takes as many fields as there is room for.
    unsafe {
        each_four(start, phase, width, out.len() / GROUP, &mut Store(out.as_mut_ptr()));
    }
}

/// Adds fields to the points of a line, and writes the sums.
struct StoreOn {
    out: *mut u64,
    /// Slope times place, with the sign bit turned: shifted right without a sign it is then 2^56
    /// more than with one, which AVX2 lacks, and `first` has been made less by that.
    rise: __m256i,
    step: __m256i,
    first: __m256i,
}

impl Sink for StoreOn {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: there is room for four numbers, the caller's promise.
        unsafe {
            let points = _mm256_add_epi64(self.first, _mm256_srli_epi64::<7>(self.rise));
            self.rise = _mm256_add_epi64(self.rise, self.step);
            _mm256_storeu_si256(self.out.cast(), _mm256_add_epi64(four, points));
            self.out = self.out.add(4);
        }
    }
}

/// Unpacks into `out`, whole groups of it, each field added to the point of `line` at its place.
///
/// # Safety
///
/// As for [`unpack`].
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn unpack_on(
    start: *const u8,
    phase: u32,
    width: u32,
    line: Line,
    out: &mut [u64],
) {
    let rises = [0, 1, 2, 3].map(|i| line.slope.wrapping_mul(i) ^ SIGN);
    // SAFETY: the caller's promises; the sink takes as many fields as there is room for.
    unsafe {
        let mut sink = StoreOn {
            out: out.as_mut_ptr(),
            rise: _mm256_loadu_si256(rises.as_ptr().cast()),
            step: _mm256_set1_epi64x(line.slope.wrapping_mul(4) as i64),
            first: _mm256_set1_epi64x(line.first.wrapping_sub(SIGN >> 7) as i64),
        };
        each_four(start, phase, width, out.len() / GROUP, &mut sink);
    }
}

/// Writes the low halves of the fields, eight at a time.
struct Halves {
    out: *mut u32,
    first: Option<__m256i>,
}

impl Sink for Halves {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        let Some(first) = self.first.take() else {
            self.first = Some(four);
            return;
        };
        // SAFETY: there is room for eight numbers of 32 bits, the caller's promise.
        unsafe {
            let (first, second) = (_mm256_castsi256_ps(first), _mm256_castsi256_ps(four));
            // The low halves of lanes 0, 1 of both, then of lanes 2, 3 of both.
            let mixed = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(first, second));
            let sorted = _mm256_permute4x64_epi64::<0b11_01_10_00>(mixed);
            _mm256_storeu_si256(self.out.cast(), sorted);
            self.out = self.out.add(GROUP);
        }
    }
}

/// Unpacks the low 32 bits of each field into `out`, whole groups of it.
///
/// # Safety
///
/// As for [`unpack`].
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn unpack_u32(start: *const u8, phase: u32, width: u32, out: &mut [u32]) {
    // SAFETY: the caller's promises; 16 bytes hold four fields of at most 25 bits from bit 7 on.
    unsafe {
        if width <= Eights::WIDEST {
            return unpack_u32_narrow(start, phase, width, out);
        }
        let mut sink = Halves { out: out.as_mut_ptr(), first: None };
        each_four(start, phase, width, out.len() / GROUP, &mut sink);
    }
}

/// How eight fields of at most 25 bits, which lie in four bytes wherever they start, are brought
/// into lanes of 32 bits: one step for twice as many as lanes of 64.
#[derive(Clone, Copy)]
struct Eights {
    shuffle: __m256i,
    shift: __m256i,
    mask: __m256i,
    /// Where the load for the fields 4 to 7 starts.
    second: usize,
}

impl Eights {
    /// The widest field.
    const WIDEST: u32 = 25;

    /// # Safety
    ///
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn new(width: u32, phase: u32) -> Self {
        let (mut bytes, mut shifts) = ([0x80_u8; 32], [0_u32; 8]);
        let second = (phase + 4 * width) / 8;
        for field in 0..8 {
            let bit = phase + field * width - if field < 4 { 0 } else { second * 8 };
            for byte in 0..4 {
                let source = bit / 8 + byte;
                bytes[(field * 4 + byte) as usize] = if source < 16 { source as u8 } else { 0x80 };
            }
            shifts[field as usize] = bit % 8;
        }
        // SAFETY: AVX2 is the caller's promise; the arrays have 32 bytes.
        unsafe {
            Self {
                shuffle: _mm256_loadu_si256(bytes.as_ptr().cast()),
                shift: _mm256_loadu_si256(shifts.as_ptr().cast()),
                mask: _mm256_set1_epi32((u32::MAX >> (32 - width)) as i32),
                second: second as usize,
            }
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2; 16 bytes can be read from `start` and from `start + second` on.
    #[inline(always)]
    unsafe fn lanes(&self, start: *const u8) -> __m256i {
        // SAFETY: the caller's promises.
        unsafe {
            let both = two(start, start.add(self.second));
            let lanes = _mm256_srlv_epi32(_mm256_shuffle_epi8(both, self.shuffle), self.shift);
            _mm256_and_si256(lanes, self.mask)
        }
    }
}

/// As [`unpack_u32`], eight fields a step.
///
/// # Safety
///
/// As for [`unpack`], with `width <= 25`.
#[inline(always)]
unsafe fn unpack_u32_narrow(start: *const u8, phase: u32, width: u32, out: &mut [u32]) {
    // SAFETY: the caller's promises; `second + 16` is less than `reach`.
    unsafe {
        let eights = Eights::new(width, phase);
        let mut at = start;
        for eight in out.chunks_exact_mut(GROUP) {
            _mm256_storeu_si256(eight.as_mut_ptr().cast(), eights.lanes(at));
            at = at.wrapping_add(width as usize);
        }
    }
}

/// As [`sum`], eight fields a step: lanes of 32 bits, emptied into 64 before they overflow.
///
/// # Safety
///
/// As for [`sum`], with `width <= 25`.
#[inline(always)]
unsafe fn sum_narrow(start: *const u8, phase: u32, width: u32, groups: usize) -> __m256i {
    // SAFETY: the caller's promises; `second + 16` is less than `reach`.
    unsafe {
        let (eights, zero) = (Eights::new(width, phase), _mm256_setzero_si256());
        let half = _mm256_set1_epi64x(0xFFFF_FFFF);
        let (mut at, mut left, mut sum) = (start, groups, zero);
        while left > 0 {
            let run = left.min(1 << (32 - width));
            let mut lanes = zero;
            for _ in 0..run {
                lanes = _mm256_add_epi32(lanes, eights.lanes(at));
                at = at.wrapping_add(width as usize);
            }
            sum = _mm256_add_epi64(sum, _mm256_and_si256(lanes, half));
            sum = _mm256_add_epi64(sum, _mm256_srli_epi64::<32>(lanes));
            left -= run;
        }
        sum
    }
}

/// Adds up fields of at most 32 bits.
struct Sum(__m256i);

impl Sink for Sum {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: AVX2 is the caller's promise.
        self.0 = unsafe { _mm256_add_epi64(self.0, four) };
    }
}

/// Adds up fields of any width: their low and their high halves apart, so that no lane overflows.
struct Sums {
    low: __m256i,
    high: __m256i,
    half: __m256i,
}

impl Sink for Sums {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: AVX2 is the caller's promise.
        unsafe {
            self.low = _mm256_add_epi64(self.low, _mm256_and_si256(four, self.half));
            self.high = _mm256_add_epi64(self.high, _mm256_srli_epi64::<32>(four));
        }
    }
}

/// The most groups whose halves a lane can add up: two fields of each group fall in a lane.
pub(crate) const MAX_SUMMED: usize = 1 << 30;

/// The sum of the fields of at most [`MAX_SUMMED`] groups.
///
/// # Safety
///
/// As the head of the file says; `1 <= width <= 64`, `phase < 8`.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn sum(start: *const u8, phase: u32, width: u32, groups: usize) -> u128 {
    debug_assert!(groups <= MAX_SUMMED);
    // SAFETY: the caller's promises.
    unsafe {
        let zero = _mm256_setzero_si256();
        if width <= Eights::WIDEST {
            let sum = sum_narrow(start, phase, width, groups);
            return lanes_of(sum).map(u128::from).iter().sum();
        }
        if width <= 32 {
            let mut sum = Sum(zero);
            each_four(start, phase, width, groups, &mut sum);
            return lanes_of(sum.0).map(u128::from).iter().sum();
        }
        let mut sums = Sums { low: zero, high: zero, half: _mm256_set1_epi64x(0xFFFF_FFFF) };
        each_four(start, phase, width, groups, &mut sums);
        let [low, high] = [sums.low, sums.high].map(|sum| lanes_of(sum).map(u128::from));
        low.iter().sum::<u128>() + (high.iter().sum::<u128>() << 32)
    }
}

/// # Safety
///
/// The processor has AVX2.
#[inline(always)]
unsafe fn lanes_of(lanes: __m256i) -> [u64; 4] {
    let mut out = [0; 4];
    // SAFETY: AVX2 is the caller's promise; the array has 32 bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), lanes) };
    out
}

/// The bit that turns the order of unsigned numbers into that of signed ones, which is the only one
/// that AVX2 compares by.
const SIGN: u64 = 1 << 63;

/// Keeps the least and the largest field of each lane.
struct MinMax {
    min: __m256i,
    max: __m256i,
    sign: __m256i,
}

impl Sink for MinMax {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: AVX2 is the caller's promise.
        unsafe {
            let four = _mm256_xor_si256(four, self.sign);
            let less = _mm256_cmpgt_epi64(self.min, four);
            let more = _mm256_cmpgt_epi64(four, self.max);
            self.min = _mm256_blendv_epi8(self.min, four, less);
            self.max = _mm256_blendv_epi8(self.max, four, more);
        }
    }
}

/// The least and the largest field of the groups; `(u64::MAX, 0)` of none.
///
/// # Safety
///
/// As the head of the file says; `1 <= width <= 64`, `phase < 8`.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn min_max(
    start: *const u8,
    phase: u32,
    width: u32,
    groups: usize,
) -> (u64, u64) {
    // SAFETY: the caller's promises.
    unsafe {
        let sign = _mm256_set1_epi64x(SIGN as i64);
        let mut sink = MinMax {
            min: _mm256_set1_epi64x((u64::MAX ^ SIGN) as i64),
            max: _mm256_set1_epi64x(SIGN as i64),
            sign,
        };
        each_four(start, phase, width, groups, &mut sink);
        let (min, max) = (lanes_of(sink.min), lanes_of(sink.max));
        let min = min.iter().fold(u64::MAX, |min, lane| min.min(lane ^ SIGN));
        let max = max.iter().fold(0, |max, lane| max.max(lane ^ SIGN));
        (min, max)
    }
}

/// Counts the fields outside of a range, downwards from 0 in each lane.
struct Outside {
    first: __m256i,
    last: __m256i,
    sign: __m256i,
    count: __m256i,
}

impl Sink for Outside {
    #[inline(always)]
    unsafe fn take(&mut self, four: __m256i) {
        // SAFETY: AVX2 is the caller's promise.
        unsafe {
            let four = _mm256_xor_si256(four, self.sign);
            let below = _mm256_cmpgt_epi64(self.first, four);
            let above = _mm256_cmpgt_epi64(four, self.last);
            self.count = _mm256_add_epi64(self.count, _mm256_or_si256(below, above));
        }
    }
}

/// How many fields of the groups lie in `first..=last`.
///
/// # Safety
///
/// As the head of the file says; `1 <= width <= 64`, `phase < 8`.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn count_in(
    start: *const u8,
    phase: u32,
    width: u32,
    groups: usize,
    [first, last]: [u64; 2],
) -> usize {
    // SAFETY: the caller's promises.
    unsafe {
        let mut sink = Outside {
            first: _mm256_set1_epi64x((first ^ SIGN) as i64),
            last: _mm256_set1_epi64x((last ^ SIGN) as i64),
            sign: _mm256_set1_epi64x(SIGN as i64),
            count: _mm256_setzero_si256(),
        };
        each_four(start, phase, width, groups, &mut sink);
        let outside = lanes_of(sink.count).iter().fold(0, |sum: u64, lane| sum.wrapping_sub(*lane));
        groups * GROUP - outside as usize
    }
}
