//! Lists of bytes, many at a time, on processors whose AVX-512 moves single bytes (VBMI2): Intel's
//! since Ice Lake, AMD's since Zen 4. Others have no such code here: callers keep their own.
//!
//! Invariants:
//!
//! 1. There is a [`Wide`] only while the processor has all of the features of [`run`].

// Without such code what fills its arguments is compiled, and what reads them is not.
#![cfg_attr(not(has_avx512), allow(dead_code))]

pub(crate) use imp::Wide;

/// Ascending lists of bytes, one behind the other, each of fewer than 32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eight<'a> {
    /// The lists, and what is behind them.
    pub(crate) lists: &'a [u8; LISTS],
    /// The length of each, a byte each.
    pub(crate) lens: u64,
}

/// Bytes that eight lists of fewer than 32 may take, and what is read behind them.
pub(crate) const LISTS: usize = 256 + 64;

/// Bytes that eight pairs of lists may take, and what is written behind them.
pub(crate) const EIGHT: usize = 512 + 64;

/// Whether this build has code for such processors: else it needs no room for it.
pub(crate) const IS_BUILT: bool = cfg!(has_avx512);

/// How many numbers that occur twice there is room for.
pub(crate) const DOUBLES: usize = if IS_BUILT { 4_096 } else { 0 };

/// Room for numbers that occur in both of two lists.
pub(crate) struct Doubles {
    /// The numbers, and what is written behind them.
    pub(crate) bytes: [u8; DOUBLES + 32],
    /// Which pair of lists each is of.
    pub(crate) lists: [u8; DOUBLES + 32],
    /// The left lists, and which of these bytes they have.
    pub(crate) lefts: [([u8; 64], u64); 4],
}

impl Doubles {
    pub(crate) const fn new() -> Self {
        let (bytes, lists) = ([0; DOUBLES + 32], [0; DOUBLES + 32]);
        Self { bytes, lists, lefts: [([0; 64], 0); 4] }
    }
}

/// Numbers that stand behind a list that is merged.
pub(crate) const BEHIND: usize = 32;

/// Bits of fields that are packed and unpacked eight at a time.
pub(crate) const WIDE_FIELD: u32 = 8;

/// Work that is compiled for these processors.
pub(crate) trait Work {
    type Out;

    /// To be marked `#[inline(always)]`, as whatever it calls.
    fn run(self, wide: Wide) -> Self::Out;
}

/// Does `work`; `None` if the processor, or the compiler, does not know how.
#[inline]
pub(crate) fn run<W: Work>(work: W) -> Option<W::Out> {
    imp::run(work)
}

/// Whether the processor, and the compiler, know how.
#[inline]
pub(crate) fn is_there() -> bool {
    imp::is_there()
}

/// The sum of the bytes of a word.
#[inline(always)]
pub(crate) const fn sum_of_bytes(bytes: u64) -> usize {
    const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes & EVEN) + (bytes >> 8 & EVEN);
    (pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize
}

#[cfg(has_avx512)]
mod imp {
    use super::Work;
    pub(crate) use crate::simd::x86::wide::Wide;

    #[inline]
    pub(super) fn run<W: Work>(work: W) -> Option<W::Out> {
        // SAFETY: the processor has what this needs (invariant 1).
        Wide::new().map(|wide| unsafe { run_wide(work, wide) })
    }

    #[inline]
    pub(super) fn is_there() -> bool {
        Wide::new().is_some()
    }

    /// # Safety
    ///
    /// The processor has all of these features.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx512bitalg")]
    #[target_feature(enable = "avx512vpopcntdq,avx2,bmi1,bmi2,popcnt")]
    unsafe fn run_wide<W: Work>(work: W, wide: Wide) -> W::Out {
        work.run(wide)
    }
}

#[cfg(not(has_avx512))]
mod imp {
    use super::{Doubles, EIGHT, Eight, Work};

    /// There is none here.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Wide {}

    /// Work is compiled all the same, so that what only it does is not taken for dead.
    pub(super) fn run<W: Work>(work: W) -> Option<W::Out> {
        const NONE: Option<Wide> = None;
        NONE.map(|wide| work.run(wide))
    }

    pub(super) fn is_there() -> bool {
        false
    }

    impl Wide {
        pub(crate) fn spread(self, _: u64, _: u8) -> u64 {
            match self {}
        }

        pub(crate) fn gather(self, _: u64, _: u8) -> u64 {
            match self {}
        }

        pub(crate) fn merge<const DOUBLES: bool>(
            self,
            _: Eight<'_>,
            _: Eight<'_>,
            _: &mut [u8; EIGHT],
        ) -> u64 {
            match self {}
        }

        pub(crate) fn difference(
            self,
            _: Eight<'_>,
            _: Eight<'_>,
            _: &mut Doubles,
            _: &mut [u8; EIGHT],
        ) -> u64 {
            match self {}
        }

