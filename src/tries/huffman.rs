//! Prefix codes with a longest length: how long each symbol's code is, and the codes themselves.
//!
//! Codes are canonical: shorter ones first, equally long ones in the order of their symbols. They
//! are written and read from the lowest bit on.

use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;

/// The longest length that is ever asked for, and one more.
const LENGTHS: usize = 33;

/// Symbols in the order of their counts, and their depths: what lengths of several limits share.
pub(super) struct Depths<A: Alloc> {
    /// Symbols that occur, the rarest first.
    order: RawVec<u32, A>,
    /// How deep each of `order` lies in the tree of least cost.
    depths: RawVec<u64, A>,
}

impl<A: Alloc + Clone> Depths<A> {
    /// The tree of least cost over symbols that occur `counts[symbol]` times; those that do not
    /// occur have no code.
    pub(super) fn new(counts: &[u64], alloc: A) -> Result<Self, AllocError> {
        let mut order = RawVec::new_in(alloc.clone());
        for (symbol, count) in counts.iter().enumerate() {
            if *count > 0 {
                order.try_push(symbol as u32)?;
            }
        }
        order.sort_unstable_by_key(|symbol| (counts[*symbol as usize], *symbol));
        let mut depths = RawVec::new_in(alloc);
        depths.try_reserve_exact(order.len())?;
        for symbol in order.iter() {
            depths.try_push(counts[*symbol as usize])?;
        }
        depths_in_place(&mut depths);
        Ok(Self { order, depths })
    }

    /// Symbols that have a code.
    pub(super) fn symbols(&self) -> usize {
        self.order.len()
    }

    /// The least limit that leaves a code for each symbol.
    pub(super) fn least_limit(&self) -> u32 {
        (usize::BITS - self.symbols().saturating_sub(1).leading_zeros()).max(1)
    }

    /// The longest length without a limit.
    pub(super) fn longest(&self) -> u32 {
        self.depths.first().map_or(0, |depth| *depth as u32).max(1)
    }

    /// How many codes of each length there are if none is longer than `limit`.
    fn histogram(&self, limit: u32) -> [u32; LENGTHS] {
        debug_assert!(limit >= self.least_limit() && (limit as usize) < LENGTHS);
        let mut lengths = [0; LENGTHS];
        for depth in self.depths.iter() {
            lengths[(*depth as usize).clamp(1, limit as usize)] += 1;
        }
        let mut taken: u64 =
            (1..=limit).map(|len| u64::from(lengths[len as usize]) << (limit - len)).sum();
        // Too many codes for the room: pairs of the longest move below a shorter one, which makes
        // room for one of them.
        while taken > 1 << limit {
            lengths[limit as usize] -= 1;
            let shorter = (1..limit as usize).rev().find(|len| lengths[*len] > 0);
            let Some(shorter) = shorter else { break };
            lengths[shorter] -= 1;
            lengths[shorter + 1] += 2;
            taken -= 1;
        }
        lengths
    }

    /// Calls `set(symbol, length)` for each symbol that has a code, none longer than `limit`.
    pub(super) fn each_length(&self, limit: u32, mut set: impl FnMut(usize, u32)) {
        let mut lengths = self.histogram(limit);
        let mut len = limit as usize;
        for symbol in self.order.iter() {
            while len > 1 && lengths[len] == 0 {
                len -= 1;
            }
            lengths[len] = lengths[len].saturating_sub(1);
            set(*symbol as usize, len as u32);
        }
    }

    /// Bits of all symbols together if no code is longer than `limit`.
    pub(super) fn bits(&self, limit: u32, counts: &[u64]) -> u64 {
        let mut bits = 0;
        self.each_length(limit, |symbol, len| bits += counts[symbol] * u64::from(len));
        bits
    }
}

