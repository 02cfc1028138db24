//! Tokens: what is kept of each hash while there are few. All that registers of any `p` up to 24
//! would see of it.
//!
//! ```text
//! bit  31                        6 5        0
//!      | the hash's upper 26 bits | zeros    |     zeros that end the hash, at most 38
//! ```
//!
//! They lie in an open hash table whose slots ascend as the tokens do, and of two tokens that want
//! one slot the smaller has it: the table of a set of tokens is the same in whatever order they
//! came [Amble, Knuth: Ordered hash tables, 1974].

/// A free slot. No token: 63 zeros do not occur.
pub(super) const FREE: u32 = u32::MAX;

/// Bits of a hash that a token leaves out, but for their zeros at the end.
const REST_BITS: u32 = 38;

/// The most slots that there ever are: 128 KiB. With more keys registers cost less, or one day
/// will, and up to here a table that grows may ask for a block of more than twice its size.
const MOST_SLOTS: usize = 1 << 15;

/// The token of a hash.
#[inline]
pub(super) const fn token_of(hash: u64) -> u32 {
    let zeros = (hash | 1 << REST_BITS).trailing_zeros();
    (hash >> REST_BITS) as u32 * 64 + zeros
}

/// A hash that has this token.
#[inline]
pub(super) const fn hash_of(token: u32) -> u64 {
    let (upper, zeros) = ((token >> 6) as u64, token & 63);
    let end = if zeros < REST_BITS { 1 << zeros } else { 0 };
    upper << REST_BITS | end
}

/// Whether a hash could have left this.
pub(super) const fn is_token(token: u32) -> bool {
    // With no one in the rest, the zeros go on into the upper bits; they are not counted there.
    token & 63 <= REST_BITS
}

/// The most slots before registers take over: as many bytes as these have.
pub(super) fn most_slots(p: u8) -> usize {
    ((3 << p) / 8).min(MOST_SLOTS)
}

/// Tokens that a table of `slots` takes: nine tenths, so that one slot is always free.
#[inline]
pub(super) const fn room(slots: usize) -> usize {
    slots - slots.div_ceil(10)
}

/// The next larger table: 1.4 times the slots, an even number, and not more than `most`.
const fn larger(slots: usize, most: usize) -> usize {
    let next = if slots == 0 { 4 } else { (slots * 7).div_ceil(5).next_multiple_of(2) };
    if next < most { next } else { most }
}

/// The slots of a table of `count` tokens, or `None` if that is for registers.
pub(super) fn slots_for(count: usize, p: u8) -> Option<usize> {
    let most = most_slots(p);
    let mut slots = 0;
    while room(slots) < count {
        if slots == most {
            return None;
        }
        slots = larger(slots, most);
    }
    Some(slots)
}

#[inline]
fn slot(table: &[u8], index: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&table[index * 4..index * 4 + 4]);
    u32::from_le_bytes(bytes)
}

#[inline]
pub(super) fn put(table: &mut [u8], index: usize, token: u32) {
    table[index * 4..index * 4 + 4].copy_from_slice(&token.to_le_bytes());
}

/// The tokens of a table, or of a row of tokens.
pub(super) fn tokens(table: &[u8]) -> impl Iterator<Item = u32> {
    (0..table.len() / 4).map(|index| slot(table, index)).filter(|token| *token != FREE)
}

/// The slot that a token wants.
#[inline]
fn home(token: u32, slots: usize) -> usize {
    ((u64::from(token) * slots as u64) >> 32) as usize
}

/// The slot of this token, if the table has it. At most as many steps as there are slots.
fn find(table: &[u8], token: u32) -> Option<usize> {
    let slots = table.len() / 4;
    let mut index = home(token, slots);
    for _ in 0..slots {
        let found = slot(table, index);
        if found >= token {
            return (found == token).then_some(index);
        }
        index = if index + 1 == slots { 0 } else { index + 1 };
    }
    None
}

/// Whether the table has this token.
pub(super) fn contains(table: &[u8], token: u32) -> bool {
    find(table, token).is_some()
}

/// Whether the table holds tokens only, each where it belongs.
pub(super) fn is_laid_out(table: &[u8]) -> bool {
    (0..table.len() / 4).all(|index| {
        let token = slot(table, index);
        token == FREE || is_token(token) && find(table, token) == Some(index)
    })
}