        pub(crate) fn common(
            self,
            _: Eight<'_>,
            _: Eight<'_>,
            _: u8,
            _: (&mut Doubles, usize),
        ) -> usize {
            match self {}
        }

        pub(crate) fn ones(self, _: u64, _: u16, _: &mut [u16; 64]) -> usize {
            match self {}
        }

        pub(crate) fn join(self, _: &mut [u16], _: &[u8], _: u32) -> usize {
            match self {}
        }

        pub(crate) fn pack(self, _: &[u16], _: u32, _: &mut [u8]) -> usize {
            match self {}
        }

        pub(crate) fn used(self, _: &[u8; 64]) -> u64 {
            match self {}
        }

        pub(crate) fn deposit(self, _: u64, _: u64) -> u64 {
            match self {}
        }

        pub(crate) fn extract(self, _: u64, _: u64) -> u64 {
            match self {}
        }

        pub(crate) fn merge_numbers<const SINGLES: bool, const DOUBLES: bool>(
            self,
            _: &[u16],
            _: &[u16],
            _: &mut [u16],
        ) -> usize {
            match self {}
        }

        pub(crate) fn shared(self, _: Eight<'_>, _: Eight<'_>) -> usize {
            match self {}
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    type Sets = [BTreeSet<u8>; 8];

    /// The lists of sets, with something behind them.
    fn lists_of(sets: &Sets) -> ([u8; LISTS], u64) {
        let mut lists = [0xA5; LISTS];
        let bytes = sets.iter().flatten();
        lists.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        let lens = sets.iter().rev().fold(0, |lens, set| lens << 8 | set.len() as u64);
        (lists, lens)
    }

    struct All<'a>(&'a Sets, &'a Sets);

    impl Work for All<'_> {
        type Out = ();

        #[inline(always)]
        fn run(self, wide: Wide) {
            let (lefts, rights) = (lists_of(self.0), lists_of(self.1));
            let a = Eight { lists: &lefts.0, lens: lefts.1 };
            let b = Eight { lists: &rights.0, lens: rights.1 };
            let (mut out, mut room) = ([0; EIGHT], Doubles::new());
            let expect = |got: u64, out: &[u8], op: fn(&BTreeSet<u8>, &BTreeSet<u8>) -> _| {
                let pairs = self.0.iter().zip(self.1);
                let sets: Vec<BTreeSet<u8>> = pairs.map(|(a, b)| op(a, b)).collect();
                let lens: Vec<u8> = sets.iter().map(|set| set.len() as u8).collect();
                let bytes: Vec<u8> = sets.into_iter().flatten().collect();
                assert_eq!((&got.to_le_bytes()[..], &out[..bytes.len()]), (&lens[..], &bytes[..]));
                assert_eq!(sum_of_bytes(got), bytes.len());
            };
            let lens = wide.merge::<true>(a, b, &mut out);
            expect(lens, &out, |a, b| a | b);
            let lens = wide.merge::<false>(a, b, &mut out);
            expect(lens, &out, |a, b| a ^ b);
            let lens = wide.difference(a, b, &mut room, &mut out);
            expect(lens, &out, |a, b| a - b);
            let len = wide.common(a, b, 3, (&mut room, 5));
            let pairs = self.0.iter().zip(self.1);
            let expected: Vec<(u8, u8)> = (3..)
                .zip(pairs)
                .flat_map(|(i, (a, b))| (a & b).into_iter().map(move |x| (i, x)))
                .collect();
            let got = room.lists[5..len].iter().copied().zip(room.bytes[5..len].iter().copied());
            assert_eq!(got.collect::<Vec<_>>(), expected);
            assert_eq!(wide.shared(a, b), expected.len());
            assert_eq!(wide.gather(wide.spread(0x0706_0504_0302_0100, 0xB5), 0xB5), 0x04_0302_0100);
        }
    }

    /// Where the processor can: elsewhere there is nothing to test.
    #[test]
    fn eight_pairs_of_lists_are_those_of_trees() {
        let mut rng = Rng::new(1);
        for round in 0..1_000 {
            let (most, below) = ([3, 9, 17, 32][round % 4], [32, 64, 256][round % 3]);
            let mut sets = || -> Sets {
                core::array::from_fn(|_| {
                    let len = rng.below(most);
                    (0..len).map(|_| (255 - rng.below(below)) as u8).collect()
                })
            };
            let (a, b) = (sets(), sets());
            run(All(&a, &b));
        }
    }

    #[cfg(has_avx512)]
    #[test]
    fn such_processors_are_known() {
        let has = std::is_x86_feature_detected!("avx512vbmi2")
            && std::is_x86_feature_detected!("avx512bitalg");
        assert_eq!(imp::is_there(), has);
    }
}
