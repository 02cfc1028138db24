//! [`Front`]: the bytes of a block in front of its values. Plain code over slices, but for strings
//! that lie elsewhere.
//!
//! ```text
//! | head 4 or 8 | tags n | lengths n | string 0 | string 1 | ... | zeros |
//! head   n as a byte and 3 bytes for the block's size; if n >= 255, 255 and 4 more bytes for n
//! ```
//!
//! A string of at most 255 bytes lies there as it is. A longer one has a block of its own: its tag
//! is [`LONG`], its length [`STORED`], and what is stored is its address and its hash.

use super::long;
use crate::simd::tags;
use core::ops::Range;

/// The tag of strings that lie elsewhere, and of no other.
pub(super) const LONG: u8 = 255;

/// Bytes that are stored of such a string: its address and its hash, of 8 bytes each.
pub(super) const STORED: usize = 16;

/// Strings of more bytes lie elsewhere.
pub(super) const MOST_INLINE: usize = 255;

/// Entries whose tags and lengths are looked at together.
const WINDOW: usize = 32;

/// Entries of a block whose head is 4 bytes, at most.
pub(super) const SMALL: usize = 254;

/// Bytes in front of the tags of `len` entries.
#[inline(always)]
pub(super) const fn head(len: usize) -> usize {
    if len <= SMALL { 4 } else { 8 }
}

/// What a key looks like in a block.
#[derive(Clone, Copy)]
pub(in super::super) struct Wanted<'k> {
    pub(super) key: &'k [u8],
    /// All of its bits matter.
    pub(super) hash: u64,
}

impl<'k> Wanted<'k> {
    #[inline]
    pub(in super::super) const fn key(self) -> &'k [u8] {
        self.key
    }

    #[inline(always)]
    pub(super) const fn is_long(self) -> bool {
        self.key.len() > MOST_INLINE
    }

    #[inline(always)]
    pub(super) fn tag(self) -> u8 {
        if self.is_long() { LONG } else { ((self.hash >> 56) as u8).min(LONG - 1) }
    }
}

/// An entry of a block: its number, and where its string begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) index: usize,
    pub(super) at: usize,
}

/// A block without its values.
#[derive(Clone, Copy)]
pub(super) struct Front<'b> {
    bytes: &'b [u8],
    len: usize,
}

impl<'b> Front<'b> {
    /// The front of a block with so many entries.
    #[inline(always)]
    pub(super) const fn new(bytes: &'b [u8], len: usize) -> Self {
        Self { bytes, len }
    }

