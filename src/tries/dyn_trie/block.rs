//! [`Block`]: some keys in ascending order, front-coded, in a buffer as long as they need.
//!
//! ```text
//! record | back, size: 4 bits each | back - 15, if it is 15 or more | size - 15 | size bytes |
//! ```
//!
//! A key is the one before, without its last `back` bytes, and `size` bytes behind that; the first
//! one is whole. What is above 14 follows as a number of 7 bits a byte, the lowest first.

use super::super::spool::common;
use crate::error::AllocError;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, PartKind, Parts};
use crate::simd::prefetch;
use core::ops::Range;

/// What half a byte cannot say.
const WIDE: usize = 15;
/// Bytes of the longest start of a record: one, and two numbers of up to 64 bits.
const START: usize = 21;

/// Bytes that are copied at once, where so many are there and have room.
const COPY: usize = 16;

/// Bytes of a cache line, and lines that are fetched ahead.
const LINE: usize = 64;
const LINES: usize = 8;

/// Front-coded keys.
pub(super) struct Block<A: Alloc> {
    bytes: RawVec<u8, A>,
    count: usize,
}

/// One key of a block: where its record and its own bytes are, how many bytes it shares with the
/// key before, and how many it has.
#[derive(Clone, Copy)]
struct Record {
    text: usize,
    end: usize,
    shared: usize,
    len: usize,
}

impl Record {
    /// The record at `at`, behind a key of `before` bytes.
    #[inline(always)]
    fn read(bytes: &[u8], at: usize, before: usize) -> Self {
        let (mut back, mut size) = (usize::from(bytes[at] >> 4), usize::from(bytes[at] & 15));
        let mut text = at + 1;
        if back == WIDE {
            back += number(bytes, &mut text);
        }
        if size == WIDE {
            size += number(bytes, &mut text);
        }
        let shared = before - back;
        Self { text, end: text + size, shared, len: shared + size }
    }
}