/// Puts a token into its slot, moving on those that it displaces; false if it was there.
///
/// The table must have a free slot; in a damaged one that has none, a token is lost.
#[inline]
pub(super) fn insert(table: &mut [u8], token: u32) -> bool {
    let slots = table.len() / 4;
    let mut index = home(token, slots);
    let mut carried = token;
    for _ in 0..=slots {
        let found = slot(table, index);
        if found == carried {
            return false;
        }
        if found > carried {
            put(table, index, carried);
            if found == FREE {
                return true;
            }
            carried = found;
        }
        index = if index + 1 == slots { 0 } else { index + 1 };
    }
    true
}

/// How many keys leave `count` different tokens. Two keys in 2^27.6 share one.
pub(super) fn estimate(count: u32) -> f64 {
    const ADDRESSES: f64 = (1_u32 << 26) as f64;
    // count/2^26 = q - q^2/6 + q^3/42 - ..: tokens end in i zeros for one key in 2^(i+1).
    let seen = f64::from(count) / ADDRESSES;
    let step = |q: f64| seen + q * q * (1.0 / 6.0 - q / 42.0);
    (0..4).fold(seen, |q, _| step(q)) * ADDRESSES
}

/// The relative standard error of that estimate, `sqrt(1/6) / 2^13`.
pub(super) const ERROR: f64 = 0.408_248_290_463_863 / 8_192.0;

#[cfg(test)]
mod tests {
    use super::super::register::target;
    use super::*;

    #[test]
    fn a_token_keeps_what_registers_see() {
        let mut hash = 1_u64;
        for i in 0..4_000_u32 {
            hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
            for hash in [hash, hash << (i % 64), hash >> 38 << 38] {
                let token = token_of(hash);
                assert!(is_token(token) && token != FREE);
                assert_eq!(token_of(hash_of(token)), token);
                for p in [4, 11, 18, 24] {
                    assert_eq!(target(hash_of(token), p), target(hash, p), "{hash:#x} at {p}");
                }
            }
        }
    }

    #[test]
    fn tables_do_not_depend_on_the_order() {
        let tokens: [u32; 12] =
            [u32::MAX - 64, 5, u32::MAX - 128, 9, 1 << 31, 7, u32::MAX - 1, 0, 1, 2, 3, 4 << 28];
        let table_of = |order: &[u32]| {
            let mut table = [0xFF; 14 * 4];
            order.iter().for_each(|token| assert!(insert(&mut table, *token)));
            order.iter().for_each(|token| assert!(!insert(&mut table, *token)));
            assert!(order.iter().all(|token| contains(&table, *token)));
            assert!(!contains(&table, 6) && !contains(&table, u32::MAX - 2));
            table
        };
        let first = table_of(&tokens);
        let mut order = tokens;
        for round in 1..200 {
            order.swap(round % 12, round * 7 % 12);
            assert_eq!(table_of(&order), first, "{order:?}");
        }
    }

    #[test]
    fn a_full_table_ends_the_search() {
        let mut table = [0; 16];
        (0..4).for_each(|index| put(&mut table, index, index as u32));
        assert!(insert(&mut table, 9) && !contains(&table, 77));
    }

    #[test]
    fn sizes_of_tables() {
        assert_eq!([1, 3, 4, 100].map(|n| slots_for(n, 11)), [4, 4, 6, 112].map(Some));
        assert_eq!((slots_for(0, 11), slots_for(691, 11)), (Some(0), Some(768)));
        assert_eq!((slots_for(692, 11), slots_for(6, 4)), (None, None));
        assert_eq!(slots_for(29_491, 24), Some(MOST_SLOTS));
        for p in 4..24 {
            assert!(room(most_slots(p)) <= room(most_slots(p + 1)), "a fold never needs tokens");
            assert!(most_slots(p) % 2 == 0);
        }
    }

    #[test]
    fn estimates_of_few_keys_are_the_counts() {
        assert_eq!(estimate(0), 0.0);
        for count in [1, 10, 100, 691] {
            assert!((estimate(count) - f64::from(count)).abs() < 0.002);
        }
        assert!((estimate(29_491) - 29_493.16).abs() < 0.01, "{}", estimate(29_491));
    }
}
