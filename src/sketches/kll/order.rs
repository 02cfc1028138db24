//! Numbers into ascending order, without a branch that depends on them: of random numbers each
//! would be guessed wrong half of the time, which costs more than all else.

use super::KllItem;

/// Numbers that are sorted at once.
const LANES: usize = 8;
/// The most numbers that are sorted here: the lowest level seldom has more.
const FEW: usize = 4 * LANES;

/// Sorts cells.
pub(super) fn sort<T: KllItem>(cells: &mut [T::Cell]) {
    if cells.len() > FEW {
        cells.sort_unstable_by_key(|cell| T::load(*cell).key());
        return;
    }
    // What is free orders behind all keys.
    let mut keys = [u64::MAX; FEW];
    for (key, cell) in keys.iter_mut().zip(&*cells) {
        *key = T::load(*cell).key();
    }
    for eight in keys.chunks_exact_mut(LANES).take(cells.len().div_ceil(LANES)) {
        sort_eight(eight);
    }
    let mut run = LANES;
    while run < cells.len() {
        run *= 2;
        keys.chunks_exact_mut(run).take(cells.len().div_ceil(run)).for_each(merge_halves);
    }
    for (cell, key) in cells.iter_mut().zip(keys) {
        *cell = T::of_key(key).cell();
    }
}

/// A sorting network of 19 exchanges (Knuth, The Art of Computer Programming 3, 5.3.4).
fn sort_eight(keys: &mut [u64]) {
    let Some(keys) = keys.first_chunk_mut::<LANES>() else { return };
    // A copy stays in registers.
    let mut sorted = *keys;
    let mut exchange = |pairs: &[(usize, usize)]| {
        for &(low, high) in pairs {
            let (a, b) = (sorted[low], sorted[high]);
            (sorted[low], sorted[high]) = (a.min(b), a.max(b));
        }
    };
    exchange(&[(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (1, 2), (5, 6)]);
    exchange(&[(0, 4), (1, 5), (2, 6), (3, 7), (2, 4), (3, 5), (1, 2), (3, 4), (5, 6)]);
    *keys = sorted;
}

/// Merges two ascending halves, by Batcher's bitonic network: the second is turned around, then
/// numbers that lie half, a quarter ... apart are exchanged.
fn merge_halves(keys: &mut [u64]) {
    let mut apart = keys.len() / 2;
    keys[apart..].reverse();
    while apart > 0 {
        for part in keys.chunks_exact_mut(2 * apart) {
            let (low, high) = part.split_at_mut(apart);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = ((*a).min(*b), (*a).max(*b));
            }
        }
        apart /= 2;
    }
}

/// Merges the ascending runs `..one` and `other..` of `cells` to its end, in place. What is written
/// never overtakes what is left of the other, since that begins as far behind as one is long.
pub(super) fn merge_up<T: KllItem>(cells: &mut [T::Cell], one: usize, other: usize) {
    let (mut i, mut j, mut at) = (0, other, other - one);
    while i < one && j < cells.len() {
        let (a, b) = (cells[i], cells[j]);
        let takes_other = T::load(b).key() < T::load(a).key();
        cells[at] = if takes_other { b } else { a };
        j += usize::from(takes_other);
        i += usize::from(!takes_other);
        at += 1;
    }
    cells.copy_within(i..one, at);
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::sketches::{Coin, kll::item::Cells};
    use crate::storage::Le64;
    use std::vec::Vec;

    /// Numbers of which some are equal.
    fn cells(coin: &mut Coin, n: usize) -> Vec<Le64> {
        (0..n).map(|_| ((coin.toss() >> 58) as f64 - 30.0).cell()).collect()
    }

    fn numbers(cells: &[Le64]) -> Vec<f64> {
        cells.iter().map(|cell| f64::load(*cell)).collect()
    }

    /// A network that sorts all zeros and ones sorts everything (Knuth, 5.3.4, theorem Z).
    #[test]
    fn network_sorts_zeros_and_ones() {
        for bits in 0_u64..256 {
            let mut keys: [u64; LANES] = core::array::from_fn(|i| bits >> i & 1);
            sort_eight(&mut keys);
            assert!(keys.is_sorted(), "{bits:b}");
            assert_eq!(keys.iter().sum::<u64>(), u64::from(bits.count_ones()));
        }
    }

    #[test]
    fn sorts_as_std_does() {
        let mut coin = Coin(1);
        for n in (0..=FEW + 9).chain([200]) {
            let mut sorted = cells(&mut coin, n);
            let mut expected = numbers(&sorted);
            expected.sort_by(f64::total_cmp);
            sort::<f64>(&mut sorted);
            assert_eq!(numbers(&sorted), expected, "{n}");
        }
    }

    #[test]
    fn merges_in_place() {
        let mut coin = Coin(2);
        for (one, gap, rest) in (0..400).map(|i| (i % 20, i % 7, i / 20)) {
            let mut all = cells(&mut coin, one + one + gap + rest);
            let other = one + one + gap;
            sort::<f64>(&mut all[..one]);
            sort::<f64>(&mut all[other..]);
            let mut expected = numbers(&[&all[..one], &all[other..]].concat());
            expected.sort_by(f64::total_cmp);
            merge_up::<f64>(&mut all, one, other);
            assert_eq!(numbers(&all[other - one..]), expected, "{one} {gap} {rest}");
        }
    }
}