/// Turns ascending counts into the depths of their tree, in their place [Moffat, Katajainen 1995].
fn depths_in_place(counts: &mut [u64]) {
    let len = counts.len();
    if len < 2 {
        counts.fill(1);
        return;
    }
    // Inner nodes take the places of the leaves that they have used up, and point to their parents.
    let (mut leaf, mut node) = (0, 0);
    for new in 0..len - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            if leaf >= len || (node < new && counts[node] < counts[leaf]) {
                sum += counts[node];
                counts[node] = new as u64;
                node += 1;
            } else {
                sum += counts[leaf];
                leaf += 1;
            }
        }
        counts[new] = sum;
    }
    counts[len - 2] = 0;
    for at in (0..len - 2).rev() {
        counts[at] = counts[counts[at] as usize] + 1;
    }
    // From inner nodes to leaves, level by level.
    let (mut open, mut depth, mut node, mut leaf) = (1, 0, len - 1, len);
    while open > 0 {
        let mut inner = 0;
        while node > 0 && counts[node - 1] == depth {
            inner += 1;
            node -= 1;
        }
        while open > inner {
            leaf -= 1;
            counts[leaf] = depth;
            open -= 1;
        }
        open = 2 * inner;
        depth += 1;
    }
}

/// The codes of symbols with these lengths, 0 for none, each with its first bit lowest.
pub(super) fn codes<A: Alloc + Clone>(
    lengths: &[u8],
    alloc: A,
) -> Result<RawVec<u32, A>, AllocError> {
    let mut next = [0_u32; LENGTHS];
    let mut counts = [0_u32; LENGTHS];
    for len in lengths {
        counts[usize::from(*len)] += 1;
    }
    counts[0] = 0;
    for len in 1..LENGTHS {
        next[len] = (next[len - 1] + counts[len - 1]) << 1;
    }
    let mut codes = RawVec::new_in(alloc);
    codes.try_reserve_exact(lengths.len())?;
    for len in lengths {
        let code = &mut next[usize::from(*len)];
        let reversed = if *len == 0 { 0 } else { code.reverse_bits() >> (32 - len) };
        *code = code.wrapping_add(1);
        codes.try_push(reversed)?;
    }
    Ok(codes)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;
    use std::vec;
    use std::vec::Vec;

    fn lengths(counts: &[u64], limit: u32) -> Vec<u8> {
        let mut lengths = vec![0; counts.len()];
        let depths = Depths::new(counts, Global).unwrap();
        depths.each_length(limit, |symbol, len| lengths[symbol] = len as u8);
        lengths
    }

    #[test]
    fn lengths_of_least_cost() {
        assert_eq!(lengths(&[8, 4, 2, 1, 1], 16), [1, 2, 3, 4, 4]);
        assert_eq!(lengths(&[5, 5, 5, 5], 16), [2, 2, 2, 2]);
        assert_eq!(lengths(&[0, 7, 0], 16), [0, 1, 0]);
        assert_eq!(lengths(&[], 16), []);
    }

    #[test]
    fn a_limit_keeps_every_code_apart() {
        let fibonacci: Vec<u64> = (0..30)
            .scan((1, 1), |(a, b), _| {
                (*a, *b) = (*b, *a + *b);
                Some(*a)
            })
            .collect();
        for limit in 5..30 {
            let lengths = lengths(&fibonacci, limit);
            let room: f64 = lengths.iter().map(|len| 0.5_f64.powi(i32::from(*len))).sum();
            assert!(room <= 1.0 && lengths.iter().all(|len| u32::from(*len) <= limit));
            assert!(lengths.is_sorted_by(|a, b| a >= b));
            let codes = codes(&lengths, Global).unwrap();
            for (i, (a, a_len)) in codes.iter().zip(&lengths).enumerate() {
                for (b, b_len) in codes.iter().zip(&lengths).skip(i + 1) {
                    let short = (*a_len).min(*b_len);
                    assert_ne!(a << (32 - short), b << (32 - short), "one code begins another");
                }
            }
        }
    }

    #[test]
    fn equal_counts_above_a_power_of_two() {
        let depths = Depths::new(&[1; 17], Global).unwrap();
        assert_eq!((depths.symbols(), depths.least_limit(), depths.longest()), (17, 5, 5));
        assert_eq!(depths.bits(5, &[1; 17]), 15 * 4 + 2 * 5);
    }
}