    /// As many bytes from `at` on; none where the block ends before.
    #[inline(always)]
    fn window(self, at: usize) -> Option<&'b [u8; WINDOW]> {
        self.bytes.get(at..)?.first_chunk()
    }

    /// Where string `index` begins; of the length, where the strings end.
    #[inline(always)]
    pub(super) fn offset(self, index: usize) -> usize {
        let lens = head(self.len) + self.len;
        let (mut sum, mut from) = (lens + self.len, 0);
        while from < index {
            let Some(window) = self.window(lens + from) else {
                return sum + self.sum_of(from..index);
            };
            sum += tags::sum(window, index - from);
            from += WINDOW;
        }
        sum
    }

    /// Lengths summed up, in a block that ends before a window does: one of a few short strings.
    #[cold]
    #[inline(never)]
    fn sum_of(self, entries: Range<usize>) -> usize {
        entries.map(|index| self.stored_len(index)).sum()
    }

    #[inline(always)]
    pub(super) fn tag(self, index: usize) -> u8 {
        self.bytes.get(head(self.len) + index).copied().unwrap_or(0)
    }

    /// Bytes that are stored of string `index`.
    #[inline(always)]
    fn stored_len(self, index: usize) -> usize {
        let at = head(self.len) + self.len + index;
        usize::from(self.bytes.get(at).copied().unwrap_or(0))
    }

    /// What is stored of the string of an entry.
    #[inline(always)]
    pub(super) fn stored(self, spot: Spot) -> &'b [u8] {
        self.slice(spot.at, self.stored_len(spot.index))
    }

    #[inline(always)]
    fn slice(self, at: usize, len: usize) -> &'b [u8] {
        self.bytes.get(at..at + len).unwrap_or(&[])
    }

    /// The string of an entry.
    #[inline(always)]
    pub(super) fn key(self, spot: Spot) -> &'b [u8] {
        let stored = self.stored(spot);
        if self.tag(spot.index) != LONG {
            return stored;
        }
        // SAFETY: the entry has the tag (invariant 4).
        unsafe { long::string_of(stored) }
    }

    /// The entry of a key.
    ///
    /// Most buckets have no more entries than a window: then no branch but that of a match
    /// depends on what is read from the block, and there are so few instructions that a processor
    /// waits for the blocks of several look-ups at once.
    #[inline(always)]
    pub(super) fn find(self, wanted: Wanted<'_>) -> Option<Spot> {
        let Wanted { key, hash } = wanted;
        let windows = if wanted.is_long() { None } else { self.windows() };
        let Some((tags, lens)) = windows else {
            return find_slowly(self.bytes, self.len, key, hash);
        };
        let mut equal = tags::both32(tags, wanted.tag(), lens, key.len() as u8);
        while equal != 0 {
            let index = equal.trailing_zeros() as usize;
            if index >= self.len {
                break; // What is behind the last entry's is no tag.
            }
            let at = head(0) + 2 * self.len + tags::sum(lens, index);
            if self.bytes.get(at..at + key.len()).is_some_and(|stored| same(stored, key)) {
                return Some(Spot { index, at });
            }
            equal &= equal - 1;
        }
        None
    }

    /// All tags and all lengths of a bucket, if a window holds each.
    #[inline(always)]
    fn windows(self) -> Option<(&'b [u8; WINDOW], &'b [u8; WINDOW])> {
        let last = self.len.wrapping_sub(1);
        if last >= WINDOW {
            return None;
        }
        let both = self.bytes.get(head(0)..head(0) + 1 + last + WINDOW)?;
        Some((both.first_chunk()?, both.last_chunk()?))
    }

    /// The first entry of this tag and length that `accepts` takes.
    #[inline(always)]
    fn search(self, tag: u8, len: usize, accepts: impl Fn(&'b [u8]) -> bool) -> Option<Spot> {
        let tags = head(self.len);
        let lens = tags + self.len;
        let (mut from, mut before) = (0, lens + self.len);
        while from < self.len {
            let both = self.bytes.get(tags + from..lens + from + WINDOW).unwrap_or(&[]);
            let (Some(tags), Some(lens)) = (both.first_chunk(), both.last_chunk()) else {
                return self.search_few(from, before, tag, len, accepts);
            };
            let mut equal = tags::both32(tags, tag, lens, len as u8);
            equal &= u32::MAX >> (WINDOW - (self.len - from).min(WINDOW));
            while equal != 0 {
                let within = equal.trailing_zeros() as usize;
                let at = before + tags::sum(lens, within);
                if self.bytes.get(at..at + len).is_some_and(&accepts) {
                    return Some(Spot { index: from + within, at });
                }
                equal &= equal - 1;
            }
            before += tags::sum(lens, WINDOW);
            from += WINDOW;
        }
        None
    }

    /// The same, one by one, in a block that ends before a window does.
    #[cold]
    #[inline(never)]
    fn search_few(
        self,
        from: usize,
        at: usize,
        tag: u8,
        len: usize,
        accepts: impl Fn(&'b [u8]) -> bool,
    ) -> Option<Spot> {
        let spots = Spots { front: self, spot: Spot { index: from, at } };
        let alike = |spot: &Spot| self.tag(spot.index) == tag && self.stored_len(spot.index) == len;
        spots.filter(alike).find(|spot| accepts(self.stored(*spot)))
    }

    /// All entries, in order.
    #[inline]
    pub(super) fn spots(self) -> Spots<'b> {
        Spots { front: self, spot: Spot { index: 0, at: self.offset(0) } }
    }
}

/// The entry of a key that is long, or in a bucket with more entries than a window, or in a block
/// that ends before one does. Out of line, and with arguments of a word each, so that the others'
/// code keeps nothing in memory for it.
#[cold]
#[inline(never)]
fn find_slowly(bytes: &[u8], len: usize, key: &[u8], hash: u64) -> Option<Spot> {
    let (front, wanted) = (Front::new(bytes, len), Wanted { key, hash });
    if !wanted.is_long() {
        return front.search(wanted.tag(), key.len(), |stored| same(stored, key));
    }
    let hash = hash.to_ne_bytes();
    front.search(LONG, STORED, |stored| {
        // SAFETY: an entry of this tag is looked at (invariant 4).
        let string = || unsafe { long::string_of(stored) };
        stored.last_chunk() == Some(&hash) && string() == key
    })
}

/// The entries of a block.
#[derive(Clone)]
pub(super) struct Spots<'b> {
    front: Front<'b>,
    spot: Spot,
}

impl Iterator for Spots<'_> {
    type Item = Spot;

    #[inline]
    fn next(&mut self) -> Option<Spot> {
        let spot = self.spot;
        if spot.index == self.front.len {
            return None;
        }
        let at = spot.at + self.front.stored_len(spot.index);
        self.spot = Spot { index: spot.index + 1, at };
        Some(spot)
    }
}

