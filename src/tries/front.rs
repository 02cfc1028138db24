//! The search in a run of front-coded texts: which is the last that is not above a query.
//!
//! Text `i > 0` shares some bytes with the one before it (its depth, said above the run's base, up
//! to [`MORE`]), goes on with a branch byte, and then with a tail. As long as texts share more with
//! each other than the query has in common with them they compare to it as the one before did: only
//! those that share as much, or less, are looked at.

use super::query::{Query, order_at};
use core::cmp::Ordering;

/// A depth, or the size of a tail, that stands for more.
pub(super) const MORE: usize = 15;

/// A run of front-coded texts.
pub(super) trait Front {
    /// The fewest bytes that a text shares with the one before.
    fn base(&self) -> usize;

    /// Those texts that may stop a search: that share fewer than `base + depth` bytes with the one
    /// before, or just as many and go on with at least `byte`; and of the latter those that go on
    /// with just this byte.
    fn scan(&self, depth: u8, byte: u8) -> (u32, u32);

    /// The branch byte of text `i`.
    fn branch(&self, i: usize) -> u8;

    /// How many bytes text `i > 0` shares with the one before.
    fn shared(&self, i: usize) -> Option<usize>;

    /// How the tail of text `i` compares to the query, all of which up to `at` has matched: how
    /// many bytes of the query match then, and the order of the text, `Equal` if all of the tail
    /// matches.
    fn compare<Q: Query>(&self, i: usize, query: &Q, at: usize) -> Option<(usize, Ordering)>;
}

/// Where a query is among texts.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The last text that is not above it.
    pub(super) last: usize,
    /// Bytes that the query has in common with the texts up to there.
    pub(super) matched: usize,
    /// Whether that text is equal to the query.
    pub(super) equal: bool,
}

/// Finds a query among the first `count` texts, at most 32, of which the first one is not above it,
/// not equal to it, and has `matched` bytes in common with it. `None` of damaged texts.
#[inline(always)]
pub(super) fn find<Q: Query>(
    texts: &impl Front,
    count: usize,
    mut matched: usize,
    query: &Q,
) -> Option<Place> {
    let (base, wanted, count) = (texts.base(), query.key().len(), count.clamp(1, 32));
    // Those that are still to be looked at.
    let mut live = (u32::MAX >> (32 - count)) & !1;
    while matched >= base {
        let depth = matched - base;
        let (stop, same) = if depth < MORE && matched < wanted {
            // No branch between the vectors and these numbers: the compiler would carry the former
            // over it bit by bit.
            let (stop, same) = texts.scan(depth as u8, query.byte(matched));
            let stop = stop & live;
            (stop & stop.wrapping_neg(), same)
        } else {
            stop_beyond(texts, live, matched, query)?
        };
        if stop == 0 {
            break;
        }
        let i = stop.trailing_zeros() as usize;
        if stop & same == 0 {
            return Some(Place { last: i - 1, matched, equal: false });
        }
        // Those behind it.
        live &= (stop << 1).wrapping_neg();
        match texts.compare(i, query, matched + 1)? {
            (_, Ordering::Greater) => return Some(Place { last: i - 1, matched, equal: false }),
            (all, Ordering::Equal) if all == wanted && !Q::BEHIND => {
                return Some(Place { last: i, matched: all, equal: true });
            }
            (more, _) => matched = more,
        }
    }
    Some(Place { last: count - 1, matched, equal: false })
}

/// Of texts whose depths do not say how much they share, or where all of a query has matched, the
/// next one that stops the search, as a bit, if there is one; and the same bit if it does so only
/// because it goes on with the query's next byte.
#[cold]
#[inline(never)]
fn stop_beyond<Q: Query>(
    texts: &impl Front,
    live: u32,
    matched: usize,
    query: &Q,
) -> Option<(u32, u32)> {
    let depth = (matched - texts.base()).min(MORE) as u8;
    let mut left = texts.scan(depth, 0).0 & live;
    while left != 0 {
        let (i, stop) = (left.trailing_zeros() as usize, left & left.wrapping_neg());
        let shared = texts.shared(i)?;
        let order = match shared.cmp(&matched) {
            Ordering::Equal => order_at(Some(texts.branch(i)), query, matched),
            // What shares more compares as the one before, which is less.
            order => order.reverse(),
        };
        match order {
            Ordering::Less => left ^= stop,
            Ordering::Equal => return Some((stop, stop)),
            Ordering::Greater => return Some((stop, 0)),
        }
    }
    Some((0, 0))
}

/// The sum of 32 halves of bytes, each less than 15.
#[inline(always)]
pub(super) const fn sum4(halves: u128) -> usize {
    const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
    let (low, high) = (halves as u64, (halves >> 64) as u64);
    let bytes = (low & LOW) + (low >> 4 & LOW) + (high & LOW) + (high >> 4 & LOW);
    let pairs = (bytes & EVEN) + (bytes >> 8 & EVEN);
    (pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize
}

/// The low bit of each of 32 halves of bytes that are [`MORE`].
#[inline(always)]
pub(super) const fn longer(halves: u128) -> u128 {
    const LOW: u128 = u128::MAX / 15;
    let pairs = halves & halves >> 1;
    pairs & pairs >> 2 & LOW
}
