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

    /// Those texts that share fewer than `base + depth` bytes with the one before; and those that
    /// share just as many and go on with at least `byte`.
    fn scan(&self, depth: u8, byte: u8) -> (u32, u32);

    /// The branch byte of text `i`.
    fn branch(&self, i: usize) -> u8;

    /// How many bytes text `i` shares with the one before, where its depth does not say.
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
    let (base, key) = (texts.base(), query.key());
    // Those that are still to be looked at, and the last one of them or the one before.
    let mut live = (u32::MAX >> (32 - count.clamp(1, 32))) & !1;
    let last_of = |live: u32| (u32::BITS - 1 - (live | 1).leading_zeros()) as usize;
    let mut last = last_of(live);
    while matched >= base && live != 0 {
        let depth = (matched - base).min(MORE);
        // At the greatest depth the texts themselves say how deep they are.
        let exactly = depth < MORE;
        let byte = key.get(matched).copied();
        let wanted = if exactly { byte.unwrap_or(0) } else { 0 };
        let (fewer, mut reached) = texts.scan(depth as u8, wanted);
        if exactly && byte.is_none() && Q::BEHIND {
            reached = 0;
        }
        let stop = (fewer | reached) & live;
        if stop == 0 {
            break;
        }
        let i = stop.trailing_zeros() as usize;
        last = i - 1;
        if fewer >> i & 1 != 0 {
            break;
        }
        live &= u32::MAX << i << 1;
        if !exactly {
            let shared = texts.shared(i)?;
            if shared < matched {
                break;
            }
            if shared > matched {
                last = last_of(live | 1 << i);
                continue;
            }
        }
        let order = match order_at(Some(texts.branch(i)), query, matched) {
            Ordering::Equal => {
                let (same, order) = texts.compare(i, query, matched + 1)?;
                if order == Ordering::Equal && same == key.len() && !Q::BEHIND {
                    return Some(Place { last: i, matched: same, equal: true });
                }
                matched = if order == Ordering::Greater { matched } else { same };
                order
            }
            order => order,
        };
        if order == Ordering::Greater {
            break;
        }
        last = last_of(live | 1 << i);
    }
    Some(Place { last, matched, equal: false })
}

/// The sum of sixteen halves of bytes, each less than 15.
#[inline(always)]
pub(super) const fn sum4(halves: u64) -> usize {
    const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    let bytes = (halves & LOW) + (halves >> 4 & LOW);
    (bytes.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize
}

/// The low bit of each of sixteen halves of bytes that are [`MORE`].
#[inline(always)]
pub(super) const fn more(halves: u64) -> u64 {
    let pairs = halves & halves >> 1;
    pairs & pairs >> 2 & 0x1111_1111_1111_1111
}