/// `a == b`, eight bytes at a time and without a call: most strings are short.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let eight = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let four = |bytes: &[u8; 4]| u32::from_ne_bytes(*bytes);
    if a.len() != b.len() {
        return false;
    }
    if let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) {
        let (mut rest_a, mut rest_b) = (a, b);
        while let (Some((first_a, more_a)), Some((first_b, more_b))) =
            (rest_a.split_first_chunk(), rest_b.split_first_chunk())
        {
            if eight(first_a) != eight(first_b) {
                return false;
            }
            (rest_a, rest_b) = (more_a, more_b);
        }
        return eight(last_a) == eight(last_b);
    }
    if let (Some(first_a), Some(first_b)) = (a.first_chunk(), b.first_chunk()) {
        let last = a.last_chunk().map(four) == b.last_chunk().map(four);
        return last && four(first_a) == four(first_b);
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Writes the number of entries.
pub(super) fn set_len(bytes: &mut [u8], len: usize) {
    bytes[0] = len.min(SMALL + 1) as u8;
    if len > SMALL {
        bytes[4..8].copy_from_slice(&(len as u32).to_ne_bytes());
    }
}

/// Appends an entry to `len` others, which use so many bytes. There is room for it.
#[inline]
pub(super) fn push(bytes: &mut [u8], len: usize, used: usize, tag: u8, stored: &[u8]) {
    let (old, new) = (head(len), head(len + 1));
    // From the right, where there is room.
    let end = used + (new - old) + 2;
    bytes.copy_within(old + 2 * len..used, new + 2 * len + 2);
    bytes.copy_within(old + len..old + 2 * len, new + len + 1);
    if new != old {
        bytes.copy_within(old..old + len, new);
    }
    bytes[new + len] = tag;
    bytes[new + 2 * len + 1] = stored.len() as u8;
    bytes[end..end + stored.len()].copy_from_slice(stored);
    set_len(bytes, len + 1);
}

/// Takes an entry out of `len`, and closes the gaps.
#[inline]
pub(super) fn remove(bytes: &mut [u8], len: usize, spot: Spot) {
    let front = Front::new(bytes, len);
    let (used, gone) = (front.offset(len), front.stored_len(spot.index));
    let (old, new, index) = (head(len), head(len - 1), spot.index);
    // From the left, where room appears.
    if new != old {
        bytes.copy_within(old..old + index, new);
    }
    bytes.copy_within(old + index + 1..old + len + index, new + index);
    bytes.copy_within(old + len + index + 1..spot.at, new + len - 1 + index);
    bytes.copy_within(spot.at + gone..used, spot.at - 2 - (old - new));
    set_len(bytes, len - 1);
}

/// Where the next entry goes in a block of zeros that is to have `len` of them.
pub(super) struct Filling<'b> {
    pub(super) bytes: &'b mut [u8],
    pub(super) len: usize,
    pub(super) done: usize,
    pub(super) at: usize,
}

impl Filling<'_> {
    /// Writes an entry; where the string after it goes.
    #[inline(always)]
    pub(super) fn put(self, tag: u8, stored: &[u8]) -> usize {
        let tags = head(self.len) + self.done;
        let end = self.at + stored.len();
        self.bytes[tags] = tag;
        self.bytes[tags + self.len] = stored.len() as u8;
        self.bytes[self.at..end].copy_from_slice(stored);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_compared_to_the_last_byte() {
        let text: [u8; 40] = core::array::from_fn(|i| i as u8);
        for len in 0..40 {
            let mut other = text;
            assert!(same(&text[..len], &other[..len]) && !same(&text[..len], &text[..len + 1]));
            for at in 0..len {
                other[at] ^= 128;
                assert!(!same(&text[..len], &other[..len]), "byte {at} of {len}");
                other[at] ^= 128;
            }
        }
    }

    /// 300 entries pass the number at which the head grows, there and back.
    #[test]
    #[cfg(feature = "alloc")]
    fn entries_come_and_go_where_they_belong() {
        let text: [u8; 255] = core::array::from_fn(|i| i as u8);
        let mut bytes = alloc::vec![0; 40_000];
        let of = |i: usize| (i as u8 % 251, &text[i % 7 * 31..i % 7 * 31 + i % 23]);
        for len in 0..300 {
            let used = Front::new(&bytes, len).offset(len);
            push(&mut bytes, len, used, of(len).0, of(len).1);
        }
        let mut model: alloc::vec::Vec<usize> = (0..300).collect();
        while !model.is_empty() {
            let front = Front::new(&bytes, model.len());
            let seen = front.spots().map(|spot| (front.tag(spot.index), front.stored(spot)));
            assert!(seen.eq(model.iter().map(|i| of(*i))), "{} entries", model.len());
            let index = model.len() * 5 / 7;
            let at = front.offset(index);
            remove(&mut bytes, model.len(), Spot { index, at });
            model.remove(index);
        }
    }
}