/// The number at `at`, which then is behind it.
#[cold]
fn number(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

/// The start of a record.
struct Start {
    bytes: [u8; START],
    len: usize,
}

impl Start {
    fn new(back: usize, size: usize) -> Self {
        let mut start = Self { bytes: [0; START], len: 1 };
        start.bytes[0] = (back.min(WIDE) << 4 | size.min(WIDE)) as u8;
        for mut rest in [back, size].into_iter().filter_map(|value| value.checked_sub(WIDE)) {
            while rest >= 0x80 {
                start.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            start.push(rest as u8);
        }
        start
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

impl core::ops::Deref for Start {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Where in a block a key is, or would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Keys before it.
    pub(super) index: usize,
    /// Whether it is there.
    pub(super) equal: bool,
    /// Where the record number `index` begins, and the length of the key before.
    pub(super) place: Place,
    /// Bytes that it shares with the key before, and with the one number `index` if that is not it.
    shared: usize,
    next: usize,
}

/// Where a record begins, and the length of the key before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    at: usize,
    pub(super) before: usize,
}

impl<A: Alloc> Block<A> {
    pub(super) const fn new_in(alloc: A) -> Self {
        Self { bytes: RawVec::new_in(alloc), count: 0 }
    }

    #[inline]
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Bytes behind those of the first key.
    pub(super) fn bytes_behind_first(&self) -> usize {
        self.bytes.len() - self.first().len()
    }

    /// Fetches the first lines, which are then read one after the other.
    #[inline]
    pub(super) fn prefetch(&self) {
        for line in 0..self.bytes.len().div_ceil(LINE).min(LINES) {
            prefetch(&self.bytes, line * LINE);
        }
    }

    pub(super) const fn alloc(&self) -> &A {
        self.bytes.alloc()
    }

    /// The first key; an empty one if there is none.
    pub(super) fn first(&self) -> &[u8] {
        if self.count == 0 {
            return &[];
        }
        let record = Record::read(&self.bytes, 0, 0);
        &self.bytes[record.text..record.end]
    }

    /// Where `key` is or would be; with `BEHIND`, the place behind all keys that begin with it.
    ///
    /// A key that shares more bytes with the one before than that does with the sought one lies on
    /// the same side of it: its own bytes are not looked at.
    #[inline]
    pub(super) fn find<const BEHIND: bool>(&self, key: &[u8]) -> Spot {
        let bytes = &self.bytes[..];
        let (mut place, mut shared) = (Place::default(), 0);
        let mut index = 0;
        while place.at < bytes.len() {
            let record = Record::read(bytes, place.at, place.before);
            if record.shared <= shared {
                let mut next = record.shared;
                let mut less = false;
                if record.shared == shared {
                    let (text, rest) = (&bytes[record.text..record.end], &key[shared..]);
                    let more = common(text, rest);
                    next += more;
                    less = match (text.get(more), rest.get(more)) {
                        (None, None) if !BEHIND => {
                            return Spot { index, equal: true, place, shared, next };
                        }
                        (None, _) => true,
                        (Some(_), None) => BEHIND,
                        (Some(a), Some(b)) => a < b,
                    };
                }
                if !less {
                    return Spot { index, equal: false, place, shared, next };
                }
                shared = next;
            }
            place = Place { at: record.end, before: record.len };
            index += 1;
        }
        Spot { index, equal: false, place, shared, next: 0 }
    }

    /// Where the key number `index` is.
    fn place(&self, index: usize) -> Place {
        let mut place = Place::default();
        for _ in 0..index {
            let record = Record::read(&self.bytes, place.at, place.before);
            place = Place { at: record.end, before: record.len };
        }
        place
    }

    /// Puts the key at `place` where the one before it is; returns how many bytes they share, and
    /// goes on to the next. `None` at the end. Keys longer than `key` are cut.
    #[inline]
    pub(super) fn spell(&self, place: &mut Place, key: &mut [u8]) -> Option<usize> {
        if place.at >= self.bytes.len() {
            return None;
        }
        let record = Record::read(&self.bytes, place.at, place.before);
        let (bytes, len) = (&self.bytes[..], record.end - record.text);
        let from = bytes[record.text..].first_chunk::<COPY>();
        let to = key.get_mut(record.shared..).unwrap_or(&mut []);
        match (from, to.first_chunk_mut::<COPY>()) {
            // What is copied beyond the key is overwritten by the next one, or never read.
            (Some(from), Some(to)) if len <= COPY => *to = *from,
            _ => copy(&bytes[record.text..record.end], to),
        }
        *place = Place { at: record.end, before: record.len };
        Some(record.shared)
    }

    /// Puts the key number `index` into `key`, as far as that has room; where the next one is.
    pub(super) fn spell_to(&self, index: usize, key: &mut [u8]) -> Place {
        let mut place = Place::default();
        for _ in 0..=index {
            self.spell(&mut place, key);
        }
        place
    }

    /// Removes the key number `index`. Requests no memory: what the next key takes over from it is
    /// less than its record was.
    pub(super) fn remove(&mut self, index: usize) {
        self.remove_at(self.place(index));
    }

    pub(super) fn remove_at(&mut self, place: Place) {
        let (at, end) = (place.at, self.bytes.len());
        let gone = Record::read(&self.bytes, at, place.before);
        self.count -= 1;
        if gone.end == end {
            self.bytes.truncate(at);
            return self.trim();
        }
        let next = Record::read(&self.bytes, gone.end, gone.len);
        let shared = next.shared.min(gone.shared);
        let start = Start::new(place.before - shared, next.len - shared);
        let text = gone.text..gone.text + (next.shared - shared);
        let (len, texts) = (at + start.len(), text.len());
        debug_assert!(len + texts <= next.text);
        self.bytes.copy_within(text, len);
        self.bytes[at..len].copy_from_slice(&start);
        self.bytes.copy_within(next.text.., len + texts);
        self.bytes.truncate(len + texts + (end - next.text));
        self.trim();
    }

    /// Keeps the first `count` keys.
    pub(super) fn truncate(&mut self, count: usize) {
        if count < self.count {
            let place = self.place(count);
            self.bytes.truncate(place.at);
            self.count = count;
            self.trim();
        }
    }

    /// Gives back room, if there is much of it and the allocator agrees.
    fn trim(&mut self) {
        if self.bytes.capacity() - self.bytes.len() >= 3 * GRAIN {
            let _ = self.bytes.try_shrink_to(rounded(self.bytes.len()));
        }
    }

    pub(super) fn try_shrink_to_fit(&mut self) -> Result<(), AllocError> {
        self.bytes.try_shrink_to_fit()
    }

    pub(super) fn tell(&self, name: &'static str, kind: PartKind, out: &mut dyn Parts) {
        self.bytes.tell(name, kind, 0, out);
    }

    /// Puts `pieces` in the place of the bytes in `range`.
    fn try_splice(&mut self, range: Range<usize>, pieces: [&[u8]; 3]) -> Result<(), AllocError> {
        let old = self.bytes.len();
        let added: usize = pieces.iter().map(|piece| piece.len()).sum();
        let len = (old - range.len()).checked_add(added).ok_or(AllocError::CapacityOverflow)?;
        if len > old {
            try_room(&mut self.bytes, len)?;
            self.bytes.try_resize(len, 0)?;
        }
        self.bytes.copy_within(range.end..old, range.start + added);
        let mut at = range.start;
        for piece in pieces {
            self.bytes[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        }
        self.bytes.truncate(len);
        Ok(())
    }

    /// Adds `key` at `spot`, which was found for it.
    pub(super) fn try_insert(&mut self, spot: &Spot, key: &[u8]) -> Result<(), AllocError> {
        let Place { at, before } = spot.place;
        let start = Start::new(before - spot.shared, key.len() - spot.shared);
        let own = &key[spot.shared..];
        if at == self.bytes.len() {
            self.try_splice(at..at, [&start, own, &[]])?;
        } else {
            // The key behind shares as many bytes with the new one as with the one before, or more.
            let next = Record::read(&self.bytes, at, before);
            let shared = next.text + (spot.next - next.shared);
            let behind = Start::new(key.len() - spot.next, next.len - spot.next);
            self.try_splice(at..shared, [&start, own, &behind])?;
        }
        self.count += 1;
        Ok(())
    }

    /// Appends the keys of `other`, which are greater.
    pub(super) fn try_append(&mut self, other: &Self) -> Result<(), AllocError> {
        if other.count > 0 {
            let first = Record::read(&other.bytes, 0, 0);
            let (key, rest) = other.bytes[first.text..].split_at(first.len);
            let spot = self.find::<false>(key);
            debug_assert!(spot.index == self.count && !spot.equal);
            let start = Start::new(spot.place.before - spot.shared, key.len() - spot.shared);
            let end = self.bytes.len();
            self.try_splice(end..end, [&start, &key[spot.shared..], rest])?;
            self.count += other.count;
        }
        Ok(())
    }
}

impl<A: Alloc + Clone> Block<A> {
    /// The keys from number `index` on, and how many bytes the first of them shares with the one
    /// before.
    pub(super) fn try_tail(&self, index: usize) -> Result<(Self, usize), AllocError> {
        let mut tail = Self::new_in(self.alloc().clone());
        if index >= self.count {
            return Ok((tail, 0));
        }
        let place = self.place(index);
        let first = Record::read(&self.bytes, place.at, place.before);
        let (start, rest) = (Start::new(0, first.len), &self.bytes[first.end..]);
        let len = start.len() + first.len;
        try_room(&mut tail.bytes, len + rest.len())?;
        tail.bytes.try_resize(len, 0)?;
        tail.bytes[..start.len()].copy_from_slice(&start);
        self.spell_to(index, &mut tail.bytes[start.len()..]);
        tail.bytes.try_extend_from_slice(rest)?;
        tail.count = self.count - index;
        Ok((tail, first.shared))
    }

    pub(super) fn try_clone(&self) -> Result<Self, AllocError> {
        Ok(Self { bytes: self.bytes.try_clone()?, count: self.count })
    }
}

/// Copies a text as far as there is room. One of 4 to 32 bytes as two halves that may overlap:
/// to call for a copy of so few bytes takes as long as all else of a step.
#[inline(always)]
fn copy(text: &[u8], to: &mut [u8]) {
    let len = text.len().min(to.len());
    let (text, to) = (&text[..len], &mut to[..len]);
    match len {
        4..8 => copy_halves::<4>(text, to),
        8..16 => copy_halves::<8>(text, to),
        16..=32 => copy_halves::<16>(text, to),
        _ => to.copy_from_slice(text),
    }
}

/// Copies the first and the last `N` bytes, of `N` to `2 * N` in all.
#[inline(always)]
fn copy_halves<const N: usize>(text: &[u8], to: &mut [u8]) {
    to[..N].copy_from_slice(&text[..N]);
    let last = text.len() - N;
    to[last..].copy_from_slice(&text[last..]);
}

/// Blocks have as many bytes as malloc has at hand: it deals out multiples of 16, of which it takes
/// 8 for itself.
const GRAIN: usize = 16;

fn rounded(len: usize) -> usize {
    len.saturating_add(GRAIN / 2 - 1) / GRAIN * GRAIN + GRAIN / 2
}

/// Makes room for `len` bytes in all.
fn try_room<A: Alloc>(bytes: &mut RawVec<u8, A>, len: usize) -> Result<(), AllocError> {
    if len > bytes.capacity() {
        bytes.try_reserve_exact(rounded(len) - bytes.len())?;
    }
    Ok(())
}
